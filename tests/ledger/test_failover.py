"""PostgreSQL fails over: the writer goes on with the standby, or stops where that has not all that
was confirmed.
"""

import asyncio
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from ledger_samples import created, parcel, planned, run_of
from postgres import Postgres, _wait
from psycopg.conninfo import conninfo_to_dict
from standby import Standby, confirmed_by_both, followed, of_both

from batch.config import Database
from batch.errors import LedgerError
from batch.ledger import open_ledger, read_ledger
from batch.model import Record, State

RUN = run_of().run_id


Pair = tuple[Postgres, Standby, Database]


@pytest.fixture
def pair(postgres: Postgres, database: str) -> Iterator[Pair]:
    """A primary, its standby, and a database by the address of both."""
    with followed(postgres) as standby:
        yield postgres, standby, Database(of_both(database, postgres, standby))


async def test_a_standby_that_has_all_takes_over(pair: Pair) -> None:
    """With synchronous replication: nothing lost, nothing twice, and no one has to do anything."""
    primary, standby, place = pair
    confirmed_by_both(primary)
    async with open_ledger(place) as ledger:
        await ledger.begin(run_of())
        records = await planned(
            ledger, RUN, [parcel(order, f"N{order}") for order in range(1, 120)]
        )

        async def ship(some: list[Record]) -> None:
            for record in some:
                await ledger.intend(record.record_id, {})
                await ledger.move(record, created(record.record_id, record.shipment), "response")

        work = [asyncio.create_task(ship(records[n::8])) for n in range(8)]
        await asyncio.wait(work, timeout=0.05)
        await asyncio.to_thread(primary.kill)
        await asyncio.to_thread(standby.promote)
        await asyncio.gather(*work)
        assert {record.state for record in ledger.records_of_run(RUN)} == {State.CREATED}
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
        assert {record.state for record in left.records_of_run(RUN)} <= {State.PLANNED}


def has_the_plan(url: str) -> bool:
    with psycopg.connect(url) as connection:
        try:
            return connection.execute("SELECT count(*) FROM shipbatch.records").fetchone() == (2,)
        except psycopg.errors.UndefinedTable:
            return False
