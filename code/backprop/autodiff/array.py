r"""`Array`: the same idea for NumPy arrays. Derived in chapter 06.

The slope on an edge of a `Value` is a number. Between arrays it would be a table with a row for
every entry of the result and a column for every entry of the operand. Nobody writes it down: an
edge holds a function instead, the *pullback*, that turns ∂L/∂result into ∂L/∂operand. In every
operation the forward line and its pullbacks stand next to each other.
"""

import math
from numbers import Real

import numpy as np

from .._validate import real_array, same_shape
from ._order import count_users

__all__ = ["Array", "affine", "half_squared_error", "unbroadcast"]

_sum = np.add.reduce  # ndarray.sum without its Python wrapper: small arrays cost little else
_ONE = np.float64(1.0)
_FLOAT64 = np.dtype(np.float64)


class Array:
    r"""A node that holds an array: `data`, float64; `edges`, (operand, pullback) pairs; `grad`.

    Array([[1.0, 2.0]]) is a leaf; it copies its numbers, so that `W.data -= eta * W.grad` changes
    nothing else. grad: None until a `backward` arrives, then an array of the shape of data.
    Operations, with Arrays, ndarrays and numbers on either side: + − * / ** with broadcasting, @ of
    one or two axes, and the methods below. What is not an Array is a constant: no edge leads to it.
    op: the name of the operation that made the node, "" for a leaf.

    `.data` is plain NumPy, recorded nowhere. Change it after `backward` and before the next forward
    pass, not in between: pullbacks read the numbers of the forward pass when they run.

    Raises TypeError for what is not made of real numbers; ValueError for NaN and infinity in a
    leaf, for shapes that do not fit, and where a function is not defined (the entry is named);
    ZeroDivisionError for a divisor 0; OverflowError where exp or a power is too large.
    """

    __slots__ = ("data", "edges", "grad", "op")
    __array_ufunc__ = None  # ndarray + array: NumPy leaves it to Array.__radd__

    def __init__(self, data, op="", edges=()):
        self.data = data if edges else real_array("data", data).copy()
        self.op = op
        self.edges = edges
        self.grad = None

    @property
    def shape(self):
        """The shape of data."""
        return self.data.shape

    @property
    def T(self):
        r"""The transpose; back comes the transpose of what arrives."""
        return Array(self.data.T, "T", ((self, lambda g: g.T),))

    def __neg__(self):
        return Array(-self.data, "neg", ((self, lambda g: -g),))

    def exp(self):
        r"""e^x; pullback g e^x. Raises OverflowError where it is too large for a float."""
        with np.errstate(over="ignore"):
            e = np.exp(self.data)
        _require(np.isfinite(e), OverflowError, "exp: expected numbers below 709.78", self.data)
        return Array(e, "exp", ((self, lambda g: g * e),))

    def log(self):
        r"""The natural logarithm; pullback g / x."""
        x = self.data
        _require(x > 0, ValueError, "log: expected numbers above 0", x)
        return Array(np.log(x), "log", ((self, lambda g: g / x),))

    def sin(self):
        r"""sin x; pullback g cos x."""
        x = self.data
        return Array(np.sin(x), "sin", ((self, lambda g: g * np.cos(x)),))

    def cos(self):
        r"""cos x; pullback −g sin x."""
        x = self.data
        return Array(np.cos(x), "cos", ((self, lambda g: -g * np.sin(x)),))

    def tanh(self):
        r"""tanh x; pullback g (1 − tanh² x)."""
        a = np.tanh(self.data)
        return Array(a, "tanh", ((self, lambda g: (1.0 - a * a) * g),))

    def relu(self):
        r"""max(x, 0); pullback g where x > 0, otherwise 0."""
        x = self.data
        return Array(np.maximum(x, 0.0), "relu", ((self, lambda g: g * (x > 0)),))

    def sigmoid(self):
        r"""σ(x) = 1/(1 + e^−x); pullback g σ(1 − σ) (:eq:`sigmoid-slope`)."""
        e = -self.data
        with np.errstate(over="ignore"):  # 1/(1 + ∞) = 0 is what σ rounds to there
            e = np.exp(e)
        e += 1.0
        a = np.reciprocal(e)
        return Array(a, "sigmoid", ((self, lambda g: (a - a * a) * g),))

    def sum(self, axis=None, keepdims=False):
        r"""The sum over all axes, or over `axis` (a number or a tuple) (:eq:`pull-sum`)."""
        x = self.data
        spread = _spreader(x.shape, axis, keepdims)
        return Array(_sum(x, axis, None, None, keepdims), "sum", ((self, spread),))

    def mean(self, axis=None, keepdims=False):
        r"""The mean over all axes or over `axis`: a sum divided by the number of its terms."""
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def max(self, axis=None, keepdims=False):
        r"""The largest entry, of all or over `axis`; g goes to it (in equal parts where k tie)."""
        x = self.data
        largest = x.max(axis=axis, keepdims=True)
        share = x == largest
        share = share / share.sum(axis=axis, keepdims=True)
        spread = _spreader(x.shape, axis, keepdims)
        result = largest if keepdims else x.max(axis=axis)
        return Array(result, "max", ((self, lambda g: spread(g) * share),))

    def reshape(self, *shape):
        r"""The same entries in another shape; back comes g in the old one."""
        x = self.data
        return Array(x.reshape(*shape), "reshape", ((self, lambda g: g.reshape(x.shape)),))

    def __getitem__(self, index):
        r"""Entries, as NumPy selects them; g goes where they came from, added up on repeats."""
        x = self.data

        def pull(g):
            full = np.zeros_like(x)
            np.add.at(full, index, g)
            return full

        return Array(x[index], "[]", ((self, pull),))

    # The way back

    def backward(self, seed=None):
        """Find the gradient of self in every Array that it was made of, in that Array's shape.

        seed: what arrives at self, an array of its shape; 1 for a single number, and needed for
        anything else, since only one number at a time has a gradient (with a seed it is that of
        (seed * self).sum()). A leaf adds to its `grad`, a result's `grad` is replaced.
        Raises ValueError where the seed is missing or of another shape, and where a single number
        to start from is NaN or infinite.
        """
        seed = self._seed(seed)
        awaited, ready = count_users(self), [self]
        for node in awaited:
            if node.edges:
                node.grad = None
        self.grad = seed if self.grad is None else self.grad + seed
        for node in ready:  # as in `order`, with the pullbacks run on the way
            g = node.grad
            for parent, pull in node.edges:
                slope = pull(g)
                if parent.grad is not None:
                    slope = parent.grad + slope
                elif not parent.edges and (slope is g or slope.base is not None):
                    slope = slope.copy()  # a leaf gets no array that another node holds
                parent.grad = slope
                if awaited[parent] == 1:
                    ready.append(parent)
                else:
                    awaited[parent] -= 1

    def _seed(self, seed):
        x = self.data
        if seed is not None:
            seed = real_array("seed", seed).copy()
            same_shape("seed", seed, "self", x)
            return seed
        if x.size != 1:
            raise ValueError(
                f"backward: expected a single number to start from, came shape {x.shape}; "
                "sum it up, or give seed, an array of that shape"
            )
        if not math.isfinite(x.item()):
            raise ValueError(f"backward: expected a finite number to start from, came {x.item()}")
        return np.ones(x.shape) if x.shape else _ONE

    def zero_grad(self):
        """Set `grad` of this node back to None."""
        self.grad = None

    def __repr__(self):
        numbers = np.array2string(
            np.asarray(self.data), precision=4, separator=", ", prefix="Array("
        )
        made = f", op={self.op!r}" if self.op else ""
        return f"Array({numbers}{made})"


