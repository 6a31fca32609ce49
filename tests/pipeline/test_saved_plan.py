"""What a plan promises of a shipment, cell by cell, and what keeps it from being kept."""

from dataclasses import replace
from typing import Any

import pytest

from batch.model import Finding, Item, RowNote, Shipment, Status
from batch.planning.saved_plan import (
    OrderSnapshot,
    PlannedShipment,
    SavedPlan,
    checksum,
    planned_shipment,
    promise_from,
)

MINE = Shipment(
    100,
    10,
    (Item(1, 2), Item(2, 1)),
    tracking_number="1Z1",
    shipping_provider="ups",
    tracking_carrier="dhl",
    rows=(2, 3),
    request_key="ask",
)
LOOK = OrderSnapshot(11, {2: 1, 1: 2})


def valid(
    plan: SavedPlan,
    *shipments: Shipment,
    notes: tuple[RowNote, ...] = (),
    look: Any = LOOK,
    released: bool = False,
) -> list[Any]:
    return list(plan.still_valid(shipments, notes, lambda _: look, lambda _: released))


def plan(*shipments: Shipment, look: OrderSnapshot = LOOK) -> SavedPlan:
    return SavedPlan(planned_shipment(one, look) for one in shipments or (MINE,))


def test_a_row_of_the_sheet_can_be_read() -> None:
    cells = planned_shipment(MINE, LOOK).cells
    assert cells[:8] == ("100", "10", "1Z1", "ups", "2 × 1, 1 × 2", "2, 3", "11", "2 × 1, 1 × 2")
    assert cells[9] == checksum(cells[:9])
    assert len(cells[9]) == 16


@pytest.mark.parametrize(
    ("more", "column", "shown"),
    [
        ({"shipping_provider": ""}, 3, "dhl"),
        ({"tracking_carrier": ""}, 3, "ups"),
        ({"tracking_number": "", "tracking_link": "https://t.example/1"}, 2, "https://t.example/1"),
        ({"tracking_link": "https://t.example/1"}, 2, "1Z1"),
    ],
)
def test_the_provider_goes_before_the_carrier_and_the_number_before_the_link(
    more: dict[str, Any], column: int, shown: str
) -> None:
    assert planned_shipment(replace(MINE, **more), LOOK).cells[column] == shown


def test_an_order_that_was_not_looked_up_has_no_status() -> None:
    assert planned_shipment(MINE, OrderSnapshot()).cells[6:8] == ("", "")
    assert str(OrderSnapshot(11)) == "status 11, left nothing"
    assert str(LOOK) == "status 11, left 2 of line 1, 1 of line 2"


def test_what_is_written_is_read_back_as_it_was() -> None:
    """What is not sent is not in it, and the parcel's key has its old name."""
    promise = planned_shipment(
        replace(MINE, skus=((1, "A"),), row_lines=((2, 1),), warnings=("w",)), LOOK
    )
    assert promise_from(promise.text) == promise
    assert promise.shipment["ask"] == "ask"
    assert not promise.shipment.keys() & {"skus", "row_lines", "warnings", "request_key"}
    with pytest.raises((ValueError, KeyError)):
        promise_from("{}")


@pytest.mark.parametrize(
    "other",
    [{"request_key": "other"}, {"order_address_id": 11}, {"tracking_number": "1Z2"}],
    ids=str,
)
def test_parcels_are_told_apart_by_key_address_and_label(other: dict[str, Any]) -> None:
    assert len(plan(MINE, replace(MINE, **other))) == 2
    (note,) = valid(plan(), replace(MINE, **other))
    assert (note.rows, note.finding.code) == ((2, 3), "not_in_plan")
    assert note.request_key == other.get("request_key", "ask")


def test_parcels_without_a_number_are_told_apart_by_their_links() -> None:
    bare = replace(MINE, tracking_number="")
    assert (
        len(plan(*(replace(bare, tracking_link=f"https://t.example/{n}") for n in range(2)))) == 2
    )


def test_what_is_as_it_was_ships() -> None:
    assert valid(plan(), MINE) == [MINE]


def test_another_shipment_or_order_does_not_ship_and_says_what_differs() -> None:
    """Unless a person has said so."""
    changed = replace(MINE, shipping_provider="usps")
    (note,) = valid(plan(), changed)
    assert (note.rows, note.request_key, note.facts) == ((2, 3), "ask", {"order_id": 100})
    assert "another shipment would be made (shipping provider)." in note.finding.error
    (note,) = valid(plan(), MINE, look=OrderSnapshot(9, LOOK.left))
    assert "it had status 11, left 2 of line 1, 1 of line 2; it has status 9" in note.finding.error
    assert valid(plan(), changed, released=True) == [changed]


def test_the_plans_own_shipments_are_no_change_and_others_are() -> None:
    """Another parcel of the order has shipped two of line 1, twice: the order may have four less,
    and a new status.
    """
    first, second = (
        replace(MINE, items=(Item(1, 2),), request_key=key) for key in ("first", "second")
    )
    both = [replace(second, tracking_number=number) for number in ("A", "B")]
    whole = plan(first, *both, look=OrderSnapshot(11, {1: 9, 2: 1}))
    note = RowNote((5,), Finding(Status.ALREADY_CREATED), request_key="second")
    assert valid(whole, first, notes=(note,), look=OrderSnapshot(2, {1: 5, 2: 1})) == [first, note]
    for left in ({1: 4, 2: 1}, {1: 9, 2: 1}, {1: 5, 2: 0}):
        shipped, _ = valid(whole, first, notes=(note,), look=OrderSnapshot(2, left))
        assert shipped.finding.code == "changed_since_plan"


@pytest.mark.parametrize(
    ("status", "key", "code"),
    [
        (Status.INVALID, "ask", "changed_since_plan"),
        (Status.INVALID, "other", "code"),
        (Status.ALREADY_CREATED, "ask", "code"),
        (Status.SKIPPED, "ask", "code"),
    ],
)
def test_a_promised_parcel_that_no_longer_ships_has_changed(
    status: Status, key: str, code: str
) -> None:
    """But for what has shipped, or is not to; the facts stay."""
    note = RowNote((4,), Finding(status, "code", "why"), 9, key, {"order_id": 100})
    (found,) = valid(plan(), notes=(note,))
    assert replace(found, finding=note.finding) == note
    assert found.finding.code == code
    assert "why" in found.finding.error
    assert ("Order 100" in found.finding.error) is (code == "changed_since_plan")


def test_a_promise_is_a_value() -> None:
    assert isinstance(planned_shipment(MINE, LOOK), PlannedShipment)
    assert planned_shipment(MINE, LOOK) == planned_shipment(MINE, OrderSnapshot(11, {1: 2, 2: 1}))
