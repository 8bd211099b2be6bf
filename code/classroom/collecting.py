"""`classroom collect`: what was handed in, from wherever it is, into `submitted/ASSIGNMENT/`.

A source is a folder or a zip. Whose a file is stands in its path, in one of the ways that hubs and
learning platforms have; `owner` knows them. Of several attempts the latest counts. Files are
copied byte for byte; all that is looked for in them is whether they are another assignment's. What
they replace is kept, and so is when they were handed in, where the source tells (`lateness`).
"""

import csv
import hashlib
import re
import stat
import sys
import unicodedata
import zipfile
import zlib
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath

from .commands import OK, assignments
from .course import CourseError, moment
from .files import write_whole
from .lateness import LATE, keep, told
from .notebook import assignment_named, read
from .submissions import LARGEST, submitted

__all__ = ["Collected", "Roster", "collect", "owner", "read_roster"]

#: A zip may unpack to this many bytes, and a file in it to this many times its packed size.
LARGEST_ZIP, DENSEST = 20_000_000_000, 400
MOODLE = re.compile(
    r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)$"
)
CANVAS = re.compile(
    r"^(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d+)_(?P<submission>\d+)_(?P<rest>.+?)"
    r"(?:-(?P<attempt>\d+))?(?P<suffix>\.ipynb)$",
    re.IGNORECASE,
)
EXCHANGE = re.compile(r"^(?P<name>[^+]+)\+(?P<assignment>[^+]+)\+(?P<when>[^+]+)(?:\+.*)?$")
#: nbgrader's file with the time of handing in, beside the notebook.
STAMP = "timestamp.txt"
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

A notebook whose self-checks name another assignment is left. What is replaced is kept in
submitted/ASSIGNMENT/.replaced, by the time of the command; it is not graded.

When something was handed in is known from nbgrader's times, Canvas's LATE in a file's name, or
else from the time of the file, unless all files were written within an hour: then that is when they
were downloaded. A DATE is 2026-10-01T23:59:00+02:00; without the offset it is by this machine's
clock, without the time it is the end of the day.
"""


class Refused(Exception):
    """A file that is not taken, with the reason."""


# --- who ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Roster:
    """The students of a course: what each is called here, and what platforms call them."""

    rows: tuple = ()

    @property
    def students(self):
        """Their names in this course, in the roster's order."""
        return [row["student"] for row in self.rows]

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
    rows = [
        {(key or "").strip(): (value or "").strip() for key, value in row.items()}
        for row in csv.DictReader(text.splitlines(), restval="", restkey="")
        if not isinstance(row.get(""), list)
    ]
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


def _folded(text):
    """A name without case, accents, spaces and punctuation, as platforms write it into files."""
    plain = unicodedata.normalize("NFKD", str(text)).casefold()
    return "".join(char for char in plain if char.isalnum())


def student_name(text):
    """Return the text as a file name: letters, digits and . @ + - _, nothing hidden."""
    text = unicodedata.normalize("NFC", text).strip()
    return re.sub(r"[^\w.@+-]+", "_", text).strip("._") or "unnamed"


def owner(path, assignment, roster):
    """Return (student, what the source calls them, order); a larger order is a later attempt.

    path: a `PurePosixPath` relative to the source. Raises `Refused` for another assignment.
    """
    for folder in path.parts[:-1]:
        if found := EXCHANGE.match(folder):
            if found["assignment"] != assignment:
                raise Refused(f"it belongs to {found['assignment']}")
            return (
                _known(roster, found["name"], student=found["name"]),
                found["name"],
                found["when"],
            )
    for part in path.parts:
        if found := MOODLE.match(part):
            whole = f"{found['name']}_{found['id']}"
            return _known(roster, whole, moodle_id=found["id"], name=found["name"]), whole, ""
    if found := CANVAS.match(path.name):
        whole = f"{found['name']}_{found['user']}"
        order = f"{int(found['submission']):020} {int(found['attempt'] or 0):05}"
        return _known(roster, whole, canvas_id=found["user"], name=found["name"]), whole, order
    folders = [part for part in path.parts[:-1] if part != assignment]
    name = folders[-1] if folders else path.stem
    return _known(roster, name, student=name, name=name, email=name), name, ""


