"""Exercises of chapter 02: many outputs, their factors, batches and shapes."""

import numpy as np

from ..activations import sigmoid
from . import Exercise

_rng = np.random.default_rng(202)


def _batch(N, n, m):
    """X, W, b, T of a layer."""
    shapes = (N, n), (n, m), (m,), (N, m)
    return tuple(_rng.normal(size=shape) for shape in shapes)


def _tanh_layer(delta, bias=lambda delta: delta.sum(axis=0)):
    """dW above db of a tanh layer; delta(A, T, N) and bias(delta) stand for what can go wrong."""

    def gradient(X, W, b, T):
        d = delta(np.tanh(X @ W + b), T, len(X))
        return np.vstack([X.T @ d, bias(d)])

    return gradient


def _line(error_times_x, error):
    """Both slopes of a line's mean squared error, from two functions of (error (N,), x, o, t)."""

    def slopes(w, b, x, t):
        o = w * x + b
        return 2 * np.array([error_times_x(o, x, t), error(o, x, t)])

    return slopes


def _shared(reduce, slope=lambda o: o * (1 - o)):
    """∂L/∂w of neurons that share w: x times what `reduce` makes of their deltas."""

    def gradient(x, w, b, t):
        o = sigmoid(x @ w + b)
        return x * reduce((o - t) * slope(o))

    return gradient


def _share(pull_back, slope=lambda o: o * (1 - o)):
    """The deltas of outputs divided by their sum S; pull_back(error, p) / S stands for ∂L/∂o."""

    def delta(z, t):
        o = sigmoid(z)
        p = o / o.sum()
        return pull_back(p - t, p) / o.sum() * slope(o)

    return delta


def _error(o, x, t):
    return (o - t).mean()


