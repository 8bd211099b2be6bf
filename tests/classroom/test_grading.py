"""From a notebook's bytes to a result: what honest work brings, whatever happened to its file."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from classroom.answers import work
from classroom.grading import Kit, Task, grade_one, kit_of, prepared
from classroom.judging import judge
from classroom.notebook import Cell, assignment_named, read
from classroom.packages import PackageError
from classroom.sandbox import Limits, Sandbox
from trial import CHECKS, FULL, SOLUTIONS, STUBS, TEXT, cells, make_course, notebook, solved

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
    loops = [("code", "class Endless:\n    while True: pass")] * 9
    began = time.monotonic()
    result = graded(notebook([*loops, *CELLS]), limits=replace(LIMITS, seconds=3.0))
    assert time.monotonic() - began < 15
    assert set(statuses(result).values()) == {"timeout", "manual"}
    assert "All of the time for one notebook was over." in by_id(result)["q1"]["message"]


def test_cells_that_take_all_of_their_time_leave_the_questions_theirs(graded):
    """Here they take six of eight seconds; what is not run by then is kept where it defines."""
    loops = [("code", LOOP)] * 9
    result = graded(notebook([*loops, *CELLS]), limits=replace(LIMITS, seconds=8.0))
    assert statuses(result) == RIGHT
    said = "Its cells take so long that of some of them only what they define was run."
    assert (result["notes"][-1], result["human"]) == (said, [said])
    left = "Cell 1, line 1: It had not ended after 1 seconds and was left out."
    assert result["notes"][0] == left


def test_packages_are_loaded_in_nobodys_time(graded, monkeypatch):
    """A sandbox starts with the first submission, which has its two seconds all the same."""
    start, started = Sandbox.start, []

    def slowly(box):
        if box not in started:
            started.append(box)
            time.sleep(2.5)
        start(box)

    monkeypatch.setattr(Sandbox, "start", slowly)
    assert statuses(graded(solved(), limits=replace(LIMITS, seconds=2.0))) == RIGHT
    assert len(started) == 1


def test_of_a_cell_only_the_statement_that_does_not_end_is_left_out(graded):
    code = f"fac = float('2')\n{LOOP}\nassert False\ndef scaled(W, k): return W * k * fac / twice()"
    result = graded(solved(q2=f"{code}\ntwice = lambda: 2 * float('1')"))
    assert statuses(result) == RIGHT
    assert result["notes"] == [
        "Cell 6, line 2: It had not ended after 1 seconds and was left out.",
        "Cell 6: AssertionError (cell 6, line 3: assert False)",
    ]


def test_a_cell_of_very_many_statements_is_run_in_few_pieces(graded):
    began = time.process_time()
    code = "\n".join(["count = 0", *["count += int('1')"] * 2500, LOOP, "assert count == 2500"])
    result = graded(notebook([*CELLS, ("code", code)]))
    assert time.process_time() - began < 3.0
    assert statuses(result) == RIGHT
    assert [note.partition(":")[0] for note in result["notes"]] == ["Cell 13, lines 2498 to 2503"]


SHADOW = ("code", "good = slope\nslope = lambda a: 1 / 0")


def test_a_name_that_a_later_cell_takes_costs_no_points(graded):
    result = graded(notebook([*CELLS, SHADOW]))
    assert statuses(result) == RIGHT
    assert result["notes"] == [
        "Question q1 was tried after cell 4: "
        "what stands below it spoils the answer and was left out."
    ]


@pytest.mark.parametrize(
    ("code", "status", "points"),
    [
        ("slope = lambda a: good(a) if a[0, 0] > 0 else 1 / 0", "error", 1.0),  # right on one
        ("slope = lambda a: 1 - a", "wrong", 0.0),
        ("import os\nslope = lambda a: os._exit(1)", "crash", 0.0),
        ("def slope(a): return 1 / 0", "error", 0.0),  # it is written anew
        ("class Counter: pass", "right", 4.0),
    ],
)
def test_nobody_has_two_chances(graded, code, status, points):
    """It is asked for earlier only where nothing else came of it than errors."""
    found = by_id(graded(notebook([*CELLS, ("code", f"good = slope\n{code}")])))
    assert (found["q1"]["status"], found["q1"]["points"]) == (status, points)


SPOILT = """
scaled = scaled(np.ones(3), 2.0)
Counter = Counter(np.ones(2))
"""


def test_also_of_a_class_and_of_what_leaves_its_inputs_alone(graded):
    result = graded(notebook([*CELLS, ("code", SPOILT)]))
    assert statuses(result) == RIGHT
    assert [note.partition(":")[0] for note in result["notes"]] == [
        "Question q2 was tried after cell 6",
        "Question q3 was tried after cell 8",
    ]
    changes = "def scaled(W, k):\n    W *= k\n    return W"
    result = graded(notebook([*cells({**SOLUTIONS, "q2": changes}), ("code", SPOILT)]))
    row = by_id(result)["q2"]
    assert (row["status"], row["points"]) == ("wrong", 0.0)
    assert row["message"] == "The values are right, but `W` was changed. Work on a copy."


def test_of_an_answer_and_an_earlier_one_the_points_are_those_of_one(graded):
    """The earlier one is right on one input of four, the later on none."""
    partly = "def slope(a):\n    return 1 - a**2 if a[0, 0] > 0 else 1 - a"
    found = by_id(graded(notebook([*cells({**SOLUTIONS, "q1": partly}), SHADOW])))
    assert (found["q1"]["status"], found["q1"]["points"]) == ("wrong", 1.0)
    lost = [*CELLS, ("code", "answer_4 = 'a'"), ("code", "del answer_4")]
    assert by_id(graded(notebook(lost)))["q4"]["status"] == "missing"


OF_Z = ("mistake", "of z")
FAILS = "try:\n    1 / 0\nexcept ZeroDivisionError:"


@pytest.mark.parametrize(
    "head", ["if True:", "if 0:\n    pass\nelse:", FAILS, "for _ in 'a':", "with np.errstate():"]
)
def test_an_answer_inside_another_statement_is_no_stub(graded, head):
    """Also where the stub comes again below it."""
    inside = f"{head}\n    def slope(a):\n        return "
    stub = STUBS["q1"]
    for code, status, mistake in (("1 - a**2", "right", ""), ("1 - np.tanh(a)**2", *OF_Z)):
        made = cells({**SOLUTIONS, "q1": f"{inside}{code}"})
        row = by_id(graded(notebook([*made, ("code", stub), ("code", stub)])))["q1"]
        assert (row["status"], row["mistake"]) == (status, mistake)


def test_a_stub_inside_another_statement_takes_nothing_with_it(graded):
    code = "if 0: answer_4 = ...\nelse: answer_4 = 'b'"
    assert statuses(graded(solved(q4=code))) == RIGHT
    assert statuses(graded(solved(q4="letter = 'b'; answer_4 = ...\nanswer_4 = letter"))) == RIGHT


REWRITTEN = """
class Counter(Counter):
    def __init__(self, start):
        self.total = start

