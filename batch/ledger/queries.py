"""The ledger's reads, on a connection of their own that never waits for the writer."""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from batch.config import Place
from batch.ledger.backup import back_up
from batch.ledger.connection import LISTED, Connection
from batch.ledger.contract import Decision, Event, KeptAnswer, RowNote
from batch.ledger.kept_words import IS_UNSETTLED, has_status
from batch.ledger.plans import OPEN_NOTE
from batch.ledger.rows import (
    RECORD,
    Row,
    answer_from,
    attempt_from,
    columns_from,
    decision_from,
    kept_answer_from,
    note_from,
    record_from,
    run_from,
    search_form,
    time_text,
)
from batch.ledger.soundness import Damage, is_whole
from batch.model import MADE_DIFFERS, Record, Run, State, Status

T = TypeVar("T")

PAGE = 1_000  # rows read at a time by the iterators: nobody's commit waits for a slow reader
_SPENT = (  # a word to ship, and the parcel was made since
    "answer = 'ship' AND EXISTS (SELECT 1 FROM records JOIN attempts USING (record_id)"
    " WHERE records.ask = decisions.ask AND records.store = decisions.store"
    " AND attempts.what IN ('response', 'read back', 'person')"
    f" AND attempts.state = '{State.CREATED}' AND attempts.at >= decisions.at)"
)
_RUN = "run_id, store, file, sha256, copy, started, finished, exit_status, summary, source, profile"


