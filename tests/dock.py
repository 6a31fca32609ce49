"""A drop folder with its watcher, on the virtual clock: files are dropped, and found again where they come out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from clock import VirtualLoop
from openpyxl import load_workbook
from shop import HEADER, Quiet, Shop, table

from batch.config import Folder, Settings
from batch.monitoring import notify_after_run
from batch.pipeline.progress import Progress
from batch.pipeline.session import StoreSession, open_store
from batch.primitives.stop import StopEvent
from batch.watcher import WatchedFolder, folder_status, watch_folders

LONGEST = 3_600.0  # virtual seconds for anything to happen
GLANCE = 0.5  # virtual seconds between two looks at it


class Dock:
    """A shop's drop folder."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.inbox = shop.home.parent / "inbox"
        self.inbox.mkdir()
        self.screen = Quiet()
        self.stop = StopEvent()
        self.changes: dict[str, Any] = {}

    @asynccontextmanager
    async def watched(self, *inboxes: Path, **changes: Any) -> AsyncIterator[None]:
        """A watcher at work; at the end of the block it is told to stop, and has stopped."""
        notify = changes.pop("notify", notify_after_run)
        self.stop, settings = StopEvent(), self.shop.settings(**changes)
        posts = [WatchedFolder(Folder(path=inbox), settings) for inbox in inboxes or (self.inbox,)]
        watcher = asyncio.create_task(
            watch_folders(posts, self.screen, self.stop, polling=True, notify=notify, environ={})
        )
        try:
            yield
        finally:
            self.stop.set("it was told to stop")
            await watcher

    def drop(self, name: str, *rows: Iterable[object], header: Iterable[str] = HEADER) -> Path:
        path = self.inbox / name
        path.write_text(table(*rows, header=header), "utf-8")
        return path

    async def until(self, condition: Callable[[], object]) -> None:
        """Let time pass until something has happened."""
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST
        while not condition():
            assert loop.time() < until, f"It has not happened: {self.tree()}, {self.screen.lines}"
            await asyncio.sleep(GLANCE)

    async def filed(self, *names: str) -> None:
        """Let time pass until these are there: `done/a.csv`."""
        await self.until(lambda: all((self.inbox / name).exists() for name in names))
        await self.until(lambda: not self.there("working"))

    def there(self, room: str) -> list[str]:
        return sorted(path.name for path in (self.inbox / room).iterdir()) if (self.inbox / room).is_dir() else []

    def tree(self) -> list[str]:
        return sorted(str(path.relative_to(self.inbox)) for path in self.inbox.rglob("*") if path.is_file())

    def said(self, words: str) -> int:
        """In how many lines these words were said."""
        return sum(words in line for line in self.screen.lines)

    @property
    def log(self) -> str:
        return "".join(path.read_text("utf-8") for path in (self.shop.home / "logs").glob("*.log"))

    @property
    def status(self) -> Any:
        return folder_status(self.inbox, self.shop.settings()).data

    @property
    def told(self) -> str:
        return "\n".join(folder_status(self.inbox, self.shop.settings()).lines)


def sheet(path: Path, name: str) -> list[dict[str, Any]]:
    """A sheet of a workbook, a row a dictionary."""
    header, *rows = load_workbook(path)[name].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def write(path: Path, name: str, column: str, row: int, value: object) -> None:
    """Write into a cell, as a person does: the column by its header, the row as the program shows it."""
    book = load_workbook(path)
    page = book[name]
    place = [cell.value for cell in page[1]].index(column) + 1
    page.cell(row, place).value = value
    book.save(path)


@asynccontextmanager
async def opened_in_time(settings: Settings, screen: Progress, stop: StopEvent) -> AsyncIterator[StoreSession]:
    """The store as the watcher opens it; the virtual clock stands still while the ledger's thread writes."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    async with open_store(settings, screen, stop) as desk:
        loop.busy.append(desk.ledger.is_writing)
        try:
            yield desk
        finally:
            loop.busy.remove(desk.ledger.is_writing)
