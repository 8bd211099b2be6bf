"""Whatever is handed in: its cells, or a sentence; and of a cell's text what Python can run."""

import json
import sys
import time
import tracemalloc

import pytest

from classroom.notebook import _side, python, read

CODE = {"cell_type": "code", "source": "x = 1", "outputs": [], "metadata": {}}
TEXT = {"cell_type": "markdown", "source": ["# A\n", "b"], "metadata": {}}


def book(*cells, **more):
    return json.dumps({"cells": cells or (CODE, TEXT), "metadata": {}, **more}).encode()


PLAIN = [("code", "x = 1"), ("markdown", "# A\nb")]
V3 = {
    "nbformat": 3,
    "worksheets": [
        {
            "cells": [
                {"cell_type": "code", "input": ["x = ", "1"], "outputs": [], "language": "python"},
                {"cell_type": "heading", "level": 2, "source": "A"},
            ]
        }
    ],
}
OUTPUT = {"output_type": "stream", "text": "x" * 3_000_000}


def cells(found):
    return [(cell.kind, cell.text) for cell in found.cells]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (book(nbformat=4, nbformat_minor=5), PLAIN),
        (book(nbformat=5), PLAIN),
        (book(), PLAIN),
        (b"\xef\xbb\xbf" + book(), PLAIN),
        (b"\xff\xfe" + book().decode().encode("utf-16-le"), PLAIN),
        (book().replace(b'": ', b'"\r\n:\r\n'), PLAIN),
        (book(metadata={"kernelspec": None, "language_info": 3}), PLAIN),
        (book({**CODE, "outputs": None}, TEXT), PLAIN),
        (book({**CODE, "outputs": [OUTPUT]}, TEXT), PLAIN),
        (book({**CODE, "metadata": None, "id": 7, "execution_count": "x"}, TEXT), PLAIN),
        (book({**CODE, "source": ["x =", " 1"]}, TEXT), PLAIN),
        (book({"outputs": [], "source": "x = 1"}, TEXT), PLAIN),
        (book(CODE, {"cell_type": "code"}), [("code", "x = 1"), ("code", "")]),
        (book(CODE, {"cell_type": "raw", "source": None}), [("code", "x = 1"), ("raw", "")]),
        (book({**CODE, "source": "a\r\nb\rc"}), [("code", "a\nb\nc")]),
        (book({**CODE, "source": "a\ud800b\0"}), [("code", "a?b")]),
        (json.dumps(V3).encode(), [("code", "x = 1"), ("markdown", "## A")]),
        (json.dumps([CODE, TEXT]).encode(), PLAIN),
        (book() + b"\n{}", PLAIN),
        (b'{"cells": [{"cell_type": "code", "source": "x = 1", "source": ""}]}', PLAIN[:1]),
        (b'{"cells": [{"source": "x = 1", "cell_type": "code"}], "cells": []}', PLAIN[:1]),
    ],
)
def test_odd_files_are_read_without_a_word(data, expected):
    found = read(data)
    assert (found.status, found.notes, found.human) == ("read", [], [])
    assert cells(found) == expected


@pytest.mark.parametrize(
    ("data", "expected", "note"),
    [
        (book()[:-60], PLAIN[:1], "The file is damaged: 1 whole cells were found in it."),
        (book(CODE, TEXT, CODE)[:-80], PLAIN, "The file is damaged: 2 whole cells were found"),
        (book().replace(b'[], "met', b'[}, "met'), PLAIN[1:], "The file is damaged: 1 whole"),
        (
            b"def f():\n    return 1\n",
            [("code", "def f():\n    return 1\n")],
            "This is a Python file",
        ),
        (book(CODE, 7, TEXT), PLAIN, "Parts of the notebook are no cells"),
    ],
)
def test_of_damaged_files_what_is_whole_is_read_and_a_person_is_told(data, expected, note):
    found = read(data)
    assert (found.status, cells(found)) == ("read", expected)
    assert len(found.notes) == 1
    assert found.notes[0].startswith(note)
    assert found.human == found.notes


def test_letters_of_another_encoding_cost_nothing():
    data = json.dumps({"cells": [{**CODE, "source": "# é"}]}, ensure_ascii=False)
    found = read(data.encode("cp1252"))
    assert cells(found) == [("code", "# é")]
    assert (len(found.notes), found.human) == (1, [])


MERGE = """{"cells": [
{"cell_type": "code", "source": "import numpy as np"},
<<<<<<< HEAD
{"cell_type": "code", "source": "def f(): return 1"},
=======
{"cell_type": "code", "source": "def f(): return 2"},
{"cell_type": "code", "source": "def g(): return 3"},
>>>>>>> theirs
{"cell_type": "markdown", "source": "end"}
]}"""


