"""Periodic embeddings."""

import numpy as np
import pytest

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


def test_initial_parameters_of_a_periodic_embedding():
    """Frequencies from narrow to wide, any phase, a small linear map."""
    layer = PeriodicEmbedding(300, n_frequencies=16, scales=(0.1, 1.0))
    network = Network((layer,))
    w, c, V, d = network.views(network.init(np.random.default_rng(0), float))[0]
    for drawn in (w, c, V, d):
        assert len(np.unique(drawn)) == drawn.size
        assert abs(drawn.mean()) < 0.1
    np.testing.assert_allclose(w.std(axis=0), np.geomspace(0.1, 1.0, 16), rtol=0.2)
    for drawn, bound in ((c, np.pi), (V, 0.25), (d, 0.25)):
        assert bound * 0.95 < abs(drawn).max() <= bound
        assert drawn.std() == pytest.approx(bound / np.sqrt(3), rel=0.1)
