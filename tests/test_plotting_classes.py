"""The figures of chapter 03, by the data they show."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop import Dense, Network
from backprop.activations import identity, softmax
from backprop.plotting import classes as figures
from drawn import curves


def texts():
    return [t.get_text() for t in plt.gca().texts]


def test_outputs_stand_at_their_steps_without_step_0():
    figures.outputs_by_step({"slow": np.array([1.0, 0.9, 0.8]), "fast": np.array([1.0, 0.4])})
    assert curves()["slow"].tolist() == [[1, 0.9], [2, 0.8]]
    assert curves()["fast"].tolist() == [[1, 0.4]]
    assert plt.gca().get_xscale() == "log"


def test_surprise_is_the_logarithm_and_the_marks_lie_on_it():
    figures.surprise(np.array([0.5, 0.05]))
    a, loss = curves()[r"$-\log a$"].T
    assert np.exp(-loss) == pytest.approx(a)
    a, loss = curves()[r"$\frac{1}{2}(1-a)^2$"].T
    assert loss == pytest.approx((1 - a) ** 2 / 2)
    expected = np.array([[0.5, np.log(2)], [0.05, np.log(20)]])
    assert curves()["the four examples"] == pytest.approx(expected)


def test_the_jacobian_has_probabilities_in_rows_and_scores_in_columns():
    figures.jacobian(np.array([[0.25, -0.1], [-0.3, 0.125]]))
    assert texts() == ["0.2500", "−0.1000", "−0.3000", "0.1250"]
    ax = plt.gca()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["$a_1$", "$a_2$"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["$z_1$", "$z_2$"]


def test_delta_bars_are_probability_target_and_their_difference():
    a, t = np.array([0.7, 0.3]), np.array([0.0, 1.0])
    figures.delta_bars(a, t)
    heights = [[bar.get_height() for bar in bars] for bars in plt.gca().containers]
    assert np.array(heights) == pytest.approx(np.array([a, t, a - t]))
    assert texts() == ["0.700", "0.300", "0", "1", "0.700", "−0.700"]


def test_delta_sizes_are_drawn_as_given():
    figures.delta_sizes(np.array([0.0, 1.0]), {"one": [0.5, 0.7], "two": [0.1, 0.0]})
    assert curves()["one"].tolist() == [[0, 0.5], [1, 0.7]]
    assert curves()["two"].tolist() == [[0, 0.1], [1, 0]]


def test_regions_show_the_largest_score_and_every_point_in_its_class():
    def net(W, b):
        return Network([Dense(W, b, identity), Dense(np.eye(3), np.zeros(3), softmax)])

    # Class 3 leads where x_1 > 0 (left panel) or x_2 > 0 (right panel), else class 1; 2 nowhere.
    left = net([[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], [0.0, -9.0, 0.0])
    right = net([[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0]], [0.0, -9.0, 0.0])
    X, T = np.array([[-1.0, 0.5], [1.0, 0.5], [1.0, -1.0]]), np.eye(3)
    figures.regions({"left": left.forward, "right": right.forward}, X, T)
    panels = plt.gcf().axes
    assert [ax.get_title() for ax in panels] == ["left", "right"]
    side = np.linspace(-2, 2, 201)
    x1, x2 = np.meshgrid(side, side)
    for ax, x in zip(panels, (x1, x2), strict=True):
        away = np.abs(x) > 1e-9  # on the border itself either class is right
        best = ax.images[0].get_array()
        assert (best[away] == np.where(x > 0, 2, 0)[away]).all()
        assert ax.images[0].origin == "lower"
        assert tuple(ax.images[0].get_extent()) == (-2, 2, -2, 2)
        shown = [curves(ax)[f"class {k}"].tolist() for k in (1, 2, 3)]
        assert shown == [[row] for row in X.tolist()]


def test_figures_return_none_and_leave_the_look_of_others_alone():
    before = dict(matplotlib.rcParams)
    assert figures.surprise(np.array([0.5])) is None
    assert dict(matplotlib.rcParams) == before
    assert plt.gcf().get_facecolor() == (1, 1, 1, 1), "opaque, to be read on a dark page"
