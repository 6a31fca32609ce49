"""The order statuses of a new store, as the API lists them."""

from typing import Any

_STATUSES = (
    (
        0,
        "Incomplete",
        "The shopper reached the payment page, but did not complete the transaction.",
        0,
    ),
    (1, "Pending", "Customer started the checkout process, but did not complete it.", 1),
    (2, "Shipped", "Order has been shipped, but receipt has not been confirmed.", 8),
    (3, "Partially Shipped", "Only some items in the order have been shipped.", 6),
    (4, "Refunded", "Seller has used the Refund action.", 11),
    (5, "Cancelled", "Seller has cancelled an order.", 9),
    (6, "Declined", "Seller has marked the order as declined for lack of manual payment.", 10),
    (
        7,
        "Awaiting Payment",
        "Customer has completed checkout process, but payment has yet to be confirmed.",
        2,
    ),
    (8, "Awaiting Pickup", "Order has been pulled, and is awaiting customer pickup.", 5),
    (9, "Awaiting Shipment", "Order has been pulled and packaged, and is awaiting collection.", 4),
    (
        10,
        "Completed",
        "Client has paid for their digital product and their files are available.",
        7,
    ),
    (
        11,
        "Awaiting Fulfillment",
        "Customer has completed the checkout process and payment has been confirmed.",
        3,
    ),
    (
        12,
        "Manual Verification Required",
        "Order is on hold while some aspect needs to be manually confirmed.",
        13,
    ),
    (
        13,
        "Disputed",
        "Customer has initiated a dispute resolution process for the PayPal transaction.",
        12,
    ),
    (14, "Partially Refunded", "Seller has partially refunded the order.", 14),
)

STATUSES: dict[int, dict[str, Any]] = {
    number: {
        "id": number,
        "name": name,
        "system_label": name,
        "custom_label": name,
        "system_description": description,
        "order": position,
    }
    for number, name, description, position in _STATUSES
}
"""Status id → the API's object."""


def status_name(status_id: int) -> str:
    """The status in words."""
    return str(STATUSES[status_id]["name"])
