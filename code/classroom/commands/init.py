"""`classroom init`: a folder to begin with."""

from ..course import FILE, create


def arguments(parser):
    """The folder."""
    parser.add_argument(
        "folder", nargs="?", help="where (default: the course's folder); what is there stays"
    )


def main(args, course):
    """Make it."""
    course = create(args.folder or args.course)
    print(f"{course.root}: the settings are in {FILE}, the assignments go into")
    print(f"{course.assignments}. The secret seed is in {course.seed_file}: keep it, and keep it")
    print("to yourself. With another seed the inputs and therefore the grades may be others.")
    return 0
