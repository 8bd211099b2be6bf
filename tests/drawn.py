"""What the tests of figures share: a backend without a screen, and the curves of the figure."""

import matplotlib
import matplotlib.pyplot as plt

matplotlib.use("Agg")


def curves(ax=None):
    """Return label -> (N, 2) data of the lines of `ax`, by default the current axes."""
    return {line.get_label(): line.get_xydata() for line in (ax or plt.gca()).lines}
