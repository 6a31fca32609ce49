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

# The state table: theory and rules for editors
# =============================================
#
# Theory
# ------
# The store's API has no idempotency key, so a request that was sent twice ships twice. A record is
# what can be proven about one shipment at a given time: not what was tried, and not what is likely.
# It moves only on evidence, which is kept with the move (table `attempts`, Outcome.evidence). Where
# the evidence is missing, a record moves towards doubt and never back to PLANNED.
#
# PLANNED, CREATED and REJECTED are certain. INTENT, IN_DOUBT and NEEDS_PERSON (UNSETTLED) are not:
# the store may or may not have the shipment. An order has at most one record in these states, so
# that what a read-back finds can only be that record's (another one only where two stores were
# merged: column `aside`).
#
# Every move, and what proves it (`what` in `attempts`):
#
# PLANNED -> INTENT       Nothing: it says that proof will be needed. Durable before the first byte,
#                         with the order's newest shipment id and its shipped units (`intent`).
# INTENT -> CREATED       201 with the shipment that was asked for (`response`); found in the order
#                         after a 429 (`read back`); a person names its id (`person`).
# INTENT -> REJECTED      400, 409, 422, or 404 with a v2 error body: refused for what it says.
# INTENT -> PLANNED       No byte left; 401, 403, a redirect: the store refuses this caller; 429,
#                         but then the order is read before the next try: a gateway may answer so
#                         after the work (`response`).
# INTENT -> IN_DOUBT      Everything else: no answer, 408, 499, 5xx, unreadable, an answer about
#                         another shipment (`response`); a runner that ended in between (`crash`).
# IN_DOUBT -> CREATED     The order has it: newer than the intent, equal, claimed by no record
#                         (`read back`); or a person names its id (`person`).
# IN_DOUBT -> PLANNED     Absent in two reads with the settle window before the second, no like
#                         shipment there, no units moved (`read back`); or a person's word.
# IN_DOUBT -> NEEDS_PERSON  Absent twice, but something speaks against sending again (`read back`);
#                         or a second doubt of an order, when two spellings of a store are merged.
# NEEDS_PERSON -> CREATED   A later read finds it, or a person names its id.
# NEEDS_PERSON -> PLANNED   A person's word that it is not there; the store must not contradict it.
#
# Why the others do not exist: PLANNED -> CREATED, since what is there before an intent is not ours
# (the row is `already created`). IN_DOUBT -> REJECTED, since no read proves a refusal. IN_DOUBT ->
# INTENT, since sending again begins with a new intent and a new look at the order. CREATED and
# REJECTED are final: later events (updated, deleted) are appended, a corrected row is a new record.
#
# Rules for editors
# -----------------
# 1. Legal moves are in MOVES and nowhere else. The ledger's statements (`ledger.moves.LEGAL`) and
#    the trigger `legal_moves` of both databases are made from it.
# 2. A move to PLANNED or REJECTED lets the units ship again: it needs proof that nothing was made.
#    Time passed, a closed connection or a missing answer is none. A move to CREATED needs the id of
#    a shipment that no other record has.
# 3. To add or remove a move: MOVES, the list above, the arrows in tests/test_mutants_settling.py,
#    a test of its evidence, and a mutant without that evidence in tests/proofs/mutants.py. No state
#    but a final one may lose its last exit: ledgers in use have records in it.
# 4. A move needs no migration: a ledger's trigger is rewritten when it is opened. An older program
#    that opens it later puts its own back; where that must not be, add a Step to
#    `ledger.migrations.STEPS`: the version goes up, and older programs refuse the ledger.
# 5. A new state always needs a Step (older programs cannot read its name). If it is uncertain, too:
#    UNSETTLED, and the index `single_flight` and the trigger `aside_holds` in both schema.sql files
#    and in the Step. Then the CHECKs on `shipment_id` and `deleted`; what its rows are called in
#    `results.accounting`; its path in MAKING of tests/test_ledger_raw.py.


