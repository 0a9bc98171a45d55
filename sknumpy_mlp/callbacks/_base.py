"""Callbacks."""

import copy
import inspect
import math
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.console import Console, flushable_streams
from sknumpy_mlp._utils.suggestions import suggest_value, suggests_parameters
from sknumpy_mlp._utils.typing import Array
from sknumpy_mlp._utils.values import check_bool, check_count, check_number
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks._checkpoint_file import (
    load_checkpoint,
    remove_leftovers,
    save_checkpoint,
)


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


class EarlyStopping(Callback):
    """End the training when it has not improved for some epochs.

    The estimators' parameter ``early_stopping`` makes one of these with
    ``monitor="validation_score"``; as a callback it can also watch the loss.

    Parameters
    ----------
    monitor : {'validation_score', 'validation_loss', 'loss'}, \
default='validation_score'
        What to watch: a score, higher is better, or a loss, lower is better.  The
        first two need validation data (``X_val`` in ``fit``, or
        ``early_stopping=True``).
    tol : float, default=1e-4
        An epoch improves on the best one before if it is better by at least this.
        NaN never is.
    n_iter_no_change : int or inf, default=10
        The training ends once *more* than this many epochs in a row brought no
        improvement (scikit-learn's rule).
    restore_best : bool, default=True
        Whether the estimator gets the parameters of the best epoch, not of the last.

    Attributes
    ----------
    best_score : float
        The best value so far; of a loss, minus the loss.
    best_epoch : int or None
        The epoch that had it.
    n_epochs_no_change : int
        Epochs since the last improvement.
    members : list of EarlyStopping
        After the fit of a tabular estimator, in which each network stops by itself: one
        for each of them, with these attributes.  Here they are those of the last
        network.  Empty after the fit of a single network.

    Examples
    --------
    An estimator would be given ``callbacks=[stopping]``; here are some epochs by hand.

    >>> import numpy as np
    >>> from sknumpy_mlp.callbacks import EarlyStopping, EpochEnd
    >>> stopping, params = EarlyStopping("loss", n_iter_no_change=1), np.zeros(1)
    >>> for epoch, loss in enumerate([3.0, 1.0, 2.0, 1.5], start=1):
    ...     event = EpochEnd(epoch, loss, learning_rate=0.1, seconds=0.0, params=params)
    ...     print(epoch, stopping.on_epoch_end(event), stopping.best_epoch)
    1 False 1
    2 False 2
    3 False 2
    4 True 2
    """

    # The one that was given, if this is its twin for a network that trains.
    _given: "EarlyStopping | None" = None

    @suggests_parameters
    def __init__(
        self,
        monitor: Literal[
            "validation_score", "validation_loss", "loss"
        ] = "validation_score",
        *,
        tol: float = 1e-4,
        n_iter_no_change: float = 10,
        restore_best: bool = True,
    ) -> None:
        allowed = ("validation_score", "validation_loss", "loss")
        if monitor not in allowed:
            raise ValueError(
                f"EarlyStopping(monitor={monitor!r}): it must be one of {allowed}."
                f"{suggest_value(monitor, allowed)}"
            )
        self.monitor = monitor
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.restore_best = restore_best
        check_number(self, "tol", 0.0)
        check_number(self, "n_iter_no_change", 1.0, closed="both")
        check_bool(self, "restore_best")
        self.members: list[EarlyStopping] = []
        self._reset()

    def __getstate__(self) -> dict[str, Any]:
        # Each knows the other while a network trains; copies need not.
        return self.__dict__ | {"_given": None}

    def for_member(self, member: int) -> "EarlyStopping":
        """Return one for this network alone; it will be found in ``members``."""
        if member == 0:
            self.members = []
        twin = copy.copy(self)
        twin.members = []
        twin._given = self
        return twin

    def _reset(self) -> None:
        self.best_score = -math.inf
        self.best_epoch: int | None = None
        self.best_params: Array | None = None
        self.n_epochs_no_change = 0

    def memory(self) -> dict[str, Any]:
        """Return the best epoch, and the patience that is used up."""
        memory: dict[str, Any] = {
            "monitor": self.monitor,
            "restore_best": bool(self.restore_best),
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "n_epochs_no_change": self.n_epochs_no_change,
        }
        if self.best_params is not None:
            memory["best_params"] = self.best_params
        return memory

    def on_train_begin(self, run: Run) -> None:
        """Forget an earlier run; remember the one that is resumed."""
        self._reset()
        if self._given is None:
            self.members = []
        else:
            self._given.members.append(self)
        if self.monitor != "loss" and not run.has_validation:
            raise ValueError(
                f"EarlyStopping(monitor={self.monitor!r}) needs validation data: pass "
                "X_val and y_val to fit, set early_stopping=True, or use "
                "monitor='loss'."
            )
        memory = run.recall(self)
        has_all = memory.get("restore_best") or not self.restore_best
        if memory.get("monitor") == self.monitor and has_all:
            self._recover(memory, run)

    def _recover(self, memory: dict[str, Any], run: Run) -> None:
        self.best_score = memory["best_score"]
        self.best_epoch = memory["best_epoch"]
        self.n_epochs_no_change = memory["n_epochs_no_change"]
        if self.restore_best and "best_params" in memory:
            self.best_params = np.empty_like(run.params)
            self.best_params[...] = memory["best_params"]
        # The break came after the last epoch; more patience now, and there are others.
        used_up = self.n_epochs_no_change > self.n_iter_no_change
        if used_up and run.status == "running":
            run.status = "stopped"

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Judge the epoch; return True if the patience is used up."""
        value = getattr(event, self.monitor)
        score = value if self.monitor == "validation_score" else -value
        if score > -math.inf and score >= self.best_score + self.tol:
            self.n_epochs_no_change = 0
        else:
            self.n_epochs_no_change += 1
        if score > self.best_score:
            self.best_score = score
            self.best_epoch = event.epoch
            if self.restore_best:
                if self.best_params is None:
                    self.best_params = np.empty_like(event.params)
                np.copyto(self.best_params, event.params)
        return self.n_epochs_no_change > self.n_iter_no_change

    def on_train_end(self, run: Run) -> None:
        """Hand the best parameters over."""
        if self.best_params is not None:
            run.kept_params, self.best_params = self.best_params, None
        if self._given is not None:
            given, self._given = self._given, None
            for name in ("best_score", "best_epoch", "n_epochs_no_change"):
                setattr(given, name, getattr(self, name))


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


class Progress(Callback):
    """Show a bar with the epochs done, the loss, the rate and the time left.

    With tqdm installed the bar is tqdm's, in a notebook with ipywidgets its widget;
    otherwise it is plain text.  Where a line cannot be written over, as in a file, the
    plain bar writes a line every few seconds.  A run that ends before ``max_iter``
    epochs by its own rules, or those of a callback, fills the bar.  Where nothing can
    be written, as in a program without a console, there is no bar.

    Parameters
    ----------
    file : file-like or None, default=None
        Where to write text; None is standard error, but in a notebook, which shows
        that in red, standard output.

    Examples
    --------
    >>> import io
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Progress, TimeLimit
    >>> file = io.StringIO()
    >>> clf = NumpyMLPClassifier(callbacks=[Progress(file), TimeLimit(1e-9)])
    >>> clf = clf.fit([[0.0], [1.0]], [0, 1])
    >>> "1/1" in file.getvalue()  # epochs
    True
    """

    def __init__(self, file: TextIO | None = None) -> None:
        if file is not None and not hasattr(file, "write"):
            raise ValueError(
                f"Progress(file={file!r}): it must be a file open for text, such as "
                "sys.stdout, or None."
            )
        self.file = file
        self._bar: Any = None
        self._name: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A file cannot travel to another process; there it is standard error.
        return self.__dict__ | {"_bar": None, "file": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Progress":
        twin = type(self)(self.file)
        twin._name = self._name
        return twin

    def for_member(self, member: int) -> "Progress":
        """Return a bar that says which network it is of, counted from 1."""
        twin = copy.deepcopy(self)
        twin._name = f"network {member + 1}"
        return twin

    def on_train_begin(self, run: Run) -> None:
        """Open the bar."""
        file = self.file
        if file is None:
            file = getattr(sys, "stderr", None)
            if _is_in_notebook(file):
                file = sys.stdout
        if file is None:
            return
        with flushable_streams():
            self._bar = _find_bar(with_widgets=self.file is None)(
                total=run.max_epochs,
                initial=run.n_epochs,
                desc=self._name,
                unit="epoch",
                file=Console(file),
            )

    def on_epoch_end(self, event: EpochEnd) -> bool:
        """Move the bar on."""
        if self._bar is None:
            return False
        text = f"loss {event.loss:.4g}"
        if event.validation_loss is not None:
            text += f", validation loss {event.validation_loss:.4g}"
        if event.validation_score is not None:
            text += f", score {event.validation_score:.4g}"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update()
        return False

    def on_train_end(self, run: Run) -> None:
        """Close the bar."""
        if self._bar is not None:
            if run.status in ("finished", "exhausted", "stopped"):
                # Nothing is left to do, and tqdm's widget turns red below the total,
                # of which its own bar, the middle one of its parts, has a copy.
                self._bar.total = self._bar.n
                if hasattr(self._bar, "container"):
                    self._bar.container.children[1].max = self._bar.n
            self._bar.close()
            self._bar = None


def _find_bar(*, with_widgets: bool) -> Any:
    """Return tqdm's class of bars that suits the place, or the plain one."""
    try:
        from tqdm import TqdmWarning, tqdm

        if not with_widgets:
            return tqdm
        with warnings.catch_warnings():
            # In a notebook without ipywidgets tqdm says so, and makes do with text.
            warnings.simplefilter("ignore", TqdmWarning)
            from tqdm.auto import tqdm as auto
    except ImportError:
        return _PlainBar
    return auto


