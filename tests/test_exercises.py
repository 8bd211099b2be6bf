"""The exercises' checks: right is right, each classic mistake is told by its name."""

import importlib
import json
import pathlib
import pkgutil
import re

import numpy as np
import pytest

import backprop.exercises
from backprop.exercises import Exercise, check, exercise

ROOT = pathlib.Path(__file__).parents[1]
MODULES = [m.name for m in pkgutil.iter_modules(backprop.exercises.__path__)]
NUMBERS = [
    number
    for name in MODULES
    for number in importlib.import_module(f"backprop.exercises.{name}").EXERCISES
]
MISTAKES = [(number, sentence) for number in NUMBERS for sentence in exercise(number).mistakes]


def notebook(chapter):
    (path,) = (ROOT / "chapters").glob(f"{chapter}_*.ipynb")
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def scaled(answer, factor):
    if callable(answer):
        return lambda *args: np.asarray(answer(*args)) * factor
    return answer * factor


@pytest.mark.parametrize("number", NUMBERS)
def test_the_reference_is_right(number):
    assert exercise(number).judge(exercise(number).reference)[0] == "right"


@pytest.mark.parametrize("number", NUMBERS)
def test_an_answer_off_by_a_percent_is_wrong_and_accused_of_nothing(number):
    task = exercise(number)
    verdict, message = task.judge(scaled(task.reference, 1.01))
    assert verdict == "wrong"
    assert not any(sentence in message for sentence in task.mistakes)


@pytest.mark.parametrize(("number", "sentence"), MISTAKES)
def test_each_mistake_is_told_by_its_name(number, sentence):
    task = exercise(number)
    assert task.judge(task.mistakes[sentence]) == ("wrong", f"not yet. {sentence}")


@pytest.mark.parametrize("number", NUMBERS)
def test_an_empty_answer_is_not_called_wrong(number):
    empty = (lambda *args: None) if callable(exercise(number).reference) else ...
    assert exercise(number).judge(empty)[0] == "open"
    assert exercise(number).judge(None) == ("open", "no answer yet.")


@pytest.mark.parametrize("name", MODULES)
def test_a_chapter_checks_each_of_its_exercises_twice_and_solves_it(name):
    cells = [c for c in notebook(name.removeprefix("chapter_")) if c["cell_type"] == "code"]
    numbers = list(importlib.import_module(f"backprop.exercises.{name}").EXERCISES)
    asked = {"exercise": [], "solution": []}
    for cell in cells:
        for kind in set(asked) & set(cell["metadata"].get("tags", [])):
            asked[kind] += re.findall(r'check\("([\d.]+)"', "".join(cell["source"]))
            if kind == "solution":
                printed = "".join("".join(o.get("text", "")) for o in cell["outputs"])
                assert f"✓ Exercise {asked[kind][-1]}: right" in printed
    assert asked == {"exercise": numbers, "solution": numbers}


def test_a_wrong_function_is_shown_its_input_and_what_was_expected():
    task = Exercise(reference=lambda x: 2 * x, cases=[(3.0,)], names=("x",))
    assert task.judge(lambda x: 7.0) == (
        "wrong",
        "not yet. Came 7., expected 6.. The input was x = 3..",
    )


def test_a_wrong_shape_is_told_as_shapes():
    task = Exercise(reference=lambda x: x, cases=[(np.ones(3),)], names=("x",))
    assert "Expected shape (3,), came shape (2,)." in task.judge(lambda x: x[:2])[1]


def test_a_wrong_number_is_not_shown_the_right_one():
    assert Exercise(reference=6.0).judge(7.0) == ("wrong", "not yet. Came 7..")


def test_no_numbers_at_all_are_told_so():
    assert "Expected numbers, came str." in Exercise(reference=6.0).judge("six")[1]
    assert Exercise(reference=lambda x: x, cases=[(1.0,)]).judge(3.0) == (
        "wrong",
        "expected a function, came float.",
    )


def test_an_answer_that_writes_into_its_input_spoils_no_comparison():
    def doubling_in_place(x):
        x *= 2
        return x

    task = Exercise(reference=lambda x: 2 * x, cases=[(np.ones(2),)], names=("x",))
    assert task.judge(doubling_in_place)[0] == "right"


def test_an_answer_that_was_asked_to_leave_its_input_alone_must():
    def spoiling(x):
        x += 1
        return 2 * (x - 1)

    kind = {"reference": lambda x: 2 * x, "cases": [(np.ones(2),)], "names": ("x",)}
    assert Exercise(**kind).judge(spoiling)[0] == "right"
    verdict, message = Exercise(**kind, keeps_inputs=True).judge(spoiling)
    assert (verdict, "changed its input" in message) == ("wrong", True)


def test_an_answer_that_is_close_is_told_so():
    task = Exercise(reference=lambda x: x / 3, cases=[(2.0,)], names=("x",))
    assert "Close to 0.666667, but not to 9 digits" in task.judge(lambda x: 0.66666671)[1]


def test_large_arrays_are_cut_short():
    task = Exercise(reference=lambda x: x, cases=[(np.ones((9, 9)),)], names=("x",))
    assert len(task.judge(lambda x: 2 * x)[1]) < 500


def test_digits_say_how_close_a_number_must_be():
    assert Exercise(reference=-0.0010441, digits=3).judge(-0.00104)[0] == "right"
    assert Exercise(reference=-0.0010441, digits=3).judge(-0.00106)[0] == "wrong"


def test_nan_is_never_right():
    assert Exercise(reference=1.0).judge(float("nan"))[0] == "wrong"


def test_check_prints_a_line(capsys):
    check("1.3", lambda theta, delta, eta: theta - eta * delta)
    assert capsys.readouterr().out == (
        "✗ Exercise 1.3: not yet. That is the step of a bias. θ enters z with a minus, "
        "so ∂L/∂θ = −δ.\n"
    )
    check("1.3", lambda theta, delta, eta: theta + eta * delta)
    assert capsys.readouterr().out == "✓ Exercise 1.3: right, on 5 inputs.\n"


@pytest.mark.parametrize("number", ["1.99", "77.1", "x", "", "1"])
def test_an_unknown_exercise_is_named(number):
    with pytest.raises(KeyError, match=re.escape(repr(number))):
        exercise(number)


def test_a_function_needs_cases():
    with pytest.raises(ValueError, match="cases: a function needs inputs"):
        Exercise(reference=lambda x: x)
