"""A file's whole plan in one transaction, and later changes of it."""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from batch.ledger.connection import LISTED, UNDO, Connection
from batch.ledger.contract import IllegalMove, RowNote
from batch.ledger.kept_words import has_status
from batch.ledger.moves import record
from batch.ledger.rows import Row, note_row, rows_of, search_form, shipment_text
from batch.model import Record, Shipment, State, Status, findings
from batch.model.statuses import PASSING
from batch.primitives.concurrency import batched

_INSERT = (
    "INSERT INTO records (record_id, run_id, position, store, order_id, order_address_id, label,"
    " number, ask, shipment, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REPLACE = (
    "UPDATE records SET run_id = ?, position = ?, order_id = ?, order_address_id = ?, label = ?,"
    " number = ?, ask = ?, shipment = ?, finding = NULL, changed_at = ? WHERE record_id = ?"
)
_SKU = "INSERT INTO skus (sku, record_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
OPEN_NOTE = has_status(*PASSING)
"""Condition on notes whose rows may ship later by themselves."""
_REPLACED_NOTE = has_status(*PASSING, Status.IN_DOUBT)
_NOTE = "INSERT INTO notes (run_id, rows, finding, record_id, ask, facts) VALUES (?, ?, ?, ?, ?, ?)"

_NAME = "INSERT INTO names (note_id, word, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"

AT_ONCE = 1_000  # shipments in memory while a plan is entered
NOWHERE = range(0)

Key = tuple[int, int, str, str]


@dataclass(frozen=True, slots=True)
class _Leftover:
    """A planned record of an earlier run."""

    record_id: int
    run_id: str | None
    rows: tuple[int, ...]


def enter(
    connection: Connection,
    run_id: str,
    at: str,
    shipments: Iterable[Shipment],
    notes: Iterable[RowNote],
) -> range:
    """The plan in the given order, leftovers of earlier runs taken over; see `Ledger.plan`."""
    plan = _Plan(connection, run_id, at)
    for some in batched(shipments, AT_ONCE):
        plan.enter(some)
    add_notes(connection, run_id, notes)
    return plan.places


def enter_again(
    connection: Connection,
    run_id: str,
    at: str,
    asks: Collection[str],
    shipments: Iterable[Shipment],
    notes: Iterable[RowNote],
) -> range:
    """Replace what a run's plan left open of these parcels; see `Ledger.plan_again`."""
    listed = connection.list_parameter(asks)
    open_notes = f"{_REPLACED_NOTE} AND run_id = ? AND ask {LISTED}"
    connection.execute(f"DELETE FROM notes WHERE {open_notes}", (run_id, listed))
    places = enter(connection, run_id, at, shipments, notes)
    left = connection.execute(
        "SELECT record_id, attempts FROM records"
        f" WHERE run_id = ? AND state = '{State.PLANNED}' AND position < ? AND ask {LISTED}",
        (run_id, places.start, listed),
    )
    for record_id, attempts in left.fetchall():
        _take_out(connection, record_id, at, tried=attempts > 0)
    return places


