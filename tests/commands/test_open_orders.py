"""`open`: orders that should have shipped, and what is known here of each."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from shop import OpenShop, Shop, line, number, order, store

from batch.commands.answer import CommandResult
from batch.commands.decide import Answer, take_decision
from batch.commands.open_orders import list_open_orders, open_orders_digest
from batch.config import OpenOrders
from batch.sandbox.behaviour import Behaviour


def aged(order_id: int, days: float, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order that was made so many days ago."""
    made = format_datetime(datetime.now(UTC) - timedelta(days=days))
    return order(order_id, *lines, date_created=made, **more)


async def asked(there: Shop, **what: Any) -> CommandResult:
    async with there.desk() as desk:
        return await list_open_orders(desk, OpenOrders(**what))


def ids(told: CommandResult) -> list[int]:
    return [each["order_id"] for each in told.data["found"]]


async def test_what_no_export_had_is_told_by_age(shop: OpenShop) -> None:
    """With its lines; what shipped, what is young and what does not ship by parcel is not."""
    there = await shop(
        store(
            aged(100, 3),
            aged(101, 9, line(1011, "CUP", 2), line(1012, "BOOK", type="digital")),
            aged(102, 1),
            aged(103, 9, line(1031, type="digital")),
            aged(104, 9, line(1041, pickup=True)),
            aged(105, 9, line(1051, quantity=2, quantity_refunded=2)),
            aged(106, 9),
        )
    )
    await there.run((106, "MUG", 3, number(6)))
    told = await asked(there)
    assert (told.status, ids(told)) == (1, [101, 100])
    assert told.data["found"][0]["lines"] == [
        {"sku": "CUP", "name": "CUP", "ordered": 2, "left": 2}
    ]
    assert told.lines[1:3] == (
        "In no export:",
        "  order 101, 9 days old, Awaiting Fulfillment",
    )
    assert "2 × SKU CUP" in told.lines[3]


@pytest.mark.parametrize(
    ("status_id", "is_missed"),
    [(11, True), (9, True), (3, True), (7, False), (8, False), (5, False), (2, False), (12, False)],
)
async def test_only_orders_that_a_warehouse_works_on(
    shop: OpenShop, status_id: int, *, is_missed: bool
) -> None:
    """Not those that wait for their payment, their pickup or a check."""
    there = await shop(store(aged(100, 9, status_id=status_id)))
    assert (await asked(there)).status == int(is_missed)


@pytest.mark.parametrize(("days", "found"), [(1, [101, 100]), (4, [101]), (20, [])])
async def test_the_age_is_asked_for(shop: OpenShop, days: float, found: list[int]) -> None:
    """None is status 0."""
    there = await shop(store(aged(100, 3), aged(101, 9)))
    told = await asked(there, older=days)
    assert (ids(told), told.status) == (found, int(bool(found)))


async def test_what_nobody_asks_for_any_more_is_left_out(shop: OpenShop) -> None:
    """Orders of years ago that were never closed."""
    there = await shop(store(aged(100, 900), aged(101, 9)))
    assert ids(await asked(there, newer=90)) == [101]
    assert ids(await asked(there)) == [100, 101]


async def test_what_waits_here_is_told_beside_it(shop: OpenShop) -> None:
    """Held: since when, in which row, and the command that decides it."""
    there = await shop(store(aged(100, 9, status_id=5), aged(101, 8)))
    run = (await there.run((100, "MUG", 3, number(0)))).run.run_id
    there.box.store.orders[100].status_id = 11
    told = await asked(there)
    first, other = told.data["found"]
    assert (first["order_id"], first["in_export"], first["known"]) == (101, False, None)
    assert {"what": "held", "run": run, "row": 2}.items() <= other["known"].items()
    assert f"row 2 of export.csv: `shipbatch decide {run}`" in told.lines[-2]


async def test_a_word_to_skip_is_told(shop: OpenShop) -> None:
    """It stays open in the store all the same."""
    there = await shop(store(aged(100, 9, status_id=5), aged(101, 9)))
    await there.run((100, "MUG", 3, number(0)), (101, "MUG", 3, number(1)))
    async with there.desk() as desk:
        await take_decision(desk, "", Answer("skip", "Ann", "", order=100))
    there.box.store.orders[100].status_id = 11
    (found,) = (await asked(there)).data["found"]
    assert (found["order_id"], found["known"]["what"]) == (
        100,
        "held, and a person said to skip it",
    )


async def test_what_is_left_of_a_shipped_order_was_in_no_export(shop: OpenShop) -> None:
    """One unit of three went out."""
    there = await shop(store(aged(100, 9)))
    await there.run((100, "MUG", 1, number(0)))
    (found,) = (await asked(there)).data["found"]
    assert (found["in_export"], found["known"]["what"], found["lines"][0]["left"]) == (
        False,
        "shipped in part",
        2,
    )


async def test_an_order_is_known_by_its_marketplace_number(shop: OpenShop) -> None:
    """The row that failed named it so."""
    there = await shop(store(aged(100, 9, external_id="112-44")))
    await there.run(
        ("112-44", "CUP", 1, number(0)),
        header=("amazon-order-id", "SKU", "Quantity", "Tracking Number"),
    )
    (found,) = (await asked(there)).data["found"]
    assert (found["order_id"], found["in_export"], found["known"]["row"]) == (100, True, 2)


@pytest.mark.parametrize("inclusive", [True, False])
async def test_it_reads_a_page_a_request(shop: OpenShop, *, inclusive: bool) -> None:
    """And says before how many that takes; nothing is left out at the edge of a page."""
    orders = store(*(aged(100 + n, 9) for n in range(501)))
    there = await shop(orders, behaviour=Behaviour(min_id_inclusive=inclusive))
    told = await asked(there)
    assert ids(told) == [*range(100, 601)]
    assert told.data["requests"] <= 7
    assert any("requests to send" in said for said in there.screen.lines)


async def test_lines_that_a_page_leaves_out_are_read(shop: OpenShop) -> None:
    """An order of sixty lines."""
    there = await shop(
        store(aged(100, 9, *(line(n, f"S{n}", 1) for n in range(1, 61)))),
        behaviour=Behaviour(sideloads="warned beside"),
    )
    (found,) = (await asked(there)).data["found"]
    assert len(found["lines"]) == 60


async def test_the_night_tells_of_them(shop: OpenShop) -> None:
    """In a few lines, whose kind is new every day; of none, nothing."""
    there = await shop(store(*(aged(100 + n, 9) for n in range(30))))
    await there.run((100, "MUG", 3, number(0)))
    night = await open_orders_digest(there.settings(), there.screen, there.stop)
    assert list(night.kinds.values()) == [29]
    assert "more lines" in night.lines[-1]
    assert "MUG" not in night.event.line("json", datetime.now(UTC))
    for n in range(1, 30):
        there.box.store.orders[100 + n].status_id = 2
    assert not (await open_orders_digest(there.settings(), there.screen, there.stop)).kinds


async def test_a_store_may_tell_late_of_what_shipped(shop: OpenShop) -> None:
    """What was made from here is no longer missed."""
    there = await shop(store(aged(100, 9), aged(101, 9)), behaviour=Behaviour(lag=1e9))
    await there.run((100, "MUG", 3, number(0)), (101, "MUG", 1, number(1)))
    assert ids(await asked(there)) == [101]
