"""A course: one folder, and `course.toml` in it for what is different from the defaults.

    [course]
    name = "Neural networks, autumn"
    site = "https://example.org/book"     # where the feedback's links lead
    roster = "roster.csv"                 # who is in the course; none: "", which is the default

    [folders]                             # like the other paths relative to the file
    assignments = "assignments"
    release = "release"
    submitted = "submitted"
    results = "results"
    feedback = "feedback"
    exports = "exports"

    [grading]
    workers = 0                           # 0: one a processor
    seed_file = "course.seed"
    seconds = 60                          # for one notebook, all in all
    cell_seconds = 10                     # for one statement of a cell
    memory_mb = 1000
    files_mb = 32
    processes = 32

    [assignments.01_perceptron]
    due = 2026-10-01T23:59:00+02:00       # without an offset: by this machine's clock

Every line may be left out, and so may the file.
"""

import os
import secrets
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from urllib.parse import urlsplit

from .files import write_whole
from .sandbox import Limits

__all__ = ["FILE", "Course", "CourseError", "create", "load_course", "moment"]

FILE = "course.toml"
FOLDERS = ("assignments", "release", "submitted", "results", "feedback", "exports")
GRADING = {
    "workers": 0,
    "seed_file": "course.seed",
    "seconds": 60,
    "cell_seconds": 10,
    "memory_mb": 1000,
    "files_mb": 32,
    "processes": 32,
}


class CourseError(Exception):
    """The course's folder or its file is not as it should be."""


@dataclass(frozen=True)
class Course:
    """The settings of a course.

    root: its folder. name, site: texts. roster: a path, or None. assignments, release, submitted,
    results, feedback, exports: paths. workers: how many processes grade. limits: a
    `sandbox.Limits`. due: assignment -> when it is due, a datetime with an offset.
    """

    root: Path
    name: str = ""
    site: str = ""
    roster: Path | None = None
    folders: dict = field(default_factory=dict)
    workers: int = 1
    seed_file: Path = Path("course.seed")
    limits: Limits = field(default_factory=Limits)
    due: dict = field(default_factory=dict)

    def __getattr__(self, name):
        if name in FOLDERS:
            return self.folders[name]
        raise AttributeError(f"Course has no attribute {name!r}")

    def seed(self):
        """Return the secret of the course's inputs; it is made when it is first asked for.

        Its file is readable for its owner alone. Who has it can compute every hidden input, so it
        may not lie among what is handed out.
        """
        for folder in ("release", "submitted", "feedback"):
            if self.folders[folder] in self.seed_file.parents:
                raise CourseError(
                    f"seed_file: expected a place that students do not see, came {self.seed_file}"
                )
        if not self.seed_file.exists():
            self.seed_file.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(self.seed_file, flags, 0o600), "w") as file:
                file.write(secrets.token_hex(32) + "\n")
        seed = self.seed_file.read_text(encoding="utf-8").strip()
        if len(seed) < 16:
            raise CourseError(
                f"{self.seed_file}: expected a secret of at least 16 characters, came {len(seed)}"
            )
        return seed


def load_course(root="."):
    """Return the `Course` in a folder, or of a `course.toml`; `CourseError` says what is wrong."""
    root = Path(root)
    file = root if root.suffix == ".toml" else root / FILE
    if (root.suffix == ".toml" and not file.is_file()) or not file.parent.is_dir():
        raise CourseError(f"course: expected a folder or a {FILE}, there is no {root}")
    told = {}
    if file.is_file():
        try:
            told = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise CourseError(f"{file}: {error}") from None
    root = file.parent.resolve()
    about = _section(file, told, "course", {"name": "", "site": "", "roster": ""})
    folders = _section(file, told, "folders", {name: name for name in FOLDERS})
    grading = _section(file, told, "grading", GRADING)
    due = _due(file, told.pop("assignments", {}))
    if told:
        raise CourseError(
            f"{file}: expected the sections course, folders, grading and assignments, "
            f"came {', '.join(told)}"
        )
    return Course(
        root=root,
        name=about["name"],
        site=_site(file, about["site"]),
        roster=root / about["roster"] if about["roster"] else None,
        folders={name: root / folder for name, folder in folders.items()},
        workers=grading["workers"] or os.cpu_count() or 1,
        seed_file=root / grading["seed_file"],
        limits=_limits(file, grading),
        due=due,
    )


