"""A night of a fleet: `python -m tests.proofs.fleet --workers 3 --stores 20 --files 100 --weather
4`.

Workers, each on a machine of its own as far as they can tell, ship for many stores out of one
PostgreSQL, while workers are killed and started again, paused for longer than a lease lasts and
woken, and the database is restarted, killed, or does not answer. In the end each store's own list
is compared with what was queued: nothing doubled, nothing lost, a store's files in their order; and
every request to make a shipment came from the process that owned the store at that moment, by the
database's own record of it.

`--pace 10` makes leases, heartbeats and pauses ten times shorter than they are; 1 leaves them.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import signal
import sys
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl  # noqa: F401  imported once, here, and not in every child
import psycopg
import xlsxwriter  # noqa: F401
from aiohttp import web

from batch import fleet  # noqa: F401
from batch.fleet import housekeeping, maintenance, worker
from batch.ledger.postgres import lease
from batch.sandbox import Fault, Faults, Sandbox
from tests.postgres import Postgres, served
from tests.proofs.score import folder
from tests.proofs.world import PLENTY, commanded, ended, forked

ROWS = 3  # shipments of a file
FIRST = 1001  # the first order
LIFE = 7_200  # seconds that a worker may live
PATIENCE = 300.0  # seconds without a file's end: something hangs
TOLD_EVERY = 20.0  # seconds between two lines of progress
GLANCE = 0.1  # seconds between two looks
TOKEN = "sandbox-token"
PLAN = [("kill", 4), ("pause", 3), ("restart", 1), ("crash", 1), ("cut off", 1)]
"""What befalls a fleet, and how often of ten times."""


def main() -> int:
    """One night, and what came of it; 1 where anything was doubled, lost, out of order, or sent by
    no owner.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.fleet", description=__doc__)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--stores", type=int, default=20)
    parser.add_argument("--files", type=int, default=100, help="of each store")
    parser.add_argument(
        "--weather", type=float, default=4.0, help="seconds between two troubles, on the average"
    )
    parser.add_argument("--troubles", type=int, default=10**9, help="so many at most")
    parser.add_argument(
        "--pace", type=float, default=1.0, help="leases and heartbeats so many times shorter"
    )
    parser.add_argument(
        "--one-machine", action="store_true", help="all of one machine, with one SHIPBATCH_HOME"
    )
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    quicken(given.pace)
    # nothing is left behind
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()
    with folder() as place, served() as server:
        dice, together = random.Random(given.seed), given.one_machine
        night = Night(
            place, server, given.workers, given.stores, given.files, dice, given.pace, together
        )
        with stores_of(night) as urls:
            night.begin(urls)
            try:
                night.pass_by(given.weather, given.troubles)
            finally:
                night.end()
            verdict = night.verdict()
    for line in verdict.wrong:
        print(f"FAILED {line}", flush=True)
    print(f"{verdict}, {time.monotonic() - began:.0f} s", flush=True)
    return 0 if verdict.good else 1


def quicken(pace: float) -> None:
    """Everything by which a worker is found to be gone, so many times shorter; also in children
    forked from now on.
    """
    for module, names in (
        (lease, ("LEASE", "RENEW", "MARGIN", "POLL")),
        (maintenance, ("SILENT", "UNOWNED")),
        (housekeeping, ("BEAT", "HELD_EVERY", "DOUBTS_EVERY")),
        (worker, ("LEASE_WAIT", "LATER")),
    ):
        for name in names:
            setattr(module, name, getattr(module, name) / pace)


@dataclass
class Verdict:
    """What a night came to."""

    files: int
    shipments: int
    troubles: Counter[str]
    doubled: int = 0
    lost: int = 0
    disorder: int = 0
    strays: int = 0
    """Requests by a process that did not own the store."""
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.doubled or self.lost or self.disorder or self.strays or self.wrong)

    def __str__(self) -> str:
        troubles = (
            ", ".join(f"{count} × {name}" for name, count in sorted(self.troubles.items()))
            or "no trouble"
        )
        return (
            f"{self.files} files, {self.shipments} shipments; {troubles}: {self.doubled} doubled,"
            f" {self.lost} lost, {self.disorder} out of order, {self.strays} by no owner,"
            f" {len(self.wrong)} wrong"
        )


