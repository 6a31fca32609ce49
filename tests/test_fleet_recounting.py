"""A finished file's end follows its rows: doubts that are settled, rows that ship later, whoever does it."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from shop import HEADER, table
from test_fleet_folder import Inbox
from yard import Yard, rows_of, until

from batch.commands.decide import Answer, take_decision
from batch.fleet import QueueItem, deliver_sheets, follow_files, queue_status
from batch.model.sheet_format import RESULTS
from batch.pipeline import Job, Pipeline
from batch.pipeline.carry_over import carry_over_leftovers
from batch.pipeline.runner import run_files
from batch.pipeline.session import open_store
from batch.primitives.stop import StopEvent
from batch.sandbox import Fault, Sandbox

LOST = Fault(504, method="POST", performs=1)
"""It is made, and its answer is lost …"""
BLIND = Fault(500, method="GET", path=r"/shipments$")
"""… and the store cannot be read back: it stays in doubt."""
HOUR = 3600.0


@pytest.fixture
async def yard(database: str, tmp_path: Path, in_haste: None) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def doubts_are_settled_by_whom_the_test_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker looks at them by itself."""
    monkeypatch.setattr("batch.fleet.housekeeping.DOUBTS_EVERY", HOUR)


async def doubtful(yard: Yard, orders: range, *faults: Fault) -> tuple[Sandbox, int]:
    """A file that was finished with its first order in doubt; its number."""
    box = await yard.store(len(orders))
    for fault in faults or (Fault(504, method="POST", order=orders[0]), BLIND):
        box.faults.add(fault)
    content = table(*rows_of(orders), header=HEADER).encode()
    (number,) = await yard.queue.put(
        yard.settings(box).store, [QueueItem(str(yard.folder / "night.csv"), content)], "ann"
    )
    async with yard.worker():
        (row,) = await yard.finished(number)
    assert (row["state"], row["exit_status"], row["summary"]["in_doubt"]) == ("held", 3, 1), yard.screen.lines
    box.faults.clear()
    return box, number


async def told_anew(yard: Yard, number: int, **summary: int) -> dict[str, Any]:
    """The file, once a worker has told its end anew."""
    rows: list[dict[str, Any]] = []

    async def is_told() -> bool:
        rows[:] = await yard.queue.rows([number])
        return all((rows[0]["summary"] or {}).get(name) == count for name, count in summary.items())

    async with yard.worker():
        await until(is_told, lambda: f"{rows}\n{yard.screen.lines}")
    return rows[0]


async def sheet(yard: Yard, number: int) -> list[str]:
    """The status of each row in the file's results sheet."""
    content = await yard.queue.sheet(number)
    header, *rows = load_workbook(io.BytesIO(content or b""))[RESULTS].iter_rows(values_only=True)
    return [str(row[header.index("Status")]) for row in rows]


async def shipped_today(yard: Yard) -> int:
    told = await queue_status(yard.queue, yard.database)
    return sum(store["shipped_today"] for store in told.data["stores"])


async def test_a_doubt_that_somebody_else_has_settled(yard: Yard) -> None:
    """Status, exit, sheet and the fleet's count follow, without another run of the file."""
    box, number = await doubtful(yard, range(100, 104))
    assert await shipped_today(yard) == 3
    async with open_store(yard.settings(box, home="other"), yard.screen, StopEvent()) as desk:
        await Pipeline(desk).settle_earlier()
    row = await told_anew(yard, number, created=4, in_doubt=0)
    assert (row["state"], row["exit_status"], row["told"][0][:9]) == ("done", 0, "night.csv")
    assert await sheet(yard, number) == ["created"] * 4
    assert (await shipped_today(yard), len(box.shipments())) == (4, 4)
    ((run,),) = await yard.queue.query("SELECT DISTINCT exit_status FROM shipbatch.runs")
    assert run == 0


@pytest.mark.parametrize(("answer", "status"), [("exists:1", "created"), ("skip", "skipped")])
async def test_a_persons_word_on_a_doubt(yard: Yard, answer: str, status: str) -> None:
    box, number = await doubtful(
        yard, range(100, 102), Fault(504, method="POST", order=100, performs=int(answer != "skip")), BLIND
    )
    made = {one["order_id"]: one["id"] for one in box.shipments()}
    async with open_store(yard.settings(box), yard.screen, StopEvent()) as desk:
        (row,) = await yard.queue.rows([number])
        answer = f"exists:{made[100]}" if answer != "skip" else answer
        await take_decision(desk, row["run_id"], Answer(answer, "ann", order=100))
    await told_anew(yard, number, in_doubt=0, created=1 + (status == "created"))
    row = (await yard.queue.rows([number]))[0]
    assert (row["state"], row["exit_status"], await sheet(yard, number)) == ("done", 0, [status, "created"])


