"""Parcels against an order: DESIGN 4.6 to 4.9, rule by rule."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import (
    Finding,
    Item,
    Line,
    Order,
    OrderLine,
    Parcel,
    Record,
    RowNote,
    Shipment,
    State,
    Status,
    StoreShipment,
)
from batch.planning import Correction, ExistingShipment, Facts, Judged, Policy
from batch.planning.plan_order import plan_order

HOME, WORK = 10, 20
"""Two addresses."""


def line(line_id: int = 1, sku: str = "MUG", quantity: int = 3, **more: Any) -> OrderLine:
    given: dict[str, Any] = {
        "kind": "physical",
        "shipped": 0,
        "refunded": 0,
        "order_address_id": HOME,
    }
    return OrderLine(line_id, sku=sku, name=sku, quantity=quantity, **(given | more))


def order(*lines: OrderLine, status_id: int = 11, status: str = "Awaiting Fulfillment") -> Order:
    lines = lines or (line(),)
    return Order(
        100, status_id, status, sum(i.quantity for i in lines), sum(i.shipped for i in lines), lines
    )


def ask(sku: str = "MUG", quantity: int | None = 1, row: int = 2) -> Line:
    return Line(sku=sku, quantity=quantity, rows=(row,))


def parcel(*lines: Line, number: str = "1Z1", **more: Any) -> Parcel:
    rows = tuple(sorted({row for each in lines for row in each.rows})) or (2,)
    return Parcel(
        100, **({"rows": rows, "lines": lines, "numbers": (number,) if number else ()} | more)
    )


def made(shipment_id: int = 7, *items: Item, number: str = "1Z1", **more: Any) -> StoreShipment:
    given: dict[str, Any] = {
        "order_address_id": HOME,
        "tracking_number": number,
        "date_created": "Monday",
    }
    return StoreShipment(shipment_id, 100, items=items or (Item(1, 1),), **(given | more))


def foreign(shipment: StoreShipment) -> ExistingShipment:
    return ExistingShipment(shipment, "made outside shipbatch")


def ours(shipment: StoreShipment, parcel: Parcel) -> ExistingShipment:
    return ExistingShipment(shipment, "made by run R, row 2", 1, parcel.request_key)


def judged(
    *parcels: Parcel, of: Order | None = None, policy: Policy | None = None, **facts: Any
) -> list[Judged]:
    return plan_order(parcels, Facts(of or order(), **facts), policy or Policy())


def only(several: list[Judged]) -> Any:
    (one,) = several
    return one


def said(one: Judged) -> tuple[Status, str]:
    assert isinstance(one, RowNote)
    return one.finding.status, one.finding.code


def by_row(several: list[Judged]) -> dict[int, Any]:
    """What is said of each row that does not ship, and the shipment of each that does."""
    found: dict[int, Any] = {}
    for one in several:
        for row in one.shipment.rows if isinstance(one, Correction) else one.rows:
            found[row] = one if isinstance(one, Shipment | Correction) else one.finding
    return found


class TestWhichLine:
    def test_a_sku_becomes_the_lines_id_and_its_address(self) -> None:
        """The row names a SKU; the shipment names order_product_id and order_address_id."""
        shipment = only(judged(parcel(ask(" mug ", 2))))
        assert (shipment.order_id, shipment.order_address_id, shipment.items) == (
            100,
            HOME,
            (Item(1, 2),),
        )
        assert (shipment.rows, shipment.row_lines) == ((2,), ((2, 1),))

    def test_a_line_id_is_taken_as_it_is(self) -> None:
        """BigCommerce's own ids need no SKU."""
        shipment = only(judged(parcel(Line(order_product_id=1, quantity=1, rows=(2,)))))
        assert shipment.items == (Item(1, 1),)

    def test_all_that_a_parcel_says_is_in_its_shipment(self) -> None:
        """Carrier, service, cost, comments, link and warnings pass through unchanged."""
        words = {
            "tracking_link": "https://t.example/1",
            "shipping_provider": "ups",
            "tracking_carrier": "ups",
            "shipping_method": "Ground",
            "merchant_shipping_cost": "7.4500",
            "comments": "At the door",
            "warnings": ("added up",),
        }
        asked = parcel(ask(), **words)
        shipment = only(judged(asked))
        assert {name: getattr(shipment, name) for name in words} == words
        assert shipment.request_key == asked.request_key

    def test_an_unknown_sku_is_told_with_those_that_exist(self) -> None:
        """Invalid, and the order's SKUs are named."""
        note = only(judged(parcel(ask("MUG-RED"))))
        finding = note.finding
        assert note.facts == {"order_id": 100}
        assert (finding.status, finding.code) == (Status.INVALID, "unknown_sku")
        assert "MUG-RED" in finding.error
        assert "it has MUG" in finding.error

    def test_an_unknown_line_id_is_told_with_those_that_exist(self) -> None:
        """A product's id in place of the line's is the usual cause."""
        finding = only(judged(parcel(Line(order_product_id=77, quantity=1, rows=(2,))))).finding
        assert (finding.status, finding.code) == (Status.INVALID, "unknown_line")
        assert "no line 77" in finding.error
        assert "lines are 1" in finding.error

    def test_units_alone_are_of_the_orders_only_line(self) -> None:
        """What does not ship is no line; a second one that ships makes it a question, whatever is
        left of it.
        """
        mug, card = line(), line(2, "CARD", kind="digital", order_address_id=0)
        shipment = only(judged(parcel(ask("", 2)), of=order(mug, card)))
        assert (shipment.items, shipment.row_lines) == ((Item(1, 2),), ((2, 1),))
        finding = only(judged(parcel(ask("", 2)), of=order(mug, line(3, "CUP", shipped=3)))).finding
        assert (finding.status, finding.code) == (Status.INVALID, "quantity_without_line")
        assert (
            "ships 2 and does not say of what; its lines are SKU MUG (3 left), SKU CUP (0 left)"
            in finding.error
        )

    def test_units_alone_are_of_the_addresses_only_line(self) -> None:
        """An address that the order does not have is told with those that it has."""
        several = order(line(1), line(2, order_address_id=WORK))
        assert only(judged(parcel(ask(""), order_address_id=WORK), of=several)).items == (
            Item(2, 1),
        )
        finding = only(judged(parcel(ask(""), order_address_id=30), of=several)).finding
        assert finding.code == "wrong_address"
        assert "address 10, 20, the file says 30" in finding.error

    def test_rows_that_are_too_much_together_are_told_what_they_may_come_to(self) -> None:
        """Each of them changed to what is left would be too much again."""
        both = Line(sku="MUG", quantity=4, rows=(2, 3))
        finding = only(judged(parcel(both))).finding
        assert (
            finding.todo
            == "Rows 2 and 3 are of the same line: change their quantities to 3 in all."
        )
        many = Line(sku="MUG", quantity=9, rows=tuple(range(2, 11)))
        assert only(judged(parcel(many))).finding.todo.startswith(
            "Rows 2, 3, 4, 5, 6 and 4 more are of the same line"
        )

    def test_two_lines_with_one_sku_are_not_guessed(self) -> None:
        """Ambiguous, both lines shown with what they have left."""
        finding = only(judged(parcel(ask()), of=order(line(1), line(2, quantity=5)))).finding
        assert (finding.status, finding.code) == (Status.INVALID, "ambiguous_sku")
        assert "1 (3 left), 2 (5 left)" in finding.error

    @pytest.mark.parametrize("units", [8, None])
    def test_two_lines_with_one_sku_both_ship_where_all_of_it_does(self, units: int | None) -> None:
        """Nothing is ambiguous; met again it is the same shipment."""
        both = order(line(1), line(2, quantity=5))
        shipment = only(judged(parcel(ask("MUG", units)), of=both))
        assert shipment.items == (Item(1, 3), Item(2, 5))
        done = order(line(1, shipped=3), line(2, quantity=5, shipped=5))
        there = foreign(made(7, Item(1, 3), Item(2, 5)))
        again = only(judged(parcel(ask("MUG", units)), of=done, existing=(there,)))
        assert said(again)[0] is Status.ALREADY_CREATED

    def test_the_only_line_of_a_sku_with_units_left_is_meant(self) -> None:
        """The other has shipped."""
        left = order(line(1, shipped=3), line(2, quantity=2))
        assert only(judged(parcel(ask("MUG", 2)), of=left)).items == (Item(2, 2),)

    def test_lines_of_one_sku_to_two_addresses_are_not_one_parcel(self) -> None:
        """All of it is asked for, and one parcel cannot go to both."""
        both = order(line(1), line(2, quantity=5, order_address_id=WORK))
        assert said(only(judged(parcel(ask("MUG", 8)), of=both)))[1] == "ambiguous_sku"

    def test_an_unknown_sku_is_answered_with_the_line_to_write(self) -> None:
        """A warehouse's own name for it is written once for its source."""
        note = only(judged(parcel(ask("WH-MUG"))))
        assert "--answer sku:WH-MUG=MUG" in note.finding.todo

    def test_an_address_tells_two_lines_with_one_sku_apart(self) -> None:
        """One order to two addresses, the same SKU to each."""
        several = order(line(1), line(2, order_address_id=WORK))
        shipment = only(judged(parcel(ask(), order_address_id=WORK), of=several))
        assert (shipment.order_address_id, shipment.items) == (WORK, (Item(2, 1),))

    def test_a_line_that_goes_elsewhere_is_refused(self) -> None:
        """The file's address is not the line's: both are named."""
        finding = only(judged(parcel(ask(), order_address_id=WORK))).finding
        assert (finding.status, finding.code) == (Status.INVALID, "wrong_address")
        assert "goes to address 10, the file says 20" in finding.error

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ({"kind": "digital", "order_address_id": 0}, "digital_line"),
            ({"kind": "giftcertificate", "order_address_id": 0}, "gift_certificate"),
            ({"pickup": True, "order_address_id": 0}, "pickup_line"),
        ],
    )
    def test_what_does_not_ship_is_refused_by_its_name(
        self, kind: dict[str, Any], code: str
    ) -> None:
        """Downloads, gift certificates and pickups."""
        assert said(only(judged(parcel(ask()), of=order(line(**kind))))) == (Status.INVALID, code)

    def test_a_sku_and_an_id_of_one_line_are_added_up(self) -> None:
        """Both rows name it; each line is once in a shipment."""
        both = parcel(ask(quantity=1), Line(order_product_id=1, quantity=2, rows=(3,)))
        shipment = only(judged(both))
        assert (shipment.items, shipment.rows) == ((Item(1, 3),), (2, 3))


