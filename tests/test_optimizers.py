"""Optimizers against torch.optim step by step; minimize: paths, grids, rest, divergence, memory."""

import io
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop.optimizers import (
    Adam,
    Diverged,
    GradientDescent,
    Interrupted,
    Momentum,
    Nesterov,
    RMSProp,
    minimize,
)
from backprop.surfaces import himmelblau
from strategies import seeds

#: Our optimizer and torch's, with the same settings.
TWINS = {
    "GradientDescent, defaults": (
        GradientDescent(),
        lambda torch, p: torch.optim.SGD(p),
    ),
    "GradientDescent": (
        GradientDescent(0.3),
        lambda torch, p: torch.optim.SGD(p, lr=0.3),
    ),
    "Momentum, defaults": (
        Momentum(),
        lambda torch, p: torch.optim.SGD(p, momentum=0.9),
    ),
    "Momentum": (
        Momentum(0.05, mu=0.5),
        lambda torch, p: torch.optim.SGD(p, lr=0.05, momentum=0.5),
    ),
    "Nesterov, defaults": (
        Nesterov(),
        lambda torch, p: torch.optim.SGD(p, momentum=0.9, nesterov=True),
    ),
    "Nesterov": (
        Nesterov(0.05, mu=0.5),
        lambda torch, p: torch.optim.SGD(p, lr=0.05, momentum=0.5, nesterov=True),
    ),
    "RMSProp, defaults": (
        RMSProp(),
        lambda torch, p: torch.optim.RMSprop(p),
    ),
    "RMSProp": (
        RMSProp(0.2, alpha=0.5, eps=1e-3),
        lambda torch, p: torch.optim.RMSprop(p, lr=0.2, alpha=0.5, eps=1e-3),
    ),
    "Adam, defaults": (
        Adam(),
        lambda torch, p: torch.optim.Adam(p),
    ),
    "Adam": (
        Adam(0.2, betas=(0.3, 0.7), eps=1e-2),
        lambda torch, p: torch.optim.Adam(p, lr=0.2, betas=(0.3, 0.7), eps=1e-2),
    ),
}

OPTIMIZERS = [GradientDescent(1e-3), Momentum(1e-3), Nesterov(1e-3), RMSProp(1e-2), Adam(1e-2)]


def side_by_side(torch, twins, x, gradients):
    """Yield (ours, torch's) after every step along the given gradients."""
    ours, make = twins
    theirs = torch.tensor(x, requires_grad=True)
    other = make(torch, [theirs])
    x = x.copy()
    state = ours.start(x)
    for t, g in enumerate(gradients, 1):
        theirs.grad = torch.tensor(g)
        other.step()
        ours.step(x, g, state, t)
        yield x, theirs.detach().numpy()


# the definitions


@pytest.mark.parametrize("name", TWINS)
@given(seed=seeds, shape=st.sampled_from([(1,), (5,), (4, 3)]))
def test_every_step_is_torchs(torch, name, seed, shape):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    gradients = rng.normal(size=(20, *shape)) * 10.0 ** rng.integers(-3, 3, (20, *shape))
    for t, (ours, theirs) in enumerate(side_by_side(torch, TWINS[name], x, gradients), 1):
        scale = max(np.abs(theirs).max(), 1)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * scale, err_msg=f"step {t}")


@given(seeds)
def test_adam_in_float32_is_torchs_to_a_few_units_in_the_last_place(torch, seed):
    rng = np.random.default_rng(seed)
    x, gradients = rng.uniform(1, 2, 4).astype("f4"), rng.normal(size=(50, 4)).astype("f4")
    steps = side_by_side(torch, TWINS["Adam, defaults"], x, gradients)
    for t, (ours, theirs) in enumerate(steps, 1):
        assert ours.dtype == np.float32
        ulps = np.abs(ours - theirs) / np.spacing(np.abs(theirs))
        assert ulps.max() <= 4, f"step {t}"


