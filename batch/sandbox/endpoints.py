"""The endpoints: the store's answer to one call."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from batch.sandbox import fields
from batch.sandbox.answers import LIMIT_EXCEEDED, NOT_FOUND, Answer, Refusal, invalid
from batch.sandbox.orders import Order
from batch.sandbox.responses import (
    address_document,
    consignments,
    line_document,
    order_document,
    shipment_document,
)
from batch.sandbox.statuses import STATUSES
from batch.sandbox.store import Store

T = TypeVar("T")
MOST = 250
"""Most entries of a page; a larger limit is refused (413)."""
USUAL = 50
"""Entries of a page without a limit."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request past the gateway; method and path have chosen the endpoint."""

    url: str
    """Without its query."""
    ids: tuple[int, ...]
    """The numbers in the path."""
    query: Mapping[str, str]
    body: bytes = b""
    moment: float = math.inf
    """Reads see the store as it was at this time."""
    keep: bool = True
    """False: answer as if it were done, and do nothing."""


def list_orders(store: Store, call: Call) -> Answer:
    """A page of orders, by id unless `sort` says otherwise."""
    chosen = list(_filter_orders(store, call))
    attribute, _, direction = call.query.get("sort", "id").partition(":")
    if attribute not in _SORTS or direction not in {"", "asc", "desc"}:
        raise Refusal(Answer(400, [invalid("sort")]))
    if attribute != "id" or direction == "desc":
        chosen.sort(key=_SORTS[attribute], reverse=direction == "desc")
    return _page(store, call, chosen, lambda order: _order(store, call, order))


def count_orders(store: Store, call: Call) -> Answer:
    """How many orders each status has; takes the list's filters."""
    counts = dict.fromkeys(STATUSES, 0)
    for order in _filter_orders(store, call):
        counts[order.status_id] += 1
    statuses = [
        {name: value for name, value in status.items() if name != "order"}
        | {"count": counts[number], "sort_order": status["order"]}
        for number, status in STATUSES.items()
    ]
    return Answer(200, {"statuses": statuses, "count": sum(counts.values())})


def get_order(store: Store, call: Call) -> Answer:
    """One order, with what `include` names."""
    return Answer(200, _order(store, call, store.order(call.ids[0])))


def put_order(store: Store, call: Call) -> Answer:
    """Give an order another `status_id`; no other field can be changed here."""
    order = store.order(call.ids[0])
    status_id = fields.parse_order_change(fields.json_object(call.body))
    if call.keep:
        store.set_status(order, status_id)
    return Answer(200, _order(store, call, order))


def list_products(store: Store, call: Call) -> Answer:
    """A page of an order's lines."""
    order, moment = store.order(call.ids[0]), _moment_shown(store, call)
    return _page(
        store, call, list(order.lines.values()), lambda line: line_document(order, line, moment)
    )


def get_product(store: Store, call: Call) -> Answer:
    """One line of an order."""
    order = store.order(call.ids[0])
    if (line := order.lines.get(call.ids[1])) is None:
        return NOT_FOUND
    return Answer(200, line_document(order, line, _moment_shown(store, call)))


def list_addresses(store: Store, call: Call) -> Answer:
    """A page of an order's shipping addresses."""
    order, moment = store.order(call.ids[0]), _moment_shown(store, call)
    return _page(
        store, call, list(order.addresses), lambda address: address_document(order, address, moment)
    )


def get_address(store: Store, call: Call) -> Answer:
    """One shipping address of an order."""
    order, address_id = store.order(call.ids[0]), call.ids[1]
    if address_id not in order.addresses:
        return NOT_FOUND
    return Answer(200, address_document(order, address_id, _moment_shown(store, call)))


def get_consignments(store: Store, call: Call) -> Answer:
    """Where an order's lines go, as an object."""
    order = store.order(call.ids[0])
    lines = "consignments.line_items" in _includes(call)
    return Answer(200, _consignments(store, call, order, lines=lines))


def list_shipments(store: Store, call: Call) -> Answer:
    """A page of an order's shipments, oldest first."""
    order = store.order(call.ids[0])
    return _page(
        store,
        call,
        order.shipments_at(call.moment),
        lambda shipment: shipment_document(order, shipment),
    )


def count_shipments(store: Store, call: Call) -> Answer:
    """How many shipments an order has."""
    return Answer(200, {"count": len(store.order(call.ids[0]).shipments_at(call.moment))})


def get_shipment(store: Store, call: Call) -> Answer:
    """One shipment."""
    shipment = store.shipment(call.ids, call.moment)
    return Answer(200, shipment_document(store.order(call.ids[0]), shipment))


def post_shipment(store: Store, call: Call) -> Answer:
    """Create a shipment: 201, the bare object and its location."""
    order = store.order(call.ids[0])
    draft = store.draft(order.id, fields.new_shipment(fields.json_object(call.body)))
    if call.keep:
        store.make(draft)
    return Answer(201, shipment_document(order, draft), {"Location": f"{call.url}/{draft.id}"})


def put_shipment(store: Store, call: Call) -> Answer:
    """Change a shipment's fields; its items stay."""
    shipment = store.shipment(call.ids)
    changes = fields.parse_shipment_change(fields.json_object(call.body))
    if call.keep:
        store.change(shipment, changes)
    return Answer(200, shipment_document(store.order(call.ids[0]), shipment))


def delete_shipment(store: Store, call: Call) -> Answer:
    """Delete one shipment."""
    shipment = store.shipment(call.ids)
    if call.keep:
        store.delete(shipment)
    return Answer(204)


