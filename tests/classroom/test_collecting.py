"""Collecting: whose a file is, the latest of several, and what is not taken."""

import errno
import json
import os
import pwd
import random
import stat
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import PurePosixPath
from types import SimpleNamespace

import pytest

from classroom import sources
from classroom.__main__ import main
from classroom.collecting import Roster, collect, read_collected, read_roster
from classroom.course import CourseError, load_course
from classroom.files import write_whole
from classroom.lateness import LATE
from classroom.lateness import handed_in as known_of
from classroom.owners import owner, placed, student_name
from classroom.submissions import submitted
from trial import notebook

NAME = "01_perceptron"
ROSTER = """student,name,canvas_id,moodle_id,email
s001,Zoë Åberg,9001,71,s001@example.org
s002,Li Wei,9002,72,s002@example.org
s003,"Doe, Jan",9003,73,s003@example.org
"""


@pytest.fixture
def course(tmp_path):
    for name in (NAME, "02_many_outputs"):
        write_whole(tmp_path / "course" / "assignments" / f"{name}.ipynb", "")
    return load_course(tmp_path / "course")


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("\ufeff" + ROSTER, encoding="utf-8")
    return read_roster(path)


def packed(tmp_path, files, name="handed-in.zip"):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, data in files.items():
            archive.writestr(inside, data)
    return path


def unpacked(tmp_path, files):
    folder = tmp_path / "handed-in"
    for n, (inside, data) in enumerate(files.items()):
        path = folder / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (1_000_000 + n, 1_000_000 + n))
    return folder


def in_course(course):
    return {
        p.relative_to(course.submitted / NAME).as_posix(): p.read_bytes()
        for p in (course.submitted / NAME).glob("[!.]*")
    }


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("s001.ipynb", "s001"),
        ("s001/anything.ipynb", "s001"),
        (f"s001/{NAME}/{NAME}.ipynb", "s001"),  # nbgrader's submitted folder
        (f"{NAME}/s001/work.ipynb", "s001"),
        (f"s001+{NAME}+2026-11-20 10:00:00.000000 UTC+a1b2/{NAME}.ipynb", "s001"),
        (f"inbound/s002+{NAME}+2026-11-20 10:00:00.000000 UTC/{NAME}.ipynb", "s002"),
        ("abergzoe_9001_555_notebook.ipynb", "s001"),  # Canvas
        ("liwei_LATE_9002_556_notebook-3.ipynb", "s002"),
        ("Zoë Åberg_71_assignsubmission_file/notebook.ipynb", "s001"),  # Moodle
        ("Li Wei_72_assignsubmission_file_notebook.ipynb", "s002"),
        ("Li Wei/notebook.ipynb", "s002"),
        ("s003@example.org.ipynb", "s003"),
    ],
)
def test_whose_it_is(path, student, roster):
    assert owner(placed(PurePosixPath(path), NAME), roster) == student


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Zoë Åberg_71_assignsubmission_file/notebook.ipynb", "Zoë_Åberg_71"),
        ("abergzoe_9001_555_notebook.ipynb", "abergzoe_9001"),
        (".hidden name.ipynb", "hidden_name"),
        ("…/a b;c.ipynb", "unnamed"),
    ],
)
def test_without_a_roster_the_platforms_name_is_made_a_file_name(path, student):
    assert owner(placed(PurePosixPath(path), NAME), Roster()) == student


def test_a_zip_of_canvas_with_several_attempts(tmp_path, course, roster):
    source = packed(
        tmp_path,
        {
            "abergzoe_9001_555_notebook.ipynb": b"old",
            "abergzoe_9001_555_notebook-1.ipynb": b"newer",
            "abergzoe_9001_1555_other.ipynb": b"newest",
            "liwei_LATE_9002_556_notebook.ipynb": b"late",
        },
    )
    done = collect(course, NAME, source, roster)
    assert in_course(course) == {"s001.ipynb": b"newest", "s002.ipynb": b"late"}
    assert read_collected(course, NAME) == {
        "s001": "abergzoe_9001_1555_other.ipynb",
        "s002": "liwei_LATE_9002_556_notebook.ipynb",
    }
    assert (done.new, done.replaced, done.same) == (["s001", "s002"], [], [])
    assert done.missing == ["s003"] and done.unknown == []
    assert done.left == [
        "abergzoe_9001_555_notebook-1.ipynb: s001 has a later one, abergzoe_9001_1555_other.ipynb.",
        "abergzoe_9001_555_notebook.ipynb: s001 has a later one, abergzoe_9001_1555_other.ipynb.",
    ]


def test_the_latest_in_a_hubs_exchange(tmp_path, course):
    when = "2026-11-{:02} 10:00:00.000000 UTC"
    files = {
        f"inbound/s001+{NAME}+{when.format(21)}/{NAME}.ipynb": b"later",
        f"inbound/s001+{NAME}+{when.format(3)}/{NAME}.ipynb": b"earlier",
        f"inbound/s002+02_many_outputs+{when.format(3)}/x.ipynb": b"other",
        f"inbound/s001+{NAME}+{when.format(21)}/timestamp.txt": b"2026-11-21",
    }
    done = collect(course, NAME, unpacked(tmp_path, files))
    assert in_course(course) == {"s001.ipynb": b"later"}
    assert len(done.left) == 2
    assert any("it belongs to 02_many_outputs." in said for said in done.left)


