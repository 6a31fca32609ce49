"""A worker: stores side by side, a file's turn at a time in each, for as long as it lives."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batch.config import Settings
from batch.errors import (
    CannotRunNow,
    ConfigError,
    DatabaseAway,
    LedgerError,
    ShipbatchError,
    StopRequested,
    StoreStopped,
)
from batch.fleet import housekeeping, late_results, maintenance
from batch.fleet.file_job import QueuedFileJob
from batch.fleet.housekeeping import Housekeeper
from batch.fleet.procrastinate_app import HOUSEKEEPING, LOOK_AFTER, TURN, queue_of, request_turn
from batch.fleet.queue import AWAY, Queue
from batch.fleet.queue_items import NextFile
from batch.fleet.run_options import settings_for
from batch.ledger import read_ledger
from batch.model.exit_status import ExitStatus
from batch.monitoring import Digest, Notifier, notify_after_run, of_error
from batch.monitoring.metrics import write_metrics_file
from batch.monitoring.systemd import Systemd
from batch.pipeline import Pipeline
from batch.pipeline.carry_over import carry_over_leftovers
from batch.pipeline.progress import NullProgress, Progress
from batch.pipeline.session import StoreSession, open_store
from batch.primitives.backoff import Backoff
from batch.primitives.stop import StopEvent
from batch.results import run_text
from batch.watcher.progress import FileProgress
from batch.watcher.retries import BACKOFF

POLL = 0.4  # seconds between two looks for a turn, where a slot is free
LEASE_WAIT = 20.0  # seconds that a turn waits for a store whose last owner's lease has not run out
LATER = 5.0  # seconds until a store is tried again that somebody else is at
TRIES = 3  # turns in a row that the program may fail on a file
DEATHS = 10  # workers in a row that may die on a file
AFTER_RESTART = " Settings and tokens are read when a worker starts: after a change, start it anew."
LOOK_AROUND = "*/15 * * * *"  # when stores without a file are looked at: orders may have come that a file waited for


class Worker:
    """Takes files out of the queue, for the stores that it has the tokens of."""

    def __init__(
        self,
        queue: Queue,
        stores: Sequence[Settings],
        progress: Progress,
        stop: StopEvent,
        *,
        side_by_side: int,
        notify: Notifier = notify_after_run,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._queue, self._progress, self._stop, self._notify = queue, progress, stop, notify
        self._stores = {each.store: each.model_copy(update={"wait": LEASE_WAIT}) for each in stores}
        self._side_by_side = side_by_side
        self._systemd = Systemd(environ)
        self._jobs: dict[str, QueuedFileJob] = {}
        self._housekeeper = Housekeeper(queue, self._stores, progress, stop, jobs=self._jobs, side_by_side=side_by_side)
        self._register()

    async def work(self, ready: Callable[[], None] = lambda: None) -> None:
        """Take turns until told to stop; then what is in flight is finished, and the files go on elsewhere."""
        asyncio.get_running_loop().set_exception_handler(_log_lost_job)
        await self._housekeeper.register()
        beside = (self._housekeeper.keep_house(), self._housekeeper.end_long_turns(), self._watchdog())
        keeping = [asyncio.create_task(each) for each in beside]
        for each in keeping:
            each.add_done_callback(self._end_with)
        try:
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._side_by_side):
                    slots.create_task(self._slot())
                ready()
                self._systemd.notify(READY="1", STATUS=f"{len(self._stores)} stores, {self._side_by_side} side by side")
                await self._stop.wait()
                self._systemd.notify(STOPPING="1", STATUS="Finishing what is in flight")
                for job in self._jobs.values():
                    job.end_early()
        finally:
            for each in keeping:
                each.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await self._housekeeper.deregister()

    def _end_with(self, task: asyncio.Task[None]) -> None:
        """A worker that cannot show that it lives, or take over from the dead, is better started anew."""
        if not task.cancelled() and (error := task.exception()):
            self._stop.set(f"{type(error).__name__}: {error}", "This is a bug in shipbatch: please report it.")

    # ── slots ───────────────────────────────────────────────────────────────────────────────

    def _register(self) -> None:
        app = self._queue.app
        app.task(name=TURN)(self._serve)
        around = app.task(name=LOOK_AFTER, queue=HOUSEKEEPING, queueing_lock=LOOK_AFTER)(self._visit_stores)
        app.periodic(cron=LOOK_AROUND)(around)

    async def _slot(self) -> None:
        """One turn at a time. Where the database goes away, procrastinate's worker ends; then there is a new one."""
        queues = [HOUSEKEEPING, *map(queue_of, self._stores)]
        tries = 0
        while not self._stop:
            working = self._queue.app.run_worker_async(
                queues=queues,
                name=self._housekeeper.name,
                concurrency=1,
                fetch_job_polling_interval=POLL,
                listen_notify=False,  # a connection for each slot, to save a third of a second
                install_signal_handlers=False,
                delete_jobs="always",
                update_heartbeat_interval=housekeeping.BEAT,
                stalled_worker_timeout=maintenance.SILENT,
            )
            try:
                await self._stop.unless(working)
                tries = 0
            except AWAY as error:
                tries += 1
                self._housekeeper.say_away(error)
            await self._stop.sleep(Backoff.doubling(0.25, LATER).pause(tries + 1))

    async def _serve(self, store: str) -> None:
        """A store's turn: what procrastinate calls."""
        settings = self._stores[store]
        try:
            next_file = await self._queue.next(store)
            if next_file and next_file.wait:
                await request_turn(self._queue.app, store, after=next_file.wait)
            elif next_file:
                await self._run_turn(settings, next_file)
            else:
                await self._serve_without_file(settings)
        except StopRequested:
            await request_turn(self._queue.app, store)
        except CannotRunNow as error:
            if isinstance(error, DatabaseAway):
                self._housekeeper.say_away(error)
            await request_turn(self._queue.app, store, after=LATER)
        except AWAY as error:
            self._housekeeper.say_away(error)
        except (ShipbatchError, OSError) as error:
            self._progress.say(f"{store}: {error} {getattr(error, 'todo', '')}".rstrip())
            if await self._queue.next(store):
                await request_turn(self._queue.app, store, after=BACKOFF.pause(1))

    async def _run_turn(self, settings: Settings, next_file: NextFile) -> None:
        """The file's turn under the store's lease; then the store's next turn is asked for."""
        store, digests = settings.store, list[Digest]()
        pause = 0.0
        with self._stop.part() as part:
            asked = settings_for(settings, next_file.ask)
            async with open_store(
                asked, NullProgress(lambda line: self._progress.say(f"{store}: {line}")), part
            ) as session:
                current = await self._queue.next(store)
                if current and current.file_id == next_file.file_id:
                    digests, pause = await self._run_next_file(session)
                    await self._refresh_ends(session)
        if await self._queue.next(store):
            await request_turn(self._queue.app, store, after=pause)
        status = max((digest.status for digest in digests), default=0)
        for problem in await asyncio.to_thread(self._notify, settings, digests, status) if digests else ():
            self._progress.say(problem)

    async def _run_next_file(self, session: StoreSession) -> tuple[list[Digest], float]:
        """Ship the store's oldest file; what it came to, and seconds until the store's next turn."""
        store = session.settings.store
        file = await self._queue.take(store, self._housekeeper.name, session.ledger.runner)
        if file is None:
            return [], 0.0
        progress = FileProgress(lambda line: self._progress.say(f"{store}: {Path(file.name).name}: {line}"))
        job = QueuedFileJob(
            self._queue,
            file,
            StoreSession(session.client, session.ledger, session.settings, progress, session.stop),
            progress,
        )
        self._jobs[store] = job
        try:
            if file.deaths >= DEATHS:
                await job.reject(_deadly_error(file.deaths), ExitStatus.BUG)
            else:
                await job.run()
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001  a bug that one file meets must not keep the others waiting
            return await self._handle_error(job, error)
        finally:
            del self._jobs[store]
        for problem in filter(None, [await asyncio.to_thread(write_metrics_file, session.settings, job.reports)]):
            self._progress.say(problem)
        return job.digests, 0.0

    async def _handle_error(self, job: QueuedFileJob, error: Exception) -> tuple[list[Digest], float]:
        """What is in the way is waited out; a bug that stays one ends the file."""
        if job.ends_early or self._stop:
            if isinstance(error, LedgerError):  # whatever else has ended the turn: what was written is in question
                job.progress.say(f"{error} {error.todo}")
            await self._queue.leave(job.file)
            return [], 0.0
        tries = job.file.tries + 1
        if not isinstance(error, ShipbatchError | OSError) and tries >= TRIES:
            await job.reject(_bug_error(error, tries), ExitStatus.BUG)
            return job.digests, 0.0
        pause = BACKOFF.pause(tries)
        said = error if isinstance(error, ShipbatchError) else ShipbatchError(f"{type(error).__name__}: {error}")
        if isinstance(said, ConfigError | StoreStopped) and said.todo:
            said.todo += AFTER_RESTART
        trouble = f"{said} {said.todo}".strip()
        await self._queue.put_off(job.file, trouble, pause)
        job.progress.say(f"{trouble} Nothing is lost: it is tried again in {pause:.0f} s.")
        return [of_error(said, job.file.name, ExitStatus.CANNOT_RUN_NOW)] if tries == TRIES else [], pause

    async def _serve_without_file(self, settings: Settings) -> None:
        """A store without a file: what earlier files left for a passing reason, and what has become of their rows."""
        is_behind = await late_results.stores_behind(self._queue, [settings.store])
        if not is_behind and not await asyncio.to_thread(_has_left_something, settings):
            return
        with self._stop.part() as part:
            async with open_store(
                settings, NullProgress(lambda line: self._progress.say(f"{settings.store}: {line}")), part
            ) as session:
                async for one in carry_over_leftovers(Pipeline(session), session):
                    for line in run_text.carried_over_text(one):
                        self._progress.say(f"{settings.store}: {line}")
                await self._refresh_ends(session)

    async def _refresh_ends(self, session: StoreSession) -> None:
        """What other files' rows have come to is told in their own ends."""
        if not session.stop:
            store = session.settings.store
            await late_results.refresh_ends(self._queue, session, lambda line: self._progress.say(f"{store}: {line}"))

    async def _visit_stores(self, timestamp: int) -> None:
        """Every store that was ever at work has a turn now and then."""
        for store in await maintenance.stores_served(self._queue):
            await request_turn(self._queue.app, store)

    async def _watchdog(self) -> None:
        while self._systemd.alive_every:
            self._systemd.notify(WATCHDOG="1")
            await asyncio.sleep(self._systemd.alive_every)


def _has_left_something(settings: Settings) -> bool:
    """Whether anything of a store's earlier files waits for its order, or is in doubt."""
    with read_ledger(settings.ledger) as ledger:
        since = datetime.now(UTC) - timedelta(days=2 * settings.carry_over)
        return bool(ledger.open_requests(settings.store, since) or ledger.unsettled_records(settings.store))


def _log_lost_job(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A job that could not be acknowledged, for its database was away or its store had been given to another."""
    if not isinstance(context.get("exception"), AWAY):
        loop.default_exception_handler(context)


def _bug_error(error: Exception, tries: int) -> ShipbatchError:
    return ShipbatchError(
        f"shipbatch failed on it {tries} times: {type(error).__name__}: {error}.",
        "This is a bug in shipbatch: please report it. What was sent is recorded; queued again, only the rest is sent.",
    )


def _deadly_error(deaths: int) -> ShipbatchError:
    return ShipbatchError(
        f"{deaths} workers in a row have died on it.",
        "Look why (memory?), then queue it again: what was sent is recorded, only the rest is sent.",
    )
