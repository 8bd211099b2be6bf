"""Himmelblau's race in a browser: by mouse, by touch and by keyboard, its numbers the package's."""

import json
import re
from functools import cache
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from backprop.optimizers import Adam, GradientDescent, Momentum, RMSProp, basins, minimize
from backprop.surfaces import himmelblau

PAGE = "chapters/09_himmelblau.html"
KEY = "himmelblaudescent"
RULES = {"descent": GradientDescent, "momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam}
ETA = {"descent": 1e-3, "momentum": 1e-3, "RMSProp": 1e-2, "Adam": 1e-3}
RACING = ["descent", "momentum", "Adam"]  # as in the chapter


@pytest.fixture
def open_figure(open_page):
    def open_figure(state=None, **options):
        query = f"?{KEY}={quote(json.dumps(state))}" if state else ""
        page = open_page(f"{PAGE}{query}#fig-race", **options)
        page.locator(f"#figure-{KEY} .bp-figure").wait_for()
        page.figure = page.locator(f"#figure-{KEY}")
        return page

    return open_figure


def text(value, digits=4):
    """A number as the figure writes it."""
    size = abs(value)
    if size and (size >= 1e6 or size < 0.5 * 10**-digits):
        mantissa, power = f"{value:.2e}".split("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{mantissa}·10{raised}".replace("-", "−")
    return f"{value:z.{digits}f}".replace("-", "−")


def short(value, digits=4):
    """The same without needless zeros."""
    kept = re.sub(r"(\.\d*?)0+(?=$|·)", r"\1", text(value, digits))
    return re.sub(r"\.(?=$|·)", "", kept)


@cache
def walk(key, start, eta, steps):
    return minimize(himmelblau.gradient, start, RULES[key](eta=eta), steps)


def shows(page, step, start=(-4, 0), racing=RACING, **eta):
    """Wait until each rule's row has the place, height and slope that the package computes."""
    rows = page.figure.locator(".bp-himmel-where")
    for n, key in enumerate(RULES):
        said = "does not race"
        if key in racing:
            x, y = walk(key, tuple(start), eta.get(key, ETA[key]), 4000)[step]
            slope = np.linalg.norm(himmelblau.gradient((x, y)))
            said = f"({short(x)}, {short(y)})  f = {text(himmelblau((x, y)))}  ‖∇f‖ = {text(slope)}"
        expect(rows.nth(n)).to_have_text(said, timeout=10_000)


def button(page, name):
    return page.figure.get_by_role("button", name=name, exact=True)


def coordinates(page):
    fields = [page.get_by_role("spinbutton", name=f"start {c}, as a number") for c in "xy"]
    return [float(field.first.input_value()) for field in fields]


def spot(page, x, y):
    """Where a point of the map lies on the screen."""
    box = page.figure.locator(".bp-himmel-map").bounding_box()
    side = min(box["width"] - 30, box["height"] - 26)
    return box["x"] + 22 + (x + 6) / 12 * side, box["y"] + 6 + (6 - y) / 12 * side


def pixels(page, canvas):
    """How many distinct colours a canvas shows, and a number that any change of it changes."""
    return page.figure.locator(canvas).evaluate("""canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set(); let sum = 0;
      const words = new Uint32Array(data.buffer);
      for (let n = 0; n < words.length; n++) {
        colours.add(words[n]);
        sum = (Math.imul(sum, 31) + words[n]) | 0;
      }
      return [colours.size, sum];
    }""")


# --- the race -------------------------------------------------------------------------------------


def test_it_starts_with_the_chapters_race(open_figure):
    page = open_figure()
    shows(page, 0)
    said = page.figure.locator(".bp-sentence").text_content()
    assert said == "At the start (−4, 0) f = 146 and ‖∇f‖ = 102.489. Press Play, or Step."
    assert page.figure.locator(".bp-live").text_content() == ""
    for canvas in (".bp-himmel-map", ".bp-himmel-surface"):
        assert pixels(page, canvas)[0] > 100


def test_play_pause_step_and_back(open_figure):
    page = open_figure()
    empty = pixels(page, ".bp-himmel-map")
    button(page, "Play").click()
    page.wait_for_function("() => document.querySelector('[aria-label=step]').value > 20")
    button(page, "Pause").click()
    slider = page.figure.get_by_role("slider", name="step", exact=True)
    step = int(slider.input_value())
    shows(page, step)
    assert pixels(page, ".bp-himmel-map") != empty
    live = page.figure.locator(".bp-live")
    live.filter(has_text=f"Step {step} of 4000 from (−4, 0): ").wait_for(state="attached")
    button(page, "Step").click()
    shows(page, step + 1)
    button(page, "Back to the start").click()
    shows(page, 0)


def test_the_sentence_says_who_is_where(open_figure):
    page = open_figure({"step": 4000, "racing": ["descent", "momentum"]})
    shows(page, 4000, racing=["descent", "momentum"])
    page.figure.get_by_text(
        "Step 4000 of 4000 from (−4, 0): gradient descent has reached (−3.78, −3.28); "
        "momentum has reached (−2.81, 3.13)."
    ).first.wait_for()


def test_speed_is_steps_a_second(open_figure):
    """Twice as many steps in the same time: counted over two seconds of the page's own clock."""
    page = open_figure()
    counted = {}
    for speed in ("60", "300"):
        page.figure.get_by_role("radio", name=speed, exact=True).check()
        button(page, "Back to the start").click()
        button(page, "Play").click()
        counted[speed] = page.evaluate("""() => new Promise((done) => {
          const read = () => Number(document.querySelector('[aria-label=step]').value);
          requestAnimationFrame((first) => { const from = read(); const look = (now) => (
            now - first < 1500 ? requestAnimationFrame(look)
              : done((read() - from) / (now - first) * 1000)); requestAnimationFrame(look); });
        })""")
        button(page, "Pause").click()
    assert 45 < counted["60"] < 70
    assert 225 < counted["300"] < 350


def test_reduced_motion_goes_to_the_end_at_once(open_figure):
    page = open_figure(reduced_motion="reduce")
    button(page, "Play").click()
    shows(page, 4000)
    assert button(page, "Play").is_visible()


def test_a_rule_that_diverges_is_said_in_words(open_figure):
    state = {"start": [0, 0], "eta": [0.05, 0.05, 0.01, 0.001], "step": 4000}
    page = open_figure(state)
    rows = page.figure.locator(".bp-himmel-where")
    rows.nth(0).filter(has_text="left the finite numbers at step 11").wait_for()
    rows.nth(1).filter(has_text="left the finite numbers at step 12").wait_for()
    said = page.figure.locator(".bp-sentence").text_content()
    assert "gradient descent has left the finite numbers at step 11; momentum has left" in said
    assert "NaN" not in page.figure.inner_html() and "Infinity" not in page.figure.inner_html()


# --- mouse, touch, keyboard -----------------------------------------------------------------------


def test_by_mouse(open_figure):
    page = open_figure({"step": 4000})
    page.mouse.click(*spot(page, 1, 5.6))
    page.wait_for_function("() => document.querySelector('[aria-label=\"start y\"]').value > 5")
    x, y = coordinates(page)
    assert abs(x - 1) < 0.05 and abs(y - 5.6) < 0.05
    shows(page, 4000, start=(x, y))
    page.mouse.move(*spot(page, 1, 5.6))
    page.mouse.down()
    page.mouse.move(*spot(page, 4, 0), steps=4)
    page.mouse.up()
    x, y = coordinates(page)
    assert abs(x - 4) < 0.05 and abs(y) < 0.05
    shows(page, 4000, start=(x, y))
    page.mouse.move(*spot(page, 7.5, 0))  # beside the map
    page.mouse.down()
    page.mouse.up()
    page.figure.get_by_role("switch", name=re.compile("Momentum")).uncheck()
    racing = ["descent", "Adam"]
    shows(page, 4000, start=coordinates(page), racing=racing)
    button(page, "Reset").click()
    shows(page, 0)


def test_the_surface_turns(open_figure):
    page = open_figure({"step": 100})
    surface = page.figure.locator(".bp-himmel-surface")
    surface.scroll_into_view_if_needed()
    before = pixels(page, ".bp-himmel-surface")
    box = surface.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 120, steps=3)
    page.mouse.up()
    label = re.compile(r"turned by −60 degrees and seen from 60 degrees")
    page.get_by_label(label).first.wait_for()
    assert pixels(page, ".bp-himmel-surface") != before
    surface.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    page.get_by_label(re.compile("turned by −55 degrees and seen from 55 degrees")).first.wait_for()
    button(page, "Turn left").click()
    for _ in range(6):
        button(page, "Tilt, to look from higher").click()
    page.get_by_label(re.compile("turned by −40 degrees and seen from 90 degrees")).first.wait_for()


def test_by_touch(open_figure):
    page = open_figure({"step": 4000}, width=390, touch=True)
    page.figure.locator(".bp-himmel-map").scroll_into_view_if_needed()
    page.touchscreen.tap(*spot(page, 4, 0))
    page.wait_for_function("() => document.querySelector('[aria-label=\"start x\"]').value > 3")
    x, y = coordinates(page)
    assert abs(x - 4) < 0.06 and abs(y) < 0.06
    shows(page, 4000, start=(x, y))
    button(page, "Back to the start").tap()
    shows(page, 0, start=(x, y))
    button(page, "Step").tap()
    shows(page, 1, start=(x, y))
    page.figure.get_by_role("switch", name=re.compile("RMSProp")).tap()
    shows(page, 1, start=(x, y), racing=list(RULES))


def test_by_keyboard_alone(open_figure):
    page = open_figure()
    page.figure.locator(".bp-himmel-map").focus()
    for key in ("ArrowRight", "ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.get_by_label("The start is (−3.9, 1.1).").first.wait_for()
    shows(page, 0, start=(-3.9, 1.1))
    page.keyboard.press("Tab")  # Play
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shows(page, 1, start=(-3.9, 1.1))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    shows(page, 4000, start=(-3.9, 1.1))
    rate = page.get_by_role("spinbutton", name="learning rate of Adam, as a number").first
    rate.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("0.01")
    page.keyboard.press("Enter")
    shows(page, 4000, start=(-3.9, 1.1), Adam=0.01)


def test_every_control_can_be_reached_and_has_a_name(open_figure):
    page = open_figure({"basins": "descent", "point": 3})
    page.figure.get_by_text("24.9 %").first.wait_for()
    page.figure.locator(".bp-himmel-map").focus()
    seen = set()
    for _ in range(60):
        name = page.evaluate("""() => {
          const on = document.activeElement;
          if (!on.closest('.bp-figure')) return null;
          const outlined = [on, on.nextElementSibling ?? on]
            .some((one) => getComputedStyle(one).outlineStyle !== 'none');
          return [on.getAttribute('aria-label') ?? on.closest('label')?.textContent
            ?? on.textContent, outlined];
        }""")
        if name is None:
            break
        assert name[0].strip() and name[1], name
        seen.add(name[0])
        page.keyboard.press("Tab")
    assert {"Play", "Step", "Reset", "Level place", "Set the start here", "number of steps"} <= seen
    assert {f"learning rate of {rule}" for rule in ("RMSProp", "Adam", "momentum")} <= seen


def test_rates_move_by_powers_of_ten(open_figure):
    page = open_figure({"step": 4000})
    slider = page.get_by_role("slider", name="learning rate of gradient descent").first
    slider.focus()
    page.keyboard.press("ArrowLeft")
    eta = float(page.get_by_role("spinbutton", name=re.compile("of gradient")).first.input_value())
    assert eta == pytest.approx(10**-3.05, rel=0.005)
    shows(page, 4000, descent=eta)


# --- basins and level places ----------------------------------------------------------------------


def test_basins_have_the_shares_of_the_package(open_figure):
    page = open_figure()
    bare = pixels(page, ".bp-himmel-map")
    page.figure.get_by_role("radio", name="gradient descent").check()
    side = np.linspace(-6, 6, 121)
    grid = np.stack(np.meshgrid(side, side), -1)
    ends = basins(himmelblau, GradientDescent(1e-3), grid, 4000, progress=False)
    sentence = page.figure.locator(".bp-sentence", has_text="Where 121 times 121 starts end")
    sentence.wait_for()
    shares = page.figure.locator(".bp-himmel-legend b")
    for k in range(4):
        assert shares.nth(k).text_content() == f"{(ends == k).mean():.1%}".replace("%", " %")
    assert not page.figure.locator("progress").is_visible()
    assert pixels(page, ".bp-himmel-map") != bare
    page.figure.get_by_role("radio", name="none").check()
    page.figure.locator(".bp-himmel-legend").wait_for(state="hidden")
    assert pixels(page, ".bp-himmel-map") == bare


def test_a_map_of_basins_can_be_stopped_and_kept(open_figure):
    page = open_figure({"eta": [1e-3, 1e-3, 1e-3, 1e-3]})
    page.figure.get_by_role("radio", name="RMSProp").check()  # the longest to compute
    bar = page.figure.locator("progress")
    page.wait_for_function("() => document.querySelector('.bp-himmel progress').value > 0.02")
    button(page, "Stop").click()
    button(page, "Go on").wait_for()
    held = bar.evaluate("bar => bar.value")
    page.figure.get_by_role("radio", name="none").check()
    bar.wait_for(state="hidden")
    page.figure.get_by_role("radio", name="RMSProp").check()
    bar.wait_for()
    assert bar.evaluate("bar => bar.value") >= held  # what was computed is kept


def test_level_places_are_the_nine(open_figure):
    page = open_figure()
    select = page.figure.get_by_role("combobox", name="Level place")
    names = select.locator("option").all_text_contents()[1:]
    points = himmelblau.stationary_points
    assert names == [f"{p.kind} ({short(p.x[0], 2)}, {short(p.x[1], 2)})" for p in points]
    unmarked = pixels(page, ".bp-himmel-map")
    for n in (4, 8):
        select.select_option(str(n))
        low, high = (text(value, 2) for value in points[n].eigenvalues)
        said = f"The {names[n]}: f = {text(points[n].value)}, ∇f = 0, curvatures {low} and {high}."
        page.figure.locator(".bp-sentence", has_text=said).wait_for()
        assert pixels(page, ".bp-himmel-map") != unmarked
    button(page, "Set the start here").click()
    page.figure.get_by_text("At the start (−0.27, −0.92) f = 181.6165").first.wait_for()


# --- links, sizes, looks --------------------------------------------------------------------------


def test_a_link_restores_the_state(open_figure):
    page = open_figure()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.mouse.click(*spot(page, 4, 0))
    page.figure.get_by_role("slider", name="step", exact=True).fill("700")
    start = coordinates(page)
    shows(page, 700, start=start)
    button(page, "Copy link").click()
    page.get_by_text("is on the clipboard").first.wait_for(state="attached")
    link = page.evaluate("navigator.clipboard.readText()")
    state = json.loads(parse_qs(urlsplit(link).query)[KEY][0])
    assert state["start"] == start and state["step"] == 700 and state["racing"] == RACING
    page.goto(link)
    page.figure.locator(".bp-figure").wait_for()
    assert page.figure.locator(".bp-note").count() == 0
    shows(page, 700, start=start)


@pytest.mark.parametrize(
    "state",
    [
        {"start": [1]},
        {"start": [7, 0]},
        {"eta": [0, 1, 1, 1]},
        {"racing": ["sgd"]},
        {"step": 5000},
        {"step": 1.5},
        {"basins": "newton"},
        {"view": [0, 500]},
        {"mu": 1},
        {"point": 9},
        {"speed": 1e9},
        {"other": 1},
    ],
)
def test_a_bad_link_is_refused_whole(state, open_figure):
    page = open_figure({"steps": 4000, **state})
    note = page.figure.locator(".bp-note")
    assert (
        note.text_content() == "The link’s state does not fit this figure, so it starts as usual."
    )
    shows(page, 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1600])
def test_it_fits(width, theme, open_figure):
    page = open_figure({"step": 900, "basins": "descent", "point": 4}, width=width, theme=theme)
    page.figure.locator(".bp-sentence").wait_for()
    box = page.figure.locator(".bp-figure").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    small = page.figure.evaluate("""figure => [...figure.querySelectorAll('svg text')]
      .filter((text) => text.textContent)
      .map((text) => [text.textContent, text.ownerSVGElement, getComputedStyle(text).fontSize])
      .map(([text, svg, size]) => [text, parseFloat(size)
        * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width])
      .filter(([, size]) => size < 10.5)""")
    assert small == [] or width == 320
    thumbs = page.figure.evaluate("""figure => [...figure.querySelectorAll('button, select, input')]
      .filter((one) => one.offsetParent)
      .map((one) => [one, (one.closest('label') ?? one).getBoundingClientRect()])
      .filter(([, box]) => box.height < 24 || box.width < 24)
      .map(([one]) => one.outerHTML)""")
    assert thumbs == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, open_figure):
    page = open_figure({"step": 900, "basins": "descent", "point": 4}, theme=theme)
    page.figure.get_by_text("24.9 %").first.wait_for()
    found = Axe().run(page, f"#figure-{KEY}", {"preload": False})  # asks for no file
    assert found.violations_count == 0, found.generate_report()


def test_sixty_frames_a_second_with_four_long_walks(open_figure):
    """What the figure computes for a frame leaves most of its sixtieth of a second free."""

    def count(page):
        page.add_init_script("""
          const frame = requestAnimationFrame.bind(window);
          window.spent = new Map();
          window.requestAnimationFrame = (draw) => frame((now) => {
            const from = performance.now();
            draw(now);
            spent.set(now, (spent.get(now) ?? 0) + performance.now() - from);
          });""")

    state = {"start": [-5.5, 5.8], "steps": 20_000, "speed": 1500, "racing": list(RULES)}
    page = open_figure(state | {"eta": [1e-4, 1e-4, 1e-3, 1e-3]}, before=count)
    button(page, "Play").click()
    page.evaluate("spent.clear()")
    page.wait_for_function("() => spent.size > 150")
    spent = np.array(page.evaluate("[...spent.values()]"))
    assert np.median(spent) < 8
