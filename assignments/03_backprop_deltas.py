"""Checks of assignment 3: deltas by hand, and a way around."""

import math

import numpy as np

from backprop import Dense, Network
from classroom.classics import classics
from classroom.questions import Assignment, Choice, Function, Manual, Plot

CHAPTER = "chapters/05_backprop_deltas.html#"


def routes(sizes, l):
    return math.prod(sizes[l + 1 :])


def two_layers(slope=lambda H: 1 - H**2, over=len):
    """The gradients of the tanh-linear net, with another slope(H) of tanh, or over(T) for N."""

    def gradients(X, T, W1, b1, W2, b2):
        H = np.tanh(X @ W1 + b1)
        delta2 = (H @ W2 + b2 - T) / over(T)
        delta1 = (delta2 @ W2.T) * slope(H)
        return X.T @ delta1, delta1.sum(axis=0), H.T @ delta2, delta2.sum(axis=0)

    return gradients


def as_network(X, T, W1, b1, W2, b2):
    layers = [Dense(W1, b1, "tanh"), Dense(W2, b2, "identity")]
    return Network(layers, "half_squared_error"), X, T


gradients = two_layers()


def slope_at_the_outputs(X, T, W1, b1, W2, b2):
    H = np.tanh(X @ W1 + b1)
    O = H @ W2 + b2
    delta2 = (O - T) * (1 - O**2) / len(X)
    delta1 = (delta2 @ W2.T) * (1 - H**2)
    return X.T @ delta1, delta1.sum(axis=0), H.T @ delta2, delta2.sum(axis=0)


