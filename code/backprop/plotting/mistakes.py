"""The figures of chapter 08: losses of wrong gradients, their ratios, their fingerprints."""

import matplotlib.pyplot as plt
import numpy as np

from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PURPLE, WIDTH, axes, figure
from ._table import draw_table

STYLES = [(FORWARD, "-"), (BACKWARD, "--"), (GREEN, "-."), (PURPLE, ":")]


@figure
def losses(curves, logarithmic=False):
    """Draw losses against steps, one line for each label of `curves` (label -> losses).

    The label stands at the end of its line, so that it need not be looked for.
    """
    ax = axes(3.0)
    for (label, values), (colour, line) in zip(curves.items(), STYLES, strict=False):
        ax.plot(values, color=colour, ls=line, label=label)
    if logarithmic:
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=0)
    ax.set_xlabel("step")
    ax.set_ylabel("loss $L$")
    ax.legend()


@figure
def ratios(tables, columns=2):
    """Draw wrong gradient over right one, entry by entry: a small table for each title.

    tables: title -> ratios (n, m), all of one shape.
    """
    rows = -(-len(tables) // columns)
    _, grid = plt.subplots(rows, columns, figsize=(WIDTH, 1.9 * rows), squeeze=False)
    for ax, (title, values) in zip(grid.flat, tables.items(), strict=False):
        names = [rf"$a_{i + 1}$" for i in range(len(values))]
        units = [rf"$\delta_{j + 1}$" for j in range(values.shape[1])]
        draw_table(ax, values, names, units, "{:.2f}")
        ax.set_title(title)
    for ax in grid.flat[len(tables) :]:
        ax.set_visible(False)


@figure
def parade(distances, least=1e-17):
    """Draw how far a gradient is from each fingerprint, name by name, on a logarithmic axis.

    distances: name -> relative error; those below `least` are drawn there.
    """
    ax = axes(0.55 + 0.21 * len(distances))
    names = sorted(distances, key=distances.get, reverse=True)
    sizes = np.maximum([distances[name] for name in names], least)
    colours = [BACKWARD if size <= 1e-7 else FORWARD for size in sizes]
    ax.scatter(sizes, range(len(names)), c=colours, s=28, zorder=3)
    ax.axvline(1e-7, color=GREY, lw=0.9, ls=":")
    ax.set_xscale("log")
    ax.set_xlim(least / 10, 30)
    ax.set_ylim(-0.7, len(names) - 0.3)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("distance from the fingerprint")


@figure
def cosines(rows):
    """Draw the cosine between wrong and right gradient, a bar for each name, and what became of it.

    rows: name -> (cosine, loss at the start, loss at the end). A bar is blue where the loss fell.
    """
    ax = axes(0.75 + 0.21 * len(rows))
    names = sorted(rows, key=lambda name: rows[name][0])
    fell = [rows[name][2] < rows[name][1] for name in names]
    bars = ax.barh(
        names,
        [rows[name][0] for name in names],
        color=[FORWARD if down else BACKWARD for down in fell],
        hatch=["" if down else "//" for down in fell],
        edgecolor="white",
        height=0.7,
    )
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_xlim(-1.05, 1.05)
    ax.set_ylim(-0.7, len(names) - 0.3)
    ax.set_xlabel("cosine between the wrong and the right gradient")
    kinds = [bars[fell.index(down)] for down in (True, False) if down in fell]
    said = [text for down, text in ((True, "loss fell"), (False, "loss rose")) if down in fell]
    ax.figure.legend(kinds, said, loc="outside lower center", ncols=2)
