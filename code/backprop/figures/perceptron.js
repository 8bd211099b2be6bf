// One neuron under the reader's hand: values forward, slopes backward, and the loss against one
// weight with its tangent. The mathematics is `neuron` and `lossAt`; the rest draws it.

import { sigmoid } from "./maths.js";
import {
  clamp, figure, formula, h, num, partial, plot, put, row, s, short, sub, tint, write,
} from "./parts.js";

/** Forward values and derivative factors of L = ½(o − t)², o = f(Σ wⱼxⱼ + b). */
export function neuron({ x, w, b, t, activation }) {
  const z = x.reduce((sum, value, j) => sum + w[j] * value, b);
  const o = activation === "sigmoid" ? sigmoid(z) : z;
  const error = o - t;
  const slope = activation === "sigmoid" ? o * (1 - o) : 1;
  const delta = error * slope;
  return { z, o, loss: 0.5 * error * error, error, slope, delta, dw: x.map((v) => delta * v), db: delta };
}

/** The loss if the watched weight (or, after the last weight, the bias) had another value. */
export function lossAt(state, watch, value) {
  const w = state.w.map((old, j) => (j === watch ? value : old));
  return neuron({ ...state, w, b: watch === state.w.length ? value : state.b }).loss;
}

const SPAN = 6;

function face(ui) {
  const n = ui.get("x").length;
  const names = [...ui.get("x").map((_, j) => `w${"₁₂₃₄"[j]}`), "b"];
  const graph = drawGraph(ui, n, names);
  const curve = plot({
    width: 400, height: 270, ylabel: "loss L",
    label: "The loss against the watched weight, with its tangent.",
  });
  const path = s("path", { class: "bp-curve" });
  const tangent = s("path", { class: "bp-tangent" });
  const dot = s("circle", { r: 5, class: "bp-backward" });
  const axis = curve.root.querySelectorAll(".bp-axis")[0];
  curve.layer.append(path, tangent, dot);
  const product = h("div", { class: "bp-formula bp-wide" });
  ui.stage.classList.add("bp-two");
  ui.stage.append(graph.root, curve.root, product);

  const digit = (j) => "₁₂₃₄"[j];
  ui.group("Inputs and target",
    ui.get("x").map((_, j) => ui.slider({
      trait: "x", index: [j], label: `x${digit(j)}`, name: `input x ${j + 1}`, min: -4, max: 4,
    })),
    ui.slider({ trait: "t", label: "t", name: "target t", min: -2, max: 2 }));
  ui.group("Weights and bias",
    ui.get("w").map((_, j) => ui.slider({
      trait: "w", index: [j], label: `w${digit(j)}`, name: `weight w ${j + 1}`, min: -6, max: 6,
    })),
    ui.slider({ trait: "b", label: "b", name: "bias b", min: -6, max: 6 }));
  ui.panel.append(
    ui.choice({
      trait: "activation", label: "Activation",
      options: [["sigmoid", "sigmoid"], ["identity", "identity"]],
    }),
    ui.choice({
      trait: "watch", label: "Plotted: the loss against",
      options: names.map((name, j) => [j, name]),
    }),
  );

  const state = () => Object.fromEntries(
    ["x", "w", "b", "t", "activation", "watch"].map((trait) => [trait, ui.get(trait)]),
  );
  let now;
  return {
    update() {
      const given = state();
      now = { ...given, ...neuron(given) };
      graph.update(now);
      const j = given.watch;
      const at = j < n ? given.w[j] : given.b;
      const slope = j < n ? now.dw[j] : now.db;
      const points = Array.from({ length: 121 }, (_, i) => {
        const v = -SPAN + (2 * SPAN * i) / 120;
        return [v, lossAt(given, j, v)];
      });
      const top = Math.max(0.1, ...points.map(([, v]) => v));
      const unit = 10 ** Math.floor(Math.log10(top));
      curve.frame({ x: [-SPAN, SPAN], y: [0, Math.ceil((top * 1.04) / unit) * unit] });
      put(path, { d: curve.path(points) });
      const reach = 2.4;
      put(tangent, {
        d: curve.path([[at - reach, now.loss - reach * slope], [at + reach, now.loss + reach * slope]]),
      });
      put(dot, { cx: curve.x(at), cy: curve.y(now.loss) });
      write(axis, j < n ? `the weight ${names[j]}` : "the bias b");
      put(curve.root, {
        "aria-label": `The loss against ${names[j]}: at ${num(at, 2)} it is ${num(now.loss)} and its `
          + `tangent has the slope ${num(slope)}.`,
      });
      product.replaceChildren(...productOf(now, j, n));
    },
    say() {
      const { watch, o, t, slope, loss } = now;
      const grad = watch < n ? now.dw[watch] : now.db;
      const name = names[watch];
      const first = `Output ${num(o)} for target ${num(t, 2)}: loss ${num(loss)}, `
        + `∂L/∂${name} = ${num(grad)}.`;
      if (now.activation === "sigmoid" && slope < 0.02 && Math.abs(now.error) > 0.3) {
        return `${first} Very wrong and hardly learning: the factor o(1 − o) is only ${num(slope)}.`;
      }
      if (Math.abs(grad) < 5e-5) return `${first} Moving ${name} a little changes next to nothing.`;
      return `${first} A larger ${name} would make the loss ${grad > 0 ? "larger" : "smaller"}.`;
    },
  };
}

