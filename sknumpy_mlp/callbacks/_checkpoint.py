"""Checkpoints during a run, and resuming from them."""

import copy
import os
from pathlib import Path
from typing import Any, Literal

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.suggestions import suggest_value, suggests_parameters
from sknumpy_mlp._utils.values import check_bool, check_count
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks._base import Callback
from sknumpy_mlp.callbacks._checkpoint_file import (
    load_checkpoint,
    remove_leftovers,
    save_checkpoint,
)


class Checkpoint(Callback):
    """Save the run periodically, so that a later fit can resume it.

    A resumed run is bitwise identical to an uninterrupted one, with one exception: with
    ``solver="lbfgs"`` only the parameters are restored, since SciPy does not expose the
    curvature estimate of L-BFGS.  The state of the other callbacks is saved and
    restored as well, see `Callback.state_dict`; a `TimeLimit` starts again from zero.

    The file contains arrays and JSON, no pickle.  It is replaced atomically: if writing
    fails at any point, the previous file remains intact.  If a process is killed while
    writing, the next run with this path deletes its temporary file.

    Each run needs its own file.  The fits of a cross-validation have different data but
    share one path: with ``resume=True`` they raise an error; otherwise, each fit
    overwrites the file of the previous one.

    Parameters
    ----------
    path : str or path-like
        The file, in an existing folder.
    every : int, default=1
        Number of epochs between saves.  The end of training is saved as well, unless
        an error or an interrupt cuts it short.
    resume : bool, default=False
        Whether to resume from the file if it exists; False overwrites it.  The
        parameters, the data (by a digest) and, in a warm start, the initial weights
        must be those of this fit.  ``callbacks`` and ``verbose`` may differ, and so may
        ``max_iter`` unless the learning rate depends on it.  A run that has met the
        estimator's stopping criteria is not trained further.
    on_error : {'raise', 'warn'}, default='raise'
        Whether to raise an OSError if the file cannot be written, or to warn and
        continue training.

    Raises
    ------
    ValueError
        From ``fit``, if the file to resume from is damaged or belongs to another run.
    OSError
        From ``fit``, if the file cannot be written or read.
    TypeError
        From ``fit``, if the state of a callback contains values that are neither arrays
        nor representable in JSON.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Checkpoint, TimeLimit
    >>> X, y = load_iris(return_X_y=True)
    >>> path = os.path.join(tempfile.mkdtemp(), "iris.npz")
    >>> settings = {"max_iter": 1000, "random_state": 0}
    >>> interrupted = [Checkpoint(path), TimeLimit(1e-9)]
    >>> NumpyMLPClassifier(**settings, callbacks=interrupted).fit(X, y).n_iter_
    1
    >>> resumed = [Checkpoint(path, resume=True)]
    >>> clf = NumpyMLPClassifier(**settings, callbacks=resumed).fit(X, y)
    >>> print(f"loss {clf.loss_:.4f} after {clf.n_iter_} epochs")
    loss 0.0614 after 500 epochs
    >>> uninterrupted = NumpyMLPClassifier(**settings).fit(X, y)
    >>> print(f"loss {uninterrupted.loss_:.4f} after {uninterrupted.n_iter_} epochs")
    loss 0.0614 after 500 epochs
    """

    @suggests_parameters
    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int = 1,
        resume: bool = False,
        on_error: Literal["raise", "warn"] = "raise",
    ) -> None:
        # An int would be interpreted as a file descriptor.
        if not isinstance(path, str | os.PathLike):
            raise ValueError(
                f"Checkpoint(path={path!r}): it must be a str or a path, such as "
                "pathlib.Path('run.npz')."
            )
        if not Path(path).name:
            raise ValueError(
                f"Checkpoint(path={path!r}): it must be the path of a file, such as "
                "'run.npz'."
            )
        if on_error not in ("raise", "warn"):
            raise ValueError(
                f"Checkpoint(on_error={on_error!r}): it must be 'raise' or 'warn'."
                f"{suggest_value(on_error, ('raise', 'warn'))}"
            )
        self.path = path
        self.every = every
        self.resume = resume
        self.on_error = on_error
        check_count(self, "every")
        check_bool(self, "resume")
        self._run: Run | None = None
        self._saved: tuple[int, bool] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles made during a fit are not part of it.
        return self.__dict__ | {"_run": None}

    def for_member(self, member: int) -> "Checkpoint":
        """Return a copy with a separate file: run.npz becomes run-0.npz, run-1.npz."""
        path, twin = Path(self.path), copy.copy(self)
        twin.path = path.with_name(f"{path.stem}-{member}{path.suffix}")
        return twin

    def on_train_begin(self, run: Run) -> None:
        """Load the file if the run is to be resumed."""
        self._run, self._saved = run, None
        path = Path(self.path)
        # Unlike the methods of Path, these do not raise PermissionError.
        if not os.path.isdir(path.absolute().parent):
            self._complain(FileNotFoundError(2, "there is no such folder"))
        remove_leftovers(path)
        if self.resume and os.path.exists(path):
            self._saved = load_checkpoint(path, run)

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Save the run after every ``every`` epochs."""
        if event.epoch % self.every == 0:
            self._save()
        return False

    def on_train_end(self, run: Run) -> None:
        """Save the final state, unless an error or an interrupt cut the run short."""
        is_complete = run.status in ("finished", "exhausted", "stopped")
        if is_complete and self._saved != (run.n_epochs, run.status == "finished"):
            self._save()
        self._run = None

    def _save(self) -> None:
        assert self._run is not None
        try:
            save_checkpoint(Path(self.path), self._run)
        except OSError as error:
            self._complain(error)
        else:
            self._saved = (self._run.n_epochs, self._run.status == "finished")

    def _complain(self, error: OSError) -> None:
        """Raise or warn that the file cannot be written, according to ``on_error``."""
        path = Path(self.path)
        message = f"Checkpoint could not write {os.fspath(path)!r}: {error}. "
        if os.path.exists(path):
            message += "The file that was there before is still there. "
        message += "Make room, or choose another path."
        if self.on_error == "raise":
            raise OSError(error.errno, message) from error
        warn(f"{message} Training continues.")
