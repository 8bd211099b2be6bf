"""The table of measured ratios: ``python benchmarks/run.py``, or ``make bench``.

Each row measures ours and the other in one run, in turns (A B A B …), and shows the median of the
pairs' ratios, so that a machine that is busy for a while is busy for both. NumPy and torch compute
on one thread. Nothing is written to the book's folder.

    python benchmarks/run.py                      all rows
    python benchmarks/run.py training imports     some rows
    python benchmarks/run.py basins --pairs 9     more pairs: a steadier median
    python benchmarks/run.py --strict             exit status 1 where an aim is missed
"""

import argparse
import os
import subprocess
import sys

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
#: The modules of this folder that hold rows, in the order of the table, and what they measure.
GROUPS = {
    "training": "a training step of Network against torch autograd, three sizes, two torch idioms",
    "autodiff": "chapter 06: Array against torch autograd, Value against plain floats",
    "differences": "chapter 07: one gradient by differences, against the loop and backprop",
    "digits": "digits trained by fit, against scikit-learn's MLPClassifier and torch.nn",
    "basins": "Himmelblau's basin map, 300 × 300 starts, against one run of torch's Adam",
    "memory": "the basin map's peak memory",
    "imports": "import backprop against import numpy",
    "classroom": "grading: against nbgrader, many and few, two workers, NumPy and torch (minutes)",
    "site": "the site from stored outputs against a build that executes the chapters (minutes)",
}


def arguments(argv=None):
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog="\n".join(f"  {name:10}{what}" for name, what in GROUPS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of: {', '.join(GROUPS)}")
    parser.add_argument("--pairs", type=int, help="measurements of each side (default: by row)")
    parser.add_argument("--strict", action="store_true", help="fail where an aim is missed")
    given = parser.parse_args(argv)
    unknown = sorted(set(given.rows) - set(GROUPS))
    if unknown:
        parser.error(f"unknown row {unknown[0]!r}: choose from {', '.join(GROUPS)}")
    if given.pairs is not None and given.pairs < 1:
        parser.error(f"--pairs: expected at least 1, came {given.pairs}")
    return given


def main():
    """Measure the rows asked for, print the table, return the exit status."""
    given = arguments()
    # Threads are counted when NumPy is loaded, so a fresh interpreter starts with the variables.
    wanted = ONE_THREAD | {"PYTHONDONTWRITEBYTECODE": "1"}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        command = [sys.executable, *sys.argv]
        return subprocess.run(command, env=os.environ | wanted).returncode

    from importlib import import_module

    from measure import print_table

    rows = []
    for group in [name for name in GROUPS if not given.rows or name in given.rows]:
        for row in import_module(f"rows_{group}").rows(given.pairs):
            rows.append(row)
    print_table(rows)
    return int(given.strict and not all(row.met for row in rows))


if __name__ == "__main__":
    sys.exit(main())
