"""What was made, changed and deleted, in a file that outlives the process: the judge of kill tests."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class EventLog:
    """An append-only file, one JSON object a line, out of the process before a method returns.

    Without a path it keeps nothing. A last line cut short by a kill was never answered, and is cut off.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None

    def events(self) -> Iterator[dict[str, Any]]:
        """All that happened so far, oldest first."""
        if self._path is None or not self._path.exists():
            return
        whole = self._path.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        os.truncate(self._path, len(whole))
        for line in whole.splitlines():
            yield json.loads(line)

    def append(self, event: Mapping[str, Any]) -> None:
        """Write one event; it survives the process from here on."""
        if self._path is None:
            return
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._file, json.dumps(event).encode() + b"\n")

    def close(self) -> None:
        """Give the file back; a later append opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
