"""One look for every figure: sizes, colours, an opaque ground."""

import functools

import matplotlib
import matplotlib.pyplot as plt

#: Forward values, backward values, and three more (Okabe and Ito's palette, told apart by all).
FORWARD, BACKWARD, GREEN, PURPLE, SKY = "#0b5fa5", "#c2410c", "#00795a", "#8b3d77", "#3f94c7"
INK, GREY, PALE = "#1f2933", "#5f6b76", "#d5dbe1"
#: How wide a picture is, in inches, and its letters, in points, none of them smaller. A phone shows
#: a picture 350 pixels wide, its letters 9 to 10 pixels high: with 10 points up to 5.4 inches.
WIDTH, LETTERS = 5.0, 10

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": plt.cycler(color=[FORWARD, BACKWARD, GREEN, PURPLE, SKY]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": LETTERS,
    "figure.constrained_layout.use": True,
    "figure.dpi": 150,
    "figure.facecolor": "white",
    "font.size": LETTERS,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def axes(height, width=WIDTH):
    """Return the axes of a new figure of that size in inches."""
    return plt.subplots(figsize=(width, height))[1]


def figure(function):
    """Decorate a drawing function: the book's look inside it, None returned, nothing left set."""

    @functools.wraps(function)
    def drawn(*args, **kwargs):
        with plt.rc_context(STYLE):
            function(*args, **kwargs)
            interactive = matplotlib.is_interactive()
        # A notebook's backend turns interactive on with the first figure, and rc_context takes it
        # back on leaving: no later figure would be shown.
        matplotlib.interactive(interactive)

    return drawn