# Two operands: each may be an Array or a constant


def _add(a, b):
    x, y = _data("+", a), _data("+", b)
    return _result(
        "+",
        x + y,
        (a, lambda g: unbroadcast(g, x.shape)),
        (b, lambda g: unbroadcast(g, y.shape)),
    )


def _subtract(a, b):
    x, y = _data("-", a), _data("-", b)
    return _result(
        "-",
        x - y,
        (a, lambda g: unbroadcast(g, x.shape)),
        (b, lambda g: unbroadcast(-g, y.shape)),
    )


def _multiply(a, b):
    """x * y, entry by entry (:eq:`pull-product`)."""
    x, y = _data("*", a), _data("*", b)
    return _result(
        "*",
        x * y,
        (a, lambda g: unbroadcast(g * y, x.shape)),
        (b, lambda g: unbroadcast(g * x, y.shape)),
    )


def _divide(a, b):
    """x / y, entry by entry, with slopes 1/y and −x/y² (:eq:`quotient-slopes`)."""
    x, y = _data("/", a), _data("/", b)
    _require(np.not_equal(y, 0), ZeroDivisionError, "/: expected divisors other than 0", y)
    quotient = x / y
    return _result(
        "/",
        quotient,
        (a, lambda g: unbroadcast(g / y, x.shape)),
        (b, lambda g: unbroadcast(-g * (quotient / y), y.shape)),
    )


