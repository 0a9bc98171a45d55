"""TimeLimit."""

import pytest

from sknumpy_mlp.callbacks import TimeLimit
from tests.callbacks.conftest import make_event


def test_time_limit():
    limit = TimeLimit(3)
    assert [limit.on_epoch_end(make_event(epoch)) for epoch in (1, 2, 3, 4)] == [
        False,
        False,
        True,
        True,
    ]
    with pytest.raises(ValueError, match="seconds=0"):
        TimeLimit(0)
