r"""One gradient of a two-layer softmax network by differences, in ways that cost less and less.

All of them are honest difference quotients of the loss, with the same step h; backpropagation is
what they lead to. Chapter 07 derives them. Each takes a `Network` of two layers, one example x
(n_in,) with its target t (n_out,), and returns `Gradients` as `Network.backward` does.
"""

import numpy as np

from ._validate import batch, positive
from .activations import softmax
from .gradcheck import numerical_gradient
from .network import Gradients

__all__ = ["by_copies", "by_loop", "by_neuron", "by_structure"]

#: The numbers of one block of shifted outputs: 64 kB, so that a block stays in a core's cache.
BLOCK = 8_192


def by_loop(net, x, t, h=1e-4):
    """Two forward passes for each parameter: the loop of :eq:`central-difference`."""
    X, T, h = _example(net, x, t, h)
    return _gradients(
        [numerical_gradient(lambda _: net.loss(X, T), layer.W, h) for layer in net.layers],
        [numerical_gradient(lambda _: net.loss(X, T), layer.b, h) for layer in net.layers],
    )


def by_copies(net, x, t, h=1e-4, copies=64):
    """As `by_loop`, but `copies` whole networks at once, each with one parameter shifted."""
    X, T, h = _example(net, x, t, h)
    parameters = [p for layer in net.layers for p in (layer.W, layer.b)]
    slopes = [
        np.concatenate(
            [
                _shifted_copies(net, X, T, parameters, which, first, copies, h)
                for first in range(0, p.size, copies)
            ]
        ).reshape(p.shape)
        for which, p in enumerate(parameters)
    ]
    return _gradients(slopes[0::2], slopes[1::2])


def _shifted_copies(net, X, T, parameters, which, first, copies, h):
    """Central differences for entries first, first + 1, … of one parameter: one stacked pass."""
    size = min(copies, parameters[which].size - first)
    W1, b1, W2, b2 = (np.repeat(p[None], size, axis=0) for p in parameters)
    entry = (W1, b1, W2, b2)[which].reshape(size, -1)
    rows, columns = np.arange(size), first + np.arange(size)
    losses = []
    for shift in (h, -2 * h):
        entry[rows, columns] += shift
        H = net.layers[0].activation._function(np.matmul(X, W1) + b1[:, None])
        losses.append(_losses((np.matmul(H, W2) + b2[:, None])[:, 0], T))
    return (losses[0] - losses[1]) / (2 * h)


def by_structure(net, x, t, h=1e-4, distinct=True):
    """Two *small* passes for each parameter, all at once (:eq:`structured-difference`).

    A first-layer weight W[i, j] moves one hidden sum by h·x_i, and the outputs by what that unit
    then sends. A second-layer weight W[j, k] moves one output sum by h·a_j. Nothing else is
    computed again. distinct: inputs of equal value have equal differences and are computed once.
    """
    X, T, h = _example(net, x, t, h)
    first, second = net.layers
    trace, everywhere = net.forward(X), np.arange(X.shape[1])
    values, where = np.unique(X[0], return_inverse=True) if distinct else (X[0], everywhere)
    # Shifts of the hidden sums: one for each input value, and h itself for the bias.
    shifts, z, a = h * np.append(values, 1.0), trace.z[0][0][:, None], trace.a[1][0][:, None]

    def moved(units, sign):
        return first.activation._function(z[units] + sign * shifts) - a[units]

    slopes = _through(trace.z[1][0], T, moved, second.W, len(shifts)) / (2 * h)
    # The output sums: shifted by h·a_j through W[j, k], by h through b[k].
    outer = _one_output(trace.z[1][0], T, h * np.append(a, 1.0)[:, None]) / (2 * h)
    # Transposed first: whole rows are then copied, not single entries.
    dW = [slopes.T.copy()[where], outer[:-1]]
    return _gradients(dW, [slopes[:, -1], outer[-1]])


def _one_output(z, T, steps):
    """L(z + step·e_k) − L(z − step·e_k) for steps (m, 1) and every output k: (m, n_out).

    Of the sum of exponentials one term moves; the others are not computed again.
    """
    z = z - z.max()
    terms = np.exp(z)
    others = terms.sum() - terms
    up, down = (np.log(others + np.exp(z + s)) - T[0] * s for s in (steps, -steps))
    return up - down


def _through(z, T, moved, W, count):
    """L(z + up·W[j]) − L(z + down·W[j]) for `count` shifts of each row j of W (n, n_out).

    moved: takes rows (a slice) and a sign, and returns their shifts, (rows, count).
    """
    k, rows = int(T[0].argmax()), max(1, BLOCK // count)
    result = np.empty((len(W), count))
    for low in range(0, len(W), rows):
        part = slice(low, low + rows)
        up, down = (_shifted(z, moved(part, sign), W[part], k) for sign in (1.0, -1.0))
        np.subtract(up, down, out=result[part])
    return result


def _shifted(z, shift, W, k):
    """log Σ exp − z_k at z + shift·W[j], output by output: nothing of three axes is ever stored."""
    scores = z - z.max()  # shifts are small: near enough to the shifted largest to prevent overflow
    total, term = np.zeros_like(shift), np.empty_like(shift)
    for o, score in enumerate(scores):
        np.multiply(shift, W[:, o, None], out=term)
        term += score
        total += np.exp(term, out=term)
    return np.log(total, out=total) - np.multiply(shift, W[:, k, None], out=term) - scores[k]


def by_neuron(net, x, t, h=1e-4):
    r"""Two small passes for each *neuron*: that quotient is δ (:eq:`delta-difference`).

    dW = aᵀδ and db = δ then follow as in backpropagation: 110 differences for 79,510 parameters.
    """
    X, T, h = _example(net, x, t, h)
    first, second = net.layers
    trace = net.forward(X)
    moved = [first.activation._function(trace.z[0] + s) - trace.a[1] for s in (h, -h)]
    m, n = first.n_out, second.n_out
    # A row for each shifted sum: hidden ones up and down, output ones up and down.
    rows = np.concatenate([*(d.T * second.W for d in moved), h * np.eye(n), -h * np.eye(n)])
    losses = _losses(trace.z[1] + rows, T)
    delta1 = (losses[:m] - losses[m : 2 * m])[None] / (2 * h)
    delta2 = (losses[2 * m : 2 * m + n] - losses[2 * m + n :])[None] / (2 * h)
    dW = [X.T.dot(delta1), trace.a[1].T.dot(delta2)]
    return Gradients([delta1, delta2], dW, [delta1[0], delta2[0]])


def _losses(Z, T):
    """The cross-entropy of each row of output sums Z (m, n_out) for one target T (1, n_out)."""
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.log(np.exp(Z).sum(axis=1)) - Z @ T[0]


def _gradients(dW, db):
    """`Gradients` of differences taken weight by weight: there are no deltas to tell."""
    return Gradients([None] * len(dW), list(dW), list(db))


def _example(net, x, t, h):
    if len(net.layers) != 2:
        raise ValueError(f"net: expected a network of two layers, came {len(net.layers)}")
    first, last = net.layers
    X = batch("x", np.atleast_2d(x), first.n_in, f"the first layer's W {first.W.shape}")
    if len(X) != 1:
        raise ValueError(f"x: expected one example ({first.n_in},), came shape {np.shape(x)}")
    T = batch("t", np.atleast_2d(t), last.n_out, f"the last layer's W {last.W.shape}")
    if not (last.activation is softmax and net._cancels):
        raise ValueError(f"net: expected softmax under cross_entropy, came {net}")
    return X, net.loss_function.validate_targets(T, T, "t"), positive("h", h)
