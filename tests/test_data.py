"""IDX files, read strictly and written whole; one-hot rows; the digits; downloads over loopback."""

import contextlib
import gzip
import hashlib
import http.server
import os
import re
import struct
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop import data
from backprop.data import (
    DownloadError,
    IDXError,
    digits,
    fetch,
    mnist,
    one_hot,
    read_idx,
    read_pair,
    write_idx,
)

TYPES = ["uint8", "int8", "int16", "int32", "float32", "float64"]
#: Two pictures of 2 × 3 pixels, written out by hand.
HEADER = bytes.fromhex("00000803 00000002 00000002 00000003")
PIXELS = bytes([0, 255, 0, 7, 8, 9, 1, 2, 3, 4, 5, 6])
IMAGES = np.array([[[0, 255, 0], [7, 8, 9]], [[1, 2, 3], [4, 5, 6]]], np.uint8)


def raises(message, error=IDXError):
    return pytest.raises(error, match=re.escape(message))


@pytest.fixture
def file(tmp_path):
    """Return a function that writes bytes to a file and returns its path."""

    def written(content, name="a.idx"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return written


def test_nothing_heavy_is_loaded_before_it_is_used():
    code = "import sys, backprop.data, backprop.training; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torch", "sklearn", "pooch", "requests", "tqdm"} & set(done.stdout.split())


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_written_by_hand_is_read(file, pack):
    found = read_idx(file(pack(HEADER + PIXELS)))
    assert found.dtype == np.uint8
    assert found.tolist() == IMAGES.tolist()
    found[0, 0, 0] = 1  # it is the caller's own array


def test_numbers_of_several_bytes_are_big_endian(file):
    content = bytes.fromhex("00000c01 00000003 00000001 00000100 ffffffff")
    found = read_idx(file(content))
    assert found.tolist() == [1, 256, -1]
    assert found.dtype == np.int32 and found.dtype.isnative
    content = bytes.fromhex("00000e01 00000001") + struct.pack(">d", -1.5)
    assert read_idx(str(file(content))).tolist() == [-1.5]


def test_a_name_says_nothing_the_first_bytes_do(file):
    assert read_idx(file(gzip.compress(HEADER + PIXELS), "a.idx")).shape == (2, 2, 3)
    assert read_idx(file(HEADER + PIXELS, "a.gz")).shape == (2, 2, 3)


DAMAGED = [
    (b"", "expected a header of at least 4 bytes, came 0"),
    (b"\0\0\x08", "expected a header of at least 4 bytes, came 3"),
    (b"\x89PNG\r\n", "expected the magic bytes 00 00 first, came 89 50; is it an IDX file?"),
    (b"\x03\x08\0\0", "expected the magic bytes 00 00 first, came 03 08; is it little-endian?"),
    (
        b"\0\0\x07\x01",
        "expected a type (08, 09, 0b, 0c, 0d, 0e) in byte 2, came 07",
    ),
    (b"\0\0\x08\0", "expected 1 to 64 axes in byte 3, came 0"),
    (b"\0\0\x08\x41" + bytes(260), "expected 1 to 64 axes in byte 3, came 65"),
    (HEADER[:14], "expected 12 bytes of sizes for 3 axes, came 10: cut short"),
    (
        HEADER + PIXELS[:-1],
        "expected 12 bytes of data for shape (2, 2, 3), came 11: cut short",
    ),
    (
        HEADER + PIXELS + b"x",
        "expected 12 bytes of data for shape (2, 2, 3), came 13: trailing bytes",
    ),
    (
        b"\0\0\x0e\x02" + b"\xff" * 8,
        "expected 147,573,952,520,956,936,200 bytes of data for shape "
        "(4294967295, 4294967295), came 0: cut short",
    ),
    (
        b"\0\0\x08\x03" + bytes(4) + b"\xff" * 8,  # no image of an absurd size
        "expected at most max_bytes = 1,073,741,824 bytes of data, the header's shape "
        "(0, 4294967295, 4294967295) promises 18,446,744,065,119,617,025; "
        "if that is right, pass a larger max_bytes",
    ),
]


@pytest.mark.parametrize(("content", "message"), DAMAGED)
def test_a_damaged_file_is_told_what_is_wrong(file, content, message):
    path = file(content)
    with raises(f"{path}: {message}"):
        read_idx(path)


