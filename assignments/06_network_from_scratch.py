"""Checks of assignment 6: loss, network, gradients and training, with NumPy alone."""

import numpy as np

from backprop import Dense, Network
from classroom.classics import classics
from classroom.questions import (
    Assignment,
    Choice,
    ClassCalls,
    Function,
    Manual,
    Plot,
    call,
    make,
)

LOSS = "chapters/03_softmax_cross_entropy.html#"
DELTAS = "chapters/05_backprop_deltas.html#"


def shares(Z):
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True)


def each_loss(Z, labels):
    """The cross-entropy of every example, (N,)."""
    Z = Z - Z.max(axis=1, keepdims=True)
    return np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(Z)), labels]


def cross_entropy(Z, labels):
    return float(each_loss(Z, labels).mean())


def overflowing(Z, labels):
    with np.errstate(all="ignore"):
        P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
        return float(-np.log(P[np.arange(len(Z)), labels]).mean())


def guarded(Z, labels):
    P = shares(Z)[np.arange(len(Z)), labels]
    return float(-np.log(P + 1e-12).mean())


def scores(rng):
    """Ordinary scores, and large ones, whose exponentials overflow."""
    N, m = 6, 4
    large = rng.random() < 0.5
    return rng.normal(size=(N, m)) * (400 if large else 1.5), rng.integers(0, m, N)


class Net:
    def __init__(self, W1, b1, W2, b2):
        self.W1, self.b1, self.W2, self.b2 = W1.copy(), b1.copy(), W2.copy(), b2.copy()

    def hidden(self, X):
        return np.maximum(0, X @ self.W1 + self.b1)

    def scores(self, X):
        return self.hidden(X) @ self.W2 + self.b2

    def delta2(self, X, labels):
        return (shares(self.scores(X)) - np.eye(self.W2.shape[1])[labels]) / len(X)

    def gradients(self, X, labels):
        H, delta2 = self.hidden(X), self.delta2(X, labels)
        delta1 = (delta2 @ self.W2.T) * (H > 0)
        return X.T @ delta1, delta1.sum(axis=0), H.T @ delta2, delta2.sum(axis=0)

    def step(self, X, labels, eta):
        before = cross_entropy(self.scores(X), labels)
        self.move(self.gradients(X, labels), eta)
        return before

    def move(self, gradients, eta):
        dW1, db1, dW2, db2 = gradients
        self.W1, self.b1 = self.W1 - eta * dW1, self.b1 - eta * db1
        self.W2, self.b2 = self.W2 - eta * dW2, self.b2 - eta * db2


def as_network(net, X, labels):
    layers = [Dense(net.W1, net.b1, "relu"), Dense(net.W2, net.b2, "softmax")]
    return Network(layers, "cross_entropy"), X, np.eye(net.W2.shape[1])[labels]


def classic_nets(*names):
    """name -> (a net whose `gradients` makes that mistake, sentence)."""

    def net(wrong):
        return type("Classic", (Net,), {"gradients": lambda *args: wrong(*args)})

    found = classics(as_network, *names)
    return {name: (net(wrong), f"`gradients`: {said}") for name, (wrong, said) in found.items()}


class BiasesNotSummed(Net):
    def gradients(self, X, labels):
        H, delta2 = self.hidden(X), self.delta2(X, labels)
        delta1 = (delta2 @ self.W2.T) * (H > 0)
        return X.T @ delta1, delta1, H.T @ delta2, delta2


class TooEarly(Net):
    def step(self, X, labels, eta):
        before = cross_entropy(self.scores(X), labels)
        H, delta2 = self.hidden(X), self.delta2(X, labels)
        self.W2, self.b2 = self.W2 - eta * H.T @ delta2, self.b2 - eta * delta2.sum(axis=0)
        delta1 = (delta2 @ self.W2.T) * (H > 0)
        self.W1, self.b1 = self.W1 - eta * X.T @ delta1, self.b1 - eta * delta1.sum(axis=0)
        return before


class LossOfAfter(Net):
    def step(self, X, labels, eta):
        super().step(X, labels, eta)
        return cross_entropy(self.scores(X), labels)


class BiasesStandStill(Net):
    def move(self, gradients, eta):
        self.W1, self.W2 = self.W1 - eta * gradients[0], self.W2 - eta * gradients[2]


