"""The one source of an assignment: a notebook in nbgrader's format and its checks module.

From it come the page of the website, the student's notebook and what the grader needs (`release`).
An answer cell has nbgrader's metadata (grade and solution true, its points) and the question's id
as its `grade_id`. What stands between `### BEGIN SOLUTION` and `### END SOLUTION`, or in Markdown
`<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->`, is taken out for students; in code the rest
of the first marker's line, if there is any, is what they find in its place:

    def slope(a):
        ### BEGIN SOLUTION ...  # return an array of the shape of a
        return 1 - a**2
        ### END SOLUTION
"""

import ast
import copy
import hashlib
import importlib.util
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .questions import Assignment, Choice, ClassCalls, Function, Manual, Plot

__all__ = ["Answer", "Source", "SourceError", "cleared", "digest", "load", "text_of"]

STUB = {"code": "...  # your code here", "markdown": "*Your answer here.*"}
BEGIN = re.compile(r"^(\s*)(?:###|<!--) BEGIN SOLUTION(?: -->)?(.*)$")
END = re.compile(r"^\s*(?:###|<!--) END SOLUTION(?: -->)?\s*$")
#: How a question's line under its heading reads, see `Source.terms`.
KINDS = {
    Function: "function",
    ClassCalls: "class",
    Plot: "plot",
    Choice: "choice",
    Manual: "manual",
}


class SourceError(Exception):
    """The source of an assignment is not as it should be; the message lists everything found."""


@dataclass(frozen=True)
class Answer:
    """One answer cell: what students find there, and where.

    stub: the cell's text as it is handed out. heading, following: the headings before and after
    it, by which a cell that lost its metadata can be found; "" where there is none.
    """

    id: str
    kind: str
    points: float
    calls: str
    cell: str
    cell_type: str
    stub: str
    heading: str
    following: str

    @property
    def digest(self):
        """`digest` of the stub: an answer cell with the same one is still as it was handed out."""
        return digest(self.stub)


def load(path):
    """Return the `Source` of an assignment's notebook, `NN_name.ipynb` with `NN_name.py` beside it.

    Raises `SourceError`, which lists every problem, before anything is made of it.
    """
    path = Path(path)
    for file in (path, path.with_suffix(".py")):
        if not file.is_file():
            raise SourceError(f"{path.stem}: expected a notebook and its checks, no {file}")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        assert notebook["nbformat"] == 4 and all("source" in cell for cell in cells)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise SourceError(f"{path}: expected a notebook of format 4") from None
    code = path.with_suffix(".py").read_text(encoding="utf-8")
    source = Source(path, notebook, _assignment(path.with_suffix(".py")), code)
    problems = source.problems()
    if problems:
        raise SourceError("\n".join(f"{path.stem}: {problem}" for problem in problems))
    return source