def delete_shipments(store: Store, call: Call) -> Answer:
    """Delete all shipments of an order."""
    for shipment in store.order(call.ids[0]).shipments_at():
        if call.keep:
            store.delete(shipment)
    return Answer(204)


def list_statuses(_store: Store, _call: Call) -> Answer:
    """Every order status."""
    return Answer(200, list(STATUSES.values()))


def get_status(_store: Store, call: Call) -> Answer:
    """One order status."""
    status = STATUSES.get(call.ids[0])
    return Answer(200, status) if status else NOT_FOUND


Endpoint = Callable[[Store, Call], Answer]
ROUTES: dict[str, dict[str, Endpoint]] = {
    "/orders": {"GET": list_orders},
    "/orders/count": {"GET": count_orders},
    "/orders/{}": {"GET": get_order, "PUT": put_order},
    "/orders/{}/products": {"GET": list_products},
    "/orders/{}/products/{}": {"GET": get_product},
    "/orders/{}/shipping_addresses": {"GET": list_addresses},
    "/orders/{}/shipping_addresses/{}": {"GET": get_address},
    "/orders/{}/consignments": {"GET": get_consignments},
    "/orders/{}/shipments": {
        "GET": list_shipments,
        "POST": post_shipment,
        "DELETE": delete_shipments,
    },
    "/orders/{}/shipments/count": {"GET": count_shipments},
    "/orders/{}/shipments/{}": {
        "GET": get_shipment,
        "PUT": put_shipment,
        "DELETE": delete_shipment,
    },
    "/order_statuses": {"GET": list_statuses},
    "/order_statuses/{}": {"GET": get_status},
}
"""Path below /v2 → method → endpoint; `{}` is a number."""

_SORTS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.id,
    "customer_id": lambda order: (order.customer_id, order.id),
    "date_created": lambda order: order.id,  # this store's orders are as old as their numbers say
    "date_modified": lambda order: order.id,
    "status_id": lambda order: (order.status_id, order.id),
    "channel_id": lambda order: order.id,
    "external_id": lambda order: (order.external_id, order.id),
}


def _order(store: Store, call: Call, order: Order) -> dict[str, Any]:
    included = _includes(call)
    document = order_document(order, _moment_shown(store, call))
    if included & {"consignments", "consignments.line_items"}:
        found = _consignments(store, call, order, lines="consignments.line_items" in included)
        as_object = call.query.get("consignment_structure") == "object"
        document["consignments"] = found if as_object else [found]
    if "fees" in included:
        document["fees"] = []
    return document


def _consignments(store: Store, call: Call, order: Order, *, lines: bool) -> dict[str, Any]:
    behaviour = store.behaviour
    return consignments(
        order,
        _moment_shown(store, call),
        behaviour.sideloads if lines else "stubs",
        behaviour.cut_at,
    )


def _filter_orders(store: Store, call: Call) -> Iterable[Order]:
    low, high = _number(call, "min_id"), _number(call, "max_id")
    found: Iterable[Order] = store.between(low, high)
    if (status := _number(call, "status_id")) is not None:
        found = (order for order in found if order.status_id == status)
    # [OAS] min_date_created, max_date_created: "in RFC-2822 or ISO-8601", both ends included
    since, until = _moment(call, "min_date_created"), _moment(call, "max_date_created")
    if since or until:
        found = (order for order in found if _is_within(order, since, until))
    external = call.query.get("external_order_id")
    if external is not None and store.behaviour.filters_externals:
        found = (order for order in found if order.external_id == external)
    return found


def _is_within(order: Order, since: datetime | None, until: datetime | None) -> bool:
    created = fields.moment(order.date_created)
    return bool(created and (not since or since <= created) and (not until or created <= until))


def _moment(call: Call, name: str) -> datetime | None:
    """A date of the query; None if missing. Raises Refusal where it is none."""
    value = call.query.get(name)
    found = fields.moment(value or "")
    if value is not None and found is None:
        raise Refusal(Answer(400, [invalid(name)]))
    return found


def _includes(call: Call) -> set[str]:
    names = set(filter(None, call.query.get("include", "").split(",")))
    if not names <= {"consignments", "consignments.line_items", "fees"}:
        raise Refusal(Answer(400, [invalid("include")]))
    return names


def _moment_shown(store: Store, call: Call) -> float:
    """The time whose units an order shows."""
    lag = store.behaviour.lag
    return min(call.moment, store.clock.now() - lag) if lag else call.moment


def _page(store: Store, call: Call, rows: Sequence[T], document: Callable[[T], Any]) -> Answer:
    limit, page = _count(call, "limit", USUAL), _count(call, "page", 1)
    if limit > MOST:
        raise Refusal(LIMIT_EXCEEDED)
    size = min(limit, store.behaviour.page_size)
    shown = rows[(page - 1) * size : page * size]
    if not shown and store.behaviour.empty_list == "204":
        return Answer(204)
    return Answer(200, [document(row) for row in shown])


def _count(call: Call, name: str, usual: int) -> int:
    number = _number(call, name)
    if number == 0:
        raise Refusal(Answer(400, [invalid(name)]))
    return usual if number is None else number


def _number(call: Call, name: str) -> int | None:
    """A whole number of the query; None if missing. Raises Refusal where it is not a number."""
    value = call.query.get(name)
    number = fields.whole_number(value)
    if value is not None and number is None:
        raise Refusal(Answer(400, [invalid(name)]))
    return number
