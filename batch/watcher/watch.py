"""All drop folders at once: each store has a keeper of its own, and systemd hears that they live."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from batch.config import Folder, Settings
from batch.monitoring import notify_after_run
from batch.monitoring.systemd import Systemd
from batch.pipeline.session import Progress
from batch.primitives.stop import StopEvent
from batch.watcher.store_watcher import StoreWatcher, Tell

ALIVE = 20.0  # seconds between two signs of life on the boards


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A drop folder, and the settings of its store."""

    folder: Folder
    settings: Settings


async def watch(
    posts: Sequence[WatchedFolder],
    screen: Progress,
    stop: StopEvent,
    *,
    polling: bool = False,
    tell: Tell = notify_after_run,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Take what is dropped until told to stop. Stores go side by side; within a store it is a file at a time.

    `tell` gets the end of each file, for the log and for whoever is to be told.
    """
    systemd = Systemd(environ)
    stores: dict[tuple[str, str], list[WatchedFolder]] = {}
    for post in posts:
        stores.setdefault((str(post.settings.home), post.settings.store), []).append(post)
    keepers = [
        StoreWatcher([post.folder for post in of_one], of_one[0].settings, screen, stop, polling=polling, tell=tell)
        for of_one in stores.values()
    ]
    not_yet = set(range(len(keepers)))

    def ready(number: int) -> None:
        if number in not_yet:
            not_yet.discard(number)
            for shelf in keepers[number].shelves:
                shelf.status_file.show(state="watching")
                screen.say(f"Watching {shelf.layout.root} for {keepers[number].settings.store}")
            if not not_yet:
                systemd.notify(READY="1", STATUS=f"Watching {len(posts)} folders")

    pulse = asyncio.create_task(_send_heartbeats(keepers, systemd))
    try:
        async with asyncio.TaskGroup() as group:
            for number, keeper in enumerate(keepers):
                group.create_task(keeper.keep(partial(ready, number)))
            await stop.wait()
            systemd.notify(STOPPING="1", STATUS="Finishing what is in flight")
    finally:
        pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
        for keeper in keepers:
            for shelf in keeper.shelves:
                shelf.status_file.remove()


async def _send_heartbeats(keepers: Sequence[StoreWatcher], systemd: Systemd) -> None:
    """As long as the loop turns: the boards are touched, and the watchdog is fed."""
    while True:
        for keeper in keepers:
            for shelf in keeper.shelves:
                shelf.status_file.touch()
        if systemd.alive_every:
            systemd.notify(WATCHDOG="1")
        await asyncio.sleep(min(ALIVE, systemd.alive_every or ALIVE))
