"""The project's one fake clock: an event loop over real sockets whose time jumps instead of
passing.
"""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any

SETTLING = 0.0001  # real seconds for what was just written to a socket to become readable
GLANCE = 0.005  # real seconds between two looks while a thread works
SPIN = 200  # turns of the loop in a row that cost no time; more are a wait for time itself
BLINK = 1e-6  # virtual seconds that so many turns take
DEADLOCK = 60.0  # real seconds without an event and without a timer: the test would hang


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs until nothing is left to do but wait for a timer; then it is that timer's time.

    Sockets, threads and processes are real, only `loop.time()` is not: it starts at 0 and moves by
    jumps alone. Time stands still while an executor's thread works, and while one of the callables
    in `busy` says so: add one for every thread of your own (`loop.busy.append(ledger.writing)`),
    else its work takes for ever in virtual time.
    """

    def __init__(self, *busy: Callable[[], bool]) -> None:
        self.busy = list(busy)
        self.jumps = 0
        self._now = 0.0
        self._in_threads = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        """Let time pass with nothing happening in it."""
        self._now += seconds
        self.jumps += 1

    def waits_for_others(self) -> bool:
        """Whether a thread works whose result is still to come."""
        return self._in_threads > 0 or any(works() for works in self.busy)

    def run_in_executor(
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._back)
        return future

    async def shutdown_default_executor(self, *timeout: Any) -> None:
        self._in_threads += 1  # Python 3.12 and later give the threads 300 seconds for it
        try:
            await super().shutdown_default_executor(*timeout)
        finally:
            self._in_threads -= 1

    def _back(self, _future: asyncio.Future[Any]) -> None:
        self._in_threads -= 1


class _Selector(selectors.DefaultSelector):
    """Polls the real sockets; what would be a wait for a timer becomes a jump."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop
        self._spins = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        self._spins = 0 if events or timeout != 0 else self._spins + 1
        if events or timeout == 0:
            # who waits for a moment too short for a float would wait for ever
            if self._spins >= SPIN:
                self._loop.jump(BLINK)
                self._spins = 0
            return events
        if timeout is None:  # no timer at all: only a socket, a thread or a process can go on
            events = super().select(DEADLOCK)
            assert events, (
                f"Nothing has happened for {DEADLOCK:g} real seconds, and nothing is planned."
            )
            return events
        while self._loop.waits_for_others():
            if events := super().select(GLANCE):
                return events
        if len(self.get_map()) > 1:  # there are sockets besides the loop's own
            time.sleep(SETTLING)
            events = super().select(0)
        if not events:
            self._loop.jump(timeout)
        return events
