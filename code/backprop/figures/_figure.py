"""What every interactive figure shares: its parts, its static picture, how it is written."""

import base64
import io

import anywidget

from ._bundle import text


class Figure(anywidget.AnyWidget):
    """A figure whose face is one ES module: it moves with and without a kernel.

    A subclass sets `_esm = module("name.js")`, declares its state as traits tagged `sync=True`
    and draws its static picture in `_draw()`: what is shown where no script runs, in print and
    on code hosts. The traits named in `_state` are the ones that a reader changes.
    """

    _css = text("figures.css")
    _state: tuple[str, ...] = ()

    def __repr__(self):
        """Return the call that makes this figure: no address, the same in every run."""
        state = ", ".join(f"{name}={_plain(getattr(self, name))}" for name in self._state)
        return f"{type(self).__name__}({state})"

    def _draw(self):
        """Draw the present state on the current Matplotlib figure."""
        raise NotImplementedError(f"{type(self).__name__} draws no static picture")

    def picture(self):
        """Return the present state as PNG, for places where nothing moves."""
        return self._pixels(self._draw)

    @staticmethod
    def _pixels(draw, **how):
        """Return what `draw` draws on a figure of its own as PNG; `how` goes to `savefig`."""
        import matplotlib.pyplot as plt

        open_before = set(plt.get_fignums())
        try:
            draw()
            out = io.BytesIO()
            plt.gcf().savefig(out, format="png", metadata={"Software": None}, **how)
        finally:
            for number in set(plt.get_fignums()) - open_before:
                plt.close(number)
        return out.getvalue()

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        picture = base64.b64encode(self.picture()).decode("ascii")
        return {**data, "image/png": picture}, metadata


def _plain(value):
    """Return the value as Python source with short numbers: 0.1, not 0.10000000000000001."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