class TestUnitsLeft:
    @pytest.mark.parametrize(
        ("shipped", "refunded", "left"), [(0, 0, 3), (1, 0, 2), (0, 1, 2), (1, 1, 1)]
    )
    def test_are_quantity_less_shipped_less_refunded(
        self, shipped: int, refunded: int, left: int
    ) -> None:
        """As many as are left ship; one more does not, and the numbers are told."""
        there = order(line(shipped=shipped, refunded=refunded))
        assert only(judged(parcel(ask(quantity=left)), of=there)).items == (Item(1, left),)
        finding = only(judged(parcel(ask(quantity=left + 1)), of=there)).finding
        assert (finding.status, finding.code) == (Status.INVALID, "not_enough_left")
        assert f"the file ships {left + 1}, ordered 3, already shipped {shipped}" in finding.error
        assert f"{left} left" in finding.error
        assert ("refunded 1" in finding.error) is bool(refunded)

    def test_earlier_rows_of_the_file_count(self) -> None:
        """Two parcels of 2 out of 3: the first ships, the second names the row that took them."""
        first, second = (
            parcel(ask(quantity=2), number="A"),
            parcel(ask(quantity=2, row=3), number="B"),
        )
        found = by_row(judged(first, second))
        assert found[2].items == (Item(1, 2),)
        assert found[3].code == "not_enough_left"
        assert "row 2 of this file takes 2" in found[3].error

    def test_a_refused_parcel_takes_nothing(self) -> None:
        """What it asked for is free for the next one."""
        first, second = (
            parcel(ask(quantity=4), number="A"),
            parcel(ask(quantity=3, row=3), number="B"),
        )
        assert by_row(judged(first, second))[3].items == (Item(1, 3),)

    @pytest.mark.parametrize("left", [1, 2])
    def test_no_quantity_is_all_that_remains_of_the_line(self, left: int) -> None:
        """A SKU alone ships its rest; where there is none, it asks for one."""
        there = order(line(shipped=3 - left))
        assert only(judged(parcel(ask(quantity=None)), of=there)).items == (Item(1, left),)
        finding = only(judged(parcel(ask(quantity=None)), of=order(line(shipped=3)))).finding
        assert finding.code == "not_enough_left"
        assert "the file ships 1, ordered 3" in finding.error

    def test_a_parcel_ships_whole_or_not_at_all(self) -> None:
        """The bad row has its own reason; the others are `parcel_incomplete` and name it."""
        there = order(line(1), line(2, "HAT", 1))
        found = by_row(judged(parcel(ask(row=2), ask("HAT", 2, row=3)), of=there))
        assert found[3].code == "not_enough_left"
        assert (found[2].status, found[2].code) == (Status.INVALID, "parcel_incomplete")
        assert "row 3" in found[2].error

    def test_every_bad_row_of_a_parcel_has_its_own_reason(self) -> None:
        """Two lines short, one right: two reasons, and one that names the first."""
        there = order(line(1), line(2, "HAT", 1), line(3, "PEN", 1))
        found = by_row(
            judged(parcel(ask(row=2), ask("HAT", 2, row=3), ask("PEN", 5, row=4)), of=there)
        )
        assert {row: finding.code for row, finding in found.items()} == {
            2: "parcel_incomplete",
            3: "not_enough_left",
            4: "not_enough_left",
        }
        assert "SKU PEN: the file ships 5" in found[4].error

    def test_an_unknown_line_makes_its_parcel_incomplete(self) -> None:
        """Also where the bad row is not there to be counted."""
        found = by_row(judged(parcel(ask(row=2), ask("NOPE", row=3))))
        assert {row: finding.code for row, finding in found.items()} == {
            2: "parcel_incomplete",
            3: "unknown_sku",
        }

    def test_other_parcels_of_the_order_ship_all_the_same(self) -> None:
        """A parcel is the unit that ships or does not, not the order."""
        bad, good = parcel(ask("NOPE"), number="A"), parcel(ask(row=3), number="B")
        found = by_row(judged(bad, good))
        assert found[2].code == "unknown_sku"
        assert isinstance(found[3], Shipment)


