"""Opens what files need, in order: the store's lock, the ledger, the client; then runs them in turn."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from batch.bigcommerce import Client
from batch.config import Settings, default_home, one_store
from batch.errors import FileError, NothingSent, ShipbatchError, StopRequested, of_memory
from batch.ledger import export_store, open_ledger, open_owned_ledger
from batch.loader.saved_plans import read_plan
from batch.model import Record
from batch.model.exit_status import ExitStatus, worst
from batch.pipeline import Job, Pipeline, exit_status, input_copies
from batch.pipeline.progress import FilesProgress
from batch.pipeline.session import Progress, StoreSession
from batch.planning.saved_plan import SavedPlan
from batch.primitives.stop import StopEvent
from batch.results.accounting import CarriedOver, Report

DAY = 86_400  # seconds


@dataclass(slots=True)
class RunResults:
    """Several files, one after the other."""

    reports: list[Report] = field(default_factory=list)
    refused: list[tuple[Job, ShipbatchError]] = field(default_factory=list)
    """Files that were not run, and why; what was run before them stands."""
    carried: list[CarriedOver] = field(default_factory=list)
    """What earlier nights left open, and has changed since."""
    carrying: int = 0
    """Requests that went into what earlier nights left open."""
    wrote: bool = False
    """Whether anything was sent that changes the store, of whichever night."""
    left: list[Job] = field(default_factory=list)
    """Files that were not begun, because the tour was stopped before them."""

    @property
    def summary(self) -> dict[str, Any]:
        """One file's summary; of several, their totals and each."""
        each = [report.summary for report in self.reports]
        if len(each) == 1 and not self.refused and not self.left:
            return self._with_carried(each[0])
        refused = [{"file": str(job.export), "error": str(error), "todo": error.todo} for job, error in self.refused]
        left = [{"file": str(job.export), "error": "not begun", "todo": "Run it again."} for job in self.left]
        return self._with_carried(total(each)) | {"files": each + refused + left}

    def _with_carried(self, summary: dict[str, Any]) -> dict[str, Any]:
        """With what earlier nights left: its rows stay theirs, its requests are tonight's, too."""
        runs = [
            {"run": one.report.run.run_id, "file": one.report.run.file}
            | {status.key: count for status, count in one.rows.items()}
            for one in self.carried
        ]
        requests = {"requests": summary.get("requests", 0) + self.carrying} if self.carrying else {}
        return summary | requests | ({"carried_over": runs} if runs else {})

    @property
    def exit_status(self) -> ExitStatus:
        """The first that applies to any of the files; once anything was sent, none that says that nothing was."""
        statuses = [*map(exit_status, self.reports), *(one.exit_status for one in self.carried)]
        if self.refused or self.left:
            statuses.append(ExitStatus.NOT_ALL_SENT)
        if self.wrote:
            nothing = {ExitStatus.CANNOT_RUN_NOW, ExitStatus.NOTHING_SENT}
            statuses = [ExitStatus.NOT_ALL_SENT if status in nothing else status for status in statuses]
        elif self.refused and not self.reports:
            return ExitStatus.NOTHING_SENT
        return worst(statuses)


