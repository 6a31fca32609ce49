"""PostgreSQL fails over: the writer goes on with the standby, or stops where that has not all that was confirmed."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest
from ledger_samples import created, parcel, planned, run_of
from postgres import Postgres, _unprivileged, _wait
from psycopg.conninfo import conninfo_to_dict

from batch.config import Database
from batch.errors import LedgerError
from batch.ledger import open_ledger, read_ledger
from batch.model import Record, State

RUN = run_of().run_id


class Standby(Postgres):
    """A server that follows another one."""

    def __init__(self, folder: Path, primary: Postgres) -> None:
        self.folder, self._data, self._who = folder, folder / "data", _unprivileged()
        self._keeper, self._numbers = None, count(1)
        if self._who:
            shutil.chown(folder, self._who["user"], self._who["group"])
        self._programs = primary._programs
        where = f"host={primary.folder} user=postgres application_name=standby"
        self._call("pg_basebackup", "-D", self._data, "-d", where, "-R", "--checkpoint=fast", "--no-sync")

    def promote(self) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)

    def follow_no_more(self) -> None:
        """What the primary confirms from now on does not come here."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET primary_conninfo TO ''")
            connection.execute("SELECT pg_reload_conf()")
            count = "SELECT count(*) FROM pg_stat_wal_receiver"
            _wait(lambda: connection.execute(count).fetchone() == (0,), "the standby still follows", self.log)


Pair = tuple[Postgres, Standby, Database]


@pytest.fixture
def pair(postgres: Postgres, database: str) -> Iterator[Pair]:
    """A primary, its standby, and a database by the address of both."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        standby = Standby(Path(folder), postgres)
        standby.start()
        hosts = f"{postgres.folder},{folder}"
        yield postgres, standby, Database(database.replace(str(postgres.folder), hosts))
        standby.stop()


def confirmed_by_both(primary: Postgres) -> None:
    """No commit is confirmed before the standby has it."""
    with psycopg.connect(primary.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names TO 'standby'")
        connection.execute("SELECT pg_reload_conf()")
        state = "SELECT sync_state FROM pg_stat_replication"
        _wait(lambda: connection.execute(state).fetchone() == ("sync",), "no synchronous standby", primary.log)
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")  # for its next start, after the test


async def test_a_standby_that_has_all_takes_over(pair: Pair) -> None:
    """With synchronous replication: nothing lost, nothing twice, and no one has to do anything."""
    primary, standby, place = pair
    confirmed_by_both(primary)
    async with open_ledger(place) as ledger:
        await ledger.begin(run_of())
        records = await planned(ledger, RUN, [parcel(order, f"N{order}") for order in range(1, 120)])

        async def ship(some: list[Record]) -> None:
            for record in some:
                await ledger.intend(record.record_id, {})
                await ledger.move(record, created(record.record_id, record.shipment), "response")

        work = [asyncio.create_task(ship(records[n::8])) for n in range(8)]
        await asyncio.wait(work, timeout=0.05)
        await asyncio.to_thread(primary.kill)
        await asyncio.to_thread(standby.promote)
        await asyncio.gather(*work)
        assert {record.state for record in ledger.of_run(RUN)} == {State.CREATED}
        assert {len(ledger.attempts(record.record_id)) for record in records} == {2}


async def test_a_standby_that_lagged_is_not_written(pair: Pair) -> None:
    """Without it a confirmed intent can be lost: the run stops, and says that it was."""
    primary, standby, place = pair
    async with open_ledger(place) as ledger:
        await ledger.begin(run_of())
        first, second = await planned(ledger, RUN, [parcel(1, "A"), parcel(2, "B")])
        caught_up = partial(has_the_plan, standby.url(conninfo_to_dict(place.url)["dbname"]))
        _wait(caught_up, "the standby does not follow", standby.log)
        standby.follow_no_more()
        await ledger.intend(first.record_id, {})
        await asyncio.to_thread(primary.kill)
        await asyncio.to_thread(standby.promote)
        with pytest.raises(LedgerError, match="no longer has what it had confirmed") as stopped:
            await ledger.intend(second.record_id, {})
        assert "shipbatch audit" in stopped.value.todo
    with read_ledger(place) as left:
        assert {record.state for record in left.of_run(RUN)} <= {State.PLANNED}


def has_the_plan(url: str) -> bool:
    with psycopg.connect(url) as connection:
        try:
            return connection.execute("SELECT count(*) FROM shipbatch.records").fetchone() == (2,)
        except psycopg.errors.UndefinedTable:
            return False
