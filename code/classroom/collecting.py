"""`classroom collect`: what was handed in, from wherever it is, into `submitted/ASSIGNMENT/`.

What is in a source, `sources` reads; whose it is, `owners` knows. Of several attempts the latest
counts, and in one attempt the file that is called after the assignment. Files are copied byte for
byte; all that is looked for in them is whether they are another assignment's. What they replace is
kept, and so is when they were handed in, where the source tells (`lateness`).
"""

import csv
import hashlib
import json
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .commands import OK, assignments
from .course import CourseError, moment
from .files import write_whole
from .lateness import LATE, keep, told
from .notebook import assignment_named, read
from .owners import Place, Refused, forged, in_exchange, owner, placed, student_name
from .pages import counted
from .sources import Entry, entries
from .submissions import likeness, shown, submitted

__all__ = ["Collected", "Roster", "collect", "read_collected", "read_roster"]

#: Files that were all written within this time were written by a download or a copy of them all:
#: it says nothing about when they were handed in.
TOGETHER = timedelta(hours=1)

EPILOG = """\
SOURCE is a folder or a .zip, as it comes from
  nbgrader's exchange   inbound/STUDENT+ASSIGNMENT+TIME/…, or submitted/STUDENT/ASSIGNMENT/…
  Canvas                “Download submissions”: nameofstudent_12345_67890_file.ipynb
  Moodle                “Download all submissions”: Full Name_12345_assignsubmission_file/…
  anywhere              STUDENT.ipynb, or a folder STUDENT with a notebook

The roster is a CSV with a column `student`, what a student is called in this course, and, as they
apply, `name`, `canvas_id`, `moodle_id`, `email`. With it, platforms' names become the course's, and
the report says who is missing.

The outermost part of a path says whose a file is, below folders called inbound, submitted, or as
the assignment or the zip; the student's own folders do not. Where two claim to be one student,
neither is taken. In nbgrader's inbound folder what is in the name of an account counts if it
belongs to it, or to you. A notebook called as the assignment comes before others of the same
attempt.

A notebook whose self-checks name another assignment is left. What is replaced is kept in
submitted/ASSIGNMENT/.replaced, by the time of the command; it is not graded.

When something was handed in is known from nbgrader's times, Canvas's LATE in a file's name, or
else from the time of the file, unless all files were written within an hour: then that is when they
were downloaded. A DATE is 2026-10-01T23:59:00+02:00; without the offset it is by this machine's
clock, without the time it is the end of the day.
"""


#: What the help of a command says of `--roster`.
ROSTER = "who is in the course (default: the roster of course.toml)"


# --- who ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roster:
    """The students of a course: what each is called here, and what platforms call them."""

    rows: tuple = ()

    @property
    def students(self):
        """Their names in this course, in the roster's order."""
        return [row["student"] for row in self.rows]

    @property
    def names(self):
        """What each student is called in life, by the name in this course; "" where unknown."""
        return {row["student"]: row.get("name", "") for row in self.rows}

    def student(self, /, **known):
        """Return the one whose columns fit, or None; `student(canvas_id="12345", name="…")`."""
        for column, value in known.items():
            key = _folded(value)
            fits = [r["student"] for r in self.rows if key and _folded(r.get(column, "")) == key]
            if len(fits) == 1:
                return fits[0]
        return None


def read_roster(path):
    """Return the `Roster` in a CSV file; `CourseError` where it has no column `student`."""
    if path is None:
        return Roster()
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"roster: {path} cannot be read: {error}") from None
    rows = _rows(path, csv.DictReader(text.splitlines(), restval=""))
    if not rows or "student" not in rows[0]:
        columns = ", ".join(rows[0]) if rows else "none"
        raise CourseError(f"roster: expected a column `student` in {path}, came {columns}")
    twice = [name for name, n in Counter(row["student"] for row in rows).items() if n > 1]
    if twice:
        raise CourseError(f"roster: {twice[0]!r} stands in {path} more than once")
    for row in rows:
        if row["student"] != student_name(row["student"]):
            raise CourseError(
                f"roster: expected names that can be file names, came {row['student']!r}"
            )
    return Roster(tuple(rows))


