"""Many outputs in a browser: by mouse, by touch and by keyboard, its numbers the package's."""

import json
import re
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

import browsing
from backprop import Dense, Network

PAGE = "chapters/02_many_outputs.html"
START = {
    "X": [[0.5, -1.0, 2.0], [1.0, 0.0, -1.0], [-0.5, 2.0, 1.0], [1.5, 0.5, 0.0]],
    "W": [[0.4, -0.2, 0.7], [0.3, 0.5, -0.4], [0.6, 0.1, -0.3]],
    "b": [-0.1, 0.2, 0.4],
    "T": [[0.2, 0.9, 0.5], [0.7, 0.1, 0.2], [0.4, 0.6, 0.9], [1.0, 0.0, 0.3]],
    "activation": "sigmoid",
    "loss": "half_squared_error",
    "batch": [0, 1],
    "reduction": "mean",
    "example": 0,
    "cell": [1, 0],
}
LARGEST = {
    "X": np.linspace(-2, 2, 20).reshape(5, 4).round(2).tolist(),
    "W": np.linspace(1, -1, 12).reshape(4, 3).round(2).tolist(),
    "b": [0.1, -0.2, 0.3],
    "T": np.linspace(0, 1, 15).reshape(5, 3).round(2).tolist(),
    "batch": [0, 1, 2, 3, 4],
}


@pytest.fixture
def open_figure(open_page):
    def open_figure(query="", **options):
        page = open_page(f"{PAGE}{query}#fig-take-apart", **options)
        page.locator("#figure-manyoutputs .bp-figure").wait_for()
        page.figure = page.locator("#figure-manyoutputs")
        return page

    return open_figure


def text(value):
    return f"{value:z.4f}".replace("-", "−")


def by_package(state):
    """(o of all examples, L, δ of all examples, dW over db), by the package's `Network`."""
    net = Network([Dense(*map(np.array, (state["W"], state["b"])), state["activation"])])
    net = Network(net.layers, state["loss"])
    X, T, rows = np.array(state["X"]), np.array(state["T"]), state["batch"]
    trace = net.forward(X[rows])
    grads = net.backward(trace, T[rows])
    times = len(rows) if state["reduction"] == "sum" else 1
    delta = np.zeros_like(T)
    delta[rows] = grads.delta[0] * times
    total = np.vstack([grads.dW[0], grads.db[0]]) * times
    return net.forward(X).a[-1], net.loss(X[rows], T[rows]) * times, delta, total


def shows(page, **change):
    """Wait until the figure shows a state: every number of it as the package computes it."""
    state = {**START, **change}
    o, loss, delta, total = by_package(state)
    (j, k), i = state["cell"], state["example"]
    name = f"w{'₁₂₃₄'[j]}{'₁₂₃'[k]}" if j < len(state["W"]) else f"b{'₁₂₃'[k]}"
    said = page.figure.locator(".bp-sentence")
    said.filter(has_text=f"∂L/∂{name} = ").filter(has_text=f"= {text(total[j, k])}").filter(
        has_text=f"The loss is {text(loss)}."
    ).wait_for(timeout=5000)
    assert page.figure.get_by_role("gridcell").all_inner_texts() == [text(v) for v in total.ravel()]
    graph = page.figure.locator(".bp-layer").text_content()
    for r in range(total.shape[1]):
        assert f"o{'₁₂₃'[r]} = {text(o[i, r])}" in graph
        assert f"δ{'₁₂₃'[r]} = {text(delta[i, r])}" in graph
    for row, (card, x) in enumerate(
        zip(page.figure.locator(".bp-card").all(), state["X"], strict=True)
    ):
        term = ([*x, 1])[j] * delta[row, k]
        expected = f"= {text(term)}" if row in state["batch"] else "adds nothing"
        assert card.locator(".bp-term").inner_text().endswith(expected)
    lit = page.figure.locator(".bp-layer [data-watched]")
    assert lit.get_attribute("data-edge") == f"{j} {k}"
    return state


