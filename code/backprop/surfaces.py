r"""Surfaces to descend: f, its gradient and its Hessian, on arrays of points (..., 2)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Himmelblau", "StationaryPoint", "himmelblau"]


@dataclass(frozen=True)
class StationaryPoint:
    """A point where ∇f = 0: its place, value, Hessian eigenvalues (ascending) and what it is."""

    x: tuple
    value: float
    eigenvalues: tuple
    kind: str  # "minimum", "saddle" or "maximum"


class Himmelblau:
    r"""f(x, y) = (x² + y − 11)² + (x + y² − 7)² (:eq:`himmelblau`).

    Every method takes points of shape (..., 2), keeps float32 as float32 and reads integers as
    float64; `himmelblau` is the one instance. Squares are written x * x: for a single number
    NumPy's x**2 is the C library's pow, whose last bit can differ from an array's x**2.
    """

    def __call__(self, x):
        """Return f, of shape (...)."""
        x, y = _coordinates(x)
        u, v = x * x + y - 11, x + y * y - 7
        return u * u + v * v

    def gradient(self, x):
        """Return ∇f, of shape (..., 2) (:eq:`himmelblau-gradient`)."""
        x, y = _coordinates(x)
        u, v = x * x + y - 11, x + y * y - 7
        return _stack(4 * x * u + 2 * v, 2 * u + 4 * y * v)

    def hessian(self, x):
        """Return the Hessian, of shape (..., 2, 2) (:eq:`himmelblau-hessian`)."""
        x, y = _coordinates(x)
        xx, xy, yy = 12 * x * x + 4 * y - 42, 4 * (x + y), 4 * x + 12 * y * y - 26
        return np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)

    @cached_property
    def stationary_points(self):
        """All nine, as `StationaryPoint`: minima, saddles, maximum, each kind by falling x.

        Computed: Newton's method for ∇f = 0 from a 25 × 25 grid over [−6, 6]², the distinct limits
        classified by the signs of their Hessian's eigenvalues.
        """
        x = np.stack(np.meshgrid(*[np.linspace(-6, 6, 25)] * 2), -1).reshape(-1, 2)
        for _ in range(60):
            x = x - np.linalg.solve(self.hessian(x), self.gradient(x)[..., None])[..., 0]
        x = x[np.abs(self.gradient(x)).max(axis=-1) < 1e-9]
        _, first = np.unique(x.round(6), axis=0, return_index=True)
        points = [self._classified(p) for p in x[first]]
        order = ["minimum", "saddle", "maximum"]
        return sorted(points, key=lambda p: (order.index(p.kind), -p.x[0]))

    def _classified(self, x):
        eigenvalues = np.linalg.eigvalsh(self.hessian(x))
        kind = {0: "minimum", 1: "saddle", 2: "maximum"}[int((eigenvalues < 0).sum())]
        return StationaryPoint(
            tuple(map(float, x)), float(self(x)), tuple(map(float, eigenvalues)), kind
        )

    @property
    def minima(self):
        """The four minima, an array (4, 2), in the order of `stationary_points`."""
        return np.array([p.x for p in self.stationary_points if p.kind == "minimum"])

    @cached_property
    def rims(self):
        """The value of the lowest saddle on the rim of each minimum's valley, in their order.

        Below its rim a valley holds one minimum and no way out that does not climb. Computed: from
        every saddle a drop rolls down on either side: no rim of a minimum it finds is higher.
        """
        minima, rims = self.minima, np.full(len(self.minima), np.inf)
        for saddle in (p for p in self.stationary_points if p.kind == "saddle"):
            downhill = np.linalg.eigh(self.hessian(saddle.x))[1][:, 0]
            drops = np.array(saddle.x) + 1e-3 * np.array([downhill, -downhill])
            for _ in range(1000):
                drops = drops - self.gradient(drops) / (2 * self.steepest_curvature)
            found = _nearest(drops, minima)
            rims[found] = np.minimum(rims[found], saddle.value)
        return rims

    @property
    def steepest_curvature(self):
        """The largest Hessian eigenvalue at any minimum."""
        return max(p.eigenvalues[-1] for p in self.stationary_points if p.kind == "minimum")

    def valley(self, x, spare=0.0):
        """Return the index of the minimum in whose valley x lies, −1 outside them; shape (...).

        x (..., 2) lies in the valley of its nearest minimum where f at x, and at twenty places on
        the straight way from there down to the minimum, is below the rim by more than `spare` (one
        number, or one a minimum) and by a hundredth, lest the twenty places step over a pass.
        """
        minima, f = self.minima, self(x)
        tops = self.rims - np.maximum(spare, 0.01 * self.rims)
        points, f = np.reshape(x, (-1, 2)), f.reshape(-1)
        valley = np.full(len(points), -1)
        low = np.flatnonzero(f < tops.max())
        nearest = _nearest(points[low], minima)
        below = f[low] < tops[nearest]
        low, nearest = low[below], nearest[below]
        way = np.linspace(0, 1, 21)[1:-1, None, None]
        inside = self(minima[nearest] + way * (points[low] - minima[nearest])) < tops[nearest]
        valley[low] = np.where(inside.all(axis=0), nearest, -1)
        return valley.reshape(np.shape(x)[:-1])

    def __repr__(self):
        return "himmelblau"


def _coordinates(x):
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"x: expected real numbers, came dtype {x.dtype}")
    if x.ndim == 0 or x.shape[-1] != 2:
        raise ValueError(f"x: expected shape (..., 2), came shape {x.shape}")
    if x.dtype.kind != "f":
        x = x.astype(np.float64)
    return x[..., 0], x[..., 1]


def _stack(first, second):
    """Both along a new last axis, laid out so that each coordinate is contiguous."""
    out = np.empty((2, *first.shape), dtype=first.dtype)
    out[0], out[1] = first, second
    return out.transpose(*range(1, out.ndim), 0)


def _nearest(points, minima):
    """The index of the minimum nearest to each of the points (n, 2)."""
    # |p − m|² = |p|² − 2 p·m + |m|², and |p|² does not decide.
    return ((minima**2).sum(axis=1) - 2 * points @ minima.T).argmin(axis=1)


himmelblau = Himmelblau()
