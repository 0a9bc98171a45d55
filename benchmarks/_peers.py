"""The contestants of the training benchmark: the same network, the same epochs.

Each is a class whose object trains a fresh network for a number of epochs with Adam, on
the same data, in the same type, with the same batch size (the last batch may be
shorter), a new order of the rows in each epoch, and an L2 penalty in the gradient; each
sums up the losses, as users want to see them.  Binary classifiers have a single logit.

Differences: this package, scikit-learn and JAX also compute the value of the
penalty, which PyTorch does not; PyTorch also penalizes the biases.  Packages that are
not installed are skipped.
"""

import importlib.util
import itertools
import warnings
from functools import partial

import numpy as np
from _measure import seconds
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from sknumpy_mlp import NumpyMLPClassifier

LEARNING_RATE, ALPHA = 1e-3, 1e-4


class Ours:
    """This package."""

    Estimator = NumpyMLPClassifier

    def __init__(self, X, y, hidden, batch_size):
        self.X, self.y = X, y
        self.settings = {
            "hidden_layer_sizes": hidden,
            "batch_size": batch_size,
            "learning_rate_init": LEARNING_RATE,
            "alpha": ALPHA,
            "random_state": 0,
            "tol": 0.0,
        }

    def train(self, n_epochs):
        estimator = self.Estimator(
            max_iter=n_epochs, n_iter_no_change=n_epochs, **self.settings
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(self.X, self.y)
        assert estimator.n_iter_ == n_epochs


class Sklearn(Ours):
    """scikit-learn's MLP."""

    Estimator = MLPClassifier


class TorchLoop:
    """A PyTorch loop written for speed: eager mode, fused Adam, no DataLoader."""

    n_threads = None  # as many as there are cores

    def __init__(self, X, y, hidden, batch_size):
        import torch

        self.torch, self.batch_size = torch, batch_size
        n_classes = int(y.max()) + 1
        self.binary = n_classes == 2
        self.widths = [X.shape[1], *hidden, 1 if self.binary else n_classes]
        self.X = torch.from_numpy(X)
        self.y = torch.from_numpy(y.astype(np.int64))
        if self.binary:
            self.y = self.y.to(self.X.dtype)[:, None]

    def train(self, n_epochs):
        before = self.torch.get_num_threads()
        self.torch.set_num_threads(self.n_threads or before)
        try:
            self._train(n_epochs)
        finally:
            self.torch.set_num_threads(before)

    def _train(self, n_epochs):
        torch, X, y, size = self.torch, self.X, self.y, self.batch_size
        torch.manual_seed(0)
        model = _torch_module(torch, self.widths).to(X.dtype)
        nll = torch.nn.BCEWithLogitsLoss if self.binary else torch.nn.CrossEntropyLoss
        loss_function = nll()
        optimizer = torch.optim.Adam(
            model.parameters(),
            lr=LEARNING_RATE,
            weight_decay=ALPHA / size,
            fused=True,
        )
        for _ in range(n_epochs):
            order = torch.randperm(len(X)) if size < len(X) else None
            total = torch.zeros(())
            for start in range(0, len(X), size):
                if order is None:
                    X_batch, y_batch = X, y
                else:
                    rows = order[start : start + size]
                    # Half the time of indexing, X[rows].
                    X_batch, y_batch = X.index_select(0, rows), y.index_select(0, rows)
                loss = loss_function(model(X_batch), y_batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(X_batch)
            assert torch.isfinite(total)


class TorchOneThread(TorchLoop):
    """The same with one thread, which is faster for small networks."""

    n_threads = 1


class Skorch:
    """skorch's classifiers with their defaults and a DataLoader, without callbacks."""

    def __init__(self, X, y, hidden, batch_size):
        import torch
        from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier

        n_classes = int(y.max()) + 1
        binary = n_classes == 2
        widths = [X.shape[1], *hidden, 1 if binary else n_classes]
        self.X = X
        self.y = y.astype(X.dtype if binary else np.int64)

        def make(n_epochs):
            torch.manual_seed(0)
            kind = NeuralNetBinaryClassifier if binary else NeuralNetClassifier
            options = {} if binary else {"criterion": torch.nn.CrossEntropyLoss}
            return kind(
                _torch_module(torch, widths, flatten=binary),
                optimizer=torch.optim.Adam,
                optimizer__fused=True,
                optimizer__weight_decay=ALPHA / batch_size,
                lr=LEARNING_RATE,
                max_epochs=n_epochs,
                batch_size=batch_size,
                iterator_train__shuffle=True,
                train_split=None,
                verbose=0,
                callbacks="disable",
                **options,
            )

        self.make = make

    def train(self, n_epochs):
        self.make(n_epochs).fit(self.X, self.y)


def _torch_module(torch, widths, *, flatten=False):
    layers = []
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    layers.pop()
    if flatten:
        layers.append(torch.nn.Flatten(0))
    return torch.nn.Sequential(*layers)


class Jax:
    """JAX: one compiled call for each epoch, in which a scan iterates over the batches.

    The order of the rows is drawn by NumPy: JAX's own permutation is a sort, which
    takes longer than an epoch of a small network.
    """

    def __init__(self, X, y, hidden, batch_size):
        import jax

        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", X.dtype == np.float64)
        n_classes = int(y.max()) + 1
        self.widths = [X.shape[1], *hidden, 1 if n_classes == 2 else n_classes]
        self.jax = jax
        self.X = jax.numpy.asarray(X)
        self.y = jax.numpy.asarray(y.astype(np.int32))
        batch_size = min(batch_size, len(X))
        self.in_batches = batch_size < len(X)
        self.epoch = _jax_epoch(jax, len(X), batch_size)

    def train(self, n_epochs):
        jax, rng = self.jax, np.random.RandomState(0)
        parameters = []
        for fan_in, fan_out in itertools.pairwise(self.widths):
            bound = (6 / (fan_in + fan_out)) ** 0.5
            W = rng.uniform(-bound, bound, (fan_in, fan_out)).astype(self.X.dtype)
            parameters.append((W, np.zeros(fan_out, self.X.dtype)))
        parameters = jax.tree.map(jax.numpy.asarray, parameters)
        zeros = jax.tree.map(jax.numpy.zeros_like, parameters)
        state, order = (parameters, zeros, zeros, 0), None
        for _ in range(n_epochs):
            if self.in_batches:
                order = rng.permutation(len(self.X)).astype(np.int32)
            state, total = self.epoch(state, order, self.X, self.y)
        assert np.isfinite(float(total))  # waits for the last epoch to end


def _jax_epoch(jax, n_samples, batch_size):
    """Compile an epoch: a scan over the full batches, then a shorter one if any."""
    jnp = jax.numpy

    def objective(parameters, X, y):
        for W, b in parameters[:-1]:
            X = jax.nn.relu(X @ W + b)
        W, b = parameters[-1]
        raw = X @ W + b
        if raw.shape[1] == 1:
            raw = raw[:, 0]
            losses = jnp.logaddexp(0.0, raw) - y * raw
        else:
            chosen = jnp.take_along_axis(raw, y[:, None], axis=1)[:, 0]
            losses = jax.nn.logsumexp(raw, axis=1) - chosen
        penalty = sum(jnp.vdot(W, W) for W, _ in parameters)
        return losses.mean() + 0.5 * ALPHA / len(y) * penalty

    def step(state, X, y):
        parameters, first, second, t = state
        loss, gradient = jax.value_and_grad(objective)(parameters, X, y)
        t = t + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate.astype(p.dtype) * m / (jnp.sqrt(v) + 1e-8),
            parameters,
            first,
            second,
        )
        return (parameters, first, second, t), loss * len(y)

    def epoch(state, order, X, y):
        if batch_size == n_samples:
            return step(state, X, y)
        n_full = n_samples // batch_size
        full = order[: n_full * batch_size].reshape(n_full, batch_size)
        state, losses = jax.lax.scan(
            lambda state, rows: step(state, X[rows], y[rows]), state, full
        )
        total = losses.sum()
        if n_full * batch_size < n_samples:
            rest = order[n_full * batch_size :]
            state, last = step(state, X[rest], y[rest])
            total = total + last
        return state, total

    return jax.jit(epoch)


#: Name, class, the package it needs.
PEERS = {
    "ours": (Ours, "sknumpy_mlp"),
    "scikit-learn": (Sklearn, "sklearn"),
    "torch": (TorchLoop, "torch"),
    "torch, 1 thread": (TorchOneThread, "torch"),
    "skorch": (Skorch, "skorch"),
    "jax": (Jax, "jax"),
}


def installed_peers():
    """The classes of the contestants that can run here, by name."""
    found = {}
    for name, (peer, package) in PEERS.items():
        if importlib.util.find_spec(package):
            found[name] = peer
        else:
            print(f"{name}: {package} is not installed, left out")
    return found


# A measurement should take so many seconds or more, and so many epochs.
_LONG_ENOUGH, _FEWEST = 0.5, 2


def enough_epochs(trainer):
    """A number of epochs that takes long enough to be measured."""
    trainer.train(1)  # compilation, first use of memory
    n_epochs = _FEWEST
    while seconds(partial(trainer.train, n_epochs)) < _LONG_ENOUGH:
        n_epochs *= 2
    return n_epochs


def seconds_per_epoch(trainer, n_epochs):
    """Time of an epoch: of a longer training less a shorter one.

    Validation of the input and other fixed costs cancel.
    """
    shorter = seconds(partial(trainer.train, 1))
    return (seconds(partial(trainer.train, 1 + n_epochs)) - shorter) / n_epochs


def matrix_products(X, hidden, n_outputs, batch_size):
    """Time of an epoch's bare matrix products, all on the same memory, all threads."""
    widths = [X.shape[1], *hidden, n_outputs]
    rng = np.random.default_rng(0)

    def array(*shape):
        return rng.standard_normal(shape).astype(X.dtype)

    products = []
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        x, W = array(batch_size, fan_in), array(fan_in, fan_out)
        delta = array(batch_size, fan_out)
        products.append((x, W, np.empty_like(delta)))
        products.append((x.T, delta, np.empty_like(W)))
        if i:
            products.append((delta, W.T, np.empty_like(x)))

    def steps(n_steps):
        for _ in range(n_steps):
            for A, B, out in products:
                np.dot(A, B, out=out)

    steps(3)
    n_steps = 10
    while (total := seconds(partial(steps, n_steps))) < _LONG_ENOUGH / 2:
        n_steps *= 2
    return total / n_steps * (len(X) / batch_size)
