"""The page ``api.md``: the public names of ``backprop``, from their signatures and docstrings.

The page is a file of the book like any other, so that it reads the same on the site and on a code
host; a test finds it to be what the docstrings say.
"""

import importlib
import inspect
import pkgutil
import re

HEAD = """# The package

`backprop` holds the code after the chapter that derives it. Everything here is NumPy, float64,
with examples in rows; torch and Matplotlib are imported only where they are used. This page is
made from the docstrings.

`from backprop import …` offers """

#: Packages whose contents are described elsewhere: pictures and exercises belong to their chapters.
APART = {"plotting", "exercises"}
PARAMETER = re.compile(r"([A-Za-z_]\w*(?:, [A-Za-z_]\w*)*): +(?=\S)")
FRESH = re.compile(r"(?:Returns?|Raises?)\b")


def modules():
    """The public modules and packages of ``backprop``, by name."""
    package = importlib.import_module("backprop")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__))
    return [
        importlib.import_module(f"backprop.{name}")
        for name in names
        if not name.startswith("_") and name not in APART
    ]


def markdown(docstring):
    """A docstring as Markdown: roles in MyST's form, described parameters as a list."""
    text = re.sub(":eq:" + r"`([^`]+)`", r"{eq}`\1`", inspect.cleandoc(docstring or ""))
    return "\n\n".join(map(paragraph, re.split(r"\n\s*\n", text)))


def paragraph(text):
    """One paragraph; lines such as ``X: (N, n_in)`` become items of a list."""
    if text.startswith(("|", " ", "-")):
        return text
    parts, item = [], False
    for line in text.splitlines():
        found = PARAMETER.match(line)
        if found:
            parts.append(f"- `{found[1]}`: {line[found.end() :]}")
            item = True
        elif item and not FRESH.match(line):
            parts[-1] += f" {line.strip()}"
        else:
            parts.append(f"\n{line}" if item else line)
            item = False
    lines = []
    for part in parts:  # a list needs an empty line before its first item
        if part.startswith("- ") and lines and not lines[-1].startswith("- "):
            lines.append("")
        lines.append(part)
    return "\n".join(lines)


def signature(function):
    """``(X, T)`` without ``self``; nothing for what has none."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return ""
    kept = [p for name, p in found.parameters.items() if name not in ("self", "cls")]
    text = str(found.replace(parameters=kept, return_annotation=inspect.Signature.empty))
    return re.sub(r"<function (?:\w+\.)*(\S+) at 0x\w+>", r"\1", text)  # no addresses on the page


def members(cls):
    """The public methods and properties that a class defines itself, in their order."""
    for name, member in vars(cls).items():
        if name.startswith("_") and name != "__call__":
            continue
        function = getattr(member, "__func__", member)
        if isinstance(member, property) or hasattr(member, "attrname"):
            yield f"`.{name}`", member.__doc__
        elif inspect.isfunction(function):
            shown = "" if name == "__call__" else f".{name}"
            yield f"`{shown}{signature(function)}`", function.__doc__


def entry(name, thing):
    """The lines of one public name."""
    if inspect.isclass(thing):
        doc = thing.__doc__
        yield f"### `{name}{signature(thing)}`\n\n{markdown(doc)}"
        for head, doc in members(thing):
            if doc:
                yield f"**{head}** {markdown(doc)}"
    elif inspect.isfunction(thing):
        yield f"### `{name}{signature(thing)}`\n\n{markdown(thing.__doc__)}"
    elif isinstance(thing, dict):
        names = ", ".join(f"`{key}`" for key in thing)
        yield f"### `{name}`\n\nBy name: {names}."
    else:
        yield f"### `{name}`\n\nA `{type(thing).__name__}`."


def page():
    """The text of ``api.md``."""
    package = importlib.import_module("backprop")
    parts = [HEAD + ", ".join(f"`{name}`" for name in package.__all__) + "."]
    for module in modules():
        parts.append(f"## {module.__name__}\n\n{markdown(module.__doc__)}")
        for name in getattr(module, "__all__", []):
            parts.extend(entry(name, getattr(module, name)))
    return "\n\n".join(parts) + "\n"
