"""Ninety nights of a warehouse: ordinary noise that must pass in quiet, and disasters of which none may ship.

`python -m tests.proofs.calm` runs the whole program each night, as cron does: a file, a store over real sockets, the
ledger of the nights before. Everything is decided by the seed. A night's own file follows a disaster the same night.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from batch.commands.decide import Answer, take_decision
from batch.config import Settings
from batch.errors import ShipbatchError
from batch.ledger import LEDGER, read_ledger
from batch.monitoring import of_error, of_report
from batch.monitoring.alert_history import AlertHistory
from batch.monitoring.alert_history import reasons_to_notify as told_because
from batch.pipeline import Job, exit_status
from batch.pipeline.decisions import pending_decisions
from batch.pipeline.runner import RunResults, run_files
from batch.pipeline.session import open_store
from batch.primitives.stop import StopEvent
from batch.results.accounting import Report
from batch.sandbox import Fault, Quota, Sandbox
from tests.clock import VirtualLoop
from tests.proofs.exports import DISASTERS, Warehouse
from tests.proofs.score import folder

FIRST = datetime(2026, 9, 7, 23, 30, tzinfo=UTC)
"""A Monday, 83 nights before Cyber Monday."""
STORM = frozenset({17})
"""Nights on which the store fails half-way: what is left is carried over."""
MONTH = 30
"""Nights before the first disaster: what is usual is known by then."""
FALSE_HOLDS, ALERTS, DECISIONS = 1, 3, 1_000


@dataclass
class Score:
    """What the nights came to."""

    nights: int = 0
    rows: int = 0
    shipped: int = 0
    missing: int = 0
    """Parcels of ordinary files that are not in the store at the end, though nothing is wrong with them."""
    doubled: int = 0
    false_holds: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    """Nights on which people would have been told."""
    decisions: list[str] = field(default_factory=list)
    """Parcels that wait for a person."""
    held: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Disasters of which something was sent, or nothing was said."""

    @property
    def calm(self) -> bool:
        """Whether all is as it is promised."""
        quiet = len(self.false_holds) <= FALSE_HOLDS and len(self.alerts) <= ALERTS
        return (
            quiet
            and not self.missed
            and not self.missing
            and not self.doubled
            and len(self.decisions) * DECISIONS <= max(self.rows, DECISIONS)
        )

    def __str__(self) -> str:
        lines = [
            f"{self.nights} nights, {self.rows:,} rows, {self.shipped:,} shipments",
            f"{self.missing} missing, {self.doubled} doubled",
            f"false holds: {len(self.false_holds)} (at most {FALSE_HOLDS})",
            f"alerts: {len(self.alerts)} (at most {ALERTS})",
            f"decisions: {len(self.decisions)} (at most one in {DECISIONS:,} rows)",
            f"disasters held before the first POST: {len(self.held)} of {len(self.held) + len(self.missed)}",
        ]
        lines += [f"  FALSE HOLD {one}" for one in self.false_holds]
        lines += [f"  alert {one}" for one in self.alerts]
        lines += [f"  decision {one}" for one in self.decisions]
        lines += [f"  held {one}" for one in self.held]
        return "\n".join(lines + [f"  MISSED {one}" for one in self.missed])


