"""The figures of chapter 13, by the data they show."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

from backprop.plotting import digits as figures
from backprop.training import History
from drawn import curves


def texts(ax=None):
    return [t.get_text() for t in (ax or plt.gca()).texts]


def pictures():
    """Return the arrays that the panels show, panel by panel, None for one without a picture."""
    shown = [ax.images for ax in plt.gcf().axes]
    return [np.asarray(images[0].get_array()) if images else None for images in shown]


def test_each_byte_stands_in_the_row_of_its_field():
    fields = [(2, "head of two", "head"), (3, "three numbers", "data")]
    figures.idx_file(bytes([0, 8, 255, 1, 16]), fields)
    assert {t.get_text(): t.get_position()[1] for t in plt.gca().texts} == {
        "offset": -0.9,
        "0": 0,
        "00": 0,
        "08": 0,
        "head of two": 0,
        "2": 1,
        "ff": 1,
        "01": 1,
        "10": 1,
        "three numbers": 1,
    }
    assert len(plt.gca().patches) == 5
    edges = [patch.get_edgecolor() for patch in plt.gca().patches]
    assert len(set(edges[:2])) == len(set(edges[2:])) == 1 and edges[0] != edges[2]


def test_pictures_stand_in_rows_with_their_titles():
    images = np.arange(5 * 6).reshape(5, 2, 3)
    figures.pictures(images, list("abcde"), columns=3)
    shown = pictures()
    assert len(shown) == 6 and shown[5] is None
    for image, found in zip(images, shown, strict=False):
        assert np.array_equal(image, found)
    assert [ax.get_title() for ax in plt.gcf().axes[:5]] == list("abcde")
    assert {ax.images[0].get_clim() for ax in plt.gcf().axes[:5]} == {(0, 29)}


def test_pictures_need_no_titles():
    figures.pictures(np.ones((2, 4, 4)), columns=2)
    assert [ax.get_title() for ax in plt.gcf().axes] == ["", ""]


def test_the_weights_into_a_unit_are_a_picture_on_a_common_scale():
    W = np.arange(12.0).reshape(6, 2)
    figures.units({"start": W, "end": -2 * W}, (2, 3))
    for found, unit in zip(pictures(), [*W.T, *(-2 * W.T)], strict=True):
        assert np.array_equal(found, unit.reshape(2, 3))
    assert {ax.images[0].get_clim() for ax in plt.gcf().axes} == {(-22.0, 22.0)}
    titles = [ax.get_title(loc="left") for ax in plt.gcf().axes]
    assert titles == ["start", "", "end", ""]


def test_probabilities_stand_over_the_steps_from_1_on():
    figures.probabilities({"own": [0.1, 0.5, 0.9], "other": [0.2, 0.4, 0.6]})
    assert curves()["own"].tolist() == [[1, 0.5], [2, 0.9]]
    assert curves()["other"].tolist() == [[1, 0.4], [2, 0.6]]
    widths = [line.get_linewidth() for line in plt.gca().lines]
    assert widths == sorted(widths, reverse=True), "or a later curve would hide an earlier one"


def test_fractions_stand_over_their_counts():
    figures.by_count([10, 1000], {"own": [1.0, 1.0], "held out": [0.5, 0.9]})
    assert curves()["held out"].tolist() == [[10, 0.5], [1000, 0.9]]
    assert [t.get_text() for t in plt.gca().get_xticklabels()] == ["10", "1,000"]


def test_measured_spreads_are_dots_on_the_predicted_line():
    figures.spreads([1, 2, 4], [1.0, 0.7, 0.5], [1, 4], [1.01, 0.49])
    assert curves()["predicted"].tolist() == [[1, 1.0], [2, 0.7], [4, 0.5]]
    assert curves()["measured"].tolist() == [[1, 1.01], [4, 0.49]]
    assert (plt.gca().get_xscale(), plt.gca().get_yscale()) == ("log", "log")


def test_a_history_is_drawn_epoch_by_epoch():
    seen = History()
    seen.loss, seen.val_loss = [1.0, 0.1], [0.9, 0.2]
    seen.accuracy, seen.val_accuracy = [0.5, 1.0], [0.6, 0.9]
    figures.history(seen)
    top, bottom = plt.gcf().axes
    assert curves(top)["training"].tolist() == [[1, 1.0], [2, 0.1]]
    assert curves(top)["held out"].tolist() == [[1, 0.9], [2, 0.2]]
    assert curves(bottom)["training"].tolist() == [[1, 0.5], [2, 1.0]]
    assert curves(bottom)["held out"].tolist() == [[1, 0.6], [2, 0.9]]
    assert (top.get_yscale(), bottom.get_yscale()) == ("log", "linear")


def test_the_confusion_table_has_rows_for_what_it_is_and_marks_mistakes():
    figures.confusion(np.array([[5, 0, 1], [0, 7, 0], [0, 0, 3]]))
    at = {t.get_position(): t.get_text() for t in plt.gca().texts}
    assert at[2, 0] == "1"  # column 2, row 0: a 0 read as 2
    assert at[0, 2] == at[1, 0] == "·"
    assert [at[k, k] for k in range(3)] == ["5", "7", "3"]
    assert len(plt.gca().patches) == 4
    marked = [p for p in plt.gca().patches if p.get_xy() == (2 - 0.48, 0 - 0.48)]
    others = {p.get_facecolor() for p in plt.gca().patches} - {marked[0].get_facecolor()}
    assert len(others) == 1
    assert (plt.gca().get_xlabel(), plt.gca().get_ylabel()) == ("read as", "is a")
    low, high = plt.gca().get_ylim()
    assert low > high, "the first row on top, as in a matrix"


def test_figures_return_none_and_leave_the_look_of_others_alone():
    before = dict(matplotlib.rcParams)
    assert figures.confusion(np.eye(2, dtype=int)) is None
    assert dict(matplotlib.rcParams) == before
    assert plt.gcf().get_facecolor() == (1, 1, 1, 1), "opaque, to be read on a dark page"
