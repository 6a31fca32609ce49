"""One file's turn on a worker: begun or continued, until it is finished or other files are due."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from batch.errors import (
    ConfigError,
    FileError,
    NothingSent,
    ReaderDied,
    ShipbatchError,
    StoreStopped,
)
from batch.fleet.late_results import count_shipped, end_of, mark_current
from batch.fleet.queue import Queue
from batch.fleet.queue_items import FileEnd, QueuedFile
from batch.fleet.run_options import jobs_for
from batch.model import Run, Unanswered
from batch.model.exit_status import ExitStatus
from batch.monitoring import Digest, of_error, of_report
from batch.pipeline import Job, Pipeline, exit_status
from batch.pipeline.session import StoreSession
from batch.primitives.atomic_file import private_folder
from batch.primitives.stop import run_in_thread
from batch.remote_files import LONGEST, fetch_file
from batch.results import run_text
from batch.results.accounting import Report
from batch.watcher.folder_layout import safe_name
from batch.watcher.progress import FileProgress

TURN_ENDED = "its turn was over"
"""Why a turn ended whose file is continued later."""
NOT_OURS = "somebody has taken it out of the line, or another worker has taken it over"
FETCHING = "Fetching its address"
SHOWN_EVERY = 2.0  # seconds between two words on how far it is


@dataclass(slots=True)
class QueuedFileJob:
    """A file that has its turn. `take` ships it; what that raises leaves the file in line."""

    queue: Queue
    file: QueuedFile
    session: StoreSession
    progress: FileProgress
    ends_early: bool = False
    """Told to end before the file does, with nothing in the way."""
    digests: list[Digest] = field(default_factory=list)
    """Its result, for the log and for notifications."""
    reports: list[Report] = field(default_factory=list)

    def end_early(self, why: str = TURN_ENDED) -> None:
        """Let it finish what is in flight; the next turn continues the file."""
        self.ends_early = True
        self.session.stop.set(why)

    async def run(self) -> None:
        """Ship the file, to its end or the turn's, and write its result into the queue."""
        showing = asyncio.create_task(self._report_progress())
        showing.add_done_callback(self._stop_unreported)
        try:
            with self._folder() as folder:
                await self._ship(folder)
        except Unanswered as error:
            await self._hold(error)
        except NothingSent as error:
            # is mended where the worker runs, and the file waits for that
            if isinstance(error, ConfigError):
                raise
            await self.reject(error, ExitStatus.NOTHING_SENT)
        finally:
            showing.cancel()
            await asyncio.wait([showing])
            if not showing.cancelled():
                showing.result()

    async def reject(self, error: ShipbatchError, status: int) -> None:
        """End the file: it cannot be used, or shipbatch fails on it. No later run continues it."""
        if begun := self._run_to_resume():
            await self.session.ledger.finish(
                begun.run_id, status, dict(begun.summary) | {"carries": False}
            )
        self.digests = [of_error(error, self.file.name, status)]
        wrong = str(error).removeprefix(f"{Path(self.file.name).name}: ")
        await self.queue.end(
            self.file, FileEnd("failed", status, [line for line in (wrong, error.todo) if line])
        )
        self.progress.say(f"{wrong} {error.todo} → failed")

    async def _hold(self, error: Unanswered) -> None:
        """The file alone waits for answers; it goes on once its store has new ones."""
        self.digests = [of_error(error, self.file.name, ExitStatus.NOTHING_SENT)]
        command = f'shipbatch decide "{self.file.name}" --answer ID=CHOICE'
        todo = f"{error.todo} Answer with `{command}`; it goes on then."
        await self.queue.end(
            self.file, FileEnd("held", ExitStatus.NOTHING_SENT, [str(error), todo])
        )
        self.progress.say(f"{error} {todo} → held")

    async def _ship(self, folder: Path) -> None:
        copy = folder / safe_name(Path(self.file.name).name)
        await self._fetch(copy)
        pipeline = Pipeline(self.session)
        jobs = await self.session.stop.interrupt(run_in_thread(partial(self._jobs, copy)))
        begun = self._run_to_resume() if len(jobs) == 1 else None
        for job in jobs:
            report = await (pipeline.resume(begun, job) if begun else pipeline.run(job))
            if report.stopped:
                if not self.ends_early:
                    raise StoreStopped(report.stopped, report.todo)
                await self.queue.leave(self.file)
                return
            self.reports.append(report)
        await self._finish(self.reports[-1])

    def _jobs(self, copy: Path) -> list[Job]:
        try:
            ask = partial(
                jobs_for,
                self.file.ask,
                self.file.name,
                copy,
                self.session.settings,
                self.session.ledger,
            )
            try:
                jobs = list(ask())
            except ReaderDied:  # once may be chance
                jobs = list(ask())
        except NothingSent as error:
            raise error.about(str(copy), self.file.name) from error
        return [
            replace(job, number=self.file.file_id, place=lambda report: _sheet_place(report, copy))
            for job in jobs
        ]

    def _run_to_resume(self) -> Run | None:
        """The run that an earlier turn planned and did not finish; None where there is none."""
        ledger, file = self.session.ledger, self.file
        runs = ledger.of_content(file.sha256, file.store) if file.sha256 else []
        newest = next((run for run in runs if run.profile.get("queued") == file.file_id), None)
        if (
            newest is None
            or newest.run_id == file.run_id
            or next(ledger.records_of_run(newest.run_id), None) is None
        ):
            return None
        return newest

    async def _fetch(self, copy: Path) -> None:
        """The export, out of the database; from its address where nobody has fetched it yet."""
        content = await self.queue.export_content(self.file.sha256) if self.file.sha256 else None
        if content is None and self.file.address:
            content = await self.session.stop.interrupt(
                self._fetch_export(self.file.address, copy.parent)
            )
            self.file = await self.queue.keep(self.file, content)
        if content is None:
            raise FileError(
                f"{self.file.name}: its content is no longer in the database.",
                "Queue the file again: run --queue.",
            )
        await asyncio.to_thread(copy.write_bytes, content)

    async def _fetch_export(self, address: str, folder: Path) -> bytes:
        self.progress.begin(FETCHING)
        try:
            async with asyncio.timeout(LONGEST):
                largest = self.session.settings.fetch_largest
                return await run_in_thread(
                    lambda: fetch_file(address, folder, largest).read_bytes()
                )
        except TimeoutError:
            raise FileError(
                f"{self.file.name} has not come within {LONGEST / 60:.0f} minutes.",
                "Look whether its server answers, then queue it again.",
            ) from None

    async def _finish(self, report: Report) -> None:
        self.digests = [of_report(report, exit_status(report))]
        rows = await asyncio.to_thread(
            count_shipped, self.session.ledger, self.file.file_id, report
        )
        end = await asyncio.to_thread(end_of, report, rows)
        if await self.queue.end(self.file, end):
            await mark_current(self.queue, self.session, self.file.file_id)
        self.progress.say(
            f"{run_text.counts(report.summary)} → {end.state} (run {report.run.run_id})"
        )

    async def _report_progress(self) -> None:
        """Tell how far the turn is, for as long as the file is its own."""
        progress = self.progress
        while True:
            if not await self.queue.show(
                self.file, progress.stage, progress.done, progress.total, progress.rate
            ):
                self.end_early(NOT_OURS)
                return
            await asyncio.sleep(SHOWN_EVERY)

    def _stop_unreported(self, showing: asyncio.Task[None]) -> None:
        """A turn that can no longer tell how far it is goes no further; `take` raises why."""
        if not showing.cancelled() and (error := showing.exception()):
            self.session.stop.set(f"{type(error).__name__}: {error}")

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        """A folder of this turn alone: an earlier one's may still be written to."""
        folder = self.session.settings.home / "queued" / f"{self.file.file_id}-{self.file.turns}"
        private_folder(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sheet_place(report: Report, copy: Path) -> Path | None:
    """Where the sheet is made, to be taken from there; none where the run goes on."""
    return None if report.stopped else copy
