"""One start of the program in a home, and its death: the home is left as SIGKILL would leave it.

The program is the real one (pipeline, pool, reconciler, ledger file), over real sockets, under a clock that jumps.
A dead process can no longer reach the store, and whatever it still writes goes into a home that nobody opens again.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from batch.config import LEDGER, Settings
from batch.errors import ShipbatchError
from batch.model import Record
from batch.pipeline import Job, Pipeline
from batch.pipeline.progress import Progress
from batch.pipeline.session import StoreSession, open_store
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Fault, Reply
from tests.clock import VirtualLoop


class World(Protocol):
    """What a process lives in."""

    def tell(self, line: str) -> None:
        """Keep a line of the story."""

    def killed(self) -> None:
        """The process that lived until now reaches the store no more."""


@dataclass
class Death:
    """When a process dies: at its n-th request, before or after the store has done it; at its n-th word; or in time."""

    request: int = 0
    done: int = 1
    """How often the store does what the last request asks."""
    late: float = 0.0
    word: int = 0
    after: float = 0.0
    """Virtual seconds from its start."""


class Process:
    """One start of the program in a home. `die` leaves the home as SIGKILL would."""

    def __init__(self, world: World, home: Path, death: Death | None) -> None:
        self.world, self.home, self.death = world, home, death
        self.dead = False
        self.heir = home.with_name(f"home{int(home.name[4:]) + 1}")
        self._words = self._requests = 0
        self._task: asyncio.Task[Report] | None = None

    async def live(self, job: Job, settings: Settings) -> Report | None:
        """Run the export; None where it died, or could not run."""
        loop = asyncio.get_running_loop()
        if self.death and self.death.after:
            loop.call_later(self.death.after, self.die)
        self._task = asyncio.create_task(self._run(job, settings))
        try:
            return await self._task
        except asyncio.CancelledError:
            assert self.dead
        except ShipbatchError as error:
            if not self.dead:
                self.world.tell(f"could not run: {error}")
        finally:
            self._task = None
        return None

    async def _run(self, job: Job, settings: Settings) -> Report:
        async with desk_of(settings, self) as desk:
            return await Pipeline(desk).run(job)

    def die(self) -> None:
        """Be killed now, if still alive."""
        if self.dead or self._task is None:
            return
        self.dead = True
        left_behind(self.home, self.heir)
        self.world.killed()
        self._task.cancel()

    def asked(self, method: str) -> Fault | None:
        """A request of this process has arrived; a fault where it is its last."""
        self._requests += 1
        death = self.death
        if death is None or self._requests != death.request:
            return None
        self.die()
        late = death.late if method == "POST" else 0.0
        return Fault(Reply.CLOSE, performs=death.done, late=late)

    # the screen: every word may be the last one

    def say(self, line: str) -> None:
        self._spoken(line)

    def begin(self, stage: str, total: int | None = None) -> None:
        self._spoken(f"{stage} {total or ''}")

    def step(self, record: Record) -> None:
        self._spoken(f"record {record.record_id} of order {record.shipment.order_id}: {record.state}")

    def _spoken(self, line: str) -> None:
        if self.dead:
            return
        self._words += 1
        self.world.tell(line)
        if self.death and self._words == self.death.word:
            self.die()


@asynccontextmanager
async def desk_of(settings: Settings, screen: Progress) -> AsyncIterator[StoreSession]:
    """The store, opened as a command does; no time passes while the ledger's thread works."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    busy = len(loop.busy)
    try:
        async with open_store(settings, screen, StopEvent()) as desk:
            loop.busy.append(desk.ledger.is_writing)
            yield desk
    finally:
        del loop.busy[busy:]  # only now the ledger is closed


def left_behind(home: Path, heir: Path) -> None:
    """Copy a home as a kill leaves it: what is committed, in whatever files it lies, and nothing else."""
    ledger = home / LEDGER
    with closing(sqlite3.connect(ledger, timeout=60, isolation_level=None)) as keeper:
        keeper.execute("BEGIN IMMEDIATE")  # nobody else commits meanwhile
        heir.mkdir()
        for path in sorted(home.iterdir()):  # the database before its log: a checkpoint only moves from there to here
            if path.is_file() and not path.name.endswith("-shm"):
                shutil.copyfile(path, heir / path.name)
        if (home / "copies").exists():
            shutil.copytree(home / "copies", heir / "copies")
