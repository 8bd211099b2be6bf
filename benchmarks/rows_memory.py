"""Peak memory of the basin map, in a process of its own: Python, NumPy and 90,000 starts."""

import subprocess
import sys

from measure import Row

CODE = """
import numpy as np
from backprop.optimizers import Adam, basins
from backprop.surfaces import himmelblau
side = np.linspace(-6, 6, 300)
basins(himmelblau, Adam(), np.stack(np.meshgrid(side, side), -1), 20_000, progress=False)
try:
    # Not ru_maxrss: on Linux a child's starts at what its parent held when it was started.
    status = open("/proc/self/status").read()
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
except OSError:
    import resource
    import sys
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak / (1024**2 if sys.platform == "darwin" else 1024))
"""


def rows(pairs):
    """Yield the row; one measurement says it."""
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)
    yield Row("basin map, peak memory", "", "", float(done.stdout), 200, unit=" MB")
