"""For every pytest run of the book, package and chapters alike."""


def pytest_sessionfinish(session):
    """A run that skipped something has not shown that everything holds: it fails."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = 1
        reporter.section("skipped tests fail the run: nothing may be left out in silence", red=True)
