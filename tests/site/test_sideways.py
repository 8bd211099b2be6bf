"""What is wider than a phone: equations fit; what scrolls shows on which side more follows."""

import pytest

import browsing

CHAPTER = "chapters/05_backprop_deltas.html"

#: Displayed equations that may be wider than a phone: (page, label or beginning) -> why.
WIDE = {}

EQUATIONS = """() => [...document.querySelectorAll("article div.math > mjx-container[display]")]
    .filter((shown) => shown.clientWidth && shown.scrollWidth > shown.clientWidth + 2)
    .map((shown) => [
        shown.closest("div.math").id.replace("equation-", "")
            || shown.querySelector("math").textContent.replace(/\\s/g, "").slice(0, 40),
        `${shown.scrollWidth} px in ${shown.clientWidth} px`])"""

#: Tables of `check_gradient` that are wider than their room.
TABLES = """() => [...document.querySelectorAll("article table.gradient-check")]
    .filter((table) => table.offsetWidth > table.closest(".text_html").clientWidth)
    .map((table) => `${table.offsetWidth} px: ${table.textContent.slice(0, 40)}`)"""

#: Answers in sentences that scroll all the same.
ANSWERS = """() => [...document.querySelectorAll("article .output.flows pre")]
    .filter((answer) => answer.clientWidth && answer.scrollWidth > answer.clientWidth)
    .map((answer) => answer.textContent.slice(0, 60))"""

#: What scrolls sideways and says nothing about it; figures look after themselves.
SILENT = """() => [...document.querySelectorAll("article *")].filter((box) =>
    ["auto", "scroll"].includes(getComputedStyle(box).overflowX) && box.clientWidth
    && box.scrollWidth > box.clientWidth + 2 && !box.closest(".bp-host") && !box.dataset.more)
    .map((box) => box.outerHTML.slice(0, 80))"""

MASK = "box => getComputedStyle(box).maskImage"


@pytest.mark.parametrize("path", browsing.contents())
def test_what_fits_a_phone(path, open_page, complain):
    page = browsing.unfold(open_page(path, width=390))
    wide = page.evaluate(EQUATIONS)
    complain(f"{path}: {name}: {size}" for name, size in wide if (path, name) not in WIDE)
    page.set_viewport_size({"width": 320, "height": 640})
    wide = page.evaluate(EQUATIONS)
    complain(f"{path}: {name}: {size}" for name, size in wide if (path, name) not in WIDE)
    assert page.evaluate(TABLES) == []
    assert page.evaluate(ANSWERS) == []


def test_every_reason_is_still_needed(open_page):
    for (path, name), why in WIDE.items():
        page = browsing.unfold(open_page(path, width=390))
        assert name in [found for found, _ in page.evaluate(EQUATIONS)] and why


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "what",
    ["div.math > mjx-container", ".cell_input pre", ".cell_output pre"],
    ids=["equation", "code", "output"],
)
def test_a_soft_edge_shows_where_more_follows(open_page, what, theme):
    page = open_page(CHAPTER, width=320, theme=theme)
    if "mjx" in what:  # each fits in letters of the usual size
        page.add_style_tag(content="article mjx-container { font-size: 180% !important }")
    box = page.locator(f"{what}[data-more]:visible").first
    assert box.get_attribute("data-more") == "right"
    assert "gradient" in box.evaluate(MASK)
    assert scrolled(box, "5") == "left right"
    assert scrolled(box, "box.scrollWidth") == "left"
    assert scrolled(box, "0") == "right"
    page.set_viewport_size({"width": 1600, "height": 900})
    page.wait_for_function("() => !document.querySelector('article [data-more]')")
    for found in page.locator(what).all()[:5]:
        assert found.evaluate(MASK) == "none"


def test_a_name_in_a_reference_table_stays_in_one_line(open_page):
    page = open_page("notation.html", width=1280)
    broken = """() => [...document.querySelectorAll("article table.stacked code .pre")]
        .filter((name) => name.getClientRects().length > 1).map((name) => name.textContent)"""
    assert page.locator("article table.stacked code").count() > 30
    assert page.evaluate(broken) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate(broken) == [] == browsing.sideways(page)


def test_the_number_of_an_equation_stands_beside_it_or_below(open_page):
    page = open_page("chapters/02_many_outputs.html", width=320)
    assert numbers(page) == [True] * len(numbers(page)) != []
    page.set_viewport_size({"width": 390, "height": 844})
    assert not any(numbers(page))


def numbers(page):
    """Whether each equation's number stands at the right edge below it."""
    return page.evaluate("""() => [...document.querySelectorAll("article div.math:has(.eqno)")]
        .filter((box) => box.offsetParent)
        .map((box) => {
            const number = box.querySelector(".eqno").getBoundingClientRect();
            const letters = box.querySelector("mjx-math").getBoundingClientRect();
            const edge = box.getBoundingClientRect().right;
            return number.top > letters.bottom && edge - number.right < 20;
        })""")


def scrolled(box, to):
    """Scroll to a place; what the box then says, when the browser has told its scripts."""
    return box.evaluate(
        f"""async (box) => {{
            box.scrollLeft = {to};
            for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
            return box.dataset.more;
        }}"""
    )


def test_all_that_scrolls_sideways_says_so(open_page):
    for path in (CHAPTER, "notation.html", "chapters/06_autodiff.html"):
        page = browsing.unfold(open_page(path, width=320))
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert page.evaluate(SILENT) == [], path


def test_what_is_scrolled_by_keyboard_keeps_its_ring_and_paper_has_no_mask(open_page):
    page = open_page(CHAPTER, width=320)
    box = page.locator(".cell_input pre[data-more]:visible").first
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.dataset.more === 'left right'")
    assert box.evaluate(MASK) == "none"
    style = "box => [getComputedStyle(box).outlineStyle, getComputedStyle(box).boxShadow]"
    ring, shadow = box.evaluate(style)
    assert ring == "solid" and shadow.count("inset") == 2
    page.emulate_media(media="print")
    masks = f"() => [...document.querySelectorAll('article pre')].map({MASK})"
    assert set(page.evaluate(masks)) == {"none"}


def test_without_scripts_nothing_is_faded(open_page):
    page = open_page(CHAPTER, width=320, javascript=False)
    assert page.locator("[data-more]").count() == 0
