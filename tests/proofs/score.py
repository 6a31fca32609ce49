"""Many proofs, a few at a time: added up, told as they go, and an exit status at the end."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

# What the children need, imported once in their parent.
import openpyxl  # noqa: F401
import rich.console  # noqa: F401
import xlsxwriter  # noqa: F401

from batch import answering, auditing, rehearsal, rewriting, undoing  # noqa: F401
from tests.proofs.world import Judgement, World

T = TypeVar("T")
EVERY = 30.0  # seconds between two lines of progress


@dataclass
class Score:
    """What a number of kills came to."""

    name: str = ""
    kills: int = 0
    runs: int = 0
    """Starts of the command, killed ones included."""
    shipments: int = 0
    doubled: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, world: World, shipments: int, judgement: Judgement) -> "Score":
        killed = sum(ended.killed for ended in world.starts)
        score = cls(name, killed, len(world.starts), shipments, judgement.doubled.total(), judgement.lost.total())
        if not judgement.good:
            score.wrong.append(f"{name}: {judgement}, after {[ended.status for ended in world.starts]}")
        return score

    def add(self, other: "Score") -> None:
        for name in ("kills", "runs", "shipments", "doubled", "lost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.runs} runs, {self.shipments} shipments planned: "
            f"{self.doubled} doubled, {self.lost} lost, {len(self.wrong)} wrong"
        )


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one world, on the memory's file system where there is one: 10,000 kills are many syncs."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="proof-", dir=memory if os.access(memory, os.W_OK) else None) as made:
        yield Path(made)


def added_up(work: Callable[[T], Score], every: Iterable[T], *, jobs: int, until: Callable[[Score], bool]) -> Score:
    """Do the work for each, `jobs` at a time, until enough; failures are told at once."""
    total, began, told = Score(), time.monotonic(), time.monotonic()
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for score in pool.imap_unordered(work, every):
            total.add(score)
            for line in score.wrong:
                print(f"FAILED {line}", flush=True)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                print(f"… {score.name}: {total}, {told - began:.0f} s", flush=True)
            if until(total):
                break
    print(f"{total}, {time.monotonic() - began:.0f} s", flush=True)
    return total
