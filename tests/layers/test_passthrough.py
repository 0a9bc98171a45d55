"""Columns that pass through."""

import numpy as np

from sknumpy_mlp.embeddings import Passthrough


def test_the_input_itself_is_the_output_and_so_is_the_gradient():
    layer, x, delta = Passthrough(2), np.ones((3, 2)), np.ones((3, 2))
    assert layer.fan_out == 2
    assert layer.forward((), x, {}, None) is x
    for needed, expected in ((True, delta), (False, None)):
        found = layer.backward((), (), x, delta, {}, need_input_gradient=needed)
        assert found is expected
