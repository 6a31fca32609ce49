"""One order as its drafts are compared with it: its shipments, less those that are known as other parcels. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from batch.model import Item, Order, Shipment, StoreShipment, findings
from batch.planning.drafts import RequestedLine, ShipmentDraft
from batch.planning.facts import ExistingShipment, Facts, Policy


@dataclass(frozen=True, slots=True)
class OrderView:
    """What there is of an order; the passes ask it, and nothing of it changes."""

    order: Order
    facts: Facts
    policy: Policy
    matched: frozenset[int] = frozenset()
    """Shipments that a parcel of this file has been met as in this judgement: no other parcel is one of them."""

    def with_matched(self, existing: Iterable[ExistingShipment]) -> "OrderView":
        """The same order, with these known as parcels of the file."""
        return replace(self, matched=self.matched.union(e.made.shipment_id for e in existing))

    def is_unmatched(self, existing: ExistingShipment) -> bool:
        """Whether no parcel of the file has been met as it, in this judgement or before."""
        shipment_id = existing.made.shipment_id
        return shipment_id not in self.matched and shipment_id not in self.policy.already_matched

    def there(self, draft: ShipmentDraft) -> list[ExistingShipment]:
        """Shipments to its address, and what the store has made of it for another one."""
        ask = draft.parcel.request_key
        return [e for e in self.facts.existing if draft.is_for(e.made.order_address_id) or e.came_from(ask)]

    def unmatched(self, draft: ShipmentDraft) -> list[ExistingShipment]:
        """Those there that no parcel of the file has been met as; first those without a label."""
        return sorted(filter(self.is_unmatched, self.there(draft)), key=lambda e: has_label(e.made))

    def of_same_units(self, draft: ShipmentDraft) -> dict[int, ExistingShipment]:
        """By line: an unmatched shipment that holds the very units of it that the draft asks."""
        asked = {(want.line.order_product_id, want.quantity) for want in draft.wants}
        return {
            item.order_product_id: e
            for e in reversed(self.unmatched(draft))
            for item in e.made.items
            if (item.order_product_id, item.quantity) in asked
        }

    def answer(self, draft: ShipmentDraft) -> str:
        """What a person has answered of its parcel: ship, skip, exists:ID; empty without an answer."""
        return self.policy.answers.get(draft.parcel.request_key, "")

    def may_ship(self, draft: ShipmentDraft, *, again: bool = True) -> bool:
        """Whether it ships in spite of what speaks against it; `again`: also where all is to ship once more."""
        return self.answer(draft) == "ship" or (again and self.policy.again)

    def descriptions(self, draft: ShipmentDraft, line_id: int | None = None) -> list[str]:
        """The shipments there in words; of those with one line, where it is named."""
        return [
            findings.describe_shipment(e.made)
            for e in self.there(draft)
            if line_id is None or any(item.order_product_id == line_id for item in e.made.items)
        ]


def has_label(made: StoreShipment) -> bool:
    """Whether a shipment has a number or a link."""
    return bool(made.tracking_number or made.tracking_link)


def as_asked(draft: ShipmentDraft) -> Shipment:
    """The shipment that a draft asks for, whatever is left of its lines."""
    items = [Item(w.line.order_product_id, w.quantity or w.line.left) for w in draft.wants]
    return draft.shipment(items, draft.address or 0)


def is_short(want: RequestedLine) -> bool:
    """Whether an order has less left than is asked, before any draft of the file takes of it."""
    return want.line.left < (want.quantity or 1)
