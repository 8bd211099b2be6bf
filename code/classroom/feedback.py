"""`classroom feedback`: a page for every student, and one for the instructor (`overview`).

One HTML file each, with nothing from elsewhere: per question its points, what was expected in
words, the student's own number, the mistake it matches, a hint and where the book explains it. The
same results give the same bytes. Before a page is written it is searched for what students may not
see (`leaks`); what would give something away is taken out.
"""

import json
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from .collecting import ROSTER, Roster, read_roster
from .commands import OK, WRONG, assignments, choose, known_only
from .course import CourseError
from .files import write_whole
from .lateness import all_handed
from .leaks import leaks
from .marks import is_waiting, results_of
from .notebook import read
from .overview import overview, overview_path
from .pages import MARKED, VERDICTS, counted, document, listed, number, prose, said, table
from .questions import Choice, Manual
from .returning import PLATFORMS, packed
from .sections import place
from .source import Source
from .standing import standing
from .submissions import submitted

__all__ = ["Written", "feedback", "page"]

STATUSES = {
    "unreadable": "Your file could not be read, so nothing in it could be graded.",
    "empty": "There was nothing in what you handed in.",
    "other": "What you handed in is the notebook of another assignment.",
    "crashed": "Something went wrong when your file was graded, and it was not your fault. "
    "A person will look into it.",
}
WITHHELD = "(not shown here: it would tell others what is expected)"


def page(result, source, *, course="", site="", name="", handed=""):
    """Return the HTML of a student's feedback.

    result: from `marks.merged`. source: the assignment's `Source`. course: the course's name.
    site: the address of the book, or "" for no links. name: the student's, where it is known.
    handed: a sentence on when it was handed in, where that is known.
    """
    assignment = source.assignment
    who = f"{said(name)} ({said(result['student'])})" if name else said(result["student"])
    file = result["file"]["name"]
    told = () if result["status"] == "graded" else result["notes"]
    body = [
        f'<p class="quiet">{said(course)}</p>' if course else "",
        f"<h1>{said(assignment.title)}</h1>",
        f'<p class="quiet">{who}{f" · {said(file)}" if file else ""}</p>',
        f'<p class="quiet">{said(handed)}</p>' if handed else "",
        _total(result),
        _notes(result),
        _points(result),
        *(
            _question(row, assignment.question(row["id"]), site, told)
            for row in result["questions"]
        ),
    ]
    title = f"{assignment.title} · {result['student']}"
    return document(title, "\n".join(filter(None, body)))


def _total(result):
    parts = [
        f'<p class="total">Points: <strong>{number(result["points"])} of '
        f"{number(result['max_points'])}</strong></p>"
    ]
    if result["status"] != "graded":
        parts.append(f"<p><strong>{said(STATUSES[result['status']])}</strong></p>")
    waiting = [row for row in result["questions"] if is_waiting(row)]
    if waiting:
        most = sum(row["max_points"] for row in waiting)
        which = ", ".join(_label(row) for row in waiting)
        more = f"Up to {counted(most, 'point')} can be added to these."
        parts.append(f"<p>Not marked yet: {said(which)}. {more}</p>")
    return "\n".join(parts)


def _notes(result):
    if not result["notes"]:
        return ""
    lines = "\n".join(f"<li>{prose(note)}</li>" for note in result["notes"])
    return f"<h2>What we noticed in your file</h2>\n<ul>\n{lines}\n</ul>"


def _points(result):
    rows = []
    for row in result["questions"]:
        sign, words, colour = _verdict(row)
        link = f'<a href="#{said(row["id"])}">{said(_label(row))} · {said(row["title"])}</a>'
        verdict = f'<span class="{colour}"><span aria-hidden="true">{sign}</span> {words}</span>'
        rows.append([link, verdict, f"{_given(row)} of {number(row['max_points'])}"])
    return table("Your points", ["Question", "What it is", "Points"], rows, numeric={2})


def _question(row, question, site, told=()):
    """A question's section. told: what is said further up, and not here again."""
    sign, words, colour = _verdict(row)
    given = f"{_given(row)} of {counted(row['max_points'], 'point')}"
    parts = [
        f'<section class="question {colour}" id="{said(row["id"])}">',
        f"<h2>{said(_label(row))} · {said(row['title'])}</h2>",
        f'<p><span class="verdict"><span aria-hidden="true">{sign}</span> {words}</span> · '
        f"{given}</p>",
    ]
    if row["stale"]:
        parts.append("<p>What was marked is an earlier version of this answer.</p>")
    if row["mark"] is None and row["message"] not in ("", *told) and row["status"] != "manual":
        parts.append(f"<p>{prose(row['message'])}</p>")
    parts.append(_details(row, question, site))
    return "\n".join(filter(None, [*parts, "</section>"]))


def _details(row, question, site):
    """The list of what there is to say: the student's answer, the mistake, the hint, the place."""
    told = []
    if row["comment"]:
        told.append(
            ("Comment", f'<span style="white-space: pre-line">{said(row["comment"])}</span>')
        )
    if row["mistake"] and not isinstance(question, Choice):
        told.append(("The mistake it matches", said(row["mistake"])))
    if row["yours"]:
        told.append(("Your answer", f"<pre>{said(row['yours'])}</pre>"))
    if isinstance(question, Manual):
        told.append(("What the points are given for", prose(question.rubric)))
    if row["hint"] and _given(row) != number(row["max_points"]):
        told.append(("Hint", prose(row["hint"])))
    if row["section"]:
        told.append(("In the book", _section(row["section"], site)))
    if not told:
        return ""
    lines = "\n".join(f"<dt>{said(term)}</dt>\n<dd>{text}</dd>" for term, text in told)
    return f"<dl>\n{lines}\n</dl>"


