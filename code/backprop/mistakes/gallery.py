r"""The wrong backward passes of chapter 08, each a small function that gets one step wrong.

`Pass` is a backward pass in steps: the delta of the last layer, the way back to the layer before,
through its activation, and then dW and db. `RIGHT` holds the right steps; a `Mistake` holds the
wrong one that takes its place. `MISTAKES` is the table of them all.
"""

from dataclasses import dataclass

import numpy as np

from ..activations import identity
from ..network import Dense, Gradients, Network

__all__ = ["MISTAKES", "DoesNotFit", "Mistake", "Pass"]


class DoesNotFit(ValueError):
    """This mistake cannot be made on this network, or could not change anything."""


class Pass:
    """One backward pass of `net` on X (N, n_in) and T (N, m), layer by layer from the end.

    Layer l (from 0) has the weights W[l], the activation f[l] of the name kind[l], its inputs a[l]
    and its sums z[l]; dA, delta, dW and db are filled by `run`. steps: name of a step -> function
    (pass, l) that is called in place of the right one in the given layers.
    """

    def __init__(self, net, X, T, steps=None, layers=(), eta=None, previous=None):
        trace = net.forward(X)
        self.net, self.T, self.eta, self.previous = net, net._targets(trace, T), eta, previous
        self.z, self.a, self.N = trace.z, trace.a, len(trace.a[0])
        self.W = [layer.W for layer in net.layers]
        self.f = [layer.activation for layer in net.layers]
        self.kind = [f.name for f in self.f]
        self.loss = net.loss_function.name
        self.last = len(net.layers) - 1
        self.cancels = net._cancels  # δ = a − t, as under cross-entropy: there is no dA
        self.steps, self.layers = steps or {}, layers
        self.dA, self.delta, self.dW, self.db = ([None] * (self.last + 1) for _ in range(4))

    def run(self):
        """Return the `Gradients`, wrong where a step is."""
        for l in range(self.last, -1, -1):
            self.delta[l] = self.do("output" if l == self.last else "hidden", l)
            self.dW[l], self.db[l] = self.do("weights", l), self.do("biases", l)
        return Gradients(self.delta, self.dW, self.db)

    def do(self, step, l):
        """Return what the step gives in layer l: the wrong one in its layers, else the right."""
        wrong = self.steps.get(step) if l in self.layers else None
        return (wrong or RIGHT[step])(self, l)


def _output(p, l):
    if p.cancels:
        return (p.a[-1] - p.T) / p.N
    p.dA[l] = p.net.loss_function._slope(p.a[-1], p.T) / p.N
    return p.do("through", l)


def _hidden(p, l):
    p.dA[l] = p.do("back", l)
    return p.do("through", l)


RIGHT = {
    "output": _output,  # δ of the last layer
    "hidden": _hidden,  # δ of the others: back, then through
    "back": lambda p, l: p.delta[l + 1] @ p.W[l + 1].T,  # ∂L/∂a from the δ after it
    "through": lambda p, l: p.f[l].pull_back(p.dA[l], p.z[l], p.a[l + 1]),  # δ from ∂L/∂a
    "weights": lambda p, l: p.a[l].T @ p.delta[l],
    "biases": lambda p, l: p.delta[l].sum(axis=0),
}
#: The layers in which a step is taken, whatever the mistake.
TAKEN = {
    "output": lambda p, l: l == p.last,
    "whole": lambda p, l: l == p.last,
    "back": lambda p, l: l < p.last,
    "through": lambda p, l: not (p.cancels and l == p.last),
}


def _anywhere(p, l):
    return True


@dataclass(frozen=True)
class Mistake:
    """A classic wrong backward pass.

    sentence: what it is. tempting: what makes it so. steps: step -> the wrong function (pass, l).
    where: (pass, l) -> whether it can be made in layer l.
    needs: "eta" or "previous", what must be known besides the network and its data, or "".
    """

    name: str
    sentence: str
    tempting: str
    steps: dict
    where: object = _anywhere
    needs: str = ""

    def backward(self, net, X, T, layers=None, eta=None, previous=None):
        """Return the wrong `Gradients` of `net.loss(X, T)`.

        layers: the indices of the layers in which it is made, by default all in which it can be.
        eta: the learning rate, for "updated too early". previous: the `Gradients` of the call
        before, for "not zeroed". Raises `DoesNotFit` where it cannot be made in one of them.
        """
        if self.needs and {"eta": eta, "previous": previous}[self.needs] is None:
            raise DoesNotFit(f"{self.name}: expected {self.needs}, which it depends on, came None")
        p = Pass(net, X, T, self.steps, (), eta, previous)
        possible = self._possible(p)
        p.layers = possible if layers is None else tuple(layers)
        if not p.layers or not set(p.layers) <= set(possible):
            raise DoesNotFit(f"{self.name}: it cannot be made in layers {list(p.layers)} of {net}")
        with np.errstate(all="ignore"):  # a mistake may overflow
            return self.steps["whole"](p) if "whole" in self.steps else p.run()

    @property
    def about_the_whole(self):
        """True where it is not made in one layer or another, but in the loss or the whole pass."""
        return bool({"output", "whole"} & set(self.steps))

    def layers(self, net, X, T):
        """Return the indices of the layers of `net` in which it can be made and could show."""
        return self._possible(Pass(net, X, T))

    def _possible(self, p):
        taken = [TAKEN[step] for step in self.steps if step in TAKEN]
        return tuple(
            l
            for l in range(p.last + 1)
            if all(is_taken(p, l) for is_taken in taken) and self.where(p, l)
        )


