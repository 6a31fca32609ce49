"""The store against the ledger, without a file: what is gone, changed, doubled, untracked, over-shipped."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from batch.bigcommerce.order_pages import Orders, Pages
from batch.commands.answer import CommandResult
from batch.commands.history import find_run
from batch.model import Order, Record, State, StoreShipment, findings
from batch.model.exit_status import ExitStatus
from batch.model.matching import changes_between, plain, same_items
from batch.pipeline.session import StoreSession
from batch.primitives.concurrency import gather_bounded


class DiscrepancyKind(StrEnum):
    """What an audit finds."""

    GONE = "gone"  # made by us, and no longer in the store
    CHANGED = "changed"  # no longer as it was made
    MADE_DIFFERS = "made differs"  # from what was asked, and nobody has accepted or corrected it
    DOUBLED = "doubled"  # two shipments of one order that are equal
    NO_TRACKING = "shipped without tracking"
    OVER_SHIPPED = "over-shipped"  # more units shipped than ordered, less refunds
    NO_ORDER = "order gone"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing to look at."""

    trouble: DiscrepancyKind
    order_id: int
    shipment_ids: tuple[int, ...]
    what: str


async def audit_store(session: StoreSession, run_id: str, days: int) -> CommandResult:
    """Compare the store with what the ledger shipped: of one run, or in the last so many days."""
    if run_id:
        runs = [find_run(session.ledger, run_id, session.settings.store)]
    else:
        oldest = datetime.now(UTC) - timedelta(days=days)
        runs = [run for run in session.ledger.runs(session.settings.store) if run.started >= oldest]
    ids = {record.shipment.order_id for run in runs for record in session.ledger.records_of_run(run.run_id)}
    known = session.ledger.of_orders(session.settings.store, ids)
    session.screen.begin(f"Looking at {len(known)} orders")
    orders = await Pages(session.client, session.settings.workers).read(set(known))
    found = await Audit(session).orders(known, orders)
    lines = [f"{len(known)} orders that were shipped from here, {session.client.requests} requests."]
    lines += [f"  {each.trouble.value}: {each.what}" for each in found] or ["  Nothing to look at."]
    each = [
        {"trouble": f.trouble.value, "order_id": f.order_id, "shipment_ids": f.shipment_ids, "what": f.what}
        for f in found
    ]
    data = {"orders": len(known), **count_discrepancies(found), "found": each}
    return CommandResult(tuple(lines), data, status=ExitStatus.WAITS_FOR_PERSON if found else ExitStatus.ALL_DONE)


class Audit:
    """Reads the store for every order that the ledger has shipped; writes nothing."""

    def __init__(self, session: StoreSession) -> None:
        self._client, self._settings = session.client, session.settings

    async def orders(self, known: Mapping[int, Sequence[Record]], orders: Orders) -> list[Discrepancy]:
        """Compare these orders' records with the store; a few orders at a time."""

        async def one(order_id: int) -> list[Discrepancy]:
            return await self._order(order_id, known[order_id], orders.found.get(order_id))

        found = await gather_bounded(one, known, at_once=self._settings.workers)
        return [each for several in found for each in several]

    async def _order(self, order_id: int, records: Sequence[Record], order: Order | None) -> list[Discrepancy]:
        standing = [r for r in records if r.state is State.CREATED and not r.deleted and r.made]
        if order is None:
            ids = tuple(r.made.shipment_id for r in standing if r.made)
            return [
                Discrepancy(DiscrepancyKind.NO_ORDER, order_id, ids, f"Order {order_id} is not in the store any more.")
            ]
        found = list(over_shipped(order))
        if not order.is_shipped and await self._client.shipment_count(order_id) == 0:
            return found + [absent_shipment(r) for r in standing]  # nothing to compare: the count is enough
        seen = await self._client.shipments(order_id)
        return found + list(compare(standing, seen))


def compare(standing: Sequence[Record], seen: Sequence[StoreShipment]) -> Iterator[Discrepancy]:
    """An order's records against its shipments."""
    by_id = {made.shipment_id: made for made in seen}
    for record in standing:
        assert record.made is not None
        now = by_id.get(record.made.shipment_id)
        if now is None:
            yield absent_shipment(record)
        elif record.differs:
            yield from difference_from_request(record, now)
        elif difference := changes_between(record.made, now):
            what = f"Order {now.order_id}: {findings.describe_shipment(now)} was changed: {difference}."
            yield Discrepancy(DiscrepancyKind.CHANGED, now.order_id, (now.shipment_id,), what)
    yield from duplicates(seen)
    for made in seen:
        if not made.tracking_number and not made.tracking_link:
            what = f"Order {made.order_id}: {findings.describe_shipment(made)}."
            yield Discrepancy(DiscrepancyKind.NO_TRACKING, made.order_id, (made.shipment_id,), what)


def difference_from_request(record: Record, now: StoreShipment) -> Iterator[Discrepancy]:
    """A shipment that was made otherwise than asked; nothing where somebody has set it right in the store."""
    if finding := findings.made_differs(record.shipment, now):
        yield Discrepancy(DiscrepancyKind.MADE_DIFFERS, record.shipment.order_id, (now.shipment_id,), finding.error)


def absent_shipment(record: Record) -> Discrepancy:
    """A shipment of ours that the store no longer has."""
    assert record.made is not None
    what = (
        f"Order {record.shipment.order_id}: shipment {record.made.shipment_id} of run {record.run_id} "
        "is no longer in the store."
    )
    return Discrepancy(DiscrepancyKind.GONE, record.shipment.order_id, (record.made.shipment_id,), what)


def duplicates(seen: Sequence[StoreShipment]) -> Iterator[Discrepancy]:
    """Shipments of one order with equal items under one number; without a number it may be on purpose, and is said."""
    for at, one in enumerate(seen):
        for other in seen[at + 1 :]:
            same = plain(one.tracking_number) == plain(other.tracking_number)
            if same and one.order_address_id == other.order_address_id and same_items(one.items, other.items):
                both = f"{findings.describe_shipment(one)} and {findings.describe_shipment(other)}"
                what = f"Order {one.order_id}: {both} are equal."
                yield Discrepancy(DiscrepancyKind.DOUBLED, one.order_id, (one.shipment_id, other.shipment_id), what)


def over_shipped(order: Order) -> Iterator[Discrepancy]:
    """Lines of which more was shipped than there was to ship."""
    for line in order.lines:
        if line.shipped > max(0, line.quantity - line.refunded):
            what = (
                f"Order {order.order_id}, {findings.describe_line(line)}: ordered {line.quantity}, "
                f"refunded {line.refunded}, shipped {line.shipped}."
            )
            yield Discrepancy(DiscrepancyKind.OVER_SHIPPED, order.order_id, (), what)


def count_discrepancies(found: Sequence[Discrepancy]) -> dict[str, int]:
    """How often each trouble was found."""
    counts = Counter(each.trouble for each in found)
    return {trouble.value.replace(" ", "_"): counts[trouble] for trouble in DiscrepancyKind}
