"""Exercises of chapter 11: the same network in NumPy and in PyTorch."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(1111)


def _layer_case(n_in, n_out):
    return _rng.normal(size=(3, n_in)), _rng.normal(size=(n_out, n_in)), _rng.normal(size=n_out)


def _leaky_case(N, n, hidden, m):
    shapes = ((N, n), (N, m), (n, hidden), (hidden, m))
    return tuple(_rng.normal(size=shape) for shape in shapes)


def _leaky(mask, factor=2.0, leak=0.01):
    """dW1 of Σ (leaky(X W1) W2 − T)², where mask(Z, H) stands for the derivative."""

    def gradient(X, T, W1, W2):
        Z = X @ W1
        H = np.where(Z > 0, Z, leak * Z)
        return X.T @ (factor * (H @ W2 - T) @ W2.T * mask(Z, H))

    return gradient


def _relu_instead(X, T, W1, W2):
    Z = X @ W1
    return X.T @ (2 * (np.maximum(Z, 0) @ W2 - T) @ W2.T * (Z > 0))


def _descend(accumulate):
    def steps(w, x, t, eta, count):
        total = np.zeros_like(w)
        for _ in range(count):
            gradient = 2 * x.T @ (x @ w - t)
            total = total + gradient if accumulate else gradient
            w = w - eta * total
        return w

    return steps


def _one_step(w, x, t, eta, count):
    return _descend(False)(w, x, t, eta, 1)


def _uphill(w, x, t, eta, count):
    return _descend(False)(w, x, t, -eta, count)


def _mean_steps(w, x, t, eta, count):
    return _descend(False)(w, x, t, eta / len(t), count)


EXERCISES = {
    "11.1": Exercise(
        reference=abs(float(np.float32(0.1)) - 0.1) / 0.1,
        digits=3,
        mistakes={
            "That is the absolute error. Divide it by 0.1.": abs(float(np.float32(0.1)) - 0.1),
            "That is half of the ε of float32, the bound; 0.1 stays below it.": (
                float(np.finfo(np.float32).eps) / 2
            ),
            "That is the ε of float32. Rounding errs by less.": float(np.finfo(np.float32).eps),
        },
    ),
    "11.2": Exercise(
        reference=np.array([1.0, 1.0, 0.0, 0.0]),
        mistakes={
            "torch.tensor copies: what is written through u never reaches a.": np.array(
                [1.0, 1.0, 5.0, 0.0]
            ),
            "t = t + 1 makes a new tensor; from there on t and a are strangers.": np.array(
                [2.0, 2.0, 1.0, 9.0]
            ),
            "From t = t + 1 on, t has its own memory: the 9 does not reach a.": np.array(
                [1.0, 1.0, 0.0, 9.0]
            ),
            "torch.tensor copies, and t = t + 1 makes a new tensor: only the ones reach a.": (
                np.array([2.0, 2.0, 6.0, 9.0])
            ),
            "A slice of a tensor is a view, and += writes through it into a.": np.zeros(4),
        },
    ),
    "11.3": Exercise(
        reference=lambda x, weight, bias: x @ weight.T + bias,
        cases=[_layer_case(4, 4), _layer_case(2, 2), _layer_case(5, 5)],
        names=("x", "weight", "bias"),
        mistakes={
            "The weight of nn.Linear is (out, in): it must be transposed. A square one fits "
            "either way.": lambda x, weight, bias: x @ weight + bias,
            "The bias is missing.": lambda x, weight, bias: x @ weight.T,
            "The bias is added, not subtracted: a threshold would be.": (
                lambda x, weight, bias: x @ weight.T - bias
            ),
        },
    ),
    "11.4": Exercise(
        reference=lambda eta, N, m: eta * N * m,
        cases=[(1e-6, 64, 10), (0.01, 7, 3), (0.5, 12, 1), (0.1, 1, 4)],
        names=("eta", "N", "m"),
        mistakes={
            "Upside down: the mean's gradient is smaller, so its rate must be larger.": (
                lambda eta, N, m: eta / (N * m)
            ),
            "The mean is taken over the outputs too, not over the examples alone.": (
                lambda eta, N, m: eta * N
            ),
            "The mean is taken over the examples too, not over the outputs alone.": (
                lambda eta, N, m: eta * m
            ),
        },
    ),
    "11.5": Exercise(
        reference=_leaky(lambda Z, H: np.where(Z > 0, 1.0, 0.01)),
        cases=[_leaky_case(4, 3, 5, 2), _leaky_case(6, 2, 4, 3), _leaky_case(3, 5, 6, 1)],
        names=("X", "T", "W1", "W2"),
        mistakes={
            "That is ReLU's mask. Here a negative z has the slope 0.01, not 0.": _leaky(
                lambda Z, H: Z > 0
            ),
            "That is the gradient of ReLU itself, in the forward pass too.": _relu_instead,
            "The forward pass still has ReLU: H changes too.": _leaky(
                lambda Z, H: np.where(Z > 0, 1.0, 0.01), leak=0.0
            ),
            "H is the activation, not its derivative.": _leaky(lambda Z, H: H),
            "The activation's derivative is missing.": _leaky(lambda Z, H: 1.0),
            "The 2 of the squared error is missing.": _leaky(
                lambda Z, H: np.where(Z > 0, 1.0, 0.01), factor=1.0
            ),
        },
    ),
    "11.6": Exercise(
        reference=_descend(accumulate=False),
        cases=[
            (_rng.normal(size=3), _rng.normal(size=(4, 3)), _rng.normal(size=4), 0.05, count)
            for count in (2, 3, 6)
        ],
        names=("w", "x", "t", "eta", "count"),
        mistakes={
            "The gradients of all steps so far are added up: w.grad was not cleared.": _descend(
                accumulate=True
            ),
            "Nothing moves: the gradient is cleared between backward() and the step.": (
                lambda w, x, t, eta, count: w
            ),
            "Only one step was made.": _one_step,
            "The sign of the step is turned: this climbs.": _uphill,
            "The loss is the sum over the examples, not the mean.": _mean_steps,
        },
    ),
    "11.7": Exercise(
        reference=lambda tau, rho: 2 / np.pi * np.arctan(tau / rho),
        cases=[(1e-7, 0.92), (0.1, 0.5), (0.5, 0.5), (0.01, 3.0)],
        names=("tau", "rho"),
        mistakes={
            "That is half of it: the quotient may be near 0 from either side.": (
                lambda tau, rho: np.arctan(tau / rho) / np.pi
            ),
            "The fraction is upside down: that is the chance of being caught.": (
                lambda tau, rho: 2 / np.pi * np.arctan(rho / tau)
            ),
            "That is the angle. Divide by a right angle, π/2.": lambda tau, rho: np.arctan(
                tau / rho
            ),
            "Good for small τ/ρ only: the arctangent bends.": lambda tau, rho: (
                2 / np.pi * tau / rho
            ),
        },
    ),
}
