"""The pages in a zip: named as Canvas and Moodle look for them, and whose are not in it."""

import re
import zipfile

import pytest

from classroom.__main__ import main
from classroom.collecting import Roster, collect
from classroom.commands import OK
from classroom.returning import packed
from results import fill, result
from trial import solved

NAME = "01_trial"
ROWS = (
    {"student": "s001", "name": "Zoë Åberg", "canvas_id": "9001", "moodle_id": "71"},
    {"student": "s002", "name": "Li_Wei / B", "canvas_id": "9002", "moodle_id": "72"},
    {"student": "s003", "name": "Jan Doe", "canvas_id": "", "moodle_id": "none"},
)


@pytest.fixture
def course(tmp_path):
    return fill(tmp_path, [result("s001"), result("s002"), result("s003")])


def handed_in(course, *paths):
    """Collect what a platform's folder has under these names."""
    for path in paths:
        file = course.root / "from" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(solved())
    collect(course, NAME, course.root / "from", Roster(ROWS))


def zipped(course, platform, students=("s001", "s002", "s003")):
    """(name in the zip -> what it holds, the students who are not in it, the zip's bytes)."""
    pages = [course.feedback / NAME / f"{student}.html" for student in students]
    for page in pages:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"the page of {page.stem}")
    target, unknown = packed(course, NAME, pages, platform, Roster(ROWS))
    assert target == course.exports / f"{NAME}.feedback.{platform}.zip"
    with zipfile.ZipFile(target) as archive:
        names = {info.filename: archive.read(info).decode() for info in archive.infolist()}
    return names, unknown, target.read_bytes()


def of_canvas(name):
    """(student, file) as Canvas reads them from a file's name."""
    parts = [part for part in name.rpartition("/")[2].split("_") if part != "LATE"]
    return tuple(part for part in parts if re.fullmatch(r"\d+", part))[:2]


def of_moodle(name):
    """(participant, kind, plugin, file) as Moodle reads them from a path."""
    part, _, file = name.partition("/")
    _, id, kind, plugin = part.split("_", 4)
    return id, kind, plugin, file


def test_canvas_finds_the_student_and_the_file(course):
    handed_in(course, "abergzoe_9001_555_my_1_try.ipynb", "liwei_LATE_9002_556_notebook-3.ipynb")
    names, unknown, _ = zipped(course, "canvas")
    assert names == {
        "abergzoe_9001_555_my_1_try.html": "the page of s001",
        "liwei_LATE_9002_556_notebook-3.html": "the page of s002",
    }
    assert [of_canvas(name) for name in names] == [("9001", "555"), ("9002", "556")]
    assert unknown == ["s003"]


def test_moodle_finds_the_participant(course):
    handed_in(course, "Zoë Åberg_8071_assignsubmission_file/my notebook.ipynb")
    names, unknown, _ = zipped(course, "moodle")
    assert names == {
        "Zoë Åberg_8071_assignsubmission_file/01_trial.html": "the page of s001",
        "Li Wei B_72_assignsubmission_file/01_trial.html": "the page of s002",
    }
    assert [of_moodle(name) for name in names] == [
        ("8071", "assignsubmission", "file", "01_trial.html"),
        ("72", "assignsubmission", "file", "01_trial.html"),
    ]
    assert unknown == ["s003"]


def test_the_same_pages_give_the_same_bytes(course):
    assert zipped(course, "moodle")[2] == zipped(course, "moodle")[2]


def test_the_command_writes_the_zip_and_says_who_is_not_in_it(course, capsys):
    handed_in(course, "abergzoe_9001_555_notebook.ipynb")
    (course.root / "roster.csv").write_text("student,canvas_id\ns001,9001\ns002,9002\ns003,\n")
    (course.root / "course.toml").write_text('[course]\nroster = "roster.csv"\n')
    assert main(["-C", str(course.root), "feedback", NAME, "--for", "canvas"]) == OK
    out = capsys.readouterr()
    target = course.exports / f"{NAME}.feedback.canvas.zip"
    assert out.out.splitlines()[-1] == f"{target}: 1 page"
    assert out.err == f"{NAME}: s002, s003: not collected from Canvas; not in the zip.\n"
    with zipfile.ZipFile(target) as archive:
        page = (course.feedback / NAME / "s001.html").read_bytes()
        assert archive.read("abergzoe_9001_555_notebook.html") == page