def _known(roster, otherwise, /, **columns):
    return roster.student(**columns) or student_name(otherwise)


# --- what -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A file of a source: its path in it, when it was written, how to read it and its stamp.

    when: a datetime with an offset. read(): the bytes. stamp(): nbgrader's time as text, or "".
    """

    path: PurePosixPath
    when: datetime
    read: object = field(repr=False)
    stamp: object = field(repr=False)


@contextmanager
def entries(source, tell):
    """Give the list of the `Entry`s of a folder or a zip, which is open for as long.

    tell(path, reason) is called for other files.
    """
    source = Path(source)
    if source.is_dir():
        yield list(_in_folder(source, tell))
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            yield list(_in_zip(archive, tell))
    else:
        raise CourseError(f"collect: expected a folder or a zip file, came {source}")


def _in_folder(source, tell):
    for path in sorted(source.rglob("*")):
        inside = PurePosixPath(path.relative_to(source).as_posix())
        if any(part.startswith(".") for part in inside.parts):
            continue
        mode = path.lstat()
        if stat.S_ISLNK(mode.st_mode):
            tell(inside, "it is a link")
        elif stat.S_ISREG(mode.st_mode) and _wanted(inside, mode.st_size, tell):
            when = datetime.fromtimestamp(mode.st_mtime, UTC)
            yield Entry(inside, when, path.read_bytes, partial(_stamp, path.with_name(STAMP)))


def _stamp(path):
    return path.read_text("utf-8", "replace")[:100] if path.is_file() else ""


def _in_zip(archive, tell):
    if sum(info.file_size for info in archive.infolist()) > LARGEST_ZIP:
        raise CourseError(
            f"collect: {archive.filename} would unpack to more than {LARGEST_ZIP:,} bytes"
        )
    for info in archive.infolist():
        path = PurePosixPath(info.filename.replace("\\", "/"))
        hidden = any(part.startswith(".") and part != ".." for part in path.parts)
        if info.is_dir() or hidden or "__MACOSX" in path.parts:
            continue
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            tell(path, "its path leads out of the archive")
        elif stat.S_ISLNK(info.external_attr >> 16):
            tell(path, "it is a link")
        elif info.flag_bits & 1:
            tell(path, "it is encrypted")
        elif info.file_size > DENSEST * max(info.compress_size, 1_000):
            tell(path, "it unpacks to more than a notebook can hold")
        elif _wanted(path, info.file_size, tell):
            unpack, stamp = partial(_unpacked, archive, info), partial(_zip_stamp, archive, info)
            yield Entry(path, _zipped(info), unpack, stamp)


def _zipped(info):
    """When an entry was written: a zip has the clock of whoever packed it, without an offset."""
    try:
        return datetime(*info.date_time).astimezone()
    except ValueError:
        return datetime(1980, 1, 1, tzinfo=UTC)  # a zip's earliest: nobody's later attempt


def _zip_stamp(archive, info):
    name = info.filename.rpartition("/")[0] + f"/{STAMP}"
    try:
        with archive.open(name) as file:
            return file.read(100).decode("utf-8", "replace")
    except (KeyError, zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError):
        return ""


def _unpacked(archive, info):
    """Read at most what the archive promised."""
    try:
        with archive.open(info) as file:
            data = file.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise Refused(f"it cannot be unpacked: {error}") from None
    if len(data) > info.file_size:
        raise Refused("it is larger than the archive says")
    return data


def _wanted(path, size, tell):
    """Whether a file can be a notebook; of others it is told why they are left."""
    if path.suffix.lower() != ".ipynb":
        if path.suffix.lower() == ".zip":
            tell(path, "it is an archive in itself: unpack it first")
        elif path.name not in (STAMP, "onlinetext.html") and path.suffix != ".json":
            tell(path, "it is no notebook (.ipynb)")
        return False
    if size > LARGEST:
        tell(path, "it is larger than any notebook")
        return False
    return True


# --- when -----------------------------------------------------------------------------------------


def handed_in(entry, together=False):
    """Return when an entry was handed in: an ISO time in UTC, `lateness.LATE`, or "" for unknown.

    together: True where the times of the source's files say nothing.
    """
    for folder in entry.path.parts[:-1]:
        if found := EXCHANGE.match(folder):
            return _nbgraders(found["when"])
    if stamp := entry.stamp():
        return _nbgraders(stamp)
    if found := CANVAS.match(entry.path.name):
        return LATE if found["late"] else ""
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

    kept: the folder in which the replaced files are, or None.
    """

    new: list = field(default_factory=list)
    replaced: list = field(default_factory=list)
    same: list = field(default_factory=list)
    left: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    unknown: list = field(default_factory=list)
    kept: Path | None = None