def _assignment(path):
    """The ASSIGNMENT of a checks module."""
    spec = importlib.util.spec_from_file_location(f"classroom_checks_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assignment = getattr(module, "ASSIGNMENT", None)
    if not isinstance(assignment, Assignment):
        raise SourceError(f"{path}: expected ASSIGNMENT, an Assignment, came {assignment!r}")
    return assignment


@dataclass(frozen=True, eq=False)
class Source:
    """The notebook, as JSON has it, its `Assignment`, and the text of the checks module."""

    path: Path
    notebook: dict
    assignment: Assignment
    code: str

    @property
    def name(self):
        return self.path.stem

    @cached_property
    def answers(self):
        """The `Answer` of each answer cell, in the notebook's order."""
        cells, found = self.notebook["cells"], []
        for n, cell in enumerate(cells):
            if not _mark(cell).get("solution"):
                continue
            id = _mark(cell).get("grade_id", "")
            question = next((q for q in self.assignment.questions if q.id == id), None)
            found.append(
                Answer(
                    id=id,
                    kind=KINDS[type(question)] if question else "",
                    points=_mark(cell).get("points", 0),
                    calls=getattr(question, "calls", ""),
                    cell=cell.get("id", ""),
                    cell_type=cell["cell_type"],
                    stub=cleared(text_of(cell), cell["cell_type"]),
                    heading=next(filter(None, map(_heading, reversed(cells[:n]))), ""),
                    following=next(filter(None, map(_heading, cells[n + 1 :])), ""),
                )
            )
        return tuple(found)

    def student_cells(self):
        """The cells with the solutions taken out and all outputs removed, for others to keep."""
        cells = copy.deepcopy(self.notebook["cells"])
        for cell in cells:
            if _mark(cell).get("solution"):
                _put(cell, cleared(text_of(cell), cell["cell_type"]))
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
        return cells

    def terms(self, question):
        """The line that stands under a question's heading: its points, what it may import."""
        points = f"{question.points:g} point{'' if question.points == 1 else 's'}"
        if isinstance(question, Manual):
            return f"*{points}, marked by hand.*"
        if isinstance(question, Choice):
            return f"*{points}.*"
        if not question.imports:
            return f"*{points}. May import nothing but Python's own.*"
        return f"*{points}. May import: {', '.join(f'`{p}`' for p in question.imports)}.*"

    def problems(self):
        """Everything that is not as it should be, each a sentence."""
        if self.assignment.name != self.name:
            return [f"ASSIGNMENT: expected the name {self.name!r}, came {self.assignment.name!r}"]
        return [*self._cells_wrong(), *self._answers_wrong(), *self._statements_wrong()]

    def _cells_wrong(self):
        seen = set()
        for n, cell in enumerate(self.notebook["cells"]):
            where, text = f"cell {n} ({cell.get('id', 'no id')})", text_of(cell)
            if cell.get("id") in seen or not cell.get("id"):
                yield f"{where}: expected an id of its own"
            seen.add(cell.get("id"))
            if "HIDDEN TESTS" in text:
                yield f"{where}: hidden tests belong into {self.name}.py, not into the notebook"
            solution = bool(_mark(cell).get("solution"))
            try:
                regions = len(_regions(text))
            except SourceError as error:
                yield f"{where}: {error}"
                continue
            if regions and not solution:
                yield f"{where}: a solution outside an answer cell (nbgrader: solution is false)"
            if solution and not regions:
                yield f"{where}: an answer cell without BEGIN SOLUTION"
            if cell["cell_type"] == "code":
                yield from self._code_wrong(where, text, cleared(text, "code"))

    def _code_wrong(self, where, text, stub):
        for what, code in (("", text), (" as it is handed out", stub)):
            try:
                ast.parse(code)
            except SyntaxError as error:
                yield f"{where}{what}: {error.msg}, line {error.lineno}"

    def _answers_wrong(self):
        questions = self.assignment.questions
        ids, asked = [a.id for a in self.answers], [q.id for q in questions]
        if ids != asked:
            yield f"answer cells: expected {', '.join(asked)}, came {', '.join(ids) or 'none'}"
            return
        for answer, question in zip(self.answers, questions, strict=True):
            where = f"question {answer.id}"
            if answer.points != question.points:
                said = f"{answer.points} points in the notebook, {question.points} in the checks"
                yield f"{where}: {said}"
            kind = "markdown" if isinstance(question, Manual) else "code"
            if answer.cell_type != kind:
                yield f"{where}: expected a {kind} cell, came {answer.cell_type}"
            elif kind == "code" and question.calls not in _defined(answer.stub, question.calls):
                yield f"{where}: the stub does not define `{question.calls}`"

    def _statements_wrong(self):
        texts = [text_of(c) for c in self.notebook["cells"] if c["cell_type"] == "markdown"]
        for question in self.assignment.questions:
            heading = re.compile(rf"^## .*{re.escape(question.title)}$", re.M)
            found = [t for t in texts if heading.search(t)]
            if len(found) != 1:
                yield f"question {question.id}: expected one heading with {question.title!r}"
            elif self.terms(question) not in found[0]:
                yield f"question {question.id}: expected the line {self.terms(question)}"


def text_of(cell):
    """The text of a notebook's cell, which JSON keeps as one string or as lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _put(cell, text):
    cell["source"] = text.splitlines(keepends=True)


def _mark(cell):
    return cell.get("metadata", {}).get("nbgrader", {})


def _heading(cell):
    """The first heading of a Markdown cell, without its marks; "" where there is none."""
    found = cell["cell_type"] == "markdown" and re.search(r"^#+ +(.+?)\s*$", text_of(cell), re.M)
    return found[1] if found else ""


def _regions(text):
    """(first line, last line, indentation, stub) of each solution in a cell's text."""
    found, begun = [], None
    for n, line in enumerate(text.splitlines()):
        begins = BEGIN.match(line)
        if bool(begins) == (begun is not None) and (begins or END.match(line)):
            raise SourceError(f"line {n + 1}: BEGIN and END SOLUTION do not alternate")
        if begins:
            begun = n, begins[1], begins[2].strip()
        elif END.match(line):
            found.append((begun[0], n, begun[1], begun[2]))
            begun = None
    if begun is not None:
        raise SourceError(f"line {begun[0] + 1}: BEGIN SOLUTION without its END")
    return found


def cleared(text, cell_type):
    """Return a cell's text with every solution replaced by its stub."""
    lines = text.splitlines()
    for first, last, indent, stub in reversed(_regions(text)):
        lines[first : last + 1] = [indent + (stub or STUB[cell_type])]
    return "\n".join(lines)


def solutions(text):
    """Return the lines of every solution of a cell's text, without the markers."""
    lines = text.splitlines()
    return [lines[first + 1 : last] for first, last, *_ in _regions(text)]


def digest(text):
    """Return a hash of a cell's text that does not see spaces at line ends and blank lines."""
    lines = [line.rstrip() for line in text.splitlines()]
    return hashlib.sha256("\n".join(filter(None, lines)).encode()).hexdigest()


def _defined(code, otherwise):
    """The names that a cell's top level defines; `otherwise` where it is no Python at all."""
    try:
        body = ast.parse(code).body
    except SyntaxError:
        return {otherwise}
    names = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return names
