"""procrastinate on the ledger's PostgreSQL: a job is a store's next turn, its lock the store.

There is at most one job of a store under way and one in line. Whoever puts a file in, ends a turn, or finds a store
left behind asks for the next one, at the end of the line: stores have their turns in a circle.
"""

import logging
from hashlib import sha256
from importlib.resources import files
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.schema import SchemaManager

from batch.errors import LedgerError

SCHEMA = "procrastinate"
TURN = "shipbatch.turn"
LOOK_AFTER = "shipbatch.look_after"
HOUSEKEEPING = "shipbatch"
"""The queue of what any worker may do, whatever stores it has."""
CONNECT_OPTIONS: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "target_session_attrs": "read-write",
}
"""A network that swallows everything is found out within seconds, not in a quarter of an hour; of several hosts the
one that takes writes is used."""
_MIGRATIONS = "sql/migrations"


def make_app(database: str, most: int) -> procrastinate.App:
    """The library, with so many connections at most; open it before it is used."""
    for name in ("procrastinate", "psycopg"):  # what matters of it is said by us, in our words
        logging.getLogger(name).setLevel(logging.CRITICAL)
    connector = procrastinate.PsycopgConnector(
        conninfo=database, kwargs=CONNECT_OPTIONS, configure=_in_its_schema, min_size=1, max_size=most
    )
    return procrastinate.App(connector=connector)


def queue_of(store: str) -> str:
    """A store's queue: short, for PostgreSQL takes 63 bytes for a channel's name."""
    words = "".join(char if char.isalnum() else "-" for char in store.rpartition("/")[2])[-20:]
    return f"{words}-{sha256(store.encode()).hexdigest()[:12]}"


async def request_turn(app: procrastinate.App, store: str, *, after: float = 0.0) -> bool:
    """Ask for the store's next turn, at the end of the line; False where one is asked for already."""
    words: dict[str, Any] = {"schedule_in": {"seconds": after}} if after else {}
    turn = app.configure_task(TURN, queue=queue_of(store), lock=store, queueing_lock=store, **words)
    try:
        await turn.defer_async(store=store)
    except AlreadyEnqueued:
        return False
    return True


async def install(connection: psycopg.AsyncConnection[Any]) -> None:
    """The library's tables, made or brought up to the installed version, within the caller's transaction.

    LedgerError where a newer procrastinate has made them.
    """
    # PostgreSQL asks for the right to make a schema also where it is there already.
    there = await connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,))
    if await there.fetchone() is None:
        await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    await connection.execute(f"SET LOCAL search_path TO {SCHEMA}")
    await connection.execute("CREATE TABLE IF NOT EXISTS applied (migration text PRIMARY KEY)")
    ours = sorted(
        each.name for each in files("procrastinate").joinpath(_MIGRATIONS).iterdir() if each.name[0].isdigit()
    )
    rows = await connection.execute("SELECT migration FROM applied")
    applied = {row[0] for row in await rows.fetchall()}
    if newer := sorted(applied.difference(ours)):
        raise LedgerError(
            f"The queue was made by a newer procrastinate (it has {newer[-1]}).",
            "Update it here: pip install -U 'shipbatch[fleet]'. Nothing was sent.",
        )
    missing = [name for name in ours if name not in applied]
    for name in missing if applied else ():
        await connection.execute(files("procrastinate").joinpath(_MIGRATIONS, name).read_bytes())
    if not applied:
        await connection.execute(SchemaManager.get_schema().encode())
    for name in missing:
        await connection.execute("INSERT INTO applied VALUES (%s)", (name,))
    await connection.execute("SET LOCAL search_path TO DEFAULT")


async def cancel_turns(connection: psycopg.AsyncConnection[Any], store: str) -> None:
    """Nobody asks for turns of a store any more."""
    await connection.execute(
        f"DELETE FROM {SCHEMA}.procrastinate_jobs WHERE task_name = %s AND lock = %s",  # noqa: S608  our own name
        (TURN, store),
    )


async def _in_its_schema(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(f"SET search_path TO {SCHEMA}")
    await connection.commit()
