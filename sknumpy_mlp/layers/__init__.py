r"""Layers: the pieces a network is made of.

A layer is a frozen description.  It owns no arrays: the parameters and their gradient
are views into two flat vectors, the memory for intermediate results comes from the
workspace of the run, and both are handed to `Layer.forward` and `Layer.backward`.  So
a network pickles small, one network can run in several threads at once, and a
training step allocates little: for the default activation, a mask of booleans.

A layer's parameters come in two kinds.  *Coefficients* are penalised by ``alpha``;
*intercepts* are not.  `check_layer` compares the gradients of a custom layer with
differences of its output.
"""

from sknumpy_mlp.layers._base import Buffers, Layer, Noise
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
    "Noise",
    "Parametric",
    "Scaling",
    "check_layer",
]
