"""What is read from a picture: its lines with their words, and only what can be seen."""

import numpy as np
import pytest

from classroom.values import drawing
from drawn import plt  # a backend without a screen

X = np.arange(3.0)


def words():
    """The words that the legend of the open figure has for each line, by the line's last y."""
    return {y[-1]: said for _, y, said in drawing([plt.gcf()])["lines"] if len(y)}


def test_lines_points_and_words():
    axes = plt.subplots()[1]
    axes.semilogy(X, X + 1, label="one")
    axes.scatter(X, -X)
    axes.set(xlabel="x", title="t")
    axes.legend()
    shown = drawing([axes.figure])
    ((x, y, said),) = shown["lines"]
    np.testing.assert_array_equal([x, y], [X, X + 1])
    np.testing.assert_array_equal(shown["points"], np.c_[X, -X])
    assert (said, shown["labels"]) == (["one"], ["one"])
    assert [shown[k] for k in ("xlabel", "ylabel", "title", "xscale", "yscale")] == [
        *("x", "", "t", "linear", "log")
    ]


@pytest.mark.parametrize(
    "how",
    [
        {"alpha": 0},
        {"visible": False},
        {"lw": 0},
        {"ls": ""},
        {"ls": "none"},
        {"ls": "", "marker": ""},
        {"ls": "", "marker": "o", "ms": 0},
    ],
)
def test_a_line_that_nobody_can_see_is_none(how):
    plt.plot(X, X, **how)
    assert drawing([plt.gcf()])["lines"] == []


@pytest.mark.parametrize("how", [{}, {"alpha": 0.1}, {"ls": "", "marker": "o"}, {"lw": 0.1}])
def test_a_line_that_can_be_seen_is_one(how):
    plt.plot(X, X, **how)
    assert len(drawing([plt.gcf()])["lines"]) == 1


def test_points_that_nobody_can_see_are_none():
    plt.scatter(X, X, alpha=0)
    plt.scatter(X, X, alpha=[0, 0, 0])
    plt.scatter(X, X, visible=False)
    assert drawing([plt.gcf()])["points"].shape == (0, 2)
    plt.scatter(X, X, alpha=[0, 0, 1])
    assert drawing([plt.gcf()])["points"].shape == (3, 2)


def test_words_come_from_the_legend_however_it_was_made():
    one, two = (plt.plot(X, k * X)[0] for k in (1, 2))
    assert words() == {2.0: [], 4.0: []}
    plt.legend(["first", "second"])
    assert words() == {2.0: ["first"], 4.0: ["second"]}
    plt.legend([two, one], ["first", "second"])
    assert words() == {2.0: ["second"], 4.0: ["first"]}
    plt.legend(handles=[plt.plot([], [], label="of its own")[0]])
    assert words() == {2.0: [], 4.0: []}


def test_lines_that_look_alike_are_told_apart_by_their_labels():
    for k in (1, 2):
        plt.plot(X, k * X, "k", label=f"times {k}")
    plt.plot(X, 3 * X, "k")
    plt.plot(X, 4 * X, "k--", label="times 4")
    assert set(words()) == {2.0, 4.0, 6.0, 8.0}
    assert all(said == [] for said in words().values())
    plt.legend()
    both = ["times 1", "times 2"]
    assert words() == {2.0: both[:1], 4.0: both[1:], 6.0: both, 8.0: ["times 4"]}


def test_a_legend_of_other_things_is_nobodys():
    plt.plot(X, X)
    plt.bar(X, X, label="bars")
    plt.legend()
    shown = drawing([plt.gcf()])
    assert (shown["labels"], shown["lines"][0][2]) == (["bars"], [])
