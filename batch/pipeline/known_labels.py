"""Tracking numbers that the ledger knows: void since they were shipped, or another order's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from batch.ledger.queries import LedgerReader
from batch.ledger.rows import search_form
from batch.loader.load import Load
from batch.model import Record, RowNote, Run, Shipment, findings
from batch.model.catalogue import Code
from batch.planning import Judged, facts_of

VOID = "void:"
"""Before a shipped parcel's digest: what a person says of its void label is kept under it."""
RECENT = timedelta(days=90)
"""Carriers give a number again, later."""


def voided_after_shipping(
    notes: Iterable[RowNote], export: Load, run: Run, ledger: LedgerReader
) -> list[RowNote]:
    """The loader's notes, with those on void labels of shipments that stand told once; what was
    told or decided before is skipped.
    """
    shipped = _shipped(export, run, ledger)
    if not shipped:
        return list(notes)
    asks = {record.record_id: VOID + record.shipment.request_key for record, _ in shipped}
    told = ledger.decisions(run.store, asks.values()).keys() | set[str]().union(
        *ledger.notes_for(run.store, asks.values()).values()
    )
    taken = {row for _, rows in shipped for row in rows}
    kept = [
        RowNote(rows, note.finding)
        for note in notes
        if (rows := tuple(row for row in note.rows if row not in taken))
    ]
    for record, rows in shipped:
        ask, facts = asks[record.record_id], facts_of([record.made] if record.made else ())
        if ask in told:
            of = record.shipment
            said = f"{of.label} is void, and order {of.order_id} shipped with it: told before."
            kept.append(RowNote(rows, Code.VOID.finding(error=said), facts=facts))
        else:
            finding = findings.voided_after_shipping(record)
            kept.append(RowNote(rows, finding, request_key=ask, facts=facts))
    return kept


def _shipped(
    export: Load, run: Run, ledger: LedgerReader
) -> Sequence[tuple[Record, tuple[int, ...]]]:
    """The shipments that stand whose labels the file calls void, each with its rows."""
    voids = export.voids()
    labels = {label for void in voids.values() for label in void.labels}
    known = ledger.records_by_label(run.store, labels) if labels else {}
    rows: dict[int, list[int]] = defaultdict(list)
    found: dict[int, Record] = {}
    for row, void in voids.items():
        for label in void.labels:
            for record in known.get(search_form(label), ()):
                if void.order in (0, record.shipment.order_id):
                    found[record.record_id] = record
                    rows[row].append(record.record_id)
    return [
        (record, tuple(row for row, ids in rows.items() if ids[0] == record_id))
        for record_id, record in found.items()
    ]


def other_orders_numbers(
    judged: Iterable[Judged],
    run: Run,
    ledger: LedgerReader,
    met: Mapping[int, frozenset[int]],
) -> list[Judged]:
    """What was judged, with shipments held whose number stands on one other order, alone.

    Not where several orders have it, in the ledger or in this file (`met`: order → its shipments
    that this file names): then it is a parcel of several orders.
    """
    every = list(judged)
    orders: dict[str, set[int]] = defaultdict(set)
    for one in every:
        if isinstance(one, Shipment) and one.tracking_number:
            orders[search_form(one.tracking_number)].add(one.order_id)
    known = ledger.records_by_label(run.store, orders) if orders else {}
    others = {
        label: records[0]
        for label, records in known.items()
        if len(orders[label]) == 1 and _is_anothers(records, orders[label], run, ledger, met)
    }
    if not others:
        return every
    words = ledger.decisions(
        run.store, [one.request_key for one in every if isinstance(one, Shipment)]
    )
    return [
        _held(one, others[search_form(one.tracking_number)])
        if isinstance(one, Shipment)
        and search_form(one.tracking_number) in others
        and one.request_key not in words
        else one
        for one in every
    ]


def _is_anothers(
    records: Sequence[Record],
    orders: set[int],
    run: Run,
    ledger: LedgerReader,
    met: Mapping[int, frozenset[int]],
) -> bool:
    """Whether they are the shipments of one other order, which this file does not name with it."""
    theirs = {record.shipment.order_id for record in records}
    if len(theirs) != 1 or theirs & orders:
        return False
    record = records[0]
    earlier = ledger.run(record.run_id)
    is_recent = (record.created_at or run.started) > datetime.now(UTC) - RECENT
    is_met = record.made and record.made.shipment_id in met.get(record.shipment.order_id, ())
    return is_recent and not is_met and (earlier is None or earlier.sha256 != run.sha256)


def _held(shipment: Shipment, record: Record) -> RowNote:
    finding = findings.number_of_another_order(shipment, record)
    return RowNote(
        shipment.rows,
        finding,
        request_key=shipment.request_key,
        facts={
            "order_id": shipment.order_id,
            "order_address_id": shipment.order_address_id,
            "row_lines": shipment.row_lines,
        },
    )
