"""For every pytest run of the book, package and chapters alike."""

import os
import shutil
from importlib.util import find_spec

import pytest

from bookkit.browser import HOW, find_chromium

#: What the book does without -> what tells whether it is here, and what brings it.
OPTIONAL = {
    "tensorflow": (
        lambda: find_spec("tensorflow"),
        "pip install -r requirements-tensorflow.txt adds them",
    ),
    "chromium": (find_chromium, f"to add them, {HOW}"),
    "bubblewrap": (
        lambda: shutil.which("bwrap"),
        "install bubblewrap (Debian: apt install bubblewrap) to add them",
    ),
    "distributed": (
        lambda: find_spec("distributed"),
        "pip install -r requirements-dask.txt adds them",
    ),
    "nbgrader": (
        lambda: find_spec("nbgrader"),
        "pip install -r requirements-nbgrader.txt adds them",
    ),
}


def pytest_configure(config):
    """Make `@pytest.mark.optional("name")` known; refuse to run without what BOOK_REQUIRE names."""
    config.addinivalue_line(
        "markers", "optional(name): runs where that entry of conftest.OPTIONAL is installed"
    )
    for name in filter(None, os.environ.get("BOOK_REQUIRE", "").split(",")):
        if name not in OPTIONAL:
            raise pytest.UsageError(
                f"BOOK_REQUIRE: expected names of {', '.join(OPTIONAL)}, came {name!r}"
            )
        if _is_absent(name):
            raise pytest.UsageError(
                f"BOOK_REQUIRE: the tests that need {name} may not be left out; {OPTIONAL[name][1]}"
            )


def pytest_collection_modifyitems(config, items):
    """Take out the tests whose optional need is not installed; the summary says so."""
    absent = [item for item in items if any(_is_absent(name) for name in _optional(item))]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _is_absent(name):
    try:
        return not OPTIONAL[name][0]()
    except FileNotFoundError as error:  # a variable names what is not there
        raise pytest.UsageError(str(error)) from None


def _optional(item):
    """The names of all that a test needs; a mark of its module adds to its own."""
    markers = list(item.iter_markers("optional"))
    for marker in markers:
        if len(marker.args) != 1 or marker.args[0] not in OPTIONAL:
            raise pytest.UsageError(
                f"{item.nodeid}: optional: expected one of {', '.join(OPTIONAL)}, "
                f"came {marker.args}"
            )
    return [marker.args[0] for marker in markers]


def pytest_terminal_summary(terminalreporter):
    """Name what was left out, and what adds it."""
    for name, (_, how) in OPTIONAL.items():
        if _is_absent(name):
            terminalreporter.write_line(f"left out: the tests that need {name}; {how}")


def pytest_sessionfinish(session):
    """A run that skipped something has not shown that everything holds: it fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = 1
        reporter.section("skipped tests fail the run: nothing may be left out in silence", red=True)