class TestSeveralAddresses:
    TWO = order(line(1), line(2, "HAT", 2, order_address_id=WORK))

    def test_the_lines_of_a_parcel_are_shipped_by_address(self) -> None:
        """One number for lines to two addresses: a shipment each."""
        several = judged(parcel(ask(row=2), ask("HAT", row=3)), of=self.TWO)
        assert [
            (s.order_address_id, s.items, s.rows) for s in several if isinstance(s, Shipment)
        ] == [
            (HOME, (Item(1, 1),), (2,)),
            (WORK, (Item(2, 1),), (3,)),
        ]

    def test_an_order_alone_to_two_addresses_is_held(self) -> None:
        """One parcel cannot go to both."""
        finding = only(judged(parcel(), of=self.TWO)).finding
        assert (finding.status, finding.code) == (Status.HELD, "several_addresses")
        assert "10, 20" in finding.error

    def test_an_order_and_address_alone_ship_the_rest_of_it(self) -> None:
        """The address says which lines."""
        shipment = only(judged(parcel(order_address_id=WORK), of=self.TWO))
        assert (shipment.order_address_id, shipment.items) == (WORK, (Item(2, 2),))

    def test_an_address_that_is_served_is_no_longer_one(self) -> None:
        """All of the first has shipped: what remains is one parcel to one address."""
        there = order(line(1, shipped=3), line(2, "HAT", 2, order_address_id=WORK))
        assert only(judged(parcel(), of=there)).items == (Item(2, 2),)


class TestAnOrderAlone:
    def test_ships_all_that_remains(self) -> None:
        """Every line with units left; not the download."""
        there = order(
            line(1, shipped=1), line(2, "HAT", 2), line(3, "E", kind="digital", order_address_id=0)
        )
        assert only(judged(parcel(), of=there)).items == (Item(1, 2), Item(2, 2))

    def test_comes_after_the_parcels_with_quantities(self) -> None:
        """`All that remains` is what the file's other rows leave, wherever they stand."""
        found = by_row(judged(parcel(number="A"), parcel(ask(quantity=1, row=3), number="B")))
        assert found[2].items == (Item(1, 2),)
        assert found[3].items == (Item(1, 1),)

    def test_with_nothing_left_is_refused(self) -> None:
        """And says by what it was taken."""
        there = order(line(shipped=3))
        finding = only(judged(parcel(number=""), of=there)).finding
        assert (finding.status, finding.code) == (Status.INVALID, "nothing_left")

    def test_several_numbers_are_held_until_the_source_says(self) -> None:
        """Nothing says what is in which parcel."""
        finding = only(judged(parcel(numbers=("A", "B")))).finding
        assert (finding.status, finding.code) == (Status.HELD, "several_parcels")
        assert "A, B" in finding.error
        assert "several_parcels" in finding.todo

    def test_a_number_of_another_carrier_is_held_until_a_person_has_looked(self) -> None:
        """Both are named; what has shipped before is not asked about again."""
        doubtful = parcel(number="A", carrier_name="FedEx", number_of="UPS")
        finding = only(judged(doubtful)).finding
        assert (finding.status, finding.code) == (Status.HELD, "other_carrier")
        assert "FedEx, but A is a number of UPS" in finding.error
        answered = Policy(answers={doubtful.request_key: "ship"})
        assert only(judged(doubtful, policy=answered)).tracking_number == "A"

    def test_the_first_number_takes_all(self) -> None:
        """The others go into the comments."""
        shipment = only(
            judged(parcel(numbers=("A", "B", "C")), policy=Policy(several_parcels="first"))
        )
        assert (shipment.tracking_number, shipment.items) == ("A", (Item(1, 3),))
        assert "B, C" in shipment.comments

    def test_even_deals_the_units_out(self) -> None:
        """Parcels differ by one unit at most, and together they are all."""
        there = order(line(1, quantity=3), line(2, "HAT", 2))
        several = judged(
            parcel(numbers=("A", "B")), of=there, policy=Policy(several_parcels="even")
        )
        assert [(s.tracking_number, s.units) for s in several if isinstance(s, Shipment)] == [
            ("A", 3),
            ("B", 2),
        ]
        assert _units(several) == {1: 3, 2: 2}

    @pytest.mark.parametrize(
        ("there", "lines", "numbers", "expected"),
        [
            ([line()], (), "ABC", {"A": {1: 1}, "B": {1: 1}, "C": {1: 1}}),
            ([line()], (), "ABCD", "too_many_parcels"),
            ([line(shipped=3), line(2, "HAT", 2)], (), "AB", {"A": {2: 1}, "B": {2: 1}}),
            ([line()], (ask(quantity=2),), "AB", {"A": {1: 1}, "B": {1: 1}}),
            ([line(shipped=1)], (ask(quantity=None),), "AB", {"A": {1: 1}, "B": {1: 1}}),
            (
                [line(1, quantity=2), line(2, order_address_id=WORK)],
                (Line(order_product_id=1, rows=(2,)), Line(order_product_id=2, rows=(3,))),
                "AB",
                {"A": {1: 1, 2: 2}, "B": {1: 1, 2: 1}},
            ),
        ],
        ids=[
            "one each",
            "more numbers than units",
            "a line that has shipped",
            "so many of a line",
            "what is left of a line",
            "by address",
        ],
    )
    def test_even_deals_to_each_number(
        self, there: list[OrderLine], lines: tuple[Line, ...], numbers: str, expected: Any
    ) -> None:
        """From the first unit to the last, each parcel one at least."""
        several = judged(
            parcel(*lines, numbers=tuple(numbers)),
            of=order(*there),
            policy=Policy(several_parcels="even"),
        )
        found: dict[str, dict[int, int]] = {}
        for one in several:
            if isinstance(one, Shipment):
                found.setdefault(one.tracking_number, {}).update(_units([one]))
            else:
                assert said(one) == (Status.HELD, expected)
        assert found == ({} if isinstance(expected, str) else expected)

    def test_even_of_more_than_there_is_ships_what_is_there(self) -> None:
        """The parcel that is short says so."""
        first, second = judged(
            parcel(ask(quantity=4), numbers=("A", "B")), policy=Policy(several_parcels="even")
        )
        assert first.items == (Item(1, 2),)
        assert said(second) == (Status.INVALID, "not_enough_left")
        assert "ships 2" in second.finding.error

    @pytest.mark.parametrize("carrier", ["", "usps"])
    def test_even_goes_on_where_it_stopped(self, carrier: str) -> None:
        """The first is made, as asked or not: the second gets what is left, not half of it."""
        asked = parcel(numbers=("A", "B"), shipping_provider="ups")
        there = order(line(quantity=4, shipped=2))
        before = made(7, Item(1, 2), number="A", shipping_provider=carrier)
        several = judged(
            asked,
            of=there,
            existing=(ours(before, asked),),
            policy=Policy(several_parcels="even"),
        )
        assert [(s.tracking_number, s.items) for s in several if isinstance(s, Shipment)] == [
            ("B", (Item(1, 2),))
        ]