def test_both_sides_of_an_unfinished_merge_are_read_and_the_first_counts():
    found = read(MERGE.encode())
    assert [text for _, text in cells(found)] == [
        "import numpy as np",
        "def f(): return 2",
        "def f(): return 1",
        "def g(): return 3",
        "end",
    ]
    assert found.human == ["The file holds an unfinished merge, both sides of it; both were read."]


def test_lines_like_gits_that_are_none_stay():
    text = (
        "before\n=======\n>>>>>>> a\n<<<<<<< b\nours\n||||||| c\nbase\n=======\ntheirs\n>>>>>>> d"
    )
    assert _side(text, "ours") == "before\n=======\n>>>>>>> a\nours\n"
    assert _side(text, "theirs") == "before\n=======\n>>>>>>> a\ntheirs\n"
    assert _side("<<<<<<< a\n1\n<<<<<<< b\n2\n=======\n3\n=======\n4", "ours") == "1\n2\n"
    assert _side("<<<<<<< a\r\n1\r\n=======\r\n2\r\n>>>>>>> b\r\n3", "theirs") == "2\r\n3"


def test_a_merge_takes_no_more_memory_than_a_few_copies_of_the_file():
    data = b'{"cells": [\n<<<<<<< a\n' + b"ab\n" * 2_000_000
    tracemalloc.start()
    try:
        read(data)
        assert tracemalloc.get_traced_memory()[1] < 5 * len(data)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "status", "sentence"),
    [
        (b"", "empty", "The file is empty."),
        (b" \n\0", "empty", "The file is empty."),
        (b'{"cells": []}', "empty", "The notebook has no cell with anything in it."),
        (book({**CODE, "source": " \n"}), "empty", "The notebook has no cell with anything in it."),
        (b"<!DOCTYPE html><p>", "unreadable", "This is a web page, not a notebook: the page that"),
        (b"PK\3\4abc", "unreadable", "This is a zip archive, not a notebook."),
        (b"%PDF-1.7", "unreadable", "This is a PDF, not a notebook."),
        (b"\x89PNG\r\n\0\0", "unreadable", "This is a binary file, not a notebook."),
        (bytes(range(256)), "unreadable", "This is a binary file, not a notebook."),
        (b"Dear all, here is my work.", "unreadable", "This is not a notebook: no cells can be"),
        (b"{}", "unreadable", "This is not a notebook: no cells can be found in it."),
        (b'{"cells": {}}', "unreadable", "This is not a notebook: no cells can be found in it."),
        (b"null", "unreadable", "This is not a notebook: no cells can be found in it."),
        (b"[" * 200_000, "unreadable", "This is not a notebook: no cells can be found in it."),
        (b'{"cells": [' * 9, "empty", "The notebook has no cell with anything in it."),
    ],
)
def test_what_is_no_notebook_is_a_sentence(data, status, sentence):
    found = read(data)
    assert (found.status, found.cells if status == "unreadable" else []) == (status, [])
    assert found.notes[-1].startswith(sentence)
    assert found.human == found.notes


def test_every_beginning_of_a_notebook_is_read_without_an_exception():
    data = book(CODE, TEXT, {**CODE, "source": 'print("[{")'})
    counts = [len(read(data[:n]).cells) for n in range(len(data))]
    assert (counts[0], max(counts), counts[-1]) == (0, 3, 3)
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!pip install 'numpy\nx = 1", "pass\nx = 1"),
        ("x = 1\nnp.zeros?\n?np.ones\nx??", "x = 1\npass\npass\npass"),
        ("files = !ls\nt = %timeit -o f()", "files = []\nt = None"),
        ("def f():\n    %time y = 3\n    return y", "def f():\n    y = 3\n    return y"),
        ("if x:\n    !ls", "if x:\n    pass"),
        ("%%time\nx = 1", "\nx = 1"),
        ("\n%%capture out\nx = 1", "\n\nx = 1"),
        ("x = 5 % 3\ns = '''\n%time\n!ls\n'''\n%time 3", "x = 5 % 3\ns = '''\n%time\n!ls\n'''\n3"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        ("x\xa0= 1", "x = 1"),
    ],
)
def test_what_is_ipythons_own_is_neutralized(text, code):
    assert python(text) == (code, None)


