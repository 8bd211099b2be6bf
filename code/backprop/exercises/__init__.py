"""The checks behind the exercises: right, or *which* classic mistake it is.

`check("1.2", answer)` compares a reader's answer with the reference of that exercise. A function is
called on inputs it has not seen; a number or an array is compared as it is. The answer that equals
a known mistake on every input is told which. The exercises of chapter n are in `chapter_0n`.
"""

import importlib
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Exercise", "check", "exercise"]


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is right, on which inputs it is tried, and what is often written instead.

    reference: the right function, or the right number or array.
    cases: for a function, the tuples of arguments it is called with; `names` are their names.
    mistakes: what the mistake is, in a sentence, -> the wrong function or value.
    digits: significant digits that a number must agree in (a function's values must in nine).
    keeps_inputs: True where the function is asked to leave its arguments as they were.
    """

    reference: object
    cases: list = field(default_factory=list)
    names: tuple = ()
    mistakes: dict = field(default_factory=dict)
    digits: int = 9
    keeps_inputs: bool = False

    def __post_init__(self):
        if callable(self.reference) and not self.cases:
            raise ValueError("cases: a function needs inputs to be tried on, came none")

    def judge(self, answer):
        """Return (verdict, message): "right", "open" or "wrong", and what to tell the reader."""
        if answer is None or answer is Ellipsis:
            return "open", "no answer yet."
        if not callable(self.reference):
            return self._judge_value(answer)
        if not callable(answer):
            return "wrong", f"expected a function, came {type(answer).__name__}."
        given = [_copies(case) for case in self.cases]
        answers = [answer(*arguments) for arguments in given]
        if all(a is None or a is Ellipsis for a in answers):
            return "open", "no answer yet: the function returns nothing."
        expected = [self.reference(*_copies(case)) for case in self.cases]
        same = [self._same(a, e) for a, e in zip(answers, expected, strict=True)]
        if all(same):
            if self.keeps_inputs and not all(map(_equal, given, self.cases)):
                return "wrong", "the values are right, but the function changed its input."
            return "right", f"right, on {len(self.cases)} inputs."
        for sentence, mistake in self.mistakes.items():
            wrong = [mistake(*_copies(case)) for case in self.cases]
            if all(self._same(a, w) for a, w in zip(answers, wrong, strict=True)):
                return "wrong", f"not yet. {sentence}"
        i = same.index(False)
        return "wrong", f"not yet.{self._difference(answers[i], expected[i])}{self._input(i)}"

    def _judge_value(self, answer):
        if self._same(answer, self.reference):
            return "right", "right."
        for sentence, mistake in self.mistakes.items():
            if self._same(answer, mistake):
                return "wrong", f"not yet. {sentence}"
        return "wrong", f"not yet.{self._difference(answer, self.reference, tell=False)}"

    def _same(self, answer, expected):
        answer, expected = _array(answer), _array(expected)
        if answer is None or answer.shape != expected.shape:
            return False
        # A mistake may be known by its NaN (an overflow); right is never NaN, so right stays right.
        known = ~np.isnan(expected)
        if (np.isnan(answer) == known).any():
            return False
        answer, expected = answer[known], expected[known]
        if not expected.size:
            return True
        scale = max(np.abs(expected).max(), 1e-300)
        return bool(np.abs(answer - expected).max() <= 0.5 * 10.0 ** (1 - self.digits) * scale)

    def _difference(self, answer, expected, tell=True):
        array, expected = _array(answer), _array(expected)
        if array is None:
            return f" Expected numbers, came {type(answer).__name__}."
        if array.shape != expected.shape:
            return f" Expected shape {expected.shape}, came shape {array.shape}."
        if tell and _text(array) == _text(expected):
            return f" Close to {_text(array)}, but not to {self.digits} digits: a search?"
        told = f", expected {_text(expected)}" if tell else ""
        return f" Came {_text(array)}{told}."

    def _input(self, i):
        pairs = zip(self.names, self.cases[i], strict=True)
        inputs = ", ".join(f"{name} = {_text(value)}" for name, value in pairs)
        return f" The input was {inputs}."


def exercise(number):
    """Return the `Exercise` with that number, such as "5.2"; KeyError names those there are."""
    try:
        module = importlib.import_module(f"{__name__}.chapter_{int(number.split('.')[0]):02d}")
        return module.EXERCISES[number]
    except (ModuleNotFoundError, KeyError, ValueError, AttributeError):
        raise KeyError(f"number: expected an exercise such as '1.2', came {number!r}") from None


def check(number, answer):
    """Print whether `answer` solves exercise `number`, or which classic mistake it is."""
    verdict, message = exercise(number).judge(answer)
    print(f"{ {'right': '✓', 'open': '…', 'wrong': '✗'}[verdict] } Exercise {number}: {message}")


def _copies(case):
    """The arguments, arrays copied: an answer that writes into its input spoils no other call."""
    return [value.copy() if isinstance(value, np.ndarray) else value for value in case]


def _equal(given, case):
    return all(np.array_equal(a, b) for a, b in zip(given, case, strict=True) if not callable(a))


def _array(value):
    """Return numbers (also a tuple or list of them) as a float array, anything else as None."""
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    return array.astype(float) if array.dtype.kind in "biuf" and array.size else None


def _text(value):
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        return repr(value)
    text = np.array2string(array, precision=6, separator=", ", threshold=12, edgeitems=2)
    return " ".join(text.split())
