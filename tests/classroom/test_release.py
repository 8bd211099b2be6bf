"""From one source: stubs, the student's notebook, the page; and nothing gives a solution away."""

import html
import json
import re
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assigned import NAMES, ROOT, source
from bookkit.site import SiteError, build_site
from classroom import release
from classroom.__main__ import main
from classroom.leaks import LeakError, leaks
from classroom.questions import PUBLIC_SEED, expected_of, tries_of
from classroom.source import SourceError, cleared, digest, load, text_of
from trial import make_course

SEED = "nobody knows this one"

CHECKS = '''
import numpy as np
from classroom.questions import *

def double_reference(x):
    """Twice the input, said where nobody looks."""
    return np.asarray(x) * 2.0 + 0.0 * np.sin(x)

ASSIGNMENT = Assignment("01_trial", "A trial", "", [
    Function(id="q1", title="Twice", points=2, calls="double", reference=double_reference,
             inputs=lambda rng: (rng.normal(size=3),), hint="Add it to itself.",
             mistakes={"square": (lambda x: x**2, "That is the square.")}),
    Manual(id="q2", title="Why", points=3, rubric="3 points: a reason."),
])
'''


def cell(kind, id, text, **mark):
    mark = {"grade_id": id, "locked": True, "solution": False, "grade": False, **mark}
    made = {"cell_type": kind, "id": id, "metadata": {"nbgrader": mark}, "source": text}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def answer(kind, id, text, points):
    return cell(kind, id, text, locked=False, solution=True, grade=True, points=points)


DOUBLE = """def double(x):
    ### BEGIN SOLUTION ...  # return an array
    y = x + x
    return y + 0 * y - 0
    ### END SOLUTION"""
WHY = "<!-- BEGIN SOLUTION -->\nBecause adding is what doubling means.\n<!-- END SOLUTION -->"


def cells():
    return [
        cell(
            "markdown", "t", "# A trial\n\nRead [chapter 2](../chapters/02_many_outputs.ipynb#x)."
        ),
        cell("code", "g", "import numpy as np\nfrom classroom import check"),
        cell("markdown", "h1", "## Question 1 · Twice\n\n*2 points. May import: `numpy`.*"),
        answer("code", "q1", DOUBLE, 2),
        cell("code", "c1", 'check("01_trial/q1", double)'),
        cell("markdown", "h2", "## Question 2 · Why\n\n*3 points, marked by hand.*"),
        answer("markdown", "q2", WHY, 3),
        cell("markdown", "h3", "## The end"),
    ]


