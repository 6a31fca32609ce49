"""What is done every so many seconds, beside what files bring."""

import math


class Timer:
    """Due at once, and again so many seconds after each `restart`; moments are of the caller's clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due = -math.inf

    def is_due(self, now: float) -> bool:
        """Whether it is time."""
        return now >= self._due

    def restart(self, now: float) -> None:
        """It has been done now."""
        self._due = now + self._seconds
