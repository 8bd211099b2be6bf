"""Where each student of an assignment stands: what is handed in, its result, the marks on it.

Everything that comes after grading asks here, so that a page, a table and `classroom status` tell
the same. Whose file is not there any more is left out of all of them.
"""

from dataclasses import dataclass, field, replace

from .crew import tasks_of
from .grading import kit_of
from .marks import merged, read_marks, results_of
from .pages import listed
from .source import Source, load

__all__ = ["Standing", "standing"]


@dataclass
class Standing:
    """An assignment's `Source`, its students' results from `marks.merged`, and names.

    broken: of files that are no results; the others: of students. ungraded: handed in, no result.
    changed: another file was handed in since. outdated: graded with other checks, another seed,
    other limits or another grader. gone: there is a result, and nothing is handed in any more.
    """

    source: Source
    results: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    ungraded: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    outdated: list = field(default_factory=list)
    gone: list = field(default_factory=list)

    @property
    def stale(self):
        """The students whose mark by hand is for an earlier version of the answer."""
        return [r["student"] for r in self.results if any(row["stale"] for row in r["questions"])]

    @property
    def waiting(self):
        """The students with an answer that waits for its mark."""
        return [result["student"] for result in self.results if result["waiting"]]

    @property
    def to_do(self):
        """How many `grade` would grade."""
        return len(self.ungraded) + len(self.changed) + len(self.outdated)

    def said(self, manual=True):
        """Return sentences on what is not as it should be; manual: False leaves out marks."""
        sheet = f"`classroom manual {self.source.name}` writes the sheet with the new one."
        told = [f"{name}: this result cannot be read; grade again." for name in self.broken]
        for students, what in (
            (self.gone, "nothing is handed in any more; left out."),
            (self.ungraded, "handed in, and not graded yet."),
            (self.changed, "handed in something else since; grade again."),
            (self.outdated, "the checks, the seed or the grader have changed since; grade again."),
            (self.stale * manual, f"marked by hand on an earlier version of the answer; {sheet}"),
        ):
            if students:
                told.append(f"{listed(students)}: {what}")
        return told


def standing(course, path):
    """Return the `Standing` of the assignment whose source notebook is at `path`."""
    out = Standing(load(path))
    name = out.source.name
    found, out.broken = results_of(course, name)
    marks, known = read_marks(course, name), {result["student"]: result for result in found}
    seed = course.seed() if found else ""
    for task, _ in tasks_of(course, kit_of(path), seed):
        result = known.pop(task.student, None)
        if result is None:
            out.ungraded.append(task.student)
            continue
        if result["file"]["sha256"] != task.sha256:
            out.changed.append(task.student)
        elif result["graded_with"] not in _keys(task):
            out.outdated.append(task.student)
        out.results.append(merged(result, marks.get(task.student, {}), out.source.assignment))
    out.gone = sorted(known)
    return out


def _keys(task):
    """What a result may be graded with: without the walls it is no older than behind them."""
    return {replace(task, unsafe=unsafe).key for unsafe in (False, True)}