def total(summaries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What several files' summaries come to together."""
    totals: dict[str, Any] = {}
    for summary in summaries:
        for name, value in summary.items():
            if isinstance(value, int | float):
                totals[name] = round(totals.get(name, 0) + value, 1)
    return totals


@asynccontextmanager
async def open_store(
    settings: Settings, screen: Progress, stop: StopEvent, *, lock: bool = True
) -> AsyncIterator[StoreSession]:
    """A store, opened; with `lock`, no other runner of it meanwhile."""
    async with AsyncExitStack() as stack:
        if lock:
            # A store with an address of its own is locked for every home of this user; a rehearsal's is this home's.
            beyond = None if settings.identity else default_home({})
            owned = open_owned_ledger(
                settings.ledger, settings.store, settings.home, settings.wait, _report_to(screen), beyond
            )
            ledger = await stop.interrupt(stack.enter_async_context(owned))
        else:
            ledger = await stack.enter_async_context(open_ledger(settings.ledger, read_only=True))
        client = await stack.enter_async_context(Client(settings, screen.say, ledger.ours))
        if ledger.advice:
            screen.say(ledger.advice)
        ledger.listen(screen.say)
        yield StoreSession(client, ledger, settings, screen, stop)


def _report_to(screen: Progress) -> Callable[[str], None]:
    return lambda who: screen.say(f"Waiting for {who} to end: one runner a store.")


def job_of_plan(path: Path, settings: Settings, *, sandbox: bool = False) -> Job:
    """The job that carries out a plan: on the export as it was then, in the store that it was made for."""
    mark, promises = read_plan(path)
    if mark.store and not sandbox and one_store(mark.store) != settings.store:
        raise NothingSent(
            f"{path} is a plan for {mark.store}, and the settings are for {settings.store}.",
            "Give the plan's own store: --store, or the BIGCOMMERCE_ variables.",
        )
    export = Path(mark.file)
    copy = input_copies.find_copy(export, mark.sha256, settings.home, partial(export_store.fetch, settings.ledger))
    source = settings.source_for(export.name)
    source = source.model_copy(update={"sheet": mark.sheet or source.sheet})
    return Job(export, source, plan=SavedPlan(promises), copy=copy)


def takes_over_leftovers(job: Job) -> bool:
    """Whether a run takes along what earlier ones left: not where a person looks closely at this one."""
    return not job.dry and job.limit is None and job.plan is None and job.copy is None


def may_carry(settings: Settings) -> bool:
    """Whether earlier runs are gone on with at all: not where words are given for tonight's file alone."""
    return bool(settings.carry_over) and not (settings.until or settings.again or settings.trust_file)


async def carry_over_leftovers(pipeline: Pipeline, desk: StoreSession) -> AsyncIterator[CarriedOver]:
    """Try again what earlier runs left for a passing reason, oldest first; after `carry_over` days it is given up.

    Shipments in doubt are looked at, and nobody waits for their settle window: their orders wait, and no others.
    """
    ledger, settings = desk.ledger, desk.settings
    if not may_carry(settings):
        return
    before = ledger.unsettled_records(settings.store)
    await pipeline.settle_earlier()
    settled = _settle_earlier(desk, before)
    left = ledger.open_requests(settings.store, datetime.now(UTC) - timedelta(days=2 * settings.carry_over))
    async for one in _carried(pipeline, desk, left, settled):
        yield one


async def settled_late(
    pipeline: Pipeline, desk: StoreSession, doubts: Sequence[Record], *, carry: bool
) -> list[CarriedOver]:
    """Wait until doubts are settled, as far as they can be; with `carry`, their runs are gone on with."""
    ledger, settings = desk.ledger, desk.settings
    carried: list[CarriedOver] = []
    try:
        await pipeline.settle(doubts)
        settled = _settle_earlier(desk, doubts) if carry else {}
        left = ledger.open_requests(settings.store, datetime.now(UTC) - timedelta(days=2 * settings.carry_over))
        of_these = {run_id: asks for run_id, asks in left.items() if run_id in settled}
        async for one in _carried(pipeline, desk, of_these, settled):
            carried.append(one)  # noqa: PERF401  what is done is told, whatever comes after it
    except ShipbatchError as error:  # what the tour has sent is to be told
        desk.screen.say(f"{error} {error.todo}")
    return carried


async def _carried(
    pipeline: Pipeline, desk: StoreSession, left: Mapping[str, frozenset[str]], settled: Mapping[str, frozenset[int]]
) -> AsyncIterator[CarriedOver]:
    """The runs with parcels `left`, or rows `settled`, gone on with."""
    ledger, alive = desk.ledger, datetime.now(UTC) - timedelta(days=desk.settings.carry_over)
    runs = [run for run_id in {**left, **settled} if (run := ledger.run(run_id)) and run.profile.get("carries")]
    newest = {run.sha256: run for run in sorted(runs, key=lambda run: run.run_id)}  # of one content, the last run
    for run in (run for run in newest.values() if run.summary.get("carries", True)):
        if desk.stop:
            break
        try:
            desk.screen.say(f"{Path(run.file).name}: trying again what run {run.run_id} left")
            asks, rows = left.get(run.run_id, frozenset()), settled.get(run.run_id, frozenset())
            one = await pipeline.carry_over(run, asks, settled=rows, expired=run.started < alive)
        except FileError as error:
            desk.screen.say(f"Run {run.run_id} cannot be gone on with: {error}")
            continue
        if one:
            yield one


def together(carried: Iterable[CarriedOver]) -> list[CarriedOver]:
    """Of each run what has become of it at last, and of all its rows that were tried."""
    by_run: dict[str, CarriedOver] = {}
    for one in carried:
        before = by_run.get(one.report.run.run_id)
        tried = sorted({*before.tried, *one.tried}) if before else one.tried
        by_run[one.report.run.run_id] = replace(one, tried=tried)
    return list(by_run.values())


def _settle_earlier(desk: StoreSession, doubts: Iterable[Record]) -> dict[str, frozenset[int]]:
    """The rows, by run, of doubts that are none any more."""
    open_still = {record.record_id for record in desk.ledger.unsettled_records(desk.settings.store)}
    rows: dict[str, frozenset[int]] = {}
    for record in (record for record in doubts if record.run_id and record.record_id not in open_still):
        rows[record.run_id] = rows.get(record.run_id, frozenset()) | set(record.shipment.rows)
    return rows


@asynccontextmanager
async def stop_at(until: str, stop: StopEvent) -> AsyncIterator[None]:
    """Set the stop at a time of the day, such as 06:00, where one is given."""
    if not until:
        yield
        return
    hour, minute = map(int, until.split(":"))
    now = datetime.now().astimezone()
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    seconds = (at - now).total_seconds() % DAY
    timer = asyncio.get_running_loop().call_later(seconds, stop.set, f"it was to stop at {until}", "")
    try:
        yield
    finally:
        timer.cancel()


async def run_files(jobs: Sequence[Job], settings: Settings, screen: Progress, stop: StopEvent) -> RunResults:
    """Run files in turn; one that cannot be read does not keep the others from running.

    What would keep any file from running is raised while nothing was sent; afterwards it ends the tour, and so does
    a stop.
    """
    tour = RunResults()
    input_copies.expire(settings.home, settings.keep_copies)
    export_store.expire(settings.ledger, settings.keep_copies)
    progress = FilesProgress(screen, [job.export for job in jobs])
    lock = not all(job.dry for job in jobs)
    async with stop_at(settings.until, stop), open_store(settings, progress, stop, lock=lock) as desk:
        left = list(jobs)
        try:
            await _tour(tour, left, desk, progress, lock=lock)
        except StopRequested:
            if not (tour.reports or desk.client.wrote):
                raise
        except Exception as fault:  # noqa: BLE001  raised again, unless it is one of a memory that is not enough
            error = fault if isinstance(fault, ShipbatchError) else of_memory(fault)
            if error is None or not (tour.reports or desk.client.wrote):
                raise (error or fault) from fault.__cause__
            tour.refused.append((left.pop(0), error))
        tour.left, tour.wrote = left, desk.client.wrote
    return tour


async def _tour(tour: RunResults, left: list[Job], desk: StoreSession, progress: FilesProgress, *, lock: bool) -> None:
    """What earlier nights left, then the files in turn; those that have had theirs are taken off the list."""
    pipeline, client, settings = Pipeline(desk), desk.client, desk.settings
    carry = may_carry(settings) and all(takes_over_leftovers(job) for job in left)
    if carry:
        try:
            async for one in carry_over_leftovers(pipeline, desk):
                tour.carried.append(one)
        finally:
            tour.carrying = client.requests
    doubts = desk.ledger.unsettled_records(settings.store)
    first = left[0]
    while left:
        job = left[0]
        limit = None if job.limit is None else job.limit - progress.sent
        if job is not first and (desk.stop or limit == 0):
            return
        progress.next_file()
        try:
            tour.reports.append(await pipeline.run(replace(job, limit=limit)))
        except FileError as error:
            tour.refused.append((job, error))
        left.pop(0)
    if lock and doubts and not desk.stop:
        asked = client.requests
        late = await settled_late(pipeline, desk, doubts, carry=carry)
        tour.carried, tour.carrying = together([*tour.carried, *late]), tour.carrying + client.requests - asked
