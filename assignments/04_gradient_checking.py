"""Checks of assignment 4: how far a gradient check can be trusted."""

import numpy as np

from classroom.questions import Assignment, Choice, Function, Manual, Plot

CHAPTER = "chapters/07_checking_gradients.html#"


def loss(W, X, T):
    return 0.5 * ((np.tanh(X @ W) - T) ** 2).sum() / len(X)


def differences(quotient):
    """Entry by entry quotient(f, w, h), where f is the loss along one entry and w its value."""

    def difference_gradient(W, X, T, h):
        W = W.astype(float)
        result = np.zeros(W.shape)
        for i in np.ndindex(W.shape):

            def along(value, i=i):
                moved = W.copy()
                moved[i] = value
                return loss(moved, X, T)

            result[i] = quotient(along, W[i], h)
        return result

    return difference_gradient


def central(f, w, h):
    return (f(w + h) - f(w - h)) / (2 * h)


def in_integers(W, X, T, h):
    return differences(lambda f, w, h: (f(np.trunc(w + h)) - f(np.trunc(w - h))) / (2 * h))(
        W, X, T, h
    )


def layer(rng):
    """Weights, now and then whole numbers."""
    n, m, N = 3, 2, 4
    X, T = rng.normal(size=(N, n)), rng.uniform(-0.5, 0.5, (N, m))
    W = rng.integers(-2, 3, size=(n, m)) if rng.random() < 0.5 else rng.normal(size=(n, m))
    return W, X, T, 1e-3


def best_step(eps, f, fourth):
    return (48 * eps * abs(f / fourth)) ** 0.25


def directional(seen=None, claimed=None, scale=max):
    """The relative error of a claim, with a wrong seen(f, h) or claimed(dW1, dW2, V1, V2)."""

    def directional_error(X, T, W1, W2, dW1, dW2, V1, V2, h):
        def sum_loss(s):
            O = np.tanh(X @ (W1 + s * V1)) @ (W2 + s * V2)
            return ((O - T) ** 2).sum()

        slope = seen(sum_loss, h) if seen else (sum_loss(h) - sum_loss(-h)) / (2 * h)
        told = (dW1 * V1).sum() + (dW2 * V2).sum()
        told = claimed(dW1, dW2, V1, V2) if claimed else told
        return abs(slope - told) / scale(abs(slope), abs(told))

    return directional_error


def loss_with(factor):
    """The directional error of a loss that has another factor in front."""

    def wrong(X, T, W1, W2, dW1, dW2, V1, V2, h):
        def seen(f, h):
            return factor(X, T) * (f(h) - f(-h)) / (2 * h)

        return directional(seen=seen)(X, T, W1, W2, dW1, dW2, V1, V2, h)

    return wrong


def claim(rng):
    """A net, and gradients that are too large or too small, now and then with a slope dropped."""
    X, T = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    W1, W2 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))
    H = np.tanh(X @ W1)
    delta2 = rng.choice([0.7, 1.4]) * 2 * (H @ W2 - T)
    slope = 1 - H**2 if rng.random() < 0.8 else 1.0
    dW1, dW2 = X.T @ ((delta2 @ W2.T) * slope), H.T @ delta2
    return X, T, W1, W2, dW1, dW2, rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), 1e-4


def errors(forward, central, extrapolated):
    """What the picture shows, where each estimate is a function of (x, h)."""

    def draw(x, h):
        estimates = forward, central, extrapolated
        return {
            "lines": [(h, np.abs(estimate(x, h) - np.cos(x))) for estimate in estimates],
            "xscale": "log",
            "yscale": "log",
            "xlabel": ...,
            "ylabel": ...,
            "labels": ["forward", "central", "extrapolated"],
        }

    return draw


def forward_sine(x, h):
    return (np.sin(x + h) - np.sin(x)) / h


def central_sine(x, h):
    return (np.sin(x + h) - np.sin(x - h)) / (2 * h)


def extrapolated_sine(x, h):
    return (4 * central_sine(x, h) - central_sine(x, 2 * h)) / 3


