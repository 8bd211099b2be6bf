"""The figures of chapter 02, by the data they show."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop.activations import sigmoid
from backprop.plotting import outputs as figures
from drawn import curves

X, B, T = np.array([0.5, -1.0]), np.array([0.1, 0.2, 0.0]), np.array([0.2, 0.9, 0.5])
W = np.array([[0.4, -0.2, 0.7], [0.3, 0.5, -0.4]])


def texts():
    return [t.get_text() for t in plt.gca().texts if t.get_text()]


def cells():
    """The numbers written into a table, (row, column) -> text."""
    found = {}
    for t in plt.gca().texts:
        column, row = t.get_position()
        found[row, column] = t.get_text()
    return found


def test_the_layer_shows_outputs_deltas_loss_and_one_weight_with_its_slope():
    figures.layer(X, W, B, T, road=(0, 1))
    o = sigmoid(X @ W + B)
    delta = (o - T) * o * (1 - o)
    shown = texts()
    assert {f"{v:.4f}" for v in o} <= set(shown)
    assert {rf"$\delta_{k + 1}$ = {v:.4f}" for k, v in enumerate(delta)} <= set(shown)
    assert f"{0.5 * ((o - T) ** 2).sum():.4f}" in shown
    assert [s for s in shown if s.startswith("$w_")] == ["$w_{12}$ = -0.2"]
    assert f"{0.5 * delta[1]:.4f}" in shown


def test_the_road_leads_from_its_input_through_its_neuron_to_the_loss():
    figures.layer(X, W, B, T, road=(1, 2))
    place = {t.get_text(): t.get_position() for t in plt.gca().texts}
    (road,) = plt.gca().lines
    assert road.get_xydata().tolist() == [list(place[s]) for s in ("$x_2$", "$o_3$", "$L$")]


def test_the_outer_product_stands_in_its_cells_and_margins():
    x, delta = np.array([0.5, -1.0]), np.array([0.1, -0.2, 0.3])
    figures.outer_grid(x, delta)
    expected = {
        (j, k): f"{v:.4f}".replace("-", "−") for (j, k), v in np.ndenumerate(np.outer(x, delta))
    }
    assert cells() == expected
    ax = plt.gca()
    assert [t.get_text() for t in ax.get_yticklabels()] == ["$x_1$ = 0.5", "$x_2$ = −1"]
    assert [t.get_text() for t in ax.get_xticklabels()][1] == r"$\delta_2$ = −0.2000"
    (image,) = ax.images
    assert np.asarray(image.get_array()) == pytest.approx(np.outer(x, delta))
    assert image.get_clim() == pytest.approx((-0.3, 0.3)), "zero is white"


def test_what_examples_add_stands_beside_their_sum_with_one_cell_framed():
    inputs, delta = (
        np.array([[2.0], [-1.0], [3.0]]),
        np.array([[0.5, 1.0], [9.0, 9.0], [0.0, -2.0]]),
    )
    figures.example_layers(inputs, delta, batch=[0, 2], cell=(1, 0))
    tables = [ax for ax in plt.gcf().axes if ax.axison]
    values = [np.asarray(ax.images[0].get_array()).tolist() for ax in tables]
    assert values == [
        [[1.0, 2.0], [0.5, 1.0]],
        [[0.0, -6.0], [0.0, -2.0]],
        [[1.0, -4.0], [0.5, -1.0]],
    ]
    assert [ax.get_title() for ax in tables[:2]] == ["example 1", "example 3"]
    assert {ax.images[0].get_clim() for ax in tables} == {(-6, 6)}, "one scale for all"
    for ax in tables:
        (frame,) = ax.lines
        assert frame.get_xydata()[:4].mean(axis=0).tolist() == [0, 1]


def test_all_differences_are_shown_and_the_diagonal_is_framed():
    figures.difference_grid(np.array([1.0, 2.0]), np.array([2.0, 4.5]))
    assert cells() == {(0, 0): "−1", (0, 1): "−3.5", (1, 0): "0", (1, 1): "−2.5"}
    centres = [line.get_xydata()[:4].mean(axis=0).round(9).tolist() for line in plt.gca().lines]
    assert centres == [[0, 0], [1, 1]]


def test_error_paths_are_drawn_as_given_on_a_logarithmic_axis():
    figures.error_paths({"one": [1.0, 0.1, 0.01], "two": [1.0, 2.0, 4.0]})
    assert plt.gca().get_yscale() == "log"
    assert curves()["one"].tolist() == [[0, 1], [1, 0.1], [2, 0.01]]
    assert curves()["two"].tolist() == [[0, 1], [1, 2], [2, 4]]


def test_fits_show_the_points_and_each_line():
    x, t = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 7.0])
    figures.fits(x, t, {"rising": (2.0, 0.5), "flat": (0.0, 4.0)})
    assert curves()["the three pairs"] == pytest.approx(np.stack([x, t], axis=1))
    assert curves()["rising"].tolist() == [[0.5, 1.5], [3.5, 7.5]]
    assert curves()["flat"].tolist() == [[0.5, 4.0], [3.5, 4.0]]


def test_figures_return_none_and_leave_the_look_of_others_alone():
    before = dict(matplotlib.rcParams)
    assert figures.outer_grid(X, T) is None
    assert dict(matplotlib.rcParams) == before
    assert plt.gcf().get_facecolor() == (1, 1, 1, 1), "opaque, to be read on a dark page"
