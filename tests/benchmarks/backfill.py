"""A backfill against its limits: `python -m tests.benchmarks.backfill`; long: `--rows 1000000
--ledger 1000000`.

An export of two rows a shipment is made here and shipped to a sandbox without a quota, in processes
of their own: a quarter of it first, then all of it, killed in the middle and run again. Printed is
the most memory that the shipping process had in each stage (on Linux; elsewhere up to the end of
the stage). Then a ledger of so many shipments is made, and asked.
"""

import argparse
import asyncio
import json
import os
import re
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run
from tempfile import TemporaryDirectory
from typing import Any

from batch.config import Gates, Settings
from batch.ledger import LEDGER, open_ledger
from batch.model import Item, Record, Run, Shipment
from batch.pipeline import Job
from batch.pipeline.runner import run_files
from batch.primitives.stop import StopEvent
from batch.sandbox import Quota, Sandbox

ROOT = Path(__file__).parents[2]
FIRST = 1001  # the smallest order id
SKUS = 5_000
STORE = "https://api.bigcommerce.com/stores/bench"
NO_LIMIT = Quota(1_000_000_000)


def sku(n: int) -> str:
    """A name that one order in SKUS has."""
    return f"SKU-{n % SKUS:05}"


def write_export(path: Path, shipments: int) -> None:
    """Two rows a shipment, one for each line of its order."""
    with path.open("w") as file:
        file.write("Order ID,SKU,Quantity,Tracking Number,Carrier,Comments\n")
        for n in range(shipments):
            for one in (sku(n), f"{sku(n)}-B"):
                file.write(
                    f"{FIRST + n},{one},1,PARCEL{n:09},UPS Ground,Order {FIRST + n} of the old"
                    " shop\n"
                )


def store_of(shipments: int) -> dict[str, Any]:
    """The orders that the export ships, whole."""
    return {
        "orders": [
            {
                "id": FIRST + n,
                "lines": [
                    {"id": n * 2 + k, "sku": s} for k, s in enumerate((sku(n), f"{sku(n)}-B"), 1)
                ],
            }
            for n in range(shipments)
        ]
    }


async def serve(shipments: int) -> None:
    """A store until standard input ends; then what it has."""
    async with Sandbox(store_of(shipments), quota=NO_LIMIT) as box:
        print(
            json.dumps({"api_url": box.url, "store_hash": box.store_hash, "token": box.token}),
            flush=True,
        )
        await asyncio.to_thread(sys.stdin.read)
        numbers = [one["tracking_number"] for one in box.shipments()]
        print(json.dumps({"made": len(numbers), "different": len(set(numbers))}), flush=True)


@dataclass
class Gauge:
    """A screen that prints, as JSON, each stage with the most memory it took, and how many
    shipments are made.
    """

    stage: str = "begin"
    made: int = 0
    began: float = field(default_factory=time.monotonic)

    def say(self, line: str) -> None: ...

    def begin(self, stage: str, total: int | None = None) -> None:
        """The last stage is over."""
        seconds = time.monotonic() - self.began
        print(
            json.dumps({"stage": self.stage, "megabytes": _most(), "seconds": round(seconds, 1)}),
            flush=True,
        )
        self.stage, self.began = stage, time.monotonic()

    def step(self, record: Record) -> None:
        self.made += 1
        if self.made % 500 == 0:
            print(json.dumps({"made": self.made}), flush=True)


def _most() -> float:
    """The most memory since the last call, in megabytes."""
    try:
        with Path("/proc/self/status").open() as status:
            kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
            1 if sys.platform == "linux" else 1024
        )
    return round(kilobytes / 1024, 1)


async def ship(file: Path, settings: dict[str, Any]) -> None:
    """One run of the export; prints its stages, then its summary."""
    gauge = Gauge()
    rules = Settings(
        **settings,
        identity="bench",
        customers_will_be_mailed=True,
        settle=30,
        gates=Gates(hold_above=0),
    )
    tour = await run_files([Job(file)], rules, gauge, StopEvent())
    gauge.begin("")
    stopped = [
        report.stopped or report.held for report in tour.reports if report.stopped or report.held
    ]
    assert not stopped, stopped
    print(json.dumps({"summary": tour.summary}), flush=True)


