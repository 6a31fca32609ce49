"""What is known of an order, a number, a SKU or a file: attempts, and rows without a shipment."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from batch.commands.answer import CommandResult
from batch.commands.find_live import LiveState
from batch.commands.history import local, record_data, record_line
from batch.ledger.contract import Decision, Event
from batch.ledger.queries import LedgerReader
from batch.model import Record, RowNote, Run, State
from batch.model.exit_status import ExitStatus

MOST = 1_000  # shipments, and rows without one, that are told for one question
ROWS = 10  # row numbers that a line has

MOMENTS: Mapping[str, str] = {
    "intent": "written down, about to be sent",
    "response": "the store's answer",
    "read back": "read back from the store",
    "person": "a person decided",
    "waits anew": "its settle window begins anew",
    "updated": "corrected in the store",
    "accepted": "a person lets it stay as it was made",
    "deleted": "deleted in the store",
}
"""What an attempt's record in the ledger tells of."""

Words = Mapping[tuple[str, str], Sequence[Decision]]
"""What people have said, by store and parcel."""
Live = Callable[[Collection[tuple[str, int]]], LiveState]
"""What the store has now of orders, each with its store."""


@dataclass(slots=True)
class _Search:
    """What the ledger has found, and what it knows of that."""

    ledger: LedgerReader
    records: list[Record]
    noted: list[tuple[str, RowNote]]
    """Run and note of rows that became no shipment."""
    seen: LiveState | None = None
    runs: dict[str, Run | None] = field(default_factory=dict)

    def run(self, run_id: str) -> Run | None:
        """A run, read once."""
        if run_id not in self.runs:
            self.runs[run_id] = self.ledger.run(run_id)
        return self.runs[run_id]

    def store(self, run_id: str) -> str:
        return run.store if (run := self.run(run_id)) else ""

    def file(self, run_id: str) -> str:
        return run.file if (run := self.run(run_id)) else ""

    def orders(self) -> set[tuple[str, int]]:
        """The orders that were found, each with its store."""
        shipped = {(record.store, record.shipment.order_id) for record in self.records}
        return shipped | {
            (self.store(run_id), order) for run_id, note in self.noted if (order := _order_of(note))
        }

    def words(self) -> Words:
        """What people decided on them, by store and parcel."""
        asked: dict[str, set[str]] = {}
        for record in self.records:
            asked.setdefault(record.store, set()).add(record.shipment.request_key)
        for run_id, note in self.noted:
            asked.setdefault(self.store(run_id), set()).add(note.request_key)
        return {
            (store, ask): word
            for store, asks in asked.items()
            for ask, word in self.ledger.all_decisions(store, asks).items()
        }


def find_attempts(ledger: LedgerReader, what: str, live: Live | None = None) -> CommandResult:
    """Every attempt of an order, shipment, tracking number, SKU or file: who, when, file and row.

    Also its rows that became no shipment, each with the reason; at most MOST of either.
    """
    records = ledger.find(what) or ledger.records_by_sku(what, MOST + 1)
    noted = ledger.find_notes(what, MOST + 1)
    if not records and not noted:
        records, noted = _by_file(ledger, what)
    search = _Search(ledger, records[:MOST], noted[:MOST])
    search.seen = live(search.orders()) if live and (records or noted) else None
    words = search.words()
    lines: list[str] = []
    shipments = [_shipment(search, record, words, lines) for record in search.records]
    rows = [_row(search, run_id, note, words, lines) for run_id, note in search.noted]
    if cut := len(records) > MOST or len(noted) > MOST:
        lines.append(
            f"More than {MOST:,} shipments or rows have {what}:"
            " `shipbatch history RUN` lists all of a run."
        )
    data = {"what": what, "complete": not cut, "shipments": shipments, "rows": rows}
    status = ExitStatus.ALL_DONE if lines else ExitStatus.NOT_ALL_SENT
    return CommandResult(tuple(lines) or (f"Nothing is known of {what}.",), data, status)


