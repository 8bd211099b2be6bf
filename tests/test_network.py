"""Dense and Network: values, gradients by three oracles, the worked example, errors."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import Dense, Network, numerical_gradient
from backprop.activations import ACTIVATIONS, identity, relu, sigmoid, softmax, tanh
from backprop.gradcheck import torch_gradients
from backprop.losses import LOSSES, cross_entropy, half_squared_error, squared_error
from backprop.network import Gradients, Trace
from strategies import cases, one_hot, seeds


def small(loss=half_squared_error, last=sigmoid):
    """Return a 2-3-2 network, drawn the same every time."""
    rng = np.random.default_rng(7)
    layers = [Dense.random(2, 3, tanh, rng), Dense.random(3, 2, last, rng)]
    return Network(layers, loss)


def parameters(net):
    return [array for layer in net.layers for array in (layer.W, layer.b)]


def copies(net):
    return [array.copy() for array in parameters(net)]


def assert_unchanged(net, before):
    for i, (now, then) in enumerate(zip(parameters(net), before, strict=True)):
        np.testing.assert_array_equal(now, then, err_msg=f"parameter {i} was changed")


X, T = np.array([[1.0, 2.0], [0.5, -1.0], [0.0, 3.0]]), np.eye(2)[[0, 1, 1]]


# the worked example known on the web: 2-2-2, sigmoid, η = 0.5


def worked():
    net = Network(
        [
            Dense([[0.15, 0.25], [0.20, 0.30]], [0.35, 0.35], sigmoid),
            Dense([[0.40, 0.50], [0.45, 0.55]], [0.60, 0.60], sigmoid),
        ],
        loss=half_squared_error,
    )
    return net, np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])


def with_biases_fixed(grads):
    return Gradients(grads.delta, grads.dW, [np.zeros_like(db) for db in grads.db])


def test_worked_example_forward():
    net, X, T = worked()
    trace = net.forward(X)
    np.testing.assert_allclose(trace.z[0], [[0.3775, 0.3925]], rtol=1e-15)
    np.testing.assert_allclose(trace.a[1], [[0.593269992, 0.596884378]], atol=5e-10)
    np.testing.assert_allclose(trace.a[2], [[0.751365070, 0.772928465]], atol=5e-10)
    assert net.loss(X, T) == pytest.approx(0.298371109, abs=5e-10)


def test_worked_example_gradients():
    net, X, T = worked()
    grads = net.backward(net.forward(X), T)
    np.testing.assert_allclose(grads.delta[1], [[0.138498562, -0.038098236]], atol=5e-10)
    np.testing.assert_allclose(grads.dW[1][0, 0], 0.082167041, atol=5e-10)
    np.testing.assert_allclose(grads.dW[0][0, 0], 0.000438568, atol=5e-10)


def test_worked_example_one_step_with_biases_fixed():
    net, X, T = worked()
    net.step(with_biases_fixed(net.backward(net.forward(X), T)), 0.5)
    W = [[0.149780716, 0.249751144], [0.199561432, 0.299502287]]
    np.testing.assert_allclose(net.layers[0].W, W, atol=5e-10)
    W = [[0.358916480, 0.511301270], [0.408666186, 0.561370121]]
    np.testing.assert_allclose(net.layers[1].W, W, atol=5e-10)
    assert net.loss(X, T) == pytest.approx(0.291027774, abs=5e-10)


def test_worked_example_the_number_in_circulation_comes_from_updated_output_weights():
    net, X, T = worked()
    trace = net.forward(X)
    net.layers[1].W -= 0.5 * net.backward(trace, T).dW[1]
    net.layers[0].W -= 0.5 * net.backward(trace, T).dW[0]  # its deltas see the new weights
    assert net.loss(X, T) == pytest.approx(0.291027924, abs=5e-10)


# forward


@given(cases())
def test_forward_is_z_and_a_layer_by_layer(case):
    net, X, _ = case
    trace, a = net.forward(X), X
    np.testing.assert_array_equal(trace.a[0], X)
    for l, layer in enumerate(net.layers):
        z = a @ layer.W + layer.b
        a = layer.activation(z)
        np.testing.assert_allclose(trace.z[l], z, rtol=1e-13, atol=1e-14, err_msg=f"z[{l}]")
        np.testing.assert_allclose(trace.a[l + 1], a, rtol=1e-13, atol=1e-14, err_msg=f"a[{l + 1}]")


@given(cases())
def test_every_entry_of_trace_and_gradients_has_its_shape(case):
    net, X, T = case
    n = len(X)
    trace = net.forward(X)
    grads = net.backward(trace, T)
    units = [(n, layer.n_out) for layer in net.layers]
    assert [z.shape for z in trace.z] == units
    assert [a.shape for a in trace.a] == [X.shape, *units]
    assert [delta.shape for delta in grads.delta] == units
    assert [dW.shape for dW in grads.dW] == [layer.W.shape for layer in net.layers]
    assert [db.shape for db in grads.db] == [layer.b.shape for layer in net.layers]
    everything = [*trace.z, *trace.a, *grads.delta, *grads.dW, *grads.db]
    assert {array.dtype for array in everything} == {np.dtype(np.float64)}


@given(cases())
def test_examples_do_not_see_each_other(case):
    net, X, _ = case
    alone = [net.forward(x[None, :]).a[-1][0] for x in X]
    np.testing.assert_allclose(net.forward(X).a[-1], alone, rtol=1e-12, atol=1e-14)


def test_a_saturated_network_is_exact_and_silent():
    W = np.array([[1.0, -1.0]])
    for activation, expected in [(sigmoid, [1, 0]), (tanh, [1, -1]), (softmax, [1, 0])]:
        net = Network([Dense(W, [0, 0], activation)])
        assert net.forward([[1000.0]]).a[1].tolist() == [expected], activation
        assert net.loss([[1000.0]], [expected]) == 0, activation


def test_integers_and_lists_are_read_as_float64():
    net = small()
    np.testing.assert_array_equal(
        net.forward([[1, 2]]).a[-1], net.forward(np.array([[1.0, 2.0]])).a[-1]
    )


def test_forward_backward_and_loss_change_nothing():
    net, x, t = small(), X.copy(), T.copy()
    before = copies(net)
    net.backward(net.forward(x), t)
    net.loss(x, t)
    assert_unchanged(net, before)
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(t, T)


# backward: against differences and against torch


def relative_error(arrays, others, least=0.0):
    """Return the largest gap of all entries over the largest entry of all, or over `least`."""
    ours = np.concatenate([array.ravel() for array in arrays])
    theirs = np.concatenate([array.ravel() for array in others])
    scale = max(np.abs(ours).max(), np.abs(theirs).max(), least)
    return np.abs(ours - theirs).max() / scale if scale else 0.0


def gradients(net, X, T):
    grads = net.backward(net.forward(X), T)
    return [array for pair in zip(grads.dW, grads.db, strict=True) for array in pair]


def assert_differences_agree(net, X, T):
    numeric = [numerical_gradient(lambda _: net.loss(X, T), p) for p in parameters(net)]
    # A difference is rounded to about ε|L|/h = 4e-11 |L|: it sees 1e-7 of what is above 1e-3 |L|.
    assert relative_error(gradients(net, X, T), numeric, least=1e-3 * net.loss(X, T)) <= 1e-7


def by_torch(torch, net, X, T):
    """Return the gradients by torch's own layers, activations and losses, in the same order."""
    f = torch.nn.functional
    activations = {"identity": lambda z: z, "softmax": lambda z: torch.softmax(z, dim=1)}
    a, t = torch.tensor(X), torch.tensor(T)
    leaves = [torch.tensor(p, requires_grad=True) for p in parameters(net)]
    for layer, W, b in zip(net.layers, leaves[::2], leaves[1::2], strict=True):
        z = f.linear(a, W.T, b)
        name = layer.activation.name
        a = activations.get(name, getattr(torch, name, None))(z)
    m = T.shape[1]
    value = {
        "half_squared_error": lambda: f.mse_loss(a, t) * m / 2,
        "squared_error": lambda: f.mse_loss(a, t) * m,
        "mean_squared_error": lambda: f.mse_loss(a, t),
        "cross_entropy": lambda: f.nll_loss(
            torch.log_softmax(z, dim=1) if name == "softmax" else torch.log(a), t.argmax(dim=1)
        ),
        "binary_cross_entropy": lambda: (
            f.binary_cross_entropy_with_logits(z, t, reduction="sum") / len(t)
            if name == "sigmoid"
            else f.binary_cross_entropy(a, t, reduction="sum") / len(t)
        ),
    }[net.loss_function.name]()
    value.backward()
    return value.item(), [leaf.grad.numpy() for leaf in leaves]


