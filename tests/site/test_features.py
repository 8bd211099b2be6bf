"""What the site does for its reader, in Chromium: start, search, previews, progress, head, 404."""

import gzip
import json
import re
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from bs4 import BeautifulSoup
from PIL import Image

import browsing
from bookkit.site import build_site

CHAPTER = "chapters/05_backprop_deltas.html"
BOX = "#book-popover"
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) shifts.push(shift.value);
  }).observe({ type: "layout-shift", buffered: true });
}"""


def shown(page):
    """The text of the open preview, without the spaces of MathJax."""
    page.wait_for_function(
        "() => { const box = document.querySelector('#book-popover');"
        "return !box.hidden && box.style.visibility === '' }"
    )
    return page.locator(BOX).inner_text()


def hidden(page):
    page.locator(BOX).wait_for(state="hidden")
    return True


# --- the start page -------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_first_figure_is_in_sight_and_runs(open_page, width, height):
    page = open_page("intro.html", width=width)
    page.set_viewport_size({"width": width, "height": height})
    figure = page.locator(".bp-host[data-ready]")
    figure.wait_for()
    box = figure.bounding_box()
    assert box["y"] + 300 < height, "the figure begins too far down"
    # the numbers of chapter 1: its output and its third slope
    assert "0.7311" in figure.inner_text() and "0.2088" in figure.inner_text()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_when_the_figure_starts(open_page, width):
    page = open_page("intro.html", width=width, before=lambda p: p.add_init_script(f"({SHIFTS})()"))
    page.locator(".bp-host[data-ready]").wait_for()
    browsing.settle(page)
    page.evaluate("() => new Promise((ready) => requestAnimationFrame(() => setTimeout(ready)))")
    assert page.evaluate("shifts.reduce((sum, value) => sum + value, 0)") < 0.1


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_three_ways_in(open_page, width):
    page = open_page("intro.html", width=width)
    cards = page.locator(".book-ways .sd-card")
    names = ["Read", "Run", "Teach"]
    assert [cards.nth(n).locator(".sd-card-title").inner_text() for n in range(3)] == names
    tops = [cards.nth(n).bounding_box()["y"] for n in range(3)]
    assert (len(set(tops)) == 1) == (width == 1280), "side by side where there is room"
    for n, goal in enumerate(["chapters/01_perceptron.html", "#run-it", "#teach-with-it"]):
        link = cards.nth(n).locator("p:last-child a")
        assert link.get_attribute("href") == goal
        assert link.bounding_box()["height"] >= 44, "too small for a thumb"


# --- previews of equations and symbols ------------------------------------------------------------

FIVE_TWO = "article a.internal[href='#equation-output-forward']"
ELSEWHERE = "article a.internal[href='01_perceptron.html#equation-sigmoid-slope']"


def test_a_reference_shows_its_equation_on_hover(open_page):
    page = open_page(CHAPTER)
    page.locator(FIVE_TWO).first.hover()
    text = shown(page)
    assert "(5.2) in 5 · Backpropagation’s deltas: 5.1 Forward, layer by layer" in text
    assert page.locator(f"{BOX} mjx-container[display]").count() == 1
    assert page.locator(f"{BOX} mjx-merror").count() == 0
    # It can be pointed at, and goes when the pointer goes.
    page.locator(BOX).hover()
    page.evaluate("() => new Promise((ready) => setTimeout(ready, 400))")
    assert page.locator(BOX).is_visible()
    page.locator("article h1").hover()
    assert hidden(page)


def test_a_reference_shows_an_equation_of_another_page(open_page, server):
    page = open_page(CHAPTER)
    before = len(server.sent)
    page.locator(ELSEWHERE).first.hover()
    assert "(1.7) in 1 · The perceptron: 1.3 Three factors" in shown(page)
    # Scrolling to the reference brings lazy pictures, the preview MathJax's fonts; nothing else.
    asked = [path for path, *_ in server.sent[before:]]
    assert [path for path in asked if not re.search(r"mathjax|_images/", path)] == []


def test_the_keyboard_shows_previews_and_escape_closes_them(open_page):
    page = open_page(CHAPTER)
    link = page.locator(ELSEWHERE).first
    link.scroll_into_view_if_needed()
    link.evaluate(
        "link => { const before = document.createElement('button');"
        "link.before(before); before.focus(); }"
    )
    page.keyboard.press("Tab")
    assert "(1.7)" in shown(page)
    assert link.get_attribute("aria-describedby") == "book-popover"
    assert page.locator(BOX).get_attribute("role") == "tooltip"
    page.keyboard.press("Escape")
    assert hidden(page)
    assert link.evaluate("link => link === document.activeElement"), "the focus stays"
    assert link.get_attribute("aria-describedby") is None
    page.keyboard.press("Enter")
    page.wait_for_url("**/01_perceptron.html#equation-sigmoid-slope")


def test_a_first_tap_looks_and_a_second_goes(open_page):
    page = open_page(CHAPTER, width=390, touch=True)
    link = page.locator(ELSEWHERE).first
    link.tap()
    assert "(1.7)" in shown(page)
    box = page.locator(BOX).bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.url.endswith(CHAPTER)
    page.locator("article h1").tap()
    assert hidden(page)
    link.tap()
    shown(page)
    link.tap()
    page.wait_for_url("**/01_perceptron.html#equation-sigmoid-slope")


def test_the_preview_of_a_wide_equation_is_not_cut(open_page):
    page = open_page(CHAPTER)
    page.locator("article a.internal[href='#equation-threshold-hidden']").first.hover()
    assert "(5.16)" in shown(page)
    cut = "box => box.scrollWidth - box.clientWidth"
    for part in (BOX, f"{BOX} mjx-container[display]"):
        assert page.locator(part).evaluate(cut) <= 1, part


def test_a_preview_moves_nothing(open_page):
    page = open_page(CHAPTER)
    link = page.locator(FIVE_TWO).first
    link.scroll_into_view_if_needed()
    measure = "() => [document.documentElement.scrollHeight, scrollY, scrollX]"
    before = page.evaluate(measure)
    link.hover()
    shown(page)
    assert page.evaluate(measure) == before


def test_every_reference_to_an_equation_has_a_preview(site):
    for path in browsing.chapters():
        text = (site / path).read_text(encoding="utf-8")
        wanted = set(
            re.findall(r'class="reference internal" href="[^"#]*#(equation-[\w-]+)"', text)
        )
        data = re.search(r'<script[^>]*id="book-previews"[^>]*>(.*?)</script>', text)
        have = json.loads(data[1])["equations"]
        assert wanted == set(have), path
        for name, entry in have.items():
            number = int(path[9:11])
            assert re.fullmatch(r"\d+\.\d+", entry["number"]), (path, name)
            assert entry["tex"] and entry["where"], (path, name)
            if f'href="#{name}"' in text:
                assert entry["number"].startswith(f"{number}."), (path, name)


def test_the_first_use_of_a_symbol_leads_to_its_row(open_page):
    page = open_page("chapters/01_perceptron.html")
    link = page.locator("article a.symbol[href='../notation.html#symbol-delta']")
    assert link.count() == 1 and link.get_attribute("aria-label") == "delta"
    assert link.locator("[tabindex]").count() == 0, "two stops of the Tab key in one link"
    link.hover()
    text = shown(page)
    assert "in code delta; shape of z" in text and "and nothing else" in text
    link.click()
    page.wait_for_url("**/notation.html#symbol-delta")
    row = page.locator("tr#symbol-delta")
    assert row.is_visible() and "delta" in row.inner_text()
    assert row.bounding_box()["y"] > 0


def test_previews_and_progress_are_accessible(open_page):
    page = open_page(CHAPTER, forgive=("missing", "errors"))  # axe asks for style sheets
    page.locator(ELSEWHERE).first.hover()
    shown(page)
    assert browsing.axe(page) == []
    start = open_page("intro.html", forgive=("missing", "errors"), theme="dark")
    start.evaluate(
        "localStorage.setItem('book-progress', JSON.stringify("
        "{version: 1, read: ['chapters/01_perceptron'], solved: [], last: null}))"
    )
    start.reload()
    browsing.settle(start)
    start.locator(".book-clear").click()
    assert browsing.axe(start) == []
    found = open_page("search.html?q=delta", forgive=("missing", "errors"), theme="dark")
    found.locator(".book-symbols li").first.wait_for()
    found.locator("#search-results ul.search .highlighted").first.wait_for()
    assert browsing.axe(found) == []
    assert browsing.axe(open_page("404.html")) == []


# --- search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "row", "first_chapter"),
    [
        ("delta", "symbol-delta", "1 · The perceptron"),
        ("δ", "symbol-delta", "1 · The perceptron"),
        ("eta", "symbol-eta", "1 · The perceptron"),
        ("learning rate", "symbol-eta", "1 · The perceptron"),
        ("lr", "symbol-eta", "1 · The perceptron"),
        ("W_jk", "symbol-w-j-k", "2 · Many outputs, one loss"),
        ("W[j, k]", "symbol-w-j-k", "2 · Many outputs, one loss"),
        ("sigma", "symbol-sigmoid", "1 · The perceptron"),
        ("σ", "symbol-sigmoid", "1 · The perceptron"),
    ],
)
def test_search_finds_a_symbol_by_its_name(open_page, query, row, first_chapter):
    page = open_page("intro.html")
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input[name=q]")
    field.wait_for()
    field.fill(query)
    field.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    first = page.locator(".book-symbols li").first
    first.wait_for()
    assert first.locator("a").first.get_attribute("href") == f"notation.html#{row}"
    assert first.locator(".context a").first.inner_text() == first_chapter
    # The list of sections below has chapters too.
    chapters = page.locator("#search-results ul.search a[href*='chapters/']")
    chapters.first.wait_for()
    assert chapters.count() >= 1
    first.locator("a").first.click()
    page.wait_for_url(f"**/notation.html#{row}")


def results(page):
    """(address, text) of what a search found, the best first."""
    page.locator("#search-results .search-summary").wait_for()
    found = page.locator("#search-results ul.search > li").all()
    return [(li.locator("a").first.get_attribute("href"), li.inner_text()) for li in found]


BACKPROP = "chapters/05_backprop_deltas.html"


@pytest.mark.parametrize(
    ("query", "first", "quoted"),
    [
        ("delta", BACKPROP, "derive the delta of a hidden neuron"),
        ("δ", BACKPROP, "derive the delta of a hidden neuron"),
        (
            "vanishing gradient",
            f"{BACKPROP}#a-delta-on-a-long-way-back",
            "half a million times smaller than one of the last: the vanishing gradient",
        ),
        ("Himmelblau", "chapters/09_himmelblau.html", "on a landscape"),
        (
            "learning rates",
            "chapters/10_optimizers.html#a-sweep-of-learning-rates",
            "against the learning rate",
        ),
        ("check_network", "api.html#check-network", "check_network"),
    ],
)
def test_search_leads_to_the_section_and_quotes_it(open_page, query, first, quoted):
    page = open_page(f"search.html?q={query}")
    href, text = results(page)[0]
    assert href.startswith(first) and (first[-5:] == ".html") == ("#" not in href)
    assert quoted in text
    page.locator("#search-results ul.search a").first.click()
    page.wait_for_url(f"**/{first}*")


def test_excerpts_are_sentences_of_the_article(open_page):
    for query in ("η", "sigmoid", "batch", "learning rate"):
        for href, text in results(open_page(f"search.html?q={query}")):
            for leak in ("Notebook with its outputs", "import ", "of 76", "Contents", "Ctrl"):
                assert leak not in text, (query, href)
            assert not re.search(r"\\|[${}]|frac|leftarrow|[¶#]$", text), (query, href, text)


def test_a_word_of_the_code_is_found_and_a_nonsense_word_is_not(open_page):
    found = results(open_page("search.html?q=keepdims"))
    assert any(href.startswith("chapters/") for href, _ in found)
    page = open_page("search.html?q=sigmoid+zzzz")
    assert results(page) == []
    assert page.get_by_role("status").inner_text().startswith("Nothing in the book has all")


def test_every_result_leads_somewhere(site):
    text = (site / "search.html").read_text(encoding="utf-8")
    pages = json.loads(re.search(r'id="book-search"[^>]*>(.*?)</script>', text)[1])["pages"]
    assert {page["page"] for page in pages} == set(browsing.contents())
    for page in pages:
        html = (site / page["page"]).read_text(encoding="utf-8")
        assert [s for s in page["sections"] if s["at"] and f'id="{s["at"][1:]}"' not in html] == []


def test_the_search_page_is_light(open_page, server):
    before = len(server.sent)
    open_page("search.html?q=delta")
    assert sum(size for _, _, size in server.sent[before:]) < 700_000


def test_search_for_no_symbol_shows_none(open_page):
    page = open_page("search.html?q=ravine")
    page.locator("#search-results ul.search li").first.wait_for()
    assert page.locator(".book-symbols").count() == 0


# --- progress -------------------------------------------------------------------------------------


def stored(page):
    return json.loads(page.evaluate("localStorage.getItem('book-progress')") or "null")


def test_ticks_are_kept_shown_and_cleared(open_page):
    page = open_page(CHAPTER)
    assert stored(page) is None, "nothing is ticked by opening a page"
    solved = page.get_by_label("I solved exercise 5.2")
    solved.focus()
    page.keyboard.press("Space")
    page.get_by_label("I have read this chapter").check()
    kept = stored(page)
    assert (kept["version"], kept["solved"]) == (1, ["5.2"])
    assert kept["read"] == ["chapters/05_backprop_deltas"]
    ticked = page.locator(".bd-docs-nav a", has=page.locator(".book-read"))
    assert ticked.evaluate_all("links => links.map(link => link.textContent)") == [
        "5 · Backpropagation’s deltas✓ (read)"
    ]

    start = open_page("intro.html", beside=page)
    assert (
        start.locator(".book-progress-sum").inner_text().startswith("1 of 15 chapters read, 1 of ")
    )
    start.locator(".book-progress summary").click()
    row = start.locator("tr[data-page='chapters/05_backprop_deltas']")
    total = len(row.locator("[data-of=solved]").get_attribute("data-numbers").split())
    assert row.locator("[data-of=read]").inner_text() == "✓ yes"
    assert row.locator("[data-of=solved]").inner_text() == f"1 of {total}" and total >= 4

    clear = start.locator(".book-clear")
    clear.click()
    start.keyboard.press("Escape")
    assert stored(start)["solved"] == ["5.2"], "Escape keeps it"
    clear.click()
    start.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    assert stored(start)["solved"] == ["5.2"]
    clear.click()
    start.get_by_role("dialog").get_by_role("button", name="Clear my progress").click()
    assert stored(start) is None
    assert start.locator(".book-progress-sum").inner_text() == "Your progress is cleared."
    assert clear.is_disabled()
    # the other tab hears of it
    page.wait_for_function("() => !document.querySelector('[data-exercise=\"5.2\"]').checked")
    assert page.locator(".book-read").count() == 0


def test_the_start_page_goes_on_where_reading_stopped(open_page):
    page = open_page(CHAPTER)
    page.locator("#what-a-hidden-neuron-is-guilty-of h2").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#what-a-hidden-neuron-is-guilty-of').scrollIntoView()")
    page.goto(page.url.replace(CHAPTER, "intro.html"))
    link = page.locator(".book-begin a")
    assert link.inner_text() == "Go on: 5 · Backpropagation’s deltas"
    link.click()
    page.wait_for_url(f"**/{CHAPTER}#what-a-hidden-neuron-is-guilty-of")


@pytest.mark.parametrize(
    "spoilt", ["{", "null", "7", '{"version": 2}', '{"version": 1, "read": 3, "solved": []}']
)
def test_spoilt_progress_counts_as_none(open_page, spoilt):
    script = f"localStorage.setItem('book-progress', {json.dumps(spoilt)})"
    page = open_page(CHAPTER, before=lambda page: page.add_init_script(script))
    assert not page.get_by_label("I solved exercise 5.2").is_checked()
    page.get_by_label("I solved exercise 5.2").check()
    assert stored(page)["solved"] == ["5.2"]


@pytest.mark.parametrize("at", ["https://elsewhere.example/", "javascript:alert(1)", "../x"])
def test_what_is_kept_leads_nowhere_else(open_page, at):
    kept = {"version": 1, "read": [], "solved": [], "last": {"at": at, "title": "x"}}
    script = f"localStorage.setItem('book-progress', {json.dumps(json.dumps(kept))})"
    page = open_page("intro.html", before=lambda page: page.add_init_script(script))
    assert page.locator(".book-begin a").get_attribute("href") == "chapters/01_perceptron.html"


DENIED = """Object.defineProperty(window, "localStorage", { configurable: true, get() {
  throw new DOMException("denied", "SecurityError");
} })"""


def test_pages_work_where_storage_is_denied(open_page):
    def deny(page):
        page.add_init_script(DENIED)

    page = open_page(CHAPTER, before=deny)  # errors on the console would fail the test
    page.get_by_label("I solved exercise 5.2").check()
    page.locator(".theme-switch-button:visible").first.click()
    assert page.evaluate("document.documentElement.dataset.mode") in ("light", "dark")
    start = open_page("intro.html", before=deny)
    assert "keep nothing" in start.locator(".book-progress-sum").inner_text()


def test_progress_from_a_folder_on_disk(open_page, site):
    page = open_page((site / CHAPTER).as_uri())
    page.get_by_label("I have read this chapter").check()
    assert page.locator(".book-read").count() == 1
    page.locator(ELSEWHERE).first.hover()
    assert "(1.7)" in shown(page)


# --- head, downloads, print -----------------------------------------------------------------------


def test_every_page_says_what_it_is(site):
    descriptions = {}
    for path in browsing.contents():
        html = BeautifulSoup((site / path).read_text(encoding="utf-8"), "html.parser")
        named = {
            tag.get("name") or tag.get("property"): tag["content"]
            for tag in html.find_all("meta", content=True)
        }
        descriptions[path] = named["description"]
        assert 20 <= len(named["description"]) <= 200, path
        assert not re.search(r"[\\${}]", named["description"]), "TeX in a description"
        assert named["og:description"] == named["description"]
        assert named["og:title"] in html.title.get_text()
        assert html.html["lang"] == "en"
        assert len(html.select("meta[name=theme-color]")) == 2
        for icon in html.select("link[rel~=icon], link[rel=apple-touch-icon]"):
            assert (site / path).parent.joinpath(icon["href"].split("?")[0]).is_file(), icon
        # Where the site will stand is unknown: nothing may claim an address.
        assert not named.keys() & {"og:url", "og:image"} and not html.select("[rel=canonical]")
    own = [descriptions[path] for path in ["intro.html", *browsing.chapters()]]
    assert len(set(own)) == len(own), "two pages begin alike"


def test_the_pictures_for_sharing_have_their_size_and_are_small():
    for name, size in {"share": (1200, 630), "favicon": (48, 48), "touch-icon": (180, 180)}.items():
        path = browsing.ROOT / "assets" / f"{name}.png"
        with Image.open(path) as picture:
            assert picture.size == size
        assert path.stat().st_size < 30_000


def test_a_site_with_an_address_can_be_shared(tmp_path, monkeypatch):
    monkeypatch.setenv("BOOK_URL", "https://example.org/book")
    book = small_book(tmp_path)
    html = BeautifulSoup(build_site(book).with_name("intro.html").read_text("utf-8"), "html.parser")
    found = {tag["property"]: tag["content"] for tag in html.select("meta[property]")}
    assert found["og:url"] == "https://example.org/book/intro.html"
    assert found["og:image"] == "https://example.org/book/_static/share.png"
    assert html.select_one("link[rel=canonical]")["href"] == "https://example.org/book/intro.html"
    lost = (book / "_build/html/404.html").read_text("utf-8")
    assert '<base href="https://example.org/book/">' in lost


def small_book(folder):
    """A book of one page with this book's configuration and assets."""
    shutil.copy(browsing.ROOT / "_config.yml", folder)
    ignore = shutil.ignore_patterns(".npm-*")
    shutil.copytree(browsing.ROOT / "assets", folder / "assets", ignore=ignore)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: intro\n", encoding="utf-8")
    (folder / "references.bib").touch()
    (folder / "intro.md").write_text("# Book\n\nA page.\n", encoding="utf-8")
    return folder


