"""A parcel with a line that its order does not have: whole or not at all, or what fits of it."""

import pytest
from shop import HEADER, OpenShop, Shop, line, number, order, row, said, store

from batch.errors import ConfigError
from batch.results.accounting import Report

FITS = {"misfit": "ship_what_fits"}
ONE = number(1)


def two_lines(order_id: int = 100) -> dict[str, object]:
    return order(order_id, line(1, "MUG", 2), line(2, "CUP", 5))


async def run(there: Shop, *rows: tuple[object, ...], **more: object) -> Report:
    return await there.run(*rows, **more)


async def test_whole_or_not_at_all_is_the_default_and_says_how_else(shop: OpenShop) -> None:
    """The message of the good rows has the option."""
    there = await shop(store(two_lines()))
    report = await run(there, (100, "MUG", 1, ONE), (100, "FLYER", 1, ONE))
    assert said(report) == {2: ("invalid", "parcel_incomplete"), 3: ("invalid", "unknown_sku")}
    assert "--answer misfit=ship_what_fits" in row(report, 2).finding.todo
    assert there.posts == 0


async def test_an_answer_ships_what_fits_now_and_in_later_files(shop: OpenShop) -> None:
    """It is kept for the source: its next file needs none."""
    there = await shop(store(two_lines(), two_lines(101)))
    told = {2: ("created", ""), 3: ("invalid", "unknown_sku")}
    for order_id, answers in ((100, FITS), (101, {})):
        rows = [(order_id, "MUG", 1, number(order_id)), (order_id, "FLYER", 1, number(order_id))]
        assert said(await run(there, *rows, answers=answers)) == told
    assert there.made() == [(100, number(100), {1: 1}), (101, number(101), {1: 1})]


async def test_units_over_those_ordered_are_told(shop: OpenShop) -> None:
    """What the order has ships with its number; what left the building unordered is said."""
    there = await shop(store(two_lines()))
    rows = [(100, "MUG", 3, ONE), (100, "CUP", 4, ONE)]
    report = await run(there, *rows, source=FITS)
    assert said(report) == {2: ("invalid", "packed_unordered"), 3: ("created", "")}
    assert there.made() == [(100, ONE, {1: 2, 2: 4})]
    told = row(report, 2)
    assert "3 packed, 2 left" in told.finding.error
    assert "1 left the building unordered" in told.finding.error
    assert told.shipment_ids == row(report, 3).shipment_ids != ()


async def test_met_again_nothing_ships_twice(shop: OpenShop) -> None:
    """In the same file, and in a re-export of other content."""
    there = await shop(store(two_lines()))
    rows = [(100, "MUG", 3, ONE), (100, "FLYER", 1, ONE)]
    await run(there, *rows, source=FITS)
    for name in ("export.csv", "again.csv"):
        header = (*HEADER[:3], "Tracking No") if name == "again.csv" else HEADER
        report = await run(there, *rows, source=FITS, name=name, header=header)
        assert said(report) == {2: ("already created", ""), 3: ("invalid", "unknown_sku")}
    assert there.posts == 1


async def test_where_nothing_fits_nothing_ships(shop: OpenShop) -> None:
    """A line of which nothing is left, alone in its parcel, is refused as ever."""
    there = await shop(store(order(100, line(1, "MUG", 2, quantity_shipped=2))))
    report = await run(there, (100, "MUG", 1, ONE), (100, "FLYER", 1, ONE), source=FITS)
    assert said(report) == {2: ("invalid", "not_enough_left"), 3: ("invalid", "unknown_sku")}
    assert there.posts == 0


async def test_a_word_that_is_none_of_the_settings_is_refused(shop: OpenShop) -> None:
    """Before anything is sent, with those that there are."""
    there = await shop(store(two_lines()))
    with pytest.raises(ConfigError) as refused:
        await run(there, (100, "MUG", 1, ONE), source={"answers": {"misfit": "perhaps"}})
    assert "--answer misfit=ship_what_fits" in refused.value.todo
