"""Exercises of chapter 09: Himmelblau's four valleys."""

import numpy as np

from ..surfaces import himmelblau
from . import Exercise

_rng = np.random.default_rng(109)
_points = [tuple(map(float, p)) for p in _rng.uniform(-4, 4, size=(5, 2))]
_steps = [(*_rng.normal(size=(3, 2)), 0.01, 0.9) for _ in range(4)]
_hessians = [(himmelblau.hessian(p.x),) for p in himmelblau.stationary_points]
# Also forms whose diagonal alone misleads: both entries of one sign, and yet a saddle.
_hessians += [(np.array([[d, 5.0], [5.0, 2 * d]]),) for d in (1.0, -1.0)]


def _component_y(second):
    """The gradient of Himmelblau's function with another second component."""

    def gradient(x, y):
        u, v = x**2 + y - 11, x + y**2 - 7
        return np.array([4 * x * u + 2 * v, second(x, y, u, v)])

    return gradient


def _rate(of_eigenvalues):
    return lambda p: of_eigenvalues(*np.linalg.eigvalsh(himmelblau.hessian(p)))


def _scaled_newton(scale):
    """A step that divides the slope along each eigenvector by scale(eigenvalue)."""

    def step(p):
        eigenvalues, Q = np.linalg.eigh(himmelblau.hessian(p))
        return p - Q @ (Q.T @ himmelblau.gradient(p) / scale(eigenvalues))

    return step


def _uphill(p):
    return 2 * p - _scaled_newton(np.abs)(p)


def _without_turning_back(p):
    eigenvalues, Q = np.linalg.eigh(himmelblau.hessian(p))
    return p - Q.T @ himmelblau.gradient(p) / np.abs(eigenvalues)


