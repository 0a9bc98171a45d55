"""Checks of custom losses and custom activations before training."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from sknumpy_mlp._estimators.architecture import Architecture
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp.activations import Activation, try_activation
from sknumpy_mlp.losses import Loss, try_loss


def check_custom_parts(
    architecture: Architecture, target: Target, y: NDArray[Any], dtype: Any
) -> None:
    """Check custom losses and activations, above all their gradients.

    With a wrong gradient a network would train badly, without an error.  The classes of
    this package are not checked, but their subclasses are.

    Parameters
    ----------
    architecture : Architecture
        The hidden layers, with their activations.
    target : Target
        The fitted target, with its loss.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The encoded target, of which a few rows are used.
    dtype : data type
        The data type of the network.

    Raises
    ------
    ValueError
        If a check fails.
    """
    if type(target.loss).__module__ != Loss.__module__:
        with _advising("sknumpy_mlp.losses.check_loss(loss, y)"):
            try_loss(target.loss, y, target.n_outputs, dtype)
    for activation, n_units in zip(
        architecture.activations, architecture.hidden_layer_sizes, strict=True
    ):
        if type(activation).__module__ != Activation.__module__:
            call = f"check_activation(activation, n_units={n_units})"
            with _advising(f"sknumpy_mlp.activations.{call}"):
                try_activation(activation, n_units)


@contextmanager
def _advising(call: str) -> Iterator[None]:
    """Append to error messages the call that repeats the check."""
    try:
        yield
    except ValueError as error:
        end = "" if str(error).endswith((".", "!", "?")) else "."
        raise ValueError(f"{error}{end} To repeat this check, call {call}.") from error
