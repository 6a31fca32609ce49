"""A plan made durable, posted, settled, and posted again where nothing was made."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from math import ceil

from batch.bigcommerce.client import PAGE
from batch.errors import LedgerError, StoreStopped, Unreadable
from batch.loader.load import Load
from batch.model import Record, RowNote, Run, Shipment
from batch.pipeline.baselines import Baselines
from batch.pipeline.estimate import Estimate, Work
from batch.pipeline.job import Job
from batch.pipeline.plan import Plan
from batch.pipeline.planner import Planner
from batch.pipeline.run_context import RunContext
from batch.pipeline.session import StoreSession
from batch.pipeline.shipping.corrections import Corrector
from batch.pipeline.shipping.dispatcher import Dispatcher
from batch.pipeline.shipping.earlier_doubts import PATIENCE, Earlier, settled_beside
from batch.pipeline.shipping.reconciler import Reconciler
from batch.primitives.concurrency import Reiterable

MOST = 2**31 - 2  # shipments of a run
_SETTLING = "Settling {} shipments that an earlier run left in doubt"
Later = Callable[[], Awaitable[range | None]]
ROUNDS = 3  # of posting and settling, before what is still open is left to the next run


class Shipper:
    """Brings the plans of one store to their outcomes."""

    def __init__(self, session: StoreSession, baselines: Baselines) -> None:
        self._session, self._baselines = session, baselines
        self._client, self._ledger, self._settings = session.client, session.ledger, session.settings
        self._screen, self._stop = session.screen, session.stop
        self._reconciler = Reconciler(session, baselines)
        self._earlier = Earlier()
        self._patient_until: float | None = None

    @asynccontextmanager
    async def settling(self, *, looked: bool = False, whole: bool = False) -> AsyncIterator[None]:
        """While the block lasts, what earlier runs left in doubt is settled, and its orders wait for that.

        The block begins when each was looked at, or patience has ended, which is had once; `looked`: not before
        that; `whole`: when all are settled.
        """
        if not (doubts := self._ledger.unsettled_records(self._settings.store)):
            yield
            return
        self._screen.begin(_SETTLING.format(len(doubts)))
        now = asyncio.get_running_loop().time()
        self._patient_until = self._patient_until or now + PATIENCE
        patience = None if looked else max(0.0, self._patient_until - now)
        try:
            async with settled_beside(self._session, self._reconciler, patience=patience, whole=whole) as self._earlier:
                yield
        finally:
            self._earlier = Earlier()

    async def settle(self, doubts: Sequence[Record]) -> None:
        """Settle these, as far as they can be, and wait for it."""
        if doubts:
            self._screen.begin(_SETTLING.format(len(doubts)))
            await self._reconciler.settle(doubts)

    async def ship(self, context: RunContext, plan: Plan, planner: Planner) -> None:
        """Plan durably, post, settle, post again what was proved absent; then the run stands as it is."""
        self._tell(self._work(plan, planner, context.job))
        async for note in Corrector(self._session).correct(plan.corrections()):
            plan.add([note])
        await self._make_room(plan, planner.missing_records)
        places = (await self.enter(context, plan))[: context.job.limit]
        later = partial(self._plan_the_rest, context, plan, planner, places)
        await self._bring(context.run, places, planner, len(places), later)

    async def enter(self, context: RunContext, plan: Plan) -> range:
        """Plan durably, and ship nothing of it; the shipments' places in the run's plan."""
        return await self._ledger.plan(context.run.run_id, *_plan_for_ledger(plan, context.export))

    async def ship_again(self, context: RunContext, plan: Plan, planner: Planner) -> None:
        """The same for what an earlier run has left open: its plan says now what this one says."""
        asks = {one.request_key for some in (plan.shipments(), plan.notes()) for one in some} - {""}
        await self._make_room(plan, planner.missing_records)
        run = context.run
        places = await self._ledger.plan_again(run.run_id, asks, *_plan_for_ledger(plan, context.export))
        self._tell(Work(len(places), 0, planner.reads, planner.fresh_for))
        await self._bring(run, places, planner, len(places))

    async def go_on(self, context: RunContext, planner: Planner) -> None:
        """The same for the plan that an earlier call has left."""
        run = context.run
        places = range(1, (context.job.limit or MOST) + 1)
        count = sum(1 for _ in self._ledger.planned_records(run.run_id, places))
        self._tell(Work(count, reads=ceil(count / PAGE)))

        async def the_same() -> range | None:
            if not self._earlier.concerns(run):
                return None
            await self._earlier.over()
            return places

        await self._bring(run, places, planner, count, the_same)

    def estimate(self, plan: Plan, planner: Planner, job: Job) -> Estimate:
        """What shipping a plan would cost."""
        return Estimate.of(self._work(plan, planner, job), self._client.quota, self._settings)

    @staticmethod
    def _work(plan: Plan, planner: Planner, job: Job) -> Work:
        ships = plan.ships if job.limit is None else min(plan.ships, job.limit)
        return Work(ships, plan.corrects, planner.reads, planner.fresh_for)

    def _tell(self, work: Work) -> None:
        if work.shipments or work.corrections:
            self._screen.say(Estimate.of(work, self._client.quota, self._settings).line)

    async def _bring(self, run: Run, places: range, planner: Planner, count: int, later: Later | None = None) -> None:
        """Ship a plan; then what of it has waited for an earlier run's doubts, as `later` plans it."""
        if count:
            self._screen.begin("Shipping", count)
        try:
            await self._post_and_settle(run, places, planner)
            if later and not self._stop and (rest := await later()):
                self._screen.begin("Shipping what an earlier run had left in doubt")
                await self._post_and_settle(run, rest, planner, anew=True)
        except (LedgerError, StoreStopped, Unreadable) as error:  # the sheet tells what was sent
            self._stop.set(str(error), error.todo)

    async def _plan_the_rest(self, context: RunContext, plan: Plan, planner: Planner, places: range) -> range | None:
        """When the earlier doubts are settled, the plan with what was met as one of them; None where nothing was."""
        run, limit = context.run, context.job.limit
        earlier, asks = self._earlier, self._earlier.asks(plan.notes())
        if not asks and not earlier.concerns(run):
            return None
        orders = earlier.orders
        await earlier.over()
        if self._stop or not asks:
            return places
        rest = await planner.once_more(orders, asks)
        added = await self._ledger.plan_again(run.run_id, asks, *_plan_for_ledger(rest, context.export))
        room = len(added) if limit is None else max(0, limit - len(places))
        return range(places.start, added[:room].stop) if room else places

    async def _make_room(self, plan: Plan, gone: Sequence[Record]) -> None:
        """What is gone from the store, and a person has said to ship once more, no longer counts as made."""
        orders = {record.shipment.order_id for record in gone}
        parcels = (s for s in plan.shipments() if s.order_id in orders) if orders else ()
        again = {(s.order_id, s.order_address_id, s.label) for s in parcels}
        for record in gone:
            of = record.shipment
            if any((of.order_id, of.order_address_id, label) in again for label in record.labels or {""}):
                await self._ledger.append(record.record_id, "deleted", {"by": "someone else"})

    async def _post_and_settle(self, run: Run, places: range, planner: Planner, *, anew: bool = False) -> None:
        for _ in range(ROUNDS):
            doubts = await self._post(self._ledger.planned_records(run.run_id, places), planner, anew=anew)
            if self._stop or not doubts:
                break
            await self._reconciler.settle(doubts)

    async def _post(self, work: Iterator[Record], planner: Planner, *, anew: bool) -> list[Record]:
        dispatcher = Dispatcher(self._session, self._baselines)
        await dispatcher.ship(self._fresh(work, planner, anew=anew))
        return dispatcher.doubts

    async def _fresh(self, work: Iterator[Record], planner: Planner, *, anew: bool) -> AsyncIterator[Record]:
        """The records to post; once their judgement has aged, or `anew`, judged again a page at a time.

        Those of an order in doubt wait: how many of its units are left is known when the doubt is settled.
        """
        free = (record for record in work if not self._earlier.holds(record))
        for record in free:
            if not (anew or planner.has_aged):
                yield record
                continue
            for kept in await planner.recheck([record, *islice(free, PAGE - 1)]):
                yield kept


def _plan_for_ledger(plan: Plan, export: Load) -> tuple[Iterable[Shipment], Iterable[RowNote]]:
    """What the ledger takes of a plan, as often as it has to."""
    return Reiterable(plan.shipments), Reiterable(lambda: _with_names(plan.notes(), export))


def _with_names(notes: Iterable[RowNote], export: Load) -> Iterator[RowNote]:
    """The notes with what their rows are found by; those of a record are found by it."""
    for note in notes:
        yield note if note.record_id is not None else replace(note, names=export.names(note.rows))
