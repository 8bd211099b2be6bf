"""A training step, forward, backward and update: `Network` against torch's autograd.

The same weights, inputs and targets, sigmoid layers, half the squared error (mean over the batch),
float64. torch's step is written in two ways that its users write, each a row of its own:

tensors    X @ W + b, F.mse_loss, backward(), p -= eta * p.grad
torch.nn   Sequential of Linear and Sigmoid, F.mse_loss, backward(), optim.SGD
"""

from itertools import pairwise

import numpy as np
import torch
from measure import compare
from torch.nn import functional as F

from backprop import Dense, Network

ETA = 0.1
#: Units of each layer, examples in the batch, aim, calls in one measurement.
SIZES = [
    ((2, 4, 2), 1, 0.25, 100),
    ((64, 32, 10), 64, 0.35, 50),
    ((784, 100, 10), 64, 1.0, 10),
]


def rows(pairs):
    """Yield the rows: each size against each idiom."""
    torch.set_num_threads(1)
    for units, examples, aim, number in SIZES:
        for idiom in (tensors, torch_nn):
            rng = np.random.default_rng(0)
            net = Network([Dense.random(n, m, "sigmoid", rng) for n, m in pairwise(units)])
            X, T = rng.random((examples, units[0])), rng.random((examples, units[-1]))
            step, weights = idiom(net, X, T)
            yield compare(
                f"step {'-'.join(map(str, units))}, batch {examples}, against {idiom.__name__}",
                lambda net=net, X=X, T=T: net.step(net.backward(net.forward(X), T), ETA),
                step,
                aim,
                pairs=pairs or 41,
                number=number,
            )
            _same_weights(net, weights())


def tensors(net, X, T):
    """Return torch's step with plain tensors, and a function that returns its W as NumPy arrays."""
    x, t = torch.tensor(X), torch.tensor(T)
    layers = [(torch.tensor(layer.W), torch.tensor(layer.b)) for layer in net.layers]
    parameters = [p.requires_grad_() for layer in layers for p in layer]

    def step():
        a = x
        for W, b in layers:
            a = torch.sigmoid(a @ W + b)
        loss = 0.5 * F.mse_loss(a, t, reduction="sum") / len(t)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p -= ETA * p.grad
                p.grad = None

    return step, lambda: [W.detach().numpy() for W, b in layers]


def torch_nn(net, X, T):
    """Return torch's step with modules and an optimizer; its weights are the transposes of W."""
    x, t = torch.tensor(X), torch.tensor(T)
    modules = []
    for layer in net.layers:
        linear = torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(layer.W.T))
            linear.bias.copy_(torch.tensor(layer.b))
        modules += [linear, torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*modules)
    optimizer = torch.optim.SGD(model.parameters(), lr=ETA)

    def step():
        optimizer.zero_grad()
        loss = 0.5 * F.mse_loss(model(x), t, reduction="sum") / len(t)
        loss.backward()
        optimizer.step()

    return step, lambda: [module.weight.detach().numpy().T for module in modules[::2]]


def _same_weights(net, weights):
    """What was timed was the same work: after as many steps both have the same weights."""
    for layer, W in zip(net.layers, weights, strict=True):
        error = np.abs(layer.W - W).max() / np.abs(W).max()
        if not error < 1e-9:  # rounding, carried on through thousands of steps
            raise AssertionError(f"ours and torch's weights differ by {error:.2g} of the largest")
