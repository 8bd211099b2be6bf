"""A Sphinx extension for what the book needs and Jupyter Book cannot be told in ``_config.yml``.

- Equations and figures carry the number of their chapter's file. Sphinx numbers from 1 on over the
  whole book, so that every chapter added in front renumbers the rest; here the third labelled
  equation of ``chapters/05_backprop_deltas`` is (5.3), whatever else the book holds.
- The folded cell of a solution says that it is one.
"""

import re

from docutils import nodes


def chapter_number(docname):
    """5 for ``chapters/05_backprop_deltas``; None for a page that is no chapter."""
    found = re.match(r"(?:.*/)?(\d\d)_[^/]*$", docname)
    return int(found[1]) if found else None


def number_by_chapter(app, env):
    """Give the n-th figure, table, equation of a page the number (chapter, n)."""
    for docname, kinds in env.toc_fignumbers.items():
        chapter = chapter_number(docname)
        for numbers in kinds.values():
            for n, node_id in enumerate(numbers, 1):
                numbers[node_id] = (n,) if chapter is None else (chapter, n)
    return list(env.toc_fignumbers)


def name_solutions(app, doctree):
    """Word the prompts of cells tagged ``solution`` (they are folded: tag ``hide-cell``)."""
    for cell in doctree.findall(nodes.container):
        if "tag_solution" in cell["classes"]:
            cell["prompt_show"] = "Show the solution’s code"
            cell["prompt_hide"] = "Hide the solution’s code"


def setup(app):
    app.connect("doctree-read", name_solutions)
    # Sphinx's own numbering listens to this event at priority 500 and comes first.
    app.connect("env-get-updated", number_by_chapter, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
