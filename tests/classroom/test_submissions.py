"""What was handed in: one file a student, whatever its name, and what is said of the rest."""

import errno
import os
from pathlib import Path, PurePosixPath

import pytest

from classroom import __main__ as command
from classroom import submissions
from classroom.commands import STOPPED
from classroom.course import create
from classroom.files import write_whole
from classroom.submissions import likeness, named, short, submitted

NAME = "01_perceptron"


def handed_in(tmp_path, files):
    """A folder of an assignment with these files: path -> bytes, each later than the one before."""
    folder = tmp_path / NAME
    for n, (name, data) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_000_000 + n, 1_000_000 + n))
    return folder


@pytest.mark.parametrize(
    ("files", "note"),
    [
        ({"bob.ipynb": b"right", "bob.IPYNB": b"-"}, "bob.ipynb was graded, not bob.IPYNB."),
        ({"bob/a.ipynb": b"-", "bob.ipynb": b"right"}, "bob.ipynb was graded, not bob."),
        (
            {"bob/a.ipynb": b"-", "bob.ipynb": b"right", "bob.Ipynb": b"-"},
            "bob.ipynb was graded, not bob, bob.Ipynb.",
        ),
        ({"bob/a.ipynb": b"-", "bob/b.ipynb": b"right"}, "b.ipynb was graded, not a.ipynb."),
        (
            {f"bob/{NAME}.ipynb": b"right", "bob/b.ipynb": b"-"},
            f"{NAME}.ipynb was graded, not b.ipynb.",
        ),
        (
            {f"bob/old/{NAME}.ipynb": b"-", f"bob/{NAME}.ipynb": b"right", "bob/b.ipynb": b"-"},
            f"{NAME}.ipynb was graded, not b.ipynb, old/{NAME}.ipynb.",
        ),
    ],
)
def test_of_several_one_counts_and_the_others_are_told(files, note, tmp_path):
    (found,) = submitted(handed_in(tmp_path, files))
    assert (found.student, found.data()) == ("bob", (b"right", (f"Of several files {note}",)))


def test_a_link_beside_a_file_does_not_count(tmp_path):
    folder = handed_in(tmp_path, {"ada.ipynb": b"1", "bob/a.ipynb": b"right"})
    (folder / "bob.zip").symlink_to(folder / "ada.ipynb")
    _, found = submitted(folder)
    assert found.data() == (b"right", ("Of several files bob was graded, not bob.zip.",))


def test_a_folder_that_cannot_be_read_costs_nobody_else(tmp_path, monkeypatch):
    folder, real = handed_in(tmp_path, {"ada.ipynb": b"1", "bob/a.ipynb": b"2"}), Path.rglob

    def refuse(path, pattern):
        if path.name == "bob":
            raise OSError(errno.ENAMETOOLONG, "File name too long")
        return real(path, pattern)

    monkeypatch.setattr(Path, "rglob", refuse)
    ada, bob = submitted(folder)
    assert ada.data() == (b"1", ())
    assert bob.data() == (None, ("The folder cannot be read: File name too long.",))


def test_names_have_a_length_that_leaves_room_for_endings():
    assert named("s001") == "s001"
    odd = named(os.fsdecode(b"c\xff" * 70))
    assert odd.startswith(r"c\xffc\xff") and len(odd.encode()) <= submissions.LONGEST_NAME
    assert short("ü" * 50) == "ü" * 50
    long = [short("ü" * 51), short("ü" * 50 + "a"), short("a" * 101)]
    assert len(set(long)) == 3 and max(len(name.encode()) for name in long) <= 100
    assert [short(name) for name in long] == long


def test_what_looks_like_the_assignment():
    paths = (f"a/{NAME}.ipynb", f"{NAME}/a.ipynb", f"{NAME}", "a.ipynb")
    assert [likeness(PurePosixPath(path), NAME) for path in paths] == [2, 1, 2, 0]


def test_a_file_with_the_longest_of_names_is_written_whole(tmp_path):
    path = tmp_path / ("a" * 255)
    write_whole(path, "1")
    write_whole(path, "2")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a" * 255, "2")]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "Permission denied: /x/y"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("nothing more is known"), "nothing more is known"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(error, said, tmp_path, capsys, monkeypatch):
    create(tmp_path)

    def refuse(*_):
        raise error

    monkeypatch.setattr("classroom.commands.status.main", refuse)
    assert command.main(["-C", str(tmp_path), "status"]) == STOPPED
    assert capsys.readouterr().err == f"classroom: {said}\n"


def test_a_course_whose_folder_is_a_file_is_a_sentence(tmp_path, capsys):
    write_whole(tmp_path / "file", "")
    assert command.main(["init", str(tmp_path / "file" / "course")]) == STOPPED
    assert capsys.readouterr().err.startswith("classroom: Not a directory: ")
