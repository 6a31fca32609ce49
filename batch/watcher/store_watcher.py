"""One store's drop folders, watched for weeks: one file at a time, each under the store's lock."""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from batch.config import Folder, Settings
from batch.errors import ShipbatchError, StopRequested, of_memory
from batch.ledger import Ledger
from batch.monitoring import Digest, Notifier, notify_after_run
from batch.pipeline.progress import NullProgress, Progress
from batch.pipeline.session import StoreSession, open_store
from batch.primitives.stop import StopEvent
from batch.watcher.change_events import ChangeEvents
from batch.watcher.file_job import ClaimedFileJob
from batch.watcher.folder import DropFolder, clear_sheet
from batch.watcher.held_decisions import HELD_EVERY, HeldDecisions
from batch.watcher.inbox import Claim, Inbox
from batch.watcher.messages import Messages
from batch.watcher.progress import StatusFileProgress
from batch.watcher.retries import TRIES
from batch.watcher.timer import Timer
from batch.watcher.trouble import Trouble
from batch.watcher.upkeep import Upkeep

OTHERS = 2.0  # seconds after which other commands of the store get a chance …
CHANCE = 0.3  # … of so many seconds: they look for the lock five times a second


class StoreWatcher:
    """Takes what is dropped for one store, in order."""

    def __init__(
        self,
        folders: Sequence[Folder],
        settings: Settings,
        progress: Progress,
        stop: StopEvent,
        *,
        polling: bool = False,
        notify: Notifier = notify_after_run,
    ) -> None:
        # The lock is waited for as long as it takes.
        self.settings = settings.model_copy(update={"wait": math.inf})
        self.folders = [DropFolder(folder, settings, progress.say) for folder in folders]
        self._stop = stop
        self._polling = polling or any(folder.is_far for folder in self.folders)
        self._messages = Messages(self.settings, progress.say, notify)
        self._inbox = Inbox(self.folders, self._messages.say_once)
        self._decisions = HeldDecisions(self.folders, self.settings, stop, progress.say)
        self._upkeep = Upkeep(self.settings)
        self._trouble = Trouble(self.folders, self._inbox.retries, self._messages, stop)
        self._pause_for_others = Timer(OTHERS)

    async def watch(self, ready: Callable[[], None] = lambda: None) -> None:
        """Take files until stopped; the one in flight is finished, or resumed at the next start.

        `ready` is called with each look, the first time when all folders have been seen.
        """
        self._inbox.scan(_now())
        await asyncio.to_thread(self._decisions.remember_held)
        async with ChangeEvents(
            (folder.layout.root for folder in self.folders), polling=self._polling
        ) as events:
            while not self._stop:
                now = _now()
                self._inbox.scan(now)
                await self._upkeep.look(now)
                await self._decisions.look(now)
                ready()
                if self._has_work(now):
                    await self._work()
                elif night := await self._open_orders():
                    await self._messages.report(night)
                else:
                    await self._stop.unless(events.wait(self._seconds_until_due(now)))

    async def _open_orders(self) -> list[Digest]:
        with suppress(StopRequested), self._stop.part() as part:
            return await self._upkeep.open_orders(NullProgress(self._messages.say_once), part)
        return []

    def _has_work(self, now: float) -> bool:
        return (
            self._inbox.has_due_file(now) or self._upkeep.has_leftovers or self._decisions.has_any
        )

    def _seconds_until_due(self, now: float) -> float | None:
        """Seconds until something is due of which no change in the folders tells; None: nothing."""
        moments = self._inbox.due_times
        if self._decisions.is_awaited:
            moments.append(now + HELD_EVERY)
        return max(0.0, min(moments) - now) if moments else None

    async def _work(self) -> None:
        """Open the store, run the next file, file it away; what goes wrong is waited out."""
        job, digests = None, list[Digest]()
        try:
            with self._stop.part() as part:
                async with open_store(
                    self.settings, NullProgress(self._messages.say_once), part
                ) as session:
                    await self._decisions.take_answers(session)
                    claim = self._inbox.claim_next(_now()) or self._decisions.claim_next()
                    if claim is None:
                        digests = await self._upkeep.carry_over(
                            session, self.folders, self._messages.say
                        )
                    else:
                        job = self._job_of(claim)
                        await self._run(job, claim, session)
                        digests = job.digests
        except StopRequested:
            return
        except (ShipbatchError, OSError) as error:
            if not self._stop:
                await self._trouble.wait_out(error, job)
            elif job:
                self._messages.say(
                    f"{job.file.name}: stopped before its end; the next start goes on with it."
                )
        # A bug that one file meets must not keep the others waiting.
        except Exception as error:  # noqa: BLE001
            await self._trouble.wait_out(of_memory(error) or error, job)
        else:
            if digests:
                await self._messages.report(digests)
            if job:
                await self._give_others_a_chance()

    def _job_of(self, claim: Claim) -> ClaimedFileJob:
        folder, file = claim.folder, claim.file
        folder.status_file.show(state="running", file=file.name, trouble=self._trouble.text)
        return ClaimedFileJob(
            folder.layout,
            file,
            folder.source_for(file.name),
            lambda line: self._messages.say(f"{file.name}: {line}"),
            is_new=claim.is_new,
            needs_sheet=self._inbox.retries.tries(file) < TRIES,
        )

    async def _run(self, job: ClaimedFileJob, claim: Claim, session: StoreSession) -> None:
        progress = StatusFileProgress(job.file.name, self._messages.say, claim.folder.status_file)
        await job.run(replace(session, screen=progress))
        self._trouble.clear(job)
        self._hold(job, claim, session.ledger)
        claim.folder.status_file.show(state="watching")

    def _hold(self, job: ClaimedFileJob, claim: Claim, ledger: Ledger) -> None:
        """Remember a file that waits for a person; a sheet with a newer one goes where it goes."""
        if claim.held:
            clear_sheet(claim.held, job.sheet)
        if job.unanswered and job.target:
            claim.folder.hold_questions(job.target, job.unanswered)
        elif job.held_run_id and job.target:
            claim.folder.hold(job.target, job.held_run_id, job.sheet, ledger)

    async def _give_others_a_chance(self) -> None:
        now = _now()
        if self._pause_for_others.is_due(now):
            await self._stop.sleep(CHANCE)
            self._pause_for_others.restart(now)


def _now() -> float:
    return asyncio.get_running_loop().time()
