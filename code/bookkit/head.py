"""What a page's head says about it: a description, how it looks when shared, its icons.

The site's own address is unknown until somebody puts it somewhere. It is ``html: baseurl:`` in
``_config.yml``, or the variable ``BOOK_URL``, which wins. Without it the tags that need a whole
address (the picture for sharing, the canonical address) are left out.
"""

import html
import os
import re

from docutils import nodes

from bookkit.tex import plain, text_of

PICTURE = "share.png"  # in assets/, 1200 by 630, made by `python -m bookkit share`
PICTURE_ALT = "One gradient found in three ways: on paper, by differences, and by PyTorch."
COLOURS = {"light": "#ffffff", "dark": "#121212"}  # the theme's grounds

# A browser may refuse storage (a strict setting, a sandboxed frame). The theme then stops at its
# first line; with this stand-in it forgets at the end of the page, and everything works.
STORAGE = """<script>
try { localStorage.length; } catch {
  const kept = new Map();
  Object.defineProperty(window, "localStorage", { value: {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, String(value)),
    removeItem: (key) => void kept.delete(key),
    forgets: true,
  } });
}
</script>"""


def set_address(app, config):
    """On ``config-inited``: the site's address from ``BOOK_URL``, ending in a slash."""
    address = os.environ.get("BOOK_URL", "").strip() or config.html_baseurl
    if address and not re.match(r"https?://[^/]+", address):
        raise ValueError(
            f"the site's address (BOOK_URL, or html: baseurl: in _config.yml): expected one like "
            f'"https://example.org/book/", came "{address}"'
        )
    config.html_baseurl = address.rstrip("/") + "/" if address else ""


def description(doctree, enough=80, longest=200):
    """How a page begins, its formulas in plain signs: paragraphs and short equations.

    They are taken until they hold ``enough`` characters and end a sentence, and cut after the last
    sentence that fits into ``longest``, else after the last word.
    """
    page = next(doctree.findall(nodes.section), None)
    parts = []
    for node in page.children if page is not None else ():
        text = opening(node)
        if isinstance(node, nodes.section) or (len(" ".join(parts)) >= enough and _ends(parts)):
            break
        if text and not text.endswith(":"):
            parts.append(text)
    text = " ".join(parts)
    if len(text) <= longest:
        return text
    sentence = re.match(rf".{{40,{longest - 1}}}[.?!](?=\s)", text)
    return sentence[0] if sentence else text[: longest - 1].rsplit(" ", 1)[0] + "…"


def opening(node):
    """What a node adds to a description: a paragraph's text, an equation of one short line."""
    if isinstance(node, nodes.paragraph):
        return text_of(node)
    if isinstance(node, nodes.math_block) and len(plain(node.astext())) <= 40:
        return re.sub(r"\s+([.,])", r"\1", plain(node.astext()))
    return ""


def _ends(parts):
    return parts[-1][-1] in ".?!"


def tags(app, pagename, context, doctree):
    """The tags of a page's head that no theme writes, as HTML."""
    base, config = app.config.html_baseurl, app.config
    title = plain_title(context.get("title", "")) or config.html_title
    said = description(doctree) if doctree else ""
    said = said or f"{title}, in the book “{config.html_title}”."
    properties = {
        "og:type": "article" if re.match(r"chapters/", pagename) else "website",
        "og:site_name": config.html_title,
        "og:title": title,
        "og:description": said,
        "og:url": f"{base}{pagename}.html" if base else "",
        "og:image": f"{base}_static/{PICTURE}" if base else "",
        "og:image:width": "1200" if base else "",
        "og:image:height": "630" if base else "",
        "og:image:alt": PICTURE_ALT if base else "",
    }
    names = {
        "description": said,
        "author": config.author,
        "twitter:card": "summary_large_image" if base else "summary",
    }
    static = context["pathto"]("_static/", resource=True)
    return "\n".join(
        [
            STORAGE,
            *(_meta("name", name, content) for name, content in names.items() if content),
            *(_meta("property", name, content) for name, content in properties.items() if content),
            *(
                f'<meta name="theme-color" media="(prefers-color-scheme: {theme})" '
                f'content="{colour}">'
                for theme, colour in COLOURS.items()
            ),
            f'<link rel="icon" type="image/png" sizes="48x48" href="{static}favicon.png">',
            f'<link rel="apple-touch-icon" href="{static}touch-icon.png">',
        ]
    )


def plain_title(markup):
    """A title without its tags and entities."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip()


def _meta(kind, name, content):
    return f'<meta {kind}="{name}" content="{html.escape(content)}">'