@contextmanager
def child(*arguments: object) -> Iterator[Popen[str]]:
    """This module, doing one thing in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.backfill", *map(str, arguments)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@dataclass
class Told:
    """What the shipping processes of one export printed."""

    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    made: int = 0
    summary: dict[str, Any] = field(default_factory=dict)

    def add(self, stage: str, megabytes: float, seconds: float) -> None:
        """A stage that comes again, as for what an earlier run has left, is one: its most memory,
        all of its time.
        """
        before = self.stages.get(stage, {"megabytes": 0.0, "seconds": 0.0})
        most, took = max(megabytes, before["megabytes"]), seconds + before["seconds"]
        self.stages[stage] = {"megabytes": most, "seconds": took}
        print(f"  {stage}: {megabytes:,.0f} MB, {seconds:,.1f} s", file=sys.stderr, flush=True)


def shipped(file: Path, settings: dict[str, Any], told: Told, *, kill_at: int = 0) -> None:
    """Run the export; with `kill_at`, only until so many are made."""
    with child("--ship", file, json.dumps(settings)) as process:
        for line in process.stdout or ():
            one = json.loads(line)
            told.made = one.get("made", told.made)
            told.summary = one.get("summary", told.summary)
            if "stage" in one:
                told.add(_short(one["stage"]), one["megabytes"], one["seconds"])
            if kill_at and told.made >= kill_at:
                process.send_signal(signal.SIGKILL)
                break


def _short(stage: str) -> str:
    """Without what differs from run to run: `Looking up`, `Settling`."""
    return re.split(r" (?:\d|\S+\.csv)", stage)[0]


def backfill(rows: int, folder: Path) -> None:
    """A quarter, then the whole, killed and run again; the memory of each stage side by side."""
    small = _backfill(rows // 4, folder / "small", kill=False)
    large = _backfill(rows, folder / "large", kill=True)
    print(f"{'stage':<28}{rows // 4:>12,} rows{rows:>14,} rows")
    for stage, took in large.stages.items():
        before = small.stages.get(stage)
        print(
            f"  {stage:<24}{before['megabytes'] if before else 0:>11,.0f}"
            f" MB{took['megabytes']:>16,.0f} MB{took['seconds']:>9,.1f} s"
        )


def _backfill(rows: int, folder: Path, *, kill: bool) -> Told:
    folder.mkdir()
    file, shipments = folder / "export.csv", rows // 2
    write_export(file, shipments)
    with child("--serve", shipments) as store:
        assert store.stdin
        assert store.stdout
        settings = json.loads(store.stdout.readline()) | {"home": str(folder / "home")}
        told, how = Told(), "run through"
        if kill:
            shipped(file, settings, told, kill_at=shipments // 2)
            how = f"killed after {told.made:,}"
        shipped(file, settings, told)
        store.stdin.close()
        has = json.loads(store.stdout.readline())
    doubled, lost = has["made"] - has["different"], shipments - has["different"]
    assert told.summary["created"] + told.summary["already_created"] == rows, told.summary
    print(f"{rows:,} rows, {shipments:,} shipments, {how}: ", end="")
    print(f"{has['made']:,} made; {doubled} doubled, {lost} lost", flush=True)
    return told


async def build(path: Path, shipments: int) -> None:
    """A ledger in which so many shipments are created."""
    made_at = datetime.now(UTC)
    plan = (
        Shipment(
            FIRST + n,
            7,
            (Item(n * 10, 1),),
            f"T1{n:016}",
            rows=(n + 2,),
            skus=((n * 10, sku(n)),),
            request_key=f"{n:032x}",
        )
        for n in range(shipments)
    )
    async with open_ledger(path) as ledger:
        await ledger.begin(Run("20261123-140328-7f3a", STORE, "backfill.csv", "", "", made_at))
        began = time.monotonic()
        await ledger.plan("20261123-140328-7f3a", plan, [])
        print(f"  plan of {shipments:,}, one transaction {time.monotonic() - began:12.1f} s")
    with closing(sqlite3.connect(path)) as ledger_file, ledger_file:
        ledger_file.execute("UPDATE records SET state = 'intent', attempts = 1")
        for n, state in enumerate(("intent", "created"), 1):
            ledger_file.execute(
                "INSERT INTO attempts (record_id, n, at, state, what, evidence)"
                " SELECT record_id, ?, created_at, ?, ?, '{}' FROM records",
                (n, state, "intent" if n == 1 else "response"),
            )
        ledger_file.execute(
            "UPDATE records SET state = 'created', shipment_id = record_id, made ="
            " json_object('shipment_id', record_id, 'order_id', order_id, 'order_address_id', 7,"
            " 'items', json('[]'), 'tracking_number', label, 'answer', json('{}'))"
        )


def ask(shipments: int, home: Path) -> None:
    """Time the command line's questions on a large ledger."""
    home.mkdir()
    print(f"A ledger of {shipments:,} shipments")
    asyncio.run(build(home / LEDGER, shipments))
    began = time.monotonic()
    asyncio.run(_opened(home / LEDGER))
    print(f"  opened, what is in doubt read {time.monotonic() - began:14.2f} s   at most 1")
    n = shipments // 2
    _find("nothing, in an empty ledger", "1", home / "empty")
    for what, words in (
        ("an order", FIRST + n),
        ("a number", f"T1{n:016}"),
        ("a SKU", sku(n)),
        ("a file", "backfill"),
    ):
        _find(what, str(words), home)


def _find(what: str, words: str, home: Path) -> None:
    began, before = time.monotonic(), _computed()
    environ = os.environ | {"SHIPBATCH_HOME": str(home)}
    run(
        [sys.executable, "-m", "batch", "find", words],
        stdout=DEVNULL,
        stderr=DEVNULL,
        env=environ,
        cwd=ROOT,
    )
    took, computed = time.monotonic() - began, _computed() - before
    print(
        f"  shipbatch find, {what:<28} {took:6.2f} s   at most 2   (CPU {computed:.2f} s)",
        flush=True,
    )


def _computed() -> float:
    """Seconds that children have computed; what else they took they waited, for the disk and for
    other processes.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _opened(path: Path) -> None:
    async with open_ledger(path) as ledger:
        ledger.unsettled_records(STORE)


def main() -> None:
    """Do one part, or all and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.backfill", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=20_000, help="of the export")
    parser.add_argument(
        "--ledger", type=int, default=20_000, help="shipments of the ledger that is asked; 0: none"
    )
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ship", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve))
    elif given.ship:
        asyncio.run(ship(Path(given.ship[0]), json.loads(given.ship[1])))
    else:
        with TemporaryDirectory(prefix="bench-backfill-") as folder:
            if given.rows:
                backfill(given.rows, Path(folder))
            if given.ledger:
                ask(given.ledger, Path(folder) / "asked")


if __name__ == "__main__":
    main()
