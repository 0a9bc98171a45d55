"""A small problem, and the loop that trains on it."""

import numpy as np

from sknumpy_mlp._training.batches import Batches
from sknumpy_mlp._training.loop import train
from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.run import TrainingState
from sknumpy_mlp._training.step import Regularization
from sknumpy_mlp.activations import Tanh
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import SquaredError
from sknumpy_mlp.optimizers import Adam
from sknumpy_mlp.schedules import Schedule


def problem(n_rows=30):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, 4))
    y = np.sin(X[:, :1]) + X[:, 1:2]
    network = Network((Dense(4, 8, Tanh()), Dense(8, 1)))
    params = network.init(np.random.RandomState(0), np.float64)
    return X, y, network, params


def epochs_of(optimizer=None, *, sample_weight=None, max_epochs=5, **options):
    X, y, network, params = problem()
    optimizer = optimizer or Adam()
    optimizer.init(params)
    state = TrainingState(optimizer=optimizer)
    epochs = train(
        Workspace(network, params, 8),
        options.pop("loss", SquaredError()),
        options.pop("schedule", Schedule()),
        Batches(X, y, sample_weight, 8),
        state,
        np.random.RandomState(0),
        regularization=options.pop("regularization", Regularization(alpha=0.01)),
        learning_rate_init=options.pop("learning_rate_init", 0.01),
        max_epochs=max_epochs,
        **options,
    )
    return epochs, params, state
