"""Every chapter keeps every rule of `notebook_rules`.

That the stored outputs are what the code prints is nbval's part: ``pytest --nbval chapters``.
"""

from pathlib import Path

import pytest

import notebook_rules

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


def complain(offences):
    offences = list(offences)
    if offences:
        pytest.fail("\n".join(offences), pytrace=False)


def test_there_are_chapters():
    assert CHAPTERS, "no chapters/*.ipynb: the rules below would hold of nothing"


@pytest.mark.parametrize("rule", notebook_rules.CHAPTER_RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter(path, rule):
    complain(rule(notebook_rules.read(path)))


@pytest.mark.parametrize("rule", notebook_rules.BOOK_RULES, ids=lambda rule: rule.__name__)
def test_book(rule):
    complain(rule(notebook_rules.read_book(ROOT)))
