"""Losses: values and the factor of every sum and mean, gradients, shapes, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import numerical_gradient
from backprop.activations import softmax
from backprop.losses import (
    LOSSES,
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
    mean_squared_error,
    squared_error,
)
from strategies import one_hot, seeds

SQUARED = [half_squared_error, squared_error, mean_squared_error]
EVERY = [*SQUARED, cross_entropy, binary_cross_entropy]
sizes = st.tuples(st.integers(1, 5), st.integers(1, 5))


def by_name(value):
    return getattr(value, "name", None)


def draw(loss, seed, shape):
    """Return activations and targets that suit the loss."""
    rng = np.random.default_rng(seed)
    if loss is cross_entropy:
        return softmax(rng.normal(size=shape)), one_hot(rng, *shape)
    if loss is binary_cross_entropy:
        return rng.uniform(0.1, 0.9, shape), rng.integers(0, 2, shape).astype(float)
    return rng.normal(size=shape), rng.normal(size=shape)


# the factors


@pytest.mark.parametrize(
    ("loss", "value", "gradient"),
    [
        (half_squared_error, 7.0, [1, 2, -3]),  # ½ (1 + 4 + 9)
        (squared_error, 14.0, [2, 4, -6]),
        (mean_squared_error, 14 / 3, [2 / 3, 4 / 3, -2]),
    ],
    ids=by_name,
)
def test_squared_losses_of_one_example_by_hand(loss, value, gradient):
    a, t = [2.0, 4.0, 0.0], [1.0, 2.0, 3.0]
    assert loss(a, t) == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(loss.gradient(a, t), gradient, rtol=1e-15)


def test_cross_entropy_of_one_example_by_hand():
    a, t = [0.25, 0.5, 0.25], [0, 1, 0]
    assert cross_entropy(a, t) == pytest.approx(np.log(2), rel=1e-15)
    assert cross_entropy.gradient(a, t).tolist() == [0, -2, 0]


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@given(seed=seeds, shape=sizes)
def test_loss_of_a_batch_is_the_mean_over_its_examples(loss, seed, shape):
    a, t = draw(loss, seed, shape)
    each = [loss(a[i], t[i]) for i in range(len(a))]
    assert loss(a, t) == pytest.approx(np.mean(each), rel=1e-14)


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@given(seed=seeds, shape=sizes)
def test_gradient_of_a_batch_holds_one_over_n(loss, seed, shape):
    a, t = draw(loss, seed, shape)
    each = [loss.gradient(a[i], t[i]) / len(a) for i in range(len(a))]
    np.testing.assert_allclose(loss.gradient(a, t), each, rtol=1e-15)


@given(seeds, st.integers(1, 6))
def test_the_squared_losses_differ_by_the_factors_2_and_m(seed, m):
    a, t = draw(squared_error, seed, (4, m))
    half, mean = half_squared_error, mean_squared_error
    assert squared_error(a, t) == pytest.approx(2 * half(a, t), rel=1e-14)
    assert squared_error(a, t) == pytest.approx(m * mean(a, t), rel=1e-14)
    double = squared_error.gradient(a, t)
    np.testing.assert_allclose(double, 2 * half.gradient(a, t), rtol=1e-14)
    np.testing.assert_allclose(double, m * mean.gradient(a, t), rtol=1e-14)


# against torch


def in_torch(torch, loss, a, t):
    """Return the same loss by torch's own function, and the factor between the two."""
    f, n = torch.nn.functional, len(a)
    return {
        "half_squared_error": lambda: f.mse_loss(a, t, reduction="sum") * 0.5 / n,
        "squared_error": lambda: f.mse_loss(a, t, reduction="sum") / n,
        "mean_squared_error": lambda: f.mse_loss(a, t),
        "cross_entropy": lambda: f.nll_loss(torch.log(a), t.argmax(dim=1)),
        "binary_cross_entropy": lambda: f.binary_cross_entropy(a, t, reduction="sum") / n,
    }[loss.name]()


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@given(seed=seeds, shape=sizes)
def test_value_and_gradient_are_torchs(loss, torch, seed, shape):
    a, t = draw(loss, seed, shape)
    tensor = torch.tensor(a, requires_grad=True)
    value = in_torch(torch, loss, tensor, torch.tensor(t))
    value.backward()
    assert loss(a, t) == pytest.approx(value.item(), rel=1e-12, abs=1e-15)
    np.testing.assert_allclose(loss.gradient(a, t), tensor.grad.numpy(), rtol=1e-12)


