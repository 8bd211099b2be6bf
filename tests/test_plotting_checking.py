"""The figures of chapter 07, by the data they show."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop import Dense, Network
from backprop.plotting import checking as figures
from drawn import curves


def slope(points):
    (x0, y0), (x1, y1) = points
    return (y1 - y0) / (x1 - x0)


def test_the_secants_have_the_slopes_of_their_quotients():
    figures.quotients(lambda x: x**3, 1.0, 0.5)
    assert slope(curves()["forward"]) == pytest.approx((1.5**3 - 1) / 0.5)
    assert slope(curves()["central"]) == pytest.approx(3 + 0.5**2)


def test_errors_stand_over_their_steps_and_the_marks_are_drawn():
    steps = np.array([1e-3, 1e-2])
    figures.errors(steps, {"one": np.array([1e-5, 0.0])}, [5e-3])
    assert curves()["one"] == pytest.approx(np.array([[1e-3, 1e-5], [1e-2, 1e-17]]))
    assert plt.gca().lines[-1].get_xdata()[0] == 5e-3
    assert plt.gca().get_xscale() == plt.gca().get_yscale() == "log"


def test_costs_are_drawn_in_their_units_and_extrapolated_ones_hatched():
    measured = {"a": (2.5, True), "b": (0.0123, False), "c": (1.64e-4, False)}
    figures.costs(measured)
    bars = plt.gca().patches
    assert [bar.get_width() for bar in bars] == [1.64e-4, 0.0123, 2.5]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, False, True]
    assert {"2.5 s", "12 ms", "160 µs"} <= {text.get_text() for text in plt.gca().texts}


def test_costs_are_measured_for_all_five_ways():
    rng = np.random.default_rng(0)
    layers = [Dense.random(5, 4, "sigmoid", rng), Dense.random(4, 3, "softmax", rng)]
    net = Network(layers, "cross_entropy")
    measured = figures.measure_costs(net, rng.random(5), np.eye(3)[0], repeats=1)
    assert [extrapolated for _, extrapolated in measured.values()] == [True, True, *[False] * 3]
    assert all(seconds > 0 for seconds, _ in measured.values())


def test_the_secant_across_a_kink_has_the_mean_slope():
    figures.kink(lambda z: np.maximum(z, 0), 0.0, 1.0)
    assert slope(curves()["central"]) == 0.5
