"""What the ledger already holds as created: recognised by what a parcel asks, without a request."""

from collections.abc import Iterable, Mapping, Sequence

from batch.ledger import Ledger
from batch.model import Line, Parcel, Record, RowNote, Run, State, findings
from batch.model.matching import misnamed
from batch.planning import facts_of
from batch.primitives.spelling import match_spelling


def split_known(
    ledger: Ledger, run: Run, parcels: Sequence[Parcel], *, dealt: bool, update: bool = False
) -> tuple[list[Parcel], list[RowNote]]:
    """The parcels that are still to be judged, and notes on those that are made, whole.

    A parcel with a number is known by it; one without only where it comes from this very content.
    `dealt`: the source deals the units of several numbers out evenly. `update`: what the store has
    made under another number than was asked is to be judged, so that it is corrected.
    """
    asks = [parcel.request_key for parcel in parcels]
    known = ledger.records_by_key(run.store, asks)
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
    if (parcel.numbers or parcel.tracking_link) and not _spelled_alike(parcel, records):
        return False
    named = {line_id for line_ids in _lines(parcel, records).values() for line_id in line_ids}
    unknown = sum(not line_ids for line_ids in _lines(parcel, records).values())
    return sum(len(record.shipment.items) for record in records) == len(named) + unknown


def _spelled_alike(parcel: Parcel, records: Sequence[Record]) -> bool:
    """Whether its SKUs equal the shipped ones letter for letter: an order may have both."""
    shipped = {sku for record in records for _, sku in record.shipment.skus}
    return not shipped or all(
        line.order_product_id or line.sku in {"", *shipped} for line in parcel.lines
    )


def _lines(parcel: Parcel, records: Sequence[Record]) -> dict[Line, tuple[int, ...]]:
    """The order's lines that each of its lines has shipped as, as far as that is known: several
    where an order has one SKU in several and all of it shipped.
    """
    # units without a name: of the order's only line
    only = records[0].shipment.items[0].order_product_id
    shipped = [pair for record in records for pair in record.shipment.skus]

    def line_ids(line: Line) -> tuple[int, ...]:
        if line.order_product_id or not line.sku:
            return (line.order_product_id or only,)
        found = match_spelling(line.sku, shipped, lambda pair: pair[1])
        return tuple(line_id for line_id, _ in found)

    return {line: line_ids(line) for line in parcel.lines}


def _corrects(record: Record) -> bool:
    """Whether the store has made it under another number, and is to be asked to correct that."""
    return record.differs and record.made is not None and misnamed(record.shipment, record.made)


def _notes(parcel: Parcel, records: Sequence[Record]) -> list[RowNote]:
    """One note a record, on the rows whose lines are in it."""
    row_lines = [
        (row, line_id)
        for line, line_ids in _lines(parcel, records).items()
        for line_id in line_ids
        for row in line.rows
    ]
    notes = []
    for record in records:
        assert record.made is not None
        mine = {item.order_product_id for item in record.shipment.items}
        rows = tuple(row for row, line_id in row_lines if line_id in mine) or parcel.rows
        facts = facts_of([record.made]) | {"row_lines": row_lines, "warnings": parcel.warnings}
        finding = findings.already_created(record.finding if record.differs else None)
        notes.append(RowNote(rows, finding, record.record_id, record.shipment.request_key, facts))
    return notes
