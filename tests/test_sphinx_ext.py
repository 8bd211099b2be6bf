"""The extension's own parts, on doctrees made here; what they do to pages is in tests/site."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document

from bookkit import head, previews, reader, sections, shown, sphinx_ext, symbols, tex

ROOT = Path(__file__).resolve().parents[1]


def document(*children):
    """A page of one section with ``children`` under the title "Title"."""
    page = new_document("page", get_default_settings())
    page += nodes.section("", nodes.title("", "Title"), *children, ids=["title"])
    return page


def paragraph(*parts):
    """A paragraph of texts and formulas: a part that begins with $ is a formula."""
    made = nodes.paragraph()
    for part in parts:
        made += nodes.math("", part[1:]) if part.startswith("$") else nodes.Text(part)
    return made


# --- plain signs for TeX --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\delta", "δ"),
        (r"\omega", "ω"),
        (r"\rho\sigma\tau", "ρστ"),
        (r"w_{jk}", "w_jk"),
        (r"\partial L/\partial W", "∂L/∂W"),
        (r"\nabla f", "∇f"),
        (r"^{\mathsf T}", "ᵀ"),
        (r"\mathbf{H}", "H"),
        (r"p = 4", "p = 4"),
        (r"f = (p + q) \cdot \max(p, r)", "f = (p + q) ·max(p, r)"),
        (r"\frac12", "½"),
        (r"\frac{\partial L}{\partial w}", "∂L/∂w"),
        (r"\frac1N\sum_n", "1/N Σ_n"),
        (r"\frac{1}{1 + e^{-z}}", "1/(1 + e^-z)"),
        (r"\frac{a}{\frac{b}{c}}", "a/(b/c)"),
        (r"w \leftarrow w - \eta", "w ← w - η"),
        (r"\left(x\right)^2 + 10^{-7}", "(x)² + 10⁻⁷"),
        (r"\begin{aligned} a &= b \\ &= c \end{aligned}", "a = b = c"),
        (r"\hat y, \bar{x}", "y\u0302, x\u0304"),
        ("f'", "f′"),
    ],
)
def test_plain(formula, text):
    assert tex.plain(formula) == text


@pytest.mark.parametrize(
    ("formula", "markup"),
    [
        (r"w_{jk}", "<i>w<sub>jk</sub></i>"),
        (r"\beta_1", "<i>β<sub>1</sub></i>"),
        ("a<b", "<i>a&lt;b</i>"),
    ],
)
def test_as_html(formula, markup):
    assert tex.as_html(formula) == markup


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        (r"\delta", "delta"),
        ("w_{jk}", "w j k"),
        (r"\beta_1", "beta 1"),
        ("f'", "f prime"),
        (r"\partial L/\partial W", "partial L over partial W"),
        (r"\mathbf{H}", "H"),
        (r"^{\mathsf T}", "transposed"),
        (r"\varepsilon", "epsilon"),
    ],
)
def test_spoken(formula, words):
    assert tex.spoken(formula) == words


# --- symbols --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chapters"),
    [("1", [1]), ("1–3, 5", [1, 2, 3, 5]), ("2, 4–5, 11–13", [2, 4, 5, 11, 12, 13])],
)
def test_chapters_in(text, chapters):
    assert symbols.chapters_in(text) == chapters


@pytest.mark.parametrize("text", ["", "1-3", "1 – 3", "all", "1,2", "1–"])
def test_chapters_that_cannot_be_read(text):
    with pytest.raises(symbols.NotationError, match=re.escape(f'came "{text}"')):
        symbols.chapters_in(text)


def test_unused_numbers_what_is_taken():
    assert symbols.unused("symbol-h", set()) == "symbol-h"
    assert symbols.unused("symbol-h", {"symbol-h"}) == "symbol-h-2"
    assert symbols.unused("symbol-h", {"symbol-h", "symbol-h-2"}) == "symbol-h-3"


def symbol(formula, chapters, name="", **more):
    made = {"id": f"symbol-{name or formula}", "tex": [formula], "code": [], "chapters": chapters}
    made |= {"shape": "", "meaning": "", "meaning_tex": "", "elsewhere": []}
    return {**made, **more}


@pytest.mark.parametrize(
    ("formula", "code", "elsewhere", "names"),
    [
        (r"\delta", ["delta"], ["z.grad"], ["delta", "z.grad", "δ"]),
        (r"w_{jk}", ["W[j, k]"], [], ["jk", "w[j, k]", "w_jk", "wjk"]),
        (r"\eta", ["eta"], ["lr"], ["eta", "lr", "η"]),
    ],
)
def test_names(formula, code, elsewhere, names):
    assert symbols.names(symbol(formula, [1], code=code, elsewhere=elsewhere)) == names


@pytest.fixture
def app():
    """As much of Sphinx as the marking of symbols asks for."""
    env = SimpleNamespace(
        book_symbols=[symbol("h", [5], "h"), symbol("h", [4], "h-2"), symbol("x", [4, 5], "x")]
    )
    builder = SimpleNamespace(get_relative_uri=lambda here, there: f"../{there}.html")
    return SimpleNamespace(env=env, builder=builder)


def links(page):
    return [(link.astext(), link["refuri"]) for link in page.findall(nodes.reference)]


def test_only_the_first_use_is_marked(app):
    page = document(paragraph("a ", "$x", " and ", "$x", " and ", "$x_1"), paragraph("$x"))
    assert symbols.mark_first_uses(app, page, "chapters/05_a", 5) == ["symbol-x"]
    assert links(page) == [("x", "../notation.html#symbol-x")]
    assert (
        page.astext()
        == document(paragraph("a ", "$x", " and ", "$x", " and ", "$x_1"), paragraph("$x")).astext()
    ), "the words stay"


@pytest.mark.parametrize(("chapter", "row"), [(4, "symbol-h-2"), (5, "symbol-h")])
def test_a_letter_means_what_the_chapter_means(app, chapter, row):
    page = document(paragraph("$h"))
    assert symbols.mark_first_uses(app, page, "chapters/05_a", chapter) == [row]


def test_a_letter_is_left_alone_in_other_chapters(app):
    page = document(paragraph("$h", "$x"))
    assert symbols.mark_first_uses(app, page, "chapters/06_a", 6) == []
    assert links(page) == []


def test_headings_links_tables_and_folded_text_are_no_first_use(app):
    page = document(
        nodes.section("", nodes.title("", "", nodes.math("", "x"))),
        nodes.paragraph("", "", nodes.reference("", "", nodes.math("", "x"), refuri="elsewhere")),
        nodes.table("", nodes.entry("", paragraph("$x"))),
    )
    assert symbols.mark_first_uses(app, page, "chapters/05_a", 5) == []
    page[0] += paragraph("$x")
    assert symbols.mark_first_uses(app, page, "chapters/05_a", 5) == ["symbol-x"]


def test_a_book_without_notation_has_no_symbols():
    assert symbols.known(SimpleNamespace()) == []
    assert symbols.keywords(SimpleNamespace(), None) == []


def rows_of_notation():
    """(formulas, chapters) of each row of the symbols' table in notation.md."""
    text = (ROOT / "notation.md").read_text(encoding="utf-8")
    table = text[text.index("| symbol |") :].split("\n\n")[0].splitlines()[2:]
    for line in table:
        cells = [cell.strip() for cell in line.strip()[1:-1].split("|")]
        yield re.findall(r"\$([^$]+)\$", cells[0]), symbols.chapters_in(cells[4])


