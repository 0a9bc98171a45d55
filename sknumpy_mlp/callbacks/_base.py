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

        With callbacks, the tabular estimators train their networks sequentially.  They
        call this method once for each network and pass it the result, which is in
        ``estimators_[member].callbacks`` after the fit.  By default, all networks have
        the same callback, and their indices are ``run.member`` and ``event.member``.

        Parameters
        ----------
        member : int
            The index of the network, from 0.

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
            Arrays, and values that JSON can represent: Python numbers, strings,
            booleans, None, lists, and dicts with strings as keys.  Tuples are restored
            as lists.
        """
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the state from a checkpoint when a run is resumed.

        It is called after `on_train_begin` and before the first epoch, and only if the
        checkpoint contains a state of this callback.  If there are several callbacks of
        one class, their states are assigned in the order of the list.

        Parameters
        ----------
        state : dict of str to object
            The dict that `state_dict` returned when the checkpoint was saved.
        """

    def on_train_begin(self, run: Run) -> None:
        """Prepare for a run: called before its first epoch.

        It should reset the state of an earlier fit.  A tabular estimator calls it once
        for each network, whose index is ``run.member``.

        Parameters
        ----------
        run : Run
            The run, with the initial parameters or, if it is resumed, with the
            parameters and the epochs from the checkpoint.  The states of the callbacks
            are loaded after this method of all of them has been called, see
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
        """Clean up: called at the end of every run, even after errors.

        Parameters
        ----------
        run : Run
            The run; its ``status`` tells why it ended.
        """
