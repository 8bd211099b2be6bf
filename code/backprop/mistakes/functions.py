r"""`diagnose`: which classic mistake the gradient of any function is, by its numbers alone."""

import numpy as np

from .._validate import positive, real_array, same_shape
from ..gradcheck import (
    DIFFERENCE_TOLERANCE,
    EPSILON,
    _compared,
    _differentiable,
    _scalar,
    _second_look,
    _steps,
    numerical_gradient,
)
from . import numbers
from .diagnosis import RIGHT, Diagnosis, hint
from .judging import COARSE, Case, distance, judge_scaled, score

__all__ = ["diagnose"]

#: A gradient of so many entries at most is differenced with other steps before it is given up.
LOOK_AGAIN = 2000
APART = "Other sizes and another point may tell them apart."


def diagnose(
    f,
    x,
    gradient,
    *,
    n_examples=None,
    n_outputs=None,
    factors=None,
    parts=None,
    previous=None,
    h=None,
    tolerance=DIFFERENCE_TOLERANCE,
):
    """Say which classic mistake a gradient of f at x is, by its numbers alone.

    f, x, gradient, h, tolerance: as in `check_gradient`; the gradient may also have the shape of x
    transposed. Whatever else is known widens the search:
    n_examples, n_outputs: N and m, which slip in as factors of sums and means;
    factors: further numbers that may slip in, name -> number;
    parts: the contributions that add up to the gradient, as functions of x or arrays of its shape;
    previous: the gradient of the call before, of the shape of x.

    Returns a `Diagnosis`: "right", a mistake, or "none that I know". Raises ValueError where a
    shape does not fit or the parts do not add up to the gradient, and as `check_gradient` does.
    """
    x = _differentiable(x).astype(np.float64, copy=False)
    given = real_array("gradient", gradient(x) if callable(gradient) else gradient)
    if given.shape != x.shape[::-1]:
        same_shape("gradient", given, "x", x)
    if previous is not None:
        previous = real_array("previous", previous)
        same_shape("previous", previous, "x", x)
    multiples = _multiples(n_examples, n_outputs, factors)
    case, right = _case(f, x, given, h, tolerance)
    parts = _contributions(parts, x, case.right["gradient"], h) if parts is not None else []
    if right:
        return _right(case, _singles(case, multiples, parts, previous))
    found = _search(case, multiples, parts, previous)
    if not found.matches and x.size <= LOOK_AGAIN:
        case = _looked_again(f, x, case, h)
        found = _search(case, multiples, parts, previous)
    return Diagnosis.of(found, tolerance, hint(case), APART)


def _multiples(n_examples, n_outputs, factors):
    sizes = [
        None if size is None else positive(name, size)
        for name, size in (("n_examples", n_examples), ("n_outputs", n_outputs))
    ]
    named = {name: positive(f"factors[{name!r}]", v) for name, v in (factors or {}).items()}
    return list(numbers.factors(*sizes, named))


def _case(f, x, given, h, tolerance):
    """The case, made of central differences, and whether the gradient is right."""
    if given.shape == x.shape:
        g, floor, error, worst = _compared(f, x, given, h, tolerance)
        right = error <= tolerance or abs(given[worst] - g[worst]) <= floor[worst]
    else:
        g, right = numerical_gradient(f, x, h), False
        floor = EPSILON * abs(_scalar(f(x), ())) / _steps(x, h)
        floor = np.full(given.shape, floor.max())
    return Case({"gradient": given}, {"gradient": g}, {"gradient": floor}, tolerance), bool(right)


def _looked_again(f, x, case, h):
    """The case with the best of several steps for every entry."""
    g, floor, steps = np.empty(x.shape), np.empty(x.shape), _steps(x, h)
    for i in np.ndindex(x.shape):
        g[i], floor[i] = _second_look(f, x, i, steps[i])
    if case.given["gradient"].shape != x.shape:
        floor = floor.T
    return Case(case.given, {"gradient": g}, {"gradient": floor}, case.tolerance)


def _contributions(parts, x, g, h):
    arrays = []
    for i, part in enumerate(parts):
        slope = numerical_gradient(part, x, h) if callable(part) else part
        arrays.append(real_array(f"parts[{i}]", slope))
        same_shape(f"parts[{i}]", arrays[-1], "x", x)
    if not arrays:
        raise ValueError("parts: expected at least one, came none")
    off = distance({"": sum(arrays)}, {"": g}, {"": 0.0})
    if off > 1e-4:
        raise ValueError(
            "parts: expected contributions that add up to the gradient, came a sum that is off by "
            f"{off:.1e} of the largest entry"
        )
    return arrays


def _singles(case, multiples, parts, previous):
    """All fingerprints of one mistake."""
    g, given = case.right["gradient"], case.given["gradient"]
    found = [*numbers.of_size(g, multiples), *numbers.of_order(g, given, case.wrong()["gradient"])]
    if not case.agrees:
        found += numbers.of_precision(g, given, case.error)
    if parts:
        found += numbers.from_parts(parts)
    if previous is not None:
        found += numbers.from_previous(g, previous)
    return found


def _search(case, multiples, parts, previous):
    """The judgement of one mistake, or else of one mistake and a factor."""
    (scored,) = score(_singles(case, multiples, parts, previous), [case])
    found = case.judge(scored)
    if found.matches:
        return found
    g, given = case.right["gradient"], case.given["gradient"]
    others = [p for p in numbers.of_order(g, given, np.ones(g.shape, bool)) if not p.general]
    others += [numbers.sign_turned(g), *(numbers.from_parts(parts) if parts else [])]
    return judge_scaled(case, others, multiples) or found


def _right(case, fingerprints):
    """The diagnosis of a right gradient, with what could not have been seen."""
    g, floor = case.right["gradient"], np.max(case.floor["gradient"])
    size = np.abs(g).max()
    if size <= floor:
        sentence = (
            "It is 0 here, as far as rounding lets it be seen, and so would be many a wrong one: "
            "take another point."
        )
        return Diagnosis(RIGHT, sentence, 0.5, case.error, case.tolerance)
    unseen = dict.fromkeys(
        p.name for p in fingerprints if not p.general and p.log_chance is None and _same(case, p)
    )
    sentence = "All entries agree with the central differences."
    hidden = max(case.tolerance, float(floor / size))
    if hidden > COARSE:
        sentence = f"Nothing disagrees, but rounding would hide an error of {hidden:.0e}."
    if unseen:
        sentence += f" These would have looked right here too: {', '.join(unseen)}."
    confidence = 1.0 - min(1.0, hidden) ** g.size
    return Diagnosis(RIGHT, sentence, confidence, case.error, case.tolerance, unseen=tuple(unseen))


def _same(case, p):
    return distance(case.right, p.values, case.floor) <= case.tolerance
