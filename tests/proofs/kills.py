"""SIGKILL at random microseconds: `python -m tests.proofs.kills --kills 10000 --seed 0`.

Each seed is a store with its faults, an export, and some kills, after which the run is started
again until nothing is left to do; then the store's own list is compared with the plan. `--seeds
A:B` does these seeds alone: a long proof goes on where it was stopped, and a failed seed is tried
again.
"""

import argparse
import itertools
import random
import sys
import time
from collections.abc import Iterable
from functools import partial

from tests.proofs.cases import Case, case_of, slow_answers
from tests.proofs.score import Score, added_up, folder
from tests.proofs.world import World, judged, served

MOST = 6  # kills upon one export


def main() -> int:
    """Kill, and print what came of it; 1 where anything was doubled, lost or unaccounted for."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="stop after so many")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", help="A:B, these seeds and no others, whatever the kills")
    parser.add_argument("--jobs", type=int, default=4, help="worlds at a time")
    given = parser.parse_args()
    seeds: Iterable[int] = itertools.count(given.seed)
    if given.seeds:
        first, last = given.seeds.split(":")
        seeds = range(int(first), int(last))
    span = measured()
    print(f"A run that is not killed takes {span:.2f} s.", flush=True)
    enough = (lambda _: False) if given.seeds else (lambda total: total.kills >= given.kills)
    total = added_up(partial(one, span=span), seeds, jobs=given.jobs, until=enough)
    return 1 if total.wrong or not total.kills else 0


def measured() -> float:
    """Seconds that a run takes which nobody kills."""
    case = case_for(0)
    with folder() as place, served(case, place / "truth") as url:
        case.write(place / "export.csv")
        began = time.monotonic()
        World(place, url).start()
        return time.monotonic() - began


def case_for(seed: int) -> Case:
    """The seed's case, in a store that takes its time to answer."""
    case = case_of(seed)
    case.faults += slow_answers(random.Random(seed), [order["id"] for order in case.orders])
    return case


def one(seed: int, span: float) -> Score:
    """One seed: killed some times, run to its end, judged."""
    case, dice = case_for(seed), random.Random(f"kills of {seed}")
    with folder() as place:
        case.write(place / "export.csv")
        with served(case, place / "truth") as url:
            world = World(place, url)
            for _ in range(dice.randint(1, MOST)):
                world.start(kill_after=dice.uniform(0, span))
            last = world.finish()
            judgement = judged(case, place / "truth", last)
        return Score.of(f"seed {seed}", world, case.expected.total(), judgement)


if __name__ == "__main__":
    sys.exit(main())
