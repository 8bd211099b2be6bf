"""What an answer is: right, a known mistake, or wrong in which way.

`judge` is a pure function of plain values. The grader calls it in its own process with what came
out of the sandbox, the student's self-check calls it in the notebook: so both say the same.
Messages tell the student's own number, the expected kind and shape, and the mistake that the
answer matches, and never the expected number.
"""

import itertools
import math
import re
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

from .questions import DRAWN, Choice, ClassCalls, Function, Manual, Plot, expected_of
from .values import Strange, printable

__all__ = [
    "STATUSES",
    "Problem",
    "Try",
    "Verdict",
    "changed",
    "described",
    "followed",
    "judge",
    "letter_wanted",
    "not_drawn",
    "shown",
    "spoiled",
    "yours_of",
]

#: Every status of a verdict, and what it means.
STATUSES = {
    "right": "right on every input",
    "mistake": "a known mistake, which is named",
    "wrong": "another number",
    "shape": "another shape",
    "type": "another kind of thing",
    "nan": "not a number, or infinite, where a number was expected",
    "error": "an exception",
    "timeout": "took longer than its time",
    "missing": "not there, or still as it was handed out",
    "refused": "uses a package that this question may not use",
    "crash": "ended its process",
    "manual": "marked by hand",
    "failed": "the grader itself failed at it",
}


#: A picture with more lines is not compared: it would keep the grader busy.
MOST_LINES = 500
#: So many other lines, for each that is asked for, may be there to compare; more would be guesses.
MOST_OTHERS = 3


@dataclass(frozen=True)
class Problem:
    """Why there is no answer: a status of "error", "timeout", "missing", "refused" or "crash"."""

    status: str
    text: str


@dataclass(frozen=True)
class Try:
    """One input, what is right there, and the answer: a plain value or a `Problem`."""

    inputs: object
    expected: object
    answer: object


@dataclass(frozen=True)
class Verdict:
    """What a question brought.

    status: a key of `STATUSES`. points: of the question's. mistake: the name of the one it matches,
    or "". message: for the student. yours: the student's answer, shortened, or "".
    """

    status: str
    points: float
    mistake: str = ""
    message: str = ""
    yours: str = ""


@np.errstate(all="ignore")
def judge(question, tries):
    """Return the `Verdict` on the answers to one question.

    tries: a list of `Try` or (inputs, expected, answer); empty for a `Manual`. A tuple's or class's
    answer is compared part by part. See `Function` for how tries become points; of a picture each
    counts by its parts.
    """
    if isinstance(question, Manual):
        return Verdict("manual", 0.0, message="This answer is marked by hand.")
    tries = [t if isinstance(t, Try) else Try(*t) for t in tries]
    if isinstance(question, Choice):
        return _chosen(question, tries[0].answer)
    found = [_status(question, t) for t in tries]
    wrong = [k for k, (status, _) in enumerate(found) if status != "right"]
    if not wrong:
        return Verdict("right", float(question.points), message=_all_right(len(tries)))
    if all(status == "missing" for status, _ in found):
        return Verdict("missing", 0.0, message=found[0][1])
    points = _points(question, tries, _share(question, tries, found))
    yours = yours_of(question, tries[wrong[0]])
    mistake = _mistake(question, tries) or _general(question, tries)
    if mistake:
        return Verdict("mistake", points, mistake[0], mistake[1], yours)
    status, message = found[wrong[0]]
    if len(wrong) < len(tries):
        message = f"Right on {len(tries) - len(wrong)} of {len(tries)} inputs. {message}"
    message += "" if message.endswith((".", "!", "?")) else "."
    return Verdict(status, points, "", message + _given(question, tries[wrong[0]]), yours)


def changed(named, afterwards):
    """Return the names of the arguments that are not as they were, each once.

    named: [(name, value)] as given. afterwards: the values after the call.
    """
    exact = SimpleNamespace(rtol=0.0, atol=0.0)
    pairs = itertools.zip_longest(named, afterwards[: len(named)])
    names = (name for (name, before), after in pairs if _different(exact, after, before, ""))
    return list(dict.fromkeys(names))


