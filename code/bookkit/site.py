"""The site: Jupyter Book on the stored outputs, every warning an error."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from bookkit.assets import fetch_assets


class SiteError(Exception):
    """The site has errors; the message is what the build said."""


def build_site(root, out=None):
    """Build the book in ``root`` into ``out`` (default: ``root``); the path of its first page.

    ``--all`` because Sphinx does not notice a changed style sheet or script, and because a page
    left over from a chapter that was renamed would stay in the site.
    """
    root = Path(root).resolve()
    out = Path(out or root).resolve()
    fetch_assets(root)
    program = shutil.which("jupyter-book", path=Path(sys.executable).parent)
    command = [program, "build", root, "--path-output", out]
    command += ["--all", "--quiet", "--warningiserror", "--keep-going"]
    done = subprocess.run(command, cwd=root, text=True, capture_output=True)
    if done.returncode:
        said = re.sub(r"\x1b\[[\d;]*m", "", f"{done.stderr}{done.stdout}")  # no colours
        raise SiteError(f"The site has errors; every warning is one:\n{said}")
    return out / "_build" / "html" / "index.html"
