"""What `judge` says of an answer: status, points, mistake and words."""

import math
from dataclasses import replace

import numpy as np
import pytest

from classroom.judging import (
    Problem,
    Verdict,
    changed,
    described,
    followed,
    judge,
    shown,
    spoiled,
)
from classroom.questions import (
    Assignment,
    Choice,
    ClassCalls,
    Function,
    Manual,
    Plot,
    call,
    expected_of,
    make,
    read,
    tries_of,
)
from classroom.values import Strange


def mean_squared(X, t):
    return ((X - t) ** 2).mean(axis=0)


QUESTION = Function(
    id="1.1",
    title="Mean of squares",
    points=4,
    calls="mean_squared",
    reference=mean_squared,
    inputs=lambda rng: (rng.normal(size=(4, 3)), 0.5),
    tries=4,
    mistakes={
        "sum for mean": (lambda X, t: ((X - t) ** 2).sum(axis=0), "The mean has lost its 1/N."),
        "never fits": (lambda X, t: X @ X, "A mistake that raises on these inputs."),
    },
)


def assignment(*questions):
    return Assignment("01_trial", "A trial", "", questions)


def tries(question, answer, seed="a seed"):
    """The tries of a question as `answer` (a function of the arguments, or a class) does them."""
    inputs = tries_of(assignment(question), question, seed)
    return [(i, expected_of(question, i), expected_of(question, i, answer)) for i in inputs]


def verdict(answer, question=QUESTION):
    return judge(question, tries(question, answer))


def test_the_reference_is_right():
    found = verdict(mean_squared)
    assert (found.status, found.points, found.message) == ("right", 4.0, "Right, on 4 inputs.")
    assert (found.mistake, found.yours) == ("", "")


def test_a_known_mistake_is_named_and_the_right_number_is_not_told():
    found = verdict(lambda X, t: ((X - t) ** 2).sum(axis=0))
    assert (found.status, found.points) == ("mistake", 0.0)
    assert (found.mistake, found.message) == ("sum for mean", "The mean has lost its 1/N.")
    first = tries(QUESTION, mean_squared)[0]
    assert found.yours == shown(4 * first[1])
    assert f"{first[1][0]:.3g}" not in found.yours + found.message


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        (lambda X, t: -mean_squared(X, t), "sign"),
        (lambda X, t: 2 * mean_squared(X, t), "factor 2"),
        (lambda X, t: mean_squared(X, t) / 2, "factor 1/2"),
    ],
)
def test_a_factor_is_named_without_being_listed(wrong, name):
    assert (verdict(wrong).status, verdict(wrong).mistake) == ("mistake", name)


def test_a_transpose_is_named():
    question = Function(
        id="1",
        title="t",
        points=1,
        calls="f",
        reference=lambda a, b: np.outer(a, b),
        inputs=lambda rng: tuple(rng.normal(size=(2, 3))),
    )
    assert verdict(lambda a, b: np.outer(b, a), question).mistake == "transposed"


def test_a_wrong_number_is_told_by_its_entries_and_its_input():
    def wrong(X, t):
        off = mean_squared(X, t)
        off[1] += 1e-3
        return off

    found = verdict(wrong)
    assert (found.status, found.points, found.mistake) == ("wrong", 0.0, "")
    assert found.message == (
        "Expected an array of shape (3,); 1 of 3 entries is different. "
        "The input: X: an array of shape (4, 3), t = 0.5."
    )


def test_points_follow_the_tries_that_are_right():
    done = tries(QUESTION, mean_squared)
    done[0] = (*done[0][:2], Problem("error", "ValueError: no"))
    found = judge(QUESTION, done)
    assert (found.status, found.points) == ("error", 3.0)
    assert found.message.startswith("Right on 3 of 4 inputs. ValueError: no. The input: X:")


def test_all_or_nothing():
    question = replace(QUESTION, partial=False)
    done = tries(question, mean_squared)
    done[0] = (*done[0][:2], done[0][1] + 1)
    assert judge(question, done).points == 0.0