ZIPPED = [
    (HEADER[:14], "expected 12 bytes of sizes for 3 axes, came 10: cut short"),
    (
        HEADER + PIXELS[:-1],
        "expected 12 bytes of data for shape (2, 2, 3), came 11: cut short",
    ),
    (
        HEADER + PIXELS + b"x",
        "expected 12 bytes of data for shape (2, 2, 3), came more: trailing bytes",
    ),
]


@pytest.mark.parametrize(("content", "message"), ZIPPED)
def test_a_damaged_file_in_gzip_is_told_so(file, content, message):
    with raises(message):
        read_idx(file(gzip.compress(content)))


def test_a_header_that_so_small_a_gzip_file_cannot_keep(file):
    packed = gzip.compress(b"\0\0\x08\x02" + struct.pack(">II", 2**20, 2**20))
    with raises(f"came at most {1032 * len(packed):,}: cut short"):
        read_idx(file(packed))


def test_damaged_gzip_is_told(file):
    packed = gzip.compress(HEADER + PIXELS, mtime=0)
    with raises("expected a whole gzip file, came Compressed file ended before"):
        read_idx(file(packed[:-9]))
    with raises("expected a whole gzip file, came CRC check failed"):
        read_idx(file(packed[:-8] + b"\0\0\0\0" + packed[-4:]))
    with raises("expected a whole gzip file, came Not a gzipped file (b'xx')"):
        read_idx(file(packed + b"xx"))


def test_every_file_cut_short_is_refused(file):
    for whole in (HEADER + PIXELS, gzip.compress(HEADER + PIXELS)):
        for length in range(len(whole)):
            with pytest.raises(IDXError):
                read_idx(file(whole[:length]))


@given(content=st.binary(max_size=40), magic=st.sampled_from([b"", b"\0\0\x08\x01", HEADER]))
def test_any_bytes_are_either_an_array_that_accounts_for_them_or_an_error(
    tmp_path_factory, content, magic
):
    path = tmp_path_factory.getbasetemp() / "any.idx"
    path.write_bytes(magic + content)
    try:
        found = read_idx(path)
    except IDXError:
        return
    assert len(magic + content) == 4 + 4 * found.ndim + found.nbytes


def test_the_most_bytes_can_be_said(file):
    path = file(HEADER + PIXELS)
    assert read_idx(path, max_bytes=12).shape == (2, 2, 3)
    with raises("expected at most max_bytes = 11 bytes of data, the header's shape (2, 2, 3)"):
        read_idx(path, max_bytes=11)
    with raises("max_bytes: expected at least 0, came -1", ValueError):
        read_idx(path, max_bytes=-1)


