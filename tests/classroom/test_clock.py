"""Honest work has the same time on a busy machine as on an idle one; nobody has more."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from classroom import clock
from classroom.clock import STRETCH, Clock, Usage
from classroom.sandbox import Ended, Limits, Sandbox

needs_walls = pytest.mark.optional("bubblewrap")


@pytest.fixture
def passing(monkeypatch):
    """A function that lets the wall's clock go on by some seconds; it stands still otherwise."""
    now = [100.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])

    def passing(seconds):
        now[0] += seconds

    return passing


def test_a_clock_counts_down(passing):
    own = Clock(2.0)
    passing(0.5)
    assert own.left() == pytest.approx(1.5)
    passing(2.0)
    assert own.left() == pytest.approx(-0.5)


def test_what_is_granted_moves_the_end_up_to_its_limit(passing):
    own = Clock(2.0)
    own.grant(1.5)
    assert own.left() == pytest.approx(3.5)
    own.grant(1000.0)
    assert own.left() == pytest.approx(2.0 * STRETCH)
    passing(2.0 * STRETCH)
    own.grant(1.0)
    assert own.left() == pytest.approx(0.0)


def test_a_clock_can_stand_still(passing):
    """Also for those who would have come to the end of what can be granted."""
    own = Clock(2.0)
    with own.stopped():
        passing(100.0)
    assert own.left() == pytest.approx(2.0)
    own.grant(1000.0)
    assert own.left() == pytest.approx(2.0 * STRETCH)
    with pytest.raises(KeyError), own.stopped():
        passing(5.0)
        raise KeyError
    assert own.left() == pytest.approx(2.0 * STRETCH)


def test_what_is_kept_for_later_is_not_left_until_then(passing):
    own = Clock(10.0)
    passing(4.0)
    own.keep(5.0)
    assert own.left() == pytest.approx(1.0)
    passing(2.0)
    assert own.left() == pytest.approx(-1.0)
    own.grant(3.0)
    assert own.left() == pytest.approx(2.0)
    own.keep(0.0)
    assert own.left() == pytest.approx(7.0)


def schedstat(root, pid, task, on, off):
    folder = root / str(pid) / "task" / str(task)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedstat").write_text(f"{int(on * 1e9)} {int(off * 1e9)} 7\n")


def test_usage_adds_what_is_computed_and_takes_the_longest_queue(tmp_path, monkeypatch):
    """Times are since it was made; a new task counts from its start, one that ended no more."""
    monkeypatch.setattr(clock, "Path", lambda path: tmp_path / path.removeprefix("/proc/"))
    schedstat(tmp_path, 1, 1, on=5.0, off=2.0)
    schedstat(tmp_path, 1, 2, on=1.0, off=9.0)
    usage = Usage(lambda: [1, 3, 4])
    assert usage.since() == (0.0, 0.0)
    schedstat(tmp_path, 1, 1, on=5.5, off=2.25)
    schedstat(tmp_path, 1, 2, on=1.25, off=10.0)
    schedstat(tmp_path, 3, 3, on=0.125, off=0.5)
    assert usage.since() == pytest.approx((0.875, 1.0))
    (tmp_path / "1" / "task" / "2" / "schedstat").unlink()
    assert usage.since() == pytest.approx((0.625, 0.5))


def test_without_the_systems_counts_only_the_wall_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(clock, "Path", lambda path: tmp_path / path.removeprefix("/proc/"))
    (tmp_path / "1" / "task" / "1").mkdir(parents=True)
    (tmp_path / "1" / "task" / "1" / "schedstat").write_text("not counted\n")
    assert Usage(lambda: [1]).since() == (0.0, 0.0)


# ---------------------------------------------------------------------------- in the sandbox


def _spin():
    while True:
        pass


