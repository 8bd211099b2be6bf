"""`classroom export`: the grades as a table, for Canvas's gradebook, for Moodle.

What is not graded is never a 0: as long as an answer waits for its mark by hand nothing is
written, unless the questions that are marked by hand are left out for everybody. Texts that a
spreadsheet would take for a formula get an apostrophe.
"""

import csv
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .collecting import ROSTER, Roster, read_roster
from .commands import OK, WRONG, assignments, choose
from .course import CourseError
from .files import write_whole
from .lateness import LATE, Handed, all_handed
from .marks import results_of
from .pages import counted, listed, number
from .questions import Manual
from .standing import standing

__all__ = ["FORMATS", "Grade", "Grades", "bare", "defused", "export", "grades_of"]

BOM = "\ufeff"


@dataclass(frozen=True)
class Grade:
    """What one student has.

    about: the student's row of the roster. status: the result's, or "missing". points: a number,
    None where there is no grade. questions: id -> points, or None. waiting: ids that wait for a
    mark. human: reasons for a look. handed: when it was handed in.
    """

    student: str
    about: dict
    status: str
    points: float | None = None
    questions: dict = field(default_factory=dict)
    waiting: tuple = ()
    human: tuple = ()
    handed: Handed = field(default_factory=Handed)


@dataclass
class Grades:
    """The `Grade`s of an assignment, its title, the most points, and what there is to say."""

    title: str
    most: float
    ids: list
    rows: list = field(default_factory=list)
    said: list = field(default_factory=list)


def grades_of(course, path, roster=None, manual=True):
    """Return the `Grades` of an assignment; manual: False leaves out what is marked by hand."""
    about = {row["student"]: row for row in (roster or Roster()).rows}
    found = standing(course, path)
    assignment = found.source.assignment
    asked = [q for q in assignment.questions if manual or not isinstance(q, Manual)]
    ids = [question.id for question in asked]
    out = Grades(assignment.title, sum(question.points for question in asked), ids)
    handed = all_handed(course, found.source.name, found.results, about.values())
    graded = {}
    for result in found.results:
        student = result["student"]
        grade = graded[student] = _grade(result, ids, about.get(student, {}), handed[student])
        if grade.status != "graded":
            worth = "no grade" if grade.points is None else counted(grade.points, "point")
            out.said.append(f"{student}: {grade.status}; {worth}.")
    told = {*graded, *found.ungraded, *found.gone}
    missing = [student for student in about if student not in told]
    strangers = [student for student in graded if student not in about]
    out.said += found.said(manual)
    if missing:
        out.said.append(f"{listed(missing)}: nothing is handed in; no grade.")
    if about and strangers:
        out.said.append(f"{listed(strangers)}: not in the roster.")
    out.rows = [graded.get(s) or Grade(s, about[s], "missing") for s in [*about, *strangers]]
    return out


def _grade(result, ids, about, handed):
    rows = {row["id"]: row for row in result["questions"]}
    waiting = tuple(id for id in result["waiting"] if id in ids)
    questions = {id: None if id in waiting or id not in rows else rows[id]["points"] for id in ids}
    # The grader's own failure is nobody's 0, unless somebody has marked it by hand.
    failed = result["status"] == "crashed" and not any(
        row["mark"] is not None for row in rows.values()
    )
    points = None if failed else round(sum(p for p in questions.values() if p is not None), 4)
    student, human = result["student"], tuple(result["human"])
    return Grade(student, about, result["status"], points, questions, waiting, human, handed)


# --- formats --------------------------------------------------------------------------------------


def defused(text):
    """Return a text on one line that no spreadsheet takes for a formula."""
    text = " ".join(str(text).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "|", "%", "'")) else text


def bare(text):
    """Return the text that `defused` was given, its spaces apart."""
    return text[1:] if text.startswith("'") else text


