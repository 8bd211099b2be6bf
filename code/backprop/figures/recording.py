"""A run that was recorded: one picture for each of some steps, behind a slider."""

import base64
import io

import traitlets

from ._bundle import module
from ._figure import Figure

#: Dots per inch of a frame. A figure of 5 inches has 600 pixels: sharp on a phone, and small.
DPI = 120


class Recording(Figure):
    """Pictures of a training run in their order, to be played and stepped through.

    draw: a function that draws one item on a Matplotlib figure of its own, with the same axes
    for every item; items: what it is called with, in order; labels: a text for each item, said
    with its picture ("step 120, loss 0.031"); alt: a sentence for those who do not see the
    pictures; frame: the one shown first, the last by default.

    Raises ValueError where there is no item, the labels are not as many as the items, the alt
    text is empty or the frame is not one of them.
    """

    _esm = module("recording.js")
    _state = ("frame",)

    frames = traitlets.List(traitlets.Unicode()).tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
    frame = traitlets.Int().tag(sync=True)

    def __init__(self, draw, items, labels, alt, frame=None, **kwargs):
        items, labels = list(items), list(labels)
        if not items:
            raise ValueError("items: expected at least one, came none")
        if len(labels) != len(items):
            raise ValueError(f"labels: expected {len(items)}, one an item, came {len(labels)}")
        if not alt.strip():
            raise ValueError("alt: expected a sentence that says what is to be seen, came none")
        frame = len(items) - 1 if frame is None else frame
        if frame not in range(len(items)):
            raise ValueError(f"frame: expected 0 to {len(items) - 1}, came {frame!r}")
        self._show = lambda: draw(items[self.frame])
        frames = [_webp(self._pixels(lambda item=item: draw(item), dpi=DPI)) for item in items]
        super().__init__(frames=frames, labels=labels, alt=alt, frame=frame, **kwargs)

    def __repr__(self):
        """Return what is recorded, in short: the pictures are no text."""
        return f"Recording({len(self.frames)} frames, frame={self.frame})"

    def _draw(self):
        self._show()


def _webp(png):
    """Return a PNG as a data address of a lossless WebP with at most 64 colours."""
    from PIL import Image

    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(64, dither=Image.Dither.NONE).convert("RGB")
    few.save(out, "WEBP", lossless=True, quality=100, method=6)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode("ascii")
