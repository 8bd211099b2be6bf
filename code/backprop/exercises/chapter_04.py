"""Exercises of chapter 04: formulas as graphs."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(404)
_pairs = [tuple(map(float, _rng.uniform(0.5, 3, size=2))) for _ in range(4)]
_points = [(_rng.normal(size=n), _rng.normal(size=n)) for n in (2, 3, 5)]


def _three_layers():
    """Arguments (W1, b1, W2, b2, W3, b3). Square, so that what is in the wrong order fits."""
    W, b = _rng.normal(size=(3, 3, 3)), _rng.normal(size=(3, 3))
    return W[0], b[0], W[1], b[1], W[2], b[2]


def _collapsed(W1, b1, W2, b2, W3, b3):
    return np.vstack([W1 @ W2 @ W3, (b1 @ W2 + b2) @ W3 + b3])


def _distance(x, y):
    return np.sqrt(((x - y) ** 2).sum())


def _polynomial(degree):
    """Arguments (x, t, w): 6 examples and the weights of a polynomial of that degree."""
    return _rng.normal(size=6), _rng.normal(size=6), _rng.normal(size=degree + 1)


def _dz(x, t, w):
    return 2 * (np.vander(x, len(w), increasing=True) @ w - t) / len(x)


def _polynomial_gradient(x, t, w):
    return np.vander(x, len(w), increasing=True).T @ _dz(x, t, w)


def _falling_powers(x, t, w):
    P = np.vander(x, len(w))
    return P.T @ (2 * (P @ w - t) / len(x))


def _powers_differentiated(x, t, w):
    """Σ dz k x^(k−1): the derivative along x, as though x were learned."""
    dz = _dz(x, t, w)
    return np.array([(dz * k * x ** max(k - 1, 0)).sum() for k in range(len(w))])


EXERCISES = {
    "4.1": Exercise(
        reference=np.array([5.0, 12.0]),
        mistakes={
            "The maximum routes its whole slope to y, the larger; nothing of it reaches x.": (
                np.array([10.0, 12.0])
            ),
            "The maximum routes its slope to the larger input. That is y here, not x.": (
                np.array([10.0, 7.0])
            ),
            "The products are not swapped: the slope to a factor is the value of the other.": (
                np.array([2.0, 15.0])
            ),
            "Only the paths through u are counted; the slopes of all paths add.": (
                np.array([5.0, 2.0])
            ),
            "Only the paths through n are counted; the slopes of all paths add.": (
                np.array([0.0, 10.0])
            ),
            "The path from y through the maximum is missing: three arrows leave y.": (
                np.array([5.0, 7.0])
            ),
        },
    ),
    "4.2": Exercise(
        reference=lambda a, b, dv: (dv / b, -dv * a / b**2),
        cases=[(*pair, float(_rng.normal())) for pair in _pairs],
        names=("a", "b", "dv"),
        mistakes={
            "The sign of db is turned: a larger divisor makes the quotient smaller.": (
                lambda a, b, dv: (dv / b, dv * a / b**2)
            ),
            "The square is missing in db: the derivative of 1/b is −1/b².": (
                lambda a, b, dv: (dv / b, -dv * a / b)
            ),
            "These are the local derivatives. Each has to be multiplied by dv, which arrives.": (
                lambda a, b, dv: (1 / b, -a / b**2)
            ),
            "The factor a is missing in db: v = a · (1/b) is a product, and 1/b gets a.": (
                lambda a, b, dv: (dv / b, -dv / b**2)
            ),
            "That is the backward pass of a product.": lambda a, b, dv: (dv * b, dv * a),
        },
    ),
    "4.3": Exercise(
        reference=lambda x, y: (x - y) / _distance(x, y),
        cases=_points,
        names=("x", "y"),
        mistakes={
            "The sign is turned: that is the slope with respect to y.": (
                lambda x, y: (y - x) / _distance(x, y)
            ),
            "The 2 of the square is missing: de = dq · 2e.": (
                lambda x, y: (x - y) / (2 * _distance(x, y))
            ),
            "The ½ of the root is missing: dq = 1 / (2 d).": (
                lambda x, y: 2 * (x - y) / _distance(x, y)
            ),
            "The root is missing: that is the slope of the squared distance.": (
                lambda x, y: 2 * (x - y)
            ),
            "The root's slope is taken at d instead of q: dq = 1 / (2 d), where d = √q.": (
                lambda x, y: (x - y) / np.sqrt(_distance(x, y))
            ),
        },
    ),
    "4.4": Exercise(
        reference=lambda x, y: (2 * x * y**2 + 2 * x * y, 2 * x**2 * y + x**2),
        cases=_pairs,
        names=("x", "y"),
        mistakes={
            "Both mistakes are still there.": lambda x, y: (x * y, (x * y + x) * x),
            "dx is overwritten still: with = the line for v erases what came through u, "
            "or the other way round.": lambda x, y: (x * y, 2 * x**2 * y + x**2),
            "u sends back too early still: the lines for u must come after du += dv.": (
                lambda x, y: ((x * y + x) * y + x * y, (x * y + x) * x)
            ),
            "What u had received from f is sent twice: once alone, once in the sum.": (
                lambda x, y: (
                    (3 * x * y + 2 * x) * y + x * y,
                    (3 * x * y + 2 * x) * x,
                )
            ),
            "The path from x to v by the sum is missing: x is used by v itself as well.": (
                lambda x, y: ((2 * x * y + x) * y, 2 * x**2 * y + x**2)
            ),
        },
    ),
    "4.5": Exercise(
        reference=_collapsed,
        cases=[_three_layers() for _ in range(3)],
        names=("W1", "b1", "W2", "b2", "W3", "b3"),
        mistakes={
            "The biases are added as they are. Each must go through the layers behind it.": (
                lambda W1, b1, W2, b2, W3, b3: np.vstack([W1 @ W2 @ W3, b1 + b2 + b3])
            ),
            "The matrices stand in the wrong order: an input meets W1 first, X W1 W2 W3.": (
                lambda W1, b1, W2, b2, W3, b3: np.vstack([W3 @ W2 @ W1, (b1 @ W2 + b2) @ W3 + b3])
            ),
            "Only the last bias is left. b1 and b2 reach the output through the later layers.": (
                lambda W1, b1, W2, b2, W3, b3: np.vstack([W1 @ W2 @ W3, b3])
            ),
            "b1 goes through W1 as well. It is added after W1, so only W2 and W3 follow.": (
                lambda W1, b1, W2, b2, W3, b3: np.vstack(
                    [W1 @ W2 @ W3, ((b1 @ W1) @ W2 + b2 @ W2) @ W3 + b3 @ W3]
                )
            ),
            "b2 is left out of W3: it was added before the third layer.": (
                lambda W1, b1, W2, b2, W3, b3: np.vstack([W1 @ W2 @ W3, b1 @ W2 @ W3 + b2 + b3])
            ),
        },
    ),
    "4.6": Exercise(
        reference=lambda a: np.exp(a) / np.exp(a).sum(),
        cases=[(_rng.normal(size=n),) for n in (2, 3, 5)],
        names=("a",),
        mistakes={
            "The slope of the logarithm, 1/s, is missing.": lambda a: np.exp(a),
            "The exponential's own slope is missing: it multiplies by its value v.": (
                lambda a: np.full(a.shape, 1 / np.exp(a).sum())
            ),
            "That is the maximum itself, which routes. This function shares.": (
                lambda a: (a == a.max()).astype(float)
            ),
            "The slope of the logarithm is taken at f: ds = 1/s, not 1/ln s.": (
                lambda a: np.exp(a) / np.log(np.exp(a).sum())
            ),
        },
    ),
    "4.7": Exercise(
        reference=_polynomial_gradient,
        cases=[_polynomial(degree) for degree in (1, 2, 3, 5)],
        names=("x", "t", "w"),
        mistakes={
            "The factor 1/N of the mean is missing.": (
                lambda x, t, w: len(x) * _polynomial_gradient(x, t, w)
            ),
            "The 2 of the square is missing.": lambda x, t, w: _polynomial_gradient(x, t, w) / 2,
            "The powers run the wrong way: w[0] belongs to x to the power 0.": _falling_powers,
            "The powers were differentiated. x is not learned: the slope along w_k is x^k.": (
                _powers_differentiated
            ),
            "The sign is turned: z − t, not t − z.": (
                lambda x, t, w: -_polynomial_gradient(x, t, w)
            ),
        },
    ),
}
