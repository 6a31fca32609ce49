"""Files put in line, and shipped by whichever worker has the store's token."""

import asyncio
import os
import platform
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aiohttp import web
from ledger_samples import created, parcel, planned, run_of
from postgres import Postgres
from pytest_aiohttp import AiohttpServer
from shop import HEADER, table
from yard import Yard, rows_of, until

from batch.config import Database
from batch.fleet import (
    Queue,
    QueueItem,
    deliver_sheets,
    file_job,
    maintenance,
    queue_status,
    worker,
)
from batch.fleet.procrastinate_app import request_turn
from batch.ledger import open_ledger
from batch.ledger.postgres.connection import open_link
from batch.ledger.postgres.lease import Lease, acquire_lease
from batch.pipeline import Job
from batch.pipeline.runner import run_files
from batch.primitives.backoff import Backoff
from batch.primitives.stop import StopEvent
from batch.sandbox import Behaviour, Fault, Faults


@pytest.fixture
async def yard(database: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


async def test_a_queued_file_is_shipped_and_its_end_comes_back(yard: Yard) -> None:
    box = await yard.store()
    async with yard.worker():
        await yard.put(box, rows_of(range(100, 105)))
        (row,) = await yard.finished()
    assert (row["state"], row["exit_status"], row["summary"]["created"]) == ("done", 0, 5)
    assert len(box.shipments()) == 5
    assert (await yard.queue.sheet(row["file_id"]) or b"").startswith(b"PK")
    assert row["sheet_name"] == "file-0.results.xlsx"


async def test_a_stores_files_are_shipped_in_the_order_they_came(yard: Yard) -> None:
    boxes = [await yard.store(6) for _ in range(3)]
    for box in boxes:
        await yard.put(box, *(rows_of([order]) for order in range(100, 106)))
    async with yard.worker():
        await yard.finished()
    for box in boxes:
        assert [one["order_id"] for one in sorted(box.shipments(), key=lambda one: one["id"])] == [
            *range(100, 106)
        ]


async def test_many_may_open_a_new_queue_at_once(database: str) -> None:
    """The tables are made once, whoever comes first."""

    async def put(store: str) -> list[int]:
        async with Queue.open(database) as queue:
            return await queue.put(store, [QueueItem("a.csv", b"Order ID\n")], "ann")

    numbers = await asyncio.gather(*(put(f"store-{k}") for k in range(8)))
    assert sorted(n for some in numbers for n in some) == [*range(1, 9)]


async def test_a_large_store_does_not_starve_a_small_one(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slot: the large store's turn ends, the small one ships, the large one goes on with the
    run that it began.
    """
    monkeypatch.setattr(maintenance, "LOOK", 0.1)
    large, small = (
        await yard.store(300, faults=Faults(Fault(delay=0.05, method="POST"))),
        await yard.store(3),
    )
    async with yard.worker(side_by_side=1, turn=0.3, workers=4):
        (first,) = await yard.put(large, rows_of(range(100, 400)))
        await until(lambda: asyncio.sleep(0, large.shipments()))
        (second,) = await yard.put(small, rows_of(range(100, 103)))
        await yard.finished(second)
        assert (await yard.states())[first] == "working"
        (row,) = await yard.finished(first)
    assert (len(large.shipments()), row["summary"]["created"]) == (300, 300)
    turns = await yard.queue.query("SELECT turns FROM shipbatch.files WHERE file_id = %s", first)
    assert turns[0][0] > 1
    assert large.counts["GET /orders"] < 3 * 300 / 50 + 2 * turns[0][0]


async def test_what_cannot_be_used_comes_back_with_what_to_do(yard: Yard) -> None:
    """And the store's next file is shipped."""
    box = await yard.store()
    settings = yard.settings(box)
    numbers = await yard.queue.put(
        settings.store, [QueueItem("/srv/plan.csv", b"Holiday plan\n")], "ann"
    )
    numbers += await yard.put(box, rows_of([100]))
    async with yard.worker():
        bad, good = await yard.finished(*numbers)
    assert (bad["state"], bad["exit_status"], good["state"]) == ("failed", 2, "done")
    assert "no row looks like a header" in bad["told"][0]


async def test_a_file_with_questions_is_held_alone_and_goes_on_once_they_are_answered(
    yard: Yard, in_haste: None
) -> None:
    """The store's next file is shipped meanwhile; an answer that was given with a file travels."""
    box = await yard.store()
    settings = yard.settings(box)
    header = (*HEADER[:3], "UOM", *HEADER[3:])
    content = table((100, "MUG", 1, "CS", "1Z100"), header=header).encode()
    asked = await yard.queue.put(settings.store, [QueueItem("/srv/new.csv", content)], "ann")
    good = await yard.put(box, rows_of([101]))
    async with yard.worker():
        new, other = await yard.finished(*asked, *good)
        assert (new["state"], new["exit_status"], other["state"]) == ("held", 2, "done")
        assert "--answer unit:CS=1" in new["told"][1]
        given = {"answers": {"unit:CS": "1"}}
        again = await yard.queue.put(
            settings.store, [QueueItem("/srv/same.csv", content, ask=given)], "bo"
        )

        async def goes_on() -> bool:
            states = await yard.states()
            return {states[number] for number in (*asked, *again)} == {"done"}

        await until(goes_on)
    assert len(box.shipments()) == 2


async def test_a_worker_fetches_what_lies_at_an_address(
    yard: Yard, aiohttp_server: AiohttpServer
) -> None:
    """Whoever queues it needs no access to it; from then on its content is in the database."""
    box, app = await yard.store(), web.Application()

    async def export(_: web.Request) -> web.Response:
        return web.Response(text=table(*rows_of([100, 101]), header=HEADER))

    app.router.add_get("/export.csv", export)
    server = await aiohttp_server(app)
    entry = QueueItem("export.csv", address=str(server.make_url("/export.csv")))
    await yard.queue.put(yard.settings(box).store, [entry], "ann")
    async with yard.worker():
        (row,) = await yard.finished()
    assert (row["state"], row["summary"]["created"]) == ("done", 2)
    (kept,) = await yard.queue.query("SELECT sha256 FROM shipbatch.files")
    assert await yard.queue.export_content(kept[0])


async def test_what_was_asked_of_a_run_travels(yard: Yard) -> None:
    box = await yard.store()
    rows = [(order, 1, f"T1{order}", "MUG") for order in range(100, 105)]
    content = table(*rows, header=("Auftrag", "Menge", "Paket", "Artikel")).encode()
    columns = {
        "order_id": "Auftrag",
        "quantity": "Menge",
        "tracking_number": "Paket",
        "sku": "Artikel",
    }
    entry = QueueItem("export.csv", content, ask={"map": columns, "limit": 2})
    await yard.queue.put(yard.settings(box).store, [entry], "ann")
    async with yard.worker():
        (row,) = await yard.finished()
    assert (row["summary"]["created"], row["summary"]["not_sent"]) == (2, 3)


async def test_a_store_that_refuses_is_waited_for_and_its_files_keep_their_order(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "BACKOFF", Backoff((0.3,)))
    box = await yard.store()
    box.faults = Faults(Fault(401))
    await yard.put(box, rows_of([101]), rows_of([100]))
    async with yard.worker():

        async def is_stuck() -> bool:
            told = await queue_status(yard.queue, yard.database)
            return any(
                "token" in one["why"] and "start it anew" in one["why"]
                for one in told.data["stuck"]
            )

        await until(is_stuck, lambda: yard.screen.lines)
        assert await yard.states() == {1: "working", 2: "waiting"}
        box.faults.clear()
        await yard.finished()
    assert [one["order_id"] for one in sorted(box.shipments(), key=lambda one: one["id"])] == [
        101,
        100,
    ]


async def test_a_dead_workers_store_is_given_to_another(yard: Yard, in_haste: None) -> None:
    """Its job is under way for all that procrastinate knows; nobody has the lease."""
    box = await yard.store()
    await yard.put(box, rows_of([100]))
    manager = yard.queue.app.job_manager
    dead = await manager.register_worker()
    assert await manager.fetch_job(queues=None, worker_id=dead)
    await manager.unregister_worker(dead)
    async with yard.worker():
        await yard.finished()
    assert len(box.shipments()) == 1


async def test_who_has_lost_a_store_begins_no_turn_in_it(yard: Yard, tmp_path: Path) -> None:
    """A worker that was paused after it had opened the store: the new owner's turn stays the
    newest.
    """
    box = await yard.store()
    store, place = yard.settings(box).store, Database(yard.database)
    await yard.put(box, rows_of([100]))

    def lease(home: str) -> AbstractAsyncContextManager[Lease]:
        return acquire_lease(
            lambda: open_link(place), store, tmp_path / home, 0.0, lambda who: None
        )

    async with lease("paused") as old:
        await yard.queue.execute("UPDATE shipbatch.owners SET until = clock_timestamp()")
        async with lease("other") as new:
            file = await yard.queue.take(store, "other", new.runner)
            assert file is not None
            assert await yard.queue.take(store, "paused", old.runner) is None
            assert await yard.queue.show(file, "Shipping", 1, 2, None)


async def test_a_store_whose_turn_nobody_asked_for_is_found(yard: Yard, in_haste: None) -> None:
    """Whoever queued the file died before it could."""
    box = await yard.store()
    await yard.put(box, rows_of([100]))
    await yard.queue.execute("DELETE FROM procrastinate.procrastinate_jobs")
    async with yard.worker():
        await yard.finished()


async def test_a_file_on_which_workers_die_does_not_kill_them_for_ever(yard: Yard) -> None:
    box = await yard.store()
    await yard.put(box, rows_of([100]), rows_of([101]))
    await yard.queue.execute(
        "UPDATE shipbatch.files SET state = 'working', open = true, deaths = %s WHERE file_id = 1",
        worker.DEATHS,
    )
    async with yard.worker():
        bad, good = await yard.finished()
    assert (bad["state"], bad["exit_status"], good["state"]) == ("failed", 70, "done")
    assert "workers in a row have died on it" in bad["told"][0]


@pytest.mark.parametrize("kill", [False, True])
async def test_a_database_that_restarts_costs_nothing(
    yard: Yard, postgres: Postgres, in_haste: None, kill: bool
) -> None:
    """Workers wait and go on: nothing is doubled, nothing lost, no file fails."""
    behaviour = Behaviour(refuses_overshipping=False)
    box = await yard.store(60, faults=Faults(Fault(delay=0.02, method="POST")), behaviour=behaviour)
    async with yard.worker(workers=2):
        await yard.put(box, rows_of(range(100, 130)), rows_of(range(130, 160)))
        await until(lambda: asyncio.sleep(0, box.shipments()))
        await asyncio.to_thread(lambda: postgres.restart(kill=kill))
        rows = await yard.finished(1, 2)
    assert [row["state"] for row in rows] == ["done", "done"]
    assert sorted(one["order_id"] for one in box.shipments()) == [*range(100, 160)]


async def test_the_fleets_status_says_what_is_stuck_and_what_to_do(yard: Yard) -> None:
    box, other = await yard.store(), await yard.store()
    await yard.put(box, rows_of([100]))
    told = await queue_status(yard.queue, yard.database)
    assert told.data["stuck"] == [
        {
            "what": "the queue",
            "why": "no worker is alive",
            "todo": "Start `shipbatch worker` on a machine.",
        }
    ]
    async with yard.worker(other):

        async def is_known() -> bool:
            nonlocal told
            told = await queue_status(yard.queue, yard.database)
            return bool(told.data["workers"])

        await until(is_known)
    (stuck,) = told.data["stuck"]
    assert (stuck["what"], stuck["why"]) == (
        yard.settings(box).store,
        "no living worker has its token",
    )
    assert told.data["waiting"] == 1
    assert any("stuck" in line for line in told.lines)


async def test_a_worker_that_is_started_again_takes_the_place_of_the_dead_one(yard: Yard) -> None:
    """What was done about it is no longer asked for; one that lives, of this machine or another,
    stays.
    """
    box = await yard.store()
    gone = 2**22 + 1  # more than any process's number
    sql = (
        "INSERT INTO shipbatch.workers (worker, host, pid, version, stores, slots, seen)"
        " VALUES (%s, %s, %s, '0', '{}', 1, clock_timestamp() - make_interval(secs => 60))"
    )
    for host, pid in ((platform.node(), gone), (platform.node(), os.getppid()), ("another", gone)):
        await yard.queue.execute(sql, f"{host}:{pid}", host, pid)
    async with yard.worker(box):

        async def has_begun() -> bool:
            return bool(
                await yard.queue.query(
                    "SELECT 1 FROM shipbatch.workers WHERE pid = %s", os.getpid()
                )
            )

        await until(has_begun)
        left = await yard.queue.query("SELECT host, pid FROM shipbatch.workers")
    mine, other = ((platform.node(), pid) for pid in (os.getpid(), os.getppid()))
    assert sorted(left) == sorted([("another", gone), other, mine])


async def test_files_that_are_finished_go_after_a_while(yard: Yard) -> None:
    """But none that waits for somebody, or for its folder's watcher to file it away."""
    box = await yard.store()
    ends: dict[str, str] = {
        "old": "state = 'done'",
        "filed": "state = 'failed', folder = 'inbox', filed = clock_timestamp()",
        "not filed": "state = 'done', folder = 'inbox'",
        "held": "state = 'held'",
        "new": "state = 'done', ended = clock_timestamp()",
        "waiting": "ended = NULL",
    }
    for number, end in zip(await yard.put(box, *([[]] for _ in ends)), ends.values(), strict=True):
        sql = (
            "UPDATE shipbatch.files SET ended = now() - interval '91 days', sheet = 'x' WHERE"
            f" file_id = {number}"
        )
        await yard.queue.execute(sql)
        await yard.queue.execute(f"UPDATE shipbatch.files SET {end} WHERE file_id = {number}")
    await maintenance.expire(yard.queue, 90)
    rows = await yard.queue.query(
        "SELECT file_id, sheet IS NOT NULL FROM shipbatch.files ORDER BY file_id"
    )
    names = list(ends)
    assert [(names[number - 1], has) for number, has in rows] == [
        ("not filed", False),
        ("held", False),
        ("new", True),
        ("waiting", True),
    ]


async def test_stores_that_somebody_serves_are_looked_after(yard: Yard) -> None:
    """Whether or not a row of a file is left of them."""
    box, other = await yard.store(), await yard.store()
    await yard.put(box, rows_of([100]))
    async with yard.worker(box):
        await yard.finished()
        await yard.queue.execute("DELETE FROM shipbatch.files")
        await yard.queue.execute(
            "INSERT INTO shipbatch.owners VALUES (%s, 1, NULL, now())", yard.settings(other).store
        )
        assert await maintenance.stores_served(yard.queue) == [yard.settings(box).store]


async def test_a_runner_that_may_still_send_is_named_and_forgotten_when_nothing_is_in_doubt(
    yard: Yard,
) -> None:
    """One of a machine that is gone: its shipment is in doubt until a person has looked at the
    order.
    """
    box = await yard.store()
    run = run_of(store=yard.settings(box).store)
    sql = (
        "INSERT INTO shipbatch.runners VALUES (%s, 'gone', '/x.lock', 12, 'shipbatch run', now() -"
        " %s::interval)"
    )
    for runner, age in (("sender", "8 days"), ("idle", "8 days"), ("recent", "6 days")):
        await yard.queue.execute(sql, runner, age)
    async with open_ledger(Database(yard.database)) as ledger:
        await ledger.begin(run)
        (record,) = await planned(ledger, run.run_id, [parcel()])
        await ledger.intend(record.record_id, {"runner": "sender"})

        async def left() -> list[str]:
            await maintenance.expire(yard.queue, 90)
            return [
                runner
                for (runner,) in await yard.queue.query(
                    "SELECT runner FROM shipbatch.runners ORDER BY 1"
                )
            ]

        (stuck,) = (await queue_status(yard.queue, yard.database)).data["stuck"]
        assert stuck["what"].startswith("`shipbatch run` (process 12 on gone, since 20")
        assert f"1 shipment of {run.store}" in stuck["why"]
        assert await left() == ["recent", "sender"]
        await ledger.move(record, created(1, record.shipment), "response")
        assert (await queue_status(yard.queue, yard.database)).data["stuck"] == []
        assert await left() == ["recent"]


async def test_a_store_has_one_turn_in_line_at_most(yard: Yard) -> None:
    """However often it is asked for: stores have their turns in a circle."""
    assert [await request_turn(yard.queue.app, "store") for _ in range(3)] == [True, False, False]


async def test_another_stores_plan_is_sent_back_and_keeps_no_file_waiting(
    yard: Yard, tmp_path: Path
) -> None:
    """What no later turn could mend is finished, so that the store's next file has its turn."""
    other, box = await yard.store(), await yard.store()
    export = tmp_path / "export.csv"
    export.write_text(table(*rows_of([100]), header=HEADER))
    tour = await run_files([Job(export, dry=True)], yard.settings(other), yard.screen, StopEvent())
    plan = tour.reports[0].sheet
    assert plan is not None
    entry = QueueItem("/home/ann/export.plan.xlsx", plan.read_bytes(), ask={"plan": True})
    await yard.queue.put(yard.settings(box).store, [entry], "ann")
    await yard.put(box, rows_of([100]))
    async with yard.worker(box):
        wrong, right = await yard.finished()
    assert (wrong["state"], right["state"], len(box.shipments())) == ("failed", "done", 1)
    assert wrong["told"][0].startswith("/home/ann/export.plan.xlsx is a plan for")


async def test_a_turn_that_cannot_show_how_far_it_is_ends_and_says_why(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could tell it from one that hangs."""
    monkeypatch.setattr(file_job, "SHOWN_EVERY", 0.1)
    monkeypatch.setattr(worker, "BACKOFF", Backoff((0.1,)))
    box = await yard.store(30, faults=Faults(Fault(delay=0.1, method="POST")))
    await yard.queue.execute(
        "ALTER TABLE shipbatch.files ADD CONSTRAINT closed CHECK (stage = '') NOT VALID"
    )
    await yard.put(box, rows_of(range(100, 130)))
    async with yard.worker(workers=1):
        (row,) = await yard.finished()
    assert (row["state"], row["exit_status"]) == ("failed", 70)
    assert "CheckViolation" in row["told"][0]


async def test_a_worker_that_hangs_is_named(yard: Yard, database: str) -> None:
    """It keeps its lease, so that nobody takes its store over: a person has to end it."""
    box = await yard.store()
    store = yard.settings(box).store
    await yard.put(box, rows_of([100]))
    async with yard.worker(box):
        await yard.finished()
        ((worker_,),) = await yard.queue.query("SELECT worker FROM shipbatch.workers")
        hung = (
            "state = 'working', open = true, worker = %s, seen = clock_timestamp() -"
            " make_interval(secs => %s)"
        )
        for silent, todo in ((40, "within a minute"), (2400, f"end its process ({worker_})")):
            await yard.queue.execute(f"UPDATE shipbatch.files SET {hung}", worker_, silent)
            await yard.queue.execute(
                "UPDATE shipbatch.owners SET runner = 'one', until = now() + interval '1 minute'"
            )
            (stuck,) = (await queue_status(yard.queue, database)).data["stuck"]
            assert (stuck["what"], todo in stuck["todo"]) == (store, True), stuck
        await yard.queue.execute("UPDATE shipbatch.files SET state = 'done'")


async def test_an_idle_worker_proves_who_of_its_machine_has_died(
    yard: Yard, tmp_path: Path, in_haste: None
) -> None:
    """What was under way there is in doubt on the other machines until then, and this one may never
    have a turn.
    """
    await yard.store()
    (tmp_path / "free.lock").touch()
    for runner, lock in (("dead", tmp_path / "free.lock"), ("elsewhere", tmp_path / "gone.lock")):
        sql = "INSERT INTO shipbatch.runners VALUES (%s, %s, %s, 1, 'x', now())"
        await yard.queue.execute(sql, runner, platform.node(), str(lock))

    async def is_proven() -> bool:
        return await yard.queue.query("SELECT runner FROM shipbatch.runners") == [("elsewhere",)]

    async with yard.worker():
        await until(is_proven)


async def test_a_sheet_is_delivered_whose_run_the_database_has_forgotten(
    yard: Yard, tmp_path: Path
) -> None:
    """A standby has taken over that had the file's end, and not all of the ledger."""
    box = await yard.store()
    settings = yard.settings(box)
    content = table(*rows_of([100]), header=HEADER).encode()
    numbers = await yard.queue.put(
        settings.store, [QueueItem(str(tmp_path / "a.csv"), content)], "ann"
    )
    async with yard.worker():
        rows = await yard.finished()
    await yard.queue.execute("UPDATE shipbatch.files SET run_id = '20200101-000000-dead'")
    ends = await deliver_sheets(yard.queue, await yard.queue.rows(numbers), settings)
    assert (ends.exit_status, ends.sheets) == (0, {1: tmp_path / "a.results.xlsx"}), rows
