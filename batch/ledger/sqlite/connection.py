"""SQLite as the ledger uses it: its connection, its faults in words, and a full disk."""

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from batch.errors import LedgerError, of_memory
from batch.ledger.connection import Values
from batch.ledger.soundness import Damage
from batch.ledger.sqlite.reserve import Reserve

APPLICATION_ID = 0x53484242  # "SHBB": tells a ledger from any other SQLite file
CHECK = 0.5  # seconds a check may take; a ledger of millions is checked in part
NEW_WORK = frozenset({"plan", "intent"})
"""Work that is not begun on a full disk."""
_BUGS = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)
_RESTORE = (
    "Nothing more is sent. Move it aside with its -wal and -shm files and put back a copy "
    "(`shipbatch history --backup` makes one); then `shipbatch audit` says where the store "
    "has more than it. Without a copy the next run looks into the store before it sends."
)
_NO_TEXT = "Could not decode to UTF-8"
_REASONS = {
    "FULL": (
        "the disk is full",
        "Make room on the disk, then run the same call again; nothing is lost.",
    ),
    "READONLY": ("it cannot be written", "Give this user write access to the file and its folder."),
    "PERM": ("it cannot be written", "Give this user write access to the file and its folder."),
    "CANTOPEN": (
        "it cannot be opened or made",
        "Give this user write access to the file and its folder.",
    ),
    "CORRUPT": ("it is damaged", _RESTORE),
    "NOTADB": ("it is damaged, or not a ledger", _RESTORE),
    "IOERR": (
        "the disk failed or is full",
        "Check the disk and its free space, then run the same call again.",
    ),
    "BUSY": (
        "another process has been writing it for a minute",
        "Wait for it to end, then run the same call again.",
    ),
}


def ledger_error(error: Exception, path: Path) -> LedgerError:
    """SQLite's message as a LedgerError: the path, the reason and what to do."""
    name = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_").partition("_")[0]
    if lacking := of_memory(error):
        return LedgerError(f"The ledger {path}: {lacking}", lacking.todo)
    if str(error).startswith(_NO_TEXT):
        error = Damage(str(error).partition(" with text")[0])
    name = "CORRUPT" if isinstance(error, Damage) else name
    reason, todo = _REASONS.get(name, ("it cannot be used", "Report this message."))
    made = LedgerError(f"The ledger {path}: {reason} ({error}).", todo)
    made.__cause__ = error
    return made


def check(connection: sqlite3.Connection) -> None:
    """SQLite's quick_check, given up without a verdict after CHECK seconds."""
    until = time.monotonic() + CHECK
    connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        verdict = "ok"
    finally:
        connection.set_progress_handler(None, 0)
    if verdict != "ok":
        damage = sqlite3.DatabaseError(verdict)
        damage.sqlite_errorname = "SQLITE_CORRUPT"
        raise damage


class SqliteConnection(sqlite3.Connection):
    """See `connection.Connection`."""

    path: Path

    def __init__(self, *settings: Any, **more: Any) -> None:
        super().__init__(*settings, **more)
        # A query goes on in its thread after its task is cancelled; closing the connection under it
        # would make SQLite read freed memory.
        self._in_use = Lock()

    def query(self, sql: str, values: Values = (), /) -> list[Any]:
        with self._in_use:
            return self.execute(sql, values).fetchall()

    def close(self) -> None:
        with self._in_use:
            super().close()

    def list_parameter(self, values: Collection[object], /) -> str:
        return json.dumps(list(values))

    def new_ids(self, count: int, /) -> Iterable[int]:
        # One writer: whoever asks holds the file's lock.
        given = self.execute(
            "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'records'"
        )
        first: int = given.fetchone()[0] + 1
        return range(first, first + count)

    def is_bug(self, error: Exception, /) -> bool:
        return isinstance(error, _BUGS)

    def ledger_error(self, error: Exception, /) -> LedgerError:
        return ledger_error(error, self.path)

    def listen(self, say: Callable[[str], None]) -> None:
        """Nothing to do: a file is never away."""

    def check(self) -> None:
        with self._in_use:
            check(self)


class SqliteSession:
    """What the writer asks of a SQLite file.

    After a failed commit only a new opening can tell what is on the disk: a failed fsync is never
    retried. A full disk alone has provably taken nothing: it is given the reserve, no new work is
    begun, and what is in flight still gets its outcome.
    """

    most = 4_096

    def __init__(self, connection: SqliteConnection, reserve: Reserve) -> None:
        self.connection = connection
        self._reserve = reserve
        self._full: Exception | None = None

    def begin(self, *, large: bool) -> None:
        # Where the undo of a statement is kept: a file is slow for small ones, memory grows with
        # large ones.
        self.connection.execute(f"PRAGMA temp_store = {'FILE' if large else 'MEMORY'}")
        self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self.connection.execute("COMMIT")

    def roll_back(self) -> None:
        self.connection.rollback()

    def recovers(self, error: Exception) -> bool:
        with suppress(sqlite3.Error):
            self.connection.rollback()
        if _is_full(error) and self._reserve.release():
            self._full = error
            return True
        return False

    def refusal(self, point: str) -> LedgerError | None:
        return (
            self.connection.ledger_error(self._full) if self._full and point in NEW_WORK else None
        )

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.connection.close()


def _is_full(error: Exception) -> bool:
    return (
        isinstance(error, sqlite3.Error)
        and getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    )
