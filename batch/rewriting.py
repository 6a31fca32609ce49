"""A run's results sheet again, from the ledger and the copy of its export."""

from pathlib import Path

from batch import findings
from batch.accounting import Report, account
from batch.config import Settings
from batch.errors import NothingSent
from batch.ledger.queries import Queries as Ledger
from batch.pipeline import Job, copy_of, read, source_of_run, summarize, write_sheet
from batch.telling import Told, known_run, report


def rewrite(ledger: Ledger, run_id: str, settings: Settings) -> Told:
    """Write the sheet of a run, as the ledger stands now; NothingSent where the copy has expired."""
    run = known_run(ledger, run_id)
    export_path = Path(run.file)
    copy = copy_of(run, settings)
    if not copy.exists():
        raise NothingSent(
            f"The copy of {run.file} is gone (kept {settings.keep_copies} days), and with it the rows of run {run_id}.",
            "`shipbatch history RUN` still lists its shipments.",
        )
    export = read(copy, source_of_run(run, settings), settings, ledger)
    rows = account(
        run.run_id,
        ledger.notes(run.run_id),
        ledger.of_run(run.run_id),
        lambda record: findings.not_sent(record, "the run did not end", None, None),
    )
    summary = dict(run.summary) | summarize(run, export, rows, shipments=sum(1 for _ in ledger.of_run(run.run_id)))
    done = Report(run, rows, {"requests": 0, "seconds": 0.0} | summary)
    write_sheet(done, export, ledger.of_run(run.run_id), settings.home, Job(export_path))
    if done.sheet_error:
        raise done.sheet_error
    return Told(tuple(report(done)), done.summary)
