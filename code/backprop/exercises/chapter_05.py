"""Exercises of chapter 05: the deltas of hidden units."""

import itertools

import numpy as np

from ..activations import sigmoid
from . import Exercise

_rng = np.random.default_rng(505)


def _deltas():
    """Arguments (delta, W, a): what comes back from 3 units, to 3 units with outputs a, 4 examples.

    W is square on purpose: W where its transpose belongs then fits, and can be named.
    """
    return _rng.normal(size=(4, 3)), _rng.normal(size=(3, 3)), _rng.uniform(0.1, 0.9, (4, 3))


def _two_layers():
    """Arguments (W1, b1, W2, b2, X, T, eta) of a square sigmoid net, 5 examples."""
    W1, W2 = _rng.normal(size=(2, 3, 3))
    b1, b2 = _rng.normal(size=(2, 3))
    return W1, b1, W2, b2, _rng.normal(size=(5, 3)), _rng.uniform(0, 1, (5, 3)), 0.5


def _pass(W1, b1, W2, b2, X, T):
    h = sigmoid(X @ W1 + b1)
    o = sigmoid(h @ W2 + b2)
    delta2 = (o - T) * o * (1 - o) / len(X)
    delta1 = (delta2 @ W2.T) * h * (1 - h)
    return h, o, delta2, delta1


def _new_W1(W1, b1, W2, b2, X, T, eta):
    return W1 - eta * X.T @ _pass(W1, b1, W2, b2, X, T)[3]


def _new_W1_early(W1, b1, W2, b2, X, T, eta):
    h, _, delta2, _ = _pass(W1, b1, W2, b2, X, T)
    W2 = W2 - eta * h.T @ delta2
    return W1 - eta * X.T @ ((delta2 @ W2.T) * h * (1 - h))


def _input_gradient(W1, b1, W2, b2, X, T):
    return _pass(W1, b1, W2, b2, X, T)[3] @ W1.T


def _tied(X, T, W, parts=("first", "second")):
    h = sigmoid(X @ W)
    o = sigmoid(h @ W)
    delta2 = (o - T) * o * (1 - o) / len(X)
    delta1 = (delta2 @ W.T) * h * (1 - h)
    terms = {"first": X.T @ delta1, "second": h.T @ delta2}
    return sum(terms[p] for p in parts)


def _cost(sizes, skip_first=True, factor=1):
    forward = sum(n * m for n, m in itertools.pairwise(sizes))
    skipped = sizes[0] * sizes[1] if skip_first else 0
    return factor * (2 * forward - skipped) / forward