class _Plan:
    """A run's plan while it is being written."""

    def __init__(self, connection: Connection, run_id: str, at: str) -> None:
        self._connection, self._run_id, self._at = connection, run_id, at
        self._store = _store_of(connection, run_id)
        last = _last_place(connection, run_id)
        self.places = range(last + 1, last + 1)

    def enter(self, shipments: Sequence[Shipment]) -> None:
        """Write the next shipments of the plan."""
        left = self._leftovers(shipments)
        ids = iter(self._connection.new_ids(len(shipments)))
        new: list[Row] = []
        taken: list[Row] = []
        farewells: list[Row] = []
        skus: list[Row] = []
        for place, shipment in enumerate(shipments, self.places.stop):
            columns = _columns(shipment)
            if same := left.get(_key(shipment)):
                old = same.pop(0)
                taken.append((self._run_id, place, *columns, self._at, old.record_id))
                if old.run_id and old.run_id != self._run_id:
                    farewells.append(note_row(old.run_id, _farewell(old, self._run_id)))
            else:
                old = _Leftover(next(ids), None, ())
                new.append(
                    (old.record_id, self._run_id, place, self._store, *columns, self._at, self._at)
                )
            skus += _skus(shipment, old.record_id)
        self._connection.execute("SAVEPOINT piece")
        try:
            self._connection.executemany(_REPLACE, taken)
            self._connection.executemany(_INSERT, new)
        except self._connection.IntegrityError:
            self._connection.execute("ROLLBACK TO piece")
            raise _claim_error(
                self._connection, self._store, shipments, self._run_id, self.places
            ) from None
        self._connection.execute("RELEASE piece")
        self._connection.executemany(_NOTE, farewells)
        self._connection.executemany(_SKU, sorted(skus))
        self.places = range(self.places.start, self.places.stop + len(shipments))

    def _leftovers(self, shipments: Sequence[Shipment]) -> dict[Key, list[_Leftover]]:
        """Planned records of these orders, without those that this plan has written."""
        rows = self._connection.execute(
            "SELECT order_id, order_address_id, label, ask, record_id, run_id, shipment"
            f" FROM records WHERE order_id {LISTED} AND store = ? AND state = '{State.PLANNED}'"
            " AND (run_id IS NULL OR run_id <> ? OR position < ?) ORDER BY record_id",
            (
                self._connection.list_parameter({s.order_id for s in shipments}),
                self._store,
                self._run_id,
                self.places.start,
            ),
        )
        found: dict[Key, list[_Leftover]] = {}
        for *key, record_id, run_id, shipment in rows:
            left = _Leftover(record_id, run_id, rows_of(shipment))
            found.setdefault(_key_of(*key), []).append(left)
        return found


def judge_again(
    connection: Connection,
    record_id: int,
    at: str,
    shipment: Shipment | None,
    notes: Sequence[RowNote],
) -> None:
    """Replace a planned record's shipment, or take it out and add the notes that say why."""
    before = record(connection, record_id)
    if before.state is not State.PLANNED or not before.run_id:
        raise IllegalMove(
            f"Record {record_id} is {before.state}; only what a run has planned is judged again."
        )
    if shipment is None and not notes:
        raise IllegalMove(f"Record {record_id} cannot leave its plan without a note for its rows.")
    add_notes(
        connection, before.run_id, (_with_shipment_name(note, before.shipment) for note in notes)
    )
    if shipment is not None:
        _replace(connection, before, at, shipment)
    else:
        _take_out(connection, record_id, at, tried=before.attempts > 0)


def hand_over(connection: Connection, old: Record, to: Record, at: str) -> None:
    """A planned record leaves its plan because another run has the same parcel."""
    if old.run_id:
        farewell = _farewell(_Leftover(to.record_id, old.run_id, old.shipment.rows), to.run_id)
        add_notes(connection, old.run_id, [farewell])
    _take_out(connection, old.record_id, at, tried=old.attempts > 0)


def add_notes(connection: Connection, run_id: str, notes: Iterable[RowNote]) -> None:
    """Write notes in the given order, and the names that their rows are found by."""
    for is_found, some in groupby(notes, key=lambda note: note.record_id is not None):
        if is_found:  # by its record
            connection.executemany(_NOTE, (note_row(run_id, note) for note in some))
            continue
        for note in some:
            (note_id,) = connection.execute(
                f"{_NOTE} RETURNING note_id", note_row(run_id, note)
            ).fetchone()
            connection.executemany(
                _NAME, ((note_id, search_form(word), row) for word, row in note.names)
            )


def _with_shipment_name(note: RowNote, shipment: Shipment) -> RowNote:
    """A note on the rows of a shipment that leaves its plan."""
    words = {str(shipment.order_id), shipment.label, *(sku for _, sku in shipment.skus)} - {""}
    return replace(note, names=((word, row) for row in note.rows for word in words))


