"""`classroom grade` against `nbgrader autograde`, on the same submissions in one run.

The submissions are an assignment of the book with all of its solutions, one file a student. Both
are whole commands, from their start to the last result, and the folders are fresh for each. What
nbgrader gets for a test only looks whether the answer is there: less work than it ever has. Its
command uses one processor, ours is given two.

nbgrader lives in an environment of its own: the program that BENCH_NBGRADER names, else one that is
made in the user's cache folder at the first run (pip, some minutes).
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from measure import Row, row_of_pairs, show_time
from tqdm import tqdm

from classroom.files import write_whole
from classroom.source import load, text_of

ROOT = Path(__file__).resolve().parents[1]
NAME = "01_perceptron"
NBGRADER = "nbgrader==0.9.6"
#: Students of the comparison, and of the rows that look at ours alone: n and 4 n.
STUDENTS, FEW = 100, 60
NOTE = (
    "Grading: whole commands; times of one submission where their numbers differ. Processor time, "
    "of all processes, says more than the clock where the machine has other things to do."
)
TORCH = "\nimport torch\ntorch.nn.Linear(3, 2)(torch.ones(4, 3)).sum().backward()\n"
MORE_IMPORTS = """

from dataclasses import replace

ASSIGNMENT = replace(ASSIGNMENT, questions=[
    replace(q, imports=(*q.imports, "torch")) if hasattr(q, "imports") else q
    for q in ASSIGNMENT.questions
])
"""


def rows(pairs):
    """Yield the rows; courses are in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        yield from _against_nbgrader(folder, pairs or 1)
        plain = _course(folder / "numpy", 4 * FEW)
        torch = _course(folder / "torch", 4 * FEW, torch=True)
        one, two, few, withtorch = [], [], [], []
        for _ in tqdm(range(pairs or 3), desc="grade", unit="pair", disable=None, leave=False):
            few.append(_grade(plain, 1, FEW).each(FEW))
            one.append(_grade(plain, 1).each(4 * FEW))
            two.append(_grade(plain, 2).each(4 * FEW))
            withtorch.append(_grade(torch, 2).each(4 * FEW))
    name = f"grading, processor time, {4 * FEW} submissions against {FEW}"
    yield row_of_pairs(name, _cpu(one), _cpu(few), 1.1, note=NOTE)
    yield row_of_pairs("grading, two workers against one", _wall(two), _wall(one), 0.6, note=NOTE)
    yield _throughput("grading with NumPy, two workers", two, 60)
    yield _throughput("grading with torch, two workers", withtorch, 200)


def _throughput(name, took, aim):
    """A row of milliseconds a submission; beside them the processor's, and submissions a minute."""
    each, cpu = median(_wall(took)), median(_cpu(took))
    return Row(name, f"{60 / each:.0f}/min", f"{show_time(cpu)} cpu", 1000 * each, aim, unit=" ms")


def _against_nbgrader(folder, pairs):
    name = f"grading {STUDENTS} submissions, two workers, against nbgrader"
    program = _nbgrader()
    if program is None:
        note = f"nbgrader is not here: pip could not bring it. BENCH_NBGRADER=path of {NBGRADER}'s"
        yield Row(name, "", "", float("nan"), None, note=f"{note} program `nbgrader` measures it.")
        return
    ours, other = [], []
    course = _course(folder / "compared", STUDENTS)
    for n in tqdm(range(pairs), desc="nbgrader", unit="pair", disable=None, leave=False):
        ours.append(_grade(course, 2))
        other.append(_autograde(program, course, folder / f"nbgrader{n}"))
    yield row_of_pairs(name, _wall(ours), _wall(other), 1 / 25, note=NOTE)
    yield row_of_pairs("… the same, processor time", _cpu(ours), _cpu(other), None, note=NOTE)


# ---------------------------------------------------------------------------- ours


def _course(root, students, torch=False):
    """Make a course's folder with one assignment, solved by every student."""
    folder = ROOT / "assignments"
    notebook = (folder / f"{NAME}.ipynb").read_text(encoding="utf-8")
    checks = (folder / f"{NAME}.py").read_text(encoding="utf-8")
    if torch:
        notebook = re.sub(r"(May import: [^*]+)\.\*", r"\1, `torch`.*", notebook)
        checks += MORE_IMPORTS
    write_whole(root / "assignments" / f"{NAME}.ipynb", notebook)
    write_whole(root / "assignments" / f"{NAME}.py", checks)
    for n in range(students):
        solved = json.loads(notebook)
        for cell in solved["cells"]:
            cell["source"] = _without_check(text_of(cell))
        solved["cells"][_imports(solved)]["source"] += f"\n# student {n}" + TORCH * torch
        write_whole(root / "submitted" / NAME / f"s{n:04}.ipynb", json.dumps(solved))
    write_whole(root / "course.seed", "the seed of the benchmark")
    return root


