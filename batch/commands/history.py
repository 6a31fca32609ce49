"""What was run: listed, described, found; the ledger copied or put into a database."""

from datetime import datetime
from pathlib import Path
from typing import Any

from batch.commands.answer import CommandResult
from batch.config import Database
from batch.errors import NothingSent
from batch.ledger.queries import LedgerReader
from batch.model import Record, Run
from batch.results.run_text import status_counts


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
    ended = f"exit {run.exit_status}" if run.finished else "did not end: run the file again"
    return f"{run.run_id}  {Path(run.file).name}  {status_counts(run.summary) or 'no rows counted'}  ({ended})"


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
