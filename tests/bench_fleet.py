"""Stores finished in a minute by 1, 2 and 4 workers: `python -m tests.bench_fleet --stores 24 --slots 4`.

Every store answers after 200 ms and has no quota; each has one file in line. A worker serves so many stores side by
side, so that one that waits for its store's answers costs no other its turn. The ideal is what one store takes when
it is alone, times the slots of all workers: a store's file cannot be faster than its own answers.

Figures are ratios within one run: the workers, the stores and PostgreSQL share this machine's processors.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl  # noqa: F401  imported once, here, and not in every child
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
AT_ONCE = 2  # shipments of a store in flight: ten a second, three times what most stores' quota allows
TOKEN = "sandbox-token"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_fleet", description=__doc__)
    parser.add_argument("--stores", type=int, default=24, help="for four workers; fewer for fewer")
    parser.add_argument("--slots", type=int, default=3, help="stores side by side in a worker")
    parser.add_argument("--shipments", type=int, default=100, help="of each store's file")
    given = parser.parse_args()
    with served() as server:
        alone = measured(server, 1, 1, 1, given.shipments)
        print(f"One store alone: {given.shipments} shipments in {alone:.1f} s from its turn to its end", flush=True)
        first = 0.0
        for workers in (1, 2, 4):
            stores = given.stores * workers // 4 or 1
            seconds = measured(server, workers, stores, given.slots, given.shipments)
            rate = stores / seconds * 60
            ideal = workers * given.slots / alone * 60
            first = first or rate
            print(
                f"{workers} worker{'s' if workers > 1 else ' '} × {given.slots} side by side: "
                f"{rate:6.1f} stores a minute, {rate / first:.2f} × one worker, {rate / ideal:.2f} of the ideal",
                flush=True,
            )
    return 0


def measured(server: Postgres, workers: int, stores: int, slots: int, shipments: int) -> float:
    """Seconds from the first turn to the last store's end, workers being up."""
    with folder() as place, stores_of(place, stores, shipments) as urls:
        database = server.fresh()
        lines = [f"workers = {AT_ONCE}", "[gates]", "mail_gate = 0", "hold_above = 0", "same_number = 0"]
        for number, url in enumerate(urls):
            lines += [f"[stores.s{number}]", f'api_url = "{url}"', f'store_hash = "s{number}"']
        (place / "shipbatch.toml").write_text("\n".join(lines))
        export = place / "export.csv"
        rows = [f"{order},MUG,1,1Z{order:012},UPS" for order in range(FIRST, FIRST + shipments)]
        export.write_text("\n".join(["Order ID,SKU,Quantity,Tracking Number,Carrier", *rows, ""]))
        children = [started(place, database, ["worker", "--stores", str(slots)], stores) for _ in range(workers)]
        try:
            until(database, f"SELECT count(*) >= {workers} FROM shipbatch.workers")
            for number in range(stores):
                words = ["run", "--queue", "--store", f"s{number}", str(export)]
                assert ended(started(place, database, words, stores)) == 0, (place / "err").read_text()[-2000:]
            until(database, f"SELECT count(*) = {stores} FROM shipbatch.files WHERE state = 'done'")
        finally:
            for child in children:
                os.kill(child, signal.SIGTERM)
            for child in children:
                ended(child)
        with psycopg.connect(database) as link:
            row = link.execute(
                "SELECT extract(epoch FROM max(ended) - min(began))::float8, count(*) FILTER (WHERE exit_status = 0)"
                " FROM shipbatch.files"
            ).fetchone()
        assert row
        assert row[1] == stores, (place / "err").read_text()[-2000:]
        return float(row[0])


def started(place: Path, database: str, words: list[str], stores: int) -> int:
    environ = {
        "SHIPBATCH_DATABASE": database,
        "SHIPBATCH_CONFIG": str(place / "shipbatch.toml"),
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
def stores_of(place: Path, stores: int, shipments: int) -> Iterator[list[str]]:
    """The stores, in a child that lives as long as this block; yields their addresses."""
    told, tell = os.pipe()
    child = forked(serve, stores, shipments, tell)
    os.close(tell)
    try:
        with os.fdopen(told) as lines:
            yield json.loads(lines.readline())
    finally:
        os.kill(child, signal.SIGKILL)
        ended(child)


def serve(stores: int, shipments: int, tell: int) -> None:
    async def run() -> None:
        orders = range(FIRST, FIRST + shipments + 1)
        data = {"orders": [{"id": o, "lines": [{"id": o, "sku": "MUG", "quantity": 1}]} for o in orders]}
        boxes = [
            Sandbox(data, store_hash=f"s{k}", token=TOKEN, quota=PLENTY, faults=Faults(Fault(delay=LATENCY)))
            for k in range(stores)
        ]
        for box in boxes:
            await box.__aenter__()
        os.write(tell, json.dumps([box.url for box in boxes]).encode() + b"\n")
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
