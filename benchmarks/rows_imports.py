"""`import backprop` against `import numpy`, each in fresh interpreters."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import row_of_pairs
from tqdm import tqdm

CODE = """
import sys, time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start, *{{"torch", "matplotlib"}} & set(sys.modules))
"""


def rows(pairs):
    """Yield the row. Compiled modules are kept in a folder of this run, for both."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPYCACHEPREFIX": str(Path(folder))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for module in ("backprop", "numpy"):
            _seconds(module, environment)  # the first import compiles
        ours, other = [], []
        for _ in tqdm(range(pairs or 31), desc="imports", unit="pair", disable=None, leave=False):
            ours.append(_seconds("backprop", environment))
            other.append(_seconds("numpy", environment))
    yield row_of_pairs("import backprop, against import numpy", ours, other, 1.05)


def _seconds(module, environment):
    command = [sys.executable, "-c", CODE.format(module=module)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    seconds, *loaded = done.stdout.split()
    if loaded:
        raise AssertionError(f"import {module} loads {' and '.join(loaded)}")
    return float(seconds)
