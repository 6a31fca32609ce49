"""What the store has: orders, their lines, their shipments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from batch.model.recipients import Recipient


class LinkSource(StrEnum):
    """Where a tracking link comes from."""

    NONE = ""
    GENERATED = "generated"  # by the store, from provider or carrier and number
    CUSTOM = "custom"  # given by the file


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """Units of one order line."""

    order_product_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order, as the store holds it."""

    order_product_id: int
    order_address_id: int
    """0 where the line has no address: digital, gift certificate, pickup."""
    sku: str
    name: str
    kind: str
    """physical, digital or giftcertificate."""
    quantity: int
    shipped: int
    refunded: int
    pickup: bool = False
    parent: int | None = None
    """The line of the bundle that this one is part of."""

    @property
    def ships(self) -> bool:
        return self.kind == "physical" and not self.pickup and self.order_address_id > 0

    @property
    def left(self) -> int:
        """Units that can still be shipped."""
        return max(0, self.quantity - self.shipped - self.refunded) if self.ships else 0


@dataclass(frozen=True, slots=True)
class Order:
    """One order, as the store holds it."""

    order_id: int
    status_id: int
    status: str
    items_total: int
    items_shipped: int
    lines: tuple[OrderLine, ...]
    external_id: str = ""
    deleted: bool = False
    """`is_deleted`; whether the API still lists such orders is not documented."""
    cut: bool = False
    """Its lines may be cut short: stubs, or fewer units than the order counts."""
    date_created: str = ""
    """As the store writes it, RFC 2822."""
    recipients: Mapping[int, Recipient] = field(default_factory=dict)
    """By address id, 0 for who paid; compared with a file's, and kept nowhere."""

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
    """The store's whole JSON object, without billing_address and shipping_address."""

    @property
    def link(self) -> str:
        return self.tracking_link or self.generated_tracking_link

    @property
    def link_source(self) -> LinkSource:
        if self.tracking_link:
            return LinkSource.CUSTOM
        return LinkSource.GENERATED if self.generated_tracking_link else LinkSource.NONE
