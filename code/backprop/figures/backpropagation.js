// A pass through a network of one hidden layer, one quantity at a time, and one weight of it under
// a lens. The mathematics stands first, in `forward` to `quotientOf`; the rest draws it.
//
// W1[i][j] runs from input i to hidden neuron j and is written w, W2[j][k] from there to output k
// and is written v. A parameter is named "w11", "v12", "bh1" (bias of a hidden neuron) or "bo2".

import { sigmoid } from "./maths.js";
import {
  addends, asShown, clamp, figure, formula, frac, h, num, partial, plot, put, row, s, short, sub, sup,
  tint, write,
} from "./parts.js";

const MOST = { inputs: 4, hidden: 5, outputs: 3 };

/** f beside f′, which knows z and a = f(z). */
const ACTIVATIONS = {
  sigmoid: [sigmoid, (z, a) => a * (1 - a)],
  tanh: [Math.tanh, (z, a) => 1 - a * a],
  relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
  identity: [(z) => z, () => 1],
};

const sum = (numbers) => numbers.reduce((total, v) => total + v, 0);
const upTo = (count) => Array.from({ length: count }, (_, n) => n);
const transposed = (W) => W[0].map((_, k) => W.map((line) => line[k]));
const outer = (a, delta) => a.map((v) => delta.map((d) => v * d));

/** z = a W + b and f(z) of both layers, and the loss: ½ Σ (o − t)², or −Σ t ln o under softmax. */
export function forward({ W1, b1, W2, b2, x, t, hidden, output }) {
  const sums = (a, W, b) => b.map((bias, k) => sum(a.map((v, j) => v * W[j][k])) + bias);
  const z1 = sums(x, W1, b1);
  const H = z1.map(ACTIVATIONS[hidden][0]);
  const z2 = sums(H, W2, b2);
  if (output === "softmax") {
    const top = Math.max(...z2);
    const e = z2.map((z) => Math.exp(z - top));
    const all = sum(e);
    const L = sum(t.map((v, k) => v * (Math.log(all) - (z2[k] - top)))); // never ln 0
    return { z1, H, z2, O: e.map((v) => v / all), L };
  }
  const O = z2.map(ACTIVATIONS[output][0]);
  return { z1, H, z2, O, L: 0.5 * sum(O.map((o, k) => (o - t[k]) ** 2)) };
}

/** δ of the hidden layer from the δ of the outputs and the weights W2 between them. */
function hiddenDelta(slope1, W2, delta2) {
  return slope1.map((slope, j) => slope * sum(W2[j].map((v, k) => v * delta2[k])));
}

/** Deltas and gradients at one point; `error` is o − t, `slope1` and `slope2` are f′(z). */
export function backward(state, { z1, H, z2, O }) {
  const error = O.map((o, k) => o - state.t[k]);
  const slope1 = z1.map((z, j) => ACTIVATIONS[state.hidden][1](z, H[j]));
  const bent = state.output !== "softmax"; // its slopes cancel against those of the logarithm
  const slope2 = z2.map((z, k) => (bent ? ACTIVATIONS[state.output][1](z, O[k]) : 1));
  const delta2 = error.map((e, k) => e * slope2[k]);
  const delta1 = hiddenDelta(slope1, state.W2, delta2);
  return {
    error, slope1, slope2, delta2, delta1,
    dW2: outer(H, delta2), db2: delta2, dW1: outer(state.x, delta1), db1: delta1,
  };
}

/** The parameters one step of gradient descent further; biases only where they learn. */
function descended({ W1, b1, W2, b2, eta, biases }, { dW1, db1, dW2, db2 }) {
  const down = (value, slope) => value - eta * slope;
  const matrix = (W, dW) => W.map((line, j) => line.map((v, k) => down(v, dW[j][k])));
  const vector = (b, db) => (biases ? b.map((v, k) => down(v, db[k])) : b);
  return { W1: matrix(W1, dW1), b1: vector(b1, db1), W2: matrix(W2, dW2), b2: vector(b2, db2) };
}

/**
 * A whole pass. `right` holds deltas and gradients of one point. `wrong` those of somebody who has
 * changed the output weights before the hidden deltas are computed. `used` is one of them, `next`
 * the parameters after its step; `relative` is the error of the wrong hidden gradient as the
 * gradient checker measures it.
 */
export function passOf(state) {
  const trace = forward(state);
  const right = backward(state, trace);
  const moved = descended(state, right).W2;
  const delta1 = hiddenDelta(right.slope1, moved, right.delta2);
  const wrong = { ...right, delta1, dW1: outer(state.x, delta1), db1: delta1 };
  const largest = (numbers) => Math.max(...numbers.map(Math.abs));
  const scale = Math.max(largest(right.delta1), largest(delta1));
  const off = largest(delta1.map((d, j) => d - right.delta1[j]));
  const ends = [right, wrong].map((slopes) => descended(state, slopes));
  const losses = ends.map((end) => forward({ ...state, ...end }).L);
  return {
    ...trace, right, wrong, used: state.early ? wrong : right,
    next: ends[state.early ? 1 : 0], after: losses[state.early ? 1 : 0], afterRight: losses[0],
    relative: scale === 0 ? 0 : off / scale,
  };
}

/** { layer: 1 or 2, from, to } of a parameter's name; `from` is absent for a bias. Or null. */
export function parameter(name) {
  const [, kind, digits] = /^(w|v|bh|bo)(\d+)$/.exec(name) ?? [];
  if (digits?.length !== (kind?.[0] === "b" ? 1 : 2)) return null;
  const [from, to] = kind[0] === "b" ? [undefined, digits[0]] : [...digits];
  const layer = kind === "w" || kind === "bh" ? 1 : 2;
  return { layer, from: from && Number(from) - 1, to: Number(to) - 1 };
}

/** The names of all parameters of a network with n inputs, h hidden neurons, m outputs. */
export function parametersOf(n, nh, m) {
  const pairs = (symbol, a, b) => (
    upTo(a).flatMap((i) => upTo(b).map((j) => `${symbol}${i + 1}${j + 1}`))
  );
  const biases = (symbol, count) => upTo(count).map((j) => `${symbol}${j + 1}`);
  return [...pairs("w", n, nh), ...biases("bh", nh), ...pairs("v", nh, m), ...biases("bo", m)];
}

/** Where a parameter stands: the trait, and its index there. */
function placeOf(name) {
  const { layer, from, to } = parameter(name);
  return from === undefined ? [`b${layer}`, [to]] : [`W${layer}`, [from, to]];
}

/** The value of a parameter in W1, b1, W2, b2; undefined where there is no such. */
export function valueOf(state, name) {
  const [trait, index] = placeOf(name);
  return index.reduce((value, n) => value?.[n], state[trait]);
}

/** ∂L/∂parameter among gradients. */
export function slopeOf({ dW1, db1, dW2, db2 }, name) {
  return valueOf({ W1: dW1, b1: db1, W2: dW2, b2: db2 }, name);
}

/** The state with one parameter changed. */
export function withValue(state, name, value) {
  const [trait, [first, second]] = placeOf(name);
  const changed = state[trait].map((part, n) => {
    if (n !== first) return part;
    return second === undefined ? value : part.map((v, k) => (k === second ? value : v));
  });
  return { ...state, [trait]: changed };
}