def cell(page, j, k):
    return page.figure.get_by_role("gridcell").nth(j * len(START["b"]) + k)


def test_it_starts_with_the_chapters_batch(open_figure):
    page = open_figure()
    shows(page)
    assert page.figure.locator(".bp-live").text_content() == ""  # nothing changed yet
    assert cell(page, 1, 0).get_attribute("aria-selected") == "true"


def test_the_mouse_looks_for_a_moment_and_a_click_stays(open_figure):
    page = open_figure()
    cell(page, 2, 1).hover()
    shows(page, cell=[2, 1])
    page.mouse.move(2, 2)
    shows(page)
    cell(page, 2, 1).click()
    page.mouse.move(2, 2)
    shows(page, cell=[2, 1])
    page.figure.locator("[data-edge='3 2']").hover()
    shows(page, cell=[3, 2])
    page.figure.locator("[data-edge='0 0']").click()
    page.mouse.move(2, 2)
    shows(page, cell=[0, 0])
    page.figure.locator(".bp-card").nth(1).locator(".bp-tile").nth(4).click()
    page.mouse.move(2, 2)
    shows(page, cell=[1, 1], example=1)
    page.figure.get_by_text("Reset", exact=True).click()
    shows(page)


def test_a_slider_moves_the_example_that_is_looked_at(open_figure):
    page = open_figure()
    page.figure.get_by_role("radio", name="Look at example 2").check()
    shows(page, example=1)
    assert not page.figure.get_by_role("slider", name="input x 1 of example 1").is_visible()
    slider = page.figure.get_by_role("slider", name="input x 3 of example 2")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.375, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    x = float(slider.input_value())
    assert 2 < x < 3
    X = [START["X"][0], [1.0, 0.0, x], *START["X"][2:]]
    shows(page, X=X, example=1)


def test_by_keyboard(open_figure):
    page = open_figure()
    first = page.figure.get_by_role("gridcell", selected=True)
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    shows(page, cell=[2, 1])
    assert page.evaluate("document.activeElement.textContent") == cell(page, 2, 1).text_content()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.figure.locator(".bp-live").filter(has_text="∂L/∂w₃₂").wait_for(
        timeout=5000, state="attached"
    )
    page.keyboard.press("Control+End")
    shows(page, cell=[3, 2])
    page.keyboard.press("ArrowDown")  # the edge of the table: nothing
    page.keyboard.press("ArrowRight")
    shows(page, cell=[3, 2])
    page.keyboard.press("Home")
    shows(page, cell=[3, 0])
    page.keyboard.press("Control+Home")
    shows(page, cell=[0, 0])
    assert page.figure.locator("td[tabindex='0']").count() == 1
    page.keyboard.press("Tab")  # out of the table in one step, to the examples
    assert page.evaluate("document.activeElement.ariaLabel") == "Look at example 1"
    page.keyboard.press("ArrowDown")
    shows(page, cell=[0, 0], example=1)
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # example 2 leaves
    shows(page, cell=[0, 0], example=1, batch=[0])
    page.figure.get_by_role("radio", name="sum: 2").focus()
    page.keyboard.press("ArrowRight")
    shows(page, cell=[0, 0], example=1, batch=[0], loss="mean_squared_error")
    field = page.figure.get_by_role("spinbutton", name="weight w 1 1, as a number")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("-2.5")
    page.keyboard.press("Enter")
    W = [[-2.5, *START["W"][0][1:]], *START["W"][1:]]
    shows(page, W=W, cell=[0, 0], example=1, batch=[0], loss="mean_squared_error")


def test_by_touch(open_figure):
    page = open_figure(width=390, touch=True)
    cell(page, 0, 2).tap()
    shows(page, cell=[0, 2])
    page.figure.get_by_role("checkbox", name="Example 3 in the batch").tap()
    shows(page, cell=[0, 2], batch=[0, 1, 2])
    page.figure.get_by_role("radio", name="Look at example 3").tap()
    shows(page, cell=[0, 2], batch=[0, 1, 2], example=2)
    page.figure.get_by_role("radio", name="identity").tap()
    shows(page, cell=[0, 2], batch=[0, 1, 2], example=2, activation="identity")
    page.figure.locator("[data-edge='0 0']").tap()
    shows(page, cell=[0, 0], batch=[0, 1, 2], example=2, activation="identity")


