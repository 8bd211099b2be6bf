"""The checker: differences of any array, reports, convictions and acquittals."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backprop import Dense, Network, check_gradient, check_network, numerical_gradient
from backprop.activations import relu, sigmoid, tanh
from backprop.gradcheck import GradientReport, NetworkReport
from backprop.network import Gradients
from strategies import cases, seeds, shapes


def sum_of_squares(x):
    return (x**2).sum()


class Reached(Exception):
    """Raised by an f on purpose."""


# numerical_gradient: values


def test_integers_are_not_truncated():
    assert numerical_gradient(sum_of_squares, np.array([3, 4])) == pytest.approx([6, 8], rel=1e-9)


@given(seeds, shapes)
def test_any_shape(seed, shape):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=shape), rng.normal(size=shape)
    gradient = numerical_gradient(lambda x: (c * np.sin(x)).sum(), x)
    assert (gradient.shape, gradient.dtype) == (shape, np.float64)
    np.testing.assert_allclose(gradient, c * np.cos(x), atol=1e-9)


def views(base):
    """Return arrays of shape (3, 2) that are not laid out in one piece, by name."""
    return {
        "transposed": base[:2, :3].T,
        "strided": base[::2, ::3],
        "reversed": base[2::-1, 1::-1],
        "Fortran": np.asfortranarray(base[:3, :2]),
    }


@pytest.mark.parametrize("name", views(np.zeros((5, 6))))
def test_non_contiguous_arrays(name, rng):
    base = rng.normal(size=(5, 6))
    before, x = base.copy(), views(base)[name]
    assert x.shape == (3, 2)
    np.testing.assert_allclose(numerical_gradient(sum_of_squares, x), 2 * x, rtol=1e-8)
    np.testing.assert_array_equal(base, before)


def test_read_only_arrays(rng):
    x = rng.normal(size=(2, 3))
    x.flags.writeable = False
    np.testing.assert_allclose(numerical_gradient(sum_of_squares, x), 2 * x, rtol=1e-8)


@pytest.mark.parametrize("x", [[3.0, 4.0], [3, 4], (3, 4), np.array([3, 4], np.int8)])
def test_lists_tuples_and_small_integers_are_read_as_float64(x):
    gradient = numerical_gradient(sum_of_squares, x)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, [6, 8], rtol=1e-9)


def test_a_plain_number():
    gradient = numerical_gradient(lambda x: x**3, 2.0)
    assert gradient.shape == ()
    assert gradient == pytest.approx(12, rel=1e-9)


def test_float32_stays_float32_with_the_step_that_suits_it():
    x = np.array([3.0, -0.5], np.float32)
    gradient = numerical_gradient(lambda x: (x * x).sum(dtype=np.float64), x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, [6, -1], rtol=1e-4)


def test_large_entries_get_a_large_step():
    x = np.array([1e6, 1e-6, -1e9])
    np.testing.assert_allclose(numerical_gradient(sum_of_squares, x[:1]), [2e6], rtol=1e-9)
    np.testing.assert_allclose(numerical_gradient(sum_of_squares, x[2:]), [-2e9], rtol=1e-9)


def test_the_default_step_is_the_cube_root_of_the_rounding():
    seen = []
    numerical_gradient(lambda x: seen.append(float(x)) or 0.0, 0.0)
    numerical_gradient(lambda x: seen.append(float(x)) or 0.0, 10.0)
    h = np.finfo(float).eps ** (1 / 3)
    np.testing.assert_allclose(seen, [h, -h, 10 + 10 * h, 10 - 10 * h], rtol=1e-15)


def test_a_given_step_is_taken():
    seen = []
    numerical_gradient(lambda x: seen.append(float(x)) or 0.0, 1.0, h=0.25)
    assert seen == [1.25, 0.75]


def test_a_central_difference_is_exact_for_a_parabola_with_any_step():
    assert numerical_gradient(lambda x: x**2 + x, 3.0, h=0.5) == 7.0


def test_the_step_divided_by_is_the_step_taken():
    # 1e6 + 1e-7 is rounded by a ten-thousandth of the step: dividing by h would show it.
    assert numerical_gradient(lambda x: x, 1e6, h=1e-7) == 1.0


def test_f_may_read_the_array_it_closes_over_instead_of_its_argument(rng):
    x = rng.normal(size=(2, 3))
    np.testing.assert_allclose(numerical_gradient(lambda _: sum_of_squares(x), x), 2 * x, rtol=1e-8)


# numerical_gradient: x is left as it was, bit for bit


@given(seeds, shapes)
def test_x_is_unchanged_bit_for_bit(seed, shape):
    rng = np.random.default_rng(seed)
    x = np.array(rng.normal(size=shape) * 10.0 ** rng.integers(-300, 9, shape))
    before = x.tobytes()
    numerical_gradient(lambda x: np.tanh(x).sum(), x)
    assert x.tobytes() == before


def test_a_negative_zero_stays_one():
    x = np.array([-0.0])
    numerical_gradient(sum_of_squares, x)
    assert np.signbit(x[0])


@pytest.mark.parametrize("call", range(1, 7))
def test_x_is_unchanged_when_f_raises_in_any_of_its_calls(call):
    x, calls = np.array([0.1, 0.2, 0.3]), []

    def f(x):
        calls.append(x.copy())
        if len(calls) == call:
            raise Reached
        return x.sum()

    with pytest.raises(Reached):
        numerical_gradient(f, x)
    assert x.tolist() == [0.1, 0.2, 0.3]


def test_f_that_changes_its_argument_is_named_and_x_put_back():
    x = np.array([3.0, 1.0, 2.0])

    def f(x):
        x.sort()
        return x[0]

    message = r"^f: expected a function that leaves its argument as it is, x was changed at index "
    with pytest.raises(ValueError, match=message):
        numerical_gradient(f, x)
    assert x.tolist() == [3.0, 1.0, 2.0]


def test_a_number_that_f_changes_is_put_back():
    x = np.array(3.0)

    def f(x):
        x *= 2
        return float(x)

    assert numerical_gradient(f, x) == pytest.approx(2, rel=1e-9)
    assert x == 3.0


def test_x_is_put_back_when_f_changes_its_argument_and_raises():
    x = np.array([1.0, 2.0])

    def f(x):
        x *= 2
        raise Reached

    with pytest.raises(Reached):
        numerical_gradient(f, x)
    assert x.tolist() == [1.0, 2.0]


# numerical_gradient: errors


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x, ValueError, r"^f: expected one number \(shape \(\)\), came shape \(2,\)$"),
        (lambda x: x[:1], ValueError, r"^f: expected one number .*, came shape \(1,\)$"),
        (lambda x: x[None], ValueError, r"^f: expected one number .*, came shape \(1, 2\)$"),
        (lambda x: None, TypeError, r"^f: expected one number, came NoneType$"),
        (lambda x: [1.0], TypeError, r"^f: expected one number, came list$"),
        (lambda x: "1", TypeError, r"^f: expected one number, came str$"),
        (lambda x: (1j * x).sum(), TypeError, r"^f: expected a real number, came .*3\.0\d*j"),
        (lambda x: 1j, TypeError, r"^f: expected a real number, came 1j$"),
        (
            lambda x: np.nan,
            ValueError,
            r"^f: expected a finite number, came nan beside x at index \[0\]$",
        ),
        (
            lambda x: np.inf if x[1] != 2 else 1.0,
            ValueError,
            r"^f: expected a finite number, came inf beside x at index \[1\]$",
        ),
    ],
)
def test_f_that_returns_anything_but_one_finite_number_is_named(f, error, message):
    x = np.array([1.0, 2.0])
    with pytest.raises(error, match=message):
        numerical_gradient(f, x)
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("value", [np.float64(2), np.array(2.0), 2, True, np.float32(2)])
def test_f_may_return_any_kind_of_one_number(value):
    assert numerical_gradient(lambda x: value, [1.0]).tolist() == [0.0]


def test_f_may_return_a_torch_number(torch):
    gradient = numerical_gradient(lambda x: torch.tensor(x).pow(2).sum(), [3.0, 4.0])
    np.testing.assert_allclose(gradient, [6, 8], rtol=1e-9)


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1.0, np.nan], ValueError, r"^x: expected finite numbers, came nan at index \[1\]$"),
        (np.array([[-np.inf]]), ValueError, r"^x: expected finite .* -inf at index \[0, 0\]$"),
        ([], ValueError, r"^x: expected at least one entry, came shape \(0,\)$"),
        ([1j], TypeError, r"^x: expected real numbers, came dtype complex128$"),
        ("x", TypeError, r"^x: expected real numbers, came dtype <U1$"),
        (None, TypeError, r"^x: expected real numbers, came NoneType$"),
    ],
)
def test_x_that_is_not_made_of_finite_real_numbers_is_named(x, error, message):
    with pytest.raises(error, match=message):
        numerical_gradient(lambda x: 0.0, x)


@pytest.mark.parametrize(
    ("h", "error", "message"),
    [
        (0, ValueError, r"^h: expected a finite number > 0, came 0$"),
        (-1e-5, ValueError, r"^h: expected a finite number > 0, came -1e-05$"),
        (np.nan, ValueError, r"^h: expected a finite number > 0, came nan$"),
        (np.inf, ValueError, r"^h: expected a finite number > 0, came inf$"),
        ("small", TypeError, r"^h: expected a number, came str$"),
        (True, TypeError, r"^h: expected a number, came bool$"),
        (1e-20, ValueError, r"^h: 1e-20 is lost in rounding beside x\[0\] = 1\.0$"),
    ],
)
def test_a_step_that_cannot_be_taken_is_named(h, error, message):
    x = np.array([1.0])
    with pytest.raises(error, match=message):
        numerical_gradient(sum_of_squares, x, h)
    assert x.tolist() == [1.0]


# check_gradient: what the report says


def product(x):
    return x[0] * x[1] ** 2


def report(gradient=(9.0, 12.0), **options):
    return check_gradient(product, np.array([2.0, 3.0]), gradient, **options)


def test_a_right_gradient_as_text():
    assert str(report()) == (
        "gradient: 2 entries agree. Shown: index [1].\n"
        "                    value  relative error\n"
        "derived by hand     12\n"
        "central difference  12     ≤ 1e-07"
    )


def test_a_right_gradient_as_text_with_torch(torch):
    assert str(report(torch_function=product, name="∂f/∂x")) == (
        "∂f/∂x: 2 entries agree. Shown: index [1].\n"
        "                    value  relative error\n"
        "derived by hand     12\n"
        "central difference  12     ≤ 1e-07\n"
        "torch autograd      12     ≤ 1e-12"
    )


def test_a_wrong_gradient_as_text():
    assert str(report((9.0, 6.0))) == (
        "gradient: 2 entries DISAGREE. Shown: index [1].\n"
        "                    value  relative error\n"
        "derived by hand     6\n"
        "central difference  12     5.0e-01"
    )


def test_a_single_number_as_text():
    text = str(check_gradient(lambda x: x**2, 3.0, 6.0))
    assert text.splitlines()[0] == "gradient: 1 entry agrees."
    text = str(check_gradient(lambda x: x**2, 3.0, 5.0))
    assert text.splitlines()[0] == "gradient: 1 entry DISAGREES."


def test_the_report_shows_itself():
    assert repr(report()) == str(report())


def test_a_report_as_html():
    assert report((9.0, 6.0), name="a<b")._repr_html_() == (
        '<table class="gradient-check">'
        "<caption>a&lt;b: 2 entries DISAGREE. Shown: index [1].</caption>"
        '<thead><tr><th scope="col"></th><th scope="col">value</th>'
        '<th scope="col">relative error</th></tr></thead><tbody>'
        '<tr><th scope="row">derived by hand</th><td>6</td><td></td></tr>'
        '<tr><th scope="row">central difference</th><td>12</td><td>5.0e-01</td></tr>'
        "</tbody></table>"
    )


def test_the_table_is_its_rows():
    assert report().table() == [
        ("derived by hand", "12", ""),
        ("central difference", "12", "≤ 1e-07"),
    ]


def test_the_report_names_the_worst_entry_and_its_values():
    wrong = report((9.0, 6.0))
    assert isinstance(wrong, GradientReport)
    assert not wrong.ok
    assert (wrong.shape, wrong.worst, wrong.input, wrong.analytic) == ((2,), (1,), 3.0, 6.0)
    assert wrong.numeric == pytest.approx(12, rel=1e-9)
    assert wrong.relative_error == pytest.approx(0.5, rel=1e-9)
    assert wrong.tolerance == 1e-7
    assert wrong.torch is wrong.torch_relative_error is wrong.torch_worst is None


def test_assert_ok_returns_the_report():
    right = report()
    assert right.ok is True
    assert right.assert_ok() is right


def test_assert_ok_raises_with_index_input_and_both_values():
    message = (
        r"^∂f/∂x: at index \[1\], input 3, the derived gradient is 6 and the central difference "
        r"12(\.0*\d+)?: relative error 0\.5, tolerance 1e-07$"
    )
    with pytest.raises(AssertionError, match=message):
        report((9.0, 6.0), name="∂f/∂x").assert_ok()


def test_assert_ok_raises_with_index_input_and_both_values_of_torch(torch):
    # Wrong in the ninth digit: differences let it pass, torch does not.
    wrong = report((9.0, 12.0 + 1e-8), torch_function=product)
    message = (
        r"^gradient: at index \[1\], input 3, the derived gradient is 12\.0000000\d+ and torch's "
        r"12: relative error 8\.3e-10, tolerance 1e-12$"
    )
    with pytest.raises(AssertionError, match=message):
        wrong.assert_ok()
    assert (wrong.torch, wrong.torch_worst) == (12.0, (1,))
    assert str(wrong).splitlines()[0] == "gradient: 2 entries DISAGREE. Shown: index [1]."
    assert str(wrong).splitlines()[-1] == "torch autograd      12     8.3e-10"


def test_the_tolerance_can_be_set():
    nearly = (9.0, 12.0 + 1e-5)
    assert not report(nearly).ok
    assert report(nearly, tolerance=1e-5).ok


def test_the_step_can_be_set():
    seen = []
    check_gradient(lambda x: seen.append(float(x[0])) or 0.0, [1.0], [0.0], h=0.25)
    assert seen[:2] == [1.25, 0.75]
    with pytest.raises(ValueError, match=r"^h: expected a finite number > 0, came -1$"):
        report(h=-1)


# check_gradient: arguments


def test_the_gradient_may_be_a_function():
    assert check_gradient(sum_of_squares, [3.0, 4.0], lambda x: 2 * x).ok
    assert not check_gradient(sum_of_squares, [3.0, 4.0], lambda x: 3 * x).ok


def test_float32_is_checked_in_float64():
    x = np.array([0.3, 0.7], np.float32)
    right = check_gradient(lambda x: np.sin(x).sum(), x, np.cos)
    assert right.relative_error <= 1e-7
    assert not check_gradient(lambda x: np.sin(x).sum(), x, lambda x: 1.00001 * np.cos(x)).ok


def test_integers_are_checked_in_float64():
    assert check_gradient(sum_of_squares, [3, 4], [6, 8]).ok


def test_x_and_the_gradient_are_left_as_they_are():
    x, gradient = np.array([3.0, 4.0]), np.array([5.0, 7.0])
    check_gradient(sum_of_squares, x, gradient)
    assert (x.tolist(), gradient.tolist()) == ([3.0, 4.0], [5.0, 7.0])


@pytest.mark.parametrize(
    ("gradient", "error", "message"),
    [
        ([[1.0, 2.0]], ValueError, r"^gradient: expected the shape of x, \(2,\), came .*\(1, 2\)$"),
        (1.0, ValueError, r"^gradient: expected the shape of x, \(2,\), came shape \(\)$"),
        (lambda x: x[:1], ValueError, r"^gradient: expected the shape of x, .* \(1,\)$"),
        ([np.nan, 0], ValueError, r"^gradient: expected finite numbers, came nan at index \[0\]$"),
        ([1j, 0], TypeError, r"^gradient: expected real numbers, came dtype complex128$"),
        (lambda x: None, TypeError, r"^gradient: expected real numbers, came NoneType$"),
    ],
)
def test_a_gradient_that_does_not_fit_is_named(gradient, error, message):
    with pytest.raises(error, match=message):
        report(gradient)


def test_torch_must_return_a_scalar(torch):
    message = r"^torch_function: expected a torch scalar \(shape \(\)\), came shape \(2,\)$"
    with pytest.raises(ValueError, match=message):
        report(torch_function=lambda x: x * 2)


def test_torch_must_return_a_tensor(torch):
    message = r"^torch_function: expected a torch scalar \(shape \(\)\), came 3\.0$"
    with pytest.raises(ValueError, match=message):
        report(torch_function=lambda x: 3.0)


def test_torch_is_given_float64(torch):
    seen = []

    def function(x):
        seen.append(x.dtype)
        return product(x)

    report(torch_function=function)
    assert seen == [torch.float64]


# check_gradient: what it sees


def logistic_loss(w):
    """Return the loss of one sigmoid neuron with inputs 1, 2, 3 and target 0.2."""
    return 0.5 * (sigmoid(w @ [1.0, 2.0, 3.0]) - 0.2) ** 2


def logistic_gradient(w):
    o = sigmoid(w @ [1.0, 2.0, 3.0])
    return (o - 0.2) * o * (1 - o) * np.array([1.0, 2.0, 3.0])


weights = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(np.array)


@given(weights)
def test_a_right_gradient_is_never_accused(w):
    check_gradient(logistic_loss, w, logistic_gradient).assert_ok()


@pytest.mark.parametrize(
    "mistake",
    [
        lambda w, g: -g,
        lambda w, g: 2 * g,
        lambda w, g: g / sigmoid.derivative(w @ [1.0, 2.0, 3.0]),
        lambda w, g: g[::-1],
        lambda w, g: g * [1, 1, 1 + 1e-6],
        lambda w, g: g * [0, 1, 1],
        lambda w, g: np.full(3, g[0]),
    ],
    ids=["sign", "factor 2", "σ′ dropped", "order", "sixth digit", "entry left out", "one x"],
)
@given(w=weights)
def test_a_wrong_gradient_is_convicted(mistake, w):
    gradient = logistic_gradient(w)
    assume(np.abs(gradient).max() > 1e-3)  # near o = 0.2 every one of these mistakes is small
    wrong = check_gradient(logistic_loss, w, mistake(w, gradient))
    assert not wrong.ok
    with pytest.raises(AssertionError):
        wrong.assert_ok()


@given(seeds, st.integers(0, 11), st.floats(1e-5, 1))
def test_one_wrong_entry_is_found_and_named(seed, entry, size):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 4))
    gradient = 2 * x
    gradient.flat[entry] += size * np.abs(gradient).max()
    wrong = check_gradient(sum_of_squares, x, gradient)
    assert not wrong.ok
    assert wrong.worst == tuple(np.unravel_index(entry, x.shape))
    assert wrong.input == x[wrong.worst]
    assert wrong.analytic == gradient[wrong.worst]
    assert wrong.numeric == pytest.approx(2 * x[wrong.worst], abs=1e-8)


def saturated(z, target=0.0):
    """Return loss and gradient of one sigmoid neuron with w = 1 and input z."""

    def loss(w):
        return 0.5 * float(sigmoid(w[0] * z) - target) ** 2

    def gradient(w):
        a = sigmoid(w[0] * z)
        return np.array([(a - target) * a * (1 - a) * z])

    return loss, gradient


@pytest.mark.parametrize("target", [0.0, 0.9, 0.999])
@pytest.mark.parametrize("z", [5.0, 9.0, 12.0, 20.0, 30.0, 36.0, 40.0, 800.0])
def test_a_saturated_neuron_is_not_accused(z, target):
    loss, gradient = saturated(z, target)
    check_gradient(loss, np.array([1.0]), gradient).assert_ok()


def test_a_gradient_too_small_to_be_seen_is_shown_as_such():
    loss, gradient = saturated(32.0)
    right = check_gradient(loss, np.array([1.0]), gradient).assert_ok()
    assert right.relative_error > 1e-7
    assert abs(right.analytic - right.numeric) <= right.resolution
    assert "not resolved" in str(right)
    assert right.table()[1] == ("central difference", "0", "not resolved")


@pytest.mark.parametrize("z", [1.0, 5.0, 9.0, 12.0])
@pytest.mark.parametrize("factor", [-1, 2, 0, 1.001])
def test_a_wrong_gradient_of_a_nearly_saturated_neuron_is_convicted(z, factor):
    loss, gradient = saturated(z)
    assert not check_gradient(loss, np.array([1.0]), lambda w: factor * gradient(w)).ok


def test_a_gradient_where_f_is_flat_is_convicted():
    # A dead ReLU neuron whose derivation forgot the mask.
    assert not check_gradient(lambda x: relu(x).sum(), [-1.0], [1e-3]).ok
    assert check_gradient(lambda x: relu(x).sum(), [-1.0], [0.0]).ok


@pytest.mark.parametrize("scale", [1e-150, 1e-12, 1.0, 1e12, 1e150])
def test_the_scale_of_f_does_not_matter(scale):
    x = np.array([3.0, -4.0])
    assert check_gradient(lambda x: scale * sum_of_squares(x), x, 2 * scale * x).ok
    assert not check_gradient(lambda x: scale * sum_of_squares(x), x, 2.00001 * scale * x).ok


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_scale_of_x_does_not_matter(size):
    x = np.array([3.0, -4.0]) * size
    assert check_gradient(lambda x: (x**2).sum(), x, 2 * x).ok
    assert not check_gradient(lambda x: (x**2).sum(), x, 2.00001 * x).ok


def test_a_curved_function_is_looked_at_with_a_smaller_step():
    # sin(1000 x): with the first step the difference is off by (1000 h)²/6 = 6e-6.
    x = np.array([0.1])
    numeric = numerical_gradient(lambda x: np.sin(1000 * x).sum(), x)
    assert abs(numeric[0] / (1000 * np.cos(100)) - 1) > 1e-6
    right = check_gradient(lambda x: np.sin(1000 * x).sum(), x, lambda x: 1000 * np.cos(1000 * x))
    right.assert_ok()
    assert not check_gradient(
        lambda x: np.sin(1000 * x).sum(), x, lambda x: 1000.01 * np.cos(1000 * x)
    ).ok


@given(st.floats(0.5, 2), st.floats(-4, 9))
def test_a_function_that_rounds_coarsely_is_not_blamed_on_its_gradient(x, digits):
    # What is added and taken off leaves the rounding of numbers around 10**digits.
    large = 10.0**digits
    check_gradient(lambda x: (large + x) - large, x, 1.0, name="line").assert_ok()
    check_gradient(lambda x: (large + x * x) - large, x, 2 * x, name="parabola").assert_ok()


def test_an_entry_that_cannot_be_resolved_does_not_hide_a_wrong_one():
    # 1e8 is added and taken off: f is rounded to 1.5e-8, and x[0], whose step is small, suffers.
    def f(x):
        return (1e8 + (x[0] + 1e-3 * x[1])) - 1e8

    x = np.array([1.0, 1e6])
    noise = abs(numerical_gradient(f, x)[0] - 1)
    assert noise > 1e-4
    check_gradient(f, x, [1.0, 1e-3]).assert_ok()
    wrong = check_gradient(f, x, [1.0, 1e-3 + noise / 2])
    assert not wrong.ok
    assert wrong.worst == (1,)


def test_the_second_look_stays_in_the_domain():
    # log x beside 0: the wider steps leave the domain, and f raises there.
    def f(x):
        if x[0] <= 0:
            raise ValueError("log of what is not positive")
        return np.log(x[0])

    x = np.array([1e-5])
    assert not check_gradient(f, x, [2e5], h=1e-6).ok
    assert x.tolist() == [1e-5]


def test_zero_gradients_agree():
    right = check_gradient(lambda x: 1.0, [1.0, 2.0], [0.0, 0.0]).assert_ok()
    assert right.relative_error == 0.0


# check_network


def xor():
    rng = np.random.default_rng(3)
    net = Network([Dense.random(2, 3, tanh, rng), Dense.random(3, 1, sigmoid, rng)])
    return net, np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])


@given(cases())
def test_backward_of_any_network_is_not_accused(torch, case):
    check_network(*case).assert_ok()


def bits(net):
    return [(layer.W.tobytes(), layer.b.tobytes()) for layer in net.layers]


@given(cases())
def test_the_network_is_left_as_it_was_bit_for_bit(case):
    net, X, T = case
    before = bits(net)
    check_network(net, X, T, torch=False)
    assert bits(net) == before


def test_the_network_is_left_as_it_was_when_gradients_are_wrong():
    net, X, T = xor()
    before = bits(net)
    grads = net.backward(net.forward(X), T)
    grads.dW[0] = grads.dW[0] * 2
    assert not check_network(net, X, T, grads, torch=False).ok
    assert bits(net) == before


def test_a_network_report_has_one_report_for_every_parameter(torch):
    right = check_network(*xor())
    assert isinstance(right, NetworkReport)
    assert [r.name for r in right.reports] == ["dW[0]", "db[0]", "dW[1]", "db[1]"]
    assert [r.shape for r in right.reports] == [(2, 3), (3,), (3, 1), (1,)]
    assert right.ok
    assert right.assert_ok() is right


def test_a_network_report_as_text(torch):
    assert str(check_network(*xor())) == (
        "4 gradients by hand, against differences and torch: they agree.\n"
        "       shape  differences  torch\n"
        "dW[0]  2 × 3  ≤ 1e-07      ≤ 1e-12\n"
        "db[0]  3      ≤ 1e-07      ≤ 1e-12\n"
        "dW[1]  3 × 1  ≤ 1e-07      ≤ 1e-12\n"
        "db[1]  1      ≤ 1e-07      ≤ 1e-12"
    )


def test_a_network_report_without_torch_says_so():
    text = str(check_network(*xor(), torch=False))
    assert text.startswith("4 gradients by hand, against differences: they agree.\n")
    assert text.count("not asked") == 4


def test_a_network_report_as_html(torch):
    html = check_network(*xor())._repr_html_()
    assert html.startswith(
        '<table class="gradient-check"><caption>4 gradients by hand, against differences and '
        "torch: they agree.</caption>"
    )
    assert html.count('<th scope="row">') == 4
    assert "<td>2 × 3</td><td>≤ 1e-07</td><td>≤ 1e-12</td>" in html


def doubled(arrays, l):
    return [2 * array if i == l else array for i, array in enumerate(arrays)]


@pytest.mark.parametrize("torch_too", [True, False])
@pytest.mark.parametrize("l", [0, 1])
@pytest.mark.parametrize("kind", ["dW", "db"])
def test_the_wrong_parameter_is_named(kind, l, torch_too, torch):
    net, X, T = xor()
    right = net.backward(net.forward(X), T)
    lists = {"dW": right.dW, "db": right.db}
    wrong = Gradients(right.delta, **(lists | {kind: doubled(lists[kind], l)}))
    found = check_network(net, X, T, wrong, torch=torch_too)
    assert [r.name for r in found.reports if not r.ok] == [f"{kind}[{l}]"]
    assert "DISAGREE" in str(found)
    with pytest.raises(AssertionError, match=rf"^{kind}\[{l}\]: at index .* relative error 0\.5"):
        found.assert_ok()


@pytest.mark.parametrize("kind", ["dW", "db"])
@given(case=cases(), data=st.data())
def test_any_wrong_entry_of_any_network_is_convicted(kind, case, data):
    net, X, T = case
    grads = net.backward(net.forward(X), T)
    arrays = getattr(grads, kind)
    l = data.draw(st.integers(0, len(arrays) - 1))
    array = arrays[l] = arrays[l].copy()
    scale = np.abs(array).max()
    assume(scale > 1e-3 * net.loss(X, T))
    array.flat[data.draw(st.integers(0, array.size - 1))] += 1e-4 * scale
    found = check_network(net, X, T, grads, torch=False)
    assert [r.name for r in found.reports if not r.ok] == [f"{kind}[{l}]"]


def test_gradients_of_another_shape_are_named():
    net, X, T = xor()
    grads = net.backward(net.forward(X), T)
    grads.dW[0] = grads.dW[0].T
    message = r"^grads\.dW\[0\]: expected the shape of its parameter, \(2, 3\), came .*\(3, 2\)$"
    with pytest.raises(ValueError, match=message):
        check_network(net, X, T, grads, torch=False)


def test_check_network_checks_its_data():
    net, X, T = xor()
    with pytest.raises(ValueError, match=r"^T: expected the shape of a, \(4, 1\), came "):
        check_network(net, X, T[:2])
    with pytest.raises(ValueError, match=r"^X: expected shape \(N, 2\) for the first layer's W"):
        check_network(net, X.T, T)
