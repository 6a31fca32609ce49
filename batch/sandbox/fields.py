"""A request's body: its fields coerced as the store does it, or refused in its words."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any

from batch.sandbox.answers import UNREADABLE, Answer, Refusal, error, invalid, not_writable

LENGTHS = {
    "tracking_number": 50,
    "tracking_link": 500,
    "comments": 65_535,
    "shipping_method": 65_535,
    "shipping_provider": 65_535,
    "tracking_carrier": 65_535,
}
"""In characters; the first three are documented."""
READ_ONLY = frozenset(
    {
        "id",
        "order_id",
        "customer_id",
        "date_created",
        "billing_address",
        "shipping_address",
        "generated_tracking_link",
        "shipping_provider_display_name",
    }
)
REQUIRED = ("order_address_id", "items")


class _Wrong(Exception):
    """One field's error."""


def json_object(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises Refusal otherwise."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise Refusal(UNREADABLE) from None
    if not isinstance(body, dict):
        raise Refusal(UNREADABLE)
    return body


def new_shipment(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a POST. Raises Refusal with one error per wrong field."""
    missing = [
        error(400, f"The required field '{name}' was not supplied.")
        for name in REQUIRED
        if name not in body
    ]
    return _check(body, READ_ONLY, missing)


def parse_shipment_change(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a PUT, which cannot have items."""
    return _check(body, READ_ONLY | {"items"}, [])


def parse_order_change(body: Mapping[str, Any]) -> int:
    """The status a PUT gives an order; this store lets nothing else be changed."""
    errors = [not_writable(name) for name in body if name != "status_id"]
    status = whole_number(body.get("status_id"))
    if "status_id" in body and status not in range(15):
        errors.append(invalid("status_id"))
    if errors or status is None:
        raise Refusal(
            Answer(400, errors or [error(400, "The required field 'status_id' was not supplied.")])
        )
    return status


def moment(text: str) -> datetime | None:
    """A date in RFC 2822 or ISO 8601, in UTC where it names no zone; None for anything else."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError):
            found = parse(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def whole_number(value: Any) -> int | None:
    """An int, also from a string of digits; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) else None


def _check(
    body: Mapping[str, Any], locked: frozenset[str], errors: list[dict[str, Any]]
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in body.items():
        if name in locked:
            errors.append(not_writable(name))
        elif value is None:
            errors.append(error(400, f"The field '{name}' does not allow null values."))
        elif name == "items":
            fields[name] = _items(value, errors)
        else:
            try:
                fields[name] = _value(name, value)
            except _Wrong:
                errors.append(invalid(name))
    if errors:
        raise Refusal(Answer(400, errors))
    return fields


def _value(name: str, value: Any) -> Any:
    if name == "order_address_id":
        number = whole_number(value)
        if number is None:
            raise _Wrong
        return number
    if name == "merchant_shipping_cost":
        return _money(value)
    if not isinstance(value, str) or len(value) > LENGTHS.get(name, -1):
        raise _Wrong
    return value


def _money(value: Any) -> str:
    try:
        amount = Decimal("0" if value == "" else str(value))
    except InvalidOperation:
        raise _Wrong from None
    if not amount.is_finite() or amount < 0:
        raise _Wrong
    return f"{amount:.4f}"


def _items(value: Any, errors: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """Lines and units as given; a line named twice stays so."""
    items = []
    if not isinstance(value, list) or not value:
        errors.append(invalid("items"))
        return []
    for item in value:
        if not isinstance(item, dict):
            errors.append(invalid("items"))
            continue
        errors += [
            not_writable(name) for name in item if name not in {"order_product_id", "quantity"}
        ]
        line = whole_number(item.get("order_product_id"))
        quantity = whole_number(item.get("quantity"))
        if line is None:
            errors.append(invalid("order_product_id"))
        elif quantity is None or quantity < 1:
            errors.append(invalid("quantity"))
        else:
            items.append((line, quantity))
    return items