class TestMetByItsNumber:
    @pytest.mark.parametrize("number", ["1Z1", "1z1", " 1Z 1 "])
    def test_equal_items_are_already_created(self, number: str) -> None:
        """Whoever made it; case and blanks of a number do not matter."""
        note = only(
            judged(
                parcel(ask(), number=number), of=order(line(shipped=1)), existing=(foreign(made()),)
            )
        )
        assert said(note) == (Status.ALREADY_CREATED, "")
        assert note.facts["shipment_ids"] == [7]

    def test_the_first_of_equal_ones_is_met(self) -> None:
        """Whoever made them: a parcel is one shipment."""
        asked = parcel(ask())
        differs = Finding(Status.CREATED, "made_differs", "made otherwise", "compare")
        twice = [foreign(made(n)) for n in (7, 8)]
        for existing in (twice, [replace(ours(e.made, asked), differs=differs) for e in twice]):
            note = only(judged(asked, existing=tuple(existing)))
            assert (said(note)[0], note.facts["shipment_ids"]) == (Status.ALREADY_CREATED, [7])

    def test_equal_links_are_already_created(self) -> None:
        """A link takes the place of a number."""
        asked = parcel(ask(), number="", tracking_link="https://t.example/1")
        there = foreign(made(number="", tracking_link="https://t.example/1"))
        assert (
            said(only(judged(asked, of=order(line(shipped=1)), existing=(there,))))[0]
            is Status.ALREADY_CREATED
        )

    def test_its_link_and_lines_are_known(self) -> None:
        """The sheet has them as if it had been made now."""
        there = made(generated_tracking_link="https://t.example/1Z1")
        facts = only(
            judged(parcel(ask()), of=order(line(shipped=1)), existing=(foreign(there),))
        ).facts
        assert facts["tracking_links"] == ["https://t.example/1Z1"]
        assert facts["link_source"] == "generated"
        assert (facts["order_address_id"], facts["order_product_ids"]) == (HOME, [1])

    def test_other_items_are_held_and_both_shown(self) -> None:
        """Changed items under a known number."""
        finding = only(
            judged(parcel(ask(quantity=2)), of=order(line(shipped=1)), existing=(foreign(made()),))
        ).finding
        assert (finding.status, finding.code) == (Status.HELD, "changed")
        assert "shipment 7 (1Z1; 1 of line 1, made Monday)" in finding.error
        assert "this file says 2 of line 1" in finding.error
        assert "made outside shipbatch" in finding.error

    def test_other_items_are_held_also_with_update(self) -> None:
        """Items cannot be changed by a PUT."""
        there = (foreign(made()),)
        note = only(judged(parcel(ask(quantity=2)), existing=there, policy=Policy(update=True)))
        assert said(note) == (Status.HELD, "changed")

    def test_another_carrier_is_held(self) -> None:
        """The same parcel under another carrier is changed."""
        there = (foreign(made(shipping_provider="usps")),)
        assert said(only(judged(parcel(ask(), shipping_provider="ups"), existing=there))) == (
            Status.HELD,
            "changed",
        )

    def test_another_carrier_is_a_correction_with_update(self) -> None:
        """A PUT of the carrier; items as they are."""
        there = foreign(made(shipping_provider="usps"))
        one = only(
            judged(
                parcel(ask(), shipping_provider="ups"),
                existing=(there,),
                policy=Policy(update=True),
            )
        )
        assert isinstance(one, Correction)
        assert (one.existing, one.shipment.shipping_provider) == (there, "ups")

    @pytest.mark.parametrize("theirs", ["", "custom", "ups"])
    def test_a_carrier_that_nobody_names_is_no_change(self, theirs: str) -> None:
        """`custom` is what the store writes where its maker said nothing."""
        there = (foreign(made(shipping_provider=theirs)),)
        assert (
            said(only(judged(parcel(ask(), shipping_provider="ups"), existing=there)))[0]
            is Status.ALREADY_CREATED
        )

    def test_a_file_that_names_no_carrier_changes_none(self) -> None:
        """Whatever the store has."""
        there = (foreign(made(shipping_provider="usps")),)
        assert said(only(judged(parcel(ask()), existing=there)))[0] is Status.ALREADY_CREATED

    def test_the_number_of_another_address_is_another_parcel(self) -> None:
        """Same store, order and address make the same shipment."""
        there = order(line(1), line(2, "HAT", order_address_id=WORK, shipped=1))
        existing = (foreign(made(7, Item(2, 1), order_address_id=WORK)),)
        assert isinstance(only(judged(parcel(ask()), of=there, existing=existing)), Shipment)

    def test_an_order_alone_is_met_by_its_number(self) -> None:
        """It asked for all that remained, and that is what was made."""
        there = (foreign(made(7, Item(1, 3))),)
        assert (
            said(only(judged(parcel(), of=order(line(shipped=3)), existing=there)))[0]
            is Status.ALREADY_CREATED
        )

    def test_a_number_changed_by_hand_is_held(self) -> None:
        """Ours as A, renamed to B in the control panel: A again is no new parcel, though units are
        left.
        """
        asked = parcel(ask(), number="A")
        existing = ExistingShipment(
            made(number="B"), "made by run R, row 2", 1, "an earlier ask", frozenset({"A"})
        )
        finding = only(judged(asked, of=order(line(shipped=1)), existing=(existing,))).finding
        assert (finding.status, finding.code) == (Status.HELD, "correction")


class TestOneNumberInTwoWays:
    """They are one parcel that the file does not tell as one: the ledger would refuse the whole
    plan.
    """

    @pytest.mark.parametrize(
        ("first", "other"),
        [
            (parcel(ask()), parcel(ask("CUP", row=3), order_address_id=HOME)),
            (parcel(ask()), parcel(ask("CUP", row=3), numbers=("1z1", "1Z2"))),
            (parcel(ask()), parcel(rows=(3,), order_address_id=HOME)),
        ],
        ids=["an address on one", "a further number on one", "lines on one"],
    )
    def test_neither_ships_and_both_say_why(self, first: Parcel, other: Parcel) -> None:
        policy = Policy(several_parcels="first")
        found = by_row(judged(first, other, of=order(line(), line(2, sku="CUP")), policy=policy))
        assert {row: finding.code for row, finding in found.items()} == {
            2: "number_twice",
            3: "number_twice",
        }
        assert "Rows 2, 3 give" in found[2].error

    def test_the_orders_other_parcels_ship(self) -> None:
        twice = (parcel(ask()), parcel(ask(row=3), order_address_id=HOME))
        found = by_row(judged(*twice, parcel(ask(row=4), number="1Z9")))
        assert isinstance(found[4], Shipment)


