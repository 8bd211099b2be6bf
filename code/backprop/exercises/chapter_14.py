"""Exercises of chapter 14: ranking, decisions and weight decay."""

import numpy as np

from . import Exercise

_rng = np.random.default_rng(1414)


def _auc(scores, labels, tie=0.5):
    gap = scores[labels == 1][:, None] - scores[labels == 0]
    return float(((gap > 0) + tie * (gap == 0)).mean())


def _ranked():
    """Scores with ties, and labels of both kinds."""
    labels = _rng.permutation(np.repeat([0.0, 1.0], [5, 4]))
    return (_rng.integers(0, 6, 9) / 10 + 0.2 * labels).round(1), labels


def _pair_slopes(positive, negative):
    p = 1 / (1 + np.exp(positive[:, None] - negative))
    return -p.mean(axis=1) / len(positive)


_decay = [
    (_rng.normal(size=(3, 2)), _rng.normal(size=(3, 2)), strength) for strength in (0.1, 1.0, 3.0)
]

EXERCISES = {
    "14.1": Exercise(
        reference=5 / 6,
        digits=3,
        mistakes={
            "That is the share of pairs in the wrong order.": 1 / 6,
            "A pair is one 1 and one 0: there are 2 · 3 pairs.": 5 / 10,
        },
    ),
    "14.2": Exercise(
        reference=_auc,
        cases=[_ranked() for _ in range(4)],
        names=("scores", "labels"),
        mistakes={
            "Ties count one half: neither of the two is ahead.": lambda s, t: _auc(s, t, 0.0),
            "Ties were counted as won. They count one half.": lambda s, t: _auc(s, t, 1.0),
            "The order is turned: the 1 should have the larger score.": (
                lambda s, t: 1 - _auc(s, t)
            ),
        },
    ),
    "14.3": Exercise(
        reference=lambda n_1, n_0: np.sqrt((n_1 + n_0 + 1) / (12 * n_1 * n_0)),
        cases=[(32, 32), (5, 200), (1, 1)],
        names=("n_1", "n_0"),
        mistakes={
            "That is the variance. The spread is its square root.": (
                lambda n_1, n_0: (n_1 + n_0 + 1) / (12 * n_1 * n_0)
            ),
            "That is the spread of an accuracy, a share of independent examples. Pairs are not "
            "independent.": lambda n_1, n_0: np.sqrt(0.25 / (n_1 + n_0)),
        },
    ),
    "14.4": Exercise(
        reference=lambda W, dW, strength: dW + strength * W,
        cases=_decay,
        names=("W", "dW", "strength"),
        mistakes={
            "The ½ of the penalty cancels the 2 of the square.": (
                lambda W, dW, strength: dW + 2 * strength * W
            ),
            "The penalty pulls to 0: its slope has the sign of W and is added.": (
                lambda W, dW, strength: dW - strength * W
            ),
            "The ½ was kept: the derivative of ½ w² is w.": (
                lambda W, dW, strength: dW + strength / 2 * W
            ),
            "The penalty's slope is missing.": lambda W, dW, strength: dW,
            "The strength belongs to the penalty, not to the loss.": (
                lambda W, dW, strength: strength * dW + W
            ),
            "The derivative of w² is 2w, not |w|; only the sign was used.": (
                lambda W, dW, strength: dW + strength * np.sign(W)
            ),
        },
    ),
    "14.5": Exercise(
        reference=lambda miss, alarm: alarm / (miss + alarm),
        cases=[(1.0, 1.0), (20.0, 1.0), (1.0, 3.0)],
        names=("miss", "alarm"),
        mistakes={
            "Turned round: where a miss is dear, say yes early, at a low threshold.": (
                lambda miss, alarm: miss / (miss + alarm)
            ),
            "That holds only where both errors cost the same.": lambda miss, alarm: 0.5,
            "Those are the odds p/(1 − p), not the probability p.": (
                lambda miss, alarm: alarm / miss
            ),
        },
    ),
    "14.6": Exercise(
        reference=_pair_slopes,
        cases=[(_rng.normal(size=3), _rng.normal(size=5)) for _ in range(3)],
        names=("positive", "negative"),
        mistakes={
            "The sign is turned: a higher score of a 1 lowers the loss.": (
                lambda p, n: -_pair_slopes(p, n)
            ),
            "The loss is a mean over the pairs, not a sum.": lambda p, n: (
                _pair_slopes(p, n) * len(p) * len(n)
            ),
            "σ of the gap is the chance of the right order. The slope has the chance of the "
            "wrong one.": lambda p, n: -(1 / (1 + np.exp(n - p[:, None]))).mean(axis=1) / len(p),
        },
    ),
}
