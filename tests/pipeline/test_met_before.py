"""DESIGN 4.6 over a real store: what was made before, by whomever, is met, and costs next to
nothing.
"""

from typing import Any

import pytest
from shop import HEADER, OpenShop, Shop, dense, line, number, order, row, said, statuses, store

from batch.model import LinkSource
from batch.pipeline import exit_status
from batch.results.accounting import Report
from batch.sandbox import Behaviour, Fault

SIDES = [Behaviour(), Behaviour(refuses_overshipping=False, empty_list="[]", page_size=1)]
MUG = (100, "MUG", 1, number(0))


def theirs(line_id: int = 1000, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A shipment that another tool has made."""
    return {"id": 7, "items": [{"order_product_id": line_id, "quantity": quantity}], **more}


async def again(there: Shop, *rows: tuple[object, ...], **more: Any) -> Any:
    """The same rows in a file of other content: another header word."""
    header = (*HEADER[:3], "Tracking No")
    return await there.run(*rows, name="again.csv", header=header, **more)


@pytest.mark.parametrize("side", SIDES, ids=["refuses", "allows, pages of one"])
class TestTheSameFile:
    async def test_sends_nothing_and_reports_ids_and_links(
        self, shop: OpenShop, side: Behaviour
    ) -> None:
        """0 POSTs; every row already created, with its id and link; not even a read."""
        there = await shop(dense(20), behaviour=side)
        rows = [(100 + n, "MUG", 1, number(n), f"https://t.example/{n}") for n in range(20)]
        header = (*HEADER, "Tracking Link")
        first = await there.run(*rows, header=header)
        second = await there.run(*rows, header=header)
        assert statuses(second) == ["already created"] * 20
        assert (second.summary["requests"], there.posts, exit_status(second)) == (0, 20, 0)
        for n, result in second.rows.items():
            assert result.shipment_ids == first.rows[n].shipment_ids != ()
            assert result.tracking_links == (f"https://t.example/{n - 2}",)
            assert result.link_source is LinkSource.CUSTOM
            assert result.order_product_ids == first.rows[n].order_product_ids

    async def test_without_numbers_too(self, shop: OpenShop, side: Behaviour) -> None:
        """The same content is the same parcels."""
        there = await shop(dense(5), behaviour=side)
        rows = [(100 + n, "MUG", 1, "") for n in range(5)]
        await there.run(*rows)
        second = await there.run(*rows)
        assert statuses(second) == ["already created"] * 5
        assert (second.summary["requests"], there.posts) == (0, 5)

    async def test_and_an_order_alone(self, shop: OpenShop, side: Behaviour) -> None:
        """All that remained has shipped: nothing remains, and that is a success."""
        there = await shop(dense(2), behaviour=side)
        header = ("Order ID", "Tracking Number")
        rows = [(100, number(0)), (101, "")]
        assert statuses(await there.run(*rows, header=header)) == ["created"] * 2
        assert statuses(await there.run(*rows, header=header)) == ["already created"] * 2
        assert there.posts == 2

    async def test_under_another_name(self, shop: OpenShop, side: Behaviour) -> None:
        """It is the content that counts."""
        there = await shop(dense(1), behaviour=side)
        await there.run(MUG)
        assert statuses(await there.run(MUG, name="copy.csv")) == ["already created"]
        assert there.posts == 1

    async def test_with_a_lost_ledger(self, shop: OpenShop, side: Behaviour) -> None:
        """Recognised in the store: nothing is sent, and what has no number and units left is asked
        about.
        """
        there = await shop(dense(3), behaviour=side)
        rows = [MUG, (101, "MUG", 3, ""), (102, "MUG", 1, "")]
        await there.run(*rows)
        for path in there.home.glob("ledger*"):
            path.unlink()
        assert said(await there.run(*rows)) == {
            2: ("already created", ""),
            3: ("already created", ""),
            4: ("held", "equal_again"),
        }
        assert there.posts == 3

    async def test_several_parcels_of_an_order(self, shop: OpenShop, side: Behaviour) -> None:
        """Each is met as its own."""
        there = await shop(dense(1), behaviour=side)
        rows = [(100, "MUG", 1, number(n)) for n in range(3)]
        await there.run(*rows)
        second = await again(there, *rows)
        assert [row(second, n).shipment_ids for n in (2, 3, 4)] == [(1,), (2,), (3,)]
        assert there.posts == 3


class TestAKnownParcel:
    """Of several shipments: each of its rows has its own, with its line, id and link."""

    TWO = store(
        order(
            100,
            line(1000, order_address_id=7),
            line(1001, "CUP", order_address_id=8),
            line(1002, "HAT", order_address_id=8),
            addresses=[{"id": 7}, {"id": 8}],
        )
    )

    @staticmethod
    def results(report: Report) -> dict[int, tuple[object, ...]]:
        return {
            n: (one.shipment_ids, one.order_product_ids, one.order_address_id, one.warnings)
            for n, one in report.rows.items()
        }

    async def test_each_row_has_its_own_shipment(self, shop: OpenShop) -> None:
        """A parcel to two addresses, of which one row is added up with another."""
        there = await shop(self.TWO)
        rows = [(100, sku, 1, number(0)) for sku in ("MUG", "CUP", "HAT", "CUP")]
        first = await there.run(*rows)
        assert statuses(first) == ["created"] * 4
        assert [row(first, n).order_address_id for n in (2, 3, 4, 5)] == [7, 8, 8, 8]
        again = await there.run(*rows)
        assert statuses(again) == ["already created"] * 4
        assert self.results(again) == self.results(first)
        assert [row(again, n).order_product_ids for n in (2, 3, 4, 5)] == [
            (1000,),
            (1001,),
            (1002,),
            (1001,),
        ]
        assert row(again, 3).warnings
        assert (again.summary["requests"], there.posts) == (0, 2)

    @pytest.mark.parametrize(
        ("columns", "rows", "is_asked"),
        [
            (("SKU", "Order Product ID"), [("CUP", ""), ("", 1001)], False),
            ((), [()], False),
            (("SKU",), [("CUP",), ("hat",)], True),
            (("SKU",), [("MUG",), ("CUP",)], False),
        ],
        ids=["a line named twice", "the only line, unnamed", "spelled otherwise", "two addresses"],
    )
    async def test_is_met_without_a_request_where_its_lines_are_certain(
        self, shop: OpenShop, columns: tuple[str, ...], rows: list[Any], is_asked: bool
    ) -> None:
        """An order may have two lines whose SKUs differ in case alone."""
        there = await shop(self.TWO if columns else dense(1))
        file = [(100, *named, 1, number(0)) for named in rows]
        header = ("Order ID", *columns, "Quantity", "Tracking Number")
        first = await there.run(*file, header=header)
        again = await there.run(*file, header=header, update=True)
        assert set(statuses(again)) == {"already created"}
        assert bool(again.summary["requests"]) is is_asked
        for n, one in self.results(first).items():
            assert self.results(again)[n][:3] == one[:3]

    async def test_a_row_more_is_judged_with_the_rest(self, shop: OpenShop) -> None:
        """The parcel is not the one that was made."""
        there = await shop(self.TWO)
        await there.run((100, "CUP", 1, number(0)))
        report = await there.run((100, "CUP", 1, number(0)), (100, "HAT", 1, number(0)))
        assert said(report) == {2: ("held", "changed"), 3: ("held", "changed")}
        assert there.posts == 1


class TestACumulativeExport:
    async def test_costs_only_what_is_new(self, shop: OpenShop) -> None:
        """The whole month every night: one page and one shipment for the new row."""
        there = await shop(dense(50))
        rows = [(100 + n, "MUG", 1, number(n)) for n in range(50)]
        await there.run(*rows[:49])
        report = await there.run(*rows)
        assert statuses(report) == ["already created"] * 49 + ["created"]
        assert report.summary["requests"] == 2

    async def test_ships_a_row_that_was_refused_before(self, shop: OpenShop) -> None:
        """Rejected is not created."""
        there = await shop(dense(2))
        rows = [(100 + n, "MUG", 1, number(n)) for n in range(2)]
        there.fault(Fault(400, performs=0, method="POST", order=101))
        assert statuses(await there.run(*rows)) == ["created", "rejected"]
        there.fault()
        assert statuses(await there.run(*rows)) == ["already created", "created"]

    async def test_a_refused_parcel_of_several_is_not_forgotten(self, shop: OpenShop) -> None:
        """Two numbers in one row, dealt out evenly; the second is refused: it ships with the next
        run.
        """
        there = await shop(store(order(100, line(1000, quantity=4))))
        header, source = ("Order ID", "Tracking Number"), {"several_parcels": "even"}
        rows = [(100, f"{number(0)}, {number(1)}")]
        there.fault(Fault(400, performs=0, method="POST", nth=2))
        assert statuses(await there.run(*rows, header=header, source=source)) == ["rejected"]
        there.fault()
        assert statuses(await there.run(*rows, header=header, source=source)) == ["created"]
        assert there.made() == [(100, number(0), {1000: 2}), (100, number(1), {1000: 2})]


@pytest.mark.parametrize("side", SIDES, ids=["refuses", "allows, pages of one"])
class TestMadeByAnotherTool:
    async def test_is_met_by_its_number(self, shop: OpenShop, side: Behaviour) -> None:
        """Before anything is posted."""
        there = await shop(
            store(order(100, shipments=[theirs(tracking_number=number(0))])), behaviour=side
        )
        report = await there.run(MUG)
        assert (statuses(report), row(report, 2).shipment_ids, there.posts) == (
            ["already created"],
            (7,),
            0,
        )

    async def test_other_items_are_held_with_its_origin(
        self, shop: OpenShop, side: Behaviour
    ) -> None:
        """Changed."""
        there = await shop(
            store(order(100, shipments=[theirs(tracking_number=number(0))])), behaviour=side
        )
        report = await there.run((100, "MUG", 2, number(0)))
        assert said(report) == {2: ("held", "changed")}
        assert "shipment 7" in row(report, 2).finding.error
        assert "made outside shipbatch" in row(report, 2).finding.error
        assert (there.posts, exit_status(report)) == (0, 3)

    async def test_another_number_with_units_left_is_a_new_parcel(
        self, shop: OpenShop, side: Behaviour
    ) -> None:
        """One of three went before."""
        there = await shop(
            store(order(100, shipments=[theirs(tracking_number="OTHER1")])), behaviour=side
        )
        assert statuses(await there.run(MUG)) == ["created"]

    async def test_another_number_without_is_a_correction(
        self, shop: OpenShop, side: Behaviour
    ) -> None:
        """Held, and never shipped twice, though the store might allow it."""
        orders = store(
            order(100, line(1000, quantity=1), shipments=[theirs(tracking_number="OTHER1")])
        )
        there = await shop(orders, behaviour=side)
        assert said(await there.run(MUG)) == {2: ("held", "correction")}
        assert there.posts == 0

    async def test_what_is_left_is_counted_with_it(self, shop: OpenShop, side: Behaviour) -> None:
        """Three asked, one of three shipped by others under another number."""
        there = await shop(
            store(order(100, shipments=[theirs(tracking_number="OTHER1")])), behaviour=side
        )
        report = await there.run((100, "MUG", 3, number(0)))
        assert said(report) == {2: ("invalid", "not_enough_left")}
        assert "already shipped 1" in row(report, 2).finding.error
        assert "2 left" in row(report, 2).finding.error

    async def test_without_a_number_and_none_left(self, shop: OpenShop, side: Behaviour) -> None:
        """Already created."""
        there = await shop(
            store(order(100, line(1000, quantity=1), shipments=[theirs()])), behaviour=side
        )
        assert statuses(await there.run((100, "MUG", 1, ""))) == ["already created"]

    async def test_without_a_number_and_units_left(self, shop: OpenShop, side: Behaviour) -> None:
        """Held: the earlier shipment is named."""
        there = await shop(store(order(100, shipments=[theirs()])), behaviour=side)
        report = await there.run((100, "MUG", 1, ""))
        assert said(report) == {2: ("held", "equal_again")}
        assert "shipment 7" in row(report, 2).finding.error


class TestEarlierRunsOfOurs:
    async def test_are_named_with_run_and_row(self, shop: OpenShop) -> None:
        """What is held names the earlier shipment and where it came from."""
        there = await shop(dense(1))
        first = await there.run((100, "MUG", 1, ""))
        report = await again(there, (100, "MUG", 1, ""))
        assert said(report) == {2: ("held", "equal_again")}
        assert f"made by run {first.run.run_id}, row 2" in row(report, 2).finding.error

    async def test_a_second_parcel_is_a_second_shipment(self, shop: OpenShop) -> None:
        """Another number, units left."""
        there = await shop(dense(1))
        await there.run(MUG)
        assert statuses(await there.run((100, "MUG", 1, number(1)), name="b.csv")) == ["created"]
        assert len(there.made()) == 2

    async def test_again_ships_an_equal_parcel_once_more(self, shop: OpenShop) -> None:
        """A person's word; a number is met all the same."""
        there = await shop(dense(2))
        rows = [(100, "MUG", 1, ""), (101, "MUG", 1, number(1))]
        await there.run(*rows)
        assert statuses(await again(there, *rows, again=True)) == ["created", "already created"]

    async def test_our_own_sheet_dropped_back_in(self, shop: OpenShop) -> None:
        """Its columns are known as ours: everything is already created, without a request."""
        there = await shop(dense(3))
        report = await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(3)))
        second = await there.drop(report.sheet)
        assert statuses(second) == ["already created"] * 3
        assert second.summary["requests"] == 0

    async def test_the_plan_of_a_killed_run_is_taken_over(self, shop: OpenShop) -> None:
        """Planned and never sent: the next file with the same parcel ships it, once."""
        there = await shop(dense(2))
        rows = [(100 + n, "MUG", 1, number(n)) for n in range(2)]
        await there.run(*rows, limit=1)
        assert statuses(await again(there, *rows)) == ["already created", "created"]
        assert there.posts == 2


