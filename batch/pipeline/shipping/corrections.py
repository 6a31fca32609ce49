"""Corrections of shipments that exist: a number or a carrier is set, items never are."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace

from batch.bigcommerce import Kind, Response, Verdict, correction, judge
from batch.errors import StoreStopped, Unreadable
from batch.model import RowNote, StoreShipment, findings
from batch.model.matching import differences
from batch.pipeline.session import StoreSession
from batch.planning import Correction, facts_of
from batch.primitives import failpoints
from batch.primitives.backoff import Backoff
from batch.primitives.stop import StopEvent

TRIES = 4
BACKOFF = Backoff.doubling(2.0, 8.0)  # between two of them, where the store names no time


async def retry_idempotent(send: Callable[[], Awaitable[Response]], stop: StopEvent, *, expected: int) -> Verdict:
    """Send what does no harm twice, until it is answered clearly, TRIES are over, or the run is to stop."""
    for again in range(1, TRIES + 1):
        verdict = judge(await send(), expected=expected)
        if verdict.stop:
            stop.set(verdict.stop, verdict.todo)
        if verdict.kind in (Kind.DONE, Kind.NEVER) or stop or again == TRIES:
            break
        await stop.sleep(verdict.wait or BACKOFF.pause(again))
    return verdict


class Corrector:
    """Writes corrections to the store; a PUT of the same values twice does no harm."""

    def __init__(self, session: StoreSession) -> None:
        self._client, self._ledger, self._stop = session.client, session.ledger, session.stop

    async def correct(self, corrections: Iterable[Correction]) -> AsyncIterator[RowNote]:
        """Each as a PUT; what became of its rows. Once the run is to stop, the others are left as they are."""
        for one in corrections:
            yield _held_note(one) if self._stop else await self._correct(one)

    async def _correct(self, one: Correction) -> RowNote:
        made, body = one.existing.made, correction(one.shipment)
        failpoints.failpoint("correcting")
        verdict = await retry_idempotent(
            lambda: self._client.update_shipment(made.order_id, made.shipment_id, body), self._stop, expected=200
        )
        failpoints.failpoint("corrected")
        now = await self._as_asked(one, verdict) if verdict.kind is Kind.DONE else None
        if now is None:
            said = verdict.problems or ["the store's answer is of another shipment."] * (verdict.kind is Kind.DONE)
            refused = findings.not_corrected(one.shipment, made, said)
            return RowNote(
                one.shipment.rows, refused, one.existing.record_id, one.shipment.request_key, facts_of([made])
            )
        if one.existing.record_id is not None:
            await self._ledger.append(one.existing.record_id, "updated", {"from": dict(made.answer)}, now)
        note = findings.updated(made)
        return RowNote(one.shipment.rows, note, one.existing.record_id, one.shipment.request_key, facts_of([now]))

    async def _as_asked(self, one: Correction, verdict: Verdict) -> StoreShipment | None:
        """The corrected shipment, read back where the answer is not of it; None where it is not as it was to be."""
        now = verdict.shipment
        if now is None or _is_as_asked(one, now):
            return now
        try:
            now = await self._client.shipment(one.existing.made.order_id, one.existing.made.shipment_id)
        except (StoreStopped, Unreadable):
            return None
        return now if now and _is_as_asked(one, now) else None


def _is_as_asked(one: Correction, now: StoreShipment) -> bool:
    """Whether a shipment is the one that was to be corrected, and has what was written into it."""
    asked = one.shipment
    label = asked.tracking_number or now.tracking_number
    written = replace(asked, tracking_number=label, tracking_link=asked.tracking_link or now.tracking_link)
    return now.shipment_id == one.existing.made.shipment_id and not differences(written, now)


def _held_note(one: Correction) -> RowNote:
    return RowNote(
        one.shipment.rows, one.finding, one.existing.record_id, one.shipment.request_key, facts_of([one.existing.made])
    )
