"""How it is done without shipbatch, for the scoreboard: `python -m tests.proofs.peers
official|naive PLAN DONE`.

Both are as careful as people are who write them in an afternoon: what succeeded goes into the file
DONE at once, and is left out when the script is started again. PLAN is JSON, a list of [order id,
body], with order lines and addresses already looked up. The store is told by the environment, as
for shipbatch. Ends with 0 when everything is in DONE.

The official client comes with a top-level package `tests`, which would stand before ours: it is
therefore installed into a folder of its own, `python -m pip install --target build/official
bigcommerce`.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

OFFICIAL = Path(__file__).parents[2] / "build" / "official"
TRIES = 3
DEADLINE = 1.0  # seconds; shipbatch has the same on the scoreboard
Parcel = tuple[int, dict[str, Any]]


class Done:
    """Which of the plan's parcels are known to have been made."""

    def __init__(self, path: Path) -> None:
        self._numbers = {int(line) for line in path.read_text().split()} if path.exists() else set()
        self._file = path.open("a", buffering=1)

    def add(self, number: int) -> None:
        self._numbers.add(number)
        self._file.write(f"{number}\n")

    def left(self, plan: list[Parcel]) -> Iterator[tuple[int, Parcel]]:
        return (
            (number, parcel) for number, parcel in enumerate(plan) if number not in self._numbers
        )


def official(plan: list[Parcel], done: Done) -> None:
    """A loop of the official client, one parcel after the other; what raises is left for the next
    start.
    """
    sys.path.append(str(OFFICIAL))
    from bigcommerce.connection import OAuthConnection
    from bigcommerce.exception import RateLimitingException
    from bigcommerce.resources.orders import OrderShipments

    class Plain(OAuthConnection):  # type: ignore[misc]
        """The client always says https, and the sandbox is http on this machine; nothing else is
        changed.
        """

        def full_path(self, url: str) -> str:
            return str(super().full_path(url)).replace("https://", "http://", 1)

    host = os.environ["BIGCOMMERCE_API_URL"].removeprefix("http://")
    token = os.environ["BIGCOMMERCE_ACCESS_TOKEN"]
    connection = Plain("client", os.environ["BIGCOMMERCE_STORE_HASH"], token, host=host)
    connection.timeout = DEADLINE
    for number, (order_id, body) in list(done.left(plan)):
        try:
            OrderShipments.create(order_id, connection=connection, **body)
        except RateLimitingException as error:
            print(number, repr(error))
            time.sleep(int(error.retry_after) / 1000)
        except Exception as error:  # noqa: BLE001  as it is written
            print(number, repr(error))
        else:
            done.add(number)


async def naive(plan: list[Parcel], done: Done) -> None:
    """All at once with `gather`, each tried up to three times on any error."""
    store = f"{os.environ['BIGCOMMERCE_API_URL']}/stores/{os.environ['BIGCOMMERCE_STORE_HASH']}/v2"
    headers = {"X-Auth-Token": os.environ["BIGCOMMERCE_ACCESS_TOKEN"], "Accept": "application/json"}
    timeout = aiohttp.ClientTimeout(total=DEADLINE)

    async def ship(
        session: aiohttp.ClientSession, number: int, order_id: int, body: dict[str, Any]
    ) -> None:
        for attempt in range(TRIES):
            try:
                async with session.post(
                    f"{store}/orders/{order_id}/shipments", json=body
                ) as response:
                    response.raise_for_status()
                    await response.json()
                done.add(number)
                return
            except Exception as error:  # noqa: BLE001  as it is written
                print(number, repr(error))
                await asyncio.sleep(0.1 * 2**attempt)

    connector = aiohttp.TCPConnector(limit=10)
    async with aiohttp.ClientSession(
        headers=headers, timeout=timeout, connector=connector
    ) as session:
        await asyncio.gather(
            *(ship(session, number, *parcel) for number, parcel in done.left(plan))
        )


def main() -> int:
    """Ship what is left of the plan, the one way or the other."""
    who, path = sys.argv[1], Path(sys.argv[2])
    plan: list[Parcel] = json.loads(path.read_text())
    done = Done(Path(sys.argv[3]))
    if who == "official":
        official(plan, done)
    else:
        asyncio.run(naive(plan, done))
    return 1 if list(done.left(plan)) else 0


if __name__ == "__main__":
    sys.exit(main())