def test_everything_to_touch_is_large_enough(open_figure):
    page = open_figure(width=320, touch=True)
    boxes = page.figure.evaluate(
        """figure => [...figure.querySelectorAll("td[tabindex], .bp-option, .bp-toggle, button,"
          + " input[type=range], input[type=number]")].filter((e) => e.checkVisibility())
          .map((e) => [e.className || e.type, e.getBoundingClientRect().toJSON()])"""
    )
    assert len(boxes) > 30
    for name, box in boxes:
        assert box["width"] >= 24 and box["height"] >= 24, name


def test_an_example_that_leaves_doubles_what_the_other_adds(open_figure):
    """The chapter's question; with a sum over the batch the second row stays."""
    page = open_figure()
    example_2 = page.figure.get_by_role("checkbox", name="Example 2 in the batch")
    before = [float(cell(page, 1, k).inner_text().replace("−", "-")) for k in range(3)]
    example_2.uncheck()
    shows(page, batch=[0])
    after = [float(cell(page, 1, k).inner_text().replace("−", "-")) for k in range(3)]
    assert np.array(after) == pytest.approx(2 * np.array(before), abs=1.1e-4)
    page.get_by_text(
        "Example 2 has left, N = 1: what each of the others adds is 2 times what it was."
    ).first.wait_for()
    page.figure.get_by_role("radio", name="sum: 1", exact=True).check()
    shows(page, batch=[0], reduction="sum")
    example_2.check()
    page.get_by_text("what each of the others adds is what it was.").first.wait_for()
    shows(page, reduction="sum")
    assert [float(cell(page, 1, k).inner_text().replace("−", "-")) for k in range(3)] == after


@pytest.mark.parametrize(
    ("loss", "name", "factor", "said"),
    [
        ("squared_error", "sum: 2", "1", "2 times what it was"),
        ("mean_squared_error", "mean: 2/3", "1/3", "2/3 times what it was"),
    ],
)
def test_the_factor_of_the_loss_is_named_where_it_enters(loss, name, factor, said, open_figure):
    page = open_figure()
    page.figure.get_by_role("radio", name=name, exact=True).check()
    shows(page, loss=loss)
    sentence = page.figure.locator(".bp-sentence").inner_text()
    assert f"The factor in every cell is now {factor}: each cell is {said}." in sentence
    caption = page.figure.locator(".bp-caption").last
    assert caption.locator("mfrac").first.text_content() == "1N"


def test_reset_starts_with_the_sentence_of_the_start(open_figure):
    page = open_figure()
    sentence = page.figure.locator(".bp-sentence")
    start = sentence.inner_text()
    page.figure.get_by_role("radio", name="mean: 2/3", exact=True).check()
    page.get_by_text("The factor in every cell is now").first.wait_for()
    page.figure.get_by_text("Reset", exact=True).click()
    shows(page)
    assert sentence.inner_text() == start


def test_the_terms_of_a_cell_add_up_by_hand(open_figure):
    page = open_figure()
    cell(page, 2, 0).click()
    page.mouse.move(2, 2)
    shows(page, cell=[2, 0])
    said = page.figure.locator(".bp-sentence").inner_text().replace("−", "-")
    assert "∂L/∂w₃₁ = 0.10441 + 0.03354 = 0.1380, a term for each of 2 examples." in said


def test_a_batch_is_never_empty(open_figure):
    page = open_figure()
    page.figure.get_by_role("checkbox", name="Example 2 in the batch").uncheck()
    only = page.figure.get_by_role("checkbox", name="Example 1 in the batch")
    only.click()
    page.get_by_text("A batch holds at least one example.").first.wait_for()
    assert only.is_checked()
    shows(page, batch=[0])


