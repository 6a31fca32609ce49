"""A drop folder shipped by the workers: files are queued as they come, and filed with the results.

A file lies in `working` while it is in line. Whoever watches the folder next finds its results in
the queue.
"""

# ruff: noqa: S608  only names of our own columns are put into a statement; every value is bound

import asyncio
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from batch.errors import FileError, LedgerError
from batch.fleet.follow import deliver
from batch.fleet.queue import AWAY, FINISHED, LAST_REPORTED, Queue
from batch.fleet.queue_items import QueueItem
from batch.fleet.run_options import ask_of
from batch.ledger import read_ledger
from batch.model.exit_status import ExitStatus
from batch.monitoring.systemd import Systemd
from batch.pipeline.progress import Progress
from batch.primitives import failpoints
from batch.primitives.stop import StopEvent
from batch.watcher import WatchedFolder, notices
from batch.watcher.change_events import ChangeEvents
from batch.watcher.folder import DropFolder, HeldFile, clear_sheet
from batch.watcher.folder_layout import SHEETS, UnsafeEntry, unused_path

LOOK = 1.0  # seconds between two looks into the queue


async def watch_queued(
    posts: Sequence[WatchedFolder],
    queue: Queue,
    progress: Progress,
    stop: StopEvent,
    *,
    by: str,
    polling: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Queue what is dropped, and file away what comes back, until `stop` is set."""
    systemd = Systemd(environ)
    keepers = [QueuedFolder(post, queue, progress, by=by, polling=polling) for post in posts]
    async with asyncio.TaskGroup() as group:
        for keeper in keepers:
            group.create_task(keeper.watch(stop))
            progress.say(
                f"Watching {keeper.folder.layout.root} for {keeper.settings.store},"
                " whose files go to the queue"
            )
        systemd.notify(READY="1", STATUS=f"Watching {len(posts)} folders")
        pulse = group.create_task(_send_heartbeats(keepers, systemd))
        await stop.wait()
        systemd.notify(STOPPING="1")
        pulse.cancel()


async def _send_heartbeats(keepers: Sequence["QueuedFolder"], systemd: Systemd) -> None:
    while True:
        for keeper in keepers:
            keeper.folder.status_file.touch()
        if systemd.alive_every:
            systemd.notify(WATCHDOG="1")
        await asyncio.sleep(systemd.alive_every or 20.0)


class QueuedFolder:
    """One drop folder."""

    def __init__(
        self, post: WatchedFolder, queue: Queue, progress: Progress, *, by: str, polling: bool
    ) -> None:
        self.settings = post.settings
        self.folder = DropFolder(post.folder, post.settings, progress.say)
        self._queue, self._progress, self._by = queue, progress, by
        self._ask = ask_of({}, named=post.folder.source, dropped=True)
        self._key = f"{platform.node()}:{self.folder.layout.root}"
        self._polling = polling or self.folder.is_far
        self._is_away = False

    async def watch(self, stop: StopEvent) -> None:
        """Scan, queue, file away, wait; a database or a folder that is away is waited for."""
        self.folder.status_file.show(state="watching")
        try:
            async with ChangeEvents([self.folder.layout.root], polling=self._polling) as bell:
                while not stop:
                    in_line = await self._pass_once()
                    await stop.unless(
                        bell.wait(LOOK if in_line or self._is_away else self._seconds_until_due())
                    )
        finally:
            self.folder.status_file.remove()

    async def _pass_once(self) -> bool:
        """Whether files of the folder are in line, or held."""
        now = asyncio.get_running_loop().time()
        self.folder.scan(now)
        try:
            rows = await self._rows()
            known = {row["lies"] for row in rows}
            await self._put([path for path in self.folder.working_files if str(path) not in known])
            for whole in self.folder.last_scan.whole:
                if claimed := self._claim(whole.path):
                    await self._put([claimed])
            for row in rows:
                if row["ended"] and (row["filed"] is None or row["filed"] < row["ended"]):
                    await self._file_away(row)
            await self._put_answers(now)
        except AWAY as error:
            self._report_outage(error)
            return True
        except (OSError, LedgerError) as error:
            self._progress.say(
                f"{self.folder.layout.root}: {error} Nothing is lost: it is tried again."
            )
            return True
        self._report_outage(None)
        return bool(await self._rows())

    def _seconds_until_due(self) -> float | None:
        now, due = asyncio.get_running_loop().time(), self.folder.last_scan.due
        return None if due is None else max(0.0, due - now)

    async def _rows(self) -> list[dict[str, Any]]:
        return await self._queue.query_dicts(
            "SELECT file_id, store, name, sha256, lies, state, exit_status, run_id, summary, told,"
            f" sheet_name, filed, CASE WHEN state IN {FINISHED} THEN {LAST_REPORTED} END AS ended"
            " FROM shipbatch.files WHERE folder = %s AND"
            f" (filed IS NULL OR state NOT IN ('done', 'failed') OR filed < {LAST_REPORTED})"
            " ORDER BY file_id",
            self._key,
        )

    def _claim(self, path: Path) -> Path | None:
        failpoints.failpoint("before-claim")
        try:
            claimed = self.folder.layout.claim(path)
        except PermissionError:  # Windows: somebody has it open
            return None
        failpoints.failpoint("after-claim")
        return claimed

    async def _put(self, paths: Sequence[Path]) -> None:
        for path in paths:
            with suppress(FileNotFoundError):
                content = await asyncio.to_thread(self._read, path)
                if content is None:
                    continue
                entry = QueueItem(
                    str(path), content, ask=self._ask, folder=self._key, path=str(path)
                )
                (number,) = await self._queue.put(self.settings.store, [entry], self._by)
                self._progress.say(f"{path.name}: file {number} of the queue")

    def _read(self, path: Path) -> bytes | None:
        """The claimed file's bytes; what is no plain file goes to `failed` with a note: None."""
        place = self.folder.layout
        try:
            with place.open(path) as content:
                return content.read()
        except UnsafeEntry as refused:
            place.check()  # the room's, not the file's
            error = FileError(f"{path.name} is {refused}.", "Drop the file itself.")
            target = unused_path(place.failed, path.name)
            notices.write_notice(
                notices.unusable_file(path, error, place.root), target, notices.ERROR
            )
            place.move(path, target)
            return None

    async def _put_answers(self, now: float) -> None:
        """Take an answered sheet in `held` as if it had been dropped into the folder."""
        if not self.folder.has_held_files:
            return
        with read_ledger(self.settings.ledger) as ledger:
            answered = list(self.folder.new_answers(ledger, now))
        for file, sheet in answered:
            content = await asyncio.to_thread(self._read, sheet)
            if content is None:
                continue
            await self._queue.put(
                self.settings.store, [QueueItem(str(sheet), content, ask=self._ask)], self._by
            )
            self._progress.say(f"{file.name}: the answers in {sheet.name} are in line")

    async def _file_away(self, row: Mapping[str, Any]) -> None:
        """Put the sheet, then the file, then tell the queue: what is cut short is repeated."""
        file = Path(row["lies"])
        # it was moved, and the queue not told; or somebody has taken it away
        if not _is_there(file):
            await self._record_filing(row, file)
            return
        room: Path = getattr(self.folder.layout, row["state"])
        target = file if file.parent == room else unused_path(room, file.name)
        before = self.folder.release(file) or HeldFile(
            "", file.with_name(f"{file.stem}{SHEETS[0]}")
        )
        sheet = await self._deliver_sheet(row, target)
        self._move(file, target)
        await self._record_filing(row, target)
        clear_sheet(before, sheet)
        if row["state"] == "held" and row["run_id"]:
            with read_ledger(self.settings.ledger) as ledger:
                self.folder.hold(target, row["run_id"], sheet, ledger)
        self._progress.say(
            f"{file.name} → {row['state']}" + (f" (run {row['run_id']})" if row["run_id"] else "")
        )

    async def _deliver_sheet(self, row: Mapping[str, Any], target: Path) -> Path | None:
        content = await self._queue.sheet(row["file_id"])
        if content is not None:
            return await asyncio.to_thread(deliver, content, row, target, self.settings)
        wrong, *more = row["told"] or ["it could not be used."]
        todo = " ".join(more)
        if row["exit_status"] == ExitStatus.NOTHING_SENT:
            letter = notices.unusable_file(target, FileError(wrong, todo), self.folder.layout.root)
        else:
            letter = notices.incomplete_file(target, wrong, todo)
        notices.write_notice(letter, target, notices.ERROR)
        return None

    async def _record_filing(self, row: Mapping[str, Any], target: Path) -> None:
        await self._queue.execute(
            "UPDATE shipbatch.files SET filed = clock_timestamp(), lies = %s WHERE file_id = %s",
            str(target),
            row["file_id"],
        )

    def _move(self, file: Path, target: Path) -> None:
        failpoints.failpoint("before-filing")
        if file != target:
            self.folder.layout.move(file, target)
        failpoints.failpoint("after-filing")

    def _report_outage(self, error: Exception | None) -> None:
        if error and not self._is_away:
            root = self.folder.layout.root
            self._progress.say(
                f"{root}: the database does not answer; what is dropped waits for it."
            )
        if error is None and self._is_away:
            self._progress.say(f"{self.folder.layout.root}: the database is there again.")
        self._is_away = error is not None


def _is_there(file: Path) -> bool:
    return file.exists()
