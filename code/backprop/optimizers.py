r"""Optimizers: how a gradient becomes a step, in PyTorch's definitions and with its defaults.

An optimizer holds only its settings; what it remembers of a run, m and v, is in the `state` that
`start` makes. So one optimizer serves many runs, and `minimize` can walk a grid of them at once.
All arithmetic is elementwise and keeps the dtype of x: float32 runs as torch's float32 does.
"""

import math

import numpy as np

from ._validate import positive, whole

__all__ = [
    "Adam",
    "Diverged",
    "GradientDescent",
    "Interrupted",
    "Momentum",
    "Nesterov",
    "RMSProp",
    "basins",
    "minimize",
]

#: Starts that are stepped together: enough that NumPy's cost of a call does not count, so few that
#: their x, m, v and temporaries, 0.1 MB each, stay in a core's cache.
CHUNK = 6000
#: Steps between two looks at `stop`, the progress bar and a keyboard interrupt's safe point.
ROUND = 50


class GradientDescent:
    """x ← x − η g (:eq:`gradient-step`); `torch.optim.SGD`. eta: learning rate, > 0."""

    def __init__(self, eta=1e-3):
        self.eta = positive("eta", eta)

    def start(self, x):
        """Return the state before the first step: nothing is remembered."""
        return {}

    def step(self, x, g, state, t):
        """Change x in place by step t = 1, 2, … along the gradient g, of the shape of x."""
        x -= self.eta * g

    def __repr__(self):
        return f"GradientDescent(eta={self.eta:g})"


class Momentum:
    """m ← μ m + g, x ← x − η m (:eq:`momentum`); `torch.optim.SGD(momentum=mu)`. mu in [0, 1)."""

    def __init__(self, eta=1e-3, mu=0.9):
        self.eta, self.mu = positive("eta", eta), _fraction("mu", mu)

    def start(self, x):
        """Return the state before the first step: m = 0."""
        return {"m": np.zeros_like(x)}

    def step(self, x, g, state, t):
        """Change x and the state in place by step t along the gradient g."""
        m = state["m"]
        m *= self.mu
        m += g
        x -= self.eta * m

    def __repr__(self):
        return f"Momentum(eta={self.eta:g}, mu={self.mu:g})"


class Nesterov:
    """m ← μ m + g, x ← x − η (g + μ m) (:eq:`nesterov`).

    `torch.optim.SGD(momentum=mu, nesterov=True)`. x is where the gradient is taken. In the form
    with a look ahead, m ← μ m + ∇f(y − η μ m) and y ← y − η m (:eq:`nesterov-look-ahead`), that is
    x = y − η μ m; as m fades, both are one point. mu in [0, 1).
    """

    def __init__(self, eta=1e-3, mu=0.9):
        self.eta, self.mu = positive("eta", eta), _fraction("mu", mu)

    def start(self, x):
        """Return the state before the first step: m = 0."""
        return {"m": np.zeros_like(x)}

    def step(self, x, g, state, t):
        """Change x and the state in place by step t along the gradient g."""
        m = state["m"]
        m *= self.mu
        m += g
        x -= self.eta * (g + self.mu * m)

    def __repr__(self):
        return f"Nesterov(eta={self.eta:g}, mu={self.mu:g})"


class RMSProp:
    """v ← α v + (1 − α) g², x ← x − η g / (√v + ε) (:eq:`rmsprop`); `torch.optim.RMSprop`.

    The first step is η / √(1 − α) long (:eq:`rmsprop-first-step`). alpha in [0, 1).
    """

    def __init__(self, eta=1e-2, alpha=0.99, eps=1e-8):
        self.eta, self.alpha = positive("eta", eta), _fraction("alpha", alpha)
        self.eps = positive("eps", eps, zero=True)

    def start(self, x):
        """Return the state before the first step: v = 0."""
        return {"v": np.zeros_like(x)}

    def step(self, x, g, state, t):
        """Change x and the state in place by step t along the gradient g."""
        v = state["v"]
        v *= self.alpha
        v += (1 - self.alpha) * g * g
        x -= self.eta * (g / (np.sqrt(v) + self.eps))

    def __repr__(self):
        return f"RMSProp(eta={self.eta:g}, alpha={self.alpha:g}, eps={self.eps:g})"


