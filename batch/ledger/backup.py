"""A copy of the ledger while it is in use: whole, of one moment, checked before it is named."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from batch.config import Database, Place
from batch.errors import LedgerError, NothingSent
from batch.ledger.connection import Connection
from batch.ledger.sqlite.connection import APPLICATION_ID, check, ledger_error


def back_up(ledger: Connection, place: Place, target: Path) -> None:
    """Copy an open ledger's file; an earlier copy is replaced, any other file is not.

    Raises NothingSent, with the command to use, where the ledger is in a database; LedgerError
    where the copy cannot be written or is not sound. What was there before then stays.
    """
    if isinstance(place, Database):
        raise NothingSent(
            f"The ledger is in the database {place}, which has a program of its own for copies.",
            f"Run: pg_dump --format=custom --schema=shipbatch --file='{target}' '{place}'",
        )
    assert isinstance(ledger, sqlite3.Connection)
    new = target.with_name(target.name + ".new")
    try:
        if target.exists() and not _is_ledger(target):
            raise LedgerError(
                f"{target} is another file, not a copy of a ledger.", "Give another name."
            )
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(new)) as copy:
            ledger.backup(copy)
            check(copy)
            # one file; the first run on it makes it WAL again
            copy.execute("PRAGMA journal_mode = DELETE")
        with new.open("rb+") as file:
            os.fsync(file.fileno())
        new.replace(target)
    except sqlite3.Error as error:
        new.unlink(missing_ok=True)
        raise ledger_error(error, target) from error
    except OSError as error:
        raise LedgerError(
            f"The copy {target} cannot be written: {error.strerror or error}.",
            "Give a name in a folder of yours.",
        ) from error


def _is_ledger(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as found:
            return bool(found.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)
    except sqlite3.Error:
        return False
