"""Forward and backward of chapter 06's engines: `Array` against torch, `Value` against floats.

Sigmoid layers, half the squared error (mean over the batch), float64, fresh gradients each time.

Array   affine, sigmoid, half_squared_error, one node each; torch: X @ W + b, F.mse_loss
Value   one node an operation, on 2-4-2; the floor: the same network by hand in plain floats, the
        forward pass and the four equations of chapter 05 as loops
"""

import math
from itertools import pairwise

import numpy as np
import torch
from measure import compare
from torch.nn import functional as F

from backprop.autodiff import Array, Value, affine, half_squared_error

#: Units of each layer, examples in the batch, aim, calls in one measurement.
SIZES = [
    ((2, 4, 2), 1, 0.25, 100),
    ((64, 32, 10), 64, 0.35, 50),
    ((784, 100, 10), 64, 0.85, 10),
]


def rows(pairs):
    """Yield the rows: each size of `Array`, then `Value`."""
    torch.set_num_threads(1)
    for units, examples, aim, number in SIZES:
        X, T, parameters = network(units, examples)
        ours, other = arrays(X, T, parameters), tensors(X, T, parameters)
        _same(ours(), other())
        name = f"Array {'-'.join(map(str, units))}, batch {examples}, against torch"
        yield compare(name, ours, other, aim, pairs=pairs or 41, number=number)
    X, T, parameters = network((2, 4, 2), 1)
    ours, other = values(X, T, parameters), floats(X, T, parameters)
    _same(ours(), other())
    name = "Value 2-4-2, batch 1, against plain floats"
    yield compare(name, ours, other, None, pairs=pairs or 41, number=100)


def network(units, examples):
    """Return X, T and the parameters [W1, b1, W2, b2, ...] of a random network."""
    rng = np.random.default_rng(0)
    parameters = [
        p for n, m in pairwise(units) for p in (rng.normal(0, n**-0.5, (n, m)), rng.normal(size=m))
    ]
    return rng.random((examples, units[0])), rng.random((examples, units[-1])), parameters


def arrays(X, T, parameters):
    """Return a function that computes all gradients with `Array`."""
    leaves = [Array(p) for p in parameters]
    layers = list(zip(leaves[::2], leaves[1::2], strict=True))

    def gradients():
        for leaf in leaves:
            leaf.grad = None
        a = X
        for W, b in layers:
            a = affine(a, W, b).sigmoid()
        half_squared_error(a, T).backward()
        return [leaf.grad for leaf in leaves]

    return gradients


def tensors(X, T, parameters):
    """Return a function that computes them with torch, in the words of `rows_training.tensors`."""
    x, t = torch.tensor(X), torch.tensor(T)
    leaves = [torch.tensor(p, requires_grad=True) for p in parameters]
    layers = list(zip(leaves[::2], leaves[1::2], strict=True))

    def gradients():
        for leaf in leaves:
            leaf.grad = None
        a = x
        for W, b in layers:
            a = torch.sigmoid(a @ W + b)
        loss = 0.5 * F.mse_loss(a, t, reduction="sum") / len(t)
        loss.backward()
        return [leaf.grad for leaf in leaves]

    return gradients


def values(X, T, parameters):
    """Return a function that computes them with `Value`, for one example."""
    x, t = X[0].tolist(), T[0].tolist()
    leaves = [_each(Value, p.tolist()) for p in parameters]
    flat = [value for p in leaves for value in np.ravel(p)]
    layers = list(zip(leaves[::2], leaves[1::2], strict=True))

    def gradients():
        for value in flat:
            value.grad = 0.0
        a = x
        for W, b in layers:
            a = [z.sigmoid() for z in _sums(a, W, b)]
        loss = sum((o - target) ** 2 for o, target in zip(a, t, strict=True)) * 0.5
        loss.backward()
        return [_each(lambda value: value.grad, p) for p in leaves]

    return gradients


def floats(X, T, parameters):
    """Return a function that computes them by hand with floats, for one example, two layers."""
    x, t = X[0].tolist(), T[0].tolist()
    W1, b1, W2, b2 = (p.tolist() for p in parameters)

    def gradients():
        h = [1 / (1 + math.exp(-z)) for z in _sums(x, W1, b1)]
        o = [1 / (1 + math.exp(-z)) for z in _sums(h, W2, b2)]
        delta2 = [(o_k - t_k) * o_k * (1 - o_k) for o_k, t_k in zip(o, t, strict=True)]
        delta1 = [
            h_j * (1 - h_j) * sum(w * d for w, d in zip(row, delta2, strict=True))
            for h_j, row in zip(h, W2, strict=True)
        ]
        dW1 = [[x_i * d for d in delta1] for x_i in x]
        dW2 = [[h_j * d for d in delta2] for h_j in h]
        return [dW1, delta1, dW2, delta2]

    return gradients


def _sums(a, W, b):
    """The weighted sums of a layer, for floats and for Values."""
    z = list(b)
    for a_j, row in zip(a, W, strict=True):
        z = [z_k + a_j * w for z_k, w in zip(z, row, strict=True)]
    return z


def _each(function, nested):
    """Apply a function to every entry of a list of lists."""
    if isinstance(nested, list):
        return [_each(function, entry) for entry in nested]
    return function(nested)


def _same(ours, others):
    """What is timed is the same work: the same gradients."""
    for one, other in zip(ours, others, strict=True):
        error = np.abs(np.asarray(one) - np.asarray(other)).max()
        if not error < 1e-12:
            raise AssertionError(f"ours and the other's gradients differ by {error:.2g}")
