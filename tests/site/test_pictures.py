"""The README's pictures of the figures are taken by a command, and the README shows them."""

import io
import re

import numpy as np
from PIL import Image

import browsing
from bookkit import pictures


def test_every_picture_is_shown_with_words_and_is_there():
    said = (browsing.ROOT / "README.md").read_text(encoding="utf-8")
    shown = {file: alt for alt, file in re.findall(r"!\[([^]]*)\]\(assets/([^)]*)\)", said)}
    for shot in pictures.SHOTS:
        assert len(shown[shot.file].split()) > 8
        assert (browsing.ROOT / "assets" / shot.file).stat().st_size < 120_000


def test_a_picture_is_taken_in_the_state_asked_for(browser, site, tmp_path):
    (tmp_path / "assets").mkdir()
    page = "chapters/01_perceptron.html"
    context = browser.new_context(viewport={"width": 1000, "height": 1500})
    taken = []
    for n, state in enumerate([{}, {"activation": "identity", "watch": 3}]):
        shot = pictures.Shot(f"{n}.png", page, "perceptron", state)
        file = pictures._one(context, site, tmp_path, shot)
        taken.append(np.asarray(Image.open(io.BytesIO(file.read_bytes())).convert("L"), int))
    context.close()
    first, second = taken
    assert first.shape[1] > 600 and first.shape[0] > 200
    assert (first > 250).mean() > 0.5, "light, whatever the machine prefers"
    assert first.shape != second.shape or (abs(first - second) > 60).mean() > 0.002
