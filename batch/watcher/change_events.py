"""Rings when something has changed in the folders; costs nothing while nothing does."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from watchfiles import awatch

LOOK = 10.0  # seconds between two looks when nothing rings: for what no bell tells
POLL = 2.0  # seconds between two looks where no bell can be hung: on a network share


class ChangeEvents:
    """Waits for the operating system to tell of a change. Use as an async context manager.

    Folders on a network share, and all with `polling`, tell nothing: they are looked at every two seconds.
    """

    def __init__(self, folders: Iterable[Path], *, polling: bool) -> None:
        self.longest = POLL if polling else LOOK
        self._folders = [] if polling else list(folders)
        self._has_changed = asyncio.Event()
        self._listeners: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._listeners = [asyncio.create_task(self._listen(folder)) for folder in self._folders]
        return self

    async def __aexit__(self, *error: object) -> None:
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until something has changed since the last wait, and at most so many seconds."""
        longest = self.longest if seconds is None else min(self.longest, max(0.0, seconds))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._has_changed.wait(), longest)
        self._has_changed.clear()

    async def _listen(self, folder: Path) -> None:
        """Listen to a folder for as long as it is the same one; where it is gone, or cannot be listened to, poll."""
        while True:
            with suppress(OSError, RuntimeError):
                place = _identity(folder)
                rings = awatch(
                    folder, watch_filter=None, recursive=False, rust_timeout=int(LOOK * 1000), yield_on_timeout=True
                )
                async for changes in rings:
                    if changes:
                        self._has_changed.set()
                    if _identity(folder) != place:
                        break
            await asyncio.sleep(POLL)
            self._has_changed.set()


def _identity(folder: Path) -> tuple[int, int]:
    told = folder.stat()
    return told.st_dev, told.st_ino
