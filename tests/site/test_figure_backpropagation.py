"""The backpropagation figure in a browser, its numbers the package's; chapter 05 has it twice."""

import json
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

import browsing
from backprop import Dense, Network

PAGE = "chapters/05_backprop_deltas.html"
X, T = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
FIGURE = "#figure-backprop"


def network():
    """The 2-2-2 network of the chapter."""
    return Network(
        [
            Dense([[0.15, 0.25], [0.20, 0.30]], [0.35, 0.35], "sigmoid"),
            Dense([[0.40, 0.50], [0.45, 0.55]], [0.60, 0.60], "sigmoid"),
        ]
    )


def text(value, digits=4):
    return f"{value:.{digits}f}".replace("-", "−")


def tenths(value):
    """A number that is small, as the figure writes it: 6.68·10⁻⁴."""
    mantissa, power = f"{value:.2e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{raised}".replace("-", "−")


@pytest.fixture
def open_figure(open_page):
    def open_figure(state=None, anchor="fig-touch-backprop", **options):
        query = "" if state is None else f"?backprop={quote(json.dumps(state))}"
        page = open_page(f"{PAGE}{query}#{anchor}", **options)
        page.locator(f"{FIGURE} .bp-figure").wait_for()
        return page

    return open_figure


def figure(page):
    return page.locator(FIGURE)


def says(page, said):
    """Wait until the sentence under the figure says so."""
    figure(page).locator(".bp-sentence", has_text=said).wait_for(timeout=5000)


def cell(page, symbol, nth=0):
    """The number that stands beside a symbol in the drawing: 'z', 'δ', 'h₁', …"""
    group = figure(page).locator(".bp-pass g", has=page.get_by_text(symbol, exact=True))
    return group.locator("text:last-child").nth(nth).text_content()


def press(page, key, times=1):
    for _ in range(times):
        page.keyboard.press(key)


# --- stepping -------------------------------------------------------------------------------------


def test_by_keyboard_forward_and_backward(open_figure):
    net = network()
    trace = net.forward(X)
    grads = net.backward(trace, T)
    page = open_figure()
    says(page, "Step 0 of 24.")
    assert figure(page).locator(".bp-live").text_content() == ""  # nothing changed yet
    stage = figure(page).locator(".bp-net")
    stage.focus()
    assert stage.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    said = [
        *[f"hidden neuron {j + 1}: z = {text(trace.z[0][0, j])}." for j in (0, 1)],
        *[f"hidden neuron {j + 1}: {'h'}{'₁₂'[j]} = {text(trace.a[1][0, j])}." for j in (0, 1)],
        *[f"output {k + 1}: z = {text(trace.z[1][0, k])}." for k in (0, 1)],
        *[f"output {k + 1}: o{'₁₂'[k]} = {text(trace.a[2][0, k])}, the target" for k in (0, 1)],
        f"Forward: the loss: L = {text(net.loss(X, T), 9)}.",
        *[f"output {k + 1}: δ = {text(grads.delta[1][0, k])}." for k in (0, 1)],
        *[f"hidden neuron {j + 1}: δ = {text(grads.delta[0][0, j])}." for j in (0, 1)],
        *[
            f"into output {k + 1}: each is what comes in times δ: "
            + ", ".join(text(v) for v in grads.dW[1][:, k])
            for k in (0, 1)
        ],
        f"biases of the outputs: each is the neuron’s own δ: {text(grads.db[1][0])}",
        *[
            f"into hidden neuron {j + 1}: each is what comes in times δ: "
            + ", ".join(text(v) for v in grads.dW[0][:, j])
            for j in (0, 1)
        ],
        f"biases of the hidden neurons: each is the neuron’s own δ: {text(grads.db[0][0])}",
        *["Update: the weights into output"] * 2,
        *["Update: the weights into hidden neuron"] * 2,
        "from 0.298371109 to 0.291027774.",
    ]
    assert len(said) == 24
    for number, sentence in enumerate(said, 1):
        press(page, "ArrowRight")
        says(page, f"Step {number} of 24.")
        says(page, sentence)
    assert cell(page, "h₁") == text(trace.a[1][0, 0])
    assert cell(page, "o₂") == text(trace.a[2][0, 1])
    assert [cell(page, "δ", n) for n in range(4)] == [
        text(d) for d in (*grads.delta[0][0], *grads.delta[1][0])
    ]
    live = figure(page).locator(".bp-live")
    live.filter(has_text="Step 24 of 24").wait_for(timeout=5000, state="attached")
    press(page, "ArrowRight")
    press(page, "ArrowLeft", 2)
    says(page, "Step 22 of 24.")
    press(page, "Home")
    says(page, "Step 0 of 24.")
    press(page, "End")
    says(page, "Step 24 of 24.")


