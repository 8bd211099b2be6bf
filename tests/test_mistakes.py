"""Wrong gradients are named, right ones are not, and what has no name gets none."""

import subprocess
import sys
from copy import deepcopy
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import backprop.mistakes
from backprop import Dense, Network, check_network
from backprop.activations import ACTIVATIONS
from backprop.mistakes import MISTAKES, NONE, RIGHT, DoesNotFit, diagnose, diagnose_network
from backprop.mistakes.gallery import Pass
from backprop.mistakes.judging import Case, Fingerprint, distance, score
from backprop.network import Gradients
from strategies import cases, seeds, shapes

NAMES = sorted(MISTAKES)


def network(rng, sizes, kinds, loss="half_squared_error"):
    layers = [
        Dense(rng.normal(size=(n, m)), rng.normal(size=m), kind)
        for (n, m), kind in zip(pairwise(sizes), kinds, strict=True)
    ]
    return Network(layers, loss)


def batch(rng, net, n):
    """Inputs and targets that fit the network's loss."""
    X, m = rng.normal(size=(n, net.layers[0].n_in)), net.layers[-1].n_out
    if net.loss_function.name == "cross_entropy":
        return X, np.eye(m)[rng.integers(m, size=n)]
    if net.loss_function.name == "binary_cross_entropy":
        return X, rng.integers(2, size=(n, m)).astype(float)
    return X, rng.normal(size=(n, m))


def right(net, X, T):
    return net.backward(net.forward(X), T)


def arrays(grads):
    return grads.dW + grads.db


def scaled(grads, factor):
    return Gradients(None, [factor * a for a in grads.dW], [factor * a for a in grads.db])


# --- the gallery ----------------------------------------------------------------------------------


@given(cases())
def test_a_pass_without_a_mistake_is_the_networks_own(case):
    net, X, T = case
    for ours, own in zip(arrays(Pass(net, X, T).run()), arrays(right(*case)), strict=True):
        assert distance({"": ours}, {"": own}, {"": 1e-14}) <= 1e-12


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_says_what_it_is_and_what_made_it_tempting(name):
    mistake = MISTAKES[name]
    assert mistake.name == name
    assert mistake.sentence.endswith(".") and len(mistake.sentence) > 20
    assert mistake.tempting and not mistake.tempting.endswith(".")


def test_no_two_mistakes_share_a_sentence():
    assert len({m.sentence for m in MISTAKES.values()}) == len(MISTAKES) >= 30


#: One network, kind by kind, on which each mistake can be made: sizes, activations, loss.
WIDE = ((3, 4, 3, 5), ("sigmoid", "tanh", "sigmoid"), "half_squared_error")
FITTING = {
    "slope kept": ((3, 4, 3), ("tanh", "softmax"), "cross_entropy"),
    "softmax twice": ((3, 4, 3), ("tanh", "softmax"), "cross_entropy"),
    "Jacobian's diagonal": ((3, 4, 3), ("tanh", "softmax"), "cross_entropy"),
    "sum over outputs": ((3, 4, 3), ("tanh", "identity"), "mean_squared_error"),
    "broadcast target": ((3, 4, 1), ("tanh", "identity"), "squared_error"),
    "no transpose": ((3, 4, 4), ("tanh", "identity"), "squared_error"),
    "own activation": ((4, 4, 3), ("tanh", "identity"), "squared_error"),
    "another layer's slope": ((3, 4, 4), ("tanh", "sigmoid"), "squared_error"),
    "unmasked": ((3, 5, 3), ("relu", "identity"), "squared_error"),
    "masked by itself": ((3, 5, 3), ("relu", "identity"), "squared_error"),
    "clamp on the input": ((3, 5, 3), ("relu", "identity"), "squared_error"),
    "bias summed along the units": ((3, 7, 2), ("tanh", "identity"), "squared_error"),
}