def peak(function):
    """Return the most memory that Python's allocator held during the call."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_gzip_bomb_is_not_unpacked(file):
    bomb = gzip.compress(HEADER + PIXELS + bytes(50_000_000), 1)

    def read():
        with raises("came more: trailing bytes"):
            read_idx(path)

    path = file(bomb)
    assert peak(read) < 2_000_000


def test_reading_needs_little_more_than_the_array(file):
    content = b"\0\0\x08\x01" + struct.pack(">I", 20_000_000) + bytes(20_000_000)
    for packed in (content, gzip.compress(content, 1)):
        path = file(packed)
        assert peak(lambda path=path: read_idx(path)) < 24_000_000


def test_an_absent_file_is_an_absent_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        read_idx(tmp_path / "absent.idx")


# --- writing --------------------------------------------------------------------------------------


@given(
    array=hnp.arrays(
        st.sampled_from(TYPES),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4),
    ),
    name=st.sampled_from(["a.idx", "a.idx.gz"]),
)
def test_what_is_written_is_read(tmp_path_factory, array, name):
    path = tmp_path_factory.getbasetemp() / name
    write_idx(path, array)
    found = read_idx(path)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()  # NaN is NaN


def test_the_bytes_are_those_of_the_format(tmp_path):
    write_idx(tmp_path / "a", IMAGES)
    assert (tmp_path / "a").read_bytes() == HEADER + PIXELS
    write_idx(tmp_path / "b", np.array([1, 256, -1], np.int32))
    expected = bytes.fromhex("00000c01 00000003 00000001 00000100 ffffffff")
    assert (tmp_path / "b").read_bytes() == expected


def test_memory_order_and_byte_order_do_not_matter(tmp_path):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    for other in (np.asfortranarray(array), array.astype(">i2"), array.astype("<i2")):
        write_idx(tmp_path / "a", other)
        assert read_idx(tmp_path / "a").tolist() == array.tolist()
    write_idx(tmp_path / "a", array[:, ::-1, ::2])
    assert read_idx(tmp_path / "a").tolist() == array[:, ::-1, ::2].tolist()


def test_gzip_stores_no_name_and_no_time(tmp_path):
    write_idx(tmp_path / "a.gz", IMAGES)
    write_idx(tmp_path / "other.gz", IMAGES)
    packed = (tmp_path / "a.gz").read_bytes()
    assert packed == (tmp_path / "other.gz").read_bytes()
    assert packed[3:8] == bytes(5)  # no flags, so no name; mtime 0
    assert gzip.decompress(packed) == HEADER + PIXELS


@pytest.mark.parametrize("array", [np.array([1]), np.array([True]), np.array(["a"])])
def test_nothing_is_converted_in_silence(tmp_path, array):
    known = ", ".join(TYPES)
    with raises(f"array: expected dtype {known}, came {array.dtype}", TypeError):
        write_idx(tmp_path / "a", array)
    assert os.listdir(tmp_path) == []


def test_a_number_without_axes_is_refused(tmp_path):
    with raises("array: expected at least one axis, each below 2**32, came shape ()", ValueError):
        write_idx(tmp_path / "a", np.uint8(3))


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("name", ["a.idx", "a.idx.gz"])
def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch, error, name):
    write_idx(tmp_path / name, IMAGES)
    before = (tmp_path / name).read_bytes()

    def half(stream, header, numbers):
        stream.write(header)
        raise error

    monkeypatch.setattr(data, "_write", half)
    with pytest.raises(type(error)):
        write_idx(tmp_path / name, IMAGES + 1)
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == before


# --- pairs, rows, digits --------------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path):
    """Return a function that writes images and labels, and returns both paths."""

    def written(images, labels):
        paths = tmp_path / "images", tmp_path / "labels.gz"
        for path, array in zip(paths, (images, labels), strict=True):
            write_idx(path, np.asarray(array, np.uint8))
        return paths

    return written


def test_a_pair_is_read(pair):
    images, labels = read_pair(*pair(IMAGES, [7, 1]))
    assert images.tolist() == IMAGES.tolist()
    assert labels.tolist() == [7, 1]


def test_counts_must_agree(pair):
    images, labels = pair(IMAGES, [7, 1, 3])
    with raises(f"{labels}: expected 2 labels, one for each image in {images}, came 3"):
        read_pair(images, labels)


def test_the_wrong_way_round_is_told(pair):
    images, labels = pair(IMAGES, [7, 1])
    with raises(f"{labels}: expected images of shape (N, …), came shape (2,)"):
        read_pair(labels, images)
    with raises(f"{images}: expected labels of shape (N,), came shape (2, 2, 3)"):
        read_pair(images, images)


def test_one_hot_rows():
    T = one_hot(np.array([2, 0, 2], np.uint8), 3)
    assert T.dtype == np.float64
    assert T.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 3], ValueError, "labels: expected 0 to 2, came 3 at index 1"),
        ([0, 1, -1], ValueError, "labels: expected 0 to 2, came -1 at index 2"),
        ([0.0, 1.0], TypeError, "labels: expected whole numbers, came dtype float64"),
        ([[0, 1]], ValueError, "labels: expected shape (N,), came shape (1, 2)"),
    ],
)
def test_labels_that_are_none_are_told(labels, error, message):
    with raises(message, error):
        one_hot(labels, 3)


def test_the_digits_need_no_network():
    images, labels = digits()
    assert (images.shape, images.dtype) == ((1797, 8, 8), np.uint8)
    assert (labels.shape, labels.dtype) == ((1797,), np.uint8)
    assert (images.min(), images.max()) == (0, 16)
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images[0].tolist()[0] == [0, 0, 5, 13, 9, 1, 0, 0]
    assert labels[:5].tolist() == [0, 1, 2, 3, 4]


# --- downloads, from a server on loopback ---------------------------------------------------------

NAME = "digits.gz"
BODY = np.random.default_rng(13).bytes(50_000)
FILES = {NAME: (len(BODY), hashlib.sha256(BODY).hexdigest())}


class Server(http.server.ThreadingHTTPServer):
    """Serves `body` at every address and notes what was asked; behaves as badly as it is told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.asked = BODY, []
        self.breaks = []  # of the next answers, after how many bytes the line goes dead
        self.ranges = self.lengths = True
        self.headers, self.status = {}, {}

    def address(self, folder=""):
        return f"http://127.0.0.1:{self.server_port}/{folder}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append((self.path, wanted))
        status = server.status.get(self.path)
        start = int(wanted[6:-1]) if wanted and server.ranges else 0
        if start >= len(server.body):
            status = 416
        if status:
            self.send_error(status)
            return
        body = server.body[start:]
        self.send_response(206 if start else 200)
        if start:
            end = len(server.body)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        if server.lengths:
            self.send_header("Content-Length", str(len(body)))
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # whoever asked has heard enough
            self.wfile.write(body[: server.breaks.pop(0)] if server.breaks else body)
        self.close_connection = True

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    """Return a server on loopback; nothing waits between two tries, no proxy is asked."""
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def get(server, folder, **options):
    options = {"mirrors": [server.address()], "files": FILES, "progress": False} | options
    return fetch(NAME, folder, **options)


