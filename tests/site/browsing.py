"""What the tests of the pages ask of a browser: serving, opening, waiting, looking.

Functions that look at a page return what they found; the tests say what may be found.
"""

import gzip
import hashlib
import mimetypes
import re
import sys
import threading
from functools import cache
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from axe_playwright_python.base import AXE_SCRIPT

ROOT = Path(__file__).resolve().parents[2]

#: Messages on the console that are no defect of a page: (pattern, why).
ALLOWED = []

#: Pages that are made beside those of the table of contents.
MADE = ["search.html", "genindex.html", "404.html"]

#: What axe is asked for: WCAG 2.2 A and AA, and what it calls best practice.
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: Its rules that depend on the theme; the others need one look only.
COLOURS = ["color-contrast", "link-in-text-block"]
#: Its rules that the book does not follow: rule -> why.
SET_ASIDE = {
    "empty-table-header": "best practice, not WCAG: the corner cell over a column of row headers "
    "and beside a row of column headers has nothing to say",
}
#: What arrives late on a slow line: mathematics, and the host of interactive figures.
LATE = re.compile(r"/tex-chtml\.js|/figures\.js")


def contents():
    """The pages of the table of contents, in order: "intro.html", "chapters/01_….html", …"""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    return [f"{file}.html" for file in [toc["root"], *(chapter["file"] for chapter in chapters)]]


def chapters():
    """The pages that are chapters."""
    return [page for page in contents() if page.startswith("chapters/")]


def pages():
    """Everything that a reader can open."""
    return contents() + MADE


# --- a host of static pages -----------------------------------------------------------------------


class Server:
    """Serves a folder on a free port of loopback, in threads, as a static host would.

    Text is compressed, everything has an ETag and may be kept for ten minutes. ``sent`` lists
    (path, status, bytes of the body) of each answer.
    """

    def __init__(self, folder):
        self.folder, self.sent = Path(folder), []
        self._http = _QuietServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}/"

    def _handler(self):
        folder, sent = str(self.folder), self.sent

        class Handler(_Handler):
            def __init__(self, *arguments):
                self.sent = sent
                super().__init__(*arguments, directory=folder)

        return Handler

    def __enter__(self):
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A browser that closes a page drops its connections; other errors are shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path = path / "index.html"
        if not path.is_file():
            return self._answer(404, "text/plain; charset=utf-8", b"not found")
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        packed = "gzip" in self.headers.get("Accept-Encoding", "") and _is_text(kind)
        body, tag = _body(path, path.stat().st_mtime_ns, packed)
        if self.headers.get("If-None-Match") == tag:
            return self._answer(304, kind, b"", tag)
        return self._answer(200, kind, body, tag, packed)

    def _answer(self, status, kind, body, tag=None, packed=False):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if packed:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Vary", "Accept-Encoding")
        if tag:
            self.send_header("ETag", tag)
            self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)
        self.sent.append((urlsplit(self.path).path, status, len(body)))


def _is_text(kind):
    return kind.startswith("text/") or kind.endswith(("javascript", "json", "xml"))


@cache
def _body(path, _changed, packed):
    """(what is sent, its ETag)"""
    data = path.read_bytes()
    tag = f'"{hashlib.sha256(data).hexdigest()[:16]}{"-gzip" if packed else ""}"'
    return (gzip.compress(data, 6) if packed else data), tag


# --- opening --------------------------------------------------------------------------------------


def new_page(
    browser,
    home,
    width=1280,
    theme="light",
    javascript=True,
    reduced_motion=None,
    touch=False,
    beside=None,
):
    """A Playwright page that writes down what it should not do; it has not gone anywhere yet.

    ``home`` is the only address that it may ask, besides the one that it is sent to.
    """
    context = (
        beside.context
        if beside
        else browser.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 844},
            color_scheme=theme,
            java_script_enabled=javascript,
            reduced_motion=reduced_motion,
            has_touch=touch,
            service_workers="block",
        )
    )
    context.set_default_timeout(60_000)  # a busy machine is no failure
    page = context.new_page()
    page.errors, page.external, page.missing = [], [], []
    page.javascript = javascript
    page.homes = {urlsplit(home).netloc}
    page.on("console", lambda message: _note_message(page, message))
    page.on("pageerror", lambda error: _note(page, f"{error.stack or error}"))
    page.on("response", lambda answer: _note_status(page, answer))
    page.on("websocket", lambda socket: _note_address(page, socket.url))
    page.on("request", lambda asked: _note_address(page, asked.url))
    return page


def _is_home(page, address):
    parts = urlsplit(address)
    return parts.scheme in ("data", "blob", "about", "file") or parts.netloc in page.homes


def _note_address(page, address):
    if not _is_home(page, address):
        page.external.append(address)


def _note_message(page, message):
    if message.type == "error":
        where = message.location.get("url", "")
        _note(page, f"{message.text} ({where})" if where else message.text)


def _note(page, text):
    if not any(re.search(pattern, text) for pattern, _ in ALLOWED):
        page.errors.append(text)


def _note_status(page, answer):
    if answer.status >= 400:
        page.missing.append(f"{answer.status} {answer.url}")


def go(page, home, path, late=None):
    """Send the page to ``path``, below ``home`` or a whole address, until all has arrived.

    What fits the pattern ``late`` arrives only when the rest has been painted.
    """
    address = path if re.match(r"\w+:", path) else home + path
    page.homes.add(urlsplit(address).netloc)
    if late:
        _go_with_late(page, address, late)
    else:
        page.goto(address, wait_until="load")
    return settle(page)


def _go_with_late(page, address, late):
    held, painted = [], False
    page.route(late, lambda route: route.fallback() if painted else held.append(route))
    page.goto(address, wait_until="commit")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    painted = True
    for route in held:
        route.fallback()
    page.wait_for_load_state("load")


