"""Opening the ledger in PostgreSQL, to write or to read alone; the server, looked at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch.config import Database
from batch.errors import ShipbatchError
from batch.ledger import migrations, opening
from batch.ledger.connection import Connection
from batch.ledger.postgres import PostgresConnection, PostgresReader
from batch.ledger.postgres_schema import bring_up_to_date, check_version, version_of
from batch.ledger.postgres_writing import PostgresSession, WritingConnection


def open_writable(place: Database) -> PostgresSession:
    """A session that may write, to a ledger of this version; made where there is none."""
    prepared(place).close()
    connection = WritingConnection(place)
    try:
        return PostgresSession(connection, advice(connection))
    except connection.Error as error:
        connection.close()
        raise connection.explained(error) from error


def prepared(place: Database) -> PostgresConnection:
    """A connection to a ledger of this version; made where there is none, upgraded where it is older."""
    connection = PostgresConnection(place)
    try:
        bring_up_to_date(connection)
    except connection.Error as error:
        connection.close()
        raise connection.explained(error) from error
    except ShipbatchError:
        connection.close()
        raise
    return connection


def make(place: Database) -> None:
    """The ledger, where there is none yet."""
    prepared(place).close()


def open_readable(place: Database) -> Connection:
    """A connection that cannot write; an empty ledger in memory where there is none yet. An older one is upgraded."""
    connection = PostgresReader(place)
    try:
        found = version_of(connection)
        if found is not None:
            check_version(found, place)
            if found < migrations.version():
                prepared(place).close()
            return connection
    except connection.Error as error:
        connection.close()
        raise connection.explained(error) from error
    except ShipbatchError:
        connection.close()
        raise
    connection.close()
    return opening.empty(Path())


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it is found."""

    name: str
    advice: str


def server(place: Database) -> Server:
    """The server at a place; LedgerError as for `open_readable`."""
    connection = PostgresReader(place)
    try:
        return Server(f"PostgreSQL {_shown(connection, 'server_version')}", advice(connection))
    except connection.Error as error:
        raise connection.explained(error) from error
    finally:
        connection.close()


def advice(connection: Connection) -> str:
    """What a power cut on the server could undo; empty where nothing."""
    unsafe = [name for name in ("fsync", "full_page_writes") if _shown(connection, name) == "off"]
    if not unsafe:
        return ""
    return f"The database has {' and '.join(unsafe)} off: a power cut there can lose what was shipped. Switch it on."


def _shown(connection: Connection, setting: str) -> Any:
    return connection.execute("SELECT current_setting(?)", (setting,)).fetchone()[0]
