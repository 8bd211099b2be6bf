"""What was handed in: one file a student, found in an assignment's folder."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Submitted", "named", "submitted"]

#: A larger file is no notebook that somebody wrote.
LARGEST = 64_000_000


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


def named(name):
    r"""Return a file's name as a text that can be written and shown: other bytes as \xff."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def submitted(folder):
    """Return the `Submitted` of every student in an assignment's folder, in order.

    STUDENT.ipynb, or a folder STUDENT with a notebook of any name. Links and hidden files do not
    count: a link could lead to another student's work, or out of the course.
    """
    folder, found = Path(folder), {}
    if not folder.is_dir():
        return []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_symlink():
            notes = ("What was handed in is a link, not a file.",)
            student = named(path.stem)
            found.setdefault(student, Submitted(student, None, notes))
        elif path.is_dir():
            found.setdefault(named(path.name), _in_folder(path, folder.name))
        elif path.suffix.lower() == ".ipynb" and _regular(path):
            found[named(path.stem)] = Submitted(named(path.stem), path)
    return [found[student] for student in sorted(found)]


def _in_folder(folder, assignment):
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and _regular(path)
        and not any(parent.is_symlink() for parent in path.parents if folder in parent.parents)
    ]
    books = [path for path in files if path.suffix.lower() == ".ipynb"] or files
    if not books:
        return Submitted(named(folder.name), None, ("There is no file in the folder.",))
    asked = [path for path in books if path.stem == assignment]
    best = asked[0] if len(asked) == 1 else max(books, key=lambda path: path.stat().st_mtime)
    notes = ()
    if len(books) > 1:
        others = ", ".join(named(p.relative_to(folder)) for p in books if p != best)
        graded = named(best.relative_to(folder))
        notes = (f"Of several files {graded} was graded, not {others[:200]}.",)
    return Submitted(named(folder.name), best, notes)


def _regular(path):
    return stat.S_ISREG(path.lstat().st_mode)
