"""Grading a course: several processes, one result file a submission.

Each file is written whole or not at all. What is graded already, by this grader, with this seed and
from this very file, is not graded again: so a run that was stopped anywhere goes on where it was.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path

from .clock import STRETCH
from .course import CourseError
from .files import write_whole
from .grading import SCHEMA, Task, boxes_cpu, crashed, grade_one, prepared
from .submissions import named, submitted

__all__ = [
    "Changes",
    "Summary",
    "ahead",
    "grade",
    "read_result",
    "result_path",
    "tasks_of",
    "timed",
    "why",
]


#: Seconds beyond the longest that a notebook may have until a worker that says nothing is killed:
#: its sandboxes have to start, and to compare takes time too. Only a fault of the grader needs as
#: much.
PATIENCE = 180.0
#: Seconds to wait for the course's lock. What a grader was about to start when it was killed holds
#: the lock for a few milliseconds more, until it is another program.
LETTING_GO = 2.0


@dataclass
class Changes:
    """Of an assignment, what came out otherwise than before, from the same files.

    compared: how many results there were before. students: how many of them have other points.
    questions: id -> the differences in points, of those that differ.
    """

    compared: int = 0
    students: int = 0
    questions: dict = field(default_factory=dict)

    def add(self, old, new):
        """Compare two results of one student; those of two different files say nothing."""
        if old is None or old.get("file") != new["file"]:
            return
        before, after = ({q["id"]: q["points"] for q in r["questions"]} for r in (old, new))
        differ = {
            id: round(after.get(id, 0.0) - before.get(id, 0.0), 4)
            for id in (before | after)
            if after.get(id, 0.0) != before.get(id, 0.0)
        }
        self.compared += 1
        self.students += bool(differ)
        for id, points in differ.items():
            self.questions.setdefault(id, []).append(points)


@dataclass
class Summary:
    """What a run of `grade` did: submissions graded now, already graded, and where it stopped.

    changes: assignment -> `Changes`.
    """

    graded: int = 0
    kept: int = 0
    human: int = 0
    stopped: str = ""
    changes: dict = field(default_factory=dict)


def result_path(course, assignment, student):
    """Return where a result is."""
    return course.results / assignment / f"{student}.json"


def read_result(path):
    """Return a result, or None where there is none that can be read."""
    try:
        result = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and result.get("schema") == SCHEMA else None


def tasks_of(course, kit, seed, students=None, unsafe=False):
    """Yield (task, path of its result) for every submission to an assignment, one at a time."""
    for entry in submitted(course.submitted / kit.name):
        if students and entry.student not in students:
            continue
        data, notes = entry.data()
        name = named(entry.path.name) if entry.path else ""
        task = Task(kit, entry.student, name, data, seed, notes, course.limits, unsafe)
        yield task, result_path(course, kit.name, entry.student)


def why(task, known):
    """Return why a submission is to be graded, in a word or two; "" where it is graded already.

    known: its result, or None.
    """
    if known is None:
        return "new"
    if known.get("graded_with") == task.key:
        return ""
    if known.get("file", {}).get("sha256") != task.sha256:
        return "other file"
    before = known.get("graded_by", {})
    others = [name for name, digest in task.parts.items() if before.get(name) != digest]
    return f"other {' and '.join(others or ['file'])}"


def ahead(course, kit, seed, students=None, unsafe=False, again=False):
    """Return a `Counter` of why an assignment's submissions would be graded; "" for those kept."""
    tasks = tasks_of(course, kit, seed, students, unsafe)
    reasons = (why(task, read_result(path)) for task, path in tasks)
    return Counter(reason or ("asked for again" if again else "") for reason in reasons)


def grade(
    course,
    kits,
    *,
    seed,
    workers=1,
    students=None,
    unsafe=False,
    again=False,
    tick=None,
    hands=None,
):
    """Grade what is submitted to some assignments; return a `Summary`.

    kits: `Kit`s. again: also what is graded already. tick(result): is called after each. Ctrl-C
    and a full disk stop it between two files: what is written stays, the rest is graded next time.
    hands(pairs): who grades; it takes an iterator of (task, path), asks for the next when it has
    somebody to do it, and yields (path, *timed(task)) in any order. Default: `workers` processes
    of this machine.
    """
    summary = Summary()
    hands = hands or (lambda pairs: _with_crew(pairs, workers))

    def todo():
        for kit in kits:
            for task, path in tasks_of(course, kit, seed, students, unsafe):
                known = read_result(path)
                if not again and not why(task, known):
                    summary.kept += 1
                    summary.human += bool(known["human"])
                    if tick:
                        tick(known)
                else:
                    yield task, path

    for kit in kits:
        _prove(kit, seed)
    try:
        with _alone(course):
            _sweep(course, kits)
            for path, result, cost in hands(todo()):
                before = read_result(path)
                write_whole(
                    path, json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
                )
                _log(course, result, cost)
                changes = summary.changes.setdefault(result["assignment"], Changes())
                changes.add(before, result)
                summary.graded += 1
                summary.human += bool(result["human"])
                if tick:
                    tick(result)
    except KeyboardInterrupt:
        summary.stopped = "interrupted"
    except OSError as error:
        summary.stopped = f"{error.strerror or error}: {error.filename or course.results}"
    return summary


