"""How long to wait before something is tried again: longer each time, up to a longest pause."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait after one failed try, after two, and so on; after more than are listed, the last."""

    pauses: tuple[float, ...]

    @classmethod
    def doubling(cls, first: float, longest: float) -> "Backoff":
        """Twice as long each time, from `first` to `longest` seconds."""
        pauses = [first]
        while pauses[-1] < longest:
            pauses.append(min(longest, 2 * pauses[-1]))
        return cls(tuple(pauses))

    def pause(self, failed: int) -> float:
        """Seconds to wait after so many failed tries; 0 where none has failed."""
        return self.pauses[min(failed, len(self.pauses)) - 1] if failed > 0 else 0.0

    def jittered(self, failed: int) -> float:
        """Full jitter: from nothing to that pause, so that many workers do not come back together."""
        return random.uniform(0, self.pause(failed))  # noqa: S311  no secret hangs on it
