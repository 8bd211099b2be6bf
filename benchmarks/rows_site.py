"""The site from the chapters' stored outputs against a build that executes every chapter.

Both are `jupyter-book build --all` in a temporary copy of the book, with the same configuration but
for execute_notebooks.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from measure import row_of_pairs
from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = (".*", "_build", "__pycache__", "*.egg-info", "node_modules", "tests", "benchmarks")


def rows(pairs):
    """Yield the row."""
    stored, executed = [], []
    with tempfile.TemporaryDirectory() as folder:
        books = {mode: _copy(Path(folder), mode) for mode in ("off", "force")}
        for _ in tqdm(range(pairs or 2), desc="site", unit="pair", disable=None, leave=False):
            stored.append(_seconds(books["off"]))
            executed.append(_seconds(books["force"]))
    name = "site from stored outputs, against executing"
    yield row_of_pairs(name, stored, executed, 0.1)


def _copy(folder, mode):
    """Return a copy of the book whose configuration says execute_notebooks: mode."""
    book = folder / mode
    shutil.copytree(ROOT, book, ignore=shutil.ignore_patterns(*LEFT_OUT))
    config = book / "_config.yml"
    text = re.sub(r"(?m)^ +timeout:.*\n", "", config.read_text(encoding="utf-8"))
    wanted = rf"\1execute_notebooks: '{mode}'\n\1timeout: 1200\n"
    text, found = re.subn(r"(?m)^( +)execute_notebooks:.*\n", wanted, text)
    if found != 1:
        raise RuntimeError(f"_config.yml: expected execute_notebooks once, came {found} times")
    config.write_text(text, encoding="utf-8")
    return book


def _seconds(book):
    program = shutil.which("jupyter-book", path=Path(sys.executable).parent)
    if program is None:
        raise RuntimeError("jupyter-book is not beside this Python: see requirements.txt")
    start = perf_counter()
    done = subprocess.run(
        [program, "build", "--all", "--quiet", book],
        env=os.environ | {"JUPYTER_PLATFORM_DIRS": "1"},
        capture_output=True,
        text=True,
    )
    seconds = perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"jupyter-book build failed:\n{done.stderr}{done.stdout}")
    return seconds
