"""How fast the store may be asked: a gate driven by the quota that its answers report."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from aiolimiter import AsyncLimiter

from batch.bigcommerce.answers import LONGEST_WAIT, NO_WORD_WAIT, retry_after
from batch.bigcommerce.parsing import whole
from batch.bigcommerce.reply import Phase, Reply

UNTOLD_INTERVAL = 0.2  # seconds between requests to a store that reports no quota: the smallest plan's 150 in 30 s
WINDOW = 30.0  # seconds; the documented window, where an answer does not say it
TICK = 0.001  # seconds; the headers are no finer, and cut off what is
AHEAD = 0.1  # share of the last quota that may go before a fresh window has been heard of


@dataclass(slots=True)
class _Window:
    """What is known of the store's current window. Times are the loop's.

    `left` falls with every request that the store works on, so the smallest one seen is the latest
    and has every answered request in it; only those in flight may still be missing from it.
    """

    quota: int
    left: int
    ends_after: float
    """The window ends between this moment and the next: an answer tells it only to within its own time."""
    ends_before: float
    length: float
    heard: bool = True
    """False: it should have begun by now, and no answer has said so."""

    @classmethod
    def reported(cls, headers: Mapping[str, str], sent: float, now: float) -> "_Window | None":
        """The window an answer tells of; None where it tells of none that makes sense."""
        left, quota, reset, length = (
            whole(headers.get(f"x-rate-limit-{name}", "").strip())
            for name in ("requests-left", "requests-quota", "time-reset-ms", "time-window-ms")
        )
        if left is None or (quota is not None and quota <= 0):
            return None
        seconds = min(length / 1000, LONGEST_WAIT) if length and length > 0 else WINDOW
        until = min(reset / 1000, LONGEST_WAIT) if reset is not None and reset >= 0 else seconds
        quota = max(left, 1) if quota is None else quota
        return cls(quota, max(0, min(left, quota)), sent + until, now + until + TICK, seconds)

    def merge(self, other: "_Window") -> "_Window":
        """What both tell: the later window, or both views of one."""
        slack = min(self.length, other.length) / 4  # clocks in whole seconds, milliseconds cut off
        if not self.heard or other.ends_after > self.ends_before + slack:
            return other
        if other.ends_before < self.ends_after - slack:
            return self
        return _Window(
            other.quota,
            min(self.left, other.left),
            max(self.ends_after, other.ends_after),
            min(self.ends_before, other.ends_before),
            other.length,
        )

    def next(self) -> "_Window":
        """The window after this one, of which nothing has been heard yet."""
        return _Window(self.quota, self.quota, 0.0, float("inf"), self.length, heard=False)

    def spare(self, in_flight: int, reserve: float) -> int:
        """Requests that may still go in it."""
        if not self.heard:
            return max(1, int(self.quota * AHEAD)) - in_flight
        return self.left - in_flight - int(self.quota * reserve)


class Quota:
    """Lets requests go as fast as the store's own quota allows, and never one over it.

    A share of each window, `reserve`, is left to the store's other apps. Before the first answer
    one request goes at a time; one 429 stops everyone for as long as the store says.
    """

    def __init__(self, reserve: float = 0.10) -> None:
        self.reserve = reserve
        self.requests = 0
        """Requests sent."""
        self.in_flight = 0
        self.refusals = 0
        """429s seen."""
        self.pauses = 0
        """Times that a 429 stopped everyone."""
        self.waited = 0.0
        """Seconds for which nobody could be let go."""
        self._window: _Window | None = None
        self._untold = False  # whether the store's answers are without a quota
        self._paused_at = self._paused_until = float("-inf")
        self._refused_since: float | None = None
        self._in_a_row = 0
        self._gate = asyncio.Lock()
        self._changed = asyncio.Event()
        self._slope = AsyncLimiter(1, UNTOLD_INTERVAL)

    @property
    def refused_for(self) -> float:
        """Seconds for which the store has had no answer but 429; 0 when it answers."""
        return 0.0 if self._refused_since is None else _now() - self._refused_since

    @property
    def pace(self) -> dict[str, float]:
        """How fast the store let us go, so far; `quota_left` only where it says so."""
        told = {"waited_seconds": round(self.waited, 1), "refusals": float(self.refusals)}
        return told | ({"quota_left": float(self._window.left)} if self._window else {})

    async def admit(self) -> None:
        """Wait until one more request is within the quota; first come, first served.

        Each admission ends with `settle` (it was sent) or `give_back` (it was not needed).
        """
        async with self._gate:
            began = _now()
            if self._untold:
                await self._slope.acquire()
            while (wait := self._wait()) != 0:
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
            self.waited += _now() - began
            self.in_flight += 1

    def give_back(self) -> None:
        """Return an admission unused."""
        self.in_flight -= 1
        self._changed.set()

    def settle(self, sent: float, reply: Reply) -> None:
        """Learn from what came of an admitted request; `sent` is the loop's time when it went."""
        self.in_flight -= 1
        self.requests += reply.phase is not Phase.NOT_SENT
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._refused(sent, reply)
        else:
            self._observe(sent, reply)
        self._changed.set()

    def _wait(self) -> float | None:
        """Seconds until it is worth asking again, 0 for go; None: until an answer comes."""
        now = _now()
        if now < self._paused_until:
            return max(self._paused_until - now, TICK)
        if self._in_a_row or (self._window is None and not self._untold):
            return None if self.in_flight else 0
        if self._window is None:
            return 0
        if now >= self._window.ends_before:
            self._window = self._window.next()
        if self._window.spare(self.in_flight, self.reserve) >= 1:
            return 0
        return max(self._window.ends_before - now, TICK) if self._window.heard else None

    def _observe(self, sent: float, reply: Reply) -> None:
        if told := _Window.reported(reply.headers, sent, _now()):
            self._window = self._window.merge(told) if self._window else told
            self._untold = False
        elif self._window and self._window.heard:
            self._window.left -= reply.phase is not Phase.NOT_SENT
        elif reply.phase is not Phase.NOT_SENT and (self._window or reply.status is not None):
            self._untold = True
        if reply.status is not None and sent > self._paused_at:
            self._in_a_row, self._refused_since = 0, None

    def _refused(self, sent: float, reply: Reply) -> None:
        """Stop everyone for as long as the store says, and longer each time it happens again."""
        self.refusals += 1
        now = _now()
        if sent > self._paused_at:  # else it was in flight when another's refusal came
            self._in_a_row += 1
            self.pauses += 1
            self._paused_at = now
            self._refused_since = now if self._refused_since is None else self._refused_since
        asked = retry_after(reply.headers)
        wait = max(NO_WORD_WAIT if asked is None else asked, _growing(self._in_a_row))
        self._paused_until = max(self._paused_until, now + wait)
        self._window = self._window.next() if self._window else None


def _growing(in_a_row: int) -> float:
    """Seconds to wait at least after so many 429s in a row: 0, 1, 2, 4, … 60."""
    return 0.0 if in_a_row < 2 else min(2.0 ** min(in_a_row - 2, 6), 60.0)


def _now() -> float:
    return asyncio.get_running_loop().time()
