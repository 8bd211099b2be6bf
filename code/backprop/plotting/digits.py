"""The figures of chapter 13: a file's bytes, pictures of digits, how learning went, what it got."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import PercentFormatter

from ._style import BACKWARD, FORWARD, GREY, INK, PALE, SKY, WIDTH, axes, figure

#: Paper and ink; for weights blue below 0, orange above.
PAPER = LinearSegmentedColormap.from_list("paper", ["#f4f1ea", INK])
SIGNED = LinearSegmentedColormap.from_list("signed", [FORWARD, "#ffffff", BACKWARD])


@figure
def idx_file(data, fields):
    """Draw the bytes of a file, a row for each field: (how many bytes, meaning, "head" or "data").

    data: bytes. A field's row begins with its offset and ends with its meaning.
    """
    width = max(count for count, _, _ in fields)
    ax = axes(0.36 * len(fields) + 0.35)
    low = 0
    for row, (count, meaning, kind) in enumerate(fields):
        colour = {"head": FORWARD, "data": BACKWARD}[kind]
        ax.text(-0.75, row, str(low), ha="right", va="center", color=GREY)
        for i, byte in enumerate(data[low : low + count]):
            box = plt.Rectangle((i - 0.46, row - 0.4), 0.92, 0.8, fc="white", ec=colour, lw=1.2)
            ax.add_patch(box)
            ax.text(i, row, f"{byte:02x}", ha="center", va="center", family="monospace")
        ax.text(width - 0.1, row, meaning, va="center", color=colour)
        low += count
    ax.text(-0.75, -0.9, "offset", ha="right", va="center", color=GREY)
    ax.set_xlim(-2.1, width + 4.6)
    ax.set_ylim(len(fields) - 0.4, -1.3)
    ax.set_axis_off()
    ax.grid(False)


@figure
def pictures(images, titles=None, columns=10):
    """Draw images (N, rows, columns) in a grid, each with its title where there are titles."""
    panels = _panels(len(images), columns, 0.62 if titles is None else 0.82)
    for i, (ax, image) in enumerate(zip(panels, images, strict=False)):
        ax.imshow(image, cmap=PAPER, vmin=0, vmax=np.max(images))
        if titles is not None:
            ax.set_title(titles[i], pad=3)


@figure
def units(weights, shape):
    """Draw weights into units as pictures of that shape, on one scale; label -> W (n_in, n)."""
    largest = max(np.abs(W).max() for W in weights.values())
    n = max(W.shape[1] for W in weights.values())
    panels = _panels(n * len(weights), n, 0.72).reshape(len(weights), n)
    for row, (label, W) in zip(panels, weights.items(), strict=True):
        row[0].set_title(label, pad=3, loc="left")
        for ax, unit in zip(row, W.T, strict=False):
            ax.imshow(unit.reshape(shape), cmap=SIGNED, vmin=-largest, vmax=largest)


def _panels(count, columns, height):
    """Return `count` square axes without ticks, in rows of `columns`, each row that high."""
    rows = -(-count // columns)
    _, grid = plt.subplots(rows, columns, figsize=(WIDTH, height * rows * 10 / columns))
    panels = np.ravel(grid)
    for ax in panels:
        ax.grid(False)
        ax.set_axis_off()
    return panels[:count]


@figure
def probabilities(curves):
    """Draw probabilities after 1, 2, … steps, the first curve broadest; label -> one a step."""
    ax = axes(2.8)
    looks = zip((SKY, BACKWARD, INK, PALE), (7.0, 4.6, 2.6, 1.0), strict=True)
    for (label, values), (colour, width) in zip(curves.items(), looks, strict=False):
        steps = np.arange(1, len(values))  # a logarithm has no place for step 0
        ax.semilogx(steps, values[1:], color=colour, lw=width, label=label)
    ax.set_ylim(0, 1.04)
    ax.set_xlabel("step")
    ax.set_ylabel("probability of the 7")
    ax.legend(loc="lower right")


@figure
def by_count(counts, curves):
    """Draw fractions against how many pictures were learned from; label -> one for each count."""
    ax = axes(2.8)
    looks = zip((FORWARD, BACKWARD), ("o-", "s--"), strict=True)
    for (label, values), (colour, line) in zip(curves.items(), looks, strict=False):
        ax.semilogx(counts, values, line, color=colour, label=label)
    ax.set_xticks(counts, [f"{count:,}" for count in counts])
    ax.minorticks_off()
    ax.set_ylim(0, 1.04)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    ax.set_xlabel("pictures learned from")
    ax.set_ylabel("read rightly")
    ax.legend(loc="lower right")


@figure
def spreads(along, predicted, sizes, measured):
    """Draw the predicted spread at each batch size of `along`, and measured ones as dots."""
    ax = axes(2.8)
    ax.loglog(along, predicted, color=FORWARD, label="predicted")
    ax.loglog(sizes, measured, "o", color=BACKWARD, label="measured")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel("batch size $B$")
    ax.set_ylabel("spread of the gradient")
    ax.legend()


@figure
def history(seen):
    """Draw a `training.History`: losses above, logarithmic, and accuracies below, by epoch."""
    _, (top, bottom) = plt.subplots(2, 1, figsize=(WIDTH, 4.4), sharex=True)
    epochs = np.arange(1, seen.epochs + 1)
    for ax, train, held_out in (
        (top, seen.loss, seen.val_loss),
        (bottom, seen.accuracy, seen.val_accuracy),
    ):
        ax.plot(epochs, train, "o-", ms=4, color=FORWARD, label="training")
        ax.plot(epochs, held_out, "s--", ms=4, color=BACKWARD, label="held out")
    top.set_yscale("log")
    top.set_ylabel("loss")
    top.legend()
    bottom.set_ylabel("read rightly")
    bottom.yaxis.set_major_formatter(PercentFormatter(1.0, 0))
    bottom.set_xlabel("epoch")
    bottom.set_xticks(epochs[::2])


@figure
def confusion(C):
    """Draw counts C[j, k] of the digit j read as k; what lies off the diagonal is marked."""
    ax = axes(4.6)
    for (j, k), count in np.ndenumerate(C):
        wrong = j != k and count
        if j == k or wrong:
            colour = BACKWARD if wrong else "#dbe8f5"
            ax.add_patch(plt.Rectangle((k - 0.48, j - 0.48), 0.96, 0.96, fc=colour, lw=0))
        ax.text(
            k,
            j,
            str(count) if count else "·",
            ha="center",
            va="center",
            color="white" if wrong else INK if count else GREY,
        )
    ax.set_xlim(-0.6, len(C) - 0.4)
    ax.set_ylim(len(C) - 0.4, -0.6)
    ax.grid(False)
    ax.set_aspect("equal")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xticks(range(len(C)))
    ax.set_yticks(range(len(C)))
    ax.set_xlabel("read as")
    ax.set_ylabel("is a")
