"""Orders by id: in few requests, side by side, and never more than one an order."""

import asyncio
import random
from collections import Counter
from math import ceil

import pytest
from clock import VirtualLoop
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import OpenShop, dense, number, order, said, statuses, store

from batch.bigcommerce import Client
from batch.bigcommerce.order_pages import Pages
from batch.config import Settings
from batch.sandbox import Behaviour, Fault, Faults, Quota, Sandbox

PLENTY = Quota(requests=1_000_000)


@pytest.mark.parametrize(("apart", "most"), [(1, 0.1), (10, 0.1), (249, 1.0), (300, 1.0)])
async def test_by_how_far_apart_they_are(shop: OpenShop, apart: int, most: float) -> None:
    """Dense, ten apart, and so far that a page holds one."""
    there = await shop(dense(12 * apart + 1))
    wanted = list(range(100, 100 + 12 * apart, apart))
    async with there.desk() as desk:
        orders = await Pages(desk.client, 16).read(wanted)
        assert sorted(orders.found) == wanted
        assert desk.client.requests <= ceil(len(wanted) * most)


async def test_far_ones_are_not_paged_through(shop: OpenShop) -> None:
    """Where a page would hold one that is wanted, no other is asked for."""
    there = await shop(dense(3000))
    async with there.desk() as desk:
        await Pages(desk.client, 16).read(range(100, 3000, 300))
    limits = [path.split("limit=")[1].split("&")[0] for _, path, _ in there.box.requests]
    assert limits == ["250"] + ["1"] * 9


async def test_pages_are_read_side_by_side(shop: OpenShop) -> None:
    """Ten pages of a second each take three: one to learn how far they reach, eight at once, and the rest."""
    there = await shop(dense(2500))
    there.box.quota = PLENTY
    there.box.faults = Faults(Fault(delay=1.0))
    async with there.desk() as desk:
        await Pages(desk.client, 64).read(range(100, 2600))
        assert desk.client.requests == 10
    assert asyncio.get_running_loop().time() < 4


async def test_the_end_is_told_truly(shop: OpenShop) -> None:
    """The newest order of the store, also where it was in no page."""
    there = await shop(dense(400))
    async with there.desk() as desk:
        orders = await Pages(desk.client, 16).read([100, 250, 5000])
    assert (sorted(orders.found), orders.end) == ([100, 250], 499)


async def test_a_store_that_does_not_heed_min_id(shop: OpenShop) -> None:
    """Its pages are always the same: what is not in them is asked for one by one, and it ends."""
    there = await shop(store(*(order(n) for n in range(100, 110))))
    there.box.store.between = lambda low, high: iter(list(there.box.store.orders.values())[:3])  # type: ignore[method-assign]
    async with there.desk() as desk:
        orders = await Pages(desk.client, 16).read([101, 105, 109, 110])
    assert sorted(orders.found) == [101, 105, 109]


async def test_an_order_that_a_page_left_out_is_asked_for_by_itself(shop: OpenShop) -> None:
    """It is there all the same; absent is what its own read says is absent, and that is asked once."""
    there = await shop(store(*(order(n) for n in (*range(100, 110), *range(120, 130)))))
    whole = there.box.store.between
    there.box.store.between = lambda low, high: (o for o in whole(low, high) if o.id != 105)  # type: ignore[method-assign]
    async with there.desk() as desk:
        pages = Pages(desk.client, 16)
        orders = await pages.read([101, 105, 115, 125])
        asked = desk.client.requests
        await pages.read([115])
    assert (sorted(orders.found), orders.unproven) == ([101, 105, 125], set())
    assert [there.box.counts["GET /orders/{}"], desk.client.requests - asked] == [2, 1]


async def test_a_file_of_many_unknown_orders_is_held_instead(shop: OpenShop) -> None:
    """Fifty are asked for by themselves; that the others are absent nobody has proved, so the whole file waits."""
    there = await shop(store(*(order(n) for n in range(100, 500) if n % 5)))
    rows = [(n, "MUG", 1, number(n)) for n in range(100, 495)]
    report = await there.run(*rows)
    assert there.box.counts["GET /orders/{}"] == 50
    assert [reason.code for reason in report.held] == ["most_orders_unknown"]
    assert "29 by its lists alone" in report.held[0].error
    assert (there.posts, set(statuses(report))) == (0, {"held", "invalid"})
    assert Counter(code for _, code in said(report).values())["order_not_listed"] == 29


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**16),
    density=st.sampled_from([0.02, 0.2, 0.8, 1.0]),
    chosen=st.sampled_from([0.01, 0.1, 1.0]),
    absent=st.integers(0, 5),
    page_size=st.sampled_from([1, 7, 250]),
    inclusive=st.booleans(),
    at_once=st.sampled_from([1, 4, 64]),
)
def test_all_are_found_in_any_store(
    seed: int, density: float, chosen: float, absent: int, page_size: int, inclusive: bool, at_once: int
) -> None:
    """Whatever its gaps, pages and `min_id`: at most one request an order, one an absent one, three for the ends."""
    dice = random.Random(seed)
    ids = [n for n in range(100, 800) if dice.random() < density] or [100]
    wanted = {n for n in ids if dice.random() < chosen} | {dice.randrange(1, 1200) for _ in range(absent)}
    behaviour = Behaviour(page_size=page_size, min_id_inclusive=inclusive)

    async def read() -> None:
        async with Sandbox(store(*map(order, ids)), quota=PLENTY, behaviour=behaviour) as box:
            made = Settings(api_url=box.url, store_hash=box.store_hash, token=box.token)
            async with Client(made) as client:
                orders = await Pages(client, at_once).read(wanted)
                assert sorted(orders.found) == sorted(wanted & set(ids))
                assert client.requests <= len(wanted) + 3 + absent
                if orders.end is not None and page_size == 250:
                    assert orders.end in {max(ids), 0} or len([n for n in ids if n > max(wanted & set(ids))]) > 250

    loop = VirtualLoop()
    try:
        loop.run_until_complete(read())
    finally:
        loop.close()
