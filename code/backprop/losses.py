r"""Losses L(a, t) of activations a against targets t, each beside its gradient ∂L/∂a.

One example is a row of m outputs, or a 1-D array; a batch is (N, m), and its loss is the **mean**
over the N examples. So three factors can stand in a gradient, each named here and derived in
chapter 02 (:eq:`loss-factors`):

| loss                 | one example         | its ∂L/∂a_k     | in PyTorch                      |
| -------------------- | ------------------- | --------------- | ------------------------------- |
| `half_squared_error` | ½ Σ_k (a_k − t_k)²  | a_k − t_k       | 0.5 * mse_loss(reduction="sum") |
| `squared_error`      | Σ_k (a_k − t_k)²    | 2 (a_k − t_k)   | mse_loss(reduction="sum")       |
| `mean_squared_error` | 1/m Σ_k (a_k − t_k)²| 2/m (a_k − t_k) | mse_loss(reduction="mean")      |
| `cross_entropy`      | −Σ_k t_k log a_k    | −t_k / a_k      | nll_loss(log a)                 |

`binary_cross_entropy` asks a question of each output: −Σ_k (t_k log a_k + (1 − t_k) log(1 − a_k)),
with the slope (a_k − t_k) / (a_k (1 − a_k)); in PyTorch `binary_cross_entropy(reduction="sum")`.

And each batch adds the factor 1/N.
"""

import numpy as np

from ._validate import one_hot, real_array, same_shape

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "cross_entropy",
    "half_squared_error",
    "mean_squared_error",
    "squared_error",
]

#: log(0) is −∞; an activation below this is read as this, the smallest normal float64.
SMALLEST = float(np.finfo(np.float64).tiny)


class Loss:
    """`loss(a, t)` and `loss.gradient(a, t)`; a and t of one shape, () or (m,) or (N, m)."""

    def __init__(self, name, value, slope):
        self.name = name
        self._value = value  # (N, m), (N, m) -> the N losses
        self._slope = slope  # (N, m), (N, m) -> (N, m), before the 1/N of the batch

    def __call__(self, a, t):
        """Return the loss, a float: of one example, or the mean over the rows of a batch."""
        a, t = self.validate(a, t)
        return float(self._value(np.atleast_2d(a), np.atleast_2d(t)).mean())

    def gradient(self, a, t):
        """Return ∂L/∂a in the shape of a, the batch's factor 1/N included."""
        a, t = self.validate(a, t)
        rows = a.shape[0] if a.ndim == 2 else 1
        return self._slope(a, t) / rows

    def validate(self, a, t):
        """Return both as float64 arrays; raise unless they are finite and of one shape."""
        a = real_array("a", a)
        if a.ndim > 2:
            raise ValueError(f"a: expected shape (m,) or (N, m), came shape {a.shape}")
        return a, self.validate_targets(a, t)

    def validate_targets(self, a, t, name="t"):
        """Return t as a float64 array; raise unless it is finite and of the shape of a."""
        t = real_array(name, t)
        same_shape(name, t, "a", a)
        return t

    def __repr__(self):
        return self.name


class CrossEntropy(Loss):
    """−Σ_k t_k log a_k for one-hot t and a in [0, 1] (:eq:`cross-entropy`)."""

    def validate(self, a, t):
        """As `Loss.validate`, and raise where a leaves [0, 1] or t is not one-hot."""
        a, t = super().validate(a, t)
        if a.min() < 0.0 or a.max() > 1.0:
            worst = a.min() if a.min() < 0.0 else a.max()
            raise ValueError(f"a: expected probabilities in [0, 1], came {worst}")
        return a, t

    def validate_targets(self, a, t, name="t"):
        """As `Loss.validate_targets`, and raise where a row of t is not one-hot."""
        t = super().validate_targets(a, t, name)
        one_hot(name, t)
        return t


class BinaryCrossEntropy(CrossEntropy):
    """−Σ_k (t_k log a_k + (1 − t_k) log(1 − a_k)) for t of 0s and 1s, a in [0, 1].

    Each output is a question of its own, answered with yes or no (:eq:`binary-cross-entropy`).
    """

    def validate_targets(self, a, t, name="t"):
        """As `Loss.validate_targets`, and raise where an entry of t is neither 0 nor 1."""
        t = Loss.validate_targets(self, a, t, name)
        wrong = (t != 0) & (t != 1)
        if wrong.any():
            where = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise ValueError(f"{name}: expected 0 or 1, came {t[where]} at index {list(where)}")
        return t


def _binary_value(a, t):
    yes, no = np.maximum(a, SMALLEST), np.maximum(1.0 - a, SMALLEST)
    return -(t * np.log(yes) + (1.0 - t) * np.log(no)).sum(axis=-1)


def _binary_slope(a, t):
    return (1.0 - t) / np.maximum(1.0 - a, SMALLEST) - t / np.maximum(a, SMALLEST)


def _cross_entropy_value(a, t):
    return -(t * np.log(np.maximum(a, SMALLEST))).sum(axis=-1)


def _cross_entropy_slope(a, t):
    return -t / np.maximum(a, SMALLEST)


half_squared_error = Loss(
    "half_squared_error",
    lambda a, t: 0.5 * ((a - t) ** 2).sum(axis=-1),
    lambda a, t: a - t,
)
squared_error = Loss(
    "squared_error",
    lambda a, t: ((a - t) ** 2).sum(axis=-1),
    lambda a, t: 2.0 * (a - t),
)
mean_squared_error = Loss(
    "mean_squared_error",
    lambda a, t: ((a - t) ** 2).mean(axis=-1),
    lambda a, t: (a - t) * (2.0 / a.shape[-1] if a.ndim else 2.0),
)
cross_entropy = CrossEntropy("cross_entropy", _cross_entropy_value, _cross_entropy_slope)
binary_cross_entropy = BinaryCrossEntropy("binary_cross_entropy", _binary_value, _binary_slope)

LOSSES = {
    loss.name: loss
    for loss in (
        half_squared_error,
        squared_error,
        mean_squared_error,
        cross_entropy,
        binary_cross_entropy,
    )
}
