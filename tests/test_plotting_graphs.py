"""The figures of chapter 04, by the data they show."""

import math

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop import numerical_gradient
from backprop.plotting import graphs as figures
from backprop.plotting._style import BACKWARD, FORWARD
from drawn import curves

FORMULA = [("s", "+", "p", "q"), ("m", "max", "p", "r"), ("f", "*", "s", "m")]
INPUTS = {"q": -1.0, "p": 4.0, "r": 2.5}


def texts(colour=None):
    """The texts that are drawn, in the order of drawing; of one colour where it is given."""
    drawn = [t for t in plt.gca().texts if t.get_text()]
    return [t.get_text() for t in drawn if colour is None or t.get_color() == colour]


def arrows():
    return [t for t in plt.gca().texts if getattr(t, "arrow_patch", None) is not None]


def test_a_graph_shows_the_values_above_its_arrows_and_the_slopes_below():
    figures.graph(FORMULA, **INPUTS)
    assert sorted(texts(FORWARD)) == sorted(
        ["4", "-1", "4", "2.5", "$s$ = 3", "$m$ = 4", "12"]  # a value for each arrow
    )
    assert sorted(texts(BACKWARD)) == sorted(["4", "4", "3", "0", "4", "3", "1", "4 + 3 = 7"])
    assert {"$p$", "$q$", "$r$", "$+$", "max", r"$\times$", "$f$"} <= set(texts())
    assert len(arrows()) == 7
    assert [t.get_text() for t in plt.gcf().texts] == ["values", "slopes of $f$"]


def test_a_graph_without_its_slopes_shows_none():
    figures.graph(FORMULA, backward=False, **INPUTS)
    assert texts(BACKWARD) == []
    assert "12" in texts(FORWARD)
    assert [t.get_text() for t in plt.gcf().texts] == ["values"]


def test_an_input_stands_one_column_before_its_first_use():
    columns = figures._columns(
        [("z", "*", "x", "w"), ("e", "-", "z", "t"), ("L", "square", "e")], ["x", "w", "t"]
    )
    assert columns == {"x": 0, "w": 0, "t": 1, "z": 1, "e": 2, "L": 3}


def test_heights_are_the_mean_of_the_operands_unless_they_are_given():
    heights = figures._heights(FORMULA, INPUTS, {"r": -5.0})
    assert heights == {"q": 0.0, "p": -1.0, "r": -5.0, "s": -0.5, "m": -3.0, "f": -1.75}


def test_long_sums_are_told_as_their_total():
    steps = [("u", "*", "x", "y"), ("v", "exp", "x"), ("f", "*", "u", "v")]
    figures.graph(steps, x=0.5, y=1.1)
    total = 1.1 * math.exp(0.5) * (1 + 0.5)
    assert rf"$\Sigma$ = {total:.4g}" in texts(BACKWARD)


def test_a_negative_part_of_a_sum_stands_in_brackets():
    figures.graph([("u", "square", "x"), ("f", "-", "u", "x")], x=3.0)
    assert "6 + (-1) = 5" in texts(BACKWARD)


OPERATIONS = [
    (name, 2 if name in ("+", "-", "*", "/", "max") else 1) for name in figures.OPERATIONS
]


@pytest.mark.parametrize(("name", "operands"), OPERATIONS)
@pytest.mark.parametrize("point", [(3.0, 2.0), (0.5, 1.5), (-1.2, -0.7)])
def test_each_operation_has_the_slopes_that_differences_see(name, operands, point):
    _, function, local = figures.OPERATIONS[name]
    x = np.array(point[:operands])
    assert np.array(local(*x)) == pytest.approx(
        numerical_gradient(lambda v: float(function(*v)), x), rel=1e-7, abs=1e-9
    )


def test_slopes_wait_until_all_users_have_answered():
    values, arrows = figures.run(
        [("u", "square", "x"), ("v", "+", "u", "y"), ("f", "*", "u", "v")], {"x": 2.0, "y": 1.0}
    )
    assert values == {"x": 2, "y": 1, "u": 4, "v": 5, "f": 20}
    assert arrows == [
        ("x", "u", 36.0),
        ("u", "v", 4.0),
        ("y", "v", 4.0),
        ("u", "f", 5.0),
        ("v", "f", 4.0),
    ]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "steps: expected at least one, came none"),
        ([("f", "sinus", "x")], r"steps: expected one of \+, -.*, came 'sinus' for f"),
        ([("f", "+", "x")], r"expected operands of '\+': 2, came 1 for f"),
        ([("f", "exp", "y")], r"different operands computed before, came \('f', 'exp', 'y'\)"),
        ([("x", "exp", "x")], r"a new name .* came \('x', 'exp', 'x'\)"),
        ([("f", "*", "x", "x")], r"different operands .* came \('f', '\*', 'x', 'x'\)"),
    ],
)
def test_a_step_that_cannot_be_drawn_is_named(steps, message):
    with pytest.raises(ValueError, match=message):
        figures.graph(steps, x=1.0)


def test_the_patterns_show_what_each_node_sends_back():
    figures.patterns(a=3.0, b=2.0, arriving=5.0)
    forward, backward = sorted(texts(FORWARD)), sorted(texts(BACKWARD))
    assert forward == sorted(["3", "2", "5", "3", "2", "6", "3", "2", "3", "3", "3"])
    passed, swapped, routed, copied = ["5", "5"], ["10", "15"], ["5", "0"], ["5", "1", "5 + 1 = 6"]
    assert backward == sorted([*passed, *swapped, *routed, *copied, "5", "5", "5"])
    titles = {"add: passes on", "multiply: swaps", "max: routes", "use twice: adds"}
    assert titles <= set(texts())


def test_fits_show_the_data_and_each_curve():
    x = np.array([-1.0, 0.0, 2.0])
    figures.fits(x, x**2, {"square": lambda v: v**2, "zero": lambda v: 0 * v}, ylabel="$y$")
    assert curves()["data"] == pytest.approx(np.stack([x, x**2], 1))
    grid, values = curves()["square"].T
    assert (grid[0], grid[-1]) == (-1, 2)
    assert values == pytest.approx(grid**2)
    assert not curves()["zero"][:, 1].any()
    assert plt.gca().get_ylabel() == "$y$"


def test_losses_stand_over_their_steps_on_a_logarithmic_axis():
    figures.losses({"one": [3.0, 0.2], "two": [1.0, 0.5]})
    assert curves()["one"].tolist() == [[0, 3], [1, 0.2]]
    assert curves()["two"].tolist() == [[0, 1], [1, 0.5]]
    assert plt.gca().get_yscale() == "log"


def test_figures_return_none_and_leave_the_look_of_others_alone():
    before = dict(matplotlib.rcParams)
    assert figures.graph(FORMULA, **INPUTS) is None
    assert dict(matplotlib.rcParams) == before
    assert plt.gcf().get_facecolor() == (1, 1, 1, 1), "opaque, to be read on a dark page"
