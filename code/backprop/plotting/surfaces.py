"""The figures of chapter 09: a surface with four valleys, and what walks down into them."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, LogNorm

from ._style import BACKWARD, FORWARD, GREEN, GREY, INK, PALE, PURPLE, WIDTH, axes, figure

#: Half the side of the square that every map shows, as the source text's picture does.
REACH = 6.0
#: One pale ground for each of the four minima, and one dark line on it; told apart without colour
#: by the minimum written into each region.
GROUNDS = ("#bcd7ee", "#f6d3b8", "#b5dccb", "#e2c4d8")
LINES = (FORWARD, BACKWARD, GREEN, PURPLE)
MARKS = {
    "minimum": {"marker": "o", "color": FORWARD},
    "saddle": {"marker": "X", "color": BACKWARD},
    "maximum": {"marker": "^", "color": INK},
}


def _square(points, reach=REACH):
    """The points (points, points, 2) of a grid over the square, and its coordinates."""
    side = np.linspace(-reach, reach, points)
    return np.stack(np.meshgrid(side, side), -1), side


def _contours(ax, surface, **style):
    grid, side = _square(181)
    levels = np.geomspace(2, 1600, 12)
    return ax.contour(side, side, surface(grid), levels=levels, **style)


def _axes(ax, x="$x$", y="$y$"):
    ax.set_xlim(-REACH, REACH)
    ax.set_ylim(-REACH, REACH)
    ax.set_xticks(range(-6, 7, 2))
    ax.set_yticks(range(-6, 7, 2))
    ax.set_aspect("equal")
    ax.set_xlabel(x)
    ax.set_ylabel(y)


def _name(point):
    """(3, 2), or (-3.78, -3.28) with a real minus."""
    return (
        "(" + ", ".join(f"{v:.2f}".rstrip("0").rstrip(".") for v in point).replace("-", "−") + ")"
    )


@figure
def parabolas(crossings):
    """Draw u = 0 and v = 0 and their crossings (4, 2), each with its coordinates."""
    ax = axes(4.8)
    t = np.linspace(-REACH, REACH, 241)
    ax.plot(t, 11 - t**2, color=FORWARD, label="$u = x^2 + y - 11 = 0$")
    ax.plot(7 - t**2, t, color=BACKWARD, ls="--", label="$v = x + y^2 - 7 = 0$")
    for x, y in crossings:
        ax.plot(x, y, "o", color=INK)
        ax.annotate(
            _name((x, y)),
            (x, y),
            (-8 if x > 0 else 8, -14 if (x > 0) == (y > 0) else 8),
            textcoords="offset points",
            ha="right" if x > 0 else "left",
        )
    _axes(ax)
    ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))


@figure
def surface(f, reach=5.0):
    """Draw z = f(x, y) in three dimensions over the square [−reach, reach]²."""
    _, ax = plt.subplots(figsize=(WIDTH, 4.2), subplot_kw={"projection": "3d"})
    grid, _ = _square(121, reach)
    z = f(grid)
    ax.plot_surface(
        grid[..., 0],
        grid[..., 1],
        z,
        cmap="viridis",
        norm=LogNorm(3, z.max()),
        rcount=81,
        ccount=81,
        linewidth=0.1,
        edgecolor=(1, 1, 1, 0.25),
    )
    ax.view_init(55, -120)
    ax.set(xlabel="$x$", ylabel="$y$", zticks=range(0, 1000, 200))
    ax.set_zlabel("$f$", labelpad=4)
    ax.set_box_aspect((1, 1, 0.6), zoom=0.95)


@figure
def stationary_map(f, points):
    """Draw contours of f and every `StationaryPoint`, marked by its kind and labelled f there."""
    ax = axes(5.2)
    _contours(ax, f, colors=GREY, linewidths=0.6)
    for kind, mark in MARKS.items():
        ours = [p for p in points if p.kind == kind]
        plural = "minima" if kind == "minimum" else f"{kind}s"
        label = kind if len(ours) == 1 else f"{len(ours)} {plural}"
        ax.plot(*np.array([p.x for p in ours]).T, ls="", ms=9, mec="white", label=label, **mark)
        for p in ours:
            ax.annotate(
                f"{p.value:.1f}" if p.value > 1e-9 else "0",
                p.x,
                (0, 8),
                textcoords="offset points",
                ha="center",
                bbox={"fc": "white", "ec": "none", "alpha": 0.85, "pad": 0.8},
            )
    _axes(ax)
    ax.legend(loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0), handletextpad=0.2)


@figure
def splitting(etas, xs, bound):
    """Draw where gradient descent ends up against its learning rate, and the predicted bound.

    etas: (n,); xs: (k, n), the x of the last k points of each run; bound: the predicted rate.
    """
    ax = axes(3.7)
    ax.axvline(bound, color=BACKWARD, lw=1.4, label=rf"predicted bound, $\eta$ = {bound:.6f}")
    ax.plot(
        np.broadcast_to(etas, xs.shape).ravel(), xs.ravel(), ",", color=FORWARD, rasterized=True
    )
    ax.xaxis.set_major_locator(plt.MultipleLocator(0.005))
    ax.set_xlabel(r"learning rate $\eta$")
    ax.set_ylabel("the last values of $x$")
    ax.legend(loc="lower left")


@figure
def paths(f, walks):
    """Draw walks over the contours of f; walks: label -> path (n, 2). A dot starts, a star ends."""
    ax = axes(5.4)
    _contours(ax, f, colors=PALE, linewidths=0.9)
    styles = zip(LINES, ("-", "--", "-.", (0, (1, 1))), strict=True)
    for (label, path), (colour, line) in zip(walks.items(), styles, strict=False):
        ax.plot(*path.T, color=colour, ls=line, label=label)
        ax.plot(*path[0], "o", color=colour)
        ax.plot(*path[-1], "*", color=colour, ms=13, mec="white")
    _axes(ax)
    ax.legend(loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))


@figure
def basin_maps(maps, points, gradient=None):
    """Draw one map of basins for each title of `maps`, side by side.

    maps: title -> (n, n) numbers 0 to 3: which minimum each start of a grid over the square
    reaches, rows by rising y. points: the `StationaryPoint`s, minima first, marked by their kind.
    gradient: where given, the last map shows the lines on which one of its components is 0.
    """
    n = len(maps)
    size = (WIDTH, 2.75) if n > 1 else (3.6, 3.7)
    _, panels = plt.subplots(1, n, figsize=size, sharey=True, squeeze=False)
    for ax, (title, reached) in zip(panels[0], maps.items(), strict=True):
        side = np.linspace(-REACH, REACH, len(reached))
        ground = {"cmap": ListedColormap(GROUNDS), "vmin": -0.5, "vmax": 3.5}
        ax.pcolormesh(side, side, reached, rasterized=True, **ground)
        for p in points:
            _mark_in_basin(ax, p)
        ax.grid(False)
        ax.set_title(title)
        _axes(ax, y="$y$" if ax is panels[0, 0] else "")
    if gradient is not None:
        grid, side = _square(181)
        for component, line in zip(np.moveaxis(gradient(grid), -1, 0), (":", "--"), strict=True):
            panels[0, -1].contour(
                side, side, component, levels=[0], colors=INK, linewidths=0.9, linestyles=line
            )


def _mark_in_basin(ax, p):
    if p.kind != "minimum":
        ax.plot(*p.x, ls="", ms=6, mec="white", zorder=4, **MARKS[p.kind])
        return
    ax.plot(*p.x, "*", color=INK, ms=8, zorder=4)
    ax.annotate(
        _name(p.x),
        (np.clip(p.x[0], -2.7, 2.7), p.x[1]),  # the name ends where the map does
        (0, -12),
        textcoords="offset points",
        ha="center",
        bbox={"fc": "white", "ec": "none", "alpha": 0.6, "pad": 0.6},
        zorder=5,
    )


#: The line of each rule that races: its colour and its dashes.
RACE = {
    "descent": {"color": FORWARD, "ls": "-"},
    "momentum": {"color": BACKWARD, "ls": "--"},
    "RMSProp": {"color": GREEN, "ls": "-."},
    "Adam": {"color": PURPLE, "ls": (0, (1, 1))},
}


@figure
def race(surface, walks, points):
    """Draw walks over the contours, and below them f and ‖∇f‖ against the step, logarithmic.

    walks: name -> path (n, 2), of names in `RACE`, each with a line of its own; a star ends it.
    points: the `StationaryPoint`s. A cross marks the common start.
    """
    layout = {"height_ratios": [2.7, 1], "figsize": (WIDTH, 6.6)}
    _, panels = plt.subplot_mosaic([["map", "map"], ["f", "slope"]], **layout)
    ax = panels["map"]
    _contours(ax, surface, colors=PALE, linewidths=0.9)
    for p in points:
        ax.plot(*p.x, ls="", ms=6, mec="white", **MARKS[p.kind] | {"color": INK})
    for name, path in walks.items():
        ax.plot(*path.T, label=name, **RACE[name])
        ax.plot(*path[-1], "*", color=RACE[name]["color"], ms=13, mec="white", zorder=4)
        slope = np.linalg.norm(surface.gradient(path), axis=-1)
        for panel, values in (("f", surface(path)), ("slope", slope)):
            panels[panel].semilogy(np.maximum(values, 1e-12), **RACE[name])
    for path in list(walks.values())[:1]:
        ax.plot(*path[0], "+", color=INK, ms=13, mew=2, zorder=5)
    _axes(ax)
    ax.legend(loc="lower center", ncols=4, bbox_to_anchor=(0.5, 1.0))
    for panel, title in (("f", "height $f$"), ("slope", r"slope $\|\nabla f\|$")):
        panels[panel].set_title(title)
        panels[panel].set_xlabel("step")
