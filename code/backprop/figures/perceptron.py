"""The first figure: one neuron, three factors, one tangent."""

import numpy as np
import traitlets

from .._validate import real_array
from ._bundle import module
from ._figure import Figure


class Perceptron(Figure):
    """One neuron with its values, the factors of its gradient and the loss against one weight.

    L = ½ (o − t)² with o = f(Σ_j w_j x_j + b) and ∂L/∂w_j = (o − t) f′(z) x_j
    (:eq:`perceptron-gradient`).

    x, w: (n,) with n from 1 to 4; b, t: numbers; activation: "sigmoid" or "identity"; watch: the
    weight whose loss is plotted, 0 to n − 1, or n for the bias. Raises TypeError or ValueError
    for what is not finite numbers, shapes that differ, or another activation.
    """

    _esm = module("perceptron.js")
    _state = ("x", "w", "b", "t", "activation", "watch")

    x = traitlets.List(traitlets.Float()).tag(sync=True)
    w = traitlets.List(traitlets.Float()).tag(sync=True)
    b = traitlets.Float().tag(sync=True)
    t = traitlets.Float().tag(sync=True)
    activation = traitlets.Enum(["sigmoid", "identity"], "sigmoid").tag(sync=True)
    watch = traitlets.Int().tag(sync=True)

    def __init__(self, x, w, b=0.0, t=0.0, activation="sigmoid", watch=0, **kwargs):
        x, w = real_array("x", x), real_array("w", w)
        if x.ndim != 1 or not 1 <= len(x) <= 4:
            raise ValueError(f"x: expected shape (n,) with n from 1 to 4, came shape {x.shape}")
        if w.shape != x.shape:
            raise ValueError(f"w: expected the shape of x, {x.shape}, came shape {w.shape}")
        if activation not in ("sigmoid", "identity"):
            raise ValueError(f'activation: expected "sigmoid" or "identity", came {activation!r}')
        if watch not in range(len(x) + 1):
            raise ValueError(f"watch: expected 0 to {len(x)}, came {watch!r}")
        b, t = float(real_array("b", b)), float(real_array("t", t))
        super().__init__(
            x=x.tolist(), w=w.tolist(), b=b, t=t, activation=activation, watch=watch, **kwargs
        )

    def _draw(self):
        from ..plotting.perceptron import neuron

        neuron(np.array(self.x), np.array(self.w), self.b, self.t, self.activation)
