"""What the tests of the assignments share: their sources, and their solutions' names."""

import functools
from pathlib import Path

import numpy as np

from classroom.judging import Problem, Try
from classroom.questions import (
    Choice,
    ClassCalls,
    Plot,
    copied,
    expected_of,
    run_script,
    tries_of,
)
from classroom.source import load, text_of
from classroom.values import drawing
from drawn import plt  # a backend without a screen

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in ROOT.glob("assignments/*.ipynb"))
NO_CHECK = ("from classroom import check", "check = lambda *args: None")


@functools.cache
def source(name):
    """The `Source` of one of the book's assignments."""
    return load(ROOT / "assignments" / f"{name}.ipynb")


def run(cells, space):
    """Run code cells one after the other, as a notebook does."""
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile(text_of(cell).replace(*NO_CHECK), cell["id"], "exec"), space)
    plt.close("all")
    return space


@functools.cache
def solutions(name):
    """What the source's cells define, run from top to bottom without the self-check."""
    return run(source(name).notebook["cells"], {})


def answered(question, answer, inputs):
    """What an answer gives for one try's inputs, as the grader gets it."""
    if isinstance(question, Choice):
        return answer
    if isinstance(question, ClassCalls):
        return run_script(answer, inputs)
    if not isinstance(question, Plot):
        return answer(*copied(inputs))
    plt.close("all")
    answer(*copied(inputs))
    return drawing([plt.figure(n) for n in plt.get_fignums()])


def tries(name, question, seed, answer):
    """The tries on a seed's inputs, where answer(inputs) gives what came."""
    inputs = tries_of(source(name).assignment, question, seed) or [()]
    return [Try(i, expected_of(question, i), answer(i)) for i in inputs]


def wrong(question, mistake, inputs):
    """What a known wrong answer gives, as the grader gets it; a picture has all its parts."""
    try:
        with np.errstate(all="ignore"):
            given = expected_of(question, inputs, mistake.wrong)
    except Exception as error:
        return Problem("error", str(error))
    if not isinstance(question, Plot):
        return given
    blank = drawing([])
    pairs = zip(given["lines"], given["labels"], strict=True)
    given = {**given, "lines": [[*line, [label]] for line, label in pairs]}
    said = {key: "some words" if value is ... else value for key, value in given.items()}
    return {**blank, **said}
