"""Which files could not be run, how often, and when each is tried again."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from batch.primitives.backoff import Backoff

TRIES = 3  # in a row on one file, before others go first
AGAIN = 5.0  # seconds before a file that somebody has open is tried again
BACKOFF = Backoff.doubling(15.0, 120.0)  # before a file that failed is tried again


@dataclass(frozen=True, slots=True)
class _Retry:
    tries: int
    due: float


class Retries:
    """Files by their path; moments are seconds of the caller's clock."""

    def __init__(self) -> None:
        self._of: dict[Path, _Retry] = {}

    def tries(self, path: Path) -> int:
        """How often it has failed in a row."""
        return self._of[path].tries if path in self._of else 0

    def is_due(self, path: Path, now: float) -> bool:
        """Whether it may be run now."""
        return path not in self._of or now >= self._of[path].due

    def report_failure(self, path: Path, now: float) -> None:
        """It has failed once more: the pause doubles."""
        tries = self.tries(path) + 1
        self._of[path] = _Retry(tries, now + BACKOFF.pause(tries))

    def put_off(self, path: Path, until: float) -> None:
        """It is not to be run before `until`, and nothing has failed."""
        self._of[path] = _Retry(self.tries(path), until)

    def forget(self, path: Path) -> None:
        """It has been run."""
        self._of.pop(path, None)

    def keep_only(self, files: Collection[Path]) -> None:
        """Forget all but these files."""
        for path in self._of.keys() - set(files):
            del self._of[path]

    @property
    def due_times(self) -> list[float]:
        """When each may be run again."""
        return [retry.due for retry in self._of.values()]