def occurs(formula, mathematics):
    """Whether a symbol stands in TeX: as a name of its own, not as a letter of a word."""
    special = {
        "w_j": r"w_(?:j|\d|i\b|\{\w\})",
        "w_{jk}": r"w_\{\w\w\}",
        r"^{\mathsf T}": r"\\mathsf T",
        r"\partial L/\partial W": r"\\partial L\}?.{0,3}\\partial [Ww]",
        r"\partial L/\partial b": r"\\partial L\}?.{0,3}\\partial b",
    }
    pattern = special.get(formula, rf"(?<![A-Za-z\\{{]){re.escape(formula)}(?![A-Za-z])")
    return re.search(pattern, mathematics) is not None


def test_a_symbol_stands_in_every_chapter_that_notation_names():
    mathematics = {}
    for path in (ROOT / "chapters").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
        found = re.findall(r"\$\$(.*?)\$\$|\$([^$\n]+?)\$", text, flags=re.DOTALL)
        mathematics[int(path.name[:2])] = " ; ".join(one or other for one, other in found)
    rows = list(rows_of_notation())
    assert len(rows) > 25
    for formulas, chapters in rows:
        assert chapters == sorted(chapters), formulas
        absent = [n for n in chapters if not any(occurs(f, mathematics[n]) for f in formulas)]
        assert absent == [], f"{formulas} stand in no formula of chapters {absent}"


# --- previews -------------------------------------------------------------------------------------


def test_display_tex_of_several_lines_is_a_split():
    assert previews.display_tex(nodes.math_block("", " z = x \n")) == "z = x"
    lines = nodes.math_block("", r"a &= b \\ &= c")
    assert previews.display_tex(lines) == r"\begin{split}a &= b \\ &= c\end{split}"
    assert previews.display_tex(nodes.math_block("", r"a \\ b", nowrap=True)) == r"a \\ b"


def test_heading_is_the_nearest_one_above():
    equation = nodes.math_block("", "x", label="e")
    page = document(nodes.section("", nodes.title("", "5.1 Below"), nodes.paragraph(), equation))
    assert previews.heading(equation) == "5.1 Below"
    assert previews.heading(page[0]) == "Title"


