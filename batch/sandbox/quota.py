"""How many requests a store takes in a window, as each answer's headers say."""

import math
from dataclasses import dataclass

ROUNDING = 1e-6
"""Seconds by which a client's sums may miss the window's end."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A plan's quota; by default BigCommerce's Pro plan: 60,000 an hour."""

    requests: int = 450
    window: float = 30.0
    """Seconds."""
    others: int = 0
    """Requests that other apps of the store take from each window."""


class Window:
    """The current window; it begins with the first request after the last one ended."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._ends = float("-inf")
        self._spent = 0

    def spend(self, now: float) -> bool:
        """Take one request from the quota; False where it is used up (429)."""
        self._turn(now)
        if self._remaining() < 1:
            return False
        self._spent += 1
        return True

    def headers(self, now: float) -> dict[str, str]:
        """The four headers of every answer."""
        self._turn(now)
        return {
            "X-Rate-Limit-Time-Window-Ms": str(round(self.quota.window * 1000)),
            "X-Rate-Limit-Time-Reset-Ms": str(math.ceil((self._ends - now) * 1000)),
            "X-Rate-Limit-Requests-Quota": str(self.quota.requests),
            "X-Rate-Limit-Requests-Left": str(max(0, self._remaining())),
        }

    def retry_after(self, now: float) -> str:
        """Whole seconds until the next window, rounded up: `X-Retry-After`."""
        return str(math.ceil(self._ends - now))

    def _remaining(self) -> int:
        return self.quota.requests - self.quota.others - self._spent

    def _turn(self, now: float) -> None:
        if now > self._ends - ROUNDING:
            self._ends = now + self.quota.window
            self._spent = 0
