// The mathematics of a race down Himmelblau's surface: f and its level places, four rules in the
// package's order of operations, and which minimum a start leads to. Nothing here draws.

import { clamp, num, short } from "./parts.js";

// --- The surface --------------------------------------------------------------------------------

export const REACH = 6; // half the side of the map

/** f(x, y) = (x² + y − 11)² + (x + y² − 7)². */
export function heightAt(x, y) {
  const u = x * x + y - 11;
  const v = x + y * y - 7;
  return u * u + v * v;
}

/** ∇f, its two components. */
export function slopeAt(x, y) {
  const u = x * x + y - 11;
  const v = x + y * y - 7;
  return [4 * x * u + 2 * v, 2 * u + 4 * y * v];
}

/** ‖∇f‖. */
export function steepness(x, y) {
  const [gx, gy] = slopeAt(x, y);
  return Math.sqrt(gx * gx + gy * gy);
}

/** The Hessian's entries [xx, xy, yy]. */
export function curvaturesAt(x, y) {
  return [12 * x * x + 4 * y - 42, 4 * (x + y), 4 * x + 12 * y * y - 26];
}

/** The eigenvalues, ascending, of a symmetric matrix [xx, xy, yy]. */
function eigenvaluesOf([xx, xy, yy]) {
  const middle = (xx + yy) / 2;
  const half = Math.hypot((xx - yy) / 2, xy);
  return [middle - half, middle + half];
}

const KINDS = ["minimum", "saddle", "maximum"];

/**
 * Where ∇f = 0: Newton's method from a 25 × 25 grid, the distinct limits, minima first, then
 * saddles, then the maximum, each kind by falling x.
 */
export function stationaryPoints() {
  const found = new Map();
  for (let n = 0; n < 625; n++) {
    let x = -REACH + ((n % 25) * REACH) / 12;
    let y = -REACH + (Math.floor(n / 25) * REACH) / 12;
    for (let step = 0; step < 60; step++) {
      const [gx, gy] = slopeAt(x, y);
      const [xx, xy, yy] = curvaturesAt(x, y);
      const det = xx * yy - xy * xy;
      x -= (yy * gx - xy * gy) / det;
      y -= (xx * gy - xy * gx) / det;
    }
    const rest = Math.max(...slopeAt(x, y).map(Math.abs));
    const key = `${x.toFixed(6)} ${y.toFixed(6)}`;
    if (rest < 1e-9 && !found.has(key)) found.set(key, [x, y]);
  }
  return [...found.values()].map(([x, y]) => {
    const eigenvalues = eigenvaluesOf(curvaturesAt(x, y));
    const kind = KINDS[eigenvalues.filter((value) => value < 0).length];
    return { x, y, value: heightAt(x, y), eigenvalues, kind };
  }).sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || b.x - a.x);
}

/**
 * What tells which valley a point lies in: the nine points, the minima, the largest curvature at
 * any minimum, and for each minimum the height of the lowest saddle on its valley's rim.
 */
export function surveyed() {
  const points = stationaryPoints();
  const minima = points.filter(({ kind }) => kind === "minimum");
  const steepest = Math.max(...minima.map(({ eigenvalues }) => eigenvalues[1]));
  const survey = { points, minima, steepest, rims: minima.map(() => Infinity) };
  for (const saddle of points.filter(({ kind }) => kind === "saddle")) {
    // Along the eigenvector of the negative eigenvalue the ground falls on either side.
    const [xx, xy] = curvaturesAt(saddle.x, saddle.y);
    const away = [xy, saddle.eigenvalues[0] - xx];
    const length = Math.hypot(...away);
    for (const side of [1e-3, -1e-3]) {
      let x = saddle.x + (side * away[0]) / length;
      let y = saddle.y + (side * away[1]) / length;
      for (let step = 0; step < 1000; step++) {
        const [gx, gy] = slopeAt(x, y);
        x -= gx / (2 * steepest);
        y -= gy / (2 * steepest);
      }
      const k = nearestMinimum(survey, x, y);
      survey.rims[k] = Math.min(survey.rims[k], saddle.value);
    }
  }
  survey.highest = Math.max(...survey.rims.map((rim) => 0.99 * rim));
  return survey;
}

function nearestMinimum({ minima }, x, y) {
  let best = 0;
  let least = Infinity;
  minima.forEach((m, k) => {
    const distance = (x - m.x) * (x - m.x) + (y - m.y) * (y - m.y);
    if (distance < least) [best, least] = [k, distance];
  });
  return best;
}

