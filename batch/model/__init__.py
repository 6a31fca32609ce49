"""The nouns of the field, frozen: what a file asks, what a store holds, what became of it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from batch.primitives.spelling import narrow


class Field(StrEnum):
    """What a column of an export may mean; the value is the name used in `--map FIELD=COLUMN`."""

    ORDER_ID = "order_id"
    EXTERNAL_ORDER_ID = "external_order_id"  # a marketplace's number, looked up by the store
    ORDER_PRODUCT_ID = "order_product_id"  # the id of the order's line, not the product's
    ORDER_ADDRESS_ID = "order_address_id"
    SKU = "sku"
    QUANTITY = "quantity"  # units shipped, not units ordered
    TRACKING_NUMBER = "tracking_number"
    TRACKING_LINK = "tracking_link"
    CARRIER = "carrier"  # any words: "UPS Ground", "dhl_express"
    SHIPPING_PROVIDER = "shipping_provider"  # the API's own code: "usps", "carrier_12"
    TRACKING_CARRIER = "tracking_carrier"  # an AfterShip slug: "dpd-uk"
    SHIPPING_METHOD = "shipping_method"  # service words: "Ground", "Next Day"
    MERCHANT_SHIPPING_COST = "merchant_shipping_cost"
    COMMENTS = "comments"
    SHIP_DATE = "ship_date"
    VOID = "void"
    STATUS = "status"  # voided, cancelled, not shipped yet: rows without a shipment to make
    DECISION = "decision"  # a person's answer to a held row, in a sheet of ours


LONGEST: Mapping[str, int] = {Field.TRACKING_NUMBER: 50, Field.TRACKING_LINK: 500, Field.COMMENTS: 65_535}
"""Characters that the API documents; longer texts are refused, never cut."""


class State(StrEnum):
    """Where a shipment's record stands; each line says what is true when you see it."""

    PLANNED = "planned"  # judged; provably not made by us
    INTENT = "intent"  # about to be sent, perhaps sent
    IN_DOUBT = "in_doubt"  # sent or perhaps sent; the store's answer is not known
    NEEDS_PERSON = "needs_person"  # read back, and still not settled
    CREATED = "created"  # made; the shipment's id is known
    REJECTED = "rejected"  # refused by the store; nothing was made


# The only legal moves. The ledger refuses every other one; change this table, and nothing else.
MOVES: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.INTENT}),
    State.INTENT: frozenset({State.CREATED, State.REJECTED, State.PLANNED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.CREATED, State.PLANNED, State.NEEDS_PERSON}),
    State.NEEDS_PERSON: frozenset({State.CREATED, State.PLANNED}),
    State.CREATED: frozenset(),
    State.REJECTED: frozenset(),
}

MADE_DIFFERS = "made_differs"
"""Code of what the store has made otherwise than asked, until a person has accepted or corrected it."""

UNSETTLED = frozenset({State.INTENT, State.IN_DOUBT, State.NEEDS_PERSON})
"""At most one record in these states for an order of a store."""


class Status(StrEnum):
    """What became of a row, in the words of the results sheet; worst first."""

    IN_DOUBT = "in doubt"
    HELD = "held"
    REJECTED = "rejected"
    INVALID = "invalid"
    NOT_SENT = "not sent"
    WAITING = "waiting"
    PLANNED = "planned"
    UPDATED = "updated"
    CREATED = "created"
    ALREADY_CREATED = "already created"
    SKIPPED = "skipped"


class Who(StrEnum):
    """Who can do something about a row."""

    NOBODY = ""
    WAREHOUSE = "warehouse"
    IT = "IT"
    CUSTOMER_SERVICE = "customer service"


