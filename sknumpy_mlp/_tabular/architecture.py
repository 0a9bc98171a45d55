"""The network for tables: embeddings, input scaling, and hidden layers."""

import math
from dataclasses import dataclass, replace

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._training.network import Network
from sknumpy_mlp.activations import Activation, Identity
from sknumpy_mlp.embeddings import (
    CategoryEmbedding,
    Concatenate,
    Passthrough,
    PeriodicEmbedding,
)
from sknumpy_mlp.layers import Dense, Dropout, Layer, Parametric, Scaling
from sknumpy_mlp.schedules import FlatCosine

# Learning-rate multipliers of RealMLP (arXiv:2407.04491).
_EMBEDDING_RATE = 0.1
_SCALING_RATE = 6.0
_BIAS_RATE = 0.1
_PARAMETRIC_RATE = 0.1

# Scales of the frequencies of periodic embeddings.  High frequencies fit sharp bends,
# but also noise: their scale grows with the number of rows for each numeric column,
# from 38 on, and reaches 1 at 800 rows and the maximum at 2,000.
_LOWEST_FREQUENCY, _HIGHEST_FREQUENCY = 0.1, 2.0
_ROWS_FOR_LOW_FREQUENCIES = 37.5


@dataclass(frozen=True, eq=False)
class MemberConfig:
    """The target and the columns that all members of an ensemble have in common.

    Attributes
    ----------
    target : Target
        The target of all rows, since folds may lack classes or have another scale.
    n_rows : int
        Number of rows of the table.
    n_numbers : int
        Number of numeric columns, which are the first ones.
    cardinalities : tuple of int
        Numbers of codes of the categorical columns, which are the last ones.
    parametric_activation : bool, default=True
        Whether the activations of the hidden layers have learnable mixing weights.
    """

    target: Target
    n_rows: int
    n_numbers: int
    cardinalities: tuple[int, ...] = ()
    parametric_activation: bool = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


def tabular_network(
    architecture: Architecture, config: MemberConfig, n_features: int, n_outputs: int
) -> Network:
    """Return the network of a member.

    Parameters
    ----------
    architecture : Architecture
        Hidden layers, dropout, initializer and max-norm constraint.
    config : MemberConfig
        The configuration of the members.
    n_features : int
        Number of columns of the preprocessed table.
    n_outputs : int
        Number of raw outputs.
    """
    first = input_layer(config, n_features)
    layers: list[Layer] = [first, Scaling(first.fan_out, _SCALING_RATE)]
    dropout = FlatCosine()
    fan_in = first.fan_out
    for fan_out, activation, rate in zip(
        architecture.hidden_layer_sizes,
        architecture.activations,
        architecture.dropout,
        strict=False,
    ):
        if rate:
            layers.append(Dropout(fan_in, rate, dropout))
        dense = _dense(architecture, fan_in, fan_out, activation)
        if config.parametric_activation and not isinstance(activation, Identity):
            layers += [dense, Parametric(fan_out, activation, _PARAMETRIC_RATE)]
        else:
            layers.append(replace(dense, activation=activation))
        fan_in = fan_out
    if architecture.dropout[-1]:
        layers.append(Dropout(fan_in, architecture.dropout[-1], dropout))
    output = _dense(architecture, fan_in, n_outputs, architecture.last_activation)
    layers.append(replace(output, max_norm=None))
    return Network(tuple(layers))


def _dense(
    architecture: Architecture, fan_in: int, fan_out: int, activation: Activation
) -> Dense:
    """Return a linear layer whose learning rate is scaled by its width."""
    return Dense(
        fan_in,
        fan_out,
        Identity(),
        architecture.initializer(activation),
        architecture.max_norm,
        lr_multipliers=(1.0 / math.sqrt(fan_in), _BIAS_RATE),
    )


def input_layer(config: MemberConfig, n_features: int) -> Layer:
    """Return the first layer: an embedding or passthrough for each kind of column."""
    n_numbers, cardinalities = config.n_numbers, config.cardinalities
    n_passthrough = n_features - n_numbers - len(cardinalities)
    parts: list[Layer] = []
    if n_numbers:
        parts.append(
            PeriodicEmbedding(
                n_numbers,
                scales=(
                    _LOWEST_FREQUENCY,
                    _highest_frequency(config.n_rows, n_numbers),
                ),
                lr_multiplier=_EMBEDDING_RATE,
            )
        )
    if n_passthrough:
        parts.append(Passthrough(n_passthrough))
    if cardinalities:
        parts.append(CategoryEmbedding(cardinalities))
    return parts[0] if len(parts) == 1 else Concatenate(tuple(parts))


def _highest_frequency(n_rows: int, n_numbers: int) -> float:
    """Return the scale of the highest frequencies."""
    growth: float = (n_rows / n_numbers / _ROWS_FOR_LOW_FREQUENCIES) ** 0.75
    return min(max(1.0, growth) * _LOWEST_FREQUENCY, _HIGHEST_FREQUENCY)