def _rows(path, table):
    """The rows of a table without what is around the words; a row longer than the head is told."""
    rows = []
    try:
        for row in table:
            if any(more := row.pop(None, [])):
                raise CourseError(
                    f"roster: line {table.line_num} of {path}: expected {len(row)} values, came "
                    f"{len(row) + len(more)}; a value with a comma needs quotes around it"
                )
            rows.append({(key or "").strip(): value.strip() for key, value in row.items()})
    except csv.Error as error:
        raise CourseError(f"roster: {path} cannot be read: {error}") from None
    return rows


def _folded(text):
    """A name without case, accents, spaces and punctuation, as platforms write it into files."""
    plain = unicodedata.normalize("NFKD", str(text)).casefold()
    return "".join(char for char in plain if char.isalnum())


# --- when -----------------------------------------------------------------------------------------


def handed_in(entry, place, together=False):
    """Return when an entry was handed in: an ISO time in UTC, `lateness.LATE`, or "" for unknown.

    place: its `owners.Place`. together: True where the times of the source's files say nothing.
    """
    if place.kind == "exchange":
        return _nbgraders(place.when)
    if place.kind == "canvas":
        return LATE if place.late else ""
    if place.kind == "plain" and (stamp := entry.stamp()):
        return _nbgraders(stamp)
    return "" if together else told(entry.when)


def _nbgraders(text):
    """nbgrader writes 2026-11-20 10:00:00.000000 UTC."""
    try:
        when = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return ""
    return told(when if when.tzinfo else when.replace(tzinfo=UTC))


def _together(found):
    times = [entry.when for entry in found]
    return not times or max(times) - min(times) < TOGETHER


# --- into the course ------------------------------------------------------------------------------


@dataclass
class Collected:
    """What came of it: students by what happened, and sentences about what was left.

    disputed: student -> why nothing of what came in this name was taken. kept: the folder in which
    the replaced files are, or None. refused: of what was left, the notebooks not taken at all.
    """

    new: list = field(default_factory=list)
    replaced: list = field(default_factory=list)
    same: list = field(default_factory=list)
    left: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    disputed: dict = field(default_factory=dict)
    kept: Path | None = None
    refused: list = field(default_factory=list)

    def leave(self, path, reason):
        """Say why a file is left that is none to be graded."""
        self.left.append(shown(f"{path}: {reason}."))

    def refuse(self, path, reason):
        """Say why a notebook is left that somebody may have wanted to be graded."""
        self.refused.append(shown(f"{path}: {reason}"))
        self.leave(path, reason)


@dataclass(frozen=True)
class _Attempt:
    """A notebook that a student may have handed in, and when; data: its bytes, once it is read."""

    entry: Entry
    place: Place
    likeness: int
    when: str
    data: bytes = b""

    @property
    def path(self):
        return self.entry.path

    @property
    def order(self):
        """A later attempt has a larger one; in one attempt, what looks more like the assignment."""
        depth = len(self.path.parts)
        return self.place.when, self.likeness, self.place.number, self.entry.when, -depth

    def before(self, other):
        """Why another attempt counts, in words."""
        if self.place.when == other.place.when and self.likeness < other.likeness:
            return f"one that looks more like the assignment, {other.path}"
        return f"a later one, {other.path}"


