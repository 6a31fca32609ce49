"""All drop folders at once: each store has a watcher of its own, and systemd hears that they live."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from batch.config import Folder, Settings
from batch.monitoring import Notifier, notify_after_run
from batch.monitoring.systemd import Systemd
from batch.pipeline.progress import Progress
from batch.primitives.stop import StopEvent
from batch.watcher.store_watcher import StoreWatcher

ALIVE = 20.0  # seconds between two signs of life in the status files


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A drop folder, and the settings of its store."""

    folder: Folder
    settings: Settings


async def watch_folders(
    folders: Sequence[WatchedFolder],
    progress: Progress,
    stop: StopEvent,
    *,
    polling: bool = False,
    notify: Notifier = notify_after_run,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Take what is dropped until `stop` is set. Stores go side by side; within a store it is a file at a time.

    `notify` gets the end of each file, for the log and for people.
    """
    systemd = Systemd(environ)
    stores: dict[tuple[str, str], list[WatchedFolder]] = {}
    for each in folders:
        stores.setdefault((str(each.settings.home), each.settings.store), []).append(each)
    watchers = [
        StoreWatcher(
            [each.folder for each in of_store], of_store[0].settings, progress, stop, polling=polling, notify=notify
        )
        for of_store in stores.values()
    ]
    not_yet = set(watchers)

    def ready(watcher: StoreWatcher) -> None:
        if watcher in not_yet:
            not_yet.discard(watcher)
            for folder in watcher.folders:
                folder.status_file.show(state="watching")
                progress.say(f"Watching {folder.layout.root} for {watcher.settings.store}")
            if not not_yet:
                systemd.notify(READY="1", STATUS=f"Watching {len(folders)} folders")

    pulse = asyncio.create_task(_send_heartbeats(watchers, systemd))
    try:
        async with asyncio.TaskGroup() as group:
            for watcher in watchers:
                group.create_task(watcher.watch(partial(ready, watcher)))
            await stop.wait()
            systemd.notify(STOPPING="1", STATUS="Finishing what is in flight")
    finally:
        pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
        for watcher in watchers:
            for folder in watcher.folders:
                folder.status_file.remove()


async def _send_heartbeats(watchers: Sequence[StoreWatcher], systemd: Systemd) -> None:
    """As long as the event loop runs: the status files are touched, and the watchdog is fed."""
    while True:
        for watcher in watchers:
            for folder in watcher.folders:
                folder.status_file.touch()
        if systemd.alive_every:
            systemd.notify(WATCHDOG="1")
        await asyncio.sleep(min(ALIVE, systemd.alive_every or ALIVE))
