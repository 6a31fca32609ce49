"""One owner per store in PostgreSQL: a lease by the database's clock, fenced by an epoch.

The epoch is checked in the transaction of every write, so the ledger takes nothing from a former
owner; the lease is checked right before a request's first byte, so a former owner sends nothing
either.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

import psycopg

from batch.errors import CannotRunNow, LedgerError
from batch.ledger import connection as ledger
from batch.ledger.postgres.runners import (
    Connect,
    Connection,
    Runner,
    reap_dead_runners,
    register_runner,
    still_running,
)

LEASE = 30.0  # seconds from a renewal until another runner may take the store
RENEW = 5.0  # seconds between two renewals
# seconds before its end in which nothing more is sent: for what lies between the look and the wire
MARGIN = 5.0
POLL = 0.5  # seconds between two tries to take a store

_TAKE = (
    "INSERT INTO owners AS held (store, epoch, runner, until) VALUES (%(store)s, 1, %(runner)s,"
    " clock_timestamp() + make_interval(secs => %(lease)s))"
    " ON CONFLICT (store) DO UPDATE"
    " SET epoch = held.epoch + 1, runner = excluded.runner, until = excluded.until"
    " WHERE held.runner IS NULL OR held.until < clock_timestamp() RETURNING epoch"
)
_RENEW = (
    "UPDATE owners SET until = clock_timestamp() + make_interval(secs => %(lease)s)"
    " WHERE store = %(store)s AND epoch = %(epoch)s AND runner = %(runner)s"
)
_LATER = "Nothing was sent. Run the same call again when it has ended, or give a longer --wait."


class LeaseLost(LedgerError):
    """The store has another owner: this one, paused or cut off for too long, does no more."""


def clock() -> float:
    """Seconds that also count while the machine sleeps, where the system can tell."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class Lease:
    """A store that belongs to this runner while its renewals get through."""

    def __init__(
        self, connect: Connect, store: str, runner: str, epoch: int, *, sure_until: float
    ) -> None:
        self.store, self.runner, self.epoch = store, runner, epoch
        self._connect = connect
        self._sure_until = sure_until
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="store lease", daemon=True)

    def sure(self) -> bool:
        """Whether no other runner can have the store."""
        return clock() < self._sure_until

    def guard(self, connection: ledger.Connection) -> None:
        """Raises LeaseLost where the store is another's; else it stays ours until the commit."""
        # The runner, too: a database that was put back from a copy gives an epoch a second time.
        sql = "SELECT 1 FROM owners WHERE store = ? AND epoch = ? AND runner = ? FOR SHARE"
        if connection.execute(sql, (self.store, self.epoch, self.runner)).fetchone() is None:
            self._sure_until = 0.0
            raise LeaseLost(
                f"Another runner has taken over {self.store}: "
                "this one was paused, or cut off from the database.",
                "Nothing here: the other goes on with the store. "
                "What was under way it settles before it sends.",
            )

    def start(self) -> None:
        """Renew in a thread of its own from now on: a busy event loop must not lose the store."""
        self._thread.start()

    def end(self) -> None:
        """Stop renewing."""
        self._ended.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ended.is_set():
            # An unreachable database is tried again; the clock says if the lease still holds.
            with suppress(psycopg.Error, LedgerError), self._connect() as connection:
                while not self._ended.wait(RENEW):
                    self.renew(connection)
            self._ended.wait(RENEW / 5)

    def renew(self, connection: Connection) -> None:
        """Extend the lease, if the store is still ours."""
        asked = clock()  # before the database sees it: ours ends no later than the database's
        words = {"lease": LEASE, "store": self.store, "epoch": self.epoch, "runner": self.runner}
        held = connection.execute(_RENEW, words).rowcount
        self._sure_until = asked + LEASE - MARGIN if held else 0.0


@asynccontextmanager
async def acquire_lease(
    connect: Connect, store: str, home: Path, wait: float, waiting: Callable[[str], None]
) -> AsyncIterator[Lease]:
    """The only owner of a store, for as long as the block lasts.

    Where another runner has it, `waiting` is called once with its name. Raises CannotRunNow after
    `wait` seconds. `home` holds the lock file by which this machine's other runners can tell that
    this one has died.
    """
    with ExitStack() as stack:
        runner = stack.enter_context(register_runner(connect, home))
        with await _connection(connect) as connection:
            lease = await _take(connection, connect, store, runner, wait, waiting)
        lease.start()
        try:
            yield lease
        finally:
            await asyncio.to_thread(lease.end)


async def _connection(connect: Connect) -> Connection:
    """A connection, opened in a thread; closed again where nobody waits for it any more."""
    making = asyncio.get_running_loop().run_in_executor(None, connect)
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(_close)
        raise


def _close(made: asyncio.Future[Connection]) -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().close()


async def _take(
    connection: Connection,
    connect: Connect,
    store: str,
    runner: str,
    wait: float,
    waiting: Callable[[str], None],
) -> Lease:
    loop_time = asyncio.get_running_loop().time
    until, told = loop_time() + wait, False
    while True:
        asked = clock()
        await asyncio.to_thread(reap_dead_runners, connection)
        words = {"store": store, "runner": runner, "lease": LEASE}
        row = (await asyncio.to_thread(connection.execute, _TAKE, words)).fetchone()
        if row is not None:
            return Lease(connect, store, runner, row[0], sure_until=asked + LEASE - MARGIN)
        who = await asyncio.to_thread(owner, connection, store)
        if loop_time() >= until:
            raise CannotRunNow(
                f"Another runner of {store} is at work: {who or 'it is ending'}.", _LATER
            )
        if who and not told:
            waiting(str(who))
            told = True
        await asyncio.sleep(min(POLL, max(0.0, until - loop_time())))


def owner(connection: Connection, store: str) -> Runner | None:
    """The owner of a store."""
    row = connection.execute("SELECT runner FROM owners WHERE store = %s", (store,)).fetchone()
    return still_running(connection, row[0]) if row and row[0] else None
