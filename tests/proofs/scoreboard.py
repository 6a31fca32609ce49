"""shipbatch beside how it is done without, same faults, same kills: `python -m
tests.proofs.scoreboard`.

Each ships the same parcels to a store of its own: shipbatch from an export, a loop of the official
client (installed as `tests/proofs/peers.py` says) and an async script with retries from a
ready-made plan. A share of the orders meets a fault with a POST: made and the answer lost, late,
not made. Each start is killed (SIGKILL) at the same POST, and then started again until it says that
all is done, or has said otherwise so often that its user gives up. What the store holds in the end
is the judge. Both kinds of store: one that refuses to ship more units than an order has, one that
does not. Ends with 1 where shipbatch doubles or loses.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from batch.sandbox import Behaviour, Fault, Faults, Quota, Reply, Sandbox
from tests.proofs import cases, peers
from tests.proofs.cases import Case, Made

ROOT = Path(__file__).parents[2]
SHIPPED = (
    cases.twins,
    cases.two_addresses,
    cases.order_alone,
    cases.bare_order,
    cases.partial,
    cases.partial_unnumbered,
    cases.added_up,
)
MAINTENANCE = Fault(200, performs=0, body='{"message": "Scheduled maintenance"}')
FAULTS = (*cases.BROKEN, MAINTENANCE, Fault(Reply.HANG))
ROOMY = Quota(requests=100_000)
PATIENCE = 4  # starts after the last kill, before a user gives up


@dataclass(frozen=True)
class Contestant:
    """A program that ships, by the name the board has for it."""

    name: str
    command: Callable[[Path], Sequence[str]]
    """Its arguments, given the folder in which its files are."""


def _shipbatch(folder: Path) -> Sequence[str]:
    windows = (f"--timeout={peers.DEADLINE}", f"--settle={peers.DEADLINE}")
    meant = ("--answer=no_line=ship", "--answer=no_number=ship")
    return "batch", "run", str(folder / "export.csv"), "--json", *windows, *meant


def _peer(name: str) -> Callable[[Path], Sequence[str]]:
    return lambda folder: (
        "tests.proofs.peers",
        name,
        str(folder / "plan.json"),
        str(folder / "done"),
    )


SHIPBATCH = Contestant("shipbatch", _shipbatch)
OFFICIAL = Contestant("official client, loop", _peer("official"))
NAIVE = Contestant("async script, 3 tries", _peer("naive"))


@dataclass
class Tally:
    """What it came to, added up over seeds."""

    shipments: int = 0
    doubled: int = 0
    lost: int = 0
    requests: int = 0
    starts: int = 0
    kills: int = 0
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        return (
            f"{self.shipments:9} {self.doubled:8} {self.lost:6} {self.requests:9} "
            f"{self.kills:6} {self.starts:7} {self.seconds:8.1f}"
        )


HEADER = (
    f"{'':24} {'shipments':9} {'doubled':>8} {'lost':>6} {'requests':>9} {'kills':>6} {'starts':>7}"
    f" {'seconds':>8}"
)


@dataclass(frozen=True)
class Round:
    """What each contestant goes through: a store with its faults, parcels, and the POSTs at which
    it is killed.
    """

    case: Case
    kills: Sequence[tuple[int, float]]
    """For each start that is killed: at which of its POSTs, counted from 1, and how many seconds
    after it came.
    """


def round_of(seed: int, *, shipments: int, kills: int, refuses: bool, share: float = 0.4) -> Round:
    """The same for the same arguments; a share of the orders meets a fault."""
    dice, case = random.Random(seed), Case(behaviour=Behaviour(refuses_overshipping=refuses))
    while case.expected.total() < shipments:
        dice.choice(SHIPPED)(case)
    for order in case.orders:
        if dice.random() < share:
            case.faults.append(cases.on_post(dice.choice(FAULTS), order["id"], 1))
    apart = max(1, shipments // (kills + 1))
    return Round(
        case,
        [(dice.randint(1, apart), dice.choice((0.0, dice.uniform(0, 0.02)))) for _ in range(kills)],
    )


class Killing(Faults):
    """A store's faults, which kill the client at a POST of its own."""

    def __init__(self, *rules: Fault) -> None:
        super().__init__(*rules)
        self._posts, self._at, self._kill = 0, 0, _nothing
        self._after = 0.0

    def arm(self, at: int, after: float, kill: Callable[[], None]) -> None:
        """Kill so many seconds after the n-th POST from now has come; 0 seconds: before anything is
        done.
        """
        self._posts, self._at, self._after, self._kill = 0, at, after, kill

    def strike(self, method: str, path: str, ids: tuple[int, ...]) -> Fault | None:
        self._posts += method == "POST"
        if method == "POST" and self._posts == self._at:
            if self._after:
                asyncio.get_running_loop().call_later(self._after, self._kill)
            else:
                self._kill()
        return super().strike(method, path, ids)


def _nothing() -> None:
    pass


