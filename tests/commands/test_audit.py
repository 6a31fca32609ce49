"""The store against the ledger: each trouble is found, and nothing is found where there is none."""

from typing import Any

from shop import OpenShop, Shop, dense, line, number, order, store

from batch.commands.answer import CommandResult
from batch.commands.audit import audit_store
from batch.commands.undo import undo_run

ROWS = [(100 + n, "MUG", 1, number(n)) for n in range(3)]


async def audit(there: Shop, run_id: str = "", days: int = 30) -> CommandResult:
    async with there.desk() as desk:
        return await audit_store(desk, run_id, days)


def troubles(told: CommandResult) -> list[tuple[str, int]]:
    return [(each["trouble"], each["order_id"]) for each in told.data["found"]]


async def shipped(shop: OpenShop, orders: dict[str, Any] | None = None) -> Shop:
    there = await shop(orders or dense(3))
    await there.run(*ROWS)
    return there


async def test_all_is_well(shop: OpenShop) -> None:
    """Exit 0, and no word of trouble."""
    told = await audit(await shipped(shop))
    assert (troubles(told), told.status, told.data["orders"]) == ([], 0, 3)
    assert "Nothing to look at" in "\n".join(told.lines)


async def test_gone(shop: OpenShop) -> None:
    """Deleted in the control panel; the count endpoint is enough where none is left."""
    there = await shipped(shop)
    there.box.store.delete(next(iter(there.box.store.shipments())))
    told = await audit(there)
    assert (troubles(told), told.status) == ([("gone", 100)], 3)
    assert "shipment 1" in "\n".join(told.lines)
    assert there.box.counts["GET /orders/{}/shipments/count"] == 1
    assert not [path for _, path, _ in there.box.requests if "/orders/100/shipments?" in path]


async def test_changed(shop: OpenShop) -> None:
    """With what it was and what it is."""
    there = await shipped(shop)
    there.box.store.change(next(iter(there.box.store.shipments())), {"tracking_number": "OTHER1"})
    told = await audit(there)
    assert troubles(told) == [("changed", 100)]
    assert f"tracking_number was {number(0)}, is OTHER1" in "\n".join(told.lines)


async def test_doubled(shop: OpenShop) -> None:
    """Two equal shipments under one number, whoever made the second."""
    there = await shipped(shop)
    theirs = {"order_address_id": 100, "items": [(1000, 1)], "tracking_number": number(0)}
    there.box.store.make(there.box.store.draft(100, theirs))
    told = await audit(there)
    assert troubles(told) == [("doubled", 100)]
    assert told.data["found"][0]["shipment_ids"] == (1, 4)


async def test_shipped_without_tracking(shop: OpenShop) -> None:
    """Neither number nor link."""
    there = await shop(dense(1))
    await there.run((100, "MUG", 1, ""))
    assert troubles(await audit(there)) == [("shipped without tracking", 100)]


async def test_over_shipped(shop: OpenShop) -> None:
    """More than ordered, less refunds: with the numbers."""
    orders = store(order(100, line(1000, quantity=2, quantity_refunded=0)), order(101), order(102))
    there = await shipped(shop, orders)
    there.box.store.orders[100].lines[1000].refunded = 2
    told = await audit(there)
    assert troubles(told) == [("over-shipped", 100)]
    assert "ordered 2, refunded 2, shipped 1" in "\n".join(told.lines)


async def test_order_gone(shop: OpenShop) -> None:
    """Deleted or archived."""
    there = await shipped(shop)
    del there.box.store.orders[101]
    there.box.store._ids.remove(101)
    assert troubles(await audit(there)) == [("order gone", 101)]


async def test_of_one_run(shop: OpenShop) -> None:
    """Only its orders are read."""
    there = await shipped(shop)
    other = await there.run((100, "MUG", 1, number(9)), name="b.csv")
    assert (await audit(there, other.run.run_id)).data["orders"] == 1


async def test_writes_nothing(shop: OpenShop) -> None:
    """Only GETs."""
    there = await shipped(shop)
    await audit(there)
    assert {method for method, _, _ in there.box.requests[-4:]} == {"GET"}
    assert there.posts == 3


async def test_what_undo_deleted_is_no_trouble(shop: OpenShop) -> None:
    """It no longer counts as made."""
    there = await shop(dense(3))
    report = await there.run(*ROWS)
    async with there.desk() as desk:
        await undo_run(desk, report.run.run_id, for_real=True)
    assert troubles(await audit(there)) == []
