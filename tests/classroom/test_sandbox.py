"""What a student's process can see, do and leave behind: nothing but its answers."""

import os
import time

import numpy as np
import psutil
import pytest

from classroom.packages import PackageError, parts
from classroom.sandbox import Ended, Limits, Sandbox, why_not
from classroom.values import Strange, decode, encode

pytestmark = pytest.mark.optional("bubblewrap")

LIMITS = Limits(seconds=60, cell=5, memory=300_000_000, files=1_000_000, processes=16)


@pytest.fixture(scope="module")
def box():
    with Sandbox(("numpy",), LIMITS) as box:
        yield box


@pytest.fixture
def student(box):
    with box.submission() as student:
        yield student


def cell(student, code, seconds=5.0):
    """Run a cell; what it says went wrong, or None."""
    return student.ask({"do": "cell", "cell": 1, "code": code}, seconds)["error"]


def ask(student, name, *args, seconds=5.0, question="1"):
    """Call a function; its reply."""
    wish = {"do": "call", "question": question, "may": "it may use numpy", "name": name}
    return student.ask({**wish, "args": [encode(a) for a in args]}, seconds)


def answer(student, code, *args, seconds=5.0):
    """The plain value of `f(*args)`, where `code` defines f."""
    assert cell(student, code) is None
    return decode(ask(student, "f", *args, seconds=seconds)["answer"])


def test_this_machine_has_a_sandbox():
    assert why_not() is None


def test_numbers_go_in_and_out(student):
    code = "def f(X, k): return {'twice': k * X, 'sum': X.sum(), 'n': (len(X), None, True, 'µ')}"
    given = answer(student, code, np.arange(6.0).reshape(2, 3), 2)
    np.testing.assert_array_equal(given["twice"], [[0, 2, 4], [6, 8, 10]])
    assert (given["sum"], given["n"]) == (15.0, (2, None, True, "µ"))


LOOK = """
import os, sys
def f():
    seen, writable = [], []
    for folder, folders, files in os.walk("/"):
        seen += [os.path.join(folder, name) for name in files]
        if os.access(folder, os.W_OK):
            writable.append(folder)
    own = [p for p in seen if not p.startswith(("/lib", "/usr/lib", "/site/"))]
    own = [p for p in own if "lib/python" not in p]
    return sorted(own), sorted(writable), sorted(os.listdir("/site")), len(seen)
"""


def test_it_sees_the_interpreter_the_packages_and_nothing_else(student):
    own, writable, site, count = answer(student, LOOK, seconds=50)
    assert count > 1000  # it did look
    assert writable == ["/tmp"]
    assert {name.removesuffix(".libs") for name in site} == {"numpy", "tqdm"}
    interpreter = {p for p in own if "/bin/python" in p or "libpython" in p}
    libraries = {p for p in own if ".so" in p or p.endswith((".a", ".pc", ".o"))}
    rest = set(own) - interpreter - libraries
    assert {p for p in rest if not p.startswith(("/dev/", "/etc/"))} == {
        "/grader/inside.py",
        "/grader/values.py",
    }
    assert {p for p in rest if p.startswith("/dev/")} == {
        f"/dev/{name}" for name in ("null", "random", "urandom", "zero")
    }


def test_no_source_of_what_is_right_is_there(student):
    code = (
        "import importlib.util, os, sys\n"
        "def f(folder):\n"
        "    names = ['classroom', 'backprop', 'bookkit', 'torch', 'matplotlib', 'pytest']\n"
        "    found = [n for n in names if importlib.util.find_spec(n)]\n"
        "    return found, os.path.exists(folder), os.path.exists('/proc/self'), sys.path[-1]"
    )
    assert answer(student, code, os.path.dirname(__file__)) == ([], False, False, "/site")


def test_its_environment_is_the_same_everywhere(student, monkeypatch):
    monkeypatch.setenv("COURSE_SEED", "a secret")
    code = (
        "import os, socket, time\n"
        "def f(): return dict(os.environ), socket.gethostname(), time.tzname"
    )
    environment, host, zone = answer(student, code)
    assert "a secret" not in str(environment)
    assert set(environment) >= {"HOME", "PYTHONHASHSEED", "OMP_NUM_THREADS"}
    assert (environment["HOME"], host, zone) == ("/tmp", "classroom", ("UTC", "UTC"))


REFUSALS = ["OSError", "PermissionError", "MemoryError", "EOFError", "AssertionError"]
REFUSALS += ["ProcessLookupError", "FileNotFoundError", "_ArrayMemoryError"]


