"""When something was handed in, and how late that is. No points depend on it.

`collect` keeps it in `submitted/ASSIGNMENT/.handed-in.json`: student → hash of the file → when. So
it holds for that very file only, and results, which hold no times, stay as they are. What is due
when stands in `course.toml`; the roster may give a student more hours.
"""

import json
import math
from datetime import UTC, datetime, timedelta

from .course import CourseError
from .files import write_whole

__all__ = ["LATE", "due_of", "handed_in", "hours_late", "in_words", "keep", "told"]

#: In the place of a time: the source says that it was late, and no more.
LATE = "late"


def handed_in(course, assignment):
    """Return student -> hash of the file -> ISO time in UTC, or `LATE`; {} where nothing is known.

    Raises `CourseError` where the file cannot be read.
    """
    path = _path(course, assignment)
    if not path.exists():
        return {}
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(known, dict) and all(isinstance(v, dict) for v in known.values())
    except (OSError, ValueError, AssertionError) as error:
        raise CourseError(f"{path}: expected times of handing in: {error!r}") from None
    return known


def keep(course, assignment, new):
    """Join what is known with new (student, hash, when); of one file the earliest time counts.

    The same bytes once more, from a copy of the folder for instance, make nobody later.
    """
    known = handed_in(course, assignment)
    for student, sha, when in new:
        files = known.setdefault(student, {})
        files[sha] = min(files.get(sha, when), when)  # LATE sorts after any time
    if known:
        text = json.dumps(known, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        write_whole(_path(course, assignment), text)


def _path(course, assignment):
    return course.submitted / assignment / ".handed-in.json"


def told(when):
    """Return a datetime as it is kept: in UTC, to the second."""
    return when.astimezone(UTC).isoformat(timespec="seconds")


def due_of(course, assignment, about):
    """Return when an assignment is due for a student, a datetime; None where no date is set.

    about: the student's row of the roster. Its hours in `extension NN_name`, else in `extension`,
    are added. Raises `CourseError` where they are no number.
    """
    due = course.due.get(assignment)
    column = f"extension {assignment}" if about.get(f"extension {assignment}") else "extension"
    hours = about.get(column) or "0"
    try:
        more = timedelta(hours=float(hours.replace(",", ".")))
    except (ValueError, OverflowError):
        raise CourseError(
            f"roster: {column}: expected hours, came {hours!r} for {about['student']}"
        ) from None
    return None if due is None else due + more


def hours_late(when, due):
    """Return the hours begun after `due`, a number; None for none or unknown, `LATE` for `LATE`.

    when: as `handed_in` has it, or "". due: a datetime, or None.
    """
    if when in ("", LATE) or due is None:
        return LATE if when == LATE else None
    seconds = (datetime.fromisoformat(when) - due).total_seconds()
    return math.ceil(seconds / 3600) if seconds > 0 else None


def in_words(when, due):
    """Return a sentence on when something was handed in; "" where nothing is known."""
    if when in ("", LATE):
        return "Handed in late." if when == LATE else ""
    late, zone = hours_late(when, due), due.tzinfo if due else UTC
    at = datetime.fromisoformat(when).astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
    how = (
        "" if late is None else f", {late} hour{'' if late == 1 else 's'} late (begun hours count)"
    )
    return f"Handed in {at}{how}."
