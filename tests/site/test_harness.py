"""The harness itself: a good page passes, and each thing that no page may do is convicted."""

import pytest

import browsing
from test_weight import heaviest

HEAD = '<html lang="en"><head><title>T</title><link rel="icon" href="data:,">'
GOOD = (
    "<style>a { display: inline-block; padding: 10px }</style></head>"
    '<body><main><h1>T</h1><p>Text and <a href="#">a link</a></p></main></body></html>'
)


@pytest.fixture
def page_of(tmp_path, open_page):
    """A function: opens a page with this body; ``forgive`` names what it is allowed to do."""
    with browsing.Server(tmp_path) as server:

        def page_of(body="", forgive=(), **options):
            (tmp_path / "page.html").write_text(HEAD + GOOD.replace("</main>", f"{body}</main>"))
            return open_page(f"{server.url}page.html", forgive=forgive, **options)

        page_of.server, page_of.folder = server, tmp_path
        yield page_of


def told(page):
    """What the page did, forgiven or not."""
    page.forgive, forgiven = (), page.forgive
    said = browsing.complaints(page)
    page.forgive = forgiven
    return "\n".join(said)


def test_a_page_of_the_book_opens(open_page):
    page = open_page("chapters/05_backprop_deltas.html")
    assert page.locator("article h1").inner_text().startswith("5 ")
    assert page.locator("mjx-container").count() > 50
    assert browsing.complaints(page) == []


def test_a_good_page_passes(page_of):
    page = page_of()
    assert told(page) == ""
    assert browsing.axe(page) == browsing.axe_colours(page) == []
    assert browsing.sideways(page) == browsing.math_errors(page) == []
    assert browsing.jump(page)[0] == 0
    assert heaviest(page_of.server.sent, 10_000) == []


def test_convicts_a_picture_of_another_host(page_of):
    page = page_of('<img src="http://pics.example/x.png" alt="x">', forgive=("external", "errors"))
    assert "asked another host: http://pics.example/x.png" in told(page)


def test_convicts_a_socket_to_another_host(page_of):
    body = '<script>new WebSocket("ws://127.0.0.1:9/x")</script>'
    page = page_of(body, forgive=("external", "errors"))
    page.wait_for_function("1")
    assert "asked another host: ws://127.0.0.1:9/x" in told(page)


def test_convicts_a_missing_file(page_of):
    page = page_of('<script src="absent.js"></script>', forgive=("missing", "errors"))
    assert "got 404 " in told(page) and "absent.js" in told(page)


@pytest.mark.parametrize("script", ["console.error('wrong')", "throw Error('wrong')"])
def test_convicts_an_error_in_the_console(script, page_of):
    page = page_of(f"<script>{script}</script>", forgive="errors")
    assert "wrote to the console: " in told(page) and "wrong" in told(page)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "image-alt"),
        ("<p style='color: #999'>pale</p>", "color-contrast"),
        ("<button></button>", "button-name"),
        ("<h4>too deep</h4>", "heading-order"),
        ("<details open><summary>s</summary><input></details>", "label"),
        ("<pre style='width: 50px; overflow: auto'>far too long a line</pre>", "scrollable-region"),
    ],
)
def test_convicts_what_axe_finds(body, rule, page_of):
    assert f"axe: {rule}" in "\n".join(browsing.axe(page_of(body)))


def test_convicts_colours_of_one_theme(page_of):
    style = "<style>@media (prefers-color-scheme: dark) { p { color: #ccc } }</style>"
    page = page_of(style)
    assert browsing.axe_colours(page) == []
    page.emulate_media(color_scheme="dark")
    assert "axe: color-contrast: p" in "\n".join(browsing.axe_colours(page))


def test_convicts_a_wide_element_and_not_one_that_scrolls(page_of):
    wide = "<div class='far' style='width: 500px'>x</div>"
    assert "div.far" in browsing.sideways(page_of(wide, width=390))[0]
    assert browsing.sideways(page_of(f"<div style='overflow: auto'>{wide}</div>", width=390)) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<p class='math'><mjx-container><mjx-merror>Bad</mjx-merror></mjx-container></p>", "Bad"),
        ("<p class='math'>\\(x\\)</p>", "not typeset: \\(x\\)"),
    ],
)
def test_convicts_mathematics(body, message, page_of):
    assert message in "\n".join(browsing.math_errors(page_of(body)))


def test_convicts_a_heavy_file(page_of):
    (page_of.folder / "heavy.png").write_bytes(b"\x89PNG" + bytes(20_000))
    page = page_of('<img src="heavy.png" alt="x">')
    assert "/heavy.png 20004" in heaviest(page_of.server.sent, 10_000)[0]
    sent = len(page_of.server.sent)
    page_of("<p>x</p>", beside=page)
    assert "/heavy.png" not in {path for path, _, _ in page_of.server.sent[sent:]}


def test_text_is_compressed(page_of):
    (page_of.folder / "long.css").write_text("p { color: #000 }\n" * 1000)
    page_of('<link rel="stylesheet" href="long.css">')
    assert {size < 1000 for path, _, size in page_of.server.sent if path == "/long.css"} == {True}


def test_convicts_a_jump(page_of):
    (page_of.folder / "late.js").write_text(
        "document.querySelector('h1').style.marginTop = '300px'; document.title = 'moved'"
    )
    body = "<p>text</p>" * 20 + '<script async src="late.js"></script>'
    page = page_of(body, late="**/late.js")
    assert page.title() == "moved"
    assert browsing.jump(page)[0] > 0.1
