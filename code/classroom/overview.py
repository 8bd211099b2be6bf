"""The instructor's page of an assignment: how it went, what went wrong, who needs a look.

It lies beside the results and not with the students' pages: it tells of all of them.
"""

import os
from collections import Counter
from pathlib import Path
from statistics import mean, median
from urllib.parse import quote

from .copies import copies_of
from .files import write_whole
from .lateness import LATE, all_handed
from .marks import is_waiting, mean_of
from .pages import MARKED, VERDICTS, counted, document, number, prose, said, table
from .questions import Choice

__all__ = ["overview", "overview_page", "overview_path"]

#: Bars of the picture of all points, and how wide one is.
BARS, BAR = 10, 60


def overview_path(course, assignment):
    """Return where the page is."""
    return course.results / f"{assignment}.overview.html"


def overview(course, source, results, roster=None, problems=()):
    """Write the page; return its path.

    results: of all students, from `marks.merged`. roster: a `Roster`, for who misses. problems:
    sentences on what is not as it should be.
    """
    target = overview_path(course, source.name)
    pages = os.path.relpath(course.feedback / source.name, target.parent)
    there = {result["student"] for result in results}
    missing = [s for s in (roster.students if roster else []) if s not in there]
    made = {path.stem for path in (course.feedback / source.name).glob("*.html")}
    names = roster.names if roster else {}

    def who(student):
        name = names.get(student)
        called = said(f"{name} ({student})" if name else student)
        if student not in made:
            return called
        link = quote(f"{Path(pages).as_posix()}/{student}.html")
        return f'<a href="{link}">{called}</a>'

    copies = copies_of(course, source)
    handed = all_handed(course, source.name, results, roster.rows if roster else ())
    text = overview_page(source.assignment, results, copies, missing, problems, who, handed)
    write_whole(target, text)
    return target


def overview_page(assignment, results, copies=(), missing=(), problems=(), who=said, handed=None):
    """Return the HTML. copies: `Group`s. who(student): HTML that names, and links, a student.

    handed: student -> `lateness.Handed`. The same arguments give the same bytes.
    """
    body = [
        f"<h1>{said(assignment.title)}: overview</h1>",
        f'<p class="quiet">{said(assignment.name)} · for instructors only</p>',
        _summary(results, missing, problems),
        *_spread(assignment, results),
        *_hardest(assignment, results),
        *_mistakes(assignment, results),
        *_looks(results, who),
        *_waiting(results, who),
        *_copies(copies, who),
        *_late(handed or {}, who),
        *_missing(missing, who),
        *_everybody(results, who),
    ]
    return document(f"{assignment.title}: overview", "\n".join(filter(None, body)), "wide")


def _summary(results, missing, problems):
    if not results:
        return "<p>Nothing is graded yet.</p>"
    lines = "".join(f"<li>{prose(problem)}</li>" for problem in problems)
    gone = f", {len(missing)} not handed in" if missing else ""
    told = f"<p>{len(results)} graded{gone}. {_middle(results)}</p>"
    return told + (f"\n<ul>{lines}</ul>" if lines else "")


def _middle(results):
    """The mean and the median, of as many points as are marked so far."""
    points, most = mean_of(results)
    middle = number(median(result["points"] for result in results))
    whole = number(results[0]["max_points"])
    waiting = {tuple(result["waiting"]) for result in results}
    if waiting != {()}:
        average = " on average" if len(waiting) > 1 else ""
        whole = f"{counted(most, 'point')} marked so far{average} ({whole} in all)"
    return f"Mean {number(points)}, median {middle}, of {whole}."


def _spread(assignment, results):
    """How many have how many points, as a picture, and in words for who cannot see it."""
    if not results or not assignment.points:
        return
    most, counts = assignment.points, [0] * BARS
    for result in results:
        counts[min(BARS - 1, max(0, int(result["points"] / most * BARS)))] += 1
    edges = [number(k * most / BARS) for k in range(BARS + 1)]
    yield "<h2>Points</h2>"
    if any(result["waiting"] for result in results):
        yield "<p>An answer that is not marked yet counts as 0 here.</p>"
    told = "; ".join(f"{edges[k]} to {edges[k + 1]}: {n}" for k, n in enumerate(counts) if n)
    yield (
        f'<svg viewBox="0 0 {BAR * BARS + 40} 208" role="img" aria-label="How many students have '
        f'how many points. {told}">\n' + "\n".join(_bars(counts, edges)) + "\n</svg>"
    )


def _bars(counts, edges):
    """The parts of the picture; on a phone, where letters are larger, every other edge is named."""
    base, highest = 175, max(counts)
    for k, count in enumerate(counts):
        tall, x = round(150 * count / highest, 1), 20 + k * BAR
        yield f'<rect x="{x + 3}" y="{base - tall}" width="{BAR - 6}" height="{tall}"/>'
        if count:
            yield f'<text x="{x + BAR / 2:g}" y="{base - tall - 5:g}">{count}</text>'
    for k, edge in enumerate(edges):
        between = ' class="between"' if k % 2 else ""
        yield f'<text x="{20 + k * BAR}" y="{base + 22}"{between}>{edge}</text>'
    yield f'<line x1="20" y1="{base}" x2="{20 + BAR * BARS}" y2="{base}"/>'