ASSIGNMENT = Assignment(
    name="04_gradient_checking",
    title="How far can a check be trusted?",
    chapter="07_checking_gradients",
    questions=[
        Choice(
            id="q1",
            title="Acquitted of what?",
            points=2,
            calls="answer_1",
            right="c",
            wrong={
                "a": "At W = 0 and for targets 0 the errors are 0, whatever dW is made of. A slope "
                "that was dropped would not show.",
                "b": "A factor times 0 is 0. But so is a forgotten slope, or a missing transpose.",
                "d": "Any step would have done: the loss is even around W = 0, so both nudges give "
                "the same value.",
            },
            hint="Compute the outputs, the errors and the deltas at that point.",
            section=CHAPTER + "when-not-to-trust-a-check",
        ),
        Function(
            id="q2",
            title="Two quotients make a better one",
            points=2,
            calls="extrapolated",
            reference=lambda with_h, with_2h: (4 * with_h - with_2h) / 3,
            inputs=lambda rng: tuple(rng.normal(size=(2, 3))),
            mistakes={
                "steps exchanged": (
                    lambda with_h, with_2h: (4 * with_2h - with_h) / 3,
                    "The two changed places: the one with the smaller step deserves more weight.",
                ),
                "as for forward differences": (
                    lambda with_h, with_2h: 2 * with_h - with_2h,
                    "That takes away an error in proportion to h. Here it goes with h².",
                ),
                "mean": (
                    lambda with_h, with_2h: (with_h + with_2h) / 2,
                    "The mean keeps an error, 2.5 times that of the smaller step.",
                ),
                "not divided": (
                    lambda with_h, with_2h: 4 * with_h - with_2h,
                    "The error is gone, but f′ is in it three times.",
                ),
                "added": (
                    lambda with_h, with_2h: (4 * with_h + with_2h) / 5,
                    "f′ is in it once, but the errors have been added. Subtract.",
                ),
            },
            hint="Four times the first less the second: what is left of c h², and of f′?",
            section=CHAPTER + "the-error-that-a-step-makes",
        ),
        Function(
            id="q3",
            title="A checker for a layer",
            points=4,
            calls="difference_gradient",
            reference=differences(central),
            inputs=layer,
            # The loss, around 1, is rounded to 1e-16; divided by h that is far below this.
            rtol=1e-6,
            atol=1e-8,
            tries=8,
            keeps_inputs=True,
            mistakes={
                "forward": (
                    differences(lambda f, w, h: (f(w + h) - f(w)) / h),
                    "That is the forward difference. Its error goes with h instead of h².",
                ),
                "divided by h": (
                    differences(lambda f, w, h: 2 * central(f, w, h)),
                    "Divided by h. The two values lie 2h apart.",
                ),
                "backward": (
                    differences(lambda f, w, h: (f(w) - f(w - h)) / h),
                    "That is the difference toward the other side only.",
                ),
                "integer trap": (
                    in_integers,
                    "The integer trap: W + h is stored in an array of integers and cut. Make it "
                    "float first.",
                ),
                "mean forgotten": (
                    lambda W, X, T, h: len(X) * differences(central)(W, X, T, h),
                    "N times too large: use the `loss` that is given, which is a mean.",
                ),
            },
            hint="Begin with a float copy of W: that leaves W alone and holds no trap.",
            section=CHAPTER + "from-a-number-to-an-array",
        ),
        Manual(
            id="q4",
            title="A quotient for the curvature",
            points=4,
            rubric="1 point: Taylor's formula put in, odd powers cancel, error h²/12 · f⁗. "
            "1 point: rounding, 4ε|f|/h². 1 point: the derivative set to 0 and "
            "h* = (48 ε|f|/|f⁗|)^¼, a fourth root. 1 point: seven or eight digits at best, "
            "with the reason.",
            hint="The step is found as in section 7.2: derivative with respect to h, set to 0.",
            section=CHAPTER + "the-error-that-rounding-makes",
        ),
        Function(
            id="q5",
            title="The best step for the curvature",
            points=2,
            calls="best_step",
            reference=best_step,
            inputs=lambda rng: (
                float(rng.choice([2.0**-52, 2.0**-23])),
                *(float(v) for v in rng.choice([-1, 1], 2) * rng.uniform(0.2, 9, 2)),
            ),
            atol=0.0,
            mistakes={
                "cube root": (
                    lambda eps, f, fourth: np.cbrt(3 * eps * abs(f / fourth)),
                    "That is the best step of the central difference for the slope.",
                ),
                "third root of it": (
                    lambda eps, f, fourth: np.cbrt(48 * eps * abs(f / fourth)),
                    "A cube root. Solve for h⁴: the rounding's term falls with h², its derivative "
                    "with h³.",
                ),
                "middle counted once": (
                    lambda eps, f, fourth: (36 * eps * abs(f / fourth)) ** 0.25,
                    "The middle value enters twice, so the rounding is 4ε|f| in all.",
                ),
                "one rounding": (
                    lambda eps, f, fourth: (12 * eps * abs(f / fourth)) ** 0.25,
                    "Only one rounding was counted, or the two terms were set equal with one. "
                    "There are four, and the derivative brings a factor.",
                ),
                "terms set equal": (
                    lambda eps, f, fourth: (24 * eps * abs(f / fourth)) ** 0.25,
                    "A factor is off: the derivative of h²/12 is h/6, that of 1/h² is −2/h³.",
                ),
                "turned over": (
                    lambda eps, f, fourth: (48 * eps * abs(fourth / f)) ** 0.25,
                    "f and f⁗ changed places: a strongly curved function wants a small step.",
                ),
            },
            hint="h⁴ stands alone after multiplying by h³.",
            section=CHAPTER + "the-error-that-rounding-makes",
        ),
        Function(
            id="q6",
            title="One direction for a whole network",
            points=4,
            calls="directional_error",
            reference=directional(),
            inputs=claim,
            tries=12,
            rtol=1e-6,
            mistakes={
                "forward": (
                    directional(seen=lambda f, h: (f(h) - f(0.0)) / h),
                    "The slope along the direction was taken by a forward difference.",
                ),
                "divided by h": (
                    directional(seen=lambda f, h: (f(h) - f(-h)) / h),
                    "The central difference was divided by h. The two values lie 2h apart.",
                ),
                "first layer only": (
                    directional(claimed=lambda dW1, dW2, V1, V2: (dW1 * V1).sum()),
                    "The claim of the second layer is missing: all weights move at once.",
                ),
                "second layer only": (
                    directional(claimed=lambda dW1, dW2, V1, V2: (dW2 * V2).sum()),
                    "The claim of the first layer is missing: all weights move at once.",
                ),
                "compared with the differences": (
                    directional(scale=lambda seen, told: seen),
                    "Divided by the slope seen. Divide by the larger of the two.",
                ),
                "compared with the claim": (
                    directional(scale=lambda seen, told: told),
                    "Divided by the slope claimed. Divide by the larger of the two.",
                ),
                "absolute": (
                    directional(scale=lambda seen, told: 1.0),
                    "That is the difference itself. Divide it by the larger of the two slopes.",
                ),
                "smaller of the two": (
                    directional(scale=min),
                    "Divided by the smaller of the two slopes.",
                ),
                "half loss": (
                    loss_with(lambda X, T: 0.5),
                    "The loss has a ½ too many: it is the plain sum of squares.",
                ),
                "mean loss": (
                    loss_with(lambda X, T: 1 / T.size),
                    "The mean was taken. The loss is the plain sum of squares.",
                ),
                "mean over the examples": (
                    loss_with(lambda X, T: 1 / len(X)),
                    "The loss was divided by the number of examples. It is the plain sum.",
                ),
            },
            hint="Write the loss as a function of one number s: all weights at W + s V.",
            section="chapters/11_numpy_to_pytorch.html#one-direction-instead-of-101-000",
        ),
        Plot(
            id="q7",
            title="Three slopes in one picture",
            points=2,
            calls="draw",
            uses=("extrapolated",),
            reference=errors(forward_sine, central_sine, extrapolated_sine),
            inputs=lambda rng: (
                float(rng.uniform(0.7, 1.3)),
                np.logspace(rng.uniform(-1.3, -1.0), 0, int(rng.integers(10, 20))),
            ),
            # Errors down to 1e-7 are left by differences of numbers around 1.
            rtol=1e-4,
            atol=1e-12,
            mistakes={
                "steps exchanged": (
                    errors(
                        forward_sine,
                        central_sine,
                        lambda x, h: (4 * central_sine(x, 2 * h) - central_sine(x, h)) / 3,
                    ),
                    "In the extrapolated estimate the two steps changed places.",
                ),
                "steps h and h/2": (
                    errors(
                        forward_sine,
                        central_sine,
                        lambda x, h: (4 * central_sine(x, h / 2) - central_sine(x, h)) / 3,
                    ),
                    "The extrapolated estimate was made from the steps h/2 and h. Take h and 2h.",
                ),
            },
            hint="The size of an error is never negative: `np.abs`.",
            section=CHAPTER + "the-error-that-a-step-makes",
        ),
    ],
)
