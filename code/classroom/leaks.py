"""What a text gives away: solutions, reference code, the secret seed, hidden numbers.

Everything that leaves the instructor's hands is put before `leaks` first: pages of the site and
their sources, students' notebooks, feedback. `release` refuses to write where something is found.
"""

import ast
import hashlib
import html
import json
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .questions import PUBLIC_SEED, expected_of, tries_of
from .source import solutions, text_of
from .values import Malformed, Strange, decode

__all__ = ["Leak", "LeakError", "leaks", "refuse_leaks"]

#: Shorter lines, counted without spaces, are nobody's secret: `return x`, `else:`.
SOLUTION_LENGTH, REFERENCE_LENGTH = 12, 20
#: One number with so many digits is no chance; of those with fewer it takes two of one question.
SURE_DIGITS, LEAST_DIGITS = 8, 6
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w])")


class LeakError(Exception):
    """Something that is to be handed out would give a secret away; nothing was written."""


@dataclass(frozen=True)
class Leak:
    """what: the kind of secret. where: its question, or "". excerpt: its beginning."""

    what: str
    where: str
    excerpt: str

    def __str__(self):
        return f"{self.what}{f' of {self.where}' if self.where else ''}: {self.excerpt}"


def leaks(text, source, seed=None, own=""):
    """Return the list of `Leak` in a text; [] where it gives nothing away.

    text: HTML, a notebook, any other JSON, or plain. source: the assignment's `Source`. seed: the
    course's secret; without it seed and hidden numbers are not looked for. own: what the receiver
    wrote, such as the notebook handed in; what stands there is no news to them.
    """
    words, numbers = _read(text)
    own_words, own_numbers = _read(own)
    squeezed, known = _squeeze(words), _squeeze(own_words)
    found = [
        Leak(what, where, line.strip()[:60])
        for what, where, line in _secret_lines(source)
        if _squeeze(line) in squeezed and _squeeze(line) not in known
    ]
    if seed is None:
        return found
    if _squeeze(seed) in squeezed or hashlib.sha256(seed.encode()).hexdigest() in squeezed:
        found.append(Leak("the secret seed", "", f"{seed[:2]}…"))
    return found + _hidden_numbers(source, seed, numbers, own_numbers)


def refuse_leaks(texts, source, seed=None):
    """Raise `LeakError` if any of the texts, name -> text, gives something away."""
    found = [
        f"{name}: {leak}" for name, text in texts.items() for leak in leaks(text, source, seed)
    ]
    if found:
        raise LeakError(
            f"{source.name}: this would give away what is to stay secret, nothing was written:\n"
            + "\n".join(found)
        )


# ---------------------------------------------------------------------------- what is secret


def _secret_lines(source):
    """(what, where, line) of every line that nobody may see and that is not public anyway."""
    public = _squeeze("\n".join(map(text_of, source.student_cells())))
    secret = list(_solution_lines(source)) + list(_reference_lines(source))
    return [s for s in secret if _squeeze(s[2]) not in public]


def _solution_lines(source):
    for cell in source.notebook["cells"]:
        where = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        for lines in solutions(text_of(cell)):
            lines = [line for line in lines if line.strip()]
            long = [line for line in lines if len(_squeeze(line)) >= SOLUTION_LENGTH]
            for line in long or ["\n".join(lines)]:
                yield "a line of the solution", where, line


def _reference_lines(source):
    for line in _function_lines(source.code):
        if len(_squeeze(line)) >= REFERENCE_LENGTH:
            yield "a line of the checks", "", line


@lru_cache(maxsize=32)
def _function_lines(code):
    """The lines of all functions' bodies, docstrings left out."""
    lines = code.splitlines()
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Lambda):
            found.append(ast.get_source_segment(code, node.body))
        elif isinstance(node, ast.FunctionDef):
            for part in node.body:
                if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
                    found += lines[part.lineno - 1 : part.end_lineno]
    return tuple(dict.fromkeys(found))


