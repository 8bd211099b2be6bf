"""The way of one assignment, from the source to the grades, as an instructor goes it.

Every step is a command; what the students and the instructor do in between is done here by hand.
"""

import csv
import json
from html.parser import HTMLParser

import pytest

from classroom.__main__ import main
from trial import INTRO, SOLUTIONS, TEXT, make_course

pytestmark = pytest.mark.optional("bubblewrap")

ROSTER = """\
student,name,email,canvas_id
s001,Student 1,s001@example.org,901
s002,Student 2,s002@example.org,902
s003,Student 3,s003@example.org,903
s004,Student 4,s004@example.org,904
s005,Student 5,s005@example.org,905
"""


def test_from_the_source_to_the_grades(tmp_path, capsys):
    course = tmp_path / "course"

    def classroom(*words):
        """Run a command in the course's folder; what it printed."""
        status = main(["-C", str(course), *map(str, words)])
        said = capsys.readouterr()
        assert status == 0, said.err
        return said.out + said.err

    # 1. A course, and in it an assignment: a notebook with the solution, and its checks.
    classroom("init")
    make_course(course)
    (course / "roster.csv").write_text(ROSTER)
    seed = (course / "course.seed").read_text().strip()

    # 2. What is made of the source: a page, the students' notebook, the grader's data.
    classroom("build")
    assert {path.name for path in (course / "_build/classroom/01_trial").iterdir()} == {
        "01_trial.ipynb",
        "01_trial.checks.json",
        "01_trial.grader.json",
        "page.ipynb",
    }

    # 3. What the students get. There is no solution in it, and no seed.
    classroom("release", "01_trial")
    handed_out = json.loads((course / "release/01_trial/01_trial.ipynb").read_text())
    assert {path.name for path in (course / "release/01_trial").iterdir()} == {
        "01_trial.ipynb",
        "01_trial.checks.json",
    }
    for path in (course / "release/01_trial").iterdir():
        assert seed not in path.read_text()
        assert "return 1 - a**2" not in path.read_text()

    # 4. Four students work on it and hand in; on the hub each has a folder. The fifth does not.
    hub = tmp_path / "hub"
    half = {id: SOLUTIONS[id] for id in ("q1", "q2", "q4")}
    of_z = "def slope(a):\n    return 1 - np.tanh(a)**2"
    hand_in(hub, "s001", worked(handed_out, SOLUTIONS, TEXT))
    hand_in(hub, "s002", worked(handed_out, half, "They multiply."))
    hand_in(hub, "s003", worked(handed_out, {**SOLUTIONS, "q1": of_z}, "It is so."))
    hand_in(hub, "s004", odd(worked(handed_out, SOLUTIONS, TEXT)))

    # 5. They are collected, and it is said who is missing.
    said = classroom("collect", "01_trial", hub, "--roster", course / "roster.csv")
    assert "s005" in said
    assert sorted(path.name for path in (course / "submitted/01_trial").iterdir()) == [
        "s001.ipynb",
        "s002.ipynb",
        "s003.ipynb",
        "s004.ipynb",
    ]

    # 6. Graded: in the sandbox, each of them. A second time there is nothing left to do.
    assert "4 graded now, 0 as they were." in classroom("grade", "--workers", 1)
    assert "0 graded now, 4 as they were." in classroom("grade", "--workers", 1)
    results = {
        path.stem: json.loads(path.read_text()) for path in (course / "results/01_trial").iterdir()
    }
    assert {student: result["points"] for student, result in results.items()} == {
        "s001": 10.0,
        "s002": 7.0,
        "s003": 6.0,
        "s004": 10.0,
    }
    statuses = {s: [q["status"] for q in r["questions"]] for s, r in results.items()}
    right = ["right", "right", "right", "right", "manual"]
    assert statuses == {
        "s001": right,
        "s002": ["right", "right", "missing", "right", "manual"],
        "s003": ["mistake", "right", "right", "right", "manual"],
        "s004": right,
    }
    assert results["s003"]["questions"][0]["mistake"] == "of z"
    assert results["s004"]["questions"][4]["yours"] == TEXT

    # 7. A person marks the answers in words, on a sheet with one line each.
    classroom("manual", "01_trial")
    mark(course / "exports/01_trial.manual.csv", {"s001": 5, "s002": 2, "s003": 0, "s004": 4.5})
    said = classroom("manual", "01_trial", "--read", course / "exports/01_trial.manual.csv")
    assert "4 new" in said

    # 8. A page for every student: points, the mistake by its name, the hint.
    classroom("feedback", "01_trial", "--roster", course / "roster.csv")
    pages = {
        student: text_of(course / f"feedback/01_trial/{student}.html")
        for student in ("s001", "s002", "s003", "s004")
    }
    assert "Points: 15 of 15" in pages["s001"]
    assert "Points: 9 of 15" in pages["s002"]
    assert "Counter is still as handed out." in pages["s002"]
    assert "Points: 6 of 15" in pages["s003"]
    assert "The slope was taken at tanh(a)." in pages["s003"]
    assert "of z" in pages["s003"]
    assert "a is tanh(z)." in pages["s003"]
    assert "a is tanh(z)." not in pages["s001"]
    assert "Points: 14.5 of 15" in pages["s004"]
    assert not any(seed in page for page in pages.values())
    overview = text_of(course / "results/01_trial.overview.html")
    assert "of z" in overview
    assert "s005" in overview

    # 9. The grades, as a table and for Canvas.
    classroom("export", "01_trial", "--roster", course / "roster.csv")
    table = rows(course / "exports/01_trial.csv")
    assert {row["student"]: (row["points"], row["max_points"]) for row in table} == {
        "s001": ("15", "15"),
        "s002": ("9", "15"),
        "s003": ("6", "15"),
        "s004": ("14.5", "15"),
        "s005": ("", "15"),
    }
    assert [row["q1"] for row in table] == ["4", "4", "0", "4", ""]
    classroom("export", "01_trial", "--roster", course / "roster.csv", "--for", "canvas")
    grades = {row["ID"]: row["A trial"] for row in rows(course / "exports/01_trial.canvas.csv")}
    assert grades == {"": "15", "901": "15", "902": "9", "903": "6", "904": "14.5"}

    # 10. Where it stands.
    line = classroom("status", "01_trial").splitlines()[1].split()
    assert line[:4] == ["01_trial", "4", "4", "0"]


