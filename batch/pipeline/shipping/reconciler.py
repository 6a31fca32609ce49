"""Every doubt read back, every row accounted for."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from batch.errors import StoreStopped, Unreadable
from batch.ledger.contract import Event, shipment_id_of
from batch.model import Outcome, Record, State, StoreShipment, findings
from batch.model.matching import Baseline, Match, match
from batch.pipeline.baselines import Baselines
from batch.pipeline.session import StoreSession
from batch.primitives import failpoints, uptime
from batch.primitives.concurrency import gather_bounded, unbroken


class Reconciler:
    """Settles what is in doubt by reading the store; nothing is sent from here but reads."""

    def __init__(self, session: StoreSession, baselines: Baselines) -> None:
        self._client, self._ledger = session.client, session.ledger
        self._settings = session.settings
        self._stop, self._say, self._baselines = session.stop, session.screen.say, baselines
        self._absent: set[tuple[int, int]] = set()
        """Doubts, by record and attempt, that were looked for once and not found."""

    async def settle(
        self,
        doubts: Iterable[Record],
        looked: Callable[[], object] = lambda: None,
        *,
        at_once: int | None = None,
    ) -> None:
        """Look at each once; where absent, once more when the doubt's settle window is over.

        Afterwards each is created, planned again, waiting for a person, or still in doubt: where a
        look failed, the run is being stopped, or its sender may still send it. `looked` is called
        when only waiting can tell more. `at_once`: looks side by side; None: all the workers'.
        """
        look_at = partial(self._look_at, at_once=at_once or self._settings.workers)
        found = [await self._in_doubt(record) for record in doubts]
        # Before the first look: what an ended runner has sent has all the settle window to become
        # visible.
        ripe_at = [(await self._ripe_at(record), record) for record in found]
        new = [record for record in found if _doubt(record) not in self._absent]
        for some in _in_turn(new):
            await look_at(some, last=False)
        absent = [
            (at, record)
            for at, record in ripe_at
            if at is not None and _doubt(record) in self._absent
        ]
        now, told = asyncio.get_running_loop().time, False
        while absent and not self._stop:
            if (wait := min(at for at, _ in absent) - now()) > 0:
                looked()
                if not told:
                    several = f"{len(absent)} shipment{'s' if len(absent) > 1 else ''}"
                    self._say(f"{several} in doubt: looking again in {wait:.0f} s.")
                told = True
                if not await self._stop.sleep(wait):
                    return
            moment = now()
            await look_at([record for at, record in absent if at <= moment], last=True)
            absent = [(at, record) for at, record in absent if at > moment]

    async def _in_doubt(self, record: Record) -> Record:
        """An intent without an outcome, as a crash leaves it, becomes a doubt: it may be sent."""
        if record.state is not State.INTENT:
            return record
        sender = self._sender(record)
        finding = findings.in_doubt(record.shipment.order_id, sender)
        evidence = {} if sender else uptime.gave_up_evidence()
        return await self._ledger.move(
            record, Outcome(State.IN_DOUBT, finding=finding, evidence=evidence), "crash"
        )

    async def _ripe_at(self, record: Record) -> float | None:
        """When its settle window ends, in the event loop's time; None where nobody waits for it."""
        if record.state is not State.IN_DOUBT or self._sender(record):
            return None
        tried = self._since_intent(record)
        passed = uptime.seconds_since(
            next((one.evidence for one in tried if uptime.GAVE_UP in one.evidence), {})
        )
        if passed is None:
            await self._ledger.append(record.record_id, "waits anew", uptime.gave_up_evidence())
        return asyncio.get_running_loop().time() + self._settings.settle - (passed or 0.0)

    async def _look_at(self, doubts: Sequence[Record], *, last: bool, at_once: int) -> None:
        """One look at each, a few at a time."""
        await gather_bounded(partial(self._look_for, last=last), doubts, at_once=at_once)

    async def _look_for(self, record: Record, *, last: bool) -> None:
        """Look at one order: claim what is there, or note its absence; a failed look is neither."""
        order_id = record.shipment.order_id
        if self._stop:
            return
        try:
            seen = await self._client.shipments(order_id)
            claimed = self._ledger.claimed_shipments(record.store, order_id)
            answer = shipment_id_of(self._ledger.attempts(record.record_id))
            found = match(record.shipment, seen, claimed, record.baseline, answer)
            if found.mine is not None:
                await self._claim(record, found)
            elif last:
                await self._decide(record, found, seen, moved=await self._has_moved(record))
            else:
                self._absent.add(_doubt(record))
        except Unreadable as error:
            self._say(f"Order {order_id} could not be read back: {error} It stays in doubt.")
        except StoreStopped as error:
            self._stop.set(str(error), error.todo)

    async def _has_moved(self, record: Record) -> bool:
        """Whether units of the order were shipped that neither the ledger nor the list explains."""
        order = await self._client.order(record.shipment.order_id)
        before = self._baseline(record)
        return (
            order is None or before is None or before.has_changed(await self._client.whole(order))
        )

    def _intent(self, record: Record) -> Mapping[str, Any]:
        """What was known, and promised, when the shipment was last about to be sent."""
        tried = self._since_intent(record)
        return tried[-1].evidence if tried and tried[-1].what == "intent" else {}

    def _since_intent(self, record: Record) -> Sequence[Event]:
        """The events from the shipment's last intent to send it on, newest first."""
        attempts = self._ledger.attempts(record.record_id)[::-1]
        last = next(
            (place for place, attempt in enumerate(attempts) if attempt.what == "intent"),
            len(attempts),
        )
        return attempts[: last + 1]

    def _sender(self, record: Record) -> str:
        """Who may still send it: another runner that is not proven to have ended; or empty."""
        runner = str(self._intent(record).get("runner", ""))
        return self._ledger.may_still_send(runner) if runner != self._ledger.runner else ""

    def _baseline(self, record: Record) -> Baseline | None:
        shipped = self._intent(record).get("shipped")
        if shipped is None:
            return None
        return Baseline(record.baseline, {int(line): units for line, units in shipped.items()})

    async def _claim(self, record: Record, found: Match) -> None:
        assert found.mine is not None
        finding = findings.read_back(record.shipment, found)
        failpoints.failpoint("read back")
        created = Outcome(State.CREATED, made=found.mine, finding=finding, evidence=found.evidence)
        await unbroken(self._ledger.move(record, created, "read back"))
        if before := self._baselines.of(record.shipment.order_id):
            self._baselines.record_made(record.shipment.order_id, before, found.mine)

    async def _decide(
        self, record: Record, found: Match, seen: Sequence[StoreShipment], *, moved: bool
    ) -> None:
        """Absent twice: planned again, unless anything speaks against it."""
        evidence: Mapping[str, object] = {
            "absent": 2,
            "moved": moved,
            "seen": [s.shipment_id for s in seen],
        }
        never = self._settings.never_resend or bool(self._intent(record).get("never_resend"))
        why = findings.why_not_again(record.shipment, found.near, moved=moved, never=never)
        if why is None:
            outcome = Outcome(State.PLANNED, evidence=evidence)
        else:
            outcome = Outcome(State.NEEDS_PERSON, finding=why, evidence=evidence)
        failpoints.failpoint("decided")
        await unbroken(self._ledger.move(record, outcome, "read back"))


def _doubt(record: Record) -> tuple[int, int]:
    return record.record_id, record.attempts


def _in_turn(doubts: Iterable[Record]) -> list[list[Record]]:
    """At most one doubt of an order at a time, older first: each claims other shipments."""
    turns: list[list[Record]] = []
    had: Counter[int] = Counter()
    for record in doubts:
        turn = had[record.shipment.order_id]
        turns += [[]] if turn == len(turns) else []
        turns[turn].append(record)
        had[record.shipment.order_id] += 1
    return turns
