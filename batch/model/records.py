"""What the ledger keeps of a run and of a shipment, and the table of legal moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from batch.model.catalogue import Code
from batch.model.orders import StoreShipment
from batch.model.parcels import Shipment
from batch.model.rows import Finding


class State(StrEnum):
    """Where a shipment's record stands; each line says what is true when you see it."""

    PLANNED = "planned"  # judged; provably not made by us
    INTENT = "intent"  # about to be sent, perhaps sent
    IN_DOUBT = "in_doubt"  # sent or perhaps sent; the store's answer is not known
    NEEDS_PERSON = "needs_person"  # read back, and still not settled
    CREATED = "created"  # made; the shipment's id is known
    REJECTED = "rejected"  # refused by the store; nothing was made


# The only legal moves. The ledger refuses every other one; change this table, and nothing else.
MOVES: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.INTENT}),
    State.INTENT: frozenset({State.CREATED, State.REJECTED, State.PLANNED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.CREATED, State.PLANNED, State.NEEDS_PERSON}),
    State.NEEDS_PERSON: frozenset({State.CREATED, State.PLANNED}),
    State.CREATED: frozenset(),
    State.REJECTED: frozenset(),
}


MADE_DIFFERS = Code.MADE_DIFFERS.value
"""Code of what the store has made otherwise than asked, until a person has accepted or corrected it."""


UNSETTLED = frozenset({State.INTENT, State.IN_DOUBT, State.NEEDS_PERSON})
"""At most one record in these states for an order of a store."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record becomes next, and what was seen that says so."""

    state: State
    made: StoreShipment | None = None
    """With `created`: the shipment in the store."""
    finding: Finding | None = None
    """With every state but `created`: what to tell the person."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Phase, HTTP status, what was read back: enough to explain the move a year later."""


class RunSummary(TypedDict, total=False):
    """What a run came to: the JSON summary; empty until it has ended, and older runs lack what came later."""

    run: str
    file: str
    rows: int
    """The statuses below count rows, and add up to this."""
    shipments: int
    created: int
    updated: int
    already_created: int
    skipped: int
    planned: int
    invalid: int
    rejected: int
    held: int
    waiting: int
    in_doubt: int
    not_sent: int
    made_differs: int
    """Rows whose shipment was made otherwise than asked; left out where there are none."""
    requests: int
    requests_saved: int
    """Requests fewer than a loop sends that looks up each order before it posts."""
    seconds: float
    results: str
    """Where the results sheet lies; empty without one."""
    held_by: list[str]
    """Codes of why the whole file is held."""
    estimate: Mapping[str, float | int | None]
    """Of a dry run: requests, seconds and mails of the real one."""
    carries: bool
    """False where later runs leave alone what this one has left."""


class RunProfile(TypedDict, total=False):
    """What the ledger keeps of a run's file: its figures, which `planning.gates` explains, and how it was run."""

    rows: int
    wrong: int
    parcels: int
    new: int
    known: int
    known_days: int
    absent: int
    unlisted: int
    units: float
    carriers: Mapping[str, int]
    number: str
    number_orders: int
    days: int | None
    old: int
    weekday: int
    carries: bool
    """Whether later runs go on with what it leaves."""
    sheet: str
    """Which sheet of a workbook was read."""
    queued: int | None
    """The file's number in the queue of many machines."""
    held: Sequence[str]
    """Codes of why the file is held as a whole."""


@dataclass(frozen=True, slots=True)
class Run:
    """One file through all stages, once."""

    run_id: str
    """Sorts by time: `20261123-140328-7f3a`."""
    store: str
    """API origin and store hash: `https://api.bigcommerce.com/stores/abc123`."""
    file: str
    """The export's path, as given."""
    sha256: str
    copy: str
    """Where the copy taken at the start lies."""
    started: datetime
    finished: datetime | None = None
    exit_status: int | None = None
    summary: RunSummary = field(default_factory=RunSummary)
    source: str = ""
    """Its source's name, else its header row's digest; empty for a sheet of ours, filled in or corrected by hand."""
    profile: RunProfile = field(default_factory=RunProfile)
    """What the file looked like: by it, later files of the source are compared."""


@dataclass(frozen=True, slots=True)
class Record:
    """A shipment's line in the ledger."""

    record_id: int
    run_id: str
    store: str
    shipment: Shipment
    state: State
    attempts: int = 0
    made: StoreShipment | None = None
    finding: Finding | None = None
    baseline: int = 0
    """Largest shipment id known on the order before the intent."""
    deleted: bool = False
    """Made, and deleted again by `undo`."""
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def differs(self) -> bool:
        """Made otherwise than asked, and nobody has accepted or corrected it."""
        return bool(self.finding and self.finding.code == MADE_DIFFERS and not self.deleted)

    @property
    def labels(self) -> frozenset[str]:
        """The numbers and links it is known by: as it was asked for, and as it was corrected to since."""
        made = (self.made.tracking_number or self.made.tracking_link) if self.made else ""
        return frozenset({self.shipment.label, made} - {""})