@pytest.mark.parametrize(
    ("optimizer", "path"),
    [
        (GradientDescent(0.5), [1, 0, -2]),
        (Momentum(0.5, mu=0.5), [1, 0, -2.5]),  # m = 2, 5
        (Nesterov(0.5, mu=0.5), [1, -0.5, -3.75]),  # m = 2, 5; steps of 2 + 1, 4 + 2.5
        (RMSProp(0.5, alpha=0.75, eps=0), [1, 0, -0.5 * 4 / np.sqrt(4.75)]),  # v = 1, 4.75
        (Adam(0.5, betas=(0.5, 0.75), eps=0), [1, 0.5, 0.5 - 0.5 * (10 / 3) / np.sqrt(76 / 7)]),
    ],
    ids=["GradientDescent", "Momentum", "Nesterov", "RMSProp", "Adam"],
)
def test_two_steps_by_hand(optimizer, path):
    # The gradients are 2, then 4.
    x, gradients = np.array([1.0]), iter([2.0, 4.0])
    walked = minimize(lambda x: np.array([next(gradients)]), x, optimizer, 2)
    np.testing.assert_allclose(walked[:, 0], path, rtol=1e-15, atol=1e-15)


def test_adams_first_step_is_eta_whatever_the_gradient():
    for g in (1e-4, 1.0, 1e4):
        x = minimize(lambda x, g=g: np.array([g]), [0.0], Adam(0.01, eps=0), 1, keep="end")
        assert x[0] == pytest.approx(-0.01, rel=1e-12), f"gradient {g}"


def test_nesterov_walks_where_the_look_ahead_of_its_other_form_walks():
    # m ← μ m + ∇f(y − η μ m), y ← y − η m, whose look-ahead y − η μ m is our x.
    eta, mu = 0.01, 0.9
    y, m = np.array([0.5, -1.0]), np.zeros(2)
    path = minimize(himmelblau.gradient, y, Nesterov(eta, mu), 200)
    for step in range(200):
        np.testing.assert_allclose(path[step], y - eta * mu * m, rtol=0, atol=1e-12)
        m = mu * m + himmelblau.gradient(y - eta * mu * m)
        y = y - eta * m


@pytest.mark.parametrize("optimizer", [Momentum(0.01, mu=0), Nesterov(0.01, mu=0)], ids=repr)
def test_without_memory_both_are_gradient_descent(optimizer):
    path = minimize(himmelblau.gradient, [0.0, 0.0], optimizer, 100)
    descent = minimize(himmelblau.gradient, [0.0, 0.0], GradientDescent(0.01), 100)
    np.testing.assert_array_equal(path, descent)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_one_optimizer_serves_many_runs(optimizer):
    first = minimize(himmelblau.gradient, [0.0, 0.0], optimizer, 100)
    minimize(himmelblau.gradient, [1.0, 2.0], optimizer, 100)
    np.testing.assert_array_equal(minimize(himmelblau.gradient, [0.0, 0.0], optimizer, 100), first)


def test_repr_names_the_settings():
    optimizers = GradientDescent(), Momentum(), Nesterov(), RMSProp(), Adam()
    assert [repr(o) for o in optimizers] == [
        "GradientDescent(eta=0.001)",
        "Momentum(eta=0.001, mu=0.9)",
        "Nesterov(eta=0.001, mu=0.9)",
        "RMSProp(eta=0.01, alpha=0.99, eps=1e-08)",
        "Adam(eta=0.001, betas=(0.9, 0.999), eps=1e-08)",
    ]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: GradientDescent(0), ValueError, r"^eta: expected a finite number > 0, came 0$"),
        (lambda: GradientDescent(np.nan), ValueError, r"^eta: expected a finite .*, came nan$"),
        (lambda: GradientDescent("1"), TypeError, r"^eta: expected a number, came str$"),
        (lambda: Momentum(mu=1), ValueError, r"^mu: expected a number in \[0, 1\), came 1$"),
        (lambda: Momentum(mu=-0.1), ValueError, r"^mu: expected a finite number >= 0, came -0\.1$"),
        (lambda: Momentum(eta=-1), ValueError, r"^eta: expected a finite number > 0, came -1$"),
        (lambda: Nesterov(mu=1.0), ValueError, r"^mu: expected a number in \[0, 1\), came 1\.0$"),
        (lambda: Nesterov(mu=-1), ValueError, r"^mu: expected a finite number >= 0, came -1$"),
        (lambda: Nesterov(mu="1"), TypeError, r"^mu: expected a number, came str$"),
        (lambda: Nesterov(eta=0), ValueError, r"^eta: expected a finite number > 0, came 0$"),
        (lambda: RMSProp(alpha=1.5), ValueError, r"^alpha: expected a number in \[0, 1\), .* 1\.5"),
        (lambda: RMSProp(eps=-1), ValueError, r"^eps: expected a finite number >= 0, came -1$"),
        (lambda: RMSProp(eta=0), ValueError, r"^eta: expected a finite number > 0, came 0$"),
        (lambda: Adam(eta=np.inf), ValueError, r"^eta: expected a finite number > 0, came inf$"),
        (lambda: Adam(betas=0.9), ValueError, r"^betas: expected two numbers, came 0\.9$"),
        (lambda: Adam(betas=(0.9,)), ValueError, r"^betas: expected two numbers, came \(0\.9,\)$"),
        (lambda: Adam(betas=(0.9, 1)), ValueError, r"^betas\[1\]: expected a number in .* came 1$"),
        (lambda: Adam(betas=(1.0, 0)), ValueError, r"^betas\[0\]: expected a number in .* 1\.0$"),
        (lambda: Adam(eps=-1e-8), ValueError, r"^eps: expected a finite number >= 0, came -1e-08"),
    ],
)
def test_settings_that_do_not_fit_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


