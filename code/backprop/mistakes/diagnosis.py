"""The report: what a gradient was found to be, in a sentence and a small table."""

import textwrap
from dataclasses import dataclass
from html import escape

import numpy as np

from ..gradcheck import DIFFERENCE_TOLERANCE, _html_table, _text_table
from .judging import COARSE

__all__ = ["NONE", "RIGHT", "Diagnosis", "hint"]

RIGHT, NONE = "right", "none that I know"
HEAD = ("compared with", "relative error")


@dataclass(frozen=True)
class Diagnosis:
    """What a gradient was found to be.

    name: "right", a mistake's name, or "none that I know". place: where in a network, such as
    "in the last layer". sentence: what that means, and what else can be said.
    confidence: in the name, 0 to 1 (:eq:`fingerprint-confidence`); 0 for "none that I know".
    error: how far the gradient is from the right one (:eq:`fingerprint-distance`).
    match: how far it is from what the mistake gives, or None.
    nearest: (name, distance) of the mistake that comes nearest without a match, or None.
    alternatives: titles of mistakes that give the same numbers here.
    unseen: names of mistakes that would have looked right here.
    first_wrong: the first wrong array that a hunt from the end of the network meets, or "".
    chance: how often a random error would match as well (:eq:`fingerprint-chance`).
    """

    name: str
    sentence: str
    confidence: float
    error: float
    tolerance: float = DIFFERENCE_TOLERANCE
    match: float | None = None
    place: str = ""
    nearest: tuple | None = None
    alternatives: tuple = ()
    unseen: tuple = ()
    first_wrong: str = ""
    chance: float = 1.0

    @classmethod
    def of(cls, found, tolerance, otherwise, apart, first_wrong=""):
        """Return the diagnosis of a `Judgement`.

        otherwise: the sentence where nothing matches; apart: how to tell mistakes with the same
        numbers apart.
        """
        nearest = found.nearest and (found.nearest[1].name, found.nearest[0])
        common = {"tolerance": tolerance, "nearest": nearest, "first_wrong": first_wrong}
        if not found.matches:
            return cls(NONE, otherwise, 0.0, found.error, **common)
        (match, first), *rest = found.matches
        sentence = first.sentence
        if rest:
            others = " ".join(f"{p.title}: {p.sentence}" for _, p in rest)
            sentence += f" It cannot be told apart here from {others} {apart}"
        return cls(
            first.name,
            sentence,
            found.confidence,
            found.error,
            match=match,
            place=first.place,
            alternatives=tuple(p.title for _, p in rest),
            chance=found.chance,
            **common,
        )

    @property
    def right(self):
        """True where the gradient is right."""
        return self.name == RIGHT

    @property
    def known(self):
        """True where it is a mistake with a name."""
        return self.name not in (RIGHT, NONE)

    @property
    def title(self):
        """Name and place, and the alternatives."""
        return ", or ".join([f"{self.name} {self.place}".strip(), *self.alternatives])

    def table(self):
        """Return (compared with what, relative error) for each comparison, as text."""
        rows = [("the right gradient", self._off(self.error))]
        if self.known:
            rows.append(("this mistake", self._off(self.match)))
        if self.nearest and not self.right:
            rows.append((self.nearest[0], self._off(self.nearest[1])))
        return rows

    def _off(self, error):
        if np.isinf(error):
            return "another shape"
        if error <= self.tolerance or (self.right and error == self.error):
            return f"≤ {self.tolerance:.0e}"
        # An error such as 7/8 lies between two roundings, and which it gets is a matter of its last
        # bit: it is nudged up.
        error *= 1 + 1e-9
        return f"{error:.2f}" if error >= 0.01 else f"{error:.1e}"

    def _caption(self):
        sure = "" if self.name == NONE else f" Confidence {_percent(self.confidence)}."
        return f"{self.title}. {self.sentence}{sure}"

    def __str__(self):
        caption = "\n".join(textwrap.wrap(self._caption(), 58))
        return _text_table(caption, HEAD, self.table())

    __repr__ = __str__

    def _repr_html_(self):
        # Not in the table's caption, which would be no wider than the table.
        said = self._caption()[len(self.title) :]
        told = f"<p><strong>{escape(self.title)}</strong>{escape(said)}</p>"
        return told + _html_table("How far off the gradient is:", HEAD, self.table())


def _percent(confidence):
    number = "over 99.9" if confidence > 0.999 else f"{100 * confidence:.0f}"
    return f"{number}\u00a0%"


def hint(case):
    """Return what can be said of a single wrong array that matches nothing."""
    given, g = *case.given.values(), *case.right.values()
    if not g.any():
        return "The right gradient is 0 here; many mistakes show only where it is not."
    hidden = np.max(*case.floor.values())
    if hidden > COARSE * max(np.abs(g).max(), hidden):
        return "Rounding hides too much here: take a point where the gradient is larger."
    if given.shape != g.shape or g.size == 1:
        return "It is wrong, but not in a way that has a name here."
    factor = float((given * g).sum() / (g * g).sum())
    if factor and case.over(factor).error <= max(case.tolerance, case.rounding):
        digits = 6 if not hidden else int(np.clip(np.log10(np.abs(g).max() / hidden), 1, 6))
        factor = float(f"{factor:.{digits}g}")
        return f"Every entry is {factor:g} times the right one. Which size of yours is that?"
    wrong = np.argwhere(*case.wrong().values())
    if len(wrong) <= g.size / 2:
        many = "" if len(wrong) == 1 else f"in {len(wrong)} of {g.size} entries, the first "
        return f"It is right except {many}at index {wrong[0].tolist()}."
    if case.error < 1e-3:
        return "It is nearly right: rounding, a coarse difference or a kink can do that."
    return "It is wrong, but not in a way that has a name here."
