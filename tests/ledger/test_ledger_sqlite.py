"""The SQLite ledger's file: private, checked, refused with a reason, and safe from raw SQL."""

# ruff: noqa: ASYNC221, ASYNC240  these tests have one task each: nobody waits while they touch a
# file

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import NoneType

import pytest
from ledger_samples import STORE, all_of, created, outcome, parcel, planned, run_of

from batch.errors import LedgerError
from batch.ledger import Ledger, open_ledger, read_ledger
from batch.ledger.contract import AlreadyClaimed, IllegalMove, OrderBusy
from batch.ledger.migrations import version
from batch.ledger.sqlite.connection import SqliteSession
from batch.ledger.sqlite.opening import network_disk, open_writable
from batch.ledger.sqlite.reserve import SIZE, Reserve
from batch.ledger.writer import Writer
from batch.model import Record, State

RUN = run_of().run_id
NOBODY = 65_534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger.sqlite3"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[Ledger]:
    """A ledger with one run begun."""
    async with open_ledger(path) as opened:
        await opened.begin(run_of())
        yield opened


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@contextmanager
def without_privileges() -> Iterator[None]:
    """The block as an ordinary user: root may write whatever is read-only."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """A block in which no file grows beyond a size in bytes: what is written past it fails."""
    resource = pytest.importorskip("resource", reason="needs a limit on files' sizes")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def raw(path: Path) -> closing[sqlite3.Connection]:
    """The file as any other program sees it."""
    return closing(sqlite3.connect(path, isolation_level=None))


async def test_the_ledger_is_its_user_s_alone(ledger: Ledger, path: Path) -> None:
    """Folder 0700, file and what SQLite keeps beside it 0600, whatever the umask."""
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert len(list(path.parent.iterdir())) == 4


async def test_a_ledger_that_others_could_read_is_closed_to_them(path: Path) -> None:
    """A copy put back with its mode lost."""
    path.parent.mkdir()
    path.touch(mode=0o644)
    await open_ledger(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_every_commit_is_synced(path: Path) -> None:
    """WAL and synchronous=FULL, foreign keys on: what the promise stands on."""
    with closing(open_writable(path)) as connection:
        names = ("journal_mode", "synchronous", "foreign_keys", "fullfsync", "recursive_triggers")
        values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert values == ["wal", 2, 1, 1, 1]


async def test_many_make_one_ledger_at_once(path: Path) -> None:
    """Each gets a whole one, and it is the same."""
    with ThreadPoolExecutor(8) as pool:
        for connection in pool.map(lambda _: open_writable(path), range(8)):
            assert connection.execute("PRAGMA user_version").fetchone()[0] == version()
            connection.close()


async def test_an_empty_file_becomes_a_ledger(path: Path) -> None:
    """What a kill leaves between the file and its first commit."""
    path.parent.mkdir()
    path.touch()
    async with open_ledger(path) as ledger:
        await ledger.begin(run_of())
        assert ledger.run(RUN) == run_of()


async def test_what_was_written_is_there_when_opened_again(path: Path) -> None:
    """Closed and opened, with nothing in memory."""
    async with open_ledger(path) as ledger:
        await ledger.begin(run_of())
        records = await planned(ledger, RUN, [parcel(), parcel(200)])
    async with open_ledger(path) as ledger:
        assert list(ledger.records_of_run(RUN)) == records


async def test_reading_makes_and_writes_nothing(path: Path) -> None:
    """Where there is no ledger it is empty; a write is refused."""
    with read_ledger(path) as nothing:
        assert nothing.runs() == []
    async with open_ledger(path, read_only=True) as ledger:
        assert ledger.find("100") == []
        with pytest.raises(LedgerError, match="reading only"):
            await ledger.begin(run_of())
    assert not path.parent.exists()


async def test_a_reader_sees_what_a_writer_has_committed(ledger: Ledger, path: Path) -> None:
    """While the writer is open, and without waiting for it."""
    with read_ledger(path) as reader:
        await ledger.plan(RUN, [parcel()], [])
        assert reader.find("100") == ledger.find("100") != []


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096 : 8 * 4096] = b"\xa5" * (7 * 4096)
    path.write_bytes(content)


def truncated(path: Path) -> None:
    os.truncate(path, 3 * 4096)


def overwritten(path: Path) -> None:
    path.write_text("order,tracking\n" * 1_000)


def newer(path: Path) -> None:
    with raw(path) as connection:
        connection.execute(f"PRAGMA user_version = {version() + 1}")


def foreign(path: Path) -> None:
    path.unlink()
    with raw(path) as connection:
        connection.execute("CREATE TABLE cookies (name)")


@pytest.mark.parametrize(
    ("harm", "reason", "todo"),
    [
        (damaged, "is damaged", "put back a copy"),
        (truncated, "is damaged", "put back a copy"),
        (overwritten, "is damaged, or not a ledger", "put back a copy"),
        (newer, f"newer shipbatch .its version is {version() + 1}", "Update shipbatch"),
        (foreign, "another program", "Move it away"),
    ],
)
async def test_a_ledger_that_cannot_be_trusted_is_refused(
    path: Path, harm: Callable[[Path], None], reason: str, todo: str
) -> None:
    """At opening, with the path, the reason and what to do; the file is left as it was."""
    await open_ledger(path).close()
    harm(path)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=reason) as caught:
        open_ledger(path)
    assert str(path) in str(caught.value)
    assert todo in caught.value.todo
    assert path.read_bytes() == before


async def test_a_read_only_ledger_is_refused(open_folder: Path) -> None:
    """Before anything is sent."""
    path = open_folder / "ledger.sqlite3"
    with without_privileges():
        await open_ledger(path).close()
        path.chmod(0o400)
        with pytest.raises(LedgerError, match="cannot be opened or made") as caught:
            open_ledger(path)
    assert "write access" in caught.value.todo


async def test_a_read_only_folder_is_refused(open_folder: Path) -> None:
    """Neither a ledger that is there nor a new one can be used."""
    path = open_folder / "ledger.sqlite3"
    with without_privileges():
        await open_ledger(path).close()
    open_folder.chmod(0o555)
    with without_privileges():
        for name in (path, open_folder / "new.sqlite3", open_folder / "home" / "ledger.sqlite3"):
            with pytest.raises(LedgerError) as caught:
                open_ledger(name)
            assert str(name) in str(caught.value)
            assert "write access" in caught.value.todo


async def test_a_full_disk_closes_the_ledger_and_loses_nothing(path: Path) -> None:
    """Every waiter hears it; nothing is written later; opened again, all promised is there."""
    ledger = open_ledger(path)
    await ledger.begin(run_of())
    records = await planned(ledger, RUN, [parcel(order, "") for order in range(1, 51)])
    with disk_of((path.parent / f"{path.name}-wal").stat().st_size):
        intents = (ledger.intend(record.record_id, {"why": "x" * 5_000}) for record in records)
        answers = await all_of(*intents)
    assert all(isinstance(answer, LedgerError) and str(path) in str(answer) for answer in answers)
    with pytest.raises(LedgerError, match="disk"):
        await ledger.intend(records[0].record_id, {})
    assert ledger.pending_writes == 0
    await ledger.close()
    async with open_ledger(path) as again:
        assert list(again.records_of_run(RUN)) == records
        await again.intend(records[0].record_id, {})


async def test_a_refused_unit_fails_alone(path: Path) -> None:
    """Those who share its commit are written; each has its own answer, and there was one commit for
    all.
    """
    connection = open_writable(path)
    said: list[str] = []
    connection.set_trace_callback(said.append)
    writer, all_in = Writer(SqliteSession(connection, Reserve(path))), threading.Event()
    insert = "INSERT INTO headers VALUES (?, '{}', '')"

    def refused(ledger: sqlite3.Connection) -> None:
        ledger.execute(insert, ("half",))
        raise OrderBusy("mine")

    waiting = [asyncio.create_task(writer.write("wait", lambda _: all_in.wait()))]
    waiting += [
        asyncio.create_task(writer.write("header", lambda c, n=n: c.execute(insert, (n,)).rowcount))
        for n in "abc"
    ]  # type: ignore[misc]
    waiting.insert(2, asyncio.create_task(writer.write("header", refused)))
    waiting.append(asyncio.create_task(writer.write("header", lambda c: c.execute(insert, ("a",)))))
    await asyncio.sleep(0)
    assert writer.pending == 6
    all_in.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert writer.pending == 0
    assert [type(answer) for answer in answers] == [bool, int, OrderBusy, int, int, IllegalMove]
    assert said.count("COMMIT") <= 2
    await writer.close()
    with raw(path) as connection:
        assert [row[0] for row in connection.execute("SELECT header FROM headers ORDER BY 1")] == [
            "a",
            "b",
            "c",
        ]


async def test_after_a_failed_commit_nothing_is_written(path: Path) -> None:
    """Also not what would fit: what the disk holds is not known any more."""
    writer = Writer(SqliteSession(open_writable(path), Reserve(path)))
    await writer.write("limit", lambda ledger: ledger.execute("PRAGMA max_page_count = 1"))
    fill = "INSERT INTO headers VALUES ('big', hex(zeroblob(100000)), '')"
    with pytest.raises(LedgerError, match="the disk is full"):
        await writer.write("header", lambda ledger: ledger.execute(fill))
    with pytest.raises(LedgerError, match="the disk is full"):
        await writer.write("header", lambda ledger: ledger.execute("SELECT 1"))
    await writer.close()


async def test_a_log_torn_anywhere_ends_at_a_commit(path: Path, tmp_path: Path) -> None:
    """A power cut leaves a part of the last writes, or rubbish: what is there is whole, in the
    order written.
    """
    ledger = open_ledger(path)
    await ledger.begin(run_of())
    await ledger.plan(RUN, [parcel(order, "") for order in range(1, 13)], [])
    for record in list(ledger.records_of_run(RUN)):
        await ledger.intend(record.record_id, {"why": "x" * 900})
    log = path.with_name(f"{path.name}-wal").read_bytes()
    table = path.read_bytes()
    await ledger.close()
    seen = set()
    for torn in range(0, len(log), len(log) // 40 + 1):
        for rest in (b"", b"\xff" * 700):
            copy = tmp_path / f"torn{torn}{len(rest)}" / path.name
            copy.parent.mkdir()
            copy.write_bytes(table)
            copy.with_name(f"{path.name}-wal").write_bytes(log[:torn] + rest)
            async with open_ledger(copy) as again:
                states = [record.state for record in again.records_of_run(RUN)]
                under_way = states.count(State.INTENT)
                assert states in (
                    [],
                    [State.INTENT] * under_way + [State.PLANNED] * (12 - under_way),
                )
                seen.add(under_way)
    assert len(seen) > 6


class FullDisk(Reserve):
    """A disk on which nothing is left but the reserve."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        super().__init__(path)
        self._connection = connection

    def take(self) -> None:
        super().take()
        self._connection.execute("PRAGMA max_page_count = 1")

    def release(self) -> bool:
        self._connection.execute("PRAGMA max_page_count = 100000")
        return super().release()


