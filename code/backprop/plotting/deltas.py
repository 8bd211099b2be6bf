"""The figures of chapter 05: values and deltas on a network, deltas by depth, the price."""

import itertools
import timeit

import numpy as np

from ..network import Dense, Network
from ._diagram import Edge, Node, draw
from ._style import BACKWARD, FORWARD, GREEN, GREY, PURPLE, axes, figure


@figure
def network(net, X, T, backward=True):
    """Draw a two-layer `Network` of at most 4 units a layer with the values of its first example.

    Above each unit its activation, below it its delta; on each edge the weight and, under it,
    ∂L/∂w. backward=False leaves the deltas and gradients out.
    """
    trace = net.forward(X)
    grads = net.backward(trace, T)
    columns = [trace.a[0][0], *(a[0] for a in trace.a[1:])]
    names = ["x", "h", "o"]
    nodes, index = [], {}
    for c, values in enumerate(columns):
        for r, value in enumerate(values):
            index[c, r] = len(nodes)
            y = 2.1 * ((len(values) - 1) / 2 - r)
            below = rf"$\delta$ = {grads.delta[c - 1][0, r]:.4f}" if c and backward else ""
            nodes.append(Node(3.3 * c, y, f"${names[c]}_{r + 1}$", f"{value:.4f}", below))
    edges = []
    for layer, (W, dW) in enumerate(zip((la.W for la in net.layers), grads.dW, strict=True)):
        for j, k in np.ndindex(W.shape):
            slope = f"{dW[j, k]:.4f}" if backward else ""
            at = 0.5 if j == k else 0.34
            edge = Edge(index[layer, j], index[layer + 1, k], f"{W[j, k]:.2f}", slope, at)
            edges.append(edge)
    legend = ("activations, weights", "deltas, gradients of the weights")
    draw(nodes, edges, (5.6, 3.4), legend if backward else legend[:1])


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
