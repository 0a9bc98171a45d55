"""Training history."""

from typing import Any

from sknumpy_mlp._training.loop import EpochEnd, Run
from sknumpy_mlp.callbacks._base import Callback


class History(Callback):
    """Keep what is known at the end of each epoch.

    Of a tabular estimator it keeps the epochs of all networks, one network after the
    other.  With ``ensemble='refit'``, network 0 has chosen the number of epochs and
    network 1 is the one that predicts.

    Attributes
    ----------
    records : list of dict
        For each epoch ``member``, ``epoch``, ``loss``, ``learning_rate``, ``seconds``,
        ``validation_loss`` and ``validation_score``, as in `EpochEnd`.  With pandas,
        ``DataFrame(history.records)`` is a table of them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import History
    >>> X, y = load_iris(return_X_y=True)
    >>> history = History()
    >>> clf = NumpyMLPClassifier(callbacks=[history], max_iter=3, tol=1.0)
    >>> clf = clf.set_params(n_iter_no_change=1).fit(X, y, X_val=X, y_val=y)
    >>> history["epoch"]
    [1, 2, 3]
    >>> history["validation_loss"] == clf.validation_loss_curve_
    True
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
        """Return one of the columns, a value for each epoch."""
        return [record[name] for record in self.records]

    def memory(self) -> dict[str, Any]:
        """Return the records of the run."""
        records = [each for each in self.records if each["member"] == self._member]
        return {"records": records}

    def on_train_begin(self, run: Run) -> None:
        """Forget an earlier fit; remember the run that is resumed."""
        self._member = run.member
        if not run.member:  # a single network, or the first of several
            self.records = []
        recalled = run.recall(self).get("records", [])
        self.records += [each | {"member": run.member} for each in recalled]

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Keep the epoch's numbers."""
        self.records.append({name: getattr(event, name) for name in self._COLUMNS})
        return False
