"""A queue whose database goes away, or takes no writes for a while: everyone waits for it, and goes on."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import procrastinate
import psycopg
import pytest
from cutting import cutter
from postgres import Postgres
from yard import Yard, rows_of, until

from batch.fleet import Queue, QueueItem, follow_files, housekeeping, maintenance
from batch.primitives.stop import StopEvent

LOST = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


@pytest.fixture
async def yard(database: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


def impatient(queue: Queue) -> None:
    """It is said sooner that there is no connection."""
    connector = queue.app.connector
    assert isinstance(connector, procrastinate.PsycopgConnector)
    connector.pool.timeout = 2.0


def told(database: str, *statements: str) -> None:
    """What the server's administrator does, from elsewhere; `{}` is the database's name."""
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    with psycopg.connect(database, dbname="postgres", autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.format(name).encode())


async def test_a_worker_outlives_a_database_that_takes_no_writes(
    yard: Yard, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a fail-over, between the primary's end and the standby's promotion."""
    monkeypatch.setattr(housekeeping, "BEAT", 0.05)
    monkeypatch.setattr(maintenance, "SILENT", 0.05)
    box = await yard.store()

    async def lives(since: str) -> bool:
        return bool(await yard.queue.query("SELECT 1 FROM shipbatch.workers WHERE seen > %s::timestamptz", since))

    async def says(words: str) -> bool:
        return any(words in line for line in yard.screen.lines)

    impatient(yard.queue)
    async with yard.worker() as crew:
        impatient(crew._queue)
        await until(partial(lives, "-infinity"))
        told(database, "ALTER DATABASE {} SET default_transaction_read_only = on", LOST)
        await until(partial(says, "does not answer"))
        told(database, "ALTER DATABASE {} RESET default_transaction_read_only", LOST)
        await until(partial(says, "there again"))
        ((now,),) = await yard.queue.query("SELECT clock_timestamp()::text")
        await until(partial(lives, now))
        await yard.put(box, rows_of([100]))
        await yard.finished()
    assert len(box.shipments()) == 1


async def test_what_is_in_line_when_the_connection_is_lost_is_shipped(
    yard: Yard, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between putting a file in and calling its store: it is in line, and whoever put it in is told so."""
    monkeypatch.setattr(housekeeping, "BEAT", 0.05)
    box = await yard.store()
    told_here = partial(_told_here, database)
    told_here(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$",
        "CREATE TRIGGER die BEFORE INSERT ON procrastinate.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION die()",
    )
    assert await yard.put(box, rows_of([100])) == [1]
    told_here("DROP TRIGGER die ON procrastinate.procrastinate_jobs")
    async with yard.worker():
        await yard.finished(1)
    assert len(box.shipments()) == 1


@pytest.mark.parametrize("cut", ["before", "after"])
async def test_a_lost_commit_puts_no_file_in_twice(database: str, cut: str) -> None:
    """Whether the server had it or not, the call goes on by itself, and says the numbers that are in line."""
    with cutter(database) as network:
        async with Queue.open(network.url) as queue:
            impatient(queue)
            network.cut = cut
            numbers = await queue.put("store", [QueueItem("a.csv", b"a"), QueueItem("b.csv", b"b")], "ann")
        assert network.cuts == 1
    async with Queue.open(database) as queue:
        assert await queue.query("SELECT file_id, name FROM shipbatch.files ORDER BY file_id") == [
            (numbers[0], "a.csv"),
            (numbers[1], "b.csv"),
        ]


async def test_who_follows_a_file_waits_for_the_database(yard: Yard, postgres: Postgres) -> None:
    box = await yard.store()
    numbers = await yard.put(box, rows_of([100]))
    impatient(yard.queue)
    postgres.stop()
    following = asyncio.create_task(follow_files(yard.queue, numbers, yard.screen, StopEvent()))

    async def is_said() -> bool:
        return any("does not answer" in line for line in yard.screen.lines)

    await until(is_said)
    postgres.start()
    async with yard.worker():
        rows = await following
    assert [row["state"] for row in rows] == ["done"]


def _told_here(database: str, *statements: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


async def test_a_worker_that_can_no_longer_show_that_it_lives_ends(yard: Yard, in_haste: None) -> None:
    """With a word: whoever started it starts it anew, and others have its stores meanwhile."""
    await yard.store()

    async def has_entered() -> bool:
        return bool(await yard.queue.query("SELECT 1 FROM shipbatch.workers"))

    async def has_ended() -> bool:
        return bool(crew._stop)

    async with yard.worker() as crew:
        await until(has_entered)
        await yard.queue.execute("ALTER TABLE shipbatch.workers ADD CONSTRAINT closed CHECK (false) NOT VALID")
        await until(has_ended)
        assert "CheckViolation" in crew._stop.reason
