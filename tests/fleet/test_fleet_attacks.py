"""What nobody wishes a fleet: strange names, large files, clocks that are wrong, a database short
of everything.
"""

import asyncio
import io
import os
import signal
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest
import xlsxwriter
from postgres import Postgres
from psycopg.conninfo import conninfo_to_dict
from shop import HEADER, dense, table
from terminal import Terminal
from test_fleet_failover import LENIENT, SLOW, have_shipped
from yard import PLENTY, Yard, rows_of, until

from batch.errors import LedgerError
from batch.fleet import Queue, QueueItem, deliver_sheets, follow_files, worker
from batch.pipeline.input_copies import expire
from batch.primitives.backoff import Backoff
from batch.primitives.stop import StopEvent
from batch.sandbox import Faults, Sandbox
from tests.proofs.warehouse import Running

OpenSandbox = Callable[..., Awaitable[Sandbox]]
NAMES = ["a\nb 'q' \"d\" 😀.csv", "x" * 296 + ".csv", "é" * 125 + ".csv", "../up; rm -rf ~.csv"]


@pytest.fixture
async def yard(database: str, tmp_path: Path) -> AsyncIterator[Yard]:
    async with Yard.opened(database, tmp_path) as opened:
        yield opened


async def test_names_that_are_no_names_travel(yard: Yard, tmp_path: Path) -> None:
    """Their sheets come back beside the exports."""
    box = await yard.store(10)
    folder = tmp_path / "in" / "here"
    folder.mkdir(parents=True)
    contents = [table((100 + k, "MUG", 1, ""), header=HEADER).encode() for k in range(len(NAMES))]
    entries = [
        QueueItem(str(folder / name), content)
        for name, content in zip(NAMES, contents, strict=True)
    ]
    settings = yard.settings(box)
    numbers = await yard.queue.put(settings.store, entries, 'ann "the" O\'Neill\n😀')
    async with yard.worker():
        rows = await follow_files(yard.queue, numbers, yard.screen, StopEvent())
        ends = await deliver_sheets(yard.queue, rows, settings)
    assert [row["state"] for row in rows] == ["done"] * len(NAMES)
    assert ends.problems == []
    found = list((tmp_path / "in").rglob("*.xlsx"))
    assert sorted(found) == sorted(path.resolve() for path in ends.sheets.values())
    assert [path.parent for path in found].count(folder) == 3


async def test_a_large_file_travels(yard: Yard) -> None:
    """30 MB, of which most is of no interest."""
    box = await yard.store(30)
    rows = [(*row, "x" * 1_000_000) for row in rows_of(range(100, 130))]
    content = table(*rows, header=(*HEADER, "Picture")).encode()
    await yard.queue.put(yard.settings(box).store, [QueueItem("/srv/large.csv", content)], "ann")
    async with yard.worker():
        (row,) = await yard.finished()
    assert (row["state"], row["summary"]["created"]) == ("done", 30), row


async def test_what_a_workbook_holds_and_the_database_does_not_is_told_all_the_same(
    yard: Yard, tmp_path: Path
) -> None:
    """A NUL in a header that the complaint quotes: the file comes back at once, as what it is."""
    with xlsxwriter.Workbook(tmp_path / "plain.xlsx") as book:
        sheet = book.add_worksheet()
        for place, row in enumerate((("What@NUL@", "SKU", "Quantity"), ("a", "MUG", "1"))):
            sheet.write_row(place, 0, row)
    content = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(content, "w") as odd:
        for name in plain.namelist():
            odd.writestr(name, plain.read(name).replace(b"@NUL@", b"_x0000_"))
    await yard.queue.put(
        yard.settings(await yard.store()).store, [QueueItem("a.xlsx", content.getvalue())], "ann"
    )
    async with yard.worker():
        (row,) = await yard.finished()
    assert (row["state"], row["exit_status"], "`What\ufffd`" in row["told"][0]) == (
        "failed",
        2,
        True,
    ), row


async def test_workers_of_one_home_do_not_touch_each_others_files(yard: Yard) -> None:
    """Same machine, same SHIPBATCH_HOME: stores are shared out, each turn has its own folder."""
    boxes = [await yard.store(4) for _ in range(4)]
    async with yard.worker(side_by_side=2), yard.worker(side_by_side=2):
        for box in boxes:
            await yard.put(box, rows_of([100, 101]), rows_of([102, 103]))
        rows = await yard.finished()
    assert {row["state"] for row in rows} == {"done"}
    assert [sorted(one["order_id"] for one in box.shipments()) for box in boxes] == [
        [100, 101, 102, 103]
    ] * 4
    assert list((yard.folder / "home" / "queued").iterdir()) == []


def test_what_has_expired_goes_whoever_is_faster(tmp_path: Path) -> None:
    """Copies, what was fetched, and what a killed worker's turn has left; another worker of this
    home may be at it.
    """
    old = [tmp_path / name for name in ("fetched/a.csv", "copies/abc", "queued/5-1")]
    new = [tmp_path / name for name in ("fetched/b.csv", "copies/def", "queued/6-1")]
    for path in (*old, *new):
        path.parent.mkdir(exist_ok=True)
        path.touch() if path.suffix else path.mkdir()
    for path in old:
        os.utime(path, (0, 0))
    gone = tmp_path / "fetched" / "gone.csv"  # listed, and no longer there when it is looked at
    gone.symlink_to(tmp_path / "nowhere")
    expire(tmp_path, 90, {})
    assert [path.exists() for path in (*old, *new)] == [False] * 3 + [True] * 3


