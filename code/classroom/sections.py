"""The titles of the book's chapters and sections, for links that say where they lead.

They were recorded from the chapters, which a course's folder does not have.
"""

import json
import re
from functools import lru_cache
from pathlib import Path

from .source import text_of

__all__ = ["RECORDED", "place", "titles_of"]

RECORDED = Path(__file__).with_name("recorded") / "sections.json"


def titles_of(root):
    """Return address, such as chapters/01_perceptron.html#three-factors -> title.

    root: the book's folder.
    """
    from docutils.nodes import make_id  # the site's build makes its anchors by it

    titles = {}
    for path in sorted(Path(root, "chapters").glob("*.ipynb")):
        page = f"chapters/{path.stem}.html"
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = text_of(cell) if cell["cell_type"] == "markdown" else ""
            for marks, title in re.findall(r"^(#{1,3}) +(.+?)\s*$", text, re.M):
                address = page if marks == "#" else f"{page}#{make_id(title)}"
                titles.setdefault(address, title)
    return titles


@lru_cache(maxsize=1)
def _recorded():
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def place(address):
    """Return (the address without an empty anchor, what is found there, in words).

    Of what the book does not have, such as a chapter of one's own, the words are the address's.
    """
    page, _, anchor = address.partition("#")
    parts = [_recorded().get(page) or Path(page).stem.replace("_", " ")]
    if anchor:
        parts.append(_recorded().get(address) or anchor.replace("-", " "))
    return (address if anchor else page), ": ".join(parts)