async def test_a_full_disks_reserve_is_for_outcomes_and_for_no_new_work(path: Path) -> None:
    """What shares the failed commit is written once there is room; intents are refused from then
    on.
    """
    disk = FullDisk(path, connection := open_writable(path))
    disk.take()
    reserve = path.with_suffix(".reserve")
    assert (reserve.stat().st_size, reserve.stat().st_mode & 0o777) == (SIZE, 0o600)
    writer = Writer(SqliteSession(connection, disk))

    def fill(name: str) -> Callable[[sqlite3.Connection], object]:
        sql = "INSERT INTO headers VALUES (?, hex(zeroblob(50000)), '')"
        return lambda ledger: ledger.execute(sql, (name,)).rowcount

    work = [("outcome", "a"), ("intent", "b"), ("outcome", "c"), ("plan", "d"), ("finish", "e")]
    answers = await all_of(*(writer.write(point, fill(name)) for point, name in work))
    assert [type(answer) for answer in answers] == [int, LedgerError, int, LedgerError, int]
    assert "the disk is full" in str(answers[1])
    with pytest.raises(LedgerError, match="the disk is full"):
        await writer.write("intent", fill("f"))
    await writer.write("outcome", fill("g"))
    await writer.close()
    assert not reserve.exists()
    with raw(path) as look:
        assert [row[0] for row in look.execute("SELECT header FROM headers ORDER BY 1")] == [
            "a",
            "c",
            "e",
            "g",
        ]
    async with open_ledger(path):
        assert reserve.stat().st_size == SIZE


