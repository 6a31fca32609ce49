"""Files run in turn: what earlier runs left first, then each file, then the remaining doubts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from batch.config import Settings, one_store
from batch.errors import FileError, NothingSent, ShipbatchError, StopRequested, of_memory
from batch.ledger import export_store
from batch.loader.saved_plans import read_plan
from batch.model.exit_status import ExitStatus, worst
from batch.pipeline import Job, Pipeline, exit_status, input_copies
from batch.pipeline.carry_over import (
    carry_over_leftovers,
    may_carry,
    merge_carried,
    settle_late,
    takes_over_leftovers,
)
from batch.pipeline.progress import FilesProgress, Progress
from batch.pipeline.retention import expire_copies
from batch.pipeline.session import StoreSession, open_store
from batch.planning.saved_plan import SavedPlan
from batch.primitives.stop import StopEvent
from batch.results.accounting import CarriedOver, Report

DAY = 86_400  # seconds


@dataclass(slots=True)
class RunResults:
    """The results of several files, in the order in which they ran."""

    reports: list[Report] = field(default_factory=list)
    refused: list[tuple[Job, ShipbatchError]] = field(default_factory=list)
    """Files that were not run, and why; what was run before them stands."""
    carried: list[CarriedOver] = field(default_factory=list)
    """What earlier runs left open, where it has changed since."""
    carrying: int = 0
    """Requests for what earlier runs left open."""
    wrote: bool = False
    """Whether anything was sent that changes the store, for this run or an earlier one."""
    left: list[Job] = field(default_factory=list)
    """Files that were not begun, because the tour was stopped before them."""

    @property
    def summary(self) -> dict[str, Any]:
        """One file's summary; of several, their totals and each."""
        each = [report.summary for report in self.reports]
        if len(each) == 1 and not self.refused and not self.left:
            return self._with_carried(dict(each[0]))
        refused = [
            {"file": str(job.export), "error": str(error), "todo": error.todo}
            for job, error in self.refused
        ]
        left = [
            {"file": str(job.export), "error": "not begun", "todo": "Run it again."}
            for job in self.left
        ]
        return self._with_carried(total(each)) | {"files": each + refused + left}

    def _with_carried(self, summary: dict[str, Any]) -> dict[str, Any]:
        """Add what earlier runs left: the rows stay theirs, the requests are also this run's."""
        runs = [
            {"run": one.report.run.run_id, "file": one.report.run.file}
            | {status.key: count for status, count in one.rows.items()}
            for one in self.carried
        ]
        requests = {"requests": summary.get("requests", 0) + self.carrying} if self.carrying else {}
        return summary | requests | ({"carried_over": runs} if runs else {})

    @property
    def exit_status(self) -> ExitStatus:
        """The worst status of the files; none that denies sending once anything was sent."""
        statuses = [*map(exit_status, self.reports), *(one.exit_status for one in self.carried)]
        if self.refused or self.left:
            statuses.append(ExitStatus.NOT_ALL_SENT)
        if self.wrote:
            nothing = {ExitStatus.CANNOT_RUN_NOW, ExitStatus.NOTHING_SENT}
            statuses = [
                ExitStatus.NOT_ALL_SENT if status in nothing else status for status in statuses
            ]
        elif self.refused and not self.reports:
            return ExitStatus.NOTHING_SENT
        return worst(statuses)


def total(summaries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The sums of several summaries: a mapping from each numeric key to its total."""
    totals: dict[str, Any] = {}
    for summary in summaries:
        for name, value in summary.items():
            if isinstance(value, int | float):
                totals[name] = round(totals.get(name, 0) + value, 1)
    return totals


def job_of_plan(path: Path, settings: Settings, *, sandbox: bool = False) -> Job:
    """The job that carries out a plan, on the export as it was and in the store it was made for."""
    mark, promises = read_plan(path)
    if mark.store and not sandbox and one_store(mark.store) != settings.store:
        raise NothingSent(
            f"{path} is a plan for {mark.store}, and the settings are for {settings.store}.",
            "Give the plan's own store: --store, or the BIGCOMMERCE_ variables.",
        )
    export = Path(mark.file)
    copy = input_copies.find_copy(
        export, mark.sha256, settings.home, partial(export_store.fetch, settings.ledger)
    )
    source = settings.source_for(export.name)
    source = source.model_copy(update={"sheet": mark.sheet or source.sheet})
    return Job(export, source, plan=SavedPlan(promises), copy=copy)


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
    timer = asyncio.get_running_loop().call_later(
        seconds, stop.set, f"it was to stop at {until}", ""
    )
    try:
        yield
    finally:
        timer.cancel()


async def run_files(
    jobs: Sequence[Job], settings: Settings, screen: Progress, stop: StopEvent
) -> RunResults:
    """Run files in turn; one that cannot be read does not keep the others from running.

    What would keep any file from running is raised while nothing was sent; afterwards it ends the
    tour, and so does a stop.
    """
    tour = RunResults()
    expire_copies(settings)
    progress = FilesProgress(screen, [job.export for job in jobs])
    lock = not all(job.dry for job in jobs)
    async with (
        stop_at(settings.until, stop),
        open_store(settings, progress, stop, lock=lock) as desk,
    ):
        left = list(jobs)
        try:
            await _tour(tour, left, desk, progress, lock=lock)
        except StopRequested:
            if not (tour.reports or desk.client.wrote):
                raise
        # Raised again, unless it is one of a memory that is not enough.
        except Exception as fault:  # noqa: BLE001
            error = fault if isinstance(fault, ShipbatchError) else of_memory(fault)
            if error is None or not (tour.reports or desk.client.wrote):
                raise (error or fault) from fault.__cause__
            tour.refused.append((left.pop(0), error))
        tour.left, tour.wrote = left, desk.client.wrote
    return tour


async def _tour(
    tour: RunResults, left: list[Job], desk: StoreSession, progress: FilesProgress, *, lock: bool
) -> None:
    """Run what earlier runs left, then the files in turn; each is taken off the list when done."""
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
        late = await settle_late(pipeline, desk, doubts, carry=carry)
        tour.carried = merge_carried([*tour.carried, *late])
        tour.carrying += client.requests - asked
