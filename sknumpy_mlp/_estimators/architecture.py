"""The architecture of a network, from the parameters of an estimator."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

from sknumpy_mlp._estimators.parameters import layer_sizes
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.values import copy_with_python_numbers
from sknumpy_mlp.activations import ACTIVATIONS, Activation, Identity
from sknumpy_mlp.initializers import INITIALIZERS, Glorot, Initializer
from sknumpy_mlp.layers import Dense, Dropout, Layer


@dataclass(frozen=True)
class Architecture:
    """The parameters of an estimator that define its network.

    Attributes
    ----------
    hidden_layer_sizes : list of int
        Number of units of each hidden layer.
    activations : list of Activation
        Activation of each hidden layer.
    init : str or Initializer
        The initializer.
    dropout : list of float
        Dropout rates of the inputs and of each hidden layer.
    max_norm : float or None
        The max-norm constraint.
    """

    hidden_layer_sizes: list[int]
    activations: list[Activation]
    init: Any
    dropout: list[float]
    max_norm: float | None

    @classmethod
    def of(cls, estimator: Any) -> "Architecture":
        """Convert the parameters of an estimator, which must be valid."""
        sizes = layer_sizes(estimator.hidden_layer_sizes)
        given = estimator.activation
        if isinstance(given, str | Activation):
            given = [given] * len(sizes)
        dropout, max_norm = estimator.dropout, estimator.max_norm
        return cls(
            hidden_layer_sizes=sizes,
            activations=[
                copy_with_python_numbers(item)
                if isinstance(item, Activation)
                else ACTIVATIONS[item]
                for item in given
            ],
            init=estimator.init,
            dropout=[0.0] + [float(dropout)] * len(sizes)
            if isinstance(dropout, Real)
            else [float(rate) for rate in dropout],
            max_norm=None if max_norm is None else float(max_norm),
        )

    def initializer(self, activation: Activation) -> Initializer:
        """Return the initializer of weights that are followed by an activation."""
        if callable(self.init):
            init: Initializer = self.init
            return init
        if self.init == "glorot":
            return Glorot(activation.glorot_factor)
        return INITIALIZERS[self.init]

    def network(self, n_features: int, n_outputs: int) -> Network:
        """Return a network of dense layers and dropout."""
        layers: list[Layer] = []
        fan_in = n_features
        for fan_out, activation, rate in zip(
            self.hidden_layer_sizes, self.activations, self.dropout, strict=False
        ):
            if rate:
                layers.append(Dropout(fan_in, rate))
            init = self.initializer(activation)
            layers.append(Dense(fan_in, fan_out, activation, init, self.max_norm))
            fan_in = fan_out
        if self.dropout[-1]:
            layers.append(Dropout(fan_in, self.dropout[-1]))
        init = self.initializer(self.last_activation)
        layers.append(Dense(fan_in, n_outputs, init_weights=init))
        return Network(tuple(layers))

    @property
    def last_activation(self) -> Activation:
        """Activation of the last hidden layer.

        As in scikit-learn, the output layer is initialized like this layer.
        """
        return self.activations[-1] if self.activations else Identity()
