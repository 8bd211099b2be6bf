"""The figures of chapter 14: scores, ROC curves, AUC by luck, training against held-out losses."""

import numpy as np

from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PURPLE, axes, figure


@figure
def scores(values, labels, threshold):
    """Draw scores as dots on two lines, the 1s above the 0s, and a threshold between yes and no."""
    ax = axes(1.9)
    for label, colour, mark in ((1, BACKWARD, "o"), (0, FORWARD, "s")):
        x = np.asarray(values)[np.asarray(labels) == label]
        ax.plot(x, np.full(len(x), label), mark, color=colour)
    ax.axvline(threshold, color=INK, lw=1.0, ls="--")
    ax.text(threshold, 1.45, " yes", va="center")
    ax.text(threshold, 1.45, "no ", va="center", ha="right")
    ax.set_ylim(-0.6, 1.9)
    ax.set_yticks([0, 1], ["label 0", "label 1"])
    ax.set_xlabel("score")


@figure
def roc(curves):
    """Draw ROC curves; curves: label -> (false alarm rates, hit rates)."""
    ax = axes(3.6, 4.4)
    styles = zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    ax.plot([0, 1], [0, 1], color=GREY, lw=0.9, ls=":", label="coin")
    for (label, (x, y)), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.plot(x, y, line, color=colour, label=label)
    ax.set_aspect("equal")
    ax.set_xlabel("false alarm rate")
    ax.set_ylabel("hit rate")
    ax.legend(loc="lower right")


@figure
def luck(values, mark, spread):
    """Draw the histogram of AUCs won by luck, the bell of that spread, and one value marked."""
    ax = axes(2.9)
    edges = np.linspace(0.2, 0.8, 49)
    ax.hist(values, edges, density=True, color=FORWARD, alpha=0.55, label="random labels")
    x = np.linspace(0.2, 0.8, 241)
    bell = np.exp(-(((x - 0.5) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))
    ax.plot(x, bell, color=INK, lw=1.2, label="predicted")
    ax.axvline(mark, color=BACKWARD, ls="--", label=f"{mark:g}")
    ax.set_xlabel("AUC")
    ax.set_yticks([])
    ax.legend()


@figure
def held_out(curves, best=None):
    """Draw losses against steps on a logarithmic axis; best: the step where one would stop."""
    ax = axes(3.0)
    styles = zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (label, losses), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.plot(losses, line, color=colour, label=label)
    if best is not None:
        ax.axvline(best, color=GREY, lw=0.9, ls=":")
    ax.set_yscale("log")
    ax.set_xlabel("step")
    ax.set_ylabel("loss")
    ax.legend()
