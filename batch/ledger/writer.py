"""The one thread that writes the ledger: many units of work, one sync to disk."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from batch import crash
from batch.errors import LedgerError
from batch.ledger.base import IllegalMove
from batch.ledger.opening import explained
from batch.ledger.reserve import Reserve
from batch.ledger.together import Alike, Intend, Move

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

NEW_WORK = frozenset({"plan", "intent"})
"""What is no longer begun on a full disk."""

MOST = 4_096  # units after which a commit takes no more in: the first of them waits for all


_BUGS = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)  # of the unit, not of the disk


@dataclass(slots=True)
class _Unit:
    point: str
    work: Work[Any] | None
    """None: the last unit, which ends the thread."""
    waiter: asyncio.Future[Any]
    result: Any = None
    refusal: Exception | None = None


def _is_full(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL


class Writer:
    """Runs units of work in the order they came; each is on disk when its `write` returns.

    A unit that raises is undone alone. After a failed commit nothing more is written: what the
    disk holds is then known only by opening the ledger anew (a failed fsync is never retried).
    A full disk alone is known to have taken nothing: the reserve is given back to it, no new work
    is begun, and what is under way still gets its outcome.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, reserve: Reserve) -> None:
        self.pending = 0
        """Units handed in and not yet answered."""
        self._connection = connection
        self._path = path
        self._closed = False
        self._reserve = reserve
        self._full: Exception | None = None
        self._failure: sqlite3.Error | MemoryError | None = None
        self._turn: list[_Unit] = []
        """Handed in in this turn of the event loop."""
        self._queue: SimpleQueue[list[_Unit]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger writer", daemon=True)
        self._thread.start()

    async def write(self, point: str, work: Work[T]) -> T:
        """The work's result, once it is durable; its exception, once it is undone."""
        if self._closed:
            raise LedgerError(f"The ledger {self._path} is closed already.", "Report this: it is a fault of ours.")
        result: T = await self._hand_in(point, work)
        return result

    async def close(self) -> None:
        """Write what is queued, close the connection and end the thread."""
        if not self._closed:
            self._closed = True
            await self._hand_in("close", None)
            self._thread.join()

    def _hand_in(self, point: str, work: Work[Any] | None) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        unit = _Unit(point, work, loop.create_future())
        self.pending += 1
        if not self._turn:
            loop.call_soon(self._hand_over)
        self._turn.append(unit)
        return unit.waiter

    def _hand_over(self) -> None:
        # Once a turn: to wake the thread costs more than a unit does.
        self._queue.put(self._turn)
        self._turn = []

    def _run(self) -> None:
        last = False
        while not last:
            batch = self._next_batch()
            last = batch[-1].work is None
            self._commit(batch[:-1] if last else batch)
            if last:
                with suppress(sqlite3.Error):
                    self._connection.close()
            self._answer(batch)

    def _next_batch(self) -> list[_Unit]:
        batch = self._queue.get()
        with suppress(Empty):
            while len(batch) < MOST and batch[-1].work is not None:
                batch += self._queue.get_nowait()
        return batch

    def _commit(self, units: list[_Unit]) -> None:
        try:
            if units and self._failure is None:
                self._commit_together(units)
        except (sqlite3.Error, MemoryError) as error:
            with suppress(sqlite3.Error):
                self._connection.rollback()
            if _is_full(error) and self._reserve.release():
                self._full = error
                self._commit(units)
                return
            self._failure = error
        if self._failure is not None:
            for unit in units:
                unit.refusal = explained(self._failure, self._path)

    def _commit_together(self, units: list[_Unit]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for kind, some in groupby(self._begun(units), lambda unit: isinstance(unit.work, Alike)):
            if kind:
                self._attempt_alike(list(some))
            else:
                for unit in some:
                    self._attempt(unit)
        written = [unit.point for unit in units if unit.refusal is None]
        for point in written:
            crash.point(f"before-{point}")
        self._connection.execute("COMMIT")
        for point in written:
            crash.point(f"after-{point}")

    def _begun(self, units: list[_Unit]) -> Iterator[_Unit]:
        for unit in units:
            unit.refusal = None
            if self._full and unit.point in NEW_WORK:
                unit.refusal = explained(self._full, self._path)
            else:
                yield unit

    def _attempt_alike(self, units: list[_Unit]) -> None:
        """In few statements; where one of them is refused, each alone, in the order they came."""
        if len(units) == 1 or not self._done_together(units):
            for unit in units:
                self._attempt(unit)

    def _done_together(self, units: list[_Unit]) -> bool:
        """Whether all could be done; else none is. Outcomes first: they free orders."""
        run = self._connection.execute
        run("SAVEPOINT together")
        try:
            done = all(self._are_done(kind, units) for kind in (Move, Intend))
        except sqlite3.IntegrityError:
            done = False
        if not done:
            run("ROLLBACK TO together")
        run("RELEASE together")
        return done

    def _are_done(self, kind: type[Move] | type[Intend], units: list[_Unit]) -> bool:
        some = [unit for unit in units if isinstance(unit.work, kind)]
        works: list[Any] = [unit.work for unit in some]
        results = kind.together(self._connection, works) if some else []
        for unit, result in zip(some, results or (), strict=False):
            unit.result = result
        return results is not None

    def _attempt(self, unit: _Unit) -> None:
        assert unit.work is not None
        run = self._connection.execute
        run("SAVEPOINT unit")
        try:
            unit.result = unit.work(self._connection)
        except sqlite3.IntegrityError as refused:
            unit.refusal = IllegalMove(f"The ledger {self._path} refuses it: {refused}.")
        except _BUGS as bug:
            unit.refusal = bug
        except (sqlite3.Error, MemoryError):  # the disk or the file: nothing of this commit can be trusted
            raise
        except Exception as refusal:  # noqa: BLE001  the caller's, and raised there
            unit.refusal = refusal
        if unit.refusal is not None:
            run("ROLLBACK TO unit")
        run("RELEASE unit")

    def _answer(self, batch: list[_Unit]) -> None:
        # One call for the whole batch: each call_soon_threadsafe is a system call of its own.
        with suppress(RuntimeError):  # the loop is gone, and nobody waits
            batch[0].waiter.get_loop().call_soon_threadsafe(self._wake, batch)

    def _wake(self, batch: list[_Unit]) -> None:
        self.pending -= len(batch)
        for unit in batch:
            if unit.waiter.done():  # given up by who waited; what was written stays written
                continue
            if unit.refusal is None:
                unit.waiter.set_result(unit.result)
            else:
                unit.waiter.set_exception(unit.refusal)
