"""What runs inside the sandbox: a process that has NumPy loaded and forks one child a submission.

The grader starts this file with the packages of one profile mounted and nothing else of its own
(see `sandbox`). It holds no secret. `main` loads the packages, then forks for each submission:

* a *keeper*, which enters new user, process, mount and IPC namespaces, and starts
* the *child*, process 1 of the new namespace, which puts an empty folder over /tmp and another over
  /proc, sets its limits, gives up every capability and installs a filter of system calls. Only then
  it reads the student's cells from its channel.

When the grader is done, or tired of waiting, the keeper kills process 1, and the kernel kills with
it whatever the submission has started. The keeper ends when all of them are gone.

Nothing that the child says is believed: it may be the student's code that speaks. It can only give
wrong answers about its own submission.
"""

import array
import ast
import asyncio
import builtins
import contextlib
import ctypes
import gc
import importlib
import inspect
import json
import linecache
import os
import platform
import random
import resource
import socket
import struct
import sys
import traceback
import types

CLONE = {"ipc": 0x08000000, "mount": 0x00020000, "process": 0x20000000, "user": 0x10000000}
#: The system calls that nobody needs to solve an exercise, by machine: its number in seccomp, those
#: refused, and the two that are looked at. In the order of x86_64: shmget, semget, msgget, ptrace,
#: pivot_root, chroot, mount, umount2, init_module, mq_open, kexec_load, add_key, request_key,
#: keyctl, unshare, perf_event_open, open_by_handle_at, setns, process_vm_readv and _writev, kcmp,
#: finit_module, memfd_create, bpf, userfaultfd, io_uring_setup, and the new ways to mount.
NEW_ONES = "425 428 429 430 438 442"
DENIED = {
    "x86_64": (
        0xC000003E,
        "29 64 68 101 155 161 165 166 175 240 246 248 249 250 272 298 304 308 310 311 312 313 319 "
        "321 323 " + NEW_ONES,
        {"clone": 56, "socket": 41},
    ),
    "aarch64": (
        0xC00000B7,
        "39 40 41 51 97 104 105 117 180 186 190 194 217 218 219 241 265 268 270 271 272 273 279 "
        "280 282 " + NEW_ONES,
        {"clone": 220, "socket": 198},
    ),
}
CLONE3 = 435
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97


# ------------------------------------------------------------------------ the zygote


def main():
    """Load the packages, then serve: one submission at a time, until the grader is gone."""
    setup = json.loads(sys.argv[1])
    control = socket.socket(fileno=setup["control"])
    _drop_root(setup)
    global values  # the file beside this one, which looks for NumPy when it is imported
    sys.path[:] = [os.path.dirname(os.path.abspath(__file__)), *setup["stdlib"], setup["site"]]
    values = importlib.import_module("values")
    del sys.path[0]
    loaded = _load(setup["load"])
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    gc.collect()
    gc.freeze()  # the children's collector leaves what is shared alone
    control.sendall(json.dumps({"ready": True, "loaded": loaded}).encode())
    while True:
        message, fds = _receive(control)
        if not message:
            return
        control.sendall(json.dumps(_submission(control, fds[0], message, setup, libc)).encode())


def _drop_root(setup):
    """Become nobody, where the grader runs as root."""
    if setup["uid"] is not None:
        os.setgroups([])
        os.setresgid(setup["uid"], setup["uid"], setup["uid"])
        os.setresuid(setup["uid"], setup["uid"], setup["uid"])
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # its own /proc/self is its own again


#: Loaded with a package, or always: what notebooks use and what would else be loaded every time.
WITH = {
    "": ["collections", "copy", "dataclasses", "functools", "itertools", "math", "time", "typing"],
    "numpy": ["numpy.random", "numpy.linalg", "numpy.testing"],
    "torch": ["torch.nn", "torch.nn.functional", "torch.optim"],
}


