"""What is made of an assignment's source: the site's page, the student's copy, recorded numbers.

Nothing is written where a leak is found (`leaks`). Files are written whole or not at all.
"""

import json
import re
from pathlib import Path

from .files import write_whole
from .leaks import LeakError, refuse_leaks
from .sections import RECORDED, titles_of
from .selfcheck import SUFFIX, record
from .source import SourceError, load, text_of

__all__ = [
    "build",
    "check_site",
    "grader_data",
    "page",
    "recorded",
    "release",
    "sources",
    "student_notebook",
    "write_pages",
]

#: Where the book's build finds the pages of its assignments. Their names do not begin with a
#: number, as those of chapters do, which number equations and are listed as chapters.
PAGES, PAGE = "handouts", "assignment_{}"
#: A link to a chapter, as the sources write it.
CHAPTER = re.compile(r"\[([^\]]+)\]\(\.\./(chapters/\w+)\.ipynb(#[\w-]+)?\)")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def sources(root, folder="assignments"):
    """Return the `Source` of every assignment in `root`/`folder`, in the order of the names.

    Raises `SourceError` with what is wrong in the first that has something wrong.
    """
    folder = Path(root, folder)
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise SourceError(f"expected notebooks in {folder}, there are none")
    return [load(path) for path in paths]


# ---------------------------------------------------------------------------- what is made


def student_notebook(source, book_url=None):
    """Return the text of the notebook that students get: the source without its solutions.

    book_url: the address of the book's site, for links to its chapters; without it the links' words
    stay, and nothing is linked, since a student's folder has no chapters.
    """
    cells = source.student_cells()
    for cell in cells:
        mark = cell["metadata"]["nbgrader"]
        cell["metadata"]["deletable"] = False
        if mark["locked"]:
            cell["metadata"]["editable"] = False
        if cell["cell_type"] == "markdown":
            _replace(cell, lambda text: CHAPTER.sub(lambda m: _link(m, book_url), text))
    return _notebook(cells, {"classroom": {"assignment": source.name}})


def _link(match, book_url):
    words, page, anchor = match.groups()
    return words if not book_url else f"[{words}]({book_url.rstrip('/')}/{page}.html{anchor or ''})"


def page(source):
    """Return the text of the notebook that the site shows as the assignment's page.

    It is the student's, with links to the chapters and one for the download.
    """
    cells = source.student_cells()
    for cell in cells:
        answer = cell["metadata"]["nbgrader"]["solution"]
        cell["metadata"] = {"tags": ["exercise"]} if answer and cell["cell_type"] == "code" else {}
    title, _, rest = text_of(cells[0]).partition("\n")
    download = (
        f"{{download}}`Download the notebook <files/{source.name}.ipynb>`, open it where the "
        "book's package is installed, in JupyterLab or Colab, and write your answers into it."
    )
    _replace(cells[0], lambda text: f"{title}\n\n{download}\n{rest}")
    return _notebook(cells)


def recorded(source):
    """Return the text of `NN_name.checks.json`, from which students check themselves."""
    return json.dumps(record(source.assignment), ensure_ascii=False) + "\n"


def grader_data(source):
    """Return what the grader needs of a source, as JSON can hold it.

    For each question its id, kind, points, the name it defines, its cell, the stub and the hash by
    which an untouched answer is known, and the headings before and after it, by which an answer in
    words is found when its cell has lost its metadata.
    """
    return {
        "assignment": source.name,
        "title": source.assignment.title,
        "points": source.assignment.points,
        "questions": [
            {
                "id": answer.id,
                "kind": answer.kind,
                "points": answer.points,
                "calls": answer.calls,
                "cell": answer.cell,
                "cell_type": answer.cell_type,
                "stub": answer.stub,
                "digest": answer.digest,
                "heading": answer.heading,
                "following": answer.following,
            }
            for answer in source.answers
        ],
    }


def _notebook(cells, metadata=None):
    notebook = {"cells": cells, "metadata": {**METADATA, **(metadata or {})}}
    return _json({**notebook, "nbformat": 4, "nbformat_minor": 5})


def _replace(cell, change):
    cell["source"] = change(text_of(cell)).splitlines(keepends=True)


def _json(value):
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------------------- what is written


def release(path, out, book_url=None, seed=None):
    """Write what students get of one assignment into the folder `out`/NN_name; return the folder.

    path: its notebook. seed: the course's secret seed, so that it and what it expects are looked
    for as well. Raises `SourceError` or `LeakError` before anything is written.
    """
    source = load(path)
    return _write_all(Path(out, source.name), _handed_out(source, book_url), source, seed)


def _handed_out(source, book_url=None):
    return {
        f"{source.name}.ipynb": student_notebook(source, book_url),
        f"{source.name}{SUFFIX}": recorded(source),
    }


def build(root, out=None, seed=None, folder="assignments"):
    """Make everything of every assignment in `root`/`folder`; return the folders, one for each.

    Into `out` (default: `root`/_build/classroom): what students get, the page, and the grader's
    data `NN_name.grader.json`. In the book's own folder the recorded numbers and titles that the
    package carries are renewed too.
    """
    out = Path(out or Path(root, "_build", "classroom"))
    folders = []
    for source in sources(root, folder):
        texts = {**_handed_out(source), "page.ipynb": page(source)}
        made = _write_all(out / source.name, texts, source, seed)
        write_whole(made / f"{source.name}.grader.json", _json(grader_data(source)))
        folders.append(made)
        package = Path(root, "code", "classroom", "recorded")
        if package.is_dir():
            write_whole(package / f"{source.name}{SUFFIX}", recorded(source))
            write_whole(package / RECORDED.name, _json(titles_of(root)))
    return folders


def write_pages(root):
    """Write the pages of the site, and the notebooks they offer, into `root`/handouts.

    Pages of assignments that are no more go. Returns the pages' paths.
    """
    folder = Path(root, PAGES)
    written, pages = set(), []
    for source in sources(root):
        texts = {
            f"{PAGE.format(source.name)}.ipynb": page(source),
            f"files/{source.name}.ipynb": student_notebook(source),
        }
        _write_all(folder, texts, source)
        written |= {folder / name for name in texts}
        pages.append(folder / f"{PAGE.format(source.name)}.ipynb")
    for path in folder.rglob("*.ipynb"):
        if path not in written:
            path.unlink()
    return pages


def check_site(root, html):
    """Raise `LeakError` if the built site in `html` gives away anything of an assignment.

    Looked at are the assignments' pages, their sources and what can be downloaded; and that no
    source of an assignment has got into the site.
    """
    html = Path(html)
    for source in sources(root):
        name = source.name
        strays = [p for p in html.rglob(f"{name}*") if p.parent.name == "assignments"]
        if strays:
            raise LeakError(f"{name}: its source is in the site: {strays[0]}")
        shown = f"{PAGES}/{PAGE.format(name)}.*"
        places = (shown, f"_sources/{shown}", f"_downloads/*/{name}.*")
        paths = [path for place in places for path in html.glob(place)]
        refuse_leaks({str(p): p.read_text(encoding="utf-8") for p in paths}, source)


def _write_all(folder, texts, source, seed=None):
    refuse_leaks(texts, source, seed)
    for name, text in texts.items():
        write_whole(folder / name, text)
    return folder