class TestLinesUnderEachNumber:
    """A join of an order's lines with its parcels: each line stands under each number."""

    @staticmethod
    def joined(quantity: int = 1, **more: Any) -> list[Judged]:
        of = order(line(quantity=quantity), line(2, "CUP", quantity=quantity))
        lines = [[ask(row=row), ask("CUP", row=row + 1)] for row in (2, 4)]
        parcels = (parcel(*lines[0], number="A"), parcel(*lines[1], number="B"))
        return judged(*parcels, of=of, **more)

    def test_none_of_them_ships(self) -> None:
        """Nothing says what is in which; each row names the numbers."""
        found = by_row(self.joined())
        assert {row: one.code for row, one in found.items()} == dict.fromkeys(
            (2, 3, 4, 5), "joined_parcels"
        )
        assert "2 tracking numbers (A, B)" in found[2].error
        assert "SKU MUG, SKU CUP" in found[2].error

    def test_where_units_are_left_for_all_they_are_parcels(self) -> None:
        """Two of each were ordered, and one of each is in each box."""
        assert all(isinstance(one, Shipment) for one in self.joined(quantity=2))

    def test_a_persons_word_ships_one(self) -> None:
        """The other then lacks its units."""
        asks = {parcel(ask(row=2), ask("CUP", row=3), number="A").request_key: "ship"}
        found = by_row(self.joined(policy=Policy(answers=asks)))
        assert isinstance(found[2], Shipment)
        assert found[4].code == "not_enough_left"


class TestAnotherNumber:
    def test_is_a_new_parcel_where_units_left_cover_it(self) -> None:
        """A second parcel of the same lines."""
        shipment = only(
            judged(
                parcel(ask(), number="B"), of=order(line(shipped=1)), existing=(foreign(made()),)
            )
        )
        assert (shipment.tracking_number, shipment.items) == ("B", (Item(1, 1),))

    def test_is_a_correction_where_not_enough_is_left(self) -> None:
        """Held, with the earlier shipment and where it came from."""
        there = order(line(quantity=1, shipped=1))
        finding = only(
            judged(parcel(ask(), number="B"), of=there, existing=(foreign(made()),))
        ).finding
        assert (finding.status, finding.code) == (Status.HELD, "correction")
        assert "shipment 7 (1Z1;" in finding.error
        assert "made outside shipbatch" in finding.error
        assert "this file gives B" in finding.error
        assert "--update" in finding.todo

    def test_is_put_with_update(self) -> None:
        """The store's shipment gets the number of the file."""
        there = order(line(quantity=1, shipped=1))
        one = only(
            judged(
                parcel(ask(), number="B"),
                of=there,
                existing=(foreign(made()),),
                policy=Policy(update=True),
            )
        )
        assert isinstance(one, Correction)
        assert (one.existing.made.shipment_id, one.shipment.tracking_number) == (7, "B")

    def test_of_other_units_is_just_too_much(self) -> None:
        """Two of one line are no correction of one."""
        there = order(line(quantity=1, shipped=1))
        note = only(
            judged(parcel(ask(quantity=2), number="B"), of=there, existing=(foreign(made()),))
        )
        assert said(note) == (Status.INVALID, "not_enough_left")
        assert "shipment 7" in note.finding.error

    def test_corrects_no_shipment_that_the_file_names_itself(self) -> None:
        """A is met; B is one too many, not a correction of A."""
        there = order(line(quantity=1, shipped=1))
        found = by_row(
            judged(
                parcel(ask(), number="1Z1"),
                parcel(ask(row=3), number="B"),
                of=there,
                existing=(foreign(made()),),
            )
        )
        assert found[2].status is Status.ALREADY_CREATED
        assert found[3].code == "not_enough_left"

    def test_two_corrections_take_two_shipments(self) -> None:
        """Each corrects its own."""
        there = order(line(quantity=2, shipped=2))
        existing = (foreign(made(7, number="A")), foreign(made(8, number="B")))
        several = judged(
            parcel(ask(), number="C"),
            parcel(ask(row=3), number="D"),
            of=there,
            existing=existing,
            policy=Policy(update=True),
        )
        assert {c.existing.made.shipment_id for c in several if isinstance(c, Correction)} == {7, 8}

    @pytest.mark.parametrize(("ids", "is_certain"), [((7,), True), ((7, 8), False)])
    def test_an_order_alone_corrects_only_what_is_certain(
        self, ids: tuple[int, ...], is_certain: bool
    ) -> None:
        """Two shipments made, one new number: nobody knows which it is for, so nothing is put."""
        there = order(line(quantity=2, shipped=2))
        existing = tuple(foreign(made(n, number=f"N{n}")) for n in ids)
        one = only(
            judged(parcel(number="C"), of=there, existing=existing, policy=Policy(update=True))
        )
        assert isinstance(one, Correction) is is_certain
        assert is_certain or said(one) == (Status.INVALID, "nothing_left")


