"""Lateness: by how many hours, for whom, and where it is said. Points know nothing of it."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from classroom.__main__ import main
from classroom.collecting import Roster
from classroom.commands import OK
from classroom.course import CourseError
from classroom.lateness import LATE, Handed, all_handed, due_of, keep
from results import fill, result

NAME = "01_trial"
DUE = "2026-10-01T23:59:00+02:00"
SETTINGS = f"[assignments.{NAME}]\ndue = {DUE}\n"
WHEN = {
    "s001": "2026-10-01T21:59:00+00:00",  # to the second
    "s002": "2026-10-01T21:59:01+00:00",
    "s003": "2026-10-02T22:59:00+00:00",
    "s004": LATE,
}
ROWS = (
    {"student": "s002", "extension": "24"},
    {"student": "s003", "extension": "1", f"extension {NAME}": "23,5"},
    {"student": "s005", "extension": ""},
)


@pytest.fixture
def course(tmp_path):
    """Five have results; of one nobody knows when it was handed in."""
    results = [result(f"s00{n}") for n in range(1, 6)]
    course = fill(tmp_path, results, settings=SETTINGS)
    sha = results[0]["file"]["sha256"]
    keep(course, NAME, [(student, sha, when) for student, when in WHEN.items()])
    return course


def test_hours_begun_count(course):
    results = [result(f"s00{n}") for n in range(1, 6)]
    assert {s: h.late for s, h in all_handed(course, NAME, results).items()} == {
        "s001": None,
        "s002": 1,
        "s003": 25,
        "s004": LATE,
        "s005": None,
    }
    late = {s: h.late for s, h in all_handed(course, NAME, results, ROWS).items()}
    assert (late["s002"], late["s003"], late["s005"]) == (None, 2, None)


def test_a_time_is_that_of_the_very_file(course):
    other = result("s003", data=b"exchanged by hand")
    assert all_handed(course, NAME, [other])["s003"].when == ""


def test_without_a_date_nothing_is_late_but_what_the_source_calls_so(course):
    assert Handed(WHEN["s003"]).late is None
    assert Handed(LATE).late == LATE
    assert due_of(course, "02_other", {}) is None


def test_an_extension_that_is_no_number_is_told(course):
    about = {"student": "s001", "extension": "a week"}
    with pytest.raises(
        CourseError, match=r"^roster: extension: expected hours, came 'a week' for s001$"
    ):
        due_of(course, NAME, about)


@pytest.mark.parametrize(
    ("handed", "words"),
    [
        (Handed(), ""),
        (Handed(LATE), "Handed in late."),
        (Handed(WHEN["s001"]), "Handed in 2026-10-01 21:59 UTC."),
        (
            Handed(WHEN["s001"], datetime.fromisoformat(DUE)),
            "Handed in 2026-10-01 23:59 UTC+02:00.",
        ),
        (
            Handed(WHEN["s002"], datetime.fromisoformat(DUE)),
            "Handed in 2026-10-01 23:59 UTC+02:00: 1 hour late (begun hours count).",
        ),
        (
            Handed(WHEN["s003"], datetime(2026, 10, 1, 22, 59, tzinfo=UTC)),
            "Handed in 2026-10-02 22:59 UTC: 24 hours late (begun hours count).",
        ),
    ],
)
def test_in_words(handed, words):
    assert handed.words == words


def test_the_table_the_pages_and_the_overview_say_it_and_no_points_change(course, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text(f"student,extension {NAME}\n" + "".join(f"s00{n},{n - 1}\n" for n in (1, 2)))
    before = {p.name: p.read_bytes() for p in (course.results / NAME).iterdir()}
    where = ["-C", str(course.root)]
    assert main([*where, "export", "--without-manual", "--roster", str(roster)]) == OK
    text = (course.exports / f"{NAME}.csv").read_text(encoding="utf-8-sig")
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {s: (row["handed_in"], row["late"]) for s, row in rows.items()} == {
        "s001": ("2026-10-01T23:59:00+02:00", ""),
        "s002": ("2026-10-01T23:59:01+02:00", ""),
        "s003": ("2026-10-03T00:59:00+02:00", "25"),
        "s004": ("", "yes"),
        "s005": ("", ""),
    }
    assert {row["points"] for row in rows.values()} == {"10"}
    assert main([*where, "feedback"]) == OK
    pages = {p.stem: p.read_text() for p in (course.feedback / NAME).iterdir()}
    assert "2026-10-03 00:59 UTC+02:00: 25 hours late (begun hours count)." in pages["s003"]
    assert "Handed in" not in pages["s005"]
    overview = (course.results / f"{NAME}.overview.html").read_text()
    assert "<p>3 handed in late, in hours begun: " in overview
    assert ">s002</a> (1 h), " in overview and ">s004</a></p>" in overview
    assert before == {p.name: p.read_bytes() for p in (course.results / NAME).iterdir()}
    known = json.loads((course.submitted / NAME / ".handed-in.json").read_text())
    assert set(known) == set(WHEN)


def test_a_rosters_extensions_come_from_its_columns(course):
    known = all_handed(course, NAME, [result("s002")], Roster(ROWS).rows)
    assert known["s002"].due == datetime.fromisoformat("2026-10-02T23:59:00+02:00")
