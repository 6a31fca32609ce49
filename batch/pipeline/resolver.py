"""What a row only names becomes known: orders with their lines, their shipments, the units left.

Shipments are read only for orders of which something has shipped that the ledger cannot account
for. Where the file's owner vouches for it, nothing is read.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath

from batch.bigcommerce.order_pages import Orders, Pages
from batch.model import UNSETTLED, Order, Parcel, Record, Run, State, StoreShipment
from batch.pipeline.baselines import Baselines
from batch.pipeline.session import StoreSession
from batch.planning import ExistingShipment, Facts, Judged, Policy
from batch.planning.plan_order import plan_order
from batch.planning.trusted_file import complete, trusted_order
from batch.primitives.concurrency import gather_bounded

AT_HAND = 5_000  # orders that their number's look-up has brought, kept until they are judged


class Resolver:
    """Reads what a file's parcels name, and judges them by it."""

    def __init__(self, session: StoreSession, baselines: Baselines) -> None:
        settings = session.settings
        self._client, self._ledger, self._store = session.client, session.ledger, settings.store
        self._verify, self._trust = settings.verify, settings.trust_file
        self._at_once = settings.workers
        self._baselines = baselines
        self.gone: list[Record] = []
        """Our records whose shipment is no longer in the store."""
        self._runs: dict[str, Run | None] = {}
        # the orders that carry another system's number
        self._numbers: dict[str, tuple[int, ...]] = {}
        # those not yet judged, and until when they are fresh
        self._at_hand: dict[int, tuple[Order, float]] = {}
        self._fresh = settings.judgement
        self._pages = Pages(session.client, self._at_once)

    async def judge(self, parcels: Sequence[Parcel], policy: Policy) -> list[Judged]:
        """Judge all parcels of their orders in a file, in order of the orders' first mention."""
        groups: dict[int | str, list[Parcel]] = defaultdict(list)
        for parcel in parcels:
            groups[await self.order_id(parcel) or parcel.external_order_id].append(parcel)
        known_ids = [order_id for order_id in groups if isinstance(order_id, int)]
        vouched = (
            self._trusted_orders({order_id: groups[order_id] for order_id in known_ids})
            if self._trust
            else []
        )
        orders = await self.orders(set(known_ids) - {order.order_id for order in vouched})
        facts = await self._facts_of([*vouched, *orders.found.values()])
        judged: list[Judged] = []
        for key, group in groups.items():
            if isinstance(key, str):
                known = Facts(None, same_external_id=self._numbers[key])
            else:
                absent = Facts(
                    None, newest=orders.newest_before(key), unproven=key in orders.unproven
                )
                known = facts.get(key) or absent
            judged += plan_order(group, known, policy)
        return judged

    async def order_id(self, parcel: Parcel) -> int | None:
        """Its order; None where the number has none or several. An external one costs a request."""
        if parcel.order_id is not None:
            return parcel.order_id
        await self.look_up([parcel])
        found_ids = self._numbers[parcel.external_order_id]
        return found_ids[0] if len(found_ids) == 1 else None

    async def look_up(self, parcels: Iterable[Parcel]) -> None:
        """Look up the orders of other systems' numbers, side by side, each number once."""
        numbers = {parcel.external_order_id: None for parcel in parcels if parcel.order_id is None}
        new = [number for number in numbers if number not in self._numbers]
        await gather_bounded(self._look_up, new, at_once=self._at_once)

    def remember(self, orders: Mapping[str, int]) -> None:
        """The orders of other systems' numbers, as the ledger knows them."""
        self._numbers |= {number: (order_id,) for number, order_id in orders.items()}

    async def _look_up(self, number: str) -> None:
        found = await self._client.orders_by_external_id(number)
        self._numbers[number] = tuple(order.order_id for order in found)
        if len(found) == 1 and len(self._at_hand) < AT_HAND:
            self._at_hand[found[0].order_id] = found[0], _now() + self._fresh

    async def _facts_of(self, orders: Iterable[Order]) -> dict[int, Facts]:
        """What is known of each order, shipments read where need be, a few orders at a time."""
        every = list(orders)
        records = self._ledger.of_orders(self._store, [order.order_id for order in every])

        async def learn(order: Order) -> Facts:
            return await self._facts(order, records.get(order.order_id, []))

        learnt = await gather_bounded(learn, every, at_once=self._at_once)
        return {order.order_id: facts for order, facts in zip(every, learnt, strict=True)}

    async def orders(self, order_ids: Iterable[int]) -> Orders:
        """Read these orders, in as few requests as can be; those just looked up are not read."""
        wanted = set(order_ids)
        looked_up = [self._at_hand.pop(order_id) for order_id in wanted & self._at_hand.keys()]
        new = [order for order, until in looked_up if _now() < until]
        orders = await self._pages.read(wanted.difference(order.order_id for order in new))
        for order in await gather_bounded(self._client.whole, new, at_once=self._at_once):
            orders.found[order.order_id] = order
        return orders

    def _trusted_orders(self, groups: Mapping[int, Sequence[Parcel]]) -> list[Order]:
        """The orders for which the file's owner vouches; one that lacks an id is looked up."""
        whole = {order_id: group for order_id, group in groups.items() if all(map(complete, group))}
        records = self._ledger.of_orders(self._store, list(whole))
        return [
            trusted_order(
                order_id,
                group,
                [r.made for r in records.get(order_id, []) if r.made and not r.deleted],
            )
            for order_id, group in whole.items()
        ]

    async def _facts(self, order: Order, records: Sequence[Record]) -> Facts:
        ours = [r for r in records if r.state is State.CREATED and r.made]
        standing = [r for r in ours if not r.deleted]
        seen = await self._shipments(order, standing)
        known = (
            [r.made for r in standing if r.made]
            if seen is None
            else [*seen, *_missing_from_list(order, seen, standing)]
        )
        present = {s.shipment_id for s in known}
        missing = [r for r in standing if r.made and r.made.shipment_id not in present]
        order = _at_least(order, known)
        self._baselines.record_read(order, max(present, default=0))
        self.gone += missing
        return Facts(
            order,
            existing=tuple(self._existing_shipments(known, standing)),
            deleted=(*(r for r in ours if r.deleted), *missing),
            unsettled=tuple(r for r in records if r.state in UNSETTLED),
        )

    async def _shipments(
        self, order: Order, standing: Sequence[Record]
    ) -> list[StoreShipment] | None:
        """The order's shipments as the store has them; None where the ledger's are all of them."""
        if not (order.is_shipped or standing) or (
            _is_accounted_for(order, standing) and not self._verify
        ):
            return None
        ours = {r.made.shipment_id for r in standing if r.made}

        def enough(found: Iterable[StoreShipment]) -> bool:
            """Whether all is read: what the order counts, and ours, which it may not count yet."""
            return _is_explained(order, found) and ours <= {made.shipment_id for made in found}

        return await self._client.shipments(order.order_id, enough=enough)

    def _existing_shipments(
        self, known: Iterable[StoreShipment], ours: Iterable[Record]
    ) -> Iterator[ExistingShipment]:
        """An order's shipments with their origin."""
        by_id = {r.made.shipment_id: r for r in ours if r.made}
        for made in known:
            record = by_id.get(made.shipment_id)
            if record is None:
                yield ExistingShipment(made, "made outside shipbatch")
                continue
            shipment = record.shipment
            origin = (
                f"made by run {record.run_id}, row {shipment.rows[0] if shipment.rows else '?'}"
            )
            differs = record.finding if record.differs else None
            run = self._run_of(record.run_id)
            yield ExistingShipment(
                made,
                origin,
                record.record_id,
                shipment.request_key,
                record.labels,
                export=run.sha256 if run else "",
                source=run.source if run else "",
                file=PurePath(run.file).name if run else "",
                differs=differs,
            )

    def _run_of(self, run_id: str) -> Run | None:
        if run_id not in self._runs:
            self._runs[run_id] = self._ledger.run(run_id)
        return self._runs[run_id]


