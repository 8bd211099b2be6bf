"""Himmelblau's race: its surface, rules and basins are the package's, its arguments are checked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import traitlets

import js
from backprop.figures import HimmelblauDescent
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

RULES = {"descent": GradientDescent, "momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam}
SETTINGS = {"mu": 0.9, "alpha": 0.99, "betas": [0.9, 0.999]}


def maths(body, given, folder):
    return js.evaluate("descent.js", body, given, folder)


def walked(given, folder):
    """The walks of [key, settings, start, steps], each as (points, the step that diverged)."""
    body = """return given.map((one) => {
      const { x, y, last, diverged } = figure.walkOf(...one);
      return { path: [...x.slice(0, last + 1)].map((v, n) => [v, y[n]]), diverged };
    })"""
    return [(np.array(one["path"]), one["diverged"]) for one in maths(body, given, folder)]


# --- the surface ----------------------------------------------------------------------------------


def test_height_slope_and_curvatures_are_the_surfaces(rng, tmp_path):
    points = rng.uniform(-7, 7, size=(300, 2))
    body = """return given.map(([x, y]) => [
      figure.heightAt(x, y), ...figure.slopeAt(x, y), ...figure.curvaturesAt(x, y),
      figure.steepness(x, y)])"""
    got = np.array(maths(body, points, tmp_path))
    gradient, hessian = himmelblau.gradient(points), himmelblau.hessian(points)
    js.assert_agrees(got[:, 0], himmelblau(points))
    js.assert_agrees(got[:, 1:3], gradient)
    js.assert_agrees(got[:, 3:6], hessian[:, [0, 0, 1], [0, 1, 1]])
    js.assert_agrees(got[:, 6], np.linalg.norm(gradient, axis=1))


def test_the_nine_points_are_the_packages(tmp_path):
    survey = maths("return figure.surveyed()", None, tmp_path)
    assert len(survey["points"]) == 9
    for got, expected in zip(survey["points"], himmelblau.stationary_points, strict=True):
        assert got["kind"] == expected.kind
        np.testing.assert_allclose([got["x"], got["y"]], expected.x, rtol=0, atol=1e-9)
        np.testing.assert_allclose(got["value"], expected.value, rtol=1e-9, atol=1e-20)
        js.assert_agrees(got["eigenvalues"], expected.eigenvalues)
    js.assert_agrees(survey["rims"], himmelblau.rims)
    js.assert_agrees(survey["steepest"], himmelblau.steepest_curvature)


def test_valleys_are_the_packages(rng, tmp_path):
    points = rng.uniform(-6, 6, size=(4000, 2))
    body = "const s = figure.surveyed(); return given.map(([x, y]) => figure.valleyOf(s, x, y))"
    expected = himmelblau.valley(points)
    assert sorted(set(expected)) == [-1, 0, 1, 2, 3]
    assert maths(body, points, tmp_path) == expected.tolist()


def test_what_is_no_number_lies_in_no_valley(tmp_path):
    body = (
        "const s = figure.surveyed(); return [NaN, Infinity].map((v) => figure.valleyOf(s, v, 0))"
    )
    assert maths(body, None, tmp_path) == [-1, -1]


# --- the rules ------------------------------------------------------------------------------------


def random_walks(rng, n, steps):
    """Walks whose points the rounding of a last digit cannot move by 1e-9.

    Rates stay below 2/λ at the steepest minimum for gradient descent (0.0149) and below a tenth of
    it for momentum. From farther out, or with larger rates, the first two rules can be chaotic:
    two runs that differ in the last digit then part, in Python as well as here. RMSProp and Adam
    divide by a size; their steps stay below about 10 η.
    """
    highest = {"descent": 2e-3, "momentum": 1e-3, "RMSProp": 2e-2, "Adam": 0.1}
    for _ in range(n):
        for key, high in highest.items():
            eta = float(np.exp(rng.uniform(np.log(1e-5), np.log(high))))
            mu, alpha = rng.uniform(0, 0.95), rng.uniform(0.5, 0.999)
            betas = [rng.uniform(0, 0.95), rng.uniform(0.95, 0.9995)]
            settings = {"eta": eta, "mu": mu, "alpha": alpha, "betas": betas}
            yield [key, settings, rng.uniform(-6, 6, size=2).tolist(), steps]


def optimizer(key, settings):
    own = {
        "descent": {},
        "momentum": {"mu": settings["mu"]},
        "RMSProp": {"alpha": settings["alpha"]},
        "Adam": {"betas": tuple(settings["betas"])},
    }
    return RULES[key](eta=settings["eta"], **own[key])


def test_every_step_of_every_rule_is_the_optimizers(rng, tmp_path):
    given = list(random_walks(rng, 40, 600))
    for (key, settings, start, steps), (path, diverged) in zip(
        given, walked(given, tmp_path), strict=True
    ):
        expected = minimize(himmelblau.gradient, start, optimizer(key, settings), steps)
        assert diverged is None and path.shape == (601, 2)
        js.assert_agrees(path, expected, f"{optimizer(key, settings)} from {start}")


@pytest.mark.parametrize("key", RULES)
def test_the_chapters_run_of_20_000_steps(key, tmp_path):
    eta = RULES[key]().eta
    given = [[key, {"eta": eta, **SETTINGS}, [-4, 0], 20_000]]
    ((path, _),) = walked(given, tmp_path)
    expected = minimize(himmelblau.gradient, [-4, 0], RULES[key](), 20_000)
    # RMSProp ends hopping, and each hop renews the last digit's difference.
    np.testing.assert_allclose(path, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("key", "eta"), [("descent", 0.05), ("momentum", 0.05)])
def test_a_walk_ends_at_the_step_that_diverges(key, eta, tmp_path):
    ((path, diverged),) = walked([[key, {"eta": eta, **SETTINGS}, [0, 0], 300]], tmp_path)
    with pytest.raises(Diverged) as error:
        minimize(himmelblau.gradient, [0, 0], RULES[key](eta=eta), 300)
    assert diverged == error.value.step
    assert path.shape == (diverged, 2) and np.isfinite(path).all()


# --- basins ---------------------------------------------------------------------------------------


def fates(key, eta, starts, steps, folder):
    body = """const survey = figure.surveyed();
    const fate = figure.fateOf(given.key, given.settings, survey, given.steps);
    return given.starts.map(([x, y]) => fate(x, y))"""
    given = {"key": key, "settings": {"eta": eta, **SETTINGS}, "starts": starts, "steps": steps}
    return maths(body, given, folder)


@pytest.mark.parametrize(
    ("key", "eta"),
    [
        ("descent", 1e-3),
        ("descent", 1e-2),  # too large for an early rest
        ("momentum", 1e-3),
        ("RMSProp", 1e-2),
        ("Adam", 1e-3),
        ("Adam", 1e-2),
        ("Adam", 0.3),  # its steps are too long for an early rest
    ],
)
def test_basins_are_the_packages(key, eta, rng, tmp_path):
    side = np.linspace(-6, 6, 121)
    starts = side[rng.integers(121, size=(400, 2))]
    steps = maths("return figure.basinSteps(...given)", [key, eta], tmp_path)
    expected = basins(himmelblau, RULES[key](eta=eta), starts, steps, progress=False)
    assert len(set(expected[expected >= 0])) == 4
    assert fates(key, eta, starts, steps, tmp_path) == expected.tolist()


def test_a_start_that_diverges_is_in_no_basin(tmp_path):
    assert fates("descent", 0.05, [[0, 0], [3, 2]], 1000, tmp_path) == [-2, 1]


@pytest.mark.parametrize(
    ("key", "eta", "steps"),
    [("descent", 1e-3, 4000), ("Adam", 1e-3, 20_000), ("RMSProp", 1e-2, 2000), ("Adam", 1, 1000)],
)
def test_a_map_of_basins_is_given_the_chapters_steps(key, eta, steps, tmp_path):
    assert maths("return figure.basinSteps(...given)", [key, eta], tmp_path) == steps


def test_every_start_of_a_map_is_asked_once(tmp_path):
    order = maths("return figure.startOrder()", None, tmp_path)
    assert len(order) == len({(column, row) for column, row, _ in order}) == 121 * 121
    assert [size for _, _, size in order] == sorted((s for _, _, s in order), reverse=True)
    body = "return [...Array(121).keys()].map(figure.startAt)"
    assert maths(body, None, tmp_path) == np.linspace(-6, 6, 121).tolist()


def test_shares_count_every_fate(tmp_path):
    got = maths("return figure.sharesOf(given)", [0, 0, 1, 3, -1, -2, -3, 3], tmp_path)
    assert got == {"minima": [0.25, 0.125, 0, 0.25], "yet": 0.25, "lost": 0.125}


# --- what is drawn and said -----------------------------------------------------------------------


def test_contours_lie_at_their_level(tmp_path):
    levels = [5.0, 60.0, 400.0]
    pieces = maths("return figure.contours(given)", levels, tmp_path)
    for level, points in zip(levels, pieces, strict=True):
        at = np.reshape(points, (-1, 2))
        assert len(at) > 100
        slope = np.linalg.norm(himmelblau.gradient(at), axis=1)
        off = np.abs(himmelblau(at) - level) / np.maximum(slope, 1)  # as a distance on the map
        assert off.max() < 0.03


def test_an_outline_keeps_peaks_and_dips(rng, tmp_path):
    values = rng.normal(size=5000)
    points = np.array(maths("return figure.outline(given, 4999, 200)", values, tmp_path))
    assert len(points) <= 210
    assert points[:, 1].max() == values.max() and points[:, 1].min() == values.min()
    assert (np.diff(points[:, 0]) > 0).all()
    np.testing.assert_array_equal(points[:, 1], values[points[:, 0].astype(int)])


def test_a_short_walk_is_outlined_whole(tmp_path):
    assert maths("return figure.outline([3, 1, 2], 2)", None, tmp_path) == [[0, 3], [1, 1], [2, 2]]


def test_a_sketch_leaves_out_only_what_lies_close(tmp_path):
    body = """const walk = figure.walkOf(...given); const kept = figure.sketchOf(walk);
    return kept.map((n) => [n, walk.x[n], walk.y[n]])"""
    given = ["descent", {"eta": 1e-4, **SETTINGS}, [-4, 0], 5000]
    kept = np.array(maths(body, given, tmp_path))
    path = minimize(himmelblau.gradient, [-4, 0], GradientDescent(1e-4), 5000)
    assert 100 < len(kept) < 1000
    latest = np.searchsorted(kept[:, 0], np.arange(5001), side="right") - 1
    assert np.abs(path - kept[latest, 1:]).sum(axis=1).max() < 0.02


def test_the_surface_hides_what_lies_behind_the_walls(tmp_path):
    body = """const low = figure.projection([0, 15]); const above = figure.projection([0, 90]);
    const spots = [[-3.78, -3.28], [-0.27, -0.92], [0, 5.9]];
    return [low, above].map((view) => spots.map(([x, y]) => figure.hidden(view, x, y)))"""
    low, above = maths(body, None, tmp_path)
    assert low == [True, True, False]  # the wall in front is higher than the peak
    assert above == [False, False, False]


def test_from_above_the_surface_is_the_map(tmp_path):
    body = "const v = figure.projection([0, 90]); return given.map((p) => v.at(...p))"
    got = maths(body, [[6, 0, 0.3], [0, 6, 0.9], [-3, 3, 0]], tmp_path)
    np.testing.assert_allclose(got, [[1, 0], [0, 1], [-0.5, 0.5]], atol=1e-12)


@pytest.mark.parametrize(
    ("key", "eta", "start", "step", "said"),
    [
        ("descent", 0.05, [0, 0], 300, "has left the finite numbers at step 11"),
        ("descent", 0.001, [-4, 0], 4000, "has reached (−3.78, −3.28)"),
        (
            "descent",
            0.001,
            [-4, 0],  # where the gradient is (−102, 10)
            1,
            f"is still on the way at (−3.9, −0.01), f = {himmelblau((-3.898, -0.01)):.4f}",
        ),
        ("RMSProp", 0.3, [0, 0], 1, "is still on the way at (3, 3), f = 26.0000"),
        ("momentum", 0.03, [5, 5], 1, "is off the map, at (−7.78, −9.94)"),
    ],
)
def test_words_say_where_a_rule_is(key, eta, start, step, said, tmp_path):
    body = """const walk = figure.walkOf(given.key, given.settings, given.start, 4000);
    return figure.whereabouts(figure.surveyed(), walk, given.step)[0]"""
    given = {"key": key, "settings": {"eta": eta, **SETTINGS}, "start": start, "step": step}
    assert maths(body, given, tmp_path) == said


def test_words_say_that_a_rule_stands_where_it_is_level(tmp_path):
    body = """const survey = figure.surveyed();
    return survey.points.map(({ kind, x, y }) => {
      const walk = figure.walkOf("descent", given, [x, y], 3);
      return [kind, figure.place(x, y), figure.whereabouts(survey, walk, 2)];
    })"""
    found = maths(body, {"eta": 0.001, **SETTINGS}, tmp_path)
    assert len(found) == 9
    for kind, place, said in found:
        level = [f"{word} on the {kind} {place}: the slope is 0" for word in ("stands", "stand")]
        reached = [f"{word} reached {place}" for word in ("has", "have")]
        assert said == (reached if kind == "minimum" else level)


# --- Python's side --------------------------------------------------------------------------------


def test_repr_is_the_call_that_makes_it():
    figure = HimmelblauDescent((-4, 0), [Adam(0.01), GradientDescent(0.002)], steps=300, step=20)
    said = repr(figure)
    assert said == (
        "HimmelblauDescent(start=[-4, 0], optimizers=[GradientDescent(eta=0.002), "
        "Adam(eta=0.01, betas=(0.9, 0.999), eps=1e-08)], steps=300, step=20)"
    )
    assert repr(eval(said)) == said


def test_by_default_all_four_race_with_the_packages_defaults():
    figure = HimmelblauDescent()
    assert figure.racing == list(RULES)
    assert [repr(one) for one in figure.optimizers] == [repr(rule()) for rule in RULES.values()]


def test_settings_of_optimizers_are_taken_over():
    figure = HimmelblauDescent(
        (1, 2), [Momentum(0.002, mu=0.5), RMSProp(0.1, alpha=0.9), Adam(0.3, betas=(0.8, 0.9))]
    )
    assert (figure.mu, figure.alpha, figure.betas) == (0.5, 0.9, [0.8, 0.9])
    assert figure.eta == [1e-3, 0.002, 0.1, 0.3]
    assert figure.racing == ["momentum", "RMSProp", "Adam"]


def test_walks_are_those_of_minimize_and_end_before_they_diverge():
    walks = HimmelblauDescent((0, 0), [GradientDescent(0.05), Adam()], steps=100).walks()
    assert list(walks) == ["descent", "Adam"]
    assert walks["descent"].shape == (11, 2) and np.isfinite(walks["descent"]).all()
    expected = minimize(himmelblau.gradient, (0, 0), Adam(), 100)
    np.testing.assert_array_equal(walks["Adam"], expected)


def test_a_cell_shows_the_view_and_a_picture():
    data, _ = HimmelblauDescent((0, 0), [GradientDescent()], steps=20)._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert plt.get_fignums() == []


def test_the_picture_shows_the_walks():
    figure = HimmelblauDescent((-4, 0), [Momentum(), Adam()], steps=50)
    figure._draw()
    lines = {line.get_label(): line.get_xydata() for line in plt.gcf().axes[0].lines}
    for name, path in figure.walks().items():
        np.testing.assert_array_equal(lines[name], path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"start": (1, 2, 3)}, ValueError, r"^start: expected two numbers, came shape \(3,\)$"),
        (
            {"start": (7, 0)},
            ValueError,
            r"^start: expected numbers from -6 to 6, came \[7.0, 0.0\]$",
        ),
        ({"start": "ab"}, TypeError, r"^start: expected real numbers, came "),
        ({"optimizers": [Nesterov()]}, TypeError, r"^optimizers: expected GradientDescent, .*Nest"),
        ({"optimizers": [Adam(), Adam(0.1)]}, ValueError, r"^optimizers: .*at most one Adam, came"),
        ({"optimizers": [Adam(eps=1e-6)]}, ValueError, r"^optimizers: expected eps = 1e-08, came"),
        ({"optimizers": [Adam(20.0)]}, ValueError, r"^eta\[3\]: .* 1e-05 to 10, came 20.0$"),
        ({"steps": 0}, ValueError, r"^steps: expected at least 1, came 0$"),
        ({"steps": 20_001}, ValueError, r"^steps: expected at most 20000, came 20001$"),
        ({"steps": 1.5}, TypeError, r"^steps: expected a whole number, came 1.5$"),
        ({"step": 2001}, ValueError, r"^step: expected at most 2000, came 2001$"),
        ({"basins": "adam"}, ValueError, r"^basins: expected None or one of .*, came 'adam'$"),
        ({"point": 9}, ValueError, r"^point: expected at most 8, came 9$"),
    ],
)
def test_bad_arguments(change, error, message):
    with pytest.raises(error, match=message):
        HimmelblauDescent(**change)


@pytest.mark.parametrize(
    ("trait", "value", "error", "message"),
    [
        ("start", [0, 9], ValueError, "^start: expected numbers from -6 to 6"),
        ("eta", [0.1], ValueError, "^eta: expected four numbers"),
        ("eta", [0.1, 0.1, 0, 0.1], ValueError, r"^eta\[2\]: expected a finite number > 0"),
        ("mu", 1.0, ValueError, r"^mu: expected a number in \[0, 1\), came 1.0$"),
        ("betas", [0.9], ValueError, "^betas: expected two numbers"),
        ("racing", ["sgd"], ValueError, "^racing: expected names of descent, momentum"),
        ("point", 9, ValueError, "^point: expected at most 8"),
        ("view", [0, 5], ValueError, "^view: expected an azimuth"),
        ("speed", 0, ValueError, "^speed: expected at least 1"),
        ("step", "5", traitlets.TraitError, "step"),
    ],
)
def test_what_is_set_later_is_checked_too(trait, value, error, message):
    figure = HimmelblauDescent()
    before = getattr(figure, trait)
    with pytest.raises(error, match=message):
        setattr(figure, trait, value)
    assert getattr(figure, trait) == before


def test_traits_set_from_python_reach_the_face():
    figure = HimmelblauDescent((-4, 0))
    sent = []
    figure.observe(lambda change: sent.append((change.name, change.new)), names=["start", "racing"])
    figure.start = [1, 2]
    figure.racing = ["Adam", "descent"]
    assert sent == [("start", [1.0, 2.0]), ("racing", ["descent", "Adam"])]
    assert figure.get_state(["start", "racing"]) == {
        "start": [1.0, 2.0],
        "racing": ["descent", "Adam"],
    }
