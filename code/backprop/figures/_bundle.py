"""One ES module out of a figure's file and what it imports, as a notebook stores it."""

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./([\w-]+\.js)";\n', re.MULTILINE)


def text(name):
    """Return the text of a file beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def module(name):
    """Return the module `name` with all it imports from its folder, in one text.

    A notebook and a page load a figure from memory, where "./parts.js" leads nowhere. So each
    imported file is put in front, once, without its `export`s; names are unique over all files,
    and the browser refuses the module (a SyntaxError) where they are not.
    """
    return _without_imports(name, set())


def _without_imports(name, seen):
    source, parts = text(name), []
    for found in _IMPORT.finditer(source):
        if found[1] not in seen:
            seen.add(found[1])
            inner = _without_imports(found[1], seen)
            parts.append(re.sub(r"^export (?!default)", "", inner, flags=re.MULTILINE))
    return "".join([*parts, _IMPORT.sub("", source)])
