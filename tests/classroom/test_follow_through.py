"""One slip is paid for once: what is right but for an earlier answer gets its points."""

import json
import time
from dataclasses import replace

import pytest

from classroom import grading, running
from classroom.grading import Kit, Task, grade_one
from classroom.oracle import Oracle, packages_of
from classroom.questions import Assignment, ClassCalls, Function, call, make, read, tries_of
from classroom.sandbox import Limits, Sandbox, SandboxError
from classroom.values import decode, encode
from trial import notebook

pytestmark = pytest.mark.optional("bubblewrap")

CHECKS = """
import numpy as np
from classroom.questions import Assignment, ClassCalls, Function, Manual, call, make, read


def slope(x, w):
    return np.float64((x * w).sum()) * x


class Box:
    def __init__(self, w):
        self.w, self.secret = w.copy(), 17

    def add(self, x):
        self.w = self.w + x
        return self.w.sum()


def walk(x, w, n):
    for _ in range(n):
        w = w - slope(x, w)
    return w


def filled(w, n):
    box = Box(w)
    return [float(box.add(k)) for k in range(n)] + list(box.w)


def vectors(rng):
    return tuple(rng.normal(size=(2, 3)))


ASSIGNMENT = Assignment("01_follow", "A trial", "", [
    Function(id="q1", title="a", points=4, calls="slope", reference=slope, inputs=vectors,
             seconds=1.0, mistakes={"sign": (lambda x, w: -slope(x, w), "The sign is turned.")}),
    ClassCalls(id="q2", title="b", points=3, calls="Box", reference=Box, keeps_inputs=True,
               script=lambda rng: [make(rng.normal(size=3)), call("add", 1.0), read("w")]),
    Function(id="q3", title="c", points=2, calls="walk", uses=("slope",), reference=walk,
             inputs=lambda rng: (*vectors(rng), int(rng.integers(2, 5))), seconds=1.0,
             mistakes={"uphill": (lambda x, w, n: walk(x, w, -n), "never"),
                       "one step": (lambda x, w, n: walk(x, w, 1), "That is one step.")}),
    Function(id="q4", title="d", points=5, calls="filled", uses=("Box", "slope"), share=0.5,
             keeps_inputs=True, reference=filled, inputs=lambda rng: (rng.normal(size=3), 3)),
])
"""
KIT = Kit("01_follow", CHECKS, "x.py", (), ())
SLOPE = "def slope(x, w):\n    return (x * w).sum() * x"
WRONG_SLOPE = "def slope(x, w):\n    return -(x * w).sum() * x"
BOX = """
class Box:
    def __init__(self, w):
        self.w = w.copy()
    def add(self, x):
        self.w += x
        return self.w.sum()
"""
WRONG_BOX = BOX.replace("self.w += x", "self.w += 2 * x")
WALK = "def walk(x, w, n):\n    for _ in range(n):\n        w = w - slope(x, w)\n    return w"
FILLED = """
def filled(w, n):
    box = Box(w)
    return [box.add(k) for k in range(n)] + list(box.w)
"""
LIMITS = Limits(seconds=20, cell=1, memory=500_000_000)
GIVEN = "Right, given your `slope`, which is not (question 1)."
CALLS = "It calls your `slope`, which is not right (question 1)."


def graded(*codes, **changes):
    cells = [("code", code) for code in ("import numpy as np", *codes)]
    task = Task(KIT, "ada", "a.ipynb", notebook(cells), "a seed", limits=LIMITS)
    return grade_one(replace(task, **changes))


def rows(*codes):
    """Question id -> (points, status, message)."""
    found = graded(*codes)["questions"]
    return {q["id"]: (q["points"], q["status"], q["message"]) for q in found}


def test_all_right_needs_no_second_run(monkeypatch):
    monkeypatch.setattr(grading, "Oracle", None)
    assert graded(SLOPE, BOX, WALK, FILLED)["points"] == 14


def test_what_is_wrong_alone_needs_none_either(monkeypatch):
    monkeypatch.setattr(grading, "Oracle", None)
    for walk in (WALK.replace("range(n)", "range(1)"), WALK.replace("slope(", "slop(")):
        result = graded(SLOPE, BOX, walk, FILLED)
        assert (result["status"], result["points"]) == ("graded", 12)
    nothing = graded(WRONG_SLOPE, BOX, "def walk(x, w, n):\n    ...", "")
    assert (nothing["status"], nothing["points"]) == ("graded", 3)