def _is_accounted_for(order: Order, records: Iterable[Record]) -> bool:
    """Whether the ledger's shipments are all that the order has shipped."""
    return _is_explained(order, (record.made for record in records if record.made))


def _is_explained(order: Order, shipments: Iterable[StoreShipment]) -> bool:
    """Whether these are all that the order has shipped: there is no more to read."""
    units = _units(shipments)
    return all(units[line.order_product_id] == line.shipped for line in order.lines)


def _missing_from_list(
    order: Order, seen: Iterable[StoreShipment], ours: Iterable[Record]
) -> Iterator[StoreShipment]:
    """Our shipments that the order counts though its list leaves them out: they are not gone."""
    seen = list(seen)
    ids, units = {s.shipment_id for s in seen}, _units(seen)
    shipped = {line.order_product_id: line.shipped for line in order.lines}
    for made in (r.made for r in ours if r.made and r.made.shipment_id not in ids):
        with_it = units + _units([made])
        if all(
            with_it[item.order_product_id] <= shipped.get(item.order_product_id, 0)
            for item in made.items
        ):
            units = with_it
            yield made


def _at_least(order: Order, shipments: Iterable[StoreShipment]) -> Order:
    """The order with at least its shipments' units as shipped: its own count may be behind."""
    units = _units(shipments)
    lines = (
        replace(line, shipped=max(line.shipped, units[line.order_product_id]))
        for line in order.lines
    )
    return replace(order, lines=tuple(lines))


def _units(shipments: Iterable[StoreShipment]) -> Counter[int]:
    """Units by order line."""
    units: Counter[int] = Counter()
    for made in shipments:
        for item in made.items:
            units[item.order_product_id] += item.quantity
    return units


def _now() -> float:
    return asyncio.get_running_loop().time()
