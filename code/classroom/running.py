"""One notebook in one sandbox: its cells, then its functions on the questions' inputs.

A statement of a cell or a call that does not end costs its time once: the process is killed and a
new one goes on after it, without the statement, or with the next question. A quarter of the time
there is belongs to the questions: what the cells have not done when only that is left but define is
kept, and nothing else of them is run any more.
"""

import ast
import re
from dataclasses import dataclass, field

from .clock import Clock
from .judging import Problem
from .notebook import parsed
from .questions import Choice, ClassCalls, Plot
from .sandbox import Ended
from .values import Malformed, Strange, decode, encode, printable

__all__ = ["Asked", "Slow", "earlier_answers", "run"]

#: The share of the time there is that a run leaves to the questions, whatever the cells take.
FOR_QUESTIONS = 0.25
#: So many wishes are spent on the cells of a notebook; where that is too few for a cell, several of
#: its statements share one.
MOST_PIECES = 1_000
#: What takes time in an assignment.
BUSY = (ast.Call, ast.Await, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BUSY += (ast.MatMult, ast.Pow)


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


@dataclass
class Slow:
    """What of a notebook's cells does not end: found by one run, known to the next.

    halted: pieces of which only definitions are run. out: pieces that are left out, each as (cell,
    place of its first statement). brief: True where of all cells only definitions are run. again:
    False where what failed is not tried again. notes: sentences on it.
    """

    halted: set = field(default_factory=set)
    out: set = field(default_factory=set)
    brief: bool = False
    again: bool = True
    notes: list = field(default_factory=list)


def run(box, cells, asked, clock=None, slow=None, oracle=None):
    """Return (answers, notes).

    answers: question id -> a list of plain values or `Problem`s, one a try; with `keeps_inputs` of
    tuples (value, arguments afterwards).

    box: a `sandbox.Sandbox`. cells: (number, code) in order. asked: a list of `Asked`. clock: the
    `clock.Clock` by which all has to be over (default: the box's limit from now). slow: a `Slow`
    with what earlier runs of the cells found, to which is added what this one finds. oracle: an
    `oracle.Oracle`, whose stubs then stand under the names it knows.
    """
    clock = clock or Clock(box.limits.seconds)
    return _Run(box, _pieces(cells), asked, clock, slow or Slow(), oracle).finish()


def earlier_answers(box, work, asked, answers, clock, slow, oracle=None):
    """Return (answers, notes) for those questions whose answer is spoilt by what stands below it.

    work: an `answers.Work`. answers: what `run` has found. A question that failed in all tries is
    asked once more after the cells up to the one that defines its name (`Work.until`). What it
    gives then counts, unless it fails in all tries again. The process is another one, and nothing
    tells it whether the first answer was right: it was none.
    """
    groups, better, notes = {}, {}, []
    for a in asked:
        until = work.until.get(a.question.calls)
        if until is not None and _problems(a.question, answers) <= {"error", "missing"}:
            groups.setdefault(until, []).append(a)
    pieces = _pieces(work.cells) if groups else []
    for until, group in sorted(groups.items()):
        before = [piece for piece in pieces if piece.cell <= until]
        found, _ = _Run(box, before, group, clock, slow, oracle).finish()
        for a in group:
            id = a.question.id
            if "" in _problems(a.question, found):
                better[id] = found[id]
                said = "what stands below it spoils the answer and was left out"
                notes.append(f"Question {id} was tried after cell {until}: {said}.")
    return better, notes


def _problems(question, answers):
    """The statuses of the `Problem`s in which a question's tries end; "" where one does not."""
    found = answers[question.id]
    if getattr(question, "keeps_inputs", False):
        found = [answer[0] if isinstance(answer, tuple) else answer for answer in found]
    if isinstance(question, ClassCalls):
        found = [answer[-1] if answer and isinstance(answer, list) else answer for answer in found]
    return {answer.status if isinstance(answer, Problem) else "" for answer in found}


# ---------------------------------------------------------------------------- cells in pieces


@dataclass(frozen=True)
class _Piece:
    """Statements of a cell that are run by one wish; as a rule only the last may take long.

    cell: its number. code: all of it. places: of the statements. kept: of those among them that
    only define something. lines: place -> the line in which the statement begins.
    """

    cell: int
    code: str
    places: tuple
    kept: tuple
    lines: dict


def _pieces(cells):
    """The cells as a list of `_Piece`."""
    most, pieces = max(1, MOST_PIECES // max(1, len(cells))), []
    for number, code in cells:
        tree = parsed(code)
        body = tree.body if tree else []
        busy = [place for place, statement in enumerate(body) if not _defines(statement)]
        step, start = max(1, -(-len(busy) // most)), 0
        for end in sorted({*(place + 1 for place in busy[step - 1 :: step]), len(body)} - {0}):
            places = tuple(range(start, end))
            kept = tuple(sorted({*places}.difference(busy)))
            lines = {place: body[place].lineno for place in places}
            pieces.append(_Piece(number, code, places, kept, lines))
            start = end
    return pieces


def _defines(statement):
    """True for definitions, imports, and assignments of what is there at once."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return not any(isinstance(node, BUSY) for node in _at_once(statement.value))
    kept = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(statement, kept)


def _at_once(node):
    """The nodes of an expression, without the inside of a lambda, which is run later."""
    ahead = [node] if node else []
    for node in ahead:  # which grows
        yield node
        if not isinstance(node, (ast.Constant, ast.Lambda, ast.Name)):
            ahead += ast.iter_child_nodes(node)


# ---------------------------------------------------------------------------- a run


class _Run:
    def __init__(self, box, pieces, asked, clock, slow, oracle):
        self.box, self.pieces, self.asked, self.clock = box, pieces, list(asked), clock
        self.slow, self.oracle = slow, oracle
        self.answers, self.notes = {a.question.id: [] for a in asked}, []
        self.kept = FOR_QUESTIONS * max(0.0, clock.left())

    def finish(self):
        """Start processes until every try has an answer; return (answers, notes)."""
        while self._left():
            if self.clock.left() <= 0:
                self._give_up("All of the time for one notebook was over.")
                break
            with self.box.submission(self.clock) as student:
                if self._prepared(student):
                    self._questions(student)
        return self.answers, self.notes

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
        failed = {}
        self.clock.keep(0.0 if self.slow.brief else self.kept)
        try:
            self._cells(student, failed)
        except Ended:
            return False
        finally:
            self.clock.keep(0.0)
        for number, problem in failed.items():
            _note(self.notes, f"Cell {number}: {problem.text}")
        return self.oracle is None or self._with_stubs(student)

    def _cells(self, student, failed):
        """Run them piece by piece, then what failed; notes first problems by cell number.

        Raises `Ended`, of which it has noted what is to be left out from then on.
        """
        begun = piece = None
        try:
            for piece in self.pieces:
                if places := self._places(piece):
                    wish = {"do": "cell", "cell": piece.cell, "places": places}
                    wish |= {} if piece.cell == begun else {"code": piece.code}
                    begun = piece.cell
                    error = student.ask(wish, self.box.limits.cell).get("error")
                    if error:
                        failed.setdefault(piece.cell, told(error))
            piece = None
            if failed and self.slow.again:
                student.ask({"do": "again"}, self.box.limits.cell)
        except Ended as ended:
            self._ended_in(piece, ended)
            raise

    def _with_stubs(self, student):
        """Put the oracle's stubs in; False where that ends the process, and all of the tries."""
        try:
            student.ask({"do": "stand_in", "names": self.oracle.stubs}, self.box.limits.cell)
        except Ended as ended:
            self._give_up(f"{_why(ended, self.box.limits.cell)}.")
            return False
        return True

    def _places(self, piece):
        """The statements of a piece that are to be run."""
        key = piece.cell, piece.places[0]
        if key in self.slow.out:
            return ()
        return piece.kept if self.slow.brief or key in self.slow.halted else piece.places

    def _ended_in(self, piece, ended):
        """Note what is to be left out from now on. piece: None while failures were run again."""
        slow = self.slow
        if self.clock.left() <= 0:  # what was running then is not to blame
            slow.brief = True
        elif piece is None:
            slow.again = False
        else:
            long = [p for p in self._places(piece) if p not in piece.kept]
            known = slow.halted if long else slow.out
            known.add((piece.cell, piece.places[0]))
            said = f"{_why(ended, self.box.limits.cell)} and was left out."
            lines = [piece.lines[place] for place in long or piece.kept]
            where = "line" if len(lines) == 1 else f"lines {lines[0]} to"
            _note(slow.notes, f"Cell {piece.cell}, {where} {lines[-1]}: {said}")

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


def _note(notes, note):
    if note not in notes and len(notes) < 20:
        notes.append(note)


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
