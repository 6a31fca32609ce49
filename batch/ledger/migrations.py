"""From each version of the ledger to the next, in either store: an older ledger is upgraded when it is opened."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch import crash
from batch.ledger.connection import Connection


@dataclass(frozen=True, slots=True)
class Step:
    """What makes a ledger one version newer: statements for each store, which also stand in its schema file.

    Tables are added to, and nothing is taken from them: what has happened stays.
    """

    sqlite: Sequence[str]
    postgres: Sequence[str]


STEPS: tuple[Step, ...] = ()
"""The first leads from version 1 to version 2."""


def version() -> int:
    """The version of the ledger that this program writes."""
    return 1 + len(STEPS)


def upgrade(connection: Connection, store: str, found: int) -> None:
    """Bring a ledger of an older version up to date, in the caller's transaction; `store` is a field of Step."""
    for step in STEPS[found - 1 :]:
        for statement in getattr(step, store):
            connection.execute(statement)
            crash.point("in-migration")
