"""Embeddings of categories."""

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.embeddings import CategoryEmbedding


def test_an_unknown_category_is_zero_and_each_other_its_row():
    layer = CategoryEmbedding((3, 2), width=4)
    network = Network((layer,))
    params = network.init(np.random.default_rng(0), np.float32)
    table = network.views(params)[0][0]
    out = network.predict_raw(params, np.array([[0, 1], [2, 0]], np.float32))
    assert not out[0, :4].any()
    assert not out[1, 4:].any()
    assert len(np.unique(table[[1, 2, 4]])) == 12
    np.testing.assert_array_equal(out[0, 4:], table[4])
    np.testing.assert_array_equal(out[1, :4], table[2])
