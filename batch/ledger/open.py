"""A ledger by its place: a file, or a database that many machines share."""

from pathlib import Path
from typing import TYPE_CHECKING

from batch.config import Database, Place
from batch.ledger.ledger import Ledger, Now, utc_now
from batch.ledger.queries import LedgerReader
from batch.ledger.sqlite.connection import SqliteSession
from batch.ledger.sqlite.opening import network_disk, open_readable, open_writable
from batch.ledger.sqlite.reserve import Reserve
from batch.ledger.writer import Writer

if TYPE_CHECKING:
    from batch.ledger.postgres.lease import Lease


def open_ledger(
    place: Place, *, read_only: bool = False, now: Now = utc_now, lease: "Lease | None" = None
) -> Ledger:
    """The ledger at a place, made where there is none; close it, or use `async with`.

    Raises LedgerError where it is damaged, unwritable, newer or another program's. With read_only
    nothing is written, not even the file, and every write is refused. With a `lease` on a store in
    a database, every write is refused once the store is another's; see `open_owned_ledger`.
    """
    if isinstance(place, Database):
        from batch.ledger.postgres import opening as postgres

        if read_only:
            return Ledger(postgres.open_readable(place), place, None, "", now)
        session = postgres.open_writable(place)
        try:
            reader = postgres.open_readable(place)
        except BaseException:
            session.close()
            raise
        writer = Writer(session, lease.guard) if lease else Writer(session)
        return Ledger(reader, place, writer, session.advice, now, lease)
    path = place.absolute()
    if read_only:
        return Ledger(open_readable(path), path, None, _advice(path), now)
    writable, reserve = open_writable(path), Reserve(path)
    reserve.take()
    return Ledger(
        open_readable(path), path, Writer(SqliteSession(writable, reserve)), _advice(path), now
    )


def read_ledger(place: Place) -> LedgerReader:
    """The ledger at a place, read-only, without an event loop; use it as a context manager.

    Where there is none it is empty, and none is made. Raises LedgerError as `open_ledger` does.
    """
    if isinstance(place, Database):
        from batch.ledger.postgres import opening as postgres

        return LedgerReader(postgres.open_readable(place), place)
    return LedgerReader(open_readable(place.absolute()), place.absolute())


def _advice(path: Path) -> str:
    if kind := network_disk(path):
        return (
            f"The ledger {path} lies on a network disk ({kind}), where a crash can damage it: "
            "set SHIPBATCH_HOME to a folder on a local disk."
        )
    return ""
