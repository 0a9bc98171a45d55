"""Time limit."""

from sknumpy_mlp._training.loop import EpochEnd
from sknumpy_mlp._utils.suggestions import suggests_parameters
from sknumpy_mlp._utils.values import check_number
from sknumpy_mlp.callbacks._base import Callback


class TimeLimit(Callback):
    """End the training after the epoch in which a time limit passes.

    Parameters
    ----------
    seconds : float
        The limit, in seconds since the run began (or was resumed).  Each network of a
        tabular estimator has as much; their ``max_time`` is for all of them together.

    Examples
    --------
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import TimeLimit
    >>> limit = TimeLimit(seconds=1e-9)  # whose end the first epoch will not see
    >>> NumpyMLPClassifier(callbacks=[limit]).fit([[0.0], [1.0]], [0, 1]).n_iter_
    1
    """

    @suggests_parameters
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        check_number(self, "seconds", 0.0, closed="right")

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Return True if the time is over."""
        return event.seconds >= self.seconds
