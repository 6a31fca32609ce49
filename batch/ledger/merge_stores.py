"""Stores of an older ledger that are one, spelled in several ways, become one; nothing is lost."""

# ruff: noqa: S608  only names of our own are put into a statement; every value is bound

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from filelock import Timeout

from batch.config import one_store
from batch.errors import DatabaseAway
from batch.ledger import moves, plans
from batch.ledger.connection import LISTED, Connection
from batch.ledger.kept_words import IS_UNSETTLED
from batch.ledger.lock_holder import describe_holder
from batch.ledger.locks import lock_path, system_lock
from batch.ledger.rows import json_text, time_text
from batch.ledger.sqlite.connection import SqliteConnection
from batch.model import UNSETTLED, Outcome, Record, RowNote, State, findings
from batch.planning import facts_of

_STORES = {
    "sqlite": ("runs", "records", "decisions"),
    "postgres": ("runs", "records", "decisions", "owners"),
}
_WHAT = "one store"
"""The name of this event in a record's history."""


def merge(connection: Connection, kind: str) -> None:
    """Give every store its one spelling, in the caller's transaction; `kind` is a key of `_STORES`.

    Raises DatabaseAway where a runner of the older version works on a store spelled otherwise.
    """
    every = " UNION ".join(f"SELECT store FROM {table}" for table in _STORES[kind])
    spellings: dict[str, list[str]] = {}
    for (store,) in connection.execute(f"{every} ORDER BY 1").fetchall():
        spellings.setdefault(one_store(store), []).append(store)
    for store, written in spellings.items():
        if written == [store]:
            continue
        if kind == "sqlite":
            _check_no_runner(connection, [each for each in written if each != store])
        if len(written) > 1:
            _Merger(connection, written).settle()
        if kind == "postgres":
            _merge_owners(connection, store, written)
        for table in ("runs", "records", "decisions"):
            sql = f"UPDATE {table} SET store = ? WHERE store {LISTED}"
            connection.execute(sql, (store, connection.list_parameter(written)))


