"""The figures of chapter 14, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop.plotting import ranking as figures
from drawn import curves


def test_scores_stand_on_the_line_of_their_label():
    figures.scores([0.9, 0.2, 0.6], [1, 0, 0], 0.5)
    ones, zeros, threshold = plt.gca().lines
    assert ones.get_xydata().tolist() == [[0.9, 1]]
    assert zeros.get_xydata().tolist() == [[0.2, 0], [0.6, 0]]
    assert list(threshold.get_xdata()) == [0.5, 0.5]


def test_roc_curves_stand_beside_a_coin():
    figures.roc({"one": ([0.0, 0.0, 1.0], [0.0, 1.0, 1.0])})
    assert curves()["one"].tolist() == [[0, 0], [0, 1], [1, 1]]
    assert curves()["coin"].tolist() == [[0, 0], [1, 1]]


def test_luck_counts_the_values_and_draws_the_predicted_bell():
    values = np.full(10, 0.5)
    figures.luck(values, 0.61, 0.0727)
    heights = [bar.get_height() * bar.get_width() for bar in plt.gca().patches]
    assert sum(heights) == pytest.approx(1.0)
    x, bell = curves()["predicted"].T
    assert x[bell.argmax()] == pytest.approx(0.5)
    assert bell.max() == pytest.approx(1 / (0.0727 * np.sqrt(2 * np.pi)))
    assert curves()["0.61"][0, 0] == 0.61


def test_held_out_losses_are_drawn_with_the_step_to_stop_at():
    figures.held_out({"training": [1.0, 0.1], "validation": [1.0, 0.5]}, best=1)
    assert curves()["training"].tolist() == [[0, 1], [1, 0.1]]
    assert plt.gca().lines[-1].get_xdata()[0] == 1
    assert plt.gca().get_yscale() == "log"
