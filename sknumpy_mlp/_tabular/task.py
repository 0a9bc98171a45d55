"""Ensemble tasks, the input of the training of an ensemble."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._tabular.architecture import MemberConfig
from sknumpy_mlp._tabular.folds import Fold
from sknumpy_mlp._utils.typing import Array, IntArray
from sknumpy_mlp.callbacks._sklearn import EnsembleBridge


@dataclass
class EnsembleTask:
    """Validated data, and the configuration of the members.

    Not frozen: when processes share the table, ``data`` gets a memory map of it, and
    the array is freed.

    Attributes
    ----------
    data : Data
        The training data, without rows of weight zero.
    validation : Data or None
        User-supplied validation data.
    member_config : MemberConfig
        The configuration of the members' networks.
    params : object
        The estimator's parameters as attributes, with values for those that depend on
        the data.
    rows : ndarray of shape (n_rows,)
        The indices of the rows of ``data`` in the table.
    n_samples : int
        Number of rows of the table.
    sample_weight, sample_weight_val : ndarray or None
        The sample weights of training and validation data, without class weights.
    groups : ndarray of shape (n_rows,) or None
        The number of each row's group.
    folds : sequence of tuple or None
        The folds of the user's splitter.
    bridge : EnsembleBridge or None
        The bridge to scikit-learn's callbacks.
    seed : int, default=0
        The seed of calibration.
    deadline : float, default=inf
        Time, as of `time.time`, at which the fit is to end.
    stop : callable or None, default=None
        Stops the training of all networks.
    """

    data: Data
    validation: Data | None
    member_config: MemberConfig
    params: Any
    rows: IntArray
    n_samples: int
    sample_weight: Array | None
    sample_weight_val: Array | None
    groups: IntArray | None
    folds: Sequence[Fold] | None
    bridge: EnsembleBridge | None
    seed: int = 0
    deadline: float = math.inf
    stop: Callable[[], None] | None = None
