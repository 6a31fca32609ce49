"""One seeded universe: a store, an export, bad weather, kills, restarts; then the store's own list
is the judge.

Everything is decided by the seed: the store and its kind, the exports, the settings, another tool's
shipments, when a process dies (process.py), and what goes wrong with which request (weather.py).
"""

import asyncio
import random
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batch.config import LEDGER, Settings, Source
from batch.ledger import read_ledger
from batch.model import UNSETTLED, Field, Finding, Record, State
from batch.pipeline import Job
from batch.results.accounting import Report
from batch.sandbox import Fault, Quota, Sandbox
from batch.sandbox.answers import Refusal
from batch.sandbox.orders import Shipment
from tests.proofs import cases
from tests.proofs.cases import Case, Made, case_of
from tests.proofs.process import Death, Process
from tests.proofs.weather import Climate, Weather

RUNS = 14  # after which an export must have come to its end
WILD = 5  # runs in which things go wrong; afterwards the sky clears, so that the end can be judged
COLUMNS = dict(
    zip(
        ("order_id", "order_address_id", "sku", "quantity", "tracking_number", "carrier"),
        cases.COLUMNS,
        strict=True,
    )
)
SOURCE = Source(
    map={Field(name): column for name, column in COLUMNS.items()},
    answers={"blank_numbers": "ship"},
    no_line="ship",
    no_number="ship",
)
Parcel = tuple[int, int, str]
"""Order, address, number: what tells a file's parcels apart."""


@dataclass
class Verdict:
    """What the store's list says of one universe."""

    seed: int
    runs: int = 0
    kills: int = 0
    parcels: int = 0
    doubled: int = 0
    lost: int = 0
    in_doubt: int = 0
    """Records left to a person."""
    false_claims: int = 0
    wrong: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Act:
    """A shipment that another tool makes once so many requests have come."""

    arrivals: int
    order_id: int
    address: int
    number: str
    items: tuple[tuple[int, int], ...]


