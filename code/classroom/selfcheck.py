"""`check`: students check their answers in the notebook, on inputs that everybody may know.

What is right on those inputs, and what every known mistake gives there, was recorded when the
assignment was released: numbers in `NN_name.checks.json`, no code. The file lies beside the
notebook; for the book's own assignments it is in the package too. The verdict is that of
`judging.judge`, as the grade is, only that grades are found on other inputs.
"""

import functools
import importlib.resources
import inspect
import json
import types
from dataclasses import replace
from pathlib import Path

import numpy as np

from .judging import Problem, Try, changed, described, judge, letter_wanted, not_drawn, spoiled
from .questions import (
    PUBLIC_SEED,
    Choice,
    ClassCalls,
    Function,
    Plot,
    Step,
    copied,
    expected_of,
    tries_of,
)
from .values import Strange, decode, drawing, encode

__all__ = ["SUFFIX", "check", "record"]

#: The recorded numbers of an assignment are in the file named after it, with this ending.
SUFFIX = ".checks.json"
FORMAT = 1
SIGNS = {"right": "✓", "missing": "…", "chosen": "·"}


class Unavailable(Exception):
    """There is nothing to check against; the message says why and what to do."""


# ---------------------------------------------------------------------------- recording


def record(assignment):
    """Return what `check` needs of an `Assignment`, as JSON can hold it.

    The inputs of the public seed; for each what is right and what every known mistake gives. Of a
    `Choice` only its letters: which one is right would give it away.
    """
    return {
        "format": FORMAT,
        "assignment": assignment.name,
        "title": assignment.title,
        "questions": [_recorded(assignment, q) for q in assignment.questions],
    }


def _recorded(assignment, question):
    common = {"id": question.id, "title": question.title, "kind": type(question).__name__}
    if isinstance(question, Choice):
        return {**common, "calls": question.calls, "letters": list(question.letters)}
    tries = tries_of(assignment, question, PUBLIC_SEED)
    if not tries:
        return common
    return {
        **common,
        "calls": question.calls,
        "arguments": list(getattr(question, "arguments", ())),
        "rtol": question.rtol,
        "atol": question.atol,
        "keeps_inputs": getattr(question, "keeps_inputs", False),
        "uses": list(question.uses),
        "hint": question.hint,
        "tries": [
            {
                "inputs": _packed_inputs(t),
                "names": _names(question, t),
                "right": _packed(expected_of(question, t)),
            }
            for t in tries
        ],
        "mistakes": [
            {
                "name": name,
                "sentence": mistake.sentence,
                "gives": [_packed_mistake(question, t, mistake.wrong) for t in tries],
            }
            for name, mistake in question.mistakes.items()
        ],
    }


def _names(question, inputs):
    """The names of all that is given in one try, where it has to be left as it was."""
    kept = getattr(question, "keeps_inputs", False)
    return [name for name, _ in question.named(inputs)] if kept else []


def _packed_inputs(inputs):
    if isinstance(inputs, list):  # a class's script
        return [
            {
                "what": s.what,
                "name": s.name,
                "args": encode(s.args),
                "kwargs": encode(dict(s.kwargs)),
            }
            for s in inputs
        ]
    return encode(inputs)


def _packed(value):
    """What is right, coded; of a picture also which texts may be any text at all."""
    if not isinstance(value, dict):
        return {"value": encode(value)}
    any_text = [key for key, v in value.items() if v is ...]
    return {"value": encode({k: v for k, v in value.items() if v is not ...}), "any": any_text}


def _packed_mistake(question, inputs, wrong):
    try:
        with np.errstate(all="ignore"):
            return _packed(expected_of(question, inputs, wrong))
    except Exception as error:  # it does not fit these inputs: it will match no answer there
        return {"error": type(error).__name__}


# ------------------------------------------------------------------------------ checking


