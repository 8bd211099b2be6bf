// One layer under the reader's hand: each example adds its outer product to the gradient. The
// mathematics is `gradientOf`; the rest draws the layer, the table dW and what each example adds.

import { sigmoid } from "./maths.js";
import {
  addends, figure, formula, frac, h, hold, num, partial, put, row, s, short, sub, sup, tint, write,
} from "./parts.js";

/** The number c in L = c Σₖ (oₖ − tₖ)² of one example with m outputs. */
export function constant(loss, m) {
  return { half_squared_error: 0.5, squared_error: 1, mean_squared_error: 1 / m }[loss];
}

/**
 * Forward values of every example; loss, deltas and gradient of the examples in `batch`.
 * An example outside has no part in the loss: its deltas are 0. `layers[i]` is what example i adds,
 * its inputs and a last 1 (the bias's input) times its deltas; `total` is their sum, dW over db.
 */
export function gradientOf({ X, W, b, T, activation, loss, batch, reduction }) {
  const c = constant(loss, b.length);
  const share = reduction === "mean" ? 1 / batch.length : 1;
  const factor = 2 * c * share;
  const bent = activation === "sigmoid";
  const Z = X.map((x) => b.map((bias, k) => x.reduce((sum, v, j) => sum + v * W[j][k], bias)));
  const O = Z.map((z) => z.map((v) => (bent ? sigmoid(v) : v)));
  const slope = O.map((o) => o.map((v) => (bent ? v * (1 - v) : 1)));
  const error = O.map((o, i) => o.map((v, k) => v - T[i][k]));
  const delta = error.map((e, i) => (
    e.map((v, k) => (batch.includes(i) ? factor * v * slope[i][k] : 0))
  ));
  const layers = X.map((x, i) => [...x, 1].map((v) => delta[i].map((d) => v * d)));
  const total = layers[0].map((line, j) => (
    line.map((_, k) => layers.reduce((sum, layer) => sum + layer[j][k], 0))
  ));
  const lost = batch.map((i) => c * error[i].reduce((sum, e) => sum + e * e, 0));
  return {
    Z, O, slope, error, delta, layers, total, c, share, factor,
    L: share * lost.reduce((sum, v) => sum + v, 0),
  };
}

const upTo = (count) => Array.from({ length: count }, (_, i) => i);
const small = (...numbers) => numbers.map((n) => "₀₁₂₃₄₅₆₇₈₉"[n]).join("");
const unknown = (j, k, n) => (j < n ? `w${small(j + 1, k + 1)}` : `b${small(k + 1)}`);
const inBrackets = (text) => (text.startsWith("−") ? `(${text})` : text);

const productText = (x, delta) => `${short(x)}\u00a0·\u00a0${inBrackets(num(delta))}`;

/** [above, below] of a factor that is a fraction of small numbers; otherwise [value, 1]. */
function parted(value) {
  const near = (number) => Math.abs(Math.round(number) - number) < 1e-9;
  const below = upTo(16).find((n) => n > 0 && near(value * n));
  return below ? [Math.round(value * below), below] : [value, 1];
}

function asText(value) {
  const [above, below] = parted(value);
  return below === 1 ? short(above) : `${above}/${below}`;
}

function asMath(value) {
  const [above, below] = parted(value);
  return below === 1 ? row(above) : frac(above, below);
}

function face(ui) {
  const size = { N: ui.get("X").length, n: ui.get("W").length, m: ui.get("b").length };
  let peek = null; // what the mouse is over, as the traits that a click would set
  let news = ""; // what the last change did
  let before = null;
  let now;
  const look = (at) => {
    if (JSON.stringify(at) === JSON.stringify(peek)) return;
    peek = at;
    news = "";
    ui.redraw();
  };
  /** What makes an element show `at`: while the mouse is over it; from a click or a tap on. */
  const leadsTo = (at) => ({
    onpointerenter: (event) => event.pointerType === "mouse" && look(at),
    onpointerleave: () => look(null),
    onclick: () => ui.set(at),
  });
  const refuse = () => {
    news = "A batch holds at least one example.";
    ui.redraw();
  };
  const views = [drawLayer(size, leadsTo), drawTable(ui, size, leadsTo, () => look(null))];
  if (size.N > 1) views.push(drawExamples(ui, size, leadsTo, refuse));
  views.push(drawLines(size));
  ui.stage.classList.add("bp-halves");
  ui.stage.append(...views.map((view) => view.root));
  views.push(handles(ui, size));
  return {
    update(changed) {
      const chosen = Object.fromEntries(ui.traits.map((trait) => [trait, ui.get(trait)]));
      now = { ...chosen, ...gradientOf(chosen), ...peek, chosen, size };
      const inSight = [...now.layers, now.total].flat(2).map(Math.abs);
      now.largest = Math.max(...inSight, Number.MIN_VALUE);
      for (const view of views) view.update(now);
      if (changed.size || ui.anew) {
        news = before && !ui.anew ? whatChanged(before, now) : "";
        before = now;
      }
    },
    say: () => [news, sentenceOf(now)].filter(Boolean).join(" "),
  };
}