/**
 * The routes from a parameter to the loss: for each the output it passes, its factors
 * { of, at, value } from the loss back to the parameter, and their product.
 */
export function routesOf(state, { H, right }, name) {
  const { layer, from, to } = parameter(name);
  const last = (inputs, symbol) => (
    from === undefined ? { of: "1", value: 1 } : { of: symbol, at: [from], value: inputs[from] }
  );
  return (layer === 2 ? [to] : upTo(state.b2.length)).map((k) => {
    const factors = [{ of: "error", at: [k], value: right.error[k] }];
    if (state.output !== "softmax") factors.push({ of: "slope2", at: [k], value: right.slope2[k] });
    if (layer === 1) {
      factors.push({ of: "v", at: [to, k], value: state.W2[to][k] });
      factors.push({ of: "slope1", at: [to], value: right.slope1[to] });
    }
    factors.push(layer === 1 ? last(state.x, "x") : last(H, "h"));
    return { through: k, factors, product: factors.reduce((p, { value }) => p * value, 1) };
  });
}

/** The loss on both sides of a parameter, and the central difference quotient. */
export function quotientOf(state, name, nudge) {
  const here = valueOf(state, name);
  const [above, below] = [here + nudge, here - nudge];
  const [up, down] = [above, below].map((value) => forward(withValue(state, name, value)).L);
  return { up, down, value: (up - down) / (above - below) }; // what was stepped, after rounding
}

/** What is computed, in order: { kind, at } with `at` the neuron, where it is one neuron's. */
export function quantities({ b1, b2, early }) {
  const each = (kind, { length }) => upTo(length).map((at) => ({ kind, at }));
  const once = (kind) => [{ kind }];
  const front = [each("dW2", b2), once("db2")];
  const back = [each("dW1", b1), once("db1")];
  const [update2, update1] = [each("new2", b2), each("new1", b1)];
  return [
    each("z1", b1), each("h", b1), each("z2", b2), each("o", b2), once("L"), each("delta2", b2),
    early
      ? [front, update2, each("delta1", b1), back, update1]
      : [each("delta1", b1), front, back, update2, update1],
    once("after"),
  ].flat(3);
}

const sizeOf = ({ x, b1, b2 }) => [x.length, b1.length, b2.length];

/** Whether a state holds together: shapes, ranges, names. */
export function fits(state) {
  const { W1, b1, W2, b2, x, t, hidden, output, eta, step, watch, nudge } = state;
  const [n, nh, m] = sizeOf(state);
  const shaped = (W, rows, columns) => (
    W.length === rows && W.every((line) => line.length === columns)
  );
  const sized = n >= 1 && n <= MOST.inputs && nh >= 1 && nh <= MOST.hidden && m >= 1
    && m <= MOST.outputs && t.length === m && shaped(W1, n, nh) && shaped(W2, nh, m);
  const tame = [W1, b1, W2, b2, x, t].flat(2).every((v) => Math.abs(v) <= 100);
  const targets = output !== "softmax" || (t.every((v) => v === 0 || v === 1) && sum(t) === 1);
  return sized && tame && targets && Object.hasOwn(ACTIVATIONS, hidden)
    && (Object.hasOwn(ACTIVATIONS, output) || output === "softmax")
    && eta >= 1e-3 && eta <= 100 && nudge >= 1e-6 && nudge <= 1
    && Number.isInteger(step) && step >= 0 && step <= quantities(state).length
    && parametersOf(n, nh, m).includes(watch);
}

// --- Symbols -------------------------------------------------------------------------------------

const digit = (n) => "₀₁₂₃₄₅₆₇₈₉"[n];
const indexed = (symbol) => (...at) => sub(symbol, at.map((n) => n + 1).join(""));
const of = {
  x: indexed("x"), h: indexed("h"), o: indexed("o"), t: indexed("t"), w: indexed("w"),
  v: indexed("v"), newV: (...at) => indexed(row("v", "′"))(...at),
  z1: (j) => sub("z", row("h", j + 1)), z2: (k) => sub("z", row("o", k + 1)),
  delta1: (j) => sub("δ", row("h", j + 1)), delta2: (k) => sub("δ", row("o", k + 1)),
  b1: (j) => sub("b", row("h", j + 1)), b2: (k) => sub("b", row("o", k + 1)),
};

/** A parameter's name as text: w₁₁, bₕ₁ is written b(h₁). */
function asText(name) {
  const [, kind, digits] = /^([a-z]+)(\d+)$/.exec(name);
  const low = [...digits].map(digit).join("");
  return kind[0] === "b" ? `b(${kind[1]}${low})` : `${kind}${low}`;
}

function asSymbol(name) {
  const { layer, from, to } = parameter(name);
  if (from === undefined) return of[`b${layer}`](to);
  return of[layer === 1 ? "w" : "v"](from, to);
}

const FUNCTIONS = {
  sigmoid: (z) => row("σ", "(", z, ")"),
  tanh: (z) => row("tanh", "(", z, ")"),
  relu: (z) => row("max", "(", 0, ",", z, ")"),
  identity: (z) => row(z),
};

/** f′(z) of an activation, as it is computed; relu's is 1 where z > 0 and otherwise 0. */
const SLOPES = {
  sigmoid: (a) => row(a(), "(", 1, "−", a(), ")"),
  tanh: (a) => row("(", 1, "−", sup(a(), 2), ")"),
  relu: (a, z) => row("[", z(), ">", 0, "]"),
  identity: () => row(1),
};
const slope1 = (state, j) => SLOPES[state.hidden](() => of.h(j), () => of.z1(j));
const slope2 = (state, k) => SLOPES[state.output](() => of.o(k), () => of.z2(k));

/** A number as a factor or a term: what is negative stands in brackets. */
const value = (v) => (v < 0 ? row("(", short(v), ")") : row(short(v)));
/** "=" where the numbers as they are shown give the result, "≈" where their rounding would show. */
const equals = (byHand, result, digits = 4) => (
  num(byHand, digits) === num(result, digits) ? "=" : "≈"
);
const words = (text) => h("span", {}, text);
const blue = (...items) => tint("forward", ...items);
const orange = (...items) => tint("backward", ...items);
/** "+ b", "+ c": one formula each, so that a line can break between them. */
const added = (terms) => terms.map((term) => formula("+", term));
/** "· (a", "+ b", "+ c)": no bracket on a line of its own; `coloured` puts each part together. */
const inBrackets = (before, terms, coloured) => terms.map((term, n) => formula(coloured(
  ...(n ? ["+"] : [before, "("]), term, ...(n === terms.length - 1 ? [")"] : []),
)));
/** "a", "+ b", "+ c". */
const plus = ([first, ...rest]) => [formula(first), ...added(rest)];

// --- One quantity in symbols and in numbers ------------------------------------------------------

const neuron = (layer, at) => (layer === 1 ? `hidden neuron ${at + 1}` : `output ${at + 1}`);

/**
 * Of each kind of quantity: what it is called, `lines` of formulas (each line a list of parts
 * between which it may break), and what it `came` to, in words.
 */
