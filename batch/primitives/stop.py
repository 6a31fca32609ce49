"""One stop for all who wait: set once, with its reason."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any, TypeVar

from batch.errors import StopRequested

T = TypeVar("T")
BY_HAND = "it was stopped by hand"
"""The reason of a person at the keyboard: what is left waits for the same call only."""


class StopEvent:
    """Why the run must end before its work does; false until `set`, then true for good."""

    def __init__(self) -> None:
        self.reason = ""
        self.remedy = ""
        self._event = asyncio.Event()
        self._parts: set[StopEvent] = set()
        self._waits: set[_Wait] = set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self, why: str, todo: str = "") -> None:
        """Wake everyone who waits; the first reason stays, with what a person can do about it."""
        if not self:
            self.reason, self.remedy = why, todo
        self._event.set()
        for wait in self._waits:
            wait.break_off()
        for part in self._parts:
            part.set(why, todo)

    @contextmanager
    def part(self) -> Iterator["StopEvent"]:
        """A stop for part of the work: set with this one, or alone."""
        part = StopEvent()
        self._parts.add(part)
        try:
            if self:
                part.set(self.reason, self.remedy)
            yield part
        finally:
            self._parts.discard(part)

    async def wait(self) -> None:
        """Wait for the stop."""
        await self._event.wait()

    async def sleep(self, seconds: float) -> bool:
        """Sleep for some seconds; False where the stop came first."""
        return await self.unless(asyncio.sleep(seconds))

    async def interrupt(self, reading: Coroutine[Any, Any, T]) -> T:
        """Do work that may be broken off anywhere. Raises StopRequested if the stop came first."""
        found: list[T] = []

        async def keep() -> None:
            found.append(await reading)

        if not await self.unless(keep()):
            reading.close()
            why = "" if self.reason in ("", BY_HAND) else f": {self.reason.rstrip('.')}"
            raise StopRequested(
                f"Stopped before anything was sent{why}.",
                self.remedy or "Run it again when you like.",
            )
        return found[0]

    async def unless(self, waiting: Coroutine[Any, Any, None]) -> bool:
        """Wait for work; False, and it is cancelled, where the stop came first."""
        if self:
            waiting.close()
            return False
        wait = _Wait()
        self._waits.add(wait)
        try:
            await waiting
        except asyncio.CancelledError:
            if wait.broken_off and wait.task.uncancel() <= wait.cancelled_before:
                return False
            raise
        finally:
            self._waits.discard(wait)
            wait.over = True
        return True


class _Wait:
    """Wait in a task until the stop breaks it off, like `asyncio.timeout`, without a new task."""

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task
        self.task, self._loop = task, asyncio.get_running_loop()
        self.cancelled_before = task.cancelling()
        self.broken_off = self.over = False

    def break_off(self) -> None:
        """In a turn of its own, when the task is at its wait: it may be the one that stops."""
        self._loop.call_soon(self._cancel)

    def _cancel(self) -> None:
        if not (self.over or self.broken_off):  # a stop may be set more than once
            self.broken_off = True
            self.task.cancel()


async def run_in_thread(work: Callable[[], T]) -> T:
    """Work in its own thread: if it never ends, it delays neither a stop nor the exit."""
    return await asyncio.get_running_loop().run_in_executor(_OwnThread(), work)


class _OwnThread(Executor):
    """A new thread for each piece of work; nobody waits for it at exit."""

    def submit(self, work: Callable[..., T], /, *given: Any, **named: Any) -> "Future[T]":
        told: Future[T] = Future()

        def do() -> None:
            told.set_running_or_notify_cancel()
            try:
                told.set_result(work(*given, **named))
            except BaseException as error:  # noqa: BLE001  raised where it is waited for
                told.set_exception(error)

        threading.Thread(target=do, name="beside", daemon=True).start()
        return told
