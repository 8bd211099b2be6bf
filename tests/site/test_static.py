"""The site builds without a warning, and its pages keep every rule of `site_rules`.

Only files are read here, no browser is needed; each rule is shown a page that it convicts.
"""

import re
import shutil
from pathlib import Path

import pytest

import browsing
import site_rules
from bookkit.assets import fetch_assets
from bookkit.site import SiteError, build_site

ROOT = Path(__file__).resolve().parents[2]


def complain(offences):
    offences = list(offences)
    if offences:
        pytest.fail("\n".join(offences), pytrace=False)


@pytest.fixture(scope="session")
def pages(site):
    """Path -> page, for what a reader can open (the theme's own macros are no pages)."""
    paths = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    return {path: site_rules.Page(path, site) for path in paths}


@pytest.fixture(scope="session")
def written(pages):
    """The pages that have an author: not the redirect, the search page and the index."""
    made = {"index.html", "search.html", "genindex.html"}
    return [page for page in pages.values() if page.name not in made]


def test_the_site_builds_without_a_warning(build):
    if isinstance(build, SiteError):
        pytest.fail(str(build), pytrace=False)
    assert (build / "index.html").is_file()


def test_every_page_of_the_book_is_built(written):
    sources = [*ROOT.glob("chapters/*.ipynb"), ROOT / "intro.md", ROOT / "notation.md"]
    expected = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in sources}
    assert expected <= {page.name for page in written}


def test_every_page_is_opened_in_the_browser(pages):
    """The tests of the pages know them by the table of contents, before there is a site."""
    assert {page.name for page in pages.values()} - {"index.html"} == set(browsing.pages())


def test_pictures_have_sizes_and_are_light(pages, site):
    """What takes its room before it arrives does not push the text; see bookkit.mending."""
    for page in pages.values():
        for tag in page.html.select("article img[src$='.png'], article img[src$='.webp']"):
            assert int(tag["width"]) > 50 and int(tag["height"]) > 50, tag
            assert tag["loading"] == "lazy", tag
            assert page.local(tag["src"]).stat().st_size < 200_000, tag


def test_the_theme_s_script_of_icons_is_not_loaded(pages):
    assert not [page.name for page in pages.values() if page.html.select("[src*=fontawesome]")]


def test_citations_are_items_of_their_list(site):
    page = site_rules.Page(site / "bibliography.html", site)
    roles = [tag.get("role") for tag in page.html.select("[role=list].citation-list > div")]
    assert roles and set(roles) == {"listitem"}


@pytest.mark.parametrize("rule", site_rules.RULES, ids=lambda rule: rule.__name__)
def test_pages(rule, written):
    complain(offence for page in written for offence in rule(page))


def test_made_pages_ask_no_other_host(pages):
    complain(said for page in pages.values() for said in site_rules.asks_no_other_host(page))


def test_styles_ask_no_other_host(site):
    styles = list(site.rglob("*.css"))
    assert "book.css" in {path.name for path in styles}
    complain(said for path in styles for said in site_rules.style_asks_no_other_host(path))


def test_links(pages):
    complain(said for page in pages.values() for said in site_rules.links_resolve(page, pages))


def test_chapters_alt_texts_reach_the_page(site):
    import notebook_rules

    missing = []
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        page = site_rules.Page(site / "chapters" / f"{path.stem}.html", site)
        shown = {tag.get("alt") for tag in page.html.find_all("img")}
        for cell in notebook_rules.read(path).code:
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt")
            if alt and alt not in shown:
                missing.append(f"{path.name}: the page lacks the alt text {alt!r}")
    complain(missing)


def test_mathjax_is_in_the_site(site):
    assert (site / "_static/vendor/mathjax/es5/tex-chtml.js").stat().st_size > 500_000
    assert not list(site.rglob("node_modules")) and not list(site.rglob("package*.json"))


def test_solutions_are_folded(site):
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        page = site_rules.Page(site / "chapters" / f"{path.stem}.html", site)
        cells = page.html.select("div.cell.tag_solution")
        assert cells, f"{path.stem}: no solutions"
        for cell in cells:
            folded = cell.select_one("details.hide:not([open]) > summary")
            assert "Show the solution’s code" in folded.get_text()


@pytest.mark.parametrize("theme", [":root", 'html[data-theme="dark"]'])
@pytest.mark.parametrize("box", ["exercise", "predict", "mistake"])
def test_boxes_can_be_read(box, theme):
    css = (ROOT / "assets" / "book.css").read_text(encoding="utf-8")
    rules = re.search(re.escape(theme) + r" \{(.*?)\}", css, re.DOTALL)[1]
    colours = dict(re.findall(r"--book-([\w-]+): (#[0-9a-f]{6});", rules))
    text, page = ("#222832", "#ffffff") if theme == ":root" else ("#ced6dd", "#121212")  # theme's
    assert site_rules.contrast(text, colours[f"{box}-surface"]) >= 4.5
    assert site_rules.contrast(colours[box], colours[f"{box}-surface"]) >= 4.5
    assert site_rules.contrast(colours[box], page) >= 4.5