class State(StrEnum):
    """Where a shipment's record stands; each comment says what is then true."""

    PLANNED = "planned"  # judged; provably not made by us
    INTENT = "intent"  # about to be sent, perhaps sent; its runner may be at work on it
    IN_DOUBT = "in_doubt"  # sent or perhaps sent; the store's answer is not known
    NEEDS_PERSON = "needs_person"  # read back twice; something speaks against sending it again
    CREATED = "created"  # made; the shipment's id is known, and claimed by this record alone
    REJECTED = "rejected"  # refused by the store for what it says; nothing was made


MOVES: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.INTENT}),
    State.INTENT: frozenset({State.CREATED, State.REJECTED, State.PLANNED, State.IN_DOUBT}),
    State.IN_DOUBT: frozenset({State.CREATED, State.PLANNED, State.NEEDS_PERSON}),
    State.NEEDS_PERSON: frozenset({State.CREATED, State.PLANNED}),
    State.CREATED: frozenset(),
    State.REJECTED: frozenset(),
}
"""State → the states it may become; the ledger and its databases refuse every other move."""


MADE_DIFFERS = Code.MADE_DIFFERS.value
NO_LINK = "no_tracking_link"
"""Code of what the store made otherwise than asked, until a person accepts or corrects it."""


UNSETTLED = frozenset({State.INTENT, State.IN_DOUBT, State.NEEDS_PERSON})
"""Perhaps made: at most one record in these states for an order of a store."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a record becomes next, and the evidence for it."""

    state: State
    made: StoreShipment | None = None
    """With `created`: the shipment in the store."""
    finding: Finding | None = None
    """With every state but `created`: what to tell the person."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """Phase, HTTP status, what was read back: enough to explain the move a year later."""


class RunSummary(TypedDict, total=False):
    """A run's totals, the JSON summary; empty until it has ended; older runs lack newer keys."""

    run: str
    file: str
    rows: int
    """The statuses below count rows, and their sum is this."""
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
    no_tracking_link: int
    """Rows that ship, and whose customer gets no tracking link; left out where there are none."""
    requests: int
    requests_saved: int
    """Requests saved against a loop that reads each order before its POST."""
    seconds: float
    results: str
    """Path of the results sheet; empty without one."""
    held_by: list[str]
    """Codes of why the whole file is held."""
    estimate: Mapping[str, float | int | None]
    """For a dry run: requests, seconds and e-mails of the real one."""
    carries: bool
    """False where later runs leave its open rows alone."""


class RunProfile(TypedDict, total=False):
    """What the ledger keeps of a run's file: figures for `planning.gates`, and how it was run."""

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
    """Whether later runs go on with its open rows."""
    sheet: str
    """The sheet of a workbook that was read."""
    queued: int | None
    """The file's number in the queue of many machines."""
    held: Sequence[str]
    """Codes of why the whole file is held."""


@dataclass(frozen=True, slots=True)
class Run:
    """One file through all stages."""

    run_id: str
    """Sorts by time: `20261123-140328-7f3a`."""
    store: str
    """API origin and store hash: `https://api.bigcommerce.com/stores/abc123`."""
    file: str
    """The export's path, as given."""
    sha256: str
    copy: str
    """Path of the copy made at the start."""
    started: datetime
    finished: datetime | None = None
    exit_status: int | None = None
    summary: RunSummary = field(default_factory=RunSummary)
    source: str = ""
    """Its source's name, else its header row's digest; empty for a sheet of our own."""
    profile: RunProfile = field(default_factory=RunProfile)
    """The file's figures, with which later files of the source are compared."""


@dataclass(frozen=True, slots=True)
class Record:
    """A shipment in the ledger."""

    record_id: int
    run_id: str
    store: str
    shipment: Shipment
    state: State
    attempts: int = 0
    made: StoreShipment | None = None
    finding: Finding | None = None
    baseline: int = 0
    """The order's largest known shipment id before the intent."""
    deleted: bool = False
    """Made, and deleted again by `undo`."""
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def differs(self) -> bool:
        """Made otherwise than asked, and not yet accepted or corrected."""
        return bool(self.finding and self.finding.code == MADE_DIFFERS and not self.deleted)

    @property
    def labels(self) -> frozenset[str]:
        """The numbers and links it is known by: as asked, and as corrected since."""
        made = (self.made.tracking_number or self.made.tracking_link) if self.made else ""
        return frozenset({self.shipment.label, made} - {""})
