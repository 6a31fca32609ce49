"""What the orders of a store looked like when they were last read, our own shipments since counted in."""

from batch.model import Order, StoreShipment
from batch.model.matching import Baseline
from batch.planning.saved_plan import OrderSnapshot
from batch.planning.trusted_file import UNKNOWN
from batch.primitives.spill import SpillDict


class Baselines:
    """One baseline per order, on disk; whoever has one holds a copy."""

    def __init__(self) -> None:
        self._by_order: SpillDict[Baseline] = SpillDict()

    def record_read(self, order: Order, newest_shipment: int) -> None:
        """The order as the store has it now; `newest_shipment`: the largest id of its shipments, 0 without any."""
        self._by_order[order.order_id] = Baseline(
            newest_shipment,
            {line.order_product_id: line.shipped for line in order.lines},
            None if order.status_id == UNKNOWN else order.status_id,
            {line.order_product_id: line.left for line in order.lines},
        )

    def of(self, order_id: int) -> Baseline | None:
        """What the order held; None where it was not read."""
        return self._by_order.get(order_id)

    def record_made(self, order_id: int, before: Baseline, made: StoreShipment) -> None:
        """The order as it was `before`, with a shipment of ours that the store has confirmed.

        Without it the order's next shipment would find its units moved.
        """
        before.add(made)
        self._by_order[order_id] = before

    def snapshot(self, order_id: int) -> OrderSnapshot:
        """What of it a plan depends on."""
        baseline = self.of(order_id) or Baseline()
        return OrderSnapshot(baseline.status_id, baseline.left)
