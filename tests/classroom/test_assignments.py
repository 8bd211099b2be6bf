"""The book's assignments: sources that run, checks that tell right from every known mistake."""

import ast
import contextlib
import io
import json
import re

import numpy as np
import pytest
from docutils.nodes import make_id

from assigned import NAMES, ROOT, answered, run, solutions, source, tries, wrong
from backprop import Dense, Network
from backprop.mistakes import MISTAKES
from classroom.classics import classics
from classroom.judging import judge
from classroom.questions import (
    PUBLIC_SEED,
    Choice,
    ClassCalls,
    Function,
    Manual,
    Plot,
    tries_of,
)
from classroom.sections import RECORDED, place, titles_of
from classroom.selfcheck import record
from classroom.source import text_of
from classroom.values import Strange, decode

SEEDS = ["a course's secret", "another year"]
QUESTIONS = [(name, q.id) for name in NAMES for q in source(name).assignment.questions]
CALLED = [
    (name, id)
    for name, id in QUESTIONS
    if not isinstance(source(name).assignment.question(id), (Choice, Manual))
]
CHOICES = [q for q in QUESTIONS if isinstance(source(q[0]).assignment.question(q[1]), Choice)]


def question(name, id):
    return source(name).assignment.question(id)


def test_there_are_six():
    assert [name[:2] for name in NAMES] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("name", NAMES)
def test_size(name):
    assignment = source(name).assignment
    assert 5 <= len(assignment.questions) <= 8
    assert assignment.points == 20
    assert f"\n{assignment.points} points." in text_of(source(name).notebook["cells"][0])


def test_every_kind_of_question_is_asked_at_least_twice():
    for kind in (Function, ClassCalls, Plot, Choice, Manual):
        assert sum(isinstance(question(*q), kind) for q in QUESTIONS) >= 2, kind.__name__
    loops = [
        q for q in QUESTIONS if getattr(question(*q), "calls", "") in ("train", "clipped_walk")
    ]
    assert len(loops) >= 2


# ---------------------------------------------------------------------------- the notebooks


@pytest.mark.parametrize("name", NAMES)
def test_the_stub_is_the_solution_minus_blanks(name):
    pairs = zip(source(name).notebook["cells"], source(name).student_cells(), strict=True)
    for cell, handed_out in pairs:
        stub = text_of(handed_out).splitlines()
        inside, k = False, 0
        for line in text_of(cell).splitlines():
            if "BEGIN SOLUTION" in line:
                inside, blank = True, re.sub(r"(###|<!--) BEGIN SOLUTION ?(-->)?", "", line)
                assert stub[k].strip() == (blank.strip() or "*Your answer here.*")
                k += 1
            elif "END SOLUTION" in line:
                inside = False
            elif not inside:
                assert stub[k] == line
                k += 1
        assert k == len(stub)


