"""A file as far as it has come: limited in size and time, and whole in the end."""

import time
from typing import IO

from batch.config.settings import LARGEST_FETCH
from batch.errors import FileError

LONGEST = 1800.0  # seconds until an address has given the whole file
PATIENCE = 30.0  # seconds for a server to be reached, and to say more
CHUNK = 1 << 20  # bytes


class Copy:
    """A copy in the making; `where` is its address, as people may see it."""

    def __init__(self, file: IO[bytes], where: str, largest: int = LARGEST_FETCH) -> None:
        self.where, self.length = where, 0
        self._file, self._largest, self._until = file, largest, time.monotonic() + LONGEST
        self._expected: int | None = None

    def expect(self, length: int) -> None:
        """Its length is known before it comes; FileError where that is too much."""
        self._expected = length
        self._check_cap(length)

    def write(self, piece: bytes) -> None:
        """Add a piece; FileError where it is too large, or has taken too long."""
        self.length += len(piece)
        self._check_cap(self.length)
        if time.monotonic() > self._until:
            raise FileError(
                f"{self.where} has not come within {LONGEST / 60:.0f} minutes.",
                "Look whether its server answers, then try again.",
            )
        self._file.write(piece)

    def end(self) -> None:
        """FileError where it is not whole."""
        if self._expected not in {None, self.length}:
            raise FileError(
                f"{self.where}: {self.length:,} bytes have come, and it has {self._expected:,}.",
                "Run it again.",
            )

    def changed_error(self) -> FileError:
        """What is said where the file is no longer the one that was begun with."""
        return FileError(
            f"{self.where}: it is still being written, or was replaced while it was fetched.",
            "Run it again once it is whole.",
        )

    def _check_cap(self, length: int) -> None:
        if length > self._largest:
            raise FileError(
                f"{self.where} has {length:,} bytes or more, and at most {self._largest:,} are"
                " fetched.",
                "Look whether it is the file that you mean; if so, raise fetch_largest in"
                " shipbatch.toml.",
            )
