"""Himmelblau's function: values, gradient, Hessian, the nine stationary points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import numerical_gradient
from backprop.surfaces import himmelblau

coordinates = st.tuples(st.floats(-6, 6), st.floats(-6, 6)).map(np.array)

MINIMA = [(3.58443, -1.84813), (3.0, 2.0), (-2.80512, 3.13131), (-3.77931, -3.28319)]
SADDLES = [
    (3.38515, 0.0738519),
    (0.0866775, 2.88425),
    (-0.127961, -1.95371),
    (-3.07303, -0.0813530),
]
MAXIMUM = (-0.270845, -0.923039)


# values


@pytest.mark.parametrize(
    ("x", "value"),
    [((0, 0), 170), ((3, 2), 0), ((1, 0), 136), ((0, 1), 136), ((-1, -1), 170), ((-4, 0), 146)],
)
def test_values_by_hand(x, value):
    assert himmelblau(x) == value


@pytest.mark.parametrize(
    ("x", "gradient"),
    [((0, 0), (-14, -22)), ((3, 2), (0, 0)), ((1, 0), (-52, -20)), ((-1, -1), (30, 6))],
)
def test_gradients_by_hand(x, gradient):
    # (1, 0): u = −10, v = −6: (4·1·u + 2v, 2u) = (−52, −20).
    assert himmelblau.gradient(x).tolist() == list(gradient)


def test_hessians_by_hand():
    assert himmelblau.hessian((3, 2)).tolist() == [[74, 20], [20, 34]]
    assert himmelblau.hessian((0, 0)).tolist() == [[-42, 0], [0, -26]]


@given(coordinates)
def test_gradient_is_the_difference_quotient(x):
    gradient = himmelblau.gradient(x)
    # A difference is rounded to ε f / h: f is at most 2186 on this square.
    np.testing.assert_allclose(
        gradient, numerical_gradient(himmelblau, x), rtol=1e-7, atol=4e-11 * 2186
    )


@given(coordinates)
def test_gradient_and_hessian_are_torchs(torch, x):
    def f(p):
        return (p[0] ** 2 + p[1] - 11) ** 2 + (p[0] + p[1] ** 2 - 7) ** 2

    tensor = torch.tensor(x, requires_grad=True)
    (gradient,) = torch.autograd.grad(f(tensor), tensor)
    hessian = torch.autograd.functional.hessian(f, torch.tensor(x))
    # 1e-12 of the terms that are summed, of which some cancel.
    np.testing.assert_allclose(himmelblau(x), f(tensor).item(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(himmelblau.gradient(x), gradient, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(himmelblau.hessian(x), hessian, rtol=1e-12, atol=1e-12)


@given(coordinates)
def test_hessian_is_the_difference_quotient_of_the_gradient(x):
    rows = [numerical_gradient(lambda x, i=i: himmelblau.gradient(x)[i], x) for i in (0, 1)]
    np.testing.assert_allclose(himmelblau.hessian(x), rows, rtol=1e-7, atol=1e-6)


# shapes and dtypes


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 4), (2, 3, 4), (0,)])
def test_shapes(shape, rng):
    x = rng.normal(size=(*shape, 2))
    assert np.shape(himmelblau(x)) == shape
    assert himmelblau.gradient(x).shape == (*shape, 2)
    assert himmelblau.hessian(x).shape == (*shape, 2, 2)


@pytest.mark.parametrize("method", ["__call__", "gradient", "hessian"])
def test_a_grid_is_its_points_to_the_last_bit(method, rng):
    # Many points: where x² of an array and of a number are computed differently, few differ.
    f, x = getattr(himmelblau, method), rng.uniform(-6, 6, (100, 100, 2))
    alone = [[f(point) for point in row] for row in x]
    np.testing.assert_array_equal(f(x), alone)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2,), (3, 2)])
def test_floats_keep_their_dtype(dtype, shape):
    x = np.ones(shape, dtype)
    assert himmelblau(x).dtype == dtype
    assert himmelblau.gradient(x).dtype == dtype
    assert himmelblau.hessian(x).dtype == dtype


@pytest.mark.parametrize("x", [(1, 2), [[1, 2]], np.array([1, 2], np.int8), np.array([100, 100])])
def test_integers_are_read_as_float64(x):
    assert himmelblau(x).dtype == himmelblau.gradient(x).dtype == himmelblau.hessian(x).dtype
    assert himmelblau(x).dtype == np.float64
    np.testing.assert_array_equal(himmelblau(x), himmelblau(np.array(x, float)))


def test_the_points_are_not_changed():
    x = np.array([[1.0, 2.0]])
    himmelblau(x), himmelblau.gradient(x), himmelblau.hessian(x)
    assert x.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (1.0, ValueError, r"^x: expected shape \(\.\.\., 2\), came shape \(\)$"),
        ([1.0], ValueError, r"^x: expected shape \(\.\.\., 2\), came shape \(1,\)$"),
        (np.ones((2, 3)), ValueError, r"^x: expected shape \(\.\.\., 2\), came shape \(2, 3\)$"),
        (["a", "b"], TypeError, r"^x: expected real numbers, came dtype <U1$"),
        ([1j, 2], TypeError, r"^x: expected real numbers, came dtype complex128$"),
    ],
)
@pytest.mark.parametrize("method", ["__call__", "gradient", "hessian"])
def test_points_that_do_not_fit_are_named(method, x, error, message):
    with pytest.raises(error, match=message):
        getattr(himmelblau, method)(x)


# stationary points


def test_there_are_four_minima_four_saddles_and_one_maximum():
    kinds = [p.kind for p in himmelblau.stationary_points]
    assert kinds == ["minimum"] * 4 + ["saddle"] * 4 + ["maximum"]


def test_the_stationary_points_are_where_they_are_known_to_be():
    found = [p.x for p in himmelblau.stationary_points]
    np.testing.assert_allclose(found, [*MINIMA, *SADDLES, MAXIMUM], rtol=0, atol=5.1e-6)


def test_the_gradient_vanishes_there():
    points = np.array([p.x for p in himmelblau.stationary_points])
    np.testing.assert_allclose(himmelblau.gradient(points), 0, atol=1e-12)


def test_the_minima_are_0_and_the_maximum_is_181_617():
    points = himmelblau.stationary_points
    assert [p.value for p in points[:4]] == pytest.approx([0, 0, 0, 0], abs=1e-25)
    assert points[-1].value == pytest.approx(181.617, abs=5e-4)


def test_one_minimum_is_exact():
    assert himmelblau.stationary_points[1].x == pytest.approx((3, 2), abs=1e-14)


def test_the_eigenvalues_are_the_hessians_and_their_signs_the_kind():
    negative = {"minimum": 0, "saddle": 1, "maximum": 2}
    for p in himmelblau.stationary_points:
        eigenvalues = np.linalg.eigvalsh(himmelblau.hessian(p.x))
        np.testing.assert_allclose(p.eigenvalues, eigenvalues, rtol=1e-12, err_msg=f"{p}")
        assert p.eigenvalues[0] <= p.eigenvalues[1], p
        assert sum(e < 0 for e in p.eigenvalues) == negative[p.kind], p


def test_the_eigenvalues_at_3_2_by_hand():
    # Trace 108, determinant 74·34 − 20² = 2116: 54 ± √(54² − 2116) = 54 ± √800.
    expected = (54 - np.sqrt(800), 54 + np.sqrt(800))
    assert himmelblau.stationary_points[1].eigenvalues == pytest.approx(expected, rel=1e-12)


def test_a_minimum_is_lower_and_a_maximum_higher_than_what_is_around_it():
    around = 1e-3 * np.stack([np.cos(np.arange(8)), np.sin(np.arange(8))], -1)
    for p in himmelblau.stationary_points:
        values = himmelblau(np.array(p.x) + around)
        expected = {"minimum": {True}, "maximum": {False}, "saddle": {True, False}}[p.kind]
        assert set((values > p.value).tolist()) == expected, p


def test_the_minima_as_an_array():
    assert himmelblau.minima.shape == (4, 2)
    np.testing.assert_allclose(himmelblau.minima, MINIMA, rtol=0, atol=5.1e-6)


def test_repr_is_the_name():
    assert repr(himmelblau) == "himmelblau"
