"""Checks of assignment 1: a neuron whose curve is the softsign, a = z / (1 + |z|)."""

import numpy as np

from classroom.questions import Assignment, Choice, Function, Manual, Plot

CHAPTER = "chapters/01_perceptron.html#"


def softsign(z):
    return z / (1 + np.abs(z))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def through(slope):
    """The gradient (dw, db) of the neuron, where slope(z, a) stands for the derivative of s."""

    def softsign_gradient(x, w, b, t):
        z = w @ x + b
        a = softsign(z)
        delta = (a - t) * slope(z, a)
        return delta * x, delta

    return softsign_gradient


gradient = through(lambda z, a: (1 - np.abs(a)) ** 2)


def sign_turned(x, w, b, t):
    dw, db = gradient(x, w, b, t)
    return -dw, -db


def bias_forgotten(x, w, b, t):
    return gradient(x, w, 0.0, t)


def bias_like_weight(x, w, b, t):
    dw, db = gradient(x, w, b, t)
    return dw, db * b


def temperature_slope(x, w, b, tau, t):
    z = w @ x + b
    a = softsign(z / tau)
    return (a - t) * (1 - np.abs(a)) ** 2 * -z / tau**2


def temperature(change):
    """A wrong slope along tau: the right one, changed by change(slope, z, tau, a, t)."""

    def wrong(x, w, b, tau, t):
        z = w @ x + b
        right = temperature_slope(x, w, b, tau, t)
        return change(right, z, tau, softsign(z / tau), t)

    return wrong


def mean_loss(X, t, w, b):
    return 0.5 * np.mean((softsign(X @ w + b) - t) ** 2)


def trained(one_pass, first=True):
    """A training loop: one_pass(X, t, w, b, eta) gives the w and b of after a pass."""

    def train(X, t, w, b, eta, passes):
        losses = [mean_loss(X, t, w, b)]
        for _ in range(passes):
            w, b = one_pass(X, t, w, b, eta)
            losses.append(mean_loss(X, t, w, b))
        return losses if first else losses[1:]

    return train


def stepwise(X, t, w, b, eta, bias=True, sign=-1):
    for x_i, t_i in zip(X, t, strict=True):
        dw, db = gradient(x_i, w, b, t_i)
        w, b = w + sign * eta * dw, b + sign * eta * db * bias
    return w, b


def batch(X, t, w, b, eta):
    pairs = [gradient(x_i, w, b, t_i) for x_i, t_i in zip(X, t, strict=True)]
    return w - eta * np.mean([p[0] for p in pairs], axis=0), b - eta * np.mean(
        [p[1] for p in pairs]
    )


def backwards(X, t, w, b, eta):
    return stepwise(X[::-1], t[::-1], w, b, eta)


train = trained(stepwise)


def summed_loss(X, t, w, b, eta, passes):
    return len(X) * np.array(train(X, t, w, b, eta, passes))


def loss_without_half(X, t, w, b, eta, passes):
    return 2 * np.array(train(X, t, w, b, eta, passes))


def curves(sigmoid_delta, softsign_delta):
    """What the picture shows, with delta(z) of each neuron for the target 0."""

    def draw(z):
        return {
            "lines": [(z, sigmoid_delta(z)), (z, softsign_delta(z))],
            "yscale": "log",
            "xlabel": ...,
            "ylabel": ...,
            "labels": ["sigmoid", "softsign"],
        }

    return draw


def sigmoid_delta(z):
    return sigmoid(z) ** 2 * (1 - sigmoid(z))


def softsign_delta(z):
    return softsign(z) * (1 - softsign(z)) ** 2


def one_neuron(rng):
    n = int(rng.integers(2, 6))
    x, w = rng.normal(size=(2, n))
    return x, w, float(rng.normal()), float(rng.uniform(-0.9, 0.9))


def one_neuron_with_temperature(rng):
    x, w, b, t = one_neuron(rng)
    return x, w, b, float(rng.uniform(1.5, 3)), t


def examples(rng):
    X = rng.normal(size=(5, 3))
    return X, rng.uniform(-0.8, 0.8, 5), rng.normal(size=3), float(rng.normal()), 0.4, 6


