"""What hypothesis draws for the tests of the package: arrays, and networks with their batches."""

from itertools import pairwise

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from backprop import Dense, Network
from backprop.activations import ACTIVATIONS
from backprop.losses import LOSSES

seeds = st.integers(0, 2**32 - 1)
shapes = st.sampled_from([(), (1,), (4,), (1, 1), (3, 2), (2, 3, 2)])

#: How far every z of a ReLU layer stays from its kink: farther than any difference steps.
KINK = 0.02


def one_hot(rng, n, m):
    """Return targets (n, m), a 1 in a random column of every row."""
    return np.eye(m)[rng.integers(m, size=n)]


def targets(loss, rng, n, m):
    """Targets (n, m) that suit the loss of that name."""
    if loss == "cross_entropy":
        return one_hot(rng, n, m)
    if loss == "binary_cross_entropy":
        return rng.integers(0, 2, (n, m)).astype(float)
    return rng.normal(size=(n, m))


@st.composite
def cases(draw, loss=None, last=None, most_layers=4):
    """Draw (net, X, T): 1 to 4 layers of 1 to 6 units, 1 to 6 examples, any activations and loss.

    loss, last: the name of the loss, of the last layer's activation, instead of any. Cross-entropy
    gets probabilities and one-hot targets, the binary one 0s and 1s; no z of a ReLU layer is near
    the kink.
    """
    loss = loss or draw(st.sampled_from(sorted(LOSSES)))
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=most_layers + 1))
    names = draw(
        st.lists(
            st.sampled_from(sorted(ACTIVATIONS)), min_size=len(sizes) - 1, max_size=len(sizes) - 1
        )
    )
    if loss == "binary_cross_entropy":
        last = last or "sigmoid"  # a softmax of one unit says 1, whatever the question
    if loss == "cross_entropy":
        last = last or draw(st.sampled_from(["softmax", "sigmoid"]))
    names[-1] = last or names[-1]
    rng = np.random.default_rng(draw(seeds))
    layers = [
        Dense(rng.normal(size=(n_in, n_out)), rng.normal(size=n_out), name)
        for (n_in, n_out), name in zip(pairwise(sizes), names, strict=True)
    ]
    net = Network(layers, loss)
    n = draw(st.integers(1, 6))
    X = rng.normal(size=(n, sizes[0]))
    T = targets(loss, rng, n, sizes[-1])
    for z, name in zip(net.forward(X).z, names, strict=True):
        assume(name != "relu" or np.abs(z).min() > KINK)
    return net, X, T