const QUANTITIES = {
  z1: ({ at, state, now }) => weightedSum(1, at, state.x, state, now),
  z2: ({ at, state, now }) => weightedSum(2, at, now.H, state, now),
  h: ({ at, state, now }) => ({
    title: `Forward: the activation of ${neuron(1, at)}`,
    lines: [
      [formula(of.h(at), "=", blue(FUNCTIONS[state.hidden](of.z1(at))))],
      [formula("=", blue(FUNCTIONS[state.hidden](short(now.z1[at]))), "=", blue(num(now.H[at])))],
    ],
    came: `h${digit(at + 1)} = ${num(now.H[at])}`,
  }),
  o: ({ at, state, now }) => ({
    title: `Forward: the activation of ${neuron(2, at)}`,
    lines: state.output === "softmax" ? share(at, now) : [
      [formula(of.o(at), "=", blue(FUNCTIONS[state.output](of.z2(at))))],
      [formula("=", blue(FUNCTIONS[state.output](short(now.z2[at]))), "=", blue(num(now.O[at])))],
    ],
    came: `o${digit(at + 1)} = ${num(now.O[at])}, the target is ${short(state.t[at])}`,
  }),
  L: ({ state, now }) => ({
    title: "Forward: the loss",
    lines: state.output === "softmax" ? crossEntropy(state, now) : halfSquares(state, now),
    came: `L = ${num(now.L, 9)}`,
  }),
  delta2: ({ at, state, now }) => outputDelta(at, state, now),
  delta1: ({ at, state, now }) => hiddenBlame(at, state, now),
  dW2: ({ at, now }) => gradients(2, at, now.H, now),
  dW1: ({ at, state, now }) => gradients(1, at, state.x, now),
  db2: ({ now }) => biasGradients(2, now),
  db1: ({ now }) => biasGradients(1, now),
  new2: ({ at, state, now }) => updates(2, at, state, now),
  new1: ({ at, state, now }) => updates(1, at, state, now),
  after: ({ state, now }) => lossAfter(state, now),
};

function weightedSum(layer, at, inputs, state, now) {
  const [W, b, z] = [state[`W${layer}`], state[`b${layer}`][at], now[`z${layer}`][at]];
  const [input, weight] = layer === 1 ? [of.x, of.w] : [of.h, of.v];
  const terms = inputs.map((_, j) => blue(input(j), weight(j, at)));
  const numbers = inputs.map((v, j) => blue(value(v), "·", value(W[j][at])));
  const symbol = of[`z${layer}`](at);
  const byHand = sum(inputs.map((v, j) => asShown(v) * asShown(W[j][at]))) + asShown(b);
  return {
    title: `Forward: the weighted sum of ${neuron(layer, at)}`,
    lines: [
      [formula(symbol, "="), ...plus([...terms, blue(of[`b${layer}`](at))])],
      [formula("="), ...plus([...numbers, blue(value(b))]), formula(equals(byHand, z), blue(num(z)))],
    ],
    came: `z = ${num(z)}`,
  };
}

/** Softmax: one output's share. */
function share(at, { z2, O }) {
  const powers = (terms) => terms.flatMap((term, n) => [...(n ? ["+"] : []), sup("e", term)]);
  return [
    [formula(of.o(at), "=", blue(frac(
      sup("e", of.z2(at)), row(...powers(z2.map((_, k) => of.z2(k)))),
    )))],
    [formula("=", blue(frac(
      sup("e", short(z2[at])), row(...powers(z2.map((z) => short(z)))),
    )), "=", blue(num(O[at])))],
  ];
}

function halfSquares({ t }, { O, L }) {
  const squares = (term) => O.map((_, k) => sup(row("(", ...term(k), ")"), 2));
  const sums = (terms) => (
    terms.length > 1 ? inBrackets("½", terms, row) : [formula("½", terms[0])]
  );
  const byHand = sum(O.map((o, k) => (asShown(o) - asShown(t[k])) ** 2)) / 2;
  return [
    [formula("L", "="), ...sums(squares((k) => [of.o(k), "−", of.t(k)]))],
    [
      formula("="), ...sums(squares((k) => [short(O[k]), "−", value(t[k])])),
      formula(equals(byHand, L, 9), blue(num(L, 9))),
    ],
  ];
}

function crossEntropy({ t }, { O, L }) {
  const k = t.indexOf(1);
  return [
    [formula("L", "=", "−", "ln", of.o(k)), words(","), formula(of.t(k), "=", 1)],
    [formula("=", "−", "ln", num(O[k]), equals(-Math.log(asShown(O[k])), L, 9), blue(num(L, 9)))],
  ];
}

function outputDelta(at, state, now) {
  const { delta2, error, slope2: slopes } = now.right;
  const soft = state.output === "softmax";
  const bent = soft ? [] : ["·", slope2(state, at)];
  const byHand = soft
    ? asShown(now.O[at]) - asShown(state.t[at]) : asShown(error[at]) * asShown(slopes[at]);
  const end = [equals(byHand, delta2[at]), orange(num(delta2[at]))];
  return {
    title: `Backward: the delta of ${neuron(2, at)}`,
    lines: [
      [formula(of.delta2(at), "=", orange(...(soft ? [] : ["("]), of.o(at), "−", of.t(at),
        ...(soft ? [] : [")"]))), ...(soft ? [] : [formula(orange(...bent))])],
      soft
        ? [formula("=", orange(short(now.O[at]), "−", short(state.t[at])), ...end)]
        : [formula("=", orange(value(error[at]), "·", value(slopes[at])), ...end)],
    ],
    came: `δ = ${num(delta2[at])}`,
  };
}

function hiddenBlame(at, state, now) {
  const { delta1, delta2, slope1: slopes } = now.used;
  const weights = state.early ? now.next.W2 : state.W2;
  const weight = state.early ? of.newV : of.v;
  const routes = (terms) => inBrackets("·", terms, orange);
  const blame = sum(delta2.map((d, k) => asShown(weights[at][k]) * asShown(d)));
  const equal = equals(asShown(slopes[at]) * blame, delta1[at]);
  const lines = [
    [formula(of.delta1(at), "=", orange(slope1(state, at))),
      ...routes(delta2.map((_, k) => row(weight(at, k), of.delta2(k))))],
    [formula("=", orange(value(slopes[at]))),
      ...routes(delta2.map((d, k) => row(value(weights[at][k]), "·", value(d)))),
      formula(equal, tint(state.early ? "result" : "backward", num(delta1[at])))],
  ];
  if (state.early) {
    lines.push(
      [words("in time, with v for v′:"),
        formula(of.delta1(at), "=", orange(num(now.right.delta1[at])))],
      [words(`relative error of the hidden gradient: ${num(now.relative, 3)}`)],
    );
  }
  const beside = `, too early: in time it is ${num(now.right.delta1[at])}. Relative error of the `
    + `hidden gradient: ${num(now.relative, 3)}`;
  return {
    title: `Backward: the delta of ${neuron(1, at)}`,
    lines,
    came: `δ = ${num(delta1[at])}${state.early ? beside : ""}`,
  };
}

function gradients(layer, at, inputs, now) {
  const [input, weight] = layer === 1 ? [of.x, of.w] : [of.h, of.v];
  const [dW, delta] = [now.used[`dW${layer}`], now.used[`delta${layer}`][at]];
  return {
    title: `Gradient: the weights into ${neuron(layer, at)}`,
    lines: inputs.map((v, j) => [
      formula(partial("L", weight(j, at)), "=", blue(input(j)), orange(of[`delta${layer}`](at))),
      formula("=", blue(value(v)), "·", orange(value(delta))),
      formula(equals(asShown(v) * asShown(delta), dW[j][at]), orange(num(dW[j][at]))),
    ]),
    came: `each is what comes in times δ: ${inputs.map((_, j) => num(dW[j][at])).join(", ")}`,
  };
}

