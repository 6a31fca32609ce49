"""What the ledger already holds as created: recognised by what a parcel asks, without a request."""

from collections.abc import Iterable, Mapping, Sequence

from batch import findings
from batch.judging import facts_of
from batch.ledger.base import Ledger
from batch.matching import misnamed
from batch.model import Parcel, Record, RowNote, Run, State


def sort_out(
    ledger: Ledger, run: Run, parcels: Sequence[Parcel], *, dealt: bool, update: bool = False
) -> tuple[list[Parcel], list[RowNote]]:
    """The parcels that are still to be judged, and notes on those that are made, whole.

    A parcel with a number is known by it; one without only where it comes from this very content.
    `dealt`: the source deals the units of several numbers out evenly. `update`: what the store has made under
    another number than was asked is to be judged, so that it is corrected.
    """
    asks = [parcel.ask for parcel in parcels]
    known = ledger.known(run.store, asks)
    contents = _contents(ledger, known)
    new: list[Parcel] = []
    notes: list[RowNote] = []
    for parcel, ask in zip(parcels, asks, strict=True):
        records = known.get(ask, [])
        if not (parcel.numbers or parcel.tracking_link):
            records = [record for record in records if contents[record.run_id] == run.sha256]
        if _whole(parcel, records, dealt=dealt) and not (update and any(map(_corrects, records))):
            notes += _notes(parcel, records)
        else:
            new.append(parcel)
    return new, notes


def _contents(ledger: Ledger, known: Mapping[str, Iterable[Record]]) -> dict[str, str]:
    """The digest of each run's export."""
    runs = {record.run_id for records in known.values() for record in records}
    return {run_id: earlier.sha256 if (earlier := ledger.run(run_id)) else "" for run_id in runs}


def _whole(parcel: Parcel, records: Sequence[Record], *, dealt: bool) -> bool:
    """Whether created records cover all that a parcel asks."""
    if not records or any(record.state is not State.CREATED for record in records):
        return False
    if dealt and not set(parcel.numbers) <= {record.shipment.tracking_number for record in records}:
        return False
    if not parcel.lines:
        return True
    return sum(len(record.shipment.items) for record in records) == len(parcel.lines)


def _corrects(record: Record) -> bool:
    """Whether the store has made it under another number, and is to be asked to correct that."""
    return record.differs and record.made is not None and misnamed(record.shipment, record.made)


def _notes(parcel: Parcel, records: Sequence[Record]) -> list[RowNote]:
    """One note a record, on the rows whose lines are in it."""
    ids = {"": records[0].shipment.items[0].order_product_id}  # units without a name: of the order's only line
    ids |= {sku.strip().casefold(): line_id for record in records for line_id, sku in record.shipment.skus}
    named = {line: line.order_product_id or ids.get(line.sku.strip().casefold()) for line in parcel.lines}
    row_lines = [(row, line_id) for line, line_id in named.items() if line_id for row in line.rows]
    notes = []
    for record in records:
        assert record.made is not None
        mine = {item.order_product_id for item in record.shipment.items}
        rows = tuple(row for row, line_id in row_lines if line_id in mine) or parcel.rows
        facts = facts_of([record.made]) | {"row_lines": row_lines, "warnings": parcel.warnings}
        finding = findings.already_created(record.finding if record.differs else None)
        notes.append(RowNote(rows, finding, record.record_id, record.shipment.ask, facts))
    return notes
