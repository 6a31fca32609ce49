"""One file through all stages: load, recognise, resolve, judge, plan, ship, settle, account, write."""

import asyncio
import secrets
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol

from batch.config import Source
from batch.errors import FileError, LedgerError, ReaderDied
from batch.ledger import export_store
from batch.loader.load import Load
from batch.model import Finding, Parcel, Record, RowNote, Run, Status, findings
from batch.model.matching import Baseline
from batch.model.sheet_format import Mark, read_mark
from batch.pipeline import input_copies
from batch.pipeline.decisions import current_user
from batch.pipeline.gate import FileGate, GateResult
from batch.pipeline.job import Job, Reading
from batch.pipeline.load import copy_of, loader_notes, read, source_of_run
from batch.pipeline.plan import Plan
from batch.pipeline.planner import Planner
from batch.pipeline.report import exit_status, known_waiting, requests_saved, summarize, write_sheet
from batch.pipeline.session import StoreSession
from batch.pipeline.sheet_answers import take_answers
from batch.pipeline.shipping.shipper import Shipper
from batch.planning.saved_plan import OrderSnapshot, SavedPlan, planned_shipment
from batch.primitives.spill import SpillDict
from batch.primitives.stop import BY_HAND, run_in_thread
from batch.results.accounting import CarriedOver, Report, row_results


