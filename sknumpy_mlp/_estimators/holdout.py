"""The hold-out set of early stopping."""

import numpy as np
from sklearn.model_selection import train_test_split

from sknumpy_mlp._estimators.task import FitTask
from sknumpy_mlp._training.run import TrainingState
from sknumpy_mlp._utils.typing import IntArray


def hold_out(task: FitTask, state: TrainingState) -> None:
    """Hold out rows for validation, as in the earlier run if the sizes are the same."""
    n_samples = task.data.X.shape[0]
    fraction = task.config.validation_fraction
    same_length = state.holdout is not None and n_samples == sum(
        map(len, state.holdout)
    )
    if not (same_length and state.validation_fraction == fraction):
        state.holdout = _split(task, n_samples, fraction)
        state.validation_fraction = fraction
    assert state.holdout is not None
    weight = task.data.sample_weight
    for part, rows in zip(("training", "validation"), state.holdout, strict=True):
        if weight is not None and not weight[rows].any():
            raise ValueError(
                f"All samples of the {part} part of the early_stopping split have a "
                "sample_weight (times class_weight) of zero. Remove samples of weight "
                "zero, or set early_stopping=False."
            )


def _split(task: FitTask, n_samples: int, fraction: float) -> tuple[IntArray, IntArray]:
    try:
        rows, held_out = train_test_split(
            np.arange(n_samples),
            random_state=task.rng,
            test_size=fraction,
            stratify=task.target.stratify_holdout(task.data.y),
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True cannot set validation_fraction={fraction} of "
            f"{n_samples} samples aside: {error} Change validation_fraction, pass "
            "X_val and y_val, or set early_stopping=False."
        ) from error
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the "
            f"size of your dataset: validation_fraction={fraction} of {n_samples} "
            f"samples leaves {len(held_out)}, and at least 2 are needed."
        )
    return rows, held_out
