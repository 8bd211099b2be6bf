"""The figure of many outputs: its numbers are the package's, its arguments are checked."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import traitlets

import js
from backprop import Dense, Network
from backprop.activations import relu, sigmoid
from backprop.figures import ManyOutputs
from backprop.losses import cross_entropy, mean_squared_error

LOSSES = ["half_squared_error", "squared_error", "mean_squared_error"]
STATE = {
    "X": [[0.5, -1.0, 2.0], [1.0, 0.0, -1.0]],
    "W": [[0.4, -0.2], [0.3, 0.5], [0.6, 0.1]],
    "b": [-0.1, 0.2],
    "T": [[0.2, 0.9], [0.7, 0.1]],
}


def random_states(rng, count):
    """States of all sizes, with batches of any of their examples, as the traits hold them."""
    states = []
    for _ in range(count):
        N, n, m = rng.integers(1, 6), rng.integers(1, 5), rng.integers(1, 4)
        taken = rng.permutation(N)[: rng.integers(1, N + 1)]
        states.append(
            {
                "X": rng.normal(scale=2, size=(N, n)).tolist(),
                "W": rng.normal(scale=2, size=(n, m)).tolist(),
                "b": rng.normal(size=m).tolist(),
                "T": rng.normal(size=(N, m)).tolist(),
                "activation": str(rng.choice(["sigmoid", "identity"])),
                "loss": str(rng.choice(LOSSES)),
                "batch": sorted(taken.tolist()),
                "reduction": str(rng.choice(["mean", "sum"])),
            }
        )
    return states


def by_network(state):
    """(trace, L, δ, dW, db) of the examples in the batch, by the package; N times for the sum."""
    layer = Dense(np.array(state["W"]), np.array(state["b"]), state["activation"])
    net = Network([layer], state["loss"])
    X, T = np.array(state["X"])[state["batch"]], np.array(state["T"])[state["batch"]]
    trace = net.forward(X)
    grads = net.backward(trace, T)
    times = len(X) if state["reduction"] == "sum" else 1
    return (
        trace,
        net.loss(X, T) * times,
        *(part[0] * times for part in (grads.delta, grads.dW, grads.db)),
    )


def test_values_and_gradients_are_the_networks(rng, tmp_path):
    states = random_states(rng, 200)
    body = "return given.map(figure.gradientOf)"
    there = js.evaluate("many_outputs.js", body, states, tmp_path)
    assert len(there) == 200
    for state, got in zip(states, there, strict=True):
        trace, L, delta, dW, db = by_network(state)
        rows = state["batch"]
        js.assert_agrees(np.array(got["Z"])[rows], trace.z[0])
        js.assert_agrees(np.array(got["O"])[rows], trace.a[-1])
        js.assert_agrees(got["L"], L)
        js.assert_agrees(np.array(got["delta"])[rows], delta)
        js.assert_agrees(got["total"], np.vstack([dW, db]))


def test_each_example_adds_its_outer_product_and_one_outside_adds_nothing(rng, tmp_path):
    states = random_states(rng, 50)
    body = "return given.map(figure.gradientOf)"
    for state, got in zip(
        states, js.evaluate("many_outputs.js", body, states, tmp_path), strict=True
    ):
        for i, (x, layer) in enumerate(zip(state["X"], got["layers"], strict=True)):
            expected = np.outer([*x, 1], got["delta"][i])
            js.assert_agrees(layer, expected)
            assert np.any(layer) == (i in state["batch"])


def test_values_outside_the_batch_are_computed_too(rng, tmp_path):
    states = random_states(rng, 20)
    body = "return given.map((state) => figure.gradientOf(state).O)"
    for state, O in zip(
        states, js.evaluate("many_outputs.js", body, states, tmp_path), strict=True
    ):
        Z = np.array(state["X"]) @ state["W"] + state["b"]
        js.assert_agrees(O, sigmoid(Z) if state["activation"] == "sigmoid" else Z)


def test_the_figures_own_deltas_are_the_networks(rng):
    for state in random_states(rng, 20):
        delta = ManyOutputs(**state).deltas()
        assert delta[state["batch"]] == pytest.approx(by_network(state)[2], rel=1e-14, abs=1e-300)
        outside = [i for i in range(len(delta)) if i not in state["batch"]]
        assert not delta[outside].any()


@pytest.mark.parametrize(
    ("loss", "m", "expected"),
    [
        ("half_squared_error", 3, 0.5),
        ("squared_error", 3, 1),
        ("mean_squared_error", 4, 0.25),
        ("mean_squared_error", 1, 1),
    ],
)
def test_the_constant_of_a_loss(loss, m, expected, tmp_path):
    body = "return figure.constant(...given)"
    assert js.evaluate("many_outputs.js", body, [loss, m], tmp_path) == expected


def test_what_a_link_may_bring(tmp_path):
    start = ManyOutputs(**STATE)
    present = {name: getattr(start, name) for name in start._state}
    good = [
        {},
        {"batch": [1], "example": 1, "cell": [3, 1], "X": [[0, 0, 0], [-100, 100, 0]]},
        {"activation": "identity", "loss": "mean_squared_error", "reduction": "sum"},
    ]
    bad = [
        {"X": [[1, 2, 3]]},
        {"X": [[1, 2], [3, 4]]},
        {"X": [[1, 2, 3], [4, 5]]},
        {"X": [[1, 2, 3], [4, 5, [6]]]},
        {"X": [[1, 2, 3], [4, 5, 101]]},
        {"T": [[1], [2]]},
        {"T": [[1, 2], [3, "4"]]},
        {"W": [[1, 2], [3, 4]]},
        {"b": [1]},
        {"batch": []},
        {"batch": [1, 0]},
        {"batch": [0, 0]},
        {"batch": [0, 2]},
        {"batch": [0.5]},
        {"example": 2},
        {"example": -1},
        {"cell": [4, 0]},
        {"cell": [0, 2]},
        {"cell": [0]},
        {"activation": "relu"},
        {"loss": "constructor"},
        {"reduction": "max"},
    ]
    given = {"present": present, "states": [{**present, **change} for change in good + bad]}
    body = "return given.states.map((state) => figure.accept(state, given.present))"
    expected = [True] * len(good) + [False] * len(bad)
    assert js.evaluate("many_outputs.js", body, given, tmp_path) == expected


def test_repr_is_the_call_that_makes_it():
    said = repr(ManyOutputs(**STATE, batch=[1], cell=(3, 1)))
    assert said == (
        "ManyOutputs(X=[[0.5, -1, 2], [1, 0, -1]], W=[[0.4, -0.2], [0.3, 0.5], [0.6, 0.1]], "
        "b=[-0.1, 0.2], T=[[0.2, 0.9], [0.7, 0.1]], activation='sigmoid', "
        "loss='half_squared_error', batch=[1], reduction='mean', example=1, cell=[3, 1])"
    )
    assert repr(eval(said)) == said


def test_one_example_may_be_given_as_a_vector():
    figure = ManyOutputs([0.5, -1.0], [[1.0], [2.0]], [0.0], [0.3])
    assert (figure.X, figure.T, figure.batch) == ([[0.5, -1.0]], [[0.3]], [0])


def test_the_packages_objects_may_be_given_for_their_names():
    figure = ManyOutputs(**STATE, activation=sigmoid, loss=mean_squared_error)
    assert (figure.activation, figure.loss) == ("sigmoid", "mean_squared_error")


def test_a_cell_shows_the_view_and_a_picture():
    data, _ = ManyOutputs(**STATE)._repr_mimebundle_()
    assert set(data) == {
        "application/vnd.jupyter.widget-view+json",
        "image/png",
        "text/plain",
    }
    assert plt.get_fignums() == []


def test_the_picture_shows_what_each_example_adds_and_the_sum():
    figure = ManyOutputs(**STATE, cell=(1, 1))
    figure._draw()
    first, second, total = plt.gcf().axes
    assert [ax.get_title() for ax in (first, second)] == ["example 1", "example 2"]
    state = json.loads(json.dumps({trait: getattr(figure, trait) for trait in figure._state}))
    _, _, delta, dW, db = by_network(state)
    for ax, x, d in zip((first, second), STATE["X"], delta, strict=True):
        assert np.asarray(ax.images[0].get_array()) == pytest.approx(np.outer([*x, 1], d))
        assert ax.get_xticklabels()[0].get_text() == f"$\\delta_1$\n{d[0]:.4f}".replace("-", "−")
    assert np.asarray(total.images[0].get_array()) == pytest.approx(np.vstack([dW, db]))
    assert f"{dW[1, 1]:.4f}".replace("-", "−") in [text.get_text() for text in total.texts]
    (frame,) = total.lines
    assert frame.get_xydata()[:4].mean(axis=0).tolist() == [1, 1]


def test_a_picture_of_one_example_is_one_table():
    ManyOutputs(**STATE, batch=[1])._draw()
    (ax,) = plt.gcf().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "$x_1$ = 1",
        "$x_2$ = 0",
        "$x_3$ = −1",
        "1",
    ]
    assert "-0.0000" not in [text.get_text().replace("−", "-") for text in ax.texts]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": [[[1.0]]]}, ValueError, r"^X: expected shape \(N, n\) .* came shape \(1, 1, 1\)$"),
        ({"X": np.ones((6, 3))}, ValueError, r"^X: .* N from 1 to 5 .* came shape \(6, 3\)$"),
        ({"X": np.ones((2, 5))}, ValueError, r"^X: .* n from 1 to 4.* came shape \(2, 5\)$"),
        ({"X": [1.0, 2.0, 3.0]}, ValueError, r"^X: .* T of shape \(m,\), came shape \(3,\)$"),
        ({"W": np.ones((3, 4))}, ValueError, r"^W: .*\(3, m\) with m from 1 to 3, .* \(3, 4\)$"),
        (
            {"W": np.ones((2, 2))},
            ValueError,
            r"^W: expected shape \(3, m\) .* came shape \(2, 2\)$",
        ),
        ({"b": [0.0]}, ValueError, r"^b: expected shape \(2,\), came shape \(1,\)$"),
        ({"T": [[0.2], [0.1]]}, ValueError, r"^T: expected shape \(2, 2\), came shape \(2, 1\)$"),
        ({"T": [[0.2, np.nan], [0, 0]]}, ValueError, r"^T: expected finite numbers, came nan"),
        ({"b": ["a", "b"]}, TypeError, r"^b: expected real numbers, came "),
        ({"activation": relu}, ValueError, r'^activation: .* "identity", came relu$'),
        ({"loss": cross_entropy}, ValueError, r"^loss: .* came cross_entropy$"),
        ({"loss": "mean"}, ValueError, r"^loss: expected \"half_squared_error\" .* 'mean'$"),
        ({"reduction": "max"}, ValueError, r'^reduction: expected "mean" or "sum", came \'max\'$'),
        (
            {"batch": []},
            ValueError,
            r"^batch: expected at least one row of X, each once, came \[\]",
        ),
        ({"batch": [1, 1]}, ValueError, r"^batch: .* each once, came \[1, 1\]$"),
        ({"batch": [2]}, ValueError, r"^batch: expected 0 to 1, came 2$"),
        ({"batch": [0.5]}, TypeError, r"^batch: expected a whole number, came 0.5$"),
        ({"example": -1}, ValueError, r"^example: expected 0 to 1, came -1$"),
        ({"cell": (4, 0)}, ValueError, r"^cell's j: expected 0 to 3, came 4$"),
        ({"cell": (0, 2)}, ValueError, r"^cell's k: expected 0 to 1, came 2$"),
        ({"cell": (0,)}, ValueError, r"^cell: expected \(j, k\), came \(0,\)$"),
    ],
)
def test_bad_arguments(change, error, message):
    with pytest.raises(error, match=message):
        ManyOutputs(**{**STATE, **change})


@pytest.mark.parametrize(
    ("trait", "value", "message"),
    [
        ("X", [[1.0, 2.0]], r"^X: expected the shape it was made with, \(2, 3\), came .*\(1, 2\)$"),
        ("b", [1.0, np.inf], r"^b: expected finite numbers, came inf"),
        ("batch", [], r"^batch: expected at least one row"),
        ("example", 2, r"^example: expected 0 to 1, came 2$"),
        ("cell", [0, 2], r"^cell's k: expected 0 to 1, came 2$"),
    ],
)
def test_a_trait_that_does_not_fit_is_not_taken(trait, value, message):
    figure = ManyOutputs(**STATE)
    before = getattr(figure, trait)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(figure, trait, value)
    assert getattr(figure, trait) == before


def test_traits_set_together_are_taken_together_or_not_at_all():
    figure = ManyOutputs(**STATE)
    with pytest.raises(traitlets.TraitError, match=r"^example"), figure.hold_trait_notifications():
        figure.b, figure.example = [1.0, 1.0], 7
    assert (figure.b, figure.example) == (STATE["b"], 0)
