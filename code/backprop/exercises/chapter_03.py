"""Exercises of chapter 03: softmax and cross-entropy."""

import numpy as np

from ..activations import sigmoid, softmax
from . import Exercise

_rng = np.random.default_rng(303)
_neurons = [
    (_rng.normal(size=3), _rng.normal(size=3), float(_rng.normal()), float(_rng.uniform(0, 1)))
    for _ in range(5)
]
_batches = [
    (_rng.normal(size=(n, 2)), _rng.normal(size=(2, m)), np.eye(m)[_rng.integers(m, size=n)])
    for n, m in ((4, 3), (5, 4), (3, 2))
]
_scores = [
    (_rng.normal(size=(4, 3)),),
    (np.array([[1000.0, 1001.0, 1002.0], [-3000.0, -2999.0, -3001.0]]),),
    (np.array([[5.0, 0.0], [-800.0, -801.0], [2.0, 2.5]]),),
]


def _rows(largest, total):
    """A softmax of a batch with its own ideas of what to take off and what to divide by."""

    def rows_softmax(Z):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            e = np.exp(Z - largest(Z))
            return e / total(e)

    return rows_softmax


def _row_max(Z):
    return Z.max(axis=1, keepdims=True)


def _row_sum(e):
    return e.sum(axis=1, keepdims=True)


def _neuron(delta):
    """∂L/∂w of one sigmoid neuron, where delta(o, t) stands for its ∂L/∂z."""
    return lambda x, w, b, t: delta(sigmoid(x @ w + b), t) * x


def _layer(delta):
    """∂L/∂W of a layer, where delta(Z, T) stands for its ∂L/∂Z."""
    return lambda X, W, T: X.T @ delta(X @ W, T)


def _twice(Z, T):
    """The ∂L/∂Z of cross-entropy after two softmaxes, the inner Jacobian included."""
    P = softmax(Z)
    delta = (softmax(P) - T) / len(T)
    return P * (delta - (P * delta).sum(axis=1, keepdims=True))


def _slope_kept(Z, T):
    A = softmax(Z)
    return (A - T) * A * (1 - A) / len(T)


def _mean(v, z):
    return softmax(z) @ v


