"""Exercises of chapter 10: five optimizers."""

from math import ceil, floor, log, log10, sqrt

import numpy as np

from . import Exercise

_rng = np.random.default_rng(110)
_steps = [(*_rng.normal(size=(3, 3)), 0.01, 0.9) for _ in range(4)]
_gradients = [(_rng.normal(size=n), 0.01) for n in (1, 2, 5, 30)]
_memories = [(0.9, 0.01), (0.999, 0.01), (0.99, 0.1), (0.5, 0.001)]
_decays = [(_rng.normal(size=4), _rng.normal(size=4), 0.01, 0.1) for _ in range(3)]
# A weight without a slope is where the two kinds part most.
_decays += [(np.array([10.0, 0.1, -2.0]), np.array([0.0, 0.0, 0.5]), 0.001, 0.01)]


def _nesterov(move):
    """One step whose p moves by eta times move(g, old m, new m, mu)."""

    def step(p, m, g, eta, mu):
        new = mu * m + g
        return np.array([p - eta * move(g, m, new, mu), new])

    return step


def _adam(hat1, hat2, keep=()):
    """Adam's walk with the hats hat1(t) and hat2(t), those named in `keep` put into memory."""

    def walk(gradients, eta):
        p = m = v = 0.0
        for t, g in enumerate(gradients, 1):
            m = 0.9 * m + 0.1 * g
            v = 0.999 * v + 0.001 * g**2
            m_hat, v_hat = m / hat1(t), v / hat2(t)
            m = m_hat if "m" in keep else m
            v = v_hat if "v" in keep else v
            p = p - eta * m_hat / (sqrt(v_hat) + 1e-8)
        return p

    return walk


def _hat(beta):
    return lambda t: 1 - beta**t


def _first_step(g, eta):
    return -eta * g / (np.abs(g) + 1e-8)


def _coupled(p, g, eta, omega):
    return p + _first_step(g + omega * p, eta)


def _decoupled(p, g, eta, omega):
    return (1 - eta * omega) * p + _first_step(g, eta)


def _rows(first, second):
    return lambda *case: np.array([first(*case), second(*case)])


def _circle(eta, mu, bend=24.0):
    """The three points through which momentum circles in the valley with the bend, as visited."""
    now = 1 + mu - 25 * eta
    system = np.array([[now, -1.0, -mu], [-mu, now, -1.0], [-1.0, -mu, now]])
    return np.linalg.solve(system, [0.0, -bend * eta, 0.0])


