"""What the optimizations in the source gain: each beside its plain form.

    python benchmarks/tricks.py [name ...] [--repeats 50] [--save]

The parts of a training step of 784-100-10, batch 200, float32, and whole fits, in
comparison with ``examples/sixty_lines.py``.  All of it runs on one thread.  A time is
the processor time of a call, the lowest of the repeats, so that other programs on the
machine matter little.  With ``--save`` the results go to ``results/tricks.json``.
"""

import argparse
import math
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from _measure import environment, readable, save
from sklearn.datasets import load_digits, load_iris
from threadpoolctl import threadpool_limits

from sknumpy_mlp import NumpyMLPClassifier
from sknumpy_mlp._utils.blas import add_multiple
from sknumpy_mlp.activations import Mish, ReLU
from sknumpy_mlp.losses import MultinomialLogLoss
from sknumpy_mlp.optimizers import Adam

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import sixty_lines

N_ROWS, N_FEATURES, N_UNITS, N_CLASSES = 200, 784, 100, 10
N_PARAMS = (N_FEATURES + 1) * N_UNITS + (N_UNITS + 1) * N_CLASSES

# Each repeat is the mean of as many calls as take about this time.
_SECONDS = 0.005


def draw(*shape):
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def buffers():
    """Matrix product in a reused array"""
    X, W, out = (
        draw(N_ROWS, N_FEATURES),
        draw(N_FEATURES, N_UNITS),
        draw(N_ROWS, N_UNITS),
    )
    return lambda: X @ W, lambda: np.dot(X, W, out=out)


def gather():
    """Rows of a batch in a reused array"""
    X, out = draw(10_000, N_FEATURES), draw(N_ROWS, N_FEATURES)
    rows = np.random.default_rng(0).permutation(len(X))[:N_ROWS]
    return lambda: X[rows], lambda: X.take(rows, axis=0, out=out, mode="clip")


def relu():
    """ReLU: maximum of two arrays"""
    z, out = draw(N_ROWS, N_UNITS), draw(N_ROWS, N_UNITS)
    return lambda: np.maximum(z, 0.0, out=out), lambda: ReLU().forward(z, out)


def relu_mask():
    """ReLU's derivative: product with the mask"""
    a, delta = draw(N_ROWS, N_UNITS), draw(N_ROWS, N_UNITS)

    def assign():
        delta[a <= 0.0] = 0.0

    return assign, lambda: ReLU().backward(a, a, delta)


def mish():
    """Mish: value and derivative together"""
    z, a, delta = draw(N_ROWS, N_UNITS), draw(N_ROWS, N_UNITS), draw(N_ROWS, N_UNITS)
    kept = np.empty_like(z)

    def apart():
        np.copyto(kept, z)  # which is overwritten
        w = np.exp(kept)
        np.multiply(kept, w * (w + 2.0) / (w * (w + 2.0) + 2.0), out=a)
        w = np.exp(kept)  # in the backward pass
        n = w * (w + 2.0)
        delta[...] *= (n + 4.0 * kept * (n - w) / (n + 2.0)) / (n + 2.0)

    def together():
        np.copyto(kept, z)
        Mish().forward_with_derivative(kept, a)
        np.multiply(delta, kept, out=delta)

    return apart, together


def multiple():
    """Multiple of a vector added: axpy"""
    y, x = draw(N_PARAMS), draw(N_PARAMS)

    def plain():
        nonlocal y
        y += 1e-3 * x

    return plain, lambda: add_multiple(y, x, 1e-3)


def bias_gradient():
    """Gradient of the biases: product with ones"""
    delta, grad = draw(N_ROWS, N_UNITS), draw(N_UNITS)
    ones = np.ones(N_ROWS, np.float32)
    return lambda: delta.sum(axis=0, out=grad), lambda: np.dot(ones, delta, out=grad)


def one_output():
    """Backward product of a single output: np.dot"""
    delta, W, out = draw(N_ROWS, 1), draw(N_UNITS, 1), draw(N_ROWS, N_UNITS)
    return lambda: np.matmul(delta, W.T, out=out), lambda: np.dot(delta, W.T, out=out)


