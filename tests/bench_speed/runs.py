"""The runs that are measured: shipbatch's own, and a bare loop that records nothing."""

import asyncio
import csv
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from batch.config import Settings
from batch.ledger import open_ledger
from batch.model import Outcome, Record, State, StoreShipment
from batch.pipeline import Job, Pipeline
from batch.pipeline.session import open_store
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from tests.bench_ledger import planned
from tests.bench_speed.store import Place, Spec

SKUS = ("Order ID", "SKU", "Quantity", "Tracking Number")
IDS = ("Order ID", "Order Address ID", "Order Product ID", "Quantity", "Tracking Number")
BARE = 16  # requests at once of the bare loop


class Silent:
    """A screen that shows nothing."""

    def say(self, line: str) -> None: ...

    def begin(self, stage: str, total: int | None = None) -> None: ...

    def step(self, record: Record) -> None: ...


def by_sku(order_ids: Iterable[int]) -> list[tuple[object, ...]]:
    """A parcel of one mug for each order, as a warehouse has it."""
    return [SKUS, *((n, "MUG", 1, f"PARCEL{n:010}") for n in order_ids)]


def by_id(order_ids: Iterable[int]) -> list[tuple[object, ...]]:
    """The same with all ids."""
    return [IDS, *((n, n * 100, n * 10, 1, f"PARCEL{n:010}") for n in order_ids)]


@contextmanager
def home() -> Iterator[Path]:
    """A folder on the disk of this project, for exports and a ledger."""
    with TemporaryDirectory(prefix="bench-", dir=Path.cwd()) as folder:
        yield Path(folder)


async def ship(place: Place, rows: Iterable[Iterable[object]], folder: Path, **more: Any) -> Report:
    """One export through all stages, with a durable ledger."""
    export = folder / "export.csv"
    with export.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    more.setdefault("customers_will_be_mailed", True)
    settings = Settings(api_url=place.url, store_hash=place.store_hash, token=place.token, home=folder / "home", **more)
    async with open_store(settings, Silent(), StopEvent()) as desk:
        return await Pipeline(desk).run(Job(export))


Around = Callable[[int, Callable[[], Awaitable[dict[str, Any]]]], Awaitable[None]]


async def bare(place: Place, order_ids: Iterable[int], around: Around | None = None, workers: int = BARE) -> None:
    """The same POSTs by aiohttp alone: nothing is paced, judged or recorded, but by what is put `around` each."""
    headers = {"X-Auth-Token": place.token, "Accept": "application/json"}
    base = f"{place.url}/stores/{place.store_hash}/v2/orders"
    left = iter(order_ids)
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=workers)) as session:

        async def post(n: int) -> dict[str, Any]:
            items = [{"order_product_id": n * 10, "quantity": 1}]
            body = {"order_address_id": n * 100, "tracking_number": f"BARE{n:010}", "items": items}
            async with session.post(f"{base}/{n}/shipments", json=body) as answer:
                assert answer.status == 201, await answer.text()
                made: dict[str, Any] = await answer.json()
                return made

        async def worker() -> None:
            for n in left:
                await (around(n, partial(post, n)) if around else post(n))

        await asyncio.gather(*(worker() for _ in range(workers)))


async def recorded(place: Place, order_ids: range, folder: Path) -> None:
    """The bare loop with the two durable records of each shipment, and nothing else of ours."""
    async with open_ledger(folder / "ledger.sqlite3") as ledger:
        records = {one.shipment.order_id: one for one in await planned(ledger, "bare", order_ids)}

        async def around(n: int, post: Callable[[], Awaitable[dict[str, Any]]]) -> None:
            await ledger.intend(records[n].record_id, {})
            answer = await post()
            made = StoreShipment(answer["id"], n, n * 100, records[n].shipment.items, answer=answer)
            await ledger.move(records[n], Outcome(State.CREATED, made), "response")

        await bare(place, order_ids, around, workers=Settings().workers)


def ids(spec: Spec) -> range:
    """The orders of a store."""
    return range(spec.first, spec.first + spec.orders)