def _load(names):
    """Import what the submissions will need, so that it is there after every fork."""
    for name in ["", *names]:
        for module in [name, *WITH.get(name, [])]:
            if module:
                importlib.import_module(module)
    if "matplotlib" in sys.modules:
        import matplotlib
        import matplotlib.pyplot as plt

        _draw_once(plt)
        # A notebook may ask for windows; there are none, and that is no reason to fail.
        matplotlib.use = plt.switch_backend = lambda *args, **kwargs: None
        # Nobody sees what is saved, and the folder may be one that is there at home only.
        matplotlib.figure.Figure.savefig = lambda *args, **kwargs: None
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    _bars_without_widgets()
    return sorted(names)


def _draw_once(plt):
    """What every first picture of a process has to look up: fonts, scales, legends, markers."""
    _, axes = plt.subplots(2)
    for ax, scale in zip(axes, ("linear", "log"), strict=True):
        ax.plot([1, 2], [1, 2], "o-", label="line")
        ax.scatter([1, 2], [1, 2])
        ax.set(yscale=scale, xlabel="x", ylabel="y", title="title")
        ax.legend()
    axes[0].contour([[0, 1], [1, 2]])
    axes[0].figure.canvas.draw()
    plt.close("all")


def _bars_without_widgets():
    """Progress bars that a notebook shows as widgets are plain ones here: there are no widgets."""
    import tqdm

    own = sys.modules["tqdm.notebook"] = tqdm.notebook = types.ModuleType("tqdm.notebook")
    own.tqdm = own.tqdm_notebook = tqdm.tqdm
    own.trange = own.tnrange = tqdm.trange


def _receive(control):
    """One message and the file descriptors that came with it."""
    room = array.array("i")
    data, ancillary, _, _ = control.recvmsg(65536, socket.CMSG_LEN(room.itemsize))
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            room.frombytes(content[: len(content) - len(content) % room.itemsize])
    return (json.loads(data) if data else None), list(room)


def _submission(control, channel, limits, setup, libc):
    """Fork the keeper of one submission, wait until the grader ends it; say what it cost."""
    watched, hold = os.pipe()
    told, tell = os.pipe()
    keeper = os.fork()
    if not keeper:
        control.close()
        os.close(hold)
        os.close(told)
        _keep(channel, watched, tell, limits, setup, libc)
    os.close(channel)
    os.close(watched)
    os.close(tell)
    with os.fdopen(told, "rb") as pipe:
        trouble = pipe.read().decode()  # the child closes it when it stands
    control.sendall(json.dumps({"started": not trouble, "trouble": trouble}).encode())
    _receive(control)  # "end", or the grader is gone
    os.close(hold)
    _, status, usage = os.wait4(keeper, 0)
    return {"ended": True, "status": status, "cpu": usage.ru_utime + usage.ru_stime}


