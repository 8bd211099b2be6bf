"""A matrix as a table of tinted cells with their numbers."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

#: Blue below zero, orange above, both pale: dark numbers stand on it.
TINT = LinearSegmentedColormap.from_list("tint", ["#a9cbe8", "#ffffff", "#f6c3a0"])


def draw_table(ax, values, rows, columns, form, largest=None, size=11):
    """Draw values (n, m) on `ax`, rows named on the left, columns above; form: such as "{:.4f}".

    largest: what has the full tint, by default the largest of these values; size: of the numbers.
    """
    largest = np.abs(values).max() if largest is None else largest
    ax.imshow(values, cmap=TINT, vmin=-largest, vmax=largest, aspect="auto")
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.tick_params(length=0)
    for (i, j), value in np.ndenumerate(values):
        number = form.format(value).replace("-", "−")
        ax.text(j, i, number, ha="center", va="center", fontsize=size)
