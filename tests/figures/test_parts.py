"""The parts of figures: one module out of several files, numbers as texts, ticks of axes."""

import json
import re
from pathlib import Path

import pytest

import js
from backprop.figures import _bundle

FIGURES = sorted(
    path.name
    for path in _bundle.files("backprop.figures").iterdir()
    if path.name.endswith(".js") and "export default" in path.read_text(encoding="utf-8")
)


def parts(body, given, folder):
    return js.evaluate("parts.js", body, given, folder)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.73105857863, 4, "0.7311"),
        (-1.5, 2, "−1.50"),
        (-0.00001, 4, "−1.00·10⁻⁵"),
        (-0.0, 4, "0.0000"),
        (0, 4, "0.0000"),
        (12345678, 4, "1.23·10⁷"),
        (0.00004999, 4, "5.00·10⁻⁵"),
        (0.00005, 4, "0.0001"),
    ],
)
def test_numbers_as_text(value, digits, expected, tmp_path):
    assert parts("return figure.num(...given)", [value, digits], tmp_path) == expected


def as_read(text):
    """The number that a reader sees, and what its last digit is worth."""
    digits, _, power = text.replace("−", "-").partition("·10")
    tens = 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or 0)
    return float(digits) * tens, 10.0 ** -len(digits.partition(".")[2]) * tens


def test_terms_add_up_by_hand_to_the_sum_that_is_shown(rng, tmp_path):
    states = [
        [(rng.normal(size=count) * 10.0 ** rng.integers(-5, 2)).tolist(), int(digits)]
        for count in (1, 2, 3, 5)
        for digits in (4, 6)
        for _ in range(100)
    ]
    states.append([[6.683712e-4, -2.298034e-4], 6])  # 0.000668 + (−0.000230) is not 0.000439
    body = """return given.map(([terms, digits]) => {
      const total = terms.reduce((all, term) => all + term, 0);
      return [figure.addends(terms, total, digits), figure.num(total, digits)];
    })"""
    got = parts(body, states, tmp_path)
    assert got[-1] == [["0.0006684", "−0.0002298"], "0.000439"]
    for terms, total in got:
        shown, last = as_read(total)
        by_hand = sum(as_read(term)[0] for term in terms)
        assert abs(by_hand - shown) <= 0.5 * last * (1 + 1e-6), (terms, total)
    as_few = sum(abs(as_read(terms[0])[1] / as_read(total)[1] - 0.1) < 1e-9 for terms, total in got)
    assert as_few > 0.7 * len(got)  # one digit more, in most cases


def test_numbers_that_are_none(tmp_path):
    body = "return [0 / 0, 1 / 0, -1 / 0].map((v) => figure.num(v))"
    assert parts(body, None, tmp_path) == ["undefined", "∞", "−∞"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.5, "0.5"), (2, "2"), (100, "100"), (-0.25, "−0.25"), (0, "0"), (1.5e-7, "1.5·10⁻⁷")],
)
def test_short_numbers_lose_their_zeros(value, expected, tmp_path):
    assert parts("return figure.short(given)", value, tmp_path) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 1, [0, 0.5, 1]), (-6, 6, [-5, 0, 5]), (0, 0.4, [0, 0.1, 0.2, 0.3, 0.4])],
)
def test_ticks_are_round(low, high, expected, tmp_path):
    assert parts("return figure.ticks(...given)", [low, high], tmp_path) == expected


def test_a_module_holds_each_part_once():
    text = _bundle.module("perceptron.js")
    assert not re.search(r"^import", text, re.MULTILINE)
    assert text.count("function num(") == 1
    assert "export function num(" not in text  # the parts' exports are taken away …
    assert text.count("export default figure({") == 1  # … the figure's stay


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_a_whole_module(name, tmp_path):
    """No name is declared twice, none is missing at the top: Node loads it."""
    assert js.evaluate(name, "return typeof figure.default.render", None, tmp_path) == "function"


def test_a_missing_name_is_a_syntax_error(tmp_path, monkeypatch):
    monkeypatch.setattr(js, "exporting", lambda name: "const a = 1;\nconst a = 2;\n")
    with pytest.raises(AssertionError, match="SyntaxError: Identifier 'a' has already been"):
        js.evaluate("perceptron.js", "return 1", None, tmp_path)


def test_every_import_is_used():
    """What a figure imports and does not use is dead weight in every notebook."""
    for name in FIGURES:
        text = _bundle.text(name)
        for found in re.finditer(r"^import \{([^}]*)\} from", text, re.MULTILINE):
            body = text[found.end() :]
            for word in filter(None, (part.strip() for part in found[1].split(","))):
                assert re.search(rf"\b{word}\b", body), f"{name} imports {word} and never uses it"


@pytest.mark.parametrize(
    ("here", "came", "fits"),
    [
        (1.5, 2, True),
        (1.5, "2", False),
        (1.5, None, False),
        ([1, 2], [3, 4, 5], True),
        ([1, 2], [3, "4"], False),
        ([[1, 2]], [[3], [4, 5]], True),
        ([[1, 2]], [3], False),
        ("sigmoid", "identity", True),
        ("sigmoid", 1, False),
        (True, False, True),
        ([1], list(range(65)), False),
        ([1], {"0": 1}, False),
    ],
)
def test_what_a_link_may_bring(here, came, fits, tmp_path):
    body = "return figure.alike(...given)"
    assert parts(body, json.loads(json.dumps([here, came])), tmp_path) is fits


def test_the_figure_in_contributing_is_one(tmp_path, monkeypatch):
    root = Path(__file__).resolve().parents[2]
    said = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```js\n(.*?)^```", said, re.MULTILINE | re.DOTALL)
    own = _bundle.text
    monkeypatch.setattr(_bundle, "text", lambda name: script if name == "x.js" else own(name))
    body = "return [typeof figure.default.render, figure.sigmoid(0)]"
    assert js.evaluate("x.js", body, None, tmp_path) == ["function", 0.5]
