"""The book's symbols, read from the first table of ``notation.md``: one source for four uses.

- Each row of that table gets an id, ``symbol-delta``, and its chapters become links.
- In each of a symbol's chapters, the first place in the running text where it stands alone leads to
  its row, and the page carries what the row says, for ``assets/popover.js``.
- Each page tells Sphinx's search index the names of its symbols.
- The search page carries all symbols, for ``assets/search.js``.

The table's columns are ``symbol``, ``in code``, ``shape``, ``chapters`` and ``meaning``, found by
these names. ``chapters`` lists the chapters in which the letter means this ("1–3, 5"), the one that
introduces it first: in other chapters the same letter may stand for something else, and is left
alone there.
"""

import re

from docutils import nodes

from bookkit.tex import GREEK, SIGNS, as_html, plain, spoken, text_of

PAGE = "notation"
COLUMNS = ("symbol", "in code", "shape", "chapters", "meaning")


class NotationError(Exception):
    """The table of symbols cannot be read; the message says which row, and what was expected."""


def read_table(app, doctree):
    """On ``doctree-read``: give the rows of notation's first table their ids, and note them."""
    if app.env.docname != PAGE:
        return
    table = doctree.next_node(nodes.table)
    columns = table and [text_of(entry) for entry in table.next_node(nodes.row)]
    if columns is None or not set(COLUMNS) <= set(columns):
        raise NotationError(f"{PAGE}: expected a table with the columns {', '.join(COLUMNS)}")
    found = []
    for row in table.next_node(nodes.tbody):
        cells = dict(zip(columns, row.children, strict=True))
        symbol = entry_of(cells)
        symbol["id"] = unused(symbol["id"], {other["id"] for other in found})
        row["ids"].append(symbol["id"])
        cells["chapters"]["classes"].append("symbol-chapters")
        found.append(symbol)
    add_names_elsewhere(doctree, found)
    app.env.book_symbols = found


def entry_of(cells):
    """What a row says, as plain data; ``cells`` has an entry for each column's name."""
    tex = [node.astext() for node in cells["symbol"].findall(nodes.math)]
    code = [node.astext() for node in cells["in code"].findall(nodes.literal)]
    named = "-".join(re.findall(r"\w+", code[0])) if code else ""
    return {
        "id": nodes.make_id(f"symbol-{named or plain_name(tex[0])}"),
        "tex": tex,
        "code": code,
        "shape": text_of(cells["shape"]),
        "chapters": chapters_in(text_of(cells["chapters"])),
        "meaning": text_of(cells["meaning"]),
        "meaning_tex": with_tex(cells["meaning"]),
        "elsewhere": [],
    }


def plain_name(tex):
    """The letters of a formula, for an id: ``\\odot`` gives odot."""
    return "-".join(re.findall(r"[A-Za-z]+", tex))


def unused(name, taken):
    """``name``, or with the first number that makes it new: ``symbol-h``, then ``symbol-h-2``."""
    number, candidate = 1, name
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def chapters_in(text):
    """[1, 2, 3, 5] for "1–3, 5"; a `NotationError` for anything else."""
    if not re.fullmatch(r"\d+(–\d+)?(, \d+(–\d+)?)*", text):
        raise NotationError(
            f'{PAGE}: expected chapters as in "1–3, 5" (with an en dash), came "{text}"'
        )
    chapters = []
    for part in text.split(", "):
        first, _, last = part.partition("–")
        chapters.extend(range(int(first), int(last or first) + 1))
    return chapters


def with_tex(node):
    r"""A node's text with its formulas as ``\(…\)``, which MathJax typesets."""
    return "".join(
        rf"\({child}\)" if isinstance(child.parent, nodes.math) else str(child)
        for child in node.findall(nodes.Text)
    )


def add_names_elsewhere(doctree, symbols):
    """Add what other books call a symbol, from the page's second table: ``lr`` finds η."""
    tables = list(doctree.findall(nodes.table))
    for row in tables[1].next_node(nodes.tbody) if len(tables) > 1 else ():
        first, *others = row.children
        here = [node.astext().split(" =")[0] for node in first.findall(nodes.math)]
        here += [node.astext() for node in first.findall(nodes.literal)]
        names = sorted({n.astext() for cell in others for n in cell.findall(nodes.literal)})
        for symbol in symbols:
            if here and here[0] in (*symbol["tex"], *symbol["code"]):
                symbol["elsewhere"] += names


def known(env):
    """The symbols of the book; none in a book without a page of notation."""
    return getattr(env, "book_symbols", [])


