"""The figures of chapter 09, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba
from mpl_toolkits.mplot3d import Axes3D

import drawn  # noqa: F401  (a backend without a screen)
from backprop.plotting import surfaces as figures
from backprop.surfaces import himmelblau

POINTS = himmelblau.stationary_points
SADDLES = [p.x for p in POINTS if p.kind == "saddle"]


def xy(line):
    return np.column_stack(line.get_data())


def texts(ax):
    return [t.get_text() for t in ax.texts]


def marked(ax, marker):
    return [tuple(p) for line in ax.lines if line.get_marker() == marker for p in xy(line)]


def test_both_parabolas_pass_through_every_crossing():
    figures.parabolas(himmelblau.minima)
    u, v = (xy(line) for line in plt.gca().lines[:2])
    np.testing.assert_allclose(u[:, 0] ** 2 + u[:, 1], 11)
    np.testing.assert_allclose(v[:, 0] + v[:, 1] ** 2, 7)
    assert marked(plt.gca(), "o") == [tuple(p) for p in himmelblau.minima]
    assert texts(plt.gca()) == ["(3.58, −1.85)", "(3, 2)", "(−2.81, 3.13)", "(−3.78, −3.28)"]


def test_the_surface_is_f_over_the_square(monkeypatch):
    given = []
    monkeypatch.setattr(Axes3D, "plot_surface", lambda ax, *xyz, **style: given.extend(xyz))
    figures.surface(himmelblau, reach=5.0)
    x, y, z = given
    assert (x.min(), x.max(), y.min(), y.max()) == (-5, 5, -5, 5)
    np.testing.assert_array_equal(z, himmelblau(np.stack([x, y], -1)))


def test_the_surface_fits_into_its_axes():
    figures.surface(himmelblau)
    assert plt.gca().get_zlim()[1] >= himmelblau((5, 5)) == 890


def test_the_map_marks_nine_points_by_kind_and_height():
    figures.stationary_map(himmelblau, POINTS)
    ax = plt.gca()
    assert marked(ax, "o") == [p.x for p in POINTS[:4]]
    assert marked(ax, "X") == SADDLES
    assert marked(ax, "^") == [POINTS[8].x]
    assert texts(ax) == ["0"] * 4 + ["13.3", "67.7", "178.3", "104.0", "181.6"]
    legend = [t.get_text() for t in ax.get_legend().get_texts()]
    assert legend == ["4 minima", "4 saddles", "maximum"]


def test_the_contours_are_those_of_f():
    figures.stationary_map(himmelblau, POINTS)
    (contours,) = plt.gca().collections
    for level, path in zip(contours.levels[3:6], contours.get_paths()[3:6], strict=True):
        np.testing.assert_allclose(himmelblau(path.vertices), level, rtol=0.05, atol=0.6)


def test_splitting_draws_every_last_point_over_its_rate_and_the_bound():
    figures.splitting(np.array([0.1, 0.2, 0.3]), np.array([[1.0, 2, 3], [1, 2, 4]]), 0.25)
    bound, dots = plt.gca().lines
    assert list(bound.get_xdata()) == [0.25, 0.25]
    assert xy(dots).tolist() == [[0.1, 1], [0.2, 2], [0.3, 3], [0.1, 1], [0.2, 2], [0.3, 4]]
    assert "0.250000" in plt.gca().get_legend().get_texts()[0].get_text()


def test_paths_start_at_a_dot_and_end_at_a_star():
    walk = np.array([[0.0, 0], [1, 2], [3, 2]])
    figures.paths(himmelblau, {"from (0, 0)": walk})
    ax = plt.gca()
    assert xy(ax.lines[0]).tolist() == walk.tolist()
    assert marked(ax, "o") == [(0, 0)]
    assert marked(ax, "*") == [(3, 2)]
    assert ax.get_legend().get_texts()[0].get_text() == "from (0, 0)"


def test_each_basin_has_the_color_of_its_minimum():
    reached = np.array([[0, 1], [2, 3]])  # rows by rising y
    figures.basin_maps({"a": reached, "b": reached.T}, POINTS)
    left, right = plt.gcf().axes
    assert (left.get_title(), right.get_title()) == ("a", "b")
    mesh = left.collections[0]
    assert np.array_equal(mesh.get_array(), reached)
    assert np.array_equal(right.collections[0].get_array(), reached.T)
    plt.gcf().canvas.draw()
    assert [tuple(c) for c in mesh.get_facecolors()] == [to_rgba(c) for c in figures.GROUNDS]
    assert marked(left, "*") == [p.x for p in POINTS[:4]]
    assert marked(right, "X") == SADDLES
    assert marked(right, "^") == [POINTS[8].x]


def test_lines_of_level_slope_stand_in_the_last_map_only():
    reached = np.zeros((2, 2), dtype=int)
    figures.basin_maps({"a": reached, "b": reached}, POINTS, himmelblau.gradient)
    left, right = plt.gcf().axes
    assert len(left.collections) == 1
    for component, lines in enumerate(right.collections[1:]):
        (path,) = lines.get_paths()
        slope = himmelblau.gradient(path.vertices)[:, component]
        assert np.abs(slope).max() < 1.0  # the grid's spacing is 1/15, the slope up to 2000
    assert len(right.collections) == 3


def test_nothing_is_returned_and_nothing_stays_set():
    before = dict(plt.rcParams)
    assert figures.parabolas(himmelblau.minima) is None
    assert dict(plt.rcParams) == before


def test_a_race_draws_walks_heights_and_slopes_each_in_its_line():
    walks = {
        "descent": np.array([[-4.0, 0], [-3, -1], [-3.5, -3]]),
        "Adam": np.array([[-4.0, 0], [3, 2]]),  # where f = 0
    }
    figures.race(himmelblau, walks, POINTS)
    chart, height, slope = plt.gcf().axes
    assert [text.get_text() for text in chart.get_legend().get_texts()] == ["descent", "Adam"]
    assert marked(chart, "+") == [(-4, 0)]
    assert marked(chart, "*") == [(-3.5, -3), (3, 2)]
    assert marked(chart, "X") == SADDLES
    for name, path in walks.items():
        (line,) = [line for line in chart.lines if line.get_label() == name]
        np.testing.assert_array_equal(xy(line), path)
        assert line.get_color() == figures.RACE[name]["color"]
    for line, path in zip(height.lines, walks.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), np.maximum(himmelblau(path), 1e-12))
    steep = [np.linalg.norm(himmelblau.gradient(path), axis=1) for path in walks.values()]
    for line, expected in zip(slope.lines, steep, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), np.maximum(expected, 1e-12))