class LedgerReader:
    """The reading half of a ledger; every method raises LedgerError where it cannot be read."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self._reader = connection
        self.place = place

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def check(self) -> None:
        """Raises LedgerError where the place is damaged; a very large ledger is checked in part."""
        try:
            self._reader.check()
        except self._reader.Error as error:
            raise self._reader.ledger_error(error) from error

    def back_up(self, target: Path) -> None:
        """A whole copy, of one moment, while others write; see `backup.back_up`."""
        back_up(self._reader, self.place, target)

    def records_by_key(self, store: str, asks: Iterable[str]) -> Mapping[str, list[Record]]:
        """Ask → the records of these parcels, without rejected and deleted ones."""
        where = f"ask {LISTED} AND store = ? AND state <> '{State.REJECTED}' AND NOT deleted"
        wanted = set(asks)
        found: dict[str, list[Record]] = {}
        for record in self._records(where, self._reader.list_parameter(wanted), store):
            self._need(record.shipment.request_key in wanted, record)
            found.setdefault(record.shipment.request_key, []).append(record)
        return found

    def of_orders(self, store: str, order_ids: Iterable[int]) -> Mapping[int, list[Record]]:
        """Order id → all records of these orders, in the order they were planned."""
        found: dict[int, list[Record]] = {}
        wanted = set(order_ids)
        for record in self._records(
            f"order_id {LISTED} AND store = ?", self._reader.list_parameter(wanted), store
        ):
            self._need(record.shipment.order_id in wanted, record)
            found.setdefault(record.shipment.order_id, []).append(record)
        return found

    def records_by_label(self, store: str, labels: Iterable[str]) -> Mapping[str, list[Record]]:
        """Label, as it is searched → the shipments of a store that were made with it, and stand."""
        wanted = {search_form(label) for label in labels} - {""}
        where = (
            f"number {LISTED} AND number <> '' AND store = ? AND state = '{State.CREATED}'"
            " AND NOT deleted"
        )
        found: dict[str, list[Record]] = {}
        for record in self._records(where, self._reader.list_parameter(wanted), store):
            found.setdefault(search_form(record.shipment.label), []).append(record)
        return found

    def records(self, record_ids: Iterable[int]) -> list[Record]:
        """Records by id."""
        return self._records(f"record_id {LISTED}", self._reader.list_parameter(list(record_ids)))

    def unsettled_records(self, store: str) -> list[Record]:
        """Records in intent, in_doubt or needs_person."""
        return self._records(f"{IS_UNSETTLED} AND store = ?", store)

    def states(self, store: str) -> Mapping[str, int]:
        """State, or `deleted` → how many shipments of a store are in it."""
        sql = (
            "SELECT CASE WHEN deleted THEN 'deleted' ELSE state END, count(*)"
            " FROM records WHERE store = ? GROUP BY 1"
        )
        return dict(self._rows(sql, store))

    def claimed_shipments(self, store: str, order_id: int) -> frozenset[int]:
        """An order's shipment ids that belong to a record, deleted ones included."""
        sql = (
            "SELECT shipment_id FROM records"
            " WHERE order_id = ? AND store = ? AND shipment_id IS NOT NULL"
        )
        return frozenset(row[0] for row in self._rows(sql, order_id, store))

    def records_of_run(self, run_id: str) -> Iterator[Record]:
        """A run's records, in the order they were planned."""
        sql = (
            f"SELECT position, {RECORD} FROM records"
            f" WHERE run_id = ? AND position > ? ORDER BY position LIMIT {PAGE}"
        )
        return self._each(record_from, self._pages(sql, run_id))

    def planned_records(self, run_id: str, places: range) -> Iterator[Record]:
        """The records at these positions of a run's plan that are still planned, in order."""
        where = (
            "run_id = ? AND position > ? AND position BETWEEN ? AND ?"
            f" AND state = '{State.PLANNED}'"
        )
        sql = f"SELECT position, {RECORD} FROM records WHERE {where} ORDER BY position LIMIT {PAGE}"
        return self._each(record_from, self._pages(sql, run_id, places.start, places.stop - 1))

    def notes(self, run_id: str) -> Iterator[RowNote]:
        """A run's notes on rows that have no record of that run."""
        columns = "note_id, rows, finding, record_id, ask, facts"
        sql = (
            f"SELECT {columns} FROM notes WHERE run_id = ? AND note_id > ?"
            f" ORDER BY note_id LIMIT {PAGE}"
        )
        return self._each(note_from, self._pages(sql, run_id))

    def notes_without_record(self, run_id: str) -> Iterator[RowNote]:
        """A run's notes that belong to no record."""
        columns = "note_id, rows, finding, record_id, ask, facts"
        where = "run_id = ? AND note_id > ? AND record_id IS NULL"
        sql = f"SELECT {columns} FROM notes WHERE {where} ORDER BY note_id LIMIT {PAGE}"
        return self._each(note_from, self._pages(sql, run_id))

    def held_notes(self, store: str, run_id: str = "") -> Mapping[str, list[RowNote]]:
        """Run → its notes held for a person; of one run where it is named."""
        which = "run_id = ?" if run_id else "run_id IN (SELECT run_id FROM runs WHERE store = ?)"
        columns = "run_id, rows, finding, record_id, ask, facts"
        sql = (
            f"SELECT {columns} FROM notes"
            f" WHERE {which} AND {has_status(Status.HELD)} ORDER BY note_id"
        )
        found: dict[str, list[RowNote]] = {}
        for of_run, *note in self._rows(sql, run_id or store):
            found.setdefault(of_run, []).extend(self._each(note_from, [tuple(note)]))
        return found

    def differing_records(self, run_id: str) -> list[Record]:
        """Records that a run made, or met, and that still differ from what was asked."""
        first = f'["{Status.CREATED}","{MADE_DIFFERS}"'
        where = f"state = '{State.CREATED}' AND NOT deleted AND substr(finding, 1, length(?)) = ?"
        met = "SELECT record_id FROM notes WHERE run_id = ? AND record_id IS NOT NULL"
        return self._records(
            f"{where} AND (run_id = ? OR record_id IN ({met}))", first, first, run_id, run_id
        )

    def notes_for(self, store: str, asks: Iterable[str]) -> Mapping[str, set[str]]:
        """Run → which of these asks it has a note on."""
        which = "run_id IN (SELECT run_id FROM runs WHERE store = ?)"
        sql = f"SELECT run_id, ask FROM notes WHERE {which} AND ask {LISTED}"
        found: dict[str, set[str]] = {}
        for run_id, ask in self._rows(sql, store, self._reader.list_parameter(list(asks))):
            found.setdefault(run_id, set()).add(ask)
        return found

    def attempts(self, record_id: int) -> list[Event]:
        """A record's history, oldest first."""
        sql = (
            "SELECT record_id, at, state, what, evidence"
            " FROM attempts WHERE record_id = ? ORDER BY n"
        )
        return list(self._each(attempt_from, self._rows(sql, record_id)))

    def stores(self) -> list[str]:
        """The stores that have runs."""
        return [store for (store,) in self._rows("SELECT DISTINCT store FROM runs ORDER BY store")]

    def runs(self, store: str | None = None) -> list[Run]:
        """All runs, newest first; of one store where it is named."""
        sql = (
            f"SELECT {_RUN} FROM runs WHERE store = ? OR CAST(? AS TEXT) IS NULL"
            " ORDER BY started DESC, run_id DESC"
        )
        return list(self._each(run_from, self._rows(sql, store, store)))

    def runs_of(self, store: str, source: str, last: int) -> list[Run]:
        """The newest `last` runs of a source's files, newest first."""
        sql = (
            f"SELECT {_RUN} FROM runs WHERE store = ? AND source = ?"
            " ORDER BY started DESC, run_id DESC LIMIT ?"
        )
        return list(self._each(run_from, self._rows(sql, store, source, last)))

    def open_requests(self, store: str, since: datetime) -> Mapping[str, frozenset[str]]:
        """Run → asks of a store's parcels since then that wait for their order or are planned."""
        within = (
            "run_id IN (SELECT run_id FROM runs WHERE store = ? AND started >= ?) AND ask <> ''"
        )
        sql = (
            f"SELECT run_id, ask FROM records WHERE state = '{State.PLANNED}' AND {within}"
            f" UNION SELECT run_id, ask FROM notes WHERE {OPEN_NOTE} AND {within}"
        )
        runs = (store, time_text(since))
        found: dict[str, set[str]] = {}
        for run_id, ask in self._rows(sql, *runs, *runs):
            found.setdefault(run_id, set()).add(ask)
        return {run_id: frozenset(asks) for run_id, asks in found.items()}

    def runs_since(self, moment: datetime) -> list[Run]:
        """The runs of all stores that began at `moment` or later, oldest first."""
        sql = f"SELECT {_RUN} FROM runs WHERE started >= ? ORDER BY started, run_id"
        return list(self._each(run_from, self._rows(sql, time_text(moment))))

    def of_content(self, sha256: str, store: str | None = None) -> list[Run]:
        """The runs of the same content, newest first; of one store, where it is named."""
        where = "sha256 = ? AND (store = ? OR CAST(? AS TEXT) IS NULL)"
        sql = f"SELECT {_RUN} FROM runs WHERE {where} ORDER BY started DESC, run_id DESC"
        return list(self._each(run_from, self._rows(sql, sha256, store, store)))

    def run(self, run_id: str) -> Run | None:
        """A run by its id or a unique prefix of it; else None."""
        sql = (
            f"SELECT {_RUN} FROM runs WHERE substr(run_id, 1, length(?)) = ?"
            " ORDER BY run_id LIMIT 2"
        )
        rows = self._rows(sql, run_id, run_id)
        # The first is the exact one, where there is one: it sorts before all that it begins.
        only = len(rows) == 1 or (rows and rows[0][0] == run_id)
        return next(self._each(run_from, rows[:1])) if only else None

    def find(self, what: str) -> list[Record]:
        """Records with this order, shipment id, number or link; case and blanks do not matter."""
        number = search_form(what).removeprefix("#")
        if not number:
            return []
        # in the words of the index, or all records would be looked at
        labelled = "number = ? AND number <> ''"
        if number.isdecimal() and number.isascii() and len(number) < 19:  # more is no 64-bit number
            where = f"({labelled}) OR order_id = ? OR shipment_id = ?"
            return self._records(where, number, int(number), int(number))
        return self._records(labelled, number)

    def records_by_sku(self, sku: str, last: int) -> list[Record]:
        """The newest `last` records that ship units of a SKU; case and blanks do not matter."""
        wanted = search_form(sku)
        having = "records JOIN skus USING (record_id) WHERE sku = ?"
        sql = f"SELECT {RECORD} FROM {having} ORDER BY skus.record_id DESC LIMIT ?"
        found = self._each(record_from, self._rows(sql, wanted, last))
        return [
            record
            for record in found
            if any(search_form(name) == wanted for _, name in record.shipment.skus)
        ]

    def find_notes(self, what: str, last: int) -> list[tuple[str, RowNote]]:
        """The newest `last` (run, note) of rows without a record naming an order, number or SKU."""
        sql = "SELECT note_id, place FROM names WHERE word = ? ORDER BY note_id DESC, place LIMIT ?"
        places = self._rows(sql, search_form(what).removeprefix("#"), last)
        # Each note once, without its rows: in a file held as a whole, these would be all rows.
        sql = "SELECT run_id, finding, record_id, ask, facts FROM notes WHERE note_id = ?"
        notes = {
            note_id: self._rows(sql, note_id)
            for note_id in dict.fromkeys(note_id for note_id, _ in places)
        }
        found = [(f"[{place}]", *row[1:]) for note_id, place in places for row in notes[note_id]]
        runs = [row[0] for note_id, _ in places for row in notes[note_id]]
        return list(zip(runs, self._each(note_from, found), strict=True))

    def runs_naming(self, store: str, word: str) -> set[str]:
        """The runs of a store with rows of an order: its shipments, and notes on either."""
        number = search_form(word).removeprefix("#")
        order_id = int(number) if re.fullmatch("[0-9]{1,18}", number) else -1
        its = "FROM records WHERE order_id = ? AND store = ?"
        sql = (
            f"SELECT run_id {its} UNION"
            f" SELECT run_id FROM notes WHERE record_id IN (SELECT record_id {its}) UNION"
            " SELECT run_id FROM notes JOIN names USING (note_id) JOIN runs USING (run_id)"
            " WHERE word = ? AND store = ?"
        )
        rows = self._rows(sql, order_id, store, order_id, store, number, store)
        return {run_id for (run_id,) in rows if run_id}

    def notes_naming(self, store: str, words: Iterable[str]) -> Mapping[str, tuple[str, RowNote]]:
        """Word → run and note of the newest row without a record that names it, in a store."""
        sql = (
            "SELECT word, run_id, place, finding, record_id, ask, facts"
            " FROM names JOIN notes USING (note_id) JOIN runs USING (run_id)"
            f" WHERE word {LISTED} AND store = ? ORDER BY note_id, place DESC"
        )
        asked = {search_form(word): word for word in words}
        newest: dict[str, tuple[str, Row]] = {}
        for word, run_id, place, *note in self._rows(
            sql, self._reader.list_parameter(list(asked)), store
        ):
            newest[asked[word]] = run_id, (f"[{place}]", *note)
        return {
            word: (run_id, next(self._each(note_from, [note])))
            for word, (run_id, note) in newest.items()
        }

    def decisions(self, store: str, asks: Iterable[str]) -> Mapping[str, Decision]:
        """Ask → the newest decision on it; a `ship` counts until the parcel has shipped."""
        sql = (
            f"SELECT ask, answer, who, why, at, {_SPENT}"
            f" FROM decisions WHERE ask {LISTED} AND store = ?"
        )
        rows = self._rows(
            f"{sql} ORDER BY decision_id", self._reader.list_parameter(list(asks)), store
        )
        newest = {row[0]: row for row in rows}
        words = (row[:-1] for row in newest.values() if not row[-1])
        return {word.ask: word for word in self._each(decision_from, words)}

    def all_decisions(self, store: str, asks: Iterable[str]) -> Mapping[str, list[Decision]]:
        """Ask → all decisions ever made on it, oldest first."""
        sql = (
            "SELECT ask, answer, who, why, at FROM decisions"
            f" WHERE ask {LISTED} AND store = ? ORDER BY decision_id"
        )
        found: dict[str, list[Decision]] = {}
        for row in self._rows(sql, self._reader.list_parameter(list(asks)), store):
            found.setdefault(row[0], []).extend(self._each(decision_from, [row]))
        return found

    def recall(self, header: str) -> Mapping[str, str]:
        """Field → column, as remembered for a header row's digest; empty if nothing."""
        rows = self._rows("SELECT columns FROM headers WHERE header = ?", header)
        return next(self._each(columns_from, (columns for (columns,) in rows)), {})

    def answers(self, store: str, source: str) -> Mapping[str, str]:
        """Question → answer, as they are kept for a source; empty if none."""
        sql = "SELECT question, answer FROM answers WHERE store = ? AND source = ?"
        return dict(self._each(answer_from, self._rows(sql, store, source)))

    def kept_answers(self, store: str, source: str) -> list[KeptAnswer]:
        """The same, with who gave each and when, by question."""
        sql = (
            "SELECT question, answer, who, at FROM answers WHERE store = ? AND source = ?"
            " ORDER BY question"
        )
        return list(self._each(kept_answer_from, self._rows(sql, store, source)))

    def sources(self, store: str) -> Mapping[str, str]:
        """Source → its newest run, for all that a store's runs were of."""
        sql = (
            "SELECT source, MAX(run_id) FROM runs WHERE store = ? AND source <> '' GROUP BY source"
        )
        return dict(self._rows(sql, store))

    def was_answered_since(self, store: str, moment: datetime) -> bool:
        """Whether a person has answered a question about any of a store's sources since."""
        sql = "SELECT 1 FROM answers WHERE store = ? AND who <> '' AND at > ? LIMIT 1"
        return bool(self._rows(sql, store, time_text(moment)))

    def has_shipped(self, store: str, sources: Iterable[str], header: str) -> bool:
        """Whether a source, under one of its names, has shipped anything in a store, and this
        header row was met.
        """
        listed = self._reader.list_parameter(list(sources))
        sql = (
            "SELECT 1 FROM runs JOIN records ON records.run_id = runs.run_id"
            f" WHERE runs.store = ? AND runs.source {LISTED} AND records.state = 'created' LIMIT 1"
        )
        met = self._rows("SELECT 1 FROM headers WHERE header = ?", header)
        return bool(met and self._rows(sql, store, listed))

    def _records(self, where: str, *values: object) -> list[Record]:
        rows = self._rows(f"SELECT {RECORD} FROM records WHERE {where} ORDER BY record_id", *values)
        return list(self._each(record_from, rows))

    def _need(self, fits: bool, record: Record) -> None:  # noqa: FBT001
        """Raises LedgerError where an index led to a record that does not belong there."""
        if not fits:
            raise self._reader.ledger_error(
                Damage(f"record {record.record_id} is not where its index has it")
            )

    def _each(self, decode: Callable[[Any], T], rows: Iterable[Any]) -> Iterator[T]:
        """The rows decoded. Raises LedgerError where one is not as it was written."""
        try:
            for row in rows:
                yield decode(row)
        except Damage as damage:
            raise self._reader.ledger_error(damage) from damage

    def _pages(self, sql: str, run_id: str, *more: object) -> Iterator[Row]:
        """Rows without their first column, page by page; that column says where the next begins."""
        last = -1
        while rows := self._rows(sql, run_id, last, *more):
            yield from (row[1:] for row in rows)
            last = rows[-1][0]
            if not is_whole(last):
                raise self._reader.ledger_error(Damage(f"a place in run {run_id} is no number"))

    def _rows(self, sql: str, *values: object) -> list[Row]:
        try:
            return self._reader.query(sql, values)
        except self._reader.Error as error:
            raise self._reader.ledger_error(error) from error
