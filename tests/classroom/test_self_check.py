"""`check` in a student's notebook: a sentence for every answer, the same as the grade's."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assigned import NAMES, source, tries, wrong
from classroom import check, release, selfcheck
from classroom.judging import judge
from classroom.questions import PUBLIC_SEED, Choice, ClassCalls, Manual, Plot
from classroom.source import text_of
from drawn import plt

CALLED = [
    (name, q.id)
    for name in NAMES
    for q in source(name).assignment.questions
    if not isinstance(q, (Choice, Manual))
]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """Every check runs where no recorded numbers lie, unless the test puts some there."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def said(capsys):
    """A function that returns the one line that `check` prints."""

    def one_line(question, *answer):
        capsys.readouterr()
        assert check(question, *answer) is None
        (line,) = capsys.readouterr().out.splitlines()
        return line

    return one_line


def slope(a):
    return (1 - np.abs(a)) ** 2


# ---------------------------------------------------------------------------- verdicts


def test_right(said):
    assert said("01_perceptron/q2", slope) == "✓ Question 2: Right, on 6 inputs."


@pytest.mark.parametrize(
    ("question", "answer", "line"),
    [
        ("01_perceptron/q2", lambda a: (), "✗ Question 2: Expected an array of shape (4, 3), came"),
        ("01_perceptron/q6", lambda *args: ((), 1.0), "✗ Question 6: Expected a list of 7 numbers"),
        ("01_perceptron/q1", (), '✗ Question 1: Write one letter, "a", "b", "c" or "d", and'),
        (
            "04_gradient_checking/q5",
            lambda eps, f, fourth: (48 * eps * f / fourth) ** 0.25,
            "✗ Question 5: Right on 4 of 6 inputs. Expected a number, came something that is no",
        ),
    ],
)
def test_every_answer_has_a_line(said, question, answer, line):
    assert said(question, answer).startswith(line)


def test_a_known_mistake_is_named_with_the_students_own_number(said):
    line = said("01_perceptron/q2", lambda a: 1 - a**2)
    assert line.startswith("✗ Question 2: 1 − a² is the slope of tanh. Yours: [[0.")


def test_another_number_is_told_with_a_hint(said):
    line = said("01_perceptron/q5", lambda x, w, b, tau, t: 0.125)
    assert "Expected a number; the value differs." in line
    assert " tau = " in line and " x: an array of shape (" in line
    assert line.endswith(
        "Yours: 0.125. Hint: Four factors instead of three. Which of them holds τ?"
    )


def test_another_shape_is_told_with_both(said):
    line = said("01_perceptron/q4", lambda x, w, b, t: (np.zeros((1, len(x))), 0.0))
    assert line.startswith("✗ Question 4: Result 1: Expected shape (")
    assert ", came shape (1, " in line


def test_another_kind_is_told_with_both(said):
    line = said("01_perceptron/q4", lambda x, w, b, t: "no idea")
    assert line.startswith("✗ Question 4: Expected a tuple of 2: an array of shape (")
    assert "came a text." in line


def test_a_changed_input_is_no_right_answer(said):
    right = source("06_network_from_scratch").assignment.question("q2").reference

    def loss(Z, labels):
        Z -= Z.max(axis=1, keepdims=True)
        return right(Z, labels)

    assert said("06_network_from_scratch/q2", loss) == (
        "✗ Question 2: The values are right, but `Z` was changed. Work on a copy."
    )


def test_one_answers_changes_do_not_reach_the_next_check(said):
    def spoils(a):
        result = slope(a)
        a[:] = 99
        return result

    assert said("01_perceptron/q2", spoils) == said("01_perceptron/q2", slope)


def test_the_same_answer_gets_the_same_words(said):
    answer = lambda x, w, b, t: (x, t)  # noqa: E731
    assert said("01_perceptron/q4", answer) == said("01_perceptron/q4", answer)


def test_a_choice_is_noted_and_not_judged(said):
    for letter in ("a", "b", " C "):
        line = said("01_perceptron/q1", letter)
        assert line == (
            f"· Question 1: your answer is {letter.strip().lower()!r}. Whether it is right, "
            "the grade will tell."
        )


