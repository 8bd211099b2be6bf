"""Value and Array: gradients against torch and differences, the graph, accumulation, errors."""

import gc
import itertools
import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backprop import Dense, Network, check_gradient, numerical_gradient
from backprop.autodiff import Array, Value, affine, half_squared_error, order, unbroadcast
from strategies import one_hot, seeds

#: Name -> formula in one or two numbers, with the methods that Value, Array and torch share.
FORMULAS = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": lambda x, y: x / y,
    "** Value": lambda x, y: x**y,
    "** 2": lambda x, y: x**2 + y**2,
    "** 3": lambda x, y: x**3 * y,
    "** -1.5": lambda x, y: x**-1.5 + y,
    "** 1": lambda x, y: x**1 * y,
    "** 0": lambda x, y: x**0 * y,
    "** 0.5": lambda x, y: x**0.5 - y,
    "neg": lambda x, y: -x * y,
    "exp": lambda x, y: x.exp() * y,
    "log": lambda x, y: x.log() * y,
    "sin": lambda x, y: x.sin() * y,
    "cos": lambda x, y: x.cos() * y,
    "tanh": lambda x, y: x.tanh() * y,
    "relu": lambda x, y: x.relu() * (-y).relu() + x.relu() * y,
    "sigmoid": lambda x, y: x.sigmoid() * (-y).sigmoid(),
    "2 + x": lambda x, y: 2 + x * y,
    "2 - x": lambda x, y: 2 - x * y,
    "2 * x": lambda x, y: 2 * x * y,
    "2 / x": lambda x, y: 2 / x + 3 / y,
    "2 ** x": lambda x, y: 2**x + 0.5**y,
    "x + 2": lambda x, y: x + 2 + y * 3 - 1,
    "x / 4": lambda x, y: x / 4 - y / 3,
    "reused": lambda x, y: (x * y + x) * (x * y) / x,
}
every_formula = pytest.mark.parametrize("name", FORMULAS)


def torch_tensors(torch, *values):
    return [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]


def assert_close(ours, theirs, tolerance=1e-12, scale=None):
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert ours.shape == theirs.shape
    scale = np.abs(theirs).max() if scale is None else scale
    assert np.abs(ours - theirs).max() <= tolerance * scale


# Value: each operation


@every_formula
@pytest.mark.parametrize("at", [(0.7, 1.3), (2.5, 0.4)])
def test_an_operation_agrees_with_torch_and_with_differences(torch, name, at):
    f = FORMULAS[name]
    x, y = map(Value, at)
    z = f(x, y)
    z.backward()
    u, v = torch_tensors(torch, *at)
    expected = f(u, v)
    expected.backward()
    assert z.data == pytest.approx(expected.item(), rel=1e-14)
    assert_close([x.grad, y.grad], [u.grad.item(), v.grad.item()], 1e-14)
    check_gradient(lambda p: f(*map(Value, p)).data, at, [x.grad, y.grad]).assert_ok()


@pytest.mark.parametrize(
    ("z", "data", "slope"),
    [
        (lambda x: x.exp(), math.e**2, math.e**2),
        (lambda x: x.log(), math.log(2), 0.5),
        (lambda x: x**3, 8.0, 12.0),
        (lambda x: 1 / x, 0.5, -0.25),
        (lambda x: 1 - x, -1.0, -1.0),
        (lambda x: 3**x, 9.0, 9 * math.log(3)),
        (lambda x: (x - 2).sigmoid(), 0.5, 0.25),
        (lambda x: (x - 2).tanh(), 0.0, 1.0),
        (lambda x: (x - 2).relu(), 0.0, 0.0),
        (lambda x: (x - 2) ** 2, 0.0, 0.0),
        (lambda x: (x - 2) ** 0, 1.0, 0.0),
        (lambda x: (x - 2) ** 1, 0.0, 1.0),
        (lambda x: (-x) ** 3, -8.0, -12.0),
        (lambda x: (-x) ** -2, 0.25, -0.25),
    ],
)
def test_values_known_by_hand(z, data, slope):
    x = Value(2.0)
    result = z(x)
    result.backward()
    assert result.data == pytest.approx(data, rel=1e-15, abs=1e-300)
    assert x.grad == pytest.approx(slope, rel=1e-15, abs=1e-300)


