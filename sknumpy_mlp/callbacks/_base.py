"""Base class of callbacks."""

import inspect
from typing import Any

from sknumpy_mlp._training.loop import EpochEnd, Run


class Callback:
    """Base class of callbacks; its methods do nothing.

    Examples
    --------
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Callback
    >>> class Path(Callback):
    ...     def on_train_begin(self, run):
    ...         self.points = [run.params.copy()]
    ...     def on_epoch_end(self, event):
    ...         self.points.append(event.params.copy())
    ...         return event.epoch == 3
    >>> path = Path()
    >>> NumpyMLPClassifier(callbacks=[path]).fit([[0.0], [1.0]], [0, 1]).n_iter_
    3
    >>> len(path.points)  # the start, and three epochs
    4
    """

    def __repr__(self) -> str:
        arguments = ", ".join(
            f"{name}={getattr(self, name)!r}"
            for name in inspect.signature(type(self)).parameters
            if hasattr(self, name)
        )
        return f"{type(self).__name__}({arguments})"

    def for_member(self, member: int) -> "Callback":
        """Return the callback for one of several networks of an estimator.

        The tabular estimators ask for one for each of their networks, which train one
        after the other, and find it again in ``estimators_[member].callbacks``.  By
        default it is this one, which sees all of them: their numbers are in
        ``run.member`` and ``event.member``.

        Parameters
        ----------
        member : int
            The number of the network, from 0.

        Returns
        -------
        callback : Callback
            This one, or another one for this network alone.
        """
        return self

    def memory(self) -> dict[str, Any]:
        """Return what is to be there again when the run is resumed from a checkpoint.

        `Checkpoint` asks for it when it saves; ``run.recall(self)`` returns it in the
        `on_train_begin` of the run that goes on.

        Returns
        -------
        memory : dict of str to object
            Arrays, and what JSON knows: Python's own numbers, texts, None, lists, and
            dicts of texts to such.  Tuples come back as lists.
        """
        return {}

    def on_train_begin(self, run: Run) -> None:
        """Get ready for a run: called before its first epoch.

        A tabular estimator calls it for each of its networks; ``run.member`` says for
        which.

        Parameters
        ----------
        run : Run
            The run.  The parameters are there, and the epochs of a resumed run; what
            this callback remembered of them is in ``run.recall(self)``.
        """

    def on_epoch_end(self, event: EpochEnd) -> bool | None:
        """Look at an epoch (for L-BFGS, an iteration), and end the fit if need be.

        Parameters
        ----------
        event : EpochEnd
            What is known of the epoch.

        Returns
        -------
        stop : bool or None
            True ends the training; False and None let it go on.
        """
        return False

    def on_train_end(self, run: Run) -> None:
        """Clean up: called at the end of every run that began, however it ended.

        Parameters
        ----------
        run : Run
            The run; its ``status`` tells how it ended.
        """