async def test_a_ledger_does_without_a_reserve_where_there_is_no_room_for_it(path: Path) -> None:
    """A disk that has room for the ledger alone: it is opened, and half a reserve does not stay."""
    await open_ledger(path).close()
    path.with_suffix(".reserve").unlink()
    with disk_of(SIZE // 2):
        async with open_ledger(path) as ledger:
            await ledger.begin(run_of())
    assert not path.with_suffix(".reserve").exists()


async def test_who_gives_up_waiting_does_not_stop_the_writer(ledger: Ledger) -> None:
    """The write goes on, and is counted until it is answered."""
    (record,) = await planned(ledger, RUN, [parcel()])
    waiter = asyncio.create_task(ledger.intend(record.record_id, {}))
    await asyncio.sleep(0)
    assert ledger.is_writing()
    waiter.cancel()
    await ledger.move(record, outcome(State.IN_DOUBT), "response")
    assert not ledger.is_writing()
    assert [attempt.state for attempt in ledger.attempts(record.record_id)] == [
        State.INTENT,
        State.IN_DOUBT,
    ]


async def test_a_closed_ledger_takes_nothing_more(path: Path) -> None:
    """Closing twice does no harm; what was handed in before is written."""
    ledger = open_ledger(path)
    begun = asyncio.create_task(ledger.begin(run_of()))
    await asyncio.sleep(0)
    await ledger.close()
    await ledger.close()
    await begun
    with pytest.raises(LedgerError, match="closed"):
        await ledger.begin(run_of("other"))


async def test_another_process_meets_the_same_single_flight(ledger: Ledger, path: Path) -> None:
    """The database enforces it, not the program's memory."""
    first, second = await planned(ledger, RUN, [parcel(100, "A"), parcel(100, "B")])
    child = (
        "import asyncio, sys; from pathlib import Path; from batch.ledger import open_ledger\n"
        "async def main():\n"
        "    async with open_ledger(Path(sys.argv[1])) as ledger:\n"
        "        await ledger.intend(int(sys.argv[2]), {})\n"
        "asyncio.run(main())"
    )
    subprocess.run(
        [sys.executable, "-c", child, path, str(first.record_id)],
        check=True,
        cwd=Path(__file__).parents[2],
    )
    with pytest.raises(OrderBusy):
        await ledger.intend(second.record_id, {})
    assert [record.record_id for record in ledger.unsettled_records(STORE)] == [first.record_id]


async def test_the_moves_in_an_older_file_are_brought_up_to_date(path: Path) -> None:
    """`model.MOVES` is the one place to change them."""
    await open_ledger(path).close()
    with raw(path) as connection:
        connection.execute("DROP TRIGGER legal_moves")
        connection.execute(
            "CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON records BEGIN SELECT 1; END"
        )
    await open_ledger(path).close()
    with raw(path) as connection:
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'legal_moves'"
        ).fetchone()
    assert "OLD.state = 'in_doubt' AND NEW.state = 'needs_person'" in sql