// --- Sentences ----------------------------------------------------------------------------------

/** What a change of the batch or of the loss did to all cells at once. */
function whatChanged(before, now) {
  const joined = now.batch.filter((i) => !before.batch.includes(i));
  const left = before.batch.filter((i) => !now.batch.includes(i));
  const times = (ratio) => (
    Math.abs(ratio - 1) < 1e-9 ? "what it was" : `${asText(ratio)} times what it was`
  );
  if (joined.length + left.length === 1) {
    const which = joined.length ? `${joined[0] + 1} has joined` : `${left[0] + 1} has left`;
    return `Example ${which}, N = ${now.batch.length}: what each of the others adds is `
      + `${times(now.share / before.share)}.`;
  }
  if (before.loss === now.loss && before.reduction === now.reduction) return "";
  return `The factor in every cell is now ${asText(now.factor)}: each cell is `
    + `${times(now.factor / before.factor)}.`;
}

/** The chosen cell as a sum of products, and the loss. */
function sentenceOf({ cell: [j, k], example, batch, X, delta, layers, total, L, size }) {
  const { n, N } = size;
  const product = (i) => productText(j < n ? X[i][j] : 1, delta[i][k]);
  const name = `∂L/∂${unknown(j, k, n)}`;
  const loss = `The loss is ${num(L)}.`;
  const outside = !batch.includes(example)
    && `Example ${example + 1} is not in the batch and adds nothing.`;
  if (batch.length === 1) {
    const symbols = `${j < n ? `x${small(j + 1)}` : "1"} · δ${small(k + 1)}`;
    const alone = N > 1 ? `, from example ${batch[0] + 1} alone` : "";
    const cell = `${name} = ${symbols} = ${product(batch[0])} = ${num(total[j][k])}${alone}.`;
    return [cell, outside, loss].filter(Boolean).join(" ");
  }
  const terms = addends(batch.map((i) => layers[i][j][k]), total[j][k])
    .map((term, place) => (place ? inBrackets(term) : term)).join(" + ");
  const part = `Example ${example + 1} adds ${product(example)} = ${num(layers[example][j][k])}.`;
  return `${name} = ${terms} = ${num(total[j][k])}, a term for each of ${batch.length} examples. `
    + `${outside || part} ${loss}`;
}

// --- The layer, with one example in it ----------------------------------------------------------