def test_a_slip_in_a_function_costs_its_own_question():
    found = rows(WRONG_SLOPE, BOX, WALK, FILLED)
    assert found["q1"] == (0.0, "mistake", "The sign is turned.")
    assert found["q3"] == (2.0, "right", GIVEN)
    assert found["q4"][:2] == (5.0, "right")


def test_a_slip_in_a_class_costs_its_own_question_and_the_share_that_is_set():
    found = rows(SLOPE, WRONG_BOX, WALK, FILLED)
    assert found["q2"][0] == 0.0
    said = "Right, given your `Box`, which is not (question 2)."
    assert found["q4"] == (2.5, "right", said)


def test_a_class_that_changes_what_it_was_given_is_told_at_its_own_question():
    found = rows(SLOPE, BOX.replace("w.copy()", "w"), WALK, FILLED)
    said = "The values are right, but `w` was changed. Work on a copy."
    assert found["q2"] == (0.0, "wrong", said)
    assert found["q4"][2] == "Right, given your `Box`, which is not (question 2)."


def test_an_earlier_answer_that_is_not_there_is_no_other_case():
    assert rows(WALK)["q3"] == (2.0, "right", GIVEN)
    raises = "def slope(x, w):\n    raise NotImplementedError"
    assert rows(raises, WALK)["q3"] == (2.0, "right", GIVEN)


def test_functions_are_values_and_names_are_looked_up_when_they_are_called():
    closure = (
        "def maker():\n    return lambda x, w, n: [w := w - slope(x, w) for _ in range(n)][-1]"
    )
    assert rows(WRONG_SLOPE, closure, "walk = maker()")["q3"] == (2.0, "right", GIVEN)
    given = "def walk(x, w, n):\n    f = slope\n    for k in map(f, [x] * 1, [w]): pass\n"
    given += "    for _ in range(n): w = w - list(map(f, [x], [w]))[0]\n    return w"
    assert rows(WRONG_SLOPE, given)["q3"] == (2.0, "right", GIVEN)


@pytest.mark.parametrize(
    "walk",
    [
        WALK.replace("n):", "n, slope=slope):", 1),
        WALK.replace("slope", "mine") + "\nmine = slope",
        WALK.replace("slope(x, w)", "-(x * w).sum() * x"),
    ],
    ids=["default argument", "another name", "written out"],
)
def test_what_does_not_ask_for_the_name_stays_as_it_was(walk):
    points, status, message = rows(WRONG_SLOPE, walk)["q3"]
    assert (points, status) == (0.0, "wrong")
    assert "slope" not in message


def test_what_is_wrong_by_itself_too_hears_of_both():
    one = rows(WRONG_SLOPE, WALK.replace("range(n)", "range(1)"))["q3"]
    assert one == (0.0, "mistake", f"That is one step. {CALLS}")
    other = rows(WRONG_SLOPE, WALK.replace("return w", "return w + 1"))["q3"]
    assert other[:2] == (0.0, "wrong")
    assert other[2].startswith("Expected an array of shape (3,); 3 of 3 entries are different.")
    assert other[2].endswith(CALLS)


def test_numbers_come_back_as_numbers():
    kind = FILLED.replace("    return", "    assert isinstance(Box(w).add(0), float)\n    return")
    assert rows(SLOPE, WRONG_BOX, kind)["q4"][1] == "right"


def test_points_for_some_inputs_are_kept():
    some = WALK.replace("return w", "return w if n < 4 else 0 * w")
    points, status, message = rows(WRONG_SLOPE, some)["q3"]
    assert 0 < points < 2 and status == "wrong" and message.endswith(CALLS)


@pytest.mark.parametrize(
    "line",
    ["box.w += 1", "import copy; box = copy.deepcopy(box)", "box.secret", "box._which = 0"],
)
def test_an_object_outside_is_not_what_its_question_does_not_ask_for(line):
    spoiled = FILLED.replace("    return", f"    {line}\n    return")
    points, status, message = rows(SLOPE, WRONG_BOX, spoiled)["q4"]
    assert (points, status) == (0.0, "error" if "secret" in line else "wrong")
    assert "`Box`, which is not right (question 2)" in message


def test_the_same_bytes_every_time_and_without_walls():
    cells = WRONG_SLOPE, WRONG_BOX, WALK, FILLED
    once, again = (json.dumps(graded(*cells)) for _ in range(2))
    assert once == again
    unsafe = graded(*cells, unsafe=True)
    assert unsafe["questions"] == json.loads(once)["questions"]


