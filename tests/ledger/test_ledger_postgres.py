"""The ledger in PostgreSQL: made once, refused with a reason, and waiting for a server that is
away.
"""

# ruff: noqa: ASYNC221  these tests have one task each: nobody waits while they run a program

import asyncio
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from cutting import Cutter, cutter
from ledger_samples import STORE, all_of, created, parcel, planned, run_of
from postgres import Postgres, _wait

from batch.config import Database, Place
from batch.errors import ConfigError, DatabaseAway, LedgerError, NothingSent
from batch.ledger import Ledger, open_ledger, open_owned_ledger, read_ledger
from batch.ledger.migrations import version
from batch.ledger.postgres.connection import open_link
from batch.ledger.postgres.lease import LeaseLost
from batch.ledger.postgres.opening import open_writable, server
from batch.model import State
from batch.primitives.concurrency import Reiterable

RUN = run_of().run_id
SECRET = "corridor7"


@pytest.fixture
async def ledger(database: str) -> AsyncIterator[Ledger]:
    """A ledger with one run begun."""
    async with open_ledger(Database(database)) as opened:
        await opened.begin(run_of())
        yield opened


@pytest.fixture
async def cut(database: str) -> AsyncIterator[tuple[Cutter, Ledger]]:
    """The same, over a network that can be cut."""
    with cutter(database) as network:
        async with open_ledger(Database(network.url)) as opened:
            await opened.begin(run_of())
            yield network, opened


def test_many_make_one_ledger_at_once(database: str) -> None:
    """Ten workers that are started together find one schema."""
    with ThreadPoolExecutor(10) as pool:
        for session in pool.map(lambda _: open_writable(Database(database)), range(10)):
            assert session.connection.execute("SELECT version FROM version").fetchall() == [
                (version(),)
            ]
            session.close()


async def test_reading_makes_nothing(database: str) -> None:
    """Where there is no ledger it is empty."""
    with read_ledger(Database(database)) as nothing:
        assert nothing.runs() == []
    async with open_ledger(Database(database), read_only=True) as ledger:
        with pytest.raises(LedgerError, match="reading only"):
            await ledger.begin(run_of())
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regnamespace('shipbatch')").fetchone() == (None,)


async def test_a_reader_cannot_write(ledger: Ledger) -> None:
    """Whatever it is told."""
    with pytest.raises(psycopg.Error, match="read-only"):
        ledger._reader.execute("DELETE FROM runs")


async def test_a_newer_ledger_is_refused_by_name(ledger: Ledger, database: str) -> None:
    """By readers and writers, before anything is sent."""
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE shipbatch.version SET version = version + 1")
    for opened in (open_ledger, read_ledger):
        with pytest.raises(
            LedgerError, match=f"newer shipbatch .its version is {version() + 1}"
        ) as refused:
            opened(Database(database))
        assert "Update shipbatch" in refused.value.todo


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        (
            f"postgresql://u:{SECRET}@localhost:1/x",
            DatabaseAway,
            "postgresql://u@localhost:1/x does not answer",
        ),
        ("postgresql://nobody@/test_none", LedgerError, "refuses us"),
    ],
)
def test_a_database_that_cannot_be_had(
    postgres: Postgres, url: str, kind: type[LedgerError], said: str
) -> None:
    """Its address without the password, what it said, what to do."""
    postgres.start()
    with pytest.raises(LedgerError, match=said) as refused:
        open_ledger(Database(url if "localhost" in url else f"{url}?host={postgres.folder}"))
    assert type(refused.value) is kind
    assert refused.value.todo
    assert SECRET not in str(refused.value) + repr(Database(url))


def test_a_password_that_cannot_be_read_is_not_shown() -> None:
    """The driver names what it stumbles over."""
    with pytest.raises(ConfigError, match="cannot be read") as refused:
        open_ledger(Database(f"postgresql://u:%zz{SECRET}@localhost:1/x"))
    assert SECRET not in str(refused.value)
    assert "%25" in refused.value.todo


@pytest.mark.parametrize("opened", [open_ledger, read_ledger])
def test_a_missing_driver_is_named(
    monkeypatch: pytest.MonkeyPatch, opened: Callable[[Place], object]
) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match="psycopg is not installed") as refused:
        opened(Database("postgresql://h/d"))
    assert "shipbatch[fleet]" in refused.value.todo


async def test_a_backup_is_the_database_s_own(
    ledger: Ledger, postgres: Postgres, tmp_path: Path
) -> None:
    """The command that is told makes it; put back into another database, it is the same ledger, and
    goes on.
    """
    records = await planned(ledger, RUN, [parcel(order, f"N{order}") for order in (1, 2)])
    with pytest.raises(NothingSent) as refused:
        ledger.back_up(tmp_path / "copy")
    programs, other = postgres._programs, postgres.fresh()
    words = shlex.split(refused.value.todo.removeprefix("Run: "))
    subprocess.run([programs / words[0], *words[1:]], check=True)
    subprocess.run([programs / "pg_restore", "--dbname", other, tmp_path / "copy"], check=True)
    async with open_ledger(Database(other)) as again:
        assert list(again.records_of_run(RUN)) == records
        await again.intend(records[0].record_id, {})
        (third,) = await planned(again, RUN, [parcel(3, "N3")])
        assert third.record_id > records[1].record_id


