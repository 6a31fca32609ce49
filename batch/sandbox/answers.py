"""What the store answers, and the error bodies that the API documents.

v2 errors are an array of objects, those of the gateway before it one object, and its 404 is plain
text. Texts that nobody has published are marked so; a client must not depend on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TYPE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
SUSPENDED = (
    "The store is suspended. This may be due to an administrative action, "
    "or due to a billing issue. Please contact BigCommerce support for more information."
)
ROUTE_NOT_FOUND = "The route is not found, check the URL"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body (None: empty; str: plain text; else JSON) and extra headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """The store says no; nothing was done."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer


def error(status: int, message: str, **details: Any) -> dict[str, Any]:
    """One element of a v2 error array."""
    return {"status": status, "message": message} | ({"details": details} if details else {})


def v2(status: int, message: str, **details: Any) -> Answer:
    """A v2 error: an array of one."""
    return Answer(status, [error(status, message, **details)])


def gateway(status: int, title: str) -> Answer:
    """An error of the gateway: a bare object."""
    return Answer(status, {"status": status, "title": title, "type": TYPE, "errors": {}})


def invalid(field_name: str, **details: Any) -> dict[str, Any]:
    """A field's value is refused; the form is documented, the details for two fields only."""
    return error(400, f"The field '{field_name}' is invalid.", **details)


def not_writable(field_name: str) -> dict[str, Any]:
    """A field that a request must not have, in the API's own words."""
    return error(
        400,
        f"The field '{field_name}' cannot be written to. "
        "Please remove it from your request before trying again.",
    )


def too_many(order_product_id: int, available: int) -> dict[str, Any]:
    """Over-shipping, in the API's own words."""
    reason = (
        "The quantity specified is greater than the quantity of the product "
        "that is available to ship."
    )
    return invalid(
        "quantity",
        invalid_reason=reason,
        available_quantity=available,
        order_product_id=order_product_id,
    )


def strange_line(order_product_id: int) -> dict[str, Any]:
    """A line that is not of this order; the text is not published."""
    reason = (
        "The order product specified does not belong to the order associated with the shipment."
    )
    return invalid("order_product_id", invalid_reason=reason, order_product_id=order_product_id)


def strange_address() -> dict[str, Any]:
    """An address that is not of this order; the text is not published."""
    return invalid(
        "order_address_id", invalid_reason="The address specified does not belong to the order."
    )


NOT_FOUND = v2(404, "The requested resource was not found.")
NO_ROUTE = Answer(404, ROUTE_NOT_FOUND)
UNAUTHORIZED = gateway(401, "X-Auth-Token header is required")
FORBIDDEN = gateway(403, "You don't have a required scope to access the endpoint")
METHOD_NOT_ALLOWED = v2(405, "The requested method is not allowed.")
NOT_ACCEPTABLE = v2(406, "The requested media type cannot be given.")
UNSUPPORTED_TYPE = v2(415, "The media type of the request is not supported.")
LIMIT_EXCEEDED = v2(413, "The limit parameter exceeded the maximum.")
UNREADABLE = v2(400, "The request body is not a JSON object.")
STORE_SUSPENDED = v2(503, SUSPENDED)
TOO_MANY_REQUESTS = Answer(429)
