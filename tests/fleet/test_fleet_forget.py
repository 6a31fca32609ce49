"""`forget` with a queue: a person leaves the database's exports and the sheets of the queue."""

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from shop import number, table
from terminal import Terminal
from yard import Yard

from batch.fleet import QueueItem
from batch.sandbox import Sandbox

MAIL = "josephine.canary@example.org"
CANARY = ("Josephine Canary-Customer", "17 Canary Street", MAIL, "+44 7700 900177")
HEADER = ("Order ID", "SKU", "Quantity", "Tracking Number", "Ship To", "Street", "Email", "Phone")
TABLES = (
    "SELECT table_schema, table_name FROM information_schema.tables"
    " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
)


@pytest.fixture
async def yard(database: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


async def traces(yard: Yard) -> set[str]:
    """The tables with any byte of the canary in a row, also within workbooks."""
    found: set[str] = set()
    for schema, name in await yard.queue.query(TABLES):
        for row in await yard.queue.query(f'SELECT * FROM "{schema}"."{name}"'):
            if any(
                word.encode() in part for cell in row for part in parts(cell) for word in CANARY
            ):
                found.add(name)
    return found


def parts(cell: object) -> list[bytes]:
    if not isinstance(cell, bytes):
        return [str(cell).encode()]
    if not zipfile.is_zipfile(io.BytesIO(cell)):
        return [cell]
    with zipfile.ZipFile(io.BytesIO(cell)) as book:
        return [book.read(part) for part in book.namelist()]


async def put(yard: Yard, box: Sandbox, *orders: int, header: tuple[str, ...] = HEADER) -> int:
    rows = [(each, "MUG", 1, number(each), *CANARY) for each in orders]
    entry = QueueItem("/srv/file.csv", table(*rows, header=header).encode(), ask={})
    (file,) = await yard.queue.put(yard.settings(box).store, [entry], "ann")
    return file


def machine(yard: Yard, box: Sandbox) -> Terminal:
    shell = Terminal(yard.folder, box)
    shell.environ["SHIPBATCH_DATABASE"] = yard.database
    return shell


@pytest.mark.parametrize("what", ["101", MAIL])
async def test_a_customer_leaves_the_database(yard: Yard, what: str) -> None:
    """Its exports, and sheets and sentences of the queue; what was shipped stays."""
    box = await yard.store()
    async with yard.worker():
        await put(yard, box, 100, 101)
        await yard.finished()
    assert await traces(yard) == {"exports", "files"}
    told = await machine(yard, box)("forget", what)
    assert (told.status, await traces(yard)) == (0, set()), told.all
    assert await yard.queue.query("SELECT count(*) FROM shipbatch.records") == [(2,)]


async def test_a_file_in_line_is_shipped_first(yard: Yard) -> None:
    """It is named, with the command that takes it out of the line."""
    box = await yard.store()
    async with yard.worker():  # the ledger's first run
        await put(yard, box, 102)
        await yard.finished()
    file = await put(yard, box, 100, 101)
    shell = machine(yard, box)
    told = await shell("forget", MAIL)
    assert told.status == 3
    assert f"--queued {file} --answer skip" in told.out
    await shell("decide", "--queued", str(file), "--answer", "skip")
    assert (await shell("forget", MAIL)).status == 0
    assert await traces(yard) == set()


async def test_a_file_that_asks_goes_anyway(yard: Yard) -> None:
    """On a person's word; its questions quote its cells, and go too."""
    box = await yard.store()
    async with yard.worker():
        await put(yard, box, 102)
        await put(yard, box, 100, 101, header=("Order ID", "SKU", "Quantity", "A", *HEADER[4:]))
        await yard.finished()
    shell = machine(yard, box)
    assert "held" in (await yard.states()).values()
    assert (await shell("forget", MAIL)).status == 3
    assert (await shell("forget", MAIL, "--anyway")).status == 0
    assert await traces(yard) == set()
