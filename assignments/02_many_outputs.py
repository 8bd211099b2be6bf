"""Checks of assignment 2: targets that are missing, outputs that talk."""

import numpy as np

from classroom.questions import (
    Assignment,
    Choice,
    ClassCalls,
    Function,
    Manual,
    call,
    make,
    read,
)

CHAPTER = "chapters/02_many_outputs.html#"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def weighted(share, db=lambda delta: delta.sum(axis=0), dW=lambda X, delta: X.T @ delta):
    """The gradient of the weighted mean, where share(s) is the factor of each example."""

    def weighted_gradient(X, W, b, T, s):
        O = sigmoid(X @ W + b)
        delta = share(s)[:, None] * (O - T) * O * (1 - O)
        return dW(X, delta), db(delta)

    return weighted_gradient


def shares(s):
    return s / s.sum()


def sum_of_slopes_dropped(X, W, b, T, s):
    delta = shares(s)[:, None] * (sigmoid(X @ W + b) - T)
    return X.T @ delta, delta.sum(axis=0)


def square_batch(rng):
    """N = n, so that `X @ delta` fits where `X.T @ delta` is meant."""
    n, m = 3, 2
    X, W, b = rng.normal(size=(n, n)), rng.normal(size=(n, m)), rng.normal(size=m)
    return X, W, b, rng.uniform(0, 1, (n, m)), rng.uniform(0.5, 3, n)


def measured(factor):
    """2 (o − t) where t is known, over what factor(known) says."""

    def measured_slope(O, T):
        known = ~np.isnan(T)
        return 2 * np.where(known, O - np.where(known, T, 0), 0.0) / factor(known)

    return measured_slope


measured_slope = measured(lambda known: known.sum())


def holes(rng):
    O, T = rng.normal(size=(2, 4, 3))
    T[rng.random((4, 3)) < 0.4] = np.nan
    T[0, :2] = rng.normal(), np.nan  # at least one of each
    return O, T


def centered_error(Z, T):
    return Z - Z.mean(axis=1, keepdims=True) - T


def centered_delta(Z, T):
    error = centered_error(Z, T)
    return (error - error.mean(axis=1, keepdims=True)) / len(Z)


def raw_error_centered(Z, T):
    error = Z - T
    return (error - error.mean(axis=1, keepdims=True)) / len(Z)


def centered_over_rows(Z, T):
    error = Z - Z.mean(axis=0) - T
    return (error - error.mean(axis=0)) / len(Z)


def uncentered_targets(rng):
    """Targets whose sum is not 0: then the two means do not fall together."""
    return rng.normal(size=(4, 3)), rng.normal(loc=1.0, size=(4, 3))


class Layer:
    def __init__(self, W, b):
        self.W, self.b = W.copy(), b.copy()

    def forward(self, X):
        self.X = X
        self.A = sigmoid(X @ self.W + self.b)
        return self.A

    def slope(self):
        return self.A * (1 - self.A)

    def backward(self, dA):
        delta = dA * self.slope()
        self.dW = self.X.T @ delta
        self.db = delta.sum(axis=0)
        return delta @ self.W.T

    def step(self, eta):
        self.W = self.W - eta * self.dW
        self.b = self.b - eta * self.db


class SlopeDropped(Layer):
    def slope(self):
        return 1.0


class SlopeTwice(Layer):
    def slope(self):
        return sigmoid(self.A) * (1 - sigmoid(self.A))


class BiasNotSummed(Layer):
    def backward(self, dA):
        dX = super().backward(dA)
        self.db = dA * self.slope()
        return dX


class BiasAveraged(Layer):
    def backward(self, dA):
        dX = super().backward(dA)
        self.db = self.db / len(dA)
        return dX


class MeanTwice(Layer):
    def backward(self, dA):
        dX = super().backward(dA)
        self.dW, self.db = self.dW / len(dA), self.db / len(dA)
        return dX


class Transposed(Layer):
    def backward(self, dA):
        super().backward(dA)
        return (dA * self.slope()) @ self.W


class Accumulating(Layer):
    dW = db = 0.0

    def backward(self, dA):
        before = self.dW, self.db
        dX = super().backward(dA)
        self.dW, self.db = self.dW + before[0], self.db + before[1]
        return dX


class WeightsAccumulating(Layer):
    dW = 0.0

    def backward(self, dA):
        before = self.dW
        dX = super().backward(dA)
        self.dW = self.dW + before
        return dX


class BiasesAccumulating(Layer):
    db = 0.0

    def backward(self, dA):
        before = self.db
        dX = super().backward(dA)
        self.db = self.db + before
        return dX


class BiasStandsStill(Layer):
    def step(self, eta):
        self.W = self.W - eta * self.dW


class Uphill(Layer):
    def step(self, eta):
        super().step(-eta)


def layer_script(rng):
    """Two rounds of forward, backward, step; W is square, so that W for its transpose fits."""
    X, dA, more, dA_more = rng.normal(size=(4, 4, 3))
    script = [make(rng.normal(size=(3, 3)), rng.normal(size=3))]
    for inputs, slopes in ((X, dA), (more, dA_more)):
        script += [call("forward", inputs), call("backward", slopes), read("dW"), read("db")]
        script += [call("step", 0.5), read("W"), read("b")]
    return script


