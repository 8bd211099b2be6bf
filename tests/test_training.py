"""The training loop: the steps it takes, what it notes, what it refuses, and how it stops."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import Dense, Network
from backprop.data import digits, one_hot
from backprop.optimizers import Adam, GradientDescent, Momentum, RMSProp
from backprop.training import Diverged, History, Interrupted, fit

PAIRS = [
    ("softmax", "cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
    ("sigmoid", "half_squared_error"),
    ("softmax", "squared_error"),
    ("identity", "mean_squared_error"),
]


def raises(message, error=ValueError):
    return pytest.raises(error, match=re.escape(message))


def network(sizes, hidden="relu", last="softmax", loss="cross_entropy", seed=0):
    rng = np.random.default_rng(seed)
    names = [hidden] * (len(sizes) - 2) + [last]
    layers = [
        Dense.random(n, m, f, rng) for n, m, f in zip(sizes[:-1], sizes[1:], names, strict=True)
    ]
    return Network(layers, loss)


def task(N=23, n_in=3, classes=4, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, n_in)), one_hot(rng.integers(0, classes, N), classes)


def copy(net):
    layers = [Dense(layer.W, layer.b, layer.activation) for layer in net.layers]
    return Network(layers, net.loss_function)


def parameters(net):
    return [p for layer in net.layers for p in (layer.W, layer.b)]


def by_hand(net, X, T, epochs, size, rng, optimizer):
    """The loop as the chapter writes it, parameter by parameter; returns the noted losses."""
    states = [optimizer.start(p) for p in parameters(net)]
    losses, accuracies, t = [], [], 0
    for _ in range(epochs):
        order = rng.permutation(len(X))
        loss = right = 0.0
        for low in range(0, len(X), size):
            rows, t = order[low : low + size], t + 1
            trace = net.forward(X[rows])
            loss += net.loss(X[rows], T[rows]) * len(rows)
            right += (trace.a[-1].argmax(1) == T[rows].argmax(1)).sum()
            grads = net.backward(trace, T[rows])
            slopes = [g for pair in zip(grads.dW, grads.db, strict=True) for g in pair]
            for p, g, state in zip(parameters(net), slopes, states, strict=True):
                optimizer.step(p, g, state, t)
        losses.append(loss / len(X))
        accuracies.append(right / len(X))
    return losses, accuracies


# --- the steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [GradientDescent(0.3), Momentum(0.1), Adam(0.02), RMSProp()])
@pytest.mark.parametrize(("last", "loss"), PAIRS)
def test_the_steps_are_those_of_the_plain_loop(last, loss, optimizer):
    X, T = task()
    net = network((3, 6, 5, 4), "tanh", last, loss)
    other = copy(net)
    history = fit(
        net,
        X,
        T,
        epochs=4,
        batch_size=5,
        rng=np.random.default_rng(7),
        optimizer=optimizer,
        progress=False,
    )
    losses, accuracies = by_hand(other, X, T, 4, 5, np.random.default_rng(7), optimizer)
    assert history.loss == pytest.approx(losses, rel=1e-10)
    assert history.accuracy == pytest.approx(accuracies, rel=1e-12)
    for p, q in zip(parameters(net), parameters(other), strict=True):
        assert p == pytest.approx(q, rel=1e-9, abs=1e-11)


@given(
    N=st.integers(1, 30),
    size=st.integers(1, 30),
    hidden=st.lists(st.sampled_from([1, 2, 7]), max_size=3),
    activation=st.sampled_from(["relu", "tanh", "sigmoid", "identity", "softmax"]),
    seed=st.integers(0, 99),
)
def test_any_network_any_batch(N, size, hidden, activation, seed):
    X, T = task(N, seed=seed)
    net = network((3, *hidden, 4), activation, seed=seed)
    other, size = copy(net), min(size, N)
    history = fit(net, X, T, epochs=2, batch_size=size, rng=np.random.default_rng(seed), eta=0.1)
    rng = np.random.default_rng(seed)
    losses, _ = by_hand(other, X, T, 2, size, rng, GradientDescent(0.1))
    assert history.loss == pytest.approx(losses, rel=1e-9)
    for p, q in zip(parameters(net), parameters(other), strict=True):
        assert p == pytest.approx(q, rel=1e-8, abs=1e-10)


def test_many_blocks_and_many_rows_are_one_pass(monkeypatch):
    X, T = task(50)
    nets = [network((3, 5, 4)) for _ in range(2)]
    histories = []
    for net, block, rows in zip(nets, (250_000, 30), (4096, 7), strict=True):
        monkeypatch.setattr("backprop.training.BLOCK", block)
        monkeypatch.setattr("backprop.training.ROWS", rows)
        rng = np.random.default_rng(3)
        histories.append(fit(net, X, T, epochs=3, batch_size=4, rng=rng, eta=0.1, X_val=X, T_val=T))
    assert histories[0].loss == pytest.approx(histories[1].loss, rel=1e-14)
    assert histories[0].val_loss == pytest.approx(histories[1].val_loss, rel=1e-12)
    for p, q in zip(*map(parameters, nets), strict=True):
        assert p == pytest.approx(q, rel=1e-13)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 300.0, 1e5])
def test_scores_of_any_size_give_the_right_delta(scale):
    X, T = task()
    net = network((3, 4))
    net.layers[0].W *= scale
    other = copy(net)
    fit(net, X, T, epochs=1, batch_size=23, rng=np.random.default_rng(0), eta=0.5)
    other.step(other.backward(other.forward(X), T), 0.5)
    for p, q in zip(parameters(net), parameters(other), strict=True):
        assert p == pytest.approx(q, rel=1e-12, abs=1e-14)


def test_more_than_32_classes_are_summed_alike():
    X, T = task(40, classes=50)
    net = network((3, 50))
    other = copy(net)
    fit(net, X, T, epochs=1, batch_size=40, rng=np.random.default_rng(0), eta=0.5)
    other.step(other.backward(other.forward(X), T), 0.5)
    for p, q in zip(parameters(net), parameters(other), strict=True):
        assert p == pytest.approx(q, rel=1e-12, abs=1e-14)


def test_the_layers_keep_their_own_arrays():
    X, T = task()
    net = network((3, 5, 4))
    before = parameters(net)
    values = [p.copy() for p in before]
    fit(net, X, T, epochs=2, batch_size=5, rng=np.random.default_rng(0), eta=0.1)
    assert all(p is q for p, q in zip(parameters(net), before, strict=True))
    assert not any(np.array_equal(p, v) for p, v in zip(before, values, strict=True))
    net.step(net.backward(net.forward(X), T), 0.1)  # and serve as before


def test_the_examples_are_not_changed():
    X, T = task()
    kept = X.copy(), T.copy()
    fit(network((3, 5, 4)), X, T, epochs=2, batch_size=5, rng=np.random.default_rng(0), eta=0.1)
    assert np.array_equal(X, kept[0]) and np.array_equal(T, kept[1])


# --- the history ----------------------------------------------------------------------------------


def test_held_out_examples_are_looked_at_after_each_epoch_and_only_looked_at():
    X, T = task()
    X_val, T_val = task(9, seed=5)
    net, other = network((3, 5, 4)), network((3, 5, 4))
    rng, same = np.random.default_rng(4), np.random.default_rng(4)
    history = fit(net, X, T, epochs=1, batch_size=5, rng=rng, eta=0.2, X_val=X_val, T_val=T_val)
    fit(other, X, T, epochs=1, batch_size=5, rng=same, eta=0.2)
    assert history.val_loss == [pytest.approx(other.loss(X_val, T_val), rel=1e-12)]
    answers = other.forward(X_val).a[-1].argmax(axis=1)
    assert history.val_accuracy == [np.mean(answers == T_val.argmax(axis=1))]
    assert [np.array_equal(*pair) for pair in zip(*map(parameters, (net, other)), strict=True)] == [
        True
    ] * 4


def test_no_epoch_no_history():
    history = fit(
        network((3, 4)), *task(), epochs=0, batch_size=5, rng=np.random.default_rng(0), eta=0.1
    )
    assert (history.loss, history.val_loss, history.epochs) == ([], [], 0)
    assert History() == history


@pytest.mark.parametrize("T", [np.zeros((6, 1)), np.full((6, 2), 0.5), np.ones((6, 2))])
def test_an_accuracy_is_noted_of_classes_only(T):
    net = network((3, T.shape[1]), last="identity", loss="half_squared_error")
    X = np.random.default_rng(0).normal(size=(6, 3))
    history = fit(
        net, X, T, epochs=2, batch_size=2, rng=np.random.default_rng(0), eta=0.01, X_val=X, T_val=T
    )
    assert (history.accuracy, history.val_accuracy) == ([], [])
    assert len(history.loss) == len(history.val_loss) == history.epochs == 2


def test_a_loss_is_never_the_log_of_0():
    net = network((1, 2))
    net.layers[0].W[...] = [[-2000.0, 2000.0]]
    history = fit(
        net, [[1.0]], [[1.0, 0.0]], epochs=1, batch_size=1, rng=np.random.default_rng(0), eta=1e-9
    )
    assert history.loss == [4000.0]


# --- what stops it --------------------------------------------------------------------------------


def test_a_run_that_diverges_says_when_and_leaves_the_network():
    X, T = task()
    net = network((3, 5, 4), "tanh", "identity", "squared_error")
    before = [p.copy() for p in parameters(net)]
    with pytest.raises(Diverged) as caught:
        fit(net, X, T, epochs=500, batch_size=4, rng=np.random.default_rng(0), eta=5.0)
    error = caught.value
    assert error.epoch == 1 + (error.step - 1) // 6 == error.history.epochs + 1
    assert all(map(math.isfinite, error.history.loss))
    assert str(error) == (
        f"GradientDescent(eta=5) diverged: step {error.step}, in epoch {error.epoch}, left the "
        "finite numbers; the network is as it was before the fit; a smaller eta may hold"
    )
    for p, q in zip(parameters(net), before, strict=True):
        assert np.array_equal(p, q)


def test_large_weights_are_not_taken_for_infinite_ones():
    net = network((1, 1), last="identity", loss="squared_error")
    net.layers[0].W[...] = 1e160  # its square overflows, it does not
    fit(net, [[0.0]], [[0.0]], epochs=1, batch_size=1, rng=np.random.default_rng(0), eta=0.1)
    assert net.layers[0].W[0, 0] == 1e160


class Breaking(GradientDescent):
    """Interrupts at its twelfth step."""

    def step(self, x, g, state, t):
        if t == 12:
            raise KeyboardInterrupt
        super().step(x, g, state, t)


def test_an_interrupt_keeps_history_and_steps():
    X, T = task()
    net, other = network((3, 5, 4)), network((3, 5, 4))
    with pytest.raises(Interrupted) as caught:
        fit(net, X, T, epochs=9, batch_size=5, rng=np.random.default_rng(0), optimizer=Breaking())
    history = fit(other, X, T, epochs=2, batch_size=5, rng=np.random.default_rng(0), eta=1e-3)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert caught.value.history == history and history.epochs == 2
    assert str(caught.value) == (
        "stopped after 2 epochs; the exception's .history is what they saw"
    )
    rng = np.random.default_rng(0)
    order = [rng.permutation(23) for _ in range(3)][2]
    other.step(other.backward(other.forward(X[order[:5]]), T[order[:5]]), 1e-3)  # the eleventh
    for p, q in zip(parameters(net), parameters(other), strict=True):
        assert p == pytest.approx(q, rel=1e-12)


def test_progress_is_shown_where_it_is_wanted(capsys):
    for progress in (True, False):
        fit(
            network((3, 4)),
            *task(),
            epochs=3,
            batch_size=5,
            rng=np.random.default_rng(0),
            eta=0.1,
            progress=progress,
        )
        said = capsys.readouterr()
        assert ("epoch" in said.err, said.out) == (progress, "")


# --- arguments ------------------------------------------------------------------------------------


LABELS = np.arange(23) % 4
WRONG = [
    ({"net": "net"}, TypeError, "net: expected a Network, came str"),
    (
        {"X": np.ones((23, 2))},
        ValueError,
        "X: expected shape (N, 3) for the first layer's W (3, 5), came shape (23, 2)",
    ),
    (
        {"T": LABELS},
        ValueError,
        "T: expected shape (N, 4), one row an example, came shape (23,); "
        "labels become rows by backprop.data.one_hot(labels, 4)",
    ),
    (
        {"T": np.ones((23, 4))},
        ValueError,
        "T: expected one-hot rows (one 1, otherwise 0), came [1.0, 1.0, 1.0, 1.0] in row 0",
    ),
    ({"T": one_hot(LABELS, 4)[:22]}, ValueError, "T: expected 23 rows, as X has, came 22"),
    ({"X": np.full((23, 3), np.nan)}, ValueError, "X: expected finite numbers, came nan"),
    ({"epochs": -1}, ValueError, "epochs: expected at least 0, came -1"),
    ({"epochs": 1.5}, TypeError, "epochs: expected a whole number, came 1.5"),
    ({"batch_size": 0}, ValueError, "batch_size: expected at least 1, came 0"),
    ({"batch_size": 24}, ValueError, "batch_size: expected at most the 23 examples, came 24"),
    ({"rng": 0}, TypeError, "rng: expected a numpy.random.Generator"),
    ({"eta": None}, ValueError, "eta, optimizer: expected one of the two, came neither"),
    ({"optimizer": Adam()}, ValueError, "eta, optimizer: expected one of the two, came both"),
    (
        {"eta": None, "optimizer": "adam"},
        TypeError,
        "optimizer: expected one, such as Adam(), came 'adam'",
    ),
    ({"eta": -0.1}, ValueError, "eta: expected a finite number > 0, came -0.1"),
    ({"X_val": np.ones((2, 3))}, ValueError, "X_val, T_val: expected both or none, came one"),
    (
        {"X_val": np.ones((2, 3)), "T_val": one_hot([0], 4)},
        ValueError,
        "T_val: expected 2 rows, as X_val has, came 1",
    ),
]


@pytest.mark.parametrize(("wrong", "error", "message"), WRONG)
def test_arguments_that_do_not_fit_are_named_before_anything_is_changed(wrong, error, message):
    X, T = task()
    net = network((3, 5, 4))
    before = [p.copy() for p in parameters(net)]
    arguments = {"net": net, "X": X, "T": T, "epochs": 1, "batch_size": 5, "eta": 0.1}
    arguments |= {"rng": np.random.default_rng(0)} | wrong
    with raises(message, error):
        fit(arguments.pop("net"), arguments.pop("X"), arguments.pop("T"), **arguments)
    for p, q in zip(parameters(net), before, strict=True):
        assert np.array_equal(p, q)


def test_one_layer_in_two_places_is_refused():
    layer = Dense(np.eye(3), np.zeros(3), "identity")
    net = Network([layer, layer], "half_squared_error")
    with raises("net: expected different layers, came one Dense that stands in two places"):
        fit(net, np.eye(3), np.eye(3), epochs=1, batch_size=1, rng=np.random.default_rng(0), eta=1)


# --- digits ---------------------------------------------------------------------------------------


def test_held_out_digits_are_read():
    images, labels = digits()
    order = np.random.default_rng(0).permutation(len(images))
    train, held_out = order[360:], order[:360]
    X, T = images.reshape(-1, 64) / 16, one_hot(labels, 10)
    X = (X - X[train].mean(axis=0)) / X[train].std()
    net = network((64, 48, 10), seed=13)
    history = fit(
        net,
        X[train],
        T[train],
        epochs=15,
        batch_size=8,
        rng=np.random.default_rng(13),
        optimizer=Momentum(0.01),
        X_val=X[held_out],
        T_val=T[held_out],
    )
    assert history.val_accuracy[-1] >= 0.97
    assert history.accuracy[-1] == 1.0
    assert history.loss[-1] < 0.02 < history.val_loss[-1]
