"""Stores on this machine, a database, and workers of them: files are queued, and found again with
their ends.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from shop import HEADER, WITHOUT_NUMBERS, Quiet, dense, number, table

from batch.config import Settings
from batch.fleet import Queue, QueueItem, Worker
from batch.primitives.stop import StopEvent
from batch.sandbox import Quota, Sandbox

PLENTY = Quota(1_000_000)
LONGEST = 60.0  # seconds for anything to happen
GLANCE = 0.05  # seconds between two looks at it


class Yard:
    """A queue, some stores, and the workers that were started."""

    def __init__(self, database: str, folder: Path, queue: Queue) -> None:
        self.database, self.folder, self.queue = database, folder, queue
        self.boxes: list[Sandbox] = []
        self.screen = Quiet()
        self._stack = AsyncExitStack()

    @classmethod
    @asynccontextmanager
    async def opened(cls, database: str, folder: Path) -> AsyncIterator["Yard"]:
        async with Queue.open(database) as queue:
            yard = cls(database, folder, queue)
            async with yard._stack:
                yield yard

    async def store(self, orders: int = 5, **settings: Any) -> Sandbox:
        """One more store, with orders from 100 on."""
        box = Sandbox(
            dense(orders), store_hash=f"s{len(self.boxes)}", **{"quota": PLENTY} | settings
        )
        self.boxes.append(await self._stack.enter_async_context(box))
        return box

    def settings(self, box: Sandbox, **changes: Any) -> Settings:
        home = self.folder / changes.pop("home", "home")
        changes.setdefault("sources", (WITHOUT_NUMBERS,))
        return Settings(
            api_url=box.url,
            store_hash=box.store_hash,
            token=box.token,
            home=home,
            database=self.database,
            **changes,
        )

    async def put(
        self, box: Sandbox, *exports: Iterable[Iterable[object]], **ask: Any
    ) -> list[int]:
        """Files in line, a table each."""
        entries = [
            QueueItem(f"/srv/file-{k}.csv", table(*rows, header=HEADER).encode(), ask=ask)
            for k, rows in enumerate(exports)
        ]
        return await self.queue.put(self.settings(box).store, entries, "ann")

    @asynccontextmanager
    async def worker(
        self, *boxes: Sandbox, side_by_side: int = 4, **changes: Any
    ) -> AsyncIterator[Worker]:
        """A worker of these stores (all, if none is named) for as long as the block lasts; told to
        stop at its end.
        """
        stop = StopEvent()
        async with Queue.open(self.database, most=4) as queue:
            stores = [self.settings(box, **changes) for box in boxes or self.boxes]
            worker = Worker(
                queue,
                stores,
                self.screen,
                stop,
                side_by_side=side_by_side,
                notify=lambda *_: [],
                environ={},
            )
            working = asyncio.create_task(worker.work())
            try:
                yield worker
            finally:
                stop.set("it was told to stop")
                await working

    async def states(self) -> dict[int, str]:
        return dict(
            await self.queue.query("SELECT file_id, state FROM shipbatch.files ORDER BY file_id")
        )

    async def finished(self, *numbers: int) -> list[dict[str, Any]]:
        """Wait until these files, or all, have come to their end."""
        wanted = list(numbers) or list(await self.states())
        rows: list[dict[str, Any]] = []

        async def ended() -> bool:
            rows[:] = await self.queue.rows(wanted)
            return all(row["state"] in {"done", "failed", "held"} for row in rows)

        await until(ended, lambda: f"{rows}\n{self.screen.lines}")
        return rows


def rows_of(orders: Iterable[int]) -> list[tuple[object, ...]]:
    return [(order, "MUG", 1, number(order)) for order in orders]


async def until(condition: Callable[[], Any], story: Callable[[], object] = lambda: "") -> None:
    """Wait until something has happened."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST
    while not await condition():
        assert loop.time() < end, f"It has not happened: {story()}"
        await asyncio.sleep(GLANCE)