def made(name, n=7, seed=31):
    """A network, a batch, the gradients of the call before, and the mistake made there."""
    rng = np.random.default_rng(seed)
    net = network(rng, *FITTING.get(name, WIDE))
    X, T = batch(rng, net, n)
    previous = right(net, X[::-1] + 0.5, T)
    return net, X, T, previous, MISTAKES[name].backward(net, X, T, eta=0.3, previous=previous)


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_is_named_with_confidence(name):
    net, X, T, previous, grads = made(name)
    found = diagnose_network(net, X, T, grads, previous=previous)
    assert (found.name, found.alternatives) == (name, ())
    assert found.sentence.startswith(MISTAKES[name].sentence)
    assert found.confidence > 0.999
    assert found.match <= 1e-12 < 1e-2 < found.error


@pytest.mark.parametrize("name", NAMES)
def test_each_mistake_is_convicted_by_the_check(name):
    net, X, T, _, grads = made(name)
    try:
        assert not check_network(net, X, T, grads, torch=False).ok
    except ValueError as error:
        assert "expected the shape of its parameter" in str(error)


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_leaves_the_network_as_it_was(name):
    net, X, T, previous, _ = made(name)
    kept = deepcopy([layer.W for layer in net.layers])
    diagnose_network(net, X, T, made(name)[-1], previous=previous)
    for layer, W in zip(net.layers, kept, strict=True):
        assert (layer.W == W).all()


def test_a_mistake_can_be_made_in_one_layer():
    net, X, T, *_ = made("slope dropped")
    exact = right(net, X, T)
    mistake = MISTAKES["slope dropped"]
    last = mistake.backward(net, X, T, layers=[2])
    assert (last.delta[2] != exact.delta[2]).all()
    found = diagnose_network(net, X, T, last)
    assert (found.name, found.place, found.first_wrong) == (
        mistake.name,
        "in the last layer",
        "dW[2]",
    )
    hidden = mistake.backward(net, X, T, layers=[0, 1])
    assert diagnose_network(net, X, T, hidden).title == "slope dropped in the hidden layers"
    one = diagnose_network(net, X, T, mistake.backward(net, X, T, layers=[0]))
    assert (one.place, one.first_wrong) == ("in layer 1", "dW[0]")
    every = mistake.backward(net, X, T)
    assert diagnose_network(net, X, T, every).place == "in every layer"


@pytest.mark.parametrize(
    ("name", "layers"), [("unmasked", None), ("slope dropped", [3]), ("no transpose", [2])]
)
def test_a_mistake_that_cannot_be_made_says_so(name, layers):
    net, X, T, *_ = made("sign turned")
    with pytest.raises(DoesNotFit, match=f"{name}: it cannot be made in layers"):
        MISTAKES[name].backward(net, X, T, layers=layers)


@pytest.mark.parametrize(
    ("name", "needs"), [("updated too early", "eta"), ("not zeroed", "previous")]
)
def test_a_mistake_that_depends_on_more_asks_for_it(name, needs):
    net, X, T, *_ = made("sign turned")
    with pytest.raises(DoesNotFit, match=f"{name}: expected {needs}"):
        MISTAKES[name].backward(net, X, T)


def test_copies_of_a_network_have_the_same_mistakes():
    for name in ("slope at a", "masked by itself", "softmax twice", "2/m for 1"):
        net, X, T, _, grads = made(name)
        again = MISTAKES[name].backward(deepcopy(net), X, T)
        assert all((a == b).all() for a, b in zip(arrays(grads), arrays(again), strict=True))


# --- networks of any kind ---------------------------------------------------------------------


def names_it(found, name):
    """Whether the name was given, or given among those with the same numbers."""
    return found.name == name or any(title.startswith(name) for title in found.alternatives)


@settings(max_examples=400)
@given(cases(), st.sampled_from(NAMES), seeds)
def test_a_mistake_on_any_network_is_named_or_cannot_be_seen(case, name, seed):
    net, X, T = case
    rng = np.random.default_rng(seed)
    previous = right(net, X + rng.normal(size=X.shape), T)
    try:
        grads = MISTAKES[name].backward(net, X, T, eta=0.3, previous=previous)
    except DoesNotFit:
        assume(False)
    assume(all(np.isfinite(a).all() for a in arrays(grads)))
    found = diagnose_network(net, X, T, grads, eta=0.3, previous=previous)
    if found.error > 1e-2:
        assert names_it(found, name)
    else:
        assert found.right or names_it(found, name) or found.name == NONE
    if found.right and found.confidence == 1.0:
        assert name in found.unseen