@pytest.mark.parametrize(
    "number", [3, 3.0, True + 2, np.float64(3), np.float32(3), np.int64(3), Fraction(3)]
)
@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "**"])
def test_a_number_may_stand_on_either_side(number, operation):
    x = Value(2.0)
    right = eval(f"x {operation} number")
    left = eval(f"number {operation} x")
    assert isinstance(right, Value)
    assert isinstance(left, Value)
    assert right.data == eval(f"2.0 {operation} 3.0")
    assert left.data == eval(f"3.0 {operation} 2.0")
    (right - left).backward()
    slopes = {"+": 0, "-": 2, "*": 0, "/": 1 / 3 + 3 / 4, "**": 3 * 2**2 - 9 * math.log(3)}
    assert x.grad == pytest.approx(slopes[operation], rel=1e-15)


@pytest.mark.parametrize("x", [-1000.0, -745.0, -30.0, 30.0, 1000.0])
def test_the_sigmoid_is_right_far_out(torch, x):
    v, (u,) = Value(x), torch_tensors(torch, x)
    result, expected = v.sigmoid(), u.sigmoid()
    result.backward()
    expected.backward()
    assert result.data == pytest.approx(expected.item(), rel=1e-14)
    assert v.grad == pytest.approx(u.grad.item(), rel=1e-12, abs=1e-300)
    if abs(x) == 1000:
        assert (result.data, v.grad) == (float(x > 0), 0.0)


# Value: formulas drawn at random


def grow(draw, leaves, most):
    """Return a formula of `leaves`, drawn: a function of a list of as many nodes.

    Every result is tamed, so that no two oracles differ by overflow or cancellation alone.
    """
    taming = {
        "exp": lambda a: a.tanh().exp(),
        "log": lambda a: (a * a + 1).log(),
        "sin": lambda a: a.sin(),
        "cos": lambda a: a.cos(),
        "tanh": lambda a: a.tanh(),
        "sigmoid": lambda a: a.sigmoid(),
        "neg": lambda a: -a,
        "square": lambda a: a.tanh() ** 2,
        "root": lambda a: (a * a + 0.5) ** 0.5,
        "number": lambda a: 0.3 - 2 * a.sin() / 3,
    }
    joining = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a.tanh() * b,
        "/": lambda a, b: a / (b * b + 1),
        "**": lambda a, b: (a.sigmoid() + 0.5) ** b.sin(),
    }
    steps, count = [], leaves
    for _ in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from([*taming, *joining, *joining]))
        arity = 1 if kind in taming else 2
        steps.append((kind, [draw(st.integers(0, count - 1)) for _ in range(arity)]))
        count += 1

    def formula(nodes):
        nodes = list(nodes)
        for kind, operands in steps:
            nodes.append((taming | joining)[kind](*(nodes[i] for i in operands)))
        total = nodes[-1]
        for node in nodes[leaves:-1]:  # what no later step uses counts as well
            total = total + node.tanh()
        return total

    return formula


@st.composite
def drawn_formulas(draw, most=8):
    """Draw (formula, point): 1 to 3 inputs between -2 and 2, up to `most` operations."""
    leaves = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(seeds))
    return grow(draw, leaves, most), rng.uniform(-2, 2, leaves)


@given(drawn_formulas())
def test_any_formula_agrees_with_torch_and_with_differences(torch, drawn):
    formula, point = drawn
    nodes, tensors = [Value(p) for p in point], torch_tensors(torch, *point)
    result, expected = formula(nodes), formula(tensors)
    result.backward()
    expected.backward()
    gradient = np.array([node.grad for node in nodes])
    theirs = np.array([0.0 if t.grad is None else t.grad.item() for t in tensors])
    assert_close(result.data, expected.item(), 1e-12, max(1.0, abs(expected.item())))
    assert_close(gradient, theirs, 1e-12, max(np.abs(theirs).max(), 1e-2))
    assume(np.abs(gradient).max() > 1e-3)
    check_gradient(lambda p: formula([Value(v) for v in p]).data, point, gradient).assert_ok()


@given(drawn_formulas())
def test_value_and_array_are_one_idea(drawn):
    formula, point = drawn
    numbers, arrays = [Value(p) for p in point], [Array(p) for p in point]
    one, other = formula(numbers), formula(arrays)
    one.backward()
    other.backward()
    assert_close(other.data, one.data, 1e-13, max(1.0, abs(one.data)))
    for number, array in zip(numbers, arrays, strict=True):
        grad = 0.0 if array.grad is None else array.grad
        assert_close(grad, number.grad, 1e-12, max(1.0, abs(number.grad)))


