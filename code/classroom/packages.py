"""Which folders and files make up a package: what the sandbox mounts, and nothing else."""

import importlib.metadata
import re
from importlib.util import find_spec
from pathlib import Path

__all__ = ["ALWAYS", "HIDDEN", "PackageError", "parts"]

#: There in every sandbox: it shows a progress bar and computes nothing.
ALWAYS = ("tqdm",)

#: Package -> folders of it that are not mounted, although the package is: they hold solutions.
HIDDEN = {"backprop": ("exercises",)}

#: The grader itself, and the book's machinery: never inside.
NEVER = ("classroom", "bookkit")


class PackageError(Exception):
    """A package that a question may use cannot be given to the students' code."""


def parts(names):
    """Return {name in site-packages: path} of all that the packages need, in order.

    names: import names such as "numpy". A package's requirements come along; what it has besides
    for extras does not. Raises `PackageError` for one that is not installed.
    """
    found, seen = {}, set()
    for name in names:
        if name in NEVER:
            raise PackageError(f"imports: {name} holds what is right; no question may use it")
        spec = find_spec(name)
        if spec is None:
            raise PackageError(f"imports: {name} is not installed where this is graded")
        if spec.origin in ("built-in", "frozen") or _standard(spec):
            continue
        where = Path(spec.origin or next(iter(spec.submodule_search_locations)))
        own = where.parent if where.name == "__init__.py" else where
        found[own.name] = own.resolve()
        for distribution in _closure(_distribution(name), seen):
            for part, path in _files(distribution).items():
                found.setdefault(part, path)
    return dict(sorted(found.items()))


def _standard(spec):
    here = Path(find_spec("json").origin).parent.parent
    origin = Path(spec.origin or "/")
    return here in origin.parents and not {"site-packages", "dist-packages"} & set(origin.parts)


def _distribution(package):
    """The name of what brought the package."""
    try:
        return importlib.metadata.distribution(package).metadata["Name"]
    except importlib.metadata.PackageNotFoundError:
        named = importlib.metadata.packages_distributions().get(package, [])
        return named[0] if named else None


def _closure(name, seen):
    """The distribution of that name and all that it requires, each once."""
    key = re.sub(r"[-_.]+", "-", name or "").lower()
    if name is None or key in seen:
        return
    seen.add(key)
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # for another platform
    yield distribution
    for requirement in distribution.requires or []:
        wanted, _, condition = requirement.partition(";")
        if "extra" not in condition:
            yield from _closure(re.match(r"[\w.-]+", wanted)[0], seen)


def _files(distribution):
    """What stands in site-packages of it: folders and single modules."""
    tops = {path.parts[0] for path in distribution.files or [] if path.parts[0] != ".."}
    wanted = (t for t in tops if not t.endswith((".dist-info", ".pth")) and t not in NEVER)
    folder = Path(distribution.locate_file(""))
    return {
        top: (folder / top).resolve()
        for top in wanted
        if top != "__pycache__" and not top.startswith("__editable__") and (folder / top).exists()
    }
