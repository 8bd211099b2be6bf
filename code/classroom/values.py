"""Plain values over a pipe: what may pass between a student's process and the grader, and how.

`encode` turns a value into what JSON can hold, `decode` turns it back. None, True and False,
numbers, texts, lists, tuples, dicts with text keys and NumPy arrays of real numbers pass, by
their exact type: an object that pretends to be a number, or a subclass of float with its own `==`,
arrives as `Strange`, which is equal to nothing. A torch tensor arrives as an array.

The file imports nothing of its package: the same file runs inside the sandbox. There it is in the
hands of the student's code, so nothing relies on `encode`. `decode` trusts nobody: it accepts only
what is described here, within limits, and never runs what it reads, as pickle would.
"""

import base64
import binascii
import math
import sys
from types import SimpleNamespace

try:
    import numpy as np
except ModuleNotFoundError:  # a question may go without NumPy; then there are no arrays
    np = None

#: Deeper lists than this do not pass, nor more entries outside arrays, nor more bytes altogether.
DEPTH = 12
ENTRIES = 20_000
BYTES = 16_000_000

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES += ["float16", "float32", "float64"]


class Strange:
    """Something that is none of the values that pass; `name` says what it was."""

    def __init__(self, name):
        self.name = printable(str(name)[:80])

    def __repr__(self):
        return f"Strange({self.name!r})"


class Malformed(ValueError):
    """What came is no encoding of a value."""


def encode(value, limit=BYTES):
    """Return `value` as JSON can hold it; what cannot pass becomes {"strange": its type's name}."""
    return _encode(value, DEPTH, SimpleNamespace(entries=ENTRIES, bytes=limit))


def _encode(value, depth, left):
    left.entries -= 1
    kind = type(value)
    if left.entries < 0 or depth < 0:
        return {"strange": "something with too many entries"}
    if value is None or kind is bool or kind is float:
        return value
    if kind is int:
        return value if -(2**63) <= value < 2**64 else {"strange": "an integer beyond 64 bits"}
    if kind is str:
        left.bytes -= len(value)
        return value if left.bytes >= 0 else {"strange": "a text that is too long"}
    if kind is list or kind is tuple:
        return {kind.__name__: [_encode(v, depth - 1, left) for v in value]}
    if kind is dict:
        if not all(type(key) is str for key in value):
            return {"strange": "a dict with keys that are no texts"}
        return {"dict": [[key, _encode(v, depth - 1, left)] for key, v in value.items()]}
    array = _array(value, kind)
    if array is None:
        return {"strange": _name(value, kind)}
    left.bytes -= array.nbytes
    if left.bytes < 0:
        return {"strange": f"an array that is too large, shape {array.shape}"}
    flat = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False).tobytes()
    return {"array": [array.dtype.name, list(array.shape), base64.b64encode(flat).decode()]}


def _array(value, kind):
    """A NumPy array or scalar, or a torch tensor, as an array of real numbers; or None."""
    torch = sys.modules.get("torch")
    tensors = (getattr(torch, "Tensor", None), getattr(getattr(torch, "nn", None), "Parameter", 0))
    if torch is not None and kind in tensors:
        value = value.detach().cpu()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
        kind = type(value)
    if np is None or not (kind is np.ndarray or (kind.__module__ == "numpy" and _scalar(kind))):
        return None
    array = np.asarray(value)
    return array if array.dtype.name in DTYPES else None


def _scalar(kind):
    return issubclass(kind, np.generic)


def _name(value, kind):
    if np is not None and kind is np.ndarray:
        return f"array of dtype {value.dtype}"
    return str(kind.__name__)


def decode(coded):
    """Return the value that `encode` was given; what could not pass is a `Strange`.

    Raises `Malformed` for anything that `encode` does not write.
    """
    return _decode(coded, DEPTH, SimpleNamespace(entries=ENTRIES))


