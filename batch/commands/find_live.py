"""`find`'s look at the store: a known shipment as it is now, within the time a person waits."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from batch.bigcommerce import Client
from batch.config import Settings
from batch.errors import ShipbatchError
from batch.model import Record, StoreShipment
from batch.model.matching import changes_between

PATIENCE = 1.5  # seconds: what is known is shown within two
MOST = 10  # orders that are asked for


@dataclass(frozen=True, slots=True)
class LiveState:
    """What a store has of some orders now."""

    store: str
    """Empty where none could be asked."""
    shipments: Mapping[int, Sequence[StoreShipment]] = field(default_factory=dict)
    """By order."""
    why: str = ""
    """Why there are none: the store did not say."""

    def of_record(self, record: Record) -> str | None:
        """How a shipment is now, in words; None where it is another store's."""
        if self.why or record.made is None:
            return self.of_order(record.store, record.shipment.order_id)
        if record.store != self.store:
            return None
        seen = self.shipments[record.shipment.order_id]
        now = next((each for each in seen if each.shipment_id == record.made.shipment_id), None)
        if now is None:
            return f"shipment {record.made.shipment_id} is no longer in the store"
        difference = changes_between(record.made, now)
        return (
            f"in the store, changed since: {difference}"
            if difference
            else "in the store, as it was made"
        )

    def of_order(self, store: str, order_id: int) -> str | None:
        """What an order has now, in words; None where it is another store's."""
        if self.store and store != self.store:
            return None
        if self.why:
            return self.why
        count = len(self.shipments[order_id])
        return (
            f"the store has {count or 'no'} shipment{'s' if count != 1 else ''} of order {order_id}"
        )


async def read_live_state(settings: Settings, orders: Collection[tuple[str, int]]) -> LiveState:
    """What the settings' store now has of its own orders among these; or why it does not say."""
    ours = sorted({order_id for store, order_id in orders if store == settings.store})
    if len(ours) > MOST:
        return LiveState(
            settings.store, why=f"the store was not asked: more than {MOST} orders; name one"
        )
    try:
        async with asyncio.timeout(PATIENCE), Client(settings) as client:
            seen = {order_id: await client.shipments(order_id) for order_id in ours}
    except (ShipbatchError, TimeoutError) as error:
        why = str(error) or f"no answer within {PATIENCE:g} s"
        return LiveState(settings.store, why=f"the store was asked in vain: {why}")
    return LiveState(settings.store, seen)
