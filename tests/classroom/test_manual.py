"""Marks by hand: the sheet, what it takes back and what not, and that they stay."""

import csv
import io
import json

import pytest

from classroom.__main__ import main
from classroom.commands import OK, WRONG
from classroom.files import write_whole
from classroom.manual import HEADS, sheet_path
from classroom.marks import marks_path, read_marks
from results import fill, result, row
from trial import SOLUTIONS, TEXT, notebook

EVIL = '=HYPERLINK("https://x")\nα, "β"; \'γ\''


@pytest.fixture
def course(tmp_path):
    words = row("q5", "manual", message="This answer is marked by hand.", yours=EVIL)
    nothing = row("q5", "missing", message="No answer was found.")
    return fill(tmp_path, [result("s001"), result("s002", words), result("s003", nothing)])


def run(course, *args):
    return main(["-C", str(course.root), "manual", "01_trial", *map(str, args)])


def lines(course):
    text = sheet_path(course, "01_trial").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def written(course, rows, heads=HEADS, delimiter=",", encoding="utf-8", end="\r\n"):
    """A sheet as somebody may give it back."""
    out = io.StringIO()
    table = csv.DictWriter(
        out, heads, extrasaction="ignore", delimiter=delimiter, lineterminator=end
    )
    table.writeheader()
    table.writerows(rows)
    path = course.root / "filled in.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def test_the_sheet_has_a_line_for_each_answer(course, capsys):
    assert run(course) == OK
    target = sheet_path(course, "01_trial")
    assert capsys.readouterr().out == f"{target}: 3 answers, 2 without a mark\n"
    found = lines(course)
    assert [(r["student"], r["question"], r["answer"], r["max"], r["mark"]) for r in found] == [
        ("s001", "q5", TEXT, "5", ""),
        ("s002", "q5", f"'{EVIL}", "5", ""),
        ("s003", "q5", "", "5", ""),
    ]
    assert {r["rubric"] for r in found} == {"One point a reason."}
    assert target.read_bytes().startswith(b"\xef\xbb\xbfstudent,question,answer,rubric,max,mark")


def test_with_all_the_sheet_has_the_code_of_the_answers_and_is_read_back(course):
    code = "def slope(a):\n    return '=1'"
    data = notebook([("code", code), ("code", "=1"), ("code", "slope = slope")])
    write_whole(course.submitted / "01_trial" / "s002.ipynb", data)
    run(course)
    assert "code" not in lines(course)[0]
    run(course, "--all")
    found = {(r["student"], r["question"]): r for r in lines(course)}
    assert found["s001", "q1"]["code"] == SOLUTIONS["q1"]
    assert found["s002", "q1"]["code"] == f"{code}\n\nslope = slope"
    assert found["s002", "q3"]["code"] == found["s002", "q5"]["code"] == ""
    rows = [row | {"mark": "1"} for row in found.values()]
    assert run(course, "--read", written(course, rows, [*HEADS, "code"])) == OK
    assert read_marks(course, "01_trial")["s002"]["q1"]["mark"] == 1.0


def test_marks_come_back_and_are_on_the_next_sheet(course, capsys):
    run(course)
    first, second, third = lines(course)
    rows = [first | {"mark": "4.5", "comment": "Good.\n'And'"}, second, third | {"mark": "0"}]
    assert run(course, "--read", written(course, rows)) == OK
    out = capsys.readouterr()
    assert out.out.endswith(f"{marks_path(course, '01_trial')}: 2 new, 0 changed, 0 as they were\n")
    assert out.err == "01_trial: 1 answer still waits for a mark\n"
    marks = read_marks(course, "01_trial")
    assert marks["s001"]["q5"]["mark"] == 4.5
    assert marks["s001"]["q5"]["comment"] == "Good.\n'And'"
    assert marks["s003"]["q5"] == {"mark": 0.0, "comment": "", "answer": third["key"]}
    assert run(course) == OK
    again = lines(course)
    assert (again[0]["mark"], again[0]["comment"]) == ("4.5", "Good.\n'And'")
    again[0]["mark"] = "3"
    run(course, "--read", written(course, again))
    assert "0 new, 1 changed, 1 as they were" in capsys.readouterr().out


