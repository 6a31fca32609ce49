"""Stores finished in a minute by 1, 2 and 4 workers: `python -m tests.benchmarks.fleet --stores 24
--slots 4`.

Every store answers after 200 ms and has no quota; each has one file in line. A worker serves so
many stores side by side, so that one that waits for its store's answers costs no other its turn.
The ideal is what one store takes when it is alone, times the slots of all workers: a store's file
cannot be faster than its own answers.

`--cost 2000` measures instead what one shipment costs the database: processor time, bytes of its
log, bytes kept.

Figures are ratios within one run: the workers, the stores and PostgreSQL share this machine's
processors.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import openpyxl  # noqa: F401  imported once, here, and not in every child
import psutil
import psycopg
import xlsxwriter  # noqa: F401

from batch import fleet  # noqa: F401
from batch.sandbox import Fault, Faults, Sandbox
from tests.postgres import Postgres, served
from tests.proofs.score import folder
from tests.proofs.world import PLENTY, commanded, ended, forked

LATENCY = 0.2  # seconds of a store's answer
FIRST = 1001  # the first order
GLANCE = 0.02  # seconds between two looks
# shipments of a store in flight: ten a second, three times what most stores' quota allows
AT_ONCE = 2
TOKEN = "sandbox-token"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fleet", description=__doc__)
    parser.add_argument("--stores", type=int, default=24, help="for four workers; fewer for fewer")
    parser.add_argument("--slots", type=int, default=3, help="stores side by side in a worker")
    parser.add_argument("--shipments", type=int, default=100, help="of each store's file")
    parser.add_argument(
        "--cost", type=int, default=0, metavar="SHIPMENTS", help="of so many, what each costs"
    )
    given = parser.parse_args()
    with served() as server:
        if given.cost:
            print_cost(server, given.cost)
            return 0
        alone = measured(server, 1, 1, 1, given.shipments)
        print(
            f"One store alone: {given.shipments} shipments in {alone:.1f} s from its turn to its"
            " end",
            flush=True,
        )
        first = 0.0
        for workers in (1, 2, 4):
            stores = given.stores * workers // 4 or 1
            seconds = measured(server, workers, stores, given.slots, given.shipments)
            rate = stores / seconds * 60
            ideal = workers * given.slots / alone * 60
            first = first or rate
            print(
                f"{workers} worker{'s' if workers > 1 else ' '} × {given.slots} side by side:"
                f" {rate:6.1f} stores a minute, {rate / first:.2f} × one worker, {rate / ideal:.2f}"
                " of the ideal",
                flush=True,
            )
    return 0


def print_cost(server: Postgres, shipments: int) -> None:
    """What the database does for the shipments of one file, less what it does for a file of a tenth
    of them.
    """
    few, many = spent(server, shipments // 10), spent(server, shipments)
    each = [
        (more - less) / (shipments - shipments // 10) for less, more in zip(few, many, strict=True)
    ]
    print(
        f"{shipments} shipments: each {1e3 * each[0]:.2f} ms of the database's processors,"
        f" {each[1] / 1024:.1f} KiB of log, {each[2] / 1024:.1f} KiB kept, {each[3]:.2f}"
        " transactions",
        flush=True,
    )


def spent(server: Postgres, shipments: int) -> tuple[float, float, float, float]:
    """Processor seconds, bytes of log, bytes kept, transactions that one file's way takes."""
    before = _counters(server)
    measured(server, 1, 1, 1, shipments, at_once=32, latency=0.005)
    cpu, log, size, commits = (
        now - then for now, then in zip(_counters(server), before, strict=True)
    )
    return cpu, log, size, commits


def _counters(server: Postgres) -> tuple[float, float, float, float]:
    head, *others = server._processes()
    times = head.cpu_times()
    cpu = times.user + times.system + times.children_user + times.children_system
    for process in others:
        with suppress(psutil.NoSuchProcess):
            cpu += sum(process.cpu_times()[:2])
    with psycopg.connect(server.url(), autocommit=True) as link:
        link.execute("CHECKPOINT")
        row = link.execute(
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8,"
            " (SELECT sum(pg_database_size(oid)) FROM pg_database)::float8,"
            " (SELECT sum(xact_commit) FROM pg_stat_database)::float8"
        ).fetchone()
    assert row
    return cpu, *row


