"""Which cells of a notebook are run, which text answers which question.

Nothing here looks at a cell's metadata or place alone: definitions are found by their names, texts
by the released lines around them. So a notebook may lose, double, reorder, retype or relabel its
cells, and what its author wrote still counts.
"""

import ast
import inspect
import re
from dataclasses import dataclass, field
from functools import lru_cache

from .notebook import OLDER, Effort, module_of, parsed, python
from .questions import Choice, Manual

__all__ = ["Handout", "Work", "defining", "work"]

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: Where a statement holds others, and where it holds what holds others.
BODIES, BRANCHES = ("body", "orelse", "finalbody"), ("handlers", "cases")
#: The functions that show a text, and the cell magics that do.
SHOWING = ("HTML", "Latex", "Markdown", "Math", "display", "print")
SHOWN = re.compile(r"\s*%%(?:html|latex|markdown)\b.*\n")
#: A line that takes something from a module, and the names in it.
TAKES, WORD = re.compile(r"^[ \t]*(?:from|import|%run)[ \t](.*)", re.M), re.compile(r"\w+")


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
    question `uses`, which answer for themselves. until: name -> the number of the cell up to which
    the notebook is to be run, should the name fail otherwise. untouched: the names that are there
    only as they were handed out. written: those that are there otherwise. broken: name -> what is
    wrong with the cell that would define it, where that is no Python. notes, human: as in
    `notebook.Found`.
    """

    cells: list
    texts: dict
    uses: dict
    until: dict
    untouched: set
    written: set
    broken: dict
    notes: list
    human: list


def work(found, assignment, handout):
    """Return the `Work` of a `notebook.Found` for an `Assignment` and its `Handout`."""
    notes, human = list(found.notes), list(found.human)
    cells, broken, effort, own = [], {}, Effort(), _own_modules(found.cells)
    for cell in found.cells:
        code, odd = _code(cell, assignment.names, effort, own)
        if odd:
            notes.append(f"Cell {cell.number} {odd}.")
            broken |= dict.fromkeys(_meant(cell.text, assignment.names), f"Its cell {odd}.")
            if OLDER and OLDER in odd and any(name in cell.text for name in assignment.names):
                human.append(notes[-1])
        if code.strip():
            cells.append((cell.number, code))
        if cell.kind != "code" and code:
            notes.append(f"Cell {cell.number} was a text cell with code in it; it was run.")
    cells, untouched = _without_stubs(cells, assignment, handout)
    texts, lost, code = _texts(found, assignment, handout)
    if lost:
        human.append("Text was found that could not be told to belong to a question.")
    human += [f"Question {id}: there is no text, but code in its place." for id in code]
    apart = {getattr(q, "calls", ""): getattr(q, "uses", ()) for q in assignment.questions}
    survey = _survey(cells, assignment.names)
    uses = {name: _uses(name, survey, apart.get(name, ())) - own for name in assignment.names}
    written = set().union(*survey.meanings) - untouched
    broken = {name: said for name, said in broken.items() if name not in written}
    until = _until(cells, survey)
    return Work(cells, texts, uses, until, untouched, written, broken, notes, human)


# ---------------------------------------------------------------------------- code


def _code(cell, names, effort, modules):
    """(code, what was odd): of a text cell only where it defines what is asked for."""
    if cell.kind == "code":
        return ("", None) if SHOWN.match(cell.text) else python(cell.text, effort, modules)
    bare = re.sub(r"^[ \t]*```\w*[ \t]*$", "", cell.text, flags=re.M)
    if any(name in bare for name in names):
        tree = parsed(bare)
        if any(_defined(s) & set(names) for s in _statements(tree)):
            return bare, None
    return "", None


def _own_modules(cells):
    """The modules that a notebook writes by a magic and takes something from."""
    code = [cell.text for cell in cells if cell.kind == "code"]
    taken = {word for text in code for line in TAKES.findall(text) for word in WORD.findall(line)}
    return {module_of(text) for text in code} & taken


def _meant(text, names):
    """The names that a cell sets out to define, whether it is Python or not."""
    begun = set(re.findall(r"^[ \t]*(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*=", text, re.M))
    return [name for name in names if any(name in pair for pair in begun)]


def _statements(tree):
    """The statements that are run with a cell: its own, and those in its conditions and loops."""
    ahead = list(tree.body) if tree else []
    for statement in ahead:  # which grows
        yield statement
        if not isinstance(statement, DEFINITIONS):
            branches = [part for name in BRANCHES for part in getattr(statement, name, ())]
            for part in (statement, *branches):
                for name in BODIES:
                    ahead += getattr(part, name, ())


def _defined(statement):
    """The names that a statement gives a meaning."""
    return _named(statement)[0]


def _named(statement):
    """(the names that a statement gives a meaning, those it changes: `Layer` in `Layer.f = f`)."""
    if isinstance(statement, DEFINITIONS):
        return {statement.name}, set()
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return set(_imported(statement)), set()
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    parts = [n for t in targets if t for n in ast.walk(t)]
    names = [n for n in parts if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    owners = [n.value for n in parts if isinstance(n, (ast.Attribute, ast.Subscript))]
    return {n.id for n in names}, {n.id for n in owners if isinstance(n, ast.Name)}


def _rewrites(statement, name):
    """True for `class Layer(Layer)` and `Layer = better(Layer)`, which need what was there."""
    if isinstance(statement, DEFINITIONS):
        needs = [*getattr(statement, "bases", ()), *statement.decorator_list]
    else:
        needs = [getattr(statement, "value", None)]
    nodes = (node for need in needs if need for node in ast.walk(need))
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes)


def defining(cells, name):
    """Return those of some `notebook.Cell`s that give a name a meaning, or change it.

    The last meaning counts.
    """
    effort, found, own = Effort(), [], _own_modules(cells)
    for cell in cells:
        tree = parsed(_code(cell, [name], effort, own)[0])
        if any(name in names for statement in _statements(tree) for names in _named(statement)):
            found.append(cell)
    return found


def _without_stubs(cells, assignment, handout):
    """(the cells, without stubs of names that are defined elsewhere; the names that are not).

    So a copy of the handed out cell, further down, takes nothing away. Where a class is put
    together in pieces, or what was there is rewritten, the first stub stays.
    """
    wanted, stubs = set(assignment.names), {n: _shape(s) for n, s in handout.stubs.items()}
    choices = {q.calls for q in assignment.questions if isinstance(q, Choice)}
    empty, written, pieced, kept = [], set(), set(), set()
    for at, (_, code) in enumerate(cells):
        for statement in _statements(parsed(code)):
            defined, changed = _named(statement)
            pieced |= changed & wanted
            for name in defined & wanted:
                if _is_stub(statement, name in choices, stubs.get(name)):
                    empty.append((at, name, statement))
                else:
                    (pieced if _rewrites(statement, name) else written).add(name)
    lines = [code.split("\n") for _, code in cells]
    for at, name, statement in empty:
        spare = name in written or (name in pieced and name in kept)
        kept.add(name)
        if spare and _alone(statement, parsed(cells[at][1])):
            for n in range(_first_line(statement) - 1, statement.end_lineno):
                lines[at][n] = ""
    cells = [(number, "\n".join(li)) for (number, _), li in zip(cells, lines, strict=True)]
    return cells, {name for _, name, _ in empty} - written - pieced


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


@lru_cache(maxsize=64)
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
    """True where it is no part of another statement, and none stands on the same lines."""
    if statement.col_offset:
        return False
    lines = set(range(_first_line(statement), statement.end_lineno + 1))
    others = [s for s in tree.body if s.lineno != statement.lineno or s.col_offset]
    return not any(lines & set(range(_first_line(s), s.end_lineno + 1)) for s in others)


@dataclass
class _Survey:
    """What the cells' statements are about.

    mentions: name -> sets of the names that the code under it reads; those under which the same
    code is share it. packages: name -> the package that it stands for. reached: name -> the
    packages imported inside its code, in sets too. meanings: for each cell the names that it
    defines. homes: name that is asked for -> (whether it is a definition, place of the cell): the
    last one, or the last change, but none such as `f = f(x)`, and no assignment after a
    definition.
    """

    mentions: dict = field(default_factory=dict)
    packages: dict = field(default_factory=dict)
    reached: dict = field(default_factory=dict)
    meanings: list = field(default_factory=list)
    homes: dict = field(default_factory=dict)


def _survey(cells, names):
    """Look at each statement once; return the `_Survey`."""
    survey, wanted = _Survey(), set(names)
    for at, (_, code) in enumerate(cells):
        survey.meanings.append(set())
        for statement in _statements(parsed(code)):
            defined, changed = _named(statement)
            if not defined and not changed:
                continue
            reads, imported = _inside(statement)
            used = set(imported.values())
            survey.packages |= imported
            survey.meanings[at] |= defined
            for name in defined | changed:
                survey.mentions.setdefault(name, []).append(reads)
                survey.reached.setdefault(name, []).append(used)
            for name in (defined | changed) & wanted:
                home = isinstance(statement, DEFINITIONS) or name in changed, at
                if home[0] or name not in reads:
                    survey.homes[name] = max(home, survey.homes.get(name, home))
    return survey


def _inside(statement):
    """(the names that a statement reads, name -> package that it imports).

    Annotations compute nothing. Other statements inside it are left to `_statements`, unless it is
    a definition.
    """
    reads, imported, ahead = set(), {}, [statement]
    others = () if isinstance(statement, DEFINITIONS) else (*BRANCHES, *BODIES)
    for node in ahead:  # which grows
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                reads.add(node.id)
            continue
        imported |= _imported(node)
        for part in node._fields:
            if part not in ("annotation", "returns") and part not in others:
                value = getattr(node, part, None)
                values = value if isinstance(value, list) else [value]
                ahead += [value for value in values if isinstance(value, ast.AST)]
        others = ()
    return reads, imported


def _reach(name, survey, apart=()):
    """The name, and all names that the code under it reaches.

    apart: names behind which it is not looked.
    """
    seen, ahead, sets = {name}, [name], set()
    for at in ahead:  # which grows
        for reads in survey.mentions.get(at, ()):
            if id(reads) not in sets:
                sets.add(id(reads))
                new = reads - seen - set(apart)
                seen |= new
                ahead += new
    return seen


def _uses(name, survey, apart):
    """The packages that the code under a name reaches, through other names too."""
    seen = _reach(name, survey, apart)
    inside = {package for at in seen for used in survey.reached.get(at, ()) for package in used}
    return inside | {survey.packages[at] for at in seen if at in survey.packages}


def _until(cells, survey):
    """name -> the number of the cell that defines it, where a later cell may spoil it.

    It may give the name, or one that its code reaches, another meaning: `train = train(X, t)`.
    """
    until = {}
    for name, (_, at) in survey.homes.items():
        known = set().union(*survey.meanings[: at + 1])
        later = set().union(*survey.meanings[at + 1 :])
        if _reach(name, survey) & known & later:
            until[name] = cells[at][0]
    return until


def _imported(node):
    """Name it gets here -> package, of an import statement; {} of anything else."""
    if isinstance(node, ast.Import):
        roots = [(a.name.partition(".")[0], a.asname) for a in node.names]
        return {own or root: root for root, own in roots}
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return {a.asname or a.name: node.module.partition(".")[0] for a in node.names}
    return {}


# ---------------------------------------------------------------------------- text


def _texts(found, assignment, handout):
    """(question id -> what was written, whether some text belongs nowhere, ids with code instead).

    Words in a code cell count where it stands below a question that is answered in words.
    """
    manual = [q.id for q in assignment.questions if isinstance(q, Manual)]
    if not manual:
        return {}, False, []
    owner, released = _owners(assignment, handout), {text.strip() for _, text in handout.cells}
    texts, elsewhere, at, seen, lost = {id: [] for id in manual}, [], None, set(), False
    coded = set()
    for cell in found.cells:
        text = cell.text
        if not _is_prose(cell):
            if at not in texts or not text.strip() or text.strip() in released:
                continue
            text = _written(text, assignment.names)
            if text is None:
                coded.add(at)
                continue
        again = text in seen  # a heading says where what follows belongs, also the second time
        seen.add(text)
        own = any(_words(line) and _line(line) not in owner for line in text.split("\n"))
        for line in text.split("\n"):
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
    return told, lost, [id for id in manual if id in coded and not told[id]]


def _is_prose(cell):
    """True for a text cell, and for a code cell in which somebody wrote words."""
    if cell.kind != "code":
        return True
    code = re.search(r"^[ \t]*(%|!|@|def |class |import |from |for |while |if )", cell.text, re.M)
    return not code and parsed(cell.text) is None


def _written(code, names):
    """The words of a code cell that only holds and shows some; None where it does anything else.

    names: those that are asked for, which are no words.
    """
    if SHOWN.match(code):
        return SHOWN.sub("", code, count=1)
    tree = parsed(code)
    if tree is None or not all(_only_words(s) and not _defined(s) & set(names) for s in tree.body):
        return None
    inside = {n for s in tree.body for n in range(s.lineno, s.end_lineno + 1)}
    words = {}
    for n, line in enumerate(code.split("\n"), 1):
        comment = re.match(r"\s*(?:# ?(.*))?$", line)
        if comment and n not in inside:  # in a text it is no comment
            words[n] = [comment[1] or ""]
    for statement in tree.body:
        texts = [n.value for n in ast.walk(statement) if isinstance(n, ast.Constant)]
        words.setdefault(statement.lineno, []).extend(map(inspect.cleandoc, texts))
    said = "\n".join(line for n in sorted(words) for line in words[n])
    return said if _words(said) else None


def _only_words(statement):
    """True for a text, for one that is shown or named, and for the import of what shows it."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return set(_imported(statement).values()) == {"IPython"}
    return isinstance(statement, (ast.Expr, ast.Assign)) and _is_text(statement.value)


def _is_text(node):
    if isinstance(node, ast.Call):
        shows = getattr(node.func, "id", getattr(node.func, "attr", "")) in SHOWING
        return shows and not node.keywords and all(map(_is_text, node.args))
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