@given(cases())
def test_backward_is_the_difference_quotient(case):
    assert_differences_agree(*case)


@given(cases())
def test_loss_and_backward_are_torchs(torch, case):
    net, X, T = case
    value, expected = by_torch(torch, net, X, T)
    assert net.loss(X, T) == pytest.approx(value, rel=1e-12, abs=1e-15)
    assert relative_error(gradients(net, X, T), expected) <= 1e-12


@pytest.mark.parametrize("last", ["softmax", "sigmoid"])
@given(data=st.data())
def test_cross_entropy_after_softmax_and_sigmoid(torch, last, data):
    net, X, T = data.draw(cases(loss="cross_entropy", last=last))
    assert_differences_agree(net, X, T)
    assert relative_error(gradients(net, X, T), by_torch(torch, net, X, T)[1]) <= 1e-12


@pytest.mark.parametrize("loss", ["half_squared_error", "squared_error", "mean_squared_error"])
@given(data=st.data())
def test_softmax_under_a_squared_loss_needs_its_whole_jacobian(torch, loss, data):
    net, X, T = data.draw(cases(loss=loss, last="softmax"))
    assert_differences_agree(net, X, T)
    assert relative_error(gradients(net, X, T), by_torch(torch, net, X, T)[1]) <= 1e-12