# minimize: what is kept


def bowl(x):
    """Return the gradient of |x|²."""
    return 2 * x


GRID = np.arange(24, dtype=float).reshape(3, 4, 2) / 10


@pytest.mark.parametrize("start", [GRID[0, 1], GRID[0], GRID], ids=["(2,)", "(4, 2)", "(3, 4, 2)"])
@pytest.mark.parametrize(("steps", "keep"), [(0, 1), (7, 1), (10, 5), (11, 5), (120, 50), (3, 10)])
def test_the_path_holds_every_kth_point_from_the_start_on(start, steps, keep):
    path = minimize(bowl, start, GradientDescent(0.1), steps, keep=keep)
    assert path.shape == (steps // keep + 1, *start.shape)
    for i, points in enumerate(path):
        np.testing.assert_allclose(points, start * 0.8 ** (i * keep), rtol=1e-12, err_msg=f"{i}")


@pytest.mark.parametrize("start", [GRID[0, 1], GRID[0], GRID], ids=["(2,)", "(4, 2)", "(3, 4, 2)"])
@pytest.mark.parametrize("steps", [0, 1, 49, 50, 51, 120])
def test_the_end_is_the_last_point_of_the_path(start, steps):
    end = minimize(himmelblau.gradient, start, Adam(0.01), steps, keep="end")
    path = minimize(himmelblau.gradient, start, Adam(0.01), steps)
    assert end.shape == start.shape
    np.testing.assert_array_equal(end, path[-1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_the_path_is_that_of_a_plain_loop_to_the_last_bit(optimizer):
    x = np.array([[1.0, -1.0], [0.5, 4.0]])
    path = minimize(himmelblau.gradient, x, optimizer, 170)
    state = optimizer.start(x)
    for t in range(1, 171):
        optimizer.step(x, himmelblau.gradient(x), state, t)
        np.testing.assert_array_equal(path[t], x, err_msg=f"step {t}")


@pytest.mark.parametrize("d", [1, 3, 5])
def test_points_may_have_any_number_of_coordinates(d):
    path = minimize(bowl, np.ones((2, d)), GradientDescent(0.1), 3)
    np.testing.assert_allclose(path[-1], np.full((2, d), 0.8**3))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_a_grid_walks_as_each_start_alone_to_the_last_bit(optimizer, rng):
    starts = rng.uniform(-5, 5, (6, 5, 2))
    together = minimize(himmelblau.gradient, starts, optimizer, 200)
    for i in np.ndindex(6, 5):
        alone = minimize(himmelblau.gradient, starts[i], optimizer, 200)
        np.testing.assert_array_equal(together[:, *i], alone, err_msg=f"start {i}")


def test_more_starts_than_are_stepped_together_walk_as_few_do(rng):
    starts = rng.uniform(-5, 5, (5000, 2))
    ends = minimize(himmelblau.gradient, starts, Adam(0.01), 60, keep="end")
    few = minimize(himmelblau.gradient, starts[::100], Adam(0.01), 60, keep="end")
    np.testing.assert_array_equal(ends[::100], few)


def test_integers_are_read_as_float64():
    path = minimize(himmelblau.gradient, (0, 0), Adam(), 10)
    assert path.dtype == np.float64
    np.testing.assert_array_equal(path, minimize(himmelblau.gradient, [0.0, 0.0], Adam(), 10))


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
@pytest.mark.parametrize("keep", [1, "end"])
def test_float32_stays_float32(optimizer, keep):
    start = np.zeros((3, 2), np.float32)
    assert minimize(himmelblau.gradient, start, optimizer, 5, keep=keep).dtype == np.float32


@pytest.mark.parametrize("start", [GRID[0, 1], GRID[0], np.asfortranarray(GRID[0])], ids=str)
def test_the_start_is_not_changed(start):
    before = start.copy()
    path = minimize(bowl, start, GradientDescent(0.1), 10)
    path[...] = 9
    minimize(bowl, start, GradientDescent(0.1), 10, keep="end")[...] = 9
    np.testing.assert_array_equal(start, before)


@pytest.mark.parametrize(("start", "shape"), [(GRID[0, 1], (2,)), (GRID, (12, 2))])
def test_the_gradient_is_asked_for_one_point_or_for_rows_of_points(start, shape):
    seen = set()
    minimize(lambda x: seen.add(x.shape) or bowl(x), start, GradientDescent(), 3)
    assert seen == {shape}


def test_the_gradient_may_be_a_list():
    path = minimize(lambda x: [2 * x[0], 2 * x[1]], [1.0, 2.0], GradientDescent(0.1), 1)
    np.testing.assert_allclose(path[1], [0.8, 1.6], rtol=1e-15)


# minimize: rest


def near_a_minimum(x):
    return np.abs(himmelblau.gradient(x)).max(axis=-1) < 1e-3


def test_a_resting_start_stays_where_it_is(rng):
    starts = rng.uniform(-4, 4, (40, 2))
    free = minimize(himmelblau.gradient, starts, Adam(0.05), 1000)
    path = minimize(himmelblau.gradient, starts, Adam(0.05), 1000, stop=near_a_minimum)
    assert path.shape == free.shape
    may_rest = near_a_minimum(free[50::50])
    rests = np.where(may_rest.any(axis=0), 50 * (1 + may_rest.argmax(axis=0)), 1000)
    assert len(set(rests.tolist())) > 2, "all starts rest at the same time"
    for i, rest in enumerate(rests):
        np.testing.assert_array_equal(path[: rest + 1, i], free[: rest + 1, i], err_msg=f"{i}")
        np.testing.assert_array_equal(path[rest:, i], free[[rest] * (1001 - rest), i])


def test_the_end_of_resting_starts_is_where_they_rest(rng):
    starts = rng.uniform(-4, 4, (40, 2))
    settings = {"optimizer": Adam(0.05), "steps": 1000, "stop": near_a_minimum}
    path = minimize(himmelblau.gradient, starts, **settings)
    end = minimize(himmelblau.gradient, starts, **settings, keep="end")
    np.testing.assert_array_equal(end, path[-1])


def test_every_kth_point_of_resting_starts(rng):
    starts = rng.uniform(-4, 4, (40, 2))
    settings = {"optimizer": Adam(0.05), "steps": 1000, "stop": near_a_minimum}
    path = minimize(himmelblau.gradient, starts, **settings)
    for k in (7, 300):
        kept = minimize(himmelblau.gradient, starts, **settings, keep=k)
        np.testing.assert_array_equal(kept, path[::k], err_msg=f"keep={k}")


def test_nothing_is_computed_once_every_start_rests():
    calls = []
    path = minimize(lambda x: calls.append(1) or bowl(x), [1.0], Adam(), 10**4, stop=lambda x: True)
    assert len(calls) == 50
    assert path.shape == (10**4 + 1, 1)
    np.testing.assert_array_equal(path[50:], np.broadcast_to(path[50], (9951, 1)))


@pytest.mark.parametrize("start", [[1.0, 2.0], GRID], ids=["one", "grid"])
def test_stop_takes_points_as_the_gradient_does(start):
    seen = {"gradient": set(), "stop": set()}
    minimize(
        lambda x: seen["gradient"].add(x.shape) or bowl(x),
        start,
        GradientDescent(),
        100,
        stop=lambda x: seen["stop"].add(x.shape) or False,
    )
    assert seen["gradient"] == seen["stop"]


# minimize: divergence


def test_a_walk_that_diverges_says_where():
    with pytest.raises(Diverged) as caught:
        minimize(himmelblau.gradient, [0, 0], GradientDescent(1.0), 100)
    error = caught.value
    assert isinstance(error, ArithmeticError)
    assert error.start.tolist() == [0, 0]
    path = minimize(himmelblau.gradient, [0, 0], GradientDescent(1.0), error.step - 1)
    np.testing.assert_array_equal(error.last, path[-1])
    assert str(error) == (
        "GradientDescent(eta=1) diverged: from start (0, 0) step "
        f"{error.step} left the finite numbers, the point before it was "
        f"({path[-1][0]:.6g}, {path[-1][1]:.6g}); a smaller eta may hold"
    )


def test_the_diverging_start_of_a_grid_is_named():
    starts = np.zeros((3, 4, 2))
    starts[1, 2] = 100, -100
    with pytest.raises(Diverged, match=r"from start \(100, -100\) step \d+ left") as caught:
        minimize(himmelblau.gradient, starts, GradientDescent(1e-3), 500)
    assert caught.value.start.tolist() == [100, -100]
    assert np.isfinite(caught.value.last).all()


def test_the_diverging_start_is_named_when_others_rest():
    # Two of three starts rest after 50 steps; the third doubles at every step.
    starts = np.array([[0.0], [0.0], [1.0]])
    with pytest.raises(Diverged, match=r"from start \(1\) step 1024 left .* \(8\.98847e\+307\)"):
        minimize(lambda x: -x, starts, GradientDescent(1.0), 2000, stop=lambda x: x[:, 0] == 0)


def test_a_gradient_that_is_not_a_number_is_a_divergence():
    with pytest.raises(Diverged, match=r"from start \(1, 2\) step 1 left .* was \(1, 2\)"):
        minimize(lambda x: x * np.nan, [1.0, 2.0], Adam(), 10)


def test_a_float32_walk_diverges_where_float32_ends():
    with pytest.raises(Diverged, match=r"from start \(1\) step 128 left"):
        minimize(lambda x: -x, np.ones(1, np.float32), GradientDescent(1.0), 2000)


# minimize: interrupts


def interrupted_at(call):
    """Return a gradient function that presses Ctrl-C in its given call."""
    calls = iter(range(1, call + 1))

    def gradient(x):
        if next(calls) == call:
            raise KeyboardInterrupt
        return himmelblau.gradient(x)

    return gradient


@pytest.mark.parametrize("start", [np.zeros(2), np.zeros((3, 4, 2))], ids=["one", "grid"])
@pytest.mark.parametrize(("keep", "kept"), [(1, 151), (40, 4), (1000, 1)])
def test_an_interrupt_carries_the_path_so_far(start, keep, kept):
    with pytest.raises(Interrupted) as caught:
        minimize(interrupted_at(178), start, Adam(0.01), 1000, keep=keep)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert caught.value.steps == 150
    assert str(caught.value) == "stopped after 150 steps; the exception's .path is what was kept"
    expected = minimize(himmelblau.gradient, start, Adam(0.01), 150, keep=keep)
    assert caught.value.path.shape == (kept, *start.shape)
    np.testing.assert_array_equal(caught.value.path, expected)


@pytest.mark.parametrize("start", [np.zeros(2), np.zeros((3, 4, 2))], ids=["one", "grid"])
def test_an_interrupt_carries_the_end_points_so_far(start):
    with pytest.raises(Interrupted) as caught:
        minimize(interrupted_at(178), start, Adam(0.01), 1000, keep="end")
    expected = minimize(himmelblau.gradient, start, Adam(0.01), 150, keep="end")
    np.testing.assert_array_equal(caught.value.path, expected)


def test_an_interrupt_before_anything_is_done_carries_the_start():
    with pytest.raises(Interrupted, match=r"^stopped after 0 steps") as caught:
        minimize(interrupted_at(1), [1.0, 2.0], Adam(), 1000)
    assert caught.value.path.tolist() == [[1.0, 2.0]]


# minimize: progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("progress", "stream", "shown"),
    [
        (True, io.StringIO, True),
        (True, Terminal, True),
        (None, io.StringIO, False),
        (None, Terminal, True),
        (False, io.StringIO, False),
        (False, Terminal, False),
    ],
)
def test_progress_goes_to_stderr(progress, stream, shown, monkeypatch, capsys):
    stderr = stream()
    monkeypatch.setattr(sys, "stderr", stderr)
    minimize(bowl, [1.0], GradientDescent(), 200, progress=progress)
    assert ("200" in stderr.getvalue()) == shown
    assert bool(stderr.getvalue()) == shown
    assert capsys.readouterr().out == ""


# minimize: errors, before anything is computed


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"start": 1.0}, ValueError, r"^start: expected shape \(\.\.\., d\), came shape \(\)$"),
        ({"start": []}, ValueError, r"^start: expected shape \(\.\.\., d\), came shape \(0,\)$"),
        (
            {"start": np.ones((0, 2))},
            ValueError,
            r"^start: expected shape .* came shape \(0, 2\)$",
        ),
        ({"start": [np.nan]}, ValueError, r"^start: expected finite .*, came nan at index \[0\]$"),
        ({"start": [[1, np.inf]]}, ValueError, r"^start: .*, came inf at index \[0, 1\]$"),
        ({"start": ["a"]}, TypeError, r"^start: expected real numbers, came dtype <U1$"),
        ({"start": [1j]}, TypeError, r"^start: expected real numbers, came dtype complex128$"),
        ({"steps": -1}, ValueError, r"^steps: expected at least 0, came -1$"),
        ({"steps": 1.5}, TypeError, r"^steps: expected a whole number, came 1\.5$"),
        ({"keep": 0}, ValueError, r"^keep: expected at least 1, came 0$"),
        ({"keep": "all"}, ValueError, r'^keep: expected a whole number or "end", came \'all\'$'),
        ({"keep": None}, TypeError, r"^keep: expected a whole number, came None$"),
        ({"optimizer": "adam"}, TypeError, r"^optimizer: expected one, such as Adam\(\), came 'ad"),
    ],
)
def test_arguments_that_do_not_fit_are_named(changed, error, message):
    calls = []
    arguments = {"start": [1.0, 2.0], "optimizer": Adam(), "steps": 3}
    with pytest.raises(error, match=message):
        minimize(lambda x: calls.append(1) or bowl(x), **(arguments | changed))
    assert calls == []


