r"""Training a `Network` on examples: epochs of shuffled minibatches, and what they leave behind.

`fit` is the loop of chapter 13 (:eq:`minibatch-step`), made lean: everything is looked at once at
the start, and then all W and b are one vector that an optimizer steps at once.
"""

import math
from types import SimpleNamespace

import numpy as np

from ._validate import batch, generator, one_hot, whole
from .activations import softmax
from .losses import cross_entropy
from .network import Network, Trace
from .optimizers import GradientDescent

__all__ = ["Diverged", "History", "Interrupted", "fit"]

#: Examples are shuffled into batches in blocks of about this many numbers, 2 MB.
BLOCK = 250_000
#: Rows of one forward pass over a whole set: its activations need no more room than these.
ROWS = 4096


class History(SimpleNamespace):
    """What `fit` saw, a list entry an epoch.

    loss: the mean loss of the training examples, each as it was when its batch came, before that
    batch's step.
    val_loss: the loss on the held-out examples at the end of the epoch; empty without them.
    accuracy, val_accuracy: the fraction whose largest output is that of the target, likewise;
    empty where the targets are not one-hot rows of at least two classes.
    """

    def __init__(self):
        self.loss, self.accuracy, self.val_loss, self.val_accuracy = [], [], [], []

    @property
    def epochs(self):
        """The number of whole epochs."""
        return len(self.loss)


class Diverged(ArithmeticError):
    """A fit left the finite numbers. `step`, `epoch`: when; `history`: the epochs before."""

    def __init__(self, optimizer, step, history):
        self.step, self.epoch, self.history = step, history.epochs + 1, history
        super().__init__(
            f"{optimizer} diverged: step {step}, in epoch {self.epoch}, left the finite numbers; "
            "the network is as it was before the fit; a smaller eta may hold"
        )


class Interrupted(KeyboardInterrupt):
    """A keyboard interrupt in `fit`. `history`: the whole epochs; the network keeps its steps."""

    def __init__(self, history):
        self.history = history
        super().__init__(
            f"stopped after {history.epochs} epochs; the exception's .history is what they saw"
        )


def fit(
    net,
    X,
    T,
    *,
    epochs,
    batch_size,
    rng,
    eta=None,
    optimizer=None,
    X_val=None,
    T_val=None,
    progress=None,
):
    """Train `net` in place for some epochs of shuffled minibatches, and return the `History`.

    Each epoch takes every example once, in a new order, `batch_size` at a time (the last batch of
    an epoch may be smaller), and each batch makes one step (:eq:`minibatch-step`).

    X, T: (N, n_in) and (N, n_out).
    eta, optimizer: the rate of plain gradient descent, or one of `backprop.optimizers`.
    rng: the numpy.random.Generator that shuffles.
    X_val, T_val: held-out examples; only looked at, at the end of each epoch.
    progress: True shows a bar, False none; None shows one where stderr is a terminal.

    Raises TypeError or ValueError, before anything is changed, on arguments that do not fit;
    `Diverged` as soon as a weight is NaN or infinite, with the network as it was before;
    `Interrupted` (a KeyboardInterrupt with the history) on a keyboard interrupt.
    """
    if not isinstance(net, Network):
        raise TypeError(f"net: expected a Network, came {type(net).__name__}")
    if len(set(map(id, net.layers))) < len(net.layers):
        raise ValueError("net: expected different layers, came one Dense that stands in two places")
    X, T = _examples(net, X, T, "X", "T")
    epochs, batch_size = whole("epochs", epochs, 0), whole("batch_size", batch_size, 1)
    if batch_size > len(X):
        raise ValueError(f"batch_size: expected at most the {len(X)} examples, came {batch_size}")
    if (X_val is None) != (T_val is None):
        raise ValueError("X_val, T_val: expected both or none, came one")
    held_out = None if X_val is None else _examples(net, X_val, T_val, "X_val", "T_val")
    rng, optimizer, history = generator("rng", rng), _optimizer(eta, optimizer), History()
    run = _Run(net, optimizer, batch_size, _are_classes(T))
    try:
        with np.errstate(over="ignore", invalid="ignore"), _bar(epochs, progress) as bar:
            for _ in range(epochs):
                run.epoch(X, T, rng, history)
                if held_out is not None:
                    run.validate(*held_out, history)
                bar.set_postfix(loss=f"{history.loss[-1]:.3g}", refresh=False)
                bar.update()
    except KeyboardInterrupt:
        raise Interrupted(history) from None
    finally:
        run.give_back()
    return history


