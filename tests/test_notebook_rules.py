"""Each rule convicts a notebook that breaks it, and a good notebook passes all of them."""

import base64
import copy
from pathlib import Path

import pytest

import notebook_rules as rules
import prose_numbers
from backprop.figures import Perceptron

PNG = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}, "metadata": {}}

FIGURE = {
    "output_type": "execute_result",
    "data": {"image/png": "iVBORw0KGgo=", rules.VIEW: {"model_id": "01"}, "text/plain": "P()"},
    "metadata": {},
}


def markdown(cell_id, source):
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}


def code(cell_id, source, *outputs, **metadata):
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": metadata,
        "source": source,
        "execution_count": None,
        "outputs": list(outputs),
    }


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def one_exercise(n):
    """The four cells of exercise 5.n."""
    name = f"5.{n}"
    task = (
        f":::{{admonition}} Exercise {name} · Halve it\n:class: exercise\nHalve x.\n:::\n\n"
        '<details class="hint"><summary>Hint</summary>\n\nDivide.\n\n</details>'
    )
    words = '<details class="solution"><summary>Solution</summary>\n\nDivide by 2.\n\n</details>'
    return [
        markdown(f"task-{n}", task),
        code(
            f"stub-{n}",
            f'y = ...\ncheck("{name}", y)',
            stream(f"… Exercise {name}: no answer yet.\n"),
            tags=["exercise"],
        ),
        markdown(f"words-{n}", words),
        code(
            f"solution-{n}",
            f'y = x / 2\ncheck("{name}", y)',
            stream(f"✓ Exercise {name}: right.\n"),
            tags=["hide-cell", "solution"],
        ),
    ]


def good_chapter():
    """A small chapter 05 that keeps every rule."""
    alt = "A straight line that rises from the lower left corner to the upper right corner"
    figure = {"image": {"alt": alt}, "figure": {"caption": "A line.", "name": "fig-line"}}
    cells = [
        markdown("a", "# 5 · Deltas\n\nA question of 20,000 steps."),
        code(
            "b", "from backprop import Network\nprint(0.5 / 3, 20_000)", stream("0.16667 20000\n")
        ),
        markdown("c", "$$\na = 0.1667\n$$ (delta-hidden)\n\nSee {eq}`delta-hidden`."),
        code("d", "draw()", PNG, mystnb=figure),
        code("touch", "Perceptron(x, w)", copy.deepcopy(FIGURE), mystnb=figure),
        *(cell for n in (1, 2, 3, 4) for cell in one_exercise(n)),
    ]
    executed = (cell for cell in cells if cell["cell_type"] == "code")
    for count, cell in enumerate(executed, 1):
        cell["execution_count"] = count
    shown = {
        "_anywidget_id": "backprop.figures.perceptron.Perceptron",
        "_esm": Perceptron._esm,
        "_css": Perceptron._css,
    }
    about = {
        "language_info": {"name": "python"},
        "kernelspec": {"name": "python3"},
        "widgets": {rules.STATE: {"state": {"01": {"state": shown}}}},
    }
    notebook = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return rules.Chapter(Path("chapters/05_deltas.ipynb"), notebook)


@pytest.fixture
def chapter():
    return good_chapter()


@pytest.mark.parametrize("rule", rules.CHAPTER_RULES, ids=lambda rule: rule.__name__)
def test_the_good_chapter_passes(rule, chapter):
    assert list(rule(chapter)) == []


def cell(chapter, cell_id):
    return next(c for c in chapter.cells if c["id"] == cell_id)


def never_executed(chapter):
    for c in chapter.code:
        c["execution_count"] = None


def executed_out_of_order(chapter):
    chapter.code[0]["execution_count"], chapter.code[1]["execution_count"] = 2, 1


def executed_twice(chapter):
    chapter.code[-1]["execution_count"] += 1


def empty_cell(chapter):
    chapter.cells.append(code("z", "  \n"))


def skipped_by_tag(chapter):
    cell(chapter, "b")["metadata"]["tags"] = ["nbval-skip"]


def skipped_by_comment(chapter):
    cell(chapter, "b")["source"] = "# a good reason that is long enough\n# NBVAL_SKIP\nx = 1"


def ignored_without_reason(chapter):
    cell(chapter, "b")["source"] = "# NBVAL_IGNORE_OUTPUT\nx = 1"


def error_expected(chapter):
    cell(chapter, "b")["metadata"]["tags"] = ["raises-exception"]


