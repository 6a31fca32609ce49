"""How long a file may be read, and how a reader says that its memory did not do."""

import time
from typing import NamedTuple

from batch.errors import FileError

SECONDS = 60
"""For a small file; and a second more for each megabyte."""
MARGIN = 5
"""Where processor time comes so near the limit, the file is too slow, not the machine."""
NO_MEMORY = 3
"""The reader's exit status where its memory did not do."""


class Seconds(NamedTuple):
    """The deadline of a file."""

    in_all: int
    of_processor: int


def seconds_for(size: int) -> Seconds:
    """By the bytes of the file as it lies on disk."""
    in_all = SECONDS + (size >> 20)
    return Seconds(in_all, max(1, in_all - MARGIN))


class Deadline:
    """When the first reading of a file is to be over, from now on."""

    def __init__(self, name: str, size: int) -> None:
        self._name, self._seconds = name, seconds_for(size).in_all
        self._at = time.monotonic() + self._seconds

    def check(self) -> None:
        """FileError where it is past."""
        if time.monotonic() > self._at:
            raise FileError(
                f"{self._name} could not be read within {self._seconds:,} s.",
                "Copy it to a disk of this machine and try again; if that does not help, export"
                " fewer rows.",
            )
