"""PostgreSQL fails over under a worker: it goes on with the standby; nothing is doubled, lost, or out of order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from itertools import chain
from pathlib import Path

import psycopg
import pytest
from postgres import Postgres
from psycopg.conninfo import conninfo_to_dict
from standby import Standby, confirmed_by_both, followed, of_both
from terminal import Terminal
from yard import Yard, rows_of, until

from batch.fleet import follow_files as awaited
from batch.fleet import worker
from batch.primitives.backoff import Backoff
from batch.primitives.stop import StopEvent
from batch.sandbox import Behaviour, Fault, Faults

STORES, FILES, ROWS = 3, 5, 4
SLOW = Fault(delay=0.05, method="POST")
LENIENT = Behaviour(refuses_overshipping=False)


@pytest.fixture
async def pair(postgres: Postgres, database: str, tmp_path: Path) -> AsyncIterator[tuple[Postgres, Standby, Yard]]:
    """A primary, its standby, and stores whose queue is at the address of both."""
    with followed(postgres) as standby:
        async with Yard.opened(of_both(database, postgres, standby), tmp_path) as yard:
            yield postgres, standby, yard


async def fail_over(primary: Postgres, standby: Standby) -> None:
    await asyncio.to_thread(primary.kill)
    await asyncio.to_thread(standby.promote)


async def test_a_standby_that_has_all_takes_over_under_a_worker(pair: tuple[Postgres, Standby, Yard]) -> None:
    """With synchronous replication nobody has to do anything: the worker is a process that only waits."""
    primary, standby, yard = pair
    confirmed_by_both(primary)
    boxes = [await yard.store(FILES * ROWS, faults=Faults(SLOW), behaviour=LENIENT) for _ in range(STORES)]
    numbers = list(chain.from_iterable([await yard.put(box, *files_of()) for box in boxes]))
    machine = Terminal(yard.folder)
    stores = (f'[stores.{box.store_hash}]\napi_url = "{box.url}"\nstore_hash = "{box.store_hash}"\n' for box in boxes)
    machine.configure("".join(["workers = 2\n", *stores]))
    machine.environ |= {f"BIGCOMMERCE_ACCESS_TOKEN_{box.store_hash.upper()}": box.token for box in boxes}
    machine.environ["SHIPBATCH_DATABASE"] = yard.database
    async with machine.at_work("worker"):
        await until(partial(have_shipped, yard, STORES * FILES * ROWS // 4))
        await fail_over(primary, standby)
        rows = await awaited(yard.queue, numbers, yard.screen, StopEvent())
    assert {(row["state"], row["exit_status"]) for row in rows} == {("done", 0)}
    for box in boxes:
        shipments = sorted(box.shipments(), key=lambda one: one["id"])
        assert Counter(one["order_id"] for one in shipments) == Counter(range(100, 100 + FILES * ROWS))
        files = [(one["order_id"] - 100) // ROWS for one in shipments]
        assert files == sorted(files)


def files_of() -> list[list[tuple[object, ...]]]:
    return [rows_of(range(first, first + ROWS)) for first in range(100, 100 + FILES * ROWS, ROWS)]


async def have_shipped(yard: Yard, count: int) -> bool:
    return sum(len(box.shipments()) for box in yard.boxes) >= count


async def test_a_standby_that_lagged_takes_over_under_a_worker(
    pair: tuple[Postgres, Standby, Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was confirmed and not received is said, and looked for in the store: numbers are recognised, others held."""
    monkeypatch.setattr(worker, "BACKOFF", Backoff((0.3,)))
    primary, standby, yard = pair
    box = await yard.store(40, faults=Faults(Fault(401)), behaviour=LENIENT)
    (number,) = await yard.put(box, [(139, "MUG", 1, ""), *rows_of(range(100, 139))])
    async with yard.worker(workers=2):
        await until(partial(is_put_off, standby.url(conninfo_to_dict(yard.database)["dbname"])))
        await asyncio.to_thread(standby.follow_no_more)
        box.faults.clear()
        box.faults.add(SLOW)
        await until(partial(have_shipped, yard, 20))
        await fail_over(primary, standby)
        (row,) = await awaited(yard.queue, [number], yard.screen, StopEvent())
    assert Counter(one["order_id"] for one in box.shipments()) == Counter(range(100, 140))
    assert (row["state"], row["exit_status"], row["summary"]["held"]) == ("held", 3, 1)
    assert any("no longer has what it had confirmed" in line and "audit" in line for line in yard.screen.lines)


async def is_put_off(url: str) -> bool:
    """Whether the standby knows that the file waits."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        sql = "SELECT 1 FROM shipbatch.files WHERE trouble <> ''"
        return await (await connection.execute(sql)).fetchone() is not None
