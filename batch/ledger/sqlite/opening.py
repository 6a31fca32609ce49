"""Opening the ledger's file: made whole or not at all, checked, every fault explained."""

import os
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from batch.errors import LedgerError
from batch.ledger.migrations import upgrade, version
from batch.ledger.sqlite.connection import APPLICATION_ID, SqliteConnection, ledger_error
from batch.model import MOVES
from batch.primitives.atomic_file import private_folder

BUSY = 60_000  # milliseconds to wait for another process's commit

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


def open_writable(path: Path) -> SqliteConnection:
    """A writable connection to a sound ledger of this version, made where there is none."""
    try:
        _make_private(path)
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be opened or made ({error.strerror or error}).",
            "Give this user write access to the file and its folder, "
            "or set SHIPBATCH_HOME to another folder.",
        ) from error
    return _open(path, f"{path.as_uri()}?mode=rw")


def open_readable(path: Path) -> SqliteConnection:
    """A read-only connection; an empty ledger in memory where there is none, or none yet."""
    if path.exists() and not _unmade(path):
        if _is_older(path):
            open_writable(path).close()
        return _open(path, f"{path.as_uri()}?mode=ro")
    return empty(path)


def empty(path: Path) -> SqliteConnection:
    """An empty ledger in memory, in place of a missing one."""
    connection = _connect(":memory:", path)
    connection.executescript(_schema())
    return connection


def network_disk(path: Path) -> str:
    """The network file system a path is on, as Linux names it; empty where local or unknown."""
    try:
        mounts = [
            line.split()
            for line in Path("/proc/self/mounts").read_text("utf-8", "replace").splitlines()
        ]
    except OSError:
        return ""
    inside = [(len(mount[1]), mount[2]) for mount in mounts if path.is_relative_to(mount[1])]
    kind = max(inside, default=(0, ""))[1]
    return kind if kind in {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "fuse.sshfs"} else ""


def _open(path: Path, uri: str) -> SqliteConnection:
    try:
        connection = _connect(uri, path)
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error
    try:
        if uri.endswith("rw"):
            _prepare(connection)
        _check_version(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise ledger_error(error, path) from error
    except LedgerError:
        connection.close()
        raise
    return connection


def _connect(uri: str, path: Path) -> SqliteConnection:
    # check_same_thread: it is opened here and handed to the one thread that uses it.
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        factory=SqliteConnection,
    )
    connection.path = path
    connection.execute(f"PRAGMA busy_timeout = {BUSY}")
    return connection


def _make_private(path: Path) -> None:
    """The file 0600, a folder made for it 0700: order numbers are private."""
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


def _prepare(connection: SqliteConnection) -> None:
    application, found = _marks(connection)
    empty = _is_empty(connection)
    if found > version() or not (application == APPLICATION_ID or (application == 0 and empty)):
        return  # not ours to touch; _check_version says so
    connection.check()
    for pragma in _DURABLE:
        connection.execute(pragma)
    if empty:
        connection.executescript(_schema())
    connection.execute("BEGIN IMMEDIATE")  # finds out now whether it can be written
    _, found = _marks(connection)
    if found < version():
        upgrade(connection, "sqlite", found)
        connection.execute(f"PRAGMA user_version = {version()}")
    written = connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'legal_moves'"
    ).fetchone()
    if written and written[0] != _legal_moves():
        connection.execute("DROP TRIGGER legal_moves")
        connection.execute(_legal_moves())
    connection.execute("COMMIT")


def _unmade(path: Path) -> bool:
    """Whether the ledger has no tables yet: its maker was killed, or is still at work."""
    try:
        with closing(_connect(f"{path.as_uri()}?mode=ro", path)) as connection:
            return _marks(connection) == (0, 0) and _is_empty(connection)
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error


def _is_older(path: Path) -> bool:
    try:
        with closing(_connect(f"{path.as_uri()}?mode=ro", path)) as connection:
            application, found = _marks(connection)
            return application == APPLICATION_ID and found < version()
    except sqlite3.Error as error:
        raise ledger_error(error, path) from error


def _is_empty(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    application, found = _marks(connection)
    if application != APPLICATION_ID:
        raise LedgerError(
            f"{path} is a SQLite file of another program, not a ledger of shipbatch.",
            "Move it away, or set SHIPBATCH_HOME to another folder.",
        )
    if found > version():
        raise LedgerError(
            f"The ledger {path} was written by a newer shipbatch "
            f"(its version is {found}, this one knows {version()}).",
            "Update shipbatch; nothing was sent.",
        )


def _marks(connection: sqlite3.Connection) -> tuple[int, int]:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    return application, connection.execute("PRAGMA user_version").fetchone()[0]


def _schema() -> str:
    """The tables in one transaction; two processes that both make the ledger make it once."""
    tables = files("batch.ledger.sqlite").joinpath("schema.sql").read_text("utf-8")
    moves = _legal_moves().replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS", 1)
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version()};"
    return f"BEGIN IMMEDIATE; {tables} {moves}; {marks} COMMIT;"


def _legal_moves() -> str:
    """`model.MOVES` as a trigger: the database refuses every other move."""
    legal = " OR ".join(
        f"OLD.state = '{old}' AND NEW.state = '{new}'"
        for old in MOVES
        for new in sorted(MOVES[old])
    )
    return (
        "CREATE TRIGGER legal_moves BEFORE UPDATE OF state ON records"
        f" WHEN OLD.state <> NEW.state AND NOT ({legal})"
        " BEGIN SELECT RAISE(ABORT, 'illegal move'); END"
    )
