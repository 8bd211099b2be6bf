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
    return np.moveaxis(out, 0, -1)


himmelblau = Himmelblau()