PAIRS = [
    (activation, loss)
    for activation in sorted(ACTIVATIONS)
    for loss in sorted(LOSSES)
    if not loss.endswith("cross_entropy") or activation in ("softmax", "sigmoid")
]


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_every_activation_under_every_loss(torch, activation, loss, rng):
    # Inputs and weights of one sign keep ReLU's z away from 0.
    net = Network([Dense(rng.uniform(0.1, 1, (3, 4)), np.full(4, 0.1), activation)], loss)
    X, T = rng.uniform(0.1, 1, (5, 3)), one_hot(rng, 5, 4)
    assert_differences_agree(net, X, T)
    assert relative_error(gradients(net, X, T), by_torch(torch, net, X, T)[1]) <= 1e-12


@given(cases())
def test_the_packages_own_torch_oracle_is_torchs(torch, case):
    net, X, T = case
    dW, db = torch_gradients(net, X, T)
    own = [array for pair in zip(dW, db, strict=True) for array in pair]
    assert relative_error(own, by_torch(torch, net, X, T)[1]) <= 1e-13


@given(cases(loss="cross_entropy", last="softmax"))
def test_delta_of_softmax_under_cross_entropy_is_a_minus_t(case):
    net, X, T = case
    trace = net.forward(X)
    expected = (trace.a[-1] - T) / len(X)
    np.testing.assert_allclose(net.backward(trace, T).delta[-1], expected, rtol=1e-14)


def test_softmax_under_cross_entropy_keeps_its_gradient_where_the_loss_is_huge():
    net = Network([Dense(np.eye(2) * 1000, np.zeros(2), softmax)], cross_entropy)
    X, T = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert net.loss(X, T) == 1000.0
    assert net.backward(net.forward(X), T).delta[0].tolist() == [[1.0, -1.0]]


@given(cases())
def test_gradient_of_a_batch_is_the_mean_of_its_examples(case):
    net, X, T = case
    each = [gradients(net, X[i : i + 1], T[i : i + 1]) for i in range(len(X))]
    mean = [np.mean(arrays, axis=0) for arrays in zip(*each, strict=True)]
    assert relative_error(gradients(net, X, T), mean) <= 1e-12