def test_by_mouse(open_figure):
    page = open_figure()
    fig = figure(page)
    for name, expected in (("Step", 1), ("Step", 2), ("One back", 1), ("To the end", 24)):
        fig.get_by_role("button", name=name, exact=True).click()
        says(page, f"Step {expected} of 24.")
    fig.get_by_role("button", name="Back to the start", exact=True).click()
    says(page, "Step 0 of 24.")
    fig.get_by_role("button", name="Play", exact=True).click()
    says(page, "Step 2 of 24.")
    fig.get_by_role("button", name="Pause", exact=True).click()
    fig.get_by_role("button", name="Play", exact=True).wait_for()


def test_play_jumps_to_the_end_for_who_asked_for_less_motion(open_figure):
    page = open_figure(reduced_motion="reduce")
    figure(page).get_by_role("button", name="Play", exact=True).click()
    says(page, "Step 24 of 24.")


def test_the_equation_has_its_numbers(open_figure):
    page = open_figure({"step": 12})
    says(page, "Backward: the delta of hidden neuron 1")
    equation = figure(page).locator(".bp-equation").text_content()
    assert "δh1" in equation and "v11δo1" in equation and "v12δo2" in equation
    assert "0.2413" in equation and "0.4·0.1385" in equation and "0.5·(−0.0381)" in equation
    assert equation.endswith("=0.0088")


def test_a_sum_that_rounding_spoils_is_about_equal(open_figure):
    """9 digits of the loss do not follow from 4 of the outputs; what does follow is equal."""
    page = open_figure({"step": 9})
    says(page, "L = 0.298371109.")
    equation = figure(page).locator(".bp-equation").text_content()
    assert equation.endswith("≈0.298371109")
    figure(page).locator(".bp-net").focus()
    press(page, "Home")
    press(page, "ArrowRight")
    says(page, "Step 1 of 24.")
    assert figure(page).locator(".bp-equation").text_content().endswith("=0.3775")


def test_keys_start_at_the_network_itself(open_figure):
    page = open_figure()
    at = "() => document.activeElement.dataset.name"
    network = figure(page).locator(".bp-net")
    network.focus()
    press(page, "Enter")
    assert page.evaluate(at) == "w11"  # the chosen weight
    network.focus()
    press(page, "ArrowDown")
    assert page.evaluate(at) == "w12"
    press(page, "Enter")
    says(page, "∂L/∂w₁₂ = ")
    network.focus()
    press(page, "ArrowUp")
    assert page.evaluate(at) == "w11"
    press(page, "ArrowRight")
    says(page, "Step 1 of 24.")


def test_buttons_stand_in_the_order_of_the_steps(open_figure):
    page = open_figure()
    buttons = figure(page).locator(".bp-player button").all_text_contents()
    assert buttons == ["Back to the start", "One back", "Step", "Play", "To the end"]
    says(page, "2 hidden neurons, 2 outputs; the lens below has the numbers of the whole pass")


def test_the_step_lights_what_it_is_made_from(open_figure):
    page = open_figure({"step": 1})
    says(page, "Step 1 of 24.")
    drawing = figure(page).locator(".bp-pass")
    assert drawing.locator("[data-part=made]").count() == 1
    assert drawing.locator("[data-part=from]").count() == 3  # x₁, x₂ and the bias
    lit = drawing.locator("[data-name]:has([data-way=forward])")
    assert lit.evaluate_all("all => all.map((e) => e.dataset.name)") == ["w11", "w21"]


