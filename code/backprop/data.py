r"""Handwritten digits: the IDX file format byte by byte, scikit-learn's digits, MNIST's four files.

An IDX file is a header, :eq:`idx-header`, and then the numbers, the last index running fastest, all
of it big-endian; chapter 13 reads one by hand. Images are (N, rows, columns), labels (N,).
"""

import contextlib
import gzip
import math
import os
import sys
import zlib
from pathlib import Path

import numpy as np

from ._validate import whole

__all__ = [
    "MIRRORS",
    "MNIST",
    "DownloadError",
    "IDXError",
    "digits",
    "fetch",
    "mnist",
    "one_hot",
    "read_idx",
    "read_pair",
    "write_idx",
]

#: The third byte of a file -> the type of its numbers, most significant byte first.
TYPES = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
#: NumPy holds no array of more axes; the format would allow 255.
MOST_AXES = 64
#: The most bytes that `read_idx` makes room for unless it is told otherwise: 1 GiB.
MAX_BYTES = 2**30
#: One byte of gzip's output stands for at most 1,032 bytes of input.
MOST_DEFLATED = 1032
#: Bytes that are unpacked, or fetched, at a time.
CHUNK = 2**20


class IDXError(ValueError):
    """A file that is not the IDX file it should be; the message says what is wrong, and where."""


def read_idx(path, max_bytes=MAX_BYTES):
    """Return the array of an IDX file, plain or gzipped (told by its first bytes, not its name).

    The header is checked before anything is read or room is made for it: what it promises
    (:eq:`idx-size`) must be exactly what follows, and at most `max_bytes`. Of a gzipped file never
    more is unpacked than the header promises and one byte. The array has the machine's byte order.

    Raises `IDXError`, naming the path, what was expected and what came: wrong magic bytes, type or
    number of axes; a header or data cut short; trailing bytes; more than max_bytes; damaged gzip.
    """
    path, max_bytes = Path(path), whole("max_bytes", max_bytes, 0)
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not zipped:
            return _read(file, path, max_bytes, os.fstat(file.fileno()).st_size)
        try:
            with gzip.GzipFile(fileobj=file) as stream:
                return _read(stream, path, max_bytes, None)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IDXError(f"{path}: expected a whole gzip file, came {error}") from None


def _read(stream, path, max_bytes, size):
    """Read header and numbers; size: the bytes of the file, None where it is gzipped."""
    dtype, shape = _header(stream, path)
    promised = math.prod(shape) * dtype.itemsize  # Python's integers do not overflow
    if size is None:
        most = MOST_DEFLATED * os.fstat(stream.fileno()).st_size
    else:
        most = size - 4 - 4 * len(shape)
    if promised > most:
        came = f"at most {most:,}" if size is None else f"{most:,}"
        raise _data_error(path, shape, promised, f"{came}: cut short")
    if size is not None and promised < most:
        raise _data_error(path, shape, promised, f"{most:,}: trailing bytes")
    # An axis of length 0 leaves no bytes to read, but NumPy counts the other axes all the same.
    room = math.prod(n for n in shape if n) * dtype.itemsize
    if room > max_bytes:
        raise IDXError(
            f"{path}: expected at most max_bytes = {max_bytes:,} bytes of data, the header's "
            f"shape {shape} promises {room:,}; if that is right, pass a larger max_bytes"
        )
    array = np.empty(shape, dtype)
    _fill(stream, array, path)
    if sys.byteorder == "little" and dtype.itemsize > 1:
        array.byteswap(inplace=True)
    return array.view(dtype.newbyteorder("="))


def _header(stream, path):
    """Return the type and the shape that the header tells."""
    magic = stream.read(4)
    if len(magic) < 4:
        raise IDXError(f"{path}: expected a header of at least 4 bytes, came {len(magic)}")
    if magic[:2] != b"\0\0":
        hint = "; is it little-endian?" if magic[2:] == b"\0\0" else "; is it an IDX file?"
        raise IDXError(
            f"{path}: expected the magic bytes 00 00 first, came {magic[:2].hex(' ')}{hint}"
        )
    if magic[2] not in TYPES:
        known = ", ".join(f"{code:02x}" for code in TYPES)
        raise IDXError(f"{path}: expected a type ({known}) in byte 2, came {magic[2]:02x}")
    if not 1 <= magic[3] <= MOST_AXES:
        raise IDXError(f"{path}: expected 1 to {MOST_AXES} axes in byte 3, came {magic[3]}")
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise IDXError(
            f"{path}: expected {4 * magic[3]} bytes of sizes for {magic[3]} axes, "
            f"came {len(sizes)}: cut short"
        )
    return TYPES[magic[2]], tuple(int(n) for n in np.frombuffer(sizes, ">u4"))


