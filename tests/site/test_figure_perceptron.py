"""The perceptron in a browser: by mouse, by touch and by keyboard, its numbers the package's.

Also what every figure shares: links, the failing figure, print, the page without scripts.
"""

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest

import browsing
from backprop.activations import sigmoid

PAGE = "chapters/01_perceptron.html"
X, W, B, T = [0.5, -1.0, 2.0], [0.4, 0.3, 0.6], -0.1, 0.2


@pytest.fixture
def open_figure(open_page):
    def open_figure(query="", **options):
        page = open_page(f"{PAGE}{query}#fig-touch-neuron", **options)
        page.locator("#figure-perceptron .bp-figure").wait_for()
        return page

    return open_figure


def text(value, digits=4):
    return f"{value:.{digits}f}".replace("-", "−")


def shows(page, w=W, x=X, b=B, t=T, watch=2):
    """Wait until the sentence has the loss and the slope that the package computes."""
    o = float(sigmoid(np.dot(w, x) + b))
    delta = (o - t) * o * (1 - o)
    slope = delta * (x[watch] if watch < len(x) else 1)
    name = ["w₁", "w₂", "w₃", "b"][watch]
    said = f"loss {text(0.5 * (o - t) ** 2)}, ∂L/∂{name} = {text(slope)}."
    page.locator("#figure-perceptron .bp-sentence", has_text=said).wait_for(timeout=5000)
    assert text(delta) in page.locator("#figure-perceptron .bp-graph").inner_html()


def test_it_starts_with_the_chapters_neuron(open_figure):
    page = open_figure()
    shows(page)
    assert page.locator("#figure-perceptron .bp-live").text_content() == ""  # nothing changed yet
    assert page.locator(".bp-host:has(#figure-perceptron) .bp-picture").count() == 0
    assert not page.locator("#figure-perceptron > .bp-picture").is_visible()


def test_by_keyboard(open_figure):
    page = open_figure()
    slider = page.get_by_role("slider", name="weight w 3")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    shows(page, w=[0.4, 0.3, 0.5])
    page.keyboard.press("Tab")
    page.keyboard.type("-2.5")
    page.keyboard.press("Enter")
    shows(page, w=[0.4, 0.3, -2.5])
    assert float(slider.input_value()) == -2.5
    live = page.locator("#figure-perceptron .bp-live")
    live.filter(has_text="∂L/∂w₃").wait_for(timeout=5000, state="attached")
    page.get_by_role("radio", name="w₃").focus()
    page.keyboard.press("ArrowRight")
    shows(page, w=[0.4, 0.3, -2.5], watch=3)


def test_a_thousandth_by_keyboard(open_figure):
    """The start page asks for it: with Shift, and in the field."""
    page = open_figure()
    page.get_by_role("slider", name="weight w 3").focus()
    page.keyboard.press("Shift+ArrowRight")
    shows(page, w=[0.4, 0.3, 0.601])
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    shows(page, w=[0.4, 0.3, 0.599])
    page.get_by_role("spinbutton", name="weight w 3, as a number").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    shows(page, w=[0.4, 0.3, 0.6])
    page.get_by_text("with Shift by 0.001").first.wait_for()


def test_a_formula_keeps_its_elements_while_its_numbers_change(open_figure):
    page = open_figure()
    formula = page.locator("#figure-perceptron .bp-formula")
    formula.evaluate("e => { window.kept = [...e.querySelectorAll('*')]; }")
    page.get_by_role("slider", name="weight w 3").press("ArrowRight")
    shows(page, w=[0.4, 0.3, 0.61])
    o = float(sigmoid(np.dot([0.4, 0.3, 0.61], X) + B))
    slope = f"={text((o - T) * o * (1 - o) * X[2])}"
    assert formula.evaluate("e => e.textContent").endswith(slope)
    same = "e => [...e.querySelectorAll('*')].every((node, n) => node === window.kept[n])"
    assert formula.evaluate(same)
    page.get_by_role("radio", name="identity", exact=True).check()  # a factor less
    shorter = "() => document.querySelector('#figure-perceptron .bp-formula').textContent"
    page.wait_for_function(f"{shorter}.startsWith('∂L∂w3=(o−t)·x3=')", timeout=5000)


def test_an_input_of_0_moves_exactly_nothing(open_figure):
    page = open_figure()
    page.get_by_role("slider", name="input x 3").fill("0")
    said = "∂L/∂w₃ = 0.0000. Moving w₃ changes nothing, because its input is 0."
    page.locator("#figure-perceptron .bp-sentence", has_text=said).wait_for(timeout=5000)


def test_a_number_is_written_in_one_way(open_figure):
    state = {"x": [0.5, -1.0, 13.0], "w": [0.4, 0.3, 1.0], "b": 1.1, "t": 0.4}
    page = open_figure(f"?perceptron={quote(json.dumps({**state, 'activation': 'identity'}))}")
    figure = page.locator("#figure-perceptron")
    figure.locator(".bp-sentence", has_text="Output 14.0000 for target 0.4").wait_for()
    shown = figure.locator(".bp-graph").text_content() + figure.locator(".bp-formula").inner_text()
    assert shown.count("13.6000") == 6 and "13.6" not in shown.replace("13.6000", "")


