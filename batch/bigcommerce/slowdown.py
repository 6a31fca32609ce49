"""How requests are slowed where the quota does not: after refusals, or without a known quota."""

from aiolimiter import AsyncLimiter

from batch.bigcommerce.quota_window import LENGTH
from batch.primitives.backoff import Backoff

# requests a second: the smallest plan's 150 in 30 s, where a store refuses and tells no quota
SLOWEST = 5.0
STEEPEST = 200.0  # requests a second; beyond it only the store's own speed is a limit
PAUSE = Backoff.doubling(1.0, 60.0)  # at least, from the second refusal in a row on


class RefusalPause:
    """Everyone waits after a 429: as long as the store says, and longer each time in a row.

    Times are the event loop's, in seconds.
    """

    def __init__(self) -> None:
        self.in_a_row = 0
        """429s since the last other answer; those of requests in flight together count once."""
        self._began = self._ends = float("-inf")

    def seconds_left(self, now: float) -> float:
        """Seconds for which nobody may go; 0 or less once it is over."""
        return self._ends - now

    def extend(self, sent: float, now: float, asked: float, window_ends: float) -> None:
        """Note a refusal of a request sent at `sent`; `asked`: least seconds the store wants."""
        if sent > self._began:  # else it was in flight when another's refusal came
            self.in_a_row += 1
            self._began = now
        self._ends = max(self._ends, now + max(asked, PAUSE.pause(self.in_a_row - 1)), window_ends)

    def report_answer(self, sent: float) -> None:
        """Note another answer: the row of refusals ends if the request was sent after the last."""
        if sent > self._began:
            self.in_a_row = 0


class Trickle:
    """An even pace for a store without a quota, doubled after each quiet window; off at first."""

    def __init__(self) -> None:
        self._limiter: AsyncLimiter | None = None
        self._changed_at = float("-inf")

    @property
    def is_on(self) -> bool:
        return self._limiter is not None

    def seconds_for(self, requests: int) -> float | None:
        """Seconds that so many requests take at this pace; None where it is off."""
        return requests * self._limiter.time_period if self._limiter else None

    async def acquire(self) -> None:
        """Wait for the next place; at once where it is off."""
        if self._limiter:
            await self._limiter.acquire()

    def slow_down(self, now: float) -> None:
        """Slow to the smallest plan's pace or below; a bucket of one, so that no burst hides."""
        if self._limiter is None or self._limiter.time_period < 1 / SLOWEST:
            self._limiter = AsyncLimiter(1, 1 / SLOWEST)
        self._changed_at = now

    def speed_up(self, now: float) -> None:
        """Double the pace after a quiet window, up to the store's own speed."""
        if self._limiter and now > self._changed_at + LENGTH:
            faster = 2 * self._limiter.max_rate / self._limiter.time_period
            self._limiter = AsyncLimiter(1, 1 / faster) if faster < STEEPEST else None
            self._changed_at = now

    def turn_off(self) -> None:
        """Switch off: from here on the store's own quota sets the pace."""
        self._limiter = None
