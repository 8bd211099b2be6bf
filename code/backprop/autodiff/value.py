r"""`Value`: a number that remembers how it was made. Derived in chapter 06.

In every operation the forward value and its local slopes stand next to each other: an *edge* is
(operand, ∂result/∂operand), both known as soon as the result is.
"""

import math
from numbers import Real

from ._order import order

__all__ = ["Value"]


class Value:
    r"""A node of a formula: `data`, the number; `edges` to its operands; `grad`, filled backward.

    Value(3.0) is a leaf. Operations make the other nodes: + − * / ** with a Value or a number on
    either side, and the methods exp, log, sin, cos, tanh, relu, sigmoid.
    op: the name of the operation that made the node, "" for a leaf.

    Comparisons are not recorded, so there are none: compare `.data`. `==` asks whether two names
    mean the same node, and `math.exp(value)`, which would lose the graph, is a TypeError.

    Raises TypeError for anything but real numbers. ValueError where a leaf is not finite, where a
    function is not defined (log of 0, a negative base under a fraction) or has no finite slope (the
    square root at 0); ZeroDivisionError for a divisor 0; OverflowError where a result is too large.
    """

    __slots__ = ("data", "edges", "grad", "op")
    __array_ufunc__ = None  # np.float64(2) * value: NumPy leaves it to Value.__rmul__

    def __init__(self, data, op="", edges=()):
        if not edges:
            data = _number("data", data)
        elif not math.isfinite(data):
            raise OverflowError(f"{op}: the result is too large for a float, came {data}")
        self.data = data
        self.op = op
        self.edges = edges
        self.grad = 0.0

    # Two operands

    def __add__(self, other):
        other = _value("+", other)
        return Value(self.data + other.data, "+", ((self, 1.0), (other, 1.0)))

    def __sub__(self, other):
        other = _value("-", other)
        return Value(self.data - other.data, "-", ((self, 1.0), (other, -1.0)))

    def __mul__(self, other):
        other = _value("*", other)
        return Value(self.data * other.data, "*", ((self, other.data), (other, self.data)))

    def __truediv__(self, other):
        r"""a / b, with slopes 1/b and −a/b² (:eq:`quotient-slopes`)."""
        other = _value("/", other)
        a, b = self.data, other.data
        if b == 0:
            raise ZeroDivisionError(f"/: expected a divisor other than 0, came {a} / {b}")
        return Value(a / b, "/", ((self, _slope("/", 1 / b)), (other, _slope("/", -(a / b) / b))))

    def __pow__(self, other):
        r"""a ** p with the slope p a^(p−1); where the exponent is a Value, :eq:`power-slopes`."""
        if isinstance(other, Value):
            return self._to_the_value(other)
        a, p = self.data, _number("**", other)
        if (a < 0 and not p.is_integer()) or (a == 0 and p < 0):
            raise ValueError(f"**: expected a power that is a real number, came {a} ** {p:g}")
        if a == 0 and 0 < p < 1:
            raise ValueError(f"**: expected a finite slope, came {a} ** {p:g}, which is vertical")
        power = _power(a, p)
        slope = p * _power(a, p - 1) if p else 0.0
        return Value(power, f"**{p:g}", ((self, _slope("**", slope)),))

    def _to_the_value(self, other):
        a, b = self.data, other.data
        if a <= 0:
            raise ValueError(
                f"**: expected a base above 0 where the exponent is a Value, came {a} ** {b}"
            )
        power = _power(a, b)
        return Value(
            power, "**", ((self, _slope("**", b * power / a)), (other, power * math.log(a)))
        )

    def __radd__(self, other):
        return _value("+", other) + self

    def __rsub__(self, other):
        return _value("-", other) - self

    def __rmul__(self, other):
        return _value("*", other) * self

    def __rtruediv__(self, other):
        return _value("/", other) / self

    def __rpow__(self, other):
        return _value("**", other) ** self

    # One operand

    def __neg__(self):
        return Value(-self.data, "neg", ((self, -1.0),))

    def exp(self):
        r"""e^x; its slope is itself."""
        try:
            e = math.exp(self.data)
        except OverflowError:
            raise OverflowError(
                f"exp: expected a number below 709.78, came {self.data}: e^x is too large"
            ) from None
        return Value(e, "exp", ((self, e),))

    def log(self):
        r"""The natural logarithm, slope 1/x."""
        x = self.data
        if x <= 0:
            raise ValueError(f"log: expected a number above 0, came {x}")
        return Value(math.log(x), "log", ((self, _slope("log", 1 / x)),))

    def sin(self):
        r"""sin x, slope cos x."""
        return Value(math.sin(self.data), "sin", ((self, math.cos(self.data)),))

    def cos(self):
        r"""cos x, slope −sin x."""
        return Value(math.cos(self.data), "cos", ((self, -math.sin(self.data)),))

    def tanh(self):
        r"""tanh x, slope 1 − tanh² x."""
        a = math.tanh(self.data)
        return Value(a, "tanh", ((self, 1 - a * a),))

    def relu(self):
        r"""max(x, 0), slope 1 above 0, otherwise 0: also at 0, where torch says so too."""
        x = self.data
        return Value(max(x, 0.0), "relu", ((self, 1.0 if x > 0 else 0.0),))

    def sigmoid(self):
        r"""σ(x) = 1/(1 + e^−x), slope σ(1 − σ) (:eq:`sigmoid-slope`)."""
        e = math.exp(-abs(self.data))  # at most 1: never too large
        a = (1 if self.data >= 0 else e) / (1 + e)
        return Value(a, "sigmoid", ((self, a * (1 - a)),))

    # The way back

    def backward(self):
        """Find ∂self/∂node for every node that self was made of (:eq:`sum-over-users`).

        A leaf's slope is added to its `grad`; a result's `grad` is replaced.
        """
        nodes = order(self)
        for node in nodes:
            if node.edges:
                node.grad = 0.0
        self.grad += 1.0
        for node in nodes:
            for parent, slope in node.edges:
                parent.grad += slope * node.grad

    def zero_grad(self):
        """Set `grad` of this node back to 0."""
        self.grad = 0.0

    def __repr__(self):
        made = f", op={self.op!r}" if self.op else ""
        return f"Value({self.data:g}, grad={self.grad:g}{made})"


def _value(op, other):
    """Return `other`, as a leaf where it is a number; `op` is named where it is neither."""
    return other if isinstance(other, Value) else Value(_number(op, other))


def _number(name, value):
    if not isinstance(value, Real):
        wanted = "a number" if name == "data" else "a Value or a number"
        raise TypeError(f"{name}: expected {wanted}, came {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: expected a finite number, came {number}")
    return number


def _power(a, p):
    try:
        return a**p
    except OverflowError:
        raise OverflowError(f"**: the result is too large for a float, came {a} ** {p:g}") from None


def _slope(op, slope):
    if not math.isfinite(slope):
        raise OverflowError(f"{op}: the slope is too large for a float, came {slope}")
    return slope