/**
 * The index of the minimum in whose valley a point lies, −1 outside them: there and at 19 places
 * on the straight way down to the minimum, f is below the valley's rim by more than `spare[k]`.
 */
export function valleyOf(survey, x, y, spare = [0, 0, 0, 0]) {
  const f = heightAt(x, y);
  if (!(f < survey.highest)) return -1; // also where f is no number
  const k = nearestMinimum(survey, x, y);
  const top = survey.rims[k] - Math.max(spare[k], 0.01 * survey.rims[k]);
  if (!(f < top)) return -1;
  const { x: mx, y: my } = survey.minima[k];
  for (let n = 1; n < 20; n++) {
    if (!(heightAt(mx + (n / 20) * (x - mx), my + (n / 20) * (y - my)) < top)) return -1;
  }
  return k;
}

// --- The rules ----------------------------------------------------------------------------------

const EPS = 1e-8;

/** The four rules in the order in which they race, and what each is called. */
export const RULES = [
  { key: "descent", name: "gradient descent" },
  { key: "momentum", name: "momentum" },
  { key: "RMSProp", name: "RMSProp" },
  { key: "Adam", name: "Adam" },
];

/**
 * One step of a rule with its settings { eta, mu, alpha, betas }: a function (p, t) that moves
 * p = [x, y, mx, my, vx, vy] by step t = 1, 2, …. m and v are what the rule remembers, at first 0.
 */
export function stepOf(key, { eta, mu, alpha, betas }) {
  const [beta1, beta2] = betas;
  const rate = []; // η / (1 − β₁ᵗ) and √(1 − β₂ᵗ), for each t once
  const root = [];
  return {
    descent(p) {
      const [gx, gy] = slopeAt(p[0], p[1]);
      p[0] -= eta * gx;
      p[1] -= eta * gy;
    },
    momentum(p) {
      const [gx, gy] = slopeAt(p[0], p[1]);
      p[2] = p[2] * mu + gx;
      p[3] = p[3] * mu + gy;
      p[0] -= eta * p[2];
      p[1] -= eta * p[3];
    },
    RMSProp(p) {
      const [gx, gy] = slopeAt(p[0], p[1]);
      p[4] = p[4] * alpha + (1 - alpha) * gx * gx;
      p[5] = p[5] * alpha + (1 - alpha) * gy * gy;
      p[0] -= eta * (gx / (Math.sqrt(p[4]) + EPS));
      p[1] -= eta * (gy / (Math.sqrt(p[5]) + EPS));
    },
    Adam(p, t) {
      const [gx, gy] = slopeAt(p[0], p[1]);
      for (let n = rate.length; n <= t; n++) {
        rate.push(eta / (1 - beta1 ** n));
        root.push(Math.sqrt(1 - beta2 ** n));
      }
      p[2] += (1 - beta1) * (gx - p[2]);
      p[3] += (1 - beta1) * (gy - p[3]);
      p[4] = p[4] * beta2 + (1 - beta2) * gx * gx;
      p[5] = p[5] * beta2 + (1 - beta2) * gy * gy;
      p[0] -= (rate[t] * p[2]) / (Math.sqrt(p[4]) / root[t] + EPS);
      p[1] -= (rate[t] * p[3]) / (Math.sqrt(p[5]) / root[t] + EPS);
    },
  }[key];
}

/**
 * The walk of a rule from (x, y): { x, y } hold the points 0 to `last`; `diverged` is the step that
 * left the finite numbers (the walk ends before it), or null.
 */
export function walkOf(key, settings, [x0, y0], steps) {
  const step = stepOf(key, settings);
  const p = new Float64Array(6);
  const x = new Float64Array(steps + 1);
  const y = new Float64Array(steps + 1);
  x[0] = p[0] = x0;
  y[0] = p[1] = y0;
  for (let t = 1; t <= steps; t++) {
    step(p, t);
    if (!Number.isFinite(p[0]) || !Number.isFinite(p[1])) return { x, y, last: t - 1, diverged: t };
    x[t] = p[0];
    y[t] = p[1];
  }
  return { x, y, last: steps, diverged: null };
}

// --- Basins -------------------------------------------------------------------------------------

const ROUND = 50; // steps between two looks at whether a start's fate is decided
export const SIDE = 121; // starts along each side of the map, a tenth apart

/** How many steps a map of basins is given: until slow rates arrive, but no more than 20,000. */
export function basinSteps(key, eta) {
  const pace = key === "descent" || key === "momentum" ? 4 : 20;
  return Math.round(clamp(pace / eta, 1000, 20000));
}

/**
 * How far below each valley's rim a walk's fate is decided, ∞ where it never is: gradient descent
 * only falls; what Adam remembers can lift it by a bounded height.
 */