class LinkSource(StrEnum):
    """Where a tracking link comes from."""

    NONE = ""
    GENERATED = "generated"  # by the store, from provider or carrier and number
    CUSTOM = "custom"  # given by the file


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a row has its status, for the person who gets it."""

    status: Status
    code: str = ""
    """Short and stable, for filters and scripts: `unknown_order`."""
    error: str = ""
    """What is wrong, where, with the numbers."""
    todo: str = ""
    """What to do next."""
    who: Who = Who.NOBODY


@dataclass(frozen=True, slots=True)
class Line:
    """What a parcel asks of one order line, as the file names it; without a name, of the order's only line."""

    sku: str = ""
    order_product_id: int | None = None
    quantity: int | None = None
    """Units; None is all that remains of the line."""
    rows: tuple[int, ...] = ()
    """Rows that were added up into it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The rows of one order, address and tracking number, as the file has them."""

    order_id: int | None
    rows: tuple[int, ...]
    """Row numbers as a spreadsheet program shows them, 1-based."""
    lines: tuple[Line, ...] = ()
    """Empty: all that remains of the order."""
    external_order_id: str = ""
    """Set where the file has no order_id: the store is asked for it."""
    order_address_id: int | None = None
    numbers: tuple[str, ...] = ()
    """Tracking numbers; more than one only where the file gives them for the same units."""
    tracking_link: str = ""
    shipping_provider: str = ""
    tracking_carrier: str = ""
    shipping_method: str = ""
    merchant_shipping_cost: str = ""
    comments: str = ""
    warnings: tuple[str, ...] = ()
    """Said in the results sheet beside the parcel's rows; they do not stop it."""
    decision: str = ""
    """What a person wrote into the Decision cell."""

    @property
    def request_key(self) -> str:
        """Digest of what is asked: two parcels with one ask want the same shipment."""
        skus = {line.sku: narrow(line.sku).casefold() for line in self.lines}
        if len(set(skus.values())) < len(skus):  # SKUs of one parcel that differ in nothing else
            skus = {sku: sku for sku in skus}
        lines = sorted((skus[line.sku], line.order_product_id or 0, line.quantity or 0) for line in self.lines)
        asked = [
            self.external_order_id or self.order_id,  # as the file has it: it is one ask before and after the look-up
            self.order_address_id,
            [number.casefold() for number in self.numbers],
            self.tracking_link,
            self.shipping_provider,
            self.tracking_carrier,
            lines,
        ]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """Units of one order line."""

    order_product_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """What Create Order Shipment is asked for: complete, judged, ready to send."""

    order_id: int
    order_address_id: int
    items: tuple[Item, ...]
    """Sorted by order_product_id; each line once."""
    tracking_number: str = ""
    tracking_link: str = ""
    shipping_provider: str = ""
    tracking_carrier: str = ""
    shipping_method: str = ""
    merchant_shipping_cost: str = ""
    comments: str = ""
    rows: tuple[int, ...] = ()
    row_lines: tuple[tuple[int, int], ...] = ()
    """(row, order_product_id) for the rows that name a line."""
    skus: tuple[tuple[int, str], ...] = ()
    """(order_product_id, SKU) of its items, as the store has them."""
    request_key: str = ""
    """Digest of the parcel it came from."""
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its number, else its link: what tells it from the order's other parcels."""
        return self.tracking_number or self.tracking_link

    @property
    def units(self) -> int:
        return sum(item.quantity for item in self.items)


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order, as the store holds it."""

    order_product_id: int
    order_address_id: int
    """0 where the line goes to no address: digital, gift certificate, pickup."""
    sku: str
    name: str
    kind: str
    """physical, digital or giftcertificate."""
    quantity: int
    shipped: int
    refunded: int
    pickup: bool = False
    parent: int | None = None
    """The bundle's line this one is a part of."""

    @property
    def ships(self) -> bool:
        return self.kind == "physical" and not self.pickup and self.order_address_id > 0

    @property
    def left(self) -> int:
        """Units that can still be shipped."""
        return max(0, self.quantity - self.shipped - self.refunded) if self.ships else 0


@dataclass(frozen=True, slots=True)
class Order:
    """One order, as the store holds it, without the people's names and addresses."""

    order_id: int
    status_id: int
    status: str
    items_total: int
    items_shipped: int
    lines: tuple[OrderLine, ...]
    external_id: str = ""
    deleted: bool = False
    """Taken out of the store's order list; whether the API still lists it is not documented."""
    cut: bool = False
    """Its lines look cut short: stubs, or fewer units than the order counts."""

    @property
    def is_shipped(self) -> bool:
        """Whether anything of it has been shipped, by anyone."""
        return self.items_shipped > 0 or any(line.shipped for line in self.lines)


