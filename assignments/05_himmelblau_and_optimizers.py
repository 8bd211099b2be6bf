"""Checks of assignment 5: steps that know how long to be."""

import numpy as np

from backprop.optimizers import Adam, GradientDescent, Momentum, minimize
from backprop.surfaces import himmelblau
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

CHAPTER = "chapters/09_himmelblau.html#"
NEXT = "chapters/10_optimizers.html#"


def tilted(slopes):
    """A gradient for many points, where slopes(x, y, u, v, c) gives its two components."""

    def tilted_gradient(P, c):
        x, y = P[:, 0], P[:, 1]
        u, v = x**2 + y - 11, x + y**2 - 7
        return np.stack(slopes(x, y, u, v, c), axis=1)

    return tilted_gradient


tilted_gradient = tilted(lambda x, y, u, v, c: (4 * x * u + 2 * c * v, 2 * u + 4 * c * y * v))


def rates(rule):
    """A rate from the gradient and the Hessian."""
    return lambda g, H: float(rule(g, H))


def curved(rng):
    """A gradient and a Hessian whose eigenvalues are all positive."""
    n = int(rng.integers(2, 5))
    A = rng.normal(size=(n, n))
    return rng.normal(size=n), A @ A.T + 0.5 * np.eye(n)


def shrunk(g, longest):
    length = np.linalg.norm(g)
    return g * (longest / length) if length > longest else g


def walk(shorten):
    """A walk on Himmelblau's surface along shorten(g, longest) for each gradient."""

    def clipped_walk(start, eta, longest, steps):
        path = [np.asarray(start, dtype=float)]
        for _ in range(steps):
            g = himmelblau.gradient(path[-1])
            path.append(path[-1] - eta * shorten(g, longest))
        return np.array(path)

    return clipped_walk


def without_start(start, eta, longest, steps):
    return walk(shrunk)(start, eta, longest, steps)[1:]


def wall(rng):
    """A start from which some gradients are longer than `longest`, and some are not."""
    start = rng.choice([-1, 1], 2) * rng.uniform(3.8, 4.5, 2)
    return start, float(rng.uniform(0.004, 0.006)), float(rng.uniform(20, 40)), 40


class AMSGrad:
    def __init__(self, eta, beta1, beta2, eps):
        self.eta, self.beta1, self.beta2, self.eps = eta, beta1, beta2, eps
        self.m, self.v, self.r, self.t = 0.0, 0.0, 0.0, 0

    def step(self, p, g):
        self.t += 1
        self.m = self.average(self.m, self.beta1, g)
        self.v = self.average(self.v, self.beta2, g**2)
        self.r = self.largest()
        return p - self.eta * self.m / self.warm(self.beta1) / self.size()

    def average(self, old, beta, new):
        return beta * old + (1 - beta) * new

    def largest(self):
        return np.maximum(self.r, self.v)

    def warm(self, beta):
        return 1 - beta**self.t

    def size(self):
        return np.sqrt(self.r / self.warm(self.beta2)) + self.eps


class PlainAdam(AMSGrad):
    def largest(self):
        return self.v


class WithoutHats(AMSGrad):
    def warm(self, beta):
        return 1.0


class CountsFromZero(AMSGrad):
    def warm(self, beta):
        return 1 - beta ** max(self.t - 1, 1)


class EpsilonUnderTheRoot(AMSGrad):
    def size(self):
        return np.sqrt(self.r / self.warm(self.beta2) + self.eps)


class AddsUp(AMSGrad):
    def average(self, old, beta, new):
        return beta * old + new


class LargestOfAll(AMSGrad):
    """One r for all coordinates."""

    def largest(self):
        return np.max(np.maximum(self.r, self.v)) * np.ones_like(self.v)


class LargestOfTheCorrected(AMSGrad):
    def largest(self):
        return np.maximum(self.r, self.v / self.warm(self.beta2))

    def size(self):
        return np.sqrt(self.r) + self.eps


class Uphill(AMSGrad):
    def step(self, p, g):
        return 2 * p - super().step(p, g)


def wall_and_plain(rng):
    """A steep gradient first and gentle ones after it, so that what is forgotten shows."""
    p = rng.normal(size=3)
    gradients = rng.normal(size=(6, 3)) * np.array([20, 1, 1, 0.5, 0.5, 0.5])[:, None]
    settings = make(float(rng.uniform(0.01, 0.1)), 0.9, 0.8, 1e-3)
    # Each step starts from a point of its own, so that one slip does not spoil all others.
    return [settings] + [call("step", p + k, g) for k, g in enumerate(gradients)]


