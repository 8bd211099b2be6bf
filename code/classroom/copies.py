"""Likely copies: groups of notebooks that have more in common than chance explains.

A notebook becomes a set of fingerprints: runs of a few tokens, of which some are kept (winnowing,
Schleimer, Wilkerson and Aiken 2003), cell by cell. Names that a student chooses, comments,
docstrings, spaces and the order of cells leave no trace in them. What was handed out, and what the
solution says, does not count, and what many students write counts little: it is how one writes it.
What is left is a hint for a person to look at both. It changes no points, and proves nothing.
"""

import builtins
import hashlib
import keyword
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

from .notebook import read
from .source import text_of
from .submissions import submitted

__all__ = ["Group", "Pair", "copies", "copies_of", "groups"]

#: Tokens in a run, and runs of which the one with the smallest hash is kept.
RUN, WINDOW = 7, 4
#: What is written by more students than this is nobody's own.
COMMON = 25
#: A pair is told from this share of the smaller notebook's own runs on, and from this weight on:
#: a run that only two have weighs 1, one that n have 1/(n − 1).
SHARE, WEIGHT = 0.8, 12.0
#: As much of a cell is looked at.
LONGEST = 50_000

TOKEN = re.compile(
    r"#[^\n]*"
    r"|(?P<long>[rbfu]{0,2}(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''))"
    r"|(?P<string>[rbfu]{0,2}(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
    r"|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<sign>[^\s\w])",
    re.IGNORECASE,
)
WORD = re.compile(r"\w+|[^\s\w]")


@dataclass(frozen=True)
class Pair:
    """Two students.

    share: of the smaller notebook's own runs, how many are in the other, from 0 to 1; 1 for the
    same file. weight: how rare they are. cells: of the first and of the second, the numbers of the
    cells that have the most in common.
    """

    first: str
    second: str
    share: float
    weight: float
    cells: tuple
    same_file: bool = False


@dataclass(frozen=True)
class Group:
    """Students whose notebooks are alike, each at least to one other's of the group.

    students: in their order. same: tuples of those who have one file, byte for byte. pairs: the
    `Pair`s, the most alike first, that hold the group together, one fewer than there are files.
    more: how many other pairs of files in it are alike.
    """

    students: tuple
    same: tuple
    pairs: tuple
    more: int = 0


def copies_of(course, source):
    """Return the `Group`s of likely copies among what was handed in to an assignment."""
    cells, files = {}, {}
    for entry in submitted(course.submitted / source.name):
        data, _ = entry.data()
        if data:
            cells[entry.student] = read(data).cells
            files[entry.student] = hashlib.sha256(data).hexdigest()
    released = [(c["cell_type"], text_of(c)) for c in source.student_cells()]
    solution = [(c["cell_type"], text_of(c)) for c in source.notebook["cells"]]
    solution.append(("code", source.code))
    return groups(copies(cells, released, solution, source.assignment.names, files))


def groups(pairs):
    """Return the `Group`s that `Pair`s make: those with one file first, then the most alike.

    What is alike to a file is alike to all its copies; that is told once.
    """
    files, _ = _joined({}, [pair for pair in pairs if pair.same_file])
    between = {}
    for pair in pairs:
        ends = frozenset(files.get(student, (student,)) for student in (pair.first, pair.second))
        if len(ends) == 2:
            between.setdefault(ends, pair)
    whole, held = _joined(files, between.values())
    found = []
    for students in dict.fromkeys(whole.values()):
        same = tuple(dict.fromkeys(files[student] for student in students if student in files))
        own = tuple(pair for pair in held if pair.first in students)
        count = sum(pair.first in students for pair in between.values())
        found.append(Group(students, same, own, count - len(own)))
    return found


def _joined(there, pairs):
    """(student -> the tuple of all who are joined, the pairs that joined what was apart)."""
    joined, held = dict(there), []
    for pair in pairs:
        sides = [joined.get(student, (student,)) for student in (pair.first, pair.second)]
        if sides[0] != sides[1]:
            both = tuple(sorted(sides[0] + sides[1]))
            joined |= dict.fromkeys(both, both)
            held.append(pair)
    return joined, held


