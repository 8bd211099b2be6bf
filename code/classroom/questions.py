"""What an assignment asks: the classes that a checks module is written with.

An assignment is a notebook and, beside it, a module that defines

    ASSIGNMENT = Assignment("03_backprop_deltas", "Deltas by hand", "05_backprop_deltas", [...])

with one question for each thing that is asked:

| class        | the student writes                 | compared with the reference                |
| ------------ | ---------------------------------- | ------------------------------------------ |
| `Function`   | a function                         | what it returns, on random inputs          |
| `ClassCalls` | a class                            | what it answers to a random script of calls |
| `Plot`       | a function that draws              | the numbers and words it drew              |
| `Choice`     | a letter in a variable             | the right letter                           |
| `Manual`     | text, such as a derivation         | nothing: it is marked by hand              |

The module is never seen by a student's process. Reference and mistakes are ordinary functions: they
get a fresh copy of the inputs and run in the grader. The inputs come from `inputs(rng)`, where the
generator follows from a seed, the assignment, the question and the number of the try and from
nothing else (`tries_of`): the same for every student, machine and order.
"""

import hashlib
import inspect
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "PUBLIC_SEED",
    "Assignment",
    "Choice",
    "ClassCalls",
    "Function",
    "Manual",
    "Mistake",
    "Plot",
    "Step",
    "call",
    "copied",
    "expected_of",
    "generator",
    "make",
    "read",
    "tries_of",
]

#: The seed of the inputs on which students check themselves. Grades come from the course's own.
PUBLIC_SEED = "everybody may know this one"

