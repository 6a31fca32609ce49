"""One file through all stages: load, recognise, resolve, judge, plan, ship, settle, account, write."""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Protocol

from batch import findings, inputs
from batch.accounting import Report, account
from batch.deciding import Decider, Waiting, answer_of, waiting, who
from batch.desk import Desk
from batch.errors import FileError, LedgerError, NothingSent
from batch.holding import Gated, Gatekeeper
from batch.loader import Load
from batch.matching import Baseline
from batch.model import Finding, Parcel, Record, RowNote, Run
from batch.pipeline.closing import exit_status, summarize, write_sheet
from batch.pipeline.job import Job
from batch.pipeline.judgement import Judgement
from batch.pipeline.plan import Plan
from batch.pipeline.reading import loader_notes, read
from batch.pipeline.shipping import Shipping
from batch.shelf import Shelf


class Pipeline:
    """Runs the files of one store."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._client, self._ledger, self._settings = desk, desk.client, desk.ledger, desk.settings
        self._screen, self._stop = desk.screen, desk.stop
        self._baselines: Shelf[Baseline] = Shelf()
        self._shipping = Shipping(desk, self._baselines)

    async def run(self, job: Job) -> Report:
        """One file, from its copy to its results sheet; what it raises, it raises before the first POST."""
        began, asked = asyncio.get_running_loop().time(), self._client.requests
        run, export = await self._load(job)
        if not job.dry:
            await self._settle_earlier()
            await self._take_decisions(export.decided(), job)
        judgement = Judgement(self._desk, run, job, self._baselines)
        plan = await self._stop.interrupt(judgement.whole(export))
        plan.add(loader_notes(export))
        gated = await self._gate(run, plan, export, job)
        run = gated.run
        if gated.reasons and not job.dry:
            plan = self._held(plan, gated)
        if job.dry:
            plan.add(RowNote(one.shipment.rows, one.finding) for one in plan.corrections())
            records, notes = partial(plan.records, run), plan.notes
        else:
            await self._ledger.begin(run)
            await self._ledger.remember(export.fingerprint, {f.value: name for f, name in export.mapping.items()})
            await self._shipping.ship(run, plan, judgement, job)
            records, notes = partial(self._ledger.of_run, run.run_id), partial(self._ledger.notes, run.run_id)
        rows = await asyncio.to_thread(account, run.run_id, notes(), records(), self._not_sent(job))
        summary = summarize(run, export, rows, shipments=sum(1 for _ in records())) | {
            "requests": self._client.requests - asked,
            "seconds": round(asyncio.get_running_loop().time() - began, 1),
        }
        if gated.reasons:
            summary["held_by"] = [reason.code for reason in gated.reasons]
        report = Report(run, rows, summary, self._stop.why, self._stop.todo, held=gated.reasons)
        report.pace = self._client.quota.pace
        await asyncio.to_thread(write_sheet, report, export, records(), self._settings.home, job)
        if not job.dry:
            await self._finish(report)
        return report

    async def _gate(self, run: Run, plan: Plan, export: Load, job: Job) -> Gated:
        """The file as a whole, against what is usual."""
        keeper = Gatekeeper(self._ledger, self._settings, who=who())
        return await keeper.judge(
            run, export, job.source, plan.shipments(), plan.notes(), resumed=job.copy is not None, dry=job.dry
        )

    @staticmethod
    def _held(plan: Plan, gated: Gated) -> Plan:
        """The plan of a file that is held: nothing ships, and nothing is corrected."""
        held = Plan()
        held.add(gated.notes(chain(plan.shipments(), (c.shipment for c in plan.corrections())), plan.notes()))
        return held

    async def _finish(self, report: Report) -> None:
        """Close the run in the ledger; where that can no longer be written, the report says so."""
        try:
            await self._ledger.finish(report.run.run_id, exit_status(report), report.summary)
        except LedgerError as error:
            report.stopped = report.stopped or str(error)

    async def _load(self, job: Job) -> tuple[Run, Load]:
        self._screen.begin(f"Reading {job.export.name}")
        taken = await asyncio.to_thread(inputs.take, job.copy or job.export, self._settings.home)
        try:
            export = await asyncio.to_thread(read, taken.copy, job.source, self._settings, self._ledger)
        except FileError as error:  # the person knows the export, not our copy of it
            ours, theirs = str(taken.copy), str(job.export)
            raise type(error)(str(error).replace(ours, theirs), error.todo.replace(ours, theirs)) from error
        for line in (*export.said, *export.warnings):
            self._screen.say(line)
        started = datetime.now(UTC)
        run_id = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        return Run(run_id, self._settings.store, str(job.export), taken.sha256, str(taken.copy), started), export

    async def _settle_earlier(self) -> None:
        """Doubts that an earlier run left come first: until they are settled, their orders are blocked."""
        doubts = self._ledger.unsettled(self._settings.store)
        if doubts:
            self._screen.begin(f"Settling {len(doubts)} shipments that an earlier run left in doubt")
            await self._shipping.reconciler().settle(doubts)

    async def _take_decisions(self, parcels: Iterable[Parcel], job: Job) -> None:
        """What people wrote into the Decision cells of a sheet of ours, as `decide` would take it."""
        answered = [parcel for parcel in parcels if parcel.decision.strip()]
        if not answered:
            return
        ledger, store = self._ledger, self._settings.store
        asks = [parcel.ask for parcel in answered]
        waits = {one.ask: one for one in waiting(ledger, store)}
        known, decided = ledger.known(store, asks), ledger.decisions(store, asks)
        skipped = {ask for ask, word in decided.items() if word.answer == "skip"}  # may be set right
        settled = (known.keys() | decided.keys()) - skipped
        decider = Decider(self._client, ledger, store, who=who(), why=f"in the sheet {job.export.name}")
        for parcel in answered:
            fresh = Waiting("", parcel.rows, parcel.order_id, parcel.ask, "")
            one = waits.get(parcel.ask, None if parcel.ask in settled else fresh)
            follows = "nothing waits for it any more, its Decision is passed over"
            try:
                if one is not None:
                    follows = await decider.take(one, answer_of(parcel.decision))
            except NothingSent as error:
                follows = f"the decision was not taken: {error} {error.todo}"
            self._screen.say(f"Row {parcel.rows[0]}: {follows}")

    def _not_sent(self, job: Job) -> "_NotSent":
        if job.dry:
            return lambda record: findings.PLANNED
        blocked = {r.shipment.order_id: r for r in self._ledger.unsettled(self._settings.store)}
        return lambda record: findings.not_sent(
            record, self._stop.why, blocked.get(record.shipment.order_id), job.limit
        )


class _NotSent(Protocol):
    def __call__(self, record: Record) -> Finding: ...
