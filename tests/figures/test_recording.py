"""A recorded run: its pictures, its labels, and what it refuses."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

import js
from backprop.figures import Recording

ALT = "A line that rises more and more steeply."


def rising(slope):
    plt.figure(figsize=(2, 1))
    plt.plot([0, 1], [0, slope], color="#c2410c")
    plt.ylim(0, 4)


def recording(**change):
    given = {"draw": rising, "items": [1, 2, 4], "labels": ["one", "two", "four"], "alt": ALT}
    return Recording(**{**given, **change})


def pixels(address):
    kind, data = address.split(",", 1)
    assert kind == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_each_item_has_its_picture():
    frames = [pixels(frame) for frame in recording().frames]
    assert [frame.shape for frame in frames] == [(120, 240, 3)] * 3  # 2 by 1 inches at 120 dpi
    assert all((frame[0, 0] == 255).all() for frame in frames)  # an opaque ground
    orange = [(np.abs(frame.astype(int) - [194, 65, 12]).sum(2) < 30) for frame in frames]
    highest = [np.flatnonzero(found.any(1)).min() for found in orange]
    assert highest[0] > highest[1] > highest[2]  # the steeper line ends higher
    assert plt.get_fignums() == []


def test_the_last_frame_is_shown_first_and_is_the_static_picture():
    figure = recording()
    assert (figure.frame, figure.labels) == (2, ["one", "two", "four"])
    assert repr(figure) == "Recording(3 frames, frame=2)"
    figure._draw()
    assert plt.gca().lines[0].get_xydata().tolist() == [[0, 0], [1, 4]]
    assert recording(frame=0).frame == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"items": []}, r"^items: expected at least one, came none$"),
        ({"labels": ["one"]}, r"^labels: expected 3, one an item, came 1$"),
        ({"alt": " "}, r"^alt: expected a sentence .* came none$"),
        ({"frame": 3}, r"^frame: expected 0 to 2, came 3$"),
        ({"frame": -1}, r"^frame: expected 0 to 2, came -1$"),
    ],
)
def test_bad_arguments(change, message):
    with pytest.raises(ValueError, match=message):
        recording(**change)


@pytest.mark.parametrize(("frame", "there"), [(0, 0), (2, 2), (7, 2), (-1, 0), (1.4, 1)])
def test_a_frame_that_is_not_there_is_the_nearest(frame, there, tmp_path):
    body = "return figure.present(given, 3)"
    assert js.evaluate("recording.js", body, frame, tmp_path) == there