class Adam:
    """m ← m + (1−β₁)(g − m), v ← β₂ v + (1−β₂) g², x ← x − η m̂ / (√v̂ + ε) (:eq:`adam`).

    m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ) (:eq:`adam-bias`). The first formula is
    β₁ m + (1−β₁) g, rounded as today's `torch.optim.Adam` rounds it. betas: two numbers in [0, 1).
    """

    def __init__(self, eta=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.eta, self.eps = positive("eta", eta), positive("eps", eps, zero=True)
        if np.shape(betas) != (2,):
            raise ValueError(f"betas: expected two numbers, came {betas!r}")
        self.betas = tuple(_fraction(f"betas[{i}]", beta) for i, beta in enumerate(betas))

    def start(self, x):
        """Return the state before the first step: m = v = 0."""
        return {"m": np.zeros_like(x), "v": np.zeros_like(x)}

    def step(self, x, g, state, t):
        """Change x and the state in place by step t = 1, 2, … along the gradient g."""
        (beta1, beta2), m, v = self.betas, state["m"], state["v"]
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        denominator = np.sqrt(v)
        denominator /= math.sqrt(1 - beta2**t)
        denominator += self.eps
        x -= self.eta / (1 - beta1**t) * m / denominator

    def __repr__(self):
        return f"Adam(eta={self.eta:g}, betas={self.betas}, eps={self.eps:g})"


class Diverged(ArithmeticError):
    """A run left the finite numbers. `step`: after how many steps; `start`: where it began."""

    def __init__(self, optimizer, start, step, last):
        self.step, self.start, self.last = step, start, last
        super().__init__(
            f"{optimizer} diverged: from start {_point(start)} step {step} left the finite "
            f"numbers, the point before it was {_point(last)}; a smaller eta may hold"
        )


class Interrupted(KeyboardInterrupt):
    """A keyboard interrupt in `minimize`. `path`: what was kept so far; `steps`: steps done."""

    def __init__(self, path, steps):
        self.path, self.steps = path, steps
        super().__init__(f"stopped after {steps} steps; the exception's .path is what was kept")


def minimize(gradient, start, optimizer, steps, *, keep=1, stop=None, progress=None):
    """Walk `steps` steps from one start, or from a whole grid of starts at once.

    gradient: takes points and returns ∇f in their shape: (d,) for one start, (n, d) for a grid.
    start: (d,) or (..., d); integers are read as float64, float32 stays float32; not changed.
    keep: k keeps the points 0, k, 2k, …; "end" keeps only where the walks end.
    stop: takes points as `gradient` does and returns True (or an array of them) where a walk may
    rest; a resting start stays where it is. Looked at every 50 steps.
    progress: True shows a bar, False none; None shows one where stderr is a terminal.

    Returns the path, (steps // k + 1, ..., d), or with keep="end" the end points, (..., d).
    Raises `Diverged` as soon as a walk leaves the finite numbers, `Interrupted` (a
    KeyboardInterrupt that carries what was kept) on a keyboard interrupt, TypeError or ValueError
    on arguments that do not fit.
    """
    start, steps = _start(start), whole("steps", steps, 0)
    if not (hasattr(optimizer, "start") and hasattr(optimizer, "step")):
        raise TypeError(f"optimizer: expected one, such as Adam(), came {optimizer!r}")
    walk = _Walk(gradient, start, optimizer, stop, _every(keep), steps)
    try:
        with np.errstate(over="ignore", invalid="ignore"), _bar(steps, progress) as bar:
            while walk.done < steps and walk.active.size:
                before = walk.done
                walk.round(min(ROUND, steps - walk.done))
                bar.update(walk.done - before)
            bar.update(steps - walk.done)  # every walk rests: the remaining steps change nothing
    except KeyboardInterrupt:
        raise Interrupted(walk.kept(start.shape, walk.done), walk.done) from None
    return walk.kept(start.shape, steps)


def basins(surface, optimizer, starts, steps, progress=None):
    """Return for each start the index of the minimum whose valley it ends in, −1 for none yet.

    surface: one with `gradient`, `minima`, `rims`, `valley` and `steepest_curvature`: `himmelblau`.
    starts: (..., 2); the result has shape (...), and indices count `surface.minima`.
    steps, progress, and what is raised: as in `minimize`.

    The map is that of the full walks: a start rests early only where its fate is decided, that is
    so far below the rim of a valley that nothing which the optimizer remembers can lift it out.

    - `GradientDescent` remembers nothing, and with η < 2/λ each step leads down, λ being the
      largest curvature in the valley. Curvature there stays below twice that at the bottom, so
      with η at most 1 / `steepest_curvature` a start rests as soon as it is in a valley.
    - `Adam` moves like a ball with friction: f + Σᵢ |mᵢ stepᵢ| / 2(1−β₁) falls from step to step,
      where stepᵢ is how far coordinate i moves: the gradient's work goes into m, and m forgets
      faster than v where β₁ <= β₂. No step is longer than about 7.3 η with the usual betas
      (:eq:`adam-bound`), and m is a mean of recent slopes; so the second term, all that a start
      can still climb, is bounded. The start rests that far below the rim. Where that is more than
      half of the rim's height the bound says little, and nobody rests in that valley.
    - With other optimizers nobody rests. A momentum that was gathered on a cliff can cross a
      valley, and RMSProp steps up to η/√(1−α) far however flat the ground.
    """
    for name in ("gradient", "rims", "valley", "steepest_curvature"):
        if not hasattr(surface, name):
            raise TypeError(f"surface: expected `{name}`, as himmelblau has, came {surface!r}")
    spare = _spare(optimizer, surface)

    def decided(x):
        return surface.valley(x, spare) >= 0

    stop = decided if np.isfinite(spare).any() else None
    end = minimize(
        surface.gradient, starts, optimizer, steps, keep="end", stop=stop, progress=progress
    )
    return surface.valley(end)


def _spare(optimizer, surface):
    """How far below each valley's rim a walk's fate is decided, ∞ where it never is."""
    rims, curvature = surface.rims, surface.steepest_curvature
    never = np.full(len(rims), np.inf)
    if type(optimizer) is GradientDescent:
        return np.zeros(len(rims)) if optimizer.eta * curvature <= 1 else never
    if type(optimizer) is not Adam or optimizer.betas[0] > optimizer.betas[1]:
        return never
    fresh, step = 1 - optimizer.betas[0], optimizer.eta * _longest_step(*optimizer.betas)
    # In a bowl of this curvature the slope at height f is √(2 λ f); twice that in a valley.
    climb = step * 2 * np.sqrt(2 * curvature * rims) / (2 * fresh)
    return np.where(climb <= rims / 2, climb, np.inf)


def _longest_step(beta1, beta2):
    """The longest step of Adam over η, whatever the gradients (:eq:`adam-bound`, with the hats)."""
    if beta2 == 0:
        return 1.0  # then β₁ = 0 as well, and a step is η g / |g|
    t, ratio = np.arange(1.0, 10_001.0), beta1**2 / beta2
    bare = (1 - beta1) * np.sqrt((1 - ratio**t) / (1 - ratio) / (1 - beta2))
    return float((bare * np.sqrt(1 - beta2**t) / (1 - beta1**t)).max())


class _Walk:
    """All starts of one `minimize`, flattened to (n, d): x, the optimizer's state, what is kept.

    x and the state hold the active starts only, coordinate by coordinate in memory, so that a
    surface's x[..., 0] is contiguous. Resting starts leave them; chunks stay full.
    """

    def __init__(self, gradient, start, optimizer, stop, every, steps):
        self.single, self.gradient, self.stop = start.ndim == 1, gradient, stop
        self.optimizer, self.every, self.done = optimizer, every, 0
        self.starts = start.reshape(-1, start.shape[-1])
        self.active = np.arange(len(self.starts))
        self.x = np.asfortranarray(self.starts)
        if self.x is self.starts or np.shares_memory(self.x, self.starts):
            self.x = self.x.copy(order="F")
        self.state = optimizer.start(self.x)
        self.end = self.starts.copy()
        self.path = None
        if every is not None:
            self.path = np.empty((steps // every + 1, *self.starts.shape), self.starts.dtype)
            self.path[0] = self.starts

    def kept(self, shape, steps):
        """Return what is kept of the first `steps` steps; `shape` is that of the starts."""
        if self.path is None:
            return self.end.reshape(shape)
        return self.path[: steps // self.every + 1].reshape(-1, *shape)

    def round(self, steps):
        """Take `steps` steps with every active start, chunk by chunk, then let some rest."""
        for low in range(0, len(self.active), CHUNK):
            chunk = slice(low, low + CHUNK)
            # Contiguous copies: NumPy walks them in one stride, twice as fast as a slice's columns.
            x = self.x[chunk].copy(order="F")
            state = {k: v[chunk].copy(order="F") for k, v in self.state.items()}
            self._advance(x, state, self.active[chunk], steps)
            self.x[chunk] = x
            for k, v in state.items():
                self.state[k][chunk] = v
        self.done += steps
        self.end[self.active] = self.x
        if self.stop is not None:
            self._rest()

    def _advance(self, x, state, rows, steps):
        before = x.copy(order="F")
        for t in range(self.done + 1, self.done + steps + 1):
            before[...] = x
            self.optimizer.step(x, self._gradient(x), state, t)
            # Σ x² is the cheapest look: it is finite where every entry is and none is huge.
            if not math.isfinite(np.vdot(x.T, x.T)) and not np.isfinite(x).all():
                bad = int(np.argmin(np.isfinite(x).all(axis=1)))
                raise Diverged(self.optimizer, self.starts[rows[bad]], t, before[bad])
            if self.path is not None and t % self.every == 0:
                self.path[t // self.every, rows] = x

    def _gradient(self, x):
        g = np.asarray(self.gradient(x[0] if self.single else x))
        if self.single:
            g = g[None]
        if g.shape != x.shape:
            came = g.shape[1:] if self.single else g.shape
            wanted = x.shape[1:] if self.single else x.shape
            raise ValueError(f"gradient: expected shape {wanted}, that of its points, came {came}")
        return g

    def _rest(self):
        rests = self.stop(self.x[0]) if self.single else self.stop(self.x)
        rests = np.broadcast_to(np.asarray(rests, dtype=bool), (len(self.active),))
        if not rests.any():
            return
        if self.path is not None:
            self.path[self.done // self.every + 1 :, self.active[rests]] = self.x[rests]
        self.active = self.active[~rests]
        self.x = np.asfortranarray(self.x[~rests])
        self.state = {k: np.asfortranarray(v[~rests]) for k, v in self.state.items()}


def _start(start):
    array = np.array(start)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"start: expected real numbers, came dtype {array.dtype}")
    if array.ndim == 0 or array.size == 0:
        raise ValueError(f"start: expected shape (..., d), came shape {array.shape}")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        bad = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(f"start: expected finite numbers, came {array[bad]} at index {list(bad)}")
    return array


def _every(keep):
    """The distance of the points kept, or None for the end points only."""
    if isinstance(keep, str):
        if keep != "end":
            raise ValueError(f'keep: expected a whole number or "end", came {keep!r}')
        return None
    return whole("keep", keep, 1)


def _fraction(name, value):
    number = positive(name, value, zero=True)
    if number >= 1:
        raise ValueError(f"{name}: expected a number in [0, 1), came {value!r}")
    return number


def _point(x):
    return "(" + ", ".join(f"{v:.6g}" for v in x) + ")"


def _bar(steps, progress):
    from tqdm import tqdm

    disable = None if progress is None else not progress
    return tqdm(total=steps, unit="step", disable=disable, leave=False)