def test_a_link_restores_the_state(open_figure):
    page = open_figure()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.figure.get_by_role("checkbox", name="Example 4 in the batch").check()
    cell(page, 2, 2).click()
    page.mouse.move(2, 2)
    shows(page, batch=[0, 1, 3], cell=[2, 2])
    page.figure.get_by_text("Copy link", exact=True).click()
    page.get_by_text("is on the clipboard").first.wait_for(state="attached")
    link = page.evaluate("navigator.clipboard.readText()")
    state = json.loads(parse_qs(urlsplit(link).query)["manyoutputs"][0])
    assert state == {**START, "batch": [0, 1, 3], "cell": [2, 2]}
    other = open_figure(f"?manyoutputs={quote(json.dumps(state))}")
    shows(other, batch=[0, 1, 3], cell=[2, 2])


@pytest.mark.parametrize(
    "state", ['{"X": [[1, 2]]}', '{"batch": []}', '{"cell": [9, 0]}', '{"loss": "max"}', "{"]
)
def test_a_bad_link_is_refused_whole(state, open_figure):
    page = open_figure(f"?manyoutputs={quote(state)}")
    note = page.figure.locator(".bp-note")
    assert (
        note.text_content() == "The link’s state does not fit this figure, so it starts as usual."
    )
    shows(page)


IN_JUPYTER = """async () => {
  const kind = "application/vnd.jupyter.widget-state+json";
  const stored = JSON.parse(document.querySelector(`script[type="${kind}"]`).textContent).state;
  const { state } = Object.values(stored).find(
    ({ state }) => state._anywidget_id?.endsWith(".ManyOutputs"));
  const heard = {};
  window.python = {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      for (const hear of heard[`change:${name}`]) hear();
    },
    on: (event, hear) => (heard[event] ??= []).push(hear),
    off() {},
    save_changes() {},
  };
  const module = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
  const el = document.createElement("div");
  el.id = "in-jupyter";
  document.querySelector("#figure-manyoutputs").after(el);
  (await import(module)).default.render({ model: window.python, el });
}"""


def test_a_trait_set_from_python_shows_at_once(open_figure):
    """The stored face beside a model of our own, as JupyterLab has one."""
    page = open_figure()
    page.evaluate(IN_JUPYTER)
    page.figure = page.locator("#in-jupyter")
    shows(page)
    assert page.figure.get_by_text("Copy link").count() == 0  # a notebook has no address
    T = [[0.9, 0.9, 0.9], *START["T"][1:]]
    page.evaluate(
        """(T) => {
          for (const [name, value] of Object.entries(
            { T, batch: [0, 2, 3], cell: [3, 1], example: 3, loss: "squared_error" },
          )) python.set(name, value);
        }""",
        T,
    )
    state = {"T": T, "batch": [0, 2, 3], "cell": [3, 1], "example": 3, "loss": "squared_error"}
    shows(page, **state)
    assert page.figure.get_by_role("radio", name="sum: 2").is_checked()
    assert page.figure.get_by_role("checkbox", name="Example 3 in the batch").is_checked()
    assert not page.figure.get_by_role("checkbox", name="Example 2 in the batch").is_checked()
    slider = page.figure.get_by_role("slider", name="target t 1 of example 4")
    assert slider.input_value() == "1"
    page.figure.get_by_role("checkbox", name="Example 1 in the batch").uncheck()
    shows(page, **{**state, "batch": [2, 3]})
    assert page.evaluate("python.get('batch')") == [2, 3]  # and back to Python


def test_without_scripts_and_in_print_there_is_the_picture(open_page, open_figure):
    picture = open_page(PAGE, javascript=False).get_by_alt_text(
        re.compile("^Three tables with a row for each of three inputs")
    )
    assert picture.is_visible()
    assert picture.evaluate("img => img.naturalWidth") == 750
    page = open_figure()
    page.emulate_media(media="print")
    assert page.figure.locator(".bp-picture").is_visible()
    assert not page.figure.locator(".bp-figure").is_visible()


