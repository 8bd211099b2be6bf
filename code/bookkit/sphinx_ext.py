"""A Sphinx extension for what the book needs and Jupyter Book cannot be told in ``_config.yml``.

- Equations and figures carry the number of their chapter's file. Sphinx numbers from 1 on over the
  whole book, so that every chapter added in front renumbers the rest; here the third labelled
  equation of ``chapters/05_backprop_deltas`` is (5.3), whatever else the book holds.
- The folded cell of a solution says that it is one.
- References to equations can be looked at before they are followed: `previews`.
- Symbols lead to the page of notation, and the search knows them: `symbols`.
- The search finds sections, and quotes their sentences: `sections`.
- Pages say in their head what they are: `head`.
- Pages can be ticked, downloaded, printed, and missed: `reader`.
- A page can show a figure of a chapter, as the chapter stores it: `shown`.
"""

import json
import re
from pathlib import Path

from docutils import nodes

from bookkit import head, previews, reader, sections, shown, symbols
from bookkit.tex import SIGNS


def chapter_number(docname):
    """5 for ``chapters/05_backprop_deltas``; None for a page that is no chapter."""
    found = re.match(r"chapters/(\d\d)_[^/]*$", docname)
    return int(found[1]) if found else None


def chapter_pages(env):
    """{5: "chapters/05_backprop_deltas", …}, in order."""
    numbered = {chapter_number(page): page for page in sorted(env.found_docs)}
    return {
        number: page
        for number, page in sorted(numbered.items(), key=lambda item: item[0] or 0)
        if number is not None
    }


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


def complete_page(app, doctree, docname):
    """On ``doctree-resolved``: what a page gets when all pages are known."""
    sections.note(app.env, doctree, docname)
    pages = chapter_pages(app.env)
    chapter = chapter_number(docname)
    if chapter is not None:
        symbols.mark_first_uses(app, doctree, docname, chapter)
        reader.add_ticks(doctree, docname)
    reader.let_sentences_wrap(doctree)
    if docname == symbols.PAGE:
        symbols.link_chapters(app, doctree, pages)
    if chapter is not None or docname == symbols.PAGE:
        words = symbols.keywords(app.env, chapter)
        if words:
            doctree.insert(0, nodes.meta("", name="keywords", content=", ".join(words)))
    reader.fill_progress(
        doctree, app.env, pages.values(), lambda page: app.builder.get_relative_uri(docname, page)
    )


def complete_head(app, pagename, templatename, context, doctree):
    """On ``html-page-context``: the head's tags, the page's data, the names of its buttons."""
    reader.name_downloads(context)
    if pagename == "404":
        return
    context["metatags"] = head.tags(app, pagename, context, doctree) + context.get("metatags", "")
    body = context["body"] = reader.say_what_is_missing(context.get("body", ""))
    data = {
        "equations": previews.shown_on(app.env, body),
        "symbols": symbols.shown_on(app.env, body),
    }
    if any(data.values()):
        add_data(app, "book-previews", data)
        app.add_js_file("popover.js", loading_method="defer")
    if pagename == "search":
        found = {
            "pages": sections.for_search(app),
            "symbols": symbols.for_search(app, chapter_pages(app.env)),
            "signs": SIGNS,
        }
        add_data(app, "book-search", found)
        app.add_js_file("search.js", loading_method="defer")


def add_data(app, name, data):
    """Put data on the page that is being written, for its scripts."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = text.replace("</", "<\\/").replace("<!--", "<\\u0021--")
    app.add_js_file(None, body=text, type="application/json", id=name)


def merge(app, env, docnames, other):
    """Take over the symbols when another process has read their page."""
    if symbols.PAGE in docnames:
        env.book_symbols = symbols.known(other)


def add_templates(app, config):
    """Let Sphinx find this package's templates."""
    config.templates_path.append(str(Path(__file__).parent / "templates"))


def setup(app):
    app.add_directive("reader-progress", reader.ProgressHere)
    app.add_directive("stored-figure", shown.StoredFigure)
    app.add_node(symbols.symbol_link, html=(symbols.visit_symbol_link, symbols.depart_symbol_link))
    app.add_env_collector(previews.Equations)
    app.add_env_collector(reader.Exercises)
    app.connect("config-inited", head.set_address)
    app.connect("config-inited", add_templates)
    app.connect("doctree-read", name_solutions)
    app.connect("doctree-read", symbols.read_table)
    app.connect("env-merge-info", merge)
    # Sphinx's own numbering listens to this event at priority 500 and comes first.
    app.connect("env-get-updated", number_by_chapter, priority=900)
    app.connect("doctree-resolved", complete_page)
    app.connect("html-collect-pages", reader.lost_page)
    # The theme makes its buttons at this event, at priority 501 and later.
    app.connect("html-page-context", complete_head, priority=900)
    # What `sections` notes while pages are written has to reach the search page.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
