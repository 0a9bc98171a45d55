"""How far the members of an ensemble are: what they report, and what is printed."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from sknumpy_mlp.callbacks import clock


@dataclass(frozen=True)
class Board:
    """What members know of each other, in whatever process they train.

    It is a folder: a file for each member with what it has to report, and one that
    says that all are to stop.

    Attributes
    ----------
    folder : Path
        The folder.
    n_members : int
        Number of members.
    n_side_by_side : int
        How many of them train at a time.
    deadline : float
        Time, as of `time.time`, at which all are to be ready.
    """

    folder: Path
    n_members: int
    n_side_by_side: int
    deadline: float

    @property
    def stops(self) -> bool:
        """Whether all are to stop."""
        return (self.folder / "stop").exists()

    def stop(self) -> None:
        """Have all stop at the end of their epoch, and others not begin."""
        (self.folder / "stop").touch()

    def deadline_of(self, member: int) -> float:
        """Return when a member that begins now is to be ready.

        Those that come after it want as much time as it has.  Side by side, one whose
        neighbours still have members to come is given less than one whose neighbours
        have not, so that all the time is used.
        """
        n_rounds = math.ceil((self.n_members - member) / self.n_side_by_side)
        now = time.time()
        return now + (self.deadline - now) / n_rounds

    def report(self, member: int, share: float, text: str) -> None:
        """Note how far a member is: from 0 to 1, and in words.

        A member on another machine, where there is no such folder, trains unreported.
        """
        with suppress(OSError):
            (self.folder / str(member)).write_text(f"{share}\n{text}", encoding="utf-8")

    def read(self) -> list[tuple[float, str]]:
        """Return what the members have reported."""
        reports = []
        for member in range(self.n_members):
            try:
                text = (self.folder / str(member)).read_text(encoding="utf-8")
                share, _, words = text.partition("\n")
                reports.append((float(share), words))
            except (OSError, ValueError):  # not begun, or just being written
                reports.append((0.0, ""))
        return reports


@contextmanager
def make_board(
    n_members: int, n_side_by_side: int, deadline: float, *, verbose: bool
) -> Iterator[Board]:
    """Set up a board, and if ``verbose`` print every few seconds what is on it."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        board = Board(Path(folder), n_members, n_side_by_side, deadline)
        if not verbose:
            yield board
            return
        is_over = Event()
        printer = Thread(target=_keep_printing, args=(board, is_over), daemon=True)
        printer.start()
        try:
            yield board
        finally:
            is_over.set()
            printer.join()


# Seconds from one line to the next.
_PAUSE = 2.0


def _keep_printing(board: Board, is_over: Event) -> None:
    began, printed = time.perf_counter(), ""
    while True:
        ends = is_over.wait(_PAUSE)
        reports = board.read()
        n_done = sum(share >= 1.0 for share, _ in reports)
        share = sum(share for share, _ in reports) / board.n_members
        busy = [
            f"network {i}: {text}"
            for i, (each, text) in enumerate(reports, start=1)
            if 0.0 < each < 1.0
        ]
        line = f"{n_done} of {board.n_members} networks done"
        if busy:
            line += f" ({'; '.join(busy)})"
        seconds = time.perf_counter() - began
        if ends:
            line += f", after {clock(seconds)}"
        elif share > 0.0:
            line += f", about {clock(seconds * (1.0 - share) / share)} left"
        if line != printed:
            print(line, flush=True)
            printed = line
        if ends:
            return
