"""The figures of chapter 05, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import drawn  # noqa: F401  (a backend without a screen)
from backprop import Dense, Network
from backprop.plotting import deltas as figures


@pytest.fixture
def net():
    return Network(
        [
            Dense([[0.15, 0.25], [0.20, 0.30]], [0.35, 0.35], "sigmoid"),
            Dense([[0.40, 0.50], [0.45, 0.55]], [0.60, 0.60], "sigmoid"),
        ]
    )


def texts():
    return {t.get_text() for t in plt.gca().texts}


def test_the_network_shows_activations_deltas_weights_and_gradients(net):
    figures.network(net, [[0.05, 0.10]], [[0.01, 0.99]])
    assert {"0.5933", "0.5969", "0.7514", "0.7729"} <= texts()
    assert {r"$\delta$ = 0.0088", r"$\delta$ = 0.1385", r"$\delta$ = -0.0381"} <= texts()
    assert {"0.15", "0.25", "0.40", "0.55"} <= texts()
    assert {"0.0004", "0.0822", "-0.0227"} <= texts()


def test_the_network_keeps_the_deltas_back_where_asked(net):
    figures.network(net, [[0.05, 0.10]], [[0.01, 0.99]], backward=False)
    assert not any("delta" in text for text in texts())
    assert "0.0822" not in texts()


def test_the_routes_add_up_to_the_total():
    figures.two_paths([0.5, -0.2], 0.3)
    widths = [bar.get_width() for bar in plt.gca().patches]
    assert widths == [0.3, -0.2, 0.5]
    assert widths[0] == pytest.approx(sum(widths[1:]))


def test_sizes_stand_over_their_layers():
    figures.sizes_by_layer({"sigmoid": [1e-3, 1e-1]})
    assert plt.gca().lines[0].get_xydata().tolist() == [[1, 1e-3], [2, 1e-1]]
    assert plt.gca().get_yscale() == "log"


def test_passes_show_counted_beside_measured():
    figures.passes(["a", "b"], [1.0, 1.9], [1.1, 2.1])
    assert [bar.get_height() for bar in plt.gca().patches] == [1.0, 1.9, 1.1, 2.1]


def test_measure_returns_a_ratio_of_times():
    assert 0.1 < figures.measure((30, 30, 30), 8, repeats=2) < 20


def all_texts():
    return {t.get_text() for t in plt.gcf().findobj(plt.Text)}


def test_a_whole_pass_lists_every_number(net):
    X, T = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
    figures.whole_pass(net, X, T, eta=0.5, biases=False)
    assert {"0.3775", "1.2249", "0.7514", "-0.0381", "0.0004  0.0009"} <= all_texts()
    assert {"0.1498  0.1996", "0.5113  0.5614", "0.40", "0.55"} <= all_texts()
    assert "L = 0.298371109   after the step 0.291027774" in all_texts()
    assert net.layers[1].W[0, 0] == 0.40  # the network stays as it was


def test_a_whole_pass_moves_the_biases_too_where_asked(net):
    X, T = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
    figures.whole_pass(net, X, T, eta=0.5)
    net.step(net.backward(net.forward(X), T), 0.5)
    assert f"L = 0.298371109   after the step {net.loss(X, T):.9f}" in all_texts()


def test_a_whole_pass_of_many_edges_keeps_its_numbers_to_the_list(rng):
    layers = [Dense.random(4, 5, "tanh", rng), Dense.random(5, 3, "softmax", rng)]
    wide = Network(layers, "cross_entropy")
    X, T = rng.normal(size=(1, 4)), np.eye(3)[:1]
    figures.whole_pass(wide, X, T, early=True)
    assert not any("delta$" in text for text in all_texts())
    rows = [text for text in all_texts() if text.count("  ") == 4]
    assert len(rows) == 6  # gradients and new weights of three outputs with five weights each
    assert any(text.endswith("updated too early") for text in all_texts())
