"""Cheats bring nothing, change nobody else's grade, and leave nothing on the machine."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from cheating import BY_PACKAGE, BY_TORCH, CHEATS, TRACE, Loot
from classroom.grading import Task, grade_one, kit_of, prepared
from classroom.judging import Try, judge
from classroom.oracle import Oracle
from classroom.questions import Function
from classroom.sandbox import Limits
from corpus import BOOK, NAME, ROOT, as_file

pytestmark = pytest.mark.optional("bubblewrap")

LIMITS = Limits(seconds=4, cell=1, memory=300_000_000)
SEED = "the secret of this course"
HONEST = Limits(seconds=60, cell=20, memory=300_000_000)


def graded(data, limits=LIMITS):
    return grade_one(Task(BOOK.kit, "eve", "work.ipynb", data, SEED, limits=limits))


@pytest.fixture(scope="module")
def loot(tmp_path_factory):
    """A course with everything that a cheat would like to see or change."""
    root = tmp_path_factory.mktemp("course")
    root.chmod(0o777)
    files = {
        "course.seed": SEED,
        "course.toml": "",
        f"submitted/{NAME}/ada.ipynb": as_file(BOOK.solved).decode(),
        f"results/{NAME}/ada.json": '{"schema": 1, "points": 16.0}',
        "results/log.jsonl": "{}",
        "gradebook.db": "all marks",
        "grades.csv": "ada,16",
    }
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o666)
        file.parent.chmod(0o777)
    return Loot(root)


def tree(root):
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def beside():
    """Honest work on the questions that share a process with the attacked one."""
    answers = {"answer_1", "routes", "around_backward"}
    return as_file([BOOK.solved[1], *(BOOK.solved[BOOK.cell(name)] for name in sorted(answers))])


GIVEN = "Right, given your `gradients`, which is not (question 3)."


def given(wrong, right, limits):
    """(points, message) of a right answer that calls a wrong one; there is nothing else."""
    spoiled = f"def {wrong}(*args):\n    return args"
    cells = [BOOK.solved[1], ("code", spoiled), BOOK.solved[BOOK.cell(right)]]
    rows = {q["id"]: q for q in graded(as_file(cells), limits)["questions"]}
    row = next(r for r in rows.values() if r["status"] == "right")
    assert sum(r["points"] for r in rows.values()) == row["points"]
    return row["points"], row["message"]


@pytest.fixture(scope="module")
def honest(loot):
    """What honest work brings in this worker, the files there are, and how many processes."""
    result = graded(beside(), HONEST)
    assert [q["points"] for q in result["questions"]] == [2.0, 2.0, 0.0, 0.0, 0.0, 3.0, 0.0]
    graded(as_file(BOOK.stubs))
    for limits in (LIMITS, HONEST):  # the oracle's walls stand from here on
        assert given("gradients", "train", limits) == (3.0, GIVEN)
    return result, tree(loot.course), _processes()


def _processes():
    """How many processes the sandboxes of this process have."""
    return len(psutil.Process().children(recursive=True))


def _places():
    yield from (Path.cwd(), ROOT, Path.home(), Path("/"), Path("/tmp"), Path("/var/tmp"))
    yield from (Path("/dev/shm"), Path("/run"), Path("/etc"))


def test_the_corpus_is_large():
    assert len(CHEATS) >= 110


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_gains_nothing_and_harms_nobody(honest, loot, name):
    before, files, processes = honest
    data = CHEATS[name](BOOK.stubs, loot)
    began, used = time.monotonic(), time.process_time()
    result = graded(data)
    assert time.monotonic() - began < 5 * LIMITS.seconds
    assert time.process_time() - used < 3.0  # the grader's own
    assert result["status"] == "graded"
    assert {q["id"]: q["points"] for q in result["questions"] if q["points"]} == {}
    _is_clean(result)
    assert graded(beside(), HONEST) == before
    assert _processes() <= processes
    assert tree(loot.course) == files
    left = [place / f"{TRACE}{end}" for place in _places() for end in ("", "l")]
    assert [path for path in left if path.exists() or path.is_symlink()] == []


def _is_clean(result):
    """Nothing of what was to be stolen is in it, nothing that a file or a terminal cannot bear."""
    text = json.dumps(result, ensure_ascii=False)
    assert len(text.encode()) < 30_000
    assert "stolen" not in text
    assert "the seed" not in text
    assert SEED not in text
    said = [q[key] for q in result["questions"] for key in ("message", "yours", "mistake")]
    said += result["notes"] + result["human"]
    assert [s for s in said if not all(c.isprintable() or c in "\n\t" for c in s)] == []


def test_what_a_person_is_told(loot):
    """Forbidden packages and ends of the process are told, so that somebody looks."""
    told = {name: graded(CHEATS[name](BOOK.stubs, loot))["human"] for name in
            ("torch_by_import", "takes_it_from_the_package", "closes_the_channel")}  # fmt: skip
    assert told["torch_by_import"] == ["Question q6: its code uses torch, which it may not."]
    assert told["takes_it_from_the_package"] == [
        "Question q6: its code uses backprop, which it may not."
    ]
    assert told["closes_the_channel"][0].startswith("Question q6: It ended the process it ran in.")


def test_the_cheats_that_ask_the_oracle_do_reach_it(loot, monkeypatch):
    """They bring nothing because of what it answers, not because they never got there."""
    told, answer = [], Oracle.answer

    def listening(oracle, asked, size):
        told.append((asked["asks"], asked.get("name"), answer(oracle, asked, size)))
        return told[-1][2]

    monkeypatch.setattr(Oracle, "answer", listening)
    graded(CHEATS["answers_a_later_question_with_an_earlier_one"](BOOK.stubs, loot))
    assert {(name, bool(got)) for _, name, got in told} == {
        ("gradients", True),
        ("around_backward", True),
    }
    told.clear()
    graded(CHEATS["asks_for_the_question_itself"](BOOK.stubs, loot))
    assert {name for _, name, _ in told} > {"train", "around_backward", "routes"}
    assert [got for _, _, got in told if got] == []
    told.clear()
    graded(CHEATS["asks_for_more_than_a_call"](BOOK.stubs, loot))
    assert len(told) > 500 and [got for _, _, got in told if got] == []
    told.clear()
    graded(CHEATS["keeps_the_answers_for_the_earlier_question"](BOOK.stubs, loot))
    assert {name for _, name, _ in told} == {"gradients", "kept: False"}


@pytest.mark.parametrize("code", [BY_TORCH, BY_PACKAGE])
def test_what_the_cheats_reach_for_would_be_right(torch, code):
    """They fail because it is not there, not because it is wrong."""
    space = {"torch": torch}
    exec(code, space)
    assignment, _, right = prepared(BOOK.kit, SEED)
    tries = [Try(i, e, space["around_backward"](*i)) for i, e in right["q6"]]
    assert judge(assignment.question("q6"), tries).status == "right"


DIFFERENCES = """
def around_backward(G, A_in, W, b):
    def slope(v, f):
        out, h = np.zeros_like(v), 1e-5
        for k in np.ndindex(v.shape):
            p, m = v.copy(), v.copy()
            p[k] += h
            m[k] -= h
            out[k] = (f(p) - f(m)).sum() / (2 * h)
        return out
    loss = lambda A_in, W, b: G * (A_in + np.tanh(A_in @ W + b))
    return (slope(A_in, lambda v: loss(v, W, b)), slope(W, lambda v: loss(A_in, v, b)),
            slope(b, lambda v: loss(A_in, W, v)))
