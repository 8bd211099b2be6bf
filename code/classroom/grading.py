"""Grading one submission: from a notebook's bytes to a result.

`grade_one` is the unit of work: a plain function of a `Task`, which can be sent to another process
or machine, and returns a result as JSON can hold it. It reads the notebook, runs it in the sandbox
of this process, and judges what came out. Results hold no times and no dates: the same seed, grader
and submission give the same bytes, whoever grades, and in whatever order. `crew` does it for a
course.
"""

import atexit
import hashlib
import json
import sys
import threading
import types
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from .answers import Handout, work
from .clock import Clock
from .judging import Problem, Try, Verdict, changed, followed, judge, spoiled, yours_of
from .notebook import assignment_named, read
from .oracle import Oracle, packages_of
from .packages import ALWAYS, PackageError
from .questions import Assignment, Manual, expected_of, tries_of
from .running import Asked, Slow, earlier_answers, run
from .sandbox import Limits, Sandbox, SandboxError
from .source import load

__all__ = ["SCHEMA", "Kit", "Task", "crashed", "grade_one", "kit_of", "prepared"]

SCHEMA = 1
#: The modules that a result depends on.
DECIDING = ["answers", "clock", "grading", "inside", "judging", "notebook", "oracle", "packages"]
DECIDING += ["questions", "reference", "running", "sandbox", "values"]
#: The longest answer to a question marked by hand that a result holds.
LONGEST_TEXT = 50_000
#: What is said where the cells took all of their time.
BRIEF = "Its cells take so long that of some of them only what they define was run."


@dataclass(frozen=True)
class Kit:
    """What is needed of an assignment to grade it, as plain values.

    name: of the assignment. code: the text of its checks module, file: where that stood. cells,
    stubs: as in `answers.Handout`.
    """

    name: str
    code: str
    file: str
    cells: tuple
    stubs: tuple

    @property
    def digest(self):
        """A hash of everything but the place."""
        return _digest([self.name, self.code, self.cells, self.stubs])

    def assignment(self):
        """Return the `Assignment`; its module is run once a process."""
        return _assignment(self.code, self.file)

    def handout(self):
        """Return the `answers.Handout`."""
        return Handout(self.cells, dict(self.stubs))


@dataclass(frozen=True)
class Task:
    """One submission to be graded. file: its name, data: its bytes, None where there is none.

    notes: what was odd before anybody looked into it.
    """

    kit: Kit
    student: str
    file: str
    data: bytes | None
    seed: str = field(repr=False)
    notes: tuple = ()
    limits: Limits = field(default_factory=Limits)
    unsafe: bool = False

    @property
    def parts(self):
        """What the result depends on besides the file: name -> hash."""
        return {
            "grader": _grader(),
            "checks": self.kit.digest,
            "seed": hashlib.sha256(f"seed {self.seed}".encode()).hexdigest(),
            "limits": _digest(sorted(asdict(self.limits).items())),
            "sandbox": _digest(self.unsafe),
        }

    @property
    def key(self):
        """What the result depends on: with the same key it need not be computed again."""
        return _digest([self.parts, self.notes, self.sha256])

    @property
    def sha256(self):
        """The hash of the file, None where there is none."""
        return None if self.data is None else hashlib.sha256(self.data).hexdigest()


def kit_of(path):
    """Return the `Kit` of an assignment's source notebook; raises `source.SourceError`."""
    source = load(path)
    cells = tuple((c["cell_type"], _joined(c["source"])) for c in source.student_cells())
    stubs = tuple((a.calls, a.stub) for a in source.answers if a.calls)
    return Kit(source.name, source.code, str(Path(path).with_suffix(".py")), cells, stubs)


def _joined(source):
    return source if isinstance(source, str) else "".join(source)


def _digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1)
def _grader():
    """A hash of the code that decides results: another grader grades again."""
    texts = [Path(__file__).with_name(f"{name}.py").read_bytes() for name in DECIDING]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