@pytest.mark.parametrize(
    ("start", "gradient", "message"),
    [
        ([1, 2], lambda x: x[:1], r"shape \(2,\), that of its points, came \(1,\)$"),
        ([1, 2], lambda x: x.sum(), r"shape \(2,\), that of its points, came \(\)$"),
        ([1, 2], lambda x: x[None], r"shape \(2,\), that of its points, came \(1, 2\)$"),
        (GRID[0], lambda x: x[:, 0], r"shape \(4, 2\), that of its points, came \(4,\)$"),
        (GRID[0], lambda x: x.T, r"shape \(4, 2\), that of its points, came \(2, 4\)$"),
        (GRID[0], lambda x: x[0], r"shape \(4, 2\), that of its points, came \(2,\)$"),
    ],
)
def test_a_gradient_of_another_shape_is_named(start, gradient, message):
    with pytest.raises(ValueError, match="^gradient: expected " + message):
        minimize(gradient, start, Adam(), 3)


# minimize: memory


def peak(steps):
    """Return the peak of traced memory, in MB, of 90,000 starts of which the ends are kept."""
    starts = np.stack(np.meshgrid(*[np.linspace(-5, 5, 300)] * 2), -1)
    tracemalloc.start()
    try:
        minimize(himmelblau.gradient, starts, Adam(), steps, keep="end")
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_memory_of_a_large_grid_is_small_and_does_not_grow_with_the_steps():
    few, many = peak(50), peak(300)
    assert many < 40
    assert many == pytest.approx(few, rel=0.05)