def said(cells):
    """What is printed while the cells run, line by line."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        for cell in cells:
            cell["source"] = text_of(cell)
        space = {}
        for cell in cells:
            if cell["cell_type"] == "code":
                exec(compile(cell["source"], cell["id"], "exec"), space)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_the_source_runs_and_its_own_checks_say_right(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no recorded numbers beside it: those of the package
    lines = said(json.loads(json.dumps(source(name).notebook["cells"])))
    questions = source(name).assignment.questions
    assert len(lines) == sum(not isinstance(q, Manual) for q in questions)
    for line, q in zip(lines, (q for q in questions if not isinstance(q, Manual)), strict=True):
        sign = "·" if isinstance(q, Choice) else "✓"
        assert line.startswith(f"{sign} Question {q.id[1:]}: "), line


@pytest.mark.parametrize("name", NAMES)
def test_as_handed_out_every_question_is_open(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in said(source(name).student_cells()):
        assert re.fullmatch(r"… Question \d: no answer yet\.", line), line


@pytest.mark.parametrize(("name", "id"), QUESTIONS)
def test_the_heading_stands_before_its_answer(name, id):
    answer = next(a for a in source(name).answers if a.id == id)
    assert answer.heading == f"Question {id[1:]} · {question(name, id).title}"


@pytest.mark.parametrize("name", NAMES)
def test_sections_that_are_named_are_there(name):
    """In the statements "section 9.5", in the checks a page and an anchor."""
    headings = {}
    for path in sorted(ROOT.glob("chapters/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [text_of(c) for c in cells if c["cell_type"] == "markdown"]
        headings[path.stem] = re.findall(r"^#{2,3} +(.+?)\s*$", "\n".join(texts), re.M)
    numbers = {h.split()[0] for found in headings.values() for h in found}
    statements = "\n".join(
        text_of(c) for c in source(name).notebook["cells"] if c["cell_type"] == "markdown"
    )
    for number in re.findall(r"section (\d+\.\d+)", statements):
        assert number in numbers, number
    for page in re.findall(r"\]\(\.\./chapters/(\w+)\.ipynb", statements):
        assert page in headings, page
    for q in source(name).assignment.questions:
        page, _, anchor = q.section.removeprefix("chapters/").partition(".html#")
        assert page in headings, q.section
        assert not anchor or anchor in map(make_id, headings[page]), q.section


@pytest.mark.parametrize(("name", "id"), CALLED)
def test_a_solution_imports_only_what_its_question_may(name, id):
    """Its own cell and the names it uses from the rest of the notebook."""
    allowed = {*question(name, id).imports, "classroom", "matplotlib"}
    cells = source(name).notebook["cells"]
    own = next(c for c in cells if c["metadata"]["nbgrader"]["grade_id"] == id)
    nodes = [n for c in (cells[1], own) for n in ast.walk(ast.parse(text_of(c)))]
    used = {a.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
    used |= {n.module.split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)}
    assert used - {"numpy"} <= allowed
    if "backprop" not in question(name, id).imports:
        assert "backprop" not in used


# ---------------------------------------------------------------------------- the checks


@pytest.mark.parametrize(("name", "id"), QUESTIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_solution_is_right_on_secret_inputs(name, id, seed):
    q = question(name, id)
    if isinstance(q, Manual):
        assert judge(q, []).status == "manual"
        return
    answer = solutions(name)[q.calls]
    verdict = judge(q, tries(name, q, seed, lambda inputs: answered(q, answer, inputs)))
    assert (verdict.status, verdict.points) == ("right", q.points), verdict.message


@pytest.mark.parametrize(("name", "id"), CALLED)
@pytest.mark.parametrize("seed", [*SEEDS, PUBLIC_SEED])
def test_every_known_mistake_is_told_by_its_name(name, id, seed):
    """So each differs from the right answer and from all others on the inputs that are drawn."""
    q = question(name, id)
    assert len(q.mistakes) >= 2
    for mistake, known in q.mistakes.items():
        verdict = judge(q, tries(name, q, seed, lambda inputs, m=known: wrong(q, m, inputs)))
        assert (verdict.status, verdict.mistake) == ("mistake", mistake), verdict.message
        assert verdict.message == known.sentence
        assert verdict.points < q.points


@pytest.mark.parametrize(("name", "id"), CHOICES)
def test_every_wrong_letter_is_told_why(name, id):
    q = question(name, id)
    statement = next(text_of(c) for c in source(name).notebook["cells"] if q.title in text_of(c))
    assert re.findall(r"^- \*\*(\w)\*\*", statement, re.M) == list(q.letters)
    assert judge(q, [((), q.right, q.right)]).status == "right"
    for letter, sentence in q.wrong.items():
        verdict = judge(q, [((), q.right, letter)])
        assert (verdict.points, verdict.message) == (0, sentence)


@pytest.mark.parametrize(("name", "id"), CALLED)
def test_inputs_differ_from_try_to_try_and_from_seed_to_seed(name, id):
    drawn = [
        repr(t)
        for seed in SEEDS
        for t in tries_of(source(name).assignment, question(name, id), seed)
    ]
    assert len(set(drawn)) > len(drawn) / 2
    again = [
        repr(t)
        for seed in SEEDS
        for t in tries_of(source(name).assignment, question(name, id), seed)
    ]
    assert drawn == again


# ------------------------------------------------------------------- what the package carries


def flat(value):
    """The leaves of a recorded value, coded values decoded."""
    if isinstance(value, dict) and set(value) <= {"array", "list", "tuple", "dict", "strange"}:
        value = decode(value)
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in flat(part)]
    return [value]


@pytest.mark.parametrize("name", NAMES)
def test_the_packages_recorded_numbers_are_those_of_the_checks(name):
    """If not: `classroom build` in the book's folder renews them."""
    path = ROOT / "code" / "classroom" / "recorded" / f"{name}.checks.json"
    carried = flat(json.loads(path.read_text(encoding="utf-8")))
    fresh = flat(json.loads(json.dumps(record(source(name).assignment))))
    assert len(carried) == len(fresh)
    for old, new in zip(carried, fresh, strict=True):
        assert not isinstance(new, Strange), new
        if isinstance(new, (float, np.ndarray)):
            # Another machine may round otherwise; a difference of roundings is rounding's size.
            np.testing.assert_allclose(old, new, rtol=1e-8, atol=1e-11)
        else:
            assert old == new


