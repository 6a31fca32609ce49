"""Corrections of shipments that exist: a number or a carrier is set, items never are."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from batch import crash, findings
from batch.bigcommerce import Client, Kind, Reply, Verdict, correction, judge
from batch.judging import Correction, facts_of
from batch.ledger.base import Ledger
from batch.model import Finding, RowNote, Status
from batch.stopping import Stop

TRIES = 4


async def insist(send: Callable[[], Awaitable[Reply]], stop: Stop, *, expected: int) -> Verdict:
    """Send what does no harm twice, until it is answered clearly, TRIES are over, or the run is to stop."""
    for again in range(1, TRIES + 1):
        verdict = judge(await send(), expected=expected)
        if verdict.stop:
            stop.set(verdict.stop, verdict.todo)
        if verdict.kind in (Kind.DONE, Kind.NEVER) or stop or again == TRIES:
            break
        await stop.sleep(verdict.wait or 2.0**again)
    return verdict


class Corrector:
    """Writes corrections to the store; a PUT of the same values twice does no harm."""

    def __init__(self, client: Client, ledger: Ledger, stop: Stop) -> None:
        self._client, self._ledger, self._stop = client, ledger, stop

    async def correct(self, corrections: Iterable[Correction]) -> AsyncIterator[RowNote]:
        """Each as a PUT; what became of its rows. Once the run is to stop, the others are left as they are."""
        for one in corrections:
            yield _held(one) if self._stop else await self._correct(one)

    async def _correct(self, one: Correction) -> RowNote:
        made, body = one.existing.made, correction(one.shipment)
        crash.point("correcting")
        verdict = await insist(
            lambda: self._client.update_shipment(made.order_id, made.shipment_id, body), self._stop, expected=200
        )
        crash.point("corrected")
        if verdict.kind is not Kind.DONE or verdict.shipment is None:
            refused = findings.not_corrected(one.shipment, made, verdict.problems)
            return RowNote(one.shipment.rows, refused, one.existing.record_id, one.shipment.ask, facts_of([made]))
        if one.existing.record_id is not None:
            await self._ledger.append(one.existing.record_id, "updated", {"from": dict(made.answer)}, verdict.shipment)
        note = Finding(Status.UPDATED, "updated", f"Was {findings.shown(made)}.")
        return RowNote(one.shipment.rows, note, one.existing.record_id, one.shipment.ask, facts_of([verdict.shipment]))


def _held(one: Correction) -> RowNote:
    return RowNote(
        one.shipment.rows, one.finding, one.existing.record_id, one.shipment.ask, facts_of([one.existing.made])
    )
