"""The figures of chapter 10: five optimizers in ravines, on saddles and over learning rates."""

import matplotlib.pyplot as plt
import numpy as np

from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PURPLE, SKY, WIDTH, axes, figure

#: Five lines told apart by color and by dashes, in the order in which the chapter derives them.
LINES = (
    {"color": FORWARD, "ls": "-"},
    {"color": BACKWARD, "ls": "--"},
    {"color": GREEN, "ls": "-."},
    {"color": PURPLE, "ls": ":"},
    {"color": SKY, "ls": (0, (6, 1, 1, 1, 1, 1))},
)


@figure
def regimes(curves, reach=2.0):
    """Draw coordinates against steps, a dot a step; curves: label -> (n,), cut off at ±reach."""
    ax = axes(3.0)
    ax.axhline(0, color=GREY, lw=0.8)
    for (label, values), style in zip(curves.items(), LINES, strict=False):
        ax.plot(values, marker="o", ms=4, label=label, **style)
    ax.set_ylim(-reach, reach)
    ax.set_xlabel("step")
    ax.set_ylabel("the coordinate $c$")
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0))


@figure
def walks(f, paths, reach):
    """Draw a panel for each walk over the contours of f, a dot a step, a star at (0, 0).

    f: takes (x, y), each of any shape; paths: title -> (n, 2); reach: (x low, x high, y high).
    """
    left, right, top = reach
    x, y = np.meshgrid(np.linspace(left, right, 161), np.linspace(-top, top, 161))
    _, panels = plt.subplots(
        len(paths), 1, figsize=(WIDTH, 2.1 * len(paths)), sharex=True, squeeze=False
    )
    for ax, (title, path) in zip(panels[:, 0], paths.items(), strict=True):
        ax.contour(x, y, f((x, y)), levels=np.geomspace(1, 1000, 7), colors=GREY, linewidths=0.6)
        ax.plot(*path.T, ".-", color=BACKWARD, lw=1, ms=4)
        ax.plot(0, 0, "*", color=FORWARD, ms=12, zorder=4)
        ax.set_title(title)
        ax.set_xlim(left, right)
        ax.set_ylim(-top, top)
        ax.set_ylabel("$y$")
    ax.set_xlabel("$x$")


@figure
def paces(h, curves):
    """Draw by how much one step shrinks a direction, against ηλ; curves: label -> (n,)."""
    ax = axes(3.2)
    ax.axhspan(1, 1.3, color=GREY, alpha=0.15, lw=0)
    ax.text(0.02, 1.18, "grows", color=INK, transform=ax.get_yaxis_transform())
    for (label, values), style in zip(curves.items(), LINES, strict=False):
        ax.plot(h, values, label=label, **style)
    ax.set_xlim(h[0], h[-1])
    ax.set_ylim(0, 1.3)
    ax.set_xlabel(r"$\eta\lambda$: learning rate times curvature")
    ax.set_ylabel("factor of a step")
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0))


@figure
def by_step(curves, ylabel, predicted=None, marks=()):
    """Draw positive numbers against steps, logarithmic; curves: label -> (n,).

    predicted: label -> (n,), dotted under the curve of that label; marks: steps, dotted lines.
    """
    ax = axes(3.2)
    for (label, values), style in zip(curves.items(), LINES, strict=False):
        ax.semilogy(values, label=label, **style)
    for values in (predicted or {}).values():
        ax.semilogy(values, color=INK, lw=1, ls=(0, (1, 2)))
    for mark in marks:
        ax.axvline(mark, color=GREY, lw=1, ls=":")
    ax.set_xlabel("step")
    ax.set_ylabel(ylabel)
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0))


@figure
def without_hats(steps, factor):
    """Draw how much longer Adam's steps are without bias correction, against the step's number."""
    ax = axes(2.6)
    ax.semilogx(steps, factor, color=FORWARD)
    top = int(np.argmax(factor))
    ax.plot(steps[top], factor[top], "o", color=BACKWARD)
    ax.annotate(
        f"{factor[top]:.2f} at step {steps[top]}",
        (steps[top], factor[top]),
        (8, 0),
        textcoords="offset points",
        va="center",
    )
    ax.axhline(1, color=GREY, lw=0.9, ls=":")
    ax.set_ylim(0, 1.15 * factor[top])
    ax.set_xlabel("step $t$")
    ax.set_ylabel("times too long")


@figure
def sweep(etas, losses, floor=1e-8, ceiling=1e4):
    """Draw for each task the last losses against the learning rate, both logarithmic.

    etas: (n,); losses: task -> optimizer -> (n,); what diverged (inf) ends at the ceiling.
    """
    _, panels = plt.subplots(
        len(losses), 1, figsize=(WIDTH, 2.5 * len(losses)), sharex=True, squeeze=False
    )
    for ax, (task, curves) in zip(panels[:, 0], losses.items(), strict=True):
        for (name, values), style in zip(curves.items(), LINES, strict=True):
            ax.loglog(etas, np.clip(values, floor, ceiling), label=name, lw=1.6, **style)
        ax.set_title(task)
        ax.set_ylabel("loss at the end")
    ax.set_xlabel(r"learning rate $\eta$")
    handles, names = ax.get_legend_handles_labels()
    ax.figure.legend(handles, names, loc="outside upper center", ncols=3)
