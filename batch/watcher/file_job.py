"""One dropped file: run, then filed away with its sheet, or with a text that says what to do."""

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from batch.config import Settings, Source
from batch.errors import FileError, ReaderDied, ShipbatchError, StoreStopped
from batch.ledger import LedgerReader
from batch.model import Run, Unanswered
from batch.model.exit_status import ExitStatus
from batch.model.sheet_format import RESEND, RESULTS, read_mark
from batch.monitoring import Digest, of_error, of_report
from batch.monitoring.metrics import write_metrics_file
from batch.pipeline import Job, Pipeline, exit_status, input_copies, read
from batch.pipeline.session import StoreSession
from batch.primitives import failpoints
from batch.primitives.escapes import letter
from batch.primitives.stop import run_in_thread
from batch.results.accounting import Report
from batch.results.run_text import counts
from batch.watcher import notices
from batch.watcher.attempts import read_attempt
from batch.watcher.folder_layout import (
    DONE,
    FAILED,
    HELD,
    SHEETS,
    FolderLayout,
    UnsafeEntry,
    unused_path,
)

_PASSING = "ENOSPC EDQUOT EFBIG EROFS EIO ESTALE ENOTCONN ETIMEDOUT EHOSTDOWN EMFILE ENFILE"
PASSING = frozenset(getattr(errno, name) for name in _PASSING.split() if hasattr(errno, name))
"""Faults of a disk or a network, not of a file."""


class StillBeingWritten(FileError):
    """Somebody went on writing after the file had been taken for whole."""


def subfolder_for(report: Report) -> str:
    """Where a run's file belongs: `held` for a decision, `failed` for a correction, or `done`."""
    if exit_status(report) is ExitStatus.WAITS_FOR_PERSON:
        return HELD
    return FAILED if report.summary["invalid"] or report.summary["rejected"] else DONE


def sources_in(
    file: Path, source: Source, settings: Settings, ledger: LedgerReader
) -> list[Source]:
    """What to read of a file: of a results sheet dropped back, the decisions and rows to resend."""
    mark = read_mark(file)
    if mark is None or mark.template:
        return [source]
    results, fix = (source.model_copy(update={"sheet": sheet}) for sheet in (RESULTS, RESEND))
    try:
        export = read(file, results, settings, ledger)
        decided = any(parcel.decision.strip() for parcel in export.parcels())
    except ReaderDied:
        raise
    except FileError:
        return [source.model_copy(update={"sheet": ""})]
    try:
        read(file, fix, settings, ledger)
    except ReaderDied:
        raise
    except FileError:  # there was nothing to fix
        return [results]
    return [results, fix] if decided else [fix]