MISTAKES = {}


def mistake(name, step, sentence, tempting, where=_anywhere, needs=""):
    """Decorate the wrong function (pass, l) of a step: it enters the table under its name."""

    def enter(function):
        MISTAKES[name] = Mistake(name, sentence, tempting, {step: function}, where, needs)
        return function

    return enter


# --- at the loss: δ of the last layer -------------------------------------------------------------


@mistake(
    "sign turned",
    "output",
    "The sign is turned: t − a where a − t belongs.",
    "“target minus output” sounds like an error, and some texts step with a plus",
)
def _sign_turned(p, l):
    return -_output(p, l)


@mistake(
    "factor 2",
    "output",
    "Twice the right gradient: a lost ½, or the same gradient added twice.",
    "the power rule gives a 2, and the ½ of the loss stands elsewhere",
)
def _factor_2(p, l):
    return 2 * _output(p, l)


@mistake(
    "factor 1/2",
    "output",
    "Half the right gradient: the 2 of a square's slope is lost, or a ½ too many.",
    "a − t is the slope of half a square, and the loss has no half",
)
def _factor_half(p, l):
    return _output(p, l) / 2


@mistake(
    "sum for mean",
    "output",
    "N times the right gradient: summed over the examples, where the loss is their mean.",
    "a matrix product sums over the batch by itself, and nothing divides",
)
def _sum_for_mean(p, l):
    return _output(p, l) * p.N


@mistake(
    "mean twice",
    "output",
    "1/N of the right gradient: divided by the number of examples twice.",
    "δ has its 1/N already, and dW looks as if it wanted one too",
)
def _mean_twice(p, l):
    return _output(p, l) / p.N


@mistake(
    "mean over outputs",
    "output",
    "1/m of the right gradient: averaged over the outputs too, where the loss sums over them.",
    "np.mean without an axis averages over everything",
    where=lambda p, l: p.T.shape[1] > 1 and p.loss != "mean_squared_error",
)
def _mean_over_outputs(p, l):
    return _output(p, l) / p.T.shape[1]


@mistake(
    "2/m for 1",
    "output",
    "2/m times the right gradient: that of mse_loss, where the loss is half a sum of squares.",
    "both are called squared error, and the library's is at hand",
    where=lambda p, l: p.T.shape[1] > 1 and p.loss == "half_squared_error",
)
def _mse(p, l):
    return _output(p, l) * 2 / p.T.shape[1]


@mistake(
    "sum over outputs",
    "output",
    "m times the right gradient: summed over the outputs, where the loss is their mean.",
    "the derivation was made for a sum",
    where=lambda p, l: p.T.shape[1] > 1 and p.loss == "mean_squared_error",
)
def _sum_over_outputs(p, l):
    return _output(p, l) * p.T.shape[1]


@mistake(
    "slope kept",
    "output",
    "The slope a(1 − a) is kept, though cross-entropy cancels it: δ = a − t.",
    "under squared error it belongs there, and the line was copied",
    where=lambda p, l: p.cancels,
)
def _slope_kept(p, l):
    a = p.a[-1]
    return _output(p, l) * a * (1 - a)


def _softmax_under_cross_entropy(p, l):
    return p.cancels and p.kind[l] == "softmax"


@mistake(
    "softmax twice",
    "output",
    "Softmax is applied twice: by the network, and once more inside the loss.",
    "a network should end in probabilities, and the library's loss wants sums",
    where=_softmax_under_cross_entropy,
)
def _softmax_twice(p, l):
    a = p.a[-1]
    return p.f[l].pull_back((p.f[l](a) - p.T) / p.N, p.z[-1], a)


@mistake(
    "Jacobian's diagonal",
    "output",
    "Only the diagonal of softmax's Jacobian is used: δ = −t(1 − a).",
    "every other activation works entry by entry and has a slope a(1 − a)",
    where=_softmax_under_cross_entropy,
)
def _diagonal(p, l):
    return -p.T * (1 - p.a[-1]) / p.N