async def test_a_large_plan_is_one_transaction(ledger: Ledger, path: Path) -> None:
    """Other readers see nothing of it, then all of it."""
    shipments = [parcel(order, "") for order in range(1, 5_001)]
    with raw(path) as other:
        planning = asyncio.create_task(ledger.plan(RUN, shipments, []))
        seen = set()
        while not planning.done():
            seen.add(other.execute("SELECT count(*) FROM records").fetchone()[0])
            await asyncio.sleep(0)
    await planning
    assert seen <= {0, 5_000}
    assert 0 in seen


def test_a_local_disk_is_nothing_to_warn_of(tmp_path: Path) -> None:
    """The advice is for network disks alone."""
    assert network_disk(tmp_path / "ledger.sqlite3") == ""


async def test_json_of_a_shipment_is_compact(ledger: Ledger, path: Path) -> None:
    """Empty fields take no room: a ledger keeps every shipment for ever."""
    await ledger.plan(RUN, [parcel()], [])
    with raw(path) as connection:
        (text,) = connection.execute("SELECT shipment FROM records").fetchone()
    assert json.loads(text) == {
        "tracking_number": "1Z999",
        "shipping_provider": "ups",
        "rows": [100],
        "items": [[1000, 2]],
    }


async def test_moves_that_share_a_commit_are_refused_each_alone(ledger: Ledger, path: Path) -> None:
    """They go to the database together; one that cannot be changes nothing for the others."""
    records = await planned(ledger, RUN, [parcel(order, f"N{order}") for order in range(1, 5)])
    (twin,) = await planned(ledger, RUN, [parcel(1, "twin")])
    answers = await all_of(
        *(ledger.intend(record.record_id, {"n": n}, n) for n, record in enumerate(records))
    )
    assert answers == [None] * 4
    moved = await all_of(
        ledger.move(records[0], created(10, records[0].shipment), "response"),
        ledger.move(records[1], created(10, records[1].shipment), "response"),
        ledger.move(records[2], outcome(State.PLANNED), "response"),
        ledger.intend(records[2].record_id, {"again": True}, 9),
        ledger.move(records[3], outcome(State.INTENT), "response"),
        ledger.move(records[3], outcome(State.REJECTED), "response"),
        ledger.intend(twin.record_id, {}),
        ledger.intend(77, {}),
    )
    kinds = [type(answer) for answer in moved]
    assert kinds == [
        Record,
        AlreadyClaimed,
        Record,
        NoneType,
        IllegalMove,
        Record,
        NoneType,
        IllegalMove,
    ]
    held = {record.record_id: record for record in ledger.records_of_run(RUN)}
    assert [held[answer.record_id] for answer in (moved[0], moved[5])] == [moved[0], moved[5]]
    assert [
        (held[r.record_id].state, held[r.record_id].attempts, held[r.record_id].baseline)
        for r in records
    ] == [
        (State.CREATED, 1, 0),
        (State.INTENT, 1, 1),
        (State.INTENT, 2, 9),
        (State.REJECTED, 1, 3),
    ]
    assert [(a.what, a.evidence) for a in ledger.attempts(records[2].record_id)][::2] == [
        ("intent", {"n": 2}),
        ("intent", {"again": True}),
    ]
    await ledger.close()
    async with open_ledger(path) as again:
        assert {record.record_id: record for record in again.records_of_run(RUN)} == held