def _fill(stream, array, path):
    """Read the bytes of the array into it, and look that nothing follows."""
    data, done = array.reshape(-1).view(np.uint8), 0
    while done < data.size:
        came = stream.readinto(data[done : done + CHUNK])
        if not came:
            raise _data_error(path, array.shape, data.size, f"{done:,}: cut short")
        done += came
    if stream.read(1):  # at the end of a gzip file this also compares its checksum
        raise _data_error(path, array.shape, data.size, "more: trailing bytes")


def _data_error(path, shape, promised, came):
    return IDXError(f"{path}: expected {promised:,} bytes of data for shape {shape}, came {came}")


def write_idx(path, array):
    """Write an array as an IDX file, gzipped where the name ends in .gz; whole or not at all.

    array: any shape of 1 to 64 axes, of one of the types uint8, int8, int16, int32, float32,
    float64.

    The file appears under its name only when it is complete. The same array makes the same bytes,
    gzipped too: no name and no time are stored in it.

    Raises TypeError on another type (nothing is converted in silence), ValueError on a shape
    without axes or with one too long for the format.
    """
    path, array = Path(path), np.asarray(array)
    codes = {dtype.newbyteorder("="): code for code, dtype in TYPES.items()}
    code = codes.get(array.dtype.newbyteorder("="))
    if code is None:
        known = ", ".join(str(dtype) for dtype in codes)
        raise TypeError(f"array: expected dtype {known}, came {array.dtype}")
    if array.ndim == 0 or max(array.shape) >= 2**32:
        raise ValueError(
            f"array: expected at least one axis, each below 2**32, came shape {array.shape}"
        )
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    data = np.ascontiguousarray(array, TYPES[code])
    with _whole_or_not_at_all(path) as file:
        if path.suffix != ".gz":
            _write(file, header, data)
            return
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as stream:
            _write(stream, header, data)


def _write(stream, header, data):
    stream.write(header)
    stream.write(data.reshape(-1).view(np.uint8))


@contextlib.contextmanager
def _whole_or_not_at_all(path):
    """Give a file to write; it becomes `path` at the end, or is removed where anything raises."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            yield file
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_pair(images, labels, max_bytes=MAX_BYTES):
    """Return (images, labels) of two IDX files: (N, …) and (N,), N the same in both.

    Raises `IDXError` where the counts differ or the files are the wrong way round, and as
    `read_idx` does.
    """
    X, t = read_idx(images, max_bytes), read_idx(labels, max_bytes)
    if X.ndim < 2:
        raise IDXError(f"{images}: expected images of shape (N, …), came shape {X.shape}")
    if t.ndim != 1:
        raise IDXError(f"{labels}: expected labels of shape (N,), came shape {t.shape}")
    if len(X) != len(t):
        raise IDXError(
            f"{labels}: expected {len(X)} labels, one for each image in {images}, came {len(t)}"
        )
    return X, t


def one_hot(labels, classes):
    """Return T (N, classes) float64 with T[i, labels[i]] = 1 and 0 elsewhere.

    labels: (N,), whole numbers from 0 to classes − 1.

    Raises TypeError on other numbers, ValueError on a label below 0 (-1 would be the last class, in
    silence) or above the last class.
    """
    labels, classes = np.asarray(labels), whole("classes", classes, 1)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels: expected whole numbers, came dtype {labels.dtype}")
    if labels.ndim != 1:
        raise ValueError(f"labels: expected shape (N,), came shape {labels.shape}")
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        i = int(wrong[0])
        raise ValueError(f"labels: expected 0 to {classes - 1}, came {labels[i]} at index {i}")
    T = np.zeros((len(labels), classes))
    T[np.arange(len(labels)), labels] = 1.0
    return T


def digits():
    """Return (images, labels) of scikit-learn's 1,797 digits: (1797, 8, 8) of 0…16, (1797,).

    Both uint8. They come with scikit-learn, so no network is needed.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.images.astype(np.uint8), found.target.astype(np.uint8)


