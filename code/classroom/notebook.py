"""Reading what students hand in: whatever it is, the cells that are in it or a sentence why not.

`read` takes the bytes of a file and believes nothing: no format version, no metadata, no kernel, no
order of keys. It gives `Found`: the cells as (kind, text), what was odd, and what a person should
look at. `python` makes of a cell's text what Python can run: without magics, shell lines and
questions for help, and of a cell with a slip in one place the rest.
"""

import ast
import itertools
import json
import re
import sys
import textwrap
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from .values import printable

__all__ = [
    "OLDER",
    "Cell",
    "Effort",
    "Found",
    "assignment_named",
    "module_of",
    "parsed",
    "python",
    "read",
]

#: No honest cell is longer than this many letters, no notebook than these and these many cells.
#: Whoever hands in more, to keep the grader busy, has the rest not read.
LONGEST = 50_000
LONGEST_NOTEBOOK = 1_000_000
#: The trees of cells up to this length are kept for whoever asks next: a tree is large.
REMEMBERED = 4_000
MOST_CELLS = 2_000
#: A picture that is pasted into a text stands in it, as some hundred thousand letters.
PICTURE = re.compile(r"(data:[\w.+-]{1,80}/[\w.+-]{1,80};base64,)[\w+/=%-]+")
#: A cell that is no Python is mended up to this length: the parser is slow where it fails.
MENDED = 20_000
#: What may be spent on mending one notebook's cells: letters read by Python's parser.
EFFORT = 2_000_000
#: What may be spent on finding the whole cells of a damaged file: letters read in vain.
EFFORT_CUT = 500_000_000
#: No merge has more lines of Git's own.
MOST_MARKS = 10_000
#: More objects and lists than this are no notebook: they would fill the grader's memory.
MOST_PARTS = 1_000_000
#: Cell magics whose cell is Python all the same.
PYTHON_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%python", "%%python3", "%%pypy")
#: The magics that write their cell into a module, from which the notebook then imports.
MODULE = re.compile(r"\s*%%(?:writefile|file)[ \t]+(?:-a[ \t]+)?(?:[\w.-]+/)*(\w+)\.py\s*?(?:\n|$)")
#: Such a module is the notebook itself: what is imported from it is defined there.
ITSELF = "__import__('sys').modules[{!r}] = __import__('sys').modules['__main__']"
#: What is added where a newer Python, such as Colab's, may take what this one does not: quotes in
#: f-strings. "" where this one is new enough.
OLDER = ""
if sys.version_info < (3, 12):
    OLDER = f"; newer ones may take it, but this is graded with Python 3.{sys.version_info[1]}"


@dataclass(frozen=True)
class Cell:
    """A cell: its number in the file from 1, "code", "markdown" or "raw", and its text."""

    number: int
    kind: str
    text: str


@dataclass
class Found:
    """What a file holds.

    status: "read", "empty" or "unreadable". notes: sentences on what was odd, for the student too.
    human: reasons why a person should look at it.
    """

    status: str = "read"
    cells: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    human: list = field(default_factory=list)

    def odd(self, sentence, human=True):
        """Note a sentence; return the same object."""
        self.notes.append(sentence)
        if human:
            self.human.append(sentence)
        return self

    def refused(self, status, sentence):
        """Note why there is nothing to be had."""
        self.status = status
        return self.odd(sentence)


def read(data):
    """Return the `Found` of a file's bytes; raises nothing, whatever they are."""
    found = Found()
    if not data.strip(b"\0 \t\r\n"):
        return found.refused("empty", "The file is empty.")
    text = _text(data, found)
    if text is None:
        return found
    beginning = text.lstrip()[:200].lower()
    if beginning.startswith(("<!doctype", "<html", "<?xml")):
        return found.refused(
            "unreadable",
            "This is a web page, not a notebook: the page that shows the notebook was saved.",
        )
    cells = _conflicted(text, found) if re.search(r"^<<<<<<< ", text, re.M) else _cells(text, found)
    if cells is None:
        return _no_notebook(text, found)
    found.cells = _first_ones(cells, found)
    if not any(cell.text.strip() for cell in found.cells):
        return found.refused("empty", "The notebook has no cell with anything in it.")
    return found


