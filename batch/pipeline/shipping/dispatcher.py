"""The workers: claim, post, record; one shipment of an order at a time, at the store's quota."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from batch.bigcommerce import Kind, Phase, Response, Verdict, body, judge
from batch.config.environment import this_user
from batch.errors import LedgerError, StoreStopped, Unreadable
from batch.ledger.contract import AlreadyClaimed, OrderBusy
from batch.model import Outcome, Record, State, StoreShipment, findings
from batch.model.matching import Baseline, differences, match
from batch.pipeline.baselines import Baselines
from batch.pipeline.session import StoreSession
from batch.primitives import failpoints, uptime
from batch.primitives.backoff import Backoff

PATIENCE = 900.0  # seconds a shipment is tried again, where the store provably did nothing
BACKOFF = Backoff.doubling(2.0, 60.0)  # between two such tries, jittered
STATUS_PAGE = (
    "Check the network, the store's status page, and what else asks the store at this hour."
)


class Dispatcher:
    """Posts planned shipments, each at most once per attempt, and records the outcomes."""

    def __init__(self, session: StoreSession, baselines: Baselines) -> None:
        self._client, self._ledger = session.client, session.ledger
        self._settings = session.settings
        self._stop, self._watch, self._baselines = session.stop, session.screen.step, baselines
        self._who = this_user()
        self._queued_behind: dict[int, deque[Record]] = {}
        self._orders_in_flight: set[int] = set()
        self._turn = asyncio.Lock()
        self.doubts: list[Record] = []

    async def ship(self, work: AsyncIterator[Record]) -> None:
        """Post all records of `work`, until it ends or the stop comes."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._settings.workers):
                workers.create_task(self._worker(work))

    async def _worker(self, work: AsyncIterator[Record]) -> None:
        try:
            while (record := await self._next(work)) is not None:
                await self._deliver_all(record)
        except (LedgerError, StoreStopped, Unreadable) as error:
            # nothing is sent that cannot be recorded, or judged
            self._stop.set(str(error), error.todo)

    async def _deliver_all(self, record: Record) -> None:
        """A record, then those parked behind it; an order that is not free holds the rest back."""
        order_id = record.shipment.order_id
        free = await self._deliver(record)
        while free and (parked := self._queued_behind.get(order_id)) and not self._stop:
            free = await self._deliver(parked.popleft())
        if free:
            self._orders_in_flight.discard(order_id)
            self._queued_behind.pop(order_id, None)

    async def _next(self, work: AsyncIterator[Record]) -> Record | None:
        """The next record whose order has nothing in flight; the others wait behind theirs."""
        async with self._turn:
            while not self._stop:
                record = await anext(work, None)
                if record is None:
                    return None
                order_id = record.shipment.order_id
                if order_id not in self._orders_in_flight:
                    self._orders_in_flight.add(order_id)
                    return record
                self._queued_behind.setdefault(order_id, deque()).append(record)
        return None

    async def _deliver(self, record: Record) -> bool:
        """Bring one shipment to its outcome; whether its order is free for the next one."""
        clock = asyncio.get_running_loop()
        patience, tries = clock.time() + PATIENCE, 0
        baseline = self._baselines.of(record.shipment.order_id)
        while not self._stop:
            if not (
                self._client.quota.admit_now()
                or await self._stop.unless(self._client.quota.acquire())
            ):
                break
            try:
                await self._record_intent(record, baseline or Baseline())
            except OrderBusy:
                self._client.quota.release()
                return False
            reply = await self._client.create_shipment(
                record.shipment.order_id, body(record.shipment), admitted=True
            )
            failpoints.failpoint("answered")
            verdict = judge(reply, order_id=record.shipment.order_id)
            done = await self._record(record, reply, verdict, baseline)
            if verdict.stop:
                self._stop.set(verdict.stop, verdict.todo)
            if done is not None:
                return done
            if clock.time() + verdict.wait > patience:
                why = reply.problem or f"it answers {reply.status}"
                self._stop.set(
                    f"the store has let nothing through for {PATIENCE / 60:.0f} minutes: {why}",
                    STATUS_PAGE,
                )
            elif not self._stop:
                tries += 1
                await self._stop.sleep(max(verdict.wait, BACKOFF.jittered(tries)))
            if (
                reply.phase is not Phase.NOT_SENT
                and not self._stop
                and await self._find_after_refusal(record, baseline)
            ):
                return True
        return False

    async def _find_after_refusal(self, record: Record, baseline: Baseline | None) -> bool:
        """Whether the store has what it refused: a gateway's 429 may come after the work."""
        order_id, baseline = record.shipment.order_id, baseline or Baseline()
        claimed = self._ledger.claimed_shipments(record.store, order_id)
        found = match(
            record.shipment, await self._client.shipments(order_id), claimed, baseline.shipment_id
        )
        if found.mine is None:
            return False
        finding = findings.read_back(record.shipment, found)
        await self._record_intent(record, baseline)
        created = Outcome(State.CREATED, made=found.mine, finding=finding, evidence=found.evidence)
        self._watch(await self._ledger.move(record, created, "read back"))
        self._baselines.record_made(order_id, baseline, found.mine)
        return True

    async def _record_intent(self, record: Record, baseline: Baseline) -> None:
        evidence = {
            "shipped": baseline.shipped,
            "baseline": baseline.shipment_id,
            "status_id": baseline.status_id,
            "never_resend": self._settings.never_resend,
            "who": self._who,
        }
        if self._ledger.runner:
            evidence["runner"] = self._ledger.runner
        await self._ledger.intend(record.record_id, evidence, baseline.shipment_id)
        failpoints.failpoint("intended")

    async def _record(
        self, record: Record, reply: Response, verdict: Verdict, baseline: Baseline | None
    ) -> bool | None:
        """Make the outcome durable; True frees the order, False does not, None: try again."""
        outcome = _outcome(record, reply, verdict, baseline or Baseline())
        try:
            moved = await self._ledger.move(record, outcome, "response")
        except AlreadyClaimed as error:  # an id that is another record's proves nothing
            unknown = findings.in_doubt(record.shipment.order_id)
            outcome = Outcome(
                State.IN_DOUBT,
                finding=unknown,
                evidence=dict(outcome.evidence)
                | {"problem": str(error)}
                | uptime.gave_up_evidence(),
            )
            moved = await self._ledger.move(record, outcome, "response")
        failpoints.failpoint("recorded")
        if outcome.state is State.IN_DOUBT and verdict.shipment:
            moved = await self._read_back(moved, verdict.shipment.shipment_id)
        match moved.state:
            case State.CREATED:
                if moved.made and baseline:
                    self._baselines.record_made(record.shipment.order_id, baseline, moved.made)
            case State.IN_DOUBT:
                self.doubts.append(moved)
            case State.PLANNED:
                return None
        self._watch(moved)
        return moved.state is not State.IN_DOUBT

    async def _read_back(self, doubt: Record, named: int) -> Record:
        """Read back at once where an answer is not of what was asked; a doubt where that fails."""
        if self._stop:
            return doubt
        order_id = doubt.shipment.order_id
        try:
            seen = await self._client.shipments(order_id)
        except Unreadable:  # it is looked for again when the doubts are settled
            return doubt
        found = match(
            doubt.shipment,
            seen,
            self._ledger.claimed_shipments(doubt.store, order_id),
            doubt.baseline,
            named,
        )
        if found.mine is None:
            return doubt
        failpoints.failpoint("read back")
        finding = findings.read_back(doubt.shipment, found)
        created = Outcome(State.CREATED, made=found.mine, finding=finding, evidence=found.evidence)
        return await self._ledger.move(doubt, created, "read back")


