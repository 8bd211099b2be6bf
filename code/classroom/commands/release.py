"""`classroom release`: what students get of an assignment, without solutions and secrets."""

from . import assignments, choose


def arguments(parser):
    """Which."""
    choose(parser)


def main(args, course):
    """Write the students' notebooks; a leak, of the seed too, stops it before."""
    from ..release import release

    for path in assignments(course, args.assignments):
        print(release(path, course.release, course.site or None, course.seed()))
    return 0
