"""Exporting: the tables, what an LMS wants of them, and what is never a silent 0."""

import csv
import io

import pytest

from classroom.__main__ import main
from classroom.collecting import read_roster
from classroom.commands import OK, WRONG
from classroom.course import CourseError
from classroom.exporting import bare, defused, export
from classroom.files import write_whole
from classroom.marks import answer_key, write_marks
from results import fill, result, row
from trial import TEXT

ROSTER = """student,name,email,canvas_id,sis_id,login,section,moodle_id
s001,"Zoë, =Å",s001@example.org,9001,S1,s001,Lab 2,71
s002,=cmd|'/c calc'!A1,s002@example.org,9002,,,,72
s004,-4+4,,,,,,
"""
KEY = answer_key({"yours": TEXT})
MARKED = {s: {"q5": {"mark": 4, "comment": "", "answer": KEY}} for s in ("s001", "s002")}


@pytest.fixture
def course(tmp_path):
    """Two are graded and marked by hand, one could not be read, and one has not handed in."""
    rows = [row(id, "missing") for id in ("q1", "q2", "q3", "q4", "q5")]
    results = [
        result("s001"),
        result("s002", row("q1", "mistake", points=1.3333, mistake="of z"), human=["A reason."]),
        result("s003", *rows, status="unreadable"),
    ]
    course = fill(tmp_path, results)
    write_marks(course, "01_trial", MARKED)
    return course


@pytest.fixture
def roster(tmp_path):
    write_whole(tmp_path / "roster.csv", ROSTER)
    return read_roster(tmp_path / "roster.csv")


def exported(course, form="csv", roster=None, **more):
    path, grades = export(course, course.assignments / "01_trial.ipynb", form, roster, **more)
    data = path.read_bytes()
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""))), data, grades


def test_the_table_has_everything(course, roster):
    rows, data, grades = exported(course, roster=roster)
    assert rows == [
        [
            *("student", "name", "email", "status", "points", "max_points"),
            *("q1", "q2", "q3", "q4", "q5", "waiting", "look", "handed_in", "late"),
        ],
        [
            *("s001", "Zoë, =Å", "s001@example.org", "graded", "14", "15"),
            *(*"42314", "", "", "", ""),
        ],
        [
            *("s002", "'=cmd|'/c calc'!A1", "s002@example.org", "graded", "11.33", "15"),
            *("1.33", "2", "3", "1", "4", "", "A reason.", "", ""),
        ],
        ["s004", "'-4+4", "", "missing", "", "15", *[""] * 9],
        ["s003", "", "", "unreadable", "0", "15", *"00000", *[""] * 4],
    ]
    assert data.startswith(b"\xef\xbb\xbfstudent,") and data.endswith(b"\r\n")
    assert grades.said == [
        "s003: unreadable; 0 points.",
        "s004: nothing is handed in; no grade.",
        "s003: not in the roster.",
    ]


def test_canvas_gets_its_five_columns_its_points_possible_and_no_bom(course, roster):
    rows, data, grades = exported(course, "canvas", roster, column="Trial (4711)")
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Trial (4711)"],
        ["    Points Possible", "", "", "", "", "15"],
        ["Zoë, =Å", "9001", "S1", "s001", "Lab 2", "14"],
        ["'=cmd|'/c calc'!A1", "9002", "", "", "", "11.33"],
        ["s003", "", "", "", "", "0"],
    ]
    assert data.startswith(b"Student,")
    assert grades.said[-1] == (
        "s003: without canvas_id or sis_id or login in the roster; "
        "Canvas can know them by name only."
    )


def test_moodle_gets_its_worksheet(course, roster):
    rows, data, _ = exported(course, "moodle", roster)
    assert rows == [
        [
            *("Identifier", "Full name", "Email address", "Grade", "Maximum Grade"),
            "Last modified (grade)",
        ],
        ["Participant 71", "Zoë, =Å", "s001@example.org", "14", "15", ""],
        ["Participant 72", "'=cmd|'/c calc'!A1", "s002@example.org", "11.33", "15", ""],
        ["", "s003", "", "0", "15", ""],
    ]
    assert data.startswith(b"\xef\xbb\xbfIdentifier,")