class TestWithoutANumber:
    def test_none_left_is_already_created(self) -> None:
        """Same order, address and items as asked."""
        there = order(line(quantity=1, shipped=1))
        note = only(
            judged(parcel(ask(), number=""), of=there, existing=(foreign(made(number="")),))
        )
        assert said(note)[0] is Status.ALREADY_CREATED
        assert note.facts["shipment_ids"] == [7]

    def test_units_left_are_held(self) -> None:
        """It may be the same parcel, or one more."""
        existing = (foreign(made(number="")),)
        finding = only(
            judged(parcel(ask(), number=""), of=order(line(shipped=1)), existing=existing)
        ).finding
        assert (finding.status, finding.code) == (Status.HELD, "equal_again")
        assert "shipment 7" in finding.error

    def test_again_is_a_persons_word(self) -> None:
        """--again, or the decision `ship`, makes it another parcel."""
        asked, existing = parcel(ask(), number=""), (foreign(made(number="")),)
        for policy in (Policy(again=True), Policy(answers={asked.request_key: "ship"})):
            assert isinstance(
                only(judged(asked, of=order(line(shipped=1)), existing=existing, policy=policy)),
                Shipment,
            )

    def test_other_items_are_another_parcel(self) -> None:
        """Two after one of three: not equal, and there is enough."""
        existing = (foreign(made(number="")),)
        shipment = only(
            judged(parcel(ask(quantity=2), number=""), of=order(line(shipped=1)), existing=existing)
        )
        assert shipment.items == (Item(1, 2),)

    def test_an_order_alone_is_met_as_all_its_shipments(self) -> None:
        """Nothing remains: what was made is what it asked for."""
        existing = (
            foreign(made(7, Item(1, 1), number="A")),
            foreign(made(8, Item(1, 2), number="B")),
        )
        note = only(judged(parcel(number=""), of=order(line(shipped=3)), existing=existing))
        assert said(note)[0] is Status.ALREADY_CREATED
        assert note.facts["shipment_ids"] == [7, 8]

    def test_an_order_alone_ships_the_rest_after_others_parcels(self) -> None:
        """Part of it went before, under another's number: the rest is new."""
        existing = (foreign(made(number="A")),)
        assert only(
            judged(parcel(number=""), of=order(line(shipped=1)), existing=existing)
        ).items == (Item(1, 2),)

    def test_an_order_alone_that_has_shipped_before_is_asked_about(self) -> None:
        """By us, from another file, and something is left."""
        asked = parcel(number="")
        note = only(
            judged(asked, of=order(line(shipped=1)), existing=(ours(made(number=""), asked),))
        )
        assert said(note) == (Status.HELD, "equal_again")

    @pytest.mark.parametrize(
        ("mugs", "cups", "existing", "expected"),
        [
            ((2, 2), (1, 0), [{1: 2}], ([7], {2: 1})),
            ((2, 2), (1, 1), [{1: 2}, {2: 1}], ([7, 8], [7, 8])),
            ((4, 2), (1, 0), [{1: 2}], ("shipped_in_part", "shipped_in_part")),
            ((2, 2), (2, 1), [{1: 2}, {2: 1}], ("shipped_in_part", "shipped_in_part")),
            ((2, 2), (3, 1), [{1: 2, 2: 1}], ([7], [7])),
            ((4, 4), (2, 2), [{1: 2, 2: 1}] * 2, ([7], [7])),
            ((4, 2), (2, 1), [{1: 2, 2: 1}], ("equal_again", "equal_again")),
            ((4, 1), (1, 0), [{1: 1}], ({1: 2, 2: 1}, {1: 2, 2: 1})),
        ],
        ids=[
            "one line",
            "each line by itself",
            "one line, and units are left",
            "each line, and units of one are left",
            "both at once, and units of one are left",
            "both at once, twice",
            "both at once, and units are left",
            "other units of a line",
        ],
    )
    def test_lines_that_may_have_shipped_before(
        self,
        mugs: tuple[int, int],
        cups: tuple[int, int],
        existing: list[dict[int, int]],
        expected: tuple[Any, Any],
    ) -> None:
        """Two mugs and a cup are asked, so many are ordered and shipped, so many in each shipment:
        met where none are left, else asked about; what has not shipped ships.
        """
        both = parcel(ask("MUG", 2), ask("CUP", 1, row=3), number="")
        there = order(
            line(1, "MUG", mugs[0], shipped=mugs[1]), line(2, "CUP", cups[0], shipped=cups[1])
        )
        shipped = tuple(
            foreign(made(n, *(Item(*pair) for pair in items.items()), number=""))
            for n, items in enumerate(existing, 7)
        )
        found: dict[int, Any] = {}
        for one in judged(both, of=there, existing=shipped):
            for row in one.rows:
                found[row] = (
                    dict(_units([one]))
                    if isinstance(one, Shipment)
                    else one.finding.code or sorted(one.facts["shipment_ids"])
                )
        assert (found[2], found[3]) == expected

    def test_lines_that_shipped_before_ship_again_by_a_persons_word(self) -> None:
        both = parcel(ask("MUG", 2), ask("CUP", 1, row=3), number="")
        there = order(line(quantity=4, shipped=2), line(2, "CUP", 1))
        existing = (foreign(made(7, Item(1, 2), number="")),)
        shipment = only(judged(both, of=there, existing=existing, policy=Policy(again=True)))
        assert shipment.items == (Item(1, 2), Item(2, 1))

    def test_what_is_left_of_a_line_is_shipped_by_an_order_alone(self) -> None:
        """Though all of another has shipped."""
        there = order(line(1, quantity=1, shipped=1), line(2, "CUP", 1))
        existing = (foreign(made(number="A")),)
        assert only(judged(parcel(number=""), of=there, existing=existing)).items == (Item(2, 1),)

    def test_a_number_finds_its_shipment_before_a_row_without_one(self) -> None:
        """What was made is the number's; the row above it is another parcel."""
        rows = (parcel(ask(), number=""), parcel(ask(row=3), number="A"))
        there = order(line(quantity=2, shipped=1))
        found = by_row(judged(*rows, of=there, existing=(foreign(made(number="A")),)))
        assert isinstance(found[2], Shipment)
        assert found[3].status is Status.ALREADY_CREATED

    def test_the_shipment_of_a_number_is_not_met_twice(self) -> None:
        """A parcel with a number and one without, both made before: each is its own."""
        asked = (parcel(ask(row=3), number=""), parcel(ask(), number="A"))
        existing = (foreign(made(7, number="A")), foreign(made(8, number="")))
        notes = judged(*asked, of=order(line(quantity=2, shipped=2)), existing=existing)
        assert {
            one.rows: one.facts["shipment_ids"]
            for one in notes
            if isinstance(one, RowNote) and one.facts
        } == {
            (3,): [8],
            (2,): [7],
        }


class TestWhatStopsAnOrder:
    @pytest.mark.parametrize("status_id", [0, 4, 5, 6, 13])
    def test_some_statuses_hold_its_rows(self, status_id: int) -> None:
        """Incomplete, Refunded, Cancelled, Declined, Disputed."""
        policy = Policy(hold_statuses=frozenset({0, 4, 5, 6, 13}))
        finding = only(
            judged(parcel(ask()), of=order(status_id=status_id, status="Cancelled"), policy=policy)
        ).finding
        assert (finding.status, finding.code) == (Status.HELD, "order_status")
        assert "Order 100 is Cancelled" in finding.error

    def test_a_person_may_ship_it_all_the_same(self) -> None:
        """By name; --again is not meant for this."""
        asked, held = parcel(ask()), frozenset({5})
        cancelled = order(status_id=5)
        word = Policy(hold_statuses=held, answers={asked.request_key: "ship"})
        assert isinstance(only(judged(asked, of=cancelled, policy=word)), Shipment)
        again = Policy(hold_statuses=held, again=True)
        assert said(only(judged(asked, of=cancelled, policy=again))) == (
            Status.HELD,
            "order_status",
        )

    def test_what_was_made_before_it_was_cancelled_is_met(self) -> None:
        """A fact comes before a rule."""
        policy = Policy(hold_statuses=frozenset({5}))
        there = order(line(shipped=1), status_id=5)
        assert said(
            only(judged(parcel(ask()), of=there, existing=(foreign(made()),), policy=policy))
        )[0] is (Status.ALREADY_CREATED)

    def test_an_order_that_is_newer_than_the_newest_waits(self) -> None:
        """Not wrong, only early."""
        note = only(plan_order([parcel(ask())], Facts(None, newest=99), Policy()))
        assert note.finding.status is Status.WAITING
        assert "newest is 99" in note.finding.error

    def test_an_order_that_is_not_there_is_unknown(self) -> None:
        """An older number that the store does not have."""
        assert said(only(plan_order([parcel(ask())], Facts(None), Policy()))) == (
            Status.INVALID,
            "unknown_order",
        )

    def test_a_marketplaces_number_of_two_orders_is_held(self) -> None:
        """Both are named."""
        asked = parcel(ask(), external_order_id="AMZ-9")
        finding = only(plan_order([asked], Facts(None, same_external_id=(5, 6)), Policy())).finding
        assert (finding.status, finding.code) == (Status.HELD, "several_orders")
        assert "5, 6" in finding.error

    def test_a_deleted_one_does_not_ship_whoever_says_so(self) -> None:
        asked, gone = parcel(ask()), replace(order(), deleted=True)
        word = Policy(again=True, answers={asked.request_key: "ship"})
        assert said(only(judged(asked, of=gone, policy=word))) == (Status.INVALID, "order_deleted")

    def test_what_a_deleted_one_has_shipped_before_is_still_met(self) -> None:
        gone = replace(order(line(shipped=1)), deleted=True)
        assert said(only(judged(parcel(ask()), of=gone, existing=(foreign(made()),)))) == (
            Status.ALREADY_CREATED,
            "",
        )


