"""The main job at a store's real pace: `python -m tests.benchmarks.run --shipments 1000 --latency
0.1`.

An export is run against the sandbox with a plan's quota and a network's latency, and beside it a
sample of the same parcels by a loop that looks up each order, its lines and its addresses before it
posts. Every figure is from one run on one machine; the ratios are what to compare. `--quota 0` is a
store without a limit.

`--kill-every 60` prints something else: the command as a process of its own, killed so many seconds
after each start until it comes to its end, and how long after each start the first order ships that
was not in doubt.
"""

import argparse
import asyncio
import inspect
import math
import signal
import time
from asyncio.subprocess import DEVNULL
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from batch.bigcommerce import Client
from batch.config import LEDGER, Settings
from batch.ledger import open_ledger, read_ledger
from batch.model import Record
from batch.pipeline import Job, Pipeline
from batch.pipeline.session import StoreSession
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Fault, Faults, Quota, Sandbox
from tests.proofs.warehouse import Warehouse

PAGE = 250  # orders a request
FIRST = 1001  # the smallest order id
SECOND_PARCEL = 4  # each fourth order has one


class Clocked(Faults):
    """A store's faults, which note when each request came."""

    def __init__(self, *rules: Fault) -> None:
        super().__init__(*rules)
        self.came: list[float] = []

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        self.came.append(time.monotonic())
        return super().strike(method, path, ids)


@dataclass
class Timed:
    """A ledger, and for how long somebody waited for it to write."""

    ledger: Any
    seconds: float = 0.0
    _waiting: int = 0
    _since: float = field(default=0.0)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.ledger, name)
        return self._timed(found) if inspect.iscoroutinefunction(found) else found

    def _timed(self, write: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*given: Any, **more: Any) -> Any:
            with self._wait():
                return await write(*given, **more)

        return timed

    @contextmanager
    def _wait(self) -> Iterator[None]:
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.seconds += time.monotonic() - self._since


class Silent:
    """A screen that shows nothing."""

    def say(self, line: str) -> None: ...

    def begin(self, stage: str, total: int | None = None) -> None: ...

    def step(self, record: Record) -> None: ...


def orders(shipments: int) -> list[dict[str, Any]]:
    """Orders of three mugs, in which so many parcels of one mug can be shipped."""
    count = math.ceil(shipments * SECOND_PARCEL / (SECOND_PARCEL + 1))
    return [
        {"id": FIRST + n, "lines": [{"id": (FIRST + n) * 10, "sku": "MUG", "quantity": 3}]}
        for n in range(count)
    ]


def export(shipments: int) -> str:
    """A row a parcel, in the order of the orders."""
    rows, order = ["Order ID,SKU,Quantity,Tracking Number"], 0
    while len(rows) <= shipments:
        parcels = 2 if order % SECOND_PARCEL == 0 else 1
        for parcel in range(min(parcels, shipments + 1 - len(rows))):
            rows.append(f"{FIRST + order},MUG,1,PARCEL{order:08}{parcel}")
        order += 1
    return "\n".join(rows)


async def run(box: Sandbox, shipments: int) -> tuple[Report, float]:
    """shipbatch; its report, and the seconds it waited for its ledger."""
    with TemporaryDirectory(prefix="bench-run-") as place:
        file = Path(place) / "export.csv"
        file.write_text(export(shipments))
        settings = Settings(
            api_url=box.url, store_hash=box.store_hash, token=box.token, home=Path(place) / "home"
        )
        async with (
            open_ledger(settings.home / "ledger.sqlite3") as ledger,
            Client(settings) as client,
        ):
            timed = Timed(ledger)
            stop = StopEvent()
            desk = StoreSession(client, timed, settings, Silent(), stop)  # type: ignore[arg-type]
            return await Pipeline(desk).run(Job(file)), timed.seconds


async def loop(box: Sandbox, shipments: int) -> None:
    """One order after the other: order, lines, addresses, shipment."""
    headers = {"X-Auth-Token": box.token, "Accept": "application/json"}
    async with aiohttp.ClientSession(
        f"{box.url}/stores/{box.store_hash}/v2/", headers=headers
    ) as session:

        async def ask(method: str, path: str, body: object = None) -> Any:
            while True:
                async with session.request(method, path, json=body) as answer:
                    if answer.status != 429:
                        return await answer.json()
                    await asyncio.sleep(int(answer.headers["X-Rate-Limit-Time-Reset-Ms"]) / 1000)

        for row in export(shipments).splitlines()[1:]:
            order_id, sku, quantity, number = row.split(",")
            await ask("GET", f"orders/{order_id}")
            line = next(
                line
                for line in await ask("GET", f"orders/{order_id}/products")
                if line["sku"] == sku
            )
            address = (await ask("GET", f"orders/{order_id}/shipping_addresses"))[0]
            items = [{"order_product_id": line["id"], "quantity": int(quantity)}]
            body = {"order_address_id": address["id"], "tracking_number": number, "items": items}
            await ask("POST", f"orders/{order_id}/shipments", body)


