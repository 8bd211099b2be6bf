"""The figures of chapter 04: formulas as graphs, and what a line, a parabola and a bend can fit."""

import math

import numpy as np

from ._diagram import RADIUS, Edge, Node, draw
from ._style import BACKWARD, FORWARD, GREEN, INK, PURPLE, WIDTH, axes, figure

#: Name of an operation -> its symbol, its function, its local derivatives at its operands.
OPERATIONS = {
    "+": ("$+$", lambda a, b: a + b, lambda a, b: (1.0, 1.0)),
    "-": ("$-$", lambda a, b: a - b, lambda a, b: (1.0, -1.0)),
    "*": (r"$\times$", lambda a, b: a * b, lambda a, b: (b, a)),
    "/": (r"$\div$", lambda a, b: a / b, lambda a, b: (1 / b, -a / b**2)),
    "max": ("max", max, lambda a, b: (1.0, 0.0) if a > b else (0.0, 1.0)),
    "square": ("sq", lambda a: a * a, lambda a: (2 * a,)),
    "exp": ("exp", math.exp, lambda a: (math.exp(a),)),
}
ONE_OPERAND = {"square", "exp"}
#: Distances between nodes in units of `_diagram`, and inches for one of them: small, so that the
#: texts of a picture that is shrunk to a phone stay legible.
COLUMN, ROW, SCALE = 1.9, 1.6, 0.54


@figure
def graph(steps, *, backward=True, rows=None, **inputs):
    """Draw a formula as a graph: values above its arrows, slopes of the last value below them.

    steps: tuples (name, operation, operand, ...) in the order of computation; the operations are
    the keys of `OPERATIONS`, the operands names of inputs or of earlier steps. inputs: their
    values, by name, drawn from top to bottom. rows: heights for some of the names (the first
    input stands at 0, the next at -1, an operation at the mean of its operands).
    backward: False leaves the slopes out.

    Where a value is used more than once, its arrows' slopes and their sum stand below its node
    (where they are long, the sum alone).
    Raises ValueError on an unknown operation or operand, a wrong number of operands, a name given
    twice, and one operand used twice by one step (two arrows would lie on each other).
    """
    values, arrows = run(steps, inputs)
    columns, heights = _columns(steps, inputs), _heights(steps, inputs, rows or {})
    symbols = {name: f"${name}$" for name in inputs} | {s[0]: OPERATIONS[s[1]][0] for s in steps}
    at = {name: i for i, name in enumerate(symbols)}
    nodes = [
        Node(
            COLUMN * columns[name],
            ROW * heights[name],
            symbol,
            backward=_sum([a[2] for a in arrows if a[0] == name]) if backward else "",
            plain=name in inputs,
        )
        for name, symbol in symbols.items()
    ]
    last = steps[-1][0]
    nodes.append(Node(nodes[at[last]].x + COLUMN, nodes[at[last]].y, f"${last}$", plain=True))
    width, height = (max(c) - min(c) for c in zip(*((n.x, n.y) for n in nodes), strict=True))
    scale = min(SCALE, WIDTH / (width + 1.5))
    gap = " " if scale == SCALE else "\n"  # on short arrows the name stands above the value
    edges = []
    for start, end, slope in arrows:
        name = "" if start in inputs else f"${start}$ ={gap}"
        # At an input the texts stand near it, unless a sum stands there: arrows meet at the ends.
        near = 0.56 if nodes[at[start]].backward else 0.42 if start in inputs else 0.5
        text = f"{name}{values[start]:.4g}"
        edges.append(Edge(at[start], at[end], text, _text(slope, backward), near))
    edges.append(Edge(at[last], len(at), f"{values[last]:.4g}", _text(1.0, backward)))
    size = (scale * (width + 1.5), scale * (height + 2.0))
    draw(nodes, edges, size, ("values", f"slopes of ${last}$") if backward else ("values",))


def run(steps, inputs):
    """Return ({name: value}, [(start, end, slope of the last value along that arrow), ...])."""
    if not steps:
        raise ValueError("steps: expected at least one, came none")
    values = dict(inputs)
    for name, operation, *operands in steps:
        if operation not in OPERATIONS:
            known = ", ".join(OPERATIONS)
            raise ValueError(f"steps: expected one of {known}, came {operation!r} for {name}")
        expected = 1 if operation in ONE_OPERAND else 2
        if len(operands) != expected:
            raise ValueError(
                f"steps: expected operands of {operation!r}: {expected}, came {len(operands)} "
                f"for {name}"
            )
        unknown = [o for o in operands if o not in values]
        if unknown or name in values or len(set(operands)) < len(operands):
            raise ValueError(
                f"steps: expected a new name and different operands computed before, "
                f"came {(name, operation, *operands)!r}"
            )
        values[name] = OPERATIONS[operation][1](*(values[o] for o in operands))
    slopes, arrows = dict.fromkeys(values, 0.0), []
    slopes[steps[-1][0]] = 1.0
    for name, operation, *operands in reversed(steps):
        local = OPERATIONS[operation][2](*(values[o] for o in operands))
        sent = [(o, name, slopes[name] * d) for o, d in zip(operands, local, strict=True)]
        for operand, _, slope in sent:
            slopes[operand] += slope
        arrows = sent + arrows
    return values, arrows


