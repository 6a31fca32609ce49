"""How long a file may be read, and how a reader says that its memory did not do."""

from typing import NamedTuple

SECONDS = 60
"""For a small file; and a second more for each megabyte."""
MARGIN = 5
"""By so many less of processor time it is the file that takes too long, and not the machine."""
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