def test_in_a_plain_folder_the_file_written_last_counts(tmp_path, course):
    folder = unpacked(tmp_path, {"s001/b.ipynb": b"first", "s001/a.ipynb": b"second"})
    collect(course, NAME, folder)
    assert in_course(course) == {"s001.ipynb": b"second"}


def test_two_people_of_one_name_stay_two(tmp_path, course):
    files = {
        "Li Wei_72_assignsubmission_file/n.ipynb": b"one",
        "Li Wei_99_assignsubmission_file/n.ipynb": b"two",
    }
    done = collect(course, NAME, packed(tmp_path, files))
    assert in_course(course) == {"Li_Wei_72.ipynb": b"one", "Li_Wei_99.ipynb": b"two"}
    assert (done.left, done.disputed) == ([], {})


def test_what_could_be_one_of_two_is_neither(tmp_path, course, capsys):
    collect(course, NAME, packed(tmp_path, {"x_y.ipynb": b"before"}))
    files = {"s001/n.ipynb": b"one", "x y/n.ipynb": b"three", "x_y/n.ipynb": b"four"}
    source = packed(tmp_path, files, "second.zip")
    assert main(["-C", str(course.root), "collect", NAME, str(source)]) == 0
    assert in_course(course) == {"s001.ipynb": b"one", "x_y.ipynb": b"before"}
    said = capsys.readouterr()
    assert said.err == (
        "left: x y/n.ipynb: 'x y' and 'x_y' would both be x_y.\n"
        "left: x_y/n.ipynb: 'x y' and 'x_y' would both be x_y.\n"
    )
    assert said.out.splitlines()[0] == (
        "disputed: x_y keeps what was there: 'x y' and 'x_y' would both be x_y"
    )


def test_what_is_not_taken_from_a_zip(tmp_path, course):
    path = packed(
        tmp_path,
        {
            "../outside.ipynb": b"{}",
            "/root.ipynb": b"{}",
            "C:\\windows.ipynb": b"{}",
            "s001/essay.pdf": b"%PDF",
            "s002/more.zip": b"PK",
            "__MACOSX/s003.ipynb": b"x",
            ".git/s004.ipynb": b"x",
            "s005.ipynb": b"0" * 50_000_000,
            "s006.ipynb": b"good",
        },
    )
    link = zipfile.ZipInfo("s007.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    done = collect(course, NAME, path)
    assert in_course(course) == {"s006.ipynb": b"good"}
    assert not (tmp_path / "outside.ipynb").exists()
    assert done.left == [
        "../outside.ipynb: its path leads out of the archive.",
        "/root.ipynb: its path leads out of the archive.",
        "C:/windows.ipynb: its path leads out of the archive.",
        "s001/essay.pdf: it is no notebook (.ipynb).",
        "s002/more.zip: it is an archive in itself: unpack it first.",
        "s005.ipynb: it unpacks to more than a notebook can hold.",
        "s007.ipynb: it is a link.",
    ]


def test_a_damaged_file_in_a_zip_costs_nobody_else(tmp_path, course):
    path = packed(tmp_path, {"s001.ipynb": b"a" * 3000, "s002.ipynb": b"b" * 3000})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.infolist()[0].header_offset + 30 + len("s001.ipynb")
    data[start] ^= 0xFF
    path.write_bytes(data)
    done = collect(course, NAME, path)
    assert list(in_course(course)) == ["s002.ipynb"]
    assert len(done.left) == 1 and done.left[0].startswith("s001.ipynb: it cannot be unpacked: ")


def test_a_link_in_a_folder_is_left(tmp_path, course):
    folder = unpacked(tmp_path, {"s001.ipynb": b"mine"})
    (folder / "s002.ipynb").symlink_to(folder / "s001.ipynb")
    done = collect(course, NAME, folder)
    assert list(in_course(course)) == ["s001.ipynb"]
    assert done.left == ["s002.ipynb: it is a link."]


def test_again_says_what_is_new(tmp_path, course):
    collect(course, NAME, unpacked(tmp_path, {"s001.ipynb": b"1", "s002.ipynb": b"2"}))
    (tmp_path / "handed-in/s002.ipynb").write_bytes(b"better")
    (tmp_path / "handed-in/s003.ipynb").write_bytes(b"3")
    done = collect(course, NAME, tmp_path / "handed-in")
    assert (done.new, done.replaced, done.same) == (["s003"], ["s002"], ["s001"])
    assert in_course(course)["s002.ipynb"] == b"better"
    collect(course, NAME, unpacked(tmp_path / "later", {"s003/own name.ipynb": b"3"}))
    came = {"s001": "s001.ipynb", "s002": "s002.ipynb", "s003": "s003/own name.ipynb"}
    assert read_collected(course, NAME) == came
    (course.submitted / f"{NAME}.collected.json").write_text("[]")
    with pytest.raises(CourseError, match=r"collected\.json: expected a path for each student"):
        read_collected(course, NAME)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,id\nx,1\n", r"expected a column `student` in .*, came name, id$"),
        ("", r"expected a column `student` in .*, came none$"),
        ("student\ns001\ns001\n", r"'s001' stands in .* more than once$"),
        ("student\n../x\n", r"expected names that can be file names, came '../x'$"),
        (
            "student,name\ns001,Li Wei\ns002,Doe, Jan\n",
            r"^roster: line 3 of .*roster.csv: expected 2 values, came 3; a value with a comma "
            r"needs quotes around it$",
        ),
        (
            "student,name\ns001," + "a" * 200_000 + "\n",
            r"^roster: .*roster.csv cannot be read: field larger than field limit \(131072\)$",
        ),
    ],
)
def test_a_roster_that_is_none(text, message, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=message):
        read_roster(path)


