"""A warehouse for the real command: a store that this process serves, and the command as a process
of its own.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch.sandbox import Quota, Sandbox

ROOT = Path(__file__).parents[2]
PLENTY = Quota(requests=1_000_000)
GLANCE = 0.01  # seconds between two looks at a condition


def proved(*command: str) -> str:
    """What a proof prints; it has found nothing doubled, lost or unaccounted for."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@dataclass
class Running:
    """A command under way."""

    process: Process
    told: str = ""
    """On standard error, as far as it was listened to."""

    async def heard(self, words: str) -> str:
        """Wait for a line on standard error with these words in it."""
        assert self.process.stderr is not None
        while words not in (line := (await self.process.stderr.readline()).decode()):
            self.told += line
            assert line, f"It ended without a word of {words!r}: {self.told}"
        self.told += line
        return line

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to have happened; it must not have ended before."""
        while not condition():
            assert self.process.returncode is None, (await self.end()).err
            await asyncio.sleep(GLANCE)

    def tell(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def end(self) -> "Done":
        out, err = await self.process.communicate()
        return Done(self.process.returncode or 0, out.decode(), err.decode())


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.out)
        return told


@dataclass(frozen=True)
class Warehouse:
    """A store, an export of all it has to ship, and a home."""

    box: Sandbox
    folder: Path

    @property
    def export(self) -> Path:
        return self.folder / "export.csv"

    async def start(self, *command: str, home: str = "home", into: int = PIPE) -> Running:
        """Start a command; without one, the export's run. What it says goes `into` a file's
        descriptor, or to us.
        """
        environ = os.environ | {
            "BIGCOMMERCE_API_URL": self.box.url,
            "BIGCOMMERCE_STORE_HASH": self.box.store_hash,
            "BIGCOMMERCE_ACCESS_TOKEN": self.box.token,
            "SHIPBATCH_HOME": str(self.folder / home),
            "XDG_DATA_HOME": str(self.folder / "user"),
            "PYTHONPATH": str(ROOT),
        }
        words = command or ("run", str(self.export), "--json")
        started = asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "batch",
            *words,
            cwd=self.folder,
            env=environ,
            stdout=into,
            stderr=into,
        )
        return Running(await started)

    async def run(self, *options: str, home: str = "home") -> Done:
        """Run the export to its end."""
        return await (
            await self.start("run", str(self.export), "--json", *options, home=home)
        ).end()

    async def posted(self, by: Running, times: int = 1) -> None:
        """Wait until so many shipments have been asked for."""
        await by.until(lambda: self.box.counts["POST /orders/{}/shipments"] >= times)

    @property
    def shipped(self) -> Counter[str]:
        """How many shipments the store has, by their numbers."""
        return Counter(shipment["tracking_number"] for shipment in self.box.shipments())


def orders(count: int) -> dict[str, Any]:
    """A store with so many orders of one unit, and a last one that no export names."""
    return {
        "orders": [
            {"id": 1001 + k, "lines": [{"id": 1 + k, "sku": "MUG", "quantity": 1}]}
            for k in range(count + 1)
        ]
    }


def numbers(count: int) -> list[str]:
    return [f"T1{1001 + k}" for k in range(count)]


def write_export(path: Path, count: int) -> None:
    """One row an order, each with its own number."""
    rows = [f"{1001 + k},MUG,1,{number},UPS" for k, number in enumerate(numbers(count))]
    path.write_text("\n".join(["Order ID,SKU,Quantity,Tracking Number,Carrier", *rows, ""]))
