"""Callbacks: what looks at each epoch of a run and may end it."""

import math
from collections.abc import Callable

import numpy as np

from sknumpy_mlp._training import EpochEnd
from sknumpy_mlp._typing import Array

__all__ = ["Callback", "EarlyStopping"]


class Callback:
    """Base class of callbacks."""

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Look at an epoch; return True to end the training."""
        return False


class EarlyStopping(Callback):
    """End the training when the score has not improved for some epochs.

    An epoch improves on the best one before if its score is better by at least
    ``tol``.  A score of NaN never is.

    Parameters
    ----------
    tol : float
        The least improvement that counts.
    n_iter_no_change : int or inf
        The training ends once *more* than this many epochs in a row brought no
        improvement (scikit-learn's rule).
    score : callable or None, default=None
        Function of the parameters that returns their score, higher is better.  None
        scores an epoch by minus its training loss.
    best_score : float, default=-inf
        The best score before this run.
    best_params : ndarray of shape (n_params,) or None, default=None
        The parameters that had it; overwritten by better ones.
    n_epochs_no_change : int, default=0
        Epochs without improvement at the end of earlier runs.

    Attributes
    ----------
    scores : list of float
        The score of each epoch of this run.
    best_score : float
        The best of all scores.
    best_params : ndarray of shape (n_params,) or None
        The parameters that had it, if a ``score`` was given.
    n_epochs_no_change : int
        Epochs since the last improvement.
    """

    def __init__(
        self,
        *,
        tol: float,
        n_iter_no_change: float,
        score: Callable[[Array], float] | None = None,
        best_score: float = -math.inf,
        best_params: Array | None = None,
        n_epochs_no_change: int = 0,
    ) -> None:
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.score = score
        self.best_score = best_score
        self.n_epochs_no_change = n_epochs_no_change
        self.scores: list[float] = []
        self.best_params = best_params

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Score the epoch; return True if the patience is used up."""
        score = -event.loss if self.score is None else self.score(event.params)
        self.scores.append(score)
        if score >= self.best_score + self.tol:
            self.n_epochs_no_change = 0
        else:
            self.n_epochs_no_change += 1
        if score > self.best_score:
            self.best_score = score
            if self.score is not None:
                if self.best_params is None:
                    self.best_params = np.empty_like(event.params)
                np.copyto(self.best_params, event.params)
        return self.n_epochs_no_change > self.n_iter_no_change
