"""Numbers that the ledger knows: void since they were shipped, or another order's."""

from typing import Any

import pytest
from shop import OpenShop, Shop, number, order, said, statuses, store

from batch.commands.decide import Answer, list_pending, take_decision
from batch.commands.undo import undo_run
from batch.errors import NothingSent
from batch.pipeline import exit_status

HEADER = ("Order ID", "Tracking Number", "Void")
ONE, TWO, THREE = map(number, range(3))


async def three_orders(shop: OpenShop) -> Shop:
    return await shop(store(*(order(100 + n, status_id=9) for n in range(3))))


async def day(there: Shop, name: str, *rows: tuple[object, ...]) -> Any:
    return await there.run(*rows, name=name, header=HEADER)


class TestVoidAfterShipping:
    async def test_it_is_told_once_with_the_order(self, shop: OpenShop) -> None:
        """Held the first time; met again it is skipped, and still waits for the person."""
        there = await three_orders(shop)
        await day(there, "1.csv", (100, ONE, "N"), (101, TWO, "N"))
        second = await day(there, "2.csv", (100, ONE, "Y"), (102, THREE, "N"))
        status, code = said(second)[2]
        assert (status, code) == ("held", "voided_after_shipping")
        assert exit_status(second) == 3
        third = await day(there, "3.csv", (100, ONE, "Y"), (101, TWO, "N"), (102, THREE, "N"))
        assert said(third)[2] == ("skipped", "void")
        assert exit_status(third) == 0
        with there.ledger() as ledger:
            waits = list_pending(ledger, "shop", "").data
        assert [(one["order_id"], one["answers"]) for one in waits] == [(100, ("skip",))]

    async def test_a_decision_settles_it(self, shop: OpenShop) -> None:
        """Nothing waits any more, and the next file skips it."""
        there = await three_orders(shop)
        await day(there, "1.csv", (100, ONE, "N"), (101, TWO, "N"))
        await day(there, "2.csv", (100, ONE, "Y"), (102, THREE, "N"))
        async with there.desk() as desk:
            await take_decision(desk, "", Answer("skip", "Ann", everything=True))
            assert list_pending(desk.ledger, "shop", "").data == []
        again = await day(there, "4.csv", (100, ONE, "Y"), (101, TWO, "N"))
        assert statuses(again) == ["skipped", "already created"]

    async def test_its_shipment_alone_is_taken_back(self, shop: OpenShop) -> None:
        """The run's other orders stay; afterwards the number is void and nothing more."""
        there = await three_orders(shop)
        first = await day(there, "1.csv", (100, ONE, "N"), (101, TWO, "N"))
        async with there.desk() as desk:
            told = await undo_run(desk, first.run.run_id, for_real=False, order=100)
            assert "--yes --order 100" in "\n".join(told.lines)
            with pytest.raises(NothingSent, match="no shipment of order 102"):
                await undo_run(desk, first.run.run_id, for_real=True, order=102)
            await undo_run(desk, first.run.run_id, for_real=True, order=100)
        assert [made[0] for made in there.made()] == [101]
        second = await day(there, "2.csv", (100, ONE, "Y"), (101, TWO, "N"))
        assert said(second)[2] == ("skipped", "void")

    async def test_both_rows_in_a_file_of_the_whole_week_tell_it(self, shop: OpenShop) -> None:
        """The row that shipped it and the one that takes it back are one matter."""
        there = await three_orders(shop)
        await day(there, "1.csv", (100, ONE, "N"), (101, TWO, "N"))
        week = await day(there, "2.csv", (100, ONE, "N"), (101, TWO, "N"), (100, ONE, "Y"))
        assert statuses(week) == ["held", "already created", "held"]


class TestAnotherOrders:
    async def test_a_number_of_another_order_is_held(self, shop: OpenShop) -> None:
        """Both orders are named; a person's word ships it."""
        there = await three_orders(shop)
        await day(there, "1.csv", (100, ONE, "N"), (101, TWO, "N"))
        second = await day(there, "2.csv", (102, ONE, "N"))
        assert said(second)[2] == ("held", "number_of_another_order")
        async with there.desk() as desk:
            await take_decision(desk, "", Answer("ship", "Ann", everything=True))
        assert statuses(await day(there, "2.csv", (102, ONE, "N"))) == ["created"]

    async def test_a_parcel_of_several_orders_ships(self, shop: OpenShop) -> None:
        """In one file, also where one of them shipped the day before, and is named again."""
        there = await three_orders(shop)
        await day(there, "1.csv", (100, ONE, "N"))
        second = await day(there, "2.csv", (100, ONE, "N"), (101, ONE, "N"))
        assert statuses(second) == ["already created", "created"]
        third = await day(there, "3.csv", (102, ONE, "N"))  # many orders have it: a route, a pallet
        assert statuses(third) == ["created"]