#: MNIST's files: name -> (bytes, SHA-256), as TensorFlow Datasets lists them.
MNIST = {
    "train-images-idx3-ubyte.gz": (
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    "train-labels-idx1-ubyte.gz": (
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    "t10k-images-idx3-ubyte.gz": (
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    "t10k-labels-idx1-ubyte.gz": (
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
}
#: Where they can be had: TensorFlow's copy and PyTorch's.
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


class DownloadError(OSError):
    """No mirror gave the file; the message lists what each answered."""


def mnist(part="train", folder=None, *, progress=None):
    """Return (images, labels) of MNIST, fetched once: (60000, 28, 28) uint8 of 0…255 and (60000,).

    part: "train", or "t10k" for the 10,000 test images.
    folder, progress: as in `fetch`, and so what is raised.
    """
    if part not in ("train", "t10k"):
        raise ValueError(f"part: expected 'train' or 't10k', came {part!r}")
    names = f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"
    return read_pair(*(fetch(name, folder, progress=progress) for name in names))


def fetch(name, folder=None, *, files=None, mirrors=None, retries=2, progress=None):
    """Return the path of a file of `files`, downloaded where it is not in the folder yet.

    folder: None is pooch's folder for cached files of this user.
    files: name -> (bytes, SHA-256); None is `MNIST`.
    mirrors: addresses that the name is added to, tried in turn; None is `MIRRORS`.
    retries: how often each mirror is tried once more.
    progress: True shows a bar, False none; None shows one where stderr is a terminal.

    A broken download is continued where it broke, in this call or a later one: what came so far is
    kept as name.part. Under its own name a file appears only when its SHA-256 is right.

    Raises ValueError on a name that is not in `files`, `DownloadError` where no mirror helps.
    """
    import pooch
    import requests

    files = MNIST if files is None else files
    if name not in files:
        raise ValueError(f"name: expected one of {', '.join(files)}, came {name!r}")
    folder = Path(pooch.os_cache("backprop-book") if folder is None else folder)
    size, sha256 = files[name]
    failures = []
    for mirror in MIRRORS if mirrors is None else mirrors:
        library = pooch.create(
            folder, mirror, registry={name: f"sha256:{sha256}"}, retry_if_failed=retries
        )
        try:
            return Path(library.fetch(name, downloader=_Resuming(folder / name, size, progress)))
        except (ValueError, requests.RequestException) as error:
            failures.append(f"{mirror}: {error}")
    raise DownloadError(
        f"{name}: expected {size:,} bytes with SHA-256 {sha256[:8]}… from a mirror; "
        + "; ".join(failures)
        + ". Without a network there is backprop.data.digits()"
    )


class _Resuming:
    """A downloader for pooch that keeps what came in a .part file and goes on from there."""

    TIMEOUT = 30  # seconds without a byte

    def __init__(self, path, size, progress):
        self.part = path.with_name(path.name + ".part")
        self.size, self.progress = size, progress

    def __call__(self, url, output_file, pooch):
        """Complete the .part file and move it to `output_file`, whose hash pooch then compares."""
        import requests
        import urllib3

        have = self.part.stat().st_size if self.part.exists() else 0
        try:
            if have != self.size:
                self._download(url, have if have < self.size else 0)
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(f"broken off: {error}") from error
        os.replace(self.part, output_file)

    def _download(self, url, have):
        import requests

        # identity: a server that thinks of .gz as an encoding would have it unpacked on the way.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=self.TIMEOUT) as answer:
            if answer.status_code == 416:  # "range not satisfiable": the part is of another file
                self.part.unlink()
            answer.raise_for_status()
            continued = answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            if answer.status_code != 206 or not continued:
                have = 0  # the whole file comes, whatever was asked for
            offered = have + int(answer.headers.get("Content-Length", self.size - have))
            if offered != self.size:
                self.part.unlink(missing_ok=True)
                raise ValueError(f"expected {self.size:,} bytes, the server offers {offered:,}")
            self._append(answer.raw, have)

    def _append(self, stream, have):
        import requests
        from tqdm import tqdm

        bar = tqdm(
            total=self.size,
            initial=have,
            desc=self.part.stem,
            unit="B",
            unit_scale=True,
            leave=False,
            disable=None if self.progress is None else not self.progress,
        )
        with open(self.part, "ab" if have else "wb") as file, bar:
            for chunk in stream.stream(CHUNK, decode_content=False):
                have += len(chunk)
                if have > self.size:
                    break
                file.write(chunk)
                bar.update(len(chunk))
        if have > self.size:
            self.part.unlink()
            raise ValueError(f"expected {self.size:,} bytes, came more")
        if have < self.size:
            raise requests.ConnectionError(f"broken off after {have:,} of {self.size:,} bytes")
