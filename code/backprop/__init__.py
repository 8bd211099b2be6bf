"""Gradients of neural networks, derived in the chapters and checked here: NumPy and nothing else.

Pictures are in `backprop.plotting`, comparison with torch in `backprop.gradcheck`; neither
Matplotlib nor torch is imported before it is used.
"""

from .gradcheck import check_gradient, check_network, numerical_gradient
from .network import Dense, Network

__all__ = ["Dense", "Network", "check_gradient", "check_network", "numerical_gradient"]
__version__ = "1.0.0"
