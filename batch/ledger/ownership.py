"""Opening the ledger as a runner: with no other runner of the store at the same time."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch.config import Database, Place
from batch.ledger.ledger import Ledger
from batch.ledger.locks import store_lock
from batch.ledger.open import open_ledger

if TYPE_CHECKING:
    import psycopg


@asynccontextmanager
async def open_owned_ledger(
    place: Place,
    store: str,
    home: Path,
    wait: float,
    waiting: Callable[[str], None],
    shared_home: Path | None = None,
) -> AsyncIterator[Ledger]:
    """The ledger at a place, and its store ours alone: a file's lock, or a database's lease.

    Where it is taken, `waiting` is called once with its holder. `shared_home` is a folder that
    runners with other homes use too; see `locks.store_lock`. Raises CannotRunNow where the store is
    still taken after `wait` seconds, and LedgerError where no lock or lease can be had, or the
    ledger cannot be opened; see `open_ledger`.
    """
    if isinstance(place, Database):
        from batch.ledger.postgres.opening import make

        make(place)  # first: it says what is to be installed
        from batch.ledger.postgres.lease import acquire_lease

        async with (
            acquire_lease(lambda: _connect(place), store, home, wait, waiting) as lease,
            open_ledger(place, lease=lease) as ledger,
        ):
            yield ledger
    else:
        async with (
            store_lock(home, store, wait, waiting, shared_home),
            open_ledger(place) as ledger,
        ):
            yield ledger


def _connect(place: Database) -> "psycopg.Connection[Any]":
    from batch.ledger.postgres.connection import driver, ledger_error, open_link

    try:
        return open_link(place)
    except driver().Error as error:
        raise ledger_error(error, place) from error
