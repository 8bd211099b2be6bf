"""When something was handed in, and how late that is. No points depend on it.

`collect` keeps it in `submitted/ASSIGNMENT/.handed-in.json`: student → hash of the file → when. So
it holds for that very file only, and results, which hold no times, stay as they are. What is due
when stands in `course.toml`; the roster may give a student more hours.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .course import CourseError
from .files import write_whole

__all__ = ["LATE", "Handed", "all_handed", "due_of", "handed_in", "keep", "told"]

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


@dataclass(frozen=True)
class Handed:
    """One file: when it was handed in, as `handed_in` has it, "" for unknown; and when it was due.

    due: a datetime, or None.
    """

    when: str = ""
    due: datetime | None = None

    @property
    def late(self):
        """The hours begun after the date, a number; `LATE`; or None: in time, or not known."""
        if self.when in ("", LATE) or self.due is None:
            return LATE if self.when == LATE else None
        seconds = (datetime.fromisoformat(self.when) - self.due).total_seconds()
        return math.ceil(seconds / 3600) if seconds > 0 else None

    @property
    def at(self):
        """A datetime with the date's offset, in UTC without a date; None for unknown."""
        if self.when in ("", LATE):
            return None
        return datetime.fromisoformat(self.when).astimezone(self.due.tzinfo if self.due else UTC)

    @property
    def words(self):
        """A sentence on it; "" where nothing is known."""
        if self.at is None:
            return "Handed in late." if self.when == LATE else ""
        hours = f"{self.late} hour{'' if self.late == 1 else 's'}" if self.late else ""
        late = f": {hours} late (begun hours count)" if hours else ""
        return f"Handed in {self.at:%Y-%m-%d %H:%M %Z}{late}."


def all_handed(course, assignment, results, rows=()):
    """Return student -> `Handed`, of the files that the results are of. rows: of the roster."""
    known, about = handed_in(course, assignment), {row["student"]: row for row in rows}
    return {
        result["student"]: Handed(
            known.get(result["student"], {}).get(result["file"]["sha256"], ""),
            due_of(course, assignment, about.get(result["student"], {})),
        )
        for result in results
    }
