"""What earlier runs left in doubt, settled beside the work: its orders wait, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress

from batch.errors import ShipbatchError
from batch.model import Record, RowNote, Run, Status
from batch.pipeline.session import StoreSession
from batch.pipeline.shipping.reconciler import Reconciler

PATIENCE = 2.0  # seconds in which the first look may spare us to wait with an order; a store may be slow to answer it
FEW = 8  # looks side by side: the work's own requests stand in line behind no more


class Earlier:
    """Doubts of earlier runs that are being settled; nothing where there are none."""

    def __init__(self, doubts: Sequence[Record] = (), settling: "asyncio.Task[None] | None" = None) -> None:
        self._doubts, self._settling = doubts, settling
        self.orders = frozenset(record.shipment.order_id for record in doubts)
        self._has_held = False

    def holds(self, record: Record) -> bool:
        """Whether a shipment has to wait: its order was not known for sure when it was judged."""
        held = record.shipment.order_id in self.orders
        self._has_held = self._has_held or held
        return held

    def asks(self, notes: Iterable[RowNote]) -> frozenset[str]:
        """The parcels that a plan has met as one of them."""
        ids = {record.record_id for record in self._doubts}
        if not ids:
            return frozenset()
        return frozenset(n.request_key for n in notes if n.record_id in ids and n.finding.status is Status.IN_DOUBT)

    def concerns(self, run: Run) -> bool:
        """Whether anything of a run waits for them, or is one of them."""
        return self._has_held or any(record.run_id == run.run_id for record in self._doubts)

    async def over(self) -> None:
        """Wait until they are settled, as far as they can be now; nothing has to wait for them any more."""
        if self._settling:
            await self._settling
        self.orders, self._doubts, self._has_held = frozenset(), (), False


@asynccontextmanager
async def settled_beside(
    session: StoreSession, reconciler: Reconciler, *, patience: float | None, whole: bool
) -> AsyncIterator[Earlier]:
    """A store's doubts, looked at before the block begins where that takes no longer than `patience`; None: ever.

    What is not there is looked for again beside the block, which ends without waiting for that. `whole`: before it.
    """
    ledger, store = session.ledger, session.settings.store
    looked = asyncio.Event()
    settling = asyncio.create_task(reconciler.settle(ledger.unsettled_records(store), looked.set, at_once=FEW))
    settling.add_done_callback(lambda _: looked.set())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await looked.wait()
        if whole or settling.done():
            await settling
            yield Earlier()
            return
        yield Earlier(ledger.unsettled_records(store), settling)
    finally:
        settling.cancel()
        await asyncio.wait([settling])
    if not settling.cancelled() and (error := settling.exception()):
        if not isinstance(error, ShipbatchError):
            raise error
        session.stop.set(str(error), error.todo)
