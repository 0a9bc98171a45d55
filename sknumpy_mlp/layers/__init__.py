r"""Layers: the building blocks of a network.

A layer is an immutable description without arrays.  Its parameters and their gradients
are views of two flat vectors, its buffers for intermediate results belong to the
workspace of a training run, and `Layer.forward` and `Layer.backward` receive both as
arguments.  Therefore a network is small when pickled, can be used by several threads at
once, and allocates little memory in a training step: with the default activation, one
Boolean mask for each hidden layer.

Layers have two kinds of parameters: *coefficients* are subject to the L2 penalty
``alpha``, *intercepts* are not.  `check_layer` checks a custom layer, including its
gradients.
"""

from sknumpy_mlp.layers._base import Buffers, Layer, TrainingContext
from sknumpy_mlp.layers._check import check_layer
from sknumpy_mlp.layers._dense import Dense
from sknumpy_mlp.layers._dropout import Dropout
from sknumpy_mlp.layers._parametric import Parametric
from sknumpy_mlp.layers._scaling import Scaling

__all__ = [
    "Buffers",
    "Dense",
    "Dropout",
    "Layer",
    "Parametric",
    "Scaling",
    "TrainingContext",
    "check_layer",
]