def _section(file, told, name, defaults):
    """One section, taken out of `told`; each value of the kind of its default."""
    given = told.pop(name, {})
    if not isinstance(given, dict):
        raise CourseError(f"{file}: expected a section [{name}], came {name} = {given!r}")
    for key, value in given.items():
        if key not in defaults:
            raise CourseError(
                f"{file}: [{name}]: expected one of {', '.join(defaults)}, came {key}"
            )
        number = isinstance(defaults[key], int)
        kinds = (int, float) if number else (str,)
        if isinstance(value, bool) or not isinstance(value, kinds) or (number and value < 0):
            wanted = "a number of at least 0" if number else "a text"
            raise CourseError(f"{file}: [{name}] {key}: expected {wanted}, came {value!r}")
    return {**defaults, **given}


def _site(file, address):
    """The book's address: no other kind of link is safe, or leads anywhere, on a student's page."""
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if address and not (parts.scheme in ("http", "https") and parts.hostname):
        raise CourseError(
            f"{file}: [course] site: expected an address that begins with https:// or http://, "
            f"came {address!r}"
        )
    return address.rstrip("/")


def moment(value):
    """Return a datetime with an offset, of TOML's datetime or date or of an ISO text.

    One without an offset is by this machine's clock, a date alone is the end of that day. Raises
    ValueError for what is neither.
    """
    if isinstance(value, str):
        value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(23, 59, 59))
    if not isinstance(value, datetime):
        raise ValueError(f"expected a date, came {value!r}")
    return value if value.tzinfo else value.astimezone()


def _due(file, told):
    """Assignment -> when it is due, of the tables [assignments.NN_name]."""
    due = {}
    for name, about in told.items() if isinstance(told, dict) else [("", told)]:
        where = f"{file}: [assignments.{name}]"
        if not isinstance(about, dict) or set(about) - {"due"}:
            raise CourseError(f"{where}: expected due = a date with a time, came {about!r}")
        try:
            due |= {name: moment(about["due"])} if about else {}
        except ValueError:
            raise CourseError(
                f"{where} due: expected a date and time such as 2026-10-01T23:59:00+02:00, "
                f"came {about['due']!r}"
            ) from None
    return due


def _limits(file, grading):
    try:
        return Limits(
            seconds=float(grading["seconds"]),
            cell=float(grading["cell_seconds"]),
            memory=int(grading["memory_mb"] * 1_000_000),
            files=int(grading["files_mb"] * 1_000_000),
            processes=int(grading["processes"]),
        )
    except ValueError as error:
        raise CourseError(f"{file}: [grading] {error}") from None


START = """# A course. Every line is a default: uncomment those that are to be different.

[course]
# name = ""
# site = ""                   # the address of the book, to which feedback links
# roster = ""                 # such as roster.csv: for every command that has --roster

[folders]
# assignments = "assignments" # NN_name.ipynb and NN_name.py
# release = "release"
# submitted = "submitted"     # ASSIGNMENT/STUDENT.ipynb or ASSIGNMENT/STUDENT/any name.ipynb
# results = "results"
# feedback = "feedback"
# exports = "exports"

[grading]
# workers = 0                 # 0: one for each processor
# seed_file = "course.seed"   # a secret: never hand it out, never commit it
# seconds = 60                # for one notebook, all in all
# cell_seconds = 10           # for one statement of a cell
# memory_mb = 1000
# files_mb = 32
# processes = 32

# [assignments.01_perceptron]
# due = 2026-10-01T23:59:00+02:00
"""


def create(root):
    """Make a course's folder: `course.toml`, the folders, the seed, and a .gitignore.

    What is there already stays. Returns the `Course`.
    """
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    if not (root / FILE).exists():
        write_whole(root / FILE, START)
    course = load_course(root)
    for folder in (course.assignments, course.submitted):
        folder.mkdir(parents=True, exist_ok=True)
    course.seed()
    private = [course.seed_file, *(course.folders[f] for f in FOLDERS[2:])]
    lines = [f"/{path.relative_to(course.root)}" for path in private if root_of(course, path)]
    if not (root / ".gitignore").exists():
        write_whole(root / ".gitignore", "\n".join(lines) + "\n")
    return course


def root_of(course, path):
    """True for a path inside the course's folder."""
    return course.root in path.parents
