"""The whole program under one seeded virtual clock: `python -m tests.proofs.simulation --seeds
0:100000`.

Each seed is a universe: a store with its kind and quota, an export, a fault for any request, kills,
restarts. A failed seed is printed with its story, and `--seed N -v` plays it again.
"""

import argparse
import asyncio
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from tempfile import TemporaryFile

from tests.clock import VirtualLoop
from tests.proofs.score import folder
from tests.proofs.universe import Universe, Verdict

EVERY = 30.0  # seconds between two lines of progress
CHUNK = 20  # seeds a worker takes at a time


@dataclass
class Total:
    """What the seeds came to."""

    seeds: int = 0
    runs: int = 0
    kills: int = 0
    parcels: int = 0
    doubled: int = 0
    lost: int = 0
    in_doubt: int = 0
    false_claims: int = 0
    failed: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, verdict: Verdict) -> None:
        self.seeds += 1
        for name in ("runs", "kills", "parcels", "doubled", "lost", "in_doubt", "false_claims"):
            setattr(self, name, getattr(self, name) + getattr(verdict, name))
        if verdict.wrong:
            self.failed.append(verdict.seed)

    def __str__(self) -> str:
        seconds = time.monotonic() - self.began
        return (
            f"{self.seeds} seeds, {self.runs} runs, {self.kills} kills, {self.parcels} shipments"
            f" planned: {self.doubled} doubled, {self.lost} lost, {self.false_claims} false claims,"
            f" {self.in_doubt} left in doubt, {len(self.failed)} failed; {seconds:.0f} s,"
            f" {self.seeds / seconds:.1f} seeds/s"
        )


def main() -> int:
    """Unfold the seeds, and print what came of them; 1 where any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0:1000", help="A:B, from A until before B")
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print the story of a seed that is well, too"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    given = parser.parse_args()
    if given.seed is not None:
        verdict = universe(given.seed)
        if given.verbose or verdict.wrong:
            print("\n".join([*verdict.story, *verdict.wrong]))
        return 1 if verdict.wrong else 0
    first, last = map(int, given.seeds.split(":"))
    total = added_up(range(first, last), given.jobs)
    return 1 if total.failed or not total.kills else 0


def added_up(seeds: Iterable[int], jobs: int) -> Total:
    """Unfold each seed, and tell of the failed ones at once; BrokenProcessPool where a process died
    of one.
    """
    total = Total()
    told = total.began
    with TemporaryFile() as notes:
        try:
            with ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as pool:
                for verdict in pool.map(partial(noted, notes.fileno()), seeds, chunksize=CHUNK):
                    total.add(verdict)
                    if verdict.wrong:
                        print(
                            "\n".join(
                                [f"FAILED seed {verdict.seed}", *verdict.story, *verdict.wrong]
                            ),
                            flush=True,
                        )
                    if time.monotonic() - told > EVERY:
                        told = time.monotonic()
                        print(f"… {total}", flush=True)
        except BrokenProcessPool:
            notes.seek(0)
            under_way = [seed for seed, times in Counter(map(int, notes)).items() if times == 1]
            print(
                f"A process died. Seeds under way: {under_way}; try each with --seed.", flush=True
            )
            raise
    print(total, flush=True)
    return total


def noted(notes: int, seed: int) -> Verdict:
    """One seed in a process that may die of it: noted as it begins, and as it ends."""
    os.write(notes, b"%d\n" % seed)
    verdict = universe(seed)
    os.write(notes, b"%d\n" % seed)
    return verdict


def universe(seed: int) -> Verdict:
    """One seed, from its beginning to its end."""
    # clients that hang up on the store are what is wanted
    logging.getLogger("aiohttp.server").disabled = True
    with folder() as place, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        made = Universe(seed, place)
        try:
            return runner.run(made.unfold())
        except Exception as error:  # a traceback is a failure like any other
            made.verdict.wrong.append(f"{type(error).__name__}: {error}")
            if os.environ.get("TRACEBACKS"):
                raise
            return made.verdict


if __name__ == "__main__":
    sys.exit(main())
