"""`classroom release`: what students get of an assignment, without solutions and secrets."""

from . import assignments, choose


def arguments(parser):
    """Which."""
    choose(parser)


def main(args, course):
    """Write the students' notebooks and say what is new; a leak, of the seed too, stops it."""
    from ..release import release

    for path in assignments(course, args.assignments):
        before = _files(course.release / path.stem)
        folder = release(path, course.release, course.site or None, course.seed())
        print(folder)
        for name, data in _files(folder).items():
            if before.get(name, data) != data:
                print(f"  {name}: another one than was released before; students have the old one")
    return 0


def _files(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*")) if p.is_file()}
