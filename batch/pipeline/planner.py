"""A file judged before anything is sent; what has aged is judged again before it is sent."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

from batch.model import Parcel, Record, RowNote, State, findings
from batch.model.catalogue import Code
from batch.model.kits import kits_of
from batch.pipeline.baselines import Baselines
from batch.pipeline.deduplicate import split_known
from batch.pipeline.gate import is_release
from batch.pipeline.known_labels import other_orders_numbers
from batch.pipeline.load import source_key
from batch.pipeline.plan import Plan
from batch.pipeline.resolver import Resolver
from batch.pipeline.run_context import RunContext
from batch.pipeline.session import StoreSession
from batch.planning import Judged, Policy
from batch.planning.gates import file_ask
from batch.primitives.concurrency import batched
from batch.primitives.spill import SpillDict

AT_ONCE = 5_000  # parcels, or orders with theirs, that are in memory together


class Planner:
    """Judges one file's parcels by the ledger and the store, some thousand orders at a time."""

    def __init__(self, session: StoreSession, context: RunContext, baselines: Baselines) -> None:
        self._session, self._baselines = session, baselines
        self._run, self._job = context.run, context.job
        self._source = context.job.source.answered(context.export.answers)
        self._source_key = source_key(context.export, context.job.source)
        self._aged_at = 0.0
        self.reads = 0
        """Requests that judging the whole file has taken."""
        self._renew()

    def _renew(self) -> None:
        self._resolver = Resolver(self._session, self._baselines)
        self._parcels: SpillDict[list[Parcel]] = SpillDict()
        """Parcels to ask the store about, by order id; below zero where it has none, or several."""
        self._met: SpillDict[frozenset[int]] = SpillDict()
        """Shipments that parcels were met as, by order: no other parcel is."""

    @property
    def missing_records(self) -> Sequence[Record]:
        """Our records whose shipment is no longer in the store."""
        return self._resolver.gone

    @property
    def fresh_for(self) -> float:
        """Seconds until the orders may have changed so much that each is to be judged `again`."""
        return max(0.0, self._aged_at - asyncio.get_running_loop().time())

    @property
    def has_aged(self) -> bool:
        """Whether each order is to be judged `again`."""
        return self.fresh_for == 0.0

    async def plan_all(self, parcels: Callable[[], Iterable[Parcel]]) -> Plan:
        """Judge a file's parcels; twice where an order to ship has lost a shipment of ours.

        A store that is behind itself shows the same, and the units would be shipped once more.
        """
        plan = await self._judge_all(parcels())
        orders = {record.shipment.order_id for record in self.missing_records}
        if (
            self._job.dry
            or not orders
            or all(shipment.order_id not in orders for shipment in plan.shipments())
        ):
            return plan
        window = self._session.settings.settle
        self._session.screen.say(
            f"Shipments of {len(orders)} orders are gone from the store:"
            f" looking again in {window:.0f} s."
        )
        await asyncio.sleep(window)
        self._renew()
        return await self._judge_all(parcels())

    async def resume_from(self, parcels: Iterable[Parcel]) -> None:
        """Start from an earlier plan's parcels: each page of them is judged `again`, not now."""
        for some in batched(parcels, AT_ONCE):
            records = self._session.ledger.records_by_key(
                self._run.store, [parcel.request_key for parcel in some]
            )
            planned = [parcel for parcel in some if parcel.request_key in records]
            looked_up = {p.external_order_id: p.request_key for p in planned if p.order_id is None}
            self._resolver.remember(
                {number: records[ask][0].shipment.order_id for number, ask in looked_up.items()}
            )
            await self._bucket(planned)

    async def recheck(self, page: Sequence[Record]) -> list[Record]:
        """The page's records as they are now; one no longer valid leaves the plan with a note."""
        ledger = self._session.ledger
        orders = {record.shipment.order_id for record in page}
        of_run = [
            record
            for records in ledger.of_orders(self._run.store, orders).values()
            for record in records
            if record.run_id == self._run.run_id
        ]
        for record in of_run:
            if record.made:
                self._meet(record.shipment.order_id, [record.made.shipment_id])
        asks = {record.shipment.request_key for record in of_run if record.state is State.PLANNED}
        judged = Plan()
        judged.add(
            await self._resolve(
                [
                    p
                    for order_id in orders
                    for p in self._parcels.get(order_id, ())
                    if p.request_key in asks
                ]
            )
        )
        now = {(s.request_key, s.order_address_id, s.label): s for s in judged.shipments()}
        kept = []
        for record in page:
            old = record.shipment
            if now.get((old.request_key, old.order_address_id, old.label)) == old:
                kept.append(record)
                continue
            notes = [note for note in judged.notes() if set(note.rows) & set(old.rows)]
            if unsaid := set(old.rows).difference(*(note.rows for note in notes)):
                notes.append(
                    RowNote(
                        tuple(sorted(unsaid)),
                        findings.changed_meanwhile(old),
                        request_key=old.request_key,
                    )
                )
            await ledger.judge_again(record.record_id, None, *notes)
        return kept

    async def once_more(self, orders: Iterable[int], asks: Collection[str]) -> Plan:
        """Judge again parcels of some orders that a plan left open, by what the store has now."""
        plan = Plan()
        parcels = (parcel for order_id in orders for parcel in self._parcels.get(order_id, ()))
        for some in batched((parcel for parcel in parcels if parcel.request_key in asks), AT_ONCE):
            self._keep(await self._resolve(some), plan)
        plan.add(plan.corrections_as_notes())
        return plan

    async def _judge_all(self, parcels: Iterable[Parcel]) -> Plan:
        """The whole file's judgement; what the ledger holds as created costs no request."""
        plan, asked = Plan(), self._session.client.requests
        self._aged_at = asyncio.get_running_loop().time() + self._session.settings.judgement
        for some in batched(parcels, AT_ONCE):
            await self._bucket(self._not_known(some, plan))
        if self._parcels:
            self._session.screen.begin(
                f"Looking up {len(self._parcels)} order{'s' if len(self._parcels) > 1 else ''}"
            )
        for orders in batched(self._parcels, AT_ONCE):
            self._keep(
                await self._resolve([p for order_id in orders for p in self._parcels[order_id]]),
                plan,
            )
        self.reads = self._session.client.requests - asked
        return plan

    def _not_known(self, parcels: Sequence[Parcel], plan: Plan) -> Sequence[Parcel]:
        """The parcels that the ledger does not hold as created."""
        if self._session.settings.verify:
            return parcels
        dealt = self._source.several_parcels == "even"
        update = self._session.settings.update
        new, notes = split_known(
            self._session.ledger, self._run, parcels, dealt=dealt, update=update
        )
        self._keep(notes, plan)
        return new

    async def _bucket(self, parcels: Sequence[Parcel]) -> None:
        """Group parcels by order, to be judged together wherever they are in the file."""
        await self._resolver.look_up(parcels)
        for parcel in parcels:
            order = await self._resolver.order_id(parcel) or -parcel.rows[0]
            self._parcels[order] = [*self._parcels.get(order, ()), parcel]
        await asyncio.sleep(0)  # a stop is heard between two thousands of parcels

    def _keep(self, judged: Iterable[Judged], plan: Plan) -> None:
        """Into the plan; and what parcels have been met as is no other parcel's."""
        judged = other_orders_numbers(judged, self._run, self._session.ledger, self._met)
        plan.add(judged)
        for note in judged:
            facts = note.facts if isinstance(note, RowNote) else None
            order_id, shipment_ids = (
                (facts.get("order_id"), facts.get("shipment_ids")) if facts else (None, None)
            )
            if order_id is not None and shipment_ids:
                self._meet(order_id, shipment_ids)

    def _meet(self, order_id: int, shipment_ids: Iterable[int]) -> None:
        self._met[order_id] = self._met.get(order_id, frozenset()) | frozenset(shipment_ids)

    async def _resolve(self, parcels: Sequence[Parcel]) -> list[Judged]:
        """Parcels judged by what the store holds now; from there on its shipments are counted."""
        orders = {await self._resolver.order_id(parcel) for parcel in parcels} - {None}
        met = frozenset[int]().union(
            *(self._met.get(order_id, ()) for order_id in orders if order_id)
        )
        settings, store = self._session.settings, self._run.store
        answers = self._session.ledger.decisions(store, [parcel.request_key for parcel in parcels])
        known_right = file_ask(self._run.sha256, Code.OTHER_RECIPIENTS)
        released = self._session.ledger.decisions(store, [known_right]).get(known_right)
        policy = Policy(
            hold_statuses=settings.hold_statuses,
            several_parcels=self._source.several_parcels,
            misfit=self._source.misfit,
            kits=kits_of(self._source.skus),
            told=self._told(parcels),
            again=settings.again,
            update=settings.update,
            check_recipient=settings.check_recipient and not is_release(released),
            source=self._source_key,
            export=self._run.sha256,
            already_matched=met,
            answers={ask: decision.answer for ask, decision in answers.items()},
        )
        judged = await self._resolver.judge(parcels, policy)
        for note in judged:
            if isinstance(note, RowNote) and note.private:
                self._session.private[note.request_key] = note.private
        return judged

    def _told(self, parcels: Iterable[Parcel]) -> frozenset[str]:
        """Asks without their number of which another file has told before."""
        asks = [parcel.request_key for parcel in parcels if parcel.unnumbered]
        ledger, found = self._session.ledger, set[str]()
        for run_id, told in ledger.notes_for(self._run.store, asks).items() if asks else ():
            run = ledger.run(run_id)
            found |= told if run and run.sha256 != self._run.sha256 else frozenset()
        return frozenset(found)