def _first_ones(cells, found):
    kept, letters = [], 0
    for n, (kind, text) in enumerate(cells, 1):
        text = PICTURE.sub(r"\1…", text)
        if len(text) > LONGEST:
            found.odd(f"Cell {n} is longer than any: its end was not read.")
            text = text[: LONGEST + 1]  # of code nothing, since it has no end
        letters += len(text)
        if n > MOST_CELLS or letters > LONGEST_NOTEBOOK:
            found.odd(f"The notebook is longer than any: from cell {n} on it was not read.")
            break
        kept.append(Cell(n, kind, text))
    return kept


def _text(data, found):
    """The bytes as text, or None with the reason noted."""
    for start, what in ((b"PK\3\4", "a zip archive"), (b"%PDF", "a PDF"), (b"\x1f\x8b", "packed")):
        if data.startswith(start):
            found.refused("unreadable", f"This is {what}, not a notebook.")
            return None
    for start, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(start):
            return data.decode(encoding, "replace")
    if b"\0" in data[:4096]:
        found.refused("unreadable", "This is a binary file, not a notebook.")
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        found.odd("The file is not in UTF-8; letters with accents may be wrong.", human=False)
        return data.decode("cp1252", "replace")


def _no_notebook(text, found):
    """What is no notebook may be a Python file under a wrong name: then it is one cell."""
    tree = parsed(text)
    if tree is not None and any(isinstance(s, (ast.FunctionDef, ast.ClassDef)) for s in tree.body):
        found.cells = [Cell(1, "code", text)]
        return found.odd("This is a Python file, not a notebook. It was graded as one cell.")
    return found.refused("unreadable", "This is not a notebook: no cells can be found in it.")


#: The assignment in a self-check as it is handed out, a line `check("01_perceptron/q2", …)`.
CHECKED = re.compile(r"""^[ \t]*check\([ \t]*["'](\w[\w-]*)/[\w.-]+["']""", re.MULTILINE)


def assignment_named(cells, asked):
    """Return the name of the assignment whose notebook this is, by its self-checks.

    cells: `Cell`s. asked: the assignment that it should be; as long as one check names it, it is
    it, since a student may have tried something of another one in it. Else the one that is named
    most often, the first of several; "" where no check names any.
    """
    named = Counter(name for cell in cells for name in CHECKED.findall(cell.text))
    if not named or asked in named:
        return asked if named else ""
    return named.most_common(1)[0][0]


# ---------------------------------------------------------------------------- the cells


def _cells(text, found):
    """[(kind, text)] of a notebook's text; None where it is none."""
    if _parts(text) > MOST_PARTS:
        found.odd("The file has more parts than any notebook.")
        return None
    try:
        notebook = json.JSONDecoder(object_pairs_hook=_merged).raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return _cut(text, found)
    raw = _listed(notebook)
    if raw is None:
        return None
    cells = [_cell(cell) for cell in raw if isinstance(cell, dict)]
    if len(cells) < len(raw):
        found.odd("Parts of the notebook are no cells; they were left out.")
    return cells


def _parts(text):
    """How many objects and lists the file holds, at least."""
    if (count := text.count("{") + text.count("[")) <= MOST_PARTS:
        return count
    outside = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"', "", text, flags=re.S)  # of texts
    return outside.count("{") + outside.count("[")


def _merged(pairs):
    """An object; of a key that is there twice both lists count, or the longer text."""
    merged = {}
    for key, value in pairs:
        before = merged.get(key)
        if key == "cells" and isinstance(before, list) and isinstance(value, list):
            value = before + value
        elif key in ("source", "input") and before and len(_joined(before)) > len(_joined(value)):
            value = before
        merged[key] = value
    return merged


