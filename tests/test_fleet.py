"""Files put in line, and shipped by whichever worker has the store's token."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yard import Yard, rows_of

from batch.fleet import Entry, Queue


@pytest.fixture
async def yard(database: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


async def test_a_queued_file_is_shipped_and_its_end_comes_back(yard: Yard) -> None:
    box = await yard.store()
    async with yard.worker():
        await yard.put(box, rows_of(range(100, 105)))
        (row,) = await yard.finished()
    assert (row["state"], row["exit_status"], row["summary"]["created"]) == ("done", 0, 5)
    assert len(box.shipments()) == 5
    assert (await yard.queue.sheet(row["file_id"]) or b"").startswith(b"PK")
    assert row["sheet_name"] == "file-0.results.xlsx"


async def test_a_stores_files_are_shipped_in_the_order_they_came(yard: Yard) -> None:
    boxes = [await yard.store(6) for _ in range(3)]
    for box in boxes:
        await yard.put(box, *(rows_of([order]) for order in range(100, 106)))
    async with yard.worker():
        await yard.finished()
    for box in boxes:
        assert [one["order_id"] for one in sorted(box.shipments(), key=lambda one: one["id"])] == [*range(100, 106)]


async def test_many_may_open_a_new_queue_at_once(database: str) -> None:
    """The tables are made once, whoever comes first."""

    async def put(store: str) -> list[int]:
        async with Queue.opened(database) as queue:
            return await queue.put(store, [Entry("a.csv", b"Order ID\n")], "ann")

    numbers = await asyncio.gather(*(put(f"store-{k}") for k in range(8)))
    assert sorted(n for some in numbers for n in some) == [*range(1, 9)]
