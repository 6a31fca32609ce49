"""The store's lines that can ship, as a workbook to be filled in."""

import asyncio
from pathlib import Path

from batch.bigcommerce.client import PAGE
from batch.commands.answer import CommandResult
from batch.loader.cells.carrier_codes import brands
from batch.model import Order
from batch.pipeline.session import StoreSession
from batch.results.template import shippable, write_template

SHIPPING_STATUSES = (11, 9, 3)
"""Awaiting Fulfillment, Awaiting Shipment, Partially Shipped: the orders a warehouse works on."""

NATIVE = 6
"""Carriers at the head of the package's table that the API knows by a code of their own."""


async def write_template_file(
    session: StoreSession, path: Path, *, statuses: tuple[int, ...], min_id: int
) -> CommandResult:
    """Write a template of all lines that can ship, of orders in these statuses from `min_id` on."""
    orders: dict[int, Order] = {}
    for status in statuses:
        session.screen.begin(f"Reading orders in status {status}")
        orders |= {order.order_id: order for order in await _orders(session, status, min_id)}
    lines = list(shippable(orders[order_id] for order_id in sorted(orders)))
    made = await asyncio.to_thread(write_template, lines, path, carrier_list())
    data = {
        "orders": len({order.order_id for order, _ in lines}),
        "lines": len(lines),
        "template": str(made),
    }
    counts = f"{data['lines']} lines of {data['orders']} orders"
    said = f"{counts} can ship ({session.client.requests} requests)."
    return CommandResult(
        (said, f"Template: {made}", f"Filled in, it ships with: shipbatch run {made}"), data
    )


def carrier_list() -> list[str]:
    """Carriers to choose from: those the API knows first, then by the alphabet."""
    names = brands()
    return [*names[:NATIVE], *sorted(names[NATIVE:], key=str.casefold)]


async def _orders(session: StoreSession, status: int, min_id: int) -> list[Order]:
    """All orders in a status, a page a request."""
    found: list[Order] = []
    start = min_id
    while page := await session.client.orders(min_id=start, limit=PAGE, status_id=status):
        found += [await session.client.whole(order) for order in page if not order.deleted]
        start = max(order.order_id for order in page) + 1
    return found
