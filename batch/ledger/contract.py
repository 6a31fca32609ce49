"""The ledger's contract: what is durable when a method returns, and what is refused.

A shipment's record moves as `model.MOVES` allows; the store underneath refuses every other
move, also to a caller that does not ask first. Every write below is durable when it returns
(synced to disk), and many of them share one sync.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batch.model import RowNote, State

__all__ = [
    "AlreadyClaimed",
    "Decision",
    "Event",
    "IllegalMove",
    "KeptAnswer",
    "OrderBusy",
    "RowNote",
]


class OrderBusy(Exception):
    """The order already has a record in intent, in_doubt or needs_person."""


class IllegalMove(Exception):
    """A move that `model.MOVES` does not have: a bug, never caused from outside."""


class AlreadyClaimed(IllegalMove):
    """The shipment id belongs to another record, whatever the store says."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event in a record's history, which only grows."""

    record_id: int
    at: datetime
    state: State
    """The state after it."""
    what: str
    """intent, response, read back, person, crash, waits anew, updated, accepted, deleted."""
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What is remembered of a source: how its files are read."""

    question: str
    answer: str
    who: str
    """Empty: nobody was asked; it was gone by since the source shipped so."""
    at: datetime


def shipment_id_of(attempts: Sequence[Event]) -> int:
    """The shipment id named in the answer to a record's last attempt; 0 where none was."""
    told = (
        attempt.evidence for attempt in reversed(attempts) if attempt.what in {"intent", "response"}
    )
    return int(next(told, {}).get("named") or 0)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's answer on a parcel, kept for every later run of the store."""

    ask: str
    answer: str
    """ship, skip, exists:ID or absent."""
    who: str
    why: str
    at: datetime
