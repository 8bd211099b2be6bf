// One neuron under the reader's hand: values forward, slopes backward, and the loss against one
// weight with its tangent. The mathematics is `neuron` and `lossAt`; the rest draws it.

import { sigmoid } from "./maths.js";
import {
  clamp, figure, formula, h, hold, num, partial, plot, put, row, s, short, sub, tint, write,
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
    width: 316, height: 206, ylabel: "loss L",
    label: "The loss against the watched weight, with its tangent.",
  });
  const path = s("path", { class: "bp-curve" });
  const tangent = s("path", { class: "bp-tangent" });
  const dot = s("circle", { r: 5, class: "bp-backward" });
  const axis = curve.root.querySelectorAll(".bp-axis")[0];
  curve.layer.append(path, tangent, dot);
  const product = h("div", { class: "bp-formula" });
  ui.stage.classList.add("bp-two");
  ui.stage.append(graph.root, ui.watched(curve.root, product));

  ui.group("Inputs and target",
    ui.get("x").map((_, j) => ui.slider({
      trait: "x", index: [j], label: `x${"₁₂₃₄"[j]}`, name: `input x ${j + 1}`, min: -4, max: 4,
    })),
    ui.slider({ trait: "t", label: "t", name: "target t", min: -2, max: 2 }));
  ui.group("Weights and bias",
    ui.get("w").map((_, j) => ui.slider({
      trait: "w", index: [j], label: names[j], name: `weight w ${j + 1}`, min: -6, max: 6,
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
    h(
      "p", { class: "bp-quiet bp-hint bp-wide" },
      "Arrow keys move a slider by 0.01, with Shift by 0.001; in the field beside it by 0.001.",
    ),
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
      hold(product, ...productOf(now, j, n));
    },
    say() {
      const { watch, o, t, slope, loss } = now;
      const grad = watch < n ? now.dw[watch] : now.db;
      const name = names[watch];
      const first = `Output ${num(o)} for target ${short(t)}: loss ${num(loss)}, `
        + `∂L/∂${name} = ${num(grad)}.`;
      if (now.activation === "sigmoid" && slope < 0.02 && Math.abs(now.error) > 0.3) {
        return `${first} Very wrong and hardly learning: the factor o(1 − o) is only ${num(slope)}.`;
      }
      if (watch < n && now.x[watch] === 0) {
        return `${first} Moving ${name} changes nothing, because its input is 0.`;
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
  const number = (v, text = num(v)) => (v < 0 ? row("(", text, ")") : row(text));
  const symbols = [row("(", "o", "−", "t", ")"), bent && row("o", "(", 1, "−", "o", ")")];
  const values = [number(now.error), bent && number(now.slope)];
  const times = (factors) => factors.filter(Boolean).flatMap((factor) => [factor, "·"]);
  return [
    formula(
      partial("L", bias ? "b" : sub("w", j + 1)), "=",
      tint("backward", ...times(symbols)), tint("forward", bias ? 1 : sub("x", j + 1)),
    ),
    formula(
      "=", tint("backward", ...times(values)), tint("forward", bias ? 1 : number(now.x[j], short(now.x[j]))),
      "=", tint("backward", num(bias ? now.db : now.dw[j])),
    ),
  ];
}

/**
 * The neuron as a graph; a click on an edge watches its weight. Each edge starts level, with its
 * weight above and its slope below it, and bends where the numbers end: no line crosses a number.
 */
function drawGraph(ui, n, names) {
  const [width, gap, r] = [344, 64, 18];
  const height = gap * n + 54;
  const rows = [...names.keys()].map((j) => 27 + j * gap);
  const bend = 164; // where the numbers of an edge end
  const at = 232; // the chain from z down to L
  const chain = ["z", "o", "L"].map((symbol, k) => ({ symbol, y: 27 + (k * (height - 54)) / 2 }));
  const text = (x, y, role, anchor) => s("text", { x, y, class: `bp-${role}`, "text-anchor": anchor });
  const circle = (x, y) => s("circle", { cx: x, cy: y, r, class: "bp-node" });

  const edges = rows.map((y, j) => {
    const d = `M${r + 20} ${y}H${bend}C${at - r - 18} ${y} ${bend + 18} ${chain[0].y} ${at - r} ${chain[0].y}`;
    const line = s("path", { d, class: "bp-edge" });
    const weight = text((r + 20 + bend) / 2, y - 7, "forward", "middle");
    const slope = text((r + 20 + bend) / 2, y + 18, "backward", "middle");
    const group = s(
      "g", { class: "bp-choose", onclick: () => ui.set({ watch: j }) },
      s("path", { d, class: "bp-target" }), line, weight, slope,
    );
    return { group, line, weight, slope };
  });
  for (const node of chain) {
    node.value = text(at + r + 8, node.y - 3, "forward", "start");
    node.slope = text(at + r + 8, node.y + 16, "backward", "start");
  }
  const factors = chain.slice(1).map(({ y }, k) => ({
    line: s("path", { d: `M${at} ${chain[k].y + r}V${y - r}`, class: "bp-edge" }),
    text: text(at + 10, (chain[k].y + y) / 2 + 5, "backward", "start"),
  }));
  const values = rows.map((y) => text(20, y + 5, "forward bp-inside", "middle"));
  const root = s(
    "svg", { viewBox: `0 0 ${width} ${height}`, class: "bp-graph bp-neuron", role: "img" },
    edges.map(({ group }) => group), factors.map(({ line, text: number }) => [line, number]),
    rows.map((y) => circle(20, y)), values,
    chain.map(({ symbol, y, value, slope }) => [
      circle(at, y), s("text", { x: at, y: y + 5, "text-anchor": "middle", class: "bp-symbol" }, symbol),
      value, slope,
    ]),
  );
  return {
    root,
    update(now) {
      edges.forEach((edge, j) => {
        write(values[j], j < n ? short(now.x[j], 2) : "1");
        const weight = j < n ? now.w[j] : now.b;
        const slope = j < n ? now.dw[j] : now.db;
        write(edge.weight, `${names[j]} = ${short(weight, 2)}`);
        write(edge.slope, `∂L/∂${names[j]} = ${num(slope)}`);
        put(edge.group, { "data-watched": j === now.watch });
        put(edge.line, { style: `stroke-width:${clamp(1.2 + Math.abs(weight), 1.2, 5)}` });
      });
      const numbers = [[now.z, now.delta], [now.o, now.error], [now.loss, 1]];
      chain.forEach(({ value, slope }, i) => {
        write(value, num(numbers[i][0]));
        write(slope, i === 2 ? "1" : `${i ? "" : "δ = "}${num(numbers[i][1])}`);
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
