"""Grading on several machines: the submissions go to the workers of a Dask cluster.

    with connected("tcp://10.0.0.1:8786") as hands:
        grade(course, kits, seed=course.seed(), hands=hands)

The machine that gives the command reads the submissions and writes the results; a worker gets a
submission with what is needed to grade it, the secret seed too, and keeps nothing of it. So workers
are machines you trust; the students' code runs there in the same sandbox as here. A worker that
would grade otherwise, with another version of the grader or of a library, grades nothing.
"""

import contextlib
import errno
import hashlib
import pickle
import platform
import queue
import sys
import time
import warnings
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from .course import CourseError
from .crew import timed
from .grading import DECIDING as CODE
from .grading import crashed
from .packages import PackageError
from .sandbox import SandboxError, why_not

__all__ = ["ClusterError", "connected", "versions"]

#: Beside the code itself: distributions whose version decides what is right, to the last digit.
LIBRARIES = ("numpy", "torch", "matplotlib")
#: So many submissions are on their way at least, and two for each thread there is: enough for
#: nobody to wait and for an adaptive cluster to grow, little in the scheduler's memory.
ON_THE_WAY = 32
#: Seconds to wait for the scheduler to answer.
PATIENCE = 15
#: Seconds between two looks at how many workers there are.
LOOK = 2.0


class ClusterError(CourseError):
    """The cluster cannot be reached, or would not grade as this machine does."""


@contextlib.contextmanager
def connected(address, say=None):
    """Yield the `hands` of `crew.grade` for a Dask scheduler.

    address: such as tcp://host:8786 or tls://host:8786, or the scheduler's file (.json). Keys and
    certificates are those of Dask's own configuration. say(sentence) is told who is there. Raises
    `ClusterError` where Dask is not installed here or nobody answers.
    """
    if find_spec("distributed") is None:
        raise ClusterError("--scheduler needs Dask: pip install -r requirements-dask.txt")
    from distributed import Client

    where = {"address": address}
    if str(address).endswith(".json"):
        if not Path(address).is_file():  # Dask would wait for it, for ever
            raise ClusterError(f"--scheduler: expected a scheduler's file, there is no {address}")
        where = {"scheduler_file": address}
    try:
        client = Client(**where, set_as_default=False, timeout=PATIENCE, name="classroom")
    except (OSError, ValueError, TypeError) as error:
        text = f"--scheduler: expected the address of a Dask scheduler, at {address} none answers"
        raise ClusterError(f"{text}: {error}") from None
    with client:
        yield _Hands(client, say or (lambda sentence: None))


# ---------------------------------------------------------------------------- here


