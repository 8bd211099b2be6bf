"""What holds for every chapter. Each rule takes a `Chapter` and yields a sentence per offence.

`test_notebooks.py` applies the rules to the chapters; `test_notebook_rules.py` shows for each rule
a notebook that it convicts.
"""

import ast
import base64
import importlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import prose_numbers

LONGEST_CELL, MEDIAN_CELL = 30, 12
LARGEST_FILE = 1_500_000
WIDEST_PICTURE = 810  # pixels: a phone shows 350, and 10 points of 150 an inch as 9 pixels
FEWEST_EXERCISES = 4
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
LABEL = r"[A-Za-z][\w:.-]*"
EQUATION = re.compile(rf"\$\$\s*\(({LABEL})\)[ \t]*$", re.MULTILINE)
ROLE = re.compile(r"\{([\w:+-]+)\}`([^`]+)`")
EXERCISE = re.compile(r"\A:::\{admonition\} Exercise (\d+)\.(\d+) · \S")
CHECK = re.compile(r"""\bcheck\(\s*["'](\d+\.\d+)["']""")


@dataclass
class Chapter:
    """A notebook as stored: its path and its JSON."""

    path: Path
    notebook: dict

    @property
    def name(self):
        return self.path.stem

    @property
    def number(self):
        return int(self.name[:2])

    @property
    def cells(self):
        return self.notebook["cells"]

    @property
    def code(self):
        """The code cells that hold code."""
        return [c for c in self.cells if c["cell_type"] == "code" and text(c["source"]).strip()]

    @property
    def markdown(self):
        return [c for c in self.cells if c["cell_type"] == "markdown"]


def read(path):
    """The chapter stored at ``path``."""
    return Chapter(Path(path), json.loads(Path(path).read_text(encoding="utf-8")))


def text(stored):
    """A string of the notebook format, which may be stored as a list of lines."""
    return "".join(stored)


def place(cell):
    """How a complaint names a cell: its id and its first line."""
    return f"cell {cell.get('id')} ({text(cell['source']).strip().partition(chr(10))[0][:50]!r})"


def tags(cell):
    return cell["metadata"].get("tags", [])


def output_texts(cell):
    """Everything a reader can read in a code cell's outputs, HTML without its tags."""
    for output in cell.get("outputs", []):
        yield text(output.get("text", ""))
        for mime, data in output.get("data", {}).items():
            if mime == "text/html":
                yield re.sub(r"<[^>]*>", " ", text(data))
            elif mime.startswith("text/"):
                yield text(data)


def without_code(markdown):
    """Markdown without code fences and code spans; roles, which look like spans, stay."""
    markdown = re.sub(r"^(`{3,}|~{3,}).*?^\1", "", markdown, flags=re.M | re.S)
    # A role is taken whole first, or its closing backtick would open a span.
    spans = r"(\{[\w:+-]+\}`[^`]+`)|(`+)(?!`)[^`]*\2(?!`)"
    return re.sub(spans, lambda found: found[1] or "", markdown)


# --- each chapter by itself -----------------------------------------------------------------------


def executed_in_order(chapter):
    """Every code cell was executed once, from the top: nbval passes an unexecuted notebook."""
    for expected, cell in enumerate(chapter.code, 1):
        if cell["execution_count"] != expected:
            yield f"{place(cell)}: execution count {cell['execution_count']}, expected {expected}"
    for cell in chapter.cells:
        if cell["cell_type"] == "code" and not text(cell["source"]).strip():
            yield f"{place(cell)}: an empty code cell"


def nothing_hidden_from_nbval(chapter):
    """No cell is taken out of nbval, unless a comment says why its output differs every time."""
    mark = re.compile(r"(nbval[_-](?:skip|ignore[_-]output|raises[_-]exception))", re.IGNORECASE)
    for cell in chapter.code:
        for tag in tags(cell):
            if mark.match(tag) or tag == "raises-exception":
                yield f"{place(cell)}: the tag {tag} hides the cell; see CONTRIBUTING.md"
        lines = text(cell["source"]).splitlines()
        for before, line in zip(["", *lines], lines, strict=False):
            found = re.match(rf"\s*#\s*{mark.pattern}", line, re.IGNORECASE)
            if not found:
                continue
            reason = before.strip().startswith("#") and len(before.split()) > 4
            if found[1].upper() != "NBVAL_IGNORE_OUTPUT" or not reason:
                yield f"{place(cell)}: {line.strip()} without a reason in a comment above it"