@settings(max_examples=300)
@given(cases())
def test_a_right_gradient_is_right_however_it_was_rounded(case):
    net, X, T = case
    assert diagnose_network(net, X, T, right(net, X, T)).right
    # The same sums over the batch in the reverse order.
    grads = right(net, X[::-1].copy(), T[::-1].copy())
    found = diagnose_network(net, X, T, grads)
    assert found.right
    assert found.sentence.startswith(("Every dW and db agrees", "All of it is 0 here"))


def reordered(net, X, T, order):
    """The right gradients, with the inputs added up in another order: rounded differently."""
    first = net.layers[0]
    other = [Dense(first.W[order], first.b, first.activation), *net.layers[1:]]
    grads = right(Network(other, net.loss_function), X[:, order], T)
    dW = np.empty_like(grads.dW[0])
    dW[order] = grads.dW[0]
    return Gradients(None, [dW, *grads.dW[1:]], grads.db)


def test_a_right_gradient_is_right_at_a_minimum_and_when_saturated():
    rng = np.random.default_rng(17)
    differed = 0
    for k in range(300):
        kinds = [sorted(ACTIVATIONS)[i] for i in rng.integers(len(ACTIVATIONS), size=2)]
        net = network(rng, (5, 4, 2), kinds)
        for layer in net.layers:
            layer.W *= 10 ** rng.uniform(-3, 2)
        X, T = batch(rng, net, 9)
        if k % 2:  # all that is left of the gradient is rounding
            T = net.forward(X).a[-1] * (1 + 1e-15 * rng.normal(size=T.shape))
        grads, none = reordered(net, X, T, rng.permutation(5)), {"": 0.0}
        differed += distance({"": grads.dW[0]}, {"": right(net, X, T).dW[0]}, none) > 1e-3
        assert diagnose_network(net, X, T, grads).right
    assert differed > 20


def spoiled(rng, grads, kind):
    """A copy of the gradients that is wrong in a way that has no name."""
    wrong = Gradients(None, [a.copy() for a in grads.dW], [a.copy() for a in grads.db])
    if kind == "noise":
        wrong.dW = [rng.normal(size=a.shape) for a in wrong.dW]
        wrong.db = [rng.normal(size=a.shape) for a in wrong.db]
    elif kind == "one array":
        wrong.dW[rng.integers(len(wrong.dW))][...] = rng.normal()
    elif kind == "one entry":
        array = arrays(wrong)[rng.integers(2 * len(wrong.dW))]
        array.flat[rng.integers(array.size)] += rng.normal()
    else:
        wrong = scaled(wrong, rng.choice([-1, 1]) * 10 ** rng.uniform(-2, 2))
    return wrong


@pytest.mark.parametrize("kind", ["noise", "one array", "one entry", "scaled"])
def test_no_wrong_gradient_of_a_network_is_falsely_accused(kind):
    rng = np.random.default_rng([ord(c) for c in kind])
    losses = ["half_squared_error", "squared_error", "mean_squared_error", "cross_entropy"]
    for _ in range(300):
        sizes = rng.integers(1, 6, size=rng.integers(2, 5))
        loss = losses[rng.integers(4)]
        kinds = [
            sorted(ACTIVATIONS)[i] for i in rng.integers(len(ACTIVATIONS), size=len(sizes) - 1)
        ]
        kinds[-1] = "softmax" if loss == "cross_entropy" else kinds[-1]
        net = network(rng, sizes, kinds, loss)
        X, T = batch(rng, net, rng.integers(1, 7))
        grads = right(net, X, T)
        found = diagnose_network(net, X, T, spoiled(rng, grads, kind))
        assert not found.known, (net, len(X), found)
        if found.right:  # 3.7 times 0 is 0
            assert kind == "scaled" and max(np.abs(a).max() for a in arrays(grads)) < 1e-12
        else:
            assert (found.name, found.confidence, found.match) == (NONE, 0.0, None)


# --- what can and cannot be told of a network --------------------------------------------------


