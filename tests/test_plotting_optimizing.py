"""The figures of chapter 10, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import drawn  # noqa: F401  (a backend without a screen)
from backprop.plotting import optimizing as figures


def ys(line):
    return list(line.get_ydata())


def names(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_regimes_draw_a_dot_a_step_and_cut_off_what_runs_away():
    figures.regimes({"slow": [1, 0.8], "fast": [1, -1.1, 1.21]}, reach=1.2)
    ax = plt.gca()
    zero, slow, fast = ax.lines
    assert ys(zero) == [0, 0]
    assert (ys(slow), ys(fast)) == ([1, 0.8], [1, -1.1, 1.21])
    assert list(fast.get_xdata()) == [0, 1, 2]
    assert slow.get_marker() == fast.get_marker() == "o"
    assert slow.get_linestyle() != fast.get_linestyle()
    assert ax.get_ylim() == (-1.2, 1.2)
    assert names(ax.get_legend()) == ["slow", "fast"]


def bowl(p):
    x, y = p
    return 0.5 * (x**2 + 100 * y**2)


def test_walks_stand_over_the_contours_of_f_one_panel_each():
    paths = {"first": np.array([[10.0, 1], [9, -1]]), "second": np.array([[10.0, 1], [5, 3]])}
    figures.walks(bowl, paths, reach=(-1, 11, 4))
    panels = plt.gcf().axes
    assert [ax.get_title() for ax in panels] == ["first", "second"]
    for ax, path in zip(panels, paths.values(), strict=True):
        walk, star = ax.lines
        np.testing.assert_array_equal(np.column_stack(walk.get_data()), path)
        assert (star.get_marker(), *star.get_xdata(), *star.get_ydata()) == ("*", 0, 0)
        assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 11), (-4, 4))
        (contours,) = ax.collections
        for level, line in zip(contours.levels, contours.get_paths(), strict=True):
            if len(line.vertices):
                np.testing.assert_allclose(bowl(line.vertices.T), level, rtol=0.2)


def test_paces_are_drawn_over_eta_lambda_and_growth_is_shaded():
    h = np.array([0.0, 1.0, 2.0])
    figures.paces(h, {"μ = 0": [1, 0, 1], "μ = 0.81": [1, 0.9, 0.9]})
    ax = plt.gca()
    assert [ys(line) for line in ax.lines] == [[1, 0, 1], [1, 0.9, 0.9]]
    assert all(list(line.get_xdata()) == [0, 1, 2] for line in ax.lines)
    (band,) = ax.patches
    assert (band.get_y(), band.get_y() + band.get_height()) == (1, pytest.approx(1.3))
    assert ax.get_ylim() == (0, 1.3)
    assert ax.texts[0].get_text() == "grows"
    assert names(ax.get_legend()) == ["μ = 0", "μ = 0.81"]


def test_by_step_draws_curves_predictions_and_marks_on_a_logarithmic_axis():
    figures.by_step({"a": [1, 0.1], "b": [1, 1e-9]}, "$|y|$", {"a": [1, 0.2]}, marks=[1.5])
    ax = plt.gca()
    a, b, predicted, mark = ax.lines
    assert (ys(a), ys(b), ys(predicted)) == ([1, 0.1], [1, 1e-9], [1, 0.2])
    assert list(mark.get_xdata()) == [1.5, 1.5]
    assert (ax.get_yscale(), ax.get_xscale()) == ("log", "linear")
    assert ax.get_ylabel() == "$|y|$"
    assert names(ax.get_legend()) == ["a", "b"]


def test_without_hats_names_the_longest_step():
    t = np.arange(1, 101)
    factor = (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
    figures.without_hats(t, factor)
    ax = plt.gca()
    curve, top, one = ax.lines
    np.testing.assert_array_equal(curve.get_ydata(), factor)
    assert (list(top.get_xdata()), ys(top)) == ([12], [factor.max()])
    assert ys(one) == [1, 1]
    assert ax.texts[0].get_text() == "6.57 at step 12"
    assert ax.get_ylim()[1] > factor.max()


def test_a_sweep_has_a_panel_a_task_and_a_line_a_rule_within_floor_and_ceiling():
    etas = np.array([0.1, 1.0, 10.0])
    rules = ["GradientDescent", "Momentum", "Nesterov", "RMSProp", "Adam"]
    losses = {
        task: {name: np.array([100.0, 10.0**-i, np.inf]) for i, name in enumerate(rules)}
        for task in ("ravine", "network")
    }
    figures.sweep(etas, losses, floor=1e-3, ceiling=1e3)
    fig = plt.gcf()
    assert [ax.get_title() for ax in fig.axes] == ["ravine", "network"]
    for ax in fig.axes:
        assert [line.get_label() for line in ax.lines] == rules
        assert [ys(line) for line in ax.lines] == [
            [100, 1, 1e3],
            [100, 0.1, 1e3],
            [100, 0.01, 1e3],
            [100, 1e-3, 1e3],
            [100, 1e-3, 1e3],
        ]
        assert all(list(line.get_xdata()) == list(etas) for line in ax.lines)
        assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 5
        assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert names(fig.legends[0]) == rules


def test_nothing_is_returned_and_nothing_stays_set():
    before = dict(plt.rcParams)
    assert figures.regimes({"a": [1.0, 0.5]}) is None
    assert dict(plt.rcParams) == before