@pytest.mark.parametrize(
    ("answer", "came"), [("e", "'e'"), (3, "a number"), (["a"], "a list of 1: a text")]
)
def test_what_is_no_letter_is_told(said, answer, came):
    line = said("01_perceptron/q1", answer)
    wanted = 'Write one letter, "a", "b", "c" or "d", and nothing else.'
    assert line == f"✗ Question 1: {wanted} Yours: {came}."


def test_a_derivation_is_marked_by_hand(said):
    assert said("01_perceptron/q3", "see above") == "· Question 3: this one is marked by hand."


@pytest.mark.parametrize("answer", [None, ..., lambda a: None, lambda a: ...])
def test_no_answer_yet(said, answer):
    assert said("01_perceptron/q2", answer) == "… Question 2: no answer yet."


@pytest.mark.parametrize(("name", "id"), CALLED)
def test_every_known_mistake_gets_the_sentence_of_the_grade(name, id, said):
    """The recorded numbers tell the same as the checks module, whose code is not there."""
    q = source(name).assignment.question(id)
    for mistake, known in q.mistakes.items():
        if isinstance(q, Plot):
            answer = drawing_of(known.wrong)
        elif isinstance(q, ClassCalls):
            answer = known.wrong
        else:
            answer = quietly(known.wrong)
        by_grade = judge(q, tries(name, q, PUBLIC_SEED, lambda i, m=known: wrong(q, m, i)))
        assert by_grade.mistake == mistake
        assert said(f"{name}/{id}", answer).startswith(f"✗ Question {id[1:]}: {by_grade.message}")


