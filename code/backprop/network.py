r"""A fully connected network with its backward pass written out: no tape, no graph, only deltas.

Rows are examples. Layer l holds W (n_in, n_out) and b (n_out,); W[j, k] runs from unit j to unit k.
PyTorch's `Linear.weight` is the transpose, (out, in). Derived in chapter 05.
"""

from types import SimpleNamespace

import numpy as np

from ._validate import batch, generator, lookup, positive, real_array, same_shape, whole
from .activations import ACTIVATIONS, Activation, Softmax, sigmoid, softmax
from .losses import (
    LOSSES,
    CrossEntropy,
    Loss,
    binary_cross_entropy,
    cross_entropy,
    half_squared_error,
)

__all__ = ["Dense", "Gradients", "Network", "Trace"]


class Dense:
    """One layer, Z = X @ W + b and A = f(Z) (:eq:`layer-forward`).

    W: (n_in, n_out); b: (n_out,); activation: an object or a name of `backprop.activations`.
    W and b are copied (float64). Raises ValueError or TypeError on a shape that does not fit, on
    NaN or infinity, and on an activation that is not known.
    """

    def __init__(self, W, b, activation):
        W, b = real_array("W", W), real_array("b", b)
        if W.ndim != 2:
            raise ValueError(f"W: expected shape (n_in, n_out), came shape {W.shape}")
        if b.shape != (W.shape[1],):
            raise ValueError(
                f"b: expected shape ({W.shape[1]},), one bias for each column of W {W.shape}, "
                f"came shape {b.shape}"
            )
        self.activation = lookup("activation", activation, (Activation, Softmax), ACTIVATIONS)
        self.W, self.b = W.copy(order="C"), b.copy()
        self._product = np.empty_like(self.W)  # for Network.step

    @classmethod
    def random(cls, n_in, n_out, activation, rng, init=None, scale=None):
        """Return a layer with normal random weights and zero biases.

        init names the standard deviation of the weights:
        "he"      √(2 / n_in), the default for ReLU,
        "glorot"  √(2 / (n_in + n_out)), the default for the others,
        "normal"  `scale`, which must then be given.
        rng: the numpy.random.Generator that draws the weights.
        """
        n_in, n_out = whole("n_in", n_in, 1), whole("n_out", n_out, 1)
        activation = lookup("activation", activation, (Activation, Softmax), ACTIVATIONS)
        init = init or ("he" if activation.name == "relu" else "glorot")
        if (init == "normal") != (scale is not None):
            raise ValueError(f"scale: expected with init='normal' and only there, came {scale!r}")
        deviations = {
            "he": np.sqrt(2.0 / n_in),
            "glorot": np.sqrt(2.0 / (n_in + n_out)),
            "normal": 0.0 if scale is None else positive("scale", scale),
        }
        if init not in deviations:
            raise ValueError(f"init: expected one of {', '.join(deviations)}, came {init!r}")
        W = generator("rng", rng).normal(0.0, deviations[init], (n_in, n_out))
        return cls(W, np.zeros(n_out), activation)

    @property
    def n_in(self):
        """The number of inputs."""
        return self.W.shape[0]

    @property
    def n_out(self):
        """The number of units."""
        return self.W.shape[1]

    def __repr__(self):
        return f"Dense({self.n_in} -> {self.n_out}, {self.activation})"


class Trace(SimpleNamespace):
    """What the forward pass leaves behind: z[l] and a[l + 1] of layer l, and a[0] = X."""

    def __init__(self, z, a):
        self.z, self.a = z, a


class Gradients(SimpleNamespace):
    """A list entry a layer: delta = ∂L/∂z (N, n_out), dW and db in the shapes of W and b."""

    def __init__(self, delta, dW, db):
        self.delta, self.dW, self.db = delta, dW, db


def _cross_entropy_of_scores(z, T):
    """−T log softmax(z) = T (log Σ exp(z) − z), the largest z taken off: never log(0).

    :eq:`cross-entropy-scores`; z and T of shape (N, n_out), and so the result.
    """
    z = z - z.max(axis=1, keepdims=True)
    return T * (np.log(np.exp(z).sum(axis=1, keepdims=True)) - z)


def _binary_cross_entropy_of_scores(z, T):
    """log(1 + exp(z)) − T z: binary cross-entropy of σ(z), no log(0) (:eq:`binary-from-score`).

    For T = 1 that is log(1 + exp(−z)): written so, nothing large is subtracted.
    """
    return np.logaddexp(0.0, (1.0 - 2.0 * T) * z)


#: The losses that are taken from z, and their activations: δ is a − t for each pair.
_FROM_SCORES = {
    (cross_entropy, softmax): _cross_entropy_of_scores,
    (binary_cross_entropy, sigmoid): _binary_cross_entropy_of_scores,
}