# --- too early, and the step ----------------------------------------------------------------------


def early_delta(net, eta):
    trace = net.forward(X)
    grads = net.backward(trace, T)
    moved = net.layers[1].W - eta * grads.dW[1]
    return (grads.delta[1] @ moved.T) * trace.a[1] * (1 - trace.a[1]), grads


def test_too_early_stands_beside_the_right_one(open_figure):
    page = open_figure({"step": 12})
    says(page, "δ = 0.0088.")
    figure(page).get_by_role("switch", name="Update the output weights too early").check()
    wrong, grads = early_delta(network(), 0.5)
    says(page, "Step 17 of 24. The same quantity was step 12: the order is another now. ")
    assert figure(page).get_by_text("✓ as it is in time").is_visible()
    says(
        page,
        f"δ = {text(wrong[0, 0])}, too early: in time it is {text(grads.delta[0][0, 0])}. "
        "Relative error of the hidden gradient: 0.149.",
    )
    assert cell(page, "δ") == text(wrong[0, 0])
    assert cell(page, "✓") == text(grads.delta[0][0, 0])
    figure(page).get_by_role("button", name="To the end", exact=True).click()
    says(page, "from 0.298371109 to 0.291027924, in time it would be 0.291027774.")
    field = figure(page).get_by_role("spinbutton", name="learning rate η, as a number")
    field.fill("0.05")
    field.press("Enter")
    figure(page).locator(".bp-net").focus()
    press(page, "ArrowLeft", 7)
    wrong, grads = early_delta(network(), 0.05)
    off = np.abs(wrong - grads.delta[0]).max() / np.abs(grads.delta[0]).max()
    says(page, f"Relative error of the hidden gradient: {off:.3f}.")


def test_the_next_pass_starts_from_the_new_weights(open_figure):
    page = open_figure()
    go_on = figure(page).get_by_role("button", name="Go on with the new weights")
    figure(page).get_by_role("switch", name="The biases learn too").check()
    net = network()
    for _ in range(3):
        go_on.click()
        net.step(net.backward(net.forward(X), T), 0.5)
    figure(page).locator(".bp-net").focus()
    press(page, "ArrowRight", 9)
    says(page, f"L = {text(net.loss(X, T), 9)}.")
    figure(page).get_by_role("button", name="Reset", exact=True).click()
    press(page, "Tab")
    figure(page).locator(".bp-net").focus()
    press(page, "ArrowRight", 9)
    says(page, "L = 0.298371109.")


# --- one weight under the lens --------------------------------------------------------------------


def products(page):
    return figure(page).locator(".bp-routes .bp-times b").all_text_contents()


def test_an_edge_shows_its_gradient_as_products(open_figure):
    """By mouse, then by keyboard: an edge, a bias, and the list."""
    net = network()
    trace = net.forward(X)
    grads = net.backward(trace, T)
    page = open_figure()
    fig = figure(page)
    slope = trace.a[1][0, 0] * (1 - trace.a[1][0, 0])
    routes = grads.delta[1][0] * net.layers[1].W[0] * slope * X[0, 0]
    assert products(page) == [text(v, 7) for v in routes]  # they add up to 6 digits
    assert text(sum(round(v, 7) for v in routes), 6) == text(grads.dW[0][0, 0], 6)
    assert fig.locator(".bp-routes > .bp-route > b").text_content() == text(grads.dW[0][0, 0], 6)
    assert fig.locator(".bp-routes .bp-value").first.text_content() == text(trace.a[2][0, 0] - 0.01)
    fig.locator("[data-name=v22]").click(force=True)
    says(page, f"∂L/∂v₂₂ = {text(grads.dW[1][1, 1], 6)}.")
    assert products(page) == [text(grads.dW[1][1, 1], 6)]
    chosen = fig.locator(".bp-pass [tabindex='0']")
    assert chosen.count() == 1  # Tab meets the network once, then one of its weights
    chosen.focus()
    press(page, "ArrowUp")
    press(page, "Enter")
    says(page, f"∂L/∂v₂₁ = {text(grads.dW[1][1, 0], 6)}.")
    assert fig.locator("[data-name=v21]").get_attribute("aria-pressed") == "true"
    fig.get_by_role("combobox", name="the chosen weight or bias").select_option("bh2")
    says(page, f"∂L/∂b(h₂) = {text(grads.db[0][1], 6)}.")


