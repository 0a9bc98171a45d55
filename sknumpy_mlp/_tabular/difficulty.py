"""Difficulty of rows: how large the errors of predictions for them are."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._estimators.regression_target import RegressionTarget
from sknumpy_mlp._estimators.task import FitContext
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.architecture import MemberConfig
from sknumpy_mlp._tabular.member import MemberRegressor
from sknumpy_mlp._tabular.recipe import batch_size
from sknumpy_mlp._training.run import Run
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp.callbacks import Callback

# The networks and their training: short, since this is done twice in each fit.
_HIDDEN_LAYER_SIZES = (64,)
_MAX_EPOCHS, _MIN_EPOCHS = 24, 4
_LEARNING_RATE = 0.2
_DROPOUT = 0.1
_WEIGHT_DECAY = 0.02

# Added to absolute residuals, relative to their mean: the logarithms of tiny residuals,
# which occur by chance, would dominate the loss.
_FLOOR = 0.05


@dataclass(frozen=True)
class Difficulty:
    r"""Two networks that predict the size of residuals.

    They learn :math:`\log(|r| + 0.05 \overline{|r|})` from the table and from the
    predictions, for rows whose residuals r are those of networks that were not trained
    on them.

    Attributes
    ----------
    networks : tuple of MemberRegressor
        The networks for the two halves of the rows; each is trained on the other half.
    location, factor : ndarray of shape (n_outputs,)
        The mean and the standard deviation of the predictions.
    unit : ndarray of shape (n_outputs,)
        The largest residual: the networks learn residuals in this unit.
    """

    networks: tuple[Any, ...]
    location: Array
    factor: Array
    unit: Array

    @classmethod
    def fit(
        cls,
        X: Array,
        predicted: Array,
        residuals: Array,
        is_first: NDArray[np.bool_],
        sample_weight: Array | None,
        *,
        n_numbers: int,
        cardinalities: Sequence[int],
        max_epochs: int,
        context: FitContext,
        seed: int,
    ) -> tuple["Difficulty", Array] | None:
        """Train the networks.

        Returns None if there was too little time.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            The preprocessed table.
        predicted, residuals : ndarray of shape (n_rows, n_outputs)
            The predictions and their residuals.
        is_first : ndarray of shape (n_rows,) of bool
            The first half of the rows.
        sample_weight : ndarray of shape (n_rows,) or None
            The weights of the rows.
        n_numbers : int
            Number of numeric columns.
        cardinalities : sequence of int
            Numbers of codes of the ordinally encoded columns.
        max_epochs : int
            Maximum number of epochs.
        context : FitContext
            The limits of time and threads.
        seed : int
            The seed.

        Returns
        -------
        difficulty : Difficulty
            The trained networks.
        sizes : ndarray of shape (n_rows, n_outputs)
            The expected sizes of the residuals of each row, by the network that was not
            trained on it.

        Raises
        ------
        KeyboardInterrupt
            If the training was interrupted.
        """
        # Squares of large numbers would overflow, those of small ones underflow.
        largest = _largest(predicted)
        location = (predicted / largest).mean(axis=0) * largest
        factor = (predicted / largest).std(axis=0)
        factor = np.where(factor == 0.0, 1.0, factor) * largest
        unit = _largest(residuals)
        sizes = np.abs(residuals / unit)
        floor = _FLOOR * sizes.mean(axis=0)
        floor[floor == 0.0] = 1.0
        targets = np.log(sizes + floor)
        table = _with_predictions(X, predicted, location, factor)
        networks: list[MemberRegressor] = []
        n_epochs = min(_MAX_EPOCHS, max_epochs)
        for rows in (np.flatnonzero(~is_first), np.flatnonzero(is_first)):
            y = targets[rows] if targets.shape[1] > 1 else targets[rows, 0]
            weight = None if sample_weight is None else sample_weight[rows]
            target = RegressionTarget.fit(y, "squared_error")
            target = target.with_scale(target.encode(y, np.float64, "y"), weight)
            config = MemberConfig(
                target,
                len(rows),
                n_numbers + targets.shape[1],
                tuple(cardinalities),
                parametric_activation=False,
            )
            network = MemberRegressor(
                config,
                hidden_layer_sizes=_HIDDEN_LAYER_SIZES,
                activation="mish",
                learning_rate="cosine",
                learning_rate_init=_LEARNING_RATE,
                batch_size=batch_size("auto", len(rows)),
                max_iter=n_epochs,
                init="data",
                dropout=_DROPOUT,
                weight_decay=_WEIGHT_DECAY,
                alpha=0.0,
                beta_2=0.95,
                random_state=seed,
            )
            now, end = _Ending(), time.time()
            # The first network has half of the time.
            seconds = (context.deadline - end) / (2 - len(networks))
            own = replace(context, callbacks=(now,), deadline=end + seconds)
            network.train(Data(table[rows], y, weight, y), None, own)
            if now.status == "interrupted":
                raise KeyboardInterrupt
            if network.n_iter_ < min(_MIN_EPOCHS, n_epochs):
                return None
            networks.append(network)
        difficulty = cls(tuple(networks), location, factor, unit)
        logarithms = np.where(
            is_first[:, np.newaxis],
            *(difficulty._logarithms(k, table) for k in (0, 1)),
        )
        return difficulty, np.exp(logarithms) * unit

    def __call__(self, X: Array, predicted: Array) -> Array:
        """Return the expected sizes of residuals, the geometric mean of both networks.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            The preprocessed table.
        predicted : ndarray of shape (n_rows, n_outputs)
            The predictions.

        Returns
        -------
        sizes : ndarray of shape (n_rows, n_outputs)
            The expected sizes.
        """
        table = _with_predictions(X, predicted, self.location, self.factor)
        logarithms = [self._logarithms(k, table) for k in (0, 1)]
        sizes: Array = np.exp(np.mean(logarithms, axis=0)) * self.unit
        return sizes

    def _logarithms(self, k: int, table: Array) -> Array:
        network = self.networks[k]
        target: RegressionTarget = network.member_config.target
        return target.predict(network.raw(table))


class _Ending(Callback):
    """Callback that stores how the training ended."""

    status = ""

    def on_train_end(self, run: Run) -> None:
        """Store the status."""
        self.status = run.status


def _largest(values: Array) -> Array:
    """Return the largest absolute value of each column, or 1 if all are zero."""
    largest: Array = np.abs(values).max(axis=0)
    return np.where(largest == 0.0, 1.0, largest)


def _with_predictions(
    X: Array, predicted: Array, location: Array, factor: Array
) -> Array:
    """Return a table with the predictions as further numbers, which come first."""
    scaled = ((predicted - location) / factor).astype(X.dtype)
    return np.concatenate([scaled, X], axis=1)