class Counter(Counter):
    def add(self, x):
        self.total = self.total + x
        return self.total.sum()
"""


BY_A_FUNCTION = """
def full(Old):
    class New(Old):
        def __init__(self, start):
            self.total = start
        def add(self, x):
            self.total = self.total + x
            return self.total.sum()
    return New

Counter = full(Counter)
"""


@pytest.mark.parametrize("code", [REWRITTEN, BY_A_FUNCTION], ids=["subclass", "function"])
def test_a_class_that_is_rewritten_needs_the_one_that_was_handed_out(graded, code):
    """Of its stubs the first stays, and a later one takes nothing away."""
    made = cells({**SOLUTIONS, "q3": STUBS["q3"]})
    result = graded(notebook([*made, ("code", code), ("code", STUBS["q3"])]))
    assert (statuses(result), result["notes"]) == (RIGHT, [])


def test_a_class_that_is_put_together_wrongly_is_not_as_handed_out(graded):
    pieces = "def init(self, start): self.total = start\nCounter.__init__ = init\n"
    pieces += "Counter.add = lambda self, x: None"
    made = cells({**SOLUTIONS, "q3": STUBS["q3"]})
    stub = ("code", STUBS["q3"])
    found = by_id(graded(notebook([*made, ("code", pieces), stub])))
    assert found["q3"]["status"] == "type"
    assert found["q3"]["message"] == (
        "After `Counter(…)`: what `add` returns: Expected a number, came None."
    )


def test_code_where_words_are_asked_for_is_told_to_a_person(graded):
    work = [c for c in CELLS if c[1] != TEXT]
    result = graded(notebook([*work, ("code", "difference = 1 - 2\n# it is small")]))
    assert by_id(result)["q5"]["status"] == "missing"
    assert result["human"] == ["Question q5: there is no text, but code in its place."]
    result = graded(notebook([*CELLS, ("code", "difference = 1 - 2")]))
    assert (statuses(result), result["human"]) == (RIGHT, [])


def test_words_in_a_code_cell_count_below_their_question_only(graded):
    work = [c for c in CELLS if c[1] != TEXT]
    words = ("code", '# Because.\nprint(\'The slopes\')\n"""# multiply\n    by"""  # and add')
    assert by_id(graded(notebook([*work, words])))["q5"]["yours"] == (
        "Because.\nThe slopes\n# multiply\nby"
    )
    result = graded(notebook([words, *work]))
    assert (by_id(result)["q5"]["status"], result["human"]) == ("missing", [])
    two = ("code", '# First.\n#\n# Second.\n\n"Third."; "Fourth."')
    assert by_id(graded(notebook([*work, two])))["q5"]["yours"] == (
        "First.\n\nSecond.\n\nThird.\nFourth."
    )


