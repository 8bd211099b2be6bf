"""Exercises of chapter 13: files, scales, counts, and how sure they are."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(1313)


def _header(shape, order="big", axes=len, width=4):
    sizes = [list(int(n % 256**width).to_bytes(width, order)) for n in shape]
    return [0, 0, 8, axes(shape), *(byte for size in sizes for byte in size)]


def _scaled(inputs, others):
    std = inputs.std(axis=0)
    return (others - inputs.mean(axis=0)) / np.where(std == 0, 1, std)


def _unguarded(inputs, others):
    with np.errstate(invalid="ignore"):
        return (others - inputs.mean(axis=0)) / inputs.std(axis=0)


def _pixels(n, rows):
    """Random inputs whose second pixel never changes."""
    values = _rng.normal(2.0, 3.0, size=(rows, n))
    values[:, 1] = 4.0
    return values


def _confusion(labels, answers, m):
    C = np.zeros((m, m))
    np.add.at(C, (labels, answers), 1)
    return C


def _once(labels, answers, m):
    C = np.zeros((m, m))
    C[labels, answers] += 1
    return C


def _shares(labels, answers, m):
    C = _confusion(labels, answers, m)
    return C / np.maximum(C.sum(axis=1, keepdims=True), 1)


def _read(m, N):
    labels = _rng.integers(0, m, N)
    return labels, np.where(_rng.random(N) < 0.6, labels, _rng.integers(0, m, N)), m


def _spread(G, B, center=True, different=True):
    N = len(G)
    d = G - G.mean(axis=0) if center else G
    factor = (N - B) / (N - 1) if different else 1.0
    return float(np.sqrt((d**2).sum(axis=1).mean() / B * factor))


EXERCISES = {
    "13.1": Exercise(
        reference=16 + 10_000 * 28 * 28,
        mistakes={
            "Those are the pixels. The header comes before them.": 10_000 * 28 * 28,
            "The magic number is not the whole header: each of three axes has its four bytes.": (
                4 + 10_000 * 28 * 28
            ),
            "That header is of a file with one axis, such as labels. Pictures have three.": (
                8 + 10_000 * 28 * 28
            ),
            "Those are the training pictures, 60,000 of them.": 16 + 60_000 * 28 * 28,
        },
    ),
    "13.2": Exercise(
        reference=_header,
        cases=[((3, 2, 3),), ((60_000, 28, 28),), ((60_000,),), ((70_000, 300),)],
        names=("shape",),
        mistakes={
            "The sizes have their least significant byte first: that is little-endian.": (
                lambda shape: _header(shape, "little")
            ),
            "The fourth byte is the number of axes: 3 is right for pictures only.": (
                lambda shape: _header(shape, axes=lambda shape: 3)
            ),
            "The number of axes is missing in the fourth byte.": (
                lambda shape: _header(shape, axes=lambda shape: 0)
            ),
            "One byte holds no size above 255: each size takes four.": (
                lambda shape: _header(shape, width=1)
            ),
        },
    ),
    "13.3": Exercise(
        reference=_scaled,
        cases=[(_pixels(4, 6), _pixels(4, 3)), (_pixels(3, 5), _pixels(3, 2))],
        names=("inputs", "others"),
        mistakes={
            "The second pixel never changes and became 0/0. Leave such a pixel undivided.": (
                _unguarded
            ),
            "That is scaled by its own mean and deviation. Take those of the training inputs.": (
                lambda inputs, others: _scaled(others, others)
            ),
            "That is one divisor for all pixels, as in section 13.7. Here each has its own.": (
                lambda inputs, others: (others - inputs.mean(axis=0)) / inputs.std()
            ),
            "The means are still there: subtract before you divide.": (
                lambda inputs, others: _scaled(inputs, others + inputs.mean(axis=0))
            ),
            "That is one mean for all pixels. The axis of the examples is axis 0.": (
                lambda inputs, others: (others - inputs.mean()) / inputs.std()
            ),
        },
    ),
    "13.4": Exercise(
        reference=_confusion,
        cases=[_read(3, 20), _read(5, 40), _read(2, 9)],
        names=("labels", "answers", "m"),
        mistakes={
            "Rows and columns are exchanged: row j holds the digits that are a j.": (
                lambda labels, answers, m: _confusion(answers, labels, m)
            ),
            "Each pair is counted once, however often it comes: `+=` with repeated indices.": _once,
            "Those are shares of each row. The table counts.": _shares,
        },
    ),
    "13.5": Exercise(
        reference=lambda p, s: p * (1 - p) / s**2,
        cases=[(0.98, 0.002), (0.9, 0.01), (0.5, 0.03)],
        names=("p", "s"),
        mistakes={
            "The spread is a root: square it before you divide.": lambda p, s: p * (1 - p) / s,
            "The variance of a single digit is p(1 − p), not p.": lambda p, s: p / s**2,
            "That holds for p = ½, the worst case.": lambda p, s: 0.25 / s**2,
            "That is the root of the number.": lambda p, s: np.sqrt(p * (1 - p)) / s,
        },
    ),
    "13.6": Exercise(
        reference=_spread,
        cases=[
            (_rng.normal(1.0, 2.0, size=(12, 3)), 4),
            (_rng.normal(-2.0, 1.0, size=(7, 5)), 2),
            (_rng.normal(size=(5, 2)), 1),
        ],
        names=("G", "B"),
        mistakes={
            "The mean gradient is still in it: the dᵢ are the differences from the mean.": (
                lambda G, B: _spread(G, B, center=False)
            ),
            "That holds where an example may come twice. Here a batch has B different ones.": (
                lambda G, B: _spread(G, B, different=False)
            ),
            "That is the square of the spread.": lambda G, B: _spread(G, B) ** 2,
            "A mean of B numbers has a B-th of the variance, so the root of B divides here.": (
                lambda G, B: _spread(G, B) / np.sqrt(B)
            ),
        },
    ),
}