function biasGradients(layer, now) {
  const db = now.used[`db${layer}`];
  return {
    title: `Gradient: the biases of the ${layer === 1 ? "hidden neurons" : "outputs"}`,
    lines: db.map((d, k) => [
      formula(partial("L", of[`b${layer}`](k)), "=", orange(of[`delta${layer}`](k)),
        "=", orange(num(d))),
    ]),
    came: `each is the neuron’s own δ: ${db.map((d) => num(d)).join(", ")}`,
  };
}

function updates(layer, at, state, now) {
  const [W, dW, next] = [state[`W${layer}`], now.used[`dW${layer}`], now.next[`W${layer}`]];
  const weight = layer === 1 ? of.w : of.v;
  const line = (symbol, old, slope, fresh) => [
    formula(symbol, "←", blue(value(old)), "−", short(state.eta), "·", orange(value(slope))),
    formula(
      equals(asShown(old) - asShown(state.eta) * asShown(slope), fresh), tint("result", num(fresh)),
    ),
  ];
  const bias = of[`b${layer}`](at);
  const old = state[`b${layer}`][at];
  return {
    title: `Update: the weights into ${neuron(layer, at)}`,
    lines: [
      ...W.map((_, j) => line(weight(j, at), W[j][at], dW[j][at], next[j][at])),
      state.biases
        ? line(bias, old, now.used[`db${layer}`][at], now.next[`b${layer}`][at])
        : [formula(bias, "=", blue(short(old))), words("stays")],
    ],
    came: `now ${W.map((_, j) => num(next[j][at])).join(", ")}`,
  };
}

function lossAfter(state, now) {
  const line = (text, loss, role) => [words(text), formula("L", "=", tint(role, num(loss, 9)))];
  const lines = [line("before the step", now.L, "forward")];
  if (state.early) {
    lines.push(line("after, updated too early", now.after, "result"));
    lines.push(line("after, all in time", now.afterRight, "forward"));
  } else lines.push(line("after the step", now.after, "result"));
  const beside = `, in time it would be ${num(now.afterRight, 9)}`;
  return {
    title: "Forward again: the loss after the step",
    lines,
    came: `from ${num(now.L, 9)} to ${num(now.after, 9)}${state.early ? beside : ""}`,
  };
}

// --- The figure ----------------------------------------------------------------------------------

const TRAITS = [
  "W1", "b1", "W2", "b2", "x", "t", "hidden", "output", "eta", "biases", "early", "step", "watch",
  "nudge",
];

function face(ui) {
  const stateOf = () => Object.fromEntries(TRAITS.map((trait) => [trait, ui.get(trait)]));
  const stepping = driver(ui);
  const network = h("div", {
    class: "bp-net", tabindex: 0, role: "group",
    onkeydown: (event) => {
      wander(network, event);
      stepping.key(event);
    },
  });
  const equation = h("div", { class: "bp-equation" });
  const early = ui.toggle({
    trait: "early", label: "Update the output weights too early",
    onchange: (on) => ui.set(sameQuantity(stateOf(), on)),
  });
  const mark = h(
    "p", { class: "bp-quiet bp-hint" },
    "In the boxes: δ as it comes out too early, ✓ as it is in time.",
  );
  const lens = drawLens(ui, stateOf);
  ui.root.classList.add("bp-backprop");
  ui.stage.classList.add("bp-two");
  ui.stage.append(
    network,
    h("div", { class: "bp-beside" }, stepping.root, early, mark, equation),
    lens.root,
  );
  handles(ui, stateOf);
  let graph;
  let told; // the quantity of this step in symbols, numbers and words
  let topic = "step";
  let before; // the state that was drawn last
  let order = ""; // what became of the step's number in the other order
  return {
    update(changed) {
      const came = stateOf();
      if (!fits({ ...came, step: 0 })) return; // Python is still setting the rest
      const all = quantities(came);
      const state = { ...came, step: Math.min(came.step, all.length) };
      const now = passOf(state);
      const key = JSON.stringify([sizeOf(state), state.early]);
      topic = graph?.key === key ? topicOf(changed, topic) : "step";
      if (graph?.key !== key) {
        graph = { key, ...drawNetwork(ui, state) };
        network.replaceChildren(graph.root);
      }
      const shown = all[state.step - 1];
      put(mark, { hidden: !state.early });
      if (changed.size) order = otherOrder(before, state);
      before = state;
      told = { ...explain(shown, state, now), count: `Step ${state.step} of ${all.length}` };
      graph.update(state, now, all, shown);
      stepping.update(state, all.length);
      lens.update(state, now);
      writeOut(told, state, network, equation);
    },
    say: () => (
      topic === "lens" ? lens.say() : `${told.count}. ${order}${told.title}: ${told.came}.`
    ),
  };
}

/** Put the step's equation in its place, and its name on the network. */
function writeOut({ count, title, lines }, state, network, equation) {
  put(network, {
    "aria-label": `The network. ${title}. Arrow keys: right for the next step, left for the one `
      + "before, up and down from weight to weight, Enter to choose it.",
  });
  put(equation, { style: `--lines: ${Math.max(...sizeOf(state).slice(0, 2)) + 1}` });
  equation.replaceChildren(
    h("p", { class: "bp-count" }, count),
    h("p", { class: "bp-title" }, title),
    ...lines.map((line) => h("div", { class: "bp-formula" }, line)),
  );
}

/** What the sentence is about after a change: the pass, or the weight under the lens. */
function topicOf(changed, before) {
  const has = (...traits) => traits.some((trait) => changed.has(trait));
  if (has("step", "early", "eta", "biases", "x", "t", "hidden", "output")) return "step";
  return has("watch", "nudge", "W1", "b1", "W2", "b2") ? "lens" : before;
}

const counted = (count, name) => `${count} ${name}${count === 1 ? "" : "s"}`;

function explain(shown, state, now) {
  if (shown) return QUANTITIES[shown.kind]({ at: shown.at, state, now });
  const [n, nh, m] = sizeOf(state);
  return {
    title: "Before the pass",
    lines: [[words("Inputs, targets and weights are given. Step forward to the first sum.")]],
    came: `${counted(n, "input")}, ${counted(nh, "hidden neuron")}, ${counted(m, "output")}; the `
      + "lens below has the numbers of the whole pass already",
  };
}

/** The same quantity in the other order of steps. */
function sameQuantity(state, early) {
  const name = (list) => JSON.stringify(list[state.step - 1]);
  const here = name(quantities(state));
  const there = quantities({ ...state, early });
  const found = there.findIndex((quantity) => JSON.stringify(quantity) === here);
  return { early, step: state.step ? found + 1 : 0 };
}

/** A sentence where the order changed, and with it the number of the step that stays. */
function otherOrder(before, { early, step }) {
  if (!before || before.early === early || before.step === step) return "";
  return `The same quantity was step ${before.step}: the order is another now. `;
}

