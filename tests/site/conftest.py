"""The built site in a real browser, for every test of this folder.

- ``site``: the folder of the built site; built once, whatever number of workers asks for it.
- ``served``: the address of a server of that folder, ``http://127.0.0.1:PORT/``; it compresses and
  tags what it sends as a host of static pages does.
- ``server``: the same with its book-keeping: ``server.sent``, a list of (path, status, bytes).
- ``browser``: Chromium, one for each test file. A test that asks for it (or for ``open_page``) is
  left out where there is no Chromium; nothing has to be marked.
- ``open_page(path, width=1280, theme="light", javascript=True, reduced_motion=None, touch=False)``:
  a Playwright page, opened in an empty profile, with scripts, mathematics and fonts arrived.
  ``path`` is below ``served`` ("chapters/01_perceptron.html#anchor") or a whole address.
  ``beside=page`` opens it in that page's profile (warm cache, same storage); ``before=function``
  is called with the page before it goes anywhere; ``late=pattern`` lets what fits (a glob or a
  regular expression of addresses) arrive after the first paint, as on a slow line.

At the end of a test every opened page must have asked no other host, got no status of 400 and
more, and written no error to the console. What it did is in ``page.external``, ``page.missing``
and ``page.errors``; a test that provokes one of them says so: ``open_page(…, forgive="errors")``.

What one asks of a page (settled, axe, sideways scroll, …) is in ``browsing.py``. A file of tests
goes to one worker: spread what takes long over several.
"""

from pathlib import Path

import pytest
from filelock import FileLock

import browsing
from bookkit.browser import launch
from bookkit.site import SiteError, build_site


def pytest_itemcollected(item):
    """What asks for a browser is left out, by name, where there is none."""
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.optional("chromium"))


@pytest.fixture(scope="session")
def build(tmp_path_factory, worker_id):
    """The folder of the built site, or the `SiteError` that stopped it; the same for all workers.

    The first worker to come builds, the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    built, failed = shared / "site-built.txt", shared / "site-failed.txt"
    with FileLock(shared / "site.lock"):
        if not built.is_file() and not failed.is_file():
            try:
                index = build_site(browsing.ROOT, shared / "site")
                built.write_text(str(index.parent.resolve()), encoding="utf-8")
            except SiteError as error:
                failed.write_text(str(error), encoding="utf-8")
    if failed.is_file():
        return SiteError(failed.read_text(encoding="utf-8"))
    return Path(built.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def site(build):
    """The folder of the built site; what asks for it fails where there is none."""
    if isinstance(build, SiteError):
        pytest.fail("there is no site: see test_the_site_builds_without_a_warning", pytrace=False)
    return build


@pytest.fixture(scope="session")
def complain():
    """A function that fails the test if it is given any sentences."""

    def complain(said):
        if said := list(said):
            pytest.fail("\n".join(said), pytrace=False)

    return complain


@pytest.fixture(scope="session")
def server(site):
    """A server of the site on loopback."""
    with browsing.Server(site) as server:
        yield server


@pytest.fixture(scope="session")
def served(server):
    """The address of the served site, with a slash at its end."""
    return server.url


# Not for the session: while Playwright runs, its event loop counts as running in this thread,
# and what comes after this folder (notebooks, kernels) wants to run one of its own.
@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, served):
    """Open pages; see the head of this file."""
    opened = []

    def open_page(path, *, forgive=(), before=None, late=None, **options):
        page = browsing.new_page(browser, served, **options)
        page.forgive = (forgive,) if isinstance(forgive, str) else tuple(forgive)
        opened.append(page)
        if before:
            before(page)
        return browsing.go(page, served, path, late)

    yield open_page
    said = [complaint for page in opened for complaint in browsing.complaints(page)]
    for context in {id(page.context): page.context for page in opened}.values():
        context.close()
    if said:
        pytest.fail("\n".join(said), pytrace=False)