def spoiled(names, right=True):
    """Return what is said where arguments were changed. right: False where the values are not."""
    was = "was" if len(names) == 1 else "were"
    start = "The values are right, but" if right else "Besides,"
    return f"{start} {_listed(names)} {was} changed. Work on a copy."


def followed(question, first, again, blamed):
    """Return the `Verdict` on an answer that calls earlier ones that are not right.

    first: the verdict on it as it is. again: with right answers in the place of the earlier ones.
    blamed: the questions of these. Of what came the second time nothing is shown.
    """
    names, several = _listed([q.calls for q in blamed]), len(blamed) > 1
    which = " and ".join(q.id.removeprefix("q") for q in blamed)
    which = f"question{'s' if several else ''} {which}"
    points = max(first.points, round(question.share * again.points, 4))
    if again.status == "right":
        said = f"Right, given your {names}, which {'are' if several else 'is'} not ({which})."
        return Verdict("right", points, message=said)
    calls = f"It calls your {names}, which {'are' if several else 'is'} not right ({which})."
    if again.status == "mistake":
        return Verdict("mistake", points, again.mistake, f"{again.message} {calls}")
    if first.status == "mistake":  # a wrong guess: with a right one in its place it is another
        return Verdict("wrong", points, message=calls, yours=first.yours)
    return replace(first, points=points, message=f"{first.message} {calls}")


def _listed(names):
    """ "`a`, `b` and `c`"."""
    *others, last = (f"`{name}`" for name in names)
    return f"{', '.join(others)} and {last}" if others else last


def _all_right(count):
    return "Right." if count == 1 else f"Right, on {count} inputs."


def _share(question, tries, found):
    """How much is right of all that was tried: the mean of its tries."""
    if isinstance(question, Plot):
        return sum(_picture_share(question, t) for t in tries) / len(tries)
    return sum(status == "right" for status, _ in found) / len(tries)


def _points(question, tries, share):
    """The share of the points; none for answers that guessing or a constant would give."""
    if not question.partial or all(_guessable(t.expected) for t in tries):
        return 0.0
    first, *others = tries
    same = all(_alike(question, first.expected, t.expected) for t in others)
    if not same and all(_alike(question, first.answer, t.answer) for t in others):
        return 0.0
    return round(question.points * share, 4)


def _guessable(expected):
    return expected is None or isinstance(expected, (bool, int, str, np.bool_, np.integer))


def _chosen(question, answer):
    if isinstance(answer, Problem):
        return Verdict(answer.status, 0.0, message=answer.text)
    if answer is None or answer is ... or (isinstance(answer, str) and not answer.strip()):
        return Verdict("missing", 0.0, message=f"No letter yet: `{question.calls}` is empty.")
    letter = answer.strip().lower() if isinstance(answer, str) else None
    if letter == question.right:
        return Verdict("right", float(question.points), message="Right.", yours=shown(answer))
    if letter in question.wrong:
        return Verdict("mistake", 0.0, letter, question.wrong[letter], shown(answer))
    return Verdict("type", 0.0, message=letter_wanted(question.letters), yours=shown(answer))


def letter_wanted(letters):
    """Return what is said of an answer to a `Choice` that is none of its letters."""
    *others, last = (f'"{letter}"' for letter in letters)
    return f"Write one letter, {', '.join(others)} or {last}, and nothing else."


# ---------------------------------------------------------------------------- one try


def _status(question, t):
    """(status, message) of one try."""
    if isinstance(t.answer, Problem):
        return t.answer.status, t.answer.text
    if t.answer is ... or (t.answer is None and t.expected is not None):
        if isinstance(question, Plot):
            return "missing", not_drawn(question.calls)
        return "missing", f"`{question.calls}` returns nothing: is its `return` missing?"
    if isinstance(question, ClassCalls):
        return _class_status(question, t.answer, t.expected, t.inputs) or ("right", "")
    if isinstance(question, Plot):
        return _drawn(question, t.answer, t.expected) or ("right", "")
    return _different(question, t.answer, t.expected, "") or ("right", "")