def test_a_chapter_is_downloaded_as_it_is_stored(open_page, tmp_path):
    page = open_page(CHAPTER)
    menu = page.get_by_role("button", name="Download this page")
    menu.focus()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Notebook with its outputs")
    link.wait_for()
    assert link.get_attribute("download") == "", "a server may show its JSON instead"
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "05_backprop_deltas.ipynb"
    download.value.save_as(tmp_path / "x.ipynb")
    stored = browsing.ROOT / "chapters" / "05_backprop_deltas.ipynb"
    assert (tmp_path / "x.ipynb").read_bytes() == stored.read_bytes()


def test_the_menu_prints(open_page):
    page = open_page(
        CHAPTER,
        before=lambda page: page.add_init_script("window.print = () => { window.printed = true; }"),
    )
    page.get_by_role("button", name="Download this page").click()
    page.get_by_role("button", name="Print or save as PDF").click()
    assert page.evaluate("window.printed") is True


def on_paper(page):
    """Lay a page out as for A4: 180 mm of text at 96 dots an inch."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    return browsing.settle(page)


@pytest.mark.parametrize("path", browsing.chapters())
def test_nothing_is_cut_off_on_paper(open_page, path):
    page = on_paper(open_page(path, theme="dark"))
    wide = page.evaluate("""() => [...document.querySelectorAll(
        "article :is(div.math, pre, table, .bp-picture, .cell_output, mjx-container.wide)")]
      .filter((box) => box.offsetParent && box.scrollWidth > box.clientWidth + 2)
      .map((box) => `${box.className}: ${box.scrollWidth} > ${box.clientWidth}, `
        + box.textContent.trim().slice(0, 40))""")
    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_paper_shows_what_is_folded_and_leaves_out_what_is_for_screens(open_page):
    page = on_paper(open_page("chapters/01_perceptron.html", theme="dark"))
    folded = page.locator("article details")
    assert folded.count() >= 20
    assert folded.evaluate_all("all => all.every(details => details.open)")
    inside = "details.hide .cell_input, details.solution .sd-summary-content"
    seen = page.locator(inside).evaluate_all(
        "all => all.map(box => [box.offsetHeight > 0, getComputedStyle(box).opacity])"
    )
    assert seen and all(row == [True, "1"] for row in seen)
    for gone in (
        ".book-tick",
        ".book-done",
        ".prev-next-footer",
        ".bd-sidebar-primary",
        ".copybtn",
    ):
        assert not any(box.is_visible() for box in page.locator(gone).all()), gone
    assert page.locator(".bp-host .bp-picture img").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(34, 40, 50)", (
        "dark letters"
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not folded.evaluate_all("all => all.some(details => details.open)")


def test_code_stays_on_the_page_of_what_it_shows(open_page):
    page = on_paper(open_page("chapters/05_backprop_deltas.html"))
    apart = """() => [...document.querySelectorAll("article div.cell > .cell_output")]
        .map((output) => [output, output.previousElementSibling, output.parentElement])
        .filter(([output, code, cell]) => getComputedStyle(code).breakAfter !== "avoid"
            || (output.querySelector("img") && getComputedStyle(cell).breakInside !== "avoid"))
        .map(([, code]) => code.textContent.trim().slice(0, 60))"""
    assert page.locator("article div.cell > .cell_output img").count() > 4
    assert page.evaluate(apart) == []


def test_a_chapter_prints(open_page):
    page = open_page(CHAPTER)
    pdf = page.pdf(format="A4", print_background=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert pdf.startswith(b"%PDF") and 15 <= pages <= 30


# --- an address that does not exist ---------------------------------------------------------------


@pytest.fixture
def host(site):
    """A host that has the site in a folder, and shows its 404.html for whatever it cannot find."""

    class Handler(SimpleHTTPRequestHandler):
        prefix = "/"

        def translate_path(self, path):
            path = path.split("?")[0]
            inside = path.removeprefix(self.prefix) if path.startswith(self.prefix) else "\0"
            return str(site / inside) if "\0" not in inside else "/nonexistent"

        def send_error(self, code, *_):
            body = (site / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield Handler, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("prefix", ["/", "/some/book/"])
@pytest.mark.parametrize("lost", ["nothing.html", "chapters/99_nothing.html", "a/b/c/d/"])
def test_a_lost_reader_finds_back(open_page, host, prefix, lost):
    handler, address = host
    handler.prefix = prefix
    page = open_page(f"{address}{prefix}{lost}", forgive=("missing", "errors"))
    assert page.locator("h1").inner_text() == "No such page"
    page.wait_for_function("() => document.querySelector('base')")
    hrefs = page.locator("a").evaluate_all("links => links.map(link => link.href)")
    home = f"{address}{prefix}"
    wanted = {home + path for path in browsing.contents()}
    assert wanted <= set(hrefs) and all(href.startswith(home) for href in hrefs)
    page.get_by_label("Search this book").fill("delta")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{home}search.html?q=delta")
    assert page.external == []


# --- the theme's own parts, by keyboard -----------------------------------------------------------


def focused(page):
    return page.evaluate("""() => {
      const at = document.activeElement;
      return at.getAttribute("aria-label") || at.textContent.trim().replace(/\\s+/g, " ");
    }""")


def test_the_search_dialog_by_keyboard(open_page):
    page = open_page(CHAPTER)
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").wait_for()
    assert focused(page) == "Search this book..."
    page.keyboard.press("Escape")
    page.locator("#pst-search-dialog").wait_for(state="hidden")


@pytest.mark.parametrize(
    ("opener", "sidebar", "first"),
    [
        (".primary-toggle", "#pst-primary-sidebar-modal", "1 · The perceptron"),
        (".secondary-toggle", "#pst-secondary-sidebar-modal", "5.1 Forward, layer by layer"),
    ],
)
def test_the_side_bars_of_a_phone_by_keyboard(open_page, opener, sidebar, first):
    page = open_page(CHAPTER, width=390)
    button = page.locator(opener)
    button.focus()
    assert focused(page), "a button without a name"
    page.keyboard.press("Enter")
    dialog = page.locator(sidebar)
    dialog.wait_for()
    assert dialog.get_by_role("link", name=first).is_visible()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert button.evaluate("button => button === document.activeElement"), "the place is lost"


def test_previous_and_next_on_a_phone(open_page):
    page = open_page(CHAPTER, width=390)
    for name, number in ((".left-prev", 4), (".right-next", 6)):
        link = page.locator(name)
        box = link.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 44
        assert f"{number} · " in link.inner_text()
    page.locator(".right-next").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/06_autodiff.html")


@pytest.mark.parametrize("width", [390, 320])
def test_names_of_pages_at_the_foot_are_whole(open_page, width):
    for path in ("chapters/01_perceptron.html", CHAPTER):
        page = open_page(path, width=width)
        for link in page.locator(".left-prev, .right-next").all():
            assert link.evaluate("link => link.scrollWidth - link.clientWidth") <= 0
            box = link.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width


def test_no_button_lies_on_the_text_of_a_phone(open_page):
    page = open_page(CHAPTER, width=390)
    page.mouse.wheel(0, 3000)
    page.wait_for_function("() => scrollY > 1000")
    page.mouse.wheel(0, -400)  # the theme shows its button when one scrolls up
    page.wait_for_function("() => document.querySelector('#pst-back-to-top').style.display !== ''")
    assert not page.locator("#pst-back-to-top").is_visible()


def test_in_the_dark_a_picture_has_one_ground(open_page):
    page = open_page("chapters/01_perceptron.html", theme="dark")
    look = "img => [getComputedStyle(img).backgroundColor, getComputedStyle(img).padding]"
    for picture in page.locator(".cell_output img").all():
        assert picture.evaluate(look) == ["rgb(255, 255, 255)", "0px"]


def test_the_foot_names_licence_and_source(open_page, site):
    page = open_page(CHAPTER)
    foot = page.locator(".bd-footer-content")
    assert "Text and figures: CC BY 4.0. Code: MIT." in foot.inner_text()
    assert "Derived and Checked" in foot.inner_text() and "authors" not in foot.inner_text()
    source = foot.get_by_role("link", name="Source of this page").get_attribute("href")
    assert (site / "chapters" / source).resolve().is_file()


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("path", ["notation.html", "errata.html"])
def test_reference_tables_are_blocks_on_a_phone_and_still_tables(open_page, path, width):
    page = open_page(path, width=width)
    tables = page.get_by_role("table")
    assert tables.count() == page.locator("article table").count() > 1
    row = tables.first.get_by_role("row").nth(1)
    cells = row.get_by_role("cell")
    assert cells.count() == tables.first.get_by_role("columnheader").count()
    tops = [cells.nth(n).bounding_box()["y"] for n in range(cells.count())]
    assert tops[0] < tops[1] < tops[2], "symbol, meaning, then the rest below them"
    label = "cell => getComputedStyle(cell, '::before').content"
    name = {"notation.html": "chapters", "errata.html": "where"}[path]
    assert cells.last.evaluate(label).startswith(f'"{name} "')
    for code in page.locator("tr[id^=symbol-] code").all():
        assert code.evaluate("code => code.getClientRects().length") == 1, code.inner_text()
    for box in page.locator("article table, article td").all():
        place = box.bounding_box()
        assert place["x"] + place["width"] <= width


def test_reference_tables_at_a_desk_are_as_they_were(open_page):
    page = open_page("notation.html")
    cells = page.locator("tr#symbol-delta > td")
    assert len({cells.nth(n).bounding_box()["y"] for n in range(5)}) == 1
    assert cells.last.evaluate("cell => getComputedStyle(cell, '::before').content") == "none"


def test_the_theme_switch_by_keyboard(open_page):
    page = open_page(CHAPTER)
    button = page.locator(".theme-switch-button:visible").first
    button.focus()
    seen = []
    for _ in range(3):
        page.keyboard.press("Enter")
        seen.append(page.evaluate("document.documentElement.dataset.mode"))
    assert sorted(seen) == ["auto", "dark", "light"]
    assert button.evaluate("button => button === document.activeElement")


def test_pages_other_than_the_search_load_no_index(open_page, server):
    before = len(server.sent)
    open_page(CHAPTER)
    assert not [path for path, *_ in server.sent[before:] if "search" in path]


def test_own_scripts_are_light():
    names = ["book", "popover", "progress", "search"]
    text = b"".join((browsing.ROOT / "assets" / f"{name}.js").read_bytes() for name in names)
    assert len(gzip.compress(text)) < 12_000
