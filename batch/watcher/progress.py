"""Where a file's run tells how it goes: words to the watcher's own screen, progress onto the board."""

from collections.abc import Callable

from batch.model import Record
from batch.watcher.status_file import StatusFile


class FileProgress:
    """A file's run: its words with the file's name, its progress on the board."""

    def __init__(self, name: str, say: Callable[[str], None], board: StatusFile) -> None:
        self._name, self._say, self._board = name, say, board
        self._done = 0

    def say(self, line: str) -> None:
        """Columns are told of when they are first met, not with every file of a warehouse."""
        if not line.endswith("(remembered)"):
            self._say(f"{self._name}: {line}")

    def begin(self, stage: str, total: int | None = None) -> None:
        self._done = 0
        self._board.show(state="running", file=self._name, stage=stage, done=0, total=total)

    def step(self, record: Record) -> None:
        self._done += 1
        self._board.step(self._done)