def quietly(function):
    def called(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    return called


def drawing_of(reference):
    """A function that draws what a plot's reference, or its mistake, says."""

    def draw(*args):
        shown = reference(*args)
        ax = plt.subplots()[1]
        for (x, y), label in zip(shown["lines"], shown["labels"], strict=True):
            ax.plot(x, y, label=label)
        ax.set(xlabel="x", ylabel="y", yscale=shown["yscale"], xscale=shown.get("xscale", "linear"))
        ax.legend()

    return draw


# ---------------------------------------------------------------------------- errors


def test_an_exception_is_told_with_its_place(said):
    space = {}
    exec(compile("def slope(a):\n    b = 1\n    return b / 0", "<cell>", "exec"), space)
    told = "ZeroDivisionError in `slope`, line 3 of its cell: division by zero. The input: a"
    assert said("01_perceptron/q2", space["slope"]).startswith(f"✗ Question 2: {told}")


def test_another_number_of_arguments_is_told(said):
    line = said("01_perceptron/q2", lambda a, b: a)
    assert line.startswith("✗ Question 2: TypeError: ")
    assert "missing 1 required positional argument: 'b'" in line


def ends(error):
    def answer(a):
        raise error

    return answer


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize("error", [SystemExit(3), RecursionError(), MemoryError(), Mute()])
def test_no_exception_gets_out(said, error):
    line = said("01_perceptron/q2", ends(error))
    assert line.startswith(f"✗ Question 2: {type(error).__name__} in `answer`")


def test_an_interrupt_from_the_keyboard_gets_out():
    with pytest.raises(KeyboardInterrupt):
        check("01_perceptron/q2", ends(KeyboardInterrupt()))


class Hostile:
    """Refuses whatever is asked of it."""

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("compared")

    __hash__ = None


odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.complex_numbers()
    | st.sampled_from([..., object(), int, np.float32(2), np.array(["a"]), range(3)])
    | st.just(np.array([None, 1], dtype=object)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(max_examples=40)
@given(odd, st.sampled_from(["q1", "q2", "q4", "q6", "q7"]))
def test_odd_answers_are_told_in_one_line(answer, id):
    known = selfcheck._question("02_many_outputs", id)
    for given_answer in (answer, lambda *args: answer):
        status, sentence = selfcheck._verdict(known, given_answer)
        assert status != "right"
        assert sentence and "\n" not in sentence


def test_an_object_that_refuses_everything_is_told(said):
    came = "came something that is no plain value (Hostile)."
    assert said("01_perceptron/q2", Hostile()) == f"✗ Question 2: Expected a function, {came}"
    assert came in said("01_perceptron/q2", lambda a: Hostile())
    assert said("01_perceptron/q1", Hostile()).endswith("Yours: " + came.removeprefix("came "))


# ---------------------------------------------------------------------------- classes


class Layer:
    """As asked for in assignment 2, but for what a subclass spoils."""

    def __init__(self, W, b):
        self.W, self.b = W.copy(), b.copy()

    def forward(self, X):
        self.X, self.A = X, 1 / (1 + np.exp(-(X @ self.W + self.b)))
        return self.A

    def backward(self, dA):
        delta = dA * self.A * (1 - self.A)
        self.dW, self.db = self.X.T @ delta, delta.sum(axis=0)
        return delta @ self.W.T

    def step(self, eta):
        self.W -= eta * self.dW
        self.b -= eta * self.db


def test_a_class_is_right(said):
    assert said("02_many_outputs/q6", Layer) == "✓ Question 6: Right, on 4 inputs."


def test_the_step_that_differs_is_named(said):
    class Forgets(Layer):
        def backward(self, dA):
            dX = super().backward(dA)
            self.db = self.db + 1
            return dX

    line = said("02_many_outputs/q6", Forgets)
    assert line.startswith(
        "✗ Question 6: After `Layer(…)`, `forward`, `backward`: `db` has the right shape (3,), but "
        "3 of 3 entries are different. Yours: db: ["
    )


def test_a_class_that_changes_what_it_was_given_is_told(said):
    class Keeps(Layer):
        def __init__(self, W, b):
            self.W, self.b = W, b.copy()

    line = said("02_many_outputs/q6", Keeps)
    assert line.startswith(
        "✗ Question 6: The values are right, but `W` was changed. Work on a copy."
    )


def test_a_method_that_raises_is_named(said):
    class Raises(Layer):
        def backward(self, dA):
            return dA @ np.zeros(9)

    line = said("02_many_outputs/q6", Raises)
    assert line.startswith(
        "✗ Question 6: After `Layer(…)`, `forward`: `backward`: ValueError in `backward`, line "
    )


def test_an_object_where_a_class_is_asked(said):
    made = Layer(np.eye(3), np.zeros(3))
    line = said("02_many_outputs/q6", made)
    assert line == (
        "✗ Question 6: Expected a class, came something that is no plain value (Layer)."
    )


# ---------------------------------------------------------------------------- earlier answers


def notebook(**changes):
    """The names of assignment 6's solution, with some lines of it changed."""
    space = {}
    for cell in source("06_network_from_scratch").notebook["cells"][:16]:
        if cell["cell_type"] == "code" and "check(" not in text_of(cell):
            text = text_of(cell)
            for old, new in changes.items():
                text = text.replace(*new) if old in text else text
            exec(text.replace("from classroom import check", ""), space)
    return space


def test_an_answer_that_calls_a_wrong_one_says_which_to_mend_first(said):
    space = notebook(cross_entropy=("labels].mean()", "labels].sum()"))
    first = "is not right yet, and this answer calls it: mend that first."
    assert said("06_network_from_scratch/q4", space["Net"]) == f"✗ Question 4: Question 2 {first}"
    assert said("06_network_from_scratch/q5", space["train"]) == (
        "✗ Question 5: Questions 2 and 4 are not right yet, and this answer calls them: "
        "mend those first."
    )
    open_one = notebook(cross_entropy=("labels].mean()", "labels].mean() * None"))
    assert first in said("06_network_from_scratch/q4", open_one["Net"])


def test_an_answer_that_is_wrong_by_itself_hears_of_itself(said):
    space = notebook(Net=("        self.b1 -= eta * db1\n        self.W2", "        self.W2"))
    told = "After `Net(…)`, `scores`, `gradients`, `step`: what `step` returns: Expected a number;"
    assert told in said("06_network_from_scratch/q4", space["Net"])
    right = notebook()
    assert said("06_network_from_scratch/q5", right["train"]).startswith("✓ Question 5")


# ---------------------------------------------------------------------------- pictures


def both_lines(z, show=False):
    o, a = 1 / (1 + np.exp(-z)), z / (1 + z)
    plt.semilogy(z, o**2 * (1 - o), label="sigmoid")
    plt.semilogy(z, a * (1 - a) ** 2, label="softsign")
    plt.xlabel("z")
    plt.ylabel("delta")
    plt.legend()
    if show:
        plt.show()


@pytest.mark.parametrize("show", [False, True])
def test_a_picture_is_right_and_leaves_nothing_open(said, monkeypatch, show):
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))  # as in a notebook
    kept = plt.show
    mine = plt.figure()
    assert said("01_perceptron/q7", lambda z: both_lines(z, show)) == (
        "✓ Question 7: Right, on 2 inputs."
    )
    assert plt.get_fignums() == [mine.number] and not mine.axes
    assert plt.show is kept


