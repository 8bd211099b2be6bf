"""The page of the package: what the docstrings say, all of it, and every public name has one."""

import inspect
import pathlib

import pytest

from bookkit import api

ROOT = pathlib.Path(__file__).parents[1]
PUBLIC = [
    (module.__name__, name) for module in api.modules() for name in getattr(module, "__all__", [])
]


def test_the_page_is_what_the_docstrings_say():
    assert (ROOT / "api.md").read_text(encoding="utf-8") == api.page(), (
        "run `python -m bookkit api`"
    )


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_a_public_name_stands_on_the_page_and_has_a_docstring(module, name):
    text = api.page()
    section = text[text.index(f"## {module}\n") :]
    assert f"### `{name}" in section
    thing = getattr(next(m for m in api.modules() if m.__name__ == module), name)
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.cleandoc(thing.__doc__ or "")


def test_every_module_has_public_names_and_a_docstring():
    for module in api.modules():
        assert module.__doc__, module.__name__
        assert module.__all__, module.__name__


def test_parameters_become_a_list_and_roles_turn_to_myst():
    said = api.markdown(
        """Return z (:eq:`layer-forward`).

        X: (N, n), the rows
        of a batch; W: its weights.
        b: biases.
        Raises ValueError.
        """
    )
    assert said == (
        "Return z ({eq}`layer-forward`).\n\n"
        "- `X`: (N, n), the rows of a batch; W: its weights.\n"
        "- `b`: biases.\n\nRaises ValueError."
    )


def test_signatures_leave_self_out():
    def method(self, X, *, eta=0.1):
        pass

    assert api.signature(method) == "(X, *, eta=0.1)"