@pytest.mark.parametrize(
    "how",
    [
        {"delimiter": ";", "encoding": "utf-8-sig"},
        {"delimiter": "\t", "end": "\n"},
        {"heads": ("mark", "question", "student")},
    ],
)
def test_a_spreadsheet_may_have_its_ways(course, how):
    run(course)
    rows = [r | {"mark": "2,5"} for r in reversed(lines(course))]
    assert run(course, "--read", written(course, rows, **how)) == OK
    marks = read_marks(course, "01_trial")
    assert {s: m["q5"]["mark"] for s, m in marks.items()} == dict.fromkeys(marks, 2.5)
    assert sorted(marks) == ["s001", "s002", "s003"]


def test_one_line_that_is_wrong_and_nothing_is_kept(course, capsys):
    run(course)
    good = lines(course)[0] | {"mark": "1"}
    rows = [
        good,
        good | {"student": "s009"},
        good | {"question": "q7"},
        good | {"mark": "5.1"},
        good | {"mark": "-1"},
        good | {"mark": "nan"},
        good | {"mark": "good"},
        good | {"student": "s001"},
    ]
    capsys.readouterr()
    assert run(course, "--read", written(course, rows)) == WRONG
    assert capsys.readouterr().err == (
        "classroom: manual: no mark was kept; "
        "line 3: student: expected one who has a result, came 's009'\n"
        "line 4: question: expected one of q1, q2, q3, q4, q5, came 'q7'\n"
        "line 5: mark: expected a number from 0 to 5, came '5.1'\n"
        "line 6: mark: expected a number from 0 to 5, came '-1'\n"
        "line 7: mark: expected a number from 0 to 5, came 'nan'\n"
        "line 8: mark: expected a number from 0 to 5, came 'good'\n"
        "line 9: s001 has a mark for q5 already, further up\n"
    )
    assert read_marks(course, "01_trial") == {}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a,b\r\n1,2\r\n", "expected a column student in the first line, came a, b"),
        (b"", "expected a column student in the first line, came nothing"),
        ("student;µ".encode("latin-1"), "cannot be read as UTF-8"),
    ],
)
def test_what_is_no_sheet_is_told(course, capsys, data, said):
    path = course.root / "x.csv"
    path.write_bytes(data)
    assert run(course, "--read", path) == WRONG
    assert said in capsys.readouterr().err


def test_a_sheet_that_is_filled_in_is_not_overwritten(course, capsys):
    run(course)
    path = sheet_path(course, "01_trial")
    rows = [r | {"mark": "1"} for r in lines(course)]
    filled = written(course, rows)
    path.write_bytes(filled.read_bytes())
    assert run(course) == WRONG
    assert "has marks that are not read yet; --read it first" in capsys.readouterr().err
    assert path.read_bytes() == filled.read_bytes()
    assert run(course, "--read", path) == OK
    assert run(course) == OK


def test_marks_stay_when_the_machine_grades_again_and_never_enter_its_results(course):
    run(course)
    path = written(course, [lines(course)[0] | {"mark": "4"}])
    file = course.results / "01_trial" / "s001.json"
    before = file.read_bytes()
    assert run(course, "--read", path) == OK
    assert file.read_bytes() == before
    write_whole(file, json.dumps(result("s001", row("q1", "wrong"))))
    assert main(["-C", str(course.root), "feedback", "--student", "s001"]) == OK
    page = (course.feedback / "01_trial" / "s001.html").read_text(encoding="utf-8")
    assert "<strong>10 of 15</strong>" in page


def test_with_all_a_mark_takes_the_place_of_the_machines_points(course):
    assert run(course, "--all") == OK
    found = lines(course)
    assert [r["question"] for r in found[::3]] == ["q1", "q2", "q3", "q4", "q5"]
    assert run(course, "--read", written(course, [found[0] | {"mark": "3.5"}])) == OK
    run(course)
    assert (lines(course)[0]["student"], lines(course)[0]["question"]) == ("s001", "q1")


def test_before_grading_it_says_so(tmp_path, capsys):
    course = fill(tmp_path, [])
    assert run(course) == WRONG
    assert "expected results of 01_trial; grade first" in capsys.readouterr().err
