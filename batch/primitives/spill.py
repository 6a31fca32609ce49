"""A mapping kept on disk, by number: memory does not grow with what is in it."""

import pickle
import sqlite3
import weakref
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TypeVar

from batch.errors import LedgerError

T = TypeVar("T")

AT_ONCE = 500  # things in memory before they go to the file


class SpillDict(MutableMapping[int, T]):
    """Things under whole numbers, read in ascending order; gone with the process, however it ends.

    What is read is a copy: put it back after a change. Raises LedgerError where the disk is full.
    """

    def __init__(self) -> None:
        # "" is a nameless temporary file of SQLite's own; a small one stays in memory.
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._file.close)
        self._file.execute("CREATE TABLE things (number INTEGER PRIMARY KEY, thing BLOB)")
        self._file.execute("BEGIN")
        self._new: dict[int, bytes] = {}
        """Not yet in the file."""

    def __setitem__(self, number: int, thing: T) -> None:
        self._new[number] = pickle.dumps(thing, 5)
        if len(self._new) >= AT_ONCE:
            self._put_away()

    def __getitem__(self, number: int) -> T:
        pickled = self._new.get(number)
        if pickled is None:
            row = self._file.execute(
                "SELECT thing FROM things WHERE number = ?", (number,)
            ).fetchone()
            if row is None:
                raise KeyError(number)
            pickled = row[0]
        # We wrote it, into a file that no one else can open.
        thing: T = pickle.loads(pickled)  # noqa: S301
        return thing

    def __delitem__(self, number: int) -> None:
        self._put_away()
        if not self._file.execute("DELETE FROM things WHERE number = ?", (number,)).rowcount:
            raise KeyError(number)

    def __iter__(self) -> Iterator[int]:
        self._put_away()
        return (
            number for (number,) in self._file.execute("SELECT number FROM things ORDER BY number")
        )

    def __len__(self) -> int:
        self._put_away()
        count: int = self._file.execute("SELECT count(*) FROM things").fetchone()[0]
        return count

    def _put_away(self) -> None:
        with _explain_disk_errors():
            self._file.executemany("REPLACE INTO things VALUES (?, ?)", self._new.items())
        self._new.clear()


@contextmanager
def _explain_disk_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(
            f"There is no room for temporary files ({error}).",
            "Make room on the disk, or set TMPDIR to a folder that has; "
            "then run the same call again.",
        ) from error