# The graph


def test_a_node_used_twice_hears_from_both_uses():
    x = Value(3.0)
    (x * x + x).backward()
    assert x.grad == 7.0
    x = Value(3.0)
    (x - x).backward()
    assert x.grad == 0.0


def test_a_node_waits_until_all_its_users_have_reported():
    x = Value(3.0)
    c = x * x
    d = c + x
    (c * d).backward()  # x⁴ + x³
    assert (c.grad, d.grad, x.grad) == (21.0, 9.0, 4 * 27.0 + 3 * 9.0)


@pytest.mark.parametrize("depth", [50_000, 200_000])
def test_a_chain_may_be_far_deeper_than_python_may_recurse(depth):
    x = Value(1.0)
    y = x
    for _ in range(depth):
        y = y * 1.00001
    y.backward()
    assert x.grad == pytest.approx(1.00001**depth, rel=1e-9)
    del y  # taking it apart must not recurse either


def test_a_chain_of_arrays_may_be_as_deep():
    x = Array([1.0, 2.0])
    y = x
    for _ in range(50_000):
        y = y + 1.0
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", [Value, Array])
def test_each_edge_is_walked_once_however_many_routes_there_are(kind):
    x = kind(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad == 2.0**60


@given(drawn_formulas(most=12))
def test_the_order_holds_each_node_once_after_all_that_use_it(drawn):
    formula, point = drawn
    last = formula([Value(p) for p in point])
    nodes = order(last)
    place = {node: i for i, node in enumerate(nodes)}
    assert nodes[0] is last
    assert len(place) == len(nodes)
    edges = [(place[node], place[parent]) for node in nodes for parent, _ in node.edges]
    assert all(user < parent for user, parent in edges)
    assert {parent for _, parent in edges} == set(range(1, len(nodes)))


def test_edges_hold_operand_and_slope():
    x, y = Value(3.0), Value(4.0)
    z = x * y
    assert (z.op, z.edges) == ("*", ((x, 4.0), (y, 3.0)))
    assert (x.op, x.edges) == ("", ())


@pytest.mark.parametrize("kind", [Value, Array])
def test_a_graph_that_nobody_holds_is_freed_at_once(kind):
    def alive():
        return sum(type(thing) is kind for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before, x = alive(), kind(0.5)
        y = ((x * x + x.sigmoid()) / (x + 2.0)).tanh() ** 2
        y.backward()
        assert alive() > before + 5
        del x, y
        assert alive() == before
    finally:
        gc.enable()


# grad adds up


def numbers(x):
    return [np.asarray(v).tolist() for v in x]


@pytest.mark.parametrize("kind", [Value, Array])
def test_backward_again_adds_the_same_gradient_again_as_in_torch(torch, kind):
    leaf, (tensor,) = kind(1.5), torch_tensors(torch, 1.5)

    def formula(x):
        y = x * x
        return y * y  # inner nodes on the way: what they held must not count again

    z, expected = formula(leaf), formula(tensor)
    for _ in range(3):
        z.backward()
        expected.backward(retain_graph=True)
        assert leaf.grad == pytest.approx(tensor.grad.item(), rel=1e-15)
    assert leaf.grad == pytest.approx(3 * 4 * 1.5**3, rel=1e-15)


@pytest.mark.parametrize("kind", [Value, Array])
def test_two_losses_add_up_and_zero_grad_clears(kind):
    x, y = kind(2.0), kind(5.0)
    (x * y).backward()
    (x * 3.0).backward()
    assert numbers([x.grad, y.grad]) == [8.0, 2.0]
    x.zero_grad()
    assert x.grad == (0.0 if kind is Value else None)
    assert y.grad == 2.0
    (x * y).backward()
    assert numbers([x.grad, y.grad]) == [5.0, 4.0]


@pytest.mark.parametrize("kind", [Value, Array])
def test_a_result_holds_the_slope_of_the_latest_backward(kind):
    x = kind(3.0)
    y = x * x
    z = y * 5.0
    z.backward()
    z.backward()
    assert numbers([z.grad, y.grad, x.grad]) == [1.0, 5.0, 60.0]
    y.backward()
    assert numbers([y.grad, x.grad]) == [1.0, 66.0]


@pytest.mark.parametrize("kind", [Value, Array])
def test_a_leaf_is_its_own_slope(kind):
    x = kind(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_a_value_keeps_the_slopes_of_the_forward_pass():
    x = Value(3.0)
    y = x * x
    x.data = 10.0
    y.backward()
    assert x.grad == 6.0


# Array


shape_pairs = st.sampled_from(
    [
        ((), ()),
        ((3,), (3,)),
        ((2, 3), (2, 3)),
        ((2, 3), (3,)),
        ((2, 3), (1, 3)),
        ((2, 3), (2, 1)),
        ((2, 3), ()),
        ((2, 1), (3,)),
        ((1,), (4,)),
        ((2, 1, 3), (4, 1)),
        ((1, 1), (3, 2)),
        ((1, 3), (3,)),
    ]
)


@every_formula
@settings(max_examples=25)
@given(shape_pairs, st.booleans(), seeds)
def test_operations_broadcast_as_in_torch(torch, name, pair, swap, seed):
    rng, f = np.random.default_rng(seed), FORMULAS[name]
    x, y = (rng.uniform(0.3, 2.5, shape) for shape in (pair[::-1] if swap else pair))
    a, b = Array(x), Array(y)
    z = f(a, b)
    weights = rng.normal(size=z.data.shape)
    (z * weights).sum().backward()
    u, v = torch_tensors(torch, x, y)
    expected = f(u, v)
    (expected * torch.tensor(weights)).sum().backward()
    assert_close(z.data, expected.detach().numpy())
    assert_close(a.grad, u.grad.numpy())
    assert_close(b.grad, v.grad.numpy())


@every_formula
def test_operations_agree_with_differences(name):
    rng, f = np.random.default_rng(3), FORMULAS[name]
    x, y, weights = (rng.uniform(0.3, 2.5, shape) for shape in ((2, 1), (3,), (2, 3)))
    a, b = Array(x), Array(y)
    (f(a, b) * weights).sum().backward()
    for value, grad, g in (
        (x, a.grad, lambda p: f(Array(p), Array(y))),
        (y, b.grad, lambda p: f(Array(x), Array(p))),
    ):
        check_gradient(lambda p, g=g: (g(p) * weights).sum().data, value, grad).assert_ok()


SHAPED = {
    "sum": lambda x: x.sum() * x.sum(),
    "sum 0": lambda x: x.sum(axis=0),
    "sum 1": lambda x: x.sum(axis=1),
    "sum -1 kept": lambda x: x * x.sum(axis=-1, keepdims=True),
    "sum both": lambda x: x.sum(axis=(0, 1)),
    "mean": lambda x: x.mean() * x,
    "mean 0": lambda x: x.mean(axis=0),
    "mean 1 kept": lambda x: x / x.mean(axis=1, keepdims=True),
    "T": lambda x: x.T @ x,
    "reshape": lambda x: x.reshape(3, 2) @ x,
    "reshape tuple": lambda x: x.reshape((6,)),
    "row": lambda x: x[1],
    "entry": lambda x: x[0, 2] * x[0, 2],
    "column": lambda x: x[:, 1],
    "repeated": lambda x: x[[0, 0, 1]],
    "tail": lambda x: x[:, 1:],
    "pairs": lambda x: x[[0, 1, 1], [2, 0, 0]],
}


@pytest.mark.parametrize("name", SHAPED)
def test_operations_on_shapes_agree_with_torch_and_differences(torch, rng, name):
    f, x = SHAPED[name], rng.uniform(0.3, 2.5, (2, 3))
    a, (u,) = Array(x), torch_tensors(torch, x)
    z, expected = f(a), f(u)
    weights = rng.normal(size=z.data.shape)
    (z * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    assert_close(z.data, expected.detach().numpy())
    assert_close(a.grad, u.grad.numpy())
    check_gradient(lambda p: (f(Array(p)) * weights).sum().data, x, a.grad).assert_ok()


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_max_sends_the_slope_to_the_largest_in_equal_parts(torch, axis, keepdims):
    x = np.array([[1.0, 4.0, 4.0], [5.0, -1.0, 2.0]])
    a, (u,) = Array(x), torch_tensors(torch, x)
    z = a.max(axis, keepdims)
    dims = (0, 1) if axis is None else axis
    expected = torch.amax(u, dim=dims, keepdim=keepdims)
    (z * z).sum().backward()
    (expected * expected).sum().backward()
    assert_close(z.data, expected.detach().numpy())
    assert_close(a.grad, u.grad.numpy())


@pytest.mark.parametrize(
    ("left", "right"), [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,))]
)
def test_matrix_products_agree_with_torch(torch, rng, left, right):
    x, y = rng.normal(size=left), rng.normal(size=right)
    u, v = torch_tensors(torch, x, y)
    expected = u @ v
    weights = rng.normal(size=expected.shape)
    (expected * torch.tensor(weights)).sum().backward()
    for kinds in ((Array, Array), (Array, np.array), (np.array, Array)):
        a, b = (kind(value) for kind, value in zip(kinds, (x, y), strict=True))
        z = a @ b
        (z * weights).sum().backward()
        assert_close(z.data, expected.detach().numpy())
        for node, tensor in ((a, u), (b, v)):
            if isinstance(node, Array):
                assert_close(node.grad, tensor.grad.numpy())


@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "**"])
@pytest.mark.parametrize("constant", [2, 2.0, np.float64(2), [2.0, 3.0], np.array([[2], [3]])])
def test_constants_may_stand_on_either_side_and_get_no_edge(torch, operation, constant):
    x = np.array([[0.5, 1.5], [2.5, 3.0]])
    for form in (f"a {operation} constant", f"constant {operation} a"):
        a, (u,) = Array(x), torch_tensors(torch, x)
        z = eval(form, {"a": a, "constant": constant})
        expected = eval(form, {"a": u, "constant": torch.tensor(constant, dtype=torch.float64)})
        z.sum().backward()
        expected.sum().backward()
        assert [parent for parent, _ in z.edges] == [a]
        assert_close(z.data, expected.detach().numpy())
        assert_close(a.grad, u.grad.numpy())