def _prove(kit, seed):
    """A reference that fails is the course's mistake: say so before anybody is graded."""
    try:
        prepared(kit, seed)
    except Exception as error:
        raise CourseError(
            f"{kit.name}: the checks do not run: {type(error).__name__}: {error}"
        ) from error


@contextlib.contextmanager
def _alone(course):
    """Two graders at once would do everything twice; the system takes the lock back at any end."""
    course.results.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + LETTING_GO
    with open(course.results / ".lock", "a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise CourseError("results: another grader is at work on this course") from None
                time.sleep(0.02)
        yield


def _sweep(course, kits):
    """Take away what a grader that was killed had begun to write."""
    for kit in kits:
        for begun in (course.results / kit.name).glob(".*.new"):
            begun.unlink()


def _log(course, result, cost):
    """Times are for the log: a result must not depend on them."""
    line = {"assignment": result["assignment"], "student": result["student"], **cost}
    with open(course.results / "log.jsonl", "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def _with_crew(todo, workers):
    """Yield (path, result, cost) of the tasks, as they get done, from several processes.

    A worker that dies costs its task only: it is graded once more, by a new worker, and after a
    second death the task's result says so. One that is far beyond its time is killed, once.
    """
    crew = [_Worker() for _ in range(max(1, workers))]
    try:
        waiting, idle, deaths = list(crew), [], {}
        for worker in waiting:
            if not worker.give(next(todo, None)):
                idle.append(worker)
        while len(idle) < len(crew):
            busy = {worker.pipe: worker for worker in crew if worker.task is not None}
            for worker in busy.values():
                if time.monotonic() > worker.until:
                    worker.process.kill()
                    deaths[worker.task[1]] = 1
            for pipe in wait(list(busy), 1.0):
                worker = busy[pipe]
                task, path = worker.task
                done = worker.take()
                if done is None:
                    deaths[path] = deaths.get(path, 0) + 1
                    worker.restart()
                    if deaths[path] < 2:
                        worker.give((task, path))
                        continue
                    done = crashed(task, "its process died or did not end"), {"seconds": 0.0}
                if not worker.give(next(todo, None)):
                    idle.append(worker)
                yield path, *done
    finally:
        for worker in crew:
            worker.stop()


class _Worker:
    """A process that grades what it is given."""

    def __init__(self):
        self.task = None
        self.restart()

    def restart(self):
        """Start the process, or a new one."""
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.task = None

    def give(self, pair):
        """Send a (task, path); False for None."""
        self.task = pair
        if pair is not None:
            self.until = time.monotonic() + STRETCH * pair[0].limits.seconds + PATIENCE
            with contextlib.suppress(OSError):  # it has died: `take` finds out
                self.pipe.send(pair[0])
        return pair is not None

    def take(self):
        """(result, cost); None where the process has died. What it raised is raised here."""
        try:
            done = self.pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(done, BaseException):
            raise done
        return done

    def stop(self):
        """End it: at once, it may be in the middle of something."""
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _serve(pipe):
    """What a worker does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the tasks
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        began, used = time.monotonic(), _cpu()
        try:
            done = (
                grade_one(task),
                {
                    "seconds": round(time.monotonic() - began, 3),
                    "cpu": round(_cpu() - used, 3),
                },
            )
        except (Exception, SystemExit) as error:
            done = error
        try:
            pipe.send(done)
        except OSError:
            return


def timed(task):
    """Return (result, what it cost) of a `Task`: seconds on the clock and of the processor."""
    began, used = time.monotonic(), _cpu()
    result = grade_one(task)
    seconds = round(time.monotonic() - began, 3)
    return result, {"seconds": seconds, "cpu": round(_cpu() - used, 3)}


def _cpu():
    """The processor seconds of this process and of the submissions it has run."""
    return time.process_time() + boxes_cpu()