class _Run:
    """One fit: all W and b as one vector x, their gradient g, and the optimizer's state.

    In x the rows of a layer's W are followed by its b: together they are one matrix (n_in + 1,
    n_out), which inputs with a last column of ones multiply in one product, z = a W + b; the same
    product, turned round, gives dW and db. While a fit runs the layers' W and b are views into x;
    `give_back` puts the layers' own arrays, with the new numbers, in their place again.
    """

    def __init__(self, net, optimizer, batch_size, classes):
        self.net, self.optimizer, self.batch_size = net, optimizer, batch_size
        self.classes, self.done = classes, 0
        self.own = [(layer.W, layer.b) for layer in net.layers]
        self.x = np.concatenate([p.ravel() for pair in self.own for p in pair])
        self.before, self.g = self.x.copy(), np.empty_like(self.x)
        self.state = optimizer.start(self.x)
        # For each layer its matrix, the matrix's gradient, its activation, and room for its outputs
        # and their ones (the last layer's go nowhere).
        matrices, slopes = self._matrices(self.x), self._matrices(self.g)
        rooms = [np.ones((batch_size, layer.n_out + 1)) for layer in net.layers[:-1]]
        activations = [layer.activation for layer in net.layers]
        self.layers = list(zip(matrices, slopes, activations, [*rooms, None], strict=True))
        for layer, matrix in zip(net.layers, matrices, strict=True):
            layer.W, layer.b = matrix[:-1], matrix[-1]
        self.softmax = net.loss_function is cross_entropy and activations[-1] is softmax
        # Sums of rows, in every column; for very many classes in one column only.
        outputs = net.layers[-1].n_out
        self.ones = np.ones((outputs, outputs if outputs <= 32 else 1))

    def _matrices(self, vector):
        """Return the matrix of W and b of each layer, a view into the vector."""
        found, low = [], 0
        for W, b in self.own:
            high = low + W.size + b.size
            found.append(vector[low:high].reshape(-1, b.size))
            low = high
        return found

    def give_back(self):
        """Put the layers' own arrays in their place again, with the numbers of x."""
        for layer, (W, b) in zip(self.net.layers, self.own, strict=True):
            np.copyto(W, layer.W)
            np.copyto(b, layer.b)
            layer.W, layer.b = W, b

    def epoch(self, X, T, rng, history):
        """Take one step for each batch of one shuffled pass, and note loss and accuracy."""
        order, size = rng.permutation(len(X)), self.batch_size
        scores, targets = np.empty_like(T), T[order]
        block = size * max(1, BLOCK // (size * X.shape[1]))
        room = np.ones((min(block, len(X)), X.shape[1] + 1))
        for low in range(0, len(X), block):
            some = order[low : low + block]
            room[: len(some), :-1] = X[some]
            part = slice(low, low + len(some))
            self._steps(room[: len(some)], targets[part], scores[part], history)
        self._note(scores, targets, history.loss, history.accuracy)

    def _steps(self, X, T, scores, history):
        """Take one step for each batch of X (N, n_in + 1), and write down each batch's last z."""
        x, g, state, step, size = self.x, self.g, self.state, self.optimizer.step, self.batch_size
        for low in range(0, len(X), size):
            rows = slice(low, low + size)
            scores[rows] = self._gradient(X[rows], T[rows])
            self.done += 1
            step(x, g, state, self.done)
            # Σ x² is the cheapest look: it is finite where every entry is and none is huge.
            if not math.isfinite(x.dot(x)) and not np.isfinite(x).all():
                x[...] = self.before
                raise Diverged(self.optimizer, self.done, history)

    def _gradient(self, X, T):
        """Write the gradient of a batch's mean loss into g, and return the last layer's z.

        What `Network.forward` and `Network.backward` do, with W and b in one and without looks.
        """
        layers, z, a = self.layers, [], [X]
        for matrix, _, activation, room in layers:
            z.append(a[-1].dot(matrix))  # (N, n_out) = (N, n_in + 1)(n_in + 1, n_out)
            if room is not None:
                a.append(room[: len(X)])
                a[-1][:, :-1] = activation._function(z[-1])
        delta = self._delta_output(z[-1], T)
        for l in range(len(layers) - 1, -1, -1):
            matrix, slope, _, _ = layers[l]
            a[l].T.dot(delta, slope)  # (n_in + 1, n_out) = (n_in + 1, N)(N, n_out), into g
            if l:
                dA = delta.dot(matrix[:-1].T)  # (N, n_in) = (N, n_out)(n_out, n_in)
                delta = layers[l - 1][2].pull_back(dA, z[l - 1], a[l][:, :-1])
        return z[-1]

    def _delta_output(self, z, T):
        """Return delta of the last layer, (N, n_out)."""
        if not self.softmax:
            a = self.layers[-1][2]._function(z)
            return self.net._delta_output(Trace([z], [a]), T)
        # Softmax. Σ z² < 700²: no |z| is 700, and exp(z) neither overflows nor vanishes as it is.
        if not np.vdot(z, z) < 490_000.0:
            z = z - np.maximum.reduce(z, axis=1, keepdims=True)
        delta = np.exp(z)
        delta /= delta.dot(self.ones)  # the sum of each row: a product is cheaper than a reduction
        delta -= T
        delta /= len(T)
        return delta

    def validate(self, X, T, history):
        """Note loss and accuracy on held-out examples."""
        parts = [self.net.forward(X[i : i + ROWS]).z[-1] for i in range(0, len(X), ROWS)]
        self._note(np.concatenate(parts), T, history.val_loss, history.val_accuracy)

    def _note(self, z, T, losses, accuracies):
        """Append loss and accuracy of examples whose last layer has the sums z (N, n_out)."""
        a = self.layers[-1][2]._function(z)
        if self.net._from_scores:
            values = self.net._from_scores(z, T).sum(axis=1)
        else:
            values = self.net.loss_function._value(a, T)
        losses.append(float(values.mean()))
        if self.classes:
            accuracies.append(float((a.argmax(axis=1) == T.argmax(axis=1)).mean()))


def _examples(net, X, T, X_name, T_name):
    """Return X and T as float64 arrays that fit the network and each other, or raise."""
    first, last = net.layers[0], net.layers[-1]
    X = batch(X_name, X, first.n_in, f"the first layer's W {first.W.shape}")
    if np.ndim(T) == 1 and last.n_out > 1:
        raise ValueError(
            f"{T_name}: expected shape (N, {last.n_out}), one row an example, came shape "
            f"{np.shape(T)}; labels become rows by backprop.data.one_hot(labels, {last.n_out})"
        )
    T = batch(T_name, T, last.n_out, f"the last layer's W {last.W.shape}")
    if len(X) != len(T):
        raise ValueError(f"{T_name}: expected {len(X)} rows, as {X_name} has, came {len(T)}")
    return X, net.loss_function.validate_targets(T, T, T_name)


def _are_classes(T):
    """Whether the rows of T are one-hot for at least two classes: then an accuracy means much."""
    if T.shape[1] < 2:
        return False
    try:
        one_hot("T", T)
    except ValueError:
        return False
    return True


def _optimizer(eta, optimizer):
    if (eta is None) == (optimizer is None):
        came = "neither" if eta is None else "both"
        raise ValueError(f"eta, optimizer: expected one of the two, came {came}")
    if optimizer is None:
        return GradientDescent(eta)
    if not (hasattr(optimizer, "start") and hasattr(optimizer, "step")):
        raise TypeError(f"optimizer: expected one, such as Adam(), came {optimizer!r}")
    return optimizer


def _bar(epochs, progress):
    from tqdm import tqdm

    disable = None if progress is None else not progress
    return tqdm(total=epochs, unit="epoch", disable=disable, leave=False)
