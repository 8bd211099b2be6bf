"""Grading on a Dask cluster: the same bytes, whatever happens to its workers.

The cluster is one of this machine: a scheduler in a thread of the test, two workers as processes
with a nanny each, as `dask worker` starts them.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from classroom import cluster, crew
from classroom.__main__ import main
from classroom.commands import NO_SANDBOX, OK, STOPPED, WRONG
from classroom.course import load_course
from classroom.files import write_whole
from classroom.grading import kit_of
from classroom.sandbox import SandboxError
from trial import CHECKS, make_course, solved, source

NEEDED = [pytest.mark.optional("distributed"), pytest.mark.optional("bubblewrap")]
SEED = "the seed of these tests"
WORK = {
    "s1": solved(),
    "s2": solved(q1="def slope(a): return -(1 - a**2)"),
    "s3": b"<html>",
    "s4": solved(q3="class Counter: pass"),
    "s5": solved(q1="import os\ndef slope(a): os._exit(1)"),
    "s6": solved(q1="import time\ndef slope(a):\n    time.sleep(0.3)\n    return 1 - a**2"),
}
#: Checks that end the process they are loaded in, where that is a worker's of Dask.
DEADLY = (
    "import os, sys\nif 'distributed.worker' in sys.modules and os.getpid() != {pid}: os._exit(9)"
)


@pytest.fixture
def local(started):
    """The cluster, with both of its workers: what the last test killed has come back."""
    started.wait_for_workers(2, timeout=60)
    return started


@pytest.fixture(scope="module")
def started():
    """The cluster of all tests."""
    import dask
    from distributed import LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 0,
        "distributed.worker.multiprocessing-method": "spawn",
    }
    with (
        dask.config.set(settings),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
    ):
        yield cluster


def course_in(root):
    """A course in which six students have handed in."""
    checks = make_course(root).with_suffix(".py")
    # Not a matter of seconds here: what is compared must not depend on how busy the machine is.
    checks.write_text(CHECKS.replace("seconds=1.0", "seconds=20.0"))
    (root / "course.seed").write_text(SEED)
    for student, data in WORK.items():
        write_whole(root / "submitted" / "01_trial" / f"{student}.ipynb", data)
    return load_course(root)


@pytest.fixture
def course(tmp_path):
    return course_in(tmp_path)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The results of one worker on this machine."""
    course = course_in(tmp_path_factory.mktemp("alone"))
    crew.grade(course, kits(course), seed=SEED)
    return results(course)


def kits(course):
    return [kit_of(path) for path in sorted(course.assignments.glob("*.ipynb"))]


def assert_same(course, alone):
    """The same results, byte for byte; first what can be read where they are not."""
    found = results(course)
    assert {name: told(data) for name, data in found.items()} == {
        name: told(data) for name, data in alone.items()
    }
    assert found == alone


def told(data):
    """The result without what is long: points, notes, and a line for each question."""
    result = json.loads(data)
    lines = [f"{q['id']} {q['status']} {q['message']}" for q in result["questions"]]
    return result["points"], result["notes"], result["human"], lines


def results(course, assignment="01_trial"):
    """name -> bytes of every result."""
    return {path.name: path.read_bytes() for path in (course.results / assignment).glob("[!.]*")}


pytestmark = NEEDED


def graded(course, local, **more):
    """The `Summary` and what was said, of grading on the cluster."""
    said = []
    with cluster.connected(local.scheduler_address, said.append) as hands:
        return crew.grade(course, kits(course), seed=SEED, hands=hands, **more), said


def processes(local):
    """The processes of the workers that are there now."""
    return [psutil.Process(nanny.pid) for nanny in local.workers.values() if nanny.pid]


def test_a_cluster_gives_the_same_bytes_and_keeps_nothing(course, alone, local):
    there = []
    summary, said = graded(course, local, tick=lambda _: there.append(len(local.scheduler.tasks)))
    assert (summary.graded, summary.kept, summary.stopped) == (6, 0, "")
    assert there[-1] <= 2  # the last took longest: of the others nothing is left by then
    assert said == [f"{local.scheduler_address}: workers: 2, threads: 2."]
    assert_same(course, alone)
    assert local.scheduler.tasks == {}
    log = (course.results / "log.jsonl").read_text().splitlines()
    assert {json.loads(line)["student"] for line in log} == set(WORK)
    kept = [f for f in Path(local.scheduler.local_directory).rglob("*") if f.is_file()]
    assert not any(b"slope" in file.read_bytes() for file in kept)
    assert graded(course, local)[0].kept == 6