def test_with_one_example_a_mean_is_a_sum():
    net, X, T, *_ = made("sum for mean")
    found = diagnose_network(net, X[:1], T[:1], right(net, X[:1], T[:1]))
    assert found.right
    assert {"sum for mean", "mean twice", "= for += over examples", "bias averaged"} == set(
        found.unseen
    )
    assert found.sentence.endswith("Try more than one example.")


def test_with_two_examples_twice_is_a_sum_or_a_lost_half():
    net, X, T, *_ = made("sum for mean")
    found = diagnose_network(net, X[:2], T[:2], scaled(right(net, X[:2], T[:2]), 2))
    assert (found.name, found.alternatives) == ("factor 2", ("sum for mean",))
    assert found.confidence == pytest.approx(0.5)
    assert found.title == "factor 2, or sum for mean"
    assert "cannot be told apart here" in found.sentence
    assert found.sentence.endswith("Try other sizes: here N = 2 and m = 5.")


def test_mse_loss_on_two_outputs_is_right_by_luck():
    rng = np.random.default_rng(3)
    net = network(rng, (3, 4, 2), ("tanh", "identity"))
    X, T = batch(rng, net, 5)
    assert diagnose_network(net, X, T, MISTAKES["2/m for 1"].backward(net, X, T)).unseen == (
        "2/m for 1",
    )


def test_the_learning_rate_of_an_early_update_is_found_from_the_gradient():
    net, X, T, _, grads = made("updated too early")
    assert "It fits eta = 0.3." in diagnose_network(net, X, T, grads).sentence
    known = diagnose_network(net, X, T, grads, eta=0.3)
    assert known.name == "updated too early" and "It fits" not in known.sentence
    assert not diagnose_network(net, X, T, grads, eta=0.5).known


def test_a_mistake_and_a_factor_are_named_together():
    net, X, T, *_ = made("slope at a")
    grads = scaled(MISTAKES["slope at a"].backward(net, X, T, layers=[0, 1]), -1)
    found = diagnose_network(net, X, T, grads)
    assert found.name == "slope at a in the hidden layers, and sign turned"
    assert " And: The sign is turned" in found.sentence
    assert found.error > 1


def test_of_two_mistakes_the_one_nearer_the_end_is_named_first():
    net, X, T, *_ = made("sign turned")
    grads = MISTAKES["slope at a"].backward(net, X, T, layers=[1])
    grads.dW[0] = np.random.default_rng(0).normal(size=grads.dW[0].shape)
    found = diagnose_network(net, X, T, grads)
    assert (found.title, found.first_wrong) == ("slope at a in layer 2", "dW[1]")
    assert found.sentence.endswith("The layers before dW[1] are wrong in another way.")


def test_what_is_wrong_with_single_arrays_is_told_by_their_numbers():
    net, X, T, *_ = made("sign turned")
    grads = right(net, X, T)
    grads.dW = [a / len(X) for a in grads.dW]
    found = diagnose_network(net, X, T, grads)
    assert (found.name, found.place) == ("factor 1/N", "in dW[2], dW[1], dW[0]")
    grads = right(net, X, T)
    grads.dW[1] = np.zeros_like(grads.dW[1])
    assert diagnose_network(net, X, T, grads).title == "zeros in dW[1]"
    grads.db[0] = grads.db[0] + 1.0
    found = diagnose_network(net, X, T, grads)
    assert (found.title, found.first_wrong) == ("zeros in dW[1]", "dW[1]")
    assert found.sentence.endswith("Other arrays are wrong in another way.")


def test_without_a_name_the_place_is_told():
    net, X, T, *_ = made("sign turned")
    grads = right(net, X, T)
    grads.dW[1][2, 0] += 0.1
    found = diagnose_network(net, X, T, grads)
    assert (found.name, found.confidence, found.first_wrong) == (NONE, 0.0, "dW[1]")
    assert found.sentence == (
        "The first wrong array, seen from the end, is dW[1]. It is right except at index [2, 0]."
    )


def test_dead_layers_are_told_and_dead_networks_too():
    rng = np.random.default_rng(5)
    net = network(rng, (3, 4, 2), ("relu", "identity"))
    net.layers[0].b[:] = -100.0
    X, T = batch(rng, net, 5)
    found = diagnose_network(net, X, T, right(net, X, T))
    assert found.right and "But dW[1], dW[0], db[0] are 0 here and tell nothing." in found.sentence
    T = net.forward(X).a[-1]
    found = diagnose_network(net, X, T, right(net, X, T))
    assert (found.name, found.confidence) == (RIGHT, 0.5)
    assert found.sentence.startswith("All of it is 0 here")


