"""Submissions to one of the book's assignments that were spoiled, made by code from its source.

`BOOK` is the assignment. `MANGLED` holds honest work in a bad state: name -> a function of the
solution's cells that returns a file's bytes. All of them deserve the points of the intact copy.
`ELSEWHERE` says of which of them the cells are another assignment's, `LIMITED` which need other
limits to be a trial. `UNREADABLE` holds files in which nothing can be found: name -> (bytes,
status, beginning of what is said). The cheats are in `cheating`.
"""

import ast
import io
import json
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from classroom.grading import Kit, kit_of
from classroom.source import load

ROOT = Path(__file__).resolve().parents[2]
NAME = "03_backprop_deltas"


@dataclass(frozen=True)
class Book:
    """An assignment's cells as (kind, text): as handed out, and with all solutions."""

    path: Path

    @cached_property
    def kit(self) -> Kit:
        return kit_of(self.path)

    @property
    def stubs(self):
        return list(self.kit.cells)

    @cached_property
    def solved(self):
        cells = load(self.path).notebook["cells"]
        return [(c["cell_type"], _without_marks("".join(c["source"]))) for c in cells]

    def cell(self, name, cells=None):
        """The place of the cell that defines a name."""
        cells = self.solved if cells is None else cells
        here = re.compile(rf"^(def |class )?{name}\b", re.M)
        return next(n for n, (_, text) in enumerate(cells) if here.search(text))


def _without_marks(text):
    text = re.sub(r"^[ \t]*### (BEGIN|END) SOLUTION.*\n?", "", text, flags=re.M)
    return re.sub(r"<!-- (BEGIN|END) SOLUTION -->", "", text).strip()


BOOK = Book(ROOT / "assignments" / f"{NAME}.ipynb")
OUTPUTS = Book(ROOT / "assignments" / "02_many_outputs.ipynb")
CHECKING = Book(ROOT / "assignments" / "04_gradient_checking.ipynb")


def as_cells(cells):
    """Cells of a notebook, each with its kind and text alone."""
    return [{"cell_type": kind, "source": text} for kind, text in cells]


def as_file(cells, **more):
    """The bytes of a notebook."""
    return json.dumps({"cells": as_cells(cells), "metadata": {}, **more}).encode()


# ---------------------------------------------------------------------------- honest, but mangled

MANGLED, ELSEWHERE, LIMITED = {}, {}, {}


def mangled(function):
    """List a function of the solution's cells, by its name."""
    MANGLED[function.__name__] = function
    return function


def put(cells, name, *changes, book=BOOK):
    """The cells, with (text, another) exchanged in the one that defines a name."""
    made, place = list(cells), book.cell(name)
    for text, another in changes:
        assert text in made[place][1], text
        made[place] = ("code", made[place][1].replace(text, another))
    return made


def added(code, at=None):
    """One more code cell: at the end, or at a place."""

    def with_a_cell(cells):
        place = len(cells) if at is None else at
        return as_file([*cells[:place], ("code", code), *cells[place:]])

    return with_a_cell


# ---- cells


@mangled
def reversed_cells(cells):
    return as_file(cells[::-1])


@mangled
def doubled_cells(cells):
    return as_file([cell for cell in cells for _ in (0, 1)])


@mangled
def only_the_answers_are_left(cells):
    return as_file(
        [(k, t) for k, t in cells if k == "code" and "check(" not in t] + [cells[_text(cells)]]
    )


@mangled
def headings_and_texts_as_raw_cells(cells):
    return as_file([("raw" if k == "markdown" else k, t) for k, t in cells])


@mangled
def code_in_text_cells(cells):
    return as_file([("markdown" if "def " in t else k, t) for k, t in cells])


@mangled
def code_in_fences_in_text_cells(cells):
    return as_file(
        [("markdown", f"```python\n{t}\n```") if "def " in t else (k, t) for k, t in cells]
    )


@mangled
def text_in_a_code_cell(cells):
    place = _text(cells)
    return as_file([("code" if n == place else k, t) for n, (k, t) in enumerate(cells)])


