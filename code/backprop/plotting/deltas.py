"""The figures of chapter 05: values and deltas on a network, deltas by depth, the price."""

import itertools
import timeit

import numpy as np

from ..network import Dense, Network
from ._diagram import Edge, Node, draw
from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PURPLE, WIDTH, axes, figure


@figure
def network(net, X, T, backward=True):
    """Draw a two-layer `Network` of at most 4 units a layer with the values of its first example.

    Above each unit its activation, below it its delta; on each edge the weight and, under it,
    ∂L/∂w. backward=False leaves the deltas and gradients out.
    """
    trace = net.forward(X)
    grads = net.backward(trace, T)
    columns = [trace.a[0][0], *(a[0] for a in trace.a[1:])]
    nodes, edges = _units(columns, grads, backward), _connections(net, grads, backward)
    draw(nodes, edges, (WIDTH, 3.4), _LEGEND if backward else _LEGEND[:1], margin=0.9)


_LEGEND = ("activations, weights", "deltas, gradients of the weights")


def _units(columns, grads, backward=True):
    """A node for each input and neuron, column by column."""
    return [
        Node(
            3.3 * c,
            2.5 * ((len(values) - 1) / 2 - r),
            f"${'xho'[c]}_{r + 1}$",
            f"{value:.4f}",
            rf"$\delta$ = {grads.delta[c - 1][0, r]:.4f}" if c and backward else "",
        )
        for c, values in enumerate(columns)
        for r, value in enumerate(values)
    ]


def _has_room(net):
    """Whether the numbers of all edges can stand beside them."""
    return sum(layer.W.size for layer in net.layers) <= 8


def _connections(net, grads, backward=True):
    """An edge for each weight, with its numbers where there is room for them."""
    edges, first = [], 0
    room = _has_room(net)
    for layer, dW in zip(net.layers, grads.dW, strict=True):
        for j, k in np.ndindex(dW.shape):
            weight, slope = f"{layer.W[j, k]:.2f}", f"{dW[j, k]:.4f}" if backward else ""
            ends = first + j, first + layer.n_in + k
            texts = (weight, slope) if room else ("", "")
            edges.append(Edge(*ends, *texts, 0.5 if j == k else 0.33))
        first += layer.n_in
    return edges


@figure
def whole_pass(net, X, T, eta=0.5, biases=True, early=False):
    """Draw a pass through a two-layer `Network`, its first example, and list every number of it.

    Above, the network; where it has at most 8 edges with activations, deltas, weights, gradients.
    Below it, or beside it, a line for each neuron: z, activation, delta; then the gradients of the
    weights into it and what a step of size eta makes of them; then the loss before and after.
    biases: whether they take the step too. early=True: the output weights are changed before the
    hidden deltas are computed.
    """
    X, T = X[:1], T[:1]
    trace = net.forward(X)
    grads, moved = _a_step(net, trace, T, eta, biases, early)
    columns = [trace.a[0][0], *(a[0] for a in trace.a[1:])]
    table = [_HEADINGS, *_listed(trace, grads, moved)]
    fits = sum(_widths(table, (0, 4, 5))) <= WIDTH - 0.2
    below = [(0, 4, 5)] if fits else [(0, 4), (0, 5)]
    high, left = _ROW * (len(table) + 0.5), 0.15  # of a block
    room = _has_room(net)
    nodes, edges = _units(columns, grads, backward=room), _connections(net, grads)
    if room:
        above, width = 1.35 * max(map(len, columns)), WIDTH
        below = [(0, 1, 2, 3), *below]
    else:  # the numbers stand beside and below, and the circles closer
        above = max(high, 0.44 * max(map(len, columns)) + 0.25)
        width = WIDTH - sum(_widths(table, (0, 1, 2, 3))) - 0.2
        for node in nodes:
            node.x, node.y = 0.56 * node.x, 0.46 * node.y
        for node in nodes[net.layers[0].n_in :]:
            node.forward = ""
    height = above + high * len(below) + _ROW * (3 if early else 2)
    fig, ax = draw(nodes, edges, (WIDTH, height), (), margin=0.9)
    fig.set_layout_engine("none")
    ax.set_position([0, 1 - above / height, width / WIDTH, above / height])
    if not room:
        _put_block(fig, table, (0, 1, 2, 3), width + 0.1, 0.1)
        for text in ax.texts:  # arrows end beside an input's number
            if text.get_color() == FORWARD:
                text.set_bbox({"fc": "white", "ec": "none", "pad": 0.5})
    for number, block in enumerate(below):
        _put_block(fig, table, block, left, above + 0.1 + number * high)
    end = above + 0.1 + len(below) * high
    losses = f"L = {net.loss(X, T):.9f}   after the step {moved.loss(X, T):.9f}"
    _put(fig, left, end, losses, INK)
    if early:
        _put(fig, left, end + _ROW, "the output weights were updated too early", INK)