# step


@given(cases(), st.floats(1e-3, 1))
def test_step_takes_eta_times_the_gradient_off_every_parameter(case, eta):
    net, X, T = case
    expected = [p - eta * g for p, g in zip(parameters(net), gradients(net, X, T), strict=True)]
    net.step(net.backward(net.forward(X), T), eta)
    for i, (p, e) in enumerate(zip(parameters(net), expected, strict=True)):
        np.testing.assert_allclose(p, e, rtol=1e-14, atol=1e-15, err_msg=f"parameter {i}")


def test_step_takes_layers_whose_arrays_were_replaced():
    net = small()
    net.step(net.backward(net.forward(X), T), 0.5)
    net.layers[1].W, net.layers[1].b = np.full((3, 1), 2.0), np.zeros(1)
    ones = [np.ones_like(array) for array in parameters(net)]
    before = copies(net)
    net.step(Gradients([], ones[::2], ones[1::2]), 0.5)
    for now, then in zip(parameters(net), before, strict=True):
        np.testing.assert_array_equal(now, then - 0.5)


def test_step_leaves_the_gradients_as_they_are():
    net = small()
    grads = net.backward(net.forward(X), T)
    before = [array.copy() for array in [*grads.delta, *grads.dW, *grads.db]]
    net.step(grads, 0.5)
    for now, then in zip([*grads.delta, *grads.dW, *grads.db], before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_thousand_steps_learn_xor():
    rng = np.random.default_rng(0)
    X, T = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    net = Network([Dense.random(2, 4, tanh, rng), Dense.random(4, 1, sigmoid, rng)])
    for _ in range(1000):
        net.step(net.backward(net.forward(X), T), 2.0)
    assert net.loss(X, T) < 0.01


def wrong(grads, kind, l):
    """Return gradients whose entry `kind` of layer l is transposed or one too long."""
    lists = {"dW": list(grads.dW), "db": list(grads.db)}
    lists[kind][l] = lists[kind][l].T if kind == "dW" else np.append(lists[kind][l], 0)
    return Gradients(grads.delta, lists["dW"], lists["db"])


@pytest.mark.parametrize(
    ("kind", "l", "message"),
    [
        ("dW", 0, r"^grads\.dW\[0\]: expected the shape of layers\[0\]\.W, \(2, 3\), came .*3, 2"),
        ("dW", 1, r"^grads\.dW\[1\]: expected the shape of layers\[1\]\.W, \(3, 2\), came .*2, 3"),
        ("db", 0, r"^grads\.db\[0\]: expected the shape of layers\[0\]\.b, \(3,\), came .*\(4,\)$"),
        ("db", 1, r"^grads\.db\[1\]: expected the shape of layers\[1\]\.b, \(2,\), came .*\(3,\)$"),
    ],
)
def test_step_with_a_wrong_shape_changes_nothing(kind, l, message):
    net = small()
    before = copies(net)
    with pytest.raises(ValueError, match=message):
        net.step(wrong(net.backward(net.forward(X), T), kind, l), 0.5)
    assert_unchanged(net, before)


@pytest.mark.parametrize(
    ("eta", "error", "message"),
    [
        (0, ValueError, r"^eta: expected a finite number > 0, came 0$"),
        (-0.1, ValueError, r"^eta: expected a finite number > 0, came -0\.1$"),
        (np.nan, ValueError, r"^eta: expected a finite number > 0, came nan$"),
        (np.inf, ValueError, r"^eta: expected a finite number > 0, came inf$"),
        ("fast", TypeError, r"^eta: expected a number, came str$"),
        (True, TypeError, r"^eta: expected a number, came bool$"),
    ],
)
def test_step_wants_a_learning_rate(eta, error, message):
    net = small()
    before = copies(net)
    with pytest.raises(error, match=message):
        net.step(net.backward(net.forward(X), T), eta)
    assert_unchanged(net, before)


def test_step_names_gradients_of_another_network():
    grads = Gradients([], [np.ones((2, 3))], [np.ones(3)])
    with pytest.raises(ValueError, match=r"^grads: expected 2 layers, came 1: is it another "):
        small().step(grads, 0.5)


# Dense


def test_a_layer_copies_its_arrays():
    W, b = np.ones((2, 3)), np.zeros(3)
    layer = Dense(W, b, "tanh")
    W[:], b[:] = 9, 9
    assert layer.W.tolist() == np.ones((2, 3)).tolist()
    assert layer.b.tolist() == [0, 0, 0]


def test_a_step_does_not_reach_the_callers_arrays():
    W, b = np.ones((2, 2)), np.zeros(2)
    net = Network([Dense(W, b, sigmoid)])
    net.step(net.backward(net.forward(X), T), 0.5)
    assert (W.tolist(), b.tolist()) == (np.ones((2, 2)).tolist(), [0, 0])


def test_a_layer_of_integers_holds_float64():
    layer = Dense([[1, 2], [3, 4]], [0, 1], sigmoid)
    assert (layer.W.dtype, layer.b.dtype) == (np.float64, np.float64)


def test_a_layer_knows_its_sizes():
    layer = Dense(np.ones((2, 3)), np.zeros(3), relu)
    assert (layer.n_in, layer.n_out) == (2, 3)
    assert repr(layer) == "Dense(2 -> 3, relu)"


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_a_layer_takes_an_activation_by_name(name):
    assert Dense([[1.0]], [0.0], name).activation is ACTIVATIONS[name]


@pytest.mark.parametrize(
    ("W", "b", "activation", "error", "message"),
    [
        ([1, 2], [0], sigmoid, ValueError, r"^W: expected shape \(n_in, n_out\), came .*\(2,\)$"),
        (
            np.ones((2, 3)),
            [0, 0],
            sigmoid,
            ValueError,
            r"^b: expected shape \(3,\), one bias for each column of W \(2, 3\), came .*\(2,\)$",
        ),
        (np.ones((2, 3)), np.zeros((1, 3)), sigmoid, ValueError, r"^b: expected .* \(1, 3\)$"),
        ([[1, np.nan]], [0, 0], sigmoid, ValueError, r"^W: expected finite .* nan at index \[0, 1"),
        ([[1.0]], [-np.inf], sigmoid, ValueError, r"^b: expected finite .* -inf at index \[0\]$"),
        (np.ones((0, 2)), [0, 0], sigmoid, ValueError, r"^W: expected at least one entry, came "),
        ([["a"]], [0], sigmoid, TypeError, r"^W: expected real numbers, came dtype <U1$"),
        (
            [[1.0]],
            [0.0],
            "sigmoidal",
            ValueError,
            r"^activation: expected one of identity, relu, sigmoid, softmax, tanh, came 'sigm",
        ),
        (
            [[1.0]],
            [0.0],
            np.tanh,
            ValueError,
            r"^activation: expected one of .*came <ufunc 't",
        ),
    ],
)
def test_a_layer_that_does_not_fit_is_named(W, b, activation, error, message):
    with pytest.raises(error, match=message):
        Dense(W, b, activation)


# Dense.random


@pytest.mark.parametrize(
    ("activation", "init", "scale", "deviation"),
    [
        (relu, None, None, np.sqrt(2 / 300)),
        (sigmoid, None, None, np.sqrt(2 / 500)),
        ("softmax", None, None, np.sqrt(2 / 500)),
        (sigmoid, "he", None, np.sqrt(2 / 300)),
        (relu, "glorot", None, np.sqrt(2 / 500)),
        (tanh, "normal", 0.01, 0.01),
    ],
)
def test_random_weights_have_the_named_deviation(activation, init, scale, deviation, rng):
    layer = Dense.random(300, 200, activation, rng, init=init, scale=scale)
    assert layer.W.shape == (300, 200)
    assert layer.b.tolist() == [0] * 200
    assert layer.W.std() == pytest.approx(deviation, rel=0.02)
    assert abs(layer.W.mean()) < deviation / 50


def test_the_same_generator_draws_the_same_layer():
    first, second = (Dense.random(2, 3, relu, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.W, second.W)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"n_in": 0}, ValueError, r"^n_in: expected at least 1, came 0$"),
        ({"n_out": 2.0}, TypeError, r"^n_out: expected a whole number, came 2\.0$"),
        (
            {"activation": "rel"},
            ValueError,
            r"^activation: expected one of identity, .* 'rel'$",
        ),
        ({"rng": 0}, TypeError, r"^rng: expected a numpy\.random\.Generator such as .*, came int$"),
        ({"init": "xavier"}, ValueError, r"^init: expected one of he, glorot, normal, came 'xav"),
        ({"init": "normal"}, ValueError, r"^scale: expected with init='normal' .*, came None$"),
        ({"scale": 1.0}, ValueError, r"^scale: expected with init='normal' .*, came 1\.0$"),
        ({"init": "normal", "scale": -1}, ValueError, r"^scale: expected a finite number > 0, ca"),
    ],
)
def test_a_random_layer_that_cannot_be_drawn_is_named(changed, error, message):
    arguments = {"n_in": 2, "n_out": 3, "activation": relu, "rng": np.random.default_rng(0)}
    with pytest.raises(error, match=message):
        Dense.random(**(arguments | changed))


