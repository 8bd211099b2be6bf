"""Where students' code runs: a process that can do nothing but compute, and be killed.

    with Sandbox(("numpy",)) as box, box.submission() as student:
        student.ask({"do": "cell", "cell": 1, "code": "def f(x): return 2 * x"}, 10)

A `Sandbox` is one `bwrap` (bubblewrap) with Python and the packages of one profile. In it, `inside`
loads them once and forks a child for every submission, in namespaces of its own.

What a submission cannot do
---------------------------
* See files: mounted are the interpreter, the standard library, system libraries and the packages
  that the questions may use, all read-only. There is no course folder, home, seed, other student,
  result, password file, /proc or /sys, and no environment but a fixed one.
* Write files, but into a /tmp of its own, of limited size, which is gone when it ends.
* Reach a network, or processes outside; signal or look into the process that forked it.
* Leave something running: when it ends, the kernel kills its whole process namespace.
* Take more than its limits of time (wall and processor), memory, processes, files and output.
* Speak with the grader but through its own channel, on which nothing is believed.

What is not protected
---------------------
* A hole in the kernel: namespaces, seccomp and bubblewrap are the walls. Who fears such submissions
  grades in a virtual machine.
* Side channels, such as timing, and the machine's speed while several submissions run.
* The answer itself: the code may return what it likes. Therefore numbers are compared outside, on
  inputs it could not know, and its calls cost their time at most.
* With `unsafe=True` nothing but the limits, where the system knows them: no walls at all.
"""

import contextlib
import json
import os
import platform
import select
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from .clock import Clock, Usage
from .packages import ALWAYS, HIDDEN, parts

__all__ = ["Ended", "Limits", "Sandbox", "SandboxError", "Submission", "why_not"]

