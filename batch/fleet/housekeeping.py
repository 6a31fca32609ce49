"""A worker's rounds beside its turns: signs of life, dead workers' stores, held files."""

import asyncio
import os
import platform
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version

from batch.config import Database, Settings
from batch.errors import LedgerError
from batch.fleet import late_results, maintenance
from batch.fleet.file_job import QueuedFileJob
from batch.fleet.procrastinate_app import request_turn
from batch.fleet.queue import AWAY, Queue
from batch.ledger import read_ledger
from batch.ledger.postgres.connection import open_link
from batch.ledger.postgres.runners import reap_dead_runners
from batch.pipeline.decisions import goes_on, still_waits, was_answered_elsewhere
from batch.pipeline.progress import Progress
from batch.pipeline.retention import expire_copies
from batch.primitives.stop import StopEvent
from batch.watcher.timer import Timer

BEAT = 5.0  # seconds between two signs of life, and two sweeps
HELD_EVERY = 15.0  # seconds between two looks at what people have decided
DOUBTS_EVERY = 60.0  # seconds between two looks at what is in doubt, and may be settled by now
DAY = 86_400.0


class Housekeeper:
    """What one worker does for all; `turns` are those under way in its slots, by store."""

    def __init__(
        self,
        queue: Queue,
        stores: Mapping[str, Settings],
        progress: Progress,
        stop: StopEvent,
        *,
        jobs: Mapping[str, QueuedFileJob],
        side_by_side: int,
    ) -> None:
        self.name = f"{platform.node()}:{os.getpid()}:{secrets.token_hex(3)}"
        self._queue, self._stores, self._progress, self._stop = queue, stores, progress, stop
        self._jobs, self._side_by_side = jobs, side_by_side
        self._is_away = False

    async def register(self) -> None:
        """The first sign of life; it replaces a worker of this machine that has died."""
        sql = (
            "SELECT worker, pid, extract(epoch FROM clock_timestamp() - seen)::float8"
            " FROM shipbatch.workers WHERE host = %s ORDER BY seen"
        )
        rows = await self._queue.query(sql, platform.node())
        if dead := next((worker for worker, pid, silent in rows if _has_died(pid, silent)), None):
            await self._queue.execute("DELETE FROM shipbatch.workers WHERE worker = %s", dead)
        await self.send_heartbeat()

    async def send_heartbeat(self) -> None:
        """A sign of life."""
        await self._queue.execute(
            "INSERT INTO shipbatch.workers (worker, host, pid, version, stores, slots)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (worker) DO UPDATE SET seen = clock_timestamp(), ending = %s",
            self.name,
            platform.node(),
            os.getpid(),
            version("shipbatch"),
            list(self._stores),
            self._side_by_side,
            bool(self._stop),
        )

    async def deregister(self) -> None:
        """The last one; where the database does not hear it, it is found silent."""
        with suppress(*AWAY):
            await self._queue.execute("DELETE FROM shipbatch.workers WHERE worker = %s", self.name)

    def say_away(self, error: BaseException) -> None:
        """That the database is away is said once."""
        if not self._is_away:
            said = str(error.__cause__ or error).strip().splitlines()
            words = said[0] if said else type(error).__name__
            self._progress.say(f"The database does not answer ({words}): waiting for it.")
        self._is_away = True

    async def keep_house(self) -> None:
        """Give signs of life and free dead workers' stores, after an outage not at once."""
        held, doubts, expiry = Timer(HELD_EVERY), Timer(DOUBTS_EVERY), Timer(DAY)
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self.send_heartbeat()
                if self._is_away:
                    self._is_away = False
                    self._progress.say("The database is there again.")
                    await asyncio.sleep(maintenance.SILENT)
                await maintenance.sweep(self._queue)
                now = asyncio.get_running_loop().time()
                if held.is_due(now):
                    held.restart(now)
                    await self._release_decided()
                    await self._request_turns(
                        await late_results.stores_behind(self._queue, list(self._stores))
                    )
                if doubts.is_due(now):
                    doubts.restart(now)
                    await asyncio.to_thread(self._reap_dead_runners)
                    await self._request_turns(
                        await maintenance.stores_in_doubt(self._queue, list(self._stores))
                    )
                if expiry.is_due(now):
                    expiry.restart(now)
                    await self._expire()
            except AWAY as error:
                self.say_away(error)
            except LedgerError as error:
                self._progress.say(f"{error} {error.todo}")

    async def _request_turns(self, stores: Sequence[str]) -> None:
        for store in stores:
            await request_turn(self._queue.app, store)

    async def end_long_turns(self) -> None:
        """A turn that has shipped for long ends where another store waits for a free slot."""
        waited = 0
        while True:
            await asyncio.sleep(maintenance.LOOK)
            busy = len(self._jobs) >= self._side_by_side
            try:
                waited = (
                    waited + 1
                    if busy and await maintenance.has_waiting_store(self._queue, list(self._stores))
                    else 0
                )
            except AWAY:
                waited = 0
            if waited >= maintenance.LOOKS and (job := self._longest_job()):
                job.end_early()
                waited = 0

    def _longest_job(self) -> QueuedFileJob | None:
        """The turn that has shipped for longest, where that is long enough."""
        now = asyncio.get_running_loop().time()
        shipping = [
            job for job in self._jobs.values() if job.progress.shipping_since and not job.ends_early
        ]
        longest = min(shipping, key=lambda job: job.progress.shipping_since or now, default=None)
        if (
            longest is None
            or now - (longest.progress.shipping_since or now) < longest.session.settings.turn
        ):
            return None
        return longest

    def _reap_dead_runners(self) -> None:
        """Record which runners of this machine were killed: others can then settle their doubts."""
        place = next(iter(self._stores.values())).ledger
        if isinstance(place, Database):
            with open_link(place) as connection:
                reap_dead_runners(connection)

    async def _release_decided(self) -> None:
        """Held files on which every word has been said are in line again."""
        for number, store, run_id, ended in await maintenance.files_on_hold(
            self._queue, list(self._stores)
        ):
            if state := await asyncio.to_thread(self._state_after_hold, store, run_id, ended):
                await maintenance.release(self._queue, number, state)

    def _state_after_hold(self, store: str, run_id: str | None, ended: datetime) -> str:
        """Where a held file goes on: in line, or nowhere, for what it held another run has shipped;
        empty: it waits.

        One that was only in doubt, and no longer is, waits for the store's next turn to report it.
        """
        with read_ledger(self._stores[store].ledger) as ledger:
            if run_id is None:
                return "waiting" if ledger.was_answered_since(store, ended) else ""
            if still_waits(ledger, store, run_id):
                return ""
            if was_answered_elsewhere(ledger, store, run_id):
                return "done"
            return "waiting" if goes_on(ledger, store, run_id) else ""

    async def _expire(self) -> None:
        for settings in list(self._stores.values())[:1]:
            await maintenance.expire(self._queue, settings.keep_copies)
            await asyncio.to_thread(expire_copies, settings)
            await maintenance.clear_ends(self._queue, ())


def _has_died(pid: int, silent: float) -> bool:
    """Whether no other process has its number; ours may have been its, before a restart."""
    if pid == os.getpid():
        return silent > 2 * BEAT
    if os.name != "posix":
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False
