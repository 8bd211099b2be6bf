"""A Sphinx extension that mends what Sphinx and the theme write into pages.

- Pictures carry their size, so that the text below does not jump when they arrive, and are fetched
  when the reader comes near them.
- The source of a formula in the text says how wide the formula will be, for the same reason.
- A list of references is a list of list items to a screen reader, too.
- The theme's script of icons is not loaded: ``templates/static/webpack-macros.html``.
"""

import html
import re
import struct
from pathlib import Path

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
    (r"[A-Z]", 0.75),
    (r".", 0.55),
    (r"\\.", 0.3),
]
EM_OF_MATHEMATICS = 1.2  # in em of the text around, measured


def size_of_png(path):
    """(width, height) of a PNG file in pixels; None for another kind of file."""
    head = Path(path).read_bytes()[:24]
    return struct.unpack(">II", head[16:24]) if head.startswith(b"\x89PNG\r\n\x1a\n") else None


def give_size(tag, files):
    """An ``<img …>`` with its width and height, and lazy; ``files``: name on the site -> file."""
    name = re.search(r'src="[^"]*_images/([^"]+)"', tag)
    if not name or name[1] not in files or re.search(r"\s(?:width|height|loading)=", tag):
        return tag
    size = size_of_png(files[name[1]])
    if size is None:
        return tag
    added = f'<img width="{size[0]}" height="{size[1]}" loading="lazy"'
    return re.sub(r"^<img", added, tag)


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


def mend(app, pagename, templatename, context, doctree):
    """On ``html-page-context``: the page's body, mended."""
    if "body" not in context:
        return
    files = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}
    body = re.sub(r"<img\b[^>]*>", lambda found: give_size(found[0], files), context["body"])
    body = FORMULA.sub(give_room, body)
    for found, wanted in CITATIONS.items():
        body = body.replace(found, wanted)
    context["body"] = body


def setup(app):
    """Connect; after everything that writes into the body."""
    app.connect("html-page-context", mend, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
