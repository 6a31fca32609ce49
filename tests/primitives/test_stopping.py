"""What waits for the stop is woken by it, once, and nothing else is."""

import asyncio

import pytest

from batch.errors import StopRequested
from batch.primitives.stop import StopEvent


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_the_stop_breaks_off_all_waits_of_many_tasks() -> None:
    stop = StopEvent()
    waits = [asyncio.create_task(stop.unless(forever())) for _ in range(3)]
    await asyncio.sleep(0)
    stop.set("why")
    assert await asyncio.gather(*waits) == [False] * 3
    assert not await stop.sleep(0)
    assert stop.reason == "why"


async def test_what_ends_before_the_stop_was_in_time() -> None:
    stop = StopEvent()
    assert await stop.sleep(0)

    async def stops() -> None:
        stop.set("by itself")

    assert await stop.unless(stops())
    await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task
    assert not task.cancelling()


async def test_a_wait_within_a_wait_is_broken_off_with_it() -> None:
    stop = StopEvent()

    async def both() -> int:
        return 1 if await stop.unless(forever()) else 2

    waiting = asyncio.create_task(stop.interrupt(both()))
    await asyncio.sleep(0)
    stop.set("why")
    with pytest.raises(StopRequested):
        await waiting


async def test_a_part_is_stopped_alone_or_with_the_whole() -> None:
    stop = StopEvent()
    with stop.part() as part:
        wait, whole = (
            asyncio.create_task(part.unless(forever())),
            asyncio.create_task(stop.unless(forever())),
        )
        await asyncio.sleep(0)
        part.set("the part")
        assert not await wait
        assert not whole.done()
    with stop.part() as part:
        wait = asyncio.create_task(part.unless(forever()))
        await asyncio.sleep(0)
        stop.set("all")
        assert [await wait, await whole] == [False, False]
        assert part.reason == "all"


async def test_who_is_cancelled_by_others_is_cancelled() -> None:
    """Also in the turn in which the stop comes."""
    for stops in (False, True):
        stop = StopEvent()
        wait = asyncio.create_task(stop.unless(forever()))
        await asyncio.sleep(0)
        if stops:
            stop.set("why")
        wait.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait


async def test_a_fault_of_what_is_waited_for_is_raised() -> None:
    stop = StopEvent()

    async def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  ours, and bare
        await stop.unless(fails())
    stop.set("why")
    await asyncio.sleep(0)


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_wait_is_broken_off_once(times: int) -> None:
    """Else the task itself would be cancelled, and what it does about the stop left undone."""
    whole = StopEvent()
    with whole.part() as part:

        async def work() -> str:
            with pytest.raises(StopRequested):
                await part.interrupt(asyncio.sleep(60))
            await asyncio.sleep(0)
            return "tidied up"

        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        for stop in (part, whole, part)[:times]:
            stop.set("enough")
        assert await working == "tidied up"
