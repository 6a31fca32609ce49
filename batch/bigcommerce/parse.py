"""The store's JSON → model objects: lenient in form (old shapes), strict in what is needed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from batch.model import Item, Order, OrderLine, Recipient, StoreShipment

JsonObject = Mapping[str, Any]

WARNING = "__warning__"
"""A consignment's warning that it lists 50 of its lines only; its place is not documented."""

ADDRESSES = frozenset({"billing_address", "shipping_address"})
"""Not kept: people's names and addresses do not belong in the ledger."""

DIGITS = 19  # that many may be too large for 64 bits
LARGEST = 2**63 - 1
"""The largest whole number of both databases; no id of the API comes near it."""


class Malformed(ValueError):
    """JSON, but not the documented object; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class _Consignment:
    """One group of an order's lines, and what it says of lines that say nothing."""

    lines: Sequence[JsonObject]
    stubs: bool
    """Lines may be missing: only links, an empty list, or the store's warning."""
    address_id: int
    kind: str
    pickup: bool
    items_total: int
    recipient: Recipient

    @property
    def cut(self) -> bool:
        return self.stubs or sum(_count(line, "quantity") for line in self.lines) < self.items_total


def whole(value: object) -> int | None:
    """A whole number, also as `2.0`, `"2"` or `"2.0"`; None for anything else or beyond 64 bits."""
    if type(value) is int:
        return value if -LARGEST <= value <= LARGEST else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < DIGITS:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    in_range = number.is_finite() and -LARGEST <= number <= LARGEST
    return int(number) if in_range and number == number.to_integral_value() else None


def order(found: object) -> Order:
    """A listed order with its consignments; `cut` where lines may be missing. Raises Malformed."""
    fields = _object(found, "order")
    consignments = fields.get("consignments")
    groups = list(_consignments(consignments))
    lines = {line.order_product_id: line for group in groups for line in _lines(group)}
    items_total = _count(fields, "items_total")
    listed = sum(line.quantity for line in lines.values())
    return Order(
        order_id=_id(fields, "order"),
        status_id=_count(fields, "status_id"),
        status=_text(fields, "status"),
        items_total=items_total,
        items_shipped=_count(fields, "items_shipped"),
        lines=tuple(lines[line_id] for line_id in sorted(lines)),
        external_id=_text(fields, "external_order_id") or _text(fields, "external_id"),
        date_created=_text(fields, "date_created"),
        deleted=_text(fields, "is_deleted").casefold() in {"true", "1"},
        cut=listed < items_total
        or not lines
        or any(group.cut for group in groups)
        or any(isinstance(part, Mapping) and WARNING in part for part in (fields, consignments)),
        recipients={
            0: _recipient(fields.get("billing_address")),
            **{group.address_id: group.recipient for group in groups if group.address_id},
        },
    )


def status_counts(found: object) -> dict[int, int]:
    """Status id → orders, as `/orders/count` tells them. Raises Malformed."""
    statuses = _list(_object(found, "count of orders").get("statuses"))
    return {_count(status, "id"): _count(status, "count") for status in statuses}


def order_line(
    found: object, *, address_id: int = 0, kind: str = "physical", pickup: bool = False
) -> OrderLine:
    """A line from /products or a consignment; the keywords fill what the line leaves out."""
    fields = _object(found, "order line")
    pickup = pickup or _count(fields, "order_pickup_method_id") > 0
    return OrderLine(
        order_product_id=_id(fields, "order line"),
        order_address_id=0 if pickup else _count(fields, "order_address_id") or address_id,
        sku=_text(fields, "sku"),
        name=_text(fields, "name"),
        kind=_text(fields, "type") or kind,
        quantity=_count(fields, "quantity"),
        shipped=_count(fields, "quantity_shipped"),
        refunded=_count(fields, "quantity_refunded"),
        pickup=pickup,
        parent=_count(fields, "parent_order_product_id") or None,
    )