def _outcome(record: Record, reply: Response, verdict: Verdict, baseline: Baseline) -> Outcome:
    evidence: dict[str, object] = {
        "phase": reply.phase,
        "status": reply.status,
        "problem": reply.problem,
        "said": list(verdict.problems),
    }
    order_id = record.shipment.order_id
    if verdict.shipment and (differing := _differing(record, verdict.shipment, baseline)):
        evidence |= {"named": verdict.shipment.shipment_id, "differing": differing}
        return Outcome(
            State.IN_DOUBT,
            finding=findings.answered_otherwise(record.shipment, differing),
            evidence=evidence,
        )
    match verdict.kind:
        case Kind.DONE:
            return Outcome(State.CREATED, made=verdict.shipment, evidence=evidence)
        case Kind.NEVER:
            finding = findings.refused(record.shipment, reply.status or 0, verdict.problems)
            return Outcome(State.REJECTED, finding=finding, evidence=evidence)
        case Kind.AGAIN:
            return Outcome(State.PLANNED, evidence=evidence)
        case Kind.UNKNOWN:
            evidence |= uptime.gave_up_evidence()
            return Outcome(State.IN_DOUBT, finding=findings.in_doubt(order_id), evidence=evidence)


def _differing(
    record: Record, said: StoreShipment, baseline: Baseline
) -> list[tuple[str, str, str]]:
    """Where an answer is not of the shipment asked for; a new id is above all earlier ones."""
    differing = differences(record.shipment, said)
    if said.shipment_id <= baseline.shipment_id:
        differing.append(("shipment", f"one after {baseline.shipment_id}", str(said.shipment_id)))
    return differing
