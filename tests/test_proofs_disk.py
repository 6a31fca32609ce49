"""A full disk, a home that cannot be written, a damaged ledger: it stops before it sends, says so, loses nothing."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from batch.sandbox import Behaviour, Sandbox
from tests.proofs.warehouse import PLENTY, Warehouse, numbers, orders, proved, write_export

MANY = 6
NOWHERE = Path("/proc/shipbatch")  # no user can make a file there
OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def warehouse(sandbox: OpenSandbox, tmp_path: Path) -> Warehouse:
    """Six orders to ship, in a store that would ship them twice if it were asked to."""
    write_export(tmp_path / "export.csv", MANY)
    box = await sandbox(orders(MANY), quota=PLENTY, behaviour=Behaviour(refuses_overshipping=False))
    return Warehouse(box, tmp_path)


def test_a_disk_that_fills_up_at_any_stage_loses_and_doubles_nothing() -> None:
    """From no room for the ledger to just too little for the sheet; with room again, everything ships once."""
    assert "0 doubled, 0 lost, 0 wrong" in proved("tests.proofs.disk", "--step", "24000")


@pytest.mark.parametrize("where", ["a file", NOWHERE.as_posix()])
async def test_a_home_that_cannot_be_written_stops_the_run_before_its_first_request(
    warehouse: Warehouse, where: str
) -> None:
    """Exit status 2, with the path; the store is not even asked."""
    (warehouse.folder / "a file").touch()
    done = await warehouse.run(home=where)
    assert done.status == 2
    assert str(warehouse.folder / where) in done.err
    assert "Traceback" not in done.err
    assert not warehouse.box.requests


async def test_a_damaged_ledger_stops_the_run_and_the_store_keeps_it_from_doubling(warehouse: Warehouse) -> None:
    """Nothing is sent on a ledger that cannot be trusted; without it, what is there is recognised in the store."""
    assert (await warehouse.run("--limit=3")).summary["created"] == 3
    ledger = warehouse.folder / "home" / "ledger.sqlite3"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    for beside in ledger.parent.glob("ledger.sqlite3-*"):
        beside.unlink()
    asked = len(warehouse.box.requests)
    done = await warehouse.run()
    assert done.status == 2
    assert f"{ledger}: it is damaged" in done.err
    assert len(warehouse.box.requests) == asked
    ledger.unlink()
    again = await warehouse.run()
    assert again.status == 0, again.err
    assert (again.summary["already_created"], again.summary["created"]) == (3, 3)
    assert warehouse.shipped == Counter(numbers(MANY))


async def test_a_sheet_that_cannot_be_written_is_written_later_from_the_ledger(warehouse: Warehouse) -> None:
    """Exit status 74: everything is shipped and recorded; `history RUN --results` makes up for the sheet."""
    done = await warehouse.run(f"--results={NOWHERE.parent}/sheet.xlsx")
    assert done.status == 74
    assert f"history {done.summary['run']} --results" in done.err
    assert warehouse.shipped == Counter(numbers(MANY))
    asked = len(warehouse.box.requests)
    rewritten = await (await warehouse.start("history", done.summary["run"], "--results")).end()
    assert rewritten.status == 0, rewritten.err
    assert (warehouse.folder / "export.results.xlsx").is_file()
    assert len(warehouse.box.requests) == asked