def test_empty_values_at_the_end_of_a_rosters_rows_do_no_harm(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\ns001,Li Wei,,\ns002\n", encoding="utf-8")
    assert read_roster(path).rows == (
        {"student": "s001", "name": "Li Wei"},
        {"student": "s002", "name": ""},
    )


def test_an_ambiguous_name_is_nobodys():
    rows = ({"student": "s1", "name": "Li Wei"}, {"student": "s2", "name": "Li Wei"})
    assert Roster(rows).student(name="li wei") is None
    assert student_name("Li Wei") == "Li_Wei"


def test_no_source_is_said(tmp_path, course):
    with pytest.raises(CourseError, match=r"^collect: expected a folder or a zip file, came .*x$"):
        collect(course, NAME, tmp_path / "x")


def test_the_command(tmp_path, course, capsys):
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    folder = unpacked(tmp_path, {"s001.ipynb": b"1", "s009.ipynb": b"9", "s001.pdf": b"x"})
    given = ["-C", str(course.root), "collect", NAME, str(folder)]
    assert main([*given, "--roster", str(tmp_path / "roster.csv")]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "not in the roster: s009",
        "missing: s002",
        "missing: s003",
        f"{NAME}: 2 students, 2 new, 0 replaced, 0 as before; 1 file left, 2 missing",
    ]
    assert said.err == "left: s001.pdf: it is no notebook (.ipynb).\n"
    assert main(["-C", str(course.root), "collect", "../x", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said == f"classroom: assignment: expected one of {NAME}, 02_many_outputs, came ../x\n"


# ---------------------------------------------------------------------------- what is not taken


def checked(*names, more=""):
    """A notebook with a self-check of each of these questions."""
    code = [("code", f"check({name!r}, answer)") for name in names]
    return notebook([("markdown", "# An assignment"), *code, ("code", f"answer = 1{more}")])


def test_another_assignments_notebook_is_left_and_the_right_one_stays(tmp_path, course, capsys):
    right = checked(f"{NAME}/q1", f"{NAME}/q2")
    collect(course, NAME, packed(tmp_path, {"s001.ipynb": right, "s002.ipynb": right}))
    files = {
        "s001.ipynb": checked("02_many_outputs/q1"),
        "s002.ipynb": checked(f"{NAME}/q1", "02_many_outputs/q1", "02_many_outputs/q2"),
        "s003.ipynb": checked(),
    }
    source = packed(tmp_path, files, "second.zip")
    assert main(["-C", str(course.root), "collect", NAME, str(source)]) == 0
    said = capsys.readouterr()
    assert said.err == (
        "left: s001.ipynb: it is a notebook of 02_many_outputs, by its self-checks.\n"
    )
    assert f"{NAME}: 2 students, 1 new, 1 replaced, 0 as before; 1 file left" in said.out
    assert in_course(course) == {"s001.ipynb": right} | {n: files[n] for n in list(files)[1:]}


def test_an_earlier_attempt_counts_where_the_later_is_another_assignments(tmp_path, course):
    files = {
        "abergzoe_9001_555_notebook.ipynb": checked(f"{NAME}/q1"),
        "abergzoe_9001_556_notebook.ipynb": checked("02_many_outputs/q1"),
    }
    collect(course, NAME, packed(tmp_path, files))
    assert list(in_course(course).values()) == [files["abergzoe_9001_555_notebook.ipynb"]]


def test_a_source_of_another_assignment_alone_is_an_error(tmp_path, course, capsys):
    source = packed(tmp_path, {f"s00{n}.ipynb": checked("02_many_outputs/q3") for n in (1, 2)})
    assert main(["-C", str(course.root), "collect", NAME, str(source)]) == 1
    assert capsys.readouterr().err == (
        f"classroom: collect: nothing was taken from {source}: none of 2 notebooks is wanted; "
        "the first, s001.ipynb: it is a notebook of 02_many_outputs, by its self-checks\n"
    )
    assert not course.submitted.exists()


def test_what_is_replaced_is_kept_and_counts_nowhere(tmp_path, course, capsys):
    collect(course, NAME, packed(tmp_path, {"s001.ipynb": b"1", "s002.ipynb": b"2"}))
    source = packed(tmp_path, {"s001.ipynb": b"new", "s002.ipynb": b"2"}, "second.zip")
    assert main(["-C", str(course.root), "collect", NAME, str(source)]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    (kept,) = (course.submitted / NAME / ".replaced").iterdir()
    assert last == f"What was replaced is kept in {kept}"
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == {"s001.ipynb": b"1"}
    assert in_course(course) == {"s001.ipynb": b"new", "s002.ipynb": b"2"}
    assert [entry.student for entry in submitted(course.submitted / NAME)] == ["s001", "s002"]
    assert main(["-C", str(course.root), "collect", NAME, str(source)]) == 0
    assert len(list(kept.parent.iterdir())) == 1  # nothing was replaced


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("02_many_output", f"assignment: expected one of 02_many_outputs, {NAME}, came"),
        ("01_perceptronn", f"assignment: expected one of {NAME}, 02_many_outputs, came"),
    ],
)
def test_a_misspelt_assignment_is_told_with_the_closest_first(
    name, message, tmp_path, course, capsys
):
    source = packed(tmp_path, {"s001.ipynb": b"1"})
    assert main(["-C", str(course.root), "collect", name, str(source)]) == 1
    assert capsys.readouterr().err == f"classroom: {message} {name}\n"
    assert not course.submitted.exists()


def test_in_a_folder_that_is_no_course_nothing_is_collected(tmp_path, capsys):
    source = packed(tmp_path, {"s001.ipynb": b"1"})
    (tmp_path / "elsewhere").mkdir()
    assert main(["-C", str(tmp_path / "elsewhere"), "collect", NAME, str(source)]) == 1
    assert capsys.readouterr().err.endswith(
        f"came none; is {tmp_path / 'elsewhere'} the course's folder?\n"
    )
    assert list((tmp_path / "elsewhere").iterdir()) == []


# ---------------------------------------------------------------------------- another's name


INBOUND = f"+{NAME}+2026-11-{{:02}} 10:00:00.000000 UTC+a1"


@pytest.mark.parametrize(
    ("forged", "honest"),
    [
        ("s002/s001/{}.ipynb", "s001/{}.ipynb"),  # a folder called as another student
        ("s002/submitted/s001/{}.ipynb", "s001/{}.ipynb"),
        ("s002/s001_9001_99999999_x.ipynb", "s001/{}.ipynb"),  # a file called as Canvas does
        ("Li Wei_72_assignsubmission_file/s001_9001_99999999_x.ipynb", "zoe_9001_5_x.ipynb"),
        (
            f"Li Wei_72_assignsubmission_file/s001{INBOUND.format(30)}/a.ipynb",
            "Zoë Åberg_71_assignsubmission_file/a.ipynb",
        ),
        (f"s002/s001{INBOUND.format(30)}/a.ipynb", "s001/{}.ipynb"),
        ("s002/Zoë Åberg_71_assignsubmission_file/a.ipynb", "s001/{}.ipynb"),
        (
            f"s001{INBOUND.format(30)}_72_assignsubmission_file/a.ipynb",
            "Zoë Åberg_71_assignsubmission_file/a.ipynb",
        ),
        (f"s001/{NAME}.ipynb", f"s001{INBOUND.format(1)}/{NAME}.ipynb"),  # in the exchange
        (f"submitted/s001/{NAME}.ipynb", f"s001{INBOUND.format(1)}/{NAME}.ipynb"),
        ("s001_71_assignsubmission_file/a.ipynb", f"s001{INBOUND.format(1)}/{NAME}.ipynb"),
        ("s001_9001_99999999_x.ipynb", f"s001{INBOUND.format(1)}/{NAME}.ipynb"),
        ("s001.ipynb", f"s001{INBOUND.format(1)}/{NAME}.ipynb"),
    ],
)
@pytest.mark.parametrize("pack", [packed, unpacked])
def test_a_path_in_another_students_name_replaces_nothing(
    forged, honest, pack, tmp_path, course, roster
):
    files = {honest.format(NAME): b"honest", forged.format(NAME): b"sabotage"}
    collect(course, NAME, pack(tmp_path, files), roster)
    assert in_course(course)["s001.ipynb"] == b"honest"


def test_a_zip_with_a_students_name_has_that_students_work(tmp_path, course, roster):
    source = packed(tmp_path, {f"s002/s001/{NAME}.ipynb": b"2"}, "s002.zip")
    collect(course, NAME, source, roster)
    assert in_course(course) == {"s002.ipynb": b"2"}


def test_a_name_taken_on_purpose_is_told_and_takes_nothing(tmp_path, course):
    path = tmp_path / "roster.csv"
    path.write_text("student,name\ns001,Zoë Åberg\ns002,Li Wei\n", encoding="utf-8")
    files = {
        "zoeaberg_9001_555_n.ipynb": b"honest",
        "zoeaberg_9002_556_n.ipynb": b"by one who took the name",
        "liwei_9002_557_n.ipynb": b"mine",
    }
    done = collect(course, NAME, packed(tmp_path, files), read_roster(path))
    assert in_course(course) == {"s002.ipynb": b"mine"}
    why = "'zoeaberg_9001' and 'zoeaberg_9002' would both be s001"
    assert done.disputed == {"s001": why}
    assert done.left == [f"{name}: {why}." for name in list(files)[:2]]


@pytest.fixture
def accounts(monkeypatch):
    """A machine with the accounts s001 and s002; `accounts(path, uid)` gives a folder away."""
    logins, owners, real = {"s001": 4001, "s002": 4002}, {}, os.stat

    def stat_of(*args, **options):
        about = real(*args, **options)
        return os.stat_result((*about[:4], owners.get(about.st_ino, about.st_uid), *about[5:]))

    def known(name, uid):
        return SimpleNamespace(pw_name=name, pw_uid=uid)

    monkeypatch.setattr(os, "stat", stat_of)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: known(name, logins[name]))
    names = {uid: name for name, uid in logins.items()}
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: known(names[uid], uid))

    def give(path, uid):
        owners.update({real(p).st_ino: uid for p in (path, *path.rglob("*"))})

    return give