EXERCISES = {
    "5.1": Exercise(
        reference=0.6 * 0.4 * (0.2 * 0.5 - 0.1 * 3.0),
        mistakes={
            "The slope of the unit's own sigmoid, h(1 − h), is missing.": 0.2 * 0.5 - 0.1 * 3.0,
            "Only the first output was counted: the blame comes through every output.": (
                0.6 * 0.4 * 0.2 * 0.5
            ),
            "Only the second output was counted: the blame comes through every output.": (
                -0.6 * 0.4 * 0.1 * 3.0
            ),
            "The two parts were added without the sign of the second delta.": (
                0.6 * 0.4 * (0.2 * 0.5 + 0.1 * 3.0)
            ),
        },
    ),
    "5.2": Exercise(
        reference=lambda delta, W, a: (delta @ W.T) * a * (1 - a),
        cases=[_deltas() for _ in range(4)],
        names=("delta", "W", "a"),
        mistakes={
            "W is not transposed. The shapes fit, since W is square here, but W[j, k] must meet "
            "delta's k.": lambda delta, W, a: (delta @ W) * a * (1 - a),
            "The factor a(1 − a) is missing: the unit's own slope was dropped.": (
                lambda delta, W, a: delta @ W.T
            ),
            "The slope is taken at a: σ(a)(1 − σ(a)). a has been through the sigmoid already.": (
                lambda delta, W, a: (delta @ W.T) * sigmoid(a) * (1 - sigmoid(a))
            ),
            "The slope a(1 − a) was put in before the matrix product; it belongs to the unit that "
            "receives the blame.": lambda delta, W, a: (delta * a * (1 - a)) @ W.T,
        },
    ),
    "5.3": Exercise(
        reference=lambda delta: -delta.sum(axis=0),
        cases=[(_rng.normal(size=(n, 3)),) for n in (1, 4, 6)],
        names=("delta",),
        mistakes={
            "That is the gradient of a bias. A threshold enters z with a minus.": (
                lambda delta: delta.sum(axis=0)
            ),
            "The factor 1/N stands in delta already: it must not be applied twice.": (
                lambda delta: -delta.mean(axis=0)
            ),
            "There is one threshold for each unit, shared by all examples: their slopes add.": (
                lambda delta: -delta
            ),
            "The sum runs over the units. It must run over the examples, the rows.": (
                lambda delta: -delta.sum(axis=1)
            ),
        },
    ),
    "5.4": Exercise(
        reference=_new_W1,
        cases=[_two_layers() for _ in range(3)],
        names=("W1", "b1", "W2", "b2", "X", "T", "eta"),
        mistakes={
            "The hidden delta still meets the W2 of after the step. All gradients belong to one "
            "point: the weights before it.": _new_W1_early,
            "The hidden delta has lost its transpose: W2.T, not W2.": (
                lambda W1, b1, W2, b2, X, T, eta: (
                    W1
                    - eta
                    * X.T
                    @ (
                        (_pass(W1, b1, W2, b2, X, T)[2] @ W2)
                        * _pass(W1, b1, W2, b2, X, T)[0]
                        * (1 - _pass(W1, b1, W2, b2, X, T)[0])
                    )
                )
            ),
            "The mean over the examples has lost its 1/N.": (
                lambda W1, b1, W2, b2, X, T, eta: (
                    W1 - len(X) * (W1 - _new_W1(W1, b1, W2, b2, X, T, eta))
                )
            ),
            "The step goes uphill: W1 minus eta times its gradient.": (
                lambda W1, b1, W2, b2, X, T, eta: 2 * W1 - _new_W1(W1, b1, W2, b2, X, T, eta)
            ),
        },
    ),
    "5.5": Exercise(
        reference=_input_gradient,
        cases=[_two_layers()[:6] for _ in range(3)],
        names=("W1", "b1", "W2", "b2", "X", "T"),
        mistakes={
            "That is delta1 itself. One more step back leads through W1 to the input.": (
                lambda W1, b1, W2, b2, X, T: _pass(W1, b1, W2, b2, X, T)[3]
            ),
            "W1 is not transposed: the shapes fit only because W1 is square here.": (
                lambda W1, b1, W2, b2, X, T: _pass(W1, b1, W2, b2, X, T)[3] @ W1
            ),
            "The mean over the examples has lost its 1/N.": (
                lambda W1, b1, W2, b2, X, T: len(X) * _input_gradient(W1, b1, W2, b2, X, T)
            ),
            "The input has no activation: there is no factor X(1 − X).": (
                lambda W1, b1, W2, b2, X, T: _input_gradient(W1, b1, W2, b2, X, T) * X * (1 - X)
            ),
        },
    ),
    "5.6": Exercise(
        reference=lambda W, X, T: _tied(X, T, W),
        cases=[
            (_rng.normal(size=(3, 3)), _rng.normal(size=(4, 3)), _rng.uniform(0, 1, (4, 3)))
            for _ in range(3)
        ],
        names=("W", "X", "T"),
        mistakes={
            "Only the use in the first layer is counted. W is used twice, and both uses add.": (
                lambda W, X, T: _tied(X, T, W, ("first",))
            ),
            "Only the use in the second layer is counted. W is used twice, and both uses add.": (
                lambda W, X, T: _tied(X, T, W, ("second",))
            ),
            "The mean over the examples has lost its 1/N.": (
                lambda W, X, T: len(X) * _tied(X, T, W)
            ),
            "The two uses are averaged. Slopes along different paths add.": (
                lambda W, X, T: _tied(X, T, W) / 2
            ),
        },
    ),
    "5.7": Exercise(
        reference=_cost,
        cases=[((2, 4, 2),), ((784, 100, 10),), ((64, 32, 16, 8, 10),), ((5, 3),)],
        names=("sizes",),
        mistakes={
            "The first layer sends nothing back: nobody asks for the delta of the input.": (
                lambda sizes: _cost(sizes, skip_first=False)
            ),
            "That is forward over backward.": lambda sizes: 1 / _cost(sizes),
            "Backward does two products for a layer: one for dW, one for the delta before it.": (
                lambda sizes: 1.0
            ),
        },
    ),
}