async def test_a_store_that_was_taken_over_is_written_no_more(
    database: str, tmp_path: Path
) -> None:
    """Whoever has lost it: nothing of what he hands in is kept."""
    async with open_owned_ledger(
        Database(database), STORE, tmp_path, 0.0, lambda who: None
    ) as ledger:
        await ledger.begin(run_of())
        (record,) = await planned(ledger, RUN, [parcel()])
        with open_link(Database(database)) as link:
            link.execute("UPDATE owners SET epoch = epoch + 1")
        answers = await all_of(ledger.intend(record.record_id, {}), ledger.begin(run_of("other")))
        assert [type(answer) for answer in answers] == [LeaseLost] * 2
        assert ledger.attempts(record.record_id) == []
        assert ledger.run("other") is None
        assert not ledger.ours()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_connection_lost_in_the_middle_of_a_commit(
    cut: tuple[Cutter, Ledger], when: str
) -> None:
    """Whether it took is found out: what did not is done again, what did is not."""
    network, ledger = cut
    shipments = [parcel(order, f"N{order}") for order in range(1, 30)]
    network.cut = when
    await ledger.plan(RUN, Reiterable(lambda: iter(shipments)), [])
    records = list(ledger.records_of_run(RUN))
    assert [record.shipment for record in records] == shipments
    network.cut = when
    await asyncio.gather(*(ledger.intend(record.record_id, {}) for record in records))
    network.cut = when
    moves = [
        ledger.move(record, created(record.record_id, record.shipment), "response")
        for record in records
    ]
    assert {record.state for record in await asyncio.gather(*moves)} == {State.CREATED}
    assert network.cuts == 3
    assert {tuple(a.what for a in ledger.attempts(record.record_id)) for record in records} == {
        ("intent", "response")
    }


async def test_a_plan_that_cannot_be_taken_again_is_refused(cut: tuple[Cutter, Ledger]) -> None:
    """And never entered in part."""
    network, ledger = cut
    network.cut = "before"
    with pytest.raises(LedgerError, match="lost while a plan was entered"):
        await ledger.plan(RUN, iter([parcel()]), [])
    assert list(ledger.records_of_run(RUN)) == []
    await ledger.plan(RUN, [parcel()], [])


async def test_a_database_that_has_lost_what_it_confirmed_is_not_written(
    ledger: Ledger, database: str
) -> None:
    """A standby that lagged has taken over: what the ledger says is not all that was shipped."""
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE shipbatch.writers SET commits = 0")
    for _ in range(2):
        with pytest.raises(LedgerError, match="no longer has what it had confirmed"):
            await ledger.plan(RUN, [parcel()], [])
    assert list(ledger.records_of_run(RUN)) == []


@pytest.mark.parametrize("kill", [False, True])
async def test_a_server_that_restarts_is_waited_for(
    ledger: Ledger, postgres: Postgres, *, kill: bool
) -> None:
    """Writers and readers go on where they were: nothing lost, nothing twice."""
    records = await planned(ledger, RUN, [parcel(order, f"N{order}") for order in range(1, 200)])

    async def ship(few: list) -> None:
        for record in few:
            await ledger.intend(record.record_id, {})
            await ledger.move(record, created(record.record_id, record.shipment), "response")

    work = [asyncio.create_task(ship(records[n::8])) for n in range(8)]
    said: list[str] = []
    ledger.listen(said.append)
    await asyncio.to_thread(postgres.restart, kill=kill)
    await asyncio.gather(*work)
    assert {record.state for record in ledger.records_of_run(RUN)} == {State.CREATED}
    assert {len(ledger.attempts(record.record_id)) for record in records} == {2}
    assert "does not answer: waiting" in said[0]
    assert "answers again" in said[-1]


async def test_a_server_that_is_cut_off_is_waited_for(ledger: Ledger, postgres: Postgres) -> None:
    """Nothing answers, nothing is refused; once the network is back, each command is done once."""
    records = await planned(ledger, RUN, [parcel(order, f"N{order}") for order in range(1, 20)])
    with postgres.cut_off():
        work = [asyncio.create_task(ledger.intend(record.record_id, {})) for record in records]
        done, _ = await asyncio.wait(work, timeout=0.3)
        assert not done
    await asyncio.gather(*work)
    assert {len(ledger.attempts(record.record_id)) for record in records} == {1}


async def test_nothing_is_left_of_a_writer_that_ended(ledger: Ledger, database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM shipbatch.writers").fetchone() == (1,)
        await ledger.close()
        assert connection.execute("SELECT count(*) FROM shipbatch.writers").fetchone() == (0,)


def told(database: str, *statements: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_what_cannot_be_opened_whole_holds_no_connection(database: str, guest: str) -> None:
    """Where one too few is left; else those who retry would keep each other from it for ever."""
    told(
        database,
        "CREATE SCHEMA shipbatch AUTHORIZATION guest",
        "ALTER ROLE guest CONNECTION LIMIT 1",
    )
    with pytest.raises(DatabaseAway, match="too many connections") as refused:
        open_ledger(Database(guest))
    assert "max_connections" in refused.value.todo
    with psycopg.connect(database, autocommit=True) as connection:
        count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'guest'"
        _wait(
            lambda: connection.execute(count).fetchone() == (0,), "a connection was left open", str
        )


def test_a_user_who_may_not_make_the_ledger_is_told_so(database: str, guest: str) -> None:
    """By a run, and by `check`, which makes nothing."""
    for opened in (open_ledger, server):
        with pytest.raises(LedgerError, match="may not do that") as refused:
            opened(Database(guest))
        assert "make schemas" in refused.value.todo
    told(database, "CREATE SCHEMA shipbatch AUTHORIZATION guest")
    assert server(Database(guest)).name.startswith("PostgreSQL")
