"""Every gradient that an assignment asks for: its reference against differences and torch.

The losses are written here once more, in torch's functions and after the statements alone.
"""

import numpy as np
import pytest

from assigned import source
from backprop import check_gradient
from classroom.questions import tries_of

SEED = "for the gradients"


@pytest.fixture
def asked():
    """A function: (reference, list of inputs) of a question."""

    def one(name, id):
        q = source(name).assignment.question(id)
        return q.reference, tries_of(source(name).assignment, q, SEED)

    return one


@pytest.fixture
def agree(torch):
    """A function that holds gradients of loss(*tensors) against both witnesses."""

    def both(loss, arguments, gradients):
        tensors = [torch.tensor(np.asarray(a, dtype=float)) for a in arguments]
        for k, gradient in gradients.items():

            def of_one(x, k=k):
                return loss(*tensors[:k], x, *tensors[k + 1 :])

            def number(x, of_one=of_one):
                return float(of_one(torch.tensor(x)))

            x = np.asarray(arguments[k], dtype=float)
            check_gradient(number, x, np.asarray(gradient), of_one).assert_ok()

    return both


def test_softsign_neuron(asked, agree):
    def loss(x, w, b, t):
        z = w @ x + b
        return 0.5 * (z / (1 + z.abs()) - t) ** 2

    reference, tries = asked("01_perceptron", "q4")
    for args in tries:
        dw, db = reference(*args)
        agree(loss, args, {1: dw, 2: db})


def test_softsign_slope_is_that_of_the_curve(asked, agree):
    reference, _ = asked("01_perceptron", "q2")
    z = np.array([-3.0, -0.4, 0.2, 1.5])
    slope = reference(z / (1 + np.abs(z)))
    agree(lambda z: (z / (1 + z.abs())).sum(), [z], {0: slope})
    assert reference(np.array(0.0)) == 1


def test_temperature(asked, agree):
    def loss(x, w, b, tau, t):
        z = (w @ x + b) / tau
        return 0.5 * (z / (1 + z.abs()) - t) ** 2

    reference, tries = asked("01_perceptron", "q5")
    for args in tries:
        agree(loss, args, {3: reference(*args)})


def test_the_curves_of_the_picture_are_deltas(asked, agree):
    reference, tries = asked("01_perceptron", "q7")
    for (z,) in tries:
        (_, sigmoid), (_, softsign) = reference(z)["lines"]
        agree(lambda z: (0.5 * z.sigmoid() ** 2).sum(), [z], {0: sigmoid})
        agree(lambda z: (0.5 * (z / (1 + z.abs())) ** 2).sum(), [z], {0: softsign})


def test_weighted_examples(asked, agree):
    def loss(X, W, b, T, s):
        each = 0.5 * (((X @ W + b).sigmoid() - T) ** 2).sum(axis=1)
        return (s * each).sum() / s.sum()

    reference, tries = asked("02_many_outputs", "q2")
    for args in tries:
        dW, db = reference(*args)
        agree(loss, args, {1: dW, 2: db})


def test_missing_targets(asked, agree):
    def loss(O, T):
        return ((O - T)[~T.isnan()] ** 2).mean()

    reference, tries = asked("02_many_outputs", "q3")
    for args in tries:
        agree(loss, args, {0: reference(*args)})


def test_centered_outputs(asked, agree):
    def loss(Z, T):
        O = Z - Z.mean(axis=1, keepdim=True)
        return 0.5 * ((O - T) ** 2).sum() / len(Z)

    reference, tries = asked("02_many_outputs", "q5")
    for args in tries:
        agree(loss, args, {0: reference(*args)})


def test_layer(asked, agree, rng):
    reference, _ = asked("02_many_outputs", "q6")
    X, dA = rng.normal(size=(2, 4, 3))
    W, b = rng.normal(size=(3, 3)), rng.normal(size=3)
    layer = reference(W, b)
    layer.forward(X)
    dX = layer.backward(dA)
    agree(
        lambda X, W, b, dA: ((X @ W + b).sigmoid() * dA).sum(),
        [X, W, b, dA],
        {0: dX, 1: layer.dW, 2: layer.db},
    )


