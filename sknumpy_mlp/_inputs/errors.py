"""Error messages that several checks share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sknumpy_mlp._inputs.column_labels import listed


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Begin messages of errors with the name of what they are about."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from error
    except TypeError as error:
        raise TypeError(f"{what}: {error}") from error


def infinity_error(reason: str, columns: Sequence[str]) -> ValueError:
    """Return the error of infinite numbers; ``columns`` is where they are."""
    return ValueError(
        f"{reason} Such values are in {listed(columns)}. Correct them, or leave those "
        "rows out."
    )
