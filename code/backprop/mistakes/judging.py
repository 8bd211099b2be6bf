r"""How a wrong gradient is held against fingerprints, and how sure a match is.

A *fingerprint* is the gradient that a known mistake would have given. A match has to be close, to
explain nearly all of the error, and to be what random numbers would hardly do as well.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

__all__ = ["COARSE", "Case", "Fingerprint", "Judgement", "distance", "judge_scaled", "score"]

#: A match leaves at most this part of the error unexplained ...
UNEXPLAINED = 1e-2
#: ... and accuses only where fewer fingerprints than this would fit a random error as well.
COINCIDENCE = 1e-3
#: Rounding above this, relative to the largest entry, lets nothing be told.
COARSE = 1e-2


@dataclass(frozen=True)
class Fingerprint:
    """What a gradient looks like after one mistake.

    values: name of an array -> the array. place: such as "in the last layer", or "".
    log_members: the logarithm of the number of fingerprints it stands for, where it is the nearest
    of a family ("another order" is one of n!). free: how many numbers were fitted to the gradient.
    log_chance: the logarithm of its own chance, where it does not follow from these.
    general: it is left out where one that is not general matches too.
    """

    name: str
    sentence: str
    values: dict
    place: str = ""
    log_members: float = 0.0
    free: int = 0
    log_chance: float | None = None
    general: bool = False

    @property
    def title(self):
        """Name and place."""
        return f"{self.name} {self.place}".strip()

    def also(self, name, sentence):
        """Return it with a second mistake in its name and sentence."""
        both = f"{self.sentence} And: {sentence}"
        return replace(self, name=f"{self.title}, and {name}", sentence=both, place="")

    def chance(self, wrong, portion):
        """The probability that a random error matches it (:eq:`fingerprint-chance`).

        wrong: the number of wrong entries; portion: the logarithm of the part of each that a match
        may leave.
        """
        own = self.log_chance
        if own is None:
            own = self.log_members + (wrong - self.free) * portion
        return math.exp(min(0.0, own))


def distance(given, other, floor, enough=math.inf):
    r"""Return max |given − other| over the largest entry of both (:eq:`fingerprint-distance`).

    given, other: name -> array; the largest of the arrays' distances counts. Differences up to
    floor (name -> array or number) are rounding and count as none. A number in `other` stands for
    an array that is filled with it; any other difference in shape is an infinite distance. Beyond
    `enough` it is not measured further.
    """
    worst = 0.0
    for name, a in given.items():
        b = other[name]
        if b.shape == ():
            b = np.full(a.shape, b)
        if a.shape != b.shape:
            return math.inf
        if worst > enough:
            break
        gap = (np.abs(a - b) - floor[name]).max()
        if gap > 0:
            worst = max(worst, float(gap / max(np.abs(a).max(), np.abs(b).max())))
    return worst


@dataclass(frozen=True)
class Judgement:
    """What a case was found to be.

    error: the distance from the right gradient. matches: (distance, fingerprint), the best first.
    nearest: the (distance, fingerprint) that comes nearest without matching, or None.
    confidence: in the first match, 0 without one. chance: how often a random error of the same
    size would match as well, 1 without a match.
    """

    error: float
    matches: list
    nearest: tuple | None
    confidence: float = 0.0
    chance: float = 1.0


@dataclass(frozen=True)
class Case:
    """A gradient, the right one, and what rounding may hide: arrays (or numbers) by name.

    enough: beyond this distance a fingerprint does not have to be measured exactly.
    """

    given: dict
    right: dict
    floor: dict
    tolerance: float
    enough: float = math.inf

    @property
    def error(self):
        """The distance from the right gradient."""
        return distance(self.given, self.right, self.floor)

    @property
    def agrees(self):
        """True where the gradient is right, as far as rounding lets it be seen."""
        return self.error <= self.tolerance

    @property
    def rounding(self):
        """What rounding may hide of an array, relative to its largest entry; the worst array.

        An array that rounding hides altogether has nothing to be compared, and does not count.
        """
        parts = [0.0]
        for name, right in self.right.items():
            hidden, size = np.max(self.floor[name]), np.abs(right).max()
            if size <= hidden:
                size = np.abs(self.given[name]).max()
            if size > hidden:
                parts.append(float(hidden / size))
        return max(parts)

    def only(self, names):
        """Return the case of these arrays alone."""
        given, right, floor = (
            {k: v[k] for k in names} for v in (self.given, self.right, self.floor)
        )
        return replace(self, given=given, right=right, floor=floor)

    def over(self, factor):
        """Return the case of the gradient divided by a factor; far distances are not measured."""
        given = {name: a / factor for name, a in self.given.items()}
        return replace(self, given=given, enough=0.1)

    def wrong(self):
        """Return name -> which entries are wrong."""
        slack = {name: self.tolerance * size for name, size in self._sizes().items()}
        return {
            name: np.abs(a - self.right[name]) > self.floor[name] + slack[name]
            if a.shape == self.right[name].shape
            else np.ones(a.shape, bool)
            for name, a in self.given.items()
        }

    def _sizes(self):
        return {
            name: max(np.abs(a).max(), np.abs(self.right[name]).max())
            for name, a in self.given.items()
        }

    def judge(self, scored, tried=1):
        r"""Return the `Judgement` of a gradient that is wrong, from what `score` returned for it.

        A match lies within `tolerance` of its fingerprint (within rounding, where that is coarser)
        and leaves at most a hundredth of the error. With d wrong entries, of which a match may
        leave the part ρ, a random error matches one given fingerprint with probability ρ^d, and
        one of K with K times that (:eq:`fingerprint-chance`); above 1/1000 nobody is accused. The
        confidence weighs each fingerprint at distance e by exp(−e²/2r²), r the distance allowed,
        and takes the share of the first among all of them and chance
        (:eq:`fingerprint-confidence`). tried: how often the same fingerprints are tried.
        """
        error, rounding, count = self.error, self.rounding, tried * len(scored)
        allowed = min(max(self.tolerance, rounding), UNEXPLAINED * error)
        portion = math.log(allowed / min(error, 2.0))
        wrong = sum(int(entries.sum()) for entries in self.wrong().values())

        near = [(e, p) for e, p in scored if e <= allowed and rounding <= COARSE]
        matches = [(e, p) for e, p in near if count * p.chance(wrong, portion) <= COINCIDENCE]
        if any(not p.general for _, p in matches):
            matches = [(e, p) for e, p in matches if not p.general]
        # The sort is stable: among those that only rounding tells apart the given order decides.
        matches.sort(key=lambda pair: pair[0] > allowed / 10)
        matches = _once(matches)
        names = {p.name for _, p in matches}
        others = [(e, p) for e, p in scored if not p.general and p.name not in names]
        if not matches:
            return Judgement(error, [], _nearest(others))
        weights = [math.exp(-((e / allowed) ** 2) / 2) for e, _ in matches + others]
        chance = count * matches[0][1].chance(wrong, portion)
        confidence = weights[0] / (sum(weights) + chance)
        return Judgement(error, matches, _nearest(others), confidence, chance)


def score(fingerprints, cases):
    """Return for each case the list of (distance, fingerprint), the latter without its arrays."""
    scores = [[] for _ in cases]
    for p in fingerprints:
        light = replace(p, values={})
        for scored, case in zip(scores, cases, strict=True):
            scored.append((distance(case.given, p.values, case.floor, case.enough), light))
    return scores


def judge_scaled(case, fingerprints, factors):
    """Return the `Judgement` of the first factor with which some fingerprint matches, or None.

    factors: (factor, name, sentence), as `numbers.factors` yields them.
    """
    factors = [f for f in factors if not case.over(f[0]).agrees]
    cases = [case.over(factor) for factor, _, _ in factors]
    scores = score(fingerprints, cases)
    for (_, name, sentence), scaled, scored in zip(factors, cases, scores, strict=True):
        found = scaled.judge(scored, tried=len(factors))
        if found.matches:
            both = [(e, p.also(name, sentence)) for e, p in found.matches]
            return replace(found, matches=both, error=case.error)
    return None


def _once(matches):
    """The matches, each name once; one that matches in several places is told without a place."""
    places = {}
    for _, p in matches:
        places.setdefault(p.name, set()).add(p.place)
    first = {p.name: (e, p) for e, p in reversed(matches)}
    ordered = dict.fromkeys(p.name for _, p in matches)
    return [
        first[name]
        if len(places[name]) == 1
        else (first[name][0], replace(first[name][1], place=""))
        for name in ordered
    ]


def _nearest(scored):
    """The pair with the least distance; of those equal to six digits the first, on any machine."""
    least = min((e for e, _ in scored), default=math.inf)
    if math.isinf(least):
        return None
    return next((e, p) for e, p in scored if e <= least * (1 + 1e-6) + 1e-12)
