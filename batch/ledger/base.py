"""The ledger's contract: what is durable when a method returns, and what is refused.

A shipment's record moves as `model.MOVES` allows; the store underneath refuses every other
move, also to a caller that does not ask first. Every write below is durable when it returns
(synced to disk), and many of them share one sync.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from batch.model import Outcome, Record, RowNote, Run, Shipment, State, StoreShipment

__all__ = ["AlreadyClaimed", "Attempt", "Decision", "IllegalMove", "Ledger", "OrderBusy", "RowNote"]


class OrderBusy(Exception):
    """The order already has a record in intent, in_doubt or needs_person (DESIGN 4.2)."""


class IllegalMove(Exception):
    """A move that `model.MOVES` does not have; a bug, never an event of the outside world."""


class AlreadyClaimed(IllegalMove):
    """The shipment id belongs to another record: whatever the store said, it is not this one's."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that happened to a record; the table only grows."""

    record_id: int
    at: datetime
    state: State
    """The state after it."""
    what: str
    """intent, response, read back, person, crash, updated, accepted, deleted."""
    evidence: Mapping[str, Any]


def named(attempts: Sequence[Attempt]) -> int:
    """The shipment's id in the store's answer to a record's last attempt; 0 where it has named none."""
    told = (attempt.evidence for attempt in reversed(attempts) if attempt.what in {"intent", "response"})
    return int(next(told, {}).get("named") or 0)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on a parcel, kept for every later run of the store."""

    ask: str
    answer: str
    """ship, skip, or exists:ID, absent."""
    who: str
    why: str
    at: datetime


class Ledger(Protocol):
    """What survives a crash. One writer; readers never wait for it."""

    @property
    def runner(self) -> str:
        """Who we are, for the evidence of an intent; empty where the store's lock is proof that all others ended."""

    def ours(self) -> bool:
        """Whether no other runner can have the store yet: asked right before the first byte of a write."""

    def may_still_send(self, runner: str) -> str:
        """An earlier runner that is not proven to have ended, in words; empty where it is."""

    async def begin(self, run: Run) -> None:
        """Enter a run before anything of it is planned."""

    async def finish(self, run_id: str, exit_status: int, summary: Mapping[str, Any]) -> None:
        """Close a run with what it says of itself."""

    async def plan(self, run_id: str, shipments: Iterable[Shipment], notes: Iterable[RowNote]) -> range:
        """Enter a file's whole plan in one transaction; returns the shipments' places in the run's plan.

        They are taken a few at a time, so that memory does not grow with them. A planned record of an earlier run
        with the same order, address and ask, or the same number, is taken over (it was never made), so that nothing
        is planned twice.
        """

    async def plan_again(
        self, run_id: str, asks: Iterable[str], shipments: Iterable[Shipment], notes: Iterable[RowNote]
    ) -> range:
        """In one transaction, what a run's plan says of these parcels in place of what it left open of them."""

    async def intend(self, record_id: int, evidence: Mapping[str, Any], baseline: int = 0) -> None:
        """Planned → intent, synced before this returns. OrderBusy where the order is not free."""

    async def move(self, record: Record, outcome: Outcome, what: str) -> Record:
        """Any other legal move, with its evidence; the record as it is then. IllegalMove otherwise."""

    async def judge_again(self, record_id: int, shipment: Shipment | None, *notes: RowNote) -> None:
        """Replace a planned record's shipment; with None, take it out of the plan and put the notes there."""

    async def append(
        self, record_id: int, what: str, evidence: Mapping[str, Any], made: StoreShipment | None = None
    ) -> None:
        """What happens after `created`: updated or accepted (with the store's shipment as it is now), deleted (once).

        Accepted, or updated where its number alone was another one, it no longer counts as made otherwise.
        """

    async def decide(self, store: str, decision: Decision) -> None:
        """Keep a person's word; the newest for an ask counts."""

    async def remember(self, header: str, columns: Mapping[str, str]) -> None:
        """Keep which column was which field, for a header row's digest."""

    def known(self, store: str, asks: Iterable[str]) -> Mapping[str, list[Record]]:
        """Records that came from these parcels, rejected and deleted ones left out."""

    def of_orders(self, store: str, order_ids: Iterable[int]) -> Mapping[int, list[Record]]:
        """All records of these orders, in the order they were planned."""

    def unsettled(self, store: str) -> list[Record]:
        """Records in intent, in_doubt or needs_person."""

    def claimed(self, store: str, order_id: int) -> frozenset[int]:
        """Shipment ids of an order that belong to a record."""

    def of_run(self, run_id: str) -> Iterator[Record]:
        """A run's records, in the order they were planned."""

    def planned(self, run_id: str, places: range) -> Iterator[Record]:
        """Those of the records at these places of a run's plan that are still planned, in their order."""

    def notes(self, run_id: str) -> Iterator[RowNote]:
        """What a run's plan says of the rows that have no record of it."""

    def unmet(self, run_id: str) -> Iterator[RowNote]:
        """Those of a run's notes that are of no record."""

    def held(self, store: str, run_id: str = "") -> Mapping[str, list[RowNote]]:
        """Run → what its plan holds for a person; of one run, where it is named."""

    def differing(self, run_id: str) -> list[Record]:
        """Records that a run has made, or met, and that still differ from what was asked."""

    def said_of(self, store: str, asks: Iterable[str]) -> Mapping[str, set[str]]:
        """Run → those of these parcels that it has a note on."""

    def attempts(self, record_id: int) -> list[Attempt]:
        """All that happened to a record, oldest first."""

    def runs(self, store: str | None = None) -> list[Run]:
        """All runs, newest first."""

    def runs_of(self, store: str, source: str, last: int) -> list[Run]:
        """The last runs of a source's files, newest first."""

    def left_open(self, store: str, since: datetime) -> Mapping[str, frozenset[str]]:
        """Run → the parcels' asks of a store's runs since then that wait for their order, or are still planned."""

    def runs_since(self, moment: datetime) -> list[Run]:
        """The runs of all stores that began at this moment or later, oldest first."""

    def of_content(self, sha256: str, store: str | None = None) -> list[Run]:
        """The runs of the same content, newest first; of one store, where it is named."""

    def run(self, run_id: str) -> Run | None:
        """One run, by its id or a unique start of it."""

    def find(self, what: str) -> list[Record]:
        """Records with this order, shipment id or tracking number."""

    def of_sku(self, sku: str, last: int) -> list[Record]:
        """The last so many records that ship units of a SKU, newest first."""

    def noted(self, what: str, last: int) -> list[tuple[str, RowNote]]:
        """Run and note of the last so many rows without a record that name an order, number or SKU, newest first."""

    def decisions(self, store: str, asks: Iterable[str]) -> Mapping[str, Decision]:
        """The newest word on each of these parcels; a `ship` counts until it has shipped."""

    def words(self, store: str, asks: Iterable[str]) -> Mapping[str, list[Decision]]:
        """All that people have ever said of each of these parcels, oldest first."""

    def recall(self, header: str) -> Mapping[str, str]:
        """What was remembered for a header row's digest; empty if nothing."""

    async def close(self) -> None:
        """Let the writer finish and go."""