EXERCISES = {
    "2.1": Exercise(
        reference=2 / 640,
        digits=3,
        mistakes={
            "The mean runs over the 10 outputs too: a factor 1/10 is missing.": 2 / 64,
            "The mean runs over the 64 examples too: a factor 1/64 is missing.": 2 / 10,
            "The 2 of the power rule is missing: this loss has no ½ to cancel it.": 1 / 640,
            "That belongs to the half squared error: 1/N.": 1 / 64,
            "Both means are missing: 1/10 for the outputs and 1/64 for the examples.": 2.0,
        },
    ),
    "2.2": Exercise(
        reference=lambda eta, m: eta * m / 2,
        cases=[(0.1, 3), (0.5, 10), (0.25, 1), (1.0, 2)],
        names=("eta", "m"),
        mistakes={
            "Turned over: the slope became smaller by 2/m, so the rate must become larger.": (
                lambda eta, m: eta * 2 / m
            ),
            "The 2 is missing: the mean has no ½, so its slope has a 2 besides the 1/m.": (
                lambda eta, m: eta * m
            ),
            "That is the rate for `squared_error`, the sum without the mean.": (
                lambda eta, m: eta / 2
            ),
        },
    ),
    "2.3": Exercise(
        reference=lambda X, delta: delta.T @ X,
        cases=[(_rng.normal(size=(3, 3)), _rng.normal(size=(3, 3))) for _ in range(4)],
        names=("X", "delta"),
        mistakes={
            "That is (n_in, n_out), this book's layout. PyTorch's is its transpose.": (
                lambda X, delta: X.T @ delta
            ),
            "`delta @ X` adds up over the outputs. The sum runs over the examples.": (
                lambda X, delta: delta @ X
            ),
            "`X @ delta` adds up over the inputs. The sum runs over the examples.": (
                lambda X, delta: X @ delta
            ),
            "`delta @ X.T` multiplies rows by rows: its entries belong to pairs of examples.": (
                lambda X, delta: delta @ X.T
            ),
            "`X @ delta.T` multiplies rows by rows: its entries belong to pairs of examples.": (
                lambda X, delta: X @ delta.T
            ),
        },
    ),
    "2.4": Exercise(
        reference=_tanh_layer(lambda A, T, N: (A - T) * (1 - A**2) / N),
        cases=[_batch(5, 3, 2), _batch(2, 4, 3), _batch(7, 2, 4)],
        names=("X", "W", "b", "T"),
        mistakes={
            "The factor 1/N is missing: the loss is the mean over the examples.": _tanh_layer(
                lambda A, T, N: (A - T) * (1 - A**2)
            ),
            "The factor 1 − a² is missing: the derivative of tanh was dropped.": _tanh_layer(
                lambda A, T, N: (A - T) / N
            ),
            "db was averaged although delta holds the 1/N already: sum its rows.": _tanh_layer(
                lambda A, T, N: (A - T) * (1 - A**2) / N, lambda delta: delta.mean(axis=0)
            ),
            "A factor 2 too many: the ½ of the loss cancels it.": _tanh_layer(
                lambda A, T, N: 2 * (A - T) * (1 - A**2) / N
            ),
            "Divided by the number of outputs too: the loss sums over them.": _tanh_layer(
                lambda A, T, N: (A - T) * (1 - A**2) / A.size
            ),
            "db stands above dW: its row was asked for below.": lambda X, W, b, T: np.roll(
                _tanh_layer(lambda A, T, N: (A - T) * (1 - A**2) / N)(X, W, b, T), 1, axis=0
            ),
            "The sign is turned: the slope of ½(a − t)² is a − t, not t − a.": _tanh_layer(
                lambda A, T, N: (T - A) * (1 - A**2) / N
            ),
        },
    ),
    "2.5": Exercise(
        reference=_line(lambda o, x, t: ((o - t) * x).mean(), _error),
        cases=[
            (float(_rng.normal()), float(_rng.normal()), _rng.normal(size=N), _rng.normal(size=N))
            for N in (3, 5, 4)
        ],
        names=("w", "b", "x", "t"),
        mistakes={
            "`error` is still (N, N): each output is compared with every target.": _line(
                lambda o, x, t: (o * x).mean() - t.mean() * x.mean(), _error
            ),
            "Now the errors, (N, 1), spread over the inputs, (N,): every error meets every x.": (
                _line(lambda o, x, t: (o - t).mean() * x.mean(), _error)
            ),
            "The 2 of the power rule is missing.": _line(
                lambda o, x, t: ((o - t) * x).mean() / 2, lambda o, x, t: (o - t).mean() / 2
            ),
            "That is the sum over the examples. The loss is their mean.": _line(
                lambda o, x, t: ((o - t) * x).sum(), lambda o, x, t: (o - t).sum()
            ),
        },
    ),
    "2.6": Exercise(
        reference=_shared(np.sum),
        cases=[
            (_rng.normal(size=n), _rng.normal(size=n), _rng.normal(size=m), _rng.uniform(size=m))
            for n, m in ((3, 2), (2, 4), (4, 3))
        ],
        names=("x", "w", "b", "t"),
        mistakes={
            "One output's term only. The weight reaches every neuron, so all terms stay.": _shared(
                lambda delta: delta[0]
            ),
            "Only the last output's term is left: was `=` written for `+=`?": _shared(
                lambda delta: delta[-1]
            ),
            "The slopes were averaged over the outputs. Slopes along several roads add.": _shared(
                np.mean
            ),
            "The factor o(1 − o) is missing: the sum of the errors is not that of the deltas.": (
                _shared(np.sum, lambda o: 1.0)
            ),
        },
    ),
    "2.7": Exercise(
        reference=_share(lambda error, p: error - error @ p),
        cases=[(_rng.normal(size=m), _rng.dirichlet(np.ones(m))) for m in (2, 3, 5)],
        names=("z", "t"),
        mistakes={
            "The neighbors are missing: every share has z_k in its denominator.": _share(
                lambda error, p: error
            ),
            "Only k's own share was differentiated. The others fall when o_k rises.": _share(
                lambda error, p: error * (1 - p)
            ),
            "The factor 1/S is missing: the quotient rule divides by the sum of the outputs.": (
                lambda z, t: _share(lambda error, p: error - error @ p)(z, t) * sigmoid(z).sum()
            ),
            "The sign of the neighbors' part is turned: a larger o_k makes their shares smaller.": (
                _share(lambda error, p: error + error @ p)
            ),
            "The factor o(1 − o) is missing: that is ∂L/∂o_k, not ∂L/∂z_k.": _share(
                lambda error, p: error - error @ p, lambda o: 1.0
            ),
        },
    ),
}
