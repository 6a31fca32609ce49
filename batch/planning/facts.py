"""What is known of an order when its parcels are judged, what the judgement follows, and what it comes to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batch.model import Finding, Order, Record, RowFacts, RowNote, Shipment, StoreShipment


@dataclass(frozen=True, slots=True)
class ExistingShipment:
    """A shipment the order already has, and where it came from."""

    made: StoreShipment
    created_by: str
    """`made by run …, row 12` or `made outside shipbatch`."""
    record_id: int | None = None
    ask: str = ""
    """Digest of the parcel our record of it came from."""
    labels: frozenset[str] = frozenset()
    """The numbers and links by which our record knows it; the store's may have been changed since."""
    export: str = ""
    """Digest of the export our record of it came from."""
    differs: Finding | None = None
    """What is to be told of it, where it was made otherwise than our record asked."""

    def came_from(self, ask: str) -> bool:
        """Whether it is what the store has made of a parcel, though not as that asked."""
        return self.differs is not None and self.ask == ask


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one order when its parcels are judged."""

    order: Order | None
    newest: int | None = None
    """Without an order: the store's newest order id, where this one is newer; None where it is not."""
    unproven: bool = False
    """Without an order: no page of the store's had it, and it was not asked for by itself."""
    existing: tuple[ExistingShipment, ...] = ()
    deleted: tuple[Record, ...] = ()
    """Records of ours whose shipment is no longer in the store."""
    unsettled: tuple[Record, ...] = ()
    """In doubt, or waiting for a person; more than one only where two stores became one."""
    same_external_id: tuple[int, ...] = ()
    """Orders that carry the same external number, where there are several."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a judgement follows besides the facts."""

    hold_statuses: frozenset[int] = frozenset()
    several_parcels: str = ""
    again: bool = False
    update: bool = False
    export: str = ""
    """Digest of the export under judgement: what it has made already, it is met as."""
    already_matched: frozenset[int] = frozenset()
    """Shipments that parcels of the export have been met as before this judgement."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Ask → a person's answer: ship, skip, exists:ID."""


@dataclass(frozen=True, slots=True)
class Correction:
    """An existing shipment whose number or carrier is to be set to what the file says."""

    existing: ExistingShipment
    shipment: Shipment
    finding: Finding
    """What is said where it is not done."""


Judged = Shipment | RowNote | Correction


def facts_of(made: Iterable[StoreShipment]) -> RowFacts:
    """What a results row shows of shipments that exist."""
    several = list(made)
    return {
        "shipment_ids": [s.shipment_id for s in several],
        "tracking_links": [s.link for s in several if s.link],
        "link_source": next((s.link_source.value for s in several if s.link), ""),
        "order_id": several[0].order_id if several else None,
        "order_address_id": several[0].order_address_id if several else None,
        "order_product_ids": sorted({item.order_product_id for s in several for item in s.items}),
    }