def test_a_package_in_an_annotation_only_and_a_module_of_ones_own_are_no_use_of_it(graded):
    written = (
        "code",
        "%%writefile mine.py\ndef of(a: torch.Tensor) -> torch.Tensor: return 1 - a**2",
    )
    code = (
        "import torch\nfrom mine import of\ndef slope(a: 'np.ndarray' | torch.Tensor): return of(a)"
    )
    made = cells({**SOLUTIONS, "q1": code})
    result = graded(notebook([*made[:2], written, *made[2:]]))
    assert (statuses(result), result["human"]) == (RIGHT, [])


def test_a_module_from_which_nothing_is_taken_is_not_run(graded):
    """It may be an old copy, and at home it is no part of the notebook."""
    old = ("code", "%%writefile backup.py\ndef slope(a): return 1 - np.tanh(a)**2")
    result = graded(notebook([*CELLS, old]))
    assert statuses(result) == RIGHT
    assert result["notes"] == ["Cell 13 is no Python: %%writefile."]
    taken = ("code", "from backup import slope")
    assert by_id(graded(notebook([*CELLS, old, taken])))["q1"]["mistake"] == "of z"


def test_where_a_newer_python_may_be_meant_a_person_is_told(graded, monkeypatch):
    monkeypatch.setattr("classroom.notebook.OLDER", "; newer ones may take it")
    monkeypatch.setattr("classroom.answers.OLDER", "; newer ones may take it")
    code = "def {}(a):\n    return f'{{1 +}}'"
    result = graded(solved(q1=code.format("slope")))
    said = "Cell 4 is no Python in one place: "
    assert len(result["human"]) == 1
    assert result["human"][0].startswith(said)
    assert result["human"][0].endswith("; newer ones may take it.")
    assert graded(notebook([*CELLS, ("code", code.format("other"))]))["human"] == []


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


def test_a_cell_that_is_no_python_is_told_at_its_question(graded):
    broken = "def slope(a):\n    x = 1\n    return (1 - a**2"
    result = graded(solved(q1=broken))
    said = "Its cell is no Python in one place: '(' was never closed, line 3."
    assert (by_id(result)["q1"]["status"], by_id(result)["q1"]["message"]) == ("error", said)
    assert statuses(result) == {**RIGHT, "q1": "error"}
    # What is there all the same, or in another cell, is judged.
    whole = notebook([*cells({**SOLUTIONS, "q1": broken}), ("code", SOLUTIONS["q1"])])
    assert statuses(graded(whole)) == RIGHT
    assert statuses(graded(solved(q1=SOLUTIONS["q1"] + "\n\nslope(("))) == RIGHT
    letter = by_id(graded(solved(q4='answer_4 = "b')))["q4"]
    assert letter["message"].startswith("Its cell is no Python in one place: unterminated string")


OTHERS = ("code", 'check("02_other/q1", answer_1)')


def test_the_notebook_of_another_assignment_is_not_judged(graded):
    result = graded(notebook([*CELLS, OTHERS]))
    said = "This is the notebook of 02_other."
    assert (result["status"], result["points"]) == ("other", 0.0)
    assert (result["notes"], result["human"]) == ([said], [said])
    assert {(q["status"], q["message"]) for q in result["questions"]} == {("missing", said)}
    ours = ("code", 'check("01_trial/q1", slope)')
    assert graded(notebook([*CELLS, OTHERS, ours]))["points"] == FULL


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        ([], ""),
        (['check("01_trial/q1", slope)'], "01_trial"),
        (['check("02_other/q1", f)', 'check("01_trial/q1", slope)'], "01_trial"),
        (["x = 1\n  check('02_other/q1', f)"], "02_other"),
        (['check("03_third/q1", f)', 'check( "02_other/q1")\ncheck("02_other/q2")'], "02_other"),
        (['# check("02_other/q1", f)', 'print(check("02_other/q1"))', 'check("02_other")'], ""),
    ],
)
def test_an_assignment_is_known_by_its_self_checks(texts, named):
    cells = [Cell(number, "code", text) for number, text in enumerate(texts, 1)]
    assert assignment_named(cells, "01_trial") == named