def test_in_the_exchange_it_counts_who_owns_the_files(tmp_path, course, accounts):
    days = {day: f"{{}}{INBOUND.format(day)}" for day in (1, 2, 3, 4)}
    files = {
        f"{days[1].format('s001')}/{NAME}.ipynb": b"honest",
        f"{days[2].format('s001')}/{NAME}.ipynb": b"sabotage",
        f"{days[3].format('s001')}/{NAME}.ipynb": b"honest",  # the folder; the file is not
        f"{days[1].format('s002')}/{NAME}.ipynb": b"copied by who collects",
    }
    folder = unpacked(tmp_path, files)
    accounts(folder / days[1].format("s001"), 4001)
    accounts(folder / days[2].format("s001"), 4002)
    accounts(folder / days[3].format("s001"), 4001)
    accounts(folder / days[3].format("s001") / f"{NAME}.ipynb", 4003)
    done = collect(course, NAME, folder)
    assert in_course(course) == {"s001.ipynb": b"honest", "s002.ipynb": b"copied by who collects"}
    assert done.left == [
        f"{list(files)[1]}: it was written by s002, in the name of s001.",
        f"{list(files)[2]}: it was written by user 4003, in the name of s001.",
    ]


def test_a_file_that_changes_hands_while_it_is_read_is_left(
    tmp_path, course, accounts, monkeypatch
):
    files = {f"{name}{INBOUND.format(1)}/{NAME}.ipynb": b"1" for name in ("s001", "s002")}
    folder, real = unpacked(tmp_path, files), sources._read
    mine = folder / f"s001{INBOUND.format(1)}"

    def read(source, path, most):
        accounts(mine, 4002)
        return real(source, path, most)

    accounts(mine, 4001)
    monkeypatch.setattr(sources, "_read", read)
    done = collect(course, NAME, folder)
    assert list(in_course(course)) == ["s002.ipynb"]
    assert done.left == [f"{mine.name}/{NAME}.ipynb: it changed while it was read."]


