"""A timer for what is done every so many seconds."""

import math


class Timer:
    """Due at once, and so many seconds after each `restart`; times are of the caller's clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = -math.inf

    def is_due(self, now: float) -> bool:
        """Whether it is time."""
        return now >= self._due

    def restart(self, now: float) -> None:
        """Count the seconds from now."""
        self._due = now + self._seconds