async def test_clocks_that_are_an_hour_off_make_no_difference(yard: Yard) -> None:
    """A file begun by a worker whose clock is ahead is finished by one whose clock is behind."""
    box = await yard.store(30, faults=Faults(SLOW), behaviour=LENIENT)
    numbers = await yard.put(box, rows_of(range(100, 120)), rows_of(range(120, 130)))
    ahead, behind = at_the_wrong_time(yard, "ahead", 3600), at_the_wrong_time(yard, "behind", -3600)
    first = Running(await ahead.start("worker"))
    await until(partial(have_shipped, yard, 5))
    first.tell(signal.SIGTERM)
    assert (await first.end()).status == 143
    async with behind.at_work("worker"):
        rows = await follow_files(yard.queue, numbers, yard.screen, StopEvent())
    assert [(row["state"], row["exit_status"]) for row in rows] == [("done", 0), ("done", 0)]
    assert rows[0]["summary"]["created"] + rows[0]["summary"]["already_created"] == 20
    assert [one["order_id"] // 120 for one in box.shipments()] == [0] * 20 + [1] * 10
    assert Counter(one["order_id"] for one in box.shipments()) == Counter(range(100, 130))


def at_the_wrong_time(yard: Yard, name: str, seconds: float) -> Terminal:
    """A machine with the store's token, whose clock is so far off."""
    (yard.folder / name).mkdir()
    machine = Terminal(yard.folder / name, yard.boxes[0])
    travel = f"time_machine.travel(time.time() + {seconds}).start()"
    machine.write("sitecustomize.py", f"import time, time_machine\n{travel}\n")
    machine.environ["PYTHONPATH"] = f"{machine.folder}:{machine.environ['PYTHONPATH']}"
    machine.environ["SHIPBATCH_DATABASE"] = yard.database
    return machine


async def test_a_database_without_a_connection_left_is_waited_for(
    guest: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, with PostgreSQL's words for it; nothing is lost, and nobody keeps what others
    need.
    """
    monkeypatch.setattr(worker, "LATER", 0.3)
    name = conninfo_to_dict(database)["dbname"]
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} OWNER TO guest")
        async with Yard.opened(guest, tmp_path) as yard:
            boxes = [await yard.store(3) for _ in range(3)]
            for box in boxes:
                await yard.put(box, rows_of(range(100, 103)))
            # the queue's own, and not a turn's as well
            admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 5")
            async with yard.worker():
                await until(
                    partial(is_said, yard, "too many connections"), lambda: yard.screen.lines
                )
                assert await have_shipped(yard, 1) is False
                admin.execute(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
                rows = await yard.finished()
        admin.execute(f"ALTER DATABASE {name} OWNER TO postgres")
    assert [row["summary"]["created"] for row in rows] == [3, 3, 3]


async def is_said(yard: Yard, words: str) -> bool:
    return any(words in line for line in yard.screen.lines)


async def test_a_queue_needs_no_right_that_it_was_given_once(guest: str, database: str) -> None:
    """Where the schemas are there; else the one that is missing is named."""
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA shipbatch AUTHORIZATION guest")
        with pytest.raises(LedgerError, match="may not do that") as refused:
            async with Queue.open(guest):
                pass
        assert "procrastinate" in refused.value.todo
        admin.execute("CREATE SCHEMA procrastinate AUTHORIZATION guest")
        async with Queue.open(guest) as queue:
            assert await queue.put("store", [QueueItem("a.csv", b"Order ID\n")], "ann") == [1]


async def test_a_database_of_yesterday_doubles_nothing(
    postgres: Postgres,
    database: str,
    sandbox: OpenSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Put back from a copy under a worker and somebody who follows: epochs, runs and numbers come
    again.
    """
    monkeypatch.setattr(worker, "BACKOFF", Backoff((0.3,)))
    monkeypatch.setattr(worker, "LATER", 0.3)
    box = await sandbox(dense(60), quota=PLENTY, behaviour=LENIENT)
    async with Yard.opened(database, tmp_path) as yard:
        yard.boxes = [box]
        async with yard.worker(workers=2):
            await yard.put(box, rows_of(range(100, 110)))
            await yard.finished(1)
    copy = postgres.fresh(template=conninfo_to_dict(database)["dbname"])
    async with Yard.opened(database, tmp_path) as yard:
        yard.boxes = [box]
        async with yard.worker(workers=2):
            await yard.put(box, [(110, "MUG", 1, ""), *rows_of(range(111, 120))])
            await yard.finished(2)
            box.faults.add(SLOW)
            (third,) = await yard.put(box, rows_of(range(120, 160)))
            following = asyncio.create_task(
                follow_files(yard.queue, [third], yard.screen, StopEvent())
            )
            await until(partial(have_shipped, yard, 25))
            await asyncio.to_thread(put_back, postgres, database, copy)
            (lost,) = await following
            assert lost["state"] == "lost"
            assert "Queue it again" in lost["told"][1]
            again = await yard.put(
                box, rows_of(range(120, 160)), [(110, "MUG", 1, ""), *rows_of(range(111, 120))]
            )
            third_, second = await yard.finished(*again)
            print(*yard.screen.lines, sep="\n")
    assert again == [2, 3]
    assert third_["state"] == "done"
    assert (second["state"], second["summary"]["held"], second["summary"]["already_created"]) == (
        "held",
        1,
        9,
    )
    assert Counter(one["order_id"] for one in box.shipments()) == Counter(range(100, 160))
    assert await is_said(yard, "no longer has what it had confirmed")


def put_back(postgres: Postgres, database: str, copy: str) -> None:
    """The copy in the database's place, whoever is connected to that."""
    names = [conninfo_to_dict(url)["dbname"] for url in (database, copy)]
    postgres.drop(database)
    postgres._tell(f"ALTER DATABASE {names[1]} RENAME TO {names[0]}")
