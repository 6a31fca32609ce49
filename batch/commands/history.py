"""A run's results sheet again, from the ledger and the copy of its export."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from batch.commands.answer import CommandResult
from batch.config import Database, Settings
from batch.errors import NothingSent
from batch.ledger.queries import LedgerReader
from batch.model import Record, RowNote, Run, State, Status, findings
from batch.pipeline import Job, copy_of, known_waiting, read, source_of_run, summarize, write_sheet
from batch.planning import facts_of
from batch.primitives.concurrency import batched
from batch.results.accounting import Report, row_results
from batch.results.run_text import WORDS, report

LEFT_OPEN = frozenset({Status.HELD, Status.WAITING, Status.IN_DOUBT, Status.NOT_SENT})
"""What a run says of rows that may fare on in another one."""
AT_ONCE = 1_000  # notes looked up together


def rewrite_results(ledger: LedgerReader, run_id: str, settings: Settings) -> CommandResult:
    """Write the sheet of a run, as the ledger stands now; NothingSent where the copy has expired."""
    run = find_run(ledger, run_id)
    done = recount(ledger, run, settings, Path(run.file))
    if done.sheet_error:
        raise done.sheet_error
    return CommandResult(tuple(report(done)), done.summary)


def recount(ledger: LedgerReader, run: Run, settings: Settings, place: Path) -> Report:
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
    notes = list(current_notes(ledger, run, ledger.notes(run.run_id)))
    rows = row_results(
        run.run_id,
        notes,
        ledger.records_of_run(run.run_id),
        lambda record: findings.not_sent(record, stopped, blocking.get(record.shipment.order_id), None),
    )
    counted = summarize(run, export, rows, shipments=sum(1 for _ in ledger.records_of_run(run.run_id)))
    done = Report(run, rows, {"requests": 0, "seconds": 0.0} | dict(run.summary) | counted)
    done.known_waiting = known_waiting(ledger, run, notes, settings.carry_over)
    write_sheet(done, export, ledger.records_of_run(run.run_id), settings.home, Job(place))
    return done


def current_notes(ledger: LedgerReader, run: Run, notes: Iterable[RowNote]) -> Iterator[RowNote]:
    """A run's notes; of rows that it left open, what other runs, or a person, have made of them since."""
    for some in batched(notes, AT_ONCE):
        left = [note for note in some if note.finding.status in LEFT_OPEN]
        by_id = {one.record_id: one for one in ledger.records({note.record_id for note in left if note.record_id})}
        by_ask = ledger.records_by_key(
            run.store, {note.request_key for note in left if note.request_key and not note.record_id}
        )
        skipped = {ask for ask, word in ledger.decisions(run.store, by_ask.keys()).items() if word.answer == "skip"}
        for note in some:
            if note not in left:
                yield note
            elif note.record_id in by_id:
                yield _as_record(ledger, run, note, by_id[note.record_id])
            elif made := [one for one in by_ask.get(note.request_key, ()) if _is_later(ledger, run, one)]:
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


def _as_created(ledger: LedgerReader, run: Run, note: RowNote, records: Iterable[Record]) -> RowNote:
    """The rows have shipped: with this file where a run of the same content went on with it, else with another one."""
    several = list(records)
    made = [record.made for record in several if record.made]
    facts = dict(note.facts or {}) | facts_of(made)
    if all(_is_same_run(ledger, run, record) for record in several):
        lines = [pair for record in several for pair in record.shipment.row_lines]
        return replace(note, finding=findings.CREATED, facts=facts | {"row_lines": lines})
    return replace(note, finding=findings.already_created(), facts=facts)


def _is_same_run(ledger: LedgerReader, run: Run, record: Record) -> bool:
    """Whether a record's run is this one, or one that went on with it; not where its file was queued once more."""
    other = ledger.run(record.run_id) if record.run_id else None
    if other is None or other.sha256 != run.sha256:
        return False
    return other.profile.get("queued") in {None, run.profile.get("queued")}


def _is_later(ledger: LedgerReader, run: Run, record: Record) -> bool:
    """Whether a record was made by a later run than this one; without a number, of the same content."""
    other = ledger.run(record.run_id) if record.run_id else None
    if other is None or record.state is not State.CREATED or other.started <= run.started:
        return False
    return bool(record.labels) or other.sha256 == run.sha256


