"""Parts of error messages."""

import numpy as np
import pytest

from sknumpy_mlp._inputs.errors import error_prefix, infinity_error, item_name


@pytest.mark.parametrize("error", [ValueError, TypeError])
def test_messages_begin_with_the_name(error):
    with pytest.raises(error, match=r"^X_val: wrong$") as info, error_prefix("X_val"):
        raise error("wrong")
    assert type(info.value) is error
    assert isinstance(info.value.__cause__, error)


def test_other_errors_pass():
    with pytest.raises(KeyError), error_prefix("X_val"):
        raise KeyError("wrong")


def test_names_of_items():
    assert item_name("y", [3]) == "y[3]"
    assert item_name("y", np.unravel_index(5, (2, 3))) == "y[1, 2]"


def test_infinity_names_the_columns():
    message = str(infinity_error(["'a'", "'b'"], "Infinite."))
    assert message.startswith("Infinite. Such values are in the columns 'a', 'b'. ")