def test_relu_has_slope_0_at_its_kink_as_in_torch(torch):
    a, (u,) = Array([-1.0, 0.0, 1.0]), torch_tensors(torch, [-1.0, 0.0, 1.0])
    a.relu().sum().backward()
    u.relu().sum().backward()
    assert a.grad.tolist() == u.grad.tolist() == [0.0, 0.0, 1.0]


def test_a_leaf_copies_its_numbers_and_reads_integers_as_float64():
    numbers = np.array([[1, 2], [3, 4]])
    a = Array(numbers)
    numbers[0, 0] = 9
    assert a.data.dtype == np.float64
    assert a.data.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    b = Array(a.data)
    b.data += 1
    assert a.data[0, 0] == 1.0


def test_each_leaf_owns_its_gradient():
    x, y, z = Array([1.0, 2.0]), Array([3.0, 4.0]), Array([[1.0, 1.0], [1.0, 1.0]])
    s = x + y + z[0] + z.T[0]
    s.sum().backward()
    x.grad *= 100
    assert y.grad.tolist() == [1.0, 1.0]
    assert z.grad.tolist() == [[2.0, 1.0], [1.0, 0.0]]
    seed = np.ones(2)
    (x + y).backward(seed)
    y.grad += 5
    assert seed.tolist() == [1.0, 1.0]
    w = Array(np.ones((2, 2)))
    w.reshape(4).sum().backward()
    w.grad *= 2  # not a read-only view of something spread out
    assert w.grad.tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_a_seed_is_what_arrives():
    x = Array([[1.0, 2.0], [3.0, 4.0]])
    seed = np.array([[1.0, 0.0], [0.0, 2.0]])
    (x * x).backward(seed)
    assert x.grad.tolist() == (2 * x.data * seed).tolist()


