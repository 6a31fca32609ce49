"""The store's lines that can ship, as a workbook to be filled in."""

import asyncio
from pathlib import Path

from batch.bigcommerce.order_pages import orders_of_status
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
        for order in await orders_of_status(session.client, status, min_id=min_id):
            orders[order.order_id] = await session.client.whole(order)
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