def largest_rate(X, m, factor=2.0, column=1.0, size=True, bound=2.0):
    N = len(X)
    X = np.hstack([X, np.full((N, 1), column)])
    H = factor / m * X.T @ X / (N if size else 1)
    return float(bound / np.linalg.eigvalsh(H)[-1])


def by_trace(X, m):
    X = np.hstack([X, np.ones((len(X), 1))])
    return float(2 / np.trace(2 / (len(X) * m) * X.T @ X))


def smallest(X, m):
    X = np.hstack([X, np.ones((len(X), 1))])
    return float(2 / np.linalg.eigvalsh(2 / (len(X) * m) * X.T @ X)[0])


ASSIGNMENT = Assignment(
    name="02_many_outputs",
    title="Targets that are missing, outputs that talk",
    chapter="02_many_outputs",
    questions=[
        Choice(
            id="q1",
            title="Every example twice",
            points=2,
            calls="answer_1",
            right="b",
            wrong={
                "a": "Each row of δ is half as large, but twice as many rows are summed.",
                "c": "dW and db are sums over the rows, and the rows are where 1/(2N) enters.",
                "d": "The mean over 2N rows puts 1/(2N) into each row of δ.",
            },
            hint="The mean does not change when every example comes twice. Which of the three is a "
            "slope of the loss along something that all examples share?",
            section=CHAPTER + "a-batch-from-the-loop-to-a-matrix-product",
        ),
        Function(
            id="q2",
            title="Examples of unequal weight",
            points=3,
            calls="weighted_gradient",
            reference=weighted(shares),
            inputs=square_batch,
            mistakes={
                "weights forgotten": (
                    weighted(lambda s: np.full(len(s), 1 / len(s))),
                    "Every example has the same weight still: s does not enter.",
                ),
                "divided by N": (
                    weighted(lambda s: s / len(s)),
                    "Divided by the number of examples. A weighted mean is divided by Σ s.",
                ),
                "not divided": (weighted(lambda s: s), "The weighted sum is not divided by Σ s."),
                "divided twice": (
                    weighted(lambda s: s / s.sum() / len(s)),
                    "Divided by Σ s and by N as well. The weighted mean is a mean already.",
                ),
                "weights squared": (
                    weighted(lambda s: s**2 / s.sum()),
                    "The weights enter twice, in δ and in the sum over the examples.",
                ),
                "X not transposed": (
                    weighted(shares, dW=lambda X, delta: X @ delta),
                    "`X @ delta` fits because here N = n. It is `X.T @ delta`: the index of the "
                    "examples is summed over.",
                ),
                "bias averaged": (
                    weighted(shares, db=lambda delta: delta.mean(axis=0)),
                    "db is averaged over the examples. The weights are in δ: db sums its rows.",
                ),
                "bias not summed": (
                    weighted(shares, db=lambda delta: delta),
                    "db is not summed over the examples. A gradient has the shape of its variable.",
                ),
                "slope dropped": (
                    sum_of_slopes_dropped,
                    "The slope of the sigmoid, o(1 − o), was dropped.",
                ),
                "factor 2": (
                    weighted(lambda s: 2 * shares(s)),
                    "A factor 2 too many: the ½ of the loss cancels it.",
                ),
            },
            hint="Only the factor 1/N of each row of δ is another one now.",
            section=CHAPTER + "a-batch-from-the-loop-to-a-matrix-product",
        ),
        Function(
            id="q3",
            title="Holes in the targets",
            points=3,
            calls="measured_slope",
            reference=measured_slope,
            inputs=holes,
            keeps_inputs=True,
            mistakes={
                "divided by all": (
                    measured(lambda known: known.size),
                    "Divided by the number of all entries. Only those count that were measured.",
                ),
                "divided by N": (
                    measured(len),
                    "Divided by the number of examples. The mean is over the entries.",
                ),
                "mean of each row": (
                    measured(lambda known: np.maximum(known.sum(axis=1, keepdims=True), 1)),
                    "Each example was divided by its own number of targets. There is one mean.",
                ),
                "not divided": (
                    measured(lambda known: 1),
                    "That is the slope of the sum. The loss is a mean.",
                ),
                "factor 2 dropped": (
                    measured(lambda known: 2 * known.sum()),
                    "The 2 of the power rule is missing: this loss has no ½ to cancel it.",
                ),
                "nan for zero": (
                    lambda O, T: 2 * (O - T) / (~np.isnan(T)).sum(),
                    "Entries without a target are nan. Their slope is 0, and 0 * nan is nan: "
                    "choose with `np.where`.",
                ),
                "holes are zeros": (
                    lambda O, T: 2 * (O - np.nan_to_num(T)) / (~np.isnan(T)).sum(),
                    "A missing target was read as 0, so that the output is drawn toward 0.",
                ),
            },
            hint="First make a mask of the entries that were measured, with `np.isnan`.",
            section=CHAPTER + "sum-mean-and-one-half",
        ),
        Manual(
            id="q4",
            title="Outputs that talk",
            points=4,
            rubric="1 point: ∂o_r/∂z_k = [r = k] − 1/m. 1 point: the sum over all outputs, and "
            "δ_k = e_k − mean of the errors. 1 point: what that means. 1 point: the deltas add up "
            "to 0, so the sum of the biases stays.",
            hint="In the sum over r no term is 0, but all except one are alike.",
            section=CHAPTER + "when-a-neighbor-does-disturb",
        ),
        Function(
            id="q5",
            title="… and in code",
            points=2,
            calls="centered_delta",
            reference=centered_delta,
            inputs=uncentered_targets,
            mistakes={
                "neighbors forgotten": (
                    lambda Z, T: centered_error(Z, T) / len(Z),
                    "That is the neuron's own error alone. The mean of the outputs holds z too.",
                ),
                "outputs not centered": (
                    lambda Z, T: (Z - T) / len(Z),
                    "The outputs were taken for the sums z: no mean was taken away.",
                ),
                "mean over the examples": (
                    centered_over_rows,
                    "The mean was taken over the examples. It runs over one example's outputs.",
                ),
                "sum for mean": (
                    lambda Z, T: len(Z) * centered_delta(Z, T),
                    "The factor 1/N of the mean over the examples is missing.",
                ),
                "factor 2": (
                    lambda Z, T: 2 * centered_delta(Z, T),
                    "A factor 2 too many: the ½ of the loss cancels it.",
                ),
                "sign turned": (lambda Z, T: -centered_delta(Z, T), "The sign is turned."),
            },
            hint="`keepdims=True` keeps a mean over the outputs in the shape (N, 1).",
            section=CHAPTER + "when-a-neighbor-does-disturb",
        ),
        ClassCalls(
            id="q6",
            title="A layer that knows its own backward pass",
            points=4,
            calls="Layer",
            reference=Layer,
            keeps_inputs=True,
            script=layer_script,
            tries=4,
            mistakes={
                "slope dropped": (SlopeDropped, "The slope a(1 − a) was dropped in `backward`."),
                "slope at a": (
                    SlopeTwice,
                    "The slope is taken at the activation: a has been through the sigmoid already.",
                ),
                "bias not summed": (
                    BiasNotSummed,
                    "db is not summed over the examples. A gradient has the shape of its variable.",
                ),
                "bias averaged": (BiasAveraged, "db is a mean over the examples: it is their sum."),
                "mean twice": (MeanTwice, "The factor 1/N was put in again: dA has it already."),
                "no transpose": (
                    Transposed,
                    "`delta @ W` fits because W is square here. Back through the layer it is W.T.",
                ),
                "gradients pile up": (
                    Accumulating,
                    "The second `backward` adds to the gradient of the first. It replaces it.",
                ),
                "only dW piles up": (
                    WeightsAccumulating,
                    "The second `backward` adds to the first's dW. It replaces it.",
                ),
                "only db piles up": (
                    BiasesAccumulating,
                    "The second `backward` adds to the first's db. It replaces it.",
                ),
                "bias stands still": (BiasStandsStill, "`step` leaves the bias where it was."),
                "uphill": (Uphill, "`step` goes uphill: minus eta times the gradient."),
            },
            hint="Write δ first. Then dW, db and dX are one line each.",
            section=CHAPTER + "a-batch-from-the-loop-to-a-matrix-product",
        ),
        Function(
            id="q7",
            title="The largest rate, before any step is taken",
            points=2,
            calls="largest_rate",
            # Not the function itself: its other arguments are for the mistakes.
            reference=lambda X, m: largest_rate(X, m),
            inputs=lambda rng: (
                rng.normal(size=(int(rng.integers(5, 9)), 3)),
                int(rng.integers(3, 6)),
            ),
            mistakes={
                "bias forgotten": (
                    lambda X, m: largest_rate(X, m, column=0.0),
                    "The column of ones for the bias is missing.",
                ),
                "N forgotten": (
                    lambda X, m: largest_rate(X, m, size=False),
                    "The mean over the examples, 1/N, is missing from H.",
                ),
                "m forgotten": (
                    lambda X, m: largest_rate(X, 1),
                    "The mean over the outputs, 1/m, is missing from H.",
                ),
                "half of the bound": (
                    lambda X, m: largest_rate(X, m, bound=1.0),
                    "At 1/λ the steepest direction arrives in one step. It holds up to 2/λ.",
                ),
                "factor 2 of the loss": (
                    lambda X, m: largest_rate(X, m, factor=1.0),
                    "The 2 of the power rule is missing from H.",
                ),
                "smallest eigenvalue": (smallest, "The largest eigenvalue is the first to break."),
                "trace": (by_trace, "That is 2 over the sum of the eigenvalues, not the largest."),
            },
            hint="Along an eigenvector a step multiplies by 1 − ηλ. `np.linalg.eigvalsh` gives the "
            "eigenvalues of a symmetric matrix, the largest last.",
            section=CHAPTER + "what-the-factor-does-to-the-learning-rate",
        ),
    ],
)