def _columns(steps, inputs):
    """A column for each name: one right of its operands; an input, one left of its first user."""
    columns = dict.fromkeys(inputs, 0)
    for name, _, *operands in steps:
        columns[name] = 1 + max(columns[o] for o in operands)
    for name in inputs:
        columns[name] = min((columns[s[0]] for s in steps if name in s[2:]), default=1) - 1
    return columns


def _heights(steps, inputs, rows):
    heights = {name: -float(i) for i, name in enumerate(inputs)} | rows
    for name, _, *operands in steps:
        heights.setdefault(name, sum(heights[o] for o in operands) / len(operands))
    return heights


def _text(slope, shown=True):
    return f"{slope + 0.0:.4g}" if shown else ""  # + 0.0: no "-0"


def _sum(slopes):
    """What stands below a node: nothing for one arrow, whose slope stands at the arrow."""
    if len(slopes) < 2:
        return ""
    terms = [_text(s) if s >= 0 else f"({_text(s)})" for s in slopes]
    total, whole = _text(sum(slopes)), " + ".join(terms)
    return f"{whole} = {total}" if len(whole) <= 12 else rf"$\Sigma$ = {total}"


@figure
def patterns(a, b, arriving):
    """Draw what add, multiply, max and a copy make of slopes that arrive; a, b: the two inputs.

    The slope `arriving` comes to the first three; to the copies of `a` come `arriving` and 1.
    """
    nodes, edges, titles = [], [], []
    for i, (title, operation) in enumerate(
        (("add: passes on", "+"), ("multiply: swaps", "*"), ("max: routes", "max"))
    ):
        symbol, function, local = OPERATIONS[operation]
        x, y, first = 4.0 * (i % 2), -2.7 * (i // 2), len(nodes)
        nodes += [
            Node(x, y + 0.7, "$a$", plain=True),
            Node(x, y - 0.7, "$b$", plain=True),
            Node(x + 1.8, y, symbol),
            Node(x + 3.1, y, "", plain=True),
        ]
        slopes = [_text(arriving * d) for d in local(a, b)]
        edges += [
            Edge(first, first + 2, f"{a:g}", slopes[0]),
            Edge(first + 1, first + 2, f"{b:g}", slopes[1]),
            Edge(first + 2, first + 3, f"{function(a, b):g}", f"{arriving:g}"),
        ]
        titles.append((x + 1.6, y + 0.75, title))
    x, y, first = 4.0, -2.7, len(nodes)
    nodes += [
        Node(x, y, "$a$", backward=_sum([arriving, 1.0]), plain=True),
        Node(x + 2.6, y + 0.7, "", plain=True),
        Node(x + 2.6, y - 0.7, "", plain=True),
    ]
    edges += [
        Edge(first, first + 1, f"{a:g}", f"{arriving:g}"),
        Edge(first, first + 2, f"{a:g}", "1"),
    ]
    titles.append((x + 1.6, y + 0.75, "use twice: adds"))
    _, ax = draw(nodes, edges, (WIDTH, 3.4), ("values", "slopes"))
    for x, y, title in titles:
        ax.text(x, y + RADIUS, title, ha="center", va="bottom", color=INK)
    ax.set_ylim(-4.3, 1.5)


@figure
def fits(x, t, curves, ylabel="$t$"):
    """Draw data (x, t) as dots and each of `curves` (label -> function of x) as a line."""
    ax = axes(2.9)
    grid = np.linspace(min(x), max(x), 201)
    styles = zip((FORWARD, BACKWARD, GREEN), ("-", "--", "-."), strict=True)
    for (label, curve), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.plot(grid, curve(grid), color=colour, ls=line, label=label)
    ax.plot(x, t, "o", color=PURPLE, ms=5, label="data")
    ax.set_xlabel("$x$")
    ax.set_ylabel(ylabel)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(curves) + 1)


@figure
def losses(curves, xlabel="step"):
    """Draw losses against steps on a logarithmic axis, one line for each label of `curves`."""
    ax = axes(2.8)
    styles = zip((FORWARD, BACKWARD, GREEN), ("-", "--", "-."), strict=True)
    for (label, values), (colour, line) in zip(curves.items(), styles, strict=False):
        ax.semilogy(values, color=colour, ls=line, label=label)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("loss $L$")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(curves))
