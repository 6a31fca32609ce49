"""A sandbox as a process of its own: `python -m batch.sandbox ORDERS.json`."""

import argparse
import asyncio
import contextlib
import json
import sys
from pathlib import Path

from batch.sandbox.faults import Faults
from batch.sandbox.orders import load_orders
from batch.sandbox.server import Sandbox, serve


def main() -> None:
    """Serve until stopped; the first line on stdout is a JSON object of url, store_hash and token."""
    parser = argparse.ArgumentParser(prog="python -m batch.sandbox", description=__doc__)
    parser.add_argument("orders", type=Path, help="the store's orders, a JSON file")
    parser.add_argument("--event-log", type=Path, help="file that keeps what was made, across processes")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--faults", type=Path, help="JSON file with a list of faults")
    parser.add_argument("--seed", type=int, default=0, help="of the faults' dice")
    given = parser.parse_args()
    faults = Faults.of(json.loads(given.faults.read_text("utf-8")), given.seed) if given.faults else None
    sandbox = Sandbox(load_orders(given.orders), faults=faults, event_log=given.event_log, port=given.port)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(sandbox, _announce))


def _announce(sandbox: Sandbox) -> None:
    known = {"url": sandbox.url, "store_hash": sandbox.store_hash, "token": sandbox.token}
    sys.stdout.write(json.dumps(known) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
