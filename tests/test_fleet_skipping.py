"""A file that blocks its store's line is taken out of it by a person; what stands behind it goes on."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from ledger_samples import parcel, planned, run_of
from pytest_aiohttp import AiohttpServer
from terminal import Terminal
from yard import Yard, rows_of, until

from batch.cli.queue import cancel_queued
from batch.config import Database
from batch.errors import ConfigError, NothingSent
from batch.fleet import QueueItem, cancel_file, file_job, queue_status, worker
from batch.ledger import open_ledger, read_ledger
from batch.sandbox import Fault, Faults


@pytest.fixture
async def yard(database: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


async def test_an_address_that_never_answers_keeps_no_other_file_waiting(
    yard: Yard, aiohttp_server: AiohttpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn that waits for it ends within its next sign of life; so does its worker, whose thread hangs on."""
    monkeypatch.setattr(file_job, "SHOWN_EVERY", 0.1)
    monkeypatch.setattr("batch.fleet.status.HUNG", 0.0)
    box, asked, never = await yard.store(), asyncio.Event(), asyncio.Event()

    async def silence(_: web.Request) -> web.Response:
        asked.set()
        await never.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/export.csv", silence)
    server = await aiohttp_server(app)
    entry = QueueItem("export.csv", address=str(server.make_url("/export.csv")))
    (first,) = await yard.queue.put(yard.settings(box).store, [entry], "ann")
    (second,) = await yard.put(box, rows_of([100]))
    async with yard.worker():
        await asked.wait()

        async def is_named() -> bool:
            told = await queue_status(yard.queue, yard.database)
            return any(f"decide --queued {first} --answer skip" in one["todo"] for one in told.data["stuck"])

        await until(is_named, lambda: yard.screen.lines)
        told = await cancel_file(yard.queue, first, "ann", "its server is gone")
        assert f"File {first} of the queue" in told.lines[0]
        out, after = await yard.finished(first, second)
    assert (out["state"], out["exit_status"], after["state"]) == ("failed", 1, "done")
    assert out["told"][0].startswith("ann has taken it out of the line, 20")
    assert out["told"][0].endswith(": its server is gone.")
    assert len(box.shipments()) == 1
    never.set()


async def test_what_was_shipped_before_is_recorded_and_nothing_more_is_sent(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in flight is finished; queued again, the rest ships."""
    monkeypatch.setattr(file_job, "SHOWN_EVERY", 0.05)
    box = await yard.store(60, faults=Faults(Fault(delay=0.1, method="POST")))
    async with yard.worker(workers=2):
        (first,) = await yard.put(box, rows_of(range(100, 160)))
        await until(lambda: asyncio.sleep(0, box.shipments()))
        await cancel_file(yard.queue, first, "ann", "")

        async def has_ended() -> bool:
            with read_ledger(Database(yard.database)) as ledger:
                return all(run.finished for run in ledger.runs())

        await until(has_ended)
        shipped = len(box.shipments())
        assert 0 < shipped < 60
        (row,) = await yard.queue.rows([first])
        assert (row["state"], row["summary"]) == ("failed", None)
        box.faults.clear()
        (again,) = await yard.put(box, rows_of(range(100, 160)))
        (row,) = await yard.finished(again)
    assert (row["state"], row["summary"]["created"]) == ("done", 60 - shipped)
    assert sorted(one["order_id"] for one in box.shipments()) == [*range(100, 160)]


async def test_what_a_dead_worker_left_of_it_is_not_carried_over(yard: Yard) -> None:
    """Its run did not end; a later night would go on with it."""
    box = await yard.store()
    store = yard.settings(box).store
    (number,) = await yard.put(box, rows_of([100]))
    mine, other = (replace(run_of(f"20261123-120000-000{n}", store), profile={"queued": n}) for n in (number, 7))
    async with open_ledger(Database(yard.database)) as ledger:
        for run in (mine, other):
            await ledger.begin(run)
        await planned(ledger, mine.run_id, [parcel(100, "1Z100")])
        await cancel_file(yard.queue, number, "ann", "")
        assert [each.summary for run in (mine, other) if (each := ledger.run(run.run_id))] == [{"carries": False}, {}]


async def test_nor_is_what_a_file_left_on_which_all_workers_die(yard: Yard) -> None:
    """They would die on it again, every quarter of an hour."""
    box = await yard.store()
    (number,) = await yard.put(box, rows_of([100]))
    ((digest,),) = await yard.queue.query("SELECT sha256 FROM shipbatch.files")
    run = replace(run_of(store=yard.settings(box).store), sha256=digest, profile={"queued": number, "carries": True})
    async with open_ledger(Database(yard.database)) as ledger:
        await ledger.begin(run)
        await planned(ledger, run.run_id, [parcel(100, "1Z100")])
        await yard.queue.execute(
            "UPDATE shipbatch.files SET state = 'working', open = true, deaths = %s", worker.DEATHS
        )
        async with yard.worker():
            await yard.finished()
        left = ledger.run(run.run_id)
    assert left is not None
    assert (left.exit_status, left.summary) == (70, {"carries": False})


async def test_what_is_not_in_line_is_said_as_such(yard: Yard) -> None:
    box, other = await yard.store(), await yard.store()
    numbers = await yard.put(box, *(rows_of([order]) for order in (100, 101, 102)))
    await yard.queue.execute("UPDATE shipbatch.files SET state = 'done' WHERE file_id = %s", numbers[0])
    await yard.queue.execute("UPDATE shipbatch.files SET state = 'held', run_id = 'r' WHERE file_id = %s", numbers[1])
    store = yard.settings(other).store
    for number, of, words in (
        (99, "", "no file 99"),
        (numbers[0], "", "is finished: done"),
        (numbers[1], "", "waits for a person"),
        (numbers[2], store, f"is not of {store}"),
    ):
        with pytest.raises(NothingSent, match=words) as wrong:
            await cancel_file(yard.queue, number, "ann", "", of)
        assert wrong.value.todo
    assert (await yard.states())[numbers[2]] == "waiting"


async def test_the_command_needs_no_token(yard: Yard, tmp_path: Path) -> None:
    box = await yard.store()
    (number,) = await yard.put(box, rows_of([100]))
    office = Terminal(tmp_path, box)
    office.environ["SHIPBATCH_DATABASE"] = yard.database
    del office.environ["BIGCOMMERCE_ACCESS_TOKEN"]
    skip = ("decide", "--queued", str(number), "--answer", "skip", "--who", "ann", "--why", "wrong warehouse")
    said = await office(*skip)
    assert (said.status, f"File {number} of the queue, file-0.csv for {box.url}" in said.out) == (0, True), said
    (row,) = await yard.queue.rows([number])
    assert row["told"][0].startswith("ann has taken it out of the line")
    again = await office(*skip)
    assert (again.status, "is finished: failed" in again.err) == (2, True), again


@pytest.mark.parametrize(("answer", "alone"), [("", True), ("ship", True), ("skip", False)])
def test_a_file_in_line_takes_no_other_answer(answer: str, alone: bool) -> None:
    with pytest.raises(ConfigError) as wrong:
        cancel_queued(7, answer, "ann", "", "", alone=alone)
    assert "decide --queued 7 --answer skip" in wrong.value.todo