ASSIGNMENT = Assignment(
    name="01_perceptron",
    title="One neuron, another curve",
    chapter="01_perceptron",
    questions=[
        Choice(
            id="q1",
            title="Twice the input, half the weight",
            points=2,
            calls="answer_1",
            right="c",
            wrong={
                "a": "That is what happened to the weight. Its slope is δ times the input, and the "
                "input grew.",
                "b": "z, a and δ are what they were, but a weight's slope is δ times its input.",
                "d": "Only one factor of the slope has doubled, the input. (A step of gradient "
                "descent does move z four times as far.)",
            },
            hint="Go through the three factors one by one: which of them see the new units?",
            section=CHAPTER + "three-factors",
        ),
        Function(
            id="q2",
            title="The slope from the output",
            points=2,
            calls="softsign_slope",
            reference=lambda a: (1 - np.abs(a)) ** 2,
            inputs=lambda rng: (rng.uniform(-0.95, 0.95, size=tuple(rng.integers(2, 5, size=2))),),
            mistakes={
                "square forgotten": (
                    lambda a: 1 - np.abs(a),
                    "That is 1/(1 + |z|). The slope is its square.",
                ),
                "taken at a": (
                    lambda a: 1 / (1 + np.abs(a)) ** 2,
                    "That is the formula in z, with a put in for z.",
                ),
                "slope of the sigmoid": (
                    lambda a: a * (1 - a),
                    "a(1 − a) is the slope of the sigmoid.",
                ),
                "slope of tanh": (lambda a: 1 - a**2, "1 − a² is the slope of tanh."),
                "size forgotten": (
                    lambda a: (1 - a) ** 2,
                    "For negative outputs a has to be |a|: the slope is the same on both sides.",
                ),
                "sign for size": (
                    lambda a: np.sign(a) * (1 - np.abs(a)) ** 2,
                    "The curve rises everywhere, so its slope is never negative.",
                ),
            },
            hint="Take z > 0 first, differentiate z/(1 + z), and find 1/(1 + z) in terms of a.",
            section=CHAPTER + "three-factors",
        ),
        Manual(
            id="q3",
            title="Why it is so",
            points=4,
            rubric="1 point: the three factors and the chain rule. 1 point: the slope for z > 0 "
            "and for z < 0, with the rule that gives it. 1 point: z = 0, by the difference "
            "quotient or by the limit of the slope. 1 point: the slope in terms of a, and the "
            "formula at the end.",
            hint="The quotient rule on each side of 0; at 0 itself, the difference quotient.",
            section=CHAPTER + "three-factors",
        ),
        Function(
            id="q4",
            title="The gradient",
            points=3,
            calls="softsign_gradient",
            uses=("softsign_slope",),
            reference=gradient,
            inputs=one_neuron,
            mistakes={
                "slope dropped": (
                    through(lambda z, a: 1.0),
                    "The slope of the curve was dropped: it lies between z and a.",
                ),
                "slope of the sigmoid": (
                    through(lambda z, a: a * (1 - a)),
                    "a(1 − a) is the slope of the sigmoid; this curve is the softsign.",
                ),
                "slope of tanh": (
                    through(lambda z, a: 1 - a**2),
                    "1 − a² is the slope of tanh; this curve is the softsign.",
                ),
                "slope at a": (
                    through(lambda z, a: 1 / (1 + np.abs(a)) ** 2),
                    "The slope was taken at a. Its place is z.",
                ),
                "square forgotten": (
                    through(lambda z, a: 1 - np.abs(a)),
                    "The slope is (1 − |a|)², with the square.",
                ),
                "size forgotten": (
                    through(lambda z, a: (1 - a) ** 2),
                    "For negative outputs a has to be |a| in the slope.",
                ),
                "sign turned": (sign_turned, "The sign is turned: a − t, not t − a."),
                "factor 2": (
                    lambda x, w, b, t: tuple(2 * g for g in gradient(x, w, b, t)),
                    "A factor 2 too many: the loss has a ½ that cancels it.",
                ),
                "bias forgotten": (bias_forgotten, "The bias is missing from the sum z."),
                "bias times b": (bias_like_weight, "The third factor of the bias is 1, not b."),
            },
            hint="Question 2 gives the second factor; the bias is the weight of an input 1.",
            section=CHAPTER + "the-bias-and-the-threshold-with-its-other-sign",
        ),
        Function(
            id="q5",
            title="A neuron with a temperature",
            points=3,
            calls="temperature_slope",
            uses=("softsign_slope",),
            reference=temperature_slope,
            inputs=one_neuron_with_temperature,
            mistakes={
                "sign turned": (
                    temperature(lambda right, z, tau, a, t: -right),
                    "The sign is turned: 1/τ falls when τ rises.",
                ),
                "power of tau": (
                    temperature(lambda right, z, tau, a, t: right * tau),
                    "The derivative of z/τ along τ is −z/τ², with the square.",
                ),
                "inner derivative dropped": (
                    temperature(lambda right, z, tau, a, t: (a - t) * (1 - np.abs(a)) ** 2),
                    "That is the slope along z/τ. One more factor leads from there to τ.",
                ),
                "slope dropped": (
                    temperature(lambda right, z, tau, a, t: -(a - t) * z / tau**2),
                    "The slope of the softsign was dropped.",
                ),
                "slope at z": (
                    lambda x, w, b, tau, t: (
                        (softsign((w @ x + b) / tau) - t)
                        * (1 - np.abs(softsign(w @ x + b))) ** 2
                        * -(w @ x + b)
                        / tau**2
                    ),
                    "The slope was taken at z. What enters the curve is z/τ.",
                ),
                "temperature multiplied": (
                    lambda x, w, b, tau, t: (
                        (softsign((w @ x + b) * tau) - t)
                        * (1 - np.abs(softsign((w @ x + b) * tau))) ** 2
                        * (w @ x + b)
                    ),
                    "The sum was multiplied by τ. It is to be divided.",
                ),
                "only the weights divided": (
                    lambda x, w, b, tau, t: (
                        (softsign(w @ x / tau + b) - t)
                        * (1 - np.abs(softsign(w @ x / tau + b))) ** 2
                        * -(w @ x)
                        / tau**2
                    ),
                    "The bias belongs to the sum: it is divided by τ too.",
                ),
            },
            hint="Four factors instead of three. Which of them holds τ?",
            section=CHAPTER + "three-factors",
        ),
        Function(
            id="q6",
            title="Let it learn",
            points=4,
            calls="train",
            uses=("softsign_slope", "softsign_gradient"),
            reference=train,
            inputs=examples,
            keeps_inputs=True,
            mistakes={
                "batch": (
                    trained(batch),
                    "The weights changed once a pass. They are to change after each example.",
                ),
                "bias stands still": (
                    trained(lambda *args: stepwise(*args, bias=False)),
                    "The bias never moves. It has a slope as well.",
                ),
                "uphill": (
                    trained(lambda *args: stepwise(*args, sign=1)),
                    "The steps go uphill: minus η times the slope.",
                ),
                "other order": (
                    trained(backwards),
                    "The examples came in another order. The first row comes first.",
                ),
                "no loss before": (
                    trained(stepwise, first=False),
                    "The loss before the first pass is missing.",
                ),
                "summed loss": (summed_loss, "That is the summed loss. The mean was asked for."),
                "loss without ½": (loss_without_half, "The ½ of the loss is missing."),
            },
            hint="Two loops: passes outside, examples inside. Note the loss outside the inner one.",
            section=CHAPTER + "learning-a-line-by-hand",
        ),
        Plot(
            id="q7",
            title="Through the closed door",
            points=2,
            calls="draw",
            reference=curves(sigmoid_delta, softsign_delta),
            inputs=lambda rng: (np.linspace(0.1, rng.uniform(8, 15), int(rng.integers(20, 40))),),
            mistakes={
                "error dropped": (
                    curves(
                        lambda z: sigmoid(z) * (1 - sigmoid(z)), lambda z: (1 - softsign(z)) ** 2
                    ),
                    "Those are the slopes of the two curves. δ has the error a − t as well, "
                    "and t is 0.",
                ),
                "slope dropped": (
                    curves(sigmoid, softsign),
                    "Those are the outputs. δ is the error times the slope of the curve.",
                ),
                "losses": (
                    curves(lambda z: sigmoid(z) ** 2 / 2, lambda z: softsign(z) ** 2 / 2),
                    "Those are the losses. δ is their slope along z.",
                ),
            },
            hint="For t = 0 the error is the output itself.",
            section=CHAPTER + "very-wrong-and-very-slow",
        ),
    ],
)
