"""Marks given by hand: where they are kept, and how they join what the machine found.

They lie in `results/ASSIGNMENT.manual.json`, beside the folder of the machine's results, which are
never changed: grading again keeps all marks. (In the folder a student called `manual` could
overwrite them.) A mark replaces what the machine says of a question, of whatever kind it is.
"""

import copy
import hashlib
import json
from statistics import mean

from .course import CourseError
from .crew import read_result
from .files import write_whole
from .questions import Manual

__all__ = [
    "answer_key",
    "is_waiting",
    "marks_path",
    "mean_of",
    "merged",
    "read_marks",
    "results_of",
    "write_marks",
]

SCHEMA = 1


def marks_path(course, assignment):
    """Return where an assignment's marks are."""
    return course.results / f"{assignment}.manual.json"


def read_marks(course, assignment):
    """Return student -> question id -> {"mark", "comment", "answer"}; {} where there are none.

    Raises `CourseError` where the file cannot be read: marks may not get lost in silence.
    """
    path = marks_path(course, assignment)
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        assert told["schema"] == SCHEMA and isinstance(told["marks"], dict)
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise CourseError(f"{path}: expected marks of schema {SCHEMA}: {error!r}") from None
    return told["marks"]


def write_marks(course, assignment, marks):
    """Write all marks of an assignment, whole or not at all."""
    told = {"schema": SCHEMA, "assignment": assignment, "marks": marks}
    text = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    write_whole(marks_path(course, assignment), text)


def answer_key(row):
    """A short hash of the answer in words that a result's row holds, by which a change is seen."""
    return hashlib.sha256(row["yours"].encode("utf-8", "replace")).hexdigest()[:16]


def results_of(course, assignment):
    """Return (the results of all students in their order, the names of files that are none)."""
    folder, found, broken = course.results / assignment, [], []
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    for path in paths:
        result = None if path.name.startswith(".") else read_result(path)
        if result is not None:
            found.append(result)
        elif not path.name.startswith("."):
            broken.append(path.name)
    return found, broken


def merged(result, marks, assignment):
    """Return a copy of a result, joined with its student's marks (question id -> mark).

    Each question gets `by_hand`, True where a person marks or has marked it, `mark`, a number or
    None, `comment`, and `stale`, True where the answer has changed after it was marked, which is a
    reason for a look; the result gets `waiting`, the ids that wait for a mark.
    """
    result, ids = copy.deepcopy(result), {q.id for q in assignment.questions}
    # What the checks have asked once, and ask no more, has no place on any page or sheet.
    result["questions"] = [row for row in result["questions"] if row["id"] in ids]
    manual = {q.id for q in assignment.questions if isinstance(q, Manual)}
    for row in result["questions"]:
        given = marks.get(row["id"])
        row.update(by_hand=row["id"] in manual or given is not None, mark=None, comment="")
        row["stale"] = False
        if given is None:
            continue
        row.update(mark=given["mark"], comment=given["comment"], points=float(given["mark"]))
        row["stale"] = row["id"] in manual and given["answer"] != answer_key(row)
        if row["stale"]:
            said = f"Question {row['id']}: the answer has changed since it was marked by hand."
            result["human"].append(said)
    result["waiting"] = [row["id"] for row in result["questions"] if is_waiting(row)]
    result["points"] = round(sum(row["points"] for row in result["questions"]), 4)
    return result


def is_waiting(row):
    """True for a row of `merged` whose answer is there and not marked yet."""
    return row["status"] == "manual" and row["mark"] is None


def mean_of(results):
    """Return (the mean of the points, of how many points marked so far, the mean of these too).

    results: of `merged`, at least one. What waits for its mark is in neither.
    """
    rows = [[row for row in result["questions"] if not is_waiting(row)] for result in results]
    points, most = ([sum(row[k] for row in d) for d in rows] for k in ("points", "max_points"))
    return mean(points), mean(most)