def test_in_an_exchange_from_elsewhere_two_owners_of_one_name_are_told(tmp_path, course, accounts):
    files = {f"{name}{INBOUND.format(1)}/{NAME}.ipynb": b"1" for name in ("ada", "bob", "cyd")}
    files |= {f"{name}{INBOUND.format(2)}/{NAME}.ipynb": b"2" for name in ("ada", "bob")}
    folder = unpacked(tmp_path, files)
    for name, uid in zip(files, (5001, 5002, 5003, 5004, 5002), strict=True):
        accounts((folder / name).parent, uid)
    done = collect(course, NAME, folder)
    assert in_course(course) == {"bob.ipynb": b"2", "cyd.ipynb": b"1"}
    why = "what is in the name of ada was written by user 5001 and user 5004"
    assert done.disputed == {"ada": why}


@pytest.mark.parametrize("moment", ["listing", "reading"])
def test_a_folder_that_becomes_a_link_shows_nothing(moment, tmp_path, course, monkeypatch):
    folder = unpacked(tmp_path, {f"s001/{NAME}.ipynb": b"mine", f"s002/{NAME}.ipynb": b"2"})
    secret = tmp_path / "secret" / f"{NAME}.ipynb"
    write_whole(secret, "the solution")
    real = sources._opened

    def opened(name, at):
        if name == "s001" and not (folder / "s001").is_symlink() and next(times) == when:
            (folder / "s001").rename(tmp_path / "aside")
            (folder / "s001").symlink_to(secret.parent)
        return real(name, at)

    times, when = count(), ["listing", "reading"].index(moment)
    monkeypatch.setattr(sources, "_opened", opened)
    done = collect(course, NAME, folder)
    assert (folder / "s001").is_symlink()
    assert in_course(course) == {"s002.ipynb": b"2"}
    assert len(done.left) == 1 and done.left[0].startswith("s001")
    assert "it cannot be read: Too many levels of symbolic links" in done.left[0]


def test_a_file_that_becomes_another_is_left(tmp_path, course, monkeypatch):
    folder = unpacked(tmp_path, {"s001.ipynb": b"mine", "s002.ipynb": b"2"})
    real = sources._read

    def read(source, path, most):
        if path.name == "s001.ipynb":
            (folder / "s001.ipynb").unlink()
            os.mkfifo(folder / "s001.ipynb")
        return real(source, path, most)

    monkeypatch.setattr(sources, "_read", read)
    done = collect(course, NAME, folder)
    assert in_course(course) == {"s002.ipynb": b"2"}
    assert done.left == ["s001.ipynb: it cannot be read: it is no file any more."]


