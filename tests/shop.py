"""A shop for the tests: a sandbox store, a home, and runs of exports written in a line or two."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from clock import VirtualLoop

from batch.config import LEDGER, Settings, Source
from batch.ledger import read_ledger
from batch.ledger.queries import LedgerReader
from batch.model import Record, RowResult
from batch.pipeline import Job, Pipeline
from batch.pipeline.session import StoreSession, open_store
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Fault, Faults, Sandbox

OpenShop = Callable[..., Awaitable["Shop"]]
"""What the fixture `shop` gives: `await shop(orders, behaviour=…)`."""
WITHOUT_NUMBERS = Source(match="*", answers={"blank_numbers": "ship"}, no_number="ship")
"""A source whose files may have no tracking number at all, as many here have."""
HEADER = ("Order ID", "SKU", "Quantity", "Tracking Number")


def number(n: int) -> str:
    """A tracking number of no carrier in particular."""
    return f"PARCEL{n:08}"


def line(line_id: int, sku: str = "MUG", quantity: int = 3, **more: Any) -> dict[str, Any]:
    """An order's line, as the sandbox takes it."""
    return {"id": line_id, "sku": sku, "quantity": quantity, **more}


def order(order_id: int, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order of three mugs, or of these lines; its line's id is ten times its own."""
    return {"id": order_id, "lines": list(lines) or [line(order_id * 10)], **more}


def store(*orders: dict[str, Any]) -> dict[str, Any]:
    return {"orders": list(orders)}


def dense(count: int, first: int = 100) -> dict[str, Any]:
    """Orders of three mugs each, without a gap in their ids."""
    return store(*(order(order_id) for order_id in range(first, first + count)))


def table(*rows: Iterable[object], header: Iterable[str] = HEADER) -> str:
    """An export as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([tuple(header), *rows])
    return text.getvalue()


class Watched(Faults):
    """The faults of a store that tells, as each request arrives and before anything is done, what
    it is.
    """

    def __init__(self, watch: Callable[[str, str, int], None], *rules: Fault) -> None:
        super().__init__(*rules)
        self._watch = watch

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        self._watch(method, path, ids[0] if ids else 0)
        return super().strike(method, path, ids)


class Quiet:
    """A screen that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[Record] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def begin(self, stage: str, total: int | None = None) -> None:
        self.lines.append(stage)

    def step(self, record: Record) -> None:
        self.steps.append(record)


class Shop:
    """A sandbox, and the home of whoever ships to it. Every run opens the ledger anew, as a process
    does.
    """

    def __init__(self, box: Sandbox, home: Path) -> None:
        self.box, self.home = box, home / "home"
        self.folder = home / "exports"
        self.folder.mkdir()
        self.screen = Quiet()
        self.stop = StopEvent()

    def settings(self, **changes: Any) -> Settings:
        box = self.box
        changes.setdefault("sources", (WITHOUT_NUMBERS,))
        return Settings(
            api_url=box.url,
            store_hash=box.store_hash,
            token=box.token,
            home=self.home,
            identity="shop",
            **changes,
        )

    @asynccontextmanager
    async def desk(self, **changes: Any) -> AsyncIterator[StoreSession]:
        """The store, opened as a command does."""
        self.screen, self.stop = Quiet(), StopEvent()
        async with open_store(self.settings(**changes), self.screen, self.stop) as desk:
            loop = asyncio.get_running_loop()
            if isinstance(loop, VirtualLoop):
                loop.busy.append(desk.ledger.is_writing)
            yield desk
            if isinstance(loop, VirtualLoop):
                loop.busy.remove(desk.ledger.is_writing)

    async def run(self, *rows: Iterable[object], **more: Any) -> Report:
        """Run an export of these rows; `name`, `header`, `source`, `dry`, `limit` and `answers`,
        else settings.
        """
        name, header = more.pop("name", "export.csv"), more.pop("header", HEADER)
        job = {key: more.pop(key) for key in ("dry", "limit", "answers") if key in more}
        path = self.folder / name
        path.write_text(table(*rows, header=header), "utf-8")
        given = {"answers": {"blank_numbers": "ship"}} | more.pop(
            "source", {}
        )  # also without numbers
        source = Source(**given)
        async with self.desk(**more) as desk:
            return await Pipeline(desk).run(Job(path, source, **job))

    async def drop(self, sheet: Path | None, **changes: Any) -> Report:
        """Run a file that is there already, such as a results sheet."""
        assert sheet is not None
        async with self.desk(**changes) as desk:
            return await Pipeline(desk).run(Job(sheet))

    @contextmanager
    def ledger(self) -> Iterator[LedgerReader]:
        """The ledger as it lies on disk."""
        with read_ledger(self.home / LEDGER) as ledger:
            yield ledger

    def fault(self, *faults: Fault) -> None:
        """Let these go wrong from now on, and nothing else."""
        self.box.faults.clear()
        for fault in faults:
            self.box.faults.add(fault)

    @property
    def posts(self) -> int:
        """Requests that would make a shipment, sent so far."""
        return self.box.counts["POST /orders/{}/shipments"]

    def made(self) -> list[tuple[int, str, dict[int, int]]]:
        """Every shipment in the store: order, number, units by line."""
        return [
            (
                one["order_id"],
                one["tracking_number"],
                {item["order_product_id"]: item["quantity"] for item in one["items"]},
            )
            for one in self.box.shipments()
        ]


def said(report: Report) -> dict[int, tuple[str, str]]:
    """Status and code of each row."""
    return {
        row: (result.finding.status.value, result.finding.code)
        for row, result in report.rows.items()
    }


def statuses(report: Report) -> list[str]:
    """The status of each row, in the file's order."""
    return [result.finding.status.value for _, result in sorted(report.rows.items())]


def row(report: Report, number: int) -> RowResult:
    return report.rows[number]
