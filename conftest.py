"""For every pytest run of the book, package and chapters alike."""

from importlib.util import find_spec

import pytest

#: Packages that the book does without -> the file that brings them, with the tests that need them.
OPTIONAL = {"tensorflow": "requirements-tensorflow.txt"}


def pytest_configure(config):
    """Make `@pytest.mark.optional("package")` known."""
    config.addinivalue_line(
        "markers", "optional(package): runs where that package of conftest.OPTIONAL is installed"
    )


def pytest_collection_modifyitems(config, items):
    """Take out the tests whose optional package is not installed; the summary says so."""
    absent = [item for item in items if (p := _optional(item)) and find_spec(p) is None]
    if absent:
        config.hook.pytest_deselected(items=absent)
        items[:] = [item for item in items if item not in absent]


def _optional(item):
    marker = item.get_closest_marker("optional")
    if marker is None:
        return None
    if len(marker.args) != 1 or marker.args[0] not in OPTIONAL:
        raise pytest.UsageError(
            f"{item.nodeid}: optional: expected one of {', '.join(OPTIONAL)}, came {marker.args}"
        )
    return marker.args[0]


def pytest_terminal_summary(terminalreporter):
    """Name what was left out, and the command that adds it."""
    for package, requirements in OPTIONAL.items():
        if find_spec(package) is None:
            terminalreporter.write_line(
                f"left out: the tests that need {package}; pip install -r {requirements} adds them"
            )


def pytest_sessionfinish(session):
    """A run that skipped something has not shown that everything holds: it fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = 1
        reporter.section("skipped tests fail the run: nothing may be left out in silence", red=True)
