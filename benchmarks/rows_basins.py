"""Himmelblau's basin map against torch's Adam on one start.

300 × 300 starts on [−6, 6]², 20,000 steps of Adam with lr 1e-3. A sample of the map is compared
with walks that take all their steps.
"""

import numpy as np
import torch
from measure import compare

from backprop.optimizers import Adam, basins, minimize
from backprop.surfaces import himmelblau

STEPS = 20_000


def starts():
    """Return the grid of starts, (300, 300, 2)."""
    side = np.linspace(-6, 6, 300)
    return np.stack(np.meshgrid(side, side), -1)


def rows(pairs):
    """Yield the row."""
    torch.set_num_threads(1)
    found = {}

    def ours():
        found["map"] = basins(himmelblau, Adam(), starts(), STEPS, progress=False)

    def other():
        found["torch"] = torch_adam([0.0, 0.0])

    row = compare("basin map, against one torch Adam run", ours, other, 0.8, pairs=pairs or 5)
    sample = slice(None, None, 9)
    some = starts()[sample, sample]
    end = minimize(himmelblau.gradient, some, Adam(), STEPS, keep="end", progress=False)
    wrong = np.count_nonzero(himmelblau.valley(end) != found["map"][sample, sample])
    if wrong or basins(himmelblau, Adam(), [0.0, 0.0], STEPS) != himmelblau.valley(found["torch"]):
        raise AssertionError(f"{wrong} starts end in another basin when they take all their steps")
    row.note = (
        f"Basin map: {some[..., 0].size} of its starts were walked to the last step and ended in "
        f"the same basins; starts that end in none: {np.count_nonzero(found['map'] < 0)}."
    )
    yield row


def torch_adam(start):
    """Return where torch's Adam ends: the loop that torch's own tutorials show."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=1e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        f = (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2
        f.backward()
        optimizer.step()
    return x.detach().numpy()
