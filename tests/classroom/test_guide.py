"""The guide's commands, as they stand there: `teaching.md` is executed and parsed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import classroom
from classroom.__main__ import COMMANDS, _chosen, parser
from classroom.source import load

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "teaching.md").read_text(encoding="utf-8")
START = GUIDE.partition("## From nothing to first grades")[2].partition("\n## ")[0]
NAME = "01_perceptron"


def blocks(text, language=r"\w*"):
    """The fenced blocks of a language, of any without one."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course of the first ten minutes: its commands, run by a shell in a clone of the book."""
    clone = tmp_path_factory.mktemp("guide") / "book"
    shutil.copytree(ROOT / "assignments", clone / "assignments")
    activate = clone / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\n")
    done = subprocess.run(
        ["bash", "-e", "-u", "-o", "pipefail", "-c", "\n".join(blocks(START, "bash"))],
        cwd=clone,
        env=os.environ | {"PYTHONPATH": str(ROOT / "code")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return clone.parent / "autumn", done


@pytest.mark.optional("bubblewrap")
def test_the_first_ten_minutes_give_grades(course):
    folder, done = course
    assignment = load(folder / "assignments" / f"{NAME}.ipynb").assignment
    machine = sum(q.points for q in assignment.questions if hasattr(q, "calls"))
    results = {
        path.stem: json.loads(path.read_text()) for path in (folder / "results" / NAME).iterdir()
    }
    assert {name: result["points"] for name, result in results.items()} == {
        "try-1": machine,
        "try-2": 0.0,
    }
    line = next(line for line in done.stdout.splitlines() if line.startswith(f"{NAME}  "))
    assert line.split()[:4] == [NAME, "2", "2", "0"]


@pytest.mark.optional("bubblewrap")
def test_the_files_that_the_guide_names_are_there(course):
    folder, _ = course
    named = re.findall(rf"`((?:feedback|results|exports|release)/{NAME}[^`]*)`", START)
    assert len(named) >= 4
    for name in named:
        assert (folder / name).exists(), name
    assert (folder / "feedback" / NAME / "try-2.html").exists()


@pytest.mark.optional("bubblewrap")
def test_nothing_is_left_of_who_only_tried(course, tmp_path):
    shutil.copytree(course[0], tmp_path / "autumn")
    (clean,) = blocks(START, "sh")
    subprocess.run(["bash", "-e", "-c", clean], cwd=tmp_path / "autumn", check=True)
    left = [path.name for path in (tmp_path / "autumn").rglob("*")]
    assert f"{NAME}.csv" in left and "handed-in" not in left
    assert not [name for name in left if name.startswith("try-")]


def commands():
    """Every line of the guide that calls the command."""
    text = "\n".join(blocks(GUIDE)).replace("\\\n", " ")
    lines = [line.partition(" #")[0].strip() for line in text.splitlines()]
    return sorted({line for line in lines if line.startswith("classroom ")})


def test_the_guide_uses_every_command_of_an_assignments_way():
    assert {line.split()[1] for line in commands()} == set(COMMANDS)


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_guide_is_understood(line):
    words = shlex.split(line)[1:]
    assert parser(_chosen(words)).parse_args(words).command == words[0]


@pytest.mark.optional("distributed")
def test_dasks_commands_of_the_guide_are_understood():
    from click import Context
    from distributed.cli import dask_scheduler, dask_worker

    known = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}
    lines = [line for block in blocks(GUIDE) for line in block.splitlines()]
    lines = [shlex.split(line)[1:] for line in lines if line.startswith("dask ")]
    assert {words[0] for words in lines} == set(known)
    for name, *words in lines:
        command = known[name]
        command.parse_args(Context(command), words)


def test_the_packages_docstring_is_its_map():
    modules = {path.stem for path in (ROOT / "code" / "classroom").glob("[!_]*.py")}
    named = re.findall(r"^    (\w+(?:, \w+)*) +\S", classroom.__doc__, re.M)
    assert {name for line in named for name in line.split(", ")} == modules
