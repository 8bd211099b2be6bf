"""The commands that need no module of their own, with `arguments(parser)` and `main(args, course)`.

What they do is done elsewhere; here is what they ask and what they say.
"""

from ..course import CourseError

#: The exit status of every command.
OK, WRONG, USAGE, STOPPED, NO_SANDBOX = range(5)
#: As a shell says it of who writes into a pipe that nobody reads any more, such as `| head`.
UNREAD = 128 + 13


def assignments(course, names):
    """Return the paths of the named assignments' notebooks, of all without names."""
    there = {path.stem: path for path in sorted(course.assignments.glob("*.ipynb"))}
    if not there:
        raise CourseError(f"assignments: expected notebooks in {course.assignments}, came none")
    for name in names:
        if name not in there:
            raise CourseError(f"assignment: expected one of {', '.join(there)}, came {name}")
    return [there[name] for name in names or there]


def choose(parser):
    """Add the argument that names assignments."""
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help="such as 01_perceptron (default: all)"
    )
