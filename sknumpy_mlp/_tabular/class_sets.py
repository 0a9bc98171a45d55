"""Conformal prediction sets of classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sknumpy_mlp._tabular.conformal import ConformalScores, rows_to_keep
from sknumpy_mlp._utils.typing import Array, IntArray


@dataclass(frozen=True)
class ClassSets:
    r"""Sets of classes that contain the true class with a given probability.

    The scores of held-out rows are :math:`1 - \hat p_{y_i}(x_i)`, and a set contains
    the classes whose score is at most their quantile.  Of all sets with the same
    coverage, these are the smallest on average.

    Attributes
    ----------
    scores : ConformalScores
        The scores.

    References
    ----------
    M. Sadinle, J. Lei and L. Wasserman, "Least Ambiguous Set-Valued Classifiers with
    Bounded Error Levels", Journal of the American Statistical Association 114, 2019,
    arXiv:1609.00451.
    """

    scores: ConformalScores

    @classmethod
    def of(
        cls, y_prob: Array, codes: IntArray, sample_weight: Array | None
    ) -> "ClassSets":
        """Return the sets for probabilities and classes of held-out rows.

        Parameters
        ----------
        y_prob : ndarray of shape (n_rows, n_classes)
            The probabilities.
        codes : ndarray of shape (n_rows,)
            The indices of the true classes.
        sample_weight : ndarray of shape (n_rows,) or None
            The sample weights, without class weights.
        """
        some = rows_to_keep(len(codes))
        scores = 1.0 - y_prob[np.arange(len(codes)), codes]
        weight = None if sample_weight is None else sample_weight[some]
        return cls(ConformalScores.of(scores[some, np.newaxis], weight))

    def __call__(self, y_prob: Array, coverage: float) -> NDArray[np.bool_]:
        """Return the sets, of shape (n_rows, n_classes).

        Parameters
        ----------
        y_prob : ndarray of shape (n_rows, n_classes)
            The probabilities.
        coverage : float
            The coverage.
        """
        is_in: NDArray[np.bool_] = 1.0 - y_prob <= self.scores.upper(coverage)
        return is_in
