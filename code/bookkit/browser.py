"""A Chromium for the tests of the pages and for pictures of them."""

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOW = "install Chromium or Chrome (Debian: apt install chromium) or name one in BOOK_CHROMIUM"

# A browser that asks nobody for anything of its own accord.
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Names of other hosts lead nowhere. (Playwright's routes would do that, too, but they switch
    # off the cache, and with it what a second page costs.)
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


def find_chromium():
    """The path of a Chromium: what ``BOOK_CHROMIUM`` names, or one of ``NAMES`` on the PATH.

    None where there is none; `FileNotFoundError` where the variable names no program.
    """
    named = os.environ.get("BOOK_CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise FileNotFoundError(
                f"BOOK_CHROMIUM: expected the path of a program, came {named!r}"
            )
        return Path(found)
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


def launch(playwright):
    """Start the Chromium of `find_chromium` without a window, in an empty profile."""
    program = find_chromium()
    if program is None:
        raise FileNotFoundError(f"there is no Chromium: {HOW}")
    return playwright.chromium.launch(executable_path=program, args=QUIET)
