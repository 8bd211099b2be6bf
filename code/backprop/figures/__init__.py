"""Figures that move under the reader's hand, with a kernel and without one.

Each is one class: a cell that ends in `Perceptron(x, w, b, t)` shows it. Its numbers are computed
in the browser by the formulas of the chapter; a test holds them to this package's, to 1e-9.
"""

from .backpropagation import Backprop
from .himmelblau import HimmelblauDescent
from .many_outputs import ManyOutputs
from .perceptron import Perceptron
from .recording import Recording

__all__ = ["Backprop", "HimmelblauDescent", "ManyOutputs", "Perceptron", "Recording"]