def environment():
    pages = {"chapters/05_a": nodes.title("", "5 · A"), "chapters/01_b": nodes.title("", "1 · B")}
    entry = {"tex": "x", "page": "chapters/05_a", "under": "5.2 There"}
    return SimpleNamespace(
        book_equations={"equation-e": entry, "equation-f": {**entry, "page": "chapters/01_b"}},
        toc_fignumbers={"chapters/05_a": {"displaymath": {"equation-e": (5, 3)}}},
        titles=pages,
    )


def test_a_page_carries_the_equations_that_it_refers_to():
    body = (
        '<a class="reference internal" href="#equation-e">(5.3)</a>'
        '<a class="headerlink" href="#equation-f">#</a>'
        '<a class="reference internal" href="#equation-unknown">x</a>'
    )
    shown_there = previews.shown_on(environment(), body)
    expected = {"tex": "x", "number": "5.3", "where": "5 · A: 5.2 There"}
    assert shown_there == {"equation-e": expected}


def test_equations_of_a_page_that_goes_are_forgotten():
    env = environment()
    previews.Equations.clear_doc(None, None, env, "chapters/05_a")
    assert list(env.book_equations) == ["equation-f"]


# --- head -----------------------------------------------------------------------------------------


def test_description_is_the_beginning_in_whole_sentences():
    page = document(
        paragraph("Take ", "$p = 4", " and the formula"),
        nodes.math_block("", r"f = p \, q ."),
        paragraph("It gives 12. " + "Raise it. " * 30),
        nodes.section("", nodes.title("", "Later"), paragraph("Not this.")),
    )
    said = head.description(page)
    assert said.startswith("Take p = 4 and the formula f = p q. It gives 12. Raise it.")
    assert 150 < len(said) <= 200 and said.endswith("Raise it.")


def test_description_skips_what_leads_to_something_left_out():
    page = document(paragraph("Here is the beginning of a file:"), paragraph("Read it." * 20))
    assert "file:" not in head.description(page)


def test_description_of_an_endless_sentence_ends_with_a_word():
    said = head.description(document(paragraph("word " * 100)))
    assert said.endswith("word…") and len(said) <= 200


def test_description_of_an_empty_page_is_empty():
    assert head.description(document()) == ""


def config(address):
    return SimpleNamespace(html_baseurl=address, html_title="Book", author="A & B")


@pytest.mark.parametrize(
    ("set_in_config", "variable", "address"),
    [
        ("", "", ""),
        ("https://example.org/book", "", "https://example.org/book/"),
        ("https://example.org/a/", "https://example.org/b/", "https://example.org/b/"),
    ],
)
def test_address(monkeypatch, set_in_config, variable, address):
    monkeypatch.setenv("BOOK_URL", variable)
    settings = config(set_in_config)
    head.set_address(None, settings)
    assert settings.html_baseurl == address


def test_an_address_without_a_scheme_is_refused(monkeypatch):
    monkeypatch.setenv("BOOK_URL", "example.org/book")
    with pytest.raises(ValueError, match=r'expected one like "https://example\.org/book/", came'):
        head.set_address(None, config(""))


def tags(address):
    context = {"title": "5 · A <em>b</em> &amp; c", "pathto": lambda name, resource: f"../{name}"}
    app = SimpleNamespace(config=config(address))
    return head.tags(app, "chapters/05_a", context, document(paragraph('Say "so".')))


def test_tags_with_an_address():
    made = tags("https://example.org/book/")
    assert '<meta name="description" content="Say &quot;so&quot;.">' in made
    assert '<meta property="og:title" content="5 · A b &amp; c">' in made
    assert '<meta property="og:image" content="https://example.org/book/_static/share.png">' in made
    assert 'property="og:url" content="https://example.org/book/chapters/05_a.html"' in made
    assert 'name="twitter:card" content="summary_large_image"' in made


def test_tags_without_an_address_name_no_host():
    made = tags("")
    assert "og:description" in made and 'name="author" content="A &amp; B"' in made
    assert "og:image" not in made and "og:url" not in made and "//" not in made


# --- ticks, downloads, figures of chapters --------------------------------------------------------


def exercise(title):
    return nodes.admonition("", nodes.title("", title), classes=["exercise"])