def test_the_package_carries_no_assignment_that_is_no_more():
    carried = ROOT.glob("code/classroom/recorded/*.checks.json")
    assert sorted(path.name.removesuffix(".checks.json") for path in carried) == NAMES


def test_the_packages_titles_are_those_of_the_chapters():
    """If not: `classroom build` in the book's folder renews them."""
    assert json.loads(RECORDED.read_text(encoding="utf-8")) == titles_of(ROOT)


def test_a_place_in_the_book_is_called_by_its_title():
    there = "chapters/01_perceptron.html#three-factors"
    assert place(there) == (there, "1 · The perceptron: 1.3 Three factors")
    assert place("chapters/01_perceptron.html#") == (
        "chapters/01_perceptron.html",
        "1 · The perceptron",
    )
    own = "chapters/16_my_own.html#a-first-try"
    assert place(own) == (own, "16 my own: a first try")


@pytest.mark.parametrize("name", NAMES)
def test_every_place_that_a_question_names_has_a_title(name):
    known = titles_of(ROOT)
    for q in source(name).assignment.questions:
        assert not q.section or place(q.section)[0] in known, q.section


def test_run_is_what_a_notebook_does():
    cells = [
        {"cell_type": "markdown", "id": "a", "source": "x = 1"},
        {"cell_type": "code", "id": "b", "source": ["x = 2\n", "y = x"]},
    ]
    assert run(cells, {})["y"] == 2


# ---------------------------------------------------------------------------- the gallery's


def test_classic_mistakes_come_from_the_gallery_with_its_words():
    q = question("03_backprop_deltas", "q3")
    taken = [name for name in q.mistakes if name in MISTAKES]
    assert len(taken) >= 12
    for name in taken:
        assert q.mistakes[name].sentence == MISTAKES[name].sentence


def test_a_classic_is_what_the_gallery_makes_of_the_network(rng):
    net = Network([Dense.random(3, 4, "tanh", rng), Dense.random(4, 2, "identity", rng)])
    X, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    (wrong, sentence) = classics(lambda: (net, X, T), "slope dropped")["slope dropped"]
    made = MISTAKES["slope dropped"].backward(net, X, T)
    for ours, theirs in zip(wrong(), (made.dW[0], made.db[0], made.dW[1], made.db[1]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sentence == MISTAKES["slope dropped"].sentence


def test_a_mistake_that_the_gallery_does_not_have_is_refused():
    with pytest.raises(KeyError, match=r"expected some of sign turned, .*, came 'slope lost'"):
        classics(lambda: None, "sign turned", "slope lost")
