"""Checks of custom losses and custom activations before training."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from sknumpy_mlp.activations import Activation, try_activation
from sknumpy_mlp.losses import Loss, try_loss


def check_custom_parts(
    loss: Loss,
    activations: Iterable[tuple[Activation, int]],
    y: NDArray[Any],
    n_outputs: int,
    dtype: Any,
) -> None:
    """Raise ValueError if a custom loss or activation has, say, a wrong gradient.

    A network would train with it, badly, and nobody would be told.  This package's own
    classes are tested, and take no time here; their subclasses are custom.  Activations
    come with the numbers of units of their layers.
    """
    if type(loss).__module__ != Loss.__module__:
        with _advising("sknumpy_mlp.losses.check_loss(loss, y)"):
            try_loss(loss, y, n_outputs, dtype)
    for activation, n_units in activations:
        if type(activation).__module__ != Activation.__module__:
            call = f"check_activation(activation, n_units={n_units})"
            with _advising(f"sknumpy_mlp.activations.{call}"):
                try_activation(activation, n_units)


@contextmanager
def _advising(call: str) -> Iterator[None]:
    """End messages of errors with the function that repeats the check."""
    try:
        yield
    except ValueError as error:
        end = "" if str(error).endswith((".", "!", "?")) else "."
        raise ValueError(f"{error}{end} To repeat this check, call {call}.") from error
