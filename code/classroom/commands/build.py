"""`classroom build`: everything that is made of the sources."""

from pathlib import Path


def arguments(parser):
    """Where from and where to."""
    parser.add_argument("--out", type=Path, help="the folder (default: _build/classroom)")


def main(args, course):
    """Make it; a leak stops it."""
    from ..release import build

    for folder in build(course.root, args.out, folder=course.assignments):
        print(folder)
    return 0
