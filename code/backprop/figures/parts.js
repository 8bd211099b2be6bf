// The parts every figure is made of: elements, numbers, formulas, controls, plots, and the frame
// that connects them with a model. A figure imports what it needs from here; Python joins both
// into the one module that a notebook stores. Top-level names are therefore unique over all files.

// --- Elements -----------------------------------------------------------------------------------

function make(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/** An HTML element: `h("button", { type: "button", onclick }, "Step")`. */
export const h = (tag, attributes, ...children) =>
  make(document.createElement(tag), attributes, children);

/** An SVG element. */
export const s = (tag, attributes, ...children) =>
  make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/** A MathML element; formulas are set by the browser, with no library. */
export const m = (tag, attributes, ...children) =>
  make(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), attributes, children);

/**
 * Set attributes of an element that is there already; null takes one away. The page is touched
 * only where something changes: a label written anew costs a screen reader's tree, each frame.
 */
export function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  }
  return element;
}

/**
 * Put a text into an element, touching the page only where it changes. The node that is there gets
 * it: a new one would make the browser look through the whole page for rules with `:has()`.
 */
export function write(element, text) {
  if (element.textContent === text) return;
  const { firstChild, childNodes } = element;
  if (childNodes.length === 1 && firstChild.nodeType === Node.TEXT_NODE) firstChild.data = text;
  else element.textContent = text;
}

/**
 * Let an element hold these nodes, touching the page only where they differ from those that are
 * there: a formula with other numbers keeps its elements, and only its texts change.
 */
export function hold(element, ...nodes) {
  const there = [...element.childNodes];
  nodes.forEach((node, n) => {
    const fresh = typeof node === "string" ? document.createTextNode(node) : node;
    const old = there[n];
    if (!old) element.append(fresh);
    else if (!old.isEqualNode(fresh)) adapt(old, fresh);
  });
  for (const old of there.slice(nodes.length)) old.remove();
}

function adapt(old, fresh) {
  const alike = old.nodeName === fresh.nodeName
    && old.attributes?.length === fresh.attributes?.length
    && [...(fresh.attributes ?? [])].every(({ name, value }) => old.getAttribute(name) === value);
  if (!alike) old.replaceWith(fresh);
  else if (old.nodeType === Node.TEXT_NODE) old.data = fresh.data;
  else hold(old, ...fresh.childNodes);
}

// --- Numbers ------------------------------------------------------------------------------------

const MINUS = "\u2212";

/** 10 to a whole power: 10⁻³. */
function tenTo(power) {
  const digits = [...String(Math.round(power))];
  return `10${digits.map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("")}`;
}

/** A number as text: fixed digits, a true minus, powers of ten where digits would hide it. */
export function num(value, digits = 4) {
  if (Number.isNaN(value)) return "undefined";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : MINUS + "∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 0.5 * 10 ** -digits)) {
    const [mantissa, power] = value.toExponential(Math.min(2, digits)).split("e");
    return `${mantissa.replace("-", MINUS)}·${tenTo(power)}`;
  }
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", MINUS);
}

/** A number without needless zeros: 0.5, not 0.5000. */
export const short = (value, digits = 4) =>
  num(value, digits).replace(/(\.\d*?)0+(?=$|·)/, "$1").replace(/\.(?=$|·)/, "");

/** The number that a reader sees where `num` or `short` writes it. */
export function asShown(value, digits = 4) {
  const tiny = value !== 0 && Math.abs(value) < 0.5 * 10 ** -digits;
  return Number(tiny ? value.toExponential(Math.min(2, digits)) : value.toFixed(digits));
}

/**
 * Texts of terms whose sum is shown with so many `digits`: each has one digit more, or as many as
 * it takes until who adds them by hand gets the sum that is shown.
 */