def _text(cells):
    """The place of the answer that is marked by hand."""
    return next(n for n, cell in enumerate(cells) if cell[0] != "code" and cell not in BOOK.stubs)


@mangled
def all_code_in_one_cell(cells):
    code = "\n\n".join(t for k, t in cells if k == "code")
    return as_file([(k, t) for k, t in cells if k != "code"] + [("code", code)])


@mangled
def one_statement_a_cell(cells):
    made = []
    for kind, text in cells:
        statements = ast.parse(text).body if kind == "code" else []
        made += [("code", ast.get_source_segment(text, s)) for s in statements] or [(kind, text)]
    return as_file(made)


@mangled
def stubs_pasted_at_the_end(cells):
    return as_file([*cells, *BOOK.stubs])


@mangled
def stubs_pasted_at_the_beginning(cells):
    return as_file([*BOOK.stubs, *cells])


@mangled
def imports_at_the_end(cells):
    first = next(n for n, (k, t) in enumerate(cells) if "import numpy" in t)
    return as_file([*cells[:first], *cells[first + 1 :], cells[first]])


@mangled
def windows_lines_and_no_break_spaces(cells):
    return as_file([(k, t.replace("\n", "\r\n").replace("    ", "\xa0   ", 1)) for k, t in cells])


MANGLED |= {
    "a_cell_that_raises": added("1 / 0"),
    "a_name_that_is_not_there": added("undefined()\nimport numpy as np", 0),
    "a_cell_that_is_no_python": added("def broken(:"),
    "magics_and_shell_lines": added(
        "%matplotlib inline\n!pip install nothing\nimport numpy as np\nfiles = !ls\nnp.zeros?", 0
    ),
    "a_timed_cell": added("%%time\nimport numpy as np", 0),
    "a_cell_of_another_language": added("%%bash\nrm -rf ."),
    "packages_that_are_not_there": added("import torch\nimport seaborn as sns\nsns.set_theme()"),
    "a_question_to_nobody": added("name = input('your name: ')"),
    "prints_of_200_megabytes": added("line = 'x' * 199_999\nfor _ in range(1000): print(line)"),
    "warnings": added(
        "import warnings, sys\nwarnings.warn('w')\nprint('w', file=sys.stderr)\n"
        "warnings.simplefilter('error')",
        0,
    ),
    "the_notebooks_own_names": added(
        "get_ipython().run_line_magic('time', '')\ndisplay(1)\nfrom IPython.display import HTML\n"
        "HTML('<b>')\nfrom google.colab import drive\ndrive.mount('/content')"
    ),
    "a_check_that_fails": added(f"check('{NAME}/q6', around_backward)\nassert False"),
    "a_loop_without_end": added("while True: pass", 2),
    "a_cell_that_ends_the_process": added("import os; os._exit(1)"),
    "exit": added("exit()\nquit()\nimport sys\nsys.exit(1)"),
    "awaiting": added("import asyncio\nasync def f(): return 1\nawait f()\nasyncio.run(f())"),
    "a_future": added("from __future__ import annotations", 0),
    "names_that_were_taken": added("around_backward = gradients = routes = None", 0),
    "a_window": added(
        "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\n"
        "plt.switch_backend('QtAgg')\nplt.plot([1])\nplt.show(block=True)\nplt.pause(1)"
    ),
    "another_style": added(
        "import matplotlib.pyplot as plt\nplt.style.use('dark_background')\nplt.xkcd()", 1
    ),
    "a_file_that_is_not_there": added("data = open('data/mine.csv').read()"),
    "a_file_of_its_own": added("open('x.txt', 'w').write('x')\nassert open('x.txt').read() == 'x'"),
    "chance": added("import random\nrandom.seed(1)\nimport numpy as np\nnp.random.seed(7)"),
    "other_print_options": added("np.set_printoptions(precision=2)\nnp.seterr(all='raise')"),
    "helpers_above_each_other": added("def helper(): return later()\ndef later(): return 1"),
    "letters_of_the_world": added("größe = 'ñ漢字🙂'\nprint(größe)"),
    "half_of_a_letter": added("x = '\ud800'"),
    "a_null_in_the_code": added("x = 1\0"),
}


