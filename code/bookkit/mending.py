"""A Sphinx extension that mends what Sphinx and the theme write into pages.

- Pictures carry their size, so that the text below does not jump when they arrive, and are fetched
  when the reader comes near them; heavy ones are sent as WebP without loss, half as large.
- The source of a formula in the text says how wide the formula will be, for the same reason.
- A list of references is a list of list items to a screen reader, too.
- The tables of `STACKED` pages can be laid out as blocks on a phone and still be read as tables.
- The theme's script of icons is not loaded: ``templates/static/webpack-macros.html``.
"""

import html
import re
from pathlib import Path

from bs4 import BeautifulSoup
from PIL import Image

CITATIONS = {'role="doc-biblioentry"': 'role="listitem"'}  # a deprecated role, foreign to lists


FORMULA = re.compile(r'<span class="math notranslate nohighlight">\\\(([^<]*)\\\)</span>')

#: What a token of TeX is -> its width in em; the first that fits.
WIDTHS = [
    (r"\\(?:left|right|[bB]igg?[lr]?|mathrm|mathbf|mathsf|mathit|boldsymbol|text|operatorname)", 0),
    (
        r"\\(?:displaystyle|textstyle|limits|d?t?frac|hat|bar|tilde|vec|dot|overline|sqrt|mathcal|mathbb)",
        0,
    ),
    (r"\\[,:;! ]", 0.2),
    (r"\\quad", 1.0),
    (r"\\(?:log|exp|tan|sin|cos|max|min|lim|arg|det)", 1.6),
    (r"\\(?:sum|prod|int)", 1.2),
    (r"[=<>]|\\(?:approx|to|leq?|geq?|ne|in|sim|equiv|mapsto|propto|[a-z]*arrow)", 1.35),
    (r"[+−-]|\\(?:times|cdot|odot|otimes|circ|pm|mid)", 1.15),
    (r"[(),.;|\[\]/]|\\[{}|]|\\l?r?vert", 0.4),
    (r"\\[a-zA-Z]+", 0.6),
    (r"\d", 0.5),
    (r"[A-Z]", 0.85),
    (r".", 0.55),
    (r"\\.", 0.3),
]
STACKED = ("notation", "errata")  # pages of reference tables
SELF_EVIDENT = ("meaning", "what it does")  # columns whose cells say themselves what they are
HEAVY = 50_000  # bytes of a picture
EM_OF_MATHEMATICS = 1.2  # in em of the text around, measured


def lighter(picture, folder):
    """A heavy picture once more in ``folder``, without loss and lighter; its name, or None."""
    if picture.stat().st_size < HEAVY:
        return None
    target = folder / f"{picture.stem}.webp"
    if not target.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with Image.open(picture) as image:
            opaque = "A" not in image.mode or image.getextrema()[-1][0] == 255
            image.convert("RGB" if opaque else "RGBA").save(target, lossless=True, quality=50)
    return target.name if target.stat().st_size < picture.stat().st_size else None


def mend_picture(tag, files, folder):
    """An ``<img …>`` with its width and height, lazy and light.

    ``files``: name on the site -> file; ``folder``: where the pictures of the site are.
    """
    name = re.search(r'src="[^"]*_images/([^"]+\.png)"', tag)
    if not name or name[1] not in files or re.search(r"\s(?:width|height|loading)=", tag):
        return tag
    with Image.open(files[name[1]]) as image:
        width, height = image.size
    light = lighter(files[name[1]], folder) or name[1]
    added = f'<img width="{width}" height="{height}" loading="lazy"'
    return re.sub(r"^<img", added, tag.replace(name[1], light))


def typeset_width(tex):
    """About how wide a formula in the text is when it is typeset, in em of the text.

    Widths of TeX's own fonts for a letter, an operator with its space, and so on; what is raised
    or lowered is smaller; a fraction is narrower than what is in it.
    """
    width, size, groups, script = 0.0, 1.0, [], False
    for token in re.findall(r"\\[a-zA-Z]+|\\.|\S", re.sub(r"\\(?:begin|end)\{\w+\}", "", tex)):
        if token in "^_":
            script = True
            continue
        if token == "}":
            size = groups.pop() if groups else 1.0
            continue
        here = size * (0.7 if script else 1.0)
        script = False
        if token == "{":
            groups.append(size)
            size = here
        else:
            width += here * next(em for pattern, em in WIDTHS if re.fullmatch(pattern, token))
    return width * (0.85 if re.search(r"\\[dt]?frac", tex) else 1.0)


def give_room(found):
    """A formula's ``<span>`` that is as wide, before it is typeset, as it will be; see book.css."""
    tex = html.unescape(found[1])
    width = typeset_width(tex) * EM_OF_MATHEMATICS
    return found[0].replace("<span ", f'<span style="--width: {width:.2f}em" ', 1)


def stack_tables(body):
    """The HTML of a page whose tables book.css may lay out as blocks.

    A browser forgets that something is a table when it is shown otherwise, so roles say it. Each
    cell carries its column's name, but for the first one, the empty ones and those that need none.
    """
    return re.sub(r"<table\b.*?</table>", lambda found: stacked(found[0]), body, flags=re.DOTALL)


def stacked(text):
    """One table, with the roles of its parts and the names of its cells' columns."""
    table = BeautifulSoup(text, "html.parser").table
    table["role"] = "table"
    table["class"] = [*table.get("class", []), "stacked"]
    names = [head.get_text() for head in table.thead.find_all("th")]
    roles = {"thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "th": "columnheader"}
    for part in table.find_all(["thead", "tbody", "tr", "th", "td"]):
        part["role"] = roles.get(part.name, "cell")
    for row in table.tbody.find_all("tr"):
        for n, cell in enumerate(row.find_all("td")):
            if n and names[n] not in SELF_EVIDENT and cell.get_text(strip=True):
                cell["data-label"] = names[n]
    return str(table)


def mend(app, pagename, templatename, context, doctree):
    """On ``html-page-context``: the page's body, mended."""
    if "body" not in context:
        return
    files = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}
    folder = Path(app.outdir, app.builder.imagedir)
    body = re.sub(
        r"<img\b[^>]*>", lambda found: mend_picture(found[0], files, folder), context["body"]
    )
    body = FORMULA.sub(give_room, body)
    for found, wanted in CITATIONS.items():
        body = body.replace(found, wanted)
    context["body"] = stack_tables(body) if pagename in STACKED else body


def setup(app):
    """Connect; after everything that writes into the body."""
    app.connect("html-page-context", mend, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