def test_without_a_roster_students_are_called_as_in_the_course(course):
    assert [r[0] for r in exported(course)[0]] == ["student", "s001", "s002", "s003"]
    assert exported(course, "canvas")[0][0][-1] == "A trial"


def test_while_answers_wait_for_their_marks_nothing_is_written(course, roster):
    write_marks(course, "01_trial", {"s001": MARKED["s001"]})
    with pytest.raises(CourseError, match=r"01_trial: waiting .*: 1, the first is s002\. "):
        exported(course, roster=roster)
    assert not course.exports.exists()


def test_without_manual_they_are_left_out_for_everybody(course, roster):
    write_marks(course, "01_trial", {"s001": MARKED["s001"]})
    rows, _, _ = exported(course, "canvas", roster, manual=False)
    assert [r[-1] for r in rows] == ["A trial", "10", "10", "7.33", "0"]


def test_a_failure_of_the_grader_is_no_0(tmp_path):
    rows = [row(id, "missing") for id in ("q1", "q2", "q3", "q4", "q5")]
    course = fill(tmp_path, [result("s001", *rows, status="crashed")])
    rows, _, grades = exported(course)
    assert rows[1][:3] == ["s001", "crashed", ""]
    assert grades.said == ["s001: crashed; no grade."]
    assert len(exported(course, "moodle")[0]) == 1
    write_marks(course, "01_trial", {"s001": {"q1": {"mark": 4, "comment": "", "answer": ""}}})
    assert exported(course)[0][1][:3] == ["s001", "crashed", "4"]


def test_what_is_not_graded_yet_is_told(course):
    folder = course.submitted / "01_trial"
    write_whole(folder / "s002.ipynb", b"another")
    write_whole(folder / "s009.ipynb", b"new")
    assert exported(course)[2].said[1:] == [
        "s009: handed in, and not graded yet.",
        "s002: handed in something else since; grade again.",
    ]


def test_who_handed_in_nothing_is_named_and_of_many_a_few(course, tmp_path):
    write_whole(tmp_path / "many.csv", ROSTER + "".join(f"t{n},,,,,,,\n" for n in range(7)))
    many = read_roster(tmp_path / "many.csv")
    write_whole(course.submitted / "01_trial" / "t6.ipynb", b"new")
    said = exported(course, "moodle", many)[2].said
    assert "s004, t0, t1, t2, t3 and 2 more: nothing is handed in; no grade." in said
    assert "t6: handed in, and not graded yet." in said


def test_a_mark_on_an_earlier_version_is_told_unless_marks_are_left_out(course):
    older = {**MARKED, "s002": {"q5": {"mark": 4, "comment": "", "answer": "older"}}}
    write_marks(course, "01_trial", older)
    told = (
        "s002: marked by hand on an earlier version of the answer; "
        "`classroom manual 01_trial` writes the sheet with the new one."
    )
    rows, _, grades = exported(course)
    assert told in grades.said
    assert rows[2][-3].startswith("A reason. Question q5: the answer has changed")
    assert told not in exported(course, manual=False)[2].said


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "|x", "'=1"])
def test_no_spreadsheet_takes_a_text_for_a_formula(text):
    assert defused(text).startswith("'")
    assert bare(defused(text)) == text.strip()


@pytest.mark.parametrize("text", ["s001", "Zoë", "4 = 4", "", "O'Neil"])
def test_harmless_texts_stay(text):
    assert defused(text) == bare(defused(text)) == text


def test_the_command_says_what_is_in_it_and_what_is_not(course, capsys):
    path = course.root / "roster.csv"
    write_whole(path, ROSTER)
    command = ["-C", str(course.root), "export", "01_trial", "--roster", str(path)]
    assert main([*command, "--for", "moodle"]) == OK
    out = capsys.readouterr()
    target = course.exports / "01_trial.moodle.csv"
    assert out.out == f"{target}: 3 of 4 students, of 15 points each\n"
    assert out.err.startswith("01_trial: s003: unreadable; 0 points.\n")
    (course.root / "course.toml").write_text('[course]\nroster = "roster.csv"\n')
    main([*command[:4], "--for", "moodle"])
    assert capsys.readouterr() == out
    write_marks(course, "01_trial", {})
    assert main(command) == WRONG
    assert "`classroom manual 01_trial` writes the sheet" in capsys.readouterr().err