def copies(cells, released=(), solution=(), names=(), files=None):
    """Return the `Pair`s that a person should look at, the most alike first.

    cells: student -> list of `notebook.Cell`. released, solution: (kind, text) of what everybody
    has, and of what is right. names: those that every student has to use. files: student -> hash.
    """
    names = frozenset(names)
    given = _runs(released, names)
    known = given | _runs(solution, names)
    own, blank = {}, set()
    for student, found in cells.items():
        runs = {}
        for cell in found:
            for run in _fingerprints(cell.kind, cell.text, names):
                runs.setdefault(run, cell.number)
        own[student] = {run: number for run, number in runs.items() if run not in known}
        if not runs.keys() - given:
            blank.add(student)
    pairs = _alike(own)
    for pair in _same_files(files or {}, blank):
        pairs[pair] = Pair(*pair, 1.0, pairs[pair].weight if pair in pairs else 0.0, ((), ()), True)
    return sorted(pairs.values(), key=lambda p: (-p.share, -p.weight, p.first, p.second))


def _runs(texts, names):
    return {run for kind, text in texts for run in _fingerprints(kind, text, names)}


def _fingerprints(kind, text, names):
    """The hashes that stand for a cell."""
    tokens = _tokens(text[:LONGEST], names) if kind == "code" else _words(text[:LONGEST])
    coded = [f"{token}\0".encode("utf-8", "replace") for token in tokens]
    hashes = [crc32(b"".join(coded[k : k + RUN])) for k in range(len(coded) - RUN + 1)]
    if len(hashes) <= WINDOW:
        return {min(hashes)} if hashes else set()
    return {min(hashes[k : k + WINDOW]) for k in range(len(hashes) - WINDOW + 1)}


def _tokens(code, names):
    """The tokens of some Python, also of such that does not parse; chosen names are all alike."""
    kept, tokens = names | KEPT, []
    for found in TOKEN.finditer(code):
        kind, text = found.lastgroup, found[0]
        if kind == "name":
            after_point = tokens and tokens[-1] == "."
            tokens.append(text if text in kept or after_point else "v")
        elif kind == "string":
            tokens.append("s")
        elif kind in ("number", "sign"):
            tokens.append(text)
    return tokens


KEPT = frozenset([*keyword.kwlist, *dir(builtins)])


def _words(text):
    return [word.casefold() for word in WORD.findall(text)]


def _alike(own):
    """(first, second) -> `Pair` of those that have enough in common."""
    count = Counter(run for runs in own.values() for run in runs)
    weight = {run: 1 / max(1, n - 1) for run, n in count.items() if n <= COMMON}
    having = defaultdict(list)
    for student in sorted(own):
        for run in own[student]:
            if 1 < count[run] <= COMMON:
                having[run].append(student)
    common = defaultdict(float)
    for run, students in having.items():
        for pair in combinations(students, 2):
            common[pair] += weight[run]
    found = {}
    for pair, shared in common.items():
        both = own[pair[0]].keys() & own[pair[1]].keys()
        share = len(both) / min(len(own[student]) for student in pair)
        if shared >= WEIGHT and share >= SHARE:
            cells = tuple(_most(own[student], both) for student in pair)
            found[pair] = Pair(*pair, round(share, 3), round(shared, 1), cells)
    return found


def _most(runs, both):
    """The numbers of the three cells in which most of the common runs are."""
    count = Counter(runs[run] for run in both)
    best = sorted(count, key=lambda number: (-count[number], number))[:3]
    return tuple(sorted(best))


def _same_files(files, blank):
    """Pairs with byte for byte the same file, in which somebody has written something."""
    same = defaultdict(list)
    for student in sorted(files):
        if student not in blank:
            same[files[student]].append(student)
    for students in same.values():
        yield from combinations(students, 2)
