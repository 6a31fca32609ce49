"""What a store's watcher says: to its own output, to the log, and to people."""

import asyncio
from collections.abc import Callable, Sequence

from batch.config import Settings
from batch.monitoring import Digest, Notifier

REMEMBERED = 100  # lines that are not said again


class Messages:
    """One store's; `say` prints a line."""

    def __init__(self, settings: Settings, say: Callable[[str], None], notify: Notifier) -> None:
        self.say = say
        self._settings, self._notify = settings, notify
        self._said: dict[str, None] = {}
        """The lines said once, oldest first."""

    def say_once(self, line: str) -> None:
        """What would be said with every file; lines that differ only in their `, since …` are one."""
        key = line.partition(", since")[0]
        if key not in self._said:
            self._said[key] = None
            self.say(line)
        if len(self._said) > REMEMBERED:
            del self._said[next(iter(self._said))]

    async def report(self, digests: Sequence[Digest]) -> None:
        """To the log, and to people where it is worth it; outside the store's lock, for a mail may take its time."""
        status = max((digest.status for digest in digests), default=0)
        for problem in await asyncio.to_thread(self._notify, self._settings, digests, status):
            self.say_once(problem)