def fullest(came: list[float], window: float) -> int:
    """Most requests in one of the store's windows, which begin with the first request after the
    last one's end.
    """
    counts, ends = [0], float("-inf")
    for at in came:
        if at >= ends:
            ends = at + window
            counts.append(0)
        counts[-1] += 1
    return max(counts)


class Posts(Faults):
    """A store's faults, which note when shipments of which orders were asked for."""

    def __init__(self, *rules: Fault) -> None:
        super().__init__(*rules)
        self.came: list[tuple[float, int]] = []

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        if method == "POST":
            self.came.append((time.monotonic(), ids[0]))
        return super().strike(method, path, ids)


async def killed(box: Sandbox, posts: Posts, shipments: int, every: float) -> None:
    """The command, killed so many seconds after each of its starts until it ends by itself; a line
    a start.
    """
    with TemporaryDirectory(prefix="bench-run-") as place:
        there = Warehouse(box, Path(place))
        there.export.write_text(export(shipments))
        command = ("run", str(there.export), "--customers-will-be-mailed")
        began = time.monotonic()
        for start in count(1):
            doubts, since = in_doubt(there), time.monotonic()
            process = (await there.start(*command, into=DEVNULL)).process
            try:
                await asyncio.wait_for(process.wait(), every)
            except TimeoutError:
                process.kill()
                await process.wait()
            first = next(
                (at - since for at, order in posts.came if at > since and order not in doubts), None
            )
            told = (
                f"first order without doubt after {first:.1f} s"
                if first
                else "no POST of an order without doubt"
            )
            print(
                f"start {start:<3} {len(doubts):>3} in doubt, {told}; {there.shipped.total()}"
                " shipped",
                flush=True,
            )
            if process.returncode != -signal.SIGKILL:
                break
        twice = there.shipped.total() - len(there.shipped)
        print(
            f"exit status {process.returncode} after {time.monotonic() - began:.0f} s, {start - 1}"
            " kills: ",
            end="",
        )
        print(f"{twice} doubled, {shipments - len(there.shipped)} lost")


def in_doubt(there: Warehouse) -> set[int]:
    """The orders of which nobody knows whether they have shipped."""
    with read_ledger(there.folder / "home" / LEDGER) as ledger:
        return {
            record.shipment.order_id
            for store in ledger.stores()
            for record in ledger.unsettled_records(store)
        }


async def main() -> None:
    """Run both, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run", description=__doc__)
    parser.add_argument("--shipments", type=int, default=1000)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds until an answer begins")
    parser.add_argument("--quota", type=int, default=450, help="requests a window; 0: no limit")
    parser.add_argument("--window", type=float, default=30.0, help="seconds")
    parser.add_argument("--sample", type=int, default=50, help="shipments of the loop")
    parser.add_argument(
        "--kill-every", type=float, metavar="SECONDS", help="kill each start, and time the next one"
    )
    given = parser.parse_args()
    quota = Quota(given.quota or 10_000_000, given.window)
    store = orders(given.shipments)
    if given.kill_every:
        posts = Posts(Fault(delay=given.latency))
        async with Sandbox({"orders": store}, quota=quota, faults=posts) as box:
            await killed(box, posts, given.shipments, given.kill_every)
        return
    figure = given.shipments + math.ceil(len(store) / PAGE)

    faults = Clocked(Fault(delay=given.latency))
    async with Sandbox({"orders": store}, quota=quota, faults=faults) as box:
        began = time.monotonic()
        report, writing = await run(box, given.shipments)
        seconds = time.monotonic() - began
        assert report.summary["created"] == given.shipments, report.summary
        assert len(box.shipments()) == given.shipments
        statuses = Counter(status for _, _, status in box.requests)
    async with Sandbox(
        {"orders": store}, quota=quota, faults=Faults(Fault(delay=given.latency))
    ) as box:
        began = time.monotonic()
        await loop(box, given.sample)
        each, asked = (time.monotonic() - began) / given.sample, len(box.requests) / given.sample

    sent = report.summary["requests"]
    print(
        f"{given.shipments} shipments of {len(store)} orders, {given.latency:g} s latency,"
        f" {statuses[429]} times 429"
    )
    print(
        f"requests       {sent}; shipments + orders / {PAGE} is {figure}: {sent / figure:.3f} of it"
    )
    print(f"wall time      {seconds:.1f} s, {given.shipments / seconds:.1f} shipments a second")
    if given.quota:
        share = fullest(faults.came, given.window) / given.quota
        print(
            f"quota          {share:.1%} of the fullest window (a tenth is left to the store's"
            " other apps)"
        )
    print(f"ledger         {writing:.2f} s waited for, {writing / seconds:.1%} of the wall time")
    print(f"loop of four   {asked:.1f} requests and {each:.2f} s a shipment, of {given.sample}")
    print(f"               {asked / (sent / given.shipments):.1f} times the requests, ", end="")
    print(f"{each / (seconds / given.shipments):.1f} times the wall time")


if __name__ == "__main__":
    asyncio.run(main())
