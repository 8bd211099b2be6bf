// Mathematics that more than one figure computes.

/** σ(z), without overflow on either side. */
export function sigmoid(z) {
  const e = Math.exp(-Math.abs(z));
  return z >= 0 ? 1 / (1 + e) : e / (1 + e);
}
