"""The figures of chapter 11, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np

import drawn  # noqa: F401  (a backend without a screen)
from backprop.plotting import frameworks as figures


def curves(ax):
    return {line.get_label(): line.get_ydata() for line in ax.lines}


def test_names_of_one_memory_point_to_one_row():
    figures.memory([(["a", "t"], np.array([99.0, -1.0]), 0), (["u"], np.array([1.5, 3.0]), 1)])
    ax = plt.gca()
    names = [text for text in ax.texts if text.get_text() in "atu"]
    assert {name.get_text(): name.xy[1] for name in names} == {"a": 0, "t": 0, "u": -1}
    numbers = [text for text in ax.texts if text not in names]
    told = [(text.get_text(), text.get_position()[1]) for text in numbers]
    assert told == [("99", 0), ("−1", 0), ("1.5", -1), ("3", -1)]
    assert [cell.get_y() + cell.get_height() / 2 for cell in ax.patches] == [0, 0, -1, -1]


def test_the_largest_drift_so_far_stands_below_the_loss_without_its_zeros():
    bound = np.array([1e-9, 2e-9, 3e-9])
    figures.drift(np.array([4.0, 2.0, 1.0]), {"two": np.array([0.0, 3e-16, 2e-16])}, bound)
    above, below = plt.gcf().axes
    assert above.lines[0].get_ydata().tolist() == [4, 2, 1]
    assert above.get_yscale() == below.get_yscale() == "log"
    np.testing.assert_array_equal(curves(below)["two"], [np.nan, 3e-16, 3e-16])
    assert below.lines[-1].get_ydata().tolist() == bound.tolist()
    labels = [text.get_text() for text in below.get_legend().get_texts()]
    assert labels == ["two", r"$\propto 1/\sqrt{L}$"]


def test_losses_are_told_apart_by_colour_and_line():
    names = ["right", "unmasked", "float32", "forgotten", "fifth"]
    figures.losses({name: [10.0, 1.0 / (i + 1)] for i, name in enumerate(names)}, "epoch")
    ax = plt.gca()
    assert {n: v.tolist() for n, v in curves(ax).items()} == {
        name: [10.0, 1.0 / (i + 1)] for i, name in enumerate(names)
    }
    assert (ax.get_xlabel(), ax.get_yscale()) == ("epoch", "log")
    assert ax.get_ylim()[1] > 10
    assert len({line.get_color() for line in ax.lines}) == 5
    assert len({line._unscaled_dash_pattern[1] for line in ax.lines}) == 5


def test_a_loss_that_leaves_the_picture_does_not_flatten_the_others():
    figures.losses({"falls": [10.0, 1.0], "overflows": [10.0, 1e200, np.nan]}, top=1e10)
    assert plt.gca().get_ylim() == (0.1, 1e10)
    assert curves(plt.gca())["overflows"][:2].tolist() == [10, 1e200]