@pytest.mark.parametrize(
    "code",
    [
        "import socket\ndef f(): socket.create_connection(('127.0.0.1', 80), 1)",
        "import socket\ndef f(): socket.socket(socket.AF_INET6)",
        "import socket\ndef f(): socket.socket(40, socket.SOCK_STREAM)",  # a virtual machine's host
        "import os\ndef f(): os.mkdir('/site/own')",
        "import os\ndef f(): os.remove('/grader/values.py')",
        "import os\ndef f(): open('/usr/lib/own', 'w')",
        "import os\ndef f(): os.setuid(0)",
        "import os\ndef f(): os.chroot('/tmp')",
        "import os\ndef f(): os.execv('/bin/sh', ['sh'])",
        "import os\ndef f(): os.kill(2, 9)",
        "import ctypes\ndef f(): assert ctypes.CDLL(None).unshare(0x10000000) == 0",
        "import ctypes\ndef f(): assert ctypes.CDLL(None).umount2(b'/proc', 2) == 0",
        "import ctypes\ndef f(): assert ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0",
        "import ctypes\ndef f():\n"
        "  assert ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0) != -1",  # clone, new user
        "def f(): open('/tmp/large', 'wb').write(bytes(2_000_000))",
        "def f(): return bytearray(900_000_000)",
        "def f(): input('what is right? ')",
        "import numpy as np\ndef f(): return np.ones(10**9)",
    ],
)
def test_what_it_may_not_do_raises(student, code):
    assert cell(student, code) is None
    status, name, _, place = ask(student, "f")["problem"]
    assert status == "error"
    assert name in REFUSALS
    assert place.startswith("cell 1, line")


def test_a_loop_costs_its_time_and_the_next_submission_nothing(box):
    with box.submission() as student:
        assert cell(student, "def f():\n    while True: pass") is None
        began = time.monotonic()
        with pytest.raises(Ended, match=r"^it took too long$") as ended:
            ask(student, "f", seconds=0.5)
        assert ended.value.why == "timeout"
        assert 0.5 <= time.monotonic() - began < 3
    with box.submission() as student:
        assert answer(student, "def f(): return 1") == 1


def test_all_the_time_of_a_notebook_is_an_end_too():
    limits = Limits(seconds=1, cell=10)
    with (
        Sandbox((), limits) as box,
        box.submission() as student,
        pytest.raises(Ended, match=r"^all of its time is over$"),
    ):
        cell(student, "while True: pass", seconds=10)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os._exit(0)",
        "import ctypes; ctypes.string_at(0)",
        "import os, time\nif os.fork(): os._exit(0)\ntime.sleep(20)",
        "import os\nfor fd in range(3, 256):\n  try: os.close(fd)\n  except OSError: pass",
    ],
)
def test_a_process_that_ends_is_a_crash(student, code):
    with pytest.raises(Ended) as ended:
        cell(student, code)
    assert ended.value.why == "crash"


ORPHANS = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
"""


def _inside(box):
    """The processes of a sandbox, as this machine sees them."""
    return psutil.Process(box._process.pid).children(recursive=True)


def test_nothing_is_left_running(box):
    before = len(_inside(box))
    with box.submission() as student:
        assert cell(student, ORPHANS) is None
        assert len(_inside(box)) >= before + 7  # the keeper, process 1 and five orphans
    assert len(_inside(box)) == before


def test_a_fork_bomb_is_refused_at_its_limit(box):
    before = len(_inside(box))
    with box.submission() as student:
        code = "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(1000)"
        assert cell(student, code)[1] == "BlockingIOError"
        assert before < len(_inside(box)) <= before + 1 + LIMITS.processes
    assert len(_inside(box)) == before


def test_a_submission_leaves_no_trace_for_the_next(box):
    code = "import json, builtins, sys\nopen('/tmp/left', 'w').write('1')\njson.dumps = None"
    with box.submission() as student:
        assert (
            cell(student, f"{code}\nbuiltins.len = lambda x: 0\nsys.modules['numpy'] = 1") is None
        )
    with box.submission() as student:
        code = "import os, numpy as np\ndef f(): return os.listdir('/tmp'), np.zeros(len('ab'))"
        left, zeros = answer(student, code)
        assert (left, zeros.shape) == ([], (2,))


def test_memory_of_many_processes_together_ends_it():
    limits = Limits(seconds=20, cell=20, memory=100_000_000, processes=16)
    code = (
        "import os, time\nfor _ in range(8): child = os.fork() or time.sleep(0) or 'child'\n"
        "held = bytearray(os.urandom(1000) * 60_000)\ntime.sleep(20)"
    )
    with Sandbox((), limits) as box, box.submission() as student:
        with pytest.raises(Ended) as ended:
            cell(student, code, seconds=20)
        assert ended.value.why == "memory"


DRIPS = """
import mmap, os, socket, stat, time
def is_socket(fd):
    try: return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError: return False