class TestADryRun:
    async def test_says_what_would_be_and_does_nothing(self, shop: OpenShop) -> None:
        """No POST, nothing in the ledger, a sheet of its own name."""
        there = await shop(
            store(order(100), order(101, shipments=[theirs(1010, tracking_number=number(1))]))
        )
        report = await there.run(
            MUG, (101, "MUG", 1, number(1)), (101, "NOPE", 1, number(2)), dry=True
        )
        assert statuses(report) == ["planned", "already created", "invalid"]
        assert (there.posts, report.summary["planned"]) == (0, 1)
        assert report.sheet is not None
        assert report.sheet.name == "export.plan.xlsx"
        with there.ledger() as ledger:
            assert (ledger.runs(), ledger.find("100")) == ([], [])
        assert statuses(await there.run(MUG, (101, "MUG", 1, number(1)))) == [
            "created",
            "already created",
        ]


CUP = (100, "CUP", 1, "")


async def cumulative(shop: OpenShop, mugs: int) -> Shop:
    """Monday's export has shipped two mugs of an order without a number; so many were ordered, and
    a cup.
    """
    there = await shop(store(order(100, line(1000, quantity=mugs), line(1001, "CUP", quantity=1))))
    assert statuses(await there.run((100, "MUG", 2, ""), name="monday.csv")) == ["created"]
    return there


