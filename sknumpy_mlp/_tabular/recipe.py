"""Parameters whose values depend on the data: the size and the training of networks.

The values are compared in ``benchmarks/tabular_recipes.py``.
"""

import copy
import itertools
import math
import operator
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from sknumpy_mlp._estimators.parameters import layer_sizes
from sknumpy_mlp._tabular.folds import is_splitter
from sknumpy_mlp._tabular.parameters import MEMBER_PARAMETERS
from sknumpy_mlp._tabular.presets import PRESETS
from sknumpy_mlp._tabular.splits import MemberSplit
from sknumpy_mlp.losses import LogLoss

# Three hidden layers of so many units, for up to a number of rows.
_DEPTH = 3
_WIDTHS = ((1_000, 64), (math.inf, 128))

# With more rows, the number of epochs decreases with the square root of their number,
# so that the number of rows seen still increases.
_ROWS_WITH_MAX_EPOCHS = 2_500

# Label smoothing of classifiers: it keeps logits small, so that networks can be trained
# for longer.  Its effect on the predicted probabilities is corrected.
_LABEL_SMOOTHING = 0.1

# Batch sizes, for up to a number of training rows.
_BATCH_SIZES = (
    (1_000, 64),
    (6_000, 128),
    (30_000, 256),
    (100_000, 512),
    (math.inf, 1024),
)


def parameters_for(estimator: Any, n_rows: int) -> Any:
    """Return the parameters of a tabular estimator, for a table of so many rows.

    Parameters
    ----------
    estimator : estimator
        The estimator, with valid parameters.
    n_rows : int
        The number of rows of the table.

    Returns
    -------
    params : object
        The estimator's parameters as attributes, with those that are 'auto' and depend
        on the number of rows set to values.
    """
    # Not from get_params, since subclasses may have constructors of their own.
    params = copy.copy(estimator)
    preset = PRESETS[params.preset]
    params.loss = loss_of(estimator)
    if _is_auto(params.n_members):
        params.n_members = preset.n_members
    if isinstance(params.cv, Integral):
        params.n_members = int(params.cv)
    if _is_auto(params.hidden_layer_sizes):
        params.hidden_layer_sizes = (_value_for(n_rows, _WIDTHS),) * _DEPTH
    if _is_auto(params.max_iter):
        share = min(1.0, math.sqrt(_ROWS_WITH_MAX_EPOCHS / n_rows))
        params.max_iter = max(1, round(share * preset.max_epochs))
    return params


def loss_of(estimator: Any) -> Any:
    """Return the loss of a tabular estimator: its parameter, or the one of 'auto'.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    """
    if _is_auto(estimator.loss):
        return LogLoss(label_smoothing=_LABEL_SMOOTHING)
    return estimator.loss


def max_networks(params: Any, *, has_validation: bool) -> int | None:
    """Return the maximum number of networks that a fit trains, or None if unknown.

    Parameters
    ----------
    params : object
        The estimator's parameters, from `parameters_for`.
    has_validation : bool
        Whether there is user-supplied validation data.
    """
    if params.ensemble == "refit":
        return 1 if has_validation else 2
    if is_splitter(params.cv) and not has_validation:
        return None
    return 1 if params.ensemble is None else int(params.n_members)


def member_parameters(
    params: Any, learning_rate_init: float, split: MemberSplit
) -> dict[str, Any]:
    """Return the parameters of a member, which restores its best epoch.

    Parameters
    ----------
    params : object
        The estimator's parameters, from `parameters_for`.
    learning_rate_init : float
        The maximum learning rate.
    split : MemberSplit
        The rows and the seed of the member.
    """
    own = {
        name: getattr(params, name)
        for name in MEMBER_PARAMETERS
        if hasattr(params, name)
    }
    return own | {
        "learning_rate_init": learning_rate_init,
        "n_iter_no_change": math.inf
        if params.n_iter_no_change == "cycle"
        else params.n_iter_no_change,
        "batch_size": batch_size(params.batch_size, len(split.rows)),
        "random_state": split.seed,
        "tol": 0.0,
        "early_stopping": True,
    }


def wanted_batch_size(wanted: Any, n_rows: int) -> int:
    """Return the batch size before it is rounded.

    Parameters
    ----------
    wanted : int or 'auto'
        The estimator's parameter.
    n_rows : int
        The number of rows that a member is trained on.
    """
    size = _value_for(n_rows, _BATCH_SIZES) if _is_auto(wanted) else int(wanted)
    return min(size, n_rows)


def batch_size(wanted: Any, n_rows: int) -> int:
    """Return the batch size, rounded so that the batches of an epoch have equal sizes.

    Parameters
    ----------
    wanted : int or 'auto'
        The estimator's parameter.
    n_rows : int
        The number of rows that a member is trained on.
    """
    n_batches = round(n_rows / wanted_batch_size(wanted, n_rows))
    return math.ceil(n_rows / n_batches)


# The work for a row besides the products of the hidden layers (embeddings,
# activations, calls), in multiplications; measured for batches of 64 to 256 rows.
_OTHER_WORK = 50_000


def cost_of_training(params: Any, n_rows: int, n_features: int) -> int:
    """Return the approximate work of a member's training, in multiplications.

    Only the forward passes are counted.

    Parameters
    ----------
    params : object
        The estimator's parameters, from `parameters_for`.
    n_rows, n_features : int
        The shape of the preprocessed table.
    """
    sizes = [n_features, *layer_sizes(params.hidden_layer_sizes)]
    n_weights: int = sum(itertools.starmap(operator.mul, itertools.pairwise(sizes)))
    return int(params.max_iter) * n_rows * (n_weights + _OTHER_WORK)


def _is_auto(value: Any) -> bool:
    return isinstance(value, str) and value == "auto"


def _value_for(n_rows: int, table: Sequence[tuple[float, int]]) -> int:
    """Return the value of the first entry with a limit of at least ``n_rows``."""
    return next(value for limit, value in table if n_rows <= limit)