def other_order(X, T, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = gradients(X, T, W1, b1, W2, b2)
    return dW2, db2, dW1, db1


def loss(X, T, W1, b1, W2, b2):
    return 0.5 * ((np.tanh(X @ W1 + b1) @ W2 + b2 - T) ** 2).sum() / len(X)


def steps_of(step, after=False):
    """A training loop: step(X, T, parameters, eta) gives the parameters of after a step."""

    def train(X, T, W1, b1, W2, b2, eta, steps):
        p, losses = (W1, b1, W2, b2), [loss(X, T, W1, b1, W2, b2)]
        for _ in range(steps):
            p = step(X, T, p, eta)
            losses.append(loss(X, T, *p))
        return losses[1:] if after else losses[:-1]

    return train


def downhill(X, T, p, eta):
    return [v - eta * g for v, g in zip(p, gradients(X, T, *p), strict=True)]


def too_early(X, T, p, eta):
    W1, b1, W2, b2 = p
    _, _, dW2, db2 = gradients(X, T, *p)
    H = np.tanh(X @ W1 + b1)
    delta2 = (H @ W2 + b2 - T) / len(X)
    delta1 = (delta2 @ (W2 - eta * dW2).T) * (1 - H**2)
    return W1 - eta * X.T @ delta1, b1 - eta * delta1.sum(axis=0), W2 - eta * dW2, b2 - eta * db2


def early_and_forward_again(X, T, p, eta):
    W1, b1, W2, b2 = p
    _, _, dW2, db2 = gradients(X, T, *p)
    W2, b2 = W2 - eta * dW2, b2 - eta * db2
    dW1, db1, _, _ = gradients(X, T, W1, b1, W2, b2)
    return W1 - eta * dW1, b1 - eta * db1, W2, b2


def biases_stand_still(X, T, p, eta):
    W1, b1, W2, b2 = p
    dW1, _, dW2, _ = gradients(X, T, *p)
    return W1 - eta * dW1, b1, W2 - eta * dW2, b2


def uphill(X, T, p, eta):
    return downhill(X, T, p, -eta)


def around_backward(G, A_in, W, b):
    delta = G * (1 - np.tanh(A_in @ W + b) ** 2)
    return G + delta @ W.T, A_in.T @ delta, delta.sum(axis=0)


def around(dA_in=None, slope=None):
    """A wrong backward pass: dA_in(G, delta, W), and slope(A_in @ W + b, A_in)."""

    def wrong(G, A_in, W, b):
        Z = A_in @ W + b
        delta = G * (1 - np.tanh(Z) ** 2 if slope is None else slope(Z, A_in))
        first = G + delta @ W.T if dA_in is None else dA_in(G, delta, W)
        return first, A_in.T @ delta, delta.sum(axis=0)

    return wrong


def way_in_the_weights(G, A_in, W, b):
    dA_in, dW, db = around_backward(G, A_in, W, b)
    return dA_in, dW + A_in.T @ G, db + G.sum(axis=0)


def sizes_backward(X, Ws, G, around, slope=lambda Z: 1 - np.tanh(Z) ** 2):
    """Mean |∂L/∂A| at the end of each layer, the first layer first."""
    A, inputs = X, []
    for W in Ws:
        inputs.append(A)
        A = around * A + np.tanh(A @ W)
    sizes = []
    for A, W in zip(reversed(inputs), reversed(Ws), strict=True):
        sizes.append(np.abs(G).mean())
        G = around * G + (G * slope(A @ W)) @ W.T
    return np.array(sizes[::-1])


def picture(sizes):
    """What the drawing shows, where sizes(X, Ws, G, around) gives the heights of one line."""

    def draw(X, Ws, G):
        layers = np.arange(1, len(Ws) + 1)
        lines = [(layers, sizes(X, Ws, G, 0)), (layers, sizes(X, Ws, G, 1))]
        words = {"xlabel": ..., "ylabel": ..., "labels": ["plain", "around"]}
        return {"lines": lines, "yscale": "log", **words}

    return draw


def square_net(rng):
    """All layers of one width, so that a missing transpose fits; N is another number."""
    n, N = 3, 5
    X, T = rng.normal(size=(2, N, n))
    W1, W2 = rng.normal(size=(2, n, n))
    b1, b2 = rng.normal(size=(2, n))
    return X, T, W1, b1, W2, b2


def stack(rng):
    depth, width = int(rng.integers(5, 8)), 6
    Ws = [W / 4 for W in rng.normal(size=(depth, width, width))]
    return rng.normal(size=(9, width)), Ws, rng.normal(size=(9, width))


def some_sizes(rng):
    sizes = [int(n) for n in rng.integers(2, 7, size=int(rng.integers(3, 6)))]
    return sizes, int(rng.integers(1, len(sizes)))


ASSIGNMENT = Assignment(
    name="03_backprop_deltas",
    title="A way around",
    chapter="05_backprop_deltas",
    questions=[
        Choice(
            id="q1",
            title="All weights zero",
            points=2,
            calls="answer_1",
            right="d",
            wrong={
                "a": "A hidden delta comes back through W2, and W2 is 0.",
                "b": "dW2 is Hᵀδ, and with all weights 0 the hidden activations are tanh(0) = 0.",
                "c": "δ of the hidden layer is δ of the outputs times W2ᵀ, and W2 is 0.",
            },
            hint="Compute H, then the deltas of the outputs, then those of the hidden layer.",
            section=CHAPTER + "four-equations-for-any-depth",
        ),
        Function(
            id="q2",
            title="How many routes?",
            points=2,
            calls="routes",
            reference=routes,
            inputs=some_sizes,
            tries=8,
            rtol=0.0,
            atol=0.0,
            imports=(),
            mistakes={
                "own layer counted": (
                    lambda sizes, l: math.prod(sizes[l:]),
                    "The width of layer l itself was counted. A weight ends at one neuron of it.",
                ),
                "sum": (
                    lambda sizes, l: sum(sizes[l + 1 :]),
                    "The widths were added. Each route through one layer goes on along all of the "
                    "next, so they multiply.",
                ),
                "last layer left out": (
                    lambda sizes, l: math.prod(sizes[l + 1 : -1]),
                    "The outputs were left out: routes to different outputs are different routes.",
                ),
                "forward": (
                    lambda sizes, l: math.prod(sizes[:l]),
                    "Those are the routes from the inputs to the weight's layer.",
                ),
            },
            hint="Draw 2-2-2 and follow one weight of layer 1, then 2-4-3-2.",
            section=CHAPTER + "what-a-hidden-neuron-is-guilty-of",
        ),
        Function(
            id="q3",
            title="Two layers",
            points=4,
            calls="gradients",
            reference=gradients,
            inputs=square_net,
            mistakes={
                **classics(
                    as_network,
                    "no transpose",
                    "slope dropped",
                    "slope at a",
                    "sum for mean",
                    "mean twice",
                    "sign turned",
                    "factor 2",
                    "bias not summed",
                    "bias averaged",
                    "a route dropped",
                    "= for += over examples",
                    "z for a",
                    "dW transposed",
                ),
                "slope of the sigmoid": (
                    two_layers(slope=lambda H: H * (1 - H)),
                    "h(1 − h) is the slope of the sigmoid. For tanh it is 1 − h².",
                ),
                "mean over all entries": (
                    two_layers(over=np.size),
                    "Divided by the number of all entries of T. The mean is over the batch: by N.",
                ),
                "slope at the outputs": (
                    slope_at_the_outputs,
                    "The outputs are linear: no slope of tanh belongs into their delta.",
                ),
                "other order": (other_order, "The layers changed places: dW1, db1, dW2, db2."),
            },
            hint="Deltas first, from the last layer to the first; then each dW is one product.",
            section=CHAPTER + "then-the-matrices",
        ),
        Function(
            id="q4",
            title="Repair",
            points=3,
            calls="train",
            uses=("gradients",),
            reference=steps_of(downhill),
            inputs=lambda rng: (*square_net(rng), 0.1, 5),
            keeps_inputs=True,
            mistakes={
                "updated too early": (
                    steps_of(too_early),
                    "W2 is changed before the hidden delta is formed with it. All gradients belong "
                    "to one point.",
                ),
                "forward again": (
                    steps_of(early_and_forward_again),
                    "The second layer steps first, and the first layer's gradient is taken after "
                    "that. All gradients belong to one point.",
                ),
                "biases stand still": (steps_of(biases_stand_still), "The biases never move."),
                "uphill": (steps_of(uphill), "The steps go uphill: minus eta times the gradient."),
                "losses of after": (
                    steps_of(downhill, after=True),
                    "Those are the losses after each step. Before each was asked for.",
                ),
            },
            hint="Compute all four gradients, then change anything. And what does `-=` do to an "
            "array that belongs to somebody else?",
            section=CHAPTER + "one-step-and-a-famous-digit",
        ),
        Manual(
            id="q5",
            title="The way around, on paper",
            points=4,
            rubric="1 point: the routes of one entry, direct and through every z_k, and their sum. "
            "1 point: δ and the three gradients with matrices. 1 point: why W is transposed. "
            "1 point: with zero weights all of G arrives, and without the way around nothing.",
            hint="Two kinds of routes: one straight on, and one through each neuron of the layer.",
            section=CHAPTER + "what-a-hidden-neuron-is-guilty-of",
        ),
        Function(
            id="q6",
            title="The way around, in code",
            points=3,
            calls="around_backward",
            reference=around_backward,
            inputs=lambda rng: (
                *rng.normal(size=(2, 5, 3)),
                rng.normal(size=(3, 3)),
                rng.normal(size=3),
            ),
            mistakes={
                "way around forgotten": (
                    around(dA_in=lambda G, delta, W: delta @ W.T),
                    "The way around is missing on the way back: G itself arrives too.",
                ),
                "delta for G": (
                    around(dA_in=lambda G, delta, W: delta + delta @ W.T),
                    "What goes around has met no curve: G is added, not δ.",
                ),
                "no transpose": (
                    around(dA_in=lambda G, delta, W: G + delta @ W),
                    "W is not transposed on the way back. It fits, since W is square here.",
                ),
                "slope dropped": (around(slope=lambda Z, A: 1.0), "The slope of tanh was dropped."),
                "slope at the input": (
                    around(slope=lambda Z, A: 1 - A**2),
                    "The slope was taken at A_in. Its place is Z.",
                ),
                "way in the weights": (
                    way_in_the_weights,
                    "The way around holds no weights: it adds nothing to dW and db.",
                ),
            },
            hint="Name δ = ∂L/∂Z first: G times the slope of tanh, entry by entry.",
            section=CHAPTER + "four-equations-for-any-depth",
        ),
        Plot(
            id="q7",
            title="How much arrives?",
            points=2,
            calls="draw",
            uses=("around_backward",),
            reference=picture(sizes_backward),
            inputs=stack,
            mistakes={
                "last layer first": (
                    picture(lambda *args: sizes_backward(*args)[::-1]),
                    "The layers are numbered from the end. Layer 1 comes first.",
                ),
                "slope dropped": (
                    picture(lambda *args: sizes_backward(*args, slope=lambda Z: 1.0)),
                    "The slope of tanh was dropped on the way back.",
                ),
            },
            hint="Keep the input of every layer on the way forward, and go through them backward.",
            section=CHAPTER + "a-delta-on-a-long-way-back",
        ),
    ],
)
