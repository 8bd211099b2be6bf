"""What is optional: run where it is installed, told where it is not, never in silence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"
TEST = """\
import pytest

def test_a(): pass

@pytest.mark.optional("{package}")
def test_b(): assert False, "it ran"
"""


def run(folder, optional, package, *options, **variables):
    """What pytest says of a test that needs `package`, where `optional` is the optional one."""
    rules = CONFTEST.read_text(encoding="utf-8").replace('"tensorflow"', f'"{optional}"')
    (folder / "conftest.py").write_text(rules, encoding="utf-8")
    (folder / "test_x.py").write_text(TEST.format(package=package), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--strict-markers", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *options, str(folder)],
        cwd=folder,
        env=os.environ | {"BOOK_REQUIRE": "", "BOOK_CHROMIUM": "", **variables},
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout + done.stderr, done.returncode


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_without_the_package_the_run_passes_and_says_what_it_left_out(tmp_path, options):
    said, status = run(tmp_path, "no_such_package", "no_such_package", *options)
    assert status == 0, said
    assert "1 passed" in said and "it ran" not in said
    told = "left out: the tests that need no_such_package; pip install -r requirements-tensorflow"
    assert told in said


def test_with_the_package_the_test_runs(tmp_path):
    said, status = run(tmp_path, "json", "json")
    assert status == 1
    assert "it ran" in said and "left out: the tests that need json" not in said


@pytest.mark.parametrize("needs", [("json", "bubblewrap"), ("bubblewrap", "json")])
def test_a_test_may_need_two(tmp_path, needs):
    both = '")\n@pytest.mark.optional("'.join(needs)
    said, status = run(tmp_path, "json", both, PATH="")
    assert status == 0, said
    assert "1 passed, 1 deselected" in said


def test_no_other_package_is_optional(tmp_path):
    said, status = run(tmp_path, "no_such_package", "numpy")
    assert status == 4
    assert "optional: expected one of no_such_package, chromium" in said
    assert "came ('numpy',)" in said


def test_what_must_run_is_not_left_out(tmp_path):
    said, status = run(tmp_path, "no_such", "no_such", BOOK_REQUIRE="bubblewrap,no_such", PATH="")
    assert status == 4
    assert "BOOK_REQUIRE: the tests that need bubblewrap may not be left out; install bubb" in said


def test_what_must_run_is_known(tmp_path):
    said, status = run(tmp_path, "json", "json", BOOK_REQUIRE="json,numpy")
    assert status == 4
    names = "json, chromium, bubblewrap, distributed, nbgrader"
    assert f"expected names of {names}, came 'numpy'" in said


def test_what_must_run_and_is_here_runs(tmp_path):
    said, status = run(tmp_path, "json", "json", BOOK_REQUIRE="json")
    assert status == 1
    assert "it ran" in said


def test_without_a_chromium_the_run_passes_and_says_how_to_get_one(tmp_path):
    said, status = run(tmp_path, "json", "chromium", PATH="")
    assert status == 0, said
    assert "1 passed" in said and "it ran" not in said
    assert "left out: the tests that need chromium; to add them, install Chromium" in said


def test_a_chromium_that_is_named_must_be_there(tmp_path):
    said, status = run(tmp_path, "json", "chromium", BOOK_CHROMIUM="/nowhere/chrome")
    assert status == 4
    assert "BOOK_CHROMIUM: expected the path of a program, came '/nowhere/chrome'" in said
