"""The figures of chapter 02: a layer and its one loss, tables of numbers, learning rates, a fit."""

import matplotlib.pyplot as plt
import numpy as np

from ..activations import sigmoid
from ._diagram import Edge, Node, draw
from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, LETTERS, WIDTH, axes, figure
from ._table import draw_table


@figure
def layer(x, W, b, t, road):
    """Draw a layer of sigmoid neurons under one half squared error, and the road of one weight.

    x: (n,); W: (n, m); b, t: (m,). Above each neuron its output, below it its delta.
    road: (j, k); the way of W[j, k] to the loss is drawn bold, with the weight and ∂L/∂w on it.
    """
    o = sigmoid(x @ W + b)
    delta = (o - t) * o * (1 - o)
    n, m = W.shape
    j, k = road
    nodes = [_node(0, i, n, "x", f"{x[i]:g}") for i in range(n)]
    nodes += [
        _node(3.5, i, m, "o", f"{o[i]:.4f}", rf"$\delta_{i + 1}$ = {delta[i]:.4f}")
        for i in range(m)
    ]
    nodes.append(Node(5.8, 0, "$L$", f"{0.5 * ((o - t) ** 2).sum():.4f}"))
    weight = f"$w_{{{j + 1}{k + 1}}}$ = {W[road]:g}"
    edges = [
        Edge(s, n + r, *((weight, f"{x[s] * delta[r]:.4f}", 0.3) if (s, r) == road else ()))
        for s, r in np.ndindex(n, m)
    ]
    edges += [Edge(n + r, n + m) for r in range(m)]
    _, ax = draw(nodes, edges, (WIDTH, 4.4), ("values", r"slopes of $L$"))
    for text in ax.texts:  # arrows cross behind the numbers
        text.set_bbox({"fc": "white", "ec": "none", "pad": 1.0})
    way = [nodes[j], nodes[n + k], nodes[-1]]
    ax.plot([p.x for p in way], [p.y for p in way], color=BACKWARD, lw=2.6, zorder=1.5)


def _node(x, i, count, name, forward, backward=""):
    """The i-th of `count` nodes of a column, from the top, with its number."""
    y = 1.8 * ((count - 1) / 2 - i)
    return Node(x, y, f"${name}_{i + 1}$", forward, backward)


@figure
def outer_grid(x, delta):
    """Draw the outer product of x (n,) and delta (m,) as a table with its margins."""
    rows = _margin("x", x, "{:g}")
    columns = _margin(r"\delta", delta, "{:.4f}")
    draw_table(axes(2.9), np.outer(x, delta), rows, columns, "{:.4f}")


@figure
def example_layers(X, delta, batch, cell):
    """Draw the outer product of each example in the batch, and their sum: dW, and db below it.

    X: (N, n); delta: (N, m); batch: which rows; cell: (j, k), framed in every table. The last row
    of a table is that of the bias, whose input is 1.
    """
    inputs = np.column_stack([X, np.ones(len(X))])
    layers = inputs[:, :, None] * delta[:, None, :]
    tables = [(f"example {i + 1}", layers[i], X[i], delta[i]) for i in batch]
    if len(batch) > 1:
        sum_of_all = r"their sum: $\partial L/\partial W$, below it $\partial L/\partial b$"
        tables.append((sum_of_all, layers[batch].sum(axis=0), None, None))
    size = (WIDTH, (0.85 + 0.24 * inputs.shape[1]) * len(tables))
    places = plt.subplots(len(tables), 1, figsize=size, squeeze=False)[1].flat
    largest = max(np.abs(table[1]).max() for table in tables) or 1.0
    for ax, table in zip(places, tables, strict=True):
        _draw_layer(ax, *table, cell, largest)


def _draw_layer(ax, title, values, x, delta, cell, largest):
    """Draw one table of `example_layers`; x and delta stand in the margins, or only their names."""
    n, m = values.shape
    rows = [f"$x_{j}$" for j in range(1, n)] if x is None else _margin("x", x, "{:g}")
    names = [rf"$\delta_{k}$" for k in range(1, m + 1)]
    if delta is not None:
        numbers = [f"{v:z.4f}".replace("-", "−") for v in delta]
        names = [f"{name}\n{number}" for name, number in zip(names, numbers, strict=True)]
    draw_table(ax, values, [*rows, "1"], names, "{:z.4f}", largest, LETTERS)
    ax.set_title(title)
    _frame(ax, *cell, label="cell")


def _frame(ax, j, k, label=None):
    """Frame the cell in row j and column k of a table."""
    around = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * 0.44
    ax.plot(k + around[:, 0], j + around[:, 1], color=INK, lw=2, label=label)


@figure
def difference_grid(o, t):
    """Draw every difference o_i − t_r of outputs (N,) and targets (N,); the wanted ones framed."""
    rows, columns = _margin("o", o, "{:g}"), _margin("t", t, "{:g}")
    ax = axes(2.9, 4.6)
    draw_table(ax, np.subtract.outer(o, t), rows, columns, "{:g}")
    for i in range(len(o)):
        _frame(ax, i, i, label="wanted" if i == 0 else None)


def _margin(symbol, values, form):
    """Name the rows or columns of a table after the entries of `values`, from 1."""
    numbers = [form.format(v).replace("-", "−") for v in values]
    return [f"${symbol}_{i}$ = {number}" for i, number in enumerate(numbers, 1)]


@figure
def error_paths(curves):
    """Draw errors against steps on a logarithmic axis; `curves`: label -> one error a step."""
    ax = axes(3.2)
    looks = zip((FORWARD, BACKWARD, GREEN), ("o-", "s--", "^-."), strict=True)
    for (label, errors), (colour, look) in zip(curves.items(), looks, strict=False):
        ax.semilogy(errors, look, color=colour, ms=5, label=label)
    ax.set_xlabel("step")
    ax.set_ylabel("largest error")
    ax.legend(loc="lower left")


@figure
def fits(x, t, lines):
    """Draw points (x, t), both (N,), and lines w x + b; `lines`: label -> (w, b)."""
    ax = axes(3.2)
    ends = np.array([min(x) - 0.5, max(x) + 0.5])
    looks = zip((FORWARD, BACKWARD, GREEN), ("-", "--", "-."), strict=True)
    for (label, (w, b)), (colour, look) in zip(lines.items(), looks, strict=False):
        ax.plot(ends, w * ends + b, look, color=colour, label=label)
    ax.plot(x, t, "o", color=GREY, ms=8, label="the three pairs")
    ax.set_xlabel("$x$")
    ax.set_ylabel("$t$, $o$")
    ax.legend()
