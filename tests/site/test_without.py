"""The book where something is missing: no scripts, no server, no screen."""

import pytest

import browsing

#: Pictures of an article that did not arrive or take no room.
UNSEEN = """() => [...document.querySelectorAll("article img")].filter((picture) =>
    !(picture.complete && picture.naturalWidth && picture.getBoundingClientRect().width > 20))
    .map((picture) => picture.src)"""

#: What is folded and shows nothing of its inside.
FOLDED = """() => [...document.querySelectorAll("article details")].filter((folded) =>
    ![...folded.children].some((child) =>
        child.localName !== "summary" && child.checkVisibility({contentVisibilityAuto: true})
        && child.getBoundingClientRect().height > 0))
    .map((folded) => folded.textContent.trim().slice(0, 60))"""


@pytest.mark.parametrize("path", ["intro.html", *browsing.chapters()])
def test_without_scripts(path, open_page):
    page = open_page(path, javascript=False, width=390)
    assert page.locator("article h1").first.is_visible()
    assert page.evaluate(UNSEEN) == []
    for box in page.locator("article .bp-host").all():
        assert box.locator("img, svg").first.is_visible()
    cells = page.locator("article div.cell_input pre")
    assert cells.count() == 0 or any(cell.is_visible() for cell in cells.all()[:3])
    for formula in page.locator("article span.math").all()[:3]:  # its source, in full size
        size = "node => parseFloat(getComputedStyle(node).fontSize)"
        assert formula.evaluate(size) == formula.locator("xpath=..").evaluate(size)
    assert browsing.sideways(page) == []


WORDS = "article h1 + .book-noscript, article h1 + noscript"


def test_without_scripts_pages_with_equations_say_what_is_missing(open_page):
    for path in ("notation.html", "chapters/05_backprop_deltas.html"):
        words = open_page(path, javascript=False).locator(WORDS)
        assert words.is_visible() and "source in TeX" in words.inner_text()
        assert not open_page(path).locator(".book-noscript").is_visible()
    assert open_page("genindex.html", javascript=False).locator(WORDS).count() == 0


@pytest.mark.parametrize("javascript", [True, False])
def test_in_print_nothing_is_folded_and_nothing_leads_elsewhere(javascript, open_page):
    page = open_page("chapters/05_backprop_deltas.html", javascript=javascript)
    assert len(page.evaluate(FOLDED)) > 5
    page.emulate_media(media="print")
    page.locator("article details > :not(summary)").first.wait_for()
    assert page.evaluate(FOLDED) == []
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", "footer"):
        for found in page.locator(part).all():
            assert not found.is_visible(), part


def test_on_paper_every_picture_has_arrived(open_page):
    page = open_page("chapters/10_optimizers.html")
    pictures = page.evaluate("new Set([...document.images].map((picture) => picture.src)).size")
    assert page.pdf().count(b"/Subtype /Image") >= pictures > 3


def test_the_first_file_of_the_folder_leads_to_the_start_page(open_page, site):
    page = open_page((site / "index.html").as_uri(), javascript=False)
    page.wait_for_url("file:**/intro.html")


@pytest.mark.parametrize("path", ["intro.html", "chapters/05_backprop_deltas.html"])
def test_from_a_folder(path, open_page, site):
    page = open_page((site / path).as_uri())
    assert browsing.math_errors(page) == []
    assert page.evaluate(UNSEEN.replace("article img", "article img:not([loading])")) == []
    page.locator("a.right-next").click()
    page.wait_for_url("file:**/chapters/*.html")


def test_search_from_a_folder_is_the_same(open_page, site):
    page = open_page(f"{(site / 'search.html').as_uri()}?q=sigmoid")
    assert page.locator("#search-results li > a").count() > 3
    assert "sigmoid" in page.locator("#search-results li .context").first.inner_text().lower()
