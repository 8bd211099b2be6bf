"""Chapter 07: one gradient of the 784-100-10 network by differences, way by way.

The loop is the one that beginners write, two losses for each of 79,510 parameters; it is timed on
a sample of them and extrapolated. The images are one example: a dense one, whose pixels all
differ, and a digit of 8 bits, whose equal pixels have equal differences.
"""

from dataclasses import replace
from time import perf_counter

import numpy as np
from measure import compare, row_of_pairs
from tqdm import tqdm

from backprop import Dense, Network, differences

H = 1e-4
SAMPLE = 400  # parameters of the loop that are timed, and compared


def network(rng):
    """Return the sources' network: sigmoid, softmax, first weights of size 0.01."""
    first = Dense.random(784, 100, "sigmoid", rng, init="normal", scale=0.01)
    last = Dense.random(100, 10, "softmax", rng, init="normal", scale=0.01)
    return Network([first, last], "cross_entropy")


def digit():
    """Return a zero drawn with soft edges, 28 × 28 gray values of 8 bits."""
    y, x = np.mgrid[:28, :28] - 13.5
    distance = np.abs(np.hypot(x / 0.8, y) - 9)
    return np.round(255 * np.clip(1.6 - distance / 1.8, 0, 1)).ravel() / 255


class Loop:
    """The program in the style of the sources: parameters by name, a function for each layer."""

    def __init__(self, net):
        first, last = net.layers
        self.params = {"w1": first.W, "b1": first.b, "w2": last.W, "b2": last.b}

    def predict(self, x):
        """Return the probabilities of x (784,)."""
        hidden = sigmoid(np.dot(x, self.params["w1"]) + self.params["b1"])
        return softmax(np.dot(hidden, self.params["w2"]) + self.params["b2"])

    def loss(self, x, t):
        """Return the cross-entropy of x with its one-hot target."""
        return cross_entropy_error(self.predict(x), t)

    def quotients(self, name, x, t, count):
        """Return the first `count` central differences of one array, entry by entry."""
        array, found = self.params[name], []
        it = np.nditer(array, flags=["multi_index"], op_flags=["readwrite"])
        while not it.finished and len(found) < count:
            index = it.multi_index
            kept = array[index]
            array[index] = float(kept) + H
            above = self.loss(x, t)
            array[index] = kept - H
            below = self.loss(x, t)
            found.append((above - below) / (2 * H))
            array[index] = kept
            it.iternext()
        return np.array(found)


def sigmoid(z):
    """Return 1 / (1 + e^−z)."""
    return 1 / (1 + np.exp(-z))


def softmax(z):
    """Return the probabilities, the largest z taken off first."""
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def cross_entropy_error(y, t):
    """Return −Σ t log y."""
    return -np.sum(t * np.log(y))


def rows(pairs):
    """Yield the rows."""
    rng = np.random.default_rng(7)
    net = network(rng)
    x, t = rng.random(784), np.eye(10)[3]
    for name, image, aim in (("dense image", x, 1200), ("8-bit digit", digit(), 12_000)):
        yield against_the_loop(f"by structure against the loop, {name}", net, image, t, aim, pairs)
    yield compare(
        "stacked copies against the loop, one stack of 64",
        lambda: differences._shifted_copies(net, x[None], t[None], _parameters(net), 0, 0, 64, H),
        lambda: Loop(net).quotients("w1", x, t, 64),
        None,
        pairs=pairs or 7,
    )
    yield compare(
        "by neuron against backprop",
        lambda: differences.by_neuron(net, x, t, H),
        lambda: net.backward(net.forward(x[None]), t[None]),
        2.5,
        pairs=pairs or 31,
        number=20,
    )


def against_the_loop(name, net, x, t, aim, pairs):
    """Return the row: how many times faster, at least `aim` aimed at, shown as a ratio."""
    program, total = Loop(net), sum(p.size for p in _parameters(net))
    ours = differences.by_structure(net, x, t, H)
    for array, found in (("w1", ours.dW[0]), ("b1", ours.db[0]), ("w2", ours.dW[1])):
        theirs = program.quotients(array, x, t, SAMPLE)
        gap = np.abs(found.reshape(-1)[: len(theirs)] - theirs).max()
        if gap > 1e-11:
            raise AssertionError(f"{name}: {array} differs by {gap:.1e}, allowed is 1e-11")
    a, b = [], []
    for _ in tqdm(range(pairs or 15), desc=name, unit="pair", disable=None, leave=False):
        start = perf_counter()
        differences.by_structure(net, x, t, H)
        a.append(perf_counter() - start)
        start = perf_counter()
        program.quotients("w1", x, t, SAMPLE)
        b.append((perf_counter() - start) * total / SAMPLE)
    row = row_of_pairs(name, a, b, round(1 / aim, 7))
    note = (
        f"The loop: {SAMPLE} of {total:,} parameters are timed and extrapolated; both answers "
        "agree to 1e-11. Aims: 1,200 and 12,000 times faster."
    )
    return replace(row, name=f"{name} (×{1 / row.value:,.0f})", note=note)


def _parameters(net):
    return [p for layer in net.layers for p in (layer.W, layer.b)]
