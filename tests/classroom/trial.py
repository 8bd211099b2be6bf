"""A small assignment for the tests of grading, and notebooks that answer it."""

import json
import re

from classroom.source import cleared

CHECKS = """
import numpy as np
from classroom.questions import Assignment, Choice, ClassCalls, Function, Manual, call, make, read


class Counter:
    def __init__(self, start):
        self.total = start

    def add(self, x):
        self.total = self.total + x
        return self.total.sum()


ASSIGNMENT = Assignment("01_trial", "A trial", "", [
    Function(id="q1", title="Slope", points=4, calls="slope", tries=4, seconds=1.0,
             reference=lambda a: 1 - a**2, inputs=lambda rng: (rng.uniform(-1, 1, (2, 3)),),
             mistakes={"of z": (lambda a: 1 - np.tanh(a)**2, "The slope was taken at tanh(a).")},
             hint="a is tanh(z).", section="chapters/05.html#slope"),
    Function(id="q2", title="A copy", points=2, calls="scaled", tries=2, seconds=1.0,
             keeps_inputs=True,
             reference=lambda W, k: k * W, inputs=lambda rng: (rng.normal(size=3), 2.0)),
    ClassCalls(id="q3", title="A class", points=3, calls="Counter", reference=Counter, tries=2,
               script=lambda rng: [make(rng.normal(size=2)), call("add", 1.0), read("total")]),
    Choice(id="q4", title="Which", points=1, calls="answer_4", right="b", wrong={"a": "Not a."}),
    Manual(id="q5", title="Why", points=5, rubric="One point a reason."),
])
"""

INTRO = "import numpy as np\nfrom classroom import check"
SOURCES = {
    "q1": """\
def slope(a):
    ### BEGIN SOLUTION
    return 1 - a**2
    ### END SOLUTION""",
    "q2": """\
def scaled(W, k):
    ### BEGIN SOLUTION
    return k * W
    ### END SOLUTION""",
    "q3": """\
class Counter:
    def __init__(self, start):
        ### BEGIN SOLUTION
        self.total = start
        ### END SOLUTION

    def add(self, x):
        ### BEGIN SOLUTION
        self.total = self.total + x
        return self.total.sum()
        ### END SOLUTION""",
    "q4": """\
### BEGIN SOLUTION answer_4 = ...
answer_4 = "b"
### END SOLUTION""",
}
SOLUTIONS = {id: re.sub(r" *### .*\n?", "", text).rstrip() for id, text in SOURCES.items()}
STUBS = {id: cleared(text, "code") for id, text in SOURCES.items()}
TITLES = {"q1": "Slope", "q2": "A copy", "q3": "A class", "q4": "Which", "q5": "Why"}
TERMS = {
    "q1": "*4 points. May import: `numpy`.*",
    "q2": "*2 points. May import: `numpy`.*",
    "q3": "*3 points. May import: `numpy`.*",
    "q4": "*1 point.*",
    "q5": "*5 points, marked by hand.*",
}
TEXT = "Because the slopes multiply."
#: The points of `solved()`, without those of the question that is marked by hand.
FULL = 10.0


def _cell(n, kind, text, grade=None, points=None):
    mark = {"grade": grade is not None, "grade_id": grade or f"cell-{n}", "locked": grade is None}
    mark |= {"schema_version": 3, "solution": grade is not None, "task": False}
    mark |= {} if points is None else {"points": points}
    cell = {"cell_type": kind, "id": f"c{n}", "metadata": {"nbgrader": mark}, "source": text}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def source():
    """The assignment's source notebook, as text."""
    cells = [_cell(0, "markdown", "# A trial"), _cell(1, "code", INTRO)]
    for id, points in (("q1", 4), ("q2", 2), ("q3", 3), ("q4", 1), ("q5", 5)):
        n = len(cells)
        cells.append(_cell(n, "markdown", f"## Question {id} · {TITLES[id]}\n\n{TERMS[id]}"))
        if id == "q5":
            text = f"<!-- BEGIN SOLUTION -->\n{TEXT}\n<!-- END SOLUTION -->"
            cells.append(_cell(n + 1, "markdown", text, id, points))
        else:
            cells.append(_cell(n + 1, "code", SOURCES[id], id, points))
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def cells(answers, text=TEXT):
    """A student's cells: `answers` (id -> code) where there are some, else the stubs."""
    made = [("markdown", "# A trial"), ("code", INTRO)]
    for id, title in TITLES.items():
        made.append(("markdown", f"## Question {id} · {title}\n\n{TERMS[id]}"))
        if id == "q5":
            made.append(("markdown", text))
        else:
            made.append(("code", {**STUBS, **answers}[id]))
    return made


def notebook(cells):
    """The bytes of a notebook of (kind, text) cells, without any metadata."""
    made = [{"cell_type": kind, "source": text, "metadata": {}} for kind, text in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def solved(**changes):
    """The bytes of a notebook with all solutions, but for some."""
    return notebook(cells({**SOLUTIONS, **changes}))


def make_course(root):
    """Put the assignment into a course's folder; its path."""
    folder = root / "assignments"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "01_trial.ipynb").write_text(source(), encoding="utf-8")
    (folder / "01_trial.py").write_text(CHECKS, encoding="utf-8")
    return folder / "01_trial.ipynb"