@pytest.mark.parametrize("text", ["\x00", "\ud800", "Ünï", '"\\', "😀", "billing_address"])
async def test_what_is_written_together_reads_as_written(ledger: Ledger, text: str) -> None:
    """Also what no JSON, or no text of SQLite's, may hold as it is."""
    records = await planned(ledger, RUN, [parcel(order, f"N{order}") for order in (1, 2)])
    evidence = {"said": [text, float("inf"), 2**70]}
    await all_of(*(ledger.intend(record.record_id, evidence) for record in records))
    made = [
        replace(created(n, r.shipment, answer={text: text}), evidence=evidence)
        for n, r in enumerate(records, 1)
    ]
    await all_of(*(ledger.move(r, one, "response") for r, one in zip(records, made, strict=True)))
    held = list(ledger.records_of_run(RUN))
    kept = {} if text == "billing_address" else {text: text}
    assert [(r.made.answer if r.made else None) for r in held] == [kept, kept]
    assert [a.evidence for r in held for a in ledger.attempts(r.record_id)] == [evidence] * 4


def test_a_connection_is_closed_only_when_the_query_in_its_thread_has_ended(tmp_path: Path) -> None:
    """In a process of its own: without the wait, SQLite reads from a statement that is freed, and
    the process dies.
    """
    script = """
import sys, threading
from contextlib import suppress
from pathlib import Path
from batch.ledger.sqlite.opening import open_readable, open_writable
path = Path(sys.argv[1])
open_writable(path).close()
many = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    " SELECT i, hex(i) FROM n"
)
for _ in range(40):
    reader, begun = open_readable(path), threading.Event()
    def read():
        with suppress(reader.Error):
            while True:
                reader.query(many)
                begun.set()
    thread = threading.Thread(target=read)
    thread.start()
    begun.wait()
    reader.close()
    thread.join()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "ledger.sqlite3")], check=False, timeout=60
    )
    assert ended.returncode == 0