def test_a_single_number_of_any_shape_needs_no_seed():
    for shape in ((), (1,), (1, 1)):
        x = Array(np.full(shape, 3.0))
        z = x * x
        z.backward()
        assert x.grad.shape == np.shape(z.grad) == shape
        assert x.grad.item() == 6.0


# unbroadcast


@given(shape_pairs, st.booleans(), seeds)
def test_unbroadcast_is_the_transpose_of_broadcasting(pair, swap, seed):
    shape = pair[swap]
    full, rng = np.broadcast_shapes(*pair), np.random.default_rng(seed)
    x, g = rng.normal(size=shape), rng.normal(size=full)
    back = unbroadcast(g, shape)
    assert back.shape == shape
    assert (back * x).sum() == pytest.approx((g * np.broadcast_to(x, full)).sum(), rel=1e-12)


def test_unbroadcast_by_hand():
    g = np.arange(6.0).reshape(2, 3)
    assert unbroadcast(g, (3,)).tolist() == [3.0, 5.0, 7.0]
    assert unbroadcast(g, (2, 1)).tolist() == [[3.0], [12.0]]
    assert unbroadcast(g, ()) == 15.0
    assert unbroadcast(g, (2, 3)) is g


@pytest.mark.parametrize("shape", [(2,), (3, 3), (2, 2, 3), (6,)])
def test_unbroadcast_refuses_a_shape_that_does_not_broadcast(shape):
    message = f"grad: expected a shape that {shape} broadcasts to, came (2, 3)"
    with pytest.raises(ValueError, match=re.escape(message)):
        unbroadcast(np.ones((2, 3)), shape)