def settle(page):
    """Wait until mathematics is typeset, fonts are there and nothing moves any more."""
    if page.javascript:
        page.evaluate("""async () => {
            await window.MathJax?.startup?.promise;
            await document.fonts.ready;
            const ends = document.getAnimations().filter(
                (moving) => moving.effect.getComputedTiming().endTime < Infinity);
            await Promise.allSettled(ends.map((moving) => moving.finished));
        }""")
    return page


def complaints(page):
    """What the page did that no page may do, a sentence each; see the head of conftest.py."""
    said = {
        "external": [f"asked another host: {address}" for address in page.external],
        "missing": [f"got {status}" for status in page.missing],
        "errors": [f"wrote to the console: {text}" for text in page.errors],
    }
    return [
        f"{page.url}: {text}"
        for name, texts in said.items()
        if name not in page.forgive
        for text in texts
    ]


# --- looking --------------------------------------------------------------------------------------


def unfold(page):
    """Open everything that is folded; wait until code that got wide can be reached by keyboard.

    The theme looks for such code a moment after something changed; if it never does, axe says so.
    """
    page.evaluate("""async () => {
        for (const folded of document.querySelectorAll("details")) folded.open = true;
        const wide = () => [...document.querySelectorAll("pre")].some(
            (pre) => pre.scrollWidth > pre.clientWidth && pre.tabIndex < 0);
        const end = performance.now() + 3000;
        while (wide() && performance.now() < end) await new Promise(requestAnimationFrame);
    }""")
    return settle(page)


def show(page, theme):
    """Change between "light" and "dark" as the reader's system does."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(  # the page of lost addresses has no theme of its own
        "theme => [undefined, theme].includes(document.documentElement.dataset.theme)", arg=theme
    )
    return settle(page)


def axe(page):
    """What axe finds on the whole page: a sentence for each element."""
    return _axe(page, None, STANDARDS, {rule: {"enabled": False} for rule in SET_ASIDE})


def axe_colours(page):
    """What axe finds of what depends on the theme.

    The insides of formulas are left out: they take the colour of the text around them, and are
    half of all elements of a chapter.
    """
    return _axe(page, {"exclude": ["mjx-container"]}, COLOURS, {})


def _axe(page, within, only, rules):
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {
        "resultTypes": ["violations"],
        "preload": False,  # it would fetch style sheets once more, some from wrong addresses
        "runOnly": only,
        "rules": rules,
    }
    found = page.evaluate(
        "async ([within, options]) => (await axe.run(within ?? document, options)).violations",
        [within, options],
    )
    return [_say(rule["id"], node) for rule in found for node in rule["nodes"]]


def _say(rule, node):
    why = "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
    return f"axe: {rule}: {' '.join(map(str, node['target']))}: {node['html'][:150]}: {why}"


def sideways(page):
    """The elements that make the page wider than its window, if it is."""
    return page.evaluate("""() => {
        const room = document.scrollingElement.clientWidth;
        if (document.scrollingElement.scrollWidth <= room) return [];
        const clipped = (element) => {
            for (let box = element.parentElement; box !== document.body; box = box.parentElement) {
                if (box === null || getComputedStyle(box).overflowX !== "visible") return true;
            }
            return false;
        };
        const wide = [...document.body.querySelectorAll("*")].filter((element) =>
            element.getBoundingClientRect().right > room + 1 && !clipped(element));
        return [`the page is ${document.scrollingElement.scrollWidth} px wide in ${room} px: `
            + wide.slice(0, 6).map((e) => `${e.localName}.${e.className}`).join(", ")];
    }""")


def struck(figure):
    """Numbers in a drawing of a figure that a line runs through."""
    return figure.evaluate("""(figure) => {
        const lines = [...figure.querySelectorAll("svg path.bp-edge")];
        const points = lines.flatMap((line) => {
            const [length, onto] = [line.getTotalLength(), line.getScreenCTM()];
            return Array.from({ length: Math.ceil(length) + 1 }, (_, at) =>
                line.getPointAtLength(at).matrixTransform(onto));
        });
        const through = ({ left, right, top, bottom }) => points.some(({ x, y }) =>
            x > left + 1 && x < right - 1 && y > top + 3 && y < bottom - 3);
        return [...figure.querySelectorAll("svg.bp-graph text")]
            .filter((text) => text.textContent && through(text.getBoundingClientRect()))
            .map((text) => text.textContent);
    }""")


def math_errors(page):
    """What MathJax could not read, and formulas that it left as they were."""
    return page.evaluate("""() => [
        ...[...document.querySelectorAll("mjx-merror, [data-mjx-error], merror")].map((node) =>
            `mathematics: ${node.getAttribute("data-mjx-error") ?? node.textContent}`),
        ...[...document.querySelectorAll(".math")].filter((node) =>
            !node.querySelector("mjx-container")).map((node) =>
            `mathematics not typeset: ${node.textContent.slice(0, 80)}`),
    ]""")


def jump(page):
    """(CLS, what moved): the sum of all layout shifts since the page was opened."""
    moves = page.evaluate("""() => new Promise((done) => {
        const moves = [];
        new PerformanceObserver((list) => {
            for (const move of list.getEntries()) {
                if (move.hadRecentInput) continue;
                const parts = move.sources.map((s) => s.node?.className || s.node?.nodeName);
                moves.push([move.value, parts.join(", ")]);
            }
        }).observe({type: "layout-shift", buffered: true});
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(moves))));
    })""")
    moves.sort(reverse=True)
    return sum(value for value, _ in moves), [f"{value:.3f} by {what}" for value, what in moves[:4]]
