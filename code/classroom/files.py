"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path, text):
    """Write a file in one step, a text or bytes, and make its folder.

    It is on the disk before it gets its name: with a full disk, or a machine that stops, the old
    file or none is there, never half of one. A file that holds the text already is not touched.
    Raises OSError as the system does.
    """
    path, data = Path(path), text if isinstance(text, bytes) else text.encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_bytes() == data:
        return
    # Its name for the time being is short: the final one may be as long as a name can be.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_umask()
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
