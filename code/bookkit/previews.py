"""What a reference to an equation shows before it is followed, and where it gets that from.

While the pages are read, every labelled equation is noted: its TeX, its page and the heading it
stands under. A page that is written then carries the equations that it refers to, as JSON, and
``assets/popover.js`` shows them. Nothing is fetched, so it works from a folder on disk as well.
"""

import re

from docutils import nodes
from sphinx.environment.collectors import EnvironmentCollector

# A reference in the text; the link that an equation has to itself is of another class.
LINK = r'class="reference internal" href="[^"#]*#(equation-[\w-]+)"'


class Equations(EnvironmentCollector):
    """Notes in ``env.book_equations``: node id -> its TeX, the page and the heading above it."""

    def clear_doc(self, app, env, docname):
        """Forget the equations of a page that is read again, or gone."""
        known = _equations(env)
        for node_id in [key for key, entry in known.items() if entry["page"] == docname]:
            del known[node_id]

    def merge_other(self, app, env, docnames, other):
        """Take over what another process read."""
        found = _equations(other)
        _equations(env).update({k: v for k, v in found.items() if v["page"] in docnames})

    def process_doc(self, app, doctree):
        """Note the equations of one page."""
        for node in doctree.findall(nodes.math_block):
            if node.get("label"):
                # The id that Sphinx gives the equation, and so the fragment of every link to it.
                _equations(app.env)[nodes.make_id(f"equation-{node['label']}")] = {
                    "tex": display_tex(node),
                    "page": app.env.docname,
                    "under": heading(node),
                }


def _equations(env):
    if not hasattr(env, "book_equations"):
        env.book_equations = {}
    return env.book_equations


def display_tex(node):
    """The TeX that MathJax gets for an equation, as Sphinx writes it: lines make a ``split``."""
    text = node.astext().strip()
    if node.get("nowrap") or r"\\" not in text:
        return text
    return rf"\begin{{split}}{text}\end{{split}}"


def heading(node):
    """The text of the heading that a node stands under; empty above the first."""
    while node is not None and not isinstance(node, nodes.section):
        node = node.parent
    title = node.next_node(nodes.title) if node is not None else None
    return title.astext() if title is not None else ""


def shown_on(env, body):
    """Node id -> what to show, for every equation that the HTML of a page links to.

    Each entry has ``tex``, ``number`` (as "5.3") and ``where``, the titles of chapter and section.
    """
    known, numbers = _equations(env), env.toc_fignumbers
    wanted = sorted(set(re.findall(LINK, body)) & set(known))
    shown = {}
    for node_id in wanted:
        entry = known[node_id]
        number = numbers.get(entry["page"], {}).get("displaymath", {}).get(node_id, ())
        chapter = env.titles[entry["page"]].astext()
        where = chapter if entry["under"] in ("", chapter) else f"{chapter}: {entry['under']}"
        shown[node_id] = {
            "tex": entry["tex"],
            "number": ".".join(map(str, number)),
            "where": where,
        }
    return shown