def test_contrast_of_black_and_white():
    assert site_rules.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert site_rules.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# --- each guard convicts --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{eq}`nowhere`", "nowhere"),
        ("{doc}`chapters/99_nothing`", "99_nothing"),
        ("[a link](chapters/99_nothing.ipynb)", "99_nothing"),
        ("{cite}`nobody2000`", "nobody2000"),
        ("```{nosuchthing}\n```", "nosuchthing"),
    ],
    ids=lambda text: text.strip("`{}\n")[:10],
)
def test_a_mistake_on_a_page_stops_the_build(text, message, small_book):
    (small_book / "intro.md").write_text(f"# Book\n\n{text}\n", encoding="utf-8")
    with pytest.raises(SiteError, match=message):
        build_site(small_book)


@pytest.fixture
def small_book(tmp_path):
    """A book of one page with this book's configuration and assets."""
    fetch_assets(ROOT)
    shutil.copy(ROOT / "_config.yml", tmp_path)
    shutil.copytree(ROOT / "assets", tmp_path / "assets", ignore=shutil.ignore_patterns(".npm-*"))
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
    (tmp_path / "references.bib").touch()
    (tmp_path / "intro.md").write_text("# Book\n\nA page.\n", encoding="utf-8")
    return tmp_path


def test_the_small_book_builds(small_book):
    assert build_site(small_book).is_file()


def page_with(body, folder, name="page.html"):
    """A page of a site in ``folder`` whose article holds ``body``."""
    (folder / "there.png").touch()
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'<html lang="en"><body><article><h1 id="top">T</h1>{body}</article></body></html>',
        encoding="utf-8",
    )
    return site_rules.Page(path, folder)


GOOD = (
    '<p id="here">Text with <code>{eq}`x`</code>, $5 and <a href="page.html#here">a link</a>.</p>'
    '<img src="there.png" alt="A line that rises."><div class="math">$$x$$</div>'
    '<script src="vendor/mathjax/x.js"></script><a href="https://a.example/">elsewhere</a>'
)


@pytest.mark.parametrize("rule", site_rules.RULES, ids=lambda rule: rule.__name__)
def test_a_good_page_passes(rule, tmp_path):
    (tmp_path / "vendor/mathjax").mkdir(parents=True)
    (tmp_path / "vendor/mathjax/x.js").touch()
    assert list(rule(page_with(GOOD, tmp_path))) == []


def test_good_links_pass(tmp_path):
    page = page_with(GOOD, tmp_path)
    assert list(site_rules.links_resolve(page, {page.path: page})) == []


@pytest.mark.parametrize(
    ("rule", "body"),
    [
        (site_rules.asks_no_other_host, '<script src="https://cdn.example/x.js"></script>'),
        (site_rules.asks_no_other_host, '<script src="//cdn.example/x.js"></script>'),
        (site_rules.asks_no_other_host, '<link rel="stylesheet" href="https://cdn.example/x.css">'),
        (site_rules.asks_no_other_host, '<link rel="preconnect" href="https://cdn.example">'),
        (site_rules.asks_no_other_host, '<img alt="A line" src="http://pics.example/x.png">'),
        (site_rules.asks_no_other_host, '<p style="background: url(https://pics.example/x)">x</p>'),
        (site_rules.asks_no_other_host, "<script>import('https://cdn.example/x.js')</script>"),
        (site_rules.asks_no_other_host, '<script src="absent.js"></script>'),
        (site_rules.pictures_have_words, '<img src="there.png">'),
        (site_rules.pictures_have_words, '<img src="there.png" alt="">'),
        (site_rules.pictures_have_words, '<img src="there.png" alt="../_images/4aa85b2c.png">'),
        (site_rules.pictures_have_words, '<img src="there.png" alt="_images/4aa85b2c">'),
        (site_rules.no_markup_left, "<p>see {eq}`delta`</p>"),
        (site_rules.no_markup_left, "<p>:::{admonition} Exercise</p>"),
        (site_rules.no_markup_left, "<p>the slope $x_1$ is</p>"),
        (site_rules.no_markup_left, "<p>$$ x $$</p>"),
        (site_rules.no_markup_left, "<p>[missing reference]</p>"),
        (site_rules.no_markup_left, "<p>&lt;details&gt;</p>"),
        (site_rules.one_title, "<h1>Another</h1>"),
        (site_rules.equations_carry_the_chapter, '<span class="eqno">(3.1)</span>'),
        (site_rules.equations_carry_the_chapter, '<span class="eqno">(1)</span>'),
        (site_rules.mathematics_is_local, '<div class="math">x</div>'),
    ],
)
def test_convicts(rule, body, tmp_path):
    assert list(rule(page_with(body, tmp_path, "chapters/05_deltas.html")))


@pytest.mark.parametrize("href", ["absent.html", "page.html#absent", "#absent"])
def test_convicts_links(href, tmp_path):
    page = page_with(f'<a href="{href}">x</a>', tmp_path)
    assert list(site_rules.links_resolve(page, {page.path: page}))


@pytest.mark.parametrize("css", ['@import "https://x.example/a.css"', "a{b:url(//x.example/f)}"])
def test_convicts_styles(css, tmp_path):
    (tmp_path / "x.css").write_text(css, encoding="utf-8")
    assert list(site_rules.style_asks_no_other_host(tmp_path / "x.css"))