def _matmul(a, b):
    """x @ y, (n, m) = (n, k)(k, m) (:eq:`pull-matmul`); a vector is a row on the left, a column
    on the right."""
    x, y = _data("@", a), _data("@", b)
    if np.ndim(x) == 2 == np.ndim(y) and x.shape[1] == y.shape[0]:
        return _result(
            "@",
            x.dot(y),
            (a, lambda g: g.dot(y.T)),  # (n, k) = (n, m)(m, k)
            (b, lambda g: x.T.dot(g)),  # (k, m) = (k, n)(n, m)
        )
    if np.ndim(x) not in (1, 2) or np.ndim(y) not in (1, 2) or x.shape[-1] != y.shape[0]:
        raise ValueError(
            "@: expected shapes (n, k) @ (k, m), either n or m may be missing, "
            f"came {np.shape(x)} @ {np.shape(y)}"
        )
    rows = x.shape[:-1]
    if x.ndim == 1:
        a = (a if isinstance(a, Array) else x).reshape(1, -1)
    if y.ndim == 1:
        b = (b if isinstance(b, Array) else y).reshape(-1, 1)
    return _matmul(a, b).reshape(rows + y.shape[1:])


def _to_the_power(a, b):
    """x ** y, entry by entry; y a number, or anything where x > 0 (:eq:`power-slopes`)."""
    if isinstance(a, Array) and isinstance(b, Real):
        return _to_the_number(a, b)
    x, y = _data("**", a), _data("**", b)
    wanted = "**: expected bases above 0 where the exponent is an array"
    _require(np.greater(x, 0), ValueError, wanted, x)
    power = _power(x, y)
    return _result(
        "**",
        power,
        (a, lambda g: unbroadcast(g * (y * power / x), x.shape)),
        (b, lambda g: unbroadcast(g * (power * np.log(x)), y.shape)),
    )


def _to_the_number(a, p):
    x = a.data
    if p == 2:
        return Array(x * x, "**2", ((a, lambda g: g * (x + x)),))
    p = float(real_array("**", p))
    if p < 0:
        _require(x != 0, ValueError, f"**: expected bases other than 0 under {p:g}", x)
    if not p.is_integer():  # at 0 the power has a value, but no finite slope where p < 1
        wanted, good = ("of at least 0", x >= 0) if p > 1 else ("above 0", x > 0)
        _require(good, ValueError, f"**: expected bases {wanted} under {p:g}", x)
    slope = p * _power(x, p - 1) if p else np.zeros_like(x)
    return Array(_power(x, p), f"**{p:g}", ((a, lambda g: g * slope),))


def _power(x, p):
    with np.errstate(over="ignore"):
        power = x**p
    _require(np.isfinite(power), OverflowError, "**: expected a power that fits a float", x)
    return power


def _swapped(operation):
    """The same operation for a constant on the left."""
    return lambda self, other: operation(other, self)


Array.__add__ = Array.__radd__ = _add  # x + y and y + x are the same float
Array.__mul__ = Array.__rmul__ = _multiply
Array.__sub__, Array.__rsub__ = _subtract, _swapped(_subtract)
Array.__truediv__, Array.__rtruediv__ = _divide, _swapped(_divide)
Array.__matmul__, Array.__rmatmul__ = _matmul, _swapped(_matmul)
Array.__pow__, Array.__rpow__ = _to_the_power, _swapped(_to_the_power)


# Several operations in one node


