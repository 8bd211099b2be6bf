"""The figures of chapter 01: one neuron, its factors, its saturation, a line fitted by hand."""

import numpy as np

from ..activations import sigmoid
from ._diagram import Edge, Node, draw
from ._style import BACKWARD, FORWARD, GREEN, GREY, PURPLE, WIDTH, axes, figure


@figure
def neuron(x, w, b, t, activation="sigmoid"):
    """Draw the neuron with its forward values and the derivative factor on every edge.

    x, w: (n,); b, t: numbers; activation: "sigmoid" or "identity". The loss is the half squared
    error.
    """
    z = float(np.dot(x, w) + b)
    if activation == "sigmoid":
        o, bend, factor = float(sigmoid(z)), r"$\sigma$", r"$\times\,o(1-o)$"
        slope = o * (1 - o)
    else:
        o, bend, factor, slope = z, "as it is", r"$\times\,1$", 1.0
    delta = (o - t) * slope
    n = len(x)
    middle = n / 2
    nodes = [Node(0, 1.6 * (n - j), f"$x_{j + 1}$", f"{x[j]:g}") for j in range(n)]
    nodes.append(Node(0, 0, "1"))
    nodes += [
        Node(2.4, 1.6 * middle, "$z$", f"{z:.4g}", f"$\\delta$ =\n{delta:.4f}"),
        Node(4.8, 1.6 * middle, "$o$", f"{o:.4f}", f"{o - t:.4f}"),
        Node(7.2, 1.6 * middle, "$L$", f"{0.5 * (o - t) ** 2:.4f}", "1"),
    ]
    edges = [
        Edge(j, n + 1, f"$w_{j + 1}$ = {w[j]:g}", f"{delta * x[j]:.4f}", at=0.42) for j in range(n)
    ]
    edges.append(Edge(n, n + 1, f"$b$ = {b:g}", f"{delta:.4f}", at=0.42))
    edges += [
        Edge(n + 1, n + 2, bend, f"{factor}\n= {slope:.4f}"),
        Edge(n + 2, n + 3, r"$\frac{1}{2}(o-t)^2$", f"$\\times\\,(o-t)$\n= {o - t:.4f}"),
    ]
    draw(nodes, edges, (WIDTH, 4.2), ("values", "slopes of L, and factors"))


@figure
def loss_and_tangent(loss, w, slope, span=6.0):
    """Draw L against one weight, with the tangent of the given slope at its present value."""
    ax = axes(2.8)
    ws = np.linspace(w - span, w + span, 201)
    ax.plot(ws, [loss(v) for v in ws], color=FORWARD, label="loss $L$")
    near = np.array([w - 0.42 * span, w + 0.42 * span])
    ax.plot(
        near,
        loss(w) + slope * (near - w),
        color=BACKWARD,
        label=f"tangent, slope {slope:.4f}",
    )
    ax.plot([w], [loss(w)], "o", color=BACKWARD)
    ax.set_xlabel("the weight $w_3$")
    ax.set_ylabel("$L$")
    ax.legend()


@figure
def two_sigmoids():
    """Draw 1/(1 + e^−z) beside 1/(1 − e^−z), with the pole of the second at 0."""
    ax = axes(2.8)
    z = np.linspace(-6, 6, 401)
    ax.plot(z, sigmoid(z), color=FORWARD, label=r"$1/(1+e^{-z})$")
    for side, label in ((z[z > 0.05], r"$1/(1-e^{-z})$"), (z[z < -0.05], None)):
        ax.plot(side, 1 / (1 - np.exp(-side)), color=BACKWARD, ls="--", label=label)
    ax.axvline(0, color=GREY, lw=0.8)
    ax.set_ylim(-4, 4)
    ax.set_xlabel("$z$")
    ax.legend()


@figure
def saturation(t=0.0):
    """Draw, against z, the loss of a sigmoid neuron with target t and the size of its delta."""
    ax = axes(2.8)
    z = np.linspace(-8, 12, 401)
    o = sigmoid(z)
    ax.plot(z, 0.5 * (o - t) ** 2, color=FORWARD, label="loss $L$: how wrong it is")
    ax.plot(
        z,
        np.abs((o - t) * o * (1 - o)),
        color=BACKWARD,
        label=r"$|\delta|$: how fast it learns",
    )
    ax.axvline(np.log(2), color=GREY, lw=0.8, ls=":")
    ax.set_xlabel("$z$, for target $t = 0$")
    ax.legend(loc="upper left")


@figure
def learning_curves(curves, xlabel="step"):
    """Draw losses against steps, one line for each label of `curves` (label -> losses)."""
    ax = axes(2.8)
    styles = zip((FORWARD, BACKWARD, GREEN, PURPLE), ("-", "--", "-.", ":"), strict=True)
    for (label, losses), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.plot(losses, color=colour, ls=line, label=label)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("loss $L$")
    ax.legend()


@figure
def descent_on_line(path, grid, loss, minimum):
    """Draw the contours of loss(w, b) on the grid's box and the path of (w, b) over them.

    path: (steps + 1, 2); grid: (w_low, w_high, b_low, b_high); loss takes (..., 2);
    minimum: the point (w, b) that is sought.
    """
    ax = axes(3.2)
    w, b = np.meshgrid(np.linspace(*grid[:2], 121), np.linspace(*grid[2:], 121))
    values = loss(np.stack([w, b], -1))
    lines = ax.contour(w, b, values, levels=np.geomspace(0.01, 10, 10), colors=GREY, linewidths=0.8)
    ax.clabel(lines, lines.levels[::3], fmt="%.2g")
    ax.plot(*path.T, ".-", color=BACKWARD, ms=3, label="after each pass over the data")
    ax.plot(*minimum, "*", color=FORWARD, ms=14, label="minimum")
    ax.set_xlabel("$w$")
    ax.set_ylabel("$b$")
    ax.legend(loc="lower left")