# ---------------------------------------------------------------------------- what people do


def worked(notebook, answers, text):
    """A copy of what was handed out, with answers in its cells: id -> code, and one in words."""
    notebook = json.loads(json.dumps(notebook))
    for cell in notebook["cells"]:
        id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if id in answers:
            cell["source"] = answers[id]
        elif id == "q5":
            cell["source"] = text
    return notebook


def odd(notebook):
    """As a file comes back from a hard life: upside down, no metadata, and a byte-order mark."""
    cells = [
        {"cell_type": cell["cell_type"], "metadata": {}, "source": cell["source"]}
        for cell in notebook["cells"]
    ]
    assert any(INTRO.splitlines()[0] in "".join(cell["source"]) for cell in cells)
    answers = [cell for cell in cells if cell["cell_type"] == "code"]
    words = [cell for cell in cells if cell["cell_type"] == "markdown"]
    return {"cells": answers[::-1] + words, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def hand_in(hub, student, notebook):
    """Into the hub's folder; the odd one with a byte-order mark."""
    folder = hub / "submitted" / student / "01_trial"
    folder.mkdir(parents=True)
    coding = "utf-8-sig" if not notebook["cells"][0]["metadata"] else "utf-8"
    (folder / "01_trial.ipynb").write_text(json.dumps(notebook), encoding=coding)


def mark(path, marks):
    """Fill in a sheet for marks by hand, as with a spreadsheet."""
    lines = rows(path)
    assert [line["student"] for line in lines] == list(marks)
    for line in lines:
        line["mark"] = marks[line["student"]]
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)


def rows(path):
    """The rows of a CSV."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def text_of(path):
    """What is to be read on a page, on one line."""
    parts = []
    parser = HTMLParser()
    parser.handle_data = parts.append
    parser.feed(path.read_text(encoding="utf-8"))
    return " ".join("".join(parts).split())