def one_long_cell(chapter):
    cell(chapter, "b")["source"] = "\n".join(f"x{n} = {n}" for n in range(31))


def long_cells_everywhere(chapter):
    for c in chapter.code:
        c["source"] = "\n".join(f"x{n} = {n}" for n in range(13))


def star_import(chapter):
    cell(chapter, "b")["source"] = "from numpy import *"


def star_import_in_a_block(chapter):
    cell(chapter, "b")["source"] = "if True:\n    from numpy import *"


def magic(chapter):
    cell(chapter, "b")["source"] = "%matplotlib inline"


def error_output(chapter):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    cell(chapter, "b")["outputs"].append(error)


def stderr_output(chapter):
    cell(chapter, "b")["outputs"].append(stream("RuntimeWarning: overflow", "stderr"))


def path_in_output(chapter):
    cell(chapter, "b")["outputs"].append(stream("saved to /home/ada/backprop/x.npz"))


def address_in_output(chapter):
    result = {"data": {"text/plain": "<object at 0x7f88a1c0>"}, "output_type": "execute_result"}
    cell(chapter, "b")["outputs"].append(result)


def invented_number(chapter):
    cell(chapter, "a")["source"] += " The loss is 0.291."


def invented_number_in_latex(chapter):
    cell(chapter, "c")["source"] += "\n\n$\\delta = 2{,}718$"


def figure_without_alt(chapter):
    del cell(chapter, "d")["metadata"]["mystnb"]["image"]


def alt_that_repeats_the_caption(chapter):
    about = cell(chapter, "d")["metadata"]["mystnb"]
    about["figure"]["caption"] = about["image"]["alt"]


def two_pictures_in_a_cell(chapter):
    cell(chapter, "d")["outputs"].append(PNG)


def markdown_picture_without_alt(chapter):
    cell(chapter, "a")["source"] += "\n\n![](x.png)"


def picture_that_is_small_on_a_phone(chapter):
    start = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (811).to_bytes(4) + (400).to_bytes(4)
    data = {"image/png": base64.b64encode(start).decode("ascii")}
    cell(chapter, "d")["outputs"][0] = {**PNG, "data": data}


def same_id_twice(chapter):
    cell(chapter, "c")["id"] = "a"


def megabytes(chapter):
    cell(chapter, "d")["outputs"][0] = {**PNG, "data": {"image/png": "A" * 1_500_001}}


def exact_python_version(chapter):
    chapter.notebook["metadata"]["language_info"]["version"] = "3.11.7"


def stored_timing(chapter):
    cell(chapter, "b")["metadata"]["execution"] = {"iopub.execute_input": "2026-01-01"}


def wrong_number_in_title(chapter):
    cell(chapter, "a")["source"] = "# 3 · Deltas"


def second_title(chapter):
    cell(chapter, "c")["source"] = "# Another title"


def three_exercises(chapter):
    del chapter.cells[-4:]


def exercise_numbered_twice(chapter):
    chapter.cells[-8:-4] = one_exercise(4)


def no_hint(chapter):
    task = cell(chapter, "task-2")
    task["source"] = task["source"].partition("<details")[0]


def hint_without_blank_line(chapter):
    task = cell(chapter, "task-2")
    task["source"] = task["source"].replace("</summary>\n\n", "</summary>\n")


def no_solution(chapter):
    chapter.cells.remove(cell(chapter, "words-2"))


def solution_shown(chapter):
    cell(chapter, "solution-2")["metadata"]["tags"] = ["solution"]


def stub_that_passes(chapter):
    cell(chapter, "stub-2")["outputs"] = [stream("✓ Exercise 5.2: right.\n")]


def solution_that_fails(chapter):
    cell(chapter, "solution-2")["outputs"] = [stream("✗ Exercise 5.2: not yet.\n")]


def check_of_another_exercise(chapter):
    cell(chapter, "solution-2")["source"] = 'check("5.1", y)'


def no_check(chapter):
    cell(chapter, "stub-2")["source"] = "y = ..."


def stored_figure(chapter):
    return chapter.notebook["metadata"]["widgets"][rules.STATE]["state"]["01"]["state"]


def figure_without_picture(chapter):
    del cell(chapter, "touch")["outputs"][0]["data"]["image/png"]


def figure_without_state(chapter):
    del chapter.notebook["metadata"]["widgets"]


def figure_with_an_old_script(chapter):
    stored_figure(chapter)["_esm"] += "// old"


def figure_with_an_old_style(chapter):
    stored_figure(chapter)["_css"] = ""