def check(question, answer=None):
    """Print whether an answer is right, or which classic mistake it is.

    question: the assignment and the question, such as "01_perceptron/q2". answer: the function or
    class, or the letter of a choice. Whatever the answer is, the print is a sentence; only an
    interrupt from the keyboard ends it with an exception.
    """
    name, _, id = str(question).partition("/")
    try:
        known = _question(name, id)
    except Unavailable as error:
        print(f"? {error}")
        return
    status, said = _verdict(known, answer)
    first = [] if status in ("right", "missing", "chosen") else _to_mend_first(name, known, answer)
    if first:
        which = " and ".join(i.removeprefix("q") for i in first)
        one = len(first) == 1
        said = f"Question{'' if one else 's'} {which} {'is' if one else 'are'} not right yet, and "
        said += f"this answer calls {'it: mend that' if one else 'them: mend those'} first."
    print(f"{SIGNS.get(status, '✗')} Question {id.lstrip('q')}: {said}")


def _verdict(known, answer):
    """(status, sentence) on an answer to a recorded question."""
    if known["kind"] == "Manual":
        return "chosen", "this one is marked by hand."
    if answer is None or answer is ...:
        return "missing", "no answer yet."
    if known["kind"] == "Choice":
        return _letter(known, answer)
    if not callable(answer):
        what = "a class" if known["kind"] == "ClassCalls" else "a function"
        return "type", f"Expected {what}, came {_described(answer)}."
    with_inputs = [(_inputs(t["inputs"]), _unpacked(t["right"])) for t in known["tries"]]
    answers, names = zip(
        *(
            _answer(known, answer, inputs, recorded.get("names", []))
            for (inputs, _), recorded in zip(with_inputs, known["tries"], strict=True)
        ),
        strict=True,
    )
    if all(map(_untouched, answers)):
        return "missing", "no answer yet."
    tries = [
        Try(_as_judged(known, k, inputs), right, given)
        for k, ((inputs, right), given) in enumerate(zip(with_inputs, answers, strict=True))
    ]
    verdict = judge(_question_again(known), tries)
    if verdict.status == "right" and any(names):
        return "wrong", spoiled(next(filter(None, names)))
    return verdict.status, _sentence(known, verdict)


def _to_mend_first(name, known, answer):
    """The ids of earlier questions that this answer calls and that are not right yet."""
    functions = [
        part
        for part in (vars(answer).values() if issubclass(type(answer), type) else [answer])
        if type(part) is types.FunctionType
    ]
    spaces = {called: f.__globals__ for f in functions for called in _mentioned(f.__code__)}
    return [
        earlier["id"]
        for earlier in _load(*_find(name))["questions"]
        if earlier.get("calls") in known.get("uses", []) and earlier["calls"] in spaces
        if _verdict(earlier, spaces[earlier["calls"]].get(earlier["calls"]))[0] != "right"
    ]


def _mentioned(code):
    """The names of the notebook that a function's code mentions, and the functions inside it."""
    inner = (part for part in code.co_consts if isinstance(part, types.CodeType))
    return {*code.co_names, *(name for part in inner for name in _mentioned(part))}


def _sentence(known, verdict):
    said = verdict.message
    if verdict.status in ("mistake", "wrong", "nan") and verdict.yours:
        said += f" Yours: {verdict.yours}."
    if verdict.status in ("wrong", "nan", "shape") and known["hint"]:
        said += f" Hint: {known['hint']}"
    return said


def _letter(known, answer):
    letter = answer.strip().lower() if type(answer) is str else None
    if letter in known["letters"]:
        return "chosen", f"your answer is {letter!r}. Whether it is right, the grade will tell."
    return "type", f"{letter_wanted(known['letters'])} Yours: {_described(answer)}."


def _described(answer):
    if type(answer) is str:  # `isinstance` asks the object, which may refuse
        return repr(answer[:20])
    return described(_plain(answer))