def test_torch_in_an_earlier_cell_is_not_charged_again():
    torch = "import torch\ndef slope(x, w):\n    return torch.tensor(x * w).sum() * x"
    result = graded(torch, WALK)
    assert result["human"] == ["Question q1: its code uses torch, which it may not."]
    assert result["questions"][2]["message"] == GIVEN


def test_a_cell_that_does_not_end_is_waited_for_once(monkeypatch):
    waited, ended = [], running._Run._ended_in
    monkeypatch.setattr(running._Run, "_ended_in", lambda *a: waited.append(a[1].cell) or ended(*a))
    found = rows(WRONG_SLOPE, WALK, "while True: pass")
    assert found["q3"] == (2.0, "right", GIVEN)
    assert waited == [4]


def test_a_name_that_is_spoilt_later_is_asked_for_earlier_here_too():
    """Both the wrong earlier answer and the one that calls it."""
    spoilt = "x, w = np.ones((2, 3))\nslope, walk = slope(x, w), walk(x, w, 2)"
    found = rows(WRONG_SLOPE, BOX, WALK, FILLED, spoilt)
    assert found["q1"] == (0.0, "mistake", "The sign is turned.")
    assert found["q3"] == (2.0, "right", GIVEN)
    assert found["q4"][:2] == (5.0, "right")
    wrong = rows(WRONG_SLOPE, BOX, WALK.replace("range(n)", "range(1)"), FILLED, spoilt)
    assert wrong["q3"] == (0.0, "mistake", f"That is one step. {CALLS}")


def test_a_class_whose_name_is_spoilt_is_asked_for_earlier():
    found = rows(SLOPE, BOX, WALK, FILLED, "Box = Box(np.ones(3))")
    assert (found["q2"][:2], found["q4"][:2]) == ((3.0, "right"), (5.0, "right"))
    late = rows(SLOPE, BOX.replace("w.copy()", "w"), WALK, FILLED, "Box = Box(np.ones(3))")
    said = "The values are right, but `w` was changed. Work on a copy."
    assert late["q2"] == (0.0, "wrong", said)


def test_a_class_in_pieces_and_an_answer_in_a_condition_are_followed_too():
    pieces = "def add(self, x):\n    self.w = self.w + 2 * x\n    return self.w.sum()\n"
    pieces += "Box.add = add\nif True:\n    def __init__(self, w): self.w = w.copy()\n"
    stub = "class Box:\n    def __init__(self, w): ...\n    def add(self, x): ..."
    inside = "if True:\n" + "\n".join(f"    {line}" for line in FILLED.strip().split("\n"))
    found = rows(SLOPE, stub, f"{pieces}Box.__init__ = __init__", WALK, inside, stub)
    assert (found["q2"][:2], found["q4"][:2]) == ((0.0, "wrong"), (2.5, "right"))


SLEEPS = "import time\ntime.sleep(4)\nhalf = float('1')"


def test_cells_that_take_their_time_have_it_in_every_run():
    """Four seconds twice, of twelve."""
    walk = WALK.replace("return w", "return w * half")
    result = graded(
        SLEEPS, WRONG_SLOPE, BOX, walk, FILLED, limits=replace(LIMITS, seconds=12, cell=6)
    )
    assert [q["points"] for q in result["questions"]] == [0.0, 3.0, 2.0, 5.0]
    assert (result["notes"], result["human"]) == ([], [])


def test_what_never_ends_in_the_references_ends_the_try():
    began = time.monotonic()
    endless = "def walk(x, w, n):\n    while True: slope(x, w)"
    points, status, _ = rows(WRONG_SLOPE, endless)["q3"]
    assert (points, status) == (0.0, "timeout")
    assert time.monotonic() - began < 15


# ---------------------------------------------------------------------------- the oracle itself


ENDLESS = Function(id="q1", title="a", points=1, calls="endless", seconds=0.5, tries=1,
                   reference=lambda n: sum(range(n)), inputs=lambda rng: (3,))  # fmt: skip
BOXED = ClassCalls(id="q2", title="b", points=1, calls="Box", reference=object, tries=1,
                   script=lambda rng: [make([1.0]), call("add", 1.0), read("w")])  # fmt: skip
