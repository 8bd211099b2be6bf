"""Exercises of chapter 01: one neuron."""

import numpy as np

from ..activations import sigmoid
from . import Exercise

_rng = np.random.default_rng(101)
_neurons = [
    (_rng.normal(size=3), _rng.normal(size=3), float(_rng.normal()), float(_rng.uniform(0, 1)))
    for _ in range(5)
]


def _through(f, slope):
    """∂L/∂w of one neuron with activation f, where slope(z, a) stands for its derivative."""

    def gradient(x, w, b, t):
        z = x @ w + b
        a = f(z)
        return (a - t) * slope(z, a) * x

    return gradient


_tanh = _through(np.tanh, lambda z, a: 1 - a**2)
_sigmoid = _through(sigmoid, lambda z, a: a * (1 - a))

EXERCISES = {
    "1.1": Exercise(
        reference=0.01 * (sigmoid(1.0) - 0.2) * sigmoid(1.0) * (1 - sigmoid(1.0)) * -1.0,
        digits=3,
        mistakes={
            "The sign is turned: x₂ is negative, so a larger w₂ makes z, o and L smaller.": 0.01
            * (sigmoid(1.0) - 0.2)
            * sigmoid(1.0)
            * (1 - sigmoid(1.0)),
            "That is the slope ∂L/∂w₂ itself. The change is the slope times 0.01.": -(
                sigmoid(1.0) - 0.2
            )
            * sigmoid(1.0)
            * (1 - sigmoid(1.0)),
            "The factor o(1 − o) is missing: the sigmoid lies between z and o.": -0.01
            * (sigmoid(1.0) - 0.2),
        },
    ),
    "1.2": Exercise(
        reference=_tanh,
        cases=_neurons,
        names=("x", "w", "b", "t"),
        mistakes={
            "The factor 1 − a² is missing: the derivative of tanh was dropped.": _through(
                np.tanh, lambda z, a: 1.0
            ),
            "1 − z² was used. The derivative of tanh at z is 1 − tanh(z)², that is 1 − a².": (
                _through(np.tanh, lambda z, a: 1 - z**2)
            ),
            "The derivative was taken at a instead of z: 1 − tanh(a)².": _through(
                np.tanh, lambda z, a: 1 - np.tanh(a) ** 2
            ),
            "That is the sigmoid's slope a(1 − a). For tanh it is 1 − a².": _through(
                np.tanh, lambda z, a: a * (1 - a)
            ),
            "The sign is turned: the loss is ½(a − t)², so its slope is a − t, not t − a.": (
                lambda x, w, b, t: -_tanh(x, w, b, t)
            ),
        },
    ),
    "1.3": Exercise(
        reference=lambda theta, delta, eta: theta + eta * delta,
        cases=[(*map(float, _rng.normal(size=2)), 0.5) for _ in range(5)],
        names=("theta", "delta", "eta"),
        mistakes={
            "That is the step of a bias. θ enters z with a minus, so ∂L/∂θ = −δ.": (
                lambda theta, delta, eta: theta - eta * delta
            ),
            "That is the slope of the loss in θ, not the threshold after the step.": (
                lambda theta, delta, eta: -delta
            ),
            "That is the step alone. Add it to the threshold.": (
                lambda theta, delta, eta: eta * delta
            ),
            "That is the step alone, and with the sign of a bias's.": (
                lambda theta, delta, eta: -eta * delta
            ),
            "The learning rate is missing, and the sign is that of a bias.": (
                lambda theta, delta, eta: theta - delta
            ),
        },
    ),
    "1.4": Exercise(
        reference=_sigmoid,
        cases=_neurons,
        names=("x", "w", "b", "t"),
        mistakes={
            "σ′ is still taken at the activation o: o is put through the sigmoid again.": _through(
                sigmoid, lambda z, a: sigmoid(a) * (1 - sigmoid(a))
            ),
            "z(1 − z) was used. In terms of z the slope is σ(z)(1 − σ(z)).": _through(
                sigmoid, lambda z, a: z * (1 - z)
            ),
            "The factor o(1 − o) is missing altogether now.": _through(sigmoid, lambda z, a: 1.0),
            "The sign is turned: o − t, not t − o.": lambda x, w, b, t: -_sigmoid(x, w, b, t),
        },
    ),
    "1.5": Exercise(
        reference=lambda t: (1 + t + np.sqrt(1 - t + t * t)) / 3,
        cases=[(0.0,), (0.1,), (0.25,), (0.4,)],
        names=("t",),
        mistakes={
            "That is the other root: there δ is negative and largest in size below the target.": (
                lambda t: (1 + t - np.sqrt(1 - t + t * t)) / 3
            ),
            "At ½ the sigmoid is steepest, but the error o − t still grows beyond it.": (
                lambda t: 0.5
            ),
            "That holds for t = 0 alone.": lambda t: 2 / 3,
        },
    ),
    "1.6": Exercise(
        reference=lambda x: 1 / np.mean(x**2),
        cases=[(np.array([1.0, 2.0, 3.0]),), (_rng.normal(size=4),), (_rng.normal(size=7),)],
        names=("x",),
        mistakes={
            "A factor 2 is missing: the slope of (w x − t)² has one, and so has the bound 2/c.": (
                lambda x: 2 / np.mean(x**2)
            ),
            "Half of the bound: at this rate w reaches its best value in one step.": (
                lambda x: 0.5 / np.mean(x**2)
            ),
            "The loss is the mean over the examples, not the sum.": lambda x: 1 / np.sum(x**2),
            "Two slips: the slope of the square has a 2, and the loss is a mean, not a sum.": (
                lambda x: 2 / np.sum(x**2)
            ),
        },
    ),
}
