"""The exception tree: what the caller does next is in the class.

::

    ShipbatchError            what went wrong, and what to do
    ├── NothingSent           stop before the first request: exit 2
    │   ├── ConfigError       a setting, a variable, an option
    │   └── FileError         the file as a whole
    │       ├── ColumnError   its columns: a --map settles it
    │       └── ReaderDied    its reader ended or hung without a word: once may be chance
    ├── CannotRunNow          another runner, the store is down: exit 75
    │   └── OutOfMemory       less memory than this needs
    ├── StopRequested         told to stop before anything was sent: exit 130, 143
    ├── StoreStopped          the store refuses everything: the run stops, the rest stays planned
    ├── Unreadable            an answer to a read that could not be had or understood
    ├── ResultsError          sent and recorded, but the sheet could not be written: exit 74
    └── LedgerError           the ledger cannot be written or trusted: nothing more is sent
        └── DatabaseAway      its database does not answer: exit 75
"""

import errno
from collections.abc import Iterable
from typing import Self

_NO_MEMORY = (
    "failed to map segment",
    "annot allocate memory",
    "can't start new thread",
    "out of memory",
)
"""Words of libraries for a lack of memory."""


class ShipbatchError(Exception):
    """An error a person can act on: `str(error)` says what and where, `todo` what to do next."""

    def __init__(self, message: str, todo: str = "") -> None:
        super().__init__(message)
        self.todo = todo

    @property
    def lines(self) -> tuple[str, ...]:
        """Its message, line by line: several for several mistakes of a configuration."""
        return (str(self),)

    def about(self, ours: str, theirs: str) -> Self:
        """The same about the file that a person knows, in place of our copy of it."""
        return type(self)(str(self).replace(ours, theirs), self.todo.replace(ours, theirs))


class NothingSent(ShipbatchError):
    """Usage, configuration or file: no request was sent."""


class ConfigError(NothingSent):
    """A setting, an environment variable or an option is missing or wrong."""

    mistakes: tuple[str, ...] = ()
    """Each mistake, where a whole file was checked."""

    @classmethod
    def of_file(cls, mistakes: Iterable[str], todo: str) -> Self:
        """All mistakes of one file, each a sentence with its place."""
        found = tuple(mistakes)
        error = cls("\n".join(found), todo)
        error.mistakes = found
        return error

    @property
    def lines(self) -> tuple[str, ...]:
        return self.mistakes or (str(self),)


class FileError(NothingSent):
    """The file cannot be read as an export; the message names the file and the reason."""


class ColumnError(FileError):
    """A column is missing, or two compete; `todo` holds a `--map` that works."""


class ReaderDied(FileError):
    """The process that read the file ended or hung without a word; it may be tried once more."""


class CannotRunNow(ShipbatchError):
    """Nothing was sent and the file is fine; the same call will work later."""


class OutOfMemory(CannotRunNow):
    """The system, or a limit set on this process, gives no more memory."""


class StopRequested(ShipbatchError):
    """A person or the system said stop before anything was sent."""


class StoreStopped(ShipbatchError):
    """The store refuses this caller altogether (401, 403, suspended, redirect, certificate)."""


class Unreadable(ShipbatchError):
    """A read failed for good: network, server error, or an answer that is not the API's."""


class ResultsError(ShipbatchError):
    """The results sheet cannot be written, or does not add up; the ledger still has everything."""


class LedgerError(ShipbatchError):
    """The ledger is full, read-only, corrupt or of another version; nothing more is sent."""


def of_memory(error: BaseException) -> OutOfMemory | None:
    """An error for a lack of memory, also as libraries word it; None for other errors."""
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(of_memory, error.exceptions)), None)
    said = str(error)
    lacking = isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno == errno.ENOMEM
    )
    if not lacking and not any(words in said for words in _NO_MEMORY):
        return None
    return OutOfMemory(
        "There is not enough memory for this.",
        "Raise the limit (`ulimit -v`, systemd's MemoryMax, the container's) or split the file; "
        "then give the same command again: what was sent is recorded, and it goes on there.",
    )


class DatabaseAway(LedgerError, CannotRunNow):
    """The ledger's database does not answer, or not to us; it may later."""