@pytest.mark.parametrize("how", ["resume", "carry-over", "the same file by hand", "a larger file", "queued again"])
async def test_rows_that_ship_later(yard: Yard, how: str) -> None:
    """What the file left unsent for a passing reason; each row counts once, and none ships twice."""
    box, number = await doubtful(yard, range(100, 104), Fault(504, method="POST", order=100, performs=0), BLIND)
    (row,) = await yard.queue.rows([number])
    settings = yard.settings(box, settle=30, home="other", carry_over=7 if how == "carry-over" else 0)
    path = yard.folder / "by hand.csv"
    path.write_text(table(*rows_of(range(100, 104 if how != "a larger file" else 105)), header=HEADER))
    async with open_store(settings, yard.screen, StopEvent()) as desk:
        await take_decision(desk, row["run_id"], Answer("absent", "ann", order=100))
        if how == "carry-over":
            assert [one async for one in carry_over_leftovers(Pipeline(desk), desk)]
    if how == "queued again":
        await yard.queue.put(settings.store, [QueueItem("/srv/again.csv", path.read_bytes())], "ann")
    elif how != "carry-over":
        copy = path if how == "resume" else None
        await run_files([Job(path, copy=copy)], settings, yard.screen, StopEvent())
    await told_anew(yard, number, in_doubt=0, not_sent=0, held=0)
    row = (await yard.queue.rows([number]))[0]
    assert (row["state"], row["exit_status"]) == ("done", 0)
    assert set(await sheet(yard, number)) <= {"created", "already created"}
    assert len(box.shipments()) == 4
    assert await shipped_today(yard) == (3 if how == "a larger file" else 4)


async def test_a_large_ledger_is_not_counted_again_where_nothing_has_changed(yard: Yard) -> None:
    """Whoever was at work with the store."""
    box, number = await doubtful(yard, range(100, 104))
    async with open_store(yard.settings(box), yard.screen, StopEvent()):
        pass

    async def is_looked_at() -> bool:
        sql = "SELECT 1 FROM shipbatch.files JOIN shipbatch.owners USING (store) WHERE files.epoch = owners.epoch"
        return bool(await yard.queue.query(sql))

    assert not await is_looked_at()
    box.faults.add(BLIND)
    async with yard.worker():
        await until(is_looked_at, lambda: yard.screen.lines)
    assert await yard.queue.query("SELECT amended FROM shipbatch.files WHERE file_id = %s", number) == [(None,)]


async def test_whoever_waits_gets_the_sheet_with_what_was_in_doubt(yard: Yard) -> None:
    box, number = await doubtful(yard, range(100, 104))
    waiting = asyncio.create_task(follow_files(yard.queue, [number], yard.screen, StopEvent()))

    async def is_said() -> bool:
        return any("what is in doubt is being settled" in line for line in yard.screen.lines)

    await until(is_said)
    async with open_store(yard.settings(box), yard.screen, StopEvent()) as desk:
        await Pipeline(desk).settle_earlier()
    async with yard.worker():
        ends = await deliver_sheets(yard.queue, await waiting, yard.settings(box))
    assert (ends.exit_status, ends.summary["created"], ends.summary["in_doubt"]) == (0, 4, 0)
    rows = [*load_workbook(ends.sheets[number])[RESULTS].iter_rows(values_only=True)]
    assert {row[rows[0].index("Status")] for row in rows[1:]} == {"created"}


async def test_who_waits_for_what_nobody_settles_does_not_wait_for_ever(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.fleet.follow.LATE", 0.2)
    _, number = await doubtful(yard, range(100, 102))
    (row,) = await follow_files(yard.queue, [number], yard.screen, StopEvent())
    assert row["exit_status"] == 3


async def test_the_drop_folder_gets_the_file_and_its_new_sheet(yard: Yard) -> None:
    """Out of `held`, and nothing of it is left there."""
    box = await yard.store()
    inbox = Inbox(yard, box, yard.folder / "inbox")
    for fault in (Fault(504, method="POST", order=100), BLIND):
        box.faults.add(fault)
    async with inbox.watched(), yard.worker():
        inbox.drop("night.csv", *rows_of([100, 101]))
        await inbox.holds("held/night.csv", "held/night.results.xlsx")
        box.faults.clear()
        async with open_store(yard.settings(box, home="other", wait=30), yard.screen, StopEvent()) as desk:
            await Pipeline(desk).settle_earlier()
        await inbox.holds("done/night.csv", "done/night.results.xlsx")
    rows = [*load_workbook(inbox.root / "done/night.results.xlsx")[RESULTS].iter_rows(values_only=True)]
    assert {row[rows[0].index("Status")] for row in rows[1:]} == {"created"}


async def test_a_queue_of_an_older_version_has_its_stores_in_one_spelling(yard: Yard) -> None:
    """And what is in line of them is shipped."""
    box = await yard.store()
    (number,) = await yard.put(box, rows_of([100]))
    await yard.queue.execute("DELETE FROM procrastinate.procrastinate_jobs")
    await yard.queue.execute("UPDATE shipbatch.files SET store = replace(store, 'localhost', '127.0.0.1')")
    await yard.queue.execute(
        "ALTER TABLE shipbatch.files DROP left_open, DROP shipped, DROP sign, DROP epoch, DROP amended"
    )
    async with yard.worker():
        (row,) = await yard.finished(number)
    assert (row["state"], row["store"]) == ("done", yard.settings(box).store)
