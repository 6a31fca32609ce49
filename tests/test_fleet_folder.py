"""A drop folder whose files are shipped by workers: what is dropped comes back filed away, its sheet beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from openpyxl import load_workbook
from shop import HEADER, table
from yard import Yard, rows_of, until

from batch.config import Folder
from batch.fleet import Queue, cancel_file, watch_queued
from batch.primitives.stop import StopEvent
from batch.sandbox import Sandbox
from batch.watcher import WatchedFolder


class Inbox:
    """A folder, and a watcher of it that has no token."""

    def __init__(self, yard: Yard, box: Sandbox, root: Path) -> None:
        self.yard, self.box, self.root = yard, box, root
        root.mkdir()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        stop = StopEvent()
        settings = self.yard.settings(self.box, home="producer").model_copy(update={"token": None})
        post = WatchedFolder(Folder(path=self.root, still=0.1), settings)
        async with Queue.open(self.yard.database) as queue:
            watching = asyncio.create_task(
                watch_queued([post], queue, self.yard.screen, stop, by="ann", polling=True, environ={})
            )
            try:
                yield
            finally:
                stop.set("it was told to stop")
                await watching

    def drop(self, name: str, *rows: tuple[object, ...]) -> None:
        (self.root / name).write_text(table(*rows, header=HEADER))

    def tree(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())

    async def says(self, words: str) -> None:
        """Wait for a line on the screen."""

        async def is_said() -> bool:
            return any(words in line for line in self.yard.screen.lines)

        await until(is_said)

    async def until_filed(self, *names: str) -> None:
        """Wait until these files are there, whatever else is."""

        async def are_there() -> bool:
            return set(names) <= set(self.tree())

        await until(are_there, lambda: f"{self.tree()}\n{self.yard.screen.lines}")

    async def holds(self, *names: str) -> None:
        """Wait until these files are there, and no others."""

        async def are_there() -> bool:
            return self.tree() == sorted(names)

        await until(are_there, lambda: f"{self.tree()}\n{self.yard.screen.lines}")


@pytest.fixture
async def inbox(database: str, tmp_path: Path, in_haste: None) -> AsyncIterator[Inbox]:
    async with Yard.opened(database, tmp_path) as yard:
        yield Inbox(yard, await yard.store(), tmp_path / "inbox")


async def test_files_come_back_with_their_sheets_and_in_their_rooms(inbox: Inbox) -> None:
    async with inbox.yard.worker(), inbox.watched():
        inbox.drop("good.csv", *rows_of([100, 101]))
        await inbox.holds("done/good.csv", "done/good.results.xlsx")
        inbox.drop("bad.csv", (102, "MUG", 500, "1Z999"))
        (inbox.root / "plan.csv").write_text("Holiday plan\n")
        good, bad = ("done/good.csv", "done/good.results.xlsx"), ("failed/bad.csv", "failed/bad.results.xlsx")
        await inbox.holds(*good, *bad, "failed/plan.csv", "failed/plan.error.txt")
    letter = (inbox.root / "failed/plan.error.txt").read_text("utf-8-sig")
    assert letter.startswith("plan.csv came back")
    assert "What to do: " in letter
    assert len(inbox.box.shipments()) == 2


async def test_what_was_in_line_when_its_watcher_died_is_filed_away_by_the_next(inbox: Inbox) -> None:
    async with inbox.watched():
        inbox.drop("night.csv", *rows_of([100]))
        await inbox.holds("working/night.csv")
        await until(inbox.yard.states)
    async with inbox.yard.worker():
        await inbox.yard.finished()
    async with inbox.watched():
        await inbox.holds("done/night.csv", "done/night.results.xlsx")
    assert await inbox.yard.states() == {1: "done"}


async def test_what_was_claimed_and_not_yet_in_line_is_put_in(inbox: Inbox) -> None:
    """Its watcher died between the two."""
    (inbox.root / "working").mkdir()
    inbox.drop("working/night.csv", *rows_of([100]))
    async with inbox.watched(), inbox.yard.worker():
        await inbox.holds("done/night.csv", "done/night.results.xlsx")
    assert len(inbox.box.shipments()) == 1


async def test_a_file_that_was_taken_out_of_the_line_comes_back_with_a_letter(inbox: Inbox) -> None:
    """Who, and why: whoever dropped it finds that beside it."""
    async with inbox.watched():
        inbox.drop("night.csv", *rows_of([100]))
        await inbox.says("night.csv: file 1 of the queue")
        await cancel_file(inbox.yard.queue, 1, "ann", "wrong warehouse")
        await inbox.holds("failed/night.csv", "failed/night.error.txt")
    letter = (inbox.root / "failed/night.error.txt").read_text("utf-8-sig")
    assert letter.startswith("night.csv came back before all of it was sent.\nWhy: ann has taken it out of the line")
    assert "wrong warehouse" in letter


async def test_what_the_database_has_forgotten_is_put_in_again(inbox: Inbox) -> None:
    """It was put back from a copy, or a standby has taken over that had not received all."""
    async with inbox.watched():
        inbox.drop("night.csv", *rows_of([100]))
        await inbox.says("file 1 of the queue")
        await inbox.yard.queue.execute("DELETE FROM shipbatch.files")
        async with inbox.yard.worker():
            await inbox.holds("done/night.csv", "done/night.results.xlsx")
    assert await inbox.yard.states() == {2: "done"}


@pytest.mark.parametrize("place", ["two.results.xlsx", "held/two.results.xlsx"])
async def test_a_held_file_goes_on_when_its_sheet_was_answered(inbox: Inbox, place: str) -> None:
    """Two equal parcels without a number: a person answers in the sheet, dropped back in or where it lies."""
    async with inbox.yard.worker(), inbox.watched():
        inbox.drop("one.csv", (100, "MUG", 1, ""))
        await inbox.holds("done/one.csv", "done/one.results.xlsx")
        inbox.drop("two.csv", (100, "MUG", 1, ""), (101, "MUG", 1, "1Z1"))
        await inbox.holds("done/one.csv", "done/one.results.xlsx", "held/two.csv", "held/two.results.xlsx")
        await inbox.says("two.csv → held")
        answered(inbox.root / "held/two.results.xlsx", inbox.root / place)
        await inbox.until_filed("done/two.csv", "done/two.results.xlsx")

        async def is_cleared() -> bool:
            return not list((inbox.root / "held").iterdir())

        await until(is_cleared, lambda: str(inbox.tree()))
    assert len(inbox.box.shipments()) == 3


def answered(sheet: Path, target: Path) -> None:
    """What a person saves who has answered `ship` for the first row."""
    book = load_workbook(sheet)
    header = [cell.value for cell in book["Results"][1]]
    book["Results"].cell(2, header.index("Decision") + 1, "ship")
    book.save(target)