# Network


def test_repr_shows_the_chain_and_the_loss():
    expected = "Network([Dense(2 -> 3, tanh), Dense(3 -> 2, sigmoid)], loss=half_squared_error)"
    assert repr(small()) == expected


def test_half_squared_error_is_the_default_loss():
    assert Network([Dense([[1.0]], [0.0], identity)]).loss_function is half_squared_error


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_network_takes_a_loss_by_name(name):
    assert small(loss=name).loss_function is LOSSES[name]


def layer(n_in, n_out, activation=sigmoid):
    return Dense(np.ones((n_in, n_out)), np.zeros(n_out), activation)


@pytest.mark.parametrize(
    ("layers", "loss", "error", "message"),
    [
        (
            [],
            squared_error,
            ValueError,
            r"^layers: expected at least one Dense, came an empty",
        ),
        (
            [layer(2, 3), "tanh"],
            squared_error,
            TypeError,
            r"^layers\[1\]: expected Dense, .* str$",
        ),
        (
            [layer(2, 3), layer(4, 2)],
            squared_error,
            ValueError,
            r"^layers\[1\]\.W: expected 3 rows, the units of the layer before \(2, 3\), .*4, 2",
        ),
        (
            [layer(2, 3)],
            "mse",
            ValueError,
            r"^loss: expected one of binary_cross_entropy, cross_entropy, half_squared_error, "
            r"mean_squared_error, squared_error, came 'mse'$",
        ),
    ],
)
def test_a_network_that_does_not_fit_together_is_named(layers, loss, error, message):
    with pytest.raises(error, match=message):
        Network(layers, loss)


