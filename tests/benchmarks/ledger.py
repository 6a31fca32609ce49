"""How much the shared commit brings: `python -m tests.benchmarks.ledger [RECORDS]`.

Every figure is from one run on one disk; the ratios are what to compare between machines.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from batch.config import LEDGER, Database
from batch.ledger import Ledger, open_ledger
from batch.model import Item, Outcome, Record, Run, Shipment, State, StoreShipment
from tests.postgres import served

STORE = "https://api.bigcommerce.com/stores/bench"
WORKERS = 16  # as in Settings: shipments in flight at once
ALONE = 2_000  # records written one by one: enough for a rate


def shipment(order_id: int) -> Shipment:
    items = (Item(order_id * 10, 1), Item(order_id * 10 + 1, 2))
    number = f"T1{order_id:016d}"
    return Shipment(
        order_id,
        7,
        items,
        number,
        shipping_provider="ups",
        rows=(order_id,),
        request_key=f"{order_id:032x}",
    )


async def planned(ledger: Ledger, run_id: str, orders: range) -> list[Record]:
    await ledger.begin(Run(run_id, STORE, "bench.csv", "", "", datetime.now(UTC)))
    await ledger.plan(run_id, map(shipment, orders), [])
    return list(ledger.records_of_run(run_id))


async def outcome(ledger: Ledger, record: Record) -> None:
    asked = record.shipment
    made = StoreShipment(record.record_id, asked.order_id, 7, asked.items, asked.tracking_number)
    await ledger.move(record, Outcome(State.CREATED, made, evidence={"http": 201}), "response")


async def rate(work: Awaitable[object], records: int) -> float:
    began = time.perf_counter()
    await work
    return records / (time.perf_counter() - began)


async def by_workers(
    write: Callable[[Record], Awaitable[None]], records: list[Record], workers: int
) -> None:
    """Each worker awaits one write after the other."""
    left = iter(records)

    async def worker() -> None:
        for record in left:
            await write(record)

    await asyncio.gather(*(worker() for _ in range(workers)))


async def measure(ledger: Ledger, many: int) -> None:
    def told(what: str, per_second: float, against: float) -> None:
        print(f"{what:<42} {per_second:>10,.0f}/s {per_second / against:>8.1f}x")

    began = time.perf_counter()
    records = await planned(ledger, "a", range(1, many + 1))
    plan = many / (time.perf_counter() - began)

    async def intend(record: Record) -> None:
        await ledger.intend(record.record_id, {"phase": "claimed"})

    few = await planned(ledger, "b", range(many + 1, many + 2 * ALONE + 1))
    one = await rate(by_workers(intend, few[:ALONE], 1), ALONE)
    pool = await rate(by_workers(intend, few[ALONE:], WORKERS), ALONE)
    together = await rate(asyncio.gather(*map(intend, records)), many)
    outcomes = await rate(asyncio.gather(*(outcome(ledger, record) for record in records)), many)
    told("intents, one commit a record", one, one)
    told(f"intents, {WORKERS} workers", pool, one)
    told("intents, all awaited together", together, one)
    told("outcomes, all awaited together", outcomes, one)
    told("plan, one transaction", plan, one)
    began = time.perf_counter()
    found = ledger.records_by_key(STORE, [record.shipment.request_key for record in records])
    told("known, read back", len(found) / (time.perf_counter() - began), one)


async def main(many: int) -> None:
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, served() as server:
        places = {
            "SQLite": Path(folder) / LEDGER,
            "PostgreSQL, on a socket": Database(server.fresh()),
        }
        for name, place in places.items():
            print(f"{name}:")
            async with open_ledger(place) as ledger:
                await measure(ledger, many)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else 20_000))
