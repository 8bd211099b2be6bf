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
from .pages import document, number, prose, said, table
from .questions import Choice

__all__ = ["overview", "overview_page", "overview_path"]

#: Bars of the picture of all points.
BARS = 10


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

    def who(student):
        if student not in made:
            return said(student)
        link = quote(f"{Path(pages).as_posix()}/{student}.html")
        return f'<a href="{link}">{said(student)}</a>'

    pairs = copies_of(course, source)
    handed = all_handed(course, source.name, results, roster.rows if roster else ())
    text = overview_page(source.assignment, results, pairs, missing, problems, who, handed)
    write_whole(target, text)
    return target


def overview_page(assignment, results, pairs=(), missing=(), problems=(), who=said, handed=None):
    """Return the HTML. pairs: `copies.Pair`s. who(student): HTML that names, and links, a student.

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
        *_copies(pairs, who),
        *_late(handed or {}, who),
        *_listed("Not handed in", missing),
        *_everybody(results, who),
    ]
    return document(f"{assignment.title}: overview", "\n".join(filter(None, body)), "wide")


def _summary(results, missing, problems):
    if not results:
        return "<p>Nothing is graded yet.</p>"
    points = [result["points"] for result in results]
    most = number(results[0]["max_points"])
    said_first = (
        f"<p>{len(results)} graded"
        + (f", {len(missing)} not handed in" if missing else "")
        + f". Mean {number(mean(points))} of {most}, median {number(median(points))}.</p>"
    )
    lines = "".join(f"<li>{prose(problem)}</li>" for problem in problems)
    return said_first + (f"\n<ul>{lines}</ul>" if lines else "")


def _spread(assignment, results):
    """How many have how many points, as a picture and, for who cannot see it, as a table."""
    if not results or not assignment.points:
        return
    most, counts = assignment.points, [0] * BARS
    for result in results:
        counts[min(BARS - 1, max(0, int(result["points"] / most * BARS)))] += 1
    names = [f"{number(k * most / BARS)} to {number((k + 1) * most / BARS)}" for k in range(BARS)]
    highest = max(counts)
    yield "<h2>Points</h2>"
    width, height, base = 60, 150, 175
    parts = []
    for k, count in enumerate(counts):
        tall = round(height * count / highest, 1)
        x = 20 + k * width
        parts.append(f'<rect x="{x + 3}" y="{base - tall}" width="{width - 6}" height="{tall}"/>')
        middle = x + width / 2
        if count:
            y = base - tall - 5
            parts.append(f'<text x="{middle:g}" y="{y:g}" text-anchor="middle">{count}</text>')
        edge = number(k * most / BARS)
        parts.append(f'<text x="{x}" y="{base + 18}" text-anchor="middle">{edge}</text>')
    right = 20 + BARS * width
    parts.append(f'<text x="{right}" y="{base + 18}" text-anchor="middle">{number(most)}</text>')
    parts.append(f'<line x1="20" y1="{base}" x2="{right}" y2="{base}"/>')
    told = "; ".join(f"{name}: {count}" for name, count in zip(names, counts, strict=True) if count)
    yield (
        f'<div class="scroll" tabindex="0" role="region" aria-label="Picture of the points">'
        f'<svg viewBox="0 0 {right + 20} {base + 28}" role="img" aria-label="How many students '
        f'have how many points. {told}">\n' + "\n".join(parts) + "\n</svg></div>"
    )


def _hardest(assignment, results):
    rows = []
    for question in assignment.questions:
        found = [r for result in results for r in result["questions"] if r["id"] == question.id]
        done = [r for r in found if r["status"] != "manual" or r["mark"] is not None]
        if not done or not question.points:
            continue
        share = mean(r["points"] for r in done) / question.points
        counts = Counter("by hand" if r["mark"] is not None else r["status"] for r in done)
        how = ", ".join(f"{status} {n}" for status, n in counts.most_common())
        label = f"{said(question.id)} · {said(question.title)}"
        rows.append((share, [label, f"{share:.0%}", number(question.points), said(how)]))
    if rows:
        yield "<h2>Questions, the hardest first</h2>"
        heads = ["Question", "Mean", "Points", "What the answers were"]
        lines = [line for _, line in sorted(rows, key=lambda row: row[0])]
        yield table("Share of its points that a question brought", heads, lines, numeric={1, 2})


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
        yield f"<p>{len(waiting)} wait for a mark: {names}</p>"


def _copies(pairs, who):
    yield "<h2>Likely copies</h2>"
    if not pairs:
        yield "<p>None was found.</p>"
        return
    yield (
        "<p>These have more in common than what was handed out, what is right and what others "
        "write explain. It is a hint to look at both, no proof: they may have learnt together, or "
        "from the same source. No points depend on it.</p>"
    )
    rows = []
    for pair in pairs:
        alike = "the same file" if pair.same_file else f"{pair.share:.0%}"
        cells = [", ".join(map(str, numbers)) or "all" for numbers in pair.cells]
        both = f"{who(pair.first)} and {who(pair.second)}"
        rows.append([both, alike, f"{cells[0]} and {cells[1]}"])
    yield table("Pairs, the most alike first", ["Students", "Alike", "In cells"], rows)


def _late(handed, who):
    late = {student: about.late for student, about in handed.items() if about.late is not None}
    if late:
        yield "<h2>Handed in late</h2>"
        hours = {s: "" if n == LATE else f" ({n} h)" for s, n in late.items()}
        names = ", ".join(f"{who(student)}{hours[student]}" for student in late)
        yield f"<p>{len(late)} handed in late, in hours begun: {names}</p>"


def _listed(title, students):
    if students:
        yield f"<h2>{said(title)}</h2>"
        yield f"<p>{said(', '.join(students))}</p>"


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
