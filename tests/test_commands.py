"""The commands of the README: style, environment, `make`, and `python -m bookkit run`."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bookkit.__main__ import main
from bookkit.run import STATE, VIEW, run_chapters

ROOT = Path(__file__).resolve().parents[1]


def run(*command, cwd=ROOT, **environment):
    """Run a program; what it said on both streams, and its exit status."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    return done.stdout, done.returncode


# --- style ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_style(command):
    said, status = run(sys.executable, "-m", "ruff", *command.split(), "--no-cache")
    assert status == 0, said


# --- the environment ------------------------------------------------------------------------------


def pins(name):
    """Package -> version of a requirements file; a line that pins nothing maps to None."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    lines = [line.partition("#")[0].strip() for line in lines]
    found = {}
    for line in filter(None, lines):
        if not line.startswith("-"):
            package, _, pinned = line.partition("==")
            found[re.sub(r"[-_.]+", "-", package).lower()] = pinned or None
    return found


def test_every_requirement_is_pinned():
    for name in ("requirements.txt", "constraints.txt"):
        assert pins(name)
        loose = [package for package, pinned in pins(name).items() if not pinned]
        assert not loose, f"{name}: {loose} have no =="


def test_constraints_fit_requirements():
    constraints = pins("constraints.txt")
    for package, pinned in pins("requirements.txt").items():
        assert constraints.get(package) == pinned, f"{package}: {pinned} is asked for"


def test_constraints_hold_on_every_machine():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert "rfc3987-syntax" not in pins("constraints.txt")


def test_this_environment_is_the_pinned_one():
    wrong = {
        package: version(package)
        for package, pinned in pins("requirements.txt").items()
        if version(package).partition("+")[0] != pinned
    }
    assert not wrong, f"remove .venv/.ready and run make again: {wrong}"


def test_jupyterlab_can_load_its_extensions():
    said, status = run(sys.executable, "-m", "jupyter", "labextension", "list")
    assert status == 0
    assert "jupyterlab-myst" in said
    assert "not compatible" not in said, said


def test_lock_file_names_no_address():
    lock = json.loads((ROOT / "assets" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages["node_modules/mathjax"]["version"] == "3.2.2"
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())


# --- make -----------------------------------------------------------------------------------------


def test_make_help_lists_every_target():
    said, status = run("make")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert status == 0
    assert re.findall(r"^make (\w+)", said, re.M) == targets
    assert {"book", "test", "lab", "run", "lint", "clean", "bench"} <= set(targets)


def test_make_test_runs_everything():
    said, status = run("make", "--dry-run", "test")
    (line,) = [line for line in said.splitlines() if "-m pytest" in line]
    words = line.split()
    assert status == 0
    assert {"--nbval", "tests", "chapters"} <= set(words)
    assert not {"-k", "-m", "--deselect", "--ignore", "--nbval-lax"} & set(words[3:])


def test_an_old_python_is_told(tmp_path):
    old = tmp_path / "python3"
    old.write_text(
        f"#!{sys.executable}\nimport sys\nsys.version_info = (3, 9)\nsys.version = '3.9.2 (x)'\n"
        "exec(sys.argv[2])\n",
        encoding="utf-8",
    )
    old.chmod(0o755)
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    said, status = run("make", "book", f"PYTHON={old}", cwd=tmp_path)
    assert status != 0
    assert f"Python 3.11 or newer is needed, {old} is 3.9.2" in said
    assert not (tmp_path / ".venv").exists()


def test_ci_runs_the_readers_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"


def test_a_skipped_test_fails_the_run(tmp_path):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    test = "import pytest\n\ndef test_a(): pass\n\ndef test_b(): pytest.skip('no time')\n"
    (tmp_path / "test_x.py").write_text(test, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)]
    said, status = run(*command, cwd=tmp_path)
    assert "skipped tests fail the run" in said
    assert status == 1
    (tmp_path / "test_x.py").write_text("def test_a(): pass\n", encoding="utf-8")
    assert run(*command, cwd=tmp_path)[1] == 0


# --- python -m bookkit run ------------------------------------------------------------------------


def notebook(*sources):
    """A notebook that was never executed, with what an editor leaves behind."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "metadata": {"execution": {"iopub.execute_input": "x"}, "tags": ["kept"]},
            "source": source,
            "execution_count": 7,
            "outputs": [],
        }
        for n, source in enumerate(sources)
    ]
    about = {"language_info": {"name": "python", "version": "3.9.1"}, "vscode": {"x": 1}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Three notebooks, one of which fails, executed side by side; the folder and the status."""
    folder = tmp_path_factory.mktemp("chapters")
    good = [
        "import time\nx = 2",
        "",
        "for n in (1, 2):\n    print(n, flush=True)\n    time.sleep(0.2)",
    ]
    bad = ["x = 1", "print('so far')\n1 / 0", "print('never')"]
    for name, sources in {"a": good, "b": bad, "c": ["print(3)"]}.items():
        (folder / f"{name}.ipynb").write_text(notebook(*sources), encoding="utf-8")
    command = [sys.executable, "-m", "bookkit", "run", "--jobs", "2"]
    said, status = run(*command, *sorted(map(str, folder.glob("*.ipynb"))))
    return folder, said, status


def stored(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_run_stores_outputs_in_order(executed):
    cells = stored(executed[0], "a.ipynb")["cells"]
    assert [cell["execution_count"] for cell in cells] == [1, None, 2]
    assert cells[2]["outputs"] == [
        {"name": "stdout", "output_type": "stream", "text": ["1\n", "2\n"]}
    ]
    assert [cell["id"] for cell in cells] == ["cell-0", "cell-1", "cell-2"]


def test_run_stores_nothing_about_the_machine(executed):
    found = stored(executed[0], "a.ipynb")
    assert found["metadata"] == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    assert all(cell["metadata"] == {"tags": ["kept"]} for cell in found["cells"])


def test_a_failing_chapter_is_named_and_left_alone(executed):
    folder, said, status = executed
    assert status == 1
    assert "b.ipynb, cell 1 (id cell-1)" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "2 of 3 chapters executed" in said
    sources = ["x = 1", "print('so far')\n1 / 0", "print('never')"]
    assert (folder / "b.ipynb").read_text(encoding="utf-8") == notebook(*sources)
    assert sorted(path.name for path in folder.iterdir()) == ["a.ipynb", "b.ipynb", "c.ipynb"]


def test_the_other_chapters_are_finished(executed):
    assert stored(executed[0], "c.ipynb")["cells"][0]["outputs"][0]["text"] == ["3\n"]


def test_running_again_changes_nothing(executed):
    path = executed[0] / "c.ipynb"
    before = path.stat().st_mtime_ns, path.read_bytes()
    assert run_chapters([path], jobs=1, timeout=60) == 0
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


WIDGETS = "import ipywidgets\nfrom backprop.figures import Perceptron"


def test_figures_are_stored_under_names_that_stay(tmp_path):
    path = tmp_path / "figures.ipynb"
    sources = [WIDGETS, "ipywidgets.IntText()\nPerceptron([1], [2])", "Perceptron([3], [4])"]
    path.write_text(notebook(*sources), encoding="utf-8")
    assert run_chapters([path], jobs=1, timeout=60) == 0
    before = path.stat().st_mtime_ns
    found = stored(tmp_path, path.name)
    state = found["metadata"]["widgets"][STATE]["state"]
    shown = [state[cell["outputs"][0]["data"][VIEW]["model_id"]] for cell in found["cells"][1:]]
    assert [record["state"]["x"] for record in shown] == [[1.0], [3.0]]
    # Both figures with their layouts, in order; the field that was never shown is not stored.
    assert list(state) == [f"{n:032x}" for n in (1, 2, 3, 4)]
    assert {state[key]["model_name"] for key in state} == {"AnyModel", "LayoutModel"}
    layouts = [record["state"]["layout"].removeprefix("IPY_MODEL_") for record in shown]
    assert [state[key]["model_name"] for key in layouts] == ["LayoutModel"] * 2
    assert run_chapters([path], jobs=1, timeout=60) == 0
    assert path.stat().st_mtime_ns == before


def test_a_cell_that_takes_too_long_is_stopped(tmp_path, capsys):
    path = tmp_path / "slow.ipynb"
    path.write_text(notebook("import time\ntime.sleep(60)"), encoding="utf-8")
    assert run_chapters([path], jobs=1, timeout=1) == 1
    assert "slow.ipynb" in (said := capsys.readouterr().err) and "timed out" in said.lower()


@pytest.mark.parametrize("name", ["absent.ipynb", "README.md"])
def test_what_is_no_chapter_is_refused(name):
    with pytest.raises(SystemExit, match=rf"chapters must be notebooks that exist, got .*{name}"):
        main(["run", name])
