"""Progress of an ensemble: reports of its members, and printing."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from joblib.parallel import get_active_backend

from sknumpy_mlp._utils.console import write_line
from sknumpy_mlp._utils.warnings import warn
from sknumpy_mlp.callbacks._progress import clock


class EnsembleProgress:
    """The progress of all members, in the memory of a single process or its threads.

    Each member reports its progress, and can stop all members.

    Parameters
    ----------
    n_members : int
        Number of members.
    n_parallel : int
        Number of members that train in parallel.
    deadline : float
        Time, as of `time.time`, at which training is to end.
    """

    #: The folder that processes share, or None.
    folder: Path | None = None

    def __init__(self, n_members: int, n_parallel: int, deadline: float) -> None:
        self.n_members = n_members
        self.n_parallel = n_parallel
        self.deadline = deadline
        self._reports = [(0.0, "")] * n_members
        self._stop_requested = False

    @property
    def stop_requested(self) -> bool:
        """Whether all members are to stop."""
        return self._stop_requested

    def stop(self) -> None:
        """Stop all members at the end of their epoch, and start no others."""
        self._stop_requested = True

    def report(self, member: int, share: float, text: str) -> None:
        """Store the progress of a member, from 0 to 1, and its description."""
        self._reports[member] = (share, text)

    def read(self) -> list[tuple[float, str]]:
        """Return the last reports of the members."""
        return list(self._reports)

    def deadline_of(self, member: int) -> float:
        """Return the deadline of a member that starts now.

        The remaining time is divided equally between the rounds of parallel members
        that are still to come.
        """
        n_rounds = math.ceil((self.n_members - member) / self.n_parallel)
        now = time.time()
        return now + (self.deadline - now) / n_rounds


class SharedProgress(EnsembleProgress):
    """The progress of members in several processes, shared by files in a folder.

    Each member has a file with its last report; another file exists if all members are
    to stop.

    Parameters
    ----------
    folder : str or Path
        The folder.
    n_members, n_parallel, deadline
        As in `EnsembleProgress`.
    """

    def __init__(
        self, folder: str | Path, n_members: int, n_parallel: int, deadline: float
    ) -> None:
        super().__init__(n_members, n_parallel, deadline)
        self.folder: Path = Path(folder)

    @property
    def stop_requested(self) -> bool:
        """Whether all members are to stop."""
        return self._stop_requested or (self.folder / "stop").exists()

    def stop(self) -> None:
        """Stop all members at the end of their epoch, and start no others."""
        super().stop()
        with suppress(OSError):  # the disk is full, or the folder was deleted
            (self.folder / "stop").touch()

    def report(self, member: int, share: float, text: str) -> None:
        """Store the progress of a member, from 0 to 1, and its description.

        Members on other machines, which do not have the folder, are not reported.
        """
        with suppress(OSError):
            path = self.folder / str(member)
            path.write_text(f"{share}\n{text}", encoding="utf-8")

    def read(self) -> list[tuple[float, str]]:
        """Return the last reports of the members."""
        reports = []
        for member in range(self.n_members):
            try:
                text = (self.folder / str(member)).read_text(encoding="utf-8")
                share, _, words = text.partition("\n")
                reports.append((float(share), words))
            except (OSError, ValueError):  # not started, or the file is being written
                reports.append((0.0, ""))
        return reports


@contextmanager
def share_progress(
    n_members: int, n_parallel: int, deadline: float, *, verbose: bool
) -> Iterator[EnsembleProgress]:
    """Share the progress of members and, if ``verbose``, print it every few seconds.

    If there is no temporary folder for processes, members train sequentially, with a
    warning.
    """
    with ExitStack() as stack:
        progress = EnsembleProgress(n_members, 1, deadline)
        backend, _ = get_active_backend()
        if getattr(backend, "supports_sharedmem", False):  # threads
            progress = EnsembleProgress(n_members, n_parallel, deadline)
        elif n_parallel > 1:
            try:
                folder = stack.enter_context(
                    TemporaryDirectory(ignore_cleanup_errors=True)
                )
                progress = SharedProgress(folder, n_members, n_parallel, deadline)
            except OSError as error:
                warn(
                    f"There is no temporary folder for processes to share ({error}): "
                    "the networks train one after the other. Set the environment "
                    "variable TMPDIR to a folder that can be written."
                )
        if verbose:
            stack.enter_context(_printing(progress))
        yield progress


@contextmanager
def _printing(progress: EnsembleProgress) -> Iterator[None]:
    is_over = Event()
    printer = Thread(target=_keep_printing, args=(progress, is_over), daemon=True)
    printer.start()
    try:
        yield
    finally:
        is_over.set()
        printer.join()


# Seconds between printed lines.
_PAUSE = 2.0


def _keep_printing(progress: EnsembleProgress, is_over: Event) -> None:
    began, printed = time.perf_counter(), ""
    while True:
        ends = is_over.wait(_PAUSE)
        reports = progress.read()
        n_done = sum(share >= 1.0 for share, _ in reports)
        share = sum(share for share, _ in reports) / progress.n_members
        busy = [
            f"network {i}: {text}"
            for i, (each, text) in enumerate(reports, start=1)
            if 0.0 < each < 1.0
        ]
        line = f"{n_done} of {progress.n_members} networks done"
        if busy:
            line += f" ({'; '.join(busy)})"
        seconds = time.perf_counter() - began
        if ends:
            line += f", after {clock(seconds)}"
        elif share > 0.0:
            line += f", about {clock(seconds * (1.0 - share) / share)} left"
        if line != printed:
            write_line(line)
            printed = line
        if ends:
            return