def collect(course, assignment, source, roster=None, until=None):
    """Copy every student's latest notebook into the course; return the `Collected`.

    until: a datetime; only what was handed in by then. Nothing is written before all of the source
    was read through. A student who has handed in something that is not collected this time keeps
    what is there; what is replaced is kept beside it. Where it is not clear which of two is a
    student's, neither is taken. Raises `CourseError` where all that there is belongs to another
    assignment, or nothing tells when it was handed in.
    """
    roster, out, latest = roster or Roster(), Collected(), {}
    with entries(source, out.leave) as found:
        around = _around(source, found, roster)
        others = {path.stem for path in course.assignments.glob("*.ipynb")} - {assignment}
        came = _attempts(found, assignment, roster, around, others, out)
        _expect_students(source, assignment, came, roster)
        for student, attempts in came.items():
            if why := _disputed(student, attempts):
                out.disputed[student] = why
                for attempt in attempts:
                    out.refuse(attempt.path, why)
            elif taken := _latest(student, attempts, assignment, until, out):
                latest[student] = taken
    if out.refused and not latest:
        raise CourseError(
            f"collect: nothing was taken from {source}: none of {len(out.refused)} notebooks is "
            f"wanted; the first, {out.refused[0]}"
        )
    _store_all(course, assignment, latest, out)
    _remember(course, assignment, {s: shown(a.path) for s, a in latest.items()})
    there = {entry.student for entry in submitted(course.submitted / assignment)}
    out.missing = [student for student in roster.students if student not in there]
    out.unknown = [s for s in sorted(latest) if roster.rows and s not in roster.students]
    return out


def _remembered(course, assignment):
    return course.submitted / f"{assignment}.collected.json"