#: What a plot's reference may name, and how messages speak of it.
DRAWN = {
    "lines": "the lines",
    "points": "the points",
    "xlabel": "the label of the x axis",
    "ylabel": "the label of the y axis",
    "title": "the title",
    "xscale": "the scale of the x axis",
    "yscale": "the scale of the y axis",
    "labels": "the entries of the legend",
}


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is often given.

    wrong: the function (or class, or plot's function) that makes it; it may raise where it does
    not fit an input, which is then no match. sentence: what the student is told.
    """

    wrong: Callable
    sentence: str


@dataclass(frozen=True, kw_only=True)
class _Question:
    """What all questions have.

    id: such as "3.2". title: a few words, the question's heading in the notebook. points: the most
    it brings. hint: a sentence for who got it wrong. section: where the book explains it, a page
    and an anchor such as "chapters/05_backprop_deltas.html#the-hidden-delta".
    """

    id: str
    title: str
    points: float
    hint: str = ""
    section: str = ""

    def __post_init__(self):
        if not isinstance(self.id, str) or not re.fullmatch(r"[\w.-]+", self.id):
            raise ValueError(f"id: expected letters and digits such as '3.2', came {self.id!r}")
        if not isinstance(self.title, str) or not self.title.strip():
            raise ValueError(f"question {self.id}: title: expected words, came {self.title!r}")
        self._number("points", self.points, least=0)
        self._text("hint", self.hint)
        self._text("section", self.section)

    def _number(self, name, value, least=0.0):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"question {self.id}: {name}: expected a number, came {value!r}")
        if not (math.isfinite(value) and value >= least):
            raise ValueError(
                f"question {self.id}: {name}: expected a number of at least {least}, came {value}"
            )

    def _text(self, name, value):
        if not isinstance(value, str):
            raise TypeError(f"question {self.id}: {name}: expected a text, came {value!r}")

    def _function(self, name, value):
        if not callable(value):
            raise TypeError(f"question {self.id}: {name}: expected a function, came {value!r}")


@dataclass(frozen=True, kw_only=True)
class _Called(_Question):
    """A question whose answer is run on random inputs.

    calls: the name that the student defines. reference: what is right, in the form that the
    subclass says. tries: how many random inputs. rtol, atol: as in `numpy.allclose`. imports: the
    packages that this question may use besides the standard library; any other is not there when
    it is graded. seconds: the time one call may take. mistakes: name -> (wrong, sentence) or
    `Mistake`. partial: True gives points in proportion to the tries that are right, False all or
    nothing. uses: the names of earlier questions that the answer may call. Where it is not right
    and one of them is not either, it is run once more with right ones in their place (`oracle`);
    if it is right then, it brings this `share` of its points.
    """

    calls: str
    reference: Callable
    tries: int = 6
    rtol: float = 1e-7
    atol: float = 1e-9
    imports: tuple = ("numpy",)
    seconds: float = 2.0
    mistakes: Mapping = field(default_factory=dict)
    partial: bool = True
    uses: tuple = ()
    share: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        _python_name(self.id, "calls", self.calls)
        self._function("reference", self.reference)
        if isinstance(self.tries, bool) or not isinstance(self.tries, int) or self.tries < 1:
            raise ValueError(
                f"question {self.id}: tries: expected a whole number of at least 1, "
                f"came {self.tries!r}"
            )
        self._number("rtol", self.rtol)
        self._number("atol", self.atol)
        self._number("seconds", self.seconds, least=0.01)
        self._number("share", self.share)
        if self.share > 1:
            raise ValueError(f"question {self.id}: share: expected at most 1, came {self.share}")
        object.__setattr__(self, "imports", self._names("imports", "package names", "numpy"))
        object.__setattr__(self, "uses", self._names("uses", "earlier names", "gradients"))
        object.__setattr__(self, "mistakes", self._named_mistakes())

    def _names(self, name, what, such):
        named = getattr(self, name)
        if isinstance(named, str) or not all(
            isinstance(p, str) and p.isidentifier() for p in named
        ):
            raise TypeError(
                f"question {self.id}: {name}: expected a tuple of {what} such as "
                f"({such!r},), came {named!r}"
            )
        return tuple(named)

    def _named_mistakes(self):
        named = {}
        for name, mistake in self.mistakes.items():
            try:
                mistake = mistake if isinstance(mistake, Mistake) else Mistake(*mistake)
            except TypeError:
                raise TypeError(
                    f"question {self.id}: mistakes[{name!r}]: expected (function, sentence), "
                    f"came {mistake!r}"
                ) from None
            self._function(f"mistakes[{name!r}]", mistake.wrong)
            self._text(f"mistakes[{name!r}]", mistake.sentence)
            named[name] = mistake
        return named


@dataclass(frozen=True, kw_only=True)
class Function(_Called):
    """A function: `reference(*args)` returns what is right for `args = inputs(rng)`.

    Arguments: numbers, True and False, strings, None, lists, tuples, dicts with string keys, and
    NumPy arrays of real numbers; the result is made of the same. A training loop is a function of
    arrays that returns arrays. keeps_inputs: True where the arguments must be left as they were.
    """

    inputs: Callable
    keeps_inputs: bool = False

    def __post_init__(self):
        super().__post_init__()
        self._function("inputs", self.inputs)

    @property
    def arguments(self):
        """The names of the reference's arguments, for messages."""
        return tuple(inspect.signature(self.reference).parameters)

    def named(self, inputs):
        """Return [(name, value)] of the arguments of one try."""
        return list(zip(self.arguments, inputs, strict=False))


@dataclass(frozen=True)
class Step:
    """One step of a class's script: see `make`, `call` and `read`."""

    what: str
    name: str
    args: tuple = ()
    kwargs: Mapping = field(default_factory=dict)

    def __str__(self):
        return {"make": "making it", "call": f".{self.name}(…)", "read": f".{self.name}"}[self.what]


def make(*args, **kwargs):
    """Return the step that makes the object; it has to be the script's first."""
    return Step("make", "", args, kwargs)


def call(method, *args, **kwargs):
    """Return the step that calls a method; what it returns is compared."""
    return Step("call", method, args, kwargs)


def read(attribute):
    """Return the step that reads an attribute, which is compared."""
    return Step("read", attribute)


@dataclass(frozen=True, kw_only=True)
class ClassCalls(_Called):
    """A class: `script(rng)` returns a list of steps, which the student's class and `reference` do.

    The first step is `make(...)`, which calls the class; then come `call("method", ...)` and
    `read("attribute")`. What each of those gives is compared, step by step. reference: a class.
    keeps_inputs: True where all that is given to it must be left as it was, to the script's end.
    """

    script: Callable
    keeps_inputs: bool = False

    def __post_init__(self):
        super().__post_init__()
        self._function("script", self.script)

    def named(self, steps):
        """Return [(name, value)] of all arguments of a script, as the reference names them."""
        return [pair for step in steps for pair in self._named(step)]

    def _named(self, step):
        if step.what == "read":
            return []
        function = self.reference if step.what == "make" else getattr(self.reference, step.name)
        names = list(inspect.signature(function).parameters)[step.what == "call" :]
        return [*zip(names, step.args, strict=False), *step.kwargs.items()]


@dataclass(frozen=True, kw_only=True)
class Plot(_Called):
    """A function that draws with Matplotlib when it is called with `inputs(rng)`.

    reference(*args) draws nothing: it returns a dict of what has to be on the picture, any of

        lines: list of (x, y), arrays of one length; every one has to be among those drawn, where
            for each up to three others may be, to compare it with
        points: array (n, 2) of what a scatter plot shows, in any order
        xlabel, ylabel, title: the text, or ... for any text that is not empty
        xscale, yscale: "linear" or "log"
        labels: list of texts that have to stand in the legend; if there are as many as lines, each
            beside the line in its place

    Numbers are compared within rtol and atol; texts without regard to case and spaces. With
    `partial` half of what the lines and points bring is for the texts and scales. A wrong function
    of `mistakes` returns such a dict too.
    """

    inputs: Callable
    imports: tuple = ("numpy", "matplotlib")
    seconds: float = 5.0
    tries: int = 2

    def __post_init__(self):
        super().__post_init__()
        self._function("inputs", self.inputs)


@dataclass(frozen=True, kw_only=True)
class Choice(_Question):
    """A multiple choice: the student sets the variable `calls` to a letter.

    right: the right letter. wrong: each other letter -> a sentence on why it is tempting and not
    so. Case and spaces do not matter.
    """

    calls: str
    right: str
    wrong: Mapping

    def __post_init__(self):
        super().__post_init__()
        _python_name(self.id, "calls", self.calls)
        letters = [self.right, *self.wrong]
        for letter in letters:
            if not isinstance(letter, str) or not re.fullmatch(r"[a-z]", letter):
                raise ValueError(
                    f"question {self.id}: expected small letters to choose from, came {letter!r}"
                )
        if self.right in self.wrong or not self.wrong:
            raise ValueError(
                f"question {self.id}: wrong: expected the other letters, came {list(self.wrong)}"
            )
        for letter, sentence in self.wrong.items():
            self._text(f"wrong[{letter!r}]", sentence)

    @property
    def letters(self):
        """All letters, in order."""
        return tuple(sorted([self.right, *self.wrong]))


@dataclass(frozen=True, kw_only=True)
class Manual(_Question):
    """An answer in words or formulas, in a Markdown cell, which a person marks.

    rubric: what the marks are given for; the marker sees it, the student gets it with the feedback.
    """

    rubric: str

    def __post_init__(self):
        super().__post_init__()
        self._text("rubric", self.rubric)


@dataclass(frozen=True)
class Assignment:
    """A list of questions.

    name: as its files are called, such as "03_backprop_deltas". title: for people. chapter: the
    chapter of the book it belongs to, such as "05_backprop_deltas", or "". questions: in order.
    """

    name: str
    title: str
    chapter: str
    questions: tuple

    def __post_init__(self):
        if not isinstance(self.name, str) or not re.fullmatch(r"\w[\w-]*", self.name):
            raise ValueError(
                f"name: expected letters, digits, '_' and '-' such as '03_deltas', "
                f"came {self.name!r}"
            )
        questions = tuple(self.questions)
        for question in questions:
            if not isinstance(question, _Question):
                raise TypeError(f"questions: expected questions, came {question!r}")
        ids = [question.id for question in questions]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if not ids or twice:
            came = f"{', '.join(twice)} twice" if twice else "none"
            raise ValueError(f"questions: expected at least one, each id once, came {came}")
        object.__setattr__(self, "questions", questions)
        for n, question in enumerate(questions):
            earlier = [q.calls for q in questions[:n] if isinstance(q, (Function, ClassCalls))]
            for name in getattr(question, "uses", ()):
                if name not in earlier:
                    raise ValueError(
                        f"question {question.id}: uses: expected functions and classes of earlier "
                        f"questions ({', '.join(earlier) or 'there are none'}), came {name!r}"
                    )

    @property
    def points(self):
        """The most that can be had."""
        return sum(question.points for question in self.questions)

    @property
    def names(self):
        """The names that a student defines, each once, in order."""
        return tuple(dict.fromkeys(q.calls for q in self.questions if not isinstance(q, Manual)))

    def defining(self, name):
        """Return the question that asks for a name that some question `uses`."""
        kinds = (Function, ClassCalls)
        return next(q for q in self.questions if isinstance(q, kinds) and q.calls == name)

    def question(self, id):
        """Return the question with that id; KeyError says which there are."""
        for question in self.questions:
            if question.id == id:
                return question
        raise KeyError(f"id: expected one of {', '.join(q.id for q in self.questions)}, came {id}")


def generator(seed, assignment, question, k):
    """Return the generator of try `k` of a question: `numpy.random.default_rng` of a hash.

    seed: a text. assignment: its name. question: its id.
    """
    if not isinstance(seed, str) or not seed:
        raise TypeError(f"seed: expected a text, came {type(seed).__name__}")
    told = "\0".join([seed, assignment, question, str(k)])
    return np.random.default_rng(int.from_bytes(hashlib.sha256(told.encode()).digest()))


def tries_of(assignment, question, seed):
    """Return the list of the question's inputs: tuples of arguments, or a class's list of steps.

    [] for a `Choice` and a `Manual`, which have no inputs.
    """
    if not isinstance(question, _Called):
        return []
    made = []
    for k in range(question.tries):
        rng = generator(seed, assignment.name, question.id, k)
        if isinstance(question, ClassCalls):
            made.append(_script(question, question.script(rng)))
        else:
            args = question.inputs(rng)
            if not isinstance(args, tuple):
                raise TypeError(
                    f"question {question.id}: inputs: expected a tuple of arguments, "
                    f"came {type(args).__name__}"
                )
            made.append(args)
    return made


def expected_of(question, inputs, function=None):
    """Return what the reference (or `function`, such as a mistake's) gives for one try's inputs.

    inputs: as `tries_of` returns them. For a `Choice` the right letter.
    """
    if isinstance(question, Choice):
        return question.right
    function = question.reference if function is None else function
    if isinstance(question, ClassCalls):
        return run_script(function, inputs)
    return function(*copied(inputs))


def run_script(made, steps):
    """Return what a class answers to a script: one entry a step, None for the making."""
    instance, answers = None, []
    for step in steps:
        args, kwargs = copied(step.args), copied(dict(step.kwargs))
        if step.what == "make":
            instance = made(*args, **kwargs)
            answers.append(None)
        elif step.what == "call":
            answers.append(copied(getattr(instance, step.name)(*args, **kwargs)))
        else:
            answers.append(copied(getattr(instance, step.name)))
    return answers


def copied(value):
    """Return `value` with all arrays and containers in it copied."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(copied(v) for v in value)
    if isinstance(value, dict):
        return {key: copied(v) for key, v in value.items()}
    return value


def _script(question, steps):
    kinds = [step.what for step in steps if isinstance(step, Step)]
    if len(kinds) != len(steps) or kinds[:1] != ["make"] or "make" in kinds[1:]:
        raise ValueError(
            f"question {question.id}: script: expected make(…) and then call(…) and read(…), "
            f"came {steps!r}"
        )
    return list(steps)


def _python_name(id, name, value):
    if not isinstance(value, str) or not value.isidentifier():
        raise ValueError(f"question {id}: {name}: expected a Python name, came {value!r}")
