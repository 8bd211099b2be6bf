"""The figures of chapter 11: shared memory, programs that drift apart, losses on a log scale."""

import matplotlib.pyplot as plt
import numpy as np

from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PURPLE, SKY, WIDTH, axes, figure

COLOURS = (FORWARD, BACKWARD, GREEN, PURPLE, SKY)
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))


@figure
def memory(rows):
    """Draw names that point to rows of numbers. rows: a list of (names, numbers, colour index).

    Names in one row share its memory: what is written through one is read through all.
    """
    ax = plt.subplots(figsize=(WIDTH, 0.5 + 0.95 * len(rows)))[1]
    ax.set_axis_off()
    ax.set_xlim(-0.1, 6.1)
    ax.set_ylim(-len(rows) + 0.42, 0.58)
    ax.grid(False)
    for i, (names, numbers, colour) in enumerate(rows):
        for k, name in enumerate(names):
            y = -i + 0.3 * ((len(names) - 1) / 2 - k)
            ax.annotate(
                name,
                xy=(2.42, -i),
                xytext=(0.0, y),
                va="center",
                family="monospace",
                arrowprops={"arrowstyle": "-|>", "color": GREY},
            )
        for j, number in enumerate(numbers):
            cell = plt.Rectangle(
                (2.5 + 1.1 * j, -i - 0.3), 1.1, 0.6, fc="white", ec=COLOURS[colour], lw=1.5
            )
            ax.add_patch(cell)
            ax.text(
                3.05 + 1.1 * j,
                -i,
                f"{number:g}".replace("-", "−"),
                ha="center",
                va="center",
                color=INK,
            )


@figure
def drift(losses, differences, bound):
    """Draw losses over the steps, and below them how far the programs are from the first.

    losses: (steps + 1,); differences: label -> relative differences (steps + 1,), of which the
    largest so far is drawn; bound: (steps + 1,), drawn in gray.
    """
    above, below = plt.subplots(2, 1, figsize=(WIDTH, 4.8), sharex=True, height_ratios=(2, 3))[1]
    above.semilogy(losses, color=INK)
    above.set_ylabel("loss $L$")
    styles = zip(COLOURS, LINES, strict=True)
    for (label, values), (colour, line) in zip(differences.items(), styles, strict=False):
        largest = np.maximum.accumulate(values)
        # A difference of exactly 0 has no place on a logarithmic axis.
        largest = np.where(largest > 0, largest, np.nan)
        below.semilogy(largest, ls=line, color=colour, label=label)
    below.semilogy(bound, color=GREY, lw=3, alpha=0.5, label=r"$\propto 1/\sqrt{L}$")
    below.set_xlabel("step")
    below.set_ylabel("largest difference so far")
    below.legend(loc="upper center", bbox_to_anchor=(0.5, -0.24), ncols=2)


@figure
def losses(curves, xlabel="step", top=None):
    """Draw losses against steps on a logarithmic axis, one line for each label of `curves`.

    top: where the picture ends above, whatever leaves it; below it ends under the smallest loss.
    """
    ax = axes(3.1)
    styles = zip(COLOURS, LINES, strict=True)
    for (label, values), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.semilogy(values, color=colour, ls=line, label=label)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("loss $L$")
    if top is not None:
        ax.set_ylim(min(map(np.nanmin, curves.values())) / 10, top)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