class TestAPersonsWord:
    def test_skip(self) -> None:
        """Skipped, and it says by whom."""
        asked = parcel(ask())
        assert (
            said(only(judged(asked, policy=Policy(answers={asked.request_key: "skip"}))))[0]
            is Status.SKIPPED
        )

    def test_it_exists_as_a_number(self) -> None:
        """Already created as what the person named."""
        asked = parcel(ask(quantity=2), number="B")
        note = only(
            judged(
                asked,
                existing=(foreign(made()),),
                policy=Policy(answers={asked.request_key: "exists:7"}),
            )
        )
        assert said(note)[0] is Status.ALREADY_CREATED
        assert note.facts["shipment_ids"] == [7]

    def test_it_exists_as_a_number_that_is_gone(self) -> None:
        """A person said so, and the order has it no more: held, not shipped."""
        asked = parcel(ask())
        note = only(judged(asked, policy=Policy(answers={asked.request_key: "exists:7"})))
        assert said(note) == (Status.HELD, "decided_but_gone")

    def test_a_word_on_one_parcel_is_for_no_other(self) -> None:
        """Decisions go by what is asked."""
        first, second = parcel(ask(), number="A"), parcel(ask(row=3), number="B")
        found = by_row(judged(first, second, policy=Policy(answers={first.request_key: "skip"})))
        assert found[2].status is Status.SKIPPED
        assert isinstance(found[3], Shipment)

    @pytest.mark.parametrize("number", ["1Z1", ""])
    def test_what_was_deleted_takes_a_word(self, number: str) -> None:
        """It no longer counts as made, and does not ship by itself."""
        asked = parcel(ask(), number=number)
        gone = Record(
            1, "R1", "S", only(judged(asked)), State.CREATED, made=made(number=number), deleted=True
        )
        finding = only(judged(asked, deleted=(gone,))).finding
        assert (finding.status, finding.code) == (Status.HELD, "deleted_before")
        assert "run R1 made this as shipment 7" in finding.error
        for policy in (Policy(again=True), Policy(answers={asked.request_key: "ship"})):
            assert isinstance(only(judged(asked, deleted=(gone,), policy=policy)), Shipment)

    def test_what_is_in_doubt_is_not_planned_again(self) -> None:
        """The same parcel is in doubt; another of the order is planned behind it."""
        asked, other = parcel(ask()), parcel(ask(row=3), number="B")
        doubt = Record(1, "R1", "S", only(judged(asked)), State.IN_DOUBT)
        found = by_row(judged(asked, other, unsettled=(doubt,)))
        assert found[2].status is Status.IN_DOUBT
        assert isinstance(found[3], Shipment)


class TestWhatOurRecordsKnow:
    """What was made by a run of ours, as its record says; DIFFERS where the store has made it
    otherwise.
    """

    DIFFERS = Finding(Status.CREATED, "made_differs", "made otherwise", "compare")

    def of_ours(self, asked: Parcel, *, number: str = "OTHER", **more: Any) -> ExistingShipment:
        """Made of a parcel under another number than it asked."""
        return replace(
            ours(made(number=number, **more), asked),
            labels=frozenset({"1Z1"}),
            differs=self.DIFFERS,
        )

    def test_the_record_is_named_where_it_is_one(self) -> None:
        """So that a decision, or a sheet, finds it."""
        asked = parcel(ask())
        one = only(judged(asked, of=order(line(shipped=1)), existing=(ours(made(), asked),)))
        assert (one.record_id, one.facts["row_lines"], one.facts["warnings"]) == (1, ((2, 1),), ())
        alone = parcel(number="")
        two = tuple(ours(made(n, number=str(n)), alone) for n in (7, 8))
        assert (
            only(judged(alone, of=order(line(quantity=2, shipped=2)), existing=two)).record_id
            is None
        )

    @pytest.mark.parametrize(
        ("export", "expected"),
        [
            ("E", (Status.ALREADY_CREATED, "")),
            ("F", (Status.HELD, "equal_again")),
            ("", (Status.HELD, "equal_again")),
        ],
    )
    def test_without_a_number_the_same_file_is_the_same_parcel(
        self, export: str, expected: tuple[Status, str]
    ) -> None:
        """Though units are left: a parcel of another file may be one more."""
        asked = parcel(ask(), number="")
        existing = replace(ours(made(number=""), asked), export="E")
        assert (
            said(only(judged(asked, existing=(existing,), policy=Policy(export=export))))
            == expected
        )
        other = replace(existing, ask="another parcel")
        assert said(only(judged(asked, existing=(other,), policy=Policy(export="E")))) == (
            Status.HELD,
            "equal_again",
        )

    def test_the_same_file_again_finds_what_had_shipped_before_it_too(self) -> None:
        """Monday's two mugs, and the cup that was left of Tuesday's parcel."""
        asked = parcel(ask("MUG", 2), ask("CUP", 1, row=3), number="")
        cup = replace(ours(made(8, Item(2, 1), number=""), asked), export="E")
        existing = (foreign(made(7, Item(1, 2), number="")), cup)
        there = order(line(quantity=2, shipped=2), line(2, "CUP", 1, shipped=1))
        note = only(judged(asked, of=there, existing=existing, policy=Policy(export="E")))
        assert (said(note)[0], note.facts["shipment_ids"]) == (Status.ALREADY_CREATED, [7, 8])

    def test_a_wrong_number_is_put_right_with_update(self) -> None:
        """And without it, it is met, and what differs is told."""
        asked = parcel(ask())
        there = self.of_ours(asked)
        met = only(judged(asked, existing=(there,)))
        assert (said(met)[0], met.facts["shipment_ids"]) == (Status.ALREADY_CREATED, [7])
        assert "made otherwise" in met.finding.error
        put = only(judged(asked, existing=(there,), policy=Policy(update=True)))
        assert isinstance(put, Correction)
        assert (put.existing, put.shipment.tracking_number) == (there, "1Z1")

    @pytest.mark.parametrize(
        "more", [{"order_address_id": WORK}, {"items": (Item(1, 2),)}, {"number": "1Z1"}], ids=str
    )
    def test_what_a_put_cannot_set_right_is_met(self, more: dict[str, Any]) -> None:
        """Made for another address, of other units, or under the very number."""
        asked = parcel(ask())
        existing = (
            replace(self.of_ours(asked), made=replace(made(number="OTHER"), **_fields(more))),
        )
        assert (
            said(only(judged(asked, existing=existing, policy=Policy(update=True))))[0]
            is Status.ALREADY_CREATED
        )

    def test_what_has_shipped_of_a_short_line_is_shown(self) -> None:
        """Also in a shipment that holds other lines; those without the line are not."""
        mug, hat = line(quantity=1, shipped=1), line(2, "HAT", 2, shipped=2)
        existing = (
            foreign(made(7, Item(1, 1), Item(2, 1), number="A")),
            foreign(made(8, Item(2, 1), number="B")),
        )
        finding = only(
            judged(parcel(ask(quantity=2)), of=order(mug, hat), existing=existing)
        ).finding
        assert finding.code == "not_enough_left"
        assert "shipment 7" in finding.error
        assert "shipment 8" not in finding.error

    @pytest.mark.parametrize(
        ("number", "update", "corrects"),
        [("B", True, True), ("B", False, False), ("", True, False), ("1Z1", True, False)],
    )
    def test_what_a_person_says_it_exists_as_gets_its_number(
        self, number: str, update: bool, corrects: bool
    ) -> None:
        """With --update, and where it has one that is another."""
        asked = parcel(ask(), number=number)
        policy = Policy(update=update, answers={asked.request_key: "exists:7"})
        one = only(judged(asked, existing=(foreign(made()), foreign(made(8))), policy=policy))
        assert isinstance(one, Correction) is corrects
        assert (one.existing.made.shipment_id if corrects else one.facts["shipment_ids"]) == (
            7 if corrects else [7]
        )