@mistake(
    "broadcast target",
    "output",
    "Targets of shape (N,) were broadcast against (N, 1): every output meets all targets.",
    "one number for each example looks like a list",
    where=lambda p, l: p.T.shape[1] == 1 and p.kind[l] != "softmax",
)
def _broadcast_target(p, l):
    if p.cancels:
        return (p.a[-1] - p.T.mean()) / p.N
    p.dA[l] = p.net.loss_function._slope(p.a[-1], np.full_like(p.T, p.T.mean())) / p.N
    return p.do("through", l)


# --- through the activation: δ from ∂L/∂a ---------------------------------------------------------


def _curved(p, l):
    return p.kind[l] in ("sigmoid", "tanh")


def _is_relu(p, l):
    return p.kind[l] == "relu"


@mistake(
    "slope dropped",
    "through",
    "The slope f′(z) is dropped: ∂L/∂a goes on as if it were ∂L/∂z.",
    "a linear neuron has none, and under cross-entropy it cancels",
    where=lambda p, l: p.kind[l] not in ("identity", "relu"),
)
def _slope_dropped(p, l):
    return p.dA[l]


@mistake(
    "slope at a",
    "through",
    "The slope is taken at a instead of z: f′(a).",
    "the derivative is a function of one argument, and a is at hand",
    where=_curved,
)
def _slope_at_a(p, l):
    return p.dA[l] * p.f[l].derivative(p.a[l + 1])


@mistake(
    "formula of a at z",
    "through",
    "The slope's formula in terms of a was given z, such as z(1 − z).",
    "sigmoid_derivative(x), which returns x(1 − x), does not say which x it wants",
    where=_curved,
)
def _formula_at_z(p, l):
    z = p.z[l]
    return p.dA[l] * (z * (1 - z) if p.kind[l] == "sigmoid" else 1 - z * z)


@mistake(
    "f for f′",
    "through",
    "The activation stands where its slope belongs: for ReLU, h instead of 1.",
    "ReLU's slope is made by zeroing the negative entries of a copy, and the rest stays",
    where=lambda p, l: p.kind[l] != "identity",
)
def _activation_for_slope(p, l):
    return p.dA[l] * p.a[l + 1]


@mistake(
    "unmasked",
    "through",
    "ReLU's mask is not applied: blame passes units that are switched off.",
    "the masked copy was made, and the line below reads the other name",
    where=_is_relu,
)
def _unmasked(p, l):
    return p.dA[l]


@mistake(
    "masked by itself",
    "through",
    "ReLU's mask is taken from the gradient's own sign instead of from z.",
    "zero where negative is what ReLU does, and the array at hand is the gradient",
    where=_is_relu,
)
def _masked_by_itself(p, l):
    return np.maximum(p.dA[l], 0)


@mistake(
    "another layer's slope",
    "through",
    "The slope of the next layer is used: an index is off by one.",
    "the list of activations starts one layer before the list of sums",
    where=lambda p, l: (
        l < p.last and p.z[l].shape == p.z[l + 1].shape and p.kind[l + 1] != "identity"
    ),
)
def _slope_of_next(p, l):
    return p.f[l + 1].pull_back(p.dA[l], p.z[l + 1], p.a[l + 2])


# --- back through the weights: ∂L/∂a from the δ after it ------------------------------------------


@mistake(
    "no transpose",
    "back",
    "W is not transposed on the way back: it is read the wrong way round.",
    "the matrix is square, so NumPy has no objection",
    where=lambda p, l: p.W[l + 1].shape[0] == p.W[l + 1].shape[1] > 1,
)
def _no_transpose(p, l):
    return p.delta[l + 1] @ p.W[l + 1]


@mistake(
    "reshaped for transposed",
    "back",
    "W is reshaped where it should be transposed: the shape fits, the entries are shuffled.",
    "reshape silences the error about shapes",
    where=lambda p, l: 1 < min(p.W[l + 1].shape) < max(p.W[l + 1].shape),
)
def _reshaped(p, l):
    W = p.W[l + 1]
    return p.delta[l + 1] @ W.reshape(W.shape[::-1])


@mistake(
    "updated too early",
    "back",
    "The weights were updated before δ passed back through them.",
    "dW is known, so the step is taken at once",
    needs="eta",
)
def _too_early(p, l):
    return p.delta[l + 1] @ (p.W[l + 1] - p.eta * p.dW[l + 1]).T


@mistake(
    "error for delta",
    "back",
    "∂L/∂a is passed back in place of δ: the next layer's slope is missing on the way.",
    "it is the error that one wants to propagate",
    where=lambda p, l: p.kind[l + 1] != "identity" and not (p.cancels and l + 1 == p.last),
)
def _error_for_delta(p, l):
    return p.dA[l + 1] @ p.W[l + 1].T


