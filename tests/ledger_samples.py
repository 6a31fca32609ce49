"""Runs, shipments and answers for the ledger's tests."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

from batch.ledger import Ledger
from batch.model import Finding, Item, Outcome, Record, Run, Shipment, State, Status, StoreShipment

STORE = "https://api.bigcommerce.com/stores/abc123"
OTHER_STORE = "https://api.bigcommerce.com/stores/xyz789"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def run_of(run_id: str = "20261123-120000-0001", store: str = STORE) -> Run:
    return Run(run_id, store, f"/exports/{run_id}.csv", "5" * 64, f"/copies/{run_id}.csv", NOON)


def parcel(order_id: int = 100, number: str = "1Z999", **more: Any) -> Shipment:
    """One shipment of an order; its ask is made of the order and the number, unless given."""
    given: dict[str, Any] = {
        "order_address_id": 7,
        "items": (Item(order_id * 10, 2),),
        "shipping_provider": "ups",
        "rows": (order_id,),
        "request_key": f"{order_id}/{number}",
    }
    return Shipment(order_id=order_id, tracking_number=number, **(given | more))


def made(shipment_id: int, shipment: Shipment, **more: Any) -> StoreShipment:
    """The store's shipment for a shipment of ours."""
    return StoreShipment(
        shipment_id,
        shipment.order_id,
        shipment.order_address_id,
        shipment.items,
        **({"tracking_number": shipment.tracking_number} | more),
    )


def created(shipment_id: int, shipment: Shipment, **more: Any) -> Outcome:
    return Outcome(State.CREATED, made(shipment_id, shipment, **more), evidence={"http": 201})


def outcome(state: State) -> Outcome:
    """A move to anything but created."""
    status = Status.REJECTED if state is State.REJECTED else Status.IN_DOUBT
    return Outcome(
        state,
        finding=Finding(status, "code", "what is wrong", "what to do"),
        evidence={"http": 502},
    )


async def planned(ledger: Ledger, run_id: str, shipments: Sequence[Shipment]) -> list[Record]:
    """Plan these shipments of a run; their records."""
    return list(ledger.planned_records(run_id, await ledger.plan(run_id, shipments, [])))


async def all_of(*writes: Coroutine[Any, Any, Any]) -> list[Any]:
    """Await many writes together; their results or exceptions."""
    return await asyncio.gather(*writes, return_exceptions=True)
