"""What was handed in: one file a student, found in an assignment's folder."""

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["Submitted", "likeness", "named", "short", "shown", "submitted"]

#: A larger file is no notebook that somebody wrote.
LARGEST = 64_000_000
#: A student's name has at most this many bytes, since files are called after it, with endings.
LONGEST_NAME = 100


@dataclass(frozen=True)
class Submitted:
    """A student's file, or None with the reason in `notes`."""

    student: str
    path: Path | None
    notes: tuple = ()

    def data(self):
        """Return (bytes or None, notes)."""
        if self.path is None:
            return None, self.notes
        try:
            if self.path.stat().st_size > LARGEST:
                return None, (*self.notes, "The file is larger than any notebook.")
            return self.path.read_bytes(), self.notes
        except OSError as error:
            return None, (*self.notes, f"The file cannot be read: {error.strerror}.")


def shown(text):
    r"""Return a file's name, or a sentence with one, as it can be printed: other bytes as \xff."""
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def short(name):
    """Return a name that files can be called after: of a long one the beginning and a hash."""
    data = name.encode("utf-8")
    if len(data) <= LONGEST_NAME:
        return name
    mark = "_" + hashlib.sha256(data).hexdigest()[:12]
    return data[: LONGEST_NAME - len(mark)].decode("utf-8", "ignore") + mark


def named(name):
    r"""Return a file's name as a text that can be written, shown, and be a file's name again."""
    return short(shown(name))


def likeness(path, assignment):
    """Return how much a path looks like an assignment's notebook: 2 by its name, 1 by a folder."""
    return 2 if path.stem == assignment else int(assignment in path.parts[:-1])


def submitted(folder):
    """Return the `Submitted` of every student in an assignment's folder, in order.

    STUDENT.ipynb, or a folder STUDENT with a notebook of any name. Links and hidden files do not
    count: a link could lead to another student's work, or out of the course.
    """
    folder, found = Path(folder), {}
    if not folder.is_dir():
        return []
    for path in sorted(folder.iterdir()):
        entry = None if path.name.startswith(".") else _entry(path, folder.name)
        if entry is not None:
            found.setdefault(entry.student, []).append((path, entry))
    return [_one_of(found[student]) for student in sorted(found)]


def _entry(path, assignment):
    """What a path in the assignment's folder is, or None for a file that is no notebook."""
    if path.is_symlink():
        notes = ("What was handed in is a link, not a file.",)
        return Submitted(named(path.stem), None, notes)
    if path.is_dir():
        try:
            return _in_folder(path, assignment)
        except OSError as error:
            notes = (f"The folder cannot be read: {error.strerror}.",)
            return Submitted(named(path.name), None, notes)
    if path.suffix.lower() == ".ipynb" and _regular(path):
        return Submitted(named(path.stem), path)
    return None


def _one_of(found):
    """The one of several (path, `Submitted`) that counts: a file before a folder before a link."""
    best = max(found, key=lambda pair: (pair[1].path == pair[0], pair[1].path is not None, pair[0]))
    others = [shown(path.name) for path, _ in found if path != best[0]]
    if not others:
        return best[1]
    return replace(best[1], notes=(*best[1].notes, _of_several(shown(best[0].name), others)))


def _of_several(graded, others):
    return f"Of several files {graded} was graded, not {', '.join(others)[:200]}."


def _in_folder(folder, assignment):
    student = named(folder.name)
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and _regular(path)
        and not any(parent.is_symlink() for parent in path.parents if folder in parent.parents)
    ]
    books = [path for path in files if path.suffix.lower() == ".ipynb"] or files
    if not books:
        return Submitted(student, None, ("There is no file in the folder.",))
    best = max(
        books,
        key=lambda path: (likeness(path.relative_to(folder), assignment), path.stat().st_mtime),
    )
    others = [shown(path.relative_to(folder)) for path in books if path != best]
    notes = (_of_several(shown(best.relative_to(folder)), others),) if others else ()
    return Submitted(student, best, notes)


def _regular(path):
    return stat.S_ISREG(path.lstat().st_mode)
