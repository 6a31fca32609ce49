"""A small store and a bare client for the sandbox's tests."""

from dataclasses import dataclass
from typing import Any

import aiohttp

from batch.sandbox import Sandbox

STORE = {
    "orders": [
        {
            "id": 100,
            "addresses": [{"id": 1000, "city": "Boston"}, {"id": 1001}],
            "lines": [
                {"id": 1, "sku": "MUG", "quantity": 3, "order_address_id": 1000, "product_id": 77},
                {"id": 2, "sku": "HAT", "quantity": 2, "order_address_id": 1001},
                {"id": 3, "sku": "EBOOK", "type": "digital"},
                {"id": 4, "sku": "GIFT", "type": "giftcertificate"},
                {"id": 5, "sku": "LAMP", "pickup": True},
            ],
        },
        {
            "id": 101,
            "external_id": "AMZ-9",
            "lines": [{"id": 11, "sku": "MUG", "quantity": 5, "quantity_refunded": 2}],
        },
        {
            "id": 105,
            "status_id": 3,
            "lines": [{"id": 21, "sku": "PEN", "quantity": 9, "quantity_shipped": 4}],
            "shipments": [
                {
                    "id": 8,
                    "items": [{"order_product_id": 21, "quantity": 3}],
                    "shipping_provider": "ups",
                }
            ],
        },
    ]
}
"""Three orders: two addresses and every kind of line; refunded units; half shipped."""


def parcel(
    line: int = 1, quantity: object = 1, address: object = 1000, **more: object
) -> dict[str, Any]:
    """The body of a Create Order Shipment for one line."""
    return {
        "order_address_id": address,
        "items": [{"order_product_id": line, "quantity": quantity}],
        **more,
    }


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: Any
    raw: bytes
    json: Any


class Client:
    """Requests below /v2, one connection each."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox, self.session = sandbox, session
        self.base = f"{sandbox.url}/stores/{sandbox.store_hash}/v2"

    async def ask(self, method: str, path: str, **options: Any) -> Answered:
        headers = {"X-Auth-Token": self.sandbox.token, "Accept": "application/json"} | options.pop(
            "headers", {}
        )
        sent = self.session.request(
            method, self.base + path, headers=headers, allow_redirects=False, **options
        )
        async with sent as answer:
            raw = await answer.read()
            as_json = raw and answer.content_type == "application/json"
            return Answered(
                answer.status, answer.headers, raw, await answer.json() if as_json else None
            )

    async def get(self, path: str, **query: Any) -> Answered:
        return await self.ask("GET", path, params=query)

    async def post(self, path: str, body: Any) -> Answered:
        return await self.ask("POST", path, json=body)

    async def put(self, path: str, body: Any) -> Answered:
        return await self.ask("PUT", path, json=body)

    async def delete(self, path: str) -> Answered:
        return await self.ask("DELETE", path)


def session() -> aiohttp.ClientSession:
    """Without kept connections, and so without resent requests."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
