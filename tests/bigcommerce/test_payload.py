"""Request bodies: what is always there, what never, and what is refused rather than cut."""

from dataclasses import replace

import pytest

from batch.bigcommerce import body, correction, limits
from batch.bigcommerce.payload import OverLimit
from batch.model import LONGEST, Item, Shipment, Status

PLAIN = Shipment(order_id=100, order_address_id=1, items=(Item(7, 2), Item(8, 1)))
FULL = replace(
    PLAIN,
    tracking_number="1Z999",
    tracking_link="https://track.example/1Z999",
    shipping_provider="ups",
    tracking_carrier="ups",
    shipping_method="Ground",
    merchant_shipping_cost="4.5000",
    comments="Two boxes",
    rows=(2, 3),
    request_key="abc",
    warnings=("a warning",),
)
READ_ONLY = {"id", "order_id", "customer_id", "date_created", "billing_address", "shipping_address"}


def test_the_least_body_has_an_empty_provider() -> None:
    """Without a provider it is said so: left out, the store would make it `custom` and mail no
    link.
    """
    assert body(PLAIN) == {
        "order_address_id": 1,
        "shipping_provider": "",
        "items": [{"order_product_id": 7, "quantity": 2}, {"order_product_id": 8, "quantity": 1}],
    }


def test_every_field_that_is_given_is_sent_as_given() -> None:
    """Costs stay text, and nothing of ours (rows, digest, warnings) goes out."""
    assert body(FULL) == {
        "order_address_id": 1,
        "tracking_number": "1Z999",
        "tracking_link": "https://track.example/1Z999",
        "shipping_provider": "ups",
        "tracking_carrier": "ups",
        "shipping_method": "Ground",
        "merchant_shipping_cost": "4.5000",
        "comments": "Two boxes",
        "items": [{"order_product_id": 7, "quantity": 2}, {"order_product_id": 8, "quantity": 1}],
    }


@pytest.mark.parametrize("shipment", [PLAIN, FULL])
def test_what_the_api_refuses_is_never_sent(shipment: Shipment) -> None:
    """No read-only field, no product_id, and no items in a change."""
    assert not READ_ONLY & body(shipment).keys()
    assert all(item.keys() == {"order_product_id", "quantity"} for item in body(shipment)["items"])
    assert not (READ_ONLY | {"items"}) & correction(shipment).keys()


def test_a_new_carrier_leaves_nothing_of_the_old_one() -> None:
    """A change names provider and carrier both, so that a link is never made of one old and one
    new.
    """
    changed = correction(replace(PLAIN, tracking_number="JD01", tracking_carrier="dhl"))
    assert (changed["shipping_provider"], changed["tracking_carrier"]) == ("", "dhl")
    changed = correction(replace(PLAIN, tracking_number="1Z01", shipping_provider="ups"))
    assert (changed["shipping_provider"], changed["tracking_carrier"]) == ("ups", "")


@pytest.mark.parametrize("field", LONGEST)
def test_the_documented_limit_itself_is_sent(field: str) -> None:
    """A text of exactly the longest length goes out whole."""
    text = "x" * LONGEST[field]
    assert body(replace(PLAIN, **{field: text}))[field] == text
    assert limits(replace(PLAIN, **{field: text})) is None


@pytest.mark.parametrize("field", LONGEST)
def test_one_character_more_is_refused_and_never_cut(field: str) -> None:
    """The person is told the field, both numbers, and that a cut one would lead nowhere."""
    long = replace(PLAIN, **{field: "x" * (LONGEST[field] + 1)})
    finding = limits(long)
    assert finding is not None
    assert finding.status is Status.INVALID
    assert finding.code == f"{field}_too_long"
    assert f"{LONGEST[field] + 1:,}" in finding.error
    assert f"{LONGEST[field]:,}" in finding.error
    for made in (body, correction):
        with pytest.raises(OverLimit):
            made(long)
