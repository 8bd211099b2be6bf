r"""Activations a = f(z), each beside its derivative f'(z).

Every activation is an object: call it, `sigmoid(z)`; ask for its derivative,
`sigmoid.derivative(z)`. Arrays keep their shape; z is the weighted sum, a the activation. Derived
in chapter 01 (:eq:`sigmoid-slope`), softmax in chapter 03 (:eq:`softmax`).
"""

import numpy as np

from ._validate import real_array

__all__ = ["ACTIVATIONS", "Activation", "identity", "relu", "sigmoid", "softmax", "tanh"]


#: A 1 that is an array already: converting a Python number costs more than a small layer's sum.
ONE = np.array(1.0)


class Activation:
    """An elementwise activation: `function(z)` and `slope(z, a)`, a = function(z) being known."""

    def __init__(self, name, function, slope):
        self.name = name
        self._function = function
        self._slope = slope

    def __call__(self, z):
        """Return a = f(z), in the shape of z (float64). Raises on NaN, infinity or no entries."""
        with np.errstate(over="ignore"):  # see _sigmoid
            return self._function(real_array("z", z))

    def derivative(self, z):
        """Return f'(z), entry by entry, in the shape of z (float64)."""
        z = real_array("z", z)
        with np.errstate(over="ignore"):
            return self._slope(z, self._function(z))

    def pull_back(self, dA, z, a):
        """Return ∂L/∂z = ∂L/∂a · f'(z) (:eq:`delta-output`), all three of shape (N, n)."""
        return dA * self._slope(z, a)

    def __repr__(self):
        return self.name


class Softmax:
    r"""softmax(z)_k = exp(z_k) / Σ_j exp(z_j), over the last axis.

    Every output depends on every input of its row: there is no elementwise derivative, but a
    Jacobian, ∂a_k/∂z_j = a_k (1[j = k] − a_j) (:eq:`softmax-jacobian`).
    """

    name = "softmax"

    def __call__(self, z):
        """Return a of the shape of z (..., n); each row is positive and sums to 1."""
        z = real_array("z", z)
        if z.ndim == 0:
            raise ValueError("z: expected at least one axis, came shape ()")
        with np.errstate(over="ignore"):
            return self._function(z)

    @staticmethod
    def _function(z):
        # The largest z of a row is taken off first: exp of 0 or less cannot overflow. Where the
        # subtraction itself does, −∞ stands in for a number whose exp is 0 all the same; as with
        # _sigmoid, who calls this turns the warning off.
        e = z - np.maximum.reduce(z, axis=-1, keepdims=True)
        np.exp(e, out=e)
        e /= np.add.reduce(e, axis=-1, keepdims=True)
        return e

    def jacobian(self, z):
        """Return J (..., n, n) with J[..., k, j] = ∂a_k/∂z_j, for z of shape (..., n)."""
        a = self(z)
        return a[..., :, None] * (np.eye(a.shape[-1]) - a[..., None, :])

    def pull_back(self, dA, z, a):
        """Return ∂L/∂z = a (∂L/∂a − Σ_k a_k ∂L/∂a_k), of shape (N, n), without the Jacobian."""
        return a * (dA - (a * dA).sum(axis=-1, keepdims=True))

    def __repr__(self):
        return self.name


def _sigmoid(z):
    # For z < −709 exp(−z) is infinite, and 1/∞ = 0 is what σ(z) rounds to: the formula is
    # right as it stands, only the warning is not wanted. Who calls this turns it off, a network
    # once for all its layers: switching costs as much as σ of a small layer.
    return ONE / (ONE + np.exp(-z))


identity = Activation("identity", lambda z: z.copy(), lambda z, a: np.ones_like(z))
sigmoid = Activation("sigmoid", _sigmoid, lambda z, a: a * (ONE - a))
tanh = Activation("tanh", np.tanh, lambda z, a: ONE - a * a)
relu = Activation("relu", lambda z: np.maximum(z, 0.0), lambda z, a: (z > 0.0).astype(z.dtype))
softmax = Softmax()

ACTIVATIONS = {f.name: f for f in (identity, sigmoid, tanh, relu, softmax)}
