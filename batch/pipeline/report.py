"""A run's end: its rows added up, its results sheet written, its exit status."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from batch import results
from batch.errors import LedgerError, ResultsError
from batch.ledger import LedgerReader
from batch.loader.load import Load
from batch.model import MADE_DIFFERS, Record, RowNote, RowResult, Run, RunSummary, State, Status
from batch.model.catalogue import Code
from batch.model.exit_status import ExitStatus
from batch.pipeline.job import Job
from batch.pipeline.run_context import RunContext, RunOutcome
from batch.pipeline.session import StoreSession
from batch.planning.saved_plan import PlannedShipment
from batch.primitives.stop import BY_HAND
from batch.results.accounting import Report, count_statuses, row_results

LOOKUPS = 3  # requests by which a loop looks up an order: itself, its lines, its addresses


async def write_report(session: StoreSession, context: RunContext, outcome: RunOutcome) -> Report:
    """Report a run as it is now: count its rows and write its sheet."""
    session.screen.begin("Writing the results")
    run, job, gated = context.run, context.job, context.gated
    rows = await asyncio.to_thread(
        row_results, run.run_id, _shown(session, outcome), outcome.records(), outcome.not_sent
    )
    states = await asyncio.to_thread(Counter, (record.state for record in outcome.records()))
    summary = await asyncio.to_thread(
        summarize, run, context.export, rows, shipments=states.total()
    )
    requests = run.summary.get("requests", 0) + context.cost.requests
    summary |= {
        "requests": requests,
        "requests_saved": requests_saved(requests, states, outcome.notes()),
        "seconds": round(run.summary.get("seconds", 0) + context.cost.seconds, 1),
    }
    report = Report(run, rows, summary, session.stop.reason, session.stop.remedy)
    if gated and gated.reasons:
        summary["held_by"] = [reason.code for reason in gated.reasons]
        report.held, report.release = gated.reasons, gated.release
    if summary["waiting"]:
        report.known_waiting = known_waiting(
            session.ledger, run, outcome.notes(), session.settings.carry_over
        )
    report.pace = session.client.quota.pace
    home, records, promises = session.settings.home, outcome.records(), outcome.promises()
    await asyncio.to_thread(write_sheet, report, context.export, records, home, job, promises)
    return report


def _shown(session: StoreSession, outcome: RunOutcome) -> Iterator[RowNote]:
    """A run's notes, with what is in no ledger."""
    for note in outcome.notes():
        private = session.private.get(note.request_key)
        is_its = private and note.finding.code == Code.RECIPIENT_DIFFERS
        error = f"{note.finding.error} {private}"
        yield replace(note, finding=replace(note.finding, error=error)) if is_its else note


async def finish_run(session: StoreSession, job: Job, report: Report) -> None:
    """Close the run in the ledger; where that can no longer be written, the report says so."""
    is_left = session.stop.reason == BY_HAND or (report.stopped and job.goes_on)
    carries = {"carries": False} if is_left else {}
    try:
        await session.ledger.finish(
            report.run.run_id, exit_status(report), report.summary | carries
        )
    except LedgerError as error:
        report.stopped = report.stopped or str(error)


def summarize(
    run: Run, export: Load, rows: Mapping[int, RowResult], *, shipments: int
) -> RunSummary:
    """The JSON summary: counts of rows by status, without what only a run in progress knows."""
    began: RunSummary = {
        "run": run.run_id,
        "file": run.file,
        "rows": export.row_count,
        "shipments": shipments,
    }
    return cast("RunSummary", {**began, **count_statuses(rows)})


def requests_saved(requests: int, states: Counter[State], notes: Iterable[RowNote]) -> int:
    """Requests fewer than a loop that reads each order, its lines and addresses before it posts."""
    met = Counter(note.finding.status for note in notes)
    sent = met[Status.UPDATED] + states.total() - states[State.PLANNED]
    return max(
        0,
        LOOKUPS * (met[Status.ALREADY_CREATED] + met[Status.UPDATED] + states.total())
        + sent
        - requests,
    )


def write_sheet(
    report: Report,
    export: Load,
    records: Iterable[Record],
    home: Path,
    job: Job,
    planned: Iterable[PlannedShipment] = (),
) -> None:
    """Write the results; where that fails the report says why, for what is sent is sent."""
    sheet = results.SheetContent(
        run=report.run,
        columns=export.columns,
        rows=export.cells(),
        results=report.rows,
        records=records,
        summary=report.summary,
        said=export.said,
        warnings=export.warnings,
        id_columns=export.id_columns,
        dry=job.dry,
        promises=planned,
    )
    export_path = job.place(report) if job.place else job.export
    if export_path is None:
        report.summary["results"] = ""
        return
    try:
        if job.results:
            path = results.free_path(job.results, report.run)
        else:
            path = results.results_path(export_path, report.run, dry=job.dry, home=home)
        report.sheet = results.write(sheet, path)
        report.summary["results"] = str(report.sheet)
    except ResultsError as error:
        report.sheet_error = error
        report.summary["results"] = ""


def known_waiting(ledger: LedgerReader, run: Run, notes: Iterable[RowNote], days: int) -> int:
    """Rows that wait for their order, and have waited in another file of the last days."""
    waiting = [note for note in notes if note.finding.status is Status.WAITING]
    if not waiting:
        return 0
    known: set[str] = set()
    for run_id, asks in ledger.open_requests(run.store, run.started - timedelta(days=days)).items():
        other = ledger.run(run_id)
        known |= asks if other and other.sha256 != run.sha256 else frozenset()
    return sum(len(note.rows) for note in waiting if note.request_key in known)


def exit_status(report: Report) -> ExitStatus:
    """The exit status of a run that ended: the first that applies in the order of ExitStatus."""
    counts = report.summary
    if report.stopped and not any(
        counts[name] for name in ("created", "updated", "rejected", "in_doubt")
    ):
        return ExitStatus.CANNOT_RUN_NOW
    if report.sheet_error:
        return ExitStatus.NO_SHEET
    if counts["held"] or counts["in_doubt"] or counts.get(MADE_DIFFERS) or report.held:
        return ExitStatus.WAITS_FOR_PERSON
    if (
        any(counts[name] for name in ("invalid", "rejected", "not_sent"))
        or counts["waiting"] > report.known_waiting
    ):
        return ExitStatus.NOT_ALL_SENT
    return ExitStatus.ALL_DONE
