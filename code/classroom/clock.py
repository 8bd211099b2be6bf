"""How long a submission may take, on a machine that has other things to do.

Limits are seconds of the wall's clock, for code that sleeps has to end too. But a process that is
ready to go on and has to queue for a processor does not lose the time it queues: Linux counts it,
and the end moves by as much, up to `STRETCH` times the limit. So honest work has the same time on
a busy machine as on an idle one. Who makes the queue by processes of its own gains nothing: all
that they compute counts.
"""

import contextlib
import time
from pathlib import Path

__all__ = ["STRETCH", "Clock", "Usage"]

#: The wall's time, in limits, after which there is no more to be had.
STRETCH = 4.0


class Clock:
    """Counts down `seconds` from now; `grant` moves the end, but never beyond `STRETCH` of them."""

    def __init__(self, seconds):
        began = time.monotonic()
        self._end, self._latest, self._kept = began + seconds, began + STRETCH * seconds, 0.0

    def left(self):
        """Return the seconds that are left, 0 or less where there are none."""
        return self._end - time.monotonic() - self._kept

    def keep(self, seconds):
        """Keep some of the time for later: `left` is without it, until the next call."""
        self._kept = seconds

    def grant(self, seconds):
        """Move the end by what the machine kept somebody waiting."""
        self._end = min(self._end + seconds, self._latest)

    @contextlib.contextmanager
    def stopped(self):
        """What is done inside `with` costs no time, such as loading packages."""
        began = time.monotonic()
        try:
            yield
        finally:
            spent = time.monotonic() - began
            self._end, self._latest = self._end + spent, self._latest + spent


class Usage:
    """What the tasks of some processes have computed and queued since this was made.

    pids: a function that returns the ids of the processes. Where the system does not tell,
    both are 0: then the wall's clock is all that counts.
    """

    def __init__(self, pids):
        self._pids = pids
        self._before = self._now()

    def since(self):
        """Return (seconds on a processor of all, seconds in the queue of who queued longest)."""
        computed, queued = 0.0, 0.0
        for task, (on, off) in self._now().items():
            before = self._before.get(task, (0.0, 0.0))
            computed += on - before[0]
            queued = max(queued, off - before[1])
        return computed, queued

    def _now(self):
        """Task -> seconds on a processor, seconds in the queue."""
        found = {}
        for pid in self._pids():
            with contextlib.suppress(OSError):  # it has just ended
                for task in Path(f"/proc/{pid}/task").iterdir():
                    with contextlib.suppress(OSError, ValueError):
                        on, off, _ = (task / "schedstat").read_text().split()
                        found[task.name] = (int(on) / 1e9, int(off) / 1e9)
        return found
