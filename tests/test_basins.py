"""Basins of attraction: valleys, their rims, and the map whose starts rest where fate is sealed.

Every early rest is compared with the walk that takes all its steps.
"""

import numpy as np
import pytest

from backprop import optimizers
from backprop.optimizers import (
    Adam,
    Diverged,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSProp,
    basins,
    minimize,
)
from backprop.surfaces import himmelblau


def square(n, reach=6.0):
    side = np.linspace(-reach, reach, n)
    return np.stack(np.meshgrid(side, side), -1)


class Counted:
    """himmelblau that counts the points at which its gradient is asked for."""

    def __init__(self):
        self.points = 0

    def gradient(self, x):
        self.points += x.size // 2
        return himmelblau.gradient(x)

    def __getattr__(self, name):
        return getattr(himmelblau, name)


# --- the surface: rims and valleys


def test_rims_are_the_lowest_saddles_around_each_minimum():
    saddles = sorted(p.value for p in himmelblau.stationary_points if p.kind == "saddle")
    # The lowest joins (3.58, −1.85) and (3, 2), the second (3, 2) and (−2.81, 3.13), the third
    # (−2.81, 3.13) and (−3.78, −3.28).
    expected = [saddles[0], saddles[0], saddles[1], saddles[2]]
    assert himmelblau.rims.tolist() == expected
    assert expected == pytest.approx([13.3119, 13.3119, 67.7192, 104.0152], abs=1e-4)