function drawLayer({ n, m }, leadsTo) {
  const height = Math.max(52 * (n + 1), 84 * m) + 8;
  const column = (x, count) => upTo(count).map((i) => ({ x, y: (height / count) * (i + 0.5) }));
  const from = column(46, n + 1);
  const to = column(190, m);
  const text = (x, y, role, anchor = "middle") =>
    s("text", { x, y, class: role && `bp-${role}`, "text-anchor": anchor });

  const edges = from.flatMap((a, j) => to.map((b, k) => edgeOf(a, b, j, k, leadsTo)));
  const rings = [...from, ...to].map(({ x, y }, at) => (
    s("circle", { cx: x, cy: y, r: at <= n ? 21 : 18, class: "bp-node" })
  ));
  const values = from.map(({ x, y }) => text(x, y + 5, "forward"));
  const bends = to.map(({ x, y }) => text(x, y + 6, "symbol"));
  const roles = ["forward", "forward", null, "backward"];
  const numbers = to.map(({ x, y }) => (
    roles.map((role, line) => text(x + 23, y - 22 + 18 * line, role, "start"))
  ));
  const weight = text(0, -6, "forward");
  const slope = text(0, 16, "backward");
  const root = s(
    "svg", { viewBox: `0 0 308 ${height}`, class: "bp-graph bp-layer", role: "img" },
    edges.map(({ group }) => group), rings, values, bends, numbers, weight, slope,
    from.slice(0, n).map(({ y }, j) => s("text", { x: 2, y: y + 5 }, `x${small(j + 1)}`)),
  );
  return {
    root,
    update({ X, W, b, Z, O, T, delta, layers, activation, example: i, cell: [j, k] }) {
      const columns = upTo(m).map((r) => [
        `z${small(r + 1)} = ${num(Z[i][r])}`, `o${small(r + 1)} = ${num(O[i][r])}`,
        `t${small(r + 1)} = ${short(T[i][r])}`, `δ${small(r + 1)} = ${num(delta[i][r])}`,
      ]);
      columns.forEach((lines, r) => lines.forEach((line, at) => write(numbers[r][at], line)));
      values.forEach((value, r) => write(value, r < n ? short(X[i][r], 2) : "1"));
      for (const bend of bends) write(bend, activation === "sigmoid" ? "σ" : "=");
      rings.forEach((ring, r) => put(ring, { "data-lit": r === j || r === n + 1 + k }));
      for (const edge of edges) put(edge.group, { "data-watched": edge.j === j && edge.k === k });
      const { turned } = edges.find((edge) => edge.j === j && edge.k === k);
      put(weight, { transform: turned });
      put(slope, { transform: turned });
      write(weight, `${unknown(j, k, n)} = ${short(j < n ? W[j][k] : b[k], 2)}`);
      const input = j < n ? `x${small(j + 1)}` : "1·";
      write(slope, `${input}δ${small(k + 1)} = ${num(layers[i][j][k])}`);
      put(root, {
        "aria-label": `The layer with example ${i + 1} in it. `
          + `Inputs ${X[i].map((v) => short(v)).join(", ")}. `
          + `${columns.map((lines) => lines.join(", ")).join("; ")}.`,
      });
    },
  };
}

/** An edge from circle to circle; `turned` puts a text along it, at its middle. */
function edgeOf(a, b, j, k, leadsTo) {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const [right, down] = [(b.x - a.x) / length, (b.y - a.y) / length];
  const d = `M${a.x + 22 * right} ${a.y + 22 * down}L${b.x - 19 * right} ${b.y - 19 * down}`;
  const group = s(
    "g", { class: "bp-choose", "data-edge": `${j} ${k}`, ...leadsTo({ cell: [j, k] }) },
    s("path", { d, class: "bp-target" }), s("path", { d, class: "bp-edge bp-glow" }),
  );
  const angle = (Math.atan2(down, right) * 180) / Math.PI;
  const [x, y] = [(a.x + b.x + 3 * right) / 2, (a.y + b.y + 3 * down) / 2]; // between the circles
  const turned = `translate(${x} ${y}) rotate(${angle})`;
  return { j, k, group, turned };
}

// --- The table dW, and db below it --------------------------------------------------------------

/** Tint an element by a number's sign and its size beside the largest one in sight. */
function shade(element, value, largest) {
  put(element, {
    "data-sign": value < 0 ? "minus" : "plus",
    style: `--bp-amount:${((42 * Math.abs(value)) / largest).toFixed(1)}%`,
  });
}

