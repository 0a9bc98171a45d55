"""Records of all epochs."""

from typing import Any

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp.callbacks._base import Callback


class History(Callback):
    """Record the results of each epoch.

    For a tabular estimator, it records the epochs of all networks, one network after
    the other.  With ``ensemble='refit'``, network 0 selects the number of epochs, and
    network 1 is the one that predicts.

    Attributes
    ----------
    records : list of dict
        For each epoch: ``member``, ``epoch``, ``loss``, ``learning_rate``, ``seconds``,
        ``validation_loss`` and ``validation_score``, as in `EpochEnd`.  With pandas,
        ``DataFrame(history.records)`` converts them to a table.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import History
    >>> X, y = load_iris(return_X_y=True)
    >>> history = History()
    >>> clf = NumpyMLPClassifier(callbacks=[history], max_iter=3, tol=1.0)
    >>> clf = clf.set_params(n_iter_no_change=1, random_state=0)
    >>> clf = clf.fit(X, y, X_val=X, y_val=y)
    >>> history["epoch"]
    [1, 2, 3]
    >>> [round(loss, 3) for loss in history["validation_loss"]]
    [1.155, 1.095, 1.044]
    """

    _COLUMNS = (
        "member",
        "epoch",
        "loss",
        "learning_rate",
        "seconds",
        "validation_loss",
        "validation_score",
    )

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self._member: int | None = None

    def __getitem__(self, name: str) -> list[Any]:
        """Return a column of the records, with a value for each epoch."""
        return [record[name] for record in self.records]

    def state_dict(self) -> dict[str, Any]:
        """Return the records of the current run."""
        records = [each for each in self.records if each["member"] == self._member]
        return {"records": records}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the records of the run that is resumed."""
        others = [each for each in self.records if each["member"] != self._member]
        restored = [each | {"member": self._member} for each in state["records"]]
        self.records = others + restored

    def on_train_begin(self, run: Run) -> None:
        """Delete the records of an earlier fit."""
        self._member = run.member
        if not run.member:  # a single network, or the first of several
            self.records = []

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Record the epoch."""
        self.records.append({name: getattr(event, name) for name in self._COLUMNS})
        return False
