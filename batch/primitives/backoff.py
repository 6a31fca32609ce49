"""How long to wait before another try: longer each time, up to a longest pause."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds to wait after one failed try, after two, and so on; the last for all further ones."""

    pauses: tuple[float, ...]

    @classmethod
    def doubling(cls, first: float, longest: float) -> "Backoff":
        """Doubling from `first` to `longest` seconds."""
        pauses = [first]
        while pauses[-1] < longest:
            pauses.append(min(longest, 2 * pauses[-1]))
        return cls(tuple(pauses))

    def pause(self, failed: int) -> float:
        """Seconds to wait after so many failed tries; 0 after none."""
        return self.pauses[min(failed, len(self.pauses)) - 1] if failed > 0 else 0.0

    def jittered(self, failed: int) -> float:
        """Full jitter: from 0 to that pause, so that many workers do not come back together."""
        return random.uniform(0, self.pause(failed))  # noqa: S311  no secret hangs on it