def _section(section, site):
    """A link to the chapter's section, or its title where no address of the book is known."""
    address, words = place(section)
    if not site:
        return prose(words)
    return f'<a href="{said(f"{site}/{address}")}">{prose(words)}</a>'


def _verdict(row):
    if row["mark"] is not None:
        return MARKED
    return VERDICTS[row["status"]]


def _given(row):
    return "?" if is_waiting(row) else number(row["points"])


def _label(row):
    return f"Question {row['id'].removeprefix('q')}"


# --- a course's -----------------------------------------------------------------------------------


@dataclass
class Written:
    """What was written: paths, the merged results, and sentences about what to look after.

    source: the assignment's `Source`.
    """

    source: Source
    paths: list = field(default_factory=list)
    results: list = field(default_factory=list)
    said: list = field(default_factory=list)
    leaked: list = field(default_factory=list)


def feedback(course, path, roster=None, students=None):
    """Write the pages of an assignment; return `Written`.

    path: of its source notebook. roster: a `Roster`, for names. students: only these.
    """
    found = standing(course, path)
    source, out = found.source, Written(found.source, results=found.results, said=found.said())
    handed_in = {entry.student: entry for entry in submitted(course.submitted / source.name)}
    roster = roster or Roster()
    handed = all_handed(course, source.name, found.results, roster.rows)
    for result in found.results:
        student = result["student"]
        if students and student not in students:
            continue
        data, _ = handed_in[student].data()
        about = {"name": roster.names.get(student, ""), "handed": handed[student].words}
        write = partial(page, course=course.name, site=course.site, **about)
        text = _safe(result, source, course.seed(), _own(result, data), write)
        if text is None:
            out.leaked.append(f"{student}: the page would give something away; it is not written.")
            continue
        target = course.feedback / source.name / f"{student}.html"
        write_whole(target, text)
        out.paths.append(target)
    return out


def _own(result, data):
    """What the student wrote: the cells, and the answers in words, of which a result keeps all."""
    cells = [cell.text for cell in read(data or b"").cells]
    return json.dumps(cells + [row["yours"] for row in result["questions"] if row["by_hand"]])


def _safe(result, source, seed, own, write):
    """The page, without what gives something away; None where that cannot be helped.

    A student's own number may be one that is expected, such as the transpose of it; and what a
    student's code says in an exception is whatever the student wants to be said.
    """
    text = write(result, source)
    if not leaks(text, source, seed, own):
        return text
    for row in result["questions"]:
        for key in ("yours", "message"):
            if row[key] and leaks(row[key], source, seed, own):
                row[key] = WITHHELD
    result["notes"] = [note for note in result["notes"] if not leaks(note, source, seed, own)]
    text = write(result, source)
    return None if leaks(text, source, seed, own) else text


# --- the command ----------------------------------------------------------------------------------

EPILOG = """\
results/ASSIGNMENT/STUDENT.json → feedback/ASSIGNMENT/STUDENT.html, one file for each student.

For you alone, beside the results: results/ASSIGNMENT.overview.html, with the spread of the
points, the hardest questions, the most common mistakes, who needs a look and why, likely copies.

With --for the pages are also in one zip, exports/ASSIGNMENT.feedback.PLATFORM.zip:
  canvas   for the assignment's “Re-upload submissions”; Canvas gives each page the name of the file
           that the student handed in
  moodle   for “Upload multiple feedback files in a zip”, with “Feedback files” switched on
"""


def arguments(parser):
    """Which, and who is in the course."""
    choose(parser)
    parser.epilog = EPILOG
    parser.add_argument("--student", action="append", metavar="NAME", help="only this one's page")
    parser.add_argument("--roster", type=Path, metavar="CSV", help=ROSTER)
    parser.add_argument("--for", dest="platform", choices=PLATFORMS, help="also as one zip")


def main(args, course):
    """Write, and say what."""
    roster, status = read_roster(args.roster or course.roster), OK
    paths = [p for p in assignments(course, args.assignments) if results_of(course, p.stem)[0]]
    if not paths:
        raise CourseError(f"results: expected results in {course.results}; grade first")
    there = [result["student"] for path in paths for result in results_of(course, path.stem)[0]]
    known_only("--student", args.student, dict.fromkeys(there))
    for path in paths:
        done = feedback(course, path, roster, args.student)
        for sentence in done.said + done.leaked:
            print(f"{path.stem}: {sentence}", file=sys.stderr)
        status = WRONG if done.leaked else status
        waiting = sum(bool(result["waiting"]) for result in done.results)
        overview(course, done.source, done.results, roster, done.said + done.leaked)
        by_hand = f"; waiting for marks by hand: {waiting}" if waiting else ""
        pages = f"{counted(len(done.paths), 'page')} in {course.feedback / path.stem}"
        print(f"{path.stem}: {pages}{by_hand}")
        print(f"{path.stem}: for you alone, {overview_path(course, path.stem)}")
        if args.platform:
            _pack(course, path.stem, done.paths, args.platform, roster)
    return status


def _pack(course, assignment, pages, platform, roster):
    target, unknown = packed(course, assignment, pages, platform, roster)
    print(f"{target}: {counted(len(pages) - len(unknown), 'page')}")
    if unknown:
        _, why = PLATFORMS[platform]
        print(f"{assignment}: {listed(unknown)}: {why}; not in the zip.", file=sys.stderr)
