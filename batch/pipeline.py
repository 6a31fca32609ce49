"""One file through all stages: load, recognise, resolve, judge, plan, ship, settle, account, write."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from batch import findings, inputs, results
from batch.accounting import Report, account, tally
from batch.config import Settings, Source
from batch.corrections import Corrector
from batch.deciding import Decider, Waiting, answer_of, waiting, who
from batch.desk import Desk
from batch.errors import FileError, LedgerError, NothingSent, ResultsError
from batch.holding import Gated, Gatekeeper
from batch.judging import Correction, Judged, Policy
from batch.known import sort_out
from batch.loader import Load, load
from batch.matching import Baseline
from batch.model import Field, Finding, Parcel, Record, RowNote, RowResult, Run, Shipment, State
from batch.pool import Pool
from batch.reconciler import Reconciler
from batch.resolver import PAGE, Resolver

ROUNDS = 3  # of posting and settling, before what is still open is left to the next run


@dataclass(frozen=True, slots=True)
class Job:
    """What a person asked for."""

    export: Path
    source: Source = field(default_factory=Source)
    dry: bool = False
    limit: int | None = None
    """Stop after so many shipments; the rest stays planned."""
    results: Path | None = None
    copy: Path | None = None
    """Work on this copy of the export, not on what has become of it since."""
    place: Callable[[Report], Path | None] | None = None
    """Where the export will lie, by what the run comes to: the sheet goes beside that; None: no sheet."""


@dataclass(slots=True)
class Plan:
    """A file's judgement: what ships, what does not, what is to be corrected."""

    shipments: list[Shipment] = field(default_factory=list)
    notes: list[RowNote] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)

    def add(self, judged: Iterable[Judged]) -> None:
        """Sort a judgement into its three kinds."""
        for one in judged:
            match one:
                case Shipment():
                    self.shipments.append(one)
                case RowNote():
                    self.notes.append(one)
                case Correction():
                    self.corrections.append(one)


