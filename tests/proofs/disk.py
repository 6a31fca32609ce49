"""A disk that is full, sooner or later: `python -m tests.proofs.disk`.

The run is started with room for so many bytes in a file, from nothing to enough, so that the disk
is full once at every stage: the copy, the ledger, the plan, an intent, an outcome, the sheet. It
must end by itself, say what is full, and never claim that nothing was sent where something was;
started again with room, everything is shipped once.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import partial

from tests.proofs import cases
from tests.proofs.cases import Case
from tests.proofs.score import Score, added_up, folder
from tests.proofs.world import Ended, World, judged, made_in, served

NOTHING_SENT, CANNOT_RUN_NOW = 2, 75
LEAST, ENOUGH = 4096, 1 << 20  # bytes: with less it cannot even say that the disk is full


def main() -> int:
    """Fill the disk again and again; 1 where anything was doubled, lost or wrongly told."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.disk", description=__doc__)
    parser.add_argument("--step", type=int, default=2048, help="bytes between two sizes")
    parser.add_argument("--most", type=int, default=300_000, help="bytes of the largest")
    parser.add_argument("--jobs", type=int, default=4, help="worlds at a time")
    given = parser.parse_args()
    rooms = [*range(LEAST, given.most, given.step), ENOUGH]
    print(f"{len(rooms)} sizes of disk.", flush=True)
    total = added_up(partial(one, orders=12), rooms, jobs=given.jobs, until=lambda _: False)
    return 1 if total.wrong else 0


def one(room: int, orders: int) -> Score:
    """A run with so much room, then runs with enough."""
    case = Case()
    for _ in range(orders):
        cases.order_alone(case)
    with folder() as place:
        case.write(place / "export.csv")
        with served(case, place / "truth") as url:
            world = World(place, url)
            full = world.start(room=room)
            sent = made_in(place / "truth").total()
            last = world.finish()
            judgement = judged(case, place / "truth", last)
            judgement.wrong += wrongly_told(full, sent, len(case.rows))
        return Score.of(
            f"room for {room} bytes, {sent} sent, status {full.status}",
            world,
            case.expected.total(),
            judgement,
        )


def wrongly_told(full: Ended, sent: int, rows: int) -> Iterator[str]:
    """What the run on the full disk should not have said, or not have left out."""
    if "Traceback" in full.err:
        yield f"a traceback: {full.err[-400:]}"
    if sent and full.status in {NOTHING_SENT, CANNOT_RUN_NOW}:
        yield f"exit status {full.status} says that nothing was sent: {full.err}"
    if not sent and full.status not in {NOTHING_SENT, CANNOT_RUN_NOW}:
        yield f"exit status {full.status} with nothing sent: {full.err}"
    if full.status and not full.err.strip():
        yield "not a word of why"
    if (told := full.summary) and sum(told[name] for name in COUNTED) != rows:
        yield f"rows: {told}"


COUNTED = (
    *("created", "updated", "already_created", "skipped", "planned", "invalid", "rejected"),
    *("held", "waiting", "in_doubt", "not_sent"),
)

if __name__ == "__main__":
    sys.exit(main())