@given(seed=seeds, shape=sizes)
def test_cross_entropy_of_softmax_is_torchs_cross_entropy_of_z(torch, seed, shape):
    rng = np.random.default_rng(seed)
    z, t = rng.normal(0, 3, shape), one_hot(rng, *shape)
    expected = torch.nn.functional.cross_entropy(torch.tensor(z), torch.tensor(t)).item()
    assert cross_entropy(softmax(z), t) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@given(seed=seeds, shape=sizes)
def test_gradient_is_the_difference_quotient(loss, seed, shape):
    # The loss is a polynomial or −log a with a away from 0: the gap is rounding, seen absolutely.
    rng = np.random.default_rng(seed)
    a, t = draw(loss, seed, shape)
    if loss is cross_entropy:
        a = rng.uniform(0.2, 0.9, shape)  # a sum of 1 is not asked for
    numeric = numerical_gradient(lambda a: loss(a, t), a)
    scale = np.abs(numeric).max()
    np.testing.assert_allclose(loss.gradient(a, t), numeric, rtol=0, atol=1e-7 * scale)


# extremes


def test_cross_entropy_of_a_certain_mistake_is_finite():
    a, t = [0.0, 1.0], [1.0, 0.0]
    assert cross_entropy(a, t) == pytest.approx(-np.log(np.finfo(float).tiny), rel=1e-15)
    assert np.isfinite(cross_entropy.gradient(a, t)).all()


def test_binary_cross_entropy_of_one_example_by_hand():
    a, t = [0.25, 0.5], [1, 0]
    assert binary_cross_entropy(a, t) == pytest.approx(np.log(4) + np.log(2), rel=1e-15)
    assert binary_cross_entropy.gradient(a, t).tolist() == [-4, 2]


def test_binary_cross_entropy_of_a_certain_mistake_is_finite():
    a, t = [0.0, 1.0], [1.0, 0.0]
    assert binary_cross_entropy(a, t) == pytest.approx(-2 * np.log(np.finfo(float).tiny))
    assert np.isfinite(binary_cross_entropy.gradient(a, t)).all()
    assert binary_cross_entropy([0.0, 1.0], [0.0, 1.0]) == 0.0


def test_binary_cross_entropy_wants_0_or_1():
    with pytest.raises(ValueError, match=r"^t: expected 0 or 1, came 0\.5 at index \[1\]$"):
        binary_cross_entropy([0.5, 0.5], [1.0, 0.5])


def test_cross_entropy_of_certainty_is_0():
    assert cross_entropy([0.0, 1.0], [0.0, 1.0]) == 0.0


@pytest.mark.parametrize("loss", SQUARED, ids=by_name)
def test_squared_loss_of_equal_arrays_is_0(loss):
    assert loss([[1.0, 2.0]], [[1.0, 2.0]]) == 0.0
    assert loss.gradient([[1.0, 2.0]], [[1.0, 2.0]]).tolist() == [[0.0, 0.0]]


# shapes and dtypes


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_value_is_a_float_and_gradient_has_the_shape_of_a(loss, shape):
    a, t = np.full(shape, 0.5), np.ones(shape)
    assert type(loss(a, t)) is float
    assert np.shape(loss.gradient(a, t)) == shape


