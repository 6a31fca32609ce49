"""A backfill over days: stopped by a limit or a time, gone on with by the same call, over several files."""

import asyncio
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clock import VirtualLoop
from pydantic import ValidationError
from shop import OpenShop, Quiet, Shop, dense, number, table

from batch.config import Settings
from batch.pipeline import Job
from batch.runner import Tour, run_files, stopped_at
from batch.stopping import Stop


def files(there: Shop, *counts: int) -> list[Path]:
    """So many exports, each with so many orders of its own."""
    made, first = [], 100
    for place, count in enumerate(counts):
        path = there.folder / f"part-{place}.csv"
        path.write_text(table(*((first + n, "MUG", 1, number(first + n)) for n in range(count))), "utf-8")
        made.append(path)
        first += count
    return made


async def tour(there: Shop, exports: list[Path], limit: int | None = None, **changes: Any) -> Tour:
    jobs = [Job(path, limit=limit) for path in exports]
    return await run_files(jobs, there.settings(**changes), there.screen, Stop())


async def test_a_limit_counts_over_all_files_and_the_same_call_goes_on(shop: OpenShop) -> None:
    there = await shop(dense(12))
    exports = files(there, 5, 5, 2)
    first = await tour(there, exports, limit=5)
    assert (there.posts, len(first.reports), [job.export for job in first.left]) == (5, 1, exports[1:])
    assert first.exit_status == 1
    assert [each.get("error", "") for each in first.summary["files"]] == ["", "not begun", "not begun"]
    second = await tour(there, exports, limit=6)
    assert (there.posts, second.left) == (11, [])
    third = await tour(there, exports)
    assert (there.posts, third.exit_status) == (12, 0)


async def test_a_time_sets_the_stop_and_is_forgotten_afterwards(virtual_clock: VirtualLoop) -> None:
    stop, soon = Stop(), datetime.now().astimezone() + timedelta(minutes=2)
    async with stopped_at(f"{soon:%H:%M}", stop):
        await stop.wait()
    assert stop.why == f"it was to stop at {soon:%H:%M}"
    assert 55 <= virtual_clock.time() <= 120
    early = Stop()
    async with stopped_at(f"{soon:%H:%M}", early):
        """Done before."""
    await asyncio.sleep(300)
    assert not early


async def test_what_is_stopped_on_the_way_goes_on_with_the_same_call(shop: OpenShop) -> None:
    there = await shop(dense(30))
    exports, stop = files(there, 20, 10), Stop()
    there.screen.step = lambda _: stop.set("it was to stop at 06:00")  # type: ignore[method-assign]
    first = await run_files([Job(path) for path in exports], there.settings(workers=1), there.screen, stop)
    assert (there.posts, [job.export for job in first.left], first.exit_status) == (1, exports[1:], 1)
    assert "it was to stop at 06:00" in first.reports[0].rows[21].finding.error
    there.screen = Quiet()
    assert (await tour(there, exports)).exit_status == 0
    assert there.posts == 30


async def test_the_screen_tells_which_file_and_how_long_the_rest_takes(shop: OpenShop) -> None:
    there = await shop(dense(6))
    there.screen = Quiet()
    await tour(there, files(there, 2, 2, 2))
    told = [line for line in there.screen.lines if line.startswith("File")]
    assert told[0] == "File 1 of 3"
    assert "File 2 of 3: Shipping" in told
    assert re.fullmatch(
        r"File 3 of 3, about \d:\d\d:\d\d left for all", next(line for line in told if "3 of 3," in line)
    )


@pytest.mark.parametrize("time", ["25:00", "6 pm", "06:60"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(ValidationError):
        Settings(until=time)
