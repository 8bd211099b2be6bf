// The search page finds symbols by their names: above the pages that Sphinx finds, the rows of the
// notation that fit. Letters, names in code and in other books, and words of the meaning all count.
(() => {
  const stored = document.getElementById("book-symbols").textContent;
  const { symbols, signs } = JSON.parse(stored); // signs: δ for "delta", as TeX names it
  const asked = new URLSearchParams(location.search).get("q") ?? "";

  /** Without what TeX and code put around a name: "W_{jk}" and "W[j, k]" are both "w_jk". */
  function plain(text) {
    const bare = text.toLowerCase().replace(/[\\${}]/g, "");
    return bare.replace(/[[(]\s*/g, "_").replace(/[\s,\])]/g, "");
  }

  /** 2: one of the symbol's names; 1: every word begins a word of its meaning; 0: neither. */
  function fit(symbol, query) {
    if (symbol.names.some((name) => plain(name) === plain(query))) return 2;
    const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
    const said = `${symbol.meaning} ${symbol.names.join(" ")}`.toLowerCase();
    const begins = said.match(/[\p{L}\p{N}]+/gu) ?? [];
    const every = words.every((word) => begins.some((start) => start.startsWith(word)));
    return words.length && every ? 1 : 0;
  }

  function link(href, text, title = "") {
    return Object.assign(document.createElement("a"), { href, textContent: text, title });
  }

  /** One symbol: its letters, what it means, where it is brought in and used. */
  function item(symbol) {
    const shown = document.createElement("li");
    const name = link(`notation.html#${symbol.id}`, "");
    name.innerHTML = symbol.html; // made by the build from notation.md
    shown.append(name, ": ", symbol.meaning);
    if (symbol.code.length) {
      const code = document.createElement("code");
      code.textContent = symbol.code.join(", ");
      shown.append("; in code ", code);
    }
    const where = document.createElement("p");
    where.className = "context";
    const [first, ...others] = symbol.chapters;
    if (first) where.append("Brought in by ", link(first[0], first[2]));
    others.forEach(([href, number, title], n) => {
      where.append(n ? ", " : `; also in chapter${others.length > 1 ? "s" : ""} `);
      where.append(link(href, number, title));
    });
    shown.append(where);
    return shown;
  }

  /** TeX as one line of plain signs: Sphinx quotes pages as they are written. */
  function legible(text) {
    return text
      .replace(/\\[()[\],;:! ]/g, " ")
      .replace(/\\(?:begin|end)\{\w+\}/g, " ")
      .replace(/\\(?:t?frac|text|math\w+|operatorname|left|right|q?quad)(?![a-z])/g, " ")
      .replace(/\\([A-Za-z]+)/g, (_, name) => signs[name] ?? name)
      .replace(/[{}&\\]/g, "")
      .replace(/\s+/g, " ");
  }

  const quote = Search.makeSearchSummary;
  Search.makeSearchSummary = (...page) => {
    const summary = quote(...page);
    if (summary) summary.textContent = legible(summary.textContent);
    return summary;
  };

  const fits = symbols.map((symbol) => [fit(symbol, asked), symbol]).filter(([how]) => how);
  const found = fits.sort(([one], [other]) => other - one).map(([, symbol]) => symbol);
  if (!asked.trim() || !found.length) return;
  const section = document.createElement("section");
  section.className = "book-symbols";
  section.setAttribute("aria-labelledby", "book-symbols-title");
  const title = Object.assign(document.createElement("h2"), {
    id: "book-symbols-title",
    textContent: found.length > 1 ? "Symbols" : "Symbol",
  });
  const list = document.createElement("ul");
  list.append(...found.map(item));
  section.append(title, list);
  document.getElementById("search-results").before(section);
})();
