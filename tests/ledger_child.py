"""A runner in miniature, to be killed: `python ledger_child.py LEDGER SHIPPED ORDERS`.

Two parcels an order, orders in parallel. SHIPPED stands for the store: a line `number` is a
shipment that was made. What is durable for the ledger is told on stdout: `record state`.
"""

import asyncio
import sys
from pathlib import Path

from ledger_samples import STORE, created, outcome, parcel, run_of

from batch.config import Database, Place
from batch.ledger import Ledger, open_ledger
from batch.model import Record, State
from batch.primitives import failpoints

RUN = run_of().run_id


def numbers(shipped: Path) -> list[str]:
    return shipped.read_text().split() if shipped.exists() else []


async def ship(ledger: Ledger, shipped: Path, record: Record) -> None:
    """Intent, the store's side, outcome; each told when it is durable."""
    await ledger.intend(record.record_id, {})
    print(record.record_id, State.INTENT, flush=True)
    with shipped.open("a") as store:
        store.write(record.shipment.tracking_number + "\n")
    failpoints.failpoint("sent")
    await settle(ledger, record, "response")


async def settle(ledger: Ledger, record: Record, what: str) -> None:
    await ledger.move(record, created(record.record_id, record.shipment), what)
    print(record.record_id, State.CREATED, flush=True)


async def recover(ledger: Ledger, shipped: Path) -> None:
    """What a crash left: in doubt, then settled by what the store has."""
    for record in ledger.unsettled_records(STORE):
        if record.state is State.INTENT:
            await ledger.move(record, outcome(State.IN_DOUBT), "crash")
        if record.shipment.tracking_number in numbers(shipped):
            await settle(ledger, record, "read back")
        else:
            await ledger.move(record, outcome(State.PLANNED), "read back")


async def run_to_the_end(place: Place, shipped: Path, orders: int) -> None:
    async with open_ledger(place) as ledger:
        if ledger.run(RUN) is None:
            await ledger.begin(run_of())
        if next(ledger.records_of_run(RUN), None) is None:
            await ledger.plan(RUN, [parcel(n // 2, f"P{n}") for n in range(2, 2 * orders + 2)], [])
        await recover(ledger, shipped)
        left: dict[int, list[Record]] = {}
        for record in ledger.records_of_run(RUN):
            if record.state is State.PLANNED:
                left.setdefault(record.shipment.order_id, []).append(record)

        async def one_order(records: list[Record]) -> None:
            for record in records:
                await ship(ledger, shipped, record)

        await asyncio.gather(*map(one_order, left.values()))
        await ledger.finish(RUN, 0, {})


if __name__ == "__main__":
    where = Database(sys.argv[1]) if "://" in sys.argv[1] else Path(sys.argv[1])
    asyncio.run(run_to_the_end(where, Path(sys.argv[2]), int(sys.argv[3])))
