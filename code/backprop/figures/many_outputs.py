"""One layer and its gradient: outer products, the factors of the loss, a batch that grows."""

import numpy as np
import traitlets

from .._validate import real_array
from ..activations import ACTIVATIONS, Activation
from ..losses import LOSSES, Loss
from ._bundle import module
from ._figure import Figure

_ACTIVATIONS = ("sigmoid", "identity")
_LOSSES = ("half_squared_error", "squared_error", "mean_squared_error")
_REDUCTIONS = ("mean", "sum")


class ManyOutputs(Figure):
    r"""A layer, its gradient cell by cell, and what each example of a batch adds to it.

    L = 1/N Σ_i c Σ_k (o_ik − t_ik)² with O = f(X W + b); then δ_ik = 2c/N (o_ik − t_ik) f′(z_ik)
    (:eq:`loss-factors`, :eq:`batch-delta`), ∂L/∂W = Xᵀ δ and ∂L/∂b = Σ_i δ_i
    (:eq:`batch-gradient`), a sum of outer products (:eq:`outer-product`).

    X: (N, n), one example a row, or (n,) for a single one; W: (n, m); b: (m,); T: (N, m), or (m,)
    with a single example; N to 5, n to 4, m to 3. activation: "sigmoid" or "identity"; loss:
    "half_squared_error", "squared_error" or "mean_squared_error"; both may be given as the
    package's objects. batch: which rows of X are in the batch, all by default. reduction: "mean"
    over the batch, or "sum", which leaves out 1/N. example: the row that is looked at, the first
    of the batch by default. cell: (j, k), the cell that is looked at; j = n is the bias's row.

    Raises TypeError or ValueError for what is not finite numbers, shapes that do not fit, and names
    or places that do not exist; a trait that is set later keeps its shape, or raises TraitError.
    """

    _esm = module("many_outputs.js")
    _state = ("X", "W", "b", "T", "activation", "loss", "batch", "reduction", "example", "cell")

    X = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    W = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    b = traitlets.List(traitlets.Float()).tag(sync=True)
    T = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    activation = traitlets.Enum(_ACTIVATIONS, "sigmoid").tag(sync=True)
    loss = traitlets.Enum(_LOSSES, "half_squared_error").tag(sync=True)
    batch = traitlets.List(traitlets.Int()).tag(sync=True)
    reduction = traitlets.Enum(_REDUCTIONS, "mean").tag(sync=True)
    example = traitlets.Int().tag(sync=True)
    cell = traitlets.List(traitlets.Int(), [0, 0]).tag(sync=True)

    def __init__(
        self,
        X,
        W,
        b,
        T,
        activation="sigmoid",
        loss="half_squared_error",
        batch=None,
        reduction="mean",
        example=None,
        cell=(0, 0),
        **kwargs,
    ):
        X, W, b, T = _arrays(X, W, b, T)
        batch = list(range(len(X))) if batch is None else _batch(batch, len(X))
        self._shapes = {"X": X.shape, "W": W.shape, "b": b.shape, "T": T.shape}
        super().__init__(
            X=X.tolist(),
            W=W.tolist(),
            b=b.tolist(),
            T=T.tolist(),
            activation=_name("activation", activation, _ACTIVATIONS, Activation),
            loss=_name("loss", loss, _LOSSES, Loss),
            batch=batch,
            reduction=_name("reduction", reduction, _REDUCTIONS),
            example=batch[0] if example is None else _place("example", example, len(X)),
            cell=_cell(cell, *W.shape),
            **kwargs,
        )

    @traitlets.validate("X", "W", "b", "T", "batch", "example", "cell")
    def _fits(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        (N, _), (n, m) = self._shapes["X"], self._shapes["W"]
        try:
            if name == "batch":
                return _batch(value, N)
            if name == "example":
                return _place("example", value, N)
            if name == "cell":
                return _cell(value, n, m)
            return _of_shape(name, value, self._shapes[name])
        except (TypeError, ValueError) as error:  # the error that a trait takes back a change for
            raise traitlets.TraitError(str(error)) from None

    def deltas(self):
        """Return δ (N, m) of all rows of X; 0 for those outside the batch, which L ignores."""
        X, W, b, T = (np.array(value) for value in (self.X, self.W, self.b, self.T))
        f, rows, Z = ACTIVATIONS[self.activation], self.batch, X @ W + b
        delta = np.zeros_like(Z)
        dA = LOSSES[self.loss].gradient(f(Z[rows]), T[rows])
        delta[rows] = f.pull_back(dA, Z[rows], f(Z[rows]))
        return delta * (len(rows) if self.reduction == "sum" else 1)

    def _draw(self):
        from ..plotting.outputs import example_layers

        example_layers(np.array(self.X), self.deltas(), self.batch, tuple(self.cell))


def _arrays(X, W, b, T):
    """Return the four as float64 arrays that fit together, X and T with two axes."""
    X, W, b, T = (real_array(name, v) for name, v in zip("XWbT", (X, W, b, T), strict=True))
    if X.ndim == 1 and T.ndim == 1:
        X, T = X[None], T[None]
    if X.ndim != 2 or not (1 <= X.shape[0] <= 5 and 1 <= X.shape[1] <= 4):
        raise ValueError(
            "X: expected shape (N, n) with N from 1 to 5 and n from 1 to 4, "
            f"or (n,) with T of shape (m,), came shape {X.shape}"
        )
    if W.ndim != 2 or W.shape[0] != X.shape[1] or not 1 <= W.shape[1] <= 3:
        raise ValueError(
            f"W: expected shape ({X.shape[1]}, m) with m from 1 to 3, came shape {W.shape}"
        )
    for name, value, shape in (("b", b, W.shape[1:]), ("T", T, (len(X), W.shape[1]))):
        if value.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, came shape {value.shape}")
    return X, W, b, T


def _of_shape(name, value, shape):
    """Return `value` as lists of numbers, of the shape that the figure was made with."""
    array = real_array(name, value)
    if array.shape != shape:
        raise ValueError(
            f"{name}: expected the shape it was made with, {shape}, came shape {array.shape}"
        )
    return array.tolist()


def _name(argument, value, names, kind=()):
    """Return one of `names`, given as such or as the package's object of that name."""
    name = value.name if isinstance(value, kind) else value
    if name not in names:
        wanted = " or ".join(f'"{n}"' for n in names)
        raise ValueError(f"{argument}: expected {wanted}, came {value!r}")
    return name


def _place(argument, value, count):
    """Return `value` as an int from 0 to count − 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{argument}: expected a whole number, came {value!r}")
    if not 0 <= value < count:
        raise ValueError(f"{argument}: expected 0 to {count - 1}, came {value}")
    return int(value)


def _batch(value, count):
    """Return the rows of a batch in order, each once, at least one."""
    rows = [_place("batch", i, count) for i in value]
    if not rows or len(set(rows)) < len(rows):
        raise ValueError(f"batch: expected at least one row of X, each once, came {rows}")
    return sorted(rows)


def _cell(value, n, m):
    """Return [j, k] with j from 0 to n, where n is the row of the bias."""
    if len(value) != 2:
        raise ValueError(f"cell: expected (j, k), came {value!r}")
    return [_place("cell's j", value[0], n + 1), _place("cell's k", value[1], m)]
