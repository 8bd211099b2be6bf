"""The figures of chapter 15, by the data they show."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop.distributed import all_reduce_time, ring_all_reduce
from backprop.plotting import machines as figures
from drawn import curves


def test_the_shares_of_a_plain_average_stand_beside_one_nth():
    figures.shares([3, 1])
    (steps,) = plt.gca().patches
    values, edges, _ = steps.get_data()
    assert values == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert edges.tolist() == [0, 1, 2, 3, 4]
    assert curves()["each example alike: 1/N"].tolist() == [[0, 0.25], [4, 0.25]]


@pytest.mark.parametrize("K", [2, 3, 4])
def test_the_ring_shows_every_count_of_every_step(K):
    history, _ = ring_all_reduce(np.ones((K, K)))
    figures.ring(history)
    drawn = [ax for ax in plt.gcf().axes if ax.patches]
    assert [ax.get_title() for ax in drawn] == (
        ["start"] + [f"add {i}" for i in range(1, K)] + [f"hand on {i}" for i in range(1, K)]
    )
    for ax, held in zip(drawn, history, strict=True):
        assert [int(text.get_text()) for text in ax.texts] == held.ravel().astype(int).tolist()


def test_a_full_chunk_is_told_from_an_empty_one_by_its_colour():
    figures.ring(ring_all_reduce(np.ones((2, 2)))[0])
    first, *_, last = [ax for ax in plt.gcf().axes if ax.patches]
    assert {matplotlib.colors.to_hex(p.get_fc()) for p in first.patches} == {figures.FILLS[0]}
    assert {matplotlib.colors.to_hex(p.get_fc()) for p in last.patches} == {figures.FILLS[-1]}


def test_descents_are_drawn_as_given_up_to_the_top():
    figures.descents({"right": [1.0, 0.5], "forgotten": [1.0, 900.0]}, top=1.5)
    assert curves()["right"].tolist() == [[0, 1.0], [1, 0.5]]
    assert curves()["forgotten"].tolist() == [[0, 1.0], [1, 900.0]]
    assert plt.gca().get_ylim() == (0, 1.5)


def test_measured_times_stand_beside_the_model_that_fits_them():
    n = [100, 10_000, 1_000_000]
    times = all_reduce_time(np.array(n), 4, 1e-4, 2e-9).tolist()
    measured = dict(zip(n, times, strict=True))
    figures.all_reduce(measured, workers=4)
    assert curves()["measured"] == pytest.approx(np.array([n, times]).T)
    model = curves()["model"]
    assert model[:, 1] == pytest.approx(all_reduce_time(model[:, 0], 4, 1e-4, 2e-9), rel=1e-6)
    assert (model[0, 0], model[-1, 0]) == pytest.approx((100, 1_000_000))


def test_speedups_begin_at_one_and_mark_the_best_number():
    figures.speedups(0.1, (10_000, 1_000_000), 1e-4, 1e-8, most=64)
    gain = curves()["n = 1,000,000"]
    assert gain[0].tolist() == [1, 1]
    assert gain[15] == pytest.approx([16, 0.1 / 0.028])  # 0.1/16 + 30 (1e-4 + 1e6/16 · 1e-8)
    assert curves()["K times as fast"][-1].tolist() == [64, 64]
    dots = [line.get_xydata() for line in plt.gca().lines if line.get_marker() == "o"]
    assert [dot[0, 0] for dot in dots] == [22, 20]  # √((0.1 − 2nβ)/2α) is 22.3 and 20