def yes(points=3, tries=6):
    return Function(
        id="1",
        title="t",
        points=points,
        calls="positive",
        reference=lambda x: x > 0,
        inputs=lambda rng: (float(rng.normal()),),
        tries=tries,
    )


def test_what_can_be_guessed_brings_all_or_nothing():
    assert verdict(lambda x: True, yes()).points == 0.0
    assert verdict(lambda x: x > 0.1, yes(tries=50)).points == 0.0
    assert verdict(lambda x: x > 0, yes()).points == 3.0


def test_a_constant_that_is_sometimes_right_brings_nothing():
    question = Function(
        id="1",
        title="t",
        points=3,
        calls="relu",
        reference=lambda x: max(x, 0.0),
        inputs=lambda rng: (float(rng.normal()),),
    )
    assert 0 < sum(t[1] == 0 for t in tries(question, lambda x: 0.0)) < 6
    assert verdict(lambda x: 0.0, question).points == 0.0


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (np.zeros((3, 1)), "shape", "Expected shape (3,), came shape (3, 1)."),
        (1.0, "shape", "Expected shape (3,), came a single number."),
        (np.array([0.0, math.nan, 1.0]), "nan", "1 of 3 entries is NaN or infinite."),
        (np.array([0.0, math.inf, math.nan]), "nan", "2 of 3 entries are NaN or infinite."),
        ("text", "type", "Expected an array of shape (3,), came a text."),
        (
            np.array([True, True, False]),
            "type",
            "Expected an array of shape (3,), came an array of True and False of shape (3,).",
        ),
        (
            Strange("Equal"),
            "type",
            "Expected an array of shape (3,), came something that is no plain value (Equal).",
        ),
        (None, "missing", "`mean_squared` returns nothing: is its `return` missing?"),
        (Problem("timeout", "It took longer than 2 s."), "timeout", "It took longer than 2 s."),
        (Problem("missing", "`mean_squared` is not defined."), "missing", "`mean_squared` is not"),
    ],
)
def test_what_else_an_answer_can_be(answer, status, message):
    done = [(i, e, answer) for i, e, _ in tries(QUESTION, mean_squared)]
    found = judge(QUESTION, done)
    assert (found.status, found.points) == (status, 0.0)
    assert found.message.startswith(message)


@pytest.mark.parametrize("answer", [[1.0, 2.0, 3.0], (1, 2, 3), np.array([1, 2, 3], np.int32)])
def test_lists_and_integers_may_stand_for_an_array(answer):
    found = judge(QUESTION, [((0,), np.array([1.0, 2.0, 3.0]), answer)])
    assert found.status == "right"


def test_several_results_are_compared_one_by_one():
    def reference(x):
        return x.sum(), {"W": np.outer(x, x), "b": x}

    question = Function(
        id="1",
        title="t",
        points=1,
        calls="f",
        reference=reference,
        inputs=lambda rng: (rng.normal(size=3),),
        tries=2,
    )
    assert verdict(reference, question).status == "right"
    assert verdict(lambda x: list(reference(x)), question).status == "right"
    found = verdict(lambda x: (x.sum(), {"W": np.outer(x, x), "b": x + 1}), question)
    assert found.message.startswith("Result 2: Entry 'b': Expected an array of shape (3,); 3 of 3")
    found = verdict(lambda x: (x.sum(), {"W": np.outer(x, x)}), question)
    assert found.message.startswith("Result 2: Expected the keys 'W', 'b', came 'W'.")
    assert verdict(lambda x: (x.sum(),), question).message.startswith(
        "Expected a tuple of 2: a number, a dict with the keys 'W', 'b', came 1 of them."
    )


class Counter:
    def __init__(self, start):
        self.w = start

    def add(self, x):
        self.w = self.w + x
        return self.w.sum()


