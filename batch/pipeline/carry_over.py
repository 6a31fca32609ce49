"""What earlier runs left open, gone on with: their doubts settled, their waiting rows tried again."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from batch.config import Settings
from batch.errors import FileError, ShipbatchError
from batch.model import Record
from batch.pipeline.job import Job
from batch.pipeline.pipeline import Pipeline
from batch.pipeline.session import StoreSession
from batch.results.accounting import CarriedOver


def takes_over_leftovers(job: Job) -> bool:
    """Whether a run takes along what earlier ones left: not where a person looks closely at this one."""
    return not job.dry and job.limit is None and job.plan is None and job.copy is None


def may_carry(settings: Settings) -> bool:
    """Whether earlier runs are gone on with at all: not where words are given for tonight's file alone."""
    return bool(settings.carry_over) and not (settings.until or settings.again or settings.trust_file)


async def carry_over_leftovers(pipeline: Pipeline, session: StoreSession) -> AsyncIterator[CarriedOver]:
    """Try again what earlier runs left for a passing reason, oldest first; after `carry_over` days it is given up.

    Shipments in doubt are looked at, and nobody waits for their settle window: their orders wait, and no others.
    """
    ledger, settings = session.ledger, session.settings
    if not may_carry(settings):
        return
    before = ledger.unsettled_records(settings.store)
    await pipeline.settle_earlier()
    settled = _settled_rows(session, before)
    left = ledger.open_requests(settings.store, datetime.now(UTC) - timedelta(days=2 * settings.carry_over))
    async for one in _carry_over_runs(pipeline, session, left, settled):
        yield one


async def settle_late(
    pipeline: Pipeline, session: StoreSession, doubts: Sequence[Record], *, carry: bool
) -> list[CarriedOver]:
    """Wait until doubts are settled, as far as they can be; with `carry`, their runs are gone on with."""
    ledger, settings = session.ledger, session.settings
    carried: list[CarriedOver] = []
    try:
        await pipeline.settle(doubts)
        settled = _settled_rows(session, doubts) if carry else {}
        left = ledger.open_requests(settings.store, datetime.now(UTC) - timedelta(days=2 * settings.carry_over))
        of_these = {run_id: asks for run_id, asks in left.items() if run_id in settled}
        async for one in _carry_over_runs(pipeline, session, of_these, settled):
            carried.append(one)  # noqa: PERF401  what is done is told, whatever comes after it
    except ShipbatchError as error:  # what the tour has sent is to be told
        session.screen.say(f"{error} {error.todo}")
    return carried


async def _carry_over_runs(
    pipeline: Pipeline, session: StoreSession, left: Mapping[str, frozenset[str]], settled: Mapping[str, frozenset[int]]
) -> AsyncIterator[CarriedOver]:
    """The runs with parcels `left`, or rows `settled`, gone on with."""
    ledger, alive = session.ledger, datetime.now(UTC) - timedelta(days=session.settings.carry_over)
    runs = [run for run_id in {**left, **settled} if (run := ledger.run(run_id)) and run.profile.get("carries")]
    newest = {run.sha256: run for run in sorted(runs, key=lambda run: run.run_id)}  # of one content, the last run
    for run in (run for run in newest.values() if run.summary.get("carries", True)):
        if session.stop:
            break
        try:
            session.screen.say(f"{Path(run.file).name}: trying again what run {run.run_id} left")
            asks, rows = left.get(run.run_id, frozenset()), settled.get(run.run_id, frozenset())
            one = await pipeline.carry_over(run, asks, settled=rows, expired=run.started < alive)
        except FileError as error:
            session.screen.say(f"Run {run.run_id} cannot be gone on with: {error}")
            continue
        if one:
            yield one


def merge_carried(carried: Iterable[CarriedOver]) -> list[CarriedOver]:
    """Of each run what has become of it at last, and of all its rows that were tried."""
    by_run: dict[str, CarriedOver] = {}
    for one in carried:
        before = by_run.get(one.report.run.run_id)
        tried = sorted({*before.tried, *one.tried}) if before else one.tried
        by_run[one.report.run.run_id] = replace(one, tried=tried)
    return list(by_run.values())


def _settled_rows(session: StoreSession, doubts: Iterable[Record]) -> dict[str, frozenset[int]]:
    """The rows, by run, of doubts that are none any more."""
    open_still = {record.record_id for record in session.ledger.unsettled_records(session.settings.store)}
    rows: dict[str, frozenset[int]] = {}
    for record in (record for record in doubts if record.run_id and record.record_id not in open_still):
        rows[record.run_id] = rows.get(record.run_id, frozenset()) | set(record.shipment.rows)
    return rows