"""


def test_difference_quotients_pass_unless_the_question_is_strict():
    """A value says not how it was found: who wants the derivation sets rtol below differences'."""
    space = {"np": np}
    exec(DIFFERENCES, space)
    assignment, _, right = prepared(BOOK.kit, SEED)
    question = assignment.question("q6")
    tries = [Try(i, e, space["around_backward"](*i)) for i, e in right["q6"]]
    assert judge(question, tries).status == "right"
    strict = replace(question, rtol=1e-12, atol=1e-13)
    assert judge(strict, tries).points == 0.0
    assert judge(strict, [Try(i, e, e) for i, e in right["q6"]]).points == question.points


NOTHING = [0, 1, -1, 0.5, 2, True, False, None, "", [], {}, float("nan"), float("inf")]


def _idle(inputs, expected):
    """Answers that need no thought: constants, inputs, and arrays of a constant."""
    yield from ((f"constant {value!r}", value) for value in NOTHING)
    yield from ((f"input {k}", value) for k, value in enumerate(inputs))
    for value in (0.0, 1.0, float("nan")):
        parts = expected if isinstance(expected, tuple) else (expected,)
        full = tuple(np.full(np.shape(p), value) for p in parts)
        yield f"all {value}", full if isinstance(expected, tuple) else full[0]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "assignments").glob("*.ipynb")), ids=lambda p: p.stem
)
def test_answers_without_thought_bring_nothing_in_any_assignment(path):
    assignment, _, right = prepared(kit_of(path), SEED)
    for question in assignment.questions:
        if not isinstance(question, Function):
            continue
        ways = [dict(_idle(i, e)) for i, e in right[question.id]]
        for way in set.intersection(*(set(w) for w in ways)):
            tries = [Try(i, e, w[way]) for (i, e), w in zip(right[question.id], ways, strict=True)]
            assert (question.id, way, judge(question, tries).points) == (question.id, way, 0.0)


def test_no_reference_gives_nan_which_would_be_equal_to_itself():
    for path in sorted((ROOT / "assignments").glob("*.ipynb")):
        _, _, right = prepared(kit_of(path), SEED)
        for inputs, expected in (pair for pairs in right.values() for pair in pairs):
            assert "nan" not in str(expected), (path.stem, inputs)
