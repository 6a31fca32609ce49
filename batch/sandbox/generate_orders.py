"""A store invented from an export's parcels, to rehearse a file without an account."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PERSON = {"last_name": "name", "zip": "postcode", "country": "country"}
"""What an address keeps of a parcel's recipient."""


def store_for(parcels: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Orders in which all these parcels can be shipped, and nothing is left over.

    A parcel has `order_id` or `external_order_id`, `order_address_id`, and `lines` of `sku`,
    `order_product_id` and `quantity` (None: one unit); each may be missing or None. Units asked of
    one line are added up. A parcel without lines gets a unit of an invented line; its `recipient`
    is its address's. The same parcels in the same order give the same store.
    """
    asked = list(parcels)
    order_ids = _order_ids(asked)
    lines = _numbers_after(
        line.get("order_product_id") for parcel in asked for line in parcel.get("lines") or ()
    )
    made: dict[int, _NewOrder] = {}
    for parcel in asked:
        if (key := _key(parcel)) is not None:
            order_id = order_ids[key]
            order = made.setdefault(order_id, _NewOrder(order_id))
            order.external_id = order.external_id or str(parcel.get("external_order_id") or "")
            order.take(parcel, lines)
    return {"orders": [made[order_id].plain() for order_id in sorted(made)]}


class _NewOrder:
    """One order in the making."""

    def __init__(self, order_id: int) -> None:
        self.order_id = order_id
        self.external_id = ""
        self.addresses: dict[int, dict[str, str]] = {}
        self.lines: dict[object, dict[str, Any]] = {}

    def take(self, parcel: Mapping[str, Any], numbers: Iterator[int]) -> None:
        """Make room for one more parcel."""
        address_id = self._address(parcel)
        for asked in parcel.get("lines") or ({"sku": f"ITEM-{self.order_id}"},):
            given, sku = asked.get("order_product_id"), str(asked.get("sku") or "")
            key = given or (sku.casefold(), address_id)
            line = self.lines.get(key)
            if line is None:
                line_id = given or next(numbers)
                line = {
                    "id": line_id,
                    "sku": sku or f"SKU-{line_id}",
                    "quantity": 0,
                    "order_address_id": address_id,
                }
                self.lines[key] = line
            line["quantity"] += asked.get("quantity") or 1

    def _address(self, parcel: Mapping[str, Any]) -> int:
        """The address it names; else the one of its recipient, who has lines of the order alone."""
        person = parcel.get("recipient") or {}
        given = {key: person[name] for key, name in PERSON.items() if person.get(name)}
        known = next((n for n, address in self.addresses.items() if address == given), None)
        first = next(iter(self.addresses), self.order_id)
        new = max(self.addresses) + 1 if self.addresses and parcel.get("lines") else first
        address_id = int(parcel.get("order_address_id") or known or new)
        self.addresses.setdefault(address_id, given)
        return address_id

    def plain(self) -> dict[str, Any]:
        return {
            "id": self.order_id,
            "external_id": self.external_id,
            "addresses": [{"id": number, **person} for number, person in self.addresses.items()],
            "lines": list(self.lines.values()),
        }


def _key(parcel: Mapping[str, Any]) -> int | str | None:
    return parcel.get("order_id") or str(parcel.get("external_order_id") or "") or None


def _order_ids(parcels: Iterable[Mapping[str, Any]]) -> dict[int | str, int]:
    """An id per order; those known only by a marketplace's number follow the largest given."""
    keys = {key: None for key in map(_key, parcels) if key is not None}
    ids: dict[int | str, int] = {key: key for key in keys if isinstance(key, int)}
    numbers = _numbers_after(ids.values())
    for key in keys:
        if isinstance(key, str):
            ids[key] = next(numbers)
    return ids


def _numbers_after(given: Iterable[int | None]) -> Iterator[int]:
    number = max((value for value in given if value), default=1000)
    while True:
        number += 1
        yield number
