"""What every test file shares: how hypothesis draws, torch on one thread, a fixed generator."""

import signal
import sys

import numpy as np
import pytest
from hypothesis import settings

# A run in the background of a script ignores Ctrl-C, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run and on every machine; a slow machine is not a failure.
settings.register_profile("book", derandomize=True, deadline=None)
settings.load_profile("book")


@pytest.fixture(scope="session")
def torch():
    """Return torch, loaded when the first test asks for it; two threads lose on a busy machine."""
    import torch

    torch.set_num_threads(1)
    return torch


@pytest.fixture
def rng():
    """Return a generator of random numbers that starts the same in every test."""
    return np.random.default_rng(2024)


@pytest.fixture(autouse=True)
def _figures_closed(request):
    """Close what a test drew; a test that drew nothing loads no Matplotlib for this.

    What the tests of the chapters' pictures drew has letters that can be read on a phone.
    """
    yield
    if "matplotlib.pyplot" not in sys.modules:
        return
    plt = sys.modules["matplotlib.pyplot"]
    try:
        if request.module.__name__.startswith("test_plotting_"):
            import drawn

            figures = map(plt.figure, plt.get_fignums())
            small = [text for figure in figures for text in drawn.small_letters(figure)]
            assert not small, "letters that are too small on a phone"
    finally:
        plt.close("all")
