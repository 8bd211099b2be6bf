"""`classroom status`: where each assignment stands."""

import hashlib

from ..crew import read_result, result_path
from ..submissions import submitted
from . import assignments, choose


def arguments(parser):
    """Which."""
    choose(parser)


def main(args, course):
    """One line an assignment, then who needs a look."""
    print(f"{'assignment':32}{'handed in':>10}{'graded':>8}{'to do':>7}{'a look':>8}{'mean':>9}")
    looks = []
    for path in assignments(course, args.assignments):
        line, human = _line(course, path.stem)
        print(line)
        looks += human
    for look in looks:
        print(f"  {look}")
    return 0


def _line(course, name):
    """(the assignment's line, whoever needs a look)."""
    handed_in = submitted(course.submitted / name)
    results = [read_result(result_path(course, name, s.student)) for s in handed_in]
    current = [
        result
        for s, result in zip(handed_in, results, strict=True)
        if result is not None and _sha(s) == result["file"]["sha256"]
    ]
    mean = ""
    if current:
        points = sum(result["points"] for result in current) / len(current)
        mean = f"{points:.1f}/{current[0]['max_points']:g}"
    human = [f"{name} {r['student']}: {'; '.join(r['human'])}" for r in current if r["human"]]
    counts = f"{len(handed_in):>10}{len(current):>8}{len(handed_in) - len(current):>7}"
    return f"{name:32}{counts}{len(human):>8}{mean:>9}", human


def _sha(entry):
    data, _ = entry.data()
    return None if data is None else hashlib.sha256(data).hexdigest()
