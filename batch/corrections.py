"""Corrections of shipments that exist: a number or a carrier is set, items never are."""

from collections.abc import Iterable

from batch import crash, findings
from batch.bigcommerce import Client, Kind, correction, judge
from batch.config import Settings
from batch.judging import Correction, facts_of
from batch.ledger.base import Ledger
from batch.model import Finding, RowNote, Status


class Corrector:
    """Writes corrections to the store; a PUT of the same values twice does no harm."""

    def __init__(self, client: Client, ledger: Ledger, settings: Settings) -> None:
        self._client, self._ledger, self._settings = client, ledger, settings

    async def correct(self, corrections: Iterable[Correction]) -> list[RowNote]:
        """Each as a PUT; what became of its rows."""
        return [await self._correct(one) for one in corrections]

    async def _correct(self, one: Correction) -> RowNote:
        made = one.existing.made
        crash.point("correcting")
        reply = await self._client.update_shipment(made.order_id, made.shipment_id, correction(one.shipment))
        crash.point("corrected")
        verdict = judge(reply, expected=200)
        if verdict.kind is not Kind.DONE or verdict.shipment is None:
            refused = findings.not_corrected(one.shipment, made, reply.status, verdict.problems)
            return RowNote(one.shipment.rows, refused, one.existing.record_id, one.shipment.ask, facts_of([made]))
        if one.existing.record_id is not None:
            await self._ledger.append(one.existing.record_id, "updated", {"from": dict(made.answer)}, verdict.shipment)
        note = Finding(Status.UPDATED, "updated", f"Was {findings.shown(made)}.")
        return RowNote(one.shipment.rows, note, one.existing.record_id, one.shipment.ask, facts_of([verdict.shipment]))