def _plain(value):
    """The value as the grader would get it, which need not be one that passes."""
    try:
        if value is ...:  # a stub's `return ...`
            return None
        return decode(encode(value))
    except Exception:  # an object that refuses even to be looked at
        return Strange(type(value).__name__)


# ---------------------------------------------------------------------- running an answer


def _answer(known, answer, inputs, names):
    """(what it gives, or a `Problem`; which of the arguments' names it changed)."""
    if known["kind"] == "ClassCalls":
        given = [replace(s, args=copied(s.args), kwargs=copied(dict(s.kwargs))) for s in inputs]
        result = _run_class(answer, given)
    else:
        given = copied(inputs)
        plot = known["kind"] == "Plot"
        result = _drawn(answer, given, known["calls"]) if plot else _run(answer, given)
    before, after = _flat(known, inputs), [_plain(value) for value in _flat(known, given)]
    return result, changed(list(zip(names, before, strict=False)), after)


def _flat(known, inputs):
    """All arguments of a try, in order."""
    if known["kind"] != "ClassCalls":
        return list(inputs)
    return [value for step in inputs for value in (*step.args, *step.kwargs.values())]


def _code(value):
    """A text that is the same for the same value, NaN too."""
    return json.dumps(encode(value))


def _run(function, args):
    try:
        return _plain(function(*args))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also SystemExit: the notebook goes on
        return _problem(error)


