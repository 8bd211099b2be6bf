"""`classroom collect`: what was handed in, from wherever it is, into `submitted/ASSIGNMENT/`.

A source is a folder or a zip. Whose a file is stands in its path, in one of the ways that hubs and
learning platforms have; `owner` knows them. Of several attempts the latest counts. Files are
copied byte for byte and never opened here: what is in them is for the grader to find out.
"""

import csv
import json
import re
import stat
import sys
import unicodedata
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .commands import OK
from .course import CourseError
from .files import write_whole
from .pages import counted
from .submissions import LARGEST, named

__all__ = ["Collected", "Roster", "collect", "owner", "read_collected", "read_roster"]

#: A zip may unpack to this many bytes, and a file in it to this many times its packed size.
LARGEST_ZIP, DENSEST = 20_000_000_000, 400
MOODLE = re.compile(
    r"^(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)$"
)
CANVAS = re.compile(
    r"^(?P<name>[^_]+)_(?:LATE_)?(?P<user>\d+)_(?P<submission>\d+)_(?P<rest>.+?)"
    r"(?:-(?P<attempt>\d+))?(?P<suffix>\.ipynb)$",
    re.IGNORECASE,
)
EXCHANGE = re.compile(r"^(?P<name>[^+]+)\+(?P<assignment>[^+]+)\+(?P<when>[^+]+)(?:\+.*)?$")

EPILOG = """\
SOURCE is a folder or a .zip, as it comes from
  nbgrader's exchange   inbound/STUDENT+ASSIGNMENT+TIME/…, or submitted/STUDENT/ASSIGNMENT/…
  Canvas                “Download submissions”: nameofstudent_12345_67890_file.ipynb
  Moodle                “Download all submissions”: Full Name_12345_assignsubmission_file/…
  anywhere              STUDENT.ipynb, or a folder STUDENT with a notebook

The roster is a CSV with a column `student`, what a student is called in this course, and, as they
apply, `name`, `canvas_id`, `moodle_id`, `email`. With it, platforms' names become the course's, and
the report says who is missing.
"""


#: What the help of a command says of `--roster`.
ROSTER = "who is in the course (default: the roster of course.toml)"


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
    """A file of a source: its path in it, when it was written, and how to read it."""

    path: PurePosixPath
    when: tuple
    read: object = field(repr=False)


def entries(source, tell):
    """Yield the `Entry` of each notebook in a folder or a zip; `tell(path, reason)` of others."""
    source = Path(source)
    if source.is_dir():
        yield from _in_folder(source, tell)
    elif zipfile.is_zipfile(source):
        yield from _in_zip(source, tell)
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
            yield Entry(inside, (mode.st_mtime_ns,), path.read_bytes)


def _in_zip(source, tell):
    with zipfile.ZipFile(source) as archive:
        if sum(info.file_size for info in archive.infolist()) > LARGEST_ZIP:
            raise CourseError(f"collect: {source} would unpack to more than {LARGEST_ZIP:,} bytes")
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
                yield Entry(path, info.date_time, lambda info=info: _unpacked(archive, info))


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
        elif path.name not in ("timestamp.txt", "onlinetext.html") and path.suffix != ".json":
            tell(path, "it is no notebook (.ipynb)")
        return False
    if size > LARGEST:
        tell(path, "it is larger than any notebook")
        return False
    return True


# --- into the course ------------------------------------------------------------------------------


@dataclass
class Collected:
    """What came of it: students by what happened, and sentences about what was left."""

    new: list = field(default_factory=list)
    replaced: list = field(default_factory=list)
    same: list = field(default_factory=list)
    left: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    unknown: list = field(default_factory=list)


def collect(course, assignment, source, roster=None):
    """Copy every student's latest notebook into the course; return the `Collected`.

    Nothing is written before all of the source was read through. A student who has handed in
    something that is not collected this time keeps what is there.
    """
    roster, out = roster or Roster(), Collected()

    def tell(path, reason):
        out.left.append(f"{path}: {reason}.")

    latest, called = {}, {}
    folder = course.submitted / assignment
    for entry in entries(source, tell):
        try:
            student, name, order = owner(entry.path, assignment, roster)
            if student not in roster.students and called.setdefault(student, name) != name:
                raise Refused(f"{name!r} and {called[student]!r} would both be {student}")
            attempt = (order, entry.when), entry.path, entry.read()
        except Refused as refused:
            tell(entry.path, str(refused))
            continue
        if student in latest:
            older, attempt = sorted((latest[student], attempt), key=lambda found: found[0])
            tell(older[1], f"{student} has a later one, {attempt[1]}")
        latest[student] = attempt
    for student, (_, _, data) in sorted(latest.items()):
        _store(folder / f"{student}.ipynb", data, student, out)
    _remember(course, assignment, {s: named(path) for s, (_, path, _) in latest.items()})
    there = {path.stem for path in folder.glob("*.ipynb")} if folder.is_dir() else set()
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


def _store(path, data, student, out):
    if path.is_file() and path.read_bytes() == data:
        out.same.append(student)
        return
    (out.replaced if path.exists() else out.new).append(student)
    write_whole(path, data)


# --- the command ----------------------------------------------------------------------------------


def arguments(parser):
    """From where, for which assignment."""
    parser.epilog = EPILOG
    parser.add_argument("assignment", help="the assignment, NN_name")
    parser.add_argument("source", type=Path, help="a folder or a .zip")
    parser.add_argument("--roster", type=Path, metavar="CSV", help=ROSTER)


def main(args, course):
    """Collect, and say what happened."""
    if not re.fullmatch(r"[\w.-]+", args.assignment) or args.assignment.startswith("."):
        raise CourseError(f"assignment: expected a name such as 01_name, came {args.assignment!r}")
    done = collect(course, args.assignment, args.source, read_roster(args.roster or course.roster))
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
        f"{args.assignment}: {counted(count, 'student')}, {len(done.new)} new, "
        f"{len(done.replaced)} replaced, {len(done.same)} as before; "
        f"{counted(len(done.left), 'file')} left, {len(done.missing)} missing"
    )
    return OK