def _listed(notebook):
    """The list of cells, in any version's place; None where there is none."""
    if isinstance(notebook, list):
        return notebook if any(isinstance(c, dict) and "cell_type" in c for c in notebook) else None
    if not isinstance(notebook, dict):
        return None
    cells = notebook.get("cells")
    if isinstance(cells, list):
        return cells
    sheets = notebook.get("worksheets")
    if isinstance(sheets, list):  # nbformat 3
        inside = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        return [cell for cells in inside if isinstance(cells, list) for cell in cells]
    return [] if "nbformat" in notebook else None


def _cell(cell):
    kind = cell.get("cell_type")
    source = cell.get("source")
    if source is None:
        source = cell.get("input", "")  # nbformat 3
    text = _joined(source).replace("\r\n", "\n").replace("\r", "\n")
    if kind == "heading":
        return "markdown", f"{'#' * _level(cell)} {text}"
    if kind not in ("code", "markdown", "raw"):
        kind = "code" if "outputs" in cell or "execution_count" in cell else "markdown"
    # Halves of characters cannot be compiled, nor written into a result.
    return kind, text.encode("utf-8", "replace").decode().replace("\0", "")


def _level(cell):
    level = cell.get("level")
    return level if type(level) is int and 1 <= level <= 6 else 1


def _joined(source):
    if isinstance(source, list):
        return "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _cut(text, found):
    """The whole cells of a file that ends too early or is broken somewhere."""
    start = re.search(r'"cells"\s*:\s*\[', text)
    if not start:
        return None
    decoder, cells, at = json.JSONDecoder(object_pairs_hook=_merged), [], start.end()
    left = EFFORT_CUT
    for _ in range(MOST_CELLS):
        at = re.compile(r"[\s,]*").match(text, at).end()
        try:
            cell, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            following = re.compile(r'\{\s*"(?:cell_type|attachments|execution_count|id)"').search(
                text, at + 1
            )
            left -= len(text)  # the error has counted the lines before it
            if not following or left < 0:
                break
            at = following.start()
            continue
        if isinstance(cell, dict):
            cells.append(_cell(cell))
    found.odd(f"The file is damaged: {len(cells)} whole cells were found in it.")
    return cells


def _conflicted(text, found):
    """Both sides of an unfinished merge: the first's cells, and what only the other has.

    A cell of the other side comes before that of the first in its place, so that the first counts.
    """
    found.odd("The file holds an unfinished merge, both sides of it; both were read.")
    quiet = Found()
    ours, theirs = (
        (_cells(_side(text, side), quiet) or [])[:MOST_CELLS] for side in ("ours", "theirs")
    )
    cells = list(ours)
    for place, cell in reversed(list(enumerate(theirs))):
        if cell not in ours:
            cells.insert(min(place, len(cells)), cell)
    return cells or None


#: A line of Git's, and from where to where it leads.
MARK = re.compile(r"^(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>).*\n?", re.M)
LEADS = {(where, "<<<<<<<"): "ours" for where in ("both", "ours", "base", "theirs")}
LEADS |= {("ours", "|||||||"): "base", ("theirs", ">>>>>>>"): "both"}
LEADS |= {("ours", "======="): "theirs", ("base", "======="): "theirs"}


def _side(text, side):
    """The text of one side, "ours" or "theirs"."""
    kept, where, at = [], "both", 0
    for mark in itertools.islice(MARK.finditer(text), MOST_MARKS):
        then = LEADS.get((where, mark[1]))
        if then:  # else it is a line as any other
            kept.append(text[at : mark.start()] if where in ("both", side) else "")
            where, at = then, mark.end()
    return "".join([*kept, text[at:] if where in ("both", side) else ""])


# ---------------------------------------------------------------------------- their Python


def parsed(code):
    """Return the syntax tree of some Python, or None where it is none; nobody may change it.

    A cell is looked at by several; the trees of the last short ones are kept.
    """
    if len(code) > LONGEST:
        return None
    return _tree(code) if len(code) <= REMEMBERED else _tree.__wrapped__(code)


@lru_cache(maxsize=128)
def _tree(code):
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Effort:
    """What is left to be spent on mending the cells of one notebook."""

    def __init__(self, letters=EFFORT):
        self.left = letters

    def spend(self, code):
        """True where the parser may read this too."""
        self.left -= len(code) + 100
        return self.left >= 0


