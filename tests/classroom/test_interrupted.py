"""A grader that is killed anywhere, or finds the disk full, goes on where it was."""

import errno
import fcntl
import io
import json
import os
import random
import resource
import shutil
import signal
import time
import traceback

import psutil
import pytest

from cheating import CHEATS, Loot
from classroom import crew, files
from classroom.course import CourseError, load_course
from classroom.grading import Kit, close_all
from corpus import BOOK, MANGLED, NAME, UNREADABLE, as_file

pytestmark = pytest.mark.optional("bubblewrap")

SEED = "the seed of these tests"
CHECKS = """
from classroom.questions import Assignment, Function


def endless(x):
    while True:
        pass


ASSIGNMENT = Assignment("01_tiny", "Tiny", "", [
    Function(id="q1", title="Twice", points=2, calls="twice", tries=3, imports=(), seconds=1.0,
             reference=lambda x: 2 * x, inputs=lambda rng: (float(rng.uniform()),)),
])
"""
KIT = Kit("01_tiny", CHECKS, "tiny.py", (), (("twice", "def twice(x): ..."),))
ANSWERS = ["2 * x", "x + x", "x", "x * x", "1 / 0", "sum([x, x])", "None", "'x'"]
STUDENTS = [f"s{n:02}" for n in range(len(ANSWERS))]


def handed_in(root):
    """A course in which eight students have handed in the tiny assignment."""
    for student, answer in zip(STUDENTS, ANSWERS, strict=True):
        data = as_file([("code", f"def twice(x): return {answer}")])
        files.write_whole(root / "submitted" / KIT.name / f"{student}.ipynb", data)
    return load_course(root)


def alone(counted):
    """Grade in this process, and note in a file whenever one is begun."""

    def hands(pairs):
        for task, path in pairs:
            with open(counted, "ab", 0) as file:
                file.write(b".")
            yield path, *crew.timed(task)

    return hands


def forked(course, counted, prepare=lambda: None):
    """Grade in a process, and a process group, of its own; its number."""
    close_all()  # a sandbox serves one process
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        prepare()
        summary = crew.grade(course, [KIT], seed=SEED, hands=alone(counted))
        code = 3 if summary.stopped else 0
    except BaseException:  # what went wrong is said: only a number leaves this process
        traceback.print_exc()
    finally:
        os._exit(code)


def results(course):
    """name -> (bytes, number and time of the file) of every result there is."""
    found = {}
    for path in (course.results / KIT.name).glob("[!.]*"):
        stat = path.stat()
        found[path.name] = path.read_bytes(), (stat.st_ino, stat.st_mtime_ns)
    return found


