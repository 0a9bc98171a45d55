"""Recognition of data frames."""

import numpy as np
import pandas as pd
import pytest

from sknumpy_mlp._inputs.frames import is_pandas_frame, is_polars_frame


def test_pandas_frames():
    frame = pd.DataFrame({"a": [1]})
    assert is_pandas_frame(frame)
    assert not is_polars_frame(frame)
    for other in (frame["a"], np.ones((1, 1)), [[1]]):
        assert not is_pandas_frame(other)


def test_polars_frames():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [1]})
    assert is_polars_frame(frame)
    assert not is_pandas_frame(frame)
    for other in (frame["a"], frame.lazy()):
        assert not is_polars_frame(other)
