"""A Sphinx directive that shows an interactive figure where no notebook is.

::

    ```{stored-figure} chapters/01_perceptron
    ---
    number: 1
    ---
    A caption.
    ```

takes the first figure that the chapter stores: its state, its picture, its alt text. Nothing is
executed, and the page cannot show another figure than the chapter, whose outputs nbval compares.
The page then holds what `bookkit.widgets` makes of a figure in a notebook.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


class FigureError(Exception):
    """There is no such figure; the message says what was looked for."""


class StoredFigure(SphinxDirective):
    """``{stored-figure} page``: the ``number``-th interactive figure of a chapter (default: 1)."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {"number": directives.positive_int}

    def run(self):
        page, number = self.arguments[0], self.options.get("number", 1)
        path = Path(self.env.srcdir, f"{page}.ipynb")
        self.env.note_dependency(str(path))
        try:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            output, alt = figure(notebook, number)
        except (OSError, FigureError) as error:
            raise self.error(f"stored-figure: {page}: {error}") from None
        self.start_on_this_page(notebook)
        box = nodes.container(classes=["bp-host"])
        picture = nodes.image(uri=self.picture(output["data"]["image/png"]), alt=alt)
        box += nodes.container("", picture, classes=["bp-picture"])
        view = json.dumps(output["data"][VIEW])
        box += nodes.raw("", f'<script type="{VIEW}">{view}</script>', format="html")
        box = nodes.container("", box, classes=["stored-figure"])
        if not self.content:
            return [box]
        caption = nodes.container(classes=["stored-figure-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        return [box, caption]

    def start_on_this_page(self, notebook):
        """Give the page the widgets' state, and the script that starts them."""
        state = json.dumps(notebook["metadata"]["widgets"][STATE]).replace("</", r"<\/")
        scripts = {"ipywidgets_state": (None, {"type": STATE, "body": state})}
        for n, (name, attributes) in enumerate(self.config.nb_ipywidgets_js.items()):
            scripts[f"ipywidgets_{n}"] = (name, attributes)
        for key, (name, attributes) in scripts.items():
            NbMetadataCollector.add_js_file(self.env, self.env.docname, key, name, attributes)

    def picture(self, stored):
        """Write the stored PNG where Sphinx can take it from; its path as an image wants it."""
        data = base64.b64decode("".join(stored))
        folder = Path(self.env.doctreedir) / "stored"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{hashlib.sha256(data).hexdigest()[:32]}.png"
        path.write_bytes(data)
        return Path(
            os.path.relpath(path, Path(self.env.doc2path(self.env.docname)).parent)
        ).as_posix()


def figure(notebook, number):
    """(output, alt text) of the ``number``-th interactive figure that a notebook stores."""
    found = [
        (output, cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", ""))
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if VIEW in output.get("data", {})
    ]
    if number > len(found):
        raise FigureError(f"expected figure {number}, the notebook stores {len(found)}")
    output, alt = found[number - 1]
    if "image/png" not in output["data"] or not alt:
        raise FigureError(f"figure {number} has no picture, or its cell no alt text")
    return output, alt
