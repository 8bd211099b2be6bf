"""What the search looks through: each section of the book with its title, its place and its words.

The list is a part of the search page itself, so that a search works from a folder on disk as well.
An excerpt is taken from what stands in sentences. Code, outputs and what is folded are found by
their words too, but not quoted: they are no sentences, or give a solution away.
"""

import re

from docutils import nodes

from bookkit.tex import plain, text_of

NOT_SAID = (nodes.section, nodes.raw, nodes.comment, nodes.meta, nodes.thead)
LONGEST = 70  # characters of an equation that is quoted with the sentences around it


def note(env, doctree, docname):
    """On ``doctree-resolved``: keep the sections of a page in ``env.book_sections``."""
    if not hasattr(env, "book_sections"):
        env.book_sections = {}
    env.book_sections[docname] = [
        entry_of(section, docname) for section in doctree.findall(nodes.section)
    ]


def entry_of(section, docname):
    """One section without those inside it, as plain data."""
    title = section.next_node(nodes.title)
    said, terms, others = [], [], []
    for node in own(section):
        if isinstance(node, nodes.literal_block) or node.tagname == "dropdown_main":
            others += re.findall(r"[^\W\d]\w{2,}", node.astext().lower())
        else:
            said.append(sentence(node))
            terms += [text_of(term) for term in node.findall(is_term)]
    text = " ".join(filter(None, said))
    return {
        "at": "" if isinstance(section.parent, nodes.document) else f"#{section['ids'][0]}",
        "title": text_of(title),
        "text": text,
        "terms": sorted(set(terms)),
        "others": " ".join(sorted(set(others) - set(re.findall(r"\w+", text.lower())))),
    }


def own(node):
    """The parts of a section that are quoted or searched, in order; not those of its sections."""
    for child in node.children:
        if isinstance(child, nodes.title) and isinstance(node, nodes.section):
            continue
        if isinstance(child, NOT_SAID):
            continue
        whole = (nodes.TextElement, nodes.literal_block, nodes.math_block)
        if isinstance(child, whole) or child.tagname == "dropdown_main":
            yield child
        else:
            yield from own(child)


def sentence(node):
    """A paragraph's text, a box's title with a full stop, an equation that is short."""
    if isinstance(node, nodes.math_block):
        text = plain(node.astext())
        return text if len(text) <= LONGEST else ""
    text = text_of(node)
    ends = isinstance(node, nodes.title) and text and text[-1] not in ".?!"
    return f"{text}." if ends else text


def is_term(node):
    """Whether a node is set off as a term is where it is defined: bold or slanted."""
    return isinstance(node, (nodes.strong, nodes.emphasis))


def for_search(app):
    """The list that ``assets/search.js`` looks through: pages in the order of the book."""
    env = app.env
    listed = env.toctree_includes.get(app.config.root_doc, [])
    order = {page: n for n, page in enumerate([app.config.root_doc, *listed])}
    kept = getattr(env, "book_sections", {})
    return [
        {
            "page": app.builder.get_relative_uri("search", page),
            "title": env.titles[page].astext(),
            "sections": kept[page],
        }
        for page in sorted(kept, key=lambda page: order.get(page, len(order)))
    ]