def contents(course):
    return {name: data for name, (data, _) in results(course).items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The results of a grader that nobody disturbed, and the seconds it took."""
    root = tmp_path_factory.mktemp("whole")
    course = handed_in(root)
    began = time.monotonic()
    assert os.waitpid(forked(course, root / "counted"), 0)[1] == 0
    seconds = time.monotonic() - began
    assert (root / "counted").read_bytes() == b"." * 8
    points = [json.loads(data)["points"] for _, data in sorted(contents(course).items())]
    assert points == [2.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    return contents(course), seconds


def test_killed_a_hundred_times_it_grades_the_same_and_nothing_twice(whole, tmp_path):
    expected, seconds = whole
    course, counted, chance = handed_in(tmp_path), tmp_path / "counted", random.Random(5)
    kills = rounds = since = 0
    family = []
    while kills < 100:
        before = results(course)
        pid = forked(course, counted)
        # Longer where nothing gets done: the machine may be busier than it was.
        time.sleep(seconds * 1.02**since * chance.random() ** 2)
        ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            family += psutil.Process(pid).children(recursive=True) if kills % 5 == 0 else []
            os.killpg(pid, signal.SIGKILL) if os.getpgid(pid) == pid else os.kill(pid, 9)
            _, status = os.waitpid(pid, 0)
        after = results(course)
        assert {name: after.get(name) for name in before} == before  # not even written again
        assert all(data == expected[name] for name, (data, _) in after.items())
        if os.WIFSIGNALED(status):
            kills, since = kills + 1, since + 1
            continue
        assert os.waitstatus_to_exitcode(status) == 0
        _is_whole(course, expected)
        # A kill costs at most the one that was being graded.
        assert 8 <= counted.stat().st_size <= 8 + since
        rounds, since = rounds + 1, 0
        shutil.rmtree(course.results)
        counted.unlink()
    assert rounds >= 2
    assert psutil.wait_procs(family, timeout=30)[1] == []
    assert os.waitpid(forked(course, counted), 0)[1] == 0
    _is_whole(course, expected)


def _is_whole(course, expected):
    assert contents(course) == expected
    left = [path.name for path in course.results.rglob("*") if path.is_file()]
    assert sorted(left) == sorted([*expected, ".lock", "log.jsonl"])
    log = (course.results / "log.jsonl").read_text().splitlines()
    assert {json.loads(line)["student"] for line in log} <= set(STUDENTS)


def test_what_a_killed_grader_had_begun_to_write_is_taken_away(whole, tmp_path):
    course = handed_in(tmp_path)
    folder = course.results / KIT.name
    files.write_whole(folder / ".s01.json.abc123.new", '{"schema": 1, "poi')
    files.write_whole(folder / "s02.json", '{"schema": 1, "poi')
    assert crew.grade(course, [KIT], seed=SEED, hands=alone(tmp_path / "counted")).graded == 8
    _is_whole(course, whole[0])


def test_two_graders_at_once_are_refused(tmp_path):
    course = handed_in(tmp_path)
    with (
        crew._alone(course),
        pytest.raises(CourseError, match=r"^results: another grader is at work on this course$"),
    ):
        crew.grade(course, [KIT], seed=SEED, hands=alone(tmp_path / "counted"))
    assert not (tmp_path / "counted").exists()
    assert crew.grade(course, [KIT], seed=SEED, hands=alone(tmp_path / "counted")).graded == 8


def test_a_lock_that_is_about_to_be_let_go_is_waited_for(tmp_path):
    course = handed_in(tmp_path)
    course.results.mkdir()
    with open(course.results / ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pid = os.fork()  # the file is the same one there, as in a process that has yet to exec
        if not pid:
            time.sleep(0.3)
            os._exit(0)
    assert crew.grade(course, [KIT], seed=SEED, hands=alone(tmp_path / "counted")).graded == 8
    os.waitpid(pid, 0)


def _full(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


class _FullFile:
    """A file that takes half of what is written, then the disk is full."""

    def __init__(self, handle, mode):
        self.file = io.FileIO(handle, mode)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        self.file.write(data[: len(data) // 2])
        _full()


PLACES = {
    "folder": ("classroom.files.Path.mkdir", _full),
    "new file": ("classroom.files.tempfile.mkstemp", _full),
    "half written": ("classroom.files.os.fdopen", _FullFile),
    "to the disk": ("classroom.files.os.fsync", _full),
    "its mode": ("classroom.files.os.chmod", _full),
    "its name": ("classroom.files.os.replace", _full),
    "log": ("classroom.crew._log", _full),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("turn", [0, 3])
def test_a_full_disk_stops_it_clearly_and_breaks_no_file(whole, tmp_path, monkeypatch, place, turn):
    course, count = handed_in(tmp_path), []
    name, fails = PLACES[place]

    def tick(result):
        count.append(result)
        if len(count) == turn:
            patch.setattr(name, fails)

    with monkeypatch.context() as patch:
        if not turn and place != "folder":
            patch.setattr(name, fails)
        elif not turn:
            course.results.mkdir()
            patch.setattr("classroom.files.Path.mkdir", _full)
        hands = alone(tmp_path / "counted")
        summary = crew.grade(course, [KIT], seed=SEED, hands=hands, tick=tick)
    assert summary.stopped == f"No space left on device: {course.results}"
    assert summary.graded == turn
    expected = whole[0]
    found = contents(course)
    assert len(found) == turn + (place == "log")
    assert all(data == expected[name] for name, data in found.items())
    assert list(course.results.rglob("*.new")) == []
    assert crew.grade(course, [KIT], seed=SEED, hands=hands).graded == 8 - len(found)
    _is_whole(course, expected)


def test_a_disk_that_is_really_full_in_the_middle_of_a_file(whole, tmp_path):
    """The system itself refuses to write more than so many bytes into a file."""
    course, expected = handed_in(tmp_path), whole[0]
    largest = sorted(len(data) for data in expected.values())[3]

    def prepare():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    pid = forked(course, tmp_path / "counted", prepare)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
    found = contents(course)
    assert len(found) < 8
    assert all(data == expected[name] for name, data in found.items())
    assert list(course.results.rglob("*.new")) == []
    assert os.waitpid(forked(course, tmp_path / "counted"), 0)[1] == 0
    _is_whole(course, expected)


def test_a_fault_that_keeps_a_worker_busy_costs_its_submission_only(tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "PATIENCE", 8.0)
    (tmp_path / "course.toml").write_text("[grading]\nseconds = 2")
    course = handed_in(tmp_path)
    code = CHECKS.replace("reference=", 'mistakes={"endless": (endless, "")}, reference=')
    kit = Kit(KIT.name, code, KIT.file, KIT.cells, KIT.stubs)
    began = time.monotonic()
    summary = crew.grade(course, [kit], seed=SEED, workers=2, students=["s00", "s01", "s02"])
    assert time.monotonic() - began < 60
    assert (summary.graded, summary.stopped) == (3, "")
    told = {name: json.loads(data) for name, data in contents(course).items()}
    assert told["s00.json"]["points"] == told["s01.json"]["points"] == 2.0
    assert told["s02.json"]["status"] == "crashed"
    assert told["s02.json"]["human"] == [
        "The grader itself failed at this submission: its process died or did not end"
    ]


MIXED = ["forged_half_letters", "closes_the_channel", "forged_message_5"]
MIXED += ["changes_the_clock", "patched_builtins", "pages_and_terminals"]


def test_one_worker_or_three_give_the_same_bytes_whatever_is_handed_in(tmp_path):
    given = {name: CHEATS[name](BOOK.stubs, Loot(tmp_path)) for name in MIXED}
    given |= {name: MANGLED[name](BOOK.solved) for name in ("version_3", "doubled_cells")}
    given |= {name: UNREADABLE[name][0] for name in ("a picture", "a bomb of brackets")}
    given["honest"] = as_file(BOOK.solved)
    found = []
    for workers in (1, 3):
        root = tmp_path / str(workers)
        (root / "submitted" / NAME).mkdir(parents=True)
        (root / "course.toml").write_text("[grading]\nseconds = 12\ncell_seconds = 3\n")
        for name, data in given.items():
            (root / "submitted" / NAME / f"{name}.ipynb").write_bytes(data)
        summary = crew.grade(load_course(root), [BOOK.kit], seed=SEED, workers=workers)
        assert (summary.graded, summary.stopped) == (len(given), "")
        folder = root / "results" / NAME
        found.append({path.name: path.read_bytes() for path in folder.glob("*.json")})
    assert found[0] == found[1]
    points = {name: json.loads(data)["points"] for name, data in found[0].items()}
    full = {"version_3.json", "doubled_cells.json", "honest.json"}
    assert points == {name: 16.0 * (name in full) for name in points}