def _take_out(connection: Connection, record_id: int, at: str, *, tried: bool) -> None:
    if tried:  # it stays for its history
        connection.execute(
            "UPDATE records SET run_id = NULL, changed_at = ? WHERE record_id = ?", (at, record_id)
        )
    else:
        connection.execute("DELETE FROM records WHERE record_id = ?", (record_id,))


def _replace(connection: Connection, before: Record, at: str, shipment: Shipment) -> None:
    (position,) = connection.execute(
        "SELECT position FROM records WHERE record_id = ?", (before.record_id,)
    ).fetchone()
    try:
        connection.execute(
            _REPLACE, (before.run_id, position, *_columns(shipment), at, before.record_id)
        )
    except connection.IntegrityError:
        connection.execute(UNDO)
        raise _claim_error(connection, before.store, [shipment]) from None
    connection.executemany(_SKU, _skus(shipment, before.record_id))


def _store_of(connection: Connection, run_id: str) -> str:
    row = connection.execute("SELECT store FROM runs WHERE run_id = ?", (run_id,)).fetchone()
    if row is None:
        raise IllegalMove(f"Run {run_id} was not begun.")
    return str(row[0])


def _last_place(connection: Connection, run_id: str) -> int:
    found = connection.execute(
        "SELECT coalesce(max(position), 0) FROM records WHERE run_id = ?", (run_id,)
    )
    place: int = found.fetchone()[0]
    return place


def _key(shipment: Shipment) -> Key:
    return _key_of(
        shipment.order_id, shipment.order_address_id, shipment.label, shipment.request_key
    )


def _key_of(order_id: int, order_address_id: int, label: str, ask: str) -> Key:
    """Planned shipments with one key are one: its label, or else what was asked."""
    return order_id, order_address_id, label, "" if label else ask


def _columns(shipment: Shipment) -> Row:
    """order_id, order_address_id, label, number, ask, shipment."""
    label = shipment.label
    body = shipment_text(shipment)
    return (
        shipment.order_id,
        shipment.order_address_id,
        label,
        search_form(label),
        shipment.request_key,
        body,
    )


def _skus(shipment: Shipment, record_id: int) -> list[Row]:
    return [(search_form(sku), record_id) for _, sku in shipment.skus if sku]


def _farewell(old: _Leftover, run_id: str) -> RowNote:
    """The note for the earlier run's sheet on rows that now belong to another run."""
    return RowNote(old.rows, findings.taken_over(run_id), old.record_id)


def _claim_error(
    connection: Connection,
    store: str,
    shipments: Iterable[Shipment],
    run_id: str = "",
    places: range = NOWHERE,
) -> IllegalMove:
    """The parcel that was refused: its number is taken by a record not planned, or comes twice."""
    seen: set[Key] = set()
    for shipment in (shipment for shipment in shipments if shipment.label):
        row = connection.execute(
            "SELECT record_id, state FROM records WHERE store = ? AND order_id = ?"
            f" AND order_address_id = ? AND label = ? AND state <> '{State.REJECTED}'"
            f" AND NOT deleted AND (state <> '{State.PLANNED}' OR run_id = ?"
            " AND position >= ? AND position < ?)",
            (
                store,
                shipment.order_id,
                shipment.order_address_id,
                shipment.label,
                run_id,
                places.start,
                places.stop,
            ),
        ).fetchone()
        parcel = f"Order {shipment.order_id}, parcel {shipment.label}"
        if row and row[1] != State.PLANNED:
            return IllegalMove(f"{parcel}: record {row[0]} has it already and is {row[1]}.")
        if row or _key(shipment) in seen:
            return IllegalMove(f"{parcel}: it is planned twice.")
        seen.add(_key(shipment))
    return IllegalMove("The ledger refuses the plan: a parcel has a record already.")