def heights(eta_of=lambda name, eta: eta, f=himmelblau, first=0):
    """What the picture shows, with another rate for a racer, another height, or no start."""

    def draw(start, eta, steps):
        racers = {"gradient descent": GradientDescent, "momentum": Momentum, "Adam": Adam}
        lines = []
        for name, racer in racers.items():
            optimizer = racer(eta_of(name, eta))
            path = minimize(himmelblau.gradient, start, optimizer, steps)
            lines.append((np.arange(first, steps + 1), f(path)[first:]))
        return {"lines": lines, "yscale": "log", "xlabel": ..., "ylabel": ..., "labels": [*racers]}

    return draw


def a_race(rng):
    """Steps so small that no racer is thrown out of its valley, which would blow up roundings."""
    start = tuple(float(v) for v in rng.uniform(-1, 1, 2))
    return start, float(rng.uniform(0.001, 0.003)), int(rng.integers(30, 60))


ASSIGNMENT = Assignment(
    name="05_himmelblau_and_optimizers",
    title="Steps that know how long to be",
    chapter="09_himmelblau",
    questions=[
        Choice(
            id="q1",
            title="Where can it come to rest?",
            points=2,
            calls="answer_1",
            right="b",
            wrong={
                "a": "Each valley has its own bound 2/λmax, and 0.0175 lies above one of the four.",
                "c": "(3.58, −1.85) bears rates up to 0.018972. At η = 0.02 it would be too much.",
                "d": "The bound 2/λmax is larger than 0.0175 in some of the valleys.",
            },
            hint="Compare the rate with 2/λmax of each minimum.",
            section=CHAPTER + "the-largest-step",
        ),
        Function(
            id="q2",
            title="The slope of a tilted Himmelblau",
            points=3,
            calls="tilted_gradient",
            reference=tilted_gradient,
            inputs=lambda rng: (rng.uniform(-4, 4, (5, 2)), float(rng.uniform(1.5, 4))),
            mistakes={
                "c forgotten": (
                    tilted(lambda x, y, u, v, c: (4 * x * u + 2 * v, 2 * u + 4 * y * v)),
                    "c does not enter: that is the surface without the tilt.",
                ),
                "c in one component": (
                    tilted(lambda x, y, u, v, c: (4 * x * u + 2 * v, 2 * u + 4 * c * y * v)),
                    "c is missing from the slope along x. v depends on both coordinates.",
                ),
                "c in the other component": (
                    tilted(lambda x, y, u, v, c: (4 * x * u + 2 * c * v, 2 * u + 4 * y * v)),
                    "c is missing from the slope along y. v depends on both coordinates.",
                ),
                "c at the wrong misfit": (
                    tilted(lambda x, y, u, v, c: (4 * c * x * u + 2 * v, 2 * c * u + 4 * y * v)),
                    "c stands at u. It belongs to v.",
                ),
                "u and v exchanged": (
                    tilted(lambda x, y, u, v, c: (4 * x * u + 2 * c * v, 2 * c * v + 4 * y * u)),
                    "In the second component u and v changed places.",
                ),
                "inner derivatives dropped": (
                    tilted(lambda x, y, u, v, c: (2 * u + 2 * c * v, 2 * u + 2 * c * v)),
                    "The inner derivatives 2x and 2y are missing.",
                ),
                "2y dropped": (
                    tilted(lambda x, y, u, v, c: (4 * x * u + 2 * c * v, 2 * u + 2 * c * v)),
                    "The inner derivative ∂v/∂y = 2y is missing.",
                ),
                "2x dropped": (
                    tilted(lambda x, y, u, v, c: (2 * u + 2 * c * v, 2 * u + 4 * c * y * v)),
                    "The inner derivative ∂u/∂x = 2x is missing.",
                ),
            },
            hint="Chain rule for u² and for c v², each along x and along y: four terms.",
            section=CHAPTER + "the-gradient-and-the-hessian",
        ),
        Manual(
            id="q3",
            title="The best step, on paper",
            points=4,
            rubric="1 point: the parabola in η. 1 point: η = gᵀg / gᵀHg, and why it is a minimum. "
            "1 point: the new gradient is perpendicular to the old, and the path is a zigzag. "
            "1 point: between 1/λmax and 1/λmin, with the reason.",
            hint="H is symmetric, so pᵀHg = gᵀHp = gᵀg.",
            section=CHAPTER + "pit-pass-or-peak",
        ),
        Function(
            id="q4",
            title="… and in code",
            points=2,
            calls="best_rate",
            reference=rates(lambda g, H: (g @ g) / (g @ H @ g)),
            inputs=curved,
            mistakes={
                "turned over": (
                    rates(lambda g, H: (g @ H @ g) / (g @ g)),
                    "That is the curvature along the gradient. The rate is one over it.",
                ),
                "factor 2": (
                    rates(lambda g, H: 2 * (g @ g) / (g @ H @ g)),
                    "Twice the best: there the parabola is as high as at the start.",
                ),
                "half": (
                    rates(lambda g, H: 0.5 * (g @ g) / (g @ H @ g)),
                    "Half of the best: the ½ of f cancels the 2 of the power rule.",
                ),
                "length for its square": (
                    rates(lambda g, H: np.linalg.norm(g) / (g @ H @ g)),
                    "The length of g stands above the line. Its square belongs there.",
                ),
                "largest rate": (
                    rates(lambda g, H: 2 / np.linalg.eigvalsh(H)[-1]),
                    "That is the largest rate that holds, from any direction.",
                ),
                "best single rate": (
                    rates(lambda g, H: 2 / (np.linalg.eigvalsh(H)[0] + np.linalg.eigvalsh(H)[-1])),
                    "That is the best rate for all steps together. Here each step has its own.",
                ),
                "steepest direction": (
                    rates(lambda g, H: 1 / np.linalg.eigvalsh(H)[-1]),
                    "That is the best step along the steepest eigenvector, not along g.",
                ),
            },
            hint="Two products: `g @ g`, and g with H g.",
            section=NEXT + "the-best-rate",
        ),
        Function(
            id="q5",
            title="A step that is never too long",
            points=3,
            calls="clipped_walk",
            uses=("tilted_gradient",),
            reference=walk(shrunk),
            inputs=wall,
            keeps_inputs=True,
            mistakes={
                "each coordinate": (
                    walk(lambda g, longest: np.clip(g, -longest, longest)),
                    "Each coordinate was clipped by itself, which turns the gradient. Its length "
                    "is to be clipped.",
                ),
                "not clipped": (
                    walk(lambda g, longest: g),
                    "No gradient was shortened. (Was the step compared with `longest`? It is the "
                    "gradient that is.)",
                ),
                "always that long": (
                    walk(lambda g, longest: g * (longest / np.linalg.norm(g))),
                    "Every gradient was given the length `longest`, short ones too: the walk never "
                    "comes to rest.",
                ),
                "set to 0": (
                    walk(lambda g, longest: g * (np.linalg.norm(g) <= longest)),
                    "A gradient that is too long was left out. It keeps its direction.",
                ),
                "sum for length": (
                    walk(lambda g, longest: g * min(1, longest / np.abs(g).sum())),
                    "The length of a vector is the root of the sum of squares: `np.linalg.norm`.",
                ),
                "no start": (without_start, "The start is missing from the path."),
            },
            hint="A factor smaller than 1, longest over length, and only where it is needed.",
            section=NEXT + "mistakes",
        ),
        ClassCalls(
            id="q6",
            title="An Adam that never forgets a wall",
            points=4,
            calls="AMSGrad",
            reference=AMSGrad,
            keeps_inputs=True,
            script=wall_and_plain,
            tries=4,
            mistakes={
                "plain Adam": (
                    PlainAdam,
                    "That is Adam: r never enters, and the wall is forgotten.",
                ),
                "without the hats": (
                    WithoutHats,
                    "The averages start at 0 and are too small at first: divide m by 1 − β₁ᵗ and r "
                    "by 1 − β₂ᵗ.",
                ),
                "t starts at 0": (
                    CountsFromZero,
                    "t is one too small from the second step on. The first step has t = 1.",
                ),
                "ε under the root": (
                    EpsilonUnderTheRoot,
                    "ε stands under the root. It is added to it.",
                ),
                "sums for averages": (
                    AddsUp,
                    "The factors 1 − β₁ and 1 − β₂ are missing: the averages are sums.",
                ),
                "one r for all": (
                    LargestOfAll,
                    "r is one number for all coordinates. Each has its own: `np.maximum`.",
                ),
                "largest of the corrected": (
                    LargestOfTheCorrected,
                    "The maximum was taken after the division by 1 − β₂ᵗ. Take it of v itself.",
                ),
                "uphill": (Uphill, "The steps go uphill: minus η."),
            },
            hint="m, v, r and t are kept on `self` from step to step.",
            section=CHAPTER + "adam",
        ),
        Plot(
            id="q7",
            title="The race",
            points=2,
            calls="draw",
            reference=heights(),
            inputs=a_race,
            imports=("numpy", "matplotlib", "backprop"),
            rtol=1e-6,
            mistakes={
                "start left out": (
                    heights(first=1),
                    "The start is missing: after 0 steps the height is f at `start`.",
                ),
                "rate of its own": (
                    heights(eta_of=lambda name, eta: eta if name != "Adam" else 0.001),
                    "Adam walked with its own default rate. All three take `eta`.",
                ),
                "default rates": (
                    heights(eta_of=lambda name, eta: 0.001),
                    "The default rate was used. All three take `eta`.",
                ),
            },
            hint="`minimize` returns all points, the start first; `himmelblau` takes them at once.",
            section=CHAPTER + "basins",
        ),
    ],
)
