"""What the reader does with a page: tick exercises and chapters, go on, download, print, and read
outputs on a phone and equations without scripts.

The boxes to tick stand on the page from the start, so that nothing moves when
``assets/progress.js`` gives them their state; without scripts they are not shown.
"""

import html
import re

from docutils import nodes
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.util.docutils import SphinxDirective


class Exercises(EnvironmentCollector):
    """Notes in ``env.book_exercises``: page -> the numbers of its exercises, as "5.2"."""

    def clear_doc(self, app, env, docname):
        exercises(env).pop(docname, None)

    def merge_other(self, app, env, docnames, other):
        exercises(env).update({k: v for k, v in exercises(other).items() if k in docnames})

    def process_doc(self, app, doctree):
        exercises(app.env)[app.env.docname] = [number for number, _ in boxes(doctree)]


def exercises(env):
    """Page -> the numbers of its exercises."""
    if not hasattr(env, "book_exercises"):
        env.book_exercises = {}
    return env.book_exercises


def boxes(doctree):
    """(number, node) of each exercise box of a page, by its title: "Exercise 5.2 · Thresholds"."""
    for box in doctree.findall(nodes.admonition):
        title = box.next_node(nodes.title)
        found = re.match(r"Exercise (\d+\.\d+) ·", title.astext()) if title else None
        if "exercise" in box["classes"] and found:
            yield found[1], box


def add_ticks(doctree, docname):
    """Put a box to tick below each exercise's text, and one at the end of a chapter."""
    for number, box in boxes(doctree):
        box += _raw(tick(f"I solved exercise {number}", exercise=number))
    end = _raw(
        f'<div class="book-done pst-js-only">{tick("I have read this chapter", read=docname)}'
        '<a href="../intro.html#your-progress">Your progress</a></div>'
    )
    next(doctree.findall(nodes.section)).append(end)


def tick(label, **data):
    """A labelled box to tick; ``data`` says what it stands for."""
    attributes = "".join(f' data-{key}="{html.escape(value)}"' for key, value in data.items())
    box = f'<input type="checkbox" autocomplete="off"{attributes}>'
    return f'<label class="book-tick pst-js-only">{box} {html.escape(label)}</label>'


def _raw(text):
    return nodes.raw("", text, format="html")


class ProgressHere(SphinxDirective):
    """``{reader-progress}``: the table of what the reader has ticked, and the way to clear it."""

    def run(self):
        return [nodes.container(classes=["reader-progress"])]


def fill_progress(doctree, env, pages, uri):
    """Write the table where the directive stands: a row for each of ``pages``, in order.

    ``uri(page)`` is the address of a page as seen from this one.
    """
    for place in list(doctree.findall(nodes.container)):
        if "reader-progress" in place["classes"]:
            place.replace_self(_raw(progress_table(env, pages, uri)))


def progress_table(env, pages, uri):
    """The table as HTML; `assets/progress.js` finds its cells by their ``data-``."""
    rows = [
        f'<tr data-page="{page}"><th scope="row"><a href="{uri(page)}">'
        f"{html.escape(env.titles[page].astext())}</a></th>"
        f'<td data-of="read">no</td>'
        f'<td data-of="solved" data-numbers="{" ".join(exercises(env).get(page, []))}">'
        f"0 of {len(exercises(env).get(page, []))}</td></tr>"
        for page in pages
    ]
    return (
        '<div class="book-progress pst-js-only">'
        '<p class="book-progress-sum" aria-live="polite">Nothing is ticked yet.</p>'
        "<details><summary>Chapter by chapter</summary>"
        '<div class="pst-scrollable-table-container"><table class="table">'
        '<thead><tr><th scope="col">chapter</th><th scope="col">read</th>'
        f'<th scope="col">exercises solved</th></tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div></details>"
        '<p><button type="button" class="book-clear" disabled>Clear my progress</button></p>'
        '<dialog class="book-clear-sure" aria-labelledby="book-clear-title">'
        '<p id="book-clear-title">Clear every tick and the place where you were? '
        "This cannot be undone.</p>"
        '<p><button type="button" value="keep" autofocus>Keep it</button> '
        '<button type="button" value="clear">Clear my progress</button></p></dialog>'
        "</div>"
        "<noscript><p>Ticks need JavaScript, which is off here.</p></noscript>"
    )


def let_sentences_wrap(doctree):
    """Give the outputs that hold no columns a class, by which book.css wraps their lines."""
    for block in doctree.findall(nodes.literal_block):
        if "output" in block["classes"] and not has_columns(block.astext()):
            block["classes"].append("flows")


def has_columns(text):
    """Whether lines of a text stand below each other: an array's rows, a table's."""
    lines = text.rstrip().split("\n")
    apart = sum(bool(re.search(r"\S  +\S", line)) for line in lines)
    return apart > 1 or any(line.startswith(" ") for line in lines[1:])


WITHOUT_SCRIPTS = (
    '<noscript><p class="book-noscript">Without JavaScript, which is off here, equations stand as '
    "their source in TeX, on paper too, and interactive figures as still pictures. Nothing on "
    "this page asks another host.</p></noscript>"
)


def say_what_is_missing(body):
    """A page's HTML, with a word about mathematics below its title for who has no scripts."""
    if 'class="math notranslate' not in body:
        return body
    return body.replace("</h1>", f"</h1>\n{WITHOUT_SCRIPTS}", 1)


def name_downloads(context):
    """Say in the download menu what each entry does, instead of ".ipynb" and ".pdf"."""
    words = {
        "download-source-button": {
            ".ipynb": ("Notebook with its outputs", "Download this chapter as a notebook (.ipynb)"),
            ".md": ("Source of this page", "Download the source of this page (.md)"),
        },
        "download-pdf-button": {
            ".pdf": ("Print or save as PDF", "Print this page, or save it as a PDF"),
        },
    }
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            said = words.get(button.get("label"), {}).get(button.get("text"))
            if said:
                button["text"], button["tooltip"] = said


def lost_page(app):
    """On ``html-collect-pages``: 404.html, for whatever address a host cannot find."""
    env, builder = app.env, app.builder
    pages = env.toctree_includes.get(app.config.root_doc, [])
    listed = [(builder.get_target_uri(page), env.titles[page].astext()) for page in pages]
    start = builder.get_target_uri(app.config.root_doc)
    context = {"listed": listed, "start": start, "base": app.config.html_baseurl}
    yield "404", context, "404.html"
