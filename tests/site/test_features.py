"""What the site does for its reader, in Chromium: start, search, previews, progress, head, 404."""

import json
import re

import pytest

import browsing

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
    asked = [path for path, *_ in server.sent[before:] if "mathjax" not in path]
    assert asked == [], "a preview fetches nothing but fonts"


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
    assert link.count() == 1
    link.hover()
    text = shown(page)
    assert "in code delta; shape of z" in text and "and nothing else" in text
    link.click()
    page.wait_for_url("**/notation.html#symbol-delta")
    row = page.locator("tr#symbol-delta")
    assert row.is_visible() and "delta" in row.inner_text()
    assert row.bounding_box()["y"] > 0


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
    # Sphinx's own list below has chapters too.
    chapters = page.locator("#search-results ul.search a[href*='chapters/']")
    chapters.first.wait_for()
    assert chapters.count() >= 1
    first.locator("a").first.click()
    page.wait_for_url(f"**/notation.html#{row}")


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