def test_the_quotient_approaches_the_gradient(open_figure):
    page = open_figure({"watch": "v11"})
    fig = figure(page)
    slope = network().backward(network().forward(X), T).dW[1][0, 0]
    field = fig.get_by_role("spinbutton", name="nudge Δ, as a number")
    errors = []
    for nudge in (1.0, 0.1, 0.01):
        field.fill(str(nudge))
        field.press("Enter")
        net, losses = network(), []
        for value in (0.4 + nudge, 0.4 - nudge):
            net.layers[1].W[0, 0] = value
            losses.append(net.loss(X, T))
        quotient = (losses[0] - losses[1]) / (2 * nudge)
        table = fig.locator(".bp-nudge td")
        table.nth(0).filter(has_text=f"{losses[0]:.12f}").wait_for(timeout=5000)
        shown = table.all_text_contents()
        assert shown[:4] == [
            f"{losses[0]:.12f}", f"{losses[1]:.12f}", text(quotient, 9), text(slope, 9)
        ]  # fmt: skip
        errors.append(abs(quotient - slope))
        says(page, f"With the nudge {nudge:g} the quotient is")
    assert errors[0] > 50 * errors[1] > 2500 * errors[2] > 0
    slider = fig.get_by_role("slider", name="nudge Δ")
    slider.focus()
    press(page, "Home")
    says(page, "With the nudge 0.000001 the quotient is")


def test_a_weight_is_moved(open_figure):
    page = open_figure()
    slider = figure(page).get_by_role("slider", name="value of the chosen weight")
    slider.fill("2.5")
    net = network()
    net.layers[0].W[0, 0] = 2.5
    grads = net.backward(net.forward(X), T)
    says(page, f"∂L/∂w₁₁ = {tenths(grads.dW[0][0, 0])}.")
    figure(page).locator(".bp-net").focus()
    press(page, "ArrowRight")
    says(page, f"z = {text(net.forward(X).z[0][0, 0])}.")


# --- another network ------------------------------------------------------------------------------


def test_a_network_of_the_readers_choice_by_touch(open_figure):
    page = open_figure(width=390, touch=True)
    fig = figure(page)
    fig.get_by_text("Another network, other numbers").tap()
    for name, count in (("inputs", 4), ("hidden neurons", 5), ("outputs", 3)):
        fig.get_by_role("slider", name=name, exact=True).fill(str(count))
    fig.get_by_role("group", name="Hidden activation").get_by_role("radio", name="tanh").tap()
    fig.get_by_role("radio", name="softmax, cross-entropy").tap()
    fig.get_by_role("button", name="Draw new weights and inputs").tap()
    says(page, "of 44.")
    fig.get_by_role("radio", name="2", exact=True).tap()  # the class that is the target
    fig.get_by_role("button", name="To the end", exact=True).tap()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fig.get_by_text("Copy link", exact=True).tap()
    page.get_by_text("is on the clipboard").first.wait_for(state="attached")
    link = page.evaluate("navigator.clipboard.readText()")
    state = json.loads(parse_qs(urlsplit(link).query)["backprop"][0])
    assert state["t"] == [0, 1, 0] and (state["hidden"], state["output"]) == ("tanh", "softmax")
    layers = [
        Dense(state["W1"], state["b1"], "tanh"),
        Dense(state["W2"], state["b2"], "softmax"),
    ]
    net = Network(layers, "cross_entropy")
    x, t = [state["x"]], [state["t"]]
    assert np.shape(state["W1"]) == (4, 5) and np.shape(state["W2"]) == (5, 3)
    before = net.loss(x, t)
    grads = net.backward(net.forward(x), t)
    assert products(page)[-1] != ""
    fig.locator(".bp-routes > .bp-route > b", has_text=near(grads.dW[0][0, 0])).wait_for()
    grads.db = [0 * db for db in grads.db]  # they stay, as in the chapter
    net.step(grads, state["eta"])
    says(page, f"from {text(before, 9)} to {text(net.loss(x, t), 9)}.")


