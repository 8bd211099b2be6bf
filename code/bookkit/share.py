"""The pictures that stand for the book elsewhere: shared links, bookmarks, home screens.

``share.png`` shows one gradient found in three ways. Its numbers are computed when it is drawn.
"""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch
from PIL import Image

GREEN, INK, PAPER, LINE = "#1a6f35", "#222832", "#ffffff", "#c6ccd3"


def the_gradient():
    """dL/dw_3 of chapter 1's neuron: by hand, by central differences, by PyTorch."""
    import torch

    x, w, b, t, h = np.array([0.5, -1.0, 2.0]), np.array([0.4, 0.3, 0.6]), -0.1, 0.2, 1e-5

    def loss(w):
        return 0.5 * (1 / (1 + np.exp(-(w @ x + b))) - t) ** 2

    o = 1 / (1 + np.exp(-(w @ x + b)))
    by_hand = (o - t) * o * (1 - o) * x[2]
    step = np.array([0, 0, h])
    by_difference = (loss(w + step) - loss(w - step)) / (2 * h)
    leaf = torch.tensor(w, requires_grad=True)
    (0.5 * (torch.sigmoid(leaf @ torch.tensor(x) + b) - t) ** 2).backward()
    return by_hand, by_difference, leaf.grad[2].item()


def share_picture():
    """A figure of 1200 by 630 pixels: the title, and one gradient in three ways."""
    figure = plt.figure(figsize=(12, 6.3), dpi=100, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1200), ylim=(630, 0))
    axes.axis("off")
    axes.add_patch(plt.Rectangle((0, 0), 1200, 18, color=GREEN))
    title = {"color": INK, "fontsize": 46, "weight": "bold", "va": "baseline"}
    axes.text(70, 140, "Backpropagation,", **title)
    axes.text(70, 215, "Derived and Checked", **title)
    chain = r"$\frac{\partial L}{\partial w_3} = (o - t)\;o\,(1 - o)\;x_3$"
    axes.text(70, 325, chain, fontsize=40, color=INK, va="center", math_fontfamily="cm")
    ways = ("on paper", "by differences", "by PyTorch")
    for n, (way, value) in enumerate(zip(ways, the_gradient(), strict=True)):
        left = 70 + n * 360
        box = FancyBboxPatch((left, 425), 320, 130, boxstyle="round,pad=0,rounding_size=10")
        box.set(facecolor="#e4f4e9", edgecolor=GREEN, linewidth=2)
        axes.add_patch(box)
        axes.text(left + 160, 468, way, fontsize=20, color=INK, ha="center", va="center")
        number = {"fontsize": 32, "weight": "bold", "ha": "center", "va": "center"}
        axes.text(left + 160, 520, f"{value:.6f}", color=GREEN, **number)
    return figure


def icon(size):
    """A figure of ``size`` by ``size`` pixels: the nabla of ``assets/favicon.svg``."""
    figure = plt.figure(figsize=(size / 100, size / 100), dpi=100, facecolor=GREEN)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 48), ylim=(48, 0))
    axes.axis("off")
    axes.add_patch(
        plt.Polygon(
            [(9, 13), (39, 13), (24, 38)],
            fill=False,
            edgecolor=PAPER,
            linewidth=5 * size / 48 * 72 / 100,
            joinstyle="round",
        )
    )
    return figure


def png(figure, colours=64):
    """The figure as the bytes of a PNG with a palette: small, and the same each time."""
    drawn, out = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", facecolor=figure.get_facecolor())
    plt.close(figure)
    picture = Image.open(drawn).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    picture.save(out, format="png", optimize=True)
    return out.getvalue()


def draw_pictures(root):
    """Write ``assets/share.png`` and the two icons under ``root``; their paths."""
    drawn = {
        "share.png": share_picture(),
        "favicon.png": icon(48),
        "touch-icon.png": icon(180),
    }
    paths = []
    for name, figure in drawn.items():
        path = Path(root) / "assets" / name
        fresh = path.with_suffix(".png.new")
        fresh.write_bytes(png(figure))
        fresh.replace(path)
        paths.append(path)
    return paths
