"""The perceptron figure: its numbers are the package's, its arguments are checked."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import js
from backprop import Dense, Network
from backprop.figures import Perceptron

POINT = {"x": [0.5, -1.0, 2.0], "w": [0.4, 0.3, 0.6], "b": -0.1, "t": 0.2}


def random_states(rng, n):
    return [
        {
            "x": rng.normal(scale=2, size=k).tolist(),
            "w": rng.normal(scale=3, size=k).tolist(),
            "b": rng.normal(),
            "t": rng.normal(),
            "activation": str(rng.choice(["sigmoid", "identity"])),
        }
        for k in rng.integers(1, 5, size=n)
    ]


def test_values_and_slopes_are_the_networks(rng, tmp_path):
    states = random_states(rng, 200)
    there = js.evaluate("perceptron.js", "return given.map(figure.neuron)", states, tmp_path)
    assert len(there) == 200
    for state, got in zip(states, there, strict=True):
        layer = Dense(np.array(state["w"])[:, None], np.array([state["b"]]), state["activation"])
        net = Network([layer], "half_squared_error")
        X, T = np.array([state["x"]]), np.array([[state["t"]]])
        trace = net.forward(X)
        grads = net.backward(trace, T)
        js.assert_agrees(got["o"], trace.a[-1][0, 0])
        js.assert_agrees(got["loss"], net.loss(X, T))
        js.assert_agrees(got["delta"], grads.delta[0][0, 0])
        js.assert_agrees(got["dw"], grads.dW[0][:, 0])
        js.assert_agrees(got["db"], grads.db[0][0])


def test_the_curve_is_the_loss_elsewhere(rng, tmp_path):
    states = random_states(rng, 50)
    given = [[s, int(rng.integers(len(s["w"]) + 1)), float(rng.normal(scale=4))] for s in states]
    body = "return given.map((g) => figure.lossAt(...g))"
    for (state, watch, value), got in zip(
        given, js.evaluate("perceptron.js", body, given, tmp_path), strict=True
    ):
        w, b = np.array(state["w"]), state["b"]
        if watch < len(w):
            w[watch] = value
        else:
            b = value
        z = w @ np.array(state["x"]) + b
        o = 1 / (1 + np.exp(-z)) if state["activation"] == "sigmoid" else z
        js.assert_agrees(got, 0.5 * (o - state["t"]) ** 2)


def test_repr_is_the_call_that_makes_it():
    said = repr(Perceptron(**POINT, watch=2))
    assert said == (
        "Perceptron(x=[0.5, -1, 2], w=[0.4, 0.3, 0.6], b=-0.1, t=0.2, "
        "activation='sigmoid', watch=2)"
    )
    assert repr(eval(said)) == said


def test_a_cell_shows_the_view_and_a_picture():
    data, _ = Perceptron(**POINT)._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("activation", "factor"), [("sigmoid", "0.1966"), ("identity", "1.0000")])
def test_the_picture_shows_the_numbers(activation, factor):
    Perceptron(**POINT, activation=activation)._draw()
    texts = " ".join(text.get_text() for text in plt.gcf().findobj(plt.Text))
    assert factor in texts
    assert "0.4" in texts and "-0.1" in texts
    o = 0.7310585786300049 if activation == "sigmoid" else 1.0
    assert f"{o - 0.2:.4f}" in texts


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"x": [[1.0]]},
            ValueError,
            r"^x: expected shape \(n,\) .* 1 to 4, came shape \(1, 1\)$",
        ),
        (
            {"x": [1.0] * 5},
            ValueError,
            r"^x: expected shape \(n,\) .* 1 to 4, came shape \(5,\)$",
        ),
        ({"w": [1.0]}, ValueError, r"^w: expected the shape of x, \(3,\), came shape \(1,\)$"),
        ({"w": [1.0, np.nan, 0]}, ValueError, r"^w: expected finite numbers, came nan"),
        ({"b": "1"}, TypeError, r"^b: expected real numbers, came "),
        ({"activation": "relu"}, ValueError, r'^activation: .*"identity", came \'relu\'$'),
        ({"watch": 4}, ValueError, r"^watch: expected 0 to 3, came 4$"),
    ],
)
def test_bad_arguments(change, error, message):
    with pytest.raises(error, match=message):
        Perceptron(**{**POINT, **change})
