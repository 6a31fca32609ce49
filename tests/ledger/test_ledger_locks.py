"""One runner a store: who waits is told for whom, and a killed runner holds nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clock import VirtualLoop
from ledger_samples import OTHER_STORE, STORE

from batch.errors import CannotRunNow, LedgerError
from batch.ledger.lock_holder import describe_holder
from batch.ledger.locks import lock_path, store_lock

HOLD = """
import asyncio, sys
from pathlib import Path
from batch.ledger.locks import store_lock

async def main():
    async with store_lock(Path(sys.argv[1]), sys.argv[2], 0):
        print("held", flush=True)
        sys.stdin.read()

asyncio.run(main())
"""


@contextmanager
def other_runner(home: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the store's lock until its stdin is closed or it is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, home, STORE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


async def test_a_second_runner_is_told_who_is_at_work(tmp_path: Path) -> None:
    """Without waiting: the process, its host, since when, its command."""
    with other_runner(tmp_path) as child, pytest.raises(CannotRunNow, match="since 20") as caught:
        async with store_lock(tmp_path, STORE, 0):
            pytest.fail("two runners at once")
    assert f"process {child.pid} on {socket.gethostname()}" in str(caught.value)
    assert STORE in str(caught.value)
    assert "--wait" in caught.value.todo


async def test_who_waits_is_told_once_for_whom(tmp_path: Path, virtual_clock: VirtualLoop) -> None:
    """And gives up when the time has passed, not before."""
    told: list[str] = []
    with other_runner(tmp_path) as child, pytest.raises(CannotRunNow):
        async with store_lock(tmp_path, STORE, 60, told.append):
            pytest.fail("two runners at once")
    (who,) = told
    assert f"process {child.pid} on" in who
    assert virtual_clock.time() == pytest.approx(60)


@pytest.mark.parametrize("kill", [False, True])
async def test_who_waits_goes_on_when_the_other_ends(tmp_path: Path, *, kill: bool) -> None:
    """However it ends: after a kill -9 there is nothing to clean."""
    with other_runner(tmp_path) as child:
        assert child.stdin is not None

        def end(_: str) -> None:
            child.kill() if kill else child.stdin.close()  # type: ignore[union-attr]

        async with store_lock(tmp_path, STORE, 30, end):
            assert f"process {os.getpid()}" in describe_holder(lock_path(tmp_path, STORE))
            with pytest.raises(CannotRunNow, match=f"process {os.getpid()}"):
                async with store_lock(tmp_path, STORE, 0):
                    pytest.fail("two runners in one process")
        child.wait()
    assert child.returncode == (-signal.SIGKILL if kill else 0)


async def test_two_homes_of_one_user_are_one_runner(tmp_path: Path) -> None:
    """The folder that both have tells the second for whom it waits; a home that is that folder
    locks once.
    """
    first, second, user = tmp_path / "first", tmp_path / "second", tmp_path / "user"
    async with store_lock(first, STORE, 0, shared_home=user):
        with pytest.raises(CannotRunNow, match=f"process {os.getpid()}"):
            async with store_lock(second, STORE, 0, shared_home=user):
                pytest.fail("two runners at once")
    async with store_lock(user, STORE, 0, shared_home=user):
        pass


async def test_a_user_without_a_folder_of_his_own_has_his_homes_lock(tmp_path: Path) -> None:
    """Such as a service's: that its other homes cannot be shut out does not stop it."""
    (tmp_path / "user").touch()
    async with store_lock(tmp_path / "home", STORE, 0, shared_home=tmp_path / "user"):
        pass


async def test_another_store_is_another_lock(tmp_path: Path) -> None:
    """Also where the names differ in their signs alone."""
    async with store_lock(tmp_path, STORE, 0), store_lock(tmp_path, OTHER_STORE, 0):
        pass
    assert lock_path(tmp_path, "http://a/b") != lock_path(tmp_path, "http://a-b")


async def test_a_lock_leaves_no_word_of_its_holder(tmp_path: Path) -> None:
    """And folder and files are the user's alone."""
    home = tmp_path / "home"
    async with store_lock(home, STORE, 0):
        path = lock_path(home, STORE)
        assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
        assert {home.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777} == {0o700}
    assert describe_holder(path) == "another process"
    async with store_lock(home, STORE, 0):
        assert "process" in describe_holder(path)


async def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before anything is sent."""
    (tmp_path / "home").touch()
    with pytest.raises(LedgerError, match="cannot be taken") as caught:
        async with store_lock(tmp_path / "home", STORE, 0):
            pytest.fail("a lock in a file")
    assert "SHIPBATCH_HOME" in caught.value.todo