class Calm:
    """One store, one warehouse, night after night."""

    def __init__(self, place: Path, *, seed: int, rows: int) -> None:
        self.place, self.home = place, place / "home"
        self.warehouse = Warehouse(seed, rows)
        self.box = Sandbox({"orders": []}, quota=Quota(1_000_000))
        self.score = Score()
        self.ordinary: set[str] = set()
        """Runs of ordinary files."""

    async def pass_by(self, nights: int) -> Score:
        """All nights; then the store's own list is the judge."""
        disasters = dict(zip(_spread(nights), DISASTERS, strict=False))
        async with self.box:
            for number in range(nights):
                at = FIRST + timedelta(days=number)
                with time_machine.travel(at, tick=False):
                    self.box.store.arrive({"orders": self.warehouse.orders_of(number)})
                    if disaster := disasters.get(number):
                        await self._disaster(number, disaster)
                    await self._night(number)
            with time_machine.travel(FIRST + timedelta(days=nights), tick=False):
                self.box.store.arrive({"orders": self.warehouse.late()})
                await self._night(nights)
        self._judge()
        return self.score

    async def _night(self, number: int) -> None:
        """An ordinary file; on some nights the store fails on the way."""
        rows = self.warehouse.file_of(number)
        name = f"{number:02}-night"
        if number in STORM:
            self.box.faults.add(Fault(503, performs=0, method="POST", nth=range(len(rows) // 3, 1_000_000)))
        report = await self._run(name, self.warehouse.written(rows))
        self.box.faults.clear()
        score = self.score
        score.nights += 1
        score.rows += len(rows)
        if isinstance(report, ShipbatchError):
            score.false_holds.append(f"{name}: {report}")
        elif report.held:
            score.false_holds.append(f"{name}: {'; '.join(reason.error for reason in report.held)}")
        self._alert(name, report)
        if not isinstance(report, ShipbatchError) and report.held:
            await self._release(report)
            report = await self._run(name, self.warehouse.written(rows))
        if not isinstance(report, ShipbatchError):
            self.ordinary.add(report.run.run_id)

    def _alert(self, name: str, report: Report | ShipbatchError) -> None:
        """Whether people would have been told of it, as `notify` decides that."""
        status = 2 if isinstance(report, ShipbatchError) else exit_status(report)
        digest = of_error(report, name, 2) if isinstance(report, ShipbatchError) else of_report(report, status)
        rules, memory, today = self._settings().notify, AlertHistory(self.home, "calm"), datetime.now(UTC).date()
        seen = memory.recent_kinds(rules.forget, today)
        why = told_because(digest.kinds, digest.rows, seen, threshold=rules.threshold, least=rules.least)
        memory.record(digest.kinds, rules.forget, today)
        if why:
            self.score.alerts.append(f"{name}: {'; '.join(why)}")

    async def _release(self, held: Report) -> None:
        """What a person does in the morning."""
        async with open_store(self._settings(), _Silent(), StopEvent()) as desk:
            await take_decision(desk, held.run.run_id, Answer("ship", "Ann", "we know why", file=True))

    async def _disaster(self, number: int, disaster: str) -> None:
        """A file that must not ship: held or refused, and nothing of it sent."""
        name = f"{number:02}-{disaster}"
        report = await self._run(name, self.warehouse.disaster(disaster, number))
        if isinstance(report, ShipbatchError):
            self.score.held.append(f"{name}: refused: {report}")
        elif report.held and not report.summary["shipments"]:
            self.score.held.append(f"{name}: {', '.join(reason.code for reason in report.held)}")
        else:
            self.score.missed.append(f"{name}: {report.summary}")

    async def _run(self, name: str, text: str) -> Report | ShipbatchError:
        """One start of the program, as cron starts it."""
        export = self.place / f"{name}.csv"
        export.write_text(text, "utf-8")
        try:
            tour: RunResults = await run_files([Job(export)], self._settings(), _Silent(), StopEvent())
        except ShipbatchError as error:
            return error
        return tour.reports[0] if tour.reports else tour.refused[0][1]

    def _settings(self) -> Settings:
        box = self.box
        return Settings(api_url=box.url, store_hash=box.store_hash, token=box.token, home=self.home, identity="calm")

    def _judge(self) -> None:
        made = [one["tracking_number"] for one in self.box.shipments()]
        self.score.shipped = len(made)
        self.score.doubled = len(made) - len(set(made))
        self.score.missing = len(self.warehouse.sound - set(made))
        with read_ledger(self.home / LEDGER) as ledger:
            self.score.decisions = [
                one.what for one in pending_decisions(ledger, "calm") if one.run_id in self.ordinary and not one.is_file
            ]


def _spread(nights: int) -> Iterator[int]:
    """Nights for disasters: once the usual is known, on working days, each a month after there was a file."""
    free = [number for number in range(MONTH + 1, nights) if number % 7 < 5]
    return (free[place * len(free) // len(DISASTERS)] for place in range(len(DISASTERS)))


class _Silent:
    def say(self, line: str) -> None:
        """Nobody looks."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """Nobody looks."""

    def step(self, record: object) -> None:
        """Nobody looks."""


def main() -> int:
    """Let the nights pass, and print what they came to; 1 where they were not calm."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.calm", description=__doc__)
    parser.add_argument("--nights", type=int, default=90)
    parser.add_argument("--rows", type=int, default=300, help="of an ordinary night")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").disabled = True
    with folder() as place, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        score = runner.run(Calm(place, seed=given.seed, rows=given.rows).pass_by(given.nights))
    print(score)
    return 0 if score.calm else 1


if __name__ == "__main__":
    sys.exit(main())
