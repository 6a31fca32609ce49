"""What is known of an order when its parcels are judged, and what the judgement can be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batch.model import Finding, Order, Record, RowFacts, RowNote, Shipment, StoreShipment
from batch.model.kits import Kit


@dataclass(frozen=True, slots=True)
class ExistingShipment:
    """A shipment the order already has, and where it came from."""

    made: StoreShipment
    created_by: str
    """`made by run …, row 12` or `made outside shipbatch`."""
    record_id: int | None = None
    ask: str = ""
    """Digest of the parcel that our record of it came from."""
    labels: frozenset[str] = frozenset()
    """The numbers and links by which our record knows it; the store's may have changed since."""
    export: str = ""
    """Digest of the export that our record of it came from."""
    source: str = ""
    """What the source of that export is called, as far as it has one."""
    file: str = ""
    """The name of that export."""
    differs: Finding | None = None
    """What to report about it, where it was made otherwise than asked."""

    def came_from(self, ask: str) -> bool:
        """Whether the store made it from that parcel, though not as asked."""
        return self.differs is not None and self.ask == ask


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one order when its parcels are judged."""

    order: Order | None
    newest: int | None = None
    """Without an order: the store's newest order id if this one is newer, else None."""
    unproven: bool = False
    """Without an order: no page of the store had it, and it was not read by itself."""
    existing: tuple[ExistingShipment, ...] = ()
    deleted: tuple[Record, ...] = ()
    """Records of ours whose shipment is no longer in the store."""
    unsettled: tuple[Record, ...] = ()
    """In doubt, or waiting for a person; more than one only after a merge of two stores."""
    same_external_id: tuple[int, ...] = ()
    """The orders that carry the same external number, if several."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a judgement depends on besides the facts."""

    hold_statuses: frozenset[int] = frozenset()
    several_parcels: str = ""
    misfit: str = ""
    """`ship_what_fits`: a parcel ships without the lines that its order does not have."""
    again: bool = False
    update: bool = False
    check_recipient: bool = True
    source: str = ""
    """What the source of the export is called."""
    export: str = ""
    """Digest of the export being judged: what it has already made is matched with it."""
    already_matched: frozenset[int] = frozenset()
    """Shipments that parcels of the export were matched with before this judgement."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Ask → a person's answer: ship, skip, exists:ID."""

    told: frozenset[str] = frozenset()
    """Asks without their number of which an earlier file has told."""
    kits: Sequence[Kit] = ()
    """What the source packs as parts and the store sells as one."""

    @property
    def ships_what_fits(self) -> bool:
        return self.misfit == "ship_what_fits"


@dataclass(frozen=True, slots=True)
class Correction:
    """An existing shipment whose number or carrier should become what the file says."""

    existing: ExistingShipment
    shipment: Shipment
    finding: Finding
    """What to report where it is not corrected."""


Judged = Shipment | RowNote | Correction


def facts_of(made: Iterable[StoreShipment]) -> RowFacts:
    """What a results row shows of existing shipments."""
    several = list(made)
    return {
        "shipment_ids": [s.shipment_id for s in several],
        "tracking_links": [s.link for s in several if s.link],
        "link_source": next((s.link_source.value for s in several if s.link), ""),
        "order_id": several[0].order_id if several else None,
        "order_address_id": several[0].order_address_id if several else None,
        "order_product_ids": sorted({item.order_product_id for s in several for item in s.items}),
    }