@lru_cache(maxsize=16)
def _assignment(code, file):
    module = types.ModuleType(f"classroom_checks_{Path(file).stem}")
    module.__file__ = file
    exec(compile(code, file, "exec"), module.__dict__)
    assignment = getattr(module, "ASSIGNMENT", None)
    if not isinstance(assignment, Assignment):
        raise TypeError(f"{file}: expected ASSIGNMENT, an Assignment, came {assignment!r}")
    return assignment


# ---------------------------------------------------------------------------- one submission


def grade_one(task):
    """Return the result of a `Task`, a dict with the keys of schema 1.

    Whatever the submission is, there is a result. Raises `sandbox.SandboxError` or
    `packages.PackageError` where the machine cannot grade, and what the reference raises.
    """
    assignment, asked, right = prepared(task.kit, task.seed)
    result = _result(task, assignment)
    if task.data is None:
        return _nothing(result, assignment, "empty", "No notebook was handed in.")
    try:
        return _graded(task, assignment, asked, right, result)
    except (SandboxError, PackageError):
        raise
    except Exception as error:  # a fault of the grader: this student gets a row, the others theirs
        return crashed(task, f"{type(error).__name__}: {error}")


def _graded(task, assignment, asked, right, result):
    found = read(task.data)
    if found.status != "read":
        result["notes"] += found.notes
        result["human"] += found.human
        return _nothing(result, assignment, found.status, found.notes[-1])
    other = assignment_named(found.cells, assignment.name)
    if other not in ("", assignment.name):  # its `answer_1` is no answer to ours
        return _nothing(result, assignment, "other", f"This is the notebook of {other}.")
    done = work(found, assignment, task.kit.handout())
    runs = _Runs(task, done, asked)
    answers = runs.answers()
    verdicts = {
        question.id: _verdict(question, right.get(question.id), answers.get(question.id), done)
        for question in assignment.questions
    }
    verdicts = _followed_through(assignment, verdicts, right, done, runs)
    result["notes"] += [*done.notes, *runs.notes]
    result["human"] += [*done.human, *runs.human]
    for question in assignment.questions:
        verdict = verdicts[question.id]
        result["questions"].append(_row(question, verdict))
        result["human"] += _looks(question, verdict, done)
    result["points"] = round(sum(row["points"] for row in result["questions"]), 4)
    return result


def crashed(task, reason):
    """Return the result of a submission at which the grader itself failed."""
    assignment = task.kit.assignment()
    sentence = f"The grader itself failed at this submission: {reason}"
    return _nothing(_result(task, assignment), assignment, "crashed", sentence)


@lru_cache(maxsize=4)
def prepared(kit, seed):
    """Return (assignment, list of `Asked`, id -> [(inputs, expected)]); computed once a process."""
    assignment = kit.assignment()
    asked, right = [], {}
    for question in assignment.questions:
        if isinstance(question, Manual):
            continue
        inputs = tries_of(assignment, question, seed)
        asked.append(Asked.of(question, inputs))
        right[question.id] = [(i, expected_of(question, i)) for i in inputs or [()]]
    return assignment, asked, right


def _result(task, assignment):
    result = {
        "schema": SCHEMA,
        "assignment": assignment.name,
        "student": task.student,
        "file": {"name": task.file, "sha256": task.sha256},
        "graded_with": task.key,
        "graded_by": task.parts,
        "status": "graded",
        "notes": list(task.notes),
        "human": list(task.notes),
        "points": 0.0,
        "max_points": float(assignment.points),
        "questions": [],
    }
    if task.unsafe:
        result["notes"].append("Graded without a sandbox.")
    return result


def _nothing(result, assignment, status, sentence):
    """The result of what cannot be graded: every question is missing."""
    result["status"] = status
    for said in ("notes", "human"):
        if sentence not in result[said]:
            result[said].append(sentence)
    for question in assignment.questions:
        result["questions"].append(_row(question, Verdict("missing", 0.0, message=sentence)))
    return result


def _row(question, verdict):
    return {
        "id": question.id,
        "title": question.title,
        "points": float(verdict.points),
        "max_points": float(question.points),
        "status": verdict.status,
        "mistake": verdict.mistake,
        "message": verdict.message,
        "yours": verdict.yours,
        "hint": "" if verdict.status == "right" else question.hint,
        "section": question.section,
    }


