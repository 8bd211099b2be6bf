"""`classroom show`: one student's answers beside what came of them, for a question about a grade.

One HTML file for the instructor, with nothing from elsewhere: of each question the verdict, the
points, what was said, and the cell in which the student answered. All that a student wrote is shown
as text; nothing is run, and no output of the notebook is shown.
"""

import hashlib
from pathlib import Path

from .answers import defining
from .collecting import ROSTER, Roster, read_roster
from .commands import OK, assignments, known_only
from .feedback import VERDICTS
from .files import write_whole
from .lateness import all_handed
from .marks import is_waiting, merged, read_marks, results_of
from .notebook import read
from .pages import document, number, prose, said
from .questions import Manual
from .source import load
from .submissions import submitted

__all__ = ["show", "show_page"]


def show_page(result, assignment, cells, handed=""):
    """Return the HTML.

    result: from `marks.merged`. cells: the `notebook.Cell`s of what was handed in. handed: a
    sentence on when that was.
    """
    body = [
        f"<h1>{said(assignment.title)}: {said(result['student'])}</h1>",
        f'<p class="quiet">{said(assignment.name)} · {said(result["file"]["name"])} · for '
        "instructors only</p>",
        f'<p class="quiet">{said(handed)}</p>' if handed else "",
        f'<p class="total">Points: <strong>{number(result["points"])} of '
        f"{number(result['max_points'])}</strong></p>",
        _sentences("Who looks at it should know", result["human"]),
        _sentences("Notes", [note for note in result["notes"] if note not in result["human"]]),
    ]
    shown = set()
    for row in result["questions"]:
        question = assignment.question(row["id"])
        own = [] if isinstance(question, Manual) else defining(cells, question.calls)
        shown |= {cell.number for cell in own}
        body.append(_question(row, question, own))
    others = [cell for cell in cells if cell.number not in shown]
    if others:
        body += ["<h2>The other cells</h2>", *map(_cell, others)]
    return document(f"{assignment.title}: {result['student']}", "\n".join(filter(None, body)))


def _sentences(title, sentences):
    if not sentences:
        return ""
    lines = "\n".join(f"<li>{prose(sentence)}</li>" for sentence in sentences)
    return f"<h2>{said(title)}</h2>\n<ul>\n{lines}\n</ul>"


def _question(row, question, own):
    sign, words, colour = VERDICTS[row["status"]]
    if row["mark"] is not None:
        sign, words, colour = "✎", "Marked by hand", "hand"
    given = "?" if is_waiting(row) else number(row["points"])
    told = [
        (term, f"<pre>{said(row[key])}</pre>" if key == "yours" else prose(row[key]))
        for term, key in (
            ("Comment", "comment"),
            ("Message", "message"),
            ("The mistake it matches", "mistake"),
            ("What was answered" if isinstance(question, Manual) else "What it gave", "yours"),
        )
        if row[key]
    ]
    parts = [
        f'<section class="question {colour}" id="{said(row["id"])}">',
        f"<h2>{said(row['id'])} · {said(row['title'])}</h2>",
        f'<p><span class="verdict"><span aria-hidden="true">{sign}</span> {words}</span> · {given} '
        f"of {number(row['max_points'])} points</p>",
        "<dl>" + "\n".join(f"<dt>{said(term)}</dt>\n<dd>{text}</dd>" for term, text in told),
        "</dl>",
        *map(_cell, own),
    ]
    if not own and not isinstance(question, Manual):
        parts.append(f"<p>No cell defines <code>{said(question.calls)}</code>.</p>")
    return "\n".join([*parts, "</section>"])


def _cell(cell):
    return (
        f'<p class="quiet">Cell {cell.number}, {said(cell.kind)}</p>\n<pre>{said(cell.text)}</pre>'
    )


# --- the command ----------------------------------------------------------------------------------


def show(course, path, student, roster=None):
    """Write a student's page for the instructor; return its path.

    path: of the assignment's source notebook. Raises `CourseError` for a student without a result.
    """
    source = load(path)
    found, _ = results_of(course, source.name)
    results = {result["student"]: result for result in found}
    known_only("student", [student], results)
    when = all_handed(course, source.name, found, (roster or Roster()).rows)[student].words
    marks = read_marks(course, source.name).get(student, {})
    result = merged(results[student], marks, source.assignment)
    handed_in = {entry.student: entry for entry in submitted(course.submitted / source.name)}
    data = handed_in[student].data()[0] if student in handed_in else None
    sha = None if data is None else hashlib.sha256(data).hexdigest()
    if sha != result["file"]["sha256"]:
        result["human"].append(
            "The file is another one now than when it was graded: the cells are the new file's."
        )
    target = course.exports / source.name / f"{student}.html"
    write_whole(target, show_page(result, source.assignment, read(data or b"").cells, when))
    return target


EPILOG = """\
exports/ASSIGNMENT/STUDENT.html, for you alone: of each question the verdict, the points, the
message and the cell with the answer, then the other cells. What the student wrote is shown as text.
"""


def arguments(parser):
    """Whose."""
    parser.epilog = EPILOG
    parser.add_argument("assignment", metavar="ASSIGNMENT", help="such as 01_perceptron")
    parser.add_argument("student", metavar="STUDENT", help="as in this course")
    parser.add_argument("--roster", type=Path, metavar="CSV", help=ROSTER)


def main(args, course):
    """Write it, and say where."""
    (path,) = assignments(course, [args.assignment])
    print(show(course, path, args.student, read_roster(args.roster or course.roster)))
    return OK