def test_biases_that_are_not_there_are_not_judged():
    net, X, T, *_ = made("unmasked")
    wrong = MISTAKES["unmasked"].backward(net, X, T)
    for db in (None, [None, None]):
        found = diagnose_network(net, X, T, SimpleNamespace(dW=wrong.dW, db=db))
        assert found.title == "unmasked in the hidden layer"


def test_a_wrong_shape_is_another_shape():
    net, X, T, _, grads = made("bias not summed")
    found = diagnose_network(net, X, T, grads)
    assert (found.name, found.error) == ("bias not summed", np.inf)
    assert found.table()[0] == ("the right gradient", "another shape")
    grads.db[2] = np.zeros(3)
    found = diagnose_network(net, X, T, grads)
    assert (found.name, found.first_wrong) == (NONE, "db[2]")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda g: setattr(g, "dW", g.dW[:2]), ValueError, "grads.dW: expected 3 entries, one a"),
        (lambda g: g.dW[0].fill(np.nan), ValueError, r"grads.dW\[0\]: expected finite numbers"),
        (lambda g: vars(g).update(dW=None, db=None), TypeError, "grads: expected lists dW and db"),
    ],
)
def test_gradients_that_cannot_be_judged_are_named(change, error, message):
    net, X, T, _, grads = made("sign turned")
    change(grads)
    with pytest.raises(error, match=message):
        diagnose_network(net, X, T, grads)


def test_the_other_arguments_are_checked():
    net, X, T, previous, grads = made("sign turned")
    with pytest.raises(ValueError, match="eta: expected a finite number > 0, came -1"):
        diagnose_network(net, X, T, grads, eta=-1)
    with pytest.raises(ValueError, match="previous: expected every array that grads has"):
        diagnose_network(net, X, T, grads, previous=Gradients(None, previous.dW, None))
    with pytest.raises(ValueError, match="X: expected shape"):
        diagnose_network(net, X[:, :2], T, grads)


# --- any function ---------------------------------------------------------------------------------

RNG = np.random.default_rng(88)
A, B, POINT = RNG.normal(size=(3, 3, 4))
PREVIOUS = RNG.normal(size=(3, 4))


def surface(x):
    return (B * np.sin(A * x)).sum() + 0.1 * (x**3).sum()


SLOPE = A * B * np.cos(A * POINT) + 0.3 * POINT**2
PARTS = [0.3 * POINT**2, lambda x: float((B * np.sin(A * x)).sum())]


def only(index):
    kept = np.zeros_like(SLOPE)
    kept[index] = SLOPE[index]
    return kept


def swapped():
    wrong = SLOPE.copy()
    wrong[0, 0], wrong[2, 3] = SLOPE[2, 3], SLOPE[0, 0]
    return wrong


def missing():
    wrong = SLOPE.copy()
    wrong[1, 2] = 0
    return wrong


KNOWN = {
    "sign turned": -SLOPE,
    "zeros": 0 * SLOPE,
    "factor 2": 2 * SLOPE,
    "factor 1/2": SLOPE / 2,
    "factor N": 64 * SLOPE,
    "factor 1/N": SLOPE / 64,
    "factor m": 10 * SLOPE,
    "factor 1/m": SLOPE / 10,
    "factor 2/m": SLOPE / 5,
    "factor m/2": 5 * SLOPE,
    "factor window": 7 * SLOPE,
    "factor 1/window": SLOPE / 7,
    "sign turned, and factor 1/N": -SLOPE / 64,
    "transposed": SLOPE.T,
    "transposed, and factor 2": 2 * SLOPE.T,
    "reshaped for transposed": SLOPE.T.reshape(3, 4),
    "reversed": SLOPE[::-1, ::-1],
    "shifted by one": np.roll(SLOPE.ravel(), 1).reshape(3, 4),
    "another order": swapped(),
    "entries missing": missing(),
    "one row only": only(np.s_[1]),
    "one column only": only(np.s_[:, 2]),
    "rounded to 3 digits": SLOPE.round(3),
    "integers": np.trunc(3 * SLOPE),
    "float32": (SLOPE * (1 + 1e-6)).astype(np.float32),
    "not zeroed": SLOPE + PREVIOUS,
    "of the call before": PREVIOUS,
    "part 1 of 2 only": PARTS[0],
    "part 2 of 2 only": SLOPE - PARTS[0],
}


