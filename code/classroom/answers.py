"""Which cells of a notebook are run, which text answers which question.

Nothing here looks at a cell's metadata or place alone: definitions are found by their names, texts
by the released lines around them. So a notebook may lose, double, reorder, retype or relabel its
cells, and what its author wrote still counts.
"""

import ast
import re
from dataclasses import dataclass, field

from .notebook import Effort, parsed, python
from .questions import Choice, Manual

__all__ = ["Handout", "Work", "defining", "work"]


@dataclass(frozen=True)
class Handout:
    """What the students were given: cells as (kind, text), and the stub of each defined name."""

    cells: tuple = ()
    stubs: dict = field(default_factory=dict)


@dataclass
class Work:
    """What of a notebook counts.

    cells: (number, code) in order, to be run. texts: question id -> Markdown, for those marked by
    hand. uses: name -> packages that its code reaches, but not through earlier answers that its
    question `uses`, which answer for themselves. untouched: the names that are there only as
    they were handed out. written: those that are there otherwise. broken: name -> what is wrong
    with the cell that would define it, where that is no Python. notes, human: as in
    `notebook.Found`.
    """

    cells: list
    texts: dict
    uses: dict
    untouched: set
    written: set
    broken: dict
    notes: list
    human: list


def work(found, assignment, handout):
    """Return the `Work` of a `notebook.Found` for an `Assignment` and its `Handout`."""
    notes, human = list(found.notes), list(found.human)
    cells, broken, effort = [], {}, Effort()
    for cell in found.cells:
        code, odd = _code(cell, assignment.names, effort)
        if odd:
            notes.append(f"Cell {cell.number} {odd}.")
            broken |= dict.fromkeys(_meant(cell.text, assignment.names), f"Its cell {odd}.")
        if code.strip():
            cells.append((cell.number, code))
        if cell.kind != "code" and code:
            notes.append(f"Cell {cell.number} was a text cell with code in it; it was run.")
    cells, untouched = _without_stubs(cells, assignment, handout)
    texts, lost = _texts(found, assignment, handout)
    if lost:
        human.append("Text was found that could not be told to belong to a question.")
    apart = {getattr(q, "calls", ""): getattr(q, "uses", ()) for q in assignment.questions}
    written = _names(cells) - untouched
    broken = {name: said for name, said in broken.items() if name not in written}
    return Work(cells, texts, _uses(cells, apart), untouched, written, broken, notes, human)


# ---------------------------------------------------------------------------- code


def _code(cell, names, effort):
    """(code, what was odd): of a text cell only where it defines what is asked for."""
    if cell.kind == "code":
        return python(cell.text, effort)
    bare = re.sub(r"^[ \t]*```\w*[ \t]*$", "", cell.text, flags=re.M)
    if any(name in bare for name in names):
        tree = parsed(bare)
        if tree is not None and any(_defined(s) & set(names) for s in tree.body):
            return bare, None
    return "", None


def _meant(text, names):
    """The names that a cell sets out to define, whether it is Python or not."""
    begun = set(re.findall(r"^[ \t]*(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=", text, re.M))
    return [name for name in names if any(name in pair for pair in begun)]


def _names(cells):
    """All names that the cells define at their top level."""
    trees = (parsed(code) for _, code in cells)
    return {name for tree in trees if tree for s in tree.body for name in _defined(s)}


def _defined(statement):
    """The names that a statement at a cell's top level gives a meaning."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return {n.id for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)}


def defining(cells, name):
    """Return those of some `notebook.Cell`s that give a name a meaning; the last of them counts."""
    effort, found = Effort(), []
    for cell in cells:
        tree = parsed(_code(cell, [name], effort)[0])
        if tree is not None and any(name in _defined(statement) for statement in tree.body):
            found.append(cell)
    return found


def _without_stubs(cells, assignment, handout):
    """(the cells, without stubs of names that are defined elsewhere; the names that are not).

    So a copy of the handed out cell, further down, takes nothing away.
    """
    wanted, stubs = set(assignment.names), {n: _shape(s) for n, s in handout.stubs.items()}
    choices = {q.calls for q in assignment.questions if isinstance(q, Choice)}
    empty, written = [], set()
    for at, (_, code) in enumerate(cells):
        tree = parsed(code)
        for statement in tree.body if tree else []:
            for name in _defined(statement) & wanted:
                if _is_stub(statement, name in choices, stubs.get(name)):
                    empty.append((at, name, statement))
                else:
                    written.add(name)
    lines = [code.split("\n") for _, code in cells]
    for at, name, statement in empty:
        if name in written and _alone(statement, parsed(cells[at][1])):
            for n in range(_first_line(statement) - 1, statement.end_lineno):
                lines[at][n] = ""
    cells = [(number, "\n".join(li)) for (number, _), li in zip(cells, lines, strict=True)]
    return cells, {name for _, name, _ in empty} - written


def _is_stub(statement, choice, stub):
    """As it was handed out, or as empty as that; what is nested too deeply to tell is neither."""
    try:
        return _is_handed_out(statement, choice, stub)
    except RecursionError:
        return False


def _is_handed_out(statement, choice, stub):
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        value = statement.value
        return choice and isinstance(value, ast.Constant) and value.value in (None, ..., "")
    if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return False
    if stub is not None and ast.dump(_bare(statement)) == stub:
        return True
    if isinstance(statement, ast.ClassDef):
        methods = [s for s in statement.body if isinstance(s, ast.FunctionDef)]
        others = [s for s in statement.body if not isinstance(s, ast.FunctionDef)]
        return all(map(_empty, others)) and all(_is_handed_out(m, False, None) for m in methods)
    return all(map(_empty, statement.body))


def _empty(statement):
    """A docstring, `...`, `pass`, `return`, `return None` or `raise NotImplementedError`."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Return):
        return statement.value is None or (
            isinstance(statement.value, ast.Constant) and statement.value.value in (None, ...)
        )
    if isinstance(statement, ast.Raise):
        return "NotImplementedError" in ast.dump(statement)
    return isinstance(statement, ast.Pass)


