"""Digits learned from the start: `training.fit` against scikit-learn's MLPClassifier and torch.nn.

scikit-learn's 1,797 digits, split as in chapter 13; 64-48-10, ReLU, softmax with cross-entropy, 15
epochs of shuffled batches of 8, momentum 0.9, rate 0.01, float64. The whole call is timed, with the
checks of its arguments. torch's loop takes batches by index, which is faster than its DataLoader;
it starts from our weights, takes our batches, and must end at our weights.
"""

import warnings

import numpy as np
import torch
from measure import Row, compare
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from backprop import Dense, Network
from backprop.data import digits, one_hot
from backprop.optimizers import Momentum
from backprop.training import fit

HIDDEN, EPOCHS, BATCH, ETA, MU = 48, 15, 8, 0.01, 0.9
SEEDS = range(10)


def rows(pairs):
    """Yield the two ratios, and the worst accuracy of ten seeds."""
    torch.set_num_threads(1)
    train, held_out = examples()
    found = {}

    def ours():
        found["net"] = trained(train, 0)

    def sklearn():
        classifier(train, 0)

    def torch_nn():
        found["torch"] = torch_trained(train, 0)

    name = "digits, 15 epochs, against"
    yield compare(f"{name} MLPClassifier", ours, sklearn, 0.25, pairs=pairs or 9)
    yield compare(f"{name} torch.nn", ours, torch_nn, 0.15, pairs=pairs or 9)
    _same_weights(found["net"], found["torch"])
    yield worst_error(train, held_out)


def examples():
    """Return (X, labels) to train with and (X, labels) held out, as chapter 13 splits them."""
    images, labels = digits()
    X = images.reshape(len(images), -1) / 16
    order = np.random.default_rng(0).permutation(len(X))
    train, held_out = order[360:], order[:360]
    X = (X - X[train].mean(axis=0)) / X[train].std()
    return (X[train], labels[train]), (X[held_out], labels[held_out])


def start(seed):
    """Return the network before training, and the generator that goes on to shuffle."""
    rng = np.random.default_rng(seed)
    layers = [Dense.random(64, HIDDEN, "relu", rng), Dense.random(HIDDEN, 10, "softmax", rng)]
    return Network(layers, "cross_entropy"), rng


def trained(train, seed):
    """Return our network after its epochs."""
    (X, labels), (net, rng) = train, start(seed)
    T, optimizer = one_hot(labels, 10), Momentum(ETA, MU)
    fit(net, X, T, epochs=EPOCHS, batch_size=BATCH, rng=rng, optimizer=optimizer, progress=False)
    return net


def classifier(train, seed):
    """Return scikit-learn's after as many epochs: nothing stops it early, nothing decays."""
    model = MLPClassifier(
        (HIDDEN,),
        solver="sgd",
        momentum=MU,
        nesterovs_momentum=False,
        learning_rate_init=ETA,
        batch_size=BATCH,
        max_iter=EPOCHS,
        alpha=0,
        tol=0,
        n_iter_no_change=EPOCHS + 1,
        random_state=seed,
    )
    with warnings.catch_warnings():  # it would rather go on for longer
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(*train)


def torch_trained(train, seed):
    """Return torch's model after the same steps."""
    (X, labels), (net, rng) = train, start(seed)
    x, t = torch.tensor(X), torch.tensor(labels.astype(np.int64))
    linear = [torch.nn.Linear(la.n_in, la.n_out, dtype=torch.float64) for la in net.layers]
    with torch.no_grad():
        for module, layer in zip(linear, net.layers, strict=True):
            module.weight.copy_(torch.tensor(layer.W.T))
            module.bias.zero_()
    model = torch.nn.Sequential(linear[0], torch.nn.ReLU(), linear[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=ETA, momentum=MU)
    loss_function = torch.nn.CrossEntropyLoss()
    for _ in range(EPOCHS):
        order = torch.tensor(rng.permutation(len(x)))
        for low in range(0, len(x), BATCH):
            batch = order[low : low + BATCH]
            optimizer.zero_grad()
            loss_function(model(x[batch]), t[batch]).backward()
            optimizer.step()
    return model


def worst_error(train, held_out):
    """Return the row of the largest held-out error of ten seeds, and scikit-learn's beside it."""
    X, labels = held_out
    ours = [trained(train, seed).forward(X).a[-1].argmax(axis=1) for seed in SEEDS]
    theirs = [classifier(train, seed).predict(X) for seed in SEEDS]
    ours, theirs = ([100 * np.mean(p != labels) for p in each] for each in (ours, theirs))
    note = (
        f"digits: held out are {len(X)}, misread on average {np.mean(ours):.1f} % by ours and "
        f"{np.mean(theirs):.1f} % by scikit-learn's; ten seeds of weights and order each."
    )
    name = "digits, worst held-out error of ten seeds"
    told = f"{max(ours):.2f} %", f"{max(theirs):.2f} %"
    return Row(name, *told, max(ours), 3, unit=" %", note=note)


def _same_weights(net, model):
    """What was timed was the same work: the same weights came out."""
    for layer, module in zip(net.layers, (model[0], model[2]), strict=True):
        W = module.weight.detach().numpy().T
        error = np.abs(layer.W - W).max() / np.abs(W).max()
        if not error < 1e-9:  # rounding, carried on through thousands of steps
            raise AssertionError(f"ours and torch's weights differ by {error:.2g} of the largest")
