"""How fast the store may be asked: a gate driven by the quota that its answers report."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from aiolimiter import AsyncLimiter

from batch.bigcommerce.concurrency import Concurrency
from batch.bigcommerce.quota_window import LENGTH, TICK, QuotaHeaders, QuotaWindow
from batch.bigcommerce.response import Phase, Response
from batch.bigcommerce.verdict import NO_WORD_WAIT, retry_after
from batch.primitives.backoff import Backoff

SLOWEST = 5.0  # requests a second: the smallest plan's 150 in 30 s, where a store refuses and tells no quota
STEEPEST = 200.0  # requests a second; beyond it only the store's own speed is a limit
LONG = 45.0  # seconds; a longer wait is told to the person: no documented window is as long
MOST = 64  # in flight, where nobody says
BACKOFF = Backoff.doubling(1.0, 60.0)  # at least, from the second 429 in a row on


class RateLimit:
    """Lets requests go as fast as the store's own quota allows, and never one over it.

    A share of each window, `reserve`, is left to the store's other apps. Before the first answer
    one request goes at a time; one 429 stops everyone for as long as the store says. A store that
    tells no quota is asked as fast as it answers; one that refuses all the same, or whose quota
    makes no sense, first five times a second, and twice as fast after each quiet window.
    """

    def __init__(
        self, reserve: float = 0.10, *, most: int = MOST, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self.reserve = reserve
        self.requests = 0
        """Requests sent."""
        self.in_flight = 0
        """Requests admitted and not yet settled."""
        self.refusals = 0
        """429s seen."""
        self.pauses = 0
        """Times that a 429 stopped everyone."""
        self.waited = 0.0
        """Seconds for which nobody could be let go."""
        self._say = say
        self._said: set[str] = set()
        self._window: QuotaWindow | None = None
        self._answered = False
        self._paused_at = self._paused_until = float("-inf")
        self._in_a_row = 0
        self._gate = asyncio.Lock()
        self._waiting = 0
        self._changed = asyncio.Event()
        self.concurrency = Concurrency(most, self._changed.set)
        self._trickle: AsyncLimiter | None = None
        self._sloped_at = float("-inf")

    @property
    def pace(self) -> dict[str, float]:
        """How fast the store let us go, so far; `quota_left` only where it says so."""
        told = {"waited_seconds": round(self.waited, 1), "refusals": float(self.refusals)}
        return told | ({"quota_left": float(self._window.left)} if self._window else {})

    def seconds_for(self, requests: int) -> float | None:
        """How long so many more requests take, as far as the quota goes; None where there is none."""
        if self._window is None:
            return requests * self._trickle.time_period if self._trickle else None
        return self._window.seconds_for(requests, _now(), self.in_flight, self.reserve)

    @property
    def words(self) -> str:
        """The quota as a person reads it: `450 requests in 30 s`; empty where none is known."""
        return f"{self._window.quota:,} requests in {self._window.length:g} s" if self._window else ""

    async def acquire(self) -> None:
        """Wait until one more request is within the quota; first come, first served.

        Each admission ends with `settle` (it was sent) or `give_back` (it was not needed).
        """
        if self.admit_now():
            return
        self._waiting += 1
        try:
            async with self._gate:
                began = _now()
                if self._trickle:
                    await self._trickle.acquire()
                while (wait := self._wait()) != 0:
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(wait):
                            await self._changed.wait()
                self.waited += _now() - began
                self.in_flight += 1
        finally:
            self._waiting -= 1

    def admit_now(self) -> bool:
        """Admit one more, if that needs no wait and nobody waits already."""
        if self._waiting or self._trickle or self._wait() != 0:
            return False
        self.in_flight += 1
        return True

    def release(self) -> None:
        """Return an admission unused."""
        self.in_flight -= 1
        self._changed.set()

    def report(self, sent: float, reply: Response, kind: str = "") -> None:
        """Learn from what came of an admitted request; `sent` is the loop's time when it went.

        Requests of one `kind` take about the same time where the store is not busy.
        """
        self.in_flight -= 1
        self.requests += reply.phase is not Phase.NOT_SENT
        if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
            self._back_off(sent, reply)
        else:
            self._observe(sent, reply)
        if reply.phase is Phase.ANSWERED and (reply.status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR:
            self.concurrency.report_answer(kind, sent, _now())
        elif reply.phase is not Phase.NOT_SENT:
            self.concurrency.report_failure(sent, _now())
        self._changed.set()

    def _wait(self) -> float | None:
        """Seconds until it is worth asking again, 0 for go; None: until an answer comes."""
        now = _now()
        if now < self._paused_until:
            self._tell_of(self._paused_until - now, "it answers 429")
            return max(self._paused_until - now, TICK)
        if self._in_a_row or not self._answered:
            return None if self.in_flight else 0
        if not self.concurrency.lets_ahead(self.in_flight - self.concurrency.busy):
            return None
        if self._window is None:
            return 0
        if now >= self._window.ends_before:
            self._window = self._window.next(self.in_flight)
        if self._window.spare(self.in_flight, self.reserve) >= 1:
            return 0
        if not self._window.heard:
            return None
        wait = max(self._window.ends_before - now, TICK)
        if not self.in_flight:
            self._tell_of(wait, f"its quota of {self.words} is used up, as it says")
        return wait

    def _observe(self, sent: float, reply: Response) -> None:
        if reply.phase is Phase.NOT_SENT:
            return
        if told := self._read_headers(sent, reply):
            self._window = self._window.learn(told) if self._window else QuotaWindow.of(told)
            self._trickle = None
        elif self._window and (self._window.heard or reply.status is not None):
            self._window = self._window.learn(self._window.untold(sent, _now()))
        if self._trickle and _now() > self._sloped_at + LENGTH:
            self._speed_up()
        if told or reply.status is not None or self._window:
            self._answered = True
        if reply.status is not None and sent > self._paused_at:
            self._in_a_row = 0

    def _back_off(self, sent: float, reply: Response) -> None:
        """Stop everyone for as long as the store says, and longer each time it happens again."""
        self.refusals += 1
        now = _now()
        if sent > self._paused_at:  # else it was in flight when another's refusal came
            self._in_a_row += 1
            self.pauses += 1
            self._paused_at = now
        asked, told = retry_after(reply.headers), self._read_headers(sent, reply)
        wait = max(NO_WORD_WAIT if asked is None else asked, BACKOFF.pause(self._in_a_row - 1))
        ends = told.ends[1] if told and told.until is not None else now
        self._paused_until = max(self._paused_until, now + wait, ends)
        if not told:
            self.concurrency.report_failure(sent, now)
        if window := self._window or (QuotaWindow.of(told) if told else None):
            self._window = window.next(self.in_flight)  # what a refusal says is left is not believed
        else:
            self._go_slowly("The store refuses requests (429) and tells no quota")

    def _read_headers(self, sent: float, reply: Response) -> QuotaHeaders | None:
        """What an answer says of the quota; what makes no sense is nothing, and a reason to be careful."""
        try:
            return QuotaHeaders.by(reply.headers, sent, _now())
        except ValueError as error:
            self._window = None
            self._go_slowly(f"The quota that the store tells makes no sense ({error})")
        return None

    def _go_slowly(self, why: str) -> None:
        """The smallest plan's pace, evenly: a bucket of one, so that no burst is hidden in it."""
        if self._trickle is None or self._trickle.time_period < 1 / SLOWEST:
            self._trickle = AsyncLimiter(1, 1 / SLOWEST)
        self._sloped_at = _now()
        self._tell(f"{why}: it is asked {SLOWEST:g} times a second, and faster when that goes well.")

    def _speed_up(self) -> None:
        """Twice as fast, or as fast as the store answers."""
        assert self._trickle
        faster = 2 * self._trickle.max_rate / self._trickle.time_period
        self._trickle = AsyncLimiter(1, 1 / faster) if faster < STEEPEST else None
        self._sloped_at = _now()

    def _tell_of(self, wait: float, why: str) -> None:
        if wait > LONG:
            self._tell(
                f"The store lets no request through: {why}. It is asked again in {wait / 60:.0f} min; "
                "Ctrl-C ends the run, and the same call goes on where it stopped."
            )

    def _tell(self, line: str) -> None:
        """Say it, once."""
        if line not in self._said:
            self._said.add(line)
            self._say(line)


def _now() -> float:
    return asyncio.get_running_loop().time()