def _shipment(search: _Search, record: Record, words: Words, lines: list[str]) -> dict[str, Any]:
    attempts, file = search.ledger.attempts(record.record_id), search.file(record.run_id)
    lines.append(record_line(record, Path(file).name))
    lines += [f"    {local(a.at)}  {_moment(a)}" for a in attempts]
    lines += _decision_lines(decided := words.get((record.store, record.shipment.request_key), []))
    now = search.seen.of_record(record) if search.seen else None
    lines += [f"    now  {now}"] if now else []
    told = [
        {
            "at": a.at.isoformat(),
            "what": a.what,
            "state": a.state.value,
            "evidence": dict(a.evidence),
        }
        for a in attempts
    ]
    return record_data(record) | {
        "file": file,
        "live": now,
        "decisions": [_word(each) for each in decided],
        "attempts": told,
    }


def _row(
    search: _Search, run_id: str, note: RowNote, words: Words, lines: list[str]
) -> dict[str, Any]:
    """A row, or those that one finding is of."""
    run, finding, order_id = search.run(run_id), note.finding, _order_of(note)
    more = f" and {len(note.rows) - ROWS:,} more" if len(note.rows) > ROWS else ""
    rows = ", ".join(map(str, note.rows[:ROWS])) + more
    of = f"order {order_id}, " if order_id else ""
    file = Path(search.file(run_id)).name
    lines.append(f"  {finding.status.value}: {of}row {rows} of {file}, run {run_id}")
    at = f"{local(run.started)}  " if run else ""
    if said := f"{finding.error} {finding.todo}".strip():
        lines.append(f"    {at}{said}")
    lines += _decision_lines(decided := words.get((search.store(run_id), note.request_key), []))
    now = search.seen.of_order(search.store(run_id), order_id) if search.seen and order_id else None
    lines += [f"    now  {now}"] if now else []
    return {
        "file": search.file(run_id),
        "run": run_id,
        "rows": list(note.rows),
        "order_id": order_id,
        "status": finding.status.value,
        "code": finding.code,
        "error": finding.error,
        "todo": finding.todo,
        "who": finding.who.value,
        "live": now,
        "decisions": [_word(each) for each in decided],
    }


def _order_of(note: RowNote) -> int | None:
    order_id: int | None = (note.facts or {}).get("order_id")
    return order_id


def _by_file(ledger: LedgerReader, name: str) -> tuple[list[Record], list[tuple[str, RowNote]]]:
    """Of the runs of files with this in their names, newest first."""
    runs = [
        run.run_id for run in ledger.runs() if name.casefold() in Path(run.file).name.casefold()
    ]
    records = chain.from_iterable(map(ledger.records_of_run, runs))
    return list(islice(records, MOST + 1)), list(islice(_open_notes(ledger, runs), MOST + 1))


def _open_notes(ledger: LedgerReader, runs: Sequence[str]) -> Iterator[tuple[str, RowNote]]:
    for run_id in runs:
        yield from ((run_id, note) for note in ledger.notes_without_record(run_id))


def _decision_lines(said: Sequence[Decision]) -> list[str]:
    return [
        f"    {local(word.at)}  decided by {word.who}: {word.answer}"
        + (f": {word.why}" if word.why else "")
        for word in said
    ]


def _word(word: Decision) -> dict[str, str]:
    return {"answer": word.answer, "who": word.who, "why": word.why, "at": word.at.isoformat()}


def _moment(attempt: Event) -> str:
    """`the store's answer: created (HTTP 201)`."""
    told, said = MOMENTS.get(attempt.what, attempt.what), _evidence_text(attempt.evidence)
    if attempt.state is State.INTENT or attempt.what in {"updated", "accepted", "deleted"}:
        return told + said
    return f"{told}: {attempt.state.value.replace('_', ' ')}{said}"


def _evidence_text(evidence: Mapping[str, Any]) -> str:
    parts = [f"by {evidence['who']}"] if evidence.get("who") else []
    parts += [f"HTTP {evidence['status']}"] if evidence.get("status") else []
    parts += [str(evidence["problem"])] if evidence.get("problem") else []
    return f" ({', '.join(parts)})" if parts else ""