def test_a_killed_worker_costs_nobody_anything(course, alone, local):
    killed = []

    def kill(result):
        if not killed:
            killed.append(processes(local)[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    summary, _ = graded(course, local, tick=kill)
    assert (summary.graded, summary.stopped, len(killed)) == (6, "", 1)
    assert_same(course, alone)
    assert not psutil.pid_exists(killed[0])


def test_a_submission_that_kills_workers_is_told_and_its_neighbours_are_graded(
    course, alone, local
):
    deadly = DEADLY.format(pid=os.getpid()) + CHECKS.replace("01_trial", "02_deadly")
    (course.assignments / "02_deadly.py").write_text(deadly)
    (course.assignments / "02_deadly.ipynb").write_text(source())
    write_whole(course.submitted / "02_deadly" / "s1.ipynb", WORK["s1"])
    summary, _ = graded(course, local)
    assert (summary.graded, summary.stopped) == (7, "")
    assert_same(course, alone)
    row = json.loads(results(course, "02_deadly")["s1.json"])
    assert (row["status"], row["points"]) == ("crashed", 0.0)
    assert row["human"] == ["The grader itself failed at this submission: its process died"]


def test_a_worker_with_other_versions_grades_nothing(course, local, monkeypatch):
    mine = {**cluster.versions(), "numpy": "1.0", "torch": None}
    monkeypatch.setattr(cluster, "versions", lambda: mine)
    with pytest.raises(cluster.ClusterError) as raised:
        graded(course, local)
    said = str(raised.value)
    assert re.search(r"^the worker on \S+ would grade otherwise: numpy is [\d.]+, not 1\.0", said)
    assert said.endswith("Install there what is here.")
    assert results(course) == {}


def test_without_workers_it_waits_and_says_so(course, alone):
    from distributed import LocalCluster

    said = []

    def say(sentence):
        said.append(sentence.partition(": ")[2])
        if "no worker" in sentence:
            later.scale(1)

    with (
        LocalCluster(n_workers=0, threads_per_worker=1, dashboard_address=":0") as later,
        cluster.connected(later.scheduler_address, say) as hands,
    ):
        summary = crew.grade(course, kits(course), seed=SEED, hands=hands)
    assert summary.graded == 6
    assert said == ["no worker there, waiting for one. Ctrl-C stops.", "workers now: 1."]
    assert_same(course, alone)


def test_a_scheduler_that_goes_stops_it_and_the_rest_is_for_later(course, alone, local):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as brief:
        address = brief.scheduler_address
        with cluster.connected(address) as hands:
            summary = crew.grade(
                course, kits(course), seed=SEED, hands=hands, tick=lambda _: brief.close()
            )
    assert summary.stopped == f"The scheduler is gone: {address}"
    before = summary.graded
    assert 0 < before == len(results(course)) < 6
    summary, _ = graded(course, local)
    assert (summary.kept, summary.graded) == (before, 6 - before)
    assert_same(course, alone)


def test_a_worker_without_a_sandbox_is_named(course, local, monkeypatch):
    def elsewhere(work):
        return "sandbox", "on node7: The program bwrap is not there"

    monkeypatch.setattr(cluster, "_grade_there", elsewhere)
    with pytest.raises(SandboxError, match=r"^on node7: The program bwrap is not there$"):
        graded(course, local)


def test_there_a_missing_sandbox_is_not_the_students_fault(course, monkeypatch):
    monkeypatch.setattr(cluster, "_no_sandbox", lambda: "The program bwrap is not there")
    task = next(crew.tasks_of(course, kits(course)[0], SEED))[0]
    work = cluster._Work(cluster.versions(), cluster.pickle.dumps(task))
    why, sentence = cluster._grade_there(work)
    assert why == "sandbox" and sentence.endswith(": The program bwrap is not there")


def test_what_travels_shows_nothing_in_logs_and_dashboards(course):
    task = next(crew.tasks_of(course, kits(course)[0], SEED))[0]
    assert repr(cluster._Work({}, cluster.pickle.dumps(task))) == "<a submission>"


# ---------------------------------------------------------------------------- the command


def command(course, address, *more):
    where = ["-C", str(course.root), "grade", "--scheduler", address]
    return [sys.executable, "-m", "classroom", *where, *more]


def test_the_command_grades_on_the_cluster(course, alone, local, capsys):
    where = ["-C", str(course.root), "grade", "--scheduler", local.scheduler_address]
    assert main(where) == OK
    said = capsys.readouterr()
    assert said.out.startswith("6 graded now, 0 as they were.\n2 need a look:\n")
    assert f"{local.scheduler_address}: workers: 2, threads: 2." in said.err
    assert_same(course, alone)


def test_ctrl_c_stops_it_and_the_same_command_goes_on(course, alone, local):
    running = subprocess.Popen(
        command(course, local.scheduler_address), stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 90
    while not results(course):
        assert running.poll() is None
        assert time.monotonic() < until
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == STOPPED, said
    assert "interrupted. The same command goes on." in said
    assert "Traceback" not in said
    before = results(course)
    assert 0 < len(before) < 6
    summary, _ = graded(course, local)
    assert (summary.kept, summary.graded) == (len(before), 6 - len(before))
    assert_same(course, alone)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:9"], "--scheduler: expected the address of a Dask"),
        (["--scheduler", "nonsense://x"], "--scheduler: expected the address of a Dask"),
        (["--scheduler", "none.json"], "--scheduler: expected a scheduler's file, there is no"),
        (["--scheduler", "x:1", "--workers", "2"], "--workers: with --scheduler it is the"),
    ],
)
def test_what_is_wrong_with_the_address_is_said(course, capsys, monkeypatch, more, message):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    assert main(["-C", str(course.root), "grade", *more]) == WRONG
    assert capsys.readouterr().err.startswith(f"classroom: {message}")


def test_without_dask_it_says_what_brings_it(course, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    assert main(["-C", str(course.root), "grade", "--scheduler", "x:1"]) == WRONG
    assert "needs Dask: pip install -r requirements-dask.txt" in capsys.readouterr().err


def test_a_machine_without_a_sandbox_may_hand_out_the_work(course, capsys, monkeypatch):
    monkeypatch.setattr("classroom.sandbox.why_not", lambda: "There is no sandbox here.")
    assert main(["-C", str(course.root), "grade"]) == NO_SANDBOX
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    assert main(["-C", str(course.root), "grade", "--scheduler", "x:1"]) == WRONG
