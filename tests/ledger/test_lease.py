"""One owner a store on PostgreSQL: taken, kept, lost, fenced; and who is proven to have ended."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres import Postgres

from batch.config import Database
from batch.errors import CannotRunNow, LedgerError
from batch.ledger.postgres import lease as leases
from batch.ledger.postgres.connection import PostgresConnection, open_link
from batch.ledger.postgres.lease import LEASE, MARGIN, Lease, LeaseLost, acquire_lease, owner
from batch.ledger.postgres.opening import make
from batch.ledger.postgres.runners import reap_dead_runners, register_runner, still_running

STORE, OTHER = "https://api.example/stores/a", "https://api.example/stores/b"
Connect = Callable[[], "psycopg.Connection[Any]"]
CHILD = """
import sys
from pathlib import Path
from batch.config import Database
from batch.ledger.postgres.connection import open_link
from batch.ledger.postgres.runners import register_runner
with register_runner(lambda: open_link(Database(sys.argv[1])), Path(sys.argv[2])) as runner:
    print(runner, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def connect(database: str) -> Connect:
    make(Database(database))
    return lambda: open_link(Database(database))


async def take(stack: AsyncExitStack, connect: Connect, home: Path, store: str = STORE) -> Lease:
    return await stack.enter_async_context(
        acquire_lease(connect, store, home, 0.0, lambda who: None)
    )


def expire(connect: Connect) -> None:
    """The lease ends, as when no renewal has come for its length."""
    with connect() as connection:
        connection.execute("UPDATE owners SET until = clock_timestamp() - interval '1 second'")


def written(lease: Lease, database: str) -> None:
    """A write as the ledger's: guarded before it is committed."""
    with closing(PostgresConnection(Database(database))) as connection:
        connection.execute("BEGIN")
        lease.guard(connection)
        connection.execute("COMMIT")


async def test_a_store_has_one_owner(connect: Connect, database: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        lease = await take(stack, connect, tmp_path)
        assert lease.sure()
        await take(stack, connect, tmp_path, OTHER)
        with pytest.raises(CannotRunNow, match=f"process {os.getpid()} on"):
            await take(stack, connect, tmp_path)
        written(lease, database)
    async with AsyncExitStack() as stack:
        assert (await take(stack, connect, tmp_path)).epoch == lease.epoch + 1


async def test_nothing_is_left_of_who_has_ended(connect: Connect, tmp_path: Path) -> None:
    async def broken() -> None:
        async with AsyncExitStack() as stack:
            await take(stack, connect, tmp_path)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    with connect() as connection:
        assert connection.execute("SELECT * FROM runners").fetchall() == []
        assert owner(connection, STORE) is None
    assert list((tmp_path / "locks").iterdir()) == []


async def test_who_waits_is_told_for_whom_and_gets_it(connect: Connect, tmp_path: Path) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def second() -> int:
        async with acquire_lease(connect, STORE, tmp_path, 60.0, told.put_nowait) as lease:
            return lease.epoch

    async with AsyncExitStack() as first:
        await take(first, connect, tmp_path)
        waits = asyncio.create_task(second())
        assert f"process {os.getpid()} on" in await told.get()
    assert await waits == 2
    assert told.empty()


async def test_who_has_lost_the_store_writes_and_sends_nothing(
    connect: Connect, database: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        old = await take(stack, connect, tmp_path)
        expire(connect)
        new = await take(stack, connect, tmp_path)
        with pytest.raises(LeaseLost, match="taken over"):
            written(old, database)
        assert not old.sure()
        written(new, database)
        with connect() as connection:
            old.renew(connection)
            assert connection.execute("SELECT epoch, until > now() FROM owners").fetchall() == [
                (new.epoch, True)
            ]


async def test_an_epoch_that_comes_again_is_not_ours(
    connect: Connect, database: str, tmp_path: Path
) -> None:
    """The database was put back from a copy, and another has taken the store under the number that
    we had.
    """
    async with AsyncExitStack() as stack:
        old = await take(stack, connect, tmp_path)
        with connect() as connection:
            connection.execute("DELETE FROM owners")
        new = await take(stack, connect, tmp_path)
        assert old.epoch == new.epoch
        with connect() as connection:
            old.renew(connection)
        assert not old.sure()
        with pytest.raises(LeaseLost):
            written(old, database)
        written(new, database)


async def test_a_lapsed_lease_that_nobody_took_goes_on(
    connect: Connect, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = leases.clock()
    monkeypatch.setattr(leases, "clock", lambda: now)
    async with AsyncExitStack() as stack:
        lease = await take(stack, connect, tmp_path)
        now += LEASE - MARGIN
        assert not lease.sure()
        written(lease, database)
        with connect() as connection:
            lease.renew(connection)
        assert lease.sure()


async def test_a_takeover_waits_for_the_write_that_was_let_through(
    connect: Connect, database: str, tmp_path: Path
) -> None:
    """Between the look at the epoch and the commit nobody gets in."""
    async with AsyncExitStack() as stack:
        old = await take(stack, connect, tmp_path)
        expire(connect)
        with closing(PostgresConnection(Database(database))) as writing, connect() as taking:
            writing.execute("BEGIN")
            old.guard(writing)
            taking.execute("SET lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                taking.execute(leases._TAKE, {"store": STORE, "runner": "x", "lease": LEASE})


def test_death_is_proven_by_the_lock_alone(connect: Connect, database: str, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, database, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    runner = child.stdout.readline().strip()
    with connect() as connection:
        assert reap_dead_runners(connection) == []
        child.send_signal(signal.SIGSTOP)
        assert reap_dead_runners(connection) == []
        assert f"process {child.pid}" in str(still_running(connection, runner))
        child.kill()
        child.communicate()
        assert [one.pid for one in reap_dead_runners(connection)] == [child.pid]
        assert still_running(connection, runner) is None
    assert list((tmp_path / "locks").iterdir()) == []


def test_silence_from_elsewhere_is_no_proof(connect: Connect, tmp_path: Path) -> None:
    """Neither another machine's runner, nor one whose lock file is not on this disk."""
    with connect() as connection:
        for host, lock in (
            ("elsewhere", tmp_path / "a.lock"),
            (os.uname().nodename, tmp_path / "gone.lock"),
        ):
            connection.execute(
                "INSERT INTO runners VALUES (%s, %s, %s, 1, 'x', now())", (host, host, str(lock))
            )
        (tmp_path / "a.lock").touch()
        assert reap_dead_runners(connection) == []
        assert still_running(connection, "elsewhere") is not None


def test_a_disk_without_locks_proves_nothing(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No runner begins there, for nobody could tell when it has ended; nor is anybody's death
    concluded from it.
    """

    def missing(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    (tmp_path / "a.lock").touch()
    monkeypatch.setattr("fcntl.flock", missing)
    with connect() as connection:
        row = (os.uname().nodename, str(tmp_path / "a.lock"))
        connection.execute("INSERT INTO runners VALUES ('one', %s, %s, 1, 'x', now())", row)
        assert reap_dead_runners(connection) == []
    with (
        pytest.raises(LedgerError, match="Function not implemented") as refused,
        register_runner(connect, tmp_path),
    ):
        pytest.fail("it has begun")
    assert "on a local disk" in refused.value.todo


def test_a_lost_database_leaves_the_proof_to_the_next(
    connect: Connect, postgres: Postgres, tmp_path: Path
) -> None:
    with register_runner(connect, tmp_path) as runner:
        postgres.stop()
    postgres.start()
    with connect() as connection:
        assert still_running(connection, runner)
        assert [one.runner for one in reap_dead_runners(connection)] == [runner]


async def test_the_lease_outlives_a_restart_of_the_database(
    connect: Connect, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW", 0.01)
    async with AsyncExitStack() as stack:
        lease = await take(stack, connect, tmp_path)
        postgres.restart(kill=True)
        expire(connect)
        with connect() as connection:
            while (
                connection.execute(
                    "SELECT 1 FROM owners WHERE until > clock_timestamp()"
                ).fetchone()
                is None
            ):
                pass
        assert lease.sure()
