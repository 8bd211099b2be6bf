r"""Reverse-mode differentiation: every result remembers its operands and how to pass a slope back.

`Value` is one number, `Array` a whole array; both are built in chapter 06, piece by piece. The
operations are methods and operators, with the names that torch gives them, so that one formula
runs on a `Value`, an `Array` and a tensor alike:

    x, y = Value(2.0), Value(3.0)
    z = (x * y + x.exp()).log()
    z.backward()
    x.grad, y.grad

**What `.grad` holds.** A leaf, a node that you made yourself, *adds up* what every `backward()`
brings, as in torch: call `zero_grad()` between steps. A result of an operation holds the slope
of the latest `backward()` that reached it, nothing older.
"""

from ._order import order
from .array import Array, affine, half_squared_error, unbroadcast
from .value import Value

__all__ = [
    "Array",
    "Value",
    "affine",
    "half_squared_error",
    "order",
    "unbroadcast",
]