CONVICTED = {
    rules.executed_in_order: [never_executed, executed_out_of_order, executed_twice, empty_cell],
    rules.nothing_hidden_from_nbval: [
        skipped_by_tag,
        skipped_by_comment,
        ignored_without_reason,
        error_expected,
    ],
    rules.short_cells: [one_long_cell, long_cells_everywhere],
    rules.no_star_imports: [star_import, star_import_in_a_block, magic],
    rules.clean_outputs: [error_output, stderr_output, path_in_output, address_in_output],
    rules.computed_prose: [invented_number, invented_number_in_latex],
    rules.pictures_have_words: [
        figure_without_alt,
        alt_that_repeats_the_caption,
        two_pictures_in_a_cell,
        markdown_picture_without_alt,
    ],
    rules.pictures_fit_a_phone: [picture_that_is_small_on_a_phone],
    rules.figures_are_stored: [
        figure_without_picture,
        figure_without_state,
        figure_with_an_old_script,
        figure_with_an_old_style,
    ],
    rules.tidy_file: [same_id_twice, megabytes, exact_python_version, stored_timing],
    rules.numbered_title: [wrong_number_in_title, second_title],
    rules.exercises: [
        three_exercises,
        exercise_numbered_twice,
        no_hint,
        hint_without_blank_line,
        no_solution,
        solution_shown,
        stub_that_passes,
        solution_that_fails,
        check_of_another_exercise,
        no_check,
    ],
}


def test_every_rule_has_a_case():
    assert set(CONVICTED) == set(rules.CHAPTER_RULES)
    assert set(BOOK_CASES) == set(rules.BOOK_RULES)


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [(rule, spoil) for rule, spoils in CONVICTED.items() for spoil in spoils],
    ids=lambda function: function.__name__,
)
def test_convicts(rule, spoil, chapter):
    spoil(chapter)
    assert list(rule(chapter))


def test_hints_and_solutions_may_be_dropdowns(chapter):
    for kind, label, said in [
        ("hint", "Hint", "Divide."),
        ("solution", "Solution", "Divide by 2."),
    ]:
        html = f'<details class="{kind}"><summary>{label}</summary>\n\n{said}\n\n</details>'
        myst = f":::{{dropdown}} {label}\n:class-container: {kind}\n\n{said}\n:::"
        cells = [c for c in chapter.markdown if html in c["source"]]
        assert len(cells) == 4
        for c in cells:
            c["source"] = c["source"].replace(html, myst)
    assert list(rules.exercises(chapter)) == []
    cells[0]["source"] = cells[0]["source"].replace(":class-container: solution\n", "")
    assert len(list(rules.exercises(chapter))) == 1


def test_output_that_differs_every_time_may_be_ignored_with_a_reason(chapter):
    said = "# seconds: they differ from machine to machine\n# NBVAL_IGNORE_OUTPUT\nx = 1"
    cell(chapter, "b")["source"] = said
    assert list(rules.nothing_hidden_from_nbval(chapter)) == []


def test_a_complaint_names_cell_and_offence(chapter):
    cell(chapter, "a")["source"] += " The loss is 0.291."
    assert list(rules.computed_prose(chapter)) == [
        "cell a ('# 5 · Deltas'): 0.291 stands in no output or source of the chapter"
    ]


# --- numbers in prose -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "computed"),
    [
        ("0.291", "0.291027774"),  # rounded
        ("0.2910…", "0.29109"),  # cut
        (r"$0.2910\dots$", "0.29109"),
        ("20,000", "20000"),
        (r"$20{,}000$", "20_000"),
        (r"$20\,000$", "20000"),
        ("90,000 starts", "np.zeros(90000)"),
        ("−2.7681", "[4.0530, -2.7681]"),
        (r"$-2.7681$", "[ 4.0530 -2.7681]"),
        ("falls by 2.7681", "-2.7681"),  # a size has no sign
        (r"$1.52 \times 10^{-7}$", "1.52e-07"),
        ("1.52×10⁻⁷", "1.524e-07"),
        (r"$\cdot0.731$", "0.731"),
        ("0.500", "0.5"),
        ("784-100-10", "shape (784, 100) and (100, 10)"),
        (r"$(170,100)$", "170 100"),
        ("0.05 and 12", ""),  # two digits
        ("`0.12345` and ```\n678\n```", ""),  # code
        ("[text](https://a.example/123456)", ""),
        ("{cite}`nielsen2015`", ""),
        ("Nielsen (2015) and in 1986 Rumelhart", ""),
        ("torch 2.13.0", ""),
        ("## 4.11 From 5 to 6 to 7", ""),
        ("see section 4.11.", ""),
        ("$$\nx\n$$ (step-1234)", ""),
        ('<img width="640">', ""),
    ],
)
def test_computed_number(said, computed):
    numbers = prose_numbers.computed_numbers([computed])
    assert list(prose_numbers.uncomputed(said, numbers)) == []


