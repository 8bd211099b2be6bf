"""Collecting: whose a file is, the latest of several, and what is not taken."""

import os
import stat
import zipfile
from pathlib import PurePosixPath

import pytest

from classroom.__main__ import main
from classroom.collecting import (
    Roster,
    collect,
    owner,
    read_collected,
    read_roster,
    student_name,
)
from classroom.course import CourseError, load_course

NAME = "01_perceptron"
ROSTER = """student,name,canvas_id,moodle_id,email
s001,Zoë Åberg,9001,71,s001@example.org
s002,Li Wei,9002,72,s002@example.org
s003,"Doe, Jan",9003,73,s003@example.org
"""


@pytest.fixture
def course(tmp_path):
    (tmp_path / "course").mkdir()
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
        for p in (course.submitted / NAME).rglob("*")
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
    assert owner(PurePosixPath(path), NAME, roster)[0] == student


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
    assert owner(PurePosixPath(path), NAME, Roster())[0] == student


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
        "abergzoe_9001_555_notebook.ipynb: s001 has a later one, "
        "abergzoe_9001_555_notebook-1.ipynb.",
        "abergzoe_9001_555_notebook-1.ipynb: s001 has a later one, abergzoe_9001_1555_other.ipynb.",
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
        "x y/n.ipynb": b"three",
        "x_y/n.ipynb": b"four",
    }
    done = collect(course, NAME, packed(tmp_path, files))
    assert in_course(course) == {
        "Li_Wei_72.ipynb": b"one",
        "Li_Wei_99.ipynb": b"two",
        "x_y.ipynb": b"three",
    }
    assert done.left == ["x_y/n.ipynb: 'x_y' and 'x y' would both be x_y."]


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
    ],
)
def test_a_roster_that_is_none(text, message, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=message):
        read_roster(path)


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
    assert "assignment: expected a name such as 01_name" in capsys.readouterr().err
