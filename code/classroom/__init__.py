"""Assignments of the book: made, handed out, collected, graded, given back.

The command is `classroom` (``python -m classroom``); `commands` and the modules that `__main__`
lists are what it runs. The package imports `backprop`, never the other way round.

Making and handing out
    questions    what an assignment is written with: functions, classes, plots, letters, derivations
    classics     the classic mistakes of `backprop.mistakes`, as mistakes of a question
    source       the one source: a notebook in nbgrader's format and its checks module
    release      what is made of it: the page, the student's notebook, the grader's data
    leaks        what a text gives away; nothing is written that does
    selfcheck    `check`, by which students check themselves, with the numbers in `recorded`

Collecting
    course       a course's folder, its `course.toml`, its secret seed
    sources      what a folder or a zip holds: no link is followed, nothing leads out
    owners       whose a file is, by the part of its path that the platform wrote
    collecting   from a hub, an LMS's zip or a folder, into `submitted`
    submissions  one file a student, found there
    lateness     when it was handed in, and how late that is

Grading
    notebook     reads what students hand in, whatever happened to it
    answers      which cells are run, which text answers which question
    packages     which files make up a package that a question may use
    sandbox      the walls: bubblewrap, limits, one process a submission
    clock        how long a submission may take, also on a busy machine
    inside       the program inside the walls, the only one that runs students' code
    values       plain values between the two; nothing else passes
    running      a notebook's cells, then its functions on the questions' inputs
    oracle       right answers to earlier questions, for a later one that calls them
    reference    the program in walls of its own that gives the oracle its answers
    judging      what an answer is: right, a known mistake, or wrong in which way
    grading      one submission: a `Task` in, a result out, the same bytes wherever
    crew         a course, by several processes, stopped anywhere and resumed
    cluster      the same on several machines, with Dask

Giving back
    marks        marks by hand, and how they join what the machine found
    standing     where each student stands, for everything that follows
    manual       the sheet they are written in
    feedback     a page for every student
    returning    these pages as a zip for Canvas or Moodle
    sections     the titles of the book's sections, to which they link
    overview     a page for the instructor
    copies       pairs of notebooks that are too much alike
    showing      one student's answers and verdicts, for a question about a grade
    exporting    tables of grades, for Canvas and for Moodle
    bridge       to nbgrader's formgrader and back
    pages, files what all pages, and all files, have in common
"""

__all__ = ["check"]


def __getattr__(name):
    """Load the students' self-check when it is asked for: `from classroom import check`."""
    if name == "check":
        from .selfcheck import check

        return check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
