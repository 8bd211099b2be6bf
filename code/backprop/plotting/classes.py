"""The figures of chapter 03: losses of probabilities, a Jacobian, deltas, regions of classes."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, WIDTH, axes, figure
from ._table import draw_table

#: One colour and one mark for each of three classes; the regions are the colours, paler.
CLASSES = ((FORWARD, "o", "#cfe0f0"), (BACKWARD, "s", "#f8dccb"), (GREEN, "^", "#cde5dc"))


@figure
def outputs_by_step(curves):
    """Draw outputs in [0, 1] against steps, on a logarithmic axis; label -> output at each step."""
    ax = axes(2.8)
    looks = zip((BACKWARD, FORWARD), ("--", "-"), strict=True)
    for (label, outputs), (colour, line) in zip(curves.items(), looks, strict=True):
        steps = np.arange(1, len(outputs))  # a logarithm has no place for step 0
        ax.semilogx(steps, outputs[1:], line, color=colour, label=label)
    ax.axhline(0.5, color=GREY, lw=0.8, ls=":")
    ax.set_xlabel("step")
    ax.set_ylabel("output $o$")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


@figure
def surprise(marks):
    """Draw −log a and ½(1 − a)² against a, and the points of the probabilities in `marks`."""
    ax = axes(2.8)
    a = np.linspace(0.01, 1, 200)
    ax.plot(a, -np.log(a), color=FORWARD, label=r"$-\log a$")
    ax.plot(a, 0.5 * (1 - a) ** 2, "--", color=BACKWARD, label=r"$\frac{1}{2}(1-a)^2$")
    ax.plot(marks, -np.log(marks), "o", color=FORWARD, label="the four examples")
    ax.set_xlabel("$a$, probability of the right class")
    ax.set_ylabel("loss")
    ax.legend()


@figure
def jacobian(J):
    """Draw the table J[k, j] = ∂a_k/∂z_j."""
    names = range(1, len(J) + 1)
    rows, columns = [f"$a_{k}$" for k in names], [f"$z_{j}$" for j in names]
    draw_table(axes(2.6), J, rows, columns, "{:.4f}")


@figure
def delta_bars(a, t):
    """Draw, for each class, the probability a, the target t, and their difference delta."""
    ax = axes(3.0)
    at = np.arange(len(a))
    for shift, values, colour, label in (
        (-0.27, a, FORWARD, "probability $a$"),
        (0.0, t, GREY, "target $t$"),
        (0.27, a - t, BACKWARD, r"$\delta = a - t$"),
    ):
        bars = ax.bar(at + shift, values, 0.25, color=colour, label=label)
        texts = [f"{v:.3f}".replace("-", "−") if v not in (0, 1) else f"{v:g}" for v in values]
        ax.bar_label(bars, texts, padding=2)
    ax.axhline(0, color=INK, lw=0.8)
    ax.margins(y=0.12)
    ax.grid(axis="x", visible=False)
    ax.set_xticks(at, [f"class {k + 1}" for k in at])
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.2)


@figure
def delta_sizes(lead, curves):
    """Draw the size of a delta against the lead of a wrong class; label -> one size a lead."""
    ax = axes(2.8)
    looks = zip((FORWARD, BACKWARD), ("-", "--"), strict=True)
    for (label, sizes), (colour, line) in zip(curves.items(), looks, strict=True):
        ax.plot(lead, sizes, line, color=colour, label=label)
    ax.set_ylim(0, 1.05)
    ax.set_xlabel("lead of a wrong class, a difference of scores")
    ax.set_ylabel(r"$|\delta|$ of the right class")
    ax.legend(loc="center right")


@figure
def regions(nets, X, T):
    """Draw side by side, for each network, where which of three classes has the largest score.

    nets: label -> `forward` of a network of two inputs; X (N, 2) and one-hot T (N, 3) are shown.
    """
    _, panels = plt.subplots(1, len(nets), figsize=(WIDTH, 3.0), sharey=True)
    side = np.linspace(-2, 2, 201)
    grid = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    pale = ListedColormap([ground for _, _, ground in CLASSES])
    for ax, (label, forward) in zip(panels, nets.items(), strict=True):
        best = forward(grid).a[-1].argmax(axis=1).reshape(len(side), -1)
        ax.imshow(best, cmap=pale, vmin=0, vmax=2, extent=(-2, 2, -2, 2), origin="lower")
        for k, (colour, mark, _) in enumerate(CLASSES):
            ax.plot(*X[T[:, k] == 1].T, mark, color=colour, ms=4, label=f"class {k + 1}")
        ax.grid(False)
        ax.set_title(label)
        ax.set_xlabel("$x_1$")
        ax.set_xticks([-2, 0, 2])
        ax.set_yticks([-2, 0, 2])
    panels[0].set_ylabel("$x_2$")
    handles, labels = panels[0].get_legend_handles_labels()
    panels[0].figure.legend(handles, labels, loc="outside lower center", ncols=3, columnspacing=1.2)
