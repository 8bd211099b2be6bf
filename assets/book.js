// While mathematics is on its way its source stands in its place; book.css sets it so that the text
// around it does not jump when it is typeset. Without scripts, or if MathJax fails, it is text.
document.documentElement.classList.add("typesetting");
addEventListener("load", async () => {
  try {
    await window.MathJax?.startup?.promise;
  } finally {
    document.documentElement.classList.remove("typesetting");
  }
});

// Print shows what is folded on the screen: hints, solutions, hidden code; and paper is white.
(() => {
  const { dataset } = document.documentElement;
  let opened = [], theme = "";
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("article details:not([open])")];
    for (const details of opened) details.open = true;
    theme = dataset.theme;
    dataset.theme = "light";
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    opened = [];
    dataset.theme = theme;
  });
})();

// The menu's notebook is saved under its name; a server may otherwise show its JSON.
document.addEventListener("DOMContentLoaded", () => {
  for (const link of document.querySelectorAll("a.btn-download-source-button")) {
    link.download = "";
    link.removeAttribute("target");
  }
});

// The folded cells' label says what is inside; the theme's would hide it from screen readers.
document.addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll("div.cell details.hide > summary")) {
    summary.removeAttribute("aria-label");
  }
});

// A line does not break between a formula and the punctuation after it.
document.addEventListener("DOMContentLoaded", () => {
  for (const formula of document.querySelectorAll("article span.math")) {
    const link = formula.closest("a.symbol");
    const next = (link ?? formula).nextSibling;
    const mark = next?.nodeType === Node.TEXT_NODE && next.data.match(/^[.,;:!?)]+/)?.[0];
    if (!mark) continue;
    next.data = next.data.slice(mark.length);
    if (!link) {
      formula.append(mark);
      continue;
    }
    const whole = Object.assign(document.createElement("span"), { className: "unbroken" });
    link.replaceWith(whole);
    whole.append(link, mark); // the link is the symbol alone
  }
});

// Formulas in the text that are wider than their line scroll instead of widening the page.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const formulas = document.querySelectorAll("article mjx-container:not([display])");
  const mark = () => {
    for (const formula of formulas) formula.classList.remove("wide");
    for (const formula of formulas) {
      const line = formula.closest("p, li, td, th, dd, figcaption, div");
      const wide = formula.getBoundingClientRect().width > line.clientWidth;
      formula.classList.toggle("wide", line.clientWidth > 0 && wide);
    }
  };
  mark();
  addEventListener("resize", mark);
  addEventListener("toggle", mark, true); // an opened hint has a width only now
});

// What scrolls sideways says on which sides more follows; book.css fades those edges. It is looked at
// again when the article changes its size (mathematics arrives, something is unfolded, a cell is
// run), and when it is scrolled itself.
addEventListener("DOMContentLoaded", () => {
  const article = document.querySelector("article");
  const boxes = "pre, div.math, mjx-container, .text_html, .pst-scrollable-table-container";
  /** "left", "right", "left right" or nothing. */
  const hidden = (box) => {
    const beyond = box.scrollWidth - box.clientWidth;
    if (beyond < 3 || !box.clientWidth || getComputedStyle(box).overflowX === "visible") return "";
    const right = beyond - box.scrollLeft > 2 ? "right" : "";
    return (box.scrollLeft > 2 ? `left ${right}` : right).trim();
  };
  const mark = (marked) => {
    const found = marked.map((box) => [box, hidden(box)]); // first look, then write
    for (const [box, sides] of found) {
      if (sides) box.dataset.more = sides;
      else delete box.dataset.more;
    }
  };
  const all = () => article && mark([...article.querySelectorAll(boxes)]);
  if (article) new ResizeObserver(all).observe(article);
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    all();
  });
  document.addEventListener("scroll", ({ target }) => {
    if (target.matches?.(boxes)) mark([target]);
  }, { capture: true, passive: true });
});

// What the theme leaves undone for readers without a mouse: the side bar is a landmark with a name;
// code that became visible with its dropdown can be scrolled by keyboard (the theme sees to that
// when the window changes).
document.addEventListener("DOMContentLoaded", () => {
  const bar = document.getElementById("pst-primary-sidebar");
  bar?.setAttribute("role", "region");
  bar?.setAttribute("aria-label", "The book");
});
addEventListener("toggle", () => dispatchEvent(new Event("resize")), true);

// The theme takes the focus from these buttons when they are pressed, to be rid of their tooltips.
// By keyboard one would lose one's place, so there they get it back before anything else happens.
addEventListener("load", () => {
  const buttons = ".theme-switch-button, .search-button, .primary-toggle, .secondary-toggle";
  for (const button of document.querySelectorAll(buttons)) {
    button.addEventListener("click", ({ detail }) => {
      if (detail === 0) button.focus();
    }, true);
  }
});
