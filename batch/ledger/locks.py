"""One runner a store: an operating system's lock, which a killed process leaves by itself."""

import asyncio
import json
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from batch.errors import CannotRunNow, LedgerError
from batch.primitives.atomic_file import private_folder

POLL = 0.2  # seconds between two tries
_LATER = "Nothing was sent. Run the same call again when it has ended, or give a longer --wait."


def _nobody_listens(_: str) -> None:
    """What `waiting` does by default."""


@asynccontextmanager
async def store_lock(
    home: Path,
    store: str,
    wait: float | None = 60.0,
    waiting: Callable[[str], None] = _nobody_listens,
    beyond: Path | None = None,
) -> AsyncIterator[None]:
    """The only runner of a store with this home, for as long as the block lasts.

    Where the lock is not free, `waiting` is told once for whom we wait, as words for a sentence;
    after `wait` seconds CannotRunNow says so. With `wait` None nothing is locked: readers and dry runs.
    `beyond` is a folder that runners with other homes have too: theirs is shut out as well, where it can be used.
    """
    if wait is None:
        yield
        return
    async with AsyncExitStack() as locks:
        try:
            await locks.enter_async_context(_hold_lock(home, store, wait, waiting))
        except OSError as error:
            raise lock_error(lock_path(home, store), error) from error
        with suppress(OSError):  # a user without a folder of his own: his home's lock is all there is
            if beyond and not _one_folder(home, beyond):
                await locks.enter_async_context(_hold_lock(beyond, store, wait, waiting))
        yield


@asynccontextmanager
async def _hold_lock(folder: Path, store: str, wait: float, waiting: Callable[[str], None]) -> AsyncIterator[None]:
    """One folder's lock; OSError where it cannot be had for other reasons than another runner."""
    path = lock_path(folder, store)
    lock = system_lock(path)
    try:
        private_folder(folder)
        private_folder(path.parent)
        await _acquire(lock, store, wait, waiting)
        _write_holder(path)
    except OSError:
        lock.release()
        raise
    try:
        yield
    finally:
        # Before the release: afterwards it would be the next runner's.
        with suppress(OSError):
            _holder_path(path).unlink(missing_ok=True)
        lock.release()


def system_lock(path: Path) -> FileLock:
    """A lock that the operating system takes from a process when it dies, taken at once or not at all.

    On a disk that has none it cannot be had: a file that merely lies there proves nothing.
    """
    return FileLock(path, timeout=0, mode=0o600, thread_local=False, fallback_to_soft=False)


def lock_error(path: Path, error: OSError) -> LedgerError:
    """A lock cannot be had, for other reasons than that somebody has it."""
    return LedgerError(
        f"The lock {path} cannot be taken ({error.strerror or error}).",
        "Give this user write access to the folder, or set SHIPBATCH_HOME to another one, on a local disk.",
    )


def _one_folder(home: Path, other: Path) -> bool:
    """By whatever names: a runner would wait for itself there."""
    return other.exists() and other.samefile(home)


def lock_path(home: Path, store: str) -> Path:
    """Where a store's lock lies: readable, and another one for every store."""
    words = re.sub(r"[^a-z0-9]+", "-", store.casefold()).strip("-")[-40:]
    return home / "locks" / f"{words}-{sha256(store.encode()).hexdigest()[:8]}.lock"


def holder(path: Path) -> str:
    """Who holds a lock, in words; it is true only while the lock is held."""
    try:
        told = json.loads(_holder_path(path).read_text("utf-8"))
        since = datetime.fromisoformat(told["since"]).astimezone()
        return f"`{told['command']}` (process {told['pid']} on {told['host']}, since {since:%Y-%m-%d %H:%M:%S})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


async def _acquire(lock: FileLock, store: str, wait: float, waiting: Callable[[str], None]) -> None:
    clock = asyncio.get_running_loop().time
    until, told = clock() + wait, False
    while not try_acquire(lock):
        who = holder(Path(lock.lock_file))
        if clock() >= until:
            raise CannotRunNow(f"Another runner of {store} is at work: {who}.", _LATER)
        if not told:
            waiting(who)
            told = True
        await asyncio.sleep(min(POLL, max(0.0, until - clock())))


def is_free(path: Path) -> bool:
    """Whether a lock's process is dead. A lock file that is not here proves nothing: it may be another disk's."""
    if not path.exists():
        return False
    try:
        with system_lock(path):
            return True
    except (Timeout, OSError):
        return False


def try_acquire(lock: FileLock) -> bool:
    """Whether a lock could be had at once; OSError where it cannot be had at all."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True


def this_command() -> str:
    """What this process was started as."""
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]).strip() or "python"


def _write_holder(path: Path) -> None:
    told = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": this_command(),
    }
    whole = _holder_path(path).with_suffix(".new")
    whole.write_text(json.dumps(told), "utf-8")
    whole.chmod(0o600)
    whole.replace(_holder_path(path))


def _holder_path(path: Path) -> Path:
    return path.with_suffix(".holder")