def not_drawn(name):
    """Return what is said of a function that draws, where no line and no point is to be seen."""
    return f"`{name}` leaves no line and no point on a picture. Bars do not count; close no figure."


def _class_status(question, answers, expected, steps):
    """None, or (status, message) of the first step that differs."""
    if not isinstance(answers, list) or len(answers) != len(expected):
        return "type", f"Expected an answer to each of {len(expected)} steps, came another form."
    for k, (answer, right) in enumerate(zip(answers, expected, strict=True)):
        found = _step_status(question, answer, right)
        if found:
            returned = steps[k].what == "call" and not isinstance(answer, Problem)
            name = f"`{steps[k].name or question.calls}`"
            name = f"what {name} returns" if returned else name
            return found[0], f"{_after(question, steps[:k])}{name}{found[1]}"
    return None


def _step_status(question, answer, right):
    """None, or (status, message), which goes on after the name of what was called or read."""
    if isinstance(answer, Problem):
        return answer.status, f": {answer.text}"
    found = _different(question, answer, right, "")
    if found and found[0] == "wrong" and isinstance(right, np.ndarray) and right.ndim:
        off = _count(~_same(question, _numbers(answer), right))
        return "wrong", f" has the right shape {right.shape}, but {off} different."
    return found and (found[0], f": {found[1]}")


def _after(question, steps):
    """ "After `Layer(…)`, `forward`, `step` (twice): "; "" at the making."""
    calls = [f"`{question.calls}(…)`" if s.what == "make" else f"`{s.name}`" for s in steps]
    calls = [name for name, s in zip(calls, steps, strict=True) if s.what != "read"]
    told = []
    for name, same in itertools.groupby(calls):
        count = len(list(same))
        told.append(name if count == 1 else f"{name} ({count} times)")
    return f"After {', '.join(told[:6])}{', …' if told[6:] else ''}: " if told else ""


def _differ(question, inputs, answer, expected):
    """True where two answers to the same inputs differ; problems are all alike."""
    if isinstance(answer, Problem) or isinstance(expected, Problem):
        return type(answer) is not type(expected)
    return _status(question, Try(inputs, expected, answer))[0] != "right"


def _alike(question, one, other):
    """True where two answers are the same within the tolerances, whatever both of them are."""
    if isinstance(one, (Problem, Strange)) or isinstance(other, (Problem, Strange)):
        return type(one) is type(other)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        near = abs(one - other) <= question.atol + question.rtol * abs(other)
        return near or one == other or (one != one and other != other)
    numbers, others = _numbers(one), _numbers(other)
    if numbers is not None and others is not None:
        return numbers.shape == others.shape and bool(_same(question, numbers, others).all())
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(question, one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_alike(question, *pair) for pair in pairs)
    return type(one) is type(other) and one == other


def _different(question, answer, expected, where):
    """None where both are the same within the question's tolerances, else (status, message)."""
    if isinstance(answer, Strange):
        return "type", f"{where}Expected {described(expected)}, came {described(answer)}."
    if isinstance(expected, dict):
        return _different_dict(question, answer, expected, where)
    if isinstance(expected, (list, tuple)) and _numbers(expected) is None:
        return _different_list(question, answer, expected, where)
    if expected is None or isinstance(expected, str):
        if type(answer) is type(expected) and answer == expected:
            return None
        status = "wrong" if type(answer) is type(expected) else "type"
        message = "another one" if status == "wrong" else described(answer)
        return status, f"{where}Expected {described(expected)}, came {message}."
    return _different_numbers(question, answer, expected, where)


