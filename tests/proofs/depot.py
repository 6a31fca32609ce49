"""A depot that drops files, and everything that may befall it, one verb after the other; with what must stay true.

The model is what the files ask: a parcel is in the store once, unless a person has said to ship it once more.
"""

import asyncio
import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch.commands.undo import undo_run
from batch.config import LEDGER, Settings
from batch.errors import CannotRunNow
from batch.ledger import read_ledger
from batch.model import UNSETTLED, Record
from batch.pipeline import Job
from batch.pipeline.decisions import DecisionRecorder, pending_decisions
from batch.pipeline.session import open_store
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Behaviour, Fault, Faults, Quota, Sandbox
from batch.sandbox.answers import Refusal
from batch.sandbox.orders import Shipment
from tests.clock import VirtualLoop
from tests.proofs.cases import COLUMNS, Made, address_of, line_of, sku_of
from tests.proofs.process import Death, Process, desk_of
from tests.proofs.universe import SOURCE, sent

ORDERS = (1001, 1002, 1003)
UNITS = (4, 3)  # of each order's lines
TIMEOUT, SETTLE = 10.0, 30.0
Row = tuple[int, int | None, int | None, str]
"""Order, line's place, units, number; without a line: all that remains."""


class Depot:
    """One home, one store, some files."""

    def __init__(self, folder: Path, behaviour: Behaviour) -> None:
        self.folder, self.home = folder, folder / "home0"
        self.home.mkdir()
        self.faults = _Told(self)
        orders = {"orders": list(map(_order, ORDERS))}
        self.box = Sandbox(orders, behaviour=behaviour, quota=Quota(1_000_000), faults=self.faults)
        self.files: dict[str, list[Row]] = {}
        self.foreign: set[int] = set()
        self.disturbed: set[int] = set()
        """Orders that another tool has shipped from, or a proxy has doubled something of."""
        self.words: Counter[int] = Counter()
        """Times that a person said to ship something of an order once more."""
        self.kills = 0
        self.process: Process | None = None
        self.sleeps_at = 0  # the request at which the machine falls asleep

    # what a process lives in

    def tell(self, line: str) -> None:
        """The rules that Hypothesis prints are the story."""

    def killed(self) -> None:
        self.kills += 1
        self.box.token = f"token-{self.kills}"

    # what people do

    def drop(self, name: str, rows: Sequence[Row]) -> None:
        """A file with these rows, new or in another one's place."""
        self.files[name] = list(rows)
        with (self.folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *map(_cells, rows)])

    async def run(self, name: str, death: Death | None = None, **changes: Any) -> Report | None:
        """Run a file; killed, where a death is given and comes in time."""
        self.process = Process(self, self.home, death)
        job = Job(self.folder / name, SOURCE, results=self.home / "results.xlsx")
        report = await self.process.live(job, self.settings(**changes))
        if self.process.dead:
            self.home = self.process.heir
        self.process, self.sleeps_at = None, 0
        if report:
            self._judge_rows(report, self.files[name])
        return report

    async def run_beside(self, name: str, *, wait: float) -> None:
        """Run a file while another process has the store for ten seconds."""
        asked = len(self.box.requests)
        async with desk_of(self.settings(), _Mute()):
            second = asyncio.create_task(self._opened_and_closed(wait))
            await asyncio.wait({second}, timeout=10)
            if wait < 10:
                assert isinstance(second.exception(), CannotRunNow)
            else:
                assert not second.done()
        if wait >= 10:
            await second
        assert len(self.box.requests) == asked
        await self.run(name)

    async def _opened_and_closed(self, wait: float) -> None:
        async with open_store(self.settings(wait=wait), _Mute(), StopEvent()):
            """It has got the store."""

    async def undo(self, place: int) -> None:
        """Take one of the runs back."""
        async with desk_of(self.settings(), _Mute()) as desk:
            if runs := desk.ledger.runs():
                await undo_run(desk, runs[place % len(runs)].run_id, for_real=True)

    async def answer(self, word: str) -> None:
        """A person's word on all that waits: the truth on what is in doubt, this word on what is held."""
        await self.box.settle()
        async with desk_of(self.settings(), _Mute()) as desk:
            decider = DecisionRecorder(desk.client, desk.ledger, desk.settings.store, who="Ann", why="she looked")
            for one in list(pending_decisions(desk.ledger, desk.settings.store)):
                said = self._truth(one.record, desk.ledger.claimed_shipments) if one.record else word
                if said == "ship" and one.order_id:
                    self.words[one.order_id] += 1
                await decider.take(one, said)

    def _truth(self, record: Record, claimed: Any) -> str:
        order_id, shipment = record.shipment.order_id, record.shipment
        taken = claimed(record.store, order_id) | self.foreign
        items = sorted((item.order_product_id, item.quantity) for item in shipment.items)
        for made in self.living():
            like = (made.order_id, made.texts["tracking_number"], sorted(made.items))
            if made.id not in taken and like == (order_id, shipment.tracking_number, items):
                return f"exists:{made.id}"
        return "absent"

    async def ship_elsewhere(self, row: Row) -> None:
        """Another tool ships; like ours only where nothing of ours is under way, for then nobody could tell."""
        order_id, place, units, number = row
        with read_ledger(self.home / LEDGER) as ledger:
            if any(r.state in UNSETTLED for r in ledger.of_orders("store", [order_id]).get(order_id, [])):
                number = f"X{number}"
        items = [(line_of(order_id, place or 0), units or 1)]
        fields = {"order_address_id": address_of(order_id), "tracking_number": number, "items": items}
        self.disturbed.add(order_id)
        try:
            self.box.store.make(draft := self.box.store.draft(order_id, fields))
        except Refusal:
            return
        self.foreign.add(draft.id)

    def settings(self, **changes: Any) -> Settings:
        box = self.box
        fixed = {"identity": "store", "home": self.home, "timeout": TIMEOUT, "settle": SETTLE, "workers": 3, "wait": 0}
        return Settings(api_url=box.url, store_hash=box.store_hash, token=box.token, **(fixed | changes))

    def arrived(self, method: str) -> Fault | None:
        """A request has come, and nothing is done about it yet."""
        if self.sleeps_at:
            self.sleeps_at -= 1
            if not self.sleeps_at:
                loop = asyncio.get_running_loop()
                assert isinstance(loop, VirtualLoop)
                loop.jump(8 * 3600)
        return self.process.asked(method) if self.process else None

    # what must be true, always

    def living(self) -> list[Shipment]:
        return list(self.box.store.shipments())

    def check(self) -> None:
        """No parcel twice, no unit twice, no shipment of another's claimed."""
        ever = [s for order in self.box.store.orders.values() for s in order.shipments if s.id not in self.foreign]
        posts = Counter(map(_parcel, sent(ever)))
        for key, times in posts.items():
            assert times <= 1 + self.words[key[0]], f"{key} was shipped {times} times, with {self.words} words to do so"
        alive = [s for s in ever if s.is_living]
        for key, times in Counter(map(_parcel, sent(alive))).items():
            assert times == 1 or not key[1], f"{key} is in the store {times} times"
        twice = Counter(s.order_id for s in ever) - Counter(made[0] for made in sent(ever))
        self.disturbed |= set(twice)
        self._check_units(alive)
        self._check_ledger()

    def _check_units(self, alive: Iterable[Shipment]) -> None:
        units: Counter[int] = Counter()
        for one in alive:
            for line, quantity in one.items:
                units[line] += quantity
        for order_id in set(ORDERS) - self.disturbed:
            for place, quantity in enumerate(UNITS):
                assert units[line_of(order_id, place)] <= quantity, f"order {order_id} has more shipped than ordered"

    def _check_ledger(self) -> None:
        with read_ledger(self.home / LEDGER) as ledger:
            claims = [r.made.shipment_id for r in _all(ledger.of_orders("store", ORDERS)) if r.made]
        assert not self.foreign & set(claims), "a shipment of another tool is claimed"
        assert len(claims) == len(set(claims))

    def _judge_rows(self, report: Report, rows: Sequence[Row]) -> None:
        """Every row has a result, and what it calls made is in the store, in its order, for nobody else."""
        assert set(report.rows) == set(range(2, len(rows) + 2))
        assert report.summary["rows"] == len(rows) == sum(report.summary[name] for name in STATUSES)
        alive = {s.id: s for s in self.living()}
        shown: dict[int, set[tuple[int, str]]] = defaultdict(set)
        for number, result in report.rows.items():
            order_id, *_, label = rows[number - 2]
            if result.finding.status.value in {"created", "already created"}:
                assert result.shipment_ids
                for shipment_id in result.shipment_ids:
                    shown[shipment_id].add((order_id, label))
                    assert alive[shipment_id].order_id == order_id
            if result.finding.status.value in {"held", "in doubt"}:
                assert str(order_id) in result.finding.error
        assert all(len(keys) == 1 for keys in shown.values()), f"a shipment is two parcels': {shown}"

    async def finish(self) -> None:
        """Fair weather, every file run to its end, the truth told about every doubt: then nothing is open."""
        self.faults.clear()
        for _ in range(4):
            reports = [await self.run(name) for name in self.files]
            self.check()
            if not any(r is None or r.summary["in_doubt"] or r.summary["not_sent"] for r in reports):
                return
            await self.answer("skip")
        raise AssertionError(f"something is still open: {[report and report.summary for report in reports]}")


