"""Exercises of chapter 12: functions made of hinges."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(1212)


def _hinges(knots, values):
    slopes = np.diff(values) / np.diff(knots)
    return np.diff(slopes, prepend=0.0)


def _without_first(knots, values):
    slopes = np.diff(values) / np.diff(knots)
    return np.append(0.0, np.diff(slopes))


def _polyline(m):
    return np.sort(_rng.normal(size=m)), _rng.normal(size=m)


def _bend_gradient(x, t, c, v):
    active = (x[:, None] > c).astype(float)
    error = np.maximum(x[:, None] - c, 0) @ v - t
    return -(error[:, None] * active * v).mean(axis=0)


def _bend_case():
    return tuple(_rng.normal(size=n) for n in (9, 9, 4, 4))


EXERCISES = {
    "12.1": Exercise(
        reference=lambda w, b: -b / w,
        cases=[(2.0, -3.0), (-0.5, 1.0), (4.0, 0.6)],
        names=("w", "b"),
        mistakes={
            "The sign is turned: w x + b is 0 where x = −b/w.": lambda w, b: b / w,
            "That is where the line w x + b meets the other axis.": lambda w, b: b,
            "The fraction is upside down.": lambda w, b: -w / b,
        },
    ),
    "12.2": Exercise(
        reference=_hinges,
        cases=[_polyline(m) for m in (3, 5, 8)],
        names=("knots", "values"),
        mistakes={
            "Those are the slopes of the pieces. A hinge brings the change of slope at its bend.": (
                lambda knots, values: np.diff(values) / np.diff(knots)
            ),
            "The first hinge is missing: left of the first bend the sum has slope 0.": (
                _without_first
            ),
            "Slopes are rises divided by runs; the runs are not all 1.": (
                lambda knots, values: np.diff(np.diff(values), prepend=0.0)
            ),
        },
    ),
    "12.3": Exercise(
        reference=lambda length, curvature, error: int(
            np.ceil(length / np.sqrt(8 * error / curvature))
        ),
        cases=[(2 * np.pi, 1.0, 0.01), (1.0, 2.0, 1.1e-4), (3.0, 5.0, 0.02)],
        names=("length", "curvature", "error"),
        mistakes={
            "One piece too few: round up, or the error is larger than allowed.": (
                lambda length, curvature, error: int(length / np.sqrt(8 * error / curvature))
            ),
            "That is the number of knots; there is one piece fewer.": (
                lambda length, curvature, error: (
                    int(np.ceil(length / np.sqrt(8 * error / curvature))) + 1
                )
            ),
            "The 8 was forgotten: the error is d²/8 times the curvature.": (
                lambda length, curvature, error: int(np.ceil(length / np.sqrt(error / curvature)))
            ),
        },
    ),
    "12.4": Exercise(
        reference=_bend_gradient,
        cases=[_bend_case() for _ in range(3)],
        names=("x", "t", "c", "v"),
        mistakes={
            "The sign is turned: the bend enters as x − c.": lambda x, t, c, v: (
                -_bend_gradient(x, t, c, v)
            ),
            "Only examples to the right of a bend feel it: the slope of ReLU is missing.": (
                lambda x, t, c, v: (
                    -((np.maximum(x[:, None] - c, 0) @ v - t)[:, None] * np.ones_like(c) * v).mean(
                        axis=0
                    )
                )
            ),
            "The factor v is missing: a bend acts through its weight.": lambda x, t, c, v: (
                -((np.maximum(x[:, None] - c, 0) @ v - t)[:, None] * (x[:, None] > c)).mean(axis=0)
            ),
            "The hinge itself was used as its slope: relu(x − c) instead of 1.": (
                lambda x, t, c, v: (
                    -(
                        (np.maximum(x[:, None] - c, 0) @ v - t)[:, None]
                        * np.maximum(x[:, None] - c, 0)
                        * v
                    ).mean(axis=0)
                )
            ),
            "The loss is the mean over the examples, not the sum.": lambda x, t, c, v: (
                len(x) * _bend_gradient(x, t, c, v)
            ),
        },
    ),
    "12.5": Exercise(
        reference=lambda layers: 2**layers,
        cases=[(1,), (2,), (5,), (8,)],
        names=("layers",),
        mistakes={
            "That is the number of bends inside the interval.": lambda layers: 2**layers - 1,
            "The pieces are doubled by each layer, not two more.": lambda layers: 2 * layers,
            "A tent has two pieces, not three: the third unit acts outside the interval.": (
                lambda layers: 3**layers
            ),
        },
    ),
}