export function spareOf(key, { eta, betas }, { rims, steepest }) {
  if (key === "descent" && eta * steepest <= 1) return rims.map(() => 0);
  if (key !== "Adam" || betas[0] > betas[1]) return null;
  const longest = eta * longestStep(...betas);
  return rims.map((rim) => {
    const climb = (longest * 2 * Math.sqrt(2 * steepest * rim)) / (2 * (1 - betas[0]));
    return climb <= rim / 2 ? climb : Infinity;
  });
}

/** The longest step of Adam over η, whatever the gradients. */
function longestStep(beta1, beta2) {
  if (beta2 === 0) return 1;
  const ratio = (beta1 * beta1) / beta2;
  let longest = 0;
  for (let t = 1; t <= 10000; t++) {
    const bare = (1 - beta1) * Math.sqrt((1 - ratio ** t) / (1 - ratio) / (1 - beta2));
    longest = Math.max(longest, (bare * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t));
  }
  return longest;
}

/** Where starts end: a function (x, y) → index of the minimum, −1 for none yet, −2 for diverged. */
export function fateOf(key, settings, survey, steps) {
  const step = stepOf(key, settings);
  const spare = spareOf(key, settings, survey);
  const p = new Float64Array(6);
  return (x, y) => {
    p.fill(0);
    p[0] = x;
    p[1] = y;
    for (let t = 1; t <= steps; t++) {
      step(p, t);
      if (t % ROUND) continue;
      if (!Number.isFinite(p[0]) || !Number.isFinite(p[1])) return -2;
      if (spare) {
        const k = valleyOf(survey, p[0], p[1], spare);
        if (k >= 0) return k;
      }
    }
    return Number.isFinite(p[0]) && Number.isFinite(p[1]) ? valleyOf(survey, p[0], p[1]) : -2;
  };
}

/**
 * The places of the SIDE × SIDE starts, coarse to fine: [column, row, side of the square that the
 * start stands for so far].
 */
export function startOrder() {
  const order = [];
  for (let size = 8; size >= 1; size /= 2) {
    for (let row = 0; row < SIDE; row += size) {
      for (let column = 0; column < SIDE; column += size) {
        const seen = size < 8 && row % (2 * size) === 0 && column % (2 * size) === 0;
        if (!seen) order.push([column, row, size]);
      }
    }
  }
  return order;
}

/** The coordinate of a column or row, as np.linspace(−6, 6, 121) has it. */
export const startAt = (n) => (n === SIDE - 1 ? REACH : n * ((2 * REACH) / (SIDE - 1)) - REACH);

/** The share of the starts that end at each minimum, nowhere yet, or beyond all numbers. */
export function sharesOf(fates) {
  const counts = { yet: 0, lost: 0, minima: [0, 0, 0, 0] };
  for (const fate of fates) {
    if (fate >= 0) counts.minima[fate]++;
    else if (fate === -2) counts.lost++;
    else counts.yet++;
  }
  const share = (count) => count / fates.length;
  return {
    minima: counts.minima.map(share), yet: share(counts.yet), lost: share(counts.lost),
  };
}

// --- Words --------------------------------------------------------------------------------------

const ARRIVED = 0.02; // so near a minimum a rule counts as there
const LEVEL = 1e-8; // a slope that no step shows

/** A point as text. */
export const place = (x, y, digits = 2) => `(${short(x, digits)}, ${short(y, digits)})`;

/** Where a rule is after so many steps, for the sentence: [words for one, words for several]. */
export function whereabouts(survey, { x, y, last, diverged }, step) {
  if (diverged !== null && step >= diverged) {
    return ["has", "have"].map((word) => `${word} left the finite numbers at step ${diverged}`);
  }
  const [a, b] = [x[Math.min(step, last)], y[Math.min(step, last)]];
  const f = num(heightAt(a, b));
  if (Math.abs(a) > REACH || Math.abs(b) > REACH) {
    return ["is", "are"].map((word) => `${word} off the map, at ${place(a, b)}`);
  }
  const k = valleyOf(survey, a, b);
  const level = steepness(a, b) < LEVEL
    && survey.points.find((point) => Math.hypot(a - point.x, b - point.y) < ARRIVED);
  if (level && level.kind !== "minimum") {
    return ["stands", "stand"].map((word) => (
      `${word} on the ${level.kind} ${place(a, b)}: the slope is 0`
    ));
  }
  if (k < 0) {
    return ["is", "are"].map((word) => `${word} still on the way at ${place(a, b)}, f = ${f}`);
  }
  const { x: mx, y: my } = survey.minima[k];
  if (Math.hypot(a - mx, b - my) < ARRIVED) {
    return ["has", "have"].map((word) => `${word} reached ${place(mx, my)}`);
  }
  return ["is", "are"].map((word) => `${word} in the valley of ${place(mx, my)}, f = ${f}`);
}

