"""`classroom manual`: marks by hand, through a sheet for any spreadsheet.

Without `--read` it writes the sheet: a line for every answer that a person marks. With it, it reads
the sheet back: all of it, or, where one line is wrong, none.
"""

import csv
import io
import math
import re
import sys
from pathlib import Path

from .answers import defining
from .commands import OK, assignments
from .course import CourseError
from .exporting import BOM, bare
from .files import write_whole
from .marks import answer_key, is_waiting, marks_path, read_marks, results_of, write_marks
from .notebook import read
from .pages import counted, number
from .questions import Manual
from .source import load
from .standing import standing
from .submissions import submitted

__all__ = ["HEADS", "read_sheet", "sheet", "sheet_path"]

HEADS = ("student", "question", "answer", "rubric", "max", "mark", "comment", "key")
#: A spreadsheet's cell holds no more than 32,767 letters.
LONGEST = 30_000


def sheet_path(course, assignment):
    """Return where the sheet is written."""
    return course.exports / f"{assignment}.manual.csv"


def sheet(course, path, everything=False):
    """Return (the text of an assignment's sheet, how many of its lines have no mark yet).

    everything: also lines for the questions that the machine has graded, and at the end a column
    `code` with the cells of their answers.
    """
    found, lines, waiting = standing(course, path), [], 0
    cells = _cells(course, found.source.name) if everything else {}
    # One question after the other marks more evenly.
    for question in found.source.assignment.questions:
        for result in found.results:
            row = next((r for r in result["questions"] if r["id"] == question.id), None)
            if row is None or not (everything or row["by_hand"]):
                continue
            waiting += is_waiting(row)
            lines.append(_line(result["student"], question, row))
            if everything:
                lines[-1].append(_code(cells.get(result["student"], []), question))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*HEADS, "code"] if everything else HEADS)
    writer.writerows(lines)
    return BOM + out.getvalue(), waiting


def _cells(course, assignment):
    """student -> the cells of what was handed in."""
    handed_in = submitted(course.submitted / assignment)
    return {entry.student: read(entry.data()[0] or b"").cells for entry in handed_in}


def _code(cells, question):
    """The cells that define what a question asks for, as a cell of a table."""
    if isinstance(question, Manual):
        return ""
    return _cell("\n\n".join(cell.text for cell in defining(cells, question.calls))[:LONGEST])


def _line(student, question, row):
    answer, rubric = row["yours"], question.rubric if isinstance(question, Manual) else ""
    if len(answer) > LONGEST:
        answer = answer[:LONGEST] + " … (the rest is in the notebook)"
    mark = "" if row["mark"] is None else number(row["mark"])
    texts = [student, question.id, answer, rubric, number(row["max_points"]), mark, row["comment"]]
    return [
        *(text if k in (4, 5) else _cell(text) for k, text in enumerate(texts)),
        answer_key(row),
    ]


def _cell(text):
    """As `exporting.defused`, the lines of the text kept."""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text).strip()
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "|", "%", "'")) else text


def read_sheet(course, path, text):
    """Return student -> question id -> mark, of a sheet's text.

    Lines without a mark are left out. Raises `CourseError` with every line that is wrong.
    """
    source = load(path)
    results, _ = results_of(course, source.name)
    known = {result["student"]: result for result in results}
    try:
        table = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), _dialect(text)))
    except csv.Error as error:
        raise CourseError(f"manual: expected a sheet in CSV: {error}") from None
    heads = [head.strip().lower() for head in table[0]] if table else []
    lacking = [head for head in ("student", "question", "mark") if head not in heads]
    if lacking:
        came = ", ".join(heads) or "nothing"
        raise CourseError(f"manual: expected a column {lacking[0]} in the first line, came {came}")
    marks, wrong = {}, []
    for n, cells in enumerate(table[1:], 2):
        row = dict(zip(heads, cells, strict=False))
        if not row.get("mark", "").strip():
            continue
        try:
            student, id, mark = _marked(row, known, source.assignment)
        except CourseError as error:
            wrong.append(f"line {n}: {error}")
            continue
        if id in marks.setdefault(student, {}):
            wrong.append(f"line {n}: {student} has a mark for {id} already, further up")
        marks[student][id] = mark
    if wrong:
        raise CourseError("manual: no mark was kept; " + "\n".join(wrong))
    return marks


def _dialect(text):
    """Spreadsheets of countries with decimal commas write semicolons between cells, or tabs."""
    first = text.partition("\n")[0]
    best = max(",;\t", key=first.count)

    class Dialect(csv.excel):
        delimiter = best

    return Dialect