def _problem(error):
    """What went wrong, with the last line of the notebook's own code that was reached."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code, trace.tb_lineno))
        trace = trace.tb_next
    here = [(code, line) for code, line in frames if not _of_a_package(code.co_filename)]
    where = f" in `{here[-1][0].co_name}`, line {here[-1][1]} of its cell" if here else ""
    try:
        text = str(error).strip().splitlines()
    except Exception:  # an exception whose text raises another
        text = []
    said = f": {text[0][:200].rstrip('.')}" if text else ""
    return Problem("error", f"{type(error).__name__}{where}{said}.")


def _of_a_package(file):
    return file == __file__ or "site-packages" in file or file.startswith("<frozen")


def _run_class(made, steps):
    """What each step of the script gives; after an error nothing more is tried."""
    instance, answers = None, []
    for step in steps:
        try:
            if step.what == "make":
                instance = made(*step.args, **step.kwargs)
                answers.append(None)
            elif step.what == "call":
                answers.append(_plain(getattr(instance, step.name)(*step.args, **step.kwargs)))
            else:
                answers.append(_plain(getattr(instance, step.name)))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            answers += [_problem(error)] * (len(steps) - len(answers))
            break
    return answers


def _drawn(function, args, name):
    """What a function drew, read from the figures it opened; they are closed, as if never there.

    None where it drew nothing at all.
    """
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError:
        return Problem("error", "Matplotlib is not installed here: pip install matplotlib")
    before, show = set(plt.get_fignums()), plt.show
    own = plt.figure()  # what is drawn without a figure of its own goes here
    trace = own.text(0, 0, "")  # goes with all else where the figure is cleared
    plt.show = lambda *args, **kwargs: None  # in a notebook it would close what is to be read
    try:
        result = _run(function, args)
        opened = [plt.figure(n) for n in plt.get_fignums() if n not in before]
        if isinstance(result, Problem):
            return result
        picture = drawing(opened)
        if picture["lines"] or len(picture["points"]):
            return picture
        untouched = opened == [own] and not own.axes and trace in own.texts
        return None if untouched else Problem("missing", not_drawn(name))
    finally:
        plt.show = show
        for n in set(plt.get_fignums()) - before:
            plt.close(n)


def _untouched(answer):
    """True where the stub answers: nothing comes back, and attributes were never set."""
    if isinstance(answer, list):
        return all(
            a is None or (isinstance(a, Problem) and "AttributeError" in a.text) for a in answer
        )
    return answer is None or answer is ...


# ----------------------------------------------------------------- what was recorded, again


def _question(name, id):
    """The recorded question; `Unavailable` says what to do where there is none."""
    recorded = _load(*_find(name))
    for question in recorded["questions"]:
        if question["id"] == id:
            return question
    ids = ", ".join(q["id"] for q in recorded["questions"])
    raise Unavailable(f"{name} has no question {id!r}: there are {ids}.")


def _find(name):
    """(text of the recorded file, where it is)."""
    beside = Path(f"{name}{SUFFIX}")
    if beside.name == str(beside) and beside.is_file():
        return beside.read_text(encoding="utf-8"), str(beside)
    folder = importlib.resources.files(__package__) / "recorded"
    packed = folder / beside.name
    if beside.name == str(beside) and packed.is_file():
        return packed.read_text(encoding="utf-8"), f"{beside.name} in the package"
    raise Unavailable(
        f"Nothing to check {name!r} against: put {name}{SUFFIX}, which came with the notebook, "
        "into the notebook's folder. Your answers are graded all the same."
    )


@functools.lru_cache(maxsize=8)
def _load(text, where):
    try:
        recorded = json.loads(text)
        if recorded["format"] != FORMAT:
            raise Unavailable(
                f"{where} has format {recorded['format']}, this package reads {FORMAT}: install "
                "the version of the book that the assignment was made with."
            )
        if not all(isinstance(q["id"], str) for q in recorded["questions"]):
            raise ValueError("questions without an id")
        return recorded
    except (ValueError, KeyError, TypeError):
        raise Unavailable(f"{where} is damaged: take a fresh copy of the assignment.") from None


def _inputs(packed):
    if isinstance(packed, list):
        return [Step(s["what"], s["name"], decode(s["args"]), decode(s["kwargs"])) for s in packed]
    return decode(packed)


def _unpacked(packed):
    value = decode(packed["value"])
    return {**value, **dict.fromkeys(packed["any"], ...)} if "any" in packed else value


def _as_judged(known, k, inputs):
    """The inputs, as the judge gets them: of a script only the words, and which try it is."""
    if known["kind"] != "ClassCalls":
        return inputs
    return [Step(s.what, s.name, (k,) if s.what == "make" else ()) for s in inputs]


def _question_again(known):
    """The question as `judge` knows it, with functions that give back what was recorded."""
    common = {key: known[key] for key in ("id", "title", "calls", "rtol", "atol", "hint")}
    replay = _replayed_class if known["kind"] == "ClassCalls" else _replayed
    right = replay(known, [t["right"] for t in known["tries"]])
    common |= {
        "points": 1,
        "reference": right,
        "tries": len(known["tries"]),
        "mistakes": {
            m["name"]: (replay(known, m["gives"]), m["sentence"]) for m in known["mistakes"]
        },
    }
    if known["kind"] == "ClassCalls":
        return ClassCalls(script=lambda rng: [], **common)
    return {"Function": Function, "Plot": Plot}[known["kind"]](inputs=lambda rng: (), **common)


def _give(packed):
    if "error" in packed:
        raise ValueError(packed["error"])
    return _unpacked(packed)


def _replayed(known, gives):
    """A function that returns, for the inputs of each try, what was recorded for it."""
    table = {json.dumps(t["inputs"]): given for t, given in zip(known["tries"], gives, strict=True)}

    def replayed(*args):
        return _give(table[_code(args)])

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    replayed.__signature__ = inspect.Signature(
        [inspect.Parameter(name, kind) for name in known["arguments"]]
    )
    return replayed


def _replayed_class(known, gives):
    """A class that answers the script of try k, with which it is made, as recorded."""

    class Replayed:
        def __init__(self, k):
            self.__dict__["_left"] = list(
                zip(known["tries"][k]["inputs"], _give(gives[k]), strict=True)
            )[1:]

        def __getattr__(self, name):
            step, answer = self._left.pop(0)
            return (lambda: answer) if step["what"] == "call" else answer

    return Replayed
