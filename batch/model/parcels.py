"""What an export asks for: lines, parcels and the shipments made of them."""

import hashlib
import json
from dataclasses import dataclass

from batch.model.orders import Item
from batch.model.recipients import NOBODY, Recipient
from batch.primitives.spelling import narrow


@dataclass(frozen=True, slots=True)
class Line:
    """What a parcel asks of one order line, as the file names it; unnamed, of the only line."""

    sku: str = ""
    order_product_id: int | None = None
    quantity: int | None = None
    """Units; None: all that remains of the line."""
    rows: tuple[int, ...] = ()
    """The rows that were added up in it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """The rows of one order, address and tracking number, as the file has them."""

    order_id: int | None
    rows: tuple[int, ...]
    """Row numbers as in a spreadsheet program, from 1."""
    lines: tuple[Line, ...] = ()
    """Empty: all that remains of the order."""
    external_order_id: str = ""
    """Set where the file has no order_id: the store is asked for the order."""
    order_address_id: int | None = None
    numbers: tuple[str, ...] = ()
    """Tracking numbers; more than one only where they are for the same units."""
    number_of: str = ""
    """Whose a number of it surely is, where that is not the carrier that the file names."""
    tracking_link: str = ""
    carrier_name: str = ""
    """To show to a person."""
    shipping_provider: str = ""
    tracking_carrier: str = ""
    shipping_method: str = ""
    merchant_shipping_cost: str = ""
    comments: str = ""
    warnings: tuple[str, ...] = ()
    """Shown beside the parcel's rows in the results sheet; they stop nothing."""
    decision: str = ""
    """What a person wrote into the cell `Decision`."""
    unnumbered: str = ""
    """How its file shows that its tracking number is missing; empty: it need not have one."""
    recipient: Recipient = NOBODY
    """Compared with the order's, and kept nowhere."""

    @property
    def request_key(self) -> str:
        """Digest of what is asked: parcels with the same one want the same shipment."""
        skus = {line.sku: narrow(line.sku).casefold() for line in self.lines}
        if len(set(skus.values())) < len(skus):  # SKUs of one parcel that differ in nothing else
            skus = {sku: sku for sku in skus}
        lines = sorted(
            (skus[line.sku], line.order_product_id or 0, line.quantity or 0) for line in self.lines
        )
        asked = [
            # as the file has it: it is one ask before and after the look-up
            self.external_order_id or self.order_id,
            self.order_address_id,
            [number.casefold() for number in self.numbers],
            self.tracking_link,
            self.shipping_provider,
            self.tracking_carrier,
            lines,
        ]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A complete, judged request for Create Order Shipment."""

    order_id: int
    order_address_id: int
    items: tuple[Item, ...]
    """Sorted by order_product_id, each line once."""
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
    """Digest of the parcel that it came from."""
    warnings: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its number, else its link: tells it from the order's other parcels."""
        return self.tracking_number or self.tracking_link

    @property
    def units(self) -> int:
        return sum(item.quantity for item in self.items)
