"""The site: Jupyter Book on the stored outputs, every warning an error."""

import shutil
import subprocess
import sys
from pathlib import Path

from bookkit.assets import fetch_assets


def build_site(root, out=None, quiet=False):
    """Build the book in ``root`` into ``out`` (default: ``root``); the path of its first page.

    ``--all`` because Sphinx does not notice a changed style sheet or script, and because a page
    left over from a chapter that was renamed would stay in the site.
    """
    root = Path(root).resolve()
    out = Path(out or root).resolve()
    fetch_assets(root)
    program = shutil.which("jupyter-book", path=Path(sys.executable).parent)
    command = [program, "build", str(root), "--path-output", str(out)]
    command += ["--all", "--warningiserror", "--keep-going"] + ["--quiet"] * quiet
    done = subprocess.run(command, cwd=root, text=True, capture_output=quiet)
    if done.returncode:
        raise SystemExit("\n".join(filter(None, [done.stdout, done.stderr, "the site has errors"])))
    return out / "_build" / "html" / "index.html"