@pytest.mark.parametrize("name", KNOWN)
def test_what_numbers_tell(name):
    factor = 3.0 if name == "integers" else 1.0  # with larger entries, that leave something whole
    found = diagnose(
        lambda x: factor * surface(x),
        POINT,
        KNOWN[name],
        n_examples=64,
        n_outputs=10,
        factors={"window": 7},
        parts=None if name == "integers" else PARTS,
        previous=PREVIOUS,
    )
    assert found.name == name
    assert found.confidence == pytest.approx(0.5 if found.alternatives else 1.0, abs=1e-3)
    assert found.match <= 1e-7


def test_half_the_gradient_is_also_the_mean_of_two_parts():
    found = diagnose(surface, POINT, SLOPE / 2, parts=PARTS)
    assert (found.name, found.alternatives) == ("factor 1/2", ("mean of the parts",))


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (3.7 * SLOPE, "Every entry is 3.7 times the right one. Which size of yours is that?"),
        (SLOPE + np.eye(3, 4)[[0, 2, 1]] * [1, 0, 0, 0], "It is right except at index [0, 0]."),
        (
            SLOPE + np.eye(3, 4),
            "It is right except in 3 of 12 entries, the first at index [0, 0].",
        ),
        (
            SLOPE * (1 + 1e-5 * PREVIOUS),
            "It is nearly right: rounding, a coarse difference or a kink can do that.",
        ),
        (PREVIOUS, "It is wrong, but not in a way that has a name here."),
    ],
)
def test_what_has_no_name_is_described(wrong, hint):
    found = diagnose(surface, POINT, wrong)
    assert (found.name, found.sentence, found.confidence) == (NONE, hint, 0.0)


def test_a_right_gradient_is_right():
    found = diagnose(surface, POINT, SLOPE)
    assert (found.name, found.unseen, found.nearest) == (RIGHT, (), None)
    assert found.confidence == pytest.approx(1.0)
    assert found.sentence == "All entries agree with the central differences."


def test_a_symmetric_gradient_does_not_show_a_transpose():
    x = np.array([[1.0, 2.0], [2.0, 5.0]])
    found = diagnose(lambda x: (x**2).sum(), x, 2 * x)
    assert found.unseen == ("transposed",)
    assert found.sentence.endswith("These would have looked right here too: transposed.")


def test_where_the_gradient_is_0_nothing_can_be_told():
    for wrong in (np.zeros(3), -np.zeros(3)):
        found = diagnose(lambda x: (x**2).sum(), np.zeros(3), wrong)
        assert (found.name, found.confidence) == (RIGHT, 0.5)
        assert found.sentence.startswith("It is 0 here")
    found = diagnose(lambda x: (x**2).sum(), np.zeros(3), np.ones(3))
    assert found.sentence.startswith("The right gradient is 0 here")


def test_where_rounding_hides_the_gradient_nobody_is_accused():
    x = np.array([0.3, -0.2])
    found = diagnose(lambda x: 1e9 + (x**2).sum(), x, 2 * x)
    assert found.right and "rounding would hide an error" in found.sentence
    assert found.confidence < 0.9999
    found = diagnose(lambda x: 1e9 + (x**2).sum(), x, 2000 * x)
    assert (found.name, found.sentence[:27]) == (NONE, "Every entry is 1000 times t")
    found = diagnose(lambda x: 1e12 + (x**2).sum(), x, 2000 * x)
    assert not found.known
    assert found.sentence.startswith("Rounding hides too much here")


def test_a_coarse_difference_is_looked_at_again():
    # Beside 0 the logarithm bends so much that the first difference is right to 1e-3 only.
    x = np.array([1e-4, 0.3])
    assert diagnose(lambda x: -np.log(x).sum(), x, -2 / x).name == "factor 2"