/** The buttons that move along the steps, and the keys. */
function driver(ui) {
  const count = () => quantities({ b1: ui.get("b1"), b2: ui.get("b2") }).length;
  const go = (step) => ui.set({ step: clamp(step, 0, count()) });
  const still = (move) => () => {
    player.stop();
    move();
  };
  const back = ui.button("One back", still(() => go(ui.get("step") - 1)));
  const end = ui.button("To the end", still(() => go(count())));
  const player = ui.player({
    advance: (steps) => go(ui.get("step") + steps),
    done: () => ui.get("step") >= count(),
    rewind: () => go(0),
    end: () => go(count()),
    rate: 0.7,
    before: [back],
    after: [end],
  });
  const moves = {
    ArrowRight: () => go(ui.get("step") + 1),
    ArrowLeft: () => go(ui.get("step") - 1),
    Home: () => go(0),
    End: () => go(count()),
  };
  return {
    root: player.root,
    key(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in moves)) return;
      event.preventDefault();
      player.stop();
      moves[event.key]();
    },
    update({ step }, last) {
      put(back, { "aria-disabled": step === 0 && "true" });
      put(end, { "aria-disabled": step === last && "true" });
    },
  };
}

// --- The controls --------------------------------------------------------------------------------

const LABELS = { sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU", identity: "identity" };

function handles(ui, stateOf) {
  const named = Object.entries(LABELS);
  const next = ui.button("Go on with the new weights", () => {
    ui.set({ ...passOf(stateOf()).next, step: 0 });
  });
  ui.panel.append(h(
    "fieldset", { class: "bp-group" }, h("legend", {}, "One step of learning"),
    ui.slider({
      trait: "eta", label: "η", name: "learning rate η", min: 0.001, max: 100, log: true,
    }),
    ui.toggle({ trait: "biases", label: "The biases learn too" }), next,
  ));
  const numbers = [
    upTo(MOST.inputs).map((i) => ui.slider({
      trait: "x", index: [i], label: `x${digit(i + 1)}`, name: `input x ${i + 1}`, min: -4, max: 4,
    })),
    upTo(MOST.outputs).map((k) => ui.slider({
      trait: "t", index: [k], label: `t${digit(k + 1)}`, name: `target t ${k + 1}`, min: -2, max: 2,
    })),
    upTo(MOST.outputs).map((last) => ui.choice({
      trait: "t", label: "Target: the class",
      options: upTo(last + 1).map((k) => [upTo(last + 1).map((c) => Number(c === k)), `${k + 1}`]),
    })),
  ];
  const show = () => {
    const { x, t, output } = stateOf();
    numbers[0].forEach((item, i) => put(item, { hidden: i >= x.length }));
    numbers[1].forEach((item, k) => put(item, { hidden: k >= t.length || output === "softmax" }));
    numbers[2].forEach((item, k) => (
      put(item, { hidden: k !== t.length - 1 || output !== "softmax" })
    ));
  };
  for (const trait of ["x", "t", "output"]) ui.follow(trait, show);
  show();
  ui.panel.append(h(
    "details", { class: "bp-more" }, h("summary", {}, "Another network, other numbers"),
    h("div", { class: "bp-panel" },
      h("fieldset", { class: "bp-group" }, h("legend", {}, "Neurons"), sizes(ui, stateOf),
        ui.choice({ trait: "hidden", label: "Hidden activation", options: named }),
        ui.choice({
          trait: "output", label: "Output activation",
          options: [...named, ["softmax", "softmax, cross-entropy"]],
          onchange: (output) => ui.set({ output, t: targetsFor(output, ui.get("t")) }),
        })),
      h("fieldset", { class: "bp-group" }, h("legend", {}, "Inputs and targets"), numbers,
        ui.button("Draw new weights and inputs", () => ui.set(drawn(stateOf()))))),
  ));
}

/** Targets that an output activation can have: one class under softmax. */
function targetsFor(output, t) {
  if (output !== "softmax") return t;
  const top = t.indexOf(Math.max(...t));
  return t.map((_, k) => Number(k === top));
}

function sizes(ui, stateOf) {
  const names = ["inputs", "hidden", "outputs"];
  return names.map((name, which) => ui.slider({
    label: name, name: which === 1 ? "hidden neurons" : name, min: 1, max: MOST[name], step: 1,
    whole: true, digits: 0,
    get: () => sizeOf(stateOf())[which],
    hears: [["x"], ["b1"], ["b2"]][which],
    set: (count) => {
      const state = stateOf();
      const size = sizeOf(state);
      size[which] = count;
      ui.set(resized(state, ...size));
    },
  }));
}

/** The network with other numbers of neurons: what there was is kept, what is new is made up. */
export function resized(state, n, nh, m) {
  const made = (i, j, layer) => Math.round(90 * Math.sin(7 * i + 3 * j + 5 * layer + 1)) / 100;
  const vector = (old, count, fill) => upTo(count).map((k) => old[k] ?? fill(k));
  const matrix = (old, rows, columns, layer) => upTo(rows).map((i) => (
    upTo(columns).map((j) => old[i]?.[j] ?? made(i, j, layer))
  ));
  const t = targetsFor(state.output, vector(state.t, m, () => 0));
  const watch = parametersOf(n, nh, m).includes(state.watch) ? state.watch : "w11";
  return {
    W1: matrix(state.W1, n, nh, 1), b1: vector(state.b1, nh, (j) => made(9, j, 1)),
    W2: matrix(state.W2, nh, m, 2), b2: vector(state.b2, m, (k) => made(9, k, 2)),
    x: vector(state.x, n, (i) => made(i, 9, 0)), t, watch, step: 0,
  };
}

/** Other weights, biases and inputs between −1.5 and 1.5, with two decimals. */
function drawn({ W1, b1, W2, b2, x }) {
  const fresh = () => Math.round((Math.random() * 3 - 1.5) * 100) / 100;
  const matrix = (W) => W.map((line) => line.map(fresh));
  return {
    W1: matrix(W1), b1: b1.map(fresh), W2: matrix(W2), b2: b2.map(fresh), x: x.map(fresh), step: 0,
  };
}

// --- The lens: one weight, its factors, its difference quotient ----------------------------------

const NUDGES = upTo(73).map((n) => 10 ** (-n / 12)); // 1 to 10⁻⁶
const FLOOR = 1e-18; // where an error of 0 is drawn

function drawLens(ui, stateOf) {
  const select = h("select", {
    "aria-label": "the chosen weight or bias",
    onchange: () => ui.set({ watch: select.value }),
  });
  const routes = h("div", { class: "bp-routes" });
  const table = h("table", { class: "bp-nudge" });
  const curve = plot({
    width: 316, height: 210, log: true, logx: true, xlabel: "nudge Δ", label: "",
    ylabel: "|difference quotient − gradient|",
  });
  const path = s("path", { class: "bp-curve" });
  const dot = s("circle", { r: 5.5, class: "bp-backward" });
  curve.layer.append(path, dot);
  const chosen = ui.slider({
    label: "value", name: "value of the chosen weight", min: -6, max: 6,
    hears: ["W1", "b1", "W2", "b2", "watch"],
    get: () => valueOf(stateOf(), ui.get("watch")),
    set: (v) => {
      const { W1, b1, W2, b2 } = withValue(stateOf(), ui.get("watch"), v);
      ui.set({ W1, b1, W2, b2 });
    },
  });
  const root = h("div", { class: "bp-lens bp-wide" },
    h("div", { class: "bp-pair" },
      h("fieldset", { class: "bp-group" }, h("legend", {}, "One weight under the lens"),
        h("div", { class: "bp-slider" }, h("span", {}, "which"), select), chosen, routes),
      h("fieldset", { class: "bp-group" }, h("legend", {}, "Nudge it: does the loss agree?"),
        ui.slider({ trait: "nudge", label: "Δ", name: "nudge Δ", min: 1e-6, max: 1, log: true }),
        table, curve.root)));
  let now;
  let offered = "";
  let drawn;
  return {
    root,
    update(state, pass) {
      const names = parametersOf(...sizeOf(state));
      if (offered !== names.join()) {
        offered = names.join();
        select.replaceChildren(...names.map((name) => (
          h("option", { value: name }, `${asText(name)}: ${whereIs(name)}`)
        )));
      }
      select.value = state.watch;
      now = { state, ...lookAt(state, pass) };
      const { watch, hidden, output, early } = state;
      const key = [offered, watch, hidden, output, early].join();
      if (drawn?.key !== key) {
        drawn = { key, ...drawRoutes(now) };
        routes.replaceChildren(...drawn.nodes);
      }
      drawn.fill(now, pass);
      fillTable(table, now);
      drawErrors(curve, path, dot, now);
    },
    say() {
      const name = asText(now.state.watch);
      return `∂L/∂${name} = ${long(now.slope)}. With the nudge ${short(now.state.nudge, 8)} the `
        + `quotient is ${long(now.quotient.value)}: ${nearness(now.error, now.slope)}.`;
    },
  };
}

const long = (v) => (Math.abs(v) < 1e-3 && v !== 0 ? num(v, 2) : num(v, 6));

function nearness(error, slope) {
  if (error === 0) return "no difference";
  const share = slope === 0 ? "" : `, ${num(100 * Math.abs(error / slope), 2)} %`;
  return `off by ${num(error, 2)}${share}`;
}

function whereIs(name) {
  const { layer, from, to } = parameter(name);
  const end = `${layer === 1 ? "h" : "o"}${digit(to + 1)}`;
  if (from === undefined) return `bias of ${end}`;
  return `from ${layer === 1 ? "x" : "h"}${digit(from + 1)} to ${end}`;
}

/** Slope, routes and quotients of the watched parameter. */
function lookAt(state, pass) {
  const slope = slopeOf(pass.right, state.watch);
  const quotient = quotientOf(state, state.watch, state.nudge);
  const errors = NUDGES.map((nudge) => (
    [nudge, Math.abs(quotientOf(state, state.watch, nudge).value - slope)]
  ));
  const routes = routesOf(state, pass, state.watch);
  return { slope, quotient, errors, error: Math.abs(quotient.value - slope), routes };
}

/** A factor's symbol. */
function symbolOf(state, { of: kind, at }) {
  const make = {
    error: ([k]) => row(of.o(k), "−", of.t(k)),
    slope2: ([k]) => slope2(state, k),
    slope1: ([j]) => slope1(state, j),
  }[kind];
  if (make) return make(at);
  return kind === "1" ? row(1) : of[kind](...at);
}

const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);