def _different_dict(question, answer, expected, where):
    if not isinstance(answer, dict):
        return "type", f"{where}Expected {described(expected)}, came {described(answer)}."
    if set(answer) != set(expected):
        came = _short(", ".join(sorted(map(repr, answer))[:8]) or "none")
        return "type", f"{where}Expected the keys {', '.join(map(repr, expected))}, came {came}."
    parts = ((f"Entry {key!r}: ", answer[key], value) for key, value in expected.items())
    return _first(question, parts, where)


def _different_list(question, answer, expected, where):
    if isinstance(answer, np.ndarray) and answer.ndim:
        answer = list(answer)
    if not isinstance(answer, (list, tuple)):
        return "type", f"{where}Expected {described(expected)}, came {described(answer)}."
    if len(answer) != len(expected):
        return (
            "shape",
            f"{where}Expected {described(expected)}, came {len(answer)} of them.",
        )
    named = "Result" if isinstance(expected, tuple) else "Entry"
    parts = ((f"{named} {k + 1}: ", answer[k], value) for k, value in enumerate(expected))
    return _first(question, parts, where)


def _first(question, parts, where):
    found = (_different(question, a, e, where + path) for path, a, e in parts)
    return next((different for different in found if different), None)


def _different_numbers(question, answer, expected, where):
    """Shapes must be equal, True and False are no numbers, floats and integers may be exchanged."""
    numbers, right = _numbers(answer), _numbers(expected)
    if numbers is None or (numbers.dtype.kind == "b") != (right.dtype.kind == "b"):
        return "type", f"{where}Expected {described(expected)}, came {described(answer)}."
    if numbers.shape != right.shape:
        if numbers.ndim == right.ndim == 1 and isinstance(expected, (list, tuple)):
            return "shape", f"{where}Expected {len(right)} numbers, came {len(numbers)}."
        turned = right.ndim == 2 and numbers.shape == right.shape[::-1]
        hint = ": it is transposed" if turned else ""
        return "shape", f"{where}Expected {_shape(right)}, came {_shape(numbers)}{hint}."
    same = _same(question, numbers, right)
    if same.all():
        return None
    lost = ~np.isfinite(numbers.astype(float)) & np.isfinite(right.astype(float))
    if lost.any():
        return "nan", f"{where}{_count(lost)} NaN or infinite."
    message = f"Expected {described(expected)}; the value differs."
    if right.ndim == 1 and isinstance(expected, (list, tuple)):
        off = np.flatnonzero(~same)
        message = f"{len(right)} numbers, as it should be, but {len(off)} of them "
        message += f"{'differs' if len(off) == 1 else 'differ'}, the first at index {off[0]}."
    elif right.ndim:
        message = f"Expected {described(expected)}; {_count(~same)} different."
    return "wrong", f"{where}{message}"


def _same(question, numbers, right):
    """Which entries of two arrays of one shape are the same within the question's tolerances."""
    return np.isclose(
        numbers.astype(float),
        right.astype(float),
        rtol=question.rtol,
        atol=question.atol,
        equal_nan=True,
    )