COUNTER = ClassCalls(
    id="2",
    title="t",
    points=2,
    calls="Counter",
    reference=Counter,
    script=lambda rng: [make(rng.normal(size=2)), call("add", rng.normal(size=2)), read("w")],
    tries=2,
    mistakes={"mean": (type("C", (Counter,), {"add": lambda s, x: s.w.mean()}), "A mean.")},
)


def test_a_class_is_compared_step_by_step():
    assert verdict(Counter, COUNTER).status == "right"

    class Wrong(Counter):
        def add(self, x):
            super().add(x)
            self.w = self.w * 3
            return self.w.sum() / 3

    found = verdict(Wrong, COUNTER)
    assert (found.status, found.points) == ("wrong", 0.0)
    assert found.message == (
        "After `Counter(…)`, `add`: `w` has the right shape (2,), but 2 of 2 entries are different."
    )
    assert found.yours.startswith("w: [") and "add" not in found.yours
    assert verdict(COUNTER.mistakes["mean"].wrong, COUNTER).mistake == "mean"


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (lambda s, x: "a sum", "what `add` returns: Expected a number, came a text."),
        (lambda s, x: 0.5, "what `add` returns: Expected a number; the value differs."),
        (Problem("error", "ValueError: no"), "`add`: ValueError: no."),
    ],
)
def test_a_step_is_told_by_the_calls_before_it(add, message):
    question = replace(
        COUNTER,
        script=lambda rng: [make(np.zeros(2)), read("w"), call("add", 1.0), call("add", 1.0)],
        mistakes={},
    )
    (inputs, right, _), *_ = tries(question, Counter)
    given = [*right[:3], add if isinstance(add, Problem) else add(None, 1.0)]
    found = judge(question, [(inputs, right, given)])
    assert found.message == f"After `Counter(…)`, `add`: {message}"


def test_calls_that_repeat_are_counted():
    steps = [make(0.0), *[call("add", 1.0)] * 3, read("w")]
    question = replace(COUNTER, script=lambda rng: steps, mistakes={})
    found = judge(question, [(steps, [None, 1.0, 2.0, 3.0, 3.0], [None, 1.0, 2.0, 3.0, 4.0])])
    assert found.message.startswith("After `Counter(…)`, `add` (3 times): `w`: Expected a number;")


def test_numbers_in_a_list_are_told_by_the_first_that_differs():
    found = judge(QUESTION, [((0,), [3.0, 2.0, 1.0], [3.0, 2.5, 1.5])])
    assert (
        found.message == "3 numbers, as it should be, but 2 of them differ, the first at index 1."
    )
    found = judge(QUESTION, [((0,), [3.0, 2.0, 1.0], [3.0, 2.0])])
    assert (found.status, found.message) == ("shape", "Expected 3 numbers, came 2.")


def test_what_was_changed_is_named():
    W, b, same = np.ones(2), np.array([np.nan, 1.0]), [1, 2]
    named = [("W", W), ("b", b), ("same", same)]
    assert changed(named, [W.copy(), b.copy(), [1, 2]]) == []
    assert changed(named, [W + 1e-15, b.copy(), [1, 3]]) == ["W", "same"]
    assert changed(named, [W]) == ["b", "same"]
    assert spoiled(["W"], right=False) == "Besides, `W` was changed. Work on a copy."
    assert spoiled(["W"]) == "The values are right, but `W` was changed. Work on a copy."
    assert spoiled(["W", "b", "c"]) == (
        "The values are right, but `W`, `b` and `c` were changed. Work on a copy."
    )


# ---------------------------------------------------------------------------- follow-through


WRONG = Verdict("wrong", 0.0, "", "It differs.", "3.0")
KNOWN = Verdict("mistake", 0.0, "uphill", "The steps go uphill.", "3.0")


def after(first, again, blamed=(QUESTION,), **changes):
    return followed(replace(QUESTION, **changes), first, again, list(blamed))