def affine(X, W, b):
    r"""X @ W + b in one node: (N, m) = (N, n)(n, m) + (m,).

    The pullbacks are those of a layer, :eq:`weight-gradient`, :eq:`bias-gradient` and the matrix
    product of :eq:`delta-hidden`. Each of X, W, b may be an Array or a constant.
    Raises ValueError where the shapes do not fit.
    """
    x, w, c = _array("X", X), _array("W", W), _array("b", b)
    if not (x.ndim == w.ndim == 2 and x.shape[1] == w.shape[0] and c.shape == w.shape[1:]):
        raise ValueError(
            f"affine: expected shapes (N, n), (n, m), (m,), came {x.shape}, {w.shape}, {c.shape}"
        )
    edges = [
        (W, lambda g: x.T.dot(g)),  # (n, m) = (n, N)(N, m)
        (b, lambda g: np.ones(len(g)).dot(g)),  # (m,) = (N,)(N, m)
        (X, lambda g: g.dot(w.T)),  # (N, n) = (N, m)(m, n)
    ]
    return Array(x.dot(w) + c, "affine", [e for e in edges if isinstance(e[0], Array)])


def half_squared_error(a, t):
    r"""½ Σ (a − t)² in one node, the mean over the rows of a batch (:eq:`half-squared-error`).

    a: an Array, (N, m) or (m,); t: targets, a constant of the same shape: nothing is broadcast.
    Raises TypeError where t is an Array, ValueError where the shapes differ.
    """
    if isinstance(t, Array):
        raise TypeError("t: expected constant numbers, came an Array; its gradient would be lost")
    x, t = a.data, _array("t", t)
    if t.shape != x.shape:
        same_shape("t", t, "a", x)
    rows = len(x) if x.ndim == 2 else 1
    error = x - t
    flat = error.ravel()
    return Array(0.5 / rows * flat.dot(flat), "½Σ()²", ((a, lambda g: error * (g / rows)),))


# Helpers


def unbroadcast(grad, shape):
    r"""Sum `grad` over the axes along which an operand of `shape` was repeated (:eq:`unbroadcast`).

    grad: an array of a shape that `shape` broadcasts to; the result has the shape `shape`.
    Raises ValueError where it does not broadcast, naming both.
    """
    if grad.shape == shape:
        return grad
    extra = grad.ndim - len(shape)
    if extra == 1 and grad.shape[1:] == shape:
        return _sum(grad, 0) if grad.shape[0] != 1 else grad[0]
    padded = (1,) * extra + tuple(shape)
    if extra < 0 or any(n not in (1, m) for n, m in zip(padded, grad.shape, strict=True)):
        raise ValueError(f"grad: expected a shape that {shape} broadcasts to, came {grad.shape}")
    axes = tuple(i for i, (n, m) in enumerate(zip(padded, grad.shape, strict=True)) if n != m)
    return _sum(grad, axes).reshape(shape)


def _result(op, data, one, other):
    """A node with an edge to each of two operands that is an Array."""
    if not isinstance(other[0], Array):
        return Array(data, op, (one,))
    if not isinstance(one[0], Array):
        return Array(data, op, (other,))
    return Array(data, op, (one, other))


def _array(name, operand):
    """The numbers of an operand. NaN in a float64 array is left for `backward` to refuse."""
    if isinstance(operand, Array):
        return operand.data
    if type(operand) is np.ndarray and operand.dtype is _FLOAT64:
        return operand
    return real_array(name, operand)


def _data(name, operand):
    """As `_array`, but a float stays one: NumPy takes it as it is, and sooner."""
    if type(operand) is float and math.isfinite(operand):
        return operand
    return _array(name, operand)


def _spreader(shape, axis, keepdims):
    """The pullback of a reduction: g, put back on the axes that it lost, in every entry."""

    def spread(g):
        full = np.empty(shape)
        full[...] = g if axis is None or keepdims else np.expand_dims(g, axis)
        return full

    return spread


def _require(good, error, wanted, x):
    """Raise `error` with what was wanted and the first entry that is not good."""
    if not np.all(good):
        x = np.broadcast_to(x, np.shape(good))
        index = tuple(int(i) for i in np.argwhere(~np.asarray(good))[0])
        where = f" at index {list(index)}" if index else ""
        raise error(f"{wanted}, came {x[index]}{where}")