def test_less_motion_where_it_is_asked_for(open_figure):
    moving = "getComputedStyle(document.querySelector('.bp-layer .bp-glow')).transitionDuration"
    assert open_figure().evaluate(moving) != "0s"
    assert open_figure(reduced_motion="reduce").evaluate(moving) == "0s"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(theme, open_figure):
    for state in ({}, {"batch": [0], "cell": [2, 1], "loss": "squared_error"}):
        page = open_figure(f"?manyoutputs={quote(json.dumps(state))}", theme=theme, width=390)
        found = Axe().run(page, "#figure-manyoutputs", {"preload": False})  # asks for no file
        broken = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found.response["violations"]]
        assert broken == []


def largest_layer(page):
    """Put a layer of the largest size into the page, on the way to the browser."""

    def handle(route):
        body = route.fetch().text()
        store = re.search(r'widget-state\+json"[^>]*>(.*?)</script>', body, re.DOTALL)
        records = json.loads(store[1])
        for record in records["state"].values():
            if "ManyOutputs" in record["state"].get("_anywidget_id", ""):
                record["state"].update(LARGEST)
        stored = json.dumps(records).replace("</", "<\\/")
        body = body[: store.start(1)] + stored + body[store.end(1) :]
        route.fulfill(body=body, content_type="text/html; charset=utf-8")

    page.route("**/02_many_outputs.html*", handle)


OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll('#figure-manyoutputs .bp-layer text')]
    .filter((text) => !text.hasAttribute('transform'))
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - a.height / 5 && b.top < a.bottom - a.height / 5;
  return boxes.flatMap(([s, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => hit(a, b)).map(([t]) => `${s} / ${t}`));
}"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('#figure-manyoutputs svg text')].map(
  (text) => text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize)
    / Math.cos(Math.atan2(text.getScreenCTM().b, text.getScreenCTM().a))))"""
CLIPPED = """() => [...document.querySelectorAll(
  '#figure-manyoutputs :is(td, th, .bp-formula, .bp-card, .bp-term, .bp-caption)')]
  .filter((e) => e.scrollWidth > e.clientWidth + 1).map((e) => e.textContent)"""


@pytest.mark.parametrize("before", [None, largest_layer], ids=["chapter", "largest"])
def test_it_fits_every_width(before, open_figure):
    page = open_figure(before=before)
    for width in (320, 390, 768, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        browsing.settle(page)  # at a desk's width the sidebar slides in
        box = page.figure.locator(".bp-figure").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
        assert page.evaluate(OVERLAPS) == [], f"texts over texts at {width} px"
        assert page.evaluate(CLIPPED) == [], f"cut off at {width} px"
        assert page.evaluate(SMALLEST) >= 11, f"too small to read at {width} px"


DRAG = """async ([name, frames]) => {
  const slider = document.querySelector(`#figure-manyoutputs [aria-label='${name}']`);
  for (let n = 0; n < frames; n++) {
    slider.value = 3 * Math.sin(n / 10);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((next) => requestAnimationFrame(next));
  }
}"""


def test_the_largest_layer_follows_the_hand(open_figure):
    """A frame has 16.7 ms; counted is what the page's thread works, not what it waits."""
    page = open_figure(before=largest_layer)
    shows(page, **LARGEST)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def worked():
        found = session.send("Performance.getMetrics")["metrics"]
        parts = ("ScriptDuration", "RecalcStyleDuration", "LayoutDuration")
        return sum(metric["value"] for metric in found if metric["name"] in parts)

    start = worked()
    page.evaluate(DRAG, ["input x 1 of example 1", 60])
    assert (worked() - start) / 60 < 0.0167
    moved = [[round(3 * float(np.sin(5.9)), 2), *LARGEST["X"][0][1:]], *LARGEST["X"][1:]]
    shows(page, **{**LARGEST, "X": moved})