class _Merger:
    """Stores that become one: where two of their records conflict, one gives way."""

    def __init__(self, connection: Connection, written: Sequence[str]) -> None:
        self._connection, self._written = connection, written
        self._at = time_text(datetime.now(UTC))

    def settle(self) -> None:
        """One record per shipment id, one per parcel's number, and one doubt per order."""
        for shipment_id, *_ in self._several("shipment_id", "shipment_id IS NOT NULL"):
            first, *others = self._records("shipment_id = ?", shipment_id)
            for record in others:
                self._keep_apart(record, first)
        live = f"label <> '' AND state <> '{State.REJECTED}' AND NOT deleted"
        for parcel in self._several("order_id, order_address_id, label", live):
            same = self._records(
                f"order_id = ? AND order_address_id = ? AND label = ? AND {live}", *parcel
            )
            first, *others = sorted(same, key=_precedence)
            for record in others:
                self._give_up_number(record, first)
        for order_id, *_ in self._several("order_id", f"{IS_UNSETTLED} AND aside = 0"):
            first, *others = self._records(
                f"order_id = ? AND {IS_UNSETTLED} AND aside = 0", order_id
            )
            for record in others:
                self._put_aside(record, first)

    def _keep_apart(self, record: Record, first: Record) -> None:
        """The older record keeps the shipment; this one stays for its history and its sheet."""
        assert record.made is not None
        made = record.made
        if record.run_id:
            facts = facts_of([made]) | {
                "row_lines": record.shipment.row_lines,
                "warnings": record.shipment.warnings,
            }
            finding = record.finding or findings.CREATED
            note = RowNote(
                record.shipment.rows, finding, first.record_id, record.shipment.request_key, facts
            )
            plans.add_notes(self._connection, record.run_id, [note])
        self._history(record, {"shipment_of": first.record_id})
        sql = "UPDATE records SET run_id = NULL, store = ? WHERE record_id = ?"
        self._connection.execute(
            sql, (f"{record.store} (record {record.record_id})", record.record_id)
        )

    def _give_up_number(self, record: Record, first: Record) -> None:
        """`first` keeps the number; what was made stays so, what may have been needs a person."""
        self._connection.execute(
            "UPDATE records SET label = '' WHERE record_id = ?", (record.record_id,)
        )
        if record.state is State.PLANNED:
            plans.hand_over(self._connection, record, first, self._at)
        elif record.state in UNSETTLED:
            self._put_aside(record, first)
        else:
            self._history(record, {"number_of": first.record_id})

    def _put_aside(self, record: Record, first: Record) -> None:
        """The older doubt is settled as usual; this one waits beside it; both block the order."""
        sql = "UPDATE records SET aside = record_id WHERE record_id = ?"
        self._connection.execute(sql, (record.record_id,))
        evidence = {"stores": list(self._written), "older": first.record_id}
        finding = findings.two_doubts(record.shipment.order_id, first.run_id)
        if record.state is State.INTENT:
            record = self._move(record, Outcome(State.IN_DOUBT, finding=finding, evidence=evidence))
        if record.state is State.IN_DOUBT:
            self._move(record, Outcome(State.NEEDS_PERSON, finding=finding, evidence=evidence))
        else:  # it waits for one already, and keeps what it waits for
            self._history(record, evidence)

    def _move(self, record: Record, outcome: Outcome) -> Record:
        return moves.move(
            self._connection, record, self._at, outcome, _WHAT, json_text(outcome.evidence)
        )

    def _history(self, record: Record, evidence: object) -> None:
        moves.note_attempt(
            self._connection, record.record_id, record.state, self._at, _WHAT, json_text(evidence)
        )

    def _several(self, what: str, where: str) -> list[tuple[object, ...]]:
        """Values that more than one record of these stores has."""
        sql = (
            f"SELECT {what} FROM records"
            f" WHERE store {LISTED} AND {where} GROUP BY {what} HAVING count(*) > 1"
        )
        found: list[tuple[object, ...]] = self._connection.execute(sql, (self._listed,)).fetchall()
        return found

    def _records(self, where: str, *values: object) -> list[Record]:
        """Records of these stores, the oldest first."""
        sql = f"SELECT record_id FROM records WHERE store {LISTED} AND {where} ORDER BY record_id"
        rows = self._connection.execute(sql, (self._listed, *values)).fetchall()
        return [moves.record(self._connection, record_id) for (record_id,) in rows]

    @property
    def _listed(self) -> object:
        return self._connection.list_parameter(self._written)


def _precedence(record: Record) -> tuple[int, int]:
    """Sort key: created before in doubt, in doubt before planned; then by age."""
    rank = 0 if record.state is State.CREATED else 1 if record.state in UNSETTLED else 2
    return rank, record.record_id


def _merge_owners(connection: Connection, store: str, written: Sequence[str]) -> None:
    """One owner stays: the one whose lease ends last, with an epoch above all others."""
    listed = connection.list_parameter(written)
    sql = (
        "SELECT epoch, runner, until FROM owners"
        f" WHERE store {LISTED} ORDER BY runner IS NULL, until DESC"
    )
    if rows := connection.execute(sql, (listed,)).fetchall():
        connection.execute(f"DELETE FROM owners WHERE store {LISTED}", (listed,))
        epoch = 1 + max(row[0] for row in rows)
        connection.execute("INSERT INTO owners VALUES (?, ?, ?, ?)", (store, epoch, *rows[0][1:]))


def _check_no_runner(connection: Connection, stores: Iterable[str]) -> None:
    """Refuse while a runner of the older version, which spells the store otherwise, is at work."""
    assert isinstance(connection, SqliteConnection)
    for store in stores:
        path = lock_path(Path(connection.path).parent, store)
        if not path.exists():
            continue
        try:
            with system_lock(path):
                pass
        except Timeout:
            raise DatabaseAway(
                f"The ledger {connection.path} is of an older version, "
                f"and a runner is at work with it: {describe_holder(path)}.",
                "Let it end, then run the same call again: it upgrades the ledger. "
                "Nothing was sent.",
            ) from None
        except OSError:
            continue
