"""One method per endpoint of Orders V2, all within the store's quota."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any, TypeVar

from batch.bigcommerce import parse
from batch.bigcommerce.rate_limit import RateLimit
from batch.bigcommerce.response import Phase, Response
from batch.bigcommerce.transport import LARGEST_LIST, Call, Transport
from batch.bigcommerce.verdict import Kind, Verdict, judge_read
from batch.config import Settings
from batch.errors import StoreStopped, Unreadable
from batch.model import Order, OrderLine, StoreShipment
from batch.primitives.backoff import Backoff

PAGE = 250  # the API's largest limit; more is answered with 413
TRIES = 6  # of a read that fails; 429s are waited for and not counted
PATIENCE = 600.0  # seconds that a read may take with all its tries and waits
CLOCK_APART = timedelta(hours=1)
"""Further apart, a person is warned: run ids, ship dates, waits and expiry use our clock."""
BACKOFF = Backoff.doubling(2.0, 60.0)  # jittered

T = TypeVar("T")
Params = Mapping[str, str | int]

ALL: Params = MappingProxyType({})
"""No filters."""
WHOLE_ORDER: Params = {"include": "consignments.line_items", "consignment_structure": "object"}
"""With these an order brings its lines, ids and addresses: no further read before a shipment."""


class Client:
    """A store's orders and shipments; use as an async context manager.

    Reads need the scope store_v2_orders_read_only. They are tried again within TRIES and PATIENCE,
    then raise Unreadable (this read failed) or StoreStopped (every one would). Writes need the
    scope store_v2_orders, are sent exactly once, and raise nothing for network faults:
    `verdict.judge` says what the reply means.
    """

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None] = lambda line: None,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_write` is asked right before the first byte of each changing request."""
        self._base = f"{settings.api_url}/stores/{settings.store_hash}/v2"
        self._token = settings.token.get_secret_value()
        headers = {
            "Accept": "application/json",  # v2 speaks XML to whoever does not ask
            "Content-Type": "application/json",
            "X-Auth-Token": self._token,
            "User-Agent": f"shipbatch/{_version()}",
        }
        self._transport = Transport(headers, settings.timeout, may_write)
        self.quota = RateLimit(settings.reserve, most=settings.workers, say=say)
        self._say, self._is_first = say, True
        self.wrote = False
        """Whether a changing request may have had an effect so far."""

    async def __aenter__(self) -> "Client":
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._transport.__aexit__(*exc)

    @property
    def requests(self) -> int:
        """Requests sent so far, reads and retries included."""
        return self.quota.requests

    async def probe(self, path: str, params: Params | None = None) -> Response:
        """One GET, sent once, and its answer, whatever it is: for `check`."""
        await self.quota.acquire()
        return await self._exchange(
            Call("GET", self._base + path, params or {}, largest=LARGEST_LIST), kind=path
        )

    async def orders(self, *, min_id: int, limit: int = PAGE, filters: Params = ALL) -> list[Order]:
        """A page of orders, ascending from `min_id`; empty: none newer.

        `filters` are the API's own: `status_id`, `max_date_created` (ISO 8601) and more.
        Docs: orders, 2026-11: a `limit` over 250 is answered with 413, an empty page with 204.
        """
        params = {"min_id": min_id, "limit": limit, "sort": "id", **filters, **WHOLE_ORDER}
        return [self._parse(parse.order, part) for part in await self._list("/orders", params)]

    async def order_counts(self, filters: Params = ALL) -> Mapping[int, int]:
        """Status id → how many orders the store has in it; takes the filters of `orders`."""
        found = await self._read("/orders/count", filters)
        return self._parse(parse.status_counts, found)

    async def orders_by_external_id(self, external_order_id: str) -> list[Order]:
        """The orders that carry a marketplace's number (`external_order_id`).

        Each is looked at for it: a gateway that drops the parameter lists others.
        """
        params = {"external_order_id": external_order_id, "limit": PAGE, **WHOLE_ORDER}
        found = [self._parse(parse.order, part) for part in await self._list("/orders", params)]
        asked = external_order_id.strip().casefold()
        return [order for order in found if order.external_id.strip().casefold() == asked]

    async def order(self, order_id: int) -> Order | None:
        """One order; None where the store has none."""
        found = await self._read(f"/orders/{order_id}", WHOLE_ORDER)
        return None if found is None else self._parse(parse.order, found)

    async def whole(self, order: Order) -> Order:
        """The order with all its lines; the store cuts a sideloaded list at 50 (docs issue 960)."""
        if not order.cut:
            return order

        def enough(lines: Iterable[OrderLine]) -> bool:
            return 0 < order.items_total <= sum(line.quantity for line in lines)

        return replace(
            order, lines=tuple(await self.order_products(order.order_id, enough=enough)), cut=False
        )

    async def order_products(
        self, order_id: int, *, enough: Callable[[Iterable[OrderLine]], bool] = lambda found: False
    ) -> list[OrderLine]:
        """All lines of an order: all pages, or until `enough` says so."""
        path = f"/orders/{order_id}/products"
        return await self._pages(path, parse.order_line, lambda line: line.order_product_id, enough)

    async def shipments(
        self,
        order_id: int,
        *,
        enough: Callable[[Iterable[StoreShipment]], bool] = lambda found: False,
    ) -> list[StoreShipment]:
        """All shipments of an order, by id: all pages, or until `enough` says so."""
        path = f"/orders/{order_id}/shipments"
        found = await self._pages(path, parse.shipment, lambda one: one.shipment_id, enough)
        return sorted(found, key=lambda one: one.shipment_id)

    async def shipment(self, order_id: int, shipment_id: int) -> StoreShipment | None:
        """One shipment; None where the order has none with this id."""
        found = await self._read(f"/orders/{order_id}/shipments/{shipment_id}")
        return None if found is None else self._parse(parse.shipment, found)

    async def shipment_count(self, order_id: int) -> int:
        """How many shipments an order has."""
        found = await self._read(f"/orders/{order_id}/shipments/count")
        count = parse.whole(found.get("count")) if isinstance(found, Mapping) else None
        if count is None and found is not None:
            raise _not_the_api("a count of shipments was expected")
        return count or 0

    async def create_shipment(
        self, order_id: int, body: Mapping[str, Any], *, admitted: bool = False
    ) -> Response:
        """Create a shipment from a `payload.body`; the store e-mails the customer.

        `admitted`: the caller has awaited `RateLimit.acquire`, to do something before the first
        byte.
        """
        return await self._write("POST", f"/orders/{order_id}/shipments", body, admitted=admitted)

    async def update_shipment(
        self, order_id: int, shipment_id: int, body: Mapping[str, Any]
    ) -> Response:
        """Change a shipment's number or carrier with a `payload.correction`; items stay."""
        return await self._write("PUT", f"/orders/{order_id}/shipments/{shipment_id}", body)

    async def delete_shipment(self, order_id: int, shipment_id: int) -> Response:
        """Delete a shipment: its units can ship again, the order's status stays as it is."""
        return await self._write("DELETE", f"/orders/{order_id}/shipments/{shipment_id}")

    async def set_status(self, order_id: int, status_id: int) -> Response:
        """Give an order a status id of List Order Statuses; the store may e-mail the customer."""
        return await self._write("PUT", f"/orders/{order_id}", {"status_id": status_id})

    async def _write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        admitted: bool = False,
    ) -> Response:
        sent = None if body is None else json.dumps(body).encode()
        if not admitted:
            await self.quota.acquire()
        reply = await self._exchange(Call(method, self._base + path, {}, sent), kind=method)
        self.wrote = self.wrote or _may_have_worked(reply)
        return reply

    async def _exchange(self, call: Call, kind: str) -> Response:
        """One admitted request; `kind` groups requests that take about the same time."""
        began, reply = asyncio.get_running_loop().time(), Response(Phase.NOT_SENT)
        try:
            async with self.quota.concurrency:
                began, reply = asyncio.get_running_loop().time(), Response(Phase.SENT)
                reply = (await self._transport.exchange(call)).without(self._token)
        finally:
            self.quota.report(reply.sent or began, reply, kind)
        if self._is_first and reply.headers:
            self._is_first = False
            if said := _clock_warning(reply.headers):
                self._say(said)
        return reply

    async def _list(self, path: str, params: Params) -> list[Any]:
        found = await self._read(path, params)
        if found is not None and not isinstance(found, list):
            raise _not_the_api(f"a list was expected from {path}")
        return found or []

    async def _pages(
        self,
        path: str,
        parse: Callable[[Any], T],
        key: Callable[[T], object],
        enough: Callable[[Iterable[T]], bool] = lambda found: False,
    ) -> list[T]:
        """All pages of a list, until one brings nothing new: a short page need not be the last."""
        found: dict[object, T] = {}
        for page in range(1, 1000):
            parts = [
                self._parse(parse, part)
                for part in await self._list(path, {"page": page, "limit": PAGE})
            ]
            fresh = {key(part): part for part in parts if key(part) not in found}
            found |= fresh
            if not fresh or enough(found.values()):
                break
        return list(found.values())

    async def _read(self, path: str, params: Params | None = None) -> Any:
        """A GET's JSON, or None for nothing there (204, or the API's own 404)."""
        call = Call("GET", self._base + path, params or {}, largest=LARGEST_LIST)
        kind = f"{re.sub('[0-9]+', '', path)} {call.params.get('limit')}"
        began = asyncio.get_running_loop().time()
        tries = 0
        while True:
            await self.quota.acquire()
            reply = await self._exchange(call, kind)
            verdict = judge_read(reply)
            if verdict.stop:
                raise StoreStopped(verdict.stop, verdict.todo)
            if verdict.kind is Kind.DONE:
                return None if reply.status == HTTPStatus.NO_CONTENT else reply.json
            if verdict.code == "not_found":
                return None
            tries += verdict.code != "rate_limited"
            spent = asyncio.get_running_loop().time() - began
            if verdict.kind is Kind.NEVER or tries >= TRIES or spent > PATIENCE:
                raise _unreadable(path, verdict, tries)
            if verdict.code != "rate_limited":  # the quota holds everyone back after a 429
                await asyncio.sleep(BACKOFF.jittered(tries))

    def _parse(self, parse: Callable[[Any], T], part: Any) -> T:
        try:
            return parse(part)
        except (ValueError, TypeError) as error:
            raise _not_the_api(str(error)) from error


