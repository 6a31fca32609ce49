"""What can happen to a row, and all that is said of it, in one table for all outputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """A row's status, in the results sheet's words; worst first."""

    IN_DOUBT = "in doubt"
    HELD = "held"
    REJECTED = "rejected"
    INVALID = "invalid"
    NOT_SENT = "not sent"
    WAITING = "waiting"
    PLANNED = "planned"
    UPDATED = "updated"
    CREATED = "created"
    ALREADY_CREATED = "already created"
    SKIPPED = "skipped"

    @property
    def key(self) -> str:
        """Its key in the JSON summary: `already_created`."""
        return self.value.replace(" ", "_")

    @property
    def severity(self) -> int:
        """0 is the worst; a row of several parcels gets its worst status."""
        return _SEVERITIES[self]


_SEVERITIES: Mapping[Status, int] = {status: severity for severity, status in enumerate(Status)}


class RowOutcome(StrEnum):
    """What a picker needs to know about a row, in one or two words."""

    SHIPPED = "Shipped"
    WILL_SHIP = "Will ship"  # in a plan only: nothing was sent
    FIX = "Fix this"
    ASK = "Ask someone"
    RETRY = "Will retry"
    SKIPPED = "Skipped"


@dataclass(frozen=True, slots=True)
class StatusText:
    """What is said about rows with a status, and what follows from it."""

    words: str
    """After their count, on the screen."""
    outcome: RowOutcome
    meaning: str
    """In the sheet `Summary`."""
    is_trouble: bool = False
    """Should have shipped and did not: the causes are counted and reported."""
    is_passing: bool = False
    """Trouble that passes by itself."""
    is_open: bool = False
    """Another run may ship it."""


STATUSES: Mapping[Status, StatusText] = {
    Status.CREATED: StatusText("shipped", RowOutcome.SHIPPED, "Shipped by this run."),
    Status.UPDATED: StatusText(
        "corrected", RowOutcome.SHIPPED, "An existing shipment was corrected by this run."
    ),
    Status.ALREADY_CREATED: StatusText(
        "already shipped before", RowOutcome.SHIPPED, "Was shipped before; nothing was sent again."
    ),
    Status.SKIPPED: StatusText(
        "skipped",
        RowOutcome.SKIPPED,
        "Not meant to ship: void, quantity 0, a totals row, an ignored SKU.",
    ),
    Status.PLANNED: StatusText(
        "would ship", RowOutcome.WILL_SHIP, "A run without --dry-run ships it."
    ),
    Status.INVALID: StatusText(
        "to be fixed",
        RowOutcome.FIX,
        "Not sent: something in the row is wrong. Correct it in “Fix and resend”.",
        is_trouble=True,
    ),
    Status.REJECTED: StatusText(
        "refused by the store",
        RowOutcome.FIX,
        "Sent, and refused by the store. Correct it in “Fix and resend”.",
        is_trouble=True,
    ),
    Status.HELD: StatusText(
        "held for a person",
        RowOutcome.ASK,
        "Not sent: a person decides. Answer in the column Decision, or run `shipbatch decide`.",
        is_trouble=True,
        is_open=True,
    ),
    Status.WAITING: StatusText(
        "waiting: the order is not in the store yet",
        RowOutcome.RETRY,
        "The order is not in the store yet; it is tried again by itself.",
        is_trouble=True,
        is_passing=True,
        is_open=True,
    ),
    Status.IN_DOUBT: StatusText(
        "in doubt",
        RowOutcome.ASK,
        "Perhaps shipped; the store's answer was lost. "
        "Run `shipbatch decide`; do not send it again.",
        is_trouble=True,
        is_open=True,
    ),
    Status.NOT_SENT: StatusText(
        "not sent",
        RowOutcome.RETRY,
        "The run stopped before it, or another shipment of its order comes first; "
        "it goes on by itself.",
        is_trouble=True,
        is_passing=True,
        is_open=True,
    ),
}
"""In the order of the JSON summary."""

_SHIPS = {RowOutcome.SHIPPED, RowOutcome.WILL_SHIP}
ON_SCREEN = tuple(sorted(STATUSES, key=lambda status: STATUSES[status].outcome not in _SHIPS))
"""In the order of the screen: what ships comes first."""

SHIPS = frozenset({Status.CREATED, Status.UPDATED, Status.PLANNED})
"""What a run ships, or would ship."""
TROUBLES = frozenset(status for status, text in STATUSES.items() if text.is_trouble)
PASSING = frozenset(status for status, text in STATUSES.items() if text.is_passing)
OPEN = frozenset(status for status, text in STATUSES.items() if text.is_open)
TO_FIX = frozenset(status for status, text in STATUSES.items() if text.outcome is RowOutcome.FIX)