/**
 * Each route as a chain of small boxes, symbol over number; then their sum. `fill` writes numbers.
 */
function drawRoutes({ state, routes }) {
  const numbers = routes.map(({ factors }) => factors.map(() => h("span", { class: "bp-value" })));
  const products = routes.map(() => h("b", { class: "bp-backward" }));
  const [terms, total] = [h("span"), h("b", { class: "bp-backward" })];
  const chip = (factor, number) => h(
    "span",
    { class: `bp-chip bp-${["x", "h", "1"].includes(factor.of) ? "forward" : "backward"}` },
    formula(symbolOf(state, factor)), number,
  );
  const several = routes.length > 1;
  const lines = routes.map(({ through, factors }, r) => h(
    "div", { class: "bp-route" },
    several ? h("span", { class: "bp-through" }, `through o${digit(through + 1)}`) : null,
    factors.map((factor, n) => [
      n ? h("span", { class: "bp-times" }, "·") : null, chip(factor, numbers[r][n]),
    ]),
    h("span", { class: "bp-times" }, "= ", products[r]),
  ));
  const start = formula(partial("L", asSymbol(state.watch)), "=");
  const slip = state.early && parameter(state.watch).layer === 1 ? h("p") : null;
  const nodes = several
    ? [...lines, h("div", { class: "bp-route" }, start, terms, total), slip]
    : [h("div", { class: "bp-route" }, start, lines), slip];
  return {
    nodes: nodes.filter(Boolean),
    fill(now, { wrong, relative }) {
      const parts = addends(now.routes.map(({ product }) => product), now.slope, 6);
      now.routes.forEach(({ factors, product }, r) => {
        factors.forEach(({ value: factor }, n) => write(numbers[r][n], short(factor)));
        write(products[r], several ? parts[r] : num(product, 6));
      });
      write(terms, `${parts.map(bracketed).join(" + ")} =`);
      write(total, num(now.slope, 6));
      if (slip) {
        const early = num(slopeOf(wrong, now.state.watch), 6);
        write(slip, `Updated too early it would come out as ${early}: relative error of the hidden `
          + `gradient ${num(relative, 3)}.`);
      }
    },
  };
}

function fillTable(table, { state, slope, quotient, error }) {
  const name = asText(state.watch);
  const rows = [
    [`L at ${name} + Δ`, quotient.up.toFixed(12)],
    [`L at ${name} − Δ`, quotient.down.toFixed(12)],
    ["their difference / 2Δ", num(quotient.value, 9)],
    ["gradient", num(slope, 9)],
    ["off by", error === 0 ? "0" : num(error, 2)],
  ];
  if (table.rows.length !== rows.length) {
    const line = () => h("tr", {}, h("th", { scope: "row" }), h("td"));
    table.replaceChildren(h("tbody", {}, rows.map(line)));
  }
  rows.forEach(([label, text], n) => {
    write(table.rows[n].cells[0], label);
    write(table.rows[n].cells[1], text);
  });
}

function drawErrors(curve, path, dot, { state, errors, error, slope }) {
  const seen = (v) => Math.max(v, FLOOR);
  const all = [...errors.map(([, v]) => seen(v)), seen(error)];
  const [low, high] = [Math.min(...all), Math.max(...all)].map(Math.log10);
  const bottom = Math.floor(low);
  const top = Math.max(Math.ceil(high), bottom + 4);
  curve.frame({ x: [1e-6, 1], y: [10 ** bottom, 10 ** top] });
  put(path, { d: curve.path(errors.map(([nudge, v]) => [nudge, seen(v)])) });
  put(dot, { cx: curve.x(state.nudge), cy: curve.y(seen(error)) });
  put(curve.root, {
    "aria-label": `The error of the difference quotient against the nudge, both by powers of ten: `
      + `at ${short(state.nudge, 8)} the quotient differs from the gradient ${long(slope)} `
      + `by ${num(error, 2)}.`,
  });
}

// --- The network as a drawing --------------------------------------------------------------------

const LINE = 17.5;
const APART = 19; // the lines of an edge's two numbers
const INPUT = 44; // how high an input's box is
const COLUMNS = { x: [0, 50], h: [112, 194], o: [256, 340] };
const RAIL = 350; // from the outputs down to the loss

