"""A command's exit status: what each one says, and which of several counts."""

from collections.abc import Collection
from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit statuses by precedence; 70, 74 and 75 as in sysexits.h."""

    HUNG_UP = 129  # stopped by a signal, resumable: 128 and its number
    INTERRUPTED = 130
    TERMINATED = 143
    BUG = 70  # a fault of ours: no other means it
    CANNOT_RUN_NOW = 75  # nothing sent: another runner, the store or the database is down
    NOTHING_SENT = 2  # usage, configuration, file
    NO_SHEET = 74  # sent, but the results sheet could not be written
    WAITS_FOR_PERSON = 3  # held, in doubt, or made otherwise than asked
    NOT_ALL_SENT = 1  # some rows did not ship, or a new one waits
    ALL_DONE = 0  # every row shipped, now or before, or was meant to be skipped


CAME_TO_ITS_END = frozenset(
    {ExitStatus.ALL_DONE, ExitStatus.NOT_ALL_SENT, ExitStatus.WAITS_FOR_PERSON}
)
"""Those of a run that reached its end, whatever happened to its rows."""


def worst(statuses: Collection[int]) -> ExitStatus:
    """The one that counts of several; unknown numbers are ignored."""
    return next((status for status in ExitStatus if status in statuses), ExitStatus.ALL_DONE)