def test_a_picture_without_words_or_lines_is_told(said):
    def no_names(z):
        both_lines(z)
        plt.xlabel("")

    assert "The label of the x axis is missing." in said("01_perceptron/q7", no_names)
    assert said("01_perceptron/q7", lambda z: None) == "… Question 7: no answer yet."
    for end in (plt.close, plt.clf, lambda: plt.gca().cla()):
        line = said("01_perceptron/q7", lambda z, end=end: (plt.plot(z, z), end()))
        assert line.startswith("… Question 7: `draw` leaves no line and no point on a picture.")
    assert "Bars do not count" in said("01_perceptron/q7", lambda z: plt.bar(z, z) and None)


# ---------------------------------------------------------------------------- what is recorded


def test_recorded_numbers_beside_the_notebook_come_first(said, tmp_path):
    changed = selfcheck.record(source("01_perceptron").assignment)
    changed["questions"][1]["mistakes"][0]["sentence"] = "A sentence of this course's own."
    (tmp_path / "01_perceptron.checks.json").write_text(json.dumps(changed), encoding="utf-8")
    line = said("01_perceptron/q2", lambda a: 1 - np.abs(a))
    assert line.startswith("✗ Question 2: A sentence of this course's own.")


def test_an_assignment_of_ones_own_is_checked_from_its_released_folder(said, tmp_path, monkeypatch):
    path = source("03_backprop_deltas").path
    monkeypatch.chdir(release.release(path, tmp_path))
    monkeypatch.setattr(selfcheck.importlib.resources, "files", lambda package: tmp_path / "none")
    line = said("03_backprop_deltas/q2", lambda sizes, l: sum(sizes[l + 1 :]))
    assert line.startswith("✗ Question 2: The widths were added.")


def test_without_recorded_numbers_it_says_what_to_do(said):
    assert said("07_ours/q1", slope) == (
        "? Nothing to check '07_ours' against: put 07_ours.checks.json, which came with the "
        "notebook, into the notebook's folder. Your answers are graded all the same."
    )


@pytest.mark.parametrize("name", ["", "../01_perceptron", "/etc/passwd", "01_perceptron"])
def test_odd_names_are_told_in_one_line(said, name):
    assert said(name, slope).startswith("? ")


def test_an_unknown_question_is_told_which_there_are(said):
    assert said("01_perceptron/q9", slope) == (
        "? 01_perceptron has no question 'q9': there are q1, q2, q3, q4, q5, q6, q7."
    )


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": 1}', '{"format": 1, "questions": 3}'])
def test_a_damaged_file_is_told(said, tmp_path, text):
    (tmp_path / "01_perceptron.checks.json").write_text(text)
    assert said("01_perceptron/q2", slope) == (
        "? 01_perceptron.checks.json is damaged: take a fresh copy of the assignment."
    )


def test_a_file_of_another_format_is_told(said, tmp_path):
    (tmp_path / "01_perceptron.checks.json").write_text('{"format": 9, "questions": []}')
    assert "has format 9, this package reads 1" in said("01_perceptron/q2", slope)


@pytest.mark.parametrize("name", NAMES)
def test_the_right_letter_is_not_recorded(name):
    recorded = selfcheck.record(source(name).assignment)
    choices = [q for q in recorded["questions"] if q["kind"] == "Choice"]
    assert choices
    for q in choices:
        assert set(q) == {"id", "title", "kind", "calls", "letters"}
        assert q["letters"] == ["a", "b", "c", "d"]
    words = json.dumps(recorded, ensure_ascii=False)
    for q in source(name).assignment.questions:
        for sentence in getattr(q, "wrong", {}).values():
            assert sentence not in words


def test_the_package_is_light():
    """Neither torch nor Matplotlib nor the chapters' package is loaded for a check."""
    code = (
        "import sys; from classroom import check; check('01_perceptron/q2', lambda a: a);"
        "print(sorted({'torch', 'matplotlib', 'backprop', 'pandas'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ}, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"
    assert run.stderr == ""