STATUSES = (
    *("created", "updated", "already_created", "skipped", "planned", "invalid"),
    *("rejected", "held", "waiting", "in_doubt", "not_sent"),
)


class _Told(Faults):
    """Faults that tell the depot of every request."""

    def __init__(self, depot: Depot) -> None:
        super().__init__()
        self._depot = depot

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        hit, ruled = self._depot.arrived(method), super().strike(method, path, ids)
        return replace(hit, performs=min(hit.performs, ruled.performs)) if hit and ruled else hit or ruled


class _Mute:
    """A screen that nobody looks at."""

    def say(self, line: str) -> None: ...

    def begin(self, stage: str, total: int | None = None) -> None: ...

    def step(self, record: Record) -> None: ...


def _order(order_id: int) -> dict[str, Any]:
    lines = [{"id": line_of(order_id, k), "sku": sku_of(k), "quantity": units} for k, units in enumerate(UNITS)]
    return {"id": order_id, "addresses": [{"id": address_of(order_id)}], "lines": lines}


def _cells(row: Row) -> tuple[object, ...]:
    order_id, place, units, number = row
    return (order_id, "", "" if place is None else sku_of(place), units or "", number, "UPS" if number else "")


def _parcel(made: Made) -> tuple[int, str, object]:
    """What may be made once: by its number, without one by its items."""
    order_id, _, number, items = made
    return order_id, number, "" if number else items


def _all(by_order: Any) -> Iterator[Record]:
    for records in by_order.values():
        yield from records