def names(symbol):
    """Every name under which a search should find a symbol, in lower case, without repeats."""
    found = []
    for tex in symbol["tex"]:
        found += [plain(tex), plain(tex).replace("_", ""), *re.findall(r"[A-Za-z]{2,}", tex)]
        found += [name for name in GREEK if SIGNS[name] in plain(tex)]
    found += symbol["code"] + symbol["elsewhere"]
    ignored = {"mathsf", "mathbf", "partial"}
    return sorted({name.lower() for name in found if name.strip()} - ignored)


# Where a symbol would be no first use: headings, what is folded away, what leads somewhere already.
NOT_HERE = (nodes.title, nodes.reference, nodes.table, nodes.caption, nodes.literal_block)


def running_text(node):
    """Whether a formula stands in the running text of a page."""
    while node is not None:
        if isinstance(node, NOT_HERE) or node.tagname == "dropdown_main":
            return False
        node = node.parent
    return True


class symbol_link(nodes.reference):
    """A symbol that leads to its row; ``spoken`` is its name for a screen reader."""


def visit_symbol_link(self, node):
    """Write the link as HTML: formulas alone are no name that every program can read."""
    named = {"href": node["refuri"], "aria-label": node["spoken"]}
    self.body.append(self.starttag(node, "a", "", CLASS="symbol reference internal", **named))


def depart_symbol_link(self, node):
    """End the link."""
    self.body.append("</a>")


def mark_first_uses(app, doctree, docname, chapter):
    """Make the first use of each symbol in a chapter a link to its row; the symbols' ids."""
    waiting = {
        tex: symbol["id"]
        for symbol in reversed(known(app.env))  # of two rows for one letter the first one wins
        if chapter in symbol["chapters"]
        for tex in symbol["tex"]
    }
    marked, target = [], app.builder.get_relative_uri(docname, PAGE)
    for formula in list(doctree.findall(nodes.math)):
        tex = formula.astext()
        if tex not in waiting or not running_text(formula.parent):
            continue
        symbol_id = waiting[tex]
        link = symbol_link("", "", internal=True, refuri=f"{target}#{symbol_id}")
        link["spoken"] = spoken(tex)
        formula.replace_self(link)
        link += formula
        marked.append(symbol_id)
        waiting = {key: value for key, value in waiting.items() if value != symbol_id}
    return marked


def link_chapters(app, doctree, pages):
    """On the page of notation, lead each chapter's number to that chapter.

    ``pages`` has the page of each chapter's number.
    """
    for cell in doctree.findall(nodes.entry):
        if "symbol-chapters" not in cell["classes"]:
            continue
        for text in list(cell.findall(nodes.Text)):
            parts = []
            for part in re.split(r"(\d+)", str(text)):
                page = pages.get(int(part)) if part.isdigit() else None
                if page is None:
                    parts.append(nodes.Text(part))
                else:
                    where = app.builder.get_relative_uri(PAGE, page)
                    name = f"chapter {part}"
                    link = nodes.reference("", part, internal=True, refuri=where, reftitle=name)
                    parts.append(link)
            text.parent.replace(text, parts)


def keywords(env, chapter):
    """The words under which Sphinx's search finds a chapter for its symbols; all for None."""
    words = set()
    for symbol in known(env):
        if chapter is None or chapter in symbol["chapters"]:
            # Sphinx cuts a query at everything that is no letter, digit or underscore.
            words.update(word for name in names(symbol) for word in re.findall(r"\w+", name))
    return sorted(words)


def shown_on(env, body):
    """Symbol id -> what to show, for every symbol that the HTML of a page links to."""
    wanted = set(re.findall(rf'href="[^"#]*{PAGE}\.html#(symbol-[\w-]+)"', body))
    shown = {}
    for symbol in known(env):
        if symbol["id"] in wanted:
            shown[symbol["id"]] = {
                "tex": ", ".join(rf"\({tex}\)" for tex in symbol["tex"]),
                "code": symbol["code"],
                "shape": symbol["shape"],
                "meaning": symbol["meaning_tex"],
            }
    return shown


def for_search(app, pages):
    """The list that ``assets/search.js`` looks through; ``pages``: chapter's number -> page."""
    env = app.env
    found = []
    for symbol in known(env):
        numbers = [number for number in symbol["chapters"] if number in pages]
        found.append(
            {
                "id": symbol["id"],
                "html": ", ".join(as_html(tex) for tex in symbol["tex"]),
                "code": symbol["code"],
                "names": names(symbol),
                "meaning": symbol["meaning"],
                "chapters": [
                    [
                        app.builder.get_relative_uri("search", pages[number]),
                        str(number),
                        env.titles[pages[number]].astext(),
                    ]
                    for number in numbers
                ],
            }
        )
    return found
