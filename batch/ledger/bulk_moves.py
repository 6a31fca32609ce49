"""The two moves of every shipment, intent and outcome, for many records in one statement.

Each statement costs a hand-over of Python's lock beside a busy event loop; their number, not what
they do, is the cost of a record.
"""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from batch.ledger import moves
from batch.ledger.connection import Connection
from batch.ledger.rows import Row
from batch.model import Outcome, Record, State

_NUMBERS = ("record_id", "baseline", "shipment_id")


def _parameter_rows(*columns: str) -> str:
    """One parameter's rows, a JSON array of arrays: an attempt's columns, then these."""
    names = ("record_id", "at", "state", "what", "evidence", *columns)
    named = ", ".join(f"{_field(n, name)} AS {name}" for n, name in enumerate(names))
    return f"(SELECT {named} FROM json_each(?)) AS handed"


def _field(n: int, name: str) -> str:
    taken = f"json_extract(value, '$[{n}]')"
    return f"CAST({taken} AS BIGINT)" if name in _NUMBERS else taken


_ATTEMPTS = (
    "INSERT INTO attempts (record_id, n, at, state, what, evidence) SELECT record_id,"
    " (SELECT coalesce(max(n), 0) + 1 FROM attempts WHERE attempts.record_id = handed.record_id),"
    f" at, state, what, evidence FROM {_parameter_rows()}"
)


@dataclass(frozen=True, slots=True)
class Intend:
    """`moves.intend`, as a unit of work that may be done with others."""

    record_id: int
    at: str
    evidence: str
    baseline: int

    _UPDATE: ClassVar[str] = (
        f"UPDATE records SET state = '{State.INTENT}', attempts = attempts + 1,"
        f" baseline = handed.baseline, changed_at = handed.at FROM {_parameter_rows('baseline')}"
        f" WHERE records.record_id = handed.record_id AND records.state = '{State.PLANNED}'"
    )

    def __call__(self, connection: Connection) -> None:
        """Do it alone."""
        moves.intend(connection, self.record_id, self.at, self.evidence, self.baseline)

    @classmethod
    def together(cls, connection: Connection, units: Sequence["Intend"]) -> list[None] | None:
        """All of them; None where one is refused, and the caller must undo the rest."""
        handed = json.dumps([unit.row for unit in units])
        if connection.execute(cls._UPDATE, (handed,)).rowcount != len(units):
            return None
        connection.execute(_ATTEMPTS, (handed,))
        return [None] * len(units)

    @property
    def row(self) -> Row:
        return (self.record_id, self.at, "intent", "intent", self.evidence, self.baseline)


@dataclass(frozen=True, slots=True)
class Move:
    """`moves.move`, as a unit of work that may be done with others."""

    record: Record
    at: str
    outcome: Outcome
    what: str
    evidence: str
    columns: Row
    """`moves.columns` of the outcome."""

    _UPDATE: ClassVar[str] = (
        "UPDATE records SET state = handed.state, finding = handed.finding,"
        " shipment_id = handed.shipment_id, made = handed.made, changed_at = handed.at"
        f" FROM {_parameter_rows('finding', 'shipment_id', 'made')}"
        " WHERE records.record_id = handed.record_id"
        f" AND (records.state, handed.state) IN ({moves.LEGAL})"
        " RETURNING records.record_id, attempts, baseline"
    )

    def __call__(self, connection: Connection) -> Record:
        """Do it alone."""
        return moves.move(connection, self.record, self.at, self.outcome, self.what, self.evidence)

    @classmethod
    def together(cls, connection: Connection, units: Sequence["Move"]) -> list[Record] | None:
        """All of them; None where one is refused, and the caller must undo the rest."""
        handed = json.dumps([unit.row for unit in units])
        found = {row[0]: row[1:] for row in connection.execute(cls._UPDATE, (handed,)).fetchall()}
        if len(found) != len(units):
            return None
        connection.execute(_ATTEMPTS, (handed,))
        return [
            moves.record_after(unit.record, unit.at, unit.outcome, *found[unit.record.record_id])
            for unit in units
        ]

    @property
    def row(self) -> Row:
        return (
            self.record.record_id,
            self.at,
            self.outcome.state,
            self.what,
            self.evidence,
            *self.columns,
        )


Alike: TypeAlias = Intend | Move