class ReluOfScores(Net):
    def scores(self, X):
        return np.maximum(0, super().scores(X))


def some_parameters(rng, n, J, m):
    return rng.normal(size=(n, J)), rng.normal(size=J), rng.normal(size=(J, m)), rng.normal(size=m)


def net_script(rng):
    """Gradients, two steps, gradients again; W2 is square, so that W2 for its transpose fits."""
    n, J, N = 3, 4, 6
    X, labels = rng.normal(size=(N, n)), rng.integers(0, J, N)
    return [
        make(*some_parameters(rng, n, J, J)),
        call("scores", X),
        call("gradients", X, labels),
        call("step", X, labels, 0.5),
        call("step", X, labels, 0.5),
        call("gradients", X, labels),
    ]


def trained(batches=None, change=None, note=None, kind=Net):
    """A training loop with wrong batches(order, size), change(net, X, labels, eta) or notes."""

    def right_batches(order, size):
        return [order[k : k + size] for k in range(0, len(order), size)]

    def train(X, labels, parameters, orders, size, eta):
        net = kind(*parameters)
        losses = [cross_entropy(net.scores(X), labels)]
        for order in orders:
            noted = []
            for batch in (batches or right_batches)(order, size):
                noted.append(
                    net.step(X[batch], labels[batch], change(batch, size, eta) if change else eta)
                )
            after = cross_entropy(net.scores(X), labels)
            losses.append(note(noted) if note else after)
        return losses

    return train


train = trained()


def same_order(X, labels, parameters, orders, size, eta):
    return train(X, labels, parameters, np.sort(orders, axis=1), size, eta)


def started_anew(X, labels, parameters, orders, size, eta):
    starts = [train(X, labels, parameters, order[None], size, eta) for order in orders]
    return [starts[0][0], *(losses[1] for losses in starts)]


def one_training(rng):
    """A batch size that does not divide N."""
    n, J, m, N = 2, 5, 3, 11
    orders = np.array([rng.permutation(N) for _ in range(3)])
    X, labels = rng.normal(size=(N, n)), rng.integers(0, m, N)
    return X, labels, some_parameters(rng, n, J, m), orders, 4, 0.3