def short_cells(chapter):
    """No code cell above 30 lines, half of them at most 12."""
    lengths = [len(text(cell["source"]).strip().splitlines()) for cell in chapter.code]
    for cell, length in zip(chapter.code, lengths, strict=True):
        if length > LONGEST_CELL:
            yield f"{place(cell)}: {length} lines, at most {LONGEST_CELL}"
    if lengths and median(lengths) > MEDIAN_CELL:
        yield f"the median cell has {median(lengths)} lines, at most {MEDIAN_CELL}"


def no_star_imports(chapter):
    """Every name says where it comes from; magics and shell lines are no Python."""
    for cell in chapter.code:
        try:
            tree = ast.parse(text(cell["source"]))
        except SyntaxError as error:
            yield f"{place(cell)}: not plain Python: {error}"
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names):
                yield f"{place(cell)}: from {node.module} import *"


def clean_outputs(chapter):
    """No error, nothing on stderr, no path or memory address of the machine that ran it."""
    machine = re.compile(
        r"/(?:home|root|tmp|Users|work|usr|opt|var)/[\w.-]+|[A-Z]:\\\w+|site-packages"
        r"|\b0x[0-9a-f]{6,}|ipykernel_\d+"
    )
    for cell in chapter.code:
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                yield f"{place(cell)}: the error {output['ename']}: {output['evalue']}"
            if output.get("name") == "stderr":
                yield f"{place(cell)}: stderr: {text(output['text']).strip()[:80]!r}"
        for said in output_texts(cell):
            for found in machine.finditer(said):
                yield f"{place(cell)}: {found[0]!r} belongs to one machine"


def computed_prose(chapter):
    """Every number of three or more digits in prose was computed: see `prose_numbers`."""
    sources = [text(cell["source"]) for cell in chapter.code]
    outputs = [said for cell in chapter.code for said in output_texts(cell)]
    computed = prose_numbers.computed_numbers(sources + outputs)
    for cell in chapter.markdown:
        for number in prose_numbers.uncomputed(text(cell["source"]), computed):
            yield f"{place(cell)}: {number} stands in no output or source of the chapter"


def pictures_have_words(chapter):
    """Every picture has an alt text, which is a sentence and not its caption again."""
    for cell in chapter.code:
        pictures = [o for o in cell["outputs"] if any("image/" in m for m in o.get("data", {}))]
        if not pictures:
            continue
        if len(pictures) > 1:
            yield f"{place(cell)}: {len(pictures)} pictures share one alt text; one a cell"
        about = cell["metadata"].get("mystnb", {})
        alt = about.get("image", {}).get("alt", "").strip()
        caption = about.get("figure", {}).get("caption", "").strip()
        if len(alt.split()) < 5:
            yield f"{place(cell)}: alt text expected in metadata mystnb.image.alt, got {alt!r}"
        elif alt == caption:
            yield f"{place(cell)}: the alt text repeats the caption"
    for cell in chapter.markdown:
        bare = without_code(text(cell["source"]))
        for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", bare):
            if len(alt.split()) < 5:
                yield f"{place(cell)}: the picture {target} needs an alt text, got {alt!r}"


def pictures_fit_a_phone(chapter):
    """No picture is so wide that a phone shows its letters too small; `drawn.py` measures these."""
    for cell in chapter.code:
        for data in (output.get("data", {}) for output in cell["outputs"]):
            start = base64.b64decode(text(data.get("image/png", ""))[:32])
            width = int.from_bytes(start[16:20])  # where a PNG has it
            if width > WIDEST_PICTURE:
                yield f"{place(cell)}: a picture {width} pixels wide, at most {WIDEST_PICTURE}"


def figures_are_stored(chapter):
    """A shown interactive figure has its state, its picture, and the face that the package has."""
    state = chapter.notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in chapter.code:
        for data in (output.get("data", {}) for output in cell["outputs"]):
            if VIEW not in data:
                continue
            record = state.get(data[VIEW]["model_id"], {}).get("state", {})
            if "image/png" not in data:
                yield f"{place(cell)}: no static picture beside the figure"
            if "_esm" not in record:
                yield f"{place(cell)}: the figure's state is not stored; `make run` stores it"
            elif (record["_esm"], record["_css"]) != face(record["_anywidget_id"]):
                yield f"{place(cell)}: the figure's face is not the package's; `make run` mends it"


def face(name):
    """The script and the style of the figure class with that full name."""
    module, name = name.rsplit(".", 1)
    figure = getattr(importlib.import_module(module), name)
    return figure._esm, figure._css


