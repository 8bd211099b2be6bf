"""Whatever an answer to one of the book's assignments is, `judge` has a verdict on it."""

import functools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from assigned import NAMES, source
from classroom.judging import STATUSES, Problem, Try, judge
from classroom.questions import DRAWN, ClassCalls, Manual, Plot, copied, expected_of, tries_of
from classroom.values import DTYPES, Strange, decode, encode

SEED = "the seed of these tests"
QUESTIONS = [
    (name, question.id)
    for name in NAMES
    for question in source(name).assignment.questions
    if not isinstance(question, Manual)
]

# ---------------------------------------------------------------------------- what can come

numbers = st.sampled_from([0, 1, -1, 5, 2**64 - 1, -(2**63), 0.5, 1e308, np.nan, -np.inf])
texts = st.text("ab W\n\x1b\ufffd", max_size=5) | st.just("x" * 300)
shapes = st.sampled_from([(), (0,), (1,), (3,), (2, 2), (0, 3), (3, 5), (1,) * 16])
arrays = st.builds(np.full, shapes, st.sampled_from([0, 1, 7]), st.sampled_from(DTYPES))
arrays |= hnp.arrays(float, (3,), elements=st.floats())
strangers = st.just(Strange("Strange"))
plain = st.one_of(st.none(), st.booleans(), numbers, texts, arrays, strangers)
#: All that can come out of a sandbox: what `decode` returns.
values = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from(["", "W", "b", *DRAWN]), inner, max_size=3),
    ),
    max_leaves=6,
)
problems = st.builds(
    Problem, st.sampled_from(["error", "timeout", "crash"]), texts.map("No: {}".format)
)
drawn = st.fixed_dictionaries(
    {
        **dict.fromkeys(DRAWN, texts | values),
        "lines": st.lists(st.tuples(values, values, values).map(list) | values, max_size=3),
        "points": hnp.arrays(float, st.sampled_from([(0, 2), (3, 2), (3,)])),
        "labels": st.lists(values, max_size=3),
    }
)


def answers(question, expected):
    """What may come for one try; more often something that is nearly right."""
    near = st.just(copied(expected))
    if isinstance(question, ClassCalls):
        near |= st.tuples(*(values | problems | st.just(e) for e in expected)).map(list)
    if isinstance(question, Plot):
        near |= drawn
    return st.one_of(near, values, problems)


@functools.cache
def asked(name, id):
    """(the question, its first tries as (inputs, expected))."""
    assignment = source(name).assignment
    question = assignment.question(id)
    inputs = tries_of(assignment, question, SEED) or [()]
    return question, [(i, expected_of(question, i)) for i in inputs[:3]]


# ---------------------------------------------------------------------------- what is said


def is_sound(verdict, question):
    assert verdict.status in STATUSES
    assert 0 <= verdict.points <= question.points
    assert (verdict.status == "right") == (verdict.points == question.points)
    said = [verdict.message, verdict.yours, verdict.mistake]
    assert all(isinstance(text, str) for text in said)
    assert verdict.message
    assert len(verdict.message) < 1500
    assert len(verdict.yours) <= 160
    json.dumps(said).encode()


@pytest.mark.parametrize(("name", "id"), QUESTIONS, ids=[f"{name}/{id}" for name, id in QUESTIONS])
@settings(max_examples=30)
@given(data=st.data())
def test_every_answer_has_a_verdict(name, id, data):
    question, tries = asked(name, id)
    given = data.draw(st.tuples(*(answers(question, expected) for _, expected in tries)))
    if data.draw(st.booleans()):  # a constant
        given = given[:1] * len(tries)
    verdict = judge(question, [Try(*t, a) for t, a in zip(tries, given, strict=True)])
    is_sound(verdict, question)


@given(values)
def test_what_is_drawn_here_is_what_comes_out_of_a_sandbox(value):
    assert str(decode(json.loads(json.dumps(encode(value))))) == str(value)