def test_what_is_right_but_for_an_earlier_answer_is_right():
    found = after(KNOWN, Verdict("right", 4.0, "", "Right, on 4 inputs."))
    said = "Right, given your `mean_squared`, which is not (question 1.1)."
    assert found == Verdict("right", 4.0, message=said)
    assert after(WRONG, Verdict("right", 4.0), share=0.5).points == 2.0
    both = after(WRONG, Verdict("right", 4.0), [QUESTION, COUNTER])
    assert both.message == (
        "Right, given your `mean_squared` and `Counter`, which are not (questions 1.1 and 2)."
    )


def test_what_is_wrong_with_a_right_one_too_is_told_so():
    calls = "It calls your `mean_squared`, which is not right (question 1.1)."
    again = Verdict("mistake", 0.0, "batch", "Once a pass.", "stolen")
    found = after(KNOWN, again)
    assert found == Verdict("mistake", 0.0, "batch", f"Once a pass. {calls}")
    unknown = Verdict("error", 1.0, "", "stolen", "stolen")
    assert after(WRONG, unknown) == Verdict("wrong", 1.0, "", f"It differs. {calls}", "3.0")
    # The mistake that it matched was matched by the other one's values.
    assert after(KNOWN, unknown) == Verdict("wrong", 1.0, "", calls, "3.0")


CHOICE = Choice(
    id="3", title="t", points=2, calls="answer_3", right="b", wrong={"a": "Not a.", "c": "Nor c."}
)


@pytest.mark.parametrize(
    ("answer", "status", "points", "message"),
    [
        ("b", "right", 2.0, "Right."),
        (" B ", "right", 2.0, "Right."),
        ("c", "mistake", 0.0, "Nor c."),
        ("", "missing", 0.0, "No letter yet: `answer_3` is empty."),
        ("d", "type", 0.0, 'Write one letter, "a", "b" or "c", and nothing else.'),
        (2, "type", 0.0, 'Write one letter, "a", "b" or "c", and nothing else.'),
        (Strange("Yes"), "type", 0.0, 'Write one letter, "a", "b" or "c", and nothing else.'),
        (Problem("missing", "`answer_3` is not defined."), "missing", 0.0, "`answer_3` is not"),
    ],
)
def test_a_choice(answer, status, points, message):
    found = judge(CHOICE, [((), "b", answer)])
    assert (found.status, found.points) == (status, points)
    assert found.message.startswith(message)


def test_a_derivation_waits_for_a_person():
    found = judge(Manual(id="4", title="t", points=5, rubric="r"), [])
    assert (found.status, found.points) == ("manual", 0.0)


PLOT = Plot(
    id="5",
    title="t",
    points=2,
    calls="draw",
    inputs=lambda rng: (np.sort(rng.normal(size=5)),),
    reference=lambda x: {"lines": [(x, x**2)], "xlabel": ..., "yscale": "log"},
    tries=1,
)


def drawn(x, lines=None, **changes):
    """A picture; lines as (x, y), or as (x, y, words in the legend)."""
    lines = [[*line, []][:3] for line in ([(x, x**2)] if lines is None else lines)]
    shown = {"lines": lines, "points": np.zeros((0, 2)), "labels": [], "title": ""}
    return {**shown, "xlabel": "x", "ylabel": "", "xscale": "linear", "yscale": "log", **changes}


def judge_plot(question=PLOT, **changes):
    ((inputs, expected, _),) = tries(question, lambda x: None)
    return judge(question, [(inputs, expected, drawn(*inputs, **changes))])


def test_a_plot_is_what_it_shows():
    assert judge_plot().status == "right"
    x = np.arange(5.0)
    found = judge_plot(lines=[[x, x]])
    assert found.message.startswith(
        "The line is not there; the x of the first that is drawn: Expected an array of shape (5,);"
    )
    assert judge_plot(lines=[]).message == "There is no line on the picture."
    unnamed = judge_plot(xlabel=" ")
    assert (unnamed.status, unnamed.message) == ("wrong", "The label of the x axis is missing.")
    assert judge_plot(yscale="linear").message == (
        "Expected the scale of the y axis to be 'log', came 'linear'."
    )


