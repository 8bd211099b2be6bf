"""`classroom status`: where each assignment stands."""

from ..marks import mean_of, results_of
from ..standing import standing
from ..submissions import submitted
from . import OK, assignments, choose


def arguments(parser):
    """Which."""
    choose(parser)


def main(args, course):
    """One line an assignment, then what is left to do and who needs a look."""
    heads = ("handed in", "graded", "to do", "to mark", "a look", "mean")
    print(_line("assignment", heads))
    told = []
    for path in assignments(course, args.assignments):
        cells, more = _stand(course, path)
        print(_line(path.stem, cells))
        told += more
    for sentence in told:
        print(f"  {sentence}")
    return OK


def _line(name, cells):
    widths = (10, 8, 7, 9, 8, 10)
    return f"{name:32}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))


def _stand(course, path):
    """(the cells of an assignment's line, lines on what is left to do and who needs a look)."""
    name = path.stem
    if not submitted(course.submitted / name) and not results_of(course, name)[0]:
        return (0, 0, 0, 0, 0, ""), []
    found = standing(course, path)
    handed_in = len(found.results) + len(found.ungraded)
    looks = [result for result in found.results if result["human"]]
    mean = ""
    if found.results:
        points, most = mean_of(found.results)
        mean = f"{points:.1f}/{most:.4g}"
    cells = (handed_in, handed_in - found.to_do, found.to_do, len(found.waiting), len(looks), mean)
    told = [f"{name}: {sentence}" for sentence in found.said()]
    told += [f"{name} {result['student']}: {'; '.join(result['human'])}" for result in looks]
    return cells, told
