"""Opening the ledger in PostgreSQL: its schema made whole or not at all, its version and settings looked at."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from batch.config import Database
from batch.errors import LedgerError
from batch.ledger import opening
from batch.ledger.connection import Connection
from batch.ledger.opening import VERSION
from batch.ledger.postgres import SCHEMA, PostgresConnection, PostgresReader
from batch.ledger.postgres_writing import PostgresSession
from batch.model import MOVES

LOCK = 0x53484242  # advisory: held by every writer, by whoever changes the schema alone


def open_writable(place: Database) -> PostgresSession:
    """A session that may write, to a ledger of this version; made where there is none."""
    connection = prepared(place)
    try:
        return PostgresSession(connection, advice(connection))
    except connection.Error as error:
        connection.close()
        raise connection.explained(error) from error


def prepared(place: Database) -> PostgresConnection:
    """A connection that may write, to a ledger of this version; made where there is none."""
    connection = PostgresConnection(place)
    try:
        _prepare(connection)
    except connection.Error as error:
        connection.close()
        raise connection.explained(error) from error
    except LedgerError:
        connection.close()
        raise
    return connection


def make(place: Database) -> None:
    """The ledger, where there is none yet."""
    open_writable(place).close()


def open_readable(place: Database) -> Connection:
    """A connection that cannot write; an empty ledger in memory where there is none yet."""
    connection = PostgresReader(place)
    try:
        found = _version(connection)
        if found is not None:
            _check_version(found, place)
            return connection
    except connection.Error as error:
        connection.close()
        raise connection.explained(error) from error
    except LedgerError:
        connection.close()
        raise
    connection.close()
    return opening.empty(Path())


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it is found."""

    name: str
    version: int | None
    """Of the ledger; None where there is none yet."""
    advice: str


def server(place: Database) -> Server:
    """The server at a place; LedgerError as for `open_readable`."""
    connection = PostgresReader(place)
    try:
        return Server(f"PostgreSQL {_shown(connection, 'server_version')}", _version(connection), advice(connection))
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


def _prepare(connection: PostgresConnection) -> None:
    if _shown(connection, "synchronous_commit") == "off":
        connection.execute("SET synchronous_commit TO on")
    if _version(connection) != VERSION or _legal_moves() != _written_moves(connection):
        _make(connection)


def _make(connection: PostgresConnection) -> None:
    """The schema as this version has it, in one transaction; whoever comes second finds it made."""
    connection.execute("BEGIN")
    connection.execute("SELECT pg_advisory_xact_lock(?)", (LOCK,))
    found = _version(connection)
    if found is None:
        if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (SCHEMA,)).fetchone():
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for name in ("postgres.sql", "owners.sql"):
            connection.execute(files("batch.ledger").joinpath(name).read_text("utf-8"))
        connection.execute("INSERT INTO version VALUES (?)", (VERSION,))
    else:
        _check_version(found, connection.place)
    connection.execute(_moves_function())
    if found is None:
        connection.execute(
            "CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON records FOR EACH ROW"
            " WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION legal_moves()"
        )
    connection.execute("COMMIT")


def _version(connection: Connection) -> int | None:
    """The version of the ledger that is there; None where there is none."""
    # Not to_regclass: having looked in vain it may go on doing so, while another process has made the tables.
    sql = "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = 'version'"
    if connection.execute(sql, (SCHEMA,)).fetchone() is None:
        return None
    version: int = connection.execute("SELECT max(version) FROM version").fetchone()[0]
    return version


def _check_version(found: int, place: Database) -> None:
    if found > VERSION:
        raise LedgerError(
            f"The ledger in {place} was written by a newer shipbatch (its version is {found}, this one knows"
            f" {VERSION}).",
            "Update shipbatch; nothing was sent.",
        )


def _shown(connection: Connection, setting: str) -> Any:
    return connection.execute("SELECT current_setting(?)", (setting,)).fetchone()[0]


def _legal_moves() -> str:
    """`model.MOVES` as a function's body: the database refuses every other move, whoever asks."""
    legal = " OR ".join(f"OLD.state = '{old}' AND NEW.state = '{new}'" for old in MOVES for new in sorted(MOVES[old]))
    return (
        f" BEGIN IF NOT ({legal}) THEN RAISE EXCEPTION 'illegal move'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END "
    )


def _moves_function() -> str:
    return f"CREATE OR REPLACE FUNCTION legal_moves() RETURNS trigger LANGUAGE plpgsql AS $${_legal_moves()}$$"


def _written_moves(connection: Connection) -> str | None:
    sql = "SELECT prosrc FROM pg_proc WHERE oid = to_regproc(?)"
    row = connection.execute(sql, (f"{SCHEMA}.legal_moves",)).fetchone()
    return row[0] if row else None
