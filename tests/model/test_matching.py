"""Is this shipment that one: strict where it is claimed, loose where another would be sent."""

from typing import Any

import pytest

from batch.model import Item, Order, OrderLine, Shipment, StoreShipment
from batch.model.matching import (
    Baseline,
    Likeness,
    changes_between,
    differences,
    match,
    misnamed,
    similarity,
)

MINE = Shipment(100, 10, (Item(1, 2),), tracking_number="1Z1", shipping_provider="ups")


def seen(shipment_id: int = 7, **more: Any) -> StoreShipment:
    """The store's shipment that is MINE, but for what is said otherwise."""
    given: dict[str, Any] = {
        "order_id": 100,
        "order_address_id": 10,
        "items": (Item(1, 2),),
        "tracking_number": "1Z1",
        "shipping_provider": "ups",
    }
    return StoreShipment(shipment_id, **(given | more))


class TestLikeness:
    @pytest.mark.parametrize(
        "more",
        [{}, {"tracking_number": " 1z 1"}, {"shipping_provider": ""}, {"tracking_carrier": "ups"}],
    )
    def test_the_same(self, more: dict[str, Any]) -> None:
        """Number, address, items, and what both say of the carrier."""
        assert similarity(MINE, seen(**more)) is Likeness.SAME

    @pytest.mark.parametrize(
        "more",
        [
            {"items": (Item(1, 1),)},
            {"items": (Item(1, 2), Item(2, 1))},
            {"order_address_id": 20},
            {"tracking_number": "1Z2"},
            {"tracking_number": ""},
            {"shipping_provider": "usps"},
        ],
    )
    def test_a_near_miss(self, more: dict[str, Any]) -> None:
        """The same number with other items or address, or the same items with another number."""
        assert similarity(MINE, seen(**more)) is Likeness.NEAR

    def test_another(self) -> None:
        """Other items under another number."""
        assert similarity(MINE, seen(items=(Item(2, 2),), tracking_number="1Z2")) is Likeness.OTHER

    def test_without_numbers_the_links_decide(self) -> None:
        """Two custom links are two parcels."""
        mine = Shipment(100, 10, (Item(1, 2),), tracking_link="https://t.example/1")
        there = seen(tracking_number="", shipping_provider="", tracking_link="https://t.example/1")
        assert similarity(mine, there) is Likeness.SAME
        other = seen(tracking_number="", shipping_provider="", tracking_link="https://t.example/2")
        assert similarity(mine, other) is Likeness.NEAR


class TestLook:
    def test_the_lowest_of_equal_ones_is_claimed(self) -> None:
        """Identical ones are interchangeable; the others are told."""
        found = match(MINE, [seen(9), seen(8)], claimed=(), baseline=0)
        assert found.mine is not None
        assert (found.mine.shipment_id, [twin.shipment_id for twin in found.twins]) == (8, [9])
        assert found.evidence == {"found": 8, "twins": [9]}

    def test_what_a_record_has_claimed_is_not_there(self) -> None:
        """Identical twins are legitimate: the first is the first record's."""
        found = match(MINE, [seen(8), seen(9)], claimed={8}, baseline=0)
        assert found.mine is not None
        assert (found.mine.shipment_id, found.twins) == (9, ())

    def test_what_was_there_before_the_intent_is_not_ours(self) -> None:
        """At or below the baseline."""
        assert match(MINE, [seen(8)], claimed=(), baseline=8).mine is None

    def test_near_ones_are_told(self) -> None:
        """They are not claimed, and stop a second sending."""
        found = match(MINE, [seen(8, items=(Item(1, 1),))], claimed=(), baseline=0)
        assert (found.mine, [near.shipment_id for near in found.near]) == (None, [8])

    def test_units_that_moved_are_a_second_witness(self) -> None:
        """Also those of our own, once they are counted in."""
        before = Baseline(0, {1: 0})
        units = OrderLine(1, 10, "MUG", "Mug", "physical", quantity=3, shipped=2, refunded=0)
        there = Order(100, 3, "", 3, 2, (units,))
        assert before.has_changed(there)
        before.add(seen())
        assert not before.has_changed(there)
        assert before.shipment_id == 7

    def test_units_of_a_line_that_had_not_shipped_are_counted_in(self) -> None:
        """As many as were made, and added to those of the lines that had; the largest id stays."""
        before = Baseline(9, {2: 4})
        before.add(seen(items=(Item(1, 2), Item(2, 1))))
        assert (before.shipment_id, before.shipped) == (9, {1: 2, 2: 5})

    def test_one_line_of_several_that_moved_is_a_change(self) -> None:
        """A line that was not counted had shipped nothing."""
        lines = tuple(
            OrderLine(n, 10, "", "", "physical", 3, shipped, 0) for n, shipped in ((1, 2), (2, 0))
        )
        order = Order(100, 3, "", 6, 2, lines)
        assert Baseline(0, {1: 1}).has_changed(order)
        assert not Baseline(0, {1: 2}).has_changed(order)

    def test_the_one_that_the_store_has_named_is_ours_however_unlike(self) -> None:
        """Where none is equal; and where none is named, none is taken."""
        other = seen(1, items=(Item(2, 2),), tracking_number="1Z2")
        assert match(MINE, [other], claimed=(), baseline=0).mine is None
        assert match(MINE, [seen(2), other], claimed=(), baseline=0, named=1).mine == seen(2)
        assert (
            match(MINE, [seen(2, order_address_id=20), other], claimed=(), baseline=0, named=1).mine
            == other
        )


