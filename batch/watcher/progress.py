"""Where one file's run reports its progress, in a watcher and in a fleet's worker alike."""

import asyncio
from collections import deque
from collections.abc import Callable

from batch.model import Record
from batch.watcher.status_file import StatusFile

SPAN = 30.0  # seconds over which the rate is measured


class FileProgress:
    """One file's stage and counts, for whoever reads them; `say` prints a line of it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.stage, self.done = "", 0
        self.total: int | None = None
        self.shipping_since: float | None = None
        """When the first shipment had its outcome, on the event loop's clock."""
        self._steps: deque[float] = deque()

    def say(self, line: str) -> None:
        """Say a line, but not which columns are remembered: that is said when they are first met."""
        if not line.endswith("(remembered)"):
            self._say(line)

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins, of so many shipments."""
        self.stage, self.done, self.total = stage, 0, total

    def step(self, record: Record) -> None:
        """A shipment has its outcome."""
        self.done += 1
        now = asyncio.get_running_loop().time()
        self.shipping_since = self.shipping_since or now
        self._steps.append(now)
        while self._steps[0] < now - SPAN:
            self._steps.popleft()

    @property
    def rate(self) -> float | None:
        """Shipments per second in the last SPAN seconds; None before the first."""
        if self.shipping_since is None:
            return None
        now = asyncio.get_running_loop().time()
        lately = sum(at >= now - SPAN for at in self._steps)
        return lately / max(1.0, min(SPAN, now - self.shipping_since))


class StatusFileProgress(FileProgress):
    """The progress of a file in a drop folder: its lines begin with its name, its counts go into the status file."""

    def __init__(self, name: str, say: Callable[[str], None], status_file: StatusFile) -> None:
        super().__init__(lambda line: say(f"{name}: {line}"))
        self._name, self._status_file = name, status_file

    def begin(self, stage: str, total: int | None = None) -> None:
        super().begin(stage, total)
        self._status_file.show(state="running", file=self._name, stage=stage, done=0, total=total)

    def step(self, record: Record) -> None:
        super().step(record)
        self._status_file.step(self.done)
