"""Grading a course: the same bytes whoever grades, stopped anywhere, and what the command says."""

import contextlib
import errno
import json
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

import psutil
import pytest

from classroom import crew
from classroom.__main__ import COMMANDS, main
from classroom.commands import NO_SANDBOX, OK, STOPPED, USAGE, WRONG, known_only
from classroom.commands.grade import _changed
from classroom.course import Course, CourseError, create, load_course
from classroom.files import write_whole
from classroom.grading import kit_of
from classroom.submissions import submitted
from results import result, row
from trial import FULL, SOLUTIONS, STUBS, cells, make_course, notebook, solved

STUDENTS = {
    "ada": solved(),
    "bob": solved(q1="def slope(a): return -(1 - a**2)"),
    "cyd": b"<html>",
    "dan": solved(q3="class Counter: pass"),
    "eve": solved(q1="import numpy as np\ndef slope(a): return np.random.default_rng().random()"),
    "fay": b"",
}
SEED = "the seed of these tests"


@pytest.fixture
def course(tmp_path):
    """A course in which six students have handed in."""
    return _handed_in(tmp_path)


def _handed_in(root, files=STUDENTS):
    make_course(root)
    (root / "course.seed").write_text(SEED)
    for student, data in files.items():
        write_whole(root / "submitted" / "01_trial" / f"{student}.ipynb", data.decode())
    return load_course(root)


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A course that one worker has graded, and the `Summary`; tests work on copies."""
    course = _handed_in(tmp_path_factory.mktemp("once"))
    return course, crew.grade(course, kits(course), seed=SEED, workers=1)


@pytest.fixture
def graded(once, tmp_path):
    """A copy of the graded course."""
    shutil.copytree(once[0].root, tmp_path / "copy")
    return load_course(tmp_path / "copy")


def kits(course):
    return [kit_of(path) for path in sorted(course.assignments.glob("*.ipynb"))]


def results(course):
    """name -> bytes of every result."""
    files = (course.results / "01_trial").glob("[!.]*")
    return {path.name: path.read_bytes() for path in files}


@pytest.mark.optional("bubblewrap")
def test_one_worker_or_three_give_the_same_bytes(once, course):
    alone, summary = once
    assert (summary.graded, summary.kept, summary.human, summary.stopped) == (6, 0, 2, "")
    first = results(alone)
    assert set(first) == {f"{student}.json" for student in STUDENTS}
    points = {name: json.loads(data)["points"] for name, data in first.items()}
    assert points == {
        "ada.json": FULL,
        "bob.json": FULL - 4,
        "cyd.json": 0,
        "dan.json": FULL - 3,
        "eve.json": FULL - 4,
        "fay.json": 0,
    }
    crew.grade(course, kits(course), seed=SEED, workers=3)
    assert results(course) == first
    log = (course.results / "log.jsonl").read_text().splitlines()
    assert {json.loads(line)["student"] for line in log} == set(STUDENTS)


WELL_MEANT = {
    "gus": [*cells(SOLUTIONS), ("code", "slope = slope(np.ones((2, 3)))\nscaled = 1")],
    "hal": [*cells(SOLUTIONS)[:4], ("code", "while True: pass\nx = 1"), *cells(SOLUTIONS)[4:]],
    "ida": [*cells({**SOLUTIONS, "q3": STUBS["q3"]}), ("code", "Counter.add = lambda self, x: x")],
    "jon": [*cells(SOLUTIONS)[:-1], ("code", "# Because.\n'The slopes'")],
    "kim": [*cells(SOLUTIONS), ("code", "import os\nos._exit(1)\nopen('a/b.txt', 'w')")],
}


@pytest.mark.optional("bubblewrap")
def test_so_do_they_where_cells_are_run_in_part(tmp_path):
    made, points = [], []
    for workers in (1, 3):
        course = _handed_in(
            tmp_path / str(workers), {n: notebook(c) for n, c in WELL_MEANT.items()}
        )
        (course.root / "course.toml").write_text("[grading]\ncell_seconds = 1\n")
        course = load_course(course.root)
        crew.grade(course, kits(course), seed=SEED, workers=workers)
        made.append(results(course))
        points.append([json.loads(data)["points"] for _, data in sorted(made[-1].items())])
    assert made[0] == made[1]
    assert points[0] == [FULL, FULL, FULL - 3, FULL, FULL]


@pytest.mark.optional("bubblewrap")
def test_what_is_graded_is_graded_again_only_when_something_changed(graded):
    ticked = []
    write_whole(graded.submitted / "01_trial" / "fay.ipynb", solved().decode())
    (graded.results / "01_trial" / "ada.json").write_text('{"schema": 1, "gra')
    summary = crew.grade(graded, kits(graded), seed=SEED, tick=ticked.append)
    assert (summary.graded, summary.kept, len(ticked)) == (2, 4, 6)
    assert json.loads(results(graded)["fay.json"])["points"] == FULL
    assert crew.grade(graded, kits(graded), seed=SEED + "2", students=["bob"]).graded == 1


def _workers():
    """The processes of this one that grade; one of another test may just have ended."""
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(process.cmdline()):
                yield process.pid


@pytest.mark.optional("bubblewrap")
def test_a_worker_that_is_killed_costs_nobody_anything(graded):
    first, killed = results(graded), []

    def kill(result):
        if not killed:
            killed.extend(_workers())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    summary = crew.grade(graded, kits(graded), seed=SEED, workers=2, again=True, tick=kill)
    assert (summary.graded, summary.stopped) == (6, "")
    assert len(killed) == 2
    assert results(graded) == first


def test_checks_that_do_not_run_are_told_before_anybody_is_graded(course):
    kit = kits(course)[0]
    broken = replace(kit, code=kit.code.replace("1 - a**2", "1 / 0"))
    with pytest.raises(CourseError, match=r"^01_trial: the checks do not run: ZeroDivisionError"):
        crew.grade(course, [broken], seed=SEED)
    assert not course.results.exists()


@pytest.mark.optional("bubblewrap")
def test_other_hands_give_the_same_bytes(once, course):
    def one_after_the_other(pairs):
        for task, path in pairs:
            yield path, *crew.timed(pickle.loads(pickle.dumps(task)))

    summary = crew.grade(course, kits(course), seed=SEED, hands=one_after_the_other)
    assert summary.graded == 6
    assert results(course) == results(once[0])


@pytest.mark.optional("bubblewrap")
def test_a_full_disk_stops_it_and_leaves_no_half_file(course, monkeypatch):
    written = []

    def full(handle):
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(handle)

    monkeypatch.setattr("classroom.files.os.fsync", full)
    summary = crew.grade(course, kits(course), seed=SEED)
    assert summary.stopped.startswith("No space left on device")
    assert len(list((course.results / "01_trial").iterdir())) == summary.graded == 2
    assert all(json.loads(data)["schema"] == 1 for data in results(course).values())
    monkeypatch.undo()
    assert crew.grade(course, kits(course), seed=SEED).graded == 4


@pytest.mark.optional("bubblewrap")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_anywhere_it_goes_on(course, number):
    loop = solved(q1="def slope(a):\n    while True: pass").decode()
    for student in ("gil", "hal"):
        write_whole(course.submitted / "01_trial" / f"{student}.ipynb", loop)
    command = [sys.executable, "-m", "classroom", "-C", str(course.root), "grade", "--workers", "2"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while len(results(course)) < 6:
        assert running.poll() is None
        assert time.monotonic() < until
    family = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert alive == []
    if number == signal.SIGINT:
        assert running.returncode == STOPPED
        assert "interrupted. The same command goes on." in said

    before = results(course)
    assert len(before) < 8
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == OK
    after = results(course)
    assert len(after) == 8
    assert all(after[name] == data for name, data in before.items())
    assert json.loads(after["gil.json"])["questions"][0]["status"] == "timeout"


def test_what_again_does_after_a_stop_is_said(course, capsys, monkeypatch):
    monkeypatch.setattr(crew, "grade", lambda *_, **__: crew.Summary(1, 0, 0, "interrupted"))
    where = ["-C", str(course.root), "grade", "--unsafe"]
    assert main(where) == main([*where, "--again"]) == STOPPED
    said = [line for line in capsys.readouterr().err.splitlines() if "interrupted" in line]
    assert said == [
        "classroom: interrupted. The same command goes on.",
        "classroom: interrupted. What is graded again is kept, the rest is as it was before; "
        "with --again the same command begins anew.",
    ]


# ---------------------------------------------------------------------------- what was handed in


def test_a_student_hands_in_a_file_or_a_folder(tmp_path):
    folder = tmp_path / "01_trial"
    for name in ("ada.ipynb", "bob/my work.ipynb", "cyd/01_trial.ipynb", "cyd/old.ipynb"):
        write_whole(folder / name, name)
    write_whole(folder / "dan" / "sub" / "x.IPYNB", "deep")
    write_whole(folder / "eve" / "work.html", "only this")
    write_whole(folder / "fay" / ".ipynb_checkpoints" / "x.ipynb", "hidden")
    write_whole(folder / ".hidden.ipynb", "hidden")
    found = {s.student: s for s in submitted(folder)}
    assert list(found) == ["ada", "bob", "cyd", "dan", "eve", "fay"]
    data = {student: s.data()[0] for student, s in found.items()}
    assert data == {
        "ada": b"ada.ipynb",
        "bob": b"bob/my work.ipynb",
        "cyd": b"cyd/01_trial.ipynb",
        "dan": b"deep",
        "eve": b"only this",
        "fay": None,
    }
    assert found["cyd"].notes == ("Of several files 01_trial.ipynb was graded, not old.ipynb.",)
    assert found["fay"].notes == ("There is no file in the folder.",)
    assert submitted(tmp_path / "nothing") == []


def test_links_and_pipes_are_not_followed(tmp_path):
    folder, secret = tmp_path / "01_trial", tmp_path / "secret.ipynb"
    write_whole(secret, "a secret")
    write_whole(folder / "bob" / "own.ipynb", "own")
    (folder / "ada.ipynb").symlink_to(secret)
    (folder / "bob" / "a.ipynb").symlink_to(secret)
    (folder / "cyd").mkdir()
    (folder / "cyd" / "a.ipynb").symlink_to(secret)
    (folder / "dan").symlink_to(tmp_path)
    os.mkfifo(folder / "eve.ipynb")
    (folder / "fay").mkdir()
    (folder / "fay" / "sub").symlink_to(tmp_path)
    found = {s.student: s.data()[0] for s in submitted(folder)}
    assert found == {"ada": None, "bob": b"own", "cyd": None, "dan": None, "fay": None}
    assert submitted(folder)[0].notes == ("What was handed in is a link, not a file.",)


def test_a_file_is_there_whole_or_not_at_all(tmp_path, monkeypatch):
    write_whole(tmp_path / "a" / "b.json", "old")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("classroom.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a" / "b.json", "new")
    assert [p.read_text() for p in (tmp_path / "a").iterdir()] == ["old"]


# ---------------------------------------------------------------------------- the course


def test_a_course_without_a_file_has_defaults(tmp_path):
    course = load_course(tmp_path)
    assert isinstance(course, Course)
    assert (course.name, course.site) == ("", "")
    assert (course.submitted, course.results) == (tmp_path / "submitted", tmp_path / "results")
    assert course.workers >= 1
    assert (course.limits.seconds, course.limits.cell, course.limits.memory) == (60, 10, 10**9)


def test_what_the_file_says_holds(tmp_path):
    (tmp_path / "course.toml").write_text(
        '[course]\nsite = "https://example.org/book/"\n[folders]\nresults = "../out"\n'
        "[grading]\nworkers = 3\nseconds = 1.5\nmemory_mb = 10\n"
    )
    course = load_course(tmp_path / "course.toml")
    assert (course.site, course.workers) == ("https://example.org/book", 3)
    assert course.results == tmp_path / "../out"
    assert (course.limits.seconds, course.limits.memory) == (1.5, 10_000_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[grading]\nworker = 3", r"\[grading\]: expected one of workers, .*, came worker$"),
        ("[grading]\nworkers = 'a'", r"\[grading\] workers: expected a number of at least 0, came"),
        ("[course]\nsite = 'a.org/b'", r"site: expected .* https:// or http://, came 'a.org/b'$"),
        ("[course]\nsite = 'file://a/b'", r"\[course\] site: expected .*, came 'file://a/b'$"),
        ("[course]\nsite = 'javascript:alert(1)'", r"site: expected an address that begins with"),
        ("[course]\nsite = 'https://'", r"site: expected an address .*, came 'https://'$"),
        ("[course]\nsite = 'http://[a'", r"site: expected an address .*, came 'http://\[a'$"),
        ("[folders]\nresults = 3", r"\[folders\] results: expected a text, came 3$"),
        ("[grading]\nseconds = 0", r"\[grading\] limits: seconds: expected a number above 0"),
        ("[marks]\na = 3", r"the sections course, folders, grading and assignments, came marks$"),
        (
            "[assignments.01_a]\ndue = 3",
            r"\[assignments.01_a\] due: expected a date and time such as .*, came 3$",
        ),
        ("[assignments.01_a]\ndo = 3", r"01_a\]: expected due = a date .*, came {'do': 3}$"),
        ("assignments = 3", r"expected due = a date with a time, came 3$"),
        ("course = 3", r"expected a section \[course\], came course = 3$"),
        ("a = = 3", r"course.toml: Invalid value"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(tmp_path, text, message):
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(CourseError, match=message):
        load_course(tmp_path)


def test_when_an_assignment_is_due(tmp_path):
    (tmp_path / "course.toml").write_text(
        "[assignments.01_a]\ndue = 2026-10-01T23:59:00+02:00\n"
        "[assignments.02_b]\ndue = 2026-10-01T12:00:00\n"
        "[assignments.03_c]\ndue = 2026-10-01\n[assignments.04_d]\n"
    )
    assert load_course(tmp_path).due == {
        "01_a": datetime(2026, 10, 1, 21, 59, tzinfo=UTC),
        "02_b": datetime(2026, 10, 1, 12).astimezone(),
        "03_c": datetime(2026, 10, 1, 23, 59, 59).astimezone(),
    }


def test_a_new_course_has_a_seed_that_only_its_owner_reads(tmp_path, capsys):
    assert main(["init", str(tmp_path / "new")]) == OK
    course = load_course(tmp_path / "new")
    seed = course.seed()
    assert len(seed) == 64
    assert stat.S_IMODE(course.seed_file.stat().st_mode) == 0o600
    assert "/course.seed" in (tmp_path / "new" / ".gitignore").read_text().splitlines()
    assert seed not in capsys.readouterr().out
    assert create(tmp_path / "new").seed() == seed
    assert create(tmp_path / "other").seed() != seed


def test_a_seed_among_what_is_handed_out_is_refused(tmp_path):
    (tmp_path / "course.toml").write_text('[grading]\nseed_file = "release/course.seed"')
    with pytest.raises(CourseError, match=r"^seed_file: expected a place that students do not see"):
        load_course(tmp_path).seed()
    assert not (tmp_path / "release").exists()


# ---------------------------------------------------------------------------- the command


def test_help_names_every_command_and_status(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    said = capsys.readouterr().out
    assert ended.value.code == OK
    assert all(f"    {name} " in said for name in COMMANDS)
    assert "3  stopped before the end" in said


@pytest.mark.parametrize("command", ["init", "build", "release", "grade", "status"])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == OK
    assert f"usage: classroom {command}" in capsys.readouterr().out


def test_what_is_not_understood_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["grad"])
    assert ended.value.code == USAGE
    assert "invalid choice: 'grad'" in capsys.readouterr().err


@pytest.mark.optional("bubblewrap")
def test_grade_and_status_say_what_is_done(graded, capsys):
    where = ["-C", str(graded.root)]
    assert main([*where, "grade", "--workers", "1", "01_trial"]) == OK
    said = capsys.readouterr().out
    assert said.startswith("0 graded now, 6 as they were.\n2 need a look:\n  01_trial cyd: This is")
    assert main([*where, "status"]) == OK
    header, line, *looks = capsys.readouterr().out.splitlines()
    assert " ".join(header.split()) == "assignment handed in graded to do to mark a look mean"
    # 10 + 6 + 7 + 6 points of 4 × 10 + 2 × 15 that are marked so far
    assert line.split() == ["01_trial", "6", "6", "0", "4", "2", "4.8/11.67"]
    assert [look.split(":")[0].strip() for look in looks] == ["01_trial cyd", "01_trial fay"]
    write_whole(graded.submitted / "01_trial" / "new.ipynb", "x")
    main([*where, "status"])
    assert capsys.readouterr().out.splitlines()[1].split()[1:4] == ["7", "6", "1"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["99_none"], "classroom: assignment: expected one of 01_trial, came 99_none"),
        (["--workers", "0"], "classroom: --workers: expected at least 1, came 0"),
        (
            ["--student", "dan", "--student", "eve1"],
            "classroom: --student: expected one of eve, ada, bob, cyd, dan, fay, came eve1",
        ),
    ],
)
def test_what_is_wrong_with_the_course_is_said(course, capsys, more, message):
    assert main(["-C", str(course.root), "grade", *more]) == WRONG
    assert capsys.readouterr().err.strip() == message
    assert not course.results.exists()


def test_of_many_names_the_ten_closest_are_said():
    with pytest.raises(CourseError) as said:
        known_only("student", ["s17x"], [f"s{n:02}" for n in range(30)])
    assert str(said.value).startswith("student: expected one of s17, s0")
    assert str(said.value).endswith(" and 20 more, came s17x")


@pytest.mark.optional("bubblewrap")
def test_a_dry_run_says_why_and_grades_nothing(once, graded, capsys):
    def dry(*more):
        assert main(["-C", str(graded.root), "grade", "--dry-run", *more]) == OK
        return capsys.readouterr().out

    before = results(graded)
    assert dry() == "01_trial: 0 to grade, 6 as they are\n"
    assert dry("--again", "--student", "bob") == (
        "01_trial: 1 to grade (1 asked for again), 0 as they are\n"
    )
    assert dry("--unsafe") == "01_trial: 6 to grade (6 other sandbox), 0 as they are\n"
    write_whole(graded.submitted / "01_trial" / "gil.ipynb", solved())
    write_whole(graded.submitted / "01_trial" / "fay.ipynb", solved())
    assert dry() == "01_trial: 2 to grade (1 other file, 1 new), 5 as they are\n"
    (graded.root / "course.toml").write_text("[grading]\nseconds = 61")
    checks = graded.assignments / "01_trial.py"
    checks.write_text(checks.read_text().replace("a is tanh(z).", "a = tanh(z)"))
    assert dry() == (
        "01_trial: 7 to grade (5 other checks and limits, 1 other file, 1 new), 0 as they are\n"
    )
    assert results(graded) == before


@pytest.mark.optional("bubblewrap")
def test_a_mended_check_says_whose_points_it_changes(graded, capsys):
    checks = graded.assignments / "01_trial.py"
    # What bob wrote is right now, and what ada, dan and all others wrote is not.
    text = checks.read_text().replace("reference=lambda a: 1 - a**2", "reference=lambda a: a**2-1")
    checks.write_text(text)
    where = ["-C", str(graded.root), "grade", "--workers", "1"]
    write_whole(graded.submitted / "01_trial" / "fay.ipynb", solved())  # another file: no change
    assert main(where) == OK
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "6 graded now, 0 as they were."
    assert said[-2:] == [
        "01_trial: points changed for 3 of 5 graded again",
        "  q1: 3 students, -4 to +4",
    ]
    assert main([*where, "--again", "--student", "bob"]) == OK
    assert capsys.readouterr().out.splitlines() == [
        "1 graded now, 0 as they were.",
        "01_trial: points changed for 0 of 1 graded again",
    ]


def test_points_that_change_alike_are_said_once():
    changes = crew.Changes()
    for student in ("ada", "bob", "cyd"):
        old = result(student, row("q1", "wrong"), row("q4", points=0.0))
        changes.add(old, result(student, row("q1", points=4.0), row("q4", points=len(student) / 2)))
    changes.add(None, result("dan"))
    changes.add(result("eve", data=b"before"), result("eve", row("q1", "wrong")))
    assert list(_changed("01_trial", changes)) == [
        "01_trial: points changed for 3 of 3 graded again",
        "  q1: 3 students, +4 each",
        "  q4: 3 students, +1.5 each",
    ]


def test_without_bubblewrap_it_refuses_and_says_what_helps(course, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["-C", str(course.root), "grade"]) == NO_SANDBOX
    said = capsys.readouterr().err
    assert "The program bwrap is not there: install bubblewrap (Debian, Ubuntu: apt" in said
    assert "--unsafe" in said
    assert not course.results.exists()


def test_without_bubblewrap_unsafe_grades_all_the_same(course, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    where = ["-C", str(course.root), "grade", "--unsafe", "--student", "ada", "--workers", "1"]
    assert main(where) == OK
    result = json.loads(results(course)["ada.json"])
    assert (result["points"], result["notes"]) == (FULL, ["Graded without a sandbox."])
