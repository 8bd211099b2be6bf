"""Likely copies: found behind new names and in another order, and honest work left alone."""

import random
import re
import time
from itertools import combinations

import pytest

from classroom.copies import Group, Pair, copies, copies_of, groups
from classroom.files import write_whole
from classroom.notebook import Cell
from classroom.source import load
from results import fill
from trial import INTRO, STUBS, cells, notebook, solved

RELEASED = [("code", INTRO), ("code", "def slope(a): ..."), ("code", "def train(X, t, w, e): ...")]
SOLUTION = [
    ("code", "def slope(a):\n    return 1 - a**2"),
    (
        "code",
        "def train(X, t, w, eta):\n    for x, y in zip(X, t):\n        a = np.tanh(w @ x)\n"
        "        w = w - eta * (a - y) * slope(a) * x\n    return w",
    ),
]
NAMES = ("slope", "train")


def ways(text):
    """The parts of a text between lines of dashes."""
    return text.strip().split("\n---\n")


#: Ways in which each of the answers can be written, none of them the solution's. Where it says
#: ‹this|that›, somebody writes this and somebody that.
SLOPES = ways("""
def slope(a):
    ‹squared = a * a|squared = np.square(a)|squared = a ** 2.0›
    return ‹1.0 - squared|-squared + 1|np.ones_like(a) - squared›
---
def slope(a):
    return ‹(1 - a) * (1 + a)|(a + 1) * (1 - a)|np.multiply(1 - a, 1 + a)›
---
def slope(a):
    z = ‹np.arctanh(a)|0.5 * np.log((1 + a) / (1 - a))›
    return ‹1 / np.cosh(z) ** 2|np.cosh(z) ** -2|4 / (np.exp(z) + np.exp(-z)) ** 2›
---
slope = lambda a: ‹1 - np.power(a, 2)|1 - pow(a, 2)|1.0 - a ** 2›
---
def slope(a):
    result = ‹np.empty_like(a)|np.zeros(a.shape)|[]›
    for k, value in enumerate(a):
        ‹result[k] = 1 - value ** 2|result[k] = (1 - value) * (1 + value)|result += [1 - value**2]›
    return ‹result|np.array(result)|np.asarray(result, dtype=float)›
""")
TRAINS = ways("""
def train(X, t, w, eta):
    for n in ‹range(len(X))|range(X.shape[0])|range(0, t.size)›:
        z = ‹np.dot(w, X[n])|X[n] @ w|sum(w * X[n])›
        a = ‹np.tanh(z)|(np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))›
        error = ‹a - t[n]|-(t[n] - a)|np.subtract(a, t[n])›
        delta = ‹error * slope(a)|slope(a) * error|error * (1 - a ** 2)›
        ‹w = w - eta * delta * X[n]|w = w - eta * (delta * X[n])|w -= delta * eta * X[n]›
    return w
---
def train(X, t, w, eta):
    weights = ‹w.copy()|np.array(w)|1.0 * w›
    for row, target in ‹zip(X, t)|zip(list(X), list(t))|zip(X, t, strict=True)›:
        out = ‹np.tanh(row.dot(weights))|np.tanh(weights @ row)|np.tanh(np.inner(row, weights))›
        gradient = ‹row * ((out - target) * slope(out))|(out - target) * slope(out) * row›
        ‹weights -= eta * gradient|weights = weights - eta * gradient|weights += -eta * gradient›
    return weights
---
def forward(x, w):
    return ‹np.tanh((x * w).sum())|np.tanh(x @ w)|np.tanh(np.dot(x, w))›

def backward(x, a, y):
    return ‹(a - y) * (1 - a ** 2) * x|x * (a - y) * slope(a)|-(y - a) * slope(a) * x›

def train(X, t, w, eta):
    i = 0
    while i < ‹X.shape[0]|len(X)|len(t)›:
        ‹a = forward(X[i], w)|x = X[i]; a = forward(x, w)›
        ‹w = w - eta * backward(X[i], a, t[i])|step = backward(X[i], a, t[i]); w = w - eta * step›
        i ‹+= 1|= i + 1›
    return w
---
def train(X, t, w, eta):
    history = [w]
    for k, x in ‹enumerate(X)|enumerate(X, start=0)|zip(range(len(X)), X)›:
        last = history[-1]
        a = ‹np.tanh(np.sum(last * x))|np.tanh(last @ x)|np.tanh(np.einsum("i,i", last, x))›
        da_dz = ‹slope(a)|1 - a ** 2|slope(np.array(a))›
        dL_da = ‹a - t[k]|2 * (a - t[k]) / 2|float(a - t[k])›
        ‹history.append(last - eta * dL_da * da_dz * x)|history += [last - eta * dL_da * da_dz * x]›
    return history[-1]
""")
OWN = ways("""
print(train(‹np.ones((3, 2))|np.eye(2)›, np.zeros(‹3|2›), np.array(‹[.1, .2]|[1.0, -1]›), 0.‹1|3›))
---
for rate in ‹(0.1, 0.5, 2)|[0.01, 1]|np.logspace(-3, 0, 4)›:
    print(rate, train(‹np.eye(2)|X|2 * np.eye(2)›, np.ones(2), ‹np.zeros(2)|np.ones(2)›, rate))
---
X = np.random.‹default_rng(1).normal(size=(5, 2))|rand(4, 2)|randn(3, 2)›
‹plot = [slope(v) for v in X.ravel()]|print(slope(X))|slope(X[0]).shape›
---
assert ‹abs(slope(np.array([0.5])) - 0.75).max() < 1e-12|np.allclose(slope(0.5), 0.75)›
---
h = ‹1e-6|1e-5|0.0001›
numeric = ‹(np.tanh(0.3 + h) - np.tanh(0.3 - h)) / (2 * h)|(np.tanh(1 + h) - np.tanh(1)) / h›
print(‹numeric - slope(np.tanh(np.array([0.3])))|numeric, slope(np.tanh(1))|abs(numeric) < 1›)
""")


