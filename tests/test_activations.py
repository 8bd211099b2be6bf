"""Activations: values, derivatives, shapes and dtypes, extremes, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import numerical_gradient
from backprop.activations import ACTIVATIONS, identity, relu, sigmoid, softmax, tanh
from strategies import seeds, shapes

ELEMENTWISE = [identity, sigmoid, tanh, relu]
EVERY = [*ELEMENTWISE, softmax]
finite = st.floats(allow_nan=False, allow_infinity=False)


def by_name(f):
    return f.name


def off_the_kink(rng, shape):
    """Return z with 0.01 <= |z| <= 4."""
    return rng.uniform(0.01, 4, shape) * rng.choice([-1, 1], shape)


# values


@pytest.mark.parametrize(
    ("f", "z", "a", "slope"),
    [
        (identity, -1.5, -1.5, 1.0),
        (sigmoid, 0.0, 0.5, 0.25),
        (sigmoid, np.log(3), 0.75, 0.1875),
        (sigmoid, -np.log(3), 0.25, 0.1875),
        (tanh, 0.0, 0.0, 1.0),
        (tanh, np.log(2), 0.6, 0.64),
        (relu, 2.5, 2.5, 1.0),
        (relu, -2.5, 0.0, 0.0),
    ],
)
def test_values_known_by_hand(f, z, a, slope):
    assert f(z) == pytest.approx(a, rel=1e-15)
    assert f.derivative(z) == pytest.approx(slope, rel=1e-15)


def test_relu_has_slope_0_at_its_kink_as_in_torch(torch):
    z = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    torch.relu(z).sum().backward()
    assert relu.derivative([0.0]).tolist() == z.grad.tolist() == [0.0]


def test_softmax_by_hand():
    np.testing.assert_allclose(softmax(np.log([1.0, 2.0, 5.0])), [0.125, 0.25, 0.625], rtol=1e-15)


def test_softmax_of_one_number_is_1():
    assert softmax([[3.0], [-900.0]]).tolist() == [[1.0], [1.0]]


@given(seeds, st.floats(-50, 50))
def test_softmax_does_not_see_a_number_added_to_a_whole_row(seed, added):
    z = np.random.default_rng(seed).normal(size=(3, 4))
    np.testing.assert_allclose(softmax(z + added), softmax(z), rtol=1e-13)


@pytest.mark.parametrize("f", EVERY, ids=by_name)
@given(seed=seeds)
def test_values_are_torchs(f, torch, seed):
    z = np.random.default_rng(seed).normal(0, 3, (4, 3))
    own = {"identity": lambda z: z, "softmax": lambda z: torch.softmax(z, dim=-1)}
    expected = own.get(f.name, getattr(torch, f.name, None))(torch.tensor(z))
    np.testing.assert_allclose(f(z), expected.numpy(), rtol=1e-14, atol=0)


# derivatives


@pytest.mark.parametrize("f", ELEMENTWISE, ids=by_name)
@given(seed=seeds, shape=shapes)
def test_derivative_is_the_difference_quotient(f, seed, shape):
    z = off_the_kink(np.random.default_rng(seed), shape)
    slope = numerical_gradient(lambda z: f(z).sum(), z)
    np.testing.assert_allclose(f.derivative(z), slope, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("f", ELEMENTWISE, ids=by_name)
@given(seed=seeds)
def test_derivative_is_torchs(f, torch, seed):
    z = off_the_kink(np.random.default_rng(seed), (4, 3))
    tensor = torch.tensor(z, requires_grad=True)
    (tensor if f is identity else getattr(torch, f.name)(tensor)).sum().backward()
    np.testing.assert_allclose(f.derivative(z), tensor.grad.numpy(), rtol=1e-12, atol=0)


@given(seeds)
def test_jacobian_of_softmax_is_torchs(torch, seed):
    z = np.random.default_rng(seed).normal(0, 2, 5)
    expected = torch.autograd.functional.jacobian(
        lambda z: torch.softmax(z, dim=0), torch.tensor(z)
    )
    np.testing.assert_allclose(softmax.jacobian(z), expected.numpy(), rtol=1e-12, atol=1e-17)


def test_jacobian_of_softmax_has_one_matrix_for_every_row(rng):
    z = rng.normal(size=(2, 3, 4))
    jacobian = softmax.jacobian(z)
    assert jacobian.shape == (2, 3, 4, 4)
    np.testing.assert_array_equal(jacobian[1, 2], softmax.jacobian(z[1, 2]))
    np.testing.assert_allclose(jacobian.sum(axis=-1), 0, atol=1e-16)


def test_softmax_has_no_elementwise_derivative():
    assert not hasattr(softmax, "derivative")


@given(seeds)
def test_softmax_pulls_back_what_its_jacobian_would(seed):
    rng = np.random.default_rng(seed)
    z, dA = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    expected = np.einsum("nk,nkj->nj", dA, softmax.jacobian(z))
    np.testing.assert_allclose(softmax.pull_back(dA, z, softmax(z)), expected, atol=1e-15)


@pytest.mark.parametrize("f", ELEMENTWISE, ids=by_name)
def test_elementwise_pull_back_is_the_product_with_the_derivative(f, rng):
    z, dA = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    np.testing.assert_allclose(f.pull_back(dA, z, f(z)), dA * f.derivative(z), rtol=1e-15)


# extremes: a warning is an error in every test


def test_sigmoid_of_1000_is_exactly_1_and_of_minus_1000_exactly_0():
    assert sigmoid([1000.0, -1000.0]).tolist() == [1.0, 0.0]
    assert sigmoid.derivative([1000.0, -1000.0]).tolist() == [0.0, 0.0]


def test_sigmoid_keeps_its_digits_far_below_0():
    np.testing.assert_allclose(sigmoid([-30.0, -700.0]), np.exp([-30.0, -700.0]), rtol=1e-12)


def test_tanh_of_1000_is_exactly_1():
    assert tanh([1000.0, -1000.0]).tolist() == [1.0, -1.0]
    assert tanh.derivative([1000.0, -1000.0]).tolist() == [0.0, 0.0]


def test_softmax_of_1000_is_exact():
    assert softmax([[1000.0, 0.0, -1000.0], [1000.0, 1000.0, 0.0]]).tolist() == [
        [1.0, 0.0, 0.0],
        [0.5, 0.5, 0.0],
    ]


@given(st.lists(finite, min_size=1, max_size=5))
def test_sigmoid_and_its_slope_stay_in_range_for_any_float(z):
    a, slope = sigmoid(z), sigmoid.derivative(z)
    assert ((a >= 0) & (a <= 1)).all(), a
    assert ((slope >= 0) & (slope <= 0.25)).all(), slope


@given(st.lists(finite, min_size=1, max_size=5))
def test_softmax_is_a_distribution_for_any_floats(z):
    a = softmax(z)
    assert ((a >= 0) & (a <= 1)).all(), a
    assert a.sum() == pytest.approx(1, abs=1e-15)


# shapes and dtypes


@pytest.mark.parametrize("f", ELEMENTWISE, ids=by_name)
@given(shape=shapes)
def test_value_and_derivative_keep_the_shape(f, shape):
    z = np.full(shape, 0.5)
    assert np.shape(f(z)) == np.shape(f.derivative(z)) == shape


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 3)])
def test_softmax_keeps_the_shape_and_sums_to_1_along_the_last_axis(shape):
    a = softmax(np.arange(np.prod(shape)).reshape(shape))
    assert a.shape == shape
    np.testing.assert_allclose(a.sum(axis=-1), 1, rtol=1e-15)


@pytest.mark.parametrize("f", EVERY, ids=by_name)
@pytest.mark.parametrize(
    "z", [[1, 2], np.array([1, 2], np.int8), np.array([1, 2], np.float32), (1.0, 2.0)]
)
def test_any_real_numbers_give_float64(f, z):
    assert f(z).dtype == np.float64
    np.testing.assert_array_equal(f(z), f(np.array([1.0, 2.0])))


@pytest.mark.parametrize("f", ELEMENTWISE, ids=by_name)
@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_derivatives_are_float64(f, dtype):
    assert f.derivative(np.array([1, 2], dtype)).dtype == np.float64


@pytest.mark.parametrize("f", EVERY, ids=by_name)
def test_the_result_is_a_new_array(f):
    z = np.array([1.0, 2.0])
    f(z)[...] = 9.0
    assert z.tolist() == [1.0, 2.0]


# errors


@pytest.mark.parametrize("f", EVERY, ids=by_name)
@pytest.mark.parametrize(
    ("z", "error", "message"),
    [
        ([1.0, np.nan], ValueError, r"^z: expected finite numbers, came nan at index \[1\]$"),
        ([[1.0], [-np.inf]], ValueError, r"^z: expected finite .* came -inf at index \[1, 0\]$"),
        ([np.inf, -np.inf], ValueError, r"^z: expected finite .* came inf at index \[0\]$"),
        ([], ValueError, r"^z: expected at least one entry, came shape \(0,\)$"),
        (np.ones((0, 3)), ValueError, r"^z: expected at least one entry, came shape \(0, 3\)$"),
        ([[1.0], [1.0, 2.0]], ValueError, r"^z: expected rows of one length, came \[\[1\.0\], "),
        ([1j], TypeError, "^z: expected real numbers, came dtype complex128$"),
        (["1"], TypeError, "^z: expected real numbers, came dtype <U1$"),
        (None, TypeError, "^z: expected real numbers, came NoneType$"),
    ],
)
def test_what_is_not_made_of_finite_real_numbers_is_named(f, z, error, message):
    with pytest.raises(error, match=message):
        f(z)


@pytest.mark.parametrize("f", ELEMENTWISE, ids=by_name)
def test_derivative_checks_its_argument_too(f):
    with pytest.raises(ValueError, match=r"^z: expected finite numbers, came nan at index \[0\]$"):
        f.derivative([np.nan])


def test_softmax_of_a_number_has_no_axis_to_sum_over():
    with pytest.raises(ValueError, match=r"^z: expected at least one axis, came shape \(\)$"):
        softmax(1.0)


# names


def test_every_activation_is_found_by_its_name():
    assert {
        "identity": identity,
        "relu": relu,
        "sigmoid": sigmoid,
        "softmax": softmax,
        "tanh": tanh,
    } == ACTIVATIONS


@pytest.mark.parametrize("f", EVERY, ids=by_name)
def test_repr_is_the_name(f):
    assert repr(f) == f.name
