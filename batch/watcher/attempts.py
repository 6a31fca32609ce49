"""How often a file in `working` has been begun to be read and was not read: also by watchers that died on it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from batch.errors import FileError, ReaderDied

MOST = 2
"""Readings of a file that may end without a word."""
FOLDER = "reading"
"""Below the home."""


@contextmanager
def read_attempt(file: Path, home: Path, step: str = "") -> Iterator[None]:
    """A reading of the file. FileError where it is the third after two that never ended, and for the second that died.

    Counted before it begins, so that a watcher that dies on a file is counted too; each step of a turn by itself.
    """
    note = home / FOLDER / _name(file, step)
    begun = _count(note)
    if begun >= MOST:
        note.unlink(missing_ok=True)
        raise _unreadable_error(file, "the program ended while it was read, or hung, and was started anew.")
    with suppress(OSError):  # a full disk has its own words elsewhere
        note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        note.write_text(str(begun + 1), "ascii")
    try:
        yield
    except ReaderDied as error:
        if begun + 1 < MOST:
            raise
        note.unlink(missing_ok=True)
        raise _unreadable_error(file, f"the last time: {error}") from error
    except BaseException:
        note.unlink(missing_ok=True)
        raise
    note.unlink(missing_ok=True)


def _unreadable_error(file: Path, how: str) -> FileError:
    return FileError(
        f"{file.name} could not be read {MOST} times: {how}",
        "Do not drop it again as it is: export it anew, as CSV if it was another kind; "
        "if that fails too, give it to whoever looks after shipbatch.",
    )


def _count(note: Path) -> int:
    with suppress(OSError, ValueError):
        return int(note.read_text("ascii")[:9])
    return 0


def _name(file: Path, step: str) -> str:
    """By its place, size and time: the same after a restart, another for the next file of its name."""
    told = file.stat()
    words = f"{step} {told.st_size} {told.st_mtime_ns} ".encode() + os.fsencode(file.absolute())
    return hashlib.sha256(words).hexdigest()[:32]
