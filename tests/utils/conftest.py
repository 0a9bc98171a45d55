"""Streams that cannot be written to, for the tests of output and warnings."""

import io


class BrokenStream:
    """A stream whose methods all raise."""

    def __init__(self, error):
        self.error = error

    def _fail(self, *_):
        raise self.error

    write = flush = isatty = fileno = _fail


class BareStream:
    """A stream with nothing but `write`."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


def _closed():
    stream = io.StringIO()
    stream.close()
    return stream


# Streams by what is the matter with them; each value makes one.
STREAMS = {
    "no stream": lambda: None,
    "closed": _closed,
    "full disk": lambda: BrokenStream(OSError(28, "No space left on device")),
    "broken pipe": lambda: BrokenStream(BrokenPipeError(32, "Broken pipe")),
    "encoding": lambda: BrokenStream(UnicodeEncodeError("ascii", "\u2588", 0, 1, "no")),
    "lost": lambda: BrokenStream(RuntimeError("lost sys.stderr")),
    "without flush and isatty": BareStream,
    "no methods": object,
}