EXERCISES = {
    "9.1": Exercise(
        reference=np.array([3.999, -0.001]),
        digits=7,  # float32 holds no more
        mistakes={
            "The signs are turned: both slopes are positive, so both coordinates fall.": np.array(
                [4.001, 0.001]
            ),
            "The slope along y is 2u + 4yv = 10 at y = 0: positive, so y falls too.": np.array(
                [3.999, 0.001]
            ),
            "The slope along x is 80 − 6: positive, so x falls too.": np.array([4.001, -0.001]),
            "That is gradient descent's step. Adam's first has the size η in each coordinate.": (
                np.array([4 - 0.074, -0.01])
            ),
            "That is the step. Where is the point after it?": np.array([-0.001, -0.001]),
            "That is a step of length η along the gradient. Adam's has η in each coordinate.": (
                np.array([4, 0]) - 0.001 * np.array([74, 10]) / np.hypot(74, 10)
            ),
        },
    ),
    "9.2": Exercise(
        reference=lambda H: float((np.linalg.eigvalsh(H) < 0).sum()),
        cases=_hessians,
        names=("H",),
        mistakes={
            "Only the diagonal was looked at. A large entry beside it can make a saddle.": (
                lambda H: float((np.diag(H) < 0).sum())
            ),
            "A positive determinant says only that both have one sign. The trace says which.": (
                lambda H: 0.0 if np.linalg.det(H) > 0 else 1.0
            ),
            "The trace alone cannot see a saddle: a product of two numbers can.": (
                lambda H: 0.0 if np.trace(H) > 0 else 2.0
            ),
            "Those are the positive ones.": lambda H: float((np.linalg.eigvalsh(H) > 0).sum()),
        },
    ),
    "9.3": Exercise(
        reference=_component_y(lambda x, y, u, v: 2 * u + 4 * y * v),
        cases=_points,
        names=("x", "y"),
        mistakes={
            "The inner derivative ∂v/∂y = 2y is still missing in the last term.": _component_y(
                lambda x, y, u, v: 2 * u + 2 * v
            ),
            "∂v/∂y is 2y, not 2: the y is missing in the last term.": _component_y(
                lambda x, y, u, v: 2 * u + 4 * v
            ),
            "2v · 2y is 4yv: a factor 2 was lost.": _component_y(
                lambda x, y, u, v: 2 * u + 2 * y * v
            ),
            "u and v have changed places in the second component.": _component_y(
                lambda x, y, u, v: 2 * v + 4 * y * u
            ),
            "The 2y belongs to the term of v; ∂u/∂y is 1.": _component_y(
                lambda x, y, u, v: 4 * y * u + 2 * v * 2 * y
            ),
        },
    ),
    "9.4": Exercise(
        reference=lambda p, m, g, eta, mu: np.array([p - eta * (mu * m + g), mu * m + g]),
        cases=_steps,
        names=("p", "m", "g", "eta", "mu"),
        mistakes={
            "p was moved by the old m. First m takes in the gradient, then p moves by it.": (
                lambda p, m, g, eta, mu: np.array([p - eta * m, mu * m + g])
            ),
            "The gradient came in with the factor 1 − μ: that is Adam's average, not momentum.": (
                lambda p, m, g, eta, mu: np.array(
                    [p - eta * (mu * m + (1 - mu) * g), mu * m + (1 - mu) * g]
                )
            ),
            "η stands inside m. Here m adds gradients, and η comes when p moves.": (
                lambda p, m, g, eta, mu: np.array([p - (mu * m + eta * g), mu * m + eta * g])
            ),
            "The sign is turned: p moves against m.": (
                lambda p, m, g, eta, mu: np.array([p + eta * (mu * m + g), mu * m + g])
            ),
            "The rows have changed places: p comes first, then m.": (
                lambda p, m, g, eta, mu: np.array([mu * m + g, p - eta * (mu * m + g)])
            ),
            "μ is missing: nothing would ever slow the ball down.": (
                lambda p, m, g, eta, mu: np.array([p - eta * (m + g), m + g])
            ),
        },
    ),
    "9.5": Exercise(
        reference=_rate(lambda low, high: 2 / (low + high)),
        cases=[(minimum,) for minimum in himmelblau.minima],
        names=("p",),
        mistakes={
            "That is the largest rate that holds: its steep direction no longer shrinks at all.": (
                _rate(lambda low, high: 2 / high)
            ),
            "That ends the steep direction in one step and leaves the gentle one slow.": _rate(
                lambda low, high: 1 / high
            ),
            "That ends the gentle direction in one step, and the steep one may grow.": _rate(
                lambda low, high: 1 / low
            ),
            "Half of it: set the two factors equal in size and of opposite sign.": _rate(
                lambda low, high: 1 / (low + high)
            ),
        },
    ),
    "9.6": Exercise(
        reference=0.0131194,
        digits=3,
        mistakes={
            "That is Adam's border. Gradient descent does not walk by signs.": 0.239402,
            "That is the level line of the pass. The ball has not arrived there when it starts.": (
                -0.0813530
            ),
        },
    ),
    "9.7": Exercise(
        reference=_scaled_newton(np.abs),
        # At the first four LAPACK returns a symmetric Q, which hides a Q for a Q.T.
        cases=[
            (np.array(p),)
            for p in [(0.0, 0.0), (-4.0, 0.0), (4.0, 0.0), (1.0, 2.0), (0.85, 1.84), (1.1, -1.84)]
        ],
        names=("p",),
        mistakes={
            "That is Newton's step: negative eigenvalues still lead it up.": _scaled_newton(
                lambda eigenvalues: eigenvalues
            ),
            "It goes up: the step is minus the slope over |λ|.": _uphill,
            "The step is still in the eigenvectors' coordinates: turn it back with Q @.": (
                _without_turning_back
            ),
            "Each slope is multiplied by |λ| instead of divided.": _scaled_newton(
                lambda eigenvalues: 1 / np.abs(eigenvalues)
            ),
        },
    ),
}
