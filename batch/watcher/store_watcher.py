"""One store's drop folders, kept for weeks: a file at a time, in order, each under the store's lock."""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from batch.config import Database, Folder, Place, Settings
from batch.errors import FileError, LedgerError, ReaderDied, ShipbatchError, StopRequested, of_memory
from batch.ledger import export_store, read_ledger
from batch.monitoring import Digest, notify_after_run, of_error, of_report
from batch.pipeline import Pipeline, input_copies, take_decisions
from batch.pipeline.runner import CANNOT_RUN_NOW, carry_over_leftovers, open_store
from batch.pipeline.session import Progress, StoreSession
from batch.primitives import failpoints
from batch.primitives.stop import StopEvent, beside
from batch.results import run_text
from batch.watcher import notices
from batch.watcher.arrivals import WholeFile
from batch.watcher.change_events import ChangeEvents
from batch.watcher.file_job import ClaimedFileJob, StillBeingWritten
from batch.watcher.folder import DropFolder, HeldFile, clear_sheet
from batch.watcher.folder_layout import is_same
from batch.watcher.progress import FileProgress, NullProgress
from batch.watcher.retries import Retries, pause_after

TRIES = 3  # in a row on one file, before others have their turn
OTHERS = 2.0  # seconds after which other commands of the store get a chance …
CHANCE = 0.3  # … of so many seconds: they look for the lock five times a second
AGAIN = 5.0  # seconds before a file that somebody has open is tried again
HELD_EVERY = 5.0  # seconds between two looks at what people have decided
CARRY_EVERY = 900.0  # seconds between two tries of what waits for its order, while no file comes
DAY = 86_400.0  # seconds


Tell = Callable[[Settings, Sequence[Digest], int], list[str]]
"""Tells the log, and people; returns what could not be told."""