def _numbers(value):
    """Numbers, and lists of them that form an array, as an array; anything else as None."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (bool, int, float, np.generic)):
        return np.asarray(value)
    if not isinstance(value, (list, tuple)) or not value:
        return np.zeros(0) if isinstance(value, list) else None
    parts = [_numbers(v) for v in value]
    if any(p is None or p.shape != parts[0].shape for p in parts):
        return None
    if isinstance(value, tuple) and any(p.ndim for p in parts):
        return None  # several arrays as a result stay several
    return np.array(parts)


def _drawn(question, answer, expected):
    """As `_different`, for what was drawn: only what `expected` names counts."""
    if not _is_picture(answer):
        return "type", "Expected a picture, came something else."
    numbers, words = _parts(question, answer, expected)
    return next(filter(None, numbers + words), None)


def _picture_share(question, t):
    """How much of one picture is right, from 0 to 1.

    Without a line or the points that were asked for it is nothing. Of what these bring one half
    is for the words and scales, in proportion.
    """
    if not _is_picture(t.answer):
        return 0.0
    numbers, words = (
        sum(part is None for part in parts) / len(parts) if parts else 1.0
        for parts in _parts(question, t.answer, t.expected)
    )
    return numbers * (1 + words) / 2


def _parts(question, answer, expected):
    """([what is wrong with each line and the points], [with each word and scale]); None if right"""
    numbers, words = [], []
    for key, right in expected.items():
        if key == "lines":
            numbers += _lines(question, answer["lines"], right)
        elif key == "points":
            numbers.append(_points_drawn(question, answer["points"], right))
        elif key == "labels":
            words += _labels(question, answer, right, expected.get("lines", ()))
        else:
            words.append(_said(DRAWN[key], answer[key], right))
    return numbers, words


def _is_picture(answer):
    """True for what `values.drawing` makes: who speaks past it can say anything."""
    kinds = {"lines": list, "labels": list, "points": np.ndarray}
    return (
        isinstance(answer, dict)
        and set(DRAWN) <= set(answer)
        and all(isinstance(answer[key], kind) for key, kind in kinds.items())
    )


def _lines(question, drawn, expected):
    """For each line that is expected None, or (status, message)."""
    if len(drawn) > MOST_LINES:
        many = "shape", f"There are more than {MOST_LINES} lines on the picture."
        return [many] * len(expected)
    drawn = _compared(drawn)
    if not drawn:
        return [("missing", "There is no line on the picture.")] * len(expected)
    others = _others(question, drawn, expected)
    if others > MOST_OTHERS * len(expected):
        said = f"There are {others} lines besides those that are asked for: which are meant?"
        return [("wrong", said)] * len(expected)
    return [_line(question, drawn, expected, k) for k in range(len(expected))]


def _compared(drawn):
    """[(x, y, words)] of the lines that are made of numbers: as arrays, and its words a set."""
    lines = [line for line in drawn if isinstance(line, (list, tuple)) and len(line) == 3]
    lines = [(_numbers(x), _numbers(y), words) for x, y, words in lines if type(words) is list]
    return [
        (x, y, set(map(_word, words)))
        for x, y, words in lines[: MOST_LINES + 1]
        if x is not None and y is not None
    ]


def _is_line(question, line, expected):
    """True where a drawn line is the expected one."""
    return not any(_different(question, line[n], np.asarray(expected[n]), "") for n in (0, 1))


def _others(question, drawn, expected):
    """How many lines could be meant for one that is expected, by their x, and are none of them."""
    alike = [
        line
        for line in drawn
        if not all(_different(question, line[0], np.asarray(x), "") for x, _ in expected)
    ]
    return sum(not any(_is_line(question, line, e) for e in expected) for line in alike)


def _as_meant(answer, expected):
    """The picture without what is there to compare: with the lines, if any, of expected names."""
    names = set(map(_word, expected.get("labels", ())))
    named = [[x, y, list(words)] for x, y, words in _compared(answer["lines"]) if words & names]
    return {**answer, "lines": named or answer["lines"]}


def _labels(question, answer, expected, lines):
    """For each text that has to stand in the legend None, or (status, message).

    Where there are as many lines it has to stand beside the line in its place, if it stands beside
    any: a legend may have entries of its own, which belong to no line.
    """
    said, drawn, found = set(map(_word, answer["labels"])), _compared(answer["lines"]), []
    for k, text in enumerate(expected):
        own = lines[k : k + 1] if len(lines) == len(expected) else []
        words = {w for line in drawn for e in own if _is_line(question, line, e) for w in line[2]}
        instead = [other for other in expected if _word(other) in words]
        if _word(text) not in said:
            found.append(("wrong", f"The legend does not say {text!r}."))
        elif instead and text not in instead:
            found.append(("wrong", f"In the legend the line {text!r} is called {instead[0]!r}."))
        else:
            found.append(None)
    return found


def _line(question, drawn, expected, k):
    """None where line k is among those drawn; else what is wrong with the one that is meant.

    That is one with the right y, or else one with the right x that is no other of those expected.
    """
    x, y = map(np.asarray, expected[k])
    xs, ys = (
        [_different(question, line[n], v, "") for line in drawn] for n, v in enumerate((x, y))
    )
    if any(not a and not b for a, b in zip(xs, ys, strict=True)):
        return None
    which = f"Line {k + 1} of {len(expected)}" if len(expected) > 1 else "The line"
    if None in ys:
        status, said = xs[ys.index(None)]
        return status, f"{which}: its y is right, its x is not: {said}"
    others = [e for n, e in enumerate(expected) if n != k]
    meant = [
        b
        for line, a, b in zip(drawn, xs, ys, strict=True)
        if not a and all(_different(question, line[1], np.asarray(o[1]), "") for o in others)
    ]
    if meant:
        return meant[0][0], f"{which}: its x is right, its y is not: {meant[0][1]}"
    if None in xs:
        return "wrong", f"{which} is not there."
    return xs[0][0], f"{which} is not there; the x of the first that is drawn: {xs[0][1]}"


def _points_drawn(question, drawn, expected):
    drawn, expected = _numbers(drawn), np.asarray(expected, float)
    if drawn is None or drawn.shape != expected.shape:
        came = "none" if drawn is None else _shape(drawn)
        return "shape", f"Expected {len(expected)} points, {_shape(expected)}, came {came}."
    ordered = [a[np.lexsort(a.T[::-1])] for a in (drawn, expected)]
    return _different(question, *ordered, "The points: ")


def _said(name, answer, right):
    if right is ...:
        return None if _word(answer) else ("wrong", f"{name.capitalize()} is missing.")
    if _word(answer) == _word(right):
        return None
    return "wrong", f"Expected {name} to be {right!r}, came {str(answer)[:80]!r}."


def _word(text):
    return re.sub(r"\s+", "", str(text)).casefold()


# ---------------------------------------------------------------------------- all tries


def _mistake(question, tries):
    """(name, sentence) of the mistake that gives these answers, or None."""
    for name, mistake in question.mistakes.items():
        given = [_wrong(question, mistake, t.inputs) for t in tries]
        tells = any(
            not isinstance(w, Problem) and _differ(question, t.inputs, w, t.expected)
            for w, t in zip(given, tries, strict=True)
        )
        if tells and all(_matches(question, t, w) for t, w in zip(tries, given, strict=True)):
            return name, mistake.sentence
    return None


def _matches(question, t, wrong):
    """True where an answer is what a mistake gives; of a picture all that is meant has to be."""
    answer = t.answer
    if isinstance(question, Plot) and isinstance(wrong, dict) and _is_picture(answer):
        answer = _as_meant(answer, wrong)
        if _others(question, _compared(answer["lines"]), wrong.get("lines", ())):
            return False
    return not _differ(question, t.inputs, answer, wrong)


def _wrong(question, mistake, inputs):
    try:
        with np.errstate(all="ignore"):
            return expected_of(question, inputs, mistake.wrong)
    except Exception as error:  # a mistake that does not fit these inputs raises, as the student's
        return Problem("error", str(error))


#: Wrong in the same way whatever is asked: name, sentence, and what turns such an answer right.
GENERAL = [
    ("sign", "The sign is reversed: yours is −1 times what was expected.", lambda a: -a),
    ("factor 2", "Yours is twice what was expected.", lambda a: a / 2),
    ("factor 1/2", "Yours is half of what was expected.", lambda a: a * 2),
    ("transposed", "Yours is the transpose of what was expected.", lambda a: a.T),
]


def _general(question, tries):
    """(name, sentence) of a mistake that any function of numbers can have, or None."""
    if not isinstance(question, Function):
        return None
    answers = [None if isinstance(t.answer, Problem) else _numbers(t.answer) for t in tries]
    if any(a is None or a.dtype.kind == "b" for a in answers):
        return None
    for name, sentence, undo in GENERAL:
        undone = [undo(a.astype(float)) for a in answers]
        if not any(
            _differ(question, t.inputs, u, t.expected) for u, t in zip(undone, tries, strict=True)
        ):
            return name, sentence
    return None


# ---------------------------------------------------------------------------- words


def described(value):
    """Return what kind of thing a value is, in words, without its numbers; a sentence at most."""
    return _short(_described(value))


def _short(text, length=200):
    return text if len(text) <= length else text[: length - 1] + "…"


def _described(value):
    if isinstance(value, Strange):
        return f"something that is no plain value ({value.name})"
    if value is None:
        return "None"
    if isinstance(value, (bool, np.bool_)):
        return "True or False"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(_short(repr(k), 40) for k in list(value)[:8])}"
    if isinstance(value, (list, tuple)):
        if value and all(_described(v) == "a number" for v in value):
            return f"a {type(value).__name__} of {len(value)} number{'s' * (len(value) > 1)}"
        inside = ", ".join(described(v) for v in value[:4]) + (", …" if len(value) > 4 else "")
        kind = type(value).__name__
        return f"a {kind} of {len(value)}: {inside}" if value else f"an empty {kind}"
    array = np.asarray(value)
    if not array.ndim:
        return "a number" if array.dtype.kind in "iuf" else "True or False"
    of = "True and False of " if array.dtype.kind == "b" else ""
    return f"an array of {of}shape {array.shape}"


def _shape(array):
    return f"shape {array.shape}" if array.ndim else "a single number"


def _count(entries):
    """ "3 of 12 entries are", for a number "it is"."""
    if not entries.ndim:
        return "It is"
    count = int(entries.sum())
    return f"{count} of {entries.size} entries {'is' if count == 1 else 'are'}"


def yours_of(question, t):
    """Return the student's answer to one try as a short text; of a class from what differs on."""
    if not isinstance(question, ClassCalls) or not isinstance(t.answer, list):
        return shown(t.answer)
    steps = list(zip(t.inputs, t.answer, t.expected, strict=False))
    differ = [k for k, (_, a, right) in enumerate(steps) if _step_status(question, a, right)]
    told = ((s.name, shown(a, 60)) for s, a, _ in steps[differ[0] if differ else 0 :])
    return _short("; ".join(f"{name}: {value}" for name, value in told if value), 160)