@dataclass
class Night:
    """Stores, a database, machines with a worker each, and what befalls them."""

    place: Path
    server: Postgres
    workers: int
    stores: int
    files: int
    dice: random.Random
    pace: float
    one_machine: bool = False
    """All workers believe so, and share a home."""
    urls: list[str] = field(default_factory=list)
    database: str = ""
    children: dict[int, int] = field(default_factory=dict)
    """Machine → its worker's process."""
    starts: list[int] = field(default_factory=list)
    """Processes by the number of their start, which their token ends with."""
    paused: dict[int, float] = field(default_factory=dict)
    """Machine → when its worker is woken."""
    troubles: Counter[str] = field(default_factory=Counter)
    _finished: int = 0
    _progress: float = 0.0
    _told: float = 0.0

    def begin(self, urls: Sequence[str]) -> None:
        """Queue everything, with the command; start the workers."""
        self.urls, self.database = list(urls), self.server.fresh()
        lines = ["timeout = 2", "settle = 2", "[gates]", "same_number = 0", "old_days = 0"]
        for number, url in enumerate(urls):
            lines += [f"[stores.s{number}]", f'api_url = "{url}"', f'store_hash = "s{number}"']
        (self.place / "shipbatch").mkdir(mode=0o700)
        (self.place / "shipbatch" / "shipbatch.toml").write_text("\n".join(lines))
        for number in range(self.stores):
            names = [str(self._export(number, k)) for k in range(self.files)]
            child = self._started("queue", ["run", "--queue", "--store", f"s{number}", *names], 0)
            assert ended(child) == 0, self.said()
            if number == 0:
                self._audit()
        for machine in range(self.workers):
            self._start(machine)

    def _export(self, store: int, k: int) -> Path:
        path = self.place / f"s{store}-{k:04}.csv"
        orders = range(FIRST + k * ROWS, FIRST + (k + 1) * ROWS)
        rows = [f"{order},MUG,1,{number_of(order)},UPS" for order in orders]
        path.write_text("\n".join(["Order ID,SKU,Quantity,Tracking Number,Carrier", *rows, ""]))
        return path

    def _audit(self) -> None:
        """From now on the database keeps every change of a store's owner, with the process."""
        with psycopg.connect(self.database, autocommit=True) as link:
            link.execute("""
                CREATE TABLE owned (
                    store text, pid integer, at timestamptz DEFAULT clock_timestamp());
                CREATE FUNCTION owned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                  INSERT INTO public.owned (store, pid)
                  SELECT NEW.store, (SELECT pid FROM shipbatch.runners WHERE runner = NEW.runner);
                  RETURN NEW; END $$;
                CREATE TRIGGER owned AFTER INSERT OR UPDATE OF epoch ON shipbatch.owners
                  FOR EACH ROW EXECUTE FUNCTION owned();
            """)

    def _start(self, machine: int) -> None:
        words = ["worker", "--stores", str(self.stores)]
        name = "machine" if self.one_machine else f"machine-{machine}"
        self.children[machine] = self._started(name, words, len(self.starts))
        self.starts.append(self.children[machine])

    def _started(self, machine: str, words: Sequence[str], number: int) -> int:
        environ = {
            "SHIPBATCH_DATABASE": self.database,
            # other addresses are obeyed from the user's own folder alone
            "XDG_CONFIG_HOME": str(self.place),
            "SHIPBATCH_CONFIG": str(self.place / "shipbatch" / "shipbatch.toml"),
            "SHIPBATCH_HOME": str(self.place / machine),
            "XDG_DATA_HOME": str(self.place / machine / "user"),
            "SHIPBATCH_CRASH_AT": "",
        } | {f"BIGCOMMERCE_ACCESS_TOKEN_S{k}": f"{TOKEN}-{number}" for k in range(self.stores)}
        streams = (self.place / "out", self.place / "err")
        for stream in streams:
            stream.touch()
        return forked(_on, machine, words, environ, self.place, streams)

    def said(self) -> str:
        """What is not the course of things, and the last of that."""
        lines = (self.place / "err").read_text().splitlines()
        odd = [line for line in lines if " http://" not in line]
        return "\n".join([*odd[:40], *lines[-10:]])

    # ── the weather ─────────────────────────────────────────────────────────────────────────

    def pass_by(self, every: float, most: int) -> None:
        """Let it rain until all files are finished."""
        self._progress = time.monotonic()
        due = time.monotonic() + self.dice.expovariate(1 / every)
        while not self._is_over():
            now = time.monotonic()
            for machine in [machine for machine, until in self.paused.items() if now >= until]:
                self._wake(machine)
            if now >= due and self.troubles.total() < most:
                due = now + self.dice.expovariate(1 / every)
                names, weights = zip(*PLAN, strict=True)
                self._befall(self.dice.choices(names, weights)[0])
            time.sleep(GLANCE)

    def _befall(self, trouble: str) -> None:
        awake = [machine for machine in self.children if machine not in self.paused]
        if trouble in {"kill", "pause"}:
            if not awake:
                return
            machine = self.dice.choice(awake)
            if trouble == "kill":
                os.kill(self.children[machine], signal.SIGKILL)
                status = ended(self.children.pop(machine))
                assert status == -signal.SIGKILL, (
                    f"machine {machine} had ended by itself, {status}: {self.said()}"
                )
                self._start(machine)
            else:
                os.kill(self.children[machine], signal.SIGSTOP)
                self.paused[machine] = time.monotonic() + self.dice.uniform(1, 45) / self.pace
        elif trouble == "cut off":
            with self.server.cut_off():
                time.sleep(self.dice.uniform(1, 20) / self.pace)
        else:
            self.server.restart(kill=trouble == "crash")
        self.troubles[trouble] += 1

    def _wake(self, machine: int) -> None:
        del self.paused[machine]
        os.kill(self.children[machine], signal.SIGCONT)

    def _is_over(self) -> bool:
        sql = (
            "SELECT count(*) FILTER (WHERE state IN ('done', 'failed')), count(*) FROM"
            " shipbatch.files"
        )
        try:
            with psycopg.connect(self.database, autocommit=True, connect_timeout=5) as link:
                finished, every = link.execute(sql).fetchone() or (0, 1)
        except psycopg.OperationalError:
            return False
        if finished > self._finished:
            self._finished, self._progress = finished, time.monotonic()
        if time.monotonic() - self._told > TOLD_EVERY:
            self._told = time.monotonic()
            print(f"… {finished} of {every} files, {self.troubles.total()} troubles", flush=True)
        quiet = time.monotonic() - self._progress
        assert quiet < PATIENCE, (
            f"Nothing for {quiet:.0f} s at {finished} of {every}: {self.said()}"
        )
        return bool(finished == every)

    def end(self) -> None:
        """Tell the workers to stop; each ends by itself."""
        for machine in list(self.paused):
            self._wake(machine)
        for child in self.children.values():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)
        statuses = [ended(child) for child in self.children.values()]
        assert set(statuses) <= {128 + signal.SIGTERM, -signal.SIGTERM}, (
            f"{statuses}: {self.said()}"
        )

    # ── the judge ───────────────────────────────────────────────────────────────────────────

    def verdict(self) -> Verdict:
        verdict = Verdict(self.stores * self.files, self.stores * self.files * ROWS, self.troubles)
        with psycopg.connect(self.database) as link:
            owned = link.execute(
                "SELECT store, pid, extract(epoch FROM at)::float8 FROM owned ORDER BY at"
            ).fetchall()
            bad = link.execute(
                "SELECT name, state, told FROM shipbatch.files WHERE state <> 'done'"
            ).fetchall()
            late = link.execute(
                "SELECT DISTINCT store, order_id FROM shipbatch.records JOIN shipbatch.attempts"
                " USING (record_id) WHERE attempts.state = 'in_doubt'"
            ).fetchall()
        verdict.wrong += [f"{name} is {state}: {told}" for name, state, told in bad]
        if "Traceback" in (said := (self.place / "err").read_text()):
            verdict.wrong.append(said[said.index("Traceback") :][:3000])
        doubts = set(late)
        for number, url in enumerate(self.urls):
            store = f"{url}/stores/s{number}"
            made, posts = (
                events_of(self.place / f"truth-{number}"),
                events_of(self.place / f"posts-{number}"),
            )
            orders = [event["order_id"] for event in made]
            numbers = Counter(orders)
            expected = Counter(range(FIRST, FIRST + self.files * ROWS))
            verdict.doubled += (numbers - expected).total()
            verdict.lost += (expected - numbers).total()
            verdict.disorder += disorder(
                [order for order in orders if (store, order) not in doubts]
            )
            verdict.strays += sum(
                1 for _ in self._strays(posts, [row for row in owned if row[0] == store])
            )
        return verdict

    def _strays(
        self, posts: Sequence[dict[str, Any]], owned: Sequence[tuple[str, int, float]]
    ) -> Iterator[dict[str, Any]]:
        moments = [at for _, _, at in owned]
        for post in posts:
            place = bisect_right(moments, post["at"])
            if place == 0 or owned[place - 1][1] != self.starts[post["start"]]:
                yield post


