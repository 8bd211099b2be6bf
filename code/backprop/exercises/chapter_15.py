"""Exercises of chapter 15: one batch on many machines."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(1515)


def _accumulate(w, X, T, k, eta, *, divide=True, step_inside=False, add=True, sign=1.0):
    """One step of a linear neuron o = X w from k equal parts of a batch, or a wrong one."""
    total, w = np.zeros_like(w), w.copy()
    for x, t in zip(np.split(X, k), np.split(T, k), strict=True):
        slope = sign * x.T @ (x @ w - t) / len(x) / (k if divide else 1)
        total = total + slope if add else slope
        if step_inside:
            w = w - eta * slope
    return w if step_inside else w - eta * total


def _wrong(**slip):
    return lambda *case: _accumulate(*case, **slip)


def _batch(rows, k):
    return (*(_rng.normal(size=s) for s in (3, (rows, 3), rows)), k, 0.1)


def _moments():
    sizes = _rng.integers(2, 30, 4).astype(float)
    return sizes, _rng.normal(size=4), _rng.uniform(0.5, 2, 4)


def _variance(sizes, means, variances):
    p = sizes / sizes.sum()
    return p @ (variances + (means - p @ means) ** 2)


_sizes = [(np.array(v),) for v in ([32, 16, 12, 4], [21, 21, 21, 1], [5, 3], [7, 1, 1])]

EXERCISES = {
    "15.1": Exercise(
        reference=lambda sizes: sizes / sizes.sum(),
        cases=_sizes,
        names=("sizes",),
        mistakes={
            "Those are equal weights, which are right for equal shards alone.": (
                lambda sizes: np.full(len(sizes), 1 / len(sizes))
            ),
            "Upside down: a larger shard holds more examples and weighs more.": (
                lambda sizes: sizes.sum() / sizes
            ),
            "1/N_s is in the shard's mean already; its weight is N_s/N.": lambda sizes: 1 / sizes,
            "K times too much: that is the factor for an engine that divides by K afterwards.": (
                lambda sizes: len(sizes) * sizes / sizes.sum()
            ),
        },
    ),
    "15.2": Exercise(
        reference=lambda eta, K, k: eta * K * k,
        cases=[(0.1, 4, 1), (0.1, 4, 2), (0.02, 3, 5)],
        names=("eta", "K", "k"),
        mistakes={
            "Only the machines were counted. The k turns of each add up in the same way.": (
                lambda eta, K, k: eta * K
            ),
            "Only the turns were counted. The sum over the K machines was not divided either.": (
                lambda eta, K, k: eta * k
            ),
            "The sum is too large, not too small: the rate is multiplied.": (
                lambda eta, K, k: eta / (K * k)
            ),
            "The factors multiply: each of K machines adds k turns, K times k means in all.": (
                lambda eta, K, k: eta * (K + k)
            ),
        },
    ),
    "15.3": Exercise(
        reference=lambda n, K: 4 * 2 * (K - 1) / K * n,
        cases=[(1024, 4), (79_510, 2), (1_000_000, 8)],
        names=("n", "K"),
        mistakes={
            "That is the count of numbers. A float32 takes four bytes.": (
                lambda n, K: 2 * (K - 1) / K * n
            ),
            "That is one half: after the sums are complete they are handed on as well.": (
                lambda n, K: 4 * (K - 1) / K * n
            ),
            "Those are bits. A byte has eight.": lambda n, K: 32 * 2 * (K - 1) / K * n,
            "A float32 has four bytes; eight are a float64.": lambda n, K: 8 * 2 * (K - 1) / K * n,
            "A letter holds one chunk, n/K numbers, not the whole vector.": (
                lambda n, K: 4 * 2 * (K - 1) * n
            ),
            "That is the vector once. Each chunk travels in two rounds of K − 1 steps.": (
                lambda n, K: 4 * n
            ),
        },
    ),
    "15.4": Exercise(
        reference=_accumulate,
        cases=[_batch(12, 3), _batch(16, 4), _batch(10, 5)],
        names=("w", "X", "T", "k", "eta"),
        mistakes={
            "The step is still inside the loop: each part sees other weights than the one before, "
            "and no part is divided by k.": _wrong(step_inside=True, divide=False),
            "The step is still inside the loop: each part sees other weights than the one "
            "before.": _wrong(step_inside=True),
            "The division by k is missing: k means were added, so the step is k times too "
            "long.": _wrong(divide=False),
            "Only the last part is left: each slope overwrote the sum instead of adding to "
            "it.": _wrong(add=False),
            "The sign is turned: this step climbs.": _wrong(sign=-1.0),
        },
    ),
    "15.5": Exercise(
        reference=_variance,
        cases=[_moments() for _ in range(4)],
        names=("sizes", "means", "variances"),
        mistakes={
            "That is the variance within the shards. Their means differ too, and that counts.": (
                lambda sizes, means, variances: sizes / sizes.sum() @ variances
            ),
            "That is the mean of the variances: sizes and means are left out.": (
                lambda sizes, means, variances: variances.mean()
            ),
            "The shards were counted alike; weigh them by their sizes.": (
                lambda sizes, means, variances: np.mean(variances + (means - means.mean()) ** 2)
            ),
            "The distances of the means were not squared.": lambda sizes, means, variances: (
                sizes / sizes.sum() @ (variances + np.abs(means - sizes / sizes.sum() @ means))
            ),
            "The mean of the whole batch weighs the shards' means by their sizes too.": (
                lambda sizes, means, variances: (
                    sizes / sizes.sum() @ (variances + (means - means.mean()) ** 2)
                )
            ),
        },
    ),
    "15.6": Exercise(
        reference=lambda compute, n, alpha, beta: np.sqrt((compute - 2 * n * beta) / (2 * alpha)),
        cases=[(0.1, 1e6, 1e-4, 1e-8), (1.0, 1e5, 5e-5, 2e-9), (0.02, 4e5, 1e-5, 1e-8)],
        names=("compute", "n", "alpha", "beta"),
        mistakes={
            "The numbers themselves cost time as well: each machine sends 2(K − 1)/K of them.": (
                lambda compute, n, alpha, beta: np.sqrt(compute / (2 * alpha))
            ),
            "The root is missing: setting the derivative to 0 gives K².": (
                lambda compute, n, alpha, beta: (compute - 2 * n * beta) / (2 * alpha)
            ),
            "A factor 2 is missing: the ring takes 2(K − 1) steps, so K costs 2α each.": (
                lambda compute, n, alpha, beta: np.sqrt((compute - 2 * n * beta) / alpha)
            ),
            "The numbers are sent in two rounds: 2nβ, not nβ.": (
                lambda compute, n, alpha, beta: np.sqrt((compute - n * beta) / (2 * alpha))
            ),
            "The sign is turned: −2nβ/K rises with K, so long vectors ask for fewer machines.": (
                lambda compute, n, alpha, beta: np.sqrt((compute + 2 * n * beta) / (2 * alpha))
            ),
        },
    ),
}
