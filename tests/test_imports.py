"""What `import backprop` brings, and what it must not load."""

import subprocess
import sys

import pytest

import backprop

HEAVY = {"torch", "matplotlib", "tqdm", "IPython", "ipywidgets", "scipy"}


def loaded_by(code):
    """Return which of the heavy packages a fresh Python has loaded after the code."""
    script = f"{code}\nimport sys\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return HEAVY & set(done.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import backprop",
        "import backprop.activations, backprop.losses, backprop.network",
        "import backprop.gradcheck, backprop.optimizers, backprop.surfaces",
        "from backprop import check_gradient; assert check_gradient(lambda x: x * x, 3.0, 6.0).ok",
    ],
)
def test_nothing_heavy_is_loaded(code):
    assert loaded_by(code) == set()


def test_tqdm_is_loaded_where_a_run_may_show_progress():
    code = (
        "from backprop.optimizers import Adam, minimize\n"
        "minimize(lambda x: x, [1.0], Adam(), 1, progress=False)"
    )
    assert loaded_by(code) <= {"tqdm"}


def test_the_public_names():
    assert set(backprop.__all__) == {
        "Dense",
        "Network",
        "check_gradient",
        "check_network",
        "numerical_gradient",
    }


@pytest.mark.parametrize("name", backprop.__all__)
def test_public_names_are_listed_and_found(name):
    assert name in dir(backprop)
    assert callable(getattr(backprop, name))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'backprop' has no attribute 'Dence'$"):
        _ = backprop.Dence


@pytest.mark.parametrize(
    "module", ["activations", "losses", "network", "gradcheck", "optimizers", "surfaces"]
)
def test_every_public_name_is_there_and_documented(module):
    loaded = __import__(f"backprop.{module}", fromlist=["__all__"])
    assert loaded.__doc__
    for name in loaded.__all__:
        documented = getattr(loaded, name)
        assert name.isupper() or documented.__doc__, f"backprop.{module}.{name}"