def shipment(found: object) -> StoreShipment:
    """A shipment as read or just made. Raises Malformed without a positive id."""
    fields = _object(found, "shipment")
    return StoreShipment(
        shipment_id=_id(fields, "shipment"),
        order_id=_count(fields, "order_id"),
        order_address_id=_count(fields, "order_address_id"),
        items=_items(fields.get("items")),
        tracking_number=_text(fields, "tracking_number"),
        tracking_link=_text(fields, "tracking_link"),
        generated_tracking_link=_text(fields, "generated_tracking_link"),
        shipping_provider=_text(fields, "shipping_provider"),
        tracking_carrier=_text(fields, "tracking_carrier"),
        shipping_method=_text(fields, "shipping_method"),
        comments=_text(fields, "comments"),
        date_created=_text(fields, "date_created"),
        answer={name: value for name, value in fields.items() if name not in ADDRESSES},
    )


def _consignments(found: object) -> Iterator[_Consignment]:
    """The groups of today's object, or of the older list; none where it is only a link."""
    if isinstance(found, list):
        for part in found:
            if isinstance(part, Mapping) and part.keys() & {
                "shipping",
                "pickups",
                "downloads",
                "email",
            }:
                yield from _consignments(part)
            elif isinstance(part, Mapping):
                yield _consignment(part, pickup="pickup_method_id" in part)
    elif isinstance(found, Mapping):
        for part in _list(found.get("shipping")):
            yield _consignment(part)
        for part in _list(found.get("pickups")):
            yield _consignment(part, pickup=True)
        for part in _list(found.get("downloads")):
            yield _consignment(part, kind="digital")
        email = found.get("email")
        for part in _list(email.get("gift_certificates") if isinstance(email, Mapping) else None):
            yield _consignment(part, kind="giftcertificate")


def _consignment(part: JsonObject, *, kind: str = "physical", pickup: bool = False) -> _Consignment:
    found = part.get("line_items")
    # a list with a key in it is an object to PHP
    if isinstance(found, Mapping) and "id" not in found:
        found = list(found.values())
    entries = found if isinstance(found, list) else [found]
    lines = [line for line in _list(entries) if whole(line.get("id"))]
    return _Consignment(
        lines=lines,
        stubs=len(lines) < len(entries) or WARNING in part,
        address_id=_count(part, "id") if kind == "physical" and not pickup else 0,
        kind=kind,
        pickup=pickup,
        items_total=_count(part, "items_total"),
        recipient=_recipient(part),
    )


def _recipient(found: object) -> Recipient:
    """Who an address is of; blank where it is none."""
    if not isinstance(found, Mapping):
        return Recipient()
    names = (_text(found, name) for name in ("first_name", "last_name", "company"))
    return Recipient(
        " ".join(filter(None, names)),
        _text(found, "zip"),
        _text(found, "country_iso2") or _text(found, "country"),
    )


def _lines(group: _Consignment) -> Iterator[OrderLine]:
    for line in group.lines:
        yield order_line(line, address_id=group.address_id, kind=group.kind, pickup=group.pickup)


def _items(found: object) -> tuple[Item, ...]:
    units: dict[int, int] = {}
    for item in _list(found):
        line = _count(item, "order_product_id")
        units[line] = units.get(line, 0) + _count(item, "quantity")
    return tuple(Item(line, quantity) for line, quantity in sorted(units.items()))


def _list(found: object) -> list[JsonObject]:
    """The objects of a list; a single object counts as a list of one (as in the docs' example)."""
    if isinstance(found, list):
        return [part for part in found if isinstance(part, Mapping)]
    return [found] if isinstance(found, Mapping) else []


def _object(found: object, what: str) -> JsonObject:
    if not isinstance(found, Mapping):
        raise Malformed(f"a JSON object was expected for the {what}, not {type(found).__name__}")
    return found


def _id(fields: JsonObject, what: str) -> int:
    number = whole(fields.get("id"))
    if number is None or number <= 0:
        raise Malformed(f"the {what} has no id")
    return number


def _count(fields: JsonObject, name: str) -> int:
    return max(0, whole(fields.get(name)) or 0)


def _text(fields: JsonObject, name: str) -> str:
    value = fields.get(name)
    if type(value) is str:
        return value
    return "" if value is None or isinstance(value, Mapping | list) else str(value)