def near(value):
    """Six digits, or a power of ten where they would hide the number."""
    return tenths(value) if abs(value) < 5e-7 else text(value, 6)


def test_a_link_restores_the_state(open_figure):
    state = {
        "W1": [[1.5, -0.5, 0.25]], "b1": [0.1, 0.2, 0.3], "W2": [[1.0], [2.0], [-1.0]],
        "b2": [0.5], "x": [2.0], "t": [0.25], "hidden": "relu", "output": "identity", "eta": 0.1,
        "biases": True, "early": False, "step": 24, "watch": "v31", "nudge": 0.01,
    }  # fmt: skip
    page = open_figure(state)
    net = Network([Dense(state["W1"], state["b1"], "relu"), Dense(state["W2"], [0.5], "identity")])
    x, t = [state["x"]], [state["t"]]
    before = net.loss(x, t)
    net.step(net.backward(net.forward(x), t), 0.1)
    says(page, f"Step 24 of 24. Forward again: the loss after the step: from {text(before, 9)}")
    says(page, f"to {text(net.loss(x, t), 9)}.")
    select = figure(page).get_by_role("combobox", name="the chosen weight or bias")
    assert select.input_value() == "v31"
    page.wait_for_function(
        f"""() => {{
          const {{ top }} = document.querySelector('{FIGURE}').getBoundingClientRect();
          return top > -50 && top < innerHeight;
        }}"""
    )


@pytest.mark.parametrize(
    "state", [{"W1": [[1.0, 2.0]]}, {"watch": "v33"}, {"t": [1, "2"]}, {"output": "softmax"}]
)
def test_a_bad_link_is_refused_whole(state, open_figure):
    page = open_figure({**state, "step": 5})
    note = figure(page).locator(".bp-note")
    assert (
        note.text_content() == "The link’s state does not fit this figure, so it starts as usual."
    )
    says(page, "Step 0 of 24.")


def test_the_second_figure_is_the_threshold_network(open_page):
    page = open_page(f"{PAGE}#fig-touch-thresholds")
    second = page.locator("#figure-backprop-2")
    second.locator(".bp-sentence", has_text="Step 16 of 34.").wait_for()
    assert "hidden neuron 1: δ = −0.0156" in second.locator(".bp-sentence").text_content()
    shown = second.locator(".bp-routes > .bp-route > b").text_content()
    assert shown == "−0.013880"
    assert "0.0030013" in second.locator(".bp-routes").text_content()


# --- how it stands on the page --------------------------------------------------------------------

BIG = {
    "W1": [[-1.25, 1.25, -0.75, 0.5, -1.4]] * 4, "b1": [-1.25] * 5,
    "W2": [[-1.25, 0.75, -0.333]] * 5, "b2": [-1.1, 0.2, -0.3], "x": [-1.25, 3.1, -0.333, 2.0],
    "t": [-0.25, 0.75, -1.25], "hidden": "sigmoid", "output": "tanh",
}  # fmt: skip

OVERLAPS = """(figure) => {
  const boxes = [...document.querySelectorAll(`${figure} .bp-pass text`)]
    .filter((text) => text.textContent)
    .map((text) => [text.textContent, text.getBoundingClientRect()]);
  const hit = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  return boxes.flatMap(([s, a], i) => boxes.slice(i + 1)
    .filter(([, b]) => hit(a, b)).map(([t]) => `${s} / ${t}`));
}"""


