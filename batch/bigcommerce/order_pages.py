"""Orders by id in the fewest requests: a page has up to 250, and pages are read in parallel."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from batch.bigcommerce.client import ALL, PAGE, Client, Params
from batch.model import Order
from batch.primitives.concurrency import gather_bounded

# ids an order, from which on pages are taken to reach a little less far than they seem to
GAPPY = 1.02
CAREFUL = 0.95  # of it
# orders that no page had, and that are asked for by themselves: a page may leave one out
ALONE = 50


@dataclass(slots=True)
class Orders:
    """What is known of the store's orders, by id."""

    found: dict[int, Order]
    end: int | None = None
    """The store's largest order id, once a page has shown that there are no more."""
    unproven: set[int] = field(default_factory=set)
    """Missing from pages with newer orders, and not read alone, though ALONE others were."""

    def newest_before(self, order_id: int) -> int | None:
        """The store's newest order id, where this one is newer; else, or if unknown, None."""
        return self.end if self.end is not None and order_id > self.end else None


@dataclass(frozen=True, slots=True)
class _Span:
    """The ids of one page, from the first to the last wanted one."""

    first: int
    last: int
    begin: int
    """The page's `min_id`."""

    def has(self, ids: Sequence[int], *, inclusive: bool | None) -> bool:
        """Whether its page proves that the first order is missing."""
        return self.first in ids or self.begin < self.first or bool(inclusive)


async def orders_of_status(
    client: Client, status_id: int, *, min_id: int = 1, filters: Params = ALL
) -> list[Order]:
    """All orders in a status from `min_id` on, ascending, a page a request; deleted ones left out.

    Each page begins with the last one's newest order: `min_id` may leave its own order out.
    """
    found: dict[int, Order] = {}
    start = max(min_id - 1, 1)
    filters = {**filters, "status_id": status_id}
    while True:
        page = await client.orders(min_id=start, filters=filters)
        new = {order.order_id: order for order in page if order.order_id not in found}
        if not new:
            break
        found |= new
        start = max(new)
    return [
        order
        for order_id, order in sorted(found.items())
        if order_id >= min_id and order.status_id == status_id and not order.deleted
    ]


class Pages:
    """Reads orders, and learns from each page how far the next ones reach.

    Every page begins with a wanted order that is not known yet, so there are never more pages than
    orders; where they lie far apart, a page holds one order only. What no page has is read by
    itself, for ALONE orders at most.
    """

    def __init__(self, client: Client, at_once: int) -> None:
        self._client, self._at_once = client, at_once
        # whether `min_id` includes its own order: not documented
        self._inclusive: bool | None = None
        self._lacked: int | None = None  # the order that a page from itself did not have
        self._reach = 0  # ids that a page spans; 0: no page has come yet
        self._holds = 0  # orders of the longest page
        self._seen = 0  # the largest id
        self._left = ALONE
        self._absent: set[int] = set()  # their own read says so

    async def read(self, order_ids: Iterable[int]) -> Orders:
        """Order id → order, as far as the store has it, each with all its lines."""
        known, wanted = Orders({}), sorted(set(order_ids))
        missing = wanted
        beyond, idle = 0, False  # the first order that is newer than all
        while missing:
            settled: set[int] = set()
            spans = self._spans(missing)
            pages = await gather_bounded(self._page, spans, at_once=self._at_once)
            for span, page in zip(spans, pages, strict=True):
                ids = [order.order_id for order in page]
                reached = max(ids, default=missing[-1])
                told = {n for n in missing if span.first <= n <= reached}
                known.found |= {order.order_id: order for order in page if order.order_id in told}
                settled |= told if span.has(ids, inclusive=self._inclusive) else told - {span.first}
                beyond = beyond or (0 if ids else span.first)
                self._learn(span, ids)
            self._measure_reach(pages)
            if idle and not settled:  # a store that does not heed `min_id`
                settled = {await self._read_one(missing[0], known)}
            idle = not settled
            missing = [order_id for order_id in missing if order_id not in settled]
        if beyond:
            known.end = self._seen if self._seen == beyond - 1 else await self._end()
        await self._read_unseen(wanted, known)
        await self._complete(known)
        return known

    def _spans(self, missing: Sequence[int]) -> list[_Span]:
        """The next pages: only one until it is known where they begin and how far they reach."""
        spans: list[_Span] = []
        most = self._at_once if self._reach and self._inclusive is not None else 1
        before = self._inclusive is False or self._lacked is not None
        for order_id in missing:
            if spans and order_id < spans[-1].first + max(self._reach, 1):
                spans[-1] = replace(spans[-1], last=order_id)
            elif len(spans) >= most:
                break
            else:
                spans.append(_Span(order_id, order_id, order_id - before))
        return spans

    async def _page(self, span: _Span) -> list[Order]:
        orders = span.last - span.first + 1 + (span.begin < span.first and self._inclusive is None)
        return await self._client.orders(
            min_id=span.begin, limit=min(orders, PAGE) if self._reach else PAGE
        )

    async def _read_unseen(self, wanted: Sequence[int], known: Orders) -> None:
        """What no page had is absent once its own read says so; newer ones may still come."""
        here = (n for n in wanted if known.newest_before(n) is None)
        lacking = [n for n in here if n not in known.found and n not in self._absent]
        alone, rest = lacking[: self._left], lacking[self._left :]
        self._left -= len(alone)
        known.unproven = set(rest)

        async def ask(order_id: int) -> int:
            return await self._read_one(order_id, known)

        await gather_bounded(ask, alone, at_once=self._at_once)

    async def _read_one(self, order_id: int, known: Orders) -> int:
        if (order := await self._client.order(order_id)) is not None:
            known.found[order_id] = order
        else:
            self._absent.add(order_id)
        return order_id

    def _learn(self, span: _Span, ids: Sequence[int]) -> None:
        """Whether `min_id` includes its own order; until known, pages begin one id earlier."""
        self._seen = max([self._seen, *ids])
        if self._inclusive is not None:
            return
        if span.begin in ids:
            self._inclusive = True
        elif span.first == self._lacked and span.first in ids:
            self._inclusive = False
        elif span.begin == span.first:
            self._lacked = span.first
        if self._inclusive is not None:
            self._lacked = None

    def _measure_reach(self, pages: Sequence[Sequence[Order]]) -> None:
        """How many ids a page spans, by the latest pages."""
        several = [[order.order_id for order in page] for page in pages if len(page) > 1]
        self._holds = max([self._holds, *(len(ids) for ids in several)])
        spacing = (
            median((max(ids) - min(ids)) / (len(ids) - 1) for ids in several) if several else 1.0
        )
        reach = spacing * (self._holds - 1) * (CAREFUL if spacing > GAPPY else 1.0)
        if several or not self._reach:
            self._reach = max(1, int(reach) + 1)

    async def _complete(self, known: Orders) -> None:
        """Orders whose lines were cut in their page are read by themselves."""
        cut = [order for order in known.found.values() if order.cut]
        for order in await gather_bounded(self._client.whole, cut, at_once=self._at_once):
            known.found[order.order_id] = order

    async def _end(self) -> int:
        """The newest order id, as far as one more page shows; 0 where none was seen."""
        if self._seen:
            self._seen = max(
                [
                    self._seen,
                    *(order.order_id for order in await self._client.orders(min_id=self._seen)),
                ]
            )
        return self._seen
