"""Opening the ledger in PostgreSQL, for writing or reading, after a look at the server."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from batch.config import Database
from batch.errors import LedgerError
from batch.ledger import migrations
from batch.ledger.connection import Connection
from batch.ledger.postgres.connection import REASONS, SCHEMA, PostgresConnection, PostgresReader
from batch.ledger.postgres.schema import bring_up_to_date, check_version, version_of
from batch.ledger.postgres.session import PostgresSession, WritingConnection
from batch.ledger.sqlite import opening

C = TypeVar("C", bound=PostgresConnection)


@contextmanager
def _close_unless_used(connection: C) -> Iterator[C]:
    """A connection that stays open where the block succeeds; database errors are explained."""
    try:
        yield connection
    except BaseException as error:
        connection.close()
        if isinstance(error, connection.Error):
            raise connection.ledger_error(error) from error
        raise


def open_writable(place: Database) -> PostgresSession:
    """A session that may write, on a ledger of this version; made where there is none."""
    open_database(place).close()
    with _close_unless_used(WritingConnection(place)) as connection:
        return PostgresSession(connection, advice(connection))


def open_database(place: Database) -> PostgresConnection:
    """A connection to a ledger of this version, made or upgraded where it has to be."""
    with _close_unless_used(PostgresConnection(place)) as connection:
        bring_up_to_date(connection)
        return connection


def make(place: Database) -> None:
    """Make the ledger where there is none yet."""
    open_database(place).close()


def open_readable(place: Database) -> Connection:
    """A read-only connection; an empty ledger in memory where there is none; upgraded if older."""
    with _close_unless_used(PostgresReader(place)) as connection:
        found = version_of(connection)
        if found is not None:
            check_version(found, place)
            if found < migrations.version():
                open_database(place).close()
            return connection
    connection.close()
    return opening.empty(Path())


@dataclass(frozen=True, slots=True)
class Server:
    """What was found out about a server."""

    name: str
    advice: str


def server(place: Database) -> Server:
    """The server at a place. Raises LedgerError as `open_readable` does."""
    connection = PostgresReader(place)
    try:
        if version_of(connection) is None:
            _check_right(connection)
        return Server(f"PostgreSQL {_setting(connection, 'server_version')}", advice(connection))
    except connection.Error as error:
        raise connection.ledger_error(error) from error
    finally:
        connection.close()


def _check_right(connection: PostgresReader) -> None:
    """Raises LedgerError where the ledger has to be made and this user may not."""
    sql = (
        "SELECT coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace"
        " WHERE nspname = ?), has_database_privilege(current_database(), 'CREATE'))"
    )
    if not connection.execute(sql, (SCHEMA,)).fetchone()[0]:
        reason, todo = REASONS["42501"]
        raise LedgerError(f"The database {connection.place}: {reason}: make the ledger.", todo)


def advice(connection: Connection) -> str:
    """What a power cut at the server could undo, in words; empty where nothing."""
    unsafe = [name for name in ("fsync", "full_page_writes") if _setting(connection, name) == "off"]
    if not unsafe:
        return ""
    return (
        f"The database has {' and '.join(unsafe)} off: "
        "a power cut there can lose what was shipped. Switch it on."
    )


def _setting(connection: Connection, setting: str) -> Any:
    return connection.execute("SELECT current_setting(?)", (setting,)).fetchone()[0]