@mangled
def a_lengthy_cell(cells):
    return as_file([*cells, ("code", "values = [\n" + "    1.0,\n" * 4_000 + "]")])


@mangled
def a_loop_without_end_in_one_cell_of_the_answers(cells):
    place, loop = BOOK.cell("routes"), "\n\nwhile True:\n    pass"
    return as_file([(k, t + loop * (n == place)) for n, (k, t) in enumerate(cells)])


# ---- words in a code cell


def _as_code(write):
    """A function that puts the derivation into a code cell, as write(text)."""

    def in_a_code_cell(cells):
        place = _text(cells)
        return as_file([*cells[:place], ("code", write(cells[place][1])), *cells[place + 1 :]])

    return in_a_code_cell


MANGLED |= {
    "a_derivation_in_comments": _as_code(lambda text: re.sub("^", "# ", text, flags=re.M)),
    "a_derivation_in_a_docstring": _as_code(lambda text: f'r"""\n{text}\n"""'),
    "a_derivation_in_latex": _as_code(lambda text: f"%%latex\n{text}"),
    "a_derivation_in_markdown": _as_code(lambda text: f"%%markdown\n{text}"),
    "a_derivation_with_a_name": _as_code(lambda text: f'answer = r"""{text}"""'),
    "a_derivation_that_is_shown": _as_code(
        lambda text: (
            f'from IPython.display import Markdown, display\ndisplay(Markdown(r"""{text}"""))'
        )
    ),
}


# ---- what a notebook does at home


@mangled
def a_photo_in_a_text(cells):
    photo = "![page.jpg](data:image/jpeg;base64," + "A" * 1_200_000 + ")"
    place = BOOK.cell("routes") + 1
    return as_file([*cells[:place], ("markdown", photo), *cells[place:]])


@mangled
def packages_in_annotations(cells):
    cells = put(cells, "routes", ("(sizes, l)", "(sizes: list[int] | np.ndarray, l: int) -> int"))
    first = "import torch\n\nArray = np.ndarray | torch.Tensor\n\n\ndef "
    annotated = "(G: Array, A_in: Array, W: Array, b: Array) -> tuple[Array]"
    return as_file(put(cells, "around_backward", ("def ", first), ("(G, A_in, W, b)", annotated)))


@mangled
def arrays_in_annotations(cells):
    code = "from numpy.typing import NDArray\n\n\ndef routes(sizes: NDArray[np.int64], l: int)"
    return as_file(put(cells, "routes", ("def routes(sizes, l)", code)))


@mangled
def a_bar_of_progress(cells):
    first = "from tqdm.notebook import trange\n\n\ndef train("
    steps = ("in range(steps)", "in trange(steps)")
    return as_file(put(cells, "train", ("def train(", first), steps))


@mangled
def files_in_folders_of_its_own(cells):
    cells = put(cells, "draw", ("legend()", 'legend()\n    plt.savefig("figures/q7.png")'))
    last = "    np.save('runs/losses.npy', losses)\n    return losses"
    return as_file(put(cells, "train", ("    return losses", last)))


@mangled
def a_legend_of_the_figure(cells):
    return as_file(put(cells, "draw", ("plt.legend()", "plt.gcf().legend()")))


@mangled
def a_module_written_by_the_notebook(cells):
    place = BOOK.cell("around_backward")
    written = ("code", f"%%writefile mine.py\nimport numpy as np\n\n{cells[place][1]}")
    stub = BOOK.stubs[BOOK.cell("around_backward", BOOK.stubs)]
    taken = ("code", "from mine import around_backward")
    return as_file([*cells[:place], stub, written, taken, *cells[place + 1 :]])


@mangled
def a_letter_that_was_once_something_else(cells):
    return as_file([("code", "answer_1 = letter"), *cells, ("code", "letter = 'a'")])


@mangled
def names_taken_after_they_were_used(cells):
    code = (
        "rng = np.random.default_rng(1)\nX, T = rng.normal(size=(2, 4, 3))\n"
        "W1, W2 = rng.normal(size=(2, 3, 3))\n"
        "train = train(X, T, W1, np.zeros(3), W2, np.zeros(3), 0.1, 5)\n"
        "gradients = gradients(X, T, W1, np.zeros(3), W2, np.zeros(3))"
    )
    return as_file([*cells, ("code", code)])


