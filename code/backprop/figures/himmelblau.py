"""Four rules race down Himmelblau's surface, from a start under the reader's hand."""

import numpy as np
import traitlets

from .._validate import positive, real_array, whole
from ..optimizers import Adam, Diverged, GradientDescent, Momentum, RMSProp, minimize
from ..surfaces import himmelblau
from ._bundle import module
from ._figure import Figure

#: The rules that can race, in the order of the traits `eta` and of their lines.
RULES = {"descent": GradientDescent, "momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam}
#: What the figure's controls reach.
REACH, STEPS, ETAS, EPS = 6.0, 20_000, (1e-5, 10.0), 1e-8


class HimmelblauDescent(Figure):
    """A race of gradient descent, momentum, RMSProp and Adam down Himmelblau's surface.

    f(x, y) = (x² + y − 11)² + (x + y² − 7)² (:eq:`himmelblau`); the rules are those of
    `backprop.optimizers` (:eq:`gradient-step`, :eq:`momentum`, :eq:`rmsprop`, :eq:`adam`).

    start: two numbers from −6 to 6. optimizers: which rules race, at most one of each kind, with
    rates from 1e-5 to 10 and eps = 1e-8; by default all four with their defaults. steps: how long
    the race is, 1 to 20,000; step: how far it has come. basins: None, or "descent", "momentum",
    "RMSProp" or "Adam", whose basins are shown. point: the number of a stationary point in
    `himmelblau.stationary_points` that is marked, or None.

    Each trait can be set later too. Raises TypeError or ValueError for what does not fit.
    """

    _esm = module("himmelblau.js")
    _state = ("start", "optimizers", "steps", "step")

    start = traitlets.List(traitlets.Float()).tag(sync=True)
    eta = traitlets.List(traitlets.Float()).tag(sync=True)
    mu = traitlets.Float().tag(sync=True)
    alpha = traitlets.Float().tag(sync=True)
    betas = traitlets.List(traitlets.Float()).tag(sync=True)
    racing = traitlets.List(traitlets.Unicode()).tag(sync=True)
    steps = traitlets.Int(1).tag(sync=True)
    step = traitlets.Int(0).tag(sync=True)
    basins = traitlets.Unicode("").tag(sync=True)
    point = traitlets.Int(-1).tag(sync=True)
    view = traitlets.List(traitlets.Float(), [-30.0, 50.0]).tag(sync=True)
    speed = traitlets.Int(60).tag(sync=True)

    def __init__(
        self, start=(0, 0), optimizers=None, steps=2000, step=0, basins=None, point=None, **kwargs
    ):
        if optimizers is None:
            optimizers = [rule() for rule in RULES.values()]
        super().__init__(
            start=_start(start),
            **_rules(optimizers),
            steps=_within("steps", steps, 1, STEPS),
            step=_within("step", step, 0, steps),
            basins=_basins(basins),
            point=-1 if point is None else _within("point", point, 0, 8),
            **kwargs,
        )

    @traitlets.validate(
        "start",
        "eta",
        "mu",
        "alpha",
        "betas",
        "racing",
        "steps",
        "step",
        "basins",
        "point",
        "view",
        "speed",
    )
    def _checked(self, proposal):
        """What is set later is held to the same limits; the error names the trait."""
        name, value = proposal.trait.name, proposal.value
        return {
            "start": _start,
            "eta": _etas,
            "mu": lambda value: Momentum(mu=value).mu,
            "alpha": lambda value: RMSProp(alpha=value).alpha,
            "betas": lambda value: list(Adam(betas=value).betas),
            "racing": _racing,
            "steps": lambda value: _within("steps", value, 1, STEPS),
            "step": lambda value: _within("step", value, 0, STEPS),
            "basins": _basins,
            "point": lambda value: -1 if value == -1 else _within("point", value, 0, 8),
            "view": _view,
            "speed": lambda value: _within("speed", value, 1, STEPS),
        }[name](value)

    @property
    def optimizers(self):
        """The rules that race, as optimizers of the package, in the order of their lines."""
        settings = {
            "descent": {},
            "momentum": {"mu": self.mu},
            "RMSProp": {"alpha": self.alpha},
            "Adam": {"betas": tuple(self.betas)},
        }
        return [
            rule(eta=eta, **settings[key])
            for (key, rule), eta in zip(RULES.items(), self.eta, strict=True)
            if key in self.racing
        ]

    def walks(self):
        """Return name -> path (n, 2) of each rule that races; one that diverges ends before it."""
        keys = [key for key in RULES if key in self.racing]
        return {
            key: _walk(self.start, optimizer, self.steps)
            for key, optimizer in zip(keys, self.optimizers, strict=True)
        }

    def _draw(self):
        from ..plotting.surfaces import race

        race(himmelblau, self.walks(), himmelblau.stationary_points)


def _walk(start, optimizer, steps):
    try:
        return minimize(himmelblau.gradient, start, optimizer, steps)
    except Diverged as error:
        return minimize(himmelblau.gradient, start, optimizer, error.step - 1)


def _start(value):
    start = real_array("start", value)
    if start.shape != (2,):
        raise ValueError(f"start: expected two numbers, came shape {start.shape}")
    if np.abs(start).max() > REACH:
        raise ValueError(f"start: expected numbers from -6 to 6, came {start.tolist()}")
    return start.tolist()


def _rules(optimizers):
    """The traits that hold these optimizers; what does not race has its defaults."""
    settings = {"eta": [], "racing": []}
    given = {}
    for optimizer in optimizers:
        key = next((key for key, rule in RULES.items() if type(optimizer) is rule), None)
        if key is None:
            names = ", ".join(rule.__name__ for rule in RULES.values())
            raise TypeError(f"optimizers: expected {names}, came {optimizer!r}")
        if key in given:
            raise ValueError(
                f"optimizers: expected at most one {type(optimizer).__name__}, "
                f"came {given[key]!r} and {optimizer!r}"
            )
        if getattr(optimizer, "eps", EPS) != EPS:
            raise ValueError(f"optimizers: expected eps = 1e-08, came {optimizer!r}")
        given[key] = optimizer
    all_four = {key: given.get(key) or rule() for key, rule in RULES.items()}
    settings["eta"] = _etas([optimizer.eta for optimizer in all_four.values()])
    settings["racing"] = [key for key in RULES if key in given]
    return settings | {
        "mu": all_four["momentum"].mu,
        "alpha": all_four["RMSProp"].alpha,
        "betas": list(all_four["Adam"].betas),
    }


def _etas(value):
    if len(value) != len(RULES):
        raise ValueError(f"eta: expected four numbers, came {value!r}")
    etas = [positive(f"eta[{n}]", eta) for n, eta in enumerate(value)]
    for n, eta in enumerate(etas):
        if not ETAS[0] <= eta <= ETAS[1]:
            raise ValueError(f"eta[{n}]: expected a number from 1e-05 to 10, came {eta!r}")
    return etas


def _racing(value):
    if len(set(value)) != len(value) or not set(value) <= set(RULES):
        raise ValueError(f"racing: expected names of {', '.join(RULES)}, came {value!r}")
    return [key for key in RULES if key in value]


def _basins(value):
    if value not in (None, "", *RULES):
        raise ValueError(f"basins: expected None or one of {', '.join(RULES)}, came {value!r}")
    return value or ""


def _view(value):
    view = real_array("view", value)
    if view.shape != (2,) or not (abs(view[0]) <= 180 and 10 <= view[1] <= 90):
        raise ValueError(
            "view: expected an azimuth from -180 to 180 and an elevation from 10 to 90 degrees, "
            f"came {value!r}"
        )
    return view.tolist()


def _within(name, value, low, high):
    number = whole(name, value, low)
    if number > high:
        raise ValueError(f"{name}: expected at most {high}, came {number}")
    return number