export function addends(terms, total, digits = 4) {
  let more = digits + 1;
  const adds = () => terms.reduce((all, term) => all + asShown(term, more), 0);
  while (more < digits + 6 && num(adds(), digits) !== num(total, digits)) more++;
  return terms.map((term) => num(term, more));
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// --- Formulas -----------------------------------------------------------------------------------

/** One item of a formula: a number, an operator, a name, or an element as it is. */
function atom(item) {
  if (item instanceof Node) return item;
  const text = typeof item === "number" ? short(item) : String(item);
  if (/^[−-]?[\d.]+$/.test(text)) return m("mn", {}, text);
  if (/^[=+−·×⊙()[\],≈→←≤≥<>∂∑Σ−/|‖⋯]$/.test(text)) {
    const stretchy = "()[]|‖".includes(text) ? "false" : null;
    return text === "∂" ? m("mi", { mathvariant: "normal" }, text) : m("mo", { stretchy }, text);
  }
  return text.length > 2 ? m("mtext", {}, text) : m("mi", {}, text);
}

/** Items side by side. */
export const row = (...items) => m("mrow", {}, items.map(atom));
export const sub = (base, index) => m("msub", {}, atom(base), atom(index));
export const sup = (base, power) => m("msup", {}, atom(base), atom(power));
export const frac = (above, below) => m("mfrac", {}, atom(above), atom(below));
/** ∂above/∂below. */
export const partial = (above, below) => frac(row("∂", above), row("∂", below));
/** Items in a role's colour: "forward", "backward", "result". */
export const tint = (role, ...items) => m("mrow", { class: `bp-${role}` }, items.map(atom));
/** A formula of such items; `label` is what a screen reader says if MathML is not read. */
export const formula = (...items) => m("math", {}, row(...items));
/** A formula on a line of its own. */
export const display = (...items) => m("math", { display: "block" }, row(...items));

// --- Plots --------------------------------------------------------------------------------------

/** Round numbers that divide [low, high] into about `count` parts. */
export function ticks(low, high, count = 4) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((n) => n * power >= raw * 0.999) * power;
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    found.push(Number((n * step).toPrecision(12)));
  }
  return found;
}

/**
 * Axes in an SVG of the given size: `x` and `y` map numbers to pixels, `layer` takes what is drawn
 * (clipped), `frame({x: [low, high], y: [low, high]})` sets the ranges and draws ticks and grid.
 * `log: true` makes the vertical axis one of powers of ten, `logx: true` the horizontal one.
 */
export function plot({
  width = 360, height = 230, xlabel, ylabel, label, log = false, logx = false,
}) {
  const box = { left: 52, right: width - 10, top: 26, bottom: height - 40 };
  const id = `bp-clip-${++plot.made}`;
  const grid = s("g", { class: "bp-grid", "aria-hidden": "true" });
  const layer = s("g", { "clip-path": `url(#${id})` });
  const middle = (box.left + box.right) / 2;
  const root = s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, class: "bp-plot", role: "img", "aria-label": label },
    s("clipPath", { id }, s("rect", {
      x: box.left, y: box.top - 6, width: box.right - box.left + 4, height: box.bottom - box.top + 8,
    })),
    grid,
    layer,
    s("text", { x: middle, y: height - 6, class: "bp-axis", "text-anchor": "middle" }, xlabel ?? ""),
    s("text", { x: 4, y: 13, class: "bp-axis" }, ylabel ?? ""),
  );
  const range = { x: [0, 1], y: [0, 1] };
  const logarithm = (value) => Math.log10(Math.max(value, 1e-300));
  const level = (value) => (log ? logarithm(value) : value);
  const along = (value) => (logx ? logarithm(value) : value);
  const tens = (low, high) => ticks(low, high).filter(Number.isInteger).map((v) => 10 ** v);
  const axes = {
    root,
    layer,
    box,
    range,
    x: (v) => {
      const [low, high] = range.x.map(along);
      return box.left + ((along(v) - low) / (high - low)) * (box.right - box.left);
    },
    y: (v) => {
      const [low, high] = range.y.map(level);
      return clamp(
        box.bottom - ((level(v) - low) / (high - low)) * (box.bottom - box.top),
        -1e5,
        1e5,
      );
    },
    /** The path through points [[x, y], …]. */
    path: (points) =>
      points.map(([a, b], n) => `${n ? "L" : "M"}${axes.x(a).toFixed(2)} ${axes.y(b).toFixed(2)}`)
        .join(""),
    frame({ x, y }) {
      const key = JSON.stringify([x, y]);
      if (axes.framed === key) return;
      axes.framed = key;
      range.x = x;
      range.y = y;
      const across = logx ? tens(...x.map(along)) : ticks(...x);
      const up = log ? tens(...y.map(level)) : ticks(...y);
      grid.replaceChildren(
        ...across.map((v) => s("path", { d: `M${axes.x(v)} ${box.top}V${box.bottom}` })),
        ...across.map((v) => s(
          "text",
          { x: axes.x(v), y: box.bottom + 16, "text-anchor": "middle" },
          logx ? tenTo(along(v)) : short(v),
        )),
        ...up.map((v) => s("path", { d: `M${box.left} ${axes.y(v)}H${box.right}` })),
        ...up.map((v) => s(
          "text",
          { x: box.left - 6, y: axes.y(v) + 4, "text-anchor": "end" },
          log ? tenTo(level(v)) : short(v),
        )),
      );
    },
  };
  return axes;
}
plot.made = 0;