def test_exercises_are_found_by_their_titles():
    page = document(
        exercise("Exercise 5.2 · One line"), exercise("Predict"), nodes.admonition("", classes=[])
    )
    assert [number for number, _ in reader.boxes(page)] == ["5.2"]
    reader.add_ticks(page, "chapters/05_a")
    markup = [node.astext() for node in page.findall(nodes.raw)]
    assert len(markup) == 2
    assert 'data-exercise="5.2"' in markup[0] and "I solved exercise 5.2" in markup[0]
    assert 'data-read="chapters/05_a"' in markup[1]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("31 passes alone, 982 with it\n", False),
        ("before 0.407242  after 0.388876", False),  # one line has nothing below it
        ("first a sentence\nthen x = 1  y = 2", False),
        ("[[1. 2.]\n [3. 4.]]", True),
        ("Z1 [0.3775]\nH  [0.5932]\nZ2 [1.1059]\nO  [0.7513]", True),
        ("step  loss\n   1  0.25\n", True),
    ],
)
def test_outputs_without_columns_wrap(text, columns):
    output = nodes.literal_block(text, text, classes=["output", "stream"])
    code = nodes.literal_block(text, text)
    reader.let_sentences_wrap(document(output, code))
    assert ("flows" in output["classes"]) == (not columns)
    assert code["classes"] == []


def test_buttons_say_what_they_do():
    button = {"label": "download-source-button", "text": ".ipynb", "tooltip": "x"}
    other = {"label": "fullscreen-button", "text": ".ipynb"}
    reader.name_downloads({"header_buttons": [{"buttons": [button]}, other]})
    assert button["text"] == "Notebook with its outputs"
    assert other["text"] == ".ipynb"


def notebook(*outputs, alt="What is seen."):
    metadata = {"mystnb": {"image": {"alt": alt}}} if alt else {}
    return {"cells": [{"metadata": metadata, "outputs": [{"data": data} for data in outputs]}]}


VIEW = {shown.VIEW: {"model_id": "1"}, "image/png": "aGk="}


def test_the_stored_figure_is_the_nth():
    other = {**VIEW, "image/png": "bm8="}
    output, alt = shown.figure(notebook({"text/plain": "x"}, VIEW, other), 2)
    assert output["data"] is other and alt == "What is seen."


@pytest.mark.parametrize(
    ("stored", "number", "message"),
    [
        (notebook(VIEW), 2, "expected figure 2, the notebook stores 1"),
        (notebook({"text/plain": "x"}), 1, "expected figure 1, the notebook stores 0"),
        (notebook({shown.VIEW: {}}), 1, "has no picture"),
        (notebook(VIEW, alt=""), 1, "or its cell no alt text"),
    ],
)
def test_a_figure_that_is_not_there(stored, number, message):
    with pytest.raises(shown.FigureError, match=message):
        shown.figure(stored, number)


@pytest.mark.parametrize(
    ("page", "number"),
    [
        ("chapters/05_backprop_deltas", 5),
        ("chapters/15_many_machines", 15),
        ("assignments/05_steps", None),
        ("notation", None),
        ("chapters/about", None),
    ],
)
def test_chapter_number(page, number):
    assert sphinx_ext.chapter_number(page) == number


def test_data_cannot_end_its_script():
    added = []
    app = SimpleNamespace(add_js_file=lambda name, **said: added.append(said))
    data = {"tex": "a</script><!-- <script>"}
    sphinx_ext.add_data(app, "data", data)
    assert "</" not in added[0]["body"] and "<!--" not in added[0]["body"]
    assert json.loads(added[0]["body"]) == data


# --- what the search looks through ----------------------------------------------------------------


def noted(page):
    """The sections that a page gives to the search."""
    env = SimpleNamespace()
    sections.note(env, page, "page")
    return env.book_sections["page"]


def test_a_section_is_what_stands_in_its_sentences():
    inner = nodes.section("", nodes.title("", "Inside"), paragraph("More."), ids=["inside"])
    box = nodes.admonition("", nodes.title("", "Predict"), paragraph("What is ", "$\\delta", "?"))
    defined = paragraph("A step is ", "$\\eta", " long: ")
    defined += nodes.strong("", "learning rate")
    code = nodes.literal_block("", "keepdims = make(step)")
    button = nodes.raw("", "I solved it", format="html")
    page = document(defined, code, button, nodes.math_block("", r"a = \frac{b}{c}"), box, inner)
    first, second = noted(page)
    assert first["title"] == "Title" and first["at"] == ""
    assert first["text"] == "A step is η long: learning rate a = b/c Predict. What is δ?"
    assert first["terms"] == ["learning rate"]
    assert first["others"] == "keepdims make", "words of code are found, if the text lacks them"
    assert second == {
        "at": "#inside", "title": "Inside", "text": "More.", "terms": [], "others": ""
    }  # fmt: skip


def test_what_is_folded_is_found_and_not_quoted():
    folded = nodes.container("", paragraph("Subtract the maximum."))
    folded.tagname = "dropdown_main"
    (section,) = noted(document(paragraph("A question."), folded))
    assert section["text"] == "A question."
    assert section["others"] == "maximum subtract the"


def test_long_equations_are_not_quoted():
    (section,) = noted(document(paragraph("So"), nodes.math_block("", "a + b = " + "c + " * 40)))
    assert section["text"] == "So"