def test_a_file_is_fetched_once(server, tmp_path):
    path = get(server, tmp_path / "new")
    assert path == tmp_path / "new" / NAME
    assert path.read_bytes() == BODY
    assert get(server, tmp_path / "new") == path
    assert server.asked == [("/" + NAME, None)]
    assert os.listdir(tmp_path / "new") == [NAME]


def test_a_broken_download_goes_on_where_it_broke(server, tmp_path):
    server.breaks = [20_000, 10_000]
    assert get(server, tmp_path).read_bytes() == BODY
    assert [wanted for _, wanted in server.asked] == [None, "bytes=20000-", "bytes=30000-"]
    assert os.listdir(tmp_path) == [NAME]


def test_a_later_call_goes_on_where_the_first_broke(server, tmp_path):
    server.breaks = [12_345]
    with raises(f"{server.address()}: broken off", DownloadError):
        get(server, tmp_path, retries=0)
    assert os.listdir(tmp_path) == [NAME + ".part"]
    assert (tmp_path / f"{NAME}.part").read_bytes() == BODY[:12_345]
    assert get(server, tmp_path).read_bytes() == BODY
    assert server.asked[-1] == ("/" + NAME, "bytes=12345-")
    assert os.listdir(tmp_path) == [NAME]


def test_without_a_length_a_dead_line_is_still_noticed(server, tmp_path):
    server.lengths, server.breaks = False, [7_000]
    assert get(server, tmp_path).read_bytes() == BODY
    assert server.asked[1][1] == "bytes=7000-"


def test_a_server_that_knows_no_ranges_starts_anew(server, tmp_path):
    server.ranges, server.breaks = False, [20_000]
    assert get(server, tmp_path).read_bytes() == BODY
    assert len(server.asked) == 2


def test_an_interrupted_download_goes_on(server, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "CHUNK", 1000)
    calls = []

    def update(bar, n):
        calls.append(n)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("tqdm.tqdm.update", update)
        with pytest.raises(KeyboardInterrupt):
            get(server, tmp_path)
    assert os.listdir(tmp_path) == [NAME + ".part"]
    assert (tmp_path / f"{NAME}.part").read_bytes() == BODY[:3000]
    assert get(server, tmp_path).read_bytes() == BODY
    assert server.asked[1][1] == "bytes=3000-"


@pytest.mark.parametrize(
    ("left", "asked"),
    [
        (b"not the beginning", ["bytes=17-", None]),
        (bytes(len(BODY)), [None]),
        (bytes(len(BODY) + 1), [None]),
    ],
)
def test_a_part_of_something_else_does_no_harm(server, tmp_path, left, asked):
    (tmp_path / f"{NAME}.part").write_bytes(left)
    assert get(server, tmp_path).read_bytes() == BODY
    assert os.listdir(tmp_path) == [NAME]
    assert [wanted for _, wanted in server.asked] == asked


