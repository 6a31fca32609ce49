"""Opening the ledger's file: made whole or not at all, checked, and every fault of it explained."""

import os
import sqlite3
import time
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from batch.errors import LedgerError
from batch.model import MOVES

LEDGER = "ledger.sqlite3"  # its file's name, in a home
APPLICATION_ID = 0x53484242  # "SHBB": tells a ledger from any other SQLite file
VERSION = 1
BUSY = 60_000  # milliseconds to wait for another process's commit
CHECK = 0.5  # seconds the check at opening may take; a ledger of millions is checked in part

_DURABLE = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS: fsync alone leaves the data in the drive's cache
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # so that INSERT OR REPLACE meets the triggers too
    "PRAGMA cache_size = -65536",  # KiB
    "PRAGMA journal_size_limit = 67108864",  # bytes the -wal file keeps after a large plan
)
_RESTORE = (
    "Nothing more is sent. Move it aside with its -wal and -shm files and put back a copy of the three; "
    "without a copy the next run looks into the store before it sends."
)
_REASONS = {
    "FULL": ("the disk is full", "Make room on the disk, then run the same call again; nothing is lost."),
    "READONLY": ("it cannot be written", "Give this user write access to the file and its folder."),
    "PERM": ("it cannot be written", "Give this user write access to the file and its folder."),
    "CANTOPEN": ("it cannot be opened or made", "Give this user write access to the file and its folder."),
    "CORRUPT": ("it is damaged", _RESTORE),
    "NOTADB": ("it is damaged, or not a ledger", _RESTORE),
    "IOERR": ("the disk failed or is full", "Check the disk and its free space, then run the same call again."),
    "BUSY": ("another process has been writing it for a minute", "Wait for it to end, then run the same call again."),
}


def explained(error: Exception, path: Path) -> LedgerError:
    """What SQLite said, as a LedgerError with the path, the reason and what to do."""
    name = str(getattr(error, "sqlite_errorname", "")).removeprefix("SQLITE_").partition("_")[0]
    reason, todo = _REASONS.get(name, ("it cannot be used", "Report this message."))
    made = LedgerError(f"The ledger {path}: {reason} ({error}).", todo)
    made.__cause__ = error
    return made


def open_writable(path: Path) -> sqlite3.Connection:
    """A connection that may write, to a ledger that is sound and of this version; made where there is none."""
    try:
        _make_private(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be opened or made ({error.strerror or error}).",
            "Give this user write access to the file and its folder, or set SHIPBATCH_HOME to another folder.",
        ) from error
    return _opened(path, f"{path.as_uri()}?mode=rw")


def open_readable(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; an empty ledger in memory where there is none, or none yet."""
    if path.exists() and not _unmade(path):
        return _opened(path, f"{path.as_uri()}?mode=ro")
    connection = _connected(":memory:")
    connection.executescript(_schema())
    return connection


def private_folder(path: Path) -> None:
    """A folder for this user alone, where there is none yet; one that exists is left as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def network_disk(path: Path) -> str:
    """The kind of network file system a path lies on, as Linux names it; empty where it is local or not known."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    inside = [(len(mount[1]), mount[2]) for mount in mounts if path.is_relative_to(mount[1])]
    kind = max(inside, default=(0, ""))[1]
    return kind if kind in {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "fuse.sshfs"} else ""


def _opened(path: Path, uri: str) -> sqlite3.Connection:
    try:
        connection = _connected(uri)
    except sqlite3.Error as error:
        raise explained(error, path) from error
    try:
        if uri.endswith("rw"):
            _prepare(connection)
        _check_version(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise explained(error, path) from error
    except LedgerError:
        connection.close()
        raise
    return connection


def _connected(uri: str) -> sqlite3.Connection:
    # check_same_thread: it is opened here and handed to the one thread that uses it.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout = {BUSY}")
    return connection


def _make_private(path: Path) -> None:
    """The file 0600, a folder that is made for it 0700: order numbers are nobody else's business."""
    private_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.name == "posix" and os.fstat(handle).st_mode & 0o077:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)
    if os.name == "posix":  # so that the file's name survives a power cut too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _prepare(connection: sqlite3.Connection) -> None:
    application, version = _marks(connection)
    empty = _is_empty(connection)
    if version > VERSION or not (application == APPLICATION_ID or (application == 0 and empty)):
        return  # not ours to touch; _check_version says so
    check(connection)
    for pragma in _DURABLE:
        connection.execute(pragma)
    if empty:
        connection.executescript(_schema())
    connection.execute("BEGIN IMMEDIATE")  # finds out now whether it can be written
    written = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'legal_moves'").fetchone()
    if written and written[0] != _legal_moves():
        connection.execute("DROP TRIGGER legal_moves")
        connection.execute(_legal_moves())
    connection.execute("COMMIT")


def _unmade(path: Path) -> bool:
    """Whether the process that was making the ledger has not got to its tables: it was killed, or is at it."""
    try:
        with closing(_connected(f"{path.as_uri()}?mode=ro")) as connection:
            return _marks(connection) == (0, 0) and _is_empty(connection)
    except sqlite3.Error as error:
        raise explained(error, path) from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def check(connection: sqlite3.Connection) -> None:
    """quick_check, given up without a verdict after CHECK seconds."""
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


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    application, version = _marks(connection)
    if application != APPLICATION_ID:
        raise LedgerError(
            f"{path} is a SQLite file of another program, not a ledger of shipbatch.",
            "Move it away, or set SHIPBATCH_HOME to another folder.",
        )
    if version > VERSION:
        raise LedgerError(
            f"The ledger {path} was written by a newer shipbatch (its version is {version}, this one knows {VERSION}).",
            "Update shipbatch; nothing was sent.",
        )


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _schema() -> str:
    """One transaction; two processes that both make the ledger make it once."""
    tables = files("batch.ledger").joinpath("schema.sql").read_text("utf-8")
    moves = _legal_moves().replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS", 1)
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    return f"BEGIN IMMEDIATE; {tables} {moves}; {marks} COMMIT;"


def _legal_moves() -> str:
    """`model.MOVES` as a trigger: the database refuses every other move, whoever asks."""
    legal = " OR ".join(f"OLD.state = '{old}' AND NEW.state = '{new}'" for old in MOVES for new in sorted(MOVES[old]))
    return (
        "CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON records"
        f" WHEN OLD.state <> NEW.state AND NOT ({legal})"
        " BEGIN SELECT RAISE(ABORT, 'illegal move'); END"
    )
