"""Checks of arguments: each error names the argument, what was expected and what came."""

import math

import numpy as np


def real_array(name, value):
    """Return `value` as a float64 array that holds only finite numbers.

    Raises TypeError where `value` is not made of real numbers, ValueError where it is empty or
    holds a NaN or an infinity (the first such entry is named).
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: expected rows of one length, came {value!r}") from None
    if array.dtype != np.float64:
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name}: expected real numbers, came {_kind(value, array)}")
        array = array.astype(np.float64)
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one entry, came shape {array.shape}")
    # Σ x² is the cheapest look, and silent where it overflows: finite, it vouches for every entry.
    if not math.isfinite(np.vdot(array, array)):
        finite = np.isfinite(array)
        if not finite.all():
            where = tuple(int(i) for i in np.argwhere(~finite)[0])
            raise ValueError(
                f"{name}: expected finite numbers, came {array[where]} at index {list(where)}"
            )
    return array


def batch(name, value, width, owner):
    """Return `value` as (N, width) with N >= 1; `owner` says in the error who wants that width."""
    array = real_array(name, value)
    if array.ndim != 2 or array.shape[1] != width:
        hint = ""
        if array.shape == (width,):
            hint = f"; one example is one row: {name}[None, :]"
        raise ValueError(
            f"{name}: expected shape (N, {width}) for {owner}, came shape {array.shape}{hint}"
        )
    return array


def same_shape(name, array, other_name, other):
    """Raise ValueError unless both arrays have one shape: nothing here is broadcast."""
    if array.shape != other.shape:
        raise ValueError(
            f"{name}: expected the shape of {other_name}, {other.shape}, came shape {array.shape}"
        )


def one_hot(name, t):
    """Raise ValueError unless every row of `t` holds one 1 and otherwise 0."""
    rows = np.atleast_2d(t)
    wrong = ~(((rows == 0) | (rows == 1)).all(axis=-1) & (rows.sum(axis=-1) == 1))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise ValueError(
            f"{name}: expected one-hot rows (one 1, otherwise 0), "
            f"came {rows[i].tolist()} in row {i}"
        )


def positive(name, value, zero=False):
    """Return `value` as a finite float above 0 (or at least 0, with `zero`)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name}: expected a number, came {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
        wanted = "a finite number >= 0" if zero else "a finite number > 0"
        raise ValueError(f"{name}: expected {wanted}, came {value!r}")
    return number


def whole(name, value, least):
    """Return `value` as an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expected a whole number, came {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected at least {least}, came {value}")
    return int(value)


def lookup(name, value, kind, table):
    """Return `value` where it is a `kind`, or the entry of `table` with that name."""
    if isinstance(value, kind):
        return value
    if isinstance(value, str) and value in table:
        return table[value]
    raise ValueError(f"{name}: expected one of {', '.join(sorted(table))}, came {value!r}")


def generator(name, value):
    """Return `value` where it is a NumPy Generator."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(
            f"{name}: expected a numpy.random.Generator such as np.random.default_rng(0), "
            f"came {type(value).__name__}"
        )
    return value


def _kind(value, array):
    return type(value).__name__ if array.dtype == object else f"dtype {array.dtype}"