def spun(text, rng):
    """One of the texts that are meant."""
    return re.sub("‹(.*?)›", lambda found: rng.choice(found[1].split("|")), text)


def honest(rng):
    """The cells of somebody who has written each answer in one of the ways, and a try or two."""
    texts = [INTRO, rng.choice(SLOPES), rng.choice(TRAINS), *rng.sample(OWN, rng.randint(0, 2))]
    return [Cell(n, "code", spun(text, rng)) for n, text in enumerate(texts, 1)]


def disguised(found, rng):
    """The same with other names, comments and spaces, in another order."""
    texts = [cell.text for cell in found]
    chosen = sorted(set(re.findall(r"\b(\w+) (?:=|in) ", "\n".join(texts))) - {"slope", "train"})
    for n, name in enumerate(chosen):
        texts = [re.sub(rf"(?<![.\w]){name}(?!\w)", f"renamed_{n}", text) for text in texts]
    texts = [f"# my own\n{text}\n".replace(" * ", "*  ") for text in texts]
    rng.shuffle(texts)
    return [Cell(n, "code", text) for n, text in enumerate(texts, 1)]


def found_in(work):
    return [(p.first, p.second) for p in copies(work, RELEASED, SOLUTION, NAMES)]


def by_hand():
    """Somebody's own way of doing it."""
    texts = SLOPES[4], TRAINS[2], OWN[4]
    return [Cell(n, "code", spun(text, random.Random(7))) for n, text in enumerate(texts, 1)]


@pytest.mark.parametrize("size", [2, 40])
def test_a_disguised_copy_is_found(size):
    rng = random.Random(3)
    others = {f"s{n:03}": honest(rng) for n in range(size - 2)}
    work = {**others, "x1": by_hand(), "x2": disguised(by_hand(), rng)}
    (pair,) = copies(work, RELEASED, SOLUTION, NAMES)
    assert (pair.first, pair.second, pair.same_file) == ("x1", "x2", False)
    assert pair.share >= 0.9
    assert pair.cells[0] == (1, 2, 3)
    assert pair.cells[1] == (1, 2, 3)


