"""Parameters of the tabular estimators, and their checks."""

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

from sknumpy_mlp._estimators.parameters import (
    CATEGORICAL_FEATURES_CHECKS,
    PARAMETER_CHECKS,
    Boolean,
    Check,
    Choice,
    Instance,
    Number,
    Predicate,
)
from sknumpy_mlp._tabular.date_columns import DATES_CHECKS
from sknumpy_mlp._tabular.folds import is_splitter
from sknumpy_mlp._tabular.presets import PRESETS
from sknumpy_mlp._utils.intervals import Interval
from sknumpy_mlp._utils.values import short_repr
from sknumpy_mlp.optimizers import OPTIMIZERS, Optimizer

#: The types of ``hidden_layer_sizes``.
HiddenLayerSizes: TypeAlias = int | Sequence[int] | NDArray[Any] | Literal["auto"]

# Parameters that are passed to the members unchanged.
MEMBER_PARAMETERS = (
    "hidden_layer_sizes",
    "activation",
    "loss",
    "solver",
    "alpha",
    "learning_rate",
    "learning_rate_init",
    "max_iter",
    "n_iter_no_change",
    "beta_1",
    "beta_2",
    "epsilon",
    "init",
    "dropout",
    "weight_decay",
    "max_norm",
    "max_grad_norm",
    "scoring",
)


def _has_splits(value: Any) -> bool:
    """Return True if a value has the methods of scikit-learn's splitters."""
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in ("split", "get_n_splits")
    )


def _is_iterable(value: Any) -> bool:
    """Return True for an iterable that is neither a string nor a dict."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)


TABULAR_CHECKS: dict[str, tuple[Check, ...]] = {
    name: PARAMETER_CHECKS[name]
    for name in (
        *MEMBER_PARAMETERS,
        "batch_size",
        "random_state",
        "verbose",
        "callbacks",
    )
    if name in PARAMETER_CHECKS
} | {
    "hidden_layer_sizes": (Choice(("auto",)), *PARAMETER_CHECKS["hidden_layer_sizes"]),
    "max_iter": (Choice(("auto",)), *PARAMETER_CHECKS["max_iter"]),
    "parametric_activation": (Boolean(),),
    "solver": (Choice(tuple(OPTIMIZERS)), Instance(Optimizer)),
    "validation_fraction": (Number(Real, Interval(0, 1, "neither")),),
    "categorical_features": CATEGORICAL_FEATURES_CHECKS,
    "dates": DATES_CHECKS,
    "ensemble": (Choice(("kfold", "seeds", "refit", None)),),
    "cv": (
        Choice((None,)),
        Number(Integral, Interval(2)),
        Predicate(_has_splits, "a splitter (with the methods split and get_n_splits)"),
        Predicate(_is_iterable, "an iterable of (train, test) pairs"),
    ),
    "n_members": (Choice(("auto",)), Number(Integral, Interval(1))),
    "preset": (Choice(tuple(PRESETS)),),
    "n_iter_no_change": (*PARAMETER_CHECKS["n_iter_no_change"], Choice(("cycle",))),
    "max_time": (Choice((None,)), Number(Real, Interval(0, closed="neither"))),
    "n_jobs": (
        Choice((None,)),
        Predicate(
            lambda value: (
                isinstance(value, Integral)
                and not isinstance(value, bool)
                and value != 0
            ),
            "an int other than 0",
        ),
    ),
}


def check_ensemble(estimator: Any) -> None:
    """Raise ValueError for combinations of parameters that an ensemble cannot have."""
    if estimator.cv is not None and estimator.ensemble != "kfold":
        raise ValueError(
            f"cv={short_repr(estimator.cv)} are folds, which ensemble="
            f"{estimator.ensemble!r} does not have. Use ensemble='kfold' or cv=None; "
            "groups in fit are kept together with every ensemble."
        )
    has_folds = estimator.ensemble == "kfold" and not is_splitter(estimator.cv)
    if has_folds and estimator.n_members < 2:
        raise ValueError(
            "ensemble='kfold' needs at least two members, got n_members="
            f"{estimator.n_members}. Use ensemble=None for a single network."
        )
    resumes = [c for c in estimator.callbacks or [] if getattr(c, "resume", False)]
    if resumes and not isinstance(estimator.random_state, Integral):
        raise ValueError(
            f"{resumes[0]!r} cannot resume where training with random_state="
            f"{estimator.random_state!r} stopped: folds and seeds would be different. "
            "Set random_state to an int, for both runs."
        )
