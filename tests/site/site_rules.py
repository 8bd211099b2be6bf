"""What holds for every page of the built site. Each rule yields a sentence per offence.

Only files are read here; nothing is fetched and no browser is needed.
"""

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

# Elements that make a browser fetch something, and the attributes that say what.
FETCHED = {
    "script": ["src"],
    "link": ["href"],
    "img": ["src", "srcset"],
    "source": ["src", "srcset"],
    "video": ["src", "poster"],
    "audio": ["src"],
    "iframe": ["src"],
    "embed": ["src"],
    "object": ["data"],
}
SAYS_WHERE = {"index", "search", "next", "prev", "canonical", "author", "copyright", "top", "up"}


class Page:
    """A built page: its file, its HTML, and the folder of the site."""

    def __init__(self, path, root):
        self.path, self.root = Path(path), Path(root)
        self.name = self.path.relative_to(self.root).as_posix()

    @cached_property
    def html(self):
        return BeautifulSoup(self.path.read_text(encoding="utf-8"), "html.parser")

    @cached_property
    def anchors(self):
        """Everything that a fragment of a link can name."""
        named = self.html.find_all(lambda tag: tag.get("id") or tag.get("name"))
        return {tag.get(key) for tag in named for key in ("id", "name")} - {None}

    def local(self, address):
        """The file that an address means, seen from this page; None if another host has it."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return None
        return (self.path.parent / unquote(parts.path)).resolve() if parts.path else self.path


def fetched(page):
    """(element, address) of everything that a browser loads with the page."""
    for element, attributes in FETCHED.items():
        for tag in page.html.find_all(element):
            if element == "link" and set(tag.get("rel", [])) <= SAYS_WHERE:
                continue
            for attribute in filter(tag.get, attributes):
                for candidate in tag[attribute].split(","):
                    yield element, (candidate.split() or [""])[0]


def asks_no_other_host(page):
    """Every script, style, picture, font and frame comes from the site, and is there."""
    for element, address in fetched(page):
        if address.startswith(("data:", "#")):
            continue
        file = page.local(address)
        if file is None:
            yield f"{page.name}: <{element}> loads {address}"
        elif not file.is_file():
            yield f"{page.name}: <{element}> loads {address}, which is not in the site"
    inline = [tag.get_text() for tag in page.html.find_all(["script", "style"])]
    inline += [tag["style"] for tag in page.html.find_all(style=True)]
    for text in inline:
        for address in re.findall(r"(?:https?:)?//[\w-]+\.[\w.-]+[^\s\"'`)]*", text):
            if not re.match(r"https?://www\.w3\.org/", address):  # names of XML vocabularies
                yield f"{page.name}: a script or style on the page names {address}"


def style_asks_no_other_host(path):
    """No style sheet of the site imports or shows anything from elsewhere."""
    text = path.read_text(encoding="utf-8")
    for address in re.findall(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""", text):
        yield f"{path.name}: loads {address}"


def links_resolve(page, pages):
    """Every link inside the site leads to a file of the site, and its fragment to an element."""
    for tag in page.html.find_all("a", href=True):
        file = page.local(tag["href"])
        if file is None:
            continue
        fragment = unquote(urlsplit(tag["href"]).fragment)
        if not file.is_file():
            yield f"{page.name}: the link to {tag['href']} leads nowhere"
        elif fragment and file in pages and fragment not in pages[file].anchors:
            yield f"{page.name}: no element of {file.name} is called {fragment!r}"


def pictures_have_words(page):
    """Every picture has an alt text that says something: not a path, not a hash, not nothing."""
    for tag in page.html.find_all("img"):
        alt = tag.get("alt", "").strip()
        if not alt or re.search(r"\.(?:png|svg|jpe?g|gif|webp)$|^[\w./-]*/[\w./-]+$", alt):
            yield f"{page.name}: the picture {tag.get('src')} has the alt text {alt!r}"


def no_markup_left(page):
    """No Markdown, MyST or TeX that the build should have turned into something reads as text."""
    article = BeautifulSoup(str(page.html.find("article") or ""), "html.parser")
    for tag in article.find_all(["script", "style", "pre", "code"]):
        tag.decompose()
    for tag in article.find_all(class_="math"):
        tag.decompose()
    text = article.get_text()
    left = (
        r"\{[\w:+-]+\}`|`{3}|:{3,}|\$\$|\$[^\s\d$][^$\n]*\$|\[missing|\?\?\?|\]\(|^#{1,6} |</?\w+>"
    )
    for found in re.finditer(left, text, re.MULTILINE):
        around = text[max(0, found.start() - 30) : found.end() + 30].replace("\n", " ")
        yield f"{page.name}: {found[0]!r} in …{around}…"


def one_title(page):
    """A page has one h1, a language and a title that names the book."""
    if len(page.html.find_all("h1")) < 1 or len(page.html.select("article h1")) != 1:
        yield f"{page.name}: {len(page.html.select('article h1'))} titles"
    if not page.html.html.get("lang"):
        yield f"{page.name}: no language"


def equations_carry_the_chapter(page):
    """In 05_….html the equations are (5.1), (5.2), … in order."""
    chapter = re.match(r"chapters/(\d\d)_", page.name)
    numbers = [re.match(r"\(([\d.]+)\)", tag.get_text()) for tag in page.html.select(".eqno")]
    for n, found in enumerate(numbers, 1):
        expected = f"{int(chapter[1])}.{n}" if chapter else str(n)
        if not found or found[1] != expected:
            yield f"{page.name}: equation number {found and found[1]}, expected {expected}"


def mathematics_is_local(page):
    """A page with mathematics loads MathJax from the site."""
    scripts = [tag["src"] for tag in page.html.find_all("script", src=True)]
    if page.html.select(".math") and not any("vendor/mathjax" in address for address in scripts):
        yield f"{page.name}: mathematics without the site's MathJax"


RULES = [
    asks_no_other_host,
    pictures_have_words,
    no_markup_left,
    one_title,
    equations_carry_the_chapter,
    mathematics_is_local,
]


def contrast(one, other):
    """The contrast ratio of two #rrggbb colours, as WCAG 2 defines it: 1 to 21."""
    light, dark = sorted(map(luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    """The relative luminance of a #rrggbb colour, 0 to 1."""
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