def flood(k, grid):
    """The points of a grid that are joined to minimum k by neighbours below its rim."""
    # A pass is a few grid points wide: 0.1 below the rim no step from point to point crosses it.
    low = himmelblau(grid) < himmelblau.rims[k] - 0.1
    nearest = np.abs(grid - himmelblau.minima[k]).sum(axis=-1).argmin()
    found, frontier = np.zeros_like(low), [np.unravel_index(nearest, low.shape)]
    while frontier:
        i, j = frontier.pop()
        if low[i, j] and not found[i, j]:
            found[i, j] = True
            frontier += [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
    return found


@pytest.mark.parametrize("k", range(4))
def test_a_valley_is_what_is_joined_to_its_minimum_below_the_rim(k):
    grid = square(481)
    told, joined = himmelblau.valley(grid) == k, flood(k, grid)
    assert not (told & ~joined).any()
    # What lies in the valley and is not told lies in the uppermost hundredth, or at the pass.
    missed = himmelblau(grid[joined & ~told]) / himmelblau.rims[k]
    assert missed.min() > 0.9
    assert missed.size < 0.02 * joined.sum()


def test_beyond_a_pass_the_nearest_minimum_is_not_the_valley():
    # Just below the pass, on the side of (3, 2), and nearer to another minimum.
    x = np.array([0.125, 2.875])
    assert himmelblau(x) < himmelblau.rims[2]
    assert np.linalg.norm(himmelblau.minima - x, axis=1).argmin() == 2
    assert himmelblau.valley(x) == -1


def test_valley_of_points():
    (a, b), (c, d) = himmelblau.minima[:2]
    points = [[[a, b], [c, d]], [[0.0, 0.0], [-3.5, -3.0]]]
    assert himmelblau.valley(points).tolist() == [[0, 1], [-1, 3]]
    assert himmelblau.valley([a, b]).shape == ()
    assert himmelblau.valley([3, 2]) == 1
    assert himmelblau.valley([np.nan, 0.0]) == -1


def test_spare_lowers_the_rim():
    x = himmelblau.minima[1] + [0.0, 0.5]
    f, rim = himmelblau(x), himmelblau.rims[1]
    assert 0 < f < rim
    assert himmelblau.valley(x, spare=rim - f - 1e-9) == 1
    assert himmelblau.valley(x, spare=rim - f + 1e-9) == -1
    assert himmelblau.valley(x, spare=np.array([0.0, np.inf, 0.0, 0.0])) == -1


def test_valleys_curve_and_slope_as_the_map_takes_for_granted():
    grid = square(401, 8.0)
    valley = himmelblau.valley(grid)
    assert set(valley.ravel().tolist()) == {-1, 0, 1, 2, 3}
    bottom = himmelblau.steepest_curvature
    assert bottom == pytest.approx(133.7856, abs=1e-4)
    for k, rim in enumerate(himmelblau.rims):
        inside = grid[valley == k]
        assert np.linalg.eigvalsh(himmelblau.hessian(inside)).max() < 2 * bottom
        assert np.abs(himmelblau.gradient(inside)).sum(-1).max() < 2 * np.sqrt(2 * bottom * rim)


# --- the map


def test_what_three_known_starts_find_and_the_fourth_minimum():
    found = basins(himmelblau, Adam(), [[0, 0], [-4, 0], [4, 0], [-4, 4]], 20_000)
    places = himmelblau.minima[found].round(5).tolist()
    assert places == [[3.0, 2.0], [-3.77931, -3.28319], [3.58443, -1.84813], [-2.80512, 3.13131]]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_the_map_has_the_shape_of_the_starts(shape):
    found = basins(himmelblau, Adam(), np.full((*shape, 2), 2.5), 1000)
    assert found.shape == shape
    assert (found == 1).all()


RESTING = [
    (Adam(1e-3), 6000),
    (Adam(1.5e-3), 5000),  # the largest eta at which all four valleys let rest is 1.53e-3
    (Adam(3e-3), 3000),  # here two valleys do
    (Adam(1e-3, betas=(0.0, 0.99)), 6000),
    (Adam(1e-3, betas=(0.9, 0.9)), 6000),
    (Adam(1e-3, betas=(0.98, 0.999)), 6000),
    (GradientDescent(1e-4), 8000),
    (GradientDescent(2e-3), 1000),
]


@pytest.mark.parametrize(("optimizer", "steps"), RESTING, ids=repr)
def test_resting_early_changes_no_fate(optimizer, steps):
    counted, starts = Counted(), square(40)
    found = basins(counted, optimizer, starts, steps)
    assert counted.points < 0.9 * starts[..., 0].size * steps, "nobody rested: nothing is tested"
    end = minimize(himmelblau.gradient, starts, optimizer, steps, keep="end")
    assert np.array_equal(found, himmelblau.valley(end))
    assert set(found.ravel().tolist()) >= {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("betas", "bound"), [((0.9, 0.999), 7.27), ((0.0, 0.0), 1.0), ((0.0, 0.99), 10.0)]
)
def test_no_step_of_adam_is_longer_than_the_bound(betas, bound):
    from backprop.optimizers import _longest_step

    assert _longest_step(*betas) == pytest.approx(bound, rel=1e-3)
    rng = np.random.default_rng(0)
    ratio = betas[1] / betas[0] if betas[0] else 1.0
    slopes = [rng.normal(size=400), ratio ** np.arange(400.0), np.eye(400)[-1], np.ones(400)]
    for g in slopes:
        optimizer, x = Adam(1.0, betas, eps=1e-300), np.zeros(1)
        state = optimizer.start(x)
        for t, slope in enumerate(g, 1):
            before = x.copy()
            optimizer.step(x, np.array([slope]), state, t)
            assert abs(x - before)[0] <= _longest_step(*betas) * (1 + 1e-9)


def test_gradient_descent_at_the_largest_step_that_lets_rest():
    eta = 1 / himmelblau.steepest_curvature
    starts = himmelblau.minima[:, None, None] + square(20, 1.0)
    counted = Counted()
    found = basins(counted, GradientDescent(eta), starts, 2000)
    assert counted.points < starts[..., 0].size * 500
    end = minimize(himmelblau.gradient, starts, GradientDescent(eta), 2000, keep="end")
    assert np.array_equal(found, himmelblau.valley(end))


@pytest.mark.parametrize(
    "optimizer",
    [
        Momentum(1e-3),
        Nesterov(1e-3),
        RMSProp(1e-2),
        Adam(2e-2),
        Adam(1e-3, betas=(0.9, 0.8)),
        GradientDescent(1.01 / 133.7856),
    ],
    ids=repr,
)
def test_nobody_rests_where_a_valley_does_not_hold(optimizer):
    counted, starts = Counted(), himmelblau.minima + 0.1
    found = basins(counted, optimizer, starts, 500)
    assert counted.points == 4 * 500
    assert found.tolist() == [0, 1, 2, 3]


def test_a_subclass_may_step_as_it_likes_and_nobody_rests():
    class Odd(Adam):
        pass

    counted = Counted()
    basins(counted, Odd(), himmelblau.minima, 200)
    assert counted.points == 4 * 200


def test_momentum_crosses_valleys_so_no_valley_decides_its_fate():
    starts, optimizer = square(20), Momentum(1e-3)
    path = minimize(himmelblau.gradient, starts, optimizer, 400, keep=2)
    visited = himmelblau.valley(path)
    end = visited[-1]
    crossed = ((visited >= 0) & (visited != end)).any(axis=0) & (end >= 0)
    assert crossed.sum() > 50
    assert np.array_equal(basins(himmelblau, optimizer, starts, 400), end)


def test_rmsprop_leaves_a_valley_from_its_flat_bottom():
    optimizer, starts = RMSProp(0.5), himmelblau.minima + 1e-3
    first = minimize(himmelblau.gradient, starts, optimizer, 1, keep="end")
    assert np.abs(first - starts) == pytest.approx(5.0, rel=1e-4)  # η / √(1 − α)
    end = himmelblau.valley(minimize(himmelblau.gradient, starts, optimizer, 2000, keep="end"))
    assert (end != np.arange(4)).any()
    assert np.array_equal(basins(himmelblau, optimizer, starts, 2000), end)


def test_a_walk_that_is_still_on_its_way_has_no_basin():
    starts = [[0.0, 0.0], [3.0, 2.0]]
    assert basins(himmelblau, Adam(), starts, 0).tolist() == [-1, 1]
    assert basins(himmelblau, Adam(), starts, 100).tolist() == [-1, 1]
    assert basins(himmelblau, Adam(), starts, 4000).tolist() == [1, 1]


def test_the_map_does_not_depend_on_how_many_are_stepped_together(monkeypatch):
    starts = square(12)
    whole = basins(himmelblau, Adam(2e-3), starts, 3000)
    assert set(whole.ravel().tolist()) >= {0, 1, 2, 3}
    monkeypatch.setattr(optimizers, "CHUNK", 7)
    assert np.array_equal(basins(himmelblau, Adam(2e-3), starts, 3000), whole)


def test_float32_starts():
    starts = square(10).astype(np.float32)
    found = basins(himmelblau, Adam(2e-3), starts, 3000)
    assert np.array_equal(found, basins(himmelblau, Adam(2e-3), starts.astype(float), 3000))


def test_a_walk_that_diverges_says_so():
    with pytest.raises(
        Diverged, match=r"GradientDescent\(eta=0.05\) diverged: from start \(5, 5\)"
    ):
        basins(himmelblau, GradientDescent(0.05), [5.0, 5.0], 100)


def test_progress_shows_a_bar(capsys):
    basins(himmelblau, Adam(), [3.0, 2.0], 100, progress=True)
    assert "0/100" in capsys.readouterr().err
    basins(himmelblau, Adam(), [3.0, 2.0], 100, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"surface": np.sin}, TypeError, "surface: expected `gradient`, as himmelblau has, came"),
        ({"optimizer": "adam"}, TypeError, "optimizer: expected one, such as Adam(), came 'adam'"),
        ({"starts": [[0.0, np.nan]]}, ValueError, "start: expected finite numbers, came nan"),
        ({"starts": [[0.0, 1.0, 2.0]]}, ValueError, "expected shape (..., 2), came shape (1, 3)"),
        ({"steps": -1}, ValueError, "steps: expected at least 0, came -1"),
    ],
)
def test_arguments_that_do_not_fit_are_named(changed, error, message):
    arguments = {"surface": himmelblau, "optimizer": Adam(), "starts": [0.0, 0.0], "steps": 10}
    with pytest.raises(error) as caught:
        basins(**arguments | changed)
    assert message in str(caught.value)