@pytest.mark.parametrize("loss", SQUARED, ids=by_name)
@pytest.mark.parametrize("shape", [(3,), (2, 3)])
def test_gradient_of_vectors_and_batches_has_the_shape_of_a(loss, shape):
    assert loss.gradient(np.ones(shape), np.zeros(shape)).shape == shape


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@pytest.mark.parametrize("dtype", [np.int64, np.float32, bool])
def test_gradient_is_float64(loss, dtype):
    gradient = loss.gradient(np.array([1, 0], dtype), np.array([0, 1], dtype))
    assert gradient.dtype == np.float64


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
def test_arguments_are_left_as_they_are(loss):
    a, t = np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])
    loss(a, t)
    loss.gradient(a, t)[...] = 9.0
    assert (a.tolist(), t.tolist()) == ([[0.25, 0.75]], [[1.0, 0.0]])


# errors, the same from the value and from the gradient


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
@pytest.mark.parametrize(
    ("a", "t", "message"),
    [
        ([[0.5], [0.5]], [1.0], r"^t: expected the shape of a, \(2, 1\), came shape \(1,\)$"),
        ([0.5, 0.5], [[1.0, 0.0]], r"^t: expected the shape of a, \(2,\), came shape \(1, 2\)$"),
        ([0.5, np.nan], [1, 0], r"^a: expected finite numbers, came nan at index \[1\]$"),
        ([0.5, 0.5], [np.inf, 0], r"^t: expected finite numbers, came inf at index \[0\]$"),
        (np.ones((0, 2)), np.ones((0, 2)), r"^a: expected at least one entry, .* \(0, 2\)$"),
        (np.ones((1, 1, 2)), np.ones((1, 1, 2)), r"^a: expected shape \(m,\) or \(N, m\), came "),
    ],
)
@pytest.mark.parametrize("method", ["__call__", "gradient"])
def test_arrays_that_do_not_fit_are_named(loss, a, t, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(loss, method)(a, t)


@pytest.mark.parametrize("method", ["__call__", "gradient"])
@pytest.mark.parametrize(
    ("t", "came"),
    [
        ([[0, 1], [1, 1]], r"\[1\.0, 1\.0\] in row 1"),
        ([[0, 0], [1, 0]], r"\[0\.0, 0\.0\] in row 0"),
        ([[0.5, 0.5], [1, 0]], r"\[0\.5, 0\.5\] in row 0"),
        ([[2, -1], [1, 0]], r"\[2\.0, -1\.0\] in row 0"),
    ],
)
def test_cross_entropy_wants_one_hot_targets(method, t, came):
    message = rf"^t: expected one-hot rows \(one 1, otherwise 0\), came {came}$"
    with pytest.raises(ValueError, match=message):
        getattr(cross_entropy, method)([[0.5, 0.5], [0.5, 0.5]], t)


@pytest.mark.parametrize("method", ["__call__", "gradient"])
@pytest.mark.parametrize(("a", "worst"), [([0.5, 1.5], "1.5"), ([-0.25, 0.5], "-0.25")])
def test_cross_entropy_wants_probabilities(method, a, worst):
    message = rf"^a: expected probabilities in \[0, 1\], came {worst}$"
    with pytest.raises(ValueError, match=message):
        getattr(cross_entropy, method)(a, [1, 0])


def test_labels_that_are_words_are_not_numbers():
    with pytest.raises(TypeError, match=r"^t: expected real numbers, came dtype <U3$"):
        cross_entropy([0.5, 0.5], ["cat", "dog"])


# names


def test_every_loss_is_found_by_its_name():
    assert {
        "cross_entropy": cross_entropy,
        "binary_cross_entropy": binary_cross_entropy,
        "half_squared_error": half_squared_error,
        "mean_squared_error": mean_squared_error,
        "squared_error": squared_error,
    } == LOSSES


@pytest.mark.parametrize("loss", EVERY, ids=by_name)
def test_repr_is_the_name(loss):
    assert repr(loss) == loss.name
