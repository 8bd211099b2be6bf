"""The classic mistakes of `backprop.mistakes`, as mistakes of a question about a network."""

from backprop.mistakes import MISTAKES

__all__ = ["classics"]


def classics(network, *names):
    """Return name -> (wrong function, sentence), for `Function(mistakes=...)`.

    For a question whose answer is all gradients of a network, in the order dW1, db1, dW2, db2 and
    so on. network: a function of the question's arguments that returns (net, X, T), a
    `backprop.Network` and its batch. names: keys of `MISTAKES`; each is made in all layers where it
    can be made. Raises KeyError, which says the names there are.
    """
    unknown = [name for name in names if name not in MISTAKES]
    if unknown:
        raise KeyError(f"names: expected some of {', '.join(MISTAKES)}, came {unknown[0]!r}")
    return {name: (_wrong(network, name), MISTAKES[name].sentence) for name in names}


def _wrong(network, name):
    def gradients(*args):
        net, X, T = network(*args)
        wrong = MISTAKES[name].backward(net, X, T)
        return tuple(g for pair in zip(wrong.dW, wrong.db, strict=True) for g in pair)

    return gradients