@dataclass(frozen=True, slots=True)
class StoreShipment:
    """One shipment, as the store holds it."""

    shipment_id: int
    order_id: int
    order_address_id: int
    items: tuple[Item, ...]
    tracking_number: str = ""
    tracking_link: str = ""
    """The custom link; empty where the store generated one."""
    generated_tracking_link: str = ""
    shipping_provider: str = ""
    tracking_carrier: str = ""
    shipping_method: str = ""
    comments: str = ""
    date_created: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)
    """The store's whole object, less billing_address and shipping_address."""

    @property
    def link(self) -> str:
        return self.tracking_link or self.generated_tracking_link

    @property
    def link_source(self) -> LinkSource:
        if self.tracking_link:
            return LinkSource.CUSTOM
        return LinkSource.GENERATED if self.generated_tracking_link else LinkSource.NONE


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record becomes next, and what was seen that says so."""

    state: State
    made: StoreShipment | None = None
    """With `created`: the shipment in the store."""
    finding: Finding | None = None
    """With every state but `created`: what to tell the person."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Phase, HTTP status, what was read back: enough to explain the move a year later."""


@dataclass(frozen=True, slots=True)
class Run:
    """One file through all stages, once."""

    run_id: str
    """Sorts by time: `20261123-140328-7f3a`."""
    store: str
    """API origin and store hash: `https://api.bigcommerce.com/stores/abc123`."""
    file: str
    """The export's path, as given."""
    sha256: str
    copy: str
    """Where the copy taken at the start lies."""
    started: datetime
    finished: datetime | None = None
    exit_status: int | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    """Its source's name, else its header row's digest; empty for a sheet of ours, filled in or corrected by hand."""
    profile: Mapping[str, Any] = field(default_factory=dict)
    """What the file looked like: by it, later files of the source are compared."""


@dataclass(frozen=True, slots=True)
class Record:
    """A shipment's line in the ledger."""

    record_id: int
    run_id: str
    store: str
    shipment: Shipment
    state: State
    attempts: int = 0
    made: StoreShipment | None = None
    finding: Finding | None = None
    baseline: int = 0
    """Largest shipment id known on the order before the intent."""
    deleted: bool = False
    """Made, and deleted again by `undo`."""
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def differs(self) -> bool:
        """Made otherwise than asked, and nobody has accepted or corrected it."""
        return bool(self.finding and self.finding.code == MADE_DIFFERS and not self.deleted)

    @property
    def labels(self) -> frozenset[str]:
        """The numbers and links it is known by: as it was asked for, and as it was corrected to since."""
        made = (self.made.tracking_number or self.made.tracking_link) if self.made else ""
        return frozenset({self.shipment.label, made} - {""})


@dataclass(frozen=True, slots=True)
class RowResult:
    """What the results sheet says of one row."""

    row: int
    finding: Finding
    shipment_ids: tuple[int, ...] = ()
    tracking_links: tuple[str, ...] = ()
    link_source: LinkSource = LinkSource.NONE
    order_id: int | None = None
    order_address_id: int | None = None
    order_product_ids: tuple[int, ...] = ()
    run_id: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowNote:
    """What a plan says of rows that it does not ship: refused, skipped, held, or met before."""

    rows: tuple[int, ...]
    finding: Finding
    record_id: int | None = None
    """The record it was met as, where the ledger has one."""
    request_key: str = ""
    """The parcel's digest, where it is one: a decision is found by it."""
    facts: Mapping[str, Any] | None = None
    """shipment_id, tracking_link, link_source, order_id, order_address_id, order_product_ids."""
    names: Iterable[tuple[str, int]] = field(default=(), compare=False)
    """What its rows are found by: an order's number, a tracking number or a SKU, and the row; read once."""