class Universe:
    """Everything that a seed decides, and what came of it."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.folder = seed, folder
        self.dice = random.Random(seed)
        self.case = case_of(seed, parcels=self.dice.randint(1, 7), share=0)
        self.case.behaviour = replace(self.case.behaviour, lag=self.dice.choice((0.0, 0.0, 5.0)))
        self.rules = self._rules()
        self.exports = list(self._exports())
        """Rows of each export: a second one has all of the first, and more."""
        self.climate = self._climate()
        self.foreign: set[int] = set()
        """Shipments that another tool has made."""
        self.acts = list(self._acts())
        self.touched = {act.order_id for act in self.acts}
        """Orders that another tool ships from, or tries to."""
        self.verdict = Verdict(seed, parcels=self.case.expected.total())
        self.process: Process | None = None
        self._arrivals = 0

    def _rules(self) -> dict[str, Any]:
        dice, timeout = self.dice, self.dice.choice((5.0, 30.0))
        return {
            "timeout": timeout,
            "settle": dice.choice((timeout, 40.0, 90.0)),
            "workers": dice.choice((1, 2, 3, 8, 16)),
            "judgement": dice.choice((900.0, 900.0, 10.0, 0.0)),
            "never_resend": dice.random() < 0.15,
            "verify": dice.random() < 0.15,
            "reserve": dice.choice((0.0, 0.1)),
            "again": dice.random() < 0.3,
        }

    def _climate(self) -> Climate:
        dice, severity = self.dice, self.dice.choice((0.1, 0.4, 0.8))
        return Climate(
            self.seed,
            severity,
            severity / 3,
            refusals=dice.random() < 0.2,
            bound=0.9 * max(0.0, self.rules["settle"] - self.case.behaviour.lag),
            latency=dice.choice((0.2, 3.0, 0.8 * self.rules["timeout"])),
        )

    def _exports(self) -> Iterator[int]:
        dice, case = self.dice, self.case
        if dice.random() < 0.5:
            the_rest(case)
        if self.rules["again"]:
            cases.partial_unnumbered(case)
        yield len(case.rows)
        if dice.random() < 0.4:
            first = {row[0] for row in case.rows}
            if self.rules["again"]:
                case.expected.update(
                    [key for key in case.expected if key[0] in first and self._left_over(key)]
                )
            dice.choice((cases.twins, cases.bare_order, cases.partial_unnumbered))(case)
            yield len(case.rows)

    def _left_over(self, made: Made) -> bool:
        """Whether --again ships it with the second export too: it has no number, and units are
        left.
        """
        ordered = {
            line["id"]: line["quantity"] for order in self.case.orders for line in order["lines"]
        }
        return not made[2] and any(units < ordered[line] for line, units in made[3])

    def tell(self, line: str) -> None:
        self.verdict.story.append(f"{asyncio.get_running_loop().time():10.3f}  {line}")

    async def unfold(self) -> Verdict:
        """Run the export until nothing is left to do, and judge."""
        random.seed(self.seed)  # the back-offs
        self.weather = Weather(self.climate, self.arrived, self.case.faults)
        self.weather.truthful = self.touched
        quota = Quota(self.dice.choice((15, 40, 450)), others=self.dice.choice((0, 0, 5)))
        async with Sandbox(
            self.case.store, behaviour=self.case.behaviour, quota=quota, faults=self.weather
        ) as self.box:
            self.tell(f"{self.rules} {self.climate} {self.case.behaviour} {quota}")
            for row in self.case.rows:
                self.tell(f"row {row}")
            self._act()
            await asyncio.sleep(
                max(self.climate.bound, self.case.behaviour.lag)
            )  # until no read leaves out what was there before
            self.home = self.folder / "home0"
            self.home.mkdir()
            for number, rows in enumerate(self.exports):
                export = self.folder / f"export{number}.csv"
                replace(self.case, rows=self.case.rows[:rows]).write(export)
                last = await self._to_the_end(export)
            self._judge(last)
        return self.verdict

    async def _to_the_end(self, export: Path) -> Report | None:
        """Run an export again and again, until a run in fair weather says and does nothing new."""
        before, report = "", None
        for run in range(1, RUNS + 1):
            self.verdict.runs += 1
            wild = run <= WILD
            self.weather.climate = self.climate if wild else Climate(self.seed)
            process = self.process = Process(self, self.home, self._death() if wild else None)
            held = len(self.box.shipments())
            report = await process.live(*self._job(export))
            self.home = process.heir if process.dead else self.home
            await asyncio.sleep(self.dice.choice((0.0, 1.0, 3600.0)))
            if report:
                said = str(
                    {
                        row: result.finding.code or result.finding.status
                        for row, result in report.rows.items()
                    }
                )
                self.tell(said)
                same = said == before and held == len(self.box.shipments())
                # often enough, once more all the same: it must change nothing
                if not self._open(report):
                    if same or self.dice.random() < 0.5:
                        break
                elif same and not wild:
                    break
                before = said
        else:
            self.verdict.wrong.append(f"no end after {RUNS} runs: {report and report.summary}")
        return report

    def _job(self, export: Path) -> tuple[Job, Settings]:
        box, home = self.box, self.home
        job = Job(export, SOURCE, results=home / "results.xlsx")
        return job, Settings(
            api_url=box.url,
            store_hash=box.store_hash,
            token=box.token,
            identity="store",
            home=home,
            **self.rules,
        )

    def _death(self) -> Death | None:
        dice = self.dice
        done, late = (
            dice.choice((0, 1, 1)),
            dice.choice((0.0, 0.0, dice.uniform(0, self.climate.bound / 2))),
        )
        match dice.randrange(5):
            case 0:
                return Death(request=dice.randint(1, 12), done=done, late=late)
            case 1:
                return Death(request=dice.randint(1, 40), done=done, late=late)
            case 2:
                return Death(word=dice.randint(1, 12))
            case 3:
                return Death(after=dice.expovariate(1 / 30))
        return None

    def killed(self) -> None:
        """The process that lived until now reaches the store no more."""
        self.verdict.kills += 1
        self.box.token = f"token-{self.verdict.kills}"
        self.tell("KILLED")

    @staticmethod
    def _open(report: Report) -> bool:
        return bool(report.summary["not_sent"] or report.summary["in_doubt"])

    def arrived(self, method: str, path: str, order_id: int) -> Fault | None:
        """A request has come, and nothing is done about it yet."""
        assert self.process is not None
        self.tell(f"{method} {path}")
        self._arrivals += 1
        if method == "POST":
            self._judge_intent(order_id)
        self._act()
        return self.process.asked(method)

    # another tool

    def _acts(self) -> Iterator[Act]:
        """A few shipments by another tool: like ours before the first run, later unlike ours."""
        dice, parcels = self.dice, sorted(self.case.expected)
        if self.rules["again"] and dice.random() < 0.4:
            yield from (Act(0, *key) for key in parcels if self._left_over(key))
        if dice.random() < 0.6:
            return
        for order_id, address, number, items in dice.sample(
            parcels, k=min(len(parcels), dice.randint(1, 2))
        ):
            other = f"X{order_id}"
            match dice.choice(("twin", "near", "changed", "other")):
                case "twin":
                    yield Act(0, order_id, address, number, items)
                case "changed" if number:
                    yield Act(
                        dice.randint(0, 30),
                        order_id,
                        address,
                        number,
                        ((items[0][0], items[0][1] + 1),),
                    )
                case "near":
                    yield Act(dice.randint(0, 30), order_id, address, other, items)
                case _:
                    yield Act(dice.randint(0, 30), order_id, address, other, ((items[0][0], 1),))

    def _act(self) -> None:
        for act in [act for act in self.acts if act.arrivals <= self._arrivals]:
            self.acts.remove(act)
            store = self.box.store
            fields = {
                "order_address_id": act.address,
                "tracking_number": act.number,
                "items": list(act.items),
            }
            with suppress(Refusal):
                store.make(draft := store.draft(act.order_id, fields))
                self.foreign.add(draft.id)
                self.tell(f"another tool makes shipment {draft.id}: {act}")

    # judgement

    def _judge(self, last: Report | None) -> None:
        verdict = self.verdict
        if last is None:
            verdict.wrong.append("the last run gave no report")
            return
        made = list(self.box.store.shipments())
        ours = [s for s in made if s.id not in self.foreign]
        posts, planned = Counter(sent(ours)), self.case.expected
        twice = Counter(s.order_id for s in ours) - Counter(key[0] for key in posts.elements())
        self.disturbed = self.touched | set(twice)
        doubled = Counter(parcel_of(key) for key in posts.elements()) - Counter(
            map(parcel_of, planned.elements())
        )
        doubled |= Counter(
            parcel_of(key) for key in posts - planned if key[0] not in self.disturbed
        )
        verdict.doubled = doubled.total()
        missing = Counter(map(parcel_of, planned.elements())) - Counter(
            map(parcel_of, posts.elements())
        )
        lost = [parcel for parcel in missing if not self._accounted(parcel, last)]
        verdict.lost = len(lost)
        verdict.wrong += [f"doubled: {parcel}" for parcel in doubled] + [
            f"lost: {parcel}" for parcel in lost
        ]
        self._judge_rows(last, {s.id: s for s in made})
        self._judge_ledger({s.id: s for s in made})

    def _accounted(self, parcel: Parcel, last: Report) -> bool:
        """Whether a parcel's rows say why it is not in the store; naming the order, where it is in
        doubt.
        """
        order_id, address, number = parcel
        rows = [
            row
            for row, (order, where, _, _, label, _) in enumerate(self.case.rows, 2)
            if order == order_id and where in ("", address) and label == number
        ]
        return bool(rows) and all(self._explains(last.rows[row].finding, order_id) for row in rows)

    def _explains(self, finding: Finding, order_id: int) -> bool:
        disturbed = order_id in self.disturbed
        match finding.status.value:
            case "rejected":
                return disturbed or self.climate.refusals
            case "invalid" | "already created":
                return disturbed
            case "held":
                return disturbed and str(order_id) in finding.error
        return finding.status.value in {"in doubt", "not sent"} and str(order_id) in finding.error

    def _judge_intent(self, order_id: int) -> None:
        """When a POST arrives, its intent is on disk, and nothing else of the order is under way or
        in doubt.
        """
        assert self.process is not None
        sql = (
            "SELECT state FROM records WHERE order_id = ? AND state IN ('intent', 'in_doubt',"
            " 'needs_person')"
        )
        with closing(
            sqlite3.connect(f"file:{self.process.home / LEDGER}?mode=ro", uri=True)
        ) as ledger:
            states = [state for (state,) in ledger.execute(sql, (order_id,))]
        if states != [State.INTENT]:
            self.verdict.wrong.append(
                f"a POST to order {order_id} came while the ledger had {states}"
            )

    def _judge_rows(self, last: Report, made: dict[int, Shipment]) -> None:
        """Every row has a result; what it calls made is there; no shipment is two parcels'."""
        rows, counts = self.case.rows, last.summary
        verdict = self.verdict
        if set(last.rows) != set(range(2, len(rows) + 2)) or counts["rows"] != len(rows):
            verdict.wrong.append(f"rows do not add up: {counts}")
        shown: dict[int, set[object]] = defaultdict(set)
        for number, result in last.rows.items():
            order_id, address, _, _, label, _ = rows[number - 2]
            for shipment_id in result.shipment_ids:
                shown[shipment_id].add((order_id, address, label))
                if shipment_id not in made or made[shipment_id].order_id != order_id:
                    verdict.wrong.append(
                        f"row {number} shows shipment {shipment_id}, which is not its order's"
                    )
            if (
                result.finding.status.value in {"created", "already created"}
                and not result.shipment_ids
            ):
                verdict.wrong.append(f"row {number} is {result.finding.status} without a shipment")
        verdict.wrong += [
            f"shipment {one} is shown for {keys}" for one, keys in shown.items() if len(keys) > 1
        ]

    def _judge_ledger(self, made: dict[int, Shipment]) -> None:
        """What the ledger claims is ours; what it leaves in doubt is counted."""
        with read_ledger(self.home / LEDGER) as ledger:
            for record in _all(
                ledger.of_orders("store", [order["id"] for order in self.case.orders])
            ):
                if record.state is State.NEEDS_PERSON:
                    self.verdict.in_doubt += 1
                elif record.state in UNSETTLED:
                    self.verdict.wrong.append(f"nobody has settled {record}")
                if record.made and record.made.shipment_id in self.foreign:
                    self.verdict.false_claims += 1
                    self.verdict.wrong.append(
                        f"shipment {record.made.shipment_id} is not ours, but record {record}"
                    )


def _all(by_order: Any) -> Iterator[Record]:
    for records in by_order.values():
        yield from records


def sent(shipments: Iterable[Shipment]) -> Iterator[Made]:
    """What each POST has made: what one POST has made twice, the way there has doubled."""
    seen: set[tuple[Made, float]] = set()
    for one in shipments:
        made = (
            one.order_id,
            one.address_id,
            one.texts["tracking_number"],
            tuple(sorted(one.items)),
        )
        if (made, one.made_at) not in seen:
            seen.add((made, one.made_at))
            yield made


def parcel_of(made: Made) -> Parcel:
    return made[:3]


def the_rest(case: Case) -> None:
    """Some units in one parcel, all that remains in another."""
    order = case.order(3, 2)
    case.row(order, cases.sku_of(0), 1, f"T1{order}A")
    case.ships(order, {0: 1}, f"T1{order}A")
    case.row(order, number=f"T1{order}B")
    case.ships(order, {0: 2, 1: 2}, f"T1{order}B")
