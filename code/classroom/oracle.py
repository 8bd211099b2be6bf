"""Right answers to earlier questions, for the answer to a later one that calls them.

A slip in one question is not to be paid for in all that build on it. So where an answer is not
right, and an earlier one that it `uses` is not right either, it is run once more with stubs under
the earlier names. A stub holds nothing of what is right: it sends its arguments out to the grader,
and gets back what the reference gives for them. Why that gives nothing away:

* A stub can do what the student's own earlier answer could do if it were right, and nothing else:
  a function that is called, an object of which only those methods are called and those attributes
  read that the earlier question tries. Whoever has solved that question has as much in hand.
* The process with the stubs answers this one question; the verdicts on the earlier ones are there
  before it starts, and nothing it says goes anywhere else. Of what it says nothing gets into the
  result but whether it is right on each input, and the name of a known mistake.
* The reference of the question itself cannot be asked. A question that is nothing but another call
  of an earlier one would be given away: `given` sets what such a one is worth.
* The references run in walls of their own (`reference`), with the same limits of time and memory,
  away from the student's process and from the grader. How often they are asked, and how much is
  sent, is limited, and plain values alone pass in both directions.

What the stubs replace are the notebook's own names, after all cells have run. What an answer
has taken hold of before, as a default argument or under another name, stays the student's.
"""

import ast
import sys

from .questions import ClassCalls
from .sandbox import Ended, SandboxError
from .values import Malformed, decode, encode

__all__ = ["Oracle", "packages_of"]

#: What the answer to one question may ask in all, times and bytes.
MOST_CALLS = 10_000
MOST_BYTES = 100_000_000
LOADED = 30.0
PROGRAM = "answer = __import__('importlib').import_module('classroom.reference').answer"


def packages_of(code):
    """Return the packages that a checks module imports, besides Python's own and this one."""
    found = {"numpy"}
    for node in ast.walk(ast.parse(code)):
        named = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            named = [node.module]
        found |= {name.partition(".")[0] for name in named}
    return tuple(sorted(found - set(sys.stdlib_module_names) - {"classroom"}))


class Oracle:
    """The references of some questions, as the answer to another one may ask them; use `with`.

    box: a `sandbox.Sandbox` with `reference`. code: the text of the checks module. earlier: the
    questions, each with its tries as `questions.tries_of` returns them. Raises `SandboxError` where
    the checks do not run in there. `asked`: the names that were asked so far.
    """

    def __init__(self, box, code, earlier):
        self._right = {question.calls: question for question, _ in earlier}
        self._open = {question.calls: _open(question, tries) for question, tries in earlier}
        self._made, self._left = [], [MOST_CALLS, MOST_BYTES]
        self.asked = set()
        self._process = box.submission()
        cell = {"do": "cell", "cell": 0, "code": PROGRAM}
        try:
            told = [self._process.ask(cell, LOADED).get("error")]
            told.append(self._call(LOADED, "load", code, list(self._right)).get("problem"))
        except Ended as error:
            told = [str(error)]
        if any(told):
            self.close()
            raise SandboxError(f"the checks do not run in walls of their own: {told}")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End the references' process."""
        self._process.close()

    @property
    def stubs(self):
        """[name, methods, attributes] of what stands in for each name; no methods: a function."""
        return [[name, *parts] for name, parts in self._open.items()]

    def answer(self, asked, size):
        """Return what the student's process is told: {"answer": …}, or {} where nothing can be.

        asked: what came from there, a dict of nobody knows what. size: its bytes.
        """
        self._left = [self._left[0] - 1, self._left[1] - size]
        if min(self._left) < 0:
            return {}
        try:
            name, what = self._what(asked)
            reply = self._call(self._right[name].seconds, *what)
        except (Malformed, Ended, KeyError, TypeError, ValueError, IndexError):
            return {}
        self.asked.add(name)
        if "answer" not in reply:
            return {}
        if what[0] == "make":
            self._made.append(name)
        return {"answer": reply["answer"]}

    def _what(self, asked):
        """(name, what `reference.answer` is called with); raises for all that is not allowed."""
        do = asked["asks"]
        given = [decode(asked["args"]), decode(asked["kwargs"])]
        if not isinstance(given[0], list) or not isinstance(given[1], dict):
            raise TypeError("expected arguments")
        if do in ("give", "make"):
            name = asked["name"]
            if isinstance(self._right[name], ClassCalls) != (do == "make"):
                raise KeyError(name)
            return name, [do, name, *given]
        which, part = asked["which"], asked["part"]
        if type(which) is not int or not 0 <= which < len(self._made):
            raise KeyError(which)
        methods, attributes = self._open[self._made[which]]
        if part not in {"call": methods, "read": attributes}[do]:
            raise KeyError(part)
        return self._made[which], [do, which, part, *(given if do == "call" else [])]

    def _call(self, seconds, *what):
        wish = {"do": "call", "question": "", "may": "", "name": "answer"}
        return self._process.ask({**wish, "args": [encode(a) for a in what]}, seconds)


def _open(question, tries):
    """(methods, attributes) that the question itself tries; (None, None) of a function."""
    if not isinstance(question, ClassCalls):
        return None, None
    steps = [step for script in tries for step in script]
    return tuple(sorted({s.name for s in steps if s.what == what}) for what in ("call", "read"))
