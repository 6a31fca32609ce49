"""A person's word to ship an equal parcel once more counts once, however often a file is run."""

import pytest
from conftest import OpenShop
from shop import Shop, dense, number, said, statuses

from batch.pipeline.decisions import DecisionRecorder, pending_decisions
from batch.sandbox import Fault

ROW = (100, "MUG", 1, "")
FIRST, SECOND = "monday.csv", "tuesday.csv"
LATER = (101, "MUG", 1, "")  # what makes Tuesday's export another one


@pytest.mark.parametrize("verify", [False, True])
async def test_again_ships_an_equal_parcel_once_a_file(shop: OpenShop, verify: bool) -> None:
    """Run three times with --again, two exports ship it twice; the order has units for a third."""
    there = await shop(dense(2))
    await there.run(ROW, name=FIRST)
    for expected in (["created"] * 2, ["already created"] * 2, ["already created"] * 2):
        assert (
            statuses(await there.run(ROW, LATER, name=SECOND, again=True, verify=verify))
            == expected
        )
    assert [units for order, _, units in there.made() if order == 100] == [{1000: 1}, {1000: 1}]


async def test_a_file_stopped_in_a_parcel_without_a_number_goes_on(shop: OpenShop) -> None:
    """With --verify too, what this very file has made is its own, and nobody is asked."""
    there = await shop(dense(1))
    await there.run(ROW)
    assert statuses(await there.run(ROW, verify=True)) == ["already created"]


async def test_a_person_is_asked_for_each_file(shop: OpenShop) -> None:
    """The word given for Tuesday's parcel ships Tuesday's alone, once; Wednesday's equal one is
    asked about anew.
    """
    there = await shop(dense(3))
    await there.run(ROW, name=FIRST)
    assert statuses(await there.run(ROW, LATER, name=SECOND)) == ["held", "created"]
    await decided(there, "ship")
    for expected in ("created", "already created"):
        assert statuses(await there.run(ROW, LATER, name=SECOND)) == [expected, "already created"]
    assert await decided(there) == 0
    third = (ROW, LATER, (102, "MUG", 1, ""))
    assert statuses(await there.run(*third, name="wednesday.csv")) == ["held", "held", "created"]
    assert await decided(there) == 2


async def decided(there: Shop, answer: str = "") -> int:
    """Answer all that waits; how much it is."""
    async with there.desk() as desk:
        every = list(pending_decisions(desk.ledger, desk.settings.store))
        for one in every:
            if answer:
                await DecisionRecorder(
                    desk.client, desk.ledger, desk.settings.store, who="Ann", why="counted"
                ).take(one, answer)
    return len(every)


async def test_a_list_that_leaves_out_a_shipment_does_not_make_it_gone(shop: OpenShop) -> None:
    """The order still counts its units: with --again too it is not shipped a second time."""
    there = await shop(dense(1))
    await there.run((100, "MUG", 1, number(1)))
    there.fault(Fault(method="GET", path=r"/shipments$", body="[]"))
    assert statuses(await there.run((100, "MUG", 1, number(1)), verify=True, again=True)) == [
        "already created"
    ]
    assert there.posts == 1


async def test_a_shipment_of_another_parcel_of_the_file_is_not_this_one(shop: OpenShop) -> None:
    """Two of three are shipped under a number; two more without one are not there, and the row says
    so.
    """
    there = await shop(dense(1))
    await there.run((100, "MUG", 2, number(1)))
    report = await there.run((100, "MUG", 2, ""), (100, "MUG", 2, number(1)))
    assert said(report) == {2: ("invalid", "not_enough_left"), 3: ("already created", "")}


async def test_a_store_behind_itself_does_not_make_a_shipment_gone(shop: OpenShop) -> None:
    """Order and list lag together: what --again would ship once more is looked for twice, and
    found.
    """
    there = await shop(dense(1))
    await there.run((100, "MUG", 1, number(1)))
    there.fault(Fault(method="GET", seen=60, nth=range(1, 4)))
    assert statuses(await there.run((100, "MUG", 1, number(1)), verify=True, again=True)) == [
        "already created"
    ]
    assert there.posts == 1


async def test_units_of_a_shipment_that_lags_are_not_shipped_again(shop: OpenShop) -> None:
    """All that remains is what remains when the store has caught up."""
    there = await shop(dense(1))
    await there.run((100, "MUG", 1, number(1)))
    there.fault(Fault(method="GET", seen=60, nth=range(1, 4)))
    both = ((100, "MUG", 1, number(1)), (100, "", "", number(2)))
    assert statuses(await there.run(*both)) == ["already created", "created"]
    assert [units for _, _, units in there.made()] == [{1000: 1}, {1000: 2}]
