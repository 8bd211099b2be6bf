r"""`diagnose_network`: which classic mistake the gradients of a network are, layer by layer."""

from dataclasses import replace

import numpy as np

from .._validate import positive, real_array
from ..gradcheck import DIFFERENCE_TOLERANCE, EPSILON
from ..network import Dense, Network
from . import numbers
from .diagnosis import RIGHT, Diagnosis, hint
from .gallery import MISTAKES
from .judging import Case, Fingerprint, distance, judge_scaled, score

__all__ = ["diagnose_network"]

#: Rounding in a backward pass, in units of what changes of ε in all its inputs do to the gradient.
ROUNDING = 16
#: Mistakes that are nothing but a factor: not tried together with another factor.
FACTORS = ("factor 2", "factor 1/2", "sum for mean", "mean twice", "mean over outputs")
FACTORS += ("sum over outputs", "2/m for 1")


def diagnose_network(net, X, T, grads, *, eta=None, previous=None, tolerance=DIFFERENCE_TOLERANCE):
    """Say which classic mistake the gradients of a network are.

    net, X, T: the `Network` and its batch. grads: what is to be judged, with lists dW and db of
    one array a layer, as `Gradients` has them; an entry that is None is not judged.
    eta: the learning rate, for "updated too early"; without it, it is fitted.
    previous: the gradients of the call before, in the same form, for "not zeroed".

    Every mistake of `MISTAKES` is made on this very network and batch, in each layer and in all,
    and compared. The right gradient is that of `net.backward`, which `check_network` compares with
    differences and torch. Returns a `Diagnosis`. Raises ValueError or TypeError where the batch
    does not fit, where a list has not one entry a layer, and on NaN or infinity.
    """
    eta = None if eta is None else positive("eta", eta)
    given = _arrays("grads", net, grads)
    if previous is not None and set(_arrays("previous", net, previous)) < set(given):
        raise ValueError("previous: expected every array that grads has, came fewer")
    right = net.backward(net.forward(X), T)
    case = Case(given, _pick(right, given), _rounding(net, X, T, right, given), tolerance)
    if case.agrees:
        return _right(case, _fingerprints(net, X, T, given, eta, previous), len(X))
    wrong = [name for name, entries in case.wrong().items() if entries.any()]
    first = min(wrong, key=lambda name: (-_layer(name), name))
    rate = eta or _fitted_rate(net, X, T, case, first)

    def fingerprints(*left_out):
        made = _fingerprints(net, X, T, given, rate, previous, fitted=eta is None)
        return (p for p in made if p.name not in left_out)

    found = _search(case, fingerprints, wrong, first, _multiples(*right.delta[-1].shape))
    otherwise = f"The first wrong array, seen from the end, is {first}. {hint(case.only([first]))}"
    return Diagnosis.of(found, tolerance, otherwise, _apart(*right.delta[-1].shape), first)


def _search(case, fingerprints, wrong, first, multiples):
    """The judgement of one mistake; of one and a factor; of the last wrong layer, or array, alone.

    fingerprints: a function that makes them anew, without those that are named.
    """
    late = case.only([name for name in case.given if _layer(name) >= _layer(first)])
    scored, scored_late = score(fingerprints(), [case, late])
    found = case.judge(scored)
    if found.matches:
        return found
    both = judge_scaled(case, fingerprints(*FACTORS), multiples)
    if both is not None:
        return both
    if len(late.given) < len(case.given):
        partly = late.judge(scored_late)
        if partly.matches:
            at = [
                (e, p if p.place else replace(p, place=f"in layer {_layer(first) + 1}"))
                for e, p in partly.matches
            ]
            sentence = f"The layers before {first} are wrong in another way."
            return _and_more(replace(partly, matches=at), found, sentence)
    numbered = _by_numbers(case, wrong, first, multiples)
    return found if numbered is None else _and_more(numbered, found)


def _and_more(partly, whole, sentence=""):
    """The judgement of a part, told of the whole."""
    matches = [
        (e, replace(p, sentence=f"{p.sentence} {sentence}".strip())) for e, p in partly.matches
    ]
    return replace(partly, matches=matches, error=whole.error, nearest=whole.nearest)


def _by_numbers(case, wrong, first, multiples):
    """The judgement of each wrong array by itself, as `diagnose` does; None where none matches."""
    judged = {}
    for name in wrong:
        one = case.only([name])
        one = Case(
            *({"gradient": v[name]} for v in (one.given, one.right, one.floor)), case.tolerance
        )
        g, given = one.right["gradient"], one.given["gradient"]
        if given.shape not in (g.shape, g.shape[::-1]):
            continue
        fingerprints = [
            *numbers.of_size(g, multiples),
            *numbers.of_order(g, given, one.wrong()["gradient"]),
            *numbers.of_precision(g, given, one.error),
        ]
        (scored,) = score(fingerprints, [one])
        judged[name] = one.judge(scored)
    found = judged.get(first)
    if found is None or not found.matches:
        return None
    name = found.matches[0][1].name
    same = [k for k, other in judged.items() if other.matches and other.matches[0][1].name == name]
    matches = [(e, replace(p, place=f"in {', '.join(same)}")) for e, p in found.matches]
    sentence = "" if len(same) == len(wrong) else "Other arrays are wrong in another way."
    return _and_more(replace(found, matches=matches), found, sentence)


# --- the arrays and their fingerprints ------------------------------------------------------------


