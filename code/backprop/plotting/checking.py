"""The figures of chapter 07: the error of a difference quotient, and what a gradient costs."""

import time

import numpy as np

from .. import differences
from ._style import BACKWARD, FORWARD, GREEN, GREY, PURPLE, axes, figure


@figure
def quotients(f, x, h):
    """Draw f around x with its tangent's two rivals: the forward and the central secant."""
    ax = axes(2.9)
    xs = np.linspace(x - 1.6 * h, x + 1.6 * h, 201)
    ax.plot(xs, f(xs), color=FORWARD, label="$f$")
    ends = np.array([x - 1.6 * h, x + 1.6 * h])
    forward = (f(x + h) - f(x)) / h
    central = (f(x + h) - f(x - h)) / (2 * h)
    ax.plot(ends, f(x) + forward * (ends - x), "--", color=BACKWARD, label="forward")
    ax.plot(ends, f(x - h) + central * (ends - x + h), "-.", color=GREEN, label="central")
    ax.plot([x - h, x, x + h], [f(x - h), f(x), f(x + h)], "o", color=FORWARD)
    ax.set_xlabel("$x$")
    ax.legend()


@figure
def errors(steps, curves, marks=()):
    """Draw relative errors against h, both logarithmic; marks: predicted best steps, dotted."""
    ax = axes(3.2)
    styles = zip((BACKWARD, FORWARD, PURPLE, GREEN), ("--", "-", ":", "-."), strict=True)
    for (label, values), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.loglog(steps, np.maximum(values, 1e-17), line, color=colour, label=label)
    for h in marks:
        ax.axvline(h, color=GREY, lw=0.9, ls=":")
    ax.set_xlabel("step $h$")
    ax.set_ylabel("relative error")
    ax.set_ylim(1e-13, 30)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)


def measure_costs(net, x, t, repeats=5):
    """Return the seconds of one gradient in five ways: label -> (seconds, extrapolated).

    The loop is timed on 400 losses and the stacked copies on 3 stacks, and both are extrapolated
    to all parameters; the others are timed whole. Each time is the least of some repeats.
    """
    X, T = np.atleast_2d(x), np.atleast_2d(t)
    parameters = sum(layer.W.size + layer.b.size for layer in net.layers)
    loss = _least(lambda: [net.loss(X, T) for _ in range(400)], repeats) / 400
    stack = _least(lambda: _one_stack(net, X, T, 64), 3) / 64
    return {
        "the loop": (2 * parameters * loss, True),
        "stacked copies": (parameters * stack, True),
        "by structure": (_least(lambda: differences.by_structure(net, x, t), repeats), False),
        "by neuron": (_least(lambda: differences.by_neuron(net, x, t), 10 * repeats), False),
        "backpropagation": (
            _least(lambda: net.backward(net.forward(X), T), 10 * repeats),
            False,
        ),
    }


def _one_stack(net, X, T, copies):
    parameters = [p for layer in net.layers for p in (layer.W, layer.b)]
    differences._shifted_copies(net, X, T, parameters, 0, 0, copies, 1e-4)


def _least(work, repeats):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


@figure
def costs(measured):
    """Draw the seconds of one gradient, way by way, on a logarithmic axis."""
    ax = axes(2.9)
    names = list(measured)[::-1]
    seconds = [measured[name][0] for name in names]
    hatches = ["//" if measured[name][1] else "" for name in names]
    bars = ax.barh(names, seconds, color=FORWARD, height=0.6, hatch=hatches, edgecolor="white")
    ax.bar_label(bars, [_duration(s) for s in seconds], padding=4)
    ax.set_xscale("log")
    ax.set_xlim(min(seconds) / 3, max(seconds) * 12)
    ax.set_xlabel("seconds for one gradient (hatched: extrapolated)")


def _duration(seconds):
    unit, size = next(u for u in (("s", 1.0), ("ms", 1e-3), ("µs", 0.0)) if seconds >= u[1])
    value = seconds / (size or 1e-6)
    return f"{float(f'{value:.2g}'):g} {unit}"


@figure
def kink(f, x, h):
    """Draw a kinked f near x with the central secant across the kink."""
    ax = axes(2.6)
    xs = np.linspace(-2.2 * h, 2.2 * h, 401)
    ax.plot(xs, f(xs), color=FORWARD, label="$f$")
    ax.plot([x - h, x + h], [f(x - h), f(x + h)], "o--", color=BACKWARD, label="central")
    ax.set_xlabel("$z$")
    ax.legend()