// --- Pictures -----------------------------------------------------------------------------------

const NEAR = 0.02; // moves shorter than this are joined: half a pixel

/** Which points of a walk a drawing needs: the first, and each that is not next to the last. */
export function sketchOf({ x, y, last }) {
  const kept = [0];
  let near = 0;
  for (let n = 1; n <= last; n++) {
    if (Math.abs(x[n] - x[near]) + Math.abs(y[n] - y[near]) < NEAR) continue;
    kept.push(n);
    near = n;
  }
  return kept;
}

/** f and ‖∇f‖ along a walk. */
export function profileOf({ x, y, last }) {
  const [height, slope] = [new Float64Array(last + 1), new Float64Array(last + 1)];
  for (let n = 0; n <= last; n++) {
    height[n] = heightAt(x[n], y[n]);
    slope[n] = steepness(x[n], y[n]);
  }
  return { height, slope };
}

/** How many of the ascending numbers are at most `limit`. */
export function countUpTo(numbers, limit) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** At most about `most` points [n, value] of values[0 … last] that keep every peak and every dip. */
export function outline(values, last, most = 500) {
  const points = [];
  const width = last < most ? 1 : Math.ceil((2 * last) / most);
  for (let from = 0; from <= last; from += width) {
    let [low, high] = [from, from];
    const to = Math.min(last, from + width - 1);
    for (let n = from + 1; n <= to; n++) {
      if (values[n] < values[low]) low = n;
      if (values[n] > values[high]) high = n;
    }
    for (const n of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
      points.push([n, values[n]]);
    }
  }
  return points;
}

/** Contour lines as straight pieces [x, y, x, y, …] for each level, by marching squares. */
export function contours(levels, cells = 120) {
  const at = (n) => -REACH + (2 * REACH * n) / cells;
  const heights = Array.from({ length: cells + 1 }, (_, row) => (
    Array.from({ length: cells + 1 }, (_, column) => heightAt(at(column), at(row)))));
  return levels.map((level) => {
    const pieces = [];
    for (let row = 0; row < cells; row++) {
      for (let column = 0; column < cells; column++) {
        const [east, north] = [column + 1, row + 1];
        const corners = [[column, row], [east, row], [east, north], [column, north]];
        const crossed = [];
        corners.forEach(([i, j], n) => {
          const [k, l] = corners[(n + 1) % 4];
          const [a, b] = [heights[j][i] - level, heights[l][k] - level];
          if (a < 0 === b < 0) return;
          const share = a / (a - b);
          crossed.push(at(i + share * (k - i)), at(j + share * (l - j)));
        });
        for (let n = 0; n + 3 < crossed.length; n += 4) pieces.push(...crossed.slice(n, n + 4));
      }
    }
    return pieces;
  });
}

const RISE = 0.8; // how high the walls stand, in half sides of the square

/** Height from 0 to 1, by the logarithm of 1 + f/20: valleys, passes and walls in one picture. */
export const tall = (f) => Math.log1p(f / 20) / Math.log1p(2186 / 20);

/** The picture of points (x, y, height 0 to 1), seen from azimuth and elevation in degrees. */
export function projection([azimuth, elevation]) {
  const [a, e] = [azimuth, elevation].map((degrees) => (degrees * Math.PI) / 180);
  const [ca, sa, ce, se] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
  return {
    /** [right, up], in half sides of the square. */
    at: (x, y, z) => [
      (x * ca - y * sa) / REACH,
      (z - 0.36) * RISE * ce + ((x * sa + y * ca) / REACH) * se,
    ],
    /** What a step toward the eye adds to x, y and the height. */
    toEye: [-ce * sa * REACH, -ce * ca * REACH, se / RISE],
    farFirst: [sa > 0, ca > 0],
  };
}

/** Whether the surface hides a point that lies on it: the sight line meets higher ground. */
export function hidden({ toEye }, x, y) {
  const z = tall(heightAt(x, y));
  for (let n = 1; n <= 24; n++) {
    const t = 0.04 + 0.075 * n;
    const [i, j, k] = [x + t * toEye[0], y + t * toEye[1], z + t * toEye[2]];
    if (k > 1 || Math.abs(i) > REACH || Math.abs(j) > REACH) return false;
    if (tall(heightAt(i, j)) > k + 0.004) return true;
  }
  return false;
}