own = next(fd for fd in range(3, 256) if is_socket(fd))
if os.fork() == 0:
    channel = socket.socket(fileno=own)
    while True: channel.send(b" "); time.sleep(0.002)
for number in range(8):
    if os.fork() == 0:
        time.sleep(1 + number / 5)
        room = mmap.mmap(-1, 60_000_000)
        for page in range(0, 60_000_000, 4096): room[page] = 1
        time.sleep(20)
time.sleep(20)
"""


def test_memory_is_looked_at_also_while_the_process_speaks():
    """And not only when its time is over."""
    limits = Limits(seconds=15, cell=15, memory=100_000_000, processes=16)
    with Sandbox((), limits) as box, box.submission() as student:
        began = time.monotonic()
        with pytest.raises(Ended) as ended:
            cell(student, DRIPS, seconds=15)
        assert (ended.value.why, time.monotonic() - began < 10) == ("memory", True)


def test_what_is_printed_goes_nowhere(student):
    began = time.monotonic()
    assert cell(student, "line = 'x' * 999\nfor _ in range(200_000): print(line)") is None
    assert time.monotonic() - began < 5


def test_a_change_to_what_encodes_spoils_no_honest_answer(student):
    code = "import json, base64\njson.dumps = json.loads = base64.b64encode = None\n"
    assert answer(student, code + "def f(x): return x + 1", 1) == 2


EQUAL = """
class Equal(float):
    def __eq__(self, other): return True
    def __array__(self, *a, **k): import numpy; return numpy.zeros(3)
def f(): return Equal(1.0), [Equal(2.0)], {"a": Equal}
"""


def test_an_object_that_pretends_is_a_stranger(student):
    one, (two,), three = answer(student, EQUAL)
    assert [type(x) for x in (one, two, three["a"])] == [Strange] * 3
    assert (one.name, three["a"].name) == ("Equal", "type")


FORGED = """
import os, stat
def f(text, times):
    for fd in range(3, 256):
        try: is_socket = stat.S_ISSOCK(os.fstat(fd).st_mode)
        except OSError: continue
        os.set_blocking(fd, True)
        data = text.encode() * times + b"\\n"
        while is_socket and data: data = data[os.write(fd, data):]
"""


@pytest.mark.parametrize(
    ("text", "times"), [("no json", 1), ("[1]", 1), ("[", 100_000), ("x", 5_000_000), ("NaN", 1)]
)
def test_a_forged_line_is_no_message(text, times):
    with Sandbox((), Limits(answer=1_000_000)) as box, box.submission() as student:
        assert cell(student, FORGED) is None
        with pytest.raises(Ended) as ended:
            ask(student, "f", text, times)
        assert ended.value.why == "forged"


def test_absent_packages_may_be_imported_but_not_used(student):
    code = (
        "import torch, torch.nn as nn\nfrom torch.optim import SGD\nimport numpy as np\n"
        "def f(x): return torch.tensor(x)\n"
        "def g(x): return np.sin(x)\n"
    )
    assert cell(student, code) is None
    status, name, text, _ = ask(student, "f", 1.0)["problem"]
    assert (status, name) == ("refused", "Refused")
    assert text == "question 1 may not use torch: it may use numpy"
    wish = {"do": "call", "question": "2", "may": "", "name": "g", "args": [0.0]}
    assert decode(student.ask(wish, 5)["answer"]) == 0.0


def test_one_statement_that_fails_stops_no_other(student):
    assert cell(student, "a = b\ndef f(): return a\nimport numpy.nothing\nc = 1")[1] == "NameError"
    assert cell(student, "b = 7") is None
    assert student.ask({"do": "again"}, 5) == {"failed": 1}  # numpy.nothing
    assert decode(ask(student, "f")["answer"]) == 7


def test_of_a_cell_what_is_asked_for_is_run_and_its_code_comes_once(student):
    code = "seen = ['a']\nwhile True: pass\nseen.append('b')\ndef f(): return seen"
    wish = {"do": "cell", "cell": 3}
    assert student.ask({**wish, "code": code, "places": [0]}, 5) == {"error": None}
    assert student.ask({**wish, "places": [2, 3]}, 5) == {"error": None}
    assert decode(ask(student, "f")["answer"]) == ["a", "b"]


def test_what_failed_is_not_run_again_where_a_later_cell_took_its_place(student):
    assert cell(student, "a = late\nb = late\ndef f(): return a, b")[1] == "NameError"
    assert cell(student, "a = 1\nlate = 2") is None
    assert student.ask({"do": "again"}, 5) == {"failed": 0}
    assert decode(ask(student, "f")["answer"]) == (1, 2)


NAMED = """
import torch
from numpy.typing import NDArray
from sympy import Symbol
Some = float | torch.Tensor | Symbol[int]
def f(x: Symbol | None, y: "Symbol" = None) -> list[int] | Symbol:
    return isinstance(x, Some), isinstance(x, Symbol), isinstance(x, Symbol | str)