// --- The frame of a figure ----------------------------------------------------------------------

/** Whether the reader asked for less motion. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const copy = (value) => JSON.parse(JSON.stringify(value));
let controls = 0;

/**
 * An anywidget from its description:
 *   name    its key in a shared link, e.g. "perceptron"
 *   title   what it is, for screen readers and above it
 *   traits  the names of the state that Python and a link hold
 *   accept  (state, present) => whether a state from a link makes sense beside the present one;
 *           each trait's value was found to be built like the present one, of any lengths
 *   build   (ui) => { update(changed: Set of traits), say(): sentence, stop?() }
 * `update` runs once a frame, however many traits changed. `say` is shown under the figure and
 * announced to screen readers once it stands still.
 */
export function figure({ name, title, traits, accept = () => true, build }) {
  function render({ model, el }) {
    const start = {};
    for (const trait of traits) start[trait] = copy(model.get(trait));
    const ui = new Ui(model, title, traits, start);
    let face;
    const changed = new Set(traits);
    let asked = 0;
    let announced = 0;
    let heard;

    const fail = (error) => {
      console.error(error);
      el.replaceChildren(h(
        "p", { class: "bp-failed", role: "alert" },
        `The figure “${title}” stopped: ${error.message}. The rest of the page works.`,
      ));
      el.dispatchEvent(new CustomEvent("bp-failed", { bubbles: true }));
    };
    const draw = () => {
      asked = 0;
      try {
        face.update(new Set(changed));
        changed.clear();
        const said = face.say();
        ui.anew = false;
        write(ui.sentence, said);
        if (said === heard) return; // drawn anew for its size or the theme: nothing to announce
        heard = said;
        clearTimeout(announced);
        announced = setTimeout(() => write(ui.live, said), 400);
      } catch (error) {
        fail(error);
      }
    };
    const listeners = traits.map((trait) => {
      const hear = () => {
        changed.add(trait);
        for (const follow of ui.followers) follow(trait);
        asked ||= requestAnimationFrame(draw);
      };
      model.on(`change:${trait}`, hear);
      return [`change:${trait}`, hear];
    });
    ui.redraw = () => (asked ||= requestAnimationFrame(draw));

    try {
      face = build(ui);
      ui.finish(name);
      el.append(ui.root);
      if (model.shared && Object.keys(model.shared).length) ui.open(model.shared, accept);
      draw();
      if (!el.querySelector(".bp-failed")) write(ui.live, ""); // nothing changed yet
      clearTimeout(announced);
    } catch (error) {
      fail(error);
    }
    return () => {
      for (const [event, hear] of listeners) model.off(event, hear);
      cancelAnimationFrame(asked);
      clearTimeout(announced);
      ui.stop();
      face?.stop?.();
    };
  }
  return { render };
}

class Ui {
  constructor(model, title, traits, start) {
    Object.assign(this, { model, title, traits, start, followers: [], players: [], anew: false });
    this.stage = h("div", { class: "bp-stage" });
    this.panel = h("div", { class: "bp-panel" });
    this.sentence = h("p", { class: "bp-sentence" });
    this.live = h("p", { class: "bp-live", "aria-live": "polite" });
    this.tools = h("div", { class: "bp-tools" });
    this.root = h(
      "div", { class: "bp-figure", role: "group", "aria-label": title },
      this.stage, this.panel, this.sentence, this.tools, this.live,
    );
    const again = () => this.redraw();
    this.watch = new MutationObserver(again); // canvases take their colours from the theme
    this.watch.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.watch.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  }

  /** The present value of a trait. Never change it in place: `set` a new one. */
  get(trait) {
    return this.model.get(trait);
  }

  /** Set traits; Python and the page hear of it. A value that is there already is left. */
  set(values) {
    for (const [trait, value] of Object.entries(values)) {
      if (!same(this.model.get(trait), value)) this.model.set(trait, value);
    }
    this.model.save_changes();
  }

  /** One number of a trait: `index` is absent for a number, [j] or [j, k] inside lists. */
  pick(trait, index = []) {
    return index.reduce((value, n) => value[n], this.model.get(trait));
  }