def _hardest(assignment, results):
    """The questions; last, in no order, those of which answers wait for their marks."""
    rows = []
    for question in assignment.questions:
        found = [r for result in results for r in result["questions"] if r["id"] == question.id]
        if not found or not question.points:
            continue
        waiting = sum(is_waiting(r) for r in found)
        share = 1.0 if waiting else mean(r["points"] for r in found) / question.points
        words = Counter(_words(r) for r in found if not is_waiting(r))
        how = ", ".join(f"{status}: {n}" for status, n in words.most_common())
        how = ", ".join(filter(None, [f"Not marked yet: {waiting}" * bool(waiting), how]))
        label = f"{said(question.id)} · {said(question.title)}"
        cells = [label, "?" if waiting else f"{share:.0%}", number(question.points), said(how)]
        rows.append((waiting > 0, share, cells))
    if rows:
        yield "<h2>Questions, the hardest first</h2>"
        heads = ["Question", "Mean", "Points", "What the answers were"]
        lines = [cells for *_, cells in sorted(rows, key=lambda row: row[:2])]
        caption = "Share of its points that a question brought; ? has answers not marked yet"
        yield table(caption, heads, lines, numeric={1, 2})


def _words(row):
    """What an answer was, in the words of its student's page."""
    return (MARKED if row["mark"] is not None else VERDICTS[row["status"]])[1]


def _mistakes(assignment, results):
    count, sentence = Counter(), {}
    for result in results:
        for row in result["questions"]:
            if row["mistake"]:
                key = row["id"], row["mistake"]
                count[key] += 1
                sentence[key] = row["message"]
    if not count:
        return
    rows = []
    for (id, name), n in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        chosen = isinstance(assignment.question(id), Choice)
        called = f"answer {name}" if chosen else name
        rows.append([said(id), str(n), said(called), prose(sentence[id, name])])
    yield "<h2>Common mistakes</h2>"
    heads = ["Question", "Students", "Mistake", "What they are told"]
    yield table("Known mistakes, by how many made them", heads, rows, numeric={1})


def _looks(results, who):
    looks = [result for result in results if result["human"]]
    yield "<h2>Who needs a look</h2>"
    if not looks:
        yield "<p>Nobody.</p>"
        return
    rows = [[who(r["student"]), "<br>".join(prose(reason) for reason in r["human"])] for r in looks]
    yield table(f"{len(looks)} to look at, and why", ["Student", "Why"], rows)


def _waiting(results, who):
    waiting = [result for result in results if result["waiting"]]
    if waiting:
        yield "<h2>Marks by hand</h2>"
        names = ", ".join(who(result["student"]) for result in waiting)
        yield f"<p>{counted(len(waiting), 'waits', 'wait')} for a mark: {names}</p>"


def _copies(copies, who):
    yield "<h2>Likely copies</h2>"
    if not copies:
        yield "<p>None was found.</p>"
        return
    yield (
        "<p>These have more in common than what was handed out, what is right and what others "
        "write explain. It is a hint to look at both, no proof: they may have learnt together, or "
        "from the same source. No points depend on it.</p>"
    )
    rows = []
    for group in copies:
        rows.append([", ".join(map(who, group.students)), "<br>".join(_facts(group))])
    yield table("Groups, the most alike first", ["Students", "How they are alike"], rows)


def _facts(group):
    """How those of a group are alike; who, only where it is not all of them."""
    facts = [(students, "the same file") for students in group.same]
    for pair in group.pairs:
        first, second = (", ".join(map(str, numbers)) for numbers in pair.cells)
        told = f"{pair.share:.0%}, most in cells {first} and {second}"
        facts.append(((pair.first, pair.second), told))
    for students, told in facts:
        names = f"{', '.join(students[:-1])} and {students[-1]}: "
        yield told if students == group.students else said(names) + told
    if group.more:
        yield f"and {counted(group.more, 'more pair')} of these files"


def _late(handed, who):
    late = {student: about.late for student, about in handed.items() if about.late is not None}
    if late:
        yield "<h2>Handed in late</h2>"
        hours = {s: "" if n == LATE else f" ({n} h)" for s, n in late.items()}
        names = ", ".join(f"{who(student)}{hours[student]}" for student in late)
        yield f"<p>{len(late)} handed in late, in hours begun: {names}</p>"


def _missing(students, who):
    if students:
        yield "<h2>Not handed in</h2>"
        yield f"<p>{', '.join(who(student) for student in students)}</p>"


def _everybody(results, who):
    if not results:
        return
    ids = [row["id"] for row in results[0]["questions"]]
    yield "<h2>Everybody</h2>"
    rows = []
    for result in results:
        given = {row["id"]: row for row in result["questions"]}
        points = ["?" if id in result["waiting"] else number(given[id]["points"]) for id in ids]
        rows.append([who(result["student"]), number(result["points"]), *points])
    numeric = set(range(1, len(ids) + 2))
    yield table("Points; ? waits for a mark by hand", ["Student", "All", *ids], rows, numeric)
