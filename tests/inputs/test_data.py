"""Validated data."""

import numpy as np
import pytest
import scipy.sparse as sp

from sknumpy_mlp._inputs.data import Data


@pytest.mark.parametrize("make", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("weight", [None, np.arange(4.0)])
def test_rows(make, weight):
    X, y = np.arange(8.0).reshape(4, 2), np.arange(4)
    data = Data(make(X), y, weight, y.astype(str))
    rows = np.array([2, 0])
    some = data.take(rows)
    np.testing.assert_array_equal(
        some.X.toarray() if sp.issparse(some.X) else some.X, X[rows]
    )
    assert some.y.tolist() == [2, 0]
    assert some.target.tolist() == ["2", "0"]
    assert (some.sample_weight is None) == (weight is None)
    if weight is not None:
        assert some.sample_weight.tolist() == [2.0, 0.0]
