"""Standard output and error that survive a closed terminal and a log in Latin-1."""

import codecs
import json
import os
import sys
from typing import Any

from batch.primitives.escapes import json_line, visible

ESCAPED = "escaped"
"""The name of what is done with a letter that a stream cannot write."""


def put(*lines: str, error: bool = False) -> None:
    """Print lines, `error`: to standard error; control characters are shown, never obeyed."""
    print(*map(visible, lines), sep="\n", file=sys.stderr if error else sys.stdout, flush=error)


def put_json(data: object) -> None:
    """JSON in one line on standard output."""
    print(json_line(data))


class TolerantStream:
    """A stream that drops what nobody hears any more: no run ends for want of a listener."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or do without."""
        try:
            self._stream.write(text)
        except OSError:
            self._leave()
        return len(text)

    def flush(self) -> None:
        """Flush, or do without."""
        try:
            self._stream.flush()
        except OSError:
            self._leave()

    def _leave(self) -> None:
        """Let the system take the rest for nothing, whatever is still buffered included."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def escape_unencodable(error: UnicodeError) -> tuple[str, int]:
    r"""A letter as JSON escapes it, `\u2192`: plain enough for a person, and JSON stays JSON."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def tolerate_closed_streams() -> None:
    """Make both streams tolerant; a process without them, such as a service, has none to lose."""
    codecs.register_error(ESCAPED, escape_unencodable)
    for name in ("stdout", "stderr"):
        if (stream := getattr(sys, name)) is not None:
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors=ESCAPED)
            setattr(sys, name, TolerantStream(stream))
