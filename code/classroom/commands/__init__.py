"""The commands that need no module of their own, with `arguments(parser)` and `main(args, course)`.

What they do is done elsewhere; here is what they ask and what they say.
"""

from difflib import SequenceMatcher

from ..course import CourseError

#: The exit status of every command.
OK, WRONG, USAGE, STOPPED, NO_SANDBOX = range(5)
#: As a shell says it of who writes into a pipe that nobody reads any more, such as `| head`.
UNREAD = 128 + 13


def assignments(course, names):
    """Return the paths of the named assignments' notebooks, of all without names."""
    there = {path.stem: path for path in sorted(course.assignments.glob("*.ipynb"))}
    if not there:
        raise CourseError(
            f"assignments: expected notebooks in {course.assignments}, came none; "
            f"is {course.root} the course's folder?"
        )
    known_only("assignment", names, there)
    return [there[name] for name in names or there]


def known_only(what, names, known):
    """Raise `CourseError` for a name that is not known; it says which there are, the closest first.

    what: what they are names of.
    """
    for name in names or ():
        if name not in known:
            near = sorted(known, key=lambda other: -SequenceMatcher(None, name, other).ratio())
            there = ", ".join(near[:10]) + (f" and {len(near) - 10} more" * (len(near) > 10))
            raise CourseError(f"{what}: expected one of {there or '(none)'}, came {name}")


def choose(parser):
    """Add the argument that names assignments."""
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help="such as 01_perceptron (default: all)"
    )