def _shape(stub):
    """The dump of a stub's definition, without its docstrings; "" where it defines nothing."""
    tree = parsed(stub)
    kinds = (ast.FunctionDef, ast.ClassDef)
    defined = [s for s in tree.body if isinstance(s, kinds)] if tree else []
    return ast.dump(_bare(defined[-1])) if defined else ""


def _bare(node):
    """The definition without docstrings, which students may reword."""

    class Bare(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            self.generic_visit(node)
            body = node.body
            if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                text = body[0].value.value
                node.body = body[1:] if isinstance(text, str) else body
            return node

        visit_ClassDef = visit_FunctionDef

    return Bare().visit(ast.parse(ast.unparse(node)).body[0])


def _first_line(statement):
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _alone(statement, tree):
    """True where no other statement stands on the same lines."""
    lines = set(range(_first_line(statement), statement.end_lineno + 1))
    others = [s for s in tree.body if s.lineno != statement.lineno or s.col_offset]
    return not any(lines & set(range(_first_line(s), s.end_lineno + 1)) for s in others)


def _uses(cells, apart):
    """name -> the packages that the code under that name reaches, through other names too.

    apart: name -> names behind which it is not looked.
    """
    packages, mentions, reached = {}, {}, {}
    for _, code in cells:
        tree = parsed(code)
        for statement in tree.body if tree else []:
            names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            own = set()
            for node in ast.walk(statement):
                imported = _imported(node)
                packages |= dict(imported)
                own |= {package for _, package in imported}
            for name in _defined(statement):
                mentions.setdefault(name, set()).update(names)
                reached.setdefault(name, set()).update(own)
    found = {}
    for name in mentions:
        seen, ahead = set(), [name]
        while ahead:
            at = ahead.pop()
            if at not in seen:
                seen.add(at)
                ahead += mentions.get(at, set()) - set(apart.get(name, ()))
        inside = {package for at in seen for package in reached.get(at, ())}
        mentioned = {packages[m] for at in seen for m in mentions.get(at, ()) if m in packages}
        found[name] = inside | mentioned
    return found


def _imported(node):
    """[(name it gets here, package)] of an import statement."""
    if isinstance(node, ast.Import):
        return [
            (a.asname or a.name.partition(".")[0], a.name.partition(".")[0]) for a in node.names
        ]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [(a.asname or a.name, node.module.partition(".")[0]) for a in node.names]
    return []


# ---------------------------------------------------------------------------- text


def _texts(found, assignment, handout):
    """(question id -> what was written, whether some text belongs nowhere)."""
    manual = [q.id for q in assignment.questions if isinstance(q, Manual)]
    if not manual:
        return {}, False
    owner = _owners(assignment, handout)
    texts, elsewhere, at, seen, lost = {id: [] for id in manual}, [], None, set(), False
    for cell in found.cells:
        if not _is_prose(cell):
            continue
        again = cell.text in seen  # a heading says where what follows belongs, also the second time
        seen.add(cell.text)
        own = any(_words(line) and _line(line) not in owner for line in cell.text.split("\n"))
        for line in cell.text.split("\n"):
            if _words(line):
                known = _line(line)
                own = known not in owner
                at = at if own else owner[known] or at
                lost |= own and at is None
            if own and not again:  # so is a $$ after one's own words
                texts.get(at, elsewhere).append(line)
    told = {id: "\n".join(lines).strip() for id, lines in texts.items()}
    if len(manual) == 1 and not told[manual[0]]:  # it stands under another question, or none
        told[manual[0]], lost = "\n".join(elsewhere).strip(), False
    return told, lost


def _is_prose(cell):
    """True for a text cell, and for a code cell in which somebody wrote words."""
    if cell.kind != "code":
        return True
    code = re.search(r"^[ \t]*(%|!|@|def |class |import |from |for |while |if )", cell.text, re.M)
    return not code and parsed(cell.text) is None


def _owners(assignment, handout):
    """Released line -> the id of its question; "" before the first, and for lines of several."""
    owner, at = {"*your answer here.*": ""}, ""
    for kind, text in handout.cells:
        if kind == "code":
            continue
        for line in map(_line, text.split("\n")):
            if line.startswith("#"):
                at = next((q.id for q in assignment.questions if _line(q.title) in line), at)
            if _words(line):
                owner[line] = at if owner.get(line, at) == at else ""
    return owner


def _words(line):
    """False for a line such as $$, which is nobody's."""
    return re.search(r"\w", line) is not None


def _line(line):
    """The line without what a release or an editor may change: links, spaces, case."""
    line = line[:2000]
    # A bracket within brackets ends a try: where all of a line are, each is read once.
    line = re.sub(r"\[([^\[\]]*)\]\([^)\[]*\)", r"\1", line)
    return re.sub(r"\s+", " ", line).strip().casefold()