class Pipeline:
    """Runs the files of one store."""

    def __init__(self, desk: Desk) -> None:
        self._client, self._ledger, self._settings = desk.client, desk.ledger, desk.settings
        self._screen, self._stop = desk.screen, desk.stop
        self._baselines: dict[int, Baseline] = {}
        self._gone: Sequence[Record] = ()
        self._policy = Policy()

    async def run(self, job: Job) -> Report:
        """One file, from its copy to its results sheet; what it raises, it raises before the first POST."""
        began, asked = asyncio.get_running_loop().time(), self._client.requests
        run, export = await self._load(job)
        parcels = list(export.parcels())
        if not job.dry:
            await self._settle_earlier()
            await self._take_decisions(parcels, job)
        plan = await self._stop.interrupt(self._judge_twice(parcels, run, job))
        plan.notes += _loader_notes(export)
        gated = await self._gate(run, plan, export, job)
        run = gated.run
        if gated.reasons and not job.dry:
            plan = self._held(plan, gated)
        if job.dry:
            records = [Record(0, run.run_id, run.store, s, State.PLANNED) for s in plan.shipments]
            notes = plan.notes + [RowNote(c.shipment.rows, c.finding) for c in plan.corrections]
        else:
            await self._ship(run, plan, export, job)
            records, notes = list(self._ledger.of_run(run.run_id)), list(self._ledger.notes(run.run_id))
        rows = account(run.run_id, notes, records, self._not_sent(job))
        summary = summarize(run, export, rows, shipments=len(records)) | {
            "requests": self._client.requests - asked,
            "seconds": round(asyncio.get_running_loop().time() - began, 1),
        }
        if gated.reasons:
            summary["held_by"] = [reason.code for reason in gated.reasons]
        report = Report(run, rows, summary, self._stop.why, self._stop.todo, held=gated.reasons)
        report.pace = self._client.quota.pace
        await asyncio.to_thread(write_sheet, report, export, records, self._settings.home, job)
        if not job.dry:
            await self._finish(report)
        return report

    async def _gate(self, run: Run, plan: Plan, export: Load, job: Job) -> Gated:
        """The file as a whole, against what is usual."""
        keeper = Gatekeeper(self._ledger, self._settings, who=who())
        return await keeper.judge(
            run, export, job.source, plan.shipments, plan.notes, resumed=job.copy is not None, dry=job.dry
        )

    @staticmethod
    def _held(plan: Plan, gated: Gated) -> Plan:
        """The plan of a file that is held: nothing ships, and nothing is corrected."""
        held = Plan()
        held.add(gated.notes(chain(plan.shipments, (c.shipment for c in plan.corrections)), plan.notes))
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
            await self._reconciler().settle(doubts)

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

    def _reconciler(self) -> Reconciler:
        return Reconciler(
            self._client,
            self._ledger,
            self._settings,
            stop=self._stop,
            baselines=self._baselines,
            say=self._screen.say,
        )

    async def _judge_twice(self, parcels: Sequence[Parcel], run: Run, job: Job) -> Plan:
        """The judgement; where it ships from an order that a shipment of ours is gone from, a second one is waited for.

        A store that is behind itself shows the same, and the units would be shipped once more.
        """
        self._policy = self._rules(parcels, job.source, run)
        plan = await self._judge(parcels, run)
        orders = {record.shipment.order_id for record in self._gone}
        if job.dry or not any(shipment.order_id in orders for shipment in plan.shipments):
            return plan
        window = self._settings.settle
        self._screen.say(f"Shipments of {len(orders)} orders are gone from the store: looking again in {window:.0f} s.")
        await asyncio.sleep(window)
        self._policy = self._rules(parcels, job.source, run)
        return await self._judge(parcels, run)

    async def _judge(self, parcels: Sequence[Parcel], run: Run) -> Plan:
        """The whole file's judgement; what the ledger holds as created costs no request."""
        plan = Plan()
        new = parcels
        if not self._settings.verify:
            new, plan.notes = sort_out(self._ledger, run, parcels, dealt=self._policy.several_parcels == "even")
        if new:
            self._screen.begin(f"Looking up the orders of {len(new)} parcel{'s' if len(new) > 1 else ''}")
        self._take(plan.notes)
        plan.add(await self._resolved(new))
        self._take(plan.notes)
        return plan

    def _take(self, notes: Iterable[RowNote]) -> None:
        """What parcels have been met as is no other parcel's."""
        ids = {shipment_id for note in notes for shipment_id in (note.facts or {}).get("shipment_ids", ())}
        self._policy = replace(self._policy, taken=self._policy.taken | ids)

    async def _resolved(self, parcels: Sequence[Parcel]) -> list[Judged]:
        """Parcels judged by what the store holds now; from there on its shipments are counted."""
        resolver = Resolver(self._client, self._ledger, self._settings, self._policy)
        judged = await resolver.judge(parcels)
        self._baselines.update(resolver.baselines)
        self._gone = resolver.gone
        return judged

    def _rules(self, parcels: Iterable[Parcel], source: Source, run: Run) -> Policy:
        """The settings' rules, with what people have decided."""
        asks = [parcel.ask for parcel in parcels]
        answers = {ask: d.answer for ask, d in self._ledger.decisions(self._settings.store, asks).items()}
        return Policy(
            hold_statuses=self._settings.hold_statuses,
            several_parcels=source.several_parcels,
            again=self._settings.again,
            update=self._settings.update,
            export=run.sha256,
            answers=answers,
        )

    async def _ship(self, run: Run, plan: Plan, export: Load, job: Job) -> None:
        """Plan durably, post, settle, post again what was proved absent; then the run stands as it is."""
        await self._ledger.begin(run)
        await self._ledger.remember(export.fingerprint, {f.value: column for f, column in export.mapping.items()})
        plan.notes += await Corrector(self._client, self._ledger, self._stop).correct(plan.corrections)
        await self._make_room(plan.shipments)
        records = await self._ledger.plan(run.run_id, plan.shipments, plan.notes)
        chosen = {record.record_id for record in records[: job.limit]}
        if chosen:
            self._screen.begin("Shipping", len(chosen))
        try:
            await self._post_and_settle(run, chosen, export)
        except LedgerError as error:  # the sheet tells what was sent
            self._stop.set(str(error), error.todo)

    async def _make_room(self, shipments: Iterable[Shipment]) -> None:
        """What is gone from the store, and a person has said to ship once more, no longer counts as made."""
        again = {(s.order_id, s.order_address_id, s.label) for s in shipments}
        for record in self._gone:
            if (record.shipment.order_id, record.shipment.order_address_id, record.shipment.label) in again:
                await self._ledger.append(record.record_id, "deleted", {"by": "someone else"})

    async def _post_and_settle(self, run: Run, chosen: Collection[int], export: Load) -> None:
        for _ in range(ROUNDS):
            work = [r for r in self._ledger.of_run(run.run_id) if r.state is State.PLANNED and r.record_id in chosen]
            if not work or self._stop:
                break
            doubts = await self._post(work, export)
            if self._stop or not doubts:
                break
            await self._reconciler().settle(doubts)

    async def _post(self, work: Sequence[Record], export: Load) -> list[Record]:
        pool = Pool(
            self._client,
            self._ledger,
            self._settings,
            stop=self._stop,
            baselines=self._baselines,
            watch=self._screen.step,
        )
        await pool.ship(self._fresh(work, export))
        return pool.doubts

    async def _fresh(self, work: Sequence[Record], export: Load) -> AsyncIterator[Record]:
        """The records to post; once their judgement has aged, judged again a page at a time."""
        clock = asyncio.get_running_loop()
        aged = clock.time() + self._settings.judgement
        waiting = deque(work)
        while waiting:
            if clock.time() < aged:
                yield waiting.popleft()
                continue
            orders = list(dict.fromkeys(record.shipment.order_id for record in waiting))[:PAGE]
            page = [record for record in waiting if record.shipment.order_id in set(orders)]
            waiting = deque(record for record in waiting if record.shipment.order_id not in set(orders))
            for record in await self._judge_again(page, export):
                yield record

    async def _judge_again(self, page: Sequence[Record], export: Load) -> list[Record]:
        """The page's records as they stand now; one that no longer holds leaves the plan with a note."""
        asks = {record.shipment.ask for record in page}
        parcels = [parcel for parcel in export.parcels() if parcel.ask in asks]
        made = {r.made.shipment_id for r in self._ledger.of_run(page[0].run_id) if r.made}
        self._policy = replace(self._policy, taken=self._policy.taken | made)
        judged = Plan()
        judged.add(await self._resolved(parcels))
        now = {(s.ask, s.order_address_id, s.label): s for s in judged.shipments}
        kept = []
        for record in page:
            old = record.shipment
            if now.get((old.ask, old.order_address_id, old.label)) == old:
                kept.append(record)
                continue
            note = next((n for n in judged.notes if set(n.rows) & set(old.rows)), None)
            note = note or RowNote(old.rows, findings.changed_meanwhile(old), ask=old.ask)
            await self._ledger.judge_again(record.record_id, None, note)
        return kept

    def _not_sent(self, job: Job) -> "_NotSent":
        if job.dry:
            return lambda record: findings.PLANNED
        blocked = {r.shipment.order_id: r for r in self._ledger.unsettled(self._settings.store)}
        return lambda record: findings.not_sent(
            record, self._stop.why, blocked.get(record.shipment.order_id), job.limit
        )