@pytest.mark.parametrize(
    "magic",
    ["%%writefile mine.py", "%%file mine.py ", "\n%%writefile -a lib/a-b/mine.py"],
)
def test_a_cell_that_is_written_into_a_module_is_run_and_the_module_is_the_notebook(magic):
    code, odd = python(f"{magic}\nx = 1", modules={"mine"})
    first = "__import__('sys').modules['mine'] = __import__('sys').modules['__main__']"
    assert (code.strip(), odd) == (f"{first}\nx = 1", None)
    for modules in ((), {"other"}):
        assert python(f"{magic}\nx = 1", modules=modules)[0] == ""
    told = python("%%writefile mine.txt\nx = 1", modules={"mine"})
    assert told == ("", "is no Python: %%writefile")


def test_where_a_newer_python_may_be_meant_it_is_told():
    _, odd = python("def f(a):\n    return f'{a['b']}'")
    if sys.version_info >= (3, 12):
        assert odd is None
    else:
        assert odd.startswith("is no Python in one place: f-string: ")
        assert odd.endswith("; newer ones may take it, but this is graded with Python 3.11")


@pytest.mark.parametrize("text", ["x = 1", "s = '''\n!ls\n%time\n'''", "a = '5 %'", ""])
def test_python_stays_as_it_is(text):
    assert python(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "code", "odd"),
    [
        ("%%bash\nls", "", "is no Python: %%bash"),
        (
            "def f(:\n  pass\n\ndef g():\n  return 2\ny = (",
            "\n\n\ndef g():\n  return 2\n",
            "is no Python in one place: invalid syntax, line 1",
        ),
        (
            "def f():\n  '''text\nfrom the margin\n'''\n  return 1\nx = = 2\n@d\ndef h(): pass",
            "def f():\n  '''text\nfrom the margin\n'''\n  return 1\n\n@d\ndef h(): pass",
            "is no Python in one place: invalid syntax, line 6",
        ),
        ("x = " + "(" * 300_000, "", "is too long to be read"),
    ],
)
def test_a_slip_costs_its_statement_and_no_other(text, code, odd):
    assert python(text) == (code, odd)


PHOTO = "![photo.jpg](data:image/jpeg;base64," + "A+/9" * 300_000 + ")"


def test_a_picture_that_is_pasted_in_counts_as_one_letter():
    found = read(book({**TEXT, "source": f"By the rule\n\n{PHOTO}\n\nthe end"}, CODE))
    said = "By the rule\n\n![photo.jpg](data:image/jpeg;base64,…)\n\nthe end"
    assert cells(found) == [("markdown", said), ("code", "x = 1")]
    assert (found.notes, found.human) == ([], [])


def test_one_cell_that_is_too_long_is_shortened_and_the_others_are_read():
    long = "word " * 300_000
    found = read(book({**TEXT, "source": long}, {**CODE, "source": long}, CODE))
    assert [len(text) for _, text in cells(found)] == [50_001, 50_001, 5]
    assert found.human == [
        "Cell 1 is longer than any: its end was not read.",
        "Cell 2 is longer than any: its end was not read.",
    ]
    assert python(found.cells[1].text) == ("", "is too long to be read")


LONG = {
    "cells": book(*[CODE] * 5000),
    "letters": book(*[{**CODE, "source": "x = 1\n" * 8000}] * 100),
    "damaged": b'{"cells": [' + b'{"cell_type": [' * 100_000,
    "broken cells below empty lines": b'{"cells": ['
    + json.dumps(TEXT).encode()
    + b","
    + b"\n" * 60_000_000
    + b'{"cell_type": "code", "source": "x\n' * 400,
    "lines of Git's": b"<<<<<<< \n" * 3_000_000,
    "merge": b"<<<<<<< a\n" + book(*[CODE] * 9000) + b"\n=======\n" + book() + b"\n>>>>>>> b\n",
}


@pytest.mark.parametrize("data", LONG.values(), ids=LONG)
def test_who_hands_in_a_mountain_does_not_keep_the_grader_busy(data):
    began = time.process_time()
    found = read(data)
    assert len(found.cells) <= 2001
    assert sum(len(cell.text) for cell in found.cells) <= 1_000_000
    assert found.human
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text",
    [
        "%time\n" * 3000 + "def f(): pass",
        "x = (\n" * 3000,
        " " * 19_000 + "=%x",
        "a, " * 6000 + "= %",
        "[" * 19_000 + "\n!",
        "\n" * 19_000 + "x x",
        "a, " * 16_000 + "= %",
    ],
)
def test_no_cell_keeps_the_grader_busy(text):
    began = time.process_time()
    python(text)
    assert time.process_time() - began < 10


def test_nothing_makes_the_parser_fail():
    for text in ["(" * 5000, "-" * 50_000 + "1", "[" * 90 + "]" * 90, "x = '\ud800'", "a\0b"]:
        code, _ = python(text)
        assert isinstance(code, str)