CODE = """
from classroom.questions import Assignment, ClassCalls, Function, call, make, read
class Box:
    def __init__(self, w): self.w = list(w)
    def add(self, x):
        self.w.append(x)
        return sum(self.w)
    def tell(self): return "all"
ASSIGNMENT = Assignment("01", "t", "", [
    Function(id="q1", title="a", points=1, calls="endless", tries=1,
             reference=lambda n: sum(range(n)), inputs=lambda rng: (3,)),
    ClassCalls(id="q2", title="b", points=1, calls="Box", reference=Box, tries=1,
               script=lambda rng: [make([1.0]), call("add", 1.0), read("w")])])
"""


@pytest.fixture(scope="module")
def box():
    limits = replace(LIMITS, memory=200_000_000)
    with Sandbox(packages_of(CODE), limits, reference=True) as box:
        yield box


@pytest.fixture
def ask(box):
    assignment = Assignment("01", "t", "", [ENDLESS, BOXED])
    earlier = [(q, tries_of(assignment, q, "seed")) for q in assignment.questions]
    with Oracle(box, CODE, earlier) as oracle:

        def ask(asks, *args, size=100, **more):
            message = {"asks": asks, "args": encode(list(args)), "kwargs": encode({}), **more}
            told = oracle.answer(message, size)
            return decode(told["answer"]) if told else "nothing"

        ask.oracle = oracle
        yield ask


def test_it_answers_as_the_references_do(ask):
    assert ask("give", 5, name="endless") == 10
    assert [ask("make", [1.0], name="Box"), ask("make", [5.0], name="Box")] == [0, 1]
    assert ask("call", 2.0, which=0, part="add") == 3.0
    assert ask("call", 2.0, which=1, part="add") == 7.0
    assert (ask("read", which=0, part="w"), ask("read", which=1, part="w")) == ([1, 2], [5, 2])
    assert ask.oracle.asked == {"endless", "Box"}
    assert ask.oracle.stubs == [["endless", None, None], ["Box", ["add"], ["w"]]]


@pytest.mark.parametrize(
    ("asks", "more"),
    [
        ("give", {"name": "Box"}),
        ("make", {"name": "endless"}),
        ("give", {"name": "sum"}),
        ("give", {"name": ["endless"]}),
        ("load", {"name": "endless"}),
        ("call", {"which": 0, "part": "tell"}),
        ("call", {"which": 0, "part": "__init__"}),
        ("call", {"which": 0, "part": "w"}),
        ("read", {"which": 0, "part": "__dict__"}),
        ("read", {"which": 1, "part": "w"}),
        ("read", {"which": -1, "part": "w"}),
        ("read", {"which": False, "part": "w"}),
        ("give", {"name": "endless", "args": {"list": [{"array": [1]}]}}),
        ("give", {"name": "endless", "args": 3}),
        ("give", {}),
    ],
)
def test_it_answers_nothing_else(ask, asks, more):
    assert ask("make", [1.0], name="Box") == 0
    assert ask(asks, **more) == "nothing"


def test_it_is_limited_in_bytes(ask):
    assert ask("give", 2, name="endless", size=99_999_990) == 1
    assert ask("give", 2, name="endless", size=20) == "nothing"


def test_it_is_limited_in_calls(box, monkeypatch):
    monkeypatch.setattr("classroom.oracle.MOST_CALLS", 3)
    with Oracle(box, CODE, [(ENDLESS, [])]) as oracle:
        asked = {"asks": "give", "name": "endless", "args": encode([2]), "kwargs": encode({})}
        assert [bool(oracle.answer(asked, 1)) for _ in range(5)] == [True] * 3 + [False] * 2


def test_what_takes_too_long_or_too_much_ends_the_references_alone(ask):
    began = time.monotonic()
    assert ask("give", 10**12, name="endless") == "nothing"
    assert ask("give", 2, name="endless") == "nothing"  # it does not come back in this run
    assert time.monotonic() - began < 5


def test_the_students_walls_have_no_references():
    with Sandbox(("numpy",), LIMITS) as plain, plain.submission() as student:
        code = "import importlib\nfound = importlib.import_module('classroom.reference')"
        told = student.ask({"do": "cell", "cell": 1, "code": code}, 5)["error"]
        assert told[1:3] == ["ModuleNotFoundError", "No module named 'classroom'"]


def test_checks_that_do_not_run_there_are_the_machines_fault(box):
    with pytest.raises(SandboxError, match=r"^the checks do not run in walls of their own: .*nope"):
        Oracle(box, "import nope", [(ENDLESS, [])])


def test_what_the_checks_import_is_found():
    code = "import os, torch.nn\nfrom backprop.x import y\nfrom classroom.questions import call"
    assert packages_of(code) == ("backprop", "numpy", "torch")
