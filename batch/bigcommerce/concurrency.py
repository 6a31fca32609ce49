"""How many requests may be in flight at once, found by measuring how long answers take."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from statistics import median

FIRST = 8  # on their way until something has been measured, and never fewer
SLOWER = 2.0  # times the quickest: answers that take longer wait for one another
LESS = 0.4  # of as many are left then: fewer than the store has just been seen to answer quickly
CUTS = 3  # how many such cuts back the quickest is remembered


class _Pace:
    """How quickly one kind of request is answered."""

    def __init__(self) -> None:
        self.round: list[float] = []
        self.quickest: deque[float] = deque([float("inf")], maxlen=CUTS)
        """The quickest round since each of the last cuts."""

    def close(self) -> float:
        """End a round; returns how many times the quickest round it took."""
        typical = median(self.round)
        self.round.clear()
        self.quickest[-1] = min(self.quickest[-1], typical)
        return typical / max(min(self.quickest), 1e-9)


class Concurrency:
    """More while answers come as quickly as to a few; less than half once they take twice as long.

    Each cut measures again how quickly the store can answer, so that a store that became slower for
    good is not taken for a busy one for ever. Kinds are measured separately: a page of 250 orders
    takes longer than a shipment. Used as an async context manager, around each request.
    """

    def __init__(self, most: int, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called when one more is in flight."""
        self.limit = min(FIRST, most)
        self.ahead = self.limit
        """How many may prepare beside those in flight: enough that no place stays free."""
        self._least, self._most, self._changed = self.limit, most, changed
        self._paces: defaultdict[str, _Pace] = defaultdict(_Pace)
        self._doubling = True  # until the first cut
        self.busy = 0
        """Requests in flight."""
        self._queue: deque[asyncio.Future[None]] = deque()
        self._held_back = False  # whether someone was not let ahead since
        self._used = False  # whether the limit was reached in this round
        self._since = float("-inf")

    async def __aenter__(self) -> None:
        """Take a place in flight; first come, first served."""
        if self.busy < self.limit and not self._queue:
            self.busy += 1
        else:
            await self._wait_for_place()
        self._used |= self.busy >= self.limit
        self._changed()

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def may_prepare(self, ready: int) -> bool:
        """Whether one more may prepare, beside so many that do or are about to."""
        self._held_back |= ready >= self.ahead
        return ready < self.ahead

    async def _wait_for_place(self) -> None:
        called = asyncio.get_running_loop().create_future()
        self._queue.append(called)
        try:
            await called  # with it comes the place
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        self.busy -= 1
        if self._held_back and not self._queue:
            self.ahead, self._held_back = min(self.ahead + 1, self._most), False
        elif len(self._queue) > 2 * self.limit:
            self.ahead = max(self.ahead - 1, self._least)
        while self._queue and self.busy < self.limit:
            if not (called := self._queue.popleft()).done():
                self.busy += 1
                called.set_result(None)

    def report_answer(self, kind: str, sent: float, now: float) -> None:
        """Count an answer; a round is as many answers as may be in flight."""
        if sent < self._since:  # it went while more were allowed
            return
        pace = self._paces[kind]
        pace.round.append(now - sent)
        if len(pace.round) >= max(self.limit, 2 * FIRST):
            self._judge(pace.close(), now)

    def report_failure(self, sent: float, now: float) -> None:
        """Count a missing answer, or one of an overloaded store, as a slow one."""
        if sent >= self._since:
            self._cut(now)

    def _judge(self, times: float, now: float) -> None:
        if times > SLOWER:
            self._cut(now)
        elif self._used:
            step = self.limit if self._doubling else max(1, self.limit // 8)
            self.limit = min(self._most, self.limit + step)
        self._used = False

    def _cut(self, now: float) -> None:
        self.limit = max(self._least, int(self.limit * LESS))
        self._doubling, self._used, self._since = False, False, now
        for pace in self._paces.values():
            pace.round.clear()
            pace.quickest.append(float("inf"))