@dataclass(slots=True)
class ClaimedFileJob:
    """A claimed file; `run` ships and files it. What `run` raises leaves it in `working`."""

    layout: FolderLayout
    file: Path
    """Where it lies, in `working`."""
    source: Source
    say: Callable[[str], None]
    is_new: bool = True
    """Not so where it lay in `working` or `held`: it is no news that its content is known."""
    needs_sheet: bool = True
    """False where its sheet could not be written repeatedly: the ledger can still write it."""
    target: Path | None = None
    sheet: Path | None = None
    digests: list[Digest] = field(default_factory=list)
    """What it came to, for the log and for people."""
    answer_refusals: list[str] = field(default_factory=list)
    """Answers in it that were not taken, and why."""
    held_run_id: str = ""
    """The run in which something waits for a person."""
    unanswered: Unanswered | None = None
    """What is asked about the whole file: it lies in `held` then, and no run was begun."""

    async def run(self, session: StoreSession) -> None:
        """Run the file, once or for each sheet that is to be read, and file it away.

        StillBeingWritten where it has grown meanwhile; StoreStopped where the run ended before its
        end; ReaderDied; OSError and FileError where a disk or a network is behind it. Any other
        FileError sends it to `failed`.
        """
        try:
            taken, was = await asyncio.to_thread(self._copy_input, session.settings.home)
            for source in await self._sources(session, taken.copy):
                report = await self._run_source(session, source, taken)
            self._check_unchanged(was)
        except UnsafeEntry as error:
            self.layout.check()  # the room's, not the file's
            self.reject(FileError(f"{self.file.name} is {error}.", "Drop the file itself."))
            return
        except FileError as error:
            if (
                _is_passing(error)
                or isinstance(error, StillBeingWritten | ReaderDied)
                or not self.file.exists()
            ):
                raise
            if isinstance(error, Unanswered):
                self.hold(error)
            else:
                self.reject(error)
            return
        self._file_away(session, report)

    async def _sources(self, session: StoreSession, copy: Path) -> list[Source]:
        look = partial(sources_in, copy, self.source, session.settings, session.ledger)
        with read_attempt(self.file, session.settings.home, "look"):
            return await session.stop.interrupt(run_in_thread(look))

    def reject(self, error: FileError) -> None:
        """To `failed`, with what is wrong and what to do."""
        self.digests = [of_error(error, str(self.file), ExitStatus.NOTHING_SENT)]
        self._fail(
            self.layout.failed,
            notices.unusable_file(self.file, error, self.layout.root),
            notices.ERROR,
        )
        self.say(f"{str(error).removeprefix(f'{self.file.name}: ')} {error.todo} → failed")

    def hold(self, error: Unanswered) -> None:
        """To `held`, with its questions: it is run again once they are answered."""
        self.unanswered = error
        self.digests = [of_error(error, str(self.file), ExitStatus.WAITS_FOR_PERSON)]
        self.layout.check()
        target = unused_path(self.layout.held, self.file.name)
        notices.write_notice(notices.questions(target, error), target, notices.ERROR)
        self._move(target)
        self.say(f"{error} {error.todo} → held")

    def give_up(self, error: BaseException, tries: int) -> None:
        """To `failed`: the program cannot do it."""
        said = ShipbatchError(
            f"{type(error).__name__}: {error}", "This is a bug in shipbatch: please report it."
        )
        self.digests = [of_error(said, str(self.file), ExitStatus.BUG)]
        self._fail(
            self.layout.failed, notices.program_failure(self.file, error, tries), notices.ERROR
        )
        self.say(f"failed {tries} times, a bug: {type(error).__name__}: {error} → failed")

    def _copy_input(self, home: Path) -> tuple[input_copies.Input, os.stat_result]:
        """The copy that is run, and the file's status as it was opened.

        Raises UnsafeEntry, or FileError where it cannot be read.
        """
        try:
            with self.layout.open(self.file) as content:
                return input_copies.copied(content, self.file, home), os.fstat(content.fileno())
        except UnsafeEntry:
            raise
        except OSError as error:
            what = f"{self.file} cannot be read: {error.strerror or error}."
            raise FileError(what, "Check the file and its folder.") from error

    def _check_unchanged(self, was: os.stat_result) -> None:
        """Raises StillBeingWritten where the file has grown or was replaced since it was run."""
        now = self.file.lstat()
        if (was.st_ino, was.st_size, was.st_mtime_ns) != (now.st_ino, now.st_size, now.st_mtime_ns):
            raise StillBeingWritten(
                f"{self.file.name} has grown while it was run.", "It is run again once it is whole."
            )

    async def _run_source(
        self, session: StoreSession, source: Source, taken: input_copies.Input
    ) -> Report:
        pipeline = Pipeline(session)
        reading = partial(read_attempt, self.file, session.settings.home)
        report = await pipeline.run(
            Job(self.file, source, taken=taken, place=self._choose_target, reading=reading)
        )
        self.answer_refusals = pipeline.refusals
        if report.stopped:
            raise StoreStopped(report.stopped, report.todo)
        self.sheet = report.sheet
        if report.sheet_error and self.needs_sheet:
            raise report.sheet_error
        if problem := await asyncio.to_thread(write_metrics_file, session.settings, [report]):
            self.say(problem)
        return report

    def _choose_target(self, report: Report) -> Path | None:
        """A free path for the file; None where the run did not end: the file stays where it is."""
        if report.stopped:
            return None
        subfolder = subfolder_for(report)
        if subfolder == HELD:
            self.held_run_id = report.run.run_id
        self.layout.check()
        if self.held_run_id:  # of another sheet of the file, or of this one
            subfolder = HELD
        self.target = unused_path(self.layout.root / subfolder, self.file.name)
        return self.target

    def _file_away(self, session: StoreSession, report: Report) -> None:
        assert self.target is not None
        self.digests = [of_report(report, exit_status(report))]
        room = self.target.parent.name
        self.say(f"{counts(report.summary)} → {room} (run {report.run.run_id})")
        if report.sheet_error:
            self.say(f"{report.sheet_error} {report.sheet_error.todo}")
        earlier = _earlier_run(session, report) if self.is_new else None
        if earlier:
            note = notices.same_content(self.file, earlier)
            self.say(f"the {note}")
            notices.write_notice(
                letter([f"{self.file.name}: the {note}"]), self.target, notices.NOTE
            )
        if self.answer_refusals:
            again = self.sheet if self.held_run_id else None
            notices.write_notice(
                notices.answer_refusals(self.file, self.answer_refusals, again),
                self.target,
                notices.NOTE,
            )
        self._move(self.target)

    def _fail(self, room: Path, text: str, ending: str) -> None:
        self.layout.check()
        target = unused_path(room, self.file.name)
        notices.write_notice(text, target, ending)
        self._move(target)

    def _move(self, target: Path) -> None:
        failpoints.failpoint("before-filing")
        self.layout.move(self.file, target)
        failpoints.failpoint("after-filing")
        self.target = target
        stray = self.file.with_name(f"{self.file.stem}{SHEETS[0]}")
        # of `resume`, or of a night that carried it over: the one beside the file is newer
        if read_mark(stray):
            stray.unlink(missing_ok=True)


def _is_passing(error: BaseException | None) -> bool:
    """Whether a disk or a network is behind it."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in PASSING:
            return True
        error = error.__cause__
    return False


def _earlier_run(session: StoreSession, report: Report) -> Run | None:
    """The run in which the same content was processed, where this one had nothing left to send."""
    if report.summary["created"] or report.summary["updated"]:
        return None
    runs = session.ledger.of_content(report.run.sha256, report.run.store)
    return next((run for run in runs if run.run_id != report.run.run_id and run.finished), None)