def test_largest_rate_is_where_descent_turns(asked):
    """A hundredth below it the error shrinks, a hundredth above it grows."""
    reference, tries = asked("02_many_outputs", "q7")
    rng = np.random.default_rng(7)
    for X, m in tries:
        ones = np.hstack([X, np.ones((len(X), 1))])
        best = rng.normal(size=(ones.shape[1], m))
        for share, grows in ((0.99, False), (1.01, True)):
            W = best + rng.normal(size=best.shape)
            for _ in range(3000):
                W = W - share * reference(X, m) * 2 / (len(X) * m) * ones.T @ (ones @ (W - best))
            assert (np.abs(W - best).max() > 1e3) == grows


def test_two_layers(asked, agree):
    def loss(X, T, W1, b1, W2, b2):
        O = (X @ W1 + b1).tanh() @ W2 + b2
        return 0.5 * ((O - T) ** 2).sum() / len(X)

    reference, tries = asked("03_backprop_deltas", "q3")
    for args in tries:
        agree(loss, args, dict(enumerate(reference(*args), start=2)))


def test_way_around(asked, agree):
    def loss(G, A_in, W, b):
        return (G * (A_in + (A_in @ W + b).tanh())).sum()

    reference, tries = asked("03_backprop_deltas", "q6")
    for args in tries:
        agree(loss, args, dict(enumerate(reference(*args), start=1)))


def test_what_arrives_at_each_layer(asked, torch):
    reference, tries = asked("03_backprop_deltas", "q7")
    for X, Ws, G in tries:
        for (_, sizes), around in zip(reference(X, Ws, G)["lines"], (0, 1), strict=True):
            A, kept = torch.tensor(X), []
            for W in Ws:
                A = (around * A + (A @ torch.tensor(W)).tanh()).requires_grad_()
                A.retain_grad()
                kept.append(A)
            (A * torch.tensor(G)).sum().backward()
            found = [float(A.grad.abs().mean()) for A in kept]
            np.testing.assert_allclose(sizes, found, rtol=1e-12)


def test_zero_weights_leave_one_gradient(asked):
    """The answer to the choice of assignment 3."""
    reference, _ = asked("03_backprop_deltas", "q3")
    X, T = np.random.default_rng(1).random((2, 6, 3)) + 0.1
    zero = np.zeros((3, 4)), np.zeros(4), np.zeros((4, 3)), np.zeros(3)
    assert [bool(np.any(g)) for g in reference(X, T, *zero)] == [False, False, False, True]


def test_tilted_himmelblau(asked, agree):
    def loss(P, c):
        x, y = P[:, 0], P[:, 1]
        return ((x**2 + y - 11) ** 2 + c * (x + y**2 - 7) ** 2).sum()

    reference, tries = asked("05_himmelblau_and_optimizers", "q2")
    for args in tries:
        agree(loss, args, {0: reference(*args)})


def test_best_rate_leads_to_the_lowest_point_of_the_line(asked):
    reference, tries = asked("05_himmelblau_and_optimizers", "q4")
    for g, H in tries:
        p, eta = np.linalg.solve(H, g), reference(g, H)

        def height(rate, p=p, g=g, H=H):
            q = p - rate * g
            return 0.5 * q @ H @ q

        assert height(eta) < min(height(0.99 * eta), height(1.01 * eta))
        assert abs((H @ (p - eta * g)) @ g) < 1e-12 * (g @ g)
        low, high = np.linalg.eigvalsh(H)[[0, -1]]
        assert 1 / high <= eta <= 1 / low


def test_amsgrad_is_torchs(asked, torch):
    reference, tries = asked("05_himmelblau_and_optimizers", "q6")
    for make, *steps in tries:
        eta, beta1, beta2, eps = make.args
        ours = reference(*make.args)
        p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
        theirs = torch.optim.Adam([p], lr=eta, betas=(beta1, beta2), eps=eps, amsgrad=True)
        for step in steps:
            start, g = step.args
            with torch.no_grad():
                p.copy_(torch.tensor(start))
            p.grad = torch.tensor(g)
            theirs.step()
            np.testing.assert_allclose(ours.step(start, g), p.detach().numpy(), rtol=1e-12)