def test_a_single_number_has_signs_and_factors_too():
    assert diagnose(lambda x: x * x, 3.0, -6.0).name == "sign turned"
    assert diagnose(lambda x: x * x, 3.0, lambda x: 4 * x).name == "factor 2"
    assert diagnose(lambda x: x * x, 3.0, 12.0001).sentence.startswith("It is wrong, but not")


@pytest.mark.parametrize("kind", ["noise", "one entry", "scaled", "right"])
def test_no_gradient_of_a_function_is_falsely_accused(kind):
    rng = np.random.default_rng([ord(c) for c in kind])
    shapes = [(), (1,), (4,), (1, 1), (3, 2), (3, 3), (2, 3, 2)]
    for _ in range(500):
        shape = shapes[rng.integers(len(shapes))]
        a, b, x, previous = rng.normal(size=(4, *shape))
        g = np.asarray(a * b * np.cos(a * x) + 0.6 * x)
        wrong = g.copy()
        if kind == "noise":
            wrong = rng.normal(size=shape)
        elif kind == "one entry":
            wrong.flat[rng.integers(wrong.size)] += rng.normal()
        elif kind == "scaled":
            wrong = g * rng.choice([-1, 1]) * 10 ** rng.uniform(-2, 2)
        found = diagnose(
            lambda x, a=a, b=b: float((b * np.sin(a * x)).sum() + 0.3 * (x * x).sum()),
            x,
            wrong,
            n_examples=int(rng.integers(3, 100)),
            n_outputs=int(rng.integers(3, 100)),
            previous=previous,
        )
        assert found.name == (RIGHT if kind == "right" else NONE), (shape, found)


