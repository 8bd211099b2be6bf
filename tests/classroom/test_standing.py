"""Where students stand: one answer for the page, the tables and `classroom status`."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from classroom.__main__ import main
from classroom.commands import OK, UNREAD
from classroom.course import load_course
from classroom.crew import tasks_of
from classroom.files import write_whole
from classroom.grading import kit_of
from classroom.marks import answer_key, mean_of, write_marks
from classroom.standing import standing
from results import fill, result, row
from trial import CHECKS, TEXT

NAME = "01_trial"


@pytest.fixture
def course(tmp_path):
    """Three are graded; the answer of the first two waits for its mark."""
    missing = row("q5", "missing", message="No answer was found.")
    return fill(
        tmp_path, [result("s001"), result("s002"), result("s003", row("q1", "wrong"), missing)]
    )


def stand(course):
    return standing(course, course.assignments / f"{NAME}.ipynb")


def told(course, capsys, *command):
    """What a command prints, on both of its streams."""
    assert main(["-C", str(course.root), *command]) == OK
    out = capsys.readouterr()
    return out.out, out.err


def test_what_is_as_it_should_be_needs_no_word(course):
    found = stand(course)
    assert [r["student"] for r in found.results] == ["s001", "s002", "s003"]
    assert (found.said(), found.to_do, found.waiting) == ([], 0, ["s001", "s002"])
    assert mean_of(found.results) == ((10 + 10 + 6) / 3, (10 + 10 + 15) / 3)


def test_marks_by_hand_count_in_the_status_as_in_the_overview(course, capsys):
    mark = {"mark": 5, "comment": "", "answer": answer_key({"yours": TEXT})}
    older = mark | {"answer": "older"}
    assert told(course, capsys, "status")[0].split("\n")[1].split()[1:] == [
        *("3", "3", "0", "2", "0", "8.7/11.67")
    ]
    write_marks(course, NAME, {"s001": {"q5": mark}, "s002": {"q5": older}})
    out, _ = told(course, capsys, "status")
    header, line, *more = out.splitlines()
    assert header.split()[-4:] == ["mark", "a", "look", "mean"]
    assert line.split()[1:] == ["3", "3", "0", "0", "1", "12.0/15"]
    assert more == [
        "  01_trial: s002: marked by hand on an earlier version of the answer; "
        "`classroom manual 01_trial` writes the sheet with the new one.",
        "  01_trial s002: Question q5: the answer has changed since it was marked by hand.",
    ]
    told(course, capsys, "feedback")
    overview = (course.results / f"{NAME}.overview.html").read_text(encoding="utf-8")
    assert "Mean 12, median 15, of 15." in overview
    assert "1 to look at, and why" in overview


def test_checks_that_have_changed_are_told_by_every_command(course, capsys):
    checks = course.assignments / f"{NAME}.py"
    checks.write_text(CHECKS.replace('wrong={"a": "Not a."}', 'wrong={"a": "Never a."}'))
    said = "s001, s002, s003: the checks, the seed or the grader have changed since; grade again."
    assert stand(course).said() == [said]
    out, _ = told(course, capsys, "status")
    assert out.splitlines()[1].split()[1:4] == ["3", "0", "3"]
    assert f"  {NAME}: {said}" in out.splitlines()
    assert f"{NAME}: {said}" in told(course, capsys, "feedback")[1].splitlines()
    assert f"{NAME}: {said}" in told(course, capsys, "export", "--without-manual")[1].splitlines()


@pytest.mark.parametrize("what", ["seed", "seconds"])
def test_another_seed_or_limit_is_a_change_too(course, what):
    if what == "seed":
        course.seed_file.write_text("another seed for these tests")
    else:
        (course.root / "course.toml").write_text("[grading]\nseconds = 59\n")
    assert stand(load_course(course.root)).outdated == ["s001", "s002", "s003"]


def test_who_has_handed_in_nothing_any_more_is_left_out_everywhere(course, capsys):
    (course.submitted / NAME / "s003.ipynb").unlink()
    said = "s003: nothing is handed in any more; left out."
    out, _ = told(course, capsys, "status")
    assert out.splitlines()[1].split()[1:] == ["2", "2", "0", "2", "0", "10.0/10"]
    assert f"  {NAME}: {said}" in out.splitlines()
    out, err = told(course, capsys, "feedback")
    assert out.startswith(f"{NAME}: 2 pages") and err == f"{NAME}: {said}\n"
    assert [p.name for p in sorted((course.feedback / NAME).iterdir())] == [
        "s001.html",
        "s002.html",
    ]
    overview = (course.results / f"{NAME}.overview.html").read_text(encoding="utf-8")
    assert "2 graded. Mean 10, median 10, of 10 points marked so far (15 in all)." in overview
    assert overview.count("s003") == 1
    assert told(course, capsys, "manual", NAME)[0].endswith("2 answers, 2 without a mark\n")
    assert told(course, capsys, "export", "--without-manual")[1] == f"{NAME}: {said}\n"
    table = (course.exports / f"{NAME}.csv").read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in table.splitlines()] == ["student", "s001", "s002"]


def test_what_is_not_graded_or_not_to_be_read_is_left_to_do(course):
    write_whole(course.submitted / NAME / "s004.ipynb", b"new")
    write_whole(course.submitted / NAME / "s002.ipynb", b"another")
    write_whole(course.results / NAME / "s001.json", "{")
    found = stand(course)
    assert (found.to_do, [r["student"] for r in found.results]) == (3, ["s002", "s003"])
    assert found.said() == [
        "s001.json: this result cannot be read; grade again.",
        "s001, s004: handed in, and not graded yet.",
        "s002: handed in something else since; grade again.",
    ]


def test_results_of_a_grader_without_walls_hold(course, tmp_path):
    kit = kit_of(course.assignments / f"{NAME}.ipynb")
    for task, path in tasks_of(course, kit, course.seed()):
        made = json.loads(path.read_text())
        made["graded_with"] = replace(task, unsafe=True).key
        write_whole(path, json.dumps(made))
    assert stand(course).said() == []


def test_a_status_of_which_only_the_head_is_read_ends_without_a_word(course):
    for n in range(400):  # more than a pipe holds
        (course.assignments / f"{n:03}_{'x' * 230}.ipynb").touch()
    command = [sys.executable, "-m", "classroom", "-C", str(course.root), "status"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as status:
        assert status.stdout.readline().startswith(b"assignment")
        status.stdout.close()
        assert status.stderr.read() == b""
        assert status.wait(60) == UNREAD == 141
