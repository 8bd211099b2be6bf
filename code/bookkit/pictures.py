"""The README's pictures of the interactive figures, taken in a browser from the built site."""

import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bookkit.browser import launch
from classroom.files import write_whole


@dataclass(frozen=True)
class Shot:
    """One picture: the figure with that key on that page, in a state, after some presses."""

    file: str
    page: str
    key: str
    state: dict = field(default_factory=dict)
    press: tuple[str, ...] = ()


SHOTS = [
    Shot("figure-perceptron.png", "chapters/01_perceptron.html", "perceptron"),
    Shot("figure-many-outputs.png", "chapters/02_many_outputs.html", "manyoutputs"),
    Shot(
        "figure-backprop.png",
        "chapters/05_backprop_deltas.html",
        "backprop",
        press=("To the end",) + ("One back",) * 9,
    ),
    Shot(
        "figure-himmelblau.png",
        "chapters/09_himmelblau.html",
        "himmelblaudescent",
        press=("Play",),
    ),
]

#: What the page lays over a figure.
ALONE = (
    ".bd-header-article, .skip-link, #pst-skip-link, #pst-back-to-top { display: none !important }"
)


def take(root, index):
    """Take every picture from the site whose first page is `index`; the files, in `root/assets`.

    Motion is off, so that what plays stands at its end; the colours are cut to 128, which a figure
    does not show and which makes the files small.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        context = browser.new_context(
            viewport={"width": 1000, "height": 1500}, reduced_motion="reduce", color_scheme="light"
        )
        taken = [_one(context, Path(index).parent, root, shot) for shot in SHOTS]
        browser.close()
    return taken


def _one(context, site, root, shot):
    query = f"?{shot.key}={quote(json.dumps(shot.state))}" if shot.state else ""
    page = context.new_page()
    page.goto(f"{(site / shot.page).as_uri()}{query}")
    figure = page.locator(f"#figure-{shot.key} .bp-figure")
    page.locator(f"#figure-{shot.key}").scroll_into_view_if_needed()
    figure.wait_for()
    page.evaluate("window.MathJax?.startup?.promise")
    for name in shot.press:
        figure.get_by_role("button", name=name, exact=True).click()
    page.mouse.move(0, 0)  # nothing keeps the pointer's mark
    out = Path(root) / "assets" / shot.file
    write_whole(out, _small(figure.locator(".bp-stage").screenshot(style=ALONE)))
    page.close()
    return out


def _small(png):
    """The same picture with 128 colours, cut without dithering."""
    from PIL import Image

    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