def number_of(order: int) -> str:
    return f"T1{order:012}"


def disorder(orders: Sequence[int]) -> int:
    """How many shipments of a store came before one of an earlier file."""
    files = [(order - FIRST) // ROWS for order in orders]
    return sum(file < before for before, file in pairwise(files))


def events_of(path: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    return [event for event in events if event.get("did", "created") == "created"]


def _on(
    machine: str,
    words: Sequence[str],
    environ: dict[str, str],
    place: Path,
    streams: Sequence[Path],
) -> None:
    """The command, on a machine with a name of its own: nobody elsewhere can tell whether its
    processes live.
    """
    platform.node = lambda: machine
    commanded(words, environ, place, streams, None, LIFE)


# ── the stores ──────────────────────────────────────────────────────────────────────────────


@contextmanager
def stores_of(night: Night) -> Iterator[list[str]]:
    """The stores, in a child that lives as long as this block; yields their addresses."""
    told, tell = os.pipe()
    alive, life = os.pipe()
    child = forked(_serve, night.place, night.stores, night.files, tell, alive, life)
    for mine in (tell, alive):
        os.close(mine)
    try:
        with os.fdopen(told) as lines:
            yield json.loads(lines.readline())
    finally:
        os.close(life)
        os.kill(child, signal.SIGKILL)
        ended(child)


def _serve(place: Path, stores: int, files: int, tell: int, alive: int, life: int) -> None:
    os.close(life)

    async def run() -> None:
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(alive, gone.set)  # its parent has died
        boxes = [_box(place, number, files) for number in range(stores)]
        for box in boxes:
            await box.__aenter__()
        os.write(tell, json.dumps([box.url for box in boxes]).encode() + b"\n")
        await gone.wait()

    asyncio.run(run())


def _box(place: Path, number: int, files: int) -> Sandbox:
    orders = range(FIRST, FIRST + files * ROWS + 1)  # the last one is no file's
    store = {
        "orders": [{"id": o, "lines": [{"id": o, "sku": "MUG", "quantity": 2}]} for o in orders]
    }
    slow = Faults(Fault(delay=0.05, method="POST", probability=0.5))
    box = Sandbox(
        store,
        store_hash=f"s{number}",
        token=TOKEN,
        quota=PLENTY,
        faults=slow,
        event_log=place / f"truth-{number}",
    )
    box.app.middlewares.append(_noting(place / f"posts-{number}"))
    return box


def _noting(path: Path) -> Any:
    """Which start of a worker asks for each shipment: its token ends with it."""
    log = path.open("ab", buffering=0)

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        token, _, start = request.headers.get("X-Auth-Token", "").rpartition("-")
        if request.method == "POST":
            log.write(json.dumps({"at": time.time(), "start": int(start)}).encode() + b"\n")
        headers = request.headers.copy()
        headers["X-Auth-Token"] = token
        answer: web.StreamResponse = await handler(request.clone(headers=headers))
        return answer

    return note


if __name__ == "__main__":
    sys.exit(main())
