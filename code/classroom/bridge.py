"""To nbgrader's formgrader and back: our points in, marks by hand out, nothing run there.

`to_nbgrader` makes a folder in which nbgrader finds a course: a gradebook with our points, and for
each student an "autograded" notebook. That notebook is written here, from the texts of what was
handed in: it has no outputs, and no HTML of a student's in it. nbgrader is an optional requirement.
"""

import json
import os
import re
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from .course import CourseError
from .files import write_whole
from .marks import answer_key, is_waiting, results_of
from .notebook import read
from .pages import ODD, number
from .questions import Manual
from .source import load
from .standing import standing
from .submissions import submitted

__all__ = ["marks_from", "to_nbgrader"]

GRADEBOOK, CONFIG, COURSE = "gradebook.db", "nbgrader_config.py", "classroom"
SETTINGS = f"""# Written by `classroom manual --to-nbgrader`.
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "{COURSE}"
"""


def to_nbgrader(course, path, folder):
    """Write an assignment's results into an nbgrader course; return how many submissions.

    It may be done again, after more was graded: marks in the gradebook stay. Raises `CourseError`
    where nbgrader is not installed, or where the folder is another course's.
    """
    folder, found = Path(folder).absolute(), standing(course, path)
    source, settings = found.source, folder / CONFIG
    if settings.exists() and settings.read_text(encoding="utf-8") != SETTINGS:
        raise CourseError(f"--to-nbgrader: expected a folder of its own, {folder} has a {CONFIG}")
    handed_in = {entry.student: entry for entry in submitted(course.submitted / source.name)}
    _needed()
    write_whole(settings, SETTINGS)
    with _gradebook(folder) as book:
        _questions(book, source)
        for result in found.results:
            student = result["student"]
            data, _ = handed_in[student].data()
            text = _notebook(result, source.assignment, data or b"")
            write_whole(_autograded(folder, student, source.name), text)
            _points(book, result, source)
    return len(found.results)


def marks_from(course, path, folder):
    """Return student -> question id -> mark, as they were given in the formgrader.

    Raises `CourseError` with every mark that is out of range.
    """
    folder, source = Path(folder).absolute(), load(path)
    if not (folder / GRADEBOOK).is_file():
        raise CourseError(f"--from-nbgrader: expected a {GRADEBOOK} in {folder}, there is none")
    _needed()
    marks, wrong = {}, []
    with _gradebook(folder) as book:
        for result in results_of(course, source.name)[0]:
            student, keys = result["student"], None
            for question in source.assignment.questions:
                given, comment = _given(book, source, student, question)
                if given is None:
                    continue
                if not 0 <= given <= question.points:
                    wrong.append(
                        f"{student}, {question.id}: expected a mark from 0 to "
                        f"{number(question.points)}, came {number(given)}"
                    )
                keys = keys or _keys(_autograded(folder, student, source.name))
                mark = {"mark": given, "comment": comment, "answer": keys.get(question.id, "")}
                marks.setdefault(student, {})[question.id] = mark
    if wrong:
        raise CourseError("--from-nbgrader: no mark was kept; " + "\n".join(wrong))
    return marks


def _needed():
    if find_spec("nbgrader") is None:
        raise CourseError("nbgrader is not installed: pip install -r requirements-nbgrader.txt")


def _autograded(folder, student, assignment):
    return folder / "autograded" / student / assignment / f"{assignment}.ipynb"


# --- the gradebook --------------------------------------------------------------------------------


@contextmanager
def _gradebook(folder):
    from nbgrader.api import Gradebook

    # A new gradebook is made with the program alembic, which lies beside this Python.
    old = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), old])
    try:
        book = Gradebook(f"sqlite:///{folder / GRADEBOOK}", course_id=COURSE)
    finally:
        os.environ["PATH"] = old
    with book:
        yield book


def _questions(book, source):
    name = source.name
    book.update_or_create_assignment(name)
    book.update_or_create_notebook(name, name)
    for question in source.assignment.questions:
        kind = "markdown" if isinstance(question, Manual) else "code"
        most = float(question.points)
        book.update_or_create_grade_cell(question.id, name, name, max_score=most, cell_type=kind)
        if kind == "markdown":
            book.update_or_create_solution_cell(question.id, name, name)


