"""One file through all stages, from loading and judging to shipping and its results sheet."""

import asyncio
import secrets
from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path

from batch.config import Source
from batch.errors import FileError, ReaderDied
from batch.ledger import export_store
from batch.loader.load import Load
from batch.model import Parcel, Record, Run, RunProfile, Status, Unanswered
from batch.model.sheet_format import Mark, read_mark
from batch.pipeline import input_copies
from batch.pipeline.baselines import Baselines
from batch.pipeline.decisions import current_user
from batch.pipeline.gate import FileGate, GateResult
from batch.pipeline.job import Job, Reading
from batch.pipeline.known_labels import voided_after_shipping
from batch.pipeline.load import copy_of, keep_answers, loader_notes, read, source_of_run
from batch.pipeline.plan import Plan, expired_plan, held_plan, promised_plan
from batch.pipeline.planner import Planner
from batch.pipeline.report import finish_run, write_report
from batch.pipeline.run_context import DryOutcome, LedgerOutcome, RunContext, RunCost
from batch.pipeline.session import StoreSession
from batch.pipeline.sheet_answers import take_answers
from batch.pipeline.shipping.shipper import Shipper
from batch.primitives.stop import run_in_thread
from batch.results.accounting import CarriedOver, Report


class Pipeline:
    """Runs the files of one store."""

    def __init__(self, session: StoreSession) -> None:
        self._session, self._ledger, self._settings = session, session.ledger, session.settings
        self._screen, self._stop = session.screen, session.stop
        self._baselines = Baselines()
        self._shipping = Shipper(session, self._baselines)
        self.refusals: list[str] = []
        """What people have answered in a sheet of ours and was not taken, and why."""

    async def run(self, job: Job) -> Report:
        """Run one file, from its copy to its results sheet; errors are raised before any POST."""
        cost = RunCost(self._session.client)
        run, export = await self._load(job)
        context = RunContext(run, job, export, cost)
        if job.dry:
            return await self._run_dry(context)
        # An answer in a sheet may be to what is in doubt; a plan holds only where nothing is.
        async with self._shipping.settling(looked=export.marked, whole=job.plan is not None):
            mark = _mark_of(context)
            self.refusals += await take_answers(self._session, export, mark, job.title.name)
            planner = Planner(self._session, context, self._baselines)
            plan, gated = await self._judge(context, planner, mark)
            context = replace(context, run=gated.run, gated=gated)
            await self._ledger.begin(context.run)
            await self._ledger.remember(
                export.fingerprint, {f.value: name for f, name in export.mapping.items()}
            )
            await keep_answers(self._ledger, self._settings, job.source, job.answers, export)
            if gated.reasons:
                await self._shipping.enter(context, held_plan(plan, gated))
            else:
                await self._shipping.ship(context, plan, planner)
        return await self._end(context)

    async def _run_dry(self, context: RunContext) -> Report:
        """The same up to the plan, which goes into a workbook instead of the ledger."""
        planner = Planner(self._session, context, self._baselines)
        plan, gated = await self._judge(context, planner, _mark_of(context))
        estimate = self._shipping.estimate(plan, planner, context.job)
        self._screen.say(estimate.line)
        context = replace(context, run=gated.run, gated=gated)
        report = await write_report(
            self._session, context, DryOutcome(gated.run, plan, self._baselines)
        )
        report.summary["estimate"] = estimate.data
        return report

    async def resume(self, run: Run, job: Job) -> Report:
        """Continue an unfinished run by its plan; what ships is judged again. Raises FileError."""
        cost = RunCost(self._session.client)
        async with self._shipping.settling():
            self._screen.begin(f"Going on with {job.title.name}")
            context = RunContext(run, job, await self._read(job.export, job.source), cost)
            planner = Planner(self._session, context, self._baselines)
            await self._stop.interrupt(planner.resume_from(context.export.parcels()))
            await self._shipping.go_on(context, planner)
        return await self._end(context)

    async def carry_over(
        self,
        run: Run,
        asks: Collection[str],
        *,
        settled: Collection[int] = (),
        expired: bool = False,
    ) -> CarriedOver | None:
        """Retry in its place what an earlier run left open; None where nothing of it has changed.

        Its rows stay that run's own, and its sheet is updated. `settled` are rows that are no
        longer in doubt. `expired`: what is open is given up instead. The sheet of a queued file is
        the queue's.
        """
        cost = RunCost(self._session.client)
        place = _nowhere if run.profile.get("queued") else None
        job = Job(
            Path(run.file), source_of_run(run, self._settings), results=_sheet_of(run), place=place
        )
        copy = await asyncio.to_thread(copy_of, run, self._settings)
        context = RunContext(run, job, await self._read(copy, job.source), cost)
        planner = Planner(self._session, context, self._baselines)
        async with self._shipping.settling():
            if expired:
                notes = (
                    note for note in self._ledger.notes(run.run_id) if note.request_key in asks
                )
                plan = expired_plan(notes, self._settings.carry_over)
            else:
                plan = await self._stop.interrupt(
                    planner.plan_all(partial(_only, context.export, asks))
                )
                plan.add(plan.corrections_as_notes())
            if not (settled or _has_news(plan)):
                return None
            tried = array("i", sorted({*settled, *_rows_of(plan)}))
            await self._shipping.ship_again(context, plan, planner)
        return CarriedOver(await self._end(context), tried)

    async def settle_earlier(self) -> None:
        """Look at what earlier runs left in doubt; what is absent stays so in its settle window."""
        async with self._shipping.settling():
            pass

    async def settle(self, doubts: Iterable[Record]) -> None:
        """Wait until these doubts are settled, as far as they can be; others are left alone."""
        ids = {record.record_id for record in doubts}
        await self._shipping.settle(
            [r for r in self._ledger.unsettled_records(self._settings.store) if r.record_id in ids]
        )

    async def _end(self, context: RunContext) -> Report:
        """End a run that is not dry: report what the ledger has of it, and close it."""
        outcome = LedgerOutcome(self._session, context.run, context.job)
        report = await write_report(self._session, context, outcome)
        await finish_run(self._session, context.job, report)
        return report

    async def _judge(
        self, context: RunContext, planner: Planner, mark: Mark | None
    ) -> tuple[Plan, GateResult]:
        """A file's plan, and what keeps it as a whole from shipping."""
        run, job, export = context.run, context.job, context.export
        plan = await self._stop.interrupt(planner.plan_all(export.parcels))
        plan.add(voided_after_shipping(loader_notes(export), export, run, self._ledger))
        if job.plan:
            plan = promised_plan(plan, job.plan, self._baselines, self._is_released)
        gate = FileGate(self._ledger, self._settings, who=current_user())
        gated = await gate.judge(
            run,
            export,
            job.source,
            plan.shipments(),
            plan.notes(),
            mark=mark,
            resumed=job.copy is not None,
            dry=job.dry,
        )
        told: RunProfile = {
            "carries": self._carries(job),
            "sheet": job.source.sheet,
            "queued": job.number,
        }
        return plan, replace(gated, run=replace(gated.run, profile=gated.run.profile | told))

    def _carries(self, job: Job) -> bool:
        """Whether later runs continue what this one leaves: not where a person set its limit."""
        return job.limit is None and job.plan is None and not self._settings.until

    def _is_released(self, ask: str) -> bool:
        """Whether a person has said to ship a parcel."""
        word = self._ledger.decisions(self._settings.store, [ask]).get(ask)
        return word is not None and word.answer == "ship"

    async def _load(self, job: Job) -> tuple[Run, Load]:
        self._screen.begin(f"Reading {job.title.name}")
        if (taken := job.taken) is None:
            taken = await asyncio.to_thread(
                input_copies.take_copy, job.copy or job.export, self._settings.home
            )
        try:
            export = await self._read(taken.copy, job.answered_source, job.reading)
        except FileError as error:
            if isinstance(error, Unanswered) and job.answers and not job.dry:
                await keep_answers(self._ledger, self._settings, job.source, job.answers, error)
            raise error.about(str(taken.copy), str(job.title)) from error
        await asyncio.to_thread(export_store.keep, self._settings.ledger, taken.sha256, taken.copy)
        for line in (*export.said, *export.warnings):
            self._screen.say(line)
        started = datetime.now(UTC)
        while self._ledger.run(run_id := f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"):
            pass  # of many runs within a second, two may draw the same
        return Run(
            run_id, self._settings.store, str(job.title), taken.sha256, str(taken.copy), started
        ), export

    async def _read(self, copy: Path, source: Source, counted: Reading | None = None) -> Load:
        """The export, read beside the loop: a stop does not wait for it."""
        work = partial(read, copy, source, self._settings, self._ledger)
        if counted:
            with counted():
                return await self._stop.interrupt(run_in_thread(work))
        try:
            return await self._stop.interrupt(run_in_thread(work))
        except ReaderDied:
            return await self._stop.interrupt(run_in_thread(work))


def _mark_of(context: RunContext) -> Mark | None:
    """What a sheet of ours says of the run that wrote it; None where the export is none."""
    return read_mark(Path(context.run.copy)) if context.export.marked else None


def _sheet_of(run: Run) -> Path | None:
    """Where a run's sheet was written, while its folder is there."""
    path = Path(run.summary.get("results") or "")
    return path if path.name and path.parent.is_dir() else None


def _only(export: Load, asks: Collection[str]) -> Iterator[Parcel]:
    return (parcel for parcel in export.parcels() if parcel.request_key in asks)


def _rows_of(plan: Plan) -> Iterator[int]:
    """All rows that a plan speaks of."""
    for shipment in plan.shipments():
        yield from shipment.rows
    for note in plan.notes():
        yield from note.rows


def _has_news(plan: Plan) -> bool:
    """Whether anything of what was carried over is other than still waiting for its order."""
    others = (note for note in plan.notes() if note.finding.status is not Status.WAITING)
    return next(chain(plan.shipments(), others), None) is not None


def _nowhere(_: Report) -> None:
    """The place of a sheet that the queue writes: none here."""
