"""Chapter 11's program in TensorFlow: the code shown is the code there is, and it is right."""

import ast
import inspect
import json
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from backprop import tensorflow_twin

ROOT = Path(__file__).resolve().parents[1]


def pin():
    text = (ROOT / "requirements-tensorflow.txt").read_text(encoding="utf-8")
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    (asked,) = [line for line in lines if line and not line.startswith("-")]
    return asked.partition("==")[::2]


def data(rng, *sizes, N=6):
    n, hidden, m = sizes
    return [rng.normal(size=shape) for shape in ((N, n), (N, m), (n, hidden), (hidden, m))]


def by_numpy(X, T, W1, W2, steps, eta):
    """The losses of plain gradient descent, gradient by hand."""
    W1, W2, losses = W1.copy(), W2.copy(), []
    for _ in range(steps + 1):
        Z = X @ W1
        H = np.maximum(Z, 0)
        error = H @ W2 - T
        losses.append((error**2).sum())
        dW1, dW2 = X.T @ (2 * error @ W2.T * (Z > 0)), H.T @ (2 * error)
        W1, W2 = W1 - eta * dW1, W2 - eta * dW2
    return np.array(losses)


# --- wherever the book is tested ------------------------------------------------------------------


def test_the_chapter_shows_the_function_there_is():
    chapter = json.loads((ROOT / "chapters/11_numpy_to_pytorch.ipynb").read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in chapter["cells"])
    (shown,) = re.findall(r"```python\n(def train\(.*?)```", text, re.DOTALL)
    written = ast.parse(inspect.getsource(tensorflow_twin.train))
    (function,) = written.body
    assert ast.get_docstring(function)
    del function.body[0]
    assert ast.dump(ast.parse(shown)) == ast.dump(written)


def test_the_optional_requirement_is_pinned():
    package, pinned = pin()
    assert package == "tensorflow"
    assert re.fullmatch(r"\d+\.\d+\.\d+", pinned)


# --- where TensorFlow is installed ----------------------------------------------------------------


@pytest.mark.optional("tensorflow")
def test_this_tensorflow_is_the_pinned_one():
    assert version("tensorflow") == pin()[1]


@pytest.mark.optional("tensorflow")
def test_small_nets_have_the_losses_of_numpy(rng):
    for sizes in ((5, 4, 3), (2, 7, 1), (1, 1, 1)):
        arrays = data(rng, *sizes)
        losses = tensorflow_twin.train(*arrays, steps=20, eta=1e-3)
        assert len(losses) == 21
        expected = by_numpy(*arrays, steps=20, eta=1e-3)
        np.testing.assert_allclose(losses, expected, rtol=1e-12)


@pytest.mark.optional("tensorflow")
def test_the_net_of_the_chapter_has_the_losses_of_numpy(rng):
    arrays = data(rng, 1000, 100, 10, N=64)
    before = [array.copy() for array in arrays]
    losses = tensorflow_twin.train(*arrays)
    expected = by_numpy(*arrays, steps=500, eta=1e-6)
    assert losses[-1] < 1e-10 * losses[0]
    np.testing.assert_allclose(losses, expected, rtol=1e-7)  # as in the chapter: rounding grows
    np.testing.assert_allclose(losses[0], expected[0], rtol=1e-13)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)


@pytest.mark.optional("tensorflow")
def test_shapes_that_do_not_fit_are_told(rng):
    X, T, W1, W2 = data(rng, 5, 4, 3)
    with pytest.raises(Exception, match=r"Matrix size-incompatible: In\[0\]: \[6,5\]"):
        tensorflow_twin.train(X, T, W1.T, W2, steps=1)