def _marked(row, known, assignment):
    """(student, question id, mark) of a line; `CourseError` says what is wrong with it."""
    student, id = bare(row["student"].strip()), bare(row["question"].strip())
    if student not in known:
        raise CourseError(f"student: expected one who has a result, came {student!r}")
    ids = [question.id for question in assignment.questions]
    if id not in ids:
        raise CourseError(f"question: expected one of {', '.join(ids)}, came {id!r}")
    most = assignment.question(id).points
    try:
        mark = float(row["mark"].strip().replace(",", "."))
    except ValueError:
        mark = math.nan
    if not 0 <= mark <= most:
        raise CourseError(
            f"mark: expected a number from 0 to {number(most)}, came {row['mark'].strip()!r}"
        )
    answer = next((r for r in known[student]["questions"] if r["id"] == id), {"yours": ""})
    key = row.get("key", "").strip() or answer_key(answer)
    comment = bare(row.get("comment", "").strip())
    return student, id, {"mark": round(mark, 4), "comment": comment, "answer": key}


def keep(course, assignment, marks):
    """Join marks with those that are there; return how many are (new, changed, as they were)."""
    there, count = read_marks(course, assignment), [0, 0, 0]
    for student, given in marks.items():
        for id, mark in given.items():
            old = there.setdefault(student, {}).get(id)
            count[0 if old is None else 2 if old == mark else 1] += 1
            there[student][id] = mark
    write_marks(course, assignment, there)
    return count


# --- the command ----------------------------------------------------------------------------------

EPILOG = """\
The sheet has a line for each answer: student, question, answer, rubric, the most points, then empty
columns for your mark and a comment, which the student gets. Columns may be moved, lines sorted or
left out; a line without a mark changes nothing. Fill it in and give it back with --read. Marks lie
in results/ASSIGNMENT.manual.json and stay when you grade again; `key` is how a changed answer is
noticed. With --all the sheet has the machine's questions too, and a column with the code of the
answers: a mark there takes the place of the machine's points.

With nbgrader: --to-nbgrader FOLDER makes a course that `nbgrader`'s formgrader shows, our points
in it; nothing is run there. --from-nbgrader FOLDER reads the marks back.
"""


def arguments(parser):
    """Which, and in which direction."""
    parser.epilog = EPILOG
    parser.add_argument("assignment", metavar="ASSIGNMENT", help="such as 01_perceptron")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--read", type=Path, metavar="FILE", help="read a sheet that is filled in")
    way.add_argument("--to-nbgrader", type=Path, metavar="FOLDER", help="for the formgrader")
    way.add_argument("--from-nbgrader", type=Path, metavar="FOLDER", help="read its marks back")
    parser.add_argument(
        "--all", action="store_true", help="lines for the questions graded by the machine too"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: in the exports folder")


def main(args, course):
    """Write the sheet, or read one."""
    (path,) = assignments(course, [args.assignment])
    if not results_of(course, path.stem)[0]:
        raise CourseError(f"results: expected results of {path.stem}; grade first")
    if args.to_nbgrader or args.from_nbgrader:
        return _nbgrader(args, course, path)
    if args.read:
        try:
            text = args.read.read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"manual: {args.read} cannot be read as UTF-8: {error}") from None
        return _kept(course, path, read_sheet(course, path, text))
    text, waiting = sheet(course, path, args.all)
    target = args.out or sheet_path(course, path.stem)
    if target.exists() and not args.out and _has_more(target, course, path):
        raise CourseError(
            f"manual: {target} has marks that are not read yet; --read it first, or --out another"
        )
    write_whole(target, text)
    lines = sum(1 for _ in csv.reader(io.StringIO(text, newline=""))) - 1
    print(f"{target}: {counted(lines, 'answer')}, {waiting} without a mark")
    return OK


def _has_more(target, course, path):
    """True where a sheet that is there holds marks that would be lost."""
    try:
        text = target.read_bytes().decode("utf-8-sig")
        marks = read_sheet(course, path, text)
    except (CourseError, UnicodeDecodeError):
        return True
    there = read_marks(course, path.stem)
    told = [
        (there.get(student, {}).get(id, {}), mark)
        for student, given in marks.items()
        for id, mark in given.items()
    ]
    return any(old.get(what) != mark[what] for old, mark in told for what in ("mark", "comment"))


def _kept(course, path, marks):
    new, changed, same = keep(course, path.stem, marks)
    print(f"{marks_path(course, path.stem)}: {new} new, {changed} changed, {same} as they were")
    left = sheet(course, path)[1]
    if left:
        wait = counted(left, "answer still waits", "answers still wait")
        print(f"{path.stem}: {wait} for a mark", file=sys.stderr)
    return OK


def _nbgrader(args, course, path):
    from . import bridge

    if args.from_nbgrader:
        return _kept(course, path, bridge.marks_from(course, path, args.from_nbgrader))
    count = bridge.to_nbgrader(course, path, args.to_nbgrader)
    there = f"{args.to_nbgrader}: {counted(count, 'submission')}"
    print(f"{there}; start Jupyter there and open the Formgrader")
    return OK
