"""The ledger's content checked against what was written: flipped bits are named, not believed.

A value of another type, broken JSON, a changed name or word of ours is noticed; another digit in a
number is not.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from batch.model import LinkSource, Status

T = TypeVar("T")
Fits = Callable[[Any], bool]


class Damage(Exception):
    """A stored value that cannot have been written like this."""


def sound(table: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """For what decodes a row: anything impossible there raises Damage with the table's name."""

    def of(decode: Callable[..., T]) -> Callable[..., T]:
        @wraps(decode)
        def decoded(*values: Any) -> T:
            try:
                return decode(*values)
            except (
                ValueError,
                TypeError,
                KeyError,
                AttributeError,
                IndexError,
                RecursionError,
            ) as error:
                said = " ".join(str(error).split())[:120]
                raise Damage(f"a stored value in {table} cannot be read: {said}") from error

        return decoded

    return of


def need(fits: bool, what: str) -> None:  # noqa: FBT001
    """Raises ValueError, which `sound` explains, where a value does not fit."""
    if not fits:
        raise ValueError(f"{what} is not what was written")


def is_text(value: object) -> bool:
    """Any text."""
    return type(value) is str


def is_path(value: object) -> bool:
    """A text that can be a path: without NUL."""
    return type(value) is str and "\0" not in value


def is_whole(value: object) -> bool:
    """A whole number."""
    return type(value) is int


def is_number(value: object) -> bool:
    """A number."""
    return type(value) in (int, float)


def maybe(fits: Fits) -> Fits:
    """What `fits`, or None."""
    return lambda value: value is None or fits(value)


def every(fits: Fits) -> Fits:
    """A list or tuple whose values all fit."""
    return lambda value: type(value) in (list, tuple) and all(map(fits, value))


def pair(first: Fits, second: Fits) -> Fits:
    """Two values that fit."""
    return lambda value: (
        type(value) in (list, tuple) and len(value) == 2 and first(value[0]) and second(value[1])
    )


def mapping_of(key: Fits, value: Fits) -> Fits:
    """A mapping whose values all fit."""
    return lambda found: type(found) is dict and all(key(k) and value(v) for k, v in found.items())


def fit(found: Any, table: Mapping[str, Fits], what: str) -> Mapping[str, Any]:
    """A mapping whose values fit the table's types; names that it lacks may hold anything."""
    need(type(found) is dict, what)
    for name in found.keys() & table.keys():
        need(table[name](found[name]), f"{name} of {what}")
    checked: Mapping[str, Any] = found
    return checked


def moment(text: str) -> datetime:
    """A time in the stored form."""
    at = datetime.fromisoformat(text)
    need(at.tzinfo is not None, "a time")
    return at


SHIPMENT: Mapping[str, Fits] = {
    "rows": every(is_whole),
    "row_lines": every(pair(is_whole, is_whole)),
    "skus": every(pair(is_whole, is_text)),
    "warnings": every(is_text),
}
"""Fields that are not text."""
MADE: Mapping[str, Fits] = {
    "shipment_id": is_whole,
    "order_id": is_whole,
    "order_address_id": is_whole,
    "answer": lambda value: type(value) is dict,
}
FACTS: Mapping[str, Fits] = {
    "shipment_ids": every(is_whole),
    "tracking_links": every(is_text),
    "link_source": lambda value: value in set(LinkSource),
    "order_id": maybe(is_whole),
    "order_address_id": maybe(is_whole),
    "order_product_ids": every(is_whole),
    "row_lines": every(pair(is_whole, is_whole)),
    "warnings": every(is_text),
}
EVIDENCE: Mapping[str, Fits] = {
    "shipped": maybe(mapping_of(str.isdecimal, is_whole)),
    "baseline": is_whole,
    "status_id": maybe(is_whole),
    "runner": is_text,
    "who": is_text,
}
_COUNTS = (
    *("rows", "shipments", "requests", "requests_saved", "seconds"),
    *(status.key for status in Status),
)
SUMMARY: Mapping[str, Fits] = dict.fromkeys(_COUNTS, is_number) | {"results": is_path}
_FIGURES = "rows wrong parcels new known known_days absent unlisted units number_orders old weekday"
PROFILE: Mapping[str, Fits] = dict.fromkeys(_FIGURES.split(), is_number) | {
    "carriers": mapping_of(is_text, is_whole),
    "number": is_text,
    "days": maybe(is_number),
    "held": every(is_text),
    "sheet": is_text,
}