SPOILS_ONE = """
tries = 0
def scaled(W, k):
    global tries
    tries += 1
    W *= k
    return W if tries > 1 else W + 1
"""


def test_a_try_that_changed_an_argument_is_not_right_whatever_another_one_is(graded):
    found = by_id(graded(solved(q2=SPOILS_ONE)))["q2"]
    assert (found["status"], found["points"]) == ("wrong", 0.0)
    assert found["message"].endswith("k = 2.0. Besides, `W` was changed. Work on a copy.")
    once = "def scaled(W, k):\n    if W[0] > FIRST: W *= k; return W\n    return k * W"
    found = by_id(graded(solved(q2=once.replace("FIRST", "0"))))["q2"]  # in one of two tries
    assert (found["points"], found["message"]) == (
        1.0, "The values are right, but `W` was changed. Work on a copy."
    )  # fmt: skip


@pytest.mark.parametrize("answer", ["()", "((), 1.0)", "{'k': ()}", "[[], ()]", "[(), (1j,)]"])
def test_an_answer_that_is_empty_costs_its_question(graded, answer):
    result = graded(solved(q1=f"def slope(a): return {answer}", q4=f"answer_4 = {answer}"))
    assert statuses(result) == {**RIGHT, "q1": "type", "q4": "type"}
    assert (result["status"], result["points"]) == ("graded", FULL - 5)


def test_answers_that_are_sometimes_no_number_are_told_apart(graded):
    found = by_id(graded(solved(q1="def slope(a): return 1j if a[0, 0] > 0 else 1 - a**2")))["q1"]
    assert (found["status"], 0 < found["points"] < 4) == ("type", True)


@pytest.mark.parametrize("terms", [330, 3000, 20_000])
def test_a_long_sum_is_no_stub(graded, terms):
    long = "def slope(a):\n    x = " + "+".join("1" * terms) + "\n    return 1 - a**2"
    result = graded(solved(q1=long))
    assert (result["status"], result["points"] >= FULL - 4) == ("graded", True)
    assert statuses(result)["q1"] == ("right" if terms == 330 else "error")


def test_what_is_not_written_for_some_inputs_is_told_so(graded):
    code = "def slope(a):\n    if a.ndim == 2:\n        raise NotImplementedError('one row only')"
    found = by_id(graded(solved(q1=f"{code}\n    return 1 - a**2")))["q1"]
    assert (found["status"], found["message"].partition(" The input")[0]) == (
        "error",
        "NotImplementedError: one row only (cell 4, line 3: raise NotImplementedError('one row "
        "only')).",
    )


def test_a_fault_at_one_answer_costs_no_other_and_a_person_is_told(graded, monkeypatch):
    def fails(question, tries):
        if getattr(question, "calls", "") == "slope":
            raise RuntimeError("on purpose")
        return judge(question, tries)

    monkeypatch.setattr("classroom.grading.judge", fails)
    result = graded(solved())
    assert (result["status"], result["points"]) == ("graded", FULL - 4)
    assert statuses(result) == {**RIGHT, "q1": "failed"}
    said = "The grader itself failed at this answer (RuntimeError). A person will look at it."
    assert by_id(result)["q1"]["message"] == said
    assert result["human"] == [f"Question q1: {said}"]


@pytest.mark.parametrize("line", ["a" + "[" * 1980, "[](" * 660, "](" * 990, "[a](b" * 390])
def test_no_text_keeps_the_grader_busy(kit, line):
    found = read(notebook([("markdown", f"{line}\n" * 490)]))
    began = time.process_time()
    work(found, kit.assignment(), kit.handout())
    assert time.process_time() - began < 2.5


def test_no_statement_keeps_the_grader_busy(kit):
    """Four thousand names that are read under four thousand names are not 16 million."""
    names = [f"a{n:04}" for n in range(8000)]
    wide = ",".join(names[:4000]) + "=" + ",".join(names[4000:])
    found = read(notebook([("code", wide)] * 3))
    began = time.process_time()
    assert len(work(found, kit.assignment(), kit.handout()).cells) == 3
    assert time.process_time() - began < 2.5


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
