"""Base class of callbacks."""

import inspect
from typing import Any

from sknumpy_mlp._training.run import EpochEnd, Run


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
    >>> len(path.points)  # the initial parameters, and those after each epoch
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
        """Return the callback for one network of a tabular estimator.

        With callbacks, the tabular estimators train their networks one after the
        other.  They call this method once for each and pass the result to the network,
        in whose parameter ``estimators_[member].callbacks`` it can be found after the
        fit.  By default the same callback serves all networks, whose numbers are in
        ``run.member`` and ``event.member``.

        Parameters
        ----------
        member : int
            The number of the network, from 0.

        Returns
        -------
        callback : Callback
            This object, or another one for this network alone.
        """
        return self

    def state_dict(self) -> dict[str, Any]:
        """Return the state to store in a checkpoint.

        `Checkpoint` calls it whenever it saves the run.

        Returns
        -------
        state : dict of str to object
            Arrays and what JSON can represent: Python's own numbers, strings,
            booleans, None, lists, and dicts with strings as keys.  Tuples come back as
            lists.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state from a checkpoint when a run is resumed.

        It is called after `on_train_begin` and before the first epoch, and not at all
        if the checkpoint holds no state of this callback: `on_train_begin` prepares
        for a run from the start, and this method, if called, for the rest of one.  Of
        several callbacks of one class, the first gets the state of the first, the
        second that of the second, and so on.

        Parameters
        ----------
        state : dict of str to object
            The dict that `state_dict` returned when the checkpoint was saved.
        """

    def on_train_begin(self, run: Run) -> None:
        """Prepare for a run: called before its first epoch.

        The state of an earlier fit, if any, is to be reset.  A tabular estimator calls
        it once for each network, whose number is in ``run.member``.

        Parameters
        ----------
        run : Run
            The run, with the initial parameters or, if it is resumed, with the
            parameters and the epochs from the checkpoint.  The states of callbacks
            follow when this method of all of them has been called, see
            `load_state_dict`.
        """

    def on_epoch_end(self, event: EpochEnd) -> bool | None:
        """Handle the end of an epoch (with L-BFGS, of an iteration).

        Parameters
        ----------
        event : EpochEnd
            The results of the epoch.

        Returns
        -------
        stop : bool or None
            True stops the training; False and None continue it.
        """
        return False

    def on_train_end(self, run: Run) -> None:
        """Clean up: called at the end of every run that began, however it ended.

        Parameters
        ----------
        run : Run
            The run; its ``status`` says how it ended.
        """