@pytest.mark.parametrize("activation", [relu, tanh, identity], ids=repr)
def test_cross_entropy_wants_probabilities_of_the_last_layer(activation):
    message = rf"^loss: cross_entropy takes .* expected softmax or sigmoid .* came {activation}$"
    with pytest.raises(ValueError, match=message):
        Network([layer(2, 3, activation)], cross_entropy)


@pytest.mark.parametrize("call", ["forward", "loss"])
@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (
            [1.0, 2.0],
            ValueError,
            r"^X: expected shape \(N, 2\) for the first layer's W \(2, 3\), came shape \(2,\); "
            r"one example is one row: X\[None, :\]$",
        ),
        ([1.0, 2.0, 3.0], ValueError, r"^X: expected shape \(N, 2\) .* came shape \(3,\)$"),
        (np.ones((3, 4)), ValueError, r"^X: expected shape \(N, 2\) .* came shape \(3, 4\)$"),
        (np.ones((1, 3, 2)), ValueError, r"^X: expected shape \(N, 2\) .* came shape \(1, 3, 2\)$"),
        (np.ones((0, 2)), ValueError, r"^X: expected at least one entry, came shape \(0, 2\)$"),
        ([[1, np.nan]], ValueError, r"^X: expected finite numbers, came nan at index \[0, 1\]$"),
        ([[np.inf, 1]], ValueError, r"^X: expected finite numbers, came inf at index \[0, 0\]$"),
        ([["a", "b"]], TypeError, r"^X: expected real numbers, came dtype <U1$"),
        ([[1.0], [1.0, 2.0]], ValueError, r"^X: expected rows of one length, came "),
    ],
)
def test_inputs_that_do_not_fit_are_named(call, X, error, message):
    net = small()
    with pytest.raises(error, match=message):
        net.loss(X, T) if call == "loss" else net.forward(X)


