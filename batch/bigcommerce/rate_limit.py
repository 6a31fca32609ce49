"""How fast the store may be asked: a gate driven by the quota that its answers report."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from batch.bigcommerce.backoff import SLOWEST, RefusalPause, Trickle
from batch.bigcommerce.concurrency import Concurrency
from batch.bigcommerce.quota_window import TICK, QuotaHeaders, QuotaWindow
from batch.bigcommerce.response import Phase, Response
from batch.bigcommerce.verdict import NO_WORD_WAIT, retry_after
from batch.primitives.backoff import Backoff

LONG = 45.0  # seconds; a person is told of a longer wait: no documented window is as long
MOST = 64  # in flight, where nobody says
BACKOFF = Backoff.doubling(1.0, 60.0)  # at least, from the second 429 in a row on


@dataclass(frozen=True, slots=True)
class _Decision:
    """Whether one more request may go now."""

    may_go: bool
    ask_again_in: float | None = None
    """Seconds after which it is worth asking again; None: only an answer can change it."""
    reason: str = ""
    """Why the store lets nothing through until then, for a person."""


_GO = _Decision(may_go=True)
_UNTIL_ANSWER = _Decision(may_go=False)


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
        self.waited = 0.0
        """Seconds for which nobody could be let go."""
        self._say = say
        self._said: set[str] = set()
        self._window: QuotaWindow | None = None
        self._answered = False
        self._pause = RefusalPause()
        self._trickle = Trickle()
        self._gate = asyncio.Lock()
        self._waiting = 0
        self._changed = asyncio.Event()
        self.concurrency = Concurrency(most, self._changed.set)

    @property
    def pace(self) -> dict[str, float]:
        """How fast the store let us go, so far; `quota_left` only where it says so."""
        pace = {"waited_seconds": round(self.waited, 1), "refusals": float(self.refusals)}
        return pace | ({"quota_left": float(self._window.left)} if self._window else {})

    def seconds_for(self, requests: int) -> float | None:
        """How long so many more requests take, as far as the quota goes; None where there is none."""
        if self._window is None:
            return self._trickle.seconds_for(requests)
        return self._window.seconds_for(requests, _now(), self.in_flight, self.reserve)

    @property
    def words(self) -> str:
        """The quota as a person reads it: `450 requests in 30 s`; empty where none is known."""
        return f"{self._window.quota:,} requests in {self._window.length:g} s" if self._window else ""

    async def acquire(self) -> None:
        """Wait until one more request is within the quota; first come, first served.

        Each admission ends with `report` (it was sent) or `release` (it was not needed).
        """
        if self.admit_now():
            return
        self._waiting += 1
        try:
            async with self._gate:
                began = _now()
                await self._trickle.acquire()
                while not (decision := self._decide()).may_go:
                    self._tell_of(decision)
                    self._changed.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(decision.ask_again_in):
                            await self._changed.wait()
                self.waited += _now() - began
                self.in_flight += 1
        finally:
            self._waiting -= 1

    def admit_now(self) -> bool:
        """Admit one more, if that needs no wait and nobody waits already."""
        if self._waiting or self._trickle.is_on or not self._decide().may_go:
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

    def _decide(self) -> _Decision:
        """Whether one more may go: no pause, a place among those on their way, and a request left of the quota."""
        now = _now()
        if (left := self._pause.seconds_left(now)) > 0:
            return _Decision(may_go=False, ask_again_in=max(left, TICK), reason="it answers 429")
        if self._pause.in_a_row or not self._answered:  # one alone finds out how the store is
            return _UNTIL_ANSWER if self.in_flight else _GO
        if not self.concurrency.may_prepare(self.in_flight - self.concurrency.busy):
            return _UNTIL_ANSWER
        if self._window is None:
            return _GO
        if now >= self._window.ends_before:
            self._window = self._window.next(self.in_flight)
        if self._window.free_now(self.in_flight, self.reserve) >= 1:
            return _GO
        if not self._window.heard:
            return _UNTIL_ANSWER
        # What is in flight may still bring news of a later window: then nobody is told of this one's end.
        reason = "" if self.in_flight else f"its quota of {self.words} is used up, as it says"
        return _Decision(may_go=False, ask_again_in=max(self._window.ends_before - now, TICK), reason=reason)

    def _observe(self, sent: float, reply: Response) -> None:
        """Learn from an answer that is no refusal, or from none."""
        if reply.phase is Phase.NOT_SENT:
            return
        headers = self._read_headers(sent, reply)
        if headers:
            self._window = self._window.learn(headers) if self._window else QuotaWindow.of(headers)
            self._trickle.turn_off()
        elif self._window and (self._window.heard or reply.status is not None):
            self._window = self._window.learn(self._window.assumed_headers(sent, _now()))
        self._trickle.speed_up(_now())
        if headers or reply.status is not None or self._window:
            self._answered = True
        if reply.status is not None:
            self._pause.report_answer(sent)

    def _back_off(self, sent: float, reply: Response) -> None:
        """Stop everyone for as long as the store says, and longer each time it happens again."""
        self.refusals += 1
        now = _now()
        asked, headers = retry_after(reply.headers), self._read_headers(sent, reply)
        window_ends = headers.ends[1] if headers and headers.until is not None else now
        self._pause.extend(sent, now, NO_WORD_WAIT if asked is None else asked, window_ends)
        if not headers:
            self.concurrency.report_failure(sent, now)
        if window := self._window or (QuotaWindow.of(headers) if headers else None):
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
        self._trickle.slow_down(_now())
        self._tell(f"{why}: it is asked {SLOWEST:g} times a second, and faster when that goes well.")

    def _tell_of(self, decision: _Decision) -> None:
        """Tell the person why nothing goes, where it lasts."""
        wait = decision.ask_again_in or 0.0
        if decision.reason and wait > LONG:
            self._tell(
                f"The store lets no request through: {decision.reason}. It is asked again in {wait / 60:.0f} min; "
                "Ctrl-C ends the run, and the same call goes on where it stopped."
            )

    def _tell(self, line: str) -> None:
        """Say it, once."""
        if line not in self._said:
            self._said.add(line)
            self._say(line)


def _now() -> float:
    return asyncio.get_running_loop().time()
