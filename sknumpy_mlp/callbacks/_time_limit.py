"""Time limit of a run."""

from sknumpy_mlp._training.run import EpochEnd
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.values import check_number
from sknumpy_mlp.callbacks._base import Callback


class TimeLimit(Callback):
    """Stop training after the epoch in which a time limit is reached.

    Parameters
    ----------
    seconds : float
        The limit, in seconds since the run began (or was resumed).  In a tabular
        estimator it applies to each network separately, whereas the estimator's
        parameter ``max_time`` applies to all of them together.

    Examples
    --------
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import TimeLimit
    >>> limit = TimeLimit(seconds=1e-9)  # shorter than any epoch
    >>> NumpyMLPClassifier(callbacks=[limit]).fit([[0.0], [1.0]], [0, 1]).n_iter_
    1
    """

    @suggests_parameters
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        check_number(self, "seconds", 0.0, closed="right")

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True if the time limit is reached."""
        return event.seconds >= self.seconds