# Networks


@st.composite
def sigmoid_nets(draw):
    """Draw (net, X, T): one to three sigmoid layers, half the squared error."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=4))
    rng, n = np.random.default_rng(draw(seeds)), draw(st.integers(1, 5))
    pairs = itertools.pairwise(sizes)
    layers = [Dense(rng.normal(size=p), rng.normal(size=p[1]), "sigmoid") for p in pairs]
    return Network(layers), rng.normal(size=(n, sizes[0])), rng.uniform(size=(n, sizes[-1]))


def in_small_nodes(a, W, b):
    return a @ W + b


@pytest.mark.parametrize("layer", [in_small_nodes, affine])
@given(sigmoid_nets(), st.booleans())
def test_a_network_has_the_gradients_of_backpropagation(layer, drawn, small_loss):
    net, X, T = drawn
    grads = net.backward(net.forward(X), T)
    a, leaves, sums = X, [], []
    for dense in net.layers:
        leaves.append((Array(dense.W), Array(dense.b)))
        sums.append(layer(a, *leaves[-1]))
        a = sums[-1].sigmoid()
    loss = ((a - T) ** 2).sum() * (0.5 / len(X)) if small_loss else half_squared_error(a, T)
    loss.backward()
    assert loss.data == pytest.approx(net.loss(X, T), rel=1e-13)
    for l, (W, b) in enumerate(leaves):
        assert_close(W.grad, grads.dW[l])
        assert_close(b.grad, grads.db[l])
        assert_close(sums[l].grad, grads.delta[l])  # δ is the slope at the weighted sum


def test_softmax_and_cross_entropy_out_of_small_nodes():
    rng = np.random.default_rng(8)
    net = Network([Dense.random(4, 3, "softmax", rng)], "cross_entropy")
    X, T = rng.normal(size=(5, 4)), one_hot(rng, 5, 3)
    W, b = Array(net.layers[0].W), Array(net.layers[0].b)
    z = X @ W + b
    e = (z - z.max(axis=1, keepdims=True)).exp()
    loss = -((e / e.sum(axis=1, keepdims=True)).log() * T).sum() / len(X)
    loss.backward()
    grads = net.backward(net.forward(X), T)
    assert loss.data == pytest.approx(net.loss(X, T), rel=1e-13)
    assert_close(W.grad, grads.dW[0])
    assert_close(b.grad, grads.db[0])
    assert_close(z.grad, grads.delta[0])


def test_values_in_object_arrays_make_a_layer():
    W = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    out = np.array([[5.0, 6.0]]) @ W
    (out[0, 0] * out[0, 1]).backward()
    assert [[w.grad for w in row] for row in W] == [[34.0 * 5, 23.0 * 5], [34.0 * 6, 23.0 * 6]]


def test_affine_with_a_constant_anywhere(rng):
    x, w, c = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=4)
    weights = rng.normal(size=(2, 4))
    expected = {0: weights @ w.T, 1: x.T @ weights, 2: weights.sum(axis=0)}
    for arrays in itertools.product([False, True], repeat=3):
        operands = [Array(v) if array else v for v, array in zip((x, w, c), arrays, strict=True)]
        z = affine(*operands)
        assert_close(z.data, x @ w + c)
        if any(arrays):
            (z * weights).sum().backward()
        for i, operand in enumerate(operands):
            if arrays[i]:
                assert_close(operand.grad, expected[i])


def test_half_squared_error_of_one_example_and_of_a_batch():
    a = Array([0.5, 0.25])
    loss = half_squared_error(a, [0.0, 1.0])
    loss.backward()
    assert loss.data == 0.5 * (0.25 + 0.5625)
    assert a.grad.tolist() == [0.5, -0.75]
    a = Array([[0.5], [0.25]])
    half_squared_error(a, np.array([[0.0], [1.0]])).backward()
    assert a.grad.tolist() == [[0.25], [-0.375]]


# Errors


def value(operation):
    return lambda: operation(Value(2.0))


def array(operation):
    return lambda: operation(Array([[2.0, 0.0], [-1.0, 3.0]]))


REFUSED = {
    "a word": (lambda: Value("2"), TypeError, "data: expected a number, came str"),
    "complex": (lambda: Value(2j), TypeError, "data: expected a number, came complex"),
    "an array": (lambda: Value(np.ones(2)), TypeError, "data: expected a number, came ndarray"),
    "nan": (lambda: Value(math.nan), ValueError, "data: expected a finite number, came nan"),
    "+ str": (value(lambda x: x + "1"), TypeError, "+: expected a Value or a number, came str"),
    "list *": (value(lambda x: [1] * x), TypeError, "*: expected a Value or a number, came list"),
    "ndarray *": (
        value(lambda x: np.ones(2) * x),
        TypeError,
        "*: expected a Value or a number, came ndarray",
    ),
    "- inf": (value(lambda x: x - math.inf), ValueError, "-: expected a finite number, came inf"),
    "/ 0": (
        value(lambda x: x / 0),
        ZeroDivisionError,
        "/: expected a divisor other than 0, came 2.0 / 0.0",
    ),
    "1 / 0": (
        value(lambda x: 1 / (x - 2)),
        ZeroDivisionError,
        "/: expected a divisor other than 0, came 1.0 / 0.0",
    ),
    "log 0": (value(lambda x: (x - 2).log()), ValueError, "log: expected a number above 0, came 0"),
    "log -1": (value(lambda x: (x - 3).log()), ValueError, "above 0, came -1.0"),
    "exp": (value(lambda x: (x * 400).exp()), OverflowError, "exp: expected a number below 709.78"),
    "0 ** -1": (
        value(lambda x: (x - 2) ** -1),
        ValueError,
        "**: expected a power that is a real number, came 0.0 ** -1",
    ),
    "-1 ** 0.5": (value(lambda x: (x - 3) ** 0.5), ValueError, "came -1.0 ** 0.5"),
    "0 ** 0.5": (
        value(lambda x: (x - 2) ** 0.5),
        ValueError,
        "**: expected a finite slope, came 0.0 ** 0.5, which is vertical",
    ),
    "-1 ** Value": (
        value(lambda x: (x - 3) ** x),
        ValueError,
        "**: expected a base above 0 where the exponent is a Value, came -1.0 ** 2.0",
    ),
    "10 ** 400": (
        value(lambda x: (x + 8) ** 400),
        OverflowError,
        "**: the result is too large for a float, came 10.0 ** 400",
    ),
    "1e200 squared": (
        value(lambda x: (x * 1e200) * (x * 1e200)),
        OverflowError,
        "*: the result is too large for a float, came inf",
    ),
    "1 / 1e-320": (
        value(lambda x: x * 1e-310 / (x * 1e-320)),
        OverflowError,
        "/: the slope is too large for a float, came inf",
    ),
    "math.exp": (value(math.exp), TypeError, "real number"),
    "<": (value(lambda x: x < 3), TypeError, "not supported"),
    "ragged": (lambda: Array([[1.0], [1.0, 2.0]]), ValueError, "data: expected rows of one length"),
    "no numbers": (lambda: Array(["a"]), TypeError, "data: expected real numbers, came dtype <U1"),
    "nan in data": (
        lambda: Array([1.0, math.nan]),
        ValueError,
        "data: expected finite numbers, came nan at index [1]",
    ),
    "Array + str": (array(lambda x: x + "a"), TypeError, "+: expected real numbers, came dtype"),
    "Array * nan": (array(lambda x: x * math.nan), ValueError, "*: expected finite numbers"),
    "shapes": (array(lambda x: x + np.ones(3)), ValueError, "(2,2) (3,)"),
    "@": (
        array(lambda x: x @ np.ones((3, 2))),
        ValueError,
        "@: expected shapes (n, k) @ (k, m), either n or m may be missing, came (2, 2) @ (3, 2)",
    ),
    "@ number": (array(lambda x: x @ 2.0), ValueError, "came (2, 2) @ ()"),
    "3.0 @": (array(lambda x: 3.0 @ x), ValueError, "came () @ (2, 2)"),
    "Array / 0": (
        array(lambda x: 1 / x),
        ZeroDivisionError,
        "/: expected divisors other than 0, came 0.0 at index [0, 1]",
    ),
    "Array / 0.0": (
        array(lambda x: x / 0.0),
        ZeroDivisionError,
        "/: expected divisors other than 0, came 0.0",
    ),
    "Array log": (
        array(lambda x: x.log()),
        ValueError,
        "log: expected numbers above 0, came 0.0 at index [0, 1]",
    ),
    "Array exp": (
        array(lambda x: (x * 300.0).exp()),
        OverflowError,
        "exp: expected numbers below 709.78, came 900.0 at index [1, 1]",
    ),
    "Array ** -1": (
        array(lambda x: x**-1),
        ValueError,
        "**: expected bases other than 0 under -1, came 0.0 at index [0, 1]",
    ),
    "Array ** 0.5": (
        array(lambda x: x**0.5),
        ValueError,
        "**: expected bases above 0 under 0.5, came 0.0 at index [0, 1]",
    ),
    "Array ** 1.5": (
        array(lambda x: x**1.5),
        ValueError,
        "**: expected bases of at least 0 under 1.5, came -1.0 at index [1, 0]",
    ),
    "Array ** Array": (
        array(lambda x: x**x),
        ValueError,
        "**: expected bases above 0 where the exponent is an array, came 0.0 at index [0, 1]",
    ),
    "Array ** 700": (array(lambda x: x**700), OverflowError, "a power that fits a float, came 3.0"),
    "Array ** nan": (array(lambda x: x**math.nan), ValueError, "**: expected finite numbers"),
    "no seed": (
        array(lambda x: x.backward()),
        ValueError,
        "backward: expected a single number to start from, came shape (2, 2); "
        "sum it up, or give seed, an array of that shape",
    ),
    "seed": (
        array(lambda x: x.backward(np.ones(2))),
        ValueError,
        "seed: expected the shape of self, (2, 2), came shape (2,)",
    ),
    "a NaN met on the way": (
        array(lambda x: (x * np.array([1.0, math.nan])).sum().backward()),
        ValueError,
        "backward: expected a finite number to start from, came nan",
    ),
    "np.exp": (array(np.exp), TypeError, "does not support ufuncs"),
    "affine": (
        array(lambda x: affine(np.ones((5, 3)), x, np.ones(2))),
        ValueError,
        "affine: expected shapes (N, n), (n, m), (m,), came (5, 3), (2, 2), (2,)",
    ),
    "affine, one bias": (
        array(lambda x: affine(np.ones((5, 2)), x, np.ones(1))),
        ValueError,
        "came (5, 2), (2, 2), (1,)",
    ),
    "targets": (
        array(lambda x: half_squared_error(x, np.ones(2))),
        ValueError,
        "t: expected the shape of a, (2, 2), came shape (2,)",
    ),
    "Array as targets": (
        array(lambda x: half_squared_error(x, x)),
        TypeError,
        "t: expected constant numbers, came an Array",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_and_in_which_words(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_the_sigmoid_of_an_array_overflows_in_silence():
    x = Array([-1000.0, 0.0, 1000.0])
    y = x.sigmoid()
    y.sum().backward()
    assert y.data.tolist() == [0.0, 0.5, 1.0]
    assert x.grad.tolist() == [0.0, 0.25, 0.0]


def test_nodes_are_told_apart_by_identity():
    x, y = Value(1.0), Value(1.0)
    assert x == x
    assert x != y
    assert len({x, y}) == 2


def test_what_is_shown():
    x = Value(2.0)
    y = x * x
    y.backward()
    assert repr(x) == "Value(2, grad=4)"
    assert repr(y) == "Value(4, grad=1, op='*')"
    assert repr(Array([[1.0, 2.5]])) == "Array([[1. , 2.5]])"
    assert repr(Array([1.0, 2.0]).sum()) == "Array(3., op='sum')"


def test_the_gradient_of_a_whole_batch_by_differences_of_arrays():
    rng = np.random.default_rng(4)
    W, X = rng.normal(size=(3, 2)), rng.normal(size=(4, 3))

    def loss(W):
        return ((X @ (W if isinstance(W, Array) else Array(W))).tanh() ** 2).mean()

    leaf = Array(W)
    loss(leaf).backward()
    numeric = numerical_gradient(lambda W: float(loss(W).data), W)
    np.testing.assert_allclose(leaf.grad, numeric, rtol=1e-7, atol=1e-9)