# ---------------------------------------------------------------------------- which of several


@pytest.mark.parametrize("pack", [packed, unpacked])
@pytest.mark.parametrize(
    "files",
    [
        {"s001/{}.ipynb": b"right", "s001/scratch.ipynb": b"-"},
        {"s001/final/{}.ipynb": b"right", "s002/final/{}.ipynb": b"2"},
        {"s001/old/{}.ipynb": b"-", "s001/{}.ipynb": b"right", "s002/old/{}.ipynb": b"2"},
        {"s001/{0}/work.ipynb": b"right", "s001/02_many_outputs/{0}.ipynb": b"-"},
        {"s001/{}/work.ipynb": b"right", "s001/notes/work.ipynb": b"-"},
        {"abergzoe_9001_5_{}-1.ipynb": b"right", "abergzoe_9001_6_scratch.ipynb": b"-"},
        {
            "Zoë Åberg_71_assignsubmission_file/{}.ipynb": b"right",
            "Zoë Åberg_71_assignsubmission_file/scratch.ipynb": b"-",
        },
        {
            "Zoë Åberg_71_assignsubmission_file_{}.ipynb": b"right",
            "Zoë Åberg_71_assignsubmission_file_scratch.ipynb": b"-",
        },
        {
            f"s001{INBOUND.format(1)}/{{}}.ipynb": b"-",
            f"s001{INBOUND.format(2)}/{{}}.ipynb": b"right",
            f"s001{INBOUND.format(2)}/scratch.ipynb": b"-",
        },
        {"s001/{}.ipynb": b"-", "s001.ipynb": b"right"},
        {"handed-in/s001/work.ipynb": b"right", "handed-in/s002/work.ipynb": b"2"},
    ],
)
def test_of_one_attempt_the_assignment_is_taken(files, pack, tmp_path, course, roster):
    files = {name.format(NAME): data for name, data in files.items()}
    source = pack(tmp_path, files)
    if any(name.startswith("handed-in") for name in files) and source.is_dir():
        source /= "handed-in"
    done = collect(course, NAME, source, roster)
    there = in_course(course)
    assert there.pop("s001.ipynb") == b"right"
    assert there == ({"s002.ipynb": b"2"} if b"2" in files.values() else {})
    assert len(done.left) == len(files) - 1 - len(there)


@pytest.mark.parametrize("kind", ["{}/n.ipynb", "x_900{0[3]}_5_n.ipynb", "{}.ipynb"])
def test_the_folder_above_the_right_one_is_told(kind, tmp_path, course, roster):
    folder = unpacked(tmp_path, {f"autumn/{kind.format(s)}": b"1" for s in ("s001", "s002")})
    with pytest.raises(CourseError) as error:
        collect(course, NAME, folder, roster)
    assert str(error.value) == (
        f"collect: expected a folder or a file for each student in {folder}, came autumn, with "
        "that of s001 in it; give the folder in there"
    )
    assert not course.submitted.exists()
    collect(course, NAME, folder / "autumn", roster)
    assert in_course(course) == {"s001.ipynb": b"1", "s002.ipynb": b"1"}


@pytest.mark.parametrize("student", ["s001", "guest"])
def test_who_hands_in_first_need_not_be_in_the_roster(student, tmp_path, course, roster):
    source = packed(tmp_path, {f"{student}/a/n.ipynb": b"1", f"{student}/{NAME}.ipynb": b"2"})
    done = collect(course, NAME, source, roster)
    assert in_course(course) == {f"{student}.ipynb": b"2"}
    assert done.unknown == ["guest"] * (student == "guest")


def test_what_is_left_of_one_attempt_is_told(tmp_path, course):
    files = {
        f"s001/{NAME}.ipynb": b"right",
        "s001/scratch.ipynb": b"-",
        "s001/02_many_outputs/x.ipynb": b"-",
        f"{NAME}.ipynb": b"whose?",
    }
    done = collect(course, NAME, unpacked(tmp_path, files))
    assert in_course(course) == {"s001.ipynb": b"right"}
    assert done.left == [
        f"{NAME}.ipynb: its path does not say whose it is.",
        "s001/02_many_outputs/x.ipynb: it belongs to 02_many_outputs.",
        f"s001/scratch.ipynb: s001 has one that looks more like the assignment, s001/{NAME}.ipynb.",
    ]


# ---------------------------------------------------------------------------- one file stops nobody


def test_a_long_name_is_shortened_and_stops_nobody(tmp_path, course):
    names = ["s001", "a" * 240, "a" * 239 + "b", "ü" * 120]
    for name in names:
        write_whole(tmp_path / "handed-in" / f"{name}.ipynb", name)
    done = collect(course, NAME, tmp_path / "handed-in")
    assert sorted(in_course(course).values()) == sorted(name.encode() for name in names)
    assert max(len(name.encode()) for name in done.new) <= 100
    long = sorted(done.new)[0]
    assert long.startswith("a" * 80) and student_name(long) == long
    students = [entry.student for entry in submitted(course.submitted / NAME)]
    assert students == sorted(done.new)


