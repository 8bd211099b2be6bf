// References to equations, and first uses of symbols, show what they lead to before one goes there:
// on hover, on focus, on the first tap. What is shown comes with the page, as JSON. The box can be
// pointed at, stays until one leaves it, and goes with Escape (WCAG 2.2, 1.4.13).
(() => {
  const stored = document.getElementById("book-previews");
  if (!stored) return;
  const { equations, symbols } = JSON.parse(stored.textContent);
  const DELAY = { show: 150, hide: 250 }; // milliseconds: a pointer that passes by opens nothing
  const GAP = 6;
  const filled = new Map(); // id -> content, typeset once

  const box = Object.assign(document.createElement("div"), { id: "book-popover", hidden: true });
  box.setAttribute("role", "tooltip");
  let shownFor = null; // the link whose box is open
  let timer = 0;
  let touchedOpen = null; // the link whose box was open when a finger came down

  /** The part of a link's address that names an equation or a symbol of this page's data. */
  function key(link) {
    const id = link.hash.slice(1);
    return Object.hasOwn(equations, id) || Object.hasOwn(symbols, id) ? id : null;
  }

  /** The link with something to show that an event happened in. */
  function linkOf(event) {
    const link = event.target.closest?.("article a.internal[href*='#']");
    return link && !link.closest(".headerlink") && key(link) ? link : null;
  }

  function element(name, className, text = "") {
    return Object.assign(document.createElement(name), { className, textContent: text });
  }

  function equation({ tex, number, where }) {
    const shown = element("div", "book-popover-part");
    shown.append(element("div", "math", `\\[${tex}\\]`));
    shown.append(element("p", "book-popover-where", `(${number}) in ${where}`));
    return shown;
  }

  function symbol({ tex, code, shape, meaning }) {
    const shown = element("div", "book-popover-part");
    const first = element("p", "");
    first.append(element("span", "math", tex), ": ", element("span", "math", meaning));
    shown.append(first);
    const named = element("p", "book-popover-where");
    if (code.length) named.append("in code ", element("code", "", code.join(", ")));
    const what = shape.startsWith("(") ? `shape ${shape}` : shape; // or "a number", "shape of z"
    if (what) named.append(named.childNodes.length ? "; " : "", what);
    if (named.childNodes.length) shown.append(named);
    return shown;
  }

  /** What to show for an id, with its mathematics typeset. */
  async function content(id) {
    if (!filled.has(id)) {
      const shown = id in equations ? equation(equations[id]) : symbol(symbols[id]);
      filled.set(id, shown);
      box.replaceChildren(shown);
      await window.MathJax?.startup?.promise;
      await window.MathJax?.typesetPromise?.([shown]);
    }
    return filled.get(id);
  }

  /** Under the link where there is room, else above it; never beyond the window's sides. */
  function place(link) {
    const at = link.getClientRects()[0] ?? link.getBoundingClientRect();
    const { width, height } = box.getBoundingClientRect();
    const room = document.documentElement.clientWidth;
    const above = at.bottom + GAP + height > innerHeight && at.top - GAP - height > 0;
    const left = Math.max(8, Math.min(at.left + at.width / 2 - width / 2, room - width - 8));
    const top = above ? at.top - GAP - height : at.bottom + GAP;
    const from = box.offsetParent?.getBoundingClientRect() ?? { left: 0, top: 0 };
    box.style.left = `${left - from.left}px`;
    box.style.top = `${top - from.top}px`;
  }

  async function show(link) {
    clearTimeout(timer);
    if (shownFor === link) return;
    hide();
    shownFor = link;
    link.setAttribute("aria-describedby", box.id);
    box.style.visibility = "hidden";
    box.style.setProperty("--column", `${link.closest("article").clientWidth}px`);
    box.hidden = false;
    const shown = await content(key(link));
    if (shownFor !== link) return; // one has gone elsewhere meanwhile
    box.replaceChildren(shown);
    place(link);
    box.style.visibility = "";
  }

  function hide() {
    clearTimeout(timer);
    shownFor?.removeAttribute("aria-describedby");
    shownFor = null;
    box.hidden = true;
  }

  function later(act, wait) {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelector("main").append(box));
  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    // MathJax lets the focus stop at every formula; a link is one stop, not two.
    for (const formula of document.querySelectorAll("a.symbol mjx-container")) {
      formula.removeAttribute("tabindex");
    }
  });
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const link = linkOf(event);
    if (link) later(() => show(link), link === shownFor ? 0 : DELAY.show);
    else if (box.contains(event.target)) clearTimeout(timer);
    else if (shownFor && shownFor !== document.activeElement) later(hide, DELAY.hide);
    else if (!shownFor) clearTimeout(timer);
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    // A finger's focus comes before its click, which decides.
    if (link && link.matches(":focus-visible")) show(link);
  });
  document.addEventListener("focusout", (event) => {
    if (linkOf(event) === shownFor) later(hide, DELAY.hide);
  });
  document.addEventListener("pointerdown", (event) => {
    touchedOpen = event.pointerType === "touch" ? shownFor : null;
    if (shownFor && !box.contains(event.target) && linkOf(event) !== shownFor) hide();
  });
  document.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (!link) return;
    // A finger's first tap looks, the second one follows.
    if (event.pointerType === "touch" && touchedOpen !== link) {
      event.preventDefault();
      show(link);
    } else {
      hide();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shownFor) {
      event.stopPropagation();
      hide();
    }
  }, true);
  addEventListener("resize", hide);
})();
