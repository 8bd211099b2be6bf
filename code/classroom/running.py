"""One notebook in one sandbox: its cells, then its functions on the questions' inputs.

A cell or a call that does not end costs its time once: the process is killed and a new one goes on
after it, without the cell that did not end (its definitions are kept), or with the next question.
"""

import re
from dataclasses import dataclass

from .clock import Clock
from .judging import Problem
from .questions import Choice, ClassCalls, Plot
from .sandbox import Ended
from .values import Malformed, Strange, decode, encode, printable

__all__ = ["Asked", "run"]


@dataclass(frozen=True)
class Asked:
    """A question with its inputs, as wishes for the sandbox: one a try."""

    question: object
    wishes: tuple

    @classmethod
    def of(cls, question, inputs):
        """Return the wishes of a question's tries, as `questions.tries_of` returns them."""
        may = ", ".join(getattr(question, "imports", ())) or "nothing but Python's own"
        common = {"question": question.id, "name": question.calls, "may": f"it may use {may}"}
        if isinstance(question, Choice):
            return cls(question, ({**common, "do": "value"},))
        return cls(question, tuple({**common, **_wish(question, i)} for i in inputs))

    @property
    def seconds(self):
        """The time one try may take."""
        return getattr(self.question, "seconds", 5.0)


def _wish(question, inputs):
    if isinstance(question, ClassCalls):
        steps = [
            (
                s.what,
                s.name,
                [encode(a) for a in s.args],
                {k: encode(a) for k, a in s.kwargs.items()},
            )
            for s in inputs
        ]
        return {"do": "script", "steps": steps, "keep": question.keeps_inputs}
    args = [encode(a) for a in inputs]
    if isinstance(question, Plot):
        return {"do": "draw", "args": args}
    return {"do": "call", "args": args, "keep": question.keeps_inputs}


def run(box, cells, asked, clock=None, oracle=None, unfinished=()):
    """Return (answers, notes, unfinished).

    answers: question id -> a list of plain values or `Problem`s, one a try; with `keeps_inputs` of
    tuples (value, arguments afterwards). unfinished: the numbers of the cells that did not end.

    box: a `sandbox.Sandbox`. cells: (number, code) in order. asked: a list of `Asked`. clock: the
    `clock.Clock` by which all has to be over (default: the box's limit from now). oracle: an
    `oracle.Oracle`, whose stubs then stand under the names it knows. unfinished: what an earlier
    run has found of these cells.
    """
    clock = clock or Clock(box.limits.seconds)
    return _Run(box, cells, asked, clock, oracle, unfinished).finish()


