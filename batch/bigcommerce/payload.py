"""Shipment → request body, within the documented limits."""

from typing import Any

from batch.model import LONGEST, Finding, Shipment
from batch.model.catalogue import Code

OPTIONAL = (
    "tracking_number",
    "tracking_link",
    "tracking_carrier",
    "shipping_method",
    "merchant_shipping_cost",
    "comments",
)
"""Sent only where the file has them: the API has a default for each."""


class OverLimit(ValueError):
    """A value longer than the API allows, though `limits` should have caught it."""


def body(shipment: Shipment) -> dict[str, Any]:
    """The body of Create Order Shipment. Raises OverLimit where a text is too long.

    `shipping_provider` is always sent: without it the store writes `custom` and e-mails no tracking
    link (docs until 2020). `product_id` and read-only fields are never sent: the API answers 400.
    """
    return {
        "order_address_id": shipment.order_address_id,
        **_tracking_fields(shipment),
        "items": [
            {"order_product_id": item.order_product_id, "quantity": item.quantity}
            for item in shipment.items
        ],
    }


def correction(shipment: Shipment) -> dict[str, Any]:
    """The body of Update Order Shipment, without `items`, which cannot be changed.

    `shipping_provider` and `tracking_carrier` go together, so that nothing of the old carrier
    stays; the address is left as it is. Raises OverLimit where a text is too long.
    """
    return {"tracking_carrier": "", **_tracking_fields(shipment)}


def limits(shipment: Shipment) -> Finding | None:
    """A finding for what is over a documented limit; None where all fits."""
    for name, longest in LONGEST.items():
        text: str = getattr(shipment, name)
        if len(text) > longest:
            words = name.replace("_", " ")
            return Code(f"{name}_too_long").finding(
                error=f"Order {shipment.order_id}: the {words} has {len(text):,} characters, "
                f"the store takes {longest:,}: "
                f"{text[:60]}…",
                todo=f"Shorten the {words}: nothing is cut unasked, "
                "and half a number leads nowhere.",
            )
    return None


def _tracking_fields(shipment: Shipment) -> dict[str, Any]:
    if over := limits(shipment):
        raise OverLimit(over.error)
    given = {name: text for name in OPTIONAL if (text := getattr(shipment, name))}
    return {"shipping_provider": shipment.shipping_provider, **given}
