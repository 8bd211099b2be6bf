"""`classroom show`: what is on the page, and what a student cannot put there."""

from html.parser import HTMLParser

import pytest

from classroom.__main__ import main
from classroom.answers import defining
from classroom.commands import OK, WRONG
from classroom.files import write_whole
from classroom.lateness import LATE, keep
from classroom.marks import write_marks
from classroom.notebook import Cell
from results import fill, result, row
from trial import SOLUTIONS, TEXT, cells, notebook

NAME = "01_trial"
EVIL = "</pre></section><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\u202e<!--"
WRONG_ROW = row(
    "q1", "mistake", mistake="of z", message="The slope was taken at `tanh(a)`.", yours="[0.5]"
)


class Page(HTMLParser):
    """The tags of a page, its comments, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.comments, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        self.text += data


def shown(root, made, data, *more):
    """What the command writes of a student; the text of the page, and the `Page`."""
    course = fill(root, [made, result("other")], {made["student"]: data})
    assert main(["-C", str(root), "show", NAME, made["student"], *more]) == OK
    text = (course.exports / NAME / f"{made['student']}.html").read_text(encoding="utf-8")
    return text, Page(text)


def test_each_question_has_its_verdict_and_the_cell_of_its_answer(tmp_path, capsys):
    data = notebook(
        [
            *cells({**SOLUTIONS, "q1": "def slope(a):\n    return 1 - helper(a)"}),
            ("code", "def helper(a): return a * a"),
            ("code", "slope = slope"),
        ]
    )
    made = result("s001", WRONG_ROW, data=data, notes=["Cell 9 is odd."], human=["A reason."])
    text, page = shown(tmp_path, made, data)
    assert capsys.readouterr().out == f"{tmp_path / 'exports' / NAME / 's001.html'}\n"
    sections = text.split('<section class="question')
    first = Page(sections[1]).text
    for part in (
        *("q1 · Slope", "≈ A known mistake", "0 of 4 points", "of z", "[0.5]"),
        *("The slope was taken at tanh(a).", "Cell 4, code\ndef slope(a):\n    return 1 - helper"),
        "slope = slope",
    ):
        assert part in first, part
    assert "answer_4 = &quot;b&quot;" in sections[4] and "1 of 1 points" in sections[4]
    assert TEXT in sections[5].partition("</section>")[0] and "? of 5 points" in sections[5]
    others = Page(text.partition("<h2>The other cells</h2>")[2]).text
    assert "def helper(a): return a * a" in others
    assert "def slope" not in others
    assert "Cell 9 is odd." in page.text and "A reason." in page.text


@pytest.mark.parametrize("kind", ["code", "markdown", "raw"])
def test_nothing_of_a_student_becomes_markup_or_a_script(tmp_path, kind):
    answers = {"q1": f"def slope(a):\n    return '''{EVIL}'''"}
    data = notebook([*cells(answers, EVIL), (kind, EVIL), ("code", f"x = 1  # {EVIL}")])
    evil = {"message": EVIL, "yours": EVIL, "mistake": EVIL}
    questions = [row("q1", "error", **evil), row("q5", "manual", yours=EVIL)]
    made = result("s001", *questions, data=data, notes=[EVIL], human=[EVIL + "2"])
    made["file"]["name"] = EVIL
    text, page = shown(tmp_path, made, data)
    plain, _ = shown(tmp_path / "plain", result("s001"), notebook([]))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in Page(plain).tags} | {"li", "ul"}
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert page.comments == []
    assert not any(key.startswith("on") for _, about in page.tags for key in about)
    assert text.count("</section>") == 5
    assert page.text.count(EVIL.replace("\u202e", "[U+202E]")) >= 8
    assert "default-src 'none'" in text


def test_nothing_is_run(tmp_path):
    data = notebook([("code", f"open({str(tmp_path / 'x')!r}, 'w')\ndef slope(a): return a")])
    _, page = shown(tmp_path, result("s001", data=data), data)
    assert "def slope(a): return a" in page.text
    assert not (tmp_path / "x").exists()
    assert "No cell defines Counter." in page.text


def test_marks_and_lateness_are_shown_and_a_changed_file_is_told(tmp_path):
    made = result("s001", data=b"before")
    course = fill(tmp_path, [made])
    write_marks(course, NAME, {"s001": {"q5": {"mark": 3, "comment": "Well said.", "answer": ""}}})
    keep(course, NAME, [("s001", made["file"]["sha256"], LATE)])
    assert main(["-C", str(tmp_path), "show", NAME, "s001"]) == OK
    page = Page((course.exports / NAME / "s001.html").read_text(encoding="utf-8"))
    for part in ("Well said.", "✎ Marked by hand · 3 of 5 points", "Handed in late.", "13 of 15"):
        assert part in page.text, part
    assert "The file is another one now than when it was graded" in page.text


def test_a_file_that_is_gone_or_none_is_shown_all_the_same(tmp_path):
    made = result("s001", *(row(f"q{n}", "missing") for n in range(1, 6)), status="unreadable")
    _, page = shown(tmp_path, made, b"%PDF-1.7")
    assert "0 of 15" in page.text and "No cell defines slope." in page.text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["01_tria", "s001"], "assignment: expected one of 01_trial, came 01_tria"),
        ([NAME, "s02"], "student: expected one of s002, s001, came s02"),
    ],
)
def test_what_is_not_there_is_told(tmp_path, capsys, given, message):
    fill(tmp_path, [result("s001"), result("s002")])
    write_whole(tmp_path / "submitted" / NAME / "s02.ipynb", b"handed in, not graded")
    assert main(["-C", str(tmp_path), "show", *given]) == WRONG
    assert capsys.readouterr().err == f"classroom: {message}\n"
    assert not (tmp_path / "exports").exists()


def test_the_cells_that_define_a_name():
    texts = [
        "f = 1",
        "def g(): f = 2",
        "class f: pass",
        "f(",
        "x = 0\nf: int = 3\n%time",
        "print(f)",
        "if x:\n    def f(): pass",
        "f.more = 1",
        "import f",
        "%%writefile mine.py\ndef f(): pass",
        "from mine import g",
    ]
    made = [Cell(n, "code", text) for n, text in enumerate(texts, 1)]
    made.append(Cell(12, "markdown", "```python\ndef f(): pass\n```"))
    assert [cell.number for cell in defining(made, "f")] == [1, 3, 5, 7, 8, 9, 10, 12]
