"""SIGKILL at every passage of every named point (`batch/primitives/failpoints.py`): `python -m
tests.proofs.points`.

For each scenario, point and kind of store (one that refuses to ship more than was ordered, one that
does not): killed at the point's 1st passage, its 2nd, … until the command gets through; after each
kill it is started again to its end, and the store's own list compared with what was planned.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator

from tests.proofs.scenarios import SCENARIOS, Scenario
from tests.proofs.score import Score, added_up, folder
from tests.proofs.world import World, judged, served

Proof = tuple[type[Scenario], str, bool]
"""Scenario, point, and whether the store refuses over-shipping."""


def main() -> int:
    """Kill at every point, and print what came of it; 1 where anything was doubled, lost or
    unaccounted for.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.points", description=__doc__)
    parser.add_argument(
        "--short",
        action="store_true",
        help="smaller exports, and each point with one of the stores",
    )
    parser.add_argument("--only", default="", help="points or scenarios with this in their name")
    parser.add_argument("--jobs", type=int, default=4, help="worlds at a time")
    given = parser.parse_args()
    Scenario.short = given.short
    every = [
        proof
        for proof in proofs(short=given.short)
        if given.only in f"{proof[0].__name__} {proof[1]}"
    ]
    print(f"{len(every)} points of {len(SCENARIOS)} scenarios.", flush=True)
    total = added_up(one, every, jobs=given.jobs, until=lambda _: False)
    return 1 if total.wrong or not total.kills else 0


def proofs(*, short: bool) -> Iterator[Proof]:
    """Each point of each scenario with both stores; the short form takes them in turn."""
    turn = itertools.cycle((True, False))
    for scenario in SCENARIOS:
        for point in scenario.points:
            for refuses in [next(turn)] if short else (True, False):
                yield scenario, point, refuses


def one(proof: Proof) -> Score:
    """One point, passage after passage until the command is not killed."""
    scenario, point, refuses = proof
    total = Score(name := f"{scenario.__name__}, {point}, {'refusing' if refuses else 'allowing'}")
    for passage in itertools.count(1):
        killed, score = at(scenario(refuses=refuses), point, passage, f"{name}, passage {passage}")
        total.add(score)
        if not killed and passage == 1:
            total.wrong.append(f"{name}: it was never passed")
        if not killed or score.wrong:
            return total
    return total


def at(scenario: Scenario, point: str, passage: int, name: str) -> tuple[bool, Score]:
    """One passage: prepared, killed, run to its end, judged; whether it was killed there."""
    case = scenario.case
    with folder() as place:
        case.write(place / "export.csv")
        with served(case, place / "truth") as url:
            world = World(place, url, scenario.options)
            scenario.prepare(world)
            there = world.start(*scenario.command(world), crash_at=f"{point}:{passage}")
            last = scenario.finish(world)
            judgement = judged(case, place / "truth", last)
            judgement.wrong += scenario.wrong(world)
        return there.killed, Score.of(name, world, case.expected.total(), judgement)


if __name__ == "__main__":
    sys.exit(main())