def _verdict(question, right, answers, done):
    """The verdict on one answer; a fault of the grader at it costs no other, and somebody looks."""
    try:
        return _judged(question, right, answers, done)
    except Exception as error:
        said = f"The grader itself failed at this answer ({type(error).__name__})."
        return Verdict("failed", 0.0, message=f"{said} A person will look at it.")


def _judged(question, right, answers, done):
    if isinstance(question, Manual):
        text = done.texts.get(question.id, "")
        if not text:
            return Verdict("missing", 0.0, message="No answer was found.")
        return replace(judge(question, []), yours=text[:LONGEST_TEXT])
    kept = getattr(question, "keeps_inputs", False)
    given = [a[0] if kept and isinstance(a, tuple) else a for a in answers]
    tries = [Try(*pair, answer) for pair, answer in zip(right, given, strict=True)]
    verdict = judge(question, tries)
    if kept:
        verdict = _kept_inputs(question, tries, answers, verdict)
    if verdict.status != "right" and question.calls in done.untouched:
        return Verdict("missing", 0.0, message=f"`{question.calls}` is still as handed out.")
    if verdict.status == "missing" and question.calls in done.broken:
        return Verdict("error", 0.0, message=done.broken[question.calls])
    return verdict


def _kept_inputs(question, tries, answers, verdict):
    """No try is right in which an argument was changed that should have been left alone."""
    names = [
        changed(question.named(t.inputs), answer[1]) if isinstance(answer, tuple) else []
        for t, answer in zip(tries, answers, strict=True)
    ]
    if not any(names):
        return verdict
    left = [
        replace(t, answer=Problem("wrong", spoiled(n))) if n else t
        for t, n in zip(tries, names, strict=True)
    ]
    points = judge(question, left).points
    first = next(k for k, n in enumerate(names) if n)
    if verdict.status != "right":
        said = f"{verdict.message} {spoiled(names[first], right=False)}"
        return replace(verdict, points=points, message=said)
    yours = yours_of(question, tries[first])
    return Verdict("wrong", points, message=spoiled(names[first]), yours=yours)


def _looks(question, verdict, done):
    """Reasons for a person to look at an answer."""
    if verdict.status in ("crash", "failed"):
        yield f"Question {question.id}: {verdict.message}"
    if isinstance(question, Manual) or not hasattr(question, "imports"):
        return
    harmless = {*question.imports, *ALWAYS, "classroom", "matplotlib"}
    used = done.uses.get(question.calls, set()) - harmless
    foreign = sorted(package for package in used if package not in _standard())
    if foreign:
        yield f"Question {question.id}: its code uses {', '.join(foreign)}, which it may not."
    elif verdict.status == "refused":
        yield f"Question {question.id}: {verdict.message}"


@lru_cache(maxsize=1)
def _standard():
    return sys.stdlib_module_names


# ---------------------------------------------------------------------------- follow-through


def _followed_through(assignment, verdicts, right, done, runs):
    """The verdicts, and of what is wrong for the sake of earlier answers a better one."""
    better = dict(verdicts)
    for question in assignment.questions:
        earlier = [assignment.defining(name) for name in getattr(question, "uses", ())]
        earlier = [q for q in earlier if verdicts[q.id].status != "right"]
        first = verdicts[question.id]
        if not earlier or first.status == "right" or question.calls not in done.written:
            continue
        tried = [(q, [inputs for inputs, _ in right[q.id]]) for q in earlier]
        given, called = runs.again(question, tried)
        again = _verdict(question, right[question.id], given, done)
        # Of what it calls the one to be named is what is wrong by itself.
        called = [q for q in earlier if q.calls in called]
        blamed = [q for q in called if better[q.id].status != "right"] or called
        if blamed:
            better[question.id] = followed(question, first, again, blamed)
    return better


# ---------------------------------------------------------------------------- the sandboxes


_BOXES = {}


