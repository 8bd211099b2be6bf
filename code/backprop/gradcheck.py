r"""The one gradient checker: central differences, and torch as a second opinion.

`numerical_gradient` is :eq:`central-difference` of chapter 01, entry by entry. `check_gradient`
compares a derived gradient with it, and with torch's autograd where a torch function is given;
`check_network` does so for every W and b of a network. torch is imported only for that.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from numbers import Number

import numpy as np

from ._validate import positive, real_array, same_shape

__all__ = [
    "GradientReport",
    "NetworkReport",
    "check_gradient",
    "check_network",
    "numerical_gradient",
    "torch_gradients",
]

DIFFERENCE_TOLERANCE = 1e-7
TORCH_TOLERANCE = 1e-12
EPSILON = float(np.finfo(np.float64).eps)
#: From step to step of a second look: the cube of the golden ratio, far from every fraction.
RATIO = 2 + 5**0.5


def numerical_gradient(f, x, h=None):
    r"""Return (f(x + h e_i) − f(x − h e_i)) / 2h for every entry i (:eq:`central-difference`).

    f: takes an array of the shape of x, returns one number. x: any shape, also (); integers and
    lists are read as float64. The result has the shape of x.

    h: the step, > 0. Truncation costs about h² f‴/6 and rounding about ε|f|/h; their sum is least
    near h = ε^(1/3), so the default is ε^(1/3) · max(1, |x_i|), with the ε of x's dtype:
    6.1e-6 for float64.

    A writable float array is changed in place, one entry at a time, and every entry is put back
    before the next, also when f raises: an f that holds a reference to x instead of reading its
    argument is differentiated rightly. Anything else is copied.

    Raises TypeError or ValueError where x is not finite and real, where f returns anything but one
    finite number (the shape or value that came is named), where f changes its argument (x is put
    back all the same), and where h is not positive.
    """
    x = _differentiable(x)
    if h is not None:
        h = positive("h", h)
    gradient, steps = np.empty(x.shape, dtype=x.dtype), _steps(x, h)
    with _left_as_it_was(x):
        for i in np.ndindex(x.shape):
            gradient[i] = _difference(f, x, i, steps[i])
    return gradient


def _steps(x, h):
    """The step for each entry of x: h, or the default of `numerical_gradient`."""
    if h is not None:
        return np.full(x.shape, h)
    return np.finfo(x.dtype).eps ** (1 / 3) * np.maximum(np.ones_like(x), np.abs(x))


def _difference(f, x, i, step):
    """The central difference of f in entry i, which is put back."""
    kept = x[i]
    try:
        x[i] = kept + step
        above, f_above = x[i], _scalar(f(x), i)
        x[i] = kept - step
        below, f_below = x[i], _scalar(f(x), i)
    finally:
        x[i] = kept
    if above == below:
        raise ValueError(f"h: {step} is lost in rounding beside x{list(i)} = {kept}")
    # What was added is not h but the nearest machine number: divide by what was stepped.
    return (f_above - f_below) / (float(above) - float(below))


@contextmanager
def _left_as_it_was(x):
    """Raise ValueError where x is found changed at the end, and put it back whatever happens."""
    before = x.copy()
    try:
        yield
        changed = np.argwhere(x != before)
        if len(changed):
            raise ValueError(
                "f: expected a function that leaves its argument as it is, "
                f"x was changed at index {changed[0].tolist()}"
            )
    finally:
        x[...] = before


def _differentiable(x):
    """Return x itself where it is a writable, finite float array, else a float copy."""
    floating = isinstance(x, np.ndarray) and x.dtype in (np.float32, np.float64)
    checked = real_array("x", x)
    if floating:
        return x if x.flags.writeable else x.copy()
    return checked.copy() if checked is x or np.shares_memory(checked, x) else checked


def _scalar(value, index):
    if not isinstance(value, Number) and not hasattr(value, "shape"):
        raise TypeError(f"f: expected one number, came {type(value).__name__}")
    if np.shape(value) != ():
        raise ValueError(f"f: expected one number (shape ()), came shape {tuple(value.shape)}")
    if np.iscomplexobj(value):
        raise TypeError(f"f: expected a real number, came {value!r}")
    value = float(value)
    if not np.isfinite(value):
        raise ValueError(
            f"f: expected a finite number, came {value} beside x at index {list(index)}"
        )
    return value


@dataclass
class GradientReport:
    """How a derived gradient compares with central differences, and with torch where it was asked.

    relative_error: max |analytic − numeric| over the larger of the two gradients' largest entries.
    worst: the index of that entry; analytic, numeric, input: the values there.
    torch, torch_relative_error, torch_worst, torch_input, torch_analytic: the same against torch
    (torch is its value at torch_worst), or None.
    resolution: the smallest difference that central differences can see at that entry; what is
    below it accuses nobody, and where it hides a larger relative error the table says
    "not resolved". ε|f|/h, or what a second look with other steps found.
    """

    name: str
    shape: tuple
    relative_error: float
    worst: tuple
    input: float
    analytic: float
    numeric: float
    resolution: float
    tolerance: float
    torch: float | None = None
    torch_relative_error: float | None = None
    torch_worst: tuple | None = None
    torch_input: float | None = None
    torch_analytic: float | None = None
    torch_tolerance: float = TORCH_TOLERANCE
    _rows: list = field(default_factory=list, repr=False)
    _shown: tuple = ()

    @property
    def ok(self):
        """True where every comparison is within its tolerance."""
        return self._ok_difference and self._ok_torch

    @property
    def _ok_difference(self):
        below = abs(self.analytic - self.numeric) <= self.resolution
        return bool(self.relative_error <= self.tolerance or below)

    @property
    def _ok_torch(self):
        return self.torch_relative_error is None or bool(
            self.torch_relative_error <= self.torch_tolerance
        )

    def assert_ok(self):
        """Return the report, or raise AssertionError with the input, index and values."""
        if not self._ok_difference:
            raise AssertionError(
                f"{self.name}: at index {list(self.worst)}, input {self.input:.10g}, the derived "
                f"gradient is {self.analytic:.10g} and the central difference {self.numeric:.10g}: "
                f"relative error {self.relative_error:.2g}, tolerance {self.tolerance:.0e}"
            )
        if not self._ok_torch:
            raise AssertionError(
                f"{self.name}: at index {list(self.torch_worst)}, input {self.torch_input:.10g}, "
                f"the derived gradient is {self.torch_analytic:.17g} and torch's "
                f"{self.torch:.17g}: relative error {self.torch_relative_error:.2g}, "
                f"tolerance {self.torch_tolerance:.0e}"
            )
        return self

    def table(self):
        """Return (oracle, value at the shown index, relative error) for each oracle, as text."""
        return self._rows

    def _caption(self):
        entries = int(np.prod(self.shape)) if self.shape else 1
        where = f" Shown: index {list(self._shown)}." if self.shape else ""
        one = entries == 1
        verdict = ("agree" if self.ok else "DISAGREE") + ("sS"[not self.ok] if one else "")
        return f"{self.name}: {entries} {'entry' if one else 'entries'} {verdict}.{where}"

    def __str__(self):
        return _text_table(self._caption(), ("", "value", "relative error"), self._rows)

    __repr__ = __str__

    def _repr_html_(self):
        return _html_table(self._caption(), ("", "value", "relative error"), self._rows)


def check_gradient(
    f, x, gradient, torch_function=None, *, h=None, tolerance=DIFFERENCE_TOLERANCE, name="gradient"
):
    """Compare a derived gradient of f at x with central differences, and with torch.

    f: takes an array of the shape of x, returns one number.
    gradient: the derived gradient, an array of the shape of x, or a function that returns it.
    x: as in `numerical_gradient`, but float32 is read as float64, whose rounding 1e-7 needs.
    torch_function: the same f written with torch; it is given x as a float64 tensor.
    h, tolerance: the differences' step (see `numerical_gradient`) and the relative error allowed;
    against torch 1e-12 is allowed.

    Returns a `GradientReport`; `.assert_ok()` raises where it disagrees. Raises ValueError where
    the gradient has not the shape of x, naming both.
    """
    x = _differentiable(x).astype(np.float64, copy=False)
    analytic = real_array("gradient", gradient(x) if callable(gradient) else gradient)
    same_shape("gradient", analytic, "x", x)
    torch = None if torch_function is None else _torch_gradient(torch_function, x)
    return _report(name, f, x, analytic, torch, h, tolerance)


def _report(name, f, x, analytic, torch, h, tolerance):
    numeric, resolution, error, worst = _compared(f, x, analytic, h, tolerance)
    report = GradientReport(
        name=name,
        shape=x.shape,
        relative_error=error,
        worst=worst,
        input=float(x[worst]),
        analytic=float(analytic[worst]),
        numeric=float(numeric[worst]),
        resolution=float(resolution[worst]),
        tolerance=float(tolerance),
    )
    if torch is not None:
        report.torch_relative_error, at = _relative_error(analytic, torch)
        report.torch, report.torch_worst = float(torch[at]), at
        report.torch_input, report.torch_analytic = float(x[at]), float(analytic[at])
    # Where all is well the worst entry is decided by rounding, so another is shown: the largest.
    if not report._ok_difference:
        shown = worst
    elif not report._ok_torch:
        shown = report.torch_worst
    else:
        shown = _first_largest(analytic)
    report._shown = shown
    report._rows = [
        ("derived by hand", _number(analytic[shown]), ""),
        (
            "central difference",
            _number(numeric[shown], resolution[shown]),
            _error(error, report.tolerance, report._ok_difference),
        ),
    ]
    if torch is not None:
        error = _error(report.torch_relative_error, report.torch_tolerance, report._ok_torch)
        report._rows.append(("torch autograd", _number(torch[shown]), error))
    return report


def _compared(f, x, analytic, h, tolerance):
    """Return the central differences, their resolution, the relative error and the worst index.

    An entry that differs by more than the tolerance is looked at once more before it is accused;
    the first that stays wrong decides.
    """
    numeric, steps = numerical_gradient(f, x, h), _steps(x, h)
    resolution = np.asarray(EPSILON * abs(_scalar(f(x), ())) / steps)
    scale = max(np.abs(analytic).max(), np.abs(numeric).max())
    gap = np.abs(analytic - numeric)
    suspects = np.argwhere(gap > np.maximum(tolerance * scale, resolution))
    for i in sorted(map(tuple, suspects.tolist()), key=lambda i: -gap[i]):
        numeric[i], resolution[i] = _second_look(f, x, i, steps[i])
        still = abs(analytic[i] - numeric[i])
        if still > max(tolerance * scale, resolution[i]):
            return numeric, resolution, float(still / scale), i
    return numeric, resolution, *_relative_error(analytic, numeric)


def _second_look(f, x, i, step):
    """Return the steadiest of the central differences of several steps, and how unsure it is.

    The steps s_0 < s_1 < … grow by a ratio that is not whole, or all would be rounded alike. What
    a difference owes to rounding falls as 1/s, so its largest movement s_k |D_k − D_{k+1}| at the
    smaller steps says how much is left at s_j (four times that, to be sure); what it owes to
    curvature is less than its movement to the next step. The least doubt wins. Where f does not
    change at all, what it is made of may be rounded as numbers around 1 are.
    """
    steps = step * RATIO ** np.arange(-4.0, 5.0)
    with np.errstate(all="ignore"):
        d = np.array([_difference_or_nan(f, x, i, s) for s in steps])
    value = abs(_scalar(f(x), i))
    floor = EPSILON * np.where(d == 0, max(1.0, value), value) / steps
    moves = np.abs(np.diff(d))
    rounding = np.fmax.accumulate(moves * steps[:-1])[:-1] / steps[1:-1]
    doubt = np.maximum(np.maximum(4 * rounding, moves[1:]), floor[1:-1])
    if np.isnan(doubt).all():
        return d[4], floor[4]  # the step of the first look, which has its value
    best = int(np.nanargmin(doubt))
    return d[best + 1], doubt[best]


def _difference_or_nan(f, x, i, step):
    try:
        return _difference(f, x, i, step)
    except (ArithmeticError, ValueError):
        return np.nan  # so wide a step leaves f's domain, so small a one is lost in rounding


def _relative_error(analytic, other):
    gap = np.abs(analytic - other)
    worst = tuple(int(i) for i in np.unravel_index(np.argmax(gap), gap.shape))
    scale = max(np.abs(analytic).max(), np.abs(other).max())
    return (float(gap[worst] / scale) if scale else 0.0), worst


def _first_largest(array):
    """The first index whose |entry| is the largest to nine digits: rounding does not move it."""
    size = np.abs(array)
    at = int(np.argmax(size.ravel() >= size.max() * (1 - 1e-9)))
    return tuple(int(i) for i in np.unravel_index(at, array.shape))


def _number(value, resolution=0.0):
    """Six digits, or 0 where the value is below what could be seen: digits any processor prints."""
    return "0" if abs(value) <= resolution else f"{value:.6g}"


def _error(error, tolerance, ok):
    if error <= tolerance:
        return f"≤ {tolerance:.0e}"
    return "not resolved" if ok else f"{error:.1e}"


def _torch_gradient(function, x):
    import torch

    tensor = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = function(tensor)
    if not isinstance(value, torch.Tensor) or value.shape != ():
        came = f"shape {tuple(np.shape(value))}" if hasattr(value, "shape") else repr(value)
        raise ValueError(f"torch_function: expected a torch scalar (shape ()), came {came}")
    (gradient,) = torch.autograd.grad(value, [tensor])
    return gradient.numpy()


def torch_gradients(net, X, T):
    """Return (dW, db), lists of arrays: the gradients of `net.loss(X, T)` by torch's autograd.

    torch builds the same network from the same W and b in float64 and differentiates it itself;
    nothing of `Network.backward` is used.
    """
    import torch
    from torch.nn import functional

    def softmax(z):
        return torch.softmax(z, dim=1)

    activations = {
        "identity": lambda z: z,
        "relu": torch.relu,
        "sigmoid": torch.sigmoid,
        "softmax": softmax,
        "tanh": torch.tanh,
    }
    losses = {
        "half_squared_error": lambda a, t: 0.5 * ((a - t) ** 2).sum(dim=1).mean(),
        "squared_error": lambda a, t: ((a - t) ** 2).sum(dim=1).mean(),
        "mean_squared_error": functional.mse_loss,
        "cross_entropy": lambda a, t: -(t * torch.log(a)).sum(dim=1).mean(),
        "binary_cross_entropy": lambda a, t: (
            functional.binary_cross_entropy(a, t, reduction="sum") / len(t)
        ),
    }
    of_scores = {
        "cross_entropy": functional.cross_entropy,
        "binary_cross_entropy": lambda z, t: (
            functional.binary_cross_entropy_with_logits(z, t, reduction="sum") / len(t)
        ),
    }
    net._targets(net.forward(X), T)
    a, t = (torch.tensor(real_array(n, v)) for n, v in (("X", X), ("T", T)))
    W = [torch.tensor(layer.W, requires_grad=True) for layer in net.layers]
    b = [torch.tensor(layer.b, requires_grad=True) for layer in net.layers]
    for layer, W_l, b_l in zip(net.layers, W, b, strict=True):
        z = a @ W_l + b_l
        a = activations[layer.activation.name](z)
    value = (of_scores if net._cancels else losses)[net.loss_function.name]
    loss = value(z if net._cancels else a, t)
    gradients = [g.numpy() for g in torch.autograd.grad(loss, W + b)]
    return gradients[: len(W)], gradients[len(W) :]


@dataclass
class NetworkReport:
    """One `GradientReport` for every W and b of a network, in `reports`."""

    reports: list

    @property
    def ok(self):
        """True where every report is."""
        return all(report.ok for report in self.reports)

    def assert_ok(self):
        """Return the report, or raise AssertionError for the first W or b that disagrees."""
        for report in self.reports:
            report.assert_ok()
        return self

    def _rows(self):
        for r in self.reports:
            yield (
                r.name,
                " × ".join(map(str, r.shape)),
                _error(r.relative_error, r.tolerance, r._ok_difference),
                "not asked"
                if r.torch is None
                else _error(r.torch_relative_error, r.torch_tolerance, r._ok_torch),
            )

    def _table(self, render):
        verdict = "agree" if self.ok else "DISAGREE"
        asked = any(report.torch is not None for report in self.reports)
        others = "differences and torch" if asked else "differences"
        caption = f"{len(self.reports)} gradients by hand, against {others}: they {verdict}."
        return render(caption, ("", "shape", "differences", "torch"), self._rows())

    def __str__(self):
        return self._table(_text_table)

    __repr__ = __str__

    def _repr_html_(self):
        return self._table(_html_table)


def check_network(net, X, T, grads=None, *, torch=True, h=None, tolerance=DIFFERENCE_TOLERANCE):
    """Compare every dW and db of `net.backward` with central differences and with torch.

    grads: the gradients to judge, by default `net.backward(net.forward(X), T)`.
    torch: False leaves torch out (and not imported). h, tolerance: as in `check_gradient`.
    Returns a `NetworkReport`. The network is left as it was.
    """
    if grads is None:
        grads = net.backward(net.forward(X), T)
    dW, db = torch_gradients(net, X, T) if torch else ([None] * len(net.layers),) * 2
    reports = []
    for l, layer in enumerate(net.layers):
        for name, x, analytic, other in (
            (f"dW[{l}]", layer.W, grads.dW[l], dW[l]),
            (f"db[{l}]", layer.b, grads.db[l], db[l]),
        ):
            analytic = real_array(f"grads.{name}", analytic)
            same_shape(f"grads.{name}", analytic, "its parameter", x)
            # Differences are taken in the network's own W and b, which `loss` reads.
            report = _report(name, lambda _: net.loss(X, T), x, analytic, other, h, tolerance)
            reports.append(report)
    return NetworkReport(reports)


def _text_table(caption, head, rows):
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([caption, *(line.rstrip() for line in lines)])


def _html_table(caption, head, rows):
    cells = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="gradient-check"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    )