def row_maximum():
    """Largest logit of each row: transposed copy"""
    raw = draw(N_ROWS, N_CLASSES)
    return (
        lambda: np.maximum.reduce(raw, axis=1),
        lambda: np.maximum.reduce(raw.T.copy(), axis=0),
    )


def cross_entropy():
    """Softmax cross-entropy and its gradient"""
    raw, out = draw(N_ROWS, N_CLASSES), draw(N_ROWS, N_CLASSES)
    y, loss = np.arange(N_ROWS) % N_CLASSES, MultinomialLogLoss()

    def plain():
        log_p = raw - np.logaddexp.reduce(raw, axis=1, keepdims=True)
        return -log_p[range(N_ROWS), y], np.exp(log_p) - np.eye(N_CLASSES)[y]

    def in_place():
        np.copyto(out, raw)  # which is overwritten
        return loss.loss_gradient(y, out)

    return plain, in_place


def adam():
    """Adam: scaled moments, deferred decay, in place"""
    params, grad, step_grad = draw(N_PARAMS), draw(N_PARAMS), draw(N_PARAMS)
    m, v = np.zeros_like(params), np.zeros_like(params)
    optimizer = Adam()
    optimizer.init(params)

    def plain():
        nonlocal m, v, params
        m = 0.9 * m + 0.1 * grad
        v = 0.999 * v + 0.001 * grad**2
        params -= 0.001 * m / (np.sqrt(v) + 1e-8)

    def in_place():
        np.copyto(step_grad, grad)  # which is overwritten
        optimizer.step(params, step_grad, 0.001)

    return plain, in_place


def fits(X, y, n_epochs):
    """Return fits by the sixty lines and by the estimator."""
    batch_size = min(200, len(X))
    clf = NumpyMLPClassifier(
        batch_size=batch_size,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs,
        random_state=0,
    )
    widths = (X.shape[1], N_UNITS, int(y.max()) + 1)
    return (
        lambda: sixty_lines.fit(X, y, widths, n_epochs, batch_size),
        lambda: clf.fit(X, y),
    )


def iris():
    """100 epochs of iris, 4-100-3, float64"""
    return fits(*load_iris(return_X_y=True), n_epochs=100)


def digits():
    """20 epochs of digits, 64-100-10, float64"""
    return fits(*load_digits(return_X_y=True), n_epochs=20)


def wide():
    """5 epochs of 5,000 rows, 784-100-10, float64"""
    X = np.random.default_rng(0).random((5_000, N_FEATURES))
    return fits(X, np.arange(len(X)) % N_CLASSES, n_epochs=5)


TRICKS = {
    trick.__name__: trick
    for trick in (
        buffers,
        gather,
        relu,
        relu_mask,
        mish,
        multiple,
        bias_gradient,
        one_output,
        row_maximum,
        cross_entropy,
        adam,
        iris,
        digits,
        wide,
    )
}


def time_of(function, n_calls):
    """Return the mean processor time of so many calls."""
    began = time.process_time()
    for _ in range(n_calls):
        function()
    return (time.process_time() - began) / n_calls


def lowest_times(functions, n_repeats):
    """Return the lowest time of each function; they take turns."""
    counts = [
        max(1, round(_SECONDS / max(time_of(each, 3), 1e-7))) for each in functions
    ]
    lowest = [math.inf] * len(functions)
    for _ in range(n_repeats):
        for i, (each, n_calls) in enumerate(zip(functions, counts, strict=True)):
            lowest[i] = min(lowest[i], time_of(each, n_calls))
    return lowest


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="name")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--save", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    results = []
    print("| | plain | optimized | ratio |\n|---|---|---|---|")
    for name in args.names or TRICKS:
        with threadpool_limits(1):
            plain, optimized = lowest_times(TRICKS[name](), args.repeats)
        cells = []
        for seconds in (plain, optimized):
            factor, unit = readable(seconds, "s")
            cells.append(f"{seconds * factor:.3g} {unit}")
        ratio = optimized / plain
        print(f"| {TRICKS[name].__doc__} | {' | '.join(cells)} | {ratio:.2f} |")
        results.append(
            {"trick": name, "plain": plain, "optimized": optimized, "ratio": ratio}
        )
    if args.save:
        save("tricks", environment() | {"results": results})


if __name__ == "__main__":
    main()
