"""Exercises of chapter 07: differences and what they can see."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(707)


def _central(f, x, h):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g


def _forward(f, x, h):
    g = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        g[i] = (f(x + e) - f(x)) / h
    return g


def _cube_sum(x):
    return float((x**3).sum())


def _sine_product(x):
    return float(np.sin(x).sum() * x.sum())


_points = [
    (_cube_sum, _rng.normal(size=(2, 3)), 1e-2),
    (_sine_product, _rng.normal(size=4), 1e-2),
    (_cube_sum, _rng.normal(size=(2, 2, 2)), 1e-2),
]

EXERCISES = {
    "7.1": Exercise(
        reference=4.0 + 0.01**2,
        digits=7,
        mistakes={
            "That is the slope itself, 4. A quotient with h = 0.01 is off by a little: by "
            "how much?": 4.0,
            "The forward quotient has an error of first order in h. Take the central one.": (
                4.0 + 3 * 0.01 + 0.01**2
            ),
            "The denominator is 2h, not h.": 2 * (4.0 + 0.01**2),
        },
    ),
    "7.2": Exercise(
        reference=_central,
        cases=_points,
        names=("f", "x", "h"),
        keeps_inputs=True,
        mistakes={
            "That is the forward quotient: its error is of first order in h.": _forward,
            "The denominator is 2h: x + h and x − h lie 2h apart.": (
                lambda f, x, h: 2 * _central(f, x, h)
            ),
        },
    ),
    "7.3": Exercise(
        reference=lambda eps, f, third: np.cbrt(3 * eps * abs(f / third)),
        cases=[(2.0**-52, 1.0, 1.0), (2.0**-23, 1.0, 1.0), (2.0**-52, 5.0, 0.2)],
        names=("eps", "f", "third"),
        mistakes={
            "That is the best step of the forward quotient: a square root.": (
                lambda eps, f, third: 2 * np.sqrt(eps * abs(f / third))
            ),
            "The factor 3 is missing: differentiate h²|f‴|/6 + ε|f|/h and set it to 0.": (
                lambda eps, f, third: np.cbrt(eps * abs(f / third))
            ),
            "The ratio is upside down: a large f makes rounding worse and asks for a larger h.": (
                lambda eps, f, third: np.cbrt(3 * eps * abs(third / f))
            ),
        },
    ),
    "7.4": Exercise(
        reference=lambda a, b: float(np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max())),
        cases=[
            (_rng.normal(size=3), _rng.normal(size=3)),
            (1e-9 * _rng.normal(size=(2, 2)), 1e-9 * _rng.normal(size=(2, 2))),
            (1e6 * _rng.normal(size=4), 1e6 * _rng.normal(size=4)),
        ],
        names=("a", "b"),
        mistakes={
            "That is an absolute error: of gradients of 10⁻⁹ it says nothing.": (
                lambda a, b: float(np.abs(a - b).max())
            ),
            "Each entry was judged by itself. One entry near 0, and the check cries wolf.": (
                lambda a, b: float((np.abs(a - b) / np.maximum(np.abs(a), np.abs(b))).max())
            ),
            "The differences were summed with their signs, so they can cancel.": (
                lambda a, b: float(abs((a - b).sum()) / max(np.abs(a).max(), np.abs(b).max()))
            ),
        },
    ),
    "7.5": Exercise(
        reference=lambda n, m, k: (2 * (n * m + m + m * k + k), 2 * (m + k)),
        cases=[(784, 100, 10), (2, 4, 2), (10, 50, 20)],
        names=("n", "m", "k"),
        mistakes={
            "The biases are missing among the parameters.": (
                lambda n, m, k: (2 * (n * m + m * k), 2 * (m + k))
            ),
            "A central difference needs two losses, not one.": (
                lambda n, m, k: (n * m + m + m * k + k, m + k)
            ),
            "An input is no neuron: it has no weighted sum to shift.": (
                lambda n, m, k: (2 * (n * m + m + m * k + k), 2 * (n + m + k))
            ),
        },
    ),
}