@settings(max_examples=200)
@given(shapes, seeds)
def test_right_gradients_of_any_shape_and_size_are_right(shape, seed):
    rng = np.random.default_rng(seed)
    a, x = rng.normal(size=(2, *shape)) * 10 ** rng.uniform(-3, 3)
    found = diagnose(lambda x: float(np.tanh(a * x).sum()), x, a * (1 - np.tanh(a * x) ** 2))
    assert found.right


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"gradient": np.ones(5)}, ValueError, "gradient: expected the shape of x"),
        ({"previous": np.ones(5)}, ValueError, "previous: expected the shape of x"),
        ({"n_examples": 0}, ValueError, "n_examples: expected a finite number > 0"),
        ({"n_outputs": "ten"}, TypeError, "n_outputs: expected a number"),
        ({"factors": {"window": -1}}, ValueError, r"factors\['window'\]: expected a finite"),
        ({"parts": []}, ValueError, "parts: expected at least one"),
        ({"parts": [np.ones((3, 4))]}, ValueError, "parts: expected contributions that add up"),
        ({"parts": [np.ones(3)]}, ValueError, r"parts\[0\]: expected the shape of x"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    arguments = {"gradient": SLOPE, **arguments}
    with pytest.raises(error, match=message):
        diagnose(surface, POINT, **arguments)


def test_the_point_is_left_as_it_was():
    x = POINT.copy()
    diagnose(surface, x, 3.7 * SLOPE)
    assert (x == POINT).all()


# --- how a match is judged ------------------------------------------------------------------------


def test_the_distance_is_the_worst_relative_error():
    given = {"a": np.array([1.0, 2.0]), "b": np.array([0.0, -10.0])}
    other = {"a": np.array([1.0, 4.0]), "b": np.array([1.0, -10.0])}
    none = {"a": 0.0, "b": 0.0}
    assert distance(given, other, none) == 2 / 4
    assert distance(given, other, {"a": 1.5, "b": 0.0}) == 0.5 / 4
    assert distance(given, other, {"a": 2.0, "b": 0.5}) == 0.5 / 10
    assert distance(given, given, none) == 0.0
    assert distance(given, {"a": np.ones(3), "b": given["b"]}, none) == np.inf
    assert distance({"a": np.full(3, 7.0)}, {"a": np.array(7.0)}, none) == 0.0


def case(given, right, tolerance=1e-7):
    given, right = np.asarray(given, float), np.asarray(right, float)
    return Case({"": given}, {"": right}, {"": 0.0}, tolerance)


def judged(one, *values, **more):
    prints = [
        Fingerprint(f"print {i}", "It.", {"": np.asarray(v)}, **more) for i, v in enumerate(values)
    ]
    (scored,) = score(prints, [one])
    return one.judge(scored)


def test_chance_and_confidence_are_the_chapters_formulas():
    given, far = np.array([3.0, 4.0]), np.array([-1.0, 4.0])
    one = case(given, [1.0, 1.0])  # both entries wrong, by 3/4 of the largest
    found = judged(one, given, far)
    rho = 1e-7 / 0.75
    assert found.error == 0.75
    assert found.chance == pytest.approx(2 * rho**2)
    assert found.confidence == pytest.approx(1 / (1 + 2 * rho**2))
    half = judged(one, given, given * (1 + 1e-8), far)
    weight = np.exp(-(0.1**2) / 2)
    assert half.confidence == pytest.approx(1 / (1 + weight), rel=1e-6)
    assert [p.name for _, p in half.matches] == ["print 0", "print 1"]
    assert half.nearest[1].name == "print 2"


def test_a_match_must_be_close_explain_the_error_and_be_no_coincidence():
    given = np.array([3.0, 4.0])
    one = case(given, [1.0, 1.0])
    assert not judged(one, given * (1 + 1.1e-7)).matches
    assert judged(one, given * (1 + 0.9e-7)).matches
    nearly = case(given, given * (1 + 3e-7))
    assert not judged(nearly, *[given] * 20).matches  # 20 prints and ρ = 1/100, two entries
    many = np.ones(20)
    nearly = case(many, many * (1 + 3e-7))
    assert judged(nearly, many * (1 + 1e-9)).matches
    assert not judged(nearly, many * (1 + 1e-8)).matches  # leaves a thirtieth
    family = {"log_members": 30.0}
    assert not judged(one, given, **family).matches
    assert judged(one, given, free=1).matches
    assert not judged(one, given, free=2).matches


def test_a_general_fingerprint_yields_to_a_special_one():
    given = np.array([3.0, 4.0, 5.0])
    one = case(given, [1.0, 1.0, 1.0])
    prints = [
        Fingerprint("vague", "It.", {"": given}, general=True),
        Fingerprint("exact", "It.", {"": given}),
    ]
    (scored,) = score(prints, [one])
    assert [p.name for _, p in one.judge(scored).matches] == ["exact"]
    assert [p.name for _, p in one.judge(scored[:1]).matches] == ["vague"]


# --- the report -----------------------------------------------------------------------------------


def test_the_report_as_text_and_as_a_table():
    found = diagnose(
        lambda x: (x**2).sum(), np.array([1.0, 2.0, 4.0]), [4.0, 8.0, 16.0], n_examples=8
    )
    assert str(found) == (
        "factor 2. Twice the right gradient: a ½ of the loss lost,\n"
        "or the same gradient added twice. Confidence over 99.9\u00a0%.\n"
        "compared with       relative error\n"
        "the right gradient  0.50\n"
        "this mistake        ≤ 1e-07\n"
        "factor 1/2          0.75"
    )
    html = found._repr_html_()
    assert html.startswith("<p><strong>factor 2</strong>. Twice the right gradient")
    assert '.</p><table class="gradient-check"><caption>How far off' in html
    assert '<th scope="row">the right gradient</th><td>0.50</td>' in html
    assert repr(found) == str(found)


def test_an_error_between_two_roundings_is_rounded_up_on_any_machine():
    found = diagnose(lambda x: (x**2).sum(), np.array([1.0, 2.0]), [16.0, 32.0], n_examples=8)
    assert found.table()[0][1] == "0.88"
    assert found.error == pytest.approx(0.875, rel=1e-9)


def test_only_numpy_is_loaded():
    script = (
        "import sys, backprop.mistakes\n"
        "assert not {'torch', 'matplotlib', 'tqdm'} & set(sys.modules)\n"
        "import backprop\n"
        "print('backprop.mistakes' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_every_public_name_is_there_and_documented():
    for name in backprop.mistakes.__all__:
        assert name.isupper() or getattr(backprop.mistakes, name).__doc__, name