TWO = replace(
    PLOT,
    reference=lambda x: {
        "lines": [(x, x**2), (x, x**3)],
        "xlabel": ...,
        "ylabel": ...,
        "yscale": "log",
        "labels": ["square", "cube"],
    },
)


def judge_two(lines=lambda x: [[x, x**2], [x, x**3]], **changes):
    ((inputs, expected, _),) = tries(TWO, lambda x: None)
    more = {"ylabel": "y", "labels": ["square", "cube"], "lines": lines(*inputs), **changes}
    return judge(TWO, [(inputs, expected, drawn(*inputs, **more))])


def test_a_picture_counts_by_its_parts():
    """One half for lines and points, one for what is said about them: five words and scales."""
    assert judge_two().points == 2.0
    assert judge_two(ylabel="").points == 1.8
    assert judge_two(ylabel="", labels=[]).points == 1.4
    assert judge_two(lines=lambda x: [[x, x**3]]).points == 1.0
    assert judge_two(lines=lambda x: [[x, x]]).points == 0.0
    assert judge_two(lines=lambda x: []).points == 0.0
    none = replace(TWO, partial=False)
    ((inputs, expected, _),) = tries(TWO, lambda x: None)
    shown = drawn(*inputs, ylabel="", labels=["square", "cube"], lines=expected["lines"])
    assert judge(none, [(inputs, expected, shown)]).points == 0.0


def test_a_line_stands_beside_its_own_words_in_the_legend():
    named = judge_two(lambda x: [[x, x**2, ["Square "]], [x, x**3, ["cube"]], [x, x**3, []]])
    assert named.status == "right"
    elsewhere = judge_two(lambda x: [[x, x**2, ["mine"]], [x, x**3, []]])
    assert elsewhere.status == "right"  # the legend has entries of its own for both
    turned = judge_two(lambda x: [[x, x**2, ["cube"]], [x, x**3, ["square"]]])
    assert (turned.status, turned.points) == ("wrong", 1.6)
    assert turned.message == "In the legend the line 'square' is called 'cube'."
    once = judge_two(lambda x: [[x, x**2, ["square"]], [x, x**3, ["square"]]])
    assert (once.points, once.message) == (1.8, "In the legend the line 'cube' is called 'square'.")


def test_lines_to_compare_are_welcome_and_a_host_of_guesses_is_not():
    def guesses(count):
        return lambda x: [[x, x**2], [x, x**3], *([x, k * x] for k in range(count))]

    assert judge_two(guesses(6)).status == "right"
    found = judge_two(guesses(7))
    assert (found.status, found.points) == ("wrong", 0.0)
    assert found.message == ("There are 7 lines besides those that are asked for: which are meant?")
    others = judge_two(lambda x: [*guesses(0)(x), *([x[:2], x[:2]] for _ in range(99))])
    assert others.status == "right"  # across the picture, or up: they cannot be meant


ROOTS = replace(
    TWO,
    mistakes={
        "not squared": (lambda x: {**TWO.reference(x), "lines": [(x, x), (x, 2 * x)]}, "No power.")
    },
)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (lambda x: [[x, x], [x, 2 * x]], "not squared"),
        (lambda x: [[x, x, ["square"]], [x, 2 * x, ["cube"]]], "not squared"),
        (lambda x: [[x, x, ["square"]], [x, 2 * x, ["cube"]], [x, x**3, []]], "not squared"),
        # Something else is drawn under the names, and these to compare.
        (lambda x: [[x, x**2, ["square"]], [x, 3 * x, ["cube"]], [x, x], [x, 2 * x]], ""),
        (lambda x: [[x, x**2], [x, 3 * x], [x, x], [x, 2 * x]], ""),
    ],
)
def test_a_mistake_is_what_was_drawn_for_an_answer(lines, mistake):
    ((inputs, expected, _),) = tries(ROOTS, lambda x: None)
    shown = drawn(*inputs, lines=lines(*inputs), ylabel="y", labels=["square", "cube"])
    assert judge(ROOTS, [(inputs, expected, shown)]).mistake == mistake


