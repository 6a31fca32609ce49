"""What people decided on the files in `held`: with `shipbatch decide`, or in the sheets there."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from batch.config import Database, Place, Settings
from batch.errors import FileError, LedgerError, StopRequested
from batch.ledger import read_ledger
from batch.pipeline import take_decisions
from batch.pipeline.session import StoreSession
from batch.primitives.stop import StopEvent, run_in_thread
from batch.watcher import notices
from batch.watcher.folder import DropFolder
from batch.watcher.inbox import Claim
from batch.watcher.progress import StatusFileProgress
from batch.watcher.timer import Timer

HELD_EVERY = 5.0  # seconds between two looks at what people have decided


@dataclass(frozen=True, slots=True)
class _Decided:
    """A held file on which all has been decided."""

    folder: DropFolder
    file: Path


@dataclass(frozen=True, slots=True)
class _Answered:
    """A held file's sheet in which a person has answered."""

    folder: DropFolder
    file: Path
    sheet: Path


class HeldDecisions:
    """One store's, found by `look`, taken in the store's next session."""

    def __init__(
        self,
        folders: Sequence[DropFolder],
        settings: Settings,
        stop: StopEvent,
        say: Callable[[str], None],
    ) -> None:
        self._folders, self._settings, self._stop, self._say = folders, settings, stop, say
        self._timer = Timer(HELD_EVERY)
        self._ledger_state: tuple[int, ...] = ()
        self._decided: list[_Decided] = []
        self._answered: list[_Answered] = []

    @property
    def has_any(self) -> bool:
        """Whether a session has something to take."""
        return bool(self._decided or self._answered)

    @property
    def is_awaited(self) -> bool:
        """Whether any file waits for a person."""
        return any(folder.has_held_files for folder in self._folders)

    def remember_held(self) -> None:
        """Remember what an earlier watcher put into `held`, once the ledger answers."""
        with suppress(OSError, LedgerError), read_ledger(self._settings.ledger) as ledger:
            for folder in self._folders:
                folder.remember_held(ledger)

    async def look(self, now: float) -> None:
        """Find what people have decided since the last look, every HELD_EVERY seconds."""
        if not self.is_awaited or not self._timer.is_due(now):
            return
        self._timer.restart(now)
        with suppress(StopRequested):
            self._answered += await self._stop.interrupt(
                run_in_thread(partial(self._new_answers, now))
            )
        state = _ledger_state(self._settings.ledger)
        if state != self._ledger_state or not state:
            self._ledger_state = state
            self._find_decided()

    def _new_answers(self, now: float) -> list[_Answered]:
        with suppress(LedgerError), read_ledger(self._settings.ledger) as ledger:
            return [
                _Answered(folder, *one)
                for folder in self._folders
                for one in folder.new_answers(ledger, now)
            ]
        return []

    def _find_decided(self) -> None:
        with suppress(LedgerError), read_ledger(self._settings.ledger) as ledger:
            found = [
                _Decided(folder, file)
                for folder in self._folders
                for file in folder.files_to_rerun(ledger)
            ]
            self._decided += [one for one in found if one not in self._decided]

    async def take_answers(self, session: StoreSession) -> None:
        """Record people's words in the sheets; a note beside each says what could not be taken."""
        while self._answered:
            one = self._answered[-1]
            source = one.folder.source_for(one.file.name)
            progress = StatusFileProgress(one.file.name, self._say, one.folder.status_file)
            with suppress(FileError):  # gone since, or saved as something else
                refusals = await take_decisions(
                    replace(session, screen=progress), one.sheet, source
                )
                notices.remove_notice(one.file, notices.NOTE)
                if refusals:
                    text = notices.answer_refusals(one.sheet, refusals, one.sheet)
                    notices.write_notice(text, one.file, notices.NOTE)
                else:
                    self._decided.append(_Decided(one.folder, one.file))
            self._answered.pop()

    def claim_next(self) -> Claim | None:
        """A file on which all has been decided, out of `held`; None where there is none left."""
        while self._decided:
            one = self._decided.pop()
            held = one.folder.release(one.file)
            claimed = one.folder.layout.claim(one.file) if held else None
            if claimed:
                notices.remove_notice(one.file, notices.ERROR)
                return Claim(one.folder, claimed, held=held)
        return None


def _ledger_state(ledger: Place) -> tuple[int, ...]:
    """Times (ns) and sizes (bytes) that change with each write to the ledger; empty: a database."""
    if isinstance(ledger, Database):
        return ()
    found = (path for path in (ledger, ledger.with_name(f"{ledger.name}-wal")) if path.exists())
    return tuple(
        number for path in found for number in (path.stat().st_mtime_ns, path.stat().st_size)
    )
