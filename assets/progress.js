// Reading progress, kept in this browser alone, under one key: which chapters and exercises the
// reader ticked, and the place where reading stopped. Nothing is ticked by itself, nothing is sent.
(() => {
  const KEY = "book-progress";
  const page = DOCUMENTATION_OPTIONS.pagename;
  const nothing = () => ({ version: 1, read: [], solved: [], last: null });
  // A browser that refuses storage got a stand-in at the head of the page, which forgets.
  const forgets = localStorage.forgets === true;

  /** What is kept; something of another version, or spoilt, counts as nothing. */
  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      const whole = found?.version === 1 && [found.read, found.solved].every(Array.isArray);
      return whole ? { ...nothing(), ...found } : nothing();
    } catch {
      return nothing();
    }
  }

  /** Change what is kept: read anew, since another tab may have written. */
  function change(act) {
    const now = kept();
    act(now);
    try {
      localStorage.setItem(KEY, JSON.stringify(now));
    } catch {
      say("This browser has no room left for your progress.");
    }
    show();
  }

  function say(text) {
    for (const place of document.querySelectorAll(".book-progress-sum")) place.textContent = text;
  }

  const boxes = () => document.querySelectorAll("input[data-read], input[data-exercise]");
  const listOf = (box) => (box.dataset.read ? "read" : "solved");
  const nameOf = (box) => box.dataset.read ?? box.dataset.exercise;

  /** Bring the page in line with what is kept. */
  function show() {
    const now = kept();
    for (const box of boxes()) box.checked = now[listOf(box)].includes(nameOf(box));
    showSidebar(now);
    showTable(now);
    showContinue(now);
  }

  /** A tick beside each chapter that was read, with words for screen readers. */
  function showSidebar(now) {
    for (const link of document.querySelectorAll(".bd-docs-nav a.reference")) {
      link.querySelector(".book-read")?.remove();
      if (!now.read.includes(pageOf(link))) continue;
      const tick = Object.assign(document.createElement("span"), { className: "book-read" });
      tick.innerHTML =
        '<span aria-hidden="true">✓</span><span class="book-unseen"> (read)</span>';
      link.append(tick);
    }
  }

  /** "chapters/05_backprop_deltas", for a link that leads there. */
  function pageOf(link) {
    const root = new URL(document.documentElement.dataset.content_root, location.href).pathname;
    const path = link.getAttribute("href") === "#" ? location.pathname : link.pathname;
    return decodeURIComponent(path.slice(root.length)).replace(/\.html$/, "");
  }

  function showTable(now) {
    const table = document.querySelector(".book-progress");
    if (!table) return;
    const rows = [...table.querySelectorAll("tr[data-page]")];
    let read = 0, solved = 0, all = 0;
    for (const row of rows) {
      const isRead = now.read.includes(row.dataset.page);
      const cell = row.querySelector("[data-of=solved]");
      const numbers = cell.dataset.numbers.split(" ").filter(Boolean);
      const done = numbers.filter((number) => now.solved.includes(number)).length;
      row.querySelector("[data-of=read]").textContent = isRead ? "✓ yes" : "no";
      cell.textContent = `${done} of ${numbers.length}`;
      read += isRead;
      solved += done;
      all += numbers.length;
    }
    table.querySelector(".book-clear").disabled = !read && !solved && !now.last;
    if (forgets) {
      say("This browser lets the page keep nothing: ticks are forgotten when you leave it.");
    } else if (read || solved) {
      say(`${read} of ${rows.length} chapters read, ${solved} of ${all} exercises solved.`);
    } else {
      say("Nothing is ticked yet.");
    }
  }

  /** On the start page, the way into the book leads to where the reader was. */
  function showContinue(now) {
    const begin = document.querySelector(".book-begin p:last-child a");
    if (!begin) return;
    begin.dataset.first ??= JSON.stringify([begin.getAttribute("href"), begin.textContent]);
    const [href, text] = JSON.parse(begin.dataset.first);
    // What is kept may have been written by anyone: it names a page of this book or nothing.
    const fits = now.last && /^chapters\/\w+(#[\w-]+)?$/.test(now.last.at);
    begin.href = fits ? now.last.at.replace(/(#|$)/, ".html$1") : href;
    begin.textContent = fits ? `Go on: ${now.last.title}` : text;
  }

  /** Remember the heading that stands at the top of the window. */
  function remember() {
    if (!page.startsWith("chapters/")) return;
    let at = page, title = document.querySelector("article h1")?.firstChild?.data ?? "";
    for (const section of document.querySelectorAll("article section > section")) {
      if (section.getBoundingClientRect().top > innerHeight / 3) break;
      at = `${page}#${section.id}`;
    }
    change((now) => { now.last = { at, title: title.trim() }; });
  }

  /** Clearing asks once more; Escape keeps everything. */
  function clear(table) {
    const sure = table.querySelector("dialog");
    table.querySelector(".book-clear").addEventListener("click", () => sure.showModal());
    sure.querySelector("[value=keep]").addEventListener("click", () => sure.close());
    sure.querySelector("[value=clear]").addEventListener("click", () => {
      localStorage.removeItem(KEY);
      sure.close();
      show();
      say("Your progress is cleared.");
      table.querySelector("summary").focus(); // the button that had the focus is now idle
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.addEventListener("change", ({ target }) => {
      if (![...boxes()].includes(target)) return;
      change((now) => {
        const others = now[listOf(target)].filter((name) => name !== nameOf(target));
        now[listOf(target)] = target.checked ? [...others, nameOf(target)] : others;
      });
    });
    const table = document.querySelector(".book-progress");
    if (table) clear(table);
    show();
  });
  addEventListener("pagehide", remember);
  addEventListener("pageshow", ({ persisted }) => persisted && show());
  addEventListener("storage", ({ key }) => (key === KEY || key === null) && show());
})();