/** A number in a box of the drawing: at most nine characters. */
function boxed(v) {
  if (v !== 0 && Math.abs(v) < 5e-5) return short(Number(v.toPrecision(1)));
  return num(v, Math.abs(v) >= 100 ? 1 : 4);
}

/** A box of lines "symbol number", each an object to light and to fill. */
function drawBox([left, right], middle, lines) {
  const top = middle - (lines.length * LINE + 8) / 2;
  const frame = s("rect", {
    x: left, y: top, width: right - left, height: lines.length * LINE + 8, rx: 7, class: "bp-node",
  });
  const cells = {};
  const drawn = lines.map(({ id, symbol, role, name }, n) => {
    const y = top + 4 + n * LINE;
    const back = s("rect", {
      x: left + 2.5, y, width: right - left - 5, height: LINE, rx: 4, class: "bp-cell",
    });
    const number = s("text", {
      x: right - 5, y: y + 13.2, "text-anchor": "end", class: `bp-${role}`,
    });
    const label = s("text", { x: left + 6, y: y + 13.2, class: "bp-symbol" }, symbol);
    const group = s("g", {}, back, label, number);
    cells[id] = { group, back, number, name };
    return group;
  });
  return { cells, nodes: [frame, ...drawn], frame };
}

/** An input: its symbol above its number. */
function drawInput(middle, i) {
  const [left, right] = COLUMNS.x;
  const box = { x: left, y: middle - INPUT / 2, width: right - left, height: INPUT, rx: 7 };
  const back = s("rect", { ...box, class: "bp-node bp-cell" });
  const at = (left + right) / 2;
  const number = s("text", { x: at, y: middle + 14, "text-anchor": "middle", class: "bp-forward" });
  const symbol = s("text", {
    x: at, y: middle - 5, "text-anchor": "middle", class: "bp-symbol",
  }, `x${digit(i + 1)}`);
  const group = s("g", {}, back, symbol, number);
  return { cells: { [`x${i}`]: { group, back, number } }, nodes: [group] };
}

const linesOf = {
  hidden: (j, early) => [
    { id: `b1-${j}`, symbol: "b", role: "forward", name: `bh${j + 1}` },
    { id: `z1-${j}`, symbol: "z", role: "forward" },
    { id: `h-${j}`, symbol: `h${digit(j + 1)}`, role: "forward" },
    { id: `delta1-${j}`, symbol: "δ", role: early ? "result" : "backward" },
    ...(early ? [{ id: `right-${j}`, symbol: "✓", role: "backward" }] : []),
  ],
  output: (k) => [
    { id: `b2-${k}`, symbol: "b", role: "forward", name: `bo${k + 1}` },
    { id: `z2-${k}`, symbol: "z", role: "forward" },
    { id: `o-${k}`, symbol: `o${digit(k + 1)}`, role: "forward" },
    { id: `t-${k}`, symbol: `t${digit(k + 1)}`, role: "quiet" },
    { id: `delta2-${k}`, symbol: "δ", role: "backward" },
  ],
};

function drawNetwork(ui, state) {
  const [n, nh, m] = sizeOf(state);
  const simple = Math.max(n, nh, m) <= 2; // room for the numbers of all edges
  const inHidden = state.early ? 5 : 4;
  const between = simple ? 88 : 20; // and above and below the boxes for two lines each
  const pitch = (lines) => lines * LINE + between;
  const body = Math.max(60 * n, nh * pitch(inHidden), simple ? 0 : m * pitch(5), 236);
  const middle = (count) => upTo(count).map((r) => (body * (r + 0.5)) / count);
  const rows = { x: middle(n), h: middle(nh), o: middle(m) };
  const boxes = [
    ...rows.x.map(drawInput),
    ...rows.h.map((y, j) => drawBox(COLUMNS.h, y, linesOf.hidden(j, state.early))),
    ...rows.o.map((y, k) => drawBox(COLUMNS.o, y, linesOf.output(k))),
    drawBox(COLUMNS.o, body + 24, [{ id: "L", symbol: "L", role: "forward" }]),
  ];
  const cells = Object.assign({}, ...boxes.map((box) => box.cells));
  const edges = [
    ...joins(ui, "w", [COLUMNS.x[1], COLUMNS.h[0]], rows.x, rows.h, INPUT),
    ...joins(ui, "v", [COLUMNS.h[1], COLUMNS.o[0]], rows.h, rows.o, inHidden * LINE + 8),
  ];
  for (const cell of Object.values(cells)) if (cell.name) chooseable(ui, cell.group, cell.name);
  const rails = rows.o.map((y) => s("path", {
    d: `M${COLUMNS.o[1]} ${y}H${RAIL}V${body + 24}H${COLUMNS.o[1]}`, class: "bp-edge",
  }));
  const root = s(
    "svg",
    { viewBox: `-2 0 ${RAIL + 4} ${body + 40}`, class: "bp-graph bp-pass", role: "group",
      "aria-label": "Drawing of the network" },
    rails, edges.map(({ group }) => group), boxes.map((box) => box.nodes),
    edges.map(({ texts }) => texts),
  );
  return {
    root,
    update(now, pass, all, shown) {
      const known = new Set(all.slice(0, now.step).map(({ kind, at }) => `${kind}-${at ?? ""}`));
      const light = shown ? lightOf(shown, now) : { made: [], from: [], edges: {} };
      fillBoxes(cells, now, pass, known, light);
      for (const edge of edges) showEdge(edge, { now, pass, known, light, simple });
      for (const { group, name } of Object.values(cells)) {
        if (name) describe(group, name, now, pass, known);
      }
      for (const rail of rails) {
        put(rail, { "data-way": ["L", "after"].includes(shown?.kind) ? "forward" : null });
      }
      rove(root);
    },
  };
}

/**
 * Every edge between two columns: a line to see, a broad one to hit, two numbers. `box` is how high
 * the boxes are that they leave.
 */
function joins(ui, symbol, [left, right], starts, stops, box) {
  return starts.flatMap((y1, j) => stops.map((y2, k) => {
    const name = `${symbol}${j + 1}${k + 1}`;
    const d = `M${left} ${y1}L${right} ${y2}`;
    const line = s("path", { d, class: "bp-edge" });
    const text = (role) => s("text", { class: `bp-${role} bp-label`, "text-anchor": "middle" });
    const [weight, slope] = [text("forward"), text("backward")];
    const group = s("g", { class: "bp-choose" }, s("path", { d, class: "bp-target" }), line);
    chooseable(ui, group, name);
    const texts = s("g", { class: "bp-numbers", "aria-hidden": "true" }, weight, slope);
    return { name, group, line, weight, slope, texts, ends: [left, y1, right, y2], last: j > 0, box };
  }));
}

function chooseable(ui, group, name) {
  const choose = () => ui.set({ watch: name });
  group.classList.add("bp-choose");
  put(group, { role: "button", tabindex: -1, "data-name": name });
  group.addEventListener("click", choose);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  });
}

/** One of the weights is in the order of Tab: the one with the focus, or else the chosen one. */
function rove(root) {
  const within = root.contains(document.activeElement) ? document.activeElement : null;
  for (const item of root.querySelectorAll("[role=button]")) {
    const here = within ? item === within : item.hasAttribute("data-watched");
    put(item, { tabindex: here ? 0 : -1 });
  }
}