class Pipeline:
    """Runs the files of one store."""

    def __init__(self, desk: StoreSession) -> None:
        self._desk, self._client, self._ledger, self._settings = desk, desk.client, desk.ledger, desk.settings
        self._screen, self._stop = desk.screen, desk.stop
        self._baselines: SpillDict[Baseline] = SpillDict()
        self._shipping = Shipper(desk, self._baselines)
        self.refusals: list[str] = []
        """What people have answered in a sheet of ours and was not taken, and why."""

    async def run(self, job: Job) -> Report:
        """One file, from its copy to its results sheet; what it raises, it raises before the first POST."""
        began, asked = asyncio.get_running_loop().time(), self._client.requests
        run, export = await self._load(job)
        if job.dry:
            gated, plan, judgement = await self._judged(run, job, export)
            plan.add(RowNote(one.shipment.rows, one.finding) for one in plan.corrections())
            estimate = self._shipping.estimate(plan, judgement, job)
            self._screen.say(estimate.line)
            records, notes = partial(plan.records, gated.run), plan.notes
            report = await self._report(gated.run, export, job, records, notes, began=began, asked=asked, gated=gated)
            report.summary["estimate"] = estimate.data
            return report
        # An answer in a sheet may be to what is in doubt; a plan holds only where nothing is.
        async with self._shipping.settling(looked=export.marked, whole=job.plan is not None):
            gated, plan, judgement = await self._judged(run, job, export)
            run = gated.run
            await self._ledger.begin(run)
            await self._ledger.remember(export.fingerprint, {f.value: name for f, name in export.mapping.items()})
            if gated.reasons:
                await self._shipping.enter(run, self._held_plan(plan, gated), export)
            else:
                await self._shipping.ship(run, plan, judgement, job, export)
        records, notes = partial(self._ledger.records_of_run, run.run_id), partial(self._ledger.notes, run.run_id)
        report = await self._report(run, export, job, records, notes, began=began, asked=asked, gated=gated)
        await self._finish(report, job)
        return report

    async def _judged(self, run: Run, job: Job, export: Load) -> tuple[GateResult, Plan, Planner]:
        """A file's plan, and what keeps it as a whole from shipping."""
        mark = read_mark(Path(run.copy)) if export.marked else None
        if not job.dry:
            self.refusals += await take_answers(self._desk, export, mark, job.title.name)
        judgement = Planner(self._desk, run, job, self._baselines)
        plan = await self._stop.interrupt(judgement.plan_all(export.parcels))
        plan.add(loader_notes(export))
        if job.plan:
            plan = self._as_planned(plan, job.plan)
        gated = await self._gate(run, plan, export, job, mark)
        told = {"carries": self._carries(job), "sheet": job.source.sheet, "queued": job.number}
        return replace(gated, run=replace(gated.run, profile=dict(gated.run.profile) | told)), plan, judgement

    async def resume(self, run: Run, job: Job) -> Report:
        """A run that ended before its work did, by the plan that it left: only what is about to ship is judged anew."""
        began, asked = asyncio.get_running_loop().time(), self._client.requests
        async with self._shipping.settling():
            self._screen.begin(f"Going on with {job.title.name}")
            export = await self._read(job.export, job.source)
            judgement = Planner(self._desk, run, job, self._baselines)
            await self._stop.interrupt(judgement.resume_from(export.parcels()))
            await self._shipping.go_on(run, judgement, job)
        records, notes = partial(self._ledger.records_of_run, run.run_id), partial(self._ledger.notes, run.run_id)
        report = await self._report(run, export, job, records, notes, began=began, asked=asked)
        await self._finish(report, job)
        return report

    async def carry_over(
        self, run: Run, asks: Collection[str], *, settled: Collection[int] = (), expired: bool = False
    ) -> CarriedOver | None:
        """What an earlier run left open, tried again in its place; None where all of it is as it was.

        Its rows stay that run's own, and its sheet is brought up to date. `settled` are rows that were in doubt,
        and are no longer. `expired`: what is open is given up instead. The sheet of a queued file is the queue's.
        """
        began, asked = asyncio.get_running_loop().time(), self._client.requests
        place = _nowhere if run.profile.get("queued") else None
        job = Job(Path(run.file), source_of_run(run, self._settings), results=_sheet_of(run), place=place)
        copy = await asyncio.to_thread(copy_of, run, self._settings)
        export = await self._read(copy, job.source)
        judgement = Planner(self._desk, run, job, self._baselines)
        async with self._shipping.settling():
            if expired:
                plan = self._give_up(run, asks)
            else:
                plan = await self._stop.interrupt(judgement.plan_all(partial(_only, export, asks)))
                plan.add(
                    RowNote(one.shipment.rows, one.finding, request_key=one.shipment.request_key)
                    for one in plan.corrections()
                )
            others = (note for note in plan.notes() if note.finding.status is not Status.WAITING)
            if next(chain(plan.shipments(), others), None) is None and not settled:
                return None
            planned = (row for some in (plan.shipments(), plan.notes()) for one in some for row in one.rows)
            tried = array("i", sorted({*settled, *planned}))
            await self._shipping.ship_again(run, plan, judgement, export)
        records, notes = partial(self._ledger.records_of_run, run.run_id), partial(self._ledger.notes, run.run_id)
        report = await self._report(run, export, job, records, notes, began=began, asked=asked)
        await self._finish(report, job)
        return CarriedOver(report, tried)

    def _carries(self, job: Job) -> bool:
        """Whether later runs go on with what this one leaves: not where a person has said how far it goes."""
        return job.limit is None and job.plan is None and not self._settings.until

    def _give_up(self, run: Run, asks: Collection[str]) -> Plan:
        plan, days = Plan(), self._settings.carry_over
        waiting = (
            n for n in self._ledger.notes(run.run_id) if n.finding.status is Status.WAITING and n.request_key in asks
        )
        plan.add(replace(note, finding=findings.expired(note.finding, days)) for note in waiting)
        return plan

    async def _report(
        self,
        run: Run,
        export: Load,
        job: Job,
        records: Callable[[], Iterator[Record]],
        notes: Callable[[], Iterator[RowNote]],
        *,
        began: float,
        asked: int,
        gated: GateResult | None = None,
    ) -> Report:
        """The run as it stands: its rows added up, its sheet written."""
        self._screen.begin("Writing the results")
        rows = await asyncio.to_thread(row_results, run.run_id, notes(), records(), self._not_sent(job))
        states = await asyncio.to_thread(Counter, (record.state for record in records()))
        summary = await asyncio.to_thread(summarize, run, export, rows, shipments=states.total())
        summary |= {
            "requests": (requests := run.summary.get("requests", 0) + self._client.requests - asked),
            "requests_saved": requests_saved(requests, states, notes(), dry=job.dry),
            "seconds": round(run.summary.get("seconds", 0) + asyncio.get_running_loop().time() - began, 1),
        }
        gated = gated or GateResult(run)
        if gated.reasons:
            summary["held_by"] = [reason.code for reason in gated.reasons]
        waited = known_waiting(self._ledger, run, notes(), self._settings.carry_over) if summary["waiting"] else 0
        report = Report(
            run,
            rows,
            summary,
            self._stop.reason,
            self._stop.remedy,
            held=gated.reasons,
            release=gated.release,
            known_waiting=waited,
        )
        report.pace = self._client.quota.pace
        planned = (planned_shipment(r.shipment, self._look(r.shipment.order_id)) for r in records()) if job.dry else ()
        await asyncio.to_thread(write_sheet, report, export, records(), self._settings.home, job, planned)
        return report

    async def _gate(self, run: Run, plan: Plan, export: Load, job: Job, mark: Mark | None) -> GateResult:
        """The file as a whole, against what is usual."""
        keeper = FileGate(self._ledger, self._settings, who=current_user())
        return await keeper.judge(
            run,
            export,
            job.source,
            plan.shipments(),
            plan.notes(),
            mark=mark,
            resumed=job.copy is not None,
            dry=job.dry,
        )

    def _as_planned(self, plan: Plan, promises: SavedPlan) -> Plan:
        """Of what could ship, that which a dry run has planned, where its order is as it was."""
        kept = Plan()
        corrections = (
            RowNote(c.shipment.rows, c.finding, request_key=c.shipment.request_key) for c in plan.corrections()
        )
        notes = chain(plan.notes(), corrections)
        kept.add(promises.still_valid(plan.shipments(), notes, self._look, self._is_released))
        return kept

    def _look(self, order_id: int) -> OrderSnapshot:
        baseline = self._baselines.get(order_id, Baseline())
        return OrderSnapshot(baseline.status_id, baseline.left)

    def _is_released(self, ask: str) -> bool:
        """Whether a person has said to ship a parcel."""
        word = self._ledger.decisions(self._settings.store, [ask]).get(ask)
        return word is not None and word.answer == "ship"

    @staticmethod
    def _held_plan(plan: Plan, gated: GateResult) -> Plan:
        """The plan of a file that is held: nothing ships, and nothing is corrected."""
        held = Plan()
        held.add(gated.notes(chain(plan.shipments(), (c.shipment for c in plan.corrections())), plan.notes()))
        return held

    async def _finish(self, report: Report, job: Job) -> None:
        """Close the run in the ledger; where that can no longer be written, the report says so."""
        try:
            leaves = self._stop.reason == BY_HAND or (report.stopped and job.goes_on)
            carries = {"carries": False} if leaves else {}
            await self._ledger.finish(report.run.run_id, exit_status(report), report.summary | carries)
        except LedgerError as error:
            report.stopped = report.stopped or str(error)

    async def _load(self, job: Job) -> tuple[Run, Load]:
        self._screen.begin(f"Reading {job.title.name}")
        if (taken := job.taken) is None:
            taken = await asyncio.to_thread(input_copies.take_copy, job.copy or job.export, self._settings.home)
        try:
            export = await self._read(taken.copy, job.source, job.reading)
        except FileError as error:
            raise error.about(str(taken.copy), str(job.title)) from error
        await asyncio.to_thread(export_store.keep, self._settings.ledger, taken.sha256, taken.copy)
        for line in (*export.said, *export.warnings):
            self._screen.say(line)
        started = datetime.now(UTC)
        while self._ledger.run(run_id := f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"):
            pass  # of many runs within a second, two may draw the same
        return Run(run_id, self._settings.store, str(job.title), taken.sha256, str(taken.copy), started), export

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

    async def settle_earlier(self) -> None:
        """Look at what earlier runs left in doubt; what is not there, and whose settle window lasts, stays so."""
        async with self._shipping.settling():
            pass

    async def settle(self, doubts: Iterable[Record]) -> None:
        """Wait until those of these that are in doubt still are settled, as far as they can be."""
        ids = {record.record_id for record in doubts}
        await self._shipping.settle(
            [r for r in self._ledger.unsettled_records(self._settings.store) if r.record_id in ids]
        )

    def _not_sent(self, job: Job) -> "_NotSent":
        if job.dry:
            return lambda record: findings.PLANNED
        blocked = {r.shipment.order_id: r for r in self._ledger.unsettled_records(self._settings.store)}
        return lambda record: findings.not_sent(
            record, self._stop.reason, blocked.get(record.shipment.order_id), job.limit
        )


def _sheet_of(run: Run) -> Path | None:
    """Where a run's sheet was written, while its folder is there."""
    path = Path(run.summary.get("results") or "")
    return path if path.name and path.parent.is_dir() else None


def _only(export: Load, asks: Collection[str]) -> Iterator[Parcel]:
    return (parcel for parcel in export.parcels() if parcel.request_key in asks)


def _nowhere(_: Report) -> None:
    """Where the sheet of a run goes that somebody else writes."""


class _NotSent(Protocol):
    def __call__(self, record: Record) -> Finding: ...
