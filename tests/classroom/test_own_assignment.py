"""The guide's section on an assignment of one's own: what it shows is an assignment that works."""

import json
import re

import pytest

from assigned import ROOT
from classroom import check, release
from classroom.source import load

GUIDE = (ROOT / "teaching.md").read_text(encoding="utf-8")
SECTION = re.search(r"^## An assignment of your own$.*?(?=^## |\Z)", GUIDE, re.M | re.S)[0]


def blocks(language):
    """The section's code blocks in a language, their indentation taken off."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```$", SECTION, re.M | re.S)
    return [re.sub(rf"^{indent}", "", text, flags=re.M).strip("\n") for indent, text in found]


def cell(kind, id, text, mark):
    made = {"cell_type": kind, "id": id, "metadata": mark, "source": text}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


@pytest.fixture
def path(tmp_path):
    """The assignment that the section shows, written into a folder."""
    (statement,) = blocks("")[:1]
    answer, checks = blocks("python")
    mark = json.loads(blocks("json")[0])
    given = json.loads(re.search(r'`("grade": false[^`]*)`', SECTION)[1].join("{}"))
    given = {"nbgrader": {**given, "grade_id": "given", "schema_version": 3, "task": False}}
    cells = [
        cell("markdown", "t", "# A softer ReLU", given),
        cell("code", "i", "import numpy as np\nfrom classroom import check", given),
        cell("markdown", "h", statement, given),
        cell("code", "q2", answer, mark),
        cell("code", "c", re.search(r"`(check\(.*?\))`", SECTION)[1], given),
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "07_softplus.py").write_text(checks, encoding="utf-8")
    (tmp_path / "07_softplus.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return tmp_path / "07_softplus.ipynb"


def test_it_is_released_and_checks_itself(path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(release.release(path, tmp_path / "release", seed="a secret of this course"))
    space = {}
    for made in load(path).notebook["cells"]:
        if made["cell_type"] == "code":
            exec(made["source"], space)
    assert capsys.readouterr().out == "✓ Question 2: Right, on 6 inputs.\n"
    slope = space["softplus_slope"]
    check("07_softplus/q2", lambda z: slope(z) * (1 - slope(z)))
    assert "That is one derivative too many" in capsys.readouterr().out


def test_students_find_what_the_section_says(path):
    stub = load(path).answers[0].stub
    assert stub == "def softplus_slope(z):\n    ...  # return an array of the shape of z"


def test_the_kinds_that_are_listed_are_those_there_are():
    from classroom import questions

    listed = re.findall(r"^\| `(\w+)` \|", SECTION, re.M)
    kinds = [k for k in vars(questions).values() if isinstance(k, type)]
    asked = {k.__name__ for k in kinds if issubclass(k, questions._Question)}
    assert set(listed) == {name for name in asked if not name.startswith("_")}
