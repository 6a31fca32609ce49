"""A run's results sheet again, from the ledger and the copy of its export."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from batch import findings
from batch.accounting import Report, account
from batch.config import Settings
from batch.errors import NothingSent
from batch.judging import facts_of
from batch.ledger.queries import Queries as Ledger
from batch.model import Record, RowNote, Run, State, Status
from batch.pipeline import Job, copy_of, known_waiting, read, source_of_run, summarize, write_sheet
from batch.telling import Told, known_run, report
from batch.turns import batches

LEFT_OPEN = frozenset({Status.HELD, Status.WAITING, Status.IN_DOUBT, Status.NOT_SENT})
"""What a run says of rows that may fare on in another one."""
AT_ONCE = 1_000  # notes looked up together


def rewrite(ledger: Ledger, run_id: str, settings: Settings) -> Told:
    """Write the sheet of a run, as the ledger stands now; NothingSent where the copy has expired."""
    run = known_run(ledger, run_id)
    done = recounted(ledger, run, settings, Path(run.file))
    if done.sheet_error:
        raise done.sheet_error
    return Told(tuple(report(done)), done.summary)


def recounted(ledger: Ledger, run: Run, settings: Settings, place: Path) -> Report:
    """What has become of a run's rows until now, its sheet beside `place`; NothingSent where the copy has expired."""
    copy = copy_of(run, settings)
    if not copy.exists():
        raise NothingSent(
            f"The copy of {run.file} is gone (kept {settings.keep_copies} days), and with it the rows of run"
            f" {run.run_id}.",
            "`shipbatch history RUN` still lists its shipments.",
        )
    export = read(copy, source_of_run(run, settings), settings, ledger)
    stopped = "" if run.finished else "the run did not end"
    blocking = {record.shipment.order_id: record for record in ledger.unsettled(run.store)}
    notes = list(fared_on(ledger, run, ledger.notes(run.run_id)))
    rows = account(
        run.run_id,
        notes,
        ledger.of_run(run.run_id),
        lambda record: findings.not_sent(record, stopped, blocking.get(record.shipment.order_id), None),
    )
    counted = summarize(run, export, rows, shipments=sum(1 for _ in ledger.of_run(run.run_id)))
    done = Report(run, rows, {"requests": 0, "seconds": 0.0} | dict(run.summary) | counted)
    done.known_waiting = known_waiting(ledger, run, notes, settings.carry_over)
    write_sheet(done, export, ledger.of_run(run.run_id), settings.home, Job(place))
    return done


def fared_on(ledger: Ledger, run: Run, notes: Iterable[RowNote]) -> Iterator[RowNote]:
    """A run's notes; of rows that it left open, what other runs, or a person, have made of them since."""
    for some in batches(notes, AT_ONCE):
        left = [note for note in some if note.finding.status in LEFT_OPEN]
        by_id = {one.record_id: one for one in ledger.records({note.record_id for note in left if note.record_id})}
        by_ask = ledger.known(run.store, {note.ask for note in left if note.ask and not note.record_id})
        skipped = {ask for ask, word in ledger.decisions(run.store, by_ask.keys()).items() if word.answer == "skip"}
        for note in some:
            if note not in left:
                yield note
            elif note.record_id in by_id:
                yield _as_record(ledger, run, note, by_id[note.record_id])
            elif made := [one for one in by_ask.get(note.ask, ()) if _is_later(ledger, run, note, one)]:
                yield _as_made(ledger, run, note, made)
            elif note.ask in skipped and note.finding.status is Status.HELD:
                yield replace(note, finding=findings.decided_skip())
            else:
                yield note


def _as_record(ledger: Ledger, run: Run, note: RowNote, record: Record) -> RowNote:
    """A note on rows whose shipment is another run's."""
    if record.state is State.CREATED and not record.deleted:
        return _as_made(ledger, run, note, [record])
    if record.state in {State.CREATED, State.PLANNED} or record.finding is None:
        return note
    return replace(note, finding=record.finding)


def _as_made(ledger: Ledger, run: Run, note: RowNote, records: Iterable[Record]) -> RowNote:
    """The rows have shipped: with this file where a run of the same content went on with it, else with another one."""
    several = list(records)
    made = [record.made for record in several if record.made]
    facts = dict(note.facts or {}) | facts_of(made)
    if all(_goes_on_with(ledger, run, record) for record in several):
        lines = [pair for record in several for pair in record.shipment.row_lines]
        return replace(note, finding=findings.CREATED, facts=facts | {"row_lines": lines})
    return replace(note, finding=findings.already_created(), facts=facts)


def _goes_on_with(ledger: Ledger, run: Run, record: Record) -> bool:
    """Whether a record's run is this one, or one that went on with it; not where its file was queued once more."""
    other = ledger.run(record.run_id) if record.run_id else None
    if other is None or other.sha256 != run.sha256:
        return False
    return other.profile.get("queued") in {None, run.profile.get("queued")}


def _is_later(ledger: Ledger, run: Run, note: RowNote, record: Record) -> bool:
    """Whether a later run has made a parcel; one without a number is known by its content, or was waited for."""
    other = ledger.run(record.run_id) if record.run_id else None
    if other is None or record.state is not State.CREATED or other.started <= run.started:
        return False
    return bool(record.labels) or other.sha256 == run.sha256 or note.finding.status is Status.HELD
