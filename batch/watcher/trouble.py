"""What is in the way of a store's files: said once, waited out, and said to be over."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from batch.errors import ReaderDied, ShipbatchError
from batch.model.exit_status import ExitStatus
from batch.monitoring import of_error
from batch.primitives.stop import StopEvent
from batch.watcher.file_job import ClaimedFileJob, StillBeingWritten
from batch.watcher.folder import DropFolder
from batch.watcher.messages import Messages
from batch.watcher.retries import AGAIN, BACKOFF, TRIES, Retries


class Trouble:
    """One store's; a file that failed stays in `working`, and is run again by itself."""

    def __init__(self, folders: Sequence[DropFolder], retries: Retries, messages: Messages, stop: StopEvent) -> None:
        self.text = ""
        """What is in the way now; empty: nothing."""
        self._folders, self._retries, self._messages, self._stop = folders, retries, messages, stop

    async def wait_out(self, error: Exception, job: ClaimedFileJob | None) -> None:
        """Say what is wrong, and wait, each time twice as long; what the program fails on TRIES times is given up.

        What may be over by itself in AGAIN seconds counts as no failure: a file still being written, a dead reader.
        """
        now = asyncio.get_running_loop().time()
        if isinstance(error, StillBeingWritten | ReaderDied) and job:
            self._retries.put_off(job.file, now + AGAIN)
            self._messages.say_once(f"{job.file.name}: {error} {error.todo}")
            return
        tries = 1 + (self._retries.tries(job.file) if job else 0)
        if job and tries >= TRIES and not isinstance(error, ShipbatchError | OSError):
            with suppress(OSError):
                job.give_up(error, tries)
                self._retries.forget(job.file)
                await self._messages.report(job.digests)
                return
        await self._report(error, job)
        if job:
            self._retries.report_failure(job.file, now)
        if job is None or tries <= TRIES:
            await self._stop.sleep(BACKOFF.pause(tries))

    def clear(self, job: ClaimedFileJob) -> None:
        """The file has been run: nothing is in the way any more."""
        self._retries.forget(job.file)
        if self.text:
            self._messages.say("Going on: what was in the way is over.")
        self.text = ""

    async def _report(self, error: Exception, job: ClaimedFileJob | None) -> None:
        """Say what is in the way; once, however often it is tried."""
        text, name = f"{error} {getattr(error, 'todo', '')}".strip(), job.file.name if job else ""
        for folder in self._folders:
            folder.status_file.show(state="stopped", trouble=text, file=name)
        if text == self.text:
            return
        self.text = text
        where = f"{name}: " if name and not text.startswith(name) else ""
        self._messages.say(
            f"{where}{text} Nothing is lost: the watcher tries again by itself, and goes on when it can."
        )
        known = error if isinstance(error, ShipbatchError) else ShipbatchError(str(error))
        await self._messages.report([of_error(known, name, ExitStatus.CANNOT_RUN_NOW)])