def write(root, made=None, checks=CHECKS, name="01_trial"):
    folder = root / "assignments"
    folder.mkdir(exist_ok=True)
    notebook = {"cells": made or cells(), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    (folder / f"{name}.py").write_text(checks, encoding="utf-8")
    return folder / f"{name}.ipynb"


@pytest.fixture
def trial(tmp_path):
    return load(write(tmp_path))


def texts(notebook):
    return {c["id"]: text_of(c) for c in json.loads(notebook)["cells"]}


# ---------------------------------------------------------------------------- taking out


def test_a_solution_becomes_its_stub():
    assert cleared(DOUBLE, "code") == "def double(x):\n    ...  # return an array"


def test_without_words_the_stub_is_the_usual_one():
    text = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\n\nf()"
    assert cleared(text, "code") == "def f():\n    ...  # your code here\n\n\nf()"
    assert cleared(WHY, "markdown") == "*Your answer here.*"


words = st.text(alphabet="abcxyz =+()", min_size=1, max_size=20)
parts = st.lists(st.tuples(st.booleans(), st.lists(words, min_size=1, max_size=4)), max_size=6)


@given(parts)
def test_what_is_outside_stays_and_what_is_inside_goes(parts):
    lines, kept = [], []
    for hidden, inside in parts:
        marks = ["### BEGIN SOLUTION", "### END SOLUTION"] if hidden else []
        lines += [*marks[:1], *(f"{'secret' * hidden}{line}" for line in inside), *marks[1:]]
        kept += ["...  # your code here"] if hidden else inside
    assert cleared("\n".join(lines), "code").splitlines() == "\n".join(kept).splitlines()


@given(
    st.lists(words, max_size=5), st.integers(0, 3), st.sampled_from(["\n", "\n\n", " \n", "\t\n"])
)
def test_the_digest_sees_no_spaces_at_line_ends_and_no_blank_lines(lines, before, end):
    lines = [line.rstrip() for line in lines]
    assert digest("\n" * before + end.join(lines)) == digest("\n".join(lines))


@given(words.filter(str.strip), words.filter(str.strip))
def test_the_digest_sees_every_other_change(one, other):
    assert (digest(one) == digest(other)) == (one.rstrip() == other.rstrip())


# ---------------------------------------------------------------------------- a source's defects


def change(id, /, **fields):
    """The cells, with some fields or nbgrader marks of one cell changed."""
    made = cells()
    for c in made:
        if c["id"] == id:
            mark = fields.pop("mark", {})
            c["metadata"]["nbgrader"].update(mark)
            c.update(fields)
    return made


DEFECTS = {
    "twice the same id": (change("g", id="t"), r"cell 1 \(t\): expected an id of its own"),
    "hidden tests": (
        change("c1", source="### BEGIN HIDDEN TESTS\nassert double(1) == 2"),
        r"hidden tests belong into 01_trial\.py",
    ),
    "begin without end": (
        change("q1", source="double = 1\n### BEGIN SOLUTION\nx = 1"),
        r"line 2: BEGIN SOLUTION without its END",
    ),
    "end without begin": (
        change("q1", source="double = 1\n### END SOLUTION"),
        r"line 2: BEGIN and END SOLUTION do not alternate",
    ),
    "begin twice": (
        change("q1", source="### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"),
        r"line 2: BEGIN and END SOLUTION do not alternate",
    ),
    "a solution in a given cell": (
        change("g", source="### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
        r"a solution outside an answer cell",
    ),
    "an answer cell that hides nothing": (
        change("q1", source="def double(x):\n    return 2 * x"),
        r"cell 3 \(q1\): an answer cell without BEGIN SOLUTION",
    ),
    "no Python": (change("g", source="import numpy as"), r"cell 1 \(g\): .*line 1"),
    "a stub that is no Python": (
        change("q1", source=DOUBLE.replace("...  # return an array", "return (")),
        r"cell 3 \(q1\) as it is handed out: .*line 2",
    ),
    "another question": (
        change("q1", mark={"grade_id": "q7"}),
        r"answer cells: expected q1, q2, came q7, q2",
    ),
    "other points": (
        change("q1", mark={"points": 5}),
        r"question q1: 5 points in the notebook, 2 in the checks",
    ),
    "another kind of cell": (
        change("q2", cell_type="code", source="### BEGIN SOLUTION\n1\n### END SOLUTION"),
        r"question q2: expected a markdown cell, came code",
    ),
    "another name": (
        change("q1", source=DOUBLE.replace("double", "twice")),
        r"question q1: the stub does not define `double`",
    ),
    "another title": (
        change("h1", source="## Question 1 · Thrice\n\n*2 points. May import: `numpy`.*"),
        r"question q1: expected one heading with 'Twice'",
    ),
    "terms that do not say what may be imported": (
        change("h1", source="## Question 1 · Twice\n\n*2 points.*"),
        r"question q1: expected the line \*2 points\. May import: `numpy`\.\*",
    ),
}


@pytest.mark.parametrize(("made", "says"), DEFECTS.values(), ids=DEFECTS)
def test_a_defect_of_the_source_is_named(tmp_path, made, says):
    with pytest.raises(SourceError, match=says):
        load(write(tmp_path, made))


def test_all_defects_are_listed_at_once(tmp_path):
    made = change("q1", mark={"points": 5})
    made[2]["source"] = "## Question 1 · Twice"
    with pytest.raises(SourceError) as error:
        load(write(tmp_path, made))
    assert len(str(error.value).splitlines()) == 2


def test_a_source_needs_both_files(tmp_path):
    path = write(tmp_path)
    path.with_suffix(".py").unlink()
    with pytest.raises(SourceError, match=r"expected a notebook and its checks, no .*01_trial\.py"):
        load(path)


@pytest.mark.parametrize("text", ["", "[]", '{"nbformat": 3, "cells": []}', '{"cells": [{}]}'])
def test_what_is_no_notebook_is_refused(tmp_path, text):
    path = write(tmp_path)
    path.write_text(text)
    with pytest.raises(SourceError, match="expected a notebook of format 4"):
        load(path)


def test_checks_without_an_assignment_are_refused(tmp_path):
    with pytest.raises(SourceError, match="expected ASSIGNMENT, an Assignment, came None"):
        load(write(tmp_path, checks="x = 1"))


def test_the_files_and_the_assignment_have_one_name(tmp_path):
    with pytest.raises(SourceError, match="expected the name '02_trial', came '01_trial'"):
        load(write(tmp_path, name="02_trial"))


# ---------------------------------------------------------------------------- what is made


def test_students_get_stubs_and_cells_that_cannot_be_lost(trial):
    notebook = json.loads(release.student_notebook(trial))
    made = {c["id"]: c for c in notebook["cells"]}
    assert text_of(made["q1"]) == "def double(x):\n    ...  # return an array"
    assert text_of(made["q2"]) == "*Your answer here.*"
    assert made["q1"]["metadata"]["nbgrader"]["points"] == 2
    assert "editable" not in made["q1"]["metadata"]
    assert made["c1"]["metadata"]["editable"] is made["q1"]["metadata"]["deletable"] is False
    assert notebook["metadata"]["classroom"] == {"assignment": "01_trial"}


def test_a_students_links_lead_to_the_site_or_nowhere(trial):
    assert texts(release.student_notebook(trial))["t"].endswith("Read chapter 2.")
    linked = texts(release.student_notebook(trial, "https://book.example/"))["t"]
    assert "[chapter 2](https://book.example/chapters/02_many_outputs.html#x)" in linked


def test_the_page_offers_the_notebook_and_keeps_its_links(trial):
    made = texts(release.page(trial))
    assert "{download}`Download the notebook <files/01_trial.ipynb>`" in made["t"]
    assert "(../chapters/02_many_outputs.ipynb#x)" in made["t"]
    tags = {c["id"]: c["metadata"].get("tags") for c in json.loads(release.page(trial))["cells"]}
    assert tags["q1"] == ["exercise"] and tags["q2"] is tags["c1"] is None


def test_the_grader_gets_stubs_hashes_and_headings(trial):
    data = release.grader_data(trial)
    assert (data["assignment"], data["points"]) == ("01_trial", 5)
    first, second = data["questions"]
    assert (first["id"], first["kind"], first["calls"]) == ("q1", "function", "double")
    assert first["digest"] == digest("def double(x):\n    ...  # return an array\n\n")
    assert (second["kind"], second["cell"], second["stub"]) == (
        "manual",
        "q2",
        "*Your answer here.*",
    )
    assert second["heading"] == "Question 2 · Why"
    assert second["following"] == "The end"


def test_release_writes_two_files(tmp_path):
    folder = release.release(write(tmp_path), tmp_path / "release", seed=SEED)
    assert folder == tmp_path / "release" / "01_trial"
    assert sorted(p.name for p in folder.iterdir()) == ["01_trial.checks.json", "01_trial.ipynb"]


def test_release_again_touches_nothing_that_is_the_same(tmp_path):
    path = write(tmp_path)
    folder = release.release(path, tmp_path / "release")
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    release.release(path, tmp_path / "release")
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before


def test_build_makes_all(tmp_path):
    write(tmp_path)
    (folder,) = release.build(tmp_path)
    assert folder == tmp_path / "_build" / "classroom" / "01_trial"
    names = ["01_trial.checks.json", "01_trial.grader.json", "01_trial.ipynb", "page.ipynb"]
    assert sorted(p.name for p in folder.iterdir()) == names


def test_build_without_assignments_says_so(tmp_path):
    with pytest.raises(SourceError, match=r"expected notebooks in .*assignments, there are none"):
        release.build(tmp_path)


def test_pages_of_assignments_that_are_no_more_go(tmp_path):
    write(tmp_path)
    old = tmp_path / "handouts" / "assignment_09_old.ipynb"
    old.parent.mkdir()
    old.write_text("{}")
    (page,) = release.write_pages(tmp_path)
    assert page.name == "assignment_01_trial.ipynb"
    found = sorted(p.name for p in (tmp_path / "handouts").rglob("*.ipynb"))
    assert found == ["01_trial.ipynb", "assignment_01_trial.ipynb"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = write(tmp_path)
    folder = release.release(path, tmp_path / "release")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    write(tmp_path, change("g", source="import numpy as np\nx = 1"))

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        release.release(path, tmp_path / "release")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


# ---------------------------------------------------------------------------- leaks


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_handed_out_leaks(name):
    made = source(name)
    for text in (
        release.student_notebook(made),
        release.page(made),
        release.recorded(made),
    ):
        assert leaks(text, made, SEED) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_source_itself_is_convicted_for_every_question(name):
    made = source(name)
    found = leaks(made.path.read_text(encoding="utf-8"), made, SEED)
    assert {leak.where for leak in found} - {""} == {q.id for q in made.assignment.questions}


@pytest.mark.parametrize("name", NAMES)
def test_the_checks_are_convicted(name):
    found = leaks(source(name).code, source(name))
    assert "a line of the checks" in {leak.what for leak in found}


def as_html(line):
    """A line of code as a highlighter writes it: each word in an element of its own."""
    parts = re.split(r"(\W)", line)
    return "<pre>" + "".join(f'<span class="n">{html.escape(p)}</span>' for p in parts) + "</pre>"


WAYS = {
    "plain": lambda line: f"Look:\n      {line}\n",
    "other spaces": lambda line: line.replace(" ", "   "),
    "html": as_html,
    "a notebook": lambda line: json.dumps({"cells": [{"source": ["a\n", f"{line}\n"]}]}),
    "a notebook of another line": lambda line: json.dumps({"outputs": [{"text": f"a\n{line}"}]}),
}
SECRETS = {
    "a line of the solution of q1: return y + 0 * y - 0": "    return y + 0 * y - 0",
    "a line of the solution of q2: Because adding is what doubling means.": (
        "Because adding is what doubling means."
    ),
    "a line of the checks: return np.asarray(x) * 2.0 + 0.0 * np.sin(x)": (
        "return np.asarray(x) * 2.0 + 0.0 * np.sin(x)"
    ),
    "the secret seed: no…": SEED,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(("told", "secret"), SECRETS.items(), ids=SECRETS)
def test_a_planted_secret_is_found(trial, way, told, secret):
    assert [str(leak) for leak in leaks(way(secret), trial, SEED)] == [told]


def hidden(trial, seed=SEED):
    """The numbers expected for the first question on a seed's inputs, try by try."""
    q = trial.assignment.question("q1")
    return [expected_of(q, inputs) for inputs in tries_of(trial.assignment, q, seed)]


def test_an_expected_number_is_found_by_its_digits(trial):
    value = hidden(trial)[0][0]
    for text in (f"It should be {value!r}.", f"<td>{value:.9e}</td>", f"[{value:.10f}]"):
        (leak,) = leaks(text, trial, SEED)
        assert (leak.what, leak.where) == ("an expected number", "q1")


def test_a_minus_sign_hides_nothing(trial):
    value = -abs(hidden(trial)[1][2])
    assert leaks(f"−{abs(value)!r} or so", trial, SEED) != []


def test_few_digits_convict_only_together(trial):
    one, other, _ = hidden(trial)[0]
    assert leaks(f"{one:.6g}", trial, SEED) == []
    assert leaks(f"{one:.6g} and {other:.6g}", trial, SEED) != []
    assert leaks(f"{one:.3g} and {other:.3g}", trial, SEED) == []


def test_numbers_in_coded_arrays_are_found(trial):
    from classroom.values import encode

    recorded = json.dumps({"answers": [encode(hidden(trial)[2])]})
    assert [leak.where for leak in leaks(recorded, trial, SEED)] == ["q1"]


def test_what_the_public_seed_gives_is_no_secret(trial):
    public = " ".join(repr(float(v)) for v in hidden(trial, PUBLIC_SEED)[0])
    assert leaks(public, trial, SEED) == []


def test_without_the_seed_numbers_are_not_looked_for(trial):
    assert leaks(f"{hidden(trial)[0][0]!r} {SEED}", trial) == []


def test_what_students_wrote_themselves_is_no_news_to_them(trial):
    value = hidden(trial)[0][0]
    page = f"<p>Yours: {value!r}</p><pre>return y + 0 * y - 0</pre>"
    own = json.dumps({"cells": [{"source": f"return y + 0*y - 0  # {value!r}"}]})
    assert leaks(page, trial, SEED) != []
    assert leaks(page, trial, SEED, own=own) == []


def test_short_and_public_lines_are_no_secrets(trial):
    assert leaks("def double(x):\n    y = x\nimport numpy as np", trial, SEED) == []


def test_release_refuses_and_writes_nothing(tmp_path):
    made = change(
        "h2",
        source="## Question 2 · Why\n\n*3 points, marked by hand.*\n\n"
        "Because of `double_reference`'s hint.",
    )
    checks = CHECKS.replace("Add it to itself.", "Try `return y + 0 * y - 0`.")
    path = write(tmp_path, made, checks)
    with pytest.raises(LeakError) as error:
        release.release(path, tmp_path / "release", seed=SEED)
    assert "nothing was written" in str(error.value)
    assert "01_trial.checks.json: a line of the solution of q1: return y + 0 * y - 0" in str(
        error.value
    )
    assert not (tmp_path / "release").exists()
    with pytest.raises(LeakError):
        release.build(tmp_path)
    assert not (tmp_path / "_build").exists()


# ---------------------------------------------------------------------------- the built site


@pytest.fixture
def site(tmp_path):
    """A built site with one assignment, as far as `check_site` looks at it."""
    write(tmp_path)
    (page,) = release.write_pages(tmp_path)
    built = tmp_path / "_build" / "html"
    for place in ("handouts", "_sources/handouts", "_downloads/abc"):
        (built / place).mkdir(parents=True)
    (built / "handouts" / "assignment_01_trial.html").write_text("<h1>A trial</h1>")
    shutil.copy(page, built / "_sources" / "handouts")
    shutil.copy(page.parent / "files" / "01_trial.ipynb", built / "_downloads" / "abc")
    release.check_site(tmp_path, built)
    return built


@pytest.mark.parametrize(
    "place",
    [
        "handouts/assignment_01_trial.html",
        "_sources/handouts/assignment_01_trial.ipynb",
        "_downloads/abc/01_trial.ipynb",
    ],
)
def test_a_solution_in_the_built_site_is_found(tmp_path, site, place):
    path = site / place
    if path.suffix == ".html":
        path.write_text(as_html("return y + 0 * y - 0"))
    else:
        shutil.copy(tmp_path / "assignments" / "01_trial.ipynb", path)
    with pytest.raises(LeakError, match=re.escape(place)):
        release.check_site(tmp_path, site)


def test_a_source_in_the_built_site_is_found(tmp_path, site):
    stray = site / "_sources" / "assignments" / "01_trial.ipynb"
    stray.parent.mkdir()
    stray.write_text("{}")
    with pytest.raises(LeakError, match="its source is in the site"):
        release.check_site(tmp_path, site)


def test_the_contents_list_every_assignment():
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    listed = re.findall(r"file: handouts/assignment_(\w+)", contents)
    assert listed == NAMES


def test_the_sites_build_stops_at_an_assignments_defect(tmp_path, monkeypatch):
    """Before anything is built: no half-made site is left."""
    monkeypatch.setattr("bookkit.site.fetch_assets", lambda root: None)
    write(tmp_path, change("q1", mark={"points": 5}))
    with pytest.raises(SiteError, match=r"An assignment has errors:\n01_trial: question q1: 5 poi"):
        build_site(tmp_path)
    assert not (tmp_path / "_build").exists()


# ---------------------------------------------------------------------------- the command


def test_a_release_says_which_file_is_another_one_than_before(tmp_path, capsys):
    checks = make_course(tmp_path).with_suffix(".py")
    folder, words = tmp_path / "release" / "01_trial", ["-C", str(tmp_path), "release"]
    for _ in (0, 1):  # the first time, and without a change
        assert main(words) == 0
        assert capsys.readouterr().out == f"{folder}\n"
    checks.write_text(checks.read_text().replace("a is tanh(z).", "a is the tanh of z."))
    assert main(words) == 0
    assert capsys.readouterr().out == (
        f"{folder}\n  01_trial.checks.json: another one than was released before; "
        "students have the old one\n"
    )
    assert "the tanh of z" in (folder / "01_trial.checks.json").read_text()
