"""Where a run tells how it goes; of several files, which one it is, and how long the rest will take."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from batch.model import Record


class Progress(Protocol):
    """Where a run tells how it goes."""

    def say(self, line: str) -> None:
        """Show a line to the person."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins: so many shipments, where they are known."""

    def step(self, record: Record) -> None:
        """A shipment has its outcome."""


class NullProgress:
    """Words and no progress, as while a store is opened."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say

    def begin(self, stage: str, total: int | None = None) -> None:
        """Nothing begins here."""

    def step(self, record: Record) -> None:
        """Nor goes on."""


class FilesProgress:
    """A screen over the files of one tour; what is left is reckoned by their bytes, and by what the done ones took."""

    def __init__(self, screen: Progress, files: Sequence[Path]) -> None:
        self._screen = screen
        self._sizes = [_size(file) for file in files]
        self._began = asyncio.get_running_loop().time()
        self._place = 0
        self.sent = 0
        """Shipments that have their outcome."""

    def next_file(self) -> None:
        """The next file begins."""
        self._place += 1
        if len(self._sizes) > 1:
            self.say(f"File {self._place} of {len(self._sizes)}{self._left()}")

    def say(self, line: str) -> None:
        """Show a line to the person."""
        self._screen.say(line)

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage of the file begins."""
        many = len(self._sizes) > 1 and total
        self._screen.begin(f"File {self._place} of {len(self._sizes)}: {stage}" if many else stage, total)

    def step(self, record: Record) -> None:
        """A shipment has its outcome."""
        self.sent += 1
        self._screen.step(record)

    def _left(self) -> str:
        done, to_do = sum(self._sizes[: self._place - 1]), sum(self._sizes[self._place - 1 :])
        if not done:
            return ""
        seconds = (asyncio.get_running_loop().time() - self._began) / done * to_do
        return f", about {timedelta(seconds=round(seconds))} left for all"


def _size(file: Path) -> int:
    try:
        return max(1, file.stat().st_size)
    except OSError:  # said when it is its turn
        return 1
