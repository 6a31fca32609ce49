"""`find`'s look at the store: how a shipment that the ledger knows is now, within the time a person waits."""

import asyncio
from collections.abc import Mapping, Sequence

from batch.bigcommerce import Client
from batch.config import Settings
from batch.errors import ShipbatchError
from batch.matching import changed
from batch.model import Record, StoreShipment

PATIENCE = 1.5  # seconds: what is known is shown within two
MOST = 10  # orders that are asked for


async def traced(settings: Settings, records: Sequence[Record]) -> Mapping[int, str]:
    """What the store says now of these records, by their id; where it does not say, that, and why."""
    ours = [record for record in records if record.store == settings.store]
    orders = list(dict.fromkeys(record.shipment.order_id for record in ours))
    if len(orders) > MOST:
        why = f"the store was not asked: more than {MOST} orders; name one"
        return {record.record_id: why for record in ours}
    try:
        async with asyncio.timeout(PATIENCE), Client(settings) as client:
            seen = {order_id: await client.shipments(order_id) for order_id in orders}
    except (ShipbatchError, TimeoutError) as error:
        why = str(error) or f"no answer within {PATIENCE:g} s"
        return {record.record_id: f"the store was asked in vain: {why}" for record in ours}
    return {record.record_id: _now(record, seen[record.shipment.order_id]) for record in ours}


def _now(record: Record, seen: Sequence[StoreShipment]) -> str:
    if record.made is None:
        count = len(seen)
        return f"the store has {count or 'no'} shipment{'s' if count != 1 else ''} of order {record.shipment.order_id}"
    now = next((each for each in seen if each.shipment_id == record.made.shipment_id), None)
    if now is None:
        return f"shipment {record.made.shipment_id} is no longer in the store"
    difference = changed(record.made, now)
    return f"in the store, changed since: {difference}" if difference else "in the store, as it was made"
