"""Opens what files need, in order: the store's lock, the ledger, the client; then runs them in turn."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from batch import inputs
from batch.accounting import Report
from batch.bigcommerce import Client
from batch.config import Settings, default_home
from batch.desk import Desk, Screen
from batch.errors import FileError, ShipbatchError
from batch.ledger import LEDGER, open_ledger
from batch.ledger.locks import store_lock
from batch.pipeline import Job, Pipeline, exit_status
from batch.progress import Progress
from batch.stopping import Stop

NOTHING_SENT = 2
CANNOT_RUN_NOW = 75
DAY = 86_400  # seconds
PRECEDENCE = (CANNOT_RUN_NOW, NOTHING_SENT, 74, 3, 1, 0)


@dataclass(slots=True)
class Tour:
    """Several files, one after the other."""

    reports: list[Report] = field(default_factory=list)
    refused: list[tuple[Job, ShipbatchError]] = field(default_factory=list)
    """Files that were not run, and why; what was run before them stands."""
    left: list[Job] = field(default_factory=list)
    """Files that were not begun, because the tour was stopped before them."""

    @property
    def summary(self) -> dict[str, Any]:
        """One file's summary; of several, their totals and each."""
        each = [report.summary for report in self.reports]
        if len(each) == 1 and not self.refused and not self.left:
            return each[0]
        totals: dict[str, Any] = {}
        for summary in each:
            for name, value in summary.items():
                if isinstance(value, int | float):
                    totals[name] = round(totals.get(name, 0) + value, 1)
        refused = [{"file": str(job.export), "error": str(error), "todo": error.todo} for job, error in self.refused]
        left = [{"file": str(job.export), "error": "not begun", "todo": "Run it again."} for job in self.left]
        return totals | {"files": each + refused + left}

    @property
    def exit_status(self) -> int:
        """The first that applies to any of the files."""
        if self.refused and not self.reports:
            return NOTHING_SENT
        statuses = [exit_status(report) for report in self.reports] + [1 for _ in (*self.refused, *self.left)]
        return next(status for status in PRECEDENCE if status in statuses)


@asynccontextmanager
async def opened(settings: Settings, screen: Screen, stop: Stop, *, lock: bool = True) -> AsyncIterator[Desk]:
    """A store, opened; with `lock`, no other runner of it meanwhile."""
    async with AsyncExitStack() as stack:
        if lock:
            # A store with an address of its own is locked for every home of this user; a rehearsal's is this home's.
            beyond = None if settings.identity else default_home({})
            lock_of = store_lock(settings.home, settings.store, settings.wait, _telling(screen), beyond)
            await stop.interrupt(stack.enter_async_context(lock_of))
        ledger = await stack.enter_async_context(open_ledger(settings.home / LEDGER, read_only=not lock))
        client = await stack.enter_async_context(Client(settings, screen.say))
        if ledger.advice:
            screen.say(ledger.advice)
        yield Desk(client, ledger, settings, screen, stop)


def _telling(screen: Screen) -> Callable[[str], None]:
    return lambda who: screen.say(f"Waiting for {who} to end: one runner a store.")


@asynccontextmanager
async def stopped_at(until: str, stop: Stop) -> AsyncIterator[None]:
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


async def run_files(jobs: Sequence[Job], settings: Settings, screen: Screen, stop: Stop) -> Tour:
    """Run files in turn; one that cannot be read does not keep the others from running.

    What would keep any file from running is raised while nothing was sent; afterwards it ends the tour.
    """
    tour = Tour()
    inputs.expire(settings.home, settings.keep_copies)
    progress = Progress(screen, [job.export for job in jobs])
    lock = not all(job.dry for job in jobs)
    async with stopped_at(settings.until, stop), opened(settings, progress, stop, lock=lock) as desk:
        pipeline = Pipeline(desk)
        for place, job in enumerate(jobs):
            limit = None if job.limit is None else job.limit - progress.sent
            if place and (stop or limit == 0):
                tour.left += jobs[place:]
                break
            progress.next_file()
            try:
                tour.reports.append(await pipeline.run(replace(job, limit=limit)))
            except FileError as error:
                tour.refused.append((job, error))
            except ShipbatchError as error:
                if not tour.reports:
                    raise
                tour.refused.append((job, error))
                break
    return tour
