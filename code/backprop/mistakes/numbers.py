r"""What can be told of a wrong gradient from its numbers alone: fingerprints for any function.

Each function yields `Fingerprint`s made of the right gradient g (and, where it must be, of the
given one, to find the member of a family that comes nearest).
"""

from math import comb, lgamma, log

import numpy as np

from .judging import Fingerprint

__all__ = [
    "factors",
    "from_parts",
    "from_previous",
    "of_order",
    "of_precision",
    "of_size",
    "sign_turned",
]

SIGN = "The sign is turned: this points uphill where it should point downhill, or the reverse."


def _fingerprint(name, sentence, value, **more):
    return Fingerprint(name, sentence, {"gradient": np.asarray(value)}, **more)


def factors(n_examples=None, n_outputs=None, named=None):
    """Yield (factor, name, sentence): by what a gradient is often multiplied.

    named: name -> number, further sizes that may have slipped in, such as {"window": 5}.
    """
    yield (
        2.0,
        "factor 2",
        ("Twice the right gradient: a ½ of the loss lost, or the same gradient added twice."),
    )
    yield (
        0.5,
        "factor 1/2",
        ("Half the right gradient: the 2 of a square's slope is lost, or a ½ too many."),
    )
    if n_examples:
        n = f"N = {n_examples:g}"
        yield (
            n_examples,
            "factor N",
            (f"N times the right gradient, {n}: a sum over the examples in place of their mean."),
        )
        yield (
            1 / n_examples,
            "factor 1/N",
            (f"1/N of the right gradient, {n}: divided by the number of examples once too often."),
        )
    if n_outputs:
        m = f"m = {n_outputs:g}"
        yield (
            n_outputs,
            "factor m",
            (f"m times the right gradient, {m}: a sum over the outputs in place of their mean."),
        )
        yield (
            1 / n_outputs,
            "factor 1/m",
            (f"1/m of the right gradient, {m}: a mean over the outputs in place of their sum."),
        )
        yield (
            2 / n_outputs,
            "factor 2/m",
            (f"2/m times the right gradient, {m}: that of mse_loss, in place of half a sum."),
        )
        yield (
            n_outputs / 2,
            "factor m/2",
            (f"m/2 times the right gradient, {m}: that of half a sum, in place of mse_loss."),
        )
    for name, value in (named or {}).items():
        yield value, f"factor {name}", f"{value:g} times the right gradient: the {name}."
        yield (
            1 / value,
            f"factor 1/{name}",
            (f"1/{value:g} of the right gradient: divided by the {name}."),
        )


def sign_turned(g):
    """−g."""
    return _fingerprint("sign turned", SIGN, -g)


def of_size(g, multiples):
    """Nothing at all, the wrong sign, or a constant factor of `multiples` (see `factors`)."""
    yield _fingerprint(
        "zeros",
        "Nothing but zeros: the gradient was never filled, or the way to it is cut.",
        np.zeros_like(g),
    )
    yield sign_turned(g)
    for factor, name, sentence in multiples:
        yield _fingerprint(name, sentence, factor * g)


def of_order(g, given, wrong):
    """The right entries in the wrong places, or only some of them; wrong: where given is."""
    if g.ndim == 2 and min(g.shape) > 1:
        yield _fingerprint("transposed", "The right gradient, transposed.", g.T)
        if g.shape[0] != g.shape[1]:
            yield _fingerprint(
                "reshaped for transposed",
                "The right entries along the wrong axis: reshaped where a transpose was due.",
                g.T.reshape(g.shape),
            )
    if g.size > 1:
        backwards = g.ravel()[::-1].reshape(g.shape)
        yield _fingerprint("reversed", "The right entries in the reverse order.", backwards)
    for shift in (1, -1) if g.size > 2 else ():
        yield _fingerprint(
            "shifted by one",
            "The right entries, each one place off: an index is off by one.",
            np.roll(g.ravel(), shift).reshape(g.shape),
        )
    if given.shape == g.shape and g.size > 1:
        yield from _nearest_of_families(g, given, int(np.sum(wrong)))


def _nearest_of_families(g, given, moved):
    n = g.size
    ordered = np.empty(n)
    ordered[np.argsort(given, axis=None)] = np.sort(g, axis=None)
    yield _fingerprint(
        "another order",
        "The right entries in another order.",
        ordered.reshape(g.shape),
        log_members=lgamma(n + 1) - lgamma(n - moved + 1),
        general=True,
    )
    kept = given != 0
    yield _fingerprint(
        "entries missing",
        "Right where it is not 0: some entries were never filled.",
        np.where(kept, g, 0.0),
        log_members=log(comb(n, int(kept.sum()))),
        general=True,
    )
    if g.ndim != 2:
        return
    for axis, kind in ((1, "row"), (0, "column")):
        filled = kept.any(axis=axis)
        if filled.sum() == 1 < filled.size:
            k = int(np.argmax(filled))
            yield _fingerprint(
                f"one {kind} only",
                f"Right in {kind} {k} and 0 elsewhere: `=` for `+=`, or a loop that runs once.",
                np.where(filled[:, None] if axis else filled, g, 0.0),
                log_members=log(filled.size),
            )


def of_precision(g, given, error):
    """Right as far as it goes: rounded to some digits, cut to integers, or made in float32."""
    for digits in range(2, 7) if error < 0.05 else ():
        yield _fingerprint(
            f"rounded to {digits} digits",
            f"Right, but rounded to {digits} digits after the point.",
            np.round(g, digits),
        )
    cut = np.trunc(np.round(g, 6))  # a difference quotient's 2.9999999 is a 3
    if (given == np.trunc(given)).all() and given.any() and np.abs(g - cut).max() > 1e-5:
        yield _fingerprint(
            "integers",
            "The right gradient, cut to integers: it was put into an integer array.",
            cut,
        )
    single = error < 1e-4 and (given == given.astype(np.float32)).all()
    if single and (given != given.astype(np.float16)).any():
        # The evidence is not where the numbers are but what they are: the last 29 bits are 0.
        yield _fingerprint(
            "float32",
            "Right to the few digits of float32, in which it was computed.",
            given,
            log_chance=-29 * log(2) * given.size,
        )


def from_parts(parts):
    """Some of the contributions that should have been added; parts: arrays that sum to g."""
    count, whole = len(parts), sum(parts)
    for i, part in enumerate(parts):
        if i == count - 1:
            reason = "the last part alone: `=` stands for `+=`"
        else:
            reason = f"part {i + 1} of {count} alone"
        yield _fingerprint(f"part {i + 1} of {count} only", f"This is {reason}.", part)
        if count > 2:
            yield _fingerprint(
                f"part {i + 1} of {count} missing",
                f"Part {i + 1} of {count} is missing from the sum.",
                whole - part,
            )
    yield _fingerprint(
        "mean of the parts", f"The mean of {count} parts, not their sum.", whole / count
    )


def from_previous(g, previous):
    """What the call before left behind."""
    yield _fingerprint(
        "not zeroed",
        "The gradient of the call before is still in it: it was not set to zero.",
        g + previous,
    )
    yield _fingerprint(
        "of the call before",
        "This is the gradient of the call before: nothing was computed anew.",
        previous,
    )
