"""The network of chapter 11 in TensorFlow, an optional companion: `requirements-tensorflow.txt`.

Nothing else of the package needs TensorFlow, and it is imported when `train` is called.
"""

__all__ = ["train"]


def train(X, T, W1, W2, steps=500, eta=1e-6):
    r"""Return the losses L = Σ (relu(X W1) W2 − T)² before and after each step (:eq:`sum-loss`).

    X: (N, n_in); T: (N, m); W1: (n_in, n_hidden); W2: (n_hidden, m), float64 arrays, which are
    left as they are. Each step is W − eta·dW (:eq:`gradient-step`). The list has steps + 1 losses.
    Raises ModuleNotFoundError where TensorFlow is not installed, and TensorFlow's
    InvalidArgumentError where the shapes do not fit.
    """
    import tensorflow as tf

    X, T = tf.constant(X), tf.constant(T)
    W1, W2 = tf.Variable(W1), tf.Variable(W2)
    losses = []
    for _ in range(steps + 1):
        with tf.GradientTape() as tape:
            O = tf.nn.relu(X @ W1) @ W2
            loss = tf.reduce_sum((O - T) ** 2)
        losses.append(float(loss))
        dW1, dW2 = tape.gradient(loss, [W1, W2])
        W1.assign_sub(eta * dW1)
        W2.assign_sub(eta * dW2)
    return losses
