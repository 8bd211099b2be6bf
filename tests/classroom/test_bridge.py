"""To nbgrader's formgrader and back: our points in, marks out, nothing of a student is live."""

import json

import pytest

from classroom import bridge
from classroom.__main__ import main
from classroom.commands import OK, WRONG
from classroom.course import CourseError
from classroom.files import write_whole
from classroom.marks import answer_key, read_marks, write_marks
from results import fill, result, row
from trial import TEXT, notebook

EVIL = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) ![y](https://z)\n\n$a < b$\u202e"
NAME = "01_trial"


@pytest.fixture
def course(tmp_path):
    evil = row("q5", "manual", message="This answer is marked by hand.", yours=EVIL)
    wrong = row("q1", "mistake", points=1.5, mistake="of z", message="It was\ntaken at z.")
    data = {"s002": notebook([("markdown", EVIL), ("code", "while True: pass")])}
    made = [result("s001"), result("s002", wrong, evil, data=data["s002"])]
    return fill(tmp_path, made, data)


def given(course, folder):
    return bridge.marks_from(course, course.assignments / f"{NAME}.ipynb", folder)


def sent(course, folder):
    return bridge.to_nbgrader(course, course.assignments / f"{NAME}.ipynb", folder)


def test_the_notebook_that_is_shown_has_nothing_live_in_it(course):
    from classroom.marks import merged
    from classroom.source import load

    assignment = load(course.assignments / f"{NAME}.ipynb").assignment
    evil = row("q5", "manual", yours=EVIL)
    made = merged(result("s002", evil), {}, assignment)
    text = bridge._notebook(made, assignment, notebook([("markdown", EVIL), ("raw", EVIL)]))
    told = json.loads(text)
    texts = [cell["source"] for cell in told["cells"] if cell["cell_type"] == "markdown"]
    assert sum("onerror" in text for text in texts) == 3
    assert not any("<" in text or "](" in text or "![" in text for text in texts)
    assert "\u202e" not in text
    assert all(cell.get("outputs", []) == [] for cell in told["cells"])
    marks = [c["metadata"]["nbgrader"] for c in told["cells"] if c["metadata"]]
    assert [(m["grade_id"], m["points"], m["solution"]) for m in marks] == [
        *(("q1", 4.0, False), ("q2", 2.0, False), ("q3", 3.0, False), ("q4", 1.0, False)),
        ("q5", 5.0, True),
    ]


def test_without_a_gradebook_it_says_so(course, capsys):
    command = ["-C", str(course.root), "manual", NAME, "--from-nbgrader", str(course.root)]
    assert main(command) == WRONG
    assert "expected a gradebook.db in" in capsys.readouterr().err


def test_a_course_of_somebody_else_is_left_alone(course, tmp_path):
    write_whole(tmp_path / "theirs" / bridge.CONFIG, "c = get_config()\n")
    with pytest.raises(CourseError, match=r"expected a folder of its own, .*theirs has a nbgrader"):
        sent(course, tmp_path / "theirs")
    assert [p.name for p in (tmp_path / "theirs").iterdir()] == [bridge.CONFIG]


@pytest.mark.optional("nbgrader")
def test_our_points_are_in_the_gradebook(course, tmp_path):
    write_marks(course, NAME, {"s001": {"q5": {"mark": 4, "comment": "Good.", "answer": ""}}})
    assert sent(course, tmp_path / "nb") == sent(course, tmp_path / "nb") == 2
    with bridge._gradebook(tmp_path / "nb") as book:
        scores = {s.student.id: (s.score, s.max_score) for s in book.assignment_submissions(NAME)}
        waiting = {s: book.find_submission(NAME, s).needs_manual_grade for s in ("s001", "s002")}
        assert book.find_comment("q5", NAME, NAME, "s001").comment == "Good."
    assert scores == {"s001": (14.0, 15.0), "s002": (7.5, 15.0)}
    assert waiting == {"s001": False, "s002": True}


@pytest.mark.optional("nbgrader")
def test_marks_of_the_formgrader_come_back_and_stay(course, tmp_path):
    sent(course, tmp_path / "nb")
    assert given(course, tmp_path / "nb") == {}
    with bridge._gradebook(tmp_path / "nb") as book:
        book.find_grade("q5", NAME, NAME, "s001").manual_score = 3.0
        book.find_grade("q5", NAME, NAME, "s001").extra_credit = 0.5
        book.find_comment("q5", NAME, NAME, "s001").manual_comment = "Nearly."
        book.find_grade("q1", NAME, NAME, "s002").manual_score = 2.0
        book.db.commit()
    sent(course, tmp_path / "nb")
    command = ["-C", str(course.root), "manual", NAME, "--from-nbgrader", str(tmp_path / "nb")]
    assert main(command) == OK
    key = answer_key(result("s001")["questions"][4])
    assert result("s001")["questions"][4]["yours"] == TEXT
    assert read_marks(course, NAME) == {
        "s001": {"q5": {"mark": 3.5, "comment": "Nearly.", "answer": key}},
        "s002": {"q1": {"mark": 2.0, "comment": "", "answer": ""}},
    }


@pytest.mark.optional("nbgrader")
def test_a_mark_out_of_range_and_nothing_is_kept(course, tmp_path):
    sent(course, tmp_path / "nb")
    with bridge._gradebook(tmp_path / "nb") as book:
        book.find_grade("q5", NAME, NAME, "s001").manual_score = 5.5
        book.db.commit()
    with pytest.raises(CourseError, match=r"s001, q5: expected a mark from 0 to 5, came 5\.5"):
        given(course, tmp_path / "nb")


@pytest.mark.optional("nbgrader")
def test_the_formgraders_page_shows_answer_and_points_and_nothing_live(course, tmp_path):
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    sent(course, tmp_path / "nb")
    file = tmp_path / "nb" / "autograded" / "s002" / NAME / f"{NAME}.ipynb"
    exporter = HTMLExporter(
        template_name="formgrade", extra_template_basedirs=[handlers.template_path]
    )
    known = ("assignment_id", "notebook_id", "submission_id", "base_url", "student", "last_name")
    resources = dict.fromkeys((*known, "first_name", "notebook_path"), "x")
    html, _ = exporter.from_filename(str(file), resources={**resources, "index": 0, "total": 1})
    assert [html.count(f'id="{id}"') for id in ("q1", "q5")] == [1, 1]
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "<img src=x" not in html
    assert 'javascript:alert(1)"' not in html
    assert "mistake: It was" in html