def test_a_copy_in_the_midst_of_own_cells_is_found():
    rng = random.Random(4)
    more = [Cell(9, "code", spun("\n".join(OWN[:4]), rng)), Cell(10, "code", "z = 3 * [1, 2, 3]")]
    work = {"x1": by_hand(), "x2": [*disguised(by_hand(), rng), *more], "x3": honest(rng)}
    assert found_in(work) == [("x1", "x2")]


def test_copied_words_are_found():
    words = (
        "The squares pull the output up by the same amount on both sides, so the sum of all the "
        "errors has to vanish where the slope of the loss along the bias is zero, as shown above. "
        "For the weights each error is multiplied by its input first, and whatever is left over "
        "points along the inputs that were far off from what they should have been in the end."
    )
    texts = {"a": words, "b": words.upper().replace(", ", " ,\n"), "c": words[::-1]}
    work = {s: [Cell(1, "markdown", text)] for s, text in texts.items()}
    assert found_in(work) == [("a", "b")]


@pytest.mark.parametrize(("size", "courses"), [(2, 40), (5, 20), (15, 20), (80, 2), (300, 1)])
def test_independent_work_is_left_alone(size, courses):
    """There are few ways here and few words for each, so that some write the same by chance."""
    told = 0
    for seed in range(courses):
        rng = random.Random(1000 * size + seed)
        told += len(found_in({f"s{n:03}": honest(rng) for n in range(size)}))
    assert told <= 0.005 * courses * size * (size - 1) / 2


def test_what_was_handed_out_and_what_is_right_is_nobodys_own():
    work = {s: [Cell(n, *c) for n, c in enumerate(RELEASED + SOLUTION * 20)] for s in "ab"}
    assert found_in(work) == []


def test_the_same_file_is_told_unless_nothing_was_written(tmp_path):
    same, blank = solved(), notebook(cells({}, text="*Your answer here.*"))
    course = fill(tmp_path, [])
    for student, data in {"a": same, "b": blank, "c": same, "d": blank}.items():
        write_whole(course.submitted / "01_trial" / f"{student}.ipynb", data)
    (group,) = copies_of(course, load(course.assignments / "01_trial.ipynb"))
    assert group == Group(("a", "c"), (("a", "c"),), ())
    assert STUBS["q1"] in blank.decode().replace("\\n", "\n")


def alike(first, second, share=0.9, same_file=False):
    return Pair(first, second, share, 20.0, ((1,), (2,)), same_file)


def test_pairs_become_groups_in_which_nothing_is_told_twice():
    ten = [f"s{n:02}" for n in range(10)]
    same = [alike(*pair, 1.0, True) for pair in combinations(ten, 2)]
    near = [alike(student, "x") for student in ten]
    apart = [alike("a", "b", 0.85), alike("b", "c", 0.82), alike("a", "c", 0.8)]
    assert groups([*same, *near, *apart]) == [
        Group((*ten, "x"), (tuple(ten),), (near[0],)),
        Group(("a", "b", "c"), (), (apart[0], apart[1]), more=1),
    ]
    assert groups([]) == []


@pytest.mark.parametrize("odd", ['"""' * 5000, "'" * 49_999, "(" * 9999, "\ud800 x" * 99, "é²٣ "])
def test_whatever_somebody_writes_is_read_in_time(odd):
    began = time.perf_counter()
    assert found_in({"a": [Cell(1, "code", odd)], "b": [Cell(1, "markdown", odd + "x")]}) == []
    assert time.perf_counter() - began < 5


def test_three_hundred_are_compared_in_seconds():
    rng = random.Random(1)
    work = {}
    for n in range(300):
        filler = "\n".join(f"q{rng.random()} = f({rng.random()}, x[{k}])" for k in range(100))
        work[f"s{n:03}"] = [*honest(rng), Cell(9, "code", filler)]
    began = time.process_time()
    assert found_in(work) == []
    assert time.process_time() - began < 10
