"""
A multi-layer perceptron in sixty lines
=======================================

Plain NumPy, to be read first.  ``NumpyMLPClassifier`` computes the same numbers.
"""

import numpy as np
from sklearn.datasets import load_iris


def forward(W, b, X):
    """Return the inputs of all layers, and the logits."""
    a = [X]
    for i in range(len(W) - 1):
        a.append(np.maximum(a[i] @ W[i] + b[i], 0))  # ReLU
    return a, a[-1] @ W[-1] + b[-1]


def loss_and_grad(W, b, X, y, alpha):
    """Return the mean cross-entropy plus L2 penalty, and its gradient for W and b."""
    n, (a, z) = len(X), forward(W, b, X)
    log_p = z - np.logaddexp.reduce(z, axis=1, keepdims=True)  # log of the softmax
    loss = -log_p[range(n), y].mean() + alpha / (2 * n) * sum((w**2).sum() for w in W)
    delta = [(np.exp(log_p) - np.eye(z.shape[1])[y]) / n]  # gradient for the logits
    for i in reversed(range(1, len(W))):  # backpropagation, through W and ReLU
        delta.insert(0, delta[0] @ W[i].T * (a[i] > 0))
    grad_W = [a[i].T @ delta[i] + alpha / n * W[i] for i in range(len(W))]
    grad_b = [delta[i].sum(axis=0) for i in range(len(b))]
    return loss, grad_W + grad_b


def fit(X, y, widths, n_epochs, batch_size=32, alpha=1e-4, learning_rate=1e-3, seed=0):
    """Train with Adam; return W, b and the loss of each epoch."""
    rng, W, b = np.random.RandomState(seed), [], []
    for i in range(len(widths) - 1):  # Glorot initialization
        bound = np.sqrt(6 / (widths[i] + widths[i + 1]))
        W.append(rng.uniform(-bound, bound, (widths[i], widths[i + 1])))
        b.append(rng.uniform(-bound, bound, widths[i + 1]))
    params, m, v, t = W + b, [0] * len(W + b), [0] * len(W + b), 0
    order, loss_curve = np.arange(len(X)), np.zeros(n_epochs)
    for epoch in range(n_epochs):
        rng.shuffle(order)
        for batch in np.split(order, range(batch_size, len(X), batch_size)):
            loss, grad = loss_and_grad(W, b, X[batch], y[batch], alpha)
            loss_curve[epoch] += loss * len(batch) / len(X)
            t += 1
            rate = learning_rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            for k in range(len(params)):
                m[k] = 0.9 * m[k] + 0.1 * grad[k]
                v[k] = 0.999 * v[k] + 0.001 * grad[k] ** 2
                params[k] -= rate * m[k] / (np.sqrt(v[k]) + 1e-8)  # changes W and b
    return W, b, loss_curve


if __name__ == "__main__":
    X, y = load_iris(return_X_y=True)
    W, b, loss_curve = fit(X, y, widths=(4, 20, 3), n_epochs=100, learning_rate=0.01)
    print("loss, every 20 epochs:", loss_curve[19::20].round(3))
    print("training accuracy:", np.mean(forward(W, b, X)[1].argmax(axis=1) == y))
