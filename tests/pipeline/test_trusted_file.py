"""An order made of what its own file says of it."""

from dataclasses import replace

import pytest

from batch.model import Item, Line, Parcel, StoreShipment
from batch.planning.trusted_file import UNKNOWN, complete, trusted_order

WHOLE = Parcel(100, rows=(2,), order_address_id=10, lines=(Line("MUG", 1, 2, (2,)),))


def test_a_parcel_with_every_id_and_quantity_is_complete() -> None:
    assert complete(WHOLE)


@pytest.mark.parametrize(
    "missing",
    [
        {"order_id": None},
        {"order_address_id": None},
        {"lines": ()},
        {"lines": (*WHOLE.lines, Line("CUP", None, 1, (3,)))},
        {"lines": (*WHOLE.lines, Line("CUP", 2, None, (3,)))},
    ],
    ids=str,
)
def test_with_anything_missing_it_is_not(missing) -> None:
    assert not complete(replace(WHOLE, **missing))


def test_an_order_has_what_is_asked_and_what_was_made() -> None:
    """Units added up by line over its parcels and our shipments; the first address and SKU of a
    line count.
    """
    more = replace(
        WHOLE, order_address_id=20, lines=(Line("CUP", 1, 3, (3,)), Line("HAT", 2, 1, (3,)))
    )
    made = [StoreShipment(n, 100, 10, items=(Item(1, n), Item(3, 1))) for n in (7, 8)]
    order = trusted_order(100, [WHOLE, more], made)
    assert [
        (i.order_product_id, i.order_address_id, i.sku, i.quantity, i.shipped, i.refunded)
        for i in order.lines
    ] == [
        (1, 10, "MUG", 20, 15, 0),
        (2, 20, "HAT", 1, 0, 0),
    ]
    assert (order.order_id, order.status_id, order.items_total, order.items_shipped) == (
        100,
        UNKNOWN,
        21,
        17,
    )
    assert UNKNOWN == -1
    assert all(line.ships for line in order.lines)