def test_a_range_that_cannot_be_starts_anew(server, tmp_path):
    (tmp_path / f"{NAME}.part").write_bytes(BODY[:300])
    server.body = BODY[:200]  # another file by now
    with raises("416", DownloadError):
        get(server, tmp_path, retries=0)
    assert os.listdir(tmp_path) == []


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    server.body = BODY[:-1] + bytes([BODY[-1] ^ 1])
    with raises("does not match the known hash", DownloadError):
        get(server, tmp_path)
    assert os.listdir(tmp_path) == []
    assert len(server.asked) == 3  # the first try and two more


def test_a_wrong_file_is_replaced(server, tmp_path):
    (tmp_path / NAME).write_bytes(b"old")
    assert get(server, tmp_path).read_bytes() == BODY


@pytest.mark.parametrize("lengths", [True, False])
def test_another_size_is_not_downloaded(server, tmp_path, lengths):
    server.body, server.lengths = BODY + bytes(5_000_000), lengths
    offers = "the server offers 5,050,000" if lengths else "came more"
    with raises(f"expected 50,000 bytes, {offers}", DownloadError):
        get(server, tmp_path)
    assert os.listdir(tmp_path) == []


def test_gzip_is_not_unpacked_on_the_way(server, tmp_path):
    body = gzip.compress(bytes(1000))
    server.body, server.headers = body, {"Content-Encoding": "gzip"}
    files = {NAME: (len(body), hashlib.sha256(body).hexdigest())}
    assert get(server, tmp_path, files=files).read_bytes() == body


def test_the_next_mirror_is_tried(server, tmp_path):
    server.status = {"/first/" + NAME: 404}
    mirrors = [server.address("first/"), server.address("second/")]
    assert get(server, tmp_path, mirrors=mirrors, retries=0).read_bytes() == BODY
    assert [path for path, _ in server.asked] == [f"/first/{NAME}", f"/second/{NAME}"]


def test_without_any_mirror_all_answers_are_told(server, tmp_path):
    server.status = {"/first/" + NAME: 404, "/second/" + NAME: 503}
    mirrors = [server.address("first/"), server.address("second/")]
    with pytest.raises(DownloadError) as caught:
        get(server, tmp_path, mirrors=mirrors, retries=0)
    message = str(caught.value)
    assert message.startswith(
        f"{NAME}: expected 50,000 bytes with SHA-256 {FILES[NAME][1][:8]}… from a mirror; "
        f"{mirrors[0]}: 404 "
    )
    assert f"; {mirrors[1]}: 503 " in message
    assert message.endswith("Without a network there is backprop.data.digits()")


def test_a_server_that_is_gone_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server() as server:
        address = server.address()
    with raises(f"from a mirror; {address}: ", DownloadError):
        fetch(NAME, tmp_path, files=FILES, mirrors=[address], retries=0, progress=False)


def test_progress_is_shown_where_it_is_wanted(server, tmp_path, capsys):
    get(server, tmp_path / "a", progress=True)
    assert NAME in capsys.readouterr().err
    get(server, tmp_path / "b", progress=False)
    assert "%|" not in capsys.readouterr().err


def test_an_unknown_name_is_told(tmp_path):
    with raises(f"name: expected one of {NAME}, came 'other.gz'", ValueError):
        fetch("other.gz", tmp_path, files=FILES)


def test_mnist_is_four_files_with_size_and_checksum():
    assert list(data.MNIST) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert [size for size, _ in data.MNIST.values()] == [9912422, 28881, 1648877, 4542]
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for _, sha256 in data.MNIST.values())
    assert all(mirror.startswith("https://") and mirror[-1] == "/" for mirror in data.MIRRORS)


@pytest.mark.parametrize("part", ["train", "t10k"])
def test_mnist_reads_the_pair_of_its_part(tmp_path, monkeypatch, part):
    names = f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz"
    for name, array in zip(names, (IMAGES, np.array([4, 2], np.uint8)), strict=True):
        write_idx(tmp_path / name, array)
        content = (tmp_path / name).read_bytes()
        monkeypatch.setitem(data.MNIST, name, (len(content), hashlib.sha256(content).hexdigest()))
    images, labels = mnist(part, tmp_path)
    assert images.tolist() == IMAGES.tolist()
    assert labels.tolist() == [4, 2]


def test_mnist_has_two_parts():
    with raises("part: expected 'train' or 't10k', came 'test'", ValueError):
        mnist("test", Path("nowhere"))
