"""An order as its file has it, where the file's owner vouches for it: no request is needed."""

from collections import Counter
from collections.abc import Iterable, Sequence

from batch.model import Order, OrderLine, Parcel, StoreShipment

UNKNOWN = -1
"""The status of an order that was not read."""


def complete(parcel: Parcel) -> bool:
    """Whether a parcel has every id that a shipment needs."""
    lines = bool(parcel.lines) and all(
        line.order_product_id and line.quantity for line in parcel.lines
    )
    return bool(parcel.order_id and parcel.order_address_id and lines)


def trusted_order(order_id: int, parcels: Sequence[Parcel], ours: Iterable[StoreShipment]) -> Order:
    """The order of complete parcels: it has what they ask for; only ours has shipped."""
    made: Counter[int] = Counter()
    for shipment in ours:
        for item in shipment.items:
            made[item.order_product_id] += item.quantity
    asked: Counter[int] = Counter()
    skus: dict[int, str] = {}
    addresses: dict[int, int] = {}
    for parcel in parcels:
        assert parcel.order_address_id
        for line in parcel.lines:
            assert line.order_product_id
            assert line.quantity
            asked[line.order_product_id] += line.quantity
            skus.setdefault(line.order_product_id, line.sku)
            addresses.setdefault(line.order_product_id, parcel.order_address_id)
    lines = tuple(
        OrderLine(n, addresses[n], skus[n], "", "physical", asked[n] + made[n], made[n], 0)
        for n in sorted(asked)
    )
    return Order(order_id, UNKNOWN, "", sum(line.quantity for line in lines), made.total(), lines)
