"""`classroom grade`: from submitted notebooks to results."""

import sys
from contextlib import nullcontext

from ..course import CourseError
from ..pages import counted, number
from . import NO_SANDBOX, OK, STOPPED, assignments, choose, known_only

EPILOG = """\
Every submission gets a result, submitted/ASSIGNMENT/STUDENT → results/ASSIGNMENT/STUDENT.json.
What is graded already, from the same file with the same seed, stays; so after Ctrl-C or a power
cut the same command goes on (with --again it begins anew). A student's code sees no other file, no
network and no answer.

Where points change though the file is the same, because a check was mended for instance, it is said
at the end for how many and at which questions.
"""

#: What to do after a stop, without and with --again.
GO_ON = (
    "The same command goes on.",
    "What is graded again is kept, the rest is as it was before; with --again the same command "
    "begins anew.",
)


def arguments(parser):
    """Which, with what."""
    choose(parser)
    parser.epilog = EPILOG
    parser.add_argument(
        "--student", action="append", metavar="NAME", help="only this one; may be repeated"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: course.toml)")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="grade on a Dask cluster: tcp://host:8786, tls://host:8786 or its file.json",
    )
    parser.add_argument("--again", action="store_true", help="also what is graded already")
    parser.add_argument(
        "--dry-run", action="store_true", help="only say how many would be graded, and why"
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="without a sandbox: the students' code can then read and write what you can",
    )


def main(args, course):
    """Grade, with a progress bar; say what needs a look."""
    from ..crew import ahead, grade
    from ..grading import kit_of
    from ..sandbox import why_not
    from ..submissions import submitted

    if args.workers is not None and args.workers < 1:
        raise CourseError(f"--workers: expected at least 1, came {args.workers}")
    if args.workers is not None and args.scheduler:
        raise CourseError("--workers: with --scheduler it is the cluster's workers that grade")
    kits = [
        kit_of(path)
        for path in assignments(course, args.assignments)
        if args.assignments or (course.submitted / path.stem).is_dir()
    ]
    if not kits:
        raise CourseError(f"submitted: expected folders of assignments in {course.submitted}")
    there = [s.student for kit in kits for s in submitted(course.submitted / kit.name)]
    known_only("--student", args.student, dict.fromkeys(there))
    if args.dry_run:
        for kit in kits:
            asked = args.student, args.unsafe, args.again
            print(f"{kit.name}: {_ahead(ahead(course, kit, course.seed(), *asked))}")
        return OK
    if args.unsafe:
        print("classroom: without a sandbox, as you asked for.", file=sys.stderr)
    elif not args.scheduler and (reason := why_not()):
        print(f"classroom: {reason}", file=sys.stderr)
        print("To grade without any protection: --unsafe", file=sys.stderr)
        return NO_SANDBOX
    told = _Told(sum(not args.student or student in args.student for student in there))
    with _hands(args.scheduler, told) as hands, told:
        summary = grade(
            course,
            kits,
            seed=course.seed(),
            workers=args.workers or course.workers,
            students=args.student,
            unsafe=args.unsafe,
            again=args.again,
            tick=told,
            hands=hands,
        )
    told.summary(summary)
    if summary.stopped:
        print(f"classroom: {summary.stopped}. {GO_ON[args.again]}", file=sys.stderr)
        return STOPPED
    return OK


def _hands(scheduler, told):
    """Who grades: this machine's processes, or a cluster."""
    if scheduler is None:
        return nullcontext()
    from ..cluster import connected

    return connected(scheduler, told.say)


def _ahead(reasons):
    """How many would be graded, and why, the most first."""
    kept = reasons.pop("", 0)
    why = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
    return f"{reasons.total()} to grade{f' ({why})' if why else ''}, {kept} as they are"


def _changed(name, changes):
    """Lines on the points that came out otherwise than before."""
    if changes.compared:
        yield f"{name}: points changed for {changes.students} of {changes.compared} graded again"
    for id, points in sorted(changes.questions.items()):
        least, most = (f"{'+' * (p > 0)}{number(p)}" for p in (min(points), max(points)))
        by = f"{least} each" if least == most else f"{least} to {most}"
        yield f"  {id}: {len(points)} student{'s' * (len(points) > 1)}, {by}"


class _Told:
    """The progress bar, and what is said at the end."""

    def __init__(self, total):
        from tqdm import tqdm

        self.bar = tqdm(total=total, unit="notebook", disable=None)
        self.human = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.bar.close()

    def __call__(self, result):
        self.bar.update()
        if result["human"]:
            self.human.append(f"{result['assignment']} {result['student']}: {result['human'][0]}")

    def say(self, sentence):
        """A sentence in between."""
        self.bar.write(f"classroom: {sentence}", file=sys.stderr)

    def summary(self, summary):
        """How many, and who needs a look."""
        print(f"{summary.graded} graded now, {summary.kept} as they were.")
        if self.human:
            print(f"{counted(len(self.human), 'needs', 'need')} a look:")
            for line in sorted(self.human)[:20]:
                print(f"  {line}")
            if len(self.human) > 20:
                print(f"  … and {len(self.human) - 20} more; `classroom status` lists all.")
        for name, changes in sorted(summary.changes.items()):
            for line in _changed(name, changes):
                print(line)
