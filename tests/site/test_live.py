"""Live cells, end to end: a server as `make live` starts it, a browser, a kernel.

Each test that runs code has a page and a kernel of its own; at its end the page is closed, and the
server must have no kernel left.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from types import SimpleNamespace

import pytest

from browsing import ROOT, axe, sideways

CHAPTER = "chapters/01_perceptron.html"

SERVER = """
import sys
from bookkit.live import entrance, make_server
app = make_server(sys.argv[1], sys.argv[2])
app.io_loop.add_callback(lambda: print(entrance(app), flush=True))
app.start()
"""

SLOW = 60_000  # milliseconds: a kernel starts, and imports torch, on a busy machine


@pytest.fixture(scope="module")
def live(site, tmp_path_factory):
    """The server: ``home`` (an address), ``token``, ``kernels()``."""
    log = tmp_path_factory.mktemp("live") / "log"
    with log.open("w", encoding="utf-8") as noise:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, site, ROOT / "chapters"],
            stdout=subprocess.PIPE,
            stderr=noise,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        with process:
            entrance = process.stdout.readline().strip()
            assert entrance, log.read_text(encoding="utf-8")
            home, token = entrance.split("?token=")

            def kernels():
                request = urllib.request.Request(
                    home.replace("/book/", "/api/kernels"),
                    headers={"Authorization": f"token {token}"},
                )
                with urllib.request.urlopen(request) as answer:
                    return json.load(answer)

            yield SimpleNamespace(home=home, token=token, kernels=kernels)
            process.terminate()
            process.wait(timeout=30)


def until(true, what, seconds=30):
    """Wait until ``true()`` is; fail with ``what`` and its last value after ``seconds``."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, f"after {seconds} s: {what}; last {value!r}"
        time.sleep(0.1)


def status(page):
    return page.locator(".live-tools [role=status]")


def wait_status(page, pattern):
    """Wait until the status line says what ``pattern`` matches."""
    page.wait_for_function(
        "pattern => new RegExp(pattern).test("
        "document.querySelector('.live-tools [role=status]')?.textContent ?? '')",
        arg=pattern,
        timeout=SLOW,
    )


def cell(page, n):
    """The n-th code cell, from 1."""
    return page.locator("article div.cell:has(div.cell_input)").nth(n - 1)


def write(page, n, code):
    """Replace the code of cell n as a reader does."""
    editor = cell(page, n).locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(code)


def run(page, n, code=None, ends="done"):
    """Run cell n, with ``code`` in place of its own; its outputs as text."""
    if code is not None:
        write(page, n, code)
    cell(page, n).get_by_role("button", name=f"Run cell {n}", exact=True).click()
    page.wait_for_function(
        "([n, ends]) => [...document.querySelectorAll('article div.cell.live')][n - 1]"
        ".dataset.live === ends",
        arg=[n, ends],
        timeout=SLOW,
    )
    return cell(page, n).locator(".live-outputs").inner_text()


@pytest.fixture
def open_live(open_page, live):
    """Open a page of the live book, let in, and press its button."""
    pages = []

    def open_live(path=CHAPTER, **options):
        page = open_page(f"{live.home}{path}?token={live.token}", **options)
        pages.append(page)
        page.get_by_role("button", name="Run the code on this page").click()
        wait_status(page, "Python is ready")
        return page

    yield open_live
    for page in pages:
        page.close()
    until(lambda: not live.kernels(), "a closed page leaves no kernel")


# --- with no server behind the page ---------------------------------------------------------------


HOW = (
    "There is no Python behind this copy of the book. To run it, type make live in a clone of the "
    "book: how to run the book."
)


def test_without_a_server_the_button_says_how_to_get_one(open_page, server):
    page = open_page(CHAPTER)
    before = len(server.sent)
    page.get_by_role("button", name="How to run this page").click()
    words = page.locator(".live-bar [role=status]", has_text="make live")
    words.wait_for()
    assert words.inner_text() == HOW
    assert [path for path, *_ in server.sent[before:] if "live" in path] == [], "it knew already"
    page.get_by_role("link", name="how to run the book").click()
    page.wait_for_url("**/intro.html#run-it")
    assert page.locator("#run-it").count() == 1


def test_a_server_that_has_ended_is_missed(open_page, live):
    page = open_page(live.home + CHAPTER, forgive=("missing", "errors"))
    page.route("**/live.json", lambda route: route.abort())
    page.get_by_role("button", name="Run the code on this page").click()
    words = page.locator(".live-bar [role=status]", has_text="make live")
    words.wait_for()
    assert words.inner_text().startswith("The server of this page has no Python, or it has ended.")


