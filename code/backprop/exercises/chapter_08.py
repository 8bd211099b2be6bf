"""Exercises of chapter 08: wrong gradients, to be read, mended and made."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(808)


def _relu_case(n, n_in, n_hidden, n_out):
    """Arguments (X, W1, W2, T); every hidden unit is on for some examples and off for others."""
    X = _rng.normal(size=(n, n_in))
    W1, W2 = _rng.normal(size=(n_in, n_hidden)), _rng.normal(size=(n_hidden, n_out))
    return X, W1, W2, _rng.normal(size=(n, n_out))


def _first_gradient(X, W1, W2, T, slope=lambda dH, Z: dH * (Z > 0), factor=2):
    Z = X @ W1
    dH = factor * (np.maximum(Z, 0) @ W2 - T) @ W2.T
    return X.T @ slope(dH, Z)


def _one_example():
    """Arguments (right, wrong): a_i δ_j of one example, the deltas of the second wrong."""
    a, delta = _rng.normal(size=3), _rng.normal(size=3)
    return np.outer(a, delta), np.outer(a, delta * _rng.uniform(0.5, 3.0, 3))


def _tanh_case(n, n_in, n_hidden, n_out):
    """Arguments (X, W1, b1, W2, b2, T)."""
    W1, W2 = _rng.normal(size=(n_in, n_hidden)), _rng.normal(size=(n_hidden, n_out))
    b1, b2 = _rng.normal(size=n_hidden), _rng.normal(size=n_out)
    return _rng.normal(size=(n, n_in)), W1, b1, W2, b2, _rng.normal(size=(n, n_out))


def _tanh_gradient(X, W1, b1, W2, b2, T, slope=lambda H: 1 - H):
    H = np.tanh(X @ W1 + b1)
    delta2 = (H @ W2 + b2 - T) / len(X)
    return X.T @ ((delta2 @ W2.T) * slope(H))


def _along(g, u):
    return (g * u).sum() / (g * g).sum() * g


EXERCISES = {
    "8.1": Exercise(
        reference=2 / 5,
        mistakes={
            "The 2 of the square's slope is missing: mse_loss has no ½.": 1 / 5,
            "That is right over wrong.": 5 / 2,
            "The loss has its ½, so its own slope has no 2; and mse_loss averages over the outputs "
            "as well.": 2.0,
            "Not N, but m: both losses are a mean over the examples.": 5.0,
        },
    ),
    "8.2": Exercise(
        reference=lambda g, G, eta: -eta * (g * G).sum(),
        cases=[
            (_rng.normal(size=shape), _rng.normal(size=shape), eta)
            for shape, eta in (((3,), 0.1), ((2, 3), 0.01), ((4,), 2.0))
        ],
        names=("g", "G", "eta"),
        mistakes={
            "The sign: a step goes against the gradient, so the loss falls where they agree.": (
                lambda g, G, eta: eta * (g * G).sum()
            ),
            "That is the change if G were right: the loss answers with its own slopes, g.": (
                lambda g, G, eta: -eta * (G * G).sum()
            ),
            "That is the change of the right step: the step goes along G.": (
                lambda g, G, eta: -eta * (g * g).sum()
            ),
            "That is the slope along G, without the learning rate.": (
                lambda g, G, eta: -(g * G).sum()
            ),
        },
    ),
    "8.3": Exercise(
        reference=_first_gradient,
        cases=[_relu_case(*sizes) for sizes in ((6, 3, 4, 2), (5, 4, 3, 3), (8, 2, 5, 1))],
        names=("X", "W1", "W2", "T"),
        mistakes={
            "The masked gradient is not used: the last line reads dH, not dZ.": (
                lambda X, W1, W2, T: _first_gradient(X, W1, W2, T, lambda dH, Z: dH)
            ),
            "The mask holds z where a 1 belongs: ReLU's slope is 1 or 0.": (
                lambda X, W1, W2, T: _first_gradient(
                    X, W1, W2, T, lambda dH, Z: dH * np.maximum(Z, 0)
                )
            ),
            "The mask is the wrong way round: the slope is 1 where z > 0.": (
                lambda X, W1, W2, T: _first_gradient(X, W1, W2, T, lambda dH, Z: dH * (Z < 0))
            ),
            "The mask is taken from the gradient's own sign. It belongs to z.": (
                lambda X, W1, W2, T: _first_gradient(X, W1, W2, T, lambda dH, Z: dH * (dH > 0))
            ),
            "The 2 was right: this loss has no ½.": (
                lambda X, W1, W2, T: _first_gradient(X, W1, W2, T, factor=1)
            ),
        },
    ),
    "8.4": Exercise(
        reference=lambda right, wrong: wrong[0] / right[0],
        cases=[_one_example() for _ in range(4)],
        names=("right", "wrong"),
        mistakes={
            "That is right over wrong.": lambda right, wrong: right[0] / wrong[0],
            "Those are the ratios down one column, of one unit. Each unit has a column.": (
                lambda right, wrong: wrong[:, 0] / right[:, 0]
            ),
            "Those are differences. A delta multiplies: divide.": (
                lambda right, wrong: wrong[0] - right[0]
            ),
        },
    ),
    "8.5": Exercise(
        reference=_tanh_gradient,
        cases=[_tanh_case(*sizes) for sizes in ((4, 3, 3, 2), (6, 2, 4, 3), (1, 3, 2, 1))],
        names=("X", "W1", "b1", "W2", "b2", "T"),
        mistakes={
            "That is the right gradient. Here the mistake is wanted: 1 − a.": (
                lambda *args: _tanh_gradient(*args, slope=lambda H: 1 - H * H)
            ),
            "That is the sigmoid's formula, a(1 − a), on a tanh.": (
                lambda *args: _tanh_gradient(*args, slope=lambda H: H * (1 - H))
            ),
            "The loss is a mean: the 1/N of δ is missing.": (
                lambda *args: len(args[0]) * _tanh_gradient(*args)
            ),
            "The slope is missing altogether.": (
                lambda *args: _tanh_gradient(*args, slope=np.ones_like)
            ),
        },
    ),
    "8.6": Exercise(
        reference=lambda K, rho, p: np.floor(np.log(p / K) / np.log(rho)) + 1,
        cases=[(60, 1e-7, 1e-3), (60, 1e-2, 1e-3), (400, 1e-1, 1e-6), (5, 0.5, 1e-2)],
        names=("K", "rho", "p"),
        mistakes={
            "K is missing: there are K fingerprints to hit.": (
                lambda K, rho, p: np.floor(np.log(p) / np.log(rho)) + 1
            ),
            "With that many, chance still makes p matches or more: one entry more.": (
                lambda K, rho, p: np.floor(np.log(p / K) / np.log(rho))
            ),
            "Whole entries are counted: the next whole number.": (
                lambda K, rho, p: np.log(p / K) / np.log(rho)
            ),
        },
    ),
    "8.7": Exercise(
        reference=lambda g, u: g + u - _along(g, u),
        cases=[(_rng.normal(size=s), 5 * _rng.normal(size=s)) for s in ((3,), (2, 3), (6,))],
        names=("g", "u"),
        mistakes={
            "The part of u along g is still in it, and the first step shows that.": (
                lambda g, u: g + u
            ),
            "That is v alone. With it the loss would not change at all at first: add g.": (
                lambda g, u: u - _along(g, u)
            ),
            "That adds the part of u along g, the only part that can be seen.": (
                lambda g, u: g + _along(g, u)
            ),
            "The multiple of g is Σ g u / Σ g²; the division is missing.": (
                lambda g, u: g + u - (g * u).sum() * g
            ),
        },
    ),
}
