"""`find`: what is known of an order, a number, a SKU or a file, also where nothing came of it."""

from typing import Any

import pytest
from shop import OpenShop, Shop, dense, line, number, order, store

from batch.commands.answer import CommandResult
from batch.commands.decide import Answer, take_decision
from batch.commands.find import find_attempts
from batch.commands.find_live import LiveState

QUANTITY = {"map": {"quantity": "Quantity"}}
CANCELLED = store(order(100, status_id=5), order(101, line(1010, "CUP", 1)))


def find(there: Shop, what: str, **more: Any) -> CommandResult:
    with there.ledger() as ledger:
        return find_attempts(ledger, what, **more)


@pytest.mark.parametrize("what", ["100", "#100", number(0), f" {number(0).lower()}", "mug"])
async def test_a_held_row_is_found_by_what_stands_in_it(shop: OpenShop, what: str) -> None:
    """With its file, its row, its reason, and what to do."""
    there = await shop(CANCELLED)
    run = (await there.run((101, "CUP", 1, number(1)), (100, "MUG", 1, number(0)))).run.run_id
    told = find(there, what)
    (row,) = told.data["rows"]
    assert (told.status, told.data["shipments"]) == (0, [])
    assert (row["status"], row["code"], row["rows"], row["run"]) == (
        "held",
        "order_status",
        [3],
        run,
    )
    assert told.lines[0] == f"  held: order 100, row 3 of export.csv, run {run}"
    assert "Cancelled" in told.lines[1]
    assert row["todo"] in told.lines[1]


async def test_a_row_that_the_loader_refuses_is_found(shop: OpenShop) -> None:
    """By what of it could be read."""
    there = await shop(dense(1))
    await there.run((101, "CUP", 1, number(1)), (100, "MUG", "three", number(0)), source=QUANTITY)
    for what in ("100", number(0), "MUG"):
        (row,) = find(there, what).data["rows"]
        assert (row["status"], row["rows"]) == ("invalid", [3])


async def test_an_order_that_the_store_does_not_have_is_found(shop: OpenShop) -> None:
    """It waits for it, or it never comes."""
    there = await shop(store(order(100), order(102)))
    await there.run((101, "MUG", 1, number(1)), (999, "MUG", 1, number(9)))
    assert [find(there, what).data["rows"][0]["status"] for what in ("101", "999")] == [
        "invalid",
        "waiting",
    ]


async def test_each_row_of_a_file_held_as_a_whole_is_found(shop: OpenShop) -> None:
    """With its own row number, and the command that releases the file."""
    there = await shop(dense(24))
    await there.run(*((100 + n, "MUG", 1, number(7)) for n in range(24)))
    told = find(there, "103")
    (row,) = told.data["rows"]
    assert (row["status"], row["code"], row["rows"]) == ("held", "one_number", [5])
    assert "--file --answer ship" in told.lines[1]
    assert len(find(there, number(7)).data["rows"]) == 24


async def test_a_row_that_ships_later_is_no_longer_open(shop: OpenShop) -> None:
    """Its order came, and the same file ran again: the first tells of the wait, the second of the
    shipment.
    """
    there = await shop(store(order(100)))
    await there.run((101, "MUG", 1, number(1)))
    there.box.store.arrive(store(order(101)))
    await there.run((101, "MUG", 1, number(1)))
    told = find(there, "101")
    assert [each["state"] for each in told.data["shipments"]] == ["created"]


async def test_a_decision_on_a_row_is_told(shop: OpenShop) -> None:
    """Who, what and why, also where nothing shipped by it."""
    there = await shop(CANCELLED)
    await there.run((100, "MUG", 1, number(0)))
    async with there.desk() as desk:
        await take_decision(desk, "", Answer("skip", "Ann", "she rang", order=100))
    told = find(there, "100")
    assert any(each.endswith("decided by Ann: skip: she rang") for each in told.lines)
    assert told.data["rows"][0]["decisions"][0]["who"] == "Ann"


async def test_a_file_is_told_whole(shop: OpenShop) -> None:
    """What shipped of it, and what did not."""
    there = await shop(CANCELLED)
    await there.run((100, "MUG", 1, number(0)), (101, "CUP", 1, number(1)), name="acme.csv")
    told = find(there, "ACME")
    assert [each["order_id"] for each in told.data["shipments"]] == [101]
    assert [each["order_id"] for each in told.data["rows"]] == [100]


async def test_the_store_is_asked_of_a_held_order(shop: OpenShop) -> None:
    """How many shipments it has now."""
    there = await shop(CANCELLED)
    await there.run((100, "MUG", 1, number(0)))

    def live(orders: Any) -> LiveState:
        ((store_of_it, order_id),) = orders
        return LiveState(store_of_it, {order_id: ()})

    told = find(there, "100", live=live)
    assert told.lines[-1] == "    now  the store has no shipments of order 100"


@pytest.mark.parametrize(("most", "complete"), [(2, False), (3, True)])
async def test_an_answer_that_is_cut_says_so(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch, most: int, *, complete: bool
) -> None:
    """In the JSON too."""
    monkeypatch.setattr("batch.commands.find.MOST", most)
    there = await shop(dense(3))
    await there.run(*((100 + n, "MUG", 1, number(n)) for n in range(3)))
    told = find(there, "MUG")
    assert told.data["complete"] is complete
    assert len(told.data["shipments"]) == most
    assert ("More than" in told.lines[-1]) is not complete
