"""Orders that should have shipped: what no export had, and what waits here, by age."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain
from math import ceil
from pathlib import Path
from typing import Any

from batch.bigcommerce.client import PAGE
from batch.bigcommerce.order_pages import orders_of_status
from batch.commands.answer import CommandResult
from batch.commands.template import SHIPPING_STATUSES
from batch.config import OpenOrders, Settings
from batch.errors import ShipbatchError, Unreadable
from batch.ledger.queries import LedgerReader
from batch.model import Order, OrderLine, Record, RowNote, Run, State, Status, findings
from batch.model.exit_status import ExitStatus
from batch.monitoring import Digest, of_error, of_open_orders
from batch.pipeline.estimate import Estimate, Work
from batch.pipeline.progress import Progress
from batch.pipeline.session import StoreSession, open_store
from batch.primitives.concurrency import gather_bounded
from batch.primitives.stop import StopEvent
from batch.results.run_text import count_noun

SHOWN = 1_000  # orders on a screen
DAY = timedelta(days=1)
IN_RECORDS: Mapping[State, tuple[str, str]] = {
    State.PLANNED: ("not sent", "shipbatch resume {run}"),
    State.INTENT: ("in doubt", "shipbatch decide {run}"),
    State.IN_DOUBT: ("in doubt", "shipbatch decide {run}"),
    State.NEEDS_PERSON: ("in doubt", "shipbatch decide {run}"),
    State.CREATED: ("shipped in part", ""),
    State.REJECTED: ("refused by the store", "shipbatch find {order}"),
}
"""What is said of an order by its newest shipment here, and what to do."""
UNDONE = ("shipped and undone", "shipbatch find {order}")
FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Known:
    """The newest word that the ledger has of an order."""

    what: str
    since: datetime
    run: str
    file: str
    row: int
    todo: str

    def __str__(self) -> str:
        todo = f": `{self.todo}`" if self.todo else ""
        at = f"{self.since.astimezone():%Y-%m-%d}, row {self.row} of {Path(self.file).name}"
        return f"; {self.what} since {at}{todo}"


@dataclass(frozen=True, slots=True)
class OverdueOrder:
    """An order with units left that should have shipped by now."""

    order: Order
    created: datetime | None
    """None: the store does not say."""
    known: Known | None

    @property
    def in_export(self) -> bool:
        """Whether an export had what is left of it."""
        return self.known is not None and self.known.what != IN_RECORDS[State.CREATED][0]

    def lines(self, now: datetime) -> Iterator[str]:
        order = self.order
        age = (
            f"{count_noun(round((now - self.created) / DAY), 'day')} old"
            if self.created
            else "of unknown age"
        )
        other = f" ({order.external_id})" if order.external_id else ""
        yield f"  order {order.order_id}{other}, {age}, {order.status}{self.known or ''}"
        left = [line for line in order.lines if line.left]
        yield "    " + ", ".join(f"{one.left} × {findings.describe_line(one)}" for one in left)

    def data(self) -> dict[str, Any]:
        known = self.known
        return {
            "order_id": self.order.order_id,
            "external_order_id": self.order.external_id,
            "status": self.order.status,
            "created": self.created.isoformat() if self.created else None,
            "in_export": self.in_export,
            "known": asdict(known) | {"since": known.since.isoformat()} if known else None,
            "lines": [
                {"sku": line.sku, "name": line.name, "ordered": line.quantity, "left": line.left}
                for line in self.order.lines
                if line.left
            ],
        }


async def list_open_orders(session: StoreSession, asked: OpenOrders) -> CommandResult:
    """Orders that ship, with units left and older than asked, oldest first; 1 where there are any.

    First those of which no export had what is left; then those that wait here, with what to do.
    """
    now = datetime.now(UTC)
    orders = await _read_orders(session, asked, now)
    store = session.settings.store
    runs = {run.run_id: run for run in session.ledger.runs(store)}
    overdue = _with_known(session.ledger, store, runs, orders)
    oldest = min((each.created for each in overdue if each.created), default=now)
    files = sum(run.started >= oldest for run in runs.values())
    lines = [
        f"{count_noun(len(overdue), 'order')} older than {asked.older:g} days with units to ship,"
        f" {count_noun(session.client.requests, 'request')}"
        + (f"; {count_noun(files, 'export')} run since the oldest was made." if overdue else ".")
    ]
    sections = {
        "In no export:": [each for each in overdue if not each.in_export],
        "In an export, and not shipped:": [each for each in overdue if each.in_export],
    }
    for title, some in sections.items():
        lines += [title] if some else []
        lines += [line for each in some[:SHOWN] for line in each.lines(now)]
        lines += [f"  and {len(some) - SHOWN:,} more: --json has all"] if some[SHOWN:] else []
    found = [each.data() for some in sections.values() for each in some]
    data = {
        "older_than_days": asked.older,
        "orders": len(found),
        "in_no_export": len(sections["In no export:"]),
        "exports": files,
        "requests": session.client.requests,
        "found": found,
    }
    status = ExitStatus.NOT_ALL_SENT if found else ExitStatus.ALL_DONE
    return CommandResult(tuple(lines), data, status)


async def open_orders_digest(settings: Settings, screen: Progress, stop: StopEvent) -> Digest:
    """A night's section on them; a store that cannot be asked is its news, and fails nothing."""
    try:
        async with open_store(settings, screen, stop, lock=False) as session:
            result = await list_open_orders(session, settings.open_orders)
    except ShipbatchError as error:
        return of_error(error, "open orders", ExitStatus.NOT_ALL_SENT)
    return of_open_orders(result.lines, result.data)


