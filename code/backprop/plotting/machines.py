"""The figures of chapter 15: shares of a batch, a ring at work, descents, all-reduces."""

import matplotlib.pyplot as plt
import numpy as np

from ..distributed import all_reduce_time, fit_all_reduce, step_time
from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PURPLE, WIDTH, axes, figure

LINES = list(zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True))
#: From one machine's numbers to all: pale to deep. Only the last bears white text.
FILLS = ("#dbe7f3", "#a9cbe8", "#3f94c7", "#0b5fa5")


@figure
def shares(sizes):
    """Draw what each example counts in a gradient whose shards, of these sizes, count alike.

    Beside it, what it should count: 1/N.
    """
    ax = axes(2.7)
    sizes = np.asarray(sizes)
    plain = np.repeat(1 / (len(sizes) * sizes), sizes)
    rows = np.arange(len(plain) + 1)
    ax.stairs(plain, rows, color=BACKWARD, lw=1.8, label="shards averaged plainly")
    ax.plot(
        rows[[0, -1]], [1 / len(plain)] * 2, color=FORWARD, ls="--", label="each example alike: 1/N"
    )
    ax.set_yscale("log")
    ax.set_xlabel("example of the batch")
    ax.set_ylabel("its share")
    ax.legend(loc="upper left")


@figure
def ring(history):
    """Draw, for each step, how many machines' numbers each chunk on each machine holds.

    history: of `ring_all_reduce` for ones (K, K), so that a chunk's value is that count.
    """
    K = len(history[0])
    columns = (len(history) + 1) // 2
    panels = plt.subplots(2, columns, figsize=(WIDTH, 3.5))[1]
    for ax in panels.flat:
        ax.set_axis_off()
    first = {0: 0} | {s: s for s in range(1, K)}
    first |= {s: s + columns - K + 1 for s in range(K, len(history))}
    for step, held in enumerate(history):
        ax = panels.flat[first[step]]
        for (i, c), count in np.ndenumerate(held):
            shade = FILLS[round((count - 1) / (K - 1) * (len(FILLS) - 1))]
            ax.add_patch(plt.Rectangle((c, i), 0.94, 0.94, fc=shade, ec="none"))
            dark = shade == FILLS[-1]
            ax.text(
                c + 0.47, i + 0.5, f"{count:.0f}", ha="center", va="center",
                color="white" if dark else INK,
            )  # fmt: skip
        ax.set_xlim(0, K)
        ax.set_ylim(K, 0)
        ax.set_aspect("equal")
        ax.set_title(_title(step, K), color=INK)
    key = panels[1, 0]  # the field under "start" is free: 2K − 1 tables fill all others
    key.text(0.5, 0.5, "a row:\na machine\n\na column:\na chunk", ha="center", va="center")


def _title(step, K):
    if step == 0:
        return "start"
    return f"add {step}" if step < K else f"hand on {step - K + 1}"


@figure
def descents(curves, top):
    """Draw losses against steps, one line for each label of `curves`, up to the loss `top`."""
    ax = axes(2.8)
    for (label, losses), (colour, line) in zip(curves.items(), LINES, strict=False):
        ax.plot(losses, color=colour, ls=line, label=label)
    ax.set_ylim(0, top)
    ax.set_xlabel("step")
    ax.set_ylabel("loss $L$")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


@figure
def all_reduce(measured, workers):
    """Draw measured times (n -> seconds) of an all-reduce and the model's line through them."""
    ax = axes(2.9)
    n = np.array(sorted(measured))
    ax.loglog(n, [measured[k] for k in n.tolist()], "o", color=BACKWARD, label="measured")
    grid = np.geomspace(n[0], n[-1], 101)
    model = all_reduce_time(grid, workers, *fit_all_reduce(measured, workers))
    ax.loglog(grid, model, color=FORWARD, label="model")
    ax.set_xlabel("numbers to add, $n$")
    ax.set_ylabel("seconds")
    ax.legend(loc="upper left")


@figure
def speedups(compute, lengths, alpha, beta, most=64):
    """Draw t(1)/t(K) for K up to `most`, one line for each length n, its best K marked."""
    ax = axes(3.0)
    K = np.arange(1, most + 1)
    ax.plot(K, K, color=GREY, lw=1, label="K times as fast")
    for n, (colour, line) in zip(lengths, LINES, strict=False):
        times = np.array([step_time(k, compute, n, alpha, beta) for k in K.tolist()])
        gain = compute / times
        ax.plot(K, gain, color=colour, ls=line, label=f"n = {n:,}")
        best = int(times.argmin())
        ax.plot(K[best], gain[best], "o", color=colour)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set_ylim(0.5, most)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
    ax.set_xlabel("machines, $K$")
    ax.set_ylabel("times as fast as one")
    ax.legend(loc="upper left")
