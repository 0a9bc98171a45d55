"""Parts of error messages that are shared by several checks."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from sknumpy_mlp._inputs.column_labels import listed

# scikit-learn's message about infinite numbers.
_INFINITY = "Input X contains infinity or a value too large for dtype('float64')."


@contextmanager
def error_prefix(what: str) -> Iterator[None]:
    """Prefix the messages of errors with the name of the argument."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from error


def item_name(name: str, index: Iterable[int]) -> str:
    """Return the name of an array's item in messages, such as ``y[3]``."""
    return f"{name}[{', '.join(map(str, index))}]"


def infinity_error(columns: Sequence[str], reason: str = _INFINITY) -> ValueError:
    """Return the error for infinite numbers in some columns of ``X``.

    Parameters
    ----------
    columns : sequence of str
        The columns, from `column_names`.
    reason : str, default='Input X contains infinity ...'
        The first sentence of the message; the default is scikit-learn's.
    """
    return ValueError(
        f"{reason} Such values are in {listed(columns)}. Correct them, or leave those "
        "rows out."
    )
