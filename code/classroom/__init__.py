"""Assignments of the book: made, handed out, collected, graded, given back.

`questions` is what an assignment is written with, `notebook` reads what students hand in, `sandbox`
runs it where it can do no harm, `judging` says what an answer is, `grading` does that for a course.
The command is `classroom` (``python -m classroom``). The package imports `backprop`, never the
other way round.
"""

__all__ = ["check"]


def __getattr__(name):
    """Load the students' self-check when it is asked for: `from classroom import check`."""
    if name == "check":
        from .selfcheck import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
