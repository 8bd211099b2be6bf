"""The figures of chapter 12, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np

from backprop.plotting import fitting as figures
from drawn import curves


def test_the_hinges_stand_beside_their_sum():
    x, parts = np.array([0.0, 1.0]), np.array([[0.0, 2.0], [0.0, -1.0]])
    figures.hinges(x, parts, parts.sum(axis=0))
    assert [line.get_ydata().tolist() for line in plt.gca().lines] == [[0, 2], [0, -1], [0, 1]]
    assert curves()["their sum"].tolist() == [[0, 0], [1, 1]]


def test_a_fit_shows_target_curves_bends_and_the_ground():
    x = np.array([0.0, 1.0, 2.0])
    figures.fits(x, x**2, {"one": x}, {"one": [0.5, 1.5]}, shaded=(0.0, 1.0))
    assert curves()["target"][:, 1].tolist() == [0, 1, 4]
    assert curves()["one"][:, 1].tolist() == [0, 1, 2]
    (ticks,) = [line for line in plt.gca().lines if line.get_marker() == "|"]
    assert ticks.get_xdata().tolist() == [0.5, 1.5]
    assert (ticks.get_ydata() < 0).all(), "below the curves"
    (ground,) = plt.gca().patches
    assert (ground.get_x(), ground.get_width()) == (0.0, 1.0)


def test_errors_stand_over_their_sizes_on_logarithmic_axes():
    figures.errors(np.array([3, 6]), {"one layer": [0.1, 0.02]}, "units")
    assert curves()["one layer"].tolist() == [[3, 0.1], [6, 0.02]]
    assert [label.get_text() for label in plt.gca().get_xticklabels()] == ["3", "6"]
    assert plt.gca().get_xscale() == plt.gca().get_yscale() == "log"


def test_each_fold_is_drawn_as_given():
    figures.folded(np.array([0.0, 1.0]), {"one tent": [0.0, 1.0], "two": [1.0, 0.0]})
    assert curves()["two"].tolist() == [[0, 1], [1, 0]]


def test_a_fit_in_the_making_keeps_its_axes():
    x, bends = np.array([0.0, 1.0, 2.0]), np.array([-1.0, 0.5, 3.0])
    figures.fit_at(x, x**2, 2 * x, bends, limits=(-1.0, 5.0))
    assert curves()["target"][:, 1].tolist() == [0, 1, 4]
    assert curves()["the network"][:, 1].tolist() == [0, 2, 4]
    (ticks,) = [line for line in plt.gca().lines if line.get_marker() == "|"]
    assert ticks.get_xdata().tolist() == [0.5]  # the others lie outside
    assert (plt.gca().get_ylim(), plt.gca().get_xlim()) == ((-1, 5), (0, 2))