function drawTable(ui, { n, m, N }, leadsTo, forget) {
  const values = upTo(m).map(() => h("span"));
  const tops = values.map((value, k) => h("th", { scope: "col" }, `δ${small(k + 1)} `, value));
  const sides = upTo(n + 1).map(() => h("th", { scope: "row" }));
  const cells = sides.map((_, j) => tops.map((_, k) => h("td", {
    tabindex: -1, ...leadsTo({ cell: [j, k] }), onfocus: () => ui.set({ cell: [j, k] }),
  })));
  const move = (event) => {
    const [j, k] = ui.get("cell");
    const to = {
      ArrowUp: [j - 1, k], ArrowDown: [j + 1, k], ArrowLeft: [j, k - 1], ArrowRight: [j, k + 1],
      Home: [event.ctrlKey ? 0 : j, 0], End: [event.ctrlKey ? n : j, m - 1],
    }[event.key];
    if (!to || event.altKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    forget();
    cells[to[0]]?.[to[1]]?.focus();
  };
  const table = h(
    "table",
    {
      role: "grid", class: "bp-table", onkeydown: move,
      "aria-label": "The gradient: a row for each input and the last for the bias, a column for "
        + "each neuron. Arrow keys move.",
    },
    h("thead", {}, h("tr", {}, h("td", { "aria-hidden": "true" }), tops)),
    h("tbody", {}, sides.map((side, j) => h("tr", {}, side, cells[j]))),
  );
  const factor = h("p", { class: "bp-caption" });
  const product = N > 1 ? row(sup("X", "⊤"), "δ") : row("x", sup("δ", "⊤"));
  const title = h(
    "p", { class: "bp-caption" },
    formula(partial("L", "W"), "=", product), ", below it ", formula(partial("L", "b")),
  );
  return {
    root: ui.watched(title, table, factor),
    update(now) {
      const { cell: [j, k], chosen, total, X, delta, batch, c, share, reduction } = now;
      const one = batch.length === 1;
      tops.forEach((top, r) => {
        write(values[r], one ? num(delta[batch[0]][r]) : "");
        put(top, { "data-lit": r === k });
      });
      sides.forEach((side, r) => {
        const value = one ? ` = ${short(X[batch[0]][r] ?? 1, 2)}` : "";
        write(side, r < n ? `x${small(r + 1)}${value}` : "1");
        put(side, { "data-lit": r === j });
      });
      cells.forEach((line, r) => line.forEach((cell, q) => {
        write(cell, num(total[r][q]));
        shade(cell, total[r][q], now.largest);
        put(cell, {
          "aria-selected": String(r === j && q === k),
          tabindex: r === chosen.cell[0] && q === chosen.cell[1] ? 0 : -1,
        });
      }));
      const mean = N > 1 && reduction === "mean";
      hold(factor, "In every cell: ", formula(tint(
        "result", row(2, "c"), ...(mean ? ["·", frac(1, "N")] : []),
        "=", asMath(2 * c), ...(mean ? ["·", asMath(share), "=", asMath(now.factor)] : []),
      )));
    },
  };
}

// --- What each example adds ---------------------------------------------------------------------

function drawExamples(ui, { N, n, m }, leadsTo, refuse) {
  const group = `bp-example-${++drawExamples.made}`;
  const cards = upTo(N).map((i) => {
    const chosen = h("input", {
      type: "radio", name: group, "aria-label": `Look at example ${i + 1}`,
      onchange: () => ui.set({ example: i }),
    });
    const taken = h("input", {
      type: "checkbox", "aria-label": `Example ${i + 1} in the batch`,
      onchange: () => {
        const rest = ui.get("batch").filter((other) => other !== i);
        if (taken.checked) ui.set({ batch: [...rest, i].sort() });
        else if (rest.length) ui.set({ batch: rest });
        else {
          taken.checked = true;
          refuse();
        }
      },
    });
    const tops = upTo(m).map((k) => h("span", { class: "bp-top" }, `δ${small(k + 1)}`));
    const sides = upTo(n + 1).map(() => h("span", { class: "bp-side" }));
    const tiles = sides.map((_, j) => tops.map((_, k) => (
      h("span", { class: "bp-tile", ...leadsTo({ example: i, cell: [j, k] }) })
    )));
    const layer = h(
      "div", { class: "bp-tiles", role: "img", style: `--bp-columns:${m}` },
      h("span"), tops, sides.map((side, j) => [side, tiles[j]]),
    );
    const term = [h("span"), h("span")];
    const root = h(
      "div", { class: "bp-card" },
      h("label", { class: "bp-option" }, chosen, h("span", {}, `Example ${i + 1}`)),
      h("label", { class: "bp-toggle" }, taken, h("span", {}, "in the batch")),
      layer, h("p", { class: "bp-term" }, term),
    );
    return { root, chosen, taken, tops, sides, tiles, layer, term };
  });
  return {
    root: h("div", { class: "bp-cards bp-wide" }, cards.map(({ root }) => root)),
    update(now) {
      cards.forEach((card, i) => updateExample(card, i, now));
    },
  };
}
drawExamples.made = 0;

function updateExample(card, i, now) {
  const { X, delta, layers, batch, cell: [j, k], chosen, size: { n } } = now;
  const inside = batch.includes(i);
  card.chosen.checked = i === chosen.example;
  card.taken.checked = inside;
  put(card.root, { "data-outside": !inside, "data-lit": i === now.example });
  card.tops.forEach((top, r) => put(top, { "data-lit": r === k }));
  card.sides.forEach((side, r) => {
    write(side, r < n ? short(X[i][r], 2) : "1");
    put(side, { "data-lit": r === j });
  });
  card.tiles.forEach((line, r) => line.forEach((tile, q) => {
    shade(tile, layers[i][r][q], now.largest);
    put(tile, { "data-lit": r === j && q === k });
  }));
  const said = inside
    ? [productText(j < n ? X[i][j] : 1, delta[i][k]), `= ${num(layers[i][j][k])}`]
    : ["outside:", "adds nothing"];
  card.term.forEach((line, at) => write(line, said[at]));
  put(card.layer, { "aria-label": `Example ${i + 1} and the chosen cell: ${said.join(" ")}` });
}

// --- The three equations, with the numbers of the chosen cell -----------------------------------

/** A formula that goes on from the one before: its first operator stands between two sides. */
const goesOn = (...items) => formula(row(), ...items);

function drawLines({ N, n }) {
  const several = N > 1;
  const lines = upTo(3).map(() => h("div", { class: "bp-formula" }));
  const number = (value) => (value < 0 ? row("(", short(value), ")") : row(short(value)));
  const each = (base) => sub(base, several ? row("i", "k") : "k");
  const index = (i, k) => (several ? `${i + 1}${k + 1}` : `${k + 1}`);

  const loss = ({ c, share, reduction, L }) => [
    formula(
      "L", "=", ...(several && reduction === "mean" ? [tint("result", asMath(share))] : []),
      ...(several ? [sub("∑", "i")] : []), tint("result", asMath(c)), sub("∑", "k"),
      sup(row(
        "(", each("o"), "−", each("t"), ")",
      ), 2),
    ),
    goesOn("=", tint("forward", num(L))),
  ];
  const deltas = ({ batch, example: i, cell: [, k], activation, reduction, ...now }) => {
    const at = index(i, k);
    if (!batch.includes(i)) {
      return [formula(tint("backward", sub("δ", at)), "=", 0), "outside the batch"];
    }
    const bent = activation === "sigmoid";
    const mean = several && reduction === "mean";
    const [o, t] = [sub("o", at), sub("t", at)];
    return [
      formula(
        tint("backward", sub("δ", at)), "=",
        tint("result", ...(mean ? [frac(1, "N"), "·"] : []), row(2, "c")),
      ),
      goesOn("·", tint("backward", "(", o, "−", t, ")", ...(bent ? [
        "·", o.cloneNode(true), "(", 1, "−", o.cloneNode(true), ")",
      ] : []))),
      goesOn(
        "=", tint("result", ...(mean ? [asMath(now.share), "·"] : []), asMath(2 * now.c)), "·",
        tint("backward", number(now.error[i][k]), ...(bent ? ["·", number(now.slope[i][k])] : [])),
      ),
      goesOn("=", tint("backward", num(now.delta[i][k]))),
    ];
  };
  const gradient = ({ batch, X, delta, cell: [j, k], example, total }) => {
    const bias = j === n;
    const sum = several && batch.length > 1;
    const at = several ? "i" : "";
    const named = partial("L", bias ? sub("b", k + 1) : sub("w", `${j + 1}${k + 1}`));
    const left = sum ? [sub("∑", "i")] : [];
    const first = sum ? at : several ? `${batch[0] + 1}` : "";
    const both = (base, second) => sub(base, row(...[first, `${second}`].filter(Boolean)));
    const factors = [
      ...(bias ? [] : [tint("forward", both("x", j + 1)), ...(sum ? [] : ["·"])]),
      tint("backward", both("δ", k + 1)),
    ];
    return [
      formula(named, "=", ...left, ...factors),
      ...batch.map((i, place) => {
        const product = row(
          ...(bias ? [] : [tint("forward", number(X[i][j])), "·"]),
          tint("backward", number(delta[i][k])),
        );
        put(product, { class: sum && i === example && "bp-this" });
        return goesOn(place ? "+" : "=", product);
      }),
      ...(bias && !sum ? [] : [goesOn("=", tint("backward", num(total[j][k])))]),
    ];
  };
  return {
    root: h("div", { class: "bp-lines bp-wide" }, lines),
    update(now) {
      [loss, deltas, gradient].forEach((line, at) => hold(lines[at], ...line(now)));
    },
  };
}

// --- What the reader can move -------------------------------------------------------------------

function handles(ui, { N, n, m }) {
  const examples = upTo(N).map((i) => h(
    "div", {},
    upTo(n).map((j) => ui.slider({
      trait: "X", index: [i, j], label: `x${small(j + 1)}`, min: -4, max: 4,
      name: N > 1 ? `input x ${j + 1} of example ${i + 1}` : `input x ${j + 1}`,
    })),
    upTo(m).map((k) => ui.slider({
      trait: "T", index: [i, k], label: `t${small(k + 1)}`, min: -2, max: 2,
      name: N > 1 ? `target t ${k + 1} of example ${i + 1}` : `target t ${k + 1}`,
    })),
  ));
  const neurons = upTo(m).map((k) => h(
    "div", {},
    upTo(n).map((j) => ui.slider({
      trait: "W", index: [j, k], label: unknown(j, k, n), min: -6, max: 6,
      name: `weight w ${j + 1} ${k + 1}`,
    })),
    ui.slider({
      trait: "b", index: [k], label: unknown(n, k, n), min: -6, max: 6, name: `bias b ${k + 1}`,
    }),
  ));
  const loss = ui.choice({
    trait: "loss", label: "An example’s squared errors, and 2c",
    options: [
      ["half_squared_error", "½ sum: 1"], ["squared_error", "sum: 2"],
      ["mean_squared_error", `mean: ${asText(2 / m)}`],
    ],
  });
  const activation = ui.choice({
    trait: "activation", label: "Activation",
    options: [["sigmoid", "sigmoid"], ["identity", "identity"]],
  });
  ui.panel.append(loss, N === 1 ? activation : ui.choice({
    trait: "reduction", label: "The batch’s losses, and their factor",
    options: [["mean", "mean: 1/N"], ["sum", "sum: 1"]],
  }));
  const [mine, its] = [ui.group("Inputs and targets", examples), ui.group("Neuron", neurons)];
  if (N > 1) ui.panel.append(activation);
  return {
    update({ chosen }) {
      examples.forEach((part, i) => { part.hidden = i !== chosen.example; });
      neurons.forEach((part, k) => { part.hidden = k !== chosen.cell[1]; });
      if (N > 1) write(mine.firstChild, `Example ${chosen.example + 1}: inputs and targets`);
      write(its.firstChild, `Neuron ${chosen.cell[1] + 1}: weights and bias`);
    },
  };
}

/** Whether a linked state has this figure's sizes and is one that the controls can reach. */
export function accept(state, { X, W, T, b }) {
  const { batch, example, cell } = state;
  const shape = (value) => (
    Array.isArray(value) ? [value.length, ...new Set(value.map((v) => String(shape(v))))] : []
  );
  const like = (one, other) => String(shape(one)) === String(shape(other));
  const place = (value, count) => Number.isInteger(value) && value >= 0 && value < count;
  const numbers = [state.X, state.W, state.T, state.b].flat(2);
  return like(state.X, X) && like(state.W, W) && like(state.T, T) && like(state.b, b)
    && numbers.every((v) => typeof v === "number" && Math.abs(v) <= 100)
    && ["sigmoid", "identity"].includes(state.activation)
    && ["half_squared_error", "squared_error", "mean_squared_error"].includes(state.loss)
    && ["mean", "sum"].includes(state.reduction)
    && batch.length > 0 && batch.every((i, at) => place(i, X.length) && !(batch[at - 1] >= i))
    && place(example, X.length) && cell.length === 2
    && place(cell[0], W.length + 1) && place(cell[1], b.length);
}

export default figure({
  name: "manyoutputs",
  title: "One layer, many outputs: the gradient, cell by cell and example by example",
  traits: [
    "X", "W", "b", "T", "activation", "loss", "batch", "reduction", "example", "cell",
  ],
  accept,
  build: face,
});
