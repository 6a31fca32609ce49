"""How many requests are on their way at once: found by measuring, whatever the store. All time is
virtual.
"""

import asyncio
from dataclasses import dataclass

import pytest

from batch.bigcommerce import Phase, Response
from batch.bigcommerce.rate_limit import RateLimit

pytestmark = pytest.mark.usefixtures("virtual_clock")


@dataclass
class Store:
    """Works on so many requests at once, each for so long; others wait, and pages take longer."""

    at_once: int
    seconds: float = 0.1
    busy: int = 0

    async def work(self, factor: float = 1.0) -> None:
        self.busy += 1
        await asyncio.sleep(self.seconds * factor * max(1.0, self.busy / self.at_once))
        self.busy -= 1


async def spend(
    store: Store, gate: RateLimit, requests: int, *, workers: int = 256, pages: int = 0
) -> float:
    """Send so many requests; seconds it took. `pages`: each so-manieth is one that takes ten times
    as long.
    """
    loop, left = asyncio.get_running_loop(), iter(range(requests))
    began = loop.time()

    async def worker() -> None:
        for n in left:
            await gate.acquire()
            page = pages and n % pages == 0
            async with gate.concurrency:
                sent = loop.time()
                await store.work(10.0 if page else 1.0)
            gate.report(sent, Response(Phase.ANSWERED, 200), "GET 250" if page else "POST")

    await asyncio.gather(*(worker() for _ in range(workers)))
    return loop.time() - began


@pytest.mark.parametrize("at_once", [1, 3, 8, 40, 150])
async def test_as_many_as_the_store_works_on_at_once(at_once: int) -> None:
    """Near its full speed, and no more than about twice as many on their way: the rest would only
    wait there.
    """
    store, gate = Store(at_once), RateLimit(most=256)
    seconds = await spend(store, gate, 6000)
    assert seconds <= 6000 * store.seconds / at_once * 1.3
    assert gate.concurrency.limit <= max(20, 2.4 * at_once)


async def test_no_more_than_the_person_allows() -> None:
    store, gate = Store(1000), RateLimit(most=7)
    await spend(store, gate, 500)
    assert gate.concurrency.limit == 7


async def test_a_store_that_slows_down_is_asked_less() -> None:
    """Within a few answers it is asked with far fewer, and as many again when it has recovered."""
    store, gate = Store(64), RateLimit(most=256)
    await spend(store, gate, 3000)
    before = gate.concurrency.limit
    assert before >= 40
    store.at_once = 6
    await spend(store, gate, 1000)
    assert gate.concurrency.limit <= 20
    store.at_once = 64
    await spend(store, gate, 6000)
    assert gate.concurrency.limit >= 40


async def test_a_store_that_is_slower_for_good_is_not_taken_for_a_busy_one() -> None:
    """Ten times the distance: after a few cuts that is how quick it can be."""
    store, gate = Store(64), RateLimit(most=256)
    await spend(store, gate, 3000)
    store.seconds = 1.0
    await spend(store, gate, 5000)
    assert gate.concurrency.limit >= 40


async def test_pages_are_measured_by_themselves() -> None:
    """A page of orders takes ten times as long as a shipment; that is not a busy store."""
    store, gate = Store(1000), RateLimit(most=64)
    await spend(store, gate, 4000, pages=5)
    assert gate.concurrency.limit == 64


async def test_answers_that_fail_are_as_bad_as_slow_ones() -> None:
    """A burst of 503s cuts it, once."""
    store, gate = Store(1000), RateLimit(most=64)
    await spend(store, gate, 1000)
    assert gate.concurrency.limit == 64
    sent = asyncio.get_running_loop().time()
    for _ in range(20):
        await gate.acquire()
    await asyncio.sleep(0.1)
    for _ in range(20):
        gate.report(sent, Response(Phase.ANSWERED, 503))
    assert gate.concurrency.limit == 25


async def test_who_gives_up_in_the_line_leaves_no_place_taken() -> None:
    """A cancelled turn is the next one's."""
    gate = RateLimit(most=1)
    entered: list[int] = []

    async def hold(name: int) -> None:
        async with gate.concurrency:
            entered.append(name)
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(hold(name)) for name in range(4)]
    await asyncio.sleep(0.5)
    tasks[1].cancel()
    await asyncio.sleep(0.5)
    tasks[2].cancel()  # it has just been called
    await asyncio.gather(*tasks, return_exceptions=True)
    assert entered[0] == 0
    assert entered[-1] == 3
    assert gate.concurrency.busy == 0
