"""One gradient by differences in four ways: the same numbers, and backpropagation's."""

import numpy as np
import pytest

from backprop import Dense, Network, differences, numerical_gradient

WAYS = [
    differences.by_loop,
    differences.by_copies,
    differences.by_structure,
    differences.by_neuron,
]


def network(seed=0, sizes=(6, 5, 4), hidden="sigmoid"):
    rng = np.random.default_rng(seed)
    n, m, k = sizes
    layers = [Dense.random(n, m, hidden, rng), Dense.random(m, k, "softmax", rng)]
    layers[0].b[:], layers[1].b[:] = rng.normal(size=m), rng.normal(size=k)
    x, t = rng.random(n).round(1), np.eye(k)[seed % k]
    return Network(layers, "cross_entropy"), x, t


def largest_gap(one, other):
    return max(
        np.abs(a - b).max() for a, b in zip(one.dW + one.db, other.dW + other.db, strict=True)
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hidden", ["sigmoid", "tanh"])
@pytest.mark.parametrize("way", WAYS[1:])
def test_every_way_answers_as_the_loop_does(way, hidden, seed):
    net, x, t = network(seed, hidden=hidden)
    # By neuron the step of a weight is h / x instead of h: another truncation error, h²/6 · f‴.
    allowed = 1e-8 if way is differences.by_neuron else 1e-11
    assert largest_gap(way(net, x, t), differences.by_loop(net, x, t)) <= allowed


@pytest.mark.parametrize("way", WAYS)
def test_every_way_agrees_with_backpropagation(way):
    net, x, t = network(1)
    exact = net.backward(net.forward(x[None]), t[None])
    scale = max(np.abs(g).max() for g in exact.dW)
    assert largest_gap(way(net, x, t), exact) <= 1e-7 * scale


@pytest.mark.parametrize("way", WAYS)
def test_the_gradients_have_the_shapes_of_their_parameters(way):
    net, x, t = network(sizes=(7, 3, 2))
    grads = way(net, x, t)
    assert [g.shape for g in grads.dW] == [(7, 3), (3, 2)]
    assert [g.shape for g in grads.db] == [(3,), (2,)]


def test_the_deltas_by_neuron_are_those_of_backpropagation():
    net, x, t = network(2)
    exact = net.backward(net.forward(x[None]), t[None])
    for found, derived in zip(differences.by_neuron(net, x, t).delta, exact.delta, strict=True):
        assert found.shape == derived.shape
        assert np.abs(found - derived).max() <= 1e-7 * np.abs(derived).max()


def test_only_by_neuron_knows_deltas():
    net, x, t = network()
    assert differences.by_structure(net, x, t).delta == [None, None]


def test_equal_inputs_are_computed_once_with_the_same_answer():
    net, _, t = network(sizes=(8, 5, 3))
    x = np.array([0.0, 0.5, 0.5, 0.0, 1.0, 0.5, 1.0, 0.0])
    once = differences.by_structure(net, x, t)
    each = differences.by_structure(net, x, t, distinct=False)
    assert largest_gap(once, each) == 0
    assert (once.dW[0][x == 0] == 0).all(), "a black pixel's weights move nothing"


def test_more_copies_than_parameters_are_fine():
    net, x, t = network(sizes=(2, 2, 2))
    few, many = (differences.by_copies(net, x, t, copies=c) for c in (3, 1000))
    assert largest_gap(few, many) <= 1e-11


def test_blocks_do_not_change_the_answer(monkeypatch):
    net, x, t = network()
    whole = differences.by_structure(net, x, t)
    monkeypatch.setattr(differences, "BLOCK", 1)
    assert largest_gap(differences.by_structure(net, x, t), whole) == 0


def test_the_first_weight_is_the_central_difference_itself():
    net, x, t = network(3)
    W = net.layers[0].W
    by_hand = numerical_gradient(lambda _: net.loss(x[None], t[None]), W, 1e-4)
    assert np.abs(differences.by_structure(net, x, t).dW[0] - by_hand).max() <= 1e-11


@pytest.mark.parametrize("way", WAYS)
def test_the_network_is_left_as_it_was(way):
    net, x, t = network()
    before = [p.copy() for layer in net.layers for p in (layer.W, layer.b)]
    way(net, x, t)
    after = [p for layer in net.layers for p in (layer.W, layer.b)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("way", WAYS)
def test_large_sums_do_not_overflow(way):
    net, x, t = network()
    net.layers[1].b[:] = [800.0, 0.0, -800.0, 1.0]
    assert all(np.isfinite(g).all() for g in way(net, x, t).dW)


def test_arguments_that_do_not_fit_are_named():
    net, x, t = network()
    with pytest.raises(ValueError, match=r"x: expected shape \(N, 6\).*came shape \(1, 5\)"):
        differences.by_loop(net, x[:5], t)
    with pytest.raises(ValueError, match=r"x: expected one example \(6,\), came shape \(2, 6\)"):
        differences.by_loop(net, np.ones((2, 6)), t)
    with pytest.raises(ValueError, match="t: expected one-hot"):
        differences.by_neuron(net, x, np.full(4, 0.25))
    with pytest.raises(ValueError, match="h: expected a finite number > 0"):
        differences.by_structure(net, x, t, h=0)
    one = Network([Dense(np.ones((6, 4)), np.zeros(4), "softmax")], "cross_entropy")
    with pytest.raises(ValueError, match="expected a network of two layers, came 1"):
        differences.by_structure(one, x, t)
    other = Network(net.layers, "squared_error")
    with pytest.raises(ValueError, match="expected softmax under cross_entropy"):
        differences.by_structure(other, x, t)
