"""The interactive figures on a phone: what is watched stays in sight, texts can be read."""

import json
from urllib.parse import quote

import pytest

#: The figures: where each is, its key, and a slider far below what it changes.
FIGURES = {
    "start": ("intro.html", "perceptron", "bias b"),
    "perceptron": ("chapters/01_perceptron.html", "perceptron", "bias b"),
    "manyoutputs": ("chapters/02_many_outputs.html", "manyoutputs", "bias b 1"),
    "himmelblau": ("chapters/09_himmelblau.html", "himmelblaudescent", "learning rate of Adam"),
}
LARGEST = {
    "W1": [[-1.25, 1.25, -0.75, 0.5, -1.4]] * 4, "b1": [-1.25] * 5,
    "W2": [[-1.25, 0.75, -0.333]] * 5, "b2": [-1.1, 0.2, -0.3], "x": [-1.25, 3.1, -0.333, 2.0],
    "t": [-0.25, 0.75, -1.25], "hidden": "sigmoid", "output": "tanh", "step": 44,
}  # fmt: skip
BACKPROP = ("chapters/05_backprop_deltas.html", "backprop", "learning rate η")


@pytest.fixture
def open_figure(open_page):
    def open_figure(which, width, height, state=None, **options):
        path, key, _ = which
        query = f"?{key}={quote(json.dumps(state))}" if state else ""
        page = open_page(f"{path}{query}", width=width, **options)
        page.set_viewport_size({"width": width, "height": height})
        page.figure = page.locator(f"#figure-{key}")
        page.figure.evaluate("host => host.scrollIntoView()")
        page.figure.locator(".bp-figure").wait_for()
        return page

    return open_figure


SEEN = """(figure) => {
  const box = (element) => element.getBoundingClientRect();
  const bar = document.querySelector(".bd-header-article");
  const watched = box(figure.querySelector(".bp-watched"));
  const at = document.activeElement;
  const shown = at.matches(".bp-option input") ? at.nextElementSibling : at;
  const { left, right, top, bottom } = box(shown);
  const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  return {
    name: at.getAttribute("aria-label") ?? at.parentElement.textContent,
    covered: !(found === at || shown.contains(found) || at.contains(found)),
    watched: [watched.top - box(bar).bottom, watched.bottom - box(bar).bottom],
    below: top - watched.bottom,
    rest: innerHeight - bottom,
  };
}"""


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640)])
@pytest.mark.parametrize("which", FIGURES)
def test_what_is_watched_stays_in_sight_with_the_control(which, width, height, open_figure):
    page = open_figure(FIGURES[which], width, height, touch=True)
    page.figure.get_by_role("slider", name=FIGURES[which][2], exact=True).focus()
    seen = page.figure.evaluate(SEEN)
    assert seen["watched"][0] > -1 and seen["watched"][1] <= 0.45 * height + 1, seen
    assert seen["below"] >= 0 and seen["rest"] >= 0, seen


@pytest.mark.parametrize("which", FIGURES)
def test_no_focused_control_is_covered(which, open_figure):
    """Down through all controls of the figure, and up again."""
    page = open_figure(FIGURES[which], 390, 844)
    stops = page.figure.locator(":is(input, button, select, [tabindex='0']):visible")
    stops.first.focus()
    for key in ("Tab", "Shift+Tab"):
        met = 0
        while page.figure.evaluate("figure => figure.contains(document.activeElement)"):
            seen = page.figure.evaluate(SEEN)
            assert not seen["covered"], f"{key}: {seen}"
            page.keyboard.press(key)
            met += 1
        assert met > 8
        stops.last.focus()


def test_nothing_is_held_on_a_screen_that_is_low_or_wide(open_figure):
    for size in ((844, 390), (390, 480), (1280, 900)):
        page = open_figure(FIGURES["perceptron"], *size)
        watched = page.figure.locator(".bp-watched")
        assert watched.evaluate("e => getComputedStyle(e).position") == "static", size


SIZES = """(figure) => [...figure.querySelectorAll("svg text")]
  .filter((text) => text.textContent && text.getClientRects().length)
  .map((text) => [
    Math.round(parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a * 100) / 100,
    text.textContent,
  ]).sort(([a], [b]) => a - b)"""


@pytest.mark.parametrize(("width", "least"), [(390, 11), (320, 10)])
@pytest.mark.parametrize(
    ("which", "state"),
    [*((figure, None) for figure in FIGURES.values()), (BACKPROP, None), (BACKPROP, LARGEST)],
)
def test_no_text_of_a_drawing_is_too_small(which, state, width, least, open_figure):
    page = open_figure(which, width, 844, state)
    sizes = page.figure.evaluate(SIZES)
    assert len(sizes) > 8
    assert sizes[0][0] >= least, sizes[:4]