@pytest.fixture
def crowded():
    """One processor for this process, what it starts, and three that never rest.

    What is measured under it has room for twice as many: tests beside this one compute too.

    The sandbox is a session of its own, and Linux may share a processor between sessions first:
    so each of them is one, too.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    crowd = [multiprocessing.get_context("fork").Process(target=_alone) for _ in range(3)]
    for process in crowd:
        process.start()
    yield
    for process in crowd:
        process.kill()
        process.join()
    os.sched_setaffinity(0, before)


def _alone():
    os.setsid()
    _spin()


#: A function that computes for so many seconds, whatever the wall's clock says.
COMPUTE = """
import time
def f(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until: pass
    return 'done'
def sleeping(seconds): time.sleep(seconds)
def crowd(seconds):
    import os
    for _ in range(6):
        if not os.fork():
            while True: pass
    while True: pass
"""


def ask(student, name, argument, seconds):
    wish = {"do": "call", "question": name, "may": "", "name": name, "args": [argument]}
    return student.ask(wish, seconds)


@pytest.fixture
def student():
    with Sandbox((), Limits(seconds=60, processes=16)) as box, box.submission() as student:
        cell = {"do": "cell", "cell": 1, "code": COMPUTE}
        assert student.ask(cell, 20)["error"] is None
        yield student


@needs_walls
def test_what_queues_for_a_processor_loses_no_time(crowded, student):
    """Half a second of work has room in 1.25, although the wall's clock shows more."""
    began = time.monotonic()
    assert ask(student, "f", 0.5, seconds=1.25)["answer"] == "done"
    assert time.monotonic() - began > 1.25, "the machine was not busy: this has shown nothing"


@needs_walls
@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("f", 1.0, STRETCH),  # computes for longer than it may
        ("sleeping", 1.0, 1.5),  # does not queue
        ("crowd", 1.0, STRETCH),  # queues behind its own processes
    ],
)
def test_an_end_comes_on_a_busy_machine_too(crowded, student, name, least, most):
    began = time.monotonic()
    with pytest.raises(Ended, match="it took too long"):
        ask(student, name, 100, seconds=1.0)
    assert least <= time.monotonic() - began < most + 1.0


@needs_walls
def test_a_crowd_of_ones_own_gains_nothing():
    """Where nobody else queues, all together have a little more than a process alone has.

    The end is looked for again when the longest queue is over: until then two processors may
    compute twice as much. Would they not count, it were four times the limit on each of them.
    """
    with Sandbox((), Limits(seconds=60, processes=16)) as box:
        with box.submission() as student:
            cell = {"do": "cell", "cell": 1, "code": COMPUTE}
            assert student.ask(cell, 20)["error"] is None
            with pytest.raises(Ended, match="it took too long"):
                ask(student, "crowd", 0, seconds=1.0)
        assert box.cpu < max(3.5, 1.5 * os.cpu_count())


@needs_walls
def test_all_of_a_notebooks_time_moves_too(crowded):
    with Sandbox((), Limits(seconds=1.25)) as box, box.submission() as student:
        began = time.monotonic()
        cell = {"do": "cell", "cell": 1, "code": COMPUTE + "\nf(0.5)"}
        assert student.ask(cell, 20)["error"] is None
        assert time.monotonic() - began > 1.25, "the machine was not busy: this has shown nothing"


@needs_walls
def test_what_was_queued_is_not_lost_to_what_is_asked_next(crowded):
    """Three times 0.4 seconds of work have room in three, one after the other."""
    with Sandbox((), Limits(seconds=3.0)) as box, box.submission() as student:
        assert student.ask({"do": "cell", "cell": 1, "code": COMPUTE}, 20)["error"] is None
        began = time.monotonic()
        for _ in range(3):
            assert ask(student, "f", 0.4, seconds=2.0)["answer"] == "done"
        assert time.monotonic() - began > 3.0, "the machine was not busy: this has shown nothing"


def test_this_system_counts_what_its_processes_queue():
    """Else the limits are the wall's here; the guide says so."""
    assert len(Path("/proc/self/schedstat").read_text().split()) == 3
