"""One runner per store: an operating system's lock, released when its process dies."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from batch.errors import CannotRunNow, LedgerError
from batch.ledger.lock_holder import describe_holder, remove_holder, write_holder
from batch.primitives.atomic_file import private_folder

POLL = 0.2  # seconds between two tries
_LATER = "Nothing was sent. Run the same call again when it has ended, or give a longer --wait."


def _nobody_listens(_: str) -> None:
    """The default of `waiting`."""


@asynccontextmanager
async def store_lock(
    home: Path,
    store: str,
    wait: float = 60.0,
    waiting: Callable[[str], None] = _nobody_listens,
    shared_home: Path | None = None,
) -> AsyncIterator[None]:
    """The only runner of a store with this home, for as long as the block lasts.

    Where the lock is taken, `waiting` is called once with its holder, as words for a sentence.
    `shared_home` is a folder of runners with other homes: they are kept out as well, where it can
    be used. Raises CannotRunNow where another runner still has the lock after `wait` seconds, and
    LedgerError where the home's lock cannot be had at all: no write access, or a disk without
    locks.
    """
    async with AsyncExitStack() as locks:
        try:
            await locks.enter_async_context(_hold_lock(home, store, wait, waiting))
        except OSError as error:
            raise lock_error(lock_path(home, store), error) from error
        # a user without a folder of his own: his home's lock is all there is
        with suppress(OSError):
            if shared_home and not _is_same_folder(home, shared_home):
                await locks.enter_async_context(_hold_lock(shared_home, store, wait, waiting))
        yield


@asynccontextmanager
async def _hold_lock(
    folder: Path, store: str, wait: float, waiting: Callable[[str], None]
) -> AsyncIterator[None]:
    """One folder's lock. Raises OSError where it is not another runner that keeps it."""
    path = lock_path(folder, store)
    lock = system_lock(path)
    try:
        private_folder(folder)
        private_folder(path.parent)
        await _acquire(lock, store, wait, waiting)
        write_holder(path)
    except OSError:
        lock.release()
        raise
    try:
        yield
    finally:
        remove_holder(path)  # before the release: afterwards it would be the next runner's
        lock.release()


def system_lock(path: Path) -> FileLock:
    """A lock that the operating system releases when its process dies; never waited for.

    A disk without such locks refuses it: a file that merely exists there proves nothing.
    """
    return FileLock(path, timeout=0, mode=0o600, thread_local=False, fallback_to_soft=False)


def lock_error(path: Path, error: OSError) -> LedgerError:
    """The error for a lock that cannot be taken, though nobody has it."""
    return LedgerError(
        f"The lock {path} cannot be taken ({error.strerror or error}).",
        "Give this user write access to the folder, "
        "or set SHIPBATCH_HOME to another one, on a local disk.",
    )


def _is_same_folder(home: Path, other: Path) -> bool:
    """Whether two names mean one folder: a runner would wait for itself there."""
    return other.exists() and other.samefile(home)


def lock_path(home: Path, store: str) -> Path:
    """The path of a store's lock file: readable, and different for every store."""
    words = re.sub(r"[^a-z0-9]+", "-", store.casefold()).strip("-")[-40:]
    return home / "locks" / f"{words}-{sha256(store.encode()).hexdigest()[:8]}.lock"


async def _acquire(lock: FileLock, store: str, wait: float, waiting: Callable[[str], None]) -> None:
    clock = asyncio.get_running_loop().time
    until, is_reported = clock() + wait, False
    while not try_acquire(lock):
        holder = describe_holder(Path(lock.lock_file))
        if clock() >= until:
            raise CannotRunNow(f"Another runner of {store} is at work: {holder}.", _LATER)
        if not is_reported:
            waiting(holder)
            is_reported = True
        await asyncio.sleep(min(POLL, max(0.0, until - clock())))


def is_free(path: Path) -> bool:
    """Whether a lock's process is dead; a missing lock file proves nothing (another disk's)."""
    if not path.exists():
        return False
    try:
        with system_lock(path):
            return True
    except (Timeout, OSError):
        return False


def try_acquire(lock: FileLock) -> bool:
    """Take a lock at once; False where another process has it. Raises OSError without locks."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
