"""The site: Jupyter Book on the stored outputs, every warning an error."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from bookkit.assets import fetch_assets
from classroom.leaks import LeakError
from classroom.release import check_site, write_pages
from classroom.source import SourceError


class SiteError(Exception):
    """The site has errors; the message is what the build said."""


def build_site(root, out=None):
    """Build the book in ``root`` into ``out`` (default: ``root``); the path of its first page.

    ``--all`` because Sphinx does not notice a changed style sheet or script, and because a page
    left over from a chapter that was renamed would stay in the site. The pages of the assignments
    are made from their sources first, and the site is searched for their solutions afterwards.
    """
    root = Path(root).resolve()
    out = Path(out or root).resolve()
    fetch_assets(root)
    _assignments(write_pages, root)
    program = shutil.which("jupyter-book", path=Path(sys.executable).parent)
    command = [program, "build", root, "--path-output", out]
    command += ["--all", "--quiet", "--warningiserror", "--keep-going"]
    done = subprocess.run(command, cwd=root, text=True, capture_output=True)
    if done.returncode:
        said = re.sub(r"\x1b\[[\d;]*m", "", f"{done.stderr}{done.stdout}")  # no colours
        raise SiteError(f"The site has errors; every warning is one:\n{said}")
    html = out / "_build" / "html"
    _assignments(check_site, root, html)
    return html / "index.html"


def _assignments(do, root, *args):
    """Do something about the book's assignments, if it has any."""
    if not (root / "assignments").is_dir():
        return
    try:
        do(root, *args)
    except (LeakError, SourceError) as error:
        raise SiteError(f"An assignment has errors:\n{error}") from error