HERE = Path(__file__).parent
#: Seconds between two looks at the memory of a submission.
LOOK = 0.2
NOBODY = 65534
#: The only environment there is inside. One thread: several would race for the same processors.
ENVIRONMENT = {
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "LOGNAME": "student",
    "MPLBACKEND": "Agg",
    "MPLCONFIGDIR": "/tmp",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PATH": "/nowhere",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TORCHINDUCTOR_CACHE_DIR": "/tmp",
    "TZ": "UTC",
    "USER": "student",
}
LIBRARIES = ["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
INSTALL = (
    "install bubblewrap (Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)"
)


class SandboxError(Exception):
    """The sandbox itself does not work; no submission is to blame."""


class Ended(Exception):
    """A submission's process is no more. why: "timeout", "memory", "crash" or "forged"."""

    def __init__(self, why, text):
        super().__init__(text)
        self.why = why


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    seconds: all in all, see `clock`. cell: seconds a statement of a cell. memory, files, answer:
    bytes of memory beyond the loaded packages, of written files, of one answer. processes: and
    threads.
    """

    seconds: float = 60.0
    cell: float = 10.0
    memory: int = 1_000_000_000
    files: int = 32_000_000
    answer: int = 4_000_000
    processes: int = 32

    def __post_init__(self):
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ValueError(f"limits: {name}: expected a number above 0, came {value!r}")


def why_not():
    """Return None where the sandbox works, else a sentence why it does not and what helps."""
    if sys.platform != "linux":
        return f"bubblewrap needs Linux, this is {platform.system()}. A virtual machine or a " + (
            "container with Linux can grade."
        )
    if shutil.which("bwrap") is None:
        return f"The program bwrap is not there: {INSTALL}."
    try:
        with Sandbox((), Limits()) as box, box.submission() as student:
            student.ask({"do": "names", "names": []}, 10)
    except (SandboxError, Ended) as error:
        return (
            f"bwrap is there, but the sandbox does not start: {error}. Often user namespaces are "
            "switched off: see `sysctl user.max_user_namespaces kernel.unprivileged_userns_clone "
            "kernel.apparmor_restrict_unprivileged_userns`."
        )
    return None


class Sandbox:
    """The processes of one profile: start with `with`, or it starts when it is first needed.

    packages: the import names that submissions may use; a submission in a sandbox without torch
    finds no torch on any path. limits: a `Limits`. unsafe: True runs without any walls. reference:
    True for the walls of an `oracle`, which know this package and never see a student's code.
    """

    def __init__(self, packages, limits=None, unsafe=False, reference=False):
        self.packages, self.limits = tuple(packages), limits or Limits()
        self.unsafe, self.reference = unsafe, reference
        self.cpu, self.loaded = 0.0, 0
        self._process = self._control = self._folder = self._errors = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.close()

    def start(self):
        """Start it, if it is not running; returns when the packages are loaded."""
        if self._process is not None and self._process.poll() is None:
            return
        self.close()
        self._control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115, closed in `close`
        with other:
            self._process = subprocess.Popen(
                self._command(other.fileno()),
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        self._told(120)
        # Measured before any student's code: what it takes in its first moments counts too.
        self.loaded = self.memory()

    def close(self):
        """End it, with everything that runs inside."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._errors is not None:
            self._errors.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._process = self._control = self._folder = self._errors = None

    def submission(self, clock=None):
        """Return a new `Submission`: a fork of the loaded packages, alone in its namespaces.

        clock: the `clock.Clock` by which it has to be over (default: the limit from now).
        """
        self.start()
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with other:
            try:
                socket.send_fds(
                    self._control, [json.dumps(asdict(self.limits)).encode()], [other.fileno()]
                )
            except OSError as error:
                mine.close()
                raise SandboxError(f"it has ended: {error}") from None
        try:
            told = self._told(30)
        except SandboxError:
            mine.close()
            raise
        if not told.get("started"):
            mine.close()
            self._control.sendall(b"{}")
            self._told(30)
            raise SandboxError(told.get("trouble", "no reason given"))
        return Submission(self, mine, clock or Clock(self.limits.seconds))

    def ended(self):
        """End the submission that is running and wait until nothing of it is left."""
        try:
            self._control.sendall(b"{}")
            self.cpu += self._told(60)["cpu"]
        except (OSError, SandboxError):
            self.close()  # with it dies whatever is left; the next submission starts a new one

    def _told(self, seconds):
        """What the process inside says; SandboxError where it does not."""
        ready, _, _ = select.select([self._control], [], [], seconds)
        said = self._control.recv(65536) if ready else b""
        if not said:
            self._errors.seek(0)
            wrong = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            self.close()
            raise SandboxError(" / ".join(wrong[-2:]) or "it does not answer")
        return json.loads(said)

    def pids(self):
        """Return the ids of all its processes."""
        found, unseen = [], [self._process.pid]
        while unseen:
            found.append(unseen.pop())
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{found[-1]}/task").iterdir():
                    unseen += [int(p) for p in (task / "children").read_text().split()]
        return found

    def memory(self):
        """Return the bytes of memory of all its processes; shared pages count once."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                kilobytes = [int(r.split()[1]) for r in rollup.splitlines() if r[:4] == "Pss:"]
                total += 1024 * sum(kilobytes)
        return total

    # ---- how it is started

    def _command(self, control):
        mounted = parts((*self.packages, *ALWAYS))
        own = ["classroom.reference", "classroom.questions"] if self.reference else []
        if self.reference:
            mounted["classroom"] = HERE
        program = [os.path.realpath(sys.executable), "-I", "-S"]
        stdlib = _stdlib()
        setup = {
            "control": control,
            "isolated": not self.unsafe,
            "load": [*self.packages, *own],
            "site": "/site",
            "stdlib": stdlib,
            "tmp": "/tmp",
            "uid": NOBODY if os.getuid() == 0 and not self.unsafe else None,
        }
        if self.unsafe:
            return [*program, *self._unwalled(mounted, setup)]
        walls = [shutil.which("bwrap") or "bwrap", *_walls(), *_host(stdlib), *_mounts(mounted)]
        return [*walls, "--", *program, "/grader/inside.py", json.dumps(setup)]

    def _unwalled(self, mounted, setup):
        """Without walls: a folder with links to the packages stands for the mounted one."""
        self._folder = tempfile.TemporaryDirectory(prefix="classroom-")
        for name, path in mounted.items():
            os.symlink(path, Path(self._folder.name, name))
        setup |= {"site": self._folder.name, "tmp": self._folder.name}
        return [str(HERE / "inside.py"), json.dumps(setup)]


def _stdlib():
    """The standard library's folders; the second is its compiled part."""
    pure = sysconfig.get_path("stdlib")
    compiled = [os.path.join(pure, "lib-dynload"), sysconfig.get_config_var("DESTSHARED") or ""]
    return [pure, *dict.fromkeys(path for path in compiled if os.path.isdir(path))]


def _walls():
    """Namespaces. As root it starts as root, to be able to see the interpreter, then is nobody."""
    walls = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    walls += ["--unshare-cgroup-try", "--die-with-parent", "--new-session"]
    walls += ["--hostname", "classroom", "--cap-drop", "ALL"]
    if os.getuid() == 0:
        return [*walls, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-user", *walls]


def _host(stdlib):
    """The system's libraries and the interpreter, without any site-packages."""
    own = [os.path.join(sys.base_prefix, "lib"), sysconfig.get_config_var("LIBDIR") or ""]
    folders = [*LIBRARIES, *own, *stdlib]
    folders = list(dict.fromkeys(f for f in folders if f and os.path.isdir(f)))
    program = os.path.realpath(sys.executable)
    mounts = _above([*folders, program, "/dev/null", "/etc/alternatives", "/grader/x", "/site/x"])
    for folder in folders:
        mounts += ["--ro-bind", folder, folder]
    for hidden in sorted({str(h) for folder in folders for h in _site_packages(folder)}):
        mounts += ["--tmpfs", hidden]
    mounts += ["--ro-bind", program, program]
    for path in ("/etc/ld.so.cache", "/etc/alternatives"):
        mounts += ["--ro-bind-try", path, path]
    for device in ("null", "zero", "random", "urandom"):
        mounts += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    return [*mounts, "--proc", "/proc", "--perms", "0777", "--tmpfs", "/tmp"]


def _above(paths):
    """The folders that lead to the paths, open to nobody too; bwrap would make them for root."""
    above = {str(parent) for path in paths for parent in Path(path).parents} - {"/"}
    return [part for path in sorted(above) for part in ("--perms", "0755", "--dir", path)]


def _site_packages(folder):
    """Folders of installed packages below a library folder."""
    for pattern in ("*-packages", "*/*-packages", "*/*/*-packages"):
        for found in Path(folder).glob(pattern):
            if found.name in ("site-packages", "dist-packages") and not found.is_symlink():
                yield found


def _mounts(mounted):
    mounts = []
    for name, path in mounted.items():
        mounts += ["--ro-bind", str(path), f"/site/{name}"]
        for hidden in HIDDEN.get(name, ()):
            mounts += ["--tmpfs", f"/site/{name}/{hidden}"]
    for name in ("inside.py", "values.py"):
        mounts += ["--ro-bind", str(HERE / name), f"/grader/{name}"]
    return [*mounts, "--remount-ro", "/"]


class Submission:
    """One submission's process; end it with `close` or `with`."""

    def __init__(self, box, channel, clock):
        self._box, self._channel, self._read, self._all = box, channel, b"", clock
        self._limit, self._looked = 2 * box.limits.answer + 100_000, time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Kill it and all it has started."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
            self._box.ended()

    def ask(self, wish, seconds, oracle=None):
        """Send a wish of `inside.Student` and return its reply, a dict of nobody knows what.

        oracle: an `oracle.Oracle`, which answers what is asked back before the reply; the time it
        takes for that counts among all of the submission's time alone. Raises `Ended` where it
        takes longer than `seconds`, or longer than all of the submission's time (see `clock`),
        takes too much memory, ends, or says what is no reply.
        """
        self._own, self._seconds, self._usage, self._granted = Clock(seconds), seconds, None, 0.0
        self._send(wish)
        reply, size = self._reply()
        while oracle is not None and "asks" in reply:
            began = time.monotonic()
            told = oracle.answer(reply, size)
            self._own.grant(time.monotonic() - began)
            self._send(told)
            reply, size = self._reply()
        self._queued()  # and who asks next has the time that it had to queue
        return reply

    def _send(self, message):
        data = json.dumps(message).encode() + b"\n"
        self._channel.setblocking(False)
        while data:
            self._wait(reading=False)
            try:
                data = data[self._channel.send(data) :]
            except BlockingIOError:
                continue
            except OSError:
                raise Ended("crash", "its process has ended") from None

    def _reply(self):
        """(what the process says, its bytes)."""
        chunks, size = [self._read], len(self._read)
        while b"\n" not in chunks[-1]:
            self._wait()
            try:
                chunk = self._channel.recv(1 << 20)
            except BlockingIOError:
                continue
            except OSError:
                chunk = b""
            size += len(chunk)
            if not chunk:
                raise Ended("crash", "its process has ended")
            if size > self._limit:
                raise Ended("forged", "the answer is too long")
            chunks.append(chunk)
        line, _, self._read = b"".join(chunks).partition(b"\n")
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise Ended("forged", "the answer is no message")
        return reply, len(line)

    def _wait(self, reading=True):
        """Wait for the channel; look at the clocks always, at the memory now and then.

        Also while it speaks: else who sends a letter now and then would never be looked at.
        """
        fds = ([self._channel], []) if reading else ([], [self._channel])
        while True:
            left = min(self._own.left(), self._all.left())
            if left <= 0 and not self._queued():
                over = self._all.left() <= 0
                raise Ended("timeout", "all of its time is over" if over else "it took too long")
            ready = select.select(*fds, [], min(max(left, 0.0), LOOK))
            if time.monotonic() - self._looked >= LOOK:
                self._usage = self._usage or Usage(self._box.pids)
                self._watch_memory()
                self._looked = time.monotonic()
            if ready[0] or ready[1]:
                return

    def _queued(self):
        """True where its time is not over, since it had to queue for a processor."""
        computed, queued = self._usage.since() if self._usage else (0.0, 0.0)
        if computed >= self._seconds or queued - self._granted < 1e-3:
            return False
        for clock in (self._own, self._all):
            clock.grant(queued - self._granted)
        self._granted = queued
        return self._own.left() > 0 and self._all.left() > 0

    def _watch_memory(self):
        if self._box.memory() - self._box.loaded > 1.5 * self._box.limits.memory:
            raise Ended("memory", "it took too much memory")
