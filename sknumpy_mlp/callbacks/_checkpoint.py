"""Checkpoints."""

import copy
import os
from pathlib import Path
from typing import Any, Literal

from sknumpy_mlp._training.loop import EpochEnd, Run
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
    """Save the run as it goes, so that a later fit can go on from there.

    The file is replaced in one piece: whatever happens while it is written, either
    the old one is there or the new one.  (What a process that is killed has written so
    far stays beside it, and goes when the next run with this path begins.)  It holds
    arrays and JSON, no pickle.  A resumed run ends with the same bits as one without a
    break, with one exception: with ``solver="lbfgs"`` only the parameters go on, since
    SciPy does not hand out what L-BFGS has learnt of the curvature.  Other callbacks of
    the run go on with what they remember, see `Callback.memory`; the time of a
    `TimeLimit` begins anew.

    Each run needs a file of its own: a cross-validation, whose fits see different data
    and share one path, is refused when it resumes, and overwrites when it does not.

    Parameters
    ----------
    path : str or path-like
        The file.  Its folder must exist.
    every : int, default=1
        Save after every so many epochs, and at the end of the training.
    resume : bool, default=False
        Whether to go on from the file if it exists, after a check that parameters,
        data (by a digest) and, in a warm start, the weights to start from are those of
        this fit.  ``callbacks`` and ``verbose`` may differ, and ``max_iter`` unless
        the learning rate depends on it.  A run that had ended by the estimator's own
        rules is not trained further.  False overwrites the file.
    on_error : {'raise', 'warn'}, default='raise'
        What to do if the file cannot be written: end the fit by an OSError, or warn
        and train on.

    Raises
    ------
    ValueError
        From ``fit``, if the file to resume from is damaged or belongs to another run.
    OSError
        From ``fit``, if the file cannot be written or read.
    TypeError
        From ``fit``, if a callback remembers what is neither array nor JSON.

    Examples
    --------
    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Checkpoint, TimeLimit
    >>> X, y = load_iris(return_X_y=True)
    >>> path = os.path.join(tempfile.mkdtemp(), "iris.npz")
    >>> settings = {"max_iter": 1000, "random_state": 0}
    >>> cut_off = [Checkpoint(path), TimeLimit(1e-9)]
    >>> NumpyMLPClassifier(**settings, callbacks=cut_off).fit(X, y).n_iter_
    1
    >>> resumed = [Checkpoint(path, resume=True)]
    >>> clf = NumpyMLPClassifier(**settings, callbacks=resumed).fit(X, y)
    >>> whole = NumpyMLPClassifier(**settings).fit(X, y)
    >>> clf.n_iter_ == whole.n_iter_, clf.loss_curve_ == whole.loss_curve_
    (True, True)
    """

    @suggests_parameters
    def __init__(
        self,
        path: str | os.PathLike[str],
        every: int = 1,
        resume: bool = False,
        on_error: Literal["raise", "warn"] = "raise",
    ) -> None:
        # A number would be taken for an open file's.
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
        # A pickle of the estimator in the middle of a fit is no place for the run.
        return self.__dict__ | {"_run": None}

    def for_member(self, member: int) -> "Checkpoint":
        """Return one with a file of its own: run.npz becomes run-0.npz, run-1.npz."""
        path, twin = Path(self.path), copy.copy(self)
        twin.path = path.with_name(f"{path.stem}-{member}{path.suffix}")
        return twin

    def on_train_begin(self, run: Run) -> None:
        """Go on from the file if asked to."""
        self._run, self._saved = run, None
        path = Path(self.path)
        # Unlike methods of Path, these do not raise where it is forbidden to look.
        if not os.path.isdir(path.absolute().parent):
            self._complain(FileNotFoundError(2, "there is no such folder"))
        remove_leftovers(path)
        if self.resume and os.path.exists(path):
            self._saved = load_checkpoint(path, run)

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Save the run if it is time."""
        if event.epoch % self.every == 0:
            self._save()
        return False

    def on_train_end(self, run: Run) -> None:
        """Save the last epoch, unless something broke off in the middle of it."""
        whole = run.status in ("finished", "exhausted", "stopped")
        if whole and self._saved != (run.n_epochs, run.status == "finished"):
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
        """Raise or warn, as asked, that the file cannot be written."""
        path = Path(self.path)
        message = f"Checkpoint could not write {os.fspath(path)!r}: {error}. "
        if os.path.exists(path):
            message += "The file that was there before is still there. "
        message += "Make room, or choose another path."
        if self.on_error == "raise":
            raise OSError(error.errno, message) from error
        warn(f"{message} The training goes on.")