  /** Set one number of a trait, leaving the old list as it was. */
  place(trait, index = [], number) {
    if (!index.length) return this.set({ [trait]: number });
    const value = copy(this.model.get(trait));
    index.slice(0, -1).reduce((part, n) => part[n], value)[index.at(-1)] = number;
    return this.set({ [trait]: value });
  }

  /** A colour of the theme, for canvases: ui.colour("forward"). */
  colour(role) {
    return getComputedStyle(this.root).getPropertyValue(`--bp-${role}`).trim();
  }

  /**
   * What the reader watches while moving controls: on a narrow and high screen it stays in sight
   * over the whole figure. Returns the element to put into the stage.
   */
  watched(...parts) {
    this.root.classList.add("bp-watchful");
    return h("div", { class: "bp-watched" }, parts);
  }

  /** Controls under a common heading; they stand in the panel unless put elsewhere. */
  group(legend, ...items) {
    const set = h("fieldset", { class: "bp-group" }, h("legend", {}, legend), items);
    this.panel.append(set);
    return set;
  }

  /**
   * A number under the reader's hand: a slider for the finger and a field for exact values. Its
   * arrow keys move it by `step`, with Shift by a tenth of that, as those in the field do.
   * `label` is text; `role` ("forward", "backward", …) colours it. `log: true` spaces the slider
   * by powers of ten: it then holds the logarithm, `step` is one of the logarithm, and what it sets
   * has three digits. `whole: true` sets whole numbers only. What is not one number of one trait
   * says how to `get` and to `set` it, and which traits it `hears`.
   */
  slider({
    trait, index, get = () => this.pick(trait, index), hears = [trait],
    set = (value) => this.place(trait, index, value),
    label, name = label, min, max, log = false, whole = false,
    step = log ? 0.05 : 0.01, digits = 2, role,
  }) {
    const id = `bp-${++controls}`;
    const level = (value) => (log ? Math.log10(value) : value);
    const exact = (value) => (whole ? Math.round(value) : value);
    const chosen = (value) => exact(log ? Number((10 ** value).toPrecision(3)) : value);
    const range = h("input", {
      type: "range", min: level(min), max: level(max), step, id, "aria-label": name,
      oninput: () => set(clamp(chosen(Number(range.value)), min, max)),
      onkeydown: (event) => {
        const up = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
        if (!up || !event.shiftKey || whole) return;
        event.preventDefault();
        const there = level(get()) + (up * step) / 10;
        set(clamp(chosen(Number(there.toFixed(9))), min, max));
      },
    });
    const field = h("input", {
      type: "number", min, max, step: log ? "any" : whole ? step : step / 10,
      "aria-label": `${name}, as a number`,
      onchange: () => {
        const typed = Number(field.value);
        const valid = field.value !== "" && Number.isFinite(typed);
        if (valid) set(clamp(exact(typed), min, max));
        show();
      },
    });
    const show = () => {
      const value = get();
      if (value === undefined) return; // the list became shorter: the figure removes the control
      range.value = level(value);
      put(range, { "aria-valuetext": short(value, Math.max(digits, 4)) });
      if (field !== document.activeElement || Number(field.value) !== value) {
        const digitsKept = log ? value.toPrecision(6) : value.toFixed(Math.max(digits, 6));
        field.value = String(Number(digitsKept));
      }
    };
    show();
    for (const heard of hears) this.follow(heard, show);
    return h(
      "div", { class: "bp-slider" },
      h("label", { for: id, class: role && `bp-${role}` }, label), range, field,
    );
  }

  /** One of several: a row of radio buttons. options: [[value, text], …]. */
  choice({ trait, label, options, onchange }) {
    const group = `bp-${++controls}`;
    const inputs = options.map(([value, text]) => {
      const input = h("input", {
        type: "radio", name: group, value: String(value),
        onchange: () => (onchange ? onchange(value) : this.set({ [trait]: value })),
      });
      return { value, input, item: h("label", { class: "bp-option" }, input, h("span", {}, text)) };
    });
    const show = () => {
      for (const { value, input } of inputs) input.checked = same(this.get(trait), value);
    };
    show();
    this.follow(trait, show);
    return h(
      "fieldset", { class: "bp-choice" }, h("legend", {}, label),
      h("div", { class: "bp-options" }, inputs.map(({ item }) => item)),
    );
  }