def tidy_file(chapter):
    """Unique cell ids, a file that a reader can fetch, nothing in it about the machine."""
    counts = Counter(cell.get("id") for cell in chapter.cells)
    for cell_id, count in counts.items():
        if cell_id is None or count > 1:
            yield f"{count} cells with id {cell_id}"
    size = len(json.dumps(chapter.notebook, indent=1, ensure_ascii=False).encode())
    if size > LARGEST_FILE:
        yield f"{size} bytes, at most {LARGEST_FILE}"
    language = chapter.notebook["metadata"].get("language_info", {})
    if language != {"name": "python"}:
        yield f"language_info: expected only the name, got {language}; `make run` mends it"
    for cell in chapter.cells:
        if "execution" in cell["metadata"]:
            yield f"{place(cell)}: stored timing; `make run` mends it"


def numbered_title(chapter):
    """The first heading carries the number of the file: `# 5 · …` in 05_….ipynb, and no other."""
    if not re.match(rf"# {chapter.number} · \S", text(chapter.cells[0]["source"])):
        first = text(chapter.cells[0]["source"]).partition("\n")[0]
        yield f"expected the first cell to begin '# {chapter.number} · ', got {first!r}"
    for cell in chapter.markdown:
        bare = without_code(text(cell["source"]))
        titles = re.findall(r"^# .*$", bare, re.MULTILINE)[cell is chapter.cells[0] :]
        yield from (f"{place(cell)}: a second title: {title}" for title in titles)


def exercises(chapter):
    """At least four, numbered 1, 2, …, each with hint, stub, solution, and the check of both.

    The stub's check must not be content, the solution's must.
    """
    found = [
        (n, match)
        for n, cell in enumerate(chapter.cells)
        if (match := EXERCISE.match(text(cell["source"])))
    ]
    if len(found) < FEWEST_EXERCISES:
        yield f"{len(found)} exercises, at least {FEWEST_EXERCISES}"
    for expected, (n, match) in enumerate(found, 1):
        name = f"{match[1]}.{match[2]}"
        if name != f"{chapter.number}.{expected}":
            yield f"exercise {name}: expected the number {chapter.number}.{expected}"
        for offence in exercise(name, chapter.cells[n : n + 4]):
            yield f"exercise {name}: {offence}"
    told = sum("exercise" in tags(cell) for cell in chapter.code)
    if told != len(found):
        yield f"{told} cells tagged exercise, {len(found)} exercises"


def exercise(name, four):
    """The offences of one exercise: task with hint, stub, solution in words, solution in code."""
    kinds = [cell["cell_type"] for cell in four]
    if kinds != ["markdown", "code", "markdown", "code"]:
        yield f"expected the cells task, stub, solution, code of the solution, got {kinds}"
        return
    task, stub, words, solution = four
    if ":class: exercise" not in text(task["source"]):
        yield "the box needs the line ':class: exercise'"
    for cell, kind, label in [(task, "hint", "Hint"), (words, "solution", "Solution")]:
        html = rf'<details class="{kind}"><summary>{label}</summary>\n\n.+\n\n</details>'
        myst = rf":::\{{dropdown\}} {label}\n:class-container: {kind}\n\n.+\n:::"
        if not re.search(f"{html}|{myst}", text(cell["source"]), re.DOTALL):
            yield (
                f":::{{dropdown}} {label} with :class-container: {kind} expected, or "
                f'<details class="{kind}"> with a blank line inside each of its ends'
            )
    if "exercise" not in tags(stub):
        yield "the stub is not tagged exercise"
    if not {"hide-cell", "solution"} <= set(tags(solution)):
        yield "the solution's cell is not tagged hide-cell, solution"
    for cell, kind, right in [(stub, "stub", False), (solution, "solution", True)]:
        said = "".join(output_texts(cell))
        if CHECK.findall(text(cell["source"])) != [name]:
            yield f'the {kind} does not call check("{name}", …) once'
        if (f"✓ Exercise {name}" in said) != right or f"Exercise {name}" not in said:
            yield f"the check of the {kind} says {said.strip()[-80:]!r}"


CHAPTER_RULES = [
    executed_in_order,
    nothing_hidden_from_nbval,
    short_cells,
    no_star_imports,
    clean_outputs,
    computed_prose,
    pictures_have_words,
    pictures_fit_a_phone,
    figures_are_stored,
    tidy_file,
    numbered_title,
    exercises,
]


# --- the chapters and pages together --------------------------------------------------------------


@dataclass
class Book:
    """The chapters, the pages that are plain Markdown, and the folder they stand in."""

    root: Path
    chapters: list
    pages: dict  # path -> Markdown

    def sources(self):
        """(path, place, Markdown) of every markdown cell and every page."""
        for chapter in self.chapters:
            for cell in chapter.markdown:
                yield chapter.path, f"{chapter.name}, {place(cell)}", text(cell["source"])
        for path, markdown in self.pages.items():
            yield path, path.name, markdown