def test_by_mouse(open_figure):
    page = open_figure()
    slider = page.get_by_role("slider", name="input x 1")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    x = float(slider.input_value())
    assert 2.5 < x < 4
    shows(page, x=[x, -1.0, 2.0])
    page.locator("#figure-perceptron .bp-choose").first.click()  # an edge chooses its weight
    shows(page, x=[x, -1.0, 2.0], watch=0)
    page.get_by_text("Reset", exact=True).click()
    shows(page)


def test_by_touch(open_figure):
    page = open_figure(width=390, touch=True)
    page.locator("#figure-perceptron").get_by_role("radio", name="identity").tap()
    sentence = page.locator("#figure-perceptron .bp-sentence")
    sentence.filter(has_text=f"loss {text(0.5 * (1.0 - T) ** 2)}").wait_for(timeout=5000)
    slider = page.get_by_role("slider", name="bias b")
    box = slider.bounding_box()
    assert box["height"] >= 24 and box["x"] + box["width"] <= 390
    page.touchscreen.tap(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    page.wait_for_function("() => document.querySelector(\"[aria-label='bias b']\").value > 1")


@pytest.mark.parametrize("typed", ["", "99"])
def test_a_field_takes_only_numbers_in_range(typed, open_figure):
    page = open_figure()
    field = page.get_by_role("spinbutton", name="weight w 1, as a number")
    field.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.type(typed)
    page.keyboard.press("Tab")
    expected = 6.0 if typed == "99" else 0.4
    shows(page, w=[expected, 0.3, 0.6])
    assert float(field.input_value()) == expected


def test_saturation_is_named(open_figure):
    state = quote(json.dumps({"b": 6.0, "w": [0.4, 0.3, 2.0]}))
    page = open_figure(f"?perceptron={state}")
    page.get_by_text("Very wrong and hardly learning").first.wait_for()


def test_a_link_restores_the_state(open_figure):
    page = open_figure()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("slider", name="target t").fill("1.5")
    shows(page, t=1.5)
    page.locator("#figure-perceptron").get_by_text("Copy link", exact=True).click()
    page.get_by_text("is on the clipboard").first.wait_for(state="attached")
    link = page.evaluate("navigator.clipboard.readText()")
    state = json.loads(parse_qs(urlsplit(link).query)["perceptron"][0])
    assert state == {"x": X, "w": W, "b": B, "t": 1.5, "activation": "sigmoid", "watch": 2}
    page.goto(link)
    page.locator("#figure-perceptron .bp-figure").wait_for()
    shows(page, t=1.5)
    page.wait_for_function(
        """() => {
          const { top } = document.querySelector('#figure-perceptron').getBoundingClientRect();
          return top > -50 && top < innerHeight;
        }"""
    )


@pytest.mark.parametrize(
    "state",
    ['{"w": [1, 2, "x"]}', '{"x": [1], "w": [1], "watch": 0}', "{"],
)
def test_a_bad_link_is_refused_whole(state, open_figure):
    page = open_figure(f"?perceptron={quote(state)}")
    note = page.locator("#figure-perceptron .bp-note")
    assert (
        note.text_content() == "The link’s state does not fit this figure, so it starts as usual."
    )
    shows(page)


OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('#figure-perceptron .bp-graph text')]
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  return boxes.flatMap(([s, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => hit(a, b)).map(([t]) => `${s} / ${t}`));
}"""


def test_it_fits_every_width(open_figure):
    page = open_figure()
    for width in (320, 390, 768, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        browsing.settle(page)  # at a desk's width the sidebar slides in
        box = page.locator("#figure-perceptron .bp-figure").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
        assert page.evaluate(OVERLAPS) == [], f"texts over texts at {width} px"
        assert browsing.struck(page.locator("#figure-perceptron")) == [], f"at {width} px"


# --- what all figures share -----------------------------------------------------------------------


def test_a_failing_figure_leaves_its_picture_and_the_page(open_page):
    """Its state is spoilt on the way to the browser."""

    def spoil(page):
        def handle(route):
            body = route.fetch().text().replace("export default figure({", "absent(); figure({")
            route.fulfill(body=body, content_type="text/html")

        page.route("**/01_perceptron.html*", handle)

    page = open_page(f"{PAGE}#fig-touch-neuron", before=spoil, forgive="errors")
    failed = page.locator("#figure-perceptron .bp-failed")
    failed.wait_for()
    assert re.match(
        r"This figure could not be started: .*absent.*\. The rest of the page works\.",
        failed.text_content(),
    )
    assert page.locator("#figure-perceptron .bp-picture img").is_visible()
    assert page.locator("mjx-container").count() > 50


def test_without_scripts_there_is_the_picture(open_page):
    page = open_page(PAGE, javascript=False)
    picture = page.locator(".bp-host .bp-picture img")
    assert picture.is_visible()
    assert picture.evaluate("img => img.naturalWidth") > 500
    assert picture.get_attribute("alt").startswith("The neuron as a graph")


def test_print_shows_the_picture(open_figure):
    page = open_figure()
    page.emulate_media(media="print")
    assert page.locator("#figure-perceptron .bp-picture").is_visible()
    assert not page.locator("#figure-perceptron .bp-figure").is_visible()