def _is_in_notebook(file: Any) -> bool:
    """Whether what is written to a file goes to the output of a notebook's cell."""
    iostream = sys.modules.get("ipykernel.iostream")
    return iostream is not None and isinstance(file, iostream.OutStream)


class _PlainBar:
    """As much of tqdm's interface as `Progress` needs."""

    # Seconds from one refresh to the next; a file that is no screen gets fewer lines.
    _SECONDS, _SECONDS_IN_FILE = 0.1, 5.0
    _WIDTH = 20

    def __init__(
        self, *, total: int, initial: int, desc: str | None, unit: str, file: Console
    ) -> None:
        self.total, self.n, self._initial = total, initial, initial
        self._name, self._unit, self._file = desc, unit, file
        # A cell is no terminal, but a carriage return works in it as well.
        self._is_screen = file.isatty() or _is_in_notebook(file.stream)
        self._postfix = ""
        self._began = time.monotonic()
        self._shown_at = -math.inf
        self._length = 0

    def set_postfix_str(self, text: str, *, refresh: bool) -> None:
        self._postfix = text

    def update(self) -> None:
        self.n += 1
        pause = self._SECONDS if self._is_screen else self._SECONDS_IN_FILE
        if time.monotonic() - self._shown_at >= pause:
            self._show()

    def close(self) -> None:
        self._show()
        if self._is_screen:
            self._file.write("\n")
        self._file.flush()

    def _show(self) -> None:
        self._shown_at = time.monotonic()
        seconds = max(self._shown_at - self._began, 1e-9)
        rate = (self.n - self._initial) / seconds
        filled = min(self._WIDTH, self._WIDTH * self.n // max(self.total, 1))
        line = "" if self._name is None else f"{self._name}: "
        line += (
            f"{'#' * filled}{'.' * (self._WIDTH - filled)} "
            f"{self.n}/{self.total} {self._unit}s, {rate:.3g} {self._unit}s/s"
        )
        if rate and self.n < self.total:
            line += f", {clock((self.total - self.n) / rate)} left"
        if self._postfix:
            line += f", {self._postfix}"
        if self._is_screen:
            self._file.write("\r" + line.ljust(self._length))
            self._length = len(line)
        else:
            self._file.write(line + "\n")
        self._file.flush()


def clock(seconds: float) -> str:
    """Hours, minutes and seconds: 75 is 1:15."""
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds_left:02}"
    return f"{minutes}:{seconds_left:02}"
