"""A run's rows as the ledger has them now, and its results sheet again, from its export's copy."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from batch.commands.answer import CommandResult
from batch.commands.history import find_run
from batch.config import Settings
from batch.errors import NothingSent
from batch.ledger.queries import LedgerReader
from batch.model import Record, RowFacts, RowNote, Run, RunSummary, State, Status, findings
from batch.model.statuses import OPEN
from batch.pipeline import Job, copy_of, known_waiting, read, source_of_run, summarize, write_sheet
from batch.planning import facts_of
from batch.primitives.concurrency import batched
from batch.results.accounting import Report, row_results
from batch.results.run_text import report

AT_ONCE = 1_000  # notes looked up together


def rewrite_results(ledger: LedgerReader, run_id: str, settings: Settings) -> CommandResult:
    """Write a run's sheet as the ledger is now; raises NothingSent where the copy has expired."""
    run = find_run(ledger, run_id)
    done = recount(ledger, run, settings, Path(run.file))
    if done.sheet_error:
        raise done.sheet_error
    return CommandResult(tuple(report(done)), done.summary)


def recount(ledger: LedgerReader, run: Run, settings: Settings, place: Path) -> Report:
    """A run's rows as they are now, its sheet beside `place`; NothingSent without the copy."""
    copy = copy_of(run, settings)
    if not copy.exists():
        raise NothingSent(
            f"The copy of {run.file} is gone (kept {settings.keep_copies} days, or taken out with"
            f" `forget`), and with it the rows of run {run.run_id}.",
            "`shipbatch history RUN` still lists its shipments.",
        )
    export = read(copy, source_of_run(run, settings), settings, ledger)
    stopped = "" if run.finished else "the run did not end"
    blocking = {record.shipment.order_id: record for record in ledger.unsettled_records(run.store)}
    notes = list(current_notes(ledger, run, ledger.notes(run.run_id)))
    rows = row_results(
        run.run_id,
        notes,
        ledger.records_of_run(run.run_id),
        lambda record: findings.not_sent(
            record, stopped, blocking.get(record.shipment.order_id), None
        ),
    )
    counted = summarize(
        run, export, rows, shipments=sum(1 for _ in ledger.records_of_run(run.run_id))
    )
    summary: RunSummary = {"requests": 0, "seconds": 0.0}
    done = Report(run, rows, summary | run.summary | counted)
    done.known_waiting = known_waiting(ledger, run, notes, settings.carry_over)
    write_sheet(done, export, ledger.records_of_run(run.run_id), settings.home, Job(place))
    return done


def current_notes(ledger: LedgerReader, run: Run, notes: Iterable[RowNote]) -> Iterator[RowNote]:
    """A run's notes; for rows it left open, what other runs or a person have done since."""
    for some in batched(notes, AT_ONCE):
        left = [note for note in some if note.finding.status in OPEN]
        by_id = {
            one.record_id: one
            for one in ledger.records({note.record_id for note in left if note.record_id})
        }
        by_ask = ledger.records_by_key(
            run.store,
            {note.request_key for note in left if note.request_key and not note.record_id},
        )
        skipped = {
            ask
            for ask, word in ledger.decisions(run.store, by_ask.keys()).items()
            if word.answer == "skip"
        }
        for note in some:
            if note not in left:
                yield note
            elif note.record_id in by_id:
                yield _as_record(ledger, run, note, by_id[note.record_id])
            elif made := [
                one for one in by_ask.get(note.request_key, ()) if _is_later(ledger, run, note, one)
            ]:
                yield _as_created(ledger, run, note, made)
            elif note.request_key in skipped and note.finding.status is Status.HELD:
                yield replace(note, finding=findings.decided_skip())
            else:
                yield note


def _as_record(ledger: LedgerReader, run: Run, note: RowNote, record: Record) -> RowNote:
    """A note on rows whose shipment is another run's."""
    if record.state is State.CREATED and not record.deleted:
        return _as_created(ledger, run, note, [record])
    if record.state in {State.CREATED, State.PLANNED} or record.finding is None:
        return note
    return replace(note, finding=record.finding)


def _as_created(
    ledger: LedgerReader, run: Run, note: RowNote, records: Iterable[Record]
) -> RowNote:
    """The rows have shipped: with this file where the content is equal, else with another."""
    several = list(records)
    made = [record.made for record in several if record.made]
    facts = (note.facts or RowFacts()) | facts_of(made)
    if all(_is_same_run(ledger, run, record) for record in several):
        lines = [pair for record in several for pair in record.shipment.row_lines]
        return replace(note, finding=findings.CREATED, facts=facts | {"row_lines": lines})
    return replace(note, finding=findings.already_created(), facts=facts)


def _is_same_run(ledger: LedgerReader, run: Run, record: Record) -> bool:
    """Whether a record's run is this one or its continuation, not of the file queued again."""
    other = ledger.run(record.run_id) if record.run_id else None
    if other is None or other.sha256 != run.sha256:
        return False
    return other.profile.get("queued") in {None, run.profile.get("queued")}


def _is_later(ledger: LedgerReader, run: Run, note: RowNote, record: Record) -> bool:
    """Whether a later run made a parcel; one without a number by its content or a wait."""
    other = ledger.run(record.run_id) if record.run_id else None
    if other is None or record.state is not State.CREATED or other.started <= run.started:
        return False
    return bool(record.labels) or other.sha256 == run.sha256 or note.finding.status is Status.HELD
