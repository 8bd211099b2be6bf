"""Gradients of neural networks, derived in the chapters and checked here: NumPy and nothing else.

Pictures are in `backprop.plotting`, comparison with torch in `backprop.gradcheck`; neither
Matplotlib nor torch is imported before it is used.
"""

from .network import Dense, Network

__all__ = ["Dense", "Network", "check_gradient", "check_network", "numerical_gradient"]
__version__ = "1.0.0"


def __getattr__(name):
    """Load the gradient checker when one of its functions is first asked for (PEP 562)."""
    if name in __all__:
        from . import gradcheck

        return getattr(gradcheck, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
