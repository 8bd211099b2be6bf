"""What runs in the references' own walls: it answers what a student's code asks of an `oracle`.

The grader starts it as a submission of a sandbox of its own, in which no student's code ever runs,
since what a student asks for may take all of the time and memory there is. It gets the text of the
checks module; the objects that were made are kept here and known outside by their number.
"""

import types

__all__ = ["answer"]

_right, _made = {}, []


def answer(do, *what):
    """Return what one of the functions below returns, named by `do`."""
    return {"load": _load, "give": _give, "make": _make, "call": _call, "read": _read}[do](*what)


def _load(code, names):
    """Run the checks module; keep the references of the questions that ask for these names."""
    module = types.ModuleType("classroom_checks")
    exec(compile(code, "checks", "exec"), module.__dict__)
    for name in names:
        _right[name] = module.ASSIGNMENT.defining(name).reference
    return len(_right)


def _give(name, args, kwargs):
    return _right[name](*args, **kwargs)


def _make(name, args, kwargs):
    _made.append(_right[name](*args, **kwargs))
    return len(_made) - 1


def _call(which, method, args, kwargs):
    return getattr(_made[which], method)(*args, **kwargs)


def _read(which, attribute):
    return getattr(_made[which], attribute)
