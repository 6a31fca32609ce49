"""A store's orders as plain data, and as the store holds them while it runs.

The shape; all but the ids may be left out::

    {"orders": [{
        "id": 1001, "status_id": 11, "is_deleted": false, "external_id": "", "customer_id": 1,
        "date_created": "Mon, 02 Nov 2026 08:00:00 +0000",
        "billing_address": {"first_name": "Jane", ...},
        "addresses": [{"id": 501, "first_name": "Jane", ...}],
        "lines": [{"id": 71, "sku": "MUG-RED", "name": "Red mug", "type": "physical",
                   "quantity": 2, "quantity_shipped": 0, "quantity_refunded": 0,
                   "order_address_id": 501, "product_id": 0, "pickup": false,
                   "parent_order_product_id": null}],
        "shipments": [{"id": 9, "order_address_id": 501, "tracking_number": "1Z",
                       "items": [{"order_product_id": 71, "quantity": 1}]}],
    }]}

An order without addresses has one with the order's own id. A physical line without an address goes
to the first; the other kinds (digital, giftcertificate) and pickups go to none. `quantity_shipped`
has the units of `shipments` in it; where it says less, the shipments count.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CREATED = "Mon, 02 Nov 2026 08:00:00 +0000"
AWAITING_FULFILLMENT = 11
TEXTS = {
    "tracking_number": "",
    "merchant_shipping_cost": "0.0000",
    "shipping_method": "None",
    "shipping_provider": "custom",
    "tracking_carrier": "",
    "tracking_link": "",
    "comments": "",
}
"""A shipment's texts where its maker gave none."""


@dataclass(slots=True)
class Line:
    """One line of an order."""

    id: int
    sku: str
    name: str
    kind: str
    """physical, digital or giftcertificate."""
    quantity: int
    refunded: int
    before: int
    """Units shipped by shipments that this store does not hold."""
    address_id: int
    """0: it goes to no address."""
    product_id: int
    """0: a custom product."""
    pickup: bool
    parent: int | None

    @property
    def ships(self) -> bool:
        return self.kind == "physical" and not self.pickup


@dataclass(slots=True)
class Shipment:
    """One shipment of an order."""

    id: int
    order_id: int
    address_id: int
    date_created: str
    items: list[tuple[int, int]]
    """Line id and units, as they were asked for."""
    texts: dict[str, str]
    made_at: float = -math.inf
    """Seconds of the loop's clock."""
    gone_at: float = math.inf
    """When it was deleted, or infinity."""

    def units(self, line_id: int) -> int:
        return sum(units for line, units in self.items if line == line_id)

    @property
    def is_living(self) -> bool:
        return self.gone_at == math.inf


@dataclass(slots=True)
class Order:
    """One order, with every shipment it ever had."""

    id: int
    status_id: int
    is_deleted: bool
    external_id: str
    customer_id: int
    date_created: str
    date_modified: str
    date_shipped: str
    billing: dict[str, str]
    addresses: dict[int, Mapping[str, str]]
    lines: dict[int, Line]
    shipments: list[Shipment] = field(default_factory=list)

    def shipments_at(self, moment: float = math.inf) -> list[Shipment]:
        """The shipments that existed then, oldest first; without a time, those of now."""
        return [
            s for s in self.shipments if s.made_at <= moment and (s.is_living or s.gone_at > moment)
        ]

    def units_shipped(self, line: Line, moment: float = math.inf) -> int:
        """Units of a line shipped by then."""
        return line.before + sum(s.units(line.id) for s in self.shipments_at(moment))

    def units_left(self, line: Line, *, refunds: bool = True) -> int:
        """Units of a line that can be shipped now."""
        taken = self.units_shipped(line) + (line.refunded if refunds else 0)
        return max(0, line.quantity - taken) if line.ships else 0


def load_orders(path: Path) -> dict[str, Any]:
    """Orders in the shape above from a JSON file. Raises ValueError with what is missing."""
    try:
        orders: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for _ in read(orders):
            pass
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(
            f"{path} does not have the shape of a store's orders: {wrong!r}"
        ) from wrong
    return orders


def read(orders: Mapping[str, Any]) -> Iterator[Order]:
    """Orders from plain data."""
    for given in orders["orders"]:
        yield _order(given)


def _order(given: Mapping[str, Any]) -> Order:
    order_id = int(given["id"])
    addresses = {int(address["id"]): address for address in given.get("addresses", ())}
    for line in given.get("lines", ()):
        if line.get("order_address_id"):
            addresses.setdefault(int(line["order_address_id"]), {})
    if not addresses:
        addresses[order_id] = {}
    created = given.get("date_created", CREATED)
    order = Order(
        id=order_id,
        status_id=int(given.get("status_id", AWAITING_FULFILLMENT)),
        is_deleted=bool(given.get("is_deleted", False)),
        external_id=str(given.get("external_id") or ""),
        customer_id=int(given.get("customer_id", 1)),
        date_created=created,
        date_modified=created,
        date_shipped=given.get("date_shipped", ""),
        billing=dict(given.get("billing_address", {})),
        addresses=addresses,
        lines={},
    )
    first = next(iter(addresses))
    order.shipments = [
        _shipment(shipment, order_id, first) for shipment in given.get("shipments", ())
    ]
    for line in given.get("lines", ()):
        made = _line(line, first)
        made.before = max(0, int(line.get("quantity_shipped", 0)) - order.units_shipped(made))
        order.lines[made.id] = made
    return order


def _line(given: Mapping[str, Any], address_id: int) -> Line:
    kind, pickup = given.get("type", "physical"), bool(given.get("pickup", False))
    line_id = int(given["id"])
    sku = str(given.get("sku", f"SKU-{line_id}"))
    return Line(
        id=line_id,
        sku=sku,
        name=str(given.get("name", sku)),
        kind=kind,
        quantity=int(given.get("quantity", 1)),
        refunded=int(given.get("quantity_refunded", 0)),
        before=0,
        address_id=int(given.get("order_address_id") or address_id)
        if kind == "physical" and not pickup
        else 0,
        product_id=int(given.get("product_id", 0)),
        pickup=pickup,
        parent=given.get("parent_order_product_id"),
    )


def _shipment(given: Mapping[str, Any], order_id: int, address_id: int) -> Shipment:
    return Shipment(
        id=int(given["id"]),
        order_id=order_id,
        address_id=int(given.get("order_address_id", address_id)),
        date_created=given.get("date_created", CREATED),
        items=[
            (int(item["order_product_id"]), int(item["quantity"]))
            for item in given.get("items", ())
        ],
        texts=TEXTS | {name: str(given[name]) for name in TEXTS if name in given},
    )