def list_runs(ledger: LedgerReader) -> CommandResult:
    """All runs, newest first."""
    every = ledger.runs()
    lines = tuple(_run_line(run) for run in every) or ("Nothing has been run yet.",)
    return CommandResult(lines, [_run_data(run) for run in every])


def back_up(ledger: LedgerReader, target: Path) -> CommandResult:
    """The ledger copied, and what is in the copy."""
    ledger.back_up(target)
    size, count = target.stat().st_size, len(ledger.runs())
    line = f"Copied {ledger.place} to {target}: {count} run{'s' if count != 1 else ''}, {size:,} bytes, checked."
    return CommandResult((line,), {"ledger": str(ledger.place), "backup": str(target), "runs": count, "bytes": size})


def import_ledger(source: Path, target: Database) -> CommandResult:
    """A machine's ledger put into the database, and what was in it."""
    from batch.ledger.import_sqlite import transfer

    counts = transfer(source, target)
    runs, records = counts["runs"], counts["records"]
    line = f"Put {source} into {target}: {runs:,} run{'s' if runs != 1 else ''}, {records:,} shipments."
    return CommandResult((line, "The file stays as it is; nothing here uses it any more."), dict(counts))


def describe_run(ledger: LedgerReader, run_id: str) -> CommandResult:
    """A run with its shipments."""
    run = find_run(ledger, run_id)
    records = list(ledger.records_of_run(run.run_id))
    return CommandResult(
        (_run_line(run), *(record_line(r) for r in records)),
        _run_data(run) | {"shipments": [record_data(record) for record in records]},
    )


def find_run(ledger: LedgerReader, run_id: str, store: str = "") -> Run:
    """The run with this id, of this store where one is given; NothingSent, with what there is, where there is none."""
    if (run := ledger.run(run_id)) is not None:
        if store and run.store != store:
            raise NothingSent(
                f"Run {run.run_id} is of {run.store}, and the settings are for {store}: another store's orders.",
                "Give the run's own store: --store, or the BIGCOMMERCE_ variables.",
            )
        return run
    newest = ", ".join(run.run_id for run in ledger.runs()[:3]) or "none yet"
    raise NothingSent(f"There is no run {run_id}; the newest are {newest}.", "`shipbatch history` lists them all.")


def newest_run(ledger: LedgerReader, store: str) -> Run:
    """The store's newest run; NothingSent where there is none."""
    for run in ledger.runs(store):
        return run
    raise NothingSent(f"Nothing has been run for {store} yet.", "Run an export first.")


def _run_line(run: Run) -> str:
    counts = ", ".join(f"{run.summary[n]} {words}" for n, words in WORDS.items() if run.summary.get(n))
    ended = f"exit {run.exit_status}" if run.finished else "did not end: run the file again"
    return f"{run.run_id}  {Path(run.file).name}  {counts or 'no rows counted'}  ({ended})"


def record_line(record: Record, file: str = "") -> str:
    """A shipment: what it is now, of what, from where."""
    shipment, made = record.shipment, record.made
    rows = ", ".join(map(str, shipment.rows))
    run = f"{file}, run {record.run_id}" if file else f"run {record.run_id}"
    what = f"order {shipment.order_id}, {shipment.label or 'no number'}, row {rows} of {run}"
    if made is None:
        return f"  {record.state.value}: {what}"
    deleted = ", deleted since" if record.deleted else ""
    differs = f"\n    {record.finding.error}" if record.differs and record.finding else ""
    return f"  shipment {made.shipment_id}: {what}{deleted}{f'  {made.link}' if made.link else ''}{differs}"


def local(at: datetime) -> str:
    """A moment on this machine's clock."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _run_data(run: Run) -> dict[str, Any]:
    return {
        "run": run.run_id,
        "store": run.store,
        "file": run.file,
        "started": run.started.isoformat(),
        "finished": run.finished.isoformat() if run.finished else None,
        "exit_status": run.exit_status,
        "summary": dict(run.summary),
    }


def record_data(record: Record) -> dict[str, Any]:
    """A shipment as data."""
    return {
        "order_id": record.shipment.order_id,
        "order_address_id": record.shipment.order_address_id,
        "tracking_number": record.shipment.tracking_number,
        "state": record.state.value,
        "shipment_id": record.made.shipment_id if record.made else None,
        "tracking_link": record.made.link if record.made else "",
        "rows": list(record.shipment.rows),
        "run": record.run_id,
        "deleted": record.deleted,
    }
