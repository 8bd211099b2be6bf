"""The figures of chapter 08, by the data they show."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import drawn  # noqa: F401  (a backend without a screen)
from backprop.plotting import mistakes as figures
from backprop.plotting._style import BACKWARD, FORWARD


def test_each_loss_is_drawn_against_its_step():
    figures.losses({"A": [0.7, 0.2, 0.1], "B": [0.7, 0.3, 0.2]})
    curves = {line.get_label(): line for line in plt.gca().lines}
    assert curves["A"].get_xydata() == pytest.approx(np.array([[0, 0.7], [1, 0.2], [2, 0.1]]))
    assert list(curves["B"].get_ydata()) == [0.7, 0.3, 0.2]
    assert plt.gca().get_yscale() == "linear"
    assert plt.gca().get_ylim()[0] == 0
    assert curves["A"].get_linestyle() != curves["B"].get_linestyle()


def test_losses_of_many_sizes_stand_on_a_logarithmic_axis():
    figures.losses({"A": [1e7, 1e-8]}, logarithmic=True)
    assert plt.gca().get_yscale() == "log"


def test_ratios_are_tables_with_a_title_and_every_number():
    factor, rows = np.full((2, 3), 2.0), np.array([[1.5] * 3, [-0.25] * 3])
    figures.ratios({"factor": factor, "rows": rows, "one more": factor})
    shown = [ax for ax in plt.gcf().axes if ax.get_visible()]
    assert [ax.get_title() for ax in shown] == ["factor", "rows", "one more"]
    assert [text.get_text() for text in shown[1].texts] == ["1.50"] * 3 + ["−0.25"] * 3
    assert shown[1].images[0].get_array().tolist() == rows.tolist()
    names = [tick.get_text() for tick in shown[0].get_yticklabels()]
    units = [tick.get_text() for tick in shown[0].get_xticklabels()]
    assert (names, units) == (["$a_1$", "$a_2$"], [rf"$\delta_{j}$" for j in (1, 2, 3)])


def test_the_parade_puts_the_nearest_fingerprint_on_top_in_another_color():
    figures.parade({"near": 0.0, "far": 0.5, "farther": 1.5})
    (points,) = plt.gca().collections
    assert points.get_offsets().tolist() == [[1.5, 0], [0.5, 1], [1e-17, 2]]
    assert [tick.get_text() for tick in plt.gca().get_yticklabels()] == ["farther", "far", "near"]
    colours = [matplotlib.colors.to_hex(c) for c in points.get_facecolors()]
    assert colours == [FORWARD, FORWARD, BACKWARD]
    assert plt.gca().lines[0].get_xdata()[0] == 1e-7


def test_cosines_are_sorted_and_risen_losses_are_hatched():
    figures.cosines({"up": (-1.0, 0.7, 1.5), "down": (0.8, 0.7, 0.1), "slow": (0.2, 0.7, 0.6)})
    bars = plt.gca().patches
    assert [bar.get_width() for bar in bars] == [-1.0, 0.2, 0.8]
    assert [bool(bar.get_hatch()) for bar in bars] == [True, False, False]
    assert [tick.get_text() for tick in plt.gca().get_yticklabels()] == ["up", "slow", "down"]
    legend = [text.get_text() for text in plt.gcf().legends[0].get_texts()]
    assert legend == ["loss fell", "loss rose"]


def test_cosines_of_losses_that_all_fell_speak_of_no_rise():
    figures.cosines({"down": (0.8, 0.7, 0.1)})
    assert [text.get_text() for text in plt.gcf().legends[0].get_texts()] == ["loss fell"]
