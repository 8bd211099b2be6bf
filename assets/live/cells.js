// A code cell of the page, made editable: its editor, its buttons, its outputs, its state.
import { makeEditor, setText } from "./editor.js";
import { Outputs } from "./outputs.js";

const STATES = {
  waiting: "waiting",
  running: "running …",
  done: "done",
  error: "error",
  skipped: "not run: a cell before it failed",
  stopped: "stopped",
};

/** An action on a cell, named for those who hear the page. */
export function button(text, label, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "live-button";
  element.textContent = text;
  if (label) element.setAttribute("aria-label", label);
  element.addEventListener("click", act);
  return element;
}

/**
 * What the reader wrote, kept in this browser: a page that is opened again has it. A cell that the
 * book has changed since keeps the book's text.
 */
class Drafts {
  constructor() {
    this.key = "book-live-drafts";
    this.page = DOCUMENTATION_OPTIONS.pagename;
  }

  all() {
    try {
      const found = JSON.parse(localStorage.getItem(this.key));
      return found?.version === 1 && typeof found.pages === "object" ? found : null;
    } catch {
      return null;
    }
  }

  get(original) {
    return this.all()?.pages[this.page]?.[original];
  }

  set(original, text) {
    const all = this.all() ?? { version: 1, pages: {} };
    const page = (all.pages[this.page] ??= {});
    if (text === original) delete page[original];
    else page[original] = text;
    if (!Object.keys(page).length) delete all.pages[this.page];
    try {
      if (Object.keys(all.pages).length) localStorage.setItem(this.key, JSON.stringify(all));
      else localStorage.removeItem(this.key);
    } catch (error) {
      console.warn("the change is not kept:", error); // no room, or storage refused
    }
  }
}

const drafts = new Drafts();

/** The code cells of the page, in order, as elements. */
export const codeCells = () =>
  [...document.querySelectorAll("article div.cell")].filter((cell) =>
    cell.querySelector("div.cell_input pre"),
  );

export class Cell {
  /** `session` has `runCells(cells)` and `widgets`; `number` counts the page's cells from 1. */
  constructor(element, number, session) {
    this.element = element;
    this.number = number;
    this.session = session;
    this.input = element.querySelector("div.cell_input");
    this.original = this.input.querySelector("pre").textContent.replace(/\n+$/, "");
    this.outputs = new Outputs(this.placeOfOutputs(), {
      widgets: session.widgets,
      alt: () => (this.source === this.original ? this.storedAlt : null),
    });
    this.makeLive();
  }

  /** Where outputs go; what is stored there stays until the cell is run. */
  placeOfOutputs() {
    let stored = this.element.querySelector("div.cell_output");
    if (!stored) {
      stored = document.createElement("div");
      stored.className = "cell_output docutils container";
      const folded = this.element.querySelector("details.above-input");
      (folded ?? this.element).append(stored);
    }
    this.stored = stored;
    this.storedAlt = stored.querySelector("img")?.alt ?? null;
    this.caption = stored.querySelector("figure > figcaption");
    const place = document.createElement("div");
    place.className = "live-outputs";
    return place;
  }

  makeLive() {
    const { number, input } = this;
    const draft = drafts.get(this.original);
    const host = document.createElement("div");
    host.className = "live-cell";
    this.view = makeEditor({
      parent: host,
      source: draft ?? this.original,
      label: `Code of cell ${number}`,
      describedby: "live-keys",
      run: () => this.session.runCells([this]),
      changed: (text) => this.changed(text),
    });
    this.word = document.createElement("span");
    this.word.className = "live-state";
    this.back = button("Undo changes", `Put the book's code back into cell ${number}`, () => {
      setText(this.view, this.original);
      this.view.focus();
    });
    this.back.hidden = draft === undefined;
    const run = button("Run", `Run cell ${number}`, () => this.session.runCells([this]));
    const above = button("Run above", `Run the cells above cell ${number}`, () =>
      this.session.runAbove(this),
    );
    const row = document.createElement("div");
    row.className = "live-row d-print-none";
    row.append(run, ...(number > 1 ? [above] : []), this.back, this.word);
    host.append(row);
    input.replaceChildren(host);
    this.element.classList.add("live");
  }

  get source() {
    return this.view.state.doc.toString();
  }

  changed(text) {
    drafts.set(this.original, text);
    this.back.hidden = text === this.original;
  }

  /** Show what became of the cell; `detail` stands behind the word. */
  mark(state, detail = "") {
    this.element.dataset.live = state;
    this.word.textContent = [STATES[state], detail].filter(Boolean).join(" ");
  }

  /** The stored outputs make room for those of this run; a figure keeps its caption and name. */
  begin() {
    const { stored, outputs, caption } = this;
    if (!outputs.place.isConnected) {
      const figure = caption?.parentElement;
      if (figure) {
        figure.replaceChildren(outputs.place, caption);
        stored.replaceChildren(figure);
      } else stored.replaceChildren(outputs.place);
    }
    outputs.clear();
    this.mark("running");
  }
}
