"""Feedback: what a student's page says, and what no page may say or do."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from classroom.__main__ import main
from classroom.commands import OK, WRONG
from classroom.course import CourseError
from classroom.feedback import VERDICTS, WITHHELD, feedback
from classroom.judging import STATUSES
from classroom.leaks import leaks
from classroom.marks import answer_key, marks_path, merged, write_marks
from classroom.questions import expected_of, tries_of
from classroom.source import load
from results import SEED, fill, result, row
from trial import TEXT, solved

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\u202e\x00"
SITE = '[course]\nname = "A course"\nsite = "https://book.example/"\n'


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.ids = [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.ids += [value for key, value in attributes if key == "id"]

    def handle_data(self, data):
        self.text += data


def written(root, *results, settings="", data=None, student=None):
    """The pages of these results: the text of one, and the `Page`."""
    course = fill(root, results, data, settings)
    done = feedback(course, root / "assignments" / "01_trial.ipynb")
    name = student or results[0]["student"]
    text = (root / "feedback" / "01_trial" / f"{name}.html").read_text(encoding="utf-8")
    return text, Page(text), done


WRONG_ROW = row(
    "q1",
    "mistake",
    mistake="of z",
    message="The slope was taken at tanh(a).",
    yours="[0.5, 0.25]",
    hint="a is tanh(z).",
)


def test_a_page_says_points_mistake_own_number_hint_and_place(tmp_path):
    _, page, done = written(tmp_path, result("s001", WRONG_ROW), settings=SITE)
    for words in (
        "A course",
        "A trial",
        "Points: 6 of 15",
        "Not marked yet: Question 5. Up to 5 points can be added to these.",
        "≈ A known mistake · 0 of 4 points",
        "The slope was taken at tanh(a).",
        "The mistake it matches\nof z",
        "Your answer\n[0.5, 0.25]",
        "Hint\na is tanh(z).",
        "What the points are given for\nOne point a reason.",
    ):
        assert words in page.text
    assert ("a", {"href": "https://book.example/chapters/05.html#slope"}) in page.tags
    assert [r["waiting"] for r in done.results] == [["q5"]]


def test_every_status_of_the_grader_has_words_of_its_own():
    assert set(VERDICTS) == set(STATUSES)
    assert len({words for _, words, _ in VERDICTS.values()}) == len(STATUSES)


@pytest.mark.parametrize("status", ["unreadable", "empty", "crashed"])
def test_what_could_not_be_graded_is_told_first(tmp_path, status):
    rows = [row(id, "missing", message="Not there.") for id in ("q1", "q2", "q3", "q4", "q5")]
    made = result("s001", *rows, status=status, notes=["Not there."])
    _, page, done = written(tmp_path, made)
    assert page.text.index("Points: 0 of 15") < page.text.index("What we noticed in your file")
    assert page.text.count("– No answer") == 10
    assert page.text.count("Not there.") == 1
    assert done.results[0]["waiting"] == []


def test_nothing_a_student_can_influence_becomes_markup(tmp_path):
    evil = row("q1", "error", message=EVIL, yours=EVIL, mistake=EVIL, hint=EVIL)
    plain = result("s001", row("q1", "error", message="m", yours="y", mistake="z", hint="h"))
    made = result("s002", evil, notes=[EVIL])
    made["file"]["name"] = EVIL
    plain["notes"], plain["file"]["name"] = ["n"], "f"
    text, page, _ = written(tmp_path, made, plain)
    _, harmless, _ = written(tmp_path, plain)
    kinds = [[tag for tag, _ in p.tags] for p in (page, harmless)]
    assert kinds[0] == kinds[1]
    assert page.text.count("<script>alert(1)</script>") == 6
    assert "[U+202E][U+0000]" in page.text
    assert "\u202e" not in text and "\x00" not in text


def test_a_page_needs_no_script_and_asks_for_nothing(tmp_path):
    text, page, _ = written(tmp_path, result("s001", WRONG_ROW), settings=SITE)
    assert not {"script", "img", "link", "iframe", "form", "base"} & {tag for tag, _ in page.tags}
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"url\(|@import|\bon\w+=", text)
    assert [t for t, _ in page.tags if t in ("h1", "h2")] == ["h1"] + ["h2"] * 5
    assert len(set(page.ids)) == len(page.ids)
    targets = {a["href"][1:] for t, a in page.tags if a.get("href", "").startswith("#")}
    assert targets == {"q1", "q2", "q3", "q4", "q5"} == set(page.ids)


def test_without_an_address_of_the_book_there_is_no_link(tmp_path):
    _, page, _ = written(tmp_path, result("s001", WRONG_ROW))
    assert "In the book\n05: slope" in page.text
    assert all(a["href"].startswith("#") for t, a in page.tags if t == "a")


def test_the_same_results_give_the_same_bytes(tmp_path):
    texts = {written(tmp_path / k, result("s001", WRONG_ROW))[0] for k in "ab"}
    assert len(texts) == 1


def test_marks_by_hand_join_what_the_machine_found(tmp_path):
    course = fill(tmp_path, [result("s001"), result("s002")])
    key = answer_key(result("s001")["questions"][4])
    given = {"s001": {"q5": {"mark": 3.5, "comment": "Two reasons.\n<b>", "answer": key}}}
    write_marks(course, "01_trial", given)
    done = feedback(course, tmp_path / "assignments" / "01_trial.ipynb")
    page = Page(done.paths[0].read_text(encoding="utf-8"))
    assert "Points: 13.5 of 15" in page.text
    assert "✎ Marked by hand · 3.5 of 5 points" in page.text
    assert "Comment\nTwo reasons.\n<b>" in page.text
    assert [r["waiting"] for r in done.results] == [[], ["q5"]]
    assert done.results[0]["human"] == []


def test_an_answer_changed_after_its_mark_is_told_and_keeps_the_mark(tmp_path):
    fill(tmp_path, [])
    (source,) = [load(tmp_path / "assignments" / "01_trial.ipynb")]
    marks = {"q5": {"mark": 5, "comment": "", "answer": "another"}}
    made = merged(result("s001"), marks, source.assignment)
    assert made["points"] == 15.0
    said = "Question q5: the answer has changed since it was marked by hand."
    assert made["human"] == [said]
    write_marks(fill(tmp_path, [result("s001")]), "01_trial", {"s001": marks})
    _, page, done = written(tmp_path, result("s001"))
    assert "5 of 5 points\nWhat was marked is an earlier version of this answer." in page.text
    assert done.said[0].startswith("s001: marked by hand on an earlier version of the answer; ")


def test_a_question_that_was_renamed_since_stops_no_page(tmp_path):
    course = fill(tmp_path, [result("s001")])
    folder = tmp_path / "assignments"
    for file in folder.iterdir():
        file.write_text(file.read_text().replace('"q4"', '"q4b"').replace("n q4 ", "n q4b "))
    (made,) = feedback(course, folder / "01_trial.ipynb").results
    assert [row["id"] for row in made["questions"]] == ["q1", "q2", "q3", "q5"]
    text = (tmp_path / "feedback" / "01_trial" / "s001.html").read_text(encoding="utf-8")
    assert "Points: 9 of 15" in Page(text).text


def test_a_mark_replaces_what_the_machine_says_of_any_question(tmp_path):
    fill(tmp_path, [])
    source = load(tmp_path / "assignments" / "01_trial.ipynb")
    marks = {"q1": {"mark": 2, "comment": "Nearly.", "answer": ""}}
    made = merged(result("s001", WRONG_ROW), marks, source.assignment)
    assert (made["points"], made["human"]) == (8.0, [])
    assert result("s001", WRONG_ROW)["points"] == 6.0


def test_marks_that_cannot_be_read_stop_it(tmp_path):
    course = fill(tmp_path, [result("s001")])
    marks_path(course, "01_trial").write_text("{")
    with pytest.raises(CourseError, match=r"01_trial\.manual\.json: expected marks of schema 1"):
        feedback(course, tmp_path / "assignments" / "01_trial.ipynb")
    assert not (tmp_path / "feedback").exists()


def expected_numbers(root):
    """What is expected of question 1 on the first hidden input, as messages print numbers."""
    assignment = load(root / "assignments" / "01_trial.ipynb").assignment
    question = assignment.question("q1")
    right = expected_of(question, tries_of(assignment, question, SEED)[0])
    return np.array2string(right, precision=6, separator=", ")


def test_a_number_that_is_expected_is_not_shown(tmp_path):
    fill(tmp_path, [])
    secret = row("q1", "shape", message="Expected shape (2, 3).", yours=expected_numbers(tmp_path))
    text, page, done = written(tmp_path, result("s001", secret), result("s002", WRONG_ROW))
    assert f"Your answer\n{WITHHELD}" in page.text
    source = load(tmp_path / "assignments" / "01_trial.ipynb")
    assert leaks(expected_numbers(tmp_path), source, SEED)
    assert not leaks(text, source, SEED, own=TEXT)
    assert (len(done.paths), done.leaked) == (2, [])


def test_what_a_student_wrote_is_no_news_to_the_student(tmp_path):
    own = row("q3", "error", message="ValueError: self.total = self.total + x")
    data = {"s001": solved(), "s002": solved(q3="class Counter: pass")}
    made = [result(name, own, data=data[name]) for name in data]
    _, _, done = written(tmp_path, *made, data=data)
    told = [WITHHELD in path.read_text(encoding="utf-8") for path in done.paths]
    assert told == [False, True]


def test_a_notebook_nested_without_end_costs_nobody_a_page(tmp_path):
    deep = b"[" * 100_000
    _, _, done = written(tmp_path, result("s001", data=deep), data={"s001": deep})
    assert len(done.paths) == 1


def test_an_exception_that_tells_the_seed_is_not_shown(tmp_path):
    told = row("q1", "error", message=f"ValueError: {SEED}")
    text, page, _ = written(tmp_path, result("s001", told, notes=[f"Cell 1: {SEED}", "A note."]))
    assert SEED not in text
    assert WITHHELD in page.text
    assert "A note." in page.text


def test_a_page_that_cannot_be_made_safe_costs_only_its_student(tmp_path, capsys):
    made = result("s001")
    made["file"]["name"] = f"{SEED}.ipynb"
    fill(tmp_path, [made, result("s002")])
    assert main(["-C", str(tmp_path), "feedback"]) == WRONG
    out = capsys.readouterr()
    assert out.err == "01_trial: s001: the page would give something away; it is not written.\n"
    assert [p.name for p in (tmp_path / "feedback" / "01_trial").iterdir()] == ["s002.html"]


def test_the_command_says_what_it_did(tmp_path, capsys):
    fill(tmp_path, [result("s001"), result("s002", data=b"older")])
    (tmp_path / "results" / "01_trial" / "s003.json").write_text("{")
    assert main(["-C", str(tmp_path), "feedback", "01_trial"]) == OK
    out = capsys.readouterr()
    assert out.err == (
        "01_trial: s003.json: this result cannot be read; grade again.\n"
        "01_trial: s002: handed in something else since; grade again.\n"
    )
    folder = tmp_path / "feedback" / "01_trial"
    assert out.out == (
        f"01_trial: 2 pages in {folder}; waiting for marks by hand: 2\n"
        f"01_trial: for you alone, {tmp_path / 'results' / '01_trial.overview.html'}\n"
    )


def test_before_grading_it_says_so(tmp_path, capsys):
    fill(tmp_path, [])
    assert main(["-C", str(tmp_path), "feedback"]) == WRONG
    assert "expected results in" in capsys.readouterr().err


def test_names_of_the_roster_stand_on_the_pages(tmp_path):
    fill(tmp_path, [result("s001")])
    (tmp_path / "roster.csv").write_text("student,name\ns001,Z < Å\n", encoding="utf-8")
    roster = str(tmp_path / "roster.csv")
    page = tmp_path / "feedback" / "01_trial" / "s001.html"
    overview = tmp_path / "results" / "01_trial.overview.html"
    assert main(["-C", str(tmp_path), "feedback", "--roster", roster]) == OK
    assert "Z &lt; Å (s001)" in page.read_text(encoding="utf-8")
    link = '<a href="../feedback/01_trial/s001.html">Z &lt; Å (s001)</a>'
    assert link in overview.read_text(encoding="utf-8")
    assert main(["-C", str(tmp_path), "feedback"]) == OK
    assert "(s001)" not in page.read_text(encoding="utf-8") + overview.read_text(encoding="utf-8")
    (tmp_path / "course.toml").write_text('[course]\nroster = "roster.csv"\n')
    assert main(["-C", str(tmp_path), "feedback"]) == OK
    assert "Z &lt; Å (s001)" in page.read_text(encoding="utf-8")


def test_results_stay_as_the_grader_wrote_them(tmp_path):
    made = result("s001", WRONG_ROW)
    written(tmp_path, made)
    kept = json.loads((tmp_path / "results" / "01_trial" / "s001.json").read_text())
    assert kept == made


# --- the instructor's page ------------------------------------------------------------------------


def overviewed(root, *results, roster="", data=None):
    """What the command writes for the instructor."""
    fill(root, results, data)
    command = ["-C", str(root), "feedback"]
    if roster:
        (root / "roster.csv").write_text(roster, encoding="utf-8")
        command += ["--roster", str(root / "roster.csv")]
    assert main(command) == OK
    text = (root / "results" / "01_trial.overview.html").read_text(encoding="utf-8")
    return text, Page(text)


def test_the_overview_says_how_it_went(tmp_path):
    sign = row("q1", "mistake", points=2, mistake="sign", message="The sign is reversed.")
    odd = result("s002", WRONG_ROW, row("q2", "wrong"), human=["Question q2: its code uses torch."])
    letter = row("q4", "mistake", mistake="a", message="Not a.")
    made = [result("s001", WRONG_ROW), odd, result("s003", letter), result("s004", sign)]
    _, page = overviewed(tmp_path, *made, roster="student\ns001\ns009\n")
    for words in (
        "4 graded, 1 not handed in. Mean 6.75, median 7, of 10 points marked so far (15 in all).",
        "An answer that is not marked yet counts as 0 here.",
        "q1 · Slope38%4A known mistake: 3, Right: 1",
        "q5 · Why?5Not marked yet: 4",
        "q12of zThe slope was taken at tanh(a).",
        "q11signThe sign is reversed.",
        "q41answer aNot a.",
        "1 to look at, and why",
        "s002Question q2: its code uses torch.",
        "4 wait for a mark: s001, s002, s003, s004",
        "Not handed in\ns009",
        "s00482231?",
    ):
        assert words in page.text
    places = [page.text.index(f"\n{id} · ") for id in ("q1", "q2", "q4", "q3", "q5")]
    assert places == sorted(places)
    bars = [a["height"] for t, a in page.tags if t == "rect"]
    assert bars == ["0.0", "0.0", "150.0", "0.0", "150.0", "150.0", "150.0", *["0.0"] * 3]
    (label,) = [a["aria-label"] for t, a in page.tags if t == "svg"]
    assert label.endswith("3 to 4.5: 1; 6 to 7.5: 1; 7.5 to 9: 1; 9 to 10.5: 1")
    links = {a["href"] for t, a in page.tags if t == "a"}
    assert links == {f"../feedback/01_trial/s00{n}.html" for n in (1, 2, 3, 4)}
    assert not {"script", "img", "link"} & {t for t, _ in page.tags}


def test_the_overview_names_likely_copies(tmp_path):
    lone = solved(q1="def slope(a):\n    return (1 - a) * (1 + a)")
    _, page = overviewed(
        tmp_path, result("s001"), result("s002"), result("s003", data=lone), data={"s003": lone}
    )
    assert "s001, s002the same file" in page.text
    _, page = overviewed(tmp_path / "b", result("s003", data=lone), data={"s003": lone})
    assert "Likely copies\nNone was found." in page.text
    assert "Who needs a look\nNobody." in page.text


def test_nothing_of_a_student_becomes_markup_in_the_overview(tmp_path):
    evil = row("q1", "mistake", mistake=EVIL, message=EVIL)
    _, page = overviewed(tmp_path, result("s001", evil, human=[EVIL]))
    assert not {"script", "img"} & {t for t, _ in page.tags}
    assert page.text.count("<script>alert(1)</script>") == 3


def test_no_student_gets_the_overview_and_no_name_can_overwrite_it(tmp_path):
    overviewed(tmp_path, result("overview"), result("01_trial.overview"), result("manual"))
    pages = sorted(p.name for p in (tmp_path / "feedback").rglob("*.html"))
    assert pages == ["01_trial.overview.html", "manual.html", "overview.html"]
    text = (tmp_path / "feedback" / "01_trial" / "overview.html").read_text(encoding="utf-8")
    assert "A trial · overview" in text and "Everybody" not in text


def test_a_page_for_a_student_who_is_not_there_is_an_error(tmp_path, capsys):
    fill(tmp_path, [result("s001"), result("s002")])
    assert main(["-C", str(tmp_path), "feedback", "--student", "s02"]) == WRONG
    said = capsys.readouterr().err
    assert said == "classroom: --student: expected one of s002, s001, came s02\n"
    assert not (tmp_path / "feedback").exists()