@pytest.mark.parametrize(
    ("said", "computed", "number"),
    [
        ("0.292", "0.291027774", "0.292"),
        ("0.2911", "0.291", "0.2911"),  # more digits than were computed
        ("0.29109", "0.2910", "0.29109"),
        ("0.2911…", "0.29107", "0.2911…"),  # rounded, then called cut
        ("−0.291", "0.291", "-0.291"),  # the sign
        (r"$-0.291$", "x-0.291", "-0.291"),
        (r"$\cdot0.731$", "", "0.731"),
        ("20,000", "2000", "20,000"),
        ("in 2000 steps", "", "2000"),
        ("4.11 seconds", "", "4.11"),
        ("## It falls to 4.11 in the end", "", "4.11"),
        ("1986 starts", "", "1986"),
        (r"$1.52 \times 10^{-7}$", "1.52e-06", r"1.52 \times 10^{-7}"),
        ("100", "10", "100"),
    ],
)
def test_uncomputed_number(said, computed, number):
    numbers = prose_numbers.computed_numbers([computed])
    assert list(prose_numbers.uncomputed(said, numbers)) == [number]


# --- the book as a whole --------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path):
    """A book of one good chapter and two pages, on disk."""
    files = {
        "_toc.yml": "root: intro\nparts: [{caption: A, chapters: [file: chapters/05_deltas, "
        "file: handouts/assignment_05_deltas]}]\n",
        "assignments/05_deltas.ipynb": "{}",
        "intro.md": "# Book\n\n{doc}`chapters/05_deltas`, {numref}`fig-line`, "
        "{cite:t}`nielsen2015`, [a link](chapters/05_deltas.ipynb)\n",
        "references.bib": "@book{nielsen2015,\n title = {x}\n}\n",
        "code/backprop/network.py": '"""Computes :eq:`delta-hidden`."""\n',
        "chapters/05_deltas.ipynb": "{}",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    chapter = good_chapter()
    chapter.path = tmp_path / "chapters" / "05_deltas.ipynb"
    intro = tmp_path / "intro.md"
    return rules.Book(tmp_path, [chapter], {intro: intro.read_text(encoding="utf-8")})


@pytest.mark.parametrize("rule", rules.BOOK_RULES, ids=lambda rule: rule.__name__)
def test_the_good_book_passes(rule, book):
    assert list(rule(book)) == []


def another_chapter(book):
    chapter = copy.deepcopy(book.chapters[0])
    chapter.path = book.root / "chapters" / "06_more.ipynb"
    book.chapters.append(chapter)


def missing_file(book):
    book.chapters[0].path.unlink()


def missing_assignment(book):
    (book.root / "assignments" / "05_deltas.ipynb").unlink()


def label_in_code_only(book):
    (book.root / "code/backprop/network.py").write_text('"""Computes :eq:`nowhere`."""\n')


def say(words):
    """A spoiler that appends ``words`` to the first page."""

    def spoil(book):
        (page,) = book.pages
        book.pages[page] += words

    spoil.__name__ = words
    return spoil


BOOK_CASES = {
    rules.contents_and_files_agree: [another_chapter, missing_file, missing_assignment],
    rules.labels_are_unique: [another_chapter],
    rules.labels_in_code_exist: [label_in_code_only],
    rules.roles_resolve: [
        say("{eq}`delta-hiden`"),
        say("{numref}`fig-lines`"),
        say("{ref}`nowhere`"),
        say("{cite}`nielsen2016`"),
        say("{cite:p}`nielsen2015,nobody`"),
        say("{doc}`chapters/06_more`"),
        say("{func}`delta`"),
    ],
    rules.links_resolve: [say("[a](chapters/06_more.ipynb)"), say("![a picture](x.png)")],
}


@pytest.mark.parametrize(
    ("rule", "spoil"),
    [(rule, spoil) for rule, spoils in BOOK_CASES.items() for spoil in spoils],
    ids=lambda function: function.__name__,
)
def test_convicts_book(rule, spoil, book):
    spoil(book)
    assert list(rule(book))