def _hidden_numbers(source, seed, numbers, own):
    """Leaks of the numbers that are expected on the secret inputs."""
    found = []
    for question in source.assignment.questions:
        # What comes out on the public inputs as well, such as a plot's first point, is no secret.
        public = _numbers_expected(source, question.id, PUBLIC_SEED)
        secret = {
            key: values
            for key, values in _numbers_expected(source, question.id, seed).items()
            if key not in public
        }
        hits = [
            number
            for number in numbers - own
            if number.digits >= LEAST_DIGITS and number.key(LEAST_DIGITS) in secret
            if any(number.same(value) for value in secret[number.key(LEAST_DIGITS)])
        ]
        sure = [hit for hit in hits if hit.digits >= SURE_DIGITS]
        if sure or len({hit.key(LEAST_DIGITS) for hit in hits}) > 1:
            shown = f"{(sure or hits)[0].value:.4g}…"
            found.append(Leak("an expected number", question.id, shown))
    return found


@lru_cache(maxsize=256)
def _numbers_expected(source, id, seed):
    """The values expected on a seed's inputs, by their first digits."""
    question = source.assignment.question(id)
    found = {}
    for inputs in tries_of(source.assignment, question, seed):
        for value in _floats(expected_of(question, inputs)):
            number = _Number.of(float(value))
            if number.digits >= LEAST_DIGITS:
                found.setdefault(number.key(LEAST_DIGITS), set()).add(float(value))
    return found


# ---------------------------------------------------------------------------- reading texts


@dataclass(frozen=True)
class _Number:
    """A number as it was printed, with the digits that count."""

    value: float
    digits: int

    @classmethod
    def of(cls, value):
        mantissa = f"{abs(value):.15e}".partition("e")[0].rstrip("0")
        return cls(value, len(mantissa.replace(".", "")))

    @classmethod
    def printed(cls, text):
        mantissa = re.split("[eE]", text.lstrip("+-−"))[0].replace(".", "")
        return cls(float(text.replace("−", "-")), len(mantissa.strip("0")))

    def key(self, digits):
        """The value, cut to its first digits: rounding would move a number to its neighbor's."""
        mantissa, _, power = f"{abs(self.value):.15e}".partition("e")
        return mantissa[: digits - 1], power

    def same(self, value):
        """True where `value` would be printed so, the sign left aside."""
        return bool(np.isclose(abs(value), abs(self.value), rtol=10.0 ** (1 - self.digits), atol=0))


def _read(text):
    """(words, numbers) of a text, with what HTML and JSON put around them taken off."""
    words, numbers = text, set()
    if text.lstrip().startswith(("{", "[")):
        try:
            parts = list(_strings(json.loads(text), numbers))
            words = "\n".join(parts)
        except ValueError:
            pass
    elif re.search(r"<\w[^>]*>", text):
        words = html.unescape(re.sub(r"<[^>]*>", "", text))
    numbers |= {_Number.printed(match) for match in NUMBER.findall(words)}
    return words, frozenset(n for n in numbers if np.isfinite(n.value))


def _strings(value, numbers):
    """All texts in a JSON value, lines of one text joined; numbers go into `numbers`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, (int, float)):
        numbers.add(_Number.of(float(value)))
    elif isinstance(value, list):
        if value and all(isinstance(v, str) for v in value):
            yield "".join(value)
        else:
            for v in value:
                yield from _strings(v, numbers)
    elif set(value) == {"array"}:
        numbers |= {_Number.of(float(v)) for v in _floats(_decoded(value))}
    else:
        for key, v in value.items():
            yield key
            yield from _strings(v, numbers)


def _decoded(coded):
    try:
        return decode(coded)
    except Malformed:
        return None


def _floats(value):
    """All numbers in a plain value, however deep."""
    if value is None or isinstance(value, (str, bool, Strange)) or value is ...:
        return
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from _floats(v)
        return
    array = np.asarray(value, dtype=float).ravel()
    yield from array[np.isfinite(array)]


def _squeeze(text):
    return re.sub(r"\s+", "", text)
