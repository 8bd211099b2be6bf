// Print shows what is folded on the screen: hints, solutions, hidden code.
(() => {
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("article details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
})();

// The folded cells' label says what is inside; the theme's would hide it from screen readers.
document.addEventListener("DOMContentLoaded", () => {
  for (const summary of document.querySelectorAll("div.cell details.hide > summary")) {
    summary.removeAttribute("aria-label");
  }
});

// A line does not break between a formula and the punctuation after it.
document.addEventListener("DOMContentLoaded", () => {
  for (const formula of document.querySelectorAll("article span.math")) {
    const next = formula.nextSibling;
    const mark = next?.nodeType === Node.TEXT_NODE && next.data.match(/^[.,;:!?)]+/)?.[0];
    if (!mark) continue;
    next.data = next.data.slice(mark.length);
    formula.append(mark);
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
