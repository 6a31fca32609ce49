"""The event loop's clock with a calendar, so that a virtual loop moves the store's dates too."""

import asyncio
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache


class Clock:
    """Seconds of the running loop, and the date that they stand for."""

    def __init__(self) -> None:
        self._zero: float | None = None

    def now(self) -> float:
        """Seconds of the running loop."""
        return asyncio.get_running_loop().time()

    def second(self) -> int:
        """Now, in whole seconds since 1970."""
        now = self.now()
        if self._zero is None:
            self._zero = time.time() - now
        return int(self._zero + now)

    def date(self) -> str:
        """Now as the API writes it: `Wed, 13 Mar 2019 16:35:37 +0000`."""
        return _date(self.second())

    def http_date(self) -> str:
        """Now in the form of the `Date` header."""
        return _date(self.second()).replace("+0000", "GMT")


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))
