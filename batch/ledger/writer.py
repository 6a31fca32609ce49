"""The one thread that writes the ledger: many units of work, one sync to disk."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar

from batch.errors import LedgerError
from batch.ledger.bulk_moves import Alike, Intend, Move
from batch.ledger.connection import UNDO, Connection
from batch.ledger.contract import IllegalMove
from batch.ledger.soundness import Damage
from batch.primitives import failpoints

T = TypeVar("T")
Work = Callable[[Connection], T]
Guard = Callable[[Connection], None]


class Session(Protocol):
    """What the writer asks of either database."""

    @property
    def connection(self) -> Connection: ...

    most: int
    """Most units that share one commit: the first of them waits for all."""

    def begin(self, *, large: bool) -> None:
        """Begin a group; `large`: it may change any number of records."""

    def commit(self) -> None:
        """Make it durable. Any error: none of it is; a LedgerError: it is not known."""

    def roll_back(self) -> None: ...

    def recovers(self, error: Exception) -> bool:
        """Undo the group after an error; returns whether it may be tried again."""

    def refusal(self, point: str) -> LedgerError | None:
        """Why a unit must not be begun; None where it may."""

    def close(self) -> None: ...


def nobody_else(_: Connection) -> None:
    """The guard of a ledger that no second writer can reach."""


@dataclass(slots=True)
class _Unit:
    point: str
    work: Work[Any] | None
    """None: the last unit, which ends the thread."""
    waiter: asyncio.Future[Any]
    result: Any = None
    refusal: Exception | None = None


class Writer:
    """Runs units of work in the order they came; each is on disk when its `write` returns.

    A unit that raises is undone alone. Each group ends with the guard: what it raises refuses the
    whole group. After a failed commit from which the session does not recover, nothing more is
    written.
    """

    def __init__(self, session: Session, guard: Guard = nobody_else) -> None:
        self.pending = 0
        """Units queued and not yet answered."""
        self._session, self._guard = session, guard
        self.connection = session.connection
        self._closed = False
        self._failure: LedgerError | None = None
        self._next: list[_Unit] = []
        """Queued, and not yet given to the thread."""
        self._writing = False
        self._queue: SimpleQueue[list[_Unit]] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="ledger writer", daemon=True)
        self._thread.start()

    async def write(self, point: str, work: Work[T]) -> T:
        """The work's result, once it is durable; its exception, once it is undone."""
        if self._closed:
            raise LedgerError(
                "The ledger is closed already.", "Report this: it is a fault of ours."
            )
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
        if not self._writing and not self._next:
            loop.call_soon(self._hand_over)
        self.pending += 1
        self._next.append(unit)
        return unit.waiter

    def _hand_over(self) -> None:
        """Give the thread all that came while it was writing, and in the turn after its answer."""
        if self._next:
            self._writing, most = True, self._session.most
            self._queue.put(self._next[:most])
            del self._next[:most]

    def _run(self) -> None:
        last = False
        while not last:
            batch = self._queue.get()
            last = batch[-1].work is None
            self._commit(batch[:-1] if last else batch)
            if last:
                self._session.close()
            self._writing = False  # before the answer, which hands over what has come meanwhile
            self._answer(batch)

    def _commit(self, units: list[_Unit]) -> None:
        while units and self._failure is None:
            try:
                self._commit_together(units)
            except LedgerError as lost:
                self._failure = lost
            except (self.connection.Error, MemoryError) as error:
                self._failure = self._trouble(error)
            else:
                return
        for unit in units:
            unit.refusal = self._failure

    def _trouble(self, error: Exception) -> LedgerError | None:
        """What ends all writing; None where the session has recovered."""
        try:
            return None if self._session.recovers(error) else self.connection.ledger_error(error)
        except LedgerError as worse:
            return worse

    def _commit_together(self, units: list[_Unit]) -> None:
        self._session.begin(large=not all(isinstance(unit.work, Alike) for unit in units))
        for kind, some in groupby(self._begin(units), lambda unit: isinstance(unit.work, Alike)):
            if kind:
                self._attempt_alike(list(some))
            else:
                for unit in some:
                    self._attempt(unit)
        if not self._is_ours(units):
            return
        written = [unit.point for unit in units if unit.refusal is None]
        for point in written:
            failpoints.failpoint(f"before-{point}")
        self._session.commit()
        for point in written:
            failpoints.failpoint(f"after-{point}")

    def _begin(self, units: list[_Unit]) -> Iterator[_Unit]:
        for unit in units:
            unit.refusal = self._session.refusal(unit.point)
            if unit.refusal is None:
                yield unit

    def _attempt_alike(self, units: list[_Unit]) -> None:
        """In few statements; if one is refused, each unit alone, in the order they came."""
        if len(units) == 1 or not self._done_together(units):
            for unit in units:
                self._attempt(unit)

    def _done_together(self, units: list[_Unit]) -> bool:
        """Whether all could be done; else none is. Outcomes go first: they free orders."""
        run = self.connection.execute
        run("SAVEPOINT together")
        try:
            done = all(self._are_done(kind, units) for kind in (Move, Intend))
        except self.connection.IntegrityError:
            done = False
        if not done:
            run("ROLLBACK TO together")
        run("RELEASE together")
        return done

    def _are_done(self, kind: type[Move] | type[Intend], units: list[_Unit]) -> bool:
        some = [unit for unit in units if isinstance(unit.work, kind)]
        works: list[Any] = [unit.work for unit in some]
        results = kind.together(self.connection, works) if some else []
        for unit, result in zip(some, results or (), strict=False):
            unit.result = result
        return results is not None

    def _is_ours(self, units: list[_Unit]) -> bool:
        try:
            self._guard(self.connection)
        except (self.connection.Error, MemoryError):
            raise
        # The guard's word: it is raised where each unit came from.
        except Exception as refusal:  # noqa: BLE001
            self._session.roll_back()
            for unit in units:
                unit.refusal = refusal
            return False
        return True

    def _attempt(self, unit: _Unit) -> None:
        assert unit.work is not None
        run = self.connection.execute
        run("SAVEPOINT unit")
        try:
            unit.result = unit.work(self.connection)
        except self.connection.IntegrityError as refused:
            unit.refusal = IllegalMove(f"The ledger refuses it: {refused}.")
        except (self.connection.Error, MemoryError) as error:
            # the disk or the database: nothing of this commit can be trusted
            if not self.connection.is_bug(error):
                raise
            unit.refusal = error
        except Damage as damage:
            unit.refusal = self.connection.ledger_error(damage)
        except Exception as refusal:  # noqa: BLE001  the caller's, and raised there
            unit.refusal = refusal
        if unit.refusal is not None:
            run(UNDO)
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
        asyncio.get_running_loop().call_soon(self._hand_over)  # after those who are woken here