def read_book(root):
    """The book in ``root``: its chapters, and every page that its table of contents names."""
    chapters = [read(path) for path in sorted((root / "chapters").glob("*.ipynb"))]
    paths = [root / f"{name}.md" for name in contents(root) if not name.startswith("chapters/")]
    pages = {path: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    return Book(root, chapters, pages)


def contents(root):
    """The files that ``_toc.yml`` names, in order."""
    import yaml

    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"]] + [c["file"] for part in toc["parts"] for c in part["chapters"] or []]


def made_from(name):
    """What the page `name` is made from: the build makes those of the assignments anew."""
    return re.sub(r"^handouts/assignment_", "assignments/", name)


def contents_and_files_agree(book):
    """Every chapter is in ``_toc.yml``, everything in it exists, once and in order."""
    listed = contents(book.root)
    for name in listed:
        source = made_from(name)
        if not any((book.root / f"{source}{suffix}").is_file() for suffix in (".md", ".ipynb")):
            yield f"_toc.yml lists {name}, which does not exist"
    for name, count in Counter(listed).items():
        if count > 1:
            yield f"_toc.yml lists {name} {count} times"
    for chapter in book.chapters:
        if f"chapters/{chapter.name}" not in listed:
            yield f"chapters/{chapter.name}.ipynb is not in _toc.yml"
    chapters = [name for name in listed if name.startswith("chapters/")]
    if chapters != sorted(chapters):
        yield f"_toc.yml does not keep the order of the numbers: {chapters}"


def equation_labels(book):
    """Label -> the places that define it."""
    found = {}
    for _, where, markdown in book.sources():
        for label in EQUATION.findall(without_code(markdown)):
            found.setdefault(label, []).append(where)
    return found


def labels_are_unique(book):
    """An equation's label names one equation in the whole book."""
    for label, places in equation_labels(book).items():
        if len(places) > 1:
            yield f"the label {label} stands {len(places)} times: {'; '.join(places)}"


def labels_in_code_exist(book):
    """Every ``:eq:`label``` in a docstring under code/ is an equation of a chapter."""
    known = equation_labels(book)
    for path in sorted((book.root / "code").rglob("*.py")):
        for label in re.findall(r":eq:`([^`]*)`", path.read_text(encoding="utf-8")):
            if label not in known:
                yield f"{path.relative_to(book.root)}: :eq:`{label}` is in no chapter"


def targets(book):
    """What {ref} and {numref} can name: figures, targets and directives' names."""
    found = set()
    for chapter in book.chapters:
        for cell in chapter.cells:
            figure = cell["metadata"].get("mystnb", {}).get("figure", {})
            found.update(filter(None, [figure.get("name")]))
    for _, _, markdown in book.sources():
        found.update(re.findall(rf"^\(({LABEL})\)=$", markdown, re.MULTILINE))
        found.update(re.findall(r"^:name:\s*(\S+)\s*$", markdown, re.MULTILINE))
    return found


def roles_resolve(book):
    """Every {eq}, {ref}, {numref}, {cite…}, {doc} names something that is there."""
    bib = book.root / "references.bib"
    entries = re.findall(r"^@\w+\{\s*([^,\s]+)", bib.read_text(encoding="utf-8"), re.MULTILINE)
    equations, names = equation_labels(book), targets(book)
    for path, where, markdown in book.sources():
        for role, content in ROLE.findall(markdown):
            target = re.sub(r"^.*<([^<>]+)>$", r"\1", content.strip(), flags=re.DOTALL)
            if role == "eq":
                good = target in equations
            elif role in ("ref", "numref"):
                good = target in names
            elif role.split(":")[0] == "cite":
                good = all(key.strip() in entries for key in target.split(","))
            elif role == "doc":
                page = book.root / target[1:] if target[0] == "/" else path.parent / target
                good = any(page.with_name(page.name + s).is_file() for s in ("", ".md", ".ipynb"))
            else:
                yield f"{where}: the role {{{role}}} is not one the book uses"
                continue
            if not good:
                yield f"{where}: {{{role}}}`{content}` names nothing"


def links_resolve(book):
    """Every relative link names a file that exists."""
    for path, where, markdown in book.sources():
        for target in re.findall(r"\]\(<?([^)\s>]+)>?\)", without_code(markdown)):
            if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("#"):
                continue  # fragments: site/test_static.py follows them in the built pages
            if not (path.parent / target.partition("#")[0]).is_file():
                yield f"{where}: the link to {target} leads nowhere"


BOOK_RULES = [
    contents_and_files_agree,
    labels_are_unique,
    labels_in_code_exist,
    roles_resolve,
    links_resolve,
]
