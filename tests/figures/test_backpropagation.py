"""The backpropagation figure: its numbers are the package's, its arguments are checked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import js
from backprop import Dense, Network, check_gradient
from backprop.figures import Backprop
from backprop.figures.backpropagation import HIDDEN, _steps

MODULE = "backpropagation.js"
X, T = [[0.05, 0.10]], [[0.01, 0.99]]


def example():
    """The 2-2-2 network of chapter 05."""
    return Network(
        [
            Dense([[0.15, 0.25], [0.20, 0.30]], [0.35, 0.35], "sigmoid"),
            Dense([[0.40, 0.50], [0.45, 0.55]], [0.60, 0.60], "sigmoid"),
        ]
    )


def state_of(figure):
    numbers = ["W1", "b1", "W2", "b2", "x", "t", "eta", "nudge"]
    choices = ["hidden", "output", "biases", "early", "step", "watch"]
    return {name: getattr(figure, name) for name in numbers + choices}


def random_figures(rng, count):
    """Networks of every size and activation that the figure takes, each with an example."""
    figures = []
    for n, hidden, m in zip(*(rng.integers(1, most + 1, count) for most in (4, 5, 3)), strict=True):
        output = str(rng.choice([*HIDDEN, "softmax"]))
        soft = output == "softmax"
        layers = [
            Dense(rng.normal(size=(n, hidden)), rng.normal(size=hidden), str(rng.choice(HIDDEN))),
            Dense(rng.normal(size=(hidden, m)), rng.normal(size=m), output),
        ]
        net = Network(layers, "cross_entropy" if soft else "half_squared_error")
        t = np.eye(m)[rng.integers(m)] if soft else rng.normal(size=m)
        figures.append(
            Backprop(
                net,
                rng.normal(size=n),
                t,
                eta=float(rng.uniform(0.01, 2)),
                biases=bool(rng.integers(2)),
                early=bool(rng.integers(2)),
            )
        )
    return figures


@pytest.fixture
def figures(rng):
    return random_figures(rng, 120)


def passes(figures, folder):
    states = [state_of(figure) for figure in figures]
    return js.evaluate(MODULE, "return given.map(figure.passOf)", states, folder)


def test_values_deltas_and_gradients_are_the_networks(figures, tmp_path):
    for figure, got in zip(figures, passes(figures, tmp_path), strict=True):
        net, x, t = figure.net, np.array([figure.x]), np.array([figure.t])
        trace = net.forward(x)
        grads = net.backward(trace, t)
        js.assert_agrees([got["z1"], got["H"]], [trace.z[0][0], trace.a[1][0]], "hidden")
        js.assert_agrees([got["z2"], got["O"]], [trace.z[1][0], trace.a[2][0]], "outputs")
        js.assert_agrees(got["L"], net.loss(x, t), "loss")
        for l in (0, 1):
            right = got["right"]
            js.assert_agrees(right[f"delta{l + 1}"], grads.delta[l][0], f"delta {l}")
            js.assert_agrees(right[f"dW{l + 1}"], grads.dW[l], f"dW {l}")
            js.assert_agrees(right[f"db{l + 1}"], grads.db[l], f"db {l}")


def test_the_step_is_the_networks(figures, tmp_path):
    for figure, got in zip(figures, passes(figures, tmp_path), strict=True):
        net, x, t = figure.net, np.array([figure.x]), np.array([figure.t])
        grads = net.backward(net.forward(x), t)
        if figure.biases is False:
            grads.db = [np.zeros_like(db) for db in grads.db]
        net.step(grads, figure.eta)
        js.assert_agrees(got["afterRight"], net.loss(x, t))
        js.assert_agrees(got["next"]["W2"], net.layers[1].W)
        js.assert_agrees(got["next"]["b2"], net.layers[1].b)
        if not figure.early:
            js.assert_agrees(got["after"], net.loss(x, t))
            js.assert_agrees(got["next"]["W1"], net.layers[0].W)
            js.assert_agrees(got["next"]["b1"], net.layers[0].b)


def test_the_early_delta_meets_the_weights_of_after_the_step(figures, tmp_path):
    for figure, got in zip(figures, passes(figures, tmp_path), strict=True):
        net, x, t = figure.net, np.array([figure.x]), np.array([figure.t])
        trace = net.forward(x)
        grads = net.backward(trace, t)
        first, last = net.layers
        moved = last.W - figure.eta * grads.dW[1]
        delta = (grads.delta[1] @ moved.T) * first.activation.derivative(trace.z[0])
        js.assert_agrees(got["wrong"]["delta1"], delta[0])
        js.assert_agrees(got["wrong"]["dW1"], x.T @ delta)
        assert got["used"] == got["wrong" if figure.early else "right"]
        if not figure.early:
            continue
        js.assert_agrees(got["next"]["W1"], first.W - figure.eta * x.T @ delta)
        first.W -= figure.eta * x.T @ delta
        last.W -= figure.eta * grads.dW[1]
        if figure.biases:
            first.b -= figure.eta * delta[0]
            last.b -= figure.eta * grads.db[1]
        js.assert_agrees(got["after"], net.loss(x, t))


def test_the_numbers_of_the_chapter(tmp_path):
    states = [Backprop(example(), X, T, biases=False, early=early) for early in (False, True)]
    right, early = passes(states, tmp_path)
    assert f"{right['L']:.9f}" == "0.298371109"
    assert f"{right['after']:.9f}" == "0.291027774"
    assert f"{early['after']:.9f}" == "0.291027924"
    assert f"{early['relative']:.3f}" == "0.149"


def test_the_relative_error_is_the_checkers(figures, tmp_path):
    smooth = [figure for figure in figures if figure.hidden != "relu" and figure.output != "relu"]
    assert len(smooth) > 40
    for figure, got in zip(smooth[:40], passes(smooth[:40], tmp_path), strict=True):
        net, x, t = figure.net, np.array([figure.x]), np.array([figure.t])
        W = net.layers[0].W
        wrong = np.array(got["wrong"]["dW1"])
        report = check_gradient(lambda _, net=net, x=x, t=t: net.loss(x, t), W, wrong)
        assert got["relative"] == pytest.approx(report.relative_error, rel=1e-4, abs=1e-6)


def test_the_routes_of_every_parameter_add_up_to_its_gradient(figures, tmp_path):
    body = """return given.map((state) => {
      const pass = figure.passOf(state);
      return figure.parametersOf(state.x.length, state.b1.length, state.b2.length).map((name) => ({
        name, slope: figure.slopeOf(pass.right, name), value: figure.valueOf(state, name),
        routes: figure.routesOf(state, pass, name),
      }));
    })"""
    states = [state_of(figure) for figure in figures]
    for figure, got in zip(figures, js.evaluate(MODULE, body, states, tmp_path), strict=True):
        sizes = len(figure.x), len(figure.b1), len(figure.b2)
        n, hidden, m = sizes
        assert len(got) == n * hidden + hidden + hidden * m + m
        net = figure.net
        grads = net.backward(net.forward([figure.x]), [figure.t])
        for entry in got:
            layer = 0 if entry["name"].startswith(("w", "bh")) else 1
            at = [int(c) - 1 for c in entry["name"] if c.isdigit()]
            bias = entry["name"].startswith("b")
            slope = grads.db[layer][at[0]] if bias else grads.dW[layer][*at]
            js.assert_agrees(entry["slope"], slope, entry["name"])
            here = net.layers[layer].b[at[0]] if bias else net.layers[layer].W[*at]
            assert entry["value"] == here
            assert len(entry["routes"]) == (m if layer == 0 else 1)
            products = [np.prod([f["value"] for f in r["factors"]]) for r in entry["routes"]]
            js.assert_agrees(sum(products), slope, entry["name"])
            js.assert_agrees([r["product"] for r in entry["routes"]], products)


def test_the_quotient_is_that_of_the_loss(figures, rng, tmp_path):
    nudges = 10 ** rng.uniform(-6, 0, len(figures))
    given = [[state_of(f), nudge] for f, nudge in zip(figures, nudges, strict=True)]
    body = "return given.map(([state, nudge]) => figure.quotientOf(state, 'v11', nudge))"
    got = js.evaluate(MODULE, body, given, tmp_path)
    for figure, nudge, quotient in zip(figures, nudges, got, strict=True):
        net, losses = figure.net, []
        here = net.layers[1].W[0, 0]
        for value in (here + nudge, here - nudge):
            net.layers[1].W[0, 0] = value
            losses.append(net.loss([figure.x], [figure.t]))
        js.assert_agrees([quotient["up"], quotient["down"]], losses)
        step = (here + nudge) - (here - nudge)
        assert quotient["value"] == (quotient["up"] - quotient["down"]) / step


def test_every_quantity_comes_once_and_after_what_it_needs(figures, tmp_path):
    states = [state_of(figure) for figure in figures]
    for figure, got in zip(
        figures, js.evaluate(MODULE, "return given.map(figure.quantities)", states, tmp_path),
        strict=True,
    ):  # fmt: skip
        keys = [(quantity["kind"], quantity.get("at")) for quantity in got]
        assert len(set(keys)) == len(keys) == _steps(len(figure.b1), len(figure.b2))
        kinds = list(dict.fromkeys(kind for kind, _ in keys))
        late = ["delta1", "dW2", "db2", "dW1", "db1", "new2", "new1"]
        early = ["dW2", "db2", "new2", "delta1", "dW1", "db1", "new1"]
        middle = early if figure.early else late
        assert kinds == ["z1", "h", "z2", "o", "L", "delta2", *middle, "after"]


def test_networks_of_other_sizes_fit_and_keep_what_there_was(figures, tmp_path):
    sizes = [[n, hidden, m] for n in range(1, 5) for hidden in range(1, 6) for m in range(1, 4)]
    states = [state_of(figure) for figure in figures[: len(sizes)]]
    body = """return given.map(([state, size]) => {
      const resized = { ...state, ...figure.resized(state, ...size) };
      return { resized, fits: figure.fits(resized) };
    })"""
    given = list(zip(states, sizes, strict=True))
    got = js.evaluate(MODULE, body, given, tmp_path)
    for state, (n, hidden, m), result in zip(states, sizes, got, strict=True):
        new = result["resized"]
        assert result["fits"]
        assert np.shape(new["W1"]) == (n, hidden) and np.shape(new["W2"]) == (hidden, m)
        assert new["x"][: len(state["x"])] == state["x"][:n]
        kept = np.array(new["W1"])[: len(state["W1"]), : len(state["b1"])]
        assert np.array_equal(kept, np.array(state["W1"])[:n, :hidden])


@pytest.mark.parametrize(
    "change",
    [
        {"W1": [[1.0, 2.0]]},
        {"W1": [[1.0, 2.0], [3.0]]},
        {"b1": [0.0] * 6, "W1": [[0.0] * 6] * 2, "W2": [[0.0] * 2] * 6},
        {"t": [1.0]},
        {"x": [101.0, 0.0]},
        {"hidden": "softmax"},
        {"output": "softmax"},
        {"output": "toString"},
        {"eta": 0},
        {"nudge": 1e-9},
        {"step": 25},
        {"step": 1.5},
        {"watch": "w31"},
        {"watch": "v1"},
    ],
)
def test_a_state_that_does_not_hold_together_is_refused(change, tmp_path):
    state = state_of(Backprop(example(), X, T))
    body = "return given.map(figure.fits)"
    assert js.evaluate(MODULE, body, [state, {**state, **change}], tmp_path) == [True, False]


# --- in Python ------------------------------------------------------------------------------------


def test_repr_is_the_call_that_makes_it():
    said = repr(Backprop(example(), X, T, eta=0.25, watch="v12"))
    assert said == (
        "Backprop(Network([Dense([[0.15, 0.25], [0.2, 0.3]], [0.35, 0.35], 'sigmoid'), "
        "Dense([[0.4, 0.5], [0.45, 0.55]], [0.6, 0.6], 'sigmoid')]), [0.05, 0.1], [0.01, 0.99], "
        "eta=0.25, biases=True, early=False, step=0, watch='v12', nudge=0.1)"
    )
    assert repr(eval(said)) == said


def test_repr_of_softmax_names_its_loss(rng):
    layers = [Dense.random(2, 3, "tanh", rng), Dense.random(3, 2, "softmax", rng)]
    said = repr(Backprop(Network(layers, "cross_entropy"), [1.0, 2.0], [1.0, 0.0]))
    assert "'softmax')], 'cross_entropy'), [1, 2], [1, 0]" in said
    assert repr(eval(said)) == said


def test_the_network_is_that_of_the_traits():
    figure = Backprop(example(), X, T)
    assert figure.net.loss(X, T) == example().loss(X, T)
    figure.W1 = [[1.0, 0.25], [0.20, 0.30]]
    assert figure.net.layers[0].W[0, 0] == 1.0
    figure.net.layers[0].W[0, 0] = 7.0  # a copy
    assert figure.W1[0][0] == 1.0


def test_another_network_is_shown_from_its_start(rng):
    figure = Backprop(example(), X, T, step=5, watch="v22")
    net = Network([Dense.random(1, 1, "tanh", rng), Dense.random(1, 1, "identity", rng)])
    figure.show(net, [2.0], [3.0])
    assert (figure.step, figure.watch, figure.x, figure.t) == (0, "w11", [2.0], [3.0])
    assert (figure.hidden, figure.output) == ("tanh", "identity")
    assert figure.net.loss([[2.0]], [[3.0]]) == net.loss([[2.0]], [[3.0]])
    with pytest.raises(ValueError, match=r"^x: expected shape \(N, 1\) for net, came"):
        figure.show(net, [1.0, 2.0], [3.0])
    assert figure.x == [2.0]


def test_a_cell_shows_the_view_and_a_picture():
    data, _ = Backprop(example(), X, T)._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"}
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("early", "after"), [(False, "0.291027774"), (True, "0.291027924")])
def test_the_picture_shows_the_numbers(early, after):
    Backprop(example(), X, T, biases=False, early=early)._draw()
    texts = {text.get_text() for text in plt.gcf().findobj(plt.Text)}
    assert f"L = 0.298371109   after the step {after}" in texts
    assert {"0.3775", "1.1059", "-0.0381", "-0.0226  -0.0227", "0.3589  0.4087"} <= texts
    assert ("0.0004  0.0009" in texts) is not early
    assert ("the output weights were updated too early" in texts) is early


def one_layer():
    return Network([Dense([[1.0]], [0.0], "tanh")])


def too_wide():
    first, last = np.ones((2, 6)), np.ones((6, 1))
    return Network([Dense(first, np.zeros(6), "tanh"), Dense(last, [0.0], "tanh")])


def other_loss():
    return Network(example().layers, "mean_squared_error")


def too_large():
    return Network([Dense([[101.0]], [0.0], "tanh"), Dense([[1.0]], [0.0], "tanh")])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("net", X, T), TypeError, r"^net: expected a Network, came str$"),
        ((one_layer(), [[1.0]], [[1.0]]), ValueError, r"^net: expected two layers, came 1$"),
        ((too_wide(), X, [[1.0]]), ValueError, r"^net: .*at most 4-5-3 neurons, came 2-6-1$"),
        ((other_loss(), X, T), ValueError, r"^net: .*sigmoid, sigmoid and mean_squared_error$"),
        ((too_large(), [1.0], [1.0]), ValueError, r"^W1: expected at most 100 in size, came 101$"),
        ((example(), [[1.0]], T), ValueError, r"^x: expected shape \(N, 2\) for net, came"),
        ((example(), X * 2, T), ValueError, r"^x: expected one example, came shape \(2, 2\)$"),
        ((example(), X, [[1.0, 2.0, 3.0]]), ValueError, r"^t: expected shape \(N, 2\) for net"),
        ((example(), X, [["a", "b"]]), TypeError, r"^t: expected real numbers, came"),
    ],
)  # fmt: skip
def test_bad_networks_and_examples(arguments, error, message):
    with pytest.raises(error, match=message):
        Backprop(*arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"eta": 0}, ValueError, r"^eta: expected 0.001 to 100, came 0$"),
        ({"eta": "fast"}, TypeError, r"^eta: expected real numbers"),
        ({"eta": [0.1, 0.2]}, ValueError, r"^eta: expected one number, came shape \(2,\)$"),
        ({"nudge": 2}, ValueError, r"^nudge: expected 1e-06 to 1, came 2$"),
        ({"step": 25}, ValueError, r"^step: expected at most 24, came 25$"),
        ({"step": -1}, ValueError, r"^step: expected at least 0, came -1$"),
        ({"step": 1.0}, TypeError, r"^step: expected a whole number, came 1.0$"),
        ({"watch": "w13"}, ValueError, r"^watch: expected w11 to w22, v11 .*, came 'w13'$"),
        ({"watch": 11}, ValueError, r"^watch: expected w11 to w22, v11 .*, came 11$"),
        ({"early": 1}, TypeError, r"^early: expected True or False, came 1$"),
        ({"biases": "no"}, TypeError, r"^biases: expected True or False, came 'no'$"),
    ],
)
def test_bad_settings(change, error, message):
    with pytest.raises(error, match=message):
        Backprop(example(), X, T, **change)
