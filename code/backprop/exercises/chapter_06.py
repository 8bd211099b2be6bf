"""Exercises of chapter 06: an engine for derivatives."""

import math

import numpy as np

from ..activations import sigmoid
from ..autodiff import unbroadcast
from . import Exercise

_rng = np.random.default_rng(606)


def _softplus(slope):
    return lambda x: (math.log1p(math.exp(x)), slope(x))


def _line(rule):
    """Fit o = w x to a pair; rule(past) makes of all gradients so far the one that is used."""

    def fit(w, x, t, eta, steps):
        past = []
        for _ in range(steps):
            past.append(2 * (w * x - t) * x)
            w = w - eta * rule(past)
        return w

    return fit


def _tables():
    """Tables of slopes of 4 to 6 nodes: entries below the diagonal, each node used, twice where
    there is room."""
    for n in (4, 5, 6):
        S = np.tril(_rng.normal(size=(n, n)), -1)
        S[2:, 0] = np.where(_rng.random(n - 2) < 0.5, S[2:, 0], 0.0)
        S[-1, 1] = _rng.normal()
        yield (S,)


def _walk_back(S, nodes=None, overwrite=False):
    grad = np.zeros(len(S))
    grad[-1] = 1.0
    for v in reversed(range(len(S))) if nodes is None else nodes(len(S)):
        for u in np.flatnonzero(S[v]):
            grad[u] = S[v, u] * grad[v] + (0.0 if overwrite else grad[u])
    return grad


def _paths_from_the_first(S):
    """How fast every node follows node 0: the same table, walked forward."""
    dot = np.zeros(len(S))
    dot[0] = 1.0
    for v in range(1, len(S)):
        dot[v] = S[v] @ dot
    return dot


def _averaged(g, shape):
    total = unbroadcast(g, shape)
    return total * (total.size / g.size)


def _first_copy(g, shape):
    padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
    index = tuple(slice(0, 1) if n == 1 else slice(None) for n in padded)
    return g[index].reshape(shape)


def _pull_rows(G, index, rows):
    full = np.zeros((rows, G.shape[1]))
    np.add.at(full, index, G)
    return full


def _pull_rows_once(G, index, rows):
    full = np.zeros((rows, G.shape[1]))
    full[index] += G
    return full


def _pull_rows_averaged(G, index, rows):
    counts = np.maximum(np.bincount(index, minlength=rows), 1)
    return _pull_rows(G, index, rows) / counts[:, None]


def _speed(product=1.0, square=2.0, exponential=True, sign=-1.0, power=2):
    """The speed of (xy + e^x) / (x² + y), with factors that mistakes put in."""

    def speed(x, y, p, q):
        top, bottom = x * y + np.exp(x), x * x + y
        top_dot = p * y + product * x * q + np.exp(x) * (p if exponential else 1.0)
        bottom_dot = square * x * p + q
        return top_dot / bottom + sign * top * bottom_dot / bottom**power

    return speed


def _gradients_only(x, y, p, q):
    return _speed()(x, y, 1.0, 0.0) + _speed()(x, y, 0.0, 1.0)


