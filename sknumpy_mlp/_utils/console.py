"""Console output that never raises.

Without a console (``pythonw``, services, frozen applications), standard output and
standard error are None; otherwise they may be closed, disconnected or unable to encode
the text.  Training must not fail because of that: text that cannot be written is
dropped.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Console:
    """Wrapper of a text stream whose methods never raise.

    All other attributes, such as ``encoding``, are attributes of the stream.

    Parameters
    ----------
    stream : file-like or None
        The stream; None discards all text.

    Attributes
    ----------
    stream : file-like or None
        The stream.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        if name == "stream":  # while being copied or unpickled
            raise AttributeError(name)
        return getattr(self.stream, name)

    # tqdm compares its stream with sys.stderr, to clear the bar before other output.
    def __eq__(self, other: object) -> bool:
        return bool(self.stream is getattr(other, "stream", other))

    def __hash__(self) -> int:
        return id(self.stream)

    def write(self, text: str) -> int:
        """Write text if possible; return its length."""
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream if possible."""
        self._try("flush")

    def isatty(self) -> bool:
        """Return True if the stream is known to be a terminal."""
        return bool(self._try("isatty"))

    def _try(self, name: str, *arguments: Any) -> Any:
        try:
            return getattr(self.stream, name)(*arguments)
        except Exception:  # user-supplied streams may raise anything
            return None


def write_line(line: str) -> None:
    """Print a line to standard output if possible."""
    console = Console(getattr(sys, "stdout", None))
    console.write(f"{line}\n")
    console.flush()


@contextmanager
def flushable_streams() -> Iterator[None]:
    """Replace standard output and error in a block, if they cannot be flushed.

    joblib flushes both before it starts a process, and tqdm before it shows a bar, even
    if they write to other streams.
    """
    replaced = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            stream.flush()  # type: ignore[union-attr]
        except Exception:  # missing, closed or broken
            replaced[name] = stream, Console(stream)
            setattr(sys, name, replaced[name][1])
    try:
        yield
    finally:
        for name, (stream, console) in replaced.items():
            if getattr(sys, name, None) is console:
                setattr(sys, name, stream)