def python(text, effort=None, modules=()):
    """Return (code, what was odd) of a code cell's text: what Python can run of it.

    Line n of the code is line n of the cell; what cannot run is an empty line or `pass`. The second
    is None, or a sentence. effort: an `Effort`, shared by the cells of one notebook. modules: the
    names of those that are run where a cell is written into them by a magic.
    """
    effort = Effort() if effort is None else effort
    if parsed(text) is not None:
        return text, None
    if len(text) > MENDED:
        return "", "is too long to be read"
    text = text.replace("\xa0", " ")
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        own = module_of(text) in modules
        if not own and lines[first].split()[0] not in PYTHON_MAGICS:
            return "", f"is no Python: {printable(lines[first].split()[0][:80])}"
        lines[first] = ITSELF.format(module_of(text)) if own else ""
    code = _without_magics(lines, effort)
    if parsed(code) is None and parsed(textwrap.dedent(code)) is not None:
        code = textwrap.dedent(code)
    if parsed(code) is not None:
        return code, None
    error = _slip(code)
    return _what_parses(code, effort), f"is no Python in one place: {error}"


def module_of(text):
    """Return the name of the module that a cell is written into by a magic, or None."""
    match = MODULE.match(text)
    return match and match[1]


#: A line of IPython's own: a magic, a shell command, a question for help; or one that is assigned.
OWN = re.compile(r"^(\s*)(?:([\w, ]+?)\s*=\s*)?(%{1,2}|!{1,2}|\?{1,2})(?=\S)(.*)$")
HELP = re.compile(r"^(\s*)[%\w.*]+\?{1,2}\s*;?\s*$")


def _without_magics(lines, effort):
    """The lines, without IPython's own: of each the parser trips over, one after the other."""
    lines = list(lines)
    while effort.spend(code := "\n".join(lines)):
        at = _error_line(code)
        if at is None:
            break
        for n in (at, at - 1):  # some slips show only in the next line
            if 0 <= n < len(lines) and _own(lines[n]) is not None:
                lines[n] = _own(lines[n])
                break
        else:
            break
    return "\n".join(lines)


def _own(line):
    """What stands for a line of IPython's own; None where it is none."""
    if len(line) > 1000:
        return None
    if HELP.match(line):
        return HELP.match(line)[1] + "pass"
    match = OWN.match(line)
    if not match:
        return None
    indent, target, mark, rest = match.groups()
    if target:
        return f"{indent}{target} = {'[]' if mark[0] == '!' else 'None'}"
    timed = re.match(r"time\s+(?!-)(.+)", rest)
    return indent + (timed[1] if mark == "%" and timed else "pass")


def _error_line(code):
    """The line, from 0, at which the parser gives up; None where it does not."""
    try:
        ast.parse(code)
    except SyntaxError as error:
        return (error.lineno or 1) - 1
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _slip(code):
    try:
        ast.parse(code)
    except SyntaxError as error:
        newer = OLDER if error.msg.startswith("f-string") else ""
        return f"{error.msg}, line {error.lineno}{newer}"
    except (ValueError, RecursionError, MemoryError):
        return "it is nested too deeply"
    return ""


def _what_parses(code, effort):
    """The statements of a cell that parse, each where it was; the others are empty lines."""
    lines = code.split("\n")
    starts = [n for n, line in enumerate(lines) if re.match(r"[^\s#)\]}]", line)]
    starts = [n for n in starts if not re.match(r"(else|elif|except|finally)\b", lines[n])]
    starts = [n for k, n in enumerate(starts) if not k or not lines[starts[k - 1]].startswith("@")]
    kept, ends, at = [""] * len(lines), [*starts[1:], len(lines)], 0
    while at < len(starts):
        for k in range(at, len(starts)):
            piece = lines[starts[at] : ends[k]]
            if not effort.spend(text := "\n".join(piece)):
                return "\n".join(kept)
            if parsed(text) is not None:
                kept[starts[at] : ends[k]] = piece
                at = k
                break
        at += 1
    return "\n".join(kept)