def shown(answer, length=160):
    """Return the student's own answer as a short text; "" where there is none."""
    if isinstance(answer, Problem) or answer is None or answer is ...:
        return ""
    if isinstance(answer, Strange):
        return answer.name
    if isinstance(answer, (list, tuple)) and not answer:
        return str(answer)
    if isinstance(answer, (list, tuple)) and _numbers(answer) is None:
        parts = [shown(v, length // 2) or "None" for v in answer[:4]]
        text = ", ".join(parts) + (", …" if len(answer) > 4 else "")
    elif isinstance(answer, dict):
        parts = list(answer.items())[:4]
        text = ", ".join(f"{printable(key[:60])}: {shown(v, 60)}" for key, v in parts)
    elif isinstance(answer, str):
        text = repr(answer)
    else:
        text = _number_text(_numbers(answer))
    return _short(text, length)


def _number_text(array):
    if array.dtype.kind == "f" and not array.ndim:
        value = float(array)
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    text = np.array2string(array, precision=6, separator=", ", threshold=12, edgeitems=2)
    return " ".join(text.split())


def _given(question, t):
    """ " The input: x of shape (4, 3), eta = 0.5." or ""."""
    if not isinstance(question, Function) or not isinstance(t.inputs, tuple):
        return ""
    names = question.arguments
    if len(names) != len(t.inputs):
        return ""
    said = []
    for name, value in zip(names, t.inputs, strict=True):
        if isinstance(value, (bool, int, float, str)) and len(str(value)) <= 40:
            said.append(f"{name} = {value!r}")
        else:
            said.append(f"{name}: {described(value)}")
    return f" The input: {', '.join(said)}." if said else ""