class TestRowsWithoutANumber:
    """Tuesday's export has Monday's rows too: units of a line may be those of then, or others."""

    @pytest.mark.parametrize("verify", [False, True])
    async def test_where_none_are_left_they_are_those_and_the_rest_ships(
        self, shop: OpenShop, verify: bool
    ) -> None:
        """Met as Monday's shipment; the cup ships alone, once, however often the export is run."""
        there = await cumulative(shop, mugs=2)
        tuesday = ((100, "MUG", 2, ""), CUP)
        report = await there.run(*tuesday, name="tuesday.csv", verify=verify)
        assert statuses(report) == ["already created", "created"]
        assert row(report, 2).shipment_ids != row(report, 3).shipment_ids
        assert there.made() == [(100, "", {1000: 2}), (100, "", {1001: 1})]
        for more in ({}, {"name": "wednesday.csv", "header": (*HEADER[:3], "Tracking No")}):
            again = await there.run(*tuesday, **({"name": "tuesday.csv", "verify": verify} | more))
            assert (statuses(again), there.posts) == (["already created"] * 2, 2)
            assert {i for n in (2, 3) for i in row(again, n).shipment_ids} == {
                s["id"] for s in there.box.shipments()
            }

    async def test_where_units_are_left_a_person_is_asked(self, shop: OpenShop) -> None:
        """Nothing of it ships before; with the word all of it does, once."""
        there = await cumulative(shop, mugs=4)
        tuesday = ((100, "MUG", 2, ""), CUP)
        report = await there.run(*tuesday, name="tuesday.csv")
        assert said(report) == {2: ("held", "shipped_in_part"), 3: ("held", "shipped_in_part")}
        assert "shipment 1" in row(report, 2).finding.error
        again = await there.run(*tuesday, name="tuesday.csv", again=True)
        assert (statuses(again), there.posts) == (["created"] * 2, 2)

    async def test_a_part_of_what_has_shipped_is_asked_about_too(self, shop: OpenShop) -> None:
        """Tuesday's export shipped, then Monday's, which had been stopped, is gone on with."""
        there = await shop(store(order(100, line(1000, quantity=4), line(1001, "CUP", quantity=1))))
        assert (
            statuses(await there.run((100, "MUG", 2, ""), CUP, name="tuesday.csv"))
            == ["created"] * 2
        )
        assert said(await there.run((100, "MUG", 2, ""), name="monday.csv")) == {
            2: ("held", "shipped_in_part")
        }
        assert there.posts == 1

    async def test_other_units_of_the_line_are_another_parcel(self, shop: OpenShop) -> None:
        """One mug more on Tuesday."""
        there = await cumulative(shop, mugs=4)
        assert statuses(await there.run((100, "MUG", 1, ""), name="tuesday.csv")) == ["created"]

    async def test_a_number_that_comes_late_is_asked_about(self, shop: OpenShop) -> None:
        """Another parcel, or Monday's label: said with the numbers; either answer settles it."""
        there = await cumulative(shop, mugs=4)
        late = (100, "MUG", 2, number(1))
        report = await there.run(late, name="tuesday.csv")
        assert said(report) == {2: ("held", "number_added")}
        assert "shipment 1 (no tracking number" in row(report, 2).finding.error
        again = await there.run(late, name="tuesday.csv", again=True)
        assert (statuses(again), there.posts) == (["created"], 2)

    async def test_a_number_beside_the_row_without_one_is_another_parcel(
        self, shop: OpenShop
    ) -> None:
        """Monday's row is in the export as it was; what has a number now is a second one."""
        there = await cumulative(shop, mugs=4)
        rows = ((100, "MUG", 2, ""), (100, "MUG", 2, number(1)))
        report = await there.run(*rows, name="tuesday.csv")
        assert said(report) == {2: ("held", "equal_again"), 3: ("created", "")}
        assert (statuses(await there.run(*rows, name="tuesday.csv")), there.posts) == (
            ["already created"] * 2,
            2,
        )


async def test_an_order_of_two_sources_is_said(shop: OpenShop) -> None:
    """Beside the second one's row; the first, and a source by itself, say nothing."""
    there = await shop(dense(1))
    first = await there.run(MUG, source={"name": "north"})
    same = await there.run((100, "MUG", 1, number(1)), source={"name": "north"}, name="b.csv")
    second = await there.run((100, "MUG", 1, number(2)), source={"name": "south"}, name="c.csv")
    assert row(first, 2).warnings == row(same, 2).warnings == ()
    assert "another source, too: b.csv, export.csv" in row(second, 2).warnings[0]
