"""The command line: ``classroom COMMAND``, or ``python -m classroom COMMAND``."""

import argparse
import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from .commands import NO_SANDBOX, STOPPED, UNREAD, WRONG
from .course import CourseError, load_course

#: Command -> (module, what it does). A module has `arguments(parser)` and `main(args, course)`,
#: which returns the exit status; it is loaded when its command is used.
COMMANDS = {
    "init": ("commands.init", "make a course's folder, with its settings and its secret seed"),
    "build": ("commands.build", "make pages, students' notebooks and the grader's data"),
    "release": ("commands.release", "make what the students of this course get"),
    "collect": ("collecting", "gather what was handed in from a hub, an LMS's zip or a folder"),
    "grade": ("commands.grade", "grade what was handed in, in a sandbox"),
    "manual": ("manual", "write the sheet for marks by hand, and read it back"),
    "feedback": ("feedback", "write a page for every student and one for you"),
    "show": ("showing", "write a page on one student's answers, for you"),
    "export": ("exporting", "write the grades as CSV, for Canvas or for Moodle"),
    "status": ("commands.status", "say what is handed in, graded, and left to do"),
}

EPILOG = """\
The way of an assignment:  release → (students work) → collect → grade
  → (manual: marks by hand) → feedback → export

exit status:
  0  done
  1  something is wrong with the course or an assignment; the message says what
  2  the command was not understood
  3  stopped before the end (Ctrl-C, full disk, a folder that may not be written): the same
     command goes on from there
  4  there is no sandbox on this machine; the message says why and what helps

`classroom COMMAND --help` tells more of each. The settings are in course.toml; without the file
the defaults hold.
"""


def parser(chosen=None):
    """Return the parser; of the chosen command it knows the arguments, of the others the names."""
    top = argparse.ArgumentParser(
        prog="classroom",
        description="Assignments: handed out, collected, graded safely, given back.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument(
        "-C",
        "--course",
        type=Path,
        default=Path("."),
        metavar="FOLDER",
        help="the course's folder, or its course.toml (default: this folder)",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, what) in COMMANDS.items():
        own = commands.add_parser(
            name,
            help=what,
            description=f"{what[0].upper()}{what[1:]}.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen and _is_there(module):
            own.set_defaults(module=_module(module))
            own.get_default("module").arguments(own)
    return top


def _is_there(module):
    return find_spec(f"{__package__}.{module}") is not None


def _module(module):
    return importlib.import_module(f"{__package__}.{module}")


def main(argv=None):
    """Run one command; return the exit status."""
    try:
        status = _run(argv)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        for stream in (sys.stdout, sys.stderr):
            _let_go(stream)
        return UNREAD


def _let_go(stream):
    """What nobody reads any more goes nowhere, instead of failing once more when Python ends."""
    try:
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run(argv):
    argv = sys.argv[1:] if argv is None else list(argv)
    args = parser(_chosen(argv)).parse_args(argv)
    if "module" not in args:
        return _wrong(f"`classroom {args.command}` is not part of this installation.")
    from .leaks import LeakError
    from .packages import PackageError
    from .sandbox import SandboxError
    from .source import SourceError

    try:
        course = None if args.command == "init" else load_course(args.course)
        return args.module.main(args, course)
    except (CourseError, SourceError, LeakError, PackageError) as error:
        return _wrong(error)
    except SandboxError as error:
        print(f"classroom: the sandbox does not work: {error}", file=sys.stderr)
        return NO_SANDBOX
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"classroom: {_of_system(error)}", file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        print("classroom: interrupted", file=sys.stderr)
        return STOPPED


def _of_system(error):
    """What the system says of a file, a full disk for instance, or a folder nobody may write in."""
    return f"{error.strerror or error}" + f": {error.filename}" * (error.filename is not None)


def _chosen(argv):
    """The command: the first word that is no option."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("-C", "--course")
    first.add_argument("command", nargs="?")
    return first.parse_known_args(argv)[0].command


def _wrong(message):
    print(f"classroom: {message}", file=sys.stderr)
    return WRONG


if __name__ == "__main__":
    sys.exit(main())