def _arrays(name, net, grads):
    """The arrays to be judged: "dW[0]" -> array, layer by layer from the end."""
    arrays, depth = {}, len(net.layers)
    for l in reversed(range(depth)):
        for kind in ("dW", "db"):
            entries = getattr(grads, kind, None)
            if entries is None:
                continue
            if len(entries) != depth:
                raise ValueError(
                    f"{name}.{kind}: expected {depth} entries, one a layer, came {len(entries)}"
                )
            if entries[l] is not None:
                arrays[f"{kind}[{l}]"] = real_array(f"{name}.{kind}[{l}]", entries[l])
    if not arrays:
        raise TypeError(
            f"{name}: expected lists dW and db as Gradients has them, came {type(grads).__name__}"
        )
    return arrays


def _pick(gradients, names):
    """The arrays of these names out of some `Gradients`."""
    return {n: np.asarray(getattr(gradients, n[:2])[_layer(n)], dtype=float) for n in names}


def _layer(name):
    return int(name[3:-1])


def _rounding(net, X, T, right, names):
    """How far rounding may move each array: `ROUNDING` times what changes of ε in X, W and b do."""
    rng = np.random.default_rng(0)

    def moved(v):
        return v * (1 + EPSILON * rng.choice([-1.0, 1.0], np.shape(v)))

    layers = [Dense(moved(layer.W), moved(layer.b), layer.activation) for layer in net.layers]
    other = Network(layers, net.loss_function)
    shifted = _pick(other.backward(other.forward(moved(np.asarray(X, dtype=float))), T), names)
    exact = _pick(right, names)
    return {name: ROUNDING * np.abs(shifted[name] - exact[name]).max() for name in names}


def _fingerprints(net, X, T, names, eta, previous, fitted=False):
    """Yield every mistake of the gallery, made on this network and batch, place by place."""
    for mistake in MISTAKES.values():
        if {"eta": eta, "previous": previous, "": net}[mistake.needs] is None:
            continue
        guessed = fitted and mistake.needs == "eta"
        sentence = mistake.sentence + (f" It fits eta = {eta:.4g}." if guessed else "")
        for layers, place in _places(net, mistake.layers(net, X, T), mistake.about_the_whole):
            values = _pick(mistake.backward(net, X, T, layers, eta, previous), names)
            if all(np.isfinite(v).all() for v in values.values()):
                yield Fingerprint(mistake.name, sentence, values, place, free=int(guessed))


def _places(net, possible, about_the_whole):
    """Yield (layers, place in words): the hidden layers, the last, all, each by itself."""
    if not possible:
        return
    last = len(net.layers) - 1
    if about_the_whole:
        yield possible, ""
        return
    hidden = tuple(l for l in possible if l < last)
    told = set()
    for layers, place in (
        (hidden, "in the hidden layers" if last > 1 else "in the hidden layer"),
        (tuple(l for l in possible if l == last), "in the last layer" if last else ""),
        (possible, "in every layer"),
        *(((l,), f"in layer {l + 1}") for l in possible),
    ):
        if layers and layers not in told:
            told.add(layers)
            yield layers, place


def _fitted_rate(net, X, T, case, first):
    """The learning rate with which an early update would explain the first wrong dW, or None.

    In the first wrong layer the effect of an early update is proportional to eta.
    """
    mistake, l = MISTAKES["updated too early"], _layer(first)
    if first[:2] != "dW" or l not in mistake.layers(net, X, T):
        return None
    given, right = case.given[first], case.right[first]
    effect = right - mistake.backward(net, X, T, (l,), eta=1.0).dW[l]
    size = float((effect * effect).sum())
    if given.shape != right.shape or not size:
        return None
    eta = float(((right - given) * effect).sum()) / size
    return eta if 0 < eta < np.inf else None


def _multiples(N, m):
    """The factors that may come on top of a mistake: (factor, name, sentence), each value once."""
    found = {-1.0: (-1.0, "sign turned", numbers.SIGN)}
    for entry in numbers.factors(N, m):
        found.setdefault(entry[0], entry)
    found.pop(1.0, None)
    return list(found.values())


# --- what is said beside the name -----------------------------------------------------------------


def _right(case, fingerprints, N):
    """The diagnosis of right gradients, with the mistakes that could not have been seen."""
    same = {}
    for p in fingerprints:
        alike = distance(case.right, p.values, case.floor) <= case.tolerance
        same[p.name] = same.get(p.name, True) and alike
    unseen = tuple(name for name, alike in same.items() if alike)
    dead = [name for name, a in case.right.items() if not np.abs(a).max() > case.floor[name]]
    if len(dead) == len(case.right):
        sentence = "All of it is 0 here, and so would be many a wrong one: take other data."
        return Diagnosis(RIGHT, sentence, 0.5, case.error, case.tolerance, unseen=unseen)
    sentence = "Every dW and db agrees with the network's own."
    if dead:
        sentence += f" But {', '.join(dead)} are 0 here and tell nothing."
    if unseen:
        sentence += f" These mistakes would look right here too: {', '.join(unseen)}."
        sentence += " Try more than one example." if N == 1 else ""
    return Diagnosis(RIGHT, sentence, 1.0, case.error, case.tolerance, unseen=unseen)


def _apart(N, m):
    """How mistakes with equal numbers can be told apart."""
    if N == 1:
        return "Try more than one example."
    if m == N or 2 in (N, m) or m == 1:
        return f"Try other sizes: here N = {N} and m = {m}."
    return "Try other inputs, and layers of different widths."
