"""Measuring two things in turns, and the table."""

from dataclasses import dataclass
from statistics import median
from time import perf_counter

from tqdm import tqdm


@dataclass
class Row:
    """One line of the table: what ours and the other took, what is aimed at, what to know.

    aim: None where a ratio is reported and nothing is aimed at.
    """

    name: str
    ours: str
    other: str
    value: float
    aim: float | None
    unit: str = ""
    note: str = ""

    @property
    def met(self):
        """True where the aim is reached."""
        return self.aim is None or self.value <= self.aim


def compare(name, ours, other, aim, *, pairs, number=1, note=""):
    """Return the row of `ours` against `other`, functions that are called in turns.

    Both are called once unmeasured. Then each of the `pairs` measures `number` calls of one, then
    of the other; the ratio is the median of the pairs' ratios.
    """
    ours(), other()
    a, b = [], []
    for _ in tqdm(range(pairs), desc=name, unit="pair", disable=None, leave=False):
        a.append(_seconds(ours, number))
        b.append(_seconds(other, number))
    return row_of_pairs(name, a, b, aim, note)


def row_of_pairs(name, a, b, aim, note=""):
    """Return the row of the seconds `a` of ours and `b` of the other, pair by pair."""
    ratio = median(x / y for x, y in zip(a, b, strict=True))
    return Row(name, show_time(median(a)), show_time(median(b)), ratio, aim, note=note)


def _seconds(function, number):
    start = perf_counter()
    for _ in range(number):
        function()
    return (perf_counter() - start) / number


def show_time(seconds):
    """Return a time with three digits and its unit."""
    factor, unit = next(
        (scale for scale in ((1, "s"), (1e-3, "ms")) if seconds >= scale[0]), (1e-6, "µs")
    )
    return f"{seconds / factor:.3g} {unit}"


def print_table(rows):
    """Print the rows, and below them what there is to know about some."""
    head = ("", "ours", "other", "ratio", "aim", "")
    lines = [head]
    for row in rows:
        value = f"{row.value:.3g}{row.unit}"
        aim = "" if row.aim is None else f"≤ {row.aim:g}{row.unit}"
        verdict = "" if row.aim is None else "met" if row.met else "NOT MET"
        lines.append((row.name, row.ours, row.other, value, aim, verdict))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = [cell.rjust(w) for cell, w in zip(line, widths, strict=True)]
        print("  ".join([line[0].ljust(widths[0]), *cells[1:5], line[5]]).rstrip())
    print("\nTimes are medians; a ratio is the median of the ratios of pairs measured in turns.")
    for note in dict.fromkeys(row.note for row in rows if row.note):
        print(note)