def _remember(course, assignment, came):
    """Under which name each file came: platforms want it back with the feedback."""
    came = read_collected(course, assignment) | came
    if came:
        text = json.dumps(came, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        write_whole(_remembered(course, assignment), text)


def read_collected(course, assignment):
    """Return student -> path in the source from which the student's file was collected last.

    {} where nothing was collected. Raises `CourseError` where the file cannot be read.
    """
    path = _remembered(course, assignment)
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        assert all(isinstance(came, str) for came in told.values())
    except (OSError, ValueError, AttributeError, AssertionError) as error:
        raise CourseError(f"{path}: expected a path for each student: {error!r}") from None
    return told


def _around(source, found, roster):
    """The folder in a zip that was made of a folder: it has the zip's name and is no student's."""
    name = Path(source).stem
    inside = all(len(e.path.parts) > 1 and e.path.parts[0] == name for e in found)
    return {name} if inside and name not in roster.students else set()


def _attempts(found, assignment, roster, around, others, out):
    """Return student -> the `_Attempt`s in this name; others: the course's other assignments."""
    exchange = any(in_exchange(entry.path, {assignment, *around}) for entry in found)
    together, attempts = _together(found), {}
    for entry in found:
        try:
            if elsewhere := others.intersection(entry.path.parts[:-1]):
                raise Refused(f"it belongs to {min(elsewhere)}")
            place = placed(entry.path, assignment, around, exchange)
            if by := _forged([(entry, place)]):
                raise Refused(f"it was written by {by}, in the name of {place.called}")
        except Refused as reason:
            out.refuse(entry.path, reason)
            continue
        when = handed_in(entry, place, together)
        attempt = _Attempt(entry, place, likeness(place.inner, assignment), when)
        attempts.setdefault(owner(place, roster), []).append(attempt)
    return attempts


def _expect_students(source, assignment, came, roster):
    """Tell a source that is the folder above the one that was meant: students are further in."""
    if not roster.rows or set(came) & set(roster.students):
        return
    for attempt in (attempt for attempts in came.values() for attempt in attempts):
        try:
            student = owner(placed(attempt.place.inner, assignment), roster)
        except Refused:
            continue
        if student in roster.students:
            raise CourseError(
                f"collect: expected a folder or a file for each student in {source}, came "
                f"{attempt.place.called}, with that of {student} in it; give the folder in there"
            )


def _forged(pairs):
    """Who else wrote in the name of a student of nbgrader's exchange, of (entry, place)s."""
    accounts = [
        account
        for entry, place in pairs
        if place.kind == "exchange"
        for account in entry.accounts[-1 - len(place.inner.parts) :]
    ]
    return forged(pairs[0][1].called, accounts) if accounts else ""


def _disputed(student, attempts):
    """Why it is not clear what is this student's; "" where it is."""
    called = list(dict.fromkeys(attempt.place.called for attempt in attempts))
    if len(called) > 1:
        return f"{called[0]!r} and {called[1]!r} would both be {student}"
    if by := _forged([(attempt.entry, attempt.place) for attempt in attempts]):
        return f"what is in the name of {called[0]} was written by {by}"
    return ""


def _latest(student, attempts, assignment, until, out):
    """Return the last attempt that can be taken, with its data, or None; the others are told."""
    taken = None
    for attempt in sorted(attempts, key=lambda attempt: attempt.order, reverse=True):
        if taken:
            out.leave(attempt.path, f"{student} has {attempt.before(taken)}")
            continue
        try:
            _in_time(attempt.when, until)
            data = attempt.entry.read()
            _of(assignment, data)
            taken = replace(attempt, data=data)
        except Refused as reason:
            out.refuse(attempt.path, reason)
    return taken


def _in_time(when, until):
    if until is None:
        return
    if when in ("", LATE):
        raise Refused("when it was handed in is not known")
    if datetime.fromisoformat(when) > until:
        raise Refused(f"it was handed in after {until.isoformat(' ', 'minutes')}")


def _of(assignment, data):
    """Raise `Refused` for a notebook that is clearly another assignment's."""
    named = assignment_named(read(data).cells, assignment)
    if named not in ("", assignment):
        raise Refused(f"it is a notebook of {named}, by its self-checks")


def _store_all(course, assignment, latest, out):
    folder = course.submitted / assignment
    kept = folder / ".replaced" / datetime.now().strftime("%Y-%m-%d_%H.%M.%S.%f")
    for student, attempt in sorted(latest.items()):
        path = folder / f"{student}.ipynb"
        before = path.read_bytes() if path.is_file() else None
        if before == attempt.data:
            out.same.append(student)
            continue
        if before is not None:
            out.kept = kept
            write_whole(kept / path.name, before)
        (out.new if before is None else out.replaced).append(student)
        write_whole(path, attempt.data)
    keep(
        course,
        assignment,
        [
            (student, hashlib.sha256(attempt.data).hexdigest(), attempt.when)
            for student, attempt in latest.items()
            if attempt.when
        ],
    )


# --- the command ----------------------------------------------------------------------------------


def arguments(parser):
    """From where, for which assignment."""
    parser.epilog = EPILOG
    parser.add_argument("assignment", help="the assignment, NN_name")
    parser.add_argument("source", type=Path, help="a folder or a .zip")
    parser.add_argument("--roster", type=Path, metavar="CSV", help=ROSTER)
    parser.add_argument(
        "--until", metavar="DATE", help="of each student the last that was handed in by then"
    )


def main(args, course):
    """Collect, and say what happened."""
    (path,) = assignments(course, [args.assignment])
    roster = read_roster(args.roster or course.roster)
    done = collect(course, path.stem, args.source, roster, _date(args.until))
    for sentence in done.left:
        print(f"left: {sentence}", file=sys.stderr)
    for student in done.replaced:
        print(f"replaced: {student} handed in something else than before")
    for student, why in done.disputed.items():
        print(f"disputed: {student} keeps what was there: {why}")
    for student in done.unknown:
        print(f"not in the roster: {student}")
    for student in done.missing:
        print(f"missing: {student}")
    count = len(done.new) + len(done.replaced) + len(done.same)
    print(
        f"{path.stem}: {counted(count, 'student')}, {len(done.new)} new, "
        f"{len(done.replaced)} replaced, {len(done.same)} as before; "
        f"{counted(len(done.left), 'file')} left, {len(done.missing)} missing"
    )
    if done.kept:
        print(f"What was replaced is kept in {done.kept}")
    return OK


def _date(text):
    try:
        return None if text is None else moment(text)
    except ValueError:
        raise CourseError(
            f"--until: expected a date such as 2026-10-01T23:59:00+02:00, came {text!r}"
        ) from None