def _table(rows):
    """CSV of rows; texts are defused, numbers are written as they are, None is nothing."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value):
    if value is None:
        return ""
    return number(value) if isinstance(value, (int, float)) else defused(value)


def _plain(grades, column):
    """Everything: one row a student, one column a question. With a BOM, for Excel."""
    known = [c for c in ("name", "email") if any(g.about.get(c) for g in grades.rows)]
    heads = ["student", *known, "status", "points", "max_points", *grades.ids, "waiting", "look"]
    heads += ["handed_in", "late"]
    rows = [
        [
            g.student,
            *(g.about.get(c, "") for c in known),
            g.status,
            g.points,
            grades.most,
            *(g.questions.get(id) for id in grades.ids),
            " ".join(g.waiting),
            " ".join(g.human),
            g.handed.at.isoformat() if g.handed.at else "",
            "yes" if g.handed.late == LATE else g.handed.late,
        ]
        for g in grades.rows
    ]
    return BOM + _table([heads, *rows])


def _canvas(grades, column):
    """As Canvas's gradebook imports it: five columns on the student, then the assignment's.

    Canvas knows a student by ID, else by the SIS columns, else by name, and an assignment by the
    number in brackets after its name, else by the name.
    """
    heads = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column or grades.title]
    keys = ("canvas_id", "sis_id", "login", "section")
    rows = [
        [g.about.get("name") or g.student, *(g.about.get(key, "") for key in keys), g.points]
        for g in grades.rows
        if g.points is not None
    ]
    # Canvas finds this line by its words; the spaces in front are those of its own exports.
    possible = f"    Points Possible,,,,,{number(grades.most)}\r\n"
    return _table([heads]) + possible + _table(rows)


def _moodle(grades, column):
    """As Moodle's grading worksheet of an assignment; the gradebook's CSV import takes it too."""
    heads = ["Identifier", "Full name", "Email address", column or "Grade", "Maximum Grade"]
    rows = [
        [
            f"Participant {g.about['moodle_id']}" if g.about.get("moodle_id") else "",
            g.about.get("name") or g.student,
            g.about.get("email", ""),
            g.points,
            grades.most,
            "",
        ]
        for g in grades.rows
        if g.points is not None
    ]
    return BOM + _table([[*heads, "Last modified (grade)"], *rows])


#: Name -> (how it is written, the file's ending, the roster's columns by which the LMS knows who).
FORMATS = {
    "csv": (_plain, ".csv", ()),
    "canvas": (_canvas, ".canvas.csv", ("canvas_id", "sis_id", "login")),
    "moodle": (_moodle, ".moodle.csv", ("moodle_id", "email")),
}


def export(course, path, form="csv", roster=None, *, manual=True, column=""):
    """Write the grades of an assignment; return (the path, the `Grades`).

    form: a key of `FORMATS`. manual: False leaves out the questions that are marked by hand.
    column: the name of the grade's column in Canvas or Moodle. Raises `CourseError` while answers
    wait for their marks.
    """
    grades = grades_of(course, path, roster, manual)
    waiting = [grade.student for grade in grades.rows if grade.waiting]
    if waiting:
        raise CourseError(
            f"{path.stem}: waiting for marks by hand: {len(waiting)}, the first is "
            f"{waiting[0]}. `classroom manual {path.stem}` writes the sheet for them; "
            "--without-manual exports the other questions."
        )
    write, ending, keys = FORMATS[form]
    graded = [g for g in grades.rows if g.points is not None]
    unknown = [g.student for g in graded if keys and not any(g.about.get(k) for k in keys)]
    if unknown:
        grades.said.append(
            f"{listed(unknown)}: without {' or '.join(keys)} in the roster; "
            f"{form.capitalize()} can know them by name only."
        )
    target = course.exports / f"{path.stem}{ending}"
    write_whole(target, write(grades, column))
    return target, grades


# --- the command ----------------------------------------------------------------------------------

EPILOG = """\
  csv      one row a student and one column a question; opens in any spreadsheet. `late` are the
           hours begun after the date in course.toml, or yes where Canvas says no more; the points
           do not depend on it
  canvas   for Gradebook → Import; --column "Name (12345)" is the column of an assignment that is
           there, as Canvas's own export calls it
  moodle   for the assignment's “Upload grading worksheet”, or for Grades → Import → CSV file.
           Grades given before are replaced if “Allow updating records that have been modified
           more recently in Moodle than in the spreadsheet” is ticked

The roster is a CSV with a column `student` and, as they apply, name, email, canvas_id, sis_id,
login, section, moodle_id, and `extension`, hours that are added to the date, or for one assignment
alone `extension NN_name`. Moodle's ids are those of one assignment: the number in the names of its
downloaded files, and after “Participant” in its worksheet.
"""


def arguments(parser):
    """Which, for whom."""
    choose(parser)
    parser.epilog = EPILOG
    parser.add_argument("--for", dest="form", choices=FORMATS, default="csv", help="default: csv")
    parser.add_argument("--roster", type=Path, metavar="CSV", help=ROSTER)
    parser.add_argument("--column", default="", metavar="NAME", help="the name of the grade")
    parser.add_argument(
        "--without-manual",
        action="store_true",
        help="leave out the questions that are marked by hand, for everybody",
    )


def main(args, course):
    """Write, and say what is not in it."""
    roster = read_roster(args.roster or course.roster)
    paths = [p for p in assignments(course, args.assignments) if results_of(course, p.stem)[0]]
    if not paths:
        raise CourseError(f"results: expected results in {course.results}; grade first")
    status = OK
    for path in paths:
        try:
            target, grades = export(
                course,
                path,
                args.form,
                roster,
                manual=not args.without_manual,
                column=args.column,
            )
        except CourseError as error:
            print(f"classroom: {error}", file=sys.stderr)
            status = WRONG
            continue
        for sentence in grades.said:
            print(f"{path.stem}: {sentence}", file=sys.stderr)
        graded = sum(grade.points is not None for grade in grades.rows)
        of = f"{graded} of {counted(len(grades.rows), 'student')}"
        print(f"{target}: {of}, of {counted(grades.most, 'point')} each")
    return status