@mangled
def a_helpers_name_taken_after_it_was_used(cells):
    code = "W, X, T = np.ones((3, 2)), np.ones((4, 3)), np.zeros((4, 2))\nloss = loss(W, X, T)"
    return as_file([*cells, ("code", code)])


@mangled
def a_class_in_pieces(cells):
    place, stub = OUTPUTS.cell("Layer"), OUTPUTS.stubs[OUTPUTS.cell("Layer", OUTPUTS.stubs)]
    pieces = []
    for method in ast.parse(cells[place][1]).body[0].body:
        name, code = method.name.strip("_"), ast.unparse(method).replace("__init__", "init")
        pieces.append(("code", f"{code}\nLayer.{method.name} = {name}"))
    return as_file([*cells[:place], stub, *pieces, *cells[place + 1 :]])


@mangled
def a_class_rewritten_under_its_own_name(cells):
    place, stub = OUTPUTS.cell("Layer"), OUTPUTS.stubs[OUTPUTS.cell("Layer", OUTPUTS.stubs)]
    pieces = []
    for method in ast.parse(cells[place][1]).body[0].body:
        code = re.sub("^", "    ", ast.unparse(method), flags=re.M)
        pieces.append(("code", f"class Layer(Layer):\n{code}"))
    return as_file([*cells[:place], stub, *pieces, stub, *cells[place + 1 :]])


@mangled
def answers_inside_conditions(cells):
    """The stubs stand below them once more."""
    made = [*cells]
    for name in ("routes", "gradients", "answer_1"):
        place = BOOK.cell(name)
        made[place] = ("code", "if True:\n" + re.sub("^", "    ", made[place][1], flags=re.M))
        made.append(BOOK.stubs[BOOK.cell(name, BOOK.stubs)])
    return as_file(made)


@mangled
def a_module_that_is_an_old_copy(cells):
    return added("%%writefile old.py\ndef routes(sizes, l):\n    return 4")(cells)


ELSEWHERE |= {
    "a_helpers_name_taken_after_it_was_used": CHECKING,
    "a_class_in_pieces": OUTPUTS,
    "a_class_rewritten_under_its_own_name": OUTPUTS,
}


@mangled
def helpers_above_a_long_run(cells):
    helpers = "curve = lambda z: np.tanh(z)\nHALF = 1 / 2\nPOWER = int('1')\n\n\ndef train("
    longer = "    return losses\n\n\nwhile HALF:\n    pass\n\nassert False"
    changes = [("np.tanh(", "curve("), ("0.5 *", "HALF *"), ("len(X))", "len(X) ** POWER)")]
    changes += [("    return losses", longer), ("def train(", helpers)]
    return as_file(put(cells, "train", *changes))


@mangled
def long_runs_to_look_at(cells):
    runs = [("code", f"import time\ntime.sleep(1000)  # run {k}") for k in range(3)]
    return as_file([*cells[:-4], *runs, *cells[-4:]])


LIMITED["long_runs_to_look_at"] = {"seconds": 12.0, "cell": 2.0}


# ---- files


@mangled
def null_outputs_and_counts(cells):
    empty = {"outputs": None, "execution_count": None, "metadata": None, "id": None}
    return json.dumps({"cells": [{**c, **empty} for c in as_cells(cells)]}).encode()


@mangled
def metadata_that_lies(cells):
    lie = {"nbgrader": {"grade_id": "q1", "points": -3, "locked": True, "solution": "no"}}
    made = [{**c, "metadata": lie, "id": "the same"} for c in as_cells(cells)]
    kernel = {"kernelspec": {"name": "julia-1.9", "language": "julia"}, "nbgrader": 7}
    return json.dumps({"cells": made, "metadata": kernel, "nbformat": "four"}).encode()


@mangled
def outputs_by_the_megabyte(cells):
    out = [{"output_type": "stream", "name": "stdout", "text": ["[1, {2}]\n"] * 300_000}]
    return json.dumps({"cells": [{**c, "outputs": out[: n == 9]} for n, c in
                                 enumerate(as_cells(cells))]}).encode()  # fmt: skip


