"""Whose a file is that was handed in: what the outermost part of its path says.

That part the hub or the learning platform has written. What is in there a student may have called
as it pleased, also as another student's folder is called, so it is never asked. Only in nbgrader's
exchange students make that part too: there the accounts count that own the files.
"""

import os
import pwd
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from .submissions import short

__all__ = ["Place", "Refused", "forged", "in_exchange", "owner", "placed", "student_name"]

MOODLE = re.compile(
    r"^(?P<name>.+?)_(?P<id>\d{1,18})_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)$"
)
CANVAS = re.compile(
    r"^(?P<name>[^_]+)_(?P<late>LATE_)?(?P<user>\d{1,18})_(?P<submission>\d{1,18})_(?P<rest>.+?)"
    r"(?:-(?P<attempt>\d{1,18}))?(?P<suffix>\.ipynb)$",
    re.IGNORECASE,
)
EXCHANGE = re.compile(
    r"^(?P<name>[^+]+)\+(?P<assignment>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d.\d\d.\d\d.\d\d[^+]*)(\+.*)?$"
)
#: nbgrader's folders around those of the students.
AROUND = ("inbound", "submitted")


class Refused(Exception):
    """A file that is not taken, with the reason."""


@dataclass(frozen=True)
class Place:
    """What the outermost part of a path says.

    kind: "exchange", "moodle", "canvas" or "plain". called: what the source calls the student.
    columns: the roster's columns in which that can stand, with what to look for. inner: the path
    in there, as the student has made it. when: nbgrader's time. late: Canvas's word. number:
    Canvas's two numbers, which grow.
    """

    kind: str
    called: str
    columns: dict
    inner: PurePosixPath
    when: str = ""
    late: bool = False
    number: tuple = (0, 0)


def in_exchange(path, around=()):
    """Return the match of nbgrader's STUDENT+ASSIGNMENT+TIME, or None, for the outermost part."""
    first, *inner = _within(path, around)
    return EXCHANGE.match(first) if inner and not MOODLE.match(first) else None


def placed(path, assignment, around=(), exchange=False):
    """Return the `Place` of a file.

    path: a `PurePosixPath` relative to the source. around: names of folders that are no student's,
    besides the assignment's and nbgrader's. exchange: True where the source is nbgrader's inbound
    folder, in which nothing else counts. Raises `Refused` for another assignment, and where nothing
    says whose it is.
    """
    around = {assignment, *around}
    first, *inner = _within(path, around)
    below = PurePosixPath(*inner)
    if found := in_exchange(path, around):
        if found["assignment"] != assignment:
            raise Refused(f"it belongs to {found['assignment']}")
        name = found["name"]
        return Place("exchange", name, {"student": name}, below, when=found["when"])
    if exchange:
        raise Refused("it is in no folder STUDENT+ASSIGNMENT+TIME, as the others here")
    if found := MOODLE.match(first):
        columns = {"moodle_id": found["id"], "name": found["name"]}
        below = below if inner else PurePosixPath(found["rest"])
        return Place("moodle", f"{found['name']}_{found['id']}", columns, below)
    if found := CANVAS.match(first):
        return _of_canvas(found)
    name = first if inner else PurePosixPath(first).stem
    if name == assignment:
        raise Refused("its path does not say whose it is")
    columns = {"student": name, "name": name, "email": name}
    # A file with the student's name is the assignment, whoever called it so.
    return Place("plain", name, columns, below if inner else PurePosixPath(f"{assignment}.ipynb"))


def _within(path, around):
    """The parts of a path without the folders around those of the students."""
    parts = list(path.parts)
    while len(parts) > 1 and parts[0] in (*AROUND, *around):
        del parts[0]
    return parts


def _of_canvas(found):
    return Place(
        kind="canvas",
        called=f"{found['name']}_{found['user']}",
        columns={"canvas_id": found["user"], "name": found["name"]},
        inner=PurePosixPath(found["rest"] + found["suffix"]),
        late=bool(found["late"]),
        number=(int(found["submission"]), int(found["attempt"] or 0)),
    )


def owner(place, roster):
    """Return the student's name in the course: the roster's, or else the source's."""
    return roster.student(**place.columns) or student_name(place.called)


def student_name(text):
    """Return the text as a file name: letters, digits and . @ + - _, nothing hidden, not long."""
    text = unicodedata.normalize("NFC", text).strip()
    return short(re.sub(r"[^\w.@+-]+", "_", text).strip("._") or "unnamed")


# --- who wrote it ---------------------------------------------------------------------------------


def forged(called, accounts):
    """Return who else wrote in a student's name, in words; "" where nobody is known to have.

    called: a name in nbgrader's exchange, where it is an account's. accounts: ids of the users who
    own the files. Where the machine does not know that account, the files were copied here, or
    all students have one account: nothing can be said, but that it should be one.
    """
    try:
        mine = {pwd.getpwnam(called).pw_uid, os.getuid(), 0}
    except KeyError:
        return _accounts(accounts) if len(set(accounts)) > 1 else ""
    return _accounts(uid for uid in accounts if uid not in mine)


def _accounts(uids):
    return " and ".join(_login(uid) for uid in sorted(set(uids)))


def _login(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
