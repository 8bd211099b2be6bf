"""From a notebook's bytes to a result: what honest work brings, whatever happened to its file."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from classroom.grading import Kit, Task, grade_one, kit_of, prepared
from classroom.packages import PackageError
from classroom.sandbox import Limits
from trial import CHECKS, FULL, SOLUTIONS, TEXT, cells, make_course, notebook, solved

pytestmark = pytest.mark.optional("bubblewrap")

ROOT = Path(__file__).parents[2]
LIMITS = Limits(seconds=20, cell=1, memory=500_000_000)
SEED = "the seed of these tests"


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    return kit_of(make_course(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def graded(kit):
    def graded(data, **changes):
        task = Task(kit, "ada", "trial.ipynb", data, SEED, limits=LIMITS)
        return grade_one(replace(task, **changes))

    return graded


def by_id(result):
    return {question["id"]: question for question in result["questions"]}


def statuses(result):
    return {question["id"]: question["status"] for question in result["questions"]}


RIGHT = {"q1": "right", "q2": "right", "q3": "right", "q4": "right", "q5": "manual"}


def test_a_result_says_everything_and_no_secret(graded, kit):
    result = graded(solved())
    assert set(result) == {
        *("schema", "assignment", "student", "file", "graded_with", "status", "notes", "human"),
        *("points", "max_points", "questions", "graded_by"),
    }
    assert set(result["graded_by"]) == {"grader", "checks", "seed", "limits", "sandbox"}
    assert (result["status"], result["points"], result["max_points"]) == ("graded", FULL, 15.0)
    assert (result["notes"], result["human"]) == ([], [])
    assert statuses(result) == RIGHT
    assert by_id(result)["q5"]["yours"] == TEXT
    wrong = by_id(graded(solved(q1="def slope(a): return a * 3.5")))["q1"]
    assert wrong["message"].startswith("Expected an array of shape (2, 3); 6 of 6 entries are diff")
    assert (wrong["hint"], wrong["section"]) == ("a is tanh(z).", "chapters/05.html#slope")
    assignment, _, right = prepared(kit, SEED)
    for _, expected in right["q1"]:
        for number in expected.ravel():
            assert f"{number:.5f}"[:6] not in json.dumps(wrong)
    assert SEED not in json.dumps(result)
    assert assignment.points == 15


def test_what_was_handed_out_brings_nothing(graded):
    result = graded(notebook(cells({}, text="*Your answer here.*")))
    assert set(statuses(result).values()) == {"missing"}
    assert (result["points"], result["human"]) == (0.0, [])
    assert by_id(result)["q3"]["message"] == "`Counter` is still as handed out."


def test_a_mistake_is_named(graded):
    found = by_id(
        graded(solved(q1="def slope(a):\n    return 1 - np.tanh(a)**2", q4='answer_4="a"'))
    )
    assert (found["q1"]["status"], found["q1"]["mistake"]) == ("mistake", "of z")
    assert found["q1"]["message"] == "The slope was taken at tanh(a)."
    assert (found["q4"]["status"], found["q4"]["message"]) == ("mistake", "Not a.")


CELLS = cells(SOLUTIONS)
LATE = "answer_4 = letters[1]"
LOOP = "while True: pass"


def test_what_needs_a_later_cell_is_run_again_after_it(graded):
    derived = SOLUTIONS["q3"].replace("class Counter:", "class Counter(Base):")
    late = [("code", "letters = 'ab'"), ("code", "class Base: pass")]
    result = graded(notebook([*cells({**SOLUTIONS, "q3": derived, "q4": LATE}), *late]))
    assert statuses(result) == RIGHT
    assert [note.partition(":")[0] for note in result["notes"]] == ["Cell 8", "Cell 10"]


def test_an_endless_call_costs_its_question(graded):
    result = graded(solved(q1="def slope(a):\n    while True: pass"))
    assert statuses(result) == {**RIGHT, "q1": "timeout"}
    assert result["points"] == FULL - 4
    assert by_id(result)["q1"]["message"].startswith("It had not ended after 1 seconds.")


def test_a_hostile_notebook_costs_its_time_and_no_more(graded):
    loops = [("code", LOOP)] * 9
    began = time.monotonic()
    result = graded(notebook([*loops, *CELLS]), limits=replace(LIMITS, seconds=3.0))
    assert time.monotonic() - began < 15
    assert set(statuses(result).values()) == {"timeout", "manual"}
    assert "All of the time for one notebook was over." in by_id(result)["q1"]["message"]


def test_a_crash_costs_its_question_and_a_person_is_told(graded):
    result = graded(solved(q1="import os\ndef slope(a): os._exit(0)"))
    assert statuses(result) == {**RIGHT, "q1": "crash"}
    assert result["human"] == ["Question q1: It ended the process it ran in. "
                               "The input: a: an array of shape (2, 3)."]  # fmt: skip


def test_torch_where_it_may_not_be_is_refused_and_a_person_is_told(graded):
    code = "import torch\ndef slope(a):\n    return torch.tensor(a).cos().numpy()"
    result = graded(solved(q1=code))
    assert by_id(result)["q1"]["message"].startswith(
        "Question q1 may not use torch: it may use numpy. (cell 4, line 3"
    )
    assert statuses(result) == {**RIGHT, "q1": "refused"}
    assert result["human"] == ["Question q1: its code uses torch, which it may not."]


def test_reaching_for_the_package_is_seen_behind_other_names(graded):
    code = (
        "import backprop as bp\nhelper = lambda a: bp.anything(a)\n"
        "def slope(a):\n    try: return helper(a)\n    except ImportError: return 1 - a**2"
    )
    result = graded(solved(q1=code))
    assert result["human"] == ["Question q1: its code uses backprop, which it may not."]


def test_an_argument_that_was_changed_is_told(graded):
    found = by_id(graded(solved(q2="def scaled(W, k):\n    W *= k\n    return W")))["q2"]
    assert (found["status"], found["points"]) == ("wrong", 0.0)
    assert found["message"] == "The values are right, but `W` was changed. Work on a copy."


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"", "empty"), (None, "empty"), (b"<html>", "unreadable"), (b"\x89PNG\0", "unreadable")],
)
def test_what_cannot_be_graded_has_a_row_too(graded, data, status):
    result = graded(data)
    assert (result["status"], result["points"]) == (status, 0.0)
    assert set(statuses(result).values()) == {"missing"}
    assert len(result["questions"]) == 5
    assert len(result["human"]) == 1


def test_a_fault_of_the_grader_is_a_row_too(graded, monkeypatch):
    def fails(data):
        raise RuntimeError("on purpose")

    monkeypatch.setattr("classroom.grading.read", fails)
    result = graded(solved())
    assert (result["status"], result["points"]) == ("crashed", 0.0)
    said = "The grader itself failed at this submission: RuntimeError: on purpose"
    assert result["human"] == [said]


def test_an_answer_that_lost_its_place_is_found(graded):
    lost = [cell for cell in CELLS if not cell[1].startswith("#")]
    assert by_id(graded(notebook(lost)))["q5"]["yours"] == TEXT
    inside = [(k, t) for k, t in CELLS if t != TEXT]
    inside[-1] = ("markdown", f"{inside[-1][1]}\n\nBecause.\n\n$$x$$")
    assert by_id(graded(notebook(inside)))["q5"]["yours"] == "Because.\n\n$$x$$"


def test_threads_do_not_meet_in_one_sandbox(graded):
    work = [
        solved(),
        solved(q1="def slope(a): return a"),
        solved(q2="def scaled(W, k): return 1.0"),
    ]
    with ThreadPoolExecutor(3) as threads:
        points = [result["points"] for result in threads.map(graded, work * 2)]
    assert points == [FULL, FULL - 4, FULL - 2] * 2


def test_without_a_sandbox_the_result_says_so(graded):
    result = graded(solved(q1="def slope(a):\n    while True: pass"), unsafe=True)
    assert result["notes"] == ["Graded without a sandbox."]
    assert statuses(result) == {**RIGHT, "q1": "timeout"}


def test_the_key_follows_all_that_the_result_depends_on(kit):
    task = Task(kit, "ada", "a.ipynb", b"1", SEED)
    others = [
        replace(task, data=b"2"),
        replace(task, seed=SEED + "!"),
        replace(task, limits=LIMITS),
        replace(task, unsafe=True),
        replace(task, kit=replace(kit, code=CHECKS + "\n")),
    ]
    assert len({t.key for t in [task, *others]}) == 6
    assert replace(task, student="bob", file="b.ipynb").key == task.key
    assert SEED not in repr(task)


def test_a_package_that_is_not_there_is_told_before_anybody_is_graded():
    code = CHECKS.replace('calls="slope"', 'calls="slope", imports=("not_there",)')
    kit = Kit("01_trial", code, "x.py", (), ())
    with pytest.raises(PackageError, match=r"^imports: not_there is not installed"):
        grade_one(Task(kit, "ada", "a.ipynb", solved(), SEED))


@pytest.mark.parametrize("name", sorted(p.stem for p in (ROOT / "assignments").glob("*.ipynb")))
def test_the_books_own_solutions_bring_full_points_and_their_stubs_none(name):
    path = ROOT / "assignments" / f"{name}.ipynb"
    kit = kit_of(path)
    result = grade_one(Task(kit, "ada", "a.ipynb", path.read_bytes(), SEED))
    assert {q["status"] for q in result["questions"]} == {"right", "manual"}
    assert (result["notes"], result["human"]) == ([], [])
    stubs = notebook(kit.cells)
    result = grade_one(Task(kit, "ada", "a.ipynb", stubs, SEED))
    assert {q["status"] for q in result["questions"]} == {"missing"}