def _decode(coded, depth, left):
    left.entries -= 1
    if left.entries < 0 or depth < -1:
        raise Malformed("expected a value of bounded size, came more")
    if coded is None or isinstance(coded, (bool, float)):
        return coded
    if isinstance(coded, int) and -(2**63) <= coded < 2**64:
        return coded
    if isinstance(coded, str):
        return _clean(coded)
    if not isinstance(coded, dict) or len(coded) != 1:
        raise Malformed("expected a value, came something else")
    ((what, content),) = coded.items()
    if what == "strange" and isinstance(content, str):
        return Strange(_clean(content))
    if what in ("list", "tuple") and isinstance(content, list):
        return (list if what == "list" else tuple)(_decode(v, depth - 1, left) for v in content)
    if what == "dict" and isinstance(content, list):
        return {_key(pair): _decode(pair[1], depth - 1, left) for pair in content}
    if what == "array":
        return _decoded_array(content)
    raise Malformed("expected a value, came something else")


def _key(pair):
    if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
        raise Malformed("expected a key and a value")
    return _clean(pair[0])


def _decoded_array(content):
    try:
        dtype, shape, data = content
        flat = base64.b64decode(data, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Malformed("expected an array") from None
    sound = dtype in DTYPES and isinstance(shape, list) and len(shape) <= 16
    if not sound or not all(type(n) is int and 0 <= n <= BYTES for n in shape):
        raise Malformed("expected an array's dtype and shape")
    kind = np.dtype(dtype).newbyteorder("<")
    if math.prod(shape) * kind.itemsize != len(flat):
        raise Malformed("expected as many bytes as the shape says")
    if dtype == "bool":  # a byte other than 0 and 1 would be neither True nor False
        return (np.frombuffer(flat, np.uint8) != 0).reshape(shape)
    # A copy in the machine's own order, which may be written to.
    return np.frombuffer(flat, kind).astype(dtype).reshape(shape)


def _clean(text):
    """The text without halves of characters, which no UTF-8 file can hold."""
    return text.encode("utf-8", "replace").decode()


def printable(text):
    """Return a text without what a file cannot hold or a terminal would obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def drawing(figures):
    """Return what Matplotlib figures show, as plain values: see `questions.Plot`.

    figures: a list of figures. Lines and points of all axes, but none that cannot be seen; each
    line as [x, y, words], with the words that the legend has for it. The words of the first axes
    that has any.
    """
    shown = {"lines": [], "points": [], "labels": []}
    words = {"xlabel": "", "ylabel": "", "title": "", "xscale": "linear", "yscale": "linear"}
    for axes in (axes for figure in figures for axes in figure.axes):
        legends = [axes.get_legend(), *axes.get_figure().legends]
        entries = [entry for legend in legends for entry in _entries(legend)]
        shown["lines"] += [
            [*(np.asarray(data, float) for data in line.get_data()), _words(line, entries)]
            for line in axes.lines
            if _is_seen(line)
        ]
        shown["points"] += [
            np.asarray(c.get_offsets(), float)
            for c in axes.collections
            if len(c.get_offsets()) and not _is_hidden(c)
        ]
        shown["labels"] += [text for text, _ in entries]
        for name, otherwise in words.items():
            said = str(getattr(axes, f"get_{name}")())
            if words[name] == {"xscale": "linear", "yscale": "linear"}.get(name, ""):
                words[name] = said or otherwise
    shown["points"] = np.concatenate([np.zeros((0, 2)), *shown["points"]])
    return {**shown, **words}


def _is_hidden(artist):
    return not artist.get_visible() or bool(np.all(artist.get_alpha() == 0))


def _is_seen(line):
    """True for a line with a stroke or marks."""
    stroke = line.get_linestyle() != "None" and line.get_linewidth() > 0
    marks = line.get_marker() not in ("None", "none", " ", "", None) and line.get_markersize() > 0
    return not _is_hidden(line) and (stroke or marks)


def _entries(legend):
    """[(text, what it looks like)] of a legend's entries; [] where there is none."""
    if legend is None:
        return []
    texts = [str(text.get_text()) for text in legend.get_texts()]
    return [(t, _look(h)) for t, h in zip(texts, legend.legend_handles, strict=True)]


def _words(line, entries):
    """The texts of the legend's entries that look like the line; of several its own label alone."""
    own, seen = str(line.get_label()), _look(line)
    words = [text for text, look in entries if look == seen]
    return [own] if own in words else words


def _look(artist):
    """By which an entry of a legend is found to be a line's; None for what is no line."""
    if not hasattr(artist, "get_linestyle") or not hasattr(artist, "get_marker"):
        return None
    return str(artist.get_color()), artist.get_linestyle(), str(artist.get_marker())
