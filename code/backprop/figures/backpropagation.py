"""A pass through a small network, one quantity at a time, and one weight under a lens."""

import re

import numpy as np
import traitlets

from .._validate import batch, real_array, whole
from ..network import Dense, Network
from ._bundle import module
from ._figure import Figure

HIDDEN = ("sigmoid", "tanh", "relu", "identity")
#: The most inputs, hidden neurons and outputs that can be drawn with their numbers.
MOST = (4, 5, 3)


class Backprop(Figure):
    """A network of one hidden layer, stepped forward and backward through one example.

    Each step is one quantity, with its equation and its numbers: z and the activation of each
    neuron (:eq:`layer-forward`), the loss, the deltas of the outputs (:eq:`delta-output`) and of
    the hidden neurons (:eq:`delta-hidden`), the gradients (:eq:`weight-gradient`,
    :eq:`bias-gradient`), the update W − eta·dW and the loss after it. One parameter, `watch`, is
    shown as a product of factors along each route to the loss, beside its difference quotient
    (:eq:`central-difference`).

    net: a `Network` of two layers, with at most 4 inputs, 5 hidden neurons and 3 outputs, numbers
    at most 100 in size; any activations under half_squared_error, softmax under cross_entropy.
    x: (n,) or (1, n), t: (m,) or (1, m): the example and its target.
    eta: the learning rate, 0.001 to 100; biases: whether they learn too; early: whether the output
    weights are changed before the hidden deltas are computed, the classic mistake.
    step: how many quantities have been computed. watch: "w12" is W1[0, 1], "v12" is W2[0, 1], "bh1"
    b1[0] and "bo1" b2[0]. nudge: the step of the quotient, 1e-6 to 1.

    `net` is the network in its present state, x and t the example in it. `show` puts another one
    in. Raises TypeError or ValueError, naming the argument, for what does not fit.
    """

    _esm = module("backpropagation.js")
    _state = ("eta", "biases", "early", "step", "watch", "nudge")

    W1 = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    b1 = traitlets.List(traitlets.Float()).tag(sync=True)
    W2 = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    b2 = traitlets.List(traitlets.Float()).tag(sync=True)
    x = traitlets.List(traitlets.Float()).tag(sync=True)
    t = traitlets.List(traitlets.Float()).tag(sync=True)
    hidden = traitlets.Enum(HIDDEN, "sigmoid").tag(sync=True)
    output = traitlets.Enum([*HIDDEN, "softmax"], "sigmoid").tag(sync=True)
    eta = traitlets.Float(0.5).tag(sync=True)
    biases = traitlets.Bool(True).tag(sync=True)
    early = traitlets.Bool(False).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    watch = traitlets.Unicode("w11").tag(sync=True)
    nudge = traitlets.Float(0.1).tag(sync=True)

    def __init__(
        self,
        net,
        x,
        t,
        eta=0.5,
        biases=True,
        early=False,
        step=0,
        watch="w11",
        nudge=0.1,
        **kwargs,
    ):
        traits = _network(net, x, t)
        eta = _between("eta", eta, 1e-3, 100.0)
        nudge = _between("nudge", nudge, 1e-6, 1.0)
        sizes = len(traits["x"]), len(traits["b1"]), len(traits["b2"])
        _check_watch(watch, *sizes)
        step = whole("step", step, 0)
        most = _steps(*sizes[1:])
        if step > most:
            raise ValueError(f"step: expected at most {most}, came {step}")
        super().__init__(
            **traits,
            eta=eta,
            biases=_switch("biases", biases),
            early=_switch("early", early),
            step=step,
            watch=watch,
            nudge=nudge,
            **kwargs,
        )

    @property
    def net(self):
        """The network in its present state, a new `Network`."""
        loss = "cross_entropy" if self.output == "softmax" else "half_squared_error"
        layers = [Dense(self.W1, self.b1, self.hidden), Dense(self.W2, self.b2, self.output)]
        return Network(layers, loss)

    def show(self, net, x, t):
        """Put another network and example in, and start before its first quantity."""
        traits = _network(net, x, t)
        with self.hold_sync():
            self.set_trait("watch", "w11")
            self.set_trait("step", 0)
            for name, value in traits.items():
                self.set_trait(name, value)

    def __repr__(self):
        def rows(values):
            return (
                "[" + ", ".join(map(rows, values)) + "]"
                if isinstance(values, list)
                else (f"{values:.6g}")
            )

        layers = ", ".join(
            f"Dense({rows(W)}, {rows(b)}, {f!r})"
            for W, b, f in ((self.W1, self.b1, self.hidden), (self.W2, self.b2, self.output))
        )
        loss = ", 'cross_entropy'" if self.output == "softmax" else ""
        state = super().__repr__().removeprefix("Backprop(")
        return f"Backprop(Network([{layers}]{loss}), {rows(self.x)}, {rows(self.t)}, {state}"

    def _draw(self):
        from ..plotting.deltas import whole_pass

        x, t = np.array([self.x]), np.array([self.t])
        whole_pass(self.net, x, t, self.eta, self.biases, self.early)


