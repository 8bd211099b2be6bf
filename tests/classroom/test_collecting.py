"""Collecting: whose a file is, the latest of several, and what is not taken."""

import json
import os
import stat
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePosixPath

import pytest

from classroom.__main__ import main
from classroom.collecting import Roster, collect, owner, read_roster, student_name
from classroom.course import CourseError, load_course
from classroom.files import write_whole
from classroom.lateness import LATE
from classroom.lateness import handed_in as known_of
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
        f"{NAME}: 2 students, 2 new, 0 replaced, 0 as before; 1 files left, 2 missing",
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
    assert f"{NAME}: 2 students, 1 new, 1 replaced, 0 as before; 1 files left" in said.out
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


# ---------------------------------------------------------------------------- when


def known(course):
    """Student -> when, of the files that are there."""
    hashes = {name: sha256(data).hexdigest() for name, data in in_course(course).items()}
    known = known_of(course, NAME)
    return {s: known[s][hashes[f"{s}.ipynb"]] for s in known}


def test_nbgraders_times_are_kept(tmp_path, course):
    files = {
        f"inbound/s001+{NAME}+2026-11-20 10:00:00.123456 UTC+a1/{NAME}.ipynb": b"1",
        f"submitted/s002/{NAME}/{NAME}.ipynb": b"2",
        f"submitted/s002/{NAME}/timestamp.txt": b"2026-11-21 08:30:00.000000 UTC\n",
        f"submitted/s003/{NAME}/{NAME}.ipynb": b"3",
        f"submitted/s003/{NAME}/timestamp.txt": b"yesterday",
    }
    for source in (unpacked(tmp_path, files), packed(tmp_path, files)):
        collect(course, NAME, source)
        assert known(course) == {
            "s001": "2026-11-20T10:00:00+00:00",
            "s002": "2026-11-21T08:30:00+00:00",
        }
        (course.submitted / NAME / ".handed-in.json").unlink()


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