def test_what_cannot_be_read_is_told_and_stops_nobody(tmp_path, course, monkeypatch):
    files = {"s001.ipynb": b"1", "s002/n.ipynb": b"2", "s003.ipynb": b"3"}
    folder, real = unpacked(tmp_path, files), os.open

    def refuse(path, *args, **options):
        if path in ("s001.ipynb", "s002"):  # root may read all, so that no mode would do
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, *args, **options)

    monkeypatch.setattr(sources.os, "open", refuse)
    done = collect(course, NAME, folder)
    assert in_course(course) == {"s003.ipynb": b"3"}
    assert done.left == [
        "s002: it cannot be read: Permission denied.",
        "s001.ipynb: it cannot be read: Permission denied.",
    ]


def test_folders_in_folders_without_end_are_not_followed(tmp_path, course):
    deep = "x/" * 29
    files = {f"s001/{deep}n.ipynb": b"1", "s002/n.ipynb": b"2", f"s002/{deep}x/n.ipynb": b"-"}
    done = collect(course, NAME, unpacked(tmp_path, files))
    assert in_course(course) == {"s001.ipynb": b"1", "s002.ipynb": b"2"}
    assert done.left == [f"s002/{deep}x: it lies in more than 30 folders."]


def test_a_time_that_no_calendar_has_stops_nobody(tmp_path, course, monkeypatch):
    folder = unpacked(tmp_path, {"s001/a.ipynb": b"first", "s001/b.ipynb": b"last"})
    real = os.stat

    def stat_of(path, **options):
        about = list(real(path, **options))
        about[8] = 10**14 if path == "b.ipynb" else about[8]
        return os.stat_result(about)

    monkeypatch.setattr(os, "stat", stat_of)
    collect(course, NAME, folder)
    assert in_course(course) == {"s001.ipynb": b"last"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (".", ".: it has no name."),
        ("s001_" + "9" * 5000 + "_1_x.ipynb", None),
        ("s001_1_" + "9" * 5000 + "_x.ipynb", None),
    ],
)
def test_an_odd_name_in_a_zip_stops_nobody(entry, said, tmp_path, course):
    done = collect(course, NAME, packed(tmp_path, {entry: b"odd", "s002.ipynb": b"2"}))
    assert in_course(course)["s002.ipynb"] == b"2"
    assert done.left == ([said] if said else [])


def test_a_zip_that_is_packed_in_a_way_nobody_knows_costs_nobody_else(tmp_path, course):
    path = packed(tmp_path, {"s001.ipynb": b"a" * 3000, "s002.ipynb": b"b" * 3000})
    with zipfile.ZipFile(path) as archive:
        first = archive.start_dir
    data = bytearray(path.read_bytes())
    data[8] = data[first + 10] = 9  # the method, of the first file and in the directory: Deflate64
    path.write_bytes(data)
    done = collect(course, NAME, path)
    assert list(in_course(course)) == ["s002.ipynb"]
    assert done.left == [
        "s001.ipynb: it cannot be unpacked: That compression method is not supported."
    ]