class Network:
    """Layers one after the other, and a loss at the end.

    layers: a list of `Dense`, each with as many inputs as the one before has units.
    loss: an object or a name of `backprop.losses`.
    """

    def __init__(self, layers, loss=half_squared_error):
        layers = list(layers)
        if not layers:
            raise ValueError("layers: expected at least one Dense, came an empty list")
        for i, layer in enumerate(layers):
            if not isinstance(layer, Dense):
                raise TypeError(f"layers[{i}]: expected Dense, came {type(layer).__name__}")
            if i and layer.n_in != layers[i - 1].n_out:
                raise ValueError(
                    f"layers[{i}].W: expected {layers[i - 1].n_out} rows, the units of the layer "
                    f"before {layers[i - 1].W.shape}, came shape {layer.W.shape}"
                )
        self.layers = layers
        self.loss_function = lookup("loss", loss, Loss, LOSSES)
        probabilities = layers[-1].activation.name in ("softmax", "sigmoid")
        if isinstance(self.loss_function, CrossEntropy) and not probabilities:
            raise ValueError(
                f"loss: {self.loss_function} takes the logarithm of probabilities, expected "
                f"softmax or sigmoid in the last layer, came {layers[-1].activation}"
            )
        self._ones = np.ones(1)  # as many as the last batch had rows, to sum over them
        self._reader = f"the first layer's W {layers[0].W.shape}"  # who reads X, for its errors
        # Softmax under cross-entropy: Jacobian and −t/a cancel to a − t (:eq:`delta-softmax`);
        # so do σ′ and the slope of the binary one under a sigmoid. The loss is taken from z then.
        self._from_scores = _FROM_SCORES.get((self.loss_function, layers[-1].activation))
        self._cancels = self._from_scores is not None

    def forward(self, X):
        """Return the `Trace` of z = a W + b and a = f(z), layer by layer (:eq:`layer-forward`).

        X: (N, n_in), N >= 1, finite. Nothing of the network is changed.
        """
        X = batch("X", X, self.layers[0].n_in, self._reader)
        z, a = [], [X]
        with np.errstate(over="ignore"):  # σ means its overflow
            for layer in self.layers:
                z.append(a[-1].dot(layer.W) + layer.b)  # (N, n_in)(n_in, n_out) + (n_out,)
                a.append(layer.activation._function(z[-1]))
        return Trace(z, a)

    def backward(self, trace, T):
        """Return the `Gradients` of the mean loss over the batch.

        The four equations of chapter 05: :eq:`delta-output` at the end, :eq:`delta-hidden` from
        layer to layer, :eq:`weight-gradient` and :eq:`bias-gradient` in each.
        trace: what `forward` returned; T: targets, (N, n_out of the last layer).
        """
        T = self._targets(trace, T)
        if len(self._ones) != len(T):
            self._ones = np.ones(len(T))
        ones, last = self._ones, len(self.layers) - 1
        delta, dW, db = [None] * (last + 1), [None] * (last + 1), [None] * (last + 1)
        for l in range(last, -1, -1):
            layer = self.layers[l]
            if l == last:
                delta[l] = self._delta_output(trace, T)
            else:
                dA = delta[l + 1].dot(self.layers[l + 1].W.T)  # (N, n) = (N, n_out)(n_out, n)
                delta[l] = layer.activation.pull_back(dA, trace.z[l], trace.a[l + 1])
            dW[l] = trace.a[l].T.dot(delta[l])  # (n_in, n_out) = (n_in, N)(N, n_out)
            db[l] = ones.dot(delta[l])  # Σ over the rows: (n_out,) = (N,)(N, n_out)
        return Gradients(delta, dW, db)

    def _delta_output(self, trace, T):
        z, a = trace.z[-1], trace.a[-1]
        if self._cancels:
            return (a - T) / len(T)
        dA = self.loss_function._slope(a, T)
        if len(T) > 1:
            dA = dA / len(T)
        return self.layers[-1].activation.pull_back(dA, z, a)

    def _targets(self, trace, T):
        if not isinstance(trace, Trace):
            raise TypeError(f"trace: expected what forward returned, came {type(trace).__name__}")
        if len(trace.z) != len(self.layers):
            raise ValueError(
                f"trace: expected {len(self.layers)} layers, came {len(trace.z)}: "
                "is it another network's?"
            )
        for l, layer in enumerate(self.layers):
            if trace.z[l].shape[1] != layer.b.size:
                raise ValueError(
                    f"trace: expected z[{l}] of shape (N, {layer.n_out}), that of the layer's W "
                    f"{layer.W.shape}, came {trace.z[l].shape}: is it another network's?"
                )
        return self.loss_function.validate_targets(trace.a[-1], T, "T")

    def loss(self, X, T):
        """Return the mean loss over the batch, a float. X: (N, n_in); T: (N, n_out)."""
        trace = self.forward(X)
        T = self._targets(trace, T)
        if self._cancels:
            return float(self._from_scores(trace.z[-1], T).sum(axis=1).mean())
        return self.loss_function(trace.a[-1], T)

    def step(self, grads, eta):
        """Change every W by −eta·dW and every b by −eta·db (:eq:`gradient-step`), in place.

        eta: the learning rate, > 0. Shapes are compared before anything is changed.
        """
        eta = np.array(positive("eta", eta))
        if not len(grads.dW) == len(grads.db) == len(self.layers):
            raise ValueError(
                f"grads: expected {len(self.layers)} layers, came {len(grads.dW)}: "
                "is it another network's?"
            )
        for l, layer in enumerate(self.layers):
            if grads.dW[l].shape != layer.W.shape or grads.db[l].shape != layer.b.shape:
                same_shape(f"grads.dW[{l}]", grads.dW[l], f"layers[{l}].W", layer.W)
                same_shape(f"grads.db[{l}]", grads.db[l], f"layers[{l}].b", layer.b)
        for layer, dW, db in zip(self.layers, grads.dW, grads.db, strict=True):
            # The product has its place, or a large W would cost two allocations a step.
            if layer._product.shape != dW.shape:
                layer._product = np.empty_like(layer.W)
            layer.W -= np.multiply(eta, dW, out=layer._product)
            layer.b -= eta * db

    def __repr__(self):
        chain = ", ".join(map(repr, self.layers))
        return f"Network([{chain}], loss={self.loss_function})"
