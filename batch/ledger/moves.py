"""The moves of one record, each a unit of work for the writer: written whole or refused."""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from batch.ledger.connection import UNDO, Connection
from batch.ledger.contract import AlreadyClaimed, IllegalMove, OrderBusy
from batch.ledger.rows import (
    RECORD,
    Row,
    finding_text,
    json_text,
    record_from,
    search_form,
    store_shipment_text,
)
from batch.model import MOVES, Outcome, Record, State, StoreShipment
from batch.model.matching import misnamed

LEGAL = "VALUES " + ", ".join(
    f"('{old}', '{new}')" for old in MOVES for new in sorted(MOVES[old]) if new is not State.INTENT
)
"""Every legal (state, next state) but the intent's, as SQL rows."""


def record(connection: Connection, record_id: int) -> Record:
    """The record as this transaction sees it. Raises IllegalMove where there is none."""
    row = connection.execute(
        f"SELECT {RECORD} FROM records WHERE record_id = ?", (record_id,)
    ).fetchone()
    if row is None:
        raise IllegalMove(f"There is no record {record_id}.")
    return record_from(row)


def intend(
    connection: Connection, record_id: int, at: str, evidence: str, baseline: int = 0
) -> None:
    """Planned → intent. Raises OrderBusy where another record of the order is unsettled."""
    sql = (
        f"UPDATE records SET state = '{State.INTENT}', attempts = attempts + 1,"
        f" baseline = ?, changed_at = ? WHERE record_id = ? AND state = '{State.PLANNED}'"
    )
    try:
        moved = connection.execute(sql, (baseline, at, record_id)).rowcount
    except connection.IntegrityError:
        connection.execute(UNDO)
        order_id = record(connection, record_id).shipment.order_id
        raise OrderBusy(f"Order {order_id} has another shipment under way or in doubt.") from None
    if not moved:
        raise IllegalMove(
            f"Record {record_id} is {record(connection, record_id).state}, not planned."
        )
    note_attempt(connection, record_id, State.INTENT, at, "intent", evidence)


def move(
    connection: Connection, before: Record, at: str, outcome: Outcome, what: str, evidence: str
) -> Record:
    """Any legal move but the intent; returns the new record. Raises IllegalMove, AlreadyClaimed."""
    sql = (
        "UPDATE records SET state = ?, finding = ?, shipment_id = ?, made = ?, changed_at = ?"
        f" WHERE record_id = ? AND (state, ?) IN ({LEGAL}) RETURNING attempts, baseline"
    )
    values = (outcome.state, *columns(before, outcome), at, before.record_id, outcome.state)
    try:
        found = connection.execute(sql, values).fetchall()
    except connection.IntegrityError:
        connection.execute(UNDO)
        raise _claim_error(connection, before, outcome.made) from None
    if not found:
        state = record(connection, before.record_id).state
        raise IllegalMove(
            f"Record {before.record_id} is {state}; it cannot become {outcome.state}."
        )
    note_attempt(connection, before.record_id, outcome.state, at, what, evidence)
    return record_after(before, at, outcome, *found[0])


def columns(before: Record, outcome: Outcome) -> Row:
    """finding, shipment_id, made. Raises IllegalMove where the outcome and its state do not fit."""
    finding = finding_text(outcome.finding) if outcome.finding else None
    made = outcome.made
    if (made is None) == (outcome.state is State.CREATED):
        what = f"{outcome.state} goes with a shipment of the store, and nothing else"
        raise IllegalMove(f"Record {before.record_id}: {what}.")
    return (finding, made.shipment_id, store_shipment_text(made)) if made else (finding, None, None)


def record_after(before: Record, at: str, outcome: Outcome, attempts: int, baseline: int) -> Record:
    """The record after its move."""
    return replace(
        before,
        state=outcome.state,
        attempts=attempts,
        made=outcome.made,
        finding=outcome.finding,
        baseline=baseline,
        changed_at=datetime.fromisoformat(at),
    )


def append(
    connection: Connection,
    record_id: int,
    at: str,
    what: str,
    evidence: Mapping[str, Any],
    made: StoreShipment | None = None,
) -> None:
    """An event that changes no state: on a created shipment, or `waits anew` on one in doubt."""
    before = record(connection, record_id)
    must_be = State.IN_DOUBT if what == "waits anew" else State.CREATED
    if before.state is not must_be or (before.deleted and what in {"updated", "deleted"}):
        standing = "deleted" if before.deleted else before.state
        raise IllegalMove(f"Record {record_id} is {standing}; it cannot be {what}.")
    if what == "deleted":
        connection.execute(
            "UPDATE records SET deleted = TRUE, changed_at = ? WHERE record_id = ?", (at, record_id)
        )
    if what == "accepted" or (made and before.differs and misnamed(before.shipment, made)):
        connection.execute("UPDATE records SET finding = NULL WHERE record_id = ?", (record_id,))
    if made is not None:
        _remake(connection, before, at, made)
    note_attempt(connection, record_id, before.state, at, what, json_text(evidence))


def note_attempt(
    connection: Connection, record_id: int, state: State, at: str, what: str, evidence: str
) -> None:
    """Add an event to a record's history."""
    n = "(SELECT coalesce(max(n), 0) + 1 FROM attempts WHERE record_id = ?)"
    connection.execute(
        "INSERT INTO attempts (record_id, n, at, state, what, evidence)"
        f" VALUES (?, {n}, ?, ?, ?, ?)",
        (record_id, record_id, at, state, what, evidence),
    )


def _remake(connection: Connection, before: Record, at: str, made: StoreShipment) -> None:
    """The store's shipment as it is now, and the number by which the parcel is known from now on.

    Where a planned record already has that number, this one keeps its own, and only `made` has the
    new one.
    """
    if before.made is None or made.shipment_id != before.made.shipment_id:
        raise IllegalMove(f"Record {before.record_id} was not made as shipment {made.shipment_id}.")
    label = made.tracking_number or made.tracking_link or before.shipment.label
    connection.execute(
        "UPDATE records SET made = ?, number = ?, changed_at = ?,"
        " label = CASE WHEN EXISTS (SELECT 1 FROM records other"
        " WHERE (other.store, other.order_id, other.order_address_id, other.label)"
        " = (records.store, records.order_id, records.order_address_id, ?)"
        " AND other.record_id <> records.record_id"
        f" AND other.state <> '{State.REJECTED}' AND NOT other.deleted)"
        " THEN label ELSE ? END WHERE record_id = ?",
        (store_shipment_text(made), search_form(label), at, label, label, before.record_id),
    )


def _claim_error(connection: Connection, before: Record, made: StoreShipment | None) -> Exception:
    sql = "SELECT record_id FROM records WHERE store = ? AND shipment_id = ?"
    if made and (owner := connection.execute(sql, (before.store, made.shipment_id)).fetchone()):
        return AlreadyClaimed(f"Shipment {made.shipment_id} belongs to record {owner[0]} already.")
    return IllegalMove(f"Record {before.record_id} is {before.state}; the ledger refuses the move.")
