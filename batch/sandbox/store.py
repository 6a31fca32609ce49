"""The store's data and the rules by which shipments change it; knows no HTTP."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from batch.sandbox.answers import NOT_FOUND, Answer, Refusal, strange_address, strange_line, too_many
from batch.sandbox.behaviour import Behaviour
from batch.sandbox.clock import Clock
from batch.sandbox.event_log import EventLog
from batch.sandbox.orders import TEXTS, Order, Shipment, read

SHIPPED, PARTIALLY_SHIPPED = 2, 3


class Store:
    """Orders and their shipments. Every change is in the event log before it is in here."""

    def __init__(self, orders: Mapping[str, Any], behaviour: Behaviour, event_log: Path | None = None) -> None:
        self.behaviour = behaviour
        self.clock = Clock()
        self.orders = {order.id: order for order in sorted(read(orders), key=lambda order: order.id)}
        self._ids = list(self.orders)
        self._next = 1 + max((s.id for order in self.orders.values() for s in order.shipments), default=0)
        self._event_log = EventLog(event_log)
        for event in self._event_log.events():
            self._replay(event)

    def arrive(self, orders: Mapping[str, Any]) -> None:
        """Orders that come in; the event log does not keep them, as it keeps none."""
        self.orders |= {order.id: order for order in read(orders)}
        self._ids = sorted(self.orders)

    def order(self, order_id: int) -> Order:
        """One order; Refused where there is none."""
        try:
            return self.orders[order_id]
        except KeyError:
            raise Refusal(NOT_FOUND) from None

    def between(self, low: int | None, high: int | None) -> Iterator[Order]:
        """Orders by id; the upper end is in, the lower as the behaviour says."""
        bisect = bisect_left if self.behaviour.min_id_inclusive else bisect_right
        start = 0 if low is None else bisect(self._ids, low)
        end = len(self._ids) if high is None else bisect_right(self._ids, high)
        return (self.orders[order_id] for order_id in self._ids[start:end])

    def shipment(self, ids: tuple[int, ...], moment: float = math.inf) -> Shipment:
        """One shipment, by its order's id and its own; Refused where there was none then."""
        order_id, shipment_id = ids
        for shipment in self.order(order_id).shipments_at(moment):
            if shipment.id == shipment_id:
                return shipment
        raise Refusal(NOT_FOUND)

    def shipments(self) -> Iterator[Shipment]:
        """All that exist now."""
        for order in self.orders.values():
            if order.shipments:
                yield from order.shipments_at()

    def draft(self, order_id: int, fields: Mapping[str, Any]) -> Shipment:
        """The shipment these fields ask for, not yet made; Refused with an error for each bad item."""
        order = self.order(order_id)
        if errors := self._errors(order, fields):
            raise Refusal(Answer(400, errors))
        texts = TEXTS | {name: fields[name] for name in TEXTS if name in fields}
        texts["shipping_method"] = texts["shipping_method"] or TEXTS["shipping_method"]
        if self.behaviour.rewrites_numbers:
            texts["tracking_number"] = "".join(texts["tracking_number"].split()).upper()
        date = self.clock.date()
        return Shipment(self._next, order_id, fields["order_address_id"], date, fields["items"], texts)

    def make(self, draft: Shipment) -> None:
        """Keep a draft: units and status move."""
        plain = {name: getattr(draft, name) for name in ("id", "order_id", "address_id", "date_created", "items")}
        self._event_log.append({"did": "created", **plain, "texts": draft.texts})
        draft.made_at = self.clock.now()
        self._keep(draft)

    def change(self, shipment: Shipment, fields: Mapping[str, Any]) -> Shipment:
        """Give a shipment other fields (not items) from now on; Refused for a foreign address."""
        address_id = fields.get("order_address_id", shipment.address_id)
        if address_id not in self.orders[shipment.order_id].addresses:
            raise Refusal(Answer(400, [strange_address()]))
        texts = {name: fields[name] for name in TEXTS if name in fields}
        event = {"did": "updated", "order_id": shipment.order_id, "id": shipment.id, "address_id": address_id}
        self._event_log.append({**event, "texts": texts})
        shipment.address_id = address_id
        shipment.texts |= texts
        return shipment

    def delete(self, shipment: Shipment) -> None:
        """Take a shipment away: its units come back, the order's status stays."""
        self._event_log.append({"did": "deleted", "order_id": shipment.order_id, "id": shipment.id})
        shipment.gone_at = self.clock.now()

    def set_status(self, order: Order, status_id: int) -> None:
        """Give an order another status."""
        self._event_log.append({"did": "status", "order_id": order.id, "status_id": status_id})
        order.status_id = status_id
        order.date_modified = self.clock.date()

    def close(self) -> None:
        """Give the event log's file back."""
        self._event_log.close()

    def _errors(self, order: Order, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        errors = [] if fields["order_address_id"] in order.addresses else [strange_address()]
        asked: dict[int, int] = {}
        for line_id, quantity in fields["items"]:
            line = order.lines.get(line_id)
            if line is None:
                errors.append(strange_line(line_id))
                continue
            left = order.units_left(line, refunds=self.behaviour.counts_refunded)
            asked[line_id] = asked.get(line_id, 0) + quantity
            if asked[line_id] > left and (self.behaviour.refuses_overshipping or not line.ships):
                errors.append(too_many(line_id, left))
            elif self.behaviour.checks_line_address and line.address_id != fields["order_address_id"]:
                errors.append(strange_address())
        return errors

    def _keep(self, shipment: Shipment) -> None:
        order = self.orders[shipment.order_id]
        order.shipments.append(shipment)
        order.date_modified = shipment.date_created
        self._next = max(self._next, shipment.id + 1)
        if any(order.units_left(line) for line in order.lines.values()):
            order.status_id = PARTIALLY_SHIPPED
        else:
            order.status_id = SHIPPED
            order.date_shipped = shipment.date_created

    def _replay(self, event: dict[str, Any]) -> None:
        """Do again what an earlier process did."""
        did, order = event.pop("did"), self.orders.get(event["order_id"])
        if order is None:
            raise ValueError(
                f"The event log is another store's: it knows order {event['order_id']}, and there is none here."
            )
        if did == "created":
            items = [(line, quantity) for line, quantity in event.pop("items")]
            self._keep(Shipment(items=items, **event))
        elif did == "status":
            order.status_id = event["status_id"]
        else:
            shipment = next(s for s in order.shipments if s.id == event["id"])
            if did == "deleted":
                order.shipments.remove(shipment)
            else:
                shipment.address_id = event["address_id"]
                shipment.texts |= event["texts"]