class StoreWatcher:
    """Takes what is dropped for one store, in order."""

    def __init__(
        self,
        folders: Sequence[Folder],
        settings: Settings,
        screen: Progress,
        stop: StopEvent,
        *,
        polling: bool = False,
        tell: Tell = notify_after_run,
    ) -> None:
        # The lock is waited for as long as it takes.
        self.settings = settings.model_copy(update={"wait": math.inf})
        self._screen, self._stop, self._tell = screen, stop, tell
        self.shelves = [DropFolder(folder, settings, self._say) for folder in folders]
        self._polling = polling or any(shelf.is_far for shelf in self.shelves)
        self._troubles = Retries()
        self._said: dict[str, None] = {}
        self._trouble = ""
        self._ledger_seen: tuple[int, ...] = ()
        self._decided: list[tuple[DropFolder, Path]] = []
        self._answered: list[tuple[DropFolder, Path, Path]] = []
        self._look_at_held = self._expire = self._let_others = self._carry_at = -math.inf
        self._leaves_open = False

    async def keep(self, ready: Callable[[], None] = lambda: None) -> None:
        """Take files until told to stop; then the one in flight is finished, or goes on with the next start."""
        self._look(asyncio.get_running_loop().time())
        await asyncio.to_thread(self._remember)
        async with ChangeEvents((shelf.layout.root for shelf in self.shelves), polling=self._polling) as bell:
            while not self._stop:
                now = asyncio.get_running_loop().time()
                self._look(now)
                await self._look_aside(now)
                ready()
                if self._has_work(now):
                    await self._turn()
                else:
                    await self._stop.unless(bell.wait(self._next(now)))

    # what there is to do

    def _look(self, now: float) -> None:
        for shelf in self.shelves:
            shelf.scan(now)
        self._troubles.keep_only(self._there)

    @property
    def _there(self) -> list[Path]:
        """Files that may have their turn, now or later."""
        return [path for shelf in self.shelves for path in (*shelf.working_files, *shelf.last_scan.ready)]

    def _has_work(self, now: float) -> bool:
        is_due = any(self._troubles.is_due(path, now) for path in self._there)
        return is_due or self._leaves_open or bool(self._decided) or bool(self._answered)

    def _next(self, now: float) -> float | None:
        """Seconds until something may be due that no bell rings for."""
        moments = [shelf.last_scan.due for shelf in self.shelves if shelf.last_scan.due is not None]
        moments += self._troubles.due_times
        if any(shelf.has_held_files for shelf in self.shelves):
            moments.append(now + HELD_EVERY)
        return max(0.0, min(moments) - now) if moments else None

    async def _look_aside(self, now: float) -> None:
        """What no file brings: orders that have come since, a person's word on what is held, old copies."""
        if now >= self._expire:
            self._expire = now + DAY
            await asyncio.to_thread(input_copies.expire, self.settings.home, self.settings.keep_copies)
            with suppress(LedgerError):
                await asyncio.to_thread(export_store.expire, self.settings.ledger, self.settings.keep_copies)
        if now >= self._carry_at:
            self._carry_at = now + CARRY_EVERY
            since = datetime.now(UTC) - timedelta(days=2 * self.settings.carry_over)
            with suppress(LedgerError), read_ledger(self.settings.ledger) as ledger:
                self._leaves_open = bool(self.settings.carry_over and ledger.open_requests(self.settings.store, since))
        if now < self._look_at_held or not any(shelf.has_held_files for shelf in self.shelves):
            return
        self._look_at_held = now + HELD_EVERY
        with suppress(StopRequested):
            self._answered += await self._stop.interrupt(beside(partial(self._answers, now)))
        seen = _signs_of(self.settings.ledger)
        if seen != self._ledger_seen or not seen:
            self._ledger_seen = seen
            with suppress(LedgerError), read_ledger(self.settings.ledger) as ledger:
                decided = [(shelf, file) for shelf in self.shelves for file in shelf.files_to_rerun(ledger)]
                self._decided += [one for one in decided if one not in self._decided]

    def _answers(self, now: float) -> list[tuple[DropFolder, Path, Path]]:
        with suppress(LedgerError), read_ledger(self.settings.ledger) as ledger:
            return [(shelf, *one) for shelf in self.shelves for one in shelf.new_answers(ledger, now)]
        return []

    def _remember(self) -> None:
        with suppress(OSError, LedgerError), read_ledger(self.settings.ledger) as ledger:
            for shelf in self.shelves:
                shelf.remember_held(ledger)

    # a turn

    async def _turn(self) -> None:
        """Open the store, take the next file, run it, file it away; what goes wrong is waited out."""
        turn, digests = None, list[Digest]()
        try:
            async with AsyncExitStack() as stack:
                part = stack.enter_context(self._stop.part())
                desk = await stack.enter_async_context(open_store(self.settings, NullProgress(self._say_once), part))
                await self._take_answers(desk)
                found = self._claim_next(asyncio.get_running_loop().time())
                if found is None:
                    digests = await self._carry_over(desk)
                else:
                    shelf, turn, held = found
                    screen = FileProgress(turn.file.name, self._screen.say, shelf.status_file)
                    await turn.run(replace(desk, screen=screen))
                    self._file_away(shelf, turn, held, desk)
                    digests = turn.digests
        except StopRequested:
            return
        except (ShipbatchError, OSError) as error:
            if not self._stop:
                await self._wait_out(error, turn)
            elif turn:
                self._say(f"{turn.file.name}: stopped before its end; the next start goes on with it.")
        except Exception as error:  # noqa: BLE001  a bug that one file meets must not keep the others waiting
            await self._wait_out(of_memory(error) or error, turn)
        else:
            if digests:
                await self._report(digests)
            if turn:
                await self._give_others_a_chance()

    async def _carry_over(self, desk: StoreSession) -> list[Digest]:
        """While no file comes: what earlier files left for a passing reason; their sheets are brought up to date.

        What needs somebody now is told of, and its file comes back.
        """
        if not self._leaves_open:
            return []
        self._leaves_open = False
        carried = [one async for one in carry_over_leftovers(Pipeline(desk), desk)]
        for one in carried:
            for line in run_text.carried_over_text(one):
                self._say(line)
        bad = [one for one in carried if one.exit_status]
        for one in bad:
            for shelf in self.shelves:
                await shelf.bring_back(one, desk.ledger)
        return [of_report(one.trouble, one.exit_status) for one in bad]

    async def _take_answers(self, desk: StoreSession) -> None:
        """What people have written into the sheets in `held`; what cannot be taken is told of beside them."""
        while self._answered:
            shelf, file, sheet = self._answered[-1]
            source = shelf.source_for(file.name)
            screen = FileProgress(file.name, self._screen.say, shelf.status_file)
            with suppress(FileError):  # gone since, or saved as something else
                refused = await take_decisions(replace(desk, screen=screen), sheet, source)
                notices.remove_notice(file, notices.NOTE)
                if refused:
                    notices.write_notice(notices.answer_refusals(sheet, refused, sheet), file, notices.NOTE)
                else:
                    self._decided.append((shelf, file))
            self._answered.pop()

    def _claim_next(self, now: float) -> tuple[DropFolder, ClaimedFileJob, HeldFile | None] | None:
        """The next file, claimed. Under the store's lock nobody else works: what lies in `working` was left there."""
        self._look(now)
        left = [
            (shelf, path) for shelf in self.shelves for path in shelf.working_files if self._troubles.is_due(path, now)
        ]
        for shelf, path in sorted(left, key=lambda one: self._troubles.tries(one[1])):
            if self._troubles.tries(path) < TRIES or not any(shelf.last_scan.ready for shelf in self.shelves):
                return self._turn_of(shelf, path, is_new=False)
        whole = [(each, shelf) for shelf in self.shelves for each in shelf.last_scan.whole]
        for each, shelf in sorted(whole, key=lambda one: one[0]):
            if not self._troubles.is_due(each.path, now):
                continue
            if claimed := self._claim(shelf, each, now):
                return self._turn_of(shelf, claimed, is_new=True)
        while self._decided:
            shelf, path = self._decided.pop()
            held = shelf.release(path)
            if held and (claimed := shelf.layout.claim(path)):
                shelf_, turn, _ = self._turn_of(shelf, claimed, is_new=False)
                return shelf_, turn, held
        return None

    def _claim(self, shelf: DropFolder, whole: WholeFile, now: float) -> Path | None:
        path = whole.path
        failpoints.failpoint("before-claim")
        try:
            claimed = shelf.layout.claim(path)
        except PermissionError:  # Windows: somebody has it open
            self._say_once(f"{path.name} is open in another program, or may not be moved: it is taken when it can be.")
            self._troubles.put_off(path, now + AGAIN)
            return None
        failpoints.failpoint("after-claim")
        if claimed and not is_same(claimed, whole.seen):  # put there after the look: nobody has seen it whole
            self._troubles.put_off(claimed, now + AGAIN)
            return None
        return claimed

    def _turn_of(
        self, shelf: DropFolder, file: Path, *, is_new: bool
    ) -> tuple[DropFolder, ClaimedFileJob, HeldFile | None]:
        shelf.status_file.show(state="running", file=file.name, trouble=self._trouble)
        source = shelf.source_for(file.name)
        turn = ClaimedFileJob(shelf.layout, file, source, lambda line: self._say(f"{file.name}: {line}"), is_new)
        turn.needs_sheet = self._troubles.tries(file) < TRIES
        return shelf, turn, None

    def _file_away(self, shelf: DropFolder, turn: ClaimedFileJob, held: HeldFile | None, desk: StoreSession) -> None:
        self._troubles.forget(turn.file)
        if self._trouble:
            self._say("Going on: what was in the way is over.")
        self._trouble = ""
        sheet = turn.sheet
        if held:
            clear_sheet(held, sheet)
        if turn.held_run_id and turn.target:
            shelf.hold(turn.target, turn.held_run_id, sheet, desk.ledger)
        shelf.status_file.show(state="watching")

    async def _give_others_a_chance(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._let_others:
            await self._stop.sleep(CHANCE)
            self._let_others = now + OTHERS

    async def _report(self, digests: Sequence[Digest]) -> None:
        """The log, and people where it is worth it; outside the store's lock, for a mail may take its time."""
        status = max((digest.status for digest in digests), default=0)
        for problem in await asyncio.to_thread(self._tell, self.settings, digests, status):
            self._say_once(problem)

    # trouble

    async def _wait_out(self, error: Exception, turn: ClaimedFileJob | None) -> None:
        """Wait for what is in the way to be over. The file stays in `working`, and has its turn again by itself."""
        now = asyncio.get_running_loop().time()
        if isinstance(error, StillBeingWritten | ReaderDied) and turn:
            self._troubles.put_off(turn.file, now + AGAIN)
            self._say_once(f"{turn.file.name}: {error} {error.todo}")
            return
        tries = 1 + (self._troubles.tries(turn.file) if turn else 0)
        if turn and tries >= TRIES and not isinstance(error, ShipbatchError | OSError):
            with suppress(OSError):
                turn.give_up(error, tries)
                self._troubles.forget(turn.file)
                await self._report(turn.digests)
                return
        await self._tell_of(error, turn)
        if turn:
            self._troubles.report_failure(turn.file, now)
        if turn is None or tries <= TRIES:
            await self._stop.sleep(pause_after(tries))

    async def _tell_of(self, error: Exception, turn: ClaimedFileJob | None) -> None:
        """Say what is in the way; once, however often it is tried."""
        told, name = f"{error} {getattr(error, 'todo', '')}".strip(), turn.file.name if turn else ""
        for shelf in self.shelves:
            shelf.status_file.show(state="stopped", trouble=told, file=name)
        if told == self._trouble:
            return
        self._trouble = told
        where = f"{name}: " if name and not told.startswith(name) else ""
        self._say(f"{where}{told} Nothing is lost: the watcher tries again by itself, and goes on when it can.")
        said = error if isinstance(error, ShipbatchError) else ShipbatchError(str(error))
        await self._report([of_error(said, name, CANNOT_RUN_NOW)])

    def _say(self, line: str) -> None:
        self._screen.say(line)

    def _say_once(self, line: str) -> None:
        """What would be said at every turn."""
        key = line.partition(", since")[0]
        if key not in self._said:
            self._said[key] = None
            self._say(line)
        if len(self._said) > 100:
            del self._said[next(iter(self._said))]


def _signs_of(ledger: Place) -> tuple[int, ...]:
    """What changes when anybody writes into the ledger; nothing where it shows no such signs."""
    if isinstance(ledger, Database):
        return ()
    found = (path for path in (ledger, ledger.with_name(f"{ledger.name}-wal")) if path.exists())
    return tuple(number for path in found for number in (path.stat().st_mtime_ns, path.stat().st_size))
