"""The letters on the chapters' pictures: how they are measured, and that all pictures are.

`conftest.py` measures what each test of `test_plotting_*.py` draws; how wide the stored pictures
are, on which their letters depend, is a rule of `notebook_rules.py`.
"""

import importlib
import pkgutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import backprop.plotting
import drawn

MODULES = [m.name for m in pkgutil.iter_modules(backprop.plotting.__path__) if m.name[0] != "_"]


@pytest.mark.parametrize(("width", "points", "small"), [(5, 10, 0), (5, 9, 1), (6, 10, 1)])
def test_small_letters_are_found_by_their_share_of_the_width(width, points, small):
    figure = plt.figure(figsize=(width, 2))
    figure.add_axes((0, 0, 1, 1), xticks=[], yticks=[])
    figure.text(0.5, 0.5, "$w_1$", fontsize=points)
    figure.text(0.5, 0.5, "seen by nobody", fontsize=4, visible=False)
    assert len(list(drawn.small_letters(figure))) == small


@pytest.mark.parametrize("name", MODULES)
def test_every_drawing_is_drawn_by_a_test(name):
    module = importlib.import_module(f"backprop.plotting.{name}")
    drawings = [key for key, made in vars(module).items() if hasattr(made, "__wrapped__")]
    assert drawings
    tests = Path(__file__).with_name(f"test_plotting_{name}.py").read_text(encoding="utf-8")
    assert [key for key in drawings if f"figures.{key}(" not in tests] == []
