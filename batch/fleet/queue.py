"""The files in line: put in by anybody, taken by the workers, oldest first within a store."""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files as resources
from typing import Any, Self, TypeVar
from uuid import uuid4

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from batch.config import one_store
from batch.config.ledger_place import Database, redact_passwords
from batch.errors import DatabaseAway, StopRequested
from batch.fleet.procrastinate_app import CONNECT_OPTIONS, cancel_turns, install, make_app, request_turn
from batch.fleet.queue_items import FileEnd, NextFile, QueuedFile, QueueItem
from batch.ledger import open_ledger
from batch.ledger.postgres.connection import ledger_error
from batch.model import State
from batch.primitives.stop import StopEvent

T = TypeVar("T")
ENTRANCE = 0x73686970  # the advisory lock under which tables are made
PATIENCE = 600.0  # seconds that a turn's word waits for a database that is away …
PUTTING = 20.0  # … and a call that puts files in …
PAUSE = 1.0  # … tried again so often
AWAY = (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction, ConnectorException)
"""What is raised where the database does not answer, or takes no writes: another is taking over from it."""
_FILE = "file_id, put_as, store, name, address, sha256, ask, turns, deaths, tries, run_id"
IN_LINE = "state IN ('waiting', 'working')"
FINISHED = "('done', 'failed', 'held')"
LAST_REPORTED = "greatest(ended, amended)"
"""When a finished file's end was told last."""
_END = (
    "state = %s, exit_status = %s, told = %s, summary = %s, sheet_name = %s, sheet = %s, left_open = %s, shipped = %s"
)
MAYBE_QUEUED = (
    "They may be in line all the same: `shipbatch status --fleet` shows it when it answers. Queued twice, a file is"
    " shipped once."
)
_AWAY = "Run the same call again when it answers."