@dataclass(frozen=True)
class _Attempt:
    """What a student handed in once; a later one has a larger order."""

    order: tuple
    path: PurePosixPath
    data: bytes
    when: str


def collect(course, assignment, source, roster=None, until=None):
    """Copy every student's latest notebook into the course; return the `Collected`.

    until: a datetime; only what was handed in by then. Nothing is written before all of the source
    was read through. A student who has handed in something that is not collected this time keeps
    what is there; what is replaced is kept beside it. Raises `CourseError` where all that there is
    belongs to another assignment, or nothing tells when it was handed in.
    """
    roster, out, refused = roster or Roster(), Collected(), []

    def tell(path, reason):
        out.left.append(f"{path}: {reason}.")

    latest, called = {}, {}
    with entries(source, tell) as found:
        together = _together(found)
        for entry in found:
            try:
                student, name, order = owner(entry.path, assignment, roster)
                if student not in roster.students and called.setdefault(student, name) != name:
                    raise Refused(f"{name!r} and {called[student]!r} would both be {student}")
                when = handed_in(entry, together)
                _in_time(when, until)
                attempt = _Attempt((order, entry.when), entry.path, entry.read(), when)
                _of(assignment, attempt.data)
            except Refused as reason:
                refused.append(f"{entry.path}: {reason}")
                tell(entry.path, str(reason))
                continue
            if student in latest:
                older, attempt = sorted((latest[student], attempt), key=lambda a: a.order)
                tell(older.path, f"{student} has a later one, {attempt.path}")
            latest[student] = attempt
    if refused and not latest:
        raise CourseError(
            f"collect: nothing was taken from {source}: none of {len(refused)} notebooks is "
            f"wanted; the first, {refused[0]}"
        )
    _store_all(course, assignment, latest, out)
    there = {entry.student for entry in submitted(course.submitted / assignment)}
    out.missing = [student for student in roster.students if student not in there]
    out.unknown = [s for s in sorted(latest) if roster.rows and s not in roster.students]
    return out


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
    parser.add_argument("--roster", type=Path, metavar="CSV", help="who is in the course")
    parser.add_argument(
        "--until", metavar="DATE", help="of each student the last that was handed in by then"
    )


def main(args, course):
    """Collect, and say what happened."""
    (path,) = assignments(course, [args.assignment])
    until = _date(args.until)
    done = collect(course, path.stem, args.source, read_roster(args.roster), until)
    for sentence in done.left:
        print(f"left: {sentence}", file=sys.stderr)
    for student in done.replaced:
        print(f"replaced: {student} handed in something else than before")
    for student in done.unknown:
        print(f"not in the roster: {student}")
    for student in done.missing:
        print(f"missing: {student}")
    count = len(done.new) + len(done.replaced) + len(done.same)
    print(
        f"{path.stem}: {count} students, {len(done.new)} new, {len(done.replaced)} replaced, "
        f"{len(done.same)} as before; {len(done.left)} files left, {len(done.missing)} missing"
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
