"""What a source holds: the notebooks in a folder or a zip, and what else was found there.

Students may write into a folder while it is read, and have written the names in a zip: no link is
followed, nothing leads out, and what cannot be read costs nobody else.
"""

import lzma
import os
import stat
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath

from .course import CourseError
from .owners import Refused
from .submissions import LARGEST

__all__ = ["Entry", "entries"]

#: A zip may unpack to this many bytes, and a file in it to this many times its packed size.
LARGEST_ZIP, DENSEST = 20_000_000_000, 400
#: So many folders may lie in each other.
DEEPEST = 30
#: nbgrader's file with the time of handing in, beside the notebook, and its longest text.
STAMP, LONGEST_STAMP = "timestamp.txt", 100
#: Files that come with a notebook: from nbgrader, from Moodle, and from what was handed out.
BESIDE = (STAMP, "onlinetext.html", ".checks.json")
#: All that `zipfile` raises for an archive that is damaged, or packed in a way it does not know.
UNPACKING = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Entry:
    """A file of a source: its path in it, when it was written, how to read it and its stamp.

    when: a datetime with an offset. read(): the bytes; raises `Refused`. stamp(): nbgrader's time
    as text, or "". accounts: for each part of the path the id of the user who owns it; () in a zip.
    """

    path: PurePosixPath
    when: datetime
    read: object = field(repr=False)
    stamp: object = field(repr=False)
    accounts: tuple = ()


@contextmanager
def entries(source, tell):
    """Give the list of the `Entry`s of a folder or a zip, which is open for as long.

    tell(path, reason) is called for other files. Raises `CourseError` where the source is neither,
    or cannot be read.
    """
    source = Path(source)
    if source.is_dir():
        yield list(_in_folder(source, tell))
    elif zipfile.is_zipfile(source):
        with _archive(source) as archive:
            yield list(_in_zip(archive, tell))
    else:
        raise CourseError(f"collect: expected a folder or a zip file, came {source}")


def _wanted(path, size, tell):
    """Whether a file can be a notebook; of others it is told why they are left."""
    if path.suffix.lower() != ".ipynb":
        if path.suffix.lower() == ".zip":
            tell(path, "it is an archive in itself: unpack it first")
        elif not path.name.endswith(BESIDE):
            tell(path, "it is no notebook (.ipynb)")
        return False
    if size > LARGEST:
        tell(path, "it is larger than any notebook")
        return False
    return True


# --- a folder -------------------------------------------------------------------------------------


def _in_folder(source, tell):
    try:
        top = os.open(source, os.O_RDONLY)
    except OSError as error:
        raise CourseError(f"collect: {source} cannot be read: {error.strerror}") from None
    try:
        for path, about, accounts in _files(top, PurePosixPath(), (), tell):
            if _wanted(path, about.st_size, tell):
                read = partial(_whole, source, path, accounts)
                stamp = partial(_stamp, source, path.with_name(STAMP))
                yield Entry(path, _written(about.st_mtime), read, stamp, accounts)
    finally:
        os.close(top)


def _files(folder, inside, accounts, tell):
    """Yield (path, what the system says of it, accounts) for the files below an open folder."""
    for name in sorted(os.listdir(folder)):
        if name.startswith("."):
            continue
        path = inside / name
        try:
            about = os.stat(name, dir_fd=folder, follow_symlinks=False)
            owners = (*accounts, about.st_uid)
            if stat.S_ISREG(about.st_mode):
                yield path, about, owners
            elif stat.S_ISLNK(about.st_mode):
                tell(path, "it is a link")
            elif not stat.S_ISDIR(about.st_mode):
                tell(path, "it is no file")
            elif len(path.parts) > DEEPEST:
                tell(path, f"it lies in more than {DEEPEST} folders")
            else:
                with _opened(name, folder) as inner:
                    yield from _files(inner, path, owners, tell)
        except OSError as error:
            tell(path, f"it cannot be read: {error.strerror}")


@contextmanager
def _opened(name, folder):
    """Open what is in an open folder, unless it is a link; a pipe is not waited for."""
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)


def _read(source, path, most):
    """Return (at most so many bytes of a file, the accounts of its path); raises OSError.

    It is reached from folder to folder, over no link: a student who makes one of a folder between
    listing and reading would have another's file taken, or the solution.
    """
    with ExitStack() as opened:
        at = os.open(source, os.O_RDONLY)
        opened.callback(os.close, at)
        accounts = []
        for part in path.parts:
            at = opened.enter_context(_opened(part, at))
            accounts.append(os.stat(at).st_uid)
        if not stat.S_ISREG(os.stat(at).st_mode):
            raise OSError(None, "it is no file any more")
        with open(at, "rb", closefd=False) as file:
            return file.read(most), tuple(accounts)


def _whole(source, path, accounts):
    """The bytes of a notebook that is still as it was listed."""
    try:
        data, now = _read(source, path, LARGEST + 1)
    except OSError as error:
        raise Refused(f"it cannot be read: {error.strerror}") from None
    if now != accounts or len(data) > LARGEST:
        raise Refused("it changed while it was read")
    return data


def _stamp(source, path):
    try:
        return _read(source, path, LONGEST_STAMP)[0].decode("utf-8", "replace")
    except OSError:
        return ""


def _written(seconds):
    """A file's time. Anybody can give a file one that no calendar has: then it is the last."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime(9999, 12, 30, tzinfo=UTC) if seconds > 0 else datetime(1, 1, 2, tzinfo=UTC)


# --- a zip ----------------------------------------------------------------------------------------


def _archive(source):
    try:
        return zipfile.ZipFile(source)
    except UNPACKING as error:
        raise CourseError(f"collect: {source} cannot be read as a zip: {error}") from None


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
        if not path.parts:
            tell(info.filename, "it has no name")
        elif path.is_absolute() or ".." in path.parts or PureWindowsPath(path).drive:
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


def _unpacked(archive, info):
    """Read at most what the archive promised."""
    try:
        with archive.open(info) as file:
            data = file.read(info.file_size + 1)
    except UNPACKING as error:
        raise Refused(f"it cannot be unpacked: {error}") from None
    if len(data) > info.file_size:
        raise Refused("it is larger than the archive says")
    return data


def _zip_stamp(archive, info):
    name = info.filename.rpartition("/")[0] + f"/{STAMP}"
    try:
        with archive.open(name) as file:
            return file.read(LONGEST_STAMP).decode("utf-8", "replace")
    except (KeyError, *UNPACKING):
        return ""


def _zipped(info):
    """When an entry was written: a zip has the clock of whoever packed it, without an offset."""
    try:
        return datetime(*info.date_time).astimezone()
    except ValueError:
        return datetime(1980, 1, 1, tzinfo=UTC)  # a zip's earliest: nobody's later attempt
