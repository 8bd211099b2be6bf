"""What more than one figure computes."""

import numpy as np

import js
from backprop.activations import sigmoid


def test_sigmoid_is_the_packages(rng, tmp_path):
    z = rng.normal(scale=20, size=200)
    there = js.evaluate("maths.js", "return given.map(figure.sigmoid)", z.tolist(), tmp_path)
    js.assert_agrees(there, sigmoid(z))


def test_sigmoid_far_out_does_not_overflow(tmp_path):
    body = "return [figure.sigmoid(-800), figure.sigmoid(800), figure.sigmoid(0)]"
    assert js.evaluate("maths.js", body, None, tmp_path) == np.array([0, 1, 0.5]).tolist()