@mistake(
    "= for += over routes",
    "back",
    "Only the last route counts: in the loop over the next layer's units stands = for +=.",
    "with a single output it makes no difference",
    where=lambda p, l: p.W[l + 1].shape[1] > 1,
)
def _last_route(p, l):
    return p.delta[l + 1][:, -1:] @ p.W[l + 1][:, -1:].T


@mistake(
    "a route dropped",
    "back",
    "Only the first route counts, but blame comes through every unit of the next layer.",
    "an output weight has one route, and its pattern was copied",
    where=lambda p, l: p.W[l + 1].shape[1] > 1,
)
def _first_route(p, l):
    return p.delta[l + 1][:, :1] @ p.W[l + 1][:, :1].T


# --- at the parameters: dW and db from δ ----------------------------------------------------------


@mistake(
    "bias not summed",
    "biases",
    "The bias gradient is not summed over the batch: it has a row for each example.",
    "∂L/∂b = δ is right for one example",
)
def _bias_not_summed(p, l):
    return p.delta[l]


@mistake(
    "bias averaged",
    "biases",
    "The bias gradient is averaged over the batch, where δ has its 1/N already.",
    "a mean over the batch is what one has in mind",
)
def _bias_averaged(p, l):
    return p.delta[l].mean(axis=0)


@mistake(
    "bias summed along the units",
    "biases",
    "The bias gradient is summed along the units instead of the examples: the wrong axis.",
    "axis=1 sounds like the axis to keep",
    where=lambda p, l: p.W[l].shape[1] == p.N,
)
def _bias_wrong_axis(p, l):
    return p.delta[l].sum(axis=1)


@mistake(
    "bias summed over everything",
    "biases",
    "The bias gradient is one number, summed over examples and units, and broadcast.",
    "np.sum without an axis, and b −= eta * db does not complain",
)
def _bias_one_number(p, l):
    return p.delta[l].sum()


@mistake(
    "threshold's sign",
    "biases",
    "The bias gradient has a threshold's sign.",
    "a threshold is subtracted, and its gradient is −δ",
)
def _threshold_sign(p, l):
    return -p.delta[l].sum(axis=0)


@mistake(
    "dW transposed",
    "weights",
    "dW is transposed: it runs from unit k to unit j, as PyTorch's weight does.",
    "PyTorch stores (out, in)",
    where=lambda p, l: p.W[l].size > 1,
)
def _dW_transposed(p, l):
    return p.delta[l].T @ p.a[l]


@mistake(
    "z for a",
    "weights",
    "dW is made with the sums z of the layer before instead of its activations a.",
    "both have one shape and stand side by side",
    where=lambda p, l: l > 0 and p.kind[l - 1] != "identity",
)
def _z_for_a(p, l):
    return p.z[l - 1].T @ p.delta[l]


@mistake(
    "own activation",
    "weights",
    "dW is made with the layer's own activations instead of its inputs: an index off by one.",
    "the list of activations starts one layer before the list of weights",
    where=lambda p, l: p.a[l].shape == p.a[l + 1].shape,
)
def _own_activation(p, l):
    return p.a[l + 1].T @ p.delta[l]


def _last_example(p, l):
    return p.a[l][-1:].T @ p.delta[l][-1:]


MISTAKES["= for += over examples"] = Mistake(
    "= for += over examples",
    "Only the last example counts: in the loop over the batch stands = for +=.",
    "the program was written for one example, and a loop put around it",
    {"weights": _last_example, "biases": lambda p, l: p.delta[l][-1]},
)


# --- from call to call, and in the forward pass ---------------------------------------------------


@mistake(
    "not zeroed",
    "whole",
    "The gradient of the call before is still in it: it was not set to zero.",
    "backward() adds, and the loop looks complete without zero_grad()",
    needs="previous",
)
def _not_zeroed(p):
    now, before = p.run(), p.previous
    return Gradients(now.delta, _sums(now.dW, before.dW), _sums(now.db, before.db))


def _sums(now, before):
    return [x if y is None else x + y for x, y in zip(now, before, strict=True)]


@mistake(
    "of the call before",
    "whole",
    "This is the gradient of the call before: nothing was computed anew.",
    "what does not change from step to step is computed outside the loop",
    needs="previous",
)
def _of_the_call_before(p):
    return p.previous


@mistake(
    "clamp on the input",
    "whole",
    "Right, but of another network: ReLU bends the input instead of the hidden layer.",
    "linear2(linear1(x.clamp(min=0))) has all the right words in it",
    where=lambda p, l: p.last > 0 and p.kind[0] == "relu",
)
def _clamp_on_the_input(p):
    first = Dense(p.W[0], p.net.layers[0].b, identity)
    other = Network([first, *p.net.layers[1:]], p.net.loss_function)
    return other.backward(other.forward(np.maximum(p.a[0], 0)), p.T)
