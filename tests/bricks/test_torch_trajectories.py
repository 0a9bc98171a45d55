"""The optimisers' steps, and a network's, are those that PyTorch does.

``tests/data/torch_trajectories.npz`` has what PyTorch 2.13 computed in float64.  It is
made anew, where PyTorch is installed, by::

    python -m tests.bricks.test_torch_trajectories

Two conventions differ, and the comparison keeps clear of them.  PyTorch's Adam adds
epsilon after the bias correction, ours before, as in scikit-learn: epsilon is 0 here.
PyTorch's SGD multiplies the velocity by the rate, ours (Sutskever's) has the rate in
it: the two agree as long as the rate is constant.
"""

from pathlib import Path

import numpy as np
import pytest

from sknumpy_mlp._training.network import Network, Workspace
from sknumpy_mlp._training.objective import objective
from sknumpy_mlp._training.step import Regularization, update
from sknumpy_mlp.activations import GELU, SiLU
from sknumpy_mlp.layers import Dense
from sknumpy_mlp.losses import MultinomialLogLoss
from sknumpy_mlp.optimizers import SGD, Adam, RMSprop

STORED = Path(__file__).parents[1] / "data" / "torch_trajectories.npz"

N_STEPS, N_PARAMS, N_PENALISED = 100, 7, 4
KEPT = (*range(10), *range(19, N_STEPS, 10))  # the steps that are stored

# PyTorch's optimiser and its constants; ours, and how it is told of the same decay.
OPTIMISERS = {
    "sgd": ("SGD", {}, SGD(momentum=0.0), None),
    "sgd, penalty": ("SGD", {"weight_decay": 0.3}, SGD(momentum=0.0), "l2"),
    "momentum": ("SGD", {"momentum": 0.9}, SGD(0.9, nesterov=False), None),
    "momentum, penalty": (
        "SGD",
        {"momentum": 0.8, "weight_decay": 0.3},
        SGD(0.8, nesterov=False),
        "l2",
    ),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}, SGD(0.9), None),
    "nesterov, penalty": (
        "SGD",
        {"momentum": 0.6, "nesterov": True, "weight_decay": 0.3},
        SGD(0.6),
        "l2",
    ),
    "rmsprop": ("RMSprop", {"alpha": 0.9, "eps": 1e-8}, RMSprop(), None),
    "rmsprop, large epsilon": (
        "RMSprop",
        {"alpha": 0.8, "eps": 0.1},
        RMSprop(0.8, 0.1),
        None,
    ),
    "rmsprop, momentum, penalty": (
        "RMSprop",
        {"alpha": 0.95, "eps": 1e-3, "momentum": 0.7, "weight_decay": 0.3},
        RMSprop(0.95, 1e-3, 0.7),
        "l2",
    ),
    "adam": ("Adam", {"eps": 0.0}, Adam(epsilon=0.0), None),
    "adam, penalty": (
        "Adam",
        {"betas": (0.5, 0.95), "eps": 0.0, "weight_decay": 0.3},
        Adam(0.5, 0.95, 0.0),
        "l2",
    ),
    "adam, no first moment": (
        "Adam",
        {"betas": (0.0, 0.9), "eps": 0.0},
        Adam(0.0, 0.9, 0.0),
        None,
    ),
    "adamw": (
        "AdamW",
        {"eps": 0.0, "weight_decay": 0.3},
        Adam(epsilon=0.0),
        "weight_decay",
    ),
}


def _rate(name, step):
    """The rate rises and falls where the two conventions allow it to."""
    if OPTIMISERS[name][0] == "SGD":
        return 0.02
    return 0.02 * (1.5 + np.sin(step / 7))


def _noise(step):
    """Part of the gradient: without it, quotients of zeros magnify rounding errors."""
    return np.sin((step + 1) * np.arange(1, N_PARAMS + 1))


def _parabola():
    """A bowl with waves: its gradient depends on all parameters at once."""
    rng = np.random.default_rng(0)
    root = rng.standard_normal((N_PARAMS, N_PARAMS))
    start, target = 2 * rng.standard_normal((2, N_PARAMS))
    return root @ root.T / N_PARAMS + 0.1 * np.eye(N_PARAMS), target, start