def _network(net, x, t):
    """The traits of a network and an example, or an error that names what does not fit."""
    if not isinstance(net, Network):
        raise TypeError(f"net: expected a Network, came {type(net).__name__}")
    if len(net.layers) != 2:
        raise ValueError(f"net: expected two layers, came {len(net.layers)}")
    first, last = net.layers
    sizes = (first.n_in, first.n_out, last.n_out)
    if any(size > most for size, most in zip(sizes, MOST, strict=True)):
        raise ValueError(
            f"net: expected at most {'-'.join(map(str, MOST))} neurons, "
            f"came {'-'.join(map(str, sizes))}"
        )
    kinds = first.activation.name, last.activation.name, net.loss_function.name
    squares = kinds[1] in HIDDEN and kinds[2] == "half_squared_error"
    shares = kinds[1:] == ("softmax", "cross_entropy")
    if kinds[0] not in HIDDEN or not (squares or shares):
        raise ValueError(
            "net: expected elementwise activations under half_squared_error, or softmax under "
            f"cross_entropy at the end, came {kinds[0]}, {kinds[1]} and {kinds[2]}"
        )
    x = _example("x", x, first.n_in, "net")
    trace = net.forward(x)
    t = net.loss_function.validate_targets(trace.a[-1], _example("t", t, last.n_out, "net"), "t")
    numbers = {"W1": first.W, "b1": first.b, "W2": last.W, "b2": last.b, "x": x[0], "t": t[0]}
    for name, values in numbers.items():
        if np.abs(values).max() > 100:
            raise ValueError(f"{name}: expected at most 100 in size, came {np.abs(values).max():g}")
    return {name: values.tolist() for name, values in numbers.items()} | {
        "hidden": kinds[0],
        "output": kinds[1],
    }


def _example(name, value, width, owner):
    array = np.atleast_2d(real_array(name, value))
    array = batch(name, array, width, owner)
    if len(array) != 1:
        raise ValueError(f"{name}: expected one example, came shape {array.shape}")
    return array


def _between(name, value, low, high):
    array = real_array(name, value)
    if array.shape != ():
        raise ValueError(f"{name}: expected one number, came shape {array.shape}")
    number = float(array)
    if not low <= number <= high:
        raise ValueError(f"{name}: expected {low:g} to {high:g}, came {value!r}")
    return number


def _switch(name, value):
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, came {value!r}")
    return bool(value)


def _check_watch(watch, n, hidden, m):
    """Raise ValueError unless `watch` names a parameter of the network."""
    most = {"w": (n, hidden), "v": (hidden, m), "bh": (hidden,), "bo": (m,)}
    found = re.fullmatch("(w|v|bh|bo)([1-9]+)", watch) if isinstance(watch, str) else None
    limits = most[found[1]] if found else ()
    indices = [int(c) for c in found[2]] if found else []
    fits = len(indices) == len(limits) > 0
    if not fits or any(i > high for i, high in zip(indices, limits, strict=True)):
        raise ValueError(
            f"watch: expected w11 to w{n}{hidden}, v11 to v{hidden}{m}, bh1 to bh{hidden} or bo1 "
            f"to bo{m}, came {watch!r}"
        )


def _steps(hidden, m):
    """How many quantities there are: 5 for each neuron, two sets of biases, the loss twice."""
    return 5 * (hidden + m) + 4