class _Runs:
    """The runs of one submission's cells: for all questions, then again for some, in one time."""

    def __init__(self, task, done, asked):
        self._task, self._done, self._profiles = task, done, _profiles(asked)
        self._clock, self._slow, self._notes = Clock(task.limits.seconds), Slow(), []

    @property
    def notes(self):
        """Sentences on what happened in all runs."""
        return [*self._slow.notes, *self.human, *self._notes]

    @property
    def human(self):
        """Reasons for a person to look at the notebook."""
        return [BRIEF] if self._slow.brief else []

    def answers(self):
        """The answers to all questions, from one sandbox for each set of packages."""
        answers = {}
        for packages, group in self._profiles.items():
            found, notes = self._run(packages, group)
            answers |= found
            if packages == max(self._profiles, key=len):
                self._notes = notes  # where fewer packages are, cells fail that are none the worse
        for packages, group in self._profiles.items():  # when all have had their time
            found, notes = self._earlier(packages, group, answers)
            answers |= found
            self._notes += notes
        return answers

    def again(self, question, earlier):
        """(the answers to a question with right ones to earlier ones, the names that it called).

        earlier: pairs of a question and its tries.
        """
        every = [(packages, a) for packages, group in self._profiles.items() for a in group]
        packages, asked = next(pair for pair in every if pair[1].question is question)
        code = self._task.kit.code

        def both(box, reference):
            with self._clock.stopped():
                right = Oracle(reference, code, earlier)
            with right as oracle:
                more = [self._clock, self._slow, oracle]
                answers, _ = run(box, self._done.cells, [asked], *more)
                found, _ = earlier_answers(box, self._done, [asked], answers, *more)
            return {**answers, **found}[question.id], oracle.asked

        kinds = [(packages, False), (packages_of(code), True)]
        return _with_boxes(self._task, self._clock, kinds, both)

    def _run(self, packages, group):
        def once(box):
            return run(box, self._done.cells, group, self._clock, self._slow)

        return _with_boxes(self._task, self._clock, [(packages, False)], once)

    def _earlier(self, packages, group, answers):
        def once(box):
            return earlier_answers(box, self._done, group, answers, self._clock, self._slow)

        return _with_boxes(self._task, self._clock, [(packages, False)], once)


def _profiles(asked):
    """Packages -> the questions that may use exactly these.

    Matplotlib computes nothing that is asked for: where one question draws, all may, so that one
    run of the notebook does for them.
    """
    sets = [frozenset(getattr(a.question, "imports", ())) for a in asked]
    largest = max(sets, key=len, default=frozenset())
    drawn = any("matplotlib" in s for s in sets)
    groups = {}
    for a, packages in zip(asked, sets, strict=True):
        if not hasattr(a.question, "imports"):
            packages = largest  # a letter needs nothing, and may stand anywhere
        if drawn and "numpy" in packages:
            packages |= {"matplotlib"}
        groups.setdefault(tuple(sorted(packages)), []).append(a)
    return dict(sorted(groups.items()))


def _with_boxes(task, clock, kinds, do):
    """do(*sandboxes); where one fails they are started once more before the machine is blamed.

    kinds: (packages, whether for references) of each. clock: stands still while they start.
    """
    # A thread has its own: a sandbox serves one submission at a time.
    keys = [(threading.get_ident(), *kind, task.limits, task.unsafe) for kind in kinds]
    for again in (False, True):
        for key, (packages, reference) in zip(keys, kinds, strict=True):
            _BOXES.setdefault(key, Sandbox(packages, task.limits, task.unsafe, reference))
        try:
            with clock.stopped():
                for key in keys:
                    _BOXES[key].start()
            return do(*(_BOXES[key] for key in keys))
        except SandboxError:
            for key in keys:
                _BOXES.pop(key).close()
            if again:
                raise
    raise AssertionError("unreachable")


@atexit.register
def close_all():
    """End the sandboxes of this process."""
    while _BOXES:
        _BOXES.popitem()[1].close()


def boxes_cpu():
    """Return the processor seconds of all submissions that this process has run."""
    return sum(box.cpu for box in list(_BOXES.values()))  # other threads may add some
