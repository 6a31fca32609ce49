"""What a user would write: the official client in a loop, and in sixteen threads.

It comes with a top-level package `tests`, which would stand before ours, and is therefore installed
into a folder of its own: `python -m pip install --target build/official bigcommerce`.
`python -m tests.benchmarks.speed.rivals URL HASH TOKEN THREADS FIRST COUNT` ships so many orders.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.speed.store import ROOT, Place
from tests.proofs.peers import OFFICIAL


def available() -> bool:
    """Whether the official client is there."""
    return (OFFICIAL / "bigcommerce").is_dir()


def run(place: Place, threads: int, first: int, count: int) -> None:
    """In a process of its own, as a script is."""
    given = [place.url, place.store_hash, place.token, str(threads), str(first), str(count)]
    subprocess.run([sys.executable, "-m", __name__, *given], check=True, cwd=ROOT)


def main(url: str, store_hash: str, token: str, threads: int, orders: range) -> None:
    """The order, its products, its addresses, the shipment, as the client's own documentation goes
    about it.
    """
    sys.path.append(str(OFFICIAL))
    from bigcommerce.connection import OAuthConnection
    from bigcommerce.exception import RateLimitingException
    from bigcommerce.resources.orders import Orders, OrderShipments

    class Plain(OAuthConnection):  # type: ignore[misc]
        """The client always says https, and the sandbox is http on this machine; nothing else is
        changed.
        """

        def full_path(self, url: str) -> str:
            return str(super().full_path(url)).replace("https://", "http://", 1)

    host = url.removeprefix("http://")

    def ship(order_id: int, connection: OAuthConnection) -> None:
        order = Orders.get(order_id, connection=connection)
        line, address = order.products()[0], order.shipping_addresses()[0]
        items = [{"order_product_id": line.id, "quantity": 1}]
        number = f"RIVAL{order_id:010}"
        OrderShipments.create(
            order_id,
            connection=connection,
            order_address_id=address.id,
            tracking_number=number,
            items=items,
        )

    def patiently(order_id: int) -> None:
        connection = Plain("client", store_hash, token, host=host)
        while True:
            try:
                return ship(order_id, connection)
            except RateLimitingException as error:
                time.sleep(int(error.retry_after) / 1000)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(patiently, orders))


if __name__ == "__main__":
    url, store_hash, token, threads, first, count = sys.argv[1:]
    main(url, store_hash, token, int(threads), range(int(first), int(first) + int(count)))
