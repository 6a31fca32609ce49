"""Every doubt read back, every row accounted for."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from batch import crash, findings
from batch.bigcommerce import Client
from batch.config import Settings
from batch.errors import StoreStopped, Unreadable
from batch.ledger.base import Ledger, named
from batch.matching import Baseline, Look, look
from batch.model import Outcome, Record, State, StoreShipment
from batch.stopping import Stop
from batch.turns import in_turns


class Reconciler:
    """Settles what is in doubt by reading the store; nothing is sent from here but reads."""

    def __init__(
        self,
        client: Client,
        ledger: Ledger,
        settings: Settings,
        *,
        stop: Stop,
        baselines: MutableMapping[int, Baseline] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._client, self._ledger, self._settings = client, ledger, settings
        self._stop, self._say = stop, say
        self._baselines = {} if baselines is None else baselines

    async def settle(self, doubts: Iterable[Record]) -> None:
        """Look once at each; at what is not there, once more when the settle window has passed.

        Afterwards each is created, planned again, waiting for a person, or, where a look failed
        or the run is being stopped, or who was sending it may do so yet, still in doubt.
        """
        looked = [await self._in_doubt(record) for record in doubts]
        # Before the first look: what an ended runner has sent has all the settle window to become visible.
        ended = {record.record_id for record in looked if not self._sender(record)}
        absent = await self._look_at(looked, last=False)
        absent = [record for record in absent if record.state is State.IN_DOUBT and record.record_id in ended]
        if not absent or self._stop:
            return
        window = self._settings.settle
        self._say(f"{len(absent)} shipments in doubt: looking again in {window:.0f} s.")
        if await self._stop.sleep(window):
            await self._look_at(absent, last=True)

    async def _in_doubt(self, record: Record) -> Record:
        """An intent without an outcome is what a crash leaves: it may have been sent."""
        if record.state is not State.INTENT:
            return record
        finding = findings.in_doubt(record.shipment.order_id, self._sender(record))
        return await self._ledger.move(record, Outcome(State.IN_DOUBT, finding=finding), "crash")

    async def _look_at(self, doubts: Sequence[Record], *, last: bool) -> list[Record]:
        """One look at each, a few at a time; those that are not there."""

        async def settled(record: Record) -> bool:
            return await self._settled(record, last=last)

        found = await in_turns(settled, doubts, at_once=self._settings.workers)
        return [record for record, there in zip(doubts, found, strict=True) if not there]

    async def _settled(self, record: Record, *, last: bool) -> bool:
        """Look at one order; False where the shipment is not there. A look that failed has seen nothing: it stays."""
        order_id = record.shipment.order_id
        if self._stop:
            return True
        try:
            seen = await self._client.shipments(order_id)
            claimed = self._ledger.claimed(record.store, order_id)
            answer = named(self._ledger.attempts(record.record_id))
            found = look(record.shipment, seen, claimed, record.baseline, answer)
            if found.mine is not None:
                await self._claim(record, found)
                return True
            if last:
                await self._decide(record, found, await self._moved(record), seen)
        except Unreadable as error:
            self._say(f"Order {order_id} could not be read back: {error} It stays in doubt.")
        except StoreStopped as error:
            self._stop.set(str(error), error.todo)
        else:
            return False
        return True

    async def _moved(self, record: Record) -> bool:
        """Whether units of the order were shipped that neither the ledger nor the list explains."""
        order = await self._client.order(record.shipment.order_id)
        before = self._baseline(record)
        return order is None or before is None or before.moved(await self._client.whole(order))

    def _intent(self, record: Record) -> Mapping[str, Any]:
        """What was known, and promised, when the shipment was last about to be sent."""
        intents = [a for a in self._ledger.attempts(record.record_id) if a.what == "intent"]
        return intents[-1].evidence if intents else {}

    def _sender(self, record: Record) -> str:
        """Who may still be sending it: another runner, paused or out of reach, that is not proven to have ended."""
        runner = str(self._intent(record).get("runner", ""))
        return self._ledger.may_still_send(runner) if runner != self._ledger.runner else ""

    def _baseline(self, record: Record) -> Baseline | None:
        shipped = self._intent(record).get("shipped")
        if shipped is None:
            return None
        return Baseline(record.baseline, {int(line): units for line, units in shipped.items()})

    async def _claim(self, record: Record, found: Look) -> None:
        assert found.mine is not None
        evidence = {"found": found.mine.shipment_id, "twins": [s.shipment_id for s in found.twins]}
        finding = findings.read_back(record.shipment, found)
        crash.point("read back")
        await self._ledger.move(
            record, Outcome(State.CREATED, made=found.mine, finding=finding, evidence=evidence), "read back"
        )
        if baseline := self._baselines.get(record.shipment.order_id):
            baseline.add(found.mine)  # else the order's next shipment would find its units moved
            self._baselines[record.shipment.order_id] = baseline

    async def _decide(self, record: Record, found: Look, moved: bool, seen: Sequence[StoreShipment]) -> None:  # noqa: FBT001
        """Absent twice: planned again, unless anything speaks against it."""
        evidence: Mapping[str, object] = {"absent": 2, "moved": moved, "seen": [s.shipment_id for s in seen]}
        never = self._settings.never_resend or bool(self._intent(record).get("never_resend"))
        why = findings.why_not_again(record.shipment, found.near, moved=moved, never=never)
        if why is None:
            outcome = Outcome(State.PLANNED, evidence=evidence)
        else:
            outcome = Outcome(State.NEEDS_PERSON, finding=why, evidence=evidence)
        crash.point("decided")
        await self._ledger.move(record, outcome, "read back")
