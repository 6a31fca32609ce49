"""Who works on a database's stores, and who has provably ended.

A runner's row stays from before its first request until it has provably ended: it says so itself,
its connections closed; or another runner of its machine gets its lock, which the operating system
releases only when a process dies. Nothing else is proof: a silent runner may be paused, and send
when it wakes.
"""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from batch.errors import LedgerError
from batch.ledger.lock_holder import this_command
from batch.ledger.locks import is_free, lock_error, system_lock
from batch.primitives.atomic_file import private_folder

Connection = psycopg.Connection[Any]
Connect = Callable[[], Connection]

_COLUMNS = "runner, host, lock, pid, command, since"
ACTIVE = f"SELECT {_COLUMNS} FROM runners WHERE runner = ?"
"""The runner of an id, unless it has provably ended; `?` as in `connection.Connection`."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A process at work on a store, as it registered itself."""

    runner: str
    host: str
    lock: str
    """The path of its lock file, on its machine."""
    pid: int
    command: str
    since: datetime

    def __str__(self) -> str:
        return (
            f"`{self.command}` (process {self.pid} on {self.host}, "
            f"since {self.since.astimezone():%Y-%m-%d %H:%M})"
        )


@contextmanager
def register_runner(connect: Connect, home: Path) -> Iterator[str]:
    """A row for this process, for as long as the block lasts; yields its id.

    Where the database cannot be told of its end, row and lock file stay: the next runner of this
    machine finds the lock free.
    """
    runner, folder = uuid4().hex, home / "locks"
    path = folder / f"runner-{runner}.lock"
    lock = system_lock(path)
    try:
        private_folder(home)
        private_folder(folder)
        lock.acquire()
    except OSError as error:
        raise lock_error(path, error) from error
    try:
        with connect() as connection:
            connection.execute(
                f"INSERT INTO runners ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, clock_timestamp())",
                (runner, platform.node(), str(path), os.getpid(), this_command()),
            )
        try:
            yield runner
        finally:
            with suppress(psycopg.Error, LedgerError), connect() as connection:
                delete_runner(connection, runner)
                path.unlink(missing_ok=True)
    finally:
        lock.release()


def still_running(connection: Connection, runner: str) -> Runner | None:
    """The runner, unless it has provably ended."""
    row = connection.execute(ACTIVE.replace("?", "%s"), (runner,)).fetchone()
    return Runner(*row) if row else None


def reap_dead_runners(connection: Connection) -> list[Runner]:
    """Delete this machine's runners that provably ended and free their stores; returns them."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM runners WHERE host = %s", (platform.node(),)
    ).fetchall()
    dead = [runner for runner in (Runner(*row) for row in rows) if is_free(Path(runner.lock))]
    for runner in dead:
        delete_runner(connection, runner.runner)
        Path(runner.lock).unlink(missing_ok=True)
    return dead


def delete_runner(connection: Connection, runner: str) -> None:
    """Delete a runner's row, and free its leases."""
    connection.execute(
        "UPDATE owners SET runner = NULL, until = clock_timestamp() WHERE runner = %s", (runner,)
    )
    connection.execute("DELETE FROM runners WHERE runner = %s", (runner,))
