"""Is this shipment that one? Two questions only: may it be claimed, must it stop us?"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import unquote

from batch.model import Item, Order, Shipment, StoreShipment
from batch.primitives.spelling import fold_case


class Likeness(Enum):
    """How a shipment in the store compares with one that was asked for."""

    SAME = auto()  # may be claimed as ours
    NEAR = auto()  # too like to be passed over: nothing is sent beside it
    OTHER = auto()


@dataclass(slots=True)
class Baseline:
    """What an order held before an intent: what is new later may be ours."""

    shipment_id: int = 0
    """The order's largest shipment id."""
    shipped: dict[int, int] = field(default_factory=dict)
    """Line id → units shipped."""
    status_id: int | None = None
    """The order's status, to which `undo` puts it back."""
    left: dict[int, int] = field(default_factory=dict)
    """Line id → units that could still be shipped."""

    def add(self, made: StoreShipment) -> None:
        """Add a shipment of ours that the store has confirmed."""
        self.shipment_id = max(self.shipment_id, made.shipment_id)
        for item in made.items:
            self.shipped[item.order_product_id] = (
                self.shipped.get(item.order_product_id, 0) + item.quantity
            )

    def has_changed(self, order: Order) -> bool:
        """Whether the order's lines now count other units as shipped."""
        return any(
            self.shipped.get(line.order_product_id, 0) != line.shipped for line in order.lines
        )


@dataclass(frozen=True, slots=True)
class Match:
    """What one read-back of an order says about a shipment in doubt."""

    mine: StoreShipment | None = None
    """The one to claim: the lowest id of equals; without one, the one that the store named."""
    twins: tuple[StoreShipment, ...] = ()
    """Equal ones that no record claims: someone else's, or made twice on the way."""
    near: tuple[StoreShipment, ...] = ()

    @property
    def evidence(self) -> dict[str, object]:
        """What the ledger keeps of a claim."""
        found = self.mine.shipment_id if self.mine else None
        return {"found": found, "twins": [twin.shipment_id for twin in self.twins]}


def plain(label: str) -> str:
    """A tracking number without blanks and case, as carriers read it."""
    return fold_case("".join(label.split()))


def same_label(shipment: Shipment, seen: StoreShipment) -> bool:
    """Equal tracking numbers; without numbers, equal custom links."""
    if shipment.tracking_number or seen.tracking_number:
        return plain(shipment.tracking_number) == plain(seen.tracking_number)
    return shipment.tracking_link.strip() == seen.tracking_link.strip()


def same_carrier(shipment: Shipment, seen: StoreShipment) -> bool:
    """Equal provider and carrier, as far as both sides name one."""
    pairs = (
        (shipment.shipping_provider, seen.shipping_provider),
        (shipment.tracking_carrier, seen.tracking_carrier),
    )
    return all(not ours or not theirs or ours == theirs for ours, theirs in pairs)


def same_items(ours: Iterable[Item], theirs: Iterable[Item]) -> bool:
    """Equal units of equal lines, in any order."""
    return sorted(ours) == sorted(theirs)


def similarity(shipment: Shipment, seen: StoreShipment) -> Likeness:
    """Strict where a shipment would be claimed, lenient where one would be sent again."""
    label = same_label(shipment, seen)
    items = same_items(shipment.items, seen.items)
    if (
        label
        and items
        and shipment.order_address_id == seen.order_address_id
        and same_carrier(shipment, seen)
    ):
        return Likeness.SAME
    if items or (label and shipment.label):
        return Likeness.NEAR
    return Likeness.OTHER


def match(
    shipment: Shipment,
    seen: Iterable[StoreShipment],
    claimed: Collection[int],
    baseline: int,
    named: int = 0,
) -> Match:
    """Compare a shipment in doubt with its order's, less claimed ones and those before the intent.

    `named`: the id that the store's answer gave it; that one is ours, however different.
    """
    candidates = [s for s in seen if s.shipment_id not in claimed and s.shipment_id > baseline]
    same = sorted(
        (s for s in candidates if similarity(shipment, s) is Likeness.SAME),
        key=lambda s: s.shipment_id,
    )
    near = tuple(s for s in candidates if similarity(shipment, s) is Likeness.NEAR)
    if not same:
        same = [s for s in candidates if s.shipment_id == named]
    return Match(mine=same[0] if same else None, twins=tuple(same[1:]), near=near)


def units(items: Iterable[Item]) -> str:
    """Line id and units, in words."""
    return ", ".join(f"{item.quantity} of line {item.order_product_id}" for item in items)


def differences(asked: Shipment, seen: StoreShipment) -> list[tuple[str, str, str]]:
    """How the store's shipment differs from the one asked for: (what, as asked, as stored).

    Compared are order, address, items and tracking number; the link where neither side has a
    number. What the store leaves out is no difference, nor is a number's case or a blank in it.
    """
    named = all(item.order_product_id for item in seen.items)
    sides = [
        ("order", "order_id", str(asked.order_id), str(seen.order_id)),
        ("address", "order_address_id", str(asked.order_address_id), str(seen.order_address_id)),
        ("items", "items" if named else "", units(sorted(asked.items)), units(sorted(seen.items))),
        ("tracking number", "tracking_number", asked.tracking_number, seen.tracking_number),
    ]
    if not asked.tracking_number and not seen.tracking_number:
        sides.append(("tracking link", "tracking_link", asked.tracking_link, seen.tracking_link))
    return [
        (what, ours or "none", theirs or "none")
        for what, key, ours, theirs in sides
        if key in seen.answer and _normal(ours) != _normal(theirs)
    ]


def misnamed(asked: Shipment, seen: StoreShipment) -> bool:
    """Whether at most its number or link differs: only these can be corrected in the store."""
    return {what for what, *_ in differences(asked, seen)} <= {"tracking number", "tracking link"}


def _normal(text: str) -> str:
    """A number or link without what a store may write differently."""
    return plain(unquote(text)).rstrip("/")


def changes_between(before: StoreShipment, now: StoreShipment) -> str:
    """What of a shipment has changed since it was made, in words; empty if nothing."""
    said = []
    for name in (
        "tracking_number",
        "tracking_link",
        "shipping_provider",
        "tracking_carrier",
        "comments",
    ):
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            said.append(f"{name} was {old or 'empty'}, is {new or 'empty'}")
    if before.order_address_id != now.order_address_id:
        said.append(f"address was {before.order_address_id}, is {now.order_address_id}")
    is_named = all(item.order_product_id for item in before.items)  # not every answer names them
    if is_named and not same_items(before.items, now.items):
        said.append("its items are others")
    return "; ".join(said)