class Queue:
    """The files of all stores of a database. Made by `opened`."""

    def __init__(self, app: procrastinate.App) -> None:
        self.app = app

    @classmethod
    @asynccontextmanager
    async def open(cls, database: str, *, most: int = 2) -> AsyncIterator[Self]:
        """The queue at an address, made where there is none; LedgerError where it cannot be had: DatabaseAway."""
        app = make_app(database, most)
        try:
            await _create(database)
            await app.open_async()
        except AWAY as error:
            raise database_away(database, error) from error
        except psycopg.Error as error:
            raise ledger_error(error, Database(database)) from error
        try:
            yield cls(app)
        finally:
            await app.close_async()

    @classmethod
    @asynccontextmanager
    async def wait_and_open(
        cls, database: str, stop: StopEvent, say: Callable[[str], None], *, most: int = 2
    ) -> AsyncIterator[Self]:
        """The same, as soon as the database answers; Stopped where the stop came first."""
        said = False
        while True:
            async with AsyncExitStack() as stack:
                try:
                    queue = await stack.enter_async_context(cls.open(database, most=most))
                except DatabaseAway as error:
                    if not said:
                        say(f"{error} Waiting for it.")
                    said = True
                else:
                    yield queue
                    return
            if not await stop.sleep(PAUSE):
                raise StopRequested("Stopped before the database answered.", "Start it again when you like.")

    async def put(self, store: str, entries: Sequence[QueueItem], by: str) -> list[int]:
        """Files in line, all or none, in the given order; their numbers.

        What AWAY says in the end leaves open whether they are in line.
        """
        this_call = uuid4().hex

        async def enter() -> list[int]:
            async with self._connection() as connection:
                return [await _put(connection, store, e, by, f"{this_call}-{n}") for n, e in enumerate(entries)]

        numbers = await _retry(enter, PUTTING)
        with suppress(*AWAY):  # they are in line, and the next sweep finds that nobody has been called
            await request_turn(self.app, store)
        return numbers

    async def next(self, store: str) -> NextFile | None:
        """The store's oldest file that is not finished."""
        sql = (
            "SELECT file_id, greatest(0, extract(epoch FROM due - clock_timestamp()))::float8, ask"
            f" FROM shipbatch.files WHERE store = %s AND {IN_LINE} ORDER BY file_id LIMIT 1"
        )
        rows = await self.query(sql, store)
        return NextFile(*rows[0]) if rows else None

    async def take(self, store: str, worker: str, runner: str) -> QueuedFile | None:
        """The store's oldest file that is not finished; this is its turn now.

        None where the store is no longer this runner's: a turn that is begun fences off the ones before it, and
        only the owner begins one.
        """
        sql = (
            "UPDATE shipbatch.files SET state = 'working', worker = %s, turns = turns + 1,"
            " deaths = CASE WHEN open THEN deaths + 1 ELSE 0 END, open = true, rate = NULL, stage = '', done = 0,"
            " total = NULL, began = coalesce(began, clock_timestamp()), seen = clock_timestamp()"
            f" WHERE file_id = (SELECT file_id FROM shipbatch.files WHERE store = %s AND {IN_LINE}"
            " ORDER BY file_id LIMIT 1)"
            " AND EXISTS (SELECT 1 FROM shipbatch.owners WHERE store = %s AND runner = %s FOR SHARE)"
            f" RETURNING {_FILE}"
        )
        async with self._connection() as connection:
            cursor = connection.cursor(row_factory=class_row(QueuedFile))
            return await (await cursor.execute(sql, (worker, store, store, runner))).fetchone()

    async def export_content(self, digest: str) -> bytes | None:
        """An export's bytes; None where they have expired."""
        rows = await self.query("SELECT content FROM shipbatch.exports WHERE sha256 = %s", digest)
        return bytes(rows[0][0]) if rows else None

    async def keep(self, file: QueuedFile, content: bytes) -> QueuedFile:
        """What was fetched stands for the address from now on, whoever goes on with the file."""
        async with self._connection() as connection:
            digest = await keep_export(connection, file.name, content)
        await self._write(file, "sha256 = %s", digest)
        return replace(file, sha256=digest)

    async def show(self, file: QueuedFile, stage: str, done: int, total: int | None, rate: float | None) -> bool:
        """How far the turn is; False where the file is another turn's by now, or out of the line.

        A database that has lost the turn's beginning is the ledger's to tell of.
        """
        what = "stage = %s, done = %s, total = %s, rate = %s, trouble = ''"
        if await self._write(file, what, stage, done, total, rate):
            return True
        gone = f"SELECT 1 FROM shipbatch.files WHERE file_id = %s AND (turns > %s OR NOT {IN_LINE})"
        return not await _retry(lambda: self.query(gone, file.file_id, file.turns), PATIENCE)

    async def leave(self, file: QueuedFile) -> None:
        """The turn is over, the file is not: it goes on with the next one."""
        await self._write(file, "open = false, tries = 0, rate = NULL")

    async def put_off(self, file: QueuedFile, trouble: str, seconds: float) -> None:
        """Something was in the way: the file, and those behind it, wait so long."""
        await self._write(
            file,
            "tries = tries + 1, open = false, rate = NULL,"
            " trouble_at = CASE WHEN trouble = '' THEN clock_timestamp() ELSE trouble_at END, trouble = %s,"
            " due = clock_timestamp() + make_interval(secs => %s)",
            _storable(trouble),
            seconds,
        )

    async def end(self, file: QueuedFile, end: FileEnd) -> bool:
        """The file is finished; False where it is no longer this turn's."""
        what = (
            f"{_END}, run_id = coalesce(%s, run_id), ended = clock_timestamp(), open = false, rate = NULL, trouble = ''"
        )
        return await self._write(file, what, *_end_values(end), end.run_id)

    async def amend(self, number: int, end: FileEnd) -> None:
        """A finished file's end is this now, unless it has gone on with another run."""
        sql = f"UPDATE shipbatch.files SET {_END}, amended = clock_timestamp()"
        await self.execute(
            f"{sql} WHERE file_id = %s AND run_id = %s AND state IN {FINISHED}", *_end_values(end), number, end.run_id
        )

    async def rows(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Files by their numbers, as they stand; sheets left out."""
        sql = (
            "SELECT file_id, put_as, store, name, sha256, state, stage, done, total, trouble, worker, run_id,"
            " exit_status, summary, told, sheet_name,"
            ' EXISTS (SELECT 1 FROM shipbatch.records WHERE run_id = file.run_id COLLATE "C"'
            f"   AND state IN ('{State.INTENT}', '{State.IN_DOUBT}')) AS unsettled,"
            " left_open > 0 AND EXISTS (SELECT 1 FROM shipbatch.owners WHERE store = file.store"
            "   AND epoch IS DISTINCT FROM file.epoch) AS behind"
            " FROM shipbatch.files AS file WHERE file_id = ANY(%s) ORDER BY file_id"
        )
        return await self.query_dicts(sql, list(numbers))

    async def sheet(self, number: int) -> bytes | None:
        """A finished file's results sheet; None where it has none, or it has expired."""
        rows = await self.query("SELECT sheet FROM shipbatch.files WHERE file_id = %s AND sheet IS NOT NULL", number)
        return bytes(rows[0][0]) if rows else None

    async def _write(self, file: QueuedFile, what: str, *values: object) -> bool:
        """What a turn has to say of its file, unless another has taken over; a database that is away is waited for."""
        sql = (
            f"UPDATE shipbatch.files SET {what}, seen = clock_timestamp()"
            " WHERE put_as = %s AND turns = %s AND state = 'working'"
        )

        async def write() -> bool:
            async with self._connection() as connection:
                done = await connection.execute(sql, (*values, file.put_as, file.turns))
                return done.rowcount == 1

        return await _retry(write, PATIENCE)

    async def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows of a question."""
        async with self._connection() as connection:
            return await (await connection.execute(sql, values)).fetchall()

    async def query_dicts(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """The rows of a question, by the names of their columns."""
        async with self._connection() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            return await (await cursor.execute(sql, values)).fetchall()

    async def execute(self, sql: str, *values: object) -> None:
        """A statement that answers nothing."""
        async with self._connection() as connection:
            await connection.execute(sql, values)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        connector = self.app.connector
        assert isinstance(connector, procrastinate.PsycopgConnector)
        async with connector.pool.connection() as connection:
            yield connection


def _end_values(end: FileEnd) -> tuple[object, ...]:
    """An end as the columns of `_END` have it."""
    told, summary = [_storable(line) for line in end.messages], Jsonb(dict(end.summary))
    return end.state, end.exit_status, told, summary, end.sheet_name, end.sheet, end.left_open, end.shipped


def _storable(words: str) -> str:
    """What quotes a file, as PostgreSQL takes it: without NUL, and without half a surrogate pair."""
    return words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


async def keep_export(connection: psycopg.AsyncConnection[Any], name: str, content: bytes) -> str:
    """Put an export where every machine finds it, within the caller's transaction; its digest."""
    digest = sha256(content).hexdigest()
    await connection.execute(
        "INSERT INTO shipbatch.exports (sha256, name, content, kept_at) VALUES (%s, %s, %s, clock_timestamp())"
        " ON CONFLICT (sha256) DO UPDATE SET kept_at = excluded.kept_at",
        (digest, name, content),
    )
    return digest


async def _put(connection: psycopg.AsyncConnection[Any], store: str, entry: QueueItem, by: str, put_as: str) -> int:
    """One file in line, within the caller's transaction; its number, also where the same call has put it in before."""
    digest = None if entry.content is None else await keep_export(connection, entry.name, entry.content)
    row = await connection.execute(
        "INSERT INTO shipbatch.files (store, name, address, sha256, ask, put_by, put_as, folder, lies)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (put_as) DO UPDATE SET put_as = excluded.put_as RETURNING file_id",
        (store, entry.name, entry.address, digest, Jsonb(dict(entry.ask)), by, put_as, entry.folder, entry.path),
    )
    ((number,),) = await row.fetchall()
    return int(number)


async def _retry(work: Callable[[], Awaitable[T]], patience: float) -> T:
    """Work that may be done twice, as soon as the database answers."""
    until = time.monotonic() + patience
    while True:
        try:
            return await work()
        except AWAY:
            if time.monotonic() > until:
                raise
        await asyncio.sleep(PAUSE)


async def _create(database: str) -> None:
    """The ledger, in which exports and owners lie; the files; procrastinate's tables."""
    ledger = await asyncio.to_thread(open_ledger, Database(database))
    await ledger.close()
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True, **CONNECT_OPTIONS) as connection,
        connection.transaction(),
    ):
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (ENTRANCE,))
        await connection.execute("SET LOCAL search_path TO shipbatch")
        await connection.execute(resources("batch.fleet").joinpath("queue.sql").read_bytes())
        await install(connection)
        await _respell(connection)


async def _respell(connection: psycopg.AsyncConnection[Any]) -> None:
    """Files that an earlier version put in for a store written otherwise; a sweep asks for the store's turn."""
    rows = await connection.execute("SELECT DISTINCT store FROM shipbatch.files")
    for (written,) in await rows.fetchall():
        if (store := one_store(written)) != written:
            await connection.execute("UPDATE shipbatch.files SET store = %s WHERE store = %s", (store, written))
            await cancel_turns(connection, written)


def database_away(database: str, error: Exception, todo: str = _AWAY) -> DatabaseAway:
    """The database does not answer."""
    said = " ".join(str(error.__cause__ or error).split())
    return DatabaseAway(f"The database {redact_passwords(database)} does not answer ({said}).", todo)
