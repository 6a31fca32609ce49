"""Many proofs, a few at a time: added up, told as they go, and an exit status at the end."""

import gc
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

# What the children need, imported once in their parent.
import openpyxl  # noqa: F401
import rich.console  # noqa: F401
import xlsxwriter  # noqa: F401

from batch.commands import audit, decide, history, undo  # noqa: F401
from batch.pipeline import sandbox_run  # noqa: F401
from tests.proofs.world import Judgement, World

T = TypeVar("T")
EVERY = 30.0  # seconds between two lines of progress


@dataclass
class Score:
    """What a number of kills came to."""

    name: str = ""
    kills: int = 0
    hits: int = 0
    """Kills that came while a shipment was under way or in doubt."""
    runs: int = 0
    """Starts of the command, killed ones included."""
    shipments: int = 0
    doubled: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, world: World, shipments: int, judgement: Judgement) -> "Score":
        killed = [ended for ended in world.starts if ended.killed]
        hits = sum(ended.under_way > 0 for ended in killed)
        doubled, lost = judgement.doubled.total(), judgement.lost.total()
        score = cls(name, len(killed), hits, len(world.starts), shipments, doubled, lost)
        for ended in world.starts:
            if ended.crashed:
                score.wrong.append(
                    f"{name}: it died of signal {-ended.status}: {ended.err[-3000:]}"
                )
        if not judgement.good:
            score.wrong.append(
                f"{name}: {judgement}, after {[ended.status for ended in world.starts]}"
            )
        return score

    def add(self, other: "Score") -> None:
        for name in ("kills", "hits", "runs", "shipments", "doubled", "lost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong

    def __str__(self) -> str:
        return (
            f"{self.kills} kills ({self.hits} with shipments under way), {self.runs} runs, "
            f"{self.shipments} shipments planned: "
            f"{self.doubled} doubled, {self.lost} lost, {len(self.wrong)} wrong"
        )


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one world, on the memory's file system where there is one: 10,000 kills are many
    syncs.
    """
    memory = tempfile.tempdir or ("/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    with TemporaryDirectory(prefix="proof-", dir=memory, ignore_cleanup_errors=True) as made:
        yield Path(made)


def _begin(place: Path) -> None:
    """A worker's folders lie in its parent's, which outlives it."""
    tempfile.tempdir = str(place)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends us


def added_up(
    work: Callable[[T], Score], every: Iterable[T], *, jobs: int, until: Callable[[Score], bool]
) -> Score:
    """Do the work for each, `jobs` at a time, until enough; failures are told at once."""
    total, began, told = Score(), time.monotonic(), time.monotonic()
    gc.freeze()  # else every child copies the pages on which its garbage collector writes
    fork = multiprocessing.get_context("fork")
    with folder() as place, ProcessPoolExecutor(jobs, fork, _begin, (place,)) as pool:
        source, under_way = iter(every), set[Future[Score]]()
        while not until(total):
            under_way |= {pool.submit(work, one) for one in islice(source, jobs - len(under_way))}
            if not under_way:
                break
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for score in (each.result() for each in done):
                total.add(score)
                for line in score.wrong:
                    print(f"FAILED {line}", flush=True)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                print(f"… {total}, {told - began:.0f} s", flush=True)
    print(f"{total}, {time.monotonic() - began:.0f} s", flush=True)
    return total