def _fields(more: dict[str, Any]) -> dict[str, Any]:
    return {"tracking_number" if name == "number" else name: value for name, value in more.items()}


# ── for any order and parcels ───────────────────────────────────────────────────────────────

SKUS = ("MUG", "HAT", "PEN")


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lines = []
    for line_id in range(1, draw(st.integers(1, 4)) + 1):
        quantity = draw(st.integers(0, 5))
        lines.append(
            line(
                line_id,
                draw(st.sampled_from(SKUS)),
                quantity,
                shipped=draw(st.integers(0, 5)),
                refunded=draw(st.integers(0, 2)),
                kind=draw(st.sampled_from(["physical", "physical", "physical", "digital"])),
                pickup=draw(st.sampled_from([False, False, False, True])),
                order_address_id=draw(st.sampled_from([HOME, WORK])),
            )
        )
    return order(*lines, status_id=draw(st.sampled_from([11, 3, 2, 5])))


@st.composite
def parcels(draw: st.DrawFn) -> list[Parcel]:
    several, row = [], 2
    for _ in range(draw(st.integers(1, 5))):
        lines = []
        for sku in draw(st.lists(st.sampled_from([*SKUS, "NOPE"]), max_size=3, unique=True)):
            lines.append(ask(sku, draw(st.sampled_from([None, 1, 2, 3])), row))
            row += 1
        numbers = tuple(draw(st.lists(st.sampled_from("ABC"), max_size=2, unique=True)))
        address = draw(st.sampled_from([None, None, HOME, WORK]))
        rows = {} if lines else {"rows": (row,)}
        row += not lines
        several.append(parcel(*lines, numbers=numbers, order_address_id=address, **rows))
    return several


@st.composite
def held_by_the_store(draw: st.DrawFn) -> tuple[ExistingShipment, ...]:
    return tuple(
        foreign(
            made(
                shipment_id,
                *(
                    Item(line_id, draw(st.integers(1, 3)))
                    for line_id in draw(st.sets(st.integers(1, 4), min_size=1))
                ),
                number=draw(st.sampled_from(["", "A", "B"])),
                order_address_id=draw(st.sampled_from([HOME, WORK])),
            )
        )
        for shipment_id in range(7, 7 + draw(st.integers(0, 3)))
    )


policies = st.builds(
    Policy,
    hold_statuses=st.just(frozenset({5})),
    several_parcels=st.sampled_from(["", "first", "even"]),
    again=st.booleans(),
    update=st.booleans(),
)


def _units(several: list[Judged]) -> Counter[int]:
    units: Counter[int] = Counter()
    for one in several:
        if isinstance(one, Shipment):
            units.update({item.order_product_id: item.quantity for item in one.items})
    return units


@given(orders(), parcels(), held_by_the_store(), policies)
def test_whatever_is_asked(
    of: Order, asked: list[Parcel], existing: tuple[ExistingShipment, ...], policy: Policy
) -> None:
    """Never more than is left; every row answered; only lines that ship; the same again for the
    same.
    """
    facts = Facts(of, existing=existing)
    several = plan_order(asked, facts, policy)
    assert plan_order(asked, facts, policy) == several
    left = {each.order_product_id: each.left for each in of.lines}
    assert all(units <= left[line_id] for line_id, units in _units(several).items())
    assert {row for one in asked for row in one.rows} == set(by_row(several))
    addresses = {each.order_product_id: each.order_address_id for each in of.lines}
    for one in several:
        if isinstance(one, Shipment):
            assert one.items
            assert all(item.quantity > 0 for item in one.items)
            assert {addresses[item.order_product_id] for item in one.items} == {
                one.order_address_id
            }
            assert sorted(one.items) == list(one.items)
        if isinstance(one, Correction):
            assert policy.update


@given(orders(), parcels(), policies)
def test_a_file_that_has_shipped_ships_no_more(
    of: Order, asked: list[Parcel], policy: Policy
) -> None:
    """Judged again with what it made in the store, no row with a number is a new shipment."""
    policy = replace(policy, again=False)
    first = [one for one in plan_order(asked, Facts(of), policy) if isinstance(one, Shipment)]
    shipped = _units(list(first))
    after = replace(
        of,
        lines=tuple(
            replace(each, shipped=each.shipped + shipped[each.order_product_id])
            for each in of.lines
        ),
    )
    existing = tuple(
        ExistingShipment(
            StoreShipment(n, 100, s.order_address_id, s.items, tracking_number=s.tracking_number),
            "R",
            n,
            s.request_key,
            frozenset({s.label} - {""}),
        )
        for n, s in enumerate(first, 1)
    )
    numbered = {(s.order_address_id, s.label) for s in first if s.label}
    for one in plan_order(asked, Facts(after, existing=existing), policy):
        if isinstance(one, Shipment):
            assert (one.order_address_id, one.label) not in numbered


def test_findings_are_told_with_what_to_do() -> None:
    """No finding of a judgement is without a sentence and a next step."""
    several = judged(parcel(ask("NOPE")), parcel(number="B"), parcel(ask(quantity=9), number="C"))
    for one in several:
        if isinstance(one, RowNote):
            assert isinstance(one.finding, Finding)
            assert one.finding.error
            assert one.finding.todo
