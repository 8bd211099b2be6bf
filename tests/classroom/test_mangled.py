"""Honest work in a bad state keeps its points to the last one; what cannot be read gets a row."""

import functools
import json
import os
import time
from dataclasses import replace

import pytest

from classroom import crew
from classroom.course import load_course
from classroom.grading import Task, grade_one
from classroom.sandbox import Limits
from classroom.submissions import named
from corpus import BOOK, ELSEWHERE, LIMITED, MANGLED, NAME, ROOT, UNREADABLE, Book, as_file

pytestmark = pytest.mark.optional("bubblewrap")

LIMITS = Limits(seconds=40, cell=1, memory=500_000_000)
SEED = "the seed of these tests"
SOURCES = sorted((ROOT / "assignments").glob("*.ipynb"))


def graded(data, book=BOOK, **limits):
    limits = replace(LIMITS, **limits)
    return grade_one(Task(book.kit, "ada", "work.ipynb", data, SEED, limits=limits))


def told(result):
    """Points and status of each question, and the text that is marked by hand."""
    rows = result["questions"]
    by_hand = [row["yours"] for row in rows if row["status"] == "manual"]
    return {row["id"]: (row["points"], row["status"]) for row in rows}, by_hand


@pytest.fixture(scope="module")
def intact():
    """A function of a `Book`: what is told of the intact copy."""

    @functools.cache
    def intact(book):
        result = graded(as_file(book.solved), book)
        assert (result["points"], result["notes"], result["human"]) == (16.0, [], [])
        return told(result)

    return intact


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_intact_work_is_graded_without_a_word(intact, path):
    intact(Book(path))


def test_the_corpus_is_large():
    assert len(MANGLED) >= 75
    assert set(MANGLED) >= {*ELSEWHERE, *LIMITED}
    assert len(UNREADABLE) >= 10


@pytest.mark.parametrize("name", MANGLED)
def test_honest_work_keeps_its_points(intact, name):
    book = ELSEWHERE.get(name, BOOK)
    data = MANGLED[name](book.solved)
    assert data != as_file(book.solved)
    result = graded(data, book, **LIMITED.get(name, {}))
    assert (result["status"], told(result)) == ("graded", intact(book))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_has_a_row_that_says_what_happened(name):
    data, status, said = UNREADABLE[name]
    began = time.process_time()
    result = graded(data)
    assert time.process_time() - began < 2.5
    assert (result["status"], result["points"], len(result["questions"])) == (status, 0.0, 7)
    assert result["human"][-1].startswith(said)
    assert {row["status"] for row in result["questions"]} == {"missing"}
    assert {row["message"] for row in result["questions"]} == {result["human"][-1]}


def test_a_choice_that_is_no_letter_costs_its_question_only():
    cells = list(BOOK.solved)
    cells[BOOK.cell("answer_1")] = ("code", "answer_1 = np.array(['d', 'd'], dtype=object)")
    assert graded(as_file(cells))["points"] == 14.0
    cells[BOOK.cell("answer_1")] = ("code", "answer_1 = np.arange(3)")
    result = graded(as_file(cells))
    assert result["points"] == 14.0
    assert result["questions"][0]["message"].startswith('Write one letter, "a", "b", "c" or "d"')


LONG = [b"c" * 245, b"c\xff" * 70]
NAMES = [b"\xff\xfe.ipynb", b"\x1b[2Jbob.ipynb", b"a b'\";$(x).ipynb", "日本.ipynb".encode()]
NAMES += [name + b".ipynb" for name in LONG]


def test_names_that_are_no_text_stop_nobody(tmp_path):
    folder = tmp_path / "submitted" / NAME
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / "x").write_bytes(b"<html>")
        (folder / "x").rename(folder / name.decode("utf-8", "surrogateescape"))
    (folder / "ida").mkdir()
    for name in NAMES[:2]:
        (folder / "ida" / name.decode("utf-8", "surrogateescape")).write_bytes(b"")
    summary = crew.grade(load_course(tmp_path), [BOOK.kit], seed=SEED)
    assert (summary.graded, summary.stopped) == (7, "")
    files = (tmp_path / "results" / NAME).glob("*.json")
    found = {json.loads(file.read_text())["student"]: file.stem for file in files}
    assert found == {name: name for name in found}
    long = {named(os.fsdecode(name)) for name in LONG}
    assert set(found) == {r"\xff\xfe", r"\x1b[2Jbob", "a b'\";$(x)", "日本", "ida", *long}
    result = json.loads((tmp_path / "results" / NAME / "ida.json").read_text())
    assert result["notes"][0].startswith("Of several files \\x")
    assert named("plain name.ipynb") == "plain name.ipynb"
