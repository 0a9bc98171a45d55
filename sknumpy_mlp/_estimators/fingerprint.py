"""The fingerprint of a run, which identifies the checkpoints that match it."""

from typing import Any

from sknumpy_mlp._estimators.config import TrainingConfig
from sknumpy_mlp._estimators.digests import describe, digest
from sknumpy_mlp._estimators.target import Target
from sknumpy_mlp._inputs.data import Data
from sknumpy_mlp._training.network import Network
from sknumpy_mlp._utils.typing import Array, IntArray

# Parameters that may differ when a run is resumed.  ``max_iter`` may, unless a schedule
# depends on it; the configuration of a member is determined by the data.
_IGNORED_PARAMETERS = ("callbacks", "verbose", "max_iter", "member_config")


def fingerprint(
    params: dict[str, Any],
    config: TrainingConfig,
    target: Target,
    network: Network,
    data: Data,
    rows: IntArray | None,
    validation: Data | None,
    start: Array | None,
) -> dict[str, Any]:
    """Return the description of a run that its checkpoints must match.

    Parameters
    ----------
    params : dict
        The estimator's parameters.
    config, target, network, data, rows, validation
        The parts of its `FitTask`.
    start : ndarray of shape (n_params,) or None
        The initial parameters of a warm start.
    """
    described = {
        name: describe(value)
        for name, value in params.items()
        if name not in _IGNORED_PARAMETERS
    }
    if config.optimizer is not None and config.schedule.needs_horizon:
        described["max_iter"] = config.max_iter
    return described | {
        "estimator": config.estimator,
        "layer widths": network.widths,
        "shape of X": list(data.X.shape),
        "classes": describe(target.attributes.get("classes_")),
        "digest of the data": digest(data.X, data.y, data.sample_weight),
        "digest of the training rows": None if rows is None else digest(rows),
        "digest of the validation data": None
        if validation is None
        else digest(validation.X, validation.y, validation.sample_weight),
        "digest of the parameters to start from": None
        if start is None
        else digest(start),
    }