@mangled
def version_3(cells):
    made = [
        {"cell_type": k, ("input" if k == "code" else "source"): t.splitlines(True), "outputs": []}
        for k, t in cells
    ]
    return json.dumps({"nbformat": 3, "worksheets": [{"cells": made}], "metadata": {}}).encode()


@mangled
def a_merge_that_was_not_finished(cells):
    place = BOOK.cell("around_backward")
    rows = [json.dumps(cell) + "," for cell in as_cells(cells)]
    stub = json.dumps({"cell_type": "code", "source": "def around_backward(G, A_in, W, b): ..."})
    rows[place] = f"<<<<<<< HEAD\n{rows[place]}\n=======\n{stub},\n>>>>>>> theirs"
    return ('{"cells": [\n' + "\n".join(rows)[:-1] + "\n]}").encode()


MANGLED |= {
    "version_4_0": lambda cells: as_file(cells, nbformat=4, nbformat_minor=0),
    "version_5_9": lambda cells: as_file(cells, nbformat=5, nbformat_minor=9),
    "a_byte_order_mark": lambda cells: b"\xef\xbb\xbf" + as_file(cells),
    "two_bytes_a_letter": lambda cells: as_file(cells).decode().encode("utf-16"),
    "an_old_encoding": lambda cells: json.dumps(
        {"cells": as_cells([*cells, ("code", "# é")])}, ensure_ascii=False
    ).encode("cp1252", "replace"),
    "windows_lines_in_the_file": lambda cells: json.dumps(
        {"cells": as_cells(cells)}, indent=1
    ).replace("\n", "\r\n").encode(),
    "lists_of_lines": lambda cells: json.dumps(
        {"cells": [{**c, "source": c["source"].splitlines(True)} for c in as_cells(cells)]}
    ).encode(),
    "only_the_list_of_cells": lambda cells: json.dumps(as_cells(cells)).encode(),
    "more_after_the_end": lambda cells: as_file(cells) + b"\n}\n<html>",
    "cut_after_the_last_answer": lambda cells: as_file([*cells, ("markdown", "more")])[:-20],
    "a_broken_cell_in_the_middle": lambda cells: as_file(
        [*cells[:3], ("code", "BROKEN"), *cells[3:]]
    ).replace(b'"BROKEN"', b'"BRO\nKEN'),
    "zeros_at_the_end": lambda cells: as_file(cells) + b"\0" * 5000,
}  # fmt: skip


def _zip(data):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("work.ipynb", data)
    return packed.getvalue()


#: name -> (bytes, status, the beginning of what is said)
UNREADABLE = {
    "no bytes": (b"", "empty", "The file is empty."),
    "nothing but spaces": (b" \r\n\0\0", "empty", "The file is empty."),
    "no file": (None, "empty", "No notebook was handed in."),
    "no cells": (as_file([]), "empty", "The notebook has no cell with anything in it."),
    "a web page": (b"<!DOCTYPE html><html>", "unreadable", "This is a web page, not a notebook"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "unreadable", "This is a binary file"),
    "a PDF": (b"%PDF-1.7\n", "unreadable", "This is a PDF, not a notebook."),
    "a zip archive": (_zip(as_file([])), "unreadable", "This is a zip archive, not a notebook."),
    "an essay": (b"I could not do it.", "unreadable", "This is not a notebook"),
    "another JSON": (b'{"a": 1}', "unreadable", "This is not a notebook"),
    "cut at the start": (as_file(BOOK.solved)[:9], "unreadable", "This is not a notebook"),
    "a bomb of brackets": (b"[" * 100_000, "unreadable", "This is not a notebook"),
    "a bomb of objects": (b"[" + b"{}," * 3_000_000 + b"{}]", "unreadable", "This is not a note"),
    "a bomb of broken cells": (
        b'{"cells": [' + (b'{"cell_type": "code", "source": "' + b"x" * 7_000 + b"\n") * 2_000,
        "empty",
        "The notebook has no cell with anything in it.",
    ),
}
