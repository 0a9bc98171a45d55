"""Checks of custom losses and activations before training."""

from dataclasses import dataclass

import numpy as np
import pytest

from sknumpy_mlp._estimators import custom_parts
from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp.activations import ReLU, Tanh
from sknumpy_mlp.losses import SquaredError

Y = np.linspace(-1.0, 1.0, 5)[:, np.newaxis]


def _check(loss, *activations):
    """Check a loss and activations, the first of 2 units, the second of 3."""
    architecture = Architecture(
        hidden_layer_sizes=[2, 3][: len(activations)],
        activations=[*activations],
        init="glorot",
        dropout=[0.0] * (1 + len(activations)),
        max_norm=None,
    )
    target = RegressionTarget(loss, n_targets=1)
    custom_parts.check_custom_parts(architecture, target, Y, np.float64)


@dataclass(frozen=True)
class WrongSquaredError(SquaredError):
    def loss_gradient(self, y, raw):
        losses = super().loss_gradient(y, raw)
        raw *= 2.0
        return losses


class WrongTanh(Tanh):
    def backward(self, a, grad):
        super().backward(a, grad)
        grad *= 2.0


def test_a_wrong_loss_is_found_with_advice():
    advice = r"To repeat this check, call sknumpy_mlp\.losses\.check_loss\(loss, y\)\.$"
    with pytest.raises(ValueError, match=advice):
        _check(WrongSquaredError())


def test_a_wrong_activation_is_found_with_advice():
    advice = r"call sknumpy_mlp\.activations\.check_activation\(activation, n_units=3\)"
    with pytest.raises(ValueError, match=advice):
        _check(SquaredError(), Tanh(), WrongTanh())


def test_classes_of_the_package_are_not_checked(monkeypatch):
    def fail(*args):
        raise AssertionError("must not be called")

    monkeypatch.setattr(custom_parts, "try_loss", fail)
    monkeypatch.setattr(custom_parts, "try_activation", fail)
    _check(SquaredError(), ReLU())
