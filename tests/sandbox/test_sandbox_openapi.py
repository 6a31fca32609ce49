"""The sandbox against the published description of the API, where that is at hand."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_client import STORE, Client, parcel, session

from batch.sandbox import Sandbox

DESCRIPTION = Path(__file__).parents[3] / "shared" / "reference" / "openapi_orders_v2.yaml"
ORIGIN = "https://api.bigcommerce.com"
OBJECT = {"include": "consignments.line_items", "consignment_structure": "object"}

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="the description of the API is not at hand"
)


@pytest.fixture(scope="module")
def api() -> Any:
    yaml, openapi = pytest.importorskip("yaml"), pytest.importorskip("openapi_core")
    return openapi.OpenAPI.from_dict(_satisfiable(yaml.safe_load(DESCRIPTION.read_text("utf-8"))))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Sandbox(STORE) as sandbox, session() as opened:
        yield Client(sandbox, opened)


def _satisfiable(node: Any) -> Any:
    """The description less two slips: alternatives that overlap (`oneOf`), a body for 204
    (`content: {}`).
    """
    if isinstance(node, dict):
        kept = {name: value for name, value in node.items() if (name, value) != ("content", {})}
        return {
            ("anyOf" if name == "oneOf" else name): _satisfiable(value)
            for name, value in kept.items()
        }
    return [_satisfiable(value) for value in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/orders", {"min_id": "100", "limit": "250", "sort": "id", **OBJECT}),
        ("/orders", {"external_order_id": "AMZ-9", "status_id": "11", "page": "1"}),
        ("/orders", {"include": "consignments,fees", "consignment_structure": "object"}),
        ("/orders/count", {"min_id": "101"}),
        ("/orders/100", {}),
        ("/orders/100", OBJECT),
        ("/orders/9", {}),
        ("/orders/100/products", {"limit": "250"}),
        ("/orders/100/products/1", {}),
        ("/orders/100/shipping_addresses", {}),
        ("/orders/100/shipping_addresses/1000", {}),
        ("/orders/100/consignments", {}),
        ("/orders/100/consignments", {"include": "consignments.line_items"}),
        ("/orders/9/consignments", {}),
        ("/orders/100/shipments", {"page": "2"}),
        ("/orders/105/shipments", {"limit": "250"}),
        ("/orders/105/shipments/count", {}),
        ("/orders/105/shipments/8", {}),
        ("/order_statuses", {}),
        ("/order_statuses/2", {}),
    ],
)
async def test_reads_are_as_described(
    client: Client, api: Any, path: str, query: dict[str, str]
) -> None:
    """Path, parameters and every field of the answer."""
    await _checked(client, api, "GET", path, query)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        (
            "POST",
            "/orders/100/shipments",
            parcel(tracking_number="1Z", shipping_provider="ups", comments="x"),
            201,
        ),
        (
            "POST",
            "/orders/100/shipments",
            parcel(tracking_link="https://t.example", shipping_provider=""),
            201,
        ),
        (
            "PUT",
            "/orders/105/shipments/8",
            {"tracking_number": "B", "merchant_shipping_cost": "1.0000"},
            200,
        ),
        ("PUT", "/orders/100", {"status_id": 9}, 200),
        ("DELETE", "/orders/105/shipments/8", None, 204),
        ("DELETE", "/orders/105/shipments", None, 204),
    ],
)
async def test_changes_are_as_described(
    client: Client, api: Any, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    """The body asked with, and the body answered."""
    assert await _checked(client, api, method, path, {}, body) == status


async def _checked(
    client: Client,
    api: Any,
    method: str,
    path: str,
    query: dict[str, str],
    body: dict[str, Any] | None = None,
) -> int:
    """Ask, and hold request and answer against the description; returns the answer's status."""
    testing = pytest.importorskip("openapi_core.testing")
    raw = None if body is None else json.dumps(body).encode()
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-Auth-Token": client.sandbox.token,
    }
    request = testing.MockRequest(
        ORIGIN,
        method.lower(),
        f"/stores/{client.sandbox.store_hash}/v2{path}",
        args=query,
        headers=headers,
        data=raw,
    )
    api.validate_request(request)
    answer = await client.ask(method, path, params=query, data=raw, headers=headers)
    kind = answer.headers.get("Content-Type", "application/json")
    api.validate_response(
        request, testing.MockResponse(answer.raw, answer.status, dict(answer.headers), kind)
    )
    return answer.status