async def _read_orders(session: StoreSession, asked: OpenOrders, now: datetime) -> list[Order]:
    """The orders in time with units left, each with all its lines."""
    client, settings = session.client, session.settings
    # A day more on both sides: in whose time zone a store counts is not documented.
    filters: dict[str, str | int] = {"max_date_created": _iso(now - asked.older * DAY + DAY)}
    if asked.newer:
        filters["min_date_created"] = _iso(now - asked.newer * DAY - DAY)
    session.screen.begin("Looking for orders that should have shipped")
    with suppress(Unreadable):  # it was for the estimate alone
        counts = await client.order_counts(filters)
        pages = sum(ceil(counts.get(status, 0) / PAGE) + 1 for status in SHIPPING_STATUSES)
        session.screen.say(Estimate.of(Work(0, reads=pages), client.quota, settings).line)
    found: list[Order] = []
    for status in SHIPPING_STATUSES:
        found += await orders_of_status(client, status, filters=filters)
    late = [order for order in found if _is_missed(_created(order), asked, now)]
    whole = await gather_bounded(client.whole, late, at_once=settings.workers)
    return [order for order in whole if any(line.left for line in order.lines)]


def _with_known(
    ledger: LedgerReader, store: str, runs: Mapping[str, Run], orders: Sequence[Order]
) -> list[OverdueOrder]:
    """The orders, oldest first, with the ledger's newest word on each since it was made."""
    records = ledger.of_orders(store, [order.order_id for order in orders])
    named = ledger.notes_naming(store, chain.from_iterable(map(_names, orders)))
    words = ledger.decisions(store, {note.request_key for _, note in named.values()} - {""})
    skipped = {ask for ask, word in words.items() if word.answer == "skip"}
    overdue: list[OverdueOrder] = []
    for order in orders:
        its, created = records.get(order.order_id, []), _created(order)
        if not any(line.left for line in order.lines if not _is_made(line, its)):
            continue
        said = [_of_record(each, runs[each.run_id]) for each in its if each.run_id in runs]
        for run_id, note in (named[name] for name in _names(order) if name in named):
            if (note.facts or {}).get("order_id") in {None, order.order_id}:
                said.append(_of_note(order, note, runs[run_id], note.request_key in skipped))
        since = [known for known in said if created is None or known.since >= created]
        known = max(since, key=lambda known: known.since, default=None)
        overdue.append(OverdueOrder(order, created, known))
    return sorted(overdue, key=lambda each: (each.created or FIRST, each.order.order_id))


def _is_made(line: OrderLine, records: Sequence[Record]) -> bool:
    """Whether all of a line was shipped from here: a store may tell of it late."""
    made = (each.made.items for each in records if each.made and not each.deleted)
    units = (
        item.quantity
        for item in chain.from_iterable(made)
        if item.order_product_id == line.order_product_id
    )
    return sum(units) >= line.quantity - line.refunded


def _of_record(record: Record, run: Run) -> Known:
    what, todo = UNDONE if record.deleted else IN_RECORDS[record.state]
    row = min(record.shipment.rows, default=0)
    todo = todo.format(run=run.run_id, order=record.shipment.order_id)
    return Known(what, record.changed_at or run.started, run.run_id, run.file, row, todo)


def _of_note(order: Order, note: RowNote, run: Run, skipped: bool) -> Known:  # noqa: FBT001
    what = note.finding.status.value + (", and a person said to skip it" if skipped else "")
    is_held = note.finding.status is Status.HELD and not skipped
    todo = f"shipbatch decide {run.run_id}" if is_held else f"shipbatch find {order.order_id}"
    return Known(what, run.started, run.run_id, run.file, note.rows[0], todo)


def _names(order: Order) -> list[str]:
    """What an export may call it."""
    return [name for name in (str(order.order_id), order.external_id) if name]


def _created(order: Order) -> datetime | None:
    try:
        created = parsedate_to_datetime(order.date_created)
    except ValueError:
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _is_missed(created: datetime | None, asked: OpenOrders, now: datetime) -> bool:
    """Whether it is as old as was asked for; one without a date is."""
    if created is None:
        return True
    age = now - created
    return age >= asked.older * DAY and not (asked.newer and age > asked.newer * DAY)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
