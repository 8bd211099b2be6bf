"""What the tests of figures share: a backend without a screen, a figure's curves and letters."""

import matplotlib
import matplotlib.pyplot as plt

matplotlib.use("Agg")


def curves(ax=None):
    """Return label -> (N, 2) data of the lines of `ax`, by default the current axes."""
    return {line.get_label(): line.get_xydata() for line in (ax or plt.gca()).lines}


#: How wide a phone shows a picture, and how high the letters on it have to be, both in its pixels.
PHONE, LEAST = 350, 9.0


def small_letters(figure):
    """Yield "text: 7.4 px" for each text that a phone would show too small; indices count with it.

    A notebook cuts a picture to what is drawn and leaves 0.1 inches around it.
    """
    figure.canvas.draw()
    width = figure.get_tightbbox(figure.canvas.get_renderer()).width + 0.2
    for text in figure.findobj(plt.Text):
        size = text.get_fontsize() / 72 * PHONE / width
        if text.get_visible() and text.get_text().strip() and size < LEAST:
            yield f"{text.get_text()}: {size:.1f} px"