@pytest.mark.parametrize(("state", "steps"), [({}, 24), ({"early": True}, 24), (BIG, 44)])
def test_texts_stand_apart_at_every_step(state, steps, open_figure):
    page = open_figure({**state, "step": 0}, reduced_motion="reduce")
    figure(page).locator(".bp-net").focus()
    for number in range(steps + 1):
        says(page, f"Step {number} of {steps}.")
        assert page.evaluate(OVERLAPS, FIGURE) == [], f"texts over texts at step {number}"
        if state is not BIG:
            assert browsing.struck(figure(page)) == [], f"numbers struck through at step {number}"
        press(page, "ArrowRight")


def test_it_fits_every_width(open_figure):
    page = open_figure({**BIG, "step": 44, "early": True})
    figure(page).get_by_text("Another network, other numbers").click()
    for width in (320, 390, 768, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        browsing.settle(page)  # at a desk's width the sidebar slides in
        box = figure(page).locator(".bp-figure").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, open_figure):
    page = open_figure({"step": 19, "early": True}, theme=theme)
    figure(page).get_by_text("Another network, other numbers").click()
    says(page, "Step 19 of 24.")
    found = Axe().run(page, FIGURE, {"preload": False})  # asks for no file
    broken = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found.response["violations"]]
    assert broken == []


def test_stepping_moves_nothing_else(open_figure):
    """The equation keeps its place: what stands below it does not jump while it plays."""
    page = open_figure(width=390)
    lens = figure(page).locator(".bp-lens")
    figure(page).locator(".bp-net").focus()
    tops = set()
    for number in range(25):
        says(page, f"Step {number} of 24.")
        tops.add(round(lens.evaluate("e => e.offsetTop")))
        press(page, "ArrowRight")
    assert len(tops) == 1, tops


def test_without_scripts_there_is_the_picture(open_page):
    page = open_page(PAGE, javascript=False)
    pictures = page.locator(".bp-host .bp-picture img")
    assert pictures.count() == 2
    assert pictures.first.is_visible()
    assert pictures.first.get_attribute("alt").startswith("The network of two inputs")


def test_what_python_sets_shows_at_once(open_page):
    """A model as JupyterLab has one: its traits change one by one, from outside."""
    page = open_page(f"{PAGE}#fig-touch-backprop")
    page.locator(f"{FIGURE} .bp-figure").wait_for()
    page.evaluate("""async () => {
      const stored = document.querySelector("script[type$='widget-state+json']");
      const state = Object.values(JSON.parse(stored.textContent).state)[0].state;
      const url = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
      const heard = {};
      window.model = {
        get: (name) => state[name],
        set(name, value) {
          state[name] = value;
          heard[`change:${name}`]?.forEach((hear) => hear());
        },
        on: (event, hear) => (heard[event] = [...(heard[event] ?? []), hear]),
        off() {}, save_changes() {},
      };
      const el = document.createElement("div");
      el.id = "lab";
      document.querySelector("article").prepend(el);
      (await import(url)).default.render({ model, el });
    }""")
    said = page.locator("#lab .bp-sentence")
    page.evaluate("model.set('step', 9)")
    said.filter(has_text=f"L = {text(network().loss(X, T), 9)}.").wait_for(timeout=5000)
    # Another network, trait by trait: in between the shapes do not fit, and nothing breaks.
    for name, value in (
        ("W1", [[1.0, 2.0, 3.0]]),
        ("x", [0.5]),
        ("b1", [0.0, 0.1, 0.2]),
        ("W2", [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]),
    ):
        assert page.locator("#lab .bp-failed").count() == 0
        page.evaluate("([name, value]) => model.set(name, value)", [name, value])
        page.evaluate("() => new Promise(requestAnimationFrame)")
    page.evaluate("model.set('step', 11)")
    net = Network(
        [
            Dense([[1.0, 2.0, 3.0]], [0.0, 0.1, 0.2], "sigmoid"),
            Dense([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], [0.6, 0.6], "sigmoid"),
        ]
    )
    said.filter(has_text=f"L = {text(net.loss([[0.5]], T), 9)}.").wait_for(timeout=5000)