def test_another_live_book_on_this_machine_is_no_server_of_this_page(open_page, served):
    def remember(page):
        cookie = {"name": "book-live-1", "value": "1", "url": served}
        page.context.add_cookies([cookie])

    page = open_page(CHAPTER, before=remember)
    assert page.get_by_role("button", name="How to run this page").is_visible()


def test_from_a_folder_on_disk_the_button_says_how_and_asks_nobody(open_page, site):
    page = open_page((site / CHAPTER).as_uri(), forgive="errors")  # icons: a font from a file
    page.get_by_role("button", name="How to run this page").press("Enter")
    words = page.locator(".live-bar [role=status]", has_text="make live")
    words.wait_for()
    assert words.inner_text() == HOW


def test_nothing_of_it_is_loaded_before_the_button_is_pressed(open_page, live):
    asked = []
    page = open_page(
        live.home + CHAPTER, before=lambda page: page.on("request", lambda r: asked.append(r.url))
    )
    assert page.get_by_role("button", name="Run the code on this page").is_visible()
    assert [url for url in asked if "/live/" in url or "live.json" in url] == []
    assert [url for url in asked if url.endswith(".js") or ".js?" in url]  # it did listen


def test_who_did_not_come_by_the_address_with_the_token_gets_no_kernel(open_page, live):
    page = open_page(live.home + CHAPTER)
    page.get_by_role("button", name="Run the code on this page").click()
    page.locator(".live-bar [role=status]", has_text="was not let in").wait_for()
    assert live.kernels() == []


# --- with one -------------------------------------------------------------------------------------


def test_cells_run_in_order_and_can_be_changed(open_live, live):
    page = open_live()
    assert page.url == live.home + CHAPTER  # the server took the token off
    torch = "import torch\nx = torch.tensor([3.0], requires_grad=True)\n(x**2).backward()\nx.grad"
    assert run(page, 1, torch) == "tensor([6.])"
    assert run(page, 1, torch.replace("3.0", "5.0")) == "tensor([10.])"
    # The kernel stands in the folder of the chapters, as under the notebook.
    assert run(page, 2, "import os; print(os.listdir('.')[0][-6:])").strip() == ".ipynb"

    # An error has its name, a readable traceback, and stops what waits.
    write(page, 3, "1 / 0")
    write(page, 4, "print('never')")
    cell(page, 5).get_by_role("button", name="Run the cells above cell 5").click()
    wait_status(page, "Cell 3 ended with ZeroDivisionError")
    assert "ZeroDivisionError: division by zero" in cell(page, 3).locator(".traceback").inner_text()
    assert cell(page, 4).locator(".live-state").inner_text() == ("not run: a cell before it failed")

    # Nothing of the token is kept, neither by the page nor in the address.
    kept = page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    )
    assert "x**2" in kept  # what the reader wrote is
    assert live.token not in kept


def test_what_the_reader_wrote_is_there_again_and_can_be_undone(open_live, live):
    page = open_live()
    before = cell(page, 2).locator(".cm-content").inner_text()
    write(page, 2, "print('mine')")
    page.reload()
    page.get_by_role("button", name="Run the code on this page").click()
    wait_status(page, "Python is ready")
    assert cell(page, 2).locator(".cm-content").inner_text() == "print('mine')"
    cell(page, 2).get_by_role("button", name="Put the book's code back into cell 2").click()
    assert cell(page, 2).locator(".cm-content").inner_text() == before
    assert page.evaluate("localStorage.getItem('book-live-drafts')") is None