/** ∂L/∂w = (o − t) · o(1 − o) · x, and the same with its numbers: a line breaks between the two. */
function productOf(now, j, n) {
  const bias = j === n;
  const bent = now.activation === "sigmoid";
  const number = (v) => (v < 0 ? row("(", short(v), ")") : row(short(v)));
  const symbols = [row("(", "o", "−", "t", ")"), bent && row("o", "(", 1, "−", "o", ")")];
  const values = [number(now.error), bent && number(now.slope)];
  const times = (factors) => factors.filter(Boolean).flatMap((factor) => [factor, "·"]);
  return [
    formula(
      partial("L", bias ? "b" : sub("w", j + 1)), "=",
      tint("backward", ...times(symbols)), tint("forward", bias ? 1 : sub("x", j + 1)),
    ),
    formula(
      "=", tint("backward", ...times(values)), tint("forward", bias ? 1 : number(now.x[j])),
      "=", tint("backward", short(bias ? now.db : now.dw[j])),
    ),
  ];
}

/** The neuron as a graph; a click on an edge watches its weight. */
function drawGraph(ui, n, names) {
  const width = 460;
  const gap = 82;
  const height = gap * n + 60;
  const middle = height / 2;
  const at = { z: 250, o: 345, L: 435 };
  const inputs = [...names.keys()].map((j) => ({ x: 26, y: 30 + j * gap }));
  const node = (x, y, symbol) => s("g", {},
    s("circle", { cx: x, cy: y, r: 20, class: "bp-node" }),
    s("text", { x, y: y + 5, "text-anchor": "middle", class: "bp-symbol" }, symbol));
  const label = (x, y, role) => s("text", { x, y, class: `bp-${role}`, "text-anchor": "middle" });

  const edges = inputs.map((from, j) => {
    const mid = { x: from.x + 0.42 * (at.z - from.x), y: from.y + 0.28 * (middle - from.y) };
    const line = s("path", { d: `M${from.x + 20} ${from.y}L${at.z - 21} ${middle}`, class: "bp-edge" });
    const weight = label(mid.x, mid.y - 8, "forward");
    const slope = label(mid.x, mid.y + 17, "backward");
    const choose = { class: "bp-choose", onclick: () => ui.set({ watch: j }) };
    const target = s("path", { d: line.getAttribute("d"), class: "bp-target" });
    // Two groups: all lines are drawn before all texts, or a line would cross another's number.
    const groups = [s("g", choose, target, line), s("g", choose, weight, slope)];
    return { groups, line, weight, slope };
  });
  const chain = ["z", "o", "L"].map((symbol) => ({
    symbol, value: label(at[symbol], middle + 40, "forward"), slope: label(at[symbol], middle + 59, "backward"),
  }));
  const factors = [["z", "o"], ["o", "L"]].map(([a, b]) => ({
    line: s("path", { d: `M${at[a] + 20} ${middle}H${at[b] - 21}`, class: "bp-edge" }),
    text: label((at[a] + at[b]) / 2, middle - 28, "backward"),
  }));
  const values = inputs.map(({ x, y }) => label(x, y + 5, "forward"));
  const root = s(
    "svg", { viewBox: `0 0 ${width} ${height}`, class: "bp-graph", role: "img" },
    edges.map(({ groups }) => groups[0]), edges.map(({ groups }) => groups[1]), factors.map(({ line, text }) => [line, text]),
    inputs.map(({ x, y }) => s("circle", { cx: x, cy: y, r: 20, class: "bp-node" })), values,
    node(at.z, middle, "z"), node(at.o, middle, "o"), node(at.L, middle, "L"),
    chain.map(({ value, slope }) => [value, slope]),
  );
  return {
    root,
    update(now) {
      inputs.forEach((_, j) => {
        write(values[j], j < n ? short(now.x[j], 2) : "1");
        const weight = j < n ? now.w[j] : now.b;
        const slope = j < n ? now.dw[j] : now.db;
        write(edges[j].weight, `${names[j]} = ${short(weight, 2)}`);
        write(edges[j].slope, `∂L/∂${names[j]} = ${num(slope)}`);
        for (const group of edges[j].groups) put(group, { "data-watched": j === now.watch });
        put(edges[j].line, { style: `stroke-width:${clamp(1.2 + Math.abs(weight), 1.2, 5)}` });
      });
      const numbers = [[now.z, now.delta], [now.o, now.error], [now.loss, 1]];
      chain.forEach(({ value, slope }, i) => {
        write(value, num(numbers[i][0]));
        write(slope, i === 0 ? `δ = ${num(numbers[i][1])}` : short(numbers[i][1]));
      });
      write(factors[0].text, `× ${num(now.slope)}`);
      write(factors[1].text, `× ${num(now.error)}`);
      put(root, {
        "aria-label": `A neuron. Forward: z = ${num(now.z)}, o = ${num(now.o)}, L = ${num(now.loss)}. `
          + `Backward: delta = ${num(now.delta)}, ${names.map((name, j) => (
            `slope for ${name} ${num(j < n ? now.dw[j] : now.db)}`)).join(", ")}.`,
      });
    },
  };
}

/** Whether a linked state is one that the controls can reach. */
function accept({ x, w, b, t, activation, watch }, present) {
  return [x, w].every((list) => list.length === present.x.length)
    && [...x, ...w, b, t].every((v) => Math.abs(v) <= 100)
    && ["sigmoid", "identity"].includes(activation)
    && Number.isInteger(watch) && watch >= 0 && watch <= w.length;
}

export default figure({
  name: "perceptron",
  title: "One neuron: values forward, slopes backward",
  traits: ["x", "w", "b", "t", "activation", "watch"],
  accept,
  build: face,
});
