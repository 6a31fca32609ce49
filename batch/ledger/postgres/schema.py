"""The ledger's tables in PostgreSQL: made or upgraded whole, a newer version refused."""

from importlib.resources import files

from batch.config import Database
from batch.errors import DatabaseAway, LedgerError
from batch.ledger import migrations
from batch.ledger.connection import Connection
from batch.ledger.postgres.connection import SCHEMA, PostgresConnection
from batch.model import MOVES

RUNNERS = 0x53484242  # advisory lock: shared by all that write, and nobody's during an upgrade
MAKING = RUNNERS + 1  # advisory lock: of whoever makes the tables, or changes them
GRACE = "60s"  # how long an upgrade waits for runners of the older version to end


def version_of(connection: Connection) -> int | None:
    """The version of the ledger in this database; None where there is none."""
    # Not to_regclass: it may keep a negative answer after another process has made the tables.
    sql = "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = 'version'"
    if connection.execute(sql, (SCHEMA,)).fetchone() is None:
        return None
    version: int = connection.execute("SELECT max(version) FROM version").fetchone()[0]
    return version


def check_version(found: int, place: Database) -> None:
    """Raises LedgerError where the ledger is of a newer version."""
    if found > migrations.version():
        raise LedgerError(
            f"The ledger in {place} was written by a newer shipbatch (its version is {found},"
            f" this one knows {migrations.version()}).",
            "Update shipbatch; nothing was sent.",
        )


def bring_up_to_date(connection: PostgresConnection) -> None:
    """Make or upgrade the tables in one transaction; whoever comes second finds them made."""
    found = version_of(connection)
    if found == migrations.version() and _moves_body() == _moves_on_file(connection):
        return
    connection.execute("BEGIN")
    connection.execute("SELECT pg_advisory_xact_lock(?)", (MAKING,))
    found = version_of(connection)
    if found is None:
        _make(connection)
    else:
        check_version(found, connection.place)
        if found < migrations.version():
            _upgrade(connection, found)
    connection.execute(_moves_function())
    connection.execute("COMMIT")


def _make(connection: Connection) -> None:
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = ?", (SCHEMA,)).fetchone():
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
    connection.execute(_moves_function())
    for name in ("schema.sql", "owners.sql"):
        connection.execute(files("batch.ledger.postgres").joinpath(name).read_text("utf-8"))
    connection.execute("INSERT INTO version VALUES (?)", (migrations.version(),))


def _upgrade(connection: PostgresConnection, found: int) -> None:
    connection.execute(f"SET LOCAL lock_timeout TO '{GRACE}'")
    try:
        connection.execute("SELECT pg_advisory_xact_lock(?)", (RUNNERS,))
    except connection.Error as error:
        raise DatabaseAway(
            f"The ledger in {connection.place} is of an older version ({found}), "
            "and runners are at work with it.",
            "Let them end, then run the same call again: it upgrades the ledger. Nothing was sent.",
        ) from error
    migrations.upgrade(connection, "postgres", found)
    connection.execute("UPDATE version SET version = ?", (migrations.version(),))


def _moves_body() -> str:
    """`model.MOVES` as a function's body: the database refuses every other move, whoever asks."""
    legal = " OR ".join(
        f"OLD.state = '{old}' AND NEW.state = '{new}'"
        for old in MOVES
        for new in sorted(MOVES[old])
    )
    return (
        f" BEGIN IF NOT ({legal}) THEN RAISE EXCEPTION 'illegal move'"
        " USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END "
    )


def _moves_function() -> str:
    return (
        "CREATE OR REPLACE FUNCTION legal_moves() RETURNS trigger LANGUAGE plpgsql"
        f" AS $${_moves_body()}$$"
    )


def _moves_on_file(connection: Connection) -> str | None:
    sql = "SELECT prosrc FROM pg_proc WHERE oid = to_regproc(?)"
    row = connection.execute(sql, (f"{SCHEMA}.legal_moves",)).fetchone()
    return row[0] if row else None