@pytest.mark.parametrize("call", ["backward", "loss"])
@pytest.mark.parametrize(
    ("loss", "T", "message"),
    [
        ("squared_error", T[:2], r"^T: expected the shape of a, \(3, 2\), came shape \(2, 2\)$"),
        ("squared_error", T[0], r"^T: expected the shape of a, \(3, 2\), came shape \(2,\)$"),
        ("squared_error", [1.0], r"^T: expected the shape of a, \(3, 2\), came shape \(1,\)$"),
        ("squared_error", T * np.nan, r"^T: expected finite numbers, came nan at index \[0, 0\]$"),
        ("squared_error", [], r"^T: expected at least one entry, came shape \(0,\)$"),
        ("cross_entropy", [0, 1, 1], r"^T: expected the shape of a, \(3, 2\), came shape \(3,\)$"),
        ("cross_entropy", T / 2, r"^T: expected one-hot rows .*, came \[0\.5, 0\.0\] in row 0$"),
    ],
)
def test_targets_that_do_not_fit_are_named(call, loss, T, message):
    net = small(loss)
    with pytest.raises(ValueError, match=message):
        net.loss(X, T) if call == "loss" else net.backward(net.forward(X), T)


def test_backward_wants_what_forward_returned():
    with pytest.raises(TypeError, match=r"^trace: expected what forward returned, came ndarray$"):
        small().backward(X, T)


def test_backward_names_a_trace_of_another_depth():
    trace = Network([layer(2, 2)]).forward(X)
    with pytest.raises(ValueError, match=r"^trace: expected 2 layers, came 1: is it another netwo"):
        small().backward(trace, T)


@pytest.mark.parametrize("hidden", [1, 4])
def test_backward_names_a_trace_of_another_width(hidden):
    trace = Network([layer(2, hidden), layer(hidden, 2)]).forward(X)
    message = rf"^trace: expected z\[0\] of shape \(N, 3\), .* came \(3, {hidden}\): is it another"
    with pytest.raises(ValueError, match=message):
        small().backward(trace, T)


def test_a_trace_can_be_made_by_hand():
    net = small()
    trace = net.forward(X)
    again = net.backward(Trace(list(trace.z), list(trace.a)), T)
    np.testing.assert_array_equal(again.dW[0], net.backward(trace, T).dW[0])


@given(seeds)
def test_six_layers_and_64_examples_along_a_random_direction(seed):
    rng = np.random.default_rng(seed)
    sizes = [3, 5, 4, 6, 5, 4, 3]
    net = Network([Dense.random(i, o, tanh, rng) for i, o in pairwise(sizes)])
    X, T = rng.normal(size=(64, 3)), rng.normal(size=(64, 3))
    direction = [rng.normal(size=p.shape) for p in parameters(net)]
    slope = sum((g * d).sum() for g, d in zip(gradients(net, X, T), direction, strict=True))
    before = copies(net)

    def loss_along(s):
        for p, start, d in zip(parameters(net), before, direction, strict=True):
            p[...] = start + s * d
        return net.loss(X, T)

    numeric = numerical_gradient(loss_along, 0.0)
    scale = np.sqrt(sum((g**2).sum() for g in gradients(net, X, T)))
    assert numeric == pytest.approx(slope, abs=1e-7 * scale)
