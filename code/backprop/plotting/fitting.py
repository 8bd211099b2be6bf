"""The figures of chapter 12: hinges, fits with their bends, errors by size, tents, and outside."""

import numpy as np

from ._style import BACKWARD, FORWARD, GREEN, GREY, PURPLE, axes, figure

#: The ground of the interval that the examples come from.
SHADE = "#eef2f6"


@figure
def hinges(x, parts, whole):
    """Draw scaled hinges, one line each (parts: (m, N)), and their sum."""
    ax = axes(2.9)
    for i, part in enumerate(parts):
        ax.plot(x, part, color=GREY, lw=1.0, label="hinges, scaled" if i == 0 else None)
    ax.plot(x, whole, color=FORWARD, label="their sum")
    ax.set_xlabel("$x$")
    ax.legend()


@figure
def fits(x, target, curves, bends=None, shaded=None):
    """Draw a target and some fits; bends: label -> places, ticked below; shaded: (low, high)."""
    ax = axes(3.1)
    ax.plot(x, target, color=GREY, lw=4, alpha=0.45, label="target")
    styles = list(zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True))
    for (label, values), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.plot(x, values, line, color=colour, label=label)
    low, high = ax.get_ylim()
    for row, places in enumerate((bends or {}).values()):
        y = low - (0.06 + 0.06 * row) * (high - low)
        ax.plot(places, np.full(len(places), y), "|", ms=7, color=styles[row][0])
    if shaded:
        ax.axvspan(*shaded, color=SHADE, zorder=0, label="the knots lie here")
    ax.set_xlabel("$x$")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


@figure
def fit_at(x, target, values, bends, limits):
    """Draw a target and a fit in the making, on axes that stay: limits = (low, high) of y."""
    ax = axes(3.1)
    ax.plot(x, target, color=GREY, lw=4, alpha=0.45, label="target")
    ax.plot(x, values, color=BACKWARD, label="the network")
    low, high = limits
    inside = bends[(bends >= x[0]) & (bends <= x[-1])]
    ax.plot(inside, np.full(len(inside), low + 0.05 * (high - low)), "|", ms=9, color=BACKWARD)
    ax.set_ylim(low, high)
    ax.set_xlim(x[0], x[-1])
    ax.set_xlabel("$x$")
    ax.legend(loc="upper right")


@figure
def errors(sizes, curves, xlabel):
    """Draw largest errors against sizes, both logarithmic, one line for each label."""
    ax = axes(3.0)
    styles = zip((FORWARD, BACKWARD, GREEN), ("o-", "s--", "^-."), strict=True)
    for (label, values), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.loglog(sizes[: len(values)], values, line, color=colour, label=label)
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
    ax.set_xlabel(xlabel)
    ax.set_ylabel("largest error")
    ax.legend()


@figure
def folded(x, layers):
    """Draw the output of one, two, three … tent layers, one line each."""
    ax = axes(2.7)
    styles = zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (label, values), (colour, line) in zip(layers.items(), styles, strict=False):
        ax.plot(x, values, line, color=colour, label=label)
    ax.set_xlabel("$x$")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