def _keep(channel, watched, tell, limits, setup, libc):
    """Start the child in namespaces of its own; when `watched` closes, kill all of them."""
    try:
        if setup["isolated"]:
            _unshare(libc)
        elif libc is not None:
            libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come to the keeper
        child = os.fork()
        if not child:
            os.close(watched)
            _child(channel, tell, limits, setup, libc)
    except BaseException as error:
        os.write(tell, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    os.close(channel)
    os.close(tell)
    while os.read(watched, 1):
        pass
    os.kill(child, 9)
    os.waitpid(child, 0)
    if not setup["isolated"]:
        _kill_orphans()
    os._exit(0)


def _kill_orphans():
    """Without namespaces: kill what has come to the keeper, until nothing comes any more."""
    while True:
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                orphans = [int(pid) for pid in file.read().split()]
        except OSError:
            return
        for pid in orphans:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        if not orphans:
            return


def _unshare(libc):
    """Enter new namespaces; inside, the user is number 1000 and may mount."""
    uid, gid = os.getuid(), os.getgid()
    _sure(libc.unshare(sum(CLONE.values())), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"1000 {uid} 1"),
        ("gid_map", f"1000 {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _sure(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


# ------------------------------------------------------------------------ the child


def _child(channel, tell, limits, setup, libc):
    """Shut the door behind it, then do what the grader says; never returns."""
    try:
        os.setsid()
        _only(channel, tell)
        os.umask(0o077)
        size = _address_space()
        if setup["isolated"]:
            _own_folders(libc, limits)
        _set_limits(limits, size)
        os.chdir(setup["tmp"])
        if libc is not None:
            _give_up(libc, setup["isolated"])
        if setup["isolated"]:
            _filter(libc)
        os.close(tell)
    except BaseException as error:
        os.write(tell, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    try:
        Student(channel, limits).serve()
    finally:
        os._exit(0)


def _only(*kept):
    """Close every other file; nothing to read, and what is printed goes nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    low = 3
    for fd in sorted(kept):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, 4096)


def _address_space():
    """The bytes of address space in use now; the limit is counted from there."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return None


def _own_folders(libc, limits):
    nosuid_nodev, read_only = 2 | 4, 1
    _sure(libc.mount(b"none", b"/", None, 0x44000, None), "mount private")
    room = f"size={limits['files']},nr_inodes=4096,mode=0777".encode()
    _sure(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", nosuid_nodev, room), "mount /tmp")
    flags = nosuid_nodev | read_only
    _sure(libc.mount(b"tmpfs", b"/proc", b"tmpfs", flags, b"size=4k,mode=0555"), "mount /proc")


def _set_limits(limits, size):
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": limits["files"],
        "RLIMIT_NOFILE": 256,
        "RLIMIT_NPROC": limits["processes"],
        "RLIMIT_CPU": int(limits["seconds"]) + 5,
    }
    if size is not None:
        wanted["RLIMIT_AS"] = size + limits["memory"]
    for name, limit in wanted.items():
        resource.setrlimit(getattr(resource, name), (limit, limit))


def _give_up(libc, isolated):
    """No capability, none to be had again, and nobody may look into this process."""
    if isolated:
        for capability in range(64):
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; those unknown here fail
        header = struct.pack("Ii", 0x20080522, 0)
        _sure(libc.capset(header, bytes(24)), "capset")
    _sure(libc.prctl(38, 1, 0, 0, 0), "no new privileges")
    _sure(libc.prctl(4, 0, 0, 0, 0), "not dumpable")


def _filter(libc):
    """Refuse the system calls of `DENIED`, sockets but for UNIX ones, and new namespaces."""
    known = DENIED.get(platform.machine())
    if known is None:
        return
    program = _bpf(*known)
    code = ctypes.create_string_buffer(program, len(program))
    field = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    _sure(libc.prctl(22, 2, field, 0, 0), "seccomp")


def _bpf(machine, denied, named):
    """The filter as a classic BPF program: (code, jump if true, jump if false, constant) each."""
    load, equal, above, any_of, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, allow, kill = 0x50000, 0x7FFF0000, 0x80000000
    lines = [
        (load, 0, 0, 4), (equal, 1, 0, machine), (answer, 0, 0, kill),
        (load, 0, 0, 0), (above, 0, 1, 0x40000000), (answer, 0, 0, refuse | ENOSYS),
        (equal, 0, 1, CLONE3), (answer, 0, 0, refuse | ENOSYS),
    ]  # fmt: skip
    for number in denied.split():
        lines += [(equal, 0, 1, int(number)), (answer, 0, 0, refuse | EPERM)]
    spaces = 0x7E020000  # every CLONE_NEW… flag
    lines += [
        (equal, 0, 4, named["clone"]), (load, 0, 0, 16), (any_of, 0, 1, spaces),
        (answer, 0, 0, refuse | EPERM), (answer, 0, 0, allow),
        (equal, 0, 4, named["socket"]), (load, 0, 0, 16), (equal, 1, 0, socket.AF_UNIX),
        (answer, 0, 0, refuse | EAFNOSUPPORT), (answer, 0, 0, allow),
        (answer, 0, 0, allow),
    ]  # fmt: skip
    return b"".join(struct.pack("HBBI", *line) for line in lines)


# ------------------------------------------------------------------------ the student's part


class Refused(ImportError):
    """A package was used that this question may not use."""


class Absent(Exception):
    """A name that the notebook should define is not there."""


class Placeholder(types.ModuleType):
    """Stands for a package that is not there. To import it costs nothing, to use it is refused."""

    def __init__(self, name, student, others=()):
        super().__init__(name)
        object.__setattr__(self, "_student", student)
        object.__setattr__(self, "_others", others)
        object.__setattr__(self, "__path__", [])

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self.__name__}.{name}", self._student)

    def __call__(self, *args, **kwargs):
        raise Refused(self._student.refusal(self.__name__))

    def _used(self, *args):
        raise Refused(self._student.refusal(self.__name__))

    def _or(self, other):
        """A type that may be another: `np.ndarray | list`. Types are named, not used."""
        return Placeholder(self.__name__, self._student, (*self._others, other))

    def __getitem__(self, inside):
        return self  # as in `NDArray[np.float64]`; who computes with it is refused then

    def __instancecheck__(self, thing):
        # Whatever it is, it was not made by a package that is not there.
        return any(isinstance(thing, other) for other in self._others)

    __or__ = __ror__ = _or
    __iter__ = __len__ = __enter__ = __add__ = __mul__ = __float__ = _used
    __mro_entries__ = __radd__ = __rmul__ = __sub__ = __rsub__ = __matmul__ = __bool__ = _used


class Inert(types.ModuleType):
    """Stands for what only shows or checks something: everything in it can be had, does nothing."""

    def __init__(self, name="inert"):
        super().__init__(name)
        object.__setattr__(self, "__path__", [])

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Inert(name)

    def __call__(self, *args, **kwargs):
        return Inert()

    def __iter__(self):
        return iter(())


#: Packages of which nothing but a self-check or a display is wanted.
INERT = ("classroom", "backprop.exercises", "IPython", "google.colab")


class Student:
    """The notebook's name space, and the grader's wishes about it."""

    def __init__(self, channel, limits):
        # Whatever the student's code does to modules, these stay what they are for honest work.
        self._dumps, self._loads = json.dumps, json.loads
        self._encode, self._decode = values.encode, values.decode
        self._channel = socket.socket(fileno=channel)
        self._lines = self._channel.makefile("rb")
        self._bytes = limits["answer"]
        self._absent = {}
        self._question = None
        self._may = ""
        self._taken = {}
        self._bodies = {}
        self._pending = []
        self._failed = {}
        self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        module = sys.modules["__main__"] = types.ModuleType("__main__")
        self.space = module.__dict__
        self.space["__builtins__"] = self._builtins()
        self.space.update(display=Inert("display"), get_ipython=lambda: Inert("ipython"))
        _same_every_time()
        sys.addaudithook(_with_its_folder)

    def serve(self):
        """Answer wishes until there are no more."""
        for line in self._lines:
            wish = self._loads(line)
            try:
                reply = getattr(self, "_" + wish["do"])(wish)
            except BaseException as error:
                reply = {"problem": self._told(error)}
            self._channel.sendall(self._dumps(reply).encode() + b"\n")

    # ---- cells

    def _cell(self, wish):
        """Run statements of a cell one by one: one that fails stops no other.

        The code comes with the first wish for the cell. "places" says which of its statements are
        to be run (default: all).
        """
        name = f"<cell {wish['cell']}>"
        if "code" in wish:
            linecache.cache[name] = (len(wish["code"]), None, wish["code"].splitlines(True), name)
            self._bodies[name] = ast.parse(wish["code"], name).body
        body, errors = self._bodies[name], []
        for place in wish.get("places", range(len(body))):
            statement = body[place]
            error = self._statement(statement, name)
            if error:
                errors.append(error)
                self._pending.append((statement, name, self._meanings(statement)))
                self._failed[getattr(statement, "name", None)] = error
        return {"error": errors[0] if errors else None}

    def _again(self, wish):
        """Run once more what failed, now that the rest of the notebook is there.

        But not what a later statement has done instead: of two meanings the later counts.
        """
        pending, self._pending = self._pending, []
        still = []
        for statement, name, before in pending:
            now = self._meanings(statement)
            if all(now[target] is before[target] for target in now):
                error = self._statement(statement, name)
                still += [error] if error else []
        return {"failed": len(still)}

    def _meanings(self, statement):
        """What the names that a statement defines stand for now."""
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        names = {n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)}
        names |= {getattr(statement, "name", None)} - {None}
        return {name: self.space.get(name) for name in names}

    def _statement(self, statement, name):
        """None, or what went wrong."""
        try:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                features = (getattr(__import__("__future__"), a.name) for a in statement.names)
                for feature in features:
                    self._flags |= feature.compiler_flag
                return None
            module = ast.Module([statement], [])
            code = compile(module, name, "exec", flags=self._flags, dont_inherit=True)
            result = eval(code, self.space)
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(result)
        except BaseException as error:
            return self._told(error)
        return None

    # ---- questions

    def _call(self, wish):
        """The answer of a function; with "keep" also its arguments as they are afterwards."""
        function = self._take(wish)
        args = [self._decode(a) for a in wish["args"]]
        answer = function(*args)
        reply = {"answer": self._encode(answer, self._bytes)}
        if wish.get("keep"):
            reply["kept"] = [self._encode(a, self._bytes) for a in args]
        return reply

    def _script(self, wish):
        """The answers of an object, step by step; after one that fails there are no more.

        With "keep" also all arguments, in order, as they are after the last step.
        """
        made, answers, given = self._take(wish), [], []
        for what, name, args, kwargs in wish["steps"]:
            try:
                args = [self._decode(a) for a in args]
                kwargs = {key: self._decode(a) for key, a in kwargs.items()}
                given += [*args, *kwargs.values()]
                if what == "make":
                    instance, answer = made(*args, **kwargs), None
                else:
                    answer = getattr(instance, name)
                    answer = answer(*args, **kwargs) if what == "call" else answer
                answers.append({"answer": self._encode(answer, self._bytes)})
            except BaseException as error:
                answers.append({"problem": self._told(error)})
                break
        kept = [self._encode(a, self._bytes) for a in given] if wish.get("keep") else []
        return {"answers": answers, "kept": kept}

    def _draw(self, wish):
        """What is on the pictures after a call."""
        import matplotlib.pyplot as plt

        function = self._take(wish)
        plt.close("all")
        drawn = function(*[self._decode(a) for a in wish["args"]])
        figures = [plt.figure(number) for number in plt.get_fignums()]
        own = getattr(drawn, "figure", drawn)  # axes know their figure
        if not figures and hasattr(own, "axes"):
            figures = [own]
        return {"answer": self._encode(values.drawing(figures), self._bytes)}

    def _value(self, wish):
        """A variable."""
        return {"answer": self._encode(self._take(wish), self._bytes)}

    def _stand_in(self, wish):
        """Put what asks the grader in the place of the notebook's own functions and classes."""
        for name, methods, attributes in wish["names"]:
            if methods is None:
                self.space[name] = self._asking(name)
            else:
                self.space[name] = self._asking_class(name, methods, attributes)
        return {}

    def _asking(self, name):
        def stub(*args, **kwargs):
            return self._ask({"asks": "give", "name": name}, args, kwargs)

        stub.__name__ = stub.__qualname__ = name
        return stub

    def _asking_class(self, name, methods, attributes):
        """A class whose objects are outside: what the question names can be called and read."""

        class Stub:
            def __init__(stub, *args, **kwargs):
                which = self._ask({"asks": "make", "name": name}, args, kwargs)
                object.__setattr__(stub, "_which", which)

            def __getattr__(stub, part):
                if part in attributes:
                    return self._ask({"asks": "read", "which": stub._which, "part": part}, (), {})
                if part not in methods:
                    raise AttributeError(f"a right {name} need not have {part!r}")
                asks = {"asks": "call", "which": stub._which, "part": part}
                return lambda *args, **kwargs: self._ask(asks, args, kwargs)

            def __setattr__(stub, part, value):
                raise AttributeError(f"{part!r} of a right {name} cannot be set from outside")

            def __reduce_ex__(stub, protocol):
                raise TypeError(f"a right {name} cannot be copied")

        Stub.__name__ = Stub.__qualname__ = name
        return Stub

    def _ask(self, asks, args, kwargs):
        """What the grader answers, a plain value."""
        args, kwargs = (self._encode(part, self._bytes) for part in (list(args), kwargs))
        message = self._dumps({**asks, "args": args, "kwargs": kwargs})
        self._channel.sendall(message.encode() + b"\n")
        told = self._loads(self._lines.readline())
        if "answer" not in told:
            raise ValueError("a right answer in its place does not take these arguments")
        return _without_axes(self._decode(told["answer"]))

    def _take(self, wish):
        """The thing that a question is about: the same in all its tries."""
        self._question, self._may = wish["question"], wish["may"]
        if wish["question"] not in self._taken:
            if wish["name"] not in self.space:
                raise Absent(wish["name"])
            self._taken[wish["question"]] = self.space[wish["name"]]
        return self._taken[wish["question"]]

    def _names(self, wish):
        """Which of some names there are."""
        return {"names": [name for name in wish["names"] if name in self.space]}

    # ---- what the cells see

    def _builtins(self):
        """The built-in names, with an `import` that does not fail and an `input` that does."""
        own = dict(vars(builtins))
        real = builtins.__import__

        def __import__(name, globals=None, locals=None, fromlist=(), level=0):
            if any(name == inert or name.startswith(inert + ".") for inert in INERT):
                return Inert(name)
            try:
                return real(name, globals, locals, fromlist, level)
            except ModuleNotFoundError as error:
                root = name.partition(".")[0]
                if level or error.name != root:
                    raise
                return self._placeholder(name if fromlist else root)

        def input(prompt=""):
            raise EOFError("input() was called, but nobody is there to answer while it is graded")

        own.update(__import__=__import__, input=input)
        return own

    def _placeholder(self, name):
        """The same object for the same package; `import a.b` finds it below `a`."""
        return self._absent.setdefault(name, Placeholder(name, self))

    def refusal(self, used):
        """Return what to say when a package that is not there is used."""
        package = used.partition(".")[0]
        if self._question is None:
            return f"{package} is not there while this is graded"
        return f"question {self._question} may not use {package}: {self._may}"

    def _told(self, error):
        """[status, what an exception says, and where in the notebook]."""
        try:
            text = str(error)
        except BaseException:
            text = "(its message cannot be read)"
        if isinstance(error, Absent):
            return self._failed.get(text, ["missing", "", "", ""])
        status = "refused" if isinstance(error, Refused) else "error"
        return [status, type(error).__name__, text[:400], _place(error)]


def _without_axes(value):
    """The value with arrays that are single numbers as numbers: NumPy's own pass as such arrays."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_without_axes, value))
    return value[()] if getattr(value, "shape", None) == () else value


def _place(error):
    """The last line of the student's own that an exception passed through."""
    if isinstance(error, SyntaxError) and str(error.filename).startswith("<cell "):
        return f"{error.filename[1:-1]}, line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename[:6] == "<cell "]
    if not frames:
        return ""
    return f"{frames[-1].filename[1:-1]}, line {frames[-1].lineno}: {(frames[-1].line or '')[:120]}"


def _with_its_folder(event, args):
    """Make the folder of a file that is opened to be written: at home it was there.

    A hook of `sys.addaudithook`, which comes before any `open`.
    """
    if event != "open" or not all(isinstance(arg, str) for arg in args[:2]):
        return
    folder = os.path.normpath(os.path.dirname(args[0]))
    if set(args[1]) & set("wxa") and not os.path.isabs(folder) and not folder.startswith(".."):
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)


def _same_every_time():
    """Start what is random at the same point, so that grading twice gives the same."""
    random.seed(0)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(0)
        source = random.Random(0)
        numpy.random.bit_generator.randbits = source.getrandbits
    if torch is not None:
        torch.manual_seed(0)


if __name__ == "__main__":
    main()
