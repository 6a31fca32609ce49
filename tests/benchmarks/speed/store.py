"""A store for the benchmark: the sandbox in a process of its own, which notes when each request
came.

`python -m tests.benchmarks.speed.store SPEC` prints its address as JSON, serves until its input
ends, and then prints what came, a JSON list of [seconds, method, path, status].
"""

import asyncio
import json
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import aiohttp

from batch.sandbox import Fault, Faults, Quota, Sandbox
from batch.sandbox.quota import Window

ROOT = Path(__file__).parents[3]
OTHER = "/orders/1/shipments/count"  # what the second client asks for, and nobody else does
UNLIMITED = 0


@dataclass(frozen=True, slots=True)
class Spec:
    """Which orders a store has, and how it answers."""

    orders: int = 1000
    first: int = 1001
    quota: int = UNLIMITED
    window: float = 30.0
    """Seconds."""
    latency: float = 0.0
    """Seconds until an answer begins."""
    others: float = 0.0
    """Share of the quota that a second client takes, at random moments."""
    quantity: int = 3

    def document(self) -> dict[str, Any]:
        """The orders, as the sandbox takes them: one line each, its id ten, its address a hundred
        times the order's.
        """
        ids = range(self.first, self.first + self.orders)
        orders = [
            {
                "id": n,
                "addresses": [{"id": n * 100}],
                "lines": [{"id": n * 10, "sku": "MUG", "quantity": self.quantity}],
            }
            for n in ids
        ]
        return {"orders": [{"id": 1, "lines": [{"id": 1, "sku": "X", "quantity": 1}]}, *orders]}


@dataclass(frozen=True, slots=True)
class Came:
    """One request, as the store saw it."""

    at: float
    method: str
    path: str
    status: int

    @property
    def other(self) -> bool:
        """Whether it is the second client's."""
        return self.path.split("?")[0].endswith(OTHER)


@dataclass(slots=True)
class Place:
    """Where a store answers; `came` is filled when it has ended."""

    url: str
    store_hash: str
    token: str
    came: list[Came] = field(default_factory=list)

    @property
    def ours(self) -> list[Came]:
        """What came from who is measured."""
        return [one for one in self.came if not one.other]


@contextmanager
def serving(spec: Spec) -> Iterator[Place]:
    """A store, until the block ends."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(spec))]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdin
        place = Place(**json.loads(process.stdout.readline()))
        try:
            yield place
        finally:
            process.stdin.close()
            place.came += [Came(*one) for one in json.loads(process.stdout.readline() or "[]")]


class Clocked(Window):
    """A window that notes when it was asked for room."""

    def __init__(self, quota: Quota) -> None:
        super().__init__(quota)
        self.at: list[float] = []

    def spend(self, now: float) -> bool:
        self.at.append(now)
        return super().spend(now)


async def serve(spec: Spec) -> None:
    """Serve until standard input ends."""
    faults = Faults(Fault(delay=spec.latency)) if spec.latency else Faults()
    async with Sandbox(spec.document(), faults=faults) as box:
        window = box._window = Clocked(Quota(spec.quota or 1_000_000_000, spec.window))
        print(
            json.dumps({"url": box.url, "store_hash": box.store_hash, "token": box.token}),
            flush=True,
        )
        second = asyncio.create_task(_second_client(box, spec)) if spec.others else None
        await asyncio.to_thread(sys.stdin.read)
        if second:
            second.cancel()
        print(
            json.dumps([[at, *one] for at, one in zip(window.at, box.requests, strict=False)]),
            flush=True,
        )


async def _second_client(box: Sandbox, spec: Spec) -> None:
    """Another app of the store's: as many requests as its share, at random moments."""
    dice = random.Random(1)
    rate = spec.quota * spec.others / spec.window
    async with aiohttp.ClientSession(headers={"X-Auth-Token": box.token}) as session:
        while True:
            await asyncio.sleep(dice.expovariate(rate))
            async with session.get(f"{box.url}/stores/{box.store_hash}/v2{OTHER}"):
                pass


if __name__ == "__main__":
    asyncio.run(serve(Spec(**json.loads(sys.argv[1]))))
