"""Networks as drawings: nodes in columns, forward values in blue, derivatives in orange."""

import math
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.patheffects import withStroke

from ._style import BACKWARD, FORWARD, GREY, INK, LETTERS

RADIUS = 0.32
#: A line that passes behind a number is broken there: it must not strike it through.
HALO = [withStroke(linewidth=2.5, foreground="white")]


@dataclass
class Node:
    """A circle at (x, y) with a symbol; its value stands above it, its derivative below."""

    x: float
    y: float
    symbol: str
    forward: str = ""
    backward: str = ""
    plain: bool = False  # no circle: a bias's 1, an input


@dataclass
class Edge:
    """A line from `start` to `end` (indices of nodes); texts at `at`, a fraction of its length."""

    start: int
    end: int
    forward: str = ""
    backward: str = ""
    at: float = 0.5


def draw(nodes, edges, size, legend=("values", "derivatives"), margin=0.75):
    """Draw nodes and edges to scale in a new figure of `size` inches; margin: beside the nodes."""
    fig, ax = plt.subplots(figsize=size)
    ax.set_axis_off()
    ax.grid(False)
    ax.set_aspect("equal")
    for edge in edges:
        _draw_edge(ax, nodes[edge.start], nodes[edge.end], edge)
    for node in nodes:
        _draw_node(ax, node)
    for i, (text, colour) in enumerate(zip(legend, (FORWARD, BACKWARD), strict=False)):
        fig.text(0.03 + 0.36 * i, 0.01, text, color=colour, va="bottom")
    xs, ys = [n.x for n in nodes], [n.y for n in nodes]
    ax.set_xlim(min(xs) - margin, max(xs) + margin)
    ax.set_ylim(min(ys) - 0.95, max(ys) + 0.75)
    return fig, ax


def _draw_node(ax, node):
    if not node.plain:
        ax.add_patch(plt.Circle((node.x, node.y), RADIUS, fc="white", ec=INK, lw=1.3, zorder=3))
    size = LETTERS if node.symbol.isalpha() else 12  # a word such as max, where a symbol is math
    ax.text(node.x, node.y, node.symbol, ha="center", va="center", fontsize=size, zorder=4)
    above, below = node.y + RADIUS + 0.06, node.y - RADIUS - 0.08
    shared = {"ha": "center", "path_effects": HALO, "zorder": 4}
    ax.text(node.x, above, node.forward, va="bottom", color=FORWARD, **shared)
    ax.text(node.x, below, node.backward, va="top", color=BACKWARD, **shared)


def _draw_edge(ax, a, b, edge):
    length = math.hypot(b.x - a.x, b.y - a.y)
    ux, uy = (b.x - a.x) / length, (b.y - a.y) / length
    gap = RADIUS + 0.04
    ax.annotate(
        "",
        xy=(b.x - gap * ux, b.y - gap * uy),
        xytext=(a.x + gap * ux, a.y + gap * uy),
        arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.1},
        zorder=1,
    )
    x, y = a.x + edge.at * (b.x - a.x), a.y + edge.at * (b.y - a.y)
    angle = math.degrees(math.atan2(uy, ux))
    for text, colour, side in ((edge.forward, FORWARD, 1), (edge.backward, BACKWARD, -1)):
        if text:
            ax.text(
                x - side * 0.05 * uy,
                y + side * 0.05 * ux,
                text,
                rotation=angle,
                rotation_mode="anchor",
                ha="center",
                va="bottom" if side > 0 else "top",
                color=colour,
                path_effects=HALO,
                zorder=2,
            )