EXERCISES = {
    "10.1": Exercise(
        reference=float(ceil(log(1e6) / log(51 / 49))),
        digits=3,
        mistakes={
            "Two logarithms of different bases: use ln for D and for ρ.": ceil(6 / log(51 / 49)),
            "That is for a thousandfold.": ceil(log(1e3) / log(51 / 49)),
            "That is momentum's pace, with √κ. Gradient descent's has κ.": ceil(
                log(1e6) / log((sqrt(50) + 1) / (sqrt(50) - 1))
            ),
            "That is the rate 1/λ_max. The best is larger and has the factor (κ − 1)/(κ + 1).": (
                ceil(log(1e6) / log(50 / 49))
            ),
            "κ is the ratio of the curvatures, 20/0.4, and not the larger of them.": ceil(
                log(1e6) / log(21 / 19)
            ),
        },
    ),
    "10.2": Exercise(
        reference=_nesterov(lambda g, m, new, mu: g + mu * new),
        cases=_steps,
        names=("p", "m", "g", "eta", "mu"),
        mistakes={
            "That is plain momentum: the new m alone, or g + μ m with the old m.": _nesterov(
                lambda g, m, new, mu: new
            ),
            "μ is missing in the second line: p moves by g + μ m.": _nesterov(
                lambda g, m, new, mu: g + new
            ),
            "The gradient is missing in the second line: p moves by g + μ m.": _nesterov(
                lambda g, m, new, mu: mu * new
            ),
            "The sign is turned: p moves against the slope.": _nesterov(
                lambda g, m, new, mu: -(g + mu * new)
            ),
        },
    ),
    "10.3": Exercise(
        reference=_adam(_hat(0.9), _hat(0.999)),
        cases=_gradients,
        names=("gradients", "eta"),
        mistakes={
            "The hats still go into the memory: m and v are corrected again at each step.": _adam(
                _hat(0.9), _hat(0.999), keep="mv"
            ),
            "v is mended; m still keeps its hat.": _adam(_hat(0.9), _hat(0.999), keep="m"),
            "m is mended; v still keeps its hat.": _adam(_hat(0.9), _hat(0.999), keep="v"),
            "Now the hats are gone altogether, and the first steps are too long.": _adam(
                lambda t: 1, lambda t: 1
            ),
            "The hats are exchanged: m belongs to 0.9, v to 0.999.": _adam(_hat(0.999), _hat(0.9)),
        },
    ),
    "10.4": Exercise(
        reference=lambda beta, share: float(ceil(log(share) / log(beta))),
        cases=_memories,
        names=("beta", "share"),
        mistakes={
            "Steps are whole numbers: round up.": lambda beta, share: log(share) / log(beta),
            "One too few: there β^t is still above the share.": (
                lambda beta, share: floor(log(share) / log(beta))
            ),
            "1/(1 − β) is how far back an average looks. Its start is forgotten later.": (
                lambda beta, share: 1 / (1 - beta)
            ),
            "Two logarithms of different bases.": (
                lambda beta, share: ceil(log10(share) / log(beta))
            ),
            "β^t = 1 − share was solved: the average has then barely begun.": (
                lambda beta, share: ceil(log(1 - share) / log(beta))
            ),
        },
    ),
    "10.5": Exercise(
        reference=lambda kappa: (sqrt(kappa) - 1) / (sqrt(kappa) + 1),
        cases=[(4.0,), (25.0,), (100.0,), (1000.0,)],
        names=("kappa",),
        mistakes={
            "That is the best μ of momentum. For Nesterov it is the root of that.": (
                lambda kappa: ((sqrt(kappa) - 1) / (sqrt(kappa) + 1)) ** 2
            ),
            "That is the other root of the equation, above 1.": (
                lambda kappa: (sqrt(kappa) + 1) / (sqrt(kappa) - 1)
            ),
            "That is the pace with the best μ, not μ itself.": lambda kappa: 1 - 1 / sqrt(kappa),
            "That is the pace of gradient descent: κ stands where √κ should.": (
                lambda kappa: (kappa - 1) / (kappa + 1)
            ),
        },
    ),
    "10.6": Exercise(
        reference=_rows(_coupled, _decoupled),
        cases=_decays,
        names=("p", "g", "eta", "omega"),
        mistakes={
            "The rows are exchanged: first Adam with g + ωp, then AdamW.": _rows(
                _decoupled, _coupled
            ),
            "In the second row ω lacks the factor η: p shrinks by 1 − ηω.": _rows(
                _coupled, lambda p, g, eta, omega: (1 - omega) * p + _first_step(g, eta)
            ),
            "In the second row p is not shrunk.": _rows(
                _coupled, lambda p, g, eta, omega: p + _first_step(g, eta)
            ),
            "In the second row p decays twice: Adam's step there is for g alone.": _rows(
                _coupled,
                lambda p, g, eta, omega: (1 - eta * omega) * p + _first_step(g + omega * p, eta),
            ),
            "In the first row the decay comes after the division. It belongs into g.": _rows(
                lambda p, g, eta, omega: p + _first_step(g, eta) - eta * omega * p, _decoupled
            ),
        },
    ),
    "10.7": Exercise(
        reference=np.sort(_circle(1 / 9, 4 / 9)),
        digits=6,
        mistakes={
            "Those are the three, in the order of the visit. The smallest comes first.": _circle(
                1 / 9, 4 / 9
            ),
            "That is for μ = 2/3. Momentum's μ is the square of that, 4/9.": np.sort(
                _circle(1 / 9, 2 / 3)
            ),
            "That is for η = 1/25. Here it is 1/9.": np.sort(_circle(1 / 25, 4 / 9)),
            "The sign of the 24 is turned: the right piece is 25x − 24.": np.sort(
                _circle(1 / 9, 4 / 9, -24.0)
            ),
        },
    ),
}