class TestDifferences:
    """What an answer says that is not what was asked; what it does not say is no difference."""

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            ({}, []),
            ({"order_id": 101}, [("order", "100", "101")]),
            ({"order_address_id": 20}, [("address", "10", "20")]),
            ({"items": (Item(1, 1),)}, [("items", "2 of line 1", "1 of line 1")]),
            ({"items": ()}, [("items", "2 of line 1", "none")]),
            ({"items": (Item(0, 1),)}, []),
            ({"tracking_number": "1z 1"}, []),
            ({"tracking_number": ""}, [("tracking number", "1Z1", "none")]),
            ({"tracking_link": "https://t.example"}, []),
        ],
    )
    def test_of_each_field(self, more: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
        """In words, as asked and as the store has it."""
        fields = ("order_id", "order_address_id", "items", "tracking_number", "tracking_link")
        assert differences(MINE, seen(**more, answer=dict.fromkeys(fields))) == told
        assert differences(MINE, seen(**more)) == []

    @pytest.mark.parametrize(
        ("link", "differs"),
        [("https://t.example/a%20b/", False), ("https://t.example/ab/c", True), ("", True)],
    )
    def test_of_links_where_neither_has_a_number(self, link: str, differs: bool) -> None:
        """But for what a store may write in another way."""
        asked = Shipment(100, 10, (Item(1, 2),), tracking_link="https://t.example/a b")
        made = seen(tracking_number="", tracking_link=link, answer={"tracking_link": link})
        assert bool(differences(asked, made)) is differs
        assert [what for what, *_ in differences(asked, made)] == ["tracking link"] * differs
        assert misnamed(asked, made)

    def test_a_wrong_name_alone_can_be_corrected(self) -> None:
        """Number or link; not items."""
        every = dict.fromkeys(("items", "tracking_number"))
        assert misnamed(MINE, seen(tracking_number="1Z2", answer=every))
        assert not misnamed(MINE, seen(tracking_number="1Z2", items=(), answer=every))


class TestChanged:
    def test_nothing(self) -> None:
        """As it was made."""
        assert changes_between(seen(), seen()) == ""

    def test_items_that_the_answer_did_not_name_have_not_changed(self) -> None:
        """The list names them, and they may be what was asked: it can be undone."""
        assert changes_between(seen(items=(Item(0, 2),)), seen()) == ""

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"tracking_number": "1Z2"}, "tracking_number was 1Z1, is 1Z2"),
            ({"comments": "left at the door"}, "comments was empty, is left at the door"),
            ({"order_address_id": 20}, "address was 10, is 20"),
            ({"items": (Item(1, 1),)}, "its items are others"),
        ],
    )
    def test_is_told_with_what_it_was(self, more: dict[str, Any], words: str) -> None:
        """Field by field."""
        assert words in changes_between(seen(), seen(**more))