/**
 * Up and down: to the weight before and the one after. From the network itself they start at the
 * chosen one, and Enter goes there.
 */
function wander(network, event) {
  const within = event.target !== network;
  const by = { ArrowUp: -1, ArrowDown: 1, Enter: within ? undefined : 0 }[event.key];
  if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  const names = [...network.querySelectorAll("[role=button]")];
  const here = names.findIndex((item) => (
    within ? item === event.target : item.hasAttribute("data-watched")
  ));
  event.preventDefault();
  const next = names[(here + by + names.length) % names.length];
  put(names[here], { tabindex: -1 });
  put(next, { tabindex: 0 });
  next.focus();
}

/** What a quantity lights: what is made, what it is made from, and edges in their direction. */
function lightOf({ kind, at }, { x, b1, b2, output, biases }) {
  const [inputs, hidden, outputs] = [upTo(x.length), upTo(b1.length), upTo(b2.length)];
  const all = (id, list) => list.map((n) => `${id}-${n}`);
  const into = (symbol, list) => list.map((n) => `${symbol}${n + 1}${at + 1}`);
  const outOf = outputs.map((k) => `v${at + 1}${k + 1}`);
  const light = (made, from, edges = [], role = "forward") => ({
    made, from, edges: Object.fromEntries(edges.map((name) => [name, role])),
  });
  const xs = inputs.map((i) => `x${i}`);
  return {
    z1: () => light([`z1-${at}`], [...xs, `b1-${at}`], into("w", inputs)),
    z2: () => light([`z2-${at}`], [...all("h", hidden), `b2-${at}`], into("v", hidden)),
    h: () => light([`h-${at}`], [`z1-${at}`]),
    o: () => light([`o-${at}`], output === "softmax" ? all("z2", outputs) : [`z2-${at}`]),
    L: () => light(["L"], [...all("o", outputs), ...all("t", outputs)]),
    delta2: () => light([`delta2-${at}`], [`o-${at}`, `t-${at}`]),
    delta1: () => light([`delta1-${at}`, `right-${at}`], [...all("delta2", outputs), `h-${at}`],
      outOf, "backward"),
    dW2: () => light([], [...all("h", hidden), `delta2-${at}`], into("v", hidden), "gradient"),
    dW1: () => light([], [...xs, `delta1-${at}`], into("w", inputs), "gradient"),
    db2: () => light([], all("delta2", outputs)),
    db1: () => light([], all("delta1", hidden)),
    new2: () => light(biases ? [`b2-${at}`] : [], [], into("v", hidden), "result"),
    new1: () => light(biases ? [`b1-${at}`] : [], [], into("w", inputs), "result"),
    after: () => light(["L"], []),
  }[kind]();
}

function fillBoxes(cells, now, pass, known, light) {
  const given = { x: now.x, t: now.t };
  const lists = {
    z1: pass.z1, z2: pass.z2, h: pass.H, o: pass.O, delta2: pass.used.delta2,
    delta1: pass.used.delta1, right: pass.right.delta1, b1: now.b1, b2: now.b2,
  };
  const computed = { right: "delta1" }; // what has to be known for a cell of another name
  for (const [id, { number, back, name }] of Object.entries(cells)) {
    const [kind, at] = id === "L" || id[0] === "x" ? [id[0], id.slice(1)] : id.split("-");
    let text = "";
    if (kind === "L") text = known.has("L-") ? num(known.has("after-") ? pass.after : pass.L) : "";
    else if (kind in given) text = short(given[kind][at], 3);
    else if (name) text = short((known.has(`new${kind[1]}-${at}`) ? pass.next : now)[kind][at], 4);
    else if (known.has(`${computed[kind] ?? kind}-${at}`)) text = boxed(lists[kind][at]);
    write(number, text);
    const role = light.made.includes(id) ? "made" : light.from.includes(id) ? "from" : null;
    put(back, { "data-part": role });
  }
}

/** One edge: its light, its thickness, and its numbers where there is room for them. */
function showEdge(edge, { now, pass, known, light, simple }) {
  const { name, group, line, weight, slope } = edge;
  const { layer, to } = parameter(name);
  const lit = light.edges[name];
  const moved = known.has(`new${layer}-${to}`);
  const here = valueOf(moved ? pass.next : now, name);
  const thickness = clamp(1 + Math.abs(here), 1, 4) + (lit ? 1 : 0);
  put(line, { "data-way": lit ?? null, style: `stroke-width:${thickness}` });
  put(group, { "data-route": isOnRoute(name, now.watch) });
  describe(group, name, now, pass, known);
  const graded = known.has(`dW${layer}-${to}`);
  write(weight, simple || lit ? short(here, 4) : "");
  write(slope, graded && (lit === "gradient" || simple) ? boxed(slopeOf(pass.used, name)) : "");
  put(weight, { class: `bp-${moved ? "result" : "forward"} bp-label` });
  const spot = simple ? besideStart(edge) : alongEdge(edge, lit);
  put(weight, { x: spot.x, y: spot.weight, "text-anchor": spot.anchor });
  put(slope, { x: spot.x, y: spot.slope, "text-anchor": spot.anchor });
}

/** On the edge, where the edges that are lit together are apart. */
function alongEdge({ ends: [x1, y1, x2, y2] }, lit) {
  const at = lit === "backward" ? 0.53 : 0.47;
  const y = y1 + at * (y2 - y1);
  return { x: x1 + at * (x2 - x1), weight: y - 5, slope: y - 5 + APART, anchor: "middle" };
}

/**
 * Where no line passes. A level edge has its numbers on the outer side; one that rises or falls
 * above or below the box that it leaves, at its start, so that it is plain whose they are.
 */
function besideStart({ ends: [x1, y1, x2, y2], last, box }) {
  if (y1 === y2) {
    const top = last ? y1 + 16 : y1 - 6 - APART;
    return { x: (x1 + x2) / 2, weight: top, slope: top + APART, anchor: "middle" };
  }
  const top = y2 > y1 ? y1 + box / 2 + 14 : y1 - box / 2 - 6 - APART;
  return { x: x1 + 4, weight: top, slope: top + APART, anchor: "end" };
}

/** Whether an edge lies on a route from the watched parameter to the loss. */
function isOnRoute(name, watch) {
  const [edge, { layer, to }] = [parameter(name), parameter(watch)];
  return name === watch || (layer === 1 && edge.layer === 2 && edge.from === to);
}

function describe(group, name, now, pass, known) {
  const { layer, from, to } = parameter(name);
  const graded = known.has(from === undefined ? `db${layer}-` : `dW${layer}-${to}`);
  const slope = graded ? `, gradient ${num(slopeOf(pass.used, name))}` : "";
  const here = valueOf(known.has(`new${layer}-${to}`) ? pass.next : now, name);
  put(group, {
    "aria-label": `${asText(name)}, ${whereIs(name)}: ${short(here, 4)}${slope}`,
    "aria-pressed": String(now.watch === name), "data-watched": now.watch === name,
  });
}

export default figure({
  name: "backprop",
  title: "Backpropagation, one quantity at a time",
  traits: TRAITS,
  accept: fits,
  build: face,
});
