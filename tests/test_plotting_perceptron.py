"""The figures of chapter 01, by the data they show."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from backprop.activations import sigmoid
from backprop.plotting import perceptron as figures
from drawn import curves


def texts():
    return [t.get_text() for t in plt.gca().texts if t.get_text()]


def test_the_neuron_shows_its_values_factors_and_gradients():
    figures.neuron(np.array([0.5, -1.0, 2.0]), np.array([0.4, 0.3, 0.6]), -0.1, 0.2)
    assert {"0.7311", "0.1410", "0.0522", "-0.1044", "0.2088"} <= set(texts())
    assert "$\\delta$ =\n0.1044" in texts()
    assert "$\\times\\,o(1-o)$\n= 0.1966" in texts()
    assert "$\\times\\,(o-t)$\n= 0.5311" in texts()


def test_the_tangent_touches_the_loss_with_the_given_slope():
    figures.loss_and_tangent(lambda v: v**2, 3.0, 6.0)
    (x0, y0), (x1, y1) = curves()["tangent, slope 6.0000"]
    assert (y1 - y0) / (x1 - x0) == pytest.approx(6.0)
    assert y0 + 6.0 * (3.0 - x0) == pytest.approx(9.0)
    w, value = curves()["loss $L$"].T
    assert value == pytest.approx(w**2)


def test_the_wrong_sigmoid_has_its_pole_and_the_right_one_does_not():
    figures.two_sigmoids()
    z, right = curves()[r"$1/(1+e^{-z})$"].T
    assert right == pytest.approx(sigmoid(z))
    z, wrong = curves()[r"$1/(1-e^{-z})$"].T
    assert wrong[0] > 10
    assert (wrong > 1).all()


def test_saturation_shows_the_largest_delta_at_ln_2():
    figures.saturation()
    z, delta = curves()[r"$|\delta|$: how fast it learns"].T
    assert z[delta.argmax()] == pytest.approx(np.log(2), abs=0.05)
    assert delta.max() == pytest.approx(4 / 27, rel=1e-3)


def test_each_learning_curve_is_drawn_as_given():
    figures.learning_curves({"one": [3.0, 2.0], "two": [1.0, 0.5]})
    assert curves()["one"].tolist() == [[0, 3], [1, 2]]
    assert curves()["two"].tolist() == [[0, 1], [1, 0.5]]


def test_the_path_and_the_minimum_stand_on_the_map():
    path = np.array([[1.0, 0.0], [1.5, 0.2]])
    figures.descent_on_line(path, (0, 3, -1, 1), lambda p: (p**2).sum(-1), (2, 0))
    assert curves()["after each pass over the data"] == pytest.approx(path)
    assert curves()["minimum"].tolist() == [[2, 0]]


def test_figures_return_none_and_leave_the_look_of_others_alone():
    before = dict(matplotlib.rcParams)
    assert figures.saturation() is None
    assert dict(matplotlib.rcParams) == before
    assert plt.gcf().get_facecolor() == (1, 1, 1, 1), "opaque, to be read on a dark page"