class _Hands:
    """Grades (task, path) pairs on a cluster, for `crew.grade`."""

    def __init__(self, client, say):
        self.client, self.say = client, say
        self.address = client.scheduler.address
        self.versions = versions()
        self.threads, self.looked = None, 0.0
        self.going, self.done = {}, queue.SimpleQueue()

    def __call__(self, pairs):
        """Yield (path, result, cost) as they get done.

        A worker that dies costs nothing but the time: Dask gives its submissions to others. One
        that is there at several deaths (`distributed.scheduler.allowed-failures`) is tried once
        more when all others are done, alone, so that nobody pays for a neighbour. If it takes a
        worker with it again, its result says so.
        """
        deadly = []
        try:
            for pair, future in self._each(pairs, lambda: max(ON_THE_WAY, 2 * self._threads())):
                if _killed(future):
                    deadly.append(pair)
                else:
                    yield pair[1], *self._result(future)
            for pair, future in self._each(iter(deadly), lambda: 1):
                if _killed(future):
                    yield pair[1], crashed(pair[0], "its process died"), {"seconds": 0.0}
                else:
                    yield pair[1], *self._result(future)
        finally:
            self._cancel()

    def _each(self, pairs, most):
        """Yield (pair, finished future), with at most `most()` on the way at a time."""
        pair = next(pairs, None)
        while pair is not None or self.going:
            while pair is not None and len(self.going) < most():
                self._send(pair)
                pair = next(pairs, None)
            with contextlib.suppress(queue.Empty):
                future = self.done.get(timeout=LOOK)
                sent = self.going.pop(future.key)[1]
                yield sent, future
                future.release()
            self._threads()

    def _send(self, pair):
        work = _Work(self.versions, pickle.dumps(pair[0]))
        with warnings.catch_warnings():
            # A notebook with many pictures is large, and has to go there all the same.
            warnings.filterwarnings("ignore", message="Sending large graph")
            future = self.client.submit(_grade_there, work, pure=False)
        self.going[future.key] = future, pair
        future.add_done_callback(self.done.put)

    def _result(self, future):
        """(result, cost) of a finished future; what a worker refused is raised here."""
        if future.status in ("cancelled", "lost"):
            raise self._gone()
        error = future.exception()
        if isinstance(error, ModuleNotFoundError) and error.name in ("classroom", "backprop"):
            raise ClusterError(f"{self.address}: the workers need the book's packages: {error}")
        said, *rest = future.result()
        if said == "graded":
            return rest
        kinds = {"sandbox": SandboxError, "package": PackageError, "versions": ClusterError}
        raise kinds[said](*rest)

    def _threads(self):
        """How many threads there are to grade; looked up now and then, they come and go."""
        if self.threads is not None and time.monotonic() - self.looked < LOOK:
            return self.threads
        try:
            workers = self.client.nthreads()
        except OSError:
            raise self._gone() from None
        before, self.threads, self.looked = self.threads, sum(workers.values()), time.monotonic()
        if before is None and workers:
            self.say(f"{self.address}: workers: {len(workers)}, threads: {self.threads}.")
        elif self.threads == 0 and before != 0:
            self.say(f"{self.address}: no worker there, waiting for one. Ctrl-C stops.")
        elif before == 0 and workers:
            self.say(f"{self.address}: workers now: {len(workers)}.")
        return self.threads

    def _gone(self):
        """As with a full disk: what is written stays, and the same command goes on."""
        return OSError(errno.ECONNABORTED, "The scheduler is gone", self.address)

    def _cancel(self):
        """What is on its way is not waited for."""
        futures = [future for future, _ in self.going.values()]
        self.going = {}
        if futures:
            with contextlib.suppress(OSError):  # nobody is there any more to be told
                self.client.cancel(futures, force=True)


def _killed(future):
    from distributed import KilledWorker

    return future.status == "error" and isinstance(future.exception(), KilledWorker)


class _Work:
    """A task on its way. Dask shows and logs arguments: of this one there is nothing to see."""

    def __init__(self, versions, data):
        self.versions, self.data = versions, data

    def __repr__(self):
        return "<a submission>"


# ---------------------------------------------------------------------------- there


def _grade_there(work):
    """("graded", result, cost) of a `_Work`; (why, sentence) where this worker may not grade."""
    differing = _differences(versions(), work.versions)
    if differing:
        sentence = f"the worker on {platform.node()} would grade otherwise: {differing}"
        return "versions", f"{sentence}. Install there what is here."
    task = pickle.loads(work.data)
    reason = None if task.unsafe else _no_sandbox()
    if reason:
        return "sandbox", f"on {platform.node()}: {reason}"
    try:
        return "graded", *timed(task)
    except SandboxError as error:
        return "sandbox", f"on {platform.node()}: {error}"
    except PackageError as error:
        return "package", f"on {platform.node()}: {error}"


@lru_cache(maxsize=1)
def _no_sandbox():
    return why_not()


@lru_cache(maxsize=1)
def versions():
    """Return name -> version of all that a result depends on, for this process."""
    found = {"Python": ".".join(map(str, sys.version_info[:2])), "this package": _code()}
    for name in LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name).partition("+")[0]  # +cpu, +cu126: a build
    return found


def _code():
    """A hash of the grader, and of the package that references and mistakes are written with."""
    grader = [Path(__file__).with_name(f"{name}.py") for name in (*CODE, "classics")]
    package = Path(find_spec("backprop").origin).parent
    files = [*grader, *sorted(package.rglob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _differences(there, here):
    names = [name for name in {**here, **there} if here.get(name) != there.get(name)]
    said = (
        f"{name} is {there.get(name, 'absent')}, not {here.get(name, 'absent')}" for name in names
    )
    return ", ".join(said)
