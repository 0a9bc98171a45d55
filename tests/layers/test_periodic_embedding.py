"""Periodic embeddings."""

import numpy as np

from sknumpy_mlp._training.network import Network
from sknumpy_mlp.embeddings import PeriodicEmbedding


def test_periodic_embedding_is_its_formula():
    layer = PeriodicEmbedding(2, n_frequencies=3, width=4)
    network = Network((layer,))
    params = network.init(np.random.default_rng(0), float)
    w, c, V, d = network.views(params)[0]
    x = np.array([[0.3, -2.0]])
    found = network.predict_raw(params, x).reshape(2, 4)
    for i in range(2):
        h = np.cos(2 * np.pi * w[i] * x[0, i] + c[i])
        np.testing.assert_allclose(found[i, :3], h @ V[i] + d[i])
        assert found[i, 3] == x[0, i]