def g(x):
    return Symbol[0] + x
def h(x):
    return len(Symbol | None)
"""


def test_types_of_absent_packages_may_be_named_but_not_used(student):
    assert cell(student, NAMED) is None
    assert decode(ask(student, "f", 1.0)["answer"]) == (True, False, False)
    assert decode(ask(student, "f", "a")["answer"]) == (False, False, True)
    for name in ("g", "h"):
        assert ask(student, name, 1.0, question=name)["problem"][0] == "refused"


def test_a_file_may_be_written_into_a_folder_that_is_there_at_home(student):
    code = (
        "import os, numpy as np, pathlib\n"
        "def f():\n"
        "    np.save('runs/a/losses.npy', np.zeros(3))\n"
        "    pathlib.Path('notes/x.txt').write_text('x')\n"
        "    return np.load('runs/a/losses.npy').shape, sorted(os.listdir())\n"
        "def g(): open('data/mine.csv')\n"
        "def h(): open('../other/x', 'w')\n"
        "def names(): return os.path.exists('data'), os.path.exists('../other')"
    )
    assert answer(student, code) == ((3,), ["notes", "runs"])
    for name in ("g", "h"):
        assert ask(student, name, question=name)["problem"][1] == "FileNotFoundError"
    assert decode(ask(student, "names", question="names")["answer"]) == (False, False)


def test_progress_bars_need_no_widgets(student):
    code = (
        "from tqdm.notebook import tqdm, trange\nimport tqdm.notebook as bars\n"
        "def f(): return [n for n in trange(3)], list(tqdm('ab')), list(bars.tqdm_notebook('c'))"
    )
    assert answer(student, code) == ([0, 1, 2], ["a", "b"], ["c"])


def test_chance_is_the_same_in_every_run(box):
    code = (
        "import random, numpy as np\n"
        "def f(): return random.random(), np.random.rand(), np.random.default_rng().random()"
    )
    given = []
    for _ in range(2):
        with box.submission() as student:
            given.append(answer(student, code))
    assert given[0] == given[1]


def test_packages_come_with_what_they_need_and_the_grader_with_none():
    assert set(parts(("numpy",))) >= {"numpy"}
    assert set(parts(("matplotlib",))) >= {"matplotlib", "numpy", "PIL", "dateutil"}
    assert not set(parts(("matplotlib",))) & {"torch", "classroom", "backprop"}
    with pytest.raises(PackageError, match=r"^imports: classroom holds what is right"):
        parts(("classroom",))
    with pytest.raises(PackageError, match=r"^imports: nowhere_to_be_found is not installed"):
        parts(("nowhere_to_be_found",))


def test_of_backprop_no_solutions_are_mounted():
    with Sandbox(("numpy", "backprop")) as box, box.submission() as student:
        code = (
            "import os\nfrom backprop.optimizers import Adam\n"
            "from backprop.exercises import check\ncheck('5.2', f := None)\n"
            "def f(): return os.listdir('/site/backprop/exercises'), Adam.__name__"
        )
        assert answer(student, code) == ([], "Adam")


def test_limits_are_checked():
    with pytest.raises(ValueError, match=r"^limits: memory: expected a number above 0, came 0$"):
        Limits(memory=0)


def test_without_walls_orphans_are_killed_all_the_same():
    with Sandbox((), LIMITS, unsafe=True) as box:
        before = len(_inside(box))
        with box.submission() as student:
            assert cell(student, ORPHANS) is None
            assert len(_inside(box)) >= before + 7
        assert len(_inside(box)) == before