def _may_have_worked(reply: Response) -> bool:
    """Whether a write may have had an effect: it left, and was not plainly refused."""
    if reply.phase is Phase.NOT_SENT or reply.status is None:
        return reply.phase is not Phase.NOT_SENT
    return (
        reply.status < HTTPStatus.MULTIPLE_CHOICES
        or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _unreadable(path: str, verdict: Verdict, tries: int) -> Unreadable:
    said = "; ".join(verdict.problems) or verdict.code.replace("_", " ")
    asked = {0: f"for {PATIENCE / 60:.0f} min", 1: "once"}.get(tries, f"{tries} times")
    return Unreadable(
        f"The store did not answer GET {path} (asked {asked}): {said}.",
        "Check the network and the store's status page, then give the same command again.",
    )


def _not_the_api(what: str) -> Unreadable:
    return Unreadable(
        f"The store's answer is not what the Orders API documents: {what}.",
        "Check BIGCOMMERCE_API_URL, and any proxy in between.",
    )


def _clock_warning(headers: Mapping[str, str]) -> str:
    """A sentence where an answer's `Date` is far from our clock; empty where near or missing."""
    try:
        theirs = parsedate_to_datetime(headers["date"]).astimezone(UTC)
        ours = datetime.now(UTC)
        apart = ours - theirs
    except (KeyError, ValueError, TypeError, OverflowError):
        return ""
    if abs(apart) < CLOCK_APART:
        return ""
    hours = round(abs(apart) / timedelta(hours=1))
    span = f"{hours / 24:,.0f} days" if hours >= 48 else f"{hours} hour{'' if hours == 1 else 's'}"
    return (
        f"This machine's clock is {span} {'ahead' if apart > timedelta() else 'behind'}:"
        f" it says {ours:%Y-%m-%d %H:%M} UTC, the store {theirs:%Y-%m-%d %H:%M}."
        " Set it: what waits, and what expires, goes by it."
    )


def _version() -> str:
    try:
        return version("shipbatch")
    except PackageNotFoundError:
        return "0"