def _imports(notebook):
    """The number of the cell with the imports."""
    cells = enumerate(notebook["cells"])
    return next(n for n, c in cells if c["cell_type"] == "code" and "import numpy" in text_of(c))


def _without_check(text):
    """The cell as it runs where the book's package is not: neither grader has to."""
    return text.replace("from classroom import check", "check = lambda *answers: None")


def _grade(course, workers, students=None):
    """What `classroom grade` took, for the first few students or all."""
    shutil.rmtree(course / "results", ignore_errors=True)
    some = [f"--student=s{n:04}" for n in range(students or 0)]
    command = [sys.executable, "-m", "classroom", "-C", str(course), "grade"]
    took = _seconds([*command, "--workers", str(workers), *some])
    results = [json.loads(p.read_text()) for p in (course / "results" / NAME).glob("s*.json")]
    files = students or len(list((course / "submitted" / NAME).iterdir()))
    full = sum(q.points for q in load(course / "assignments" / f"{NAME}.ipynb").assignment.questions
               if hasattr(q, "calls"))  # fmt: skip
    if len(results) != files or any(result["points"] != full for result in results):
        raise AssertionError(f"classroom grade: expected {files} results of {full} points")
    # The sandboxes are ended, not waited for: their time is in the log, with a part of the grader's
    # own, which counts twice.
    log = (course / "results" / "log.jsonl").read_text().splitlines()
    return Took(took.wall, took.cpu + sum(json.loads(line)["cpu"] for line in log))


@dataclass(frozen=True)
class Took:
    """Seconds on the clock, and of the processors in all processes."""

    wall: float
    cpu: float

    def each(self, submissions):
        """The same for one submission."""
        return Took(self.wall / submissions, self.cpu / submissions)


def _wall(took):
    return [t.wall for t in took]


def _cpu(took):
    return [t.cpu for t in took]


def _seconds(command, **more):
    """What a command took, with the processes it has waited for."""
    start, used = perf_counter(), _used()
    done = subprocess.run(command, capture_output=True, text=True, **more)
    wall = perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{command}:\n{done.stdout}{done.stderr}")
    return Took(wall, _used() - used)


def _used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# ---------------------------------------------------------------------------- nbgrader


def _nbgrader():
    """The program; None where it is not here and pip cannot bring it."""
    if named := os.environ.get("BENCH_NBGRADER"):
        if not Path(named).is_file():
            raise FileNotFoundError(f"BENCH_NBGRADER: expected a program, came {named!r}")
        return Path(named).absolute()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "backprop-benchmarks" / NBGRADER
    program = folder / "bin" / "nbgrader"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        wanted = [NBGRADER, "numpy", "matplotlib"]
        print(f"installing {NBGRADER} in {folder}", file=sys.stderr)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-q", *wanted])
    return program if program.exists() else None


def _autograde(program, course, folder):
    """What `nbgrader autograde` took for the course's submissions, in a course of its own."""
    source = json.loads((course / "assignments" / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    source["metadata"]["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    write_whole(folder / "source" / NAME / f"{NAME}.ipynb", json.dumps(_tested(source)))
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"  # it calls a program beside it
    where = {"cwd": folder, "env": os.environ | {"PATH": path}}
    _seconds([program, "generate_assignment", NAME, "--create"], **where)
    for path in sorted((course / "submitted" / NAME).iterdir()):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["metadata"] = source["metadata"]
        target = folder / "submitted" / path.stem / NAME / f"{NAME}.ipynb"
        write_whole(target, json.dumps(_tested(notebook)))
    seconds = _seconds([program, "autograde", NAME], **where)
    graded = len(list((folder / "autograded").glob(f"*/{NAME}/{NAME}.ipynb")))
    if graded != len(list((course / "submitted" / NAME).iterdir())):
        raise AssertionError(f"nbgrader autograde: expected all notebooks graded, came {graded}")
    return seconds


def _tested(notebook):
    """A copy with a test after each answer, as nbgrader wants them."""
    made = json.loads(json.dumps(notebook))
    made["cells"] = []
    calls = {a.id: a.calls for a in load(ROOT / "assignments" / f"{NAME}.ipynb").answers}
    for cell in json.loads(json.dumps(notebook["cells"])):
        cell["source"] = _without_check(text_of(cell))
        made["cells"].append(cell)
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("solution") and cell["cell_type"] == "code":
            id, points = mark["grade_id"], mark.pop("points")
            mark["grade"] = False
            made["cells"].append(_test(id, calls[id], points))
    return made


def _test(id, name, points):
    mark = {"grade": True, "grade_id": f"test-{id}", "locked": True, "points": points}
    mark |= {"schema_version": 3, "solution": False, "task": False, "cell_type": "code"}
    cell = {"cell_type": "code", "id": f"test-{id}", "metadata": {"nbgrader": mark}, "outputs": []}
    return cell | {"execution_count": None, "source": f"assert {name!r} in globals()"}
