"""The arithmetic of the benchmarks, and that their command runs."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(scope="module")
def measure():
    """Return benchmarks/measure.py, loaded from its file: the folder is no package."""
    spec = importlib.util.spec_from_file_location("measure", FOLDER / "measure.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["measure"] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["measure"]


def run(*arguments):
    """Run the command; the finished process."""
    command = [sys.executable, str(FOLDER / "run.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_ratio_is_the_median_of_the_pairs_not_of_the_times(measure):
    # The second pair was measured on a busy machine; the ratios are 0.5, 0.5 and 0.8.
    row = measure.row_of_pairs("a", [1.0, 30.0, 4.0], [2.0, 60.0, 5.0], aim=0.6)
    assert (row.ours, row.other, row.value) == ("4 s", "5 s", 0.5)
    assert row.met
    assert not measure.row_of_pairs("a", [1.0], [2.0], aim=0.49).met
    assert not measure.row_of_pairs("a", [float("nan")], [2.0], aim=0.49).met


def test_both_are_called_in_turns_after_one_unmeasured_call(measure):
    calls = []
    row = measure.compare(
        "a", lambda: calls.append("A"), lambda: calls.append("B"), 1.0, pairs=2, number=3
    )
    assert "".join(calls) == "AB" + "AAABBB" * 2
    assert row.value > 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(90.8, "90.8 s"), (1.0, "1 s"), (0.0454, "45.4 ms"), (1.82e-5, "18.2 µs"), (1e-7, "0.1 µs")],
)
def test_times_have_three_digits_and_a_unit(measure, seconds, text):
    assert measure.show_time(seconds) == text


def test_the_table(measure, capsys):
    rows = [
        measure.row_of_pairs("a step", [1e-5], [2e-5], aim=0.25, note="A note."),
        measure.Row("memory", "", "", 120.2, 200, unit=" MB", note="A note."),
    ]
    measure.print_table(rows)
    assert capsys.readouterr().out.splitlines() == [
        "         ours  other   ratio       aim",
        "a step  10 µs  20 µs     0.5    ≤ 0.25  NOT MET",
        "memory                120 MB  ≤ 200 MB  met",
        "",
        "Times are medians; a ratio is the median of the ratios of pairs measured in turns.",
        "A note.",
    ]


def test_the_command_measures_the_rows_asked_for():
    done = run("imports", "--pairs", "1")
    assert done.returncode == 0, done.stderr
    head, row, *_ = done.stdout.splitlines()
    assert head.split() == ["ours", "other", "ratio", "aim"]
    assert row.startswith("import backprop, against import numpy ")
    assert "≤ 1.05" in row


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], "unknown row 'speed': choose from training, "),
        (["imports", "--pairs", "0"], "--pairs: expected at least 1, came 0"),
    ],
)
def test_arguments_that_do_not_fit_are_named(arguments, message):
    done = run(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