  /** On or off. */
  toggle({ trait, label, onchange = (on) => this.set({ [trait]: on }) }) {
    const input = h("input", {
      type: "checkbox", role: "switch", onchange: () => onchange(input.checked),
    });
    const show = () => (input.checked = Boolean(this.get(trait)));
    show();
    this.follow(trait, show);
    return h("label", { class: "bp-toggle" }, input, h("span", {}, label));
  }

  /** Something to press. */
  button(text, onclick, attributes = {}) {
    return h("button", { type: "button", class: "bp-button", onclick, ...attributes }, text);
  }

  /** Call `show` when a trait changes, at once (controls follow links, Python and `place`). */
  follow(trait, show) {
    this.followers.push((name) => name === trait && show());
  }

  /**
   * Back to the start, step and play, for what runs by itself.
   *   advance(steps) moves on; done() says whether the end is reached; rewind() goes back;
   *   end() jumps to the end, for readers who asked for less motion;
   *   rate: steps a second, a number or a function that returns it;
   *   before, after: more buttons, for going back and for going on.
   * Returns { root, stop, playing }.
   */
  player({ advance, done, rewind, end, rate = 30, before = [], after = [] }) {
    let frame = 0;
    let last = 0;
    let owed = 0;
    const play = this.button("Play", () => (frame ? stop() : run()));
    const stepping = this.button("Step", () => {
      stop();
      if (!done()) advance(1);
    });
    const back = this.button("Back to the start", () => {
      stop();
      rewind();
    });
    const tick = (now) => {
      owed += Math.min(0.25, (now - last) / 1000) * (typeof rate === "function" ? rate() : rate);
      last = now;
      const steps = Math.floor(owed);
      owed -= steps;
      if (steps) advance(steps);
      if (done()) stop();
      else frame = requestAnimationFrame(tick);
    };
    const stop = () => {
      cancelAnimationFrame(frame);
      frame = 0;
      write(play, "Play");
    };
    const run = () => {
      if (done()) rewind();
      if (calm()) {
        end();
        return;
      }
      last = performance.now();
      owed = 0;
      frame = requestAnimationFrame(tick);
      write(play, "Pause");
    };
    const player = {
      root: h("div", { class: "bp-player" }, back, before, stepping, play, after),
      stop,
      get playing() {
        return frame !== 0;
      },
    };
    this.players.push(player);
    return player;
  }

  // --- what `figure` calls ---

  finish(name) {
    this.tools.append(this.button("Reset", () => {
      this.anew = true;
      this.set(copy(this.start));
      this.redraw();
    }));
    if (!this.model.link) return; // only a page can be linked to
    const copyLink = this.button("Copy link", async () => {
      const state = {};
      for (const trait of this.traits) state[trait] = this.get(trait);
      const link = this.model.link(name, state);
      try {
        await navigator.clipboard.writeText(link);
        write(this.live, "The link to this state of the figure is on the clipboard.");
      } catch {
        write(this.live, "The browser does not let the page copy: take the link from the field.");
        const field = h("input", {
          type: "text", readonly: true, class: "bp-link", "aria-label": "Link to this state",
        });
        field.value = link;
        this.tools.querySelector(".bp-link")?.remove();
        this.tools.append(field);
        field.select();
      }
    });
    this.tools.append(copyLink);
  }

  /** Take over a state from a link, whole or not at all. */
  open(shared, accept) {
    const state = {};
    for (const trait of this.traits) state[trait] = copy(this.get(trait));
    const known = Object.keys(shared).every((trait) => this.traits.includes(trait));
    const fits = known && Object.entries(shared).every(([k, v]) => alike(state[k], v));
    if (fits && accept({ ...state, ...shared }, state)) this.set(shared);
    else {
      this.root.prepend(h(
        "p", { class: "bp-note", role: "status" },
        "The link’s state does not fit this figure, so it starts as usual.",
      ));
    }
  }

  stop() {
    this.watch.disconnect();
    for (const player of this.players) player.stop();
  }
}

/** Whether a value from outside is built like the one that stands there: finite numbers, texts. */
export function alike(here, came) {
  if (Array.isArray(here)) {
    const model = here[0];
    return Array.isArray(came) && came.length <= 64 && came.every((v) => (
      model === undefined ? ["number", "string"].includes(typeof v) : alike(model, v)
    ));
  }
  if (typeof here === "number") return Number.isFinite(came) && typeof came === "number";
  return typeof here === typeof came && here !== null && typeof here !== "object";
}