def test_a_zip_whose_directory_is_damaged_is_said(tmp_path, course, capsys):
    path = packed(tmp_path, {"s001.ipynb": b"1", "s002.ipynb": b"2"})
    data = path.read_bytes()
    path.write_bytes(data[:-60] + data[-22:])
    assert main(["-C", str(course.root), "collect", NAME, str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"classroom: collect: {path} cannot be read as a zip: ")


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_zip_is_said_or_costs_nobody_else(seed, tmp_path, course):
    rng = random.Random(seed)
    methods = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    path = tmp_path / "handed-in.zip"
    with zipfile.ZipFile(path, "w", methods[seed % 4]) as archive:
        for n in range(5):
            archive.writestr(f"s00{n}.ipynb", rng.randbytes(20) * 20)
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice([1, 3, 30])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(data)
    try:
        done = collect(course, NAME, path)
    except CourseError as error:
        assert str(error).startswith("collect: ")
    else:
        assert set(done.new) == {entry.student for entry in submitted(course.submitted / NAME)}


def test_files_called_as_other_files_are_told(tmp_path, course):
    files = {
        "s001/a.ipynb.json": b"{}",
        "s001/b.json": b"{}",
        f"s002/{NAME}.checks.json": b"{}",
        "s002/timestamp.txt": b"2026-11-21 08:30:00 UTC",
        "s002/n.ipynb": b"2",
    }
    for source in (unpacked(tmp_path, files), packed(tmp_path, files)):
        done = collect(course, NAME, source)
        assert done.left == [
            "s001/a.ipynb.json: it is no notebook (.ipynb).",
            "s001/b.json: it is no notebook (.ipynb).",
        ]


def test_no_name_of_a_file_reaches_the_terminal_as_it_is(tmp_path, course, capsys):
    odd = "\x1b]0;owned\x07\x1b[2J\udcff"
    folder = unpacked(tmp_path, {f"s001/{odd}.txt": b"", "s001/a.ipynb": b"", "s001/b.ipynb": b""})
    (folder / f"{odd}.ipynb").write_bytes(b"1")
    (folder / f"{odd}2.ipynb").write_bytes(b"1")
    main(["-C", str(course.root), "collect", NAME, str(folder)])
    said = capsys.readouterr()
    assert r"left: s001/\x1b]0;owned\x07\x1b[2J\xff.txt: it is no notebook (.ipynb)." in said.err
    assert all(char.isprintable() or char == "\n" for char in said.out + said.err)


# ---------------------------------------------------------------------------- when


def known(course):
    """Student -> when, of the files that are there."""
    hashes = {name: sha256(data).hexdigest() for name, data in in_course(course).items()}
    known = known_of(course, NAME)
    return {s: known[s][hashes[f"{s}.ipynb"]] for s in known}


def test_nbgraders_times_are_kept(tmp_path, course):
    files = {
        f"submitted/s002/{NAME}/{NAME}.ipynb": b"2",
        f"submitted/s002/{NAME}/timestamp.txt": b"2026-11-21 08:30:00.000000 UTC\n",
        f"submitted/s003/{NAME}/{NAME}.ipynb": b"3",
        f"submitted/s003/{NAME}/timestamp.txt": b"yesterday",
    }
    for source in (unpacked(tmp_path, files), packed(tmp_path, files)):
        collect(course, NAME, source)
        assert known(course) == {"s002": "2026-11-21T08:30:00+00:00"}
        (course.submitted / NAME / ".handed-in.json").unlink()
    folder = f"inbound/s001+{NAME}+2026-11-20 10:00:00.123456 UTC+a1"
    collect(course, NAME, packed(tmp_path, {f"{folder}/{NAME}.ipynb": b"1"}))
    assert known(course) == {"s001": "2026-11-20T10:00:00+00:00"}


def test_canvas_tells_that_something_was_late(tmp_path, course, roster):
    files = {
        "abergzoe_9001_555_notebook.ipynb": b"in time",
        "liwei_LATE_9002_556_notebook.ipynb": b"late",
    }
    collect(course, NAME, packed(tmp_path, files), roster)
    assert known(course) == {"s002": LATE}


def test_the_times_of_files_are_believed_unless_all_were_written_at_once(tmp_path, course):
    folder = unpacked(tmp_path, {"s001.ipynb": b"1", "s002/work.ipynb": b"2"})
    collect(course, NAME, folder)
    assert known(course) == {}
    os.utime(folder / "s002/work.ipynb", (1_003_602, 1_003_602))
    collect(course, NAME, folder)
    assert known(course) == {
        "s001": "1970-01-12T13:46:40+00:00",
        "s002": "1970-01-12T14:46:42+00:00",
    }


def test_a_zips_times_are_by_this_machines_clock(tmp_path, course):
    path = tmp_path / "handed-in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for day in (1, 2):
            info = zipfile.ZipInfo(
                f"Li Wei_7{day}_assignsubmission_file/n.ipynb", (2026, 10, day, 12, 0, 0)
            )
            archive.writestr(info, str(day))
    collect(course, NAME, path)
    local = [datetime(2026, 10, day, 12).astimezone(UTC).isoformat() for day in (1, 2)]
    assert list(known(course).values()) == local


def test_the_same_bytes_from_a_later_copy_make_nobody_late(tmp_path, course):
    folder = unpacked(tmp_path, {"s001.ipynb": b"1", "s002.ipynb": b"2"})
    os.utime(folder / "s002.ipynb", (1_100_000, 1_100_000))
    collect(course, NAME, folder)
    first = known(course)
    os.utime(folder / "s001.ipynb", (2_000_000, 2_000_000))
    collect(course, NAME, folder)
    assert known(course) == first


def test_until_a_date_the_last_before_it_counts(tmp_path, course, capsys):
    when = "2026-11-{:02} 10:00:00.000000 UTC"
    files = {
        f"s001+{NAME}+{when.format(20)}/{NAME}.ipynb": b"in time",
        f"s001+{NAME}+{when.format(22)}/{NAME}.ipynb": b"too late",
        f"s002+{NAME}+{when.format(23)}/{NAME}.ipynb": b"too late",
    }
    given = ["-C", str(course.root), "collect", NAME, str(unpacked(tmp_path, files))]
    assert main([*given, "--until", "2026-11-21T12:00+02:00"]) == 0
    assert in_course(course) == {"s001.ipynb": b"in time"}
    assert (
        f"s002+{NAME}+{when.format(23)}/{NAME}.ipynb: it was handed in after 2026-11-21 12:00"
        in (capsys.readouterr().err)
    )
    assert main([*given, "--until", "2026-11-20"]) == 0  # to the end of that day
    assert main([*given, "--until", "soon"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "classroom: --until: expected a date such as 2026-10-01T23:59:00+02:00, came 'soon'"
    )


def test_until_a_date_needs_to_know_when(tmp_path, course):
    source = packed(tmp_path, {"s001.ipynb": b"1"})
    with pytest.raises(CourseError, match=r"s001.ipynb: when it was handed in is not known$"):
        collect(course, NAME, source, until=datetime(2026, 11, 1, tzinfo=UTC))


def test_a_file_of_times_that_is_none_is_told(course):
    write_whole(course.submitted / NAME / ".handed-in.json", json.dumps([1]))
    with pytest.raises(
        CourseError, match=r"\.handed-in\.json: expected times of handing in: Asser"
    ):
        known_of(course, NAME)