def measured(
    server: Postgres,
    workers: int,
    stores: int,
    slots: int,
    shipments: int,
    *,
    at_once: int = AT_ONCE,
    latency: float = LATENCY,
) -> float:
    """Seconds from the first turn to the last store's end, workers being up."""
    with folder() as place, stores_of(stores, shipments, latency) as urls:
        database = server.fresh()
        lines = [
            f"workers = {at_once}",
            "[gates]",
            "mail_gate = 0",
            "hold_above = 0",
            "same_number = 0",
        ]
        for number, url in enumerate(urls):
            lines += [f"[stores.s{number}]", f'api_url = "{url}"', f'store_hash = "s{number}"']
        (place / "shipbatch").mkdir(mode=0o700)
        (place / "shipbatch" / "shipbatch.toml").write_text("\n".join(lines))
        export = place / "export.csv"
        rows = [f"{order},MUG,1,1Z{order:012},UPS" for order in range(FIRST, FIRST + shipments)]
        export.write_text("\n".join(["Order ID,SKU,Quantity,Tracking Number,Carrier", *rows, ""]))
        children = [
            started(place, database, ["worker", "--stores", str(slots)], stores)
            for _ in range(workers)
        ]
        try:
            until(database, f"SELECT count(*) >= {workers} FROM shipbatch.workers")
            for number in range(stores):
                words = ["run", "--queue", "--store", f"s{number}", str(export)]
                assert ended(started(place, database, words, stores)) == 0, (
                    place / "err"
                ).read_text()[-2000:]
            until(database, f"SELECT count(*) = {stores} FROM shipbatch.files WHERE state = 'done'")
        finally:
            for child in children:
                os.kill(child, signal.SIGTERM)
            for child in children:
                ended(child)
        with psycopg.connect(database) as link:
            row = link.execute(
                "SELECT extract(epoch FROM max(ended) - min(began))::float8, count(*) FILTER (WHERE"
                " exit_status = 0) FROM shipbatch.files"
            ).fetchone()
        assert row
        assert row[1] == stores, (place / "err").read_text()[-2000:]
        return float(row[0])


def started(place: Path, database: str, words: list[str], stores: int) -> int:
    environ = {
        "SHIPBATCH_DATABASE": database,
        # other addresses are obeyed from the user's own folder alone
        "XDG_CONFIG_HOME": str(place),
        "SHIPBATCH_CONFIG": str(place / "shipbatch" / "shipbatch.toml"),
        "SHIPBATCH_HOME": str(place / "home"),
        "XDG_DATA_HOME": str(place / "user"),
        "SHIPBATCH_CRASH_AT": "",
    } | {f"BIGCOMMERCE_ACCESS_TOKEN_S{k}": TOKEN for k in range(stores)}
    streams = (place / "out", place / "err")
    for stream in streams:
        stream.touch()
    return forked(commanded, words, environ, place, streams, None, 3_600)


def until(database: str, question: str) -> None:
    """Wait for a yes of the database."""
    while True:
        try:
            with psycopg.connect(database, autocommit=True) as link:
                answer = link.execute(question.encode()).fetchone()
        except psycopg.errors.UndefinedTable:
            answer = None
        if answer and answer[0]:
            return
        time.sleep(GLANCE)


@contextmanager
def stores_of(stores: int, shipments: int, latency: float) -> Iterator[list[str]]:
    """The stores, in a child that lives as long as this block; yields their addresses."""
    told, tell = os.pipe()
    child = forked(serve, stores, shipments, latency, tell)
    os.close(tell)
    try:
        with os.fdopen(told) as lines:
            yield json.loads(lines.readline())
    finally:
        os.kill(child, signal.SIGKILL)
        ended(child)


def serve(stores: int, shipments: int, latency: float, tell: int) -> None:
    async def run() -> None:
        orders = range(FIRST, FIRST + shipments + 1)
        data = {
            "orders": [{"id": o, "lines": [{"id": o, "sku": "MUG", "quantity": 1}]} for o in orders]
        }
        boxes = [
            Sandbox(
                data,
                store_hash=f"s{k}",
                token=TOKEN,
                quota=PLENTY,
                faults=Faults(Fault(delay=latency)),
            )
            for k in range(stores)
        ]
        for box in boxes:
            await box.__aenter__()
        os.write(tell, json.dumps([box.url for box in boxes]).encode() + b"\n")
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
