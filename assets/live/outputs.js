// What a cell brings forth, shown as a notebook shows it and dressed as the page's stored outputs.
import { AnsiUp } from "../vendor/live/libraries.js";

// The first of these that an output has is shown.
const WIDGET = "application/vnd.jupyter.widget-view+json";
const KINDS = [
  WIDGET,
  "text/html",
  "image/svg+xml",
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "text/latex",
  "text/markdown",
  "text/plain",
];

/** An element from a class list and its children. */
function div(classes, ...children) {
  const element = document.createElement("div");
  element.className = classes;
  element.append(...children);
  return element;
}

const joined = (text) => (Array.isArray(text) ? text.join("") : String(text ?? ""));

/** Whether lines of a text stand below each other; the stored outputs are told by reader.py. */
function hasColumns(text) {
  const lines = text.trimEnd().split("\n");
  const apart = lines.filter((line) => /\S {2,}\S/.test(line)).length;
  return apart > 1 || lines.slice(1).some((line) => line.startsWith(" "));
}

/** Text with a terminal's colours, as the page's own boxes of text show it. */
function box(classes, text) {
  const ansi = new AnsiUp();
  ansi.use_classes = true;
  const pre = document.createElement("pre");
  pre.innerHTML = ansi.ansi_to_html(text); // escapes what it is given
  for (const span of pre.querySelectorAll("span[style]")) tame(span);
  const flows = hasColumns(pre.textContent) ? "" : " flows";
  return div(`output ${classes} notranslate${flows}`, div("highlight", pre));
}

/** Of the 256 colours of a terminal the page has eight, which can be read in both of its themes. */
function tame(span) {
  const [r, g, b] = span.style.color.match(/\d+/g)?.map(Number) ?? [0, 0, 0];
  const top = Math.max(r, g, b);
  if (top - Math.min(r, g, b) > 40) {
    const near = [r, g, b].map((part) => (part > 0.7 * top ? 1 : 0)).join("");
    const names = { 100: "red", "010": "green", 110: "yellow", "001": "blue", 101: "magenta" };
    span.classList.add(`ansi-${names[near] ?? "cyan"}-fg`);
  }
  if (span.style.backgroundColor) span.classList.add("ansi-yellow-bg");
  span.style.color = span.style.backgroundColor = "";
}

/** What is left of each line when a carriage return starts it again, as progress bars do. */
export function withReturns(text) {
  return text
    .split("\n")
    .map((line) => line.split("\r").findLast((part) => part !== "") ?? "")
    .join("\n");
}

/** The outputs of one cell, in `place`. `widgets.show(model_id, element)` shows widgets. */
export class Outputs {
  constructor(place, { widgets, alt = () => null }) {
    this.place = place;
    this.widgets = widgets;
    this.alt = alt;
    this.stale = false; // the next output replaces what is there: clear_output(wait=True)
    this.streams = null;
    this.named = new Map(); // display_id -> element, for update_display
    this.disposers = [];
  }

  clear() {
    for (const dispose of this.disposers.splice(0)) dispose();
    this.place.replaceChildren();
    this.named.clear();
    this.streams = null;
    this.stale = false;
  }

  /** Take a message of the kernel's; true if it was an output. */
  hear({ header: { msg_type: type }, content }) {
    if (type === "clear_output") {
      if (content.wait) this.stale = true;
      else this.clear();
    } else if (type === "stream") this.stream(content.name, content.text);
    else if (type === "error") this.append(traceback(content));
    else if (type === "display_data" || type === "execute_result") this.display(content);
    else if (type === "update_display_data") this.update(content);
    else return false;
    return true;
  }

  append(element) {
    if (this.stale) this.clear();
    this.streams = null;
    this.place.append(element);
    reachable(element);
  }

  stream(name, text) {
    if (this.stale) this.clear();
    let { streams } = this;
    if (streams?.name !== name) {
      streams = { name, text: "", element: div("") };
      this.append(streams.element);
      this.streams = streams;
    }
    streams.text += text;
    const kind = name === "stderr" ? "stderr" : "stream";
    const fresh = box(`${kind} highlight-myst-ansi`, withReturns(streams.text));
    streams.element.replaceWith(fresh);
    streams.element = fresh;
    reachable(fresh);
  }

  display({ data, metadata, transient }) {
    const element = this.render(data, metadata ?? {});
    this.append(element);
    if (transient?.display_id) this.named.set(transient.display_id, element);
  }

  /** Show an output that is there already anew; true if this cell has it. */
  update({ data, metadata, transient }) {
    const old = this.named.get(transient?.display_id);
    if (!old) return false;
    const fresh = this.render(data, metadata ?? {});
    old.replaceWith(fresh);
    reachable(fresh);
    this.named.set(transient.display_id, fresh);
    return true;
  }

  render(data, metadata) {
    const kind = KINDS.find((name) => name in data && (name !== WIDGET || this.widgets));
    if (!kind) return box("text_plain highlight-myst-ansi", `(${Object.keys(data).join(", ")})`);
    if (kind === WIDGET) return this.widget(data[WIDGET].model_id);
    const value = data[kind];
    if (kind === "text/html") return html(joined(value));
    if (kind === "text/latex") return latex(joined(value));
    if (kind.startsWith("image/")) return this.picture(kind, value, metadata[kind] ?? {});
    return box("text_plain highlight-myst-ansi", joined(value));
  }

  picture(kind, value, { width, height, alt }) {
    const image = document.createElement("img");
    image.alt = alt ?? this.alt() ?? "A picture, drawn by the code above it.";
    if (width) image.width = width;
    if (height) image.height = height;
    // An SVG stands in an <img> too: there its style does not reach the page, nor the page's it.
    const svg = kind === "image/svg+xml";
    image.src = svg
      ? `data:${kind};charset=utf-8,${encodeURIComponent(joined(value))}`
      : `data:${kind};base64,${joined(value).replace(/\s/g, "")}`;
    return div(svg ? "output image_svg" : "output image_png", image);
  }

  widget(model) {
    const element = div("output live-widget");
    this.widgets
      .show(model, element)
      .then((dispose) => this.disposers.push(dispose))
      .catch((error) => {
        element.replaceChildren(box("stderr highlight-myst-ansi", `No widget: ${error.message}`));
      });
    return element;
  }
}

/** HTML of the reader's own kernel: as in a notebook, its scripts run. */
function html(text) {
  const element = div("output text_html");
  element.append(document.createRange().createContextualFragment(text));
  return element;
}

function latex(text) {
  const element = div("output text_latex math notranslate tex2jax_process", text);
  const { MathJax } = window;
  // Typeset when it stands in the page; without MathJax the formula's source is shown.
  MathJax?.startup?.promise
    ?.then(() => MathJax.typesetPromise([element]))
    .catch((error) => console.warn(error));
  return element;
}

function traceback({ ename, evalue, traceback: lines }) {
  const text = lines?.length ? lines.join("\n") : `${ename}: ${evalue}`;
  return box("traceback highlight-ipythontb", text);
}

/** Boxes that scroll sideways can be reached by the keyboard. */
function reachable(element) {
  for (const box of [element, ...element.querySelectorAll("pre")]) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
  }
}