_HEADINGS = ("", "z", "activation", "delta", "gradients of its weights", "weights after the step")
_COLOURS = (INK, FORWARD, FORWARD, BACKWARD, BACKWARD, PURPLE)
_ROW = 0.21  # between lines, in inches


def _widths(table, block):
    """How wide the columns of a block are, in inches; symbols are shorter than they are written."""
    return [0.12 + 0.089 * max(len(line[c]) for line in table) if c else 0.3 for c in block]


def _put_block(fig, table, block, left, top):
    """Write some columns of the table, from a place in inches from the upper left corner."""
    for column, at in zip(block, np.cumsum([left, *_widths(table, block)]), strict=False):
        for row, line in enumerate(table):
            _put(fig, at, top + _ROW * row, line[column], _COLOURS[column])


def _put(fig, left, top, text, colour):
    width, height = fig.get_size_inches()
    fig.text(left / width, 1 - top / height, text, color=colour, va="top")


def _a_step(net, trace, T, eta, biases, early):
    """(gradients, the network after one step by them); see `whole_pass`."""
    first, last = net.layers
    grads = net.backward(trace, T)
    moved = Dense(first.W, first.b, first.activation), Dense(last.W, last.b, last.activation)
    moved[1].W -= eta * grads.dW[1]
    if early:
        dA = grads.delta[1] @ moved[1].W.T
        delta = first.activation.pull_back(dA, trace.z[0], trace.a[1])
        grads.delta[0], grads.dW[0], grads.db[0] = delta, trace.a[0].T @ delta, delta[0]
    moved[0].W -= eta * grads.dW[0]
    if biases:
        for layer, db in zip(moved, grads.db, strict=True):
            layer.b -= eta * db
    return grads, Network(list(moved), net.loss_function)


def _listed(trace, grads, moved):
    """The numbers of each neuron as texts, a row a neuron."""
    return [
        (
            f"${name}_{k + 1}$",
            f"{trace.z[l][0, k]:.4f}",
            f"{trace.a[l + 1][0, k]:.4f}",
            f"{grads.delta[l][0, k]:.4f}",
            "  ".join(f"{v:.4f}" for v in grads.dW[l][:, k]),
            "  ".join(f"{v:.4f}" for v in moved.layers[l].W[:, k]),
        )
        for l, name in enumerate("ho")
        for k in range(grads.delta[l].shape[1])
    ]


@figure
def two_paths(contributions, total):
    """Draw how the parts δ_k w_jk of several outputs add up to the blame of one hidden unit."""
    ax = axes(2.3)
    names = [f"through output {k + 1}" for k in range(len(contributions))] + ["together"]
    values = [*contributions, total]
    colours = [BACKWARD if v > 0 else FORWARD for v in values]
    bars = ax.barh(names[::-1], values[::-1], color=colours[::-1], height=0.6)
    ax.bar_label(bars, [f"{v:.4f}" for v in values[::-1]], padding=4)
    ax.axvline(0, color=GREY, lw=0.8)
    ax.margins(x=0.35)
    ax.set_xlabel(r"$\partial L/\partial h_1$")


@figure
def sizes_by_layer(sizes):
    """Draw, on a logarithmic axis, the mean |delta| of each layer; `sizes`: label -> sizes."""
    ax = axes(2.9)
    marks = zip((FORWARD, BACKWARD, GREEN, PURPLE), "os^D", strict=True)
    for (label, values), (colour, mark) in zip(sizes.items(), marks, strict=False):
        ax.semilogy(range(1, len(values) + 1), values, mark, ls="-", color=colour, label=label)
    ax.set_xlabel("layer (the output layer is the last)")
    ax.set_ylabel(r"mean $|\delta|$")
    ax.legend()


@figure
def passes(labels, counted, measured):
    """Draw backward time over forward time as bars, beside the ratio of counted multiplications."""
    ax = axes(2.7)
    at = np.arange(len(labels))
    ax.bar(at - 0.2, counted, 0.36, color=FORWARD, label="multiplications, counted")
    ax.bar(at + 0.2, measured, 0.36, color=BACKWARD, label="time, measured once")
    ax.axhline(2, color=GREY, lw=0.8, ls=":")
    ax.set_xticks(at, labels)
    ax.set_ylabel("backward / forward")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def measure(sizes, N, repeats=9):
    """Return the time of `Network.backward` over that of `forward`, the least of some repeats."""
    rng = np.random.default_rng(0)
    pairs = itertools.pairwise(sizes)
    net = Network([Dense.random(n, m, "tanh", rng) for n, m in pairs])
    X, T = rng.normal(size=(N, sizes[0])), rng.normal(size=(N, sizes[-1]))
    trace = net.forward(X)
    forward = min(timeit.repeat(lambda: net.forward(X), number=3, repeat=repeats))
    backward = min(timeit.repeat(lambda: net.backward(trace, T), number=3, repeat=repeats))
    return backward / forward