def test_a_picture_without_a_line_is_told_as_one():
    assert judge(PLOT, [((0,), {"lines": []}, None)]).message == (
        "`draw` leaves no line and no point on a picture. Bars do not count; close no figure."
    )


def test_the_line_that_was_meant_is_told():
    index = judge_two(lambda x: [[x, x**2], [np.arange(5.0), x**3]]).message
    assert index == (
        "Line 2 of 2: its y is right, its x is not: Expected an array of shape (5,); "
        "5 of 5 entries are different."
    )
    value = judge_two(lambda x: [[x, x**2], [x, x**4]]).message
    assert value.startswith("Line 2 of 2: its x is right, its y is not: Expected an array of shape")
    assert judge_two(lambda x: [[x, x**2]]).message == "Line 2 of 2 is not there."


def test_points_may_come_in_any_order():
    question = replace(PLOT, reference=lambda x: {"points": np.c_[x, -x]})
    x = tries(question, lambda x: None)[0][0][0]
    assert judge_plot(question, points=np.c_[x, -x][::-1].copy()).status == "right"
    assert judge_plot(question, points=np.c_[x, x]).status == "wrong"
    assert judge_plot(question).message.startswith("Expected 5 points, shape (5, 2), came shape")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.5, "a number"),
        (np.float32(1), "a number"),
        (True, "True or False"),
        ([1, "a"], "a list of 2: a number, a text"),
        ([1, 2.5, 3], "a list of 3 numbers"),
        (np.zeros((2, 1)), "an array of shape (2, 1)"),
        (None, "None"),
    ],
)
def test_values_are_described_without_their_numbers(value, words):
    assert described(value) == words


NOT_ALIKE = [1.0, 2.0, True, "a", "b", None, {}, {"a": 1}, {"a": 2}, [1, "a"], [1, "b"], [None]]
NOT_ALIKE += [np.zeros(3), np.zeros(2), [np.zeros(2), 1.0], (), Strange("complex"), [()]]


@pytest.mark.parametrize("k", range(len(NOT_ALIKE)))
def test_answers_of_any_kind_are_told_apart(k):
    """One right answer among many of another kind: no constant, which would bring nothing."""
    question = replace(yes(), reference=lambda x: x)
    other = NOT_ALIKE[k]
    done = [((0,), 9.0, 9.0), ((0,), 8.0, other), ((0,), 7.0, other)]
    assert judge(question, done).points == 1.0
    done = [((0,), 9.0, other), ((0,), 8.0, other), ((0,), 7.0, 7.0)]
    assert judge(question, done).points == 1.0


def test_constants_of_any_kind_bring_nothing():
    question = replace(yes(), reference=lambda x: x)
    for constant in (value for value in NOT_ALIKE if not isinstance(value, Strange)):
        done = [((0,), e, a) for e, a in ((5.0, constant), (constant, constant), (4.0, constant))]
        assert (judge(question, done).points, constant) == (0.0, constant)


def test_an_answer_is_shown_short():
    assert (shown(()), shown([]), shown(((), 1.0))) == ("()", "[]", "(), 1")
    assert shown({"k": ()}) == "k: ()"
    assert (described(()), described([])) == ("an empty tuple", "an empty list")
    assert shown(1 / 3) == "0.333333"
    assert shown(math.nan) == "nan"
    assert shown(np.arange(100.0)) == "[ 0., 1., ..., 98., 99.]"
    assert shown((1.5, np.zeros(2))) == "1.5, [0., 0.]"
    assert len(shown("x" * 1000)) == 160
    assert shown(Problem("error", "no")) == ""