def test_interrupt_restart_and_death(open_live):
    page = open_live()
    run(page, 1, "kept = 1")
    write(page, 2, "while True: pass")
    page.keyboard.press("Shift+Enter")
    wait_status(page, "Cell 2 is running")
    page.get_by_role("button", name="Interrupt").click()
    wait_status(page, "Cell 2 ended with KeyboardInterrupt")
    assert run(page, 3, "print(kept)").strip() == "1"

    page.get_by_role("button", name="Restart Python").click()
    wait_status(page, "has been restarted")
    assert "NameError" in run(page, 3, ends="error")

    # A restart ends a loop as well, and what waited behind it does not run.
    run(page, 2, ends="running")
    cell(page, 1).get_by_role("button", name="Run cell 1", exact=True).click()
    page.get_by_role("button", name="Restart Python").click()
    wait_status(page, "has been restarted")
    assert cell(page, 2).get_attribute("data-live") == "stopped"
    assert cell(page, 1).get_attribute("data-live") == "skipped"

    write(page, 2, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    page.keyboard.press("Shift+Enter")
    wait_status(page, "Python died and was started again")
    assert run(page, 3, "print(2 + 2)").strip() == "4"


def test_pictures_and_streams_and_colours(open_live):
    page = open_live()
    assert cell(page, 5).locator(".cell_output").count() <= 1
    run(page, 1, "import matplotlib.pyplot as plt\nplt.plot([0, 1], [0, 1])\nplt.show()")
    picture = cell(page, 1).locator(".live-outputs img")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert picture.get_attribute("alt") == "A picture, drawn by the code above it."
    said = run(page, 2, "import sys\nprint('a\\rb')\nprint('c<i>')\nprint('d', file=sys.stderr)")
    assert said.split() == ["b", "c<i>", "d"]
    assert cell(page, 2).locator(".stderr").inner_text().strip() == "d"
    html = "from IPython.display import HTML, display\ndisplay(HTML('<b id=bold>7</b>'))"
    assert run(page, 3, html).strip() == "7"
    assert page.locator("#bold").count() == 1
    update = "_ = display(1, display_id='one')\n_ = display(2, display_id='one', update=True)"
    assert run(page, 4, update).strip() == "2"
    assert re.search(r"\d", run(page, 5, "from IPython.display import Math\nMath('x^2')"))


def test_a_figure_keeps_its_caption(open_live):
    page = open_live()
    page.get_by_role("button", name="Run all cells").click()
    figure = page.locator("#fig-neuron")
    figure.locator(".live-outputs img").wait_for(timeout=SLOW)
    assert figure.locator("figcaption").inner_text().startswith("Figure 1.")
    assert figure.locator("img").get_attribute("alt").startswith("A neuron drawn as a graph")
    wait_status(page, r"^Cell \d+ is done")
    states = page.locator("div.cell.live").evaluate_all("all => all.map((c) => c.dataset.live)")
    assert set(states) == {"done"}
    assert page.locator("div.cell.tag_solution .live-outputs").count() >= 4  # folded ones as well


WIDGET = '''
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
      const button = document.createElement("button");
      button.className = "counter";
      const show = () => { button.textContent = `count ${model.get("count")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", show);
      show();
      el.append(button);
    } };
    """
    count = traitlets.Int(3).tag(sync=True)
counter = Counter()
counter
'''


def test_a_widget_is_live_both_ways(open_live):
    page = open_live()
    run(page, 1, WIDGET)
    shown = cell(page, 1).locator("button.counter")
    shown.click()
    assert shown.inner_text() == "count 4"
    assert run(page, 2, "print(counter.count)").strip() == "4"
    run(page, 2, "counter.count = 41")
    page.wait_for_function("document.querySelector('.counter').textContent === 'count 41'")

    # A control of ipywidgets, and a function's output under it.
    interact = "from ipywidgets import interact\n"
    interact += "@interact(n=(0, 10))\ndef twice(n=4):\n    print('twice is', 2 * n)"
    run(page, 3, interact)
    cell(page, 3).get_by_text("twice is 8").wait_for()
    cell(page, 3).get_by_role("slider").press("ArrowRight")
    cell(page, 3).get_by_text("twice is 10").wait_for()


def test_a_page_left_or_reloaded_leaves_no_kernel(open_live, live):
    page = open_live()
    first = [kernel["id"] for kernel in live.kernels()]
    assert len(first) == 1
    page.reload()
    until(lambda: not live.kernels(), "a reloaded page leaves no kernel")
    page.get_by_role("button", name="Run the code on this page").click()
    wait_status(page, "Python is ready")
    assert [kernel["id"] for kernel in live.kernels()] != first
    page.goto(live.home + "chapters/02_many_outputs.html")
    until(lambda: not live.kernels(), "a page that was left leaves no kernel")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_live_cells_are_accessible_on_a_phone(open_live, theme):
    page = open_live(width=390, theme=theme)
    failing = "def f(x):  # a comment\n    return 'text' + 1.5 * x if True else None\n\n\nf(1)"
    assert "TypeError" in run(page, 2, failing, ends="error")
    page.keyboard.press("Escape")
    assert axe(page) == []
    assert sideways(page) == []


def test_it_works_by_keyboard_alone(open_live):
    page = open_live()
    editor = cell(page, 1).locator(".cm-content")
    page.locator(".live-start").focus()

    def focused():
        return page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.className")

    for _ in range(20):
        page.keyboard.press("Tab")
        if focused() == "Code of cell 1":
            break
    assert focused() == "Code of cell 1"
    page.keyboard.press("Tab")  # nothing was typed: Tab leads on
    assert focused() == "Run cell 1"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("print(6 * 7)\nif 1:\n")
    page.keyboard.press("Tab")  # now it indents
    assert focused() == "Code of cell 1"
    page.keyboard.type("pass")
    page.keyboard.press("Shift+Enter")
    cell(page, 1).get_by_text("42").wait_for(timeout=SLOW)
    assert editor.inner_text().split("\n")[0] == "print(6 * 7)"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert focused() == "Run cell 1"