EXERCISES = {
    "6.1": Exercise(
        reference=np.array([-1.0, 0.0]),
        mistakes={
            "u was sent on too early, before v had answered: it has two users, the division and "
            "the minus.": (1.0, 0.8),
            "u has only what v sent. The division uses u directly as well.": (-2.0, -0.4),
            "At y only the part through u was counted, y is used by the minus as well.": (
                -1.0,
                -0.4,
            ),
            "The minus turns the slope for y: v = u − y has the slope −1 there.": (-1.0, -0.8),
            "The division turns the slope for its divisor: −u/v², not u/v².": (3.0, 0.8),
        },
    ),
    "6.2": Exercise(
        reference=_softplus(lambda x: float(sigmoid(x))),
        cases=[(x,) for x in (-3.0, -0.5, 0.0, 1.2, 4.0)],
        names=("x",),
        mistakes={
            "The slope lacks the inner derivative: ln gives 1/(1 + e^x), then e^x belongs to "
            "it.": _softplus(lambda x: 1 / (1 + math.exp(x))),
            "That slope is e^x alone. The logarithm gives a factor 1/(1 + e^x).": _softplus(
                math.exp
            ),
            "That is the slope of the sigmoid. The sigmoid is the slope of softplus.": _softplus(
                lambda x: float(sigmoid.derivative(x))
            ),
            "That is the slope of ReLU, which softplus only approaches.": _softplus(
                lambda x: float(x > 0)
            ),
        },
    ),
    "6.3": Exercise(
        reference=_line(lambda past: past[-1]),
        cases=[(0.5, 1.5, 2.0, 0.05, 7), (-1.0, 2.0, 1.0, 0.03, 5), (2.0, -1.0, 3.0, 0.1, 9)],
        names=("w", "x", "t", "eta", "steps"),
        mistakes={
            "The gradients of all rounds are still added up: w is a leaf and has to be "
            "cleared.": _line(sum),
            "Nothing moves: the gradient is cleared between backward and the step.": _line(
                lambda past: 0.0
            ),
            "Every step uses the gradient of the first round.": _line(lambda past: past[0]),
        },
    ),
    "6.4": Exercise(
        reference=_walk_back,
        cases=list(_tables()),
        names=("S",),
        mistakes={
            "The last report overwrites the others: += is needed.": (
                lambda S: _walk_back(S, overwrite=True)
            ),
            "Walked from the first node to the last: only the edges of the last node were heard. "
            "Users come before operands.": lambda S: _walk_back(S, nodes=range),
            "Those are the last node's own edges. Its operands have edges as well.": (
                lambda S: S[-1]
            ),
            "That is how every node follows the first. Asked is how the last follows each: walk "
            "back.": _paths_from_the_first,
        },
    ),
    "6.5": Exercise(
        reference=unbroadcast,
        cases=[
            (_rng.normal(size=(3, 2)), (2,)),
            (_rng.normal(size=(3, 2)), (3, 1)),
            (_rng.normal(size=(3, 2)), (1, 1)),
            (_rng.normal(size=(3, 2)), (3, 2)),
            (_rng.normal(size=(4, 2, 3)), (2, 1)),
            (_rng.normal(size=(4, 1, 3)), (1, 3)),
            (_rng.normal(size=(4, 2, 3)), (4, 1, 1)),
        ],
        names=("g", "shape"),
        mistakes={
            "That is the mean of the copies' slopes. Each copy is the whole operand: sum.": (
                _averaged
            ),
            "Only the first copy was heard. The others answer too.": _first_copy,
        },
    ),
    "6.6": Exercise(
        reference=_pull_rows,
        cases=[
            (_rng.normal(size=(4, 2)), np.array([0, 2, 2, 1]), 3),
            (_rng.normal(size=(5, 3)), np.array([1, 1, 1, 4, 0]), 6),
            (_rng.normal(size=(3, 1)), np.array([3, 0, 3]), 4),
        ],
        names=("G", "index", "rows"),
        mistakes={
            "Of a row that was looked up twice only the last report is left: full[index] += G "
            "adds once for each row. np.add.at adds every time.": _pull_rows_once,
            "The reports of a row were averaged. Slopes add.": _pull_rows_averaged,
        },
    ),
    "6.7": Exercise(
        reference=_speed(),
        cases=[(*_rng.uniform(0.3, 2.0, 2), *_rng.normal(size=2)) for _ in range(4)],
        names=("x", "y", "p", "q"),
        mistakes={
            "The product moves with both its factors: the part x·q is missing.": _speed(
                product=0.0
            ),
            "The exponential was not multiplied by the speed of x.": _speed(exponential=False),
            "The quotient's second part has a minus: a larger divisor makes less.": _speed(
                sign=1.0
            ),
            "The divisor moves too: the quotient has a second part.": _speed(sign=0.0),
            "The square's 2 is missing.": _speed(square=1.0),
            "The quotient's second part is divided by the square of the divisor.": _speed(power=1),
            "Those are the two slopes added up, without the speeds p and q.": _gradients_only,
        },
    ),
    "6.8": Exercise(
        reference=math.sqrt,
        cases=[(100.0,), (10_000.0,), (7.0,)],
        names=("n",),
        mistakes={
            "2√n is the memory that is needed, not the length of a stretch.": (
                lambda n: 2 * math.sqrt(n)
            ),
            "With half of the chain in one stretch the stretch itself is too large.": (
                lambda n: n / 2
            ),
            "A stretch of one layer keeps everything: the memory is n.": lambda n: 1.0,
            "A stretch as long as the chain holds everything once more: the memory is n.": (
                lambda n: n
            ),
        },
    ),
}