def test_the_network(asked, agree, torch):
    reference, tries = asked("06_network_from_scratch", "q4")
    cross_entropy, _ = asked("06_network_from_scratch", "q2")

    def loss(X, labels, W1, b1, W2, b2):
        Z = (X @ W1 + b1).relu() @ W2 + b2
        return torch.nn.functional.cross_entropy(Z, labels.long())

    for make, _, gradients, *_ in tries:
        X, labels = gradients.args
        net = reference(*make.args)
        agree(loss, [X, labels, *make.args], dict(enumerate(net.gradients(X, labels), start=2)))
        ours, theirs = (
            cross_entropy(net.scores(X), labels),
            loss(*(torch.tensor(a) for a in (X, labels, *make.args))),
        )
        assert ours == pytest.approx(float(theirs), rel=1e-12)


def test_large_scores(asked, torch):
    reference, tries = asked("06_network_from_scratch", "q2")
    assert max(np.abs(Z).max() for Z, _ in tries) > 700  # beyond what exp can hold
    for Z, labels in tries:
        theirs = torch.nn.functional.cross_entropy(torch.tensor(Z), torch.tensor(labels))
        assert reference(Z, labels) == pytest.approx(float(theirs), rel=1e-12)


def test_the_extrapolated_quotient_is_of_fourth_order(asked):
    """A step ten times smaller makes its error ten thousand times smaller."""
    reference, _ = asked("04_gradient_checking", "q2")

    def central(h):
        return (np.sin(1 + h) - np.sin(1 - h)) / (2 * h)

    errors = [abs(reference(central(h), central(2 * h)) - np.cos(1)) for h in (0.1, 0.01)]
    assert errors[0] / errors[1] == pytest.approx(1e4, rel=0.05)


def test_best_step_for_the_curvature_makes_the_error_least(asked):
    reference, tries = asked("04_gradient_checking", "q5")
    for eps, f, fourth in tries:

        def error(h, eps=eps, f=f, fourth=fourth):
            return h**2 / 12 * abs(fourth) + 4 * eps * abs(f) / h**2

        h = reference(eps, f, fourth)
        assert error(h) < min(error(0.99 * h), error(1.01 * h))


def test_standard_deviation_of_a_sum():
    """The answer to the choice of assignment 6, by drawing."""
    rng = np.random.default_rng(0)
    sums = (rng.normal(size=(5000, 400)) * rng.normal(0, 0.1, (5000, 400))).sum(axis=1)
    assert sums.std() == pytest.approx(2, rel=0.03)


def test_where_gradient_descent_can_rest():
    """The answer to the choice of assignment 5: below 2/λmax in three of the four minima."""
    from backprop.surfaces import himmelblau

    bounds = {
        tuple(p.round(2)): 2 / np.linalg.eigvalsh(himmelblau.hessian(p))[-1]
        for p in himmelblau.minima
    }
    assert [p for p, bound in bounds.items() if bound < 0.0175] == [(-3.78, -3.28)]


def test_every_example_twice(asked):
    """The answer to the choice of assignment 2."""
    reference, tries = asked("02_many_outputs", "q2")
    X, W, b, T, _ = tries[0]
    once = reference(X, W, b, T, np.ones(len(X)))
    twice = reference(np.vstack([X, X]), W, b, np.vstack([T, T]), np.ones(2 * len(X)))
    for a, c in zip(once, twice, strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-12)


def test_twice_the_input_half_the_weight(asked):
    """The answer to the choice of assignment 1."""
    reference, tries = asked("01_perceptron", "q4")
    x, w, _, t = tries[0]
    before, after = reference(x, w, 0.0, t)[0], reference(2 * x, w / 2, 0.0, t)[0]
    np.testing.assert_allclose(after, 2 * before, rtol=1e-12)