class _Run:
    def __init__(self, box, cells, asked, clock, oracle, unfinished):
        self.box, self.cells, self.asked, self.clock = box, cells, list(asked), clock
        self.answers = {a.question.id: [] for a in asked}
        self.oracle, self.unfinished = oracle, set(unfinished)
        self.notes, self.again = [], True

    def finish(self):
        """Start processes until every try has an answer."""
        while self._left():
            if self.clock.left() <= 0:
                self._give_up("All of the time for one notebook was over.")
                break
            with self.box.submission(self.clock) as student:
                if self._prepared(student):
                    self._questions(student)
        return self.answers, self.notes, self.unfinished

    def _left(self):
        """The questions that still have tries without an answer."""
        return [a for a in self.asked if len(self.answers[a.question.id]) < len(a.wishes)]

    def _give_up(self, text):
        for a in self._left():
            self._rest(a, Problem("timeout", text))

    def _rest(self, asked, problem):
        """The tries that are left of a question all end like this one."""
        mine = self.answers[asked.question.id]
        mine += [problem] * (len(asked.wishes) - len(mine))

    # ---- cells

    def _prepared(self, student):
        """Run the cells; False where one ended the process, which is noted for the next."""
        failed = []
        for number, code in self.cells:
            wish = {"do": "cell", "cell": number, "code": code}
            wish["whole"] = number not in self.unfinished
            try:
                reply = student.ask(wish, self.box.limits.cell)
            except Ended as ended:
                self._ended_in(number, code, ended)
                return False
            if reply.get("error"):
                failed.append((number, told(reply["error"])))
        if failed and self.again:
            try:
                student.ask({"do": "again"}, self.box.limits.cell)
            except Ended:
                self.again = False
                return False
        for number, problem in failed:
            self._note(f"Cell {number}: {problem.text}")
        return self.oracle is None or self._with_stubs(student)

    def _with_stubs(self, student):
        """Put the oracle's stubs in; False where that ends the process, and all of the tries."""
        try:
            student.ask({"do": "stand_in", "names": self.oracle.stubs}, self.box.limits.cell)
        except Ended as ended:
            self._give_up(f"{_why(ended, self.box.limits.cell)}.")
            return False
        return True

    def _ended_in(self, number, code, ended):
        if number in self.unfinished:  # even its definitions do not end
            self.cells = [(n, c) for n, c in self.cells if n != number]
            self._note(f"Cell {number} was left out.")
        self.unfinished.add(number)
        self._note(f"Cell {number}: {_why(ended, self.box.limits.cell)}; what it defines was kept.")

    def _note(self, note):
        if note not in self.notes and len(self.notes) < 20:
            self.notes.append(note)

    # ---- questions

    def _questions(self, student):
        for asked in self._left():
            mine = self.answers[asked.question.id]
            try:
                for wish in asked.wishes[len(mine) :]:
                    reply = student.ask(wish, asked.seconds, self.oracle)
                    mine.append(_answer(asked.question, wish, reply))
            except Ended as ended:
                status = "timeout" if ended.why == "timeout" else "crash"
                self._rest(asked, Problem(status, f"{_why(ended, asked.seconds)}."))
                return


def _why(ended, seconds):
    said = {
        "timeout": f"It had not ended after {seconds:g} seconds",
        "memory": "It took more memory than there is for one notebook",
        "crash": "It ended the process it ran in",
        "forged": "What came back is no answer",
    }
    return said[ended.why]


def _answer(question, wish, reply):
    """The plain value of a reply, or a `Problem`; whatever is in it."""
    try:
        if "problem" in reply:
            return told(reply["problem"], question.calls)
        if isinstance(question, ClassCalls):
            answer = _script_answers(question, wish, reply["answers"])
        else:
            answer = decode(reply["answer"])
        if isinstance(question, Plot):
            return _picture(answer)
        if getattr(question, "keeps_inputs", False):
            return answer, tuple(decode(kept) for kept in reply["kept"])
        return answer
    except (Malformed, KeyError, TypeError, ValueError, AttributeError):
        return Strange("what is no answer")


def _script_answers(question, wish, replies):
    """One answer a step; after the first problem all steps have it."""
    answers = []
    for reply in replies[: len(wish["steps"])]:
        answers.append(
            told(reply["problem"], question.calls)
            if "problem" in reply
            else decode(reply["answer"])
        )
    last = answers[-1] if answers else Problem("error", "no answer")
    if len(answers) < len(wish["steps"]):
        answers += [last] * (len(wish["steps"]) - len(answers))
    if all(a is None for a in answers):
        return None
    return answers


def _picture(answer):
    """What was drawn; None for an empty picture."""
    if isinstance(answer, dict) and not answer.get("lines") and not len(answer.get("points", ())):
        return None
    return answer


def told(problem, calls=""):
    """Return the `Problem` of what the inside said of an exception: status, name, text, place.

    calls: the name that the question asks for; without it the exception came from a cell.
    """
    try:
        status, name, text, place = (printable(str(part)[:400]) for part in problem)
    except (TypeError, ValueError, RecursionError):
        return Problem("error", "What came back is no answer")
    # An address differs in every run, and results must not.
    text, place = re.sub(r"\b0x[0-9a-f]{6,}\b", "0x…", text), place[:200]
    where = f" ({place})" if place else ""
    if status == "missing" and calls:
        return Problem("missing", f"`{calls}` is not defined.")
    if status == "refused":
        return Problem("refused", f"{text[:1].upper()}{text[1:]}.{where}")
    return Problem("error", f"{name[:60]}: {text}{where}" if text else f"{name[:60]}{where}")