def _classes():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((40, 5))
    y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(int) + (X[:, 2] > 0.7)
    weights = [0.5 * rng.standard_normal(shape) for shape in ((5, 8), (8, 6), (6, 3))]
    biases = [0.1 * rng.standard_normal(n) for n in (8, 6, 3)]
    return X, y, weights, biases


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_do_the_steps_of_pytorch(name):
    *_, optimizer, decay = OPTIMISERS[name]
    A, target, params = _parabola()
    optimizer.init(params)
    with np.load(STORED) as stored:
        expected = dict(zip(KEPT, stored[name], strict=True))
    travelled = np.ptp(list(expected.values()), axis=0)
    assert (travelled > 0.1).all()
    for step in range(N_STEPS):
        gradient = A @ (params - target) + 0.3 * np.cos(params) + _noise(step)
        options = {decay: 0.3, "n_penalized": N_PENALISED} if decay else {}
        optimizer.step(params, gradient, _rate(name, step), **options)
        if step in expected:
            np.testing.assert_allclose(params, expected[step], rtol=0, atol=1e-10)


def test_a_network_is_trained_as_by_pytorch():
    """Layers, activations, smoothed labels, AdamW and mini-batches in one."""
    X, y, weights, biases = _classes()
    network = Network((Dense(5, 8, GELU()), Dense(8, 6, SiLU()), Dense(6, 3)))
    params = np.concatenate([array.ravel() for array in (*weights, *biases)])
    workspace, optimizer = Workspace(network, params, 16), Adam(epsilon=0.0)
    optimizer.init(params)
    loss, regularization = MultinomialLogLoss(0.1), Regularization(weight_decay=0.05)
    losses = []
    for _ in range(20):
        for start in range(0, len(X), 16):
            rows = slice(start, start + 16)
            value, l2 = objective(workspace, loss, X[rows], y[rows], None, 0.0)
            update(workspace, optimizer, 0.01, l2, regularization)
            losses.append(value)
    with np.load(STORED) as stored:
        np.testing.assert_allclose(losses, stored["losses"], rtol=0, atol=1e-10)
        np.testing.assert_allclose(params, stored["network"], rtol=0, atol=1e-10)
    assert losses[-1] < 0.7 * losses[0]


def _optimise(torch, name):
    kind, constants, *_ = OPTIMISERS[name]
    A, target, start = (torch.from_numpy(array) for array in _parabola())
    head = start[:N_PENALISED].clone().requires_grad_()
    tail = start[N_PENALISED:].clone().requires_grad_()
    # PyTorch's AdamW decays by default: the tail is spared by name.
    groups = [{"params": [head]}, {"params": [tail], "weight_decay": 0.0}]
    optimiser = getattr(torch.optim, kind)(groups, lr=1.0, **constants)
    trajectory = []
    for step in range(N_STEPS):
        for group in optimiser.param_groups:
            group["lr"] = float(_rate(name, step))
        params = torch.cat([head, tail])
        off = params - target
        noise = torch.from_numpy(_noise(step)) @ params
        optimiser.zero_grad()
        (off @ A @ off / 2 + 0.3 * torch.sin(params).sum() + noise).backward()
        optimiser.step()
        trajectory.append(torch.cat([head, tail]).detach().numpy().copy())
    return np.array(trajectory)[list(KEPT)]


def _train(torch):
    functional = torch.nn.functional
    X, y, *rest = _classes()
    X, y = torch.from_numpy(X), torch.from_numpy(y).long()
    weights, biases = (
        [torch.from_numpy(array).clone().requires_grad_() for array in arrays]
        for arrays in rest
    )
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=0.01, eps=0.0, weight_decay=0.05)
    losses = []
    for _ in range(20):
        for start in range(0, len(X), 16):
            a = X[start : start + 16]
            for i, function in enumerate((functional.gelu, functional.silu, None)):
                a = a @ weights[i] + biases[i]
                a = a if function is None else function(a)
            loss = functional.cross_entropy(
                a, y[start : start + 16], label_smoothing=0.1
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    arrays = [tensor.detach().numpy().ravel() for tensor in (*weights, *biases)]
    return np.concatenate(arrays), np.array(losses)


if __name__ == "__main__":
    import torch

    params, losses = _train(torch)
    np.savez_compressed(
        STORED,
        network=params,
        losses=losses,
        **{name: _optimise(torch, name) for name in OPTIMISERS},
    )