EXERCISES = {
    "3.1": Exercise(
        reference=0.007,
        digits=3,
        mistakes={
            "That is the slope ∂L/∂z₁ itself. The change is the slope times 0.01.": 0.7,
            "The sign is turned: a wrong class that gains makes the loss larger.": -0.007,
            "The factor a₁(1 − a₁) is in there: the logarithm has cancelled it already.": (
                0.01 * 0.7 * 0.7 * 0.3
            ),
            "That is a₁(1 − a₁) times 0.01: how the first probability changes, not the loss.": (
                0.01 * 0.7 * 0.3
            ),
            "That belongs to the second score, the one of the right class: 0.2 − 1.": -0.008,
        },
    ),
    "3.2": Exercise(
        reference=_rows(_row_max, _row_sum),
        cases=_scores,
        names=("Z",),
        mistakes={
            "Nothing is taken off the scores: exp(1000) is infinite, and ∞/∞ is nan.": _rows(
                lambda Z: 0.0, _row_sum
            ),
            "The largest score of the whole table is taken off. A row far below it underflows "
            "to zeros, and 0/0 is nan: each row needs its own maximum.": _rows(np.max, _row_sum),
            "Maximum and sum run down the columns, along axis 0: the rows do not add up to 1.": (
                _rows(lambda Z: Z.max(axis=0), lambda e: e.sum(axis=0))
            ),
            "The sum runs down the columns, along axis 0; the maximum is right.": _rows(
                _row_max, lambda e: e.sum(axis=0)
            ),
            "The sum is that of the whole table: all rows together add up to 1.": _rows(
                _row_max, np.sum
            ),
        },
    ),
    "3.3": Exercise(
        reference=_neuron(lambda o, t: o - t),
        cases=_neurons,
        names=("x", "w", "b", "t"),
        mistakes={
            "The factor o(1 − o) is still there: the slope of this loss has cancelled it.": (
                _neuron(lambda o, t: (o - t) * o * (1 - o))
            ),
            "That is ∂L/∂o times the input. The sigmoid's slope o(1 − o) comes between.": _neuron(
                lambda o, t: (o - t) / (o * (1 - o))
            ),
            "The sign is turned: o − t, not t − o.": _neuron(lambda o, t: t - o),
            "That is δ, one number. The slope of the weight w_j is δ times its input x_j.": (
                lambda x, w, b, t: sigmoid(x @ w + b) - t
            ),
        },
    ),
    "3.4": Exercise(
        reference=lambda z, t, tau: (softmax(z / tau) - t) / tau,
        cases=[(_rng.normal(size=3), np.eye(3)[k], tau) for k, tau in enumerate((0.5, 2.0, 5.0))],
        names=("z", "t", "tau"),
        mistakes={
            "That is the slope in u = z/τ. The factor 1/τ from u to z is missing.": (
                lambda z, t, tau: softmax(z / tau) - t
            ),
            "Multiplied by τ: the derivative of z/τ is 1/τ.": (
                lambda z, t, tau: tau * (softmax(z / tau) - t)
            ),
            "The probabilities are those without temperature: the softmax is of z/τ.": (
                lambda z, t, tau: (softmax(z) - t) / tau
            ),
            "The temperature is nowhere in it: that is a − t of the scores as they are.": (
                lambda z, t, tau: softmax(z) - t
            ),
            "The sign is turned: a − t, not t − a.": (
                lambda z, t, tau: (t - softmax(z / tau)) / tau
            ),
        },
    ),
    "3.5": Exercise(
        reference=lambda epsilon, m: np.log(1 + m * (1 - epsilon) / epsilon),
        cases=[(0.1, 10), (0.1, 3), (0.2, 5), (0.01, 4)],
        names=("epsilon", "m"),
        mistakes={
            "The right class has 1 − ε + ε/m: it gets its share of ε like the others.": (
                lambda epsilon, m: np.log(m * (1 - epsilon) / epsilon)
            ),
            "Here ε is shared among the m − 1 wrong classes. It was shared among all m.": (
                lambda epsilon, m: np.log((m - 1) * (1 - epsilon) / epsilon)
            ),
            "A wrong class has ε/m, not ε.": lambda epsilon, m: np.log((1 - epsilon) / epsilon),
            "That is the difference of the probabilities. Scores differ by the logarithm of "
            "their ratio.": lambda epsilon, m: 1 - epsilon,
            "That is the ratio of the probabilities. The lead is its logarithm.": (
                lambda epsilon, m: 1 + m * (1 - epsilon) / epsilon
            ),
            "The sign is turned: that is the lead of a wrong class.": (
                lambda epsilon, m: -np.log(1 + m * (1 - epsilon) / epsilon)
            ),
        },
    ),
    "3.6": Exercise(
        reference=_layer(lambda Z, T: (softmax(Z) - T) / len(T)),
        cases=_batches,
        names=("X", "W", "T"),
        mistakes={
            "The softmax is still applied twice.": _layer(
                lambda Z, T: (softmax(softmax(Z)) - T) / len(T)
            ),
            "That is the gradient of the loss with two softmaxes, rightly derived. One of them "
            "has to go.": _layer(_twice),
            "The factor a(1 − a) is in there: the logarithm has cancelled it already.": _layer(
                _slope_kept
            ),
            "The factor 1/N of the mean is missing now.": _layer(lambda Z, T: softmax(Z) - T),
            "Now there is no softmax at all: scores minus targets.": _layer(
                lambda Z, T: (Z - T) / len(T)
            ),
            "The sign is turned: A − T, not T − A.": _layer(lambda Z, T: (T - softmax(Z)) / len(T)),
        },
    ),
    "3.7": Exercise(
        reference=lambda z, v: _mean(v**2, z) - _mean(v, z) ** 2,
        cases=[(_rng.normal(size=m), _rng.normal(size=m)) for m in (3, 4, 5)],
        names=("z", "v"),
        mistakes={
            "The square of Σ a v is missing: raising all scores alike must not bend the loss.": (
                lambda z, v: _mean(v**2, z)
            ),
            "Only the diagonal of the Jacobian is in it. The other entries, −a_j a_k, count too.": (
                lambda z, v: (softmax(z) * (1 - softmax(z))) @ v**2
            ),
            "Σ a v has to be squared before it is taken off.": (
                lambda z, v: _mean(v**2, z) - _mean(v, z)
            ),
            "The sign is turned: a variance is not negative.": (
                lambda z, v: _mean(v, z) ** 2 - _mean(v**2, z)
            ),
        },
    ),
}
