"""Progress bar of a run."""

import copy
import math
import sys
import time
import warnings
from typing import Any, TextIO

from sknumpy_mlp._training.run import EpochEnd, Run
from sknumpy_mlp._utils.console import Console, flushable_streams
from sknumpy_mlp.callbacks._base import Callback


class Progress(Callback):
    r"""Show a progress bar with the epochs, the loss, the speed and the time left.

    If tqdm is installed, it draws the bar, as a widget in notebooks with ipywidgets;
    otherwise, the bar is plain text.  In a file, where lines cannot be overwritten, the
    plain bar writes a new line every few seconds.  If training stops before
    ``max_iter`` epochs, the bar is filled.  Without standard error, as in a program
    without a console, there is no bar.

    Parameters
    ----------
    file : file-like or None, default=None
        The file to write text to.  None is standard error or, in a notebook, which
        shows standard error in red, standard output.

    Examples
    --------
    >>> import io, re
    >>> from sknumpy_mlp import NumpyMLPClassifier
    >>> from sknumpy_mlp.callbacks import Progress, TimeLimit
    >>> file = io.StringIO()
    >>> clf = NumpyMLPClassifier(callbacks=[Progress(file), TimeLimit(1e-9)])
    >>> clf = clf.fit([[0.0], [1.0]], [0, 1])
    >>> re.findall(r"\d+/\d+", file.getvalue())[-1]  # epochs
    '1/1'
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
        # Open files cannot be pickled; None stands for standard error.
        return self.__dict__ | {"_bar": None, "file": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> "Progress":
        twin = type(self)(self.file)
        twin._name = self._name
        return twin

    def for_member(self, member: int) -> "Progress":
        """Return a bar labeled with the number of the network, counted from 1."""
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
        """Advance the bar by an epoch."""
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
                # tqdm's widget turns red if it is closed below its total, of which the
                # bar, the second of its children, has a copy.
                self._bar.total = self._bar.n
                if hasattr(self._bar, "container"):
                    self._bar.container.children[1].max = self._bar.n
            self._bar.close()
            self._bar = None


def _find_bar(*, with_widgets: bool) -> Any:
    """Return the class of tqdm that suits the environment, or the plain one."""
    try:
        from tqdm import TqdmWarning, tqdm

        if not with_widgets:
            return tqdm
        with warnings.catch_warnings():
            # Without ipywidgets tqdm warns in a notebook and falls back to text.
            warnings.simplefilter("ignore", TqdmWarning)
            from tqdm.auto import tqdm as auto
    except ImportError:
        return _PlainBar
    return auto


def _is_in_notebook(file: Any) -> bool:
    """Return True if a file writes to the output of a notebook cell."""
    iostream = sys.modules.get("ipykernel.iostream")
    return iostream is not None and isinstance(file, iostream.OutStream)


class _PlainBar:
    """Plain-text bar with the part of tqdm's interface that `Progress` uses."""

    # Seconds between refreshes, longer in a file, where each one is a new line.
    _SECONDS, _SECONDS_IN_FILE = 0.1, 5.0
    _WIDTH = 20

    def __init__(
        self, *, total: int, initial: int, desc: str | None, unit: str, file: Console
    ) -> None:
        self.total, self.n, self._initial = total, initial, initial
        self._name, self._unit, self._file = desc, unit, file
        # A notebook cell is no terminal, but handles carriage returns like one.
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
    """Format a duration as hours, minutes and seconds: 75 is 1:15."""
    minutes, seconds_left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds_left:02}"
    return f"{minutes}:{seconds_left:02}"
