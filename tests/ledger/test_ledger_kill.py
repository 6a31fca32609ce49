"""Killed at every durable point and at random ones, the ledger keeps what it said it has."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from ledger_child import RUN, numbers

from batch.config import LEDGER, Database, Place
from batch.ledger import read_ledger
from batch.model import UNSETTLED, State

CHILD = [sys.executable, str(Path(__file__).parents[1] / "ledger_child.py")]
ROOT = Path(__file__).parents[2]
KILLED = -signal.SIGKILL
POINTS = [
    *(
        f"{when}-{what}"
        for what in ("begin", "plan", "intent", "outcome", "finish")
        for when in ("before", "after")
    ),
    "sent",
]


class Runner:
    """The child, its ledger and its store."""

    def __init__(self, folder: Path, orders: int, place: Place | None = None) -> None:
        self.ledger, self.shipped, self.orders = (
            place or folder / LEDGER,
            folder / "shipped",
            orders,
        )
        self.told: Counter[tuple[int, State]] = Counter()

    def start(self, crash_at: str = "") -> "subprocess.Popen[str]":
        environ = os.environ | {"PYTHONPATH": str(ROOT), "SHIPBATCH_CRASH_AT": crash_at}
        where = self.ledger.url if isinstance(self.ledger, Database) else str(self.ledger)
        command = [*CHILD, where, str(self.shipped), str(self.orders)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)

    def hear(self, lines: str) -> None:
        for line in lines.splitlines(keepends=True):
            if line.endswith("\n"):  # the last may be cut by the kill
                record, state = line.split()
                self.told[int(record), State(state)] += 1

    def run(self, crash_at: str = "") -> int:
        child = self.start(crash_at)
        self.hear(child.communicate(timeout=60)[0])
        return child.returncode

    def check(self) -> None:
        """All that was told is there; nothing is half there; the store has nothing without an
        intent.
        """
        with read_ledger(self.ledger) as ledger:
            records = list(ledger.records_of_run(RUN))
            assert len(records) in {0, 2 * self.orders}
            for record in records:
                history = ledger.attempts(record.record_id)
                assert [State.PLANNED, *(attempt.state for attempt in history)][-1] is record.state
                assert record.attempts == sum(attempt.state is State.INTENT for attempt in history)
                assert record.attempts >= self.told[record.record_id, State.INTENT]
                assert (
                    self.told[record.record_id, State.CREATED] == 0 or record.state is State.CREATED
                )
            possible = {
                r.shipment.tracking_number
                for r in records
                if r.state in UNSETTLED | {State.CREATED}
            }
            assert set(numbers(self.shipped)) <= possible

    def finish(self) -> None:
        """Started again it ends, and every parcel was shipped once."""
        assert self.run() == 0
        self.check()
        assert Counter(numbers(self.shipped)) == Counter(
            f"P{n}" for n in range(2, 2 * self.orders + 2)
        )
        with read_ledger(self.ledger) as ledger:
            assert {record.state for record in ledger.records_of_run(RUN)} == {State.CREATED}
            run = ledger.run(RUN)
            assert run is not None
            assert run.exit_status == 0


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_passage_of_a_durable_point(tmp_path: Path, point: str) -> None:
    """Passage after passage, until the child gets through; each time nothing is doubled or lost."""
    for passage in range(1, 9):
        folder = tmp_path / str(passage)
        folder.mkdir()
        runner = Runner(folder, orders=1)
        ended = runner.run(f"{point}:{passage}")
        if ended == 0:
            assert passage > 1
            break
        assert ended == KILLED
        runner.check()
        runner.finish()


@pytest.mark.parametrize("point", ["before-read-back", "after-read-back"])
def test_killed_while_settling_a_doubt(tmp_path: Path, place: Place, point: str) -> None:
    """A second crash upon the first."""
    runner = Runner(tmp_path, orders=1, place=place)
    assert runner.run("sent:1") == KILLED
    assert runner.run(f"{point}:1") == KILLED
    runner.check()
    runner.finish()


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_with_many_in_flight(tmp_path: Path, place: Place, seed: int) -> None:
    """After a random number of answers, from outside, again and again until it ends."""
    chance = random.Random(seed)
    runner = Runner(tmp_path, orders=60, place=place)
    for _ in range(3):
        child = runner.start()
        assert child.stdout is not None
        heard = "".join(child.stdout.readline() for _ in range(chance.randrange(1, 70)))
        child.kill()
        runner.hear(heard + child.stdout.read())
        child.stdout.close()
        child.wait()
        runner.check()
    runner.finish()