def kept_epoch(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def stop_epoch(losses, patience):
    """Where it stops instead of what it keeps."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch
    return len(losses) - 1


def later_of_equals(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def impatient_rises(losses, patience):
    """Counts rises from one epoch to the next, not epochs without a new lowest."""
    rises = 0
    for epoch in range(1, len(losses)):
        rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if rises >= patience:
            return int(np.argmin(losses[: epoch + 1]))
    return int(np.argmin(losses))


def held_out_losses(rng):
    """A pause that is just borne, a new lowest, a pause that is not borne, and a deeper valley.

    In the second pause the lowest comes once more, now and then.
    """
    patience = int(rng.integers(2, 5))
    losses = sorted(rng.uniform(1.5, 2.5, int(rng.integers(2, 5))), reverse=True)
    losses += [*pause(rng, losses[-1], patience - 1), losses[-1] - 0.2]
    if rng.random() < 0.8:  # else it never stops
        second = pause(rng, losses[-1], patience + int(rng.integers(0, 2)))
        if rng.random() < 0.5:
            second[int(rng.integers(0, patience))] = losses[-1]
        losses += second
        losses += list(rng.uniform(0.1, 0.4, 3))
    return [float(loss) for loss in losses], patience


def pause(rng, lowest, length):
    """Losses above the lowest; now and then they do nothing but rise."""
    above = lowest + rng.uniform(0.05, 0.5, length)
    return list(np.sort(above) if rng.random() < 0.4 else above)


def picture(first=0):
    """What the drawing shows, from the epoch `first` on."""

    def draw(X, labels, X_held, labels_held, parameters, orders, size, eta):
        net = Net(*parameters)
        noted = [
            (cross_entropy(net.scores(X), labels), cross_entropy(net.scores(X_held), labels_held))
        ]
        for order in orders:
            for k in range(0, len(order), size):
                net.step(X[order[k : k + size]], labels[order[k : k + size]], eta)
            noted.append(
                (
                    cross_entropy(net.scores(X), labels),
                    cross_entropy(net.scores(X_held), labels_held),
                )
            )
        training, outside = np.array(noted).T
        epochs = np.arange(first, len(noted))
        return {
            "lines": [(epochs, training[first:]), (epochs, outside[first:])],
            "yscale": "log",
            "xlabel": ...,
            "ylabel": ...,
            "labels": ["training", "held out"],
        }

    return draw


def one_set_twice(X, labels, X_held, labels_held, parameters, orders, size, eta):
    return picture()(X, labels, X, labels, parameters, orders, size, eta)


def two_sets(rng):
    X, labels, parameters, orders, size, eta = one_training(rng)
    return X, labels, rng.normal(size=(7, 2)), rng.integers(0, 3, 7), parameters, orders, size, eta


ASSIGNMENT = Assignment(
    name="06_network_from_scratch",
    title="A network from scratch",
    chapter="11_numpy_to_pytorch",
    questions=[
        Choice(
            id="q1",
            title="How large should the first weights be?",
            points=2,
            calls="answer_1",
            right="b",
            wrong={
                "a": "That is one weight's. 400 independent terms w x add up.",
                "c": "That is the variance, 400 · 0.01. The standard deviation is its root.",
                "d": "Terms of both signs cancel in part: variances add, not deviations.",
            },
            hint="Each term w x has the variance 0.01, and variances of independent terms add.",
            section="chapters/01_perceptron.html#very-wrong-and-very-slow",
        ),
        Function(
            id="q2",
            title="A loss that bears large scores",
            points=3,
            calls="cross_entropy",
            reference=cross_entropy,
            inputs=scores,
            tries=8,
            keeps_inputs=True,
            mistakes={
                "overflow": (
                    overflowing,
                    "Right for small scores; for large ones the exponentials overflow. Take the "
                    "largest score of the example away first.",
                ),
                "guarded logarithm": (
                    guarded,
                    "A small number was added inside the logarithm. That hides the overflow and "
                    "caps the loss at 27.6: work with ln p directly.",
                ),
                "sum": (
                    lambda Z, labels: float(each_loss(Z, labels).sum()),
                    "That is the sum over the batch. The mean was asked for.",
                ),
                "mean over all entries": (
                    lambda Z, labels: float(each_loss(Z, labels).mean() / Z.shape[1]),
                    "Divided by the number of classes too. The mean is over the examples.",
                ),
                "base 2": (
                    lambda Z, labels: float(each_loss(Z, labels).mean() / np.log(2)),
                    "The logarithm has base 2. The natural one was meant.",
                ),
                "sign turned": (
                    lambda Z, labels: -cross_entropy(Z, labels),
                    "The sign is turned: −ln p is never negative.",
                ),
                "no normalisation": (
                    lambda Z, labels: float((Z.max(axis=1) - Z[np.arange(len(Z)), labels]).mean()),
                    "The logarithm of the sum is missing: those are scores, not ln p.",
                ),
            },
            hint="ln p = z − ln Σ exp z, and nothing changes if a constant is taken from every z.",
            section=LOSS,
        ),
        Manual(
            id="q3",
            title="Something that never changes",
            points=4,
            rubric="1 point: e^c cancels. 1 point: the derivative with respect to c is the sum of "
            "the deltas, hence 0. 1 point: the sums of b and of each row of W stay. 1 point: "
            "m − 1, with the reason.",
            hint="L(z + c) depends on c through all scores at once.",
            section=LOSS,
        ),
        ClassCalls(
            id="q4",
            title="The network",
            points=4,
            calls="Net",
            uses=("cross_entropy",),
            reference=Net,
            keeps_inputs=True,
            script=net_script,
            tries=4,
            mistakes={
                **classic_nets(
                    "unmasked",
                    "masked by itself",
                    "no transpose",
                    "sum for mean",
                    "sign turned",
                    "slope kept",
                    "z for a",
                    "bias averaged",
                ),
                "bias not summed": (
                    BiasesNotSummed,
                    "The biases' gradients are not summed over the examples.",
                ),
                "updated too early": (
                    TooEarly,
                    "`step` changes W2 before the hidden delta is formed with it. All gradients "
                    "belong to one point.",
                ),
                "loss of after": (
                    LossOfAfter,
                    "`step` returns the loss of after. Before was asked.",
                ),
                "biases stand still": (
                    BiasesStandStill,
                    "`step` leaves the biases where they were.",
                ),
                "ReLU at the end": (
                    ReluOfScores,
                    "ReLU was put on the scores too. They are linear.",
                ),
            },
            hint="δ of the scores first: p less 1 at the label, divided by N.",
            section=DELTAS + "four-equations-for-any-depth",
        ),
        Function(
            id="q5",
            title="Epochs and batches",
            points=3,
            calls="train",
            uses=("cross_entropy", "Net"),
            reference=train,
            inputs=one_training,
            keeps_inputs=True,
            mistakes={
                "last batch left out": (
                    trained(
                        batches=lambda order, size: [
                            order[k : k + size] for k in range(0, len(order) - size + 1, size)
                        ]
                    ),
                    "The last, smaller batch was left out.",
                ),
                "order ignored": (same_order, "The rows of `orders` were not used."),
                "one batch": (
                    trained(batches=lambda order, size: [order]),
                    "All examples were taken as one batch: one step an epoch.",
                ),
                "one by one": (
                    trained(batches=lambda order, size: [[k] for k in order]),
                    "The examples came one by one. A batch of `size` is one step.",
                ),
                "divided by size": (
                    trained(change=lambda batch, size, eta: eta * len(batch) / size),
                    "The last batch was divided by `size`. Its mean is over its own examples.",
                ),
                "mean of the batches": (
                    trained(note=lambda noted: float(np.mean(noted))),
                    "Those are the means of the batches' losses on the way. After each epoch the "
                    "loss over all examples was asked for.",
                ),
                "loss of the last batch": (
                    trained(note=lambda noted: noted[-1]),
                    "That is the last batch's loss. The loss over all examples was asked for.",
                ),
                "started anew": (
                    started_anew,
                    "Each epoch began with the first parameters again.",
                ),
            },
            hint="`order[k : k + size]` is a batch, also where fewer are left.",
            section="chapters/11_numpy_to_pytorch.html#a-deeper-net-and-what-it-learns-from-noise",
        ),
        Function(
            id="q6",
            title="When to stop",
            points=2,
            calls="kept_epoch",
            reference=kept_epoch,
            inputs=held_out_losses,
            tries=12,
            rtol=0.0,
            atol=0.0,
            mistakes={
                "lowest of all": (
                    lambda losses, patience: int(np.argmin(losses)),
                    "That is the lowest of all. What comes after the stop was never trained.",
                ),
                "the stop itself": (
                    stop_epoch,
                    "That is where training stops. Its weights are those of the lowest before.",
                ),
                "one too patient": (
                    lambda losses, patience: kept_epoch(losses, patience + 1),
                    "Stopped one epoch too late: `patience` epochs without a new lowest do.",
                ),
                "one too impatient": (
                    lambda losses, patience: kept_epoch(losses, patience - 1),
                    "Stopped one epoch too early.",
                ),
                "rises counted": (
                    impatient_rises,
                    "Rises from one epoch to the next were counted. An epoch that falls a little "
                    "and stays above the lowest counts as well.",
                ),
                "the later of two equal": (
                    later_of_equals,
                    "Of two equal losses the later was kept. It is not below the lowest so far: "
                    "the first of them counts.",
                ),
                "epochs counted from 1": (
                    lambda losses, patience: kept_epoch(losses, patience) + 1,
                    "The first epoch has the index 0.",
                ),
            },
            hint="Remember the index of the lowest so far; how far away is the present epoch?",
            section="chapters/11_numpy_to_pytorch.html#a-deeper-net-and-what-it-learns-from-noise",
        ),
        Plot(
            id="q7",
            title="The picture of a training",
            points=2,
            calls="draw",
            uses=("cross_entropy", "Net"),
            reference=picture(),
            inputs=two_sets,
            mistakes={
                "start left out": (
                    picture(first=1),
                    "The losses before the first epoch are missing.",
                ),
                "one set twice": (
                    one_set_twice,
                    "Both lines show the training examples. The second is for the held-out ones.",
                ),
            },
            hint="The same loop as in question 5, with two losses noted.",
            section="chapters/11_numpy_to_pytorch.html#a-deeper-net-and-what-it-learns-from-noise",
        ),
    ],
)