def _points(book, result, source):
    """A student's points; a mark that was given in the formgrader stays."""
    name, student = source.name, result["student"]
    book.update_or_create_student(student)
    with book.db.no_autoflush:  # else half a submission is flushed, and SQLAlchemy warns of it
        book.update_or_create_submission(name, student)
    for row in result["questions"]:
        grade = book.find_grade(row["id"], name, name, student)
        machine = row["status"] != "manual" and row["mark"] is None
        if machine:
            grade.auto_score = row["points"]
        if grade.manual_score is None and row["mark"] is not None:
            grade.manual_score = row["mark"]
        grade.needs_manual_grade = is_waiting(row) and grade.manual_score is None
        if isinstance(source.assignment.question(row["id"]), Manual) and row["comment"]:
            comment = book.find_comment(row["id"], name, name, student)
            comment.manual_comment = comment.manual_comment or row["comment"]
    book.db.commit()


def _given(book, source, student, question):
    """(the mark, the comment) that a question has in the gradebook; None where it has no mark."""
    from nbgrader.api import MissingEntry

    try:
        grade = book.find_grade(question.id, source.name, source.name, student)
    except MissingEntry:
        return None, ""
    if grade.manual_score is None:
        return None, ""
    comment = ""
    if isinstance(question, Manual):
        found = book.find_comment(question.id, source.name, source.name, student)
        comment = found.manual_comment or ""
    return round(grade.manual_score + (grade.extra_credit or 0), 4), comment


# --- the notebook that is shown -------------------------------------------------------------------


def _notebook(result, assignment, data):
    """What the formgrader shows of a student: the answers to mark, then all that was handed in."""
    cells = [_text("Made by `classroom manual`. Nothing in here was run, and nothing needs to be.")]
    keys = {}
    for row in result["questions"]:
        question = assignment.question(row["id"])
        cells.append(_text(f"## {_plain(row['id'])} · {_plain(row['title'])}"))
        mark = _mark(question)
        if isinstance(question, Manual):
            cells.append(_text(f"*{_plain(question.rubric)}*"))
            answer = _plain(row["yours"]) or "*No answer was found.*"
            cells.append(_cell("markdown", answer, mark | {"solution": True, "locked": False}))
            keys[row["id"]] = answer_key(row)
        else:
            said = f"{row['status']}: {row['message']}\n{row['yours']}".strip()
            lines = "\n".join(f"# {line}" for line in _shown(said).split("\n"))
            cells.append(_cell("code", lines, mark))
    cells.append(_text("## What was handed in"))
    for cell in read(data).cells:
        code = cell.kind == "code"
        made = _cell("code", _shown(cell.text)) if code else _text(_plain(cell.text))
        cells.append(made)
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {
        "classroom": {"answers": keys},
        "kernelspec": kernel,
        "language_info": {"name": "python"},
    }
    told = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _keys(path):
    """The keys of the answers that were shown; {} where the notebook is not there any more."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["metadata"]["classroom"]["answers"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _mark(question):
    """nbgrader's metadata of a graded cell."""
    return {
        "grade": True,
        "grade_id": question.id,
        "locked": True,
        "points": float(question.points),
        "schema_version": 3,
        "solution": False,
        "task": False,
    }


def _cell(kind, text, mark=None):
    cell = {"cell_type": kind, "metadata": {"nbgrader": mark} if mark else {}, "source": text}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def _text(text):
    return _cell("markdown", text)


def _shown(text):
    """The text with its odd characters visible; a half of a character cannot be in a file."""
    return ODD.sub(lambda odd: f"[U+{ord(odd[0]):04X}]", text.replace("\r\n", "\n"))


def _plain(text):
    """Markdown without HTML, links and pictures: the formgrader runs with the marker's rights."""
    text = _shown(text).replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"!(?=\[)", "", text)
    return re.sub(r"\](?=[(\[:])", "]\u200a", text)
