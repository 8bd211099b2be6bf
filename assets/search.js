// The search page finds sections by their words: titles first, then terms set off where they are
// defined, then sentences. Above them stand symbols, the rows of the notation that fit: letters,
// names in code and in other books, and words of the meaning all count.
(() => {
  const stored = document.getElementById("book-search").textContent;
  const { pages, symbols, signs } = JSON.parse(stored); // signs: δ for "delta", as TeX names it
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

  // --- sections -------------------------------------------------------------------------------

  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  /** What finds a word: its beginning, its stem's, and the sign that it names or is named by. */
  function pattern(word) {
    const others = [signs[word], Object.keys(signs).find((name) => signs[name] === word)];
    const stem = word.length > 2 ? new Stemmer().stemWord(word) : word;
    const parts = [word, stem, ...others].filter(Boolean).map((form) =>
      /^[a-z]$/.test(form) || form.length === 2
        ? `(?<![\\p{L}\\p{N}_])${escaped(form)}(?![\\p{L}\\p{N}])` // whole
        : /^[\p{L}\p{N}_]/u.test(form) && form.length > 2
          ? `(?<![\\p{L}\\p{N}_])${escaped(form)}[\\p{L}\\p{N}_]*`
          : escaped(form)); // one sign, wherever it stands
    return parts.join("|");
  }

  const words = asked.toLowerCase().match(/[\p{L}\p{N}_]+|[^\s\p{P}]/gu) ?? [];
  const patterns = words.map(pattern);
  const finders = patterns.map((found) => new RegExp(found, "iu"));
  const phrase = new RegExp(patterns.map((found) => `(?:${found})`).join("[\\s-]+"), "giu");
  const every = new RegExp(patterns.join("|") || "$^", "giu");
  const holds = (text) => finders.every((found) => found.test(text));

  /** How much of a title or a term the words are, from 0 to 1. */
  function share(text) {
    const all = text.match(/(?!\d)[\p{L}_][\p{L}\p{N}_’']*/gu) ?? words;
    return Math.min(1, words.length / all.length);
  }

  /** How well a section answers; 0 if a word is missing from it. */
  function score(section, page) {
    const named = `${page.title} ${section.title}`;
    if (!holds(`${named} ${section.text} ${section.others}`)) return 0;
    let sum = 1;
    if (holds(section.title)) sum += 60 + 40 * share(section.title) + (section.at ? 0 : 10);
    const terms = section.terms.filter(holds).map(share);
    if (terms.length) sum += 30 + 30 * Math.max(...terms);
    const whole = section.text.match(phrase)?.length ?? 0;
    if (whole) sum += 10 + Math.min(5, whole);
    else if (holds(section.text)) sum += 5;
    return /^chapters/.test(page.page) ? sum : 0.7 * sum; // who searches wants to learn first
  }

  /** Some sentences around the first place that answers, with the words set off. */
  function excerpt(section) {
    const { text } = section;
    const shown = Object.assign(document.createElement("p"), { className: "context" });
    const term = section.terms.filter(holds).sort((one, other) => share(other) - share(one))[0];
    const at = [term ? text.indexOf(term) : -1, text.search(phrase), text.search(every), 0]
      .find((place) => place >= 0);
    const before = text.slice(Math.max(0, at - 120), at);
    const start = at - before.length + (at > 120 || /[.?!] /.test(before)
      ? Math.max(before.search(/[.?!] (?!.*[.?!] )/) + 2, at > 120 ? before.indexOf(" ") + 1 : 0)
      : 0);
    let end = start + 240;
    if (end < text.length) end = Math.max(text.lastIndexOf(" ", end), start);
    const quoted = text.slice(start, end);
    let last = 0;
    for (const { 0: found, index } of quoted.matchAll(every)) {
      const strong = document.createElement("span");
      strong.className = "highlighted";
      strong.textContent = found;
      shown.append(quoted.slice(last, index), strong);
      last = index + found.length;
    }
    shown.append(quoted.slice(last));
    if (start > 0 && !/[.?!] $/.test(text.slice(0, start))) shown.prepend("… ");
    if (end < text.length) shown.append(" …");
    return shown;
  }

  function result({ section, page }) {
    const shown = document.createElement("li");
    const title = section.at ? section.title : page.title;
    const short = title.length > 70 ? title.replace(/\(.*/, "(…)") : title; // of a function
    shown.append(link(page.page + section.at, short));
    if (section.at) shown.append(` in ${page.title}`);
    if (section.text) shown.append(excerpt(section));
    return shown;
  }

  /** The sections that answer, the best first; of one page at most four. */
  function answers() {
    const perPage = new Map();
    return pages
      .flatMap((page) => page.sections.map((section) => ({ section, page })))
      .map((found) => ({ ...found, score: score(found.section, found.page) }))
      .filter((found) => found.score)
      .sort((one, other) => other.score - one.score) // in the order of the book where they are even
      .filter(({ page }) => {
        perPage.set(page, (perPage.get(page) ?? 0) + 1);
        return perPage.get(page) <= 4;
      });
  }

  for (const field of document.querySelectorAll('input[name="q"]')) field.value = asked;
  if (!words.length) return;
  // The page that is opened shows where they stand; this one has looked for them before "load".
  addEventListener("load", () => {
    localStorage.setItem("sphinx_highlight_terms", words.join(" "));
  });
  const found = answers().slice(0, 30);
  const out = document.getElementById("search-results");
  const heading = Object.assign(document.createElement("h2"), { textContent: "Search results" });
  const summary = Object.assign(document.createElement("p"), {
    className: "search-summary",
    textContent: found.length
      ? `${found.length} section${found.length > 1 ? "s" : ""} found, the best first.`
      : "Nothing in the book has all these words. Try fewer, or another one.",
  });
  summary.setAttribute("role", "status");
  const results = Object.assign(document.createElement("ul"), { className: "search" });
  results.append(...found.map(result));
  out.append(heading, summary, results);

  const fits = symbols.map((symbol) => [fit(symbol, asked), symbol]).filter(([how]) => how);
  const rows = fits.sort(([one], [other]) => other - one).map(([, symbol]) => symbol);
  if (!rows.length) return;
  const section = document.createElement("section");
  section.className = "book-symbols";
  section.setAttribute("aria-labelledby", "book-symbols-title");
  const title = Object.assign(document.createElement("h2"), {
    id: "book-symbols-title",
    textContent: rows.length > 1 ? "Symbols" : "Symbol",
  });
  const list = document.createElement("ul");
  list.append(...rows.map(item));
  section.append(title, list);
  document.getElementById("search-results").before(section);
})();
