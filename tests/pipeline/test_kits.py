"""SKUs that the store does not have: the warehouse's own, inserts, kits."""

import pytest
from shop import OpenShop, Shop, line, number, order, row, said, store

from batch.results.accounting import Report

SET = {"skus": {"2 CUP + SAUCER": "TEA-SET"}}


async def run(there: Shop, *rows: tuple[object, ...], **more: object) -> Report:
    return await there.run(*rows, **more)


async def test_an_insert_is_answered_once_and_the_parcels_ship(shop: OpenShop) -> None:
    """The message of the row has the answer; later files of the source need none."""
    there = await shop(store(order(100), order(101)))
    rows = [(100, "MUG", 1, number(0)), (100, "FLYER", 1, number(0))]
    told = row(await run(there, *rows), 3).finding
    assert told.code == "unknown_sku"
    assert "--answer sku:FLYER=ignore" in told.todo
    after = await run(there, *rows, answers={"sku:FLYER": "ignore"})
    assert said(after) == {2: ("created", ""), 3: ("skipped", "ignored_sku")}
    later = [(101, "MUG", 1, number(1)), (101, "flyer", 1, number(1))]
    assert said(await run(there, *later)) == said(after)


async def test_a_warehouses_own_sku_is_answered_once(shop: OpenShop) -> None:
    """With the store's, which is the only one that the order has."""
    there = await shop(store(order(100), order(101)))
    told = row(await run(there, (100, "WH-MUG", 1, number(0))), 2).finding
    assert "--answer sku:WH-MUG=MUG" in told.todo
    for order_id, answers in ((100, {"sku:WH-MUG": "MUG"}), (101, {})):
        rows = (order_id, "WH-MUG", 1, number(order_id))
        assert said(await run(there, rows, answers=answers)) == {2: ("created", "")}


async def test_one_that_stands_for_several_ships_them(shop: OpenShop) -> None:
    """The warehouse packs a set, and the store sold its parts: units times its number."""
    there = await shop(store(order(100, line(1, "CUP", 4), line(2, "SAUCER", 2))))
    table = {"skus": {"TEA-SET": "2 CUP + SAUCER"}}
    report = await run(there, (100, "TEA-SET", 2, number(0)), source=table)
    assert said(report) == {2: ("created", "")}
    assert there.made() == [(100, number(0), {1: 4, 2: 2})]


async def test_parts_ship_the_line_that_they_make_up(shop: OpenShop) -> None:
    """All of its rows are told the one line."""
    there = await shop(store(order(100, line(1, "TEA-SET", 2), line(2, "MUG", 1))))
    rows = [(100, "CUP", 4, number(0)), (100, "SAUCER", 2, number(0)), (100, "MUG", 1, number(0))]
    report = await run(there, *rows, source=SET)
    assert said(report) == dict.fromkeys((2, 3, 4), ("created", ""))
    assert there.made() == [(100, number(0), {1: 2, 2: 1})]


@pytest.mark.parametrize("rows", [[("CUP", 3), ("SAUCER", 1)], [("CUP", 2)], [("SAUCER", 1)]])
async def test_parts_that_are_not_whole_ship_nothing(
    shop: OpenShop, rows: list[tuple[str, int]]
) -> None:
    """A cup too many, or no saucer."""
    there = await shop(store(order(100, line(1, "TEA-SET", 2))))
    report = await run(there, *((100, sku, units, number(0)) for sku, units in rows), source=SET)
    assert {status for status, _ in said(report).values()} == {"invalid"}
    assert there.posts == 0


async def test_parts_that_the_order_has_are_themselves(shop: OpenShop) -> None:
    """A store that sells the set and its parts."""
    parts = line(1, "CUP", 2), line(2, "SAUCER", 1), line(3, "TEA-SET", 1)
    there = await shop(store(order(100, *parts)))
    await run(there, (100, "CUP", 2, number(0)), (100, "SAUCER", 1, number(0)), source=SET)
    assert there.made() == [(100, number(0), {1: 2, 2: 1})]
