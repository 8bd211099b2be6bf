"""Results of the trial assignment, as the grader writes them, for tests that need no sandbox."""

import functools
import hashlib
import json
import tempfile
from pathlib import Path

from classroom.course import load_course
from classroom.files import write_whole
from classroom.grading import Task, kit_of
from trial import TEXT, TITLES, make_course, solved

SEED = "the seed of these tests"
MOST = {"q1": 4.0, "q2": 2.0, "q3": 3.0, "q4": 1.0, "q5": 5.0}


def row(id, status="right", points=None, **more):
    """A question's row."""
    full = MOST[id] if status == "right" else 0.0
    made = {"id": id, "title": TITLES[id], "points": full if points is None else points}
    made |= {"max_points": MOST[id], "status": status, "mistake": "", "message": "Right."}
    made |= {"yours": "", "hint": "", "section": "chapters/05.html#slope" if id == "q1" else ""}
    return made | more


def result(student, *rows, data=None, notes=(), human=(), status="graded"):
    """A result: rows where they are given, else right, and the last question to be marked."""
    data = solved() if data is None else data
    manual = row("q5", "manual", message="This answer is marked by hand.", yours=TEXT)
    given = {r["id"]: r for r in rows}
    questions = [given.get(id, manual if id == "q5" else row(id)) for id in MOST]
    file = {"name": f"{student}.ipynb", "sha256": hashlib.sha256(data).hexdigest()}
    return {
        "schema": 1,
        "assignment": "01_trial",
        "student": student,
        "file": file,
        "graded_with": key_of(data),
        "status": status,
        "notes": list(notes),
        "human": list(human),
        "points": sum(q["points"] for q in questions),
        "max_points": 15.0,
        "questions": questions,
    }


@functools.cache
def key_of(data):
    """What a result of these bytes is graded with, in a course with the settings of these tests."""
    with tempfile.TemporaryDirectory() as root:
        kit, limits = kit_of(make_course(Path(root))), load_course(root).limits
    return Task(kit, "", "", data, SEED, limits=limits).key


def fill(root, results, data=None, settings=""):
    """Make a course in a folder in which these results are; return it."""
    make_course(root)
    (root / "course.toml").write_text(settings, encoding="utf-8")
    (root / "course.seed").write_text(SEED)
    for made in results:
        name = made["student"]
        handed_in = (data or {}).get(name, solved())
        write_whole(root / "submitted" / "01_trial" / f"{name}.ipynb", handed_in)
        text = json.dumps(made, sort_keys=True)
        write_whole(root / "results" / "01_trial" / f"{name}.json", text)
    return load_course(root)