class Remembering(Protocol):
    """What a ledger knows of header rows."""

    def recall(self, header: str) -> Mapping[str, str]: ...


class _NotSent(Protocol):
    def __call__(self, record: Record) -> Finding: ...


def read(copy: Path, source: Source, settings: Settings, ledger: Remembering) -> Load:
    """Load an export with what is known of its source and its header row."""

    def recall(fingerprint: str) -> Mapping[Field, str]:
        return {Field(name): column for name, column in ledger.recall(fingerprint).items()}

    return load(copy, source, aliases=settings.carriers, recall=recall)


def summarize(run: Run, export: Load, rows: Mapping[int, RowResult], *, shipments: int) -> dict[str, Any]:
    """The JSON summary of DESIGN section 5, without what only a run in progress knows."""
    return {
        "run": run.run_id,
        "file": run.file,
        "rows": export.row_count,
        "shipments": shipments,
        **tally(rows),
    }


def write_sheet(report: Report, export: Load, records: Sequence[Record], home: Path, job: Job) -> None:
    """Write the results; where that fails the report says why, for what is sent is sent."""
    sheet = results.Report(
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
    )
    export_path = job.place(report) if job.place else job.export
    if export_path is None:
        report.summary["results"] = ""
        return
    try:
        if job.results:
            path = results.spared(job.results, report.run)
        else:
            path = results.results_path(export_path, report.run, dry=job.dry, home=home)
        report.sheet = results.write(sheet, path)
        report.summary["results"] = str(report.sheet)
    except ResultsError as error:
        report.sheet_error = error
        report.summary["results"] = ""


def exit_status(report: Report) -> int:
    """The first of DESIGN section 5's that applies to a run that came to its end."""
    counts = report.summary
    if report.stopped and not any(counts[name] for name in ("created", "updated", "rejected", "in_doubt")):
        return 75
    if report.sheet_error:
        return 74
    if counts["held"] or counts["in_doubt"] or report.held:
        return 3
    if any(counts[name] for name in ("invalid", "rejected", "not_sent", "waiting")):
        return 1
    return 0


def _loader_notes(export: Load) -> list[RowNote]:
    """What the loader says of single rows; equal findings share a note."""
    rows: dict[Finding, list[int]] = {}
    for row, finding in export.findings.items():
        rows.setdefault(finding, []).append(row)
    return [RowNote(tuple(each), finding) for finding, each in rows.items()]
