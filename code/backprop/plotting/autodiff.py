"""The figures of chapter 06: a graph drawn from its nodes, what adds up, three engines timed."""

import timeit
from itertools import pairwise

import numpy as np

from ..autodiff import Array, Value, affine, half_squared_error, order
from ._diagram import Edge, Node, draw
from ._style import BACKWARD, FORWARD, GREEN, PURPLE, WIDTH, axes, figure

COLUMN, ROW = 2.2, 1.7
#: Operations drawn as a symbol; others by their name.
SYMBOLS = {
    "+": "$+$",
    "-": "$-$",
    "*": r"$\times$",
    "/": r"$\div$",
    "neg": "$-$",
    "sigmoid": r"$\sigma$",
}


@figure
def graph(last, **leaves):
    """Draw every node that the `Value` `last` was made of, each at its depth.

    leaves: names for leaves; others show their number. Above each node stands its data, below it
    its grad, on each edge the local slope. Edges between the same two nodes are drawn as one, with
    their slopes added.
    """
    nodes = order(last)
    names = {node: f"${name}$" for name, node in leaves.items()}
    columns = depths(nodes)
    rows = heights(nodes, columns)
    at = {node: i for i, node in enumerate(nodes)}
    drawn = [
        Node(
            COLUMN * columns[node],
            ROW * rows[node],
            _symbol(node, names),
            _number(node.data) if node.edges or node in names else "",
            _number(node.grad),
        )
        for node in nodes
    ]
    edges = []
    for node in nodes:
        slopes = {}
        for parent, slope in node.edges:
            slopes[parent] = slopes.get(parent, 0.0) + slope
        for parent, slope in slopes.items():
            near = 0.57 / (columns[node] - columns[parent]) ** 0.5  # in front of the next column
            edges.append(Edge(at[parent], at[node], "", f"× {_number(slope)}", near))
    width, height = (max(c) - min(c) for c in zip(*((n.x, n.y) for n in drawn), strict=True))
    size = (WIDTH, WIDTH * (height + 1.9) / (width + 1.5))
    draw(drawn, edges, size, ("data", "grad; on each edge its slope"))


def _number(number):
    return f"{number + 0.0:.4g}".replace("-", "−")  # + 0.0: no "-0"


def _symbol(node, names):
    if not node.edges:
        return names.get(node, f"{node.data:g}")
    if node.op.startswith("**") and len(node.op) > 2:
        return f"$u^{{{node.op[2:]}}}$"
    return SYMBOLS.get(node.op, node.op)


def depths(nodes):
    """Return {node: column} for nodes in the order of `order`: operands left of their users.

    A result stands one column right of its deepest operand, a leaf one left of its first user.
    """
    columns = {}
    for node in reversed(nodes):
        columns[node] = 1 + max((columns[parent] for parent, _ in node.edges), default=-1)
    for node in nodes:
        if not node.edges:
            users = (n for n in nodes if any(parent is node for parent, _ in n.edges))
            columns[node] = min((columns[user] for user in users), default=1) - 1
    return columns


def heights(nodes, columns):
    """Return {node: height}, column by column, each node near the mean of its operands.

    An edge that crosses a column keeps a place free there, so that it runs past the nodes.
    """
    found, passing = {}, {}  # passing: (parent, node) -> the height at which its edge arrives
    for column in range(max(columns.values()) + 1):
        wanted = {}
        for node in reversed(nodes):
            if columns[node] == column:
                operands = dict.fromkeys(parent for parent, _ in node.edges)
                at = [passing.get((parent, node), found[parent]) for parent in operands]
                wanted[node] = sum(at) / len(at) if at else -float(len(wanted)) - 0.1
            for parent, _ in node.edges:
                if columns[parent] < column < columns[node]:
                    wanted[parent, node] = passing.get((parent, node), found[parent])
        placed = _spread(wanted)
        found |= {key: y for key, y in placed.items() if key in columns}
        passing |= {key: y for key, y in placed.items() if key not in columns}
    return found


def _spread(wanted):
    """Move heights apart until they are at least 1 from each other, about their common middle."""
    keys = sorted(wanted, key=lambda key: -wanted[key])
    placed = []
    for key in keys:
        placed.append(min(wanted[key], placed[-1] - 1) if placed else wanted[key])
    middle = sum(wanted.values()) / len(wanted) - sum(placed) / len(placed)
    return {key: y + middle for key, y in zip(keys, placed, strict=True)}


@figure
def curves(series, ylabel="loss $L$"):
    """Draw numbers against steps, one line for each label of `series` (label -> numbers)."""
    ax = axes(2.8)
    looks = zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (label, values), (colour, line) in zip(series.items(), looks, strict=False):
        ax.plot(values, color=colour, ls=line, label=label)
    ax.set_xlabel("step")
    ax.set_ylabel(ylabel)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(series))


@figure
def engines(times):
    """Draw seconds on a logarithmic axis; `times`: network -> {engine: seconds}."""
    ax = axes(3.2)
    names = list(next(iter(times.values())))
    looks = zip(names, (BACKWARD, FORWARD, GREEN), ("//", "", ".."), strict=False)
    for i, (name, colour, hatch) in enumerate(looks):
        place = np.arange(len(times)) + 0.27 * (i - (len(names) - 1) / 2)
        heights = [1e3 * seconds[name] for seconds in times.values()]
        ax.bar(place, heights, 0.25, color=colour, hatch=hatch, ec="white", label=name)
    ax.set_yscale("log")
    ax.set_xticks(range(len(times)), list(times))
    ax.set_ylabel("milliseconds")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(names))


def measure(sizes, N):
    """Return {engine: seconds} of a forward and a backward pass of a sigmoid network.

    sizes: units of each layer; N: examples. The least of a few repeats: of ten calls each for
    `Array` and torch, of one for `Value`. torch computes on one thread meanwhile.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measure(torch, sizes, N)
    finally:
        torch.set_num_threads(threads)


def _measure(torch, sizes, N):
    rng = np.random.default_rng(0)
    X, T = rng.random((N, sizes[0])), rng.random((N, sizes[-1]))
    parameters = [p for n, m in pairwise(sizes) for p in (rng.normal(size=(n, m)), np.zeros(m))]
    arrays = [Array(p) for p in parameters]
    tensors = [torch.tensor(p, requires_grad=True) for p in parameters]
    values = [np.vectorize(Value, otypes=[object])(p) for p in parameters]

    def by_array():
        a = X
        for W, b in zip(arrays[::2], arrays[1::2], strict=True):
            a = affine(a, W, b).sigmoid()
        half_squared_error(a, T).backward()

    def by_torch():
        a = torch.tensor(X)
        for W, b in zip(tensors[::2], tensors[1::2], strict=True):
            a = torch.sigmoid(a @ W + b)
        (0.5 * ((a - torch.tensor(T)) ** 2).sum() / N).backward()

    def by_value():
        a = X
        for W, b in zip(values[::2], values[1::2], strict=True):
            a = np.vectorize(Value.sigmoid, otypes=[object])(a @ W + b)
        (((a - T) ** 2).sum() * (0.5 / N)).backward()

    return {
        "one node a number": min(timeit.repeat(by_value, number=1, repeat=2)),
        "one node an array": min(timeit.repeat(by_array, number=10, repeat=5)) / 10,
        "PyTorch": min(timeit.repeat(by_torch, number=10, repeat=5)) / 10,
    }
