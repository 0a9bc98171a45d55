"""Text for whoever may read it: a program need not have a console.

Without one (``pythonw``, services, frozen applications) standard output and standard
error are None, and a stream that is there may be closed, cut off or unable to encode
the text.  None of this is a reason to lose a training: what cannot be written is
dropped.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Console:
    """A stream of text that never raises.

    What is not defined here, such as its encoding, is the stream's own.

    Parameters
    ----------
    stream : file-like or None
        Where text is written, if that is possible.

    Attributes
    ----------
    stream : file-like or None
        The same.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        if name == "stream":  # a copy that has none yet
            raise AttributeError(name)
        return getattr(self.stream, name)

    # tqdm compares its stream with sys.stderr, to make room for what else goes there.
    def __eq__(self, other: object) -> bool:
        return bool(self.stream is getattr(other, "stream", other))

    def __hash__(self) -> int:
        return id(self.stream)

    def write(self, text: str) -> int:
        """Write text, or drop it; return its length."""
        self._try("write", text)
        return len(text)

    def flush(self) -> None:
        """Flush, if the stream can."""
        self._try("flush")

    def isatty(self) -> bool:
        """Whether the stream is a terminal; False if it does not say."""
        return bool(self._try("isatty"))

    def _try(self, name: str, *arguments: Any) -> Any:
        try:
            return getattr(self.stream, name)(*arguments)
        except Exception:  # the stream may be anything, and raise anything
            return None


def write_line(line: str) -> None:
    """Print a line to standard output, if there is one that takes it."""
    console = Console(getattr(sys, "stdout", None))
    console.write(f"{line}\n")
    console.flush()


@contextmanager
def flushable_streams() -> Iterator[None]:
    """Have standard output and error that can be flushed, or stand-ins.

    joblib flushes both before it starts a process, and tqdm before it shows a bar,
    whichever it writes to.
    """
    stand_ins = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            stream.flush()  # type: ignore[union-attr]
        except Exception:  # whatever is the matter with it
            stand_ins[name] = stream, Console(stream)
            setattr(sys, name, stand_ins[name][1])
    try:
        yield
    finally:
        for name, (stream, console) in stand_ins.items():
            if getattr(sys, name, None) is console:
                setattr(sys, name, stream)