async def played(contestant: Contestant, round_: Round) -> Tally:
    """One contestant through one round."""
    case, began = round_.case, time.monotonic()
    faults = Killing(*case.faults)
    box = Sandbox(case.store, behaviour=case.behaviour, quota=ROOMY, faults=faults)
    with TemporaryDirectory(prefix="scoreboard-") as place:
        folder = Path(place)
        case.write(folder / "export.csv")
        (folder / "plan.json").write_text(
            json.dumps([body_of(made) for made in case.expected.elements()])
        )
        async with box:
            start = Start(contestant, folder, box, faults)
            for at, after in round_.kills:
                if await start(at, after) == 0:
                    break
            for _ in range(PATIENCE):
                if await start() == 0:
                    break
            await box.settle()
            made = Counter(map(made_of, box.shipments()))
    return Tally(
        shipments=case.expected.total(),
        doubled=(made - case.expected).total(),
        lost=(case.expected - made).total(),
        requests=len(box.requests),
        starts=start.count,
        kills=start.kills,
        seconds=time.monotonic() - began,
    )


@dataclass
class Start:
    """Starts a contestant, and counts."""

    contestant: Contestant
    folder: Path
    box: Sandbox
    faults: Killing
    count: int = 0
    kills: int = field(default=0)

    async def __call__(self, at: int = 0, after: float = 0.0) -> int:
        """Its exit status; killed at its POST `at`, if it sends so many."""
        box = self.box
        environ = os.environ | {
            "BIGCOMMERCE_API_URL": box.url,
            "BIGCOMMERCE_STORE_HASH": box.store_hash,
            "BIGCOMMERCE_ACCESS_TOKEN": box.token,
            "SHIPBATCH_HOME": str(self.folder / "home"),
            "XDG_DATA_HOME": str(self.folder / "user"),
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / "err").open("wb") as err:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self.contestant.command(self.folder)),
                cwd=self.folder,
                env=environ,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=err,
            )

        def kill() -> None:
            if child.returncode is None:
                child.kill()

        self.faults.arm(at, after, kill)
        status = await child.wait()
        self.faults.arm(0, 0.0, _nothing)
        self.count += 1
        assert status >= 0 or status == -signal.SIGKILL, (self.folder / "err").read_text(
            "utf-8", "replace"
        )
        self.kills += status < 0
        return status


def body_of(made: Made) -> tuple[int, dict[str, Any]]:
    """A planned shipment as a peer posts it."""
    order_id, address_id, number, items = made
    lines = [{"order_product_id": line_id, "quantity": units} for line_id, units in items]
    provider = "ups" if number else ""
    return order_id, {
        "order_address_id": address_id,
        "tracking_number": number,
        "shipping_provider": provider,
        "items": lines,
    }


def made_of(shipment: dict[str, Any]) -> Made:
    """What tells one shipment in the store from another."""
    items = tuple(
        sorted((item["order_product_id"], item["quantity"]) for item in shipment["items"])
    )
    return shipment["order_id"], shipment["order_address_id"], shipment["tracking_number"], items


def contestants() -> Sequence[Contestant]:
    """Those that are installed."""
    if not (peers.OFFICIAL / "bigcommerce").is_dir():
        print(
            "The official client does not take part: python -m pip install --target build/official"
            " bigcommerce"
        )
        return SHIPBATCH, NAIVE
    return SHIPBATCH, OFFICIAL, NAIVE


async def board(
    every: Sequence[Contestant], seeds: Iterable[int], *, shipments: int, kills: int
) -> Tally:
    """Print both tables; shipbatch's tally over both stores."""
    ours, seeds = Tally(), list(seeds)
    for refuses in (True, False):
        kind = "refuses to ship more than was ordered" if refuses else "ships whatever it is asked"
        print(f"\nA store that {kind}:\n{HEADER}", flush=True)
        for contestant in every:
            total = Tally()
            for seed in seeds:
                total.add(
                    await played(
                        contestant,
                        round_of(seed, shipments=shipments, kills=kills, refuses=refuses),
                    )
                )
            print(f"{contestant.name:24} {total}", flush=True)
            if contestant is SHIPBATCH:
                ours.add(total)
    return ours


def main() -> int:
    """Print the board; 1 where shipbatch has doubled or lost a shipment."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.scoreboard", description=__doc__)
    parser.add_argument("--shipments", type=int, default=60, help="of one round")
    parser.add_argument("--kills", type=int, default=4, help="of one round")
    parser.add_argument("--seed", type=int, default=0, help="the first round's")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    # a body that a killed client no longer sends is no error
    logging.getLogger("aiohttp.server").disabled = True
    seeds = range(given.seed, given.seed + given.rounds)
    ours = asyncio.run(board(contestants(), seeds, shipments=given.shipments, kills=given.kills))
    return 1 if ours.doubled or ours.lost else 0


if __name__ == "__main__":
    sys.exit(main())
