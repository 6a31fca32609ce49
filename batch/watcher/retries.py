"""Which files could not have their turn, how often, and when each is tried again."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

FIRST_PAUSE, LONGEST_PAUSE = 15.0, 120.0  # seconds before a file is tried again


@dataclass(frozen=True, slots=True)
class _Retry:
    tries: int
    due: float


class Retries:
    """Files by their path; nothing is kept of what is gone."""

    def __init__(self) -> None:
        self._of: dict[Path, _Retry] = {}

    def tries(self, path: Path) -> int:
        """How often its turn has failed."""
        return self._of[path].tries if path in self._of else 0

    def is_due(self, path: Path, now: float) -> bool:
        """Whether it may have its turn."""
        return path not in self._of or now >= self._of[path].due

    def report_failure(self, path: Path, now: float) -> None:
        """Its turn has failed once more: the pause doubles."""
        self._of[path] = _Retry(self.tries(path) + 1, now + pause_after(self.tries(path) + 1))

    def put_off(self, path: Path, until: float) -> None:
        """It is not its turn yet, and nothing has failed."""
        self._of[path] = _Retry(self.tries(path), until)

    def forget(self, path: Path) -> None:
        """It has had its turn."""
        self._of.pop(path, None)

    def keep_only(self, there: Collection[Path]) -> None:
        """Forget what is gone."""
        for path in self._of.keys() - set(there):
            del self._of[path]

    @property
    def due_times(self) -> list[float]:
        """When each may have its turn."""
        return [trouble.due for trouble in self._of.values()]


def pause_after(tries: int) -> float:
    """Seconds to wait after so many tries."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 10)))
